"""No push ever goes to a machine that is not a push service, whatever the address looks like."""

import hashlib
import re
import secrets
import socket
import socketserver
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import pycurl
import pytest
from sqlalchemy import text

from tests.push.service import PushService, status
from tests.reminders import addresses
from tests.reminders.site import HOUR, Site, Subscribed, ring
from webapp import db
from webapp.reminders import wire as wire_module
from webapp.reminders.endpoints import (
    RefusedEndpointError,
    is_public_address,
    read_endpoint,
    service_of,
)
from webapp.reminders.sender import Sender
from webapp.reminders.wire import Answer, Wire

NAME = "fcm.googleapis.com"
HEADERS = ["TTL: 60", "Content-Type: application/octet-stream"]
LOOPBACK = ("127.0.0.1", "127.0.0.2", "127.255.255.254", "::1")
FAMILIAR_PORTS = (80, 443, 8080, 8443)


class Canary:
    """Listeners on loopback that nobody has any business with; what connects is remembered."""

    def __init__(self, hosts: Sequence[str] = LOOPBACK, *, familiar: bool = True) -> None:
        """Listen at one port of every host and, where they are free for us, at familiar ports."""
        self._listeners = [socket.create_server(("127.0.0.1", 0), backlog=512)]
        self.port: int = self._listeners[0].getsockname()[1]
        ports = (self.port, *FAMILIAR_PORTS) if familiar else (self.port,)
        for host in hosts:
            for port in ports:
                if (host, port) != ("127.0.0.1", self.port):
                    self._listen(host, port)
        for each in self._listeners:
            each.setblocking(False)

    def _listen(self, host: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # Another worker may have it, a low port may need rights, a machine may lack the address.
        with suppress(OSError):
            self._listeners.append(socket.create_server((host, port), family=family, backlog=512))

    def __enter__(self) -> Self:
        """Return it; it listens already."""
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _tb: TracebackType | None,
    ) -> None:
        """Stop listening."""
        for each in self._listeners:
            each.close()

    def caught(self) -> list[bytes]:
        """Return what each connection since the last call said first; the kernel kept them all."""
        said: list[bytes] = []
        for listener in self._listeners:
            with suppress(BlockingIOError):
                while True:
                    plug, _where = listener.accept()
                    with plug:
                        said.append(_first_words(plug))
        return said


def _first_words(plug: socket.socket) -> bytes:
    plug.settimeout(0.05)
    try:
        return plug.recv(4096)
    except OSError:
        return b""


@pytest.fixture
def canary() -> Iterator[Canary]:
    """Listeners on loopback, at a port of their own and at those that attackers like."""
    with Canary() as listening:
        yield listening


# --- what is taken and what is not ---------------------------------------------------------------


def with_endpoint(site: Site, endpoint: object) -> dict[str, Any]:
    """Return the body of a subscription that is right in all but its endpoint."""
    body = site.asked(site.service.subscribe(), ring(at=HOUR))
    body["subscription"]["endpoint"] = endpoint
    return body


def test_there_are_enough_vectors_and_none_stands_twice() -> None:
    texts = addresses.at(1)
    assert len(texts) + len(addresses.NO_TEXTS) >= 200
    assert len(texts) == len(set(texts))
    assert len(addresses.ACCEPTED) >= 25
    assert len(addresses.SPECIAL) + len(addresses.NOT_PUBLIC) >= 60
    assert len(addresses.PUBLIC) >= 10


def test_no_subscription_is_taken_with_an_address_that_is_no_push_service(
    small_site: Site, canary: Canary
) -> None:
    given = [*addresses.at(canary.port), *addresses.NO_TEXTS]
    body = with_endpoint(small_site, None)
    english = {"Accept-Language": "en"}
    answers: dict[tuple[int, bytes], list[object]] = {}
    for endpoint in given:
        body["subscription"]["endpoint"] = endpoint
        answer = small_site.client.post("/api/subscriptions", json=body, headers=english)
        answers.setdefault((answer.status_code, answer.data), []).append(endpoint)
    del body["subscription"]["endpoint"]
    answer = small_site.client.post("/api/subscriptions", json=body, headers=english)
    answers.setdefault((answer.status_code, answer.data), []).append("none at all")
    assert [(code, which[:5]) for (code, _), which in answers.items() if code != 422] == []
    # One body for all: nothing is learnt from why an address is refused.
    assert len(answers) == 1, [which[:3] for which in answers.values()]
    assert [each["pointer"] for each in (answer.json or {})["errors"]] == ["/subscription/endpoint"]
    assert small_site.sql("SELECT count(*) FROM subscription") == [(0,)]
    assert small_site.sql("SELECT count(*) FROM reminder") == [(0,)]
    assert canary.caught() == []


