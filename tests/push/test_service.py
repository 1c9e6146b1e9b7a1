"""The tests' own push service: it must notice what it is there to notice, and misbehave as told."""

import gzip
import http.client
import io
import json
import secrets
import socket
import ssl
import time
import urllib.parse
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pycurl
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02
from pywebpush import WebPusher

from .service import (
    DAY,
    Behaviour,
    Phone,
    Push,
    PushService,
    b64url,
    bad_chunked,
    bomb,
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

MESSAGE = {"web_push": 8030, "notification": {"title": "C’est l’heure de vos soins"}}
TEXT = json.dumps(MESSAGE).ljust(512)


@pytest.fixture
def service() -> Iterator[PushService]:
    with PushService() as running:
        yield running


@pytest.fixture
def phone(service: PushService) -> Phone:
    return service.subscribe()


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[PushService]:
    with PushService(tls=True, folder=tmp_path / "certificates") as running:
        yield running


# --- a sender, made of the program's libraries ---------------------------------------------------


@dataclass
class Sender:
    """A VAPID key and what it signs."""

    vapid: Vapid02

    @property
    def key(self) -> str:
        """Its public half."""
        public = self.vapid.public_key
        return b64url(public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))

    def signed(self, claims: Mapping[str, object]) -> str:
        """Return an Authorization header, without py_vapid's own checks of the claims."""
        parts = ({"typ": "JWT", "alg": "ES256"}, dict(claims))
        token = ".".join(b64url(json.dumps(part).encode()) for part in parts)
        made = self.vapid.private_key.sign(token.encode(), ec.ECDSA(hashes.SHA256()))
        r, s = decode_dss_signature(made)
        return f"vapid t={token}.{b64url(r.to_bytes(32) + s.to_bytes(32))},k={self.key}"


@pytest.fixture(scope="module")
def sender() -> Sender:
    vapid = Vapid02()
    vapid.generate_keys()
    return Sender(vapid)


def claims(phone: Phone, **other: object) -> dict[str, object]:
    """Return right claims, except for `other`; None leaves one out."""
    parts = urllib.parse.urlsplit(phone.endpoint)
    right = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int(time.time()) + 3600,
        "sub": "mailto:push@example.org",
    }
    return {name: value for name, value in {**right, **other}.items() if value is not None}


def sealed(phone: Phone, text: str = TEXT) -> bytes:
    """Return the body that pywebpush makes for a phone."""
    body: bytes = WebPusher(phone.json()).encode(text.encode())["body"]
    return body


def headers(authorization: str, **other: str | None) -> dict[str, str]:
    """Return right headers, except for `other`; None leaves one out."""
    right = {
        "TTL": "60",
        "Urgency": "high",
        "Topic": "a" * 22,
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "Authorization": authorization,
    }
    named = {name.replace("_", "-"): value for name, value in other.items()}
    return {name: value for name, value in {**right, **named}.items() if value is not None}


def post(phone: Phone, body: bytes, given: Mapping[str, str]) -> http.client.HTTPResponse:
    """Send a push over plain HTTP and return the answer, read."""
    parts = urllib.parse.urlsplit(phone.endpoint)
    connection = http.client.HTTPConnection(parts.netloc, timeout=5)
    try:
        connection.request("POST", parts.path, body, dict(given))
        answer = connection.getresponse()
        answer.read()
    finally:
        connection.close()
    return answer


def pushed(phone: Phone, sender: Sender, body: bytes | None = None, **other: str | None) -> Push:
    """Send a push that is right except for `other`; return it as received."""
    given = headers(sender.signed(claims(phone)), **other)
    post(phone, sealed(phone) if body is None else body, given)
    return phone.pushes[-1]


def signed_with(phone: Phone, sender: Sender, **other: object) -> Push:
    """Send a push that is right except for these claims; return it as received."""
    return pushed(phone, sender, Authorization=sender.signed(claims(phone, **other)))


# --- right and wrong pushes ----------------------------------------------------------------------


