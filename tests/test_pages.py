"""Every page in both languages, and the files that make them an app, as Flask answers them."""

import gzip
import hashlib
import io
import json
import math
import os
import re
import socket
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urlsplit
from xml.etree import ElementTree as ET

import brotli
import pytest
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from webapp import assets, create_app
from webapp.config import Settings
from webapp.guide.families import families
from webapp.guide.pages import HTML, Guide, guides, pages
from webapp.guide.reminders import reminders_of
from webapp.languages import catalogue
from webapp.protocol.library import load_library
from webapp.protocol.models import LANGUAGES, Language, Library, Text

ROOT = Path(__file__).resolve().parent.parent
DAYS = ("0", "1", "2", "3", "4", "5", "6", "7", "8-14", "15-42")
GUIDE = "microneedling/draft/standard"
BOTH_LANGUAGES = ("en", "fr")

# architecture.md, section 2: the rooms that exist, and those that no search engine may list.
ROOMS = {
    "", "start", "today", "guide", "activities", "breakouts", "get-help", "sources", "privacy",
    "settings", "situations", "offline", "install", "clinic",
}  # fmt: skip
UNLISTED = {
    "reminders", "start", "today", "settings", "situations", "move", "offline", "install", "clinic",
    "microneedling/draft/review",
}  # fmt: skip
# care.md, rule 13.
PREVIEW = {
    "en": "A summary of public sources. No health professional has checked it yet. "
    "Follow your clinic first.",
    "fr": "Résumé de sources publiques. Aucun professionnel de la santé ne l’a encore vérifié. "
    "Suivez d’abord votre clinique.",
}
# The same word in both languages.
SAME_TITLE = {"questions", "sources"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
SPOKEN = ("alt", "aria-label", "placeholder", "title", "data-future", "data-missing")


def plain(text: str) -> str:
    """Return text with every kind of space as one space."""
    return " ".join(text.split())


class Seen(HTMLParser):
    """A page as a reader of HTML sees it: elements in order, and words with their language."""

    def __init__(self, text: str) -> None:
        """Read a whole page."""
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words: list[tuple[str, str]] = []
        self._open: list[tuple[str, str]] = [("", "")]
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        language = found.get("lang", self._open[-1][1])
        self.elements.append((tag, found))
        self.words += [(found[name], language) for name in SPOKEN if name in found]
        if tag == "meta" and found.get("name") == "description":
            self.words.append((found["content"], language))
        if tag not in VOID:
            self._open.append((tag, language))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        tag, language = self._open[-1]
        if tag == "script":
            self.words += [(each, language) for each in json.loads(data or "{}").values()]
        elif data.strip():
            self.words.append((plain(data), language))

    def all(self, tag: str, **wanted: str) -> list[dict[str, str]]:
        """Return the attributes of every such element."""
        return [
            attrs
            for name, attrs in self.elements
            if name == tag and all(attrs.get(key) == value for key, value in wanted.items())
        ]

    def one(self, tag: str, **wanted: str) -> dict[str, str]:
        """Return the attributes of the only such element."""
        (found,) = self.all(tag, **wanted)
        return found

    @property
    def ids(self) -> list[str]:
        return [attrs["id"] for _, attrs in self.elements if "id" in attrs]


@dataclass(frozen=True)
class Visit:
    """One page as it was answered and as it reads."""

    language: Language
    path: str
    answer: TestResponse
    seen: Seen

    @property
    def address(self) -> str:
        return f"/{self.language}/{self.path}"

    @property
    def title(self) -> str:
        found = re.search(r"<title>(.*?)</title>", self.answer.text)
        assert found, f"{self.address} has no title"
        return found[1]


Site = dict[tuple[str, str], Visit]


@pytest.fixture(scope="module")
def app() -> Flask:
    assert assets.built_state() == assets.state_of_sources(), "run `lendemain build` first"
    return create_app(Settings())


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library(assets.BUILD / "protocols.json")


@pytest.fixture(scope="module")
def site(app: Flask, library: Library) -> Site:
    """Every page in both languages."""
    client = app.test_client()
    found: Site = {}
    for path in (path for path, page in pages(families(library)).items() if page.media == HTML):
        for language in LANGUAGES:
            answer = client.get(f"/{language}/{path}")
            found[language, path] = Visit(language, path, answer, Seen(answer.text))
    return found


def where(site: Site, wrong: Callable[[Visit], object]) -> list[str]:
    """Return the addresses of the pages of which something is so."""
    return [visit.address for visit in site.values() if wrong(visit)]


# --- every page ----------------------------------------------------------------------------------


def test_every_page_of_the_contract_is_there(site: Site, library: Library) -> None:
    wanted = {f"{GUIDE}/day-{day}" for day in DAYS} | ROOMS
    wanted |= {f"activities/{each.id}" for each in library.protocols[0].activities}
    wanted |= {f"{GUIDE}/print", "microneedling/draft/review"}
    for language in BOTH_LANGUAGES:
        assert wanted - {path for spoken, path in site if spoken == language} == set()


def test_every_page_answers(site: Site) -> None:
    html = "text/html; charset=utf-8"
    assert where(site, lambda v: (v.answer.status_code, v.answer.content_type) != (200, html)) == []


def test_every_page_says_its_language(site: Site) -> None:
    assert where(site, lambda v: v.seen.one("html").get("lang") != v.language) == []


def test_every_page_is_of_one_release(site: Site, client: FlaskClient) -> None:
    release = client.get("/healthz").get_json()["release"]
    assert release
    assert where(site, lambda v: v.seen.one("meta", name="release")["content"] != release) == []


def test_every_page_names_its_twin_and_its_own_address(site: Site) -> None:
    origin = Settings().origin
    for visit in site.values():
        ties = {each["hreflang"]: each["href"] for each in visit.seen.all("link", rel="alternate")}
        assert {language: ties[language] for language in BOTH_LANGUAGES} == {
            language: f"{origin}/{language}/{visit.path}" for language in BOTH_LANGUAGES
        }
        assert visit.seen.one("link", rel="canonical")["href"] == origin + visit.address


def test_every_page_leads_to_its_twin(site: Site) -> None:
    def lost(visit: Visit) -> bool:
        twin = f"/{'fr' if visit.language == 'en' else 'en'}/{visit.path}"
        return twin not in {each.get("href") for each in visit.seen.all("a")}

    assert where(site, lost) == []


def test_titles_are_translated(site: Site) -> None:
    same = {p for _, p in site if site["en", p].title == site["fr", p].title}
    assert same <= SAME_TITLE


def test_no_two_pages_share_a_title(site: Site) -> None:
    for language in BOTH_LANGUAGES:
        titles = Counter(visit.title for visit in site.values() if visit.language == language)
        assert [title for title, times in titles.items() if times > 1] == []


def description(visit: Visit) -> str:
    return visit.seen.one("meta", name="description")["content"]


def test_every_page_is_described(site: Site) -> None:
    # Install sheets and search results cut a description at about 320 characters.
    assert where(site, lambda v: not 40 <= len(description(v)) <= 320) == []
    same = {p for _, p in site if description(site["en", p]) == description(site["fr", p])}
    assert same == set()


def test_every_page_says_that_nobody_has_checked_it(site: Site) -> None:
    def unsaid(visit: Visit) -> bool:
        return PREVIEW[visit.language] not in {words for words, _ in visit.seen.words}

    assert where(site, unsaid) == []


def test_every_page_leads_to_help(site: Site) -> None:
    def no_door(visit: Visit) -> bool:
        target = f"/{visit.language}/get-help"
        return target not in {each.get("href") for each in visit.seen.all("a")}

    assert where(site, no_door) == []


def test_every_page_has_one_heading_of_its_own(site: Site) -> None:
    # Today and Start hold one for each state, of which one at a time is shown.
    assert where(site, lambda v: not v.seen.all("h1")) == []
    assert {v.path for v in site.values() if len(v.seen.all("h1")) > 1} <= {
        "today",
        "start",
        "questions/expected",
    }


# --- headers -------------------------------------------------------------------------------------


def test_no_page_sets_a_cookie(site: Site) -> None:
    assert where(site, lambda v: "Set-Cookie" in v.answer.headers) == []


def test_no_page_tells_another_site_where_its_reader_came_from(site: Site) -> None:
    assert where(site, lambda v: v.answer.headers["Referrer-Policy"] != "no-referrer") == []


def test_no_page_may_run_what_it_did_not_bring(site: Site) -> None:
    policies = {visit.answer.headers["Content-Security-Policy"] for visit in site.values()}
    (policy,) = policies
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert "unsafe-" not in policy
    assert rules["default-src"] == "'none'"
    assert {rules[name] for name in ("script-src", "style-src", "form-action")} == {"'self'"}
    assert {rules[name] for name in ("base-uri", "frame-ancestors")} == {"'none'"}


def test_no_page_holds_what_the_policy_forbids(site: Site) -> None:
    def forbidden(visit: Visit) -> bool:
        scripts = [
            each
            for each in visit.seen.all("script")
            if "src" not in each and each.get("type") != "application/json"
        ]
        attributes = [name for _, attrs in visit.seen.elements for name in attrs]
        inline = [name for name in attributes if name == "style" or name.startswith("on")]
        return bool(scripts or inline or visit.seen.all("style"))

    assert where(site, forbidden) == []


def test_no_header_stands_twice(site: Site) -> None:
    def doubled(visit: Visit) -> bool:
        names = [name.lower() for name, _ in visit.answer.headers]
        return len(names) != len(set(names))

    assert where(site, doubled) == []


def test_pages_are_asked_for_again_each_time(site: Site) -> None:
    assert where(site, lambda v: v.answer.headers["Cache-Control"] != "no-cache") == []
    assert where(site, lambda v: not v.answer.headers.get("ETag")) == []
    assert where(site, lambda v: "Accept-Encoding" not in v.answer.headers["Vary"]) == []


@pytest.mark.parametrize(
    "written",
    [
        "{etag}",
        # nginx and Cloudflare weaken the ETag of whatever they compress themselves.
        "W/{etag}",
        '"another", {etag}',
    ],
)
def test_an_unchanged_page_is_not_sent_again(written: str, site: Site, client: FlaskClient) -> None:
    etag = site["fr", "today"].answer.headers["ETag"]
    again = client.get("/fr/today", headers={"If-None-Match": written.format(etag=etag)})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == etag
    assert again.headers["Cache-Control"] == "no-cache"
    assert "Accept-Encoding" in again.headers["Vary"]


def test_a_changed_page_is_sent_again(client: FlaskClient) -> None:
    assert client.get("/fr/today", headers={"If-None-Match": '"another"'}).status_code == 200


def test_a_page_is_sent_small_to_those_who_can_read_it(site: Site, client: FlaskClient) -> None:
    for visit in site.values():
        headers = {"Accept-Encoding": "gzip, deflate, br, zstd"}
        small = client.get(visit.address, headers=headers)
        assert small.headers["Content-Encoding"] == "br"
        assert small.headers["ETag"] != visit.answer.headers["ETag"]
        assert brotli.decompress(small.data) == visit.answer.data


@pytest.mark.parametrize("accepted", ["", "gzip, deflate", "identity", "br;q=0, gzip"])
def test_a_page_is_sent_plain_to_those_who_cannot(accepted: str, client: FlaskClient) -> None:
    answer = client.get("/fr/today", headers={"Accept-Encoding": accepted})
    assert "Content-Encoding" not in answer.headers
    assert answer.data.startswith(b"<!doctype html>")


def test_a_small_page_is_known_again(client: FlaskClient) -> None:
    headers = {"Accept-Encoding": "br"}
    headers["If-None-Match"] = client.get("/fr/today", headers=headers).headers["ETag"]
    assert client.get("/fr/today", headers=headers).status_code == 304


def test_a_small_page_is_not_taken_for_a_plain_one(client: FlaskClient) -> None:
    small = client.get("/fr/today", headers={"Accept-Encoding": "br"})
    headers = {"If-None-Match": small.headers["ETag"]}
    assert client.get("/fr/today", headers=headers).status_code == 200


@pytest.mark.parametrize("bundle", ["lendemain.css", "lendemain.js", "screens.js"])
def test_styles_and_scripts_are_sent_small_and_never_asked_for_again(
    bundle: str, site: Site, client: FlaskClient
) -> None:
    named = re.compile(bundle.replace(".", r"\.[0-9a-f]{8}\.") + "$")
    (address,) = {
        str(attrs.get("href") or attrs.get("src"))
        for visit in site.values()
        for _, attrs in visit.seen.elements
        if named.search(str(attrs.get("href") or attrs.get("src")))
    }
    sent = {}
    for accepted in ("identity", "gzip", "br"):
        with client.get(address, headers={"Accept-Encoding": accepted}) as answer:
            assert answer.headers["Vary"] == "Accept-Encoding"
            assert "immutable" in answer.headers["Cache-Control"]
            assert answer.headers.get("Content-Encoding", "identity") == accepted
            sent[accepted] = answer.data
    assert gzip.decompress(sent["gzip"]) == sent["identity"]
    assert brotli.decompress(sent["br"]) == sent["identity"]
    assert len(sent["br"]) < len(sent["gzip"]) < len(sent["identity"])


# --- what scripts and other programs rely on -----------------------------------------------------


@pytest.mark.parametrize("language", BOTH_LANGUAGES)
@pytest.mark.parametrize("day", DAYS)
def test_a_day_page_says_which_day_it_is(language: str, day: str, site: Site) -> None:
    main = site[language, f"{GUIDE}/day-{day}"].seen.one("main")
    assert main["data-page"] == "day"
    assert (main["data-day"], main["data-variant"]) == (day, "standard")


@pytest.mark.parametrize("language", BOTH_LANGUAGES)
def test_today_says_that_nothing_is_known_yet(language: str, site: Site) -> None:
    seen = site[language, "today"].seen
    main = seen.one("main")
    assert (main["data-page"], main["data-state"]) == ("today", "none")
    states = {attrs["data-for"] for _, attrs in seen.elements if "data-for" in attrs}
    assert {"none", "before", "day", "after"} <= states


@pytest.mark.parametrize("language", BOTH_LANGUAGES)
def test_start_offers_every_answer(language: str, site: Site) -> None:
    elements = [attrs for _, attrs in site[language, "start"].seen.elements]
    answers = [attrs["data-answer"] for attrs in elements if "data-answer" in attrs]
    assert answers == ["standard", "rf", "prp", "home", "unknown"]
    times = [attrs["data-when"] for attrs in elements if "data-when" in attrs]
    assert times == ["now", "morning", "afternoon", "other"]
    assert [attrs for attrs in elements if "checked" in attrs or "selected" in attrs] == []


@pytest.mark.parametrize("language", BOTH_LANGUAGES)
def test_every_activity_has_its_row(language: str, site: Site, library: Library) -> None:
    rows = [
        attrs["data-activity"]
        for _, attrs in site[language, "activities"].seen.elements
        if "data-activity" in attrs
    ]
    assert sorted(rows) == sorted(each.id for each in library.protocols[0].activities)


def test_a_row_carries_the_hours_of_its_activity(site: Site, library: Library) -> None:
    activities = {each.id: each for each in library.protocols[0].activities}
    told = 0
    for visit in site.values():
        variant = visit.seen.one("main").get("data-variant", "standard")
        for _, attrs in visit.seen.elements:
            if "data-hours" in attrs:
                wait = activities[attrs.get("data-activity") or attrs["data-own"]].wait(variant)
                assert int(attrs["data-hours"]) == wait, visit.address
                told += 1
    assert told > 100


def test_only_what_a_clinic_may_say_is_marked_as_taking_its_wait(
    site: Site, library: Library
) -> None:
    takes = {each.id: each.takes_own for each in library.protocols[0].activities}
    rows = [
        (visit.address, attrs)
        for visit in site.values()
        for _, attrs in visit.seen.elements
        if "data-activity" in attrs
    ]
    marked = [
        (address, attrs["data-activity"], bool({"data-hours", "data-ask"} & set(attrs)))
        for address, attrs in rows
    ]
    assert [each for each in marked if takes[each[1]] != each[2]] == []
    offered = {
        attrs["data-own"]
        for visit in site.values()
        for _, attrs in visit.seen.elements
        if "data-own" in attrs
    }
    assert offered == {name for name, taking in takes.items() if taking}


def test_my_clinic_is_reached_from_settings_and_from_get_help(site: Site) -> None:
    for language in BOTH_LANGUAGES:
        for path in ("settings", "get-help"):
            links = [attrs.get("href") for _, attrs in site[language, path].seen.elements]
            assert f"/{language}/clinic" in links


def test_no_phone_guess_is_written_by_the_server(site: Site) -> None:
    def guessed(visit: Visit) -> bool:
        return any("data-from" in attrs for _, attrs in visit.seen.elements)

    assert where(site, guessed) == []


# --- links ---------------------------------------------------------------------------------------


def internal_links(visit: Visit) -> Iterator[tuple[str, str]]:
    """Yield the path and fragment of every link that stays on the site."""
    for each in visit.seen.all("a"):
        href = each.get("href", "")
        if not urlsplit(href).scheme and href:
            path, fragment = urldefrag(href)
            yield (path or visit.address, fragment)


def test_no_link_leads_nowhere(site: Site) -> None:
    there = {visit.address: visit.seen.ids for visit in site.values()}
    lost = []
    for visit in site.values():
        for path, fragment in internal_links(visit):
            if path not in there or (fragment and fragment not in there[path]):
                lost.append(f"{visit.address} → {path}#{fragment}")
    assert lost == []


def test_every_page_can_be_reached(site: Site) -> None:
    reached = {"/en/", "/fr/", "/en/today", "/fr/today"}
    by_address = {visit.address: visit for visit in site.values()}
    waiting = list(reached)
    while waiting:
        for path, _ in internal_links(by_address[waiting.pop()]):
            if path not in reached:
                reached.add(path)
                waiting.append(path)
    fallbacks = {"/en/offline", "/fr/offline"}
    # Whoever is asked to sign is given the address.
    to_sign = {f"/{each}/microneedling/draft/review" for each in BOTH_LANGUAGES}
    assert set(by_address) - reached - fallbacks == to_sign


def test_what_a_page_brings_along_is_there(site: Site, client: FlaskClient) -> None:
    asked = {
        attrs[name]
        for visit in site.values()
        for tag, attrs in visit.seen.elements
        for name in ("href", "src")
        if tag in {"link", "script", "img", "use"} and attrs.get(name, "").startswith("/")
    }
    assert asked
    for address in sorted(asked):
        with client.get(address) as answer:
            assert (address, answer.status_code) == (address, 200)


def test_a_link_off_the_site_leaves_no_trace(site: Site) -> None:
    for visit in site.values():
        for each in visit.seen.all("a"):
            target = urlsplit(each.get("href", ""))
            assert target.scheme in {"", "https", "http", "tel"}, each
            if target.scheme.startswith("http"):
                assert "noreferrer" in each.get("rel", ""), (visit.address, each)


def test_help_can_be_called_with_one_tap(site: Site) -> None:
    for language in BOTH_LANGUAGES:
        links = {each.get("href") for each in site[language, "get-help"].seen.all("a")}
        assert {"tel:911", "tel:811"} <= links


def test_no_id_stands_twice_on_a_page(site: Site) -> None:
    assert where(site, lambda v: len(v.seen.ids) != len(set(v.seen.ids))) == []


def test_what_labels_or_controls_something_is_on_the_same_page(site: Site) -> None:
    names = ("aria-labelledby", "aria-describedby", "aria-controls", "for")
    lost = []
    for visit in site.values():
        there = set(visit.seen.ids)
        for _, attrs in visit.seen.elements:
            wanted = {each for name in names for each in attrs.get(name, "").split()}
            lost += [f"{visit.address} {each}" for each in wanted - there]
    assert lost == []


# --- the words -----------------------------------------------------------------------------------


def texts(node: Any) -> Iterator[Text]:
    """Yield everything of the content that stands in both languages."""
    if isinstance(node, Text):
        yield node
    children = (
        node.values()
        if isinstance(node, dict)
        else node
        if isinstance(node, (tuple, list))
        else vars(node).values()
        if hasattr(type(node), "model_fields")
        else ()
    )
    for each in children:
        yield from texts(each)


def pairs(library: Library) -> Iterator[tuple[str, str]]:
    """Yield all words in English and French: those of the content and of the interface."""
    for text in texts(library):
        yield plain(text.en), plain(text.fr)
    with (ROOT / "translations/fr/LC_MESSAGES/messages.po").open("rb") as written:
        for message in read_po(written, locale="fr_CA"):
            if message.id:
                english = [message.id] if isinstance(message.id, str) else list(message.id)
                said = message.string or ""
                french = [said] if isinstance(said, str) else list(said)
                for one, other in zip(english, french, strict=True):
                    yield plain(one), plain(other)


def as_pattern(words: str) -> str:
    """Return a pattern for words whose gaps are filled with anything."""
    gap = r"%\(\w+\)s|\{\w+\}"
    return ".{1,40}?".join(re.escape(each) for each in re.split(gap, words))


def foreign(site: Site, language: str, wrong: set[str]) -> list[str]:
    """Return the pages of a language on which words of the other one stand."""
    gapped = {each for each in wrong if re.search(r"%\(\w+\)s|\{\w+\}", each)}
    filled = re.compile("|".join(f"(?:{as_pattern(each)})" for each in sorted(gapped)) or r"(?!)")
    long = [each for each in wrong if each.count(" ") >= 3 and "%(" not in each and "{" not in each]
    spoken: dict[str, str] = {}
    for visit in site.values():
        if visit.language == language:
            title = visit.title.split(" · ")
            own = [words for words, tongue in visit.seen.words if tongue == language]
            spoken.update((plain(words), visit.address) for words in [*title, *own])
    found = [
        f"{spoken[each]}: {each}" for each in spoken if each in wrong or filled.fullmatch(each)
    ]
    # A sentence can also stand inside a longer text, such as a description.
    everything = "\n".join(spoken)
    return found + [each for each in long if each in everything]


@pytest.mark.parametrize("language", BOTH_LANGUAGES)
def test_no_page_speaks_the_other_language(language: str, site: Site, library: Library) -> None:
    every = list(pairs(library))
    own = {pair[language == "fr"] for pair in every}
    wrong = {pair[language == "en"] for pair in every} - own
    assert len(wrong) > 1000
    # Words made of a gap alone, such as "{day}, {time}", would match anything.
    wrong = {each for each in wrong if re.search(r"\w", re.sub(r"%\(\w+\)s|\{\w+\}", "", each))}
    assert foreign(site, language, wrong) == []


def test_untranslated_words_would_be_found(site: Site, library: Library) -> None:
    english = {pair[0] for pair in pairs(library)} - {pair[1] for pair in pairs(library)}
    assert len(foreign(site, "en", {each for each in english if " " in each})) > 1000


def test_the_page_under_the_other_address_is_the_same_page(site: Site) -> None:
    def shape(visit: Visit) -> list[tuple[str, str]]:
        kept = [(tag, attrs.get("id", "")) for tag, attrs in visit.seen.elements]
        return [each for each in kept if each[0] not in {"a", "span", "small", "li"}]

    assert [p for _, p in site if shape(site["en", p]) != shape(site["fr", p])] == []


# --- the same for everyone -----------------------------------------------------------------------

DIGESTS = """
import hashlib, json, sys
from webapp import create_app
from webapp.config import Settings
client = create_app(Settings()).test_client()
digests = {each: hashlib.sha256(client.get(each).data).hexdigest() for each in json.load(sys.stdin)}
json.dump(digests, sys.stdout)
"""


def test_another_process_answers_the_same_bytes(site: Site, client: FlaskClient) -> None:
    addresses = [visit.address for visit in site.values()]
    addresses += ["/sw.js", "/sitemap.xml", "/robots.txt"]
    addresses += [f"/{language}/manifest.webmanifest" for language in BOTH_LANGUAGES]
    answer = subprocess.run(
        [sys.executable, "-c", DIGESTS],
        cwd=ROOT,
        input=json.dumps(addresses),
        env={**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=True,
    )
    here = {each: hashlib.sha256(client.get(each).data).hexdigest() for each in addresses}
    there = json.loads(answer.stdout)
    assert [each for each in addresses if here[each] != there[each]] == []


def test_nothing_about_the_visitor_changes_a_page(client: FlaskClient) -> None:
    ordinary = client.get("/fr/today").data
    for headers in (
        {"Accept-Language": "en"},
        {"Cookie": "language=en; session=1"},
        {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X)"},
        {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"},
    ):
        assert client.get("/fr/today", headers=headers).data == ordinary
    assert client.get("/fr/today?plan=abc&utm_source=x").data == ordinary


# --- the door ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        (None, "fr"),
        ("", "fr"),
        ("*", "fr"),
        ("fr", "fr"),
        ("fr-CA,fr;q=0.9,en-CA;q=0.8,en;q=0.7", "fr"),
        ("FR-ca", "fr"),
        ("en", "en"),
        ("EN-ca", "en"),
        ("en-US,en;q=0.9", "en"),
        ("en-CA,en-US;q=0.9,en;q=0.8,fr;q=0.7", "en"),
        ("fr;q=0.3,en;q=0.9", "en"),
        ("en;q=0.3,fr;q=0.9", "fr"),
        ("fr;q=0.8,en;q=0.8", "fr"),
        ("es-MX,es;q=0.9", "fr"),
        ("es-MX,es;q=0.9,en;q=0.8", "en"),
        ("de,fr;q=0.7,en;q=0.5", "fr"),
        ("en;q=0", "fr"),
        ("en;q=0,*;q=0.5", "fr"),
        ("*;q=1,en;q=0.1", "fr"),
        ("en;q=0.1,*", "fr"),
        ("en,*;q=0.5", "en"),
        ("en,*", "en"),
        ("*;q=0.9,en;q=0.8,fr;q=0.1", "en"),
        ("fr;q=0,*", "en"),
        ("fr;q=0", "fr"),
        ("en;q=0.8,fr;q=0.8", "en"),
        ("zh-Hans-CN", "fr"),
        ("english please", "fr"),
        ("en;q=lots,,;=", "fr"),
        ("e" * 5000, "fr"),
    ],
)
def test_the_door_leads_to_the_language_preferred(
    accepted: str | None, language: str, client: FlaskClient
) -> None:
    headers = {} if accepted is None else {"Accept-Language": accepted}
    answer = client.get("/", headers=headers)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/{language}/")


def test_the_door_is_not_remembered_for_someone_else(client: FlaskClient) -> None:
    answer = client.get("/")
    assert answer.headers["Vary"] == "Accept-Language"
    assert "no-store" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("path", "accepted", "language"),
    [
        ("/fr/nowhere", "en", "fr"),
        ("/en/nowhere", "fr", "en"),
        ("/fr/today/", "en", "fr"),
        ("/en/activities/teleport", "fr", "en"),
        ("/en/microneedling/draft/standard/day-43", "fr", "en"),
        ("/en/microneedling/9/standard/day-1", "fr", "en"),
        ("/en/microneedling/draft/laser/day-1", "fr", "en"),
        ("/nowhere", "en", "en"),
        ("/nowhere", "fr", "fr"),
        ("/nowhere", "", "fr"),
        ("/de/today", "en-CA", "en"),
        ("/english/today", "", "fr"),
        ("/metrics", "", "fr"),
    ],
)
def test_an_unknown_page_says_so_in_the_readers_language(
    path: str, accepted: str, language: str, client: FlaskClient
) -> None:
    answer = client.get(path, headers={"Accept-Language": accepted})
    seen = Seen(answer.text)
    assert answer.status_code == 404
    assert seen.one("html")["lang"] == language
    assert seen.one("meta", name="robots")["content"] == "noindex"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"]
    assert f"/{language}/get-help" in {each.get("href") for each in seen.all("a")}


