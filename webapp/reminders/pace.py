"""How fast one push service may be asked: concurrency, pace, and a circuit that opens on failure.

Pure: time is an argument, in seconds of a clock that only goes forward.
"""

import random
from dataclasses import dataclass

FIRST_WIDTH = 16
FAILURES_TO_OPEN = 10
OPEN_SECONDS = 30.0
SILENT_SECONDS = 1.0
BURST = 0.1
HANDFUL = 32
IDLE_SECONDS = 3600.0
BASE_SECONDS, LONGEST_SECONDS = 10.0, 1800.0


@dataclass(slots=True)
class Lane:
    """One origin's share of the road.

    ``most`` is how many pushes may be in flight to it, ``pace`` how many a second. ``width`` is how
    many are allowed at present: it grows with each success and halves with each failure.
    """

    most: int
    pace: float
    width: float = FIRST_WIDTH
    in_flight: int = 0
    allowance: float = 1.0
    saves: bool = False
    asked_at: float = 0.0
    failures: int = 0
    opened_at: float | None = None
    moved_at: float = 0.0

    def resumes_at(self, now: float) -> float | None:
        """Return when the circuit lets a probe through; None when it is closed, or does now."""
        if self.opened_at is None or now >= self.opened_at + OPEN_SECONDS:
            return None
        return self.opened_at + OPEN_SECONDS

    def has_room(self, now: float) -> bool:
        """Say whether one more push may leave now."""
        if self.opened_at is not None:
            return self.resumes_at(now) is None and self.in_flight == 0
        # A tenth of the pace may leave at once, so that no second holds more than the pace.
        burst = max(1.0, self.pace * BURST)
        refill = (now - self.asked_at) * self.pace * (1 - BURST)
        self.allowance = min(burst, self.allowance + refill)
        self.asked_at = now
        # Where the pace is what holds, they leave by the handful: one by one, each would cost a
        # whole turn of the loop.
        if self.allowance < 1:
            self.saves = True
        elif self.allowance >= min(HANDFUL, burst / 2):
            self.saves = False
        return self.in_flight < min(self.most, int(self.width)) and not self.saves

    def stalls(self, now: float) -> bool:
        """Say whether nothing can be expected of the service for the moment."""
        silent = self.in_flight > 0 and now - self.moved_at > SILENT_SECONDS
        return silent or self.opened_at is not None

    def is_idle(self, now: float) -> bool:
        """Say whether nothing has left for an hour, and so nothing is known that still counts."""
        return not self.in_flight and now - max(self.asked_at, self.opened_at or 0) > IDLE_SECONDS

    def leaves(self) -> None:
        """Note that a push leaves."""
        if not self.in_flight:
            self.moved_at = self.asked_at
        self.in_flight += 1
        self.allowance -= 1

    def lands(self) -> None:
        """Note that its answer came, whatever it says."""
        self.in_flight -= 1
        self.moved_at = self.asked_at

    def succeeded(self) -> bool:
        """Note an answer that shows the service well; say whether that closed the circuit."""
        closed = self.opened_at is not None
        if closed:
            self.width = FIRST_WIDTH
        self.failures, self.opened_at = 0, None
        self.width = min(self.width + 1, float(self.most))
        return closed

    def failed(self, now: float) -> bool:
        """Note a failure; say whether that opened the circuit."""
        self.failures += 1
        self.width = max(1.0, self.width / 2)
        if self.opened_at is not None:
            self.opened_at = now
            return False
        if self.failures < FAILURES_TO_OPEN:
            return False
        self.opened_at = now
        return True


def pause(tries: int, retry_after: float, chance: random.Random) -> float:
    """Return how many seconds to wait before another try: full jitter, never before Retry-After.

    :param tries: how many have failed before this one
    """
    longest = min(LONGEST_SECONDS, BASE_SECONDS * 2.0 ** min(tries, 12))
    if retry_after > 0:
        return retry_after + chance.uniform(0, min(longest, retry_after / 4 + 1))
    return max(1.0, chance.uniform(0, longest))
