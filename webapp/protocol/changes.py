"""What changed between two versions, statement by statement, in one language.

Both are compared as plain data, so that nothing that people read can be forgotten here: what is
new in the models shows by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

from webapp.protocol.models import Language, Protocol
from webapp.protocol.sealing import AROUND, plain_words

# What steers a phone and is read by nobody.
UNSEEN = frozenset(
    {"id", "group", "like", "highlight", "importance", "lasts", "once", "page", "claim", "longest",
     "follows", "clinic", "passing", "situation"}
)  # fmt: skip
NAMED_BY = ("name", "title", "question")
# What is said instead to people who have no clinic.
ALONE = "without_clinic"

Place = tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """One thing that is said otherwise.

    ``part`` is its place within its section, such as ``("expect",)`` or ``("hours", "light")``.
    ``old`` or ``new`` is none where it was added or removed; where only its sources or grade
    changed, both are the same words. ``support`` is then the old and new marks with their grade.
    ``variants`` are those it holds for; none where it holds for all.
    """

    part: Place
    old: str | int | None
    new: str | int | None
    support: tuple[str, str] | None = None
    variants: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """What changed under one heading: a day, an activity, a call card.

    ``title`` is empty where the kind says enough, and for a day, which ``id`` names.
    """

    kind: str
    id: str
    title: str
    changes: list[Change] = field(default_factory=list)


def changes(old: Protocol, new: Protocol, language: Language) -> list[Section]:
    """Return what two versions of a protocol say differently, in the order it is read.

    Of a variant that is in one of them only, its name says it; its days are not compared.
    """
    both = [each.id for each in new.variants if each.id in old.days]
    before, after = _seen(old, both), _seen(new, both)
    found: dict[tuple[str, str], Section] = {}
    for place, one in _apart(before, after, (), language):
        kind, id_, part, variant = _told(place)
        if (kind, id_) not in found:
            title = _title(kind, id_, after, language) or _title(kind, id_, before, language)
            found[kind, id_] = Section(kind, id_, title)
        of = (variant,) if variant else ()
        _note(found[kind, id_], Change(part, one.old, one.new, one.support, of))
    for section in found.values():
        section.changes[:] = [_for_all(each, both) for each in section.changes]
    return list(found.values())


def _seen(protocol: Protocol, variants: list[str]) -> dict[str, Any]:
    seen = {key: value for key, value in plain_words(protocol).items() if key not in AROUND}
    # What people type to find an activity is no statement.
    rows = [{key: each[key] for key in each if key != "also"} for each in seen["activities"]]
    return {**seen, "activities": rows, "days": {each: seen["days"][each] for each in variants}}


def _told(place: Place) -> tuple[str, str, Place, str | None]:
    """Return the kind and id of a place's section, its place there, and its variant."""
    if place[0] == "days":
        return "days", place[2], place[3:], place[1]
    if place[0] in {"breakouts", "help"}:
        # Lists of statements have no ids: all of them are one section.
        return "/".join(place[:2]), place[2] if len(place) > 3 else "", place[3:], None
    if place[0] == "situations":
        return "/".join(place[:2]), place[2], place[3:], None
    if len(place) == 1:
        return "protocol", "", place, None
    return place[0], place[1], place[2:], None


def _title(kind: str, id_: str, protocol: dict[str, Any], language: Language) -> str:
    rows: Any = protocol
    for step in kind.split("/"):
        rows = rows.get(step, {})
    for row in rows if isinstance(rows, list) else ():
        for key in NAMED_BY:
            if _key(row) == id_ and key in row:
                return str(row[key][language])
    return ""


def _note(section: Section, change: Change) -> None:
    """Add a change, or the variant of one that is there already."""
    for number, each in enumerate(section.changes):
        if (each.part, each.old, each.new, each.support) == (
            change.part, change.old, change.new, change.support,
        ):  # fmt: skip
            both = (*each.variants, *change.variants)
            section.changes[number] = Change(each.part, each.old, each.new, each.support, both)
            return
    section.changes.append(change)


def _for_all(change: Change, variants: list[str]) -> Change:
    if set(change.variants) != set(variants):
        return change
    return Change(change.part, change.old, change.new, change.support)


def _apart(old: Any, new: Any, place: Place, language: Language) -> Iterator[tuple[Place, Change]]:
    """Yield where two plain trees differ in what people read."""
    if old == new or (place and place[-1] in UNSEEN):
        return
    known = [each for each in (old, new) if each is not None]
    if all(map(_is_text, known)):
        yield from _words(old, new, place, language)
    elif all(isinstance(each, dict) for each in known):
        before, after = old or {}, new or {}
        for key in [*after, *(each for each in before if each not in after)]:
            yield from _apart(before.get(key), after.get(key), (*place, str(key)), language)
    elif all(isinstance(each, list) and all(map(_is_text, each)) for each in known):
        yield from _statements(old or [], new or [], place, language)
    elif all(map(_is_keyed, known)):
        rows, others = ({_key(each): each for each in found or ()} for found in (old, new))
        for key in [*others, *(each for each in rows if each not in others)]:
            yield from _apart(rows.get(key), others.get(key), (*place, key), language)
    else:
        yield place, Change(place, _plain(old), _plain(new))


def _is_text(node: Any) -> bool:
    return isinstance(node, dict) and {"en", "fr"} <= node.keys()


def _key(node: Any) -> str:
    """Return what names a row: its id, or of a call card its level."""
    return str(node.get("id") or node.get("level") or "") if isinstance(node, dict) else ""


def _is_keyed(node: Any) -> bool:
    return isinstance(node, list) and all(map(_key, node))


def _plain(node: Any) -> str | int | None:
    if node is None or isinstance(node, (str, int)):
        return node
    return ", ".join(map(str, node))


def _words(
    old: dict[str, Any] | None, new: dict[str, Any] | None, place: Place, language: Language
) -> Iterator[tuple[Place, Change]]:
    before, after = _said(old, language), _said(new, language)
    if old is None or new is None or before != after:
        yield place, Change(place, before, after)
    elif (was := _support(old)) != (now := _support(new)):
        yield place, Change(place, before, after, (was, now))
    was_alone, now_alone = ((each or {}).get(ALONE) for each in (old, new))
    yield from _apart(was_alone, now_alone, (*place, ALONE), language)


def _said(node: dict[str, Any] | None, language: Language) -> str | None:
    return None if node is None else str(node[language])


def _support(node: dict[str, Any]) -> str:
    """Return the marks, the grade and the level of a statement, as they are shown."""
    raised = [f"{before} → {after}" for before, after in node.get("raises", {}).items()]
    parts = [*node.get("sources", ()), node.get("grade"), node.get("level"), *raised]
    return " · ".join(str(each) for each in parts if each)


def _statements(
    old: list[dict[str, Any]], new: list[dict[str, Any]], place: Place, language: Language
) -> Iterator[tuple[Place, Change]]:
    """Yield what differs in a list; what took another's place stands beside that one."""
    before, after = ([(each["en"], each["fr"]) for each in found] for found in (old, new))
    # The order is no statement: what stands elsewhere now is still said.
    still = {*before} & {*after}
    for said in dict.fromkeys(each for each in after if each in still):
        yield from _words(old[before.index(said)], new[after.index(said)], place, language)
    for _, first, last, begin, end in SequenceMatcher(
        a=before, b=after, autojunk=False
    ).get_opcodes():
        gone = [old[n] for n in range(first, last) if before[n] not in still]
        come = [new[n] for n in range(begin, end) if after[n] not in still]
        for was, now in zip_longest(gone, come):
            yield from _words(was, now, place, language)