def test_a_push_made_by_pywebpush_is_read_and_without_a_fault(phone: Phone, sender: Sender) -> None:
    before = time.time()
    push = pushed(phone, sender)
    assert push.faults == []
    assert (push.text, push.message, push.status, push.http) == (TEXT, MESSAGE, 201, "1.1")
    assert push.key == sender.key
    assert push.headers["topic"] == "a" * 22
    assert before <= push.at <= time.time()


def test_py_vapids_own_header_is_without_a_fault(phone: Phone, sender: Sender) -> None:
    header = sender.vapid.sign(claims(phone))["Authorization"]
    assert pushed(phone, sender, Authorization=header).faults == []


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"aud": "https://push.example.org"}, "vapid aud: 'https://push.example.org' is not"),
        ({"aud": None}, "vapid aud: None is not"),
        ({"exp": int(time.time()) - 100}, "vapid exp: past by"),
        ({"exp": int(time.time()) + 2 * DAY}, "vapid exp: 4"),
        ({"exp": "tomorrow"}, "vapid exp: 'tomorrow' is no number"),
        ({"exp": None}, "vapid exp: None is no number"),
        ({"sub": None}, "vapid sub: None"),
        ({"sub": "push@example.org"}, "vapid sub: 'push@example.org'"),
    ],
)
def test_a_wrong_claim_is_noticed(
    phone: Phone, sender: Sender, wrong: dict[str, object], fault: str
) -> None:
    (found,) = signed_with(phone, sender, **wrong).faults
    assert found.startswith(fault)


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"TTL": None}, "TTL: missing"),
        ({"TTL": "1.5"}, "TTL: '1.5'"),
        ({"TTL": "-1"}, "TTL: '-1'"),
        ({"Urgency": "urgent"}, "Urgency: 'urgent'"),
        ({"Topic": "a" * 33}, "Topic: 'aaa"),
        ({"Topic": "a b"}, "Topic: 'a b'"),
        ({"Content_Encoding": None}, "Content-Encoding: None"),
        ({"Content_Encoding": "aesgcm"}, "Content-Encoding: 'aesgcm'"),
        ({"Host": "push.example.org"}, "Host: 'push.example.org'"),
        ({"Authorization": None}, "vapid: no Authorization"),
        ({"Authorization": "Bearer abc"}, "vapid t: no token"),
    ],
)
def test_a_wrong_header_is_noticed(
    phone: Phone, sender: Sender, wrong: dict[str, str | None], fault: str
) -> None:
    (found,) = pushed(phone, sender, None, **wrong).faults
    assert found.startswith(fault)


def test_a_signature_by_another_key_is_noticed(phone: Phone, sender: Sender) -> None:
    stranger = Vapid02()
    stranger.generate_keys()
    header = f"{Sender(stranger).signed(claims(phone)).partition(',')[0]},k={sender.key}"
    assert pushed(phone, sender, Authorization=header).faults == ["vapid signature: not made by k"]


def test_claims_changed_after_signing_are_noticed(phone: Phone, sender: Sender) -> None:
    head, _, signature = sender.signed(claims(phone)).rsplit(",", 1)[0].split(".")
    forged = b64url(json.dumps(claims(phone, sub="mailto:mallory@example.org")).encode())
    header = f"{head}.{forged}.{signature},k={sender.key}"
    assert pushed(phone, sender, Authorization=header).faults == ["vapid signature: not made by k"]


@pytest.mark.parametrize("key", ["", "AAAA", "B" * 87, "not/base64url"])
def test_a_key_that_is_no_point_of_the_curve_is_noticed(
    phone: Phone, sender: Sender, key: str
) -> None:
    header = f"{sender.signed(claims(phone)).partition(',')[0]},k={key}"
    (found,) = pushed(phone, sender, Authorization=header).faults
    assert found.startswith("vapid k: no P-256 point")


