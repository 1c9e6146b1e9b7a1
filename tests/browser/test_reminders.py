"""Reminders on the phone: asked for, chosen, sent, confirmed, put off, stopped.

The server, the record, the worker and the push service are real; only what gives the browser its
address is the tests' own (see reminding.py).
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Route, expect

from webapp.reminders.keys import Keys

from .conftest import NewPhone
from .phone import DAILY_FRENCH, LANGUAGES, read, until
from .reminding import DAY, HOUR, MORNING, PUT_IN, Owner, at_home, changes, ids, wall
from .test_access import OVERFLOWING, RUN_AXE, SCHEMES, TARGETS

EVERY_KIND = ["essential", "first-day", "moisturizer", "sunscreen", "looks", "cold-sores"]
QUIET = ("07:30", "21:30")


@pytest.fixture(scope="module")
def owner(whole_browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Owner]:
    """One phone, server and push service for all of this file."""
    with at_home(whole_browser, tmp_path_factory.mktemp("house") / "data") as owner:
        yield owner


@pytest.fixture
def phone(owner: Owner) -> Iterator[Owner]:
    """That phone as if new."""
    owner.forget()
    yield owner
    faults, owner.faults = owner.faults, []
    assert faults == []


def local(instant: datetime, zone: str) -> datetime:
    """Return what a clock on the wall shows then, without a zone."""
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def on_the_server(phone: Owner, zone: str = "America/Toronto") -> list[datetime]:
    """Return the walls' times of the list that the server has."""
    return [local(each.at, zone) for each in phone.server_rings().values()]


def on_the_screen(phone: Owner, now: datetime, language: str = "en") -> list[datetime]:
    """Return the times of all rings on the screen."""
    return [wall(when, now, language) for _, when in phone.rows()]


# Turning on


def test_nothing_is_asked_before_a_tap(phone: Owner) -> None:
    phone.treated()
    for path in ("today", "start", "settings", "guide", "get-help", "reminders"):
        phone.open(f"/en/{path}")
    phone.shows("ready")
    assert phone.prompted == 0
    assert phone.browser_state()["asked"] == 0
    assert phone.calls == []
    phone.tap("turn-on")
    phone.shows("unconfirmed")
    assert phone.prompted == 1
    assert phone.browser_state()["asked"] == 1


@DAILY_FRENCH
def test_turning_on_sends_what_the_screen_promises_and_nothing_else(
    phone: Owner, language: str
) -> None:
    phone.treated()
    phone.put("settings", {"language": language})
    phone.turn_on(language)
    (sent,) = phone.lists_sent("POST")
    assert sent.keys() == {"subscription", "applicationServerKey", "language", "reminders"}
    assert sent["subscription"] == phone.address.json()
    assert sent["language"] == language
    assert [each.keys() for each in sent["reminders"]] == [{"id", "at", "until"}] * 8
    text = json.dumps(sent)
    assert not re.search(r"microneedling|standard|toronto|makeup|rinse|plan", text, re.IGNORECASE)
    promise = phone.page.locator("[data-promise]").inner_text()
    assert int(re.findall(r"\d+", promise)[0]) == len(phone.server_rings()) == 8
    assert on_the_screen(phone, MORNING, language) == on_the_server(phone)


def test_what_is_past_already_is_never_sent(phone: Owner) -> None:
    phone.treated()
    phone.set_clock(MORNING + 4 * DAY)
    phone.turn_on()
    (sent,) = phone.lists_sent("POST")
    instants = [datetime.fromisoformat(each["at"]) for each in sent["reminders"]]
    assert instants
    assert min(instants) > MORNING + 4 * DAY
    assert len(instants) == len(phone.rows()) < 8


def test_turning_on_works_while_the_worker_is_still_on_its_way(
    whole_browser: Browser, owner: Owner
) -> None:
    phone = Owner(whole_browser, owner.server, owner.site)
    phone.treated()
    held = phone.hold("**/fr/offline")
    phone.open("/en/reminders")
    phone.comes(held, "the worker is being installed")
    with phone.page.expect_response("**/api/push-key"):
        phone.tap("turn-on")
    phone.page.wait_for_timeout(300)
    held[0].continue_()
    phone.shows("unconfirmed")
    phone.context.close()
    assert phone.faults == []


def test_a_prompt_that_was_closed_leaves_the_button_and_says_so(phone: Owner) -> None:
    phone.treated()
    phone.answer = "dismissed"
    phone.open("/en/reminders")
    phone.tap("turn-on")
    expect(phone.page.locator("[data-said]")).to_contain_text("You have not answered")
    expect(phone.page.locator("[data-turn-on]")).to_be_visible()
    until(lambda: phone.focused() == "status", "what came of it has the focus")
    assert phone.lists_sent("POST") == []
    phone.answer = "denied"
    phone.tap("turn-on")
    phone.shows("denied")
    assert "Notifications are blocked" in phone.status()
    assert "You have not answered" not in phone.status()
    expect(phone.page.locator("[data-turn-on]")).to_be_hidden()
    assert phone.lists_sent("POST") == []


# Zones


AROUND = [
    (zone, at)
    for zone in (
        "America/Toronto", "America/St_Johns", "Europe/Paris", "Australia/Lord_Howe",
        "Asia/Kathmandu", "Pacific/Chatham",
    )
    for at in (changes(zone, MORNING) or [MORNING])
]  # fmt: skip


# Both changes of where most people are; the long ones add the other changes and zones, which plan.js
# is held to every day by itself.
EVERY_DAY = {("America/Toronto", 0), ("America/Toronto", 1)}
EACH_CHANGE = [
    pytest.param(
        zone, at,
        marks=[] if (zone, [a for z, a in AROUND if z == zone].index(at)) in EVERY_DAY
        else [pytest.mark.long],
    )
    for zone, at in AROUND
]  # fmt: skip


@pytest.mark.parametrize(("zone", "moved"), EACH_CHANGE, ids=lambda each: str(each)[:16])
def test_what_the_server_received_is_what_the_screen_says_when_the_clocks_are_moved(
    phone: Owner, zone: str, moved: datetime
) -> None:
    language = LANGUAGES[AROUND.index((zone, moved)) % 2]
    ended = moved - 15 * HOUR - timedelta(minutes=7)
    phone.treated(ended, zone)
    phone.put("settings", {"language": language})
    phone.put("reminders", {"on": False, "kinds": EVERY_KIND})
    phone.turn_on(language)
    rings = phone.server_rings()
    assert len(rings) > 30
    screen = on_the_screen(phone, local(ended, zone), language)
    assert screen == [local(each.at, zone) for each in rings.values()]
    assert [each for each in screen if not QUIET[0] <= f"{each:%H:%M}" < QUIET[1]] == []
    assert max(sum(one.date() == each.date() for one in screen) for each in screen) <= 3
    ends = [local(each.until, zone) for each in rings.values()]
    assert [each for each in ends if not QUIET[0] <= f"{each:%H:%M}" <= "21:45"] == []
    assert too_early(phone, ended, zone) == []


def too_early(phone: Owner, ended: datetime, zone: str) -> list[str]:
    """Return what the server would ring for before it is allowed or meant, by its words."""
    language = phone.record()["settings"]["language"]
    rules = phone.rules(language)
    rings, found = phone.server_rings(), []
    for ring in phone.record()["schedule"]["rings"]:
        for words in ring["words"]:
            (rule,) = (each for each in rules if each["words"] == words)
            waits = [*rule.get("opens", {}).values(), *rule.get("after", {}).values()]
            earliest = ended + max([0, rule.get("hours", 0), *waits]) * HOUR
            at = rings[ring["id"]].at
            day = (local(at, zone).date() - local(ended, zone).date()).days
            early = rule.get("days") and (day, f"{local(at, zone):%H:%M}") < (
                min(rule["days"]), rule["at"],
            )  # fmt: skip
            if at < earliest or early:
                found.append(words)
    return found


