"""A phone whose browser takes its push addresses from the tests' push service; the rest is real.

Chromium asks its maker for an address, which a test must not do: `subscribe` and its kin are the
tests' own, in pages and in the worker alike, and strict where browsers are.
"""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, CDPSession, Page, Request, Worker, expect

from tests.conftest import Server
from tests.push.service import Phone as Address
from tests.push.service import PushService
from tests.reminders.site import Site

from .conftest import PHONE
from .phone import GUIDE, MONTREAL, Phone, read, until

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ADDRESSES = 80

# The browser's own state, shared by its pages and its worker: which address it has, with which key.
BROWSER = """(minted) => {
  const opened = () => new Promise((resolve) => {
    const opening = indexedDB.open("the browser itself");
    opening.onupgradeneeded = () => opening.result.createObjectStore("push");
    opening.onsuccess = () => resolve(opening.result);
  });
  const change = async (alter) => {
    const database = await opened();
    const writing = database.transaction("push", "readwrite");
    const store = writing.objectStore("push");
    let after;
    store.get("state").onsuccess = ({ target }) => {
      after = alter(target.result ?? { at: null, key: null, next: 0, asked: 0 });
      store.put(after, "state");
    };
    await new Promise((resolve) => (writing.oncomplete = resolve));
    database.close();
    return after;
  };
  const bytes = (text) => Uint8Array.from(
    atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0)).buffer;
  const given = ({ at, key }) => at === null ? null : {
    endpoint: minted[at].endpoint,
    expirationTime: null,
    options: { userVisibleOnly: true, applicationServerKey: bytes(key) },
    toJSON: () => minted[at],
    unsubscribe: async () => {
      await change((state) => ({ ...state, at: null, key: null }));
      return true;
    },
  };
  self.browserItself = change;
  PushManager.prototype.getSubscription = async () => given(await change((state) => state));
  PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey: key }) => {
    await change((state) => ({ ...state, asked: state.asked + 1 }));
    const { active } = self.registration ?? (await navigator.serviceWorker.getRegistration());
    if (!active) throw new DOMException("no active worker", "AbortError");
    if (Notification.permission !== "granted") throw new DOMException("", "NotAllowedError");
    if (!userVisibleOnly || typeof key !== "string") throw new DOMException("", "NotAllowedError");
    const state = await change((before) => before.at === null
      ? { ...before, at: before.next, key, next: before.next + 1 } : before);
    if (state.key !== key) throw new DOMException("another key", "InvalidStateError");
    return given(state);
  };
}"""
# The prompt belongs to the browser and no test can tap it: the tests answer it.
PROMPT = """() => {
  if (!("Notification" in self) || !self.answerThePrompt) return;
  Notification.requestPermission = async () => {
    await self.answerThePrompt();
    return Notification.permission;
  };
}"""
FORGET = """async () => {
  sessionStorage.clear();
  await new Promise((resolve) => (indexedDB.deleteDatabase("lendemain").onsuccess = resolve));
  await browserItself((state) => ({ ...state, at: null, key: null, asked: 0 }));
}"""
PUT_IN = """async ([name, value]) => {
  const opening = indexedDB.open("lendemain", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("record");
  await new Promise((resolve) => (opening.onsuccess = resolve));
  const writing = opening.result.transaction("record", "readwrite");
  writing.objectStore("record").put(value, name);
  await new Promise((resolve) => (writing.oncomplete = resolve));
  opening.result.close();
}"""
# Chromium forgets a notification that somebody looks for before it is on the screen: this notes when it is.
STANDS = """(tag) => {
  self.onScreen?.delete(tag);
  if (self.onScreen) return;
  self.onScreen = new Set();
  const show = registration.showNotification.bind(registration);
  registration.showNotification = async (title, options) => {
    await show(title, options);
    self.onScreen.add(options.tag);
  };
}"""
TAPPED = """([tag, action]) => registration.getNotifications({ tag }).then(([notification]) =>
  dispatchEvent(new NotificationEvent("notificationclick", { notification, action })))"""


def next_morning() -> datetime:
    """Return a Tuesday, 10:30 in Montréal, still ahead: a server refuses what is long past."""
    now = datetime.now(MONTREAL) + HOUR
    morning = now.replace(hour=10, minute=30, second=0, microsecond=0)
    morning += (1 - morning.weekday()) % 7 * DAY
    return morning if morning > now else morning + 7 * DAY


MORNING = next_morning()


@dataclass(frozen=True)
class Call:
    """A call of the API that the phone made."""

    method: str
    path: str
    body: Any
    by_worker: bool


