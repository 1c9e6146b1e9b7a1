"""How fast a push service is asked, without any clock: time is an argument."""

import random
from collections import Counter, deque

import pytest

from webapp.reminders.pace import (
    BASE_SECONDS,
    FAILURES_TO_OPEN,
    FIRST_WIDTH,
    LONGEST_SECONDS,
    OPEN_SECONDS,
    Lane,
    pause,
)

MOST, QUICK = 60, 1e9
SEED = 20261122


def sent_in_each_ms(pace: float, answer: float, seconds: int = 8) -> Counter[int]:
    """Return how many leave in each millisecond when there is always more to send.

    :param answer: seconds until a push is answered, always well
    """
    lane, left = Lane(MOST, pace), Counter[int]()
    flying: deque[float] = deque()
    # From an odd moment on, as a machine's clock has it, in steps of a millisecond.
    for step in range(seconds * 1000):
        now = 86_400.0 + step / 1000
        while flying and flying[0] <= now:
            flying.popleft()
            lane.lands()
            lane.succeeded()
        while lane.has_room(now):
            lane.leaves()
            flying.append(now + answer)
            left[step] += 1
    return left


def sent_in_each_second(pace: float, answer: float) -> Counter[int]:
    """Return the same by the second."""
    left = Counter[int]()
    for step, pushes in sent_in_each_ms(pace, answer).items():
        left[step // 1000] += pushes
    return left


def opened(at: float = 100.0) -> Lane:
    """Return a lane whose circuit has just opened."""
    lane = Lane(MOST, QUICK)
    for _ in range(FAILURES_TO_OPEN):
        lane.failed(at)
    return lane


# --- width ---------------------------------------------------------------------------------------


def test_a_new_push_service_is_not_asked_everything_at_once() -> None:
    lane = Lane(MOST, QUICK)
    while lane.has_room(1.0):
        lane.leaves()
    assert lane.in_flight == FIRST_WIDTH


def test_each_success_lets_one_more_fly_and_never_more_than_the_most() -> None:
    lane = Lane(MOST, QUICK)
    for expected in range(FIRST_WIDTH + 1, MOST + 20):
        lane.succeeded()
        assert lane.width == min(expected, MOST)
    while lane.has_room(1.0):
        lane.leaves()
    assert lane.in_flight == MOST


def test_each_failure_halves_what_may_fly_and_one_is_always_left() -> None:
    lane = Lane(MOST, QUICK)
    widths = []
    for _ in range(FAILURES_TO_OPEN - 1):
        lane.failed(1.0)
        widths.append(lane.width)
    assert widths[:5] == [8, 4, 2, 1, 1]
    assert widths[-1] == 1
    assert lane.has_room(2.0)


def test_what_is_in_flight_counts_until_it_has_landed() -> None:
    lane = Lane(2, QUICK)
    lane.leaves()
    lane.leaves()
    assert not lane.has_room(1.0)
    lane.lands()
    assert lane.has_room(1.0)


# --- pace ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("pace", [1, 5, 20, 100, 1000, 5000])
@pytest.mark.parametrize("answer", [0.001, 0.05])
def test_no_second_has_more_than_the_pace(pace: int, answer: float) -> None:
    assert max(sent_in_each_second(pace, answer).values()) <= pace


@pytest.mark.parametrize("pace", [1, 5, 20, 100])
def test_the_pace_is_used_when_there_is_enough_to_send(pace: int) -> None:
    left = sent_in_each_second(pace, 0.001)
    assert sum(left.values()) >= 0.9 * pace * 7


@pytest.mark.parametrize(("pace", "handful"), [(5, 1), (100, 5), (1000, 32), (5000, 32)])
def test_where_the_pace_is_what_holds_pushes_leave_by_the_handful(pace: int, handful: int) -> None:
    left = sent_in_each_ms(pace, 0.001)
    later = [pushes for step, pushes in left.items() if step >= 1000]
    assert min(later) >= handful


def test_a_quiet_night_does_not_save_up_for_a_burst() -> None:
    lane = Lane(MOST, 20.0)
    assert lane.has_room(10.0)
    for _ in range(MOST):
        lane.succeeded()
    at_once = 0
    while lane.has_room(40_000.0):
        lane.leaves()
        lane.lands()
        at_once += 1
    assert at_once <= 2


# --- the circuit ---------------------------------------------------------------------------------


def test_ten_failures_in_a_row_open_the_circuit_and_it_is_said_once() -> None:
    lane = Lane(MOST, QUICK)
    said = [lane.failed(1.0) for _ in range(FAILURES_TO_OPEN + 5)]
    assert said.index(True) == FAILURES_TO_OPEN - 1
    assert said.count(True) == 1
    assert not lane.has_room(2.0)


def test_one_success_between_failures_keeps_the_circuit_closed() -> None:
    lane = Lane(MOST, QUICK)
    for _ in range(5):
        for _ in range(FAILURES_TO_OPEN - 1):
            assert lane.failed(1.0) is False
        assert lane.succeeded() is False
    assert lane.resumes_at(1.0) is None


def test_an_open_circuit_lets_nothing_through_until_its_time() -> None:
    lane = opened(100.0)
    assert lane.resumes_at(100.0) == 100.0 + OPEN_SECONDS
    assert not lane.has_room(100.0 + OPEN_SECONDS - 0.001)
    assert lane.resumes_at(100.0 + OPEN_SECONDS) is None


def test_one_probe_goes_and_no_second_one_while_it_is_out() -> None:
    lane = opened(100.0)
    assert lane.has_room(131.0)
    lane.leaves()
    assert not lane.has_room(131.0)
    assert not lane.has_room(140.0)


def test_a_probe_that_fails_keeps_the_circuit_open_for_as_long_again() -> None:
    lane = opened(100.0)
    lane.leaves()
    lane.lands()
    assert lane.failed(131.0) is False
    assert lane.resumes_at(131.0) == 131.0 + OPEN_SECONDS
    assert not lane.has_room(131.0 + OPEN_SECONDS - 0.001)


def test_a_probe_that_succeeds_closes_the_circuit_and_says_so_once() -> None:
    lane = opened(100.0)
    lane.leaves()
    lane.lands()
    assert lane.succeeded() is True
    assert lane.succeeded() is False
    assert lane.resumes_at(131.0) is None
    flying = 0
    while lane.has_room(132.0):
        lane.leaves()
        flying += 1
    assert flying >= FIRST_WIDTH


# --- trying again --------------------------------------------------------------------------------


def wave(tries: int, retry_after: float, count: int = 10_000) -> list[float]:
    """Return when each of many would try again that failed at the same moment, in seconds."""
    chance = random.Random(f"{SEED} {tries} {retry_after}")
    return [pause(tries, retry_after, chance) for _ in range(count)]


@pytest.mark.parametrize("tries", range(9))
def test_ten_thousand_that_failed_together_do_not_come_back_together(tries: int) -> None:
    waits = wave(tries, 0)
    bins = Counter(int(each) for each in waits)
    assert max(bins.values()) <= 3 * len(waits) / (int(max(waits)) + 1)


@pytest.mark.parametrize("retry_after", [10, 30, 60, 120, 3600])
@pytest.mark.parametrize("tries", [0, 5])
def test_ten_thousand_told_to_wait_do_not_come_back_in_the_same_second(
    tries: int, retry_after: int
) -> None:
    waits = wave(tries, retry_after)
    bins = Counter(int(each - retry_after) for each in waits)
    assert len(bins) >= 3
    assert max(bins.values()) <= 3 * len(waits) / len(bins)


@pytest.mark.parametrize("retry_after", [0.5, 1, 2, 10, 60, 3600, 86_400, 1e9])
@pytest.mark.parametrize("tries", [0, 3, 12, 32_767])
def test_no_try_comes_before_retry_after(tries: int, retry_after: float) -> None:
    waits = wave(tries, retry_after, count=500)
    assert min(waits) >= retry_after
    assert max(waits) <= retry_after + LONGEST_SECONDS


@pytest.mark.parametrize("retry_after", [0, -1, -86_400])
def test_a_wait_that_is_over_already_is_no_wait(retry_after: int) -> None:
    waits = wave(0, retry_after, count=500)
    assert min(waits) >= 1
    assert max(waits) <= BASE_SECONDS


def test_waits_grow_with_the_tries_up_to_half_an_hour() -> None:
    longest = [max(wave(tries, 0)) for tries in range(14)]
    for tries, seconds in enumerate(longest):
        bound = min(LONGEST_SECONDS, BASE_SECONDS * 2**tries)
        assert 0.95 * bound <= seconds <= bound
    assert longest[-1] > 0.95 * LONGEST_SECONDS


def test_no_number_of_tries_is_too_large_to_wait_for() -> None:
    assert 1 <= pause(10**9, 0, random.Random(SEED)) <= LONGEST_SECONDS


def test_a_lane_is_idle_an_hour_after_the_last_push_and_not_while_one_is_out() -> None:
    lane = Lane(MOST, 200.0)
    assert lane.has_room(10.0)
    lane.leaves()
    assert not lane.is_idle(10_000.0)
    lane.lands()
    assert not lane.is_idle(3_000.0)
    assert lane.is_idle(4_000.0)
