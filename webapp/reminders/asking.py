"""What a phone asks for: JSON to plain values, or every fault with its place."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from webapp.reminders.endpoints import Endpoint, RefusedEndpointError, read_endpoint
from webapp.reminders.keys import is_public_key

MOST_REMINDERS = 200
MOST_FAULTS = 50
AHEAD_MS = 400 * 86_400_000
LONGEST_MS = 86_400_000
RESERVED = frozenset({"welcome", "test"})
NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")
INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:[Zz]|[+-]00:00)", re.ASCII
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def N_(words: str) -> str:  # noqa: N802  (the name that gettext's tools look for)
    """Mark words for translation where they are kept rather than said."""
    return words


class NotJsonError(ValueError):
    """A body that is not a JSON object in UTF-8."""


@dataclass(frozen=True)
class Fault:
    """What is wrong: where, as a JSON pointer, and what, in English words to translate."""

    pointer: str
    detail: str


class FaultsError(ValueError):
    """A body that asks for something that cannot be; ``faults`` says what is wrong, up to 50."""

    def __init__(self, faults: list[Fault]) -> None:
        """Keep the faults."""
        super().__init__(f"{len(faults)} faults")
        self.faults = faults[:MOST_FAULTS]


@dataclass(frozen=True)
class Wanted:
    """A reminder that a phone wants: its id, its instants in UTC milliseconds."""

    name: str
    at: int
    until: int


@dataclass(frozen=True)
class Address:
    """Where a phone is reached: endpoint, raw keys, and the VAPID key it was made with."""

    endpoint: Endpoint
    p256dh: bytes
    auth: bytes
    key: str

    @property
    def digest(self) -> bytes:
        """Return what tells this address from every other one."""
        return hashlib.sha256(self.endpoint.url.encode() + self.p256dh + self.auth).digest()

    @property
    def endpoint_digest(self) -> bytes:
        """Return what tells this endpoint, with whatever keys."""
        return hashlib.sha256(self.endpoint.url.encode()).digest()


@dataclass(frozen=True)
class Asked:
    """What a phone asks for; without ``address``, it stays as it is."""

    language: str
    reminders: list[Wanted]
    address: Address | None


def read_object(raw: bytes) -> dict[str, Any]:
    """Return the JSON object that a body is.

    :raises NotJsonError: when it is none, or says a member twice, or a number that is none
    """
    try:
        found = json.loads(
            raw.decode("utf-8"), object_pairs_hook=_object, parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as error:
        raise NotJsonError from error
    if not isinstance(found, dict):
        raise NotJsonError
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise NotJsonError
    return found


def _no_constant(_name: str) -> NoReturn:
    raise NotJsonError


def read_asked(body: dict[str, Any], now: int, services: tuple[str, ...], *, new: bool) -> Asked:
    """Return what a body asks for.

    :param now: UTC milliseconds
    :param services: origins accepted besides the public push services
    :param new: whether it must come with an address (`POST`), or may (`PUT`)
    :raises FaultsError: with every fault
    """
    faults: list[Fault] = []
    known = {"language", "reminders", "subscription", "applicationServerKey"}
    faults += [
        Fault(f"/{escaped(each)}", N_("Not a known member")) for each in body if each not in known
    ]
    language = body.get("language")
    if language not in ("en", "fr"):
        faults.append(Fault("/language", N_("Must be “en” or “fr”")))
    reminders = list(_read_reminders(body, now, faults))
    address = None
    if new or "subscription" in body or "applicationServerKey" in body:
        address = _read_address(body, services, faults)
    if faults:
        raise FaultsError(faults)
    return Asked(str(language), reminders, address)


def escaped(name: str) -> str:
    """Return a member's name as it stands in a JSON pointer (RFC 6901), cut to what helps."""
    return name[:60].replace("~", "~0").replace("/", "~1")


