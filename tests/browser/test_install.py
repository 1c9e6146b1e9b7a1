"""Keeping the app on the phone: each browser its own way, one notice at a time, the iPhone first."""

from typing import TYPE_CHECKING, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from .phone import LANGUAGES, TREATED, Phone, day_path, later, until
from .reminding import PUT_IN

if TYPE_CHECKING:
    from .conftest import NewPhone

WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
CHROMIUM = "AppleWebKit/537.36 (KHTML, like Gecko)"
IPHONE = f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {WEBKIT}"
ANDROID = "Mozilla/5.0 (Linux; Android 10; K)"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
SAFARI = f"{IPHONE} Version/26.0 Mobile/15E148 Safari/604.1"
CHROME_ON_IPHONE = f"{IPHONE} CriOS/141.0.7390.41 Mobile/15E148 Safari/604.1"
INSTAGRAM = f"{IPHONE} Mobile/15E148 Instagram 390.0.0.1"
# What a browser calls itself, and whose steps its person must see first.
AGENTS = {
    SAFARI: "ios-safari",
    CHROME_ON_IPHONE: "ios-chrome",
    f"{IPHONE} FxiOS/143.2 Mobile/15E148 Safari/604.1": "ios-chrome",
    INSTAGRAM: "in-app",
    f"{IPHONE} Mobile/15E148 [FBAN/FBIOS;FBAV/440.0]": "in-app",
    f"{IPHONE} Mobile/15E148": "in-app",
    f"{ANDROID} {CHROMIUM} Chrome/141.0.0.0 Mobile Safari/537.36": "android",
    f"{ANDROID} {CHROMIUM} SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36": "samsung",
    f"{ANDROID} {CHROMIUM} Version/4.0 Chrome/141.0.0.0 Safari/537.36 Instagram 390": "in-app",
    "Mozilla/5.0 (Android 15; Mobile; rv:143.0) Gecko/143.0 Firefox/143.0": "firefox",
    f"{MAC} {WEBKIT} Version/26.0 Safari/605.1.15": "mac",
    f"{MAC} {WEBKIT} Version/16.6 Safari/605.1.15": "computer",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROMIUM} Chrome/141.0 Safari/537.36": "computer",
}
TOUCH = "Object.defineProperty(navigator, 'maxTouchPoints', { get: () => 5 });"
STANDALONE = "Object.defineProperty(navigator, 'standalone', { get: () => true });"
# What Chromium sends when it can install; counted how often its prompt was asked for.
OFFER = """(outcome) => {
  window.prompted ??= 0;
  const event = new Event("beforeinstallprompt", { cancelable: true });
  event.prompt = () => (window.prompted += 1);
  event.userChoice = Promise.resolve({ outcome });
  return !dispatchEvent(event);
}"""
ASKED_TO_LAST = """
  const { name } = StorageManager.prototype.persist;
  StorageManager.prototype[name] = async () => {
    sessionStorage.setItem("asked", Number(sessionStorage.getItem("asked") ?? 0) + 1);
    return true;
  };
"""
SHOWN = "(all) => all.filter((each) => !each.hidden).map((each) => each.dataset.notice)"
WANT = "(name) => (document.querySelector(`[data-notice=${name}]`).dataset.wanted = '')"
# Without its number, the clinic's notice would come before what is offered.
CLINIC = {"name": "", "phone": "+15145550100", "hours": "", "waits": {}}


def named(agent: str) -> str:
    """Return the script that gives a browser another name."""
    return f"Object.defineProperty(navigator, 'userAgent', {{ get: () => {agent!r} }});"


def notices(phone: Phone) -> list[str]:
    """Return which notices are seen."""
    found: list[str] = phone.page.locator("[data-notice]").evaluate_all(SHOWN)
    return found


def answer(phone: Phone, notice: str, how: str) -> None:
    """Answer an offer, once it is seen, and wait until that is on disk."""
    before = phone.record().get("notices")
    phone.page.click(f"[data-notice={notice}] [data-answers={how}]")
    until(lambda: phone.record().get("notices") != before, "the answer is remembered")


