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
from webapp.protocol.models import (
    LANGUAGES,
    Activity,
    Day,
    Kind,
    Level,
    Library,
    Protocol,
    Statement,
)
from webapp.protocol.reading import ContentFaultsError, Fault, read_library

ROOT = Path(__file__).resolve().parent.parent
CONTENT = ROOT / "protocols"
TODAY = date(2026, 11, 22)
VARIANTS = ("home", "standard", "deep", "rf", "prp")
ANSWERS = ("standard", "deep", "rf", "prp", "home", "unknown")
DAYS = ("0", "1", "2", "3", "4", "5", "6", "7", "8-14", "15-42")

PROTOCOL = "microneedling/protocol.yaml"
DAYS_FILE = "microneedling/days/standard.yaml"
RF, PRP = "microneedling/days/rf.yaml", "microneedling/days/prp.yaml"
ACTIVITIES = "microneedling/activities.yaml"
REMINDERS = "microneedling/reminders.yaml"
BREAKOUTS = "microneedling/breakouts.yaml"
HELP = "microneedling/help.yaml"
SITUATIONS = "microneedling/situations.yaml"
SIGNS = "microneedling/signs.yaml"
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
# The short end of each range of clinical.md, sections 2.4 and 5, in hours; "next day" is 24h. Where the
# range has no number about after the treatment, there is none: shaving and waxing speak of before.
SHORTEST = {
    "rinse": 6, "cleanser": 6, "hot-shower": 48, "moisturizer": 24, "mineral-sunscreen": 0,
    "sun": 12, "tanning-bed": 168, "self-tanner": 48, "makeup": 6, "mineral-makeup": 24,
    "exercise": 24, "hot-yoga": 48, "pool": 24, "lake": 48, "hot-tub": 48, "sauna": 48, "heat": 72,
    "blow-dry": 5, "work": 0, "sleep-on-face": 24, "mask": 24, "alcohol": 24, "smoking": 72,
    "perfume": 24, "laser-hair": 48, "retinoids": 48, "acids": 48, "acne-cream": 120, "scrub": 24,
    "peel": 48, "facial": 336, "botulinum": 48, "filler": 168, "tattoo": 48, "ice": 0,
}  # fmt: skip
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


def test_a_clinic_is_asked_again_about_a_wait_below_the_short_end_of_its_range(
    activities: dict[str, Activity],
) -> None:
    found = {name: each.shortest for name, each in activities.items() if each.shortest is not None}
    assert found == SHORTEST


def test_no_clinic_overrules_what_is_never_done_and_what_is_never_stopped(
    activities: dict[str, Activity],
) -> None:
    closed = {name for name, each in activities.items() if not each.takes_own}
    firm = {n for n, each in activities.items() if each.kind in {Kind.NEVER, Kind.DO_NOT_STOP}}
    assert firm == {"touch", "home-rolling", "blood-thinner"}
    # To these the answer is no hour: a product, a medicine, another place to ask.
    assert closed - firm == {"no-gel", "give-blood", "polysporin", "cortisone", "ibuprofen"}


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


@pytest.mark.parametrize("name", section_5())
def test_who_does_not_know_is_given_the_longest_wait(
    name: str, activities: dict[str, Activity]
) -> None:
    kind, waits = section_5()[name]
    answers = list((waits or {}).values())
    hours = [each for each in answers if isinstance(each, int)]
    row = activities[name]
    assert row.wait("unknown") == max(hours, default=None)
    assert row.kind_for("unknown") == (Kind.ASK if "ask" in answers else kind)


def test_who_does_not_know_asks_before_ice(activities: dict[str, Activity]) -> None:
    # After PRP the clinic is asked, and it may have been PRP.
    assert activities["ice"].kind_for("standard") is Kind.FROM
    assert activities["ice"].kind_for("unknown") is Kind.ASK


def test_an_addition_takes_its_longest_wait_for_who_does_not_know_too(
    activities: dict[str, Activity],
) -> None:
    assert (activities["mascara"].wait("unknown"), activities["mascara"].wait("home")) == (72, 72)


def test_every_answer_has_its_days(protocol: Protocol) -> None:
    assert tuple(protocol.days) == ANSWERS == tuple(each.id for each in protocol.variants)


@pytest.mark.parametrize("variant", ANSWERS)
def test_no_day_is_missing(variant: str, protocol: Protocol) -> None:
    assert tuple(day.id for day in protocol.days[variant]) == DAYS


def test_the_days_cover_six_weeks_without_a_hole(protocol: Protocol) -> None:
    covered = [n for day in protocol.days["standard"] for n in range(day.first, day.last + 1)]
    assert covered == list(range(43))


@pytest.mark.parametrize("variant", ANSWERS)
@pytest.mark.parametrize("number", range(len(DAYS)), ids=DAYS)
def test_a_day_says_when_to_call_the_same_day(
    number: int, variant: str, protocol: Protocol
) -> None:
    calls = protocol.days[variant][number].call_if
    assert len(calls) == 3
    assert "today" in {call.level for call in calls}


# --- what a treatment changes --------------------------------------------------------------------


