"""Every page is valid HTML, by the validator of the standard's own editors."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from webapp import create_app
from webapp.config import Settings

ROOT = Path(__file__).resolve().parent.parent
VALIDATOR = ROOT / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    """A client of the real app."""
    return create_app(Settings()).test_client()


def addresses(client: FlaskClient) -> list[str]:
    """Return every page in both languages, and an error page in each."""
    from_map = client.get("/sitemap.xml").text.split("<loc>")[1:]
    listed = [each.split("</loc>")[0].removeprefix("http://127.0.0.1:8000") for each in from_map]
    hidden = [f"/{language}/{name}" for language in ("en", "fr") for name in HIDDEN]
    return [*listed, *hidden, "/en/no-such-page", "/fr/no-such-page"]


HIDDEN = ("start", "today", "not-yet", "settings", "offline")


def test_every_page_is_valid(client: FlaskClient, tmp_path: Path) -> None:
    java = shutil.which("java")
    assert java, "no Java: `python3 dev.py test` installs what the validator needs"
    assert VALIDATOR.is_file(), "no validator: `python3 dev.py test` fetches it"
    for address in addresses(client):
        file = tmp_path / f"{address.strip('/').replace('/', '_')}.html"
        file.write_bytes(client.get(address, headers={"Accept-Encoding": "identity"}).data)
    written = sorted(tmp_path.iterdir())
    assert len(written) > 150
    command = [java, "-jar", str(VALIDATOR), "--stdout", "--format", "gnu", *map(str, written)]
    environ = {**os.environ, "LC_ALL": "C.UTF-8"}
    found = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    lines = [each.replace(str(tmp_path), "") for each in found.stdout.splitlines()]
    assert (found.returncode, lines) == (0, [])
