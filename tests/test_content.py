"""The content has no faults, and whatever a writer gets wrong is told with its file and line."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from webapp.protocol.library import compile_library, load_library
from webapp.protocol.models import Activity, Library, Protocol
from webapp.protocol.reading import ContentFaultsError, Fault, read_library

ROOT = Path(__file__).resolve().parent.parent
CONTENT = ROOT / "protocols"
TODAY = date(2026, 11, 22)
VARIANTS = ("home", "standard", "deep", "rf", "prp")
DAYS = ("0", "1", "2", "3", "4", "5", "6", "7", "8-14", "15-42")

PROTOCOL = "microneedling/protocol.yaml"
DAYS_FILE = "microneedling/days.yaml"
ACTIVITIES = "microneedling/activities.yaml"
BREAKOUTS = "microneedling/breakouts.yaml"
HELP = "microneedling/help.yaml"
SOURCES = "sources.yaml"

# clinical.md section 5, row by row: cosmetic / standard / deep / RF / +PRP. As care.md 12 reads it,
# "next morning" is 24h, "same day" 0h, "same or next day" 24h, and "ask; 72 h" asks and waits 72h.
SECTION_5 = """
 1 touch             never
 2 rinse             from   4h   6h   6h   6h   24h
 3 cleanser          from   12h  24h  24h  24h  24h
 4 shower            from   4h   4h   6h   6h   12h
 5 hot-shower        from   48h  48h  72h  72h  72h
 6 moisturizer       from   12h  24h  24h  24h  24h
 7 mineral-sunscreen from   24h  24h  24h  24h  24h
 8 other-sunscreen   from   48h  72h  72h  72h  72h
 9 shade             from   0h   0h   0h   0h   0h
