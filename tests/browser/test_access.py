"""Everyone can use it: axe, small screens, large text, fingers, keyboards, contrast, stillness."""

import re
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.plan.links import CLINIC, TREATMENT, link_of

from .conftest import PHONE, NewPhone
from .phone import GUIDE, LANGUAGES, TREATED, Phone, every_page, later, until

if TYPE_CHECKING:
    from tests.conftest import Server

ROOT = Path(__file__).resolve().parents[2]
WIDTHS = (320, 1280)
SCHEMES = ("light", "dark")


def first_of_kind(kind: str) -> str:
    """Return the first activity of a kind."""
    rows = yaml.safe_load((ROOT / "protocols/microneedling/activities.yaml").read_text("utf-8"))
    rows = rows.get("activities", rows) if isinstance(rows, dict) else rows
    return str(next(row["id"] for row in rows if row["kind"] == kind))


def plainly(path: str) -> Callable[[Phone, str], None]:
    return lambda phone, language: void(phone.open(f"/{language}/{path}"))


def void(_: object) -> None:
    """Take a value and return none."""


def start_with_a_fault(phone: Phone, language: str) -> None:
    phone.open(f"/{language}/start")
    phone.page.click("[data-answer=standard]")
    phone.page.click("[data-when=other]")
    phone.page.click("form button[type=submit]")
    expect(phone.page.get_by_role("alert").filter(visible=True)).to_be_visible()


def asking_to_delete(phone: Phone, language: str) -> None:
    phone.open(f"/{language}/settings")
    phone.page.click("[data-delete]")
    expect(phone.page.locator("dialog")).to_be_visible()


def moving_with_a_fault(phone: Phone, language: str) -> None:
    phone.open(f"/{language}/move")
    wrong = {"name": "a.json", "mimeType": "application/json", "buffer": b"a photo"}
    phone.page.set_input_files("[data-move-file]", wrong)  # type: ignore[arg-type]
    expect(phone.page.get_by_role("alert").filter(visible=True)).to_be_visible()


def a_plan_came(phone: Phone, language: str) -> None:
    phone.page.goto("about:blank")
    phone.open(f"/{language}/start#{link_of({**TREATMENT, 'id': 'another-plan'}, CLINIC)}")
    expect(phone.page.locator("[data-step=link]")).to_be_visible()


# What a phone without a treatment shows, and one with a treatment, so many days after it.
WITHOUT: dict[str, Callable[[Phone, str], None]] = {
    "home": plainly(""),
    "start": plainly("start"),
    "start, a time is missing": start_with_a_fault,
    "today, no treatment": plainly("today"),
    "guide": plainly("guide"),
    "breakouts": plainly("breakouts"),
    "get help": plainly("get-help"),
    "sources": plainly("sources"),
    "privacy": plainly("privacy"),
    "offline": plainly("offline"),
    "install": plainly("install"),
    "nowhere": plainly("nowhere"),
}
WITH: dict[str, Callable[[Phone, str], None]] = {
    "today, evening of day 2": plainly("today"),
    "today, before": plainly("today"),
    "today, after": plainly("today"),
    "day 2": plainly(f"{GUIDE}/day-2"),
    "activities": plainly("activities"),
    "activity from": plainly(f"activities/{first_of_kind('from')}"),
    "activity ask": plainly(f"activities/{first_of_kind('ask')}"),
    "activity never": plainly(f"activities/{first_of_kind('never')}"),
    "activity do not stop": plainly(f"activities/{first_of_kind('do-not-stop')}"),
    "settings": plainly("settings"),
    "situations": plainly("situations"),
    "settings, asking to delete": asking_to_delete,
    "move, not a file of ours": moving_with_a_fault,
    "start, a plan came": a_plan_came,
}
MOMENTS = {"today, before": later(-1), "today, after": later(50)}


# Every day each in one language, in turn; in both with the long ones.
IN_EACH_LANGUAGE = [
    pytest.param(
        (name, language), marks=[] if language == LANGUAGES[number % 2] else [pytest.mark.long]
    )
    for number, name in enumerate((*WITHOUT, *WITH))
    for language in LANGUAGES
]


@pytest.fixture(scope="module")
def two_phones(browser: Browser, server: "Server") -> Iterator[tuple[Phone, Phone]]:
    """Take two phones in hand: one without a treatment and one with."""
    still = {"service_workers": "block", "reduced_motion": "reduce"}
    contexts = [browser.new_context(**{**PHONE, **still}) for _ in range(2)]  # type: ignore[arg-type]
    without, treated = (Phone(context, server.url) for context in contexts)
    without.set_clock(later(2, 20))
    treated.begin_at(TREATED)
    yield without, treated
    for context in contexts:
        context.close()
    assert without.faults + treated.faults == []


