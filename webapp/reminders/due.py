"""The queue: claiming what is due, writing down what became of it.

A claim is a lease and a fencing number. Whoever writes an outcome must still hold the number, so
that a sender that was asleep cannot overrule the one that came after it.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, case, delete, func, select, update
from sqlalchemy.sql.dml import ReturningUpdate, Update

from webapp.reminders.tables import reminder, subscription

LEASE = 30_000  # milliseconds
SEND_WITHIN = LEASE // 2
LEAST_TTL = 1_000  # milliseconds: a push that would be thrown away at once is not sent
GONE_FOR = 600_000  # milliseconds that a subscription is kept after its push service called it gone

_s, _r = subscription.c, reminder.c


class Parcel(NamedTuple):
    """A reminder that this sender holds, with all that is needed to send it."""

    id: int
    fence: int
    held_until: int
    name: str
    at: int
    until: int
    tries: int
    topic: bytes
    urgent: bool
    subscription_id: int
    endpoint: str
    origin: str
    p256dh: bytes
    auth: bytes
    key: str
    language: str


@dataclass(slots=True, frozen=True)
class Claimed:
    """What a claim gave: parcels to send, whether more may be due; how many were too late, and how
    many rows hold what this program never wrote.
    """

    parcels: list[Parcel]
    more: bool
    expired: int
    spoiled: int


def _claim(urgent: bool) -> ReturningUpdate[*tuple[Any, ...]]:
    waiting = (_r.urgent.is_(urgent), _r.next_at.isnot(None), _r.next_at <= bindparam("now"))
    first = select(_r.id).where(*waiting).order_by(_r.next_at).limit(bindparam("most"))
    # A CTE is evaluated once; PostgreSQL may repeat a plain subquery, and with it the LIMIT.
    chosen = first.with_for_update(skip_locked=True).cte("chosen")
    held = update(reminder).where(_r.id.in_(select(chosen.c.id)))
    held = held.values(next_at=bindparam("lease_ends"), fence=bindparam("number"))
    columns = (_r.id, _r.subscription_id, _r.name, _r.at, _r.until, _r.tries, _r.topic, _r.listed)
    return held.returning(*columns)


_CLAIM = {True: _claim(True), False: _claim(False)}
_ADDRESSES = select(
    _s.id, _s.endpoint, _s.origin, _s.p256dh, _s.auth, _s.key, _s.language, _s.gone_at
).where(_s.id.in_(bindparam("ids", expanding=True)))
_MINE = (_r.fence == bindparam("number"), _r.id.in_(bindparam("ids", expanding=True)))
_FREE = {"next_at": None, "fence": None}
_FINISH = update(reminder).where(*_MINE).values(outcome=bindparam("became"), **_FREE)
_ONE = update(reminder).where(_r.fence == bindparam("number"), _r.id == bindparam("row"))
# A phone may have given it another time meanwhile.
_WHEN = case((_r.at > bindparam("when"), _r.at), else_=bindparam("when"))
_PUT_BACK = _ONE.values(next_at=_WHEN, fence=None)
_AGAIN = _PUT_BACK.values(outcome="later", tries=_r.tries + 1)


def claim(db: Connection, now: int, most: int, *, urgent: bool) -> Claimed:
    """Take up to ``most`` due reminders for 30 s, the longest due first.

    What is too late to be useful becomes ``expired`` here; it is never sent.

    :param now: UTC milliseconds
    """
    fence = secrets.randbits(62)
    lease = {"now": now, "most": most, "lease_ends": now + LEASE, "number": fence}
    rows = db.execute(_CLAIM[urgent], lease).all()
    if not rows:
        return Claimed([], more=False, expired=0, spoiled=0)
    wanted = {"ids": sorted({row[1] for row in rows})}
    addresses = {row[0]: row for row in db.execute(_ADDRESSES, wanted).all()}
    parcels: list[Parcel] = []
    others: dict[str, list[int]] = {
        "spoiled": [], "unlisted": [], "late": [], "early": [], "aside": [],
    }  # fmt: skip
    for row_id, subscription_id, name, at, until, tries, topic, listed in rows:
        _, endpoint, origin, p256dh, auth, key, language, gone_at = addresses[subscription_id]
        if not _is_sound(at, until, topic, origin, language):
            others["spoiled"].append(row_id)
        elif not (listed or urgent):
            others["unlisted"].append(row_id)
        elif until - now < LEAST_TTL:
            others["late"].append(row_id)
        elif at > now:
            # It got a later time while a sender held it that never said what became of it.
            others["early"].append(row_id)
        elif gone_at is not None:
            # Until it is forgotten, or its push service is no longer believed.
            others["aside"].append(row_id)
        else:
            to = (subscription_id, endpoint, origin, p256dh, auth, key, language)
            parcels.append(
                Parcel(row_id, fence, now + SEND_WITHIN, name, at, until, tries, topic, urgent, *to)
            )
    _settle(db, fence, others, now)
    return Claimed(parcels, len(rows) == most, len(others["late"]), len(others["spoiled"]))


def _settle(db: Connection, fence: int, others: dict[str, list[int]], now: int) -> None:
    for which, outcome in (("late", "expired"), ("spoiled", "refused")):
        if others[which]:
            finish(db, fence, others[which], outcome)
    if others["unlisted"]:
        db.execute(delete(reminder).where(_r.id.in_(others["unlisted"]), _r.fence == fence))
    for which, when in (("early", now), ("aside", now + GONE_FOR + LEASE)):
        given = [{"number": fence, "row": each, "when": when} for each in others[which]]
        if given:
            db.execute(_PUT_BACK, given)


def _is_sound(at: object, until: object, topic: object, origin: object, language: object) -> bool:
    # SQLite keeps whatever kind of value it is given.
    times = isinstance(at, int) and isinstance(until, int)
    words = isinstance(origin, str) and language in ("en", "fr")
    return times and words and isinstance(topic, bytes) and len(topic) == 16


def finish(db: Connection, fence: int, ids: Iterable[int], outcome: str) -> None:
    """Write a final outcome of those that are still held under a claim."""
    given = {"number": fence, "ids": sorted(ids), "became": outcome}
    db.execute(_FINISH, given)


def put_back(db: Connection, back: Iterable[tuple[Parcel, int]]) -> None:
    """Give back what was not sent, each with when it may be claimed again (UTC milliseconds)."""
    _each(db, _PUT_BACK, back)


def again(db: Connection, later: Iterable[tuple[Parcel, int]]) -> None:
    """Note tries that failed, each with when to try again (UTC milliseconds)."""
    _each(db, _AGAIN, later)


def _each(db: Connection, words: Update, given: Iterable[tuple[Parcel, int]]) -> None:
    rows = [{"number": one.fence, "row": one.id, "when": when} for one, when in given]
    if rows:
        db.execute(words, sorted(rows, key=lambda row: row["row"]))


def lag(db: Connection, now: int) -> int:
    """Return for how long the oldest sendable reminder has been waiting, in milliseconds."""
    oldest = [
        db.execute(
            select(func.min(_r.next_at)).where(_r.urgent.is_(urgent), _r.next_at.isnot(None))
        ).scalar()
        for urgent in (True, False)
    ]
    return max([0, *(now - int(each) for each in oldest if each is not None)])
