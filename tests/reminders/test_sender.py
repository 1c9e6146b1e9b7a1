"""The sender against faults: of push services, of the database, of the machine under it."""

import asyncio
import json
import logging
import os
import resource
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import insert, select

from tests.push.service import (
    CREATED,
    Behaviour,
    Exchange,
    Phone,
    Push,
    PushService,
    bad_chunked,
    bomb,
    bytes_then_close,
    drip_body,
    drip_header,
    garbage,
    hang,
    http09,
    huge_body,
    many_headers,
    reset,
    reset_mid_body,
    reset_mid_header,
    slow,
    status,
    unb64url,
)
from tests.reminders.cluster import Cluster
from tests.reminders.site import DAY, HOUR, MINUTE, ROOT, Site, Subscribed, is_alive, ring
from webapp import db
from webapp.config import Settings
from webapp.reminders import due, forgetting, gone, pace, tables
from webapp.reminders import sender as at_work
from webapp.reminders.sender import Sender
from webapp.reminders.wire import Wire

LEASE = due.LEASE / 1000  # seconds
RECEIVED = {"host", "content-length"}  # what HTTP itself requires
HEADERS = {"ttl", "urgency", "topic", "content-encoding", "content-type", "authorization"}


# --- many phones at once -------------------------------------------------------------------------


def takes(site: Site, *services: PushService) -> None:
    """Make a site accept the endpoints of several push services; before its client is used."""
    site.settings = replace(site.settings, push_services=tuple(each.origin for each in services))


def crowd(
    site: Site, phones: list[Phone], *, lasts: float = DAY, names: tuple[str, ...] = ("evening",)
) -> list[Phone]:
    """Keep confirmed subscriptions, each with reminders that are due now, past the API."""
    now, key = db.now_ms(), site.keys.current().public
    rows = [
        {
            "public_id": os.urandom(11).hex(), "secret_hash": os.urandom(32),
            "endpoint": each.endpoint, "origin": each.endpoint.split("/push/")[0],
            "p256dh": unb64url(each.p256dh), "auth": unb64url(each.auth),
            "address": os.urandom(32), "endpoint_hash": os.urandom(32), "key": key,
            "language": "en", "confirmed": True, "forget_at": now + int(8 * DAY * 1000),
        }
        for each in phones
    ]  # fmt: skip
    with db.writing(site.engine) as opened:
        opened.execute(insert(tables.subscription), rows)
        kept = opened.execute(
            select(tables.subscription.c.endpoint, tables.subscription.c.id).where(
                tables.subscription.c.endpoint.in_([each.endpoint for each in phones])
            )
        )
        numbers = {endpoint: number for endpoint, number in kept}  # noqa: C416  (mypy: rows)
        times = {"at": now, "until": now + int(lasts * 1000), "next_at": now}
        waiting = [
            {"subscription_id": numbers[each.endpoint], "name": name, "listed": True,
             "urgent": False, "tries": 0, "topic": os.urandom(16), **times}
            for each in phones for name in names
        ]  # fmt: skip
        opened.execute(insert(tables.reminder), waiting)
    return phones


def phones_of(service: PushService, count: int) -> list[Phone]:
    """Mint many phones of a service."""
    return [service.subscribe() for _ in range(count)]


def turn_until(sender: Sender, done: Callable[[], bool], seconds: float = 10.0) -> float:
    """Turn a sender by hand until something is so; return how many seconds it took."""
    began = time.monotonic()
    while not done():
        assert time.monotonic() - began < seconds, "it did not come to pass in time"
        sender.turn()
    return time.monotonic() - began


def turn_for(sender: Sender, seconds: float) -> None:
    """Turn a sender by hand for some time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        sender.turn()


def wrote(sender: Sender, phones: list[Phone]) -> bool:
    """Say whether every phone got a push, nothing is in flight and everything is written."""
    return all_rang(phones) and not len(sender._wire) and not sender._unwritten.count


def land(sender: Sender) -> None:
    """Turn a sender until nothing is in flight and everything is written."""
    turn_until(sender, lambda: wrote(sender, []), 15)


def all_rang(phones: list[Phone], times: int = 1) -> bool:
    """Say whether every phone got so many pushes at least."""
    return all(len(each.received) >= times for each in phones)


def how_many(phones: list[Phone]) -> int:
    """Return how many pushes phones got together."""
    return sum(len(each.received) for each in phones)


def id_of(push: Push) -> str:
    """Return the id of the reminder that a push is about."""
    return str(push.message["notification"]["data"]["id"])


def hurry(site: Site) -> None:
    """Make what waits for a usual time to be tried again due now, not what was told to wait."""
    now = db.now_ms()
    site.sql(
        "UPDATE reminder SET next_at = :now WHERE outcome = 'later' AND fence IS NULL "
        "AND next_at < :soon",
        now=now, soon=now + 30_000,
    )  # fmt: skip


def wait_for(done: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Wait until something is so; return whether it became so in time."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def same_promise(pushes: list[Push]) -> bool:
    """Say whether pushes replace one another, at the push service and on the phone."""
    topics = {each.headers["topic"] for each in pushes}
    tags = {each.message["notification"]["tag"] for each in pushes}
    return len(topics) == len(tags) == 1


@pytest.fixture
def short_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a sender look at its queue twenty times a second, where that is not what is tested."""
    monkeypatch.setattr(at_work, "TICK", 0.05)


quick = pytest.mark.usefixtures("short_ticks")


@pytest.fixture
def other_service() -> Iterator[PushService]:
    """A second push service."""
    with PushService() as service:
        yield service


# --- what takes long -----------------------------------------------------------------------------

Scenario = Callable[[Path], Any]
SCENARIOS: dict[str, Scenario] = {}
AT_ONCE = 4  # scenarios


def in_the_background(scenario: Scenario) -> Scenario:
    """Let a scenario of real processes begin with the first test; a test looks at it later."""
    SCENARIOS[scenario.__name__] = scenario
    return scenario


@pytest.fixture(scope="module", autouse=True)
def begun(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[Any]]]:
    """Begin the scenarios that the chosen tests look at, some at once."""
    asked: set[str] = set()
    for item in request.session.items:
        if item.path == request.path:
            asked |= set(getattr(item, "fixturenames", ()))
    chosen = {each: tmp_path_factory.mktemp(each) for each in SCENARIOS if each[:-7] in asked}
    for folder in chosen.values():
        # Migrations run in one thread only, which is this one.
        engine = db.make_engine(Settings(data=folder / "data"))
        db.upgrade(engine)
        engine.dispose()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {name: pool.submit(SCENARIOS[name], folder) for name, folder in chosen.items()}


# --- every answer to its outcome -----------------------------------------------------------------

NOW_OR_SO = 4.0  # seconds: "now" for someone who waits
TRIED_WITHIN = 10.0


@dataclass
class Case:
    """How a push service behaves towards one phone, and what is to become of the reminder."""

    behaviour: Behaviour | None
    outcome: str
    retry_after: float = 0.0
    """Seconds that the push service asks to wait."""
    not_before: float = 0.0
    """Seconds since 1970 that it asks to wait until."""
    phone: Phone | None = None
    held: list[float] = field(default_factory=list)
    """For how many seconds the service was kept busy by each push."""
    row: dict[str, Any] = field(default_factory=dict)
    """What the database says in the end."""


def timed(case: Case) -> Behaviour:
    """Behave as the case says, once, noting for how long the sender held on."""
    behaviour = case.behaviour
    assert behaviour

    async def play(exchange: Exchange) -> None:
        began = time.monotonic()
        try:
            if going_on := behaviour.play(exchange):
                await going_on
            await asyncio.sleep(0)
        finally:
            case.held.append(time.monotonic() - began)

    return Behaviour(behaviour.name, play, raw=behaviour.raw)


def http_date(when: float) -> str:
    """Return a moment as HTTP writes it."""
    return format_datetime(datetime.fromtimestamp(when, UTC), usegmt=True)


def answers() -> dict[str, Case]:
    """Return every status, to be tried over HTTP/1.1 and over HTTP/2."""
    made: dict[str, Case] = {}
    for outcome, codes in {
        "accepted": (200, 201, 202, 203, 204, 205, 206),
        "gone": (404, 410),
        "later": (406, 408, 425, 429, 500, 501, 502, 503, 504, 507, 511, 599),
        "refused": (300, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 405, 409, 411, 412, 413,
                    414, 415, 416, 417, 418, 421, 422, 423, 424, 426, 428, 431, 451),
    }.items():  # fmt: skip
        for code in codes:
            made[f"status {code}"] = Case(status(code, {"Location": "/trap"}), outcome)
    for name, value, seconds in (
        ("seconds", "70", 70), ("an hour", "3600", 3600), ("ten hours", "36000", 36_000),
        ("far too long", "1000000000", 1e9),
        ("a past date", http_date(time.time() - 300), 0), ("negative", "-5", 0), ("zero", "0", 0),
        ("text", "soon", 0), ("nothing", "", 0), ("a fraction", "1.5", 0),
    ):  # fmt: skip
        for code in (429, 503):
            behaviour = status(code, {"Retry-After": value})
            made[f"status {code}, Retry-After is {name}"] = Case(behaviour, "later", seconds)
    then = time.time() // 1 + 600
    for code in (429, 503):
        behaviour = status(code, {"Retry-After": http_date(then)})
        made[f"status {code}, Retry-After is a date"] = Case(behaviour, "later", not_before=then)
    made |= {
        "an answer after a second": Case(slow(1.0), "accepted"),
        "a refusal after a second": Case(slow(1.0, status(400)), "refused"),
        "hang": Case(hang(), "later"),
        "reset": Case(reset(), "later"),
        "reset in the body of a 201": Case(reset_mid_body(), "accepted"),
        "reset in the body of a 503": Case(reset_mid_body(503), "later"),
        "reset in the body of a 410": Case(reset_mid_body(410), "gone"),
        "a body that drips": Case(drip_body(), "accepted"),
        "a body that drips, of a 503": Case(drip_body(code=503), "later"),
        "a gzip bomb": Case(bomb(), "accepted"),
        "a gzip bomb of a 500": Case(bomb(500), "later"),
        "a body of 1 GB": Case(huge_body(1_000_000_000), "accepted"),
        "a body of 1 GB, of a 400": Case(huge_body(1_000_000_000, 400), "refused"),
        "10,000 headers": Case(many_headers(), "accepted"),
    }
    return made


