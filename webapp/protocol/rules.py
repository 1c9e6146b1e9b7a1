"""What must hold in content, one small function each.

Rules read plain data rather than models, so that a misshapen file hides no other fault. Each
yields the place of a fault and what is wrong in plain words.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

Place = tuple[str | int, ...]
Problems = Iterator[tuple[Place, str]]
Rule = Callable[[dict[str, Any], date], Problems]

PAGES = ("0", "1", "2", "3", "4", "5", "6", "7", "8-14", "15-42")
LEVELS = ("emergency", "today", "clinic")
WORSE_THAN = "ABCDEF"

_NUMBER = (
    r"(?:\d+(?:[.,]\d+)?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|eighteen"
    r"|twenty[- ]?four|thirty[- ]?six|forty[- ]?eight|seventy[- ]?two|fifteen|twenty|thirty|an|half"
    r"|couple(?: of| d[’'])|une|deux|trois|quatre|cinq|quinze|vingt|trente|demie?|plusieurs"
    r"|sept|huit|neuf|dix|douze|dix-huit|vingt[- ]quatre|trente[- ]six|quarante[- ]huit"
    r"|soixante[- ]douze|quelques|a few|several)"
)
A_TIME = re.compile(
    rf"\b{_NUMBER}[\s\u00a0-]*(?:h(?:\d\d)?|hrs?|hours?|heures?|min|minutes?|[ap]\.?m\.?|o[’']clock)\b"
    r"|\b\d{1,2}:\d{2}\b|\b(?:noon|midnight|(?<!après-)midi|minuit)\b",
    re.IGNORECASE,
)

_ILLNESS = (
    r"(?:an? |une? |de l[’']|la |le )?(?:acne|acné|infection|herpes|herpès|allergy|allergie"
    r"|allergic|cellulitis|cellulite|impetigo|impétigo|folliculitis|folliculite|rosacea|rosacée"
    r"|dermatitis|dermatite|cold sore|feu sauvage|granulomas?|granulomes?|milia|burn|brûlure)"
)
BANNED: dict[str, re.Pattern[str]] = {
    language: re.compile(rf"\b(?:{'|'.join(phrases)})\b", re.IGNORECASE)
    for language, phrases in {
        "en": (
            "healing crisis",
            "purg(?:e[ds]?|ing)",
            "detox(?:es|if(?:y|ies|ied)|ification|ing)?",
            "(?<!botulinum )toxins?",
            "impurit(?:y|ies)",
            "(?:completely|totally|perfectly) normal",
            "signs? (?:that )?it(?:[’']s| is) working",
            "guarantee[ds]?",
            "safe for everyone",
            "risk[- ]free",
            "cure[ds]?",
            "diagnos(?:e[ds]?|ing)",
            "stop your medications?",
            "calm and covered",
            "usually fades by tomorrow",
            f"(?<!if )you have {_ILLNESS}",
            "(?:is|are) non[- ]?comedogenic",
        ),
        "fr": (
            "crises? de guérison",
            "purg(?:e[rsz]?|ent|é|ée|és|ées)",
            "détox(?:ifier|ification)?",
            "toxines?(?! botulique)",
            "impuretés?",
            "(?:tout à fait|complètement|parfaitement) norma(?:le?|les|ux)",
            "signes? que (?:ça|cela) (?:marche|fonctionne)",
            "garanti(?:e|s|es|r|t|ssons|ssent)?",
            "sans danger",
            "sans (?:aucun )?risque",
            "diagnosti(?:que|quer|qué|ques|quent)",
            "(?:arrêtez|cessez) (?:de prendre )?vos médicaments",
            f"(?<!si )vous avez {_ILLNESS}",
            "(?:est|sont) non[- ]comédogènes?",
        ),
    }.items()
}


def walk(node: Any, place: Place = ()) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Yield every mapping below a node with its place."""
    if isinstance(node, dict):
        yield place, node
        for key, value in node.items():
            yield from walk(value, (*place, key))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from walk(value, (*place, number))


def _protocols(data: dict[str, Any]) -> Iterator[tuple[Place, dict[str, Any]]]:
    for number, protocol in enumerate(data["protocols"]):
        if isinstance(protocol, dict):
            yield ("protocols", number), protocol