@pytest.mark.parametrize(
    "path",
    [
        "/static/x.js",
        "/static/gen/lendemain.00000000.js",
        "/static/gen/lendemain.00000000.css",
        "/static/",
        "/static/css/",
        "/static/../webapp/config.py",
        "/static/%2e%2e/webapp/config.py",
    ],
)
def test_a_missing_file_is_never_answered_with_a_page(path: str, client: FlaskClient) -> None:
    with client.get(path) as answer:
        assert answer.status_code == 404
        assert answer.mimetype == "text/plain"
        assert answer.headers["Cache-Control"] == "no-store"
        assert b"<" not in answer.data


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("language", BOTH_LANGUAGES)
def test_a_page_can_only_be_read(method: str, language: str, client: FlaskClient) -> None:
    answer = client.open(f"/{language}/today", method=method, data=b"x=1")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert Seen(answer.text).one("html")["lang"] == language


@pytest.mark.parametrize(
    "path",
    ["/fr/%00", "/fr/%ff%fe", "/fr/..%2f..%2fetc/passwd", "//evil.example/", "/fr//today",
     "/%2e%2e/", "/fr/" + "x" * 4000, "/fr/activities/%F0%9F%92%89", "/fr/{{7*7}}"],
)  # fmt: skip
def test_an_odd_address_is_never_our_fault(path: str, client: FlaskClient) -> None:
    # Written as it arrives, since the test client would read "//evil.example/" as a host.
    answer = client.get("/", environ_overrides={"PATH_INFO": unquote(path, "latin-1")})
    assert answer.status_code in {301, 308, 404}
    assert urlsplit(answer.headers.get("Location", "")).hostname in {None, "localhost"}


