"""`lendemain send`: a sender alone, or as the child of `lendemain serve`."""

import gc
import os
import select
import signal
import sys
import threading

from webapp import db
from webapp.config import Settings
from webapp.reminders.keys import Keys
from webapp.reminders.sender import Sender


def send(settings: Settings, *, child: bool) -> int:
    """Ring until SIGTERM, SIGINT or SIGHUP; as a child, until standard input ends."""
    engine = db.make_engine(settings, durable=False)
    db.upgrade(engine)
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        # Under nohup the terminal's end is none of its business.
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, lambda *_: told.set())

    def stops() -> bool:
        return told.is_set() or (child and _parent_is_gone())

    sender = Sender(settings, engine, Keys(settings.data))
    # What is loaded by now stays; looking through it for rubbish again and again is work for nothing.
    gc.freeze()
    sender.run(stops)
    engine.dispose()
    return 0


def _parent_is_gone() -> bool:
    readable, _, _ = select.select([sys.stdin], [], [], 0)
    return bool(readable) and os.read(sys.stdin.fileno(), 64) == b""