def below_http() -> dict[str, Case]:
    """Return what is no good HTTP/1.1."""
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"
    created = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
    return {
        # The first line has come, and says what became of it.
        "reset in a header": Case(reset_mid_header(), "accepted"),
        "a header that drips": Case(drip_header(), "accepted"),
        "bad chunks": Case(bad_chunked(), "accepted"),
        "HTTP/0.9": Case(http09(), "later"),
        "garbage": Case(garbage(), "later"),
        "closed without a word": Case(bytes_then_close("closed", b""), "later"),
        "hints before the answer": Case(bytes_then_close("hints", hints + created), "accepted"),
        "hints and no answer": Case(bytes_then_close("hints", hints), "later"),
        "a change of protocol": Case(
            bytes_then_close("101", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
            "later",
        ),
        "half a status": Case(bytes_then_close("20", b"HTTP/1.1 20\r\n\r\n"), "later"),
        "two lengths": Case(
            bytes_then_close(
                "lengths", b"HTTP/1.1 201 Created\r\nContent-Length: 3\r\nContent-Length: 9\r\n\r\n"
            ),
            "accepted",
        ),
    }


UNREACHED = (
    "nobody listens", "accepted and never read", "an unknown authority", "another name"
)  # fmt: skip
CASES = {
    **{f"{name}, HTTP/1.1": each for name, each in answers().items()},
    **{f"{name}, HTTP/2": each for name, each in answers().items()},
    **{f"{name}, HTTP/1.1": each for name, each in below_http().items()},
    **{name: Case(None, "later") for name in UNREACHED},
}


@dataclass
class Seen:
    """What was seen when every case had been tried."""

    memory_growth: int
    """Bytes, at the highest."""
    trap: list[Push]
    alive: bool


def unreachable(folder: Path, stack: ExitStack) -> dict[str, PushService]:
    """Return push services that cannot be talked to, each in its own way."""
    closed = PushService().start()
    closed.stop()
    deaf = PushService()
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    deaf.port = listener.getsockname()[1]
    unknown = stack.enter_context(PushService(tls=True, folder=folder / "unknown"))
    return dict(zip(UNREACHED, (closed, deaf, unknown), strict=False))


def misnamed(service: PushService, folder: Path) -> PushService:
    """Return a service at another address whose certificate is for that of the known one."""
    other = PushService(tls=True, folder=folder / "misnamed", host="127.0.0.2")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    assert service.ca_file
    context.load_cert_chain(service.ca_file.parent / "service.pem")
    other._context = context
    return other


def memory(pid: int, which: str) -> int:
    """Return the memory of a process in bytes: VmRSS now, VmHWM at the highest."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(which):
            return int(line.split()[1]) * 1024
    raise ValueError(which)


def rows_of(site: Site) -> dict[str, dict[str, Any]]:
    """Return what the database says, by endpoint."""
    columns = ("endpoint", "outcome", "tries", "next_at", "gone_at", "until")
    found = site.sql(
        f"SELECT {', '.join(columns)} FROM reminder JOIN subscription "
        "ON subscription.id = subscription_id WHERE name = 'evening'"
    )
    return {row[0]: dict(zip(columns, row, strict=True)) for row in found}


@in_the_background
def every_answer_begins(folder: Path) -> Seen:
    """Let a real sender meet every case, and once more those that it is to try again."""
    with ExitStack() as stack:
        known = stack.enter_context(PushService(tls=True, folder=folder / "known"))
        wrong = stack.enter_context(misnamed(known, folder))
        site = stack.enter_context(Site(folder / "data", known))
        lost = {**unreachable(folder, stack), UNREACHED[-1]: wrong}
        # Few at each service, so that no circuit opens.
        services: dict[str, PushService] = {}
        for number, (name, case) in enumerate(CASES.items()):
            if case.behaviour is None:
                case.phone = lost[name].subscribe()
                continue
            group = group_of(name, number)
            if group not in services:
                made = copy_of(known) if "HTTP/2" in name else PushService()
                services[group] = stack.enter_context(made)
            case.phone = services[group].subscribe()
            services[group].rule(timed(case), phone=case.phone, times=1)
        takes(site, known, *services.values(), *lost.values())
        warm = crowd(site, phones_of(known, 4))
        process = site.start_sender()
        assert wait_for(lambda: all_rang(warm), 30)
        before = memory(process.pid, "VmRSS")
        phones = [each.phone for each in CASES.values() if each.phone]
        crowd(site, phones)
        meet(site)
        growth = memory(process.pid, "VmHWM") - before
        found = rows_of(site)
        for case in CASES.values():
            assert case.phone
            case.row = found[case.phone.endpoint]
        everything = [push for each in services.values() for push in each.pushes]
        trap = [push for push in everything if push.path == "/trap"]
        return Seen(growth, trap, process.poll() is None)


def group_of(name: str, number: int) -> str:
    """Return which push service a case is tried at: few at each, so that no circuit opens."""
    http = name.rsplit(", ", 1)[1]
    # A reset takes along whatever else the connection carries; what is slow makes others wait.
    if "reset" in name or "10,000" in name:
        return f"{name}"
    return f"slow {http}" if "drips" in name or "hang" in name else f"{number % 10} {http}"


def copy_of(service: PushService) -> PushService:
    """Return another push service with the same certificate."""
    other = PushService()
    other._context, other.ca_file = service._context, service.ca_file
    return other


def meet(site: Site) -> None:
    """Wait until each case has its outcome; what is to be tried again, is tried now."""

    def told() -> bool:
        return all(
            row["outcome"] or row["gone_at"] for row in rows_of(site).values()
        )  # fmt: skip

    def tried_again() -> bool:
        found = rows_of(site)
        return all(
            each.outcome != "later" or each.retry_after or each.not_before or each.behaviour is None
            or (each.phone and found[each.phone.endpoint]["outcome"] == "accepted")
            for each in CASES.values()
        )  # fmt: skip

    assert wait_for(told, 20)
    hurry(site)
    wait_for(tried_again, 8)


@pytest.fixture
def every_answer(begun: dict[str, Future[Any]]) -> Seen:
    """What was seen when every case had been tried."""
    seen: Seen = begun["every_answer_begins"].result()
    return seen


# --- exactly what was agreed ---------------------------------------------------------------------

TITLES = {
    "en": {"evening": "Time for your aftercare", "welcome": "Reminders are on"},
    "fr": {"evening": "C'est l'heure de vos soins", "welcome": "Les rappels sont activés"},
}


@quick
@pytest.mark.parametrize("tls", [False, True], ids=["HTTP/1.1", "HTTP/2"])
def test_a_push_is_exactly_what_was_agreed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tls: bool
) -> None:
    lengths = set()
    with (
        PushService(tls=tls, folder=tmp_path / "tls") as service,
        Site(tmp_path / "data", service) as site,
    ):
        if service.ca_file:
            monkeypatch.setenv("SSL_CERT_FILE", str(service.ca_file))
        for language, titles in TITLES.items():
            mine = site.subscribe(ring(), language=language)
            site.send_until(lambda mine=mine: len(mine.phone.pushes) == 1)  # type: ignore[misc]
            welcome = mine.phone.pushes[0].message["notification"]
            site.acknowledge(welcome["data"]["receipt"])
            assert site.client.post(f"{mine.path}/test", headers=mine.bearer).status_code == 202
            site.send_until(lambda mine=mine: len(mine.phone.pushes) == 3)  # type: ignore[misc]
            for push in mine.phone.pushes:
                assert (push.faults, push.http) == ([], "2" if tls else "1.1")
                assert set(push.headers) == RECEIVED | HEADERS
                assert push.headers["urgency"] == "high"
                assert push.headers["content-encoding"] == "aes128gcm"
                assert push.headers["content-type"] == "application/octet-stream"
                name = id_of(push)
                ttl = int(push.headers["ttl"])
                until = datetime.fromisoformat(site.told(mine)["reminders"][0]["until"]).timestamp()
                left = until - push.at
                assert left - 1 <= ttl <= left + 5 if name == "evening" else ttl == 600
                assert len(unb64url(push.headers["topic"])) == 16
                assert push.text
                assert len(push.text.encode()) == 512
                receipt = push.message["notification"]["data"]["receipt"]
                origin = site.settings.origin
                assert push.message == {
                    "web_push": 8030,
                    "mutable": True,
                    "notification": {
                        "title": titles["welcome" if name == "welcome" else "evening"],
                        "lang": language,
                        "dir": "ltr",
                        "tag": name,
                        "navigate": f"{origin}/{language}/today#r={receipt}",
                        "mutable": True,
                        "data": {"id": name, "receipt": receipt},
                    },
                }
                lengths.add(len(push.body))
            names = {id_of(each) for each in mine.phone.pushes}
            assert names == {"welcome", "test", "evening"}
            assert len({each.headers["topic"] for each in mine.phone.pushes}) == 3
    assert len(lengths) == 1


@quick
def test_a_reset_on_a_kept_connection_never_makes_two_promises(small_site: Site) -> None:
    sender = small_site.sender()
    first = crowd(small_site, phones_of(small_site.service, 1))
    turn_until(sender, lambda: all_rang(first))
    land(sender)
    phone = small_site.service.subscribe()
    small_site.service.rule(reset(), phone=phone, times=2)
    crowd(small_site, [phone])
    turn_until(sender, lambda: all_rang([phone]))
    land(sender)
    hurry(small_site)
    turn_until(sender, lambda: phone.pushes[-1].status == 201)
    assert len(phone.pushes) == 3
    assert same_promise(phone.pushes)


# --- one push service in trouble -----------------------------------------------------------------


def rings_in(sender: Sender, phones: list[Phone], seconds: float) -> float:
    """Return how long it takes until all phones rang; infinity beyond ``seconds``."""
    began = time.monotonic()
    while not all_rang(phones) and time.monotonic() - began < seconds:
        sender.turn()
    return time.monotonic() - began if all_rang(phones) else float("inf")


@pytest.mark.parametrize(
    ("count", "warm"), [(200, True), pytest.param(1000, False, marks=pytest.mark.long)]
)
def test_one_push_service_that_hangs_holds_nobody_else_up(
    small_site: Site, other_service: PushService, count: int, warm: bool
) -> None:
    takes(small_site, small_site.service, other_service)
    sender = small_site.sender()
    alone = rings_in(sender, crowd(small_site, phones_of(small_site.service, 200)), 10)
    if warm:
        # A service that did well has been given as much room as there is.
        turn_until(sender, partial(all_rang, crowd(small_site, phones_of(other_service, 200))))
        land(sender)
    other_service.rule(hang())
    hanging = crowd(small_site, phones_of(other_service, count))
    turn_until(sender, lambda: how_many(hanging) >= 1)
    turn_for(sender, 0.2)
    healthy = crowd(small_site, phones_of(small_site.service, 200))
    assert rings_in(sender, healthy, alone + 3.5) <= alone + 3
    assert how_many(hanging) <= 64
    sender._wire.close()


def test_a_crowd_at_one_push_service_is_claimed_once_and_not_put_off(
    small_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender, service = small_site.sender(), small_site.service
    service.decrypt = False
    phones = crowd(small_site, phones_of(service, 1000))
    returned: list[object] = []
    put_back = due.put_back

    def noting(opened: Any, back: list[Any]) -> None:
        returned.extend(back)
        put_back(opened, back)

    monkeypatch.setattr(due, "put_back", noting)
    turn_until(sender, lambda: how_many(phones) >= 1000, 20)
    land(sender)
    assert len(returned) <= 50
    assert [len(each.received) for each in phones] == [1] * 1000


def test_a_welcome_comes_within_two_seconds_while_another_service_hangs(
    small_site: Site, other_service: PushService
) -> None:
    takes(small_site, small_site.service, other_service)
    sender = small_site.sender()
    other_service.rule(hang())
    hanging = crowd(small_site, phones_of(other_service, 200))
    turn_until(sender, lambda: how_many(hanging) >= 1)
    turn_for(sender, 0.2)
    mine = small_site.subscribe()
    assert turn_until(sender, lambda: all_rang([mine.phone]), 5) <= 2
    sender._wire.close()


@quick
def test_a_push_service_that_fails_is_left_alone_and_comes_back(
    small_site: Site,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(pace, "OPEN_SECONDS", 1.0)
    sender, service = small_site.sender(), small_site.service
    service.rule(status(500))
    phones = crowd(small_site, phones_of(service, 100))
    turn_until(sender, lambda: how_many(phones) >= pace.FAILURES_TO_OPEN)
    land(sender)
    asked = how_many(phones)
    assert asked <= pace.FAILURES_TO_OPEN + pace.FIRST_WIDTH
    turn_for(sender, 0.5)
    assert how_many(phones) == asked
    turn_until(sender, lambda: how_many(phones) > asked)
    land(sender)
    # A probe on a connection that was kept may be handed over a second time by libcurl itself.
    assert how_many(phones) <= asked + 2
    service.rule(CREATED)
    hurry(small_site)
    turn_until(
        sender, lambda: all_rang(phones) and [p.pushes[-1].status for p in phones] == [201] * 100
    )
    land(sender)
    said = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert any(service.origin in str(each.__dict__["which"]) for each in said if "try" in each.msg)
    assert small_site.sql("SELECT count(*) FROM reminder WHERE outcome = 'accepted'") == [(100,)]
    sender._wire.close()


@quick
def test_a_wrong_key_deletes_nobody_and_is_told(
    small_site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    sender, service = small_site.sender(), small_site.service
    service.vapid_key = "another"
    phones = crowd(small_site, phones_of(service, 200))
    turn_until(sender, lambda: how_many(phones) >= pace.FAILURES_TO_OPEN)
    land(sender)
    turn_for(sender, 1.2)
    assert how_many(phones) <= pace.FAILURES_TO_OPEN + pace.FIRST_WIDTH
    assert small_site.sql("SELECT count(*) FROM subscription WHERE gone_at IS NULL") == [(200,)]
    said = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert any(service.origin in str(each.__dict__.get("which")) for each in said)
    assert not any("/push/" in str(each.__dict__) for each in caplog.records)
    service.vapid_key = None
    left = [each for each in phones if not each.received]
    small_site.sql("UPDATE reminder SET next_at = 0 WHERE next_at IS NOT NULL")
    other = small_site.sender()
    turn_until(other, lambda: all_rang(left))
    land(other)


# --- changed while it is on its way --------------------------------------------------------------


def put(site: Site, mine: Subscribed, *reminders: dict[str, str]) -> None:
    """Replace the list of a phone."""
    asked = {"language": "en", "reminders": list(reminders)}
    assert site.client.put(mine.path, json=asked, headers=mine.bearer).status_code == 200


@quick
@pytest.mark.parametrize("moved_by", [0.0, DAY])
def test_what_was_on_its_way_when_its_time_changed_rings_once(site: Site, moved_by: float) -> None:
    mine = site.confirmed(ring("evening", at=-MINUTE))
    site.service.rule(slow(0.5), phone=mine.phone, times=1)
    sender = site.sender()
    turn_until(sender, lambda: len(mine.phone.received) == 1)
    put(site, mine, ring("evening", at=moved_by))
    land(sender)
    turn_for(sender, 0.3)
    assert [each.status for each in mine.phone.pushes] == [201]
    assert site.outcomes(mine) == {"evening": "accepted"}


@quick
def test_what_failed_on_its_way_when_its_time_changed_waits_for_the_new_one(site: Site) -> None:
    mine = site.confirmed(ring("evening", at=-MINUTE))
    site.service.rule(slow(0.5, status(503)), phone=mine.phone, times=1)
    sender = site.sender()
    turn_until(sender, lambda: len(mine.phone.received) == 1)
    put(site, mine, ring("evening", at=DAY))
    land(sender)
    site.later(HOUR)
    turn_for(sender, 0.3)
    assert len(mine.phone.received) == 1
    site.later(DAY - HOUR)
    turn_until(sender, lambda: len(mine.phone.received) == 2)
    land(sender)


@quick
def test_what_a_dead_sender_held_when_its_time_changed_waits_for_the_new_one(site: Site) -> None:
    mine = site.confirmed(ring("evening", at=-MINUTE))
    with db.writing(site.engine) as opened:
        assert len(due.claim(opened, db.now_ms(), 1, urgent=False).parcels) == 1
    put(site, mine, ring("evening", at=DAY))
    site.later(2 * LEASE)
    sender = site.sender()
    turn_for(sender, 0.3)
    assert not mine.phone.received
    site.later(DAY)
    turn_until(sender, lambda: len(mine.phone.received) == 1)
    land(sender)


@quick
def test_a_machine_that_slept_rings_once(small_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site = small_site
    site.settings = replace(site.settings, push_pace=10)
    sender = site.sender()
    phones = crowd(site, phones_of(site.service, 40))
    turn_until(sender, lambda: how_many(phones) >= 3)
    # While a machine sleeps, the clock that only goes forward stands still.
    monkeypatch.setattr(at_work, "now_ms", lambda: db.now_ms() + 60_000)
    turn_until(sender, partial(all_rang, phones), 20)
    turn_for(sender, 1)
    land(sender)
    # What was on its way while it slept may come twice; what waited does not.
    assert sum(len(each.received) > 1 for each in phones) <= 3


# --- called gone ---------------------------------------------------------------------------------


def forget(site: Site) -> None:
    """Do what a sender does every minute: look again at who is gone, then forget."""
    site.sender()._sweep()


@quick
def test_a_push_service_that_calls_everyone_gone_is_not_believed(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    sender, service = site.sender(), site.service
    service.rule(status(404))
    phones = crowd(site, phones_of(service, 300))
    for _round in range(2):
        turn_for(sender, 0.6)
        land(sender)
        forget(site)
        site.later(11 * MINUTE)
        forget(site)
    assert site.sql("SELECT count(*) FROM subscription") == [(300,)]
    told = [each for each in caplog.records if "calls too many" in each.msg]
    assert told
    assert all(each.__dict__["origin"] == service.origin for each in told)
    service.rule(CREATED)
    site.sql("UPDATE reminder SET next_at = 0 WHERE next_at IS NOT NULL")
    other = site.sender()
    turn_until(other, lambda: all(each.pushes and each.pushes[-1].status == 201 for each in phones))
    land(other)
    forget(site)
    assert site.sql("SELECT count(*) FROM subscription WHERE gone_at IS NULL") == [(300,)]


@quick
@pytest.mark.long
def test_ten_thousand_false_404s_delete_nobody(site: Site) -> None:
    sender, service = site.sender(), site.service
    service.decrypt = False
    service.rule(status(404))
    crowd(site, phones_of(service, 10_000))
    for minute in range(15):
        turn_for(sender, 1.0)
        land(sender)
        forget(site)
        assert site.sql("SELECT count(*) FROM subscription") == [(10_000,)], minute
        site.later(MINUTE)
        sender = site.sender()
    site.later(DAY / 2)
    forget(site)
    assert site.sql("SELECT count(*) FROM subscription WHERE gone_at IS NULL") == [(10_000,)]


@quick
def test_those_who_are_really_gone_are_forgotten_though_they_were_many(small_site: Site) -> None:
    """In the end: a push service that takes the others is believed again ten minutes later."""
    sender, service = small_site.sender(), small_site.service
    phones = phones_of(service, 100)
    for each in phones[:25]:
        service.rule(status(410), phone=each)
    crowd(small_site, phones)
    turn_until(sender, lambda: all_rang(phones))
    land(sender)
    # A sender looks at its queue once a second: what is turned for less may look at nothing.
    a_look = 1.1
    # As ten minutes later: asked again and again, ever more seldom.
    small_site.sql("UPDATE reminder SET tries = 8, next_at = 0 WHERE outcome = 'later'")
    turn_for(sender, a_look)
    land(sender)
    assert small_site.sql("SELECT count(*) FROM subscription") == [(100,)]
    left = []
    for _ in range(6):
        small_site.later(11 * MINUTE)
        sender._lanes.clear()  # no circuit stays open for so long, and this clock does not move
        # Every minute: who was called gone eleven minutes ago does not count with those of now.
        forget(small_site)
        turn_for(sender, a_look)
        land(sender)
        left.append(small_site.sql("SELECT count(*) FROM subscription")[0][0])
    assert left[-1] == 75, left


def in_flight(site: Site, mine: Subscribed) -> Sender:
    """Return a sender whose push to a phone is under way, to be called gone."""
    site.service.rule(slow(0.5, status(410)), phone=mine.phone)
    sender = site.sender()
    turn_until(sender, lambda: len(mine.phone.received) == 1)
    return sender


def is_known(site: Site, mine: Subscribed) -> bool:
    """Say whether a phone is still answered."""
    return site.client.get(mine.path, headers=mine.bearer).status_code == 200


@quick
def test_a_phone_that_moved_meanwhile_is_not_gone_with_its_old_address(site: Site) -> None:
    mine = site.confirmed(ring("now"), ring("tomorrow", at=DAY))
    sender = in_flight(site, mine)
    asked = site.asked(site.service.subscribe(), ring("tomorrow", at=DAY))
    assert site.client.put(mine.path, json=asked, headers=mine.bearer).status_code == 200
    land(sender)
    assert is_known(site, mine)


@quick
def test_a_phone_that_left_meanwhile_takes_nobody_with_it(site: Site) -> None:
    mine = site.confirmed(ring("now"))
    sender = in_flight(site, mine)
    assert site.client.delete(mine.path, headers=mine.bearer).status_code == 204
    # SQLite gives the number of the last row to the next one.
    other = site.confirmed(ring("tomorrow", at=DAY))
    land(sender)
    assert is_known(site, other)


@quick
def test_a_phone_that_comes_back_gets_what_was_put_aside(site: Site) -> None:
    same = ring("evening", lasts=9 * MINUTE)
    mine = site.confirmed(same)
    site.service.rule(status(410), phone=mine.phone, times=1)
    sender = site.sender()
    turn_until(sender, lambda: len(mine.phone.received) == 1)
    land(sender)
    assert not is_known(site, mine)
    back = site.subscribe(same, phone=mine.phone)
    turn_until(sender, lambda: len(mine.phone.received) == 2)
    land(sender)
    assert site.outcomes(back) == {"evening": "accepted"}


def welcome_and_fail(site: Site, sender: Sender, phone: Phone) -> None:
    """Subscribe a phone that no push reaches, and let its welcome fail."""
    before = len(phone.received)
    site.subscribe(phone=phone)
    turn_until(sender, lambda: len(phone.received) > before)
    land(sender)


@quick
def test_one_phone_with_a_key_of_its_own_silences_nobody(small_site: Site) -> None:
    site, sender = small_site, small_site.sender()
    strange = site.service.subscribe()
    site.service.rule(status(403), phone=strange)
    for _ in range(pace.FAILURES_TO_OPEN + 2):
        welcome_and_fail(site, sender, strange)
    mine = site.confirmed(ring("evening"))
    turn_until(sender, lambda: all_rang([mine.phone]), 5)
    land(sender)


@quick
def test_made_up_addresses_neither_silence_a_push_service_nor_its_word(small_site: Site) -> None:
    site, sender = small_site, small_site.sender()
    gone_for_good = site.confirmed(ring("evening", at=MINUTE))
    site.service.rule(status(410), phone=gone_for_good.phone)
    for _ in range(25):
        made_up = site.service.subscribe()
        site.service.rule(status(404), phone=made_up)
        welcome_and_fail(site, sender, made_up)
    mine = site.confirmed(ring("evening"))
    turn_until(sender, lambda: all_rang([mine.phone]), 5)
    site.sql("UPDATE reminder SET at = 0, next_at = 0 WHERE next_at IS NOT NULL AND listed")
    turn_until(sender, lambda: all_rang([gone_for_good.phone]), 5)
    land(sender)
    site.later(11 * MINUTE)
    forget(site)
    # The made-up ones went, and so did the one who is really gone.
    assert site.sql("SELECT count(*) FROM subscription") == [(1,)]
    assert is_known(site, mine)


@quick
def test_the_few_who_are_gone_are_unknown_at_once_and_forgotten_in_ten_minutes(
    site: Site,
) -> None:
    sender, service = site.sender(), site.service
    crowd(site, phones_of(service, 295))
    left = [site.confirmed(ring(lasts=23 * HOUR)) for _ in range(5)]
    for each in left:
        service.rule(status(410), phone=each.phone)
    turn_until(sender, lambda: len(service.pushes) >= 300)
    land(sender)
    for each in left:
        assert site.client.get(each.path, headers=each.bearer).status_code == 404
    site.later(9 * MINUTE)
    forget(site)
    assert site.sql("SELECT count(*) FROM subscription") == [(300,)]
    site.later(2 * MINUTE)
    forget(site)
    assert site.sql("SELECT count(*) FROM subscription") == [(295,)]
    assert site.sql("SELECT count(*) FROM reminder WHERE name = 'evening'") == [(295,)]
    assert how_many([each.phone for each in left]) == 5


def test_a_sender_that_forgets_and_one_that_writes_down_never_wait_for_each_other(
    tmp_path: Path, push_service: PushService, cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    with Site(tmp_path / "data", push_service, database_url=cluster.new_database()) as site:
        sender = site.sender()
        sender.turn()  # its own first look at who is to go
        took, called, marked = crowd(site, phones_of(push_service, 3))
        push_service.rule(status(410), phone=called)
        for what, phone in (("forget_at = 0", took), ("gone_at = 1 + forget_at", marked)):
            words = f"UPDATE subscription SET {what} WHERE endpoint = :endpoint"
            site.sql(words, endpoint=phone.endpoint)
        waits = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        with ThreadPoolExecutor(1) as pool:
            with db.writing(site.engine) as other:
                gone.review(other, db.now_ms())
                done = pool.submit(turn_until, sender, lambda: wrote(sender, [took, called]))
                assert wait_for(lambda: site.sql(waits)[0][0] > 0)
                assert forgetting.forget_some(other, db.now_ms())
            done.result()
        land(sender)
    assert "the database does not answer" not in caplog.text


# --- who holds a reminder ------------------------------------------------------------------------


class Clock:
    """A clock that only goes forward, and jumps when told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Put it in the place of the sender's."""
        self.jumped = 0.0
        monkeypatch.setattr(at_work, "time", SimpleNamespace(monotonic=self.read))

    def read(self) -> float:
        """Return the time in seconds."""
        return time.monotonic() + self.jumped


class Noting(Wire):
    """A wire that notes when what left, by the number of the claim that it was held under."""

    def __init__(self, clock: Clock) -> None:
        """Note with a clock."""
        super().__init__()
        self.clock = clock
        self.left: list[tuple[int, float]] = []

    def post(self, label: Any, *given: Any, exempt: bool) -> None:
        """Note, and post."""
        self.left.append((label.fence, self.clock.read()))
        super().post(label, *given, exempt=exempt)


@contextmanager
def noted_claims(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Iterator[dict[int, float]]:
    """Note when each claim was made, by its number."""
    claimed: dict[int, float] = {}
    claim = due.claim

    def noting(*given: Any, urgent: bool) -> due.Claimed:
        moment = clock.read()
        found = claim(*given, urgent=urgent)
        for parcel in found.parcels:
            claimed[parcel.fence] = moment
        return found

    with monkeypatch.context() as patched:
        patched.setattr(due, "claim", noting)
        yield claimed


@quick
def test_nothing_is_sent_after_half_of_the_lease(
    small_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    wire = Noting(clock)
    small_site.settings = replace(small_site.settings, push_pace=5)
    sender = Sender(small_site.settings, small_site.engine, small_site.keys, wire)
    with noted_claims(monkeypatch, clock) as claimed:
        phones = crowd(small_site, phones_of(small_site.service, 30))
        turn_until(sender, lambda: how_many(phones) >= 1)
        clock.jumped += LEASE / 2 + 1
        turn_for(sender, 0.8)
        land(sender)
    assert 1 < len(wire.left) < 30
    assert {moment - claimed[fence] <= LEASE / 2 for fence, moment in wire.left} == {True}
    wire.close()


@quick
@pytest.mark.parametrize("urgent", [False, True], ids=["usual", "urgent"])
def test_nothing_is_sent_on_an_old_claim_after_housekeeping_that_took_long(
    small_site: Site, monkeypatch: pytest.MonkeyPatch, urgent: bool
) -> None:
    clock = Clock(monkeypatch)
    wire = Noting(clock)
    sender = Sender(small_site.settings, small_site.engine, small_site.keys, wire)
    forget_some = forgetting.forget_some

    def slowly(opened: Any, now: int) -> int:
        clock.jumped += LEASE + 1
        return forget_some(opened, now)

    monkeypatch.setattr(forgetting, "forget_some", slowly)
    phones = phones_of(small_site.service, 3)
    if urgent:
        for each in phones:
            small_site.subscribe(phone=each)
    else:
        crowd(small_site, phones)
    with noted_claims(monkeypatch, clock) as claimed:
        sender.turn()
        land(sender)
        assert {moment - claimed[each] <= LEASE / 2 for each, moment in wire.left} <= {True}
        monkeypatch.setattr(forgetting, "forget_some", forget_some)
        turn_until(sender, lambda: all_rang(phones))
        land(sender)
    assert {moment - claimed[each] <= LEASE / 2 for each, moment in wire.left} == {True}
    wire.close()


@quick
def test_a_sender_that_slept_past_its_lease_cannot_overrule_the_next(site: Site) -> None:
    sleeper, next_one = site.sender(), site.sender()
    (phone,) = crowd(site, phones_of(site.service, 1))
    site.service.rule(slow(0.4, status(500)), phone=phone, times=1)
    turn_until(sleeper, lambda: all_rang([phone]))
    site.later(LEASE + 1)
    turn_until(next_one, lambda: all_rang([phone], 2))
    land(next_one)
    land(sleeper)
    assert site.sql("SELECT outcome, next_at, tries FROM reminder") == [("accepted", None, 0)]
    turn_for(next_one, 0.3)
    assert same_promise(phone.pushes)
    assert len(phone.pushes) == 2


@quick
def test_a_late_yes_does_not_end_what_another_sender_holds(site: Site) -> None:
    sleeper, next_one = site.sender(), site.sender()
    (phone,) = crowd(site, phones_of(site.service, 1))
    site.service.rule(slow(0.4), phone=phone, times=1)
    site.service.rule(slow(0.8, status(400)), phone=phone, times=1)
    turn_until(sleeper, lambda: all_rang([phone]))
    site.later(LEASE + 1)
    turn_until(next_one, lambda: all_rang([phone], 2))
    land(sleeper)
    assert site.sql("SELECT outcome FROM reminder") == [(None,)]
    land(next_one)
    assert site.sql("SELECT outcome FROM reminder") == [("refused",)]


# --- senders that die, or are told to end --------------------------------------------------------


@quick
def test_a_sender_that_is_killed_loses_nothing(small_site: Site) -> None:
    service = small_site.service
    service.rule(slow(0.5))
    phones = crowd(small_site, phones_of(service, 60))
    process = small_site.start_sender()
    assert wait_for(lambda: how_many(phones) >= 10)
    process.kill()
    process.wait()
    asked = how_many(phones)
    service.rule(CREATED)
    small_site.later(LEASE + 1)
    other = small_site.sender()
    turn_until(other, lambda: all_rang(phones))
    land(other)
    assert small_site.sql("SELECT count(*) FROM reminder WHERE outcome = 'accepted'") == [(60,)]
    assert how_many(phones) - 60 <= min(asked, small_site.settings.push_in_flight)
    assert all(same_promise(each.pushes) for each in phones)


@quick
def test_a_sender_that_is_told_to_end_finishes_and_gives_back_the_rest_at_once(
    small_site: Site,
) -> None:
    small_site.settings = replace(small_site.settings, push_pace=20)
    service = small_site.service
    service.rule(slow(1.5))
    phones = crowd(small_site, phones_of(service, 100))
    process = small_site.start_sender()
    assert wait_for(lambda: how_many(phones) >= 5)
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    small_site.settings = replace(small_site.settings, push_pace=5000)
    service.rule(CREATED)
    other = small_site.sender()
    assert turn_until(other, lambda: all_rang(phones), 12) <= NOW_OR_SO
    land(other)
    assert process.wait(12) == 0
    assert time.monotonic() - began <= 12
    assert [len(each.pushes) for each in phones] == [1] * 100
    assert small_site.sql("SELECT count(*) FROM reminder WHERE outcome = 'accepted'") == [(100,)]


@in_the_background
def told_to_end_begins(folder: Path) -> tuple[int, float, list[tuple[Any, ...]]]:
    """Tell a sender to end while its pushes hang."""
    with PushService() as service, Site(folder / "data", service) as site:
        service.rule(hang())
        phones = crowd(site, phones_of(service, 3))
        process = site.start_sender()
        assert wait_for(lambda: how_many(phones) >= 1, 20)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        return process.wait(30), time.monotonic() - began, site.sql("SELECT outcome FROM reminder")


@pytest.fixture
def told_to_end(begun: dict[str, Future[Any]]) -> tuple[int, float, list[tuple[Any, ...]]]:
    """How a sender ended, after how many seconds, and what it wrote."""
    seen: tuple[int, float, list[tuple[Any, ...]]] = begun["told_to_end_begins"].result()
    return seen


def test_a_sender_whose_pushes_hang_still_ends_in_twelve_seconds(
    told_to_end: tuple[int, float, list[tuple[Any, ...]]],
) -> None:
    ended, seconds, rows = told_to_end
    assert ended == 0
    assert seconds <= 12
    assert rows == [("later",)] * 3


@quick
def test_a_sender_that_was_frozen_wakes_up_without_harm(small_site: Site) -> None:
    service = small_site.service
    phones = crowd(small_site, phones_of(service, 10))
    for each in phones:
        service.rule(slow(0.3, status(500)), phone=each, times=1)
    process = small_site.start_sender()
    assert wait_for(lambda: how_many(phones) >= 5)
    process.send_signal(signal.SIGSTOP)
    frozen = how_many(phones)
    small_site.later(LEASE + 1)
    other = small_site.sender()

    def rang_at_last() -> bool:
        hurry(small_site)
        return all(each.pushes and each.pushes[-1].status == 201 for each in phones)

    turn_until(other, rang_at_last)
    land(other)
    accepted = "SELECT count(*) FROM reminder WHERE outcome = 'accepted' AND next_at IS NULL"
    assert small_site.sql(accepted) == [(10,)]
    rang = how_many(phones)
    process.send_signal(signal.SIGCONT)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    assert process.wait(12) == 0
    assert small_site.sql(accepted) == [(10,)]
    assert how_many(phones) - rang <= 10 - frozen
    assert all(same_promise(each.pushes) for each in phones)


# --- a machine that has too little of something --------------------------------------------------


def test_a_push_that_finds_no_descriptor_is_an_answer_and_no_traceback(
    push_service: PushService, capfd: pytest.CaptureFixture[str]
) -> None:
    wire = Wire(lambda _address: True)
    answers: list[Any] = []
    wire.post("one", f"{push_service.origin}/push/one", ["TTL: 1"], b"", exempt=False)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, most[1]))
    try:
        deadline = time.monotonic() + 5
        while not answers and time.monotonic() < deadline:
            answers = wire.wait(0.1)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, most)
    wire.close()
    assert [(each.label, each.status) for each in answers] == [("one", 0)]
    assert "".join(capfd.readouterr()) == ""


