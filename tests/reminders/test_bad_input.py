"""What nobody should send and somebody will: malformed subscriptions, hostile bodies, odd bytes."""

import contextlib
import gzip
import http.client
import json
import re
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conftest import Server
from tests.reminders.site import DAY, HOUR, Site, ring
from webapp.app import MAX_BODY

Body = dict[str, Any]
Change = Callable[[Body], object]
HOST = "https://fcm.googleapis.com"
PATH = "/fcm/send/abc"
JSON = "application/json"
MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def house(house: Site) -> Site:
    """The shared site with one phone in it; it is to stay as it was."""
    house.confirmed(ring(at=HOUR))
    return house


def kept(site: Site) -> list[Any]:
    """Return all that is kept of phones."""
    rows = [site.sql(f"SELECT * FROM {each} ORDER BY id") for each in ("subscription", "reminder")]
    assert rows[0]
    assert rows[1]
    return rows


# --- malformed subscriptions ---------------------------------------------------------------------


def endpoint(value: object) -> Change:
    """Return what puts another endpoint into a body."""
    return lambda body: body["subscription"].update(endpoint=value)


def key(name: str, value: object) -> Change:
    """Return what puts another key of the browser into a body."""
    return lambda body: body["subscription"]["keys"].update({name: value})


def keys(value: object) -> Change:
    """Return what puts other keys into a body."""
    return lambda body: body["subscription"].update(keys=value)


def member(name: str, value: object) -> Change:
    """Return what puts another member into a body."""
    return lambda body: body.update({name: value})


def without(*path: str) -> Change:
    """Return what leaves a member out of a body."""

    def leave_out(body: Body) -> None:
        for each in path[:-1]:
            body = body[each]
        del body[path[-1]]

    return leave_out


def reminder(**changed: object) -> Change:
    """Return what makes the only reminder of a body another one; None leaves a member out."""

    def change(body: Body) -> None:
        whole = {**ring("a", at=HOUR), **changed}
        body["reminders"] = [{name: each for name, each in whole.items() if each is not None}]

    return change


OFF_THE_CURVE = "BA" + "A" * 84 + "E"  # 65 bytes that begin as a point does
COMPRESSED = "A" + "w" + "A" * 42  # 33 bytes