def test_an_algorithm_other_than_es256_is_noticed(phone: Phone, sender: Sender) -> None:
    _, claimed, signature = sender.signed(claims(phone)).rsplit(",", 1)[0].split(".")
    head = "vapid t=" + b64url(b'{"alg": "none"}')
    header = f"{head}.{claimed}.{signature},k={sender.key}"
    found = pushed(phone, sender, Authorization=header).faults
    assert any(fault.startswith("vapid alg: {'alg': 'none'}") for fault in found)


def flipped(body: bytes) -> bytes:
    return body[:-1] + bytes([body[-1] ^ 1])


def two_records(body: bytes) -> bytes:
    return body[:16] + (100).to_bytes(4) + body[20:]


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (flipped, "body: Decryption error"),
        (two_records, "body: 529 bytes are not one record of at most 100"),
        (lambda _body: b"", "body: 0 bytes are too few"),
        (lambda _body: b"hello" * 100, "body: a key of"),
    ],
)
def test_a_body_that_the_phone_could_not_read_is_noticed(
    phone: Phone, sender: Sender, spoil: Callable[[bytes], bytes], fault: str
) -> None:
    push = pushed(phone, sender, spoil(sealed(phone)))
    (found,) = push.faults
    assert found.startswith(fault)
    assert push.text is None
    with pytest.raises(ValueError, match="not decrypted"):
        _ = push.message


def test_a_body_made_for_another_phone_is_noticed(
    service: PushService, phone: Phone, sender: Sender
) -> None:
    (found,) = pushed(phone, sender, sealed(service.subscribe())).faults
    assert found.startswith("body: Decryption error")


# --- the service's own answers -------------------------------------------------------------------


def test_a_created_push_has_a_location(phone: Phone, sender: Sender) -> None:
    answer = post(phone, sealed(phone), headers(sender.signed(claims(phone))))
    assert answer.status == 201
    assert answer.headers["Location"].startswith(str(claims(phone)["aud"]))


def test_an_unknown_path_is_404_and_still_counted(service: PushService, phone: Phone) -> None:
    gone = Phone(f"{service.origin}/push/none", "", "", phone.private_key, "/push/none")
    assert post(gone, b"", {}).status == 404
    assert [push.status for push in service.pushes] == [404]
    assert phone.pushes == []


def test_a_body_over_4096_bytes_is_413_and_one_of_4096_is_not(phone: Phone) -> None:
    assert post(phone, bytes(4096), {}).status == 201
    assert post(phone, bytes(4097), {}).status == 413


def test_another_senders_key_is_403(service: PushService, phone: Phone, sender: Sender) -> None:
    service.vapid_key = sender.key
    assert pushed(phone, sender).status == 201
    service.vapid_key = "B" + "A" * 86
    assert pushed(phone, sender).status == 403


def test_without_decryption_a_push_is_only_counted(
    service: PushService, phone: Phone, sender: Sender
) -> None:
    service.decrypt = False
    push = pushed(phone, sender, b"anything", TTL=None)
    assert (push.status, push.body, push.text, push.faults) == (201, b"anything", None, [])
    assert push.key == sender.key


def test_a_second_push_on_a_connection_is_no_second_connection(
    service: PushService, phone: Phone
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=5)
    for _ in range(3):
        connection.request("POST", phone.path, b"x")
        assert connection.getresponse().read() == b""
    connection.close()
    assert (len(phone.pushes), service.connections) == (3, 1)


def test_pushes_sent_without_waiting_are_answered_in_order(
    service: PushService, phone: Phone
) -> None:
    service.rule(slow(0.05, status(429)), times=1)
    with dialled(service) as plug:
        plug.sendall(request(phone, b"one") + request(phone, b"two"))
        assert wait_for(plug, b"201 Created").startswith(b"HTTP/1.1 429 ")
    assert [push.body for push in phone.pushes] == [b"one", b"two"]


