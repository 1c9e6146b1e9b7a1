"""Which pages there are, and what each shows.

Every page is the same for everyone: what is personal is added on the phone. So each is listed
here once, rendered once per language, and kept offline by the same list.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from webapp.guide.families import Family, after_what
from webapp.guide.paper import openings, without_an_hour
from webapp.protocol.models import Activity, Day, Kind, Protocol, Statement, Waiting

SHELL = "shell"
DAY = 24
HTML, JSON = "text/html", "application/json"


@dataclass(frozen=True)
class Page:
    """One page in both languages.

    ``path`` follows ``/{language}/``. ``keep`` names the kept set that holds it: the shell, a guide,
    or a family of guides, each of which then holds it; none does what no phone keeps. ``back`` is the
    path of the page above it, shown in the header. ``current`` is the path of the same page in
    the version that is offered now, where this is another. ``beside`` names a second family
    whose guides hold it, too. ``media`` is its type: data for the
    phone's script is made, kept and served as pages are.
    """

    path: str
    template: str
    values: Mapping[str, object] = field(default_factory=dict)
    keep: str | None = SHELL
    indexed: bool = True
    back: str | None = None
    current: str | None = None
    beside: str | None = None
    media: str = HTML


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
    prefix: str = ""

    @property
    def id(self) -> str:
        """Return the name of its kept set, which is also its place in addresses."""
        return f"{self.protocol.id}/{self.protocol.version}/{self.variant}"

    @property
    def family(self) -> str:
        """Return what it shares with the guides of the same protocol version's other variants."""
        return f"{self.protocol.id}/{self.protocol.version}"

    @property
    def days(self) -> tuple[Day, ...]:
        """Return its days in order."""
        return self.protocol.days[self.variant]

    def path(self, room: str) -> str:
        """Return the path of a page that it shares with its family, such as ``activities``."""
        return f"{self.prefix}{room}"

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
            if not hours or activity.kind_for(self.variant) is not Kind.FROM:
                continue
            earliest, latest = hours // DAY, -(-hours // DAY)
            opens = earliest <= day.last and latest >= day.first
            if opens or (activity.highlight and latest >= day.first):
                rows.append(Row(activity, hours, opens))
        return sorted(rows, key=lambda row: (row.hours, not row.activity.highlight))


def guides(every: list[Family]) -> list[Guide]:
    """Return every guide, those of the main family first."""
    return [guide for family in every for guide in guides_of(family)]


def guides_of(family: Family) -> list[Guide]:
    """Return every guide of a family that has its days written."""
    return [Guide(family.protocol, each, family.prefix) for each in family.protocol.days]


def pages(every: list[Family]) -> dict[str, Page]:
    """Return every page by its path."""
    found = {page.path: page for page in _rooms(every)}
    for family in every:
        made = _guide(family, every)
        found |= {page.path: _of_a_version(page, family, found) for page in made}
        if family.current:
            page = _changes(family, family.current)
            found[page.path] = page
    return found


def corrected(found: Mapping[str, Page]) -> dict[str, list[str]]:
    """Return the names of the corrections of each family that has some."""
    told = (page.values.get("family") for page in found.values())
    families = {each.id: each for each in told if isinstance(each, Family)}
    return {
        name: [f"{each.protocol.id}/{correction.id}" for correction in each.corrections]
        for name, each in families.items()
        if each.corrections
    }


def _rooms(every: list[Family]) -> Iterator[Page]:
    """Yield the pages that are there once, whatever treatments there are."""
    main = guides_of(every[0])
    here: dict[str, object] = {
        "guides": main,
        "guide": main[0],
        "protocol": main[0].protocol,
        "after": after_what(every),
        "every": [guides_of(each) for each in every],
        "outdated": [each for each in every if each.current],
        "offered": [guides_of(each) for each in every if each.current is None],
    }
    yield Page("", "home.html", here)
    yield Page("start", "start.html", here, indexed=False)
    yield Page("today", "today.html", here, indexed=False)
    yield Page("reminders", "reminders.html", here, indexed=False, back="today")
    yield Page("settings", "settings.html", here, indexed=False, back="today")
    yield Page("move", "move.html", here, indexed=False, back="settings")
    yield Page("install", "install.html", here, indexed=False, back="settings")
    yield Page("situations", "situations.html", here, indexed=False, back="today")
    yield Page("privacy", "privacy.html", here)
    yield Page("offline", "offline.html", here, indexed=False)


