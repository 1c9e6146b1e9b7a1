"""What plan.js must answer, worked out a second time: Python's zoneinfo is the oracle.

    python3 -m tests.plan.make_vectors        writes vectors.json beside this file

plan.js reads clocks through Intl and finds offsets by probing around a moment. Nothing of that is
repeated here: dates come from aware datetimes, doubled and skipped hours from PEP 495's fold; for
when the phone rings see oracle.py.
A vector is {"what": sentence, "call": function, "args": [...], "want": answer}, instants in epoch
milliseconds. tzdata 2025b and 2026f give the same file, and must: see SETTLED.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import TypedDict
from zoneinfo import ZoneInfo

from tests.plan import oracle
from tests.plan.oracle import Json

MONTREAL = "America/Toronto"
ZONES = (
    MONTREAL,
    "America/Vancouver",
    "America/St_Johns",
    "Europe/Paris",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "Pacific/Kiritimati",
)
SPRINGS = ("2026-03-08", "2027-03-14")
AUTUMNS = ("2026-11-01", "2027-11-07")
CHANGES = SPRINGS + AUTUMNS

# Both places stopped changing their clocks by laws that tzdata of 2025 does not know and browsers
# learn one by one. Later moments would test the age of a table, so nothing may ask about them.
SETTLED = {
    "Africa/Casablanca": datetime(2026, 9, 20, tzinfo=UTC),
    "America/Vancouver": datetime(2026, 11, 1, tzinfo=UTC),
}

NOTHING: Mapping[str, int] = MappingProxyType({})

EPOCH = datetime.fromtimestamp(0, UTC)
MILLISECOND = timedelta(milliseconds=1)
A_DAY = 86_400_000


class Treatment(TypedDict):
    """As the phone's record keeps it: RFC 3339 UTC, IANA zone, the rough answer or None."""

    at: str
    zone: str
    rough: str | None


class Activity(TypedDict):
    """Something allowed so many hours after the treatment."""

    id: str
    hours: int


class Vector(TypedDict):
    """One question to plan.js and its answer."""

    what: str
    call: str
    args: list[object]
    want: object


# --- moments -------------------------------------------------------------------------------------


def epoch(moment: datetime) -> int:
    return (moment - EPOCH) // MILLISECOND


def settled(moment: datetime, zone: str) -> datetime:
    """The same moment; ValueError where tzdata releases disagree about it."""
    if zone in SETTLED and moment >= SETTLED[zone]:
        raise ValueError(f"{zone} is not settled at {moment}")
    return moment


def local(instant: int, zone: str) -> datetime:
    return settled((EPOCH + instant * MILLISECOND).astimezone(ZoneInfo(zone)), zone)


def when(wall: str, zone: str = MONTREAL, *, second_pass: bool = False) -> int:
    """Epoch milliseconds of a wall time that exists; ValueError for one the clocks skip."""
    naive = datetime.fromisoformat(wall)
    moment = naive.replace(tzinfo=ZoneInfo(zone), fold=second_pass)
    instant = epoch(settled(moment, zone))
    if local(instant, zone).replace(tzinfo=None) != naive:
        raise ValueError(f"{wall} does not exist in {zone}")
    return instant


def rfc3339(instant: int) -> str:
    text = (EPOCH + instant * MILLISECOND).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def treated(wall: str, zone: str = MONTREAL, rough: str | None = None) -> Treatment:
    return {"at": rfc3339(when(wall, zone)), "zone": zone, "rough": rough}


def after(date: str, days: int) -> str:
    return (datetime.fromisoformat(date) + timedelta(days=days)).date().isoformat()


def place(zone: str) -> str:
    return "Montréal" if zone == MONTREAL else zone.split("/")[1].replace("_", " ")


# --- the oracle ----------------------------------------------------------------------------------


def stage_of(day: float | None) -> str | None:
    if day is None or day != int(day) or not 0 <= day <= 42:
        return None
    return str(day) if day <= 7 else "8-14" if day <= 14 else "15-42"


def date_in(instant: int, zone: str) -> str:
    return local(instant, zone).date().isoformat()


def day_number(treatment: Treatment, now: int, zone: str) -> int:
    end = epoch(datetime.fromisoformat(treatment["at"]))
    return (local(now, zone).date() - local(end, treatment["zone"]).date()).days


def standing(treatment: Treatment | None, now: int, zone: str) -> dict[str, object]:
    if treatment is None:
        return {"state": "none", "day": None}
    if now < epoch(datetime.fromisoformat(treatment["at"])):
        return {"state": "before", "day": None}
    day = max(day_number(treatment, now, zone), 0)
    return {"state": "after" if day > 42 else "day", "day": day}


def allowed_from(treatment: Treatment, hours: int) -> int:
    return epoch(datetime.fromisoformat(treatment["at"]) + timedelta(hours=hours))


def waits(
    treatment: Treatment,
    activities: Iterable[Activity],
    now: int,
    own: Mapping[str, int] = NOTHING,
) -> list[dict[str, object]]:
    hours = [(each["id"], own.get(each["id"], each["hours"])) for each in activities]
    moments = [(allowed_from(treatment, wait), name) for name, wait in hours]
    ordered = sorted(moments, key=lambda moment: moment[0])
    return [{"id": name, "at": moment, "open": now >= moment} for moment, name in ordered]


def next_opening(
    treatment: Treatment,
    activities: Iterable[Activity],
    now: int,
    own: Mapping[str, int] = NOTHING,
) -> dict[str, object] | None:
    closed = [wait for wait in waits(treatment, activities, now, own) if not wait["open"]]
    return closed[0] if closed else None


def rows_offered(now: int, zone: str) -> list[str]:
    hour = local(now, zone).hour
    return ["now", *["morning"] * (hour >= 5), *["afternoon"] * (hour >= 12), "other"]


def end_of(answer: str, now: int, zone: str) -> dict[str, object]:
    if answer == "now":
        return {"at": rfc3339(now), "rough": None}
    hour = {"morning": 12, "afternoon": 17}[answer]
    late = local(now, zone).replace(hour=hour, minute=0, second=0, microsecond=0)
    return {"at": rfc3339(min(now, epoch(late))), "rough": answer}


