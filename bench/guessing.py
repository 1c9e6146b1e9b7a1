"""How much the server's lists of instants tell to whoever holds them and knows this app.

Simulated people get their lists from the app's own plan.js. An attacker who sees instants and a
language only, and one who knows the time zone too, say which variant it was and when it ended.
What people are like is made up: see the constants. The attacker knows even that, so the figures
are for the worst case.
Run: ``python3 dev.py bench guessing.py``, perhaps with ``--people 300 --seed 7``.
"""

import argparse
import json
import random
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from bench._guess import (
    DAY,
    HOUR,
    MINUTE,
    QUARTER,
    Clock,
    Guess,
    Known,
    Quiet,
    Rings,
    Rule,
    Ways,
    guesses,
    rings,
)  # fmt: skip
from webapp.guide.pages import Guide
from webapp.guide.reminders import reminders_of
from webapp.protocol.reading import read_library

ROOT = Path(__file__).resolve().parent.parent
PEOPLE, SEED = 1000, 20261126
FROM = datetime(2026, 11, 26, tzinfo=UTC)

VARIANTS = {"standard": 0.45, "home": 0.2, "deep": 0.15, "rf": 0.1, "prp": 0.1}
# Each with how many of its people read French. Only places on whose clocks Node and Python agree;
# check_copy finds the others.
ZONES = {
    "America/Toronto": (0.82, 0.65),
    "America/Halifax": (0.06, 0.2),
    "America/Chicago": (0.04, 0.05),
    "Europe/Paris": (0.05, 0.95),
    "America/St_Johns": (0.03, 0.02),
}
# How many leave everything as it is; of the others, how many choose each kind, and other hours.
LEFT_AS_IS, ESSENTIAL, ANOTHER_KIND, OTHER_HOURS = 0.7, 0.9, 0.35, 0.7
USUAL_KINDS = frozenset({"essential"})
USUAL_QUIET: Quiet = (21 * HOUR + 30 * MINUTE, 7 * HOUR + 30 * MINUTE)
OTHER_QUIETS: list[Quiet] = [
    (begins * 30 * MINUTE, ends * 30 * MINUTE) for begins in range(40, 48) for ends in range(12, 21)
] + [(0, 0)]
# When treatments end, in local hours; of those at home, so many in the evening.
OPENS, CLOSES, EVENING, BEDTIME, IN_THE_EVENING = 9, 18, 18.5, 22.5, 0.6
# "This morning", "this afternoon", or a time typed in; the others tap "just now".
ROUGH, TYPED = 0.2, 0.4
SUNDAY = 6
TOLERANCES = {"minute": MINUTE, "15 min": QUARTER, "1 h": HOUR}
COLD_SORES = "cold-sores"


class WrongRunError(Exception):
    """The attacker's copy of the plan is not the app's: the figures would mean nothing."""


@dataclass(frozen=True)
class Person:
    """Somebody with reminders: ``treated`` in UTC milliseconds, as their phone holds it."""

    variant: str
    treated: int
    day_zero: int
    zone: str
    language: str
    kinds: frozenset[str]
    quiet: Quiet
    offset: int

    @property
    def as_is(self) -> bool:
        """Say whether kinds and quiet hours were left alone."""
        return self.kinds == USUAL_KINDS and self.quiet == USUAL_QUIET

    @property
    def asked(self) -> dict[str, Any]:
        """Return the arguments of plan.js."""
        at = (datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=self.treated)).isoformat()
        begins, ends = (f"{each // HOUR:02}:{each % HOUR // MINUTE:02}" for each in self.quiet)
        quiet = {"from": begins, "to": ends}
        preferences = {"kinds": sorted(self.kinds), "quiet": quiet, "offset": self.offset}
        treatment = {"at": at, "zone": self.zone, "rough": None}
        return {
            "treatment": treatment, "variant": self.variant, "preferences": preferences,
            "zone": self.zone,
        }  # fmt: skip


# Who there is.


@cache
def clock(zone: str) -> Clock:
    """Return the clock of a zone."""
    return Clock(zone)