@dataclass(frozen=True)
class Ring:
    """A ring as the server has it."""

    id: str
    at: datetime
    until: datetime


class Owner(Phone):
    """A phone that can ring, in the hand of somebody who answers its prompts."""

    def __init__(self, browser: Browser, server: Server, site: Site) -> None:
        """Take a phone in hand whose worker is not there yet."""
        options: dict[str, Any] = {**PHONE, "reduced_motion": "reduce"}
        del options["timezone_id"]  # set by DevTools, so that one phone can travel
        context = browser.new_context(**options)
        self.server, self.site = server, site
        self.addresses = [site.service.subscribe() for _ in range(ADDRESSES)]
        self.minted = json.dumps([each.json() for each in self.addresses])
        self.answer, self.prompted = "granted", 0
        self.calls: list[Call] = []
        context.expose_function("answerThePrompt", self._answer)
        context.add_init_script(f"({BROWSER})({self.minted}); ({PROMPT})();")
        super().__init__(context, server.url)
        self.browser_tools = browser.new_browser_cdp_session()
        self.registration, self.zone = "", "America/Toronto"
        self._take(self.page)
        info = self.devtools.send("Target.getTargetInfo")["targetInfo"]
        self.browser_context = info["browserContextId"]
        context.on("request", self._note_call)

    def _take(self, page: Page) -> None:
        self.page = page
        self.devtools: CDPSession = self.context.new_cdp_session(page)
        self.devtools.on("ServiceWorker.workerRegistrationUpdated", self._note_worker)
        self.devtools.send("ServiceWorker.enable")
        self.travel(self.zone)

    def _answer(self) -> None:
        self.prompted += 1
        if self.answer != "dismissed":
            self.permit(self.answer)

    def _note_worker(self, told: dict[str, Any]) -> None:
        for each in told["registrations"]:
            self.registration = each["registrationId"]

    def _note_call(self, request: Request) -> None:
        if "/api/" in request.url:
            path = request.url.split("/api/")[1]
            body = json.loads(request.post_data) if request.post_data else None
            self.calls.append(Call(request.method, path, body, bool(request.service_worker)))

    # --- what a person does --------------------------------------------------------------------

    def permit(self, setting: str) -> None:
        """Set this site's notifications: `granted`, `denied` or `prompt`."""
        self.browser_tools.send("Browser.setPermission", {
            "permission": {"name": "notifications"}, "setting": setting,
            "origin": self.url, "browserContextId": self.browser_context,
        })  # fmt: skip

    def travel(self, zone: str) -> None:
        """Set the time zone of the phone's window."""
        self.zone = zone
        self.devtools.send("Emulation.setTimezoneOverride", {"timezoneId": zone})

    def forget(self) -> None:
        """Be a new phone in Montréal: nothing entered, nothing allowed, one window open.

        A window that is open stays: another takes half a second of a processor.
        """
        self.context.unroute_all()
        self.zone = "America/Toronto"
        if self.page.is_closed():
            self.new_window()
        else:
            self.travel(self.zone)
        for each in self.context.pages:
            if each is not self.page:
                each.close()
        self.context.set_offline(offline=False)
        self.page.goto(f"{self.url}/healthz")
        # The worker may still have a word with the server about the phone of before.
        self.is_quiet()
        self.page.evaluate(FORGET)
        self.permit("prompt")
        self.page.set_viewport_size(PHONE["viewport"])  # type: ignore[arg-type]
        self.page.emulate_media(color_scheme="light")
        self.set_worker_clock(None)
        self.site.sql("DELETE FROM subscription")
        self.answer, self.prompted = "granted", 0
        self.calls.clear()

    def new_window(self) -> Page:
        """Open a window, which is the phone's from now on, and return it."""
        self._take(self.context.new_page())
        return self.page

    def treated(self, moment: datetime = MORNING, zone: str = "America/Toronto") -> None:
        """Have a treatment in the record that ended at a moment, which is now."""
        self.set_clock(moment)
        self.travel(zone)
        self.page.set_viewport_size({"width": 390, "height": 844})
        self.put("treatment", {
            "id": f"plan-{moment.timestamp():.0f}", "protocol": "microneedling", "version": "draft",
            "variant": "standard", "at": moment.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "rough": None, "zone": zone,
        })  # fmt: skip

    def put(self, name: str, value: object) -> None:
        """Put an entry into the record, from a page without scripts."""
        if self.page.url != f"{self.url}/healthz":
            self.page.goto(f"{self.url}/healthz")
        self.page.evaluate(PUT_IN, [name, value])

    def turn_on(self, language: str = "en") -> None:
        """Open the screen of reminders, tap, and wait until the server has the list."""
        self.open(f"/{language}/reminders")
        self.tap("turn-on")
        self.shows("unconfirmed")

    def on(self, moment: datetime = MORNING) -> None:
        """Have a treatment, and reminders turned on and confirmed by their welcome."""
        self.treated(moment)
        self.turn_on()
        self.confirm()

    def tap(self, part: str) -> None:
        """Tap a control of the screen."""
        self.page.locator(f"[data-{part}]:visible").click()

    def shows(self, state: str) -> None:
        """Wait until the screen of reminders is in a state."""
        expect(self.page.locator("main")).to_have_attribute("data-reminders", state)

    def is_quiet(self) -> None:
        """Wait until neither a window nor the worker has anything to tell the server."""
        free = "() => navigator.locks.query().then(({ held, pending }) => !held.length && !pending.length)"
        until(lambda: self.page.evaluate(free), "nothing is sent any more")

    def status(self) -> str:
        """Return what the screen's status says."""
        return " ".join(self.page.locator("[data-status]").inner_text().split())

    def focused(self) -> str:
        """Return the first data-name of what has the keyboard's focus; its tag when it has none."""
        return str(
            self.page.evaluate(
                "() => Object.keys(document.activeElement.dataset)[0] ?? document.activeElement.tagName"
            )
        )

    def rules(self, language: str) -> list[dict[str, Any]]:
        """Return what the guide says may ring."""
        found = json.loads(read(f"{self.url}/{language}/{GUIDE}/reminders.json"))
        return list(found["reminders"])

    def rows(self) -> list[tuple[str, str]]:
        """Return every ring on the screen, folded ones included: its words and its time."""
        found = self.page.locator(".rings .row").evaluate_all(
            "(rows) => rows.map((row) => [row.querySelector('.row-name').textContent,"
            " row.querySelector('.row-when').textContent])"
        )
        return [(name, " ".join(when.split())) for name, when in found]

    # --- the worker ----------------------------------------------------------------------------

    @property
    def worker(self) -> Worker:
        """Return the worker, which gets its addresses where the pages do."""
        # Deleting everything begins a new one; DevTools keep the old one running, for nobody.
        *_, found = self.context.service_workers
        found.evaluate(f"() => self.browserItself || ({BROWSER})({self.minted})")
        return found

    @property
    def address(self) -> Address:
        """Return the address that the browser has given."""
        at: int = self.browser_state()["at"]
        return self.addresses[at]

    def set_worker_clock(self, moment: datetime | None) -> None:
        """Stop the worker's clock at a moment; None: let it go by the real time."""
        stopped = f"() => {moment.timestamp() * 1000}" if moment else "self.realTime"
        if self.context.service_workers:
            self.worker.evaluate(f"self.realTime ??= Date.now; Date.now = {stopped}")

    def browser_state(self) -> dict[str, Any]:
        """Return what the browser itself knows of its subscription."""
        found: dict[str, Any] = self.worker.evaluate("browserItself((state) => state)")
        return found

    def change_browser(self, alter: str) -> None:
        """Let the browser itself do something to its subscription."""
        self.worker.evaluate(f"browserItself((state) => ({{ ...state, {alter} }}))")

    def deliver(self, text: str) -> None:
        """Deliver a push to the worker."""
        self.devtools.send("ServiceWorker.deliverPushMessage", {
            "origin": f"{self.url}/", "registrationId": self.registration, "data": text,
        })  # fmt: skip

    def rung(self, name: str) -> None:
        """Deliver the push of a ring and wait for its notification."""
        data = {"id": name, "receipt": "r" * 43}
        notification = {"title": "Time for your aftercare", "lang": "en", "tag": name, "data": data}
        self.worker.evaluate(STANDS, name)
        self.deliver(json.dumps({"web_push": 8030, "notification": notification}))
        stands = "(tag) => self.onScreen.has(tag)"
        until(lambda: self.worker.evaluate(stands, name), f"the notification of {name}")
        there = "(tag) => registration.getNotifications({ tag }).then((all) => all.length)"
        assert self.worker.evaluate(there, name)

    def answer_ring(self, name: str, action: str) -> None:
        """Tap an action of a notification."""
        self.worker.evaluate(TAPPED, [name, action])

    def welcome(self) -> str:
        """Let the server send, and return the last push that came for the present address."""
        address = self.address
        before = len(address.received)
        self.site.send_until(lambda: len(address.received) > before)
        push = address.received[-1]
        assert push.faults == []
        assert push.text
        return push.text

    def look_at_today(self, language: str = "en") -> None:
        """Open Today, and wait until it has sent the list and knows whether the last ones were seen."""
        self.today(language)
        expect(self.page.locator("[data-silence][data-looked]")).to_have_count(1)

    def confirm(self) -> None:
        """Let the welcome come, and wait until the screen knows."""
        self.deliver(self.welcome())
        self.shows("on")

    # --- what the server has -------------------------------------------------------------------

    def server_rings(self) -> dict[str, Ring]:
        """Return the list that the server has of this phone, by id."""
        rows = self.site.sql(
            "SELECT name, at, until FROM reminder JOIN subscription ON subscription.id ="
            " subscription_id WHERE public_id = :id AND listed AND NOT urgent ORDER BY at",
            id=self.record()["subscription"]["id"],
        )
        return {name: Ring(name, utc(at), utc(end)) for name, at, end in rows}

    def server_rows(self) -> list[str]:
        """Return the ids of the subscriptions that the server has."""
        return [each for (each,) in self.site.sql("SELECT public_id FROM subscription")]

    def lists_sent(self, method: str) -> list[dict[str, Any]]:
        """Return the bodies of the lists sent by a method."""
        # Playwright tells of calls only while it is asked for something.
        self.page.evaluate("0")
        paths = ("subscriptions",)
        return [
            c.body for c in self.calls if c.method == method and c.path.startswith(paths) and c.body
        ]


