"""The front door: other hosts get 400 before anything else happens."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

from webapp.config import Settings
from webapp.headers import EVERYWHERE

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
    kind, length = "text/plain; charset=utf-8", str(len(REFUSAL))
    head = [*EVERYWHERE.items(), ("Content-Type", kind), ("Content-Length", length)]

    def door(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ.get("HTTP_HOST", "").lower() in hosts:
            return app(environ, start_response)
        start_response("400 Bad Request", head)
        return [REFUSAL]

    if not settings.proxies:
        return door
    count = settings.proxies
    return ProxyFix(door, x_for=count, x_proto=count, x_host=count, x_port=0, x_prefix=0)
