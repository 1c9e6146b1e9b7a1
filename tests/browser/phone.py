"""A phone in a person's hand, and the steps that the tests share."""

import html
import json
import re
import time
import urllib.request
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import (
    BrowserContext,
    CDPSession,
    ConsoleMessage,
    Page,
    Request,
    Response,
    Route,
    expect,
)

LANGUAGES = ("en", "fr")
# What is the same in both is tried in one every day, in the other with the long ones.
DAILY_ENGLISH = pytest.mark.parametrize(
    "language", ["en", pytest.param("fr", marks=pytest.mark.long)]
)
DAILY_FRENCH = pytest.mark.parametrize(
    "language", ["fr", pytest.param("en", marks=pytest.mark.long)]
)
MONTREAL = ZoneInfo("America/Toronto")
# A Tuesday morning far from any clock change.
TREATED = datetime(2026, 11, 24, 10, 30, tzinfo=MONTREAL)
GUIDE = "microneedling/draft/standard"
STAGES = ("0", "1", "2", "3", "4", "5", "6", "7", "8-14", "15-42")

OpenPhone = Callable[..., BrowserContext]
Sets = Mapping[str, list[str]]
Found = TypeVar("Found")

WHOLE = """async ([set, addresses]) => {
  for (const name of await caches.keys()) {
    if (!name.endsWith(` ${set}`)) continue;
    const cache = await caches.open(name);
    // The mark of a whole set comes last, beside its addresses.
    if ((await cache.keys()).length <= addresses.length) continue;
    const found = await Promise.all(addresses.map((each) => cache.match(each)));
    if (found.every(Boolean)) return true;
  }
  return false;
}"""

# Playwright's own waiting costs several times as much on every page.
READY = """() => new Promise((resolve, reject) => {
  const main = document.querySelector("main");
  const look = () => "ready" in main.dataset && resolve();
  new MutationObserver(look).observe(main, { attributes: true });
  setTimeout(() => reject(new Error("the page's script did not finish")), 30_000);
  look();
})"""

RECORD = """async () => {
  // Opening a database that is not there would make an empty one.
  if (!(await indexedDB.databases()).some(({ name }) => name === "lendemain")) return {};
  const opening = indexedDB.open("lendemain");
  await new Promise((resolve) => (opening.onsuccess = resolve));
  const stores = [...opening.result.objectStoreNames];
  const entries = {};
  for (const store of stores) {
    const cursor = opening.result.transaction(store).objectStore(store).openCursor();
    await new Promise((resolve) => {
      cursor.onsuccess = () => {
        if (!cursor.result) return resolve();
        entries[cursor.result.key] = cursor.result.value;
        cursor.result.continue();
      };
    });
  }
  opening.result.close();
  return entries;
}"""


def later(days: int, hour: int = 15, minute: int = 0) -> datetime:
    """Return a time of day in Montréal, so many calendar days after the treatment's."""
    date = TREATED.date() + timedelta(days=days)
    return datetime(date.year, date.month, date.day, hour, minute, tzinfo=MONTREAL)


def stage_of(day: int) -> str:
    """Return the day page that holds a day."""
    return str(day) if day < 8 else "8-14" if day < 15 else "15-42"


def day_path(language: str, stage: str) -> str:
    """Return the path of a day's page."""
    return f"/{language}/{GUIDE}/day-{stage}"


def until(
    found: Callable[[], Found], what: str, patience: float = 30, pause: float = 0.03
) -> Found:
    """Return the first true value of ``found``, looked for every ``pause`` seconds.

    :raises TimeoutError: after ``patience`` seconds, naming ``what`` was waited for
    """
    deadline = time.monotonic() + patience
    while not (value := found()):
        if time.monotonic() > deadline:
            message = f"waited {patience:g} s in vain: {what}"
            raise TimeoutError(message)
        time.sleep(pause)
    return value


