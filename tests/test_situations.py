"""What may be so of a person: said where it matters, to everyone, and only ever more careful."""

import html
import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from webapp import assets, create_app
from webapp.config import Settings
from webapp.guide.families import families
from webapp.guide.pages import Guide, guides
from webapp.guide.reminders import reminders_of
from webapp.guide.situations import concerns, remarks
from webapp.protocol.library import load_library
from webapp.protocol.models import LANGUAGES, Language, Level, Protocol, Remark, Spoken

ANSWERS = ("standard", "deep", "rf", "prp", "home", "unknown")
WATCH, CLINIC, TODAY, EMERGENCY = "watch", "clinic", "today", "emergency"

# clinical.md, section 7, row by row, and the modifiers of section 4: what counts for more, and how.
SECTION_7: dict[str, set[tuple[str, str]]] = {
    "isotretinoin": {(WATCH, CLINIC)},
    "blood-thinner": {(WATCH, CLINIC), (WATCH, TODAY)},
    "weak-immunity": {(WATCH, CLINIC), (CLINIC, TODAY), (TODAY, EMERGENCY)},
    "pregnancy": {(WATCH, CLINIC)},
    "thick-scars": {(WATCH, CLINIC)},
    "cold-sores": {(WATCH, TODAY)},
    "spots-before": {(WATCH, CLINIC)},
    "dark-skin": set(),
    "melasma": {(WATCH, CLINIC)},
    "eczema": {(WATCH, CLINIC)},
    "nickel": {(CLINIC, TODAY), (TODAY, EMERGENCY)},
    "shared-tools": {(WATCH, TODAY)},
    "numbing-cream": set(),
    "minor": {(WATCH, CLINIC)},
}
# Who has no clinic is sent to none. These lines of the purpose are the fixed legal ones.
A_CLINIC = {
    "en": re.compile(r"\b(?:your|the) clinic\b", re.IGNORECASE),
    "fr": re.compile(r"\b(?:votre|la) clinique\b", re.IGNORECASE),
}


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return load_library(assets.BUILD / "protocols.json").protocols[0]


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    assert assets.built_state() == assets.state_of_sources(), "run `lendemain build` first"
    return create_app(Settings()).test_client()


def said(protocol: Protocol, situation: str) -> tuple[Remark, ...]:
    return next(each.says for each in protocol.situations.rows if each.id == situation)


# --- what is said --------------------------------------------------------------------------------


def test_every_situation_of_section_7_is_there(protocol: Protocol) -> None:
    assert {each.id for each in protocol.situations.rows} == set(SECTION_7)


@pytest.mark.parametrize("situation", SECTION_7)
def test_a_situation_has_people_call_as_section_7_says(situation: str, protocol: Protocol) -> None:
    raised = {pair for each in said(protocol, situation) for pair in each.raises.items()}
    assert raised == SECTION_7[situation]


# What a page says of any sign whatever. The other situations that raise a level speak of signs that stand there at
# that level for everybody: a mark that darkens, a line that thickens, tingling, blood.
OF_ANY_SIGN = {
    "isotretinoin", "blood-thinner", "weak-immunity", "pregnancy", "minor", "eczema", "nickel", "spots-before",
}  # fmt: skip


def test_is_this_expected_counts_what_the_pages_say_counts_for_more(protocol: Protocol) -> None:
    assert protocol.signs
    modifiers = {each.situation: each for each in protocol.signs.modifiers}
    assert set(modifiers) == OF_ANY_SIGN
    for situation, each in modifiers.items():
        on_pages = SECTION_7[situation]
        assert {(low, high) for low, high in each.raises.items() if low != "expected"} <= on_pages
    asked = [each.situation for each in protocol.signs.modifiers if each.asked]
    assert asked == ["weak-immunity", "pregnancy", "blood-thinner", "minor"]


def test_nobody_is_told_to_stop_a_medicine(protocol: Protocol) -> None:
    for each in said(protocol, "blood-thinner"):
        assert not re.search(r"\bstop|\barrêt|\bcess", f"{each.en} {each.fr}", re.IGNORECASE)
    assert "no reason to skip" in said(protocol, "blood-thinner")[0].en


def test_cold_sores_are_looked_for_on_the_first_three_days(protocol: Protocol) -> None:
    looks = [each for each in said(protocol, "cold-sores") if "Each morning" in each.en]
    assert [each.days for each in looks] == [("1", "2", "3")]
    kinds = {each.id: each.situation for each in protocol.kinds if each.situation}
    assert kinds == {"cold-sores": "cold-sores"}


def test_blood_handled_by_others_worries_only_after_blood_was_drawn(protocol: Protocol) -> None:
    for variant in ANSWERS:
        told = {each.situation.id for each in concerns(protocol, "days", "3", variant)}
        assert ("shared-tools" in told) == (variant in {"prp", "unknown"})


def test_a_treatment_without_situations_is_complete(protocol: Protocol) -> None:
    bare = protocol.model_copy(update={"situations": type(protocol.situations)()})
    assert concerns(bare, "days", "3") == []


# --- who has no clinic ---------------------------------------------------------------------------