10 sun               from   7d   14d  14d  14d  14d
11 tanning-bed       from   14d  14d  14d  14d  14d
12 self-tanner       from   7d   7d   7d   7d   7d
13 makeup            from   24h  48h  72h  72h  48h
14 mineral-makeup    from   24h  24h  48h  48h  24h
15 walk              from   24h  24h  24h  24h  24h
16 exercise          from   48h  72h  96h  96h  72h
17 hot-yoga          from   72h  7d   7d   10d  7d
18 contact-sport     from   72h  7d   7d   7d   7d
19 pool              from   72h  72h  7d   7d   72h
20 lake              from   7d   7d   10d  10d  7d
21 hot-tub           from   72h  7d   7d   10d  7d
22 sauna             from   72h  7d   7d   10d  7d
23 alcohol           from   48h  48h  48h  48h  72h
24 smoking           ask    72h  72h  72h  72h  72h
25 fly               from   24h  24h  24h  24h  24h
26 cold              from   72h  72h  7d   7d   72h
27 heat              from   24h  72h  72h  72h  72h
28 blow-dry          from   24h  24h  48h  48h  24h
29 wash-hair         from   12h  24h  24h  24h  24h
30 hair-dye          from   7d   7d   7d   7d   7d
31 shave             from   48h  72h  5d   7d   72h
32 wax               from   7d   14d  14d  14d  14d
33 laser-hair        from   14d  28d  28d  28d  28d
34 peel              from   14d  28d  28d  28d  28d
35 facial            from   7d   14d  14d  14d  14d
36 botulinum         from   7d   14d  14d  14d  14d
37 filler            from   7d   14d  14d  14d  14d
38 tattoo            from   7d   14d  28d  28d  14d
39 retinoids         from   7d   14d  14d  14d  14d
40 acids             from   7d   14d  14d  14d  14d
41 acne-cream        from   7d   7d   14d  14d  7d
42 scrub             from   14d  14d  14d  14d  14d
43 led               ask    72h  72h  72h  72h  72h
44 ice               from   0h   0h   0h   0h   ask
45 acetaminophen     from   0h   0h   0h   0h   0h
46 ibuprofen         ask
47 blood-thinner     do-not-stop
48 sleep-on-face     from   48h  48h  48h  48h  48h
49 mask              from   24h  24h  48h  48h  24h
50 work              from   24h  24h  24h  24h  24h
51 perfume           from   7d   7d   7d   7d   7d
52 give-blood        ask
53 home-rolling      never
"""
# The rows whose hours a source states; every other wait is our cautious choice.
DAGGERED = {"moisturizer", "mineral-sunscreen", "exercise"}
# care.md 12: each with the row whose longest wait it takes; none where there is no hour to give.
ADDITIONS = {
    "no-gel": None, "polysporin": None, "cortisone": None,
    "thermal-water": "moisturizer", "cica": "moisturizer",
    "mascara": "makeup", "lipstick": "makeup", "spicy-food": "heat", "snow": "exercise",
    "glasses": "mask", "kissing": "mask", "children": "mask",
}  # fmt: skip


def wait_of(cell: str) -> int | str:
    return cell if cell == "ask" else int(cell[:-1]) * {"h": 1, "d": 24}[cell[-1]]


def section_5() -> dict[str, tuple[str, dict[str, int | str] | None]]:
    """Return the kind and the waits of every row by its id."""
    rows: dict[str, tuple[str, dict[str, int | str] | None]] = {}
    for line in SECTION_5.strip().splitlines():
        _, name, kind, *cells = line.split()
        waits = dict(zip(VARIANTS, map(wait_of, cells), strict=True)) if cells else None
        rows[name] = (kind, waits)
    return rows


# --- the real content ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def library() -> Library:
    return read_library(CONTENT, TODAY)


@pytest.fixture(scope="module")
def protocol(library: Library) -> Protocol:
    return library.protocols[0]


@pytest.fixture(scope="module")
def activities(protocol: Protocol) -> dict[str, Activity]:
    return {each.id: each for each in protocol.activities}


def run(*command: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_the_check_command_finds_nothing_wrong_in_the_real_content() -> None:
    answer = run(sys.executable, "-m", "webapp.cli", "check")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "No faults" in answer.stdout


def test_every_row_of_section_5_can_be_looked_up(activities: dict[str, Activity]) -> None:
    assert len(section_5()) == 53
    assert set(section_5()) - set(activities) == set()


def test_the_day_0_gaps_of_care_12_are_filled(activities: dict[str, Activity]) -> None:
    assert set(activities) - set(section_5()) == set(ADDITIONS)


@pytest.mark.parametrize("name", section_5())
def test_a_wait_is_the_one_of_section_5(name: str, activities: dict[str, Activity]) -> None:
    kind, waits = section_5()[name]
    row = activities[name]
    assert row.kind == kind
    assert (dict(row.hours) if row.hours else None) == waits
    assert (row.grade == "J") == (name not in DAGGERED)


@pytest.mark.parametrize(("name", "nearest"), ADDITIONS.items())
def test_an_addition_takes_the_longest_wait_of_the_nearest_row(
    name: str, nearest: str | None, activities: dict[str, Activity]
) -> None:
    row = activities[name]
    assert row.grade == "J"
    if nearest is None:
        assert (row.kind, row.hours) == ("ask", None)
    else:
        hours = activities[nearest].hours or {}
        longest = max(each for each in hours.values() if isinstance(each, int))
        assert (row.kind, row.like) == ("from", nearest)
        assert row.hours == dict.fromkeys(VARIANTS, longest)


def test_no_day_is_missing(protocol: Protocol) -> None:
    assert tuple(day.id for day in protocol.days["standard"]) == DAYS


def test_the_days_cover_six_weeks_without_a_hole(protocol: Protocol) -> None:
    covered = [n for day in protocol.days["standard"] for n in range(day.first, day.last + 1)]
    assert covered == list(range(43))


@pytest.mark.parametrize("number", range(len(DAYS)), ids=DAYS)
def test_a_day_says_when_to_call_the_same_day(number: int, protocol: Protocol) -> None:
    calls = protocol.days["standard"][number].call_if
    assert len(calls) == 3
    assert "today" in {call.level for call in calls}


def test_what_did_you_have_offers_every_answer(protocol: Protocol) -> None:
    offered = {each.id for each in protocol.variants}
    assert offered == {"standard", "deep", "rf", "prp", "home", "unknown"}


def test_nothing_claims_to_be_signed_yet(protocol: Protocol) -> None:
    assert (protocol.version, protocol.state, protocol.readers) == ("draft", "preview", ())


def test_a_compiled_library_says_the_same_as_its_files(library: Library, tmp_path: Path) -> None:
    compile_library(CONTENT, tmp_path / "new" / "protocols.json")
    assert load_library(tmp_path / "new" / "protocols.json") == library


# --- planted faults ------------------------------------------------------------------------------

# Words of pydantic, Python or YAML that mean nothing to someone who writes content.
JARGON = re.compile(r"input should|valid (dict|list|str|int|bool)|traceback|NoneType|\w+Error|\^\\")


@dataclass(frozen=True)
class Plant:
    """A fault to plant, and what must be said of it.

    ``old`` is a regular expression whose first match becomes ``new``. The fault is expected on
    the line where the match begins, or else on the first line that matches ``line`` afterwards.
    """

    file: str
    old: str
    new: str
    place: str
    words: str
    line: str = ""

    def into(self, folder: Path) -> int:
        """Spoil a copy of the content; return the line on which the fault must be told."""
        file = folder / self.file
        text = file.read_text("utf-8")
        match = re.search(self.old, text, re.MULTILINE)
        assert match, f"{self.file} has no {self.old!r} any more: plant this fault elsewhere"
        spoiled = text[: match.start()] + match.expand(self.new) + text[match.end() :]
        assert spoiled != text
        file.write_text(spoiled, "utf-8")
        if self.line:
            match = re.search(self.line, spoiled, re.MULTILINE)
            assert match, f"{self.file} has no {self.line!r}"
        return match.string.count("\n", 0, match.start()) + 1


STATEMENT = (
    r"^      - en: (?P<en>.*)\n        fr: (?P<fr>.*)\n        sources: .*\n        grade: .*\n"
)
HEADLINE = r"^    headline:\n(      .*\n)+"
RINSE_HOURS = r"hours: \{home: 4, standard: 6, deep: 6, rf: 6, prp: 24\}"
FIRST_DAY, RINSE = "days › standard › 0", "activities › rinse"

PLANTS = {
    "unknown key": Plant(
        ACTIVITIES, r"^    group: washing\n", r"    colour: red\n\g<0>",
        f"{RINSE} › colour", "not a key that belongs here",
    ),
    "unknown key at the top of a file": Plant(
        ACTIVITIES, r"^activities:\n", r"others: []\n\g<0>",
        "microneedling › others", "not a key that belongs here",
    ),
    "no French": Plant(
        DAYS_FILE, STATEMENT, r"      - en: \g<en>\n        sources: []\n        grade: J\n",
        f"{FIRST_DAY} › expect › 1 › fr", "is missing",
    ),
    "no English": Plant(
        DAYS_FILE, STATEMENT, r"      - fr: \g<fr>\n        sources: []\n        grade: J\n",
        f"{FIRST_DAY} › expect › 1 › en", "is missing",
    ),
    "no French in an introduction": Plant(
        BREAKOUTS, r"^    fr: .*\n", "",
        "breakouts › intro › 1 › fr", "is missing", line=r"^  - en: ",
    ),
    "empty French": Plant(
        HELP, r"^        fr: .*\n", '        fr: ""\n',
        "help › cards › 1 › signs › 1 › fr", "is empty",
    ),
    "no sources": Plant(
        DAYS_FILE, STATEMENT, r"      - en: \g<en>\n        fr: \g<fr>\n        grade: J\n",
        f"{FIRST_DAY} › expect › 1 › sources", "is missing",
    ),
    "unknown source": Plant(
        DAYS_FILE, r"^      sources: \[S07\]", "      sources: [S07, S99]",
        f"{FIRST_DAY} › headline › sources › 2", "source S99 is not in sources.yaml",
    ),
    "unknown letter": Plant(
        DAYS_FILE, r"^      sources: \[S07\]", "      sources: [S09z]",
        f"{FIRST_DAY} › headline › sources › 1", "source S09z is not in sources.yaml",
    ),
    "letter of a source without letters": Plant(
        DAYS_FILE, r"^      sources: \[S07\]", "      sources: [S07a]",
        f"{FIRST_DAY} › headline › sources › 1", "source S07a is not in sources.yaml",
    ),
    "graded without a source": Plant(
        DAYS_FILE, r"^      sources: \[S07\]", "      sources: []",
        f"{FIRST_DAY} › headline › sources", "has no source",
    ),
    "a blog alone": Plant(
        DAYS_FILE, r"^      sources: \[S07\]\n      grade: .", "      sources: [S40k]\n      grade: F",
        f"{FIRST_DAY} › headline › sources", "blogs only",
    ),
    "better than its source": Plant(
        DAYS_FILE, r"(?<=^      sources: \[S07\]\n)      grade: D", "      grade: C",
        f"{FIRST_DAY} › headline › grade", "better than its best source (D)",
    ),
    "no such grade": Plant(
        DAYS_FILE, r"(?<=^      sources: \[S07\]\n)      grade: D", "      grade: K",
        f"{FIRST_DAY} › headline › grade", "'K', but must be one of",
    ),
    "lapsed": Plant(
        PROTOCOL, r"^review_by: .*", "review_by: 2026-11-21",
        "microneedling › review_by", "lapsed on 2026-11-21",
    ),
    "a review date that no calendar has": Plant(
        PROTOCOL, r"^review_by: .*", "review_by: 2027-02-30",
        "microneedling › review_by", "2027-02-30",
    ),
    "a review date in words": Plant(
        PROTOCOL, r"^review_by: .*", "review_by: next spring",
        "microneedling › review_by", "wrong form",
    ),
    "id twice": Plant(
        ACTIVITIES, r"(?<=^  - )id: cleanser", "id: rinse",
        f"{RINSE} › id", "'rinse' is used twice",
    ),
    "source twice": Plant(
        SOURCES, r"(?<=^  - )id: S02", "id: S01", "sources › S01 › id", "'S01' is used twice",
    ),
    "question twice": Plant(
        BREAKOUTS, r"(?<=^  - )id: (?!why$)\S+", "id: why",
        "breakouts › questions › why › id", "'why' is used twice",
    ),
    "key twice": Plant(
        ACTIVITIES, r"^    group: washing\n", r"\g<0>    group: sun\n",
        f"{RINSE} › group", "written twice", line=r"^    group: sun",
    ),
    "text where a statement is wanted": Plant(
        DAYS_FILE, HEADLINE, "    headline: Warm skin\n",
        f"{FIRST_DAY} › headline", "must be a group of keys",
    ),
    "a list where a statement is wanted": Plant(
        DAYS_FILE, HEADLINE, "    headline: [Warm skin]\n",
        f"{FIRST_DAY} › headline", "must be a group of keys",
    ),
    "a list where hours are wanted": Plant(
        ACTIVITIES, RINSE_HOURS, "hours: [4, 6, 6, 6, 24]", f"{RINSE} › hours", "group of keys",
    ),
    "a group where a list is wanted": Plant(
        ACTIVITIES, r"^activities:\n", r"\g<0>  rinse: {}\n  other:\n",
        "microneedling › activities", "must be a list",
    ),
    "a word where a list of sources is wanted": Plant(
        DAYS_FILE, r"^      sources: \[S07\]", "      sources: S07",
        f"{FIRST_DAY} › headline › sources", "must be a list",
    ),
    "days in the wrong order": Plant(
        DAYS_FILE, r'^  - id: "3"', '  - id: "4"',
        "days › standard", "in this order", line="^standard:",
    ),
    "a day number without quotes": Plant(
        DAYS_FILE, r'^  - id: "3"', "  - id: 3", "days › standard › 4 › id", "must be words",
    ),
    "two lines of when to call": Plant(
        DAYS_FILE, r"^    call_if:\n      - .*\n(?:        .*\n)+", "    call_if:\n",
        f"{FIRST_DAY} › call_if", "2 lines instead of 3",
    ),
    "days for no variant": Plant(
        DAYS_FILE, "^standard:", "standrad:", "days › standrad", "is not a variant",
    ),
    "like nothing": Plant(
        ACTIVITIES, "like: makeup", "like: makup",
        "activities › mascara › like", "'makup' is not an activity with hours",
    ),
    "like one that is itself like another": Plant(
        ACTIVITIES, "like: makeup", "like: glasses",
        "activities › mascara › like", "'glasses' is not an activity with hours",
    ),
    "hours without a variant": Plant(
        ACTIVITIES, RINSE_HOURS, "hours: {home: 4, standard: 6, deep: 6, rf: 6}",
        f"{RINSE} › hours", "look at: prp",
    ),
    "hours of no variant": Plant(
        ACTIVITIES, RINSE_HOURS, "hours: {home: 4, standard: 6, deep: 6, rf: 6, prp: 24, prf: 24}",
        f"{RINSE} › hours", "look at: prf",
    ),
    "hours left out": Plant(
        ACTIVITIES, r"^    " + RINSE_HOURS + r"\n", "",
        f"{RINSE} › hours", "needs hours", line="^  - id: rinse",
    ),
    "hours where there is nothing to wait for": Plant(
        ACTIVITIES, r"^    kind: never\n", r"\g<0>    hours: {home: 1}\n",
        "activities › touch › hours", "has no place in the kind “never”", line=r"hours: \{home: 1\}",
    ),
    "hours below zero": Plant(
        ACTIVITIES, RINSE_HOURS, "hours: {home: 4, standard: -6, deep: 6, rf: 6, prp: 24}",
        f"{RINSE} › hours › standard", "whole number of hours",
    ),
    "hours in words": Plant(
        ACTIVITIES, RINSE_HOURS, "hours: {home: 4, standard: soon, deep: 6, rf: 6, prp: 24}",
        f"{RINSE} › hours › standard", "whole number of hours",
    ),
    "yes where a number of hours is wanted": Plant(
        ACTIVITIES, RINSE_HOURS, "hours: {home: 4, standard: true, deep: 6, rf: 6, prp: 24}",
        f"{RINSE} › hours › standard", "whole number of hours",
    ),
    "no such kind": Plant(
        ACTIVITIES, r"^    kind: from", "    kind: form",
        f"{RINSE} › kind", "'form', but must be one of 'from', 'ask'",
    ),
    "no such group": Plant(
        ACTIVITIES, r"^    group: washing", "    group: wishing",
        f"{RINSE} › group", "'wishing' is not a group",
    ),
    "a claim that is neither true nor false": Plant(
        BREAKOUTS, "^    claim: .*", "    claim: maybe",
        "breakouts › questions › why › claim", "true or false",
    ),
    "signed without readers": Plant(
        PROTOCOL, "^state: preview", "state: signed", "microneedling › state", "is signed, but not",
    ),
    "signed by one reader for two languages": Plant(
        PROTOCOL, "^state: preview",
        "readers: [{language: en, name: A, profession: {en: Nurse, fr: Infirmière}, "
        "date: 2026-11-01}]\nstate: signed",
        "microneedling › state", "is signed, but not", line="^state:",
    ),
    "read, but a preview": Plant(
        PROTOCOL, "^state: preview",
        "readers: [{language: en, name: A, profession: {en: Nurse, fr: Infirmière}, "
        "date: 2026-11-01}]\nstate: preview",
        "microneedling › readers", "its state is preview",
    ),
    "the three cards out of order": Plant(
        HELP, r"level: emergency", "level: clinic",
        "help › cards", "in this order", line="^cards:",
    ),
    "broken YAML": Plant(
        ACTIVITIES, r"^    group: washing\n", "    group: [washing\n",
        "the file", "cannot be read as YAML", line="^    name:",
    ),
    "a tab": Plant(
        ACTIVITIES, r"^    group: washing\n", "\tgroup: washing\n",
        "the file", "cannot be read as YAML",
    ),
    "an undefined alias": Plant(
        DAYS_FILE, r"^      sources: \[S07\]", "      sources: *those",
        "the file", "cannot be read as YAML",
    ),
}  # fmt: skip


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the content to spoil."""
    return Path(shutil.copytree(CONTENT, tmp_path / "protocols"))


