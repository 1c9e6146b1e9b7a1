"""Every sign, however strong, wherever heading, on every day: one answer, and never too low a one.

The oracle reads the content itself and builds each level up from the milder ones, where the engine
looks down from the answer that was given.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import cache
from itertools import combinations, groupby, product
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.test_vectors import node
from webapp.config import folder
from webapp.guide.signs import table_of
from webapp.protocol.models import RESULTS, Day, Protocol, Seen
from webapp.protocol.reading import read_library

HERE = Path(__file__).resolve().parent
UNMATCHED = HERE / "unmatched.txt"
ORDER: list[str] = [*RESULTS]
STRENGTHS, TRENDS = ("mild", "moderate", "severe"), ("better", "same", "worse", "new")
# The last one is after everything that is written.
DAYS = range(44)


class Cell(NamedTuple):
    """What somebody answers, on a day, after a variant."""

    sign: str
    strength: str | None
    trend: str | None
    day: int
    variant: str


@cache
def protocol() -> Protocol:
    """Return the real content."""
    return read_library(folder("protocols"), date(2026, 11, 26)).protocols[0]


@cache
def signs() -> dict[str, Seen]:
    """Return the signs of the real content by their ids."""
    held = protocol().signs
    assert held
    return {each.id: each for each in held.signs}


def asked(sign: Seen) -> list[tuple[str | None, str | None]]:
    """Return every answer that the screens allow about a sign."""
    strengths = STRENGTHS if "strength" in sign.asks else (None,)
    trends = TRENDS if "trend" in sign.asks else (None,)
    return list(product(strengths, trends))


@cache
def cells() -> tuple[Cell, ...]:
    """Return every cell."""
    variants = [each.id for each in protocol().variants]
    return tuple(
        Cell(sign.id, strength, trend, day, variant)
        for sign in signs().values()
        for strength, trend in asked(sign)
        for variant in variants
        for day in DAYS
    )


def named(*, pairs: bool) -> list[tuple[str, ...]]:
    """Return no situation, each, and perhaps each pair of those that change a result."""
    held = protocol().signs
    assert held
    every = [each.situation for each in held.modifiers]
    return [(), *((each,) for each in every), *(combinations(every, 2) if pairs else ())]


Said = tuple[str, int | None, list[str]]


def engine(asking: Sequence[tuple[Cell, tuple[str, ...]]], *days: int) -> list[Said]:
    """Return what signs.js says; with ``days`` the second count of each cell's day is so much less."""
    less = days or (0,)
    rows = [
        (
            each.sign,
            each.strength,
            each.trend,
            [each.day - by for by in (0, *less)],
            each.variant,
            so,
        )
        for each, so in asking
    ]
    return ask(table_of(protocol()), rows)


def ask(table: dict[str, object], rows: Sequence[object]) -> list[Said]:
    """Return what signs.js says of rows as `ask.mjs` reads them."""
    told = json.dumps({"table": table, "cells": rows})
    answer = subprocess.run(
        [node(), str(HERE / "ask.mjs")], input=told, capture_output=True, text=True, check=True
    )
    return [(level, number, so) for level, number, so in json.loads(answer.stdout)]


# --- the oracle ----------------------------------------------------------------------------------


def written(cell: Cell) -> str | None:
    """Return the highest level of the answers that fit a cell as it is written; none when none does."""
    fits = [
        each.level
        for each in signs()[cell.sign].answers
        if (each.days is None or each.days[0] <= cell.day <= each.days[1])
        and (not each.strength or cell.strength in each.strength)
        and (not each.trend or cell.trend in each.trend)
        and (not each.variants or cell.variant in each.variants)
    ]
    return max(fits, key=RESULTS.index, default=None)


@cache
def level(cell: Cell) -> str:
    """Return the level of a cell, built up from the next milder ones."""
    if cell.variant == "unknown":
        every = [each.id for each in protocol().variants if each.id != "unknown"]
        return highest(level(cell._replace(variant=each)) for each in every)
    below = []
    if cell.strength in STRENGTHS[1:]:
        milder = STRENGTHS[STRENGTHS.index(cell.strength) - 1]
        below.append(level(cell._replace(strength=milder)))
    if cell.trend in ("same", "worse"):
        below.append(level(cell._replace(trend=TRENDS[TRENDS.index(cell.trend) - 1])))
    sign = signs()[cell.sign]
    calls = highest(("clinic", *(each.level for each in sign.answers)))
    return highest((written(cell) or calls, *below))


