"""One Firefox and one push service for all the tests of a process: a start takes seconds."""

from collections.abc import Iterator

import pytest

from tests.conftest import Server, running

from .autopush import Autopush
from .browser import Firefox
from .corner import FILES, Corner, serving


@pytest.fixture(scope="session")
def autopush() -> Iterator[Autopush]:
    """A push service that the tests share; who stops it starts it again."""
    with Autopush() as service:
        yield service


@pytest.fixture(scope="session")
def shared_firefox(autopush: Autopush) -> Iterator[Firefox]:
    """The Firefox behind `firefox`."""
    with Firefox(autopush.push) as browser:
        yield browser


@pytest.fixture
def firefox(shared_firefox: Firefox, autopush: Autopush) -> Iterator[Firefox]:
    """A Firefox as good as new, on the line to the push service; a fault of a script fails the test.

    A test that wants faults ends with `forgive()`.
    """
    autopush.start()
    shared_firefox.start()
    shared_firefox.begin_anew()
    yield shared_firefox
    assert shared_firefox.every_fault() == []


@pytest.fixture(scope="session")
def app(autopush: Autopush) -> Iterator[Server]:
    """The app as people get it, its sender too, with our push service among those it takes."""
    with running(WEBAPP_PUSH_SERVICES=autopush.origin, WEBAPP_SENDER="child") as server:
        yield server


@pytest.fixture
def corner(firefox: Firefox) -> Iterator[Corner]:
    """A page and a worker of our own, open in `firefox`, which may show notifications."""
    with serving(FILES) as origin:
        made = Corner(origin, firefox)
        firefox.set_permission(origin)
        made.open()
        yield made