@pytest.fixture(
    scope="module",
    params=IN_EACH_LANGUAGE,
    ids=lambda param: f"{param[0]}, {param[1]}",
)
def shown(request: pytest.FixtureRequest, two_phones: tuple[Phone, Phone]) -> Page:
    """Open one page in one state and language, with all that it folds away open."""
    name, language = request.param
    phone = two_phones[name in WITH]
    phone.set_clock(MOMENTS.get(name, later(2, 20)))
    {**WITHOUT, **WITH}[name](phone, language)
    phone.page.evaluate(
        "() => document.querySelectorAll('details').forEach((d) => (d.open = true))"
    )
    phone.page.evaluate(Axe().axe_script)
    return phone.page


RUN_AXE = """async () => {
  const rules = { "target-size": { enabled: true } };
  const { violations } = await axe.run({ resultTypes: ["violations"], rules });
  return violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 160))]);
}"""


@pytest.mark.parametrize("turned", [False, pytest.param(True, marks=pytest.mark.long)])
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing(shown: Page, width: int, turned: bool) -> None:
    """Each width in each theme, one of the two in English and the other in French.

    The long ones add the same the other way round.
    """
    french = shown.evaluate("() => document.documentElement.lang === 'fr'")
    scheme: Any = SCHEMES[(WIDTHS.index(width) + french + turned) % 2]
    shown.set_viewport_size({"width": width, "height": 844})
    shown.emulate_media(color_scheme=scheme)
    assert shown.evaluate(RUN_AXE) == []


OVERFLOWING = """() => {
  const wide = document.documentElement.clientWidth;
  const seen = (e) => e.checkVisibility() && !e.closest(".hidden, .skip, svg");
  const out = [...document.querySelectorAll("body *")].filter((e) => {
    const { right, left, width } = e.getBoundingClientRect();
    return width && seen(e) && (right > wide + 1 || left < -1);
  });
  const cut = [...document.querySelectorAll("body *")].filter((e) =>
    seen(e) && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX === "hidden");
  const scrolls = document.documentElement.scrollWidth > wide;
  return [...(scrolls ? ["the page scrolls"] : []),
    ...[...out, ...cut].map((e) => e.outerHTML.slice(0, 120))];
}"""


TORN = """() => [...document.querySelectorAll("[data-time], [data-next-time]")]
  .filter((e) => e.checkVisibility())
  .flatMap((e) => [...e.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE))
  .flatMap((node) => [...node.data.matchAll(/\\S+/g)].filter(({ 0: word, index }) => {
    const range = document.createRange();
    range.setStart(node, index);
    range.setEnd(node, index + word.length);
    const lines = new Set([...range.getClientRects()].map(({ top }) => top));
    return lines.size > 1 || range.getBoundingClientRect().right > node.parentElement.closest("p, li").getBoundingClientRect().right;
  }).map(([word]) => word))"""


def test_nothing_needs_scrolling_sideways_on_a_small_screen_or_with_large_text(
    shown: Page,
) -> None:
    shown.set_viewport_size({"width": 320, "height": 640})
    assert shown.evaluate(OVERFLOWING) == [], "320 px wide"
    for width in (390, 1280):
        shown.set_viewport_size({"width": width, "height": 844})
        shown.evaluate("() => (document.documentElement.style.fontSize = '200%')")
        found = shown.evaluate(OVERFLOWING) + shown.evaluate(TORN)
        shown.evaluate("() => (document.documentElement.style.fontSize = '')")
        assert found == [], f"text at 200 % on {width} px"


TARGETS = """() => {
  // Links in text are as high as its lines; axe looks at the room between them.
  const inText = (e) => getComputedStyle(e).display === "inline";
  const all = [...document.querySelectorAll("a[href], button, input, select, summary")]
    .filter((e) => e.checkVisibility() && !e.matches(".skip"));
  return all.map((e) => {
    const { width, height } = (e.closest("label") ?? e).getBoundingClientRect();
    const large = "header a, header button, nav a, main button, a.button, li > a:only-child, input";
    return { what: e.outerHTML.slice(0, 120), width, height,
      free: inText(e), large: e.matches(large) };
  });
}"""


