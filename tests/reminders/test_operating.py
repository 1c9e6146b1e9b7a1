"""Running a site: keys, backups, the doctor, metrics, senders of their own, upgrades."""

import hashlib
import os
import re
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tarfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Connection, event, text
from werkzeug.serving import make_server

from tests.push.service import PushService
from tests.reminders.cluster import Cluster
from tests.reminders.site import HOUR, MINUTE, ROOT, Site, Subscribed, is_alive, ring
from webapp import cli, create_app, db, doctor, metrics
from webapp.config import Settings, TroubleError
from webapp.logs import Seldom
from webapp.reminders import due, routes
from webapp.reminders.keys import FILE, SECRET, Keys
from webapp.reminders.tables import metadata

OPERATING = ROOT / "docs" / "operating.md"
DATABASE = "lendemain.sqlite"
REFUSED = {1, 2}


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """Return what was printed since the last time, complaints included."""
    return "".join(capsys.readouterr())


def mode(path: Path) -> int:
    """Return who may do what with a file."""
    return path.stat().st_mode & 0o777


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def rows_of(settings: Settings) -> dict[str, str]:
    """Return a hash of all rows of each table."""
    engine = db.make_engine(settings)
    found = {}
    with db.reading(engine) as opened:
        for table in metadata.sorted_tables:
            rows = sorted(repr(tuple(row)) for row in opened.execute(table.select()))
            found[table.name] = f"{len(rows)} {hashlib.sha256(repr(rows).encode()).hexdigest()}"
    engine.dispose()
    return found


Command = Callable[..., tuple[int, str]]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a `lendemain` command; return its exit status and its words.

    It has no settings but the given ones. A traceback of the command is one of the test.
    """
    for name in list(os.environ):
        if name.startswith("WEBAPP_") or name == "PORT":
            monkeypatch.delenv(name)

    def run(*arguments: str, **environ: str) -> tuple[int, str]:
        said(capsys)
        with monkeypatch.context() as given:
            for name, value in environ.items():
                given.setenv(name, value)
            given.setattr(sys, "argv", ["lendemain", *arguments])
            status = cli.main()
        return status, said(capsys)

    return run


# --- a running site ------------------------------------------------------------------------------


@dataclass
class Running:
    """`lendemain serve` in a process of its own, with its sender, its metrics and its log."""

    process: "subprocess.Popen[bytes]"
    environ: dict[str, str]
    log: Path

    @property
    def url(self) -> str:
        """Return the public address."""
        return f"http://127.0.0.1:{self.environ['PORT']}"

    @property
    def metrics(self) -> str:
        """Return the address of the metrics."""
        return f"http://{self.environ['WEBAPP_METRICS']}/metrics"


def fetched(url: str) -> tuple[int, str]:
    """Return the status and the body of an answer."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def comes_true(what: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Wait for something; say whether it came."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if what():
            return True
        time.sleep(0.05)
    return False


def answers_well(url: str) -> bool:
    """Say whether a site says that it is well."""
    try:
        return fetched(f"{url}/healthz")[0] == 200
    except OSError:
        return False


