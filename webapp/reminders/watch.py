"""What can be seen of the senders: their heartbeat, what they counted, how far they are behind."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from webapp.db import upsert
from webapp.reminders.due import lag
from webapp.reminders.tables import sender, subscription, tally

SILENT = 30_000  # milliseconds without a sign of life
LATENESS = (1, 2, 5, 10, 30, 60, 300)  # seconds: how late what was accepted left, by bucket

# What is counted: a name and its labels, none of them about a person.
Counted = Counter[tuple[str, ...]]


@dataclass(frozen=True)
class Health:
    """How the senders are: ``seen_ms_ago`` is None when none ever gave a sign."""

    seen_ms_ago: int | None
    lag_ms: int

    @property
    def well(self) -> bool:
        """Say whether a sender is at work."""
        return self.seen_ms_ago is not None and self.seen_ms_ago < SILENT


def beat(db: Connection, sender_id: str, counted: Counted, now: int) -> None:
    """Give a sign of life, and add what was counted since the last one."""
    alive = upsert(db, sender).values(id=sender_id, seen_at=now)
    db.execute(alive.on_conflict_do_update(index_elements=[sender.c.id], set_={"seen_at": now}))
    # Sorted, so that two senders take the rows in the same order.
    for key, count in sorted(counted.items()):
        more = upsert(db, tally).values(name=json.dumps(key), count=count)
        total = {"count": tally.c.count + more.excluded.count}
        db.execute(more.on_conflict_do_update(index_elements=[tally.c.name], set_=total))


def health(db: Connection, now: int) -> Health:
    """Return how the senders are; ``now`` is UTC milliseconds."""
    # A sign from the future is of a clock that was wrong, and would be one of life until then.
    signs = select(func.max(sender.c.seen_at)).where(sender.c.seen_at <= now + SILENT)
    seen = db.execute(signs).scalar()
    return Health(None if seen is None else max(0, now - int(seen)), lag(db, now))


def counts(db: Connection) -> Iterator[tuple[tuple[str, ...], int]]:
    """Yield every name with its labels, and its count since the beginning."""
    for name, count in db.execute(select(tally.c.name, tally.c.count).order_by(tally.c.name)):
        yield tuple(json.loads(name)), int(count)


def population(db: Connection) -> dict[bool, int]:
    """Return how many subscriptions are confirmed, and how many are not."""
    counted = select(subscription.c.confirmed, func.count()).group_by(subscription.c.confirmed)
    return {bool(confirmed): int(count) for confirmed, count in db.execute(counted)}
