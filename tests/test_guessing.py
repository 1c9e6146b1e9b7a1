"""The bench that guesses treatments from what the server keeps: it runs, and says what it should."""

import contextlib
import io
import re

import pytest

from bench import guessing

LOOKS = 8
SHARE = r"\s+\d{1,3}\.\d%"
ROW = re.compile(
    r"(not )?blurred\s+(whole|after day 3)\s+(un)?known\s+(usual|own)\s+(?P<people>\d+)"
    rf"(?P<shares>({SHARE}){{7}})"
)


@pytest.fixture(scope="module")
def printed() -> str:
    """Return what the bench prints of thirty people."""
    with contextlib.redirect_stdout(io.StringIO()) as lines:
        assert guessing.main(["--people", "12", "--seed", "3"]) == 0
    return lines.getvalue()


def test_every_way_of_looking_has_its_figures(printed: str) -> None:
    rows = [each for each in map(ROW.fullmatch, printed.splitlines()) if each]
    assert len(rows) == 2 * LOOKS
    for each in rows:
        assert 0 < int(each["people"]) <= 12
        assert all(0 <= float(share.strip("%")) <= 100 for share in each["shares"].split())


def test_each_share_has_its_name_above_it(printed: str) -> None:
    head = printed.splitlines()[0]
    for name in ("always", "variant", "twins", "minute", "15 min", "1 h", "day"):
        assert name in head


def test_the_run_can_be_done_again(printed: str) -> None:
    assert re.search(r"^12 people, seed 3, \d+ s$", printed, re.MULTILINE)
    assert re.search(r"found \d+ of \d+ who ticked them", printed)


def test_an_attacker_with_another_plan_than_the_app_is_noticed() -> None:
    (person,) = guessing.draw_people(1, seed=3)
    ((blurred, plain),) = guessing.lists([person])
    with pytest.raises(guessing.WrongRunError):
        guessing.check_copy([person], [(blurred[1:], plain)])
