"""What must hold in content, one small function each.

Rules read plain data rather than models, so that a misshapen file hides no other fault. Each
yields the place of a fault and what is wrong in plain words.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from typing import Any

Place = tuple[str | int, ...]
Problems = Iterator[tuple[Place, str]]
Rule = Callable[[dict[str, Any], date], Problems]

PAGES = ("0", "1", "2", "3", "4", "5", "6", "7", "8-14", "15-42")
LEVELS = ("emergency", "today", "clinic")
# How a sign is heeded, least first.
HEED = ("watch", *reversed(LEVELS))
# How an answer about a sign comes out, least first.
RESULTS = ("expected", *HEED)
WAYS_TO_RING = ("opens", "hours", "days")
ROOMS = ("today", "breakouts", "get-help", "day")
DEFAULT_KIND = "essential"
# How many characters a locked phone shows before it cuts.
LINE = 70
SKIN_GATE = {"en": "if skin is calm", "fr": "si la peau est calme"}
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

# What a range says of the time after a treatment; "5 to 7 days before" is none.
A_WAIT = re.compile(r"\d+ (?:hours?|days?|weeks?|months?|nights?)\b(?! before)")
# A quantity to take: none stands here, since a dose is for whoever prescribes it.
A_DOSE = re.compile(
    r"\b\d[\d.,]*\s*(?:mg|mcg|µg|ml|mL|IU|UI)\b"
    r"|\b(?:\d+|one|two|une?|deux) (?:tablet|pill|capsule|comprimé|cachet|gélule)",
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
            "stop (?:taking )?your (?:medications?|medicines?)",
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
            "(?:arrêtez|cessez) (?:de prendre )?(?:vos médicaments|votre médicament)",
            f"(?<!si )vous avez {_ILLNESS}",
            "(?:est|sont) non[- ]comédogènes?",
        ),
    }.items()
}


def walk(node: Any, place: Place = ()) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Yield every mapping below a node with its place, in the order in which they are written."""
    waiting = [(place, node)]
    while waiting:
        here, found = waiting.pop()
        if isinstance(found, dict):
            yield here, found
            below: list[tuple[Any, Any]] = list(found.items())
        elif isinstance(found, list):
            below = list(enumerate(found))
        else:
            continue
        waiting.extend(
            ((*here, step), each)
            for step, each in reversed(below)
            if isinstance(each, (dict, list))
        )


@cache
def _names_a_time(words: str) -> str | None:
    """Return the time that words name; remembered, because variants say the same words."""
    found = A_TIME.search(words)
    return found[0] if found else None


@cache
def _banned(language: str, words: str) -> str | None:
    """Return the banned phrase in words; remembered, because variants say the same words."""
    found = BANNED[language].search(words)
    return found[0] if found else None


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


def _named(node: dict[str, Any], key: str) -> list[str]:
    names = node.get(key)
    return [str(each) for each in names] if isinstance(names, list) else []


def _cited(node: dict[str, Any]) -> list[str]:
    return _named(node, "sources")


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
        yield from _times(protocol.get("days"), (*start, "days"))


def no_reminder_names_a_time(data: dict[str, Any], _today: date) -> Problems:
    """A reminder rings at its time and names none: its wait may be the clinic's own."""
    for start, protocol in _protocols(data):
        yield from _times(protocol.get("reminders"), (*start, "reminders"))


def _times(node: Any, start: Place) -> Problems:
    for place, each in walk(node, start):
        for language in ("en", "fr"):
            if found := _names_a_time(str(each.get(language, ""))):
                words = f"names a time (“{found}”); times belong to activities"
                yield (*place, language), words


