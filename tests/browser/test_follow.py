"""A person follows their own days: from the two questions to the end, and to deleting it all."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from .conftest import PHONE
from .phone import (
    DAILY_FRENCH,
    GUIDE,
    LANGUAGES,
    MONTREAL,
    STAGES,
    TREATED,
    OpenPhone,
    Phone,
    day_path,
    every_page,
    heading,
    kept_sets,
    later,
    read,
    stage_of,
    until,
)

if TYPE_CHECKING:
    from tests.conftest import Server

    from .conftest import NewPhone

ANSWERS = ["standard", "rf", "prp", "home", "unknown"]
HOUR = timedelta(hours=1)

both_languages = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture(scope="module")
def one_phone(browser: Browser, server: "Server") -> Iterator[Phone]:
    """One phone for all of this file: another page takes half a second of a processor."""
    still = {"service_workers": "block", "reduced_motion": "reduce"}
    context = browser.new_context(**{**PHONE, **still})  # type: ignore[arg-type]
    yield Phone(context, server.url)
    context.close()


@pytest.fixture
def phone(one_phone: Phone) -> Iterator[Phone]:
    """That phone as if new, on the morning of a treatment. Who changes its scripts takes a new one."""
    one_phone.forget()
    one_phone.set_clock(TREATED)
    yield one_phone
    faults, one_phone.faults = one_phone.faults, []
    assert faults == []


def at(hour: int, minute: int = 0) -> datetime:
    return TREATED.replace(hour=hour, minute=minute)


def ended(phone: Phone) -> datetime:
    """Return the instant from which this phone counts, as its rows tell it."""
    phone.open("/en/activities/makeup")
    row = phone.waits()["makeup"]
    return datetime.fromisoformat(row["from"]) - int(row["hours"]) * HOUR


def ask_when(phone: Phone, language: str = "en", answer: str = "standard") -> Page:
    phone.open(f"/{language}/start")
    phone.page.click(f"[data-answer={answer}]")
    expect(phone.page.locator("[data-when=now]")).to_be_visible()
    return phone.page


def type_time(page: Page, date: str, time: str) -> None:
    page.fill("input[type=date]", date)
    page.fill("input[type=time]", time)
    page.click("form button[type=submit]")


def tick_first(phone: Phone) -> Locator:
    """Tick the first act and return its box, once the tick is on disk."""
    box = phone.page.locator("main input[type=checkbox]").first
    before = phone.record().get("ticks")
    box.check()
    until(lambda: phone.record().get("ticks") != before, "the tick is kept")
    return box


# Beginning


@pytest.mark.parametrize("language", ["en", pytest.param("fr", marks=pytest.mark.long)])
def test_a_person_begins_and_their_day_is_there_after_a_reload_and_a_restart(
    open_phone: OpenPhone, server: "Server", language: str
) -> None:
    phone = Phone(open_phone(), server.url)
    phone.begin(language)
    expected = {"page": "today", "state": "day", "day": "0"}
    assert phone.state().items() >= expected.items()
    headline = phone.heading()
    assert headline == heading(read(server.url + day_path(language, "0")))
    phone.page.reload()
    phone.ready()
    assert phone.state().items() >= expected.items()
    phone.context.close()
    phone = Phone(open_phone(), server.url)
    assert phone.today(language).items() >= expected.items()
    assert phone.heading() == headline
    assert phone.faults == []


def test_all_five_answers_are_offered_and_none_is_chosen_beforehand(phone: Phone) -> None:
    page = phone.page
    chosen = "[aria-checked], [aria-pressed], [aria-selected], [aria-current], :checked"
    for language in LANGUAGES:
        phone.open(f"/{language}/start")
        answers = page.locator("[data-answer]:visible")
        offered = answers.evaluate_all("(rows) => rows.map((row) => row.dataset.answer)")
        assert offered == ANSWERS
        assert page.locator("main").locator(chosen).count() == 0
        expect(page.locator("[data-when]:visible")).to_have_count(0)


# What each answer waits for a rinse, makeup and sport, in hours.
WAITS = {
    "standard": (6, 48, 72), "deep": (6, 72, 96), "rf": (6, 72, 96), "prp": (24, 48, 72),
    "home": (4, 24, 48), "unknown": (24, 72, 96),
}  # fmt: skip


# What one looks up, all do; their days and waits are read from their pages every day.
@pytest.mark.parametrize(
    "variant",
    [
        pytest.param(each, marks=[] if each in {"standard", "home"} else [pytest.mark.long])
        for each in WAITS
    ],
)
def test_each_answer_leads_to_its_own_days_and_waits(phone: Phone, variant: str) -> None:
    page = phone.page
    phone.set_clock(TREATED)
    ask_when(phone, "en", "standard" if variant == "deep" else variant)
    expect(page.locator("[data-follows]")).to_be_visible(visible=variant in {"standard", "deep"})
    if variant == "deep":
        page.check("[name=deep]")
    page.click("[data-when=now]")
    page.wait_for_url("**/en/today")
    phone.ready()
    assert phone.state()["state"] == "day"
    assert page.locator("[data-day-link]").get_attribute("href") == (
        f"/en/microneedling/draft/{variant}/day-0"
    )
    wanted = dict(zip(("rinse", "makeup", "exercise"), WAITS[variant], strict=True))
    phone.open("/en/activities")
    shown = phone.waits()
    for activity, hours in wanted.items():
        assert datetime.fromisoformat(shown[activity]["from"]) == TREATED + timedelta(hours=hours)
    phone.open("/en/activities/makeup")
    (row,) = phone.waits().values()
    assert datetime.fromisoformat(row["from"]) == TREATED + timedelta(hours=wanted["makeup"])
    expect(page.locator(".answer [data-wait]:visible")).to_have_count(1)
    phone.open("/en/guide")
    expect(page.locator("[data-guide]:visible")).to_have_count(1)
    own = page.locator(f"[data-guide={variant}] a").first
    expect(own).to_be_visible()


def test_a_part_of_the_day_that_has_not_begun_is_not_offered(phone: Phone) -> None:
    offered: dict[datetime, list[str]] = {
        at(3, 30): ["now", "other"],
        at(8, 15): ["now", "morning", "other"],
        at(12, 0): ["now", "morning", "afternoon", "other"],
        at(22, 45): ["now", "morning", "afternoon", "other"],
    }
    page = ask_when(phone)
    for now, wanted in offered.items():
        phone.set_clock(now)
        page.reload()
        phone.ready()
        rows = page.locator("[data-when]:visible")
        assert rows.evaluate_all("(rows) => rows.map((row) => row.dataset.when)") == wanted


def test_a_rough_answer_counts_from_its_late_end_but_never_from_the_future(phone: Phone) -> None:
    ends = [
        (at(10, 20), "now", at(10, 20)),
        (at(10, 20), "morning", at(10, 20)),
        (at(15, 0), "morning", at(12)),
        (at(16, 10), "afternoon", at(16, 10)),
        (at(21, 0), "afternoon", at(17)),
    ]
    for now, answer, end in ends:
        phone.set_clock(now)
        phone.begin(when=answer)
        assert phone.state()["day"] == "0"
        assert ended(phone) == end, f"{answer} at {now:%H:%M}"


def test_a_rough_answer_is_not_told_as_if_it_were_exact(phone: Phone) -> None:
    phone.set_clock(at(15))
    moment = phone.page.locator("[data-moment]")
    for language, word in (("en", "around"), ("fr", "vers")):
        phone.begin(language, when="morning")
        phone.open(f"/{language}/settings")
        assert word in moment.inner_text().lower()
        phone.begin(language)
        phone.open(f"/{language}/settings")
        assert word not in moment.inner_text().lower()


def test_another_time_can_be_typed(phone: Phone) -> None:
    phone.set_clock(later(3))
    ask_when(phone).click("[data-when=other]")
    type_time(phone.page, "2026-11-23", "16:45")
    phone.page.wait_for_url("**/en/today")
    phone.ready()
    assert phone.state()["day"] == "4"
    assert ended(phone) == datetime(2026, 11, 23, 16, 45, tzinfo=MONTREAL)


@DAILY_FRENCH
def test_a_future_or_missing_time_is_refused_where_it_stands_and_nothing_is_lost(
    phone: Phone, language: str
) -> None:
    phone.set_clock(TREATED)
    page = ask_when(phone, language)
    page.click("[data-when=other]")
    message = page.get_by_role("alert").filter(visible=True)
    for date, time, blamed in (
        ("2026-11-24", "10:31", ["date", "time"]),
        ("2026-11-25", "09:00", ["date", "time"]),
        ("2026-11-24", "", ["time"]),
        ("", "10:00", ["date"]),
        # A year of which two digits were typed.
        ("0026-11-24", "10:00", ["date"]),
    ):
        type_time(page, date, time)
        expect(message).to_have_count(1)
        assert message.inner_text().strip()
        assert blamed_fields(page, message) == blamed, f"{date!r} {time!r}"
        expect(page.locator(f"input[name={blamed[0]}]")).to_be_focused()
        assert [page.input_value(f"input[name={each}]") for each in ("date", "time")] == [
            date,
            time,
        ]
    assert "treatment" not in phone.record()
    type_time(page, "2026-11-24", "10:00")
    page.wait_for_url(f"**/{language}/today")


def test_a_year_that_is_a_slip_is_seen(phone: Phone) -> None:
    phone.set_clock(TREATED)
    page = ask_when(phone, "fr")
    page.click("[data-when=other]")
    type_time(page, "2025-11-24", "10:00")
    page.wait_for_url("**/fr/today")
    phone.ready()
    assert phone.state()["state"] == "after"
    told = page.locator('[data-for="after"] [data-moment]')
    expect(told).to_have_text("lundi 24 novembre 2025, 10 h")


def blamed_fields(page: Page, message: Locator) -> list[str]:
    """Return the fields that say to a screen reader that they are wrong, and why."""
    blamed: list[str] = []
    for name in ("date", "time"):
        field = page.locator(f"input[name={name}]")
        described = (field.get_attribute("aria-describedby") or "").split()
        # An empty `aria-invalid` means valid (WAI-ARIA 1.2, 6.3.2): nothing is said then.
        if (
            field.get_attribute("aria-invalid") == "true"
            and message.get_attribute("id") in described
        ):
            blamed.append(name)
    return blamed


def test_the_back_button_returns_to_the_first_question(phone: Phone) -> None:
    page = ask_when(phone)
    page.go_back()
    expect(page.locator("[data-answer=standard]")).to_be_visible()
    expect(page.locator("[data-when=now]")).to_be_hidden()
    page.go_forward()
    page.click("[data-when=now]")
    page.wait_for_url("**/en/today")
    phone.ready()
    assert phone.state()["state"] == "day"


def test_a_reload_stays_at_its_question_and_one_step_back_is_the_first(phone: Phone) -> None:
    page = ask_when(phone)
    page.reload()
    phone.ready()
    expect(page.locator("[data-when=now]")).to_be_visible()
    page.go_back()
    expect(page.locator("[data-answer=standard]")).to_be_visible()
    page.go_forward()
    page.click("[data-when=now]")
    page.wait_for_url("**/en/today")
    assert phone.record()["treatment"]["variant"] == "standard"


def test_an_answer_that_an_update_took_away_is_asked_for_anew(phone: Phone) -> None:
    page = ask_when(phone)
    of_before = {"of": "microneedling", "variant": "of-before"}
    page.evaluate("(given) => history.replaceState(given, '')", of_before)
    page.reload()
    phone.ready()
    expect(page.locator("[data-answer=standard]")).to_be_visible()


def test_the_keyboard_alone_leads_from_start_to_today(phone: Phone) -> None:
    phone.open("/en/start")
    for target in ("[data-answer=standard]", "[data-when=now]"):
        for _ in range(30):
            phone.page.keyboard.press("Tab")
            if phone.page.locator(f"{target}:focus").count():
                break
        phone.page.keyboard.press("Enter")
        expect(phone.page.locator(f"{target}:focus")).to_have_count(0)
    phone.page.wait_for_url("**/en/today")
    phone.ready()
    assert phone.state().items() >= {"state": "day", "day": "0"}.items()


# Hours


@both_languages
def test_every_activity_tells_from_when_and_it_is_the_treatment_plus_its_hours(
    phone: Phone, language: str
) -> None:
    phone.begin_at(TREATED, language)
    phone.open(f"/{language}/activities")
    rows = phone.waits()
    counted = {name: row for name, row in rows.items() if "hours" in row}
    assert len(counted) >= 20
    told = {name: datetime.fromisoformat(row["from"]) for name, row in counted.items()}
    assert told == {name: TREATED + int(row["hours"]) * HOUR for name, row in counted.items()}
    assert all(row["text"] for row in counted.values())
    # Nobody may read a time into "ask", "never" or "do not stop".
    assert [
        n for n, row in rows.items() if n not in counted and (row.get("from") or row["text"])
    ] == []


def test_an_activity_says_on_its_own_page_and_on_today_what_it_says_in_the_list(
    phone: Phone,
) -> None:
    phone.begin_at(TREATED)
    phone.open("/en/activities")
    listed = phone.waits()["makeup"]["from"]
    phone.open("/en/activities/makeup")
    assert phone.waits()["makeup"]["from"] == listed
    phone.today()
    assert phone.waits()["makeup"]["from"] == listed


@pytest.mark.long
def test_a_clock_change_neither_shortens_nor_stretches_a_wait(phone: Phone) -> None:
    for date, clock_after in (
        (datetime(2026, 11, 24, tzinfo=MONTREAL), "2:30"),
        (datetime(2026, 10, 31, tzinfo=MONTREAL), "1:30"),
        (datetime(2027, 3, 13, tzinfo=MONTREAL), "3:30"),
    ):
        treated = date.replace(hour=14, minute=30)
        phone.begin_at(treated)
        phone.set_clock(datetime.fromtimestamp(treated.timestamp() + 20 * 3600, MONTREAL))
        phone.open("/en/activities")
        day_long = {n: row for n, row in phone.waits().items() if row.get("hours") == "24"}
        assert day_long
        for row in day_long.values():
            waited = datetime.fromisoformat(row["from"]).timestamp() - treated.timestamp()
            assert waited == 24 * 3600
            assert f"{clock_after}\u00a0pm" in row["text"]
        phone.open(f"/en/activities/{next(iter(day_long))}")
        assert re.search(r"\b4\s?h\b", phone.page.locator("[data-time]:visible").inner_text())


def test_a_wait_is_the_same_instant_when_the_phone_has_flown_to_another_zone(
    new_phone: "NewPhone",
) -> None:
    phone = new_phone(timezone_id=None)
    phone.travel("America/Toronto")
    phone.begin_at(TREATED)
    phone.open("/en/activities")
    at_home = {name: row.get("from") for name, row in phone.waits().items()}
    phone.travel("Europe/Paris")
    # Eight in the evening in Montréal is two in the morning of the next day in Paris.
    phone.set_clock(later(1, 20))
    assert phone.today()["day"] == "2"
    phone.open("/en/activities")
    assert {name: row.get("from") for name, row in phone.waits().items()} == at_home
    assert "4:30\u00a0pm" in phone.waits()["makeup"]["text"]


# Days


def test_each_day_shows_its_own_page_until_six_weeks_have_passed(
    phone: Phone, server: "Server"
) -> None:
    phone.begin_at(TREATED)
    for day in (1, 3, 7, 8, 10, 14, 15, 30, 42):
        phone.set_clock(later(day))
        assert phone.today().items() >= {"state": "day", "day": str(day)}.items()
        assert phone.heading() == heading(read(server.url + day_path("en", stage_of(day))))
    phone.set_clock(later(43))
    assert phone.today().items() >= {"state": "after", "day": "43"}.items()
    assert phone.heading() == phone.page.locator("[data-for=after] h1").inner_text()


def test_days_turn_at_midnight_on_the_phone(phone: Phone) -> None:
    phone.begin_at(TREATED)
    phone.set_clock(later(0, 23, 59))
    assert phone.today()["day"] == "0"
    phone.set_clock(later(1, 0, 0))
    assert phone.today()["day"] == "1"


def test_a_page_left_open_overnight_turns_to_the_new_day(new_phone: "NewPhone") -> None:
    phone = new_phone()
    phone.begin_at(later(0, 23, 58))
    phone.context.clock.install(time=later(0, 23, 58))
    assert phone.today()["day"] == "0"
    phone.page.clock.run_for(3 * 60_000)
    expect(phone.page.locator('main[data-day="1"]')).to_be_attached()


def test_a_phone_whose_clock_was_set_back_says_that_the_treatment_is_ahead(phone: Phone) -> None:
    phone.begin_at(TREATED)
    phone.set_clock(TREATED - HOUR)
    said = phone.today()
    assert said["state"] == "before"
    assert "day" not in said
    assert phone.heading() == phone.page.locator("[data-for=before] h1").inner_text()


def test_today_asks_for_little_and_never_folds_when_to_call(phone: Phone) -> None:
    phone.begin_at(TREATED)
    for stage in STAGES:
        phone.set_clock(later(int(stage.split("-")[0])))
        phone.today()
        acts = phone.page.locator(".act:visible").count()
        assert 1 <= acts <= 3, f"day {stage} asks for {acts} things"
        calls = phone.page.locator('main li a[href^="/en/get-help#"]')
        expect(calls).to_have_count(3)
        for call in calls.all():
            expect(call).to_be_visible()


def test_tomorrow_is_not_spoken_of_before_six_in_the_evening(phone: Phone) -> None:
    phone.begin_at(TREATED)
    line = phone.page.locator("[data-tomorrow]")
    phone.set_clock(later(2, 17, 59))
    phone.today()
    expect(line).to_be_hidden()
    phone.set_clock(later(2, 18, 0))
    phone.today()
    expect(line).to_be_visible()
    assert heading(read(phone.url + day_path("en", "3"))) in line.inner_text()


# Ticks


def test_ticks_stay_on_a_reload_and_are_not_carried_over_to_tomorrow(phone: Phone) -> None:
    phone.begin_at(TREATED)
    boxes = phone.page.locator("main input[type=checkbox]:visible")
    phone.set_clock(later(1, 9))
    phone.today()
    tick_first(phone)
    phone.page.reload()
    phone.ready()
    expect(boxes.first).to_be_checked()
    phone.set_clock(later(2, 9))
    phone.today()
    assert boxes.count()
    for box in boxes.all():
        expect(box).not_to_be_checked()
    phone.set_clock(later(1, 20))
    phone.today()
    expect(boxes.first).to_be_checked()


def test_a_tick_made_on_today_is_there_on_the_whole_day_too(phone: Phone) -> None:
    phone.begin_at(TREATED)
    phone.set_clock(later(1, 9))
    phone.today()
    tick_first(phone)
    named = phone.page.locator(".act:has(:checked)").inner_text()
    phone.open(day_path("en", "1"))
    ticked = phone.page.locator(".act:has(:checked)")
    expect(ticked).to_have_count(1)
    assert ticked.inner_text().strip() == named.strip()


@pytest.mark.parametrize("path", ["/en/today", day_path("en", "1")])
def test_a_page_left_open_offers_each_act_one_tick_and_keeps_the_focus(
    new_phone: "NewPhone", path: str
) -> None:
    phone = new_phone()
    phone.begin_at(TREATED)
    phone.context.clock.install(time=later(1, 9))
    phone.open(path)
    boxes = phone.page.locator("main input[type=checkbox]")
    offered = boxes.count()
    assert offered
    boxes.first.focus()
    phone.page.clock.run_for(61_000)
    # That nothing happens is no state to wait for.
    phone.page.wait_for_timeout(500)
    assert boxes.count() == offered
    expect(boxes.first).to_be_focused(timeout=1)


@pytest.mark.long
def test_coming_back_to_a_page_offers_each_act_one_tick(
    open_phone: OpenPhone, server: "Server"
) -> None:
    # Playwright turns off the cache from which browsers take a page that one comes back to.
    context = open_phone(whole=True, ignore_default_args=["--disable-back-forward-cache"])
    phone = Phone(context, server.url)
    phone.begin_at(TREATED)
    phone.set_clock(later(1, 9))
    for path in ("/en/today", day_path("en", "1")):
        phone.open(path)
        boxes = phone.page.locator("main input[type=checkbox]")
        offered = boxes.count()
        assert offered
        phone.page.evaluate("() => addEventListener('pageshow', () => (document.title = 'back'))")
        phone.page.click('header a[href="/en/get-help"]')
        expect(phone.page.locator("main[data-page=help][data-ready]")).to_be_attached()
        phone.page.evaluate("() => history.back()")
        expect(phone.page).to_have_title("back")
        phone.page.wait_for_timeout(500)
        assert boxes.count() == offered, path


# Changing and deleting


def test_changing_the_treatment_is_announced_and_replaces_its_day_and_its_ticks(
    phone: Phone,
) -> None:
    phone.begin_at(TREATED)
    phone.set_clock(later(1, 9))
    phone.today()
    tick_first(phone)
    phone.open("/en/settings")
    phone.page.click('main a[href="/en/start"]:visible')
    phone.ready()
    expect(phone.page.locator("[data-replaces]")).to_be_visible()
    phone.page.click("[data-answer=standard]")
    phone.page.click("[data-when=other]")
    type_time(phone.page, "2026-11-23", "09:00")
    phone.page.wait_for_url("**/en/today")
    phone.ready()
    assert phone.state()["day"] == "2"
    phone.set_clock(later(0, 9))
    assert phone.today()["day"] == "1"
    assert ended(phone) == datetime(2026, 11, 23, 9, 0, tzinfo=MONTREAL)
    phone.set_clock(later(1, 9))
    phone.today()
    expect(phone.page.locator("main input:checked")).to_have_count(0)


def test_someone_who_begins_for_the_first_time_is_not_told_that_they_replace_something(
    phone: Phone,
) -> None:
    phone.open("/en/start")
    expect(phone.page.locator("[data-replaces]")).to_be_hidden()


def shell_only(phone: Phone) -> bool:
    return [name.split()[-1] for name in phone.caches()] == ["shell"]


@pytest.mark.parametrize("language", ["en", pytest.param("fr", marks=pytest.mark.long)])
def test_deleting_everything_leaves_nothing_on_the_phone_but_the_shell(
    new_phone: "NewPhone", server: "Server", language: str
) -> None:
    phone, sets = new_phone(service_workers="allow"), kept_sets(server.url)
    phone.begin_at(TREATED, language)
    phone.set_clock(later(1, 9))
    phone.today(language)
    tick_first(phone)
    phone.wait_until_kept(f"{GUIDE}/{language}", sets)
    phone.open(f"/{language}/settings")
    phone.page.click("[data-delete]")
    phone.page.click("dialog button[value=keep]")
    assert "treatment" in phone.record()
    phone.delete_everything()
    assert phone.record() == {}
    until(lambda: shell_only(phone), "the app itself is kept anew, and nothing else")
    assert phone.page.evaluate("() => localStorage.length + sessionStorage.length") == 0
    assert phone.today(language)["state"] == "none"
    until(lambda: shell_only(phone), "the app itself is kept anew, and nothing else")


@DAILY_FRENCH
def test_deleting_says_that_it_is_under_way_on_a_slow_network(
    new_phone: "NewPhone", language: str
) -> None:
    phone = new_phone()
    phone.begin_at(TREATED, language)
    held = phone.hold("**/forget")
    phone.open(f"/{language}/settings")
    phone.page.click("[data-delete]")
    phone.page.click("dialog button[value=delete]")
    said = {"en": "Deleting …", "fr": "Suppression en cours…"}[language]
    expect(phone.page.locator("[data-deleting]")).to_have_text(said)
    expect(phone.page.locator("[data-deleting]")).to_be_visible()
    phone.comes(held, "the browser is asked to throw away")
    held[0].continue_()
    expect(phone.page.locator("[data-deleted]")).to_be_visible()
    expect(phone.page.locator("[data-deleting]")).to_be_hidden()


def test_the_settings_show_the_treatment_before_the_worker_has_come(new_phone: "NewPhone") -> None:
    phone = new_phone(service_workers="allow")
    phone.begin_at(TREATED)
    never = "navigator.serviceWorker.register = () => new Promise(() => {})"
    phone.context.add_init_script(never)
    phone.open("/en/settings")
    expect(phone.page.locator("[data-variant-name=standard]")).to_be_visible()
    assert "10:30" in phone.page.locator("[data-moment]").inner_text()
    expect(phone.page.locator("[data-delete]")).to_be_enabled()


@pytest.mark.long
def test_changing_the_language_after_deleting_brings_nothing_back(
    new_phone: "NewPhone", server: "Server"
) -> None:
    phone, sets = new_phone(service_workers="allow"), kept_sets(server.url)
    phone.begin_at(TREATED)
    phone.wait_until_kept(f"{GUIDE}/en", sets)
    phone.open("/en/settings")
    phone.delete_everything()
    phone.page.locator("[data-switch=fr]:visible").last.click()
    phone.page.wait_for_url("**/fr/settings")
    phone.ready()
    # That nothing is kept is no state to wait for.
    phone.page.wait_for_timeout(1000)
    assert "treatment" not in phone.record()
    until(lambda: shell_only(phone), "the app itself is kept anew, and nothing else")


# Phones that do not keep, or lose what they hold

NO_DATABASE = "IDBFactory.prototype.open = () => { throw new DOMException('', 'SecurityError'); };"
NO_ROOM = (
    "IDBObjectStore.prototype.put = () => { throw new DOMException('', 'QuotaExceededError'); };"
)
NO_STORAGE_AT_ALL = (
    NO_DATABASE
    + "Object.defineProperty(window, 'sessionStorage', { get() {"
    + " throw new DOMException('', 'SecurityError'); } });"
)
DIES_ONCE = """{
  const { transaction } = IDBDatabase.prototype;
  let died = false;
  IDBDatabase.prototype.transaction = function (...asked) {
    if (died) return transaction.apply(this, asked);
    died = true;
    throw new DOMException("The database connection is closing.", "InvalidStateError");
  };
}"""

storage_refused = pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(NO_DATABASE, id="no database"),
        pytest.param(NO_ROOM, id="no room", marks=pytest.mark.long),
    ],
)


@storage_refused
def test_a_phone_that_refuses_to_keep_says_so_and_follows_for_this_visit(
    new_phone: "NewPhone", refusal: str
) -> None:
    phone = new_phone()
    phone.context.add_init_script(refusal)
    notice = phone.page.locator("[data-memory]")
    for language in LANGUAGES:
        phone.begin_at(TREATED, language)
        assert phone.state().items() >= {"state": "day", "day": "0"}.items()
        expect(notice).to_be_visible()
        said = notice.inner_text().strip()
        assert said
        assert ended(phone) == TREATED
        nothing_is_said_to_be_on_the_phone(phone, language, said)
        phone.set_clock(later(1, 9))
        assert phone.today(language).items() >= {"state": "day", "day": "1"}.items()
        expect(notice).to_be_visible()


def nothing_is_said_to_be_on_the_phone(phone: Phone, language: str, instead: str) -> None:
    """Enter what has a page of its own, and see what is said of it."""
    phone.open(f"/{language}/clinic")
    phone.page.fill("[name=phone]", "514 555-0134")
    phone.page.click("[data-clinic-form] button")
    expect(phone.page.locator("[data-clinic-kept]")).to_have_text(instead)
    phone.open(f"/{language}/situations")
    phone.page.locator("[name=situation]").first.click()
    expect(phone.page.locator("[data-kept-here]")).to_have_text(instead)


def test_a_full_phone_does_not_go_on_showing_the_treatment_that_was_replaced(
    new_phone: "NewPhone",
) -> None:
    phone = new_phone()
    phone.begin_at(TREATED)
    phone.context.add_init_script(NO_ROOM)
    phone.begin_at(later(20))
    assert phone.state().items() >= {"state": "day", "day": "0"}.items()
    assert ended(phone) == later(20)


@pytest.mark.long
def test_ticks_last_for_this_visit_on_a_phone_that_became_full(new_phone: "NewPhone") -> None:
    phone = new_phone()
    phone.begin_at(TREATED)
    phone.context.add_init_script(NO_ROOM)
    phone.set_clock(later(1, 9))
    phone.today()
    boxes = phone.page.locator("main input[type=checkbox]")
    with phone.page.expect_console_message(lambda said: said.type == "warning"):
        boxes.first.check()
    phone.open("/en/activities")
    phone.today()
    expect(boxes.first).to_be_checked()


def test_without_any_storage_today_still_opens_and_the_guide_can_be_read(
    new_phone: "NewPhone",
) -> None:
    phone = new_phone()
    phone.context.add_init_script(NO_STORAGE_AT_ALL)
    assert phone.today()["state"] == "none"
    phone.open("/en/activities")
    expect(phone.page.locator("[data-activity]").first).to_be_visible()


def test_a_database_that_dies_once_loses_nothing(new_phone: "NewPhone") -> None:
    phone = new_phone()
    phone.context.add_init_script(DIES_ONCE)
    for language in LANGUAGES:
        phone.begin_at(TREATED, language)
        phone.set_clock(later(1, 9))
        phone.today(language)
        tick_first(phone)
        assert phone.today(language).items() >= {"state": "day", "day": "1"}.items()
        expect(phone.page.locator("main input[type=checkbox]").first).to_be_checked()
        expect(phone.page.locator("[data-memory]")).to_be_hidden()
        assert datetime.fromisoformat(phone.record()["treatment"]["at"]) == TREATED


# Languages, and without scripts

# The headings under which nothing is seen.
EMPTY = """() => [...document.querySelectorAll("main section")]
  .filter((each) => each.checkVisibility())
  .map((each) => [each.innerText.trim(), each.querySelector("h1, h2, h3").innerText.trim()])
  .filter(([all, heading]) => all === heading).map(([all]) => all)"""
SEEN = """() => [
  [...document.querySelectorAll("main h1")].find((each) => each.checkVisibility())?.innerText,
  document.querySelector("main").innerText,
]"""


def test_changing_the_language_keeps_the_place(phone: Phone) -> None:
    phone.begin_at(TREATED)
    pages = ("today", "activities#sun", "start", f"{GUIDE}/day-2")
    for place in pages:
        phone.open(f"/en/{place}")
        for there in ("fr", "en"):
            # What appears once somebody scrolls may move a link from under the pointer.
            phone.page.locator(f"[data-switch={there}]:visible").last.press("Enter")
            phone.page.wait_for_url(f"**/{there}/{place}")
            phone.ready()
            assert phone.page.evaluate("() => document.documentElement.lang") == there


def test_today_follows_the_same_treatment_in_the_other_language(phone: Phone) -> None:
    phone.begin_at(TREATED)
    phone.set_clock(later(3))
    assert phone.today("fr").items() >= {"state": "day", "day": "3"}.items()


@DAILY_FRENCH
def test_every_page_can_be_read_without_scripts(
    new_phone: "NewPhone", server: "Server", language: str
) -> None:
    page = new_phone(java_script_enabled=False).page
    addresses = [each for each in every_page(server.url) if each.startswith(f"/{language}/")]
    assert len(addresses) > 50
    # One template makes every activity and one every day: some of each, other ones in each language.
    alike = [each for each in addresses if re.search(r"/activities/|/day-", each)]
    some = set(alike[LANGUAGES.index(language) :: 8])
    addresses = [each for each in addresses if each not in alike or each in some]
    unread: dict[str, str] = {}
    empty: dict[str, list[str]] = {}
    for address in addresses:
        page.goto(server.url + address, wait_until="domcontentloaded")
        title, words = page.evaluate(SEEN)
        if not (title and len(words) > 100):
            unread[address] = words
        if found := page.evaluate(EMPTY):
            empty[address] = found
    assert unread == {}
    assert empty == {}


@both_languages
def test_without_scripts_start_leads_to_the_guide_and_help_is_one_tap_away(
    new_phone: "NewPhone", server: "Server", language: str
) -> None:
    page = new_phone(java_script_enabled=False).page
    page.goto(f"{server.url}/{language}/start")
    expect(page.locator("main noscript")).to_be_visible()
    page.click("[data-answer=standard]")
    assert page.url == f"{server.url}/{language}/guide"
    assert page.locator(f'main a[href="{day_path(language, "2")}"]').is_visible()
    page.click(f'header a[href="/{language}/get-help"]')
    assert page.locator('main a[href="tel:911"]').is_visible()


def test_a_phone_that_is_too_old_to_be_patient_shows_the_day_all_the_same(
    new_phone: "NewPhone",
) -> None:
    phone = new_phone()
    # Safari has it since 16.0, and an iPhone 7 stays at iOS 15.
    phone.page.add_init_script("delete AbortSignal.timeout;")
    phone.begin()
    assert phone.page.evaluate("() => 'timeout' in AbortSignal") is False
    assert (phone.state()["state"], phone.state()["day"]) == ("day", "0")
    assert phone.page.locator("[data-into] .act:visible").count() > 0
