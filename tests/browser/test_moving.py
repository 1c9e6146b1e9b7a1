"""A plan on its way: to an iPhone's home screen, to another phone, into a file and back; and all of it gone."""

import json
import random
import re
import string
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Playwright, expect

from tests.conftest import chromium
from tests.plan import links

from .conftest import PHONE, NewPhone
from .phone import DAILY_ENGLISH, DAILY_FRENCH, GUIDE, TREATED, Phone, later, read, until

if TYPE_CHECKING:
    from tests.conftest import Server

HOME_SCREEN = "Object.defineProperty(navigator, 'standalone', { get: () => true });"
PUT = """async (entries) => {
  const opening = indexedDB.open("lendemain", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("record");
  await new Promise((resolve) => (opening.onsuccess = resolve));
  const writing = opening.result.transaction("record", "readwrite");
  for (const [name, value] of Object.entries(entries)) writing.objectStore("record").put(value, name);
  await new Promise((resolve) => (writing.oncomplete = resolve));
  opening.result.close();
}"""
CLINIC: dict[str, Any] = links.CLINIC
OTHER: dict[str, Any] = {**links.TREATMENT, "id": "other-plan-of-somebody", "variant": "rf"}

OnIphone = Callable[..., Phone]


@pytest.fixture
def on_iphone(new_phone: NewPhone, playwright: Playwright) -> OnIphone:
    """Open a browser's tab on an iPhone, or the app on its home screen, each with storage of its own."""
    kind = dict(playwright.devices["iPhone 15"])
    del kind["default_browser_type"]

    def opened(*, home_screen: bool = False, device: str | None = None, **options: object) -> Phone:
        named = dict(playwright.devices[device]) if device else kind
        named.pop("default_browser_type", None)
        phone = new_phone(**{**named, **options})
        if home_screen:
            phone.context.add_init_script(HOME_SCREEN)
        phone.set_clock(later(1, 9))
        return phone

    return opened


def put(phone: Phone, **entries: object) -> Phone:
    """Put entries into the record of a phone."""
    phone.page.goto(f"{phone.url}/healthz")
    phone.page.evaluate(PUT, entries)
    return phone


def address(phone: Phone) -> str:
    """Return the path, query and fragment that the window shows."""
    return str(phone.page.evaluate("() => location.href.slice(location.origin.length)"))


def manifest_of(phone: Phone) -> str:
    """Return the address of the page's manifest."""
    return str(phone.page.locator("link[rel=manifest]").get_attribute("href"))


def icon(phone: Phone) -> str:
    """Return where an icon opens that is made from this page."""
    return str(json.loads(read(phone.url + manifest_of(phone)))["start_url"])


# The home screen of an iPhone


@DAILY_FRENCH
def test_an_iphone_s_home_screen_begins_with_the_plan_of_its_tab(
    on_iphone: OnIphone, language: str
) -> None:
    tab = on_iphone()
    tab.begin_at(TREATED, language)
    plan = tab.record()["treatment"]
    link = links.link_of(plan)
    assert address(tab) == f"/{language}/today?plan={link}"
    assert icon(tab) == address(tab), "either mechanism brings the plan along"
    app = put(on_iphone(home_screen=True))
    app.open(icon(tab))
    assert app.record()["treatment"] == plan
    assert address(app) == f"/{language}/today"
    assert manifest_of(app) == f"/{language}/manifest.webmanifest"
    assert app.state().items() >= {"state": "day", "day": "1"}.items()
    assert app.record()["settings"] == {"language": language}


def test_what_the_clinic_said_comes_along_once_it_is_known(on_iphone: OnIphone) -> None:
    tab = put(on_iphone(), treatment=links.TREATMENT)
    tab.open("/en/settings")
    assert icon(tab).endswith(f"?plan={links.link_of(links.TREATMENT)}")
    assert address(tab) == "/en/settings"
    put(tab, clinic=CLINIC)
    tab.open("/en/today")
    app = on_iphone(home_screen=True)
    app.open(icon(tab))
    assert app.record()["clinic"] == CLINIC
    assert app.record()["treatment"] == links.TREATMENT


