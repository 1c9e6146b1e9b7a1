"""Neither language is poorer than the other: page by page, word by word, fault by fault."""

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from flask.testing import FlaskClient

from webapp import create_app
from webapp.config import Settings
from webapp.languages import NAMES
from webapp.protocol.models import LANGUAGES, Language

from .crawl import Reading, Said, Site, every_page
from .test_words import ENGLISH, FRENCH, complaints

if TYPE_CHECKING:
    from pathlib import Path

both_languages = pytest.mark.parametrize("language", LANGUAGES)

# The same words in both languages: names, and what is spelt alike.
ALIKE = {
    "Lendemain",
    "Sources",
    "Sources · Lendemain",
    "Guide",
    "Questions",
    "Questions · Lendemain",
    "Date",
    "option 1",
    "Profession",
    "Signature",
    "Situations",
    "· Lendemain",
    "Microneedling",
    "Info-Santé 811 (Québec)",
    "Accutane, Clarus, Epuris",
    # Some substances have one name.
    "Minoxidil",
    "(Minoxidil)",
    "Niacinamide",
    "(Niacinamide)",
    *NAMES.values(),
}
# What has no language: signs, numbers, marks of sources, addresses, release.
NO_LANGUAGE = re.compile(
    r"[\W\d_]*|\(?[A-FJ]\)?|[a-z]( \([A-F]\))?|S\d\d[a-z]?|S\d\d · [A-F]( · [\d–→]+)? ·"
    r"|· \d+ sources?|/\w+|[0-9a-f]{12,}|(?:(?:S\d\d[a-z]? )+|– )\([A-FJ]\)"
)
# Little words that hardly any sentence does without, and that the other language does not have.
LITTLE = {
    "en": r"the|and|of|with|for|your|is|are|from|not|this|that|you|it|to|an|by|we|have|what|when",
    "fr": r"le|les|des|une|est|avec|pour|vous|dans|sur|qui|que|pas|ou|du|au|aux|et|la|votre|nous",
}
OTHER: dict[Language, Language] = {"en": "fr", "fr": "en"}


@pytest.fixture(scope="module")
def site() -> Site:
    return every_page()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """A client of an app with a database of its own."""
    data: Path = tmp_path_factory.mktemp("twins") / "data"
    return create_app(Settings(data=data, sender="off")).test_client()


def own(page: Reading, language: Language) -> Iterator[Said]:
    """Yield what a page says in its own language; an address of another site is in none."""
    for each in page.seen:
        link = each.inside("a")
        if each.language == language and (link is None or "://" not in link.attrib.get("href", "")):
            yield each


# --- words ---------------------------------------------------------------------------------------


def test_no_french_page_says_what_its_english_twin_says(site: Site) -> None:
    """Every run of words, label and description differs, but for names and what has no language."""
    same: set[str] = set()
    for (language, path), page in site.items():
        if language == "fr":
            english = {each.words for each in own(site["en", path], "en")}
            english.update(site["en", path].told)
            french = [*(each.words for each in own(page, "fr")), *page.told]
            same.update(each for each in french if each in english)
    assert {each for each in same - ALIKE if not NO_LANGUAGE.fullmatch(each)} == set()


@both_languages
def test_no_page_speaks_the_other_language_without_saying_so(
    language: Language, site: Site
) -> None:
    """A foreign title, name or quotation carries its `lang` (WCAG 3.1.2)."""
    foreign = re.compile(rf"\b(?:{LITTLE[OTHER[language]]})\b", re.IGNORECASE)
    found = {
        run
        for (spoken, _), page in site.items()
        if spoken == language
        for run in [*(each.words for each in own(page, language)), *page.told]
        if len(set(map(str.lower, foreign.findall(run)))) >= 2
        and len(foreign.findall(run)) * 5 >= len(run.split())
    }
    assert found == set()


