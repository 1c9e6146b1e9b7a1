"""`lendemain doctor`: everything reminders need, looked at in turn, in plain words."""

import base64
import hashlib
import json
import ssl
import stat
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.client import HTTPResponse
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy.exc import SQLAlchemyError

from webapp import db
from webapp.config import LOOPBACK, Settings, SettingsError, TroubleError, read_settings
from webapp.reminders import watch
from webapp.reminders.gone import braked
from webapp.reminders.keys import CURVE, SECRET, Keys
from webapp.reminders.push import Tokens, encrypt, message
from webapp.reminders.wire import Wire

PATIENCE = 5  # seconds for each thing that is asked over the network
CLOCK_OFF = 60  # seconds that two clocks may differ


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: ``well`` None is neither good nor bad."""

    what: str
    well: bool | None
    words: str


def examine(environ: Mapping[str, str]) -> int:
    """Print every finding; return 1 when something is wrong."""
    try:
        settings = read_settings(environ)
    except SettingsError as error:
        print(f"✗ settings: {error}")
        return 1
    wrong = 0
    for look in (_origin, _contact, _data, _keys, _clock, _database, _sender, _push):
        for finding in _safely(look, settings):
            mark = {True: "✓", False: "✗", None: "·"}[finding.well]
            print(f"{mark} {finding.what}: {finding.words}", flush=True)
            wrong += finding.well is False
    print("Everything is well." if not wrong else f"{wrong} to mend.")
    return 1 if wrong else 0


def _safely(look: Callable[[Settings], Iterator[Finding]], settings: Settings) -> Iterator[Finding]:
    try:
        yield from look(settings)
    except (OSError, SQLAlchemyError, TroubleError, ValueError) as error:
        words = str(error) if isinstance(error, TroubleError) else type(error).__name__
        yield Finding(look.__name__.strip("_"), well=False, words=words)


def _ask(url: str) -> HTTPResponse:
    answer: HTTPResponse = urllib.request.urlopen(url, timeout=PATIENCE)  # noqa: S310  (checked)
    return answer


def _origin(settings: Settings) -> Iterator[Finding]:
    loopback = urlsplit(settings.origin).hostname in LOOPBACK
    if loopback:
        words = f"{settings.origin} is this machine only; phones need an https address"
        yield Finding("origin", well=None, words=words)
    try:
        with _ask(f"{settings.origin}/healthz") as answer:
            told = json.load(answer)
    except urllib.error.HTTPError as error:
        told = {}
        if error.code == 400:
            words = (
                "a proxy in front passes another Host: set WEBAPP_PROXIES, or let it pass the Host"
            )
            yield Finding("proxy", well=False, words=words)
        elif error.code == 503:
            words = f"{settings.origin} answers, but is not well: see below"
            yield Finding("origin", well=False, words=words)
        else:
            words = f"{settings.origin}/healthz answered {error.code}, not Lendemain's page"
            yield Finding("origin", well=False, words=words)
    except (OSError, ValueError) as error:
        why = getattr(error, "reason", error)
        if isinstance(why, ssl.SSLError):
            words = f"the certificate is not one that phones trust ({why.reason})"
            yield Finding("TLS", well=False, words=words)
        else:
            words = f"nothing answers at {settings.origin}: is `lendemain serve` running?"
            yield Finding("origin", well=False, words=words)
        return
    if told:
        yield Finding("origin", well=True, words=f"{settings.origin} answers")
        if settings.secure:
            yield Finding("TLS", well=True, words="the certificate is trusted")


def _contact(settings: Settings) -> Iterator[Finding]:
    if settings.contact.endswith("@example.com"):
        words = "example.com is nobody; set WEBAPP_CONTACT before anyone relies on this"
        yield Finding("contact", well=None, words=words)
        return
    yield Finding("contact", well=True, words=f"push services can write to {settings.contact}")


def _data(settings: Settings) -> Iterator[Finding]:
    if not settings.data.is_dir():
        words = f"there is no folder {settings.data}; is WEBAPP_DATA as `lendemain serve` has it?"
        yield Finding("data", well=False, words=words)
        return
    if stat.S_IMODE(settings.data.stat().st_mode) & 0o077:
        words = f"others can read {settings.data}: chmod 700 it"
        yield Finding("data", well=False, words=words)
        return
    yield Finding("data", well=True, words=f"{settings.data} is for its owner only")


def _keys(settings: Settings) -> Iterator[Finding]:
    keys = Keys(settings.data, make=False)
    for file in (keys.file, settings.data / SECRET):
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            yield Finding("keys", well=False, words=f"others can read {file}: chmod 600 it")
            return
    count = len(keys.live())
    words = f"{count} live, the current one since {keys.current().made_at}"
    yield Finding("keys", well=True, words=words)


def _clock(settings: Settings) -> Iterator[Finding]:
    if time.time() < 1_790_000_000:
        yield Finding("clock", well=False, words="it is years behind; every token would be refused")
        return
    if urlsplit(settings.origin).hostname in LOOPBACK:
        yield Finding("clock", well=None, words="only compared with a site that others reach too")
        return
    try:
        answer = _ask(f"{settings.origin}/robots.txt")
    except OSError:
        yield Finding("clock", well=None, words="not compared: the site does not answer")
        return
    with answer:
        there = parsedate_to_datetime(answer.headers["Date"]).timestamp()
    off = abs(time.time() - there)
    words = f"{off:.0f} s apart from the proxy's"
    yield Finding("clock", well=off < CLOCK_OFF, words=words)


def _is_missing(settings: Settings) -> bool:
    # SQLite makes a file when it is only looked at.
    return settings.sqlite_file is not None and not settings.sqlite_file.exists()


def _database(settings: Settings) -> Iterator[Finding]:
    kind = "SQLite" if settings.sqlite_file else "PostgreSQL"
    if _is_missing(settings):
        words = f"{kind}, not there yet; `lendemain serve` makes it at its first start"
        yield Finding("database", well=None, words=words)
        return
    engine = db.make_engine(settings)
    try:
        at = db.version_of(engine)
        if settings.sqlite_file:
            db.look_through(engine)
    except SQLAlchemyError as error:
        words = f"{kind} does not answer"
        if db.damaged(error):
            words = f"{kind} is damaged: stop every sender and server, and restore a backup"
        yield Finding("database", well=False, words=words)
        return
    finally:
        engine.dispose()
    if at is None:
        words = f"{kind}, empty; `lendemain serve` fills it at its first start"
        yield Finding("database", well=None, words=words)
    elif at > db.head():
        words = f"{kind} stands at {at}, newer than this release ({db.head()}): upgrade Lendemain"
        yield Finding("database", well=False, words=words)
    elif at != db.head():
        words = f"{kind} stands at {at}, this release wants {db.head()}: restart `lendemain serve`"
        yield Finding("database", well=False, words=words)
    else:
        with db.writing(engine) as opened:
            opened.rollback()
        engine.dispose()
        yield Finding("database", well=True, words=f"{kind} answers, up to date")


def _sender(settings: Settings) -> Iterator[Finding]:
    if _is_missing(settings):
        return  # said of the database
    engine = db.make_engine(settings)
    try:
        if db.version_of(engine) is None:
            return
        with db.reading(engine) as opened:
            now = db.now_ms()
            health, brakes = watch.health(opened, now), braked(opened, now)
    except SQLAlchemyError:
        words = "whether one is at work cannot be told: the database does not answer"
        yield Finding("sender", well=False, words=words)
        return
    finally:
        engine.dispose()
    if not health.well:
        words = (
            "none gave a sign of life in 30 s: nothing rings. Is `lendemain serve` or `send` up?"
        )
        yield Finding("sender", well=False, words=words)
    else:
        words = f"at work; {health.lag_ms / 1000:.0f} s behind"
        yield Finding("sender", well=health.lag_ms < 60_000, words=words)
    for origin in brakes:
        words = f"{origin} calls too many subscriptions gone; none is deleted meanwhile"
        yield Finding("brake", well=False, words=words)


class _Listener(BaseHTTPRequestHandler):
    """Takes one push."""

    body = b""

    def do_POST(self) -> None:
        """Keep the body and say 201."""
        type(self).body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(201)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _push(settings: Settings) -> Iterator[Finding]:
    """Ring at a listener of our own, with the site's key, and read what arrives."""
    phone, auth = ec.generate_private_key(CURVE), hashlib.sha256(b"doctor").digest()[:16]
    point = phone.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    with HTTPServer(("127.0.0.1", 0), _Listener) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        origin = f"http://127.0.0.1:{server.server_port}"
        token = Tokens(settings.contact).header(
            origin, Keys(settings.data, make=False).current().private, time.time()
        )
        words = message(settings.origin, "en", "test", "doctor")
        wire = Wire()
        wire.post(0, f"{origin}/", [f"Authorization: {token}", "TTL: 60"],
                  encrypt(point, auth, words), exempt=True)  # fmt: skip
        answers, deadline = wire.wait(1), time.monotonic() + PATIENCE
        while not answers and time.monotonic() < deadline:
            answers = wire.wait(1)
        wire.close()
    arrived = bool(answers) and answers[0].status == 201
    read = (
        arrived and http_ece.decrypt(_Listener.body, private_key=phone, auth_secret=auth) == words
    )
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    good = read and claims["aud"] == origin
    told = "encrypted, signed, sent to ourselves and read" if good else "did not come through"
    yield Finding("push", well=good, words=told)
