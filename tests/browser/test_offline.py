"""What is kept opens when nothing answers: whole, in its language, and of one release."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Playwright, expect

from tests.conftest import chromium
from tests.plan.links import link_of

from .conftest import PHONE, NewPhone
from .front import Answer, Front, as_it_is, front_door, to_scripts, wait_until_quiet
from .phone import (
    GUIDE,
    LANGUAGES,
    TREATED,
    OpenPhone,
    Phone,
    Sets,
    day_path,
    heading,
    kept_sets,
    later,
    pages_of,
    read,
    release,
    stage_of,
    until,
)

if TYPE_CHECKING:
    from tests.conftest import Server

RunningWith = Callable[..., AbstractContextManager["Server"]]
STILL = {"reduced_motion": "reduce"}
OTHER = {"en": "fr", "fr": "en"}
HTML = {"Content-Type": "text/html; charset=utf-8"}
JSON = {"Content-Type": "application/json"}


# Installing


def test_a_browser_has_nothing_against_installing_it(
    open_phone: OpenPhone, server: "Server"
) -> None:
    phone = Phone(open_phone(whole=True), server.url)
    browser = phone.context.new_cdp_session(phone.page)
    for language in LANGUAGES:
        phone.open(f"/{language}/")
        errors: list[object] = browser.send("Page.getInstallabilityErrors")["installabilityErrors"]
        assert errors == []
        manifest = browser.send("Page.getAppManifest")
        assert manifest["errors"] == []
        assert manifest["url"] == f"{server.url}/{language}/manifest.webmanifest"


# The server is gone, and the browser was closed


@dataclass
class Kept:
    """A phone that keeps the guide, opened anew after the server was stopped."""

    phone: Phone
    language: str
    pages: list[str]
    headings: dict[str, str]


@pytest.fixture(scope="module", params=["fr", pytest.param("en", marks=pytest.mark.long)])
def kept(
    request: pytest.FixtureRequest,
    playwright: Playwright,
    running_with: RunningWith,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Kept]:
    """Keep the guide in one language, stop the server, reopen the browser."""
    language, profile = str(request.param), tmp_path_factory.mktemp("profile")
    with running_with() as server:
        sets = kept_sets(server.url)
        with phone_on_disk(playwright, profile, server.url) as phone:
            phone.begin_at(TREATED, language)
            phone.wait_until_kept(guide_in(language), sets)
        pages = pages_of([*sets["shell"], *sets[guide_in(language)]])
        headings = {each: heading(read(server.url + each)) for each in pages}
    own = [each for each in pages if each.startswith(f"/{language}/")]
    with phone_on_disk(playwright, profile, server.url) as phone:
        yield Kept(phone, language, own, headings)
    assert phone.faults == []


@contextmanager
def phone_on_disk(playwright: Playwright, profile: Path, url: str) -> Iterator[Phone]:
    """Open a phone whose profile stays on disk."""
    settings = {**chromium(whole=False), **PHONE, **STILL}
    context = playwright.chromium.launch_persistent_context(profile, **settings)  # type: ignore[arg-type]
    yield Phone(context, url)
    context.close()


def guide_in(language: str) -> str:
    return f"{GUIDE}/{language}"


SEEN = """() => [
  [...document.querySelectorAll("main h1")].find((each) => each.checkVisibility()).innerText,
  [...document.styleSheets].reduce((sum, { cssRules }) => sum + cssRules.length, 0),
]"""


def test_every_page_of_the_guide_opens_without_a_network(
    kept: Kept, request: pytest.FixtureRequest
) -> None:
    """That all are kept is asked of the caches; of the activities, a part opens every day."""
    phone = kept.phone
    phone.set_clock(TREATED)
    assert len(kept.pages) > 60
    pages = kept.pages
    if not request.config.getoption("--long"):
        alike = [each for each in pages if "/activities/" in each]
        daily = alike[LANGUAGES.index(kept.language) :: 4]
        pages = [each for each in pages if each not in alike or each in daily]
    wrong: dict[str, str] = {}
    for address in pages:
        answer = phone.page.goto(phone.url + address)
        assert answer
        wanted = kept.headings[address]
        if address.endswith("/today"):
            phone.ready()
            wanted = kept.headings[day_path(kept.language, "0")]
        shown, rules = phone.page.evaluate(SEEN)
        if answer.status != 200 or " ".join(shown.split()) != wanted or rules < 50:
            wrong[address] = f"{answer.status}, {shown!r} for {wanted!r}, {rules} rules of style"
    assert wrong == {}


def test_today_turns_its_days_without_a_network(kept: Kept) -> None:
    for day in (1, 3, 7, 10, 30):
        kept.phone.set_clock(later(day))
        said = kept.phone.today(kept.language)
        assert said.items() >= {"state": "day", "day": str(day)}.items()
        assert kept.phone.heading() == kept.headings[day_path(kept.language, stage_of(day))]


def test_an_address_that_is_not_kept_says_so_in_its_language(kept: Kept) -> None:
    for language in LANGUAGES:
        for path in (f"/{language}/nowhere", f"/{language}/microneedling/draft/deep/day-1"):
            answer = kept.phone.open(path)
            assert answer.status == 503
            assert kept.phone.state()["page"] == "offline"
            assert kept.phone.page.evaluate("() => document.documentElement.lang") == language
            assert kept.phone.heading() == kept.headings[f"/{language}/offline"]
    assert kept.phone.open("/nowhere").status == 503


def test_the_guide_in_a_language_that_is_not_kept_says_so_in_that_language(kept: Kept) -> None:
    answer = kept.phone.open(f"/{OTHER[kept.language]}/guide")
    assert answer.status == 503
    assert kept.phone.heading() == kept.headings[f"/{OTHER[kept.language]}/offline"]


def test_the_bare_address_leads_to_ones_own_language_without_a_network(kept: Kept) -> None:
    answer = kept.phone.page.goto(f"{kept.phone.url}/")
    assert answer
    assert answer.status == 200
    assert answer.url == f"{kept.phone.url}/{kept.language}/"


def test_a_link_that_someone_marked_opens_the_kept_page(kept: Kept) -> None:
    kept.phone.set_clock(TREATED)
    for path in ("activities", "today", "get-help"):
        answer = kept.phone.open(f"/{kept.language}/{path}?utm_source=x&fbclid=y")
        assert answer.status == 200
        assert kept.phone.state()["page"] in {path, "help"}
    stored = "async () => { const all = await Promise.all((await caches.keys()).map(async (name) => (await (await caches.open(name)).keys()).map(({ url }) => url))); return all.flat(); }"
    assert [each for each in kept.phone.page.evaluate(stored) if "utm_source" in each] == []


KEPT_ADDRESSES = """async () => (await Promise.all((await caches.keys()).map(async (name) =>
  (await (await caches.open(name)).keys()).map(({ url }) => url)))).flat()"""


def test_an_icon_with_a_plan_opens_today_without_a_network_and_its_address_is_not_kept(
    kept: Kept,
) -> None:
    phone = kept.phone
    phone.set_clock(TREATED)
    phone.open(f"/{kept.language}/get-help")
    plan = link_of(phone.record()["treatment"])
    answer = phone.open(f"/{kept.language}/today?plan={plan}")
    assert answer.status == 200
    assert phone.page.url == f"{phone.url}/{kept.language}/today"
    assert phone.state()["state"] == "day"
    addresses: list[str] = phone.page.evaluate(KEPT_ADDRESSES)
    assert len(addresses) > 60
    assert [each for each in addresses if "plan=" in each] == []


def test_the_three_questions_are_answered_without_a_network(kept: Kept) -> None:
    phone, language = kept.phone, kept.language
    phone.set_clock(later(6, 9))
    phone.open(f"/{language}/questions/expected")
    for step in ("emergency", "today"):
        phone.page.click(f"[data-step={step}] [data-next]")
    for part in ("[data-sign=spots]", "[data-strength=severe]", "[data-trend=worse]"):
        phone.page.click(part)
    expect(phone.page.locator("[data-result=clinic]")).to_be_visible()
    phone.open(f"/{language}/activities")
    phone.page.get_by_role("searchbox").fill("sauna")
    expect(phone.page.locator("[data-answer] [data-activity=sauna]")).to_be_visible()
    phone.open(f"/{language}/questions/ingredients")
    phone.page.get_by_role("textbox").fill("aqua, retinol")
    phone.page.click("[data-package] button")
    expect(phone.page.locator("[data-waiting] a[href='#class-retinoids']")).to_be_visible()


def test_get_help_opens_in_either_language_without_a_network(kept: Kept) -> None:
    for language in LANGUAGES:
        address = f"/{language}/get-help"
        assert kept.phone.open(address).status == 200
        assert kept.phone.heading() == kept.headings[address]
        expect(kept.phone.page.locator('main a[href="tel:911"]')).to_be_visible()


# Behind a front door that counts, or answers wrongly


@dataclass(frozen=True)
class House:
    """Two servers of different releases, one of them behind the front door at a time."""

    front: Front
    old: "Server"
    new: "Server"
    releases: tuple[str, str]
    sets: Sets


@pytest.fixture(scope="module")
def both_servers(running_with: RunningWith) -> Iterator[House]:
    """Start two releases of the app behind one front door."""
    with (
        front_door() as front,
        running_with() as old,
        running_with(WEBAPP_RESPONSIBLE="Somebody Else") as new,
    ):
        releases = (release(read(f"{old.url}/en/")), release(read(f"{new.url}/en/")))
        assert releases[0] != releases[1]
        yield House(front, old, new, releases, kept_sets(old.url))


@pytest.fixture
def house(both_servers: House) -> House:
    """Put the old release behind the front door, which forgets what it was asked before."""
    both_servers.front.begin_anew(both_servers.old.port)
    return both_servers


def a_phone_that_keeps(phone: Phone, house: House, language: str = "en") -> Phone:
    phone.begin_at(TREATED, language)
    phone.wait_until_kept(guide_in(language), house.sets)
    return phone


def test_the_guide_in_the_other_language_opens_once_it_was_chosen(
    open_phone: OpenPhone, house: House
) -> None:
    language, other = "en", "fr"
    phone = a_phone_that_keeps(Phone(open_phone(**STILL), house.front.url), house, language)
    phone.open(f"/{language}/settings")
    row = phone.page.locator(f"[data-kept={other}]")
    row.locator("[data-keep]").click()
    expect(row.locator("[data-keep]")).to_be_hidden()
    phone.wait_until_kept(guide_in(other), house.sets)
    headings = {
        each: heading(read(house.front.url + each))
        for each in (f"/{other}/activities", f"/{other}/breakouts", day_path(other, "0"))
    }
    house.front.close()
    phone.context.close()
    phone = Phone(open_phone(**STILL), house.front.url)
    phone.set_clock(TREATED)
    for address, wanted in headings.items():
        assert phone.open(address).status == 200
        assert phone.heading() == wanted
    assert phone.today(other).items() >= {"state": "day", "day": "0"}.items()
    assert phone.heading() == headings[day_path(other, "0")]
    phone.open(f"/{other}/settings")
    for each in LANGUAGES:
        expect(phone.page.locator(f"[data-kept={each}] [data-keep]")).to_be_hidden()
    phone.open(f"/{language}/activities")
    with phone.page.expect_navigation():
        phone.page.click(f"[data-switch={other}]:visible")
    phone.ready()
    assert phone.heading() == headings[f"/{other}/activities"]


def test_a_second_visit_asks_the_server_for_nothing_but_the_worker(
    open_phone: OpenPhone, house: House
) -> None:
    phone = a_phone_that_keeps(Phone(open_phone(**STILL), house.front.url), house)
    pages = ("/en/today", day_path("en", "0"), "/en/activities", "/en/get-help")
    for address in pages:
        phone.open(address)
    wait_until_quiet(house.front)
    before = len(house.front.asked)
    for address in pages:
        phone.open(address)
    wait_until_quiet(house.front)
    assert set(house.front.paths()[before:]) <= {"/sw.js"}


def test_what_the_worker_fetches_carries_no_cookie(new_phone: NewPhone, house: House) -> None:
    phone = new_phone(house.front.url, service_workers="allow")
    cookie = {"name": "visitor", "value": "known", "url": house.front.url}
    phone.context.add_cookies([cookie])  # type: ignore[list-item]
    phone.open("/en/")
    phone.wait_until_kept("shell", house.sets)
    a_phone_that_keeps(phone, house)
    phone.open("/en/settings")
    phone.page.click("[data-kept=fr] [data-keep]")
    phone.wait_until_kept(guide_in("fr"), house.sets)
    french = set(pages_of(house.sets[guide_in("fr")]))
    fetched = [each for each in house.front.asked if each.by_a_script]
    assert {each.path for each in fetched} >= {*pages_of(house.sets["shell"]), *french}
    # Today's own script asks for the day's page, as any script of the page does.
    own = day_path("en", "0")
    assert [e.path for e in fetched if "cookie" in e.headers and e.path != own] == []
    loaded = [each for each in house.front.asked if each.path == "/en/" and not each.by_a_script]
    assert all("cookie" in each.headers for each in loaded), "the browser has the cookie to send"


def wrong_answers(house: House, path: str) -> dict[str, Answer]:
    """Return what a server, a hotel or a proxy may answer wrongly, each with nothing else wrong."""
    page = read(house.front.url + path).encode()
    return {
        "a redirect": Answer(302, {"Location": "/en/privacy"}),
        "an error": Answer(500, HTML, page),
        "another type": Answer(200, {"Content-Type": "text/plain"}, page),
        "another page": Answer(200, HTML, b"<h1>Welcome to our hotel</h1>"),
    }


def answered(house: House, answer: Answer) -> bool:
    return any(each.answer is answer for each in house.front.asked)


def test_one_wrong_answer_and_the_shell_is_not_half_kept(new_phone: NewPhone, house: House) -> None:
    workers = "async () => (await navigator.serviceWorker.getRegistrations()).length"
    phone = new_phone(house.front.url, service_workers="allow")
    for what, wrong in wrong_answers(house, "/fr/get-help").items():
        house.front.rule = to_scripts("/fr/get-help", wrong)
        phone.open("/en/")
        until(lambda wrong=wrong: answered(house, wrong), what)  # type: ignore[misc]
        until(lambda: phone.page.evaluate(workers) == 0, "the worker gives up")
        assert phone.caches() == []
    house.front.rule = as_it_is
    phone.open("/en/")
    phone.wait_until_kept("shell", house.sets)


def test_one_wrong_answer_and_the_guide_is_not_half_kept_but_tried_again(
    new_phone: NewPhone, house: House
) -> None:
    phone = new_phone(house.front.url, service_workers="allow")
    phone.set_clock(TREATED)
    for what, wrong in wrong_answers(house, "/en/activities/sauna").items():
        house.front.rule = to_scripts("/en/activities/sauna", wrong)
        phone.begin()
        until(lambda wrong=wrong: answered(house, wrong), what)  # type: ignore[misc]
        until(lambda: names(phone) == ["shell"], "nothing but the shell is kept")
        assert phone.state().items() >= {"state": "day", "day": "0"}.items()
    wait_until_quiet(house.front)
    assert names(phone) == ["shell"]
    phone.open("/en/settings")
    expect(phone.page.locator("[data-kept=en] [data-keep]")).to_be_visible()
    house.front.rule = as_it_is
    phone.today()
    phone.wait_until_kept(guide_in("en"), house.sets)
    phone.open("/en/settings")
    expect(phone.page.locator("[data-kept=en] [data-keep]")).to_be_hidden()


@pytest.mark.parametrize(
    "body",
    [
        '{"release": "another", "kinds": []}',
        "not JSON",
        pytest.param("{}", marks=pytest.mark.long),
        pytest.param("null", marks=pytest.mark.long),
    ],
)
def test_reminders_of_another_release_are_not_kept(
    body: str, new_phone: NewPhone, house: House
) -> None:
    wrong = Answer(200, {"Content-Type": "application/json"}, body.encode())
    house.front.rule = to_scripts(f"/en/{GUIDE}/reminders.json", wrong)
    phone = new_phone(house.front.url, service_workers="allow")
    phone.set_clock(TREATED)
    phone.begin()
    until(lambda: answered(house, wrong), "the wrong answer")
    wait_until_quiet(house.front)
    assert names(phone) == ["shell"]


def test_reminders_are_read_without_a_network(kept: Kept) -> None:
    kept.phone.open(f"/{kept.language}/get-help")
    address = f"/{kept.language}/{GUIDE}/reminders.json"
    read_there = "async (address) => (await (await fetch(address)).json()).reminders.length"
    assert kept.phone.page.evaluate(read_there, address) > 8


def names(phone: Phone) -> list[str]:
    """Return the names of the sets on a phone."""
    return sorted(name.split()[-1] for name in phone.caches())


def test_a_guide_that_could_not_be_kept_is_missed_honestly_without_a_network(
    open_phone: OpenPhone, house: House
) -> None:
    house.front.rule = to_scripts("/en/activities/sauna", Answer(500, HTML))
    phone = Phone(open_phone(**STILL), house.front.url)
    phone.begin_at(TREATED)
    phone.wait_until_kept("shell", house.sets)
    until(lambda: names(phone) == ["shell"], "nothing but the shell is kept")
    house.front.close()
    phone.context.close()
    phone = Phone(open_phone(**STILL), house.front.url)
    phone.set_clock(TREATED)
    phone.today()
    assert phone.heading() == phone.page.locator("[data-for=lost] h1").inner_text()
    phone.open("/en/settings")
    expect(phone.page.locator("[data-moment]")).to_be_visible()
    expect(phone.page.locator("[data-kept=en] [data-keep]")).to_be_visible()


def test_a_phone_whose_caches_were_cleared_still_says_whom_to_call_without_a_network(
    new_phone: NewPhone, house: House
) -> None:
    phone = new_phone(house.front.url, service_workers="allow")
    phone.open("/en/")
    phone.wait_until_kept("shell", house.sets)
    browser = phone.context.new_cdp_session(phone.page)
    asked = {"origin": phone.url, "storageTypes": "cache_storage"}
    browser.send("Storage.clearDataForOrigin", asked)
    house.front.close()
    for language, said in zip(LANGUAGES, ("comes back", "reviendra"), strict=True):
        answer = phone.page.goto(f"{phone.url}/{language}/today")
        assert answer
        assert answer.status == 503
        assert phone.page.evaluate("() => document.documentElement.lang") == language
        expect(phone.page.locator("body")).to_contain_text(said)
        for number in ("911", "811"):
            expect(phone.page.locator(f'a[href="tel:{number}"]')).to_be_visible()


def test_a_browser_closed_while_the_guide_was_being_kept_keeps_it_at_the_next_opening(
    open_phone: OpenPhone, house: House
) -> None:
    front, closed = house.front, threading.Event()

    def slow(path: str, _headers: Mapping[str, str]) -> None:
        if path == "/en/activities/sauna":
            closed.wait(10)

    front.rule = slow
    phone = Phone(open_phone(**STILL), front.url)
    phone.begin_at(TREATED)
    until(lambda: day_path("en", "7") in front.paths(), "the guide is being kept")
    assert not phone.keeps(guide_in("en"), house.sets[guide_in("en")])
    phone.context.close()
    closed.set()
    phone = Phone(open_phone(**STILL), front.url)
    phone.set_clock(TREATED)
    assert phone.today().items() >= {"state": "day", "day": "0"}.items()
    phone.wait_until_kept(guide_in("en"), house.sets)


def test_deleting_while_the_guide_is_being_kept_leaves_nothing(
    new_phone: NewPhone, house: House
) -> None:
    front, deleted = house.front, threading.Event()

    def slow(path: str, _headers: Mapping[str, str]) -> None:
        if path == "/en/activities/sauna":
            deleted.wait(10)

    front.rule = slow
    phone = new_phone(front.url, service_workers="allow")
    phone.begin_at(TREATED)
    until(lambda: day_path("en", "7") in front.paths(), "the guide is being kept")
    phone.open("/en/settings")
    phone.delete_everything()
    deleted.set()
    wait_until_quiet(front)
    until(lambda: names(phone) == ["shell"], "the app itself is kept anew, and nothing else")
    phone.open("/en/today")
    wait_until_quiet(front)
    assert names(phone) == ["shell"]


def test_everything_is_deleted_while_the_worker_is_still_on_its_way(
    new_phone: NewPhone, house: House
) -> None:
    front, coming, deleted = house.front, threading.Event(), threading.Event()

    def slow(path: str, _headers: Mapping[str, str]) -> None:
        if path == "/fr/offline":
            coming.set()
            deleted.wait(30)

    front.rule = slow
    phone = new_phone(front.url, service_workers="allow")
    phone.begin_at(TREATED)
    phone.open("/en/settings")
    assert coming.wait(30), "the worker is being installed"
    phone.delete_everything()
    assert phone.record() == {}
    deleted.set()
    phone.wait_until_kept("shell", house.sets)
    wait_until_quiet(front)
    assert names(phone) == ["shell"]


@pytest.mark.long
def test_deleting_while_a_new_release_is_being_kept_leaves_nothing(
    new_phone: NewPhone, house: House
) -> None:
    front, coming, deleted = house.front, threading.Event(), threading.Event()
    phone = a_phone_that_keeps(new_phone(front.url, service_workers="allow"), house)

    def slow(path: str, _headers: Mapping[str, str]) -> None:
        if path == "/fr/get-help" and front.upstream == house.new.port:
            coming.set()
            deleted.wait(30)

    front.rule, front.upstream = slow, house.new.port
    phone.open("/en/settings")
    assert coming.wait(30), "the new release is being kept"
    # Older browsers know nothing of throwing away by themselves.
    phone.context.route("**/forget", lambda route: route.abort())
    phone.delete_everything()
    deleted.set()
    wait_until_quiet(front)
    until(lambda: set(names(phone)) == {"shell"}, "the app itself is kept anew, and nothing else")
    phone.open("/en/today")
    wait_until_quiet(front)
    assert set(names(phone)) == {"shell"}


A_MINUTE_IN_A_SECOND = """
const inTime = self.setTimeout;
self.setTimeout = (act, time, ...given) => inTime(act, time === 60_000 ? 1000 : time, ...given);
"""


@pytest.mark.long
def test_a_worker_that_is_stopped_while_it_keeps_a_guide_leaves_a_button_to_keep_it(
    new_phone: NewPhone, house: House
) -> None:
    front, stopped = house.front, threading.Event()

    def slow(path: str, _headers: Mapping[str, str]) -> None:
        if path == "/fr/activities/sauna":
            stopped.wait(10)

    phone = a_phone_that_keeps(new_phone(front.url, service_workers="allow"), house)
    phone.context.add_init_script(A_MINUTE_IN_A_SECOND)
    phone.open("/en/settings")
    row = phone.page.locator("[data-kept=fr]")
    front.rule = slow
    row.locator("[data-keep]").click()
    until(lambda: day_path("fr", "7") in front.paths(), "the guide is being kept")
    browser = phone.context.new_cdp_session(phone.page)
    browser.send("ServiceWorker.enable")
    browser.send("ServiceWorker.stopAllWorkers")
    expect(row.locator("[data-keep]")).to_be_visible()
    stopped.set()
    front.rule = as_it_is
    row.locator("[data-keep]").click()
    phone.wait_until_kept(guide_in("fr"), house.sets)


KEEP_AND_DROP = """async (set) => {
  // Something of another release makes the worker look around before it keeps anything.
  await caches.open("lendemain other shell");
  const { active } = await navigator.serviceWorker.ready;
  const ask = (question) => new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => resolve(data);
    active.postMessage(question, [port2]);
  });
  return Promise.all([ask({ keep: set }), ask({ drop: true })]);
}"""


def test_a_guide_that_was_asked_for_just_before_deleting_is_not_kept(
    new_phone: NewPhone, house: House
) -> None:
    phone = new_phone(house.front.url, service_workers="allow")
    phone.open("/en/")
    phone.wait_until_kept("shell", house.sets)
    assert phone.page.evaluate(KEEP_AND_DROP, guide_in("en")) == [False, True]
    wait_until_quiet(house.front)
    assert names(phone) == ["shell"]


# A network or a phone that does badly


CONTROLLED = "() => Boolean(navigator.serviceWorker.controller)"


@pytest.fixture
def visitor(new_phone: NewPhone, house: House) -> Phone:
    """A phone that keeps the shell and no guide, with its worker in charge of the page."""
    phone = new_phone(house.front.url, service_workers="allow")
    phone.open("/en/")
    phone.wait_until_kept("shell", house.sets)
    until(lambda: phone.page.evaluate(CONTROLLED), "the worker has taken the page")
    return phone


def test_a_page_that_is_not_kept_is_waited_for_where_the_network_is_slow(
    visitor: Phone, house: House
) -> None:
    def slow(path: str, _headers: Mapping[str, str]) -> None:
        if path == "/en/guide":
            time.sleep(4)

    house.front.rule = slow
    assert visitor.open("/en/guide").status == 200
    assert visitor.state()["page"] == "guide"


def in_the_worker(phone: Phone, script: str) -> object:
    """Run a script in the phone's one worker."""
    (worker,) = phone.context.service_workers
    return worker.evaluate(script)


