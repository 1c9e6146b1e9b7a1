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
STYLES = ("tokens", "base", "parts", "pages", "print", "paper")
# In the order of their imports: a module stands after those it uses.
MODULES = (
    "plan", "record", "sync", "link", "wording", "keep", "rows", "families", "versions", "paper", "browser",
    "dialling", "clock", "lasting", "notices", "today", "situations", "reminders", "install", "carrying",
    "clinic", "aloud", "app",
)  # fmt: skip
# Pages where something is entered have these besides.
SCREENS = ("pack", "choosing", "moving", "naming", "settings", "start", "screens")
# Pages that answer a question have these.
QUESTIONS = (
    "signs",
    "slips",
    "ask",
    "answers",
    "asked",
    "asking",
    "searching",
    "questions",
)
# The page that reads packages has these, and is too heavy with all others.
PACKAGES = ("slips", "labels", "names", "products", "checking", "packages")
FURTHER = {"screens": SCREENS, "questions": QUESTIONS, "packages": PACKAGES}
WORKER = ("takeover", "shell", "pages", "push")
# Instead of it, when the worker itself is the trouble.
PASS_THROUGH = ("takeover", "pass", "push")
# What pages and worker do alike.
SHARED = ("plan", "record", "sync")
HASHED = re.compile(r"^/static/gen/[^/]+\.[0-9a-f]{8}\.(?:css|js)$")
# Whatever can change a byte of a page, a list or an asset.
INPUTS = ("protocols", "service_worker", "static", "templates", "translations", "webapp")
SUFFIXES = {".css", ".html", ".js", ".json", ".png", ".po", ".py", ".svg", ".yaml", ".xml"}


IMPORT = re.compile(r"^import (?:\{([^}]*)\} from )?\"\./(\w+)\.js\";\n", re.MULTILINE)


class JoinModules(Filter):
    """Make one module of several by taking away what ties them together.

    webassets joins text and would leave ``import "./plan.js"`` pointing nowhere. A name used
    by two modules is a syntax error in the joined file, which the tests parse.
    """

    name = "join_modules"  # type: ignore[assignment]

    def input(self, _in: IO[str], out: IO[str], **_: object) -> None:
        """Copy one module without its imports and the word ``export``."""
        text = IMPORT.sub("", _in.read())
        out.write(
            re.sub(r"^export (?=async |const |function |class )", "", text, flags=re.MULTILINE)
        )


def names_lent() -> list[str]:
    """Return the names that every further script imports from the modules of every page."""
    names = sorted({name for modules in FURTHER.values() for name in modules})
    texts = [(STATIC / f"js/{name}.js").read_text("utf-8") for name in names]
    found = [each for text in texts for each in IMPORT.findall(text) if each[1] in MODULES]
    return sorted({name.strip() for names, _ in found for name in names.split(",")} - {""})


class LendNames(Filter):
    """Let the script of every page give the screens what they import from its modules."""

    name = "lend_names"  # type: ignore[assignment]

    def output(self, _in: IO[str], out: IO[str], **_: object) -> None:
        """Copy the joined modules and export those names."""
        out.write(f"{_in.read()}\nexport{{{','.join(names_lent())}}};\n")


class BorrowNames(Filter):
    """Let the screens' script take them from there: it is the same module, read once."""

    name = "borrow_names"  # type: ignore[assignment]

    def __init__(self, lender: Bundle) -> None:
        """Know the script that lends them, which was built before."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.lender = lender

    def output(self, _in: IO[str], out: IO[str], **_: object) -> None:
        """Import those names and copy the joined modules."""
        name = json.dumps(f"./{Path(address_of(self.lender)).name}")
        out.write(f"import{{{','.join(names_lent())}}}from{name};\n{_in.read()}")


def address_of(bundle: Bundle) -> str:
    """Return where a bundle that was built stands in the folder of static files."""
    return str(bundle.output % {"version": bundle.get_version()})


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
    environment.register(
        "css", Bundle(*css, filters="rcssmin", output="gen/lendemain.%(version)s.css")
    )
    every_page = Bundle(
        *(f"js/{name}.js" for name in MODULES),
        filters=(JoinModules, LendNames, "rjsmin"),
        output="gen/lendemain.%(version)s.js",
    )
    environment.register("js", every_page)
    for further, modules in FURTHER.items():
        bundle = Bundle(
            *(f"js/{name}.js" for name in modules),
            filters=(JoinModules, BorrowNames(every_page), "rjsmin"),
            output=f"gen/{further}.%(version)s.js",
        )
        environment.register(further, bundle)
    for worker, chapters in (("worker", WORKER), ("pass", PASS_THROUGH)):
        shared = Bundle(*(f"js/{name}.js" for name in SHARED), filters=JoinModules)
        own = [str(folder("service_worker") / f"{name}.js") for name in chapters]
        environment.register(
            worker, Bundle(shared, *own, filters="rjsmin", output=f"gen/{worker}.%(version)s.js")
        )


def build(app: Flask) -> None:
    """Build every bundle and its compressed copies, and note the state that they were built from.

    Files of the release before stay, for windows and servers that are still of it.

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
    last = _last_build()
    # Building the same again must not push out what the release before still needs.
    same = last.get("names") == names
    before = last.get("before" if same else "names", [])
    for file in (STATIC / "gen").iterdir():
        if file.name.removesuffix(".br").removesuffix(".gz") not in {*names, *before}:
            file.unlink()
    noted = {"state": state_of_sources(), "names": names, "before": before}
    (BUILD / "state.json").write_text(json.dumps(noted), "utf-8")


def urls(app: Flask) -> dict[str, str]:
    """Return the address of each bundle.

    :raises FileNotFoundError: when a bundle was not built
    """
    found: dict[str, str] = {}
    with app.app_context():
        for bundle in app.jinja_env.assets_environment:  # type: ignore[attr-defined]
            name = address_of(bundle)
            if not (STATIC / name).is_file():
                message = f"static/{name} is missing: run `lendemain build`"
                raise FileNotFoundError(message)
            found[re.split(r"[./]", name)[1] + Path(name).suffix] = f"/static/{name}"
    return {
        "css": found["lendemain.css"],
        "js": found["lendemain.js"],
        "screens": found["screens.js"],
        "questions": found["questions.js"],
        "packages": found["packages.js"],
        "worker": found["worker.js"],
        "pass-through": found["pass.js"],
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
    """Return a page's bytes as brotli: quality 11 takes three times as long for 2 % less."""
    return brotli.compress(body, quality=10)  # type: ignore[no-any-return]


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
