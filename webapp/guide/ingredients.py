"""What a phone needs to read the list on a package; the words of its classes stand on the page."""

import re

from webapp.protocol.models import Ingredient, IngredientClass, Named, Protocol
from webapp.protocol.rules import as_read


def products_table(protocol: Protocol) -> dict[str, object]:
    """Return the table of a protocol with ingredients, as `static/js/products.js` reads it.

    ``{"classes": {id: {"kind", "hours", "activity", "beside", "names": […]}}, "bases": […],
    "unlike": […], "base": hours}``: hours are one number, or those of each variant by its id; a clinic's own wait for
    ``activity`` stands instead of them; names are the lists of all that stands for one thing, its
    own first, with what it does not share with its class at the end. No product comes before
    ``base``, the hours of the mildest class.
    """
    listed = protocol.ingredients
    assert listed
    variants = [each.id for each in protocol.variants]
    waits = {each.id: [each.wait(variant) or 0 for variant in variants] for each in listed.classes}
    classes = {}
    for each in listed.classes:
        names = [_ingredient(one) for one in listed.ingredients if one.of == each.id]
        classes[each.id] = {**_class(each, waits[each.id], variants), "names": names}
    return {
        "classes": classes,
        "bases": [_names(each) for each in listed.bases],
        "unlike": [each.casefold() for each in listed.unlike],
        "base": min(min(each) for each in waits.values() if min(each)),
    }


def _class(found: IngredientClass, waits: list[int], variants: list[str]) -> dict[str, object]:
    alike = len({*waits}) == 1
    hours = waits[0] if alike else dict(zip(variants, waits, strict=True))
    more = found.model_dump(mode="json", include={"activity", "beside"}, exclude_none=True)
    return {"kind": found.kind, "hours": hours, **more}


def _names(named: Named) -> list[str]:
    others = (each for language in named.also.values() for each in language)
    # A page of few bytes: once however it is spelt, and as the same page writes it elsewhere.
    once: dict[str, str] = {}
    for each in [quietly(named.inci), *others]:
        once.setdefault(as_read(each), each)
    return [*once.values()]


def _ingredient(found: Ingredient) -> list[object]:
    own = found.model_dump(mode="json", include={"first", "kind", "hours"}, exclude_none=True)
    return [*_names(found), *([own] if own else [])]


def quietly(inci: str) -> str:
    """Return a name as packages have it, without shouting."""
    return re.sub(
        r"[A-Z]{4,}|\b(?:BIS|GUM|OIL|TIN|WAX|ZEA)\b", lambda word: word[0].capitalize(), inci
    )
