"""A person's own clinic: its number, what it said, and everything that then follows it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.conftest import Server

from .phone import (
    DAILY_FRENCH,
    GUIDE,
    TREATED,
    OpenPhone,
    Phone,
    kept_sets,
    later,
    until,
)
from .reminding import MORNING, PUT_IN, Owner, at_home
from .test_access import OVERFLOWING, RUN_AXE, TARGETS

HOUR = timedelta(hours=1)
THEIRS = {"en": "your clinic", "fr": "votre clinique"}
NUMBER = "514 555-0134 poste 2"
COME_BACK = "() => dispatchEvent(new Event('focus'))"


def say(phone: Phone, activity: str, amount: str, unit: str = "1") -> None:
    """Type what the clinic said into the opened field of an activity, and follow it."""
    form = phone.page.locator(f"[data-own={activity}] form")
    form.locator("[name=unit]").select_option(unit)
    if amount:
        form.locator("[name=amount]").fill(amount)
    form.locator("[type=submit]").click()


def told(phone: Phone, activity: str, amount: str, unit: str = "1", language: str = "en") -> None:
    """Have a wait of the clinic's own, entered on the activity's page."""
    phone.open(f"/{language}/activities/{activity}")
    phone.page.click("[data-own] summary")
    say(phone, activity, amount, unit)
    expect(phone.page.locator(".answer[data-theirs]")).to_have_count(1)


def opens(phone: Phone, activity: str) -> datetime:
    return datetime.fromisoformat(phone.waits()[activity]["from"])


def put(phone: Phone, name: str, value: object) -> None:
    """Put an entry into the record, as another tab or a link would."""
    phone.page.goto(f"{phone.url}/healthz")
    phone.page.evaluate(PUT_IN, [name, value])


def rows_of(phone: Phone, section: str) -> list[str]:
    """Return the activities below a heading of a day page, in order."""
    rows = phone.page.locator(f"section[aria-labelledby={section}] [data-activity]:visible")
    return [str(each) for each in rows.evaluate_all("(all) => all.map((r) => r.dataset.activity)")]


# What it said


@DAILY_FRENCH
def test_what_my_clinic_said_holds_everywhere_and_is_called_theirs(
    phone: Phone, language: str
) -> None:
    page = phone.page
    phone.begin_at(TREATED, language)
    told(phone, "makeup", "4", "24", language)
    own = TREATED + 96 * HOUR
    answer = page.locator(".answer")
    assert opens(phone, "makeup") == own
    expect(answer.locator("[data-own-wait]")).to_contain_text(
        {"en": "From 96 hours", "fr": "À partir de 96 heures"}[language]
    )
    # Beside it stay the guide's own wait, the range that was found, and the skin gate.
    for words in {
        "en": ("from 48 hours", "from 6 hours to 3 days", "oozing"),
        "fr": ("à partir de 48 heures", "entre 6 heures et 3 jours", "suintante"),
    }[language]:
        expect(answer).to_contain_text(words)
    expect(answer.locator(".answer-main:visible")).to_have_count(1)
    for path in ("activities", "today", f"{GUIDE}/day-1"):
        phone.open(f"/{language}/{path}")
        row = page.locator("[data-activity=makeup]")
        assert opens(phone, "makeup") == own
        expect(row).to_contain_text(THEIRS[language])
        expect(page.locator("[data-activity=retinoids]")).not_to_contain_text(THEIRS[language])
    phone.open(f"/{language}/clinic")
    place = page.locator("[data-own=makeup]")
    expect(place).to_contain_text(f"{THEIRS[language]}")
    expect(place).to_contain_text({"en": "from 48 hours", "fr": "à partir de 48 heures"}[language])


def test_a_wait_shorter_than_anything_found_is_asked_about_once(phone: Phone) -> None:
    page = phone.page
    phone.begin_at()
    phone.open("/en/clinic")
    place = page.locator("[data-own=makeup]")
    place.locator("summary").click()
    say(phone, "makeup", "5")
    question = place.locator("[data-shorter]")
    expect(question).to_contain_text("Shorter than anything we found.")
    assert "clinic" not in phone.record()
    place.locator("[data-no]").click()
    expect(question).to_be_hidden()
    # Six hours is what the shortest leaflet says; ours are no bound.
    say(phone, "makeup", "6")
    expect(place.locator("[data-clinics-wait]")).to_have_text("your clinic: from 6 hours")
    expect(place).not_to_have_attribute("open", "")
    place.locator("summary").click()
    say(phone, "makeup", "5")
    place.locator("[data-yes]").click()
    expect(place.locator("[data-clinics-wait]")).to_have_text("your clinic: from 5 hours")
    place.locator("summary").click()
    expect(place.locator("[name=amount]")).to_have_value("5")
    say(phone, "makeup", "5")
    expect(place).not_to_have_attribute("open", "")
    # Nothing was found about flying: what is shorter than ours is then shorter than anything.
    fly = page.locator("[data-own=fly]")
    fly.locator("summary").click()
    say(phone, "fly", "", "0")
    expect(fly.locator("[data-shorter]")).to_be_visible()
    assert phone.record()["clinic"]["waits"] == {"makeup": 5}


def test_what_is_no_wait_is_refused_kindly(phone: Phone) -> None:
    phone.begin_at()
    phone.open("/en/activities/pool")
    phone.page.click("[data-own] summary")
    fault = phone.page.locator("[data-own] [role=alert].fault")
    for amount, unit, words in (
        ("", "1", "Say how many"),
        ("2.5", "24", "whole number"),
        ("-3", "1", "whole number"),
        ("43", "24", "up to 42 days"),
        ("1009", "1", "up to 42 days"),
        ("soon", "1", "whole number"),
    ):
        phone.page.fill("[name=amount]", amount)
        say(phone, "pool", "", unit)
        expect(fault).to_contain_text(words)
        expect(phone.page.locator("[name=amount]")).to_be_focused()
    assert "clinic" not in phone.record()
    say(phone, "pool", "42", "24")
    expect(phone.page.locator(".answer[data-theirs]")).to_have_count(1)
    assert phone.record()["clinic"]["waits"] == {"pool": 1008}


def test_a_wait_is_taken_back_and_the_guide_holds_again(phone: Phone) -> None:
    phone.begin_at()
    told(phone, "makeup", "10", "24")
    phone.page.click("[data-own] summary")
    phone.page.click("[data-own] [data-remove]")
    expect(phone.page.locator(".answer[data-theirs]")).to_have_count(0)
    expect(phone.page.locator(".answer")).to_contain_text("From 48 hours after your treatment")
    assert opens(phone, "makeup") == TREATED + 48 * HOUR
    assert "clinic" not in phone.record()


def test_what_has_no_hour_is_not_the_clinics_to_give(phone: Phone) -> None:
    phone.begin_at()
    phone.open("/en/clinic")
    places = phone.page.locator("[data-own]")
    offered = set(places.evaluate_all("(all) => all.map(({ dataset }) => dataset.own)"))
    firm = {"touch", "home-rolling", "blood-thinner", "no-gel", "ibuprofen", "give-blood"}
    assert offered & firm == set()
    assert offered >= {"makeup", "led", "ice", "acetaminophen"}
    # A record that says otherwise, from wherever, changes nothing.
    crafted = {
        "touch": 0,
        "blood-thinner": 24,
        "makeup": 1.5,
        "sun": -4,
        "pool": "12",
        "rinse": 5000,
    }
    put(phone, "clinic", {"name": "", "phone": "", "hours": "", "waits": crafted})
    for activity in ("touch", "blood-thinner"):
        phone.open(f"/en/activities/{activity}")
        assert "from" not in phone.waits()[activity]
        expect(phone.page.locator("[data-own], [data-theirs]")).to_have_count(0)
    assert phone.today()["state"] == "day"
    expect(phone.page.locator("[data-theirs]")).to_have_count(0)
    assert opens(phone, "makeup") == TREATED + 48 * HOUR


def test_what_the_guide_says_to_ask_can_be_answered_by_the_clinic(phone: Phone) -> None:
    phone.begin_at()
    phone.open("/en/activities/led")
    phone.page.click("[data-own] summary")
    # Nothing was found about it, and the guide says not before three days.
    say(phone, "led", "2", "24")
    expect(phone.page.locator("[data-shorter]")).to_be_visible()
    told(phone, "led", "5", "24")
    assert opens(phone, "led") == TREATED + 120 * HOUR
    expect(phone.page.locator(".answer")).not_to_contain_text(
        "Ask your clinic.", use_inner_text=True
    )
    phone.today()
    expect(phone.page.locator("[data-activity=led]")).to_contain_text("your clinic")
    phone.open("/en/activities/led")
    phone.page.click("[data-own] summary")
    phone.page.click("[data-own] [data-remove]")
    expect(phone.page.locator(".answer-main:visible")).to_have_text(
        "Ask your clinic.", use_inner_text=True
    )
    assert "from" not in phone.waits()["led"]


# The days


def test_today_shows_what_the_clinic_made_longer_until_its_own_hour(phone: Phone) -> None:
    phone.begin_at()
    told(phone, "makeup", "10", "24")
    told(phone, "tattoo", "3", "24")
    told(phone, "pool", "30")
    phone.set_clock(later(2, 9))
    phone.today()
    # A tattoo is no highlight of the guide's; what the clinic said of it is.
    assert {"makeup", "tattoo"} <= set(phone.waits())
    assert "pool" not in phone.waits()
    rows = phone.page.locator("[data-into=waits] [data-activity]")
    instants = rows.evaluate_all("(all) => all.map(({ dataset }) => dataset.from)")
    assert instants == sorted(instants)
    # The guide has let makeup go by now: no page of its days lists it.
    phone.set_clock(later(8, 9))
    phone.today()
    assert opens(phone, "makeup") == TREATED + 240 * HOUR
    assert "tattoo" not in phone.waits()
    expect(phone.page.locator("[data-next-name]")).to_have_text("Makeup")
    expect(phone.page.locator("[data-next-whose]")).to_contain_text("your clinic")
    phone.set_clock(later(10, 10, 29))
    assert "makeup" in (phone.today(), phone.waits())[1]
    phone.set_clock(later(10, 10, 31))
    assert "makeup" not in (phone.today(), phone.waits())[1]


def test_a_day_page_lists_what_opens_by_the_clinics_rule_and_nothing_twice(phone: Phone) -> None:
    phone.begin_at()
    told(phone, "makeup", "10", "24")
    told(phone, "sauna", "48")
    wanted = {
        # stage: (opens around that day, among them or not; still waits)
        "1": ({"makeup": False, "sauna": False}, {"makeup": True, "sauna": True}),
        "2": ({"makeup": False, "sauna": True}, {"makeup": True, "sauna": False}),
        "7": ({"makeup": False, "sauna": False}, {"makeup": True, "sauna": False}),
        "8-14": ({"makeup": True, "sauna": False}, {"makeup": False, "sauna": False}),
        "15-42": ({"makeup": False, "sauna": False}, {"makeup": False, "sauna": False}),
    }
    for stage, (now, waiting) in wanted.items():
        phone.open(f"/en/{GUIDE}/day-{stage}")
        for section, there in (("opens", now), ("not-yet", waiting)):
            found = rows_of(phone, section)
            assert {name: name in found for name in there} == there, (stage, section)
            assert len(found) == len(set(found))
            heading = phone.page.locator(f"section[aria-labelledby={section}] h2")
            expect(heading).to_be_visible(visible=bool(found))
    # Somebody else's treatment is not this clinic's.
    phone.open("/en/microneedling/draft/deep/day-3")
    expect(phone.page.locator("[data-theirs]")).to_have_count(0)


def test_a_day_left_open_has_every_row_again_once_a_wait_is_taken_back(phone: Phone) -> None:
    phone.begin_at()
    day = f"/en/{GUIDE}/day-2"
    phone.open(day)
    guides = {name: rows_of(phone, name) for name in ("opens", "not-yet")}
    assert "makeup" in guides["opens"]
    for waits in ({"makeup": 0}, {"makeup": 240}, {"retinoids": 48}):
        clinic = {"name": "", "phone": "", "hours": "", "waits": waits}
        put(phone, "clinic", clinic)
        phone.open(day)
        assert {name: rows_of(phone, name) for name in guides} != guides
        phone.page.evaluate(PUT_IN, ["clinic", {**clinic, "waits": {}}])
        phone.page.evaluate(COME_BACK)
        until(lambda: {name: rows_of(phone, name) for name in guides} == guides, f"without {waits}")
        expect(phone.page.locator("[data-theirs]")).to_have_count(0)
        expect(phone.page.locator("[data-activity=makeup] [data-time]")).to_contain_text("Thursday")


def test_a_row_that_a_day_did_not_have_says_at_once_whose_wait_it_is(phone: Phone) -> None:
    phone.begin_at()
    put(phone, "clinic", {"name": "", "phone": "", "hours": "", "waits": {"wax": 4}})
    phone.open(f"/en/{GUIDE}/day-0")
    row = phone.page.locator("[data-activity=wax]")
    expect(row).to_contain_text("your clinic")
    expect(row).to_contain_text("today, 2:30")


def test_another_kind_of_treatment_does_not_inherit_what_was_said_of_the_last(phone: Phone) -> None:
    phone.begin_at()
    put(phone, "clinic", {"name": "A", "phone": NUMBER, "hours": "", "waits": {"makeup": 6}})
    phone.begin("en", "now", "standard")
    assert phone.record()["clinic"]["waits"] == {"makeup": 6}
    phone.begin("en", "now", "rf")
    assert phone.record()["clinic"] == {"name": "A", "phone": NUMBER, "hours": "", "waits": {}}


# To reach it


def test_get_help_asks_for_the_number_and_then_calls_it(phone: Phone) -> None:
    page = phone.page
    phone.begin_at()
    assert "wanted" in page.locator("[data-notice=clinic]").evaluate("(e) => ({ ...e.dataset })")
    phone.open("/en/get-help")
    card = page.locator("#clinic")
    expect(card.locator("[data-my-clinic]")).to_be_hidden()
    for wrong in ("", "ask Julie", "555", "811", "514 555 01 34 00 00 00 00"):
        page.fill("[name=phone]", wrong)
        page.click("[data-clinic-form] button")
        expect(card.get_by_role("alert")).to_contain_text("This is not a phone number.")
        expect(page.locator("[name=phone]")).to_be_focused()
    page.fill("[name=phone]", NUMBER)
    page.click("[data-clinic-form] button")
    call = card.get_by_role("link", name="Call my clinic")
    expect(call).to_have_attribute("href", "tel:5145550134")
    expect(call).to_contain_text(NUMBER)
    expect(page.locator("[data-clinic-form]")).to_be_hidden()
    expect(card).to_contain_text("Clinic closed? 811, option 1")
    expect(page.locator("#today [data-my-clinic] a")).to_be_visible()
    phone.today()
    assert "wanted" not in page.locator("[data-notice=clinic]").evaluate(
        "(e) => ({ ...e.dataset })"
    )


def test_the_clinics_name_number_and_hours_are_kept_as_typed_and_can_go(phone: Phone) -> None:
    page = phone.page
    phone.begin_at(TREATED, "fr")
    phone.open("/fr/clinic")
    typed = {"name": "Clinique Lumière", "phone": "+1 (514) 555-0134", "hours": "lun–ven, 9 h–17 h"}
    for name, value in typed.items():
        page.fill(f"[name={name}]", value)
    page.click("[data-clinic-form] button")
    expect(page.locator("[data-clinic-kept]")).to_contain_text("Dans ce téléphone ✓")
    assert phone.record()["clinic"] == {**typed, "waits": {}}
    phone.open("/fr/get-help")
    card = page.locator("#clinic")
    expect(card.locator("a[href^=tel]")).to_have_attribute("href", "tel:+15145550134")
    for words in typed.values():
        expect(card).to_contain_text(words)
    phone.open("/fr/clinic")
    for name in typed:
        page.fill(f"[name={name}]", "")
    page.click("[data-clinic-form] button")
    until(lambda: "clinic" not in phone.record(), "nothing is left of the clinic")


def test_a_number_that_was_mended_meanwhile_is_the_one_that_is_called(phone: Phone) -> None:
    phone.begin_at()
    put(phone, "clinic", {"name": "A", "phone": NUMBER, "hours": "", "waits": {"makeup": 72}})
    left_open = {
        path: phone.context.new_page() for path in ("get-help", "clinic", f"{GUIDE}/print")
    }
    for path, tab in left_open.items():
        phone.page = tab
        phone.open(f"/en/{path}")
    left_open["clinic"].fill("[name=hours]", "9 to 5")
    phone.page = phone.context.new_page()
    phone.open("/en/clinic")
    phone.page.fill("[name=phone]", "514 555-0199")
    phone.page.click("[data-clinic-form] button")
    until(lambda: "0199" in phone.record()["clinic"]["phone"], "the number is kept")
    told(phone, "makeup", "5", "24")
    for tab in left_open.values():
        tab.evaluate(COME_BACK)
    call = left_open["get-help"].locator("[data-my-clinic] a").first
    expect(call).to_have_attribute("href", "tel:5145550199")
    expect(call).to_contain_text("514 555-0199")
    expect(left_open[f"{GUIDE}/print"].locator("[data-clinic-phone]")).to_have_text("514 555-0199")
    makeup = left_open[f"{GUIDE}/print"].locator("[data-activity=makeup] [data-time]")
    expect(makeup).to_contain_text("Nov 29")
    expect(left_open["clinic"].locator("[name=phone]")).to_have_value("514 555-0199")
    expect(left_open["clinic"].locator("[data-own=makeup] strong")).to_contain_text("from 5 days")
    # What is being typed stays.
    expect(left_open["clinic"].locator("[name=hours]")).to_have_value("9 to 5")


def test_a_right_number_is_not_described_as_a_wrong_one(phone: Phone) -> None:
    tree = phone.context.new_cdp_session(phone.page)

    def described() -> list[str]:
        nodes = tree.send("Accessibility.getFullAXTree")["nodes"]
        fields = [each for each in nodes if each.get("role", {}).get("value") == "textbox"]
        found = [str(each.get("description", {}).get("value", "")) for each in fields]
        return [each for each in found if each]

    for path in ("clinic", "get-help"):
        phone.open(f"/en/{path}")
        assert described() == [], path
        phone.page.fill("[name=phone]", "ask Julie")
        phone.page.click("[data-clinic-form] button")
        assert ["not a phone number" in each for each in described()] == [True], path
        phone.page.fill("[name=phone]", NUMBER)
        phone.page.click("[data-clinic-form] button")
        expect(phone.page.locator("[data-clinic-kept]")).not_to_be_empty()
        assert described() == [], path
        put(phone, "clinic", None)


def test_what_is_pasted_out_of_a_table_is_one_line(phone: Phone) -> None:
    phone.open("/en/clinic")
    phone.page.fill("[name=name]", " Clinique\tLune  et fils ")
    phone.page.click("[data-clinic-form] button")
    until(lambda: "clinic" in phone.record(), "it is kept")
    assert phone.record()["clinic"]["name"] == "Clinique Lune et fils"
    expect(phone.page.locator("[name=name]")).to_have_value("Clinique Lune et fils")


def test_a_notice_that_was_put_aside_does_not_come_back(phone: Phone) -> None:
    phone.begin_at()
    notice = phone.page.locator("[data-notice=clinic]")
    expect(notice).to_have_attribute("data-wanted", "")
    notice.locator("[data-answers]").dispatch_event("click")
    expect(notice).not_to_have_attribute("data-wanted", "")
    until(lambda: phone.record().get("notices") == {"clinic": "dismissed"}, "it is kept")
    phone.today()
    expect(notice).not_to_have_attribute("data-wanted", "")


def test_a_roller_at_home_is_not_asked_for_a_clinic(phone: Phone) -> None:
    phone.set_clock(TREATED)
    phone.begin("en", "now", "home")
    expect(phone.page.locator("[data-notice=clinic]")).not_to_have_attribute("data-wanted", "")
    phone.open("/en/get-help")
    expect(phone.page.locator("[data-clinic-form]")).to_be_hidden()
    phone.open("/en/activities/makeup")
    expect(phone.page.locator("[data-own]")).to_be_hidden()
    phone.open("/en/clinic")
    expect(phone.page.locator(".lead:visible")).to_contain_text("If you have a clinic")


# Without a network, on small screens, with reminders


@pytest.mark.long
def test_without_a_network_the_clinics_rules_stand_and_can_be_changed(
    open_phone: OpenPhone, own_server: Server
) -> None:
    phone = Phone(open_phone(), own_server.url)
    phone.begin_at()
    sets = kept_sets(own_server.url)
    for name in ("shell", f"{GUIDE}/en"):
        until(lambda name=name: phone.keeps(name, sets[name]), f"{name} is kept whole", 30)  # type: ignore[misc]
    own_server.stop()
    phone.open("/en/clinic")
    phone.page.click("[data-own=makeup] summary")
    say(phone, "makeup", "10", "24")
    expect(phone.page.locator("[data-own=makeup] [data-clinics-wait]")).to_contain_text("10 days")
    phone.set_clock(later(8, 9))
    phone.today()
    assert opens(phone, "makeup") == TREATED + 240 * HOUR
    phone.context.close()
    assert phone.faults == []


@pytest.mark.parametrize(
    ("language", "width", "scheme"),
    [("en", 320, "dark"), pytest.param("fr", 1280, "light", marks=pytest.mark.long)],
)
def test_everyone_can_enter_it(phone: Phone, language: str, width: int, scheme: Any) -> None:
    page = phone.page
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 844})
    phone.begin_at(TREATED, language)
    put(
        phone,
        "clinic",
        {"name": "A", "phone": NUMBER, "hours": "", "waits": {"pool": 24, "makeup": 0}},
    )
    for path, place in (("clinic", "makeup"), ("activities/pool", "pool"), ("get-help", None)):
        phone.open(f"/{language}/{path}")
        if place:
            page.click(f"[data-own={place}] summary")
            say(phone, place, "1")
            expect(page.locator(f"[data-own={place}] [data-shorter]")).to_be_visible()
        page.evaluate(Axe().axe_script)
        assert page.evaluate(RUN_AXE) == []
        assert page.evaluate(OVERFLOWING) == []
        targets = [t for t in page.evaluate(TARGETS) if t["large"] and not t["free"]]
        assert [t for t in targets if t["height"] < 44] == []


@pytest.fixture(scope="module")
def owner(whole_browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Owner]:
    """One phone that can ring, with its server and push service."""
    with at_home(whole_browser, tmp_path_factory.mktemp("house") / "data") as owner:
        yield owner


def exercise_ring(owner: Owner) -> dict[str, Any]:
    rings: list[dict[str, Any]] = owner.record()["schedule"]["rings"]
    (found,) = [each for each in rings if "exercise" in each["holds"]]
    return found


def test_reminders_move_at_once_with_what_the_clinic_said(owner: Owner) -> None:
    owner.forget()
    owner.treated()
    owner.turn_on()
    before = exercise_ring(owner)
    told(owner, "exercise", "6", "24")
    wanted = MORNING.astimezone(UTC) + 144 * HOUR

    def at() -> datetime:
        return datetime.fromtimestamp(exercise_ring(owner)["at"] / 1000, UTC)

    until(lambda: wanted <= at() < wanted + HOUR, "the ring moves with the clinic's wait")
    # Under the same names: the server and a calendar move it instead of adding one.
    moved = exercise_ring(owner)
    assert (moved["id"], moved["uid"]) == (before["id"], before["uid"])
    until(lambda: owner.server_rings()[moved["id"]].at == at(), "the server has its new time")
    owner.open("/en/reminders")

    def theirs() -> bool:
        rows = [name for name, _ in owner.rows() if "sport is allowed" in name]
        return len(rows) == 1 and "your clinic" in rows[0]

    until(theirs, "the screen calls it theirs")
    assert owner.faults == []