def test_a_finger_finds_every_control(shown: Page) -> None:
    for width in WIDTHS:
        shown.set_viewport_size({"width": width, "height": 844})
        targets = shown.evaluate(TARGETS)
        assert len(targets) > 5
        small = [t for t in targets if not t["free"] and min(t["width"], t["height"]) < 24]
        low = [t for t in targets if t["large"] and not t["free"] and t["height"] < 44]
        assert small == []
        assert low == []


FOCUSED = """() => {
  const e = document.activeElement;
  // Inside a time field the browser's own button can have the focus, with the browser's ring.
  if (e === document.body || !e.matches(":focus")) return null;
  const { outlineStyle, outlineWidth, outlineColor, boxShadow } = getComputedStyle(e);
  const ring = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2
    && outlineColor !== "rgba(0, 0, 0, 0)";
  const { left, right, top, bottom } = e.getBoundingClientRect();
  const points = [0.1, 0.5, 0.9].flatMap((x) => [0.1, 0.5, 0.9].map((y) =>
    [left + x * (right - left), top + y * (bottom - top)]));
  const free = points.some(([x, y]) => {
    const hit = document.elementFromPoint(x, y);
    return hit && (e.contains(hit) || hit.contains(e) && hit.matches("label"));
  });
  return { what: e.outerHTML.slice(0, 120), ring: ring || boxShadow !== "none", free };
}"""


@pytest.mark.parametrize("name", [*WITHOUT, *WITH])
def test_the_keyboard_s_place_is_seen_and_not_covered(
    two_phones: tuple[Phone, Phone], name: str
) -> None:
    phone = two_phones[name in WITH]
    phone.set_clock(MOMENTS.get(name, later(2, 20)))
    phone.page.set_viewport_size({"width": 390, "height": 640})
    {**WITHOUT, **WITH}[name](phone, "en")
    seen: list[dict[str, Any]] = []
    for _ in range(24):
        phone.page.keyboard.press("Tab")
        focused = phone.page.evaluate(FOCUSED)
        if focused:
            seen.append(focused)
    assert len(seen) > 2
    assert [each["what"] for each in seen if not each["ring"]] == []
    assert [each["what"] for each in seen if not each["free"]] == []


MOVING = """() => [
  ...document.getAnimations().map((each) => String(each.animationName ?? each)),
  ...[...document.querySelectorAll("*")].flatMap((e) => {
    const { animationName, transitionDuration } = getComputedStyle(e);
    const still = animationName === "none" && /^0s(, 0s)*$/.test(transitionDuration);
    return still ? [] : [e.outerHTML.slice(0, 80)];
  }),
]"""


def test_nothing_moves_for_someone_who_asked_for_stillness(new_phone: NewPhone) -> None:
    phone = new_phone(reduced_motion="reduce")
    phone.context.add_init_script(
        "addEventListener('pagereveal', (e) => (window.transition = Boolean(e.viewTransition)));"
    )
    phone.begin_at(TREATED)
    for path in ("guide", f"{GUIDE}/day-0", "activities", "get-help", "settings", "today"):
        phone.page.evaluate("(path) => location.assign(path)", f"/en/{path}")
        phone.page.wait_for_url(f"**/en/{path}")
        phone.ready()
        assert phone.page.evaluate("() => window.transition") is False
        assert phone.page.evaluate(MOVING) == []


@pytest.mark.long
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_on_any_page(
    new_phone: NewPhone, server: "Server", width: int, scheme: str
) -> None:
    phone = new_phone(viewport={"width": width, "height": 844}, color_scheme=scheme)
    phone.begin_at(TREATED)
    found: dict[str, Any] = {}
    for address in every_page(server.url):
        phone.open(address)
        phone.page.evaluate(Axe().axe_script)
        if violations := phone.page.evaluate(RUN_AXE):
            found[address] = violations
    assert found == {}


PLAIN = ("", "start", "today", "guide", "breakouts", "activities", "activities/makeup", "get-help",
         "sources", "privacy", "settings", "reminders", f"{GUIDE}/day-2", "offline")  # fmt: skip


def test_no_page_has_anything_to_complain_about(new_phone: NewPhone) -> None:
    phone = new_phone(service_workers="allow")
    for language in LANGUAGES:
        for path in PLAIN:
            phone.open(f"/{language}/{path}")
        phone.begin(language)
        phone.open(f"/{language}/{GUIDE}/day-0")
    assert phone.faults == []
    # A complaint would be heard.
    phone.page.evaluate("() => document.body.setAttribute('onclick', 'alert()')")
    phone.page.evaluate(
        "() => document.body.append(Object.assign(new Image(), { src: '//[::1]/' }))"
    )
    for complaint in ("inline event handler", "Content Security Policy", "to somebody else"):
        until(lambda each=complaint: each in "".join(phone.faults), complaint)  # type: ignore[misc]
    phone.faults.clear()