def instant_of(wall: str, zone: str) -> int | None:
    try:
        moment = datetime.strptime(wall, "%Y-%m-%dT%H:%M").replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        return None
    if len(wall) != 16:
        return None
    # PEP 495: of a doubled hour fold=1 is later, of a skipped one fold=0 is.
    return max(epoch(settled(moment.replace(fold=fold), zone)) for fold in (0, 1))


def tomorrow_line(now: int, zone: str) -> bool:
    return local(now, zone).hour >= 18


def schedule(
    treatment: Treatment, reminders: list[Json], preferences: Json, zone: str
) -> list[Json]:
    rings = oracle.schedule(treatment, reminders, preferences, zone)
    for ring in rings:
        local(ring["until"] + A_DAY, zone)
    return rings


def in_an_hour(now: int, lasts: float, preferences: Json, zone: str) -> dict[str, int]:
    local(now + 3 * A_DAY, zone)
    return oracle.in_an_hour(now, lasts, preferences, zone)


ORACLE: dict[str, Callable[..., object]] = {
    "stageOf": stage_of,
    "dateIn": date_in,
    "dayNumber": day_number,
    "standing": standing,
    "allowedFrom": allowed_from,
    "waits": waits,
    "nextOpening": next_opening,
    "rowsOffered": rows_offered,
    "endOf": end_of,
    "instantOf": instant_of,
    "tomorrowLine": tomorrow_line,
    "schedule": schedule,
    "inAnHour": in_an_hour,
    "unseenInARow": oracle.unseen_in_a_row,
    "isOwnWait": oracle.is_own_wait,
    "ownWaits": oracle.own_waits,
    "isShorterThanAny": oracle.is_shorter_than_any,
}


def ask(what: str, call: str, *args: object) -> Vector:
    return {"what": what, "call": call, "args": [*args], "want": ORACLE[call](*args)}


# --- the questions -------------------------------------------------------------------------------


def ask_stages() -> Iterator[Vector]:
    for day in (-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 14, 15, 28, 42, 43, 365):
        yield ask(f"the page of day {day}", "stageOf", day)
    yield ask("half a day has no page", "stageOf", 8.5)
    yield ask("a standing without a day has no page", "stageOf", None)


def ask_dates() -> Iterator[Vector]:
    for zone in ZONES:
        for date in ("2026-01-15", "2026-07-15"):
            midnight = when(f"{date}T00:00", zone)
            yield ask(f"{place(zone)}: midnight opens {date}", "dateIn", midnight, zone)
            yield ask(f"{place(zone)}: a moment before {date}", "dateIn", midnight - 1, zone)
    leap = when("2028-02-29T23:59")
    yield ask("leap day lasts until midnight", "dateIn", leap, MONTREAL)
    yield ask("after leap day comes March", "dateIn", leap + 60_000, MONTREAL)


# treated, opened: both on Montréal's clock
AT_HOME = (
    ("2028-02-28T14:30", "2028-02-29T09:00", "leap day is a day of its own"),
    ("2028-02-28T14:30", "2028-03-01T09:00", "two days over leap day"),
    ("2028-02-29T14:30", "2028-03-01T00:00", "treated on leap day, opened at the next midnight"),
    ("2028-02-29T14:30", "2028-04-11T09:00", "six weeks from leap day"),
    ("2027-02-28T14:30", "2027-03-01T09:00", "no leap day in 2027"),
    ("2026-12-31T23:59", "2027-01-01T00:00", "a minute over New Year"),
    ("2026-11-22T14:30", "2026-11-22T14:30", "the minute it ended"),
    ("2026-11-22T14:30", "2026-11-21T09:00", "opened with the clock a day back"),
)


def ask_days() -> Iterator[Vector]:
    for then, now, what in AT_HOME:
        yield ask(f"{what}: which day", "dayNumber", treated(then), when(now), MONTREAL)
    for zone in ZONES:
        for then, now in (
            ("2026-06-10T23:59", "2026-06-11T00:30"),
            ("2026-06-10T00:00", "2026-06-10T23:59"),
        ):
            what = f"{place(zone)}: treated {then}, opened {now}"
            yield ask(what, "dayNumber", treated(then, zone), when(now, zone), zone)


def ask_days_over_clock_changes() -> Iterator[Vector]:
    for change in CHANGES:
        eve, morrow = after(change, -1), after(change, 1)
        for then, now in (
            (f"{eve}T23:59", f"{change}T00:30"),
            (f"{eve}T14:30", f"{change}T01:30"),
            (f"{eve}T14:30", f"{change}T03:00"),
            (f"{change}T00:00", f"{change}T23:59"),
            (f"{change}T01:30", f"{morrow}T00:00"),
            (f"{change}T23:59", f"{morrow}T00:30"),
            (f"{after(change, -7)}T23:59", f"{morrow}T00:00"),
        ):
            what = f"clock change {change}: treated {then}, opened {now}"
            yield ask(what, "dayNumber", treated(then), when(now), MONTREAL)
    for autumn in AUTUMNS:
        second = when(f"{autumn}T01:30", second_pass=True)
        what = f"clock change {autumn}: opened in the hour that comes twice"
        yield ask(what, "dayNumber", treated(f"{after(autumn, -1)}T23:59"), second, MONTREAL)


