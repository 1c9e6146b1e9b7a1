"""A release is a build: two real builds take turns at one address, as on a server that is updated."""

import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.conftest import Server
from webapp import app, assets
from webapp.config import Settings

from .phone import GUIDE, TREATED, kept_sets, read, release

if TYPE_CHECKING:
    from .conftest import NewPhone

ROOT = Path(__file__).resolve().parents[2]
CHECKOUT = (
    "webapp",
    "static",
    "templates",
    "service_worker",
    "protocols",
    "translations",
    "migrations",
)
EN = f"{GUIDE}/en"


def checkout(place: Path, *built: str) -> Path:
    """Copy what is written by people into a folder of its own, and what is ``built`` of it if named."""
    left_out = shutil.ignore_patterns(*({"gen", "__pycache__"} - {*built}))
    for name in (*CHECKOUT, *(each for each in built if each != "gen")):
        shutil.copytree(ROOT / name, place / name, ignore=left_out)
    return place


@pytest.fixture
def updated(tmp_path: Path) -> Iterator[Server]:
    """A server whose checkout is its own, built as ours is, to be changed while it is stopped."""
    server = Server(checkout(tmp_path / "checkout", "gen", "build"))
    try:
        yield server.start()
    finally:
        server.remove()


def build(place: Path) -> None:
    command = [sys.executable, "-m", "webapp.cli", "build"]
    subprocess.run(command, cwd=place, check=True, capture_output=True)


def hashed(page: str) -> list[str]:
    """Return the addresses of the bundles that a page names."""
    return sorted(re.findall(r'(?:href|src)="(/static/gen/[^"]+)"', page))


@pytest.mark.long
def test_a_phone_goes_from_one_build_to_the_next_at_the_same_address(
    new_phone: "NewPhone", updated: Server
) -> None:
    first = read(f"{updated.url}/sw.js")
    phone = new_phone(updated.url, service_workers="allow")
    phone.begin_at(TREATED)
    phone.wait_until_kept(EN, kept_sets(updated.url))
    before, page = phone.record(), read(f"{updated.url}/en/guide")
    old = release(page)

    updated.stop()
    # Nobody is there while it is built anew: what was kept goes on.
    assert phone.today()["state"] == "day"
    changed = updated.root / "static/css/base.css"
    changed.write_text(f"{changed.read_text('utf-8')}:root {{ --second-build: yes; }}\n", "utf-8")
    workers = []
    # Building what is built already neither changes anything nor costs the release before its files.
    for _ in range(2):
        build(updated.root)
        updated.start()
        workers.append(read(f"{updated.url}/sw.js"))
        for address in hashed(page):
            with urllib.request.urlopen(updated.url + address, timeout=10) as answer:
                assert "immutable" in answer.headers["Cache-Control"], address
        updated.stop()
    assert workers[0] == workers[1] != first
    updated.start()
    new = release(read(f"{updated.url}/en/guide"))
    assert new != old

    phone.open("/en/guide")
    shown = phone.page.locator("meta[name=release]")
    expect(phone.page.locator("[data-update]")).to_be_visible(timeout=20_000)
    assert shown.get_attribute("content") == old
    loads: list[str] = []
    phone.page.on("load", lambda page: loads.append(page.url))
    phone.page.click("[data-take]")
    expect(shown).to_have_attribute("content", new, timeout=30_000)
    phone.ready()
    styled = "() => getComputedStyle(document.documentElement).getPropertyValue('--second-build')"
    assert phone.page.evaluate(styled).strip() == "yes"
    assert len(loads) == 1
    assert phone.record() == before
    phone.wait_until_kept(EN, kept_sets(updated.url))


@pytest.mark.long
def test_two_builds_of_the_same_tree_make_the_same_worker(tmp_path: Path) -> None:
    script = (
        "from webapp import create_app; from webapp.config import Settings; import sys;"
        "sys.stdout.buffer.write(create_app(Settings()).test_client().get('/sw.js').data)"
    )
    elsewhere = checkout(tmp_path / "elsewhere")
    build(elsewhere)
    made = [
        subprocess.run(
            [sys.executable, "-c", script], cwd=place, check=True, capture_output=True
        ).stdout
        for place in (ROOT, elsewhere)
    ]
    assert made[0].startswith(b"const RELEASE=")
    assert made[0] == made[1]


def test_one_byte_of_anything_that_is_served_makes_another_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = checkout(tmp_path)
    monkeypatch.setattr(assets, "folder", lambda name: place / name)
    same = assets.state_of_sources()
    files = [
        each for name in ("static", "service_worker") for each in sorted((place / name).rglob("*"))
        if each.is_file()
    ]  # fmt: skip
    assert len(files) > 30
    unnoticed = []
    for file in files:
        kept = file.read_bytes()
        file.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
        if assets.state_of_sources() == same:
            unnoticed.append(file.name)
        file.write_bytes(kept)
    assert unnoticed == []
    assert assets.state_of_sources() == same


def test_what_other_dependencies_make_of_the_same_sources_is_another_release(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings, urls = Settings(), assets.urls(app.bare_app())
    made = {app.release_of(settings, urls)}
    for each in urls:
        made.add(app.release_of(settings, {**urls, each: "/static/gen/minified-otherwise.css"}))
    for each in ("jinja2", "babel"):
        with monkeypatch.context() as other:
            other.setattr(
                app, "version", lambda name, each=each: "0" if name == each else version(name)
            )
            made.add(app.release_of(settings, urls))
    assert len(made) == 1 + len(urls) + 2
