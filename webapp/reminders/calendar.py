"""Instants to a calendar file (RFC 5545): pure. Only importer of icalendar."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar

NAME = "Lendemain"
LASTS = timedelta(minutes=15)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Event:
    """A moment of the calendar: ``at`` in UTC milliseconds; ``uid`` is the same in every file."""

    uid: str
    at: int
    title: str

    @property
    def span(self) -> tuple[datetime, datetime]:
        """Return its beginning and its end in UTC."""
        # Whole seconds are all that a calendar holds; and nothing may ring too early.
        begins = EPOCH + timedelta(seconds=-(-self.at // 1000))
        return begins, begins + LASTS


@dataclass(frozen=True)
class Change:
    """A change of a zone's clocks: when, in UTC, and the offsets before and after."""

    at: datetime
    before: timedelta
    after: timedelta


def calendar_file(zone: ZoneInfo, sequence: int, events: Sequence[Event], made: datetime) -> bytes:
    """Return the file, as UTF-8 with CRLF: at least one event, each with an alarm when it begins.

    :param sequence: higher than in the file before, so that importing again replaces (RFC 5545, 3.8.7.4)
    :param made: when the file is made, in UTC
    """
    calendar = icalendar.Calendar()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", f"-//{NAME}//{NAME}//EN")
    calendar.add("METHOD", "PUBLISH")
    calendar.add("X-WR-CALNAME", NAME)
    spans = [each.span for each in events]
    if any(in_zone(span, zone) for span in spans):
        first, last = min(begins for begins, _ in spans), max(ends for _, ends in spans)
        calendar.add_component(_timezone(zone, first - DAY, last + DAY))
    for each in events:
        calendar.add_component(_event(each, zone, sequence, made))
    file: bytes = calendar.to_ical()
    return file


def in_zone(span: tuple[datetime, datetime], zone: ZoneInfo) -> bool:
    """Say whether a span can be written in local time: neither end in an hour that comes twice.

    Such a local time stands for the first of the two (RFC 5545, 3.3.5), so the second cannot be
    said; and some readers, ical.js among them, take it for the second. In UTC there is no doubt;
    both ends alike.
    """
    return not any(_comes_twice(each.astimezone(zone)) for each in span)


def _comes_twice(local: datetime) -> bool:
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def changes(zone: ZoneInfo, first: datetime, last: datetime) -> Iterator[Change]:
    """Yield the changes of a zone's offset after ``first`` and until ``last``, to the second."""
    known = first
    while known < last:
        later = min(known + DAY, last)
        before, after = _offset(zone, known), _offset(zone, later)
        if before != after:
            yield Change(_onset(zone, known, later), before, after)
        known = later


def _onset(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    while after - before > SECOND:
        middle = before + ((after - before) // 2 // SECOND) * SECOND
        if _offset(zone, middle) == _offset(zone, before):
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _timezone(zone: ZoneInfo, first: datetime, last: datetime) -> icalendar.Timezone:
    """Return the zone between two instants.

    One observance for each onset, said in the local time before it. icalendar's own
    ``from_tzinfo`` says those of spring in the time after them, an hour late.
    """
    offset = _offset(zone, first)
    timezone = icalendar.Timezone()
    timezone.add("TZID", zone.key)
    for each in (Change(first, offset, offset), *changes(zone, first, last)):
        local = each.at.astimezone(zone)
        observance = icalendar.TimezoneDaylight() if local.dst() else icalendar.TimezoneStandard()
        observance.add("DTSTART", (each.at + each.before).replace(tzinfo=None))
        observance.add("TZOFFSETFROM", each.before)
        observance.add("TZOFFSETTO", each.after)
        observance.add("TZNAME", local.tzname())
        timezone.add_component(observance)
    return timezone


def _event(asked: Event, zone: ZoneInfo, sequence: int, made: datetime) -> icalendar.Event:
    event = icalendar.Event()
    event.add("UID", asked.uid)
    event.add("SEQUENCE", sequence)
    event.add("DTSTAMP", made)
    local = in_zone(asked.span, zone)
    for name, at in zip(("DTSTART", "DTEND"), asked.span, strict=True):
        if local:
            wall = at.astimezone(zone).replace(tzinfo=None)
            event.add(name, wall, parameters={"TZID": zone.key})
        else:
            event.add(name, at)
    event.add("SUMMARY", asked.title)
    event.add("TRANSP", "TRANSPARENT")
    event.add("CLASS", "PRIVATE")
    alarm = icalendar.Alarm()
    alarm.add("ACTION", "DISPLAY")
    # Written out, since icalendar's own way of saying nothing is "P0D", which few others write.
    alarm.add("TRIGGER", icalendar.vText("PT0S"))
    alarm.add("DESCRIPTION", asked.title)
    event.add_component(alarm)
    return event