ENDPOINTS: list[object] = [
    None, 5, True, [], {}, "", " ", "/", "https", "https://", "https:///x", "//fcm.googleapis.com/x",
    f"http://fcm.googleapis.com{PATH}", f"ftp://fcm.googleapis.com{PATH}",
    f"wss://fcm.googleapis.com{PATH}", f"{HOST}:444{PATH}", f"{HOST}:0{PATH}", f"{HOST}:{PATH}",
    f"{HOST}:65979{PATH}", f"{HOST}:99999999999{PATH}", HOST, f"{HOST}.{PATH}", f"{HOST}.evil.example/x",
    "https://evil.example/x", "https://fcm.googleapis.com@evil.example/x",
    "https://me@fcm.googleapis.com/x", "https://evil.example\\@fcm.googleapis.com/x",
    "https://evil.example#@fcm.googleapis.com/x", "https://fcm.googleapis.com\\.evil.example/x",
    f"{HOST}{PATH}#top", f"{HOST}{PATH}\r\nX: y", f"{HOST}{PATH}\x00", f"{HOST}/a b", f"\t{HOST}{PATH}",
    f"{HOST}{PATH}\n", f"{HOST}/é", "https://fcm。googleapis。com/x", "https://\uff46cm.googleapis.com/x",
    "https://fcm.googleapis.com%2eevil.example/x", "https://[::1]/x", "https://127.0.0.1/x",
    "https://2130706433/x", "https://0x7f.1/x", "https://localhost/x", "http://127.0.0.1:1/x",
    "https://push.apple.com.evil.example/x", "https://xnotify.windows.com/x",
    "https://.notify.windows.com/x", "file:///etc/passwd", "data:,x", "javascript:alert(1)",
    f"{HOST}/" + "x" * 2048, f"{HOST}/\ud800", "https://a..push.apple.com/x",
    "https://-.push.apple.com/x", "https://FCM.googleapis.com:443x/y",
]  # fmt: skip
AUTHS: list[object] = [
    None, 5, [], {}, "", "x", "A" * 21, "A" * 23, "A" * 44, "A" * 5000, "A" * 21 + "!", "é" * 22,
    "+" * 22, "/" * 22, "A" * 22 + "=" * 3, " " + "A" * 22, "A" * 22 + "\n", "A" * 11 + "=" + "A" * 10,
]  # fmt: skip
POINTS: list[object] = [
    None, 5, [], {}, "", "x", "A" * 87, "B" * 87, OFF_THE_CURVE, COMPRESSED, "BA" * 5000, "é" * 87,
    "B" + "+" * 86, "A", "_" * 87,
]  # fmt: skip
INSTANTS: list[object] = [
    5, True, [], {}, "", "now", "2026-11-22", "2026-11-22T10:00:00", "2026-11-22 10:00:00Z",
    "2026-11-22T10:00Z", "2026-11-22T10:00:00+01:00", "2026-11-22T10:00:00-00:01",
    "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T10:61:00Z",
    "2026-11-22T10:00:61Z", "0000-01-01T00:00:00Z", "12026-11-22T10:00:00Z", "-026-11-22T10:00:00Z",
    "2026-11-22T10:00:00.Z", "2026-11-22T10:00:00,5Z", "2026-11-22T10:00:00Z\n", " 2026-11-22T10:00:00Z",
    "\uff12\uff10\uff12\uff16-11-22T10:00:00Z", "2026-11-22T10:00:00ZZ", "20261122T100000Z", "2026-W47-7T10:00:00Z",
    "1763805600", "2026-11-22T10:00:00\u212a", "\ud800", "\x00", "9" * 5000,
]  # fmt: skip
NAMES: list[object] = [
    5, True, [], {}, "", " ", "a b", "é", "a\n", "\x00", "x" * 33, "welcome", "test", "a.b", "a/b", "a~b",
    "\ud800", "\U0001d7d8", "x" * 5000,
]  # fmt: skip

LANGUAGES: list[object] = [
    None, 5, [], {}, True, "", "EN", "en-CA", "de", "fr ", "\ud800", "en\x00",
]  # fmt: skip
NO_OBJECT: list[object] = [None, [], "x", 5, True]
NO_LIST: list[object] = [None, {}, "x", 5, True, {"0": ring()}]

