"""A push service of our own on a loopback address, as the RFCs say one behaves, or as they forbid.

It reads what it is sent with other hands than the program's: `http_ece` and `cryptography`, never
pywebpush or py_vapid, so that a fault in those does not hide itself. RFC 8030 is the service, 8188
and 8291 the encryption, 8292 (VAPID) the sender's signature.
"""

import asyncio
import json
import re
import secrets
import socket
import ssl
import struct
import threading
import time
import zlib
from abc import ABC, abstractmethod
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, cast

import http_ece
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RemoteSettingsChanged,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import ProtocolError, StreamClosedError

BODY_LIMIT = 4096  # bytes; RFC 8030, 7.2: a service takes at least as many
DAY = 24 * 60 * 60  # seconds; RFC 8292, 2: a token lives no longer
CHUNK = b"x" * 65_536
READING = 0.05  # seconds; a reset at once could overtake what was sent before it


def b64url(raw: bytes) -> str:
    """Return base64url without padding, as every RFC of Web Push writes bytes."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64url(text: str) -> bytes:
    """Read base64url that has no padding.

    :raises ValueError: for anything else, padding included
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        raise ValueError(f"not base64url without padding: {text[:80]!r}")
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


# --- what arrives, and on which phone ------------------------------------------------------------


@dataclass
class Push:
    """A request as it arrived, whatever became of it."""

    at: float
    """When its last byte was read: seconds since 1970."""
    path: str
    http: Literal["1.1", "2"]
    headers: dict[str, str]
    """Lower-case names; a header sent twice is joined with a comma."""
    body: bytes
    text: str | None = None
    """What the phone reads, padding included; None when it cannot, or with `decrypt` off."""
    key: str | None = None
    """The sender's public key, `k` of its VAPID header."""
    status: int | None = None
    """The status of a head that was sent whole; None until then, and for bytes that are no head."""
    faults: list[str] = field(default_factory=list)
    """What the RFCs forbid about it, each as `part: why`; empty with `decrypt` off."""

    @property
    def message(self) -> dict[str, Any]:
        """Its JSON.

        :raises ValueError: when it was not decrypted, or is no JSON
        """
        if self.text is None:
            raise ValueError(f"not decrypted: {self.faults}")
        found: dict[str, Any] = json.loads(self.text)
        return found


@dataclass
class Phone:
    """A browser's subscription, with the half that never leaves the phone."""

    endpoint: str
    p256dh: str
    auth: str
    private_key: ec.EllipticCurvePrivateKey = field(repr=False)
    path: str
    received: list[Push] = field(default_factory=list, repr=False)

    def json(self) -> dict[str, Any]:
        """Return what `PushSubscription.toJSON()` gives."""
        keys = {"p256dh": self.p256dh, "auth": self.auth}
        return {"endpoint": self.endpoint, "expirationTime": None, "keys": keys}

    @property
    def pushes(self) -> list[Push]:
        """What its endpoint received so far, in order."""
        return list(self.received)


# --- what is wrong with a push -------------------------------------------------------------------


def header_faults(headers: Mapping[str, str]) -> Iterator[str]:
    """Say what RFC 8030 (5.2 to 5.4) and RFC 8291 (4) forbid about the headers."""
    ttl = headers.get("ttl")
    if ttl is None:
        yield "TTL: missing"
    elif not re.fullmatch(r"[0-9]+", ttl):
        yield f"TTL: {ttl!r} is no number of seconds"
    if headers.get("urgency", "normal") not in {"very-low", "low", "normal", "high"}:
        yield f"Urgency: {headers['urgency']!r}"
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", headers.get("topic", "none")):
        yield f"Topic: {headers['topic']!r} is not 1 to 32 base64url characters"
    if headers.get("content-encoding") != "aes128gcm":
        yield f"Content-Encoding: {headers.get('content-encoding')!r} is not aes128gcm"


def vapid_parameters(authorization: str) -> dict[str, str]:
    """Return `t`, the token, and `k`, the key, as far as they are there (RFC 8292, 3)."""
    scheme, _, rest = authorization.strip().partition(" ")
    if scheme.lower() != "vapid":
        return {}
    pairs = (part.strip().partition("=") for part in rest.split(","))
    return {name: value.strip('"') for name, _, value in pairs}


