"""What a phone keeps: the worker with its lists, and the manifests.

And how a browser throws all of it away, remains on its disk included: deleted entries of a database
stay legible there until the browser happens to tidy up.

The lists are derived from the pages, never kept by hand.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from flask import Blueprint, Response, request
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response as AnyResponse

from webapp.assets import STATIC, static_url
from webapp.config import Settings
from webapp.guide.pages import SHELL, Page, corrected
from webapp.languages import catalogue
from webapp.protocol.models import LANGUAGES, Language, Text

ICONS = (
    ("icons/icon-192.png", "192x192", "any"),
    ("icons/icon-512.png", "512x512", "any"),
    ("icons/maskable-512.png", "512x512", "maskable"),
    ("icons/monochrome-512.png", "512x512", "monochrome"),
)
# What a plan link is made of, and the most that `linkOf` in static/js/link.js makes.
PLAN = re.compile(r"[A-Za-z0-9._-]{1,1200}")
SHOTS = (("narrow", "780x1688"), ("wide", "1280x800"))


def kept_sets(pages: Mapping[str, Page], assets: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the addresses of every kept set by its name.

    The shell holds both languages, so that help and the fallback are there in either; every
    other set is one guide in one language, named ``{guide}/{language}``, with the pages that it
    shares with other guides of its family.
    """
    kept = {path: page for path, page in pages.items() if page.keep is not None}
    guides = {page.keep for page in kept.values() if page.keep and page.keep.count("/") == 2}
    named = [assets[each] for each in ("css", "js", "screens", "questions", "packages")]
    sets: dict[str, list[str]] = {SHELL: [*named, static_url("icons/favicon.svg")]}
    for language in LANGUAGES:
        sets[SHELL].append(f"/{language}/manifest.webmanifest")
        for path, page in kept.items():
            names = tuple(f"{each}/" for each in (page.keep, page.beside) if each)
            holders = [each for each in sorted(guides) if f"{each}/".startswith(names)]
            for name in [f"{each}/{language}" for each in holders] or [SHELL]:
                sets.setdefault(name, []).append(f"/{language}/{path}")
    return sets


def manifest(language: Language, after: Text, start: str = "today") -> dict[str, object]:
    """Return the web app manifest of one language, whose app opens at ``start``.

    :param after: what the guide comes after
    """
    _ = catalogue(language).gettext
    shortcuts = (
        ("today", _("Today")),
        ("guide", _("Guide")),
        ("help", _("Get help")),
    )
    paths = {"today": "today", "guide": "guide", "help": "get-help"}
    return {
        "id": "/",
        "name": "Lendemain",
        "short_name": "Lendemain",
        "description": _(
            "The days %(after)s, one at a time: what to expect, what to do, and from "
            "when each thing is allowed again. Offline, without an account."
        )
        % {"after": after[language]},
        "lang": f"{language}-CA",
        "dir": "ltr",
        "scope": "/",
        "start_url": f"/{language}/{start}",
        "display": "standalone",
        "display_override": ["standalone", "minimal-ui"],
        "launch_handler": {"client_mode": "navigate-existing"},
        "background_color": "#faf7f2",
        "theme_color": "#faf7f2",
        "categories": ["health", "medical", "lifestyle"],
        "icons": [
            {"src": static_url(name), "sizes": sizes, "type": "image/png", "purpose": purpose}
            for name, sizes, purpose in ICONS
        ],
        "shortcuts": [
            {
                "name": words,
                "url": f"/{language}/{paths[name]}",
                "icons": [
                    {"src": static_url(f"icons/shortcut-{name}-96.png"), "sizes": "96x96"},
                ],
            }
            for name, words in shortcuts
        ],
        "screenshots": list(_screenshots(language)),
    }


def _screenshots(language: Language) -> list[dict[str, str]]:
    _ = catalogue(language).gettext
    labels = {
        "today": _("Your day: what to do, and what waits until when"),
        "day": _("One day of the guide"),
    }
    found: list[dict[str, str]] = []
    for form, sizes in SHOTS:
        for name, label in labels.items():
            file = f"screenshots/{name}-{form}-{language}.png"
            if Path(STATIC, file).is_file():
                shot = {"src": static_url(file), "sizes": sizes, "type": "image/png"}
                found.append({**shot, "form_factor": form, "label": label})
    return found


