"""What a push costs, alone and with the whole sender, against two usual ways of sending.

Everybody posts to the same sink over TLS on loopback, in turns; what counts is CPU per push, as a
ratio within a round, since other work on the machine moves rates far more. CPU and memory of
whole processes are read from Linux's ``/proc``.

Run: ``python3 dev.py bench push.py``, or some of it: ``.venv/bin/python bench/push.py size herd``.
"""

import argparse
import base64
import contextlib
import gc
import hashlib
import http.client
import json
import os
import secrets
import shutil
import signal
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pywebpush import webpush
from sqlalchemy import Engine, func, select, text, update

from webapp import db
from webapp.config import Settings, read_settings
from webapp.reminders import push
from webapp.reminders.keys import Keys, base64url, new_private_key, public_key
from webapp.reminders.receipts import receipt_of
from webapp.reminders.sender import IN_A_SLICE, QUIET
from webapp.reminders.tables import reminder, subscription
from webapp.reminders.tables import sender as senders
from webapp.reminders.wire import Wire

ROOT = Path(__file__).resolve().parent.parent
BENCH = ROOT / "bench"
IN_FLIGHT, TTL = 64, 3600
PATIENCE = 300  # seconds for anything to come about
DAY = 24 * 3600 * 1000
# Settings of a sender that may be tried out; the others are the run's own.
PASSED_ON = ("WEBAPP_PUSH_IN_FLIGHT", "WEBAPP_PUSH_PACE")
TICKS = os.sysconf("SC_CLK_TCK")


class WrongRunError(Exception):
    """A run did not do what it was measured for; its figures would mean nothing."""


@dataclass(frozen=True)
class Figure:
    """What some pushes took: wall and CPU seconds, and the most memory, in MiB."""

    pushes: int
    seconds: float
    cpu_seconds: float
    max_rss_mb: float

    @property
    def rate(self) -> float:
        """Return pushes per second."""
        return self.pushes / self.seconds

    @property
    def cost(self) -> float:
        """Return CPU milliseconds per push."""
        return self.cpu_seconds / self.pushes * 1000


# The sink and the one phone that all pushes are for.


def node() -> str:
    """Return Playwright's Node, or the machine's."""
    found = sorted(ROOT.glob(".venv/lib/python3*/site-packages/playwright/driver/node"))
    return str(found[0]) if found else "node"


