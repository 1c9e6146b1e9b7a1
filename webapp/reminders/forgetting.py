"""What goes, and when. The privacy page says the same; a test holds it to this.

A subscription, with all of its reminders: seven days after its last ``until`` (after its last
change when its list is empty), after 24 hours when it was never confirmed, ten minutes after its
push service said that it is gone. When and whether a push was seen: thirty days.
"""

from sqlalchemy import Connection, and_, delete, or_, select, update

from webapp.reminders.due import GONE_FOR
from webapp.reminders.subscriptions import DAY, KEPT_AFTER_LAST, KEPT_SEEN, KEPT_UNCONFIRMED
from webapp.reminders.tables import brake, reminder, sender, subscription

# In milliseconds; the privacy page is written from these.
KEPT = {
    "after_last": KEPT_AFTER_LAST, "unconfirmed": KEPT_UNCONFIRMED, "gone": GONE_FOR, "seen": KEPT_SEEN,
}  # fmt: skip
AT_A_TIME = 500  # rows of one transaction, so that nobody waits long

_s, _r = subscription.c, reminder.c


def forget_some(db: Connection, now: int) -> int:
    """Delete some of what is to go by ``now`` (UTC milliseconds); return how many rows it was.

    Call again, in a transaction of its own, until it returns 0.
    """
    braked = select(brake.c.origin).where(brake.c.until_at > now)
    gone = and_(_s.gone_at.isnot(None), _s.gone_at <= now - GONE_FOR, _s.origin.not_in(braked))
    over = select(_s.id).where(or_(_s.forget_at <= now, gone)).order_by(_s.id).limit(AT_A_TIME)
    ids = list(db.execute(over.with_for_update(skip_locked=True)).scalars())
    if ids:
        db.execute(delete(reminder).where(_r.subscription_id.in_(ids)))
        db.execute(delete(subscription).where(_s.id.in_(ids)))
    seen = select(_r.id).where(_r.seen_at.isnot(None), _r.until <= now - KEPT_SEEN).limit(AT_A_TIME)
    faded = update(reminder).where(_r.id.in_(seen)).values(seen_at=None)
    rows = len(ids) + db.execute(faded).rowcount
    if not rows:
        # Nor is what a wrong clock wrote kept until its time comes.
        old = or_(sender.c.seen_at <= now - DAY, sender.c.seen_at > now + DAY)
        db.execute(delete(sender).where(old))
        db.execute(delete(brake).where(brake.c.until_at <= now - DAY))
    return rows