def vapid_faults(authorization: str | None, origin: str, at: float) -> Iterator[str]:
    """Say what RFC 8292 forbids about the sender's signature, read at `at` (seconds since 1970)."""
    if authorization is None:
        yield "vapid: no Authorization"
        return
    given = vapid_parameters(authorization)
    parts = given.get("t", "").split(".")
    if len(parts) != 3:
        yield "vapid t: no token of three parts"
        return
    yield from signature_faults(".".join(parts[:2]), parts[2], given.get("k", ""))
    try:
        header, claims = (json.loads(unb64url(part)) for part in parts[:2])
    except ValueError as error:
        yield f"vapid t: {error}"
        return
    if not isinstance(header, dict) or header.get("alg") != "ES256":
        yield f"vapid alg: {header!r} is not ES256"
    if not isinstance(claims, dict):
        yield f"vapid t: {claims!r} is no object"
        return
    yield from claim_faults(claims, origin, at)


def signature_faults(signed: str, signature: str, key: str) -> Iterator[str]:
    """Say why `signature` is not that of `signed` by `key`: ES256, r then s (RFC 7518, 3.4)."""
    try:
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64url(key))
    except ValueError as error:
        yield f"vapid k: no P-256 point ({error})"
        return
    try:
        raw = unb64url(signature)
    except ValueError as error:
        yield f"vapid signature: {error}"
        return
    if len(raw) != 64:
        yield f"vapid signature: {len(raw)} bytes instead of 64"
        return
    numbers = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
    try:
        public.verify(encode_dss_signature(*numbers), signed.encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        yield "vapid signature: not made by k"


def claim_faults(claims: Mapping[str, object], origin: str, at: float) -> Iterator[str]:
    """Say what is wrong with a token's claims (RFC 8292, 2)."""
    if claims.get("aud") != origin:
        yield f"vapid aud: {claims.get('aud')!r} is not {origin!r}"
    exp = claims.get("exp")
    if isinstance(exp, bool) or not isinstance(exp, int | float):
        yield f"vapid exp: {exp!r} is no number"
    elif exp <= at:
        yield f"vapid exp: past by {at - exp:.0f} s"
    elif exp > at + DAY:
        yield f"vapid exp: {(exp - at) / 3600:.1f} h ahead, over 24"
    sub = claims.get("sub")
    if not isinstance(sub, str) or not re.match(r"mailto:.|https://.", sub):
        yield f"vapid sub: {sub!r} is no mailto: or https: address"


def decrypted(body: bytes, phone: Phone) -> str:
    """Return what the phone reads.

    :raises ValueError: when RFC 8188 or 8291 forbids the body, or it was not made for this phone
    """
    if len(body) < 86:
        raise ValueError(f"{len(body)} bytes are too few for a header with a key")
    size, length = struct.unpack("!LB", body[16:21])
    if length != 65:
        raise ValueError(f"a key of {length} bytes instead of 65")
    if size < 18 or len(body) - 86 > size:
        raise ValueError(f"{len(body) - 86} bytes are not one record of at most {size}")
    try:
        plain = http_ece.decrypt(
            body, private_key=phone.private_key, auth_secret=unb64url(phone.auth)
        )
    except http_ece.ECEException as error:
        raise ValueError(str(error)) from error
    return cast("bytes", plain).decode()


# --- how the service may behave ------------------------------------------------------------------


class Exchange(ABC):
    """One request, read whole, and the means to answer it well or badly."""

    def __init__(self, wire: "Wire", push: Push) -> None:
        self.wire = wire
        self.push = push

    @abstractmethod
    def head(self, code: int, headers: Mapping[str, str], length: int) -> None:
        """Send the status and headers of an answer whose body is said to be `length` bytes."""

    @abstractmethod
    async def data(self, chunk: bytes) -> None:
        """Send a part of the body, as soon as the other side makes room for it."""

    @abstractmethod
    def end(self) -> None:
        """Say that the answer is complete."""

    def raw(self, chunk: bytes) -> None:
        """Send bytes past every rule of HTTP; over plain HTTP/1.1 only."""
        self.wire.transport.write(chunk)


Play = Callable[[Exchange], Coroutine[Any, Any, None] | None]


@dataclass(frozen=True)
class Behaviour:
    """What to do with a request; made by the functions below."""

    name: str
    play: Play
    raw: bool = False
    """Works below HTTP, hence not over HTTP/2."""


def status(code: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Behaviour:
    """Answer `code`, at once and in due form. The length is added."""
    given = dict(headers or {})

    def play(exchange: Exchange) -> Coroutine[Any, Any, None] | None:
        exchange.head(code, given, len(body))
        if body:
            return finish(exchange)
        exchange.end()
        return None

    async def finish(exchange: Exchange) -> None:
        await exchange.data(body)
        exchange.end()

    return Behaviour(f"status {code}", play)


CREATED = status(201)


def slow(seconds: float, then: Behaviour = CREATED) -> Behaviour:
    """Do nothing for a while before `then`."""

    async def play(exchange: Exchange) -> None:
        await asyncio.sleep(seconds)
        if going_on := then.play(exchange):
            await going_on

    return Behaviour(f"slow {seconds}, {then.name}", play, raw=then.raw)


def hang() -> Behaviour:
    """Read the request and never answer."""

    async def play(_exchange: Exchange) -> None:
        await asyncio.Event().wait()

    return Behaviour("hang", play)


def reset() -> Behaviour:
    """Read the request, then reset the connection (TCP RST), with all its streams."""

    def play(exchange: Exchange) -> None:
        exchange.wire.cut()

    return Behaviour("reset", play)


def reset_mid_header() -> Behaviour:
    """Reset the connection in the middle of the headers."""

    async def play(exchange: Exchange) -> None:
        exchange.raw(b"HTTP/1.1 201 Created\r\nContent-Le")
        await asyncio.sleep(READING)
        exchange.wire.cut()

    return Behaviour("reset mid-header", play, raw=True)


def reset_mid_body(code: int = 201) -> Behaviour:
    """Promise 1,000 bytes, send 100 and reset the connection."""

    async def play(exchange: Exchange) -> None:
        exchange.head(code, {}, 1000)
        await exchange.data(b"x" * 100)
        await asyncio.sleep(READING)
        exchange.wire.cut()

    return Behaviour("reset mid-body", play)


def drip_header(every: float = 0.5) -> Behaviour:
    """Send a header that never ends, a byte every so many seconds."""

    async def play(exchange: Exchange) -> None:
        exchange.raw(b"HTTP/1.1 201 Created\r\nX-Drip: ")
        while True:
            exchange.raw(b"x")
            await asyncio.sleep(every)

    return Behaviour("drip header", play, raw=True)


def drip_body(every: float = 0.5, code: int = 201) -> Behaviour:
    """Send a body of 1 GB, a byte every so many seconds."""

    async def play(exchange: Exchange) -> None:
        exchange.head(code, {}, 1_000_000_000)
        while True:
            await exchange.data(b"x")
            await asyncio.sleep(every)

    return Behaviour("drip body", play)


@cache
def zipped(mebibytes: int) -> bytes:
    """Return so many MiB of zeros as one gzip member, a thousandth of the size."""
    block = bytes(1 << 20)
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    # A full flush forgets what came before, so the same bytes stand for every further block.
    squeezed = deflate.compress(block) + deflate.flush(zlib.Z_FULL_FLUSH)
    check = 0
    for _ in range(mebibytes):
        check = zlib.crc32(block, check)
    start = b"\x1f\x8b\x08" + bytes(6) + b"\xff"
    end = deflate.flush() + struct.pack("<LL", check, mebibytes << 20)
    return start + squeezed * mebibytes + end


def bomb(code: int = 201) -> Behaviour:
    """Answer with a body of 200 kB that inflates to 200 MiB."""
    body = zipped(200)
    return Behaviour("bomb", status(code, {"Content-Encoding": "gzip"}, body).play)


def huge_body(size: int, code: int = 201) -> Behaviour:
    """Answer with a body of `size` bytes, made as it goes."""

    async def play(exchange: Exchange) -> None:
        exchange.head(code, {}, size)
        for start in range(0, size, len(CHUNK)):
            await exchange.data(CHUNK[: size - start])
        exchange.end()

    return Behaviour(f"body of {size} bytes", play)


def many_headers(count: int = 10_000) -> Behaviour:
    """Answer 201 with so many headers."""
    headers = {f"X-Filler-{number}": "x" for number in range(count)}
    return Behaviour(f"{count} headers", status(201, headers).play)


def bytes_then_close(name: str, sent: bytes, code: int | None = None) -> Behaviour:
    """Send these bytes as they are and close; `code` is the status in them, if any."""

    def play(exchange: Exchange) -> None:
        exchange.push.status = code
        exchange.raw(sent)
        exchange.wire.transport.close()

    return Behaviour(name, play, raw=True)


def bad_chunked() -> Behaviour:
    """Answer 201 with a chunked body whose chunk size is no number."""
    head = b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n"
    return bytes_then_close("bad chunked", head + b"ZZ\r\nnot a chunk\r\n", 201)


def http09() -> Behaviour:
    """Answer a body alone, without status or headers, as HTTP/0.9 did."""
    return bytes_then_close("HTTP/0.9", b"<p>Created</p>\n")


def garbage() -> Behaviour:
    """Answer 1,024 bytes that mean nothing."""
    return bytes_then_close("garbage", bytes(range(256)) * 4)


# --- the wire ------------------------------------------------------------------------------------


class Wire(asyncio.Protocol):
    """A connection: what both versions of HTTP have in common."""

    transport: asyncio.Transport

    def __init__(self, service: "PushService") -> None:
        self.service = service
        self.tasks: set[asyncio.Task[None]] = set()
        self.room = asyncio.Event()
        self.room.set()
        self.gone = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be known to the service, which closes it in the end."""
        self.transport = cast("asyncio.Transport", transport)
        self.service.wires.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give up whatever was still being answered."""
        del exc
        self.service.wires.discard(self)
        self.gone.set()
        self.room.set()
        for task in self.tasks:
            task.cancel()

    def pause_writing(self) -> None:
        """Wait: the other side reads more slowly than the service writes."""
        self.room.clear()

    def resume_writing(self) -> None:
        """Go on."""
        self.room.set()

    def cut(self) -> None:
        """Reset the connection: RST instead of FIN."""
        plug: socket.socket = self.transport.get_extra_info("socket")
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def act(self, behaviour: Behaviour, exchange: Exchange) -> asyncio.Task[None] | None:
        """Behave; return what still goes on, if anything does."""
        going_on = behaviour.play(exchange)
        if going_on is None:
            return None
        task = asyncio.get_running_loop().create_task(going_on)
        self.tasks.add(task)
        task.add_done_callback(self.acted)
        return task

    def acted(self, task: asyncio.Task[None]) -> None:
        """Forget what is over, but not its error."""
        self.tasks.discard(task)
        self.service.note(task)


class Greeter(asyncio.Protocol):
    """A TLS connection before it is known which HTTP was agreed on."""

    def __init__(self, service: "PushService") -> None:
        self.service = service

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hand the connection over to the HTTP that ALPN chose."""
        secure: ssl.SSLObject = transport.get_extra_info("ssl_object")
        chosen = Http2 if secure.selected_alpn_protocol() == "h2" else Http1
        wire = chosen(self.service)
        transport.set_protocol(wire)
        wire.connection_made(transport)


def whole_number(text: str) -> int:
    """Read digits and nothing else.

    :raises ValueError: for a sign, a space or a letter
    """
    if not re.fullmatch(r"[0-9]+", text):
        raise ValueError(f"not a number: {text!r}")
    return int(text)


REASONS = {one.value: one.phrase for one in HTTPStatus}


class Http1(Wire):
    """HTTP/1.1: one request after the other, read by hand, which is fast and forgives nothing."""

    def __init__(self, service: "PushService") -> None:
        super().__init__(service)
        self.buffer = bytearray()
        self.busy = False
        self.last = False

    def data_received(self, data: bytes) -> None:
        """Read on."""
        self.buffer += data
        self.advance()

    def advance(self) -> None:
        """Answer every request that is there whole, one at a time."""
        while not self.busy and not self.transport.is_closing():
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            try:
                method, path, headers = self.parsed(self.buffer[:end].decode("latin-1"))
                length = whole_number(headers.get("content-length", "0"))
            except ValueError:
                self.refuse(400)
                return
            if "transfer-encoding" in headers:
                self.refuse(411)
                return
            end += 4 + length
            if len(self.buffer) < end:
                return
            body = bytes(self.buffer[end - length : end])
            del self.buffer[:end]
            self.busy = True
            push, behaviour = self.service.receive("1.1", method, path, headers, body)
            self.act(behaviour, Exchange1(self, push))

    def parsed(self, head: str) -> tuple[str, str, dict[str, str]]:
        """Return method, path and headers.

        :raises ValueError: for anything that is no HTTP/1 request
        """
        first, *lines = head.split("\r\n")
        method, path, version = first.split(" ")
        headers: dict[str, str] = {}
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon or not name or name != name.strip():
                raise ValueError(line)
            key = name.lower()
            value = value.strip()
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
        self.last = version != "HTTP/1.1" or headers.get("connection", "").lower() == "close"
        return method, path, headers

    def refuse(self, code: int) -> None:
        """Answer what is no push at all, and close."""
        head = f"HTTP/1.1 {code} {REASONS[code]}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        self.transport.write(head.encode())
        self.transport.close()

    def acted(self, task: asyncio.Task[None]) -> None:
        """Go on with the next request, which may have arrived meanwhile."""
        super().acted(task)
        self.advance()


class Exchange1(Exchange):
    """A request of HTTP/1.1."""

    wire: Http1

    def head(self, code: int, headers: Mapping[str, str], length: int) -> None:
        """Send the head in one piece."""
        self.push.status = code
        lines = [f"HTTP/1.1 {code} {REASONS.get(code, 'Unknown')}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if code not in {204, 304}:
            lines.append(f"Content-Length: {length}")
        self.wire.last |= headers.get("Connection", "").lower() == "close"
        self.wire.transport.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))

    async def data(self, chunk: bytes) -> None:
        """Send when the socket has room."""
        await self.wire.room.wait()
        self.wire.transport.write(chunk)

    def end(self) -> None:
        """Be ready for the next request, or close when this was the last."""
        self.wire.busy = False
        if self.wire.last:
            self.wire.transport.close()


class Http2(Wire):
    """HTTP/2: many requests at once, each on its stream."""

    def __init__(self, service: "PushService") -> None:
        super().__init__(service)
        self.h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self.requests: dict[int, tuple[dict[str, str], bytearray]] = {}
        self.answers: dict[int, asyncio.Task[None]] = {}
        self.window = asyncio.Event()
        self.left = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet first, as HTTP/2 wants."""
        super().connection_made(transport)
        self.h2.initiate_connection()
        self.flush()

    def flush(self) -> None:
        """Send what the last steps made."""
        if not self.transport.is_closing():
            self.transport.write(self.h2.data_to_send())

    def data_received(self, data: bytes) -> None:
        """Read on."""
        try:
            events = self.h2.receive_data(data)
        except ProtocolError as error:
            self.service.failures.append(error)
            self.flush()
            self.transport.close()
            return
        # Known first, because nothing can be answered any more, not even what came before it.
        self.left = any(isinstance(event, ConnectionTerminated) for event in events)
        for event in events:
            self.happened(event)
        self.flush()

    def happened(self, event: Event) -> None:
        """Take in one thing that the other side did."""
        match event:
            case RequestReceived():
                self.requests[event.stream_id] = (joined(event.headers), bytearray())
            case DataReceived():
                self.requests[event.stream_id][1].extend(event.data)
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case StreamEnded():
                self.asked(event.stream_id)
            case StreamReset():
                self.requests.pop(event.stream_id, None)
                if task := self.answers.pop(event.stream_id, None):
                    task.cancel()
            case WindowUpdated() | RemoteSettingsChanged():
                self.window.set()
            case ConnectionTerminated():
                for task in self.tasks:
                    task.cancel()
                self.transport.close()

    def asked(self, stream: int) -> None:
        """Answer a request that is there whole."""
        headers, body = self.requests.pop(stream)
        method, path = headers.pop(":method"), headers.pop(":path")
        headers["host"] = headers.pop(":authority", headers.get("host", ""))
        headers.pop(":scheme", None)
        push, behaviour = self.service.receive("2", method, path, headers, bytes(body))
        if self.left:
            return
        # A stream that was asked on and reset in one breath is closed by now.
        with suppress(StreamClosedError):
            if task := self.act(behaviour, Exchange2(self, push, stream)):
                self.answers[stream] = task
                task.add_done_callback(lambda _task: self.answers.pop(stream, None))


def joined(fields: object) -> dict[str, str]:
    """Return the headers of a request of HTTP/2; one sent twice is joined with a comma."""
    headers: dict[str, str] = {}
    for name, value in cast("list[tuple[str, str]]", fields):
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


class Exchange2(Exchange):
    """A request of HTTP/2."""

    wire: Http2

    def __init__(self, wire: Http2, push: Push, stream: int) -> None:
        super().__init__(wire, push)
        self.stream = stream

    def head(self, code: int, headers: Mapping[str, str], length: int) -> None:
        """Send the head, without what HTTP/2 leaves to frames."""
        self.push.status = code
        fields = [(":status", str(code))]
        fields += [(name.lower(), value) for name, value in headers.items()]
        if code not in {204, 304}:
            fields.append(("content-length", str(length)))
        left_out = {"connection", "transfer-encoding"}
        self.wire.h2.send_headers(self.stream, [one for one in fields if one[0] not in left_out])
        self.wire.flush()

    async def data(self, chunk: bytes) -> None:
        """Send when the stream, the connection and the socket have room."""
        rest = memoryview(chunk)
        while rest:
            await self.wire.room.wait()
            size = min(
                self.wire.h2.local_flow_control_window(self.stream),
                self.wire.h2.max_outbound_frame_size,
                len(rest),
            )
            if size <= 0:
                self.wire.window.clear()
                await self.wire.window.wait()
                continue
            self.wire.h2.send_data(self.stream, bytes(rest[:size]))
            self.wire.flush()
            rest = rest[size:]

    def end(self) -> None:
        """End the stream; the connection stays."""
        self.wire.h2.end_stream(self.stream)
        self.wire.flush()


# --- the certificate -----------------------------------------------------------------------------


def certify(folder: Path, host: str) -> tuple[Path, Path]:
    """Make a certificate authority for this run only, and a certificate for loopback by it.

    :return: the authority's certificate, for clients; the service's own with its key
    """
    authority, mine = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer, subject = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        for name in ("Throwaway authority of the tests", "Push service of the tests")
    )
    names: list[x509.GeneralName] = [x509.DNSName("localhost")]
    names += [x509.IPAddress(ip_address(one)) for one in sorted({"127.0.0.1", host})]
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "encipher_only", "decipher_only"), False,
    )  # fmt: skip
    by = x509.SubjectKeyIdentifier.from_public_key(authority.public_key())
    root = (
        certificate(issuer, issuer, authority)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=False, key_cert_sign=True, crl_sign=True, **usage),
            critical=True,
        )
        .add_extension(by, critical=False)
    )
    leaf = (
        certificate(subject, issuer, mine)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(by), critical=False
        )
    )
    folder.mkdir(parents=True, exist_ok=True)
    ca_file, own_file = folder / "authority.pem", folder / "service.pem"
    ca_file.write_bytes(root.sign(authority, hashes.SHA256()).public_bytes(Encoding.PEM))
    key = mine.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    own_file.write_bytes(
        leaf.sign(authority, hashes.SHA256()).public_bytes(Encoding.PEM) + key,
    )
    return ca_file, own_file


def certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    """Start a certificate that is valid from yesterday for a week."""
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=7))
    )


# --- the service ---------------------------------------------------------------------------------


@dataclass
class Rule:
    """A behaviour and how often it is still wanted; None: for good."""

    behaviour: Behaviour
    left: int | None


class PushService:
    """A push service in a thread of this process; start it, or use it in a `with`."""

    def __init__(
        self,
        *,
        tls: bool = False,
        folder: Path | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        """Start nothing yet. With `tls` the certificates go to `folder`, a folder of its own.

        :param port: 0 takes a free one at the first start, and keeps it for later starts
        :raises ValueError: for `tls` without a folder
        """
        self.host = host
        self.port = port
        self.ca_file: Path | None = None
        self.decrypt = True
        """False: only count, which is some ten times as fast."""
        self.vapid_key: str | None = None
        """The only sender's key that is answered anything but 403; None: any."""
        self.pushes: list[Push] = []
        self.connections = 0
        self.wires: set[Wire] = set()
        self.failures: list[BaseException] = []
        self._context: ssl.SSLContext | None = None
        if tls:
            if folder is None:
                raise ValueError("tls needs a folder for its certificates")
            self.ca_file, own_file = certify(folder, host)
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(own_file)
            self._context.set_alpn_protocols(["h2", "http/1.1"])
        self._phones: dict[str, Phone] = {}
        self._rules: dict[str | None, deque[Rule]] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def origin(self) -> str:
        """Scheme, host and port.

        :raises RuntimeError: before the first start, when the port is not known
        """
        if not self.port:
            raise RuntimeError("the push service has no port before it is started")
        return f"{'https' if self._context else 'http'}://{self.host}:{self.port}"

    def start(self) -> Self:
        """Listen from now on.

        :raises OSError: when the port is taken
        :raises RuntimeError: when it is running already
        """
        if self._thread:
            raise RuntimeError("the push service is running already")
        listener = socket.create_server((self.host, self.port), backlog=1024)
        listener.setblocking(False)
        self.port = listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(self._failed)
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(
            target=self._run, args=(listener,), name="push service", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close the port and reset whatever is open. What was received stays; start it again at will.

        :raises ExceptionGroup: when the service itself failed, or was sent what is no HTTP/2
        """
        if not self._thread:
            return
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._thread = None
        failures, self.failures = self.failures, []
        if failures:
            raise BaseExceptionGroup("the push service of the tests failed", failures)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def subscribe(self) -> Phone:
        """Mint what a browser gives a page that asks for pushes."""
        private = ec.generate_private_key(ec.SECP256R1())
        point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        path = f"/push/{secrets.token_urlsafe(24)}"
        phone = Phone(
            endpoint=f"{self.origin}{path}",
            p256dh=b64url(point),
            auth=b64url(secrets.token_bytes(16)),
            private_key=private,
            path=path,
        )
        self._phones[path] = phone
        return phone

    def rule(
        self, behaviour: Behaviour, *, phone: Phone | None = None, times: int | None = None
    ) -> None:
        """Behave so towards one phone's pushes, or all; `times` often, then 201 again.

        A phone's own rules go first. A rule with `times` is used up before the next one counts; one
        without is replaced by the next. What no rule can help (an unknown path, another key than
        `vapid_key`, too long a body) is refused before any rule is looked at.

        :raises ValueError: for `times` under 1; with TLS, for a behaviour that HTTP/2 cannot show
        """
        if times is not None and times < 1:
            raise ValueError(f"{times} times is not a rule")
        if behaviour.raw and self._context:
            raise ValueError(f"not over HTTP/2: {behaviour.name}")
        with self._lock:
            queue = self._rules.setdefault(phone.path if phone else None, deque())
            if queue and queue[-1].left is None:
                queue.pop()
            queue.append(Rule(behaviour, times))

    def wait(self, until: Callable[[], bool], seconds: float = 10) -> bool:
        """Wait until something is true; return whether it became so in time."""
        deadline = time.monotonic() + seconds
        while not until():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    # What follows runs in the service's own thread.

    def receive(
        self,
        http: Literal["1.1", "2"],
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
    ) -> tuple[Push, Behaviour]:
        """Keep a request, look for its faults and say how to behave."""
        push = Push(time.time(), path, http, headers, body)
        push.key = vapid_parameters(headers.get("authorization", "")).get("k")
        phone = self._phones.get(path)
        if self.decrypt:
            self._examine(push, phone)
        behaviour = self._refusal(method, push, phone) or self._ruled(path)
        with self._lock:
            self.pushes.append(push)
            if phone:
                phone.received.append(push)
        return push, behaviour

    def _examine(self, push: Push, phone: Phone | None) -> None:
        if push.headers.get("host") != f"{self.host}:{self.port}":
            push.faults.append(f"Host: {push.headers.get('host')!r}")
        push.faults += header_faults(push.headers)
        push.faults += vapid_faults(push.headers.get("authorization"), self.origin, push.at)
        if not phone:
            push.faults.append("path: no such endpoint")
            return
        try:
            push.text = decrypted(push.body, phone)
        except ValueError as error:
            push.faults.append(f"body: {error}")

    def _refusal(self, method: str, push: Push, phone: Phone | None) -> Behaviour | None:
        if not phone:
            return status(404)
        if method != "POST":
            return status(405, {"Allow": "POST"})
        if len(push.body) > BODY_LIMIT:
            return status(413)
        if self.vapid_key and push.key != self.vapid_key:
            return status(403)
        return None

    def _ruled(self, path: str) -> Behaviour:
        with self._lock:
            for whose in (path, None):
                queue = self._rules.get(whose)
                if queue:
                    return self._used(queue)
        return status(201, {"Location": f"{self.origin}/message/{len(self.pushes)}"})

    def _used(self, queue: deque[Rule]) -> Behaviour:
        rule = queue[0]
        if rule.left is not None:
            rule.left -= 1
            if not rule.left:
                queue.popleft()
        return rule.behaviour

    def note(self, task: asyncio.Task[None]) -> None:
        """Keep the error of a task that is over, so that stopping tells it."""
        if not task.cancelled() and (error := task.exception()):
            self.failures.append(error)

    def _failed(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        # A client that leaves in the middle is what some tests are about.
        if not isinstance(error, OSError):
            self.failures.append(error or RuntimeError(context["message"]))

    def _run(self, listener: socket.socket) -> None:
        try:
            self._loop.run_until_complete(self._serve(listener))
        except BaseException as error:  # noqa: BLE001 - stopping raises it in the test's thread
            self.failures.append(error)
        finally:
            listener.close()
            self._loop.close()

    async def _serve(self, listener: socket.socket) -> None:
        handshakes: set[asyncio.Task[None]] = set()
        accepting = asyncio.create_task(self._accept(listener, handshakes))
        await self._stopping.wait()
        going_on = {accepting, *handshakes}
        for task in going_on:
            task.cancel()
        await asyncio.gather(*going_on, return_exceptions=True)
        tasks = [task for wire in self.wires for task in wire.tasks]
        wires = list(self.wires)
        for wire in wires:
            wire.transport.abort()
        await asyncio.gather(*(wire.gone.wait() for wire in wires))
        await asyncio.gather(*tasks, return_exceptions=True)
        if accepting.done():
            self.note(accepting)

    async def _accept(self, listener: socket.socket, handshakes: set[asyncio.Task[None]]) -> None:
        loop = asyncio.get_running_loop()
        while True:
            plug, _address = await loop.sock_accept(listener)
            # asyncio does so for its own listeners only; without it an answer can wait 40 ms.
            plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            task = loop.create_task(self._greet(plug))
            handshakes.add(task)
            task.add_done_callback(handshakes.discard)

    async def _greet(self, plug: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        # A client that does not trust the authority leaves during the handshake.
        with suppress(OSError):
            if self._context:
                await loop.connect_accepted_socket(lambda: Greeter(self), plug, ssl=self._context)
            else:
                await loop.connect_accepted_socket(lambda: Http1(self), plug)
