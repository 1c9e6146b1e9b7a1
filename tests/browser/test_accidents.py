"""What goes wrong on real phones: storage that is cleared, two tabs, a wrong clock, the back button."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from playwright.sync_api import Browser, Page, expect

from .conftest import PHONE
from .phone import (
    GUIDE,
    MONTREAL,
    TREATED,
    OpenPhone,
    Phone,
    kept_sets,
    later,
    until,
)
from .reminding import PUT_IN
from .test_clinic import told
from .test_follow import NO_ROOM

if TYPE_CHECKING:
    from tests.conftest import Server

    from .conftest import NewPhone

EN = f"{GUIDE}/en"
HOUR = timedelta(hours=1)
NO_DATABASE = "IDBFactory.prototype.open = () => { throw new DOMException('', 'UnknownError'); };"
WORKERS = "async () => (await navigator.serviceWorker.getRegistrations()).length"


def clear(phone: Phone, *kinds: str) -> None:
    """Clear some of what a browser stores for the site, as browsers do, with its page open."""
    browser = phone.context.new_cdp_session(phone.page)
    asked = {"origin": phone.url, "storageTypes": ",".join(kinds)}
    browser.send("Storage.clearDataForOrigin", asked)
    browser.detach()


def seen(phone: Phone) -> str | None:
    """Return which of Today's states is seen."""
    return phone.page.locator("[data-for]:visible").get_attribute("data-for")


def come_back(page: Page) -> None:
    """Come back to a tab or window that stayed open."""
    page.evaluate("() => dispatchEvent(new Event('focus'))")


# Storage that is cleared


def test_whatever_a_browser_clears_the_page_is_there_and_says_what_is_lost(
    new_phone: "NewPhone", server: "Server"
) -> None:
    phone, sets = new_phone(service_workers="allow"), kept_sets(server.url)

    def comes(name: str) -> None:
        until(lambda: phone.keeps(name, sets[name]), f"the set {name} is kept whole", 30)

    phone.begin_at(TREATED)
    comes(EN)

    # Only what was kept for offline: the guide and the shell come back by themselves.
    clear(phone, "cache_storage")
    assert phone.caches() == []
    assert phone.today()["state"] == "day"
    comes(EN)
    comes("shell")

    # Only the worker.
    clear(phone, "service_workers")
    until(lambda: phone.page.evaluate(WORKERS) == 0, "the worker is gone")
    assert phone.today()["state"] == "day"
    until(lambda: phone.page.evaluate(WORKERS) == 1, "the worker is back")
    assert phone.keeps(EN, sets[EN])

    # What was entered, with or without what else tells of it; the guide stays where it was.
    for kinds in (["indexeddb"], ["indexeddb", "local_storage"], ["indexeddb", "cache_storage"]):
        clear(phone, *kinds)
        assert phone.today()["state"] == "none"
        assert seen(phone) == "cleared"
        assert "has cleared what you entered" in phone.heading()
        expect(
            phone.page.locator("[data-for=cleared] a[href='/en/move#open-file']")
        ).to_be_visible()
        phone.page.click("[data-for=cleared] a[href='/en/start']")
        phone.ready()
        phone.begin_at(TREATED)
        assert phone.state()["state"] == "day"
        comes(EN)

    # Everything: nothing is left that could tell, so it is as on a first visit.
    clear(phone, "all")
    assert phone.today()["state"] == "none"
    assert seen(phone) == "none"


def test_what_was_cleared_leaves_no_reminders_that_nobody_can_stop(new_phone: "NewPhone") -> None:
    phone = new_phone(service_workers="allow", permissions=["notifications"])
    phone.context.add_init_script(
        "PushManager.prototype.getSubscription = async () => ({"
        " unsubscribe: async () => sessionStorage.setItem('unsubscribed', 'yes') });"
    )
    phone.begin_at(TREATED)
    phone.today()
    unsubscribed = "() => sessionStorage.getItem('unsubscribed')"
    assert phone.page.evaluate(unsubscribed) is None
    clear(phone, "indexeddb")
    phone.today("fr")
    assert seen(phone) == "cleared"
    until(lambda: phone.page.evaluate(unsubscribed), "the address is given back")


