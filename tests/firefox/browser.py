"""A real Firefox with a profile on disk, without a screen, that talks to loopback addresses only."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from .bidi import PATIENCE, RefusedError, Wire, answer_of, call_of, patiently

Permission = Literal["granted", "denied", "prompt"]
Pref = bool | int | str

STARTING = 60.0  # seconds; a first start on two busy processors
ENDING = 20.0
NOWHERE = "127.0.0.1"
NOBODY = 9  # the discard port: nobody listens there

# What Firefox asks its makers for by itself. The proxy that is not there catches the rest.
QUIET: dict[str, Pref] = {
    "network.proxy.type": 1,
    "network.proxy.http": NOWHERE, "network.proxy.http_port": NOBODY,
    "network.proxy.ssl": NOWHERE, "network.proxy.ssl_port": NOBODY,
    "network.proxy.no_proxies_on": "127.0.0.1,localhost",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.disablePrefetch": True, "network.prefetch-next": False,
    "network.trr.mode": 5,
    "services.settings.server": f"http://{NOWHERE}:{NOBODY}/v1",
    "app.update.enabled": False, "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.aboutHomeSnippets.updateUrl": "", "browser.region.network.url": "",
    "browser.region.update.enabled": False,
    "browser.newtabpage.enabled": False, "browser.startup.page": 0,
    "browser.startup.homepage": "about:blank", "browser.startup.homepage_override.mstone": "ignore",
    "browser.safebrowsing.malware.enabled": False, "browser.safebrowsing.phishing.enabled": False,
    "browser.safebrowsing.downloads.enabled": False, "browser.safebrowsing.provider.mozilla.updateURL": "",
    "browser.search.update": False, "browser.topsites.contile.enabled": False,
    "browser.shell.checkDefaultBrowser": False, "browser.aboutwelcome.enabled": False,
    "browser.ml.enable": False, "browser.tabs.warnOnClose": False, "browser.warnOnQuit": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "datareporting.healthreport.uploadEnabled": False,
    "toolkit.telemetry.enabled": False, "toolkit.telemetry.server": "",
    "extensions.update.enabled": False, "extensions.getAddons.cache.enabled": False,
    "extensions.systemAddon.update.enabled": False, "media.gmp-manager.updateEnabled": False,
    "identity.fxaccounts.enabled": False, "signon.autofillForms": False,
}  # fmt: skip

# How the tests want it. Never `dom.push.userAgentID`: in user.js it would end every subscription
# at each start.
ITS_WAYS: dict[str, Pref] = {
    # Firefox's own alert windows, which can be read and clicked, and close at once when clicked.
    "alerts.useSystemBackend": False,
    "ui.prefersReducedMotion": 1,
    "dom.push.testing.allowInsecureServerURL": True,
    "dom.push.connection.enabled": True,
    # ms; when the push service is away it is looked for again soon, not after 5, 10, 20 s.
    "dom.push.retryBaseInterval": 100,
    "dom.push.pingInterval": 2000,
}

ALERTS = """() => [...Services.wm.getEnumerator("alert:alert")]
  .filter((each) => each.gIsActive && !each.gIsReplaced && !each.wasTouched)
  .map(({ document }) => ({
    title: document.getElementById("alertTitleLabel").getAttribute("value") ?? "",
    body: document.getElementById("alertTextLabel").textContent,
    origin: document.getElementById("alertSourceLabel").getAttribute("value") ?? "",
  }))"""

CLICK = """(title, action) => {
  const found = [...Services.wm.getEnumerator("alert:alert")]
    .filter((each) => each.gIsActive && !each.gIsReplaced && !each.wasTouched)
    .findLast(({ document }) =>
      document.getElementById("alertTitleLabel").getAttribute("value") === title);
  if (!found) return false;
  // It may take a moment to go.
  found.wasTouched = true;
  if (action === null) {
    found.document.getElementById("alertBox").click();
  } else {
    const QueryInterface = ChromeUtils.generateQI(["nsIAlertAction"]);
    const pressed = { QueryInterface, action, title: action, opaqueRelaunchData: "" };
    found.gAlertListener.observe(pressed, "alertclickcallback", found.gAlertCookie);
    found.close();
  }
  return true;
}"""

# The browser console has what pages and the promises of workers throw; what a worker throws
# at once is in the other, without its words.
SCRIPT_ERRORS = """() => {
  const thrown = Services.console.getMessageArray()
    .filter((each) => each instanceof Ci.nsIScriptError)
    .filter(({ flags, sourceName }) =>
      !(flags & Ci.nsIScriptError.warningFlag) && sourceName.startsWith("http://"))
    .map((each) => `${each.sourceName}:${each.lineNumber}: ${each.errorMessage}`);
  const storage = Cc["@mozilla.org/consoleAPI-storage;1"].getService(Ci.nsIConsoleAPIStorage);
  const wordless = storage.getEvents()
    .filter(({ innerID, level }) => innerID === "ServiceWorker" && level === "error")
    .map(({ ID, arguments: [words] }) => `${ID}: the worker threw ${words || "something"}`);
  return [...thrown, ...wordless];
}"""

FORGIVE = """() => {
  Services.console.reset();
  Cc["@mozilla.org/consoleAPI-storage;1"].getService(Ci.nsIConsoleAPIStorage).clearEvents();
}"""

CLEAR = """() => new Promise((resolve) => {
  const { CLEAR_DOM_STORAGES, CLEAR_PERMISSIONS, CLEAR_NETWORK_CACHE } = Ci.nsIClearDataService;
  Services.clearData.deleteData(
    CLEAR_DOM_STORAGES | CLEAR_PERMISSIONS | CLEAR_NETWORK_CACHE, () => resolve());
})"""

WAITING = """async (scope) => {
  const registration = await navigator.serviceWorker.getRegistration(scope);
  return (await registration?.getNotifications() ?? []).map(({ title, body, tag, data }) => ({ title, body, tag, data }));
}"""

PLACE = """(selector) => {
  const found = document.querySelector(selector);
  if (!found) return "it is not there";
  found.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
  const { x, y, width, height } = found.getBoundingClientRect();
  if (!width || !height) return "it is not shown";
  const top = document.elementFromPoint(x + width / 2, y + height / 2);
  return found.contains(top) ? "" : `${top?.outerHTML.slice(0, 80)} lies over it`;
}"""


@dataclass(frozen=True)
class Alert:
    """A notification on the screen. Its tag is not shown there: see `Firefox.kept`."""

    title: str
    body: str
    origin: str
    """Whom Firefox says it is from."""


def firefox() -> str:
    """Return the path of a real Firefox.

    :raises FileNotFoundError: when the machine has none
    """
    named = os.environ.get("FIREFOX")
    found = named or shutil.which("firefox-esr") or shutil.which("firefox")
    if not found:
        message = "no Firefox: `python3 dev.py test` installs one, or set FIREFOX to its path"
        raise FileNotFoundError(message)
    return found


class Firefox:
    """A Firefox with one tab in hand.

    ``push`` is where it keeps its line to a push service, ``ws://…``; ``zone`` and ``languages``
    are its owner's. `faults` grows with what scripts of pages throw and what they write to
    console.error.
    """

    def __init__(
        self,
        push: str,
        zone: str = "America/Toronto",
        languages: str = "en-CA, en",
        prefs: Mapping[str, Pref] | None = None,
    ) -> None:
        """Make the profile; nothing is started yet."""
        self.faults: list[str] = []
        self._home = tempfile.TemporaryDirectory(prefix="firefox-", ignore_cleanup_errors=True)
        self._profile = Path(self._home.name) / "profile"
        self._profile.mkdir()
        self._where = self._profile / "WebDriverBiDiServer.json"
        self._log = Path(self._home.name) / "log"
        self._prefs: dict[str, Pref] = {
            **QUIET,
            **ITS_WAYS,
            "dom.push.serverURL": push,
            "intl.accept_languages": languages,
            **(prefs or {}),
        }
        self._environ = {
            **os.environ,
            "HOME": self._home.name,
            "TZ": zone,
            "MOZ_CRASHREPORTER_DISABLE": "1",
            # Without it `services.settings.server` is not obeyed, and the maker's host looked up.
            "MOZ_REMOTE_SETTINGS_DEVTOOLS": "1",
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._wire: Wire | None = None
        self._tab = ""

    def __enter__(self) -> Self:
        """Start."""
        try:
            return self.start()
        except BaseException:
            self.remove()
            raise

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _tb: TracebackType | None,
    ) -> None:
        """End, and delete the profile."""
        self.remove()

    # --- its life --------------------------------------------------------------------------------

    def start(self) -> Self:
        """Start with the profile as it was left, one empty tab in hand; nothing to do when it runs.

        :raises TimeoutError: when it is not there within a minute
        :raises RuntimeError: when it ended at once; says what it wrote
        """
        if self.running:
            return self
        self.kill()
        try:
            self._launch()
            self._connect()
        except BaseException:
            self.kill()
            raise
        return self

    @property
    def running(self) -> bool:
        """Say whether it is there to be asked."""
        return bool(self._wire and self._process and self._process.poll() is None)

    def _launch(self) -> None:
        lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in self._prefs.items()]
        (self._profile / "user.js").write_text("\n".join(lines), "utf-8")
        self._where.unlink(missing_ok=True)
        command = [
            firefox(), "--headless", "--no-remote", "--profile", str(self._profile),
            "--remote-debugging-port=0", "--remote-allow-system-access", "about:blank",
        ]  # fmt: skip
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, env=self._environ, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, process_group=0,
            )  # fmt: skip

    def _connect(self) -> None:
        place = patiently(self._address, "Firefox is up", STARTING)
        self._wire = Wire(f"{place}/session", self._hear)
        # Answered when its window is there.
        self._ask("session.new", STARTING, capabilities={"alwaysMatch": {}})
        self._ask("session.subscribe", events=["log.entryAdded"])
        self._tab = patiently(self._tabs, "a first tab")[0]["context"]

    def _address(self) -> str | None:
        assert self._process
        if self._process.poll() is not None:
            said = self._log.read_text("utf-8", "replace")[-2000:]
            raise RuntimeError(f"Firefox ended with {self._process.returncode}; it said: {said}")
        # It is there before it is whole.
        with suppress(OSError, ValueError, KeyError):
            told = json.loads(self._where.read_text("utf-8"))
            return f"ws://{told['ws_host']}:{told['ws_port']}"
        return None

    def close(self) -> None:
        """End as when its owner closes it: what it wants to keep is on disk. Nothing to do twice."""
        if self._wire and self._process:
            # It may be gone before it has answered.
            with suppress(RefusedError, TimeoutError):
                self._ask("browser.close")
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(ENDING)
        self.kill()

    def kill(self) -> None:
        """End it and its children at once, as a phone without battery does. Nothing to do twice."""
        if self._process:
            # All that are left of its group: children end by themselves too, but some later.
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None
        if self._wire:
            self._wire.close()
            self._wire = None

    def restart(self) -> None:
        """Close and start again with the same profile; the tab in hand is a new, empty one."""
        self.close()
        self.start()

    def remove(self) -> None:
        """End, and delete the profile."""
        try:
            self.close()
        finally:
            self.kill()
            self._home.cleanup()

    # --- the tab in hand -------------------------------------------------------------------------

    def open(self, url: str) -> None:
        """Go to an address, and return when the page has loaded.

        :raises RefusedError: when nobody answers there
        """
        self._ask("browsingContext.navigate", 30, context=self._tab, url=url, wait="complete")

    def reload(self) -> None:
        """Load the page again."""
        self._ask("browsingContext.reload", 30, context=self._tab, wait="complete")

    @property
    def url(self) -> str:
        """Return the address of the tab in hand."""
        return str(self._tree(root=self._tab)[0]["url"])

    def urls(self) -> list[str]:
        """Return the address of every tab."""
        return [str(each["url"]) for each in self._tabs()]

    def evaluate(self, function: str, *arguments: Any, gesture: bool = False) -> Any:
        """Return what a JavaScript function returns in the page, or what its promise comes to.

        Arguments and value are whatever JSON can say. With ``gesture``, as if a person had just
        touched the page: what asks for a permission wants that.

        :raises RefusedError: when it throws
        """
        target = {"context": self._tab}
        call = {**call_of(function, arguments), "userActivation": gesture}
        return answer_of(self._ask("script.callFunction", 30, target=target, **call))

    def wait_for(self, function: str, patience: float = PATIENCE, *arguments: Any) -> Any:
        """Return the first true value of a JavaScript function in the page.

        A page that is being left meanwhile is no fault.

        :raises TimeoutError: after ``patience`` seconds
        """
        return patiently(lambda: self.evaluate(function, *arguments), function, patience)

    def click(self, selector: str, patience: float = PATIENCE) -> None:
        """Click the first element that matches, as a person does, once it can be reached.

        :raises TimeoutError: when it cannot within ``patience`` seconds; says why
        """

        def reachable() -> bool:
            obstacle = self.evaluate(PLACE, selector)
            if obstacle:
                raise RefusedError(obstacle)
            return True

        patiently(reachable, f"{selector} can be clicked", patience)
        locator = {"type": "css", "value": selector}
        found = self._ask("browsingContext.locateNodes", context=self._tab, locator=locator)
        origin = {"type": "element", "element": {"sharedId": found["nodes"][0]["sharedId"]}}
        mouse = {
            "type": "pointer",
            "id": "mouse",
            "actions": [
                {"type": "pointerMove", "x": 0, "y": 0, "origin": origin},
                {"type": "pointerDown", "button": 0},
                {"type": "pointerUp", "button": 0},
            ],
        }
        self._ask("input.performActions", context=self._tab, actions=[mouse])

    def press(self, key: str) -> None:
        """Press a key, by WebDriver's character for it."""
        strokes = [{"type": each, "value": key} for each in ("keyDown", "keyUp")]
        keyboard = {"type": "key", "id": "keyboard", "actions": strokes}
        self._ask("input.performActions", context=self._tab, actions=[keyboard])

    def new_tab(self) -> None:
        """Take a new, empty tab in hand."""
        self._tab = self._ask("browsingContext.create", type="tab")["context"]

    def take(self, url: str, patience: float = PATIENCE) -> None:
        """Take the tab in hand whose address starts with ``url``, waiting for it to be there.

        :raises TimeoutError: when there is none within ``patience`` seconds; names those there are
        """

        def there() -> str:
            tabs = self._tabs()
            found = [str(each["context"]) for each in tabs if each["url"].startswith(url)]
            if not found:
                raise RefusedError(f"there are {[each['url'] for each in tabs]}")
            return found[-1]

        self._tab = patiently(there, f"a tab at {url}", patience)
        self.wait_for("() => document.readyState === 'complete'", patience)

    # --- permissions and data --------------------------------------------------------------------

    def set_permission(
        self, origin: str, name: str = "notifications", state: Permission = "granted"
    ) -> None:
        """Decide for the person; ``prompt`` is as if they were never asked.

        Nobody can answer Firefox's question here: under ``prompt``, what asks waits for ever.
        """
        self._ask(
            "permissions.setPermission", origin=origin, descriptor={"name": name}, state=state
        )

    def begin_anew(self) -> None:
        """Be as new, in a tenth of the time of a new one: one empty tab, no data, no faults.

        Databases, workers, subscriptions and permissions of every origin go.
        """
        old = [each["context"] for each in self._tabs()]
        self.new_tab()
        for each in old:
            self._ask("browsingContext.close", context=each)
        self.dismiss_notifications()
        self._chrome(CLEAR)
        self.forgive()

    # --- notifications ---------------------------------------------------------------------------

    def notifications(self) -> list[Alert]:
        """Return the notifications on the screen, the oldest first; each stays for 20 s."""
        return [Alert(**each) for each in self._chrome(ALERTS)]

    def wait_for_notification(self, title: str | None = None, patience: float = PATIENCE) -> Alert:
        """Return the newest notification on the screen (with ``title``), waiting for it."""

        def there() -> Alert:
            shown = self.notifications()
            found = [each for each in shown if title in {None, each.title}]
            if not found:
                raise RefusedError(f"there are {shown}")
            return found[-1]

        return patiently(there, f"a notification is shown, titled {title!r}", patience)

    def click_notification(
        self, title: str | None = None, action: str | None = None, patience: float = PATIENCE
    ) -> Alert:
        """Click the newest notification on the screen (with ``title``), and return what it was.

        The click is one of Firefox's own window, so the worker gets a real `notificationclick`
        that may open windows. That window has no buttons: for an ``action``, Firefox is told what
        a desktop that has some would tell it.
        """
        alert = self.wait_for_notification(title, patience)
        if not self._chrome(CLICK, alert.title, action):
            raise RefusedError(f"the notification {alert.title!r} went before it was clicked")
        return alert

    def dismiss_notifications(self) -> None:
        """Close every notification on the screen, as with its cross."""
        self._chrome(
            "() => [...Services.wm.getEnumerator('alert:alert')].forEach((each) => each.close())"
        )
        patiently(lambda: not self.notifications(), "no notification is on the screen")

    def kept(self, scope: str = "/") -> list[dict[str, Any]]:
        """Return title, body, tag and data of what the page's worker shows, by its own account.

        What was clicked, or left the screen after its 20 s, is no longer among them.
        """
        found: list[dict[str, Any]] = self.evaluate(WAITING, scope)
        return found

    # --- faults ----------------------------------------------------------------------------------

    def script_errors(self) -> list[str]:
        """Return what scripts that came over http threw, those of workers included.

        Since `begin_anew`, `forgive` or the last start. What workers write to console.error is not
        among it, and what they throw at once is told without its words.
        """
        found: list[str] = self._chrome(SCRIPT_ERRORS)
        return found

    def forgive(self) -> None:
        """Forget every fault so far, of pages and workers."""
        self._chrome(FORGIVE)
        self.faults.clear()

    def every_fault(self) -> list[str]:
        """Return the faults of pages and workers; those of workers only while it runs."""
        return [*self.faults, *(self.script_errors() if self.running else [])]

    # --- the wire --------------------------------------------------------------------------------

    def _ask(self, method: str, patience: float = PATIENCE, /, **params: Any) -> dict[str, Any]:
        if not self._wire:
            raise RefusedError(f"{method}: Firefox is not running")
        return self._wire.ask(method, patience, **params)

    def _hear(self, event: str, params: dict[str, Any]) -> None:
        if event == "log.entryAdded" and params["level"] == "error":
            frames = (params.get("stackTrace") or {}).get("callFrames") or []
            place = f" ({frames[0]['url']}:{frames[0]['lineNumber']})" if frames else ""
            self.faults.append(f"{params['text']}{place}")

    def _tree(self, **asked: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._ask("browsingContext.getTree", **asked)["contexts"]
        return found

    def _tabs(self) -> list[dict[str, Any]]:
        return self._tree(maxDepth=0)

    def _windows(self) -> list[dict[str, Any]]:
        return self._tree(maxDepth=0, **{"moz:scope": "chrome"})

    def _chrome(self, function: str, *arguments: Any) -> Any:
        """Return what a function returns with the rights of the browser itself."""
        main = next(each for each in self._windows() if "browser.xhtml" in each["url"])
        target = {"context": main["context"]}
        return answer_of(
            self._ask("script.callFunction", 30, target=target, **call_of(function, arguments))
        )
