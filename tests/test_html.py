"""Every page is valid HTML, by the validator of the standard's own editors."""

import os
import re
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


HIDDEN = ("start", "today", "settings", "offline", "microneedling/draft/review")


def test_every_page_is_valid(
    client: FlaskClient, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    java = shutil.which("java")
    assert java, "no Java: `python3 dev.py test` installs what the validator needs"
    assert VALIDATOR.is_file(), "no validator: `python3 dev.py test` fetches it"
    every = addresses(client)
    if not request.config.getoption("--long"):
        # One template makes every day; two variants stand for the six.
        every = [each for each in every if not re.search(r"/(?:deep|prp|home|unknown)/", each)]
        # One template makes every activity: a third of them in each language.
        alike = [each for each in every if "/activities/" in each]
        every = [each for each in every if each not in alike or each in alike[::3]]
    for address in every:
        file = tmp_path / f"{address.strip('/').replace('/', '_')}.html"
        file.write_bytes(client.get(address, headers={"Accept-Encoding": "identity"}).data)
    for language in ("en", "fr"):
        refused = client.post(f"/{language}/calendar.ics", data={"calendar": '{"<": 1}'})
        assert refused.status_code == 422
        (tmp_path / f"{language}_calendar.html").write_bytes(refused.data)
    written = sorted(tmp_path.iterdir())
    assert len(written) > 100
    command = [java, "-jar", str(VALIDATOR), "--stdout", "--format", "gnu", *map(str, written)]
    environ = {**os.environ, "LC_ALL": "C.UTF-8"}
    found = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    lines = [each.replace(str(tmp_path), "") for each in found.stdout.splitlines()]
    assert (found.returncode, lines) == (0, [])
