"""A bottle in the hand: what its list says is read whatever its shape, and never called better than it is."""

import json
import random
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.test_vectors import node
from webapp.config import folder
from webapp.guide.ingredients import products_table, quietly
from webapp.protocol.models import Kind, Protocol
from webapp.protocol.reading import read_library

HERE = Path(__file__).resolve().parent
WRITTEN = yaml.safe_load((HERE / "lists.yaml").read_text("utf-8"))
VARIANTS = ("standard", "home", "deep", "rf", "prp", "unknown")
EVERY_DAY = {("standard", 100), ("unknown", 0), ("home", 200)}
# What an answer is worth, the best first; not to know is never better than to know.
ORDER = ("clear", "wait", "ask", "never", "unknown")


@cache
def protocol() -> Protocol:
    """Return the real content."""
    return read_library(folder("protocols"), date(2026, 11, 26)).protocols[0]


def made_of(
    texts: list[str],
    variant: str = "standard",
    since: float = 0,
    own: dict[str, int] | None = None,
) -> list[dict[str, Any]]:
    """Return what the phone makes of each text, so many hours after the treatment.

    ``own`` are the clinic's own waits that were entered, by activity.
    """
    told = {
        "table": products_table(protocol()),
        "texts": texts,
        "variant": variant,
        "since": since,
        "own": own or {},
    }
    answer = subprocess.run(
        [node(), str(HERE / "read.mjs")],
        input=json.dumps(told), capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: list[dict[str, Any]] = json.loads(answer.stdout)
    return found


@dataclass(frozen=True)
class Case:
    """One list in one shape, and what stands in it."""

    name: str
    text: str
    of: list[str]
    unknown: int
    # Every name has its amount beside it.
    amounts: bool = False
    # The order of the names is not known.
    anywhere: bool = False


def caps(names: list[str], _: random.Random) -> str:
    return "INGREDIENTS: " + ", ".join(each.upper() for each in names) + "."


def capitals(names: list[str], _: random.Random) -> str:
    return ", ".join(each.title() for each in names)


def french(names: list[str], _: random.Random) -> str:
    called = {row.inci: (*row.also.get("fr", ()), row.inci)[0] for row in entries()}
    return "Ingrédients : " + ", ".join(called.get(each, each) for each in names)


def both(names: list[str], _: random.Random) -> str:
    called = {row.inci: (*row.also.get("en", ()), row.inci)[0] for row in entries()}
    return "; ".join(f"{each} / {called.get(each, each)}" for each in names)


def bullets(names: list[str], _: random.Random) -> str:
    return "\n".join(f"• {each.capitalize()}" for each in names)


def columns(names: list[str], _: random.Random) -> str:
    pairs = [names[at : at + 2] for at in range(0, len(names), 2)]
    return "\n".join("      ".join(pair) for pair in pairs)


def percents(names: list[str], chance: random.Random) -> str:
    amounts = ("2%", "0,5 %", "(1 %)", "10.5%", "1-5%")
    return ", ".join(f"{each.lower()} {chance.choice(amounts)}" for each in names)


def broken(names: list[str], _: random.Random) -> str:
    """A narrow label breaks the line wherever it is full."""
    text = ", ".join(names)
    return "-\n".join(re.findall(r".{1,23}(?<=\w)(?=\w)|.+", text))


def slips(names: list[str], chance: random.Random) -> str:
    """One slip in every long name: a letter left out, doubled, changed or swapped."""
    return ", ".join(slip(each, chance) for each in names)


def slip(name: str, chance: random.Random) -> str:
    places = [at for at in range(1, len(name) - 2) if name[at : at + 2].isalpha()]
    if len(re.sub(r"\W", "", name)) < 8 or not places:
        return name
    at = chance.choice(places)
    one, two = name[at], name[at + 1]
    other = chance.choice(
        [f"{two}{one}", one, f"{one}{one}{two}", f"{one}{chance.choice('AEIOU')}"]
    )
    return name[:at] + other + name[at + 2 :]


SHAPES: tuple[Callable[[list[str], random.Random], str], ...] = (
    caps, capitals, french, both, bullets, columns, percents, broken, slips,
)  # fmt: skip


def entries() -> tuple[Any, ...]:
    listed = protocol().ingredients
    assert listed
    return (*listed.ingredients, *listed.bases)


@cache
def cases() -> tuple[Case, ...]:
    """Return every list in every shape, and every text as people paste it."""
    found = [
        Case(
            f"{name}, {shape.__name__}",
            shape([*row["of"], *row.get("unknown", [])], random.Random(f"{name} {shape.__name__}")),
            row["of"],
            len(row.get("unknown", [])),
            amounts=shape is percents,
            anywhere=shape is columns,
        )
        for name, row in WRITTEN["lists"].items()
        for shape in SHAPES
    ]
    written = [
        Case(f"written {number}", row["text"], row["of"], row.get("unknown", 0))
        for number, row in enumerate(WRITTEN["written"])
    ]
    return (*found, *written)


def expected(case: Case, variant: str, since: float) -> tuple[str, int]:
    """Return what the content says of these ingredients, told without the phone's script."""
    listed = protocol().ingredients
    assert listed
    classes = {each.id: each for each in listed.classes}
    rows = {each.inci: each for each in listed.ingredients}
    leading = case.of if case.amounts else case.of[:1]
    there = {rows[each].of for each in leading if each in rows}
    kinds, hours = set(), [24]
    for place, inci in enumerate(case.of):
        row = rows.get(inci)
        if row is None or (
            row.first and place >= row.first and not (case.amounts or case.anywhere)
        ):
            continue
        found = classes[row.of]
        own = row.hours if row.hours is not None else found.wait(variant) or 0
        if found.beside and found.beside.of in there:
            own = found.beside.hours
        hours.append(own)
        kinds.add(row.kind or found.kind)
    if case.unknown or not case.of:
        return "unknown", max(hours)
    if Kind.NEVER in kinds:
        return "never", max(hours)
    if Kind.ASK in kinds:
        return "ask", max(hours)
    return ("wait" if max(hours) > since else "clear"), max(hours)


def rank(answer: str, hours: int) -> tuple[int, int]:
    return ORDER.index(answer), hours


@pytest.mark.parametrize(
    ("inci", "said"),
    [
        ("COCOS NUCIFERA OIL", "Cocos Nucifera Oil"),
        ("PEG-40 HYDROGENATED CASTOR OIL", "PEG-40 Hydrogenated Castor Oil"),
        ("XANTHAN GUM", "Xanthan Gum"),
        ("ZINC PCA", "Zinc PCA"),
        ("BHT", "BHT"),
    ],
)
def test_a_name_is_said_without_shouting(inci: str, said: str) -> None:
    assert quietly(inci) == said


def test_there_are_enough_lists() -> None:
    assert len(WRITTEN["lists"]) + len(WRITTEN["written"]) >= 80
    assert len(cases()) >= 500
    named = {inci for row in WRITTEN["lists"].values() for inci in row["of"]}
    of = {row.inci: row.of for row in entries() if hasattr(row, "of")}
    assert {of[each] for each in named if each in of} == set(of.values())


def test_what_stands_on_a_package_is_read() -> None:
    found = made_of([each.text for each in cases()])
    wanted = missed = invented = 0
    told = []
    for case, made in zip(cases(), found, strict=True):
        wanted += len(case.of)
        missing = [each for each in case.of if each not in made["found"]]
        more = [each for each in made["found"] if each not in case.of]
        missed += len(missing)
        invented += len(more)
        if missing or more:
            told.append(f"{case.name}: not {missing}, but {more} {made['unknown']}")
    assert missed <= 0.01 * wanted, "\n".join(told)
    assert invented == 0, "\n".join(told)


# Every day one of them, all with the long ones: each reads every list anew.
@pytest.mark.parametrize(
    ("variant", "since"),
    [
        pytest.param(
            variant, since, marks=[] if (variant, since) in EVERY_DAY else [pytest.mark.long]
        )
        for variant in VARIANTS
        for since in (0, 30, 100, 200, 1000)
    ],
)
def test_no_answer_is_better_than_the_content_says(variant: str, since: float) -> None:
    found = made_of([each.text for each in cases()], variant, since)
    better, other = [], 0
    for case, made in zip(cases(), found, strict=True):
        wanted = expected(case, variant, since)
        got = (made["answer"], made["hours"])
        if rank(*got) < rank(*wanted) or (got[0] == "unknown" and made["hours"] < wanted[1]):
            better.append(f"{case.name}: {got}, not {wanted} {made['unknown']} {made['found']}")
        other += got != wanted
    assert better == []
    assert other <= 0.03 * len(cases())


def test_every_name_is_its_own() -> None:
    names = [
        (row.inci, name)
        for row in entries()
        for name in (row.inci, *row.also.get("en", ()), *row.also.get("fr", ()))
    ]
    found = made_of([name for _, name in names])
    wrong = [
        (name, made["found"])
        for (inci, name), made in zip(names, found, strict=True)
        if made["found"] != [inci]
    ]
    assert wrong == []
    assert len({inci for inci, _ in names}) >= 149 + 200


def test_one_name_that_is_not_known_leaves_no_green_answer() -> None:
    texts = ["Aqua, Glycerin", "Aqua, Glycerin, Salvia officinalis extract"]
    sure, unsure = made_of(texts, since=1000)
    assert sure["answer"] == "clear"
    assert (unsure["answer"], unsure["known"], unsure["all"]) == ("unknown", 2, 3)


def test_what_must_wait_is_named_whatever_else_is_unknown() -> None:
    (made,) = made_of(["Aqua, Retinol, Salvia officinalis extract"], since=100)
    assert made["waiting"] == ["RETINOL"]
    assert made["answer"] == "unknown"


def test_nothing_at_all_is_not_fine() -> None:
    for made in made_of(["", "   ", "12 345", "...", ", , ,"], since=1000):
        assert made["answer"] == "unknown"
        assert made["all"] == 0


# The clinic's own waits


def test_what_my_clinic_said_of_retinoids_holds_for_a_product_with_retinol() -> None:
    (made,) = made_of(["Aqua, Glycerin, Retinol"], since=360, own={"retinoids": 672})
    assert (made["answer"], made["hours"], made["waiting"]) == ("wait", 672, ["RETINOL"])
    # Theirs wins in both directions, as on every other page.
    (sooner,) = made_of(["Aqua, Glycerin, Glycolic acid"], since=100, own={"acids": 96})
    assert (sooner["answer"], sooner["hours"]) == ("clear", 96)


def test_a_clinics_wait_never_opens_what_must_be_asked_about_or_what_is_never() -> None:
    own = {each.id: 0 for each in protocol().activities}
    texts = ["Tretinoin", "Lidocaine", "Polysporin", "cortisone", "Hydroquinone", "Minoxidil"]
    answers = [each["answer"] for each in made_of(texts, since=2000, own=own)]
    assert answers == ["ask", "never", "ask", "ask", "ask", "ask"]


def test_every_class_that_an_activity_speaks_of_waits_as_it_does() -> None:
    listed = protocol().ingredients
    assert listed
    waits_with = {each.id: each.activity for each in listed.classes if each.activity}
    named = {"retinoids", "acids", "acne-cream", "scrub", "perfume", "makeup"}
    assert named < {*waits_with.values()}
    rows = {each.of: each.inci for each in listed.ingredients}
    for of, activity in waits_with.items():
        (made,) = made_of([rows[of]], own={activity: 1008})
        assert made["hours"] == 1008, of


def test_the_tint_of_a_mineral_sunscreen_still_comes_with_it() -> None:
    (made,) = made_of(["Zinc oxide, Aqua, Iron oxides"], own={"makeup": 120})
    assert made["hours"] == 24


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_ingredient_waits_less_than_the_page_about_when_says(variant: str) -> None:
    """A kind that moves with an activity waits at least as long. The forms of vitamin C that are no acid
    have seven days of their own in the sources.
    """
    listed = protocol().ingredients
    assert listed
    rows = {each.id: each for each in protocol().activities}
    sooner = {
        each.id: (each.wait(variant), rows[each.activity].wait(variant))
        for each in listed.classes
        if each.activity
        and each.id != "vitamin-c-forms"
        and (each.wait(variant) or 0) < (rows[each.activity].wait(variant) or 0)
    }
    assert sooner == {}


def test_where_a_plain_moisturizer_opens_before_what_is_in_it_its_page_says_so() -> None:
    listed = protocol().ingredients
    assert listed
    (cream,) = (each for each in protocol().activities if each.id == "moisturizer")
    made_from = [each for each in listed.classes if each.id in {"water-binders", "skin-lipids"}]
    for variant in VARIANTS:
        if any((each.wait(variant) or 0) > (cream.wait(variant) or 0) for each in made_from):
            said = [each.without_clinic or each for each in cream.how]
            assert variant == "home"
            assert any("What’s in it?” gives a longer wait" in each.en for each in said)


# What a review found


def read(text: str, since: float = 0) -> dict[str, Any]:
    (made,) = made_of([text], since=since)
    return made


@pytest.mark.parametrize(
    "text",
    ["Betadine", "Bétadine", "betadne", "Povidone-iodine", "Sodium sulfide", "sulfure de sodium", "Vitamin G",
     "Vitamin K", "Vitamine K", "Vitamine D", "Vitamin B", "Palmitate de cétyle", "acide laurique",
     "acide acétique", "acide caprique", "acide folique", "acide borique", "Polyethylene glycol",
     "Hydroxyethyl urea", "Imidazolidinyl urea", "Diazolidinyl urea", "Squalene", "squalène", "Cellulase",
     "Decylene glycol", "DEA-cetyl phosphate"],
)  # fmt: skip
def test_a_substance_is_not_taken_for_its_near_name(text: str) -> None:
    made = read(text, since=1000)
    assert (made["answer"], made["found"], made["waiting"]) == ("unknown", [], [])
    among = read(f"Aqua Glycerin {text}", since=1000)
    assert (among["answer"], among["found"]) == ("unknown", ["AQUA", "GLYCERIN"])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Lanolin Alcohol", "LANOLIN ALCOHOL"),
        ("Polyethylene glycol 400", "PEG-400"),
        ("sodium glycolate", "SODIUM GLYCOLATE"),
        ("potassium ascorbate", "SODIUM ASCORBATE"),
        ("Vitamin A acetate", "RETINYL ACETATE"),
        ("salycilic acid", "SALICYLIC ACID"),
    ],
)
def test_a_relative_is_itself(text: str, found: str) -> None:
    assert read(text)["found"] == [found]


