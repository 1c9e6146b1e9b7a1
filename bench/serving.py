"""Pages and static files per second, against a bare Flask view that returns the same bytes.

Both are served by the same WSGI server with the same settings, on loopback, in the same run, in
turns; what counts is the ratio. Run: ``python3 dev.py bench serving.py``.
"""

import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROUNDS, SECONDS, WARM_UP = 61, 0.2, 200
GOAL = 0.9
PAGE = "/en/microneedling/draft/standard/day-2"


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def running(command: list[str], port: int) -> Iterator[int]:
    """Run a server until the block ends."""
    environ = {"PORT": str(port), "PATH": "/usr/bin:/bin", "HOST": "127.0.0.1"}
    process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield port
    finally:
        process.kill()
        process.wait()


def wait_for(port: int) -> None:
    """Return once something listens.

    :raises TimeoutError: after 30 s
    """
    for _ in range(600):
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(port)


class Client:
    """One keep-alive connection that asks for one address, as cheaply as Python can."""

    def __init__(self, port: int, path: str) -> None:
        """Connect, and learn how long an answer is."""
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        headers = f"Host: 127.0.0.1:{port}\r\nAccept-Encoding: br\r\n\r\n"
        self.request = f"GET {path} HTTP/1.1\r\n{headers}".encode()
        self.socket.sendall(self.request)
        head, _, rest = self._read_head().partition(b"\r\n\r\n")
        if b" 200 " not in head.splitlines()[0]:
            raise ValueError(head.decode())
        lengths = [x for x in head.lower().splitlines() if x.startswith(b"content-length:")]
        self.body = int(lengths[0].split(b":")[1])
        self._read(self.body - len(rest))
        self.answer = len(head) + 4 + self.body

    def _read_head(self) -> bytes:
        found = b""
        while b"\r\n\r\n" not in found:
            found += self.socket.recv(65536)
        return found

    def _read(self, left: int) -> None:
        while left > 0:
            left -= len(self.socket.recv(65536))

    def rate(self, seconds: float) -> float:
        """Return answers per second."""
        count, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            self.once()
            count += 1
        return count / (time.perf_counter() - began)

    def once(self) -> None:
        """Ask and read once."""
        self.socket.sendall(self.request)
        self._read(self.answer)


def compare(name: str, ours: Client, bare: Client) -> float:
    """Print and return the median ratio of our rate to the bare one."""
    for client in (ours, bare):
        for _ in range(WARM_UP):
            client.once()
    rates = [(ours.rate(SECONDS), bare.rate(SECONDS)) for _ in range(ROUNDS)]
    ratios = sorted(mine / theirs for mine, theirs in rates)
    ratio = statistics.median(ratios)
    mine, theirs = (statistics.median(column) for column in zip(*rates, strict=True))
    verdict = "✓" if ratio >= GOAL else "✗"
    print(
        f"{verdict} {name} ({ours.body} bytes): {mine:,.0f}/s against {theirs:,.0f}/s bare, "
        f"ratio {ratio:.2f} (middle half {ratios[ROUNDS // 4]:.2f} to {ratios[-ROUNDS // 4]:.2f}, "
        f"{ROUNDS} rounds), "
        f"goal {GOAL}",
        flush=True,
    )
    return ratio


def main() -> int:
    """Compare a page and a static file; the status says whether both reach the goal."""
    app = [sys.executable, "-m", "webapp.cli", "serve"]
    with running(app, free_port()) as port:
        ratios = [measure(name, path, port) for name, path in addresses()]
    return 0 if min(ratios) >= GOAL else 1


def measure(name: str, path: str, port: int) -> float:
    """Compare one address of ours with a bare view of as many bytes."""
    ours = Client(port, path)
    bare = [sys.executable, str(ROOT / "bench" / "_bare.py"), str(ours.body)]
    with running(bare, free_port()) as bare_port:
        return compare(name, ours, Client(bare_port, "/"))


def addresses() -> list[tuple[str, str]]:
    """Return what is measured."""
    css = min((ROOT / "static" / "gen").glob("*.css"))
    return [("a guide page", PAGE), ("a static file", f"/static/gen/{css.name}")]


if __name__ == "__main__":
    sys.exit(main())
