"""What a phone needs to look up an answer to "Is this expected?"; its words stand on the page."""

from webapp.protocol.models import Protocol, Seen


def table_of(protocol: Protocol) -> dict[str, object]:
    """Return the table of a protocol with signs, as `static/js/signs.js` reads it.

    ``{"signs": {id: {"asks", "infection", "worry", "otherwise", "answers": [{"id", "level", …}]}},
    "modifiers": [{"situation", "signs": [ids] or null for all, "raises"}],
    "variants": {variant: [all that it may be]}}``.
    """
    assert protocol.signs
    every = [each.id for each in protocol.variants if not each.longest]
    infections = [each.id for each in protocol.signs.signs if each.infection]
    modifiers = [
        {
            "situation": each.situation,
            "signs": infections if each.infections else list(each.signs) or None,
            "raises": dict(each.raises),
        }
        for each in protocol.signs.modifiers
    ]
    return {
        "signs": {each.id: _sign(each) for each in protocol.signs.signs},
        "modifiers": modifiers,
        "variants": {each.id: every if each.longest else [each.id] for each in protocol.variants},
    }


def _sign(sign: Seen) -> dict[str, object]:
    looked_up = {"id", "level", "days", "strength", "trend", "variants"}
    answers = [
        each.model_dump(mode="json", include=looked_up, exclude_defaults=True)
        for each in sign.answers
    ]
    return {
        "asks": list(sign.asks),
        "infection": sign.infection,
        "worry": sign.worry,
        "otherwise": sign.otherwise,
        "answers": answers,
    }