@pytest.mark.parametrize("at_the_first_push", [True, False])
def test_a_sender_that_may_open_no_file_gives_no_reminder_up(
    small_site: Site, at_the_first_push: bool
) -> None:
    process = small_site.start_sender()
    assert wait_for(lambda: small_site.sql("SELECT count(*) FROM sender") == [(1,)])
    if not at_the_first_push:
        early = crowd(small_site, phones_of(small_site.service, 1))
        assert wait_for(lambda: all_rang(early))
    most = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (3, most[1]))
    phones = crowd(small_site, phones_of(small_site.service, 6), names=("noon",))
    tried = "SELECT count(*) FROM reminder WHERE name = 'noon' AND outcome = :what"
    assert wait_for(lambda: small_site.sql(tried, what="later") != [(0,)])
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, most)

    def rang_at_last() -> bool:
        hurry(small_site)
        return small_site.sql(tried, what="accepted") == [(6,)]

    assert wait_for(rang_at_last)
    assert all(same_promise(each.pushes) for each in phones)
    assert process.poll() is None


# --- rows that are not what they should be -------------------------------------------------------


def poison(origin: str) -> dict[str, tuple[str, Any]]:
    """Return columns of a subscription with what may not stand in them, by what is wrong."""
    start = f"{origin}/push/"
    endpoints = {
        "empty": "", "a word": "endpoint", "no path": origin, "ftp": start.replace("http", "ftp"),
        "a file": "file:///etc/passwd", "javascript": "javascript:alert(1)", "data": "data:,x",
        "a line break": f"{start}a\r\nX-Injected: 1", "a tab": f"{start}a\tb", "a space": f"{start}a b",
        "a fragment": f"{start}a#b", "a backslash": f"{origin}\\push", "accents": f"{start}é",
        "fullwidth": start.replace("127", "\uff11\uff12\uff17"),
        "a name and password": start.replace("//", "//me:secret@"), "no host": "http:///push/a",
        "port 0": "http://127.0.0.1:0/push/a", "port 99999": "http://127.0.0.1:99999/push/a",
        "another port": "http://127.0.0.1:9/push/a", "a long port": f"http://127.0.0.1:{'1' * 400}/",
        "https": start.replace("http", "https"), "a zone": "http://[fe80::1%25eth0]/push/a",
        "a private address": "https://10.0.0.1/push/a", "decimal": "http://2130706433/push/a",
        "3 MB": start + "a" * 3_000_000, "2,049 characters": start + "a" * 2049,
        "a half character": f"{start}\u200d", "a surplus origin": f"{origin}.example.org/push/a",
    }  # fmt: skip
    points = {
        "empty": b"", "short": b"\x04" + bytes(10), "zeros": bytes(65), "infinity": b"\0",
        "off the curve": b"\x04" + b"\x01" * 64, "over the field": b"\x04" + b"\xff" * 64,
        "66 bytes": b"\x04" + bytes(65), "1 MB": bytes(1_000_000), "no prefix": b"\x05" + bytes(64),
    }  # fmt: skip
    return {
        **{f"endpoint: {name}": ("endpoint", given) for name, given in endpoints.items()},
        **{f"p256dh: {name}": ("p256dh", given) for name, given in points.items()},
        **{f"auth: {size} bytes": ("auth", bytes(size)) for size in (0, 1, 15, 17, 4096)},
        **{f"key: {given!r}": ("key", given) for given in ("", "A", "é" * 10, "A" * 87)},
        **{f"language: {given!r}": ("language", given) for given in ("", "xx", "EN", "é")},
        **{f"origin: {name}": ("origin", given) for name, given in
           {"empty": "", "a word": "x", "1 MB": "x" * 1_000}.items()},
    }  # fmt: skip


