"""The calendar file: what two other readers make of it, what is refused, and what is kept: nothing."""

import json
import random
import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import html5lib
import icalendar
import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import expect
from werkzeug.test import TestResponse

from tests.conftest import OpenPhone
from tests.reminders.site import DAY, HOUR, ROOT, Site, instant
from tests.test_house import node
from webapp import create_app
from webapp.app import MAX_BODY
from webapp.config import Settings
from webapp.reminders.calendar import Event, calendar_file, changes
from webapp.reminders.tables import metadata

BOTH = pytest.mark.parametrize("language", ["en", "fr"])
MADE = datetime(2026, 11, 26, tzinfo=UTC)
TORONTO = ZoneInfo("America/Toronto")
MOST_FOLDED = 75  # octets of a line, RFC 5545, 3.1
UNASKED = {"zone": "America/Toronto", "sequence": 0}
LENIENT = {"Accept": "application/json"}


def event(uid: str = "evening-1", at: float = HOUR, title: str = "Rappel de soins") -> Any:
    """Return a moment as a phone asks for it, ``at`` seconds from now."""
    return {"uid": uid, "at": instant(at), "title": title}


def asked(*events: Any, **changed: Any) -> dict[str, Any]:
    """Return what the field holds."""
    return {**UNASKED, "events": list(events) or [event()], **changed}


def post(
    client: FlaskClient, calendar: object, language: str = "fr", **options: Any
) -> TestResponse:
    """Send the form; text goes as it is, anything else as JSON."""
    field = calendar if isinstance(calendar, str) else json.dumps(calendar)
    return client.post(f"/{language}/calendar.ics", data={"calendar": field}, **options)


@pytest.fixture(scope="module")
def client() -> Iterator[FlaskClient]:
    """A client of the app; its database is never opened."""
    app = create_app(Settings(sender="off"))
    yield app.test_client()
    app.extensions["lendemain"].dispose()


def moments(*seconds: float, title: str = "Rappel") -> list[Event]:
    """Return events at UTC seconds since 1970."""
    return [
        Event(f"{index}@lendemain.example", round(each * 1000), title)
        for index, each in enumerate(seconds)
    ]