@pytest.mark.parametrize("asked_by", ["client", "rule"])
def test_a_connection_that_should_close_is_closed(
    service: PushService, phone: Phone, asked_by: str
) -> None:
    sent = request(phone)
    if asked_by == "client":
        sent = sent.replace(b"Host: x", b"Host: x\r\nConnection: close")
    else:
        service.rule(status(503, {"Connection": "close"}))
    with dialled(service) as plug:
        plug.sendall(sent)
        wait_for(plug, b"\r\n\r\n")
        assert read(plug) == b""


def test_a_client_that_gives_up_is_no_failure_of_the_service(
    service: PushService, phone: Phone
) -> None:
    service.rule(slow(0.1), times=1)
    with dialled(service) as plug:
        plug.sendall(request(phone))
        assert service.wait(lambda: bool(phone.pushes))
    assert service.wait(lambda: not service.wires)
    time.sleep(0.15)
    assert (phone.pushes[0].status, service.failures) == (None, [])
    assert statuses(phone, 1) == [201]


def test_a_phone_is_what_a_browser_would_hand_over(phone: Phone) -> None:
    given = phone.json()
    assert given["expirationTime"] is None
    assert len(unb64url(given["keys"]["auth"])) == 16
    point = unb64url(given["keys"]["p256dh"])
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    assert public == phone.private_key.public_key()
    assert given["endpoint"] == phone.endpoint


def test_a_service_that_comes_back_has_its_old_port_and_phones(sender: Sender) -> None:
    service = PushService()
    with service:
        phone = service.subscribe()
        pushed(phone, sender)
    with pytest.raises(ConnectionRefusedError):
        pushed(phone, sender)
    with service:
        assert pushed(phone, sender).faults == []
    assert len(phone.pushes) == 2


def test_stopping_waits_for_nobody(phone: Phone, service: PushService) -> None:
    service.rule(hang())
    with dialled(service) as plug:
        plug.sendall(request(phone))
        assert service.wait(lambda: bool(phone.pushes))
        before = time.monotonic()
        service.stop()
        assert time.monotonic() - before < 0.5
        assert read(plug) in {b"", b"reset"}


def test_waiting_tells_whether_it_came_true(service: PushService) -> None:
    assert service.wait(lambda: True, 0)
    assert not service.wait(lambda: False, 0.02)


# --- rules ---------------------------------------------------------------------------------------


def statuses(phone: Phone, count: int) -> list[int]:
    return [post(phone, b"x", {}).status for _ in range(count)]


def test_a_rule_for_one_phone_leaves_the_others_alone(service: PushService, phone: Phone) -> None:
    service.rule(status(410), phone=phone)
    assert statuses(phone, 2) == [410, 410]
    assert statuses(service.subscribe(), 1) == [201]


def test_a_rule_with_times_ends_and_the_next_follows(service: PushService, phone: Phone) -> None:
    service.rule(status(500), times=2)
    service.rule(status(429), times=1)
    assert statuses(phone, 4) == [500, 500, 429, 201]


def test_a_rule_for_good_is_replaced_by_the_next(service: PushService, phone: Phone) -> None:
    service.rule(status(500))
    assert statuses(phone, 2) == [500, 500]
    service.rule(status(201))
    assert statuses(phone, 1) == [201]


def test_a_phones_own_rule_goes_before_the_one_for_all(service: PushService, phone: Phone) -> None:
    service.rule(status(500))
    service.rule(status(410), phone=phone, times=1)
    assert statuses(phone, 2) == [410, 500]


def test_zero_times_is_not_a_rule(service: PushService) -> None:
    with pytest.raises(ValueError, match="0 times"):
        service.rule(status(500), times=0)


# --- behaviours, byte by byte --------------------------------------------------------------------


def dialled(service: PushService) -> socket.socket:
    plug = socket.create_connection(("127.0.0.1", service.port), timeout=5)
    plug.settimeout(2)
    return plug


def request(phone: Phone, body: bytes = b"x") -> bytes:
    head = f"POST {phone.path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def read(plug: socket.socket) -> bytes:
    """Return what comes next; b"" for an end, b"reset" for a reset."""
    try:
        return plug.recv(65_536)
    except ConnectionResetError:
        return b"reset"