def _rows(protocol: dict[str, Any], key: str) -> list[dict[str, Any]]:
    rows = protocol.get(key)
    return [each for each in rows if isinstance(each, dict)] if isinstance(rows, list) else []


def _grades(data: dict[str, Any]) -> dict[str, str]:
    """Return the grade of every mark that may be cited, lettered parts included."""
    grades: dict[str, str] = {}
    for source in _rows(data, "sources"):
        mark, grade = str(source.get("id")), str(source.get("grade"))
        grades[mark] = grade
        parts = source.get("parts")
        for letter, part in (parts if isinstance(parts, dict) else {}).items():
            own = part.get("grade") if isinstance(part, dict) else None
            grades[f"{mark}{letter}"] = str(own or grade)
    return grades


def _cited(node: dict[str, Any]) -> list[str]:
    marks = node.get("sources")
    return [str(each) for each in marks] if isinstance(marks, list) else []


def every_mark_is_in_the_register(data: dict[str, Any], _today: date) -> Problems:
    """A cited source stands in sources.yaml."""
    grades = _grades(data)
    for place, node in walk(data["protocols"], ("protocols",)):
        for number, mark in enumerate(_cited(node)):
            if mark not in grades:
                yield (*place, "sources", number), f"source {mark} is not in sources.yaml"


def every_statement_has_a_source(data: dict[str, Any], _today: date) -> Problems:
    """A statement has a source that is no blog, or says that it is our cautious choice."""
    grades = _grades(data)
    for place, node in walk(data["protocols"], ("protocols",)):
        grade, marks = node.get("grade"), _cited(node)
        if "sources" not in node or not isinstance(grade, str) or grade == "J":
            continue
        known = [grades[each] for each in marks if each in grades]
        if not marks:
            yield (*place, "sources"), "has no source, and its grade is not J (our cautious choice)"
        elif known and min(known) == "F":
            yield (*place, "sources"), "rests on blogs only (grade F)"
        elif known and grade in WORSE_THAN and grade < min(known):
            yield (*place, "grade"), f"is {grade}, better than its best source ({min(known)})"


def no_day_names_a_time(data: dict[str, Any], _today: date) -> Problems:
    """Days describe, hours allow: a day's text names no time."""
    for start, protocol in _protocols(data):
        for place, node in walk(protocol.get("days"), (*start, "days")):
            for language in ("en", "fr"):
                found = A_TIME.search(str(node.get(language, "")))
                if found:
                    words = f"names a time (“{found[0]}”); times belong to activities"
                    yield (*place, language), words


def no_banned_phrase(data: dict[str, Any], _today: date) -> Problems:
    """No phrase that promises, diagnoses or mystifies, but in a question marked as a claim."""
    for place, node in walk(data):
        claims = isinstance(node.get("question"), dict) and node.get("claim") is True
        for language, pattern in BANNED.items():
            if claims:
                yield from _rejects(place, node, language)
            found = pattern.search(str(node.get(language, "")))
            if found and not _is_claim(data, place):
                yield (*place, language), f"uses a banned phrase (“{found[0]}”)"


def _is_claim(data: Any, place: Place) -> bool:
    if place[-1:] != ("question",):
        return False
    for step in place[:-1]:
        data = data[step]
    return data.get("claim") is True


def _rejects(place: Place, node: dict[str, Any], language: str) -> Problems:
    short = node.get("short")
    answer = str(short.get(language, "")) if isinstance(short, dict) else ""
    if not re.match(r"no\b" if language == "en" else r"non\b", answer, re.IGNORECASE):
        yield (*place, "short", language), "answers a claim, so it must begin by rejecting it"


def no_review_date_has_lapsed(data: dict[str, Any], today: date) -> Problems:
    """Content is read again before its review date passes."""
    for place, protocol in _protocols(data):
        written = str(protocol.get("review_by", ""))
        try:
            lapsed = date.fromisoformat(written) < today
        except ValueError:
            if re.fullmatch(r"\d{4}-\d{2}-\d{2}", written):
                yield (*place, "review_by"), f"{written} is in no calendar"
            continue
        if lapsed:
            yield (*place, "review_by"), f"lapsed on {written}: read the content again"


