"""The library of protocols: compiled once from YAML, loaded quickly ever after."""

import json
from datetime import date
from pathlib import Path

from webapp.protocol.models import Library
from webapp.protocol.reading import read_library


def compile_library(folder: Path, compiled: Path) -> Library:
    """Check the content below ``folder`` and write it to one JSON file that loads quickly.

    A lapsed review date is for `lendemain check` to say; it must not keep a server from starting.

    :raises ContentFaultsError: with every fault at once; nothing is written then
    """
    library = read_library(folder, today=date.min)
    compiled.parent.mkdir(parents=True, exist_ok=True)
    plain = library.model_dump(mode="json", exclude_defaults=True)
    compiled.write_text(json.dumps(plain, ensure_ascii=False, separators=(",", ":")), "utf-8")
    return library


def load_library(compiled: Path) -> Library:
    """Return what :func:`compile_library` wrote.

    :raises FileNotFoundError: when nothing was compiled yet
    """
    return Library.model_validate_json(compiled.read_bytes())
