"""What the server keeps about reminders: all of it. Times are UTC milliseconds."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
# SQLite numbers rows by itself in an INTEGER key only.
Number = BigInteger().with_variant(Integer, "sqlite")

# A browser's address for pushes. `address` is a digest of endpoint and keys, and tells one from
# another; `forget_at` is when all of it goes; `gone_at` is when its push service said 404 or 410.
subscription = Table(
    "subscription",
    metadata,
    Column("id", Number, primary_key=True),
    Column("public_id", String(22), nullable=False, unique=True),
    Column("secret_hash", LargeBinary(32), nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("p256dh", LargeBinary(65), nullable=False),
    Column("auth", LargeBinary(16), nullable=False),
    Column("address", LargeBinary(32), nullable=False, unique=True),
    Column("endpoint_hash", LargeBinary(32), nullable=False, index=True),
    Column("key", String(87), nullable=False),
    Column("language", String(2), nullable=False),
    Column("confirmed", Boolean, nullable=False),
    Column("forget_at", BigInteger, nullable=False, index=True),
    Column("gone_at", BigInteger),
)
_s = subscription.c
Index(
    "ix_subscription_unconfirmed", _s.id,
    sqlite_where=_s.confirmed.is_(False), postgresql_where=_s.confirmed.is_(False),
)  # fmt: skip
Index(
    "ix_subscription_gone", _s.gone_at,
    sqlite_where=_s.gone_at.isnot(None), postgresql_where=_s.gone_at.isnot(None),
)  # fmt: skip

# A moment at which a phone should ring, and the queue: `next_at` is when it is to be sent, or,
# while a sender holds it, when its lease ends; none when it is final or waits for a confirmation.
# `fence` is the number of the claim that holds it. `listed` is whether the phone's list still has
# it; `urgent` are the welcome and the test, which pass the others.
reminder = Table(
    "reminder",
    metadata,
    Column("id", Number, primary_key=True),
    Column("subscription_id", ForeignKey(_s.id, ondelete="CASCADE"), nullable=False),
    Column("name", String(32), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("listed", Boolean, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("next_at", BigInteger),
    Column("fence", BigInteger),
    Column("tries", SmallInteger, nullable=False),
    Column("outcome", String(8)),
    Column("seen_at", BigInteger),
    Column("topic", LargeBinary(16), nullable=False),
    UniqueConstraint("subscription_id", "name"),
)
_r = reminder.c
for _name, _kind in (("due", _r.urgent.is_(False)), ("urgent", _r.urgent.is_(True))):
    _waiting = _kind & _r.next_at.isnot(None)
    Index(f"ix_reminder_{_name}", _r.next_at, sqlite_where=_waiting, postgresql_where=_waiting)
Index(
    "ix_reminder_seen", _r.until,
    sqlite_where=_r.seen_at.isnot(None), postgresql_where=_r.seen_at.isnot(None),
)  # fmt: skip

# Senders that are alive, what they counted (of nobody in particular), and the push services whose
# word that a subscription is gone is not believed for the moment.
sender = Table(
    "sender",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("seen_at", BigInteger, nullable=False),
)
tally = Table(
    "tally",
    metadata,
    Column("name", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
)
brake = Table(
    "brake",
    metadata,
    Column("origin", Text, primary_key=True),
    Column("until_at", BigInteger, nullable=False),
)
