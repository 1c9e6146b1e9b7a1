"""One browser for many phones: a context takes a twentieth of the time of a browser."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Playwright

from .phone import Phone

if TYPE_CHECKING:
    from tests.conftest import Server

NewPhone = Callable[..., Phone]
# As in tests/conftest.py: without these Chromium looks up its maker's hosts.
QUIET = (
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-quic", "--no-first-run", "--disable-features=OptimizationHints,MediaRouter",
)  # fmt: skip


PHONE: dict[str, object] = {
    "viewport": {"width": 390, "height": 844},
    "timezone_id": "America/Toronto",
    "locale": "en-CA",
}


def chromium() -> dict[str, object]:
    """Return what launches the real Chromium of this machine."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    unboxed = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {"executable_path": found, "args": [*QUIET, *unboxed]}


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """One running Chromium, for phones that need not outlive their test."""
    running = playwright.chromium.launch(**chromium())  # type: ignore[arg-type]
    yield running
    running.close()


@pytest.fixture
def new_phone(browser: Browser, server: "Server") -> Iterator[NewPhone]:
    """Take a new phone in hand; a script's fault on any of its pages fails the test.

    Without a worker and without motion unless asked for: keeping the guide costs a second of
    two processors, and most of what a person does must work before it is kept.
    """
    phones: list[Phone] = []

    def new(url: str = server.url, **options: object) -> Phone:
        still = {"service_workers": "block", "reduced_motion": "reduce"}
        context = browser.new_context(**{**PHONE, **still, **options})  # type: ignore[arg-type]
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
