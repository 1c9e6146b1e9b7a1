"""One browser for many phones: a context takes a twentieth of the time of a browser."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Playwright, expect

from tests.conftest import chromium

from .phone import Phone

if TYPE_CHECKING:
    from tests.conftest import Server

NewPhone = Callable[..., Phone]
# Playwright's own five seconds are too few on a machine that does much else; what is right is
# seen at once, and costs nothing of it.
expect.set_options(timeout=15_000)

PHONE: dict[str, object] = {
    "viewport": {"width": 390, "height": 844},
    "timezone_id": "America/Toronto",
    "locale": "en-CA",
}


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """One running headless shell of Chromium, for phones that need not outlive their test."""
    running = playwright.chromium.launch(**chromium(whole=False))  # type: ignore[arg-type]
    yield running
    running.close()


@pytest.fixture(scope="session")
def whole_browser(playwright: Playwright) -> Iterator[Browser]:
    """One running Chromium, for phones that ring: its shell shows no notifications."""
    running = playwright.chromium.launch(**chromium())  # type: ignore[arg-type]
    yield running
    running.close()


@pytest.fixture
def new_phone(
    browser: Browser, server: "Server", request: pytest.FixtureRequest
) -> Iterator[NewPhone]:
    """Take a new phone in hand; a script's fault on any of its pages fails the test.

    Without a worker and without motion unless asked for: keeping the guide costs a second of
    two processors, and most of what a person does must work before it is kept.
    """
    phones: list[Phone] = []

    def new(url: str = server.url, *, whole: bool = False, **options: object) -> Phone:
        still = {"service_workers": "block", "reduced_motion": "reduce"}
        engine: Browser = request.getfixturevalue("whole_browser") if whole else browser
        context = engine.new_context(**{**PHONE, **still, **options})  # type: ignore[arg-type]
        phones.append(Phone(context, url))
        return phones[-1]

    yield new
    for phone in phones:
        phone.context.close()
    assert [fault for phone in phones for fault in phone.faults] == []


@pytest.fixture
def phone(new_phone: NewPhone) -> Phone:
    """A new phone in Montréal, without a treatment."""
    return new_phone()
