"""Every push shows exactly one notification, whatever it carries; the worker as Chromium runs it."""

import json
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, CDPSession, Worker

from .phone import Phone, until

if TYPE_CHECKING:
    from tests.conftest import Server

NEUTRAL = {"en": "Time for your aftercare", "fr": "C’est l’heure de vos soins"}
RECEIPT = "r" * 43

# Counts what is shown, beside showing it: two with one tag would look like one.
COUNTED = """() => {
  self.shown = [];
  const show = registration.showNotification.bind(registration);
  registration.showNotification = (title, options) => {
    self.shown.push({ title, ...options });
    return (self.showing = show(title, options));
  };
}"""
# What is shown once something is, and a moment later, so that a second one is not missed.
SHOWN = """async () => {
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  for (let left = 2000; left && !self.shown.length; left -= 1) await pause(5);
  // Chromium forgets a notification that somebody looks for before it is on the screen.
  await self.showing?.catch(() => {});
  await pause(10);
  return self.shown;
}"""
TAP = """const tap = async (tag) => {
  const [notification] = await registration.getNotifications({ tag });
  dispatchEvent(new NotificationEvent("notificationclick", { notification }));
};"""
STANDING = """async (tag) => (await registration.getNotifications({ tag })).map(
  ({ title, body, lang, tag, silent, data }) => ({ title, body, lang, tag, silent, data }))"""


def push(name: object = "evening", language: object = "en", **changed: object) -> dict[str, Any]:
    """Return a push as the server words it."""
    notification = {
        "title": "Time for your aftercare",
        "lang": language,
        "dir": "ltr",
        "tag": name,
        "navigate": f"http://127.0.0.1/{language}/today#r={RECEIPT}",
        "mutable": True,
        "data": {"id": name, "receipt": RECEIPT},
    }
    return {"web_push": 8030, "mutable": True, "notification": {**notification, **changed}}


ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, "", " ", "x", "é" * 300, "\u202e", "\x00", "<b>bold</b>", "💧" * 50,
    [], [1], [None], {}, {"a": 1}, {"id": "x"}, {"toString": 1}, {"__proto__": None}, "javascript:0",
    "https://evil.example/", "//evil.example", "data:text/html,x", "/en/today", "a" * 3000,
)  # fmt: skip
TEXTS = (
    "", " ", "\n", "x", "null", "true", "0", "[]", "{}", '""', "{", "}", '{"a"', "undefined", "NaN",
    '{"notification":null}', '{"notification":[]}', '{"notification":"x"}', '{"notification":{}}',
    '{"notification":{"data":null}}', '{"notification":{"data":[]}}', '{"web_push":8030}',
    '{"web_push":1,"notification":{"title":"x"}}', "<html></html>", "\ufeff{}", "a" * 4000,
    '{"notification":' * 50, "[" * 500, '{"notification":{"title":1e999}}', "\\u0000", "é", "💧",
)  # fmt: skip
FIELDS = ("title", "lang", "tag", "navigate", "data")


def variants() -> list[str]:
    """Return what a push may carry: what the server sends, and what it never would."""
    whole = [
        push(name, language) for name in ("a", "welcome", "test", "x" * 32) for language in NEUTRAL
    ]
    whole += [push(**{field: odd}) for field in FIELDS for odd in ODD]
    whole += [push(data={"id": odd, "receipt": RECEIPT}) for odd in ODD]
    whole += [push(data={"id": "evening", "receipt": odd}) for odd in ODD]
    return [*TEXTS, *(json.dumps(each) for each in whole)]


