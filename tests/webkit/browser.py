"""A real WebKit on a screen that nobody sees, driven by WebDriver over HTTP."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

WINDOW = Path(__file__).with_name("window.py")
# Debian's own Python has GTK; the one that runs the tests is in a virtual environment.
SYSTEM_PYTHON = "/usr/bin/python3"
STARTING = 20.0  # seconds
PATIENCE = 60.0
# WebDriver's name of a reference to an element.
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class RefusedError(Exception):
    """WebDriver did not do what it was asked; says why."""


def is_there() -> bool:
    """Say whether this machine has what these tests need."""
    tools = all(map(shutil.which, ("WebKitWebDriver", "Xvfb", SYSTEM_PYTHON)))
    question = "import gi; gi.require_version('WebKit2', '4.1')"
    asked = [SYSTEM_PYTHON, "-c", question]
    return tools and not subprocess.call(asked, stderr=subprocess.DEVNULL)


@contextmanager
def screen() -> Iterator[str]:
    """Run a screen that nobody sees; its name is what DISPLAY wants."""
    told, tells = os.pipe()
    command = ["Xvfb", "-displayfd", str(tells), "-screen", "0", "1280x1024x24", "-nolisten", "tcp"]
    running = subprocess.Popen(command, pass_fds=[tells], stderr=subprocess.DEVNULL)
    os.close(tells)
    try:
        yield f":{os.read(told, 16).decode().strip()}"
    finally:
        os.close(told)
        running.terminate()
        running.wait()


class WebKit:
    """A WebKit with one window of a phone's size, and a profile in ``home`` that outlives it.

    An ``agent`` makes it say that it is another browser; it stays the engine it is.
    """

    def __init__(self, display: str, home: Path, language: str = "en-CA", agent: str = "") -> None:
        """Choose a free port for its driver; nothing is started yet."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port: int = free.getsockname()[1]
        self._arguments = [str(WINDOW), str(home / "profile"), language, agent]
        self._environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("XDG_")},
            "HOME": str(home),
            "DISPLAY": display,
            "TZ": "America/Toronto",
            # Its sandbox wants a user who is not root; its compositing, a graphics card.
            "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",
            "WEBKIT_DISABLE_COMPOSITING_MODE": "1",
            # Neither a session bus nor an accessibility bus is looked for.
            "DBUS_SESSION_BUS_ADDRESS": "disabled:",
            "NO_AT_BRIDGE": "1",
            "GSETTINGS_BACKEND": "memory",
        }
        self._driver: subprocess.Popen[bytes] | None = None
        self._session = ""

    def __enter__(self) -> Self:
        """Open it, with the profile as it was left.

        :raises TimeoutError: when its driver does not answer within 20 s
        """
        command = ["WebKitWebDriver", f"--port={self._port}"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._driver = subprocess.Popen(
            command, env=self._environ, stdin=subprocess.DEVNULL, start_new_session=True, **quiet
        )  # type: ignore[call-overload]
        try:
            self._wait_for_the_driver()
            options = {"binary": SYSTEM_PYTHON, "args": self._arguments}
            wanted = {"alwaysMatch": {"webkitgtk:browserOptions": options}}
            self._session = self._call("POST", "/session", {"capabilities": wanted})["sessionId"]
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Close the browser and its driver; what it keeps is on disk."""
        with suppress(RefusedError, OSError):
            self._ask("DELETE", "")
        self._end()

    def _end(self) -> None:
        assert self._driver
        with suppress(ProcessLookupError):
            os.killpg(self._driver.pid, signal.SIGKILL)
        self._driver.wait()

    def _wait_for_the_driver(self) -> None:
        deadline = time.monotonic() + STARTING
        while time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 1):
                return
            time.sleep(0.05)
        message = "WebKit's driver did not start"
        raise TimeoutError(message)

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        return self._call(method, f"/session/{self._session}{path}", body)

    def _call(self, method: str, path: str, body: object = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            value = json.loads(answer.read())["value"]
        finally:
            connection.close()
        if answer.status != 200:
            raise RefusedError(f"{path}: {value['error']}: {value['message']}")
        return value

    # --- the window ------------------------------------------------------------------------------

    def open(self, url: str) -> None:
        """Go to an address, and return when the page has loaded.

        :raises RefusedError: when nobody answers there
        """
        self._ask("POST", "/url", {"url": url})

    def evaluate(self, function: str, *arguments: object) -> Any:
        """Return what a JavaScript function returns in the page, or what its promise comes to.

        :raises RefusedError: when it throws
        """
        script = (
            "const done = arguments[arguments.length - 1];"
            f"Promise.resolve(({function})(...[...arguments].slice(0, -1)))"
            ".then((value) => done([value]), (fault) => done([null, String(fault)]));"
        )
        value, *fault = self._ask("POST", "/execute/async", {"script": script, "args": arguments})
        if fault:
            raise RefusedError(fault[0])
        return value

    def click(self, selector: str) -> None:
        """Click the first element that matches, as a finger would.

        :raises RefusedError: when it is not there or cannot be reached
        """
        where = {"using": "css selector", "value": selector}
        element = self._ask("POST", "/element", where)[ELEMENT]
        self._ask("POST", f"/element/{element}/click", {})

    def type(self, selector: str, text: str) -> None:
        """Type into the first element that matches.

        :raises RefusedError: when it is not there or cannot be reached
        """
        where = {"using": "css selector", "value": selector}
        element = self._ask("POST", "/element", where)[ELEMENT]
        self._ask("POST", f"/element/{element}/value", {"text": text})

    def resize(self, width: int) -> None:
        """Make the window that wide."""
        self._ask("POST", "/window/rect", {"width": width, "height": 640})

    def go_back(self) -> None:
        """Go back to the page before."""
        self._ask("POST", "/back", {})

    @property
    def url(self) -> str:
        """Return the address of the page."""
        return str(self._ask("GET", "/url"))