def axe_complains(phone: Phone) -> list[str]:
    """Return what axe finds in the light and in the dark, by its rule."""
    found: list[str] = []
    schemes: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
    for scheme in schemes:
        phone.page.emulate_media(color_scheme=scheme)
        found += [each["id"] for each in Axe().run(phone.page).response["violations"]]
    return found


def begin(phone: Phone, language: str = "en") -> None:
    """Begin, with the clinic's number."""
    phone.begin_at(TREATED, language)
    phone.page.evaluate(PUT_IN, ["clinic", CLINIC])
    phone.today(language)


def on_day_1(phone: Phone, language: str = "en") -> Phone:
    """Begin, and look at Today the day after, when nothing waits for a scroll any more."""
    begin(phone, language)
    phone.set_clock(later(1, 12))
    phone.today(language)
    return phone


# Each browser its own way


def test_each_browser_sees_its_own_steps_first_and_the_others_folded(phone: Phone) -> None:
    first: dict[str, str | None] = {}
    for agent in AGENTS:
        phone.page = phone.context.new_page()
        phone.page.add_init_script(named(agent))
        phone.open("/en/install")
        ways = phone.page.locator("details[data-way]")
        first[agent] = ways.first.get_attribute("data-way")
        expect(phone.page.locator("details[open]")).to_have_count(1)
        expect(ways.first.locator("ol li:visible, p:visible").first).to_be_attached()
        phone.page.close()
    assert first == AGENTS


def test_without_scripts_every_way_is_told_one_after_the_other(new_phone: "NewPhone") -> None:
    page = new_phone(java_script_enabled=False).page
    for language in LANGUAGES:
        page.goto(f"{new_phone().url}/{language}/install")
        expect(page.locator("details[data-way] :is(li, p):visible").last).to_be_visible()
        expect(page.locator("details[data-way]:not([open])")).to_have_count(0)


def test_the_browsers_own_prompt_is_asked_for_once_behind_our_button(phone: Phone) -> None:
    page = on_day_1(phone).page
    assert "install" not in notices(phone)
    assert page.evaluate(OFFER, "accepted"), "the browser's own banner is held back"
    button = page.locator("[data-notice=install] [data-prompt] button")
    button.click()
    expect(button).to_be_hidden()
    assert page.evaluate("() => window.prompted") == 1
    page.evaluate("() => dispatchEvent(new Event('appinstalled'))")
    expect(page.locator("[data-notice=install]")).to_be_hidden()
    phone.open("/en/install")
    expect(page.locator("[data-prompt]")).to_be_hidden()
    page.evaluate(OFFER, "dismissed")
    page.click("[data-prompt] button")
    expect(page.locator("[data-prompt]")).to_be_hidden()
    until(lambda: phone.record().get("notices") == {"install": "dismissed"}, "the no is remembered")
    phone.today()
    page.evaluate(OFFER, "accepted")
    expect(page.locator("[data-notice=reminders]")).to_be_visible()
    assert notices(phone) == ["reminders"]


def test_an_installed_app_offers_no_installing(phone: Phone) -> None:
    phone.context.add_init_script(STANDALONE)
    on_day_1(phone).page.evaluate(OFFER, "accepted")
    expect(phone.page.locator("[data-notice=reminders]")).to_be_visible()
    phone.open("/en/settings")
    expect(phone.page.locator('main a[href="/en/install"]')).to_be_hidden()
    phone.open("/en/install")
    expect(phone.page.locator("[data-installed]")).to_be_visible()
    expect(phone.page.locator("[data-way]:visible")).to_have_count(0)


def test_a_window_of_another_app_says_so_before_anything_is_entered(new_phone: "NewPhone") -> None:
    phone = new_phone(user_agent=INSTAGRAM, permissions=["clipboard-read", "clipboard-write"])
    page = phone.page
    for language, said in zip(LANGUAGES, ("another app", "autre app"), strict=True):
        phone.open(f"/{language}/start")
        warning = page.locator("[data-warn-in-app]")
        expect(warning).to_contain_text(said)
        warning.get_by_role("link").click()
        phone.ready()
        page.click("[data-copy]")
        expect(page.locator("[data-copied]")).not_to_be_empty()
        assert page.evaluate("() => navigator.clipboard.readText()") == f"{phone.url}/{language}/"
    on_day_1(phone)
    expect(page.locator("[data-notice=install] [data-in-app]")).to_be_visible()