def test_caches_that_cannot_be_read_do_not_keep_the_network_away(visitor: Phone) -> None:
    in_the_worker(
        visitor,
        "() => void (caches.keys = caches.match = () => Promise.reject(new Error('broken')))",
    )
    assert visitor.open("/en/guide").status == 200
    rules = "() => document.styleSheets[0].cssRules.length"
    assert visitor.page.evaluate(rules) > 50


def test_a_proxy_with_nobody_behind_it_is_not_shown_instead_of_whom_to_call(
    visitor: Phone, house: House
) -> None:
    house.front.rule = lambda _path, _headers: Answer(502, HTML, b"<h1>Bad Gateway</h1>")
    assert visitor.open("/en/guide").status == 503
    assert visitor.state()["page"] == "offline"
    # What is said of the server's health is no proxy's.
    failing = b'{"status": "failing"}'
    house.front.rule = lambda _path, _headers: Answer(503, JSON, failing)
    visitor.page.goto(f"{visitor.url}/healthz")
    expect(visitor.page.locator("body")).to_contain_text("failing")


LOOKED_INTO_WHILE_IT_GOES = """async () => {
  const names = await caches.keys();
  caches.keys = async () => [...names, cacheOf("gone")];
  await find("/en/nothing");
  await isKept("gone");
  delete caches.keys;
  return caches.keys();
}"""


