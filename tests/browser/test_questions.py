"""Somebody asks at night whether this is expected: few taps, one answer, and whom to call."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from .conftest import NewPhone
from .phone import DAILY_FRENCH, LANGUAGES, Phone, later, until
from .reminding import PUT_IN

RUN_AXE = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations.map(
  ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`)"""
WORDS = {
    "en": {"none": "None of these", "spots": "Spots or small bumps", "many": "Many, or they itch",
           "worse": "Getting worse", "clinic": "Contact your clinic", "expected": "Expected on day 6",
           "dots": "Tiny hard white dots, painless"},
    "fr": {"none": "Aucun de ces signes", "spots": "Boutons ou petites bosses", "many": "Beaucoup, ou ça démange",
           "worse": "Ça empire", "clinic": "Communiquez avec votre clinique",
           "expected": "Attendu au jour 6", "dots": "Minuscules grains blancs et durs, sans douleur"},
}  # fmt: skip


def asking(new_phone: NewPhone, language: str = "en", day: int = 6, **options: object) -> Phone:
    """Return a phone that follows a treatment, on the page that asks."""
    phone = new_phone(**options)
    phone.begin_at(language=language)
    phone.set_clock(later(day, 9))
    phone.open(f"/{language}/questions/expected")
    return phone


def tap(phone: Phone, *names: str) -> None:
    """Tap rows and buttons by what they are called, as somebody who hears the screen does."""
    for name in names:
        row = phone.page.get_by_role("button", name=name, exact=True)
        row.or_(phone.page.get_by_role("link", name=name, exact=True)).first.click()


def title(phone: Phone) -> str:
    """Return the words of the result."""
    return phone.page.locator(".result-title:visible").inner_text()


@DAILY_FRENCH
def test_five_taps_lead_to_any_result(new_phone: NewPhone, language: str) -> None:
    phone, said = asking(new_phone, language), WORDS[language]
    tap(phone, said["none"], said["none"], said["spots"], said["many"], said["worse"])
    assert title(phone) == said["clinic"]
    told = phone.page.locator("[data-answered]").inner_text()
    assert said["spots"] in told
    assert said["worse"] in told
    for step in ("trend", "strength", "seen"):
        phone.page.go_back()
        expect(phone.page.locator(f"[data-step={step}]")).to_be_visible()
    tap(phone, said["dots"])
    assert title(phone) == said["expected"]
    expect(phone.page.locator("[data-sources] .sources:visible")).to_be_visible()


def test_the_keyboard_alone_gets_there_and_the_result_has_the_focus(new_phone: NewPhone) -> None:
    phone = asking(new_phone)
    for name in ("None of these", "None of these"):
        phone.page.get_by_role("button", name=name).focus()
        phone.page.keyboard.press("Enter")
    phone.page.get_by_role("link", name="A bruise", exact=True).focus()
    for key in ("Enter", "Tab", "Enter", "Tab", "Enter"):
        phone.page.keyboard.press(key)
        if key == "Enter":
            assert phone.page.evaluate("() => document.activeElement.tagName") == "H1"
    assert title(phone) == "Expected on day 6"


def test_an_emergency_shows_the_number_why_and_nothing_else(new_phone: NewPhone) -> None:
    phone = asking(new_phone)
    tap(phone, "Trouble breathing or swallowing, or a tight throat")
    assert title(phone) == "Call 911"
    page = phone.page
    seen = page.locator("a:visible, button:visible").all_inner_texts()
    assert [each.strip() for each in seen] == [
        "Call 911",
        "I’m outside Canada",
        "I tapped by mistake",
    ]
    assert page.locator("a:visible").get_attribute("href") == "tel:911"
    tap(phone, "I’m outside Canada")
    expect(page.get_by_text("Call the local emergency number.")).to_be_visible()
    tap(phone, "I tapped by mistake")
    expect(page.locator("[data-step=emergency]")).to_be_visible()
    expect(page.locator(".tabs")).to_be_visible()


