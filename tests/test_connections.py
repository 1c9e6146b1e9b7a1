"""Connections: those that are slow, silent or many keep nobody else out."""

import contextlib
import re
import socket
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