def test_a_subscription_cannot_be_moved_to_an_address_that_is_no_push_service(
    small_site: Site, canary: Canary
) -> None:
    mine = small_site.subscribe(ring(at=HOUR))
    before = small_site.sql("SELECT endpoint, origin, secret_hash FROM subscription")
    body = with_endpoint(small_site, None)
    taken: list[object] = []
    for endpoint in [*addresses.at(canary.port), *addresses.NO_TEXTS]:
        body["subscription"]["endpoint"] = endpoint
        answer = small_site.client.put(mine.path, json=body, headers=mine.bearer)
        pointers = [each["pointer"] for each in (answer.json or {}).get("errors", [])]
        if (answer.status_code, pointers) != (422, ["/subscription/endpoint"]):
            taken.append(endpoint)
    assert taken == []
    assert small_site.sql("SELECT endpoint, origin, secret_hash FROM subscription") == before


@pytest.mark.parametrize(("given", "kept", "origin"), addresses.ACCEPTED)
def test_a_push_service_is_taken_and_written_in_one_way(given: str, kept: str, origin: str) -> None:
    found = read_endpoint(given, addresses.NAMED)
    assert (found.url, found.origin) == (kept or given, origin)
    assert read_endpoint(found.url, addresses.NAMED) == found


@pytest.mark.parametrize(
    ("origin", "service"),
    [
        ("https://made-up.notify.windows.com", "https://*.notify.windows.com"),
        ("https://a.b.push.apple.com", "https://*.push.apple.com"),
        ("https://fcm.googleapis.com", "https://fcm.googleapis.com"),
        ("https://push.example.org:8443", "https://push.example.org:8443"),
    ],
)
def test_what_is_counted_has_no_name_that_somebody_made_up(origin: str, service: str) -> None:
    assert service_of(origin) == service


def test_every_public_push_service_can_be_subscribed_with(small_site: Site) -> None:
    wanted = {
        kept or given: origin
        for given, kept, origin in addresses.ACCEPTED
        if origin not in addresses.NAMED
    }
    for given, _, origin in addresses.ACCEPTED:
        if origin not in addresses.NAMED:
            body = with_endpoint(small_site, given)
            answer = small_site.client.post("/api/subscriptions", json=body)
            assert answer.status_code == 201, given
    stored = small_site.sql("SELECT endpoint, origin FROM subscription")
    assert {row[0]: row[1] for row in stored} == wanted


def test_an_origin_that_only_another_operator_named_is_refused() -> None:
    for given, _, origin in addresses.ACCEPTED:
        if origin in addresses.NAMED:
            with pytest.raises(RefusedEndpointError):
                read_endpoint(given)
            others = tuple(each for each in addresses.NAMED if each != origin)
            with pytest.raises(RefusedEndpointError):
                read_endpoint(given, others)


def test_two_spellings_of_an_address_are_one_subscription(small_site: Site) -> None:
    body = with_endpoint(small_site, "https://web.push.apple.com/QxY")
    first = small_site.client.post("/api/subscriptions", json=body)
    body["subscription"]["endpoint"] = "HTTPS://Web.Push.Apple.COM:443/QxY"
    second = small_site.client.post("/api/subscriptions", json=body)
    assert (first.json or {})["id"] == (second.json or {})["id"]


# --- old rows ------------------------------------------------------------------------------------


class RecordingWire(Wire):
    """A wire that remembers what it was asked to send, and how many machines it was led to."""

    def __init__(self, is_vetted: Callable[[str], bool] = is_public_address) -> None:
        """Take the rule; nothing was asked yet."""
        self.posted: list[str] = []
        self.led_to: list[str] = []
        self._rule = is_vetted
        super().__init__(self._ask)

    def _ask(self, address: str) -> bool:
        self.led_to.append(address)
        return self._rule(address)

    def post(self, label: Any, url: str, headers: list[str], body: bytes, *, exempt: bool) -> None:
        """Remember, and post."""
        self.posted.append(url)
        super().post(label, url, headers, body, exempt=exempt)

    def answers(self, count: int, seconds: float = 10.0) -> list[Answer]:
        """Wait until ``count`` posts are answered."""
        found: list[Answer] = []
        deadline = time.monotonic() + seconds
        while len(found) < count:
            assert time.monotonic() < deadline, f"{len(found)} of {count} answers came"
            found += self.wait(0.05)
        return found