def faults_in(folder: Path) -> list[Fault]:
    """Return what is told of the content; anything but faults fails the test."""
    try:
        read_library(folder, TODAY)
    except ContentFaultsError as error:
        return error.faults
    return []


def is_told(faults: list[Fault], plant: Plant, line: int) -> bool:
    return any(
        (fault.file, fault.line) == (plant.file, line)
        and fault.place.endswith(plant.place)
        and plant.words in fault.what
        for fault in faults
    )


@pytest.mark.parametrize("name", PLANTS)
def test_a_writer_is_told_what_is_wrong_and_where(name: str, copy: Path) -> None:
    plant = PLANTS[name]
    line = plant.into(copy)
    faults = faults_in(copy)
    assert is_told(faults, plant, line), f"wanted line {line}; told:\n" + "\n".join(
        map(str, faults)
    )
    assert [str(fault) for fault in faults if JARGON.search(fault.what)] == []


def test_one_run_tells_every_fault(copy: Path) -> None:
    names = (
        "unknown key", "no French", "lapsed", "source twice", "like nothing", "graded without a source",
        "days in the wrong order", "a claim that is neither true nor false", "empty French",
    )  # fmt: skip
    for name in names:
        PLANTS[name].into(copy)
    faults = faults_in(copy)
    assert [
        name
        for name in names
        if not any(
            fault.file == PLANTS[name].file and PLANTS[name].words in fault.what for fault in faults
        )
    ] == []
    assert faults == sorted(faults)


