"""Make every asynchronous step of every page late, at random, to find what only ever worked because it was fast.

A plugin for pytest: `python3 dev.py test -p tests.late --dist load tests/browser`. It takes four
times as long. What it finds is a test that waits for the wrong thing, or a fault that people with
slow phones have.
"""

from typing import Any

from playwright.sync_api import Browser, BrowserContext, BrowserType

LATEST = 400  # milliseconds
SCRIPT = """(latest) => {
  const later = self.setTimeout.bind(self);
  const pause = () => new Promise((resolve) => later(resolve, Math.random() * latest));
  const { prototype } = IDBTransaction;
  const complete = Object.getOwnPropertyDescriptor(prototype, "oncomplete");
  Object.defineProperty(prototype, "oncomplete", {
    ...complete,
    set(heard) {
      complete.set.call(this, (event) => later(() => heard.call(this, event), Math.random() * latest));
    },
  });
  // What is written is not yet kept for a while: a page that is left by then has not written it.
  const { transaction } = IDBDatabase.prototype;
  IDBDatabase.prototype.transaction = function (names, mode, ...more) {
    const writing = transaction.call(this, names, mode, ...more);
    if (mode !== "readwrite") return writing;
    const store = writing.objectStore([names].flat()[0]);
    // The pages' own clock may stand still.
    let held = true;
    later(() => (held = false), Math.random() * latest);
    const hold = () => held && (store.get("").onsuccess = hold);
    hold();
    writing.commit = () => {};
    return writing;
  };
  if (self.LockManager) {
    const { request } = LockManager.prototype;
    LockManager.prototype.request = async function (...asked) {
      await pause();
      return request.apply(this, asked);
    };
  }
  const fetched = self.fetch;
  self.fetch = async (...asked) => {
    await pause();
    const answer = await fetched(...asked);
    await pause();
    return answer;
  };
}"""

new_context = Browser.new_context
launch_persistent_context = BrowserType.launch_persistent_context


def late(context: BrowserContext) -> BrowserContext:
    """Return a context whose pages are late."""
    context.add_init_script(f"({SCRIPT})({LATEST});")
    return context


def late_context(browser: Browser, **options: Any) -> BrowserContext:
    """Open a context whose pages are late."""
    return late(new_context(browser, **options))


def late_profile(engine: BrowserType, *arguments: Any, **options: Any) -> BrowserContext:
    """Open a profile whose pages are late."""
    return late(launch_persistent_context(engine, *arguments, **options))


Browser.new_context = late_context  # type: ignore[method-assign,assignment]
BrowserType.launch_persistent_context = late_profile  # type: ignore[method-assign,assignment]
