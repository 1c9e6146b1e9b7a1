"""The reminder API, statement by statement, as the contract has it; on both databases."""

import ast
import base64
import functools
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from flask.testing import FlaskClient
from sqlalchemy import Connection, inspect
from werkzeug.test import TestResponse

from tests.push.service import Phone, PushService, status
from tests.reminders.site import DAY, HOUR, MINUTE, ROOT, Site, Subscribed, instant, ring
from webapp import db
from webapp.reminders import forgetting, networks, receipts, routes, subscriptions
from webapp.reminders.keys import Keys
from webapp.reminders.openapi import document

Body = dict[str, Any]
DOCUMENT = document("http://127.0.0.1:8000")
POINTER = re.compile(r"(/([^~/]|~[01])*)*")
BASE64URL_128_BITS = re.compile(r"[A-Za-z0-9_-]{22,}")


# --- every answer is held against the contract ---------------------------------------------------


@functools.cache
def operations() -> list[tuple[str, re.Pattern[str], Body]]:
    """Return the calls of the document: method, what its path looks like, the operation."""
    return [
        (method.upper(), re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), operation)
        for path, item in DOCUMENT["paths"].items()
        for method, operation in item.items()
        if method in {"get", "put", "post", "delete"}
    ]


@functools.cache
def validator(name: str) -> Any:
    """Return what holds JSON against a schema of the document."""
    return jsonschema_rs.Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]},
        validate_formats=True,
    )


def faults_of_a_problem(answer: TestResponse) -> Iterator[str]:
    """Yield what RFC 9457 or the contract forbids about an error."""
    headers, code = answer.headers, answer.status_code
    if headers["Content-Type"] != "application/problem+json":
        yield f"{code} is {headers['Content-Type']}"
        return
    told = answer.json or {}
    yield from (each.message for each in validator("Problem").iter_errors(told))
    waits = re.fullmatch(r"[1-9]\d*", headers.get("Retry-After", "")) is not None
    allows = bool(headers.get("Allow"))
    for part, right in {
        "type": told.get("type") == "about:blank",
        "status": told.get("status") == code,
        "Content-Language": headers.get("Content-Language") in {"en", "fr"},
        "Vary": "Accept-Language" in headers.get("Vary", ""),
        "WWW-Authenticate": (code == 401) == (headers.get("WWW-Authenticate") == "Bearer"),
        "Allow": (code == 405) == allows,
        "Retry-After": (code in {429, 503}) == waits,
        "current": (code == 409) == ("current" in told),
        "errors": (code == 422) == bool(told.get("errors")),
    }.items():
        if not right:
            yield f"{part} does not fit {code}"
    for each in told.get("errors", ()):
        if not POINTER.fullmatch(each["pointer"]):
            yield f"{each['pointer']} is no JSON pointer"


def faults_of(method: str, path: str, answer: TestResponse) -> Iterator[str]:
    """Yield what the document or the contract forbids about an answer under /api/."""
    if "no-store" not in answer.headers.get("Cache-Control", ""):
        yield "it may be kept by a cache"
    if "Set-Cookie" in answer.headers:
        yield "a cookie"
    if answer.status_code >= 400:
        yield from faults_of_a_problem(answer)
    own = [found for asks, way, found in operations() if asks == method and way.fullmatch(path)]
    if own:
        yield from faults_of_an_answer(own[0], answer)
    elif answer.status_code not in {404, 405} and method not in {"HEAD", "OPTIONS"}:
        yield f"{answer.status_code} from a call that is not in the document"


def faults_of_an_answer(operation: Body, answer: TestResponse) -> Iterator[str]:
    """Yield what the document does not say about an answer to a call that it knows."""
    told = operation["responses"].get(str(answer.status_code))
    if told is None:
        yield f"{answer.status_code} is not in the document"
        return
    if "$ref" in told:
        told = DOCUMENT["components"]["responses"][told["$ref"].rsplit("/", 1)[1]]
    if "content" not in told:
        if answer.data:
            yield "a body where none is documented"
        return
    ((kind, content),) = told["content"].items()
    if answer.mimetype != kind:
        yield f"{answer.mimetype}, not {kind}"
    elif "$ref" in content["schema"]:
        schema = validator(content["schema"]["$ref"].rsplit("/", 1)[1])
        yield from (each.message for each in schema.iter_errors(json.loads(answer.data)))


@pytest.fixture(autouse=True)
def every_answer_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold every answer that a test of this file sees against the document."""
    plain = FlaskClient.open

    def held(client: FlaskClient, *args: Any, **options: Any) -> TestResponse:
        answer = plain(client, *args, **options)
        method, path = answer.request.method, answer.request.path
        if path.startswith("/api/"):
            assert list(faults_of(method, path, answer)) == [], f"{method} {path}: {answer.text}"
        return answer

    monkeypatch.setattr(FlaskClient, "open", held)


# --- what the tests below ask and look at --------------------------------------------------------


def post(site: Site, body: object, **headers: str) -> TestResponse:
    """Ask for a subscription."""
    return site.client.post("/api/subscriptions", json=body, headers=headers)


def put(site: Site, mine: Subscribed, *reminders: Body, language: str = "en", **more: Any) -> Body:
    """Replace a list, and return what is told."""
    body = {"language": language, "reminders": list(reminders), **more}
    answer = site.client.put(mine.path, json=body, headers=mine.bearer)
    assert answer.status_code == 200, answer.text
    return dict(answer.json or {})


def again(site: Site, phone: Phone, *reminders: Body) -> Subscribed:
    """Subscribe a phone that may be known already."""
    return site.subscribe(*reminders, phone=phone)


def row_of(site: Site, mine: Subscribed) -> int:
    """Return the number of a subscription's row."""
    words = "SELECT id FROM subscription WHERE public_id = :it"
    return int(site.sql(words, it=mine.id)[0][0])


def is_kept(site: Site, mine: Subscribed) -> bool:
    """Say whether there is a row of a subscription."""
    return bool(site.sql("SELECT 1 FROM subscription WHERE public_id = :it", it=mine.id))


def receipt(site: Site, mine: Subscribed, name: str = "welcome") -> str:
    """Return the receipt that a push of a reminder carries."""
    words = "SELECT id, topic FROM reminder WHERE subscription_id = :row AND name = :name"
    ((number, topic),) = site.sql(words, row=row_of(site, mine), name=name)
    return receipts.receipt_of(site.keys.secret, number, bytes(topic))


def rang(mine: Subscribed) -> list[str]:
    """Return what rang on a phone, in order."""
    return [push.message["notification"]["data"]["id"] for push in mine.phone.pushes]


def rings_next(site: Site, mine: Subscribed, *names: str) -> None:
    """Let the sender work until a phone rang so often, and hold what rang against ``names``."""
    site.send_until(lambda: len(mine.phone.pushes) >= len(names))
    assert rang(mine) == list(names)
    assert [push.faults for push in mine.phone.pushes] == [[] for _ in names]


def everything(site: Site) -> list[tuple[str, list[Any]]]:
    """Return every row of every table, with the table's name."""
    tables = inspect(site.engine).get_table_names()
    assert {"subscription", "reminder"} <= set(tables)
    return [(each, list(row)) for each in tables for row in site.sql(f'SELECT * FROM "{each}"')]


def sweep(site: Site) -> None:
    """Do what the sender does once a minute."""
    rows = 1
    while rows:
        with db.writing(site.engine) as opened:
            rows = forgetting.forget_some(opened, db.now_ms())


# --- the calls -----------------------------------------------------------------------------------


def test_the_key_to_subscribe_with_is_told(small_house: Site) -> None:
    answer = small_house.client.get("/api/push-key")
    assert answer.json == {"applicationServerKey": small_house.keys.current().public}
    assert len(base64.urlsafe_b64decode(answer.json["applicationServerKey"] + "=")) == 65


