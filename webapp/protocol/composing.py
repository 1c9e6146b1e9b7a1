"""A variant's file says only what differs; whole days are composed before anything reads them.

The file of one variant holds all its ``pages``. Another's says ``like:`` that one and, for a
page, only the fields that differ: a field given replaces the other's, and what stands under
``more:`` is appended to the other's list.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from webapp.protocol.rules import Place

# The lists that may grow; when to call has three lines, so it is replaced or left.
GROWING = ("expect", "also", "do", "know")
A_GROUP, A_LIST = "must be a group of keys", "must be a list"


class Written(NamedTuple):
    """A node as a file has it, and its place there."""

    place: Place
    node: Any


@dataclass(frozen=True)
class Ledger:
    """Where the words of composed places were written, and what is wrong in the files.

    What stands below an origin's key was written below its value.
    """

    origins: dict[Place, Place] = field(default_factory=dict)
    problems: list[tuple[Place, str]] = field(default_factory=list)

    def note(self, place: Place, what: str) -> None:
        """Note what is wrong at a place of a file."""
        self.problems.append((place, what))


def compose(written: dict[str, Any]) -> tuple[dict[str, Any], Ledger]:
    """Return the same data with every variant's days whole, and the ledger of where they stood."""
    ledger = Ledger()
    protocols = []
    for number, protocol in enumerate(written["protocols"]):
        place = ("protocols", number, "days")
        files = {name: Written((*place, name), node) for name, node in protocol["days"].items()}
        days = dict(_days(files, _variants(protocol), ledger))
        protocols.append({**protocol, "days": days})
    return {**written, "protocols": protocols}, ledger


def _variants(protocol: dict[str, Any]) -> list[Any]:
    rows = protocol.get("variants")
    rows = rows if isinstance(rows, list) else []
    return [each.get("id") for each in rows if isinstance(each, dict)]


def _days(
    files: dict[str, Written], variants: list[Any], ledger: Ledger
) -> Iterator[tuple[str, Any]]:
    """Yield each variant with its pages, in the order in which people are asked."""
    unknown = sorted(set(files) - set(variants))
    for name in unknown:
        ledger.note(files[name].place, "is not a variant of this protocol")
    for name in [*(each for each in variants if each in files), *unknown]:
        place, node = files[name]
        if not isinstance(node, dict):
            ledger.note(place, A_GROUP)
            continue
        for key in node.keys() - {"like", "pages"}:
            ledger.note((*place, key), "is not a key that belongs here")
        pages = Written((*place, "pages"), node.get("pages"))
        if not isinstance(pages.node, list):
            ledger.note(pages.place, A_LIST if "pages" in node else "is missing")
        elif "like" not in node:
            ledger.origins[place] = pages.place
            yield name, pages.node
        elif whole := _whole(files, node["like"], (*place, "like"), ledger):
            ledger.origins[place] = whole.place
            yield name, _pages_like(whole, pages, place, ledger)


def _whole(files: dict[str, Written], name: Any, place: Place, ledger: Ledger) -> Written | None:
    """Return all the pages of the variant that another is like, if it has them."""
    there = files.get(name)
    if there is None or (isinstance(there.node, dict) and "like" in there.node):
        ledger.note(place, f"{name!r} is not a variant whose days are written whole")
        return None
    # What is wrong with that file is told there.
    pages = there.node.get("pages") if isinstance(there.node, dict) else None
    return Written((*there.place, "pages"), pages) if isinstance(pages, list) else None


def _pages_like(whole: Written, pages: Written, place: Place, ledger: Ledger) -> list[Any]:
    bases = {
        each["id"]: Written((*whole.place, number), each)
        for number, each in enumerate(whole.node)
        if isinstance(each, dict) and "id" in each
    }
    differing = {each.node["id"]: each for each in _told_apart(pages, bases, ledger)}
    return [
        _page(bases[each["id"]], differing[each["id"]], (*place, number), ledger)
        if isinstance(each, dict) and each.get("id") in differing
        else each
        for number, each in enumerate(whole.node)
    ]


def _told_apart(pages: Written, bases: dict[Any, Written], ledger: Ledger) -> Iterator[Written]:
    """Yield the pages that say which page they differ from."""
    seen = set()
    for number, page in enumerate(pages.node):
        place = (*pages.place, number)
        if not isinstance(page, dict):
            ledger.note(place, A_GROUP)
        elif "id" not in page:
            ledger.note((*place, "id"), "is missing")
        elif page["id"] not in bases:
            ledger.note((*place, "id"), f"{page['id']!r} is not a page of the days it is like")
        elif page["id"] in seen:
            ledger.note((*place, "id"), f"{page['id']!r} is used twice")
        else:
            seen.add(page["id"])
            yield Written(place, page)


def _page(base: Written, own: Written, place: Place, ledger: Ledger) -> dict[str, Any]:
    """Return one whole page, which stands at ``place`` in the composed data."""
    page = dict(base.node)
    for key in own.node.keys() - {"id", "more"}:
        page[key] = own.node[key]
        ledger.origins[*place, key] = (*own.place, key)
        if page[key] == base.node.get(key):
            ledger.note((*own.place, key), "says what the days it is like say already")
    more = own.node.get("more", {})
    if not isinstance(more, dict):
        ledger.note((*own.place, "more"), A_GROUP)
        more = {}
    for key, added in more.items():
        growth = Written((*own.place, "more", key), added)
        if key not in GROWING:
            ledger.note(growth.place, f"cannot grow; only {', '.join(GROWING)} can")
        elif key in own.node:
            ledger.note(growth.place, f"has no place here: {key} is replaced already")
        elif not isinstance(added, list):
            ledger.note(growth.place, A_LIST)
        else:
            kept = Written((*base.place, key), base.node.get(key))
            page[key] = _grown(kept, growth, (*place, key), ledger)
    return page


def _grown(kept: Written, added: Written, place: Place, ledger: Ledger) -> list[Any]:
    found: list[Any] = []
    for part in (kept, added):
        for number, each in enumerate(part.node if isinstance(part.node, list) else []):
            ledger.origins[*place, len(found)] = (*part.place, number)
            found.append(each)
    ledger.origins[place] = added.place
    return found