def test_the_first_button_calls_the_clinic_where_its_number_is_known(new_phone: NewPhone) -> None:
    phone = asking(new_phone)
    tap(phone, "None of these", "Pus, or a yellow or green discharge")
    assert title(phone) == "Get help today"
    calls = phone.page.locator("a.button:visible")
    assert calls.first.get_attribute("href") == "tel:811"
    clinic = {"name": "Mile-End", "phone": "514 555-0199", "hours": "", "waits": {}}
    phone.page.evaluate(PUT_IN, ["clinic", clinic])
    phone.open("/en/questions")
    phone.page.locator(".asking a").first.click()
    phone.page.wait_for_url("**/questions/expected")
    phone.ready()
    tap(phone, "None of these", "Pus, or a yellow or green discharge")
    assert calls.first.get_attribute("href") == "tel:5145550199"
    expect(phone.page.locator("[data-near-eye]:visible")).to_contain_text("a reason to call 911")


def test_nobody_who_should_get_help_today_is_offered_a_look_tomorrow(new_phone: NewPhone) -> None:
    phone = asking(new_phone)
    tap(phone, "None of these", "Pus, or a yellow or green discharge")
    assert title(phone) == "Get help today"
    expect(
        phone.page.get_by_text("Remind me to look again tomorrow").locator("visible=true")
    ).to_have_count(0)
    phone.page.go_back()
    tap(phone, "None of these", "A new dark patch")
    expect(phone.page.locator("[data-look-again]:visible")).to_have_count(1)


def test_a_worry_is_answered_with_whom_to_call(new_phone: NewPhone) -> None:
    phone = asking(new_phone)
    tap(phone, "None of these", "None of these", "Nothing precise, I’m just worried")
    assert title(phone) == "Worried? Call."
    assert phone.page.locator("a.button:visible").first.get_attribute("href") == "tel:811"
    expect(phone.page.get_by_role("link", name="What today may bring")).to_be_visible()
    phone.page.go_back()
    phone.page.click("[data-step=seen] [data-sign=redness]")
    tap(phone, "A little", "The same")
    assert title(phone) == "Keep an eye on it"
    expect(phone.page.locator("a.button:visible")).to_have_count(0)
    near_eye = phone.page.locator("[data-near-eye]:visible")
    expect(near_eye).to_contain_text("Right around the eye, contact your clinic instead.")


def test_what_the_day_page_says_counts_for_more_counts_here_too(new_phone: NewPhone) -> None:
    phone = asking(new_phone)
    phone.page.evaluate(PUT_IN, ["situations", ["isotretinoin"]])
    phone.open("/en/questions/expected")
    tap(phone, "None of these", "None of these")
    phone.page.click("[data-step=seen] [data-sign=redness]")
    tap(phone, "A little", "The same")
    assert title(phone) == "Contact your clinic"
    raised = phone.page.locator("[data-raised]:visible")
    expect(raised).to_have_text("With isotretinoin, ask instead of waiting to see.")
    # Care 5 asks about four; what else is so is named elsewhere.
    expect(phone.page.locator("[data-result=clinic] [name=about]")).to_have_count(4)


def test_what_is_so_of_me_raises_the_answer_and_is_kept(new_phone: NewPhone) -> None:
    phone = asking(new_phone)
    tap(phone, "None of these", "Pus, or a yellow or green discharge")
    phone.page.locator(".about summary:visible").click()
    phone.page.locator("[name=about][value=weak-immunity]:visible").check()
    expect(phone.page.locator("[data-result=emergency]")).to_be_visible()
    raised = phone.page.locator("[data-result=emergency] [data-raised]")
    expect(raised).to_contain_text("a sign of infection counts one level higher")
    # The box that was checked is gone: who listens hears the new answer, and then the question gone back to.
    assert phone.focused_heading() == "Call 911"
    phone.page.go_back()
    expect(phone.page.locator("[data-step=today]")).to_be_visible()
    assert phone.focused_heading() == "Or any of these?"
    until(lambda: phone.record()["situations"] == ["weak-immunity"], "it is kept")