@pytest.mark.parametrize("device", ["iPad (gen 7)", "Pixel 7", None])
def test_only_a_tab_on_an_iphone_or_ipad_carries_the_plan(
    on_iphone: OnIphone, device: str | None
) -> None:
    phone = put(on_iphone(device=device, home_screen=not device), treatment=links.TREATMENT)
    phone.open("/en/today")
    carries = device is not None and device.startswith("iPad")
    assert ("?plan=" in address(phone), "?plan=" in manifest_of(phone)) == (carries, carries)


def test_an_icon_that_is_opened_every_day_changes_nothing_any_more(on_iphone: OnIphone) -> None:
    app = on_iphone(home_screen=True)
    start = f"/en/today?plan={links.link_of(links.TREATMENT)}"
    app.open(start)
    before = app.record()
    app.open(start)
    assert app.record() == before
    # A new treatment in the app, and the icon still has the old one.
    app.begin_at(later(1, 12))
    mine = app.record()["treatment"]
    assert mine["id"] != links.TREATMENT["id"]
    app.open(start)
    assert app.record()["treatment"] == mine
    assert address(app) == "/en/today"


def test_another_plan_asks_once_and_takes_no_for_an_answer(on_iphone: OnIphone) -> None:
    app = put(on_iphone(home_screen=True), treatment=links.TREATMENT, ticks={"2026-11-24": ["a"]})
    before = app.record()
    start = f"/fr/today?plan={links.link_of(OTHER)}"
    app.page.goto(app.url + start)
    app.page.wait_for_url("**/fr/start")
    app.ready()
    expect(app.page.locator("[data-step=link] h1")).to_be_visible()
    expect(app.page.locator("[data-link-when=over]")).to_be_visible()
    app.page.locator("[data-step=link] a:visible").click()
    app.page.wait_for_url("**/fr/today")
    app.ready()
    assert {**app.record(), "links": None} == {**before, "links": None}
    app.open(start)
    assert address(app) == "/fr/today"
    assert app.record()["treatment"] == links.TREATMENT


@pytest.mark.long
def test_another_plan_takes_the_place_of_the_first_when_told_to(on_iphone: OnIphone) -> None:
    ticks = {"2026-11-24": ["a"]}
    app = put(on_iphone(home_screen=True), treatment=links.TREATMENT, ticks=ticks, clinic=CLINIC)
    app.page.goto(f"{app.url}/en/today?plan={links.link_of(OTHER)}")
    app.page.wait_for_url("**/en/start")
    app.ready()
    app.page.locator("[data-link-follow]").click()
    app.page.wait_for_url("**/en/today")
    app.ready()
    record = app.record()
    assert (record["treatment"], record["ticks"]) == (OTHER, {})
    assert "clinic" not in record, "what another plan's clinic said is not counted for this one"


def test_what_is_no_plan_leaves_the_address_and_harms_nothing(on_iphone: OnIphone) -> None:
    phone = put(on_iphone(home_screen=True))
    for plan in ("", "x", "%00", links.link_of({**OTHER, "variant": "laser"}), "A" * 5000):
        phone.open(f"/en/today?a=b&plan={plan}#content")
        assert address(phone) == "/en/today?a=b#content", plan[:20]
        assert phone.record() == {}
        assert phone.state()["state"] == "none"


def test_a_deleted_plan_is_not_brought_back_by_an_old_icon(on_iphone: OnIphone) -> None:
    app = on_iphone(home_screen=True)
    start = f"/en/today?plan={links.link_of(links.TREATMENT, CLINIC)}"
    app.open(start)
    app.open("/en/settings")
    app.delete_everything()
    expect(app.page.locator("[data-links-left]")).to_be_visible()
    left = app.record()
    assert list(left) == ["links"]
    assert left["links"]["used"] == []
    (hashed,) = left["links"]["deleted"]
    assert re.fullmatch(r"[\w-]{43}", hashed)
    app.open(start)
    assert app.state()["state"] == "none"
    assert address(app) == "/en/today"
    assert app.record() == left
    # Nor does a second deletion forget the first.
    app.begin()
    app.open("/en/settings")
    app.delete_everything()
    assert app.record() == left


