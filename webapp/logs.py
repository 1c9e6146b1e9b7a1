"""The log: one JSON object a line, and nothing in it that tells who.

Our own words and known fields only: what a library or a mistake would add (an address, a path, a
query, the words of an exception) does not get in.
"""

import json
import logging
import sys
import threading
import time
from collections.abc import Hashable
from datetime import UTC, datetime
from types import TracebackType

OFTEN = 60.0  # seconds between two lines about the same thing
FIELDS = ("origin", "status", "reason", "count", "sender", "which", "route", "where")


def set_up(level: int = logging.INFO) -> None:
    """Send everything that is logged to standard error, as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Line())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("waitress", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)


class Seldom:
    """Lets each thing be said once a minute; for any thread."""

    def __init__(self) -> None:
        """Begin with nothing said."""
        self._said: dict[Hashable, float] = {}
        self._one_at_a_time = threading.Lock()

    def lets(self, what: Hashable) -> bool:
        """Say whether it is time to speak of something, which counts as having spoken."""
        with self._one_at_a_time:
            now = time.monotonic()
            if now - self._said.get(what, -OFTEN) < OFTEN:
                return False
            self._said = {each: at for each, at in self._said.items() if now - at < OFTEN}
            self._said[what] = now
            return True


class Line(logging.Formatter):
    """A record as one JSON object: when, how grave, our words, and the known fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {
            "at": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
        }
        ours = record.name.split(".")[0] == "webapp"
        line["event"] = record.getMessage() if ours else f"{record.name} said what is left out here"
        line |= {each: record.__dict__[each] for each in FIELDS if each in record.__dict__}
        if record.exc_info and record.exc_info[0]:
            line["reason"] = record.exc_info[0].__name__
            line["where"] = places(record.exc_info[2])
        return json.dumps(line, ensure_ascii=False, default=str)


def places(traceback: TracebackType | None) -> str:
    """Return where an error came from: our files and lines, the last first."""
    found: list[str] = []
    while traceback:
        code = traceback.tb_frame.f_code
        if "/webapp/" in code.co_filename:
            file = code.co_filename.rsplit("/webapp/", 1)[1]
            found.append(f"webapp/{file}:{traceback.tb_lineno}")
        traceback = traceback.tb_next
    return " ".join(reversed(found[-6:]))