def test_a_new_subscription_gets_an_id_and_a_secret_nobody_guesses(house: Site) -> None:
    answers = [post(house, house.asked(house.service.subscribe(), ring())) for _ in range(8)]
    told = [dict(each.json or {}) for each in answers]
    assert {each.status_code for each in answers} == {201}
    assert {frozenset(each) for each in told} == {frozenset({"id", "secret"})}
    assert len({each[name] for each in told for name in each}) == 16
    for name in ("id", "secret"):
        assert all(BASE64URL_128_BITS.fullmatch(each[name]) for each in told)
        # Not a counter or a clock in disguise: no place of the text is the same in all.
        assert all(
            len(set(column)) > 1 for column in zip(*(each[name] for each in told), strict=True)
        )


def test_the_welcome_rings_within_two_seconds_and_lives_ten_minutes(house: Site) -> None:
    began = time.time()
    mine = house.subscribe(ring())
    rings_next(house, mine, "welcome")
    (push,) = mine.phone.pushes
    assert push.at - began < 2
    assert push.headers["ttl"] == "600"


def test_all_that_is_known_is_told_and_nothing_else(house: Site) -> None:
    late, soon = ring("late", at=2 * HOUR), ring("soon", at=HOUR)
    mine = house.subscribe(late, soon, language="fr")
    nothing = {"outcome": None, "seen_at": None}
    told = house.told(mine)
    assert told == {"language": "fr", "confirmed": False, "reminders": told["reminders"]}
    instants = [{**each, **nothing} for each in (soon, late)]
    assert [_at(each) for each in told["reminders"]] == [_at(each) for each in instants]


def _at(told: Body) -> Body:
    return {**told, **{name: datetime.fromisoformat(told[name]) for name in ("at", "until")}}


def test_what_a_browser_adds_to_its_subscription_is_ignored_and_not_kept(house: Site) -> None:
    body = house.asked(house.service.subscribe(), ring())
    body["subscription"] |= {"expirationTime": 1_893_456_000_123, "canary": "Quokka-1"}
    body["subscription"]["keys"]["canary"] = "Quokka-2"
    assert post(house, body).status_code == 201
    kept = repr(everything(house))
    assert "Quokka" not in kept
    assert "1893456000123" not in kept


def test_a_new_list_replaces_the_old_one(house: Site) -> None:
    mine = house.confirmed(ring("one", at=HOUR), ring("two", at=2 * HOUR))
    told = put(house, mine, ring("two", at=3 * HOUR), ring("three", at=4 * HOUR), language="fr")
    assert told == house.told(mine)
    assert told["language"] == "fr"
    assert [each["id"] for each in told["reminders"]] == ["two", "three"]
    assert told["reminders"][0]["at"] > instant(3 * HOUR - MINUTE)


def test_a_list_may_be_empty(house: Site) -> None:
    mine = house.confirmed(ring())
    assert put(house, mine) == {"language": "en", "confirmed": True, "reminders": []}


def test_the_address_may_be_sent_along_unchanged(house: Site) -> None:
    mine = house.confirmed(ring())
    asked = house.asked(mine.phone, ring("other", at=HOUR))
    told = put(
        house, mine, *asked["reminders"], subscription=asked["subscription"],
        applicationServerKey=asked["applicationServerKey"],
    )  # fmt: skip
    assert told["confirmed"] is True
    assert house.sql(
        "SELECT 1 FROM reminder WHERE subscription_id = :it AND name = 'welcome' "
        "AND next_at IS NOT NULL", it=row_of(house, mine),
    ) == []  # fmt: skip


def test_a_refused_list_changes_nothing(house: Site) -> None:
    mine = house.confirmed(ring("one", at=HOUR))
    before = everything(house)
    body = {"language": "fr", "reminders": [ring("two"), ring("two")]}
    assert house.client.put(mine.path, json=body, headers=mine.bearer).status_code == 422
    assert everything(house) == before


def test_a_test_rings_now_even_before_the_first_receipt(house: Site) -> None:
    mine = house.subscribe()
    began = time.time()
    answer = house.client.post(f"{mine.path}/test", headers=mine.bearer)
    assert (answer.status_code, answer.data) == (202, b"")
    house.send_until(lambda: len(mine.phone.pushes) >= 2)
    assert sorted(rang(mine)) == ["test", "welcome"]
    assert all(push.faults == [] for push in mine.phone.pushes)
    assert all(push.at - began < 2 for push in mine.phone.pushes)
    assert {push.headers["ttl"] for push in mine.phone.pushes} == {"600"}


def test_a_second_test_within_thirty_seconds_has_to_wait(house: Site) -> None:
    mine = house.subscribe()  # its welcome does not count
    ask = functools.partial(house.client.post, f"{mine.path}/test", headers=mine.bearer)
    assert ask().status_code == 202
    early = ask()
    assert early.status_code == 429
    assert 28 <= int(early.headers["Retry-After"]) <= 30
    house.later(27)
    assert ask().status_code == 429
    house.later(3)
    assert ask().status_code == 202
    assert ask().status_code == 429


def test_each_phone_has_its_own_thirty_seconds(house: Site) -> None:
    for mine in (house.subscribe(), house.subscribe()):
        answer = house.client.post(f"{mine.path}/test", headers=mine.bearer)
        assert answer.status_code == 202


def test_unsubscribing_leaves_no_trace(house: Site) -> None:
    mine = house.confirmed(ring("one", at=-MINUTE), ring("two", at=HOUR))
    rings_next(house, mine, "one")
    house.acknowledge(receipt(house, mine, "one"))
    number = row_of(house, mine)
    assert _traces(house, mine, number)
    answer = house.client.delete(mine.path, headers=mine.bearer)
    assert (answer.status_code, answer.data) == (204, b"")
    assert _traces(house, mine, number) == []
    for call in ("get", "delete", "put"):
        body = {"language": "en", "reminders": []} if call == "put" else None
        again_asked = getattr(house.client, call)(mine.path, headers=mine.bearer, json=body)
        assert again_asked.status_code == 404


def _traces(site: Site, mine: Subscribed, number: int) -> list[tuple[str, list[Any]]]:
    """Return the rows of any table that are a subscription's, or speak of it."""
    own = site.sql("SELECT id FROM reminder WHERE subscription_id = :it", it=number)
    words = (mine.id, mine.phone.path)
    return [("reminder", list(each)) for each in own] + [
        (table, row) for table, row in everything(site) if any(each in repr(row) for each in words)
    ]


@pytest.mark.parametrize("name", ["welcome", "test", "evening"])
def test_any_receipt_confirms(house: Site, name: str) -> None:
    mine = house.subscribe(ring())
    house.client.post(f"{mine.path}/test", headers=mine.bearer)
    assert house.told(mine)["confirmed"] is False
    house.acknowledge(receipt(house, mine, name))
    assert house.told(mine)["confirmed"] is True


def test_it_is_told_when_a_push_was_seen_first(house: Site) -> None:
    mine = house.confirmed(ring("one", at=-MINUTE), ring("two", at=HOUR))
    rings_next(house, mine, "one")
    proof = mine.phone.pushes[0].message["notification"]["data"]["receipt"]
    assert proof == receipt(house, mine, "one")
    house.acknowledge(proof)
    first, second = house.told(mine)["reminders"]
    ago = time.time() - datetime.fromisoformat(first["seen_at"]).timestamp()
    assert 0 <= ago < 5
    assert second["seen_at"] is None
    house.acknowledge(proof)
    assert house.told(mine)["reminders"][0] == first


