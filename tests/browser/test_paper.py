"""What comes out of the printer, measured on the PDF and on the page's own boxes."""

import re
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from .conftest import NewPhone
from .phone import LANGUAGES, TREATED, Phone
from .reminding import PUT_IN
from .test_access import OVERFLOWING, RUN_AXE

VARIANTS = ("standard", "deep", "rf", "prp", "home", "unknown")
INCH = 96
MILLIMETRE = INCH / 25.4
PAPERS = {"Letter": (8.5 * INCH, 11 * INCH), "A4": (210 * MILLIMETRE, 297 * MILLIMETRE)}
REVIEWING = Path(__file__).parents[2] / "docs" / "reviewing.md"
# As in static/css/print.css.
MARGINS = (24 * MILLIMETRE, 18 * MILLIMETRE)
SMALLEST = 9.5 * INCH / 72
# The fullest of each paper; every one of the 24 with --long.
SOME = [("deep", "fr", "Letter"), ("unknown", "fr", "A4"), ("standard", "en", "Letter")]
EVERY = [each for each in product(VARIANTS, LANGUAGES, PAPERS) if each not in SOME]

ON_PAPER = """() => {
  const sheet = document.querySelector(".sheet"), second = document.querySelector(".sheet-second");
  const feet = [...document.querySelectorAll(".sheet-foot")].map((e) => e.getBoundingClientRect().bottom);
  const wide = document.documentElement.clientWidth;
  const written = [...sheet.querySelectorAll("*")].filter((e) =>
    e.checkVisibility() && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()));
  const out = (e) => {
    const { left, right } = e.getBoundingClientRect();
    return left < 0 || right > wide + 0.5 || e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== "inline";
  };
  return {
    heights: [feet[0] - sheet.getBoundingClientRect().top, feet[1] - second.getBoundingClientRect().top],
    smallest: Math.min(...written.map((e) => parseFloat(getComputedStyle(e).fontSize))),
    cut: written.filter(out).map((e) => e.outerHTML.slice(0, 120)),
    greys: [...new Set(written.map((e) => getComputedStyle(e).color))],
    ground: getComputedStyle(document.documentElement).backgroundColor,
  };
}"""


def number_of_pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def print_sheet(phone: Phone, variant: str, language: str, paper: str) -> tuple[int, Any]:
    """Return the number of pages that a sheet takes, and what its boxes say on paper."""
    phone.open(f"/{language}/microneedling/draft/{variant}/print")
    count = number_of_pages(phone.page.pdf(format=paper))
    wide, high = (size - margin for size, margin in zip(PAPERS[paper], MARGINS, strict=True))
    phone.page.emulate_media(media="print")
    phone.page.set_viewport_size({"width": int(wide), "height": int(high)})
    measured = phone.page.evaluate(ON_PAPER)
    phone.page.emulate_media(media="null")
    return count, measured


def hold_on_two_pages(phone: Phone, variant: str, language: str, paper: str) -> None:
    count, measured = print_sheet(phone, variant, language, paper)
    assert count == 2
    assert max(measured["heights"]) <= PAPERS[paper][1] - MARGINS[1]
    assert measured["cut"] == []
    assert measured["smallest"] >= SMALLEST - 0.01
    # Ink and soot on white: nothing is told by colour.
    assert measured["ground"] == "rgb(255, 255, 255)"
    assert set(measured["greys"]) <= {"rgb(0, 0, 0)", "rgb(51, 51, 51)"}
    assert set(blanks(phone)) == {""}, "without a treatment there is room to write"


def blanks(phone: Phone) -> list[str]:
    """Return what stands where the paper has blanks."""
    found: list[str] = phone.page.evaluate(
        "() => [...document.querySelectorAll('.blank')].map((e) => e.textContent)"
    )
    return [" ".join(each.split()) for each in found]


@pytest.fixture
def dark(new_phone: NewPhone) -> Phone:
    """A phone in the dark theme, which paper does not take over."""
    return new_phone(color_scheme="dark")


@pytest.mark.parametrize(("variant", "language", "paper"), SOME)
def test_the_whole_guide_takes_two_pages(
    dark: Phone, variant: str, language: str, paper: str
) -> None:
    hold_on_two_pages(dark, variant, language, paper)


@pytest.mark.long
@pytest.mark.parametrize(("variant", "language", "paper"), EVERY)
def test_every_guide_takes_two_pages(dark: Phone, variant: str, language: str, paper: str) -> None:
    hold_on_two_pages(dark, variant, language, paper)


def test_a_sheet_fills_in_what_the_phone_knows(phone: Phone) -> None:
    phone.begin_at(TREATED, "fr")
    assert print_sheet(phone, "standard", "fr", "Letter")[0] == 2
    written = blanks(phone)
    assert written[0] == "mardi 24 novembre, 10 h 30"
    assert written.count("") == 1, "only the clinic's phone is not known"
    row = phone.page.locator("[data-together='48']")
    assert " ".join(row.locator(".blank").inner_text().split()) == "jeu. 26 nov., 10 h 30"
    assert phone.waits()["makeup"]["from"] == "2026-11-26T15:30:00.000Z"
    assert row.locator("[data-time]:visible").count() == 0
    phone.open("/fr/microneedling/draft/rf/print")
    assert set(blanks(phone)) == {""}, "the sheet of another treatment"