def highest(levels: Iterable[str]) -> str:
    """Return the highest of some levels."""
    return max(levels, key=ORDER.index)


def raised(cell: Cell, situations: tuple[str, ...]) -> str:
    """Return the level of a cell for somebody of whom situations are so."""
    held = protocol().signs
    assert held
    base = level(cell)
    counted = [
        {str(low): str(high) for low, high in each.raises.items()}.get(base, base)
        for each in held.modifiers
        if each.situation in situations
        and (signs()[cell.sign].infection or not each.infections)
        and (not each.signs or cell.sign in each.signs)
    ]
    return highest((base, *counted))


# --- what a person would complain about ----------------------------------------------------------


@pytest.fixture(scope="module")
def said(request: pytest.FixtureRequest) -> dict[tuple[Cell, tuple[str, ...]], Said]:
    """Everything that the engine can be asked, and what it says.

    Situations change nothing that depends on the variant: every day two stand for all, and one
    situation at a time.
    """
    whole = request.config.getoption("--long")
    asking = [
        (cell, so)
        for so in named(pairs=whole)
        for cell in cells()
        if whole or not so or cell.variant in ("standard", "rf")
    ]
    return dict(zip(asking, engine(asking), strict=True))


Every = dict[tuple[Cell, tuple[str, ...]], Said]


def test_everything_that_can_be_asked_has_the_level_that_the_content_gives(said: Every) -> None:
    assert len(said) > 90_000
    wrong = [(key, found) for key, found in said.items() if found[0] != raised(*key)]
    assert wrong[:5] == []


def test_the_answer_told_is_of_that_level_and_of_that_sign(said: Every) -> None:
    for (cell, so), (result, number, _) in said.items():
        if number is None or so:
            continue
        (answer,) = [each for each in signs()[cell.sign].answers if each.id == number]
        assert answer.level == result, cell


def test_what_is_stronger_or_worse_never_counts_less(said: Every) -> None:
    for (cell, so), (result, *_) in said.items():
        higher = []
        if cell.strength in STRENGTHS[:2]:
            stronger = STRENGTHS[STRENGTHS.index(cell.strength) + 1]
            higher.append(cell._replace(strength=stronger))
        if cell.trend in ("better", "same"):
            higher.append(cell._replace(trend=TRENDS[TRENDS.index(cell.trend) + 1]))
        for each in higher:
            assert RESULTS.index(said[each, so][0]) >= RESULTS.index(result), (cell, each, so)


def test_a_situation_never_lowers_a_level(said: Every) -> None:
    for (cell, so), (result, *_) in said.items():
        assert RESULTS.index(result) >= RESULTS.index(said[cell, ()][0])
        if "minor" in so:
            assert RESULTS.index(result) >= RESULTS.index("clinic")


def test_what_gets_worse_is_expected_only_where_the_content_says_why(said: Every) -> None:
    reasons = {each.id for sign in signs().values() for each in sign.answers if each.exception}
    found = {
        (cell.sign, cell.day, number)
        for (cell, so), (result, number, _) in said.items()
        if not so and cell.trend == "worse" and result == "expected"
    }
    assert {number for *_, number in found} == reasons
    assert {(sign, day) for sign, day, _ in found} == {("swelling", 1)}


def test_nothing_that_fits_no_answer_counts_less_than_the_sign_can(said: Every) -> None:
    for cell in cells():
        if cell.variant != "unknown" and written(cell) is None:
            sign = signs()[cell.sign]
            assert RESULTS.index(said[cell, ()][0]) >= RESULTS.index(sign.otherwise), cell
            assert RESULTS.index(sign.otherwise) >= RESULTS.index("clinic")


def test_who_does_not_know_the_treatment_gets_the_highest_of_all(said: Every) -> None:
    others = [each.id for each in protocol().variants if each.id != "unknown"]
    for cell in cells():
        if cell.variant == "unknown":
            every = [said[cell._replace(variant=each), ()][0] for each in others]
            assert said[cell, ()][0] == highest(every)


def test_of_two_ways_to_count_days_the_higher_level_counts(said: Every) -> None:
    asking = [(cell, ()) for cell in cells() if cell.day and cell.variant != "unknown"]
    for (cell, _), (result, *_) in zip(asking, engine(asking, 1), strict=True):
        yesterday = said[cell._replace(day=cell.day - 1), ()][0]
        assert result == highest((said[cell, ()][0], yesterday)), cell


