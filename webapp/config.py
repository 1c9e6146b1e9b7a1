"""Every setting, read once from the environment, typed, and named when it is wrong."""

import logging
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from pathlib import Path
from urllib.parse import urlsplit

PACKAGE = Path(__file__).resolve().parent
LOOPBACK = ("127.0.0.1", "localhost", "::1")
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")
KNOWN = frozenset(
    {"WEBAPP_ORIGIN", "WEBAPP_PROXIES", "WEBAPP_CONTACT", "WEBAPP_RESPONSIBLE", "WEBAPP_DATA",
     "WEBAPP_DATABASE_URL", "WEBAPP_PUSH_SERVICES", "WEBAPP_METRICS", "WEBAPP_SENDER", "WEBAPP_WORKER",
     "WEBAPP_PUSH_IN_FLIGHT", "WEBAPP_PUSH_PACE"}
)  # fmt: skip
# Names that no push service can write to; Apple answers 403 to every push that carries one.
UNREACHABLE = ("localhost", "local", "localdomain", "internal", "invalid", "test", "lan", "home")
_LABEL = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
ORIGIN = re.compile(
    rf"(https?)://((?:{_LABEL}\.)*{_LABEL}|\[[0-9a-f:]+\])(?::([1-9][0-9]{{0,4}}))?"
)

log = logging.getLogger(__name__)


def folder(name: str) -> Path:
    """Return a folder of the project: inside the package in a wheel, beside it in a checkout."""
    return PACKAGE / name if (PACKAGE / name).is_dir() else PACKAGE.parent / name


def data_folder() -> Path:
    """Return where data is kept unless told: Flask's instance folder."""
    installed = (PACKAGE / "static").is_dir()
    return Path(sys.prefix) / "var/webapp-instance" if installed else PACKAGE.parent / "instance"


class TroubleError(Exception):
    """Something that the operator has to mend; the message says what and how."""