OF_A_REMINDER: dict[str, tuple[str, Any]] = {
    "topic: empty": ("topic", b""), "topic: 1 byte": ("topic", b"x"),
    "topic: 300 bytes": ("topic", bytes(300)), "topic: 30 kB": ("topic", bytes(30_000)),
    "name: empty": ("name", ""), "name: a quote": ("name", '"'), "name: a line break": ("name", "\r\n"),
    "name: not ASCII": ("name", "é" * 32), "until: long past": ("until", 0),
    "until: far ahead": ("until", 2**62), "at: far ahead": ("at", 2**62), "at: negative": ("at", -(2**62)),
    "tries: negative": ("tries", -30_000), "tries: the most there is": ("tries", 32_767),
}  # fmt: skip
# SQLite takes any kind of value in any column; PostgreSQL does not.
OF_ANOTHER_KIND: dict[str, tuple[str, str]] = {
    **{
        f"{column}: half a character": (table, f"{column} = CAST(x'ff41' AS TEXT)")
        for table, column in (
            ("subscription", "endpoint"),
            ("subscription", "origin"),
            ("reminder", "name"),
            ("subscription", "key"),
            ("subscription", "language"),
        )
    },
    "endpoint: bytes": ("subscription", "endpoint = x'00ff'"),
    "origin: bytes": ("subscription", "origin = x'00ff'"),
    "language: bytes": ("subscription", "language = x'00ff'"),
    "key: bytes": ("subscription", "key = x'00ff'"),
    "p256dh: text": ("subscription", "p256dh = 'text'"),
    "p256dh: a number": ("subscription", "p256dh = 7"),
    "auth: text": ("subscription", "auth = 'text'"),
    "topic: text": ("reminder", "topic = 'text'"),
    "topic: a number": ("reminder", "topic = 7"),
    "name: bytes": ("reminder", "name = x'00ff'"),
    "until: text": ("reminder", "until = 'text'"),
    "at: text": ("reminder", "at = 'text'"),
    "tries: text": ("reminder", "tries = 'text'"),
}


