"""One push, made ready: its words, its encryption, its VAPID token. Only importer of pywebpush."""

import json
from functools import cache
from typing import Any

from py_vapid import Vapid02
from pywebpush import WebPusher

SIZE = 512  # bytes of every plaintext, so that its length tells nothing
TOKEN_SECONDS = 12 * 3600
USED_FOR = TOKEN_SECONDS / 2
WORDS = {
    "en": {"reminder": "Time for your aftercare", "welcome": "Reminders are on"},
    "fr": {"reminder": "C'est l'heure de vos soins", "welcome": "Les rappels sont activés"},
}


@cache
def _vapid(private_key: str) -> Vapid02:
    return Vapid02.from_raw(private_key.encode())


class Tokens:
    """VAPID tokens, signed once for each origin and key and used for half their life.

    RFC 8292 allows it, and signing is a third of the work of a push.
    """

    def __init__(self, contact: str) -> None:
        """Take the ``sub`` of every token, such as ``mailto:push@example.org``."""
        self._contact = contact
        self._kept: dict[tuple[str, str], tuple[float, str]] = {}

    def header(self, origin: str, private_key: str, now: float) -> str:
        """Return the value of ``Authorization``; ``now`` is in seconds since 1970."""
        made_at, value = self._kept.get((origin, private_key), (0.0, ""))
        if not 0 <= now - made_at < USED_FOR:
            # A dict of its own: signing writes into the one it is given.
            claims: dict[str, Any] = {"aud": origin, "sub": self._contact}
            claims["exp"] = int(now) + TOKEN_SECONDS
            value = _vapid(private_key).sign(claims)["Authorization"]
            self._kept[origin, private_key] = (now, value)
        return value

    def drop_old(self, now: float) -> None:
        """Forget those that would not be used any more; ``now`` is in seconds since 1970."""
        kept = self._kept.items()
        self._kept = {each: (at, value) for each, (at, value) in kept if 0 <= now - at < USED_FOR}


# Its fields are set for each message: making one costs more than they do.
_pusher = WebPusher({"endpoint": ""})


def encrypt(p256dh: bytes, auth: bytes, plaintext: bytes) -> bytes:
    """Return an aes128gcm body (RFC 8291) that only the phone with these keys can read.

    :raises ValueError: when the keys are none
    """
    if len(p256dh) != 65 or len(auth) != 16:
        words = "a phone's keys are 65 and 16 bytes"
        raise ValueError(words)
    _pusher.receiver_key, _pusher.auth_key = p256dh, auth
    body: bytes = _pusher.encode(plaintext)["body"]
    return body


@cache
def _parts(origin: str, language: str, kind: str) -> tuple[str, ...]:
    """Return the five pieces of a message around tag, receipt in the link, id, and receipt."""
    words = WORDS[language]
    notification = {
        "title": words[kind],
        "lang": language,
        "dir": "ltr",
        "tag": "\0",
        "navigate": f"{origin}/{language}/today#r=\0",
        "mutable": True,
        "data": {"id": "\0", "receipt": "\0"},
    }
    whole = {"web_push": 8030, "mutable": True, "notification": notification}
    return tuple(json.dumps(whole, ensure_ascii=False, separators=(",", ":")).split("\\u0000"))


def message(origin: str, language: str, name: str, receipt: str) -> bytes:
    """Return the plaintext of a push: declarative JSON, padded to 512 bytes.

    :param origin: of this site
    :param name: the reminder's id, or ``welcome`` or ``test``
    :param receipt: what the phone sends back
    """
    kind = "welcome" if name == "welcome" else "reminder"
    start, to_link, to_id, to_receipt, end = _parts(origin, language, kind)
    text = f"{start}{name}{to_link}{receipt}{to_id}{name}{to_receipt}{receipt}{end}"
    return text.encode().ljust(SIZE)