def said_on(day: Day) -> list[Statement]:
    """Return every statement of a day's page."""
    return [day.headline, *day.expect, *day.also, *day.do, *day.know, *day.call_if]


def calls_about(protocol: Protocol, variant: str, level: Level, *words: str) -> list[str]:
    """Return the days on which a variant's lines of that level speak of something."""
    return [
        day.id
        for day in protocol.days[variant]
        for call in day.call_if
        if call.level is level and any(each in call.en.lower() for each in words)
    ]


# clinical.md section 4, rows 40, 44, 43 and 58: what a heated or deep needle, or blood, can do.
@pytest.mark.parametrize("variant", ["rf", "unknown"])
def test_a_blister_after_heat_is_seen_the_same_day_for_two_weeks(
    variant: str, protocol: Protocol
) -> None:
    assert calls_about(protocol, variant, Level.TODAY, "blister") == list(DAYS[:-1])


@pytest.mark.parametrize("variant", ["rf", "deep", "unknown"])
def test_skin_that_stays_numb_is_seen_the_same_day(variant: str, protocol: Protocol) -> None:
    told = calls_about(protocol, variant, Level.TODAY, "numb")
    assert {"1", "3", "5", "8-14", "15-42"} <= set(told)
    assert "0" not in told, "numbing cream may still act"


@pytest.mark.parametrize("variant", ["rf", "unknown"])
def test_a_dent_after_heat_is_shown_to_the_clinic(variant: str, protocol: Protocol) -> None:
    assert calls_about(protocol, variant, Level.CLINIC, "dent") == ["7", "8-14", "15-42"]


@pytest.mark.parametrize("variant", ["rf", "unknown"])
def test_a_drooping_face_after_heat_is_an_emergency(variant: str, protocol: Protocol) -> None:
    told = calls_about(protocol, variant, Level.EMERGENCY, "droop")
    assert {"0", "1", "2", "3", "5"} <= set(told)


@pytest.mark.parametrize("variant", ["prp", "unknown"])
def test_a_worry_about_blood_is_heard_the_same_day(variant: str, protocol: Protocol) -> None:
    assert calls_about(protocol, variant, Level.TODAY, "blood") == ["0"]


@pytest.mark.parametrize("variant", ["deep", "rf", "prp", "unknown"])
def test_nobody_whose_skin_takes_longer_is_told_that_most_look_well(
    variant: str, protocol: Protocol
) -> None:
    said = [each.en for day in protocol.days[variant] for each in said_on(day)]
    assert [each for each in said if "most people" in each.lower()] == []


@pytest.mark.parametrize("variant", ["deep", "rf", "unknown"])
def test_skin_with_crusts_does_not_count_as_calm(variant: str, protocol: Protocol) -> None:
    known = [each.en for day in protocol.days[variant] for each in day.know]
    assert any("crusts are there, the skin is not calm" in each for each in known)


def test_what_is_done_out_in_the_cold_sun_says_that_sun_waits_longer(
    activities: dict[str, Activity],
) -> None:
    for name in ("lake", "cold", "fly"):
        for variant in VARIANTS:
            assert (activities[name].wait(variant) or 0) <= (activities["sun"].wait(variant) or 0)
        assert any("Direct sun" in each.en for each in activities[name].how), name


def test_nobody_after_prp_is_told_to_cool_the_skin_without_asking(protocol: Protocol) -> None:
    for variant in ("prp", "unknown"):
        cold = [each.en for each in protocol.days[variant][0].know if "cool pack" in each.en]
        assert len(cold) == 1
        assert "Ask" in cold[0]
        # A cool cloth on day 3 is still within the days for which some clinics want no ice.
        every = [each.en for day in protocol.days[variant] for each in said_on(day)]
        assert [each for each in every if re.search(r"\bcool\b.*\bcloth", each)] == []


def test_who_rolled_at_home_is_sent_to_no_clinic_of_theirs(protocol: Protocol) -> None:
    said = [each for day in protocol.days["home"] for each in said_on(day)]
    theirs = ("your clinic", "the clinic", "votre clinique", "la clinique")
    assert [each.en for each in said if "your clinic" in each.en.lower()] == []
    assert [each.fr for each in said if any(name in each.fr.lower() for name in theirs)] == []


def test_health_canada_is_quoted_once_to_who_rolled_at_home(protocol: Protocol) -> None:
    said = [each for day in protocol.days["home"] for each in said_on(day)]
    assert len([each for each in said if "Health Canada" in each.en]) == 1
    assert len([each for each in said if "Santé Canada" in each.fr]) == 1


# care.md 19, with clinical.md's rows of section 10.
ESSENTIAL = (
    ("rinse",), ("moisturizer", "mineral-sunscreen"), ("makeup",), ("exercise",),  # R03 R05 R09 R10
    3, 7, ("retinoids", "acids"), 21,  # R12 R15 R17 R18
)  # fmt: skip


def test_few_reminders_are_on_by_themselves(protocol: Protocol) -> None:
    assert protocol.kinds[0].id == "essential"
    rings = [each.opens or each.days for each in protocol.reminders if each.kind == "essential"]
    assert rings == [each if isinstance(each, tuple) else (each,) for each in ESSENTIAL]