def test_what_was_said_of_me_or_my_treatment_meanwhile_counts_when_i_come_back(
    new_phone: NewPhone,
) -> None:
    phone = asking(new_phone, day=4)
    tap(phone, "None of these", "None of these")
    phone.page.click("[data-step=seen] [data-sign=redness]")
    tap(phone, "A little", "Getting better")
    assert title(phone) == "Keep an eye on it"
    back = "() => document.dispatchEvent(new Event('visibilitychange'))"
    phone.page.evaluate(PUT_IN, ["situations", ["weak-immunity"]])
    phone.page.evaluate(back)
    expect(phone.page.locator("[data-result=clinic]")).to_be_visible()
    # A night is over on a page that was left open.
    phone.page.evaluate(PUT_IN, ["situations", []])
    phone.set_clock(later(20, 9))
    phone.page.evaluate(back)
    expect(phone.page.locator("[data-answered]")).to_contain_text("Day 20")
    treatment = {**phone.record()["treatment"], "variant": "rf"}
    phone.set_clock(later(4, 9))
    phone.page.evaluate(PUT_IN, ["treatment", treatment])
    phone.page.evaluate(back)
    expect(phone.page.locator(".result-title:visible")).to_have_text("Expected on day 4")
    # Without a treatment no day is known, and nothing is expected on day 0.
    phone.page.evaluate(PUT_IN, ["treatment", None])
    phone.page.evaluate(back)
    expect(phone.page.locator("[data-step=seen]")).to_be_visible()
    phone.page.reload()
    phone.ready()
    expect(phone.page.locator("[data-step=seen]")).to_be_visible()


def test_a_step_from_before_an_update_that_names_a_sign_no_longer_there_begins_anew(
    new_phone: NewPhone,
) -> None:
    phone = asking(new_phone)
    first = phone.page.locator("[data-step=emergency]")
    of_before = {"step": "result", "sign": "of-before", "strength": "mild", "trend": "same"}
    phone.page.evaluate("(given) => history.replaceState(given, '')", of_before)
    phone.page.reload()
    phone.ready()
    expect(first).to_be_visible()
    tap(phone, "None of these")
    phone.page.go_back()
    expect(first).to_be_visible()
    assert phone.focused_heading() == "Any of these right now?"


@DAILY_FRENCH
def test_every_result_below_an_emergency_says_when_to_call_sooner_and_that_nobody_watches(
    new_phone: NewPhone, language: str
) -> None:
    sooner = {"en": "Get help sooner if:", "fr": "Demandez de l’aide sans attendre si"}[language]
    nobody = {"en": "Nobody reads this.", "fr": "Personne ne lit ceci."}[language]
    phone = asking(new_phone, language)
    for level in ("expected", "watch", "clinic", "today"):
        shown = phone.page.locator(f"[data-result={level}]")
        words = shown.text_content() or ""
        assert sooner in words, level
        assert nobody in words, level


def test_a_message_for_the_clinic_can_be_copied(new_phone: NewPhone) -> None:
    phone = asking(new_phone, permissions=["clipboard-read", "clipboard-write"])
    tap(phone, "None of these", "None of these", "A new dark patch")
    phone.page.locator("[data-copy]:visible").click()
    expect(phone.page.locator("[data-copied]:visible")).to_have_text("Copied.")
    copied = phone.page.evaluate("() => navigator.clipboard.readText()")
    assert copied.startswith("Microneedling, day 6, done ")
    assert copied.endswith("What I see: A new dark patch.")