def test_deleting_everything_is_not_called_cleared(phone: Phone) -> None:
    phone.begin_at(TREATED)
    phone.open("/en/settings")
    phone.delete_everything()
    assert phone.page.evaluate("() => localStorage.length") == 0
    phone.today()
    assert seen(phone) == "none"


REFUSED = """for (const [where, what] of [
  [ServiceWorkerContainer, "getRegistration"], [ServiceWorkerContainer, "register"], [CacheStorage, "keys"],
]) where.prototype[what] = () => Promise.reject(new DOMException("", "SecurityError"));"""


def test_a_browser_that_refuses_worker_and_caches_still_deletes_everything(phone: Phone) -> None:
    phone.context.add_init_script(REFUSED)
    phone.begin_at(TREATED)
    phone.open("/en/settings")
    phone.delete_everything()
    assert phone.record() == {}


def test_a_database_that_stays_dead_is_not_called_a_first_visit(phone: Phone) -> None:
    phone.begin_at(TREATED)
    phone.context.add_init_script(NO_DATABASE)
    for language in ("en", "fr"):
        phone.today(language)
        assert seen(phone) == "unreadable"
    expect(phone.page.locator("[data-for=unreadable] a[href='/fr/get-help']")).to_be_visible()


def test_a_network_that_hangs_is_not_called_a_phone_without_a_treatment(phone: Phone) -> None:
    phone.begin_at(TREATED)
    phone.page.route("**/day-0", lambda _route: None)
    phone.page.goto(f"{phone.url}/en/today")
    expect(phone.page.locator("[data-for=none]")).to_be_hidden(timeout=3000)
    expect(phone.page.locator("[data-for=lost]")).to_be_visible()


def test_whose_guide_the_site_has_no_more_is_led_to_choose_again(phone: Phone) -> None:
    phone.begin_at(TREATED)
    treatment = {**phone.record()["treatment"], "variant": "retired"}
    phone.page.evaluate(PUT_IN, ["treatment", treatment])
    for language in ("en", "fr"):
        phone.today(language)
        assert seen(phone) == "gone"
        expect(phone.page.locator(f"[data-for=gone] a[href='/{language}/start']")).to_be_visible()


# Two tabs


def test_ticks_of_two_tabs_are_both_kept(phone: Phone) -> None:
    phone.begin_at(TREATED)
    phone.set_clock(later(3, 9))
    one, other = phone.page, phone.context.new_page()
    for page in (one, other):
        phone.page = page
        phone.today()
    boxes = [page.locator("main input[type=checkbox]") for page in (one, other)]
    assert boxes[0].count() >= 2
    boxes[0].nth(0).check()
    boxes[1].nth(1).check()
    until(lambda: len(next(iter(phone.record()["ticks"].values()), [])) == 2, "both are kept")
    for page, own in zip((one, other), boxes, strict=True):
        come_back(page)
        for box in (own.nth(0), own.nth(1)):
            expect(box).to_be_checked()


def test_a_tick_in_another_tab_brings_nothing_back_after_everything_was_deleted(
    phone: Phone,
) -> None:
    phone.begin_at(TREATED)
    phone.set_clock(later(3, 9))
    phone.today()
    left_open, phone.page = phone.page, phone.context.new_page()
    phone.open("/en/settings")
    phone.delete_everything()
    left_open.locator("main input[type=checkbox]").first.check()
    left_open.wait_for_timeout(500)
    assert phone.record() == {}