def test_the_strictest_of_two_names_as_near_wins() -> None:
    # One letter from vitamin E, which waits 72 hours, and from vitamin C in French.
    assert read("vitamxne C")["found"] == ["ASCORBIC ACID"]
    for each in ("A", "C", "E"):
        assert read(f"vitamn {each}")["found"] == read(f"vitamin {each}")["found"]


def test_bha_beside_bht_is_a_preservative_and_alone_the_acid() -> None:
    assert read("BHA")["waiting"] == ["SALICYLIC ACID"]
    beside = read("Aqua, BHT, BHA", since=1000)
    assert (beside["waiting"], beside["answer"], beside["unknown"]) == ([], "unknown", ["BHA"])
    assert "SALICYLIC ACID" in read("BHA, BHT, salicylic acid")["waiting"]


def test_urea_as_the_medicine_counts_however_late_it_is_named() -> None:
    text = (
        "Ingrédients non médicinaux : eau, glycérine, alcool cétylique, alcool stéarylique, "
        "vaseline, diméthicone. Ingrédient médicinal : urée{}"
    )
    for amount in (" 20 %", ""):
        made = read(text.format(amount), since=96)
        assert (made["answer"], made["hours"]) == ("wait", 336), amount
    stated = "Aqua, Glycerin, Petrolatum, Dimethicone, Cetyl alcohol, Panthenol, Urea{}"
    for amount in (" 10%", " (100 mg / g)", " 10 % p/p"):
        assert read(stated.format(amount), since=96)["answer"] == "wait"
    assert read(stated.format(""), since=96)["answer"] == "clear"


