"""Serving the guide: every page is rendered once per process and language, compressed once."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, current_app, g, redirect, render_template, request
from werkzeug.http import parse_accept_header
from werkzeug.wrappers import Response as AnyResponse

from webapp.assets import compressed
from webapp.guide.pages import Page
from webapp.languages import at_the_door
from webapp.protocol.models import Language

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


CACHED = (("Cache-Control", "no-cache"), ("Vary", "Accept-Encoding"))
# What a 304 leaves out (RFC 9110, 15.4.5).
OF_THE_BODY = frozenset({"Content-Type", "Content-Length", "Content-Encoding"})


class Made(Response):
    """An answer made once: its heads are written, and nothing is left to do at a request."""

    def __init__(self, body: bytes, media: str, etag: str, *more: tuple[str, str]) -> None:
        """Make it, with every header that the app puts on an answer."""
        super().__init__(body, headers=[("ETag", etag), *CACHED, *more], mimetype=media)
        current_app.process_response(self)
        self.etag = etag
        self.body = [body]
        self.head = self.get_wsgi_headers(request.environ).to_wsgi_list()
        self.head_unchanged = [each for each in self.head if each[0] not in OF_THE_BODY]

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer, with nothing new for a phone that has it already."""
        # The quotes are part of the ETag, so it is found whole in a list and behind a weak mark.
        if self.etag in environ.get("HTTP_IF_NONE_MATCH", ""):
            start_response("304 NOT MODIFIED", self.head_unchanged)
            return []
        start_response("200 OK", self.head)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else self.body


@dataclass(frozen=True)
class Rendered:
    """The two answers that one page can give; the small one is made when somebody takes it."""

    page: Page
    text: bytes

    @property
    def _etag(self) -> str:
        return hashlib.sha256(self.text).hexdigest()[:16]

    @cached_property
    def plain(self) -> Made:
        """Return the page as it is."""
        return Made(self.text, self.page.media, f'"{self._etag}"')

    @cached_property
    def brotli(self) -> Made:
        """Return the page compressed, with an ETag of its own (RFC 9110, 8.8.3)."""
        body, encoding = compressed(self.text), ("Content-Encoding", "br")
        return Made(body, self.page.media, f'"{self._etag}b"', encoding)


@lru_cache(maxsize=256)
def takes_brotli(accepted: str) -> bool:
    """Say whether an Accept-Encoding header takes brotli; there are few different ones."""
    return parse_accept_header(accepted)["br"] > 0


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
        if "plan" in request.args:
            # Nothing may remember this address: it holds a plan on its way to a home screen.
            fresh = {"Cache-Control": "no-store"}
            return Response(rendered.plain.body, headers=fresh, mimetype=rendered.page.media)
        brotli = takes_brotli(request.environ.get("HTTP_ACCEPT_ENCODING", ""))
        return rendered.brotli if brotli else rendered.plain

    return guide


def _render(page: Page) -> Rendered:
    return Rendered(page, render_template(page.template, page=page, **page.values).encode())