def spoil(site: Site, phone: Phone, table: str, change: str, **values: Any) -> None:
    """Write what may not stand there into a phone's rows."""
    whose = "id" if table == "subscription" else "subscription_id"
    site.sql(
        f"UPDATE {table} SET {change} WHERE {whose} = "
        "(SELECT id FROM subscription WHERE address = :address)",
        address=address_of(site, phone), **values,
    )  # fmt: skip


def address_of(site: Site, phone: Phone) -> bytes:
    """Return the digest by which a phone's row is known, whatever becomes of its endpoint."""
    found = site.sql("SELECT address FROM subscription WHERE endpoint = :one", one=phone.endpoint)
    return bytes(found[0][0])


def ring_beside(site: Site, good: list[Phone]) -> None:
    """Ring the good ones on time, by a sender that lives on."""
    sender = site.sender()
    assert turn_until(sender, lambda: all_rang(good)) <= NOW_OR_SO
    land(sender)
    turn_for(sender, 0.2)
    sender._beat()
    assert [len(each.pushes) for each in good] == [1] * len(good)
    written = site.sql(
        "SELECT count(*) FROM reminder JOIN subscription ON subscription.id = subscription_id "
        "WHERE outcome = 'accepted' AND public_id LIKE 'good%'"
    )
    assert written == [(len(good),)]
    sender._wire.close()