def read_by_another(*files: bytes) -> list[dict[str, Any]]:
    """Return what ical.js reads in each file."""
    command = [node(), str(ROOT / "tests/reminders/read_calendar.mjs")]
    texts = json.dumps([each.decode() for each in files])
    found = subprocess.run(
        command, input=texts, capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert found.returncode == 0, found.stderr
    return list(json.loads(found.stdout))


def read(file: bytes) -> list[icalendar.Event]:
    """Return the events that icalendar reads."""
    return list(icalendar.Calendar.from_ical(file).events)


def at_of(found: icalendar.Event) -> float:
    """Return when an event begins, in UTC seconds since 1970."""
    begins = found.start
    assert isinstance(begins, datetime)
    return begins.timestamp()


# --- the moment that was asked for ---------------------------------------------------------------

# Clocks that change by half an hour, at midnight, by two hours, or the other way round.
ODD = (
    "America/Toronto", "America/St_Johns", "Australia/Lord_Howe", "Africa/Casablanca", "Africa/Cairo",
    "Antarctica/Troll", "Asia/Kathmandu", "Europe/Dublin", "Pacific/Chatham", "America/Nuuk",
)  # fmt: skip


def around_changes(zone: ZoneInfo, chance: random.Random) -> list[float]:
    """Return instants of the coming year, many of them around the changes of a zone's clocks."""
    first, last = MADE - timedelta(days=60), MADE + timedelta(days=400)
    near = (0, 1, 900, 1800, 3600, 7200)
    seconds = {
        each.at.timestamp() + sign * distance
        for each in changes(zone, first, last)
        for distance in near
        for sign in (-1, 1)
    }
    anywhere = {float(chance.randrange(-60 * 86_400, 400 * 86_400)) for _ in range(5)}
    return sorted(seconds | {MADE.timestamp() + each for each in anywhere})


def test_a_reminder_is_at_its_instant_in_every_zone_of_the_world_for_any_reader(
    request: pytest.FixtureRequest,
) -> None:
    """Two readers: ours, which knows the zones; ical.js, which has only what the file says."""
    chance = random.Random(20261126)
    zones = sorted(available_timezones())
    if not request.config.getoption("--long"):
        zones = [*chance.sample(zones, 80), *ODD]
    wanted = [around_changes(ZoneInfo(name), chance) for name in zones]
    files = [
        calendar_file(ZoneInfo(name), 0, moments(*each), MADE)
        for name, each in zip(zones, wanted, strict=True)
    ]
    assert sum(map(len, wanted)) > 5 * len(zones)
    wrong = []
    for name, instants, file, told in zip(
        zones, wanted, files, read_by_another(*files), strict=True
    ):
        theirs = [(each["begins"], each["ends"]) for each in told["events"]]
        if theirs != [(each, each + 900) for each in instants]:
            wrong.append((name, "ical.js"))
        if [at_of(each) for each in read(file)] != instants:
            wrong.append((name, "icalendar"))
    assert wrong == []


def test_a_change_of_clocks_is_found_to_the_second() -> None:
    found = list(changes(TORONTO, MADE, MADE + timedelta(days=400)))
    summer, winter = timedelta(hours=-4), timedelta(hours=-5)
    assert [(each.at, each.before, each.after) for each in found] == [
        (datetime(2027, 3, 14, 7, tzinfo=UTC), winter, summer),
        (datetime(2027, 11, 7, 6, tzinfo=UTC), summer, winter),
    ]


def test_both_half_past_ones_of_an_autumn_night_are_told_apart() -> None:
    first, second = (
        datetime(2027, 11, 7, 5, 30, tzinfo=UTC),
        datetime(2027, 11, 7, 6, 30, tzinfo=UTC),
    )
    assert first.astimezone(TORONTO).hour == second.astimezone(TORONTO).hour == 1
    file = calendar_file(TORONTO, 0, moments(first.timestamp(), second.timestamp()), MADE)
    assert b"DTSTART:20271107T053000Z" in file
    assert b"DTSTART:20271107T063000Z" in file
    (told,) = read_by_another(file)
    assert [each["begins"] for each in told["events"]] == [first.timestamp(), second.timestamp()]


def test_any_other_time_is_the_clock_on_the_wall() -> None:
    file = calendar_file(
        TORONTO, 0, moments(datetime(2027, 7, 1, 23, tzinfo=UTC).timestamp()), MADE
    )
    (told,) = read_by_another(file)
    assert (told["events"][0]["wall"], told["events"][0]["zone"]) == (
        "2027-07-01T19:00:00",
        "America/Toronto",
    )


@pytest.mark.parametrize(
    "name", ["UTC", "Etc/UTC", "GMT", "Etc/GMT+5", "Asia/Kathmandu", "Australia/Lord_Howe",
             "Africa/Casablanca", "Pacific/Chatham", "Antarctica/Troll", "America/St_Johns",
             "Asia/Calcutta", "Europe/Dublin"],
)  # fmt: skip
def test_an_unusual_zone_is_a_zone(name: str, client: FlaskClient) -> None:
    at = round(time.time()) + 90 * DAY
    when = datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
    body = asked({**event(), "at": when}, zone=name)
    answer = post(client, body)
    assert answer.status_code == 200, answer.text
    (told,) = read_by_another(answer.data)
    assert told["zones"] == [name]
    assert [(each["begins"], each["zone"]) for each in told["events"]] == [(at, name)]


def test_a_reminder_never_rings_a_fraction_too_early() -> None:
    file = calendar_file(TORONTO, 0, moments(MADE.timestamp() + 0.001), MADE)
    assert [at_of(each) for each in read(file)] == [MADE.timestamp() + 1]


# --- what stands in it ---------------------------------------------------------------------------


def test_a_calendar_is_named_after_nobody_and_nothing(client: FlaskClient) -> None:
    answer = post(client, asked(event(title="Rappel")))
    calendar = icalendar.Calendar.from_ical(answer.data)
    said = {name: str(value) for name, value in calendar.items()}
    assert said == {
        "VERSION": "2.0",
        "PRODID": "-//Lendemain//Lendemain//EN",
        "METHOD": "PUBLISH",
        "X-WR-CALNAME": "Lendemain",
    }


def test_an_event_says_what_it_must_and_no_more(client: FlaskClient) -> None:
    answer = post(client, asked(event("evening-1", title="Rappel"), sequence=7))
    (found,) = read(answer.data)
    assert set(found) == {
        "UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "TRANSP", "CLASS",
    }  # fmt: skip
    said = [str(found[each]) for each in ("UID", "SEQUENCE", "SUMMARY", "TRANSP", "CLASS")]
    assert said == ["evening-1@127.0.0.1", "7", "Rappel", "TRANSPARENT", "PRIVATE"]
    assert abs(found.DTSTAMP - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_phone_rings_when_the_moment_comes(client: FlaskClient) -> None:
    file = post(client, asked(event(title="C’est l’heure"))).data
    (told,) = read_by_another(file)
    assert told["events"][0]["alarms"] == [["DISPLAY", 0, "C’est l’heure"]]
    assert b"TRIGGER:PT0S" in file


def test_importing_again_moves_events_and_adds_none(client: FlaskClient) -> None:
    before = read(post(client, asked(event("a"), event("b@phone"), sequence=3)).data)
    later = read(post(client, asked(event("a", 2 * HOUR), event("b@phone"), sequence=4)).data)
    assert [str(each["UID"]) for each in before] == [str(each["UID"]) for each in later]
    assert [str(each["UID"]) for each in before] == ["a@127.0.0.1", "b@phone"]
    assert ([each["SEQUENCE"] for each in before], [each["SEQUENCE"] for each in later]) == (
        [3, 3],
        [4, 4],
    )
    assert at_of(later[0]) > at_of(before[0])


def test_an_event_is_the_only_one_of_its_name_in_the_world() -> None:
    app = create_app(Settings(origin="https://lendemain.example", sender="off"))
    answer = post(app.test_client(), asked(), base_url="https://lendemain.example")
    app.extensions["lendemain"].dispose()
    assert [str(each["UID"]) for each in read(answer.data)] == ["evening-1@lendemain.example"]


def test_the_fullest_list_is_read_by_others(client: FlaskClient) -> None:
    title = ("Début d’après-midi : hydrater, « doucement »; " * 4)[:120]
    many = [event(f"{'x' * 120}{index}", index * DAY, title) for index in range(200)]
    # As the browser's enctype="multipart/form-data" sends it: nothing grows by %C3%A9.
    field = json.dumps({**asked(*many), "events": [{**each, "title": "é" * 20} for each in many]})
    assert len(field) < MAX_BODY
    form = {"calendar": json.dumps(asked(*many[:100]), ensure_ascii=False)}
    answer = client.post("/fr/calendar.ics", data=form, content_type="multipart/form-data")
    assert answer.status_code == 200, answer.text
    (told,) = read_by_another(answer.data)
    assert {each["title"] for each in told["events"]} == {title}
    answer = client.post(
        "/fr/calendar.ics", data={"calendar": field}, content_type="multipart/form-data"
    )
    assert len(read(answer.data)) == 200


ACCENTS = ["é" * 120, "Ça, « où »; l’été \\n déjà", "日" * 120, "💆🏽‍♀️" * 20, "a" * 61 + "é" * 59]


@pytest.mark.parametrize("title", ACCENTS)
def test_no_line_is_too_long_or_broken_inside_a_letter(title: str) -> None:
    file = calendar_file(TORONTO, 0, moments(MADE.timestamp(), title=title), MADE)
    assert file.endswith(b"\r\n")
    lines = file.split(b"\r\n")
    assert max(map(len, lines)) <= MOST_FOLDED
    assert [each for each in lines if b"\n" in each or b"\r" in each] == []
    assert [each.decode() for each in lines]  # raises where a letter is cut in two
    assert str(read(file)[0]["SUMMARY"]) == title


# --- the answer ----------------------------------------------------------------------------------


@BOTH
def test_a_phone_takes_the_answer_for_a_calendar(language: str, client: FlaskClient) -> None:
    answer = post(client, asked(), language)
    assert answer.status_code == 200
    heads = answer.headers
    assert heads["Content-Type"] == "text/calendar; charset=utf-8"
    assert heads["Content-Disposition"] == 'attachment; filename="lendemain.ics"'
    assert heads["Cache-Control"] == "private, no-store"
    assert heads["Referrer-Policy"] == "no-referrer"
    assert heads["X-Content-Type-Options"] == "nosniff"
    assert "unsafe" not in heads["Content-Security-Policy"]
    assert "Set-Cookie" not in heads


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_either_kind_of_form_is_read(kind: str, client: FlaskClient) -> None:
    form = {"calendar": json.dumps(asked(event(title="Été; « doux »"))), "button": "Go"}
    answer = client.post("/fr/calendar.ics", data=form, content_type=kind)
    assert answer.status_code == 200
    assert str(read(answer.data)[0]["SUMMARY"]) == "Été; « doux »"


@pytest.mark.parametrize(
    "body",
    [
        asked(event(uid="x" * 128)), asked(event(uid="A.b_c-d@e")), asked(event(title="x")),
        asked(event(title="💆" * 1000)), asked(event(at=400 * DAY - 60)),
        asked(event(at=-60 * DAY + HOUR)), asked(sequence=2**31 - 1),
        asked({**event(), "at": instant(HOUR).replace("Z", "+00:00")}),
    ],
)  # fmt: skip
def test_what_is_just_within_the_limits_is_taken(body: object, client: FlaskClient) -> None:
    assert post(client, body).status_code == 200


# --- what is refused -----------------------------------------------------------------------------


def broken(**changed: Any) -> dict[str, Any]:
    return asked({**event(), **changed})


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in asked().items() if key != name}


LATER = "2027-01-01T00:00:00"
NO_ZONES = [
    "", "../x", "../../etc/passwd", "/etc/localtime", "America", "America/", "America//Toronto",
    "america/toronto", "./UTC", "UTC\0", "\0", "UTC\r\nX:1", "posixrules", "right/UTC", "posix/UTC",
    "localtime", "Factory", "Etc/Unknown", "+05:30", "zone.tab", "tzdata.zi", "x" * 5_000, "\ud800", "América",
    "America/Toronto ", 5, None, True, [], {}, ["UTC"],
]  # fmt: skip
NO_SEQUENCES = [-1, 2**31, 10**400, 1.0, 0.5, "1", True, None, [], {}]
NO_UIDS = [
    "", "x" * 129, "a b", "a\r\nATTENDEE:b", "a\n", "é", "a;b", "a:b", "\0", "a/b", "\ud800", 5, None,
    [], {}, True,
]  # fmt: skip
NO_TITLES = [
    "", " ", "x" * 1001, "a\nb", "a\rb", "a\r\nBEGIN:VEVENT", "a\tb", "a\0b", "a\x1bb", "a\x7fb",
    "a\x85b", "a\u2028b", "a\u2029b", "a\ud800b", "a\udfff", 5, None, [], {}, True, "\u3000", "a\ufeff", "a\ufffd",
]  # fmt: skip
NO_INSTANTS = [
    "", "tomorrow", LATER, f"{LATER}+01:00", f"{LATER}Z\n", "2027-02-30T00:00:00Z", "٢٠٢٧-01-01T00:00:00Z",
    "2027-01-01T24:00:00Z", "2027-01-01T23:59:60Z", "0000-01-01T00:00:00Z", 1_800_000_000, None, [], {},
    "20270101T000000Z", True,
]  # fmt: skip
TOO_FAR = [400 * DAY + HOUR, -60 * DAY - 60, 4_000 * DAY, -2_000 * DAY]
NO_LISTS: list[Any] = [[], {}, None, "x", 5, [event()] * 201]
NO_EVENTS: list[Any] = [[], None, "x", 5]
WRONG: list[tuple[str, object]] = [
    *(("/zone", asked(zone=each)) for each in NO_ZONES),
    *(("/sequence", asked(sequence=each)) for each in NO_SEQUENCES),
    *(("/events/0/uid", broken(uid=each)) for each in NO_UIDS),
    *(("/events/0/title", broken(title=each)) for each in NO_TITLES),
    *(("/events/0/at", broken(at=each)) for each in NO_INSTANTS),
    *(("/events/0/at", asked(event(at=each))) for each in TOO_FAR),
    *(("/events", asked(events=each)) for each in NO_LISTS),
    *(("/events/0", asked(events=[each])) for each in NO_EVENTS),
    *((f"/{each}", without(each)) for each in ("zone", "sequence", "events")),
    ("/events/1/uid", asked(event("a"), event("a"))),
    ("/events/1/uid", asked(event("a"), event("a@127.0.0.1"))),
    ("/events/0/who", broken(who="me")),
    ("/clinic~1a~0b", asked(**{"clinic/a~b": 1})),
    ("/\ud800", asked(**{"\ud800": 1})),
]


@pytest.mark.parametrize(("pointer", "body"), WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_is_said_with_its_place(
    pointer: str, body: object, client: FlaskClient
) -> None:
    answer = post(client, body, headers=LENIENT)
    if answer.status_code == 400:  # a number of four hundred digits is no JSON that is read here
        assert "e400" in repr(body) or "0" * 400 in repr(body)
        return
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert pointer in [each["pointer"] for each in answer.json["errors"]]  # type: ignore[index]
    page = post(client, body, "en")
    assert (page.status_code, page.mimetype) == (422, "text/html")
    assert pointer.replace("\ud800", "\ufffd") in page.text


NO_JSON = ["", "x", "[]", "5", "null", '"x"', "{", '{"zone": NaN}', '{"zone":1,"zone":2}', "[" * 9_000,
           '{"sequence":1' + "0" * 5_000 + "}", "\0", "﻿{}"]  # fmt: skip


@pytest.mark.parametrize("field", NO_JSON, ids=range(len(NO_JSON)))
def test_what_is_no_list_at_all_is_refused(field: str, client: FlaskClient) -> None:
    assert post(client, field).status_code == 400


@pytest.mark.parametrize(
    "form",
    [{}, {"Calendar": "{}"}, {"calendar": ["{}", "{}"]}, {"other": "{}"}],
    ids=["nothing", "another case", "twice", "another name"],
)
def test_a_form_without_its_one_field_is_refused(form: Any, client: FlaskClient) -> None:
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=b"):
        answer = client.post("/fr/calendar.ics", data=form, content_type=kind)
        assert answer.status_code == 400


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"calendar", b"calendar=%FF%FE", b"\xff\xfe", b"calendar=%", b"=&=&=",
        b"a=&" * 5_000, b"--b\r\n", b"--b--",
        b'--b\r\nContent-Disposition: form-data; name="calendar"\r\n\r\n\xff\r\n--b--\r\n',
        b'--b\r\nContent-Disposition: form-data; name="calendar"; filename="x"\r\n\r\n{}\r\n--b--\r\n',
        (b'--b\r\nContent-Disposition: form-data; name="calendar"\r\n'
        b"Content-Type: text/plain; charset=utf-7\r\n\r\n{}\r\n--b--\r\n"),
        b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n" * 1_200 + b"--b--\r\n",
    ],
    ids=range(13),
)  # fmt: skip
def test_a_mangled_form_is_never_our_fault(raw: bytes, client: FlaskClient) -> None:
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=b",
                 "multipart/form-data", "multipart/form-data; boundary="):  # fmt: skip
        answer = client.post("/fr/calendar.ics", data=raw, content_type=kind)
        assert 400 <= answer.status_code < 500


