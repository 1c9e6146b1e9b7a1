"""Connections: those that are slow, silent or many keep nobody else out."""

import contextlib
import re
import resource
import socket
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Server

ROOT = Path(__file__).resolve().parent.parent
PAGE = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
HALF_A_HEAD = b"GET /fr/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
HALF_A_BODY = (
    b"POST /api/receipts HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    b"Content-Length: 60000\r\n\r\n{"
)
A_RECEIPT = (
    b"POST /api/receipts HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    b'Content-Length: 46\r\n\r\n{"receipt":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}'
)
TOO_LONG = HALF_A_BODY.replace(b"60000", b"9999999")
IMPATIENT = """
import sys
from webapp import cli, serving
serving.PATIENCE, serving.SWEEP, serving.CONNECTIONS = 2, 0.2, 40
sys.argv[1:] = ["serve"]
sys.exit(cli.main())
"""


class Impatient(Server):
    """A server with little patience and few places, so that a test need not wait for long."""

    arguments = ("-c", IMPATIENT)


@pytest.fixture(scope="module")
def impatient() -> Iterator[Server]:
    """A server that loses patience after two seconds, and holds 40 connections."""
    running = Impatient().start()
    yield running
    running.remove()


@contextlib.contextmanager
def connections(server: Server, count: int, began: bytes) -> Iterator[list[socket.socket]]:
    """Open connections and begin something on each."""
    with contextlib.ExitStack() as stack:
        opened = []
        for _ in range(count):
            wire = socket.create_connection(("127.0.0.1", server.port), timeout=10)
            opened.append(stack.enter_context(wire))
            wire.sendall(began)
        yield opened


def drip(wires: list[socket.socket]) -> None:
    """Send one byte more on each connection that takes it."""
    for wire in wires:
        with contextlib.suppress(OSError):
            wire.sendall(b" ")


def seconds_to_answer(server: Server) -> float:
    """Ask on a connection of one's own; return how long the answer took."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as wire:
        wire.sendall(PAGE)
        assert wire.recv(12) == b"HTTP/1.1 200"
    return time.monotonic() - began


def is_closed(wire: socket.socket, seconds: float) -> bool:
    """Say whether the other side closes within some time."""
    wire.settimeout(seconds)
    with contextlib.suppress(ConnectionResetError):
        while True:
            try:
                if not wire.recv(65536):
                    return True
            except TimeoutError:
                return False
    return True


@pytest.mark.parametrize("began", [b"", HALF_A_HEAD, HALF_A_BODY], ids=["idle", "head", "body"])
def test_hundreds_of_slow_connections_keep_nobody_else_out(server: Server, began: bytes) -> None:
    with connections(server, 300, began) as wires:
        if began:
            drip(wires)
        assert seconds_to_answer(server) < 1
        drip(wires)
        assert seconds_to_answer(server) < 1


@pytest.mark.parametrize("began", [b"", HALF_A_HEAD, HALF_A_BODY], ids=["idle", "head", "body"])
def test_a_full_house_still_lets_people_in(impatient: Server, began: bytes) -> None:
    with connections(impatient, 200, began):
        assert seconds_to_answer(impatient) < 1


def test_a_house_full_of_those_who_wait_for_an_answer_gets_no_fuller(impatient: Server) -> None:
    assert impatient.process
    files = Path(f"/proc/{impatient.process.pid}/fd")
    at_rest = len([*files.iterdir()])
    database = sqlite3.connect(impatient.data / "lendemain.sqlite", isolation_level=None)
    with contextlib.closing(database), contextlib.ExitStack() as stack:
        # Whoever writes has to wait, and the others for a thread.
        database.execute("BEGIN IMMEDIATE")
        for _ in range(100):
            stack.enter_context(connections(impatient, 1, A_RECEIPT))
            time.sleep(0.01)
        assert len([*files.iterdir()]) <= at_rest + 40 + 20
        database.execute("ROLLBACK")
        time.sleep(1)
        assert seconds_to_answer(impatient) < 1


def test_a_server_that_may_open_no_file_goes_on_when_it_may(impatient: Server) -> None:
    assert impatient.process
    pid = impatient.process.pid
    biggest = max((ROOT / "static").rglob("*.png"), key=lambda file: file.stat().st_size)
    asked = (
        f"GET /static/{biggest.relative_to(ROOT / 'static')} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    )
    with socket.socket() as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wire.connect(("127.0.0.1", impatient.port))
        # The last of what is read at once is refused early, and nobody reads any answer.
        many = (8192 - len(TOO_LONG)) // len(asked)
        wire.sendall(asked.encode() * many + TOO_LONG)
        time.sleep(1)
        most = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, most[1]))
        time.sleep(3)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, most)
    assert impatient.process.poll() is None
    assert seconds_to_answer(impatient) < 1


@pytest.mark.parametrize("began", [HALF_A_HEAD, HALF_A_BODY], ids=["head", "body"])
def test_a_request_that_comes_byte_by_byte_is_not_waited_for(
    impatient: Server, began: bytes
) -> None:
    with connections(impatient, 3, began) as wires:
        deadline = time.monotonic() + 4
        while time.monotonic() < deadline:
            drip(wires)
            time.sleep(0.2)
        assert [is_closed(wire, 0.5) for wire in wires] == [True] * 3


def test_someone_who_asks_and_never_reads_is_not_waited_for(impatient: Server) -> None:
    biggest = max((ROOT / "static").rglob("*.png"), key=lambda file: file.stat().st_size)
    path = f"/static/{biggest.relative_to(ROOT / 'static')}"
    asked = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    wire = socket.socket()
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    with wire:
        wire.connect(("127.0.0.1", impatient.port))
        wire.sendall(asked * 60)
        time.sleep(4)
        # What had left before is still read; then it ends, long before all of it.
        wire.settimeout(1)
        got = 0
        with contextlib.suppress(ConnectionResetError):
            while read := wire.recv(65536):
                got += len(read)
        assert got < 60 * biggest.stat().st_size


def test_all_threads_at_work_for_those_who_never_read_are_free_again_soon(
    impatient: Server,
) -> None:
    # More than the server takes in advance: each thread waits for somebody to read.
    asked = b"GET /en/microneedling/draft/review HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 100
    with contextlib.ExitStack() as stack:
        for _ in range(8):
            wire = stack.enter_context(socket.socket())
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            wire.connect(("127.0.0.1", impatient.port))
            wire.sendall(asked)
        time.sleep(12)
        with connections(impatient, 1, PAGE) as (person,):
            assert re.match(rb"HTTP/1.1 200", person.recv(65536))


def test_a_person_who_reads_on_keeps_the_connection(impatient: Server) -> None:
    with connections(impatient, 1, PAGE) as (wire,):
        for _ in range(4):
            time.sleep(1)
            assert re.match(rb"HTTP/1.1 200", wire.recv(65536))
            wire.sendall(PAGE)