def test_a_tab_that_is_gone_back_to_has_neither_the_plan_nor_its_address(
    on_iphone: OnIphone,
) -> None:
    tab = on_iphone()
    tab.begin_at(TREATED)
    assert "?plan=" in address(tab)
    tab.open("/en/settings")
    tab.delete_everything()
    assert manifest_of(tab) == "/en/manifest.webmanifest"
    tab.page.go_back()
    tab.page.wait_for_url("**/en/today")
    expect(tab.page.locator("[data-for=none]")).to_be_visible()
    assert address(tab) == "/en/today"
    assert manifest_of(tab) == "/en/manifest.webmanifest"


# Between phones


def arrive(phone: Phone, link: str, language: str = "en") -> None:
    """Open a link on another phone."""
    phone.page.goto("about:blank")
    phone.open(f"/{language}/start#{link}")


@DAILY_FRENCH
def test_a_link_shows_what_it_holds_and_changes_nothing_before_a_tap(
    phone: Phone, language: str
) -> None:
    phone.set_clock(later(1, 9))
    arrive(phone, links.link_of({**links.TREATMENT, "rough": "morning"}, CLINIC), language)
    assert address(phone) == f"/{language}/start"
    assert phone.record() == {}
    shown = phone.page.locator("[data-step=link]")
    said = " ".join(shown.inner_text().split())
    when = "Tuesday, November 24, around 10:30 am" if language == "en" else "mardi 24 novembre, vers 10 h 30"  # fmt: skip
    assert when in said
    assert "Clinique Épiderme & Cie, +1 514 555-0123" in said
    assert ("Pen or roller" if language == "en" else "Stylo ou rouleau") in said
    expect(phone.page.locator("[data-step=what]")).to_be_hidden()
    expect(phone.page.locator("[data-link-when=over]")).to_be_hidden()
    shown.locator("[data-link-follow]").click()
    phone.page.wait_for_url(f"**/{language}/today")
    phone.ready()
    record = phone.record()
    assert record["treatment"] == {**links.TREATMENT, "rough": "morning"}
    assert record["clinic"] == CLINIC
    assert phone.state()["state"] == "day"


def test_a_link_over_another_plan_asks_and_the_same_plan_is_said_to_be_there(phone: Phone) -> None:
    put(phone, treatment=links.TREATMENT)
    arrive(phone, links.link_of(OTHER))
    expect(phone.page.locator("[data-link-when=over]")).to_be_visible()
    assert phone.record()["treatment"] == links.TREATMENT
    # A second link in the same window.
    phone.page.evaluate("(link) => (location.hash = link)", links.link_of(links.TREATMENT))
    expect(phone.page.locator("[data-link-when=same]")).to_be_visible()
    expect(phone.page.locator("[data-link-follow]")).to_be_hidden()
    expect(phone.page.locator("[data-link-when=over]")).to_be_hidden()
    assert address(phone) == "/en/start"


def test_a_broken_link_is_refused_on_start_and_its_questions_can_be_answered(phone: Phone) -> None:
    phone.set_clock(TREATED)
    arrive(phone, links.link_of(links.TREATMENT)[:-3])
    assert address(phone) == "/en/start"
    refused = phone.page.locator("[data-link-refused]")
    expect(refused).to_be_focused()
    # Above the questions: under them nobody would know.
    expect(refused).to_be_in_viewport(ratio=1)
    phone.page.click("[data-answer=standard]")
    phone.page.click("[data-when=now]")
    phone.page.wait_for_url("**/en/today")


def test_a_link_that_is_not_wanted_leads_to_the_questions(phone: Phone) -> None:
    arrive(phone, links.link_of(links.TREATMENT))
    phone.page.click("[data-link-other]")
    expect(phone.page.locator("[data-step=what]")).to_be_visible()
    expect(phone.page.locator("[data-step=link]")).to_be_hidden()