def test_every_ring_leads_to_a_page_that_is_there(phone: Owner) -> None:
    # The clinic's longest wait ends late on the last day, in the quiet hours.
    phone.treated(MORNING + 12 * HOUR)
    waits = {"retinoids": 42 * 24}
    phone.put("clinic", {"name": "", "phone": "", "hours": "", "waits": waits})
    phone.put("reminders", {"on": False, "kinds": EVERY_KIND})
    phone.turn_on()
    rings = phone.record()["schedule"]["rings"]
    assert any(each.get("theirs") for each in rings)
    for page in {each["page"] for each in rings}:
        assert read(f"{phone.url}/en/{page}"), page


def test_a_phone_that_travels_rings_by_the_clock_of_the_place(phone: Owner) -> None:
    phone.on()
    phone.calls.clear()
    phone.travel("Europe/Paris")
    phone.today()
    (sent,) = until(lambda: phone.lists_sent("PUT"), "the list of the new place")
    assert len(sent["reminders"]) == 8
    phone.is_quiet()
    phone.open("/en/reminders")
    phone.shows("on")
    screen = on_the_screen(phone, local(MORNING, "Europe/Paris"))
    assert screen == on_the_server(phone, "Europe/Paris")
    assert [each for each in screen if not QUIET[0] <= f"{each:%H:%M}" < QUIET[1]] == []


# Sending


def test_a_choice_made_without_a_network_is_sent_at_the_next_opening(phone: Owner) -> None:
    phone.treated()
    phone.open("/en/reminders")
    phone.context.set_offline(offline=True)
    phone.tap("turn-on")
    phone.shows("waiting")
    assert "safe on this phone" in phone.status()
    phone.page.close()
    phone.context.set_offline(offline=False)
    phone.new_window()
    phone.today()
    until(lambda: phone.record().get("subscription", {}).get("told"), "the list is sent")
    assert len(phone.server_rings()) == 8


@pytest.mark.long
def test_a_page_that_is_closed_before_the_answer_loses_nothing(phone: Owner) -> None:
    phone.treated()
    phone.open("/en/reminders")
    phone.context.route("**/api/subscriptions", lambda _route: None)
    phone.tap("turn-on")
    until(lambda: phone.lists_sent("POST"), "the list is under way")
    phone.page.close()
    phone.context.unroute_all()
    phone.new_window()
    phone.today()
    until(lambda: phone.record().get("subscription", {}).get("told"), "the list is sent")
    assert len(phone.server_rings()) == 8
    assert len(phone.server_rows()) == 1


def test_the_list_goes_out_by_itself_when_the_network_is_back(phone: Owner) -> None:
    phone.on()
    phone.context.set_offline(offline=True)
    phone.page.check("[name=kind][value=looks]")
    phone.shows("waiting")
    before = phone.server_rings()
    phone.calls.clear()
    phone.context.set_offline(offline=False)
    phone.shows("on")
    # The worker may be woken for it first, with what it knew; the page has the last word.
    until(lambda: len(phone.server_rings()) > len(before), "the longer list")
    assert on_the_screen(phone, MORNING) == on_the_server(phone)


@pytest.mark.long
def test_today_sends_by_itself_what_waited_for_a_network(phone: Owner) -> None:
    phone.on()
    phone.context.set_offline(offline=True)
    phone.page.check("[name=kind][value=looks]")
    phone.shows("waiting")
    phone.today()
    phone.context.set_offline(offline=False)
    until(lambda: len(phone.server_rings()) > 8, "the longer list")


NO_RULES = """const fetched = self.fetch;
self.fetch = async (address, ...rest) => {
  if (localStorage.noRules && String(address).endsWith("reminders.json")) throw new TypeError("no network");
  return fetched(address, ...rest);
};"""


def test_reminders_that_cannot_ring_are_not_said_to_be_on_without_the_guide(phone: Owner) -> None:
    page = phone.new_window()
    page.add_init_script(NO_RULES)
    phone.on()
    page.evaluate("() => (localStorage.noRules = 'yes')")
    phone.open("/en/reminders")
    phone.shows("on no-rules")
    phone.permit("denied")
    phone.open("/en/reminders")
    phone.shows("blocked no-rules")
    assert "Reminders are on" not in phone.status()
    assert "Notifications are blocked" in phone.status()
    assert "not on this phone yet" in phone.status()
    page.evaluate("() => delete localStorage.noRules")
    page.close()


def test_what_was_chosen_stands_on_the_screen_without_the_guide_too(phone: Owner) -> None:
    page = phone.new_window()
    page.add_init_script(NO_RULES)
    phone.put("reminders", {"on": False, "kinds": ["essential", "sunscreen"]})
    phone.on()
    page.evaluate("() => (localStorage.noRules = 'yes')")
    phone.open("/en/reminders")
    phone.shows("on no-rules")
    expect(page.locator("[name=kind][value=sunscreen]")).to_be_checked()
    expect(page.locator("[name=from]")).to_have_value("21:30")
    phone.is_quiet()
    # Nor is it lost when something else is chosen.
    page.check("[name=kind][value=looks]")
    kinds = ["essential", "sunscreen", "looks"]
    until(lambda: phone.record()["reminders"]["kinds"] == kinds, "both are chosen")
    page.evaluate("() => delete localStorage.noRules")
    page.close()


@DAILY_FRENCH
def test_a_guide_that_is_slow_to_come_is_waited_for_in_words_and_asked_for_once(
    new_phone: NewPhone, language: str
) -> None:
    phone, asked = new_phone(), list[Route]()
    phone.begin(language)
    phone.page.route("**/reminders.json", lambda route: asked.append(route))  # noqa: PLW0108  (Playwright looks into it)
    with phone.page.expect_request("**/reminders.json"):
        phone.open(f"/{language}/reminders")
    wait = phone.page.get_by_text({"en": "One moment…", "fr": "Un instant…"}[language])
    expect(wait).to_be_visible()
    asked[0].abort()
    expect(phone.page.locator("[data-when=no-rules]")).to_be_visible()
    expect(wait).to_be_hidden()
    assert len(asked) == 1, "whoever waited for one in vain need not wait for another"


@pytest.mark.long
def test_what_was_chosen_while_the_guide_could_not_be_read_is_planned_once_there_is_a_network(
    phone: Owner,
) -> None:
    phone.new_window().add_init_script(NO_RULES)
    phone.on()
    phone.page.evaluate("() => (localStorage.noRules = 'yes')")
    phone.context.set_offline(offline=True)
    phone.page.check("[name=kind][value=looks]")
    phone.shows("waiting")
    phone.today()
    assert len(phone.record()["schedule"]["rings"]) == 8
    phone.page.evaluate("() => delete localStorage.noRules")
    phone.context.set_offline(offline=False)
    # Playwright tells a page nothing that was opened without a network.
    phone.page.evaluate("() => dispatchEvent(new Event('online'))")
    until(lambda: len(phone.server_rings()) > 8, "the longer list")
    phone.page.close()


def test_a_reminder_that_rings_while_a_kind_is_chosen_takes_no_check_away(phone: Owner) -> None:
    phone.on()
    phone.is_quiet()
    phone.page.evaluate("""async () => {
      const tap = (kind) => document.querySelector(`[name=kind][value=${kind}]`).click();
      tap("looks");
      navigator.serviceWorker.dispatchEvent(new MessageEvent("message", { data: { rang: null } }));
      for (let each = 0; each < 20; each += 1) await null;
      tap("sunscreen");
    }""")
    kinds = ["essential", "sunscreen", "looks"]
    until(lambda: phone.record()["reminders"]["kinds"] == kinds, "both are chosen")


@pytest.mark.parametrize("choice", ["kinds", "quiet hours"])
def test_each_change_sends_the_whole_list_once(phone: Owner, choice: str) -> None:
    phone.on()
    phone.calls.clear()
    if choice == "kinds":
        phone.page.check("[name=kind][value=sunscreen]")
    else:
        phone.page.fill("[name=from]", "20:00")
    (sent,) = until(lambda: phone.lists_sent("PUT"), "the list")
    phone.is_quiet()
    assert ids(sent["reminders"]) == ids(phone.record()["schedule"]["rings"])
    assert on_the_screen(phone, MORNING) == on_the_server(phone)
    late = [each for each in on_the_server(phone) if f"{each:%H:%M}" >= "20:00"]
    assert late == []