# where and when it was given; where and when the phone is opened
JOURNEYS = (
    (MONTREAL, "2026-06-10T23:30", "Europe/Paris", "2026-06-11T05:45"),
    (MONTREAL, "2026-06-10T14:30", "Europe/Paris", "2026-06-11T00:10"),
    ("Europe/Paris", "2026-06-10T17:00", MONTREAL, "2026-06-10T23:50"),
    ("Europe/Paris", "2026-06-10T02:00", MONTREAL, "2026-06-09T20:30"),
    (MONTREAL, "2026-06-10T23:59", "America/Vancouver", "2026-06-10T21:30"),
    ("America/Vancouver", "2026-06-10T23:00", MONTREAL, "2026-06-11T02:10"),
    (MONTREAL, "2026-06-10T14:30", "America/St_Johns", "2026-06-11T00:00"),
    (MONTREAL, "2026-06-10T14:30", "Asia/Kathmandu", "2026-06-11T00:20"),
    ("Asia/Kathmandu", "2026-06-11T00:10", MONTREAL, "2026-06-10T14:30"),
    (MONTREAL, "2026-06-10T14:30", "Africa/Casablanca", "2026-06-17T00:00"),
    (MONTREAL, "2026-03-07T20:00", "Europe/Paris", "2026-03-09T00:00"),
    ("Europe/Paris", "2026-10-24T20:00", MONTREAL, "2026-11-02T00:00"),
    (MONTREAL, "2026-06-10T14:30", "Pacific/Auckland", "2026-06-12T07:00"),
    ("Pacific/Auckland", "2026-06-10T09:00", "America/Vancouver", "2026-06-09T15:00"),
    ("Pacific/Auckland", "2026-06-10T18:00", "America/Los_Angeles", "2026-06-10T13:00"),
    ("Pacific/Kiritimati", "2026-06-10T08:00", "Pacific/Honolulu", "2026-06-09T12:00"),
    ("Pacific/Honolulu", "2026-06-09T12:00", "Pacific/Kiritimati", "2026-06-10T15:00"),
    ("Pacific/Apia", "2026-06-10T00:30", "Pacific/Pago_Pago", "2026-06-09T01:00"),
)


def ask_journeys() -> Iterator[Vector]:
    for there, then, here, now in JOURNEYS:
        what = f"treated in {place(there)} {then}, opened in {place(here)} {now}"
        treatment, opened = treated(then, there), when(now, here)
        yield ask(f"{what}: which day", "dayNumber", treatment, opened, here)
        yield ask(f"{what}: what Today shows", "standing", treatment, opened, here)


def ask_standings() -> Iterator[Vector]:
    ana, ended = treated("2026-11-22T14:30"), when("2026-11-22T14:30")
    yield ask("nothing recorded yet", "standing", None, ended, MONTREAL)
    for what, now in (
        ("the very moment it ended", ended),
        ("a millisecond ahead of its end", ended - 1),
        ("the phone's clock a day back", when("2026-11-21T14:30")),
        ("the phone's clock a year back", when("2025-11-22T14:30")),
        ("a year later", when("2027-11-22T14:30")),
    ):
        yield ask(what, "standing", ana, now, MONTREAL)
    for day in (1, 2, 7, 8, 14, 15, 42, 43):
        midnight = when(f"{after('2026-11-22', day)}T00:00")
        yield ask(f"a moment before day {day}", "standing", ana, midnight - 1, MONTREAL)
        yield ask(f"day {day} turns at midnight", "standing", ana, midnight, MONTREAL)
    noon = treated("2026-11-22T12:00", rough="morning")
    yield ask("around noon is still day 0", "standing", noon, ended, MONTREAL)


def ask_last_days() -> Iterator[Vector]:
    # From 25 February six weeks hold a clock change of every zone that has one.
    for zone in ZONES:
        treatment, end = treated("2026-02-25T16:00", zone), when("2026-04-09T00:00", zone)
        yield ask(f"{place(zone)}: the last minute of day 42", "standing", treatment, end - 1, zone)
        yield ask(f"{place(zone)}: day 43 is after", "standing", treatment, end, zone)


def ask_allowances() -> Iterator[Vector]:
    for change in CHANGES:
        treatment = treated(f"{after(change, -1)}T14:30")
        for hours in (0, 4, 12, 24, 48, 72, 168):
            what = f"{hours} hours from the eve of the clock change {change}"
            yield ask(what, "allowedFrom", treatment, hours)
    for zone in ZONES:
        # The night in which Lord Howe and Auckland go back; Paris has just gone forward.
        what = f"{place(zone)}: a week around 5 April 2026"
        yield ask(what, "allowedFrom", treated("2026-04-04T20:00", zone), 168)
    yield ask("24 hours over leap day", "allowedFrom", treated("2028-02-28T18:00"), 24)
    noon = treated("2026-11-22T12:00", rough="morning")
    yield ask("24 hours from a rough morning", "allowedFrom", noon, 24)


# Given out of order, with a tie.
ACTIVITIES: list[Activity] = [
    {"id": "retinoid", "hours": 168},
    {"id": "makeup", "hours": 24},
    {"id": "rinse", "hours": 0},
    {"id": "exercise", "hours": 72},
    {"id": "sunscreen", "hours": 24},
    {"id": "sauna", "hours": 72},
]


def ask_waits() -> Iterator[Vector]:
    for what, then, now in (
        ("the moment it ended", "2026-11-22T14:30", when("2026-11-22T14:30")),
        ("a moment before 24 hours", "2026-11-22T14:30", when("2026-11-23T14:30") - 1),
        ("24 hours to the minute", "2026-11-22T14:30", when("2026-11-23T14:30")),
        ("three days on", "2026-11-22T14:30", when("2026-11-25T14:30")),
        ("a week on", "2026-11-22T14:30", when("2026-11-29T14:30")),
        ("the phone's clock a day back", "2026-11-22T14:30", when("2026-11-21T14:30")),
        ("spring: the clock says 24 hours too soon", "2026-03-07T14:30", when("2026-03-08T14:30")),
        ("spring: 24 hours have gone by", "2026-03-07T14:30", when("2026-03-08T15:30")),
        ("autumn: 24 hours have gone by", "2026-10-31T14:30", when("2026-11-01T13:30")),
        ("autumn: a moment too soon", "2026-10-31T14:30", when("2026-11-01T13:30") - 1),
    ):
        yield ask(f"{what}: the waits", "waits", treated(then), ACTIVITIES, now)
        yield ask(f"{what}: what opens next", "nextOpening", treated(then), ACTIVITIES, now)
    nothing: list[Activity] = []
    ana, now = treated("2026-11-22T14:30"), when("2026-11-22T15:00")
    yield ask("nothing to wait for: the waits", "waits", ana, nothing, now)
    yield ask("nothing to wait for: what opens next", "nextOpening", ana, nothing, now)


