"""From the plan to the lock screen and back: a person, a real Firefox, the real app, a real push."""

import json
import sqlite3
import time
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Server

from .autopush import Autopush
from .bidi import patiently
from .browser import Firefox

READY = "() => 'ready' in document.querySelector('main').dataset"
STATE = "() => document.querySelector('main').dataset.reminders"
RINSE = "If skin is calm, you can rinse with lukewarm water. Pat dry."
DUE_IN = 8.0  # seconds

READ = """async (name) => {
  const opening = indexedDB.open("lendemain");
  await new Promise((resolve) => (opening.onsuccess = resolve));
  const asked = opening.result.transaction("record").objectStore("record").get(name);
  await new Promise((resolve) => (asked.onsuccess = resolve));
  opening.result.close();
  return asked.result ?? null;
}"""
WRITE = """async (name, value) => {
  const opening = indexedDB.open("lendemain");
  await new Promise((resolve) => (opening.onsuccess = resolve));
  const writing = opening.result.transaction("record", "readwrite");
  writing.objectStore("record").put(value, name);
  await new Promise((resolve) => (writing.oncomplete = resolve));
  opening.result.close();
}"""


class Person:
    """Someone with a Firefox, at the app."""

    def __init__(self, firefox: Firefox, app: Server) -> None:
        """Allow notifications, as a person does in the browser's own dialog."""
        self.firefox, self.app = firefox, app
        firefox.set_permission(app.url)

    def open(self, path: str) -> None:
        """Open a page and wait until its script has had its say."""
        self.firefox.open(f"{self.app.url}{path}")
        self.firefox.wait_for(READY)

    def begin(self) -> None:
        """Answer Start: a pen at a clinic, just now."""
        self.open("/en/start")
        self.firefox.click("[data-answer=standard]")
        self.firefox.click("[data-when=now]")
        self.firefox.wait_for("() => document.querySelector('main').dataset.page === 'today'")
        self.firefox.wait_for(READY)

    def turn_on(self, look: str = "neutral") -> None:
        """Choose how it looks, turn notifications on, and wait until the first one is confirmed."""
        self.open("/en/reminders")
        self.firefox.wait_for(f"() => ({STATE})() === 'ready'")
        if look != "neutral":
            self.firefox.click(f".preview:has([value={look}])")
        self.firefox.click("[data-turn-on]")
        self.wait_for_state("on")

    def wait_for_state(self, state: str) -> None:
        """Wait until the screen says so."""
        try:
            self.firefox.wait_for(f"() => ({STATE})() === '{state}'", 20)
        except TimeoutError as error:
            message = f"the screen says {self.firefox.evaluate(STATE)!r}, not {state!r}"
            raise TimeoutError(message) from error

    def recall(self, name: str) -> Any:
        """Return an entry of the record."""
        return self.firefox.evaluate(READ, name)

    def make_it_due(self, seconds: float = DUE_IN) -> None:
        """Move the treatment, and the plan's few minutes, so that rinsing opens in some seconds."""
        due = time.time() + seconds
        quarter = due - due % 900
        treatment = self.recall("treatment")
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(quarter - 6 * 3600))
        self.firefox.evaluate(WRITE, "treatment", {**treatment, "at": f"{at}.000Z"})
        wanted = self.recall("reminders")
        none = {"from": "12:00", "to": "12:00"}
        moved = {**wanted, "offset": (due - quarter) / 60, "quiet": none}
        self.firefox.evaluate(WRITE, "reminders", moved)

    def told(self) -> dict[str, Any]:
        """Return all that the server says of this phone."""
        mine = self.recall("subscription")
        request = urllib.request.Request(f"{self.app.url}/api/subscriptions/{mine['id']}")
        request.add_header("Authorization", f"Bearer {mine['secret']}")
        with urllib.request.urlopen(request, timeout=10) as answer:
            found: dict[str, Any] = json.loads(answer.read())
        return found

    def outcome(self, slot: str) -> dict[str, Any]:
        """Return what the server says of one ring of the plan."""
        name = self.recall("reminders")["ids"][slot]
        found: dict[str, dict[str, Any]] = {each["id"]: each for each in self.told()["reminders"]}
        return found.get(name, {})


@pytest.fixture
def person(firefox: Firefox, app: Server) -> Person:
    """A person who has said what they had and when."""
    made = Person(firefox, app)
    made.begin()
    return made


