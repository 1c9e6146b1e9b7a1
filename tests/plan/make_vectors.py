"""What plan.js must answer, worked out a second time: Python's zoneinfo is the oracle.

    python3 tests/plan/make_vectors.py        writes vectors.json beside this file

plan.js reads clocks through Intl and finds offsets by probing around a moment. Nothing of that is
repeated here: dates come from aware datetimes, doubled and skipped hours from PEP 495's fold.
A vector is {"what": sentence, "call": function, "args": [...], "want": answer}, instants in epoch
milliseconds. tzdata 2025b and 2026f give the same file, and must: see SETTLED.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import TypedDict
from zoneinfo import ZoneInfo

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

EPOCH = datetime.fromtimestamp(0, UTC)
MILLISECOND = timedelta(milliseconds=1)


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
    treatment: Treatment, activities: Iterable[Activity], now: int
) -> list[dict[str, object]]:
    moments = [(allowed_from(treatment, each["hours"]), each["id"]) for each in activities]
    ordered = sorted(moments, key=lambda moment: moment[0])
    return [{"id": name, "at": moment, "open": now >= moment} for moment, name in ordered]


def next_opening(
    treatment: Treatment, activities: Iterable[Activity], now: int
) -> dict[str, object] | None:
    closed = [wait for wait in waits(treatment, activities, now) if not wait["open"]]
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


def vectors() -> list[Vector]:
    """Every vector, in an order that never changes; no two say the same."""
    every = [
        *chain(ask_stages(), ask_dates(), ask_days(), ask_days_over_clock_changes()),
        *chain(ask_journeys(), ask_standings(), ask_last_days(), ask_allowances()),
        *chain(ask_waits(), ask_rows(), ask_ends(), ask_walls(), ask_evenings()),
    ]
    if len({vector["what"] for vector in every}) < len(every):
        raise ValueError("two vectors have the same sentence")
    return every


def render() -> str:
    """The text of vectors.json: one vector a line, so that a diff shows whole vectors."""
    lines = ",\n".join(json.dumps(vector, ensure_ascii=False) for vector in vectors())
    return f"[\n{lines}\n]\n"


if __name__ == "__main__":
    Path(__file__).with_name("vectors.json").write_text(render(), encoding="utf-8")