def test_of_answers_alike_the_lower_number_is_told() -> None:
    table = table_of(protocol())
    pair = [{"id": 9, "level": "watch"}, {"id": 4, "level": "watch"}]
    sign = {"asks": [], "infection": False, "otherwise": "clinic", "answers": pair}
    asked_at = [["x", None, None, [1], "deep", []]]
    assert ask({**table, "signs": {"x": sign}}, asked_at) == [("watch", 4, [])]


def test_a_gap_in_the_content_cannot_make_what_is_worse_count_less() -> None:
    answers = [
        {"id": 1, "level": "today", "strength": ["mild"], "trend": ["same"]},
        {"id": 2, "level": "expected", "strength": ["severe"], "trend": ["worse"]},
    ]
    asks = ["strength", "trend"]
    sign = {"asks": asks, "infection": False, "otherwise": "clinic", "answers": answers}
    asked_at = [["x", "severe", "worse", [1], "deep", []]]
    assert ask({**table_of(protocol()), "signs": {"x": sign}}, asked_at) == [("today", 1, [])]


# What the table of section 4 of the clinical sources and the rules of care come down to.
CASES = """
breathing          -        -      0   standard  emergency
breathing          -        -      43  home      emergency
face-swelling      -        -      20  rf        emergency
fever-ill          -        -      2   prp       emergency
eye                -        -      5   standard  emergency
seizure            -        -      9   standard  emergency
bleeding           -        -      7   deep      emergency
face-droop         -        -      1   rf        emergency
fever              -        -      0   standard  today
spreading          -        -      1   standard  today
pus                -        -      0   standard  today
crust              -        -      42  standard  today
blisters           -        -      30  standard  today
burn               -        -      0   standard  today
hives              -        -      3   home      today
one-side           -        -      20  standard  today
blood              -        -      0   home      today
redness            mild     same   0   standard  expected
redness            moderate better 1   standard  expected
redness            mild     worse  0   standard  watch
redness            mild     worse  1   standard  clinic
redness            mild     better 3   standard  expected
redness            mild     better 5   standard  watch
redness            mild     better 5   rf        expected
redness            mild     better 5   unknown   watch
redness            moderate same   4   standard  watch
redness            moderate same   6   deep      clinic
redness            mild     same   8   standard  clinic
redness            mild     worse  4   standard  today
redness            severe   better 0   standard  clinic
redness            mild     new    10  standard  today
redness            mild     same   43  standard  today
swelling           mild     worse  1   standard  expected
swelling           mild     worse  2   standard  clinic
swelling           mild     better 4   standard  watch
swelling           mild     better 4   prp       expected
swelling           moderate same   4   standard  clinic
swelling           severe   better 0   standard  today
swelling           mild     worse  6   standard  today
flaking            mild     same   3   standard  expected
flaking            severe   same   3   standard  clinic
flaking            mild     better 10  standard  watch
spots              mild     new    4   standard  watch
spots              mild     new    10  standard  clinic
spots              severe   worse  4   standard  clinic
white-dots         -        -      20  standard  expected
itch               mild     same   3   standard  expected
itch               mild     worse  3   standard  watch
stinging           mild     -      2   standard  expected
stinging           severe   -      2   standard  clinic
pain               moderate better 1   standard  expected
pain               moderate same   5   standard  clinic
pain               severe   worse  3   standard  today
pain               mild     worse  2   standard  today
pain               mild     new    5   standard  today
pain               moderate new    12  home      today
pain               mild     new    1   standard  expected
bruise             mild     better 9   standard  expected
bruise             mild     worse  1   standard  today
pinpoints          mild     -      1   standard  expected
pinpoints          severe   -      0   standard  today
grid               mild     same   3   rf        expected
grid               mild     same   3   standard  clinic
dent               -        -      10  rf        clinic
dark-patch         -        -      6   standard  clinic
firm-bump          -        same   5   standard  clinic
firm-bump          -        worse  12  standard  today
flaking            mild     same   0   standard  expected
white-dots         -        -      3   standard  expected
pain               mild     better 4   standard  watch
pain               mild     better 6   standard  clinic
redness            mild     better 10  standard  watch
redness            moderate better 10  standard  clinic
redness            mild     better 20  standard  clinic
gland              -        same   3   standard  watch
gland              -        worse  3   standard  clinic
tired              mild     -      1   standard  watch
tired              mild     -      5   standard  clinic
worried            -        -      3   standard  watch
other              -        -      3   standard  clinic
fainting           -        -      0   home      emergency
swollen-rash       -        -      5   standard  today
came-back          -        -      9   prp       today
strong-pain        -        -      1   standard  today
bruise-growing     -        -      2   deep      today
bump-draining      -        -      20  standard  today
numb               -        -      2   rf        today
tightness          mild     same   1   standard  expected
tightness          mild     worse  4   standard  clinic
tightness          mild     new    5   standard  watch
warm               mild     same   1   standard  expected
warm               mild     new    0   standard  expected
warm               mild     worse  0   standard  watch
warm               mild     worse  1   standard  clinic
warm               moderate better 2   standard  watch
warm               mild     better 4   standard  watch
warm               mild     same   4   standard  clinic
warm               mild     new    5   standard  today
warm               mild     worse  5   standard  today
warm               severe   same   0   standard  clinic
raw                -        -      3   standard  clinic
sharp-rash         -        same   2   standard  clinic
light-patch        -        -      9   standard  clinic
new-lump           -        -      20  standard  clinic
tracks             -        -      4   standard  clinic
thick-scar         -        -      30  standard  clinic
mouth-rash         -        -      10  standard  clinic
sunburn            -        -      2   standard  clinic
"""