def test_a_guide_that_is_deleted_is_not_brought_back_by_looking_into_it(visitor: Phone) -> None:
    before = visitor.caches()
    assert in_the_worker(visitor, LOOKED_INTO_WHILE_IT_GOES) == before


# A new release


def releases_on(phone: Phone) -> set[str]:
    """Return the releases whose caches are on a phone."""
    return {name.split()[1] for name in phone.caches()}


def shown_release(phone: Phone, path: str) -> str:
    phone.page.goto(phone.url + path)
    return str(phone.page.locator("meta[name=release]").get_attribute("content"))


KEPT_PAGES = ("/en/today", "/en/guide", day_path("en", "2"), "/fr/get-help")
WAITING = "async () => Boolean((await navigator.serviceWorker.getRegistration())?.waiting)"


@pytest.mark.long
def test_a_new_release_comes_whole_once_every_window_was_closed(
    open_phone: OpenPhone, house: House
) -> None:
    old, new = house.releases
    phone = a_phone_that_keeps(Phone(open_phone(**STILL), house.front.url), house)
    house.front.upstream = house.new.port
    assert {shown_release(phone, path) for path in KEPT_PAGES} == {old}
    until(lambda: phone.page.evaluate(WAITING), "the new release is ready")
    # Ready, and still not a page of it is shown: a window of the old one is open.
    window = Phone(phone.context, house.front.url)
    window.page = phone.context.new_page()
    assert {shown_release(window, path) for path in KEPT_PAGES} == {old}
    assert phone.today()["state"] == "day"
    assert releases_on(phone) == {old, new}
    phone.context.close()
    phone = Phone(open_phone(**STILL), house.front.url)
    phone.set_clock(TREATED)
    assert {shown_release(phone, path) for path in KEPT_PAGES} == {new}
    until(lambda: releases_on(phone) == {new}, "the old release is gone")
    assert phone.keeps(guide_in("en"), house.sets[guide_in("en")])
    assert phone.keeps("shell", house.sets["shell"])
    house.front.close()
    assert {shown_release(phone, path) for path in KEPT_PAGES} == {new}
    assert phone.today()["state"] == "day"