def ask_rows() -> Iterator[Vector]:
    for time in ("00:00", "00:30", "04:59", "05:00", "09:00", "11:59", "12:00", "17:00", "23:59"):
        now = when(f"2026-11-22T{time}")
        yield ask(f"rows offered at {time}", "rowsOffered", now, MONTREAL)
    for change in CHANGES:
        for time in ("04:59", "05:00"):
            what = f"rows offered at {time} on the clock change {change}"
            yield ask(what, "rowsOffered", when(f"{change}T{time}"), MONTREAL)
    for zone in ZONES:
        for time in ("05:00", "12:00"):
            begins = when(f"2026-06-10T{time}", zone)
            what = f"{place(zone)}: rows offered a moment before {time}"
            yield ask(what, "rowsOffered", begins - 1, zone)
            yield ask(f"{place(zone)}: rows offered at {time}", "rowsOffered", begins, zone)


def ask_ends() -> Iterator[Vector]:
    for answer, times in (
        ("now", ("00:00", "14:37", "23:59")),
        ("morning", ("05:00", "11:59", "12:00", "12:01", "23:59")),
        ("afternoon", ("12:00", "16:59", "17:00", "17:01", "23:59")),
    ):
        for time in times:
            now = when(f"2026-11-22T{time}")
            yield ask(f"'{answer}' told at {time}", "endOf", answer, now, MONTREAL)
    yield ask("'now' keeps its milliseconds", "endOf", "now", 1_795_000_000_123, MONTREAL)
    for answer in ("morning", "afternoon"):
        for change in CHANGES:
            what = f"'{answer}' told at the end of the clock change {change}"
            yield ask(what, "endOf", answer, when(f"{change}T23:59"), MONTREAL)
        for zone in ZONES:
            now = when("2026-06-10T20:00", zone)
            yield ask(f"{place(zone)}: '{answer}' told at 20:00", "endOf", answer, now, zone)


def on(dates: Iterable[str], *times: str) -> list[str]:
    return [f"{date}T{time}" for date in dates for time in times]


WALLS = {
    "before, in and after a skipped hour": {
        MONTREAL: on(SPRINGS, "01:59", "02:00", "02:30", "02:59", "03:00"),
        "America/Vancouver": ["2026-03-08T02:30"],
        "America/St_Johns": ["2026-03-08T02:30"],
        "Europe/Paris": ["2026-03-29T02:30"],
        "Africa/Casablanca": ["2026-03-22T02:30"],
        "Australia/Lord_Howe": ["2026-10-04T02:15", "2026-10-04T02:30"],
        "Pacific/Auckland": ["2026-09-27T02:30"],
        "America/Santiago": ["2026-09-06T00:30"],
        "Pacific/Apia": ["2011-12-30T12:00"],
    },
    "before, in and after an hour that comes twice": {
        MONTREAL: on(AUTUMNS, "00:59", "01:00", "01:30", "01:59", "02:00"),
        "America/St_Johns": ["2026-11-01T01:30"],
        "Europe/Paris": ["2026-10-25T02:30"],
        "Africa/Casablanca": ["2026-02-15T02:30"],
        "Australia/Lord_Howe": ["2026-04-05T01:29", "2026-04-05T01:45"],
        "Pacific/Auckland": ["2026-04-05T02:30"],
        "America/Santiago": ["2026-04-04T23:30"],
    },
    "an ordinary time": {
        **{zone: ["2026-01-15T14:30", "2026-07-15T00:00"] for zone in ZONES},
        MONTREAL: ["2026-01-15T14:30", "2028-02-29T23:59", "2026-12-31T23:59"],
    },
    "no such day": {
        MONTREAL: on(("2026-02-29", "2026-02-30", "2026-04-31", "2100-02-29"), "10:00"),
    },
    "no such month or day": {
        MONTREAL: on(("2026-13-01", "2026-00-10", "2026-01-00", "2026-01-32"), "10:00"),
    },
    "no such time": {MONTREAL: on(["2026-01-10"], "24:00", "25:00", "10:60")},
    "not a wall time": {
        MONTREAL: ["", "tomorrow", "10:00", "2026-03-08", "2026-03-08 10:00", "2026-3-8T10:00"],
    },
    "more than a wall time": {MONTREAL: on(["2026-03-08"], "10:00:00", "10:00Z", "10:00-05:00")},
}


def ask_walls() -> Iterator[Vector]:
    for what, places in WALLS.items():
        for zone, walls in places.items():
            for wall in walls:
                yield ask(f"{place(zone)}: '{wall}', {what}", "instantOf", wall, zone)


def ask_evenings() -> Iterator[Vector]:
    for date in ("2026-11-22", *CHANGES):
        for time in ("00:00", "17:59", "18:00", "23:59"):
            what = f"a line about tomorrow, {date} at {time}"
            yield ask(what, "tomorrowLine", when(f"{date}T{time}"), MONTREAL)
    for zone in ZONES:
        six = when("2026-06-10T18:00", zone)
        yield ask(f"{place(zone)}: not yet evening at 17:59", "tomorrowLine", six - 60_000, zone)
        yield ask(f"{place(zone)}: evening at 18:00", "tomorrowLine", six, zone)


# --- when the phone rings ------------------------------------------------------------------------

NIGHT = ("21:00", "08:00")
NEVER_QUIET = ("00:00", "00:00")


def remind(name: str, importance: int = 2, lasts: float = 12, **when_: object) -> Json:
    kind = when_.pop("kind", "essential")
    return {"id": name, "kind": kind, "importance": importance, "lasts": lasts, **when_}


def wishes(quiet: tuple[str, str] = NIGHT, offset: int = 7, **more: object) -> Json:
    begins, ends = quiet
    return {"kinds": ["essential"], "quiet": {"from": begins, "to": ends}, "offset": offset, **more}


# What care.md promises by default, and an evening a day that is put off or left out.
PLAN = [
    remind("rinse", 1, 4, opens={"rinse": 4}),
    remind("cream", 1, 10, opens={"moisturizer": 24, "mineral": 24}),
    remind("makeup", 2, 24, opens={"makeup": 48}),
    remind("exercise", 3, 24, opens={"exercise": 72, "pool": 48}),
    remind("look", 1, 9, days=[3, 7, 21], at="10:00"),
    remind("actives", 2, 24, opens={"retinoid": 168}, after={"acid": 120}),
    remind("evening", 4, 2, days=[0, 1, 2, 3], at="20:00", after={"rinse": 4}),
]
# A day that the clocks of a place are changed, or any; none that a tzdata release may take back.
TURNS = {
    MONTREAL: ("2026-03-08", "2026-11-01"),
    "America/Vancouver": ("2026-03-08", "2025-11-02"),
    "America/St_Johns": ("2026-03-08", "2026-11-01"),
    "Europe/Paris": ("2026-03-29", "2026-10-25"),
    "Africa/Casablanca": ("2026-03-22", "2026-02-15"),
    "Asia/Kathmandu": ("2026-03-08", "2026-11-01"),
    "Australia/Lord_Howe": ("2026-10-04", "2026-04-05"),
    "Pacific/Auckland": ("2026-09-27", "2026-04-05"),
    "Pacific/Kiritimati": ("2026-03-08", "2026-11-01"),
}