def _read_reminders(body: dict[str, Any], now: int, faults: list[Fault]) -> Iterator[Wanted]:
    listed = body.get("reminders")
    if not isinstance(listed, list):
        faults.append(Fault("/reminders", N_("Must be a list")))
        return
    if len(listed) > MOST_REMINDERS:
        faults.append(Fault("/reminders", N_("Must hold 200 reminders at most")))
        return
    names: set[str] = set()
    for index, each in enumerate(listed):
        where = f"/reminders/{index}"
        if not isinstance(each, dict):
            faults.append(Fault(where, N_("Must be an object")))
            continue
        before = len(faults)
        faults += [
            Fault(f"{where}/{escaped(name)}", N_("Not a known member"))
            for name in each
            if name not in {"id", "at", "until"}
        ]
        name = _read_name(each.get("id"), names, f"{where}/id", faults)
        at, until = (
            read_instant(each.get(key), f"{where}/{key}", faults) for key in ("at", "until")
        )
        if at is not None and at > now + AHEAD_MS:
            faults.append(Fault(f"{where}/at", N_("Must be 400 days ahead at most")))
        if at is not None and until is not None and not at < until <= at + LONGEST_MS:
            faults.append(Fault(f"{where}/until", N_("Must be after “at”, by 24 hours at most")))
        if len(faults) == before and name is not None and at is not None and until is not None:
            yield Wanted(name, at, until)


def _read_name(value: object, names: set[str], where: str, faults: list[Fault]) -> str | None:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        faults.append(Fault(where, N_("Must be 1 to 32 letters, digits, hyphens or underscores")))
    elif value in RESERVED:
        faults.append(Fault(where, N_("This name is reserved")))
    elif value in names:
        faults.append(Fault(where, N_("Stands twice in the list")))
    else:
        names.add(value)
        return value
    return None


def read_instant(value: object, where: str, faults: list[Fault]) -> int | None:
    """Return an instant in UTC milliseconds; what is none is a fault at ``where``."""
    found = INSTANT.fullmatch(value) if isinstance(value, str) else None
    if found:
        try:
            whole = datetime.fromisoformat(f"{found[1]}T{found[2]}+00:00")
        except ValueError:
            found = None
        else:
            thousandths = int((found[3] or "").ljust(3, "0")[:3])
            return (whole - EPOCH) // timedelta(milliseconds=1) + thousandths
    faults.append(Fault(where, N_("Must be an instant in UTC, such as 2026-11-22T14:30:00Z")))
    return None


def _read_address(
    body: dict[str, Any], services: tuple[str, ...], faults: list[Fault]
) -> Address | None:
    key = body.get("applicationServerKey")
    if not isinstance(key, str) or not is_public_key(_decoded(key) or b""):
        faults.append(Fault("/applicationServerKey", N_("Must be a P-256 public key in base64url")))
    given = body.get("subscription")
    if not isinstance(given, dict):
        faults.append(Fault("/subscription", N_("Must be an object")))
        return None
    endpoint = _read_endpoint(given.get("endpoint"), services, faults)
    keys = given.get("keys")
    if not isinstance(keys, dict):
        faults.append(Fault("/subscription/keys", N_("Must be an object")))
        return None
    p256dh, auth = (_decoded(keys.get(each)) or b"" for each in ("p256dh", "auth"))
    if not is_public_key(p256dh):
        faults.append(
            Fault("/subscription/keys/p256dh", N_("Must be a P-256 public key in base64url"))
        )
    if len(auth) != 16:
        faults.append(Fault("/subscription/keys/auth", N_("Must be 16 bytes in base64url")))
    if faults or endpoint is None:
        return None
    return Address(endpoint, p256dh, auth, str(key).rstrip("="))


def _read_endpoint(
    value: object, services: tuple[str, ...], faults: list[Fault]
) -> Endpoint | None:
    try:
        if isinstance(value, str):
            return read_endpoint(value, services)
    except RefusedEndpointError:
        pass
    faults.append(
        Fault("/subscription/endpoint", N_("Must be the address of a push service known here"))
    )
    return None


def _decoded(value: object) -> bytes | None:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,200}={0,2}", value):
        return None
    bare = value.rstrip("=")
    try:
        return base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    except binascii.Error:
        return None


def instant(milliseconds: int) -> str:
    """Return an instant as RFC 3339 in UTC."""
    when = EPOCH + timedelta(milliseconds=milliseconds)
    precision = "milliseconds" if milliseconds % 1000 else "seconds"
    return when.isoformat(timespec=precision).replace("+00:00", "Z")
