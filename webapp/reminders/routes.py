"""The reminder API. Every error is a problem (RFC 9457) in the language that was asked for."""

import json
import logging
import secrets
from functools import cached_property
from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from webapp import db
from webapp.config import Settings
from webapp.languages import at_the_door, catalogue
from webapp.logs import Seldom
from webapp.reminders import networks, subscriptions
from webapp.reminders.asking import (
    N_,
    Address,
    Asked,
    Fault,
    FaultsError,
    NotJsonError,
    escaped,
    read_asked,
    read_object,
)
from webapp.reminders.keys import Keys
from webapp.reminders.openapi import document
from webapp.reminders.receipts import SHAPE
from webapp.reminders.subscriptions import AnyRow

PREFIX = "/api/"
WORDS = {
    400: N_("The body is not a JSON object."),
    401: N_("The secret of the subscription is missing."),
    404: N_("There is nothing here."),
    405: N_("This cannot be done here."),
    409: N_("This key is not one of this site’s. Subscribe again with the current one."),
    413: N_("The body is longer than 64 KiB."),
    415: N_("The body must be application/json."),
    422: N_("Something in the body is not right. Nothing was changed."),
    429: N_("Too often. Try again a little later."),
    500: N_("Something went wrong on our side. Nothing was changed."),
    503: N_("The database does not answer. Nothing was changed. Try again in a moment."),
}
BUSY_RETRY_AFTER = 5  # seconds
_seldom = Seldom()

log = logging.getLogger(__name__)


class ProblemError(Exception):
    """A refusal on its way to the phone."""

    def __init__(
        self,
        status: int,
        *,
        faults: list[Fault] | None = None,
        retry_after: int = 0,
        **members: str,
    ) -> None:
        """Take the HTTP status; ``retry_after`` is in seconds, ``members`` stand in the body."""
        super().__init__(status)
        self.status, self.faults, self.retry_after = status, faults, retry_after
        self.members = members


def problem(
    status: int,
    *,
    faults: list[Fault] | None = None,
    retry_after: int = 0,
    members: dict[str, str] | None = None,
) -> Response:
    """Return a problem in the language of the request, French when none fits."""
    language = at_the_door(request.accept_languages)
    say = catalogue(language).gettext
    title = say(WORDS.get(status, WORDS[500 if status >= 500 else 400]))
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status}
    if faults:
        body["errors"] = [{"pointer": each.pointer, "detail": say(each.detail)} for each in faults]
    # Escaped: what was sent may hold halves of characters that no encoding can carry.
    text = json.dumps({**body, **(members or {})}).encode() + b"\n"
    response = Response(text, status, mimetype="application/problem+json")
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language"
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def problem_of(error: HTTPException) -> Response:
    """Return the problem that an error of the web framework is."""
    response = problem(error.code or 500)
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(error.valid_methods or ())
    return response


