"""The keys of this site: VAPID keys, two live at most, and the secret behind the receipts."""

import base64
import contextlib
import json
import os
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from webapp.config import TroubleError, make_folder

CURVE = ec.SECP256R1()
FILE, SECRET = "keys.json", "secret"
LIVE = 2
NUMBER = "[A-Za-z0-9_-]{43}"  # 32 bytes in base64url


def base64url(raw: bytes) -> str:
    """Return bytes as base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def is_public_key(raw: bytes) -> bool:
    """Say whether 65 bytes are an uncompressed point of P-256, as RFC 8291 wants it."""
    if len(raw) != 65 or raw[0] != 4:
        return False
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(CURVE, raw)
    except ValueError:
        return False
    return True


def new_private_key() -> str:
    """Return a new VAPID key: the 32 bytes of its private number, base64url."""
    number = ec.generate_private_key(CURVE).private_numbers().private_value
    return base64url(number.to_bytes(32, "big"))


@cache
def public_key(private_key: str) -> str:
    """Return the ``applicationServerKey`` of a private key, both base64url.

    :raises ValueError: when it is none
    """
    number = int.from_bytes(base64.urlsafe_b64decode(private_key + "=="), "big")
    point = ec.derive_private_key(number, CURVE).public_key()
    return base64url(point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


class KeysError(TroubleError):
    """The keys cannot be read; the message says which file and what to do."""


@dataclass(frozen=True)
class Key:
    """A VAPID key: when it was made, its halves as base64url."""

    made_at: str
    private: str

    @property
    def public(self) -> str:
        """Return the ``applicationServerKey``."""
        return public_key(self.private)


class Keys:
    """The VAPID keys of a data folder, newest first; seen anew when the file was changed."""

    def __init__(self, folder: Path, *, make: bool = True) -> None:
        """Read the keys of a folder, making them when there are none yet.

        :param make: False for those who only look: to them there must be a site already
        :raises KeysError: when there is none, or a file is there and is not what it should be
        :raises TroubleError: when they cannot be made
        """
        self.folder = folder
        self.file = folder / FILE
        if make:
            _make(folder)
        else:
            _be_there(folder)
        self.secret = _read_secret(folder / SECRET)
        self._stamp = (0, 0)
        self._live: list[Key] = []
        self.live()

    def live(self) -> list[Key]:
        """Return the keys in use, newest first.

        :raises KeysError: when the file is not what it should be
        """
        try:
            found = self.file.stat()
            if (found.st_mtime_ns, found.st_ino) != self._stamp:
                listed = json.loads(self.file.read_text("utf-8"))["keys"]
                self._live = [_read_key(each) for each in listed]
                self._stamp = (found.st_mtime_ns, found.st_ino)
        except (OSError, ValueError, KeyError, TypeError) as error:
            message = (
                f"{self.file} cannot be read ({type(error).__name__}): restore it from a backup"
            )
            raise KeysError(message) from error
        if not self._live:
            message = f"{self.file} holds no key: restore it from a backup"
            raise KeysError(message)
        return self._live

    def current(self) -> Key:
        """Return the key that new subscriptions are made with."""
        return self.live()[0]

    def private_of(self, public: str) -> str | None:
        """Return the private half of a live key; None when it is not one of ours any more."""
        return next((each.private for each in self.live() if each.public == public), None)

    def rotate(self) -> list[Key]:
        """Put a new key in front and keep the one before it; return those that are dropped.

        :raises KeysError: when they cannot be written; nothing has changed then
        """
        kept = [Key(_today(), new_private_key()), *self.live()]
        fresh = self.folder / f".{FILE}.{secrets.token_hex(4)}"
        try:
            make_once(fresh, _written(kept[:LIVE]))
            fresh.replace(self.file)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise _not_written(self.folder, error) from error
        return kept[LIVE:]


def _make(folder: Path) -> None:
    make_folder(folder)
    try:
        make_once(folder / FILE, _written([Key(_today(), new_private_key())]))
        make_once(folder / SECRET, base64url(secrets.token_bytes(32)))
    except OSError as error:
        raise _not_written(folder, error) from error


def _not_written(folder: Path, error: OSError) -> KeysError:
    return KeysError(f"The keys cannot be written into {folder} (WEBAPP_DATA): {error.strerror}")


def _be_there(folder: Path) -> None:
    try:
        for name in (FILE, SECRET):
            (folder / name).stat()
    except OSError as error:
        message = (
            f"There is no Lendemain in {folder}: {name} is not there ({error.strerror}).\n"
            "Set WEBAPP_DATA as `lendemain serve` has it, and be the user that serves."
        )
        raise KeysError(message) from error


def _read_key(written: dict[str, str]) -> Key:
    key = Key(str(written["made_at"]), str(written["private"]))
    if not re.fullmatch(NUMBER, key.private) or not key.public:
        raise ValueError
    return key


def _read_secret(file: Path) -> bytes:
    try:
        found = file.read_bytes().strip()
    except OSError as error:
        message = f"{file} cannot be read ({error.strerror}): be the user that serves"
        raise KeysError(message) from error
    if not re.fullmatch(NUMBER.encode(), found):
        message = f"{file} is not what it was made as: restore it from a backup"
        raise KeysError(message)
    return found


def make_once(file: Path, content: str) -> None:
    """Write a file that only its owner can read, unless it is there; whole or not at all."""
    if file.exists():
        return
    fresh = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        # Two programs may start at once: the first one's file stays.
        with contextlib.suppress(FileExistsError):
            os.link(fresh, file)
    finally:
        fresh.unlink(missing_ok=True)


def _written(keys: list[Key]) -> str:
    listed = [{"made_at": each.made_at, "private": each.private} for each in keys]
    return json.dumps({"keys": listed}, indent=1) + "\n"


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
