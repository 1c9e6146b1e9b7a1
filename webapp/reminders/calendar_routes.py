"""The calendar file: a form in, a file out. Nothing of it is kept or logged."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

from flask import Blueprint, Response
from werkzeug.exceptions import BadRequest, HTTPException, UnprocessableEntity

from webapp import db
from webapp.config import Settings
from webapp.forms import Say, add_form, only_field, refusal
from webapp.reminders.asking import FaultsError, NotJsonError, read_object
from webapp.reminders.calendar import calendar_file
from webapp.reminders.calendar_form import AskedCalendar, read_calendar


def room(settings: Settings) -> Blueprint:
    """Return the route of the calendar file, in both languages."""
    calendar = Blueprint("calendar", __name__)
    host = urlsplit(settings.origin).hostname or "localhost"

    def answer(language: str) -> Response:  # noqa: ARG001  (errors find it in the address)
        asked = _asked(host)
        made = datetime.now(UTC).replace(microsecond=0)
        file = calendar_file(asked.zone, asked.sequence, asked.events, made)
        # iPhones take it for a calendar by its type, over https; a blob they do not.
        response = Response(file, content_type="text/calendar; charset=utf-8")
        response.headers["Content-Disposition"] = 'attachment; filename="lendemain.ics"'
        return response

    add_form(calendar, "calendar.ics", answer)
    calendar.register_error_handler(HTTPException, _refusal)
    calendar.register_error_handler(FaultsError, _refusal_with_faults)
    return calendar


def _asked(host: str) -> AskedCalendar:
    try:
        body = read_object(only_field("calendar").encode(errors="replace"))
    except NotJsonError as error:
        raise BadRequest from error
    return read_calendar(body, db.now_ms(), host)


def _refusal(error: HTTPException) -> Response:
    return refusal(error, "calendar_error.html", _words)


def _refusal_with_faults(error: FaultsError) -> Response:
    faults = [(each.pointer, each.detail) for each in error.faults]
    return refusal(UnprocessableEntity(), "calendar_error.html", _words, faults)


def _words(_: Say) -> dict[int, str]:
    return {
        400: _("What arrived is not a list of reminders."),
        403: _("Another site asked for this. Ask again from your reminders."),
        405: _("A calendar file is made from your reminders, with the button there."),
        422: _("Something in the list is not right."),
    }
