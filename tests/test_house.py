"""The house stands as it was planned: walls, vendors, names, scripts that parse, honest locks."""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from webapp import assets, create_app
from webapp.app import bare_app
from webapp.config import Settings

ROOT = Path(__file__).resolve().parent.parent
NOT_OURS = {"node_modules", "build", "dist", "instance", "gen", "__pycache__"}
PLAN = ROOT / "docs" / "architecture.md"
MODULES = sorted((ROOT / "static/js").glob("*.js"))
WORKER = sorted((ROOT / "service_worker").glob("*.js"))


def folders() -> Iterator[Path]:
    """Yield every folder of the project that people write."""
    for top, names, _ in os.walk(ROOT):
        names[:] = [each for each in names if each not in NOT_OURS and not each.startswith(".")]
        yield Path(top)


# --- walls ---------------------------------------------------------------------------------------


def test_every_room_imports_only_downstairs() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout
    assert re.search(r"Contracts: [1-9]\d* kept, 0 broken", answer.stdout)


def importers() -> dict[str, set[str]]:
    """Return the modules of webapp that import each top-level package, by its name."""
    found: dict[str, set[str]] = {}
    for file in (ROOT / "webapp").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [each.name for each in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            for name in names:
                place = file.relative_to(ROOT).as_posix()
                found.setdefault(name.split(".")[0], set()).add(place)
    return found


@pytest.mark.parametrize(
    "vendor",
    [("webassets", "flask_assets"), ("whitenoise",), ("waitress",), ("babel",), ("yaml",), ("brotli",),
     ("pywebpush", "py_vapid"), ("pycurl",), ("alembic",), ("prometheus_client",),
     ("icalendar",), ("segno",)],
    ids="+".join,
)  # fmt: skip
def test_one_file_knows_a_vendor(vendor: tuple[str, ...]) -> None:
    found = importers()
    assert len(set().union(*(found.get(name, set()) for name in vendor))) == 1


@pytest.mark.parametrize("vendor", ["requests", "httpx", "aiohttp", "psycopg"])
def test_a_vendor_still_to_come_will_be_known_by_one_file(vendor: str) -> None:
    assert len(importers().get(vendor, set())) <= 1


def test_content_is_told_the_date_and_never_looks_it_up() -> None:
    for file in (ROOT / "webapp/protocol").glob("*.py"):
        calls = {
            node.func.attr
            for node in ast.walk(ast.parse(file.read_text("utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        }
        assert calls & {"now", "today", "utcnow", "time"} == set(), file


def test_no_room_is_called_after_nothing_in_particular() -> None:
    vague = {"utils", "util", "helpers", "services", "managers", "common", "misc"}
    every = [folder.relative_to(ROOT) for folder in folders()]
    assert [each for each in every if each.name in vague] == []
    files = [file for folder in folders() for file in folder.iterdir() if file.is_file()]
    assert [each for each in files if each.stem in vague] == []


# --- the plan ------------------------------------------------------------------------------------

ENDINGS = "css|html|js|json|lock|md|mjs|png|po|py|svg|toml|xml|yaml|yml"


def named_paths(text: str) -> set[str]:
    """Return what a document names as a path: code with a slash at its end or a known ending."""
    names = set(re.findall(r"`([^`\s]+)`", text))
    for block in re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        names |= set(re.findall(rf"(?<![\w/.:-])[\w.*-]+/(?:[\w.*/-]*\w\.(?:{ENDINGS}))\b", block))
    path = re.compile(rf"[\w.*-]+(?:/[\w.*-]+)*(?:/|\.(?:{ENDINGS}))")
    return {each for each in names if path.fullmatch(each)}


def is_there(path: str) -> bool:
    """Say whether a path exists, from the top or, for a bare name, anywhere."""
    if path.startswith("static/gen") or path.split("/", maxsplit=1)[0] in NOT_OURS:
        return True
    if "/" in path.rstrip("/"):
        return any(ROOT.glob(path.rstrip("/")))
    return any(any(folder.glob(path.rstrip("/"))) for folder in folders())


def test_the_plan_names_only_what_is_there() -> None:
    named = named_paths(PLAN.read_text("utf-8"))
    assert len(named) >= 10
    assert sorted(path for path in named if not is_there(path)) == []


def test_a_path_that_is_gone_would_be_found() -> None:
    text = "See `webapp/gone.py`, `webapp/config.py`, `/fr/today`, `plan.js` and `guide.pages`."
    assert named_paths(text) == {"webapp/gone.py", "webapp/config.py", "plan.js"}
    assert [is_there(each) for each in sorted(named_paths(text))] == [True, True, False]


CHECKLIST = ROOT / "docs" / "pwa-checklist.md"


def test_the_checklist_leaves_no_number_out() -> None:
    rows = re.findall(r"^\| (\d+(?:, \d+)*) \|", CHECKLIST.read_text("utf-8"), re.MULTILINE)
    assert [int(number) for row in rows for number in row.split(", ")] == list(range(1, 61))


def test_the_checklist_names_only_tests_that_are_there() -> None:
    gone = []
    for row in re.findall(r"^\| \d.*\|$", CHECKLIST.read_text("utf-8"), re.MULTILINE):
        files = [ROOT / each for each in re.findall(r"`([\w./-]+/[\w.]+)`", row)]
        gone += [str(each) for each in files if not each.exists()]
        there = "".join(each.read_text("utf-8") for each in files if each.is_file())
        gone += [
            each
            for each in re.findall(r"`(test_\w+)`", row)
            if not re.search(rf"^def {each}\(", there, re.MULTILINE)
        ]
    assert gone == []


@pytest.mark.parametrize(
    "name",
    ["webapp", "static", "templates", "service_worker", "tests", "pyproject.toml", "README.md",
     "protocols", "translations", "docs", "bench", "dev.py", ".ci/run", "LICENSE"],
)  # fmt: skip
def test_what_the_contract_fixes_stands_at_the_top(name: str) -> None:
    assert (ROOT / name).exists()


# --- scripts -------------------------------------------------------------------------------------


def node() -> str:
    """Return a Node: the one named, Playwright's, or the machine's."""
    inside = Path(sys.prefix).glob("lib/python3*/site-packages/playwright/driver/node")
    found = os.environ.get("NODE") or next(map(str, inside), None) or shutil.which("node")
    assert found, "no Node: `python3 dev.py test` brings one"
    return found


def complaint(source: str, file: Path) -> str:
    """Return what Node says of a script; its kind follows the file's ending."""
    file.write_text(source, "utf-8")
    answer = subprocess.run(
        [node(), "--check", str(file)], capture_output=True, text=True, check=False
    )
    return answer.stderr


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.name)
def test_a_module_parses(file: Path, tmp_path: Path) -> None:
    assert complaint(file.read_text("utf-8"), tmp_path / "module.mjs") == ""


@pytest.mark.parametrize("file", WORKER, ids=lambda file: file.name)
def test_a_chapter_of_the_worker_parses(file: Path, tmp_path: Path) -> None:
    assert complaint(file.read_text("utf-8"), tmp_path / "chapter.cjs") == ""


def test_a_script_that_does_not_parse_would_be_found(tmp_path: Path) -> None:
    assert "SyntaxError" in complaint("const a = ;", tmp_path / "module.mjs")
    assert "SyntaxError" in complaint("let a; let a;", tmp_path / "chapter.cjs")
    assert "SyntaxError" in complaint("import './b.js';", tmp_path / "chapter.cjs")


@pytest.fixture(scope="module")
def bundles() -> dict[str, str]:
    assert assets.built_state() == assets.state_of_sources(), "run `lendemain build` first"
    return {
        name: (ROOT / url.removeprefix("/")).read_text("utf-8")
        for name, url in assets.urls(bare_app()).items()
    }


def test_the_joined_modules_are_one_module(bundles: dict[str, str], tmp_path: Path) -> None:
    for name, tie in (
        ("js", r"export\{([\w,$]+)\};?\s*$"),
        ("screens", r'^import\{([\w,$]+)\}from"\./[^"]+";'),
        ("questions", r'^import\{([\w,$]+)\}from"\./[^"]+";'),
        ("packages", r'^import\{([\w,$]+)\}from"\./[^"]+";'),
    ):
        assert complaint(bundles[name], tmp_path / "joined.mjs") == ""
        joined, ties = re.subn(tie, "", bundles[name])
        assert ties == 1
        assert not re.search(r"""\b(?:import|export)\b\s*[\w{*"']|\bimport\s*\(""", joined)


def test_the_screens_take_what_the_script_of_every_page_lends(bundles: dict[str, str]) -> None:
    lent = re.search(r"export\{([\w,$]+)\}", bundles["js"])
    assert lent
    for name in ("screens", "questions", "packages"):
        taken = re.search(r'import\{([\w,$]+)\}from"\./([^"]+)"', bundles[name])
        assert taken
        assert taken[1] == lent[1]
        assert assets.urls(bare_app())["js"].endswith(f"/{taken[2]}")


# Some of what Safari 15.4 and Firefox 98 do not have: an iPhone 7 stays at iOS 15.
NEWER = re.compile(
    r"\(\?<[=!]|AbortSignal\.(?:timeout\(|any)|Array\.fromAsync|withResolvers|Object\.groupBy|canParse"
    r"|\.(?:aria[A-Z]\w+|toSorted|toReversed|toSpliced|findLast\w*|checkVisibility|isSubsetOf)\b|\bstatic\{"
)


@pytest.mark.parametrize("name", ["js", "screens", "questions", "worker"])
def test_only_the_reader_of_packages_needs_what_older_phones_do_not_have(
    name: str, bundles: dict[str, str]
) -> None:
    assert NEWER.findall(bundles[name]) == []


def test_the_worker_as_served_is_one_classic_script(tmp_path: Path) -> None:
    served = create_app(Settings()).test_client().get("/sw.js").text
    assert complaint(served, tmp_path / "worker.cjs") == ""
    assert not re.search(r"^\s*(?:import|export)\b", served, re.MULTILINE)


def test_a_sign_that_is_not_read_out_is_seen_in_older_browsers_too(bundles: dict[str, str]) -> None:
    # Safari before 17.4 and Firefox before 128 pass over the whole of what has a slash.
    silent = re.findall(r'([^{};]*);?content:("[^"]*") ?/ ?""', bundles["css"])
    assert len(silent) > 5
    assert [sign for before, sign in silent if before != f"content:{sign}"] == []


def test_the_joined_styles_bring_nothing_from_elsewhere(bundles: dict[str, str]) -> None:
    assert "@import" not in bundles["css"]
    assert re.findall(r"url\((?!['\"]?(?:data:|/static/|#))[^)]*\)", bundles["css"]) == []


def imports_of(file: Path) -> dict[str, list[str]]:
    """Return the names that a module imports from each of its neighbours."""
    found = re.findall(r"import\s*\{([^}]*)\}\s*from\s*\"\./(\w+)\.js\"", file.read_text("utf-8"))
    names: dict[str, list[str]] = {}
    for listed, neighbour in found:
        names.setdefault(neighbour, []).extend(each.strip() for each in listed.split(",") if each)
    return names


def test_every_module_is_joined_after_those_it_uses() -> None:
    scripts = [[*assets.MODULES, *further] for further in assets.FURTHER.values()]
    assert sorted({each for joined in scripts for each in joined}) == [
        file.stem for file in MODULES
    ]
    assert sorted({*assets.WORKER, *assets.PASS_THROUGH}) == [file.stem for file in WORKER]
    for joined in scripts:
        for name in joined:
            for neighbour in imports_of(ROOT / f"static/js/{name}.js"):
                assert joined.index(neighbour) < joined.index(name), name


def test_a_module_imports_only_what_its_neighbour_exports() -> None:
    exported = {
        file.stem: set(
            re.findall(
                r"^export (?:async )?(?:function|const|class) (\w+)",
                file.read_text("utf-8"),
                re.MULTILINE,
            )
        )
        for file in MODULES
    }
    for file in MODULES:
        for neighbour, names in imports_of(file).items():
            assert {each for each in names if each} - exported[neighbour] == set(), file.name


def test_features_do_not_know_each_other() -> None:
    features = {
        "today", "start", "settings", "choosing", "moving", "naming", "install", "clinic", "situations", "paper",
        "asking", "searching",
    }  # fmt: skip
    for file in MODULES:
        if file.stem not in {"app", "screens", "questions", "packages"}:
            assert set(imports_of(file)) & features == set(), file.name


def test_the_plan_has_neither_page_nor_clock_nor_neighbour() -> None:
    text = re.sub(r"/\*.*?\*/|//.*", "", (ROOT / "static/js/plan.js").read_text(), flags=re.DOTALL)
    used = set(re.findall(r"[\w.]+(?:\(\))?", text))
    assert used & {"document", "window", "fetch", "indexedDB", "Date.now", "navigator"} == set()
    assert not re.search(r"new Date\(\)|Date\.now|^import ", text, re.MULTILINE)


# --- locks ---------------------------------------------------------------------------------------

LOCKS = ["requirements.lock", "requirements-test.lock"]


def requirements(lock: str) -> list[str]:
    """Return the entries of a lock, each with its hashes on the same line."""
    text = (ROOT / lock).read_text("utf-8").replace("\\\n", " ")
    lines = (line.split(" #")[0].strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_every_package_with_its_hashes(lock: str) -> None:
    found = requirements(lock)
    assert len(found) > 20
    entry = re.compile(r"[A-Za-z0-9._-]+==[^\s;]+(?: *;.*?)?(?:\s+--hash=sha256:[0-9a-f]{64})+")
    assert [each[:60] for each in found if not entry.fullmatch(each)] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_index(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    assert (
        re.findall(r"(?m)^\s*-.*index.*|^\s*--(?:find-links|trusted-host).*|\w+://\S+", text) == []
    )


def test_tests_run_on_the_versions_that_are_served() -> None:
    served, tested = ({each.split(" ")[0] for each in requirements(lock)} for lock in LOCKS)
    assert served - tested == set()


def test_every_dependency_is_locked() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    block = re.search(r"^dependencies = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    assert block
    wanted = {name.lower() for name in re.findall(r'^\s*"([\w-]+)', block[1], re.MULTILINE)}
    assert wanted - {each.split("==")[0] for each in requirements("requirements.lock")} == set()


def test_a_node_package_is_pinned_too() -> None:
    text = (ROOT / "package.json").read_text("utf-8")
    assert re.findall(r'"[\w@/-]+": "[\^~*>][^"]*"', text) == []