def words(language: Language) -> dict[str, str]:
    """Return the worker's own words.

    They are those of notifications that say nothing of what they are about, and of what is left
    to show where everything was cleared and there is no network.
    """
    _ = catalogue(language).gettext
    return {
        "reminder": _("Time for your aftercare"),
        "welcome": _("Reminders are on"),
        "done": _("Done"),
        "hour": _("In an hour"),
        "cleared": _(
            "There is no network, and this browser has cleared the guide. "
            "It comes back at the next opening with a network."
        ),
        "emergency": _("In an emergency, call 911"),
        "nurse": _("In Québec, 811, option 1: a nurse, free, day and night"),
    }


def worker(
    release: str, sets: Mapping[str, list[str]], corrections: Mapping[str, list[str]], script: str
) -> str:
    """Return the service worker: its release, lists, corrections and words, then the script."""
    spoken = {each: words(each) for each in LANGUAGES}
    icon, badge = static_url("icons/icon-192.png"), static_url("icons/badge-96.png")
    return (
        f"const RELEASE={_js(release)},SETS={_js(sets)};\n"
        f"const CORRECTED={_js(corrections)};\n"
        f"const WORDS={_js(spoken)},ICON={_js(icon)},BADGE={_js(badge)};\n{script}"
    )


def _js(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def room(
    pages: Mapping[str, Page], assets: Mapping[str, str], release: str, settings: Settings
) -> Blueprint:
    """Return the routes of the worker, the manifests, forgetting, the site map and robots.txt."""
    offline = Blueprint("offline", __name__)
    origin = settings.origin
    url = assets["worker" if settings.worker == "full" else "pass-through"]
    script = (STATIC / url.removeprefix("/static/")).read_text("utf-8")
    body = worker(release, kept_sets(pages, assets), corrected(pages), script)
    after = cast("Text", pages[""].values["after"])
    manifests = {each: _json(manifest(each, after)) for each in LANGUAGES}
    listed = site_map(pages, origin)

    @offline.get("/sw.js")
    def service_worker() -> AnyResponse:
        return _file(body, "text/javascript")

    @offline.get("/<any(en, fr):language>/manifest.webmanifest")
    def web_manifest(language: Language) -> AnyResponse:
        plan = request.args.getlist("plan")
        if not plan:
            return _file(manifests[language], "application/manifest+json")
        # An iPhone's home screen begins with empty storage: its icon brings the plan along.
        carried = manifest(
            language, after, f"today?plan={plan[0]}" if _is_a_plan(plan) else "today"
        )
        response = Response(_json(carried), mimetype="application/manifest+json")
        response.headers["Cache-Control"] = "no-store"
        return response

    @offline.post("/forget")
    def forget() -> AnyResponse:
        # Whoever else could make a browser ask for this would delete a person's notes.
        if request.headers.get("Sec-Fetch-Site") != "same-origin":
            raise Forbidden
        return Response(status=204, headers={"Clear-Site-Data": '"storage", "cache"'})

    @offline.get("/sitemap.xml")
    def sitemap() -> AnyResponse:
        return _file(listed, "application/xml")

    @offline.get("/robots.txt")
    def robots() -> AnyResponse:
        return _file(f"User-agent: *\nAllow: /\nSitemap: {origin}/sitemap.xml\n", "text/plain")

    return offline


def _is_a_plan(given: list[str]) -> bool:
    return len(given) == 1 and bool(PLAN.fullmatch(given[0]))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _file(body: str, mimetype: str) -> AnyResponse:
    response = Response(body, mimetype=mimetype, headers={"Cache-Control": "no-cache"})
    response.add_etag()
    return response.make_conditional(request)


def site_map(pages: Mapping[str, Page], origin: str) -> str:
    """Return the site map: every indexable page in both languages, each pair tied together."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append('<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"')
    lines.append(' xmlns:xhtml="http://www.w3.org/1999/xhtml">')
    for path in (path for path, page in pages.items() if page.indexed):
        ties = "".join(
            f'<xhtml:link rel="alternate" hreflang="{each}" href="{origin}/{each}/{path}"/>'
            for each in LANGUAGES
        )
        lines += [f"<url><loc>{origin}/{each}/{path}</loc>{ties}</url>" for each in LANGUAGES]
    return "\n".join([*lines, "</urlset>"])