ENDPOINT, AUTH, POINT = (
    f"/subscription/{each}" for each in ("endpoint", "keys/auth", "keys/p256dh")
)
OWN_KEY, LIST = "/applicationServerKey", "/reminders"
WRONG: list[tuple[str, Change]] = [
    *((ENDPOINT, endpoint(each)) for each in ENDPOINTS),
    *((AUTH, key("auth", each)) for each in AUTHS),
    *((POINT, key("p256dh", each)) for each in POINTS),
    *((OWN_KEY, member("applicationServerKey", each)) for each in POINTS),
    *((f"{LIST}/0/{side}", reminder(**{side: each})) for side in ("at", "until") for each in INSTANTS),
    *((f"{LIST}/0/id", reminder(id=each)) for each in NAMES),
    (ENDPOINT, without("subscription", "endpoint")),
    ("/subscription/keys", without("subscription", "keys")),
    *(("/subscription/keys", keys(each)) for each in NO_OBJECT),
    (AUTH, without("subscription", "keys", "auth")),
    (POINT, without("subscription", "keys", "p256dh")),
    ("/subscription", without("subscription")),
    *(("/subscription", member("subscription", each)) for each in NO_OBJECT),
    (OWN_KEY, without("applicationServerKey")),
    ("/language", without("language")),
    *(("/language", member("language", each)) for each in LANGUAGES),
    (LIST, without("reminders")),
    *((LIST, member("reminders", each)) for each in NO_LIST),
    *((f"{LIST}/0", member("reminders", [each])) for each in NO_OBJECT),
    (LIST, member("reminders", [ring(f"r{number}", at=HOUR) for number in range(201)])),
    (f"{LIST}/1/id", member("reminders", [ring("a", at=HOUR), ring("a", at=HOUR)])),
    *((f"{LIST}/0/{each}", reminder(**{each: None})) for each in ("id", "at", "until")),
    (f"{LIST}/0/title", reminder(title="Vitamin C")),
    (f"{LIST}/0/outcome", reminder(outcome="accepted")),
    (f"{LIST}/0/a~1b~0c", reminder(**{"a/b~c": 1})),
    (f"{LIST}/0/at", reminder(**ring("a", at=401 * DAY))),
    (f"{LIST}/0/at", reminder(at="9999-12-31T00:00:00Z", until="9999-12-31T01:00:00Z")),
    (f"{LIST}/0/until", reminder(**ring("a", lasts=0))),
    (f"{LIST}/0/until", reminder(**ring("a", lasts=-1))),
    (f"{LIST}/0/until", reminder(**ring("a", lasts=DAY + 1))),
    *((f"/{place}", member(name, 1)) for name, place in (
        ("id", "id"), ("secret", "secret"), ("confirmed", "confirmed"), ("__proto__", "__proto__"),
        ("a/b", "a~1b"), ("~", "~0"), ("", ""), ("\x00", "\x00"), ("\ud800", "\ud800"),
        ("Reminders", "Reminders"), ("timezone", "timezone"),
    )),
]  # fmt: skip


def test_there_are_many_malformed_subscriptions() -> None:
    assert len(WRONG) >= 80
    assert len({place for place, _ in WRONG}) >= 20


def test_no_malformed_subscription_is_kept_and_each_is_told_its_place(house: Site) -> None:
    before = kept(house)
    right = house.asked(house.service.subscribe(), ring(at=HOUR))
    assert_refused(house.client, "POST", "/api/subscriptions", right, {})
    assert kept(house) == before


def assert_refused(
    client: FlaskClient, method: str, path: str, right: Body, headers: dict[str, str]
) -> None:
    """Send each malformed subscription, and hold the answer against the place that is wrong."""
    for place, change in WRONG:
        body = json.loads(json.dumps(right))
        change(body)
        answer = client.open(path, method=method, json=body, headers=headers)
        shown = json.dumps(body)[:300]
        assert answer.status_code == 422, shown
        assert answer.mimetype == "application/problem+json"
        told = (answer.json or {})["errors"]
        assert [each["pointer"] for each in told] == [place], shown
        assert all(each["detail"] for each in told)


def test_no_malformed_change_is_kept_either(house: Site) -> None:
    mine = house.confirmed(ring("own", at=HOUR))
    before = kept(house)
    right = house.asked(mine.phone, ring(at=HOUR))
    for place, change in WRONG:
        body = json.loads(json.dumps(right))
        change(body)
        answer = house.client.put(mine.path, json=body, headers=mine.bearer)
        assert answer.status_code == 422, json.dumps(body)[:300]
        assert place in [each["pointer"] for each in (answer.json or {})["errors"]]
    for half in ("subscription", "applicationServerKey"):
        body = {name: each for name, each in right.items() if name != half}
        answer = house.client.put(mine.path, json=body, headers=mine.bearer)
        assert answer.status_code == 422
        assert [each["pointer"] for each in (answer.json or {})["errors"]] == [f"/{half}"]
    assert kept(house) == before