# The iPhone first


def test_on_an_iphone_the_home_screen_comes_before_anything_is_ticked(
    new_phone: "NewPhone",
) -> None:
    titles = (
        "Keep it on your iPhone, 3 taps",
        "Gardez-le sur votre iPhone, en 3\u00a0gestes",
    )
    for language, title, agent in zip(LANGUAGES, titles, (SAFARI, CHROME_ON_IPHONE), strict=True):
        phone = new_phone(user_agent=agent)
        begin(phone, language)
        card = phone.page.locator("[data-notice=iphone]")
        # On the day itself, before any scrolling, above the day.
        expect(card).to_contain_text(title.replace("\u00a0", " "))
        above = "(it) => it.getBoundingClientRect().top < document.querySelector('[data-for=day] h1').getBoundingClientRect().top"
        assert card.evaluate(above)
        phone.set_clock(later(1, 12))
        phone.today(language)
        ticks = phone.page.locator("main input[type=checkbox]")
        expect(card).to_be_visible()
        assert notices(phone) == ["iphone"]
        expect(ticks).to_have_count(0)
        phone.open(day_path(language, "1"))
        expect(ticks).to_have_count(0)
        phone.today(language)
        if language == "en":
            answer(phone, "iphone", "shown")
            expect(card.locator(".steps:visible li")).to_have_count(3)
            expect(card.locator("[aria-expanded=true]")).to_be_focused()
            expect(card.locator("[data-steps-of=ios-safari] svg").first).to_be_visible()
            assert axe_complains(phone) == []
        else:
            answer(phone, "iphone", "dismissed")
            expect(card).to_be_hidden()
        expect(ticks.first).to_be_visible()
        phone.today(language)
        expect(ticks.first).to_be_visible()
        below = "install" if language == "en" else "reminders"
        expect(phone.page.locator(f"[data-notice={below}]")).to_be_visible()
        assert notices(phone) == [below]
        phone.open(f"/{language}/settings")
        expect(phone.page.locator("[data-lasts=tab]")).to_be_visible()
        expect(phone.page.locator(f'main a[href="/{language}/install"]')).to_be_visible()


def test_the_app_on_an_iphones_home_screen_has_ticks_and_no_card(new_phone: "NewPhone") -> None:
    phone = new_phone(user_agent=f"{IPHONE} Mobile/15E148")
    phone.context.add_init_script(STANDALONE)
    on_day_1(phone)
    expect(phone.page.locator("main input[type=checkbox]").first).to_be_visible()
    expect(phone.page.locator("[data-notice=reminders]")).to_be_visible()
    assert notices(phone) == ["reminders"]


def test_an_ipad_is_not_called_an_iphone(new_phone: "NewPhone") -> None:
    phone = new_phone(user_agent=f"{MAC} {WEBKIT} Version/26.0 Safari/605.1.15")
    phone.context.add_init_script(TOUCH)
    phone.begin_at(TREATED)
    card = phone.page.locator("[data-notice=iphone] strong").first
    assert card.inner_text() == "Keep it on your iPad, 3 taps"


# One notice at a time


def test_one_notice_at_a_time_in_the_order_of_care(phone: Phone) -> None:
    page = on_day_1(phone).page
    # The offer of a newer version is there only where there is one.
    order = [
        "correction", "memory", "iphone", "silence", "clinic", "install", "reminders", "update",
    ]  # fmt: skip
    page.evaluate(PUT_IN, ["notices", {"reminders": "dismissed"}])
    phone.today()
    expect(page.locator("[data-silence][data-looked]")).to_be_attached()
    for name in reversed(order):
        page.evaluate(WANT, name)
        until(lambda name=name: name in notices(phone), name)  # type: ignore[misc]
        assert notices(phone) == [name]