def test_a_release_that_cannot_be_fetched_whole_leaves_the_old_one_whole(
    open_phone: OpenPhone, house: House
) -> None:
    old, new = house.releases
    phone = a_phone_that_keeps(Phone(open_phone(**STILL), house.front.url), house)
    wrong = Answer(500, HTML, b"<h1>Sorry</h1>")
    house.front.rule = to_scripts("/en/activities/sauna", wrong)
    house.front.upstream = house.new.port
    phone.today()
    until(lambda: answered(house, wrong), "the wrong answer")
    until(lambda: releases_on(phone) == {old}, "nothing of the new release is left")
    phone.context.close()
    phone = Phone(open_phone(**STILL), house.front.url)
    phone.set_clock(TREATED)
    assert {shown_release(phone, path) for path in KEPT_PAGES} == {old}
    assert phone.keeps(guide_in("en"), house.sets[guide_in("en")])
    house.front.rule = as_it_is
    phone.today()
    until(lambda: phone.page.evaluate(WAITING), "the new release is ready")
    assert releases_on(phone) == {old, new}


UPDATE = """async () =>
  void (await navigator.serviceWorker.getRegistration()).update().catch(() => {})"""


def until_updated(phone: Phone, found: Callable[[], bool], what: str) -> None:
    """Have the browser look for a new release until something came of it.

    A look that is asked for while another is under way counts as the same one. A server that nobody asked
    before makes and packs each of its pages first: 200 of them are 5 s of its time, and it shares the machine.
    """
    until(lambda: phone.page.evaluate(UPDATE) or found(), what, patience=120, pause=1)


