"""Campaigns: senders killed, restarted, lied to and starved, with thousands of reminders at stake.

Each has a small version for every day. What a campaign counted is printed (`pytest -s`).
"""

import hashlib
import json
import os
import random
import re
import resource
import secrets
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import pytest
from sqlalchemy import event, insert, text

from tests.push.service import (
    Behaviour,
    Phone,
    Push,
    PushService,
    b64url,
    decrypted,
    slow,
    status,
    unb64url,
    vapid_parameters,
)
from tests.reminders.cluster import Cluster
from tests.reminders.site import HOUR, MINUTE, Site
from webapp import db
from webapp.reminders import forgetting, gone
from webapp.reminders.sender import BATCH
from webapp.reminders.tables import reminder, subscription

if TYPE_CHECKING:
    import subprocess

IN_FLIGHT = 64  # the default of WEBAPP_PUSH_IN_FLIGHT
CLAIMED = BATCH + IN_FLIGHT  # what a sender may hold: a batch, and what has just left
LEASE = 30.0  # seconds
SEED = 7
LIVED_WELL = 0.015  # seconds that the service of a campaign takes for an answer
STORM = "a push service calls too many subscriptions gone; none is deleted for ten minutes"
OFF = "a push service does not take pushes; trying one every 30 s"


# --- the service, which keeps little of each push ------------------------------------------------


class Arrival(NamedTuple):
    """A push as it arrived: when, whose, from which sender, and whether it was taken."""

    at: float
    topic: str
    path: str
    sender: int
    ttl: int
    taken: bool
    body: bytes


@cache
def sender_of(authorization: str) -> int:
    """Return the number of the sender that signed: each has a contact of its own."""
    token = vapid_parameters(authorization)["t"]
    contact = json.loads(unb64url(token.split(".")[1]))["sub"]
    found = re.search(r"sender-(\d+)@", contact)
    return int(found[1]) if found else 0


class Ledger(PushService):
    """A push service that writes down who sent what, and decrypts only what it is asked to."""

    def __init__(self, *, tls: bool = False, folder: Path | None = None) -> None:
        """Start nothing yet."""
        super().__init__(tls=tls, folder=folder)
        self.arrivals: list[Arrival] = []
        self.taken: set[str] = set()

    def receive(
        self,
        http: Literal["1.1", "2"],
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
    ) -> tuple[Push, Behaviour]:
        """Write an arrival down and say how to behave."""
        push = Push(time.time(), path, http, headers, body)
        authorization = headers.get("authorization", "")
        push.key = vapid_parameters(authorization).get("k")
        behaviour = self._refusal(method, push, self._phones.get(path)) or self._ruled(path)
        topic, taken = headers["topic"], behaviour.name.endswith("status 201")
        ttl, sender = int(headers["ttl"]), sender_of(authorization)
        self.arrivals.append(Arrival(push.at, topic, path, sender, ttl, taken, body))
        if taken:
            self.taken.add(topic)
        return push, behaviour

    def text_of(self, arrival: Arrival) -> str:
        """Return what the phone reads."""
        return decrypted(arrival.body, self._phones[arrival.path])

    def another(self, phone: Phone) -> Phone:
        """Mint a subscription with the keys of another one: making keys takes long."""
        path = f"/push/{secrets.token_urlsafe(24)}"
        made = replace(phone, endpoint=f"{self.origin}{path}", path=path, received=[])
        self._phones[path] = made
        return made

    def takings(self) -> dict[str, list[Arrival]]:
        """Return the arrivals that were taken, by their topic, in order."""
        found: dict[str, list[Arrival]] = defaultdict(list)
        for each in list(self.arrivals):
            if each.taken:
                found[each.topic].append(each)
        return found


@pytest.fixture
def push_service() -> Iterator[Ledger]:
    """Replace the shared service by one that is fast, and answers as a good one does."""
    with Ledger() as service:
        yield service


@pytest.fixture
def h2_service(tmp_path: Path) -> Iterator[Ledger]:
    """Like a public one: HTTP/2, so that all that may be in flight is."""
    with Ledger(tls=True, folder=tmp_path / "tls") as service:
        service.rule(slow(LIVED_WELL))
        yield service