def test_in_two_columns_the_order_is_not_known() -> None:
    # Read downwards urea is the fourth of a list, and across the seventh.
    rows = ("Aqua   Cetyl alcohol", "Glycerin   Panthenol", "Petrolatum   Carbomer", "Urea   PEG-8")
    for between in ("\n", "\r\n"):
        assert read(between.join(rows), since=96)["answer"] == "wait"
        assert read(between.join(rows).replace("   ", "\t"), since=96)["answer"] == "wait"
    one_line = "Aqua  Glycerin  Petrolatum  Carbomer  Panthenol  PEG-8  Urea"
    for text in (one_line, one_line.replace("  ", "\n"), one_line.replace("  ", "\n    ")):
        assert read(text, since=96)["answer"] == "clear", text


@pytest.mark.parametrize(
    ("text", "waits"),
    [
        ("Helianthus Annuus (Sunflower) Seed Oil", "HELIANTHUS ANNUUS SEED OIL"),
        ("huile de tournesol", "HELIANTHUS ANNUUS SEED OIL"),
        ("Hydroxycitronellal", "HYDROXYCITRONELLAL"),
        ("Huile d’ylang-ylang", "CANANGA ODORATA FLOWER OIL"),
        ("Zinc Gluconate", "ZINC GLUCONATE"),
        ("sodium salicylate", "SODIUM SALICYLATE"),
        ("lactate d’ammonium", "AMMONIUM LACTATE"),
        ("CI 17200 (Red 33)", "CI 17200"),
    ],
)
def test_what_labels_often_name_is_known(text: str, waits: str) -> None:
    made = read(f"Aqua, Glycerin, Cetyl Alcohol, {text}", since=30)
    assert (made["waiting"], made["unknown"]) == ([waits], [])


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("Talc, Mica, CI 77891, CI 77491", 48),
        ("Aqua, Cyclopentasiloxane, Titanium Dioxide (CI 77891), Iron Oxides (CI 77492)", 48),
        ("Talc, Mica. May contain: Zinc Oxide, Titanium Dioxide, Iron Oxides", 48),
        ("Medicinal ingredients: Titanium Dioxide 6 %. Non-medicinal: Talc, Mica, Iron Oxides", 24),
        ("Titanium Dioxide 6 %, Talc, Mica, Iron Oxides", 24),
        ("Zinc Oxide, Aqua, Dimethicone, Iron Oxides", 24),
    ],
)
def test_a_pigment_of_makeup_makes_no_sunscreen_of_it(text: str, hours: int) -> None:
    assert read(text, since=1)["hours"] == hours


