"""Chance against the API: what its document allows and forbids, and long lives of a few phones."""

import gc
import json
import os
import secrets
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from werkzeug.test import TestResponse

from tests.push.service import Phone
from tests.reminders.site import DAY, HOUR, Site, ring
from webapp import db
from webapp.reminders import due, forgetting, receipts

Body = dict[str, Any]
EVERY_DAY = 5  # cases of each call and mode
# On each database; a subscription costs several times as much to make up.
LONG, LONG_OF_SUBSCRIPTIONS = 3000, 2000
HELD = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def chosen_seed() -> int:
    """Return the seed of this run: that of the environment's `SEED`, or a new one."""
    return int(os.environ.get("SEED") or secrets.randbits(32))


# --- schemathesis --------------------------------------------------------------------------------


def seasoned(site: Site, written: Any) -> Any:
    """Return the document with values of this site where chance would never find one.

    Without them no generated subscription would get past the front door.
    """
    if isinstance(written, list):
        return [seasoned(site, each) for each in written]
    if not isinstance(written, dict):
        return written
    real = {
        "endpoint": [site.service.subscribe().endpoint for _ in range(3)],
        "p256dh": [site.service.subscribe().p256dh for _ in range(3)],
        "auth": [site.service.subscribe().auth for _ in range(3)],
        "applicationServerKey": [site.keys.current().public],
        "at": [ring(at=each)["at"] for each in (-HOUR / 2, HOUR, 2 * HOUR)],
        "until": [ring(at=each)["at"] for each in (HOUR / 2, 3 * HOUR, DAY)],
    }
    found = {name: seasoned(site, each) for name, each in written.items()}
    if "properties" in found:
        found["properties"] = {
            name: {"type": "string", "enum": real[name]} if name in real else each
            for name, each in found["properties"].items()
        }
    return found


CALLS = [
    ("POST", "/api/receipts"), ("POST", "/api/subscriptions"), ("GET", "/api/subscriptions/{id}"),
    ("PUT", "/api/subscriptions/{id}"), ("DELETE", "/api/subscriptions/{id}"),
    ("POST", "/api/subscriptions/{id}/test"),
]  # fmt: skip
PAIRS = [
    (method, path, mode)
    for method, path in CALLS
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    # Where no body is sent, what is wrong is the same each time: an id or a secret of nobody.
    if mode is GenerationMode.POSITIVE or method == "PUT" or "{" not in path
] + [("GET", "/api/subscriptions/{id}", GenerationMode.NEGATIVE)]


def batter(site: Site, method: str, path: str, mode: GenerationMode, count: int) -> str:
    """Make so many cases of a call, hold every answer; return what was done, with the seed."""
    written = site.client.get("/api/openapi.json").json or {}
    if mode is GenerationMode.POSITIVE:
        written["components"]["schemas"] = {
            name: each if name == "Told" else seasoned(site, each)
            for name, each in written["components"]["schemas"].items()
        }
    document = schemathesis.openapi.from_dict(written)
    document.app = site.client.application
    mine = site.confirmed(ring("own", at=HOUR))
    statuses: Counter[int] = Counter()
    start = chosen_seed()

    @seed(start)
    @settings(
        max_examples=count, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=document[path][method].as_strategy(generation_mode=mode), own=st.booleans())
    def hold(case: Case[Any], own: bool) -> None:
        # Half of the calls that name a subscription name one that exists.
        if own and "{id}" in path and method != "DELETE":
            case.path_parameters["id"] = mine.id
            case.headers["Authorization"] = f"Bearer {mine.secret}"
        # A host that is not served is refused before the API is reached.
        for name in [each for each in case.headers if each.lower() == "host"]:
            del case.headers[name]
        answer = case.call()
        statuses[answer.status_code] += 1
        case.validate_response(answer, checks=HELD)

    hold()
    heard = dict(sorted(statuses.items()))
    assert sum(heard.values()) >= count, heard
    return (
        f"{method} {path} {mode.name.lower()}: seed {start}, {sum(heard.values())} cases, {heard}"
    )