@contextmanager
def at_home(browser: Browser, data: Path) -> Iterator[Owner]:
    """Give somebody a phone, a server and a push service of their own."""
    with PushService() as service, Site(data, service) as site:
        server = Server(WEBAPP_DATA=str(data), WEBAPP_PUSH_SERVICES=service.origin).start()
        owner = Owner(browser, server, site)
        owner.open("/en/today")
        yield owner
        owner.context.close()
        server.remove()


def utc(milliseconds: int) -> datetime:
    """Return an instant of the database."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


WEEKDAYS = {
    "en": ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
}
MONTHS = {
    "en": ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    "fr": [
        "janv",
        "févr",
        "mars",
        "avr",
        "mai",
        "juin",
        "juill",
        "août",
        "sept",
        "oct",
        "nov",
        "déc",
    ],
}
NEAR = {"today": 0, "tomorrow": 1, "aujourd’hui": 0, "demain": 1}


def wall(said: str, now: datetime, language: str) -> datetime:
    """Read a time as the screen says it into the wall clock's date and time, without a zone.

    :param now: the phone's, in its own zone
    :raises AssertionError: for what nobody would understand
    """
    day, _, clock = said.lower().rpartition(", ")
    pattern = r"(\d+):(\d\d) ([ap])m" if language == "en" else r"(\d+) h(?: (\d\d))?()"
    found = re.fullmatch(pattern, clock)
    assert found, said
    hour = int(found[1]) % 12 + 12 * (found[3] == "p") if language == "en" else int(found[1])
    return datetime.combine(date_of(day, now, language), time(hour, int(found[2] or 0)))


def date_of(day: str, now: datetime, language: str) -> date:
    """Read a day as the screen says it, in lower case: near, a weekday, or a date without a year."""
    today = now.date()
    if day in NEAR:
        return today + NEAR[day] * DAY
    if day in WEEKDAYS[language]:
        ahead = (WEEKDAYS[language].index(day) - today.weekday()) % 7
        assert 2 <= ahead <= 6, day
        return today + ahead * DAY
    _, month = re.findall(r"[a-zéûà]+", day)
    (number,) = re.findall(r"\d+", day)
    found = today.replace(month=MONTHS[language].index(month) + 1, day=int(number))
    return found if found >= today else found.replace(year=found.year + 1)


def changes(zone: str, after: datetime) -> list[datetime]:
    """Return the next two moments at which a zone's clocks are moved; none where they never are."""
    place, found = ZoneInfo(zone), []
    moment = after.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    for _ in range(350 * 24):
        following = moment + HOUR
        if moment.astimezone(place).utcoffset() != following.astimezone(place).utcoffset():
            found.append(following)
        moment = following
    return found[:2]


def ids(rings: Iterable[dict[str, Any]]) -> list[str]:
    """Return the ids of rings, as the record or a list has them."""
    return [str(each["id"]) for each in rings]