def test_a_sentence_ends_after_an_amount_too() -> None:
    made = read("Octocrylène 8 %, Avobenzone 3 %. Non-médicinaux : eau, alcool")
    assert {"BUTYL METHOXYDIBENZOYLMETHANE", "ALCOHOL DENAT."} < set(made["waiting"])


def test_a_label_in_two_languages_counts_each_list_by_itself() -> None:
    text = (
        "Ingredients: Water, Glycerin, Squalane, Panthenol, Cetyl alcohol, Citric acid. "
        "Ingrédients : Eau, glycérine, squalane, panthénol, alcool cétylique, acide citrique."
    )
    assert read(text, since=96)["answer"] == "clear"


@pytest.mark.parametrize(
    ("text", "waiting", "unknown"),
    [
        ("Glycerin (with clascoterone)", set(), 1),
        ("Glycerin (with retinyl propionate)", {"RETINYL PROPIONATE"}, 0),
        ("Rosehip oil (trans-retinoic acid)", {"TRETINOIN", "ROSA CANINA FRUIT OIL"}, 0),
        ("AHA/BHA complex (glycolic acid/lactic acid)", {"AHA", "GLYCOLIC ACID", "LACTIC ACID"}, 0),
        ("Fruit acids (glycolic acid and lactic acid)", {"AHA", "GLYCOLIC ACID", "LACTIC ACID"}, 0),
        ("Acid blend (glycolic acid & salicylic acid)", {"GLYCOLIC ACID", "SALICYLIC ACID"}, 0),
        ("Retinol complex (niacinamide)", {"RETINOL", "NIACINAMIDE"}, 0),
        ("Glycerin (vegetable)", set(), 0),
        ("Zinc oxide (non-nano), Titanium dioxide [nano]", set(), 0),
        ("Phenoxyethanol (preservative)", set(), 0),
        ("Water, glycerin, preservative", set(), 1),
        ("Butyrospermum Parkii (Shea) Butter", {"BUTYROSPERMUM PARKII BUTTER"}, 0),
        ("Butyrospermum Parkii (Shea) Butter (clascoterone)", {"BUTYROSPERMUM PARKII BUTTER"}, 1),
        ("(Isotretinoin) Glycerin", {"ISOTRETINOIN"}, 0),
        ("(Clascoterone) Glycerin", set(), 1),
        ("(4-Phenylbutyl)phosphinic acid", set(), 1),
    ],
)
def test_what_stands_in_a_bracket_counts(text: str, waiting: set[str], unknown: int) -> None:
    made = read(text, since=30)
    assert (set(made["waiting"]), len(made["unknown"])) == (waiting, unknown)