def test_a_clinic_s_card_says_all_but_when(phone: Phone) -> None:
    phone.set_clock(TREATED)
    card = {**links.TREATMENT, "id": "card-of-a-clinic", "variant": "rf", "at": None, "zone": ""}
    arrive(phone, links.link_of(card, CLINIC))
    expect(phone.page.locator("[data-link-moment]")).to_be_hidden()
    phone.page.click("[data-link-follow]")
    expect(phone.page.locator("[data-step=when]")).to_be_visible()
    expect(phone.page.locator("[data-deep]")).to_be_hidden()
    assert phone.record() == {}
    phone.page.click("[data-when=now]")
    phone.page.wait_for_url("**/en/today")
    phone.ready()
    record = phone.record()
    assert record["clinic"] == CLINIC
    assert record["treatment"]["variant"] == "rf"
    assert record["treatment"]["id"] != card["id"], "many follow the same card"
    assert record["treatment"]["at"] == "2026-11-24T15:30:00.000Z"


def test_a_card_that_a_reload_forgot_is_not_followed_without_what_the_clinic_said(
    phone: Phone,
) -> None:
    phone.set_clock(TREATED)
    card = {**links.TREATMENT, "id": "card-of-a-clinic", "at": None, "zone": ""}
    arrive(phone, links.link_of(card, CLINIC))
    phone.page.click("[data-link-follow]")
    expect(phone.page.locator("[data-step=when]")).to_be_visible()
    phone.page.reload()
    phone.ready()
    expect(phone.page.locator("[data-step=what]")).to_be_visible()


def test_a_link_made_here_opens_as_an_equal_plan_there(new_phone: NewPhone, phone: Phone) -> None:
    language = "fr"
    put(phone, treatment=links.TREATMENT, clinic=CLINIC)
    phone.context.grant_permissions(["clipboard-read", "clipboard-write"])
    phone.open(f"/{language}/move")
    phone.page.click("[data-move-copy]")
    expect(phone.page.locator("[data-move-said]")).not_to_be_empty()
    copied = str(phone.page.evaluate("() => navigator.clipboard.readText()"))
    expect(phone.page.locator("[data-move-link]")).to_have_value(copied)
    another = new_phone()
    another.set_clock(later(1, 9))
    another.page.goto(copied)
    another.ready()
    another.page.click("[data-link-follow]")
    another.page.wait_for_url(f"**/{language}/today")
    another.ready()
    record = another.record()
    assert (record["treatment"], record["clinic"]) == (links.TREATMENT, CLINIC)


def test_a_link_left_open_is_that_of_the_plan_that_is_here_now(phone: Phone) -> None:
    put(phone, treatment=links.TREATMENT)
    phone.open("/en/move")
    field = phone.page.locator("[data-move-link]")
    expect(field).to_have_value(re.compile(re.escape(links.link_of(links.TREATMENT))))
    choose(phone, json.dumps({"format": "lendemain", "number": 1, "entries": {"treatment": OTHER}}))
    phone.page.click("[data-move-confirm] button[value=replace]")
    expect(phone.page.locator("[data-move-done]")).to_be_visible()
    expect(field).to_have_value(re.compile(re.escape(links.link_of(OTHER))))
    expect(phone.page.locator("[name=plan]")).to_have_value(links.link_of(OTHER))
    phone.page.evaluate(PUT, {"clinic": CLINIC})
    phone.page.evaluate("() => dispatchEvent(new Event('focus'))")
    expect(field).to_have_value(re.compile(re.escape(links.link_of(OTHER, CLINIC))))


def test_a_phone_that_opened_its_first_file_is_not_told_that_it_has_no_treatment(
    phone: Phone,
) -> None:
    phone.set_clock(later(1, 9))
    phone.open("/en/move")
    expect(phone.page.locator("[data-none]")).to_be_visible()
    choose(phone, file_of())
    expect(phone.page.locator("[data-move-done]")).to_be_focused()
    expect(phone.page.locator("[data-none]")).to_be_hidden()
    expect(phone.page.locator("[data-move-link]")).to_be_visible()


def test_a_file_that_cannot_be_read_or_is_a_film_says_so(phone: Phone, tmp_path: Path) -> None:
    phone.open("/en/move")
    fault = phone.page.locator("[data-move-fault]")
    film = tmp_path / "film.json"
    with film.open("wb") as file:
        file.truncate(700_000_000)
    phone.page.set_input_files("[data-move-file]", film)
    expect(fault).to_contain_text("larger than any")
    phone.page.evaluate("() => (Blob.prototype.text = () => Promise.reject(new DOMException()))")
    choose(phone, file_of())
    expect(fault).to_contain_text("not a file of Lendemain")


