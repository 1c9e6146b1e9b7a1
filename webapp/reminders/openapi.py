"""The OpenAPI document of the reminder API; a test holds it against the routes."""

from typing import Any

from webapp.reminders.asking import MOST_REMINDERS

NAME = r"^[A-Za-z0-9_-]{1,32}$"
KEY, AUTH = r"^[A-Za-z0-9_-]{87}=?$", r"^[A-Za-z0-9_-]{22}={0,2}$"


def document(origin: str) -> dict[str, Any]:
    """Return the document, OpenAPI 3.1, for a site at ``origin``."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Lendemain: reminders",
            "version": "1",
            "summary": "An alarm clock that cannot read the diary.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": origin}],
        "paths": _paths(),
        "components": {
            "schemas": _schemas(),
            "responses": {str(each): _problem(words) for each, words in PROBLEMS.items()},
            "securitySchemes": {"secret": {"type": "http", "scheme": "bearer"}},
        },
    }


PROBLEMS = {
    400: "Not JSON, or not an object",
    401: "No bearer secret",
    404: "Unknown id, or wrong secret",
    409: "Unknown applicationServerKey; `current` is the one to use",
    413: "Over 64 KiB",
    415: "Not application/json",
    422: "Something in the body is wrong; `errors` says what and where",
    429: "Too often; Retry-After says when",
    503: "The database does not answer; Retry-After says when",
}


def _problem(words: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": words, "content": {"application/problem+json": {"schema": schema}}}


def _refusals(*statuses: int) -> dict[str, Any]:
    return {str(each): {"$ref": f"#/components/responses/{each}"} for each in (*statuses, 503)}


def _json(name: str, words: str) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{name}"}
    return {"description": words, "content": {"application/json": {"schema": schema}}}


def _body(name: str) -> dict[str, Any]:
    return {"required": True, **_json(name, name)}


def _paths() -> dict[str, Any]:
    with_secret: dict[str, Any] = {"security": [{"secret": []}]}
    identified = {
        "parameters": [
            {
                "name": "id",
                "in": "path",
                "required": True,
                "schema": {"type": "string", "minLength": 1},
            }
        ]
    }
    return {
        "/api/push-key": {
            "get": {
                "operationId": "readPushKey",
                "summary": "The key that subscriptions are made with",
                "responses": {"200": _json("PushKey", "The key")},
            }
        },
        "/api/openapi.json": {
            "get": {
                "operationId": "readThisDocument",
                "summary": "This document",
                "responses": {
                    "200": {
                        "description": "OpenAPI 3.1",
                        "content": {"application/json": {"schema": {"type": "object"}}},
                    }
                },
            }
        },
        "/api/subscriptions": {
            "post": {
                "operationId": "addSubscription",
                "summary": "Keep a subscription and its reminders; a welcome push follows",
                "requestBody": _body("New"),
                "responses": {
                    "201": _json("Added", "Kept; the secret is told once"),
                    **_refusals(400, 409, 413, 415, 422, 429),
                },
            }
        },
        "/api/subscriptions/{id}": {
            **identified,
            "get": {
                "operationId": "readSubscription",
                "summary": "All that the server knows",
                **with_secret,
                "responses": {"200": _json("Told", "All of it"), **_refusals(401, 404)},
            },
            "put": {
                "operationId": "replaceReminders",
                "summary": "Replace language and list, and the address when it is given",
                **with_secret,
                "requestBody": _body("Changed"),
                "responses": {
                    "200": _json("Told", "As it is now"),
                    **_refusals(400, 401, 404, 409, 413, 415, 422, 429),
                },
            },
            "delete": {
                "operationId": "forgetSubscription",
                "summary": "Forget the subscription and all that hangs on it",
                **with_secret,
                "responses": {"204": {"description": "Forgotten"}, **_refusals(401, 404)},
            },
        },
        "/api/subscriptions/{id}/test": {
            **identified,
            "post": {
                "operationId": "ringForATest",
                "summary": "One push now; one per 30 s",
                **with_secret,
                "responses": {"202": {"description": "It rings"}, **_refusals(401, 404, 429)},
            },
        },
        "/api/receipts": {
            "post": {
                "operationId": "acknowledge",
                "summary": "A push was shown",
                "requestBody": _body("Receipt"),
                "responses": {
                    "204": {"description": "Known or not"},
                    **_refusals(400, 413, 415, 422),
                },
            }
        },
    }


def _object(properties: dict[str, Any], *optional: str, closed: bool = True) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [each for each in properties if each not in optional],
        "additionalProperties": not closed,
    }


def _schemas() -> dict[str, Any]:
    instant = {"type": "string", "format": "date-time", "description": "RFC 3339, in UTC"}
    language = {"type": "string", "enum": ["en", "fr"]}
    key = {"type": "string", "pattern": KEY}
    name = {"type": "string", "pattern": NAME, "not": {"enum": ["welcome", "test"]}}
    reminders = {
        "type": "array",
        "maxItems": MOST_REMINDERS,
        "items": _object({"id": name, "at": instant, "until": instant}),
        "description": "Ids are unique; `at` is 400 days ahead at most; at < until ≤ at + 24 h",
    }
    keys = {"p256dh": key, "auth": {"type": "string", "pattern": AUTH}}
    subscription = _object(
        {
            "endpoint": {"type": "string", "format": "uri", "maxLength": 2048},
            "keys": _object(keys, closed=False),
        },
        closed=False,
    )
    outcome = {"enum": [None, "later", "accepted", "refused", "expired"]}
    told = {
        "id": name,
        "at": instant,
        "until": instant,
        "outcome": outcome,
        "seen_at": {"anyOf": [instant, {"type": "null"}]},
    }
    error = _object({"pointer": {"type": "string"}, "detail": {"type": "string"}})
    return {
        "PushKey": _object({"applicationServerKey": key}),
        "New": _object(
            {
                "subscription": subscription,
                "applicationServerKey": key,
                "language": language,
                "reminders": reminders,
            }
        ),
        "Changed": {
            **_object(
                {
                    "language": language,
                    "reminders": reminders,
                    "subscription": subscription,
                    "applicationServerKey": key,
                },
                "subscription",
                "applicationServerKey",
            ),
            "dependentRequired": {
                "subscription": ["applicationServerKey"],
                "applicationServerKey": ["subscription"],
            },
        },
        "Added": _object({"id": {"type": "string"}, "secret": {"type": "string"}}),
        "Told": _object(
            {
                "language": language,
                "confirmed": {"type": "boolean"},
                "reminders": {"type": "array", "items": _object(told)},
            }
        ),
        "Receipt": _object({"receipt": {"type": "string", "pattern": r"^[A-Za-z0-9_-]{1,64}$"}}),
        "Problem": _object(
            {
                "type": {"type": "string"},
                "title": {"type": "string"},
                "status": {"type": "integer"},
                "errors": {"type": "array", "items": error},
                "current": key,
            },
            "errors",
            "current",
        ),
    }
