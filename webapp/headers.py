"""Every response header: security, caching, for pages and static files alike."""

from collections.abc import Callable
from wsgiref.headers import Headers

from flask import Flask, Response, request

from webapp.config import Settings

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
ON_PAGES = {
    **EVERYWHERE,
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
TO_HTTPS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}


def add_to_static(settings: Settings) -> Callable[[Headers, str, str], None]:
    """Return what puts the headers on a static file; its caching is WhiteNoise's."""
    always = {**EVERYWHERE, **(TO_HTTPS if settings.secure else {})}

    def add(headers: Headers, _path: str, _url: str) -> None:
        for name, value in always.items():
            headers[name] = value

    return add


def init_app(app: Flask, settings: Settings) -> None:
    """Put the headers on whatever Flask answers; what is not cached on purpose is not cached."""
    always = list({**ON_PAGES, **(TO_HTTPS if settings.secure else {})}.items())

    @app.after_request
    def add(response: Response) -> Response:
        headers = response.headers
        if "Content-Security-Policy" in headers:
            return response  # a page that was made, headers and all, for an earlier request
        headers.extend(always)
        if "Cache-Control" not in headers:
            headers["Cache-Control"] = "private, no-store"
        if request.path == "/":
            headers["Vary"] = "Accept-Language"
        return response
