"""Real servers and real browsers for the tests, on loopback addresses only."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Playwright, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
# Without these Chromium looks up its maker's hosts; a test talks to loopback addresses only.
QUIET = (
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-quic", "--no-first-run", "--disable-features=OptimizationHints,MediaRouter",
)  # fmt: skip


class Server:
    """The app as people get it: `lendemain serve` in a process of its own, always on one port."""

    arguments: tuple[str, ...] = ("-m", "webapp.cli", "serve")

    def __init__(self, root: Path = ROOT, /, **environ: str) -> None:
        """Choose a free port for the checkout at ``root``; nothing is started yet."""
        self.root = root
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._data = tempfile.TemporaryDirectory(prefix="lendemain-")
        self.data = Path(self._data.name)
        own = {"PORT": str(self.port), "HOST": "127.0.0.1", "WEBAPP_DATA": self._data.name}
        # A sender is for those who ask for one: it takes its share of two cores.
        self.environ = {**os.environ, **own, "WEBAPP_SENDER": "off", **environ}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Server":
        """Start, and return when it answers.

        :raises RuntimeError: when it ends or stays silent for a minute
        """
        command = [sys.executable, *self.arguments]
        self.process = subprocess.Popen(command, cwd=self.root, env=self.environ)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=1):
                    return self
            except OSError:
                time.sleep(0.05)
        message = f"the server did not start on {self.url}"
        raise RuntimeError(message)

    def stop(self) -> None:
        """Stop at once; the port stays this server's for a later start."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def remove(self) -> None:
        """Stop, and delete its data."""
        self.stop()
        self._data.cleanup()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A running server that several tests share: do not stop it."""
    running = Server().start()
    yield running
    running.remove()


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A running server of the test's own, to be stopped and started at will."""
    running = Server().start()
    yield running
    running.remove()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright's driver."""
    with sync_playwright() as driver:
        yield driver


def chromium(*, whole: bool = True) -> dict[str, object]:
    """Return what launches the real Chromium of this machine.

    :param whole: False for its headless shell: the same engine without a desktop's notifications,
        installing and back/forward cache, at half the work
    :raises FileNotFoundError: when the machine has none
    """
    shell = None if whole else os.environ.get("CHROMIUM_SHELL")
    named = shell or os.environ.get("CHROMIUM")
    found = named or shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        message = "no Chromium: `python3 dev.py test` installs one, or set CHROMIUM to its path"
        raise FileNotFoundError(message)
    unboxed = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {"executable_path": found, "args": [*QUIET, *unboxed]}


OpenPhone = Callable[..., BrowserContext]


@pytest.fixture
def open_phone(playwright: Playwright, tmp_path: Path) -> Iterator[OpenPhone]:
    """Open a phone-size Chromium with a profile on disk; call it again with `name` to reopen it.

    A persistent profile, because a private one is not installable and ends with its browser. `whole`
    asks for more than the headless shell. Other options are Playwright's, such as `locale`,
    `timezone_id`, `color_scheme`, `viewport`.
    """
    opened: list[BrowserContext] = []

    def open_it(name: str = "phone", *, whole: bool = False, **options: object) -> BrowserContext:
        settings: dict[str, object] = {
            "viewport": {"width": 390, "height": 844},
            "timezone_id": "America/Toronto",
            "locale": "en-CA",
            **options,
        }
        context = playwright.chromium.launch_persistent_context(
            tmp_path / name,
            **chromium(whole=whole),  # type: ignore[arg-type]
            **settings,  # type: ignore[arg-type]
        )
        opened.append(context)
        return context

    yield open_it
    for context in opened:
        _close(context)


def _close(context: BrowserContext) -> None:
    try:
        context.close()
    except Exception as error:
        # A test may have closed it to reopen the same profile.
        if "closed" not in str(error):
            raise


@contextmanager
def running(root: Path = ROOT, **environ: str) -> Iterator[Server]:
    """Run a server with settings of its own, of this checkout or another."""
    server = Server(root, **environ).start()
    try:
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def running_with() -> Callable[..., object]:
    """Return what runs a server with settings of its own, as a context manager."""
    return running


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the door to the long campaigns."""
    parser.addoption("--long", action="store_true", help="run the long campaigns as well")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long campaigns out unless they are asked for."""
    if not config.getoption("--long"):
        left_out = [each for each in items if "long" in each.keywords]
        items[:] = [each for each in items if "long" not in each.keywords]
        config.hook.pytest_deselected(items=left_out)
