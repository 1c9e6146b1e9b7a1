"""Times in words: each browser brings its own, and Firefox writes « 09 h 05 »."""

from tests.conftest import Server

from .browser import Firefox
from .test_dialogs import CHOOSE, READY, file_of


def test_a_morning_in_french_has_no_zero_before_it(firefox: Firefox, app: Server) -> None:
    firefox.open(f"{app.url}/fr/move")
    firefox.wait_for(READY)
    firefox.evaluate(CHOOSE, file_of("morning", "2026-11-20T14:05:00.000Z"))
    firefox.wait_for("() => !document.querySelector('[data-move-done]').hidden")
    firefox.open(f"{app.url}/fr/settings")
    firefox.wait_for(READY)
    told = firefox.evaluate("() => document.querySelector('[data-moment]').textContent")
    assert told.replace("\u00a0", " ").endswith(" 9 h 05")
