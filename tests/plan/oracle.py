"""When the phone must ring, worked out a second time from the sentences of the design.

plan.js works on wall times as text and on offsets around a moment. Nothing of that is repeated here:
times are aware datetimes in UTC, doubled and skipped hours come from PEP 495's fold, the turn of a
clock is found by halving. Instants go in and out as epoch milliseconds, as JSON has them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, pairwise
from math import ceil
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

Json = dict[str, Any]

EPOCH = datetime.fromtimestamp(0, UTC)
MILLISECOND = timedelta(milliseconds=1)
MINUTE = timedelta(minutes=1)
QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)
MOST_A_DAY = 3


class Ring(NamedTuple):
    """A moment at which the phone rings; the reminders are in the order of their importance."""

    slot: str
    holds: list[str]
    at: datetime
    reminders: list[Json]

    @property
    def importance(self) -> int:
        """Return that of the most important reminder."""
        return min(int(each["importance"]) for each in self.reminders)


def instant(moment: datetime) -> int:
    return (moment - EPOCH) // MILLISECOND


def moment(milliseconds: int) -> datetime:
    return EPOCH + milliseconds * MILLISECOND


def readings(day: date, at: str, zone: ZoneInfo) -> list[datetime]:
    """Return both instants that a wall time may mean, the sooner first; mostly they are one."""
    naive = datetime.combine(day, time.fromisoformat(at), zone)
    return sorted(naive.replace(fold=fold).astimezone(UTC) for fold in (0, 1))


# --- quiet hours ---------------------------------------------------------------------------------


def minutes(clock: str) -> int:
    """Return the minutes since midnight of a "HH:MM"."""
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


def is_quiet(at: datetime, quiet: Mapping[str, str], zone: ZoneInfo) -> bool:
    """Say whether the clock there shows a quiet time: between two equal times there is none."""
    there = at.astimezone(zone)
    begins, ends = minutes(quiet["from"]), minutes(quiet["to"])
    return (there.hour * 60 + there.minute - begins) % 1440 < (ends - begins) % 1440


def out_of_quiet(at: datetime, quiet: Mapping[str, str], zone: ZoneInfo) -> datetime:
    """Return the same moment, or the next end of the quiet hours when it lies in them.

    An end that a clock skips is one only if it is not quiet when the clock goes on.
    """
    if not is_quiet(at, quiet, zone):
        return at
    today = at.astimezone(zone).date()
    ends = (readings(today + days * DAY, quiet["to"], zone)[-1] for days in (0, 1, 2))
    return next(end for end in ends if end > at and not is_quiet(end, quiet, zone))


def clock_change(after: datetime, before: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the first minute of another offset; None when both ends have the same."""

    def offset(at: datetime) -> timedelta | None:
        return at.astimezone(zone).utcoffset()

    if offset(after) == offset(before):
        return None
    low, high = 0, (before - after) // MINUTE
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (
            (middle, high) if offset(after + middle * MINUTE) == offset(after) else (low, middle)
        )
    return after + high * MINUTE


def next_quiet(at: datetime, quiet: Mapping[str, str], zone: ZoneInfo) -> datetime | None:
    """Return the first quiet minute after a moment that is not; None without any in the next day.

    Quiet hours begin when the clock shows their time, or when it jumps into them: forward over
    their beginning, or back from behind their end.
    """
    today = at.astimezone(zone).date()
    starts = [
        *(each for days in (0, 1) for each in readings(today + days * DAY, quiet["from"], zone)),
        *filter(None, [clock_change(at, at + DAY, zone)]),
    ]
    return min((each for each in starts if each > at and is_quiet(each, quiet, zone)), default=None)


def useful_until(at: datetime, lasts: float, quiet: Mapping[str, str], zone: ZoneInfo) -> datetime:
    """Return the end of what is useful so many hours, but not into quiet hours; 15 min at least."""
    end = at + timedelta(hours=lasts)
    night = next_quiet(at, quiet, zone)
    return max(min(end, night or end), at + QUARTER)


# --- the schedule --------------------------------------------------------------------------------


def blurred(at: datetime, offset: int) -> datetime:
    return EPOCH + ceil((at - EPOCH) / QUARTER) * QUARTER + offset * MINUTE


def longest(waits: Mapping[str, float], own: Mapping[str, float]) -> timedelta:
    return timedelta(hours=max((own.get(name, waits[name]) for name in waits), default=0))


def meant(
    treatment: Mapping[str, Any], reminder: Json, own: Mapping[str, float], zone: ZoneInfo
) -> list[tuple[str, datetime]]:
    """Return the moments of a reminder by the protocol, each with the name of its slot."""
    end = datetime.fromisoformat(treatment["at"])
    day_zero = end.astimezone(ZoneInfo(treatment["zone"])).date()
    name = reminder["id"]
    if "days" in reminder:
        found = [
            (f"{name}.{day}", readings(day_zero + day * DAY, reminder["at"], zone)[-1])
            for day in reminder["days"]
        ]
    elif "opens" in reminder:
        found = [(name, end + longest(reminder["opens"], own))]
    else:
        found = [(name, end + timedelta(hours=reminder["hours"]))]
    floor = end + longest(reminder.get("after", {}), own)
    return [(slot, at) for slot, at in found if at >= floor]


