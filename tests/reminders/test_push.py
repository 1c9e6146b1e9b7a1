"""One push, read with other hands than those that made it."""

import json
import secrets
import time
from collections.abc import Callable
from typing import Any

import http_ece
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.push.service import b64url, unb64url
from webapp.reminders.keys import base64url, is_public_key, new_private_key, public_key
from webapp.reminders.push import SIZE, TOKEN_SECONDS, WORDS, Tokens, encrypt, message

ORIGIN = "https://push.example.org"
SITE = "https://aftercare.example.org"
CONTACT = "mailto:push@example.org"
NOW = 1_800_000_000.0


class Receiver:
    """A phone's keys."""

    def __init__(self) -> None:
        """Make them."""
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.p256dh = self.private.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )
        self.auth = secrets.token_bytes(16)

    def read(self, body: bytes) -> bytes:
        """Return the plaintext of a body."""
        plain: bytes = http_ece.decrypt(body, private_key=self.private, auth_secret=self.auth)
        return plain


def claims_of(header: str) -> dict[str, Any]:
    """Return the claims of an `Authorization` whose signature is by the key it names.

    :raises InvalidSignature: when it is by another
    """
    scheme, _, rest = header.partition(" ")
    assert scheme == "vapid"
    given = dict(each.strip().split("=", 1) for each in rest.split(","))
    assert set(given) == {"t", "k"}
    first, second, signature = given["t"].split(".")
    assert json.loads(unb64url(first))["alg"] == "ES256"
    raw = unb64url(signature)
    assert len(raw) == 64
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64url(given["k"]))
    numbers = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
    point.verify(
        encode_dss_signature(*numbers), f"{first}.{second}".encode(), ec.ECDSA(hashes.SHA256())
    )
    claims: dict[str, Any] = json.loads(unb64url(second))
    return claims


# --- the encryption ------------------------------------------------------------------------------


def test_only_the_phone_with_the_keys_can_read_a_push() -> None:
    mine, other = Receiver(), Receiver()
    text = message(SITE, "fr", "evening", "r" * 32)
    body = encrypt(mine.p256dh, mine.auth, text)
    assert mine.read(body) == text
    with pytest.raises(http_ece.ECEException):
        other.read(body)