def test_an_unknown_receipt_is_answered_like_a_known_one(house: Site) -> None:
    mine = house.subscribe()
    right = receipt(house, mine)
    flipped = right[:-1] + ("A" if right[-1] != "A" else "B")
    beyond = base64.urlsafe_b64encode(b"\xff" * 24).decode()
    other = receipts.receipt_of(b"another site", row_of(house, mine), b"topic")
    answers = [
        house.client.post("/api/receipts", json={"receipt": each})
        for each in ("x", "A" * 64, "-" * 32, "_" * 31, flipped, beyond, other)
    ]
    assert house.told(mine)["confirmed"] is False
    answers.append(house.client.post("/api/receipts", json={"receipt": right}))
    assert house.told(mine)["confirmed"] is True
    assert {(each.status_code, each.data) for each in answers} == {(204, b"")}
    assert len({repr(sorted(each.headers)) for each in answers}) == 1


# --- statuses ------------------------------------------------------------------------------------


def test_without_a_secret_there_is_no_answer(small_house: Site) -> None:
    mine = small_house.subscribe()
    empty = {"language": "en", "reminders": []}
    for value in (None, "", "Bearer", "Bearer ", "Basic " + mine.secret, mine.secret):
        headers = {} if value is None else {"Authorization": value}
        for method, path, body in (
            ("GET", mine.path, None), ("PUT", mine.path, empty), ("DELETE", mine.path, None),
            ("POST", f"{mine.path}/test", None),
        ):  # fmt: skip
            answer = small_house.client.open(path, method=method, headers=headers, json=body)
            assert answer.status_code == 401, (method, value)
    assert small_house.client.get(
        mine.path, headers={"Authorization": f"bearer {mine.secret}"}
    ).json


def test_a_wrong_secret_does_not_tell_that_the_id_exists(house: Site) -> None:
    mine, other = house.subscribe(), house.subscribe()
    empty = {"language": "en", "reminders": []}
    for method, tail, body in (
        ("GET", "", None), ("PUT", "", empty), ("DELETE", "", None), ("POST", "/test", None),
    ):  # fmt: skip
        heard = set()
        for path in (mine.path, f"/api/subscriptions/{'A' * 22}"):
            for secret in (other.secret, mine.secret[:-1], mine.secret + "A", "é" * 32):
                answer = house.client.open(
                    path + tail, method=method, json=body,
                    headers={"Authorization": f"Bearer {secret}"},
                )  # fmt: skip
                heard.add((answer.status_code, answer.data, repr(sorted(answer.headers))))
        ((code, _, _),) = heard
        assert code == 404
    assert is_kept(house, mine)


@pytest.mark.parametrize(
    "name",
    ["a%00b", "%00", "%ff%fe", "%ED%A0%80", "é", "a" * 8000, "..", "%20", "'", "%25", "*"],
    ids=lambda name: name[:8],
)
def test_an_id_of_odd_characters_is_just_unknown(house: Site, name: str) -> None:
    headers = {"Authorization": "Bearer x"}
    for method, tail, body in (
        ("GET", "", None), ("DELETE", "", None), ("POST", "/test", None),
        ("PUT", "", {"language": "en", "reminders": []}),
    ):  # fmt: skip
        path = f"/api/subscriptions/{name}{tail}"
        answer = house.client.open(path, method=method, headers=headers, json=body)
        assert answer.status_code == 404


def test_a_secret_is_for_one_subscription(house: Site) -> None:
    mine, other = house.subscribe(), house.subscribe()
    assert house.client.get(mine.path, headers=other.bearer).status_code == 404


def test_a_key_that_is_not_this_sites_is_answered_with_the_one_to_use(house: Site) -> None:
    body = house.asked(house.service.subscribe())
    body["applicationServerKey"] = house.service.subscribe().p256dh
    mine = house.confirmed(ring())
    before = everything(house)
    answer = post(house, body)
    moved = house.client.put(mine.path, json={**body, "reminders": []}, headers=mine.bearer)
    for each in (answer, moved):
        assert each.status_code == 409
        assert (each.json or {})["current"] == house.keys.current().public
    assert everything(house) == before


