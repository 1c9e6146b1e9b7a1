"""The digest of what is signed and published, and the seals of its parts.

A digest is over words as people read them, in both languages: who signs names it, and a published
file carries it. Seals are of the parts of that file, so that a change is told with its place.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from webapp.protocol.models import Protocol
from webapp.protocol.rules import Place

# What may change without a word of the guide changing.
AROUND = frozenset({"version", "order", "state", "review_by", "readers", "corrections"})
LENGTH = 16


def plain_words(protocol: Protocol) -> dict[str, Any]:
    """Return a protocol as plain data: whole days, every wait, nothing that is only a default."""
    return protocol.model_dump(mode="json", exclude_defaults=True, exclude={"corrections"})


def digest(protocol: Protocol) -> str:
    """Return the digest of all that a protocol says."""
    return _digest_of(plain_words(protocol))


def seals(published: dict[str, Any]) -> dict[str, str]:
    """Return the seal of every part of a published file, by its name."""
    return {"/".join(map(str, name)): _hash(part)[:8] for name, _, part in _parts(published)}


def seal(protocol: Protocol, sources: list[dict[str, Any]], published: str) -> dict[str, Any]:
    """Return what is written into the file of a published version.

    :param published: an ISO date
    """
    contents = {"published": published, "sources": sources, "protocol": plain_words(protocol)}
    return {"digest": digest(protocol), "seals": seals(contents), **contents}


def broken(published: Any) -> Iterator[tuple[Place, str]]:
    """Yield where a published file no longer says what it said, and how that shows."""
    if not isinstance(published, dict) or not isinstance(published.get("protocol"), dict):
        return
    written = published.get("seals")
    written = dict(written) if isinstance(written, dict) else {}
    for name, place, part in _parts(published):
        found = written.pop("/".join(map(str, name)), None)
        if found is None:
            yield place, "was added after it was published"
        elif str(found) != _hash(part)[:8]:
            yield place, "was changed after it was published"
    for name in written:
        yield ("seals", name), "seals what is no longer there"
    if published.get("digest") != _digest_of(published["protocol"]):
        yield ("digest",), "is not the digest of what stands below"


def _digest_of(protocol: dict[str, Any]) -> str:
    said = {key: value for key, value in protocol.items() if key not in AROUND}
    return _hash(said)[:LENGTH]


def _hash(part: Any) -> str:
    canonical = json.dumps(part, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _parts(published: dict[str, Any]) -> Iterator[tuple[Place, Place, Any]]:
    """Yield the name, the place and the content of every part."""
    yield ("published",), ("published",), published.get("published")
    yield from _each(published.get("sources"), ("sources",), ("sources",))
    for key, value in published["protocol"].items():
        place = ("protocol", key)
        if key == "days" and isinstance(value, dict):
            for variant, pages in value.items():
                yield from _each(pages, (key, variant), (*place, variant))
        elif isinstance(value, dict):
            for inner, part in value.items():
                yield from _each(part, (key, inner), (*place, inner))
        else:
            yield from _each(value, (key,), place)


def _each(node: Any, name: Place, place: Place) -> Iterator[tuple[Place, Place, Any]]:
    if isinstance(node, list) and all(isinstance(each, dict) and "id" in each for each in node):
        for number, each in enumerate(node):
            yield (*name, each["id"]), (*place, number), each
    else:
        yield name, place, node
