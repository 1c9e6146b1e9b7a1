"""Prometheus metrics, on an address of their own. Only importer of prometheus_client."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from webapp import db
from webapp.reminders import watch
from webapp.reminders.gone import braked


def serve(engine: Engine, host: str, port: int) -> None:
    """Answer on ``host:port`` from a thread of its own.

    :raises OSError: when the address is taken
    """
    registry = CollectorRegistry()
    registry.register(Reminders(engine))
    server, _ = start_http_server(port, host, registry)
    # By itself it would write the address of whoever hangs up early, and a traceback, into the log.
    server.handle_error = _say_nothing  # type: ignore[method-assign,assignment]


def _say_nothing(_request: object, _address: object) -> None:
    """Take an error of a connection for what it is: the other side's."""


class Reminders(Collector):
    """What the database tells of all senders together. No label is about a person."""

    def __init__(self, engine: Engine) -> None:
        """Take the database to ask at each scrape."""
        self._engine = engine

    def collect(self) -> Iterator[Metric]:
        """Yield every metric; only ``lendemain_up`` 0 when the database does not answer."""
        up = GaugeMetricFamily("lendemain_up", "Whether the database answers")
        try:
            with db.reading(self._engine) as opened:
                found = [*_state(opened), *_counted(opened)]
        except SQLAlchemyError:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        yield from found


def _state(opened: Connection) -> Iterator[Metric]:
    now = db.now_ms()
    health = watch.health(opened, now)
    lag = GaugeMetricFamily("lendemain_lag_seconds", "Age of the oldest sendable reminder")
    lag.add_metric([], health.lag_ms / 1000)
    yield lag
    seen = GaugeMetricFamily("lendemain_sender_seen_seconds", "Since a sender gave a sign of life")
    if health.seen_ms_ago is not None:
        seen.add_metric([], health.seen_ms_ago / 1000)
    yield seen
    people = GaugeMetricFamily("lendemain_subscriptions", "Subscriptions", labels=["confirmed"])
    for confirmed, count in sorted(watch.population(opened).items()):
        people.add_metric([str(confirmed).lower()], count)
    yield people
    brakes = GaugeMetricFamily(
        "lendemain_brake", "Push services whose 404 and 410 are not believed", labels=["origin"]
    )
    for origin in braked(opened, now):
        brakes.add_metric([origin], 1)
    yield brakes


def _counted(opened: Connection) -> Iterator[Metric]:
    pushes = CounterMetricFamily(
        "lendemain_pushes", "Pushes handed over", labels=["origin", "outcome"]
    )
    others = CounterMetricFamily("lendemain_events", "What else happened", labels=["event"])
    late: dict[str, int] = {}
    for name, count in watch.counts(opened):
        if name[0] == "pushes":
            pushes.add_metric(name[1:], count)
        elif name[0] == "lateness":
            late[name[1]] = count
        else:
            others.add_metric(name, count)
    yield pushes
    yield others
    total, buckets = 0, []
    for bound in (*map(str, watch.LATENESS), "+Inf"):
        total += late.get(bound, 0)
        buckets.append((bound, float(total)))
    yield HistogramMetricFamily(
        "lendemain_lateness_seconds", "From the due instant to the answer",
        buckets=buckets, sum_value=None,
    )  # fmt: skip