@pytest.mark.parametrize("kind", ["", "application/json", "text/plain", "text/calendar", "x"])
def test_another_kind_of_body_is_refused(kind: str, client: FlaskClient) -> None:
    answer = client.post("/fr/calendar.ics", data=json.dumps(asked()), content_type=kind)
    assert answer.status_code == 415


@pytest.mark.parametrize("whence", ["cross-site", "same-site", "x"])
def test_another_site_cannot_put_its_words_into_a_file_of_ours(
    whence: str, client: FlaskClient
) -> None:
    assert post(client, asked(), headers={"Sec-Fetch-Site": whence}).status_code == 403
    for ours in ("same-origin", "none"):
        assert post(client, asked(), headers={"Sec-Fetch-Site": ours}).status_code == 200


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
NEARLY = st.fixed_dictionaries(
    {},
    optional={
        "zone": st.sampled_from(["UTC", "America/Toronto"]) | JSONS,
        "sequence": st.integers() | JSONS,
        "events": st.lists(
            st.fixed_dictionaries(
                {"uid": st.text(max_size=9) | JSONS, "at": st.just(instant(HOUR)) | JSONS},
                optional={"title": st.text(max_size=9) | JSONS, "more": JSONS},
            )
        )
        | JSONS,
    },
)


@settings(max_examples=150, deadline=None)
@given(body=JSONS | NEARLY)
def test_no_json_whatsoever_is_our_fault(client: FlaskClient, body: Any) -> None:
    assert post(client, body).status_code in {200, 400, 422}