def test_two_hundred_pushes_share_no_key_and_no_salt_and_are_of_one_length() -> None:
    receivers = [Receiver() for _ in range(5)]
    names = ["a", "evening", "x" * 32, "welcome", "test"]
    salts, keys, lengths = set(), set(), set()
    for number in range(200):
        mine = receivers[number % 5]
        language = ("en", "fr")[number // 5 % 2]
        text = message(SITE, language, names[number % 5], "r" * 32)
        body = encrypt(mine.p256dh, mine.auth, text)
        assert mine.read(body) == text
        salts.add(body[:16])
        keys.add(body[21:86])
        lengths.add(len(body))
    assert len(salts) == len(keys) == 200
    assert len(lengths) == 1


def test_one_phones_keys_do_not_stay_for_the_next_one() -> None:
    first, second = Receiver(), Receiver()
    encrypt(first.p256dh, first.auth, b"for the first")
    assert second.read(encrypt(second.p256dh, second.auth, b"for the second")) == b"for the second"


@pytest.mark.parametrize(
    "p256dh",
    [b"", b"\0", bytes(65), b"\x04" + bytes(64), b"\x04" + b"\xff" * 64, b"\x04" * 33, b"x" * 64],
)
def test_a_key_that_is_no_point_is_an_error_and_does_no_harm_to_the_next(p256dh: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        encrypt(p256dh, bytes(16), b"text")
    assert not is_public_key(p256dh)
    mine = Receiver()
    assert mine.read(encrypt(mine.p256dh, mine.auth, b"text")) == b"text"


def test_a_point_in_short_form_is_not_what_a_browser_gives() -> None:
    point = Receiver().private.public_key()
    short = point.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    assert not is_public_key(short)
    assert is_public_key(point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


# --- the words -----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("name", ["a", "x" * 32, "welcome", "test", "A-z_0-9"])
@pytest.mark.parametrize("receipt", ["r", "r" * 32, "R-_9" * 16])
def test_every_message_is_512_bytes_of_the_agreed_json(
    language: str, name: str, receipt: str
) -> None:
    text = message("https://a-rather-long-name.clinic.example.org:8443", language, name, receipt)
    assert len(text) == SIZE == 512
    read = json.loads(text)
    kind = "welcome" if name == "welcome" else "reminder"
    link = f"https://a-rather-long-name.clinic.example.org:8443/{language}/today#r={receipt}"
    assert read == {
        "web_push": 8030,
        "mutable": True,
        "notification": {
            "title": WORDS[language][kind],
            "lang": language,
            "dir": "ltr",
            "tag": name,
            "navigate": link,
            "mutable": True,
            "data": {"id": name, "receipt": receipt},
        },
    }
    assert text.rstrip(b" ").endswith(b"}")


def test_the_words_are_those_that_were_agreed() -> None:
    assert WORDS == {
        "en": {"reminder": "Time for your aftercare", "welcome": "Reminders are on"},
        "fr": {"reminder": "C'est l'heure de vos soins", "welcome": "Les rappels sont activés"},
    }


def test_one_persons_message_has_nothing_of_the_one_before() -> None:
    message(SITE, "en", "before", "secret-of-before")
    assert b"before" not in message(SITE, "en", "after", "another")


# --- the signature -------------------------------------------------------------------------------


def test_a_token_is_signed_by_the_key_that_it_names() -> None:
    private = new_private_key()
    header = Tokens(CONTACT).header(ORIGIN, private, NOW)
    claims = claims_of(header)
    assert claims == {"aud": ORIGIN, "sub": CONTACT, "exp": int(NOW) + TOKEN_SECONDS}
    assert f"k={public_key(private)}" in header
    other = header.replace(public_key(private), public_key(new_private_key()))
    with pytest.raises(InvalidSignature):
        claims_of(other)


def test_a_token_is_made_once_for_each_service_and_key() -> None:
    tokens, keys = Tokens(CONTACT), [new_private_key(), new_private_key()]
    origins = [f"https://push{number}.example.org" for number in range(5)]
    made = {(o, k): tokens.header(o, k, NOW) for o in origins for k in keys}
    assert len(set(made.values())) == 10
    for (origin, key), header in made.items():
        assert tokens.header(origin, key, NOW + 60) is header


def test_tokens_that_would_not_be_used_again_are_forgotten() -> None:
    tokens, key = Tokens(CONTACT), new_private_key()
    old = tokens.header("https://made-up.example.org", key, NOW)
    young = tokens.header(ORIGIN, key, NOW + 3600)
    tokens.drop_old(NOW + TOKEN_SECONDS / 2)
    assert tokens.header(ORIGIN, key, NOW + 3600) is young
    assert tokens.header("https://made-up.example.org", key, NOW) != old


def test_no_push_service_gets_a_token_for_another_one() -> None:
    tokens, key = Tokens(CONTACT), new_private_key()
    origins = [f"https://push{number}.example.org" for number in range(20)]
    for moment in (NOW, NOW + TOKEN_SECONDS / 2, NOW + TOKEN_SECONDS):
        found = [claims_of(tokens.header(origin, key, moment))["aud"] for origin in origins]
        assert found == origins


def test_a_token_is_renewed_when_half_of_its_life_is_over() -> None:
    tokens, key = Tokens(CONTACT), new_private_key()
    first = tokens.header(ORIGIN, key, NOW)
    assert tokens.header(ORIGIN, key, NOW + TOKEN_SECONDS / 2 - 1) is first
    second = tokens.header(ORIGIN, key, NOW + TOKEN_SECONDS / 2)
    assert second != first
    assert claims_of(second)["exp"] == int(NOW) + TOKEN_SECONDS * 3 // 2


@pytest.mark.parametrize("back", [1, 3600, 86_400, 10 * 365 * 86_400])
def test_a_clock_that_was_set_back_does_not_leave_tokens_from_the_future(back: int) -> None:
    tokens, key = Tokens(CONTACT), new_private_key()
    tokens.header(ORIGIN, key, NOW)
    exp = claims_of(tokens.header(ORIGIN, key, NOW - back))["exp"]
    assert 0 < exp - (NOW - back) <= 12 * 3600


@pytest.mark.parametrize("ahead", [86_400, 10 * 365 * 86_400, 2**31])
def test_a_clock_that_jumps_ahead_does_not_leave_tokens_of_the_past(ahead: int) -> None:
    tokens, key = Tokens(CONTACT), new_private_key()
    tokens.header(ORIGIN, key, NOW)
    exp = claims_of(tokens.header(ORIGIN, key, NOW + ahead))["exp"]
    assert 0 < exp - (NOW + ahead) <= 12 * 3600


def test_signing_again_and_again_never_outlives_twelve_hours() -> None:
    tokens, key = Tokens(CONTACT), new_private_key()
    for hour in range(0, 72, 5):
        moment = NOW + hour * 3600
        exp = claims_of(tokens.header(ORIGIN, key, moment))["exp"]
        assert TOKEN_SECONDS / 2 <= exp - moment <= TOKEN_SECONDS


# --- keys ----------------------------------------------------------------------------------------


def test_every_private_key_makes_a_point_that_a_browser_takes() -> None:
    for _ in range(20):
        private = new_private_key()
        assert len(unb64url(private)) == 32
        assert is_public_key(unb64url(public_key(private)))
        assert len(public_key(private)) == 87


def test_what_is_written_as_base64url_has_no_padding_and_reads_back() -> None:
    for size in range(70):
        raw = secrets.token_bytes(size)
        assert unb64url(base64url(raw)) == raw
        assert base64url(raw) == b64url(raw)


def best_of(work: Callable[[], object], times: int = 5) -> float:
    """Return the least processor time of one of several runs, in seconds."""
    took = []
    for _ in range(times):
        began = time.thread_time()
        work()
        took.append(time.thread_time() - began)
    return min(took)


def test_a_kept_token_costs_a_small_part_of_a_signature() -> None:
    tokens, key = Tokens(CONTACT), new_private_key()

    def kept() -> None:
        for _ in range(100):
            tokens.header(ORIGIN, key, NOW)

    def anew() -> None:
        for _ in range(100):
            Tokens(CONTACT).header(ORIGIN, key, NOW)

    anew()
    assert best_of(kept) * 10 < best_of(anew)
