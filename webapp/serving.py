"""Answering the network, with the sender as a child. Only importer of the WSGI server."""

import contextlib
import errno
import logging
import resource
import socket
import subprocess
import sys
import threading
import time
from typing import Any

from flask import Flask
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import BaseWSGIServer, create_server
from waitress.task import ErrorTask

from webapp import db, metrics
from webapp.app import MAX_BODY, create_app, refuse_as_too_long
from webapp.config import Settings
from webapp.logs import Seldom
from webapp.reminders.keys import Keys

THREADS = 8
# What chunks add to a body; how long it really is, the app says.
FRAMES = 4096
# Seconds for a request to arrive whole, for an answer to be taken, and between two requests; and
# between two looks at who has had them.
PATIENCE, SWEEP = 20, 5
# Connections held at most, and what the database, files and answers under way are left of the
# process's file descriptors, of which most systems give 1,024.
CONNECTIONS, OTHER_FILES = 900, 124
RESTART_SECONDS = 1.0
# A plan in an address has 1,200 characters; the rest is for cookies of others on this domain.
MAX_HEAD = 32 * 1024
LINGER_SECONDS, LINGER_BYTES = 5, 16 * 1024 * 1024
LINGERING = threading.BoundedSemaphore(16)

log = logging.getLogger(__name__)