def test_naming_cold_sores_rings_for_them_only_once_it_was_agreed_to(phone: Owner) -> None:
    phone.on()
    before = on_the_server(phone)
    phone.put("situations", ["cold-sores"])
    phone.open("/en/reminders")
    offer = phone.page.locator("[data-adds=cold-sores]")
    expect(offer).to_contain_text("tingling")
    expect(phone.page.locator("[name=kind][value=cold-sores]")).not_to_be_checked()
    assert on_the_server(phone) == before
    offer.get_by_role("button").click()
    expect(phone.page.locator("[name=kind][value=cold-sores]")).to_be_checked()
    expect(offer).to_be_hidden()
    until(lambda: len(on_the_server(phone)) == len(before) + 3, "three mornings are sent")


def test_the_other_language_is_sent_with_the_whole_list(phone: Owner) -> None:
    phone.on()
    phone.calls.clear()
    phone.page.click("[data-switch=fr]")
    phone.page.wait_for_url("**/fr/reminders")
    (sent,) = until(lambda: phone.lists_sent("PUT"), "the list")
    assert (sent["language"], len(sent["reminders"])) == ("fr", 8)
    phone.shows("on")
    assert phone.record()["schedule"]["rings"][0]["words"][0].startswith("Si la peau")


def test_a_window_in_the_language_of_before_does_not_bring_it_back(phone: Owner) -> None:
    phone.on()
    phone.page.evaluate(PUT_IN, ["settings", {"language": "fr"}])
    phone.is_quiet()
    phone.calls.clear()
    phone.page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    (sent,) = until(lambda: phone.lists_sent("PUT"), "the list")
    assert sent["language"] == "fr"
    assert phone.record()["schedule"]["language"] == "fr"


def test_another_treatment_replaces_the_list(phone: Owner) -> None:
    phone.on()
    before = phone.server_rings()
    phone.set_clock(MORNING + 2 * HOUR)
    phone.calls.clear()
    phone.begin()

    def replaced() -> bool:
        # Opening Start may have sent the old one once more.
        return bool(phone.server_rings()) and not before.keys() & phone.server_rings().keys()

    until(replaced, "the list")
    sent = phone.lists_sent("PUT")[-1]
    assert len(sent["reminders"]) == 8
    assert phone.server_rings().keys() == set(ids(sent["reminders"]))


def test_every_opening_sends_the_whole_list_once(phone: Owner) -> None:
    phone.on()
    for path in ("today", "guide", "activities/makeup", "today"):
        phone.calls.clear()
        phone.open(f"/en/{path}")
        until(lambda: phone.lists_sent("PUT"), f"the list, from {path}")
        phone.page.wait_for_load_state("networkidle")
        assert len(phone.lists_sent("PUT")) == 1, path


def test_a_server_that_forgot_this_phone_gets_only_what_is_ahead(phone: Owner) -> None:
    phone.on()
    old = phone.address
    phone.site.sql("DELETE FROM subscription")
    phone.set_clock(MORNING + 4 * DAY)
    phone.today()
    (sent,) = until(lambda: phone.lists_sent("POST")[1:], "the list")
    instants = [datetime.fromisoformat(each["at"]) for each in sent["reminders"]]
    assert min(instants) > MORNING + 4 * DAY
    until(phone.server_rows, "the row that was made anew")
    phone.is_quiet()
    assert phone.record()["subscription"]["state"] == "sent"
    assert len(phone.server_rows()) == 1
    # The push service may have said that the old address is gone: the same one would never ring.
    assert phone.address is not old


def test_a_phone_that_was_called_gone_rings_again_at_the_next_opening(phone: Owner) -> None:
    phone.on()
    phone.site.sql(
        "UPDATE subscription SET gone_at = :now", now=int(datetime.now(UTC).timestamp() * 1000)
    )
    phone.open("/en/reminders")
    phone.shows("unconfirmed")
    phone.confirm()
    assert on_the_screen(phone, MORNING) == on_the_server(phone)


def test_nothing_is_sent_again_when_all_is_over(phone: Owner) -> None:
    phone.on()
    phone.site.sql("DELETE FROM subscription")
    phone.set_clock(MORNING + 30 * DAY)
    phone.calls.clear()
    phone.open("/en/reminders")
    phone.shows("finished")
    assert "Finished." in phone.status()
    assert phone.lists_sent("POST") == []
    until(lambda: phone.browser_state()["at"] is None, "no address any more")
    assert phone.lists_sent("POST") == []


def test_a_site_with_a_new_key_rings_again_without_being_asked(phone: Owner) -> None:
    phone.on()
    keys = Keys(phone.site.settings.data)
    for _ in range(2):
        keys.rotate()
    phone.open("/en/reminders")
    phone.shows("unconfirmed")
    assert phone.browser_state()["key"] == keys.current().public
    phone.confirm()
    assert on_the_screen(phone, MORNING) == on_the_server(phone)


@pytest.mark.long
def test_a_key_that_changes_between_two_calls_is_taken_from_the_refusal(phone: Owner) -> None:
    phone.on()
    keys = Keys(phone.site.settings.data)
    stale = {"applicationServerKey": keys.current().public}
    for _ in range(2):
        keys.rotate()
    phone.context.route("**/api/push-key", answering({"json": stale}))
    phone.open("/en/reminders")
    phone.shows("unconfirmed")
    assert phone.browser_state()["key"] == keys.current().public


def test_a_browser_that_lost_or_changed_its_address_gives_the_new_one(phone: Owner) -> None:
    phone.on()
    for alter in ("at: null, key: null", "at: state.next, next: state.next + 1"):
        before = phone.address
        phone.calls.clear()
        phone.change_browser(alter)
        phone.today()
        (sent,) = until(lambda: phone.lists_sent("PUT"), "the new address")
        assert phone.address is not before
        assert sent["subscription"] == phone.address.json()
        phone.is_quiet()
    assert phone.site.sql(
        "SELECT endpoint FROM subscription WHERE public_id = :id",
        id=phone.record()["subscription"]["id"],
    ) == [(phone.address.endpoint,)]


def test_an_address_that_changes_while_no_page_is_open_is_sent_by_the_worker(phone: Owner) -> None:
    phone.on()
    before = phone.address
    phone.page.goto(f"{phone.url}/healthz")
    phone.calls.clear()
    phone.change_browser("at: null, key: null")
    phone.worker.evaluate("dispatchEvent(new ExtendableEvent('pushsubscriptionchange'))")
    (sent,) = until(lambda: phone.lists_sent("PUT"), "the new address")
    assert phone.address is not before
    assert sent["subscription"] == phone.address.json()
    assert phone.calls[-1].by_worker


def test_a_permission_taken_back_is_said_and_nothing_is_sent(phone: Owner) -> None:
    phone.on()
    phone.permit("denied")
    phone.calls.clear()
    phone.open("/en/reminders")
    phone.shows("blocked")
    assert "Notifications are blocked" in phone.status()
    assert phone.lists_sent("PUT") == []
    phone.permit("granted")
    phone.open("/en/reminders")
    phone.shows("on")
    assert len(phone.lists_sent("PUT")) == 1


@pytest.mark.long
def test_a_permission_that_the_browser_took_back_by_itself_can_be_given_again(
    phone: Owner,
) -> None:
    phone.on()
    phone.permit("prompt")
    phone.change_browser("at: null, key: null")
    phone.open("/en/reminders")
    phone.shows("lost")
    phone.tap("turn-on")
    phone.shows("unconfirmed")
    assert phone.prompted == 2