def read(url: str) -> str:
    """Return what the server answers, as text."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())


def kept_sets(url: str) -> Sets:
    """Return the addresses of every kept set, as the worker at ``url`` lists them."""
    script = read(f"{url}/sw.js")
    sets: Sets = json.JSONDecoder().raw_decode(script[script.index("SETS=") + 5 :])[0]
    return sets


def pages_of(addresses: list[str]) -> list[str]:
    """Return the addresses that are pages."""
    return [each for each in addresses if "." not in each]


def every_page(url: str) -> list[str]:
    """Return the address of every page in both languages."""
    every = [each for addresses in kept_sets(url).values() for each in addresses]
    # Guides share pages, and each keeps them.
    return pages_of(list(dict.fromkeys(every)))


def heading(text: str) -> str:
    """Return the words of the first heading of a page's HTML, as they are seen without a script."""
    found = re.search(r"<h1[^>]*>(.*?)</h1>", text, re.DOTALL)
    assert found, "a page without a heading"
    seen = re.sub(r"<span[^>]* hidden>.*?</span>", "", found[1], flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", seen)).split())


def release(text: str) -> str:
    """Return the release that a page's HTML names."""
    found = re.search(r'<meta name="release" content="([^"]+)"', text)
    assert found, "a page without its release"
    return found[1]


FORGET = """async () => {
  sessionStorage.clear();
  localStorage.clear();
  for (const { name } of await indexedDB.databases()) {
    await new Promise((resolve) => (indexedDB.deleteDatabase(name).onsuccess = resolve));
  }
}"""


class Phone:
    """A phone with one window open; its clock can be set."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        """Take a context in hand; whatever its pages do wrong is gathered from now on."""
        self.context, self.url = context, url
        self.page: Page = context.pages[0] if context.pages else context.new_page()
        self.faults: list[str] = []
        self._travels: CDPSession | None = None
        context.on("weberror", lambda error: self._note(str(error.error)))
        context.on("console", self._hear)
        context.on("request", self._see)

    def _hear(self, said: ConsoleMessage) -> None:
        # What a network does wrong is told there too; tests make it do that.
        if said.type == "error" and not said.text.startswith("Failed to load resource"):
            self._note(f"console: {said.text}")

    def _see(self, request: Request) -> None:
        if not request.url.startswith((f"{self.url}/", "data:", "blob:", "about:")):
            self._note(f"a request to somebody else: {request.url}")

    def _note(self, fault: str) -> None:
        # Chromium reports a page that is left before its transition as if a script had failed.
        if "ViewTransition" not in fault:
            self.faults.append(fault)

    def set_clock(self, moment: datetime) -> None:
        """Stop the pages' clock at a moment; timers go on."""
        self.context.clock.set_fixed_time(moment)

    def travel(self, zone: str) -> None:
        """Set the time zone of the phone's window; its context must have none of its own."""
        if not self._travels:
            self._travels = self.context.new_cdp_session(self.page)
        self._travels.send("Emulation.setTimezoneOverride", {"timezoneId": zone})

    def forget(self) -> None:
        """Have nothing entered, as when new; the window stays, on a page without scripts."""
        self.page.goto(f"{self.url}/healthz")
        self.page.evaluate(FORGET)

    def open(self, path: str) -> Response:
        """Open an address and return its answer once the page's script has had its say."""
        answer = self.page.goto(f"{self.url}{path}")
        self.ready()
        assert answer
        return answer

    def hold(self, addresses: str) -> list[Route]:
        """Hold back what is asked for at some addresses, and return it as it comes."""
        held: list[Route] = []

        def hold(route: Route) -> None:
            held.append(route)

        self.context.route(addresses, hold)
        return held

    def comes(self, held: list[Route], what: str) -> None:
        """Wait until something is held back."""
        # Playwright tells of it only while it is asked for something.
        until(lambda: self.page.evaluate("0") == 0 and held, what)

    def ready(self) -> None:
        """Wait until the page's script has had its say."""
        self.page.evaluate(READY)

    def begin(self, language: str = "en", when: str = "now", answer: str = "standard") -> None:
        """Answer the two questions of Start, and wait for Today."""
        self.open(f"/{language}/start")
        self.page.click(f"[data-answer={answer}]")
        self.page.click(f"[data-when={when}]")
        # On an iPhone the address carries the plan a moment later.
        self.page.wait_for_url(re.compile(rf"/{language}/today(?:\?.*)?$"))
        self.ready()

    def begin_at(self, moment: datetime = TREATED, language: str = "en") -> None:
        """Begin a treatment that ended just now, at a moment of the phone's clock."""
        self.set_clock(moment)
        self.begin(language)

    def delete_everything(self) -> None:
        """Do so on Settings, which is open, and wait until it is said to be done."""
        self.page.click("[data-delete]")
        self.page.click("dialog button[value=delete]")
        expect(self.page.locator("[data-deleted]")).to_be_visible()

    def today(self, language: str = "en") -> dict[str, str]:
        """Open Today and return what its main element says of itself."""
        self.open(f"/{language}/today")
        return self.state()

    def state(self) -> dict[str, str]:
        """Return what the page's main element says of itself."""
        said: dict[str, str] = self.page.evaluate(
            "() => ({ ...document.querySelector('main').dataset })"
        )
        return said

    def heading(self) -> str:
        """Return the words of the one heading that is seen."""
        return " ".join(self.page.locator("h1:visible").inner_text().split())

    def focused_heading(self) -> str:
        """Return the words of what has the keyboard's focus."""
        return str(self.page.evaluate("() => document.activeElement.innerText"))

    def waits(self) -> dict[str, dict[str, str]]:
        """Return what each activity's row on this page says of itself, by the activity."""
        rows: list[dict[str, str]] = self.page.evaluate(
            "() => [...document.querySelectorAll('[data-activity]')].map((row) => ({"
            " ...row.dataset, text: row.querySelector('[data-time]')?.innerText ?? '' }))"
        )
        return {row["activity"]: row for row in rows}

    def record(self) -> dict[str, Any]:
        """Return every entry that this phone has on disk."""
        entries: dict[str, Any] = self.page.evaluate(RECORD)
        return entries

    def caches(self) -> list[str]:
        """Return the names of the caches on this phone."""
        names: list[str] = self.page.evaluate("() => caches.keys()")
        return names

    def keeps(self, name: str, addresses: list[str]) -> bool:
        """Say whether a set is whole on this phone."""
        return bool(self.page.evaluate(WHOLE, [name, addresses]))

    def wait_until_kept(self, name: str, sets: Sets) -> None:
        """Wait until a set is whole on this phone."""
        # To look for a hundred pages costs as much as to keep some.
        until(lambda: self.keeps(name, sets[name]), f"the set {name} is kept whole", 30, pause=0.15)