def test_a_fault_is_one_line_that_an_editor_can_jump_to(copy: Path) -> None:
    line = PLANTS["unknown key"].into(copy)
    (fault,) = faults_in(copy)
    start = f"{ACTIVITIES}:{line}: microneedling › activities › rinse › colour: "
    assert str(fault).startswith(start)
    assert "\n" not in str(fault)


@pytest.mark.parametrize("file", [PROTOCOL, DAYS_FILE, ACTIVITIES, BREAKOUTS, HELP, SOURCES])
@pytest.mark.parametrize(
    "bytes_",
    [b"", b"# later\n", b"- one\n- two\n", b"later\n", "standard: d\u00e9j\u00e0".encode("latin-1"), b"a: \0"],
    ids=["empty", "comment", "list", "word", "not UTF-8", "control character"],
)  # fmt: skip
def test_a_file_that_is_no_content_is_named(file: str, bytes_: bytes, copy: Path) -> None:
    (copy / file).write_bytes(bytes_)
    faults = faults_in(copy)
    assert file in {fault.file for fault in faults}
    assert [str(fault) for fault in faults if JARGON.search(fault.what)] == []


def test_a_file_that_is_not_utf_8_is_called_so(copy: Path) -> None:
    (copy / DAYS_FILE).write_bytes("standard: d\u00e9j\u00e0".encode("latin-1"))
    assert "not UTF-8" in " ".join(fault.what for fault in faults_in(copy))