def test_what_the_clinic_answered_stands_on_the_sheet_where_the_guide_says_to_ask(
    phone: Phone,
) -> None:
    phone.begin_at(TREATED, "fr")
    clinic = {"name": "", "phone": "", "hours": "", "waits": {"smoking": 336}}
    phone.page.evaluate(PUT_IN, ["clinic", clinic])
    assert print_sheet(phone, "standard", "fr", "Letter")[0] == 2
    asked = phone.page.locator("[data-ask]:has([data-time]:visible)")
    expect(asked).to_have_count(1)
    expect(asked).to_contain_text("votre clinique, mar. 8 déc., 10 h 30")
    # The guide's own would contradict it.
    expect(asked.get_by_text("pas avant")).to_be_hidden()
    assert phone.waits()["smoking"]["from"] == "2026-12-08T15:30:00.000Z"


def test_the_sheet_reads_well_on_a_small_screen_too(phone: Phone) -> None:
    phone.page.set_viewport_size({"width": 320, "height": 640})
    phone.open("/fr/microneedling/draft/standard/print")
    phone.page.evaluate(Axe().axe_script)
    assert phone.page.evaluate(RUN_AXE) == []
    assert phone.page.evaluate(OVERFLOWING) == []
    phone.open("/fr/microneedling/draft/review")
    assert phone.page.evaluate(OVERFLOWING) == []


def hold_on_one_page(phone: Phone, language: str, day: str) -> None:
    phone.open(f"/{language}/microneedling/draft/{day}")
    assert [number_of_pages(phone.page.pdf(format=paper)) for paper in PAPERS] == [1, 1]
    phone.page.emulate_media(media="print")
    assert phone.page.locator(".gate p").is_visible()
    phone.page.emulate_media(media="null")


@pytest.mark.parametrize(
    ("language", "day"),
    [("en", "standard/day-2"), ("fr", "rf/day-2"), ("fr", "prp/day-3"), ("fr", "prp/day-0"),
     ("fr", "unknown/day-8-14"), ("fr", "home/day-0"), ("en", "home/day-1"), ("fr", "home/day-1"),
     ("fr", "unknown/day-1"), ("fr", "rf/day-1")],
)  # fmt: skip
def test_a_day_takes_one_page_and_says_what_calm_skin_is(
    dark: Phone, language: str, day: str
) -> None:
    hold_on_one_page(dark, language, day)


@pytest.mark.long
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_day_takes_one_page(dark: Phone, variant: str, language: str) -> None:
    for day in ("0", "1", "2", "3", "4", "5", "6", "7", "8-14", "15-42"):
        hold_on_one_page(dark, language, f"{variant}/day-{day}")


def test_a_source_on_paper_can_be_looked_up(phone: Phone) -> None:
    phone.open("/fr/sources")
    phone.page.emulate_media(media="print")
    seen = """(all) => all.map((link) => {
      const { content, fontSize } = getComputedStyle(link, "::after");
      return [content.slice(1, -1), link.getAttribute("href"), parseFloat(fontSize) > 9, parseFloat(getComputedStyle(link).fontSize)];
    })"""
    told = phone.page.locator(".addresses a").evaluate_all(seen)
    assert len(told) > 50
    assert [each for each in told if each[0] != each[1] or each[2:] != [True, 0]] == []
    # Whole addresses are long, and paper does not scroll.
    phone.page.set_viewport_size({"width": 700, "height": 900})
    assert phone.page.evaluate(OVERFLOWING) == []


def test_no_row_to_sign_is_torn_apart(phone: Phone) -> None:
    phone.open("/fr/microneedling/draft/review")
    phone.page.emulate_media(media="print")
    styles = phone.page.evaluate(
        "() => [...new Set([...document.querySelectorAll('.review tr')]"
        ".map((e) => getComputedStyle(e).breakInside))]"
    )
    heads = phone.page.evaluate("() => getComputedStyle(document.querySelector('thead')).display")
    assert (styles, heads) == (["avoid"], "table-header-group")


@pytest.mark.long
def test_who_is_asked_to_sign_is_told_how_much_there_is_to_print(phone: Phone) -> None:
    said = re.search(r"about (\d+) pages in English, (\d+) in French", REVIEWING.read_text("utf-8"))
    assert said
    for language, count in zip(("en", "fr"), map(int, said.groups()), strict=True):
        phone.open(f"/{language}/microneedling/draft/review")
        printed = number_of_pages(phone.page.pdf(format="Letter"))
        assert abs(printed - count) <= count / 10, f"{language}: {printed} pages"