def test_a_server_in_trouble_is_waited_for(phone: Owner) -> None:
    phone.on()
    for status, kind in ((500, "looks"), (503, "sunscreen"), (429, "moisturizer")):
        answer = {"status": status, "body": "{}"}
        phone.context.route("**/api/subscriptions/**", answering(answer))
        phone.page.check(f"[name=kind][value={kind}]")
        phone.shows("waiting")
        again = phone.page.locator("[data-again]:visible").element_handle()
        again.focus()
        # From here on the worker may send it as well, and then there is nothing to tap.
        phone.context.unroute_all()
        again.evaluate("(button) => button.click()")
        phone.shows("on")
        assert phone.focused() == "status"
        # The worker sends what waits as well: the screen says "on" once one of the two is through.
        phone.is_quiet()
        assert on_the_screen(phone, MORNING) == on_the_server(phone)


def test_a_server_in_trouble_is_not_asked_again_and_again(phone: Owner) -> None:
    phone.on()
    phone.is_quiet()
    phone.context.route("**/api/subscriptions/**", answering({"status": 503, "body": "{}"}))
    phone.calls.clear()
    phone.page.check("[name=kind][value=looks]")
    phone.shows("waiting")
    # In two seconds a worker that asked to be woken whenever it was sent thirty lists and more.
    phone.page.wait_for_timeout(2000)
    assert len(phone.lists_sent("PUT")) <= 4


@pytest.mark.parametrize(("status", "when"), [(503, "600"), (429, "{date}"), (503, "86400")])
def test_a_server_that_says_when_is_asked_before_only_by_a_tap(
    phone: Owner, status: int, when: str
) -> None:
    phone.on()
    phone.set_worker_clock(MORNING)
    longest = HOUR if when == "86400" else HOUR / 6
    date = format_datetime((MORNING + longest).astimezone(UTC), usegmt=True)
    answer = {"status": status, "body": "{}", "headers": {"Retry-After": when.format(date=date)}}
    phone.is_quiet()
    phone.context.route("**/api/subscriptions/**", answering(answer))
    phone.calls.clear()
    phone.page.check("[name=kind][value=looks]")
    phone.shows("waiting")
    for asked in (1, 2):
        phone.is_quiet()
        phone.worker.evaluate("dispatchEvent(new ExtendableEvent('sync'))")
        phone.worker.evaluate("syncIfWaiting()")
        phone.look_at_today()
        phone.is_quiet()
        phone.open("/en/reminders")
        phone.shows("waiting")
        phone.is_quiet()
        assert len(phone.lists_sent("PUT")) == asked
        if asked == 1:
            phone.tap("again")
            until(lambda: len(phone.lists_sent("PUT")) == 2, "it is tried at once")
    phone.context.unroute_all()
    phone.set_clock(MORNING + longest + timedelta(seconds=1))
    phone.open("/en/reminders")
    phone.shows("on")
    assert len(phone.lists_sent("PUT")) == 3


def test_the_screen_learns_that_the_worker_has_sent_what_waited(phone: Owner) -> None:
    phone.on()
    answer = {"status": 503, "body": "{}"}
    phone.context.route("**/api/subscriptions/**", answering(answer))
    phone.page.check("[name=kind][value=looks]")
    phone.shows("waiting")
    phone.is_quiet()
    phone.context.unroute_all()
    phone.worker.evaluate("dispatchEvent(new ExtendableEvent('sync'))")
    phone.shows("on")
    assert on_the_screen(phone, MORNING) == on_the_server(phone)


NO_ADDRESS = """() => {
  PushManager.prototype.subscribe = () => new Promise(() => {});
  const later = self.setTimeout;
  self.setTimeout = (act, ms, ...given) => later(act, ms === 20_000 ? 500 : ms, ...given);
}"""
REFUSES_TO_SAY = """() => {
  ServiceWorkerContainer.prototype.getRegistration = async () => {
    throw new DOMException("", "SecurityError");
  };
}"""


def test_a_browser_that_never_comes_back_with_an_address_holds_nobody_up(phone: Owner) -> None:
    phone.treated()
    phone.open("/en/reminders")
    phone.shows("ready")
    phone.page.evaluate(NO_ADDRESS)
    phone.tap("turn-on")
    phone.shows("lost")
    assert "gives no address" in phone.status()
    phone.tap("stop")
    phone.shows("ready")


def test_stopping_ends_where_a_browser_does_not_say_what_is_registered(phone: Owner) -> None:
    phone.on()
    phone.open("/en/reminders")
    phone.shows("on")
    phone.is_quiet()
    phone.context.set_offline(offline=True)
    phone.page.evaluate(REFUSES_TO_SAY)
    phone.tap("stop")
    phone.shows("ready")
    assert phone.status().startswith("Stopped on this phone.")


HALF = '{"language": "en", "confirmed": tr'
NOT_OURS: list[tuple[str, dict[str, Any]]] = [
    ("**/api/**", {"status": 200, "content_type": "text/html", "body": "<h1>Hotel</h1>"}),
    ("**/api/subscriptions/**", {"status": 200, "content_type": "text/html", "body": "<h1>Hotel</h1>"}),
    ("**/api/subscriptions/**", {"status": 200, "content_type": "application/json", "body": HALF}),
    ("**/api/subscriptions/**", {"status": 404, "content_type": "text/html", "body": "<h1>Hotel</h1>"}),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "answer"), NOT_OURS)
def test_an_answer_that_is_not_ours_is_none(
    phone: Owner, asked: str, answer: dict[str, Any]
) -> None:
    phone.on()
    address = phone.address
    phone.context.route(asked, answering(answer))
    phone.open("/en/reminders")
    phone.shows("waiting")
    phone.context.unroute_all()
    phone.tap("again")
    phone.shows("on")
    assert phone.address is address


def answering(answer: dict[str, Any]) -> Callable[[Route], None]:
    """Return what answers so, whatever is asked."""
    return lambda route: route.fulfill(**answer)


def test_a_list_that_the_server_refuses_is_said_to_be_refused(phone: Owner) -> None:
    phone.on()
    phone.change_browser("at: state.next, next: state.next + 1")
    phone.context.route("**/api/subscriptions/**", answering({"status": 422, "body": "{}"}))
    phone.open("/en/reminders")
    phone.shows("refused")
    assert "not your fault" in phone.status()
    expect(phone.page.locator("[data-stop]")).to_be_visible()


def test_two_windows_at_once_make_one_row_and_one_list(phone: Owner) -> None:
    phone.treated()
    phone.permit("granted")
    windows = (phone.page, phone.new_window())
    for page in windows:
        page.goto(f"{phone.url}/en/reminders")
        page.locator("main[data-reminders=ready]").wait_for()
    tap = "document.querySelector('[data-turn-on]').click()"
    for page in windows:
        page.evaluate(tap)
    for page in windows:
        page.locator("main[data-reminders=unconfirmed]").wait_for()
    assert len(phone.server_rows()) == 1
    assert len(phone.lists_sent("POST")) == 1
    assert on_the_screen(phone, MORNING) == on_the_server(phone)


@pytest.mark.long
def test_a_slow_server_does_not_hide_what_the_phone_knows(phone: Owner) -> None:
    phone.on()
    phone.context.route("**/api/push-key", lambda _route: None)
    phone.open("/en/reminders")
    phone.shows("on")
    assert len(phone.rows()) == 8
    expect(phone.page.locator("[data-stop]")).to_be_visible()


def test_what_has_rung_already_is_not_promised_again(phone: Owner) -> None:
    phone.on()
    first, *others = phone.server_rings().values()
    phone.site.sql(
        "UPDATE reminder SET outcome = 'accepted', next_at = NULL WHERE name = :name", name=first.id
    )
    phone.open("/en/reminders")
    until(lambda: len(phone.rows()) == 7, "seven rings")
    assert on_the_screen(phone, MORNING) == [local(each.at, "America/Toronto") for each in others]


# Put off, done

# Makeup, allowed two days after, has just rung.
RUNG = MORNING + 2 * DAY + timedelta(minutes=30)


def ahead(phone: Owner, now: datetime) -> list[datetime]:
    """Return the walls' times of what the server has and what is still to ring."""
    return [each for each in on_the_server(phone) if each > now.replace(tzinfo=None)]