def is_storable(given: str) -> bool:
    """Say whether a database can hold a text: no half characters, no NUL."""
    try:
        given.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in given


def add_old_rows(site: Site, good: Subscribed, rows: Sequence[tuple[str, str]]) -> None:
    """Write rows as an older release could have left them: due just before the good one.

    :param rows: endpoint and origin of each, as they are to stand in it
    """
    given = [
        {
            "public_id": secrets.token_urlsafe(16), "endpoint": endpoint, "origin": origin,
            "address": secrets.token_bytes(32), "good": good.id,
            "endpoint_hash": hashlib.sha256(endpoint.encode()).digest(),
        }
        for endpoint, origin in rows
    ]  # fmt: skip
    with db.writing(site.engine) as opened:
        opened.execute(
            text(
                "INSERT INTO subscription (public_id, secret_hash, endpoint, origin, p256dh, auth,"
                " address, endpoint_hash, key, language, confirmed, forget_at)"
                " SELECT :public_id, secret_hash, :endpoint, :origin, p256dh, auth, :address,"
                " :endpoint_hash, key, language, confirmed, forget_at"
                " FROM subscription WHERE public_id = :good"
            ),
            given,
        )
        opened.execute(
            text(
                "INSERT INTO reminder (subscription_id, name, at, until, listed, urgent, next_at,"
                " tries, topic)"
                " SELECT old.id, name, at, until, listed, urgent, next_at - 60000, tries, topic"
                " FROM subscription AS old, reminder JOIN subscription AS good"
                " ON good.id = reminder.subscription_id"
                " WHERE good.public_id = :good AND old.id <> good.id AND reminder.name = 'evening'"
            ),
            {"good": good.id},
        )


def origin_of(endpoint: str) -> str:
    """Return what a careless program would have called the origin of an endpoint."""
    return "/".join(endpoint.split("/")[:3])


def test_an_old_row_with_any_other_address_is_refused_and_the_queue_goes_on(
    site: Site, canary: Canary
) -> None:
    """The origin in the row may lie as well: it may say that of a push service that is exempt."""
    bad = [each for each in addresses.at(canary.port) if is_storable(each)]
    bad += [str(each) for each in addresses.NO_TEXTS]
    assert len(bad) >= 150
    good = site.confirmed(ring(at=-1))
    trusted = site.service.origin
    add_old_rows(site, good, [(each, of) for each in bad for of in (origin_of(each), trusted)])
    wire = RecordingWire()
    sender = Sender(site.settings, site.engine, site.keys, wire)
    waiting = "SELECT count(*) FROM reminder WHERE name = 'evening' AND outcome IS NULL"
    deadline = time.monotonic() + 15
    sender.run(lambda: site.sql(waiting) == [(0,)] or time.monotonic() > deadline)
    outcomes = site.sql(
        "SELECT endpoint, outcome FROM subscription JOIN reminder ON subscription_id ="
        " subscription.id WHERE name = 'evening'"
    )
    expected = [(each, "refused") for each in bad for _ in range(2)]
    assert Counter(outcomes) == Counter([*expected, (good.phone.endpoint, "accepted")])
    assert len(good.phone.pushes) == 1
    assert wire.posted == [good.phone.endpoint]
    assert wire.led_to == []
    assert canary.caught() == []


def led_to_loopback(texts: Sequence[str]) -> list[str]:
    """Return settings of libcurl by which every name, at every port in use, is this machine's."""
    ports = {int(each) for each in re.findall(r":(\d{1,5})\b", " ".join(texts))}
    usable = sorted(port for port in {*ports, *FAMILIAR_PORTS} if 0 < port < 65_536)
    return [f"*:{port}:127.0.0.1" for port in usable]


class MisledWire(RecordingWire):
    """A wire for which every name leads to this machine."""

    resolve: Sequence[str] = ()

    def _new_handle(self, *, exempt: bool) -> Any:
        handle = super()._new_handle(exempt=exempt)
        handle.curl.setopt(pycurl.RESOLVE, list(self.resolve))
        return handle