def test_without_a_treatment_the_urgent_is_answered_and_the_rest_can_be_read(
    new_phone: NewPhone,
) -> None:
    phone = new_phone()
    phone.open("/en/questions/expected")
    tap(phone, "None of these", "A honey-coloured or golden crust")
    assert title(phone) == "Get help today"
    phone.page.go_back()
    tap(phone, "None of these", "A bruise")
    expect(phone.page.get_by_text("this phone has to know your treatment")).to_be_visible()
    expect(phone.page.locator("#sign-bruise")).to_be_in_viewport()
    # Who listens is there too, and the way back leads to the list.
    assert phone.focused_heading() == "A bruise"
    phone.page.go_back()
    assert phone.focused_heading() == "What do you see or feel?"
    phone.page.locator(".skip").focus()
    phone.page.keyboard.press("Enter")
    phone.page.wait_for_url("**#content")
    expect(phone.page.locator("[data-step=seen]")).to_be_visible()


def test_without_scripts_every_sign_can_be_read(new_phone: NewPhone) -> None:
    phone = new_phone(java_script_enabled=False)
    phone.page.goto(f"{phone.url}/en/questions/expected")
    expect(phone.page.get_by_role("heading", name="Any of these right now?")).to_be_visible()
    row = phone.page.locator("[data-sign=breathing]")
    assert row.get_attribute("href") == "/en/get-help#emergency"
    assert phone.page.locator("[data-answer-words]:visible").count() > 90


@pytest.mark.parametrize("scheme", ["dark", pytest.param("light", marks=pytest.mark.long)])
def test_every_step_and_every_level_can_be_used_by_everyone(
    new_phone: NewPhone, scheme: str
) -> None:
    phone = asking(
        new_phone, color_scheme=scheme, viewport={"width": 320, "height": 640}, bypass_csp=True
    )
    wrong = {}

    def look(what: str) -> None:
        phone.page.evaluate(Axe().axe_script)
        if faults := phone.page.evaluate(RUN_AXE):
            wrong[what] = faults
        wide = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert phone.page.evaluate(wide) <= 0, what

    look("emergency signs")
    tap(phone, "A seizure, or an irregular heartbeat")
    look("emergency")
    tap(phone, "I tapped by mistake", "None of these", "Fever of 38 °C or more, or shivering")
    look("today")
    phone.page.go_back()
    tap(phone, "None of these")
    look("what is seen")
    tap(phone, "Spots or small bumps")
    look("how strong")
    tap(phone, "A few, not itchy")
    look("where it is heading")
    tap(phone, "The same")
    look("watch")
    phone.page.go_back()
    phone.page.go_back()
    phone.page.go_back()
    tap(phone, "A new dark patch")
    look("clinic")
    assert wrong == {}


SNOW = {
    "en": [
        "When can I shovel",
        "Saturday, 10:30 am",
        "if no area is open",
        "My clinic told me otherwise",
    ],
    "fr": [
        "pelleter",
        "samedi, 10 h 30",
        "si aucune zone n’est ouverte",
        "Ma clinique m’a dit autre chose",
    ],
}


@pytest.mark.parametrize(
    ("language", "typed", "row"), [("en", "shovl snow", "snow"), ("fr", "peleter", "snow")]
)
def test_typing_brings_what_is_meant_with_its_time_and_enter_opens_its_page(
    new_phone: NewPhone, language: str, typed: str, row: str
) -> None:
    phone = asking(new_phone, language, day=1)
    phone.open(f"/{language}/activities")
    phone.page.get_by_role("searchbox").fill(typed)
    found = phone.page.locator("[data-found] .rows [data-activity]")
    expect(found.first).to_have_attribute("data-activity", row)
    # Its answer takes the row's place: when, if skin is calm, why, and what others say.
    answer = phone.page.locator("[data-found] [data-answer]")
    expect(answer).to_be_visible()
    expect(found.first).to_be_hidden()
    told = plainly(answer.inner_text())
    for words in SNOW[language]:
        assert words in told
    expect(answer.get_by_role("link").first).to_have_attribute("href", re.compile(f"/{row}$"))
    expect(phone.page.locator(".groups")).to_be_hidden()
    phone.page.keyboard.press("Enter")
    phone.page.wait_for_url(f"**/{language}/activities/{row}")
    phone.page.go_back()
    phone.ready()
    phone.page.get_by_role("searchbox").fill("")
    expect(phone.page.locator(".groups")).to_be_visible()


