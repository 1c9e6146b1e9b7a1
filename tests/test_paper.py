"""What is printed: the sheet that a person is handed, and what a health professional signs."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from webapp import assets, create_app
from webapp.config import Settings
from webapp.guide.families import families
from webapp.guide.pages import pages
from webapp.guide.paper import openings, without_an_hour
from webapp.guide.reviewing import review
from webapp.offline import kept_sets
from webapp.protocol.library import load_library
from webapp.protocol.models import (
    LANGUAGES,
    Grade,
    Language,
    Library,
    Model,
    Protocol,
    Reader,
    Statement,
    Text,
)
from webapp.protocol.sealing import digest

VARIANTS = ("standard", "deep", "rf", "prp", "home", "unknown")
REVIEW = "microneedling/draft/review"
SCRIPTS = ("css", "js", "screens", "questions", "packages")

every_variant = pytest.mark.parametrize("variant", VARIANTS)
both_languages = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return create_app(Settings()).test_client()


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library(assets.BUILD / "protocols.json")


@pytest.fixture(scope="module")
def protocol(library: Library) -> Protocol:
    return library.protocols[0]


def statements(node: Any) -> Iterator[dict[str, Any]]:
    """Yield every statement of plain data, whatever it stands in."""
    if isinstance(node, dict):
        if {"en", "fr", "sources", "grade"} <= node.keys():
            yield node
        for value in node.values():
            yield from statements(value)
    elif isinstance(node, list):
        for value in node:
            yield from statements(value)


def words_of(html: str) -> str:
    """Return the words of a piece of HTML."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def rows(html: str) -> list[list[str]]:
    """Return the cells of every statement's row."""
    found = re.findall(r"<tr data-claim=.*?</tr>", html, re.DOTALL)
    return [re.findall(r"<td>(.*?)</td>", each, re.DOTALL) for each in found]


# --- the reviewer's print ------------------------------------------------------------------------


@both_languages
def test_no_statement_escapes_the_reader_who_signs(
    language: Language, client: FlaskClient, protocol: Protocol
) -> None:
    said = {
        (
            words_of(each[language]),
            f"{' '.join(each['sources']) or '–'} ({each['grade']})",
        )
        for each in statements(protocol.model_dump(mode="json"))
    }
    printed = {
        (words_of(re.split(r" <(?:em|ul)>", cells[0])[0]), words_of(cells[1]))
        for cells in rows(client.get(f"/{language}/{REVIEW}").text)
    }
    assert len(said) > 700
    assert said - printed == set()
    assert printed - said == set()


def test_each_row_can_be_agreed_to_or_changed(client: FlaskClient) -> None:
    found = rows(client.get(f"/en/{REVIEW}").text)
    assert {words_of(cells[2]) for cells in found} == {"agree change"}


def test_whom_a_sign_makes_people_call_is_signed_too(client: FlaskClient) -> None:
    found = rows(client.get(f"/en/{REVIEW}").text)
    (blisters,) = [
        each[0] for each in found if each[0].startswith("Eye pain, or blisters or redn")
    ][:1]
    assert words_of(blisters).endswith("whom to call: Call 911")


def test_the_hours_of_every_treatment_are_signed_too(protocol: Protocol) -> None:
    subjects = {each.place: each for room in review(protocol) for each in room.subjects}
    for activity in protocol.activities:
        values = dict(subjects[f"activities/{activity.id}"].values)
        hours = dict(each.split(": ") for each in values.get("hours", "").split(", ") if each)
        assert hours == {name: str(wait) for name, wait in (activity.hours or {}).items()}
        assert values["kind"] == activity.kind


class Remark(Statement):
    """A kind of statement that the reviewer's print has never heard of."""

    level: str
    otherwise: Text | None = None


class Cloud(Model):
    """What holds such statements."""

    id: str
    name: Text
    says: tuple[Remark, ...]


class Wider(Protocol):
    """A protocol with a room more."""

    weather: tuple[Cloud, ...] = ()


def test_a_new_kind_of_statement_is_signed_without_a_word_of_code(protocol: Protocol) -> None:
    words = Text(en="Ask a doctor.", fr="Demandez en clinique médicale.")
    remark = Remark(en="Ask.", fr="Demandez.", sources=("S01",), grade=Grade.A, level="today",
                    otherwise=words)  # fmt: skip
    name = Text(en="Diabetes", fr="Diabète")
    cloud = Cloud(id="diabetes", name=name, says=(remark,))
    room = review(Wider(**dict(protocol), weather=(cloud,)))[-1]
    (subject,) = room.subjects
    (claim,) = subject.claims
    assert (room.name, subject.names) == ("weather", (name,))
    assert (claim.place, claim.statement) == ("weather/diabetes/says/1", remark)
    assert (claim.values, claim.besides) == ((("level", "today"),), (words,))