class Bell:
    """A phone whose worker is rung by DevTools."""

    def __init__(self, phone: Phone) -> None:
        """Open the app, and wait for its worker."""
        self.phone = phone
        phone.context.grant_permissions(["notifications"], origin=phone.url)
        self.devtools: CDPSession = phone.context.new_cdp_session(phone.page)
        self.registration = ""
        self.devtools.on("ServiceWorker.workerRegistrationUpdated", self._note)
        self.devtools.send("ServiceWorker.enable")
        phone.begin()
        active = "navigator.serviceWorker.ready.then(({active}) => active.state)"
        until(lambda: phone.page.evaluate(active) == "activated", "the worker")
        until(lambda: self.registration, "its registration")
        self.worker: Worker = phone.context.service_workers[0]
        self.worker.evaluate(COUNTED)

    def _note(self, told: dict[str, Any]) -> None:
        for each in told["registrations"]:
            if each["scopeURL"] == f"{self.phone.url}/":
                self.registration = each["registrationId"]

    def ring(self, text: str) -> list[dict[str, Any]]:
        """Deliver a push, and return every notification that was asked for."""
        self.worker.evaluate("self.shown.length = 0")
        self.devtools.send(
            "ServiceWorker.deliverPushMessage",
            {"origin": f"{self.phone.url}/", "registrationId": self.registration, "data": text},
        )
        shown = self.worker.evaluate(SHOWN)
        assert shown, f"no notification for {text[-160:]!r}"
        return list(shown)

    def standing(self, tag: str) -> list[dict[str, Any]]:
        """Return the notifications of a tag that are there to be seen."""
        return list(self.worker.evaluate(STANDING, tag))

    def stands(self, tag: str) -> list[dict[str, Any]]:
        """Wait until a notification of a tag is there to be seen."""
        return until(lambda: self.standing(tag), f"the notification {tag}")

    def record(self, name: str, value: object) -> None:
        """Put something into the record of the phone."""
        self.phone.page.evaluate(
            """async ([name, value]) => {
              const opening = indexedDB.open("lendemain");
              await new Promise((resolve) => (opening.onsuccess = resolve));
              const writing = opening.result.transaction("record", "readwrite");
              writing.objectStore("record").put(value, name);
              await new Promise((resolve) => (writing.oncomplete = resolve));
              opening.result.close();
            }""",
            [name, value],
        )


@pytest.fixture(scope="module")
def bell(whole_browser: Browser, server: "Server") -> Iterator[Bell]:
    """A phone for all of this file; each test rings under names of its own."""
    context = whole_browser.new_context(locale="en-CA", timezone_id="America/Toronto")
    phone = Phone(context, server.url)
    yield Bell(phone)
    context.close()
    assert phone.faults == []


def test_every_push_shows_exactly_one_notification(
    bell: Bell, request: pytest.FixtureRequest
) -> None:
    """Every other one every day, all of them with the long tests."""
    carried = variants()
    assert len(set(carried)) >= 200
    for text in carried if request.config.getoption("--long") else carried[::2]:
        asked = bell.ring(text)
        assert len(asked) == 1, text
        (shown,) = bell.stands(asked[0]["tag"])
        assert shown["title"].strip(), text
        assert shown["data"]["navigate"].startswith(f"{bell.phone.url}/"), text
        assert shown["lang"] in NEUTRAL, text


def test_what_a_push_leads_to_is_told_with_it(bell: Bell) -> None:
    (asked,) = bell.ring(json.dumps(push("lead")))
    assert asked["navigate"] == f"{bell.phone.url}/en/today#r={RECEIPT}"
    assert asked["tag"] == "lead"


def test_a_reminder_that_was_shown_before_is_silent(bell: Bell) -> None:
    silent = [bell.ring(json.dumps(push("again")))[0]["silent"] for _ in range(3)]
    assert silent == [False, True, True]


@pytest.mark.parametrize("name", ["welcome", "test"])
def test_what_was_asked_for_just_now_always_sounds(bell: Bell, name: str) -> None:
    for _ in range(2):
        (asked,) = bell.ring(json.dumps(push(name)))
        assert asked["renotify"] is True
        assert not asked.get("silent")


