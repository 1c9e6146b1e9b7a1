"""How many unconfirmed subscriptions come from one network: known in memory, never written."""

import ipaddress
import secrets
import time
from collections import deque
from collections.abc import Callable
from hashlib import blake2b
from threading import Lock

FROM_ONE_NETWORK = 500
IN_ALL = 10_000
RETRY_AFTER = 600  # seconds
DAY = 86_400  # seconds: nothing is known for longer


class Networks:
    """Which subscriptions each network has asked for and not confirmed, as far as this process knows."""

    def __init__(self, most: int = FROM_ONE_NETWORK) -> None:
        """Begin with nothing known; names of networks are scrambled with a key of this process."""
        self._most = most
        self._key = secrets.token_bytes(16)
        self._asked: dict[bytes, set[str]] = {}
        self._since: deque[tuple[float, bytes, str]] = deque()
        self._lock = Lock()

    def is_full(
        self, address: str | None, unconfirmed_among: Callable[[set[str]], set[str]]
    ) -> bool:
        """Say whether an address's network has to wait.

        :param unconfirmed_among: which of some subscriptions are still there and unconfirmed
        """
        network = self._name(address)
        with self._lock:
            asked = set(self._asked.get(network, ()))
        if len(asked) < self._most:
            return False
        still = unconfirmed_among(asked)
        with self._lock:
            self._asked[network] = still
        return len(still) >= self._most

    def note(self, address: str | None, public_id: str) -> None:
        """Remember that an address's network asked for a subscription."""
        network, now = self._name(address), time.monotonic()
        with self._lock:
            self._asked.setdefault(network, set()).add(public_id)
            self._since.append((now, network, public_id))
            while self._since[0][0] <= now - DAY or len(self._since) > 2 * IN_ALL:
                self._drop(*self._since.popleft()[1:])

    def _drop(self, network: bytes, public_id: str) -> None:
        ids = self._asked.get(network, set())
        ids.discard(public_id)
        if not ids:
            self._asked.pop(network, None)

    def _name(self, address: str | None) -> bytes:
        """Return the name of the network an address is of: 256 addresses of IPv4, a site of IPv6."""
        try:
            found = ipaddress.ip_address((address or "").split("%")[0])
        except ValueError:
            return b""
        if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
            found = found.ipv4_mapped
        size = 24 if found.version == 4 else 48
        network = ipaddress.ip_network((found, size), strict=False)
        return blake2b(str(network).encode(), key=self._key, digest_size=16).digest()