def ask_turns() -> Iterator[Vector]:
    for zone, turns in TURNS.items():
        for turn in turns:
            for then in (f"{after(turn, -1)}T14:37", f"{after(turn, -3)}T23:50"):
                what = f"{place(zone)}: treated {then}, the rings over {turn}"
                yield ask(what, "schedule", treated(then, zone), PLAN, wishes(), zone)


def ask_odd_hours() -> Iterator[Vector]:
    for zone, turns in TURNS.items():
        for turn in turns:
            times = ("01:30", "01:45", "02:15", "02:30")
            daily = [remind(f"at{time}", days=[0, 1, 2], at=time) for time in times[:3]]
            treatment = treated(f"{after(turn, -2)}T12:00", zone)
            what = f"{place(zone)}: rung in the small hours of {turn}"
            yield ask(what, "schedule", treatment, daily, wishes(NEVER_QUIET, 3), zone)
            once = [remind("late", days=[2], at=times[3])]
            what = f"{place(zone)}: rung at half past two on {turn}"
            yield ask(what, "schedule", treatment, once, wishes(NEVER_QUIET, 0), zone)


def ask_travellers() -> Iterator[Vector]:
    for there, then, here, _ in JOURNEYS:
        what = f"treated in {place(there)} {then}, rung in {place(here)}"
        yield ask(what, "schedule", treated(then, there), PLAN, wishes(), here)
    daily = [
        remind("daily", 1, 2, days=[0, 1, 2], at="09:30"),
        remind("late", days=[0], at="23:45"),
    ]
    for there, here in (
        ("Pacific/Apia", "Pacific/Pago_Pago"),
        ("Pacific/Pago_Pago", "Pacific/Apia"),
        ("Pacific/Kiritimati", "Pacific/Honolulu"),
        ("Pacific/Honolulu", "Pacific/Kiritimati"),
    ):
        for time in ("00:05", "09:30", "23:50"):
            what = f"over the date line: treated in {place(there)} at {time}, rung in {place(here)}"
            treatment = treated(f"2026-06-10T{time}", there)
            yield ask(what, "schedule", treatment, daily, wishes(("22:00", "07:00")), here)


def ask_late_treatments() -> Iterator[Vector]:
    evening = [remind("evening", days=[0, 1], at="20:00"), remind("soon", 1, opens={"rinse": 0})]
    for zone in ZONES:
        for time in ("19:59", "20:00", "23:50"):
            what = f"{place(zone)}: treated at {time}, an evening ring at 20:00"
            treatment = treated(f"2026-06-10T{time}", zone)
            yield ask(what, "schedule", treatment, evening, wishes(NEVER_QUIET), zone)


QUIETS = (
    ("22:00", "07:00"),
    ("21:30", "08:15"),
    ("00:00", "08:00"),
    ("22:00", "00:00"),
    ("23:59", "00:01"),
    ("13:00", "15:00"),
    ("08:00", "08:00"),
    ("09:00", "18:00"),
    ("02:30", "06:00"),
    ("01:30", "05:00"),
    ("22:00", "01:30"),
    ("22:00", "02:30"),
    ("02:15", "02:45"),
)
TIMES = ("00:00", "01:30", "07:53", "08:00", "14:53", "15:00", "20:53", "21:00", "22:00", "23:59")


def ask_quiet_hours() -> Iterator[Vector]:
    for quiet in QUIETS:
        for turn in ("2026-03-08", "2026-11-01"):
            daily = [remind(f"r{hour}", hour % 3, hours=hour) for hour in range(2, 50, 6)]
            what = f"quiet from {quiet[0]} to {quiet[1]} around {turn}"
            treatment = treated(f"{after(turn, -1)}T16:40")
            yield ask(what, "schedule", treatment, daily, wishes(quiet, 0), MONTREAL)
        edges = [remind("begin", 1, days=[1], at=quiet[0]), remind("end", days=[1], at=quiet[1])]
        what = f"rung at {quiet[0]} and at {quiet[1]}, the edges of the quiet hours"
        treatment = treated("2026-06-10T12:00")
        yield ask(what, "schedule", treatment, edges, wishes(quiet, 0), MONTREAL)
    for time in TIMES:
        for offset in (0, 14):
            one = [remind("one", days=[1], at=time)]
            what = f"{time} and {offset} minutes, quiet from 21:00 to 08:00"
            treatment = treated("2026-06-10T12:00")
            yield ask(what, "schedule", treatment, one, wishes(offset=offset), MONTREAL)


# Clocks that change around midnight, where people set their quiet hours.
MIDNIGHTS = (
    (MONTREAL, "2026-03-08", "01:00", "02:30"),
    (MONTREAL, "2026-11-01", "00:30", "01:00"),
    (MONTREAL, "2026-11-01", "00:45", "01:30"),
    ("America/Santiago", "2026-04-04", "22:15", "23:00"),
    ("America/Santiago", "2026-04-04", "22:15", "23:30"),
    ("America/Santiago", "2026-04-04", "06:15", "23:30"),
    ("America/Santiago", "2026-09-05", "22:15", "00:30"),
    ("Africa/Cairo", "2026-04-23", "22:15", "00:30"),
    ("Africa/Cairo", "2026-10-29", "22:15", "23:30"),
    ("Atlantic/Azores", "2026-03-28", "22:15", "00:30"),
    ("Atlantic/Azores", "2026-10-24", "22:15", "00:30"),
    ("Australia/Lord_Howe", "2026-04-05", "01:15", "01:45"),
    ("Australia/Lord_Howe", "2026-10-04", "01:15", "02:15"),
)


