"""Stylesheets and scripts: bundled, minified, named by their content. Only importer of webassets."""

import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import IO, Any

import brotli
from flask import Flask
from flask_assets import Bundle, Environment
from webassets.filter import Filter
from whitenoise import WhiteNoise
from whitenoise.compress import Compressor

from webapp.config import Settings, folder
from webapp.headers import add_to_static

STATIC, BUILD = folder("static"), folder("build")
STYLES = ("tokens", "base", "parts", "pages", "print")
# In the order of their imports: a module stands after those it uses.
MODULES = ("plan", "record", "wording", "keep", "rows", "today", "start", "settings", "app")
WORKER = ("shell", "pages")
HASHED = re.compile(r"^/static/gen/[^/]+\.[0-9a-f]{8}\.(?:css|js)$")
# Whatever can change a byte of a page, a list or an asset.
INPUTS = ("protocols", "service_worker", "static", "templates", "translations", "webapp")
SUFFIXES = {".css", ".html", ".js", ".png", ".po", ".py", ".svg", ".yaml", ".xml"}


class JoinModules(Filter):
    """Make one module of several by taking away what ties them together.

    webassets joins text and would leave ``import "./plan.js"`` pointing nowhere. A name used
    by two modules is a syntax error in the joined file, which the tests parse.
    """

    name = "join_modules"  # type: ignore[assignment]

    def input(self, _in: IO[str], out: IO[str], **_: object) -> None:
        """Copy one module without its imports and the word ``export``."""
        text = re.sub(r"^import [^;]*;\n", "", _in.read(), flags=re.MULTILINE)
        out.write(
            re.sub(r"^export (?=async |const |function |class )", "", text, flags=re.MULTILINE)
        )


def init_app(app: Flask) -> None:
    """Register the bundles; pages name them by ``assets_url``."""
    app.config.update(
        ASSETS_AUTO_BUILD=False,
        ASSETS_DEBUG=False,
        ASSETS_CACHE=False,
        ASSETS_VERSIONS="hash",
        ASSETS_URL_EXPIRE=False,
        ASSETS_MANIFEST=f"json:{BUILD / 'assets.json'}",
    )
    environment = Environment(app)
    css = [f"css/{name}.css" for name in STYLES]
    modules = [f"js/{name}.js" for name in MODULES]
    worker = [str(folder("service_worker") / f"{name}.js") for name in WORKER]
    environment.register(
        "css", Bundle(*css, filters="rcssmin", output="gen/lendemain.%(version)s.css")
    )
    environment.register(
        "js",
        Bundle(*modules, filters=(JoinModules, "rjsmin"), output="gen/lendemain.%(version)s.js"),
    )
    environment.register(
        "worker", Bundle(*worker, filters="rjsmin", output="gen/worker.%(version)s.js")
    )


def build(app: Flask) -> None:
    """Build every bundle and its compressed copies, and note the state that they were built from.

    Files of the build before stay, for windows and servers that are still of it.

    :raises webassets.exceptions.BundleError: when a source is missing or a filter fails
    """
    BUILD.mkdir(exist_ok=True)
    with app.app_context():
        for bundle in app.jinja_env.assets_environment:  # type: ignore[attr-defined]
            bundle.build(force=True)
    names = [Path(url).name for url in urls(app).values()]
    compressor = Compressor(quiet=True)
    for name in names:
        for _ in compressor.compress(str(STATIC / "gen" / name)):
            pass
    before = _last_build().get("names", [])
    for file in (STATIC / "gen").iterdir():
        if file.name.removesuffix(".br").removesuffix(".gz") not in {*names, *before}:
            file.unlink()
    noted = {"state": state_of_sources(), "names": names}
    (BUILD / "state.json").write_text(json.dumps(noted), "utf-8")


def urls(app: Flask) -> dict[str, str]:
    """Return the address of each bundle.

    :raises FileNotFoundError: when a bundle was not built
    """
    found: dict[str, str] = {}
    with app.app_context():
        for bundle in app.jinja_env.assets_environment:  # type: ignore[attr-defined]
            name = bundle.output % {"version": bundle.get_version()}
            if not (STATIC / name).is_file():
                message = f"static/{name} is missing: run `lendemain build`"
                raise FileNotFoundError(message)
            found[re.split(r"[./]", name)[1] + Path(name).suffix] = f"/static/{name}"
    return {
        "css": found["lendemain.css"],
        "js": found["lendemain.js"],
        "worker": found["worker.js"],
    }


@cache
def static_url(name: str) -> str:
    """Return the address of a file that is not bundled, with a mark that changes with its bytes."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:8]
    return f"/static/{name}?v={digest}"


def state_of_sources() -> str:
    """Return a digest over everything that the pages and assets are made of."""
    digest = hashlib.sha256()
    for name in INPUTS:
        root = folder(name)
        for file in sorted(root.rglob("*")):
            inside = file.relative_to(root)
            if file.suffix in SUFFIXES and inside.parts[0] not in {"gen", "build"}:
                digest.update(f"{name}/{inside.as_posix()}\0".encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()


def built_state() -> str | None:
    """Return the state that was built last; none when nothing was."""
    return _last_build().get("state")


def _last_build() -> dict[str, Any]:
    try:
        return dict(json.loads((BUILD / "state.json").read_text("utf-8")))
    except FileNotFoundError:
        return {}


def compressed(body: bytes) -> bytes:
    """Return a page's bytes as brotli, at the best quality: it is spent once a process."""
    return brotli.compress(body, quality=11)  # type: ignore[no-any-return]


def serve_static(app: Flask, settings: Settings) -> None:
    """Let WhiteNoise answer for static files, before Flask sees the request."""
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=str(STATIC),
        prefix="static/",
        max_age=3600,
        allow_all_origins=False,
        immutable_file_test=lambda _path, url: bool(HASHED.match(url)),
        add_headers_function=add_to_static(settings),
    )
