"""People type what they want to do, tired and on a phone: the right activity comes first."""

import json
import subprocess
from datetime import date
from functools import cache
from pathlib import Path

import pytest
import yaml

from tests.test_vectors import node
from webapp.config import folder
from webapp.guide.asking import called
from webapp.protocol.models import LANGUAGES, Language, Protocol
from webapp.protocol.reading import read_library

HERE = Path(__file__).resolve().parent
WRITTEN = yaml.safe_load((HERE / "queries.yaml").read_text("utf-8"))
both_languages = pytest.mark.parametrize("language", LANGUAGES)


@cache
def protocol() -> Protocol:
    """Return the real content."""
    return read_library(folder("protocols"), date(2026, 11, 26)).protocols[0]


def found(language: Language, queries: list[str]) -> list[list[str]]:
    """Return what is found for each query, the best first."""
    told = json.dumps({"rows": called(protocol(), language), "queries": queries})
    answer = subprocess.run(
        [node(), str(HERE / "ask.mjs")], input=told, capture_output=True, text=True, check=True
    )
    lists: list[list[str]] = json.loads(answer.stdout)
    return lists


def missed(language: Language, pairs: list[tuple[str, str]]) -> list[str]:
    """Return what went wrong with queries, each paired with the row that should come first."""
    lists = found(language, [query for query, _ in pairs])
    return [
        f"{query}: {row}, not {rows[:2]}"
        for (query, row), rows in zip(pairs, lists, strict=True)
        if rows[:1] != [row]
    ]


@both_languages
def test_what_people_type_finds_the_right_activity_first(language: Language) -> None:
    pairs = [(each, row) for row, queries in WRITTEN[language].items() for each in queries]
    assert len(pairs) >= 80
    wrong = missed(language, pairs)
    assert len(wrong) <= 0.05 * len(pairs), "\n".join(wrong)


@both_languages
def test_the_words_around_what_is_asked_do_not_hide_it(language: Language) -> None:
    asked = WRITTEN["framed"][language]
    pairs = [
        (f.format(thing), row) for f in asked["frames"] for thing, row in asked["things"].items()
    ]
    assert missed(language, pairs) == []


@both_languages
def test_what_people_ask_in_fear_is_never_led_astray(language: Language) -> None:
    pairs = [(each, row) for row, queries in WRITTEN["sure"][language].items() for each in queries]
    assert missed(language, pairs) == []


@both_languages
def test_what_people_of_montreal_type_is_never_led_astray(language: Language) -> None:
    asked = {**WRITTEN["typed"][language]}
    nothing = asked.pop("nothing")
    pairs = [(each, row) for row, queries in asked.items() for each in queries]
    assert len(pairs) + len(nothing) >= 110
    assert missed(language, pairs) == []
    assert dict(zip(nothing, found(language, nothing), strict=True)) == {
        each: [] for each in nothing
    }


@both_languages
@pytest.mark.parametrize(
    "half", ["auto", "moto", "mon auto", "faire de la moto", "hydro", "sun glass"]
)
def test_what_a_longer_word_begins_with_is_not_that_word(language: Language, half: str) -> None:
    (rows,) = found(language, [half])
    assert {"self-tanner", "cold", "cortisone"}.isdisjoint(rows)


@both_languages
def test_what_a_longer_word_begins_with_finds_it_again_as_more_is_typed(language: Language) -> None:
    assert [rows[:1] for rows in found(language, ["autob", "moton"])] == [["self-tanner"], ["cold"]]


@both_languages
def test_what_only_resembles_an_activity_is_not_on_the_list(language: Language) -> None:
    asked = WRITTEN["sure"]["nothing"]
    assert dict(zip(asked, found(language, asked), strict=True)) == {each: [] for each in asked}


@both_languages
def test_what_is_no_activity_finds_nothing(language: Language) -> None:
    lists = found(language, WRITTEN["nothing"])
    wrong = {query: rows for query, rows in zip(WRITTEN["nothing"], lists, strict=True) if rows}
    assert wrong == {}


@both_languages
def test_every_name_finds_its_own_activity_first(language: Language) -> None:
    rows = protocol().activities
    lists = found(language, [each.name[language] for each in rows])
    assert [each.id for each in rows] == [ids[0] for ids in lists]


@both_languages
def test_everything_that_an_activity_is_called_finds_it(language: Language) -> None:
    pairs = [(words, each.id) for each in protocol().activities for words in each.also[language]]
    lists = found(language, [words for words, _ in pairs])
    lost = [pair for pair, rows in zip(pairs, lists, strict=True) if pair[1] not in rows[:3]]
    assert lost == []


@both_languages
def test_typing_letter_by_letter_always_answers_and_ends_where_it_should(
    language: Language,
) -> None:
    word = {"en": "sauna", "fr": "pelleter"}[language]
    lists = found(language, [word[:length] for length in range(len(word) + 1)])
    assert lists[:2] == [[], []]
    assert lists[-1][0] == {"en": "sauna", "fr": "snow"}[language]
    assert lists[-2][0] == lists[-1][0]


@both_languages
def test_two_things_at_once_find_both(language: Language) -> None:
    query = {"en": "sauna or gym", "fr": "sauna ou gym"}[language]
    (rows,) = found(language, [query])
    assert set(rows[:2]) == {"sauna", "exercise"}


@both_languages
def test_words_that_say_nothing_find_nothing(language: Language) -> None:
    assert found(language, ["", " ", "?", "a", "....", "\u200b", "💧"]) == [[]] * 7
