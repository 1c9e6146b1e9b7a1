#!/usr/bin/env python3
"""One door to the project: `python3 dev.py run`, `python3 dev.py test`, and a few more.

Standard library only, and readable by old Pythons, so that it can say what is missing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
STAMP = VENV / "installed.json"
OLDEST = (3, 11)
RUN_LOCK, TEST_LOCK = "requirements.lock", "requirements-test.lock"


class TroubleError(Exception):
    """Something that a person has to mend; the message says what and how."""


def say(words: str) -> None:
    """Print one line of progress at once."""
    print(words, flush=True)


def call(command: Sequence[object], **environ: str) -> int:
    """Run a command in the project's folder and return its exit status."""
    return subprocess.call([str(each) for each in command], cwd=ROOT, env={**os.environ, **environ})


def become(command: Sequence[object]) -> NoReturn:
    """Carry on as another program, so that signals reach it and no parent lingers."""
    os.chdir(ROOT)
    os.execv(str(command[0]), [str(each) for each in command])


def use_a_new_enough_python() -> None:
    """Carry on with a newer Python when this one is too old."""
    if sys.version_info >= OLDEST:
        return
    for minor in range(20, OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found:
            become([found, *sys.argv])
    this = ".".join(map(str, sys.version_info[:3]))
    raise TroubleError(
        f"Lendemain needs Python 3.11 or newer; this is {this}.\n"
        "Install a newer one (Debian 12 and Ubuntu 24.04 have it: sudo apt install python3), "
        "then run the same command again."
    )


def on_debian_as_root() -> bool:
    """Say whether what is missing can be installed here without asking."""
    return shutil.which("apt-get") is not None and hasattr(os, "geteuid") and os.geteuid() == 0


def install_system_packages(packages: Sequence[str], why: str) -> None:
    """Install Debian packages, or say in one line how to."""
    names = " ".join(packages)
    if not on_debian_as_root():
        raise TroubleError(f"Missing for {why}. Install it, for example: sudo apt install {names}")
    say(f"· Installing {names} ({why}) …")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    call(["apt-get", "update", "-qq"], **quiet)
    options = ["-y", "-qq", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0"]
    install = ["apt-get", "install", *options, *packages]
    status = subprocess.call(install, stdout=subprocess.DEVNULL, env={**os.environ, **quiet})
    if status:
        raise TroubleError(
            f"apt-get could not install {names}. Is there a network? Then run the same command again."
        )


def digest_of(lock: str) -> str:
    """Return a digest of all that decides what is installed from a lock."""
    parts = [
        (ROOT / lock).read_bytes(),
        (ROOT / "pyproject.toml").read_bytes(),
        sys.version.encode(),
    ]
    return hashlib.sha256(b"\0".join(parts) + str(ROOT).encode()).hexdigest()


def installed() -> dict[str, str]:
    """Return the digest of each lock that the virtual environment holds."""
    try:
        found = json.loads(STAMP.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def set_up(lock: str) -> None:
    """Make the virtual environment hold what a lock names; quick when it already does."""
    wanted = digest_of(lock)
    have = installed()
    if have.get(lock) == wanted or have.get(TEST_LOCK) == digest_of(TEST_LOCK):
        return
    began = time.monotonic()
    make_venv()
    say("· Installing packages, with their hashes checked (about half a minute the first time) …")
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input", "--use-pep517"]
    pip = [BIN / "python", "-m", "pip", "install", *quiet]
    for step in ([*pip, "--require-hashes", "-r", lock],
                 [*pip, "--no-build-isolation", "--no-deps", "-e", "."]):  # fmt: skip
        if call(step):
            raise TroubleError(
                "The packages could not be fetched; the lines above say why.\n"
                "Usually there is no network: check it, then run the same command again."
            )
    STAMP.write_text(json.dumps({lock: wanted}))
    say(f"· Set up in {time.monotonic() - began:.0f} s. The next start skips this.")


def make_venv() -> None:
    """Make .venv; Debian leaves out what that needs."""
    if (BIN / "python").exists() and installed():
        return
    if subprocess.call([sys.executable, "-c", "import ensurepip"], stderr=subprocess.DEVNULL):
        install_system_packages(["python3-venv"], "virtual environments")
    say("· Making a virtual environment in .venv …")
    if call([sys.executable, "-m", "venv", "--clear", VENV]):
        raise TroubleError("The virtual environment could not be made; the lines above say why.")


def run(_arguments: Sequence[str]) -> NoReturn:
    """Set everything up and serve."""
    set_up(RUN_LOCK)
    become([BIN / "lendemain", "serve"])


# Where each browser of the tests may be: its variable, its names, its place on a Mac, its package.
BROWSERS: dict[str, tuple[list[str], str, str]] = {
    "CHROMIUM": (
        ["chromium", "google-chrome", "google-chrome-stable", "chromium-browser"],
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "chromium",
    ),
    "FIREFOX": (
        ["firefox-esr", "firefox"],
        "/Applications/Firefox.app/Contents/MacOS/firefox",
        "firefox-esr",
    ),
}


def find_browser(variable: str) -> str:
    """Return the path of a browser, installing Debian's when there is none."""
    names, macos, package = BROWSERS[variable]
    for found in [os.environ.get(variable), *map(shutil.which, names), macos]:
        if found and Path(found).exists():
            return found
    install_system_packages([package], "the browser tests")
    return find_browser(variable)


def find_shell(chromium: str) -> str:
    """Return Chromium's headless shell: the same engine at half the work; Chromium where there is none."""
    name = "chromium-headless-shell"
    if not shutil.which(name) and on_debian_as_root():
        install_system_packages([name], "the browser tests, twice as fast")
    return shutil.which(name) or chromium


def set_up_tests() -> dict[str, str]:
    """Install what only the tests need; return what they want to know of it."""
    set_up(TEST_LOCK)
    browsers = {each: find_browser(each) for each in BROWSERS}
    browsers["CHROMIUM_SHELL"] = find_shell(browsers["CHROMIUM"])
    if sys.platform == "linux" and subprocess.call(
        [str(node()), "--version"], stdout=subprocess.DEVNULL
    ):
        install_system_packages(["libatomic1"], "the Node that comes with Playwright")
    if sys.platform == "linux" and not any(Path("/usr/share/fonts").rglob("LiberationSans-*")):
        install_system_packages(["fonts-liberation"], "paper, in the width of Arial")
    if not shutil.which("java"):
        install_system_packages(["default-jre-headless"], "the HTML validator")
    if not (shutil.which("initdb") or any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))):
        install_system_packages(["postgresql"], "the tests on PostgreSQL")
    fetch_node_packages(
        ["ical.js", "vnu-jar", "web-push"],
        "the HTML validator and two peers to compare with",
        "--omit=optional",
    )
    return {**browsers, "NODE": str(node())}


def fetch_node_packages(names: Sequence[str], what: str, *options: str) -> None:
    """Make node_modules hold what is named, by the lock; quick when it already does."""
    if all((ROOT / "node_modules" / each).is_dir() for each in names):
        return
    if not shutil.which("npm"):
        install_system_packages(["npm"], "fetching the tools of tests")
    say(f"· Fetching {what} …")
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    if call(["npm", "ci", *quiet, *options]):
        raise TroubleError("npm could not fetch what tests need; the lines above say why.")


# WebKit as it comes with Debian, its driver, a screen that nobody sees, and Debian's Python with GTK.
WEBKIT = ["webkit2gtk-driver", "gir1.2-webkit2-4.1", "python3-gi", "xvfb"]


def set_up_long_tests() -> None:
    """Install what only the long tests need: a third browser engine, and Lighthouse.

    Lighthouse is an optional package, so that everybody else's `npm ci` leaves it out. One that it brings
    along asks for the latest third-party-web: without the override in package.json the lock would not
    hold from one day to the next.
    """
    fetch_node_packages(["lighthouse"], "Lighthouse")
    question = "import gi; gi.require_version('WebKit2', '4.1')"
    asked = ["/usr/bin/python3", "-c", question]
    if sys.platform == "linux" and (
        not all(map(shutil.which, ("WebKitWebDriver", "Xvfb")))
        or subprocess.call(asked, stderr=subprocess.DEVNULL)
    ):
        install_system_packages(WEBKIT, "the tests in WebKit")


def node() -> Path:
    """Return the Node that comes with Playwright."""
    found = sorted(VENV.glob("lib/python3*/site-packages/playwright/driver/node"))
    if not found:
        raise TroubleError(f"Playwright is not whole in {VENV}: delete that folder and try again.")
    return found[0]


def checks() -> dict[str, list[object]]:
    """Return every check that needs no browser, by its name, the longest first."""
    return {
        "types": [BIN / "mypy", "--no-error-summary"],
        "lint": [BIN / "ruff", "check", "--quiet", "."],
        "format": [BIN / "ruff", "format", "--quiet", "--check", "."],
        "walls": [BIN / "lint-imports", "--no-cache"],
        "templates": [BIN / "djlint", "templates", "--lint", "--quiet"],
        "content": [BIN / "lendemain", "check"],
        "build": [BIN / "lendemain", "build"],
    }


def passes(name: str, command: Sequence[object], environ: dict[str, str]) -> bool:
    """Run one check and tell how it went, with all it says when it fails."""
    began = time.monotonic()
    done = subprocess.run(
        [str(each) for each in command],
        cwd=ROOT, env={**os.environ, **environ}, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    said = f"\n{done.stdout.decode(errors='replace').strip()}" if done.returncode else ""
    say(f"{'✗' if done.returncode else '✓'} {name} ({time.monotonic() - began:.1f} s){said}")
    return not done.returncode


def test(arguments: Sequence[str]) -> int:
    """Set everything up, run every check, then pytest; further arguments go to pytest."""
    environ = set_up_tests()
    # Many processes read the same modules: pytest alone collects in 6 s instead of 10.
    environ["PYTHONDONTWRITEBYTECODE"] = ""
    if "--long" in arguments:
        set_up_long_tests()
        # Then the whole browser does what every day its shell does.
        environ["CHROMIUM_SHELL"] = environ["CHROMIUM"]
    # None waits for another, and the longest, of types, keeps one processor only.
    with ThreadPoolExecutor(max_workers=2) as two:
        asked = {
            name: two.submit(passes, name, command, environ) for name, command in checks().items()
        }
    failed = [name for name, each in asked.items() if not each.result()]
    many = (
        []
        if any(each.startswith("-n") for each in arguments)
        # One more than there usually are processors: much of it is waiting for browsers.
        else ["-n", "3", "--dist", "loadfile"]
    )
    if call([BIN / "python", "-m", "pytest", *many, *arguments], **environ):
        failed.append("pytest")
    if failed:
        print(f"Failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def lock(_arguments: Sequence[str]) -> int:
    """Resolve the dependencies anew and write the two hashed locks."""
    tools = ROOT / "build" / "lock-tools"
    if call([sys.executable, "-m", "venv", tools]) or call(
        [tools / "bin" / "pip", "install", "-q", "uv"]
    ):
        raise TroubleError("uv could not be fetched; the lines above say why.")
    plain = ["--universal", "--generate-hashes", "--no-annotate", "--no-header", "--no-emit-index-url",
             "--python-version", "3.11", "--upgrade", "--quiet"]  # fmt: skip
    compile_ = [tools / "bin" / "uv", "pip", "compile", "pyproject.toml", *plain]
    status = call([*compile_, "--group", "test", "-o", TEST_LOCK])
    return status or call([*compile_, "--group", "build", "-c", TEST_LOCK, "-o", RUN_LOCK])


def words(_arguments: Sequence[str]) -> int:
    """Bring the catalogue of the interface's words up to date with templates and code."""
    set_up(TEST_LOCK)
    pot = ROOT / "build" / "messages.pot"
    pot.parent.mkdir(exist_ok=True)
    babel = BIN / "pybabel"
    plain = ["--no-location", "--sort-output", "--width=100"]
    update = ["--no-fuzzy-matching", "--ignore-obsolete", "--omit-header", "--width=100"]
    return call([babel, "extract", "-F", "translations/babel.cfg", *plain, "-o", pot, "."]) or call(
        [babel, "update", "-i", pot, "-d", "translations", "-l", "fr", *update]
    )


def wheel(_arguments: Sequence[str]) -> int:
    """Build, then make the wheel in dist/."""
    set_up(TEST_LOCK)
    pip = [BIN / "python", "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    return call([BIN / "lendemain", "build"]) or call([*pip, "-w", "dist", "."])


def bench(arguments: Sequence[str]) -> int:
    """Run the benchmarks; they print ratios against a reference of the same run."""
    environ = set_up_tests()
    named = [each for each in arguments if each.endswith(".py")]
    options = [each for each in arguments if each not in named]
    names = named or sorted(each.name for each in (ROOT / "bench").glob("[!_]*.py"))
    python = BIN / "python"
    return max(call([python, ROOT / "bench" / name, *options], **environ) for name in names)


def pictures(_arguments: Sequence[str]) -> int:
    """Draw the icons and take the screenshots of the README and the install sheet anew."""
    environ = set_up_tests()
    scripts = [ROOT / "docs" / "drawings" / name for name in ("icons.py", "screenshots.py")]
    return max(call([BIN / "python", each], **environ) for each in scripts)


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    each.__name__: each for each in (run, test, bench, lock, pictures, wheel, words)
}


def usage() -> NoReturn:
    """Say what there is, and stop."""
    print("python3 dev.py COMMAND\n")
    for name, command in COMMANDS.items():
        print(f"  {name:9} {(command.__doc__ or '').splitlines()[0]}")
    sys.exit(2)


def main(arguments: list[str] | None = None) -> int:
    """Run one command."""
    name, *rest = (sys.argv[1:] if arguments is None else arguments) or [""]
    if name not in COMMANDS:
        usage()
    try:
        use_a_new_enough_python()
        return COMMANDS[name](rest)
    except TroubleError as trouble:
        print(f"\n{trouble}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