@pytest.fixture
def rung(phone: Owner) -> tuple[Owner, str]:
    """A phone whose makeup ring has just been shown; no page of the app is open."""
    phone.on()
    phone.set_clock(RUNG)
    phone.set_worker_clock(RUNG)
    (makeup,) = (r for r in phone.record()["schedule"]["rings"] if r["slot"] == "makeup")
    phone.page.goto(f"{phone.url}/healthz")
    phone.rung(makeup["id"])
    return phone, str(makeup["id"])


def put_off(phone: Owner, name: str) -> dict[str, Any]:
    """Put a ring off by an hour, and return the new one as the record has it."""
    before = phone.record()["schedule"]["later"]
    phone.answer_ring(name, "hour")
    until(lambda: phone.record()["schedule"]["later"] != before, "what was put off")
    (later,) = phone.record()["schedule"]["later"]
    until(lambda: later["id"] in phone.server_rings(), "the server has it")
    return dict(later)


def test_in_an_hour_rings_once_more_and_not_at_night(rung: tuple[Owner, str]) -> None:
    phone, name = rung
    before = phone.server_rings()
    offset = phone.record()["reminders"]["offset"]
    later = put_off(phone, name)
    after = phone.server_rings()
    assert after.keys() - before.keys() == {later["id"]}
    at = after[later["id"]].at
    assert at >= RUNG + HOUR
    wall_time = f"{local(at, 'America/Toronto'):%H:%M}"
    assert QUIET[0] <= wall_time < QUIET[1]
    assert wall_time == QUIET[0] or (at.minute - offset) % 15 == 0
    (first,) = (r for r in phone.record()["schedule"]["rings"] if r["id"] == name)
    assert later["words"] == first["words"]
    assert all(call.by_worker for call in phone.calls[-1:])


def test_what_cannot_wait_an_hour_is_not_dropped_without_a_word(rung: tuple[Owner, str]) -> None:
    phone, name = rung
    offered = """(tag) => registration.getNotifications({ tag })
      .then(([{ actions }]) => actions.map(({ action }) => action))"""
    assert phone.worker.evaluate(offered, name) == ["done", "hour"]
    # Since then the person chose to hear nothing before midnight.
    record = phone.record()
    brief = [{**ring, "lasts": 3} for ring in record["schedule"]["rings"]]
    phone.put("schedule", {**record["schedule"], "rings": brief})
    phone.put("reminders", {**record["reminders"], "quiet": {"from": "00:00", "to": "23:59"}})
    phone.worker.evaluate(
        "() => { [self.really, openWindow] = [openWindow, (address) => (self.led = address)]; }"
    )
    phone.answer_ring(name, "hour")
    led = until(lambda: phone.worker.evaluate("self.led"), "a page opens")
    phone.worker.evaluate("() => { openWindow = really; }")
    assert led.startswith(f"{phone.url}/en/activities/makeup")
    assert phone.record()["schedule"]["later"] == []
    phone.rung(name)
    assert phone.worker.evaluate(offered, name) == ["done"]


@pytest.mark.long
def test_putting_off_twice_rings_once(rung: tuple[Owner, str]) -> None:
    phone, name = rung
    before = len(phone.server_rings())
    one = put_off(phone, name)
    phone.rung(name)
    other = put_off(phone, name)
    assert one["id"] != other["id"]
    until(lambda: one["id"] not in phone.server_rings(), "the first is gone")
    phone.rung(other["id"])
    third = put_off(phone, other["id"])
    assert len(phone.server_rings()) == before + 1
    assert third["of"] == name


def test_a_look_again_tomorrow_rings_once_and_leads_back_to_the_question(phone: Owner) -> None:
    phone.on()
    before = phone.server_rings()
    phone.open("/en/questions/expected")
    for name in ("None of these", "None of these", "Spots or small bumps"):
        row = phone.page.get_by_role("button", name=name, exact=True)
        row.or_(phone.page.get_by_role("link", name=name, exact=True)).first.click()
    phone.page.click("[data-strength=mild]")
    phone.page.click("[data-trend=same]")

    def later() -> list[dict[str, Any]]:
        return list(phone.record()["schedule"]["later"])

    phone.page.locator("[data-look-again]:visible").click()
    expect(phone.page.locator("[data-looks-again]:visible")).to_contain_text("tomorrow")
    (first,) = later()
    # Asked for twice, it rings once.
    phone.page.locator("[data-look-again]:visible").click()
    until(lambda: first not in later(), "it is asked for anew")
    (ring,) = later()
    assert ring["words"] == ["Look again: Spots or small bumps"]
    assert ring["page"] == "questions/expected"
    assert (
        timedelta(hours=24)
        <= datetime.fromtimestamp(ring["at"] / 1000, UTC) - MORNING
        < timedelta(hours=24, minutes=30)
    )
    until(lambda: phone.server_rings().keys() - before.keys() == {ring["id"]}, "it is sent")
    # It stays when the list is made anew, and is on the screen like the others.
    phone.open("/en/reminders")
    phone.shows("on")
    assert "Look again: Spots or small bumps" in [name for name, _ in phone.rows()]
    assert ring["id"] in phone.server_rings()


def test_a_look_again_is_not_promised_where_nothing_can_ring(phone: Owner) -> None:
    phone.on()
    phone.permit("denied")
    phone.open("/en/questions/expected")
    for name in ("None of these", "None of these", "Spots or small bumps"):
        row = phone.page.get_by_role("button", name=name, exact=True)
        row.or_(phone.page.get_by_role("link", name=name, exact=True)).first.click()
    phone.page.click("[data-strength=mild]")
    phone.page.click("[data-trend=same]")
    phone.page.locator("[data-look-again]:visible").click()
    expect(phone.page.locator("[data-rings-off]:visible")).to_contain_text("Turn them on")
    expect(phone.page.locator("[data-looks-again]:visible")).to_have_count(0)


NO_ZONE = """() => {
  const { prototype } = Intl.DateTimeFormat;
  self.options ??= prototype.resolvedOptions;
  prototype.resolvedOptions = function () {
    return { ...options.call(this), timeZone: "Etc/Unknown" };
  };
}"""


def test_in_an_hour_rings_where_the_phone_was_never_told_its_zone(
    rung: tuple[Owner, str],
) -> None:
    phone, name = rung
    phone.worker.evaluate(NO_ZONE)
    put_off(phone, name)
    phone.worker.evaluate("() => { Intl.DateTimeFormat.prototype.resolvedOptions = self.options; }")


def test_what_was_put_off_rings_in_the_language_of_its_words(rung: tuple[Owner, str]) -> None:
    phone, name = rung
    later = put_off(phone, name)
    phone.put("settings", {"language": "fr"})
    phone.open("/fr/reminders")
    phone.shows("on")
    shown = """(tag) => registration.getNotifications({ tag }).then(
      ([{ title, lang, data }]) => [title, lang, data.navigate.split("/")[3]])"""
    phone.rung(later["id"])
    neutral = "C’est l’heure de vos soins"
    assert phone.worker.evaluate(shown, later["id"]) == [neutral, "fr", "fr"]
    phone.is_quiet()
    phone.page.check("[name=look][value=words]")
    until(lambda: phone.record()["reminders"]["look"] == "words", "words are chosen")
    phone.rung(later["id"])
    assert phone.worker.evaluate(shown, later["id"]) == [later["words"][0], "en", "en"]


def test_what_was_put_off_is_on_the_screen_and_keeps_to_new_quiet_hours(
    rung: tuple[Owner, str],
) -> None:
    phone, name = rung
    later = put_off(phone, name)
    phone.open("/en/reminders")
    phone.shows("on")
    assert on_the_screen(phone, RUNG) == ahead(phone, RUNG)
    at = local(phone.server_rings()[later["id"]].at, "America/Toronto")
    phone.is_quiet()
    for field, minutes in (("from", -20), ("to", 20)):
        phone.calls.clear()
        phone.page.fill(f"[name={field}]", f"{at + timedelta(minutes=minutes):%H:%M}")
        until(lambda: phone.lists_sent("PUT"), "the list")
        phone.is_quiet()
    assert local(phone.server_rings()[later["id"]].at, "America/Toronto") > at
    assert on_the_screen(phone, RUNG) == ahead(phone, RUNG)


