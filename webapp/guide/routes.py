"""Serving the guide: every page is rendered once per process and language, compressed once."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, Response, abort, g, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from webapp.assets import compressed
from webapp.guide.pages import Page
from webapp.languages import at_the_door
from webapp.protocol.models import Language


@dataclass(frozen=True)
class Rendered:
    """The bytes of one page, ready to send."""

    plain: bytes
    brotli: bytes
    etag: str


def room(pages: Mapping[str, Page]) -> Blueprint:
    """Return the routes that serve ``pages``, by their paths, in both languages."""
    guide = Blueprint("guide", __name__)
    kept: dict[tuple[Language, str], Rendered] = {}

    @guide.get("/")
    def door() -> AnyResponse:
        return redirect(f"/{at_the_door(request.accept_languages)}/", code=302)

    @guide.get("/<any(en, fr):language>/", defaults={"path": ""})
    @guide.get("/<any(en, fr):language>/<path:path>")
    def page(language: Language, path: str) -> Response:
        rendered = kept.get((language, path))
        if rendered is None:
            if path not in pages:
                abort(404)
            g.language = language
            rendered = kept[language, path] = _render(pages[path])
        return _answer(rendered)

    return guide


def _render(page: Page) -> Rendered:
    plain = render_template(page.template, page=page, **page.values).encode()
    return Rendered(plain, compressed(plain), hashlib.sha256(plain).hexdigest()[:16])


def _answer(rendered: Rendered) -> Response:
    brotli = "br" in request.headers.get("Accept-Encoding", "")
    # Two encodings are two representations, so each has an ETag of its own (RFC 9110, 8.8.3).
    etag = f'"{rendered.etag}{"b" if brotli else ""}"'
    headers = [("ETag", etag), ("Cache-Control", "no-cache"), ("Vary", "Accept-Encoding")]
    if request.headers.get("If-None-Match") == etag:
        return Response(status=304, headers=headers)
    if brotli:
        headers.append(("Content-Encoding", "br"))
    body = rendered.brotli if brotli else rendered.plain
    return Response(body, headers=headers, mimetype="text/html")