def test_what_is_not_on_the_list_ends_with_whom_to_ask(new_phone: NewPhone) -> None:
    phone = asking(new_phone)
    phone.open("/en/activities")
    phone.page.get_by_role("searchbox").fill("xylophone")
    expect(phone.page.get_by_text("Not on our list. Ask before you do it.")).to_be_visible()
    expect(phone.page.get_by_role("link", name="Whom to ask")).to_be_visible()


@pytest.mark.parametrize(
    ("language", "typed", "path"),
    [
        ("en", "is it infected", "questions/expected"),
        ("fr", "feu sauvage", "questions/expected"),
        ("fr", "jai de la misère à respirer", "get-help"),
        pytest.param("fr", "eau oxygénée", "questions/ingredients", marks=pytest.mark.long),
    ],
)
def test_what_is_no_activity_leads_to_the_question_that_it_is(
    new_phone: NewPhone, language: str, typed: str, path: str
) -> None:
    phone = asking(new_phone, language, day=1)
    phone.open(f"/{language}/activities")
    # An answer about something else goes.
    phone.page.get_by_role("searchbox").fill("sauna")
    answer = phone.page.locator("[data-found] [data-answer]")
    expect(answer).to_be_visible()
    phone.page.get_by_role("searchbox").fill(typed)
    expect(answer).to_be_hidden()
    found = phone.page.locator("[data-found] .rows li")
    expect(found.first).to_be_visible()
    assert found.first.get_attribute("data-elsewhere") == path
    if path:
        # What it is for stands under its name, not run into it.
        assert (
            found.first.locator("small").evaluate("(it) => getComputedStyle(it).display") == "block"
        )
    phone.page.wait_for_timeout(400)
    expect(answer).to_be_hidden()
    phone.page.keyboard.press("Enter")
    phone.page.wait_for_url(f"**/{language}/{path}")


def test_what_only_resembles_an_activity_ends_with_whom_to_ask(new_phone: NewPhone) -> None:
    phone = asking(new_phone)
    phone.open("/en/activities")
    phone.page.get_by_role("searchbox").fill("contact lenses")
    expect(phone.page.get_by_text("Not on our list. Ask before you do it.")).to_be_visible()


PRODUCT = {
    "en": {"look": "Look it up", "after": "Nothing on our wait list after Tue, Dec 8, 10:30 am",
           "retinol": "wait until Tue, Dec 8, 10:30 am", "unknown": "We know 3 of 4 ingredients. We cannot say. Ask your clinic.",
           "clear": "Nothing of it is on our wait list any more", "never": "Do not use it on your own",
           "ask": "Ask before you use it"},
    "fr": {"look": "Chercher", "after": "Plus rien sur notre liste d’attente après mar. 8 déc., 10 h 30",
           "retinol": "attendre jusqu’à mar. 8 déc., 10 h 30",
           "unknown": "Nous connaissons 3 ingrédients sur 4. Nous ne pouvons pas répondre. Demandez à votre clinique.",
           "clear": "Plus rien sur notre liste d’attente", "never": "Ne vous en servez pas de votre propre chef",
           "ask": "Demandez avant de vous en servir"},
}  # fmt: skip


def looks_up(phone: Phone, text: str, language: str = "en") -> str:
    """Paste a list, have it looked up, and return the answer, which has the focus."""
    phone.page.get_by_role("textbox").fill(text)
    tap(phone, PRODUCT[language]["look"])
    expect(phone.page.locator("#made-out")).to_be_focused()
    return plainly(title(phone))


def reads(phone: Phone, part: str) -> str:
    """Return what a part of the answer says, also of what is laid out once it is scrolled to."""
    return plainly(phone.page.locator(f"[data-{part}]:visible").text_content() or "")