def no_banned_phrase(data: dict[str, Any], _today: date) -> Problems:
    """No phrase that promises, diagnoses or mystifies, but in a question marked as a claim."""
    # What was published was checked by the rules of its day, and stays as it is.
    for place, node in walk({**data, "published": []}):
        claims = isinstance(node.get("question"), dict) and node.get("claim") is True
        for language in BANNED:
            if claims:
                yield from _rejects(place, node, language)
            found = _banned(language, str(node.get(language, "")))
            if found and not _is_claim(data, place):
                yield (*place, language), f"uses a banned phrase (“{found}”)"


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
            ((*place, key), protocol.get(key))
            for key in ("variants", "groups", "activities", "kinds", "reminders", "corrections")
        ]
        named = protocol.get("situations")
        if isinstance(named, dict):
            places += [((*place, "situations", key), named.get(key)) for key in ("groups", "rows")]
        listed = protocol.get("ingredients")
        if isinstance(listed, dict):
            places.append(((*place, "ingredients", "classes"), listed.get("classes")))
        spots = protocol.get("breakouts")
        if isinstance(spots, dict):
            places.append(((*place, "breakouts", "questions"), spots.get("questions")))
    for place, rows in places:
        ids = [each.get("id") for each in rows or [] if isinstance(each, dict)]
        for number, each in enumerate(ids):
            if ids.index(each) < number:
                yield (*place, number, "id"), f"{each!r} is used twice"


def every_variant_has_all_its_days(data: dict[str, Any], _today: date) -> Problems:
    """Every variant has every page, in order, each with three lines of when to call."""
    for start, protocol in _protocols(data):
        days = protocol.get("days")
        for number, variant in enumerate(_rows(protocol, "variants")):
            if isinstance(days, dict) and variant.get("id") not in days:
                yield (*start, "variants", number), "has no days"
        for variant, pages in (days if isinstance(days, dict) else {}).items():
            place = (*start, "days", variant)
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


def the_shortest_found_is_no_longer_than_ours(data: dict[str, Any], _today: date) -> Problems:
    """Our wait lies in the range found, whose short end is data wherever it has a number.

    What was rolled at home has no clinic: no source speaks of it.
    """
    for start, protocol in _protocols(data):
        variants = _rows(protocol, "variants")
        at_home = {each.get("id") for each in variants if each.get("clinic") is False}
        for number, row in enumerate(_rows(protocol, "activities")):
            place = (*start, "activities", number, "shortest")
            if "shortest" in row:
                yield from _shortest(place, row, at_home)
            elif isinstance(row.get("hours"), dict) and A_WAIT.search(_english(row.get("range"))):
                yield place, "is missing: the range gives a number"


def _shortest(place: Place, row: dict[str, Any], at_home: set[Any]) -> Problems:
    hours = row.get("hours")
    if hours is None and ("like" in row or row.get("kind") != "from"):
        yield place, "has no place where there are no hours"
    for variant, wait in (hours if isinstance(hours, dict) else {}).items():
        shorter = all(type(each) is int for each in (wait, row["shortest"]))
        if variant not in at_home and shorter and wait < row["shortest"]:
            yield place, f"is longer than our own wait for {variant} ({wait})"


def _english(node: Any) -> str:
    return str(node.get("en", "")) if isinstance(node, dict) else ""


def _reminders(data: dict[str, Any]) -> Iterator[tuple[Place, dict[str, Any], dict[str, Any]]]:
    """Yield every reminder with its place and its protocol."""
    for start, protocol in _protocols(data):
        for number, row in enumerate(_rows(protocol, "reminders")):
            yield (*start, "reminders", number), row, protocol


def a_reminder_rings_in_one_way(data: dict[str, Any], _today: date) -> Problems:
    """A reminder rings when something opens, after hours, or at a local hour of its days."""
    for place, row, _ in _reminders(data):
        ways = [each for each in WAYS_TO_RING if each in row]
        if len(ways) != 1:
            told = " and ".join(ways) or "none"
            yield place, f"must have one of {', '.join(WAYS_TO_RING)}, and has {told}"
        if ("at" in row) != ("days" in row):
            yield place, "must have “at” and “days” together"


def a_reminder_names_activities_that_open(data: dict[str, Any], _today: date) -> Problems:
    """What a reminder waits for opens by the hour."""
    for place, row, protocol in _reminders(data):
        by_the_hour = {
            each.get("id") for each in _rows(protocol, "activities") if each.get("kind") == "from"
        }
        for key in ("opens", "after"):
            for number, name in enumerate(_named(row, key)):
                if name not in by_the_hour:
                    yield (*place, key, number), f"{name!r} is not an activity with hours"


