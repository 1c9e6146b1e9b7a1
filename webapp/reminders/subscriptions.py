"""Subscriptions and their lists: made, read, replaced, confirmed, forgotten."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, case, delete, func, insert, select, update

from webapp.db import upsert
from webapp.reminders.asking import N_, Address, Asked, Fault, FaultsError, Wanted, instant
from webapp.reminders.receipts import is_receipt_of, row_of
from webapp.reminders.tables import reminder, subscription

SECOND, HOUR, DAY = 1000, 3_600_000, 86_400_000
KEPT_AFTER_LAST = 7 * DAY
KEPT_UNCONFIRMED = DAY
KEPT_SEEN = 30 * DAY
URGENT_TTL = 600 * SECOND
BETWEEN_TESTS = 30 * SECOND
# Reminders of one subscription, the final ones that are off its list included.
MOST_REMEMBERED = 2000
PUBLIC_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
FINAL = frozenset({"accepted", "refused", "expired"})

_s, _r = subscription.c, reminder.c
AnyRow = Row[*tuple[Any, ...]]


@dataclass(frozen=True)
class Added:
    """What a phone is told of its subscription, once: the secret is not kept."""

    public_id: str
    secret: str


def add(db: Connection, asked: Asked, address: Address, now: int) -> Added:
    """Keep a subscription, or give a new secret to the one with the same address.

    :raises FaultsError: when it would be more than is remembered of one phone
    """
    public_id, secret = secrets.token_urlsafe(16), secrets.token_urlsafe(24)
    changed = {
        "secret_hash": _hash(secret), "key": address.key, "language": asked.language, "gone_at": None,
    }  # fmt: skip
    made = upsert(db, subscription).values(
        public_id=public_id, confirmed=False, forget_at=now + KEPT_UNCONFIRMED,
        **_columns(address), **changed,
    )  # fmt: skip
    made = made.on_conflict_do_update(index_elements=[_s.address], set_=changed)
    was_gone = db.execute(
        select(_s.gone_at).where(_s.address == address.digest).with_for_update()
    ).scalar()
    row = db.execute(made.returning(_s.id, _s.public_id, _s.confirmed, _s.forget_at)).one()
    if was_gone is not None and row.confirmed:
        _take_up(db, row.id, now)
    _replace_list(db, row.id, asked.reminders, now, confirmed=row.confirmed)
    if not row.confirmed:
        arm(db, row.id, "welcome", now)
    if row.confirmed or row.forget_at <= now:
        _settle(db, row.id, now, confirmed=row.confirmed)
    return Added(row.public_id, secret)


def _take_up(db: Connection, subscription_id: int, now: int) -> None:
    """Let go what was put aside when a phone was called gone: it is there."""
    aside = (_r.urgent.is_(False), _r.fence.is_(None), _r.next_at > now)
    mine = (_r.subscription_id == subscription_id, *aside)
    soon = case((_r.at > now, _r.at), else_=now)
    db.execute(update(reminder).where(*mine).values(next_at=soon))


def is_known(db: Connection, address: Address) -> bool:
    """Say whether there is a subscription with exactly this address."""
    found = select(_s.id).where(_s.address == address.digest)
    return db.execute(found).first() is not None


def count_unconfirmed(db: Connection) -> int:
    """Return how many subscriptions were never confirmed."""
    counted = select(func.count()).select_from(subscription).where(_s.confirmed.is_(False))
    return int(db.execute(counted).scalar_one())


def unconfirmed_among(db: Connection, public_ids: Iterable[str]) -> set[str]:
    """Return those of some subscriptions that are there and were never confirmed."""
    asked = select(_s.public_id).where(_s.public_id.in_(list(public_ids)), _s.confirmed.is_(False))
    return set(db.execute(asked).scalars())


def find(
    db: Connection, public_id: str, secret: str, now: int, *, held: bool = True
) -> AnyRow | None:
    """Return the subscription with this id and secret; None when there is none.

    :param held: whether nobody else may change it until the transaction ends
    """
    if not PUBLIC_ID.fullmatch(public_id):
        return None
    asked = select(
        _s.id, _s.confirmed, _s.language, _s.secret_hash, _s.forget_at, _s.gone_at, _s.address
    ).where(_s.public_id == public_id)
    row = db.execute(asked.with_for_update() if held else asked).first()
    known = row.secret_hash if row else bytes(32)
    right = hmac.compare_digest(known, _hash(secret))
    if row is None or not right or row.forget_at <= now or row.gone_at is not None:
        return None
    return row


def replace(db: Connection, row: AnyRow, asked: Asked, now: int) -> None:
    """Replace language and list, and the address when one is given.

    A new address has to be confirmed anew: the reminders wait, and a welcome goes out.

    :raises FaultsError: when it would be more than is remembered of one phone
    """
    changed: dict[str, Any] = {"language": asked.language}
    confirmed = bool(row.confirmed)
    address = asked.address
    moved = address is not None and address.digest != row.address
    if address is not None and moved:
        # The same phone may have come by another door in the meantime: one address, one row.
        _forget_all(db, and_(_s.address == address.digest, _s.id != row.id))
        confirmed = False
        changed |= {**_columns(address), "confirmed": False, "forget_at": now + KEPT_UNCONFIRMED}
        _start_anew(db, row.id)
    if address is not None:
        changed["key"] = address.key
    db.execute(update(subscription).where(_s.id == row.id).values(changed))
    _replace_list(db, row.id, asked.reminders, now, confirmed=confirmed)
    if moved:
        arm(db, row.id, "welcome", now)
    if confirmed:
        _settle(db, row.id, now, confirmed=True)


def _start_anew(db: Connection, subscription_id: int) -> None:
    """Let every reminder wait, with a new topic: what the old address received proves nothing now."""
    fresh = update(reminder).where(_r.id == bindparam("row"))
    fresh = fresh.values(topic=bindparam("new"), next_at=None, fence=None)
    ids = db.execute(
        select(_r.id).where(_r.subscription_id == subscription_id).order_by(_r.id).with_for_update()
    ).scalars()
    given = [{"row": each, "new": secrets.token_bytes(16)} for each in ids]
    if given:
        db.execute(fresh, given)


def told(db: Connection, subscription_id: int, now: int) -> dict[str, Any]:
    """Return all that the server knows of a subscription, as the phone is told."""
    head = db.execute(select(_s.language, _s.confirmed).where(_s.id == subscription_id)).one()
    listed = (
        select(_r.name, _r.at, _r.until, _r.outcome, _r.seen_at, _r.fence, _r.next_at)
        .where(_r.subscription_id == subscription_id, _r.listed.is_(True))
        .order_by(_r.at, _r.id)
    )
    return {
        "language": head.language,
        "confirmed": bool(head.confirmed),
        "reminders": [
            {
                "id": row.name,
                "at": instant(row.at),
                "until": instant(row.until),
                "outcome": "expired" if _is_over(row, now) else row.outcome,
                "seen_at": instant(row.seen_at) if row.seen_at else None,
            }
            for row in db.execute(listed)
        ],
    }


def ring_test(db: Connection, subscription_id: int, now: int) -> int:
    """Ring once for a test, or return how many milliseconds are to be waited first."""
    last = select(_r.at).where(_r.subscription_id == subscription_id, _r.name == "test")
    before = db.execute(last).scalar()
    if before is not None and now < before + BETWEEN_TESTS:
        return int(before) + BETWEEN_TESTS - now
    arm(db, subscription_id, "test", now)
    return 0


def arm(db: Connection, subscription_id: int, name: str, now: int) -> None:
    """Make a welcome or a test due now; its topic, and so its receipt, stay the same."""
    fresh = {
        "at": now, "until": now + URGENT_TTL, "next_at": now,
        "fence": None, "tries": 0, "outcome": None, "seen_at": None,
    }  # fmt: skip
    made = upsert(db, reminder).values(
        subscription_id=subscription_id, name=name, listed=False, urgent=True,
        topic=secrets.token_bytes(16), **fresh,
    )  # fmt: skip
    key = [_r.subscription_id, _r.name]
    db.execute(made.on_conflict_do_update(index_elements=key, set_=fresh))


def forget(db: Connection, subscription_id: int) -> None:
    """Delete a subscription and all that hangs on it."""
    _forget_all(db, _s.id == subscription_id)


def receive(db: Connection, secret: bytes, receipt: str, now: int) -> None:
    """Note that a push was shown, and so that its subscription works; anything else is ignored."""
    row_id = row_of(receipt)
    if row_id is None:
        return
    # The subscription is held first, as everyone takes them, and looked at after: a change of
    # address or another receipt may have come just before.
    whose = select(_r.subscription_id).where(_r.id == row_id).scalar_subquery()
    db.execute(select(_s.id).where(_s.id == whose).with_for_update())
    row = db.execute(
        select(_r.subscription_id, _r.topic, _r.seen_at, _s.confirmed)
        .join_from(reminder, subscription)
        .where(_r.id == row_id)
    ).first()
    if row is None or not is_receipt_of(secret, receipt, row_id, row.topic):
        return
    if row.seen_at is None:
        db.execute(update(reminder).where(_r.id == row_id).values(seen_at=now))
    if not row.confirmed:
        _confirm(db, row.subscription_id, now)


def _confirm(db: Connection, subscription_id: int, now: int) -> None:
    """Let the reminders go: of those that came due meanwhile, only the latest one."""
    mine = db.execute(
        update(subscription)
        .where(_s.id == subscription_id)
        .values(confirmed=True)
        .returning(_s.endpoint_hash)
    ).scalar_one()
    # An older row only: its own late receipts must not do away with the newer one.
    _forget_all(db, and_(_s.endpoint_hash == mine, _s.id < subscription_id))
    waiting = [row for row in _rows(db, subscription_id) if row.outcome not in FINAL]
    due = [row for row in waiting if row.at <= now and not _is_over(row, now)]
    latest = max(due, key=lambda row: (row.at, row.id), default=None)
    too_late = [row.id for row in waiting if row.at <= now and row is not latest]
    _expire(db, too_late)
    for row in waiting:
        if row is latest or row.at > now:
            db.execute(update(reminder).where(_r.id == row.id).values(next_at=max(row.at, now)))
    _settle(db, subscription_id, now, confirmed=True)


def _replace_list(
    db: Connection, subscription_id: int, wanted: list[Wanted], now: int, *, confirmed: bool
) -> None:
    before = {row.name: row for row in _rows(db, subscription_id)}
    over = [row for row in before.values() if _is_over(row, now)]
    _expire(db, [row.id for row in over])
    final = {row.name for row in before.values() if row.outcome in FINAL or row in over}
    new: list[dict[str, Any]] = []
    for each in wanted:
        row = before.get(each.name)
        late = each.until <= now
        times = {"at": each.at, "until": each.until, "listed": True}
        rings = {
            "next_at": max(each.at, now) if confirmed and not late else None,
            "outcome": "expired" if late else None,
        }
        if row is None:
            new.append({"subscription_id": subscription_id, "name": each.name, "urgent": False,
                        "tries": 0, "topic": secrets.token_bytes(16), **times, **rings})  # fmt: skip
        elif (row.at, row.until, row.listed) != (each.at, each.until, True):
            same = (row.at, row.until) == (each.at, each.until)
            # What a sender holds may be on its way: it keeps its hold, to say what became of it.
            stays = each.name in final or same or _is_held(row, now)
            again = {} if stays else {**rings, "fence": None, "tries": 0, "seen_at": None}
            db.execute(update(reminder).where(_r.id == row.id).values(**times, **again))
    if new and len(before) + len(new) > MOST_REMEMBERED:
        raise FaultsError([Fault("/reminders", N_("Too many different reminders for one phone"))])
    if new:
        db.execute(insert(reminder), new)
    names = {each.name for each in wanted}
    left = [row for row in before.values() if row.name not in names]
    # What is final is remembered, and what is under way may be about to become so.
    remembered = [row.id for row in left if row.name in final or _is_held(row, now)]
    db.execute(update(reminder).where(_r.id.in_(remembered)).values(listed=False))
    db.execute(
        delete(reminder).where(_r.id.in_([row.id for row in left if row.id not in remembered]))
    )


def _rows(db: Connection, subscription_id: int) -> list[AnyRow]:
    # In the order of their keys, as everyone takes them, so that nobody waits in a circle.
    listed = select(reminder).where(_r.subscription_id == subscription_id, _r.urgent.is_(False))
    return list(db.execute(listed.order_by(_r.id).with_for_update()))


def _is_held(row: AnyRow, now: int) -> bool:
    return row.fence is not None and row.next_at is not None and row.next_at > now


def _is_over(row: AnyRow, now: int) -> bool:
    return row.outcome not in FINAL and row.until <= now and not _is_held(row, now)


def _expire(db: Connection, ids: list[int]) -> None:
    db.execute(
        update(reminder).where(_r.id.in_(ids)).values(outcome="expired", next_at=None, fence=None)
    )


def _settle(db: Connection, subscription_id: int, now: int, *, confirmed: bool) -> None:
    forget_at = now + KEPT_UNCONFIRMED
    if confirmed:
        listed = and_(_r.subscription_id == subscription_id, _r.listed.is_(True))
        last = db.execute(select(func.max(_r.until)).where(listed)).scalar()
        forget_at = (now if last is None else int(last)) + KEPT_AFTER_LAST
    db.execute(update(subscription).where(_s.id == subscription_id).values(forget_at=forget_at))


def _forget_all(db: Connection, which: Any) -> None:
    ids = list(db.execute(select(_s.id).where(which).order_by(_s.id).with_for_update()).scalars())
    if not ids:
        return
    held = select(_r.id).where(_r.subscription_id.in_(ids)).order_by(_r.id).with_for_update()
    db.execute(held)
    db.execute(delete(reminder).where(_r.subscription_id.in_(ids)))
    db.execute(delete(subscription).where(_s.id.in_(ids)))


def _columns(address: Address) -> dict[str, Any]:
    return {
        "endpoint": address.endpoint.url,
        "origin": address.endpoint.origin,
        "p256dh": address.p256dh,
        "auth": address.auth,
        "address": address.digest,
        "endpoint_hash": address.endpoint_digest,
    }


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