def test_done_takes_back_what_was_put_off(rung: tuple[Owner, str]) -> None:
    phone, name = rung
    later = put_off(phone, name)
    phone.rung(name)
    phone.answer_ring(name, "done")
    until(lambda: later["id"] not in phone.server_rings(), "it is taken back")
    assert phone.record()["schedule"]["later"] == []


def test_done_ticks_what_is_done_once_a_day(phone: Owner) -> None:
    phone.on()
    phone.set_worker_clock(RUNG)
    schedule = phone.record()["schedule"]
    schedule["rings"][0]["once"] = "sunscreen"
    phone.put("schedule", schedule)
    name = schedule["rings"][0]["id"]
    phone.rung(name)
    phone.answer_ring(name, "done")
    ticked = until(lambda: phone.record().get("ticks"), "the tick")
    # Of the day it rang for, though it was answered days later.
    assert ticked == {f"{MORNING:%Y-%m-%d}": ["sunscreen"]}


# Confirmed, or not


def test_reminders_count_only_once_this_phone_has_rung(phone: Owner) -> None:
    phone.treated()
    phone.turn_on()
    assert "Did it ring?" in phone.status()
    assert "Reminders are on" not in phone.status()
    phone.tap("it-rang")
    expect(phone.page.locator("[data-said]")).to_contain_text("Tap the notification")
    phone.deliver(phone.welcome())
    phone.shows("on")
    assert "Reminders are on." in phone.status()
    assert "Did it ring?" not in phone.status()
    assert "Tap the notification" not in phone.status()


def test_a_tap_alone_confirms_and_leaves_the_address(phone: Owner) -> None:
    phone.treated()
    phone.turn_on()
    receipt = json.loads(phone.welcome())["notification"]["data"]["receipt"]
    phone.open(f"/en/today#r={receipt}")
    until(lambda: phone.site.sql(
        "SELECT 1 FROM subscription WHERE confirmed AND public_id = :id",
        id=phone.record()["subscription"]["id"],
    ), "confirmed")  # fmt: skip
    assert phone.page.url == f"{phone.url}/en/today"
    phone.open("/en/reminders")
    phone.shows("on")


@pytest.mark.long
def test_a_tap_that_leads_to_the_page_that_is_open_confirms_as_well(phone: Owner) -> None:
    phone.treated()
    phone.turn_on()
    receipt = json.loads(phone.welcome())["notification"]["data"]["receipt"]
    phone.today()
    phone.page.wait_for_load_state("networkidle")
    phone.page.evaluate("(receipt) => { location.hash = `r=${receipt}`; }", receipt)
    phone.page.wait_for_url("**/en/today")
    until(lambda: phone.record()["shown"]["receipts"] == [], "told")


def test_ringing_once_rings_and_says_so(phone: Owner) -> None:
    phone.on()
    phone.tap("ring-once")
    expect(phone.page.locator("[data-said]")).to_contain_text("within a few seconds")
    text = phone.welcome()
    assert json.loads(text)["notification"]["data"]["id"] == "test"
    phone.tap("ring-once")
    expect(phone.page.locator("[data-said]")).to_contain_text("a moment ago")
    phone.deliver(text)
    expect(phone.page.locator("[data-said]")).to_be_hidden()


SILENCE = {
    "en": "We can’t confirm your last 2 reminders. Your guide still works.",
    "fr": "Nous ne pouvons pas confirmer vos 2 derniers rappels. Votre guide fonctionne toujours.",
}


@DAILY_FRENCH
def test_two_silent_reminders_are_told_calmly(phone: Owner, language: str) -> None:
    phone.on()
    phone.put("settings", {"language": language})
    first, second, *_ = phone.server_rings().values()
    notice = phone.page.locator("[data-silence]")
    # Only one is past: nothing to say yet.
    for moment, said in (
        (first.at + HOUR, False),
        (second.at + timedelta(minutes=14), False),
        (second.at + HOUR, True),
    ):
        phone.set_clock(moment)
        phone.look_at_today(language)
        expect(notice).to_be_visible(visible=said)
    expect(notice.locator("[data-count]")).to_have_text(SILENCE[language])
    expect(phone.page.locator(".notice:visible")).to_have_count(1)
    assert notice.evaluate(
        "(it) => it.getBoundingClientRect().top"
        " > document.querySelector('[data-day-link]').getBoundingClientRect().top"
    )


def test_reminders_that_were_seen_are_not_called_silent(phone: Owner) -> None:
    phone.on()
    first, second, third, *_ = phone.server_rings().values()
    phone.set_clock(third.at + HOUR)
    phone.site.sql(
        "UPDATE reminder SET seen_at = at + 1000 WHERE name IN (:one, :other)",
        one=first.id, other=second.id,
    )  # fmt: skip
    phone.look_at_today()
    expect(phone.page.locator("[data-silence]")).to_be_hidden()


def test_what_was_over_before_it_was_asked_for_is_not_called_silent(phone: Owner) -> None:
    phone.on()
    phone.set_clock(MORNING + 5 * DAY)
    phone.site.sql("UPDATE reminder SET seen_at = at + 1000")
    phone.open("/en/reminders")
    phone.shows("on")
    phone.is_quiet()
    phone.page.check("[name=kind][value=sunscreen]")
    until(lambda: len(phone.server_rings()) > 8, "the mornings to come")
    phone.look_at_today()
    expect(phone.page.locator("[data-silence]")).to_be_hidden()
    # Nor is another treatment that is entered a few days late.
    phone.put("treatment", {
        **phone.record()["treatment"], "id": "another",
        "at": (MORNING + 2 * DAY).astimezone(UTC).isoformat().replace("+00:00", "Z"),
    })  # fmt: skip
    phone.look_at_today()
    expect(phone.page.locator("[data-silence]")).to_be_hidden()


def test_the_first_day_is_left_in_peace_until_the_person_scrolls(phone: Owner) -> None:
    phone.put("reminders", {"on": False, "kinds": ["essential", "first-day"]})
    phone.on()
    phone.set_clock(MORNING + 8 * HOUR)
    phone.look_at_today()
    expect(phone.page.locator("[data-silence]")).to_be_hidden()
    phone.page.mouse.wheel(0, 300)
    expect(phone.page.locator("[data-silence]")).to_be_visible()


# Other ways on


AGENTS = {
    "an iPhone": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
    "an iPad": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
    "Instagram": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Mobile/15E148 Instagram 390.0.0.1",
}
TOUCH = "Object.defineProperty(navigator, 'maxTouchPoints', { get: () => 5 });"
STANDALONE = "Object.defineProperty(navigator, 'standalone', { get: () => true });"
NO_PUSH = "delete window.PushManager;"
WAYS = {
    "an iPhone's tab": ("an iPhone", "", "ios-tab"),
    "an iPhone's home screen": ("an iPhone", STANDALONE, "ready"),
    "an iPad's tab": ("an iPad", TOUCH, "ios-tab"),
    "an iPad's home screen": ("an iPad", TOUCH + STANDALONE, "ready"),
    "a Mac": ("an iPad", "", "ready"),
    "Instagram": ("Instagram", "", "in-app"),
    "a browser without push": ("", NO_PUSH, "unsupported"),
}
SAID = {
    "ready": ("", ""),
    "ios-tab": ("only apps on the home screen can ring", "seules les apps de l’écran d’accueil"),
    "in-app": ("belongs to another app", "appartient à une autre app"),
    "unsupported": ("This browser cannot ring", "Ce navigateur ne peut pas sonner"),
}


# What they have in common with others is tried every day there.
LONG_WAYS = {"an iPad's tab", "an iPad's home screen", "a Mac"}