def a_reminder_is_of_a_kind(data: dict[str, Any], _today: date) -> Problems:
    """A reminder is turned on by a kind that stands in the list."""
    for place, row, protocol in _reminders(data):
        if row.get("kind") not in {each.get("id") for each in _rows(protocol, "kinds")}:
            yield (*place, "kind"), f"{row.get('kind')!r} is not a kind of reminder"


def the_essential_kind_comes_first(data: dict[str, Any], _today: date) -> Problems:
    """The first kind is the one a phone turns on by itself."""
    for place, protocol in _protocols(data):
        ids = [each.get("id") for each in _rows(protocol, "kinds")]
        if ids and ids[0] != DEFAULT_KIND:
            yield (*place, "kinds"), f"must begin with {DEFAULT_KIND}, which is on by default"


def a_reminder_leads_to_a_page(data: dict[str, Any], _today: date) -> Problems:
    """A tap opens a page that is there."""
    for place, row, protocol in _reminders(data):
        there = {f"activities/{each.get('id')}" for each in _rows(protocol, "activities")}
        if row.get("page") not in {*ROOMS, *there}:
            yield (*place, "page"), f"{row.get('page')!r} is not a page that a reminder can open"


def a_reminder_ticks_what_its_days_have(data: dict[str, Any], _today: date) -> Problems:
    """The tick that a reminder sets stands on every one of its days, in every variant."""
    for place, row, protocol in _reminders(data):
        if "once" not in row:
            continue
        variants = protocol.get("days")
        for variant, pages in (variants if isinstance(variants, dict) else {}).items():
            for number in map(int, filter(str.isdigit, _named(row, "days"))):
                if row["once"] not in _ticks(pages, number):
                    words = f"{row['once']!r} has no tick on day {number} of {variant}"
                    yield (*place, "once"), words


def _ticks(pages: Any, day: int) -> set[Any]:
    """Return the ticks of the page that holds a day."""
    for page in pages if isinstance(pages, list) else []:
        first, _, last = (
            str(page.get("id")).partition("-") if isinstance(page, dict) else ("", "", "")
        )
        if first.isdigit() and int(first) <= day <= int(last or first):
            return {act.get("once") for act in _rows(page, "do")}
    return set()


def what_is_allowed_is_allowed_to_calm_skin(data: dict[str, Any], _today: date) -> Problems:
    """A reminder of something that opens says the skin gate, in both languages."""
    for place, row, _ in _reminders(data):
        words = row.get("words")
        if not isinstance(words, dict) or not {"opens", "after"} & set(row):
            continue
        for language, gate in SKIN_GATE.items():
            if gate not in str(words.get(language, "")).lower():
                yield (*place, "words", language), f"must say “{gate}”"


def a_reminder_fits_a_locked_screen(data: dict[str, Any], _today: date) -> Problems:
    """A reminder's words fit where a locked phone shows them."""
    for place, row, _ in _reminders(data):
        words = row.get("words")
        if not isinstance(words, dict):
            continue
        for language in ("en", "fr"):
            length = len(str(words.get(language, "")))
            if length > LINE:
                yield (*place, "words", language), f"has {length} characters; {LINE} are shown"


def only_readers_make_it_signed(data: dict[str, Any], _today: date) -> Problems:
    """Signed content names a reader for each language; a preview names none."""
    for place, protocol in _protocols(data):
        languages = Counter(each.get("language") for each in _rows(protocol, "readers"))
        if protocol.get("state") == "signed" and not {"en", "fr"} <= set(languages):
            yield (*place, "state"), "is signed, but not by a reader in each language"
        if protocol.get("state") == "preview" and languages:
            yield (*place, "readers"), "has readers, but its state is preview"


def what_is_not_published_is_a_draft(data: dict[str, Any], _today: date) -> Problems:
    """A number is given by `lendemain publish`, and by nobody else."""
    for place, protocol in _protocols(data):
        if "version" in protocol and protocol["version"] != "draft":
            yield (*place, "version"), "must be draft: `lendemain publish` gives it a number"