def test_a_clinic_s_number_is_read_in_its_order_beside_a_name_in_hebrew(phone: Phone) -> None:
    arrive(
        phone,
        links.link_of(links.TREATMENT, {**CLINIC, "name": "מרפאת עור", "phone": "514 555 0123"}),
    )
    left = phone.page.evaluate(
        """() => {
          const row = document.querySelector("[data-link-clinic]").closest("li");
          const walk = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
          const at = (word) => {
            walk.currentNode = row;
            for (let text; (text = walk.nextNode()); ) {
              const from = text.data.indexOf(word);
              if (from < 0) continue;
              const range = new Range();
              range.setStart(text, from);
              range.setEnd(text, from + word.length);
              return range.getBoundingClientRect().left;
            }
          };
          return ["514", "555", "0123"].map(at);
        }"""
    )
    assert left == sorted(left)


def test_a_clinic_s_name_in_one_long_word_does_not_push_its_number_away(phone: Phone) -> None:
    phone.page.set_viewport_size({"width": 320, "height": 800})
    arrive(phone, links.link_of(links.TREATMENT, {**CLINIC, "name": "Dermatoesthétique" * 4}))
    assert phone.page.evaluate(
        "() => [...document.querySelectorAll('[data-step=link] .row *')]"
        ".every((each) => each.getBoundingClientRect().right <= 304)"
    )


def test_what_was_so_of_the_treatment_before_is_not_taken_for_so_of_one_that_a_link_brings(
    phone: Phone,
) -> None:
    phone.set_clock(later(1, 9))
    put(phone, treatment=links.TREATMENT, situations=["numbing-cream", "cold-sores"])
    arrive(phone, links.link_of(OTHER))
    phone.page.click("[data-link-follow]")
    phone.page.wait_for_url("**/en/today")
    phone.ready()
    assert phone.record()["situations"] == ["cold-sores"]


def test_a_link_is_handed_to_the_apps_of_the_phone(phone: Phone) -> None:
    put(phone, treatment=links.TREATMENT)
    phone.context.add_init_script(
        "self.shared = []; navigator.share = async (what) => { self.shared.push(what); };"
    )
    phone.open("/en/move")
    phone.page.click("[data-move-share]")
    (shared,) = phone.page.evaluate("() => self.shared")
    assert shared["url"] == f"{phone.url}/en/start#{links.link_of(links.TREATMENT)}"


@DAILY_FRENCH
def test_a_code_is_drawn_after_it_is_said_that_the_server_draws_it(
    phone: Phone, language: str
) -> None:
    put(phone, treatment=links.TREATMENT, clinic=CLINIC)
    phone.open(f"/{language}/move")
    words = phone.page.locator("section:has([data-move-code])").inner_text()
    assert ("passes through" if language == "en" else "passe une fois par lui") in words
    with phone.page.expect_request("**/move/qr") as asked:
        phone.page.click("[data-move-code] button")
    assert asked.value.post_data == f"plan={links.link_of(links.TREATMENT, CLINIC)}"
    code = phone.page.get_by_role("img", name=re.compile("QR"))
    expect(code).to_be_visible()
    box = code.locator("svg").bounding_box()
    assert box
    assert box["width"] == pytest.approx(box["height"], abs=1)
    assert box["width"] > 250
    assert phone.page.locator("body").evaluate("(it) => it.scrollWidth <= innerWidth")


def test_a_plan_too_long_for_a_code_still_has_its_link(phone: Phone) -> None:
    waits = {f"activity-{first}{second}": 100 for first in "abcdef" for second in "abcdef"}
    put(phone, treatment=links.TREATMENT, clinic={**CLINIC, "waits": waits})
    phone.open("/en/move")
    expect(phone.page.locator("[data-move-too-long]")).to_be_visible()
    expect(phone.page.locator("[data-move-code] button")).to_be_disabled()
    expect(phone.page.locator("[data-move-copy]")).to_be_visible()


# The file