@pytest.mark.parametrize(
    "text",
    ["Sans parfum", "Ne contient pas de rétinol", "Contains no salicylic acid", "retinol free",
     "fragrance-free", "Fragrance-free", "non parfumé", "Sans parfum ni alcool", "sans ajout de parfum"],
)  # fmt: skip
def test_what_is_said_not_to_be_in_it_does_not_wait(text: str) -> None:
    assert read(text)["waiting"] == []
    made = read(f"Aqua, Glycerin. {text}.")
    assert (made["waiting"], made["unknown"]) == (["GLYCERIN"], [])


@pytest.mark.parametrize(
    ("text", "waits"),
    [
        ("Sans parfum avec rétinol, glycérine, eau", "RETINOL"),
        ("Without fragrance with retinol, water", "RETINOL"),
        ("Sans parfum & acide glycolique, eau", "GLYCOLIC ACID"),
        ("Water, retinol and fragrance free", "RETINOL"),
        ("Aqua, Glycerin, Retinol\nand paraben free", "RETINOL"),
        ("Sans alcool avec acide salicylique", "SALICYLIC ACID"),
        ("Sans parfum avec peroxyde de benzoyle", "BENZOYL PEROXIDE"),
        ("Salicylic acid & fragrance free", "SALICYLIC ACID"),
        ("Sérum à la vitamine A 0,3 %", "RETINOL"),
        ("vitamine A gel, eau, glycérine", "RETINOL"),
        ("BHA 2%, water, glycerin, BHT", "SALICYLIC ACID"),
    ],
)
def test_what_stands_beside_a_claim_is_in_it(text: str, waits: str) -> None:
    assert waits in read(text)["waiting"]