def long_count(method: str, path: str) -> int:
    """Return how many cases of a call a long campaign makes, in each mode and on each database."""
    asks = (method, path) in {CALLS[1], CALLS[3]}
    return LONG_OF_SUBSCRIPTIONS if asks else LONG


def test_the_long_campaign_is_long_enough() -> None:
    assert 2 * sum(long_count(method, path) for method, path, _ in PAIRS) >= 50_000


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("method", "path", "mode"), PAIRS)
def test_no_generated_call_breaks_the_api(
    house: Site, method: str, path: str, mode: GenerationMode
) -> None:
    print(batter(house, method, path, mode, EVERY_DAY))


@pytest.mark.long
@pytest.mark.parametrize(("method", "path", "mode"), PAIRS)
def test_no_generated_call_breaks_the_api_in_a_long_campaign(
    house: Site, method: str, path: str, mode: GenerationMode, capsys: pytest.CaptureFixture[str]
) -> None:
    said = batter(house, method, path, mode, long_count(method, path))
    with capsys.disabled():
        print(f"\n{said}")


# --- long lives ----------------------------------------------------------------------------------

FINAL = frozenset({"accepted", "refused", "expired"})
MS, HOURS, DAYS = 1000, 3_600_000, 86_400_000
NAMES = ("a", "b", "c", "d")
# Where a reminder stands, seen from now: hours to `at`, hours from `at` to `until`. Halves, so
# that no edge falls on a whole hour, by which time passes.
WHERE = ((-5.5, 4), (-1.5, 2), (-1.5, 20), (-0.5, 24), (0.5, 1), (0.5, 24), (1.5, 24), (300.5, 2))


@dataclass
class Wish:
    """A reminder as the model has it; instants in milliseconds."""

    at: int
    until: int
    outcome: str | None = None
    listed: bool = True
    seen: bool = False


@dataclass
class Row:
    """A subscription as the model has it."""

    number: int
    address: tuple[int, int]
    id: str
    secret: str
    language: str
    forget_at: int
    confirmed: bool = False
    wishes: dict[str, Wish] = field(default_factory=dict)
    tested_at: int | None = None
    old_secrets: list[str] = field(default_factory=list)


