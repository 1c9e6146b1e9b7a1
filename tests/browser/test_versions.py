"""Several treatments, and several versions of one: what each phone follows, and what moves it on."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.workshop import Workshop

from .conftest import NewPhone
from .phone import TREATED, Phone, kept_sets, later, pages_of, read, release, until
from .reminding import PUT_IN
from .test_access import RUN_AXE

if TYPE_CHECKING:
    from tests.conftest import Server

RunningWith = Callable[..., AbstractContextManager["Server"]]
# What version 2 says otherwise.
SECOND = (
    ("activities.yaml", "{light: 36, layers: 60}", "{light: 40, layers: 60}"),
    ("days/layers.yaml", "Several layers crackle more.", "Layers crackle more."),
    (
        "breakouts.yaml", "harms:\n",
        '  - {en: "A gum.", fr: "Une gomme.", sources: [S99], grade: B}\nharms:\n',
    ),
    (
        "help.yaml", '{en: "Test sign: today", fr: "Signe d\'essai : today"',
        "{en: Rash, fr: Éruption",
    ),
)  # fmt: skip
CORRECTIONS = """
corrections:
  - id: ink
    date: 2026-11-21
    versions: ["1"]
    text:
      en: Version 1 was wrong about ink.
      fr: La version 1 se trompait sur l'encre.
      sources: [S98]
      grade: C