def ask_nights() -> Iterator[Vector]:
    for zone, date, time, begins in MIDNIGHTS:
        treatment = treated(f"{date}T00:00", zone)
        late = remind("late", lasts=24, days=[0], at=time)
        what = f"{place(zone)} {date}: rung at {time}, useful until the clock is quiet at {begins}"
        for ends, offset in (("06:00", 0), (begins[:3] + "59", 7)):
            wanted = wishes((begins, ends), offset)
            yield ask(f"{what}, to {ends}", "schedule", treatment, [late], wanted, zone)
    what = "quiet hours whose end is skipped begin again at once"
    one, wanted = [remind("one", days=[0], at="20:00")], wishes(("02:45", "02:15"))
    yield ask(what, "schedule", treated("2026-03-07T10:00"), one, wanted, MONTREAL)
    again = wishes(("22:00", "01:30"), 0)
    before = when("2026-11-01T00:30")
    what = "the clock turns back into quiet hours that were over"
    yield ask(what, "inAnHour", before, 12, again, MONTREAL)
    yield ask(f"{what}, a quarter before", "inAnHour", before + 900_000, 12, again, MONTREAL)


def ask_own_waits() -> Iterator[Vector]:
    treatment = treated("2026-06-10T11:20")
    for what, own in (
        ("nothing of its own", {}),
        ("makeup sooner", {"makeup": 12}),
        ("makeup at once", {"makeup": 0}),
        ("makeup later", {"makeup": 96}),
        ("half a day and a half", {"makeup": 36.5}),
        ("the shorter of two waits now the longer", {"moisturizer": 6, "mineral": 30}),
        ("the longer of two waits now the shorter", {"exercise": 24}),
        ("both of two waits shorter", {"exercise": 24, "pool": 36}),
        ("a longer wait before the evening", {"rinse": 30}),
        ("no wait before the evening", {"rinse": 0}),
        ("acids after the actives", {"acid": 200}),
        ("acids as long as the actives", {"acid": 168}),
        ("something that nobody is reminded of", {"sauna": 500}),
    ):
        yield ask(f"the clinic has {what}", "schedule", treatment, PLAN, wishes(own=own), MONTREAL)
    namesake, own = [remind("makeup", hours=3)], {"makeup": 12}
    what = "hours are nobody's wait, whatever the reminder is called"
    yield ask(what, "schedule", treatment, namesake, wishes(own=own), MONTREAL)


def ask_own_openings() -> Iterator[Vector]:
    treatment, now = treated("2026-11-22T14:30"), when("2026-11-24T14:30")
    for what, own in (
        ("nothing of its own", {}),
        ("a longer wait for what was open", {"makeup": 49}),
        ("a wait that is just over", {"exercise": 48}),
        ("a wait that ends in an hour", {"exercise": 49}),
        ("the same day for what waits longest", {"retinoid": 0}),
        ("the last day of the guide", {"rinse": 1008}),
        ("a tie with another", {"makeup": 168}),
        ("a wait for what is not in the list", {"kissing": 500}),
        ("every wait its own", dict.fromkeys(("retinoid", "makeup", "rinse", "sauna"), 60)),
    ):
        args = (treatment, ACTIVITIES, now, own)
        yield ask(f"own waits, {what}: the waits", "waits", *args)
        yield ask(f"own waits, {what}: what opens next", "nextOpening", *args)


def ask_what_is_an_own_wait() -> Iterator[Vector]:
    anything: tuple[object, ...] = (
        0,
        1,
        24,
        1007,
        1008,
        1009,
        -1,
        1.5,
        1e9,
        "24",
        None,
        True,
        [24],
        {},
    )
    for hours in anything:
        yield ask(f"{hours!r} as a clinic's own wait", "isOwnWait", hours)
    yield ask("no clinic has no waits", "ownWaits", None)
    for what, clinic in (
        ("nothing about waits", {"name": "A", "phone": "", "hours": ""}),
        ("no waits yet", {"waits": {}}),
        ("waits of nothing", {"waits": None}),
        ("two waits", {"waits": {"makeup": 24, "pool": 0}}),
        (
            "a wait and what is none",
            {"waits": {"makeup": "24", "pool": 72, "sun": -1, "sauna": 2.5}},
        ),
        ("a wait beyond the guide", {"waits": {"acids": 1009}}),
    ):
        yield ask(f"a clinic with {what}", "ownWaits", clinic)


def ask_what_is_shorter() -> Iterator[Vector]:
    for hours, guide, shortest in (
        (5, 48, 6),
        (6, 48, 6),
        (47, 48, 6),
        (0, 48, 6),
        (0, 24, 0),
        (47, 48, None),
        (48, 48, None),
        (71, None, 72),
        (72, None, 72),
        # A roller at home waits less than any clinic says.
        (3, 4, 6),
        (4, 4, 6),
        (5, 4, 6),
        (0, None, None),
    ):
        what = f"{hours} h where the guide waits {guide} and the shortest found is {shortest}"
        yield ask(what, "isShorterThanAny", hours, guide, shortest)


def ask_what_has_rung() -> Iterator[Vector]:
    evening = treated("2026-06-10T16:20")
    for what, rung in (
        ("nothing", []),
        ("the first one", ["rinse"]),
        ("one of many days", ["look.7"]),
        ("most of it", ["rinse", "cream", "makeup", "exercise", "look.3", "look.7", "actives"]),
        ("what is in no plan", ["nothing", "look.4"]),
    ):
        for quiet in (NIGHT, ("20:00", "12:00")):
            wanted = wishes(quiet, rung=rung)
            saying = f"{what} has rung, quiet from {quiet[0]} to {quiet[1]}"
            yield ask(saying, "schedule", evening, PLAN, wanted, MONTREAL)
    full = [remind(f"r{hour}", hour % 4, 4, days=[1], at=f"{hour:02}:00") for hour in range(9, 15)]
    for rung in ([], ["r9.1"], ["r9.1", "r12.1"], ["r10.1", "r11.1", "r13.1"]):
        what = f"of a full day, {len(rung)} have rung and are put off no more"
        yield ask(what, "schedule", evening, full, wishes(rung=rung), MONTREAL)
        hours = [each.removeprefix("r").removesuffix(".1").zfill(2) for each in rung]
        for whose, day in (("that day", "2026-06-11"), ("the day before", "2026-06-10")):
            rang = [when(f"{day}T{hour}:00") for hour in hours]
            what = f"of a full day, {len(rung)} have rung, each by itself, on {whose}"
            wanted = wishes(rung=rung, rangAt=rang)
            yield ask(what, "schedule", evening, full, wanted, MONTREAL)


