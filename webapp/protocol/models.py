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


# Whom to call, with what comes before any call: to keep an eye on it.
Heed = Literal["watch", "clinic", "today"]


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


class Spoken(Text):
    """Words that may be said otherwise to people who have no clinic to call."""

    without_clinic: Text | None = None

    def to(self, variant: "Variant") -> Text:
        """Return the words for people who had this variant."""
        return self if variant.clinic else self.without_clinic or self


class Statement(Spoken):
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
    """One answer to "What did you have?"; ``longest`` takes the longest wait of every row.

    One that ``follows`` another is no answer of its own: whoever gave the other is asked its
    ``question``. ``clinic`` is false where no clinic did it.
    """

    id: Identifier
    name: Text
    hint: Text | None = None
    longest: bool = False
    follows: Identifier | None = None
    question: Text | None = None
    clinic: bool = True


class Group(Model):
    """A heading of the list of activities."""

    id: Identifier
    name: Text


WholeHours = Annotated[int, Field(strict=True, ge=0)]
Wait = WholeHours | Literal["ask"]


class Waiting(Model):
    """What can be had again after a while.

    ``hours`` maps every variant to whole hours, or to ``ask``, but those that take the longest.
    """

    kind: Kind
    hours: Mapping[str, Wait] | None = None

    def wait(self, variant: str) -> int | None:
        """Return the hours to wait after this variant; none when there is no hour to give.

        A variant that the row does not name takes the longest of its waits.
        """
        waits = self._answers(variant)
        return max((each for each in waits if isinstance(each, int)), default=None)

    def kind_for(self, variant: str) -> Kind:
        """Return how this answers for this variant; to ask is stricter than to wait."""
        return Kind.ASK if "ask" in self._answers(variant) else self.kind

    def _answers(self, variant: str) -> tuple[Wait, ...]:
        hours = self.hours or {}
        return (hours[variant],) if variant in hours else tuple(hours.values())


class Activity(Waiting):
    """Something people want to do again, and from how many hours after the treatment.

    ``like`` names the nearest row instead of ``hours``: its longest wait then holds for every
    variant. ``shortest`` is the shortest wait that a source gives, in hours.
    """

    id: Identifier
    group: Identifier
    name: Spoken
    question: Spoken
    also: Mapping[Language, tuple[Words, ...]]
    like: Identifier | None = None
    grade: Grade
    highlight: bool = False
    shortest: WholeHours | None = None
    range: Statement
    reason: Statement
    how: tuple[Statement, ...] = ()

    @property
    def takes_own(self) -> bool:
        """Say whether a clinic's own wait may stand here: where there is an hour to give at all.

        Never where the answer is "no" or "do not stop", and not where only a person can answer.
        """
        by_the_hour = any(isinstance(each, int) for each in (self.hours or {}).values())
        return by_the_hour and self.kind in {Kind.FROM, Kind.ASK}


class Question(Model):
    """One question people ask; a ``claim`` quotes something that the answer must reject."""

    id: Identifier
    question: Text
    claim: bool = False
    short: Statement
    more: tuple[Statement, ...] = ()


class ReminderKind(Model):
    """What a person turns on or off as one; the first of a protocol is on by default.

    It is offered to those whom the ``situation`` concerns.
    """

    id: Identifier
    name: Text
    hint: Text
    situation: Identifier | None = None


Whole = Annotated[int, Field(strict=True)]


class Reminder(Model):
    """One thing that a phone may ring for, and what it then shows to those who chose words.

    It rings in one of three ways: when the longest wait of the activities in ``opens`` is over,
    so many ``hours`` after the treatment, or on calendar ``days`` (the treatment's own date is 0)
    ``at`` a local hour; never ahead of the activities in ``after``. ``importance`` 1 is the last
    to give way on a full day. It is useful for ``lasts`` hours. ``page`` is what a tap opens:
    ``today``, ``breakouts``, ``get-help``, ``activities/{id}``, or ``day`` for that day's own.
    ``once`` names the tick that "Done" on the notification sets.
    """

    id: Identifier
    kind: Identifier
    importance: Annotated[Whole, Field(ge=1, le=9)]
    opens: tuple[Identifier, ...] = Field(default=(), min_length=1)
    hours: Annotated[Whole, Field(ge=1)] | None = None
    days: tuple[Annotated[Whole, Field(ge=0, le=42)], ...] = Field(default=(), min_length=1)
    at: Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] | None = None
    after: tuple[Identifier, ...] = Field(default=(), min_length=1)
    lasts: Annotated[Whole, Field(ge=1, le=24)]
    page: Words
    once: Identifier | None = None
    words: Statement


# How an answer about a sign comes out, least first.
Result = Literal["expected", "watch", "clinic", "today", "emergency"]
RESULTS: tuple[Result, ...] = get_args(Result)


class Lookalike(Statement):
    """Something that looks much like something else: what people can see of it, and when it comes."""

    id: Identifier
    name: Text
    when: Text
    level: Result


