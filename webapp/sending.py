"""`lendemain send`: a sender alone, or as the child of `lendemain serve`."""

import gc
import logging
import os
import signal
import sys
import threading

from webapp import db
from webapp.config import Settings
from webapp.reminders.keys import Keys
from webapp.reminders.sender import SECONDS_TO_LAND, Sender

# A sender that was told to end has so long: for what is in flight, then for writing it down.
SECONDS_TO_END = int(SECONDS_TO_LAND) + 8

log = logging.getLogger(__name__)


def send(settings: Settings, *, child: bool) -> int:
    """Ring until SIGTERM, SIGINT or SIGHUP; as a child, until standard input ends."""
    engine = db.make_engine(settings, durable=False)
    db.upgrade(engine)
    told = threading.Event()

    def end(*_: object) -> None:
        told.set()
        signal.alarm(SECONDS_TO_END)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        # Under nohup the terminal's end is none of its business.
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, end)
    signal.signal(signal.SIGALRM, _give_up)
    if child:
        threading.Thread(target=_end_with_the_parent, daemon=True).start()

    sender = Sender(settings, engine, Keys(settings.data))
    # What is loaded by now stays; looking through it for rubbish again and again is work for nothing.
    gc.freeze()
    sender.run(told.is_set)
    engine.dispose()
    return 0


def _give_up(*_: object) -> None:
    """End at once: a database that hangs holds nobody for ever, and what it was not told is sent
    again, as after a kill.
    """
    log.error("the database hangs; the sender ends without it")
    os._exit(1)


def _end_with_the_parent() -> None:
    while os.read(sys.stdin.fileno(), 64):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
