"""Every setting, read once from the environment, typed, and named when it is wrong."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

PACKAGE = Path(__file__).resolve().parent
LOOPBACK = ("127.0.0.1", "localhost", "::1")
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")
KNOWN = frozenset({"WEBAPP_ORIGIN", "WEBAPP_PROXIES", "WEBAPP_CONTACT", "WEBAPP_RESPONSIBLE"})

log = logging.getLogger(__name__)


def folder(name: str) -> Path:
    """Return a folder of the project: inside the package in a wheel, beside it in a checkout."""
    return PACKAGE / name if (PACKAGE / name).is_dir() else PACKAGE.parent / name


class SettingsError(ValueError):
    """One or more settings are wrong; the message names each, one a line."""


@dataclass(frozen=True)
class Settings:
    """What the environment says.

    ``origin`` has no trailing slash. ``contact`` is a ``mailto:`` or ``https:`` address.
    ``responsible`` answers for personal information; none on a machine of one's own.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    origin: str = "http://127.0.0.1:8000"
    proxies: int = 0
    contact: str = "mailto:dev@example.com"
    responsible: str | None = None

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
    port = _whole(environ, "PORT", 8000, faults)
    origin = environ.get("WEBAPP_ORIGIN") or f"http://127.0.0.1:{port}"
    wrong = _origin_faults(origin)
    faults.extend(wrong)
    loopback = not wrong and urlsplit(origin).hostname in LOOPBACK
    contact = environ.get("WEBAPP_CONTACT") or ("mailto:dev@example.com" if loopback else "")
    responsible = environ.get("WEBAPP_RESPONSIBLE") or None
    if not re.fullmatch(r"mailto:[^@\s]+@[^@\s]+\.[^@\s]+|https://\S+", contact):
        faults.append(
            "WEBAPP_CONTACT must be a mailto: or https: address that push services can write to"
        )
    if not (responsible or loopback):
        faults.append("WEBAPP_RESPONSIBLE must name who answers for personal information")
    for name in sorted(set(environ) - KNOWN):
        if name.startswith("WEBAPP_"):
            log.warning("%s is not a setting of this release", name)
    proxies = _whole(environ, "WEBAPP_PROXIES", 0, faults)
    if faults:
        raise SettingsError("\n".join(faults))
    host = environ.get("HOST") or "127.0.0.1"
    return Settings(host, port, origin.rstrip("/"), proxies, contact, responsible)


def _whole(environ: Mapping[str, str], name: str, default: int, faults: list[str]) -> int:
    value = environ.get(name) or str(default)
    if value.isascii() and value.isdigit() and int(value) < 65536:
        return int(value)
    faults.append(f"{name} is {value!r}, but must be a whole number below 65536")
    return default


def _origin_faults(origin: str) -> list[str]:
    unlike = f"WEBAPP_ORIGIN is {origin!r}, but must look like https://example.org"
    try:
        parts = urlsplit(origin)
        parts.port  # noqa: B018  (reading it is what refuses a port that is no number)
    except ValueError:
        return [unlike]
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return [unlike]
    if parts.path not in {"", "/"} or parts.query or parts.fragment or "@" in parts.netloc:
        return [f"WEBAPP_ORIGIN is {origin!r}, but must end after the host and port"]
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        return ["WEBAPP_ORIGIN must be https: browsers keep pages offline over https only"]
    return []
