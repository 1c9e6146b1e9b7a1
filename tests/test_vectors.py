"""The plan engine in Node, and the vectors it is held against."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.plan import make_vectors

HERE = Path(__file__).resolve().parent
SUITES = sorted((HERE / "js").glob("*.test.mjs"))
VECTORS = HERE / "plan" / "vectors.json"


def node() -> str:
    """Return a Node: the one named, Playwright's, or the machine's."""
    inside = Path(sys.prefix).glob("lib/python3*/site-packages/playwright/driver/node")
    found = os.environ.get("NODE") or next(map(str, inside), None) or shutil.which("node")
    assert found, "no Node: `python3 dev.py test` brings one"
    return found


def run(suite: Path, *, long: bool = False) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "LONG": "1" if long else ""}
    command = [node(), "--test", "--test-reporter=tap", str(suite)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environ)


def test_there_are_suites_to_run() -> None:
    assert "plan.test.mjs" in {suite.name for suite in SUITES}


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_a_suite_of_scripts_passes(suite: Path, request: pytest.FixtureRequest) -> None:
    answer = run(suite, long=request.config.getoption("--long"))
    failed = [line.strip() for line in answer.stdout.splitlines() if "not ok " in line]
    assert (answer.returncode, failed) == (0, []), answer.stdout[-4000:] + answer.stderr
    # A suite that finds nothing to do passes as well.
    assert "# pass 0" not in answer.stdout


def test_a_failing_suite_would_be_seen(tmp_path: Path) -> None:
    suite = tmp_path / "wrong.test.mjs"
    suite.write_text('import { test } from "node:test"; test("no", () => { throw 1; });')
    answer = run(suite)
    assert answer.returncode != 0
    assert "not ok " in answer.stdout


def test_the_vectors_are_those_that_zoneinfo_gives() -> None:
    written = VECTORS.read_text("utf-8")
    assert make_vectors.render() == written, "run `python3 -m tests.plan.make_vectors`"


def test_a_vector_asks_one_thing_and_says_what() -> None:
    vectors = json.loads(VECTORS.read_text("utf-8"))
    assert len(vectors) >= 200
    assert all(set(each) == {"what", "call", "args", "want"} for each in vectors)
    assert len({each["what"] for each in vectors}) == len(vectors)
