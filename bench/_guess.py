"""Whoever holds the server's table and knows this app: a list of instants back to a treatment.

For every zone, offset, quiet hours, calendar date, set of kinds, variant and quarter of an hour
that the list does not rule out at sight, the whole list is worked out as plan.js does it; those
that come out the same, to the millisecond, are weighed by how common they are. Instants and spans
are milliseconds; a wall time is one too, as if the place were in UTC.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from itertools import chain, combinations, pairwise, takewhile
from typing import Any
from zoneinfo import ZoneInfo

from webapp.reminders.calendar import changes

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
QUARTER, MOST_A_DAY = 15 * MINUTE, 3
FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)
# How likely it is that a list's beginning is missing, before looking at it.
CUT = 0.05

NONE: frozenset[str] = frozenset()
Rings = tuple[tuple[int, int], ...]  # (at, until), in the order of their times
Quiet = tuple[int, int]  # from, to: milliseconds of the local day


class Clock:
    """The clocks of a zone, as plan.js reads them."""

    def __init__(self, zone: str) -> None:
        """Look up its changes once."""
        self.zone = zone
        found = list(changes(ZoneInfo(zone), FIRST, LAST))
        first = (FIRST.astimezone(ZoneInfo(zone)).utcoffset() or FIRST - FIRST).total_seconds()
        self._at = [int(each.at.timestamp()) * 1000 for each in found]
        self._offsets = [int(first) * 1000] + [
            int(each.after.total_seconds()) * 1000 for each in found
        ]
        self.instant = cache(self._instant)

    def wall(self, instant: int) -> int:
        """Return what the clocks show."""
        return instant + self._offsets[bisect_right(self._at, instant)]

    def _instant(self, wall: int) -> int:
        """Return when they show it; the later one of two."""
        readings = [wall * 2 - self.wall(wall + shift) + shift for shift in (-DAY, DAY)]
        return max([each for each in readings if self.wall(each) == wall] or readings)


@dataclass(frozen=True)
class Rule:
    """A reminder of one variant: ``hours`` after the treatment, or on ``days`` at ``time``."""

    kind: str
    importance: int
    lasts: int
    hours: int | None
    days: tuple[int, ...]
    time: int
    after: int

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Rule":
        """Return what a phone is told as a rule."""
        hours, minutes = map(int, told.get("at", "00:00").split(":"))
        longest = max(told["opens"].values()) if "opens" in told else told.get("hours")
        return cls(
            kind=told["kind"], importance=told["importance"], lasts=told["lasts"] * HOUR,
            hours=None if longest is None else longest * HOUR, days=tuple(told.get("days", ())),
            time=hours * HOUR + minutes * MINUTE,
            after=max(told.get("after", {"": 0}).values()) * HOUR,
        )  # fmt: skip


@dataclass(frozen=True)
class Ways:
    """How one phone turns moments into rings: its clock, what blurs, its quiet hours."""

    clock: Clock
    offset: int | None  # milliseconds; None: not blurred
    quiet: Quiet

    def shown(self, instant: int) -> int:
        """Return when a moment rings."""
        if self.offset is not None:
            instant = -(-instant // QUARTER) * QUARTER + self.offset
        wall = self.clock.wall(instant)
        moved = out_of_quiet(wall, self.quiet)
        return instant if moved == wall else self.clock.instant(moved)

    def until(self, at: int, lasts: int) -> int:
        """Return when a ring is no longer useful."""
        begins, ends = self.quiet
        if begins == ends:
            return at + lasts
        return min(at + lasts, max(self.night(at), at + QUARTER))

    def night(self, at: int) -> int:
        """Return when the quiet hours after a ring begin."""
        begins = self.quiet[0]
        date, time = divmod(self.clock.wall(at), DAY)
        return self.clock.instant((date if time < begins else date + 1) * DAY + begins)


def is_quiet(time: int, quiet: Quiet) -> bool:
    """Say whether a time of the day is in the quiet hours."""
    begins, ends = quiet
    return begins <= time < ends if begins <= ends else begins <= time or time < ends


def out_of_quiet(wall: int, quiet: Quiet) -> int:
    """Return the end of the quiet hours that hold a wall time, or the time itself."""
    date, time = divmod(wall, DAY)
    if not is_quiet(time, quiet):
        return wall
    return (date if time < quiet[1] else date + 1) * DAY + quiet[1]


def rings(
    rules: Sequence[Rule], kinds: frozenset[str], treated: int, day_zero: int, ways: Ways
) -> Rings:
    """Return the list that plan.js makes; ``day_zero`` is the wall time of that midnight."""
    days: dict[int, dict[int, tuple[int, int]]] = defaultdict(dict)
    for rule in rules:
        if rule.kind not in kinds:
            continue
        for moment in _moments(rule, treated, day_zero, ways.clock):
            at = ways.shown(moment)
            # What belongs to an hour of a day is left out when quiet hours make it useless.
            if rule.hours is None and at - moment > rule.lasts:
                continue
            day = days[ways.clock.wall(at) // DAY]
            day[at] = _joined(day.get(at, (rule.importance, 0)), (rule.importance, rule.lasts))
    kept = [each for date in sorted(days) for each in _at_most_three(days[date])]
    return tuple((at, ways.until(at, lasts)) for at, lasts in kept)


def _moments(rule: Rule, treated: int, day_zero: int, clock: Clock) -> list[int]:
    if rule.hours is not None:
        found = [treated + rule.hours]
    else:
        found = [clock.instant(day_zero + day * DAY + rule.time) for day in rule.days]
    return [each for each in found if each >= treated + rule.after]


def _joined(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return min(one[0], other[0]), max(one[1], other[1])


def _at_most_three(day: dict[int, tuple[int, int]]) -> list[tuple[int, int]]:
    while len(day) > MOST_A_DAY:
        times = sorted(day)
        pairs = list(pairwise(times))
        put_off, to = min(pairs, key=lambda pair: (-day[pair[0]][0], pair[1] - pair[0]))
        day[to] = _joined(day.pop(put_off), day[to])
    return [(at, day[at][1]) for at in sorted(day)]


@dataclass(frozen=True)
class Known:
    """What an attacker knows before looking: the app, and how common everything is."""

    rules: Mapping[str, Sequence[Rule]]
    clocks: Sequence[Clock]
    quiets: Mapping[Quiet, float]
    kinds: Callable[[frozenset[str]], float]
    variants: Mapping[str, float]
    # (variant, midnight, time of the day), the last two in wall time: how likely.
    moments: Callable[[str, int, int], float]


@dataclass(frozen=True)
class Guess:
    """One explanation of a list, and its weight before those of zone and language."""

    weight: float
    variant: str
    treated: int
    day_zero: int
    zone: str
    kinds: frozenset[str]


def guesses(seen: Rings, blurred: bool, known: Known) -> list[Guess]:
    """Return every explanation of a list in every zone."""
    residues = {at % QUARTER for at, _ in seen}
    if not blurred:
        # Days' own hours and the ends of quiet hours are whole; the treatment's minutes are not.
        residues = residues - {0} or {0}
    found: list[Guess] = []
    for clock in known.clocks:
        for residue in residues:
            for quiet, common in known.quiets.items():
                ways = Ways(clock, residue if blurred else None, quiet)
                if _fits_quiet(seen, ways):
                    evidence = _Evidence(seen, ways, residue, known)
                    found += evidence.explanations(common)
    return found


def _fits_quiet(seen: Rings, ways: Ways) -> bool:
    begins, ends = ways.quiet
    for at, until in seen:
        time = ways.clock.wall(at) % DAY
        if is_quiet(time, ways.quiet):
            return False
        if ways.offset is not None and at % QUARTER != ways.offset and time != ends:
            return False
        whole = (until - at) % HOUR == 0
        if begins == ends and not whole:
            return False
        night = max(ways.night(at), at + QUARTER) if begins != ends else until
        if until > night or not (whole or until == night):
            return False
    return True


class _Evidence:
    """A list beside one way of making lists: what it rules out at sight."""

    def __init__(self, seen: Rings, ways: Ways, residue: int, known: Known) -> None:
        self.seen, self.ways, self.residue, self.known = seen, ways, residue, known
        self.at = {at for at, _ in seen}
        self.first = min(self.at)
        self.full = Counter(ways.clock.wall(at) // DAY for at in self.at)
        self.shown = cache(ways.shown)
        self.opens, self.possible = cache(self._opens), cache(self._possible)
        some = next(iter(known.rules.values()))
        self.by_days = [each for each in some if each.days]
        self.by_hours = [each for each in some if each.hours is not None]

    def _absent(self, at: int) -> bool:
        """Say whether a ring is missing that can neither be past nor joined to another."""
        if at in self.at or at < self.first:
            return False
        return self.full[self.ways.clock.wall(at) // DAY] < MOST_A_DAY

    def explanations(self, common: float) -> Iterator[Guess]:
        """Yield what makes this very list, or one that it is the rest of."""
        for day_zero in self._dates():
            covered, allowed = self._kinds(day_zero)
            over = [each for each in allowed if self._is_over(each, covered[each])]
            for kinds in _subsets([each for each in allowed if each not in over]):
                left = self.at - {at for kind in kinds for at in covered[kind]}
                if len(left) > sum(each.kind in kinds for each in self.by_hours):
                    continue
                chosen = sum(self.known.kinds(kinds | more) for more in [NONE, *_subsets(over)])
                for variant, rules in self.known.rules.items():
                    some = [each for each in rules if each.kind in kinds]
                    for treated in self._treatments(day_zero, variant, some, left):
                        if guess := self._guess(variant, some, treated, day_zero, kinds):
                            yield replace(guess, weight=guess.weight * common * chosen)

    def _dates(self) -> set[int]:
        found = set()
        walls = [self.ways.clock.wall(at) for at in self.at]
        for rule in self.by_days:
            moved = out_of_quiet(rule.time + (self.ways.offset or 0), self.ways.quiet)
            matching = [wall - moved for wall in walls if (wall - moved) % DAY == 0]
            found |= {date - day * DAY for date in matching for day in rule.days}
        # Nothing rings before the day itself.
        return {each for each in found if each <= min(walls)}

    def _kinds(self, day_zero: int) -> tuple[dict[str, set[int]], list[str]]:
        covered: dict[str, set[int]] = {rule.kind: set() for rule in self.by_days}
        refuted = set()
        for rule in self.by_days:
            for day in rule.days:
                at = self.shown(self.ways.clock.instant(day_zero + day * DAY + rule.time))
                covered[rule.kind].add(at)
                certain = not rule.after or day * DAY >= rule.after + DAY
                if certain and self._absent(at):
                    refuted.add(rule.kind)
        return covered, [kind for kind in covered if kind not in refuted]

    def _is_over(self, kind: str, covered: set[int]) -> bool:
        """Say whether whoever chose a kind too would have the same list by now."""
        days_only = all(each.kind != kind for each in self.by_hours)
        return max(covered) < self.first - (0 if days_only else DAY)

    def _treatments(
        self, day_zero: int, variant: str, rules: Sequence[Rule], left: set[int]
    ) -> Iterator[int]:
        """Yield the treatments that explain what the days' own reminders leave to explain."""
        waits = {each.hours for each in rules if each.hours is not None}
        # A list without anything counted in hours says next to nothing of the hour.
        step = 1 if waits else 4
        for treated in self.possible(day_zero, variant)[::step]:
            shown = list(takewhile(bool, (self.opens(treated + each) for each in waits)))
            if len(shown) == len(waits) and left.issubset(shown):
                yield treated

    def _possible(self, day_zero: int, variant: str) -> list[int]:
        """Return the moments of that day when such a treatment may end."""
        midnight = self.ways.clock.instant(day_zero)
        # A quarter stands for what is rounded up to it; without rounding, the minutes are known.
        start = midnight + (QUARTER if self.ways.offset is not None else self.residue)
        likely, wall = self.known.moments, self.ways.clock.wall
        every = range(start, start + DAY, QUARTER)
        return [each for each in every if likely(variant, day_zero, wall(each) - day_zero)]

    def _opens(self, moment: int) -> int | None:
        """Return when a moment rings; None where it would be missing."""
        at = self.shown(moment)
        return None if self._absent(at) else at

    def _guess(
        self,
        variant: str,
        rules: Sequence[Rule],
        treated: int,
        day_zero: int,
        kinds: frozenset[str],
    ) -> Guess | None:
        same = self._same(rings(rules, kinds, treated, day_zero, self.ways))
        time = self.ways.clock.wall(treated) - day_zero
        weight = (
            same * self.known.variants[variant]
            * self.known.moments(variant, day_zero, time)
        )  # fmt: skip
        zone = self.ways.clock.zone
        return Guess(weight, variant, treated, day_zero, zone, kinds) if weight else None

    def _same(self, made: Rings) -> float:
        if made == self.seen:
            return 1
        return CUT if made[-len(self.seen) :] == self.seen else 0


@cache
def _all_subsets(kinds: tuple[str, ...]) -> list[frozenset[str]]:
    sizes = (combinations(kinds, size) for size in range(1, len(kinds) + 1))
    return [frozenset(each) for each in chain.from_iterable(sizes)]


def _subsets(kinds: list[str]) -> list[frozenset[str]]:
    return _all_subsets(tuple(kinds))