def make_folder(folder: Path) -> None:
    """Make a folder for its owner alone, unless it is there.

    :raises TroubleError: when it cannot be
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        why = "it is no folder" if isinstance(error, FileExistsError) else error.strerror
        message = f"{folder} cannot be used: {why}. Is WEBAPP_DATA or WEBAPP_DATABASE_URL what it should be?"
        raise TroubleError(message) from error


class SettingsError(ValueError):
    """One or more settings are wrong; the message names each, one a line."""


@dataclass(frozen=True)
class Settings:
    """What the environment says.

    ``origin`` has no trailing slash. ``contact`` is a ``mailto:`` or ``https:`` address.
    ``responsible`` answers for personal information; none on a machine of one's own.
    ``data`` holds database, keys and secret. ``push_services`` are origins accepted besides the
    public ones. ``metrics`` is a host and a port. ``push_in_flight`` counts, per sender, pushes in
    flight or not yet recorded; ``push_pace`` is pushes per second and origin. ``worker`` is
    ``full``, or ``pass-through``: the kill switch.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    origin: str = "http://127.0.0.1:8000"
    proxies: int = 0
    contact: str = "mailto:dev@example.com"
    responsible: str | None = None
    data: Path = field(default_factory=data_folder)
    database_url: str = ""
    push_services: tuple[str, ...] = ()
    metrics: tuple[str, int] | None = None
    sender: str = "child"
    push_in_flight: int = 64
    push_pace: int = 5000
    worker: str = "full"

    @property
    def database(self) -> str:
        """Return the database's address as SQLAlchemy wants it."""
        if not self.database_url:
            return f"sqlite:///{self.data / 'lendemain.sqlite'}"
        scheme, rest = self.database_url.split(":", 1)
        return f"{'postgresql+psycopg' if scheme.startswith('postgres') else scheme}:{rest}"

    @property
    def sqlite_file(self) -> Path | None:
        """Return where the SQLite database is; None when it is PostgreSQL."""
        scheme, _, rest = self.database.partition("///")
        return Path(rest).absolute() if scheme == "sqlite:" else None

    @property
    def secure(self) -> bool:
        """Say whether people come by https."""
        return self.origin.startswith("https:")

    @property
    def hosts(self) -> frozenset[str]:
        """Return the values of the Host header that are answered."""
        parts = urlsplit(self.origin)
        usual = 443 if self.secure else 80
        port = parts.port or usual
        loopback = parts.hostname in LOOPBACK
        own = parts.netloc.lower().removesuffix(f":{port}")
        names = LOOPBACK_HOSTS if loopback else (own,)
        # Browsers leave the usual port out; on one's own machine a forwarded port may be missing.
        bare = names if loopback or port == usual else ()
        return frozenset({*bare, *(f"{name}:{port}" for name in names)})


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings of an environment.

    :raises SettingsError: naming every setting that is wrong, and why
    """
    faults: list[str] = []
    port = _whole(environ, "PORT", 8000, faults, least=1)
    origin = _own_origin(environ.get("WEBAPP_ORIGIN") or f"http://127.0.0.1:{port}", faults)
    loopback = urlsplit(origin).hostname in LOOPBACK
    contact = environ.get("WEBAPP_CONTACT") or ("mailto:dev@example.com" if loopback else "")
    responsible = environ.get("WEBAPP_RESPONSIBLE", "").strip() or None
    faults.extend(_contact_faults(contact))
    if not (responsible or loopback):
        faults.append("WEBAPP_RESPONSIBLE must name who answers for personal information")
    for name in sorted(set(environ) - KNOWN):
        if name.startswith("WEBAPP_"):
            log.warning("%s is not a setting of this release", name)
    proxies = _whole(environ, "WEBAPP_PROXIES", 0, faults)
    in_flight = _whole(environ, "WEBAPP_PUSH_IN_FLIGHT", 64, faults, least=8)
    pace = _whole(environ, "WEBAPP_PUSH_PACE", 5000, faults, least=1)
    services = _push_services(environ.get("WEBAPP_PUSH_SERVICES") or "", faults)
    metrics = _host_and_port(environ, "WEBAPP_METRICS", faults)
    sender = environ.get("WEBAPP_SENDER") or "child"
    if sender not in {"child", "off"}:
        faults.append(f"WEBAPP_SENDER is {sender!r}, but must be child or off")
    worker = environ.get("WEBAPP_WORKER") or "full"
    if worker not in {"full", "pass-through"}:
        faults.append(f"WEBAPP_WORKER is {worker!r}, but must be full or pass-through")
    database = environ.get("WEBAPP_DATABASE_URL") or ""
    if database and not re.fullmatch(r"(?:postgres(?:ql)?://|sqlite:////?)\S+", database):
        faults.append("WEBAPP_DATABASE_URL must look like postgresql://name@host/database")
    if faults:
        raise SettingsError("\n".join(faults))
    data = Path(environ.get("WEBAPP_DATA") or data_folder()).absolute()
    host = environ.get("HOST") or "127.0.0.1"
    return Settings(
        host, port, origin, proxies, contact, responsible, data, database,
        services, metrics, sender, in_flight, pace, worker,
    )  # fmt: skip


def _contact_faults(contact: str) -> list[str]:
    found = re.fullmatch(r"mailto:[^@\s<>,]+@([^@\s<>,/:]+)|https://([^\s/:?#@]+)\S*", contact)
    if not found:
        return [
            "WEBAPP_CONTACT must be a mailto: or https: address that push services can write to"
        ]
    host = (found[1] or found[2]).lower().rstrip(".")
    if "." not in host or host.split(".")[-1] in UNREACHABLE or re.fullmatch(r"[\d.]+", host):
        why = "Apple refuses every push that carries such a contact (BadJwtToken)"
        return [f"WEBAPP_CONTACT names {host!r}, which push services cannot reach: {why}"]
    return []


def _push_services(value: str, faults: list[str]) -> tuple[str, ...]:
    named = [each.strip() for each in value.split(",") if each.strip()]
    found = []
    for each in named:
        origin = _origin(each)
        if origin:
            found.append(origin)
        else:
            faults.append(
                f"WEBAPP_PUSH_SERVICES has {each!r}, but wants https://host or http://host:port"
            )
    return tuple(found)


def _host_and_port(
    environ: Mapping[str, str], name: str, faults: list[str]
) -> tuple[str, int] | None:
    value = environ.get(name)
    if not value:
        return None
    host, _, port = value.rpartition(":")
    if host and port.isascii() and port.isdigit() and 0 < int(port) < 65536:
        return host.strip("[]"), int(port)
    faults.append(f"{name} is {value!r}, but must look like 127.0.0.1:9100")
    return None


def _whole(
    environ: Mapping[str, str], name: str, default: int, faults: list[str], least: int = 0
) -> int:
    value = environ.get(name) or str(default)
    if value.isascii() and value.isdigit() and least <= int(value) < 65536:
        return int(value)
    above = f" from {least} up and" if least else ""
    faults.append(f"{name} is {value!r}, but must be a whole number{above} below 65536")
    return default


def _origin(value: str) -> str | None:
    """Return an origin as browsers write it; None when it is none."""
    parts = ORIGIN.fullmatch(value.lower())
    if not parts or int(parts[3] or 0) > 65535:
        return None
    try:
        if parts[2].startswith("["):
            IPv6Address(parts[2][1:-1])
    except ValueError:
        return None
    usual = {"https": "443", "http": "80"}[parts[1]]
    port = f":{parts[3]}" if parts[3] and parts[3] != usual else ""
    return f"{parts[1]}://{parts[2]}{port}"


def _own_origin(value: str, faults: list[str]) -> str:
    origin = _origin(value.removesuffix("/"))
    if not origin:
        spelled = _in_ascii(value.removesuffix("/"))
        wanted = "look like https://example.org, with nothing after the host and port"
        if spelled:
            wanted = f"be spelled as browsers send it: {spelled}"
        faults.append(f"WEBAPP_ORIGIN is {value!r}, but must {wanted}")
        return ""
    if origin.startswith("http:") and urlsplit(origin).hostname not in LOOPBACK:
        faults.append("WEBAPP_ORIGIN must be https: browsers keep pages offline over https only")
    return origin


def _in_ascii(value: str) -> str | None:
    """Return an origin whose name has other letters, such as é, as it goes over the wire."""
    parts = re.fullmatch(r"(https?://)([^/:?#@\s]+)(.*)", value.lower())
    try:
        return _origin(parts[1] + parts[2].encode("idna").decode() + parts[3]) if parts else None
    except UnicodeError:
        return None
