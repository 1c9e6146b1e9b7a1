"""A new release is announced, taken when asked for, and the worker can be switched off and on again."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from .conftest import NewPhone
from .front import Answer, Front, front_door
from .phone import GUIDE, TREATED, Phone, kept_sets, later, read, release, until

if TYPE_CHECKING:
    from tests.conftest import Server

RunningWith = Callable[..., AbstractContextManager["Server"]]
EN = f"{GUIDE}/en"
LOADS = "() => performance.getEntriesByType('navigation').length && performance.timeOrigin"


@dataclass(frozen=True)
class Releases:
    """Three servers that take turns behind one front door."""

    front: Front
    old: "Server"
    new: "Server"
    off: "Server"

    def serve(self, server: "Server") -> None:
        """Put one of them behind the door."""
        self.front.upstream = server.port


@pytest.fixture(scope="module")
def three(running_with: RunningWith) -> Iterator[Releases]:
    """A release, the next one, and that with its worker switched off."""
    with (
        front_door() as front,
        running_with() as old,
        running_with(WEBAPP_RESPONSIBLE="Somebody Else") as new,
        running_with(WEBAPP_RESPONSIBLE="Somebody Else", WEBAPP_WORKER="pass-through") as off,
    ):
        yield Releases(front, old, new, off)


@pytest.fixture
def releases(three: Releases) -> Releases:
    """Begin with the old release."""
    three.front.begin_anew(three.old.port)
    return three


def a_phone_that_keeps(new_phone: NewPhone, releases: Releases) -> Phone:
    """Return a phone that keeps the guide of the old release."""
    phone = new_phone(releases.front.url, service_workers="allow")
    phone.begin_at(TREATED)
    phone.wait_until_kept(EN, kept_sets(releases.old.url))
    return phone


def release_of(server: "Server") -> str:
    return release(read(f"{server.url}/en/"))


def shown(phone: Phone) -> str:
    return str(phone.page.locator("meta[name=release]").get_attribute("content"))


def announced(phone: Phone) -> None:
    expect(phone.page.locator("[data-update]")).to_be_visible(timeout=60_000)


def test_a_first_visit_is_never_reloaded(new_phone: NewPhone, releases: Releases) -> None:
    phone = new_phone(releases.front.url, service_workers="allow")
    phone.open("/en/guide")
    began = phone.page.evaluate(LOADS)
    controlled = "() => Boolean(navigator.serviceWorker.controller)"
    until(lambda: phone.page.evaluate(controlled), "the worker has taken the page")
    assert phone.page.evaluate(LOADS) == began
    expect(phone.page.locator("[data-update]")).to_be_hidden()


def test_a_new_release_is_taken_when_asked_for_with_one_reload(
    new_phone: NewPhone, releases: Releases
) -> None:
    phone = a_phone_that_keeps(new_phone, releases)
    before = phone.record()
    releases.serve(releases.new)
    phone.open("/en/guide")
    announced(phone)
    assert shown(phone) == release_of(releases.old)
    loads: list[str] = []
    phone.page.on("load", lambda page: loads.append(page.url))
    phone.page.click("[data-take]")
    taken = release_of(releases.new)
    until(lambda: shown(phone) == taken and loads, "the new release shows", 30)
    phone.ready()
    assert len(loads) == 1
    expect(phone.page.locator("[data-update]")).to_be_hidden()
    assert phone.record() == before
    phone.wait_until_kept(EN, kept_sets(releases.new.url))


@pytest.mark.long
def test_what_is_ticked_without_a_network_survives_a_reload_and_the_next_release(
    new_phone: NewPhone, releases: Releases
) -> None:
    phone = a_phone_that_keeps(new_phone, releases)
    phone.set_clock(later(1, 9))
    phone.today()
    box = phone.page.locator("main input[type=checkbox]").first
    releases.front.close()
    box.check()
    until(lambda: any(phone.record()["ticks"].values()), "the tick is on disk")
    phone.today()
    expect(box).to_be_checked()
    before = phone.record()
    releases.front.begin_anew(releases.new.port)
    phone.open("/en/guide")
    announced(phone)
    with phone.page.expect_event("load"):
        phone.page.click("[data-take]")
    phone.today()
    assert shown(phone) == release_of(releases.new)
    expect(box).to_be_checked()
    assert phone.record() == before


@pytest.mark.long
def test_the_new_release_can_be_used_in_a_second_window_as_well(
    new_phone: NewPhone, releases: Releases
) -> None:
    phone = new_phone(releases.front.url, service_workers="allow")
    phone.open("/en/guide")
    phone.wait_until_kept("shell", kept_sets(releases.old.url))
    other = Phone(phone.context, phone.url)
    other.page = phone.context.new_page()
    other.open("/en/guide")
    releases.serve(releases.new)
    phone.open("/en/guide")
    new = release_of(releases.new)
    for window in (phone, other):
        announced(window)
        window.page.click("[data-take]")
        until(lambda window=window: shown(window) == new, "the new release shows", 30)  # type: ignore[misc]


@pytest.mark.long
def test_a_correction_of_a_version_that_was_left_does_not_take_over_unasked(
    new_phone: NewPhone, releases: Releases
) -> None:
    phone = a_phone_that_keeps(new_phone, releases)
    # What was followed before stays kept.
    left = f"lendemain {release_of(releases.old)} microneedling/1/standard/en"
    phone.page.evaluate("(name) => caches.open(name)", left)
    corrects = read(f"{releases.new.url}/sw.js").replace(
        "const CORRECTED={};", 'const CORRECTED={"microneedling/1":["microneedling/ink"]};'
    )
    assert "ink" in corrects
    script = Answer(200, {"Content-Type": "text/javascript"}, corrects.encode())
    releases.serve(releases.new)
    releases.front.rule = lambda path, _headers: script if path == "/sw.js" else None
    phone.open("/en/guide")
    announced(phone)
    # A takeover that nobody asked for would have begun at once, and once more after a second.
    phone.page.wait_for_timeout(1500)
    assert phone.page.evaluate(WAITS)
    assert shown(phone) == release_of(releases.old)


WAITS = "async () => Boolean((await navigator.serviceWorker.getRegistration()).waiting)"


@pytest.mark.long
def test_another_tab_goes_on_whole_when_one_takes_the_new_release(
    new_phone: NewPhone, releases: Releases
) -> None:
    phone = a_phone_that_keeps(new_phone, releases)
    other = Phone(phone.context, phone.url)
    other.page = phone.context.new_page()
    other.open("/en/today")
    releases.serve(releases.new)
    phone.open("/en/guide")
    announced(phone)
    phone.page.click("[data-take]")
    until(lambda: shown(phone) == release_of(releases.new), "the new release shows", 30)
    # The other tab is still of the old one: what that kept is not taken from under it.
    assert shown(other) == release_of(releases.old)
    named = "() => [document.querySelector('link[rel=stylesheet]').href, document.querySelector('script[src]').src]"
    for address in other.page.evaluate(named):
        assert other.page.evaluate("(address) => fetch(address).then(({ ok }) => ok)", address)
    assert {each.split()[1] for each in phone.caches()} == {
        release_of(releases.old), release_of(releases.new),
    }  # fmt: skip
    other.open("/en/today")
    assert shown(other) == release_of(releases.new)
    old_is_gone = {release_of(releases.new)}
    until(
        lambda: {each.split()[1] for each in phone.caches()} == old_is_gone, "the old one is gone"
    )


def test_the_worker_is_switched_off_without_a_rebuild_and_on_again(
    new_phone: NewPhone, releases: Releases
) -> None:
    phone = a_phone_that_keeps(new_phone, releases)
    before = phone.record()
    releases.serve(releases.off)
    phone.open("/en/guide")
    until(lambda: phone.caches() == [], "what was kept is gone")
    phone.open("/en/guide")
    assert shown(phone) == release_of(releases.off)
    assert phone.record() == before
    rings = "async () => Boolean((await navigator.serviceWorker.getRegistration()).active)"
    assert phone.page.evaluate(rings)
    releases.serve(releases.new)
    phone.open("/en/guide")
    announced(phone)
    with phone.page.expect_event("load"):
        phone.page.click("[data-take]")
    phone.ready()
    phone.wait_until_kept(EN, kept_sets(releases.new.url))
    assert phone.today()["state"] == "day"


ASKED_ALL_THE_TIME = """async () => {
  const registration = await navigator.serviceWorker.getRegistration();
  const old = registration.active;
  const asking = setInterval(() => old.postMessage({ kept: "nothing" }, [new MessageChannel().port2]), 2);
  await registration.update();
  await new Promise((resolve) => (registration.installing ?? registration.waiting).onstatechange = resolve);
  await new Promise((resolve) => setTimeout(resolve, 100));
  clearInterval(asking);
}"""


@pytest.mark.long
def test_a_worker_that_is_asked_something_meanwhile_gives_way_all_the_same(
    new_phone: NewPhone, releases: Releases
) -> None:
    phone = a_phone_that_keeps(new_phone, releases)
    phone.open("/en/guide")
    releases.serve(releases.off)
    phone.page.evaluate(ASKED_ALL_THE_TIME)
    # Nobody opens a page: one that is opened before it gave way waits in Chromium for an answer in vain.
    until(lambda: phone.caches() == [], "what was kept is gone", 15)
