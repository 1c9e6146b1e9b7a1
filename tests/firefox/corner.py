"""A corner of the web that is the tests' own: a page, a worker, and who rings it."""

import http.client
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.push.service import unb64url
from webapp.reminders.keys import new_private_key, public_key
from webapp.reminders.push import Tokens, encrypt

from .browser import Firefox

KINDS = {"html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8"}

PAGE = """<!doctype html>
<html lang="en"><title>Corner</title>
<button>Touch</button> <output>nobody</output>
<script>
  document.querySelector("button").onclick = ({ isTrusted }) => {
    document.querySelector("output").value = isTrusted ? "a person" : "a script";
  };
</script></html>"""

WORKER = """
self.addEventListener("push", (event) => {
  const { title, ...options } = event.data.json();
  event.waitUntil(registration.showNotification(title, options));
});
self.addEventListener("pushsubscriptionchange", (event) => {
  event.waitUntil(registration.showNotification("The subscription is lost"));
});
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(clients.openWindow(`/landed.html#${event.notification.tag}${event.action}`));
});
"""

FILES = {"/page.html": PAGE, "/landed.html": PAGE, "/worker.js": WORKER}


@contextmanager
def serving(files: Mapping[str, str]) -> Iterator[str]:
    """Serve files by their paths on a free loopback port; gives the origin."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = files.get(self.path.partition("?")[0])
            body = (found or "").encode()
            self.send_response_only(404 if found is None else 200)
            self.send_header("Content-Type", KINDS.get(self.path.rpartition(".")[2], "text/plain"))
            self.send_header("Content-Length", str(len(body)))
            # A browser that is closed no longer listens.
            with suppress(ConnectionError):
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.server_port}"
    finally:
        listening.shutdown()
        listening.server_close()


SUBSCRIBE = """async (applicationServerKey) => {
  await navigator.serviceWorker.register("/worker.js");
  const { pushManager } = await navigator.serviceWorker.ready;
  const made = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
  return made.toJSON();
}"""

SUBSCRIPTION = """async () => {
  const registration = await navigator.serviceWorker.getRegistration();
  return (await registration?.pushManager.getSubscription())?.toJSON() ?? null;
}"""


@dataclass
class Corner:
    """A page in a browser, and its app server's half: one key, encryption as the program does it."""

    origin: str
    browser: Firefox
    key: str = field(default_factory=new_private_key, repr=False)

    def open(self) -> None:
        """Open the page in the tab in hand."""
        self.browser.open(f"{self.origin}/page.html")

    def subscribe(self) -> dict[str, Any]:
        """Subscribe in the page as if a person had touched it; returns `toJSON()`.

        :raises RefusedError: when the browser refuses
        """
        key = public_key(self.key)
        made: dict[str, Any] = self.browser.evaluate(SUBSCRIBE, key, gesture=True)
        return made

    def subscription(self) -> dict[str, Any] | None:
        """Return the page's subscription as it is now, if any."""
        found: dict[str, Any] | None = self.browser.evaluate(SUBSCRIPTION)
        return found

    def push(
        self,
        subscription: Mapping[str, Any],
        title: str,
        headers: Mapping[str, str | None] | None = None,
        **options: Any,
    ) -> int:
        """Push a notification and return the service's status.

        ``options`` are those of `showNotification`; a header that is None is left out.
        """
        keys = subscription["keys"]
        plain = json.dumps({"title": title, **options}).encode()
        body = encrypt(unb64url(keys["p256dh"]), unb64url(keys["auth"]), plain)
        to = urlsplit(subscription["endpoint"])
        tokens = Tokens("mailto:corner@example.com")
        given: dict[str, str | None] = {
            "TTL": "60",
            "Content-Encoding": "aes128gcm",
            "Authorization": tokens.header(f"http://{to.netloc}", self.key, time.time()),
            **(headers or {}),
        }
        line = http.client.HTTPConnection(to.netloc, timeout=10)
        try:
            line.request("POST", to.path, body, {n: v for n, v in given.items() if v is not None})
            return line.getresponse().status
        finally:
            line.close()