class Child:
    """The sender as a child process: started again when it dies, ended when its parent does.

    Its standard input is a pipe that nobody writes to; it ends with the parent, however that dies.
    """

    def __init__(self) -> None:
        """Start it, and watch it from a thread."""
        # -P: a checkout that the server is started in is not to lend the child its own code, whose
        # data folder is another.
        self._command = [sys.executable, "-P", "-m", "webapp.cli", "send", "--child"]
        self._stopping, self._seldom = False, Seldom()
        self._process = self._start()
        threading.Thread(target=self._watch, daemon=True, name="sender's keeper").start()

    def _start(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(self._command, stdin=subprocess.PIPE)

    def _watch(self) -> None:
        while True:
            status = self._process.wait()
            if self._stopping:
                return
            log.error("the sender ended; starting it again", extra={"status": status})
            time.sleep(RESTART_SECONDS)
            while not self._starts_again():
                time.sleep(RESTART_SECONDS)

    def _starts_again(self) -> bool:
        try:
            self._process = self._start()
        except OSError:
            # No file descriptor, no memory, no process left: for now.
            if self._seldom.lets("start"):
                log.exception("the sender cannot be started; trying again")
            return False
        return True

    def stop(self) -> None:
        """Let it finish what is in flight."""
        self._stopping = True
        if self._process.stdin:
            self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(15)


class ProblemTask(ErrorTask):  # type: ignore[misc]
    """What the WSGI server answers by itself, without the app."""

    def execute(self) -> None:
        """Answer a body that is too long as the app would, before it is read."""
        # Most clients send all of it before they listen, and would miss an early goodbye.
        self.channel.lingers = True
        if self.request.error.code != 413:
            super().execute()
            return
        answer = refuse_as_too_long(self.channel.server.application, _asked(self.request))
        body = answer.get_data()
        self.status = answer.status
        self.response_headers += answer.headers.to_wsgi_list()
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


def _asked(request: HTTPRequestParser) -> dict[str, str]:
    heads = ("ACCEPT", "ACCEPT_LANGUAGE")
    said = {f"HTTP_{each}": request.headers[each] for each in heads if each in request.headers}
    return {"REQUEST_METHOD": request.command, "PATH_INFO": request.path, **said}


class Parser(HTTPRequestParser):  # type: ignore[misc]
    """Reads a request, and refuses one that says in two ways where it ends."""

    def parse_header(self, header_plus: bytes) -> None:
        """Read the head; a proxy in front may have believed the other of the two (RFC 9112, 6.1)."""
        super().parse_header(header_plus)
        coded = self.chunked or "TRANSFER_ENCODING" in self.headers
        if coded and "CONTENT_LENGTH" in self.headers:
            words = "Content-Length beside Transfer-Encoding"
            raise ParsingError(words)


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection that says what was wrong, and stays until that could be read."""

    parser_class = Parser
    error_task_class = ProblemTask
    lingers = False
    last_activity: float

    def add_channel(self, map: dict[int, Any] | None = None) -> None:  # noqa: A002  (its name there)
        """Come in; when the house is full, in the place of whoever has kept it waiting longest, and
        not at all when everyone there waits for an answer.
        """
        others = [each for each in self.server.active_channels.values() if not each.will_close]
        if len(others) >= _room():
            waiting = [each for each in others if not each.requests]
            min(waiting, key=lambda each: each.last_activity, default=self).will_close = True
        super().add_channel(map)

    def handle_read(self) -> None:
        """Read; a request that comes byte by byte is no sign of life."""
        unfinished, began = self.request, self.last_activity
        super().handle_read()
        if unfinished is not None and self.request is unfinished:
            self.last_activity = began

    def writable(self) -> bool:
        """Say whether there is something to write, unless it is time to close."""
        # Closing must not wait until the other side has room: who reads nothing never has any, and
        # holds a thread meanwhile.
        if self.total_outbufs_len and time.time() - self.last_activity > PATIENCE:
            self.will_close = True
        if self.will_close:
            self.handle_close()
            return False
        return bool(super().writable())

    def handle_close(self) -> None:
        """Close; after an early refusal, from a thread that first reads what still comes."""
        if self.lingers and self.socket:
            self.lingers = False
            _linger(self.socket)
        super().handle_close()


def _linger(connection: socket.socket) -> None:
    """Keep a connection open in a thread of its own, where there is room for that."""
    if not LINGERING.acquire(blocking=False):
        return
    try:
        kept = connection.dup()
        threading.Thread(target=_drain, args=(kept,), daemon=True).start()
    except (OSError, RuntimeError):
        # No file descriptor or no thread left: an early goodbye, and the server goes on.
        LINGERING.release()


def _drain(connection: socket.socket) -> None:
    deadline, left = time.monotonic() + LINGER_SECONDS, LINGER_BYTES
    with contextlib.suppress(OSError), connection:
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(1)
        while left > 0 and time.monotonic() < deadline and (read := connection.recv(65536)):
            left -= len(read)
    LINGERING.release()


def _room() -> int:
    """Return how many connections are held at most."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return CONNECTIONS
    return max(1, min(CONNECTIONS, files - OTHER_FILES))


def _listen(app: Flask, settings: Settings) -> Any:
    """Return a server that listens already.

    :raises OSError: when it cannot
    :raises ValueError: when the host has no address
    """
    sockets: dict[int, Any] = {}
    server = create_server(
        app, map=sockets, host=settings.host, port=settings.port, threads=THREADS, ident=None,
        max_request_header_size=MAX_HEAD, max_request_body_size=MAX_BODY + FRAMES, clear_untrusted_proxy_headers=False,
        channel_timeout=PATIENCE, cleanup_interval=SWEEP,
        # Never reached, or nobody would be let in; and `select` knows no descriptor above 1,023.
        connection_limit=2 * CONNECTIONS, asyncore_use_poll=True,
    )  # fmt: skip
    # A name such as localhost may have several addresses, and each of them its own server.
    for each in sockets.values():
        if isinstance(each, BaseWSGIServer):
            each.channel_class = Channel
    return server


def serve(settings: Settings) -> int:
    """Serve until interrupted; return the exit status of the command."""
    engine = db.make_engine(settings)
    db.upgrade(engine)
    Keys(settings.data)  # made at the first start; unreadable ones stop it here, not at a phone
    app = create_app(settings)
    try:
        server = _listen(app, settings)
    except (OSError, ValueError) as error:
        print(_cannot_listen(settings, error), file=sys.stderr)
        return 1
    if settings.metrics:
        try:
            metrics.serve(engine, *settings.metrics)
        except OSError:
            print("WEBAPP_METRICS: that address cannot be listened at", file=sys.stderr)
            return 1
    child = Child() if settings.sender == "child" else None
    print(f"Lendemain is at {settings.origin}/   (stop with Ctrl-C)", flush=True)
    try:
        server.run()
    finally:
        if child:
            child.stop()
    return 0


def _cannot_listen(settings: Settings, error: OSError | ValueError) -> str:
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.EACCES:
        return (
            f"Port {settings.port} needs more rights. Choose another: PORT=8001 python3 dev.py run"
        )
    if number == errno.EADDRINUSE:
        return (
            f"Port {settings.port} is taken by another program. "
            f"Stop that one, or choose another: PORT={settings.port + 1} python3 dev.py run"
        )
    return f"HOST is {settings.host!r}, but must be an address of this machine, or 0.0.0.0 for all"