RING = {
    "id": "aB3_", "uid": "u-1", "slot": "exercise", "holds": ["exercise"], "at": 1, "until": 2,
    "lasts": 6, "words": ["Sport is allowed"], "page": f"{GUIDE}/day-3",
}  # fmt: skip
FULL: dict[str, Any] = {
    "treatment": links.TREATMENT,
    "settings": {"language": "en"},
    "ticks": {"2026-11-24": ["rinse"]},
    "reminders": {
        "on": True, "kinds": ["essential"], "quiet": {"from": "21:30", "to": "07:30"},
        "look": "words", "plan": links.TREATMENT["id"], "offset": 3, "ids": {"exercise": "aB3_"},
        "uids": {"exercise": "u-1"}, "pauses": [], "calendar": 1, "since": 1,
    },
    "schedule": {
        "plan": links.TREATMENT["id"], "language": "en", "zone": "America/Toronto",
        "rings": [RING], "later": [],
    },
    "shown": {"ids": {"aB3_": 1}},
    "clinic": CLINIC,
    "situations": ["cold-sores"],
    "answers": [{"at": 1, "said": "Day 6 · Spots", "result": "Contact your clinic"}],
    "notices": {"install": "dismissed"},
    "acknowledged": ["c1"],
}  # fmt: skip


