"""What an operator does beside serving: keys shown and rotated, data backed up and restored."""

import io
import os
import sqlite3
import sys
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path

from sqlalchemy import text

from webapp import db
from webapp.config import Settings
from webapp.reminders.keys import FILE, SECRET, Key, Keys

DATABASE = "lendemain.sqlite"


def show_keys(settings: Settings) -> int:
    """Print each live key, since when, and how many subscriptions were made with it."""
    keys = Keys(settings.data)
    used = _used(settings)
    for index, key in enumerate(keys.live()):
        role = "current: new subscriptions use it" if index == 0 else "before: still good"
        print(
            f"{key.public}\n  made {key.made_at}, {role}, {used.get(key.public, 0)} subscriptions"
        )
    return 0


def rotate_keys(settings: Settings, *, anyway: bool) -> int:
    """Put a new key in front; refuse to drop one that subscriptions still use, unless told."""
    keys = Keys(settings.data)
    used = _used(settings)
    dropped: list[Key] = keys.live()[1:]
    in_use = sum(used.get(each.public, 0) for each in dropped)
    if in_use and not anyway:
        print(
            f"{in_use} subscriptions still use the key before this one, and two are live at most.\n"
            "They move to the current key when their app is opened. Wait, or add --anyway: those "
            "phones then stay silent until they are opened.",
            file=sys.stderr,
        )
        return 1
    keys.rotate()
    print("A new key is current, and the one before stays good. No restart is needed.")
    return show_keys(settings)


def _used(settings: Settings) -> dict[str, int]:
    engine = db.make_engine(settings)
    db.upgrade(engine)
    with db.reading(engine) as opened:
        rows = opened.execute(text("SELECT key, count(*) FROM subscription GROUP BY key")).all()
    engine.dispose()
    return {str(key): int(count) for key, count in rows}


def back_up(settings: Settings, file: Path) -> int:
    """Write keys and secret, and the database when it is SQLite, into one file of ours alone.

    The database is copied as it stands at one moment, while it is in use.
    """
    if file.exists():
        print(f"{file} is there already: choose another name", file=sys.stderr)
        return 1
    Keys(settings.data)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as opened, tarfile.open(fileobj=opened, mode="w") as archive:
        for name in (FILE, SECRET):
            _add(archive, name, (settings.data / name).read_bytes())
        source = settings.data / DATABASE
        if not settings.database_url and source.exists():
            with tempfile.TemporaryDirectory(dir=settings.data) as folder:
                copy = Path(folder) / DATABASE
                with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(copy)) as to:
                    live.backup(to)
                archive.add(copy, DATABASE, filter=_ours)
    print(f"Written: {file}. It holds keys and addresses: keep it as you would a password.")
    if settings.database_url:
        print("The database is not in it: use pg_dump for that, at the same time.")
    return 0


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o600
    archive.addfile(entry, io.BytesIO(content))


def _ours(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.mode, entry.uid, entry.gid, entry.uname, entry.gname = 0o600, 0, 0, "", ""
    return entry


def restore(settings: Settings, file: Path) -> int:
    """Put back what `back_up` wrote, into a data folder that holds nothing yet.

    What came due before this moment is not sent: it may have been, after the backup was made.
    """
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    there = [name for name in (FILE, SECRET, DATABASE) if (settings.data / name).exists()]
    if there:
        print(
            f"{settings.data} holds {', '.join(there)} already: move them away first",
            file=sys.stderr,
        )
        return 1
    try:
        with tarfile.open(file) as archive:
            contents = {name: _read(archive, name) for name in (FILE, SECRET, DATABASE)}
    except (OSError, tarfile.TarError) as error:
        print(f"{file} cannot be read: {type(error).__name__}", file=sys.stderr)
        return 1
    if contents[FILE] is None or contents[SECRET] is None:
        print(f"{file} is no backup of Lendemain: {FILE} or {SECRET} is missing", file=sys.stderr)
        return 1
    for name, content in contents.items():
        if content is not None:
            handle = os.open(settings.data / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as opened:
                opened.write(content)
    count = _never_ring_twice(settings)
    print(
        f"Restored into {settings.data}. {count} reminders that were due before now will not ring."
    )
    return 0


def _read(archive: tarfile.TarFile, name: str) -> bytes | None:
    if name not in archive.getnames():
        return None
    found = archive.extractfile(name)
    return found.read() if found else None


def _never_ring_twice(settings: Settings) -> int:
    engine = db.make_engine(settings)
    db.upgrade(engine)
    words = "UPDATE reminder SET outcome = 'expired', next_at = NULL, fence = NULL"
    late = text(f"{words} WHERE at <= :now AND next_at IS NOT NULL")
    with db.writing(engine) as opened:
        opened.execute(text("DELETE FROM sender"))
        count = opened.execute(late, {"now": db.now_ms()}).rowcount
    engine.dispose()
    return int(count)