@pytest.mark.parametrize("file", [PROTOCOL, DAYS_FILE, ACTIVITIES, BREAKOUTS, HELP, SOURCES])
def test_a_missing_file_is_named(file: str, copy: Path) -> None:
    (copy / file).unlink()
    assert (file, "is missing") in {(fault.file, fault.what) for fault in faults_in(copy)}


def test_a_misspelt_file_name_is_not_passed_over(copy: Path) -> None:
    (copy / "microneedling/breakout.yaml").write_text("questions: []\n")
    (fault,) = faults_in(copy)
    assert (fault.file, fault.place) == ("microneedling/breakout.yaml", "the file")
    assert "breakouts.yaml" in fault.what


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (ACTIVITIES, r"(?<=^  - )id: cleanser", "id: [cleanser]"),
        (ACTIVITIES, "like: makeup", "like: [makeup]"),
        (ACTIVITIES, r"^    group: washing", "    group: [washing]"),
        (PROTOCOL, r"(?<=^  - )id: deep", "id: [deep]"),
    ],
)
def test_a_list_where_a_name_is_wanted_is_told_not_thrown(
    file: str, old: str, new: str, copy: Path
) -> None:
    line = Plant(file, old, new, "", "").into(copy)
    assert (file, line) in {(fault.file, fault.line) for fault in faults_in(copy)}