@both_languages
def test_every_page_is_typeset_as_its_language_wants(language: Language, site: Site) -> None:
    rules = dict(FRENCH if language == "fr" else ENGLISH)
    # What stands beside an element may end with the space before it.
    del rules["a space at an end"], rules["straight quotation marks"]
    if language == "fr":
        rules["an hour that is not written « 14 h 30 »"] = re.compile(
            r"\d{1,2}:\d\d\b|\d ?h\d|\d h\b"
        )
        rules["a word that Québec has a better one for"] = re.compile(
            r"\b(?:e-?mails?|mails?|week-?ends?|cliquez|digital\w*|spams?|smartphones?|links?)\b",
            re.IGNORECASE,
        )
        rules["a number that may part from its unit"] = re.compile(r"\d (?:%|°C|mm|cm|Kio|h)\b")
    found = {
        complaint
        for (spoken, _), page in site.items()
        if spoken == language
        for run in [*(each.words for each in own(page, language)), *page.told]
        if not NO_LANGUAGE.fullmatch(run)
        for complaint in complaints(run, rules)
    }
    assert found == set()


# --- shape ---------------------------------------------------------------------------------------

CARRIED = ("id", "href", "name", "type", "value", "rel", "for", "role", "hidden", "aria-labelledby",
           "aria-describedby", "data-page", "data-lift", "data-into", "data-activity", "data-hours")  # fmt: skip


def shape(page: Reading, language: Language) -> list[tuple[str, ...]]:
    """Return every element with what it is for, and with its own language taken out of addresses."""
    ours, theirs = f"/{language}/", f"/{OTHER[language]}/"
    found = []
    for each in page.root.iter():
        if each.tag in {"head", "meta", "link", "title"}:
            continue
        about = [each.attrib.get(name, "") for name in CARRIED]
        about = [re.sub(f"^{ours}", "/·/", re.sub(f"^{theirs}", "/··/", a)) for a in about]
        labels = ("aria-label", "title", "alt", "placeholder")
        found.append((each.tag, *about, *(name for name in labels if name in each.attrib)))
    return found


def test_twins_have_the_same_sections_statements_links_and_controls(site: Site) -> None:
    differing = []
    for language, path in site:
        if language == "en":
            english, french = shape(site["en", path], "en"), shape(site["fr", path], "fr")
            if english != french:
                first = next(
                    (pair for pair in zip(english, french, strict=False) if pair[0] != pair[1]),
                    (len(english), len(french)),
                )
                differing.append(f"{path}: {first}")
    assert differing == []


@both_languages
def test_words_for_scripts_are_there_in_both_languages(language: Language, site: Site) -> None:
    for (spoken, path), page in site.items():
        if spoken != language:
            continue
        scripts = [s for s in page.all("script") if s.attrib.get("type") == "application/json"]
        twins = [
            s for s in site[OTHER[language], path].all("script")
            if s.attrib.get("type") == "application/json"
        ]  # fmt: skip
        for one, other in zip(scripts, twins, strict=True):
            here, there = json.loads(one.text or "{}"), json.loads(other.text or "{}")
            assert here.keys() == there.keys(), path
            for key, words in here.items():
                letters = re.sub(r"\{\w+\}|[\W\d_]", "", str(words))
                # « min » and « h » are spelt alike, and guides have the same names.
                if len(letters) > 4 and key != "guides":
                    assert words != there[key], (path, key)


# --- what is no page -----------------------------------------------------------------------------

# What has one form for both: where it leads, what it is, how large.
ONE_FORM = re.compile(
    r"/|#|\d|image/|standalone|ltr|navigate|any|maskable|monochrome|minimal-ui|narrow|wide|medical|health|lifestyle|Guide"
)


