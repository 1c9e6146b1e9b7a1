"""What a protocol is: typed, frozen, in both languages, every statement with its sources.

These models hold shape only; what must hold between them (a source exists, a day names no
time) is in :mod:`webapp.protocol.rules`.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$")]

Language = Literal["en", "fr"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


class Grade(StrEnum):
    """How well a statement is supported, best first; ``J`` is our own cautious choice."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"
    J = "J"


class Kind(StrEnum):
    """How an activity answers "from when?"."""

    FROM = "from"
    ASK = "ask"
    NEVER = "never"
    DO_NOT_STOP = "do-not-stop"


class Level(StrEnum):
    """Whom to call, most severe first (NHS care-card levels)."""

    EMERGENCY = "emergency"
    TODAY = "today"
    CLINIC = "clinic"


class Model(BaseModel):
    """Frozen, and without patience for keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(Model):
    """The same words in both languages."""

    en: Words
    fr: Words

    def __getitem__(self, language: Language) -> str:
        """Return the words in one language."""
        return self.en if language == "en" else self.fr


class Statement(Text):
    """One claim, the ids of the sources behind it, and the grade of the best that states it."""

    sources: tuple[str, ...]
    grade: Grade

    @property
    def ours(self) -> bool:
        """Say whether no source states it: our cautious choice."""
        return self.grade is Grade.J


class Act(Statement):
    """Something to do; ``once`` names the tick of an act that is done once a day."""

    once: Identifier | None = None


class Sign(Statement):
    """Something seen or felt, and whom to call for it."""

    level: Level


class Day(Model):
    """One page of the days: "0" to "7", "8-14", "15-42" (weeks 3 to 6)."""

    id: Identifier
    headline: Statement
    expect: tuple[Statement, ...] = Field(min_length=1)
    also: tuple[Statement, ...] = Field(min_length=1)
    do: tuple[Act, ...] = Field(min_length=1)
    know: tuple[Statement, ...] = ()
    call_if: tuple[Sign, ...] = Field(min_length=1)

    @property
    def first(self) -> int:
        """Return the first calendar day of the page; the treatment's own date is day 0."""
        return int(self.id.split("-")[0])

    @property
    def last(self) -> int:
        """Return the last calendar day of the page."""
        return int(self.id.split("-")[-1])


class Variant(Model):
    """One answer to "What did you have?"; ``longest`` takes the longest wait of every row."""

    id: Identifier
    name: Text
    hint: Text | None = None
    longest: bool = False


class Group(Model):
    """A heading of the list of activities."""

    id: Identifier
    name: Text


Wait = Annotated[int, Field(strict=True, ge=0)] | Literal["ask"]


class Activity(Model):
    """Something people want to do again, and from how many hours after the treatment.

    ``hours`` maps every variant to whole hours, or to ``ask``. ``like`` names the nearest row
    instead, whose longest wait then holds for every variant.
    """

    id: Identifier
    group: Identifier
    name: Text
    question: Text
    also: Mapping[Language, tuple[Words, ...]]
    kind: Kind
    hours: Mapping[str, Wait] | None = None
    like: Identifier | None = None
    grade: Grade
    highlight: bool = False
    range: Statement
    reason: Statement
    how: tuple[Statement, ...] = ()

    def wait(self, variant: str) -> int | None:
        """Return the hours to wait after this variant; none when there is no hour to give."""
        hours = (self.hours or {}).get(variant)
        return hours if isinstance(hours, int) else None

    def kind_for(self, variant: str) -> Kind:
        """Return how the activity answers for this variant."""
        return Kind.ASK if (self.hours or {}).get(variant) == "ask" else self.kind


class Question(Model):
    """One question people ask; a ``claim`` quotes something that the answer must reject."""

    id: Identifier
    question: Text
    claim: bool = False
    short: Statement
    more: tuple[Statement, ...] = ()


class Breakouts(Model):
    """The guide to spots."""

    intro: tuple[Statement, ...] = Field(min_length=1)
    questions: tuple[Question, ...] = Field(min_length=1)
    helps: tuple[Statement, ...] = Field(min_length=1)
    harms: tuple[Statement, ...] = Field(min_length=1)
    call_if: tuple[Sign, ...] = Field(min_length=1)


class Card(Model):
    """Whom to call, for which signs."""

    level: Level
    title: Text
    lead: Statement
    number: Words | None = None
    signs: tuple[Statement, ...] = Field(min_length=1)
    notes: tuple[Statement, ...] = ()


class Help(Model):
    """The three call cards."""

    cards: tuple[Card, ...] = Field(min_length=3, max_length=3)
    purpose: tuple[Statement, ...] = Field(min_length=1)


class Reader(Model):
    """A health professional who read and signed the text in one language."""

    language: Language
    name: Words
    profession: Text
    date: Words


class Protocol(Model):
    """Everything one treatment's guide says, in one version.

    ``version`` is ``draft`` or a number. ``review_by`` is an ISO date after which the content
    counts as lapsed.
    """

    id: Identifier
    version: Identifier
    state: Literal["preview", "signed"]
    review_by: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    name: Text
    readers: tuple[Reader, ...] = ()
    variants: tuple[Variant, ...] = Field(min_length=1)
    days: Mapping[str, tuple[Day, ...]]
    groups: tuple[Group, ...] = Field(min_length=1)
    activities: tuple[Activity, ...] = Field(min_length=1)
    breakouts: Breakouts
    help: Help

    def variant(self, variant: str) -> Variant:
        """Return one variant.

        :raises KeyError: when the protocol has no such variant
        """
        return {each.id: each for each in self.variants}[variant]


class Part(Model):
    """One page of a source that gathers several; its grade is the source's unless it says."""

    address: Words
    grade: Grade | None = None


class Source(Model):
    """Where a statement comes from, and how much of it was read."""

    id: Annotated[str, StringConstraints(pattern=r"^S\d{2}$")]
    title: Text
    year: str | None
    grade: Grade
    via: bool = False
    read: Text
    gives: Text
    addresses: tuple[Words, ...] = ()
    parts: Mapping[str, Part] = Field(default_factory=dict)


class Library(Model):
    """Every protocol and the register of sources: what `lendemain build` compiles."""

    sources: tuple[Source, ...]
    protocols: tuple[Protocol, ...]

    def source(self, mark: str) -> Source:
        """Return the source that a mark such as ``S09`` or ``S09a`` names.

        :raises KeyError: when the register has no such source
        """
        return {each.id: each for each in self.sources}[mark[:3]]
