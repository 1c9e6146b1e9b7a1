"""The wire to a browser: WebDriver BiDi over a websocket (https://w3c.github.io/webdriver-bidi/)."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from typing import Any, TypeVar

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.browser.phone import until

PATIENCE = 30.0  # seconds

Found = TypeVar("Found")


class RefusedError(Exception):
    """The browser did not do what it was asked; the message is its own."""


class Wire:
    """A session with a browser; commands may come from any thread."""

    def __init__(self, url: str, heard: Callable[[str, dict[str, Any]], None]) -> None:
        """Connect to ``url`` (``ws://…/session``); ``heard`` gets each event's name and params.

        ``heard`` runs on the wire's own thread and must not ask the browser anything.
        """
        self._heard = heard
        self._asked: dict[int, Future[dict[str, Any]]] = {}
        self._lock = threading.Lock()
        self._number = 0
        self._over = False
        self._ending = ExitStack()
        # No proxy: the environment's would be asked for a loopback address as well.
        self._socket = self._ending.enter_context(
            connect(url, proxy=None, max_size=None, ping_interval=None, close_timeout=1)
        )
        self._reading = threading.Thread(target=self._read, name="bidi", daemon=True)
        self._reading.start()

    def ask(self, method: str, patience: float = PATIENCE, **params: Any) -> dict[str, Any]:
        """Return the result of a command.

        :raises RefusedError: when the browser says no, or goes away before it answers
        :raises TimeoutError: when it stays silent for ``patience`` seconds
        """
        answer: Future[dict[str, Any]] = Future()
        with self._lock:
            if self._over:
                raise RefusedError(f"{method}: the browser is gone")
            self._number += 1
            number = self._number
            self._asked[number] = answer
        with suppress(ConnectionClosed):
            self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        try:
            said = answer.result(patience)
        except TimeoutError:
            raise TimeoutError(f"waited {patience:g} s in vain: an answer to {method}") from None
        if said["type"] == "error":
            raise RefusedError(f"{method}: {said['error']}: {said['message']}")
        result: dict[str, Any] = said["result"]
        return result

    def close(self) -> None:
        """Hang up."""
        self._ending.close()
        self._reading.join(PATIENCE)

    def _read(self) -> None:
        try:
            for text in self._socket:
                self._take(json.loads(text))
        except ConnectionClosed:
            pass
        finally:
            self._give_up()

    def _take(self, said: dict[str, Any]) -> None:
        if said["type"] == "event":
            self._heard(said["method"], said["params"])
            return
        with self._lock:
            asked = self._asked.pop(said["id"], None)
        if asked:
            asked.set_result(said)

    def _give_up(self) -> None:
        gone = {"type": "error", "error": "gone", "message": "the browser ended first"}
        with self._lock:
            self._over = True
            for asked in self._asked.values():
                asked.set_result(gone)
            self._asked.clear()


def call_of(function: str, arguments: tuple[Any, ...]) -> dict[str, Any]:
    """Return what `script.callFunction` wants: JSON goes in and JSON comes out."""
    return {
        "functionDeclaration": f"async (given) => JSON.stringify((await ({function})(...JSON.parse(given))) ?? null)",
        "arguments": [{"type": "string", "value": json.dumps(arguments)}],
        "awaitPromise": True,
    }


def answer_of(result: dict[str, Any]) -> Any:
    """Return what the function returned.

    :raises RefusedError: when it threw; the message is the exception's, as the browser words it
    """
    if result["type"] == "exception":
        raise RefusedError(result["exceptionDetails"]["text"])
    return json.loads(result["result"]["value"])


def patiently(look: Callable[[], Found], what: str, patience: float = PATIENCE) -> Found:
    """Return the first true value of ``look``; a page that is being left counts as not yet.

    :raises TimeoutError: naming ``what``, and what stood in the way at last
    """
    obstacle: list[RefusedError] = []

    def look_again() -> Found | None:
        obstacle.clear()
        try:
            return look()
        except RefusedError as error:
            obstacle.append(error)
            return None

    try:
        found = until(look_again, what, patience)
    except TimeoutError as error:
        raise TimeoutError(f"{error}{''.join(f' ({each})' for each in obstacle)}") from None
    assert found is not None
    return found