@pytest.fixture
def big_site(tmp_path: Path, push_service: Ledger, cluster: Cluster) -> Iterator[Site]:
    """A site on PostgreSQL, for what needs two senders on it."""
    with Site(tmp_path / "data", push_service, database_url=cluster.new_database()) as made:
        yield made


# --- what is promised ----------------------------------------------------------------------------


class Promise(NamedTuple):
    """A reminder in the tables. Times are UTC milliseconds."""

    name: str
    path: str
    at: int
    until: int


Promises = dict[str, Promise]


def promise(
    site: Site, phones: int, times: Callable[[int, int], Iterator[tuple[float, float]]]
) -> Promises:
    """Fill the tables with confirmed subscriptions; return the promises by their topics.

    :param times: for a phone's number and their count, when each of its reminders is due and for
        how long it is useful: seconds from now, seconds
    """
    service = site.service
    assert isinstance(service, Ledger)
    first, now, key = service.subscribe(), db.now_ms(), site.keys.current().public
    before = int(site.sql("SELECT coalesce(max(id), 0) FROM subscription")[0][0])
    subscriptions: list[dict[str, object]] = []
    reminders: list[dict[str, object]] = []
    promised: Promises = {}
    for number in range(phones):
        phone = service.another(first)
        row = before + number + 1
        subscriptions.append(
            {"id": row, "public_id": secrets.token_urlsafe(16), "secret_hash": bytes(32),
             "endpoint": phone.endpoint, "origin": service.origin, "language": "fr",
             "p256dh": unb64url(phone.p256dh), "auth": unb64url(phone.auth), "key": key,
             "address": secrets.token_bytes(32), "confirmed": True, "gone_at": None,
             "endpoint_hash": hashlib.sha256(phone.endpoint.encode()).digest(),
             "forget_at": now + 30 * 86_400_000}
        )  # fmt: skip
        for place, (due, lasts) in enumerate(times(number, phones)):
            topic, at = secrets.token_bytes(16), now + int(due * 1000)
            until = at + int(lasts * 1000)
            one = Promise(f"r{number}-{place}", phone.path, at, until)
            promised[b64url(topic)] = one
            reminders.append(
                {"subscription_id": row, "name": one.name, "at": at, "until": until,
                 "listed": True, "urgent": False, "next_at": at, "tries": 0, "topic": topic}
            )  # fmt: skip
    with db.writing(site.engine) as opened:
        opened.execute(insert(subscription), subscriptions)
        opened.execute(insert(reminder), reminders)
    if site.engine.dialect.name == "postgresql":
        # What autovacuum would do by itself in a minute.
        site.sql("ANALYZE")
    return promised


def at_once(each: int = 1) -> Callable[[int, int], Iterator[tuple[float, float]]]:
    """Let every phone have so many reminders, all due now and useful for long."""
    return spread(each, 0.0)


def spread(each: int, seconds: float) -> Callable[[int, int], Iterator[tuple[float, float]]]:
    """Let every phone have so many reminders, due evenly over some seconds, useful for long."""

    def times(number: int, phones: int) -> Iterator[tuple[float, float]]:
        for place in range(each):
            yield seconds * (number * each + place) / (phones * each), 20 * HOUR

    return times


# --- the senders ---------------------------------------------------------------------------------


class Running(NamedTuple):
    """A sender in a process of its own, with the number that it signs with."""

    number: int
    process: "subprocess.Popen[bytes]"

    def kill(self) -> None:
        """Kill it as `kill -9` does."""
        self.process.kill()
        self.process.wait()

    def end(self) -> float:
        """Ask it to end and return how many seconds that took."""
        began = time.monotonic()
        self.process.terminate()
        self.process.wait(timeout=20)
        return time.monotonic() - began


def log_of(site: Site) -> Path:
    """Return the file that all senders of a site log to."""
    return site.settings.data / "senders.log"


