"""What an operator does beside serving: keys shown and rotated, data backed up and restored."""

import io
import json
import shutil
import sqlite3
import tarfile
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from webapp import db
from webapp.config import Settings, TroubleError, make_folder
from webapp.reminders.keys import FILE, SECRET, Key, Keys

KINDS = {"sqlite": "SQLite", "elsewhere": "PostgreSQL"}
DATABASE, ABOUT = "lendemain.sqlite", "about.json"


def show_keys(settings: Settings) -> int:
    """Print each live key, since when, and how many subscriptions were made with it."""
    keys = Keys(settings.data, make=False)
    used = _used(settings)
    for index, key in enumerate(keys.live()):
        role = "current: new subscriptions use it" if index == 0 else "before: still good"
        print(
            f"{key.public}\n  made {key.made_at}, {role}, {used.get(key.public, 0)} subscriptions"
        )
    return 0


def rotate_keys(settings: Settings, *, anyway: bool) -> int:
    """Put a new key in front; refuse to drop one that subscriptions still use, unless told.

    :raises TroubleError: when it refuses
    """
    keys = Keys(settings.data, make=False)
    used = _used(settings)
    dropped: list[Key] = keys.live()[1:]
    in_use = sum(used.get(each.public, 0) for each in dropped)
    if in_use and not anyway:
        raise TroubleError(
            f"{in_use} subscriptions still use the key before this one, and two are live at most.\n"
            "They move to the current key when their app is opened. Wait, or add --anyway: those "
            "phones then stay silent until they are opened."
        )
    keys.rotate()
    print("A new key is current, and the one before stays good. No restart is needed.")
    return show_keys(settings)


def _used(settings: Settings) -> dict[str, int]:
    engine = db.make_engine(settings)
    used: dict[str, int] = {}
    try:
        # Looking must not upgrade a database that an older release may still be serving from.
        if db.version_of(engine):
            with db.reading(engine) as opened:
                rows = opened.execute(text("SELECT key, count(*) FROM subscription GROUP BY key"))
                used = {str(key): int(count) for key, count in rows}
    except DBAPIError as error:
        raise TroubleError(
            "The database does not answer; the keys are in use all the same."
        ) from error
    finally:
        engine.dispose()
    return used


def back_up(settings: Settings, file: Path) -> int:
    """Write keys and secret, and the database when it is SQLite, into one file of ours alone.

    The database is copied as it stands at one moment, while it is in use.

    :raises TroubleError: when there is no site, its database is damaged, or the file is there
        already or cannot be written
    """
    if file.exists():
        raise TroubleError(f"{file} is there already: choose another name")
    Keys(settings.data, make=False)
    source = settings.sqlite_file
    if source and not source.exists():
        raise TroubleError(f"There is no database: {source} is not there. Nothing was written.")
    try:
        with tempfile.TemporaryDirectory(dir=file.absolute().parent) as folder:
            whole = Path(folder) / "whole.tar"
            with tarfile.open(whole, "w") as archive:
                for name in (FILE, SECRET):
                    _add(archive, name, (settings.data / name).read_bytes())
                if source:
                    copy = Path(folder) / DATABASE
                    _copy(source, copy)
                    archive.add(copy, DATABASE, filter=_ours)
                # Last, so that a file that was cut off is known by its absence.
                kind = "sqlite" if source else "elsewhere"
                _add(archive, ABOUT, json.dumps({"database": kind}).encode())
            whole.chmod(0o600)
            whole.rename(file)
    except OSError as error:
        raise TroubleError(f"{file} could not be written: {error}") from error
    print(f"Written: {file}. It holds keys and addresses: keep it as you would a password.")
    if not source:
        print("The database is not in it: use pg_dump for that, at the same time.")
    return 0


def _copy(source: Path, copy: Path) -> None:
    """Copy a database in use; what could not be restored is no backup."""
    try:
        with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(copy)) as to:
            live.backup(to)
            _look_through(to)
            to.execute("SELECT version_num FROM alembic_version")
    except sqlite3.Error as error:
        words = f"{source} cannot be backed up: {error}. Nothing was written."
        raise TroubleError(words) from error


def _look_through(database: sqlite3.Connection) -> None:
    if database.execute("PRAGMA integrity_check").fetchone() != ("ok",):
        raise sqlite3.DatabaseError("it is damaged")


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o600
    archive.addfile(entry, io.BytesIO(content))