TITLES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp"),
                               exclude_characters="\ufeff\ufffd"), min_size=1,
                 max_size=120).filter(str.strip)  # fmt: skip
NASTY = ["\\n", "\\\\n", "a\\", ";,:\\;", '"', "BEGIN:VEVENT", "END:VCALENDAR", "%0D%0A", "^n", "=0D=0A",
         "ATTENDEE:x", "🄰\u200d", " x ", "x\u202ey"]  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(titles=st.lists(TITLES | st.sampled_from(NASTY), min_size=1, max_size=60))
def test_words_stay_words_whatever_they_are(client: FlaskClient, titles: list[str]) -> None:
    body = asked(*(event(f"{index}", title=each) for index, each in enumerate(titles)))
    form = {"calendar": json.dumps(body, ensure_ascii=False)}
    answer = client.post("/fr/calendar.ics", data=form, content_type="multipart/form-data")
    assert answer.status_code == 200, answer.text
    assert [str(each["SUMMARY"]) for each in read(answer.data)] == titles
    (told,) = read_by_another(answer.data)
    assert [each["title"] for each in told["events"]] == titles
    assert len(re.findall(rb"(?m)^BEGIN:VEVENT\r$", answer.data)) == len(titles)
    assert b"\r" not in answer.data.replace(b"\r\n", b"")
    assert b"\n" not in answer.data.replace(b"\r\n", b"")