def test_a_subscription_made_with_the_key_before_still_counts(small_site: Site) -> None:
    old = small_site.keys.current().public
    body = small_site.asked(small_site.service.subscribe())
    Keys(small_site.settings.data).rotate()
    assert (small_site.client.get("/api/push-key").json or {})["applicationServerKey"] != old
    assert post(small_site, body).status_code == 201
    Keys(small_site.settings.data).rotate()
    assert post(small_site, body).status_code == 409


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/push-key", {"GET", "HEAD", "OPTIONS"}),
        ("/api/openapi.json", {"GET", "HEAD", "OPTIONS"}),
        ("/api/subscriptions", {"POST", "OPTIONS"}),
        ("/api/subscriptions/x", {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"}),
        ("/api/subscriptions/x/test", {"POST", "OPTIONS"}),
        ("/api/receipts", {"POST", "OPTIONS"}),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(
    small_house: Site, path: str, allowed: set[str]
) -> None:
    methods = {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"}
    for method in sorted(methods - allowed):
        answer = small_house.client.open(path, method=method)
        assert answer.status_code == 405
        assert {each.strip() for each in answer.headers["Allow"].split(",")} == allowed


@pytest.mark.parametrize(
    "path",
    ["/api/", "/api/x", "/api/subscriptions/", "/api/subscriptions/a/b", "/api/push-key/",
     "/api/receipts/x", "/api/%00", "/api/é", "/api/subscriptions/x/test/", "/api/.well-known"],
)  # fmt: skip
def test_what_is_not_there_is_a_problem_too(small_house: Site, path: str) -> None:
    assert small_house.client.get(path).status_code == 404
    assert small_house.client.post(path, json={}).status_code in {404, 405}


def test_each_kind_of_wrong_body_has_its_status(small_house: Site) -> None:
    post_bytes = functools.partial(small_house.client.post, "/api/receipts")
    right = b'{"receipt": "x"}'
    json_type = "application/json"
    assert post_bytes(data=right, content_type=json_type).status_code == 204
    assert post_bytes(data=right, content_type="Application/JSON; charset=utf-8").status_code == 204
    assert post_bytes(data=b"{", content_type=json_type).status_code == 400
    assert post_bytes(data=b"[]", content_type=json_type).status_code == 400
    assert post_bytes(data=right, content_type="text/plain").status_code == 415
    assert post_bytes(data=right).status_code == 415
    assert post_bytes(data=b'{"receipt": ""}', content_type=json_type).status_code == 422
    edge = right + b" " * (64 * 1024 - len(right))
    assert post_bytes(data=edge, content_type=json_type).status_code == 204
    assert post_bytes(data=edge + b" ", content_type=json_type).status_code == 413


# --- languages -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        (None, "fr"), ("", "fr"), ("de", "fr"), ("*", "fr"), ("en", "en"), ("en-CA", "en"),
        ("fr-CA, en;q=0.9", "fr"), ("de, en;q=0.5", "en"), ("en;q=0.4, fr;q=0.5", "fr"),
        ("en;q=0", "fr"), ("x" * 5000, "fr"), (";;;=,,q", "fr"),
    ],
)  # fmt: skip
def test_an_error_speaks_the_readers_language(
    small_house: Site, accepted: str | None, language: str
) -> None:
    headers = {} if accepted is None else {"Accept-Language": accepted}
    answer = small_house.client.get("/api/nothing", headers=headers)
    assert answer.headers["Content-Language"] == language
    titles = {"en": "There is nothing here.", "fr": "Il n’y a rien ici."}
    assert ((answer.json or {})["title"] == titles["en"]) == (language == "en")


def words_in(module: str) -> set[str]:
    """Return the words that a module of the API marks for translation."""
    tree = ast.parse((ROOT / "webapp/reminders" / f"{module}.py").read_text("utf-8"))
    return {
        str(ast.literal_eval(node.args[0]))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "N_"
    }


def all_wrong(site: Site) -> list[Body]:
    """Return bodies that get every detail there is, between them."""
    right = site.asked(site.service.subscribe(), ring())
    odd = [
        5, {"id": "welcome", "at": "x", "until": 1}, ring("a b"), ring("same"), ring("same"),
        ring("far", at=401 * DAY), ring("long", lasts=DAY + 1), {**ring("more"), "more": 1},
    ]  # fmt: skip
    keys = {"p256dh": "x", "auth": "x"}
    return [
        {**right, "reminders": odd, "language": "de", "applicationServerKey": "x", "x": 1},
        {**right, "subscription": {"endpoint": "x", "keys": keys}},
        {**right, "subscription": {"endpoint": right["subscription"]["endpoint"], "keys": 1}},
        {**right, "subscription": None, "reminders": None},
        {**right, "reminders": [ring(f"r{number}") for number in range(201)]},
    ]


def test_every_detail_is_said_in_both_languages(small_house: Site) -> None:
    said: dict[str, str] = {}
    asked = [("/api/subscriptions", body) for body in all_wrong(small_house)]
    for path, body in [*asked, ("/api/receipts", {"x": 1})]:
        english, french = (
            small_house.client.post(path, json=body, headers={"Accept-Language": each})
            for each in ("en", "fr")
        )
        told = zip((english.json or {})["errors"], (french.json or {})["errors"], strict=True)
        for here, there in told:
            assert here["pointer"] == there["pointer"]
            said[here["detail"]] = there["detail"]
    wanted = words_in("asking") | {
        "Must be 1 to 64 letters, digits, hyphens or underscores"
    }  # of a receipt
    assert said.keys() == wanted
    assert [each for each, french in said.items() if each == french] == []


def title(site: Site, code: int, language: str) -> str:
    """Return the title of a problem as someone who reads a language gets it."""
    with site.client.application.test_request_context(headers={"Accept-Language": language}):
        return str((routes.problem(code).json or {})["title"])


def test_every_title_is_said_in_both_languages(small_house: Site) -> None:
    english = {code: title(small_house, code, "en") for code in routes.WORDS}
    assert english == routes.WORDS
    french = {code: title(small_house, code, "fr") for code in routes.WORDS}
    assert [code for code, words in english.items() if words == french[code]] == []


# --- reminders -----------------------------------------------------------------------------------


def wrong_places(site: Site, *reminders: object) -> list[str]:
    """Return the places of a list that are refused."""
    body = {**site.asked(site.service.subscribe()), "reminders": list(reminders)}
    answer = post(site, body)
    assert answer.status_code in {201, 422}, answer.text
    return [each["pointer"] for each in (answer.json or {}).get("errors", ())]


def test_two_hundred_reminders_are_kept_and_no_more(house: Site) -> None:
    many = [ring(f"r{number}", at=HOUR + number) for number in range(201)]
    mine = house.subscribe(*many[:200])
    assert [each["id"] for each in house.told(mine)["reminders"]] == [
        each["id"] for each in many[:200]
    ]
    assert wrong_places(house, *many) == ["/reminders"]


def test_a_reminder_may_be_four_hundred_days_ahead_and_no_more(small_house: Site) -> None:
    assert wrong_places(small_house, ring("a", at=400 * DAY - 5)) == []
    assert wrong_places(small_house, ring("a", at=400 * DAY + 5)) == ["/reminders/0/at"]


@pytest.mark.parametrize(
    ("milliseconds", "right"),
    [(-1, False), (0, False), (1, True), (86_400_000, True), (86_400_001, False)],
)
def test_until_is_after_at_and_within_a_day(
    small_house: Site, milliseconds: int, right: bool
) -> None:
    at = datetime.fromisoformat(instant(HOUR))
    until = at + timedelta(milliseconds=milliseconds)
    asked = {"id": "a", "at": at.isoformat(), "until": until.isoformat()}
    assert (wrong_places(small_house, asked) == []) is right
    if not right:
        assert wrong_places(small_house, asked) == ["/reminders/0/until"]


def test_ids_are_short_safe_unique_and_not_reserved(small_house: Site) -> None:
    right = ["a", "-", "_", "0", "A-z_9", "x" * 32, "Welcome", "tests"]
    assert wrong_places(small_house, *map(ring, right)) == []
    wrong = ["", "x" * 33, "a b", "a\n", "é", "a.b", "a/b", "welcome", "test", "\x00", "\uff11"]
    assert wrong_places(small_house, *map(ring, wrong)) == [
        f"/reminders/{index}/id" for index in range(len(wrong))
    ]
    assert wrong_places(small_house, ring("a"), ring("b"), ring("a")) == ["/reminders/2/id"]


@pytest.mark.parametrize(
    "form",
    ["{}Z", "{}z", "{}.5Z", "{}.123456789Z", "{}+00:00", "{}-00:00"],
)
def test_an_instant_may_be_written_in_every_way_of_the_standard(house: Site, form: str) -> None:
    at = (datetime.fromisoformat(instant(HOUR))).replace(microsecond=0, tzinfo=None)
    asked = {
        "id": "a", "at": form.format(at.isoformat()),
        "until": form.format((at + timedelta(hours=1)).isoformat()).replace("T", "t"),
    }  # fmt: skip
    mine = house.subscribe(asked)
    (told,) = house.told(mine)["reminders"]
    fraction = {"{}.5Z": 500_000, "{}.123456789Z": 123_000}.get(form, 0)
    wanted = at.replace(microsecond=fraction)
    assert datetime.fromisoformat(told["at"]).replace(tzinfo=None) == wanted
    assert told["at"].endswith("Z")


def test_what_is_due_already_rings_at_once_and_what_is_too_late_never(house: Site) -> None:
    mine = house.confirmed(ring("late", at=-2 * HOUR, lasts=HOUR), ring("due", at=-HOUR, lasts=DAY))
    assert house.outcomes(mine) == {"late": "expired", "due": None}
    rings_next(house, mine, "due")
    assert house.outcomes(mine) == {"late": "expired", "due": "accepted"}


def _becomes(site: Site, outcome: str) -> Subscribed:
    """Return a phone whose reminder ``one`` has an outcome."""
    mine = site.confirmed()
    if outcome == "expired":
        put(site, mine, ring("one", at=-2 * HOUR, lasts=HOUR))
    else:
        if outcome == "refused":
            site.service.rule(status(400), phone=mine.phone, times=1)
        put(site, mine, ring("one", at=-MINUTE))
        site.send_until(lambda: len(mine.phone.pushes) == 1)
    assert site.outcomes(mine) == {"one": outcome}
    return mine


@pytest.mark.parametrize("outcome", ["accepted", "refused", "expired"])
@pytest.mark.parametrize("through", ["unlisted", "another time", "same keys"])
def test_a_final_reminder_never_rings_again(house: Site, outcome: str, through: str) -> None:
    mine = _becomes(house, outcome)
    before = len(mine.phone.pushes)
    if through == "unlisted":
        put(house, mine, ring("other", at=HOUR))
        assert house.outcomes(mine) == {"other": None}
    once_more = (ring("one"), ring("sentinel"))
    if through == "same keys":
        mine = again(house, mine.phone, *once_more)
    else:
        put(house, mine, *once_more)
    assert house.outcomes(mine) == {"one": outcome, "sentinel": None}
    house.send_until(lambda: len(mine.phone.pushes) > before)
    assert rang(mine)[before:] == ["sentinel"]
    assert house.outcomes(mine) == {"one": outcome, "sentinel": "accepted"}


def test_a_reminder_that_was_put_off_is_told_as_later(house: Site) -> None:
    mine = house.confirmed(ring("one", at=-MINUTE))
    house.service.rule(status(503), phone=mine.phone, times=1)
    house.send_until(lambda: len(mine.phone.pushes) == 1)
    assert house.outcomes(mine) == {"one": "later"}
    put(house, mine, ring("one"))  # moved by the phone: it is to ring anew
    house.send_until(lambda: len(mine.phone.pushes) == 2)
    assert house.outcomes(mine) == {"one": "accepted"}


def test_a_reminder_that_left_the_list_does_not_ring(house: Site) -> None:
    mine = house.confirmed(ring("one"), ring("two"))
    put(house, mine, ring("two"))
    rings_next(house, mine, "two")


# --- confirmation --------------------------------------------------------------------------------


def test_reminders_wait_until_the_phone_is_confirmed(house: Site) -> None:
    mine = house.subscribe(ring("one", at=-MINUTE))
    rings_next(house, mine, "welcome")
    assert house.outcomes(mine) == {"one": None}
    assert house.told(mine)["confirmed"] is False
    house.acknowledge(receipt(house, mine))
    rings_next(house, mine, "welcome", "one")


def test_on_confirmation_the_latest_due_one_rings_and_the_others_expire(house: Site) -> None:
    mine = house.subscribe(
        ring("over", at=-3 * HOUR, lasts=HOUR), ring("first", at=-2 * HOUR, lasts=DAY),
        ring("latest", at=-MINUTE), ring("second", at=-HOUR, lasts=DAY), ring("ahead", at=HOUR),
    )  # fmt: skip
    rings_next(house, mine, "welcome")
    house.acknowledge(receipt(house, mine))
    outcomes = {"over": "expired", "first": "expired", "second": "expired", "ahead": None}
    assert house.outcomes(mine) == {**outcomes, "latest": None}
    rings_next(house, mine, "welcome", "latest")
    assert house.outcomes(mine) == {**outcomes, "latest": "accepted"}


def test_what_waits_too_long_expires(house: Site) -> None:
    mine = house.subscribe(ring("one", at=MINUTE, lasts=MINUTE), ring("two", at=2 * HOUR))
    house.later(119)
    assert house.outcomes(mine) == {"one": None, "two": None}
    house.later(2)
    assert house.outcomes(mine) == {"one": "expired", "two": None}
    house.acknowledge(receipt(house, mine))
    house.later(2 * HOUR - 100)
    rings_next(house, mine, "two")
    assert house.outcomes(mine) == {"one": "expired", "two": "accepted"}


def test_a_second_receipt_confirms_nothing_anew(house: Site) -> None:
    mine = house.subscribe()
    house.acknowledge(receipt(house, mine))
    put(house, mine, ring("one", at=-HOUR, lasts=DAY), ring("two"))
    house.acknowledge(receipt(house, mine))
    assert house.outcomes(mine) == {"one": None, "two": None}


def test_the_same_phone_again_keeps_its_id_and_its_confirmation(house: Site) -> None:
    first = house.confirmed(ring("old", at=HOUR))
    second = again(house, first.phone, ring("new", at=HOUR))
    assert second.id == first.id
    assert second.secret != first.secret
    assert house.client.get(first.path, headers=first.bearer).status_code == 404
    told = house.told(second)
    assert told["confirmed"] is True
    assert [each["id"] for each in told["reminders"]] == ["new"]
    put(house, second, ring("sentinel"))
    rings_next(house, second, "sentinel")  # and so no welcome


def test_the_same_phone_again_is_welcomed_again_while_unconfirmed(house: Site) -> None:
    first = house.subscribe(ring())
    rings_next(house, first, "welcome")
    second = again(house, first.phone, ring())
    assert second.id == first.id
    assert house.told(second)["confirmed"] is False
    rings_next(house, second, "welcome", "welcome")


def _with_other_keys(site: Site, mine: Subscribed, *reminders: Body) -> Subscribed:
    """Subscribe the same endpoint with other keys; what comes is not read, the keys are gone."""
    keys = site.service.subscribe()
    body = site.asked(mine.phone, *reminders)
    body["subscription"]["keys"] = {"p256dh": keys.p256dh, "auth": keys.auth}
    answer = post(site, body)
    assert answer.status_code == 201
    told = dict(answer.json or {})
    return Subscribed(mine.phone, told["id"], told["secret"])


def test_the_same_endpoint_with_other_keys_replaces_the_older_row_once_confirmed(
    house: Site,
) -> None:
    older = house.confirmed(ring("old", at=HOUR))
    newer = _with_other_keys(house, older, ring("new", at=HOUR))
    assert newer.id != older.id
    assert house.told(newer)["confirmed"] is False
    assert house.told(older)["confirmed"] is True
    number = row_of(house, older)
    house.acknowledge(receipt(house, newer))
    assert house.told(newer)["confirmed"] is True
    assert house.client.get(older.path, headers=older.bearer).status_code == 404
    assert house.sql("SELECT id FROM reminder WHERE subscription_id = :it", it=number) == []


def test_a_late_receipt_of_the_older_row_does_not_take_the_newer_one_away(house: Site) -> None:
    older = house.subscribe(ring())
    newer = _with_other_keys(house, older, ring())
    house.acknowledge(receipt(house, older))
    assert is_kept(house, newer)
    house.acknowledge(receipt(house, newer))
    assert is_kept(house, newer)
    assert not is_kept(house, older)


def _move(site: Site, mine: Subscribed, *reminders: Body, to: Phone | None = None) -> Subscribed:
    """Give a subscription another address by PUT."""
    phone = to or site.service.subscribe()
    asked = site.asked(phone, *reminders)
    told = put(
        site, mine, *reminders, subscription=asked["subscription"],
        applicationServerKey=asked["applicationServerKey"],
    )  # fmt: skip
    assert told["confirmed"] is False
    return Subscribed(phone, mine.id, mine.secret)


def test_a_new_address_is_welcomed_and_waits_for_its_own_receipt(house: Site) -> None:
    before = house.confirmed(ring("done"), ring("due", at=HOUR))
    rings_next(house, before, "done")
    moved = _move(house, before, ring("done"), ring("due", at=-MINUTE), ring("ahead", at=HOUR))
    rings_next(house, moved, "welcome")
    assert house.outcomes(moved) == {"done": "accepted", "due": None, "ahead": None}
    house.acknowledge(moved.phone.pushes[0].message["notification"]["data"]["receipt"])
    rings_next(house, moved, "welcome", "due")
    assert rang(before) == ["done"]  # nothing goes to the old address any more
    assert house.told(moved)["confirmed"] is True


@pytest.mark.parametrize("name", ["welcome", "evening", "test"])
def test_a_receipt_from_the_old_address_does_not_confirm_the_new_one(
    house: Site, name: str
) -> None:
    mine = house.confirmed(ring(at=-MINUTE), ring("later", at=HOUR))
    house.client.post(f"{mine.path}/test", headers=mine.bearer)
    kept = receipt(house, mine, name)
    moved = _move(house, mine, ring(at=-MINUTE), ring("later", at=HOUR))
    house.acknowledge(kept)
    assert house.told(moved)["confirmed"] is False
    house.acknowledge(receipt(house, moved))
    assert house.told(moved)["confirmed"] is True


def test_nobody_takes_a_stranger_off_by_naming_their_endpoint(house: Site) -> None:
    stranger = house.confirmed(ring(at=HOUR))
    mine = house.subscribe()
    kept = receipt(house, mine)
    house.acknowledge(kept)
    keys = house.service.subscribe()
    theirs = Phone(stranger.phone.endpoint, keys.p256dh, keys.auth, keys.private_key, keys.path)
    _move(house, mine, to=theirs)
    house.acknowledge(kept)
    assert house.told(stranger)["confirmed"] is True


def test_moving_to_an_address_that_is_known_leaves_one_row(house: Site) -> None:
    here, there = house.confirmed(ring(at=HOUR)), house.confirmed(ring(at=HOUR))
    moved = _move(house, here, ring(at=HOUR), to=there.phone)
    assert not is_kept(house, there)
    assert house.client.get(there.path, headers=there.bearer).status_code == 404
    assert house.told(moved)["reminders"]


# --- secrets at rest -----------------------------------------------------------------------------


def test_the_database_holds_no_secret_and_no_receipt(house: Site) -> None:
    mine = house.subscribe(ring(at=-MINUTE), ring("ahead", at=HOUR))
    rings_next(house, mine, "welcome")
    proofs = [receipt(house, mine, name) for name in ("welcome", "evening", "ahead")]
    assert mine.phone.pushes[0].message["notification"]["data"]["receipt"] == proofs[0]
    house.acknowledge(proofs[0])
    secrets = [mine.secret, *proofs, house.keys.secret.decode()]
    secrets.append(house.keys.private_of(house.keys.current().public) or "")
    rows = everything(house)
    assert mine.id in repr(rows)
    values = [value for _, row in rows for value in row]
    held = [bytes(each) for each in values if isinstance(each, bytes | memoryview)]
    text = " ".join(str(each) for each in values if not isinstance(each, bytes | memoryview))
    for secret in secrets:
        assert len(secret) >= 22
        raw = base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))
        needles = {secret, secret[:22], secret[-22:], raw.hex(), base64.b64encode(raw).decode()}
        assert not [each for each in needles if each in text]
        # A receipt's first bytes are a row's number; its seal is what must not be there.
        sealed = {raw, raw[-16:], secret.encode(), secret[-22:].encode()}
        assert not [each for each in held for needle in sealed if needle in each]