@contextmanager
def to_file(file: Path) -> Iterator[None]:
    """Let what a process started meanwhile says on standard error go to the end of a file."""
    kept = os.dup(2)
    try:
        with file.open("ab") as opened:
            os.dup2(opened.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


@dataclass
class Fleet:
    """The senders of a site that are at work."""

    site: Site
    running: list[Running]
    numbers: Iterator[int]

    @classmethod
    def of(cls, site: Site, size: int) -> "Fleet":
        """Start so many senders."""
        made = cls(site, [], count(1))
        for _ in range(size):
            made.start()
        return made

    @property
    def service(self) -> Ledger:
        """Return what they send to."""
        assert isinstance(self.site.service, Ledger)
        return self.site.service

    def start(self) -> Running:
        """Start one more."""
        number = next(self.numbers)
        contact = f"mailto:sender-{number}@example.com"
        with to_file(log_of(self.site)):
            one = Running(number, self.site.start_sender(WEBAPP_CONTACT=contact))
        self.running.append(one)
        return one

    def at_work(self) -> list[Running]:
        """Return those that have sent something."""
        seen = {each.sender for each in self.service.arrivals[-2000:]}
        return [each for each in self.running if each.number in seen]

    def leaves(self, one: Running) -> None:
        """Count on one no more."""
        self.running.remove(one)

    def end(self) -> float:
        """Ask all to end; return how many seconds the slowest took."""
        slowest = max((each.end() for each in self.running), default=0.0)
        self.running.clear()
        return slowest

    def all_live(self) -> bool:
        """Say whether none ended by itself."""
        return all(each.process.poll() is None for each in self.running)


def wait_for(what: str, so: Callable[[], bool], seconds: float, every: float = 0.01) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < deadline, f"not in {seconds:.0f} s: {what}"
        time.sleep(every)


def wait_for_push(fleet: Fleet, number: int) -> None:
    """Wait until more than so many reminders have arrived, and somebody is at work."""

    def there() -> bool:
        assert fleet.all_live(), "a sender ended by itself"
        return len(fleet.service.taken) > number and bool(fleet.at_work())

    wait_for(f"push {number}", there, 60)


def read(site: Site, words: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query, without holding up a sender."""
    with db.reading(site.engine) as opened:
        return [tuple(row) for row in opened.execute(text(words))]


def outcomes(site: Site) -> dict[str | None, int]:
    """Return how many reminders have which outcome."""
    rows = read(site, "SELECT outcome, count(*) FROM reminder GROUP BY outcome")
    return {outcome: int(many) for outcome, many in rows}


def wait_for_all(fleet: Fleet, promised: Promises, seconds: float) -> None:
    """Wait until all that was promised has arrived and been written down."""
    wanted = {"accepted": len(promised)}
    service, site = fleet.service, fleet.site
    wait_for("every push arrives", lambda: len(service.taken) >= len(promised), seconds)
    # What a dead sender sent but did not write is sent again when its lease is over.
    wait_for("every outcome is written", lambda: outcomes(site) == wanted, LEASE + 30, 0.1)


def succeed(fleet: Fleet) -> None:
    """Let another sender take over now from all before it, as if their leases were over."""
    fleet.end()
    # Whoever ended in order holds nothing: this is what the others left.
    held = "UPDATE reminder SET next_at = :now WHERE fence IS NOT NULL"
    fleet.site.sql(held, now=db.now_ms())
    fleet.start()


def is_sound(site: Site) -> bool:
    """Say whether SQLite finds its file in order; PostgreSQL watches over its own."""
    if site.engine.dialect.name != "sqlite":
        return True
    return site.sql("PRAGMA integrity_check") == [("ok",)]


def lost(service: Ledger, promised: Promises) -> int:
    """Return how many promised reminders never arrived."""
    return len(promised.keys() - service.taken)


def again(service: Ledger, promised: Promises) -> Counter[int]:
    """Return how many pushes each sender made in vain: sent once more, by it or by another.

    Each is held against what was promised: same Topic, same address, same tag, same receipt.
    """
    caused: Counter[int] = Counter()
    for topic, arrivals in service.takings().items():
        assert topic in promised, "a push under a Topic that is not the reminder's"
        assert {each.path for each in arrivals} == {promised[topic].path}
        if len(arrivals) == 1:
            continue
        caused.update(each.sender for each in arrivals[:-1])
        texts = {service.text_of(each) for each in arrivals}
        assert len(texts) == 1, "a phone would take the same reminder for two"
        notification = json.loads(texts.pop())["notification"]
        assert notification["tag"] == notification["data"]["id"] == promised[topic].name
    return caused


# --- killed --------------------------------------------------------------------------------------


class Toll(NamedTuple):
    """What a kill test found."""

    lost: int
    duplicates: Counter[int]
    killed: set[int]
    seconds: float


def kill_test(site: Site, deliveries: int, kills: int, *, over: float, patient: bool) -> Toll:
    """Kill a sender that is at work at random points of the way; a new one takes its place.

    :param over: seconds over which the reminders come due
    :param patient: wait for the leases of the dead, rather than bring their ends forward
    """
    began, chance = time.monotonic(), random.Random(SEED)
    promised = promise(site, deliveries // 20, spread(20, over))
    fleet = Fleet.of(site, 2)
    service, killed = fleet.service, set[int]()
    # What the dead hold stays with them for a while; without it there must still be work.
    last = int(deliveries * 0.97) if patient else deliveries - kills * CLAIMED
    for point in sorted(chance.sample(range(last), kills)):
        wait_for_push(fleet, point)
        time.sleep(chance.uniform(0, 0.03))
        victim = chance.choice(fleet.at_work())
        victim.kill()
        fleet.leaves(victim)
        killed.add(victim.number)
        fleet.start()
    if not patient:
        succeed(fleet)
    wait_for_all(fleet, promised, 120)
    assert is_sound(site)
    caused = again(service, promised)
    return Toll(lost(service, promised), caused, killed, time.monotonic() - began)


def judge(toll: Toll, which: str, deliveries: int, kills: int) -> None:
    """Print what a kill test found, and hold it against what was promised."""
    worst = max(toll.duplicates.values(), default=0)
    print(
        f"kill test {which}: {deliveries} deliveries, {kills} kills, {toll.lost} lost, "
        f"{toll.duplicates.total()} duplicates (max {worst} per kill), "
        f"{toll.seconds:.0f} s, seed {SEED}"
    )
    assert len(toll.killed) == kills
    assert toll.lost == 0
    assert toll.duplicates.keys() <= toll.killed, "a sender that was not killed sent twice"
    assert worst <= IN_FLIGHT


def test_a_sender_killed_at_any_moment_loses_no_reminder(
    tmp_path: Path, h2_service: Ledger
) -> None:
    with Site(tmp_path / "data", h2_service) as site:
        toll = kill_test(site, 4500, 6, over=0, patient=False)
    judge(toll, "sqlite", 4500, 6)


@pytest.mark.long
@pytest.mark.parametrize("which", ["sqlite", "postgresql"])
def test_two_hundred_kills_lose_no_reminder(
    which: str, tmp_path: Path, h2_service: Ledger, request: pytest.FixtureRequest
) -> None:
    url = ""
    if which == "postgresql":
        url = request.getfixturevalue("cluster").new_database()
    with Site(tmp_path / "data", h2_service, database_url=url) as site:
        toll = kill_test(site, 60_000, 200, over=60, patient=True)
    judge(toll, which, 60_000, 200)


# --- lied to -------------------------------------------------------------------------------------


def errors_of(site: Site) -> Counter[str]:
    """Return how often each sentence is among the errors that the senders logged."""
    lines = [json.loads(each) for each in log_of(site).read_text("utf-8").splitlines()]
    return Counter(each["event"] for each in lines if each["level"] == "error")


def wait_until_quiet(fleet: Fleet, seconds: float = 1.2) -> None:
    """Wait until the first pushes came and no more do."""
    service = fleet.service
    wait_for("a sender at work", lambda: bool(fleet.at_work()), 30)
    wait_for("no more pushes", lambda: time.time() - service.arrivals[-1].at > seconds, 60)


def forget_what_is_to_go(site: Site) -> None:
    """Do what a sender does once a minute, until nothing is left to do."""
    with db.writing(site.engine) as opened:
        gone.review(opened, db.now_ms())
    rows = 1
    while rows:
        with db.writing(site.engine) as opened:
            rows = forgetting.forget_some(opened, db.now_ms())


def subscriptions_of(site: Site) -> tuple[int, int]:
    """Return how many subscriptions there are, and how many are called gone."""
    many, called_gone = read(site, "SELECT count(*), count(gone_at) FROM subscription")[0]
    return int(many), int(called_gone)


class Storm(NamedTuple):
    """What a storm of refusals came to."""

    asked: int
    errors: Counter[str]
    seconds: float


def weather(site: Site, size: int, senders: int, *, recovers: bool) -> Storm:
    """Let every push be answered 404 for a while, then as it should.

    :param recovers: watch the senders find out by themselves, rather than start others
    """
    began = time.monotonic()
    promised = promise(site, size, at_once())
    service = site.service
    assert isinstance(service, Ledger)
    service.rule(status(404))
    fleet = Fleet.of(site, senders)
    wait_until_quiet(fleet)
    asked = len(service.arrivals)
    assert subscriptions_of(site) == (size, 0)
    if recovers:
        service.rule(status(201))
        # The probe comes within 30 s; what was put aside meanwhile is back a little later. The
        # few that were believed first wait for ten minutes, which nobody here has.
        wait_for("most arrive", lambda: len(service.taken) >= size - 2 * 100 - IN_FLIGHT, 120)
    fleet.end()
    site.later(11 * MINUTE)
    forget_what_is_to_go(site)
    assert subscriptions_of(site) == (size, 0)
    service.rule(status(201))
    fleet.start()
    wait_for_all(fleet, promised, 120)
    assert subscriptions_of(site) == (size, 0)
    assert not again(service, promised)
    return Storm(asked, errors_of(site), time.monotonic() - began)


def tell_of_storm(storm: Storm, what: str, size: int) -> None:
    """Print what a storm came to."""
    print(
        f"{what}: {size} subscriptions, {storm.asked} asked in the storm, 0 deleted, "
        f"{size} accepted after it, {storm.seconds:.0f} s"
    )


@pytest.mark.long
def test_a_push_service_that_calls_everyone_gone_for_a_while_loses_nobody(small_site: Site) -> None:
    storm = weather(small_site, 1000, 1, recovers=False)
    tell_of_storm(storm, "false 404s sqlite, 1 sender", 1000)
    assert storm.errors[STORM] == 1


@pytest.mark.long
def test_ten_thousand_false_404s_delete_nobody(small_site: Site) -> None:
    storm = weather(small_site, 10_000, 1, recovers=True)
    tell_of_storm(storm, "false 404s sqlite, 1 sender", 10_000)
    assert storm.errors[STORM] == 1


@pytest.mark.long
def test_ten_thousand_false_404s_to_two_senders_delete_nobody(big_site: Site) -> None:
    storm = weather(big_site, 10_000, 2, recovers=True)
    tell_of_storm(storm, "false 404s postgresql, 2 senders", 10_000)
    assert storm.errors[STORM] == 1


def test_a_storm_that_two_senders_hear_of_at_once_deletes_nobody(big_site: Site) -> None:
    promise(big_site, 500, at_once())
    origin, now = big_site.service.origin, db.now_ms()
    rows = read(big_site, "SELECT id, endpoint FROM subscription ORDER BY id")
    known = [(int(row[0]), str(row[1])) for row in rows]
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"

    def hear(called_gone: list[tuple[int, str]]) -> bool:
        with db.writing(big_site.engine) as opened:
            return gone.believed(opened, origin, called_gone, now)

    assert hear(known[:20])
    with ThreadPoolExecutor(1) as other:
        with db.writing(big_site.engine) as opened:
            # With these it is too many; the other sender has one of them as well.
            assert not gone.believed(opened, origin, known[20:30], now)
            heard = other.submit(hear, known[29:45])
            wait_for("the other waits", lambda: read(big_site, waiting)[0][0] > 0, 5)
        heard.result()
    big_site.later(11 * MINUTE)
    forget_what_is_to_go(big_site)
    assert subscriptions_of(big_site) == (500, 0)


def test_a_sender_that_tidies_up_does_not_end_another_that_decides(big_site: Site) -> None:
    promise(big_site, 500, at_once())
    origin, now = big_site.service.origin, db.now_ms()
    swept: list[str] = []
    rows = read(big_site, "SELECT id, endpoint FROM subscription ORDER BY id")
    known = [(int(row[0]), str(row[1])) for row in rows]

    def hear(called_gone: list[tuple[int, str]]) -> bool:
        with db.writing(big_site.engine) as opened:
            return gone.believed(opened, origin, called_gone, now)

    def sweep(_db: object, _cursor: object, words: str, *_more: object) -> None:
        if "INTO brake" in words and not swept:
            swept.append(words)
            forget_what_is_to_go(big_site)

    assert hear(known[:1])
    event.listen(big_site.engine, "before_cursor_execute", sweep)
    assert hear(known[1:3])
    assert swept
    assert subscriptions_of(big_site) == (500, 3)


def ask_with_a_wrong_key(site: Site, size: int) -> Storm:
    """Let the service know another key than the sender's; return how often it was asked."""
    began = time.monotonic()
    promise(site, size, at_once())
    service = site.service
    assert isinstance(service, Ledger)
    service.vapid_key = b64url(b"\x04" + bytes(64))
    fleet = Fleet.of(site, 1)
    wait_until_quiet(fleet)
    fleet.end()
    asked = len(service.arrivals)
    site.later(11 * MINUTE)
    forget_what_is_to_go(site)
    assert subscriptions_of(site) == (size, 0)
    assert not service.taken
    refused = outcomes(site)
    assert refused == {"refused": asked, None: size - asked}
    return Storm(asked, errors_of(site), time.monotonic() - began)


def judge_wrong_key(storm: Storm, size: int) -> None:
    """Print and judge what a wrong key came to."""
    print(f"wrong key: {size} subscriptions, {storm.asked} asked, 0 deleted, {storm.seconds:.0f} s")
    assert storm.asked <= IN_FLIGHT + 10
    assert storm.errors[OFF] == 1


def test_a_wrong_key_of_ours_deletes_nobody_and_is_noticed_at_once(small_site: Site) -> None:
    judge_wrong_key(ask_with_a_wrong_key(small_site, 1000), 1000)


@pytest.mark.long
def test_a_wrong_key_deletes_none_of_ten_thousand(site: Site) -> None:
    judge_wrong_key(ask_with_a_wrong_key(site, 10_000), 10_000)


# --- two at a time -------------------------------------------------------------------------------


def send_by_two(site: Site, size: int, seconds: float) -> None:
    """Let two senders share what is due, and see that none is sent twice."""
    promised = promise(site, size // 10, at_once(10))
    fleet = Fleet.of(site, 2)
    service = fleet.service
    wait_for("a first push", lambda: bool(service.arrivals), 30)
    began = service.arrivals[0].at
    wait_for_all(fleet, promised, seconds)
    took = service.arrivals[-1].at - began
    shares = Counter(each.sender for each in service.arrivals)
    print(
        f"two senders postgresql: {size} reminders, {len(service.arrivals) - size} sent twice, "
        f"{lost(service, promised)} lost, shares {sorted(shares.values())}, "
        f"{size / took:.0f} a second"
    )
    assert len(service.arrivals) == size
    assert not again(service, promised)
    assert len(shares) == 2


def test_two_senders_never_ring_the_same_reminder(big_site: Site) -> None:
    send_by_two(big_site, 5000, 60)


@pytest.mark.long
def test_two_senders_never_ring_one_of_two_hundred_thousand_twice(big_site: Site) -> None:
    send_by_two(big_site, 200_000, 400)


@pytest.mark.long
def test_a_dead_sender_delays_only_what_it_held_and_no_longer_than_its_lease(
    big_site: Site,
) -> None:
    service = big_site.service
    assert isinstance(service, Ledger)
    service.rule(slow(LIVED_WELL))
    fleet = Fleet.of(big_site, 2)
    seconds = 45.0
    burst = promise(big_site, 4000, at_once())
    steady = promise(big_site, 4500, spread(1, seconds))
    promised = burst | steady
    wait_for_push(fleet, 2000)
    victim = fleet.at_work()[0]
    victim.kill()
    fleet.leaves(victim)
    killed_at = time.time()
    rows = read(big_site, "SELECT topic FROM reminder WHERE fence IS NOT NULL")
    held = {b64url(bytes(row[0])) for row in rows}
    wait_for_all(fleet, promised, seconds + 60)
    fleet.end()
    firsts = {topic: each[0] for topic, each in service.takings().items()}
    # Twenty seconds are for the living one, to work off the rest of the burst alone.
    late = {
        topic: each.at - killed_at
        for topic, each in firsts.items()
        if each.at > max(killed_at + 20, promised[topic].at / 1000 + 5)
    }
    caused = again(service, promised)
    print(
        f"one of two killed: {len(promised)} reminders, {len(held)} held then by both, "
        f"{len(late)} waited for the lease of the dead (the last "
        f"{max(late.values(), default=0):.1f} s), {len(late.keys() - held)} others late, "
        f"{caused.total()} duplicates"
    )
    assert lost(service, promised) == 0
    assert late.keys() <= held
    assert 0 < len(late) <= CLAIMED
    assert max(late.values()) <= LEASE + 5
    assert caused.keys() <= {victim.number}
    assert caused.total() <= IN_FLIGHT


# --- restarted -----------------------------------------------------------------------------------


def restart(site: Site, restarts: int, each: int) -> None:
    """Replace one of two senders again and again while they are at work."""
    began, chance = time.monotonic(), random.Random(SEED)
    promised = promise(site, restarts * each // 10, at_once(10))
    fleet = Fleet.of(site, 2)
    service, slowest = fleet.service, 0.0
    service.rule(slow(LIVED_WELL))
    for number in range(restarts):
        point = number * each + chance.randrange(each)
        wait_for_push(fleet, point)
        one = fleet.at_work()[0]
        slowest = max(slowest, one.end())
        assert one.process.returncode == 0
        fleet.leaves(one)
        fleet.start()
    wait_for_all(fleet, promised, 60)
    twice = again(service, promised).total()
    print(
        f"restarts {site.engine.dialect.name}: {len(promised)} deliveries, {restarts} restarts, "
        f"{lost(service, promised)} lost, {twice} duplicates, slowest end {slowest:.1f} s, "
        f"{time.monotonic() - began:.0f} s, seed {SEED}"
    )
    assert lost(service, promised) == 0
    assert twice == 0
    assert slowest <= 10


def test_a_restart_under_load_loses_and_doubles_nothing(small_site: Site) -> None:
    restart(small_site, 3, 200)


@pytest.mark.long
def test_a_hundred_restarts_under_load_lose_and_double_nothing(site: Site) -> None:
    restart(site, 100, 400)


# --- long away -----------------------------------------------------------------------------------


def be_away(site: Site, phones: int, hours: int) -> None:
    """Let the senders be off for some hours and come back, with reminders due all the while."""
    began, chance = time.monotonic(), random.Random(SEED)
    useful = [MINUTE, HOUR, 4 * HOUR, 12 * HOUR, 24 * HOUR]

    def times(_number: int, _phones: int) -> Iterator[tuple[float, float]]:
        for hour in range(0, hours + 6, 3):
            # Nothing ends in the minutes in which the test looks on.
            yield hour * HOUR + 0.4 * HOUR, chance.choice(useful)

    promised = promise(site, phones, times)
    site.later(hours * HOUR)
    fleet = Fleet.of(site, 1)
    service, now = fleet.service, db.now_ms()
    shift = int(hours * HOUR * 1000)
    due = {topic for topic, each in promised.items() if each.at - shift <= now}
    fresh = {topic for topic in due if promised[topic].until - shift > now}
    wanted = {"accepted": len(fresh), "expired": len(due - fresh), None: len(promised) - len(due)}
    wait_for("all is settled", lambda: outcomes(site) == wanted, 60)
    fleet.end()
    stale = [each for each in service.arrivals
             if each.at * 1000 + each.ttl * 1000 > promised[each.topic].until - shift + 1000]  # fmt: skip
    each_phone = Counter(each.path for each in service.arrivals)
    print(
        f"away {hours} h {site.engine.dialect.name}: {len(due)} came due, {len(fresh)} still "
        f"useful, {len(service.arrivals)} rang, {len(stale)} stale, "
        f"at most {max(each_phone.values())} on a phone, {time.monotonic() - began:.0f} s"
    )
    assert stale == []
    assert Counter(each.topic for each in service.arrivals) == Counter(fresh)


def test_after_a_long_outage_nothing_stale_rings(small_site: Site) -> None:
    be_away(small_site, 60, 48)


@pytest.mark.long
@pytest.mark.parametrize("hours", [12, 48])
def test_after_a_long_outage_nothing_stale_rings_on_thousands_of_phones(
    site: Site, hours: int
) -> None:
    be_away(site, 3000, hours)


# --- starved -------------------------------------------------------------------------------------


@contextmanager
def no_room_for(one: Running, most: int = 65_536) -> Iterator[None]:
    """Let a process write no file beyond so many bytes, as on a full disk."""
    before = resource.prlimit(one.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(one.process.pid, resource.RLIMIT_FSIZE, (most, before[1]))
    yield
    resource.prlimit(one.process.pid, resource.RLIMIT_FSIZE, before)


def fill_the_disk(site: Site, times: int, each: int, seconds: float) -> None:
    """Let the sender's disk be full again and again."""
    began = time.monotonic()
    service = site.service
    assert isinstance(service, Ledger)
    service.rule(slow(LIVED_WELL))
    promised = promise(site, times * each, at_once())
    fleet = Fleet.of(site, 1)
    (one,) = fleet.running
    stuck = 0
    for number in range(times):
        point = number * each + each // 4
        wait_for_push(fleet, point)
        with no_room_for(one):
            time.sleep(seconds)
            before = len(service.arrivals)
            time.sleep(0.5)
            stuck += len(service.arrivals) == before
        wait_for_push(fleet, min(len(promised) - 1, len(service.taken)))
    wait_for_all(fleet, promised, 60)
    twice = again(service, promised).total()
    print(
        f"full disk sqlite: {len(promised)} deliveries, {times} times full, {stuck} times stuck, "
        f"{lost(service, promised)} lost, {twice} duplicates, {time.monotonic() - began:.0f} s"
    )
    assert stuck, "the disk was never full"
    assert lost(service, promised) == 0
    assert twice == 0
    assert is_sound(site)


def test_a_full_disk_delays_reminders_and_loses_none(small_site: Site) -> None:
    fill_the_disk(small_site, 1, 500, 0.5)


@pytest.mark.long
def test_a_disk_full_twenty_times_loses_no_reminder(small_site: Site) -> None:
    fill_the_disk(small_site, 20, 1000, 2.0)


def pull_the_database(tmp_path: Path, service: Ledger, restarts: int, each: int) -> None:
    """Stop PostgreSQL in the midst of it, without a goodbye, again and again."""
    began, chance = time.monotonic(), random.Random(SEED)
    own = Cluster()
    try:
        with Site(tmp_path / "data", service, database_url=own.new_database()) as site:
            promised = promise(site, restarts * each // 10, at_once(10))
            service.rule(slow(LIVED_WELL))
            fleet = Fleet.of(site, 2)
            for number in range(restarts):
                point = number * each + chance.randrange(each // 2)
                wait_for_push(fleet, point)
                own.stop()
                time.sleep(chance.uniform(0, 1))
                own.start()
                site.engine.dispose()
                wait_for_push(fleet, min(len(promised) - 1, len(service.taken)))
            wait_for_all(fleet, promised, 120)
            twice = again(service, promised).total()
    finally:
        own.remove()
    print(
        f"database pulled: {len(promised)} deliveries, {restarts} immediate restarts, "
        f"{lost(service, promised)} lost, {twice} duplicates, senders live, "
        f"{time.monotonic() - began:.0f} s, seed {SEED}"
    )
    assert lost(service, promised) == 0
    # What each of the two had in flight, and what the database forgot of the last instants.
    assert twice <= restarts * 2 * 5 * IN_FLIGHT


@pytest.mark.long
def test_a_database_pulled_five_times_loses_no_reminder(
    tmp_path: Path, push_service: Ledger
) -> None:
    pull_the_database(tmp_path, push_service, 5, 6000)