def test_nothing_is_offered_on_the_day_itself_before_the_person_looks_further(
    phone: Phone,
) -> None:
    begin(phone)
    page = phone.page
    page.evaluate(OFFER, "accepted")
    page.evaluate(WANT, "update")
    expect(page.locator("[data-notice=reminders][data-wanted]")).to_be_attached()
    assert notices(phone) == []
    page.evaluate(WANT, "correction")
    until(lambda: notices(phone) == ["correction"], "the correction is shown")
    page.evaluate("() => delete document.querySelector('[data-notice=correction]').dataset.wanted")
    page.mouse.wheel(0, 300)
    expect(page.locator("[data-notice=install]")).to_be_visible()
    assert notices(phone) == ["install"]


def test_an_offer_that_was_put_off_does_not_come_back_and_no_other_takes_its_place(
    phone: Phone,
) -> None:
    page = on_day_1(phone).page
    page.evaluate(OFFER, "accepted")
    expect(page.locator("[data-notice=install]")).to_be_visible()
    answer(phone, "install", "dismissed")
    assert notices(phone) == []
    phone.today()
    page.evaluate(OFFER, "accepted")
    expect(page.locator("[data-notice=reminders]")).to_be_visible()
    answer(phone, "reminders", "dismissed")
    phone.today()
    expect(page.locator("[data-silence][data-looked]")).to_be_attached()
    assert notices(phone) == []
    assert phone.record()["notices"] == {"install": "dismissed", "reminders": "dismissed"}


def test_a_new_release_and_the_clinics_number_are_both_told_whatever_becomes_of_the_first(
    phone: Phone,
) -> None:
    page = on_day_1(phone).page
    page.evaluate(PUT_IN, ["clinic", None])
    phone.today()
    page.evaluate(WANT, "update")
    until(lambda: notices(phone) == ["clinic"], "what concerns the guide comes first")
    answer(phone, "clinic", "dismissed")
    assert notices(phone) == ["update"]
    # Somebody else adds the number instead.
    page.evaluate(PUT_IN, ["notices", {"reminders": "dismissed"}])
    phone.today()
    page.evaluate(WANT, "update")
    until(lambda: notices(phone) == ["clinic"], "a reload loses nothing of it")
    page.click("[data-notice=clinic] a")
    page.wait_for_url("**/en/clinic")
    phone.ready()
    page.evaluate(WANT, "update")
    until(lambda: notices(phone) == ["update"], "it stands on every page")
    page.fill("[name=phone]", "514 555-0100")
    page.click("form button[type=submit]")
    until(lambda: "clinic" in phone.record(), "the number is kept")
    page.go_back()
    phone.ready()
    page.evaluate(WANT, "update")
    until(lambda: notices(phone) == ["update"], "the next one")


def test_an_offer_that_was_followed_does_not_come_back(phone: Phone) -> None:
    page = on_day_1(phone).page
    expect(page.locator("[data-notice=reminders]")).to_be_visible()
    page.click("[data-notice=reminders] a")
    page.wait_for_url("**/en/reminders")
    assert phone.record()["notices"] == {"reminders": "shown"}


# What the browser promises


def test_the_browser_is_asked_to_keep_once_there_is_something_to_keep(phone: Phone) -> None:
    phone.context.add_init_script(ASKED_TO_LAST)
    asked = "() => sessionStorage.getItem('asked')"
    for path in ("/en/", "/en/start", "/en/settings"):
        phone.open(path)
        assert phone.page.evaluate(asked) is None
    phone.begin_at(TREATED)
    until(lambda: phone.page.evaluate(asked) == "1", "it is asked")
    phone.open("/en/settings")
    expect(phone.page.locator("[data-lasts=perhaps]")).to_be_visible()
    phone.page.click("[data-ask]")
    expect(phone.page.locator("[data-lasts=promised]")).to_be_visible()
    expect(phone.page.locator("[data-ask]")).to_be_hidden()