def said(milliseconds: int) -> str:
    """Return an instant as the API wants it."""
    when = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Lives(RuleBasedStateMachine):
    """A few phones at a site, each call held against what the contract says becomes of it."""

    site: Site
    phones: list[Phone]
    steps = 0
    rang = 0

    def __init__(self) -> None:
        """Begin with a site that knows nobody."""
        super().__init__()
        for table in ("reminder", "subscription", "brake"):
            self.site.sql(f"DELETE FROM {table}")
        self.rows: list[Row] = []
        self.numbers = 0
        self.jitter = 0

    # --- the model -------------------------------------------------------------------------------

    def body(self, wishes: dict[str, int], language: str) -> tuple[Body, dict[str, Wish]]:
        """Return what a phone asks for, and what the model makes of it."""
        now, asked = db.now_ms(), {}
        for name, place in wishes.items():
            hours, lasts = WHERE[place]
            self.jitter += 1  # no two at the same instant
            at = now + int(hours * HOURS) + self.jitter
            asked[name] = Wish(at, at + lasts * HOURS)
        reminders = [
            {"id": name, "at": said(each.at), "until": said(each.until)}
            for name, each in asked.items()
        ]
        return {"language": language, "reminders": reminders}, asked

    def address(self, where: tuple[int, int]) -> Body:
        """Return one of the addresses: an endpoint with one pair of keys or the other."""
        endpoint, keys = (self.phones[each] for each in where)
        return {
            "subscription": {**keys.json(), "endpoint": endpoint.endpoint},
            "applicationServerKey": self.site.keys.current().public,
        }

    def relist(self, row: Row, asked: dict[str, Wish]) -> None:
        """Replace a list in the model."""
        now = db.now_ms()
        self.let_expire(row)
        for name, known in list(row.wishes.items()):
            known.listed = name in asked
            if known.outcome not in FINAL and name not in asked:
                del row.wishes[name]
        for name, wish in asked.items():
            known_one = row.wishes.get(name)
            if known_one and known_one.outcome in FINAL:
                known_one.at, known_one.until, known_one.listed = wish.at, wish.until, True
                continue
            if wish.until <= now:
                wish.outcome = "expired"
            row.wishes[name] = wish

    def let_expire(self, row: Row) -> None:
        """Make what is over expired in the model."""
        for each in row.wishes.values():
            if each.outcome not in FINAL and each.until <= db.now_ms():
                each.outcome = "expired"

    def settle(self, row: Row) -> None:
        """Set when a row goes, in the model."""
        last = max((each.until for each in row.wishes.values() if each.listed), default=None)
        now = db.now_ms()
        row.forget_at = (now if last is None else last) + 7 * DAYS if row.confirmed else now + DAYS

    def is_there(self, row: Row) -> bool:
        """Say whether the API still knows a row."""
        return row.forget_at > db.now_ms()

    def row(self, which: int) -> Row | None:
        """Return one of the rows, if there is any."""
        return self.rows[which % len(self.rows)] if self.rows else None

    def ask(self, row: Row, method: str, tail: str = "", body: Body | None = None) -> TestResponse:
        """Make a call for a subscription."""
        Lives.steps += 1
        return self.site.client.open(
            f"/api/subscriptions/{row.id}{tail}", method=method, json=body,
            headers={"Authorization": f"Bearer {row.secret}"},
        )  # fmt: skip

    def hold(self, row: Row) -> None:
        """Hold what the API tells of a subscription against the model."""
        answer = self.ask(row, "GET")
        if not self.is_there(row):
            assert answer.status_code == 404
            return
        assert answer.status_code == 200, answer.text
        self.let_expire(row)
        listed = sorted(
            ((each.at, name, each) for name, each in row.wishes.items() if each.listed),
            key=lambda one: one[0],
        )
        told = json.loads(answer.data)
        assert told == {
            "language": row.language, "confirmed": row.confirmed, "reminders": told["reminders"],
        }  # fmt: skip
        assert [(each["id"], each["outcome"], each["seen_at"] is not None) for each in
                told["reminders"]] == [(n, each.outcome, each.seen) for _, n, each in listed]  # fmt: skip
        for each, (_, _, wish) in zip(told["reminders"], listed, strict=True):
            for name, wanted in (("at", wish.at), ("until", wish.until)):
                assert datetime.fromisoformat(each[name]) == datetime.fromisoformat(said(wanted))

    # --- what phones do --------------------------------------------------------------------------

    places = st.integers(0, len(WHERE) - 1)
    lists = st.dictionaries(st.sampled_from(NAMES), places, min_size=1, max_size=4)
    languages = st.sampled_from(["en", "fr"])
    addresses = st.tuples(st.integers(0, 2), st.integers(0, 1))
    which = st.integers(0, 11)

    @initialize(where=addresses, wishes=lists, confirmed=st.booleans())
    def begins(self, where: tuple[int, int], wishes: dict[str, int], confirmed: bool) -> None:
        """Have one phone at least."""
        self.subscribes(where, wishes, "en")
        if confirmed:
            self.acknowledges(0, 0)

    @rule(where=addresses, wishes=lists, language=languages)
    def subscribes_again(
        self, where: tuple[int, int], wishes: dict[str, int], language: str
    ) -> None:
        """Subscribe from an address that may be known."""
        self.subscribes(where, wishes, language)

    def subscribes(self, where: tuple[int, int], wishes: dict[str, int], language: str) -> None:
        """Subscribe from an address."""
        Lives.steps += 1
        body, asked = self.body(wishes, language)
        answer = self.site.client.post("/api/subscriptions", json={**body, **self.address(where)})
        assert answer.status_code == 201, answer.text
        told = json.loads(answer.data)
        row = next((each for each in self.rows if each.address == where), None)
        if row is None:
            self.numbers += 1
            row = Row(self.numbers, where, told["id"], told["secret"], language, 0)
            self.rows.append(row)
        else:
            assert told["id"] == row.id
            assert told["secret"] != row.secret
            row.old_secrets.append(row.secret)
        row.secret, row.language = told["secret"], language
        self.relist(row, asked)
        # A day is a day: to ask again does not keep what was never confirmed.
        if row.confirmed or not self.is_there(row):
            self.settle(row)
        self.hold(row)

    @rule(which=which, wishes=st.one_of(lists, st.just({})), language=languages)
    def changes_the_list(self, which: int, wishes: dict[str, int], language: str) -> None:
        """Replace a list."""
        row = self.row(which)
        if row is None:
            return
        body, asked = self.body(wishes, language)
        self.changed(row, body, asked, language)

    @rule(which=which, where=addresses, wishes=lists, language=languages)
    def moves(
        self, which: int, where: tuple[int, int], wishes: dict[str, int], language: str
    ) -> None:
        """Replace a list, and the address with it."""
        row = self.row(which)
        if row is None:
            return
        body, asked = self.body(wishes, language)
        there, moved = self.is_there(row), row.address != where
        if there and moved:
            self.rows = [each for each in self.rows if each is row or each.address != where]
            self.let_expire(row)
            row.address, row.confirmed = where, False
            self.settle(row)
        self.changed(row, {**body, **self.address(where)}, asked, language)

    def changed(self, row: Row, body: Body, asked: dict[str, Wish], language: str) -> None:
        """Replace a list, and hold the answer against the model."""
        answer = self.ask(row, "PUT", body=body)
        if not self.is_there(row):
            assert answer.status_code == 404
            return
        assert answer.status_code == 200, answer.text
        row.language = language
        self.relist(row, asked)
        if row.confirmed:
            self.settle(row)
        assert answer.data == self.ask(row, "GET").data or not self.is_there(row)
        self.hold(row)

    @rule(which=which, push=which)
    def receipt_comes(self, which: int, push: int) -> None:
        """Send the receipt of a push, whether or not it was sent."""
        self.acknowledges(which, push)

    def acknowledges(self, which: int, push: int) -> None:
        """Send the receipt of a push, whether or not it was sent."""
        row = self.row(which)
        if row is None:
            return
        found = self.site.sql(
            "SELECT name, reminder.id, topic FROM reminder JOIN subscription "
            "ON subscription.id = subscription_id WHERE public_id = :it ORDER BY name",
            it=row.id,
        )  # fmt: skip
        Lives.steps += 1
        name, number, topic = found[push % len(found)]
        self.site.acknowledge(receipts.receipt_of(self.site.keys.secret, number, bytes(topic)))
        if name in row.wishes:
            row.wishes[name].seen = True
        if not row.confirmed:
            self.confirm(row)
        self.hold(row)

    def confirm(self, row: Row) -> None:
        """Let reminders go in the model: of those that are due, the latest."""
        row.confirmed = True
        self.rows = [
            each for each in self.rows
            if each.address[0] != row.address[0] or each.number >= row.number
        ]  # fmt: skip
        self.let_expire(row)
        now = db.now_ms()
        waiting = [each for each in row.wishes.values() if each.outcome not in FINAL]
        over = sorted((each for each in waiting if each.at <= now), key=lambda each: each.at)
        for each in over[:-1]:
            each.outcome = "expired"
        self.settle(row)

    @rule(which=which)
    def rings_for_a_test(self, which: int) -> None:
        """Ask for a test."""
        row = self.row(which)
        if row is None:
            return
        answer, now = self.ask(row, "POST", "/test"), db.now_ms()
        if not self.is_there(row):
            assert answer.status_code == 404
        elif row.tested_at is not None and now < row.tested_at + 25 * MS:
            assert answer.status_code == 429
        elif row.tested_at is None or now > row.tested_at + 30 * MS:
            assert answer.status_code == 202
            row.tested_at = now

    @rule(which=which)
    def leaves(self, which: int) -> None:
        """Unsubscribe."""
        row = self.row(which)
        if row is None:
            return
        answer = self.ask(row, "DELETE")
        assert answer.status_code == (204 if self.is_there(row) else 404)
        if answer.status_code == 204:
            self.rows.remove(row)
            assert self.ask(row, "GET").status_code == 404

    @rule(which=which)
    def uses_an_old_secret(self, which: int) -> None:
        """Ask with what was replaced."""
        row = self.row(which)
        for secret in row.old_secrets[-3:] if row else ():
            assert row
            answer = self.site.client.get(
                f"/api/subscriptions/{row.id}", headers={"Authorization": f"Bearer {secret}"}
            )
            assert answer.status_code == 404

    # --- what time and the sender do -------------------------------------------------------------

    @rule(hours=st.sampled_from([1, 1, 1, 1, 2, 2, 2, 8, 24, 24 * 7]))
    def time_passes(self, hours: int) -> None:
        """Let some hours pass."""
        Lives.steps += 1
        self.site.later(hours * HOUR)
        for row in self.rows:
            row.forget_at -= hours * HOURS
            if row.tested_at is not None:
                row.tested_at -= hours * HOURS
            for wish in row.wishes.values():
                wish.at -= hours * HOURS
                wish.until -= hours * HOURS

    @rule()
    def the_sender_works(self) -> None:
        """Send what is due."""
        self.sends("accepted")

    @rule(outcome=st.sampled_from(["accepted", "refused"]))
    def the_sender_works_again(self, outcome: str) -> None:
        """Send what is due, to a push service that may refuse."""
        self.sends(outcome)

    def sends(self, outcome: str) -> None:
        """Claim all that is due; it has to be exactly what the model says."""
        Lives.steps += 1
        now = db.now_ms()
        wanted = set()
        for row in self.rows:
            self.let_expire(row)
            for name, wish in row.wishes.items():
                is_due = wish.at <= now and wish.outcome is None and wish.listed
                if row.confirmed and is_due:
                    wanted.add((row.id, name))
                    wish.outcome = outcome
        numbers = dict(self.site.sql("SELECT id, public_id FROM subscription"))
        with db.writing(self.site.engine) as opened:
            claimed = due.claim(opened, now, 1000, urgent=False)
            assert {
                (numbers[each.subscription_id], each.name) for each in claimed.parcels
            } == wanted
            assert len(claimed.parcels) == len(wanted)
            for fence in {each.fence for each in claimed.parcels}:
                due.finish(opened, fence, [each.id for each in claimed.parcels], outcome)
        Lives.rang += len(wanted)

    @rule()
    def the_house_is_swept(self) -> None:
        """Delete what is to go; it has to be exactly what the model says."""
        Lives.steps += 1
        gone = 1
        while gone:
            with db.writing(self.site.engine) as opened:
                gone = forgetting.forget_some(opened, db.now_ms())
        self.rows = [each for each in self.rows if self.is_there(each)]
        self.hold_rows()

    def hold_rows(self) -> None:
        """Hold who is in the tables against the model."""
        kept = self.site.sql("SELECT public_id FROM subscription")
        assert sorted(kept) == sorted((each.id,) for each in self.rows)

    def teardown(self) -> None:
        """Hold everyone against the model."""
        self.hold_rows()
        for row in self.rows:
            self.hold(row)