# --- the document --------------------------------------------------------------------------------


def test_the_document_and_the_routes_have_the_same_calls(small_house: Site) -> None:
    served = {
        (re.sub(r"<[^>]+>", "{}", rule.rule), method)
        for rule in small_house.client.application.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    written = small_house.client.get("/api/openapi.json").json or {}
    documented = {
        (re.sub(r"\{\w+\}", "{}", path), method.upper())
        for path, item in written["paths"].items()
        for method in item
        if method != "parameters"
    }
    assert served == documented
    assert len(served) == 8


def test_the_document_is_valid_and_is_the_one_the_tests_use(small_house: Site) -> None:
    written = small_house.client.get("/api/openapi.json").json or {}
    assert written == {**DOCUMENT, "servers": [{"url": small_house.settings.origin}]}
    loaded = schemathesis.openapi.from_dict(written)
    loaded.validate()
    assert loaded.specification.version.startswith("3.1")
    assert len(list(loaded.get_all_operations())) == 8
    for schema in written["components"]["schemas"].values():
        jsonschema_rs.meta.validate(
            {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
        )


def test_the_documents_limits_are_those_of_the_program(small_house: Site) -> None:
    right = small_house.asked(small_house.service.subscribe(), ring())
    assert validator("New").is_valid(right)
    assert post(small_house, right).status_code == 201
    for wrong in all_wrong(small_house):
        schema = validator("New")
        # Two rules cannot be said in JSON Schema: unique ids, and how far apart instants are.
        assert not schema.is_valid(wrong)


def test_an_answer_that_is_not_in_the_document_would_be_noticed(small_house: Site) -> None:
    answer = small_house.client.get("/api/push-key")
    assert list(faults_of("GET", "/api/push-key", answer)) == []
    assert list(faults_of("POST", "/api/receipts", answer))
    answer.data = b'{"applicationServerKey": 5}'
    assert list(faults_of("GET", "/api/push-key", answer))
    answer.headers["Set-Cookie"] = "a=b"
    assert "a cookie" in list(faults_of("GET", "/api/push-key", answer))


# --- health --------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgresql"])
def watched(request: pytest.FixtureRequest, tmp_path: Path, service: PushService) -> Iterator[Site]:
    """A site that expects a sender."""
    url = ""
    if request.param == "postgresql":
        url = request.getfixturevalue("cluster").new_database()
    with Site(tmp_path / "data", service, database_url=url, sender="child") as made:
        yield made


def health(site: Site) -> tuple[int, Body]:
    """Return the status and the JSON of /healthz."""
    answer = site.client.get("/healthz")
    assert "no-store" in answer.headers["Cache-Control"]
    return answer.status_code, dict(answer.json or {})


def test_a_site_is_well_only_while_its_sender_is(watched: Site) -> None:
    code, told = health(watched)
    assert (code, told["status"], told["sender"]) == (503, "failing", None)
    watched.sender().run(lambda: True)
    code, told = health(watched)
    assert (code, told["status"], told["sender"]["lag_seconds"]) == (200, "ok", 0)
    assert told.keys() == {"status", "release", "sender"}
    assert 0 <= told["sender"]["seen_seconds_ago"] < 5
    watched.later(24)
    assert health(watched)[0] == 200
    watched.later(6)
    code, told = health(watched)
    assert (code, told["status"]) == (503, "failing")
    assert 30 <= told["sender"]["seen_seconds_ago"] < 36


def test_a_sign_from_a_clock_that_was_wrong_is_no_sign_of_life(watched: Site) -> None:
    watched.sender().run(lambda: True)
    watched.later(60)
    ahead = {"hour": db.now_ms() + 3_600_000, "year": db.now_ms() + 365 * 86_400_000}
    for name, seen_at in ahead.items():
        watched.sql("INSERT INTO sender VALUES (:name, :seen_at)", name=name, seen_at=seen_at)
    code, told = health(watched)
    assert code == 503
    assert told["sender"]["seen_seconds_ago"] >= 60
    with db.writing(watched.engine) as opened:
        forgetting.forget_some(opened, db.now_ms())
    assert watched.sql("SELECT id FROM sender WHERE id = 'year'") == []


def test_the_lag_is_the_age_of_the_oldest_that_could_be_sent(watched: Site) -> None:
    watched.sender().run(lambda: True)
    watched.subscribe(ring(at=-HOUR))  # it waits for a confirmation: only its welcome counts
    watched.sql("DELETE FROM reminder WHERE urgent")
    assert health(watched)[1]["sender"]["lag_seconds"] == 0
    watched.confirmed(ring("ahead", at=HOUR), ring("late", at=-2 * HOUR, lasts=HOUR))
    assert health(watched)[1]["sender"]["lag_seconds"] == 0
    watched.confirmed(ring("due"))
    watched.later(12)
    assert 12 <= health(watched)[1]["sender"]["lag_seconds"] < 17


def test_a_broken_database_is_not_well(watched: Site) -> None:
    watched.sender().run(lambda: True)
    watched.client.application.extensions["lendemain"].dispose()
    watched.sql("ALTER TABLE sender RENAME TO elsewhere")
    code, told = health(watched)
    assert (code, told["status"]) == (503, "failing")


def test_a_database_that_is_no_database_any_more_is_not_well(
    small_site: Site, service: PushService
) -> None:
    with Site(small_site.settings.data, service, sender="child") as broken:
        assert health(broken)[0] == 503
        broken.sender().run(lambda: True)
        assert health(broken)[0] == 200
        broken.client.application.extensions["lendemain"].dispose()
        broken.engine.dispose()
        for each in small_site.settings.data.glob("lendemain.sqlite*"):
            each.write_bytes(b"not a database at all, but long enough to be read as one" * 50)
        code, told = health(broken)
        assert (code, told["status"]) == (503, "failing")


def test_without_a_sender_the_site_is_well_and_says_nothing_of_one(small_house: Site) -> None:
    code, told = health(small_house)
    assert (code, told["status"], told["sender"]) == (200, "ok", None)


# --- caps ----------------------------------------------------------------------------------------


@pytest.fixture
def narrow(small_site: Site, monkeypatch: pytest.MonkeyPatch) -> Callable[..., TestResponse]:
    """Return what subscribes from an address at a site that takes three of each network."""
    few = functools.partial(networks.Networks, most=3)
    monkeypatch.setattr(networks, "Networks", few)
    client = small_site.client  # made now, with the smaller cap

    def subscribe(address: str, phone: Phone | None = None) -> TestResponse:
        body = small_site.asked(phone or small_site.service.subscribe())
        environ = {"REMOTE_ADDR": address}
        return client.post("/api/subscriptions", json=body, environ_overrides=environ)

    return subscribe


def test_five_hundred_unconfirmed_from_one_network_are_enough() -> None:
    assert networks.FROM_ONE_NETWORK == 500
    full = networks.Networks()
    for number in range(500):
        assert not full.is_full("192.0.2.1", set)
        full.note("192.0.2.1", f"id {number}")
    assert full.is_full("192.0.2.1", set)
    assert not full.is_full("192.0.2.1", lambda ids: set(sorted(ids)[1:]))


def test_a_network_with_many_unconfirmed_has_to_wait(narrow: Callable[..., TestResponse]) -> None:
    phone_of_mine = None
    for last in (1, 2, 255):
        answer = narrow(f"192.0.2.{last}")
        assert answer.status_code == 201
    refused = narrow("192.0.2.77", phone_of_mine)
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) == 600
    assert narrow("::ffff:192.0.2.9").status_code == 429
    assert narrow("192.0.3.1").status_code == 201
    for tail in ("0:0::1", "1::5", "ffff:1::"):
        assert narrow(f"2001:db8:1:{tail}").status_code == 201
    assert narrow("2001:db8:1:2::9").status_code == 429
    assert narrow("2001:db8:2::9").status_code == 201


def test_those_who_confirmed_do_not_fill_a_network(
    narrow: Callable[..., TestResponse], small_site: Site
) -> None:
    answers = [narrow("192.0.2.1").json or {} for _ in range(3)]
    assert narrow("192.0.2.1").status_code == 429
    small_site.sql(
        "UPDATE subscription SET confirmed = 1 WHERE public_id = :it", it=answers[0]["id"]
    )
    assert narrow("192.0.2.1").status_code == 201
    assert narrow("192.0.2.1").status_code == 429


def test_a_phone_that_is_known_is_never_refused(
    narrow: Callable[..., TestResponse], small_site: Site
) -> None:
    phone = small_site.service.subscribe()
    assert narrow("192.0.2.1", phone).status_code == 201
    while narrow("192.0.2.1").status_code == 201:
        pass
    assert [narrow("192.0.2.1", phone).status_code for _ in range(5)] == [201] * 5
    assert narrow("192.0.2.1").status_code == 429


def test_there_is_a_cap_for_all_networks_together(
    narrow: Callable[..., TestResponse], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert networks.IN_ALL == 10_000
    monkeypatch.setattr(networks, "IN_ALL", 4)
    codes = [narrow(f"198.51.{number}.1").status_code for number in range(6)]
    assert codes == [201, 201, 201, 201, 429, 429]


def test_a_network_that_moves_about_without_confirming_has_to_wait(
    narrow: Callable[..., TestResponse], small_site: Site
) -> None:
    answer = narrow("192.0.2.1").json or {}
    mine = Subscribed(small_site.service.subscribe(), answer["id"], answer["secret"])

    def moves(address: str = "192.0.2.1") -> int:
        body = small_site.asked(small_site.service.subscribe())
        given = {"headers": mine.bearer, "environ_overrides": {"REMOTE_ADDR": address}}
        return small_site.client.put(mine.path, json=body, **given).status_code

    assert [moves() for _ in range(5)] == [200, 200, 200, 429, 429]
    assert moves("192.0.3.1") == 200
    # Who stays may go on changing the list, and who confirms may move again.
    put(small_site, mine, ring(at=HOUR))
    small_site.sql("UPDATE subscription SET confirmed = 1")
    assert moves() == 200


def test_networks_are_not_written_down(
    narrow: Callable[..., TestResponse], small_site: Site
) -> None:
    assert narrow("203.0.113.77").status_code == 201
    assert "203.0.113" not in repr(everything(small_site))
    raw = b"".join(each.read_bytes() for each in small_site.settings.data.iterdir())
    assert b"203.0.113" not in raw


# --- retention -----------------------------------------------------------------------------------

# Seconds that a busy machine may take between two looks.
A_MOMENT = 20


def is_forgotten_after(site: Site, mine: Subscribed, seconds: float) -> None:
    """Hold that a subscription is there shortly before some time, and nowhere after it."""
    number = row_of(site, mine)
    site.later(seconds - A_MOMENT)
    sweep(site)
    assert row_of(site, mine) == number
    site.later(A_MOMENT)
    headers = mine.bearer
    assert site.client.get(mine.path, headers=headers).status_code == 404  # swept or not
    sweep(site)
    assert _traces(site, mine, number) == []


def test_a_subscription_goes_a_week_after_its_last_reminder(house: Site) -> None:
    mine = house.confirmed(ring("last", at=2 * DAY), ring("first", at=DAY))
    is_forgotten_after(house, mine, 2 * DAY + HOUR + 7 * DAY)


def test_a_subscription_without_reminders_goes_a_week_after_its_last_change(house: Site) -> None:
    mine = house.confirmed(ring(at=30 * DAY))
    put(house, mine)
    house.later(3 * DAY)
    put(house, mine)
    is_forgotten_after(house, mine, 7 * DAY)


def test_a_later_list_makes_it_stay_longer(house: Site) -> None:
    mine = house.confirmed(ring("one", at=HOUR))
    house.later(7 * DAY)
    put(house, mine, ring("one", at=HOUR), ring("two", at=DAY))
    is_forgotten_after(house, mine, 8 * DAY + HOUR)


def test_a_final_reminder_that_left_the_list_does_not_make_it_stay(house: Site) -> None:
    mine = house.confirmed(ring("one", lasts=DAY))
    rings_next(house, mine, "one")
    put(house, mine, ring("two", at=HOUR, lasts=HOUR))
    is_forgotten_after(house, mine, 7 * DAY + 2 * HOUR)


def test_what_was_never_confirmed_goes_after_a_day(house: Site) -> None:
    mine = house.subscribe(ring(at=30 * DAY))
    is_forgotten_after(house, mine, DAY)


def test_a_confirmation_makes_it_stay(house: Site) -> None:
    mine = house.subscribe(ring(at=3 * DAY))
    house.later(DAY - MINUTE)
    house.acknowledge(receipt(house, mine))
    is_forgotten_after(house, mine, 2 * DAY + MINUTE + HOUR + 7 * DAY)


def test_a_new_address_that_is_never_confirmed_goes_after_a_day(house: Site) -> None:
    mine = house.confirmed(ring(at=30 * DAY))
    house.later(DAY)
    is_forgotten_after(house, _move(house, mine, ring(at=30 * DAY)), DAY)


def test_what_its_push_service_calls_gone_is_unknown_at_once_and_goes_in_ten_minutes(
    house: Site,
) -> None:
    mine = house.confirmed(ring())
    house.service.rule(status(410), phone=mine.phone)
    house.send_until(lambda: len(mine.phone.pushes) == 1)
    assert house.client.get(mine.path, headers=mine.bearer).status_code == 404
    is_forgotten_after(house, mine, 10 * MINUTE)


def test_a_push_service_that_is_not_believed_deletes_nobody(site: Site) -> None:
    mine = site.confirmed(ring(at=HOUR))
    now = db.now_ms()
    site.sql("UPDATE subscription SET gone_at = :now WHERE public_id = :it", now=now, it=mine.id)
    site.sql("INSERT INTO brake (origin, until_at) VALUES (:it, :at)", it=site.service.origin,
              at=now + int(20 * MINUTE) * 1000)  # fmt: skip
    site.later(20 * MINUTE - A_MOMENT)
    sweep(site)
    assert is_kept(site, mine)
    site.later(A_MOMENT)
    sweep(site)
    assert not is_kept(site, mine)


def test_when_a_push_was_seen_is_forgotten_after_thirty_days(house: Site) -> None:
    mine = house.confirmed(ring("one"), ring("far", at=60 * DAY))
    rings_next(house, mine, "one")
    house.acknowledge(receipt(house, mine, "one"))

    def seen(name: str) -> object:
        words = "SELECT seen_at FROM reminder WHERE subscription_id = :row AND name = :name"
        return house.sql(words, row=row_of(house, mine), name=name)[0][0]

    house.later(HOUR + 30 * DAY - A_MOMENT)
    sweep(house)
    assert seen("one") is not None
    assert seen("welcome") is None  # it was over earlier
    house.later(A_MOMENT)
    sweep(house)
    assert seen("one") is None
    told = house.told(mine)["reminders"][0]
    assert (told["seen_at"], told["outcome"]) == (None, "accepted")  # final for good


# --- many at once --------------------------------------------------------------------------------


def together(site: Site, calls: list[Callable[[FlaskClient], TestResponse]]) -> list[int]:
    """Make calls at the same moment, each with a client of its own; return the statuses."""
    ready = threading.Barrier(len(calls))

    def ask(call: Callable[[FlaskClient], TestResponse]) -> int:
        client = site.client.application.test_client()
        ready.wait(10)
        return call(client).status_code

    with ThreadPoolExecutor(len(calls)) as pool:
        return [each.result(60) for each in [pool.submit(ask, call) for call in calls]]


def changes(mine: Subscribed, body: Body) -> Callable[[FlaskClient], TestResponse]:
    """Return what replaces a list, or more, through a client."""
    return lambda client: client.put(mine.path, json=body, headers=mine.bearer)


def acknowledges(proof: str) -> Callable[[FlaskClient], TestResponse]:
    """Return what sends a receipt through a client."""
    return lambda client: client.post("/api/receipts", json={"receipt": proof})


def leaves(mine: Subscribed) -> Callable[[FlaskClient], TestResponse]:
    """Return what unsubscribes through a client."""
    return lambda client: client.delete(mine.path, headers=mine.bearer)


def subscribes(body: Body) -> Callable[[FlaskClient], TestResponse]:
    """Return what subscribes through a client."""
    return lambda client: client.post("/api/subscriptions", json=body)


def is_patient_with_a_locked_database(site: Site) -> None:
    """Hold that, while another program writes for long, nobody waits for more than is allowed."""
    mine = site.subscribe(ring(at=HOUR))
    calls = [
        subscribes(site.asked(site.service.subscribe())),
        changes(mine, {"language": "en", "reminders": []}),
        acknowledges(receipt(site, mine)),
        leaves(mine),
        lambda client: client.post(f"{mine.path}/test", headers=mine.bearer),
    ]
    with db.writing(site.engine):
        began = time.monotonic()
        assert site.told(mine)["reminders"]  # who only reads waits for nobody
        assert time.monotonic() - began < 1
        assert together(site, calls) == [503] * len(calls)
        assert time.monotonic() - began < db.BUSY_SECONDS + 1
    told = site.told(mine)
    assert (told["confirmed"], len(told["reminders"])) == (False, 1)
    assert together(site, calls[:2]) == [201, 200]


def test_a_locked_database_is_answered_with_try_again_and_never_with_500(
    tmp_path: Path, service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert db.BUSY_SECONDS == 5  # and so an answer comes within 6 s
    monkeypatch.setattr(db, "BUSY_SECONDS", 1)
    with Site(tmp_path / "data", service) as site:
        is_patient_with_a_locked_database(site)


@pytest.mark.long
def test_a_locked_database_is_answered_within_six_seconds(small_site: Site) -> None:
    is_patient_with_a_locked_database(small_site)


def test_a_phone_that_reads_while_it_is_forgotten_is_unknown_and_no_fault(
    house: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = house.confirmed(ring(at=HOUR))
    told = subscriptions.told

    def told_a_moment_later(opened: Connection, number: int, now: int) -> Body:
        with db.writing(house.engine) as other:
            subscriptions.forget(other, number)
        return told(opened, number, now)

    monkeypatch.setattr(subscriptions, "told", told_a_moment_later)
    assert house.client.get(mine.path, headers=mine.bearer).status_code in {200, 404}
    monkeypatch.undo()
    assert house.client.get(mine.path, headers=mine.bearer).status_code == 404


def test_eight_phones_change_their_lists_at_once(small_house: Site) -> None:
    phones = [small_house.subscribe() for _ in range(8)]
    lists = [[ring(f"r{number}", at=HOUR + turn) for number in range(5)] for turn in range(25)]

    def changing(mine: Subscribed) -> Callable[[FlaskClient], TestResponse]:
        def change(client: FlaskClient) -> TestResponse:
            for each in lists:
                body = {"language": "en", "reminders": each}
                answer = client.put(mine.path, json=body, headers=mine.bearer)
                if answer.status_code != 200:
                    return answer
            return answer

        return change

    assert together(small_house, [changing(mine) for mine in phones]) == [200] * 8
    assert all(len(small_house.told(mine)["reminders"]) == 5 for mine in phones)


def test_those_who_write_without_end_take_turns_with_the_others(small_house: Site) -> None:
    start, written = threading.Barrier(8), list[int]()

    def write(who: int) -> None:
        start.wait()
        for _ in range(12):
            with db.writing(small_house.engine):
                time.sleep(0.005)
                written.append(who)

    with ThreadPoolExecutor(8) as eight:
        list(eight.map(write, range(8)))
    counted = [Counter(written[:number]) for number in range(1, len(written) + 1)]
    ahead = [max(each.values()) - min(each[who] for who in range(8)) for each in counted]
    # One who is late for a turn misses one; those who find the door shut must not miss all.
    assert max(ahead) < 6
    assert len(written) == 8 * 12


def test_a_reader_after_a_writer_who_waited_for_a_turn_has_all_its_patience(
    tmp_path: Path, service: PushService
) -> None:
    with Site(tmp_path / "data", service) as site, ThreadPoolExecutor(1) as other:
        site.engine.dispose()  # so that the writer's connection is the only one there is
        with db._turns.take(db.BUSY_SECONDS):
            asked = other.submit(lambda: patience(db.writing(site.engine)))
            time.sleep(0.2)
        assert asked.result() < db.BUSY_SECONDS * 1000 - 100
        assert patience(db.reading(site.engine)) == db.BUSY_SECONDS * 1000


def patience(transaction: AbstractContextManager[Connection]) -> int:
    """Return for how many milliseconds SQLite would wait for others in a transaction."""
    with transaction as opened:
        return int(opened.exec_driver_sql("PRAGMA busy_timeout").scalar_one())


def test_one_phone_that_asks_eight_times_at_once_has_one_row(house: Site) -> None:
    phone = house.service.subscribe()
    body = house.asked(phone, ring("a", at=HOUR), ring("b", at=HOUR))
    assert together(house, [subscribes(body)] * 8) == [201] * 8
    rows = house.sql("SELECT id FROM subscription WHERE endpoint = :it", it=phone.endpoint)
    assert len(rows) == 1
    names = house.sql("SELECT name FROM reminder WHERE subscription_id = :it", it=rows[0][0])
    assert sorted(name for (name,) in names) == ["a", "b", "welcome"]


def test_many_that_move_to_one_address_at_once_do_not_break(house: Site) -> None:
    for _ in range(4):
        phones = [house.confirmed() for _ in range(4)]
        asked = house.asked(house.service.subscribe(), ring(at=HOUR))
        heard = together(house, [*(changes(mine, asked) for mine in phones), subscribes(asked)])
        assert set(heard) <= {200, 201, 404, 503}, heard
        where = asked["subscription"]["endpoint"]
        assert len(house.sql("SELECT 1 FROM subscription WHERE endpoint = :it", it=where)) == 1


def test_a_receipt_a_list_and_a_farewell_at_once_do_not_break(house: Site) -> None:
    body = {"language": "en", "reminders": [ring("c", at=HOUR)]}
    for _ in range(4):
        mine = house.subscribe(ring("a"), ring("b", at=HOUR))
        other = _with_other_keys(house, mine, ring("a"))
        calls = [acknowledges(receipt(house, each, "a")) for each in (mine, other)]
        calls += [changes(each, body) for each in (mine, other)]
        heard = together(house, [*calls, leaves(mine)])
        # Nobody has to come back: what is taken in the same order never waits in a circle.
        assert set(heard) <= {200, 204, 404}, heard