def test_a_bracket_does_not_make_unread_words_before_it_known() -> None:
    for text in ("snail secretion filtrate (glycerin)", "unreadable thing (panthenol)"):
        assert read(text)["answer"] == "unknown"


def test_what_follows_a_claim_without_a_comma_is_still_read() -> None:
    assert "RETINOL" in read("Sans parfum rétinol glycérine")["waiting"]
    assert read("Sans parfum ni colorant")["answer"] == "unknown"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Differin gel", "ask"), ("EMLA cream", "never"), ("crème EMLA", "never"), ("Polysporin ointment", "ask"),
        ("onguent Polysporin", "ask"), ("cortisone cream", "ask"), ("crème à la cortisone", "ask"),
        ("Aklief cream", "ask"), ("Tazorac gel", "ask"), ("Cortate 1% cream", "ask"), ("EMLA patch", "never"),
        ("timbre EMLA", "never"), ("Minoxidil foam", "ask"), ("mousse de minoxidil", "ask"), ("Lidocaine spray", "never"),
        ("Minoxidil topical solution 5%", "ask"),
        # Of what comes back by itself the rest has to be read.
        ("Finacea gel", "unknown"), ("Retinol serum", "unknown"), ("Glycerin cream", "unknown"),
    ],
)  # fmt: skip
def test_a_brand_and_what_it_is_are_still_the_brand(text: str, answer: str) -> None:
    early, late = read(text), read(text, since=2000)
    assert early["waiting"]
    assert early["answer"] == late["answer"] == answer


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Aqua, Glycerin, Alcohol. Made in Canada", "ALCOHOL DENAT."),
        ("Aqua, Fragrance. Distributed by X", "PARFUM"),
        ("Water\\Aqua\\Eau , Salicylic Acid\\Acide Salicylique", "SALICYLIC ACID"),
        ("RETINO1", "RETINOL"),
        ("A1COHO1 DENAT", "ALCOHOL DENAT."),
        ("SALlCYLlC AClD", "SALICYLIC ACID"),
        ("AHA", "AHA"),
        ("PHA", "PHA"),
        ("Other ingredients: salicylic acid", "SALICYLIC ACID"),
        ("Autres ingrédients : acide salicylique", "SALICYLIC ACID"),
    ],
)
def test_what_stands_at_the_end_or_was_photographed_badly_is_named(text: str, found: str) -> None:
    assert found in read(text)["waiting"]


