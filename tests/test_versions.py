"""A guide is signed, published, followed by a newer one and corrected, and never changes meanwhile."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workshop import FIXTURE, PEEL, TODAY, sign
from webapp.guide.families import families
from webapp.guide.pages import Page, pages
from webapp.offline import kept_sets, site_map
from webapp.protocol.changes import changes
from webapp.protocol.models import Library, Protocol, Published
from webapp.protocol.publishing import NotPublishedError, current, publish, unsigned
from webapp.protocol.reading import ContentFaultsError, Fault, Tree, as_yaml, read_library
from webapp.protocol.sealing import digest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """Return a content folder with nothing but the made-up treatment."""
    return Path(shutil.copytree(FIXTURE, tmp_path / "protocols"))


def write(content: Path, file: str, old: str, new: str) -> None:
    path = content / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def faults(content: Path) -> list[Fault]:
    try:
        read_library(content, TODAY)
    except ContentFaultsError as error:
        return error.faults
    return []


def refused(content: Path, protocol: str = PEEL) -> list[str]:
    with pytest.raises(NotPublishedError) as caught:
        publish(content, protocol, TODAY)
    return caught.value.reasons


# --- signing and publishing -----------------------------------------------------------------------


def test_a_second_treatment_keeps_the_rules(content: Path) -> None:
    (protocol,) = read_library(content, TODAY).protocols
    assert (protocol.id, [*protocol.days]) == (PEEL, ["light", "layers", "unknown"])


def test_nobody_can_release_what_no_health_professional_has_signed() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "webapp.cli", "check", "--release"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert told.returncode == 1
    assert "microneedling draft is a preview" in told.stderr
    assert "has no reader for fr" in told.stderr


def test_an_unsigned_draft_is_not_published(content: Path) -> None:
    assert "is a preview" in refused(content)[0]
    assert refused(content, "peel") == [f"peel is not a protocol; there is {PEEL}"]
    assert not (content / PEEL / "versions").exists()


def test_a_signature_of_tomorrow_or_a_lapsed_review_does_not_count(content: Path) -> None:
    sign(content, when="2026-11-27")
    assert all("still to come" in each for each in refused(content))
    write(content, f"{PEEL}/protocol.yaml", "2099-01-01", "2026-11-26")
    assert "was to be read again by 2026-11-26" in refused(content)[-1]


def test_a_reader_of_one_language_does_not_sign_for_two(content: Path) -> None:
    sign(content, PEEL, "en")
    assert [each.what for each in faults(content)] == [
        "is signed, but not by a reader in each language"
    ]


def test_words_that_change_after_they_were_signed_are_signed_no_more(content: Path) -> None:
    sign(content)
    assert faults(content) == []
    write(content, f"{PEEL}/activities.yaml", "light: 36", "light: 48")
    found = faults(content)
    assert [(each.file, each.place) for each in found] == [
        (f"{PEEL}/protocol.yaml", f"{PEEL} › readers › {number} › read") for number in (1, 2)
    ]
    assert all("sign again, or go back to preview" in each.what for each in found)


@pytest.fixture
def published(content: Path) -> Path:
    """Return the file of version 1."""
    sign(content)
    return publish(content, PEEL, TODAY)


def test_what_is_published_is_what_was_signed(content: Path, published: Path) -> None:
    library = read_library(content, TODAY)
    (version,) = library.published
    (draft,) = library.protocols
    assert (published.name, version.protocol.version) == ("1.yaml", "1")
    assert version.protocol == draft.model_copy(update={"version": "1"})
    assert version.digest == digest(draft) == draft.readers[0].read
    assert [each.id for each in version.sources] == ["S98", "S99"]
    assert current(library) == [version.protocol]
    assert unsigned(version.protocol, TODAY) == []


def test_the_same_words_are_not_published_twice(content: Path, published: Path) -> None:
    assert refused(content) == [f"{PEEL} draft says what version 1 says"]
    assert sorted(each.name for each in published.parent.iterdir()) == ["1.yaml"]


SPOILT: dict[str, tuple[str, str, str]] = {
    "a word": ("like paper on day 3.", "like silk on day 3.", "protocol › days › light › 3"),
    "an hour": ("light: 36", "light: 24", "protocol › activities › makeup"),
    "a source": ("Made-up leaflet", "Real leaflet", "sources › S98"),
    "a sign": ("Test sign: clinic", "Test sign", "protocol › help › cards"),
    "who signed": ("Ada Test", "Eve Test", "protocol › readers"),
    "when": ("published: '2026-11-26'", "published: '2026-11-27'", "published"),
    "what is added": ("sources:\n- id: S98", "sources:\n- id: S97\n- id: S98", "sources › S97"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_published_file_that_is_changed_is_told_with_its_place(
    name: str, content: Path, published: Path
) -> None:
    old, new, place = SPOILT[name]
    write(content, f"{PEEL}/versions/1.yaml", old, new)
    said = published.read_text("utf-8").splitlines()
    told = [each for each in faults(content) if each.place == place]
    assert told, "\n".join(map(str, faults(content)))
    assert {each.file for each in told} == {f"{PEEL}/versions/1.yaml"}
    assert all(0 < each.line <= len(said) for each in told)


def test_a_version_that_people_follow_is_not_taken_away_unseen(
    content: Path, published: Path
) -> None:
    path = content / PEEL / "protocol.yaml"
    text = re.sub(
        r"state: signed\nreaders:\n(?:  - .*\n)+", "state: preview\n", path.read_text("utf-8")
    )
    path.write_text(text, "utf-8")
    write(content, f"{PEEL}/activities.yaml", "light: 36", "light: 40")
    sign(content)
    assert publish(content, PEEL, TODAY).name == "2.yaml"
    published.unlink()
    assert [(each.file, each.what) for each in faults(content)] == [
        (
            f"{PEEL}/versions/1.yaml",
            "was published and is missing: who follows it loses their guide",
        )
    ]


def test_a_version_is_what_its_file_is_named(content: Path, published: Path) -> None:
    published.with_name("2.yaml").write_bytes(published.read_bytes())
    assert [each.what for each in faults(content)] == ["is not what the file is named"]
    published.unlink()
    published.with_name("2.yaml").rename(published.with_name("first.yaml"))
    assert [each.what for each in faults(content)] == ["is not named after a number.yaml"]


def test_nobody_numbers_a_draft_by_hand(content: Path) -> None:
    write(content, f"{PEEL}/protocol.yaml", "version: draft", 'version: "1"')
    assert [each.place for each in faults(content)] == [f"{PEEL} › version"]


# --- corrections ----------------------------------------------------------------------------------

CORRECTION = """
corrections:
  - id: ink
    date: 2026-11-21
    versions: ["1"]
    text: {en: Wait for the ink., fr: Attendez l'encre., sources: [S98], grade: C}
"""


def test_a_correction_needs_no_change_to_what_was_published(content: Path, published: Path) -> None:
    before = published.read_bytes()
    (content / PEEL / "corrections.yaml").write_text(CORRECTION, "utf-8")
    library = read_library(content, TODAY)
    assert published.read_bytes() == before
    told = {
        page.path: page.values["family"]
        for page in pages(families(library)).values()
        if _is_day(page)
    }
    corrected = {path for path, family in told.items() if getattr(family, "corrections", ())}
    assert corrected == {path for path in told if path.startswith(f"{PEEL}/1/")}


def _is_day(page: Page) -> bool:
    return page.template == "guide/day.html"


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('["1"]', '["2"]', "corrections › ink › versions › 1"),
        ("[S98]", "[S97]", "corrections › ink › text › sources › 1"),
        ("Wait for", "It cures", "corrections › ink › text › en"),
        (", fr: Attendez l'encre.", "", "corrections › ink › text › fr"),
        ("2026-11-21", "November", "corrections › ink › date"),
    ],
)
def test_a_correction_keeps_the_rules(
    old: str, new: str, place: str, content: Path, published: Path
) -> None:
    assert published.is_file()
    (content / PEEL / "corrections.yaml").write_text(CORRECTION.replace(old, new), "utf-8")
    assert f"{PEEL} › {place}" in {each.place for each in faults(content)}


# --- what changed ---------------------------------------------------------------------------------


def peel(content: Path) -> Protocol:
    return read_library(content, TODAY).protocols[0]


Told = list[tuple[str, str, tuple[str, ...], object, object]]


def told(old: Protocol, new: Protocol, language: str = "en") -> Told:
    return [
        (section.kind, section.id, each.part, each.old, each.new)
        for section in changes(old, new, language)  # type: ignore[arg-type]
        for each in section.changes
    ]


def test_nothing_is_told_of_the_same_words(content: Path) -> None:
    assert changes(peel(content), peel(content), "en") == []


def test_a_change_is_told_once_for_all_the_variants_that_have_it(content: Path) -> None:
    before = peel(content)
    write(content, f"{PEEL}/days/light.yaml", "paper on day 1.", "silk on day 1.")
    (section,) = changes(before, peel(content), "en")
    (change,) = section.changes
    assert (section.id, change.part, change.variants) == ("1", ("expect",), ())
    assert (change.old, change.new) == (
        "Test skin looks like paper on day 1.", "Test skin looks like silk on day 1.",
    )  # fmt: skip


def test_what_changed_in_one_language_is_told_in_that_one(content: Path) -> None:
    before = peel(content)
    write(content, f"{PEEL}/days/light.yaml", "du papier, jour 1.", "de la soie, jour 1.")
    assert told(before, peel(content), "en") == []
    assert len(told(before, peel(content), "fr")) == 1


def test_other_sources_for_the_same_words_are_told(content: Path) -> None:
    before = peel(content)
    write(
        content, f"{PEEL}/help.yaml",
        'Phrase d\'essai de cette carte.", sources: [], grade: J',
        'Phrase d\'essai de cette carte.", sources: [S99], grade: B',
    )  # fmt: skip
    (section,) = changes(before, peel(content), "en")
    (change,) = section.changes
    assert (section.kind, section.id, section.title) == ("help/cards", "emergency", "Call 911")
    assert change.old == change.new
    assert change.support == ("J", "S99 · B")


def test_the_order_of_statements_is_no_change(content: Path) -> None:
    before = peel(content)
    first, second = before.days["light"][0].expect
    turned = before.days["light"][0].model_copy(update={"expect": (second, first)})
    days = {**before.days, "light": (turned, *before.days["light"][1:])}
    assert told(before, before.model_copy(update={"days": days})) == []


def test_every_kind_of_change_is_told_and_nothing_else(content: Path) -> None:
    before = peel(content)
    edits = (
        ("activities.yaml", "{light: 12, layers: 24}", "{light: 12, layers: ask}"),
        ("activities.yaml", "The made-up leaflet gives other hours.", "It gives none."),
        ("breakouts.yaml", "  - id: ink", "  - id: pen"),
        ("reminders.yaml", "Test: look at the page.", "Test: look."),
        ("reminders.yaml", '"10:00"', '"11:00"'),
        ("protocol.yaml", "One layer, made up", "One layer"),
    )
    for file, old, new in edits:
        write(content, f"{PEEL}/{file}", old, new)
    why = "Why is there ink?"
    assert told(before, peel(content)) == [
        ("variants", "light", ("name",), "One layer, made up", "One layer"),
        ("activities", "rinse", ("hours", "layers"), 24, "ask"),
        ("activities", "rinse", ("range",), "The made-up leaflet gives other hours.", "It gives none."),
        ("reminders", "look-day-3", ("at",), "10:00", "11:00"),
        ("reminders", "look-day-3", ("words",), "Test: look at the page.", "Test: look."),
        ("breakouts/questions", "pen", ("question",), None, why),
        ("breakouts/questions", "pen", ("short",), None, "Because of the pen."),
        ("breakouts/questions", "ink", ("question",), why, None),
        ("breakouts/questions", "ink", ("short",), "Because of the pen.", None),
    ]  # fmt: skip


# --- the pages of several versions ----------------------------------------------------------------


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The real treatment, its draft published as version 1, beside the made-up one."""
    content = Path(
        shutil.copytree(ROOT / "protocols", tmp_path_factory.mktemp("shelf") / "protocols")
    )
    shutil.copytree(FIXTURE / PEEL, content / PEEL)
    with (content / "sources.yaml").open("a", encoding="utf-8") as register:
        register.write((FIXTURE / "sources.yaml").read_text("utf-8").partition("sources:\n")[2])
    sign(content, "microneedling")
    publish(content, "microneedling", TODAY)
    return read_library(content, TODAY)


def test_a_digest_of_digits_alone_is_read_back_as_words(tmp_path: Path) -> None:
    written = {
        "seals": {"days/1": "0891263457812390", "days/2": "-12", "days/3": "12e4"},
        "many": 7,
    }
    file = tmp_path / "1.yaml"
    file.write_text(as_yaml(written), "utf-8")
    assert Tree().read(file, file.name, ()) == written


def test_the_real_guide_can_be_published_word_for_word(shelf: Library) -> None:
    (version,) = shelf.published
    assert isinstance(version, Published)
    draft = shelf.protocols[0]
    assert version.protocol == draft.model_copy(update={"version": "1"})


def test_the_newest_version_has_the_short_addresses_and_the_draft_keeps_its_own(
    shelf: Library,
) -> None:
    found = pages(families(shelf))
    assert str(found["activities/makeup"].keep) == "microneedling/1"
    draft = found["microneedling/draft/activities/makeup"]
    assert (draft.indexed, draft.current) == (False, "activities/makeup")
    day = found["microneedling/draft/rf/day-2"]
    assert (day.indexed, day.current) == (False, "microneedling/1/rf/day-2")
    assert found["microneedling/1/rf/day-2"].indexed
    assert found[f"{PEEL}/draft/guide"].indexed
    listed = site_map(found, "https://example.org")
    assert "/en/microneedling/1/rf/day-2<" in listed
    assert "/microneedling/draft/" not in listed
    assert "changes-from" not in listed


def test_every_version_is_kept_whole_by_its_followers(shelf: Library) -> None:
    found = pages(families(shelf))
    sets = kept_sets(
        found,
        {
            "css": "/css",
            "js": "/js",
            "screens": "/screens",
            "questions": "/questions",
            "packages": "/packages",
        },
    )
    what_changed = "/fr/microneedling/1/changes-from-draft"
    for version, above in (("1", ""), ("draft", "microneedling/draft/")):
        for variant in shelf.protocols[0].days:
            kept = sets[f"microneedling/{version}/{variant}/fr"]
            assert f"/fr/{above}activities/makeup" in kept
            assert f"/fr/microneedling/{version}/{variant}/day-0" in kept
            assert what_changed in kept
            others = re.compile(rf"/fr/(?:{PEEL}/|microneedling/(?!{version}/))")
            assert [each for each in kept if others.match(each) and each != what_changed] == []
    # Whom to call is in the shell, whatever is followed.
    help_pages = {
        f"/{language}/{path}" for language in ("en", "fr") for path in found if "get-help" in path
    }
    assert len(help_pages) == 6
    assert help_pages <= {*sets["shell"]}
