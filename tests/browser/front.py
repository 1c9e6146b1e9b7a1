"""A front door that counts who asks for what, and can answer wrongly by rule."""

import http.client
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})


@dataclass(frozen=True)
class Answer:
    """A whole HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def weight(self) -> int:
        """Return its size in bytes: status line, headers and body."""
        lines = (f"{name}: {value}\r\n" for name, value in self.headers.items())
        return len("HTTP/1.1 200 OK\r\n") + sum(map(len, lines)) + 2 + len(self.body)


@dataclass(frozen=True)
class Asked:
    """What a browser asked for, and what it was answered."""

    path: str
    headers: Mapping[str, str]
    answer: Answer

    @property
    def by_a_script(self) -> bool:
        """Say whether a worker's or page's `fetch` asked, not a page's loading."""
        return self.headers.get("sec-fetch-dest") == "empty"


Rule = Callable[[str, Mapping[str, str]], Answer | None]


def as_it_is(_path: str, _headers: Mapping[str, str]) -> None:
    """Let every request through."""


def to_scripts(path: str, answer: Answer) -> Rule:
    """Return the rule that a script that fetches ``path`` gets ``answer``; a page that loads does not."""

    def rule(asked: str, headers: Mapping[str, str]) -> Answer | None:
        return answer if asked == path and headers.get("sec-fetch-dest") == "empty" else None

    return rule


@dataclass
class Front:
    """A running front door; `asked` grows as requests come."""

    port: int
    upstream: int = 0
    rule: Rule = as_it_is
    asked: list[Asked] = field(default_factory=list)
    _listening: ThreadingHTTPServer | None = None
    _known: dict[tuple[int, str, str | None, str | None], Answer] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Return the origin that browsers see."""
        return f"http://127.0.0.1:{self.port}"

    def paths(self) -> list[str]:
        """Return what was asked for, in order."""
        return [each.path for each in self.asked]

    def open(self) -> None:
        """Listen, on the same port each time."""
        self._listening = ThreadingHTTPServer(("127.0.0.1", self.port), _handler(self))
        self._listening.daemon_threads = True
        self.port = self._listening.server_port
        threading.Thread(target=self._listening.serve_forever, args=(0.02,), daemon=True).start()

    def begin_anew(self, upstream: int) -> None:
        """Stand before another server, by no rule, and forget what was asked."""
        self.upstream, self.rule = upstream, as_it_is
        self.asked.clear()
        if not self._listening:
            self.open()

    def close(self) -> None:
        """Stop listening: whoever comes is refused, as when a server is down."""
        if self._listening:
            self._listening.shutdown()
            self._listening.server_close()
            self._listening = None

    def answer(self, path: str, headers: Mapping[str, str]) -> Answer:
        """Answer by the rule, or else what the server behind says."""
        return self.rule(path, headers) or self._behind(path, headers)

    def pass_on(self, path: str, headers: Mapping[str, str]) -> Answer:
        """Ask the server behind to do something; with no more than its address."""
        return self._ask(path, headers, "POST")

    def _behind(self, path: str, headers: Mapping[str, str]) -> Answer:
        """Ask the server behind; once for what never changes while it runs."""
        about = (self.upstream, path, headers.get("accept-encoding"), headers.get("if-none-match"))
        if about in self._known:
            return self._known[about]
        answer = self._ask(path, headers)
        if path.startswith(("/en/", "/fr/", "/static/")) and answer.status in {200, 304}:
            self._known[about] = answer
        return answer

    def _ask(self, path: str, headers: Mapping[str, str], method: str = "GET") -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.upstream, timeout=30)
        try:
            own = {"host": f"127.0.0.1:{self.upstream}"}
            connection.request(method, path, headers={**headers, **own})
            found = connection.getresponse()
            body = found.read()
        except OSError:
            return Answer(502, {"Content-Type": "text/plain"}, b"nobody behind")
        finally:
            connection.close()
        kept = {n: v for n, v in found.getheaders() if n.lower() not in HOP_BY_HOP}
        return Answer(found.status, kept, body)


def _handler(front: Front) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = front.answer(self.path, headers)
            front.asked.append(Asked(self.path, headers, answer))
            self._send(answer)

        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            self._send(front.pass_on(self.path, headers))

        def _send(self, answer: Answer) -> None:
            self.send_response_only(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.status != 304:
                self.send_header("Content-Length", str(len(answer.body)))
            # A browser that is closed no longer listens.
            with suppress(ConnectionError):
                self.end_headers()
                self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            """Stay quiet: what was asked is in `asked`."""

    return Handler


def wait_until_quiet(front: Front, seconds: float = 0.4) -> None:
    """Wait until nobody has asked for anything for a while."""
    seen = -1
    while seen != len(front.asked):
        seen = len(front.asked)
        time.sleep(seconds)


@contextmanager
def front_door() -> Iterator[Front]:
    """Open a front door on a free port; its upstream is set when the server behind is known."""
    front = Front(0)
    front.open()
    try:
        yield front
    finally:
        front.close()