def wait_for(plug: socket.socket, wanted: bytes) -> bytes:
    """Read until `wanted` was read."""
    found = b""
    while wanted not in found:
        more = read(plug)
        assert more not in {b"", b"reset"}, found[-200:]
        found += more
    return found


def shown(service: PushService, phone: Phone, behaviour: Behaviour) -> list[bytes]:
    """Return the bytes of an answer and how it ended: b"", b"reset", or b"open" after 0.15 s."""
    service.rule(behaviour, phone=phone)
    found = bytearray()
    with dialled(service) as plug:
        plug.settimeout(0.15)
        plug.sendall(request(phone))
        while True:
            try:
                more = read(plug)
            except TimeoutError:
                return [bytes(found), b"open"]
            if more in {b"", b"reset"}:
                return [bytes(found), more]
            found += more


def test_a_status_has_its_headers_and_body_and_leaves_the_connection_open(
    service: PushService, phone: Phone
) -> None:
    behaviour = status(429, {"Retry-After": "-5"}, b"later")
    expected = (
        b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: -5\r\nContent-Length: 5\r\n\r\nlater"
    )
    assert shown(service, phone, behaviour) == [expected, b"open"]
    assert phone.pushes[0].status == 429


def test_a_redirect_names_its_target(service: PushService, phone: Phone) -> None:
    service.rule(status(307, {"Location": "http://127.0.0.1:1/"}))
    answer = post(phone, b"x", {})
    assert (answer.status, answer.headers["Location"]) == (307, "http://127.0.0.1:1/")


def test_a_204_has_no_length(service: PushService, phone: Phone) -> None:
    expected = b"HTTP/1.1 204 No Content\r\n\r\n"
    assert shown(service, phone, status(204)) == [expected, b"open"]


def test_slow_answers_in_the_end(service: PushService, phone: Phone) -> None:
    service.rule(slow(0.1, status(503)))
    before = time.monotonic()
    assert statuses(phone, 1) == [503]
    assert time.monotonic() - before >= 0.1


def test_hang_reads_and_never_answers(service: PushService, phone: Phone) -> None:
    assert shown(service, phone, hang()) == [b"", b"open"]
    assert [push.status for push in phone.pushes] == [None]


def test_reset_reads_and_resets(service: PushService, phone: Phone) -> None:
    assert shown(service, phone, reset()) == [b"", b"reset"]
    assert [push.body for push in phone.pushes] == [b"x"]


def test_reset_mid_header_leaves_half_a_header(service: PushService, phone: Phone) -> None:
    expected = [b"HTTP/1.1 201 Created\r\nContent-Le", b"reset"]
    assert shown(service, phone, reset_mid_header()) == expected
    assert phone.pushes[0].status is None


def test_reset_mid_body_leaves_a_tenth_of_the_body(service: PushService, phone: Phone) -> None:
    found, end = shown(service, phone, reset_mid_body())
    head, _, body = found.partition(b"\r\n\r\n")
    assert b"Content-Length: 1000" in head
    assert (len(body), end) == (100, b"reset")


def test_a_dripping_header_comes_byte_by_byte_and_has_no_end(
    service: PushService, phone: Phone
) -> None:
    service.rule(drip_header(every=0.02))
    with dialled(service) as plug:
        plug.sendall(request(phone))
        assert wait_for(plug, b"X-Drip: x").startswith(b"HTTP/1.1 201 Created\r\n")
        assert [read(plug) for _ in range(5)] == [b"x"] * 5
    assert phone.pushes[0].status is None


def test_a_dripping_body_comes_byte_by_byte_and_has_no_end(
    service: PushService, phone: Phone
) -> None:
    service.rule(drip_body(every=0.02))
    with dialled(service) as plug:
        plug.sendall(request(phone))
        wait_for(plug, b"\r\n\r\nx")
        assert [read(plug) for _ in range(5)] == [b"x"] * 5
    assert phone.pushes[0].status == 201