@pytest.mark.long
def test_a_server_that_goes_back_and_fails_meanwhile_leaves_what_was_kept_before(
    open_phone: OpenPhone, house: House
) -> None:
    old, _ = house.releases
    phone = a_phone_that_keeps(Phone(open_phone(**STILL), house.front.url), house)
    # A guide whose keeping was broken off has no last entry: each release tries to keep it.
    phone.page.evaluate("(name) => caches.open(name)", f"lendemain {old} {guide_in('fr')}")
    house.front.upstream = house.new.port
    until_updated(phone, lambda: phone.page.evaluate(WAITING), "the new release is ready")
    wrong = Answer(500, HTML)
    house.front.upstream = house.old.port
    house.front.rule = to_scripts("/fr/activities/sauna", wrong)
    until_updated(phone, lambda: answered(house, wrong), "the wrong answer")
    wait_until_quiet(house.front)
    house.front.close()
    assert phone.today()["state"] == "day"
    assert phone.keeps("shell", house.sets["shell"])


ANSWERS_LATE = """(release) => {
  navigator.serviceWorker.addEventListener("message", ({ data, ports }) => {
    if (data?.release) setTimeout(() => ports[0].postMessage(release), 900);
  });
  navigator.serviceWorker.startMessages();
}"""
CLEAR_UP_AND_UPDATE = """async () => {
  await caches.open("lendemain before shell");
  const registration = await navigator.serviceWorker.getRegistration();
  registration.active.postMessage({ kept: "nothing" }, [new MessageChannel().port2]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  registration.update();
}"""
TAKE = "async () => (await navigator.serviceWorker.getRegistration()).waiting.postMessage({ take: true })"