def plainly(text: str) -> str:
    """Return a text with plain blanks."""
    return " ".join(text.split())


@DAILY_FRENCH
def test_a_list_of_ingredients_is_answered_with_what_must_wait_until_when_and_why(
    new_phone: NewPhone, language: str
) -> None:
    phone, said = asking(new_phone, language, day=1), PRODUCT[language]
    phone.open(f"/{language}/questions")
    phone.page.locator(".asking a[href$='questions/ingredients']").click()
    phone.page.wait_for_url("**/questions/ingredients")
    phone.ready()
    # In the first days one line stands above any answer.
    expect(phone.page.locator("[data-first-days]")).to_be_visible()
    assert looks_up(phone, "AQUA, GLYCERIN, RETINOL", language) == said["after"]
    waiting = phone.page.locator("[data-waiting]")
    assert "Retinol" in reads(phone, "waiting")
    assert said["retinol"] in reads(phone, "waiting")
    waiting.get_by_role("link").first.click()
    expect(phone.page.locator("#class-retinoids .sources")).to_be_visible()
    phone.page.go_back()
    # Whatever is not known leaves no green answer; what must wait is named all the same.
    strange = "Eau, glycérine, rétinol, Camellia sinensis leaf extract"
    assert looks_up(phone, strange, language) == said["unknown"]
    assert said["retinol"] in reads(phone, "waiting")
    assert "Camellia Sinensis" in reads(phone, "unread")
    assert looks_up(phone, "lidocaine 5%, aqua", language) == said["never"]
    assert looks_up(phone, "Polysporin", language) == said["ask"]
    phone.set_clock(later(20, 9))
    phone.open(f"/{language}/questions/ingredients")
    expect(phone.page.locator("[data-first-days]")).to_be_hidden()
    assert looks_up(phone, "AQUA, GLYCERIN, RETINOL", language) == said["clear"]


@DAILY_FRENCH
def test_what_my_clinic_said_of_retinoids_holds_for_a_product_and_is_called_theirs(
    new_phone: NewPhone, language: str
) -> None:
    phone = asking(new_phone, language, day=15)
    clinic = {"name": "", "phone": "", "hours": "", "waits": {"retinoids": 672}}
    phone.page.evaluate(PUT_IN, ["clinic", clinic])
    phone.open(f"/{language}/questions/ingredients")
    assert "22" in looks_up(phone, "AQUA, GLYCERIN, RETINOL", language)
    theirs = {"en": "10:30 am · your clinic", "fr": "10 h 30 · votre clinique"}[language]
    assert theirs in reads(phone, "waiting")


def test_nothing_that_is_no_ingredient_is_answered(new_phone: NewPhone) -> None:
    phone = asking(new_phone)
    phone.open("/en/questions/ingredients")
    assert looks_up(phone, "12 34") == "We found no ingredient in this."
    assert (
        looks_up(phone, "aspalathus")
        == "We know 0 of 1 ingredients. We cannot say. Ask your clinic."
    )
    phone.open("/fr/questions/ingredients")
    assert looks_up(phone, "aspalathus, eau", "fr").startswith(
        "Nous connaissons 1 ingrédient sur 2."
    )


def test_someone_without_a_treatment_is_told_how_long_and_a_roller_at_home_whom_to_ask(
    new_phone: NewPhone,
) -> None:
    phone = new_phone()
    phone.open("/en/questions/ingredients")
    assert looks_up(phone, "retinol, aqua") == "Nothing on our wait list after 14 days"
    assert "wait 14 days" in reads(phone, "waiting")
    phone.set_clock(later(0, 9))
    phone.begin(answer="home")
    phone.open("/en/questions/ingredients")
    assert "pharmacist" in looks_up(phone, "aspalathus")


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.long)])
def test_an_answer_about_a_product_can_be_used_by_everyone(
    new_phone: NewPhone, scheme: str
) -> None:
    phone = asking(new_phone, color_scheme=scheme, viewport={"width": 320, "height": 800})
    phone.open("/en/questions/ingredients")
    looks_up(phone, "aqua, retinol, lidocaine, hydroquinone, aspalathus")
    phone.page.evaluate(
        "() => document.querySelectorAll('details').forEach((each) => (each.open = true))"
    )
    phone.page.evaluate(Axe().axe_script)
    assert phone.page.evaluate(RUN_AXE) == []
    wide = "() => document.documentElement.scrollWidth <= innerWidth"
    assert phone.page.evaluate(wide)


