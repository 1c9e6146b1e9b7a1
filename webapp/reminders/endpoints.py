"""Which addresses a push may go to: the endpoints that are accepted, the machines that are reached."""

import json
import re
from functools import cache, lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from pathlib import Path
from typing import NamedTuple

LONGEST = 2048  # characters of an endpoint
# One grammar, and so narrow that no other parser can read something else into what passes:
# ASCII, no userinfo, no backslash, no fragment, no escape in the host, no odd port.
URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:]+\])"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*(?:\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?)",
)
USUAL_PORT = {"https": "443", "http": "80"}


class RefusedEndpointError(ValueError):
    """An address that no push is sent to."""


class Endpoint(NamedTuple):
    """An accepted address: ``url`` as it is stored and sent to, ``origin`` of its push service."""

    url: str
    origin: str


@cache
def _public_hosts() -> tuple[frozenset[str], tuple[str, ...]]:
    listed = json.loads((Path(__file__).parent / "push_services.json").read_text("utf-8"))
    hosts = [host for each in listed for host in each["hosts"]]
    whole = frozenset(host for host in hosts if not host.startswith("*"))
    return whole, tuple(host[1:] for host in hosts if host.startswith("*."))


def is_public_service(host: str) -> bool:
    """Say whether a host is a push service of a browser's maker."""
    whole, endings = _public_hosts()
    return host in whole or host.endswith(endings)


@lru_cache(maxsize=1024)
def service_of(origin: str) -> str:
    """Return the push service that an origin is of, as it is listed: anyone can make up names
    that end like a listed one, and what is counted by name is kept.
    """
    host = origin.removeprefix("https://")
    endings = (each for each in _public_hosts()[1] if host.endswith(each))
    return next((f"https://*{each}" for each in endings), origin)


def read_endpoint(text: str, besides: tuple[str, ...] = ()) -> Endpoint:
    """Return the endpoint that a text is, written anew.

    :param besides: origins accepted besides the public push services (``WEBAPP_PUSH_SERVICES``)
    :raises RefusedEndpointError: when it is no address, or no push service known here
    """
    if len(text) > LONGEST or not text.isascii():
        message = "too long, or not ASCII"
        raise RefusedEndpointError(message)
    scheme, mark, rest = text.partition("://")
    authority, slash, path = rest.partition("/")
    found = URL.fullmatch(scheme.lower() + mark + authority.lower() + slash + path)
    if not found:
        message = "not an address that a push service gives out"
        raise RefusedEndpointError(message)
    port = found["port"]
    if port and int(port) > 65535:
        message = "not a port"
        raise RefusedEndpointError(message)
    odd = f":{port}" if port and port != USUAL_PORT[found["scheme"]] else ""
    origin = f"{found['scheme']}://{found['host']}{odd}"
    public = found["scheme"] == "https" and not odd and is_public_service(found["host"])
    if not public and origin not in besides:
        message = "not a push service known here"
        raise RefusedEndpointError(message)
    return Endpoint(origin + found["path"], origin)


# What Python calls global and is not: relays and translations to private machines among them.
NOT_PUBLIC_4 = tuple(
    map(
        IPv4Network,
        ("192.0.0.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.175.48.0/24",
         "224.0.0.0/3"),
    )
)  # fmt: skip
PUBLIC_6 = IPv6Network("2000::/3")
NOT_PUBLIC_6 = tuple(
    map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "2620:4f:8000::/48"))
)


def is_public_address(text: str) -> bool:
    """Say whether a numeric address is one that any machine of the internet may be asked at."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in each for each in NOT_PUBLIC_4)
    return _is_public_6(address)


def _is_public_6(address: IPv6Address) -> bool:
    inside = address in PUBLIC_6 and not any(address in each for each in NOT_PUBLIC_6)
    return inside and address.is_global and address.scope_id is None