# Colours, without a browser

THEMES = {
    "light": set[str](),
    "dark": {"prefers-color-scheme: dark"},
    "more contrast": {"prefers-contrast: more"},
    "dark, more contrast": {"prefers-color-scheme: dark", "prefers-contrast: more"},
}
TEXTS = ("text", "soft", "link", "here", "emergency", "watch")
GROUNDS = ("ground", "card", "calm")
OWN_GROUNDS = [
    ("on-solid", "solid"),
    ("on-solid", "emergency"),
    ("emergency", "emergency-ground"),
    ("watch", "watch-ground"),
]


def tokens(theme: set[str]) -> dict[str, str]:
    """Return every token of a theme as the cascade leaves it."""
    text = (ROOT / "static/css/tokens.css").read_text("utf-8")
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    found: dict[str, str] = {}
    blocks = re.findall(r"(?:@media\s*([^{]+)\{\s*)?:root\s*\{([^}]*)\}", text)
    assert len(blocks) >= 4
    for media, body in blocks:
        wanted = set(re.findall(r"\(([^)]+)\)", media))
        assert wanted <= THEMES["dark, more contrast"], f"a theme without a test: {media}"
        if wanted <= theme:
            found.update(re.findall(r"--([\w-]+):\s*([^;]+);", body))
    return found


def colour(name: str, found: dict[str, str]) -> tuple[float, float, float]:
    """Return a token's red, green and blue, 0 to 1."""
    value = found[name].strip()
    if link := re.fullmatch(r"var\(--([\w-]+)\)", value):
        return colour(link[1], found)
    assert re.fullmatch(r"#[0-9a-f]{6}", value, re.IGNORECASE), f"--{name}: {value}"
    red, green, blue = (int(value[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def luminance(name: str, found: dict[str, str]) -> float:
    """Return the relative luminance of a token (WCAG 2.2)."""
    parts = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour(name, found)
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: str, other: str, found: dict[str, str]) -> float:
    """Return the contrast of two tokens, 1 to 21."""
    dark, light = sorted((luminance(one, found), luminance(other, found)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_text_stands_out_from_its_ground_in_every_theme(theme: str) -> None:
    found = tokens(THEMES[theme])
    pairs = [*product(TEXTS, GROUNDS), *OWN_GROUNDS]
    ratios = {pair: round(contrast(*pair, found), 2) for pair in pairs}
    assert {pair: ratio for pair, ratio in ratios.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("theme", THEMES)
def test_the_edges_of_controls_stand_out_in_every_theme(theme: str) -> None:
    found = tokens(THEMES[theme])
    pairs = [*product(("boundary", "link"), ("ground", "card")), ("boundary", "calm")]
    ratios = {pair: round(contrast(*pair, found), 2) for pair in pairs}
    assert {pair: ratio for pair, ratio in ratios.items() if ratio < 3} == {}


@pytest.mark.parametrize("width", [320, 390])
def test_no_tab_is_cut_off_at_twice_the_text(new_phone: NewPhone, width: int) -> None:
    phone = new_phone(viewport={"width": width, "height": 844})
    for language in LANGUAGES:
        phone.open(f"/{language}/get-help")
        ends = phone.page.evaluate(
            "() => { document.documentElement.style.fontSize = '200%';"
            " return [...document.querySelectorAll('.tabs a')].flatMap((tab) => {"
            " const words = document.createRange(); words.selectNodeContents(tab);"
            " const { left, right } = words.getBoundingClientRect(); return [left, right]; }); }"
        )
        assert len(ends) == 6
        # From the left to the right, and none over its neighbour.
        assert [0, *ends, width] == sorted([0, *ends, width])


LINES = """() => Object.values(Object.groupBy(document.querySelectorAll(".foot-links li"),
  (each) => Math.round(each.getBoundingClientRect().top))).map(({ length }) => length)"""


@pytest.mark.parametrize("width", [320, 360, 390, 412])
def test_no_link_of_the_foot_stands_alone_on_its_line(new_phone: NewPhone, width: int) -> None:
    phone = new_phone(viewport={"width": width, "height": 844}, java_script_enabled=False)
    for language in LANGUAGES:
        phone.page.goto(f"{phone.url}/{language}/privacy")
        lines = phone.page.evaluate(LINES)
        assert sum(lines) == 4, language
        assert min(lines) > 1, language