def test_words_are_shown_only_when_they_were_chosen(bell: Bell) -> None:
    ring = {
        "id": "worded", "slot": "rinse", "at": 0, "until": 0, "lasts": 4,
        "words": ["You can rinse", "And look once"], "page": "activities/rinse",
    }  # fmt: skip
    written = {"language": "fr", "zone": "America/Toronto", "rings": [ring], "later": []}
    bell.record("schedule", written)
    wanted = {"quiet": {"from": "00:00", "to": "00:00"}, "offset": 0, "pauses": []}
    bell.record("reminders", {"on": True, "look": "neutral", **wanted})
    (neutral,) = bell.ring(json.dumps(push("worded")))
    assert (neutral["title"], neutral["lang"], neutral["body"]) == (NEUTRAL["fr"], "fr", "")
    assert neutral["navigate"] == f"{bell.phone.url}/fr/activities/rinse#r={RECEIPT}"
    bell.record("reminders", {"on": True, "look": "words", **wanted})
    (worded,) = bell.ring(json.dumps(push("worded")))
    assert (worded["title"], worded["body"]) == ("You can rinse", "And look once")
    assert [each["title"] for each in worded["actions"]] == ["C’est fait", "Dans une heure"]
    bell.record("schedule", None)
    bell.record("reminders", None)


def test_a_receipt_that_cannot_be_told_waits_for_the_next_push(
    whole_browser: Browser, own_server: "Server"
) -> None:
    context = whole_browser.new_context(locale="en-CA")
    bell = Bell(Phone(context, own_server.url))
    waiting = "recall('shown').then((shown) => shown?.receipts ?? [])"
    own_server.stop()
    bell.ring(json.dumps(push("offline", data={"id": "offline", "receipt": "first"})))
    until(lambda: bell.worker.evaluate(waiting) == ["first"], "the receipt that waits")
    own_server.start()
    bell.ring(json.dumps(push("online", data={"id": "online", "receipt": "second"})))
    until(lambda: bell.worker.evaluate(waiting) == [], "both receipts told")
    context.close()


def test_a_phone_whose_storage_hangs_still_rings(bell: Bell) -> None:
    # A transaction that never ends holds up every later one on the same store.
    bell.phone.page.evaluate("""() => new Promise((resolve) => {
      const opening = indexedDB.open("lendemain");
      opening.onsuccess = () => {
        const store = opening.result.transaction("record", "readwrite").objectStore("record");
        const until = Date.now() + 6000;
        const hold = () => { if (Date.now() < until) store.get("x").onsuccess = hold; };
        hold();
        resolve();
      };
    })""")
    began = time.monotonic()
    (asked,) = bell.ring(json.dumps(push("hung")))
    assert asked["title"] == NEUTRAL["en"]
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("navigate", "opened"),
    [
        ("https://evil.example/", "/en/today"),
        ("//evil.example", "/en/today"),
        ("/en/guide", "/en/guide"),
    ],
)
def test_a_tap_opens_this_site_only(bell: Bell, navigate: str, opened: str) -> None:
    bell.ring(json.dumps(push("tapped", navigate=navigate)))
    # Only a person's own click may focus a window: without one it comes down to opening one.
    address = bell.worker.evaluate(f"""() => new Promise((resolve, reject) => {{
      {TAP}
      setTimeout(reject, 5000, new Error("nothing was opened"));
      clients.openWindow = resolve;
      tap("tapped").catch(reject);
    }})""")
    assert address == f"{bell.phone.url}{opened}#r={RECEIPT}"


def test_a_tap_goes_to_the_window_that_shows_the_page_already(bell: Bell) -> None:
    bell.phone.open("/en/guide")
    bell.ring(json.dumps(push("open", navigate="/en/guide")))
    focused = bell.worker.evaluate(f"""() => new Promise((resolve, reject) => {{
      {TAP}
      setTimeout(reject, 5000, new Error("nothing was focused"));
      WindowClient.prototype.focus = function () {{ resolve(this.url); }};
      tap("open").catch(reject);
    }})""")
    assert focused == f"{bell.phone.url}/en/guide"
