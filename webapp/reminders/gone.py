"""Believing a push service that a subscription is gone, with a brake.

A subscription that is called gone rings no more and is unknown to the API at once, but its row
stays for ten minutes. When too many of one origin are called gone in that time, the service is
not believed: they all come back, none is deleted, and the operator is told.
"""

import logging
from collections.abc import Iterable

from sqlalchemy import Connection, and_, func, select, update

from webapp.db import upsert
from webapp.reminders.due import GONE_FOR
from webapp.reminders.tables import brake, subscription

MOST_GONE, SHARE_GONE = 100, 0.05
# A small site may lose a few at once without anything being wrong.
ALWAYS_BELIEVED = 20

log = logging.getLogger(__name__)
_s = subscription.c
# Anyone can make up an address that is not there; only those that worked once say anything.
_PROVED = _s.confirmed.is_(True)


def believed(
    db: Connection, origin: str, called: Iterable[tuple[int, str]], now: int, took_at: int = 0
) -> bool:
    """Mark subscriptions of an origin as gone, unless its word does not count for the moment.

    :param called: who was called gone: the number of the row, and the endpoint that was asked
    :param now: UTC milliseconds
    :param took_at: when the origin last took a push of somebody's, UTC milliseconds
    """
    held_until = _hold(db, origin)
    if held_until > now:
        # Else those who are really gone would keep it on for ever, by being asked again.
        if took_at <= held_until - GONE_FOR:
            _brake(db, origin, now)
        return False
    ids, endpoints = zip(*sorted(called), strict=True)
    # While a push was under way the phone may have moved, or left and its number be another's.
    mine = and_(_s.id.in_(ids), _s.endpoint.in_(endpoints))
    db.execute(update(subscription).where(mine).values(gone_at=now))
    return _review(db, origin, now)


def review(db: Connection, now: int) -> None:
    """Look again before anything is deleted."""
    marked = select(_s.origin).where(_s.gone_at.isnot(None)).distinct().order_by(_s.origin)
    for origin in db.execute(marked).scalars().all():
        if _hold(db, origin) > now:
            _bring_back(db, origin)
        else:
            _review(db, origin, now)


def _review(db: Connection, origin: str, now: int) -> bool:
    mine = and_(_PROVED, _s.origin == origin, _s.gone_at.isnot(None))
    gone = db.execute(select(func.count()).select_from(subscription).where(mine)).scalar_one()
    if gone <= ALWAYS_BELIEVED or gone <= _most(db, origin):
        return True
    _brake(db, origin, now)
    _bring_back(db, origin)
    words = "a push service calls too many subscriptions gone; none is deleted for ten minutes"
    log.error(words, extra={"origin": origin, "count": gone})
    return False


def _bring_back(db: Connection, origin: str) -> None:
    mine = and_(_s.origin == origin, _s.gone_at.isnot(None))
    db.execute(update(subscription).where(mine).values(gone_at=None))


def _hold(db: Connection, origin: str) -> int:
    """Return until when an origin is not believed, keeping other senders from deciding meanwhile."""
    there = upsert(db, brake).values(origin=origin, until_at=0)
    same = {"until_at": brake.c.until_at}
    held = there.on_conflict_do_update(index_elements=[brake.c.origin], set_=same)
    return int(db.execute(held.returning(brake.c.until_at)).scalar_one())


def braked(db: Connection, now: int) -> list[str]:
    """Return the origins that are not believed at the moment."""
    rows = select(brake.c.origin).where(brake.c.until_at > now).order_by(brake.c.origin)
    return list(db.execute(rows).scalars())


def _most(db: Connection, origin: str) -> int:
    mine = and_(_PROVED, _s.origin == origin)
    counted = select(func.count()).select_from(subscription).where(mine)
    return min(MOST_GONE, int(db.execute(counted).scalar_one() * SHARE_GONE))


def _brake(db: Connection, origin: str, now: int) -> None:
    until = {"until_at": now + GONE_FOR}
    made = upsert(db, brake).values(origin=origin, **until)
    db.execute(made.on_conflict_do_update(index_elements=[brake.c.origin], set_=until))