"""


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """A checkout with a second treatment."""
    return Workshop(tmp_path_factory.mktemp("workshop"))


@pytest.fixture(scope="module")
def site(workshop: Workshop, running_with: RunningWith) -> Iterator["Server"]:
    """That checkout, served: a start builds what was written since."""
    with running_with(workshop.root) as server:
        yield server


def begin_the_peel(phone: Phone, language: str, *, layers: bool = False) -> None:
    """Answer the three questions of Start, and wait for Today."""
    phone.set_clock(TREATED)
    phone.open(f"/{language}/start")
    phone.page.click("[data-treatment=light-peel]")
    expect(phone.page.locator("[data-answer=standard]")).to_be_hidden()
    phone.page.click("[data-of=light-peel] [data-answer=light]")
    if layers:
        phone.page.check("[name=layers]")
    phone.page.click("[data-when=now]")
    phone.page.wait_for_url(f"**/{language}/today")
    phone.ready()


@pytest.mark.parametrize("language", ["fr", pytest.param("en", marks=pytest.mark.long)])
def test_a_second_treatment_is_followed_without_a_network(
    language: str, new_phone: NewPhone, site: "Server"
) -> None:
    phone = new_phone(site.url, service_workers="allow")
    begin_the_peel(phone, language, layers=True)
    own = f"light-peel/draft/layers/{language}"
    phone.wait_until_kept(own, kept_sets(site.url))
    site.stop()
    try:
        phone.set_clock(later(1))
        assert phone.today(language)["day"] == "1"
        assert ("day 1" if language == "en" else "jour 1") in phone.heading()
        assert phone.waits()["makeup"]["hours"] == "60"
        phone.page.click("main [data-activity=makeup] a")
        phone.page.wait_for_url(f"**/{language}/light-peel/draft/activities/makeup")
        phone.ready()
        assert phone.waits()["makeup"]["from"] == "2026-11-27T03:30:00.000Z"
        # What every page has leads to this treatment, from its own pages and from the shell.
        for start in ("light-peel/draft/guide", "settings", "reminders", "today"):
            phone.open(f"/{language}/{start}")
            for room in ("guide", "get-help"):
                link = phone.page.locator(f"a[data-room={room}]").first
                there = link.evaluate("(link) => link.pathname")
                assert there == f"/{language}/light-peel/draft/{room}"
        phone.page.click(".top [data-room=get-help]")
        phone.page.wait_for_url("**/light-peel/draft/get-help")
        assert "Test sign" in phone.page.content() or "Signe d’essai" in phone.page.content()
    finally:
        site.start()
    phone.open(f"/{language}/settings")
    shown = phone.page.locator("[data-variant-name]:visible")
    assert shown.all_inner_texts() == [
        "Several layers, made up" if language == "en" else "Plusieurs couches, inventées"
    ]


def test_the_first_treatment_is_followed_as_if_it_were_alone(
    new_phone: NewPhone, site: "Server"
) -> None:
    phone = new_phone(site.url)
    phone.set_clock(TREATED)
    phone.open("/en/start")
    phone.page.click("[data-treatment=microneedling]")
    expect(phone.page.locator("[data-of=light-peel]")).to_be_hidden()
    phone.page.click("[data-answer=standard]")
    phone.page.go_back()
    expect(phone.page.locator("[data-answer=standard]")).to_be_visible()
    phone.page.go_back()
    expect(phone.page.locator("[data-treatment=microneedling]")).to_be_visible()
    phone.page.go_forward()
    phone.page.click("[data-answer=standard]")
    phone.page.click("[data-when=now]")
    phone.page.wait_for_url("**/en/today")
    phone.ready()
    assert phone.page.locator(".tabs [data-room=guide]").get_attribute("href") == "/en/guide"
    phone.open("/en/guide")
    assert phone.page.get_by_role("link", name="Test peel").get_attribute("href") == (
        "/en/light-peel/draft/guide"
    )


def test_what_the_clinic_said_waits_on_today_after_a_second_treatment_as_well(
    new_phone: NewPhone, site: "Server"
) -> None:
    phone = new_phone(site.url, service_workers="allow")
    begin_the_peel(phone, "en")
    version = phone.record()["treatment"]["version"]
    phone.wait_until_kept(f"light-peel/{version}/light/en", kept_sets(site.url))
    clinic = {"name": "", "phone": "", "hours": "", "waits": {"makeup": 240}}
    phone.page.evaluate(PUT_IN, ["clinic", clinic])
    site.stop()
    try:
        phone.set_clock(later(5))
        phone.today("en")
        row = phone.page.locator("[data-into=waits] [data-activity=makeup] a")
        expect(row).to_be_visible()
        there = row.evaluate("(link) => link.pathname")
        assert there == f"/en/light-peel/{version}/activities/makeup"
    finally:
        site.start()


def test_no_page_of_a_treatment_leads_into_another(site: "Server") -> None:
    sets = kept_sets(site.url)
    stray = re.compile(
        r'href="/(?:en|fr)/(?:guide|activities|breakouts|sources|get-help|microneedling)\b[^"]*"'
    )
    for path in pages_of(sets["light-peel/draft/light/en"]):
        page = read(f"{site.url}{path}")
        allowed = {'href="/en/guide"'} if path.endswith("/guide") else set()
        assert {*stray.findall(page)} <= allowed, path


# --- one treatment, version after version ---------------------------------------------------------


def body(url: str, path: str) -> str:
    """Return what the page itself says: all that is not the frame of the site."""
    found = re.search(r"<main.*?</main>", read(f"{url}{path}"), re.DOTALL)
    assert found
    return found[0]


def restart(site: "Server", workshop: Workshop) -> None:
    """Serve what was written meanwhile."""
    workshop.deliver()
    site.stop()
    site.start()


def the_corrected_release_comes(phone: Phone, site: "Server") -> None:
    """Open pages until one is of the release that corrects: nobody is asked whether to take it."""
    awaited = release(read(f"{site.url}/en/"))
    shown = phone.page.locator("meta[name=release]")

    def comes() -> bool:
        phone.open("/en/get-help")
        return shown.get_attribute("content") == awaited

    # Chromium looks for a new worker a second after a page was opened, and begins that second anew
    # with the next page.
    until(comes, "the corrected release takes over", 60, pause=2.5)


@dataclass(frozen=True)
class Story:
    """A phone that follows version 1, and what its pages said before there was another."""

    phone: Phone
    said: dict[str, str]


@pytest.fixture
def story(new_phone: NewPhone, workshop: Workshop, site: "Server") -> Story:
    """Version 1 is published and followed; then version 2 is, and version 1 is corrected."""
    workshop.sign()
    workshop.publish()
    restart(site, workshop)
    sets = kept_sets(site.url)
    said = {
        path: body(site.url, path)
        for path in pages_of(sets["light-peel/1/light/en"])
        if path.startswith("/en/light-peel/1/") and not re.search("/guide$|/changes-from-", path)
    }
    phone = new_phone(site.url, service_workers="allow")
    begin_the_peel(phone, "en")
    assert phone.record()["treatment"]["version"] == "1"
    phone.wait_until_kept("light-peel/1/light/en", sets)
    phone.open("/en/light-peel/1/light/day-0")
    signed = "Read and signed by Ada Test, Nurse, on November 20, 2026. This is version 1."
    assert signed in phone.page.locator(".band").inner_text()
    phone.page.check("[data-once=page] input")
    workshop.withdraw()
    for file, old, new in SECOND:
        workshop.write(file, old, new)
    workshop.sign()
    workshop.publish()
    (workshop.desk / "light-peel" / "corrections.yaml").write_text(CORRECTIONS, "utf-8")
    restart(site, workshop)
    return Story(phone, said)


def test_a_version_that_someone_follows_stays_and_they_move_on_when_they_choose(
    story: Story, site: "Server"
) -> None:
    version_1_says_what_it_said(story.said, site)
    phone = story.phone
    the_corrected_release_comes(phone, site)
    phone.wait_until_kept("light-peel/1/light/en", kept_sets(site.url))
    turn_reminders_on(phone)
    assert makeup_leads_to(phone) == "light-peel/1/activities/makeup"
    phone.open("/en/today")
    site.stop()
    the_correction_is_read(phone)
    what_changed_is_told(phone)
    # Without a network there is nothing to move on to; with one, nothing is lost.
    phone.page.click("[data-use]")
    expect(phone.page.locator("[data-not-moved]")).to_be_visible()
    before = phone.record()
    assert before["treatment"]["version"] == "1"
    site.start()
    phone.page.click("[data-use]")
    phone.page.wait_for_url("**/en/today")
    phone.ready()
    after = phone.record()
    assert after["treatment"] == {**before["treatment"], "version": "2"}
    assert after["ticks"] == before["ticks"] != {}
    phone.wait_until_kept("light-peel/2/light/en", kept_sets(site.url))
    until(
        lambda: makeup_leads_to(phone) == "light-peel/2/activities/makeup",
        "the reminders are planned anew",
    )
    assert phone.waits()["makeup"]["hours"] == "40"
    expect(phone.page.locator("[data-notice=version]")).to_be_hidden()
    expect(phone.page.locator("[data-correction]")).to_have_count(0)


def version_1_says_what_it_said(said: dict[str, str], site: "Server") -> None:
    """Look at every page of version 1: a correction stands on its days and its sheet, and that is all."""
    now = {path: body(site.url, path) for path in said}
    corrected = {path for path in said if "/day-" in path or path.endswith("/print")}
    for path in corrected:
        lifted = re.search(
            r'<div data-lift="corrections">.*?</div>\n| *<p data-corrected>.*?</p>\n',
            now[path],
            re.DOTALL,
        )
        assert lifted, path
        assert "wrong about ink" in lifted[0]
        now[path] = now[path].replace(lifted[0], "")
    assert [path for path in said if now[path] != said[path]] == []
    assert len(corrected) == 11


def turn_reminders_on(phone: Phone) -> None:
    """Have the reminders written down, as someone who wants them."""
    phone.open("/en/reminders")
    until(lambda: phone.record().get("schedule"), "the reminders are written down")
    wanted = {**phone.record()["reminders"], "on": True, "since": 0}
    phone.page.evaluate(PUT_IN, ["reminders", wanted])


def makeup_leads_to(phone: Phone) -> str:
    """Return the page that a tap on the reminder of makeup opens."""
    rings = phone.record()["schedule"]["rings"]
    return str(next(ring["page"] for ring in rings if "makeup" in ring["page"]))


def everyone_can_use(phone: Phone) -> None:
    """Axe finds nothing on this page."""
    phone.page.evaluate(Axe().axe_script)
    assert phone.page.evaluate(RUN_AXE) == []


def the_correction_is_read(phone: Phone) -> None:
    """The correction stands above all else, here and on Today, until it is acknowledged."""
    correction = phone.page.locator("[data-correction='light-peel/ink']")
    expect(correction).to_be_visible()
    everyone_can_use(phone)
    tops = [
        each.evaluate("(part) => part.getBoundingClientRect().top")
        for each in (correction, phone.page.locator("h1:visible"))
    ]
    assert tops == sorted(tops)
    phone.page.emulate_media(media="print")
    expect(correction).to_be_visible()
    phone.page.emulate_media(media="screen")
    correction.get_by_role("button").click()
    expect(correction).to_be_hidden()
    phone.open("/en/light-peel/1/light/day-2")
    expect(correction).to_be_hidden()
    assert phone.record()["acknowledged"] == ["light-peel/ink"]


def what_changed_is_told(phone: Phone) -> None:
    """All that changed for this person, and nothing else."""
    phone.today()
    # That this browser cannot ring comes first; the offer waits its turn.
    offer = phone.page.locator("[data-notice=version][data-wanted]")
    link = offer.get_by_text("What changed", exact=True).get_attribute("href")
    assert link == "/en/light-peel/2/changes-from-1"
    phone.open(link)
    kinds = "(all) => all.map(({ dataset }) => dataset.change)"
    everyone_can_use(phone)
    told = phone.page.locator("[data-change]")
    assert told.evaluate_all(kinds) == ["changed", "changed", "added", "changed"]
    seen = phone.page.locator("[data-change]:visible").all_inner_texts()
    # The change of the other variant's days is not this person's.
    assert [" ".join(each.split()) for each in seen] == [
        "From when, one layer, made up Before: from 36 hours Now: from 40 hours",
        "What helps Added: A gum.",
        "Signs Before: Test sign: today Now: Rash",
    ]
