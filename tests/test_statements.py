"""Every clinical statement that a page shows reaches its sources in one tap, and none says too much."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any
from xml.etree.ElementTree import Element

import pytest

from webapp.protocol.models import LANGUAGES, Grade, Language, Statement, Text
from webapp.protocol.rules import BANNED

from .crawl import Reading, Said, Site, every_page, library, plain, words_of

both_languages = pytest.mark.parametrize("language", LANGUAGES)

# care.md, rule 14; the words of the contract between pages and people.
WHERE_FROM = {"en": "Where this comes from", "fr": "D’où vient cette information"}
COLON = {"en": ":", "fr": "\u00a0:"}
OUR_CHOICE = {"en": "our cautious choice", "fr": "notre choix prudent"}
# The letter after a number tells two pages of one source apart; both stand at the same place.
MARK = re.compile(r"S\d{2}[a-z]?")


@pytest.fixture(scope="module")
def site() -> Site:
    # What readers sign says each statement's sources beside it; tests/test_paper.py holds that.
    return {each: page for each, page in every_page().items() if not each[1].endswith("/review")}


def statements(node: Any) -> Iterator[Statement]:
    """Yield every statement of the content."""
    if isinstance(node, Statement):
        yield node
    elif isinstance(node, (tuple, list)):
        for each in node:
            yield from statements(each)
    elif isinstance(node, dict):
        yield from statements(tuple(node.values()))
    elif hasattr(type(node), "model_fields"):
        yield from statements(tuple(vars(node).values()))


@cache
def by_words(language: Language) -> dict[str, list[Statement]]:
    """Return the statements by their words; the same words may rest on other sources elsewhere."""
    found: dict[str, list[Statement]] = {}
    for each in statements(library().protocols):
        for said in wordings(each):
            found.setdefault(plain(said[language]), []).append(each)
    return found


def wordings(statement: Statement) -> Iterator[Text]:
    """Yield a statement's words, and those it has where no clinic did it."""
    yield statement
    if statement.without_clinic:
        yield statement.without_clinic


@cache
def within(words: str, language: Language) -> tuple[str, ...]:
    """Return the statements that stand in a run of words."""
    every = by_words(language)
    if words in every:
        return (words,)
    found = [each for each in every if each.count(" ") >= 3 and each in words]
    # A short one may be how a longer one begins.
    return tuple(each for each in found if not any(each in other != each for other in found))


def is_row(element: Element) -> bool:
    """Say whether an element is a closed row of sources."""
    return element.tag == "details" and "sources" in element.attrib.get("class", "").split()


def supported(page: Reading) -> dict[str, list[Element]]:
    """Return the lines under "Where this comes from" on a page, by the statement each is for."""
    found: dict[str, list[Element]] = {}
    for row in filter(is_row, page.root.iter("details")):
        for line in row.iter("li"):
            for words in {plain(line.text or ""), *map(words_of, line.iter("span"))} - {""}:
                found.setdefault(words, []).append(line)
    return found


def shown(page: Reading, language: Language) -> Iterator[tuple[str, Said]]:
    """Yield every statement that a page shows outside its rows of sources, and where it stands."""
    for said in page.seen:
        if said.language == language and not any(map(is_row, said.within)):
            for each in within(said.words, language):
                yield each, said


def leads_to_its_page(each: str, said: Said, site: Site, language: Language) -> bool:
    """Say whether words are a link to a page that has the statement among its sources.

    Or one stands beside them: in their row, or as the heading of their section.
    """
    own, row, section = said.inside("a"), said.inside("li"), said.inside("section")
    rows = [place for place in said.within if place.tag == "li"]
    near = [link for place in rows for link in place.iter("a")] if row is not None else []
    above = section.findall("div/h2/a") if section is not None else []
    for link in [own, *near, *above]:
        path = link.attrib.get("href", "").partition("#")[0] if link is not None else ""
        there = site.get((language, path.removeprefix(f"/{language}/")))
        if there is not None and each in supported(there):
            return True
    return False


@both_languages
def test_every_statement_on_every_page_reaches_its_sources_in_one_tap(
    language: Language, site: Site
) -> None:
    lost, looked_at = [], 0
    for (spoken, _), page in site.items():
        if spoken != language:
            continue
        here = supported(page)
        for each, said in shown(page, language):
            looked_at += 1
            if each not in here and not leads_to_its_page(each, said, site, language):
                lost.append(f"{page.address}: {each}")
    assert looked_at > 1500
    assert lost == []


@both_languages
def test_every_statement_of_the_content_is_shown_somewhere(language: Language, site: Site) -> None:
    seen = {each for (own, _), page in site.items() if own == language for each in supported(page)}
    assert set(by_words(language)) - seen == set()


