"""The guide in WebKit: kept, opened with the server dead and the browser closed, honest about reminders."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.phone import (
    GUIDE,
    LANGUAGES,
    READY,
    WHOLE,
    Sets,
    heading,
    kept_sets,
    pages_of,
    read,
    stage_of,
    until,
)
from tests.conftest import Server

from .browser import WebKit, is_there, screen

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not is_there(), reason="no WebKit: see `set_up_long_tests` in dev.py"),
]
OTHER = {"en": "fr", "fr": "en"}
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1"
)
SEEN = """() => {
  const shown = ({ offsetWidth }) => offsetWidth > 0;
  const wide = document.documentElement;
  return {
    heading: [...document.querySelectorAll("main h1")].find(shown)?.innerText.replace(/\\s+/g, " ").trim(),
    rules: [...document.styleSheets].reduce((sum, { cssRules }) => sum + cssRules.length, 0),
    language: wide.lang,
    sideways: wide.scrollWidth > wide.clientWidth,
    ...document.querySelector("main").dataset,
  };
}"""
STATES = """() => [...document.querySelectorAll("[data-status] [data-when]")]
  .filter(({ offsetWidth }) => offsetWidth > 0).map(({ dataset }) => dataset.when)"""


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """A screen that nobody sees."""
    with screen() as name:
        yield name


def look(browser: WebKit, url: str) -> dict[str, Any]:
    """Open an address, wait until its script has had its say, and return what is seen."""
    browser.open(url)
    browser.evaluate(READY)
    seen: dict[str, Any] = browser.evaluate(SEEN)
    return seen


def begin(browser: WebKit, url: str, language: str) -> None:
    """Answer the two questions of Start: just now."""
    look(browser, f"{url}/{language}/start")
    browser.click("[data-answer=standard]")
    browser.click("[data-when=now]")
    # On an iPhone the address then carries the plan; a page that is being left answers nothing.
    ready = "() => 'ready' in (document.querySelector('main[data-page=today]')?.dataset ?? {})"
    until(lambda: browser.evaluate(ready), "Today is there", pause=0.25)
    assert browser.url.partition("?")[0] == f"{url}/{language}/today"


def keep(browser: WebKit, set_: str, sets: Sets) -> None:
    """Wait until a set is whole in this browser."""
    until(lambda: browser.evaluate(WHOLE, [set_, sets[set_]]), f"the set {set_} is kept whole", 60)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_whole_guide_opens_in_webkit_when_the_server_is_dead_and_it_was_closed(
    language: str, display: str, own_server: Server, tmp_path: Path
) -> None:
    url, sets = own_server.url, kept_sets(own_server.url)
    guide = f"{GUIDE}/{language}"
    with WebKit(display, tmp_path, f"{language}-CA") as browser:
        begin(browser, url, language)
        keep(browser, guide, sets)
    every = pages_of([*sets["shell"], *sets[guide]])
    headings = {each: heading(read(url + each)) for each in every}
    own = [each for each in every if each.startswith(f"/{language}/")]
    assert len(own) > 60
    own_server.stop()
    with WebKit(display, tmp_path, f"{language}-CA") as browser:
        said = look(browser, f"{url}/{language}/today")
        assert (
            browser.evaluate("() => fetch('/healthz').then(() => 'answered', () => 'dead')")
            == "dead"
        )
        assert (said["state"], said["day"]) in {("day", "0"), ("day", "1")}
        headings[f"/{language}/today"] = headings[
            f"/{language}/{GUIDE}/day-{stage_of(int(said['day']))}"
        ]
        wrong = {}
        for address in own:
            seen = look(browser, url + address)
            shown = (seen["heading"], seen["language"], seen["sideways"], seen["rules"] > 50)
            if shown != (headings[address], language, False, True):
                wrong[address] = shown
        assert wrong == {}
        look(browser, f"{url}/{language}/activities")
        assert (
            browser.evaluate("() => document.querySelectorAll('[data-activity][data-from]').length")
            >= 20
        )
        other = OTHER[language]
        assert look(browser, f"{url}/{other}/guide")["heading"] == headings[f"/{other}/offline"]
        helped = look(browser, f"{url}/{other}/get-help")
        assert (helped["heading"], helped["language"]) == (headings[f"/{other}/get-help"], other)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("agent", ["", IPHONE], ids=["webkit", "iphone"])
def test_where_no_push_arrives_the_reminders_say_so_and_offer_the_calendar(
    agent: str, language: str, display: str, server: Server, tmp_path: Path
) -> None:
    state = "ios-tab" if agent else "unsupported"
    with WebKit(display, tmp_path, f"{language}-CA", agent) as browser:
        begin(browser, server.url, language)
        keep(browser, "shell", kept_sets(server.url))
        assert not browser.evaluate("() => 'PushManager' in self")
        look(browser, f"{server.url}/{language}/reminders")
        until(lambda: browser.evaluate(STATES) == [state], f"the state {state} is told")
        offered = "(selector) => Boolean(document.querySelector(selector)?.offsetWidth)"
        assert not browser.evaluate(offered, "[data-turn-on]")
        assert browser.evaluate(offered, "[data-calendar] button:enabled")
        filled = "() => document.querySelector('[data-calendar]').reportValidity()"
        assert browser.evaluate(filled)


TYPED = {
    "clinic": {"name": "Clinique du Parc", "phone": "514 555 0123", "hours": "9-17"},
    "activities": {"what": "makeup"},
}
VALUES = """() => Object.fromEntries([...document.querySelectorAll("main input[autocomplete=off]")]
  .filter(({ offsetWidth }) => offsetWidth > 0).map(({ id, name, value }) => [id || name, value]))"""


@pytest.mark.parametrize("page", TYPED)
def test_what_stands_in_a_field_is_still_there_when_the_page_is_gone_back_to(
    page: str, display: str, server: Server, tmp_path: Path
) -> None:
    with WebKit(display, tmp_path) as browser:
        look(browser, f"{server.url}/en/{page}")
        for name, text in TYPED[page].items():
            browser.type(f"main :is([name={name}], #{name})", text)
        assert browser.evaluate(VALUES) == TYPED[page]
        browser.evaluate("() => { self.stayed = true; location.assign('/en/get-help'); }")
        until(lambda: browser.url.endswith("/get-help"), "another page is there", pause=0.25)
        browser.evaluate(READY)
        browser.go_back()
        until(lambda: browser.url.endswith(page), "the page is there again", pause=0.25)
        # Kept as it stood, not loaded anew; what WebKit does with its fields comes a moment later.
        assert browser.evaluate("() => new Promise((done) => setTimeout(done, 300, self.stayed))")
        assert browser.evaluate(VALUES) == TYPED[page]


def test_twice_the_text_on_the_narrowest_phone_has_room_in_webkit(
    display: str, server: Server, tmp_path: Path
) -> None:
    larger = "() => { document.documentElement.style.fontSize = '200%'; return innerWidth; }"
    peeps = "() => document.querySelector('.skip').getBoundingClientRect().bottom > 0"
    wrong = []
    with WebKit(display, tmp_path) as browser:
        browser.resize(320)
        for language in LANGUAGES:
            for page in ("today", "activities", "questions/expected", "clinic", "get-help"):
                look(browser, f"{server.url}/{language}/{page}")
                assert browser.evaluate(larger) == 320
                if browser.evaluate(SEEN)["sideways"] or browser.evaluate(peeps):
                    wrong.append((language, page))
    assert wrong == []