def a_variant_follows_an_answer(data: dict[str, Any], _today: date) -> Problems:
    """A variant that is asked about afterwards follows an answer, and has its question."""
    for start, protocol in _protocols(data):
        rows = _rows(protocol, "variants")
        answers = {each.get("id") for each in rows if "follows" not in each}
        for number, row in enumerate(rows):
            place = (*start, "variants", number)
            if "follows" in row and row["follows"] not in answers:
                yield (*place, "follows"), f"{row['follows']!r} is not an answer of its own"
            if ("follows" in row) != ("question" in row):
                yield place, "must have “follows” and “question” together"


def a_correction_is_about_a_version(data: dict[str, Any], _today: date) -> Problems:
    """A correction reaches the followers of versions that are there."""
    published = [each.get("protocol") for each in data["published"] if isinstance(each, dict)]
    for start, protocol in _protocols(data):
        there = {"draft"} | {
            each.get("version")
            for each in published
            if isinstance(each, dict) and each.get("id") == protocol.get("id")
        }
        for number, row in enumerate(_rows(protocol, "corrections")):
            for nth, version in enumerate(_named(row, "versions")):
                if version not in there:
                    place = (*start, "corrections", number, "versions", nth)
                    yield place, f"{version!r} is not a version of this protocol"


def help_is_most_severe_first(data: dict[str, Any], _today: date) -> Problems:
    """The three call cards stand in the order of severity."""
    for place, protocol in _protocols(data):
        cards = protocol.get("help")
        levels = [
            each.get("level") for each in _rows(cards if isinstance(cards, dict) else {}, "cards")
        ]
        if levels and tuple(levels) != LEVELS:
            yield (*place, "help", "cards"), f"must be {', '.join(LEVELS)}, in this order"


def _remarks(data: dict[str, Any]) -> Iterator[tuple[Place, dict[str, Any], dict[str, Any]]]:
    """Yield everything that a situation says, with its place and its protocol."""
    for place, row, protocol in _situations(data):
        for number, remark in enumerate(_rows(row, "says")):
            yield (*place, "says", number), remark, protocol


def _situations(data: dict[str, Any]) -> Iterator[tuple[Place, dict[str, Any], dict[str, Any]]]:
    for start, protocol in _protocols(data):
        found = protocol.get("situations")
        for number, row in enumerate(_rows(found if isinstance(found, dict) else {}, "rows")):
            yield (*start, "situations", "rows", number), row, protocol


def _ids(node: Any, key: str) -> set[Any]:
    return {each.get("id") for each in _rows(node if isinstance(node, dict) else {}, key)}


def a_situation_names_what_is_there(data: dict[str, Any], _today: date) -> Problems:
    """The heading of a situation, its variants, and the reminders that it offers are there."""
    for place, row, protocol in _situations(data):
        if row.get("group") not in _ids(protocol["situations"], "groups"):
            yield (*place, "group"), f"{row.get('group')!r} is not a group"
        for number, name in enumerate(_named(row, "variants")):
            if name not in _ids(protocol, "variants"):
                yield (*place, "variants", number), f"{name!r} is not a variant of this protocol"
    for start, protocol in _protocols(data):
        for number, kind in enumerate(_rows(protocol, "kinds")):
            if "situation" in kind and kind["situation"] not in _ids(
                protocol.get("situations"), "rows"
            ):
                words = f"{kind['situation']!r} is not a situation"
                yield (*start, "kinds", number, "situation"), words


def what_a_situation_says_is_read_somewhere(data: dict[str, Any], _today: date) -> Problems:
    """A remark stands on a page that is there."""
    for place, remark, protocol in _remarks(data):
        there = {"days": set(PAGES), "activities": _ids(protocol, "activities")}
        for key, known in there.items():
            for number, name in enumerate(_named(remark, key)):
                if name not in known:
                    yield (*place, key, number), f"{name!r} is not among the {key}"
        if not any(remark.get(key) for key in (*there, "breakouts", "help", "raises")):
            yield place, "stands nowhere: name days, activities, breakouts, help or raises"


