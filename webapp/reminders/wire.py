"""Handing pushes over, many at a time, from one thread. Only importer of the HTTP client."""

import os
import socket
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import certifi
import pycurl

from webapp.reminders.endpoints import is_public_address

SECONDS_IN_ALL = 10
SECONDS_TO_CONNECT = 5
CONNECTION_LIVES = 600  # seconds; so that an address vetted once is vetted again
MOST_READ = 4096  # bytes of an answer
UPLOAD_BUFFER = (
    16_384  # bytes, the least libcurl takes; each post in flight keeps one, of 64 KiB else
)
LONGEST_RETRY_AFTER = 21_600  # seconds: libcurl tells no more
PIPE_MULTIPLEX = 2


class Answer(NamedTuple):
    """What became of one post: ``status`` 0 when none came, with ``error`` saying why.

    ``retry_after`` is in seconds; `LONGEST_RETRY_AFTER` stands for that or any more.
    """

    label: Any
    status: int
    retry_after: int = 0
    error: str = ""


class _Handle:
    """A libcurl handle with its settings, the label of what it carries, the bytes it has read."""

    __slots__ = ("curl", "exempt", "label", "read")

    def __init__(self, curl: pycurl.Curl, *, exempt: bool) -> None:
        self.curl, self.exempt, self.label, self.read = curl, exempt, None, 0
        curl.setopt(pycurl.WRITEFUNCTION, self.take)

    def take(self, piece: bytes) -> int:
        """Count what comes; refuse, and so end the transfer, beyond the most that is read."""
        self.read += len(piece)
        return len(piece) if self.read <= MOST_READ else 0


class _Socket(socket.socket):
    """A socket that libcurl takes a copy of, and that may then be dropped without a word."""

    def __del__(self) -> None:
        # One that could not be made has nothing to close, and nothing to close it with.
        if self.fileno() >= 0:
            self.close()


class Wire:
    """Posts in flight. Nobody is trusted: not the address, not the length of an answer."""

    def __init__(self, is_vetted: Callable[[str], bool] = is_public_address) -> None:
        """Open nothing yet; ``is_vetted`` says whether a numeric address may be connected to."""
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_PIPELINING, PIPE_MULTIPLEX)
        # No limit of libcurl's own on connections: what it keeps waiting for one host that hangs
        # holds up what waits for another. The sender bounds what is in flight.
        self._multi.setopt(pycurl.M_MAX_CONCURRENT_STREAMS, 1000)
        self._is_vetted = is_vetted
        self._authorities = os.environ.get("SSL_CERT_FILE") or certifi.where()
        # A handle keeps its settings; vetted ones and exempt ones are never mixed.
        self._idle: dict[bool, list[_Handle]] = {True: [], False: []}
        self._flying: dict[pycurl.Curl, _Handle] = {}

    def __len__(self) -> int:
        """Return how many posts are in flight."""
        return len(self._flying)

    def post(self, label: Any, url: str, headers: list[str], body: bytes, *, exempt: bool) -> None:
        """Begin to post; the answer comes from `wait` under the same label.

        :param exempt: of the address rule (an origin that the operator named)
        """
        idle = self._idle[exempt]
        handle = idle.pop() if idle else self._new_handle(exempt=exempt)
        handle.label, handle.read = label, 0
        curl = handle.curl
        curl.setopt(pycurl.URL, url)
        # What libcurl would add by itself: a push has exactly the headers of the contract.
        curl.setopt(pycurl.HTTPHEADER, [*headers, "Accept:", "User-Agent:", "Expect:"])
        curl.setopt(pycurl.POSTFIELDS, body)
        # Over HTTP/2 many share a connection; over HTTP/1.1 one would wait for the other's answer.
        curl.setopt(pycurl.PIPEWAIT, url.startswith("https:"))
        self._flying[curl] = handle
        self._multi.add_handle(curl)

    def wait(self, seconds: float) -> list[Answer]:
        """Move bytes for up to ``seconds``, until something happens; return what was answered."""
        multi = self._multi
        multi.perform()
        answers = self._collect()
        if answers or seconds <= 0:
            return answers
        own = multi.timeout()
        patience = min(seconds, own / 1000) if own >= 0 else seconds
        began = time.monotonic()
        if not multi.select(patience) and patience > 0:
            # With nothing to watch, or while a name is looked up, select returns at once.
            left = patience - (time.monotonic() - began)
            time.sleep(max(0.0, min(left, 0.01) if self._flying else left))
        multi.perform()
        return self._collect()

    def close(self) -> None:
        """Drop everything; posts in flight get no answer."""
        for handle in self._flying.values():
            self._multi.remove_handle(handle.curl)
            handle.curl.close()
        self._flying.clear()
        for idle in self._idle.values():
            for handle in idle:
                handle.curl.close()
            idle.clear()
        self._multi.close()

    def _collect(self) -> list[Answer]:
        answers: list[Answer] = []
        left = 1
        while left:
            left, done, failed = self._multi.info_read()
            answers += [self._land(curl, 0, "") for curl in done]
            answers += [self._land(curl, number, words) for curl, number, words in failed]
        return answers

    def _land(self, curl: pycurl.Curl, number: int, words: str) -> Answer:
        handle = self._flying.pop(curl)
        label, handle.label = handle.label, None
        # An answer cut off for its length or its pace is an answer all the same.
        status = int(curl.getinfo(pycurl.RESPONSE_CODE))
        retry_after = int(curl.getinfo(pycurl.RETRY_AFTER)) if status >= 400 else 0
        self._multi.remove_handle(curl)
        if number:
            curl.close()
        else:
            self._idle[handle.exempt].append(handle)
        if status >= 200:
            return Answer(label, status, retry_after)
        return Answer(label, 0, 0, f"curl {number}" if number else words)

    def _new_handle(self, *, exempt: bool) -> _Handle:
        curl = pycurl.Curl()
        for option, value in (
            (pycurl.POST, 1),
            (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS),
            (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
            (pycurl.TIMEOUT, SECONDS_IN_ALL),
            (pycurl.CONNECTTIMEOUT, SECONDS_TO_CONNECT),
            (pycurl.MAXLIFETIME_CONN, CONNECTION_LIVES),
            (pycurl.UPLOAD_BUFFERSIZE, UPLOAD_BUFFER),
            (pycurl.FOLLOWLOCATION, 0),
            (pycurl.NETRC, pycurl.NETRC_IGNORED),
            (pycurl.PROXY, ""),
            (pycurl.NOPROXY, "*"),
            (pycurl.HTTP09_ALLOWED, 0),
            (pycurl.PATH_AS_IS, 1),
            (pycurl.CAINFO, self._authorities),
            (pycurl.SSL_VERIFYPEER, 1),
            (pycurl.SSL_VERIFYHOST, 2),
            (pycurl.NOSIGNAL, 1),
        ):
            curl.setopt(option, value)
        if not exempt:
            curl.setopt(pycurl.OPENSOCKETFUNCTION, self._open_socket)
        return _Handle(curl, exempt=exempt)

    def _open_socket(
        self, _purpose: int, address: tuple[int, int, int, tuple[Any, ...]]
    ) -> socket.socket | int:
        family, kind, protocol, where = address
        if not self._is_vetted(str(where[0])):
            return int(pycurl.SOCKET_BAD)
        try:
            return _Socket(family, kind, protocol)
        except OSError:
            # No file descriptor is left; libcurl would print what is raised here.
            return int(pycurl.SOCKET_BAD)
