"""What a phone asks of a calendar file: JSON to plain values, or every fault with its place."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from webapp.reminders.asking import AHEAD_MS, N_, Fault, FaultsError, escaped, read_instant
from webapp.reminders.calendar import Event

MOST_EVENTS = 200
BACK_MS = 60 * 86_400_000
# What rings at one time is one event: all of its sentences find room, or the last breaks off before
# what it depends on.
LONGEST_TITLE = 1000
HIGHEST_SEQUENCE = 2**31 - 1  # an INTEGER of RFC 5545, 3.3.8
UID = re.compile(r"[A-Za-z0-9@._-]{1,128}")
# Among the zones of many systems: where the server is, and where nobody is.
NO_PLACES = frozenset({"localtime", "Factory"})
# Controls, halves of characters, ends of lines and of paragraphs; then a mark that readers take out
# and the one that stands for what was lost on the way.
NO_KINDS, NO_MARKS = frozenset({"Cc", "Cs", "Zl", "Zp"}), frozenset("\ufeff\ufffd")


@dataclass(frozen=True)
class AskedCalendar:
    """A calendar file that a phone asks for."""

    zone: ZoneInfo
    sequence: int
    events: list[Event]


def read_calendar(body: dict[str, Any], now: int, host: str) -> AskedCalendar:
    """Return what a body asks for.

    :param now: UTC milliseconds
    :param host: what makes a uid without an “@” the only one in the world (RFC 5545, 3.8.4.7)
    :raises FaultsError: with every fault
    """
    faults = _strangers(body, {"zone", "sequence", "events"}, "")
    zone = _read_zone(body.get("zone"), faults)
    sequence = _read_sequence(body.get("sequence"), faults)
    events = list(_read_events(body.get("events"), now, host, faults))
    if faults or zone is None:
        raise FaultsError(faults)
    return AskedCalendar(zone, sequence, events)


@cache
def _zones() -> frozenset[str]:
    # Looked up in a list: asked for directly, ZoneInfo reads whatever file a name leads to.
    return frozenset(available_timezones() - NO_PLACES)


def _read_zone(value: object, faults: list[Fault]) -> ZoneInfo | None:
    if isinstance(value, str) and value in _zones():
        return ZoneInfo(value)
    faults.append(Fault("/zone", N_("Must be the name of a time zone, such as America/Toronto")))
    return None


def _read_sequence(value: object, faults: list[Fault]) -> int:
    if type(value) is int and 0 <= value <= HIGHEST_SEQUENCE:
        return value
    faults.append(Fault("/sequence", N_("Must be a whole number from 0 to 2147483647")))
    return 0


def _strangers(given: dict[str, Any], known: set[str], where: str) -> list[Fault]:
    return [
        Fault(f"{where}/{escaped(each)}", N_("Not a known member"))
        for each in given
        if each not in known
    ]


def _read_events(listed: object, now: int, host: str, faults: list[Fault]) -> Iterator[Event]:
    if not isinstance(listed, list):
        faults.append(Fault("/events", N_("Must be a list")))
        return
    if not 1 <= len(listed) <= MOST_EVENTS:
        faults.append(Fault("/events", N_("Must hold 1 to 200 events")))
        return
    uids: set[str] = set()
    for index, each in enumerate(listed):
        where = f"/events/{index}"
        if not isinstance(each, dict):
            faults.append(Fault(where, N_("Must be an object")))
            continue
        before = len(faults)
        faults += _strangers(each, {"uid", "at", "title"}, where)
        uid = _read_uid(each.get("uid"), uids, host, f"{where}/uid", faults)
        at = _read_at(each.get("at"), now, f"{where}/at", faults)
        title = _read_title(each.get("title"), f"{where}/title", faults)
        if len(faults) == before:
            yield Event(uid, at, title)


def _read_uid(value: object, uids: set[str], host: str, where: str, faults: list[Fault]) -> str:
    if not isinstance(value, str) or not UID.fullmatch(value):
        words = N_("Must be 1 to 128 letters, digits, hyphens, underscores, points or “@”")
        faults.append(Fault(where, words))
        return ""
    uid = value if "@" in value else f"{value}@{host}"
    if uid in uids:
        faults.append(Fault(where, N_("Stands twice in the list")))
    uids.add(uid)
    return uid


def _read_at(value: object, now: int, where: str, faults: list[Fault]) -> int:
    at = read_instant(value, where, faults)
    if at is None:
        return 0
    if at > now + AHEAD_MS:
        faults.append(Fault(where, N_("Must be 400 days ahead at most")))
    if at < now - BACK_MS:
        faults.append(Fault(where, N_("Must be 60 days back at most")))
    return at


def _read_title(value: object, where: str, faults: list[Fault]) -> str:
    if not isinstance(value, str) or not 1 <= len(value.strip()) <= len(value) <= LONGEST_TITLE:
        faults.append(Fault(where, N_("Must be 1 to 1000 characters")))
        return ""
    if any(unicodedata.category(each) in NO_KINDS or each in NO_MARKS for each in value):
        faults.append(Fault(where, N_("Must be one line, without control characters")))
    return value