@pytest.mark.parametrize(
    "host",
    ["evil.example", "lendemain.example", "localhost.evil.example", "127.0.0.1.evil.example",
     "127.0.0.1:8001", "localhost:1", "", "127.0.0.1:8000@evil.example", "10.0.0.1"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/fr/today", "/static/icons/favicon.svg", "/sw.js", "/healthz"])
def test_another_host_is_refused(host: str, path: str, client: FlaskClient) -> None:
    answer = client.get(path, headers={"Host": host})
    assert (answer.status_code, answer.mimetype) == (400, "text/plain")


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]", "LOCALHOST"])
@pytest.mark.parametrize("port", ["", ":8000"])
def test_every_name_of_ones_own_machine_is_answered(
    name: str, port: str, client: FlaskClient
) -> None:
    assert client.get("/fr/today", headers={"Host": name + port}).status_code == 200


@pytest.mark.parametrize("length", [70_000, 10_000_000])
def test_a_body_too_large_is_refused_before_it_is_read(length: int, server: Any) -> None:
    head = (
        f"POST /fr/today HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        f"Content-Length: {length}\r\nContent-Type: application/json\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(head.encode() + b"x")
        assert connection.recv(12) == b"HTTP/1.1 413"


@pytest.mark.parametrize(
    ("accepted", "title"), [("en", "The body is longer than 64 KiB."), ("", "Le")]
)
def test_one_who_sends_all_of_it_first_still_reads_why_it_was_refused(
    accepted: str, title: str, server: Any
) -> None:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    headers = {"Content-Type": "application/json", "Accept-Language": accepted}
    connection.request("POST", "/api/subscriptions", body=b"x" * 10_000_000, headers=headers)
    answer = connection.getresponse()
    problem = json.load(answer)
    connection.close()
    assert (answer.status, answer.headers.get_content_type()) == (413, "application/problem+json")
    assert problem["title"].startswith(title)


def test_a_large_body_costs_no_page(client: FlaskClient) -> None:
    answer = client.post("/fr/today", data=b"x" * 100_000)
    assert answer.status_code in {405, 413}
    assert client.get("/fr/today").status_code == 200


# --- search engines ------------------------------------------------------------------------------

SITEMAP = {
    "": "http://www.sitemaps.org/schemas/sitemap/0.9",
    "xhtml": "http://www.w3.org/1999/xhtml",
}


def unlisted(visit: Visit) -> bool:
    return any("noindex" in each["content"] for each in visit.seen.all("meta", name="robots"))


def test_personal_pages_are_kept_out_of_search_engines(site: Site) -> None:
    for language in BOTH_LANGUAGES:
        hidden = {v.path for v in site.values() if v.language == language and unlisted(v)}
        assert hidden == UNLISTED


def test_the_site_map_lists_exactly_what_may_be_found(site: Site, client: FlaskClient) -> None:
    root = ET.fromstring(client.get("/sitemap.xml").text)
    origin = Settings().origin
    listed = [each.findtext("loc", "", SITEMAP) for each in root.findall("url", SITEMAP)]
    wanted = {origin + visit.address for visit in site.values() if not unlisted(visit)}
    assert len(listed) == len(set(listed))
    assert set(listed) == wanted


def test_the_site_map_ties_both_languages(client: FlaskClient) -> None:
    root = ET.fromstring(client.get("/sitemap.xml").text)
    for each in root.findall("url", SITEMAP):
        place = each.findtext("loc", "", SITEMAP)
        ties = {tie.get("hreflang"): tie.get("href") for tie in each.findall("xhtml:link", SITEMAP)}
        assert place in ties.values()
        assert {urlsplit(str(href)).path[4:] for href in ties.values()} == {
            urlsplit(place).path[4:]
        }
        assert {"en", "fr"} <= set(ties)


def test_robots_are_shown_the_site_map(client: FlaskClient) -> None:
    answer = client.get("/robots.txt")
    assert answer.mimetype == "text/plain"
    assert f"Sitemap: {Settings().origin}/sitemap.xml" in answer.text.splitlines()


# --- installing ----------------------------------------------------------------------------------


def manifest(client: FlaskClient, language: str) -> dict[str, Any]:
    answer = client.get(f"/{language}/manifest.webmanifest")
    assert answer.status_code == 200
    assert answer.mimetype == "application/manifest+json"
    assert answer.headers["Cache-Control"] == "no-cache"
    found: dict[str, Any] = json.loads(answer.data)
    return found


def png_header(client: FlaskClient, address: str) -> tuple[str, int]:
    """Return the size of a PNG, such as "192x192", and its colour type (RFC 2083, 4.1.1)."""
    with client.get(address) as answer:
        assert (address, answer.status_code, answer.mimetype) == (address, 200, "image/png")
        assert answer.data.startswith(b"\x89PNG\r\n\x1a\n")
        width, height, _, colours = struct.unpack(">IIBB", answer.data[16:26])
    return f"{width}x{height}", colours


@pytest.mark.parametrize("language", BOTH_LANGUAGES)
def test_a_phone_can_install_it(language: str, client: FlaskClient) -> None:
    found = manifest(client, language)
    assert found["name"]
    assert found["short_name"]
    assert (found["id"], found["scope"]) == ("/", "/")
    assert found["display"] == "standalone"
    assert found["lang"].split("-")[0] == language
    assert found["dir"] == "ltr"
    assert found["launch_handler"] == {"client_mode": "navigate-existing"}
    assert "prefer_related_applications" not in found
    assert 40 <= len(found["description"]) <= 324


def test_both_manifests_are_of_one_app(client: FlaskClient) -> None:
    english, french = (manifest(client, language) for language in BOTH_LANGUAGES)
    assert english["id"] == french["id"]
    assert english["icons"] == french["icons"]
    assert english["description"] != french["description"]


@pytest.mark.parametrize("language", BOTH_LANGUAGES)
def test_an_installed_app_opens_on_a_page(language: str, client: FlaskClient) -> None:
    found = manifest(client, language)
    assert found["start_url"] == f"/{language}/today"
    starts = [found["start_url"], *(each["url"] for each in found["shortcuts"])]
    assert len(starts) <= 5
    for address in starts:
        answer = client.get(address)
        assert (address, answer.status_code, answer.mimetype) == (address, 200, "text/html")
        assert Seen(answer.text).one("html")["lang"] == language


SAFE = 0.4  # of its width: a mask may cut away all that is farther from the middle (W3C manifest)


def test_a_mask_cuts_nothing_off_the_icon(client: FlaskClient) -> None:
    (icon,) = [each for each in manifest(client, "en")["icons"] if each["purpose"] == "maskable"]
    with client.get(icon["src"]) as answer:
        picture = Image.open(io.BytesIO(answer.data)).convert("RGBA")
    width, height = picture.size
    # Sky and land are cut anywhere without a loss: what is drawn differs from the edge of its row.
    rows = [[picture.getpixel((x, y)) for x in range(width)] for y in range(height)]
    drawn = {
        math.hypot(x + 0.5 - width / 2, y + 0.5 - height / 2)
        for y, row in enumerate(rows)
        for x, pixel in enumerate(row)
        if pixel != row[0]
    }
    assert picture.getchannel("A").getextrema() == (255, 255), "a mask shows what is behind it"
    assert 0.2 * width < max(drawn) <= SAFE * width


@pytest.mark.parametrize("language", BOTH_LANGUAGES)
def test_the_install_sheet_has_pictures_of_one_shape_for_each_screen(
    language: str, client: FlaskClient
) -> None:
    shots = manifest(client, language)["screenshots"]
    assert 2 <= len(shots) <= 8
    assert {each["form_factor"] for each in shots} == {"narrow", "wide"}
    for form in ("narrow", "wide"):
        own = [each for each in shots if each["form_factor"] == form]
        (sizes,) = {each["sizes"] for each in own}
        short, long = sorted(map(int, sizes.split("x")))
        assert 320 <= short <= long <= min(3840, 2.3 * short)
        assert len({each["label"] for each in own}) == len(own)
    assert len({each["src"] for each in shots}) == len(shots)


@pytest.mark.parametrize("language", BOTH_LANGUAGES)
def test_icons_are_as_large_as_they_say(language: str, client: FlaskClient) -> None:
    found = manifest(client, language)
    icons = found["icons"] + [icon for each in found["shortcuts"] for icon in each["icons"]]
    for each in icons + found.get("screenshots", []):
        assert png_header(client, each["src"])[0] == each["sizes"]
    purposes = {(each["sizes"], each["purpose"]) for each in found["icons"]}
    assert {("192x192", "any"), ("512x512", "any"), ("512x512", "maskable")} <= purposes
    assert all(" " not in purpose for _, purpose in purposes)


def test_every_page_names_the_manifest_of_its_language(site: Site) -> None:
    for visit in site.values():
        link = visit.seen.one("link", rel="manifest")
        assert link["href"] == f"/{visit.language}/manifest.webmanifest"


def test_the_icon_on_an_iphone_is_opaque_and_of_its_size(site: Site, client: FlaskClient) -> None:
    (icon,) = {v.seen.one("link", rel="apple-touch-icon")["href"] for v in site.values()}
    # Colour types 4 and 6 have an alpha channel, which iOS fills with black.
    size, colours = png_header(client, icon)
    assert size == "180x180"
    assert colours in {0, 2, 3}


# --- what a phone keeps --------------------------------------------------------------------------

TYPES = {
    "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml", "png": "image/png",
    "webmanifest": "application/manifest+json", "json": "application/json",
}  # fmt: skip


def kept(client: FlaskClient) -> dict[str, list[str]]:
    """Return the lists that the worker carries, as it carries them."""
    found = re.match(r'const RELEASE="[0-9a-f]+",SETS=(\{.*?\});', client.get("/sw.js").text)
    assert found, "the worker no longer begins with its lists"
    lists: dict[str, list[str]] = json.loads(found[1])
    return lists


def test_the_worker_is_served_as_browsers_want_it(client: FlaskClient) -> None:
    answer = client.get("/sw.js")
    assert (answer.status_code, answer.mimetype) == (200, "text/javascript")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "Set-Cookie" not in answer.headers
    assert "importScripts" not in answer.text


def test_two_apps_carry_the_same_worker(client: FlaskClient) -> None:
    assert create_app(Settings()).test_client().get("/sw.js").data == client.get("/sw.js").data


def test_the_worker_is_of_the_release_of_the_pages(client: FlaskClient) -> None:
    release = client.get("/healthz").get_json()["release"]
    assert client.get("/sw.js").text.startswith(f'const RELEASE="{release}",')


def test_another_origin_is_another_release(client: FlaskClient) -> None:
    other = create_app(Settings(origin="http://localhost:9000")).test_client()
    assert (
        other.get("/healthz").get_json()["release"] != client.get("/healthz").get_json()["release"]
    )


def test_whatever_a_phone_keeps_is_there_and_is_what_it_should_be(client: FlaskClient) -> None:
    for name, addresses in kept(client).items():
        assert len(addresses) == len(set(addresses)), name
        for address in addresses:
            ending = urlsplit(address).path.rpartition(".")[2]
            with client.get(address) as answer:
                wanted = (address, 200, TYPES.get(ending, "text/html"))
                assert (address, answer.status_code, answer.mimetype) == wanted


def test_whatever_a_phone_keeps_is_named_by_its_bytes(client: FlaskClient) -> None:
    every = {each for addresses in kept(client).values() for each in addresses}
    named = [each for each in every if each.startswith("/static/")]
    assert len(named) >= 3
    for address in named:
        with client.get(address) as answer:
            data = answer.data
        # webassets names a bundle by the first half of its MD5.
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()[:8]
        sha = hashlib.sha256(data).hexdigest()[:8]
        assert re.search(rf"\.{md5}\.(?:css|js)$|\?v={sha}$", address), address


def test_each_guide_is_kept_whole(client: FlaskClient, library: Library) -> None:
    sets = kept(client)
    assert len(guides(families(library))) == 6
    for language in BOTH_LANGUAGES:
        for guide in (each.id for each in guides(families(library))):
            rooms = {"guide", "activities", "breakouts", "questions", "sources"}
            rooms |= {"questions/expected", "questions/ingredients"}
            rooms |= {f"{guide}/day-{day}" for day in DAYS} | {f"{guide}/reminders.json"}
            rooms.add(f"{guide}/print")
            rooms |= {f"activities/{each.id}" for each in library.protocols[0].activities}
            assert set(sets[f"{guide}/{language}"]) == {f"/{language}/{path}" for path in rooms}


def test_every_page_is_kept_somewhere(client: FlaskClient, site: Site, library: Library) -> None:
    every = Counter(address for addresses in kept(client).values() for address in addresses)
    # Once, or with every guide that shares it.
    times = {1, len(guides(families(library)))}
    lost = where(site, lambda v: every[v.address] not in times)
    assert lost == [f"/{each}/microneedling/draft/review" for each in BOTH_LANGUAGES]


def test_help_is_kept_in_both_languages_before_anything_else(client: FlaskClient) -> None:
    shell = kept(client)["shell"]
    for language in BOTH_LANGUAGES:
        wanted = {f"/{language}/{path}" for path in ("today", "start", "get-help", "offline")}
        assert wanted <= set(shell)


def test_what_a_kept_page_needs_to_show_itself_is_kept(client: FlaskClient, site: Site) -> None:
    sets = kept(client)
    needed = {
        attrs[name]
        for visit in site.values()
        for tag, attrs in visit.seen.elements
        for name in ("href", "src")
        if (tag == "link" and attrs.get("rel") in {"stylesheet", "icon", "manifest"})
        or tag in {"script", "img"}
        if name in attrs
    }
    assert needed - set(sets["shell"]) == set()


def test_no_link_of_a_kept_guide_leads_off_the_phone(
    client: FlaskClient, site: Site, library: Library
) -> None:
    sets = kept(client)
    for language in BOTH_LANGUAGES:
        for guide in (each.id for each in guides(families(library))):
            there = {*sets["shell"], *sets[f"{guide}/{language}"]}
            # Where one chooses, days of every guide are named; the script hides the others'.
            chosen_from = {f"/{language}/guide", f"/{language}/today"}
            others = {
                f"/{language}/{each.id}/" for each in guides(families(library)) if each.id != guide
            }
            lost = {
                f"{visit.address} → {path}"
                for visit in site.values()
                if visit.address in there
                for path, _ in internal_links(visit)
                if path.startswith(f"/{language}/") and path not in there
                if not (visit.address in chosen_from and path.startswith(tuple(others)))
            }
            assert lost == set()


# --- health --------------------------------------------------------------------------------------


def test_health_is_told_in_the_words_of_the_contract(tmp_path: Path) -> None:
    client = create_app(Settings(data=tmp_path, sender="off")).test_client()
    answer = client.get("/healthz")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert set(answer.get_json()) == {"status", "release", "sender"}
    assert (answer.get_json()["status"], answer.get_json()["sender"]) == ("ok", None)
    assert "no-store" in answer.headers["Cache-Control"]


def test_the_words_for_scripts_are_in_the_pages_language(site: Site) -> None:
    for visit in site.values():
        found = re.search(
            r'<script[^>]* id="words"[^>]*>(.*?)</script>', visit.answer.text, re.DOTALL
        )
        assert found, visit.address
        words = json.loads(found[1])
        assert words["tomorrow"] == catalogue(visit.language).gettext("tomorrow")


# --- what a phone may ring for -------------------------------------------------------------------


def reminders(client: FlaskClient, language: str) -> dict[str, Any]:
    answer = client.get(f"/{language}/{GUIDE}/reminders.json")
    return dict(answer.get_json())


@pytest.mark.parametrize("language", BOTH_LANGUAGES)
def test_reminders_are_answered_as_pages_are(language: str, client: FlaskClient) -> None:
    address = f"/{language}/{GUIDE}/reminders.json"
    answer = client.get(address)
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers
    again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    small = client.get(address, headers={"Accept-Encoding": "br"})
    assert (small.headers["Content-Encoding"], small.mimetype) == ("br", "application/json")
    assert brotli.decompress(small.data) == answer.data


def test_reminders_are_of_the_release_of_the_pages(client: FlaskClient) -> None:
    release = client.get("/healthz").get_json()["release"]
    assert {reminders(client, each)["release"] for each in BOTH_LANGUAGES} == {release}


def test_no_search_engine_is_led_to_the_reminders(client: FlaskClient) -> None:
    assert "reminders.json" not in client.get("/sitemap.xml").text


def test_both_languages_ring_for_the_same(client: FlaskClient) -> None:
    def without_words(node: Any) -> Any:
        if isinstance(node, list):
            return [without_words(each) for each in node]
        if isinstance(node, dict):
            spoken = {"name", "hint", "words"}
            return {key: without_words(each) for key, each in node.items() if key not in spoken}
        return node

    english, french = (reminders(client, each) for each in BOTH_LANGUAGES)
    assert without_words(english) == without_words(french)
    for one, other in zip(english["reminders"], french["reminders"], strict=True):
        assert one["words"] != other["words"]


def test_a_phone_reads_when_each_reminder_rings(client: FlaskClient) -> None:
    found = {each["id"]: each for each in reminders(client, "en")["reminders"]}
    for each in found.values():
        assert len({"opens", "hours", "days"} & set(each)) == 1
        assert ("at" in each) == ("days" in each)
        assert {"id", "kind", "importance", "lasts", "page", "words"} <= set(each)
        assert set(each) <= {
            "once",
            "id", "kind", "importance", "lasts", "page", "words", "opens", "hours", "days", "at", "after",
        }  # fmt: skip
    assert found["moisturizer-and-sunscreen"]["opens"] == {
        "moisturizer": 24,
        "mineral-sunscreen": 24,
    }
    assert found["hands-off"]["hours"] == 1
    assert (found["look-day-3"]["days"], found["look-day-3"]["at"]) == ([3], "10:00")
    assert found["moisturizer-morning"]["after"] == {"moisturizer": 24}


def test_eight_reminders_are_essential(client: FlaskClient) -> None:
    found = reminders(client, "fr")
    assert found["kinds"][0]["id"] == "essential"
    assert sum(each["kind"] == "essential" for each in found["reminders"]) == 8


def test_the_waits_of_reminders_are_the_variants_own(library: Library) -> None:
    rinse = [
        next(each for each in listed(Guide(library.protocols[0], variant)) if each["id"] == "rinse")
        for variant in ("home", "standard", "prp", "unknown")
    ]
    assert [each["opens"]["rinse"] for each in rinse] == [4, 6, 24, 24]


def test_who_does_not_know_is_rung_after_the_longest_waits(library: Library) -> None:
    found = {each["id"]: each for each in listed(Guide(library.protocols[0], "unknown"))}
    opens = [found[name]["opens"] for name in ("makeup", "exercise", "actives")]
    assert opens == [{"makeup": 72}, {"exercise": 96}, {"retinoids": 336, "acids": 336}]
    assert found["moisturizer-morning"]["after"] == {"moisturizer": 24}


def test_no_answer_costs_a_reminder(library: Library) -> None:
    protocol = library.protocols[0]
    for variant in protocol.days:
        told = [each["id"] for each in listed(Guide(protocol, variant))]
        assert told == [each.id for each in protocol.reminders]


def listed(guide: Guide) -> list[Any]:
    found = reminders_of(guide, "en")["reminders"]
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("key", ["opens", "after"])
def test_a_reminder_of_what_has_no_hour_is_left_out(key: str, library: Library) -> None:
    guide = guides(families(library))[0]
    first = guide.protocol.reminders[0]
    # Ice opens by the hour, except after PRP, where the clinic is asked.
    spoiled = first.model_copy(update={key: ("ice",)})
    protocol = guide.protocol.model_copy(update={"reminders": (spoiled,)})
    assert [each["id"] for each in listed(Guide(protocol, "standard"))] == ["rinse"]
    assert listed(Guide(protocol, "prp")) == []
    assert listed(Guide(protocol, "unknown")) == []
