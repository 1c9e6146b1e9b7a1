"""The hall: settings, rooms, templates, errors, health, wired into one app."""

import hashlib
from collections.abc import Mapping
from datetime import date
from importlib.metadata import version
from types import TracebackType
from typing import cast

from flask import Flask, Response, g, render_template, request
from jinja2 import pass_context
from jinja2.runtime import Context
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge

from webapp import assets, db, headers, moving, offline
from webapp.config import Settings, folder, read_settings
from webapp.guide import pages as guide_pages
from webapp.guide.asking import called
from webapp.guide.families import Family, families
from webapp.guide.ingredients import products_table, quietly
from webapp.guide.reminders import reminders_of
from webapp.guide.reviewing import review
from webapp.guide.routes import room as guide_room
from webapp.guide.signs import table_of
from webapp.guide.situations import concerns, passing, remarks
from webapp.hosts import behind_the_door
from webapp.languages import NAMES, catalogue, format_date, of_path, other
from webapp.protocol.changes import changes
from webapp.protocol.library import load_library
from webapp.protocol.models import Language, Text
from webapp.protocol.sealing import digest
from webapp.reminders import calendar_routes, forgetting, watch
from webapp.reminders import routes as reminder_routes

MAX_BODY = 64 * 1024
# Pages are made by them when they are asked for, and not when the app is built.
RENDERERS = ("jinja2", "babel")
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def create_app(settings: Settings | None = None) -> Flask:
    """Wire everything.

    :raises webapp.config.SettingsError: when a setting is wrong
    :raises FileNotFoundError: when `lendemain build` has not run
    """
    settings = settings or read_settings({})
    app = bare_app()
    urls = assets.urls(app)
    release = release_of(settings, urls)
    every = families(load_library(assets.BUILD / "protocols.json"))
    pages = guide_pages.pages(every)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    headers.init_app(app, settings)
    _set_up_templates(app, settings, every, release, urls)
    app.register_blueprint(offline.room(pages, urls, release, settings))
    app.register_blueprint(moving.room(settings))
    app.register_blueprint(guide_room(pages))
    engine = db.make_engine(settings)
    app.register_blueprint(reminder_routes.room(settings, engine))
    app.register_blueprint(calendar_routes.room(settings))
    app.extensions["lendemain"] = engine
    _add_health(app, settings, release, engine)
    app.register_error_handler(HTTPException, _error_page)
    _keep_people_out_of_the_log(app)
    assets.serve_static(app, settings)
    app.wsgi_app = behind_the_door(app.wsgi_app, settings)  # type: ignore[method-assign,assignment]
    return app


def bare_app() -> Flask:
    """Return an app that knows its folders and bundles only: enough to build them."""
    app = Flask("webapp", static_folder=folder("static"), template_folder=folder("templates"))
    assets.init_app(app)
    return app


def release_of(settings: Settings, urls: Mapping[str, str]) -> str:
    """Return the stamp of this state of code, content and settings: what names every cache.

    :param urls: the address of each bundle: another minifier makes another one of the same sources
    """
    renderers = [version(each) for each in RENDERERS]
    seen = f"{assets.built_state()} {[*urls.values()]} {renderers} {settings.origin} {settings.responsible}"
    return hashlib.sha256(seen.encode()).hexdigest()[:12]


def _set_up_templates(
    app: Flask, settings: Settings, every: list[Family], release: str, urls: dict[str, str]
) -> None:
    env = app.jinja_env
    env.trim_blocks = env.lstrip_blocks = True
    env.add_extension("jinja2.ext.i18n")
    env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda words: catalogue(g.language).gettext(words),
        lambda one, many, number: catalogue(g.language).ngettext(one, many, number),
        newstyle=True,
        pgettext=lambda context, words: catalogue(g.language).pgettext(context, words),
    )
    main = guide_pages.guides_of(every[0])[0]
    env.globals.update(
        release=release,
        settings=settings,
        family_names=" ".join(each.id for each in every),
        guide_names=" ".join(each.id for each in guide_pages.guides(every)),
        css_url=urls["css"],
        js_url=urls["js"],
        screens_url=urls["screens"],
        questions_url=urls["questions"],
        packages_url=urls["packages"],
        static_url=assets.static_url,
        language_names=NAMES,
        supports=guide_pages.supports,
        number_of_sources=guide_pages.number_of_sources,
        answers=guide_pages.answers,
        changes=changes,
        review=review,
        digest=digest,
        reminders_of=reminders_of,
        signs_table=table_of,
        products_table=products_table,
        called=called,
        concerns=concerns,
        passing=passing,
        remarks=remarks,
        wait_in_words=guide_pages.wait_in_words,
        kept=forgetting.KEPT,
    )
    env.filters["t"] = _in_the_pages_language
    env.filters["quietly"] = quietly
    env.filters["in_words"] = lambda day: format_date(date.fromisoformat(day), g.language)
    env.filters["lower_first"] = lambda words: words[:1].lower() + words[1:]

    @app.context_processor
    def of_this_page() -> dict[str, object]:
        language = cast("Language", g.language)
        # A page of a guide brings its own; the others speak of the first one.
        return {"language": language, "other": other(language), "guide": main}


@pass_context
def _in_the_pages_language(context: Context, text: Text) -> str:
    return text[cast("Language", context["language"])]


def refuse_as_too_long(app: Flask, request: Mapping[str, str]) -> Response:
    """Return the answer to a body that nobody read.

    :param request: its WSGI variables: path, method, what it accepts
    """
    with app.test_request_context(environ_overrides=dict(request)):
        refused = app.handle_user_exception(RequestEntityTooLarge())
        return app.process_response(app.make_response(refused))


def _add_health(app: Flask, settings: Settings, release: str, engine: Engine) -> None:
    @app.get("/healthz")
    def health() -> tuple[dict[str, object], int]:
        answer: dict[str, object] = {"status": "ok", "release": release, "sender": None}
        if settings.sender == "off":
            return answer, 200
        try:
            with db.reading(engine) as opened:
                found = watch.health(opened, db.now_ms())
        except SQLAlchemyError:
            return {**answer, "status": "failing"}, 503
        if found.seen_ms_ago is not None:
            seconds = round(found.seen_ms_ago / 1000, 1)
            lag = round(found.lag_ms / 1000, 1)
            answer["sender"] = {"seen_seconds_ago": seconds, "lag_seconds": lag}
        if found.well:
            return answer, 200
        return {**answer, "status": "failing"}, 503


def _keep_people_out_of_the_log(app: Flask) -> None:
    """Log the rule of a route instead of the path, which may name a subscription."""

    def log_exception(error: ExcInfo | tuple[None, None, None]) -> None:
        rule = request.url_rule.rule if request.url_rule else ""
        extra = {"route": f"{request.method} {rule}"}
        app.logger.error("an error nobody foresaw", exc_info=error, extra=extra)

    app.log_exception = log_exception  # type: ignore[assignment,method-assign]


def _error_page(error: HTTPException) -> Response | HTTPException:
    """Answer an error in the visitor's language; never HTML where a file was asked for."""
    code = error.code or 500
    if code < 400:
        return error
    if request.path.startswith(reminder_routes.PREFIX):
        return reminder_routes.problem_of(error)
    if request.path.startswith("/static/"):
        response = Response(f"{code}\n", status=code, mimetype="text/plain")
    else:
        g.language = of_path(request.path, request.accept_languages)
        response = Response(render_template("error.html", code=code, page=None), status=code)
    response.headers["Cache-Control"] = "no-store"
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(error.valid_methods or ())
    return response
