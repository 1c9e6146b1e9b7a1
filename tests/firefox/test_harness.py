"""What the other tests with a real Firefox stand on, proved by itself and with the real app."""

import json
import urllib.request

import pytest

from tests.conftest import Server

from .autopush import Autopush
from .bidi import RefusedError, patiently
from .browser import Firefox
from .corner import FILES, SUBSCRIBE, Corner, serving

# What it proves of Firefox changes with Firefox only; the everyday tests stand on it every day.
pytestmark = pytest.mark.long

# --- the browser ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("corner")
def test_a_click_is_a_persons(firefox: Firefox) -> None:
    firefox.click("button")
    assert firefox.wait_for("() => document.querySelector('output').value === 'a person'")


@pytest.mark.usefixtures("corner")
def test_what_cannot_be_clicked_says_why(firefox: Firefox) -> None:
    with pytest.raises(TimeoutError, match=r"#nobody can be clicked \(it is not there\)"):
        firefox.click("#nobody", patience=0.3)


@pytest.mark.usefixtures("corner")
def test_values_go_to_the_page_and_come_back(firefox: Firefox) -> None:
    given = {"a": [1, 2.5, None, True, "« é »"]}
    assert firefox.evaluate("async (given) => ({ ...given, b: {} })", given) == {**given, "b": {}}
    assert firefox.evaluate("() => undefined") is None
    with pytest.raises(RefusedError, match="TypeError: no such thing"):
        firefox.evaluate("() => { throw new TypeError('no such thing'); }")


@pytest.mark.usefixtures("corner")
def test_a_reader_is_in_montreal_and_reads_english(firefox: Firefox) -> None:
    zone = "() => [Intl.DateTimeFormat().resolvedOptions().timeZone, navigator.languages]"
    assert firefox.evaluate(zone) == ["America/Toronto", ["en-CA", "en"]]


def test_a_fault_of_a_page_is_told(firefox: Firefox) -> None:
    page = "<!doctype html><script>console.error('said'); nobody();</script>"
    with serving({"/page.html": page}) as origin:
        firefox.open(f"{origin}/page.html")
    said, thrown = firefox.faults
    assert said.startswith("said")
    assert "nobody is not defined" in thrown
    firefox.forgive()
    assert firefox.every_fault() == []


@pytest.mark.parametrize(
    ("worker", "told"),
    [
        ("oninstall = () => { throw new Error('at once'); }", "the worker threw something"),
        ("oninstall = async () => { throw new Error('later'); }", "worker.js:1: Error: later"),
    ],
    ids=["at once", "in a promise"],
)
def test_a_fault_of_a_worker_is_told(firefox: Firefox, worker: str, told: str) -> None:
    with serving({**FILES, "/worker.js": worker}) as origin:
        firefox.open(f"{origin}/page.html")
        firefox.evaluate("() => navigator.serviceWorker.register('/worker.js').then(() => 1)")
        patiently(lambda: told in str(firefox.script_errors()), "the worker's fault is told")
    firefox.forgive()


def test_a_browser_that_begins_anew_knows_nothing(
    corner: Corner, firefox: Firefox, autopush: Autopush
) -> None:
    made = corner.subscribe()
    assert corner.subscription() == made
    firefox.begin_anew()
    corner.open()
    assert corner.subscription() is None
    assert firefox.evaluate("() => Notification.permission") == "default"
    channel = autopush.channel(made["endpoint"])
    autopush.wait_until(lambda: channel.gone, "the browser has unsubscribed")
    assert corner.push(made, "To nobody") == 410


# --- push, with a worker of our own --------------------------------------------------------------


def test_a_push_is_shown_and_its_click_opens_a_page(
    corner: Corner, firefox: Firefox, autopush: Autopush
) -> None:
    made = corner.subscribe()
    assert corner.push(made, "Hello", body="It is time", tag="first", data={"id": 1}) == 201
    shown = firefox.wait_for_notification("Hello")
    assert (shown.title, shown.body) == ("Hello", "It is time")
    assert firefox.kept() == [
        {"title": "Hello", "body": "It is time", "tag": "first", "data": {"id": 1}}
    ]
    firefox.click_notification("Hello")
    firefox.take(f"{corner.origin}/landed.html#first")
    assert firefox.urls() == [f"{corner.origin}/page.html", firefox.url]
    assert firefox.notifications() == []
    (push,) = autopush.wait_for_delivery(endpoint=made["endpoint"])
    assert push.faults == []