def misled(texts: list[str], is_vetted: Callable[[str], bool] = is_public_address) -> MisledWire:
    """Post to every address over one wire, until each is answered; the wire tells what it did."""
    wire = MisledWire(is_vetted)
    wire.resolve = led_to_loopback(texts)
    with closing(wire):
        for each in texts:
            wire.post(each, each, HEADERS, b"x", exempt=False)
        answers = wire.answers(len(texts))
    assert [each for each in answers if each.status] == []
    return wire


def test_even_past_the_grammar_no_address_leads_to_a_machine_that_is_not_public(
    canary: Canary,
) -> None:
    """Of the two walls the second alone: every vector straight to the HTTP client."""
    known = set(addresses.REFUSED_PUBLIC)
    texts = [
        each
        for each in addresses.at(canary.port)
        if each.isascii() and "\0" not in each and each not in known
    ]
    assert len(texts) >= 150
    wire = misled(texts)
    assert canary.caught() == []
    assert len(wire.led_to) >= 100
    assert [each for each in wire.led_to if is_public_address(each)] == []


def test_the_canaries_do_sing_when_every_address_is_allowed(canary: Canary) -> None:
    """Without the rule the same client does reach them: the tests before this one can fail."""
    hosts = [
        "127.0.0.1", "127.0.0.2", "127.1", "0x7f.1", "0177.0.0.1", "2130706433", "localhost",
        "evil.example", "0.0.0.0",
    ]  # fmt: skip
    texts = [f"http://{host}:{canary.port}/push/{host}" for host in hosts]
    wire = MisledWire(lambda _address: True)
    wire.resolve = led_to_loopback(texts)
    with closing(wire):
        for each in texts:
            wire.post(each, each, HEADERS, b"x", exempt=False)
        deadline = time.monotonic() + 5
        while len(wire.led_to) < len(texts) and time.monotonic() < deadline:
            wire.wait(0.02)
        # What was opened is connected, and says its first words.
        for _ in range(10):
            wire.wait(0.02)
        caught = canary.caught()
    assert {each.split(b" ")[1].decode() for each in caught} == {f"/push/{each}" for each in hosts}


# --- which machines are everybody's --------------------------------------------------------------


