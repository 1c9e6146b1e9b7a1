"""A push service for real Firefoxes: their websocket on one side, RFC 8030 endpoints on the other.

What Firefox and Mozilla's service say to each other is in `PushServiceWebSocket.sys.mjs` of
Firefox and https://mozilla-services.github.io/autopush-rs/ . `tests/push/service.py` is the other
push service of these tests: it needs no browser, and can misbehave in every way.
"""

import json
import socket
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve
from websockets.typing import Subprotocol

from tests.push.service import BODY_LIMIT, header_faults, vapid_faults, vapid_parameters

PATIENCE = 30.0  # seconds
CLOSING = 0.2  # seconds; Firefox does not answer a polite good-bye
DELIVERED = 100  # what Firefox acknowledges with when a worker took it; 101 and 102: it did not
NEVER_KNOWN, GONE = 404, 410


@dataclass
class Delivery:
    """A push that was accepted, and what became of it."""

    channel: str
    endpoint: str
    headers: dict[str, str]
    """Lower-case names."""
    body: bytes = field(repr=False)
    at: float
    """When it came: seconds since 1970."""
    faults: list[str]
    """What the RFCs forbid about its headers, each as `part: why`."""
    version: str = field(default_factory=lambda: uuid4().hex)
    sent: int = 0
    """How many times it went down a browser's line."""
    acked: int | None = None
    """Firefox's code: 100 when a worker took it, 101 not decrypted, 102 the worker failed."""
    dropped: str = ""
    """Why it will not be sent (again): `replaced`, `expired` or `unsubscribed`."""

    @property
    def size(self) -> int:
        """Return the length of the body in bytes."""
        return len(self.body)

    @property
    def ttl(self) -> int:
        """Return for how many seconds it is kept."""
        return int(self.headers["ttl"])

    @property
    def topic(self) -> str | None:
        """Return what the message is about, when it said so."""
        return self.headers.get("topic")

    @property
    def delivered(self) -> bool:
        """Say whether a worker took it."""
        return self.acked == DELIVERED

    @property
    def waiting(self) -> bool:
        """Say whether it is still to be delivered."""
        return self.acked is None and not self.dropped


@dataclass
class Channel:
    """A subscription of a browser."""

    id: str
    browser: str
    token: str
    key: str | None
    """The sender's public key it was made with; only its pushes are taken."""
    gone: bool = False