def test_a_treatment_changed_in_one_tab_shows_in_the_others(phone: Phone) -> None:
    phone.begin_at(TREATED)
    phone.set_clock(later(2, 9))
    tabs = {path: phone.context.new_page() for path in ("today", "settings", "reminders")}
    for path, tab in tabs.items():
        phone.page = tab
        phone.open(f"/en/{path}")
    expect(tabs["reminders"].locator("[data-ahead]")).to_be_visible()
    told = tabs["settings"].locator("[data-moment]").inner_text()
    phone.page = phone.context.new_page()
    phone.begin()
    new = phone.record()["treatment"]["id"]
    # Not check(): the page is loaded anew at once, and the box it looks at afterwards is another one.
    tabs["reminders"].locator("[name=kind]:not([disabled])").first.click()
    for tab in (tabs["today"], tabs["settings"]):
        come_back(tab)
    expect(tabs["today"].locator('main[data-day="0"]')).to_be_attached()
    expect(tabs["settings"].locator("[data-moment]")).not_to_have_text(told)
    expect(tabs["settings"].locator("[data-moment]")).not_to_be_empty()
    expect(tabs["reminders"].locator("[data-ahead]")).to_be_visible()
    # What was chosen in a tab that still showed the old treatment rings for the new one, or not at all.
    until(lambda: phone.record()["schedule"]["plan"] == new, "the schedule is of the new plan")


# The clock


def clock_is_told_wrong(phone: Phone, path: str = "/en/today") -> bool:
    """Open a page, wait until it has compared clocks, and return whether it complains."""
    phone.open(path)
    # It is written whatever came of it, and shown only when they differ.
    expect(phone.page.locator("[data-clock]")).not_to_be_empty()
    return phone.page.locator("[data-clock]").is_visible()


def test_no_wrong_day_is_shown_without_saying_that_the_clock_looks_wrong(phone: Phone) -> None:
    now = datetime.now(MONTREAL)
    treated = now - 3 * 24 * HOUR
    phone.set_clock(treated)
    phone.begin()
    for hours in (-96, -48, -25, -1, 0, 1, 25, 48):
        phone.set_clock(now + hours * HOUR)
        complains = clock_is_told_wrong(phone)
        assert complains == (hours != 0), f"{hours:+} h"
        assert phone.state()["state"] == ("before" if hours < -72 else "day")
        if hours == 0:
            assert phone.state()["day"] == str((now.date() - treated.date()).days)
    phone.set_clock(now + 5 * HOUR / 60)
    assert not clock_is_told_wrong(phone, "/fr/activities")
    phone.set_clock(now + 2 * HOUR)
    assert clock_is_told_wrong(phone, "/fr/activities")
    assert "horloge" in phone.page.locator("[data-clock]").inner_text()


def test_a_phone_that_lands_in_another_zone_tells_the_same_instants_in_local_time(
    browser: Browser, server: "Server"
) -> None:
    still = {"service_workers": "block", "reduced_motion": "reduce", "timezone_id": None}
    context = browser.new_context(**{**PHONE, **still})  # type: ignore[arg-type]
    phone = Phone(context, server.url)
    session = context.new_cdp_session(phone.page)

    def land(zone: str) -> None:
        session.send("Emulation.setTimezoneOverride", {"timezoneId": zone})
        come_back(phone.page)

    phone.open("/en/")
    land("America/Toronto")
    phone.begin_at(TREATED)
    # Eight in the evening of day 1 in Montréal is two in the morning of day 2 in Paris.
    phone.set_clock(later(1, 20))
    phone.today()
    main = phone.page.locator("main")
    expect(main).to_have_attribute("data-day", "1")
    makeup = phone.page.locator("[data-activity=makeup]").first
    before = makeup.get_attribute("data-from")
    land("Europe/Paris")
    expect(main).to_have_attribute("data-day", "2")
    assert makeup.get_attribute("data-from") == before
    expect(makeup).to_contain_text("4:30\u00a0pm")
    land("America/Toronto")
    expect(main).to_have_attribute("data-day", "1")
    expect(makeup).to_contain_text("10:30\u00a0am")
    context.close()