@cache
def told() -> dict[str, list[dict[str, Any]]]:
    """Return what a phone is told of each variant, also of those without their days yet."""
    (protocol,) = read_library(ROOT / "protocols", today=FROM.date()).protocols
    found: dict[str, list[dict[str, Any]]] = {}
    for variant in VARIANTS:
        reminders: Any = reminders_of(Guide(protocol, variant), "en")["reminders"]
        found[variant] = [{**each, "words": ""} for each in reminders]
    return found


@cache
def rules() -> dict[str, tuple[Rule, ...]]:
    """Return the same, as the attacker holds it."""
    return {variant: tuple(map(Rule.of, each)) for variant, each in told().items()}


def draw_people(count: int, seed: int) -> list[Person]:
    """Return so many people, the same for the same seed."""
    draw = random.Random(seed)  # noqa: S311  (must be the same every time)
    return [somebody(draw) for _ in range(count)]


def somebody(draw: random.Random) -> Person:
    """Return a person drawn at random."""
    (variant,) = draw.choices(list(VARIANTS), list(VARIANTS.values()))
    (zone,) = draw.choices(list(ZONES), [common for common, _ in ZONES.values()])
    date = int(FROM.timestamp()) // 86_400 + draw.randrange(365)
    while variant != "home" and _weekday(date * DAY) == SUNDAY:
        date += 1
    kinds, quiet = _preferences(draw)
    return Person(
        variant=variant, treated=clock(zone).instant(date * DAY + _end(draw, variant)),
        day_zero=date * DAY, zone=zone,
        language="fr" if draw.random() < ZONES[zone][1] else "en",
        kinds=kinds, quiet=quiet, offset=draw.randrange(15),
    )  # fmt: skip


def _end(draw: random.Random, variant: str) -> int:
    """Return the local time a treatment ended, as its person told the phone."""
    evening = variant == "home" and draw.random() < IN_THE_EVENING
    span = (EVENING, BEDTIME) if evening else (OPENS, CLOSES)
    time = int(draw.uniform(*span) * HOUR)
    way = draw.random()
    if way < ROUGH and time < 17 * HOUR:
        return (12 if time < 12 * HOUR else 17) * HOUR
    step = 5 * MINUTE if way < ROUGH + TYPED else 1
    return time // step * step


def _preferences(draw: random.Random) -> tuple[frozenset[str], Quiet]:
    if draw.random() < LEFT_AS_IS:
        return USUAL_KINDS, USUAL_QUIET
    quiet = draw.choice(OTHER_QUIETS) if draw.random() < OTHER_HOURS else USUAL_QUIET
    kinds: frozenset[str] = frozenset()
    while not kinds or (kinds == USUAL_KINDS and quiet == USUAL_QUIET):
        kinds = frozenset(each for each in every_kind() if draw.random() < _chosen(each))
    return kinds, quiet


@cache
def every_kind() -> tuple[str, ...]:
    """Return the kinds of reminders, in the order of the content."""
    return tuple(dict.fromkeys(each.kind for each in rules()["standard"]))


def _chosen(kind: str) -> float:
    return ESSENTIAL if kind in USUAL_KINDS else ANOTHER_KIND


