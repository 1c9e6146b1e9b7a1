"""The log: one JSON object a line, and nothing in it that tells who. Only importer of structlog.

Our own words and known fields only: what a library or a mistake would add (an address, a path, a
query, the words of an exception) does not get in.
"""

import logging
import sys
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any

import structlog

FIELDS = ("origin", "status", "reason", "count", "sender", "which", "route", "where")


def set_up(level: int = logging.INFO) -> None:
    """Send everything that is logged to standard error, as JSON lines."""
    steps: list[Any] = [
        structlog.stdlib.ExtraAdder(allow=FIELDS),
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_words_of_errors,
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=steps,
            processors=[
                _without_words_of_others,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("waitress", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _without_words_of_others(
    _logger: object, _name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    name = event["_record"].name
    if name.split(".")[0] != "webapp":
        event["event"] = f"a message of {name}, left out because it may say who"
    return event


def _without_words_of_errors(
    _logger: object, _name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace a traceback by the kind of error and the places in the code that it went through."""
    error = event.pop("exc_info", None)
    event.pop("stack_info", None)
    if isinstance(error, tuple) and error[0] is not None:
        event["reason"] = error[0].__name__
        event["where"] = places(error[2])
    return event


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
