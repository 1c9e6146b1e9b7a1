"""English and French: choosing at the door, the words of the interface, dates and plurals."""

import gettext
from datetime import date
from functools import cache
from io import BytesIO

from babel.dates import format_date as babel_format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from werkzeug.datastructures import LanguageAccept

from webapp.config import folder
from webapp.protocol.models import LANGUAGES, Language

LOCALES: dict[Language, str] = {"en": "en_CA", "fr": "fr_CA"}
NAMES: dict[Language, str] = {"en": "English", "fr": "Français"}


def other(language: Language) -> Language:
    """Return the other of the two."""
    return "fr" if language == "en" else "en"


def at_the_door(accepted: LanguageAccept) -> Language:
    """Choose for someone who named no language in the address: French unless English is preferred."""
    wanted: dict[str, float] = {}
    for tag, quality in accepted:
        wanted.setdefault(tag.lower().split("-")[0], quality)
    others = wanted.get("*", 0)
    english, french = wanted.get("en", others), wanted.get("fr", others)
    if english == french > 0:
        # As much of both: the first that was named.
        return "en" if [each for each in wanted if each in LANGUAGES][:1] == ["en"] else "fr"
    return "en" if english > french else "fr"


def of_path(path: str, accepted: LanguageAccept) -> Language:
    """Return the language that an address names, or else the one chosen at the door."""
    first = path.split("/")[1] if path.startswith("/") else ""
    for language in LANGUAGES:
        if first == language:
            return language
    return at_the_door(accepted)


@cache
def catalogue(language: Language) -> gettext.NullTranslations:
    """Return the interface's words; English is the language they are written in."""
    if language == "en":
        return gettext.NullTranslations()
    file = folder("translations") / language / "LC_MESSAGES" / "messages.po"
    compiled = BytesIO()
    with file.open("rb") as written:
        write_mo(compiled, read_po(written, locale=LOCALES[language]))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def format_date(day: date, language: Language) -> str:
    """Return a date in words, such as « 22 novembre 2026 » or « 1er décembre 2026 »."""
    said = babel_format_date(day, "long", locale=LOCALES[language])
    return f"1er {said[2:]}" if language == "fr" and day.day == 1 else said