def a_situation_never_lowers(data: dict[str, Any], _today: date) -> Problems:
    """How a sign is heeded only goes up."""
    for place, remark, _ in _remarks(data):
        raises = remark.get("raises")
        for before, after in (raises if isinstance(raises, dict) else {}).items():
            known = before in HEED and after in HEED
            if known and HEED.index(after) <= HEED.index(before):
                yield (*place, "raises", before), f"must rise, and goes from {before} to {after}"


def a_situation_names_no_time_on_a_day(data: dict[str, Any], _today: date) -> Problems:
    """What a situation says on a day names no time either."""
    for place, remark, _ in _remarks(data):
        if remark.get("days"):
            yield from _times(remark, place)


def a_situation_names_no_dose(data: dict[str, Any], _today: date) -> Problems:
    """No quantity of a medicine."""
    for place, remark, _ in _remarks(data):
        for inside, node in walk(remark, place):
            for language in ("en", "fr"):
                found = A_DOSE.search(str(node.get(language, "")))
                if found:
                    yield (*inside, language), f"names a dose (“{found[0]}”)"


def _signs(data: dict[str, Any]) -> Iterator[tuple[Place, dict[str, Any], dict[str, Any]]]:
    """Yield every sign with its place and its protocol."""
    for start, protocol in _protocols(data):
        held = protocol.get("signs")
        for number, sign in enumerate(_rows(held, "signs") if isinstance(held, dict) else []):
            yield (*start, "signs", "signs", number), sign, protocol


def _answers(sign: dict[str, Any], place: Place) -> Iterator[tuple[Place, dict[str, Any]]]:
    for number, each in enumerate(_rows(sign, "answers")):
        yield (*place, "answers", number), each


def an_answer_is_of_what_is_asked(data: dict[str, Any], _today: date) -> Problems:
    """An answer tells apart only what its sign asks, and names variants that are there."""
    for place, sign, protocol in _signs(data):
        asks, there = _named(sign, "asks"), _ids(protocol, "variants")
        for where, answer in _answers(sign, place):
            for key in ("strength", "trend"):
                if answer.get(key) and key not in asks:
                    yield (*where, key), "is not asked about this sign"
            for number, each in enumerate(_named(answer, "variants")):
                if each not in there:
                    yield (
                        (*where, "variants", number),
                        f"{each!r} is not a variant of this protocol",
                    )
            days = answer.get("days")
            if isinstance(days, list) and _backwards(days):
                yield (*where, "days"), "end before they begin"


def _backwards(days: list[Any]) -> bool:
    return all(isinstance(each, int) for each in days) and days != sorted(days)


def no_answer_is_numbered_twice(data: dict[str, Any], _today: date) -> Problems:
    """A number names one answer of a protocol: the lower one is told where two fit alike."""
    seen: set[tuple[str, str]] = set()
    for place, sign, protocol in _signs(data):
        for where, answer in _answers(sign, place):
            name = (str(protocol.get("id")), str(answer.get("id")))
            if name in seen:
                yield (*where, "id"), "is used twice"
            seen.add(name)


def worse_is_never_expected(data: dict[str, Any], _today: date) -> Problems:
    """What gets worse is expected nowhere, but where the content gives its reason."""
    for place, sign, _ in _signs(data):
        asked = "trend" in _named(sign, "asks")
        for where, answer in _answers(sign, place):
            fits = _named(answer, "trend") or ["worse"]
            wrong = asked and "worse" in fits and answer.get("level") == "expected"
            if wrong and "exception" not in answer:
                yield (*where, "level"), "expects what gets worse, and gives no exception"
            if "exception" in answer and not wrong:
                yield (*where, "exception"), "is of nothing that gets worse"


def what_must_be_seen_is_asked_first(data: dict[str, Any], _today: date) -> Problems:
    """The first two screens hold what is always of their own level, asked with nothing else."""
    for place, sign, _ in _signs(data):
        if (screen := sign.get("screen")) == "seen":
            continue
        if sign.get("asks"):
            yield (*place, "asks"), "must be empty: one tap says whom to call"
        for where, answer in _answers(sign, place):
            if answer.get("level") != screen:
                yield (*where, "level"), f"must be {screen}, the level of its screen"