@contextmanager
def served(data: Path, log: Path) -> Iterator[Running]:
    own = {
        "WEBAPP_DATA": str(data), "HOST": "127.0.0.1", "PORT": str(free_port()),
        "WEBAPP_METRICS": f"127.0.0.1:{free_port()}",
    }  # fmt: skip
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "webapp.cli", "serve"], cwd=ROOT, env={**os.environ, **own},
            stdout=written, stderr=written,
        )  # fmt: skip
    running = Running(process, own, log)
    try:
        assert comes_true(lambda: answers_well(running.url)), log.read_text("utf-8")
        yield running
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A site that several tests look at: leave it running."""
    folder = tmp_path_factory.mktemp("lived")
    with served(folder / "data", folder / "log") as running:
        yield running


def started(*arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    """Run a `lendemain` command that is to end by itself."""
    return subprocess.run(
        [sys.executable, "-m", "webapp.cli", *arguments], cwd=ROOT, env={**os.environ, **environ},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


# --- keys ----------------------------------------------------------------------------------------


def post_with_key(site: Site, key: str) -> tuple[int, dict[str, str]]:
    """Subscribe a new phone with a key; return the status and what came back."""
    body = {**site.asked(site.service.subscribe()), "applicationServerKey": key}
    answer = site.client.post("/api/subscriptions", json=body)
    return answer.status_code, dict(answer.json or {})


def test_the_keys_are_shown_with_how_many_phones_use_them(site: Site, command: Command) -> None:
    site.subscribe()
    site.subscribe()
    status, words = command("keys", **site.environ())
    assert status == 0
    assert site.keys.current().public in words
    assert re.search(r"current.* 2 subscriptions", words)
    assert site.keys.current().private not in words


def test_after_a_rotation_phones_of_either_key_are_served(site: Site, command: Command) -> None:
    old = site.keys.current().public
    mine = site.confirmed(ring(at=-MINUTE))
    status, words = command("keys", "--rotate", **site.environ())
    assert status == 0
    new = site.client.get("/api/push-key").json["applicationServerKey"]  # type: ignore[index]
    assert new != old
    assert words.index(new) < words.index(old)
    assert "1 subscriptions" in words[words.index(old) :]
    assert post_with_key(site, old)[0] == 201
    assert post_with_key(site, new)[0] == 201
    site.send_until(lambda: len(site.service.pushes) == 3)
    assert [push.key for push in mine.phone.pushes] == [old]
    assert [push.faults for push in site.service.pushes] == [[], [], []]
    assert sorted(str(push.key) for push in site.service.pushes) == sorted([old, old, new])


def test_a_key_that_phones_still_use_is_not_dropped_by_accident(
    site: Site, command: Command
) -> None:
    first = site.keys.current().public
    site.subscribe()
    environ = site.environ()
    assert command("keys", "--rotate", **environ)[0] == 0
    before = (site.settings.data / FILE).read_bytes()
    status, words = command("keys", "--rotate", **environ)
    assert status in REFUSED
    assert "1 subscriptions still use the key before" in words
    assert "--anyway" in words
    assert (site.settings.data / FILE).read_bytes() == before
    assert command("keys", "--rotate", "--anyway", **environ)[0] == 0
    answer, told = post_with_key(site, first)
    assert (answer, told["current"]) == (409, site.keys.current().public)


def test_a_key_that_no_phone_uses_is_dropped_without_asking(
    small_site: Site, command: Command
) -> None:
    seen = {small_site.keys.current().public}
    for _ in range(3):
        assert command("keys", "--rotate", **small_site.environ())[0] == 0
        seen.add(small_site.keys.current().public)
    assert len(seen) == 4
    assert len(small_site.keys.live()) == 2


@pytest.mark.parametrize("arguments", [["keys"], ["backup", "never.tar"]])
def test_broken_keys_are_said_in_plain_words(
    arguments: list[str], command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Keys(tmp_path / "data").file.write_text("{")
    status, words = command(*arguments, WEBAPP_DATA=str(tmp_path / "data"))
    assert status in REFUSED
    assert f"{tmp_path / 'data' / FILE} cannot be read" in words
    assert [each.name for each in tmp_path.iterdir()] == ["data"]


def test_a_database_that_is_away_is_said_in_plain_words(command: Command, tmp_path: Path) -> None:
    away = f"postgresql://lendemain:PASSWORD@127.0.0.1:{free_port()}/lendemain"
    Keys(tmp_path)
    status, words = command("keys", WEBAPP_DATA=str(tmp_path), WEBAPP_DATABASE_URL=away)
    assert status in REFUSED
    assert "database" in words
    assert "PASSWORD" not in words


def test_looking_at_the_keys_changes_no_database(small_site: Site, command: Command) -> None:
    # It may be looked at with a new release while an older one still serves.
    small_site.sql("UPDATE alembic_version SET version_num = '0000'")
    command("keys", **small_site.environ())
    assert small_site.sql("SELECT version_num FROM alembic_version") == [("0000",)]


# --- backup and restore --------------------------------------------------------------------------


def lively(site: Site) -> Subscribed:
    """Give a site every kind of row, none of them due; return a confirmed phone."""
    mine = site.confirmed(ring("tonight", at=HOUR), ring("tomorrow", at=24 * HOUR), language="fr")
    waiting = site.subscribe(ring("someday", at=30 * HOUR))
    site.send_until(lambda: len(waiting.phone.pushes) == 1)
    site.sql("INSERT INTO brake VALUES ('https://push.example', 1)")
    return mine


@dataclass
class Move:
    """A site, a file, and another machine without anything on it yet."""

    command: Command
    site: Site
    file: Path
    there: Settings

    def back_up(self) -> tuple[int, str]:
        """Make the backup; return exit status and words."""
        return self.command("backup", str(self.file), **self.site.environ())

    def restore(self, **environ: str) -> tuple[int, str]:
        """Restore it over there; return exit status and words."""
        given = {**self.site.environ(), "WEBAPP_DATA": str(self.there.data), **environ}
        return self.command("backup", "--restore", str(self.file), **given)

    def restored(self) -> Site:
        """Return the site that was restored."""
        return Site(self.there.data, self.site.service, database_url=self.there.database_url)

    @property
    def arrived(self) -> list[str]:
        """Return the names of the files over there."""
        folder = self.there.data
        return sorted(each.name for each in folder.iterdir()) if folder.exists() else []


def move_of(site: Site, command: Command, folder: Path) -> Move:
    there = replace(site.settings, data=folder / "other" / "data")
    return Move(command, site, folder / "backup.tar", there)


@pytest.fixture
def move(small_site: Site, command: Command, tmp_path: Path) -> Move:
    """A move of a site on SQLite."""
    return move_of(small_site, command, tmp_path)


@pytest.fixture
def any_move(site: Site, command: Command, tmp_path: Path) -> Move:
    """A move on each database in turn; PostgreSQL itself stays where it is."""
    return move_of(site, command, tmp_path)


def test_a_backup_brings_back_every_row_and_every_key(move: Move) -> None:
    lively(move.site)
    assert move.back_up()[0] == 0
    before = rows_of(move.site.settings)
    move.site.subscribe()
    assert move.restore()[0] == 0
    after = rows_of(move.there)
    # The senders of before are not these senders: their signs of life do not come along.
    assert after.pop("sender") != before.pop("sender")
    assert after == before
    assert all(not count.startswith("0 ") for count in before.values()), before
    assert Keys(move.there.data).live() == move.site.keys.live()
    assert Keys(move.there.data).secret == move.site.keys.secret


def test_nobody_else_can_read_a_backup_or_what_was_restored(move: Move) -> None:
    before = os.umask(0)
    try:
        assert move.back_up()[0] == 0
        assert move.restore()[0] == 0
    finally:
        os.umask(before)
    assert mode(move.file) == 0o600
    assert mode(move.there.data) == 0o700
    assert [mode(move.there.data / name) for name in (FILE, SECRET, DATABASE)] == [0o600] * 3
    assert move.arrived == sorted([FILE, SECRET, DATABASE])


def test_a_backup_is_made_while_the_database_is_in_use(move: Move) -> None:
    lively(move.site)
    with db.writing(move.site.engine) as opened:
        opened.execute(text("INSERT INTO tally VALUES ('[\"half\"]', 1)"))
        assert move.back_up()[0] == 0
    assert move.restore()[0] == 0
    engine = db.make_engine(move.there)
    with db.reading(engine) as opened:
        assert opened.execute(text("PRAGMA integrity_check")).scalar() == "ok"
        half = opened.execute(text("SELECT count(*) FROM tally WHERE name = '[\"half\"]'"))
        assert half.scalar() == 0
        assert opened.execute(text("SELECT count(*) FROM subscription")).scalar() == 2
    engine.dispose()


def spoil(database: Path, begin: int = 4096) -> None:
    """Write over a database from a place on, as a failing disk does."""
    with closing(sqlite3.connect(database)) as opened:
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    written = bytearray(database.read_bytes())
    written[begin:] = b"\xa5" * len(written[begin:])
    database.write_bytes(written)


def test_a_damaged_database_is_not_taken_for_backed_up(move: Move) -> None:
    lively(move.site)
    move.site.engine.dispose()
    database = move.site.settings.data / DATABASE
    spoil(database)
    status, words = move.back_up()
    assert status in REFUSED, f"a file that nobody can restore, and: {words}"
    assert str(database) in words
    assert not move.file.exists()
    assert list(move.file.parent.glob("tmp*")) == []


@pytest.mark.parametrize("arguments", [["keys"], ["keys", "--rotate"], ["backup", "mine.tar"]])
def test_a_folder_without_a_site_is_named_and_stays_as_it_is(
    arguments: list[str], command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # WEBAPP_DATA forgotten in a crontab, or misspelt.
    monkeypatch.chdir(tmp_path)
    for folder in (tmp_path / "nowhere", tmp_path):
        status, words = command(*arguments, WEBAPP_DATA=str(folder))
        assert status in REFUSED
        assert f"There is no Lendemain in {folder}" in words
        assert "WEBAPP_DATA" in words
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["gone", "empty"])
def test_a_site_without_its_database_is_not_taken_for_backed_up(kind: str, move: Move) -> None:
    move.site.engine.dispose()
    database = move.site.settings.data / DATABASE
    database.unlink()
    if kind == "empty":
        database.touch()
    status, words = move.back_up()
    assert status in REFUSED
    assert str(database) in words
    assert not move.file.exists()


def test_a_backup_overwrites_nothing(move: Move) -> None:
    move.file.write_text("dear to somebody")
    status, words = move.back_up()
    assert status in REFUSED
    assert str(move.file) in words
    assert move.file.read_text() == "dear to somebody"


def test_a_backup_to_a_folder_that_is_not_there_is_said_in_plain_words(move: Move) -> None:
    move.file = move.file.parent / "nowhere" / "backup.tar"
    status, words = move.back_up()
    assert status in REFUSED
    assert str(move.file) in words


def test_a_site_in_use_is_never_restored_over(move: Move) -> None:
    assert move.back_up()[0] == 0
    move.there = move.site.settings
    move.site.subscribe()
    before = rows_of(move.there), Keys(move.there.data).live()
    status, words = move.restore()
    assert status in REFUSED
    assert str(move.there.data) in words
    assert (rows_of(move.there), Keys(move.there.data).live()) == before


@pytest.mark.parametrize("name", [FILE, SECRET, DATABASE])
def test_a_folder_that_holds_one_file_of_ours_is_not_restored_into(move: Move, name: str) -> None:
    assert move.back_up()[0] == 0
    move.there.data.mkdir(parents=True)
    (move.there.data / name).write_text("mine")
    status, words = move.restore()
    assert status in REFUSED
    assert name in words
    assert move.arrived == [name]
    assert (move.there.data / name).read_text() == "mine"


def test_what_a_killed_server_left_behind_does_not_get_into_a_restored_database(move: Move) -> None:
    # Whoever moves away the three files that are named, and not the log beside the database.
    assert move.back_up()[0] == 0
    before = rows_of(move.site.settings)
    move.site.subscribe()
    left = move.site.settings.data / f"{DATABASE}-wal"
    assert left.stat().st_size > 0
    move.there.data.mkdir(mode=0o700, parents=True)
    shutil.copy(left, move.there.data / left.name)
    status, words = move.restore()
    if status:
        assert left.name in words
    else:
        assert rows_of(move.there) == before


@pytest.mark.parametrize("kind", ["gone", "empty", "garbage", "cut", "another archive"])
def test_a_broken_backup_is_named_and_changes_nothing(kind: str, move: Move) -> None:
    assert move.back_up()[0] == 0
    written = move.file.read_bytes()
    move.file.unlink()
    broken = {"empty": b"", "garbage": b"nothing of the kind" * 400, "cut": written[:20_000]}
    if kind in broken:
        move.file.write_bytes(broken[kind])
    elif kind == "another archive":
        with tarfile.open(move.file, "w") as archive:
            archive.add(ROOT / "LICENSE", "LICENSE")
    status, words = move.restore()
    assert status in REFUSED
    assert str(move.file) in words
    assert ("No such file" in words) == (kind == "gone")
    assert not move.there.data.exists()


def test_a_backup_cut_off_before_its_database_is_not_taken_for_a_whole_one(move: Move) -> None:
    # As a full disk leaves it: a tar reader does not miss the end.
    assert move.back_up()[0] == 0
    with tarfile.open(move.file) as archive:
        (end,) = (each.offset for each in archive.getmembers() if each.name == DATABASE)
    move.file.write_bytes(move.file.read_bytes()[:end])
    status, words = move.restore()
    assert status in REFUSED
    assert str(move.file) in words
    assert move.arrived == []


def test_a_damaged_database_in_a_backup_is_named_and_leaves_nothing(move: Move) -> None:
    assert move.back_up()[0] == 0
    written = move.file.read_bytes()
    begin = written.index(b"SQLite format 3")
    move.file.write_bytes(written[: begin + 100] + b"\xff" * 9000 + written[begin + 9100 :])
    status, words = move.restore()
    assert status in REFUSED
    assert str(move.file) in words
    assert move.arrived == []


def test_after_a_restore_the_past_is_silent_and_the_future_rings(move: Move) -> None:
    mine = move.site.confirmed(ring("rung", at=-MINUTE, lasts=5 * HOUR), ring("soon", at=HOUR))
    other = move.site.subscribe()
    assert move.back_up()[0] == 0
    move.site.send_until(lambda: len(mine.phone.pushes) == 1 and len(other.phone.pushes) == 1)
    status, words = move.restore()
    assert status == 0
    assert "2 reminders that were due before now will not ring" in words
    with move.restored() as restored:
        restored.later(HOUR + 1)
        restored.send_until(lambda: len(mine.phone.pushes) == 2)
        assert restored.outcomes(mine) == {"rung": "expired", "soon": "accepted"}
    names = [push.message["notification"]["data"]["id"] for push in mine.phone.pushes]
    assert names == ["rung", "soon"]
    assert len(other.phone.pushes) == 1


def confirm_and_ring(site: Site, mine: Subscribed) -> list[str]:
    """Subscribe a phone once more and confirm it; return the ids of all that it ever got."""
    before = len(mine.phone.pushes)
    asked = site.asked(mine.phone, ring("rung", at=-MINUTE, lasts=5 * HOUR))
    assert site.client.post("/api/subscriptions", json=asked).status_code == 201
    site.send_until(lambda: len(mine.phone.pushes) > before)
    site.acknowledge(mine.phone.pushes[-1].message["notification"]["data"]["receipt"])
    site.send_for(1.5)
    return [push.message["notification"]["data"]["id"] for push in mine.phone.pushes]


def test_what_rang_once_a_phone_was_confirmed_does_not_ring_again_after_a_restore(
    move: Move,
) -> None:
    mine = move.site.subscribe(ring("rung", at=-MINUTE, lasts=5 * HOUR))
    assert move.back_up()[0] == 0
    assert confirm_and_ring(move.site, mine) == ["welcome", "rung"]
    assert move.restore()[0] == 0
    with move.restored() as restored:
        assert confirm_and_ring(restored, mine) == ["welcome", "rung", "welcome"]


def sql_after_a_restore() -> list[str]:
    """Return the statements that docs/operating.md gives for a restored PostgreSQL."""
    (block,) = re.findall(r"```sql\n(.*?)```", OPERATING.read_text("utf-8"), re.DOTALL)
    return [each.strip() for each in block.split(";") if each.strip()]


def test_the_documented_sql_keeps_a_restored_postgresql_from_ringing_twice(
    cluster: Cluster, tmp_path: Path, push_service: PushService
) -> None:
    with Site(tmp_path, push_service, database_url=cluster.new_database()) as site:
        mine = site.confirmed(ring("rung", at=-MINUTE), ring("later", at=HOUR))
        other = site.subscribe(ring("rung", at=-MINUTE), ring("later", at=HOUR))
        site.sql("INSERT INTO sender VALUES ('gone', 1)")
        for each in sql_after_a_restore():
            site.sql(each)
        assert site.outcomes(mine) == {"rung": "expired", "later": None}
        assert site.outcomes(other) == {"rung": "expired", "later": None}
        assert site.sql("SELECT * FROM sender") == []
        with db.writing(site.engine) as opened:
            assert due.claim(opened, db.now_ms(), 10, urgent=False).parcels == []


def test_a_backup_says_that_postgresql_is_not_in_it(any_move: Move) -> None:
    status, words = any_move.back_up()
    assert status == 0
    with tarfile.open(any_move.file) as archive:
        names = set(archive.getnames())
    elsewhere = bool(any_move.there.database_url)
    assert names >= {FILE, SECRET}
    assert (DATABASE in names) is not elsewhere
    assert ("pg_dump" in words) is elsewhere


def test_the_keys_of_a_postgresql_site_move_to_another_machine(any_move: Move) -> None:
    mine = any_move.site.confirmed(ring("later", at=HOUR))
    assert any_move.back_up()[0] == 0
    assert any_move.restore()[0] == 0
    with any_move.restored() as restored:
        assert restored.outcomes(mine) == {"later": None}
        assert restored.keys.live() == any_move.site.keys.live()
        assert restored.keys.secret == any_move.site.keys.secret


def test_a_sqlite_database_elsewhere_is_in_the_backup_too(
    tmp_path: Path, push_service: PushService, command: Command
) -> None:
    url = f"sqlite:///{tmp_path / 'elsewhere.sqlite'}"
    with Site(tmp_path / "data", push_service, database_url=url) as site:
        mine = site.confirmed(ring("later", at=HOUR))
        move = move_of(site, command, tmp_path)
        status, words = move.back_up()
        assert status == 0
        assert "pg_dump" not in words
        there = f"sqlite:///{tmp_path / 'other.sqlite'}"
        move.there = replace(move.there, database_url=there)
        assert move.restore(WEBAPP_DATABASE_URL=there)[0] == 0
        with move.restored() as restored:
            assert restored.outcomes(mine) == {"later": None}


def test_a_backup_of_another_kind_of_site_is_not_restored_without_a_word(
    any_move: Move,
) -> None:
    # With the address of the database forgotten, or set where there was none.
    assert any_move.back_up()[0] == 0
    elsewhere = any_move.site.settings.database_url
    away = f"postgresql://lendemain@127.0.0.1:{free_port()}/lendemain"
    status, words = any_move.restore(WEBAPP_DATABASE_URL="" if elsewhere else away)
    assert status in REFUSED, f"an empty site, and only: {words}"
    assert any_move.arrived == []


@pytest.mark.parametrize("folder", ["/etc/passwd", "/proc/nope"])
def test_a_folder_that_cannot_be_is_named(folder: str, move: Move, command: Command) -> None:
    assert move.back_up()[0] == 0
    move.there = replace(move.there, data=Path(folder))
    url = {"WEBAPP_DATABASE_URL": f"sqlite:///{folder}/lendemain.sqlite"}
    data = {"WEBAPP_DATA": folder}
    for status, words in (
        command("serve", **data),
        command("serve", WEBAPP_DATA=str(move.site.settings.data), **url),
        command("keys", **data),
        command("backup", "never.tar", **data),
        move.restore(),
    ):
        assert status in REFUSED
        assert folder in words
        assert "WEBAPP_DATA" in words


@pytest.mark.parametrize("given", ["data", "url"])
def test_a_database_that_cannot_be_opened_is_named(given: str, small_site: Site) -> None:
    environ = {**small_site.environ(), "PORT": str(free_port())}
    small_site.engine.dispose()
    file = small_site.settings.data / DATABASE
    if given == "url":
        file = small_site.settings.data / "other.sqlite"
        environ["WEBAPP_DATABASE_URL"] = f"sqlite:///{file}"
    file.unlink(missing_ok=True)
    file.mkdir()
    answer = started("serve", **environ)
    assert answer.returncode in REFUSED
    assert str(file) in answer.stderr
    assert "Traceback" not in answer.stderr
    assert "nobody foresaw" not in answer.stderr


def test_a_restored_database_may_be_the_first_in_its_folder(move: Move, tmp_path: Path) -> None:
    mine = move.site.confirmed(ring("later", at=HOUR))
    assert move.back_up()[0] == 0
    there = f"sqlite:///{tmp_path / 'disk' / 'deep' / 'other.sqlite'}"
    move.there = replace(move.there, database_url=there)
    status, words = move.restore(WEBAPP_DATABASE_URL=there)
    assert status == 0, words
    with move.restored() as restored:
        assert restored.outcomes(mine) == {"later": None}


@pytest.mark.parametrize("where", ["/proc/nope/other.sqlite", "/proc/other.sqlite"])
def test_a_restore_that_fails_midway_leaves_nothing(where: str, move: Move) -> None:
    assert move.back_up()[0] == 0
    status, words = move.restore(WEBAPP_DATABASE_URL=f"sqlite:///{where}")
    assert status in REFUSED
    assert "/proc" in words
    assert move.arrived == []


# --- the doctor ----------------------------------------------------------------------------------


def doctors(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    """Return the doctor's exit status and every line but the neutral ones."""
    said(capsys)
    status = doctor.examine(environ)
    lines = said(capsys).splitlines()
    return status, [line for line in lines if not line.startswith("·")]