def good_ones(site: Site, count: int = 20) -> list[Phone]:
    """Keep subscriptions that are all right."""
    phones = crowd(site, phones_of(site.service, count))
    for number, each in enumerate(phones):
        spoil(site, each, "subscription", "public_id = :name", name=f"good{number}")
    return phones


@quick
def test_rows_that_are_spoiled_hold_nobody_up(site: Site) -> None:
    of_subscriptions = poison(site.service.origin)
    bad = crowd(site, phones_of(site.service, len(of_subscriptions) + len(OF_A_REMINDER)))
    left = list(bad)
    for table, kinds in (("subscription", of_subscriptions), ("reminder", OF_A_REMINDER)):
        for column, value in kinds.values():
            spoil(site, left.pop(), table, f"{column} = :value", value=value)
    assert not left
    assert len(bad) >= 25
    ring_beside(site, good_ones(site))
    assert not [each for each in site.service.pushes if "x-injected" in each.headers]


@quick
def test_values_of_another_kind_hold_nobody_up(small_site: Site) -> None:
    bad = crowd(small_site, phones_of(small_site.service, len(OF_ANOTHER_KIND)))
    for phone, (table, change) in zip(bad, OF_ANOTHER_KIND.values(), strict=True):
        spoil(small_site, phone, table, change)
    ring_beside(small_site, good_ones(small_site))


@quick
def test_phones_whose_keys_are_none_keep_no_room_from_the_others(small_site: Site) -> None:
    for each in crowd(small_site, phones_of(small_site.service, 100)):
        off_the_curve = b"\x04" + b"\x01" * 64
        spoil(small_site, each, "subscription", "p256dh = :value", value=off_the_curve)
    ring_beside(small_site, good_ones(small_site))
    kept = small_site.sql("SELECT count(*) FROM reminder WHERE outcome = 'refused'")
    assert kept == [(100,)]


@pytest.mark.long
@quick
@pytest.mark.parametrize("name", [*poison("http://127.0.0.1:1"), *OF_A_REMINDER])
def test_no_spoiled_row_stops_the_sender(small_site: Site, name: str) -> None:
    kinds = {**poison(small_site.service.origin), **OF_A_REMINDER}
    (bad,) = crowd(small_site, phones_of(small_site.service, 1))
    column, value = kinds[name]
    table = "reminder" if name in OF_A_REMINDER else "subscription"
    spoil(small_site, bad, table, f"{column} = :value", value=value)
    ring_beside(small_site, good_ones(small_site, 2))


@pytest.mark.long
@quick
@pytest.mark.parametrize("name", OF_ANOTHER_KIND)
def test_no_value_of_another_kind_stops_the_sender(small_site: Site, name: str) -> None:
    (bad,) = crowd(small_site, phones_of(small_site.service, 1))
    spoil(small_site, bad, *OF_ANOTHER_KIND[name])
    ring_beside(small_site, good_ones(small_site, 2))