def test_every_kind_of_reminder_has_some(protocol: Protocol) -> None:
    assert {each.kind for each in protocol.reminders} == {each.id for each in protocol.kinds}


def test_no_reminder_is_meant_for_the_night(protocol: Protocol) -> None:
    # clinical.md section 10: quiet from 21:30 to 07:30.
    assert [
        each.id for each in protocol.reminders if not "07:30" <= (each.at or "12:00") < "21:30"
    ] == []


def test_no_reminder_says_what_is_normal(protocol: Protocol) -> None:
    said = [each.words[language] for each in protocol.reminders for language in LANGUAGES]
    assert [each for each in said if "norma" in each.lower()] == []


def test_whoever_gets_cold_sores_is_told_to_get_help_the_same_day(protocol: Protocol) -> None:
    (reminder,) = (each for each in protocol.reminders if each.kind == "cold-sores")
    assert (reminder.days, reminder.page) == ((1, 2, 3), "get-help")
    assert "today" in reminder.words.en
    assert "aujourd’hui" in reminder.words.fr


def test_a_lump_that_drains_or_grows_is_for_today_on_the_page_about_spots_too(
    protocol: Protocol,
) -> None:
    spots = protocol.breakouts
    assert any("drains" in each.en for each in spots.call_if if each.level == "today")
    of_lumps = [each for each in spots.lookalikes if "drain" in each.en]
    assert {each.id for each in of_lumps} >= {"late-lump", "firm-bumps"}
    wrong = [
        each.id
        for each in of_lumps
        if each.level != "today"
        and not ("get help today" in each.en and "obtenez de l’aide aujourd’hui" in each.fr)
    ]
    assert wrong == []


def test_the_page_about_spots_asks_to_call_for_no_less_than_get_help(protocol: Protocol) -> None:
    said = " ".join(each.en for each in protocol.breakouts.call_if)
    # Get help: "A honey-coloured or golden crust", and "spots with white or yellow tips, or sore deep lumps".
    assert "golden crust that oozes" not in said
    assert "More than a handful" not in said
    assert "many spots with white" not in said


def test_a_few_spots_that_hurt_itch_or_hold_pus_are_not_only_watched(protocol: Protocol) -> None:
    assert protocol.signs
    (spots,) = (each for each in protocol.signs.signs if each.id == "spots")
    names = {each.id: each.name for each in spots.strengths}
    # Get help says so of any such spots; the page about spots, of spots that mostly itch.
    assert "many" not in names["severe"].en.lower()
    assert "beaucoup" not in names["severe"].fr.lower()
    assert "itch" in names["moderate"].en
    assert "démange" in names["moderate"].fr