def wrong(lines: list[str]) -> list[str]:
    """Return what is wrong, each with its name."""
    return [line.removeprefix("✗ ") for line in lines if line.startswith("✗")]


@pytest.fixture
def closed(small_site: Site) -> dict[str, str]:
    """The environment of a site where nothing runs."""
    return {**small_site.environ(), "PORT": str(free_port())}


def test_the_doctor_is_content_with_a_site_that_runs(lived: Running, command: Command) -> None:
    status, words = command("doctor", **lived.environ)
    assert status == 0, words
    assert words.splitlines()[-1] == "Everything is well."
    for what in ("origin", "data", "keys", "database", "sender", "push"):
        assert f"✓ {what}: " in words
    assert "✗" not in words


def test_the_doctor_says_that_nothing_is_running(
    closed: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    status, lines = doctors(closed, capsys)
    assert status == 1
    assert [line.split(":")[0] for line in wrong(lines)] == ["origin", "sender"]
    assert "is `lendemain serve` running?" in wrong(lines)[0]
    assert lines[-1] == "2 to mend."


def test_the_doctor_says_that_no_sender_is_at_work(
    closed: dict[str, str], small_site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    never = [each for each in wrong(doctors(closed, capsys)[1]) if each.startswith("sender")]
    words = "none gave a sign of life in 30 s: nothing rings. Is `lendemain serve` or `send` up?"
    assert never == [f"sender: {words}"]
    small_site.sql("INSERT INTO sender VALUES ('alive', :now)", now=db.now_ms())
    assert "✓ sender: at work; 0 s behind" in doctors(closed, capsys)[1]
    small_site.later(31)
    assert [each for each in wrong(doctors(closed, capsys)[1]) if each in never] == never


def test_the_doctor_says_how_far_the_sender_is_behind(
    closed: dict[str, str], small_site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    small_site.confirmed(ring(at=-120.0))
    small_site.sql("UPDATE reminder SET next_at = at WHERE next_at IS NOT NULL")
    small_site.sql("INSERT INTO sender VALUES ('busy', :now)", now=db.now_ms())
    (line,) = [each for each in wrong(doctors(closed, capsys)[1]) if each.startswith("sender")]
    assert re.fullmatch(r"sender: at work; 12\d s behind", line)


def test_the_doctor_names_a_push_service_that_is_not_believed(
    closed: dict[str, str], small_site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    origin = "https://push.example"
    later = db.now_ms() + 60_000
    small_site.sql("INSERT INTO brake VALUES (:origin, :until)", origin=origin, until=later)
    (line,) = [each for each in wrong(doctors(closed, capsys)[1]) if each.startswith("brake")]
    assert origin in line
    assert "gone" in line


@pytest.mark.parametrize(("name", "bits"), [("", 0o750), (FILE, 0o640), (SECRET, 0o644)])
def test_the_doctor_names_what_others_can_read(
    name: str, bits: int, closed: dict[str, str], small_site: Site,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    path = small_site.settings.data / name
    path.chmod(bits)
    found = [each for each in wrong(doctors(closed, capsys)[1]) if str(path) in each]
    assert len(found) == 1, f"nobody noticed {path}"
    assert "others can read" in found[0]
    assert f"chmod {'600' if name else '700'}" in found[0]


def test_the_doctor_names_broken_keys(
    closed: dict[str, str], small_site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    (small_site.settings.data / FILE).write_text("{")
    status, lines = doctors(closed, capsys)
    found = [each for each in wrong(lines) if each.startswith("keys")]
    assert status == 1
    assert len(found) == 1
    assert str(small_site.settings.data / FILE) in found[0]
    assert "restore it from a backup" in found[0]


def test_the_doctor_names_a_database_of_an_older_release(
    closed: dict[str, str], small_site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    small_site.sql("UPDATE alembic_version SET version_num = '0000'")
    (line,) = [each for each in wrong(doctors(closed, capsys)[1]) if each.startswith("database")]
    assert "stands at 0000" in line
    assert f"wants {db.head()}" in line
    assert "restart `lendemain serve`" in line


def test_the_doctor_does_not_send_one_round_in_circles_over_a_newer_database(
    closed: dict[str, str], small_site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    small_site.sql("UPDATE alembic_version SET version_num = '9999'")
    (line,) = [each for each in wrong(doctors(closed, capsys)[1]) if each.startswith("database")]
    assert "9999" in line
    # A restart cannot mend it: the release is the older one of the two.
    assert "restart" not in line


def test_the_doctor_says_that_the_database_is_away(
    closed: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"postgresql://lendemain@127.0.0.1:{free_port()}/lendemain"
    _, lines = doctors({**closed, "WEBAPP_DATABASE_URL": url}, capsys)
    (line,) = [each for each in wrong(lines) if each.startswith("database")]
    assert "Error" not in line, "the name of an exception is no plain word"
    assert "answer" in line


@pytest.mark.parametrize("begin", [-4096, 4096, 0], ids=["last page", "all but one", "all"])
def test_the_doctor_does_not_call_a_damaged_database_well(
    begin: int, closed: dict[str, str], small_site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    lively(small_site)
    small_site.sql("INSERT INTO sender VALUES ('alive', :now)", now=db.now_ms())
    small_site.engine.dispose()
    spoil(small_site.settings.data / DATABASE, begin)
    status, lines = doctors(closed, capsys)
    (line,) = [each for each in wrong(lines) if each.startswith("database")]
    assert status == 1
    assert "damaged" in line
    assert "restore a backup" in line
    assert any(": " in each and "sender" in each for each in lines), "nothing is said of the sender"


def test_the_doctor_only_looks(
    closed: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Made by the doctor, keys of its own and an empty database look as if all were well.
    for folder in (tmp_path / "nowhere", tmp_path / "empty"):
        (tmp_path / "empty").mkdir(mode=0o700, exist_ok=True)
        status, lines = doctors({**closed, "WEBAPP_DATA": str(folder)}, capsys)
        assert status == 1
        assert any(each.startswith("keys: There is no Lendemain in") for each in wrong(lines))
        assert not (tmp_path / "nowhere").exists()
        assert list((tmp_path / "empty").iterdir()) == []


def test_the_doctor_looks_at_either_database(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    _, lines = doctors({**site.environ(), "PORT": str(free_port())}, capsys)
    kind = "PostgreSQL" if site.settings.database_url else "SQLite"
    assert f"✓ database: {kind} answers, up to date" in lines


def test_the_doctor_begins_with_settings_that_are_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = {"WEBAPP_DATA": str(tmp_path), "PORT": "many", "WEBAPP_SENDER": "maybe"}
    status, lines = doctors(environ, capsys)
    assert status == 1
    assert "PORT is 'many'" in lines[0]
    assert any("WEBAPP_SENDER is 'maybe'" in line for line in lines)
    assert list(tmp_path.iterdir()) == []


def test_the_doctor_says_that_a_proxy_hides_the_host(
    small_site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    # What arrives through such a proxy is the address of the machine behind it.
    app = create_app(replace(small_site.settings, origin="https://lendemain.example.org"))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    _, lines = doctors({**small_site.environ(), "PORT": str(server.server_port)}, capsys)
    server.shutdown()
    server.server_close()
    app.extensions["lendemain"].dispose()
    (line,) = [each for each in wrong(lines) if each.startswith("proxy")]
    assert "Host" in line
    assert "WEBAPP_PROXIES" in line


def test_the_doctor_says_that_phones_would_not_trust_the_certificate(
    closed: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with PushService(tls=True, folder=tmp_path / "certificates") as other:
        _, lines = doctors({**closed, "WEBAPP_ORIGIN": other.origin}, capsys)
    (line,) = [each for each in wrong(lines) if each.startswith("TLS")]
    assert "certificate is not one that phones trust" in line


def test_the_doctor_says_that_another_program_answers(
    closed: dict[str, str], push_service: PushService, capsys: pytest.CaptureFixture[str]
) -> None:
    _, lines = doctors({**closed, "WEBAPP_ORIGIN": push_service.origin}, capsys)
    (line,) = [each for each in wrong(lines) if each.startswith("origin")]
    assert "not Lendemain's page" in line


# --- metrics -------------------------------------------------------------------------------------


def metrics_of(text_of_them: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Return the value of each sample by its name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text_of_them)
        for sample in family.samples
    }


def test_metrics_move_and_tell_of_nobody(site: Site) -> None:
    port = free_port()
    metrics.serve(site.engine, "127.0.0.1", port)
    address = f"http://127.0.0.1:{port}/metrics"
    before = metrics_of(fetched(address)[1])
    mine = site.confirmed(ring("on", at=-20.0), ring("missed", at=-2 * HOUR, lasts=HOUR))
    waiting = site.subscribe()
    site.sql("UPDATE reminder SET outcome = NULL, next_at = at WHERE name = 'missed'")
    site.send_until(lambda: len(site.service.pushes) == 2)
    site.sql("INSERT INTO brake VALUES ('https://push.example', :at)", at=db.now_ms() + 60_000)
    status, words = fetched(address)
    found = metrics_of(words)
    assert status == 200
    assert found["lendemain_up", ()] == 1
    assert 0 <= found["lendemain_sender_seen_seconds", ()] < 30
    assert ("lendemain_sender_seen_seconds", ()) not in before
    accepted = (("origin", site.service.origin), ("outcome", "accepted"))
    assert found["lendemain_pushes_total", accepted] == 2
    assert found["lendemain_events_total", (("event", "expired"),)] == 1
    for confirmed in ("true", "false"):
        assert found["lendemain_subscriptions", (("confirmed", confirmed),)] == 1
    assert found["lendemain_brake", (("origin", "https://push.example"),)] == 1
    late = {
        dict(pairs)["le"]: value
        for (name, pairs), value in found.items()
        if name == "lendemain_lateness_seconds_bucket"
    }
    assert (late["10"], late["30"], late["+Inf"]) == (1, 2, 2)
    labels = {label for _, pairs in found for label, _ in pairs}
    assert labels == {"origin", "outcome", "confirmed", "event", "le"}
    # Nothing that names a subscription, its address or its keys.
    for each in (mine, waiting):
        path = each.phone.endpoint.removeprefix(site.service.origin)
        assert [told for told in (each.id, path, each.phone.p256dh) if told in words] == []


def test_the_lag_is_that_of_the_oldest_reminder_that_waits(small_site: Site) -> None:
    small_site.confirmed(ring(at=-40.0), ring("to-come", at=HOUR))
    small_site.confirmed(ring(at=-90.0))
    small_site.sql("UPDATE reminder SET next_at = at WHERE next_at IS NOT NULL")
    (lag,) = [
        sample.value
        for family in metrics.Reminders(small_site.engine).collect()
        for sample in family.samples
        if sample.name == "lendemain_lag_seconds"
    ]
    assert 90 <= lag < 100


def test_metrics_are_not_on_the_public_port(lived: Running) -> None:
    assert fetched(f"{lived.url}/metrics")[0] == 404
    assert fetched(lived.metrics)[0] == 200


def test_who_hangs_up_on_the_metrics_is_not_written_down(lived: Running) -> None:
    host, port = lived.environ["WEBAPP_METRICS"].split(":")
    for asked in (b"GET /metrics HTTP/1.1\r\nHost: CANARY\r\n", b"GET /metrics HTTP/1.1\r\n\r\n"):
        with socket.create_connection((host, int(port))) as scraper:
            scraper.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            scraper.sendall(asked)
            time.sleep(0.2)
    assert fetched(lived.metrics)[0] == 200
    log = lived.log.read_text("utf-8")
    assert "Traceback" not in log
    assert "Exception" not in log


def test_metrics_say_that_the_database_is_away() -> None:
    url = f"postgresql://lendemain@127.0.0.1:{free_port()}/lendemain"
    engine = db.make_engine(Settings(data=Path(os.devnull).parent, database_url=url))
    (up,) = metrics.Reminders(engine).collect()
    engine.dispose()
    assert [(sample.name, sample.value) for sample in up.samples] == [("lendemain_up", 0)]


def test_every_metric_is_documented_and_none_besides(small_site: Site) -> None:
    names = {
        f"{family.name}_total" if family.type == "counter" else family.name
        for family in metrics.Reminders(small_site.engine).collect()
    }
    written = re.findall(r"lendemain_[a-z_]+", OPERATING.read_text("utf-8"))
    assert {each.removesuffix("_bucket") for each in written} == names


@pytest.mark.parametrize("host", ["nonsense.invalid", "10.99.99.99"])
def test_a_host_that_is_not_this_machine_is_said(host: str, tmp_path: Path) -> None:
    answer = started("serve", WEBAPP_DATA=str(tmp_path), PORT=str(free_port()), HOST=host)
    assert answer.returncode in REFUSED
    assert f"HOST is '{host}'" in answer.stderr
    assert "nobody foresaw" not in answer.stderr


def test_a_taken_address_for_metrics_is_said(lived: Running, tmp_path: Path) -> None:
    environ = {**lived.environ, "WEBAPP_DATA": str(tmp_path), "PORT": str(free_port())}
    answer = subprocess.run(
        [sys.executable, "-m", "webapp.cli", "serve"], cwd=ROOT, env={**os.environ, **environ},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert answer.returncode == 1
    assert "WEBAPP_METRICS" in answer.stderr
    assert "Traceback" not in answer.stderr


# --- logs ----------------------------------------------------------------------------------------


def test_whoever_hangs_up_early_is_not_written_down(lived: Running) -> None:
    port = int(lived.environ["PORT"])
    asked = (
        b"GET /api/subscriptions/CANARYPATH?plan=CANARYQUERY HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n"
    )
    for _ in range(30):
        with socket.create_connection(("127.0.0.1", port)) as phone:
            # Gone with a reset, so that the answers find nobody.
            phone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            phone.sendall(asked % port * 8)
    assert comes_true(lambda: answers_well(lived.url))
    log = lived.log.read_text("utf-8")
    assert "sender started" in log
    assert "CANARYQUERY" not in log
    assert "CANARYPATH" not in log


def test_a_damaged_database_is_said_once_and_asks_for_patience(
    small_site: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "_seldom", Seldom())
    mine = small_site.subscribe(*(ring(f"r{number}", at=HOUR) for number in range(200)))
    small_site.client.application.extensions["lendemain"].dispose()
    small_site.engine.dispose()
    spoil(small_site.settings.data / DATABASE)
    for _ in range(3):
        answer = small_site.client.get(mine.path, headers=mine.bearer)
        assert answer.status_code == 503
        assert answer.content_type == "application/problem+json"
        assert answer.headers["Retry-After"]
    lines = [record for record in caplog.records if record.levelname == "ERROR"]
    assert [line.getMessage() for line in lines] == ["the database does not answer"]


def test_a_database_that_only_reads_for_a_while_asks_for_patience(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A PostgreSQL that another takes over from, or that came up as the second one.
    if site.settings.sqlite_file:
        read_only = "PRAGMA query_only = {}"
    else:
        read_only = "SET default_transaction_read_only = {}"
    engine = site.client.application.extensions["lendemain"]

    @event.listens_for(engine, "checkout")
    def begin(connection: Any, *_: object) -> None:
        connection.execute(read_only.format("on" if reads_only else "off"))
        if not site.settings.sqlite_file:
            connection.commit()

    monkeypatch.setattr(routes, "_seldom", Seldom())
    body = site.asked(site.service.subscribe())
    reads_only = True
    answer = site.client.post("/api/subscriptions", json=body)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    reads_only = False
    assert site.client.post("/api/subscriptions", json=body).status_code == 201


def test_a_postgresql_that_is_gone_without_a_word_is_given_up(cluster: Cluster) -> None:
    engine = db.make_engine(Settings(database_url=cluster.new_database()))
    with engine.connect() as opened, closing(socket.socket(fileno=_copied(opened))) as wire:
        timeout = wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
        idle, every, times = (
            wire.getsockopt(socket.IPPROTO_TCP, each)
            for each in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        )
    engine.dispose()
    assert 0 < timeout <= 15_000
    assert idle + every * times <= 15


def _copied(opened: Connection) -> int:
    driver: Any = opened.connection.driver_connection
    return os.dup(driver.fileno())


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:s3cret#x@127.0.0.1:5x/db",
        "postgresql://host:port/db",
        "postgresql://[::1/db",
    ],
)
@pytest.mark.parametrize("name", ["send", "keys", "doctor", "serve"])
def test_an_address_of_a_database_that_cannot_be_read_is_said(
    url: str, name: str, small_site: Site, command: Command
) -> None:
    environ = {"WEBAPP_DATA": str(small_site.settings.data), "WEBAPP_DATABASE_URL": url}
    status, words = command(name, **environ, PORT=str(free_port()))
    assert status in REFUSED
    assert "WEBAPP_DATABASE_URL cannot be read" in words
    assert "s3cret" not in words
    assert "5x" not in words


@pytest.mark.parametrize("name", ["send", "keys", "doctor", "serve"])
def test_what_postgresql_needs_is_said_where_it_is_missing(
    name: str, small_site: Site, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    environ = {"WEBAPP_DATA": str(small_site.settings.data), "PORT": str(free_port())}
    url = "postgresql://lendemain@127.0.0.1:1/lendemain"
    status, words = command(name, WEBAPP_DATABASE_URL=url, **environ)
    assert status in REFUSED
    assert "pip install 'psycopg[binary]" in words


# --- a sender alone ------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_sender_alone_serves_a_database_and_ends_when_it_is_told(
    number: signal.Signals, small_site: Site
) -> None:
    mine = small_site.confirmed(ring(at=-MINUTE))
    # Under nohup a sender stays when the terminal closes, and so does one that these tests start.
    before = signal.signal(number, signal.SIG_DFL)
    process = small_site.start_sender()
    signal.signal(number, before)
    assert comes_true(lambda: len(mine.phone.pushes) == 1)
    process.send_signal(number)
    assert process.wait(15) == 0
    assert small_site.sql("SELECT count(*) FROM sender") == [(1,)]
    assert small_site.outcomes(mine) == {"evening": "accepted"}


def test_senders_that_are_told_to_end_end_though_their_database_hangs(
    tmp_path: Path, push_service: PushService, cluster: Cluster
) -> None:
    with Site(tmp_path / "data", push_service, database_url=cluster.new_database()) as house:
        others = (
            "SELECT pid FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        mine = {row[0] for row in house.sql(others)}
        environ = {**os.environ, **house.environ(), "WEBAPP_SENDER": "child"}
        server = subprocess.Popen(
            [sys.executable, "-m", "webapp.cli", "serve"], cwd=ROOT,
            env={**environ, "PORT": str(free_port())},
        )  # fmt: skip
        alone, backends = house.start_sender(), []
        children = Path(f"/proc/{server.pid}/task/{server.pid}/children")
        try:
            assert comes_true(lambda: house.sql("SELECT count(*) FROM sender") == [(2,)], 60)
            (child,) = map(int, children.read_text().split())
            backends = [row[0] for row in house.sql(others) if row[0] not in mine]
            for each in backends:
                os.kill(each, signal.SIGSTOP)
            for each in (server, alone):
                each.send_signal(signal.SIGTERM)
            server.wait(5)
            assert alone.wait(25) == 1
            assert comes_true(lambda: not is_alive(child), 5)
        finally:
            for each in backends:
                os.kill(each, signal.SIGCONT)
            server.kill()
            server.wait()


# --- upgrades ------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of a site whose database has nothing in it yet."""
    url = ""
    if request.param == "postgresql":
        url = request.getfixturevalue("cluster").new_database()
    return Settings(data=tmp_path / "data", database_url=url, sender="off")


def test_an_empty_database_is_brought_up_to_this_release(empty: Settings) -> None:
    engine = db.make_engine(empty)
    assert db.version_of(engine) is None
    db.upgrade(engine)
    assert db.version_of(engine) == db.head()
    db.upgrade(engine)
    engine.dispose()
    assert set(rows_of(empty)) == {table.name for table in metadata.sorted_tables}


def test_the_migrations_lead_to_exactly_the_tables_of_the_code(empty: Settings) -> None:
    engine = db.make_engine(empty)
    db.upgrade(engine)
    with db.reading(engine) as opened:
        context = MigrationContext.configure(opened, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


UPGRADE = """
import os, sys
from pathlib import Path
import alembic.command
from webapp import db
from webapp.config import Settings, TroubleError
waits, goes = os.pipe()
children = []
for _ in range(3):
    children.append(os.fork())
    if not children[-1]:
        os.close(goes)
        engine = db.make_engine(Settings(data=Path(sys.argv[1]), database_url=sys.argv[2]))
        os.read(waits, 1)
        db.upgrade(engine)
        os._exit(0 if db.version_of(engine) == db.head() else 3)
os.close(goes)
print([os.waitstatus_to_exitcode(os.waitpid(each, 0)[1]) for each in children])
"""


def test_programs_that_upgrade_at_once_do_not_stumble(empty: Settings) -> None:
    told = subprocess.run(
        [sys.executable, "-c", UPGRADE, str(empty.data), empty.database_url], cwd=ROOT,
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert told.stdout == "[0, 0, 0]\n", told.stderr
    assert set(rows_of(empty)) == {table.name for table in metadata.sorted_tables}


def test_whoever_comes_second_waits_for_the_one_who_upgrades(cluster: Cluster) -> None:
    settings = Settings(database_url=cluster.new_database())
    first, second = db.make_engine(settings), db.make_engine(settings)
    with first.connect() as upgrading, ThreadPoolExecutor(1) as pool:
        upgrading.execute(text(f"SELECT pg_advisory_xact_lock({db.UPGRADE_LOCK})"))
        waiting = pool.submit(db.upgrade, second)
        time.sleep(db.BUSY_SECONDS + 1)
        assert not waiting.done()
        upgrading.rollback()
        waiting.result(20)
    assert db.version_of(second) == db.head()
    first.dispose()
    second.dispose()


def test_a_database_of_a_newer_release_is_left_alone(empty: Settings) -> None:
    engine = db.make_engine(empty)
    db.upgrade(engine)
    with db.writing(engine) as opened:
        opened.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(TroubleError, match="9999"):
        db.upgrade(engine)
    assert db.version_of(engine) == "9999"
    engine.dispose()


def test_a_server_older_than_its_database_says_so_and_does_not_start(small_site: Site) -> None:
    small_site.sql("UPDATE alembic_version SET version_num = '9999'")
    environ = {**os.environ, **small_site.environ(), "PORT": str(free_port())}
    answer = subprocess.run(
        [sys.executable, "-m", "webapp.cli", "serve"], cwd=ROOT, env=environ,
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert answer.returncode in REFUSED
    assert "9999" in answer.stderr
    assert "newer than this release" in answer.stderr
    assert "upgrade Lendemain" in answer.stderr
    assert "Traceback" not in answer.stderr