# --- the page that says so -----------------------------------------------------------------------

SAID = {
    "en": ("The calendar file was not made", "Must be 1 to 1000 characters", "Back to your reminders"),
    "fr": ("Le fichier pour l’agenda n’a pas été créé", "Doit avoir de 1 à 1000 caractères",
           "Retour à vos rappels"),
}  # fmt: skip


def is_a_page(answer: TestResponse, language: str) -> None:
    """Hold a refusal to what every page is."""
    assert (answer.mimetype, answer.headers["Content-Language"]) == ("text/html", language)
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(answer.text)
    assert tree.get("lang") == language
    assert f"/{language}/reminders" in [each.get("href") for each in tree.iter("a")]
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@BOTH
def test_a_person_reads_every_fault_in_the_language_of_the_page(
    language: str, client: FlaskClient
) -> None:
    body = asked(event("a"), event("b", title=""), event("c", at=500 * DAY), zone="<b>Mars</b>")
    other = "fr" if language == "en" else "en"
    answer = post(client, body, language, headers={"Accept-Language": other})
    is_a_page(answer, language)
    for words in (*SAID[language], "/events/1/title", "/events/2/at", "/zone"):
        assert words in answer.text
    assert "Mars" not in answer.text
    for words in SAID[other]:
        assert words not in answer.text