# --- a database in trouble -----------------------------------------------------------------------


@dataclass
class Trouble:
    """What was seen around some trouble of the database."""

    pushes_of_each: list[int]
    outcomes: set[Any]
    alive: bool
    seconds_after: float
    """From the end of the trouble until everyone had rung."""


def rings_through(site: Site, trouble: Callable[[], None]) -> Trouble:
    """Let a real sender ring before and after some trouble."""
    early = crowd(site, phones_of(site.service, 10))
    process = site.start_sender()
    assert wait_for(lambda: all_rang(early), 20)
    late = crowd(site, phones_of(site.service, 10))
    site.sql("UPDATE reminder SET next_at = :soon WHERE outcome IS NULL AND fence IS NULL",
             soon=db.now_ms() + 1500)  # fmt: skip
    site.engine.dispose()
    trouble()
    began = time.monotonic()
    wait_for(lambda: all_rang(late), 15)
    took = time.monotonic() - began

    def written() -> bool:
        return site.sql("SELECT count(*) FROM reminder WHERE outcome = 'accepted'") == [(6,)]

    wait_for(written, 5)
    outcomes = {row[0] for row in site.sql("SELECT outcome FROM reminder")}
    counts = [len(each.pushes) for each in early + late]
    return Trouble(counts, outcomes, process.poll() is None, took)


@in_the_background
def locked_begins(folder: Path) -> Trouble:
    """Hold SQLite's lock for seven seconds."""
    with PushService() as service, Site(folder / "data", service) as site:

        def hold() -> None:
            other = sqlite3.connect(folder / "data" / "lendemain.sqlite", isolation_level=None)
            other.execute("PRAGMA busy_timeout = 5000")
            other.execute("BEGIN IMMEDIATE")
            time.sleep(7)
            other.execute("ROLLBACK")
            other.close()

        return rings_through(site, hold)


UPGRADE = "import os; from webapp import db, config; "
UPGRADE += "db.upgrade(db.make_engine(config.read_settings(os.environ)))"


@in_the_background
def restarted_begins(folder: Path) -> Trouble:
    """Stop PostgreSQL at once, for two seconds."""
    cluster = Cluster()
    try:
        url = cluster.new_database()
        environ = {**os.environ, "WEBAPP_DATA": str(folder / "data"), "WEBAPP_DATABASE_URL": url}
        subprocess.run([sys.executable, "-c", UPGRADE], cwd=ROOT, env=environ, check=True)

        def stop() -> None:
            cluster.stop()
            time.sleep(2)
            cluster.start()

        with (
            PushService() as service,
            Site(folder / "data", service, database_url=url) as site,
        ):
            return rings_through(site, stop)
    finally:
        cluster.remove()


@pytest.fixture
def locked(begun: dict[str, Future[Any]]) -> Trouble:
    """What was seen around a lock on SQLite."""
    seen: Trouble = begun["locked_begins"].result()
    return seen


@pytest.fixture
def restarted(begun: dict[str, Future[Any]]) -> Trouble:
    """What was seen around a restart of PostgreSQL."""
    seen: Trouble = begun["restarted_begins"].result()
    return seen


def assert_nothing_was_lost(seen: Trouble) -> None:
    """Hold everyone to have rung, by the sender that was there before."""
    assert seen.alive
    assert seen.outcomes == {"accepted"}
    assert seen.pushes_of_each == [1] * 20
    assert seen.seconds_after <= NOW_OR_SO


def test_a_locked_database_loses_nothing_and_the_sender_goes_on(locked: Trouble) -> None:
    assert_nothing_was_lost(locked)


def test_a_database_that_is_restarted_loses_nothing_and_the_sender_goes_on(
    restarted: Trouble,
) -> None:
    assert_nothing_was_lost(restarted)


# --- `lendemain serve` ---------------------------------------------------------------------------


