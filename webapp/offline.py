"""What a phone keeps: the worker with its lists, and the manifests.

The lists are derived from the pages, never kept by hand.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from webapp.assets import STATIC, static_url
from webapp.guide.pages import SHELL, Page
from webapp.languages import catalogue
from webapp.protocol.models import LANGUAGES, Language

ICONS = (
    ("icons/icon-192.png", "192x192", "any"),
    ("icons/icon-512.png", "512x512", "any"),
    ("icons/maskable-512.png", "512x512", "maskable"),
    ("icons/monochrome-512.png", "512x512", "monochrome"),
)
SHOTS = (("narrow", "780x1688"), ("wide", "1280x800"))


def kept_sets(pages: Mapping[str, Page], assets: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the addresses of every kept set by its name.

    The shell holds both languages, so that help and the fallback are there in either; every
    other set is one guide in one language, named ``{guide}/{language}``.
    """
    sets: dict[str, list[str]] = {
        SHELL: [assets["css"], assets["js"], static_url("icons/favicon.svg")]
    }
    for language in LANGUAGES:
        sets[SHELL].append(f"/{language}/manifest.webmanifest")
        for path, page in pages.items():
            name = SHELL if page.keep == SHELL else f"{page.keep}/{language}"
            sets.setdefault(name, []).append(f"/{language}/{path}")
    return sets


def manifest(language: Language) -> dict[str, object]:
    """Return the web app manifest of one language."""
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
            "The days after microneedling, one at a time: what to expect, what to do, and from "
            "when each thing is allowed again. Offline, without an account."
        ),
        "lang": f"{language}-CA",
        "dir": "ltr",
        "scope": "/",
        "start_url": f"/{language}/today",
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


def worker(release: str, sets: Mapping[str, list[str]], script: str) -> str:
    """Return the service worker: its release and lists, then the script."""
    lists = json.dumps(sets, separators=(",", ":"), ensure_ascii=False)
    return f"const RELEASE={json.dumps(release)},SETS={lists};\n{script}"


def room(
    pages: Mapping[str, Page], assets: Mapping[str, str], release: str, origin: str
) -> Blueprint:
    """Return the routes of the worker, the manifests, the site map and robots.txt."""
    offline = Blueprint("offline", __name__)
    script = (STATIC / assets["worker"].removeprefix("/static/")).read_text("utf-8")
    body = worker(release, kept_sets(pages, assets), script)
    manifests = {each: json.dumps(manifest(each), ensure_ascii=False) for each in LANGUAGES}
    listed = site_map(pages, origin)

    @offline.get("/sw.js")
    def service_worker() -> AnyResponse:
        return _file(body, "text/javascript")

    @offline.get("/<any(en, fr):language>/manifest.webmanifest")
    def web_manifest(language: Language) -> AnyResponse:
        return _file(manifests[language], "application/manifest+json")

    @offline.get("/sitemap.xml")
    def sitemap() -> AnyResponse:
        return _file(listed, "application/xml")

    @offline.get("/robots.txt")
    def robots() -> AnyResponse:
        return _file(f"User-agent: *\nAllow: /\nSitemap: {origin}/sitemap.xml\n", "text/plain")

    return offline


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
