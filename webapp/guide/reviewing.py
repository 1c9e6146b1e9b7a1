"""What a health professional reads and signs: every statement of a protocol, with its place.

The models are walked as they are, so that a statement of a new kind is read without a word here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from webapp.protocol.models import Day, Model, Protocol, Statement, Text

# Every statement has these; what else a kind of statement holds decides something, and is shown.
WORDS = frozenset({"en", "fr", "sources", "grade"})
# Where and in which order something is shown; nothing that a health professional can judge.
SHOWN = frozenset({"id", "group", "highlight", "importance", "page"})
Value = tuple[str, str]


@dataclass(frozen=True)
class Claim:
    """One line to sign. ``values`` decide what is made of it: whom to call, which tick."""

    place: str
    statement: Statement
    values: tuple[Value, ...]
    besides: tuple[Text, ...]


@dataclass(frozen=True)
class Subject:
    """What the claims of one node are about: its ``names`` in words, its ``values`` to sign too.

    ``left_out`` are the claims of the variant it is compared with that do not hold here.
    """

    place: str
    names: tuple[Text, ...]
    values: tuple[Value, ...]
    claims: tuple[Claim, ...]
    left_out: tuple[Claim, ...] = ()


@dataclass(frozen=True)
class Room:
    """One part of a protocol, such as its activities; for days, those of one ``variant``."""

    name: str
    variant: str | None
    subjects: tuple[Subject, ...]


def review(protocol: Protocol) -> list[Room]:
    """Return every statement of a protocol, by room; of a variant's days, what differs."""
    found = [*_days(protocol)]
    for name in type(protocol).model_fields:
        subjects = () if name == "days" else tuple(_subjects(getattr(protocol, name), name))
        if subjects:
            found.append(Room(name, None, subjects))
    return found


def _days(protocol: Protocol) -> Iterator[Room]:
    first, *others = protocol.days
    whole = [_day(day, f"days/{first}") for day in protocol.days[first]]
    yield Room("days", first, tuple(whole))
    for variant in others:
        days = [_day(day, f"days/{variant}") for day in protocol.days[variant]]
        told_apart = (_differing(*pair) for pair in zip(days, whole, strict=True))
        differing = tuple(each for each in told_apart if each.claims or each.left_out)
        yield Room("days", variant, differing)


def _day(day: Day, place: str) -> Subject:
    (found,) = _subjects(day, f"{place}/{day.id}")
    return found


def _differing(own: Subject, base: Subject) -> Subject:
    """Return only what differs between the same day of two variants."""

    def without(claims: tuple[Claim, ...], others: tuple[Claim, ...]) -> tuple[Claim, ...]:
        there = {(_field(each), each.statement) for each in others}
        return tuple(each for each in claims if (_field(each), each.statement) not in there)

    claims, left_out = without(own.claims, base.claims), without(base.claims, own.claims)
    return replace(own, claims=claims, left_out=left_out)


def _field(claim: Claim) -> str:
    return claim.place.split("/")[3]


def _subjects(node: object, place: str) -> Iterator[Subject]:
    """Yield what a node says, then what the nodes below it say."""
    if isinstance(node, Model) and not isinstance(node, Text):
        parts = [(name, getattr(node, name)) for name in type(node).model_fields]
        claims = tuple(claim for name, part in parts for claim in _claims(part, f"{place}/{name}"))
        if claims:
            names = tuple(text for _, part in parts for text in _names(part))
            yield Subject(place, names, tuple(_values(node)), claims)
        for name, part in parts:
            yield from _subjects(part, f"{place}/{name}")
    elif isinstance(node, tuple):
        for number, each in enumerate(node):
            step = getattr(each, "id", None) or getattr(each, "level", None) or number + 1
            yield from _subjects(each, f"{place}/{step}")
    elif isinstance(node, Mapping):
        for key, each in node.items():
            yield from _subjects(each, f"{place}/{key}")


def _claims(part: object, place: str) -> Iterator[Claim]:
    if isinstance(part, Statement):
        yield Claim(place, part, tuple(_values(part)), _besides(part))
    elif isinstance(part, tuple):
        for number, each in enumerate(part):
            if isinstance(each, Statement):
                yield from _claims(each, f"{place}/{number + 1}")


def _names(part: object) -> tuple[Text, ...]:
    """Return the words of a part that state nothing: a name, a question, a title."""
    if isinstance(part, Statement) or not isinstance(part, Text):
        return ()
    return (part, *_besides(part))


def _besides(text: Text) -> tuple[Text, ...]:
    """Return the words that some people read instead."""
    return tuple(value for _, value in text if isinstance(value, Text))


def _values(node: Model) -> Iterator[Value]:
    """Yield what decides something, as the files have it: kinds, hours, levels, never words."""
    plain = node.model_dump(mode="json", exclude_defaults=True)
    skipped = WORDS if isinstance(node, Statement) else SHOWN
    for key, value in plain.items():
        if key not in skipped and not _holds_words(value):
            yield key, _spoken(value)


def _holds_words(value: object) -> bool:
    """Say whether a value is, or holds, the words of both languages."""
    if isinstance(value, dict):
        return "en" in value or any(map(_holds_words, value.values()))
    return isinstance(value, list) and any(map(_holds_words, value))


def _spoken(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_spoken(each)}" for key, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(_spoken, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