def test_a_misspelt_key_in_the_register_is_not_passed_over(copy: Path) -> None:
    with (copy / SOURCES).open("a", encoding="utf-8") as register:
        register.write("\nsuorces: []\n")
    assert [fault.file for fault in faults_in(copy)] == [SOURCES]


def test_a_library_without_a_protocol_is_refused(copy: Path) -> None:
    shutil.rmtree(copy / "microneedling")
    assert faults_in(copy) != []


def test_spoiled_content_is_not_compiled(copy: Path, tmp_path: Path) -> None:
    PLANTS["no French"].into(copy)
    with pytest.raises(ContentFaultsError):
        compile_library(copy, tmp_path / "protocols.json")
    assert not (tmp_path / "protocols.json").exists()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a copy of code and content, since the command reads the content beside its code."""
    for name in ("webapp", "protocols"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.mark.parametrize("command", ["check", "build"])
def test_the_command_tells_the_faults_and_fails(command: str, checkout: Path) -> None:
    lines = [PLANTS[name].into(checkout / "protocols") for name in ("no French", "like nothing")]
    answer = run(sys.executable, "-m", "webapp.cli", command, cwd=checkout)
    assert answer.returncode == 1
    assert f"{DAYS_FILE}:{lines[0]}: " in answer.stderr
    assert f"{ACTIVITIES}:{lines[1]}: " in answer.stderr
    assert "2 faults" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not (checkout / "build" / "protocols.json").exists()


def test_content_is_read_again_from_the_day_after_its_review_date(protocol: Protocol) -> None:
    last = date.fromisoformat(protocol.review_by)
    read_library(CONTENT, last)
    with pytest.raises(ContentFaultsError, match="lapsed"):
        read_library(CONTENT, last.replace(year=last.year + 1))
    assert last >= datetime.now(UTC).date()


# --- what a sentence may not say -----------------------------------------------------------------

TIMES_EN = (
    "Wait 24 h before it.", "Wait 24h before it.", "After 48 hours it eases.", "A 24-hour rest.",
    "After 6 hrs, look again.", "Within 1 hour it eases.", "It takes 1.5 hours.", "At 2:30 pm.",
    "At 2 pm, rest.", "By 9 p.m. it fades.", "At 10AM, look.", "At 14:30, look.",
    "Before 9 o'clock.", "Rest until noon.", "Stop at midnight.", "After twenty-four hours.",
    "For seventy two hours.", "Dab for 10 minutes.", "Dab for 10 min.", "A few minutes later.",
    "Several hours later.", "For an hour or so.", "For half an hour.", "Fifteen minutes at most.",
    "A couple of hours later.",
)  # fmt: skip
TIMES_FR = (
    "Attendez 24 h avant.", "Attendez 24h avant.", "Après 48 heures, ça se calme.", "À 14 h 30.",
    "À 14h30, regardez.", "À 14:30, regardez.", "Dès 9 h du matin.", "Après 1,5 heure.",
    "Reposez-vous jusqu'à midi.", "Arrêtez à minuit.", "Après vingt-quatre heures.",
    "Pendant soixante-douze heures.", "Pendant une heure.", "Pendant une demi-heure.",
    "Après deux ou trois heures.", "Épongez 10 minutes.", "Épongez 10 min.", "Après quelques minutes.",
    "Après plusieurs heures.", "Quinze minutes au plus.", "Entre 6 et 8 heures.",
)  # fmt: skip
NO_TIMES_EN = (
    "Tonight, sleep on a clean pillowcase.", "The swelling is worst this morning.",
    "This afternoon the skin may feel tight.", "When its hour comes, put on a plain moisturizer.",
    "Spots settle in 7 to 10 days.", "Look again in a few days.", "By day 10, it is gone.",
    "Put it on 3 to 4 times a day.", "A fever of 38 °C or more.", "Use SPF 30 or more.",
    "Weeks 3 to 6 are for patience.", "Dab a minimum, with two hands.", "One hundred points of blood.",
)  # fmt: skip
NO_TIMES_FR = (
    "Ce soir, dormez sur une taie propre.", "Ce matin, l'enflure peut sembler plus forte.",
    "Cet après-midi, la peau peut tirer.", "Quand son heure viendra, mettez un hydratant simple.",
    "Les boutons se calment en 7 à 10 jours.", "Regardez de nouveau dans quelques jours.",
    "Au jour 10, c'est fini.", "Mettez-en 3 ou 4 fois par jour.", "Une fièvre de 38 °C ou plus.",
    "Prenez un FPS de 30 ou plus.", "De la semaine 3 à la semaine 6.", "Une humeur, une main à la fois.",
)  # fmt: skip

# clinical.md section 9's list, and its everyday forms.
BANNED_EN = (
    "This is a healing crisis.", "The skin may purge.", "Purging is common.", "It purges the skin.",
    "A detox for the skin.", "It detoxifies the skin.", "It lets toxins out.", "A toxin leaves.",
    "It frees impurities.", "An impurity leaves.", "This is completely normal.",
    "It is totally normal.", "It’s a sign it’s working.", "A sign it's working.",
    "A sign that it is working.", "Results are guaranteed.", "We guarantee it.",
    "It is safe for everyone.", "A risk-free cream.", "It is risk free.", "A cure for spots.",
    "It cured my spots.", "We diagnose nothing.", "It was diagnosed.", "So you have acne.",
    "You have an infection.", "You have a cold sore.", "This cream is non-comedogenic.",
    "These creams are non-comedogenic.", "Stop your medication.", "CURES ARE FEW.",
    # No list of words can tell ham from skin, and a writer can say "ham".
    "Leave cured ham for later.",
)  # fmt: skip
BANNED_FR = (
    "C'est une crise de guérison.", "La peau purge.", "C'est une purge.", "Purgez la peau.",
    "Une cure détox.", "Elle libère des toxines.", "Une toxine sort.", "Elle élimine les impuretés.",
    "C'est tout à fait normal.", "C'est complètement normal.", "Des rougeurs tout à fait normales.",
    "C'est signe que ça marche.", "Un signe que cela fonctionne.", "Un résultat garanti.",
    "Nous garantissons le résultat.", "C'est sans danger.", "Une crème sans risque.",
    "Une crème sans aucun risque.", "On peut diagnostiquer.", "Cela diagnostique l'acné.",
    "Vous avez de l'acné.", "Vous avez une infection.", "Vous avez un feu sauvage.",
    "Cette crème est non comédogène.", "Ces crèmes sont non comédogènes.",
    "Arrêtez vos médicaments.", "Cessez de prendre vos médicaments.",
)  # fmt: skip
FINE_EN = (
    "Tie your hair in a secure knot.", "Purgatory is a place in a poem.", "Botulinum toxin can wait.",
    "A manicure or a pedicure is fine.", "An obscure sign.", "If you have acne, ask your clinic.",
    "The label says non-comedogenic.", "This is not a diagnosis.", "Detour by the shade.",
    "It is expected today.", "Do not stop it on your own.",
)  # fmt: skip
FINE_FR = (
    "Un nœud sécuritaire.", "Le purgatoire est dans un poème.", "La toxine botulique peut attendre.",
    "Une manucure ne pose pas de problème.", "Si vous avez de l'acné, demandez à la clinique.",
    "L'étiquette dit non comédogène.", "Ce n'est pas un diagnostic.", "Sans dangereux détour.",
    "C'est attendu aujourd'hui.", "Un texte expurgé.",
)  # fmt: skip


def statement(language: str, words: str) -> str:
    """Return one statement as YAML, with harmless words in the other language."""
    texts = {"en": "Rest.", "fr": "Reposez-vous.", language: words}
    return f'      - {{en: "{texts["en"]}", fr: "{texts["fr"]}", sources: [], grade: J}}\n'


Told = Callable[[str], list[Fault]]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Return what is told of a sentence, all of them having been written into one day and read."""
    english = [*TIMES_EN, *NO_TIMES_EN, *BANNED_EN, *FINE_EN]
    french = [*TIMES_FR, *NO_TIMES_FR, *BANNED_FR, *FINE_FR]
    folder = Path(shutil.copytree(CONTENT, tmp_path_factory.mktemp("said") / "protocols"))
    file = folder / DAYS_FILE
    before, after = file.read_text("utf-8").split("    know:\n", maxsplit=1)
    first = before.count("\n") + 2
    written = [
        *(statement("en", each) for each in english),
        *(statement("fr", each) for each in french),
    ]
    file.write_text(before + "    know:\n" + "".join(written) + after, "utf-8")
    faults = faults_in(folder)
    lines = {each: first + n for n, each in enumerate([*english, *french])}
    assert len(lines) == len(written), "a sentence stands in two tables"
    return lambda sentence: [
        each for each in faults if (each.file, each.line) == (DAYS_FILE, lines[sentence])
    ]