def in_order(reminders: Iterable[Json]) -> list[Json]:
    return sorted(reminders, key=lambda each: each["importance"])


def one_of_each_moment(rings: Iterable[Ring]) -> list[Ring]:
    """Return one ring a moment, named after the most important, of equals the first given."""
    found = []
    for at, same in groupby(sorted(rings, key=lambda ring: ring.at), key=lambda ring: ring.at):
        here = sorted(same, key=lambda ring: ring.importance)
        holds = [slot for ring in here for slot in ring.holds]
        together = in_order(each for ring in here for each in ring.reminders)
        found.append(Ring(here[0].slot, holds, at, together))
    return found


def three_at_most(day: list[Ring], rang: int) -> list[Ring]:
    """Put off the least important that is not the day's last, the shortest way, until three are left
    with those that have rung, or one when three have.

    The ring it joins keeps its time and its name.
    """
    if len(day) <= max(1, MOST_A_DAY - rang):
        return day
    _, _, place = min(
        (-ring.importance, following.at - ring.at, place)
        for place, (ring, following) in enumerate(pairwise(day))
    )
    early, late = day[place], day[place + 1]
    holds, together = [*early.holds, *late.holds], in_order([*early.reminders, *late.reminders])
    both = Ring(late.slot, holds, late.at, together)
    return three_at_most([*day[:place], both, *day[place + 2 :]], rang)


def to_ring(
    treatment: Mapping[str, Any], reminder: Json, preferences: Mapping[str, Any], zone: ZoneInfo
) -> list[tuple[str, datetime]]:
    """Return the moments of a reminder, blurred and out of quiet hours.

    What belongs to an hour of a day is left out when that makes it useless.
    """
    moved = [
        (slot, at, out_of_quiet(blurred(at, preferences["offset"]), preferences["quiet"], zone))
        for slot, at in meant(treatment, reminder, preferences.get("own", {}), zone)
    ]
    lasts = timedelta(hours=reminder["lasts"])
    return [(slot, new) for slot, at, new in moved if "days" not in reminder or new - at <= lasts]


def schedule(
    treatment: Mapping[str, Any],
    reminders: Iterable[Json],
    preferences: Mapping[str, Any],
    zone: str,
) -> list[Json]:
    here, quiet = ZoneInfo(zone), preferences["quiet"]
    wanted = [
        Ring(slot, [slot], at, [reminder])
        for reminder in reminders
        if reminder["kind"] in preferences["kinds"]
        for slot, at in to_ring(treatment, reminder, preferences, here)
        if slot not in preferences.get("rung", [])
    ]
    days = groupby(one_of_each_moment(wanted), key=lambda ring: ring.at.astimezone(here).date())
    rang = Counter(moment(at).astimezone(here).date() for at in preferences.get("rangAt", []))
    pauses = [
        (moment(each["from"]), moment(each["until"])) for each in preferences.get("pauses", [])
    ]
    return [
        {
            "slot": ring.slot,
            "holds": ring.holds,
            "at": instant(ring.at),
            "until": instant(
                useful_until(ring.at, max(r["lasts"] for r in ring.reminders), quiet, here)
            ),
            "reminders": ring.reminders,
        }
        for date, day in days
        for ring in three_at_most(list(day), rang[date])
        if not any(begins <= ring.at < ends for begins, ends in pauses)
    ]


def in_an_hour(now: int, lasts: float, preferences: Mapping[str, Any], zone: str) -> dict[str, int]:
    here, quiet = ZoneInfo(zone), preferences["quiet"]
    later = blurred(moment(now) + timedelta(hours=1), preferences["offset"])
    at = out_of_quiet(later, quiet, here)
    return {"at": instant(at), "until": instant(useful_until(at, lasts, quiet, here))}


def unseen_in_a_row(rings: Iterable[Mapping[str, Any]], now: int) -> int:
    """Count the last rings without one that was seen; those of the last 15 minutes do not count."""
    unseen = 0
    for ring in sorted(rings, key=lambda each: each["at"]):
        if moment(now) - moment(ring["at"]) >= QUARTER:
            unseen = 0 if ring["seen"] else unseen + 1
    return unseen


# --- the clinic's own waits ----------------------------------------------------------------------

SIX_WEEKS = timedelta(weeks=6)


def is_own_wait(hours: object) -> bool:
    """Say whether it is a number of whole hours within the six weeks; for Python, true is a number."""
    if isinstance(hours, bool) or not isinstance(hours, int | float):
        return False
    return hours % 1 == 0 and 0 <= hours <= SIX_WEEKS / timedelta(hours=1)


def own_waits(clinic: Mapping[str, Any] | None) -> dict[str, Any]:
    found = (clinic or {}).get("waits") or {}
    return {name: hours for name, hours in found.items() if is_own_wait(hours)}


def is_shorter_than_any(hours: float, guide: float | None, shortest: float | None) -> bool:
    return all(hours < each for each in (guide, shortest) if each is not None)
