"""What a phone may ring for in one guide, as the phone reads it."""

from webapp.guide.pages import Guide
from webapp.protocol.models import Kind, Language, Reminder

# What the phone is told as it is written.
AS_WRITTEN = {"id", "kind", "importance", "hours", "days", "at", "lasts", "page", "once"}
# Pages that are no family's own: Today, and the day's, which the phone finds by itself.
SAME_FOR_ALL = {"today", "day"}


def reminders_of(guide: Guide, language: Language) -> dict[str, object]:
    """Return the kinds and the reminders of a guide, in the order of the content.

    ``{"kinds": [{"id", "name", "hint"}], "reminders": [{"id", "kind", "importance", "lasts" (hours),
    "page", "words"}, …]}``, perhaps with ``"once"``, each reminder with ``"opens": {activity: hours}``, or ``"hours"``, or
    ``"days"`` with ``"at"`` ("HH:MM") and perhaps ``"after": {activity: hours}``. The hours are
    this variant's; a reminder of something that has none here is left out.
    """
    kinds = [
        {"id": each.id, "name": each.name[language], "hint": each.hint[language]}
        for each in guide.protocol.kinds
    ]
    waits = {
        each.id: each.wait(guide.variant)
        for each in guide.protocol.activities
        if each.kind_for(guide.variant) is Kind.FROM
    }
    hours = {name: wait for name, wait in waits.items() if wait is not None}
    told = [
        _for_a_phone(each, hours, guide, language)
        for each in guide.protocol.reminders
        if hours.keys() >= {*each.opens, *each.after}
    ]
    return {"kinds": kinds, "reminders": told}


def _for_a_phone(
    reminder: Reminder, hours: dict[str, int], guide: Guide, language: Language
) -> dict[str, object]:
    found: dict[str, object] = reminder.model_dump(
        mode="json", include=AS_WRITTEN, exclude_defaults=True
    )
    for key, names in (("opens", reminder.opens), ("after", reminder.after)):
        if names:
            found[key] = {name: hours[name] for name in names}
    if reminder.page not in SAME_FOR_ALL:
        found["page"] = guide.path(reminder.page)
    words = reminder.words.to(guide.protocol.variant(guide.variant))
    return {**found, "words": words[language]}