def test_an_iphone_is_told_how_its_camera_reads_a_label(new_phone: NewPhone) -> None:
    agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
    told = {}
    for name, options in {"iphone": {"user_agent": agent}, "other": {}}.items():
        phone = new_phone(**options)
        phone.open("/en/questions/ingredients")
        told[name] = phone.page.get_by_text("Scan Text").is_visible()
    assert told == {"iphone": True, "other": False}


def test_an_answer_is_kept_with_its_day_and_time_and_can_go(new_phone: NewPhone) -> None:
    phone = asking(new_phone)
    tap(
        phone,
        "None of these",
        "None of these",
        "Spots or small bumps",
        "Many, or they itch",
        "Getting worse",
    )
    tap(phone, "Keep this answer on this phone")
    expect(phone.page.locator("[data-kept-answer]:visible")).to_be_visible()
    expect(phone.page.locator("[data-aloud]")).to_have_text("On this phone ✓ Under Questions")
    phone.set_clock(later(7, 20))
    phone.open("/en/questions")
    kept = phone.page.locator("[data-kept-answers]")
    told = plainly(kept.inner_text())
    assert "Contact your clinic yesterday, 9:00 am" in told
    assert "Day 6 · Spots or small bumps · Many, or they itch · Getting worse" in told
    kept.get_by_role("button", name="Remove the answer of yesterday").click()
    expect(kept).to_be_hidden()
    assert phone.record()["answers"] == []
    phone.open("/en/questions")
    expect(kept).to_be_hidden()


def test_who_has_no_reminders_is_told_where_to_turn_them_on(new_phone: NewPhone) -> None:
    phone = asking(new_phone)
    tap(
        phone,
        "None of these",
        "None of these",
        "Spots or small bumps",
        "A few, not itchy",
        "The same",
    )
    tap(phone, "Remind me to look again tomorrow")
    off = phone.page.locator("[data-rings-off]:visible")
    expect(off.get_by_role("link")).to_have_attribute("href", "/en/reminders")


@DAILY_FRENCH
def test_the_tab_shows_what_is_often_asked_on_this_day(new_phone: NewPhone, language: str) -> None:
    phone = asking(new_phone, language, day=4)
    phone.open(f"/{language}/questions")
    here = phone.page.locator("[data-asked-here]")
    day = "Often asked: Day 4" if language == "en" else "Souvent demandé : Jour 4"
    assert plainly(here.locator("h2").inner_text()) == day
    asked = here.get_by_role("link")
    assert asked.count() >= 5
    expect(here.locator("a[href$='activities/other-sunscreen']")).to_be_visible()
    phone.set_clock(later(10, 9))
    phone.open(f"/{language}/questions")
    expect(here.locator("a[href$='activities/laser-hair']")).to_be_visible()
    expect(here.locator("a[href$='activities/other-sunscreen']")).to_have_count(0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_after_a_roller_at_home_a_gel_is_ones_own(new_phone: NewPhone, language: str) -> None:
    phone = new_phone()
    phone.begin(answer="home", language=language)
    phone.open(f"/{language}/activities")
    phone.page.get_by_role("searchbox").fill("gel")
    found = phone.page.locator("[data-lifted] h2")
    asked = {
        "en": "Can I put on a gel or serum of my own?",
        "fr": "Puis-je mettre mon propre gel ou sérum?",
    }
    expect(found).to_be_visible()
    assert " ".join(found.inner_text().split()) == asked[language]