class Breakouts(Model):
    """The guide to spots."""

    intro: tuple[Statement, ...] = Field(min_length=1)
    questions: tuple[Question, ...] = Field(min_length=1)
    helps: tuple[Statement, ...] = Field(min_length=1)
    harms: tuple[Statement, ...] = Field(min_length=1)
    call_if: tuple[Sign, ...] = Field(min_length=1)
    lookalikes: tuple[Lookalike, ...] = ()


class Card(Model):
    """Whom to call, for which signs."""

    level: Level
    title: Spoken
    lead: Statement
    number: Words | None = None
    signs: tuple[Statement, ...] = Field(min_length=1)
    notes: tuple[Statement, ...] = ()


class Help(Model):
    """The three call cards."""

    cards: tuple[Card, ...] = Field(min_length=3, max_length=3)
    purpose: tuple[Statement, ...] = Field(min_length=1)


IsoDate = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class Remark(Statement):
    """What a situation adds, and where it is read.

    ``raises`` maps how a sign counts for others to how it counts here: ``{watch: clinic}``. The
    remark then stands on the call cards that it raises to, besides those in ``help``.
    """

    days: tuple[Identifier, ...] = ()
    activities: tuple[Identifier, ...] = ()
    breakouts: bool = False
    help: tuple[Level, ...] = ()
    raises: Mapping[Heed, Level] = Field(default_factory=dict)

    @property
    def cards(self) -> frozenset[Level]:
        """Return the call cards on which it stands."""
        return frozenset({*self.help, *self.raises.values()})


class Situation(Model):
    """Something that may be so of a person, and what it adds; never what it takes away.

    ``variants`` are those it can matter after; none named means all. A ``passing`` one is so of one
    treatment, not of the person: it is forgotten when another begins.
    """

    id: Identifier
    group: Identifier
    name: Text
    hint: Text | None = None
    variants: tuple[Identifier, ...] = ()
    passing: bool = False
    says: tuple[Remark, ...] = Field(min_length=1)


class Situations(Model):
    """Every situation, under the headings of the list in which people name theirs."""

    groups: tuple[Group, ...] = ()
    rows: tuple[Situation, ...] = ()


Strength = Literal["mild", "moderate", "severe"]
Trend = Literal["better", "same", "worse", "new"]


class Screen(StrEnum):
    """Where a sign is asked about: first whatever needs a call now, then today, then the rest."""

    EMERGENCY = "emergency"
    TODAY = "today"
    SEEN = "seen"


OneDay = Annotated[int, Field(strict=True, ge=0, le=42)]


class Answer(Statement):
    """What holds of a sign on ``days`` (first and last), so strong, heading so, after ``variants``.

    What is left out fits anything. ``exception`` is the reason why getting worse is expected here.
    """

    id: Annotated[int, Field(strict=True, ge=1)]
    level: Result
    days: tuple[OneDay, OneDay] | None = None
    strength: tuple[Strength, ...] = ()
    trend: tuple[Trend, ...] = ()
    variants: tuple[Identifier, ...] = ()
    exception: Words | None = None


class Strengths(Model):
    """What one strength of a sign looks like, where "a little" does not say it."""

    id: Strength
    name: Text


class Seen(Model):
    """Something people see or feel, in their words; ``asks`` is what is asked about it then.

    A sign of ``infection`` counts more for those of whom some situations are so. A ``worry`` is no sign:
    its answer is whom to call.
    """

    id: Identifier
    screen: Screen
    name: Text
    hint: Text | None = None
    asks: tuple[Literal["strength", "trend"], ...] = ()
    strengths: tuple[Strengths, ...] = ()
    infection: bool = False
    worry: bool = False
    answers: tuple[Answer, ...] = Field(min_length=1)

    @property
    def highest(self) -> Result:
        """Return the highest level that any of its answers has."""
        return max((each.level for each in self.answers), key=RESULTS.index)

    @property
    def otherwise(self) -> Level:
        """Return the level of what no answer fits: never below a call, nor below its own highest."""
        return Level(max(self.highest, "clinic", key=RESULTS.index))


class Modifier(Statement):
    """How a situation raises a result: of signs of infection only, of the ``signs`` named, or of all.

    Whoever gets a result is ``asked`` whether it is so; of the others only those hear who named it.
    """

    situation: Identifier
    asked: bool = False
    infections: bool = False
    signs: tuple[Identifier, ...] = Field(default=(), min_length=1)
    raises: Mapping[Result, Result] = Field(min_length=1)


class NearEye(Model):
    """What is said of a sign of infection right around the eye, by its level elsewhere."""

    watch: Statement
    clinic: Statement
    today: Statement


class Unlisted(Statement):
    """What is said where no answer fits, by the level that counts then."""

    level: Level


class Signs(Model):
    """Every sign that is asked about, in the order in which it is shown."""

    unlisted: tuple[Unlisted, ...] = Field(min_length=3, max_length=3)
    near_eye: NearEye
    modifiers: tuple[Modifier, ...] = ()
    signs: tuple[Seen, ...] = Field(min_length=1)

    def on(self, screen: Screen | str) -> tuple[Seen, ...]:
        """Return the signs of one screen."""
        return tuple(each for each in self.signs if each.screen == screen)