def test_all_that_is_wrong_is_told_at_once(house: Site) -> None:
    odd = [ring("welcome"), {**ring("a"), "at": 1}, 5, ring("b", lasts=0)]
    body = {
        "subscription": {"endpoint": 1, "keys": {}}, "language": "de", "reminders": odd,
        "applicationServerKey": "", "more": 1,
    }  # fmt: skip
    answer = house.client.post("/api/subscriptions", json=body)
    assert [each["pointer"] for each in (answer.json or {})["errors"]] == [
        "/more", "/language", "/reminders/0/id", "/reminders/1/at", "/reminders/2",
        "/reminders/3/until", OWN_KEY, ENDPOINT, POINT, AUTH,
    ]  # fmt: skip


@pytest.mark.parametrize("path", ["/api/subscriptions", "/api/receipts"])
def test_a_body_of_faults_does_not_get_an_answer_many_times_its_size(
    house: Site, path: str
) -> None:
    body = json.dumps({f"{number:x}": 0 for number in range(5000)}, separators=(",", ":")).encode()
    assert len(body) < MAX_BODY
    answer = house.client.post(path, data=body, content_type=JSON)
    assert answer.status_code == 422
    assert len(answer.data) < len(body)
    assert len((answer.json or {})["errors"]) <= 50


@pytest.mark.parametrize("name", ["a" * 99 + "/", "~" * 99, "/" * 200, "a" * 60_000])
def test_the_place_of_a_long_member_is_still_a_place(house: Site, name: str) -> None:
    for path, more in (("/api/subscriptions", {}), ("/api/receipts", {"receipt": "x"})):
        answer = house.client.post(path, json={name: 1, **more})
        assert answer.status_code == 422
        place = (answer.json or {})["errors"][0]["pointer"]
        assert len(place) <= 300
        assert "~" not in place.replace("~0", "").replace("~1", "")


@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        True,
        [],
        {},
        "",
        "x" * 65,
        "a b",
        "é",
        "a\n",
        "\x00",
        "\ud800",
        "a=",
        "a+b",
        "\uff11",
    ],
    ids=lambda value: repr(value)[:8],
)
def test_a_malformed_receipt_is_told_its_place(house: Site, value: object) -> None:
    answer = house.client.post("/api/receipts", json={"receipt": value})
    assert answer.status_code == 422
    assert [each["pointer"] for each in (answer.json or {})["errors"]] == ["/receipt"]


# --- hostile bodies ------------------------------------------------------------------------------


def as_json(value: object) -> bytes:
    """Return JSON bytes."""
    return json.dumps(value).encode()