class Serving:
    """`lendemain serve` with its sender as a child, and all that both have said."""

    def __init__(self, folder: Path, service: PushService, cwd: Path = ROOT) -> None:
        """Start it in the folder ``cwd``, and wait until it answers and its sender is at work."""
        ports = []
        for _ in range(2):
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                ports.append(free.getsockname()[1])
        self.url, self.metrics = (f"http://127.0.0.1:{port}" for port in ports)
        self.said = folder / "said"
        self.data = folder / "data"
        environ = {
            **os.environ, "HOST": "127.0.0.1", "PORT": str(ports[0]),
            "WEBAPP_DATA": str(self.data), "WEBAPP_METRICS": f"127.0.0.1:{ports[1]}",
            "WEBAPP_PUSH_SERVICES": service.origin,
        }  # fmt: skip
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "webapp.cli", "serve"],
                cwd=cwd, env=environ, stdout=said, stderr=said,
            )  # fmt: skip
        assert wait_for(lambda: self.health()[0] == 200, 90), self.said.read_text()

    def ask(
        self, method: str, path: str, body: object = None, secret: str = "", raw: bytes = b""
    ) -> tuple[int, dict[str, Any]]:
        """Call the API; return the status and what was answered, an empty object for nothing."""
        headers = {"Content-Type": "application/json"}
        if secret:
            headers["Authorization"] = f"Bearer {secret}"
        given = raw or (json.dumps(body).encode() if body is not None else None)
        asked = urllib.request.Request(self.url + path, given, headers, method=method)
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:
                return answer.status, json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"{}")
        except OSError:
            return 0, {}

    def health(self) -> tuple[int, dict[str, Any]]:
        """Return how it says it is."""
        return self.ask("GET", "/healthz")

    def subscribe(self, phone: Phone, *reminders: dict[str, str]) -> Subscribed:
        """Subscribe a phone."""
        key = self.ask("GET", "/api/push-key")[1]["applicationServerKey"]
        body = {"subscription": phone.json(), "applicationServerKey": key, "language": "fr",
                "reminders": list(reminders)}  # fmt: skip
        code, told = self.ask("POST", "/api/subscriptions", body)
        assert code == 201
        return Subscribed(phone, told["id"], told["secret"])

    def children(self) -> list[int]:
        """Return the processes that it has started."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                state, parent = stat.read_text().rsplit(")", 1)[1].split()[:2]
            except OSError:
                continue
            if int(parent) == self.process.pid and state != "Z":
                found.append(int(stat.parent.name))
        return found

    def stop(self) -> None:
        """Kill what is left of it."""
        for each in self.children():
            os.kill(each, signal.SIGKILL)
        self.process.kill()
        self.process.wait()


@contextmanager
def serving(folder: Path, service: PushService, cwd: Path = ROOT) -> Iterator[Serving]:
    """Serve for a while."""
    folder.mkdir(parents=True, exist_ok=True)
    server = Serving(folder, service, cwd)
    try:
        yield server
    finally:
        server.stop()


@dataclass
class Served:
    """What was seen of `lendemain serve` and its child."""

    welcome_after: float
    test_after_a_kill: float
    another_child: bool
    health: dict[str, Any]
    health_without: int
    child_ended_after: float


@in_the_background
def served_begins(folder: Path) -> Served:
    """Kill the sender under the server, then the server over the sender."""
    with PushService() as service, serving(folder, service) as server:
        (child,) = server.children()
        phone = service.subscribe()
        began = time.monotonic()
        mine = server.subscribe(phone)
        assert wait_for(lambda: bool(phone.received))
        welcome_after = time.monotonic() - began
        health = server.health()[1]
        os.kill(child, signal.SIGKILL)
        assert server.ask("POST", f"{mine.path}/test", secret=mine.secret)[0] == 202
        began = time.monotonic()
        assert wait_for(lambda: len(phone.received) == 2)
        test_after = time.monotonic() - began
        (other,) = server.children()
        with sqlite3.connect(server.data / "lendemain.sqlite") as opened:
            opened.execute("UPDATE sender SET seen_at = seen_at - 40000")
        opened.close()
        health_without = server.health()[0]
        server.process.kill()
        server.process.wait()
        began = time.monotonic()
        assert wait_for(lambda: not is_alive(other), 20)
        ended = time.monotonic() - began
        return Served(welcome_after, test_after, other != child, health, health_without, ended)


@pytest.fixture
def served(begun: dict[str, Future[Any]]) -> Served:
    """What was seen of `lendemain serve` and its child."""
    seen: Served = begun["served_begins"].result()
    return seen


def test_a_welcome_comes_two_seconds_after_subscribing(served: Served) -> None:
    assert served.welcome_after <= 2


def test_a_sender_that_dies_under_the_server_comes_back(served: Served) -> None:
    assert served.another_child
    assert served.test_after_a_kill <= 2 * NOW_OR_SO


def test_a_server_started_in_another_checkout_has_a_sender_of_its_own(
    push_service: PushService, tmp_path: Path
) -> None:
    other = tmp_path / "checkout" / "webapp"
    other.mkdir(parents=True)
    (other / "__init__.py").write_text("raise SystemExit('another release')\n")
    with serving(tmp_path, push_service, other.parent) as server:
        assert server.health()[0] == 200


def test_a_sender_that_cannot_be_started_is_started_when_it_can(
    push_service: PushService, tmp_path: Path
) -> None:
    with serving(tmp_path, push_service) as server:
        pid = server.process.pid
        most = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, most[1]))
        for each in server.children():
            os.kill(each, signal.SIGKILL)
        assert wait_for(lambda: "cannot be started" in server.said.read_text())
        resource.prlimit(pid, resource.RLIMIT_NOFILE, most)
        assert wait_for(lambda: len(server.children()) == 1)
        assert "Traceback" not in server.said.read_text()


def test_a_sender_ends_with_its_server_however_that_dies(served: Served) -> None:
    assert served.child_ended_after <= NOW_OR_SO


def test_health_tells_of_the_sender(served: Served) -> None:
    assert served.health["status"] == "ok"
    assert 0 <= served.health["sender"]["seen_seconds_ago"] < 30
    assert served.health["sender"]["lag_seconds"] < 5
    assert served.health_without == 503


# --- nothing that tells who ----------------------------------------------------------------------


@dataclass
class Told:
    """All that was said, and the secrets that were there to be said."""

    secrets: dict[str, str]
    said: str
    metrics: str
    stored: bytes
    reached: dict[str, bool]
    """Whether what was to happen did happen."""


def receipt_of(push: Push) -> str:
    """Return the receipt that a push carries."""
    return str(push.message["notification"]["data"]["receipt"])


def trouble_of_every_kind(server: Serving, mine: Subscribed, receipt: str) -> list[int]:
    """Make mistakes with secrets in every place where a mistake can be; return the statuses."""
    keys_of_mine = mine.phone.json()["keys"]
    wrong = {"subscription": {"endpoint": f"{mine.phone.endpoint}#x", "keys": keys_of_mine},
             "applicationServerKey": mine.phone.p256dh, "language": "fr", "reminders": []}  # fmt: skip
    tries: list[tuple[str, str, object, str, bytes]] = [
        ("GET", mine.path, None, "wrong", b""),
        ("GET", f"{mine.path}?secret={mine.secret}", None, mine.secret, b""),
        ("GET", f"{mine.path}/{mine.secret}", None, mine.secret, b""),
        ("PATCH", mine.path, {"secret": mine.secret}, mine.secret, b""),
        ("POST", f"/api/receipts?receipt={receipt}", {"receipt": receipt}, "", b""),
        ("POST", "/api/receipts", {"receipt": receipt, mine.secret: mine.id}, "", b""),
        ("POST", "/api/receipts", {"receipt": receipt * 3}, "", b""),
        ("POST", "/api/subscriptions", wrong, "", b""),
        ("POST", "/api/subscriptions", None, "", f'{{"{mine.phone.endpoint}'.encode()),
        ("POST", "/api/subscriptions", None, "", f'"{mine.secret}"'.encode() + b"\xff"),
        ("PUT", mine.path, {"language": mine.secret, "reminders": [mine.id]}, mine.secret, b""),
        ("GET", f"/fr/today?plan={mine.secret}&r={receipt}", None, "", b""),
        ("GET", f"/{mine.secret}/{mine.id}", None, "", b""),
        ("GET", f"/%00{mine.secret}", None, "", b""),
    ]
    found = []
    for method, path, body, secret, raw in tries:
        try:
            found.append(server.ask(method, path, body, secret, raw)[0])
        except ValueError:
            found.append(-1)  # a page, which is no JSON
    return found


@in_the_background
def told_begins(folder: Path) -> Told:
    """Live through everything that goes well and badly, with secrets that can be looked for."""
    with PushService() as service, serving(folder, service) as server:
        mine = server.subscribe(service.subscribe(), ring("soon", at=0.5), ring("next", at=HOUR))
        phone = mine.phone
        assert wait_for(lambda: len(phone.received) == 1)
        receipt = receipt_of(phone.pushes[0])
        reached = {"confirmed": server.ask("POST", "/api/receipts", {"receipt": receipt})[0] == 204}
        assert wait_for(lambda: len(phone.received) == 2)
        reached["seen"] = (
            server.ask("POST", "/api/receipts", {"receipt": receipt_of(phone.pushes[1])})[0] == 204
        )
        statuses = trouble_of_every_kind(server, mine, receipt)
        reached["refused"] = {401, 404, 405, 422} & set(statuses) != set() and 500 not in statuses
        for number, behaviour in enumerate([*[status(500)] * 12, status(403), status(410)]):
            other = service.subscribe()
            service.rule(behaviour, phone=other)
            server.subscribe(other, ring(f"r{number}"))
        with sqlite3.connect(server.data / "lendemain.sqlite", timeout=10) as opened:
            opened.execute(
                "UPDATE subscription SET p256dh = x'00' WHERE endpoint = ?",
                (service._phones[other.path].endpoint,),
            )
        opened.close()
        reached["circuit"] = wait_for(lambda: "does not take pushes" in server.said.read_text(), 8)
        held = sqlite3.connect(server.data / "lendemain.sqlite", isolation_level=None)
        held.execute("BEGIN IMMEDIATE")
        code = server.ask("PUT", mine.path, {"language": "en", "reminders": []}, mine.secret)[0]
        held.execute("ROLLBACK")
        held.close()
        reached["the database was away"] = code == 503
        with urllib.request.urlopen(f"{server.metrics}/metrics", timeout=10) as answer:
            metrics = answer.read().decode()
        reached["metrics"] = "lendemain_pushes_total" in metrics
        wal = server.data / "lendemain.sqlite-wal"
        stored = (server.data / "lendemain.sqlite").read_bytes()
        stored += wal.read_bytes() if wal.exists() else b""
        canaries = {
            "the endpoint": phone.path.rsplit("/", 1)[1], "p256dh": phone.p256dh, "auth": phone.auth,
            "the secret": mine.secret, "a receipt": receipt, "the id": mine.id,
            "another receipt": receipt_of(phone.pushes[1]),
        }  # fmt: skip
        return Told(canaries, server.said.read_text(), metrics, stored, reached)


@pytest.fixture
def told(begun: dict[str, Future[Any]]) -> Told:
    """All that was said."""
    seen: Told = begun["told_begins"].result()
    return seen


def forms(secret: str) -> set[bytes]:
    """Return how a secret may look where it should not be."""
    raw = unb64url(secret)
    return {secret.encode(), raw, b64encode(raw), raw.hex().encode()}


def test_everything_happened_that_was_to_be_looked_at(told: Told) -> None:
    assert told.reached == dict.fromkeys(told.reached, True)
    assert len(told.reached) == 6
    assert told.said.count("\n") >= 3


def test_no_log_and_no_metric_tells_who(told: Told) -> None:
    everything = (told.said + told.metrics).encode()
    found = [
        name for name, each in told.secrets.items() if any(x in everything for x in forms(each))
    ]
    assert found == []
    assert "/push/" not in told.said + told.metrics


def test_the_database_holds_no_secret_and_no_receipt(told: Told) -> None:
    kept = {"the endpoint", "p256dh", "auth", "the id"}
    found = {
        name for name, each in told.secrets.items() if any(x in told.stored for x in forms(each))
    }
    assert found == kept


# --- every answer, looked at last because it takes longest ---------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_every_answer_has_the_outcome_that_was_agreed(every_answer: Seen, name: str) -> None:
    assert every_answer.alive
    case = CASES[name]
    assert case.phone
    row, pushes = case.row, case.phone.pushes
    if case.outcome == "gone":
        assert row["gone_at"] is not None
    else:
        assert row["gone_at"] is None
    if case.outcome in {"accepted", "refused"}:
        assert (row["outcome"], row["tries"]) == (case.outcome, 0)
    if case.outcome != "later":
        assert len(pushes) == 1
        return
    assert row["tries"] >= 1 or resent_by_libcurl(case)
    if case.behaviour is None:
        assert (row["outcome"], pushes) == ("later", [])
    elif case.retry_after or case.not_before:
        asked_for = max(pushes[0].at + case.retry_after, case.not_before) * 1000
        assert row["outcome"] == "later"
        assert row["next_at"] >= min(asked_for, row["until"])
        assert len(pushes) == 1
    else:
        assert row["outcome"] == "accepted"
        assert len(pushes) == 2


def test_what_is_sent_again_replaces_the_first_and_is_encrypted_anew(every_answer: Seen) -> None:
    assert every_answer.alive
    again = [
        each.phone.pushes
        for each in CASES.values()
        if each.phone and each.phone.received[1:] and not resent_by_libcurl(each)
    ]
    assert len(again) >= 40
    for pushes in again:
        assert same_promise(pushes)
        assert [each.faults for each in pushes] == [[]] * len(pushes)
        assert len({each.body[:86] for each in pushes}) == len(pushes)


def resent_by_libcurl(case: Case) -> bool:
    """Say whether libcurl sent the same once more by itself.

    It does when a connection that it used before is closed without a word: nobody took that push.
    """
    assert case.phone
    bodies = [each.body for each in case.phone.pushes]
    return case.row["tries"] == 0 and len(bodies) == 2 and bodies[0] == bodies[1]


def test_no_push_takes_longer_than_ten_seconds(every_answer: Seen) -> None:
    assert every_answer.alive
    held = {name: max(each.held) for name, each in CASES.items() if each.held}
    assert {name: s for name, s in held.items() if s > TRIED_WITHIN + 0.7} == {}
    assert max(held.values()) > TRIED_WITHIN - 1


def test_no_answer_makes_the_sender_grow(every_answer: Seen) -> None:
    assert every_answer.memory_growth <= 20_000_000


def test_a_redirect_is_never_followed(every_answer: Seen) -> None:
    assert every_answer.trap == []