class Autopush:
    """A push service on two free loopback ports that stay its own: `push` and `origin`.

    Firefox connects to `push`; the app is told `origin`, in WEBAPP_PUSH_SERVICES. What browsers
    and apps did so far is in `channels` and `deliveries`.
    """

    def __init__(self) -> None:
        """Know nobody; nothing is started yet."""
        self.channels: dict[str, Channel] = {}
        self.deliveries: list[Delivery] = []
        self._browsers: dict[str, ServerConnection | None] = {}
        self._changed = threading.Condition(threading.RLock())
        self._lines: Server | None = None
        self._endpoints: ThreadingHTTPServer | None = None
        self._ports = 0, 0
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _tb: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    # --- its life --------------------------------------------------------------------------------

    def start(self) -> Self:
        """Listen, on the same ports each time; what was held is still held. Nothing to do twice."""
        if self._lines:
            return self
        endpoints = ThreadingHTTPServer(("127.0.0.1", self._ports[1]), _handler(self))
        endpoints.daemon_threads = True
        try:
            listening = serve(
                self._talk, "127.0.0.1", self._ports[0], ping_interval=None, close_timeout=CLOSING,
                subprotocols=[Subprotocol("push-notification")],
                # A browser that speaks no subprotocol is welcome too.
                select_subprotocol=lambda _us, theirs: theirs[0] if theirs else None,
            )  # fmt: skip
        except OSError:
            endpoints.server_close()
            raise
        self._lines, self._endpoints = listening, endpoints
        self._ports = listening.socket.getsockname()[1], endpoints.server_port
        self._threads = [
            threading.Thread(target=listening.serve_forever, daemon=True),
            threading.Thread(target=endpoints.serve_forever, args=(0.02,), daemon=True),
        ]
        for each in self._threads:
            each.start()
        return self

    def stop(self) -> None:
        """Cut every line and stop listening, as when it is down; nothing to do twice."""
        if self._endpoints:
            self._endpoints.shutdown()
            self._endpoints.server_close()
            self._endpoints = None
        if self._lines:
            self.hang_up()
            self._lines.shutdown()
            self._lines = None
        for each in self._threads:
            each.join(PATIENCE)

    def hang_up(self) -> None:
        """Cut every browser's line; while this listens they come again by themselves."""
        with self._changed:
            lines = [line for line in self._browsers.values() if line]
        _cut(lines)

        def ended() -> bool:
            return not any(its in lines for its in self._browsers.values())

        self.wait_until(ended, "the lines have ended")

    @property
    def push(self) -> str:
        """Return where browsers connect: Firefox's `dom.push.serverURL`."""
        return f"ws://127.0.0.1:{self._ports[0]}/"

    @property
    def origin(self) -> str:
        """Return the origin of every endpoint."""
        return f"http://127.0.0.1:{self._ports[1]}"

    # --- what the tests ask and do ---------------------------------------------------------------

    @property
    def connected(self) -> int:
        """Return how many browsers are on the line."""
        with self._changed:
            return sum(line is not None for line in self._browsers.values())

    def endpoint(self, channel: str) -> str:
        """Return the endpoint of a channel."""
        return f"{self.origin}/push/{self.channels[channel].token}"

    def channel(self, endpoint: str) -> Channel:
        """Return the subscription behind an endpoint.

        :raises StopIteration: when there never was one
        """
        with self._changed:
            return next(it for it in self.channels.values() if self.endpoint(it.id) == endpoint)

    def to(self, endpoint: str) -> list[Delivery]:
        """Return what an endpoint took so far."""
        with self._changed:
            return [each for each in self.deliveries if each.endpoint == endpoint]

    def wait_until(self, true: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
        """Wait until something about this service is true; looked at whenever anything happens.

        While ``true`` looks, this service stands still: it must not push or ask a browser.

        :raises TimeoutError: after ``patience`` seconds, naming ``what`` and what there is
        """
        with self._changed:
            if not self._changed.wait_for(true, patience):
                raise TimeoutError(
                    f"waited {patience:g} s in vain: {what}; browsers on the line:"
                    f" {self.connected}, channels: {len(self.channels)}, {self.deliveries[-5:]}"
                )

    def wait_for_delivery(
        self, count: int = 1, endpoint: str | None = None, patience: float = PATIENCE
    ) -> list[Delivery]:
        """Return what was delivered (to ``endpoint``) once it is ``count``, each acknowledged.

        :raises TimeoutError: when fewer are within ``patience`` seconds
        """

        def delivered() -> list[Delivery]:
            every = self.deliveries if endpoint is None else self.to(endpoint)
            return [each for each in every if each.delivered]

        self.wait_until(lambda: len(delivered()) >= count, f"{count} delivered", patience)
        with self._changed:
            return delivered()

    def forget(self, channel: str) -> None:
        """End one subscription, by its id, on this side only: its endpoint answers 410 from now on."""
        with self._changed:
            self.channels[channel].gone = True
            for each in self.deliveries:
                if each.channel == channel and each.waiting:
                    each.dropped = "unsubscribed"
            self._changed.notify_all()

    def gone(self) -> None:
        """End every subscription on this side only; browsers are not told."""
        with self._changed:
            for channel in self.channels:
                self.forget(channel)

    def forget_browsers(self) -> None:
        """Lose all that is known, as a service that lost its database.

        Browsers are told when they come again, and tell their workers (`pushsubscriptionchange`).
        """
        self.gone()
        with self._changed:
            lines = [line for line in self._browsers.values() if line]
            self._browsers.clear()
            self._changed.notify_all()
        _cut(lines)

    # --- the browsers' side ----------------------------------------------------------------------

    def _talk(self, line: ServerConnection) -> None:
        try:
            for text in line:
                self._hear(line, json.loads(text))
        except ConnectionClosed:
            pass
        finally:
            with self._changed:
                for browser, its in self._browsers.items():
                    if its is line:
                        self._browsers[browser] = None
                self._changed.notify_all()

    def _hear(self, line: ServerConnection, said: dict[str, Any]) -> None:
        with self._changed:
            match said.get("messageType", "ping"):
                case "hello":
                    self._greet(line, said)
                case "register":
                    self._register(line, said)
                case "unregister":
                    if channel := self.channels.get(said["channelID"]):
                        self.forget(channel.id)
                    self._say(line, {**_named(said), "status": 200})
                case "ack":
                    self._mark(said["updates"])
                case "ping":
                    self._say(line, {})
                # broadcast_subscribe and nack want no answer.
            self._changed.notify_all()

    def _greet(self, line: ServerConnection, said: dict[str, Any]) -> None:
        known = said.get("uaid", "") in self._browsers
        # Another name than it gave tells a browser that its subscriptions are lost.
        browser = said["uaid"] if known else uuid4().hex
        self._browsers[browser] = line
        self._say(
            line, {"messageType": "hello", "status": 200, "uaid": browser, "use_webpush": True}
        )
        for each in self.deliveries:
            if each.waiting and self.channels[each.channel].browser == browser:
                self._send_or_drop(each, expired=time.time() > each.at + each.ttl)

    def _register(self, line: ServerConnection, said: dict[str, Any]) -> None:
        browser = next((name for name, its in self._browsers.items() if its is line), None)
        if browser is None:
            self._say(line, {**_named(said), "status": 401})
            return
        # Firefox pads it.
        key = said["key"].rstrip("=") if said.get("key") else None
        made = Channel(said["channelID"], browser, uuid4().hex, key)
        self.channels[made.id] = made
        self._say(line, {**_named(said), "status": 200, "pushEndpoint": self.endpoint(made.id)})

    def _mark(self, updates: list[dict[str, Any]]) -> None:
        codes = {each["version"]: each.get("code", DELIVERED) for each in updates}
        for each in self.deliveries:
            if each.version in codes:
                each.acked = codes[each.version]

    def _send_or_drop(self, push: Delivery, *, expired: bool) -> None:
        line = self._browsers.get(self.channels[push.channel].browser)
        if expired:
            push.dropped = "expired"
        elif line:
            push.sent += 1
            self._say(line, self._message(push))
        elif not push.ttl:
            push.dropped = "expired"

    @staticmethod
    def _message(push: Delivery) -> dict[str, Any]:
        named = {"messageType": "notification", "channelID": push.channel, "version": push.version}
        if not push.body:
            return named
        data = urlsafe_b64encode(push.body).rstrip(b"=").decode()
        return {**named, "data": data, "headers": {"encoding": push.headers["content-encoding"]}}

    @staticmethod
    def _say(line: ServerConnection, message: dict[str, Any]) -> None:
        # Who is gone hears it the next time.
        with suppress(ConnectionClosed):
            line.send(json.dumps(message))

    # --- the apps' side --------------------------------------------------------------------------

    def take(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        """Return status and headers of the answer to a POST; what is accepted is on its way."""
        with self._changed:
            token = path.removeprefix("/push/")
            channel = next((it for it in self.channels.values() if it.token == token), None)
            if channel is None or channel.gone:
                return (GONE if channel else NEVER_KNOWN), {}
            if status := self._refusal(channel, headers, body):
                return status, {}
            push = self._accept(channel, headers, body)
            self._changed.notify_all()
            return 201, {"Location": f"{self.origin}/message/{push.version}", "TTL": headers["ttl"]}

    @staticmethod
    def _refusal(channel: Channel, headers: dict[str, str], body: bytes) -> int:
        signed = vapid_parameters(headers.get("authorization", ""))
        if not (signed.get("t") and signed.get("k")):
            return 401
        if channel.key and signed["k"].rstrip("=") != channel.key:
            return 403
        if not headers.get("ttl", "").isdecimal():
            return 400
        if body and headers.get("content-encoding") != "aes128gcm":
            return 400
        return 413 if len(body) > BODY_LIMIT else 0

    def _accept(self, channel: Channel, headers: dict[str, str], body: bytes) -> Delivery:
        at = time.time()
        faults = [
            *header_faults(headers),
            *vapid_faults(headers.get("authorization"), self.origin, at),
        ]
        push = Delivery(channel.id, self.endpoint(channel.id), headers, body, at, faults)
        for each in self.deliveries:
            if push.topic and (each.channel, each.topic) == (push.channel, push.topic):
                each.dropped = each.dropped or ("replaced" if each.waiting else "")
        self.deliveries.append(push)
        self._send_or_drop(push, expired=False)
        return push


def _cut(lines: list[ServerConnection]) -> None:
    for line in lines:
        # It may have ended by itself.
        with suppress(OSError):
            line.socket.shutdown(socket.SHUT_RDWR)


def _named(said: dict[str, Any]) -> dict[str, Any]:
    return {"messageType": said["messageType"], "channelID": said["channelID"]}


def _handler(service: Autopush) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        # HTTP/1.0, one connection a push: a line kept open would outlive the service's stop.
        timeout = PATIENCE

        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            status, answer = service.take(self.path, headers, body)
            self.send_response_only(status)
            for name, value in {**answer, "Content-Length": "0"}.items():
                self.send_header(name, value)
            # A sender that was killed no longer listens.
            with suppress(ConnectionError):
                self.end_headers()

        def log_message(self, *_: object) -> None:
            """Stay quiet: what was taken is in `deliveries`."""

    return Handler
