"""The front door: other hosts get 400 before anything else happens, the scheme is the origin's."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

from webapp.config import Settings
from webapp.headers import ON_PAGES

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

REFUSAL = (
    "This address is not served here. Check WEBAPP_ORIGIN.\n"
    "Cette adresse n’est pas servie ici. Vérifiez WEBAPP_ORIGIN.\n"
).encode()


def behind_the_door(
    app: "WSGIApplication", settings: Settings
) -> "Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]":
    """Return ``app`` behind a check of the Host header, itself behind the trusted proxies."""
    hosts = settings.hosts
    scheme = "https" if settings.secure else "http"
    # Without HSTS: no promise is made for a name that is not ours.
    head = [
        *ON_PAGES.items(), ("Cache-Control", "no-store"),
        ("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(REFUSAL))),
    ]  # fmt: skip

    def door(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        # Behind a proxy that does not say how people come, a redirect would send them, and the
        # plan in their address, over http.
        environ["wsgi.url_scheme"] = scheme
        if environ.get("HTTP_HOST", "").lower() in hosts:
            return app(environ, start_response)
        start_response("400 Bad Request", head)
        return [REFUSAL]

    if not settings.proxies:
        return door
    count = settings.proxies
    return ProxyFix(door, x_for=count, x_proto=count, x_host=count, x_port=0, x_prefix=0)