# A page that is left while it writes

LEFT_AT_ONCE = """() => {
  const { transaction } = IDBDatabase.prototype;
  self.brokenOff = 0;
  IDBDatabase.prototype.transaction = function (...asked) {
    const begun = transaction.apply(this, asked);
    begun.addEventListener("abort", () => (self.brokenOff += 1));
    if (!self.brokenOff) queueMicrotask(() => dispatchEvent(new PageTransitionEvent("pagehide")));
    return begun;
  };
}"""


def test_a_page_that_is_left_while_it_writes_holds_nobody_up_and_writes_when_it_is_back(
    new_phone: "NewPhone",
) -> None:
    phone = new_phone()
    phone.begin_at(TREATED)
    phone.set_clock(later(1, 9))
    phone.today()
    phone.page.evaluate(LEFT_AT_ONCE)
    phone.page.locator("main input[type=checkbox]").first.check()
    until(lambda: phone.record().get("ticks"), "the tick is kept")
    # The page may read something at the same time: that is broken off and begun anew as well.
    assert phone.page.evaluate("() => self.brokenOff") >= 1
    expect(phone.page.locator("[data-notice=memory]")).to_be_hidden()


BUSY = """() => new Promise((resolve) => {
  const opening = indexedDB.open("lendemain");
  opening.onsuccess = () => {
    const store = opening.result.transaction("record", "readwrite").objectStore("record");
    const until = Date.now() + 400;
    const hold = () => { if (Date.now() < until) store.get("x").onsuccess = hold; };
    hold();
    resolve();
  };
})"""


def test_a_language_chosen_on_a_busy_phone_is_chosen(new_phone: "NewPhone") -> None:
    phone = new_phone()
    phone.begin()
    phone.open("/en/guide")
    phone.page.wait_for_load_state("networkidle")
    phone.page.evaluate(BUSY)
    phone.page.locator("[data-switch=fr]:visible").click()
    phone.page.wait_for_url("**/fr/guide")
    assert phone.record()["settings"] == {"language": "fr"}


# The back button

# A frozen page keeps its own clock: this one is read from where a test can move it meanwhile.
MOVED_CLOCK = "Date.now = () => Number(localStorage.getItem('now'));"


def test_the_back_button_brings_guide_pages_back_at_once_with_their_times_told_anew(
    open_phone: OpenPhone, server: "Server"
) -> None:
    # Playwright turns off the cache from which browsers take a page that one comes back to.
    context = open_phone(
        whole=True, ignore_default_args=["--disable-back-forward-cache"], reduced_motion="reduce"
    )
    phone = Phone(context, server.url)
    context.add_init_script(MOVED_CLOCK)

    def at(moment: datetime) -> None:
        now = int(moment.timestamp() * 1000)
        phone.page.evaluate("(now) => localStorage.setItem('now', now)", now)

    phone.open("/en/")
    at(TREATED)
    phone.begin()
    for path in ("guide", "activities", "activities/makeup", "breakouts", f"{GUIDE}/day-2"):
        at(TREATED + 47 * HOUR)
        phone.open(f"/en/{path}")
        phone.page.evaluate(
            "() => addEventListener('pageshow', (e) => (document.title = `back ${e.persisted}`))"
        )
        phone.page.click('header a[href="/en/get-help"]')
        expect(phone.page.locator("main[data-page=help][data-ready]")).to_be_attached()
        at(TREATED + 49 * HOUR)
        phone.page.evaluate("() => history.back()")
        expect(phone.page).to_have_title("back true")
        makeup = phone.page.locator("[data-activity=makeup]").first
        if makeup.count():
            expect(makeup).to_have_attribute("data-open", "")
            expect(makeup).to_contain_text("since")


# A phone that is full, left open, or told twice