def test_a_bomb_is_small_on_the_wire_and_200_mebibytes_unpacked(
    service: PushService, phone: Phone
) -> None:
    found, end = shown(service, phone, bomb())
    head, _, body = found.partition(b"\r\n\r\n")
    assert b"Content-Encoding: gzip" in head
    assert len(body) < 300_000
    assert end == b"open"
    unpacked = 0
    with gzip.open(io.BytesIO(body)) as stream:
        while more := stream.read(1 << 22):
            unpacked += len(more)
    assert unpacked == 200 << 20
    # A client that inflates as it reads sees one stream, not many.
    inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)
    assert len(inflate.decompress(body, 1 << 24)) == 1 << 24


def test_a_huge_body_is_as_long_as_it_says(service: PushService, phone: Phone) -> None:
    size = 5_000_001
    found, end = shown(service, phone, huge_body(size))
    head, _, body = found.partition(b"\r\n\r\n")
    assert f"Content-Length: {size}".encode() in head
    assert (len(body), end) == (size, b"open")


def test_many_headers_are_as_many_as_told(service: PushService, phone: Phone) -> None:
    found, end = shown(service, phone, many_headers(10_000))
    assert (found.count(b"\r\nX-Filler-"), end) == (10_000, b"open")


@pytest.mark.parametrize(
    ("behaviour", "expected", "code"),
    [
        (
            bad_chunked(),
            b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nnot a chunk\r\n",
            201,
        ),
        (http09(), b"<p>Created</p>\n", None),
        (garbage(), bytes(range(256)) * 4, None),
    ],
    ids=["bad chunked", "http 0.9", "garbage"],
)
def test_bytes_that_are_not_http_come_as_they_are(
    service: PushService, phone: Phone, behaviour: Behaviour, expected: bytes, code: int | None
) -> None:
    assert shown(service, phone, behaviour) == [expected, b""]
    assert phone.pushes[0].status == code


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"hello\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nNo colon\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
    ],
)
def test_what_is_no_request_is_refused_and_not_counted(
    service: PushService, sent: bytes, code: int
) -> None:
    with dialled(service) as plug:
        plug.sendall(sent)
        assert wait_for(plug, b"\r\n\r\n").startswith(f"HTTP/1.1 {code} ".encode())
        assert read(plug) == b""
    assert service.pushes == []


# --- TLS and HTTP/2 ------------------------------------------------------------------------------


# What curl calls a reset depends on whether it was reading or writing just then.
BROKEN = {pycurl.E_RECV_ERROR, pycurl.E_SEND_ERROR, pycurl.E_GOT_NOTHING, pycurl.E_HTTP2}


def aimed(service: PushService, phone: Phone, sender: Sender, **other: str | None) -> Any:
    """Return a curl handle that is ready to push over HTTP/2, and writes to nowhere."""
    curl = pycurl.Curl()
    given = headers(sender.signed(claims(phone)), **other)
    curl.setopt(pycurl.URL, phone.endpoint)
    curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS)
    curl.setopt(pycurl.PIPEWAIT, 1)
    curl.setopt(pycurl.TIMEOUT_MS, 3000)
    curl.setopt(pycurl.HTTPHEADER, [f"{name}: {value}" for name, value in given.items()])
    curl.setopt(pycurl.POSTFIELDS, sealed(phone))
    curl.setopt(pycurl.WRITEFUNCTION, len)
    if service.ca_file:
        curl.setopt(pycurl.CAINFO, str(service.ca_file))
    return curl


def perform(curl: Any) -> int:
    """Send; return the status.

    :raises pycurl.error: with curl's own number
    """
    try:
        curl.perform()
        code: int = curl.getinfo(pycurl.RESPONSE_CODE)
    finally:
        curl.close()
    return code


