"""A site with its database, a sender, a push service: what every test of reminders stands on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.push.service import PushService
from tests.reminders.cluster import Cluster
from tests.reminders.site import Site


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server."""
    made = Cluster()
    yield made
    made.remove()


@pytest.fixture
def push_service() -> Iterator[PushService]:
    """A push service on loopback; what it gets, it decrypts."""
    with PushService() as service:
        yield service


@pytest.fixture(params=["sqlite", "postgresql"])
def site(
    request: pytest.FixtureRequest, tmp_path: Path, push_service: PushService
) -> Iterator[Site]:
    """A site that takes the push service's endpoints, on each database in turn."""
    url = ""
    if request.param == "postgresql":
        url = request.getfixturevalue("cluster").new_database()
    with Site(tmp_path / "data", push_service, database_url=url) as made:
        yield made


@pytest.fixture
def small_site(tmp_path: Path, push_service: PushService) -> Iterator[Site]:
    """A site on SQLite, for what does not depend on the database."""
    with Site(tmp_path / "data", push_service) as made:
        yield made


@pytest.fixture(scope="module")
def service() -> Iterator[PushService]:
    """A push service that the tests of a file share; their phones are their own."""
    with PushService() as running:
        yield running


@pytest.fixture(scope="module")
def small_house(tmp_path_factory: pytest.TempPathFactory, service: PushService) -> Iterator[Site]:
    """A site on SQLite that the tests of a file share: each looks at its own subscriptions only."""
    with Site(tmp_path_factory.mktemp("house") / "data", service) as made:
        yield made


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, service: PushService
) -> Iterator[Site]:
    """A site that the tests of a file share, on each database in turn."""
    if request.param == "sqlite":
        yield request.getfixturevalue("small_house")
        return
    url = request.getfixturevalue("cluster").new_database()
    with Site(tmp_path_factory.mktemp("house") / "data", service, database_url=url) as made:
        yield made