def live(site: Site, lives: int, length: int) -> str:
    """Live so many lives of so many steps; return what was done, with the seed."""
    phones = [site.service.subscribe() for _ in range(3)]
    machine = type("LivesHere", (Lives,), {"site": site, "phones": phones})
    Lives.steps = Lives.rang = 0
    start = chosen_seed()
    options = settings(
        max_examples=lives, stateful_step_count=length, database=None, deadline=None,
        suppress_health_check=list(HealthCheck), print_blob=True,
        phases=[Phase.generate, Phase.shrink],
    )  # fmt: skip
    # What other tests left to be collected, collected while Hypothesis reads the class, breaks Python 3.11's parser.
    gc.collect()
    run_state_machine_as_test(seed(start)(machine), settings=options)
    return f"seed {start}, {lives} lives, {Lives.steps} steps, {Lives.rang} rang"


def test_whatever_phones_do_they_get_what_was_promised(house: Site) -> None:
    print(live(house, 6, 20))
    assert Lives.steps >= 60


@pytest.mark.long
def test_whatever_phones_do_in_long_lives_they_get_what_was_promised(
    house: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    done = live(house, 500, 60)
    with capsys.disabled():
        print(f"\n{done}")
    assert Lives.steps >= 20_000
    assert Lives.rang >= 100