class Api:
    """The calls of the API, over one database and one set of keys."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        """Open nothing yet, neither the database nor the keys."""
        self._settings, self._engine = settings, engine
        self._networks, self._moves = networks.Networks(), networks.Networks()

    @cached_property
    def _keys(self) -> Keys:
        return Keys(self._settings.data)

    def openapi(self) -> dict[str, Any]:
        """Describe this API."""
        return document(self._settings.origin)

    def push_key(self) -> dict[str, str]:
        """Tell the key that subscriptions are made with."""
        return {"applicationServerKey": self._keys.current().public}

    def add(self) -> tuple[dict[str, str], int]:
        """Keep a subscription and its reminders."""
        asked, address = self._read_new()
        with db.writing(self._engine) as opened:
            self._keep_to_the_caps(opened, address)
            added = subscriptions.add(opened, asked, address, db.now_ms())
        self._networks.note(request.remote_addr, added.public_id)
        return {"id": added.public_id, "secret": added.secret}, 201

    def read(self, public_id: str) -> dict[str, Any]:
        """Tell all that is known."""
        with db.reading(self._engine) as opened:
            row = _found(opened, public_id, held=False)
            return subscriptions.told(opened, row.id, db.now_ms())

    def replace(self, public_id: str) -> dict[str, Any]:
        """Replace language, list, and the address when it is given."""
        _bearer()
        asked = self._read(new=False)
        with db.writing(self._engine) as opened:
            row = _found(opened, public_id)
            now = db.now_ms()
            moved = asked.address is not None and asked.address.digest != row.address
            if moved:
                self._keep_to_the_moves(opened)
            subscriptions.replace(opened, row, asked, now)
            told = subscriptions.told(opened, row.id, now)
        if moved:
            self._moves.note(request.remote_addr, f"{public_id}.{secrets.token_hex(4)}")
        return told

    def test(self, public_id: str) -> tuple[str, int]:
        """Ring once, now."""
        with db.writing(self._engine) as opened:
            row = _found(opened, public_id)
            wait = subscriptions.ring_test(opened, row.id, db.now_ms())
        if wait:
            raise ProblemError(429, retry_after=-(-wait // 1000))
        return "", 202

    def forget(self, public_id: str) -> tuple[str, int]:
        """Delete the subscription and all that hangs on it."""
        with db.writing(self._engine) as opened:
            subscriptions.forget(opened, _found(opened, public_id).id)
        return "", 204

    def receive(self) -> tuple[str, int]:
        """Note that a push was shown."""
        body = _body()
        faults = [
            Fault(f"/{escaped(each)}", N_("Not a known member"))
            for each in body
            if each != "receipt"
        ]
        receipt = body.get("receipt")
        if not isinstance(receipt, str) or not SHAPE.fullmatch(receipt):
            words = N_("Must be 1 to 64 letters, digits, hyphens or underscores")
            faults.append(Fault("/receipt", words))
        if faults:
            raise FaultsError(faults)
        with db.writing(self._engine) as opened:
            subscriptions.receive(opened, self._keys.secret, str(receipt), db.now_ms())
        return "", 204

    def _read(self, *, new: bool) -> Asked:
        asked = read_asked(_body(), db.now_ms(), self._settings.push_services, new=new)
        if asked.address and self._keys.private_of(asked.address.key) is None:
            raise ProblemError(409, current=self._keys.current().public)
        return asked

    def _read_new(self) -> tuple[Asked, Address]:
        asked = self._read(new=True)
        assert asked.address is not None  # without one it would have been refused
        return asked, asked.address

    def _keep_to_the_caps(self, opened: Connection, address: Address) -> None:
        if subscriptions.is_known(opened, address):
            return

        def still(public_ids: set[str]) -> set[str]:
            return subscriptions.unconfirmed_among(opened, public_ids)

        full = self._networks.is_full(request.remote_addr, still)
        if full or subscriptions.count_unconfirmed(opened) >= networks.IN_ALL:
            raise ProblemError(429, retry_after=networks.RETRY_AFTER)

    def _keep_to_the_moves(self, opened: Connection) -> None:
        # Each sends a push to an address that nobody has proved yet, as a new subscription does.
        def still(moves: set[str]) -> set[str]:
            named = {each: each.partition(".")[0] for each in moves}
            waiting = subscriptions.unconfirmed_among(opened, set(named.values()))
            return {each for each, public_id in named.items() if public_id in waiting}

        if self._moves.is_full(request.remote_addr, still):
            raise ProblemError(429, retry_after=networks.RETRY_AFTER)


def room(settings: Settings, engine: Engine) -> Blueprint:
    """Return the routes under ``/api/``."""
    api, calls = Blueprint("reminders", __name__, url_prefix="/api"), Api(settings, engine)
    one = "/subscriptions/<public_id>"
    for method, rule, call in (
        ("GET", "/openapi.json", calls.openapi),
        ("GET", "/push-key", calls.push_key),
        ("POST", "/subscriptions", calls.add),
        ("GET", one, calls.read),
        ("PUT", one, calls.replace),
        ("DELETE", one, calls.forget),
        ("POST", f"{one}/test", calls.test),
        ("POST", "/receipts", calls.receive),
    ):
        api.add_url_rule(rule, call.__name__, call, methods=[method])
    api.register_error_handler(ProblemError, _refusal)
    api.register_error_handler(FaultsError, lambda error: problem(422, faults=error.faults))
    api.register_error_handler(DBAPIError, _refusal_for_now)
    return api


def _refusal(error: ProblemError) -> Response:
    return problem(
        error.status,
        faults=error.faults,
        retry_after=error.retry_after,
        members=error.members,
    )


def _refusal_for_now(error: DBAPIError) -> Response:
    if not db.troubled(error):
        raise error
    reason = type(error.orig).__name__
    if _seldom.lets(reason):
        log.error("the database does not answer", extra={"reason": reason})
    return problem(503, retry_after=BUSY_RETRY_AFTER)


def _body() -> dict[str, Any]:
    if request.mimetype != "application/json":
        raise ProblemError(415)
    try:
        return read_object(request.get_data(cache=False))
    except NotJsonError as error:
        raise ProblemError(400) from error


def _bearer() -> str:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise ProblemError(401)
    return secret.strip()


def _found(opened: Connection, public_id: str, *, held: bool = True) -> AnyRow:
    row = subscriptions.find(opened, public_id, _bearer(), db.now_ms(), held=held)
    if row is None:
        raise ProblemError(404)
    return row