def _ours(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.mode, entry.uid, entry.gid, entry.uname, entry.gname = 0o600, 0, 0, "", ""
    return entry


def restore(settings: Settings, file: Path) -> int:
    """Put back what `back_up` wrote, all of it or nothing, where nothing is yet.

    What came due before this moment is not sent: it may have been, after the backup was made.

    :raises TroubleError: when the file is not whole, or the data folder is in use or cannot be
    """
    to = {FILE: settings.data / FILE, SECRET: settings.data / SECRET}
    if settings.sqlite_file:
        to[DATABASE] = settings.sqlite_file
    # What SQLite left beside a database would be replayed into the next one.
    left = [path.with_name(path.name + end) for path in to.values() for end in ("-wal", "-shm")]
    there = [str(path) for path in (*to.values(), *left) if path.exists()]
    if there:
        raise TroubleError(f"There already: {', '.join(there)}. Move them away first.")
    contents = _contents(file, DATABASE in to)
    make_folder(settings.data)
    try:
        with tempfile.TemporaryDirectory(dir=settings.data) as folder:
            aside = Path(folder)
            for name, content in contents.items():
                (aside / name).write_bytes(content)
                (aside / name).chmod(0o600)
            try:
                Keys(aside)
                count = _never_ring_twice(replace(settings, data=aside, database_url=""))
            except sqlite3.Error as error:
                raise _not_whole(file, error) from error
            _put_all(aside, to)
    except OSError as error:
        raise TroubleError(f"{settings.data} cannot be restored into: {error.strerror}") from error
    print(
        f"Restored into {settings.data}. {count} reminders that were due before now will not ring."
    )
    return 0


def _contents(file: Path, sqlite: bool) -> dict[str, bytes]:
    try:
        with tarfile.open(file) as archive:
            contents = {name: _read(archive, name) for name in (FILE, SECRET, ABOUT)}
            kind = json.loads(contents[ABOUT])["database"]
            # Releases before 2026-11-28 backed up a site that had only its keys yet.
            was = KINDS[kind] if kind != "none" else ""
            if kind == "sqlite":
                contents[DATABASE] = _read(archive, DATABASE)
    except OSError as error:
        raise TroubleError(f"{file} cannot be read: {error.strerror or error}") from error
    except (tarfile.TarError, KeyError, ValueError) as error:
        raise _not_whole(file, error) from error
    if was and (kind == "sqlite") is not sqlite:
        raise TroubleError(
            f"{file} is of a site whose database was {was}; "
            "WEBAPP_DATABASE_URL says otherwise. Set it as it was, then restore."
        )
    return contents


def _not_whole(file: Path, error: Exception) -> TroubleError:
    return TroubleError(f"{file} is not a whole backup of Lendemain ({type(error).__name__})")


def _put_all(aside: Path, to: dict[str, Path]) -> None:
    """Move every file to its place, or none."""
    begun: list[Path] = []
    try:
        # The database first: it is the one that may be on another disk, and fail.
        for name, path in reversed(to.items()):
            if (aside / name).exists():
                make_folder(path.parent)
                begun.append(path)
                shutil.move(aside / name, path)
    except OSError as error:
        for each in begun:
            each.unlink(missing_ok=True)
        raise TroubleError(f"{begun[-1]} could not be written: {error.strerror}") from error


def _read(archive: tarfile.TarFile, name: str) -> bytes:
    found = archive.extractfile(name)
    return found.read() if found else b""


def _never_ring_twice(settings: Settings) -> int:
    file = settings.sqlite_file
    if not (file and file.exists()):
        return 0
    with closing(sqlite3.connect(file)) as restored:
        _look_through(restored)
    engine = db.make_engine(settings)
    db.upgrade(engine)
    # What waited for a phone's first sign of life too: it may have come after the backup.
    late = text(
        "UPDATE reminder SET outcome = 'expired', next_at = NULL, fence = NULL "
        "WHERE at <= :now AND (next_at IS NOT NULL "
        "OR NOT urgent AND (outcome IS NULL OR outcome = 'later'))"
    )
    with db.writing(engine) as opened:
        opened.execute(text("DELETE FROM sender"))
        count = opened.execute(late, {"now": db.now_ms()}).rowcount
    engine.dispose()
    return int(count)
