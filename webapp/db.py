"""The database: its engine, its transactions, its upgrades. Times are UTC milliseconds."""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DBAPIError,
    IntegrityError,
    InternalError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)

from webapp.config import Settings, TroubleError, folder, make_folder

BUSY_SECONDS = 5
# Seconds after which a PostgreSQL whose machine or network is gone without a word is given up; left
# to the system's own patience, that would be hours.
SILENT_SECONDS = 15
# Chosen once, never changed: it keeps two programs from upgrading one PostgreSQL at a time.
UPGRADE_LOCK = 7_304_811_926_051


def now_ms() -> int:
    """Return the present instant in milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


def make_engine(settings: Settings, *, durable: bool = True) -> Engine:
    """Return an engine for the database of the settings; nothing is opened yet.

    ``durable`` is for those who answer people: a commit survives a power cut. A sender does
    without: what it would lose is a note that it has sent, and it would send again.

    :raises TroubleError: when its address cannot be read, or what PostgreSQL needs is not installed
    """
    try:
        return _engine(settings, durable=durable)
    except ImportError as error:
        words = (
            "WEBAPP_DATABASE_URL names a PostgreSQL, and what speaks to it is not installed: "
            "pip install 'psycopg[binary]>=3.3'"
        )
        raise TroubleError(words) from error
    except (ArgumentError, ValueError):
        # Without the words of the error, which may hold a piece of a password.
        words = (
            "WEBAPP_DATABASE_URL cannot be read. It must look like postgresql://name@host/database; "
            "in a password, @ is written %40, : %3A, / %2F, # %23, ? %3F and % %25."
        )
        raise TroubleError(words) from None


def _engine(settings: Settings, *, durable: bool) -> Engine:
    # Errors must not carry endpoints into a log.
    address, common = settings.database, {"hide_parameters": True}
    if address.startswith("sqlite:"):
        engine = create_engine(address, connect_args={"timeout": BUSY_SECONDS}, **common)
        _tune_sqlite(engine, "FULL" if durable else "NORMAL")
        return engine
    options = (
        f"-c synchronous_commit={'on' if durable else 'off'} -c random_page_cost=1.1 "
        f"-c lock_timeout={BUSY_SECONDS}s -c statement_timeout=30s "
        "-c idle_in_transaction_session_timeout=30s"
    )
    watched = {
        "keepalives_idle": 5, "keepalives_interval": 5, "keepalives_count": SILENT_SECONDS // 5 - 1,
        "tcp_user_timeout": SILENT_SECONDS * 1000,
    }  # fmt: skip
    return create_engine(
        address,
        pool_pre_ping=True,
        connect_args={"options": options, "connect_timeout": 5, **watched},
        **common,
    )


def _tune_sqlite(engine: Engine, synchronous: str) -> None:
    pragmas = (
        "journal_mode=WAL", f"synchronous={synchronous}", "foreign_keys=ON",
        "journal_size_limit=67108864", "secure_delete=FAST",
    )  # fmt: skip

    @event.listens_for(engine, "do_connect")
    def make_room(*_: object) -> None:
        make_folder(Path(str(engine.url.database)).parent)

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver's own BEGIN is a deferred one
        # One damaged word must not be an error of all that is read with it: it shows in that row.
        connection.text_factory = lambda raw: raw.decode(errors="replace")
        for each in pragmas:
            connection.execute(f"PRAGMA {each}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        # A connection that is used again keeps what the last one had left.
        patience = round(options.get("patience", BUSY_SECONDS) * 1000)
        if connection.info.get("patience") != patience:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {patience}")
            connection.info["patience"] = patience
        # A deferred transaction that turns to writing fails at once when another one writes.
        connection.exec_driver_sql("BEGIN" if options.get("reading") else "BEGIN IMMEDIATE")


class Turns:
    """Lets the threads of a process through one by one, in the order in which they came.

    SQLite does not: those that wait look again ever more seldom, and one that never stops writing
    is always there before them.
    """

    def __init__(self) -> None:
        """Begin with nobody in."""
        self._moved = threading.Condition()
        self._queue: deque[object] = deque()

    @contextmanager
    def take(self, patience: float) -> Iterator[float]:
        """Wait for one's turn; give the seconds that are left of ``patience``, 0 when it is over
        and others are in still.
        """
        me, began = object(), time.monotonic()
        self._queue.append(me)
        try:
            with self._moved:
                self._moved.wait_for(lambda: self._queue[0] is me, patience)
            yield max(0.0, patience - (time.monotonic() - began))
        finally:
            with self._moved:
                self._queue.remove(me)
                self._moved.notify_all()


_turns = Turns()


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that writes: all of it is kept, or nothing."""
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            yield connection
        return
    with _turns.take(BUSY_SECONDS) as left, engine.connect() as opened:
        connection = opened.execution_options(patience=left)
        with connection.begin():
            yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that only reads: all at one moment, and it waits for nobody."""
    with engine.connect() as opened:
        connection = opened.execution_options(reading=True)
        if engine.dialect.name == "postgresql":
            connection = connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        with connection.begin():
            yield connection


def troubled(error: DBAPIError) -> bool:
    """Say whether it is the database's state and not the question: it is locked, full, away,
    damaged or read-only, as while another machine takes over, or two changes came at once.
    """
    momentary = isinstance(error, OperationalError | IntegrityError | InternalError)
    return momentary or error.connection_invalidated or damaged(error)


def damaged(error: SQLAlchemyError) -> bool:
    """Say whether what SQLite found is not, or no longer, a database."""
    # The class itself: what else may go wrong has a class of its own below it.
    return type(error) is DatabaseError


def look_through(engine: Engine) -> None:
    """Read every page of a SQLite database.

    :raises DatabaseError: when it is damaged
    """
    with reading(engine) as db:
        if db.execute(text("PRAGMA quick_check(1)")).scalar() != "ok":
            raise DatabaseError(None, None, Exception("damaged"))


def head() -> str:
    """Return the newest migration's number, such as ``0001``."""
    return max(each.name[:4] for each in (folder("migrations") / "versions").glob("0*.py"))