def cases() -> Iterator[tuple[Cell, str]]:
    """Yield the written cases."""
    for line in CASES.strip().splitlines():
        sign, strength, trend, day, variant, result = line.split()
        words = [None if each == "-" else each for each in (strength, trend)]
        yield Cell(sign, words[0], words[1], int(day), variant), result


@pytest.mark.parametrize(("cell", "result"), list(cases()), ids=str)
def test_a_written_case_comes_out_as_written(said: Every, cell: Cell, result: str) -> None:
    assert said[cell, ()][0] == result


def test_with_diabetes_warm_skin_counts_as_a_sign_of_infection() -> None:
    cell = Cell("warm", "mild", "new", 5, "standard")
    assert [each for each, *_ in engine([(cell, ("weak-immunity",))])] == ["emergency"]


def test_every_sign_of_the_table_is_written_about() -> None:
    assert {cell.sign for cell, _ in cases()} == set(signs())


# --- what other pages say of the same signs ------------------------------------------------------

# How a day's page names a sign in English, and how it says that the sign is over.
NAMED = {
    "redness": r"redness|darker (?:skin|colour) |\bpink\b",
    "swelling": r"swelling|may swell\b(?!.*gland)",
    "flaking": r"flak|peel|dryness",
    "grid": r"grid of dots|(?:tiny|tiny dry) crusts|scabs",
    "pain": r"soreness|hurt\b",
    "itch": r"\bitch(?!y)",
    "bruise": r"bruise",
    "pinpoints": r"points of blood",
    "stinging": r"sting for a moment",
    "gland": r"gland",
    "spots": r"small spots",
    "white-dots": r"white dots",
    "dark-patch": r"dark marks?\b|mark darker",
    "tired": r"tired",
}
OVER = re.compile(r"(?:gone|over)\b|no longer|without soreness|do not hurt|is the skin's response")
CALLS = {
    "today": r"get help",
    "clinic": r"(?:contact|tell|ask) your clinic|pharmacist|to a doctor",
    "watch": r"keep an eye",
}
LASTING = re.compile(
    r"\bnot (?:yet |starting to )?(?:fad|eas|going down)|stops fading|still clear", re.IGNORECASE
)
# What a sentence adds for a sign that does not pass.
WHERE_IT_LASTS = re.compile(
    r"\bif it (?:is not|does not|stops).*|\bnot (?:yet |starting to )?fad\w*(?: yet)?\?.*"
    r"|skin still clear.*",
    re.IGNORECASE,
)


def called(words: str) -> str:
    """Return the highest level that a sentence asks for; what asks for none is expected."""
    found = (each for each, calls in CALLS.items() if re.search(calls, words, re.IGNORECASE))
    return next(found, "expected")


def least(sign: str, trend: str, day: Day, variant: str) -> str:
    """Return the lowest level of a mild sign on any day of a page."""
    asks = signs()[sign].asks
    strength = "mild" if "strength" in asks else None
    way = trend if "trend" in asks else None
    every = (
        level(Cell(sign, strength, way, each, variant)) for each in range(day.first, day.last + 1)
    )
    return min(every, key=ORDER.index)


def named_on_days() -> Iterator[tuple[str, Day, str, str]]:
    """Yield each sign that a day's page expects or finds possible: variant, page, sign, words."""
    for variant, days in protocol().days.items():
        for day in days:
            for words in (each.en.replace("’", "'") for each in (*day.expect, *day.also)):
                for sign, names in NAMED.items():
                    if re.search(names, words, re.IGNORECASE) and not OVER.search(words):
                        yield variant, day, sign, words