def spoken_to_everyone(protocol: Protocol) -> Iterator[Spoken]:
    """Yield all that pages shared by every answer say, but for what activities say."""
    for activity in protocol.activities:
        yield from (activity.name, activity.question)
    spots = protocol.breakouts
    yield from (*spots.intro, *spots.helps, *spots.harms, *spots.call_if)
    for question in spots.questions:
        yield from (question.short, *question.more)
    for card in protocol.help.cards:
        yield from (card.title, card.lead, *card.signs, *card.notes)
    yield from (each.words for each in protocol.reminders)
    yield from (remark for each in protocol.situations.rows for remark in each.says)


def test_who_has_no_clinic_is_sent_to_none(protocol: Protocol) -> None:
    home = protocol.variant("home")
    wrong = [
        each.to(home)[language]
        for each in spoken_to_everyone(protocol)
        for language in LANGUAGES
        if A_CLINIC[language].search(each.to(home)[language])
    ]
    assert wrong == []


def test_who_has_no_clinic_is_not_told_to_put_on_what_it_gave(protocol: Protocol) -> None:
    home = protocol.variant("home")
    kinds = protocol.ingredients.classes if protocol.ingredients else ()
    said = [*(each.reason for each in protocol.activities), *(each.why for each in kinds)]
    given = re.compile(r"what your clinic gave|ce que la clinique", re.IGNORECASE)
    told = [each.to(home)[language] for each in said for language in LANGUAGES]
    assert len(told) > 150
    assert [each for each in told if given.search(each)] == []


def test_only_who_rolled_at_home_has_no_clinic(protocol: Protocol) -> None:
    assert [each.id for each in protocol.variants if not each.clinic] == ["home"]


def test_no_alternative_is_written_where_no_clinic_is_named(protocol: Protocol) -> None:
    for each in spoken_to_everyone(protocol):
        if each.without_clinic:
            assert A_CLINIC["en"].search(each.en) or "clinic" in each.en.lower(), each.en
            assert each.without_clinic.en != each.en


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_phone_without_a_clinic_rings_in_words_of_its_own(
    language: Language, protocol: Protocol
) -> None:
    def lines(variant: str) -> list[str]:
        told = reminders_of(Guide(protocol, variant), language)["reminders"]
        assert isinstance(told, list)
        return [each["words"] for each in told]

    assert [each for each in lines("home") if A_CLINIC[language].search(each)] == []
    assert any(A_CLINIC[language].search(each) for each in lines("standard"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_one_treatment_says_whom_to_call_after_it(
    language: Language, client: FlaskClient
) -> None:
    said = {"en": ("Contact your clinic", "Call 811"), "fr": ("Communiquez avec", "Appelez le 811")}
    for variant, (wanted, other) in {
        "standard": said[language],
        "home": said[language][::-1],
    }.items():
        page = client.get(f"/{language}/microneedling/draft/{variant}/print").text
        title = re.search(r'<h2 id="clinic">(.*?)</h2>', page)
        assert title
        assert wanted in title[1]
        assert other not in title[1]


# --- where it is read ----------------------------------------------------------------------------


def text_of(client: FlaskClient, path: str) -> str:
    """Return the words of a page, of every element that is not hidden in its HTML."""
    page = client.get(path).text
    page = re.sub(r"<(span|section|ul|p|div)\b[^>]*\bhidden\b[^>]*>[^<]*</\1>", "", page)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def plainly(words: str) -> str:
    return " ".join(words.split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_situation_says_is_read_by_everyone_with_its_sources(
    language: Language, client: FlaskClient, protocol: Protocol
) -> None:
    found = guides(families(load_library(assets.BUILD / "protocols.json")))
    places = [
        (f"{guide.day_path(day)}", concerns(protocol, "days", day.id, guide.variant), guide.variant)
        for guide in found
        for day in guide.days
        # Some days of the variants that are told otherwise stand for the rest.
        if guide.variant == "standard" or (guide.variant in {"prp", "home"} and day.id in "05")
    ]
    places += [
        (f"activities/{each.id}", concerns(protocol, "activities", each.id), "standard")
        for each in protocol.activities
    ]
    places.append(("breakouts", concerns(protocol, "breakouts"), "standard"))
    for level in Level:
        places.append(("get-help", concerns(protocol, "cards", level), "standard"))
    told = 0
    for path, here, variant in places:
        text = text_of(client, f"/{language}/{path}") if here else ""
        for remark in remarks(here):
            words = plainly(remark.to(protocol.variant(variant))[language])
            # Once where it is read, once where it says where it comes from.
            assert text.count(words) >= 2, (path, words)
            told += 1
    assert told > 150


def test_every_remark_stands_on_a_page(protocol: Protocol) -> None:
    for row in protocol.situations.rows:
        for each in row.says:
            assert each.days or each.activities or each.breakouts or each.cards


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_named_beforehand(language: str, client: FlaskClient) -> None:
    page = client.get(f"/{language}/situations").text
    boxes = re.findall(r'<input type="checkbox" name="situation"[^>]*>', page)
    assert len(boxes) == len(SECTION_7)
    assert [each for each in boxes if "checked" in each] == []
    # Without a script they would seem to be kept.
    assert all("disabled" in each for each in boxes)