FULL = """() => {
  IDBObjectStore.prototype.put = function () {
    queueMicrotask(() => this.transaction.abort());
    return this.get("nothing");
  };
}"""


def test_a_full_phone_loses_nothing_of_an_entry_of_which_one_thing_changes(
    new_phone: "NewPhone",
) -> None:
    phone = new_phone()
    phone.begin_at(TREATED)
    said = {"name": "Clinique A", "phone": "514 555-0134", "hours": "9-5", "waits": {"makeup": 60}}
    phone.page.evaluate(PUT_IN, ["clinic", said])
    phone.set_clock(later(1, 9))
    phone.today()
    boxes = phone.page.locator("main input[type=checkbox]")
    boxes.first.check()
    until(lambda: phone.record()["ticks"], "the tick is kept")
    phone.context.add_init_script(NO_ROOM)
    phone.today()
    boxes.nth(1).check()
    until(lambda: phone.page.evaluate("() => sessionStorage.length"), "the tick is held")
    phone.today()
    assert [boxes.nth(number).is_checked() for number in (0, 1)] == [True, True]
    told(phone, "sauna", "200")
    phone.open("/en/get-help")
    expect(phone.page.locator("[data-my-clinic]").first).to_be_visible()
    phone.open("/en/activities/makeup")
    assert "60 h" in phone.page.locator(".answer").first.inner_text()


def test_a_full_phone_without_a_network_deletes_what_it_says_is_deleted(
    new_phone: "NewPhone",
) -> None:
    phone = new_phone()
    phone.begin_at(TREATED)
    phone.page.evaluate(PUT_IN, ["links", {"used": ["abcdefgh-1"], "deleted": []}])
    phone.open("/en/settings")
    phone.page.evaluate(FULL)
    phone.context.set_offline(True)
    phone.delete_everything()
    assert phone.record() == {}
    phone.context.set_offline(False)
    assert phone.today()["state"] == "none"


def test_coming_back_on_the_next_day_shows_each_wait_of_the_clinic_once(
    new_phone: "NewPhone",
) -> None:
    phone = new_phone()
    phone.begin_at(TREATED)
    said = {"name": "", "phone": "", "hours": "", "waits": {"wax": 400, "sun": 500}}
    phone.page.evaluate(PUT_IN, ["clinic", said])
    phone.today()
    phone.set_clock(later(1, 9))
    # Told twice, by the document and by the window.
    phone.page.evaluate(
        "() => [document, window].forEach((each, n) =>"
        " each.dispatchEvent(new Event(['visibilitychange', 'focus'][n])))"
    )
    until(lambda: phone.state()["day"] == "1", "the next day is shown")
    phone.page.wait_for_timeout(500)
    shown = phone.page.evaluate(
        "() => [...document.querySelectorAll('[data-into=waits] [data-activity]')]"
        ".map(({ dataset }) => dataset.activity)"
    )
    assert {"wax", "sun"} <= {*shown}
    assert len(shown) == len({*shown})


def test_a_question_left_open_over_midnight_offers_no_answer_of_yesterday(
    new_phone: "NewPhone",
) -> None:
    phone = new_phone()
    phone.set_clock(TREATED.replace(hour=23, minute=50))
    phone.open("/en/start")
    phone.page.click("[data-answer=standard]")
    afternoon = phone.page.locator("[data-when=afternoon]")
    expect(afternoon).to_be_visible()
    phone.set_clock(later(1, 8))
    # Where nothing tells that the person came back, the tap does.
    afternoon.click()
    expect(afternoon).to_be_hidden()
    assert "treatment" not in phone.record()
    phone.page.reload()
    phone.ready()
    expect(phone.page.locator("[data-when=now]")).to_be_visible()
    expect(afternoon).to_be_hidden()
    phone.set_clock(later(1, 15))
    come_back(phone.page)
    expect(afternoon).to_be_visible()
