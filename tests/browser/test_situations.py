"""A person says what is so of them, once; the guide adds what it changes, and takes nothing away."""

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, expect

from .phone import DAILY_FRENCH, LANGUAGES, TREATED, Phone, day_path, later, until

if TYPE_CHECKING:
    from .conftest import NewPhone

both_languages = pytest.mark.parametrize("language", LANGUAGES)
COLD_SORES, BLOOD_THINNER = "cold-sores", "blood-thinner"


def name(phone: Phone, *situations: str, language: str = "en") -> None:
    """Check situations on their page, and wait until the last one is on disk."""
    phone.open(f"/{language}/situations")
    for each in situations:
        phone.page.check(f"[value={each}]")
        until(lambda each=each: each in phone.record().get("situations", []), "it is kept")  # type: ignore[misc]


def follow(phone: Phone, link: str, leads_to: str) -> None:
    """Tap a link, and wait until the page that it leads to is ready."""
    phone.page.click(link)
    phone.page.wait_for_url(leads_to)
    phone.ready()


def own(phone: Phone, place: str = "day") -> Locator:
    """Return what stands open because it applies."""
    return phone.page.locator(f"[data-mine={place}] > ul > li:visible")


def others(phone: Phone, place: str) -> Locator:
    """Return what is said to those whom it does not concern."""
    return phone.page.locator(f"[data-others={place}] li[data-situation]")


def ids(rows: Locator) -> list[str]:
    found: list[str] = rows.evaluate_all("(rows) => rows.map((row) => row.dataset.situation)")
    return found


def not_hidden(rows: Locator) -> list[str]:
    found: list[str] = rows.evaluate_all(
        "(rows) => rows.filter((row) => !row.closest('[hidden]')).map((row) => row.dataset.situation)"
    )
    return found


@DAILY_FRENCH
def test_what_a_person_named_stands_open_where_it_matters_and_can_be_taken_back(
    phone: Phone, language: str
) -> None:
    phone.begin_at(TREATED, language)
    phone.open(day_path(language, "2"))
    everything = ids(others(phone, "day"))
    follow(phone, "a[href$='/situations']:visible", "**/situations")
    expect(phone.page.locator("[name=situation]:checked")).to_have_count(0)
    name(phone, BLOOD_THINNER, COLD_SORES, language=language)
    assert phone.record()["situations"] == [BLOOD_THINNER, COLD_SORES]
    phone.page.reload()
    phone.ready()
    expect(phone.page.locator("[name=situation]:checked")).to_have_count(2)

    phone.set_clock(later(2))
    phone.today(language)
    assert ids(own(phone)) == [BLOOD_THINNER, COLD_SORES]
    follow(phone, "[data-day-link]", "**/day-2")
    assert ids(own(phone)) == [BLOOD_THINNER, COLD_SORES]
    left = [each for each in everything if each not in {BLOOD_THINNER, COLD_SORES}]
    assert not_hidden(others(phone, "day")) == left
    phone.open(f"/{language}/activities/ibuprofen")
    assert ids(own(phone, "activity")) == [BLOOD_THINNER]
    phone.open(f"/{language}/get-help")
    assert (ids(own(phone, "emergency")), ids(own(phone, "today"))) == (
        [],
        [BLOOD_THINNER, COLD_SORES],
    )

    phone.open(f"/{language}/settings")
    follow(phone, "main a[href$='/situations']:visible", "**/situations")
    for each in (BLOOD_THINNER, COLD_SORES):
        phone.page.uncheck(f"[value={each}]")
    until(lambda: "situations" not in phone.record(), "nothing is kept of it")
    phone.today(language)
    assert ids(own(phone)) == []


def test_nothing_is_hidden_from_who_named_nothing(phone: Phone) -> None:
    phone.begin_at(TREATED)
    for path, places in {
        day_path("en", "3"): ["day"],
        "/en/breakouts": ["breakouts"],
        "/en/get-help": ["emergency", "today", "clinic"],
        "/en/activities/retinoids": ["activity"],
    }.items():
        phone.open(path)
        for place in places:
            said = others(phone, place)
            # Only what cannot be so after this treatment.
            assert set(ids(said)) - set(not_hidden(said)) <= {"shared-tools"}, path
            expect(phone.page.locator(f"[data-mine={place}]")).to_be_hidden()
    phone.open(day_path("en", "3"))
    phone.page.click("[data-others=day] summary")
    expect(others(phone, "day").first).to_be_visible()


def test_all_of_it_can_be_read_without_a_script(new_phone: "NewPhone") -> None:
    phone = new_phone(java_script_enabled=False)
    phone.page.goto(f"{phone.url}{day_path('en', '1')}")
    said = others(phone, "day")
    expect(said.first).to_be_hidden()
    phone.page.click("[data-others=day] summary")
    for each in said.all():
        expect(each).to_be_visible()
    phone.page.goto(f"{phone.url}/en/get-help")
    for each in others(phone, "today").all():
        expect(each).to_be_visible()
    phone.page.goto(f"{phone.url}/en/situations")
    expect(phone.page.locator("[name=situation]:enabled")).to_have_count(0)


def test_blood_is_asked_about_only_where_it_was_drawn(phone: Phone) -> None:
    phone.set_clock(TREATED)
    for answer, asked in (("standard", False), ("prp", True)):
        phone.begin(answer=answer)
        phone.open("/en/situations")
        expect(phone.page.locator("[value=shared-tools]")).to_be_visible(visible=asked)
        phone.open("/en/activities/give-blood")
        expect(others(phone, "activity")).to_be_visible(visible=asked)


def test_what_was_so_of_one_treatment_is_not_taken_for_so_of_the_next(phone: Phone) -> None:
    phone.begin_at(TREATED)
    name(phone, "numbing-cream", COLD_SORES)
    phone.begin()
    assert phone.record()["situations"] == [COLD_SORES]


@both_languages
def test_who_rolled_at_home_is_sent_to_a_pharmacist_and_811(phone: Phone, language: str) -> None:
    clinic = {"en": "your clinic", "fr": "votre clinique"}[language]
    phone.set_clock(TREATED)
    phone.begin(language, answer="home")
    for path, parts in {
        "get-help": ".card, main > .note",
        "breakouts": "main > :not(.band, [hidden])",
        "activities": "main .gate",
        "activities/led": ".answer",
    }.items():
        phone.open(f"/{language}/{path}")
        phone.page.evaluate(
            "() => document.querySelectorAll('details').forEach((d) => (d.open = true))"
        )
        said = " ".join(phone.page.locator(parts).all_inner_texts()).replace("’", "'").lower()
        assert said
        assert clinic not in said, path
    phone.open(f"/{language}/get-help")
    expect(phone.page.locator("#clinic-title")).to_contain_text("811")