def test_a_button_of_a_notification_is_pressed(corner: Corner, firefox: Firefox) -> None:
    actions = [{"action": "-later", "title": "Later"}]
    corner.push(corner.subscribe(), "Choose", tag="first", actions=actions)
    firefox.click_notification("Choose", action="-later")
    firefox.take(f"{corner.origin}/landed.html#first-later")


def test_a_second_push_with_its_tag_takes_the_place_of_the_first(
    corner: Corner, firefox: Firefox
) -> None:
    made = corner.subscribe()
    corner.push(made, "First", tag="same")
    firefox.wait_for_notification("First")
    corner.push(made, "Second", tag="same")
    firefox.wait_for_notification("Second")
    assert [each["title"] for each in firefox.kept()] == ["Second"]
    assert [each.title for each in firefox.notifications()] == ["Second"]


def test_what_came_while_the_browser_was_away_is_shown_when_it_is_back(
    corner: Corner, firefox: Firefox, autopush: Autopush
) -> None:
    made = corner.subscribe()
    firefox.kill()
    autopush.wait_until(lambda: autopush.connected == 0, "the browser is off the line")
    assert corner.push(made, "Old", {"Topic": "same"}) == 201
    assert corner.push(made, "New", {"Topic": "same"}) == 201
    assert corner.push(made, "Now or never", {"TTL": "0"}) == 201
    firefox.start()
    firefox.wait_for_notification("New", 30)
    corner.open()
    assert corner.subscription() == made
    old, new, never = autopush.to(made["endpoint"])
    assert (old.dropped, new.delivered, never.dropped) == ("replaced", True, "expired")


def test_a_browser_finds_its_push_service_again(
    corner: Corner, firefox: Firefox, autopush: Autopush
) -> None:
    made = corner.subscribe()
    autopush.stop()
    with pytest.raises(OSError, match="refused"):
        corner.push(made, "Nobody takes it")
    autopush.start()
    autopush.wait_until(lambda: autopush.connected == 1, "the browser is back on the line")
    assert corner.push(made, "Back") == 201
    firefox.wait_for_notification("Back")


def test_a_service_that_lost_its_memory_ends_every_subscription(
    corner: Corner, firefox: Firefox, autopush: Autopush
) -> None:
    made = corner.subscribe()
    autopush.forget_browsers()
    firefox.wait_for_notification("The subscription is lost")
    assert corner.push(made, "To nobody") == 410


def test_who_said_no_is_not_subscribed(corner: Corner, firefox: Firefox) -> None:
    firefox.set_permission(corner.origin, state="denied")
    with pytest.raises(RefusedError, match="NotAllowedError"):
        corner.subscribe()
    assert corner.subscription() is None


def test_a_push_that_the_rfcs_forbid_is_refused(corner: Corner, autopush: Autopush) -> None:
    made = corner.subscribe()
    assert corner.push(made, "No TTL", {"TTL": None}) == 400
    assert corner.push(made, "Unsigned", {"Authorization": None}) == 401
    assert Corner(corner.origin, corner.browser).push(made, "Another's key") == 403
    assert corner.push(made, "x" * 5000) == 413
    assert corner.push({**made, "endpoint": f"{autopush.origin}/push/nobody"}, "Lost") == 404
    autopush.forget(autopush.channel(made["endpoint"]).id)
    assert corner.push(made, "To nobody") == 410
    assert autopush.to(made["endpoint"]) == []


# --- the real app --------------------------------------------------------------------------------

ENROL = """async (body) => {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch("/api/subscriptions", { method: "POST", headers, body: JSON.stringify(body) });
  return [answer.status, await answer.json()];
}"""


def test_the_apps_welcome_reaches_a_real_firefox(
    app: Server, firefox: Firefox, autopush: Autopush
) -> None:
    firefox.set_permission(app.url)
    firefox.open(f"{app.url}/en/today")
    worker = firefox.wait_for(
        "async () => (await navigator.serviceWorker.getRegistration())?.active?.scriptURL", 20
    )
    assert worker == f"{app.url}/sw.js"
    with urllib.request.urlopen(f"{app.url}/api/push-key", timeout=10) as answer:
        key = json.load(answer)["applicationServerKey"]
    made = firefox.evaluate(SUBSCRIBE.replace("/worker.js", "/sw.js"), key, gesture=True)
    body = {"subscription": made, "applicationServerKey": key, "language": "en", "reminders": []}
    status, enrolled = firefox.evaluate(ENROL, body)
    assert (status, set(enrolled)) == (201, {"id", "secret"})
    (welcome,) = autopush.wait_for_delivery(endpoint=made["endpoint"])
    assert welcome.faults == []
    assert welcome.headers["urgency"] == "high"