def test_a_push_over_http_2_is_read_and_without_a_fault(
    secure: PushService, sender: Sender
) -> None:
    phone = secure.subscribe()
    curl = aimed(secure, phone, sender)
    curl.perform()
    curl.perform()
    assert curl.getinfo(pycurl.RESPONSE_CODE) == 201
    assert curl.getinfo(pycurl.INFO_HTTP_VERSION) == pycurl.CURL_HTTP_VERSION_2_0
    curl.close()
    assert [(push.http, push.text, push.faults) for push in phone.pushes] == [("2", TEXT, [])] * 2
    assert secure.connections == 1


def test_a_client_of_http_1_is_served_over_tls_too(secure: PushService, sender: Sender) -> None:
    phone = secure.subscribe()
    curl = aimed(secure, phone, sender)
    curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
    assert perform(curl) == 201
    assert [(push.http, push.faults) for push in phone.pushes] == [("1.1", [])]


def test_the_certificate_is_good_for_localhost_by_name(secure: PushService, sender: Sender) -> None:
    phone = secure.subscribe()
    curl = aimed(secure, phone, sender)
    curl.setopt(pycurl.URL, phone.endpoint.replace("127.0.0.1", "localhost"))
    assert perform(curl) == 201


def test_a_client_that_does_not_know_the_authority_sends_nothing(
    secure: PushService, sender: Sender, tmp_path: Path
) -> None:
    other = PushService(tls=True, folder=tmp_path / "other")
    curl = aimed(secure, secure.subscribe(), sender)
    curl.setopt(pycurl.CAINFO, str(other.ca_file))
    with pytest.raises(pycurl.error) as refused:
        perform(curl)
    assert refused.value.args[0] == pycurl.E_PEER_FAILED_VERIFICATION
    assert (secure.connections, secure.pushes) == (1, [])


def test_a_wrong_header_is_noticed_over_http_2(secure: PushService, sender: Sender) -> None:
    phone = secure.subscribe()
    assert perform(aimed(secure, phone, sender, TTL=None)) == 201
    assert phone.pushes[0].faults == ["TTL: missing"]


def test_a_status_over_http_2_has_its_headers_and_body(secure: PushService, sender: Sender) -> None:
    phone = secure.subscribe()
    secure.rule(status(429, {"Retry-After": "soon", "Connection": "close"}, b"later"))
    curl = aimed(secure, phone, sender)
    heads, body = bytearray(), bytearray()
    curl.setopt(pycurl.HEADERFUNCTION, heads.extend)
    curl.setopt(pycurl.WRITEFUNCTION, body.extend)
    assert perform(curl) == 429
    assert bytes(heads).split() == b"HTTP/2 429 retry-after: soon content-length: 5".split()
    assert body == b"later"


def test_slow_over_http_2_answers_in_the_end(secure: PushService, sender: Sender) -> None:
    secure.rule(slow(0.1, status(503)))
    before = time.monotonic()
    assert perform(aimed(secure, secure.subscribe(), sender)) == 503
    assert time.monotonic() - before >= 0.1


def test_reset_over_http_2_is_an_error_not_an_answer(secure: PushService, sender: Sender) -> None:
    phone = secure.subscribe()
    secure.rule(reset())
    with pytest.raises(pycurl.error) as failed:
        perform(aimed(secure, phone, sender))
    assert failed.value.args[0] in BROKEN
    assert {push.status for push in phone.pushes} == {None}


def test_a_huge_body_over_http_2_is_as_long_as_it_says(secure: PushService, sender: Sender) -> None:
    size = 12_000_001  # over curl's window, so that the service must wait for more room
    secure.rule(huge_body(size))
    curl = aimed(secure, secure.subscribe(), sender)
    curl.perform()
    assert curl.getinfo(pycurl.SIZE_DOWNLOAD_T) == size
    curl.close()


