"""A plan moves to another phone as a QR code: a form in, a page with the drawing out, nothing kept."""

import re

from flask import Blueprint, Response, g, render_template
from werkzeug.exceptions import HTTPException, UnprocessableEntity

from webapp.config import Settings
from webapp.forms import Say, add_form, only_field, refusal
from webapp.qr import drawing

# What `linkOf` in static/js/link.js writes; a code with more than this is too fine for a screen.
PLAN = re.compile(r"1(?:\.[A-Za-z0-9_-]*){8}")
LONGEST = 700


def room(settings: Settings) -> Blueprint:
    """Return the route that draws a plan's code, in both languages."""
    moving = Blueprint("moving", __name__)

    def answer(language: str) -> Response:
        link = f"{settings.origin}/{language}/start#{_asked()}"
        g.language = language
        return Response(render_template("move_code.html", page=None, code=drawing(link)))

    add_form(moving, "move/qr", answer)
    moving.register_error_handler(HTTPException, _refusal)
    return moving


def _asked() -> str:
    plan = only_field("plan")
    if len(plan) > LONGEST or not PLAN.fullmatch(plan):
        raise UnprocessableEntity
    return plan


def _refusal(error: HTTPException) -> Response:
    return refusal(error, "move_error.html", _words)


def _words(_: Say) -> dict[int, str]:
    return {
        400: _("What arrived holds no plan."),
        403: _("Another site asked for this. Ask again from your own screen."),
        405: _("A code is drawn from your plan, with the button there."),
        422: _("What arrived is not a plan, or it is too long for a code."),
    }