@both_languages
def test_every_wait_leads_to_the_page_of_its_sources(language: Language, site: Site) -> None:
    waits = 0
    for (spoken, _), page in site.items():
        for row in page.root.iter("li") if spoken == language else ():
            if activity := row.attrib.get("data-activity"):
                waits += 1
                (link,) = row.iter("a")
                assert link.attrib["href"] == f"/{language}/activities/{activity}"
                there = site[language, f"activities/{activity}"]
                assert [each for each in there.all("details") if is_row(each)], there.address
    assert waits > 300


def marks_of(line: Element) -> list[str]:
    return [words_of(each) for each in line.iter("a")]


@both_languages
def test_every_line_of_sources_names_the_statements_own_marks_and_grade(
    language: Language, site: Site
) -> None:
    register = site[language, "sources"].ids
    wrong = []
    for (spoken, _), page in site.items():
        if spoken != language:
            continue
        for words, lines in supported(page).items():
            for line in lines:
                marks, said = marks_of(line), words_of(line)
                places = [each.attrib["href"] for each in line.iter("a")]
                fits = any(
                    list(each.sources) == marks and f"({each.grade}{COLON[language]} " in said
                    for each in by_words(language).get(words, ())
                )
                leads = all(
                    MARK.fullmatch(mark)
                    and place == f"/{language}/sources#{mark[:3]}"
                    and mark[:3] in register
                    for mark, place in zip(marks, places, strict=True)
                )
                if not (fits and leads):
                    wrong.append(f"{page.address}: {said}")
    assert wrong == []


@both_languages
def test_every_row_of_sources_is_closed_and_says_what_it_is(language: Language, site: Site) -> None:
    rows = [
        (page.address, row)
        for (own, _), page in site.items()
        if own == language
        for row in filter(is_row, page.root.iter("details"))
    ]
    assert len(rows) > 100
    assert [address for address, row in rows if "open" in row.attrib] == []
    named = [(address, words_of(row[0])) for address, row in rows]
    assert [each for each in named if not each[1].startswith(WHERE_FROM[language])] == []


@both_languages
def test_each_of_our_own_choices_says_so(language: Language, site: Site) -> None:
    ours = {words for words, found in by_words(language).items() if all(s.ours for s in found)}
    assert len(ours) > 50
    silent, told = [], 0
    for (spoken, _), page in site.items():
        if spoken == language:
            for words, lines in supported(page).items():
                told += words in ours
                silent += [
                    f"{page.address}: {words}"
                    for line in lines
                    if words in ours
                    and f"({Grade.J}{COLON[language]} {OUR_CHOICE[language]})" not in words_of(line)
                ]
    assert told > 100
    assert silent == []


@both_languages
def test_an_activity_that_waits_as_we_chose_says_so(language: Language, site: Site) -> None:
    """A wait of grade J stands beside the range found, and the page calls it our choice."""
    silent = []
    for activity in library().protocols[0].activities:
        page = site[language, f"activities/{activity.id}"]
        said = " ".join(each.words for each in page.seen)
        if (
            activity.grade is Grade.J
            and activity.kind == "from"
            and OUR_CHOICE[language] not in said
        ):
            silent.append(page.address)
    assert silent == []


@both_languages
def test_today_lifts_the_sources_of_what_it_lifts(language: Language, site: Site) -> None:
    """Today takes parts of the day's page; for each, the row of sources comes along, closed."""
    into = {
        each.attrib["data-into"]
        for each in site[language, "today"].root.iter()
        if "data-into" in each.attrib
    }
    assert "sources" in into
    for (spoken, path), page in site.items():
        if spoken != language or "/day-" not in path:
            continue
        lifts = [each for each in page.root.iter() if each.attrib.get("data-lift") in into]
        (row,) = (each for each in lifts if each.attrib["data-lift"] == "sources")
        lines = {plain(line.text or "") for line in row.iter("li")}
        brought = {
            words
            for each in lifts
            if each is not row
            for run in each.itertext()
            for words in within(plain(run), language)
        }
        assert brought
        assert brought - lines == set(), page.address


# --- what no page may say ------------------------------------------------------------------------


def quoted(language: Language) -> set[str]:
    """Return the questions that quote a claim; their answers reject it."""
    return {
        plain(each.question[language])
        for protocol in library().protocols
        for each in protocol.breakouts.questions
        if each.claim
    }


@both_languages
def test_no_page_says_a_banned_phrase(language: Language, site: Site) -> None:
    claims = quoted(language)
    assert claims
    found = []
    for (spoken, _), page in site.items():
        if spoken != language:
            continue
        for run in [*(each.words for each in page.seen), *page.told]:
            rest = run
            for claim in claims:
                rest = rest.replace(claim, "")
            if phrase := BANNED[language].search(rest):
                found.append(f"{page.address}: {phrase[0]}")
    assert found == []