@BOTH
def test_a_strange_member_harms_no_page(language: str, client: FlaskClient) -> None:
    answer = post(client, asked(**{"<script>x</script>\0\ud800": 1}), language)
    is_a_page(answer, language)
    assert "<script>x" not in answer.text


@BOTH
@pytest.mark.parametrize("accepted", ["application/problem+json", "application/json",
                                      "text/html;q=0.5, application/json"])  # fmt: skip
def test_a_program_reads_every_fault_as_a_problem(
    accepted: str, language: str, client: FlaskClient
) -> None:
    answer = post(client, broken(title=""), language, headers={"Accept": accepted})
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert (answer.headers["Content-Language"], answer.headers["Vary"]) == (language, "Accept")
    assert answer.json == {
        "type": "about:blank",
        "title": {"en": "Something in the list is not right.",
                  "fr": "Quelque chose ne va pas dans la liste."}[language],
        "status": 422,
        "errors": [{"pointer": "/events/0/title", "detail": SAID[language][1]}],
    }  # fmt: skip


@pytest.mark.parametrize("accepted", ["", "*/*", "text/html,application/xhtml+xml,*/*;q=0.8",
                                      "text/calendar", "application/json;q=0.1, text/html"])  # fmt: skip
def test_a_browser_is_given_a_page(accepted: str, client: FlaskClient) -> None:
    is_a_page(post(client, "", headers={"Accept": accepted}), "fr")


