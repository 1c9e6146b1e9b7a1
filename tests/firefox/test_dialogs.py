"""A question that is closed without an answer: Firefox and WebKit keep what was answered the last time."""

import json

from tests.conftest import Server

from .browser import Firefox

READY = "() => 'ready' in document.querySelector('main').dataset"
ESCAPE = "\ue00c"
CHOOSE = """(text) => {
  const [chosen, field] = [new DataTransfer(), document.querySelector("[data-move-file]")];
  chosen.items.add(new File([text], "a.json", { type: "application/json" }));
  field.files = chosen.files;
  field.dispatchEvent(new Event("change"));
}"""
PLAN = """() => new Promise((resolve) => {
  indexedDB.open("lendemain").onsuccess = ({ target: { result: database } }) => {
    database.transaction("record").objectStore("record").get("treatment").onsuccess =
      ({ target }) => { database.close(); resolve(target.result?.id ?? null); };
  };
})"""
ASKED = "() => document.querySelector('dialog').open"
SHUT = "() => !document.querySelector('dialog').open"


def file_of(plan: str, at: str = "2026-11-20T15:00:00.000Z") -> str:
    """Return the file of a phone that holds one plan and nothing else."""
    what = {"protocol": "microneedling", "version": "draft", "variant": "standard"}
    when = {"at": at, "rough": None, "zone": "America/Toronto"}
    entries = {"treatment": {"id": plan, **what, **when}}
    return json.dumps({"format": "lendemain", "number": 1, "entries": entries})


def test_a_file_that_was_taken_once_does_not_answer_for_the_next(
    firefox: Firefox, app: Server
) -> None:
    firefox.open(f"{app.url}/en/move")
    firefox.wait_for(READY)
    firefox.evaluate(CHOOSE, file_of("first"))
    firefox.wait_for("() => !document.querySelector('[data-move-done]').hidden")
    firefox.evaluate(CHOOSE, file_of("second"))
    firefox.wait_for(ASKED)
    firefox.click("dialog [value=replace]")
    firefox.wait_for(f"async () => await ({PLAN})() === 'second'")
    firefox.evaluate(CHOOSE, file_of("third"))
    firefox.wait_for(ASKED)
    firefox.press(ESCAPE)
    firefox.wait_for(SHUT)
    firefox.evaluate("() => new Promise((done) => setTimeout(done, 300))")
    assert firefox.evaluate(PLAN) == "second"


def test_deleting_once_does_not_answer_for_the_next_time(firefox: Firefox, app: Server) -> None:
    firefox.open(f"{app.url}/en/move")
    firefox.wait_for(READY)
    firefox.evaluate(CHOOSE, file_of("first"))
    firefox.wait_for("() => !document.querySelector('[data-move-done]').hidden")
    firefox.open(f"{app.url}/en/settings")
    firefox.wait_for(READY)
    told = "() => !document.querySelector('[data-deleted]').hidden"
    firefox.click("[data-delete]")
    firefox.click("dialog [value=delete]")
    firefox.wait_for(told, 20)
    firefox.evaluate("() => { document.querySelector('[data-deleted]').hidden = true; }")
    firefox.click("[data-delete]")
    firefox.press(ESCAPE)
    firefox.wait_for(SHUT)
    firefox.evaluate("() => new Promise((done) => setTimeout(done, 1000))")
    assert not firefox.evaluate(told)
    # Firefox writes to its console that the site had its data thrown away.
    firefox.forgive()
