"""What people call the activities: the words by which a phone finds one, in both languages."""

from webapp.protocol.models import LANGUAGES, Language, Protocol


def called(protocol: Protocol, language: Language) -> list[dict[str, object]]:
    """Return ``[{"id", "phrases"}]``: the name in a language first, then everything else it is called.

    What another page answers has that page's path for an id; what is not on the list has none.
    """
    other = next(one for one in LANGUAGES if one != language)
    found: list[dict[str, object]] = []
    for each in protocol.activities:
        phrases = [each.name[language], *each.also[language], each.name[other], *each.also[other]]
        found.append({"id": each.id, "phrases": list(dict.fromkeys(phrases))})
    for row in protocol.elsewhere:
        phrases = [*row.also[language], *row.also[other]]
        found.append({"id": row.page or "", "phrases": list(dict.fromkeys(phrases))})
    return found