def a_modifier_only_raises(data: dict[str, Any], _today: date) -> Problems:
    """A situation that is there never lowers a result."""
    for start, protocol in _protocols(data):
        held, there = protocol.get("signs"), _ids(protocol.get("situations"), "rows")
        held = held if isinstance(held, dict) else {}
        for number, modifier in enumerate(_rows(held, "modifiers")):
            place = (*start, "signs", "modifiers", number)
            if modifier.get("situation") not in there:
                yield (*place, "situation"), "is not a situation of this protocol"
            for index, sign in enumerate(_named(modifier, "signs")):
                if sign not in _ids(held, "signs"):
                    yield (*place, "signs", index), "is not a sign of this protocol"
            raises = modifier.get("raises")
            for before, after in raises.items() if isinstance(raises, dict) else ():
                pair = before in RESULTS and after in RESULTS
                if pair and RESULTS.index(after) <= RESULTS.index(before):
                    yield (*place, "raises", before), f"must rise, and goes to {after}"


def no_result_names_a_time(data: dict[str, Any], _today: date) -> Problems:
    """What is said of a sign names no hour: hours are the activities' own."""
    for start, protocol in _protocols(data):
        yield from _times(protocol.get("signs"), (*start, "signs"))


def every_level_has_words_where_nothing_fits(data: dict[str, Any], _today: date) -> Problems:
    """Where no answer fits, something is said at each level that calls."""
    for start, protocol in _protocols(data):
        held = protocol.get("signs")
        levels = (
            [each.get("level") for each in _rows(held, "unlisted")]
            if isinstance(held, dict)
            else [*LEVELS]
        )
        if levels != [*LEVELS]:
            yield (*start, "signs", "unlisted"), f"must be {', '.join(LEVELS)}, in that order"


def _listed(data: dict[str, Any]) -> Iterator[tuple[Place, dict[str, Any], dict[str, Any]]]:
    """Yield what each protocol says of ingredients, with its place and the protocol."""
    for start, protocol in _protocols(data):
        if isinstance(held := protocol.get("ingredients"), dict):
            yield (*start, "ingredients"), held, protocol


def every_class_answers(data: dict[str, Any], _today: date) -> Problems:
    """Hours stand exactly where a class of ingredients waits by the hour, for every variant."""
    for start, held, protocol in _listed(data):
        wanted = {v.get("id") for v in _rows(protocol, "variants") if v.get("longest") is not True}
        for number, row in enumerate(_rows(held, "classes")):
            yield from _hours((*start, "classes", number), row, wanted)


def every_ingredient_is_of_a_class(data: dict[str, Any], _today: date) -> Problems:
    """What an ingredient is of, and what a class stands beside, is a class."""
    for start, held, _ in _listed(data):
        there = _ids(held, "classes")
        rows = [
            ((*start, "ingredients", n), row) for n, row in enumerate(_rows(held, "ingredients"))
        ]
        for number, row in enumerate(_rows(held, "classes")):
            if isinstance(beside := row.get("beside"), dict):
                rows.append(((*start, "classes", number, "beside"), beside))
        for place, row in rows:
            if row.get("of") not in there:
                yield (*place, "of"), f"{row.get('of')!r} is not a class"


def a_class_waits_with_an_activity(data: dict[str, Any], _today: date) -> Problems:
    """What a clinic's own wait moves with it is an activity that takes one."""
    for start, held, protocol in _listed(data):
        there = {row.get("id") for row in _rows(protocol, "activities") if _takes_own(row)}
        for number, row in enumerate(_rows(held, "classes")):
            if (activity := row.get("activity")) is not None and activity not in there:
                what = f"{activity!r} is not an activity with a wait of its own"
                yield (*start, "classes", number, "activity"), what


def _takes_own(row: dict[str, Any]) -> bool:
    hours = row.get("hours")
    given = hours.values() if isinstance(hours, dict) else ()
    by_the_hour = "like" in row or any(isinstance(each, int) for each in given)
    return by_the_hour and row.get("kind") in {"from", "ask"}