@every_variant
def test_a_treatment_s_days_are_what_the_first_says_and_what_differs(
    variant: str, protocol: Protocol
) -> None:
    def said(name: str) -> set[tuple[str, str, Statement]]:
        return {
            (day.id, field, each)
            for day in protocol.days[name]
            for field in ("headline", "expect", "also", "do", "know", "call_if")
            for part in [getattr(day, field)]
            for each in (part if isinstance(part, tuple) else (part,))
        }

    def signed(name: str, key: str) -> set[tuple[str, str, Statement]]:
        return {
            (*each.place.split("/")[2:4], each.statement)
            for room in review(protocol)
            if room.variant == name
            for subject in room.subjects
            for each in getattr(subject, key)
        }

    whole = signed("standard", "claims")
    if variant != "standard":
        whole = whole - signed(variant, "left_out") | signed(variant, "claims")
    assert whole == said(variant)


def test_a_signature_holds_for_words_not_for_who_signed(protocol: Protocol) -> None:
    reader = Reader(
        language="fr",
        name="A. B.",
        profession=Text(en="nurse", fr="infirmière"),
        date="2027-01-05",
        read=digest(protocol),
    )
    signed = protocol.model_copy(update={"state": "signed", "readers": (reader,), "version": "1"})
    assert digest(signed) == digest(protocol)
    fewer = protocol.model_copy(update={"activities": protocol.activities[1:]})
    assert digest(fewer) != digest(protocol)


@both_languages
def test_a_reader_knows_what_was_read_and_where_to_sign(
    language: Language, client: FlaskClient, protocol: Protocol
) -> None:
    page = client.get(f"/{language}/{REVIEW}").text
    assert digest(protocol) in page
    assert page.count('class="to-fill"') == 5


def test_the_reviewer_s_print_is_nobody_else_s(client: FlaskClient, library: Library) -> None:
    assert 'name="robots" content="noindex"' in client.get(f"/en/{REVIEW}").text
    assert "/review" not in client.get("/sitemap.xml").text
    sets = kept_sets(pages(families(library)), dict.fromkeys(SCRIPTS, ""))
    every = {each for addresses in sets.values() for each in addresses}
    assert not any(each.endswith("/review") for each in every)


# --- the sheet -----------------------------------------------------------------------------------


@every_variant
def test_every_activity_stands_once_on_the_sheet(variant: str, protocol: Protocol) -> None:
    opened = [each for opening in openings(protocol, variant) for each in opening.activities]
    others = [each for _, found in without_an_hour(protocol, variant) for each in found]
    assert sorted(each.id for each in [*opened, *others]) == sorted(
        each.id for each in protocol.activities
    )


@every_variant
def test_no_hour_on_the_sheet_is_earlier_than_in_the_guide(
    variant: str, protocol: Protocol
) -> None:
    for opening in openings(protocol, variant):
        for activity in opening.activities:
            assert (activity.wait(variant), activity.kind_for(variant)) == (opening.hours, "from")


@both_languages
@every_variant
def test_every_sign_that_needs_help_is_on_the_sheet(
    variant: str, language: Language, client: FlaskClient, protocol: Protocol
) -> None:
    said = words_of(client.get(f"/{language}/microneedling/draft/{variant}/print").text)
    for card in protocol.help.cards:
        for sign in card.signs:
            assert words_of(sign[language]) in said


@both_languages
@every_variant
def test_the_sheet_is_kept_with_its_guide(
    variant: str, language: Language, library: Library
) -> None:
    sets = kept_sets(pages(families(library)), dict.fromkeys(SCRIPTS, ""))
    guide = f"microneedling/draft/{variant}"
    assert f"/{language}/{guide}/print" in sets[f"{guide}/{language}"]


@both_languages
def test_the_sheet_of_a_roller_at_home_has_no_gel_of_a_clinic_and_names_its_lists_as_they_are(
    language: Language, client: FlaskClient, protocol: Protocol
) -> None:
    page = client.get(f"/{language}/microneedling/draft/home/print").text
    (gel,) = [each for each in protocol.activities if each.id == "no-gel"]
    assert gel.name.without_clinic
    assert words_of(gel.name.without_clinic[language]) in words_of(page)
    assert words_of(gel.name[language]) not in words_of(page)
    headings = " ".join(words_of(each) for each in re.findall(r"<h2.*?</h2>", page, re.DOTALL))
    named = re.findall(r"[“«]\s*(.*?)\s*[”»]", words_of(page))
    assert named
    assert [each for each in named if each not in headings] == []