@BOTH
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_opening_the_address_of_the_file_explains_itself(
    method: str, language: str, client: FlaskClient
) -> None:
    answer = client.open(f"/{language}/calendar.ics", method=method)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    if method != "HEAD":
        is_a_page(answer, language)


@pytest.mark.parametrize("path", ["/de/calendar.ics", "/calendar.ics", "/fr/calendar.ics/",
                                  "/fr/calendar", "/FR/calendar.ics"])  # fmt: skip
def test_there_is_no_calendar_elsewhere(path: str, client: FlaskClient) -> None:
    assert client.get(path).status_code == 404
    assert client.post(path, data={"calendar": "{}"}).status_code in {404, 405}


@BOTH
def test_a_form_too_long_is_refused_with_a_page(language: str, client: FlaskClient) -> None:
    answer = post(client, "x" * MAX_BODY, language)
    assert answer.status_code == 413
    is_a_page(answer, language)
    assert "64" in answer.text


# --- a running site ------------------------------------------------------------------------------


def sent(port: int, path: str, body: bytes, **headers: str) -> tuple[int, HTTPMessage, bytes]:
    """Send a form to a server; return status, headers and body of the answer."""
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", path, body, {**kind, **headers})
    answer = connection.getresponse()
    found = (answer.status, answer.headers, answer.read())
    connection.close()
    return found


@BOTH
def test_even_a_body_that_nobody_reads_is_refused_with_a_page(language: str, server: Any) -> None:
    path, body = f"/{language}/calendar.ics", b"calendar=" + b"x" * 10_000_000
    status, heads, page = sent(server.port, path, body, Accept="text/html")
    assert (status, heads.get_content_type()) == (413, "text/html")
    assert f'<html lang="{language}">' in page.decode()
    assert SAID[language][0] in page.decode()
    assert "default-src 'none'" in heads["Content-Security-Policy"]
    status, heads, problem = sent(server.port, path, body, Accept="application/json")
    assert (status, heads.get_content_type()) == (413, "application/problem+json")
    assert json.loads(problem)["status"] == 413


@pytest.mark.parametrize(
    "path", ["/", "//x", "/fr/%ff", "*", "/static/x", "/fr/today?plan=x", "/%00"]
)
def test_a_body_that_nobody_reads_is_refused_at_any_address(path: str, server: Any) -> None:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: 900000\r\n"
        "Accept-Language: \xff,;q=x\r\nAccept: \xff/\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(head.encode("latin-1"))
        assert connection.recv(12) == b"HTTP/1.1 413"