def hostile(right: Body) -> Iterator[tuple[str, int, bytes, dict[str, str]]]:
    """Yield bodies that nobody means well with: a name, the status due, the bytes, the headers.

    Around each there is a right subscription wherever one can be, so that only what is wrong
    keeps it out.
    """
    whole = as_json(right)
    head = whole[:-1]
    plain = {"Content-Type": JSON}

    def in_it(more: bytes) -> bytes:
        return head + b', "more": ' + more + b"}"

    for name, more in {
        "a 5,000-digit integer": b"1" * 5000,
        "a 5,000-digit negative integer": b"-" + b"1" * 5000,
        "lists 5,000 deep": b"[" * 5000 + b"]" * 5000,
        "objects 5,000 deep": b'{"a":' * 5000 + b"1" + b"}" * 5000,
        "lists 30,000 deep": b"[" * 30_000 + b"]" * 30_000,
        "NaN": b"NaN", "Infinity": b"Infinity", "-Infinity": b"-Infinity", "nan": b"nan",
        "a number with a plus": b"+1", "a number with a leading zero": b"01", "hex": b"0x10",
        "a bare point": b".5", "a point at the end": b"5.", "True": b"True", "None": b"None",
        "undefined": b"undefined", "single quotes": b"'x'", "a comma at the end": b"[1,]",
        "a comment": b"1 /* x */", "a line comment": b"1 // x\n", "a raw newline": b'"a\nb"',
        "a raw NUL": b'"a\x00b"', "a bad escape": b'"\\x41"', "half an escape": b'"\\u12"',
        "a Latin-1 letter": b'"\xe9"', "an overlong slash": b'"\xc0\xaf"',
        "a surrogate in UTF-8": b'"\xed\xa0\x80"', "beyond Unicode": b'"\xf4\x90\x80\x80"',
        "half a letter": b'"\xc3"', "a letter's second half": b'"\x80"',
    }.items():  # fmt: skip
        yield name, 400, in_it(more), plain
    for name, more in {
        "2^70": b"1180591620717411303424", "1e400": b"1e400", "-1e400": b"-1e400",
        "a lone surrogate": b'"\\ud800"', "surrogates the wrong way round": b'"\\udc00\\ud800"',
        "an escaped NUL": b'"\\u0000"', "30,000 characters": b'"' + b"x" * 30_000 + b'"',
        "lists 200 deep": b"[" * 200 + b"]" * 200, "10,000 nulls": b"[" + b"null," * 9999 + b"null]",
        "a right-to-left override": '"\u202e"'.encode(),
    }.items():  # fmt: skip
        yield name, 422, in_it(more), plain
    for name, raw in {
        "nothing": b"", "spaces": b" " * 100, "newlines": b"\r\n" * 100, "NULs": b"\x00" * 100,
        "null": b"null", "true": b"true", "a number": b"5", "a string": b'"x"', "a list": b"[]",
        "a list of one": b"[" + whole + b"]", "a string of JSON": as_json(whole.decode()),
        "a brace": b"{", "two objects": whole + whole, "something after": whole + b"x",
        "a NUL after": whole + b"\x00", "something before": b")]}'\n" + whole,
        "the last brace missing": head, "a BOM": b"\xef\xbb\xbf" + whole,
        "UTF-16": whole.decode().encode("utf-16"), "UTF-16, no BOM": whole.decode().encode("utf-16-le"),
        "UTF-32": whole.decode().encode("utf-32"), "UTF-7": b"+AHs-" + whole[1:],
        "one member twice": head + b', "language": "en"}',
        "one member twice, deep down": whole.replace(b'"auth"', b'"auth": "x", "auth"'),
        "one member twice, differently written": head + b', "l\\u0061nguage": "en"}',
        "a form": b"subscription=x&language=en", "XML": b"<a/>", "Python's pickle": b"\x80\x04N.",
        "CBOR": b"\xa1aa\x01", "random bytes": bytes(range(256)),
        "an unclosed string": b'{"' + b"a" * 60_000, "commas": b"{" + b"," * 60_000,
    }.items():  # fmt: skip
        yield name, 400, raw, plain
    yield "a key of 60,000 characters", 422, as_json({**right, "k" * 60_000: 1}), plain
    yield "7,000 members", 422, as_json({**right, **{f"{n:x}": 0 for n in range(5000)}}), plain
    yield "64 KiB and a byte", 413, whole + b" " * (MAX_BODY + 1 - len(whole)), plain
    yield "a list 100,000 deep", 413, b"[" * 100_000 + b"]" * 100_000, plain
    yield "an unclosed list 100,000 deep", 413, b"[" * 100_000, plain
    many = b",".join(b'"%x":0' % number for number in range(100_000))
    yield "100,000 members", 413, head + b"," + many + b"}", plain
    yield "a megabyte", 413, in_it(b'"' + b"x" * MEBIBYTE + b'"'), plain
    zipped = gzip.compress(whole)
    for coding in ("gzip", "deflate", "br"):
        yield f"{coding} it says", 400, zipped, {**plain, "Content-Encoding": coding}
    yield "a bomb", 400, gzip.compress(b" " * 10 * MEBIBYTE), {**plain, "Content-Encoding": "gzip"}
    for kind in (
        "", "text/plain", "text/json", "application/x-www-form-urlencoded", "application/jsonp",
        "multipart/form-data; boundary=x", "application/problem+json", "application/ld+json",
        "application/json5", "application", "*/*", "application/*", "application/json/x",
        "application/js\u043en", "text/html, application/json", "applicationjson", "json", ";",
        "application/octet-stream", "application/json\x0b", "; application/json", "é" * 500,
    ):  # fmt: skip
        yield f"as {kind[:30]!r}", 415, whole, {"Content-Type": kind}
    form = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + whole + b"\r\n--x--\r\n"
    yield "a form in parts", 415, form, {"Content-Type": "multipart/form-data; boundary=x"}
    yield "parts in disguise", 400, form, plain


