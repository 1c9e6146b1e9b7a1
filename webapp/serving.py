"""Answering the network. Only importer of the WSGI server."""

import errno
import sys

from waitress.server import create_server

from webapp import MAX_BODY, create_app
from webapp.config import Settings

THREADS = 8


def serve(settings: Settings) -> int:
    """Serve until interrupted; return the exit status of the command."""
    app = create_app(settings)
    try:
        server = create_server(
            app, host=settings.host, port=settings.port, threads=THREADS, ident=None,
            max_request_body_size=MAX_BODY, clear_untrusted_proxy_headers=False,
        )  # fmt: skip
    except OSError as error:
        if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
            raise
        print(_cannot_listen(settings, error), file=sys.stderr)
        return 1
    print(f"Lendemain is at {settings.origin}/   (stop with Ctrl-C)", flush=True)
    server.run()
    return 0


def _cannot_listen(settings: Settings, error: OSError) -> str:
    if error.errno == errno.EACCES:
        return (
            f"Port {settings.port} needs more rights. Choose another: PORT=8001 python3 dev.py run"
        )
    return (
        f"Port {settings.port} is taken by another program. "
        f"Stop that one, or choose another: PORT={settings.port + 1} python3 dev.py run"
    )