def test_who_had_cold_sores_is_told_that_tingling_alone_counts(protocol: Protocol) -> None:
    assert protocol.signs
    (blisters,) = (each for each in protocol.signs.signs if each.id == "blisters")
    assert blisters.hint
    assert "tingling" in blisters.hint.en
    assert "picotement" in blisters.hint.fr


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
FIRST_DAY, RINSE = "days › standard › pages › 0", "activities › rinse"

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
        "days › standard › pages", "in this order", line="^pages:",
    ),
    "a day number without quotes": Plant(
        DAYS_FILE, r'^  - id: "3"', "  - id: 3", "days › standard › pages › 3 › id", "must be words",
    ),
    "two lines of when to call": Plant(
        DAYS_FILE, r"^    call_if:\n      - .*\n(?:        .*\n)+", "    call_if:\n",
        f"{FIRST_DAY} › call_if", "2 lines instead of 3",
    ),
    "days like those of nobody": Plant(
        RF, "^like: standard", "like: standrad",
        "days › rf › like", "'standrad' is not a variant whose days are written whole",
    ),
    "days like themselves": Plant(
        RF, "^like: standard", "like: rf",
        "days › rf › like", "'rf' is not a variant whose days are written whole",
    ),
    "days like some that are like others": Plant(
        RF, "^like: standard", "like: prp",
        "days › rf › like", "'prp' is not a variant whose days are written whole",
    ),
    "differing days that are like none": Plant(
        RF, "^like: standard\\n", "",
        "days › rf › pages › 0 › more", "not a key that belongs here", line="^    more:",
    ),
    "a key beside the pages": Plant(
        RF, "^pages:", "page: []\\npages:", "days › rf › page", "not a key that belongs here",
    ),
    "no pages": Plant(
        PRP, r"^pages:\n(?:.*\n)+", "", "days › prp › pages", "is missing", line="^like:",
    ),
    "a group where pages are wanted": Plant(
        PRP, r"^pages:\n(?:.*\n)+", 'pages: {"0": {}}\n', "days › prp › pages", "must be a list",
    ),
    "a page that the other days do not have": Plant(
        RF, r'^  - id: "3"', '  - id: "9"',
        "days › rf › pages › 9 › id", "'9' is not a page of the days it is like",
    ),
    "a page that differs twice": Plant(
        RF, r'^  - id: "3"', '  - id: "2"',
        "days › rf › pages › 2 › id", "'2' is used twice",
    ),
    "a differing page without a name": Plant(
        PRP, r'^  - id: "8-14"\n    more:', "  - more:",
        "days › prp › pages › 9 › id", "is missing",
    ),
    "a word where a differing page is wanted": Plant(
        PRP, r'^  - id: "8-14"\n(?:    .*\n)+', "  - the rest\n",
        "days › prp › pages › 8", "must be a group of keys",
    ),
    "more of what is no list": Plant(
        RF, "^      expect:", "      headline:",
        "days › rf › pages › 0 › more › headline", "cannot grow",
    ),
    "more than three lines of when to call": Plant(
        RF, "^      expect:", "      call_if:",
        "days › rf › pages › 0 › more › call_if", "only expect, also, do, know can",
    ),
    "more of what is replaced": Plant(
        PRP, "^      do:", "      know:",
        "days › prp › pages › 0 › more › know", "know is replaced already",
    ),
    "more that is no list": Plant(
        PRP, r"^      do:\n(?:        .*\n)+", "      do: Rest\n",
        "days › prp › pages › 0 › more › do", "must be a list",
    ),
    "more that is no group": Plant(
        PRP, r'(?<=^  - id: "8-14"\n)    more:\n(?:      .*\n)+', "    more: Rest\n",
        "days › prp › pages › 8-14 › more", "must be a group of keys",
    ),
    "an unknown key in a differing page": Plant(
        RF, "^    headline:", "    colour: red\n    headline:",
        "days › rf › pages › 2 › colour", "not a key that belongs here",
    ),
    "two lines of when to call in a differing page": Plant(
        RF, r"^    call_if:\n      - .*\n(?:        .*\n)+", "    call_if:\n",
        "days › rf › pages › 0 › call_if", "2 lines instead of 3",
    ),
    "no French in what is added": Plant(
        RF, r"(?<=^        - en: )(?P<en>.*)\n          fr: .*\n", r"\g<en>\n",
        "days › rf › pages › 0 › more › expect › 1 › fr", "is missing",
    ),
    "no source in what is replaced": Plant(
        RF, r"(?<=^        )sources: \[S05, S47\]", "sources: []",
        "days › rf › pages › 0 › call_if › 3 › sources", "has no source",
    ),
    "a time in what is added": Plant(
        RF, "(?<=^        - en: )", "After 24 hours, ",
        "days › rf › pages › 0 › more › expect › 1 › en", "names a time",
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
    "a shortest wait that is longer than ours": Plant(
        ACTIVITIES, "^    shortest: 6$", "    shortest: 7",
        f"{RINSE} › shortest", "longer than our own wait for standard (6)",
    ),
    "no shortest wait where the range has a number": Plant(
        ACTIVITIES, r"^    shortest: 6\n", "",
        f"{RINSE} › shortest", "is missing: the range gives a number", line="^  - id: rinse",
    ),
    "a shortest wait where there is nothing to wait for": Plant(
        ACTIVITIES, r"^    kind: never\n", r"\g<0>    shortest: 1\n",
        "activities › touch › shortest", "has no place where there are no hours", line="^    shortest: 1$",
    ),
    "a shortest wait that is no whole number": Plant(
        ACTIVITIES, "^    shortest: 6$", "    shortest: 5.5", f"{RINSE} › shortest", "whole number",
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
    "a reminder that rings in two ways": Plant(
        REMINDERS, r"^    opens: \[rinse\]", r"\g<0>\n    hours: 6",
        "reminders › rinse", "has opens and hours", line="^  - id: rinse",
    ),
    "a reminder that never rings": Plant(
        REMINDERS, r"^    opens: \[rinse\]\n", "",
        "reminders › rinse", "has none", line="^  - id: rinse",
    ),
    "days without an hour of the day": Plant(
        REMINDERS, r'^    days: \[3\]\n    at: "10:00"', "    days: [3]",
        "reminders › look-day-3", "together", line="^  - id: look-day-3",
    ),
    "an hour of the day without days": Plant(
        REMINDERS, r"^    opens: \[rinse\]", r'\g<0>\n    at: "10:00"',
        "reminders › rinse", "together", line="^  - id: rinse",
    ),
    "opening nothing": Plant(
        REMINDERS, r"^    opens: \[rinse\]", "    opens: []",
        "reminders › rinse › opens", "is empty",
    ),
    "opening what nobody knows": Plant(
        REMINDERS, r"^    opens: \[moisturizer, mineral-sunscreen\]", "    opens: [moisturizer, sunscream]",
        "reminders › moisturizer-and-sunscreen › opens › 2", "'sunscream' is not an activity with hours",
    ),
    "opening what has no hours": Plant(
        REMINDERS, r"^    opens: \[rinse\]", "    opens: [touch]",
        "reminders › rinse › opens › 1", "'touch' is not an activity with hours",
    ),
    "after what has no hours": Plant(
        REMINDERS, r"^    after: \[moisturizer\]", "    after: [ibuprofen]",
        "reminders › moisturizer-morning › after › 1", "'ibuprofen' is not an activity with hours",
    ),
    "a reminder of no kind": Plant(
        REMINDERS, r"^    kind: essential", "    kind: essentail",
        "reminders › rinse › kind", "'essentail' is not a kind of reminder",
    ),
    "another kind on by itself": Plant(
        REMINDERS, r"(?<=^  - )id: essential", "id: important",
        "microneedling › kinds", "must begin with essential", line="^kinds:",
    ),
    "kind twice": Plant(
        REMINDERS, r"(?<=^  - )id: first-day", "id: essential",
        "kinds › essential › id", "'essential' is used twice",
    ),
    "reminder twice": Plant(
        REMINDERS, r"(?<=^  - )id: makeup", "id: rinse",
        "reminders › rinse › id", "'rinse' is used twice",
    ),
    "a day after the last": Plant(
        REMINDERS, r"^    days: \[42\]", "    days: [42, 43]",
        "reminders › look-week-6 › days › 2", "must be 42 or less",
    ),
    "a day in words": Plant(
        REMINDERS, r"^    days: \[42\]", "    days: [last]",
        "reminders › look-week-6 › days › 1", "must be a whole number",
    ),
    "an hour that no clock shows": Plant(
        REMINDERS, r'^    at: "10:00"', '    at: "24:00"',
        "reminders › look-day-3 › at", "'24:00', which has the wrong form",
    ),
    "an hour as people say it": Plant(
        REMINDERS, r'^    at: "10:00"', "    at: 10 am",
        "reminders › look-day-3 › at", "'10 am', which has the wrong form",
    ),
    "too unimportant": Plant(
        REMINDERS, r"^    importance: 1", "    importance: 10",
        "reminders › rinse › importance", "must be 9 or less",
    ),
    "more important than the most": Plant(
        REMINDERS, r"^    importance: 1", "    importance: 0",
        "reminders › rinse › importance", "must be 1 or more",
    ),
    "useful for too long": Plant(
        REMINDERS, r"^    lasts: 10", "    lasts: 25",
        "reminders › rinse › lasts", "must be 24 or less",
    ),
    "a tick that its day does not have": Plant(
        REMINDERS, r"^    once: mirror", "    once: photo",
        "reminders › look-day-3 › once", "'photo' has no tick on day 3 of standard",
    ),
    "leading nowhere": Plant(
        REMINDERS, r"^    page: activities/rinse", "    page: activities/rinsing",
        "reminders › rinse › page", "'activities/rinsing' is not a page",
    ),
    "a reminder without the skin gate in English": Plant(
        REMINDERS, r"If skin is calm, you can rinse", "You can rinse",
        "reminders › rinse › words › en", "must say “if skin is calm”",
    ),
    "a reminder without the skin gate in French": Plant(
        REMINDERS, r"d'hydratant simple, si la peau est calme", "d'hydratant simple",
        "reminders › moisturizer-morning › words › fr", "must say “si la peau est calme”",
    ),
    "words that a locked screen cuts": Plant(
        REMINDERS, r"(?<=lukewarm water\. )Pat dry", "Pat dry with a clean towel",
        "reminders › rinse › words › en", "characters; 70 are shown",
    ),
    "a reminder that names its wait": Plant(
        REMINDERS, r"(?<=en: \")Tingling or small blisters", "48 hours: tingling or blisters",
        "reminders › cold-sores › words › en", "names a time (“48 hours”)",
    ),
    "a reminder that names an hour": Plant(
        REMINDERS, r"(?<=fr: \")Des picotements", "8 h : picotements",
        "reminders › cold-sores › words › fr", "names a time (“8\u00a0h”)",
    ),
    "a reminder without a source": Plant(
        REMINDERS, r"(?<=^      )sources: \[S33, S09a\]", "sources: []",
        "reminders › moisturizer-and-sunscreen › words › sources", "has no source",
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


# Every second one every day, all of them with the long ones.
SOME_PLANTS = [
    pytest.param(name, marks=[pytest.mark.long] if number % 2 else [])
    for number, name in enumerate(PLANTS)
]


@pytest.mark.parametrize("name", SOME_PLANTS)
def test_a_writer_is_told_what_is_wrong_and_where(name: str, copy: Path) -> None:
    plant = PLANTS[name]
    line = plant.into(copy)
    faults = faults_in(copy)
    assert is_told(faults, plant, line), f"wanted line {line}; told:\n" + "\n".join(
        map(str, faults)
    )
    assert [str(fault) for fault in faults if JARGON.search(fault.what)] == []


# What can be wrong with a situation; all at once, since each reading of the content takes its time.
SITUATION_PLANTS = {
    "a situation that lowers": Plant(
        SITUATIONS, r"raises: \{watch: today\}", "raises: {today: clinic}",
        "rows › blood-thinner › says › 2 › raises › today", "must rise, and goes from today to clinic",
    ),
    "a situation on a day that is not": Plant(
        SITUATIONS, r'days: \["0", "1"\]', 'days: ["0", "8"]',
        "rows › isotretinoin › says › 1 › days › 2", "'8' is not among the days",
    ),
    "a situation about an activity that is not": Plant(
        SITUATIONS, r"activities: \[mineral-sunscreen", "activities: [mineral-sunscream",
        "rows › dark-skin › says › 2 › activities › 1", "'mineral-sunscream' is not among the activities",
    ),
    "a situation that is read nowhere": Plant(
        SITUATIONS, r"^( +)(grade: C\n)        activities: .*\n", r"\1\2",
        "rows › isotretinoin › says › 3", "stands nowhere", line=r"^      - en: \"The Canadian monograph",
    ),
    "a dose": Plant(
        SITUATIONS, r"(?<=en: \")Before any pain medicine", "Take 325 mg. \\g<0>",
        "rows › blood-thinner › says › 4 › en", "names a dose (“325 mg”)",
    ),
    "a time in what a situation says on a day": Plant(
        SITUATIONS, r"(?<=en: \")Each morning", "After 24 hours, each morning",
        "rows › cold-sores › says › 1 › en", "names a time",
    ),
    "a situation of no group": Plant(
        SITUATIONS, r"^    group: health", "    group: heart",
        "rows › isotretinoin › group", "'heart' is not a group",
    ),
    "a situation after a treatment that is not": Plant(
        SITUATIONS, r"variants: \[prp", "variants: [prf",
        "rows › shared-tools › variants › 1", "'prf' is not a variant of this protocol",
    ),
    "reminders of no situation": Plant(
        REMINDERS, "situation: cold-sores", "situation: cold-feet",
        "kinds › cold-sores › situation", "'cold-feet' is not a situation",
    ),
    "a situation twice": Plant(
        SITUATIONS, r"(?<=^  - )id: melasma", "id: eczema",
        "rows › eczema › id", "'eczema' is used twice",
    ),
}  # fmt: skip


def test_a_writer_is_told_all_that_is_wrong_with_situations(copy: Path) -> None:
    for plant in SITUATION_PLANTS.values():
        plant.into(copy)
    faults = faults_in(copy)
    assert [
        name
        for name, plant in SITUATION_PLANTS.items()
        if not any(is_told([fault], plant, fault.line) for fault in faults)
    ] == []
    assert [str(fault) for fault in faults if JARGON.search(fault.what)] == []


SIGN_PLANTS = {
    "an answer about what is not asked": Plant(
        SIGNS, r"(?<=\{id: 71, days: \[0, 14\], )strength", "trend: [same], strength",
        "signs › stinging › answers › 71 › trend", "is not asked about this sign",
    ),
    "an answer after no such variant": Plant(
        SIGNS, r"variants: \[standard, home\]", "variants: [standard, hone]",
        "signs › redness › answers › 69 › variants › 2", "'hone' is not a variant",
    ),
    "days that end before they begin": Plant(
        SIGNS, r"\{id: 31, days: \[1, 7\]", "{id: 31, days: [7, 1]",
        "signs › flaking › answers › 31 › days", "end before they begin",
    ),
    "one number for two answers": Plant(
        SIGNS, r"\{id: 45,", "{id: 46,", "signs › dark-patch › answers › 46 › id", "is used twice",
        line=r"\{id: 46, days: \[5, 42\]",
    ),
    "something worse that is expected": Plant(
        SIGNS, r"(?<=\{id: 33, days: \[0, 10\], strength: \[mild\], trend: \[better)", ", worse",
        "signs › bruise › answers › 33 › level", "expects what gets worse",
    ),
    "an exception of nothing": Plant(
        SIGNS, r"(?<=\{id: 18, days: \[0, 14\], level: clinic, )", "exception: Why, ",
        "signs › sharp-rash › answers › 18 › exception", "is of nothing that gets worse",
    ),
    "a first screen that asks": Plant(
        SIGNS, r"^    name: \{en: \"Lips, tongue", "    asks: [trend]\n\\g<0>".replace("\\\\", "\\"),
        "signs › face-swelling › asks", "must be empty", line=r"^    asks: \[trend\]\n    name: \{en: \"Lips",
    ),
    "a first screen of another level": Plant(
        SIGNS, r"\{id: 3, level: emergency", "{id: 3, level: today",
        "signs › fainting › answers › 3 › level", "must be emergency",
    ),
    "a modifier that lowers": Plant(
        SIGNS, r"raises: \{watch: clinic\}", "raises: {watch: expected}",
        "signs › modifiers › 2 › raises › watch", "must rise",
    ),
    "a modifier of no sign": Plant(
        SIGNS, r"signs: \[sharp-rash", "signs: [blunt-rash", "signs › modifiers › 7 › signs › 1", "is not a sign",
    ),
    "a modifier of no situation": Plant(
        SIGNS, r"situation: minor", "situation: major", "signs › modifiers › 4 › situation", "is not a situation",
    ),
    "a result that names a time": Plant(
        SIGNS, r"Trouble breathing can get worse fast", "Call within 10 minutes",
        "signs › breathing › answers › 1 › en", "names a time",
    ),
    "no words where nothing fits": Plant(
        SIGNS, r"level: clinic\n", "level: today\n", "signs › unlisted", "must be emergency, today, clinic",
        line="^unlisted:",
    ),
}  # fmt: skip


LISTED, ASKED = "microneedling/ingredients.yaml", "microneedling/questions.yaml"
INGREDIENT_PLANTS = {
    "a class without its hours": Plant(
        LISTED, r"    kind: ask\n    why", "    kind: from\n    why",
        "ingredients › classes › antibiotic-ointments › hours", "needs hours",
        line="^  - id: antibiotic-ointments",
    ),
    "a class that forgets a variant": Plant(
        LISTED, r"hours: \{home: 48, standard: 72, deep: 72", "hours: {home: 48, standard: 72",
        "ingredients › classes › organic-filters › hours", "deep",
    ),
    "an ingredient of no class": Plant(
        LISTED, r'inci: "RETINOL", of: retinoids', 'inci: "RETINOL", of: retinods',
        "ingredients › ingredients › 1 › of", "'retinods' is not a class",
    ),
    "beside no class": Plant(
        LISTED, r"beside: \{of: mineral-filters", "beside: {of: minerals",
        "ingredients › classes › iron-oxides › beside › of", "'minerals' is not a class",
    ),
    "a class that waits with no activity": Plant(
        LISTED, r"    activity: scrub\n", "    activity: scrubs\n",
        "ingredients › classes › scrubs › activity", "'scrubs' is not an activity with a wait of its own",
    ),
    "a class that waits with what takes no wait": Plant(
        LISTED, r"    activity: perfume\n", "    activity: polysporin\n",
        "ingredients › classes › fragrance › activity", "'polysporin' is not an activity with a wait of its own",
    ),
    "one name for two": Plant(
        LISTED, r'inci: "STEARIC ACID"', 'inci: "Lactic acid"',
        "ingredients › bases › 112", "LACTICACID already stands for another ingredient",
    ),
    "a name that is something else and is not": Plant(
        LISTED, r'unlike: \["Betadine"', 'unlike: ["hydrogen peroxide"',
        "ingredients › unlike › 1", "HYDROGENPEROXIDE stands for an ingredient",
    ),
    "a question of no such day": Plant(
        ASKED, r'day: "8-14"', 'day: "8-15"', "asked › 9 › day", "'8-15' is not a day",
    ),
    "a question that nothing answers": Plant(
        ASKED, r"exercise, shower", "exercise, showers", "asked › 3 › activities › 3", "'showers' is not there",
    ),
    "a search that leads to no page": Plant(
        ACTIVITIES, r"page: questions/ingredients", "page: questions/ingredient", "elsewhere › 4 › page", "ingredients",
    ),
    "two classes of one name": Plant(
        LISTED, r"  - id: bha", "  - id: aha", "ingredients › classes › aha › id", "'aha' is used twice",
    ),
}  # fmt: skip


def test_a_writer_is_told_all_that_is_wrong_with_ingredients(copy: Path) -> None:
    lines = {name: plant.into(copy) for name, plant in INGREDIENT_PLANTS.items()}
    faults = faults_in(copy)
    assert [
        name
        for name, plant in INGREDIENT_PLANTS.items()
        if not any(is_told([fault], plant, fault.line) for fault in faults)
    ] == [], f"{lines}\n" + "\n".join(map(str, faults))
    assert [str(fault) for fault in faults if JARGON.search(fault.what)] == []


def test_a_writer_is_told_all_that_is_wrong_with_signs(copy: Path) -> None:
    lines = {name: plant.into(copy) for name, plant in SIGN_PLANTS.items()}
    assert lines
    faults = faults_in(copy)
    assert [
        name
        for name, plant in SIGN_PLANTS.items()
        if not any(is_told([fault], plant, fault.line) for fault in faults)
    ] == [], "\n".join(map(str, faults))
    assert [str(fault) for fault in faults if JARGON.search(fault.what)] == []


MISSHAPEN = {
    "asks": ("asks: [strength, trend]", "asks: {strength: trend}"),
    "raises": ("raises: {watch: clinic}", "raises: [watch]"),
    "days": ("days: [0, 1]", "days: {0: 1}"),
    "trend": ("trend: [better, same, new]", "trend: 4"),
    "variants": ("variants: [standard, home]", "variants: [[standard], home]"),
    "number": ("id: 20,", "id: [20],"),
}


@pytest.mark.parametrize("what", MISSHAPEN)
def test_misshapen_signs_are_told_and_break_nothing(what: str, copy: Path) -> None:
    old, new = MISSHAPEN[what]
    text = (copy / SIGNS).read_text("utf-8")
    assert old in text
    (copy / SIGNS).write_text(text.replace(old, new, 1), "utf-8")
    faults = faults_in(copy)
    assert {fault.file for fault in faults} == {SIGNS}
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


NO_CONTENT = {
    "empty": b"", "comment": b"# later\n", "list": b"- one\n- two\n", "word": b"later\n",
    "not UTF-8": "standard: d\u00e9j\u00e0".encode("latin-1"), "control character": b"a: \0",
}  # fmt: skip
# Every day all of them in one file, and two in each; the others with the long ones.
SPOILED_FILES = [
    pytest.param(
        file, what,
        marks=[] if file == DAYS_FILE or what in {"empty", "list"} else [pytest.mark.long],
    )
    for file in (PROTOCOL, DAYS_FILE, RF, ACTIVITIES, REMINDERS, BREAKOUTS, HELP, SITUATIONS, SIGNS, SOURCES)
    for what in NO_CONTENT
]  # fmt: skip


@pytest.mark.parametrize(("file", "what"), SPOILED_FILES)
def test_a_file_that_is_no_content_is_named(file: str, what: str, copy: Path) -> None:
    bytes_ = NO_CONTENT[what]
    (copy / file).write_bytes(bytes_)
    faults = faults_in(copy)
    assert file in {fault.file for fault in faults}
    assert [str(fault) for fault in faults if JARGON.search(fault.what)] == []


def test_a_file_that_is_not_utf_8_is_called_so(copy: Path) -> None:
    (copy / DAYS_FILE).write_bytes("standard: d\u00e9j\u00e0".encode("latin-1"))
    assert "not UTF-8" in " ".join(fault.what for fault in faults_in(copy))


@pytest.mark.parametrize("file", [PROTOCOL, ACTIVITIES, REMINDERS, BREAKOUTS, HELP, SOURCES])
def test_a_missing_file_is_named(file: str, copy: Path) -> None:
    (copy / file).unlink()
    assert (file, "is missing") in {(fault.file, fault.what) for fault in faults_in(copy)}


def test_days_that_others_are_like_are_missed(copy: Path) -> None:
    (copy / DAYS_FILE).unlink()
    faults = [fault for fault in faults_in(copy) if fault.place.endswith("like")]
    assert {fault.file for fault in faults} >= {RF, PRP}
    assert all("'standard' is not a variant" in fault.what for fault in faults)


def test_missing_days_are_named(copy: Path) -> None:
    shutil.rmtree(copy / "microneedling/days")
    fault, *others = sorted(faults_in(copy), key=lambda each: each.what == "has no days")
    assert (fault.file, "is missing" in fault.what) == ("microneedling/days", True)
    assert {each.what for each in others} <= {"has no days"}


def test_days_of_no_variant_are_told(copy: Path) -> None:
    (copy / RF).rename(copy / "microneedling/days/fr.yaml")
    fault, without = faults_in(copy)
    assert (without.place, without.what) == ("microneedling › variants › rf", "has no days")
    assert (fault.file, fault.place) == ("microneedling/days/fr.yaml", "microneedling › days › fr")
    assert "is not a variant" in fault.what


def test_days_in_a_file_with_another_ending_are_not_passed_over(copy: Path) -> None:
    (copy / RF).rename(copy / "microneedling/days/rf.yml")
    files = [fault.file for fault in faults_in(copy)]
    assert files == ["microneedling/days/rf.yml", "microneedling/protocol.yaml"]


def test_a_fault_that_every_variant_repeats_is_told_once(copy: Path) -> None:
    file = copy / DAYS_FILE
    text = file.read_text("utf-8")
    # No variant replaces what day 1 says under "Good to know".
    line = text[: text.index("Lasting bumps")].count("\n") + 1
    file.write_text(text.replace("Lasting bumps", "After 24 hours, lasting bumps"), "utf-8")
    (fault,) = faults_in(copy)
    assert (fault.file, fault.line) == (DAYS_FILE, line)
    assert fault.place.endswith("days › standard › pages › 1 › know › 1 › en")


def test_a_fault_after_what_is_added_is_told_on_its_own_line(copy: Path) -> None:
    file = copy / RF
    text = file.read_text("utf-8")
    last = re.search(r"^      know:\n(?:        .*\n)+?          sources: ", text, re.MULTILINE)
    assert last
    file.write_text(text[: last.end()] + "[S99] #" + text[last.end() :], "utf-8")
    (fault,) = faults_in(copy)
    assert (fault.file, fault.line) == (RF, text.count("\n", 0, last.end()) + 1)
    assert fault.place.endswith("days › rf › pages › 0 › more › know › 1 › sources › 1")


def test_a_variant_that_says_what_the_other_says_is_told(copy: Path) -> None:
    said = re.search(HEADLINE, (copy / DAYS_FILE).read_text("utf-8"), re.MULTILINE)
    assert said
    line = Plant(RF, r'^  - id: "0"\n', rf"\g<0>{said[0]}", "", "").into(copy)
    (fault,) = faults_in(copy)
    assert (fault.file, fault.line) == (RF, line + 1)
    assert "says what the days it is like say already" in fault.what


def test_a_tick_that_one_variant_lost_is_told_to_its_reminder(copy: Path) -> None:
    Plant("microneedling/days/home.yaml", r"^        once: mirror\n", "", "", "").into(copy)
    told = [str(fault) for fault in faults_in(copy)]
    assert told
    assert all(REMINDERS in each and "of home" in each for each in told)


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
        (ACTIVITIES, r"^    kind: from", "    kind: [from]"),
        (PROTOCOL, r"(?<=^  - )id: deep", "id: [deep]"),
        (REMINDERS, r"(?<=^  - )id: looks", "id: [looks]"),
        (REMINDERS, r"^    kind: essential", "    kind: [essential]"),
        (REMINDERS, r"^    page: today", "    page: [today]"),
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


@pytest.mark.parametrize("file", [ACTIVITIES, REMINDERS, BREAKOUTS, HELP, SITUATIONS])
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
