"""A site under test: its settings, its database, its API, its senders."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from flask.testing import FlaskClient
from sqlalchemy import text

from tests.push.service import Phone, PushService
from webapp import create_app, db
from webapp.config import Settings
from webapp.reminders.keys import Keys
from webapp.reminders.sender import Sender

ROOT = Path(__file__).resolve().parent.parent.parent
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0


def instant(seconds_from_now: float, now: float | None = None) -> str:
    """Return an instant as the API wants it."""
    now = time.time() if now is None else now
    when = datetime.fromtimestamp(now + seconds_from_now, UTC)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def ring(name: str = "evening", at: float = 0.0, lasts: float = HOUR) -> dict[str, str]:
    """Return a reminder that a phone asks for: due in ``at`` seconds, useful for ``lasts``."""
    now = time.time()
    return {"id": name, "at": instant(at, now), "until": instant(at + lasts, now)}


def is_alive(pid: int) -> bool:
    """Say whether a process still does something."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@dataclass
class Subscribed:
    """A phone with its subscription at a site."""

    phone: Phone
    id: str
    secret: str

    @property
    def path(self) -> str:
        """Return where the subscription is in the API."""
        return f"/api/subscriptions/{self.id}"

    @property
    def bearer(self) -> dict[str, str]:
        """Return the headers that prove whose it is."""
        return {"Authorization": f"Bearer {self.secret}"}


class Site:
    """A real app over a real database, with senders in this process or in their own."""

    def __init__(
        self, data: Path, service: PushService, *, database_url: str = "", **changed: Any
    ) -> None:
        """Make the database and the keys; ``changed`` are settings."""
        settings = Settings(data=data, database_url=database_url, sender="off")
        self.settings = replace(settings, push_services=(service.origin,), **changed)
        self.service = service
        self.engine = db.make_engine(self.settings)
        db.upgrade(self.engine)
        self.keys = Keys(data)
        self._client: FlaskClient | None = None
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        """Return the site."""
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _tb: TracebackType | None,
    ) -> None:
        """Stop what was started."""
        for each in self._processes:
            if each.poll() is None:
                each.kill()
            each.wait()
        self.engine.dispose()
        if self._client:
            self._client.application.extensions["lendemain"].dispose()

    @property
    def client(self) -> FlaskClient:
        """Return a client of the app."""
        if self._client is None:
            self._client = create_app(self.settings).test_client()
        return self._client

    # --- the API ---------------------------------------------------------------------------------

    def asked(
        self, phone: Phone, *reminders: dict[str, str], language: str = "en"
    ) -> dict[str, Any]:
        """Return the body of a new subscription."""
        return {
            "subscription": phone.json(),
            "applicationServerKey": self.keys.current().public,
            "language": language,
            "reminders": list(reminders),
        }

    def subscribe(
        self, *reminders: dict[str, str], phone: Phone | None = None, language: str = "en"
    ) -> Subscribed:
        """Subscribe a phone; its first push is not acknowledged yet."""
        phone = phone or self.service.subscribe()
        answer = self.client.post(
            "/api/subscriptions", json=self.asked(phone, *reminders, language=language)
        )
        assert answer.status_code == 201, answer.text
        return Subscribed(phone, answer.json["id"], answer.json["secret"])  # type: ignore[index]

    def confirmed(self, *reminders: dict[str, str], language: str = "en") -> Subscribed:
        """Subscribe a phone that has acknowledged a push; its welcome was never sent."""
        mine = self.subscribe(*reminders, language=language)
        with db.writing(self.engine) as opened:
            row = opened.execute(
                text(
                    "SELECT reminder.id, topic FROM reminder JOIN subscription "
                    "ON subscription.id = subscription_id "
                    "WHERE public_id = :public_id AND name = 'welcome'"
                ),
                {"public_id": mine.id},
            ).one()
            from webapp.reminders import receipts, subscriptions  # noqa: PLC0415

            receipt = receipts.receipt_of(self.keys.secret, row[0], bytes(row[1]))
            subscriptions.receive(opened, self.keys.secret, receipt, db.now_ms())
            opened.execute(
                text("UPDATE reminder SET next_at = NULL WHERE id = :id"), {"id": row[0]}
            )
        return mine

    def told(self, mine: Subscribed) -> dict[str, Any]:
        """Return all that the server says of a subscription."""
        answer = self.client.get(mine.path, headers=mine.bearer)
        assert answer.status_code == 200, answer.text
        return dict(answer.json)  # type: ignore[arg-type]

    def outcomes(self, mine: Subscribed) -> dict[str, str | None]:
        """Return the outcome of each reminder by its id."""
        return {each["id"]: each["outcome"] for each in self.told(mine)["reminders"]}

    def acknowledge(self, receipt: str) -> None:
        """Do what a phone does when it has shown a push."""
        assert self.client.post("/api/receipts", json={"receipt": receipt}).status_code == 204

    # --- the database ----------------------------------------------------------------------------

    def sql(self, words: str, **values: Any) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows, if it gives any."""
        with db.writing(self.engine) as opened:
            result = opened.execute(text(words), values)
            return [tuple(row) for row in result] if result.returns_rows else []

    def later(self, seconds: float) -> None:
        """Let time pass, for the database: everything in it becomes older."""
        shift = {"ms": int(seconds * 1000)}
        with db.writing(self.engine) as opened:
            for table, columns in (
                ("reminder", ("at", "until", "next_at", "seen_at")),
                ("subscription", ("forget_at", "gone_at")),
                ("brake", ("until_at",)),
                ("sender", ("seen_at",)),
            ):
                moved = ", ".join(f"{each} = {each} - :ms" for each in columns)
                opened.execute(text(f"UPDATE {table} SET {moved}"), shift)

    # --- senders ---------------------------------------------------------------------------------

    def sender(self) -> Sender:
        """Return a sender in this process: `turn` it by hand."""
        return Sender(self.settings, self.engine, self.keys)

    def send_until(self, done: Callable[[], bool], seconds: float = 10.0) -> None:
        """Run a sender in this process until something is so; it finishes what it began."""
        deadline = time.monotonic() + seconds

        def stops() -> bool:
            return done() or time.monotonic() > deadline

        self.sender().run(stops)
        assert done(), "it did not come to pass in time"

    def send_for(self, seconds: float) -> None:
        """Run a sender in this process for some time."""
        until = time.monotonic() + seconds
        self.sender().run(lambda: time.monotonic() > until)

    def start_sender(self, **environ: str) -> subprocess.Popen[bytes]:
        """Start `lendemain send` in a process of its own; it is stopped with the site."""
        process = subprocess.Popen(
            [sys.executable, "-m", "webapp.cli", "send"], cwd=ROOT,
            env={**os.environ, **self.environ(), **environ},
        )  # fmt: skip
        self._processes.append(process)
        return process

    def environ(self) -> dict[str, str]:
        """Return the settings as an environment."""
        given = self.settings
        return {
            "WEBAPP_DATA": str(given.data),
            "WEBAPP_DATABASE_URL": given.database_url,
            "WEBAPP_PUSH_SERVICES": ",".join(given.push_services),
            "WEBAPP_PUSH_IN_FLIGHT": str(given.push_in_flight),
            "WEBAPP_PUSH_PACE": str(given.push_pace),
            "WEBAPP_SENDER": given.sender,
            "SSL_CERT_FILE": str(self.service.ca_file or ""),
        }


def body_of(answer: Any) -> dict[str, Any]:
    """Return the JSON object of an answer."""
    return dict(json.loads(answer.get_data(as_text=True)))