def make_certificate(folder: Path) -> None:
    """Write cert.pem and key.pem for 127.0.0.1, good for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sink")])
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1))
    builder = builder.not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(address, critical=False)
    builder = builder.add_extension(identifier, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    certificate = builder.sign(key, hashes.SHA256())
    (folder / "cert.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )


def make_phone(folder: Path) -> None:
    """Write phone.json, the keys of every subscription, and vapid.pem, a sender's."""
    private = new_private_key()
    auth = base64url(secrets.token_bytes(16))
    phone = {"p256dh": public_key(private), "auth": auth, "private": private}
    (folder / "phone.json").write_text(json.dumps(phone))
    key = ec.generate_private_key(ec.SECP256R1())
    (folder / "vapid.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )


def phone_of(folder: Path) -> tuple[dict[str, str], bytes, bytes]:
    """Return the phone's keys: as a browser gives them, then ``p256dh`` and ``auth`` as bytes."""
    phone = json.loads((folder / "phone.json").read_text())
    p256dh, auth = (base64.urlsafe_b64decode(phone[name] + "==") for name in ("p256dh", "auth"))
    return {"p256dh": phone["p256dh"], "auth": phone["auth"]}, p256dh, auth


def endpoint(origin: str, number: int) -> str:
    """Return an endpoint as long as real ones are."""
    return f"{origin}/push/{number:0>140}"


class Sink:
    """The push service of the run, in a process of its own."""

    def __init__(self, folder: Path) -> None:
        """Start it with keys and certificate made in an empty folder."""
        self.folder = folder
        make_certificate(folder)
        make_phone(folder)
        self.process = subprocess.Popen(
            [node(), str(BENCH / "_push_sink.mjs"), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        self.port = int(self.process.stdout.readline())
        self.origin = f"https://127.0.0.1:{self.port}"
        certificate = str(folder / "cert.pem")
        trust = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
        bare = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
        self.environ = bare | dict.fromkeys(trust, certificate)
        context = ssl.create_default_context(cafile=certificate)
        self._line = http.client.HTTPSConnection("127.0.0.1", self.port, context=context)

    def __enter__(self) -> Self:
        """Return the running sink."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self._line.close()
        self.process.kill()
        self.process.communicate()

    def report(self) -> dict[str, Any]:
        """Return what came since the last reset; see _push_sink.mjs."""
        self._line.request("GET", "/report")
        found: dict[str, Any] = json.loads(self._line.getresponse().read())
        return found

    def reset(self, delay: int = 0, decrypt: int = 100) -> None:
        """Forget what came; answer after ``delay`` ms from now on, and read 1 push in so many."""
        self._line.request("POST", f"/reset?delay={delay}&decrypt={decrypt}")
        self._line.getresponse().read()

    def checked(self, pushes: int) -> dict[str, Any]:
        """Return the report.

        :raises WrongRunError: when pushes are missing, or the phone cannot read one
        """
        found = self.report()
        if found["total"] < pushes or found["failed"] or not found["decrypted"]:
            del found["buckets"]
            raise WrongRunError(f"{pushes} pushes wanted, the sink has {found}")
        return found


# Contenders that are a script: each is a child process that prints its figure.


def peak_mb(pid: int | str = "self") -> float:
    """Return the most memory that a process has had; ru_maxrss would count its parent's too."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def npm_web_push(program: str) -> Callable[[Sink, int], Figure]:
    """Return npm web-push on a Node, keep-alive, 64 in flight."""

    def run(sink: Sink, pushes: int) -> Figure:
        script = [program, str(BENCH / "_npm_push.mjs")]
        return child(sink, pushes, [*script, sink.origin, str(sink.folder), str(pushes)])

    return run


def scripted(name: str) -> Callable[[Sink, int], Figure]:
    """Return a contender that this very file is, run with ``--contender``."""

    def run(sink: Sink, pushes: int) -> Figure:
        command = [sys.executable, __file__, "--contender", name, "--pushes", str(pushes)]
        return child(sink, pushes, [*command, "--sink", sink.origin, str(sink.folder)])

    return run


def child(sink: Sink, pushes: int, command: list[str]) -> Figure:
    """Run a contender and return what it prints, once the sink agrees."""
    sink.reset()
    answer = subprocess.run(command, env=sink.environ, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    sink.checked(pushes)
    return Figure(**json.loads(answer.stdout))


def timed(pushes: int, work: Callable[[int], None], warm_up: int = 2 * IN_FLIGHT) -> Figure:
    """Measure work of this process, warm."""
    work(warm_up)
    began, cpu = time.perf_counter(), time.process_time()
    work(pushes)
    cpu, seconds = time.process_time() - cpu, time.perf_counter() - began
    return Figure(pushes, seconds, cpu, peak_mb())


def readme(origin: str, folder: Path, pushes: int) -> Figure:
    """Send with pywebpush as its README shows it, one after the other."""
    keys, _, _ = phone_of(folder)

    def work(count: int) -> None:
        for number in range(count):
            webpush(
                subscription_info={"endpoint": endpoint(origin, number), "keys": keys},
                data="x" * push.SIZE,
                vapid_private_key=str(folder / "vapid.pem"),
                vapid_claims={"sub": "mailto:dev@example.com"},
            )

    return timed(pushes, work, warm_up=8)


Post = Callable[[range], None]


def post_all(wire: Wire, count: int, post: Post) -> None:
    """Post, 64 in flight, by slices as the sender does.

    :raises WrongRunError: when an answer is not 201
    """
    begun = 0
    while begun < count or len(wire):
        room = min(IN_A_SLICE, count - begun, IN_FLIGHT - len(wire))
        if room > 0:
            post(range(begun, begun + room))
            begun += room
        for each in wire.wait(QUIET if begun < count else 1):
            if each.status != 201:
                raise WrongRunError(each)


def headers_of(token: str) -> list[str]:
    """Return the headers of a push."""
    return [
        f"TTL: {TTL}",
        "Urgency: high",
        f"Topic: {base64url(secrets.token_bytes(16))}",
        "Content-Encoding: aes128gcm",
        "Content-Type: application/octet-stream",
        f"Authorization: {token}",
    ]


def encrypt_and_send(origin: str, folder: Path, pushes: int) -> Figure:
    """Send with the product's own encryption and wire, without its database and its loop."""
    tokens, wire = push.Tokens("mailto:dev@example.com"), Wire()
    gc.freeze()  # as a sender does
    key, secret, site = new_private_key(), secrets.token_bytes(32), "https://example.com"
    _, p256dh, auth = phone_of(folder)

    def letter(number: int) -> tuple[list[str], bytes]:
        topic = secrets.token_bytes(16)
        plain = push.message(site, "fr", "d2-evening", receipt_of(secret, number, topic))
        return headers_of(tokens.header(origin, key, time.time())), plain

    def post(numbers: range) -> None:
        letters = [letter(number) for number in numbers]
        bodies = [push.encrypt(p256dh, auth, plain) for _, plain in letters]
        for number, (headers, _), body in zip(numbers, letters, bodies, strict=True):
            wire.post(number, endpoint(origin, number), headers, body, exempt=True)

    return timed(pushes, lambda count: post_all(wire, count, post))


def wire_only(origin: str, folder: Path, pushes: int) -> Figure:
    """Post one ready push again and again: what the sink can take."""
    tokens, wire = push.Tokens("mailto:dev@example.com"), Wire()
    headers = headers_of(tokens.header(origin, new_private_key(), time.time()))
    _, p256dh, auth = phone_of(folder)
    body = push.encrypt(p256dh, auth, b"{}".ljust(push.SIZE))

    def post(numbers: range) -> None:
        for number in numbers:
            wire.post(number, endpoint(origin, number), headers, body, exempt=True)

    return timed(pushes, lambda count: post_all(wire, count, post))


def encode_alone(sink: Sink, pushes: int) -> Figure:
    """Make ready pushes with pywebpush and send none: what is left to save is what is beside this."""
    _, p256dh, auth = phone_of(sink.folder)
    plain = b"{}".ljust(push.SIZE)

    def work(count: int) -> None:
        for _ in range(count):
            push.encrypt(p256dh, auth, plain)

    return timed(pushes, work)


SCRIPTED = {"readme": readme, "encrypt": encrypt_and_send, "wire": wire_only}


# The whole sender, from the table to the sink.


@dataclass(frozen=True)
class Table:
    """A database of ours and the settings that a sender reads it with."""

    environ: dict[str, str]
    settings: Settings
    engine: Engine
    server: int | None = None

    def server_cpu(self) -> float:
        """Return the CPU seconds that a database server has used so far; none for SQLite."""
        if not self.server:
            return 0
        time.sleep(0.2)  # a process of its that has just ended counts once it is buried
        own, used = str(self.server), 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = stat.read_text().rpartition(")")[2].split()
                if stat.parent.name == own:
                    used += sum(map(int, fields[11:15]))
                elif fields[1] == own:
                    used += sum(map(int, fields[11:13]))
        return used / TICKS


@contextmanager
def table(sink: Sink, subscriptions: int, server: "Server | None" = None) -> Iterator[Table]:
    """Make a database with confirmed subscriptions of the phone, each with a reminder in a year."""
    with tempfile.TemporaryDirectory() as folder:
        environ = {
            name: value
            for name, value in sink.environ.items()
            if not name.startswith("WEBAPP_") or name in PASSED_ON
        }
        environ |= {"WEBAPP_DATA": folder, "WEBAPP_PUSH_SERVICES": sink.origin}
        if server:
            environ["WEBAPP_DATABASE_URL"] = server.new_database()
        settings = read_settings(environ)
        made = Table(environ, settings, db.make_engine(settings), server.pid if server else None)
        db.upgrade(made.engine)
        fill(made, sink, subscriptions)
        try:
            yield made
        finally:
            made.engine.dispose()


def fill(table: Table, sink: Sink, subscriptions: int) -> None:
    """Write the rows."""
    key = Keys(table.settings.data).current().public
    _, p256dh, auth = phone_of(sink.folder)
    far = db.now_ms() + 365 * DAY
    slice_ = 20_000
    for start in range(1, subscriptions + 1, slice_):
        numbers = range(start, min(start + slice_, subscriptions + 1))
        addresses = {each: endpoint(sink.origin, each) for each in numbers}
        people = [
            {
                "id": each, "public_id": f"{each:022}", "secret_hash": os.urandom(32),
                "endpoint": addresses[each], "origin": sink.origin, "p256dh": p256dh, "auth": auth,
                "address": os.urandom(32), "key": key, "language": "fr", "confirmed": True,
                "endpoint_hash": hashlib.sha256(addresses[each].encode()).digest(),
                "forget_at": far + DAY,
            }
            for each in numbers
        ]  # fmt: skip
        moments = [
            {
                "id": each, "subscription_id": each, "name": "d2-evening", "at": far,
                "until": far + DAY, "listed": True, "urgent": False, "next_at": far, "tries": 0,
                "topic": os.urandom(16),
            }
            for each in numbers
        ]  # fmt: skip
        with db.writing(table.engine) as connection:
            connection.execute(subscription.insert(), people)
            connection.execute(reminder.insert(), moments)
    tidy(table.engine)


def tidy(engine: Engine) -> None:
    """Leave nothing of our own writing for the sender to pay."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
    # SQLite brings its log into the table when the last connection closes.
    engine.dispose()


def make_due(engine: Engine, at: int, every: int = 1, offset: int = 0) -> int:
    """Make every so manyth reminder due at a moment, in Unix ms; return how many are."""
    chosen = reminder.c.id % every == offset
    fresh = {"at": at, "until": at + DAY, "next_at": at, "tries": 0, "outcome": None, "fence": None}
    with db.writing(engine) as connection:
        count = connection.execute(update(reminder).where(chosen).values(**fresh)).rowcount
    tidy(engine)
    return count


def outcomes(engine: Engine) -> dict[str | None, int]:
    """Count the reminders by their outcome."""
    counted = select(reminder.c.outcome, func.count()).group_by(reminder.c.outcome)
    with db.reading(engine) as connection:
        found = {each[0]: each[1] for each in connection.execute(counted)}
    engine.dispose()
    return found


class Sender:
    """The product's sender, in a process of its own."""

    def __init__(self, table: Table) -> None:
        """Start it."""
        command = [sys.executable, "-m", "webapp.cli", "send"]
        self._log = tempfile.TemporaryFile(mode="w+")  # noqa: SIM115  (closed by `__exit__`)
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=table.environ, stdout=self._log, stderr=self._log
        )
        self.peak = 0.0

    def __enter__(self) -> Self:
        """Return the running sender."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing behind when a run went wrong."""
        self._log.close()
        if self.process.returncode is None:
            self.process.kill()
            self.process.wait()

    def wait(self, until: Callable[[], bool], pause: float = 0.05) -> None:
        """Wait until something holds.

        :raises WrongRunError: when the sender ends before, or it takes 5 minutes
        """
        deadline = time.monotonic() + PATIENCE
        while not until():
            if time.monotonic() > deadline or self._has_ended():
                raise WrongRunError(
                    f"the sender ended too early or is stuck:\n{self._complaints()}"
                )
            time.sleep(pause)

    def _has_ended(self) -> bool:
        # Not poll(): the process must stay for wait4.
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.process.pid, flags) is not None

    def _complaints(self) -> str:
        self._log.seek(0)
        return "".join(line for line in self._log if '"level": "info"' not in line)

    def stop(self) -> float:
        """Ask it to end, and return the CPU seconds it took; ``peak`` is its memory in MiB.

        :raises WrongRunError: when it does not end well within 5 minutes, or has complained
        """
        self.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        while not self._has_ended():
            with contextlib.suppress(OSError, IndexError):
                self.peak = max(self.peak, peak_mb(self.process.pid))
            if time.monotonic() > deadline:
                raise WrongRunError("the sender does not end")
            time.sleep(0.01)
        _, status, used = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        complaints = self._complaints()
        if self.process.returncode or complaints:
            raise WrongRunError(f"the sender ended with {self.process.returncode}:\n{complaints}")
        return used.ru_utime + used.ru_stime


def start_up(table: Table) -> float:
    """Return the CPU seconds of a sender that finds nothing due, and of its database server."""
    with db.writing(table.engine) as connection:
        connection.execute(senders.delete())
    table.engine.dispose()
    before = table.server_cpu()
    with Sender(table) as sender:
        sender.wait(lambda: seen(table.engine))
        time.sleep(0.5)
        return sender.stop() + table.server_cpu() - before


def seen(engine: Engine) -> bool:
    """Say whether a sender has shown itself."""
    with db.reading(engine) as connection:
        return connection.execute(select(senders.c.id)).first() is not None


def send_due(sink: Sink, table: Table, due: int, idle: float, delay: int = 0) -> Figure:
    """Let a sender send what is due; ``idle`` is what it costs without, in CPU seconds.

    :raises WrongRunError: when the sink or the table do not have as many in the end
    """
    sink.reset(delay)
    taken = outcomes(table.engine).get("accepted", 0)
    before = table.server_cpu()
    with Sender(table) as sender:
        sender.wait(lambda: sink.report()["total"] >= due)
        cpu = sender.stop() + table.server_cpu() - before - idle
    report = sink.checked(due)
    found = outcomes(table.engine)
    if found.get("accepted", 0) - taken != due or report["total"] != due:
        raise WrongRunError(f"{due} due, {report['total']} came, outcomes {found}")
    return Figure(due, (report["last"] - report["first"]) / 1000, cpu, sender.peak)


def whole_sender(sink: Sink, pushes: int, delay: int = 0) -> Figure:
    """Send with the product's sender from a fresh SQLite database where all is due."""
    with table(sink, pushes) as made:
        idle = start_up(made)
        make_due(made.engine, db.now_ms() - 1000)
        return send_due(sink, made, pushes, idle, delay)


class Server:
    """A PostgreSQL of the run's own, reached by a socket in its folder only."""

    def __init__(self) -> None:
        """Make and start it.

        :raises FileNotFoundError: when the machine has no PostgreSQL
        """
        initdb, postgres, pg_isready = map(binary, ("initdb", "postgres", "pg_isready"))
        self.folder = Path(tempfile.mkdtemp())
        # It refuses to run as root.
        user = "postgres" if os.geteuid() == 0 else None
        if user:
            shutil.chown(self.folder, user)
        quiet = subprocess.DEVNULL
        data = ["-D", str(self.folder / "data")]
        subprocess.run(
            [initdb, *data, "-U", "postgres", "-A", "trust"],
            user=user, cwd="/", stdout=quiet, check=True,
        )  # fmt: skip
        options = ["-k", str(self.folder), "-c", "listen_addresses="]
        self.process = subprocess.Popen(
            [postgres, *data, *options], user=user, cwd="/", stderr=quiet
        )
        self.pid = self.process.pid
        self.made = 0
        while subprocess.run([pg_isready, "-q", "-h", str(self.folder)], check=False).returncode:
            if self.process.poll() is not None:
                raise WrongRunError("PostgreSQL does not start")
            time.sleep(0.1)

    def new_database(self) -> str:
        """Return the address of an empty database."""
        self.made += 1
        name = f"bench{self.made}"
        createdb = [binary("createdb"), "-h", str(self.folder), "-U", "postgres", name]
        subprocess.run(createdb, check=True)
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def __enter__(self) -> Self:
        """Return the running server."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it and remove its folder."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
        shutil.rmtree(self.folder)


def binary(name: str) -> str:
    """Return the path of one of PostgreSQL's programs.

    :raises FileNotFoundError: when there is none
    """
    found = [shutil.which(name), *sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))[-1:]]
    for each in filter(None, found):
        return str(each)
    raise FileNotFoundError(name)


# The sections: what is printed.


def spread(values: list[float], digits: int = 1) -> str:
    """Return a median with the least and the most, such as ``8.1 (7.9 to 9.0)``."""
    low, high = min(values), max(values)
    return f"{statistics.median(values):.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def verdict(value: float, goal: float, *, at_most: bool = False) -> str:
    """Return the goal with a mark that says whether it is reached."""
    reached = value <= goal if at_most else value >= goal
    return f"{'✓' if reached else '✗'} {'≤' if at_most else '≥'} {goal:g}"


def say(*cells: str) -> None:
    """Print a row of a table."""
    first, *rest = cells
    print(f"{first:34}", *(f"{each:22}" for each in rest), flush=True)


Goals = tuple[float | None, float | None] | None


def peers(sink: Sink, options: argparse.Namespace) -> None:
    """CPU per push against npm web-push and pywebpush's README."""
    if not (ROOT / "node_modules" / "web-push").is_dir():
        sys.exit("npm web-push is missing: npm ci --ignore-scripts")
    contenders: list[tuple[str, Callable[[Sink, int], Figure], int, Goals]] = [
        ("npm web-push", npm_web_push(options.npm_node), options.pushes // 4, None),
        ("pywebpush as in its README", scripted("readme"), options.pushes // 20, None),
        ("ours: encrypt + send", scripted("encrypt"), options.pushes, (8, 16)),
        ("ours: the whole sender, SQLite", whole_sender, options.pushes, (6, 12)),
        ("WebPusher.encode alone, none sent", encode_alone, options.pushes, (None, None)),
    ]
    rounds = [[run(sink, count) for _, run, count, _ in contenders] for _ in range(options.rounds)]
    version = subprocess.check_output([options.npm_node, "--version"], text=True).strip()
    print(f"\nCPU per push, {options.rounds} rounds in turns, median (least to most)")
    say("", "CPU ms", "pushes/s", f"x npm on Node {version}", "x README")
    for column, (name, _, _, goals) in enumerate(contenders):
        own = [each[column] for each in rounds]
        cells = [spread([each.cost for each in own], 3), f"{mid([each.rate for each in own]):,.0f}"]
        for against, goal in enumerate(goals or ()):
            ratios = [each[against].cost / each[column].cost for each in rounds]
            cells.append(f"{spread(ratios)} {verdict(mid(ratios), goal) if goal else ''}")
        say(name, *cells)
    # Not of those that are this file: they carry what it imports.
    npm, whole = (max(each[column].max_rss_mb for each in rounds) for column in (0, 3))
    reached = verdict(whole, 90, at_most=True)
    print(f"Peak memory: the whole sender {whole:.0f} MiB {reached}, npm web-push {npm:.0f} MiB")


def mid(values: list[float]) -> float:
    """Return the median."""
    return float(statistics.median(values))


def rtt(sink: Sink, options: argparse.Namespace) -> None:
    """The whole sender's rate when each answer takes 50 ms, against none."""
    count = options.pushes
    pairs = [[whole_sender(sink, count, delay) for delay in (0, 50)] for _ in range(options.rounds)]
    ratios = [slow.rate / quick.rate for quick, slow in pairs]
    quick, slow = ([each.rate for each in column] for column in zip(*pairs, strict=True))
    print(f"\nThe whole sender, {count:,} pushes, {options.rounds} rounds in turns")
    say("", "answers at 0 ms", "answers at 50 ms", "ratio, goal")
    cells = [spread(quick, 0), spread(slow, 0), f"{spread(ratios, 2)} {verdict(mid(ratios), 0.7)}"]
    say("pushes/s", *cells)


def size(sink: Sink, options: argparse.Namespace) -> None:
    """CPU per push at 1,000,000 subscriptions against 10,000, on both databases."""
    print(f"\nCPU ms per push, sender and database together, {options.rounds} rounds in turns")
    say("", "10,000 subscriptions", "1,000,000", "ratio, goal", "peak MiB")
    one_size(sink, options, "SQLite", None)
    try:
        server = Server()
    except FileNotFoundError:
        print("PostgreSQL: not measured, there is none on this machine.")
        return
    with server:
        one_size(sink, options, "PostgreSQL", server)


def one_size(sink: Sink, options: argparse.Namespace, name: str, server: Server | None) -> None:
    """Print the line of a database; the due rows are spread evenly over the table."""
    sizes = (10_000, 1_000_000)
    due = min(options.pushes, sizes[0] // 2)
    with table(sink, sizes[0], server) as small, table(sink, sizes[1], server) as large:
        rounds = []
        for number in range(options.rounds):
            pair = []
            for made, count in ((small, sizes[0]), (large, sizes[1])):
                idle = start_up(made)
                every = count // due
                chosen = make_due(made.engine, db.now_ms() - 1000, every, number % every)
                pair.append(send_due(sink, made, chosen, idle))
            rounds.append(pair)
    ratios = [many.cost / few.cost for few, many in rounds]
    costs = [spread([each.cost for each in column], 3) for column in zip(*rounds, strict=True)]
    peaks = [max(each.max_rss_mb for each in column) for column in zip(*rounds, strict=True)]
    goal = verdict(mid(ratios), 1.2, at_most=True)
    say(name, *costs, f"{spread(ratios, 2)} {goal}", " / ".join(f"{each:.0f}" for each in peaks))


def herd(sink: Sink, options: argparse.Namespace) -> None:
    """How late 100,000 reminders of one moment are, and what the sink can take alone."""
    count = options.herd
    alone = scripted("wire")(sink, 20_000)
    report = sink.report()
    room = report["total"] / report["cpu_seconds"]
    print(f"\n{count:,} reminders due in the same second, 1 push in 100 read by the phone")
    fit = f"{verdict(alone.rate, 4000)} (by its CPU alone {room:,.0f}/s)"
    print(f"The sink alone: {alone.rate:,.0f} pushes/s {fit}")
    say("", "p50 late", "p95 late, goal", "last", "pushes/s", "outcomes")
    for processes in (1, 2):
        with table(sink, count) as made:
            ring(sink, made, count, processes)


def ring(sink: Sink, table: Table, count: int, processes: int) -> None:
    """Let everything fall due under running senders, and print how late it comes."""
    sink.reset()
    due = db.now_ms() + 5000
    make_due(table.engine, due)
    with contextlib.ExitStack() as stack:
        started = [stack.enter_context(Sender(table)) for _ in range(processes)]
        started[0].wait(lambda: sink.report()["total"] >= count, pause=0.5)
        for each in started:
            each.stop()
    report = sink.checked(count)
    late = sorted((int(ms) - due, pushes) for ms, pushes in report["buckets"].items())
    half, most = (late_by(late, share * report["total"]) for share in (0.5, 0.95))
    found = {outcome or "none": number for outcome, number in outcomes(table.engine).items()}
    rate = count / ((report["last"] - max(due, report["first"])) / 1000)
    say(
        f"{processes} sender{'s' if processes > 1 else ''}",
        f"{half:.1f} s", f"{most:.1f} s {verdict(most, 60, at_most=True)}",
        f"{(report['last'] - due) / 1000:.1f} s", f"{rate:,.0f}",
        f"{found}, {report['decrypted']} read, {report['failed']} unreadable",
    )  # fmt: skip


def late_by(late: list[tuple[int, int]], pushes: float) -> float:
    """Return after how many seconds so many pushes had come."""
    came = 0
    for ms, count in late:
        came += count
        if came >= pushes:
            return (ms + 100) / 1000
    raise WrongRunError(late)


SECTIONS = {"peers": peers, "rtt": rtt, "size": size, "herd": herd}


def main() -> int:
    """Measure what is asked for; nothing is asserted, each goal stands beside its figure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--pushes", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--herd", type=int, default=100_000)
    parser.add_argument("--npm-node", default=node(), metavar="PATH", help="Node of npm web-push")
    parser.add_argument("--contender", choices=SCRIPTED)
    parser.add_argument("--sink", nargs=2, metavar=("ORIGIN", "FOLDER"))
    options = parser.parse_args()
    unknown = set(options.sections) - set(SECTIONS)
    if unknown:
        parser.error(f"no such section: {', '.join(sorted(unknown))}")
    if options.sink:
        origin, folder = options.sink
        print(json.dumps(asdict(SCRIPTED[options.contender](origin, Path(folder), options.pushes))))
        return 0
    with tempfile.TemporaryDirectory() as made, Sink(Path(made)) as sink:
        if options.contender:
            print(json.dumps(asdict(scripted(options.contender)(sink, options.pushes))))
            return 0
        for name in options.sections or ["peers", "rtt"]:
            SECTIONS[name](sink, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
