"""The interface's words: all there in French, typeset as in Québec, free of banned phrases."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from webapp import assets
from webapp.languages import catalogue
from webapp.protocol.rules import BANNED

ROOT = Path(__file__).resolve().parent.parent
PO = ROOT / "translations/fr/LC_MESSAGES/messages.po"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
# Words that are right in both languages.
SAME = {"option 1"}
GAP = re.compile(r"%\(\w+\)[sd]|\{\w+\}")

# Words of the interface: what they are called in English, in one form or in singular and plural.
Words = tuple[str, ...]


def forms(words: Any) -> Words:
    return (words,) if isinstance(words, str) else tuple(words or ())


def extracted() -> dict[Words, str]:
    """Return all words that code and templates say, with the file that says each."""
    with (ROOT / "translations/babel.cfg").open(encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(mapping)  # type: ignore[no-untyped-call]
    keywords = {
        "_": None,
        "N_": None,
        "gettext": None,
        "ngettext": (1, 2),
        "pgettext": ((1, "c"), 2),
    }

    def ours(folder: str) -> bool:
        return Path(folder).relative_to(ROOT).parts[:1] in {(), ("webapp",), ("templates",)}

    every = extract_from_dir(
        str(ROOT), methods, options, keywords=keywords, directory_filter=ours
    )  # fmt: skip
    return {forms(words): file for file, _, words, _, _ in every}


@pytest.fixture(scope="module")
def french() -> Catalog:
    with PO.open("rb") as written:
        return read_po(written, locale="fr_CA")


@pytest.fixture(scope="module")
def said() -> dict[Words, str]:
    return extracted()


def messages(french: Catalog) -> Iterator[Message]:
    """Yield every message; the first, without an id, is the catalogue's own header."""
    return (each for each in french if each.id)


def pairs(french: Catalog) -> Iterator[tuple[str, str]]:
    """Yield every form in English with the same form in French."""
    for each in messages(french):
        yield from zip(forms(each.id), forms(each.string), strict=True)


# --- nothing is missing --------------------------------------------------------------------------


def test_the_words_are_found_in_code_and_templates(said: dict[Words, str]) -> None:
    files = {file.split("/")[0] for file in said.values()}
    assert files == {"webapp", "templates"}
    assert len(said) > 100
    assert ("%(num)s hour", "%(num)s hours") in said


def test_no_word_lacks_its_french(said: dict[Words, str], french: Catalog) -> None:
    there = {forms(each.id) for each in messages(french)}
    assert {words: file for words, file in said.items() if words not in there} == {}


def test_no_french_is_left_of_words_that_are_gone(said: dict[Words, str], french: Catalog) -> None:
    assert {forms(each.id) for each in messages(french)} - set(said) == set()
    assert list(french.obsolete) == []


def test_no_french_is_a_guess(french: Catalog) -> None:
    assert [each.id for each in messages(french) if each.fuzzy] == []


def test_no_french_is_empty(french: Catalog) -> None:
    empty = [each.id for each in messages(french) if not all(map(str.strip, forms(each.string)))]
    assert empty == []
    plurals = [each for each in messages(french) if each.pluralizable]
    assert {len(forms(each.string)) for each in plurals} == {2}


def test_the_plural_is_that_of_french(french: Catalog) -> None:
    # In French zero is singular: « 0 heure ».
    assert french.plural_expr == "(n > 1)"
    say = catalogue("fr").ngettext
    assert [say("%(num)s hour", "%(num)s hours", n) for n in (0, 1, 2)] == [
        "%(num)s heure",
        "%(num)s heure",
        "%(num)s heures",
    ]


def test_gaps_are_the_same_in_both_languages(french: Catalog) -> None:
    wrong = [
        (english, other)
        for english, other in pairs(french)
        if sorted(GAP.findall(english)) != sorted(GAP.findall(other))
    ]
    assert wrong == []


def test_a_lone_percent_sign_breaks_no_page(french: Catalog) -> None:
    for _, other in pairs(french):
        for stray in re.findall(r"%(?!\(\w+\)[sd]|%)", other):
            pytest.fail(f"{stray!r} in {other!r}")


def test_nothing_is_only_copied_from_english(french: Catalog) -> None:
    same = {english for english, other in pairs(french) if english == other}
    assert {each for each in same if " " in GAP.sub("", each).strip()} <= SAME