def _weekday(day_zero: int) -> int:
    return (day_zero // DAY + 3) % 7  # the first of January 1970 was a Thursday


# What the attacker knows of them: all of the above.


def likely_kinds(kinds: frozenset[str]) -> float:
    """Return how common a choice of kinds is."""
    chances = (_chosen(each) if each in kinds else 1 - _chosen(each) for each in every_kind())
    drawn = 1 - LEFT_AS_IS
    for each in chances:
        drawn *= each
    return drawn + LEFT_AS_IS * (kinds == USUAL_KINDS)


def likely_moment(variant: str, day_zero: int, when: int) -> float:
    """Return how likely a treatment of that kind ended in the quarter of an hour up to a time."""
    if variant != "home" and _weekday(day_zero) == SUNDAY:
        return 0
    evening = IN_THE_EVENING if variant == "home" else 0
    rough = ROUGH / 2 if when in (12 * HOUR, 17 * HOUR) else 0
    by_day = _spread(when, OPENS, CLOSES) * (1 - ROUGH) + rough
    return (1 - evening) * by_day + evening * _spread(when, EVENING, BEDTIME)


def _spread(when: int, opens: float, closes: float) -> float:
    inside = opens * HOUR <= when < closes * HOUR + QUARTER
    return 0.25 / (closes - opens) if inside else 0


def known() -> Known:
    """Return what the attacker knows before looking."""
    other = (1 - LEFT_AS_IS) * OTHER_HOURS
    quiets = dict.fromkeys(OTHER_QUIETS, other / len(OTHER_QUIETS))
    quiets[USUAL_QUIET] = quiets.get(USUAL_QUIET, 0) + 1 - other
    clocks = [clock(each) for each in ZONES]
    return Known(rules(), clocks, quiets, cache(likely_kinds), VARIANTS, cache(likely_moment))


def likely_zone(zone: str, language: str) -> float:
    """Return how common a zone is, given a language."""
    common, french = ZONES[zone]
    return common * (french if language == "fr" else 1 - french)


# The lists, from the app itself.


def node() -> str:
    """Return Playwright's Node, or the machine's."""
    found = sorted(ROOT.glob(".venv/lib/python3*/site-packages/playwright/driver/node"))
    return str(found[0]) if found else "node"


def lists(people: Sequence[Person]) -> list[tuple[Rings, Rings]]:
    """Return each person's list, blurred and not, as plan.js makes it."""
    lines = [json.dumps(told()), *(json.dumps(each.asked) for each in people)]
    answer = subprocess.run(
        [node(), str(ROOT / "bench" / "_schedules.mjs")],
        input="\n".join(lines), stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    made = [json.loads(line) for line in answer.stdout.splitlines()]
    return [(_plain(each["blurred"]), _plain(each["plain"])) for each in made]


def _plain(listed: list[dict[str, int]]) -> Rings:
    return tuple((each["at"], each["until"]) for each in listed)


def check_copy(people: Sequence[Person], made: Sequence[tuple[Rings, Rings]]) -> None:
    """See that the attacker's copy of the plan makes everybody's very lists.

    :raises WrongRunError: when it does not
    """
    for each, both in zip(people, made, strict=True):
        for offset, listed in zip((each.offset * MINUTE, None), both, strict=True):
            ways = Ways(clock(each.zone), offset, each.quiet)
            if (
                rings(rules()[each.variant], each.kinds, each.treated, each.day_zero, ways)
                != listed
            ):
                raise WrongRunError(f"{each}")


# What is said of a list, and how often it is right.


@dataclass(frozen=True)
class Right:
    """What was found of one person."""

    variant: bool
    but_twins: bool  # the variant, or one whose list is always the same
    times: tuple[bool, ...]
    day: bool
    cold_sores: bool  # whether the attacker says that they get them


def judged(person: Person, found: Sequence[Guess], *, zone_known: bool) -> Right:
    """Return how much of the likeliest explanation is right."""
    variants: dict[str, float] = defaultdict(float)
    days: dict[int, float] = defaultdict(float)
    moments: dict[int, float] = defaultdict(float)
    sores = 0.0
    for each in found:
        if zone_known and each.zone != person.zone:
            continue
        weight = each.weight * (1 if zone_known else likely_zone(each.zone, person.language))
        variants[each.variant] += weight
        days[each.day_zero] += weight
        moments[each.treated] += weight
        sores += weight if COLD_SORES in each.kinds else -weight
    variant = max(variants, key=variants.__getitem__, default="standard")
    times = [_middle(moments, within) for within in TOLERANCES.values()]
    return Right(
        variant=variant == person.variant,
        but_twins=rules()[variant] == rules()[person.variant],
        times=tuple(
            abs(said - person.treated) <= within
            for said, within in zip(times, TOLERANCES.values(), strict=True)
        ),
        day=max(days, key=days.__getitem__, default=0) == person.day_zero,
        cold_sores=sores > 0,
    )


def _middle(moments: dict[int, float], within: int) -> int:
    """Return the moment with the most weight around it."""

    def around(middle: int) -> float:
        return sum(weight for at, weight in moments.items() if abs(at - middle) <= within)

    return max(moments, key=around, default=0)


@dataclass(frozen=True)
class Look:
    """One way of looking at everybody's lists; the order is that of the table."""

    blurred: bool
    from_start: bool
    zone_known: bool

    @property
    def words(self) -> str:
        """Return it for the table."""
        times = "blurred" if self.blurred else "not blurred"
        seen = "whole" if self.from_start else "after day 3"
        return f"{times:<12}{seen:<12}{'known' if self.zone_known else 'unknown':<8}"


Found = list[tuple[Person, Right]]


def look(people: Sequence[Person], made: Sequence[tuple[Rings, Rings]]) -> dict[Look, Found]:
    """Return what is found in each way of looking, of everybody who has a list then."""
    before = known()
    looks: dict[Look, Found] = defaultdict(list)
    for blurred, from_start in ((True, True), (True, False), (False, True), (False, False)):
        for person, both in zip(people, made, strict=True):
            seen = both[0] if blurred else both[1]
            if not from_start:
                day_four = clock(person.zone).instant(person.day_zero + 4 * DAY)
                seen = tuple(each for each in seen if each[0] > day_four)
            if not seen:
                continue
            found = guesses(seen, blurred, before)
            for zone_known in (False, True):
                right = judged(person, found, zone_known=zone_known)
                looks[Look(blurred, from_start, zone_known)].append((person, right))
    return looks


HEAD = (
    f"{'times':<12}{'list':<12}{'zone':<8}{'choices':<9}{'people':>7}{'always':>8}{'variant':>9}"
    f"{'twins':>7}{'minute':>8}{'15 min':>8}{'1 h':>7}{'day':>7}"
)


def row(found: Found) -> str:
    """Return the figures of some people, in the order of the head of the table."""
    commonest = Counter(person.variant for person, _ in found).most_common(1)[0][1]
    rights = [right for _, right in found]
    counts = [
        commonest, sum(each.variant for each in rights), sum(each.but_twins for each in rights),
        *(sum(each.times[place] for each in rights) for place in range(len(TOLERANCES))),
        sum(each.day for each in rights),
    ]  # fmt: skip
    widths = (8, 9, 7, 8, 8, 7, 7)
    shares = (
        f"{count / len(found):>{width}.1%}" for count, width in zip(counts, widths, strict=True)
    )
    return f"{len(found):>7}{''.join(shares)}"


def cold_sores(found: Found) -> str:
    """Return how well those are known who said that they get cold sores."""
    said = [right.cold_sores for person, right in found if COLD_SORES in person.kinds]
    others = [right.cold_sores for person, right in found if COLD_SORES not in person.kinds]
    return (
        f"Cold sores, seen from the start, zone unknown: found {sum(said)} of {len(said)} who "
        f"ticked them; wrongly said of {sum(others)} of {len(others)} others."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--people", type=int, default=PEOPLE)
    options.add_argument("--seed", type=int, default=SEED)
    chosen = options.parse_args(arguments)
    began = time.monotonic()
    people = draw_people(chosen.people, chosen.seed)
    made = lists(people)
    check_copy(people, made)
    looks = look(people, made)
    print(HEAD)
    for each, found in looks.items():
        for choices, as_is in (("usual", True), ("own", False)):
            some = [(person, right) for person, right in found if person.as_is == as_is]
            if some:
                print(f"{each.words}{choices:<9}{row(some)}")
    print(
        "\nalways: right when one always says the commonest. twins: right, or wrong only between "
        "variants\nwhose lists are always the same. minute, 15 min, 1 h: the treatment's end found "
        "so closely. day: its date."
    )
    print(cold_sores(looks[Look(blurred=True, from_start=True, zone_known=False)]))
    print(f"{len(people)} people, seed {chosen.seed}, {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