class Beside(Model):
    """The wait, in hours, of a product that something ``of`` another class leads: the first of all, or
    what has its amount beside it.
    """

    of: Identifier
    hours: WholeHours


class IngredientClass(Waiting):
    """Ingredients that wait alike, and why. A ``soft`` one blocks pores at most: a note, no warning.

    A clinic's own wait for an ``activity`` is the wait of its ingredients as well.
    """

    id: Identifier
    activity: Identifier | None = None
    name: Text
    soft: bool = False
    beside: Beside | None = None
    why: Statement


Names = Mapping[Language, tuple[Words, ...]]


class Named(Model):
    """Something by its name in the international nomenclature (INCI), and what ``also`` stands for it."""

    inci: Words
    also: Names = Field(default_factory=dict)


class Ingredient(Named):
    """One ingredient ``of`` a class, with what it does not share with it.

    With ``first`` it counts only among so many first ingredients of a list.
    """

    of: Identifier
    first: Annotated[int, Field(strict=True, ge=1)] | None = None
    kind: Kind | None = None
    hours: WholeHours | None = None


class FirstDays(Statement):
    """What holds above any answer for so many hours."""

    hours: WholeHours


class Ingredients(Model):
    """What stands on packages: every class, every ingredient, and the ``bases`` that wait for nothing.

    ``unlike`` are names of something else that resembles one of these.
    """

    first_days: FirstDays
    scores: tuple[Statement, ...] = Field(min_length=1)
    classes: tuple[IngredientClass, ...] = Field(min_length=1)
    ingredients: tuple[Ingredient, ...] = Field(min_length=1)
    bases: tuple[Named, ...] = ()
    unlike: tuple[Words, ...] = ()


class Elsewhere(Model):
    """What people type that is no activity though it resembles one.

    Another ``page`` answers it; without one it is not on the list.
    """

    page: Literal["breakouts", "get-help", "questions/expected", "questions/ingredients"] | None = (
        None
    )
    also: Names


class Asked(Model):
    """What is often asked on one day: signs, activities, and questions of the guide to spots, by id."""

    day: Identifier
    signs: tuple[Identifier, ...] = ()
    activities: tuple[Identifier, ...] = ()
    spots: tuple[Identifier, ...] = ()


class Reader(Model):
    """A health professional who read and signed the text in one language.

    ``read`` is the digest of what was read, which `lendemain check` shows: words that change
    afterwards are no longer signed.
    """

    language: Language
    name: Words
    profession: Text
    date: IsoDate
    read: Words


class Correction(Model):
    """What the followers of some versions must know, though these versions stay as they are."""

    id: Identifier
    date: IsoDate
    versions: tuple[Identifier, ...] = Field(min_length=1)
    text: Statement


class Protocol(Model):
    """Everything one treatment's guide says, in one version.

    ``version`` is ``draft`` or a number; ``order`` is its place among the treatments, from 1.
    ``review_by`` is an ISO date after which the content counts as lapsed. ``after`` is said of
    what comes: "after microneedling". ``corrections`` stand in a draft only: they are about
    other versions as well.
    """

    id: Identifier
    version: Identifier
    order: int = Field(default=1, ge=1)
    state: Literal["preview", "signed"]
    review_by: IsoDate
    name: Text
    after: Text
    readers: tuple[Reader, ...] = ()
    variants: tuple[Variant, ...] = Field(min_length=1)
    days: Mapping[str, tuple[Day, ...]]
    groups: tuple[Group, ...] = Field(min_length=1)
    activities: tuple[Activity, ...] = Field(min_length=1)
    elsewhere: tuple[Elsewhere, ...] = ()
    kinds: tuple[ReminderKind, ...] = Field(min_length=1)
    reminders: tuple[Reminder, ...] = Field(min_length=1)
    breakouts: Breakouts
    help: Help
    corrections: tuple[Correction, ...] = ()
    situations: Situations = Situations()
    signs: Signs | None = None
    ingredients: Ingredients | None = None
    asked: tuple[Asked, ...] = ()

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


class Published(Model):
    """One version as it was published, with the sources it names: it never changes.

    ``digest`` is that of all its words; ``seals`` are those of its parts, so that a change can
    be told with its place.
    """

    published: IsoDate
    digest: Words
    seals: Mapping[str, str]
    sources: tuple[Source, ...]
    protocol: Protocol


class Library(Model):
    """Every protocol and the register of sources: what `lendemain build` compiles.

    ``protocols`` are the drafts in the order of the treatments; ``published`` are in the order
    in which they were published.
    """

    sources: tuple[Source, ...]
    protocols: tuple[Protocol, ...]
    published: tuple[Published, ...] = ()

    def source(self, mark: str) -> Source:
        """Return the source that a mark such as ``S09`` or ``S09a`` names.

        :raises KeyError: when the register has no such source
        """
        return {each.id: each for each in self.sources}[mark[:3]]