def test_a_release_that_comes_while_the_one_before_clears_up_is_whole(
    new_phone: NewPhone, house: House
) -> None:
    old, new = house.releases
    phone = new_phone(house.front.url, service_workers="allow")
    phone.open("/en/")
    phone.wait_until_kept("shell", house.sets)
    phone.open("/en/get-help")
    slow = phone.context.new_page()
    slow.goto(f"{phone.url}/healthz")
    slow.evaluate(ANSWERS_LATE, old)
    house.front.upstream = house.new.port

    def late(path: str, _headers: Mapping[str, str]) -> None:
        if path == "/fr/privacy":
            time.sleep(1.5)

    house.front.rule = late
    phone.page.evaluate(CLEAR_UP_AND_UPDATE)
    until(lambda: phone.page.evaluate(WAITING), "the new release is ready")
    phone.page.evaluate(TAKE)
    until(lambda: not phone.page.evaluate(WAITING), "it takes over")
    house.front.close()
    assert shown_release(phone, "/en/today") == new


def test_a_guide_that_is_kept_while_a_release_comes_is_not_a_mixture(
    new_phone: NewPhone, house: House
) -> None:
    phone = new_phone(house.front.url, service_workers="allow")
    a_phone_that_keeps(phone, house)
    phone.open("/en/settings")
    house.front.upstream = house.new.port
    row = phone.page.locator("[data-kept=fr]")
    row.locator("[data-keep]").click()
    settled = "(row) => !row.innerText.includes('…')"
    until(lambda: row.evaluate(settled), "the guide is kept or not")
    found = phone.page.evaluate(RELEASES_IN_EACH_CACHE)
    assert {name: held for name, held in found.items() if held != [name.split()[1]]} == {}


