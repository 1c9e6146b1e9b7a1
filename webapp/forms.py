"""Forms that our own pages send, and what is said when nothing is made of them; nothing is kept or logged."""

import json
from collections.abc import Callable, Sequence

from flask import Blueprint, Response, g, render_template, request
from werkzeug.exceptions import (
    BadRequest,
    Forbidden,
    HTTPException,
    MethodNotAllowed,
    UnsupportedMediaType,
)

from webapp.languages import catalogue, of_path

FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
OURS = frozenset({"same-origin", "none"})
# Every method, so that all but one are refused here and not taken for a page of the guide.
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
PROBLEMS = ("application/problem+json", "application/json")

Say = Callable[[str], str]
Words = Callable[[Say], dict[int, str]]


def add_form(room: Blueprint, path: str, answer: Callable[[str], Response]) -> None:
    """Add what answers a form, in both languages.

    :param path: below the language
    :param answer: given the language, with the form at hand (`only_field`)
    """

    def posted(language: str) -> Response:
        if request.method != "POST":
            raise MethodNotAllowed(["POST"])
        return answer(language)

    rule = f"/<any(en, fr):language>/{path}"
    room.add_url_rule(rule, "answer", posted, methods=METHODS, provide_automatic_options=False)


def only_field(name: str) -> str:
    """Return the one field of the form that a page of ours sent.

    :raises werkzeug.exceptions.Forbidden: for a form of another site, which would put its own words into
        what comes from here
    :raises werkzeug.exceptions.UnsupportedMediaType: for what is no form
    :raises werkzeug.exceptions.BadRequest: when the field is not there just once
    """
    if request.headers.get("Sec-Fetch-Site", "none") not in OURS:
        raise Forbidden
    if request.mimetype not in FORMS:
        raise UnsupportedMediaType
    fields = request.form.getlist(name)
    if len(fields) != 1:
        raise BadRequest
    return fields[0]


def refusal(
    error: HTTPException, page: str, words: Words, faults: Sequence[tuple[str, str]] = ()
) -> Response:
    """Answer a person with a page in the language of the address, a program with a problem.

    :param page: the template
    :param words: what is said for each status, translated by what it is given
    :param faults: the place of each, as a JSON pointer, and what is wrong there, still to be translated
    """
    code = error.code or 500
    language = of_path(request.path, request.accept_languages)
    say = catalogue(language).gettext
    said = {**_words(say), **words(say)}
    title = said.get(code, said[500 if code >= 500 else 400])
    told = [{"pointer": pointer, "detail": say(detail)} for pointer, detail in faults]
    kind = request.accept_mimetypes.best_match(["text/html", *PROBLEMS])
    if kind in PROBLEMS:
        problem = {"type": "about:blank", "title": title, "status": code}
        body = json.dumps({**problem, **({"errors": told} if told else {})})
        response = Response(f"{body}\n", code, mimetype="application/problem+json")
    else:
        g.language = language
        shown = [{**each, "pointer": _printable(each["pointer"])} for each in told]
        text = render_template(page, page=None, code=code, words=title, faults=shown)
        response = Response(text, code)
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept"
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(error.valid_methods or ())
    return response


def _words(_: Say) -> dict[int, str]:
    return {
        413: _("What was sent is longer than 64 KiB."),
        415: _("What was sent is not a form."),
        500: _("Something went wrong on our side. Try again in a moment."),
    }


def _printable(pointer: str) -> str:
    """Return a place that can stand in a page: what was sent may hold halves of characters."""
    return "".join(each if each.isprintable() else "\ufffd" for each in pointer)