def test_a_heading_is_no_ingredient() -> None:
    for text in ("Other ingredients: water, glycerin", "Autres ingrédients : eau, glycérine"):
        assert read(text)["unknown"] == []


@pytest.mark.parametrize(
    "left",
    ["A", "A & C", "B5", "T.E.A.", "75470", "42090/45410", "レチノール", "Ретинол", "레티놀", "FIL X", "C12-15",
     "\N{GREEK SMALL LETTER BETA}-arbutine"],
)  # fmt: skip
def test_what_is_left_of_a_list_is_never_passed_over(left: str) -> None:
    for text in (f"Aqua, Glycerin, {left}", f"Aqua\nGlycerin\n{left}"):
        made = read(text, since=1000)
        assert (made["answer"], made["found"]) == ("unknown", ["AQUA", "GLYCERIN"]), text


def test_another_script_beside_a_name_hides_neither() -> None:
    made = read("Aqua, Glycerin 레티놀, Retinol レチノール", since=1000)
    assert made["found"] == ["AQUA", "GLYCERIN", "RETINOL"]
    assert made["answer"] == "unknown"
    assert read("정제수, 글리세린, 레티놀")["all"] == 3


@pytest.mark.parametrize(
    "code",
    ["(F.I.L. C245879/1)", "F.I.L. C245879/1", "FIL C245879/1", "FIL", "(D12345/6)", "C26983 1", "1234567", "12 345",
     "0 12345 67890 5", "(1)", "(L)", "2."],
)  # fmt: skip
def test_the_makers_own_code_is_no_ingredient(code: str) -> None:
    assert read(f"Aqua, Glycerin, {code}")["unknown"] == []


def test_greek_letters_are_read_as_they_are_said() -> None:
    assert read("\N{GREEK SMALL LETTER ALPHA}-Arbutin")["found"] == ["ALPHA-ARBUTIN"]
    assert read("\N{GREEK SMALL LETTER ALPHA}-hydroxy acids")["found"] == ["AHA"]
    assert read("\N{GREEK SMALL LETTER BETA}-hydroxy acid")["answer"] == "unknown"