def test_a_guide_is_kept_though_the_release_that_the_server_has_still_waits(
    new_phone: NewPhone, house: House
) -> None:
    phone = new_phone(house.front.url, service_workers="allow")
    phone.set_clock(TREATED)
    phone.open("/en/")
    phone.wait_until_kept("shell", house.sets)
    house.front.upstream = house.new.port
    phone.open("/en/start")
    until(lambda: phone.page.evaluate(WAITING), "the new release is ready")
    phone.begin()
    phone.wait_until_kept(guide_in("en"), house.sets)
    wait_until_quiet(house.front)
    # The server goes back, and forth: what is chosen on an open page is kept as well, without a reload.
    house.front.upstream = house.old.port
    phone.open("/en/settings")
    until(lambda: phone.page.evaluate(WAITING), "the other release is ready")
    row = phone.page.locator("[data-kept=fr]")
    row.locator("[data-keep]").click()
    expect(row.locator("[data-kept-state]")).to_contain_text("✓")
    house.front.close()
    for language in LANGUAGES:
        assert phone.today(language)["state"] == "day"
        assert phone.open(f"/{language}/guide").status == 200


RELEASES_IN_EACH_CACHE = """async () => {
  const found = {};
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    const held = new Set();
    for (const request of await cache.keys()) {
      const text = await (await cache.match(request)).text();
      const release = /(?:<meta name="release" content=|"release": )"([^"]+)"/.exec(text)?.[1];
      if (release) held.add(release);
    }
    found[name] = [...held];
  }
  return found;
}"""