def ask_floors() -> Iterator[Vector]:
    treatment = treated("2026-06-10T11:20")
    for what, floors in (
        ("no wait", {}),
        ("a wait that ends at the moment", {"rinse": 24}),
        ("a wait that ends a minute later", {"rinse": 24 + 1 / 60}),
        ("two waits, the longer one too long", {"rinse": 4, "makeup": 48}),
        ("two waits, the longer one first", {"makeup": 48, "rinse": 4}),
    ):
        two = [
            remind("at", 1, days=[0, 1, 2, 3], at="11:20", after=floors),
            remind("hours", 2, hours=24, after=floors),
            remind("opens", 3, opens={"cream": 24}, after=floors),
        ]
        yield ask(f"never before {what}", "schedule", treatment, two, wishes(), MONTREAL)
    spring = treated("2026-03-07T10:00")
    daily = [remind("day", days=[1], at="10:00", after={"cream": 24})]
    yield ask("never 23 hours after in spring", "schedule", spring, daily, wishes(), MONTREAL)


def ask_rounding() -> Iterator[Vector]:
    sharp = when("2026-06-10T10:00")
    one = [remind("one", opens={"cream": 2})]
    for late in (-1, 0, 1, 1000, 60_000, 899_999, 900_000, 900_001):
        for offset in (0, 1, 14):
            treatment: Treatment = {"at": rfc3339(sharp + late), "zone": MONTREAL, "rough": None}
            what = f"{late} ms after the quarter, {offset} minutes on"
            yield ask(what, "schedule", treatment, one, wishes(offset=offset), MONTREAL)
    half = [remind("half", hours=2.5), remind("third", hours=1 / 3)]
    what = "parts of an hour"
    yield ask(what, "schedule", treated("2026-06-10T10:00"), half, wishes(), MONTREAL)


def at_ten(*importances: int) -> list[Json]:
    return [remind(f"r{place}", each, place + 1, days=[1], at="10:00")
            for place, each in enumerate(importances)]  # fmt: skip


def ask_coincidences() -> Iterator[Vector]:
    treatment = treated("2026-06-10T12:00")
    for given in ((1, 2), (2, 1), (2, 2, 1), (3, 1, 2, 1), (2, 2), (3, 3, 3, 3, 1)):
        what = f"at one moment, of importance {given}"
        yield ask(what, "schedule", treatment, at_ten(*given), wishes(), MONTREAL)
    night = [remind(f"r{hour}", 4 - hour % 4, hour, hours=hour) for hour in range(10, 20)]
    yield ask("a night of rings in the morning", "schedule", treatment, night, wishes(), MONTREAL)
    whole = [remind("whole", days=[3], at="10:00", page="3", words="Look at your skin")]
    yield ask("a reminder comes back whole", "schedule", treatment, whole, wishes(), MONTREAL)
    what = "nothing to remind of"
    yield ask(what, "schedule", treatment, [], wishes(), MONTREAL)


# importances in the order of the day, and the hours at which they ring
FULL_DAYS = (
    ((1, 2, 3), (9, 12, 15)),
    ((1, 2, 3, 4), (9, 12, 15, 18)),
    ((4, 3, 2, 1), (9, 12, 15, 18)),
    ((2, 4, 1, 3), (9, 12, 15, 18)),
    ((1, 1, 1, 1), (9, 12, 15, 18)),
    ((2, 2, 2, 2), (9, 13, 15, 18)),
    ((2, 2, 2, 2), (9, 13, 16, 18)),
    ((1, 3, 3, 1), (9, 12, 14, 18)),
    ((1, 3, 3, 1), (9, 10, 14, 18)),
    ((3, 1, 3, 1), (9, 12, 15, 18)),
    ((3, 1, 3, 1), (9, 13, 15, 18)),
    ((1, 1, 1, 9), (9, 12, 15, 18)),
    ((3, 2, 1, 2, 3), (9, 11, 13, 15, 17)),
    ((5, 4, 3, 2, 1), (9, 11, 13, 15, 17)),
    ((1, 2, 3, 4, 5), (9, 11, 13, 15, 17)),
    ((3, 3, 1, 3, 3, 1), (8, 9, 11, 12, 13, 20)),
    ((2, 2, 2, 2, 2, 2, 2), (8, 9, 10, 12, 14, 17, 20)),
    ((4, 1, 4, 2, 4, 3, 4), (8, 10, 12, 14, 16, 18, 20)),
)


def ask_full_days() -> Iterator[Vector]:
    treatment = treated("2026-06-10T21:00")
    for importances, hours in FULL_DAYS:
        day = [
            remind(f"r{hour}", importance, hour / 2, days=[1], at=f"{hour:02}:00")
            for importance, hour in zip(importances, hours, strict=True)
        ]
        what = f"rings at {hours}, of importance {importances}"
        yield ask(what, "schedule", treatment, day, wishes(), MONTREAL)
        yield ask(f"{what}, last first", "schedule", treatment, day[::-1], wishes(), MONTREAL)
    late = [remind(f"r{hour}", hour % 3, hours=hour) for hour in range(1, 56, 4)]
    for zone in ZONES:
        what = f"{place(zone)}: three a day by its own midnight"
        yield ask(what, "schedule", treatment, late, wishes(NEVER_QUIET), zone)
    twins = [*at_ten(3, 1), remind("noon", 2, days=[1], at="12:00"),
             remind("tea", 2, days=[1], at="15:00"), remind("dinner", 2, days=[1], at="18:00")]  # fmt: skip
    what = "a ring counts as much as its most important reminder"
    yield ask(what, "schedule", treatment, twins, wishes(), MONTREAL)