# --- nothing is said that may not be -------------------------------------------------------------


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_no_template_says_a_banned_phrase(file: Path) -> None:
    text = file.read_text("utf-8")
    assert [found[0] for pattern in BANNED.values() for found in pattern.finditer(text)] == []


def test_no_catalogue_says_a_banned_phrase(french: Catalog) -> None:
    for english, other in pairs(french):
        assert not BANNED["en"].search(english), english
        assert not BANNED["fr"].search(other), other


# --- typography ----------------------------------------------------------------------------------

NO_BREAK = "\u00a0"
# What is wrong in French text (clinical.md section 8), by the complaint.
FRENCH = {
    "a straight apostrophe": re.compile(r"'"),
    "straight quotation marks": re.compile(r'"'),
    "English quotation marks": re.compile(r"[“”]"),
    "no no-break space before a colon": re.compile(rf"(?<!{NO_BREAK}):(?=\s|$)"),
    "no no-break space inside guillemets": re.compile(rf"«(?!{NO_BREAK})|(?<!{NO_BREAK})»"),
    "a space before a mark that takes none": re.compile(r"[\s\u00a0\u202f][;?!]"),
    "two spaces": re.compile(r"[ \u00a0]{2}"),
    "a space at an end": re.compile(r"^\s|\s$"),
    "three points": re.compile(r"\.\.\."),
}
ENGLISH = {
    "a straight apostrophe": re.compile(r"'"),
    "straight quotation marks": re.compile(r'"'),
    "a space before a mark that takes none": re.compile(r"\s[;?!:]"),
    "two spaces": re.compile(r"  "),
    "a space at an end": re.compile(r"^\s|\s$"),
    "three points": re.compile(r"\.\.\."),
}


def complaints(text: str, rules: dict[str, re.Pattern[str]]) -> list[str]:
    return [f"{what}: {text!r}" for what, pattern in rules.items() if pattern.search(text)]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("L'eau tiède", "a straight apostrophe"),
        ("Attention: chaud", "no no-break space before a colon"),
        ("Attention : chaud", "no no-break space before a colon"),
        ("Dites « bonjour »", "no no-break space inside guillemets"),
        ("Dites «bonjour»", "no no-break space inside guillemets"),
        ("Vraiment ?", "a space before a mark that takes none"),
        (f"Vraiment{NO_BREAK}!", "a space before a mark that takes none"),
        ("Ceci ; cela", "a space before a mark that takes none"),
    ],
)
def test_a_slip_of_french_typography_would_be_found(text: str, what: str) -> None:
    assert complaints(text, FRENCH) == [f"{what}: {text!r}"]


@pytest.mark.parametrize(
    "text",
    [f"Attention{NO_BREAK}: chaud", f"Dites «{NO_BREAK}bonjour{NO_BREAK}»", "Vraiment?", "a; b!",
     "https://example.org", "L’eau"],
)  # fmt: skip
def test_right_french_is_left_alone(text: str) -> None:
    assert complaints(text, FRENCH) == []


def test_the_interface_is_typeset_as_in_quebec(french: Catalog) -> None:
    found = [each for _, other in pairs(french) for each in complaints(other, FRENCH)]
    assert found == []


def test_the_interface_is_typeset_in_english(french: Catalog) -> None:
    found = [each for english, _ in pairs(french) for each in complaints(english, ENGLISH)]
    assert found == []


def spoken(node: Any, language: str) -> Iterator[str]:
    """Yield all words of the compiled content in one language."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == language:
                yield from forms(value)
            else:
                yield from spoken(value, language)
    elif isinstance(node, list):
        for each in node:
            yield from spoken(each, language)


@pytest.fixture(scope="module")
def content() -> Any:
    assert assets.built_state() == assets.state_of_sources(), "run `lendemain build` first"
    return json.loads((assets.BUILD / "protocols.json").read_text("utf-8"))


@pytest.mark.parametrize(("language", "rules"), [("fr", FRENCH), ("en", ENGLISH)])
def test_the_content_is_typeset(
    language: str, rules: dict[str, re.Pattern[str]], content: Any
) -> None:
    words = list(spoken(content, language))
    assert len(words) > 500
    assert [complaint for each in words for complaint in complaints(each, rules)] == []