def latin(headers: dict[str, str]) -> dict[str, str]:
    """Return headers as their UTF-8 bytes come through WSGI."""
    return {name: value.encode().decode("latin-1") for name, value in headers.items()}


def test_there_are_many_hostile_bodies(house: Site) -> None:
    named = [name for name, *_ in hostile(house.asked(house.service.subscribe()))]
    assert len(set(named)) == len(named) >= 60


@pytest.mark.parametrize("call", ["subscribing", "changing", "acknowledging"])
def test_no_hostile_body_breaks_anything_or_is_kept(house: Site, call: str) -> None:
    mine = house.confirmed(ring("own", at=HOUR))
    before = kept(house)
    for name, due, raw, headers in hostile(house.asked(house.service.subscribe(), ring(at=HOUR))):
        method, path = {
            "subscribing": ("POST", "/api/subscriptions"),
            "changing": ("PUT", mine.path),
            "acknowledging": ("POST", "/api/receipts"),
        }[call]
        sent = {**latin(headers), **mine.bearer}
        answer = house.client.open(path, method=method, data=raw, headers=sent)
        assert answer.status_code == due, name
        assert answer.mimetype == "application/problem+json", name
        assert (answer.json or {})["status"] == due, name
    assert kept(house) == before


def test_a_right_body_may_be_named_json_in_any_usual_way(house: Site) -> None:
    for kind in (
        JSON,
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        "application/json ;x=y",
    ):
        body = house.asked(house.service.subscribe(), ring(at=HOUR))
        answer = house.client.post("/api/subscriptions", data=as_json(body), content_type=kind)
        assert answer.status_code == 201, kind