@pytest.mark.parametrize(
    "way",
    [pytest.param(each, marks=[pytest.mark.long] if each in LONG_WAYS else []) for each in WAYS],
)
def test_everyone_is_offered_what_can_work_for_them(
    new_phone: NewPhone, owner: Owner, way: str
) -> None:
    agent, script, state = WAYS[way]
    named = {"user_agent": AGENTS[agent]} if agent else {}
    phone = new_phone(owner.url, whole=True, **named)
    phone.context.add_init_script(script)
    phone.begin_at(MORNING)
    page = phone.page
    for language, said in zip(LANGUAGES, SAID[state], strict=True):
        phone.open(f"/{language}/reminders")
        expect(page.locator("main")).to_have_attribute("data-reminders", state)
        expect(page.locator("[data-calendar] button")).to_be_visible()
        expect(page.locator("[data-turn-on]")).to_be_visible(visible=state == "ready")
        assert said in page.locator("[data-status]").inner_text()
        assert bool(said) == bool(page.locator("[data-status] .notice:visible").count())
        expect(page.locator(".rings .row").first).to_be_visible()


# The calendar


def events(phone: Owner) -> tuple[dict[str, Any], str]:
    """Tap the calendar, and return what was posted with the file that came."""
    with (
        phone.page.expect_request("**/calendar.ics") as asked,
        phone.page.expect_download() as got,
    ):
        phone.page.click("[data-calendar] button")
    assert asked.value.headers["content-type"].startswith("multipart/form-data")
    posted = phone.page.evaluate("JSON.parse(document.querySelector('[name=calendar]').value)")
    return dict(posted), Path(got.value.path()).read_text("utf-8")


def test_the_calendar_holds_the_same_rings_under_neutral_words(phone: Owner) -> None:
    phone.treated()
    phone.open("/en/reminders")
    phone.shows("ready")
    rings = phone.record()["schedule"]["rings"]
    posted, file = events(phone)
    assert posted.keys() == {"zone", "sequence", "events"}
    assert (posted["zone"], posted["sequence"]) == ("America/Toronto", 0)
    found = [(e["uid"], datetime.fromisoformat(e["at"])) for e in posted["events"]]
    assert found == [(r["uid"], datetime.fromtimestamp(r["at"] / 1000, UTC)) for r in rings]
    # A calendar that is synchronised somewhere leads to no list on the server.
    assert not {e["uid"] for e in posted["events"]} & {r["id"] for r in rings}
    assert {e["title"] for e in posted["events"]} == {"Time for your aftercare"}
    assert file.count("BEGIN:VEVENT") == 8
    assert "makeup" not in file
    phone.page.check("[name=calendar-words]")
    posted, file = events(phone)
    assert posted["sequence"] == 1
    assert [e["title"] for e in posted["events"]] == [" · ".join(r["words"]) for r in rings]
    assert "SEQUENCE:1" in file
    until(lambda: phone.record()["reminders"]["calendar"] == 2, "the sequence is kept")
    assert phone.calls == []


@DAILY_FRENCH
def test_no_sentence_in_a_calendar_breaks_off(phone: Owner, language: str) -> None:
    phone.treated()
    phone.put("settings", {"language": language})
    phone.open(f"/{language}/reminders")
    phone.shows("ready")
    for kind in EVERY_KIND[1:]:
        phone.page.check(f"[name=kind][value={kind}]")
    until(lambda: phone.record()["reminders"]["kinds"] == EVERY_KIND, "everything is chosen")
    phone.open(f"/{language}/reminders")
    phone.shows("ready")
    phone.page.check("[name=calendar-words]")
    said = [" · ".join(ring["words"]) for ring in phone.record()["schedule"]["rings"]]
    posted, file = events(phone)
    assert [each["title"] for each in posted["events"]] == said
    assert max(map(len, said)) > 120, "several things ring at one time"
    unfolded = file.replace("\n ", "").replace("\\,", ",").replace("\\;", ";")
    assert [each for each in said if f"SUMMARY:{each}\n" not in unfolded] == []


# Stopping


def test_stopping_leaves_nothing_with_the_browser_nor_the_server(phone: Owner) -> None:
    phone.on()
    assert len(phone.server_rows()) == 1
    phone.tap("stop")
    phone.shows("ready")
    assert phone.status() == "Stopped. The server has nothing of this phone any more."
    assert phone.focused() == "status"
    assert phone.server_rows() == []
    assert phone.browser_state()["at"] is None
    record = phone.record()
    assert not record.keys() & {"subscription", "shown"}
    assert record["reminders"]["on"] is False
    phone.tap("turn-on")
    phone.shows("unconfirmed")
    assert "Stopped" not in phone.status()


def test_what_the_server_keeps_after_the_last_one_can_be_deleted(phone: Owner) -> None:
    phone.on()
    phone.set_clock(MORNING + 30 * DAY)
    phone.open("/en/reminders")
    phone.shows("over")
    assert "Finished." in phone.status()
    phone.tap("stop")
    phone.shows("finished")
    assert phone.server_rows() == []


@pytest.mark.long
def test_stopping_while_a_first_ring_is_awaited_breaks_nothing(phone: Owner) -> None:
    phone.treated()
    phone.turn_on()
    phone.tap("stop")
    phone.shows("ready")
    # The page looks every two seconds whether the first push came.
    phone.page.wait_for_timeout(2300)
    phone.shows("ready")
    assert phone.server_rows() == []


def test_stopping_without_a_network_is_told_at_the_next_opening(phone: Owner) -> None:
    phone.on()
    phone.context.set_offline(offline=True)
    phone.tap("stop")
    phone.shows("ready")
    assert phone.status().startswith("Stopped on this phone.")
    assert phone.browser_state()["at"] is None
    assert len(phone.server_rows()) == 1
    assert phone.record()["subscription"].keys() == {"id", "secret", "state"}
    phone.context.set_offline(offline=False)
    phone.open("/en/guide")
    until(lambda: phone.server_rows() == [], "the row is gone")
    until(lambda: "subscription" not in phone.record(), "nothing is left")


def test_what_was_stopped_without_a_network_is_told_by_that_screen_too(phone: Owner) -> None:
    # Where the browser wakes no worker for it.
    page = phone.new_window()
    page.add_init_script("delete ServiceWorkerRegistration.prototype.sync")
    phone.on()
    phone.context.set_offline(offline=True)
    phone.tap("stop")
    phone.shows("ready")
    phone.context.set_offline(offline=False)
    until(lambda: phone.server_rows() == [], "the row is gone")
    expect(page.locator("[data-said]")).to_have_text(
        "Stopped. The server has nothing of this phone any more."
    )
    page.close()


NOTIFICATIONS = "registration.getNotifications().then(({ length }) => length)"


def test_deleting_everything_deletes_it_on_the_server_too(phone: Owner) -> None:
    phone.on()
    phone.open("/en/settings")
    phone.delete_everything()
    assert phone.server_rows() == []
    assert phone.page.evaluate("browserItself((state) => state)")["at"] is None
    assert phone.record() == {}


def test_deleting_everything_without_a_network_is_told_at_the_next_opening(phone: Owner) -> None:
    phone.on()
    phone.open("/en/settings")
    assert phone.worker.evaluate(NOTIFICATIONS) > 0
    phone.context.set_offline(offline=True)
    phone.page.click("[data-delete]")
    phone.page.click("dialog [value=delete]")
    expect(phone.page.locator("[data-deleted-here]")).to_be_visible()
    assert phone.worker.evaluate(NOTIFICATIONS) == 0, "the lock screen tells nothing any more"
    expect(phone.page.locator("[data-deleted]")).to_be_hidden()
    assert phone.record().keys() == {"subscription"}
    phone.context.set_offline(offline=False)
    phone.open("/en/today")
    until(lambda: phone.server_rows() == [], "the row is gone")
    until(lambda: phone.record() == {}, "nothing is left")


RANG = """() => navigator.serviceWorker.addEventListener("message", ({ data }) => (self.rang = data.rang))"""


def test_a_push_on_its_way_while_everything_is_deleted_is_shown_and_writes_nothing(
    phone: Owner,
) -> None:
    phone.on()
    name = next(iter(phone.server_rings()))
    phone.open("/en/settings")
    phone.page.evaluate(RANG)
    phone.context.set_offline(offline=True)
    phone.page.click("[data-delete]")
    phone.page.click("dialog [value=delete]")
    expect(phone.page.locator("[data-deleted-here]")).to_be_visible()
    before = phone.record()
    phone.rung(name)
    # Its windows are told once it has written what it writes.
    until(lambda: phone.page.evaluate("() => self.rang") == name, "the worker is done with it")
    assert phone.record() == before
    phone.open("/en/today#r=" + "t" * 43)
    phone.is_quiet()
    assert phone.record() == before
    phone.context.set_offline(offline=False)