def _guide(family: Family, every: list[Family]) -> Iterator[Page]:
    """Yield all pages of one treatment in one version."""
    found = guides_of(family)
    guide = found[0]
    here: dict[str, object] = {
        "family": family,
        "guides": found,
        "guide": guide,
        "protocol": guide.protocol,
    }
    kept, above = family.id, guide.path("guide")
    # Whom to call is kept by every phone, whatever else it keeps.
    yield Page(guide.path("get-help"), "guide/help.html", here)
    yield Page(guide.path("clinic"), "clinic.html", here, indexed=False, back="settings")
    others = [
        guides_of(each)[0]
        for each in every
        if each.current is None and each.protocol.id != family.protocol.id
    ]
    yield Page(guide.path("guide"), "guide/index.html", {**here, "others": others}, keep=kept)
    for room in ("activities", "breakouts"):
        yield Page(guide.path(room), f"guide/{room}.html", here, keep=kept, back=above)
    yield Page(guide.path("questions"), "guide/questions.html", here, keep=kept)
    if guide.protocol.signs:
        path, back = guide.path("questions/expected"), guide.path("questions")
        yield Page(path, "guide/expected.html", here, keep=kept, back=back)
    if guide.protocol.ingredients:
        path, back = guide.path("questions/ingredients"), guide.path("questions")
        yield Page(path, "guide/ingredients.html", here, keep=kept, back=back)
    yield Page(guide.path("sources"), "guide/sources.html", here, keep=kept)
    for activity in guide.protocol.activities:
        path, back = guide.path(f"activities/{activity.id}"), guide.path("activities")
        values = {**here, "activity": activity}
        yield Page(path, "guide/activity.html", values, keep=kept, back=back)
    for each in found:
        yield from _days(each, here)
        yield _sheet(each, here)
        yield _reminders(each)
    yield _review(family, here)


def _changes(older: Family, current: Family) -> Page:
    """Return the page that says what is new: for who has the old version, and who took the new."""
    guide = guides_of(current)[0]
    values = {"family": current, "older": older, "guide": guide, "protocol": guide.protocol}
    path, back = f"{current.id}/changes-from-{older.protocol.version}", guide.path("guide")
    return Page(
        path, "guide/changes.html", values, older.id, indexed=False, back=back, beside=current.id
    )


def _of_a_version(page: Page, family: Family, found: Mapping[str, Page]) -> Page:
    """Return a page of a family, left out of search engines where another version is current."""
    current = family.current
    if current is None or page.media != HTML:
        return page
    room = page.path.removeprefix(f"{family.id}/")
    ways = (f"{current.id}/{room}", f"{current.prefix}{room}", f"{current.prefix}guide")
    return replace(page, indexed=False, current=next(each for each in ways if each in found))


def _days(guide: Guide, here: Mapping[str, object]) -> Iterator[Page]:
    days, above = guide.days, guide.path("guide")
    for number, day in enumerate(days):
        values = {
            **here,
            "guide": guide,
            "day": day,
            "rows": guide.rows(day),
            "before": days[number - 1] if number else None,
            "after": days[number + 1] if number + 1 < len(days) else None,
        }
        yield Page(guide.day_path(day), "guide/day.html", values, keep=guide.id, back=above)


@dataclass(frozen=True)
class Answer:
    """What holds for some variants alike: how an activity answers, and its hours if it has any."""

    kind: Kind
    hours: int | None
    variants: tuple[str, ...]


def answers(found: Iterable[Guide], row: Waiting) -> list[Answer]:
    """Return the different answers of a row, that of the first guide first."""
    by_answer: dict[tuple[Kind, int | None], list[str]] = {}
    for guide in found:
        answer = row.kind_for(guide.variant), row.wait(guide.variant)
        by_answer.setdefault(answer, []).append(guide.variant)
    return [Answer(kind, hours, tuple(each)) for (kind, hours), each in by_answer.items()]


def _reminders(guide: Guide) -> Page:
    path, values = f"{guide.id}/reminders.json", {"guide": guide}
    return Page(path, "guide/reminders.json", values, keep=guide.id, indexed=False, media=JSON)


def _sheet(guide: Guide, here: Mapping[str, object]) -> Page:
    """Return the whole guide for paper, on two pages."""
    values = {
        **here,
        "guide": guide,
        "openings": openings(guide.protocol, guide.variant),
        "without_an_hour": without_an_hour(guide.protocol, guide.variant),
    }
    back = guide.path("guide")
    return Page(f"{guide.id}/print", "guide/print.html", values, keep=guide.id, back=back)


def _review(family: Family, here: Mapping[str, object]) -> Page:
    """Return every statement for paper, to be signed: no phone keeps it and no engine lists it."""
    back = f"{family.prefix}guide"
    return Page(
        f"{family.id}/review", "guide/review.html", here, keep=None, indexed=False, back=back
    )


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