# --- bytes on the wire ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served(
    running_with: Callable[..., AbstractContextManager[Server]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    """`lendemain serve` with a folder of its own."""
    data = tmp_path_factory.mktemp("served") / "data"
    with running_with(WEBAPP_DATA=str(data), WEBAPP_SENDER="off") as running:
        yield running


def memory_of(server: Server) -> int:
    """Return how much memory a server holds, in bytes."""
    assert server.process
    status = Path(f"/proc/{server.process.pid}/status").read_text("ascii")
    (line,) = (each for each in status.splitlines() if each.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


def spoken(server: Server, raw: bytes, seconds: float = 5.0) -> tuple[int, dict[str, str], bytes]:
    """Send bytes to a server, and return the first answer: status (0 for none), headers, body."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as wire:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            wire.sendall(raw)  # or until it has heard enough, and answered
        answer = http.client.HTTPResponse(wire)
        try:
            answer.begin()
        except http.client.RemoteDisconnected:
            return 0, {}, b""
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()


def request(
    body: bytes = b"", *, path: str = "/api/receipts", length: str | None = None, more: str = ""
) -> bytes:
    """Return the bytes of a request with a body."""
    said = str(len(body)) if length is None else length
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {JSON}\r\nConnection: close\r\n"
        + (f"Content-Length: {said}\r\n" if said else "")
        + more
    )
    return head.encode() + b"\r\n" + body


def chunked(body: bytes, size: int = 8192) -> bytes:
    """Return a body in chunks."""
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in parts) + b"0\r\n\r\n"


CHUNKS = "Transfer-Encoding: chunked\r\n"
RECEIPT = b'{"receipt": "x"}'


def answers_still(server: Server) -> None:
    """Hold that a server is as well as before."""
    assert spoken(server, request(RECEIPT))[0] == 204


@pytest.mark.parametrize("path", ["/api/receipts", "/api/subscriptions"])
@pytest.mark.parametrize(
    ("size", "in_chunks"),
    [(MAX_BODY + 1, False), (MAX_BODY, True), (10 * MEBIBYTE, False), (10 * MEBIBYTE, True)],
)
def test_a_huge_body_is_refused_at_once_as_a_problem(
    served: Server, path: str, size: int, in_chunks: bool
) -> None:
    body = b'{"receipt": "' + b"x" * size + b'"}'
    raw = (
        request(chunked(body), path=path, length="", more=CHUNKS)
        if in_chunks
        else request(body, path=path)
    )
    raw = raw.replace(b"Host:", b"Accept-Language: en-CA\r\nHost:", 1)
    answers_still(served)
    began = time.monotonic()
    code, headers, told = spoken(served, raw)
    assert time.monotonic() - began < 1
    assert code == 413
    assert headers["content-type"] == "application/problem+json"
    assert json.loads(told)["status"] == 413
    assert headers["content-language"] == "en"
    assert "no-store" in headers["cache-control"]
    answers_still(served)


def test_huge_bodies_leave_no_memory_behind(served: Server) -> None:
    body = b"[" * 10 * MEBIBYTE
    raw = [request(body), request(chunked(body), length="", more=CHUNKS), request(b"[" * 60_000)]
    spoken(served, request(b"[" * 1000))
    before = memory_of(served)
    heard = [spoken(served, each)[0] for each in raw for _ in range(4)]
    assert heard == [413] * 8 + [400] * 4
    assert memory_of(served) - before <= 20 * MEBIBYTE
    answers_still(served)


@pytest.mark.parametrize("in_chunks", [False, True])
def test_a_body_of_just_64_kib_is_read(served: Server, in_chunks: bool) -> None:
    body = RECEIPT + b" " * (MAX_BODY - len(RECEIPT))
    raw = request(chunked(body), length="", more=CHUNKS) if in_chunks else request(body)
    assert spoken(served, raw)[0] == 204


def test_a_body_in_chunks_is_read_like_any_other(served: Server) -> None:
    right = request(chunked(RECEIPT, 3), length="", more=CHUNKS)
    assert spoken(served, right)[0] == 204
    wrong = request(chunked(b"[" * 1000, 7), length="", more=CHUNKS)
    assert spoken(served, wrong)[0] == 400


@pytest.mark.parametrize(
    ("name", "raw", "codes"),
    [
        ("longer than it says", request(RECEIPT + b"x" * 999, length=str(len(RECEIPT))), {204}),
        ("shorter by being empty", request(RECEIPT, length="0"), {400}),
        ("no length", request(RECEIPT, length=""), {400, 411}),
        ("a negative length", request(RECEIPT, length="-1"), {400}),
        ("a length in words", request(RECEIPT, length="many"), {400}),
        ("a length with a plus", request(RECEIPT, length="+16"), {400}),
        ("a length of 2^70", request(RECEIPT, length=str(2**70)), {413}),
        # What is hardly HTTP may be left without an answer: 0.
        ("5,000 digits of length", request(RECEIPT, length="9" * 5000), {0, 400, 413}),
        ("two lengths", request(RECEIPT, more="Content-Length: 3\r\n"), {400}),
        ("a length and chunks", request(chunked(RECEIPT), more=CHUNKS), {400}),
        ("both, in HTTP/1.0", request(chunked(RECEIPT), more=CHUNKS).replace(b"/1.1", b"/1.0"), {400}),
        ("bad chunks", request(b"zz\r\n{}\r\n0\r\n\r\n", length="", more=CHUNKS), {400}),
        ("a negative chunk", request(b"-5\r\n{}\r\n0\r\n\r\n", length="", more=CHUNKS), {400}),
        ("an unknown coding", request(RECEIPT, more="Transfer-Encoding: gzip\r\n"), {400, 501}),
        ("a header of 33 KB", request(RECEIPT, more=f"X: {'x' * 33_000}\r\n"), {431}),
        ("a header of 300 KB", request(RECEIPT, more=f"X: {'x' * 300_000}\r\n"), {400, 431}),
        ("no host", request(RECEIPT).replace(b"Host: 127.0.0.1\r\n", b""), {400}),
        ("another host", request(RECEIPT).replace(b"Host: 127.0.0.1", b"Host: evil.example"), {400}),
        ("no HTTP", b"\x16\x03\x01\x00\xa5\x01\x00\r\n\r\n", {400}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_body_that_lies_about_itself_does_no_harm(
    served: Server, name: str, raw: bytes, codes: set[int]
) -> None:
    assert spoken(served, raw)[0] in codes, name
    answers_still(served)


def test_nothing_behind_a_request_that_lies_about_its_end_is_answered(served: Server) -> None:
    hidden = request(RECEIPT)
    lying = request(b"0\r\n\r\n", length="4", more=CHUNKS).replace(b"close", b"keep-alive")
    with socket.create_connection(("127.0.0.1", served.port), timeout=5) as wire:
        wire.sendall(lying + hidden)
        heard = b"".join(iter(lambda: wire.recv(65536), b""))
    assert re.findall(rb"HTTP/1\.[01] (\d+)", heard) == [b"400"]


def test_many_odd_headers_leave_no_memory_behind(served: Server) -> None:
    def ask(number: int) -> int:
        odd = f"Accept-Encoding: {number:06}{'a' * 250_000}\r\n"
        return spoken(served, request(RECEIPT, path="/fr/", more=odd).replace(b"POST", b"GET"))[0]

    ask(0)
    before = memory_of(served)
    assert {ask(number) for number in range(300)} <= {431}
    assert memory_of(served) - before <= 20 * MEBIBYTE


def test_the_longest_plan_and_many_cookies_of_others_still_get_a_page(served: Server) -> None:
    raw = request(
        path=f"/fr/today?plan=1.{'a' * 1190}", length="", more=f"Cookie: {'x' * 16_000}\r\n"
    )
    assert spoken(served, raw.replace(b"POST", b"GET"))[0] == 200


def test_a_body_that_never_comes_keeps_nobody_waiting(served: Server) -> None:
    """Sixty-four callers that stop in the middle of their body hold no thread of the server."""
    half = request(RECEIPT[:5], length=str(len(RECEIPT)))
    endless = request(b"f" * 40 + b"\r\n{}", length="", more=CHUNKS)
    wires = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(64)]
    try:
        for number, wire in enumerate(wires):
            wire.sendall(endless if number % 2 else half)
        began = time.monotonic()
        answers_still(served)
        assert time.monotonic() - began < 1
        wires[0].sendall(RECEIPT[5:])
        assert wires[0].recv(100).startswith(b"HTTP/1.1 204")
    finally:
        for wire in wires:
            wire.close()


def test_what_was_refused_on_the_wire_is_not_kept_in_a_file(served: Server) -> None:
    canary = secrets.token_hex(16)
    for path in ("/api/receipts", "/api/subscriptions", f"/api/subscriptions/{canary}"):
        for body in (as_json({"receipt": 5, canary: 1}), canary.encode(), b"[" * MAX_BODY * 2):
            assert 400 <= spoken(served, request(body, path=path))[0] < 500
    data = Path(served.environ["WEBAPP_DATA"])
    files = [each for each in data.rglob("*") if each.is_file()]
    assert len(files) >= 3
    assert not [each for each in files if canary.encode() in each.read_bytes()]