def test_what_is_being_sent_does_not_outlive_deleting_everything(phone: Owner) -> None:
    phone.treated()
    phone.permit("granted")
    phone.put("reminders", {"on": True, "since": 0})
    held = phone.hold("**/api/subscriptions")
    phone.open("/en/settings")
    phone.comes(held, "the list is under way")
    phone.page.click("[data-delete]")
    phone.page.click("dialog [value=delete]")
    until(lambda: not phone.record().keys() - {"links"}, "the record is empty")
    held[0].continue_()
    expect(phone.page.locator("[data-deleted]")).to_be_visible()
    until(lambda: phone.server_rows() == [], "the row is gone")
    assert phone.record() == {}


SLOW_RULES = """() => {
  const fetched = self.fetch;
  self.fetch = async (address, ...rest) => {
    if (String(address).endsWith("reminders.json")) await new Promise((come) => (self.come = come));
    return fetched(address, ...rest);
  };
}"""


@pytest.mark.long
def test_what_was_still_being_planned_does_not_outlive_deleting_everything(phone: Owner) -> None:
    phone.on()
    phone.open("/en/settings")
    phone.is_quiet()
    phone.page.evaluate(SLOW_RULES)
    phone.travel("Europe/Paris")
    phone.page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    until(lambda: phone.page.evaluate("() => Boolean(self.come)"), "the list is made anew")
    phone.delete_everything()
    phone.page.evaluate("() => self.come()")
    # That nothing comes back is no state to wait for.
    phone.page.wait_for_timeout(500)
    assert phone.record() == {}


@pytest.mark.parametrize("number", ["911", pytest.param("811", marks=pytest.mark.long)])
def test_nothing_rings_for_twelve_hours_after_a_call_for_help(phone: Owner, number: str) -> None:
    phone.on()
    soon = [each for each in phone.server_rings().values() if each.at < MORNING + 12 * HOUR]
    assert soon
    phone.calls.clear()
    call(phone, number)
    # Opening the page sent the list once; the call sends it again.
    until(lambda: len(phone.lists_sent("PUT")) > 1, "the list")
    phone.is_quiet()
    left = phone.server_rings().values()
    assert min(each.at for each in left) >= MORNING + 12 * HOUR
    assert len(left) == 8 - len(soon)


def test_calling_the_clinic_pauses_nothing(phone: Owner) -> None:
    phone.on()
    phone.open("/en/get-help")
    cards = phone.page.locator("[data-pauses]")
    assert cards.evaluate_all("(all) => all.map(({ id }) => id)") == ["emergency", "today"]


@pytest.mark.long
def test_what_was_put_off_does_not_ring_during_a_pause(rung: tuple[Owner, str]) -> None:
    phone, name = rung
    later = put_off(phone, name)
    call(phone, "811")
    until(lambda: later["id"] not in phone.server_rings(), "it is taken back")


def call(phone: Owner, number: str) -> None:
    """Tap a number on the page of help."""
    phone.open("/en/get-help")
    phone.page.wait_for_load_state("networkidle")
    # A browser without a telephone would leave the page for nowhere.
    phone.page.evaluate("document.addEventListener('click', (tap) => tap.preventDefault())")
    phone.page.click(f'[href="tel:{number}"]')


# Everyone can use it


def untreated(_phone: Owner) -> None:
    """Have nothing in the record."""


def asked_and_waiting(phone: Owner) -> None:
    phone.treated()
    phone.permit("granted")
    phone.put("reminders", {"on": True, "since": 0})
    phone.context.route("**/api/**", lambda route: route.abort())


def confirmed(phone: Owner) -> None:
    phone.on()


def taken_back(phone: Owner) -> None:
    phone.on()
    phone.permit("denied")


def over(phone: Owner) -> None:
    phone.treated()
    phone.set_clock(MORNING + 50 * DAY)


STATES: dict[str, tuple[Callable[[Owner], None], str | None]] = {
    "no treatment": (untreated, None),
    "ready": (Owner.treated, "ready"),
    "waiting": (asked_and_waiting, "waiting"),
    "on": (confirmed, "on"),
    "blocked": (taken_back, "blocked"),
    "finished": (over, "finished"),
}
OPEN_ALL = "() => document.querySelectorAll('details').forEach((each) => (each.open = true))"


@pytest.mark.parametrize(
    "state",
    [pytest.param(each, marks=[] if each == "on" else [pytest.mark.long]) for each in STATES],
)
def test_everyone_can_use_the_screen_in_each_of_its_states(phone: Owner, state: str) -> None:
    prepare, shown = STATES[state]
    prepare(phone)
    page = phone.page
    for language in LANGUAGES:
        phone.open(f"/{language}/reminders")
        if shown:
            phone.shows(shown)
        page.evaluate(OPEN_ALL)
        page.evaluate(Axe().axe_script)
        page.set_viewport_size({"width": 320, "height": 640})
        # Colours know no language: one theme in English, the other in French.
        scheme = SCHEMES[LANGUAGES.index(language)]
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert page.evaluate(RUN_AXE) == [], (language, scheme)
        assert page.evaluate(OVERFLOWING) == []
        targets = [each for each in page.evaluate(TARGETS) if not each["free"]]
        assert [t for t in targets if t["height"] < (44 if t["large"] else 24)] == []


def tab_to(phone: Owner, name: str) -> None:
    """Press Tab until a control has the focus."""
    for _ in range(60):
        phone.page.keyboard.press("Tab")
        if phone.page.evaluate("(it) => document.activeElement.matches(it)", name):
            return
    raise AssertionError(f"no Tab leads to {name}")


def test_the_keyboard_alone_turns_on_chooses_and_stops(phone: Owner) -> None:
    phone.treated()
    phone.open("/en/reminders")
    phone.shows("ready")
    tab_to(phone, "[data-turn-on]")
    phone.page.keyboard.press("Enter")
    phone.shows("unconfirmed")
    assert phone.focused() == "status"
    # What the page learns by itself later takes the focus from nobody.
    tab_to(phone, "[name=kind][value=looks]")
    phone.confirm()
    for key, name in (
        ("Space", "[name=kind][value=looks]"),
        ("Space", "[name=kind][value=sunscreen]"),
        ("ArrowUp", "[name=from]"),
    ):
        if not phone.page.evaluate("(it) => document.activeElement.matches(it)", name):
            tab_to(phone, name)
        phone.calls.clear()
        phone.page.keyboard.press(key)
        until(lambda: phone.lists_sent("PUT"), "the list")
        phone.is_quiet()
        assert phone.page.evaluate("(it) => document.activeElement.matches(it)", name)
    assert phone.record()["reminders"]["kinds"] == ["essential", "sunscreen", "looks"]
    tab_to(phone, "[data-stop]")
    phone.page.keyboard.press("Enter")
    phone.shows("ready")
    assert phone.focused() == "status"


def test_who_went_on_meanwhile_is_not_pulled_back_when_reminders_are_on(phone: Owner) -> None:
    phone.treated()
    phone.open("/en/reminders")
    held = phone.hold("**/api/subscriptions")
    phone.tap("turn-on")
    phone.comes(held, "the server is told")
    phone.page.focus("[name=from]")
    held[0].continue_()
    phone.shows("unconfirmed")
    phone.is_quiet()
    assert phone.focused() == "INPUT"


def test_the_screen_does_not_take_the_focus_when_it_learns_something(phone: Owner) -> None:
    phone.treated()
    phone.turn_on()
    phone.page.focus("[data-stop]")
    phone.confirm()
    assert phone.focused() == "stop"
    # What had the focus is gone once it is confirmed: its place is what came of it.
    phone.forget()
    phone.treated()
    phone.turn_on()
    phone.page.focus("[data-it-rang]")
    phone.confirm()
    assert phone.focused() == "status"