def test_a_push_that_hangs_does_not_hold_up_others_on_its_connection(
    secure: PushService, sender: Sender
) -> None:
    phones = [secure.subscribe() for _ in range(5)]
    secure.rule(hang(), phone=phones[0])
    multi = pycurl.CurlMulti()
    multi.setopt(pycurl.M_PIPELINING, 2)
    handles = [aimed(secure, phone, sender) for phone in phones]
    for handle in handles:
        multi.add_handle(handle)
    deadline = time.monotonic() + 3
    codes: list[int] = []
    while codes.count(201) < 4 and time.monotonic() < deadline:
        multi.perform()
        multi.select(0.05)
        codes = [handle.getinfo(pycurl.RESPONSE_CODE) for handle in handles]
    for handle in handles:
        multi.remove_handle(handle)
        handle.close()
    multi.close()
    assert codes == [0, 201, 201, 201, 201]
    assert secure.connections == 1


def test_a_client_that_gives_up_over_http_2_is_no_failure_of_the_service(
    secure: PushService, sender: Sender
) -> None:
    phone = secure.subscribe()
    secure.rule(slow(0.15), times=1)
    curl = aimed(secure, phone, sender)
    curl.setopt(pycurl.TIMEOUT_MS, 80)
    with pytest.raises(pycurl.error) as failed:
        perform(curl)
    assert failed.value.args[0] == pycurl.E_OPERATION_TIMEDOUT
    time.sleep(0.15)
    assert ([push.status for push in phone.pushes], secure.failures) == ([None], [])
    assert perform(aimed(secure, phone, sender)) == 201


def test_a_long_lived_connection_of_http_2_never_runs_out_of_room(
    secure: PushService, sender: Sender
) -> None:
    secure.decrypt = False
    phone = secure.subscribe()
    curl = aimed(secure, phone, sender)
    curl.setopt(pycurl.POSTFIELDS, bytes(4096))
    for _ in range(40):
        curl.perform()
    curl.close()
    assert [push.status for push in phone.pushes] == [201] * 40
    assert secure.connections == 1


@pytest.mark.parametrize(
    ("behaviour", "numbers"),
    [
        (drip_body(every=0.02), {pycurl.E_OPERATION_TIMEDOUT}),
        (hang(), {pycurl.E_OPERATION_TIMEDOUT}),
        (reset_mid_body(), BROKEN),
    ],
    ids=["drip", "hang", "reset mid-body"],
)
def test_an_answer_that_never_ends_over_http_2_is_an_error(
    secure: PushService, sender: Sender, behaviour: Behaviour, numbers: set[int]
) -> None:
    secure.rule(behaviour)
    curl = aimed(secure, secure.subscribe(), sender)
    curl.setopt(pycurl.TIMEOUT_MS, 200)
    with pytest.raises(pycurl.error) as failed:
        perform(curl)
    assert failed.value.args[0] in numbers


def test_a_bomb_over_http_2_is_small_on_the_wire(secure: PushService, sender: Sender) -> None:
    secure.rule(bomb())
    curl = aimed(secure, secure.subscribe(), sender)
    curl.perform()
    assert 100_000 < curl.getinfo(pycurl.SIZE_DOWNLOAD_T) < 300_000
    curl.close()


def test_what_http_2_cannot_show_is_refused_as_a_rule(secure: PushService) -> None:
    for behaviour in (drip_header(), reset_mid_header(), bad_chunked(), http09(), garbage()):
        with pytest.raises(ValueError, match="not over HTTP/2"):
            secure.rule(behaviour)


def test_tls_without_a_folder_is_refused() -> None:
    with pytest.raises(ValueError, match="folder"):
        PushService(tls=True)


def test_bytes_that_are_no_http_2_are_told_when_the_service_stops(
    secure: PushService,
) -> None:
    context = ssl.create_default_context(cafile=str(secure.ca_file))
    context.set_alpn_protocols(["h2"])
    with (
        dialled(secure) as plug,
        context.wrap_socket(plug, server_hostname="127.0.0.1") as tls,
    ):
        tls.sendall(secrets.token_bytes(64))
        assert secure.wait(lambda: bool(secure.failures))
    with pytest.raises(BaseExceptionGroup, match="push service of the tests failed"):
        secure.stop()