def no_name_stands_for_two_ingredients(data: dict[str, Any], _today: date) -> Problems:
    """What is read on a package means one thing, however it is spelt."""
    for start, held, _ in _listed(data):
        meant: dict[str, Place] = {}
        for key in ("ingredients", "bases"):
            for number, row in enumerate(_rows(held, key)):
                place = (*start, key, number)
                also = row.get("also")
                others = also.values() if isinstance(also, dict) else ()
                named = [row.get("inci"), *(each for names in others for each in names or ())]
                for name in sorted({as_read(str(each)) for each in named}):
                    if meant.setdefault(name, place) != place:
                        yield place, f"{name} already stands for another ingredient"
        for number, each in enumerate(_named(held, "unlike")):
            if (name := as_read(each)) in meant:
                yield (*start, "unlike", number), f"{name} stands for an ingredient"


def as_read(name: str) -> str:
    """Return a name as packages are compared: capitals and digits alone, without accents."""
    plain = unicodedata.normalize("NFD", name.upper().replace("Œ", "OE"))
    return re.sub(r"[^A-Z0-9]", "", plain)


def what_is_asked_can_be_answered(data: dict[str, Any], _today: date) -> Problems:
    """What is named as often asked on a day is there, and so is the day."""
    for start, protocol in _protocols(data):
        there = {
            "signs": _ids(protocol.get("signs"), "signs"),
            "activities": _ids(protocol, "activities"),
            "spots": _ids(protocol.get("breakouts"), "questions"),
        }
        days = protocol.get("days")
        # One that was written without quotes is told where it stands.
        known = {
            str(name) for each in (days or {}).values() for name in _ids({"days": each}, "days")
        }
        for number, row in enumerate(_rows(protocol, "asked")):
            place = (*start, "asked", number)
            if known and row.get("day") not in known:
                yield (*place, "day"), f"{row.get('day')!r} is not a day"
            for key, ids in there.items():
                for at, name in enumerate(_named(row, key)):
                    if name not in ids:
                        yield (*place, key, at), f"{name!r} is not there"


def what_leads_elsewhere_is_answered_there(data: dict[str, Any], _today: date) -> Problems:
    """A search leads to another page only where the treatment has it."""
    keys = {"questions/expected": "signs", "questions/ingredients": "ingredients"}
    for start, protocol in _protocols(data):
        for number, row in enumerate(_rows(protocol, "elsewhere")):
            page = row.get("page")
            if page in keys and protocol.get(keys[page]) is None:
                yield (*start, "elsewhere", number, "page"), f"there is no page {page!r}"


RULES: tuple[Rule, ...] = (
    every_mark_is_in_the_register,
    every_statement_has_a_source,
    no_day_names_a_time,
    no_reminder_names_a_time,
    no_banned_phrase,
    no_review_date_has_lapsed,
    no_id_is_used_twice,
    every_variant_has_all_its_days,
    every_activity_answers,
    the_shortest_found_is_no_longer_than_ours,
    a_reminder_rings_in_one_way,
    a_reminder_names_activities_that_open,
    a_reminder_is_of_a_kind,
    the_essential_kind_comes_first,
    a_reminder_leads_to_a_page,
    a_reminder_ticks_what_its_days_have,
    what_is_allowed_is_allowed_to_calm_skin,
    a_reminder_fits_a_locked_screen,
    only_readers_make_it_signed,
    what_is_not_published_is_a_draft,
    a_variant_follows_an_answer,
    a_correction_is_about_a_version,
    help_is_most_severe_first,
    a_situation_names_what_is_there,
    what_a_situation_says_is_read_somewhere,
    a_situation_never_lowers,
    a_situation_names_no_time_on_a_day,
    a_situation_names_no_dose,
    an_answer_is_of_what_is_asked,
    no_answer_is_numbered_twice,
    worse_is_never_expected,
    what_must_be_seen_is_asked_first,
    a_modifier_only_raises,
    no_result_names_a_time,
    every_level_has_words_where_nothing_fits,
    every_class_answers,
    every_ingredient_is_of_a_class,
    a_class_waits_with_an_activity,
    no_name_stands_for_two_ingredients,
    what_is_asked_can_be_answered,
    what_leads_elsewhere_is_answered_there,
)