@pytest.mark.parametrize("sentence", [*TIMES_EN, *TIMES_FR])
def test_a_day_may_not_name_a_time(sentence: str, told: Told) -> None:
    (fault,) = told(sentence)
    assert "names a time (“" in fault.what
    assert fault.place.endswith("› en" if sentence in TIMES_EN else "› fr")


@pytest.mark.parametrize("sentence", [*NO_TIMES_EN, *NO_TIMES_FR])
def test_a_sentence_without_a_time_is_left_alone(sentence: str, told: Told) -> None:
    assert told(sentence) == []


@pytest.mark.parametrize("sentence", [*BANNED_EN, *BANNED_FR])
def test_a_banned_phrase_is_refused(sentence: str, told: Told) -> None:
    (fault,) = told(sentence)
    assert "uses a banned phrase (“" in fault.what
    assert fault.place.endswith("› en" if sentence in BANNED_EN else "› fr")


@pytest.mark.parametrize("sentence", [*FINE_EN, *FINE_FR])
def test_a_word_that_only_resembles_a_banned_one_is_left_alone(sentence: str, told: Told) -> None:
    assert told(sentence) == []


@pytest.mark.parametrize("file", [ACTIVITIES, BREAKOUTS, HELP])
def test_a_banned_phrase_is_refused_on_every_page(file: str, copy: Path) -> None:
    line = Plant(file, r'(?<=fr: ")', "C'est tout à fait normal. ", "", "").into(copy)
    (fault,) = faults_in(copy)
    assert (fault.file, fault.line) == (file, line)
    assert "tout à fait normal" in fault.what