def leaves(node: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Yield every string of a document with its place."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from leaves(value, f"{place}/{key}")
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from leaves(value, f"{place}/{number}")
    elif isinstance(node, str):
        yield place, node


def assert_twins(english: Any, french: Any) -> None:
    one, other = dict(leaves(english)), dict(leaves(french))
    assert one.keys() == other.keys()
    same = {each for place, each in one.items() if other[place] == each} - {"Lendemain"}
    assert {each for each in same if not ONE_FORM.match(each)} == set()


def test_the_manifests_say_the_same_in_two_languages(client: FlaskClient) -> None:
    english, french = (
        json.loads(client.get(f"/{each}/manifest.webmanifest").data) for each in LANGUAGES
    )
    assert_twins(english, french)


JSON = {"Content-Type": "application/json"}
REFUSED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "not JSON": ("POST", "/api/subscriptions", {"data": "{", "headers": JSON}),
    "no object": ("POST", "/api/subscriptions", {"data": "[]", "headers": JSON}),
    "another type": ("POST", "/api/subscriptions", {"data": "x=1"}),
    "too large": ("POST", "/api/subscriptions", {"data": "x" * 70_000, "headers": JSON}),
    "nothing right": (
        "POST", "/api/subscriptions",
        {"json": {"subscription": 1, "language": "de", "reminders": [{"id": "welcome", "at": "soon"}, 3],
                  "colour": "red"}},
    ),
    "an address of nobody": (
        "POST", "/api/subscriptions",
        {"json": {"subscription": {"endpoint": "https://evil.example/", "keys": {"p256dh": "x", "auth": "y"}},
                  "applicationServerKey": "z", "language": "en", "reminders": []}},
    ),
    "no secret": ("GET", "/api/subscriptions/nobody", {}),
    "nobody": ("GET", "/api/subscriptions/nobody", {"headers": {"Authorization": "Bearer x"}}),
    "no receipt": ("POST", "/api/receipts", {"json": {}}),
    "no such call": ("GET", "/api/nothing", {}),
    "no such method": ("PATCH", "/api/receipts", {}),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_is_told_in_either_language(name: str, client: FlaskClient) -> None:
    method, path, given = REFUSED[name]
    answers = {}
    for language in LANGUAGES:
        headers = {**given.get("headers", {}), "Accept-Language": language}
        answer = client.open(path, method=method, **{**given, "headers": headers})
        assert answer.status_code >= 400
        assert answer.mimetype == "application/problem+json"
        answers[language] = answer.get_json()
    english, french = answers["en"], answers["fr"]
    assert english.keys() == french.keys()
    told = [(english["title"], french["title"])]
    told += [
        (one.get("detail"), other.get("detail"))
        for one, other in zip(english.get("errors", []), french.get("errors", []), strict=True)
    ]
    assert [each for each in told if each[0] == each[1]] == []
    assert [each for _, other in told for each in complaints(str(other), FRENCH)] == []
    foreign = re.compile(rf"\b(?:{LITTLE['en']})\b")
    assert [other for _, other in told if len(foreign.findall(str(other))) > 1] == []


@pytest.mark.parametrize(
    ("method", "path", "data"),
    [
        ("GET", "no-such-page", None),
        ("POST", "today", {"x": "1"}),
        ("POST", "today", {"x": "x" * 70_000}),
        ("POST", "calendar.ics", {"calendar": '{"zone": "Nowhere", "events": []}'}),
        ("POST", "calendar.ics", {"calendar": "{"}),
        ("POST", "calendar.ics", {}),
    ],
)
def test_a_page_of_error_says_the_same_in_two_languages(
    method: str, path: str, data: dict[str, str] | None, client: FlaskClient
) -> None:
    english, french = (
        Reading(f"/{each}/{path}", client.open(f"/{each}/{path}", method=method, data=data).text)
        for each in LANGUAGES
    )
    assert shape(english, "en") == shape(french, "fr")
    same = {each.words for each in own(english, "en")} & {each.words for each in own(french, "fr")}
    assert {each for each in same - ALIKE if not NO_LANGUAGE.fullmatch(each)} == set()
    assert english.told[0] != french.told[0]


def test_the_worker_knows_the_same_words_in_two_languages(client: FlaskClient) -> None:
    found = re.search(r"WORDS\s*=\s*(\{.*?\}\})", client.get("/sw.js").text)
    assert found, "the worker no longer begins with its words"
    words = json.loads(found[1])
    assert words.keys() == set(LANGUAGES)
    assert_twins(words["en"], words["fr"])
    assert [each for _, words in leaves(words["fr"]) for each in complaints(words, FRENCH)] == []