OWN = {
    "subscription": "SELECT count(*) FROM subscription WHERE id = ?",
    "reminder": "SELECT count(*) FROM reminder WHERE subscription_id = ?",
}


def internal_id(app: Server, public: str) -> int:
    """Return the number by which the server's tables know a phone."""
    with looking_into(app) as database:
        asked = "SELECT id FROM subscription WHERE public_id = ?"
        return int(database.execute(asked, (public,)).fetchone()[0])


def rows(app: Server, phone: int) -> dict[str, int]:
    """Return how many rows of one phone each table has: those of others come and go."""
    with looking_into(app) as database:
        return {name: database.execute(ask, (phone,)).fetchone()[0] for name, ask in OWN.items()}


def looking_into(app: Server) -> closing[sqlite3.Connection]:
    """Open the server's database to read."""
    file = Path(app.environ["WEBAPP_DATA"]) / "lendemain.sqlite"
    return closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True))


def test_a_reminder_comes_with_the_plans_words_though_the_server_was_killed(
    person: Person, firefox: Firefox, app: Server
) -> None:
    person.turn_on(look="words")
    before = person.outcome("rinse")["at"]
    # Before it is due: on a slow machine it may ring before the server is killed.
    firefox.dismiss_notifications()
    person.make_it_due()
    person.open("/en/today")
    moved = "the server has the ring at its new time"
    patiently(lambda: person.outcome("rinse")["at"] != before, moved, 20)
    app.stop()
    app.start()
    firefox.wait_for_notification(RINSE, 30)
    firefox.click_notification(RINSE)
    firefox.take(f"{app.url}/en/activities/rinse")
    patiently(lambda: person.outcome("rinse").get("seen_at"), "the receipt marks it seen")
    assert person.outcome("rinse")["outcome"] == "accepted"


@pytest.mark.long
def test_a_browser_started_again_still_receives(person: Person, firefox: Firefox) -> None:
    person.turn_on()
    firefox.dismiss_notifications()
    firefox.restart()
    person.open("/en/reminders")
    person.wait_for_state("on")
    firefox.click("[data-ring-once]")
    firefox.wait_for_notification("Time for your aftercare", 20)


@pytest.mark.long
def test_an_address_that_changed_is_noticed_and_mended(person: Person, autopush: Autopush) -> None:
    person.turn_on()
    before = person.recall("subscription")
    autopush.forget_browsers()
    patiently(
        lambda: person.recall("subscription")["endpoint"] != before["endpoint"],
        "the worker has a new address", 20,
    )  # fmt: skip
    person.open("/en/reminders")
    person.wait_for_state("on")
    # The screen may know it from before: what counts is that the server does.
    patiently(lambda: person.told()["confirmed"], "the new address is confirmed", 20)


@pytest.mark.long
def test_a_push_that_is_answered_410_is_mended_at_the_next_opening(
    person: Person, firefox: Firefox, autopush: Autopush
) -> None:
    person.turn_on()
    before = person.recall("subscription")
    autopush.channel(before["endpoint"]).gone = True
    firefox.click("[data-ring-once]")

    def forgotten() -> bool:
        try:
            person.told()
        except urllib.error.HTTPError as error:
            return error.code == 404
        return False

    patiently(forgotten, "the server has believed it", 20)
    person.open("/en/reminders")
    # Between the old row and the new one there is none.
    patiently(
        lambda: (person.recall("subscription") or before).get("id") not in {None, before["id"]},
        "a new row", 20,
    )  # fmt: skip


@pytest.mark.long
def test_stopping_leaves_nothing_on_either_side(
    person: Person, firefox: Firefox, app: Server
) -> None:
    person.turn_on()
    phone = internal_id(app, person.recall("subscription")["id"])
    assert min(rows(app, phone).values()) > 0
    firefox.click("[data-stop]")
    person.wait_for_state("ready")
    assert person.recall("subscription") is None
    assert person.recall("shown") is None
    here = "async () => (await (await navigator.serviceWorker.ready).pushManager.getSubscription()) === null"
    assert firefox.evaluate(here)
    assert rows(app, phone) == dict.fromkeys(OWN, 0)


@pytest.mark.long
def test_permission_taken_back_is_said(person: Person, firefox: Firefox, app: Server) -> None:
    person.turn_on()
    firefox.set_permission(app.url, "notifications", "denied")
    person.open("/en/reminders")
    person.wait_for_state("blocked")
    said = "() => document.querySelector('[data-status]').innerText"
    assert "Notifications are blocked" in firefox.evaluate(said)