def test_a_server_gives_the_file(server: Any) -> None:
    body = b"calendar=" + json.dumps(asked(event(title="Rappel"))).encode().replace(b"+", b"%2B")
    status, heads, file = sent(server.port, "/fr/calendar.ics", body)
    assert (status, heads["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert [str(each["UID"]) for each in read(file)] == ["evening-1@127.0.0.1"]


SUBMIT = """([action, calendar]) => {
  const form = Object.assign(document.createElement("form"), {method: "post", action});
  form.enctype = "multipart/form-data";
  const field = Object.assign(document.createElement("textarea"), {name: "calendar"});
  field.value = calendar;
  form.append(field);
  document.body.append(form);
  form.submit();
}"""


@BOTH
def test_a_browser_saves_the_file_or_shows_what_is_wrong(
    language: str, server: Any, open_phone: OpenPhone
) -> None:
    page = open_phone().new_page()
    page.goto(f"{server.url}/{language}/today")
    where = f"/{language}/calendar.ics"
    with page.expect_download() as saved:
        page.evaluate(SUBMIT, [where, json.dumps(asked(event(title="Été")))])
    assert saved.value.suggested_filename == "lendemain.ics"
    assert [str(each["SUMMARY"]) for each in read(Path(saved.value.path()).read_bytes())] == ["Été"]
    assert page.locator("main").get_attribute("data-page") == "today"
    page.evaluate(SUBMIT, [where, json.dumps(broken(title=""))])
    expect(page.get_by_role("heading", level=1)).to_have_text(SAID[language][0])
    expect(page.get_by_text("/events/0/title")).to_be_visible()
    foreign = page.context.new_page()
    foreign.goto("data:text/html,<p>Another site</p>")
    foreign.evaluate(SUBMIT, [f"{server.url}{where}", json.dumps(asked())])
    expect(foreign.get_by_role("heading", level=1)).to_have_text(SAID[language][0])


def test_nothing_of_a_calendar_is_logged_or_kept(
    capfd: pytest.CaptureFixture[str], running_with: Callable[..., Any]
) -> None:
    canary = f"CANARY{secrets.token_hex(8)}"
    ours = event(canary, title=canary)
    fields = [
        asked(ours), asked(ours, zone=canary), asked(ours, ours), broken(**{canary: canary}),
        asked(ours, sequence=canary), broken(at=canary), broken(title=f"{canary}\n"), [canary], canary,
    ]  # fmt: skip
    with running_with(WEBAPP_SENDER="child") as site:
        statuses = set()
        for each in fields:
            field = each if isinstance(each, str) else json.dumps(each)
            for path in ("/fr/calendar.ics", f"/en/calendar.ics?{canary}"):
                for more in ({}, {"Accept": "application/json"}, {"X": canary, "Referer": canary}):
                    body = b"calendar=" + field.encode()
                    statuses.add(sent(site.port, path, body, **more)[0])
        statuses.add(sent(site.port, "/fr/calendar.ics", canary.encode() * 9_000)[0])
        statuses.add(sent(site.port, "/fr/calendar.ics", b"", **{"Content-Type": canary})[0])
        for _ in range(20):
            gone_early(site.port, b"calendar=" + json.dumps(asked(ours)).encode())
        files = [each for each in Path(site.environ["WEBAPP_DATA"]).rglob("*") if each.is_file()]
        assert len(files) >= 3
        assert [each for each in files if canary.encode() in each.read_bytes()] == []
    said = "".join(capfd.readouterr())
    assert statuses == {200, 400, 413, 415, 422}
    assert "Lendemain is at" in said
    assert canary not in said


def gone_early(port: int, body: bytes) -> None:
    """Ask, and hang up before the answer."""
    head = (
        f"POST /fr/calendar.ics HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {len(body)}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(head.encode() + body)


def test_a_calendar_leaves_the_database_as_it_was(small_house: Site) -> None:
    small_house.subscribe()

    def rows() -> dict[str, list[tuple[Any, ...]]]:
        return {name: small_house.sql(f"SELECT * FROM {name}") for name in metadata.tables}

    before = rows()
    assert before["subscription"]
    for body in (asked(), asked(zone="x"), "x"):
        post(small_house.client, body)
    assert rows() == before


# --- the sender ----------------------------------------------------------------------------------


def test_a_sender_does_not_carry_calendars_with_it() -> None:
    words = (
        "import sys, webapp.sending, webapp.reminders.sender\n"
        "heavy = {'icalendar', 'dateutil', 'tzdata', 'flask'}\n"
        "print(sorted(heavy & {each.split('.')[0] for each in sys.modules}))"
    )
    found = subprocess.run(
        [sys.executable, "-c", words], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"