def version_of(engine: Engine) -> str | None:
    """Return the number of the migration that a database stands at; None when it is empty."""
    try:
        with reading(engine) as db:
            found = db.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except (OperationalError, ProgrammingError) as error:
        if "alembic_version" in str(error.orig):
            return None
        raise
    return str(found) if found else None


def upgrade(engine: Engine) -> None:
    """Bring a database up to this release; quick when it is.

    :raises TroubleError: when it cannot be reached, refuses, or is of a newer release
    """
    try:
        at = version_of(engine)
        if at == head():
            return
        if at and at > head():
            message = f"The database stands at {at}, newer than this release ({head()}): upgrade Lendemain."
            raise TroubleError(message)
        _migrate(engine)
    except DBAPIError as error:
        why = str(error.orig).strip().splitlines()
        # PostgreSQL says itself where it was looked for.
        where = f" {engine.url.database}" if engine.dialect.name == "sqlite" else ""
        message = (
            f"The database{where} cannot be used: {why[0] if why else type(error.orig).__name__}"
        )
        raise TroubleError(message) from error


def _migrate(engine: Engine) -> None:
    from alembic import command  # noqa: PLC0415  (a sender seldom needs it, and stays smaller)
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(folder("migrations")).replace("%", "%%"))
    with writing(engine) as db:
        if db.dialect.name == "postgresql":
            # Whoever comes second waits until the first is done, and work on a big table takes long.
            db.execute(text("SET LOCAL lock_timeout = 0"))
            db.execute(text("SET LOCAL statement_timeout = 0"))
            db.execute(text(f"SELECT pg_advisory_xact_lock({UPGRADE_LOCK})"))
        config.attributes["connection"] = db
        command.upgrade(config, "head")


def upsert(db: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT that knows ON CONFLICT, in the words of this database."""
    if db.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
