"""Which pages there are, and what each shows.

Every page is the same for everyone: what is personal is added on the phone. So each is listed
here once, rendered once per language, and kept offline by the same list.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from webapp.protocol.models import Activity, Day, Kind, Library, Protocol, Statement

SHELL = "shell"
DAY = 24


@dataclass(frozen=True)
class Page:
    """One page in both languages.

    ``path`` follows ``/{language}/``. ``keep`` names the kept set that holds it. ``back`` is the
    path of the page above it, shown in the header.
    """

    path: str
    template: str
    values: Mapping[str, object] = field(default_factory=dict)
    keep: str = SHELL
    indexed: bool = True
    back: str | None = None


@dataclass(frozen=True)
class Row:
    """An activity on a day page: ``hours`` after the treatment, and whether it opens that day."""

    activity: Activity
    hours: int
    opens: bool


@dataclass(frozen=True)
class Guide:
    """One protocol's guide for one variant: what a phone keeps whole."""

    protocol: Protocol
    variant: str

    @property
    def id(self) -> str:
        """Return the name of its kept set, which is also its place in addresses."""
        return f"{self.protocol.id}/{self.protocol.version}/{self.variant}"

    @property
    def days(self) -> tuple[Day, ...]:
        """Return its days in order."""
        return self.protocol.days[self.variant]

    def day_path(self, day: Day) -> str:
        """Return the path of one day's page."""
        return f"{self.id}/day-{day.id}"

    def rows(self, day: Day) -> list[Row]:
        """Return what opens on a day and the highlights that still wait, soonest first.

        A wait of ``h`` hours ends on calendar day ⌊h/24⌋ or the day after it, depending on the
        hour of the treatment; a whole number of days ends on exactly that day.
        """
        rows: list[Row] = []
        for activity in self.protocol.activities:
            hours = activity.wait(self.variant)
            if hours is None or activity.kind is not Kind.FROM or hours == 0:
                continue
            earliest, latest = hours // DAY, -(-hours // DAY)
            opens = earliest <= day.last and latest >= day.first
            if opens or (activity.highlight and latest >= day.first):
                rows.append(Row(activity, hours, opens))
        return sorted(rows, key=lambda row: (row.hours, not row.activity.highlight))


def guides(library: Library) -> list[Guide]:
    """Return every guide that has its days written."""
    return [Guide(each, variant) for each in library.protocols for variant in each.days]


def pages(library: Library) -> dict[str, Page]:
    """Return every page by its path."""
    found = guides(library)
    every = [*_rooms(library, found), *(page for each in found for page in _days(each))]
    every += _activities(found)
    return {page.path: page for page in every}


def _rooms(library: Library, found: list[Guide]) -> Iterator[Page]:
    guide = found[0]
    here: dict[str, object] = {"guides": found, "guide": guide, "protocol": guide.protocol}
    kept = guide.id
    yield Page("", "home.html", here)
    yield Page("start", "start.html", here, indexed=False)
    yield Page("today", "today.html", here, indexed=False)
    yield Page("not-yet", "not_yet.html", here, back="start", indexed=False)
    yield Page("get-help", "guide/help.html", here)
    yield Page("settings", "settings.html", here, indexed=False, back="today")
    yield Page("privacy", "privacy.html", here)
    yield Page("offline", "offline.html", here, indexed=False)
    yield Page("guide", "guide/index.html", here, keep=kept)
    yield Page("activities", "guide/activities.html", here, keep=kept, back="guide")
    yield Page("breakouts", "guide/breakouts.html", here, keep=kept, back="guide")
    yield Page("sources", "guide/sources.html", {**here, "library": library}, keep=kept)


def _days(guide: Guide) -> Iterator[Page]:
    days = guide.days
    for number, day in enumerate(days):
        values = {
            "guide": guide,
            "protocol": guide.protocol,
            "day": day,
            "rows": guide.rows(day),
            "before": days[number - 1] if number else None,
            "after": days[number + 1] if number + 1 < len(days) else None,
        }
        yield Page(guide.day_path(day), "guide/day.html", values, keep=guide.id, back="guide")


def _activities(found: list[Guide]) -> Iterator[Page]:
    guide = found[0]
    for activity in guide.protocol.activities:
        values = {"guide": guide, "protocol": guide.protocol, "activity": activity}
        path = f"activities/{activity.id}"
        yield Page(path, "guide/activity.html", values, keep=guide.id, back="activities")


@dataclass(frozen=True)
class Support:
    """A statement with the sources behind it, for "Where this comes from"."""

    statement: Statement
    marks: tuple[str, ...]


def supports(*groups: Statement | tuple[Statement, ...]) -> list[Support]:
    """Return the statements of a section with their marks, in the order they are read."""
    flat = [s for group in groups for s in (group if isinstance(group, tuple) else (group,))]
    return [Support(each, each.sources) for each in flat]


def number_of_sources(found: list[Support]) -> int:
    """Return how many different sources stand behind a section."""
    return len({mark[:3] for each in found for mark in each.marks})


def wait_in_words(hours: int) -> tuple[int, Literal["hours", "days"]]:
    """Return a wait as people say it: hours up to four days, days beyond."""
    return (hours, "hours") if hours <= 4 * DAY or hours % DAY else (hours // DAY, "days")
