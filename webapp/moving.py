"""A plan moves to another phone as a QR code: a form in, a page with the drawing out, nothing kept."""

import json
import re

from flask import Blueprint, Response, g, render_template, request
from werkzeug.exceptions import (
    BadRequest,
    Forbidden,
    HTTPException,
    MethodNotAllowed,
    UnprocessableEntity,
    UnsupportedMediaType,
)

from webapp.config import Settings
from webapp.languages import catalogue, of_path
from webapp.protocol.models import Language
from webapp.qr import drawing

FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
OURS = frozenset({"same-origin", "none"})
# Every method, so that all but one are refused here and not taken for a page of the guide.
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
PROBLEMS = ("application/problem+json", "application/json")
# What `linkOf` in static/js/link.js writes; a code with more than this is too fine for a screen.
PLAN = re.compile(r"1(?:\.[A-Za-z0-9_-]*){8}")
LONGEST = 700


def room(settings: Settings) -> Blueprint:
    """Return the route that draws a plan's code, in both languages."""
    moving = Blueprint("moving", __name__)

    def answer(language: str) -> Response:
        if request.method != "POST":
            raise MethodNotAllowed(["POST"])
        link = f"{settings.origin}/{language}/start#{_asked()}"
        g.language = language
        return Response(render_template("move_code.html", page=None, code=drawing(link)))

    rule = "/<any(en, fr):language>/move/qr"
    moving.add_url_rule(rule, "answer", answer, methods=METHODS, provide_automatic_options=False)
    moving.register_error_handler(HTTPException, _refusal)
    return moving


def _asked() -> str:
    # Another site must not put a plan of its choosing on this one's pages.
    if request.headers.get("Sec-Fetch-Site", "none") not in OURS:
        raise Forbidden
    if request.mimetype not in FORMS:
        raise UnsupportedMediaType
    fields = request.form.getlist("plan")
    if len(fields) != 1:
        raise BadRequest
    if len(fields[0]) > LONGEST or not PLAN.fullmatch(fields[0]):
        raise UnprocessableEntity
    return fields[0]


def _refusal(error: HTTPException) -> Response:
    """Answer a person with a page in the language of the address, a program with a problem."""
    code = error.code or 500
    language = of_path(request.path, request.accept_languages)
    words = _words(code, language)
    kind = request.accept_mimetypes.best_match(["text/html", *PROBLEMS])
    if kind in PROBLEMS:
        problem = json.dumps({"type": "about:blank", "title": words, "status": code})
        response = Response(problem, code, mimetype="application/problem+json")
    else:
        g.language = language
        page = render_template("move_error.html", page=None, code=code, words=words)
        response = Response(page, code)
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept"
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(error.valid_methods or ())
    return response


def _words(code: int, language: Language) -> str:
    _ = catalogue(language).gettext
    said = {
        400: _("What arrived holds no plan."),
        403: _("Another site asked for this. Ask again from your own screen."),
        405: _("A code is drawn from your plan, with the button there."),
        413: _("What was sent is longer than 64 KiB."),
        415: _("What was sent is not a form."),
        422: _("What arrived is not a plan, or it is too long for a code."),
        500: _("Something went wrong on our side. Try again in a moment."),
    }
    return said.get(code, said[500 if code >= 500 else 400])