def test_no_day_expects_what_the_answers_would_watch_or_call_about() -> None:
    looked_at = list(named_on_days())
    assert {sign for _, _, sign, _ in looked_at} == set(NAMED)
    lower = [
        f"{variant} {day.id}, {sign}: {words}"
        for variant, day, sign, words in looked_at
        if ORDER.index(called(WHERE_IT_LASTS.sub("", words)))
        < ORDER.index(least(sign, "better", day, variant))
    ]
    assert lower == []


def test_a_day_says_whom_to_call_where_what_is_watched_does_not_pass() -> None:
    """Where the answers call about a mild sign that stays the same, so does the page."""
    silent = []
    for variant, day, sign, words in named_on_days():
        if called(words) == "watch" or LASTING.search(words):
            lines = [
                each
                for each in day.call_if
                if LASTING.search(each.en) and re.search(NAMED[sign], each.en, re.IGNORECASE)
            ]
            heard = highest((called(words), *(each.level for each in lines)))
            if ORDER.index(heard) < ORDER.index(least(sign, "same", day, variant)):
                silent.append(f"{variant} {day.id}, {sign}: {words}")
    assert silent == []


def test_a_grid_of_dots_that_does_not_fade_is_not_watched_for_two_weeks() -> None:
    for variant in ("rf", "unknown"):
        (page,) = (each for each in protocol().days[variant] if each.id == "8-14")
        (dots,) = (each for each in page.also if "grid of dots" in each.en)
        assert level(Cell("grid", "mild", "same", 9, variant)) == "clinic"
        assert re.search(r"not fading|If you see one", dots.en)
        assert "contact your clinic" in dots.en


# What the card for today says of each answer that calls today about what somebody sees.
ON_THE_CARD = {
    105: ("Redness", "begins or grows on day 2 or later"),
    112: ("Swelling that is strong",),
    115: ("Swelling", "begins or grows on day 3 or later"),
    130: ("Strong pain that gets worse",),
    131: ("from day 2", "pain that begins or gets worse"),
    132: ("from day 2, any strong pain",),
    141: ("bruise that spreads",),
    143: ("bleeding that goes on or starts again",),
    147: ("firm bump", "grows"),
    154: ("from day 2", "pain that begins or gets worse"),
    161: ("warmth", "begins or grows on day 2 or later"),
}


def test_get_help_says_today_of_whatever_the_answers_say_today_of() -> None:
    held = [each for each in signs().values() if each.screen == "seen"]
    calling = {each.id for sign in held for each in sign.answers if each.level == "today"}
    assert calling == set(ON_THE_CARD)
    (card,) = (each for each in protocol().help.cards if each.level == "today")
    unsaid = {
        number: words
        for number, words in ON_THE_CARD.items()
        if not any(all(part in line.en for part in words) for line in card.signs)
    }
    assert unsaid == {}


# --- what no answer fits -------------------------------------------------------------------------


def unmatched() -> str:
    """Return every cell that no answer fits, with the level that counts there, one line for alike ones."""
    lines: dict[tuple[str, str, str], list[str]] = {}
    for sign in signs().values():
        for strength, trend in asked(sign):
            for variant in [each.id for each in protocol().variants if not each.longest]:
                key = Cell(sign.id, strength, trend, 0, variant)
                days = [day for day in DAYS if written(key._replace(day=day)) is None]
                if days:
                    what = " ".join(each for each in (sign.id, strength, trend) if each)
                    lines.setdefault((what, spans(days), sign.otherwise), []).append(variant)
    return "".join(
        f"{what}: {days}: {otherwise} ({', '.join(variants)})\n"
        for (what, days, otherwise), variants in lines.items()
    )


def spans(days: list[int]) -> str:
    """Return days as they are read: "0-3, 8"."""
    runs = []
    for _, run in groupby(enumerate(days), key=lambda pair: pair[1] - pair[0]):
        *_, (_, last) = found = list(run)
        first = found[0][1]
        runs.append(str(first) if first == last else f"{first}-{last}")
    return ", ".join(runs)


def test_what_no_answer_fits_is_a_choice_and_not_an_accident() -> None:
    assert UNMATCHED.read_text("utf-8") == unmatched(), "run `python3 -m tests.signs.test_signs`"


if __name__ == "__main__":
    UNMATCHED.write_text(unmatched(), "utf-8")
    sys.stdout.write(f"{UNMATCHED.name}: {len(unmatched().splitlines())} lines\n")