def no_id_is_used_twice(data: dict[str, Any], _today: date) -> Problems:
    """An id names one thing."""
    places: list[tuple[Place, Any]] = [(("sources",), data["sources"])]
    for place, protocol in _protocols(data):
        places += [
            ((*place, key), protocol.get(key)) for key in ("variants", "groups", "activities")
        ]
        spots = protocol.get("breakouts")
        if isinstance(spots, dict):
            places.append(((*place, "breakouts", "questions"), spots.get("questions")))
    for place, rows in places:
        ids = [each.get("id") for each in rows or [] if isinstance(each, dict)]
        for number, each in enumerate(ids):
            if ids.index(each) < number:
                yield (*place, number, "id"), f"{each!r} is used twice"


def every_variant_has_all_its_days(data: dict[str, Any], _today: date) -> Problems:
    """A variant with days has every page, in order, each with three lines of when to call."""
    for start, protocol in _protocols(data):
        days = protocol.get("days")
        for variant, pages in (days if isinstance(days, dict) else {}).items():
            place = (*start, "days", variant)
            if variant not in {each.get("id") for each in _rows(protocol, "variants")}:
                yield place, "is not a variant of this protocol"
            written = pages if isinstance(pages, list) else []
            ids = [each.get("id") for each in written if isinstance(each, dict)]
            if tuple(ids) != PAGES:
                yield place, f"must have the days {', '.join(PAGES)}, in this order"
            for number, page in enumerate(written):
                calls = page.get("call_if") if isinstance(page, dict) else None
                if isinstance(calls, list) and len(calls) != 3:
                    yield (*place, number, "call_if"), f"has {len(calls)} lines instead of 3"


def every_activity_answers(data: dict[str, Any], _today: date) -> Problems:
    """Hours stand exactly where an activity opens by the hour, for every variant."""
    for start, protocol in _protocols(data):
        rows = _rows(protocol, "activities")
        waits = {each.get("id"): each.get("hours") for each in rows}
        groups = {each.get("id") for each in _rows(protocol, "groups")}
        wanted = {v.get("id") for v in _rows(protocol, "variants") if v.get("longest") is not True}
        for number, row in enumerate(rows):
            place = (*start, "activities", number)
            if row.get("group") not in groups:
                yield (*place, "group"), f"{row.get('group')!r} is not a group"
            if "like" in row and not isinstance(waits.get(row["like"]), dict):
                yield (*place, "like"), f"{row['like']!r} is not an activity with hours"
            yield from _hours(place, row, wanted)


def _hours(place: Place, row: dict[str, Any], wanted: set[Any]) -> Problems:
    hours = row.get("hours")
    if row.get("kind") == "from" and hours is None and "like" not in row:
        yield (*place, "hours"), "is missing: the kind “from” needs hours or “like”"
    if row.get("kind") in {"never", "do-not-stop"} and hours is not None:
        yield (*place, "hours"), f"has no place in the kind “{row['kind']}”"
    if isinstance(hours, dict) and set(hours) != wanted:
        off = sorted(map(str, set(hours) ^ wanted))
        yield (*place, "hours"), f"must name each variant once; look at: {', '.join(off)}"


def only_readers_make_it_signed(data: dict[str, Any], _today: date) -> Problems:
    """Signed content names a reader for each language; a preview names none."""
    for place, protocol in _protocols(data):
        languages = Counter(each.get("language") for each in _rows(protocol, "readers"))
        if protocol.get("state") == "signed" and not {"en", "fr"} <= set(languages):
            yield (*place, "state"), "is signed, but not by a reader in each language"
        if protocol.get("state") == "preview" and languages:
            yield (*place, "readers"), "has readers, but its state is preview"


def help_is_most_severe_first(data: dict[str, Any], _today: date) -> Problems:
    """The three call cards stand in the order of severity."""
    for place, protocol in _protocols(data):
        cards = protocol.get("help")
        levels = [
            each.get("level") for each in _rows(cards if isinstance(cards, dict) else {}, "cards")
        ]
        if levels and tuple(levels) != LEVELS:
            yield (*place, "help", "cards"), f"must be {', '.join(LEVELS)}, in this order"


RULES: tuple[Rule, ...] = (
    every_mark_is_in_the_register,
    every_statement_has_a_source,
    no_day_names_a_time,
    no_banned_phrase,
    no_review_date_has_lapsed,
    no_id_is_used_twice,
    every_variant_has_all_its_days,
    every_activity_answers,
    only_readers_make_it_signed,
    help_is_most_severe_first,
)
