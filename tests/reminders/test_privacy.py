"""What is written about privacy and settings is what the program does."""

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.reminders.site import ROOT
from webapp import create_app, languages, serving
from webapp.config import KNOWN, Settings
from webapp.reminders import asking, networks, subscriptions
from webapp.reminders.forgetting import KEPT
from webapp.reminders.tables import metadata

PRIVACY, OPERATING = ROOT / "docs" / "privacy.md", ROOT / "docs" / "operating.md"
# Neither a setting of ours nor one that begins as ours do.
BESIDES = {"HOST", "PORT", "SSL_CERT_FILE"}
UNITS = {
    "second": 1_000, "minute": 60_000, "hour": 3_600_000, "day": 86_400_000,
    "seconde": 1_000, "heure": 3_600_000, "jour": 86_400_000,
}  # fmt: skip


def rows_under(file: Path, heading: str) -> list[list[str]]:
    """Return the cells of the tables under a heading, without their heads."""
    _, found, after = file.read_text("utf-8").partition(f"\n## {heading}\n")
    assert found, f"{file.name} has no {heading!r}"
    section = re.split(r"\n## ", after)[0]
    lines = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line] for line in lines]
    rules = [index for index, row in enumerate(cells) if set("".join(row)) <= set("-:")]
    heads = {index - 1 for index in rules}
    return [row for index, row in enumerate(cells) if index not in {*rules, *heads}]


# --- what is stored ------------------------------------------------------------------------------


def test_every_column_is_accounted_for_and_none_that_is_not_there() -> None:
    written = [
        (row[0].strip("`"), row[1].strip("`"))
        for row in rows_under(PRIVACY, "Every table, every column")
    ]
    kept = [(table.name, column.name) for table in metadata.tables.values() for column in table.c]
    assert sorted(written) == sorted(kept)


def test_every_column_says_why_it_is_there_and_until_when() -> None:
    rows = rows_under(PRIVACY, "Every table, every column")
    assert [row for row in rows if len(row) != 4 or not all(row)] == []


# --- for how long --------------------------------------------------------------------------------


@cache
def page(language: str) -> str:
    """Return the words of the privacy page that are about reminders."""
    app = create_app(Settings())
    html = app.test_client().get(f"/{language}/privacy").text
    app.extensions["lendemain"].dispose()
    (section,) = re.findall(
        r'<section aria-labelledby="reminders">(.*?)</section>', html, re.DOTALL
    )
    return " ".join(re.sub(r"<[^>]+>", " ", section).split())


def spans(words: str) -> Counter[int]:
    """Return every span of time that is written in figures, in milliseconds."""
    units = "|".join(UNITS)
    found = re.findall(rf"(\d+)\s+({units})s?\b", words)
    assert len(found) == len(re.findall(r"\d+", words)), f"a figure without a unit: {words}"
    return Counter(int(number) * UNITS[unit] for number, unit in found)


@pytest.mark.parametrize("language", languages.NAMES)
def test_the_privacy_page_states_every_figure_and_no_other(language: str) -> None:
    assert spans(page(language)) == Counter(KEPT.values())


@pytest.mark.parametrize(("language", "a_day"), [("en", "for a day"), ("fr", "un jour")])
def test_networks_are_known_for_as_long_as_the_page_says(language: str, a_day: str) -> None:
    assert a_day in page(language)
    assert networks.DAY == 86_400


def test_the_two_privacy_pages_are_two_languages() -> None:
    assert page("en") != page("fr")
    # A sentence that nobody translated would stand in English on the French page.
    sentences = {each.strip() for each in re.split(r"[.;:]", page("en")) if len(each) > 20}
    assert [each for each in sentences if each in page("fr")] == []


def test_a_figure_that_changed_would_be_noticed() -> None:
    assert spans("after 7 days, 24 hours") == Counter([604_800_000, 86_400_000])
    assert spans("7 jours; 10 minutes") == Counter([604_800_000, 600_000])
    with pytest.raises(AssertionError, match="without a unit"):
        spans("7 days, or 3")


def test_the_document_on_privacy_has_the_same_spans_in_words() -> None:
    _, _, after = PRIVACY.read_text("utf-8").partition("*The subscription goes* means:")
    rule = " ".join(after.split("\n\n")[0].split())
    in_words = {"seven days": "after_last", "24 hours": "unconfirmed", "ten minutes": "gone"}
    assert [words for words in in_words if words not in rule] == []
    assert "thirty days" in PRIVACY.read_text("utf-8")
    spoken = {"after_last": 7 * 24, "unconfirmed": 24, "gone": 1 / 6, "seen": 30 * 24}
    assert {name: hours * 3_600_000 for name, hours in spoken.items()} == KEPT


# --- settings and limits -------------------------------------------------------------------------


def test_every_setting_is_in_the_table_and_none_that_is_not_there() -> None:
    written = [row[0].strip("`") for row in rows_under(OPERATING, "Settings")]
    assert sorted(written) == sorted(KNOWN | BESIDES)


def test_the_table_of_settings_states_the_defaults() -> None:
    defaults = {
        row[0].strip("`"): row[2].split(";")[0].strip("`")
        for row in rows_under(OPERATING, "Settings")
    }
    usual = Settings()
    assert {name: defaults[name] for name in (
        "HOST", "PORT", "WEBAPP_PROXIES", "WEBAPP_CONTACT", "WEBAPP_SENDER",
        "WEBAPP_PUSH_IN_FLIGHT", "WEBAPP_PUSH_PACE",
    )} == {
        "HOST": usual.host, "PORT": str(usual.port), "WEBAPP_PROXIES": str(usual.proxies),
        "WEBAPP_CONTACT": usual.contact, "WEBAPP_SENDER": usual.sender,
        "WEBAPP_PUSH_IN_FLIGHT": str(usual.push_in_flight),
        "WEBAPP_PUSH_PACE": str(usual.push_pace),
    }  # fmt: skip


def test_the_limits_are_those_of_the_program() -> None:
    files = f"{serving.OTHER_FILES} fewer than the files it may open (`ulimit -n`)"
    limits = [row[1] for row in rows_under(OPERATING, "Limits")]
    assert limits == [
        f"{networks.FROM_ONE_NETWORK}",
        f"{networks.IN_ALL:,}",
        f"{networks.FROM_ONE_NETWORK}",
        f"{asking.MOST_REMINDERS}",
        f"{subscriptions.MOST_REMEMBERED:,}",
        f"one in {subscriptions.BETWEEN_TESTS // 1000} seconds",
        "64 KiB",
        f"{serving.MAX_HEAD // 1024} KiB, else 431",
        f"closed after {serving.PATIENCE} to {serving.PATIENCE + serving.SWEEP} seconds",
        f"{serving.CONNECTIONS}, or {files} when those are fewer than 1,024",
    ]