def ask_pauses() -> Iterator[Vector]:
    treatment = treated("2026-06-10T12:00")
    daily = [remind("daily", days=[1, 2, 3, 4], at="10:00"),
             remind("minor", 3, days=[1, 2, 3, 4], at="09:00")]  # fmt: skip
    ten = when("2026-06-12T10:07")
    for what, spans in (
        ("from the moment of a ring", [(ten, ten + 1)]),
        ("until the moment of a ring", [(ten - 1, ten)]),
        ("from just after a ring", [(ten + 1, ten + A_DAY)]),
        ("over two days", [(ten - A_DAY, ten + 1)]),
        ("twice", [(ten, ten + 1), (ten + A_DAY, ten + A_DAY + 1)]),
        ("for good", [(0, ten + 90 * A_DAY)]),
        ("for no time", [(ten, ten)]),
    ):
        pauses = [{"from": begins, "until": ends} for begins, ends in spans]
        wanted = wishes(pauses=pauses)
        yield ask(f"a pause {what}", "schedule", treatment, daily, wanted, MONTREAL)
    full = [remind(f"r{hour}", hour, days=[1], at=f"{hour}:00") for hour in (10, 12, 14, 16)]
    for hour in (10, 12, 14, 16):
        begins = when(f"2026-06-11T{hour}:00")
        pauses = [{"from": begins, "until": begins + 1_800_000}]
        what = f"a full day with a pause at {hour}"
        yield ask(what, "schedule", treatment, full, wishes(pauses=pauses), MONTREAL)


def ask_uses() -> Iterator[Vector]:
    treatment = treated("2026-06-10T12:00")
    for time in ("20:00", "20:30", "20:45", "20:59"):
        for lasts in (0.25, 1, 24):
            one = [remind("one", lasts=lasts, days=[1], at=time)]
            what = f"rung from {time}, useful for {lasts} hours, quiet at 21:05"
            wanted = wishes(("21:05", "08:00"), 0)
            yield ask(what, "schedule", treatment, one, wanted, MONTREAL)
    for quiet in (NEVER_QUIET, ("13:00", "15:00"), ("00:00", "06:00")):
        one = [remind("one", lasts=24, days=[1], at="14:00")]
        what = f"useful for a day, quiet from {quiet[0]} to {quiet[1]}"
        yield ask(what, "schedule", treatment, one, wishes(quiet), MONTREAL)
    what = "useful as long as the longest of them"
    both = [remind("short", 1, 1, days=[1], at="10:00"), remind("long", 2, 5, days=[1], at="10:00")]
    yield ask(what, "schedule", treatment, both, wishes(), MONTREAL)
    yield ask(f"{what}, given first", "schedule", treatment, both[::-1], wishes(), MONTREAL)


def ask_kinds() -> Iterator[Vector]:
    treatment = treated("2026-06-10T12:00")
    mixed = [remind("a", days=[1], at="10:00"), remind("b", days=[1], at="11:00", kind="daily"),
             remind("c", days=[1], at="12:00", kind="sores")]  # fmt: skip
    for kinds in ([], ["essential"], ["daily"], ["sores", "essential"], ["unknown"]):
        what = f"wanted: {kinds or 'nothing'}"
        yield ask(what, "schedule", treatment, mixed, wishes() | {"kinds": kinds}, MONTREAL)


def ask_an_hour() -> Iterator[Vector]:
    for zone, turns in TURNS.items():
        for date in (*turns, "2026-06-10"):
            for time in ("00:10", "06:00", "19:31", "23:59"):
                now = when(f"{date}T{time}", zone)
                what = f"{place(zone)} {date}: an hour from {time}"
                yield ask(what, "inAnHour", now, 6, wishes(), zone)
    for quiet in QUIETS:
        for time in ("00:31", "12:00", "13:59:59", "20:40", "22:53"):
            what = f"an hour from {time}, quiet from {quiet[0]} to {quiet[1]}"
            now = when(f"2026-06-10T{time}")
            yield ask(what, "inAnHour", now, 10.5, wishes(quiet, 9), MONTREAL)


def ask_unseen() -> Iterator[Vector]:
    now = when("2026-06-10T12:00")
    quarter = 900_000
    for what, ages, unseen in (
        ("no ring yet", (), ()),
        ("one, seen", (2,), ()),
        ("one, unseen", (2,), (2,)),
        ("the last two of four", (2, 3, 4, 5), (2, 3, 5)),
        ("in no order", (4, 2, 5, 3), (2, 3, 5)),
        ("all of three", (4, 3, 2), (2, 3, 4)),
        ("only an older one", (2, 3), (3,)),
        ("a quarter of an hour old", (1, 3), (1,)),
        ("a moment less than a quarter old", (0.999, 3), (0.999, 3)),
        ("a fresh one that was seen", (0.5, 3), (3,)),
        ("still to come", (-8, -4, 2), (-8, -4, 2)),
    ):
        rings = [
            {"id": f"r{age}", "at": now - int(age * quarter), "seen": age not in unseen}
            for age in ages
        ]
        yield ask(f"unseen: {what}", "unseenInARow", rings, now)


def vectors() -> list[Vector]:
    """Every vector, in an order that never changes; no two say the same."""
    every = [
        *chain(ask_stages(), ask_dates(), ask_days(), ask_days_over_clock_changes()),
        *chain(ask_journeys(), ask_standings(), ask_last_days(), ask_allowances()),
        *chain(ask_waits(), ask_rows(), ask_ends(), ask_walls(), ask_evenings()),
        *chain(ask_turns(), ask_odd_hours(), ask_travellers(), ask_late_treatments()),
        *chain(ask_quiet_hours(), ask_nights(), ask_own_waits(), ask_what_has_rung(), ask_floors()),
        *chain(ask_rounding(), ask_coincidences(), ask_full_days(), ask_pauses(), ask_uses()),
        *chain(ask_kinds(), ask_an_hour(), ask_unseen()),
        *chain(ask_own_openings(), ask_what_is_an_own_wait(), ask_what_is_shorter()),
    ]
    if len({vector["what"] for vector in every}) < len(every):
        raise ValueError("two vectors have the same sentence")
    return every


def render() -> str:
    """The text of vectors.json: one vector a line, so that a diff shows whole vectors."""
    compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    lines = ",\n".join(map(compact, vectors()))
    return f"[\n{lines}\n]\n"


if __name__ == "__main__":
    Path(__file__).with_name("vectors.json").write_text(render(), encoding="utf-8")
