"""The reference of serving.py: a Flask view that returns bytes, on the same WSGI server."""

import os
import sys

from flask import Flask
from waitress import serve

from webapp.serving import THREADS

body = b"x" * int(sys.argv[1])
app = Flask(__name__)


@app.get("/")
def bare() -> bytes:
    """Return the bytes."""
    return body


serve(app, host="127.0.0.1", port=int(os.environ["PORT"]), threads=THREADS, ident=None, _quiet=True)