@pytest.mark.parametrize("block", addresses.SPECIAL)
def test_no_address_of_a_special_block_is_public(block: str) -> None:
    network = ip_network(block)
    inside = {network[0], network[network.num_addresses // 2], network[-1]}
    assert [str(each) for each in inside if is_public_address(str(each))] == []


def test_neither_a_private_address_nor_anything_but_an_address_is_public() -> None:
    assert [each for each in addresses.NOT_PUBLIC if is_public_address(each)] == []


def test_what_is_everybodys_is_public() -> None:
    assert [each for each in addresses.PUBLIC if not is_public_address(each)] == []


# --- names that lead elsewhere when it matters ---------------------------------------------------


class RebindingWire(RecordingWire):
    """A wire to a push service's real name, which leads to where an attacker's name server says."""

    def __init__(
        self, port: int, leads: str, is_vetted: Callable[[str], bool] = is_public_address
    ) -> None:
        """Take the port that stands in for the usual one, and where the name leads."""
        self._port = port
        self.leads = leads
        super().__init__(is_vetted)

    def send(self, scheme: str = "https", path: str = "/push/x") -> Answer:
        """Post once and return the answer."""
        self.post("push", f"{scheme}://{NAME}{path}", HEADERS, b"x", exempt=False)
        (answer,) = self.answers(1)
        return answer

    def post(self, label: Any, url: str, headers: list[str], body: bytes, *, exempt: bool) -> None:
        """Post; the name leads where it leads by now."""
        for handle in self._idle[exempt]:
            self._mislead(handle.curl)
        super().post(label, url, headers, body, exempt=exempt)

    def _new_handle(self, *, exempt: bool) -> Any:
        handle = super()._new_handle(exempt=exempt)
        self._mislead(handle.curl)
        return handle

    def _mislead(self, curl: pycurl.Curl) -> None:
        # No low port here: the usual one is changed after the address was read, before the look-up.
        curl.setopt(pycurl.CONNECT_TO, [f"::{NAME}:{self._port}"])
        curl.setopt(pycurl.RESOLVE, [f"{NAME}:{self._port}:{self.leads}"])


# What a name leads to, and every address that the client then considers.
REBOUND = {
    "loopback": ("127.0.0.1", {"127.0.0.1"}),
    "loopback, IPv6": ("[::1]", {"::1"}),
    "loopback, mapped": ("[::ffff:127.0.0.1]", {"::ffff:127.0.0.1"}),
    "both loopbacks": ("[::1],127.0.0.1", {"::1", "127.0.0.1"}),
    "any": ("0.0.0.0", {"0.0.0.0"}),
    "any, IPv6": ("[::]", {"::"}),
    "another loopback": ("127.0.0.2", {"127.0.0.2"}),
    "metadata": ("169.254.169.254", {"169.254.169.254"}),
    "metadata, then loopback": ("169.254.169.254,127.0.0.1", {"169.254.169.254", "127.0.0.1"}),
    "for documents, then loopback": ("203.0.113.9,127.0.0.1", {"203.0.113.9", "127.0.0.1"}),
    "loopback among many": (
        "10.0.0.1,192.0.2.1,127.0.0.1,[fd00::1]",
        {"10.0.0.1", "192.0.2.1", "127.0.0.1", "fd00::1"},
    ),
    "6to4 of loopback": ("[2002:7f00:1::1]", {"2002:7f00:1::1"}),
    "NAT64 of loopback": ("[64:ff9b::7f00:1]", {"64:ff9b::7f00:1"}),
}


@pytest.mark.parametrize(("leads", "considered"), REBOUND.values(), ids=REBOUND)
def test_a_name_that_leads_to_a_private_machine_is_not_followed(
    canary: Canary, leads: str, considered: set[str]
) -> None:
    with closing(RebindingWire(canary.port, leads)) as wire:
        answer = wire.send()
    assert answer.status == 0
    assert answer.error == "curl 7"
    assert set(wire.led_to) == considered
    assert canary.caught() == []


MINE = {"127.0.0.1", "127.0.0.2", "0.0.0.0", "::1", "::ffff:127.0.0.1"}
LOCAL = {kind: leads for kind, (leads, considered) in REBOUND.items() if considered <= MINE}


@pytest.mark.parametrize("leads", LOCAL.values(), ids=LOCAL)
def test_without_the_rule_a_name_would_be_followed(canary: Canary, leads: str) -> None:
    with closing(RebindingWire(canary.port, leads, lambda _address: True)) as wire:
        wire.post("push", f"https://{NAME}/push/x", HEADERS, b"x", exempt=False)
        caught: list[bytes] = []
        deadline = time.monotonic() + 5
        while not caught and time.monotonic() < deadline:
            wire.wait(0.02)
            caught = canary.caught()
    assert caught
    # What comes is a TLS greeting, and it says whom it is for.
    assert caught[0][:1] == b"\x16"
    assert NAME.encode() in caught[0]


def stands_in(address: str) -> bool:
    """Vet as in earnest, but for an address of this machine that stands in for a public one."""
    return address == "127.0.0.2" or is_public_address(address)


def test_when_the_public_machine_is_down_the_private_one_is_not_tried_instead(
    canary: Canary,
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.2", 0))
        port = closed.getsockname()[1]
        with socket.create_server(("127.0.0.1", port), backlog=8) as listener:
            listener.setblocking(False)
            wire = RebindingWire(port, "127.0.0.2,127.0.0.1,[::1]", stands_in)
            with closing(wire):
                assert wire.send().status == 0
            with pytest.raises(BlockingIOError):
                listener.accept()
    assert {"127.0.0.2", "127.0.0.1"} <= set(wire.led_to)
    assert canary.caught() == []


@pytest.fixture
def canary_and_service() -> Iterator[tuple[Canary, PushService]]:
    """A canary on 127.0.0.1 and, at the same port of 127.0.0.2, a push service."""
    with (
        Canary(("127.0.0.1", "::1"), familiar=False) as listening,
        PushService(host="127.0.0.2", port=listening.port) as service,
    ):
        service.decrypt = False
        yield listening, service


def test_of_several_machines_only_the_public_one_is_reached(
    canary_and_service: tuple[Canary, PushService],
) -> None:
    canary, service = canary_and_service
    phone = service.subscribe()
    leads = "[::1],127.0.0.1,127.0.0.2"
    with closing(RebindingWire(service.port, leads, stands_in)) as wire:
        assert wire.send("http", phone.path).status == 201
    assert len(phone.pushes) == 1
    assert canary.caught() == []


def test_a_name_that_was_good_is_vetted_again_when_it_leads_elsewhere(
    canary_and_service: tuple[Canary, PushService],
) -> None:
    canary, service = canary_and_service
    phone = service.subscribe()
    with closing(RebindingWire(service.port, "127.0.0.2", stands_in)) as wire:
        assert wire.send("http", phone.path).status == 201
        wire.leads = "127.0.0.1"
        # The connection is still the one that was vetted: where the name leads now is no matter.
        assert wire.send("http", phone.path).status == 201
        assert (wire.led_to, service.connections) == (["127.0.0.2"], 1)
        service.stop()
        refused = wire.send("http", phone.path)
        assert (refused.status, refused.error) == (0, "curl 7")
        assert wire.led_to == ["127.0.0.2", "127.0.0.1"]
        service.start()
        assert wire.send("http", phone.path).status == 0
        wire.leads = "127.0.0.2"
        assert wire.send("http", phone.path).status == 201
    assert len(phone.pushes) == 3
    assert canary.caught() == []


def counting(service: PushService) -> tuple[RecordingWire, Callable[[], Answer]]:
    """Return a wire that may go anywhere and counts, and how to post to a phone over it."""
    wire = RecordingWire(lambda _address: True)
    phone = service.subscribe()

    def send() -> Answer:
        wire.post("push", phone.endpoint, HEADERS, b"x", exempt=False)
        (answer,) = wire.answers(1)
        return answer

    return wire, send


def test_a_reused_connection_is_a_vetted_one(push_service: PushService) -> None:
    push_service.decrypt = False
    wire, send = counting(push_service)
    with closing(wire):
        assert [send().status, send().status] == [201, 201]
        assert (len(wire.led_to), push_service.connections) == (1, 1)
        push_service.stop()
        push_service.start()
        assert send().status == 201
        assert (len(wire.led_to), push_service.connections) == (2, 2)


def test_an_old_connection_is_not_trusted_for_ever(
    push_service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert wire_module.CONNECTION_LIVES <= 600
    monkeypatch.setattr(wire_module, "CONNECTION_LIVES", 1)
    push_service.decrypt = False
    wire, send = counting(push_service)
    with closing(wire):
        assert send().status == 201
        assert send().status == 201
        assert len(wire.led_to) == 1
        time.sleep(1.1)
        assert send().status == 201
        assert (len(wire.led_to), push_service.connections) == (2, 2)


# --- three readers of one address ----------------------------------------------------------------

Contact = tuple[str, str, int]  # scheme, host, port
DEFAULT_PORT = {"http": 80, "https": 443}


class Eavesdropper(socketserver.ThreadingTCPServer):
    """A proxy that opens nothing: what a client asks of it is where the client wants to go."""

    daemon_threads = True

    def __init__(self) -> None:
        """Listen on loopback; nobody answers yet."""
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), _Overheard)

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Overheard(socketserver.StreamRequestHandler):
    server: Eavesdropper
    timeout = 5

    def handle(self) -> None:
        """Keep the request line, and refuse."""
        self.server.asked.append(self.rfile.readline(65_536).decode("latin-1").rstrip("\r\n"))
        while self.rfile.readline(65_536) not in (b"\r\n", b"\n", b""):
            pass
        self.wfile.write(b"HTTP/1.1 502 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


@pytest.fixture
def eavesdropper() -> Iterator[Eavesdropper]:
    """A proxy on loopback that writes down what it is asked for."""
    with Eavesdropper() as proxy:
        thread = threading.Thread(target=proxy.serve_forever, args=(0.01,))
        thread.start()
        yield proxy
        proxy.shutdown()
        thread.join()


class Libcurl:
    """The product's own handle, but led through a proxy that tells where it wanted to go."""

    def __init__(self, proxy: Eavesdropper) -> None:
        """Make the handle."""
        self._proxy = proxy
        self._wire = Wire(lambda _address: True)
        self._curl = self._wire._new_handle(exempt=True).curl
        self._curl.setopt(pycurl.PROXY, proxy.url)
        self._curl.setopt(pycurl.NOPROXY, "")
        self._curl.setopt(pycurl.POSTFIELDS, b"x")
        self._curl.setopt(pycurl.HTTPHEADER, ["Expect:"])

    def close(self) -> None:
        """Close the handle."""
        self._curl.close()
        self._wire.close()

    def read(self, url: str) -> tuple[Contact | None, str]:
        """Return where libcurl would go, if anywhere, and for http also the path it asks for."""
        before = len(self._proxy.asked)
        self._curl.setopt(pycurl.URL, url.encode())
        with suppress(pycurl.error):
            self._curl.perform()
        asked = self._proxy.asked[before:]
        return _contact(asked[0]) if asked else (None, "")


def _contact(line: str) -> tuple[Contact, str]:
    """Read a request line as proxies get it: `CONNECT host:port`, or a method and a whole URL."""
    method, _, rest = line.partition(" ")
    target = rest.rpartition(" ")[0]
    scheme, path = "https", ""
    if method != "CONNECT":
        scheme, _, after = target.partition("://")
        target, slash, path = after.partition("/")
        path = slash + path
    found = re.fullmatch(r"(.*?)(?::(\d+))?", target, re.DOTALL)
    assert found, line
    host = found[1].lower().removeprefix("[").removesuffix("]")
    return (scheme, host, int(found[2] or DEFAULT_PORT[scheme])), path


def read_by_python(url: str) -> Contact | None:
    """Return where a program that trusts `urlsplit` would think that an address leads."""
    try:
        found = urlsplit(url)
        scheme, host, port = found.scheme, found.hostname, found.port
    except ValueError:
        return None
    if scheme not in DEFAULT_PORT or not host:
        return None
    return scheme, host, DEFAULT_PORT[scheme] if port is None else port


def read_by_us(url: str) -> tuple[Contact | None, str]:
    """Return where the product thinks that an address leads, and the path; None: it refuses it."""
    try:
        endpoint = read_endpoint(url, addresses.NAMED)
    except RefusedEndpointError:
        return None, ""
    scheme, _, authority = endpoint.origin.partition("://")
    found = re.fullmatch(r"(\[.*\]|[^:]*)(?::(\d+))?", authority)
    assert found
    port = int(found[2] or DEFAULT_PORT[scheme])
    return (scheme, found[1].strip("[]"), port), endpoint.url.removeprefix(endpoint.origin)


def test_where_readers_of_addresses_disagree_the_address_is_refused(
    eavesdropper: Eavesdropper,
) -> None:
    accepted = [each for given, kept, _ in addresses.ACCEPTED for each in {given, kept or given}]
    refused = [each for each in addresses.at(9) if is_storable(each) and len(each) < 8000]
    assert len(accepted) + len(refused) >= 60
    libcurl = Libcurl(eavesdropper)
    disagreed: list[str] = []
    apart: list[object] = []
    with closing(libcurl):
        for url in [*accepted, *refused]:
            contact, path = libcurl.read(url)
            ours, our_path = read_by_us(url)
            if contact != read_by_python(url):
                disagreed.append(url)
            if ours is None:
                continue
            # An https path goes through the proxy unseen; the same code writes both.
            paths_agree = ours[0] == "https" or path == our_path
            if not (contact == read_by_python(url) == ours and paths_agree):
                apart.append((url, contact, read_by_python(url), ours, path, our_path))
    assert apart == []
    assert [each for each in accepted if read_by_us(each)[0] is None] == []
    assert set(disagreed) & set(accepted) == set()
    # There is something to disagree about, or this test would show nothing.
    assert len(disagreed) >= 30, disagreed


# --- what an environment or a home folder says ---------------------------------------------------


def plain_client(url: str, options: Mapping[int, int]) -> None:
    """Ask with libcurl as it comes, which minds the environment; what it gets is no matter."""
    curl = pycurl.Curl()
    with closing(curl):
        for option, value in {pycurl.TIMEOUT_MS: 150, pycurl.NOSIGNAL: 1, **options}.items():
            curl.setopt(option, value)
        curl.setopt(pycurl.URL, url)
        with suppress(pycurl.error):
            curl.perform()


def test_neither_proxies_nor_a_home_folder_change_where_pushes_go(
    push_service: PushService,
    canary: Canary,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".netrc").write_text("default login canary password secret\n", "utf-8")
    (home / ".netrc").chmod(0o600)
    (home / ".curlrc").write_text(f"proxy = http://127.0.0.1:{canary.port}\nlocation\n", "utf-8")
    proxy = f"http://127.0.0.1:{canary.port}"
    for name in ("HOME", "CURL_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setenv("NETRC", str(home / ".netrc"))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy)
        monkeypatch.setenv(name.lower(), proxy)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    # Another client falls for each of these.
    with PushService(tls=True, folder=tmp_path / "tls") as secure:
        plain_client(push_service.origin, {})
        plain_client(secure.origin, {})
        plain_client(f"{proxy}/", {pycurl.NETRC: pycurl.NETRC_OPTIONAL})
        said = canary.caught()
        assert [each.split(b" ")[0] for each in said] == [b"GET", b"CONNECT", b"GET"]
        assert b"Authorization: Basic" in said[2]
        origins = (push_service.origin, secure.origin)
        with Site(tmp_path / "data", push_service) as site:
            site.settings = replace(site.settings, push_services=origins)
            phones = [push_service.subscribe(), secure.subscribe()]
            for phone in phones:
                site.subscribe(phone=phone)
            sender = site.start_sender(SSL_CERT_FILE=str(secure.ca_file))
            push_service.wait(
                lambda: all(each.pushes for each in phones) or sender.poll() is not None, 20
            )
            assert sender.poll() is None
            assert all(each.pushes for each in phones)
        pushes = [each for phone in phones for each in phone.pushes]
        assert [each.faults for each in pushes] == [[], []]
        assert [each.headers["authorization"][:6] for each in pushes] == ["vapid ", "vapid "]
    assert canary.caught() == []


# --- answers that point elsewhere ----------------------------------------------------------------

REDIRECTS = (301, 302, 303, 307, 308)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_redirect_is_never_followed(
    scheme: str, canary: Canary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = scheme == "https"
    other = "http" if tls else "https"
    with PushService(tls=tls, folder=tmp_path / "tls") as service:
        if service.ca_file:
            monkeypatch.setenv("SSL_CERT_FILE", str(service.ca_file))
        with Site(tmp_path / "data", service) as site:
            target = service.subscribe()
            sent: list[Subscribed] = []
            for code in REDIRECTS:
                for where in ("same host", "another port", "another scheme", "itself", "relative"):
                    mine = site.confirmed(ring(at=-1))
                    locations = {
                        "same host": target.endpoint,
                        "another port": f"{scheme}://127.0.0.1:{canary.port}/x",
                        "another scheme": f"{other}://127.0.0.1:{canary.port}/x",
                        "itself": mine.phone.endpoint,
                        "relative": target.path,
                    }
                    answer = status(code, {"Location": locations[where]}, b"moved")
                    service.rule(answer, phone=mine.phone)
                    sent.append(mine)
            waiting = "SELECT count(*) FROM reminder WHERE name = 'evening' AND outcome IS NULL"
            site.send_until(lambda: site.sql(waiting) == [(0,)])
            outcomes = {site.outcomes(each)["evening"] for each in sent}
            assert outcomes == {"refused"}
            # Told of, so still there; asked once each.
            assert [len(each.phone.pushes) for each in sent] == [1] * len(sent)
            assert {push.status for each in sent for push in each.phone.pushes} == set(REDIRECTS)
            # It can still be rung when the service has come to its senses.
            service.rule(status(201), phone=sent[0].phone)
            site.client.post(f"{sent[0].path}/test", headers=sent[0].bearer)
            site.send_until(lambda: len(sent[0].phone.pushes) == 2)
    assert target.pushes == []
    assert canary.caught() == []


def test_another_road_that_an_answer_offers_is_not_taken(
    canary: Canary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = f'"127.0.0.1:{canary.port}"'
    offers = {
        "Alt-Svc": f"h2={elsewhere}; ma=86400, h3={elsewhere}, http/1.1={elsewhere}",
        "Refresh": f"0; url=http://127.0.0.1:{canary.port}/",
        "Content-Location": f"http://127.0.0.1:{canary.port}/",
        "Location": f"http://127.0.0.1:{canary.port}/",
        "Link": f'<http://127.0.0.1:{canary.port}/>; rel="urn:ietf:params:push"',
    }
    with PushService(tls=True, folder=tmp_path / "tls") as service:
        monkeypatch.setenv("SSL_CERT_FILE", str(service.ca_file))
        service.decrypt = False
        service.rule(status(201, offers))
        phone = service.subscribe()
        with closing(RecordingWire(lambda _address: True)) as wire:
            for _ in range(2):
                wire.post("push", phone.endpoint, HEADERS, b"x", exempt=False)
                assert wire.answers(1)[0].status == 201
            # A new connection is where such an offer would count.
            service.stop()
            service.start()
            # The first may still be given to the connection that died.
            for _ in range(2):
                wire.post("push", phone.endpoint, HEADERS, b"x", exempt=False)
                last = wire.answers(1)[0]
            assert last.status == 201
            assert service.connections == 2
        assert {push.status for push in phone.pushes} == {201}
    assert canary.caught() == []