def question(
    *, claim: bool = True, en: str = "No. It is not.", fr: str = "Non. Ce n'est pas ça."
) -> str:
    return (
        "  - id: quoted\n"
        '    question: {en: "Is it a healing crisis?", fr: "Est-ce une crise de guérison?"}\n'
        f"    claim: {str(claim).lower()}\n"
        f'    short: {{en: "{en}", fr: "{fr}", sources: [], grade: J}}\n'
    )


def ask(copy: Path, words: str) -> list[tuple[str, str]]:
    """Add a question to the guide to spots; return places, below the question, and what is told."""
    file = copy / BREAKOUTS
    text = file.read_text("utf-8")
    file.write_text(text.replace("questions:\n", f"questions:\n{words}", 1), "utf-8")
    return [(fault.place.split("quoted › ")[1], fault.what) for fault in faults_in(copy)]


def test_a_question_may_quote_a_claim_that_its_answer_rejects(copy: Path) -> None:
    assert ask(copy, question()) == []


def test_a_question_that_quotes_must_be_marked_as_a_claim(copy: Path) -> None:
    places = [place for place, _ in ask(copy, question(claim=False))]
    assert places == ["question › en", "question › fr"]


@pytest.mark.parametrize("en", ["Perhaps.", "Nobody knows.", "It can be: no one knows."])
def test_an_english_answer_to_a_claim_begins_with_no(en: str, copy: Path) -> None:
    ((place, what),) = ask(copy, question(en=en))
    assert place.startswith("short")
    assert "must begin by rejecting it" in what


@pytest.mark.parametrize("fr", ["Peut-être.", "Nonobstant, oui.", "On ne sait pas."])
def test_a_french_answer_to_a_claim_begins_with_non(fr: str, copy: Path) -> None:
    ((place, what),) = ask(copy, question(fr=fr))
    assert place.startswith("short")
    assert "must begin by rejecting it" in what


def test_an_answer_may_not_repeat_the_claim(copy: Path) -> None:
    ((place, what),) = ask(copy, question(en="No. A healing crisis is a slogan."))
    assert (place, "banned phrase" in what) == ("short › en", True)
