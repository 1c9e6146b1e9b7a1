"""A campaign: a million rings, asked of plan.js in Node and of zoneinfo, in every zone both know.

It has a small version for every day. What it counted is printed (`pytest -s`).
"""

import importlib.metadata
import json
import random
import subprocess
import time
import zoneinfo
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count as numbers
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Self
from zoneinfo import ZoneInfo

import pytest

from tests.plan import oracle
from tests.plan.oracle import DAY, Json
from tests.test_vectors import node

SEED = 7
BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)
# A ring depends on no clock that is further away: quiet hours, days and uses are a day each at most.
REACH = timedelta(hours=36)
ODD_ZONES = (
    "Africa/Cairo", "America/Havana", "America/Nuuk", "America/Santiago", "America/St_Johns",
    "America/Toronto", "Antarctica/Troll", "Asia/Kathmandu", "Atlantic/Azores",
    "Australia/Lord_Howe", "Europe/Paris", "Pacific/Chatham", "Pacific/Kiritimati",
)  # fmt: skip

Answer = tuple[str, int, int, tuple[str, ...]]


# --- the one who is asked ------------------------------------------------------------------------


class Node:
    """A Node that answers with plan.js, a list of questions at a time."""

    def __init__(self) -> None:
        """Start it."""
        script = Path(__file__).with_name("answers.mjs")
        self.process = subprocess.Popen(
            [node(), str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.process.communicate(timeout=20)

    def hear(self, questions: list[list[object]]) -> None:
        """Pass questions on; the answers are to be fetched before the next ones."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps(questions) + "\n")
        self.process.stdin.flush()

    def say(self) -> list[Any]:
        """Return the answers to what was passed on."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, "Node ended"
        return list(json.loads(line))

    def ask(self, *question: object) -> Any:
        """Return the answer to one question."""
        self.hear([[*question]])
        return self.say()[0]


def tzdata() -> str:
    """Return the release of the tables that zoneinfo reads: the machine's, or else the package's."""
    for folder in map(Path, zoneinfo.TZPATH):
        if (folder / "Europe/Paris").exists():
            table = folder / "tzdata.zi"
            said = table.read_text("ascii").split("\n", 1)[0] if table.exists() else "unnamed"
            return f"{said.removeprefix('# version ')} of the machine"
    return f"{importlib.metadata.version('tzdata')} of the package"


# --- what is asked -------------------------------------------------------------------------------


class Question(NamedTuple):
    """The arguments of `schedule`."""

    treatment: Json
    reminders: list[Json]
    preferences: Json
    zone: str


@cache
def clock_changes(zone: str) -> list[datetime]:
    """Return when the clocks of a zone change in these years, to the minute."""
    days = [BEGIN + day * DAY for day in range((END - BEGIN) // DAY)]
    here = ZoneInfo(zone)
    return [at for day in days if (at := oracle.clock_change(day, day + DAY, here))]


def treated(zone: str, number: int, chance: random.Random) -> datetime:
    """Place a treatment so that its first days hold a clock change, or one of the later ones does."""
    changes = clock_changes(zone)
    if not changes:
        return BEGIN + chance.random() * (END - BEGIN)
    before = chance.uniform(4, 28) if number % 4 == 3 else chance.uniform(-1, 4)
    return changes[number % len(changes)] - before * DAY


def clock(chance: random.Random) -> str:
    """Draw a time of the day, half of them in the hours in which clocks are changed."""
    hour = chance.choice([0, 1, 2, 3, 22, 23, *range(7, 13)])
    return f"{hour:02}:{chance.choice([0, 15, 30, 45, chance.randrange(60)]):02}"


def reminders(chance: random.Random) -> list[Json]:
    """Draw the reminders of a protocol; about eighty moments, of which some days have too many."""
    waits = {f"a{number}": chance.choice([0, 4, 12, 24, 36.5, 72, 168]) for number in range(6)}
    drawn: list[Json] = []
    for number in range(14):
        one: Json = {"id": f"r{number}", "importance": chance.randint(1, 5)}
        one |= {"kind": chance.choice(["a", "a", "a", "b"]), "lasts": chance.choice([1, 4, 9, 24])}
        some = dict(chance.sample(list(waits.items()), 2))
        if number < 5:
            one |= {"opens": some}
        elif number < 8:
            one |= {"hours": chance.choice([0, 1.25, 23, 48, chance.uniform(0, 700)])}
        else:
            every = chance.choice([1, 1, 2, 3])
            one |= {"days": list(range(chance.randint(0, 2), 28, every)), "at": clock(chance)}
        if chance.random() < 0.3:
            one |= {"after": dict(chance.sample(list(waits.items()), 2))}
        drawn.append(one)
    return drawn


def preferences(at: datetime, chance: random.Random) -> Json:
    """Draw what somebody wants: mostly a night, now and then an odd time, a pause, own waits."""
    quiet = chance.choice(
        [("21:00", "08:00"), ("22:30", "07:00"), ("23:00", "06:30"), ("00:00", "07:00"),
         ("23:30", "00:30"), ("22:00", "01:30"), ("22:00", "02:30"), ("01:30", "06:00"),
         ("02:30", "05:00"), ("13:00", "15:00"), ("00:00", "00:00"), (clock(chance), clock(chance))]
    )  # fmt: skip
    wanted: Json = {
        "kinds": chance.choice([["a"], ["a", "b"], ["b", "a"]]),
        "quiet": {"from": quiet[0], "to": quiet[1]},
        "offset": chance.randrange(15),
    }
    if chance.random() < 0.3:
        wanted["own"] = {f"a{number}": chance.choice([0, 8, 48, 200]) for number in (0, 2)}
    if chance.random() < 0.2:
        begins = oracle.instant(at + chance.uniform(0, 20) * DAY)
        wanted["pauses"] = [{"from": begins, "until": begins + chance.randrange(400_000_000)}]
    return wanted


def questions(zone: str, zones: list[str]) -> Iterator[Question]:
    """Draw what is asked about a zone, without end; every fifth treatment was given in any."""
    chance = random.Random(f"{SEED} {zone}")
    for number in numbers(0):
        at = treated(zone, number, chance)
        end = oracle.moment(oracle.instant(at)).isoformat(timespec="milliseconds")
        there = chance.choice(zones) if number % 5 == 4 else zone
        treatment = {"at": end.replace("+00:00", "Z"), "zone": there, "rough": None}
        yield Question(treatment, reminders(chance), preferences(at, chance), zone)


# --- what is compared ----------------------------------------------------------------------------


@dataclass
class Count:
    """What a campaign came to; differences are counted in slots."""

    zones: int = 0
    treatments: int = 0
    slots: int = 0
    moments: int = 0
    explained: Counter[str] = field(default_factory=Counter)
    unexplained: list[str] = field(default_factory=list)

    def add(self, other: "Count") -> None:
        """Take another count into this one."""
        self.zones += other.zones
        self.treatments += other.treatments
        self.slots += other.slots
        self.moments += other.moments
        self.explained += other.explained
        self.unexplained += other.unexplained


def of_oracle(question: Question) -> list[Answer]:
    return [
        (ring["slot"], ring["at"], ring["until"], tuple(each["id"] for each in ring["reminders"]))
        for ring in oracle.schedule(*question)
    ]


def of_node(rings: list[list[Any]]) -> list[Answer]:
    return [(slot, at, until, tuple(names)) for slot, at, until, names in rings]


def has_one_ring_each(question: Question, rings: list[Answer]) -> int:
    """See that no moment is lost or doubled and that every ring is another; count the moments."""
    treatment, given, wanted, zone = question
    meant = Counter(
        {each["id"]: len(oracle.to_ring(treatment, each, wanted, ZoneInfo(zone)))
         for each in given if each["kind"] in wanted["kinds"]}
    )  # fmt: skip
    held = Counter(name for *_, names in rings for name in names)
    assert len({slot for slot, *_ in rings}) == len({at for _, at, *_ in rings}) == len(rings)
    # What is paused is in none.
    assert held <= meant if "pauses" in wanted else held == meant, question
    return held.total()


def disagree(asked: Node, zone: str, near: datetime) -> bool:
    """Say whether Node and zoneinfo have different clocks around a moment."""
    steps = int(2 * REACH / timedelta(hours=1))
    moments = [near - REACH + step * timedelta(hours=1) for step in range(steps + 1)]
    theirs = asked.ask("offsets", [oracle.instant(each) for each in moments], zone)
    offsets = [each.astimezone(ZoneInfo(zone)).utcoffset() for each in moments]
    return [timedelta(minutes=each) for each in theirs] != offsets


def compare(asked: Node, question: Question, ours: list[Answer], theirs: list[Answer]) -> Count:
    """Return the rings of a question, and those on which the two do not agree."""
    count = Count(treatments=1, slots=len(ours))
    if ours == theirs:
        count.moments = has_one_ring_each(question, theirs)
        return count
    end = datetime.fromisoformat(question.treatment["at"])
    other_day = disagree(asked, question.treatment["zone"], end)
    one, other = ({ring[0]: ring for ring in rings} for rings in (ours, theirs))
    for slot in sorted(one.keys() | other.keys()):
        rings = [each[slot] for each in (one, other) if slot in each]
        if len(set(rings)) == 1 and len(rings) == 2:
            continue
        if other_day or any(
            disagree(asked, question.zone, oracle.moment(at)) for _, at, *_ in rings
        ):
            count.explained[question.zone] += 1
        else:
            seen = f"{one.get(slot)}, plan.js {other.get(slot)}"
            count.unexplained.append(f"zoneinfo {seen}: {question}")
    assert count.explained or count.unexplained, "the same rings in another order"
    return count


def of_zone(asked: Node, zone: str, zones: list[str], slots: int) -> Count:
    """Ask both about a zone until there are so many rings."""
    count, drawn = Count(zones=1), questions(zone, zones)
    while count.slots < slots:
        some = list(islice(drawn, 8))
        asked.hear([["rings", *question] for question in some])
        # Node is at work meanwhile.
        ours = [of_oracle(question) for question in some]
        theirs = [of_node(rings) for rings in asked.say()]
        for each in zip(some, ours, theirs, strict=True):
            count.add(compare(asked, *each))
    return count


def campaign(slots: int, only: tuple[str, ...] = ()) -> Count:
    """Ask both about so many rings at least, as many in every zone; print and judge what came."""
    began, count = time.monotonic(), Count()
    with Node() as asked:
        about = asked.ask("about")
        zones = sorted(set(about["zones"]) & zoneinfo.available_timezones())
        chosen = only or zones
        for zone in chosen:
            count.add(of_zone(asked, zone, zones, -(-slots // len(chosen))))
    print(
        f"schedule: {count.zones} zones, {count.treatments} treatments, {count.slots} slots holding "
        f"{count.moments} moments, {len(count.unexplained)} differences, "
        f"{count.explained.total()} more by other tables "
        f"({', '.join(f'{zone} {many}' for zone, many in count.explained.most_common()) or 'none'}), "
        f"{time.monotonic() - began:.0f} s, seed {SEED}, tz {about['tz']} in Node, "
        f"{tzdata()} in Python"
    )
    assert not count.unexplained, "\n".join(count.unexplained[:5])
    assert count.explained.total() <= count.slots / 100
    return count


def test_zoneinfo_and_plan_js_ring_at_the_same_moments_where_clocks_are_odd() -> None:
    count = campaign(15_000, ODD_ZONES)
    assert count.zones == len(ODD_ZONES)


@pytest.mark.long
def test_a_million_rings_come_once_each_and_at_the_right_moment_in_every_zone() -> None:
    count = campaign(1_000_000)
    assert count.slots >= 1_000_000
    assert count.zones >= 400
