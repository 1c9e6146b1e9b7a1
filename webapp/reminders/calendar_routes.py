"""The calendar file: a form in, a file out. Nothing of it is kept or logged."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

from flask import Blueprint, Response, g, render_template, request
from werkzeug.datastructures import LanguageAccept
from werkzeug.exceptions import (
    BadRequest,
    Forbidden,
    HTTPException,
    MethodNotAllowed,
    UnprocessableEntity,
    UnsupportedMediaType,
)

from webapp import db
from webapp.config import Settings
from webapp.languages import catalogue, of_path
from webapp.reminders.asking import N_, Fault, FaultsError, NotJsonError, read_object
from webapp.reminders.calendar import calendar_file
from webapp.reminders.calendar_form import AskedCalendar, read_calendar
from webapp.reminders.routes import problem_body

FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
OURS = frozenset({"same-origin", "none"})
# Every method, so that all but one are refused here and not taken for a page of the guide.
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
PROBLEMS = ("application/problem+json", "application/json")
WORDS = {
    400: N_("What arrived is not a list of reminders."),
    403: N_("Another site asked for this. Ask again from your reminders."),
    405: N_("A calendar file is made from your reminders, with the button there."),
    413: N_("What was sent is longer than 64 KiB."),
    415: N_("What was sent is not a form."),
    422: N_("Something in the list is not right."),
    500: N_("Something went wrong on our side. Try again in a moment."),
}


def room(settings: Settings) -> Blueprint:
    """Return the route of the calendar file, in both languages."""
    calendar = Blueprint("calendar", __name__)
    host = urlsplit(settings.origin).hostname or "localhost"

    def answer(language: str) -> Response:  # noqa: ARG001  (errors find it in the address)
        if request.method != "POST":
            raise MethodNotAllowed(["POST"])
        asked = _asked(host)
        made = datetime.now(UTC).replace(microsecond=0)
        file = calendar_file(asked.zone, asked.sequence, asked.events, made)
        # iPhones take it for a calendar by its type, over https; a blob they do not.
        response = Response(file, content_type="text/calendar; charset=utf-8")
        response.headers["Content-Disposition"] = 'attachment; filename="lendemain.ics"'
        return response

    rule = "/<any(en, fr):language>/calendar.ics"
    calendar.add_url_rule(rule, "answer", answer, methods=METHODS, provide_automatic_options=False)
    calendar.register_error_handler(HTTPException, _refusal)
    calendar.register_error_handler(FaultsError, _refusal_with_faults)
    return calendar


def _asked(host: str) -> AskedCalendar:
    # A form of another site would put its own words into a file that comes from here.
    if request.headers.get("Sec-Fetch-Site", "none") not in OURS:
        raise Forbidden
    if request.mimetype not in FORMS:
        raise UnsupportedMediaType
    fields = request.form.getlist("calendar")
    if len(fields) != 1:
        raise BadRequest
    try:
        body = read_object(fields[0].encode(errors="replace"))
    except NotJsonError as error:
        raise BadRequest from error
    return read_calendar(body, db.now_ms(), host)


def _refusal_with_faults(error: FaultsError) -> Response:
    return _refusal(UnprocessableEntity(), error.faults)


def _refusal(error: HTTPException, faults: list[Fault] | None = None) -> Response:
    """Answer a person with a page in the language of the address, a program with a problem."""
    code = error.code or 500
    language = of_path(request.path, request.accept_languages)
    words = WORDS.get(code, WORDS[500 if code >= 500 else 400])
    kind = request.accept_mimetypes.best_match(["text/html", *PROBLEMS])
    if kind in PROBLEMS:
        title = {"title": catalogue(language).gettext(words)}
        _, problem = problem_body(code, LanguageAccept([(language, 1)]), faults, title)
        response = Response(problem, code, mimetype="application/problem+json")
    else:
        g.language = language
        page = render_template(
            "calendar_error.html", page=None, code=code, words=words, faults=_shown(faults)
        )
        response = Response(page, code)
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept"
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(error.valid_methods or ())
    return response


def _shown(faults: list[Fault] | None) -> list[Fault]:
    """Return faults whose places can stand in a page: what was sent may hold halves of characters."""
    return [
        Fault("".join(c if c.isprintable() else "\ufffd" for c in each.pointer), each.detail)
        for each in faults or []
    ]