def off(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record whose reminders are to be turned on anew."""
    return {**record, "reminders": {**record["reminders"], "on": False}}


def save(phone: Phone) -> Path:
    """Save the file of a phone."""
    with phone.page.expect_download() as saved:
        phone.page.click("[data-move-pack]")
    assert re.fullmatch(r"lendemain-\d{4}-\d\d-\d\d\.json", saved.value.suggested_filename)
    return Path(saved.value.path())


def choose(phone: Phone, text: str | bytes) -> None:
    """Choose a file on the screen."""
    body = text.encode() if isinstance(text, str) else text
    file = {"name": "a.json", "mimeType": "application/json", "buffer": body}
    phone.page.set_input_files("[data-move-file]", file)  # type: ignore[arg-type]


@DAILY_ENGLISH
def test_a_file_saved_then_everything_deleted_then_opened_is_the_same_record(
    phone: Phone, language: str
) -> None:
    phone.set_clock(later(1, 9))
    rang = language == "fr"
    put(phone, **(FULL if rang else off(FULL)))
    phone.open(f"/{language}/move")
    file = save(phone).read_text("utf-8")
    saved = json.loads(file)["entries"]
    # Where reminders are on, opening a page brings them up to date.
    assert rang or saved == off(FULL)
    phone.open(f"/{language}/settings")
    phone.delete_everything()
    assert phone.record() == {}
    phone.open(f"/{language}/move")
    choose(phone, file)
    expect(phone.page.locator("[data-move-done]")).to_be_visible()
    expect(phone.page.locator("[data-move-anew] a")).to_be_visible(visible=rang)
    assert phone.record() == off(saved)
    assert phone.today(language)["state"] == "day"


def test_a_file_asks_before_it_replaces_and_no_means_no(phone: Phone) -> None:
    put(phone, treatment=OTHER, ticks={"2026-11-24": ["a"]})
    before = phone.record()
    phone.open("/en/move")
    file = json.dumps({"format": "lendemain", "number": 1, "entries": {"treatment": links.TREATMENT}})  # fmt: skip
    choose(phone, file)
    phone.page.click("[data-move-confirm] button[value=keep]")
    assert phone.record() == before
    choose(phone, file)
    phone.page.click("[data-move-confirm] button[value=replace]")
    expect(phone.page.locator("[data-move-done]")).to_be_visible()
    expect(phone.page.locator("[data-move-anew]")).to_be_hidden()
    assert phone.record() == {"treatment": links.TREATMENT}


@DAILY_FRENCH
def test_a_file_that_is_not_right_is_refused_with_what_and_where_and_nothing_is_lost(
    phone: Phone, language: str
) -> None:
    put(phone, **off(FULL))
    before = phone.record()
    phone.open(f"/{language}/move")
    fault = phone.page.locator("[data-move-fault]")
    wrong: list[tuple[str | bytes, dict[str, str]]] = [
        ("photo", {"en": "not a file of Lendemain", "fr": "pas un fichier de Lendemain"}),
        (b"\xff\x00\xfe", {"en": "not a file of Lendemain", "fr": "pas un fichier de Lendemain"}),
        (" " * 1_100_000, {"en": "larger than", "fr": "plus gros que"}),
        (file_of(number=2), {"en": "a newer Lendemain", "fr": "plus récente de Lendemain"}),
        (
            file_of({"zone": "Mars"}),
            {"en": "treatment.zone, there should be a time zone", "fr": "treatment.zone, il faudrait un fuseau"},
        ),
        (
            file_of({"variant": "laser"}),
            {"en": "treatment.variant, there should be a treatment", "fr": "treatment.variant, il faudrait un traitement"},
        ),
    ]  # fmt: skip
    for text, said in wrong:
        choose(phone, text)
        expect(fault).to_contain_text(said[language])
        assert ("Nothing was changed" if language == "en" else "Rien n’a été modifié") in fault.inner_text()  # fmt: skip
        assert phone.record() == before
    expect(phone.page.locator("[data-move-confirm]")).to_be_hidden()


def file_of(changed: dict[str, Any] | None = None, number: int = 1) -> str:
    """Return a file's text with a treatment that was changed."""
    entries = {"treatment": {**links.TREATMENT, **(changed or {})}}
    return json.dumps({"format": "lendemain", "number": number, "entries": entries})


def test_every_fault_of_a_file_has_its_words(phone: Phone) -> None:
    phone.open("/en/move")
    missing = phone.page.evaluate(
        """async () => {
          const text = await (await fetch("/static/js/pack.js")).text();
          const kinds = [...text.matchAll(/^  (\\w+):(?: |$)/gm)].map(([, kind]) => `wants_${kind}`);
          const words = Object.assign({}, ...[...document.querySelectorAll("[data-words]")].map((each) => JSON.parse(each.textContent)));
          return kinds.length < 16 ? "no kinds" : kinds.filter((kind) => !words[kind]);
        }"""
    )
    assert missing == []


def some(draw: random.Random, length: int = 12) -> str:
    """Return a random name."""
    return "".join(draw.choices(f"{string.ascii_letters}{string.digits}_-", k=draw.randint(1, length)))  # fmt: skip


def some_words(draw: random.Random) -> str:
    """Return random text in letters from everywhere."""
    return "".join(draw.choices('aé’ «»<&"\\皮🌿\u00a0\u200d\n%{}', k=draw.randint(0, 40)))


def some_record(draw: random.Random) -> dict[str, Any]:
    """Return a record that a person may have."""
    ids = [some(draw) for _ in range(draw.randint(0, 6))]
    plan = {
        **links.TREATMENT,
        "id": some(draw, 30),
        "variant": draw.choice(["standard", "deep", "rf", "prp", "home", "unknown"]),
        "rough": draw.choice([None, "morning", "afternoon"]),
        "zone": draw.choice(["America/Toronto", "Europe/Paris", "Asia/Kathmandu", "UTC"]),
        "at": f"2026-11-{draw.randint(1, 25):02}T{draw.randint(0, 23):02}:{draw.randint(0, 59):02}:00.{draw.randint(0, 999):03}Z",
    }  # fmt: skip
    ring = {
        **RING,
        "id": some(draw),
        "at": draw.randint(0, 10**13),
        "words": [some_words(draw) for _ in range(draw.randint(1, 3))],
    }
    every = {
        "settings": {"language": draw.choice(["en", "fr"]), some(draw): some_words(draw)},
        "ticks": {f"2026-11-{day:02}": ids for day in range(1, draw.randint(1, 9))},
        "reminders": {
            **FULL["reminders"], "on": False, "plan": plan["id"], "offset": draw.randint(0, 14),
            "kinds": ids, "ids": {each: some(draw) for each in ids}, "look": draw.choice(["neutral", "words"]),
            "pauses": [{"from": draw.random() * 1e12, "until": draw.randint(1, 10**12)}],
        },
        "schedule": {**FULL["schedule"], "plan": plan["id"], "rings": [ring] * draw.randint(0, 3), "later": [{**ring, "of": some(draw)}]},
        "shown": {"ids": {each: draw.randint(0, 10**13) for each in ids}},
        "clinic": {
            "name": some_words(draw), "phone": some_words(draw), "hours": some_words(draw),
            "waits": {each: draw.randint(0, 999) for each in ids},
        },
        "situations": ids,
        "notices": {some(draw): some_words(draw), "n": [draw.random(), None, {"deep": True}]},
        "acknowledged": draw.choice([ids, {"c": True}]),
    }  # fmt: skip
    return {"treatment": plan} | {name: it for name, it in every.items() if draw.random() < 0.8}


ROUND = """async (records) => {
  const { pack, unpack } = await import("/static/js/pack.js");
  const { ENTRIES, forgetAll, recall } = await import("/static/js/record.js");
  const guides = JSON.parse(document.querySelector("#words").textContent).guides.split(" ");
  const everything = async () => {
    const values = await Promise.all(ENTRIES.map(async (name) => [name, await recall(name)]));
    return Object.fromEntries(values.filter(([, value]) => value !== null));
  };
  const came = [];
  for (const record of records) {
    await forgetAll({ ...record, subscription: { id: "x", secret: "s" } });
    const file = pack(await everything());
    await forgetAll();
    const empty = Object.keys(await everything()).length;
    const { entries, fault } = unpack(file, guides, Date.now());
    if (entries) await forgetAll(entries);
    came.push(fault || empty ? { fault, empty } : await everything());
  }
  return came;
}"""


@pytest.mark.long
def test_whatever_a_record_holds_its_file_brings_it_back_equal(phone: Phone) -> None:
    draw = random.Random(20)
    records = [some_record(draw) for _ in range(200)]
    phone.set_clock(later(2, 9))
    phone.open("/en/sources")
    came: list[dict[str, Any]] = phone.page.evaluate(ROUND, records)
    assert len(came) == 200
    assert [one for one in zip(came, records, strict=True) if one[0] != one[1]] == []


# Deleting everything


def test_after_deleting_everything_nothing_of_it_is_left_in_the_browser(
    playwright: Playwright, server: "Server", tmp_path: Path
) -> None:
    canary = "".join(random.choices(string.ascii_letters, k=24))
    record = {
        name: json.loads(json.dumps(entry).replace("essential", canary)) for name, entry in FULL.items()
    }  # fmt: skip
    for entry in record.values():
        if isinstance(entry, dict):
            entry["canary"] = canary
        else:
            entry.append(canary)
    record["shown"]["receipts"] = []
    record["links"] = {"used": [canary, links.TREATMENT["id"]], "deleted": []}
    record["reminders"]["on"] = False
    settings = {**chromium(), **PHONE, "reduced_motion": "reduce"}
    context = playwright.chromium.launch_persistent_context(tmp_path / "profile", **settings)  # type: ignore[arg-type]
    phone = put(Phone(context, server.url), **record)
    phone.set_clock(later(1, 9))
    assert remains(tmp_path, canary)
    phone.open("/en/settings")
    phone.delete_everything()
    left = phone.record()
    assert list(left) == ["links"]
    assert len(left["links"]["deleted"]) == 2
    until(lambda: names(phone) == ["shell"], "the app itself is kept anew", patience=60)
    told = phone.page.evaluate(
        """async () => ({
          storage: localStorage.length + sessionStorage.length,
          databases: (await indexedDB.databases()).map(({ name }) => name),
          subscription: await (await navigator.serviceWorker.ready).pushManager.getSubscription(),
          cookies: document.cookie,
        })"""
    )
    assert told == {
        "storage": 0, "databases": ["lendemain"], "subscription": None, "cookies": "",
    }  # fmt: skip
    context.close()
    assert remains(tmp_path, canary) == []
    assert phone.faults == []


def names(phone: Phone) -> list[str]:
    """Return the names of the sets on a phone."""
    return sorted(each.split()[-1] for each in phone.caches())


def remains(folder: Path, canary: str) -> list[str]:
    """Return the files that hold a word, as bytes of either width."""
    spelled = [canary.encode(), canary.encode("utf-16-le")]
    files = (each for each in folder.rglob("*") if each.is_file() and not each.is_symlink())
    return [
        str(each.relative_to(folder))
        for each in files
        if any(word in each.read_bytes() for word in spelled)
    ]
