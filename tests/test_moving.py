"""A plan under way through the server: the code for another phone, the manifest of an iPhone's icon."""

import json
import re
import secrets
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import html5lib
import pytest
import segno
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.plan import links
from webapp import create_app
from webapp.config import Settings

BOTH = pytest.mark.parametrize("language", ["en", "fr"])
LINK = links.link_of(links.TREATMENT, links.CLINIC)
SAID = {"en": "The code was not drawn", "fr": "Le code n’a pas été dessiné"}


@pytest.fixture(scope="module")
def client() -> Iterator[FlaskClient]:
    """A client of the app; its database is never opened."""
    app = create_app(Settings(sender="off"))
    yield app.test_client()
    app.extensions["lendemain"].dispose()


def post(client: FlaskClient, plan: str, language: str = "fr", **options: Any) -> TestResponse:
    """Ask for the code of a plan."""
    return client.post(f"/{language}/move/qr", data={"plan": plan}, **options)


def test_the_links_are_those_that_python_gives() -> None:
    written = links.VECTORS.read_text("utf-8")
    assert written == links.render(), "run `python3 -m tests.plan.links`"


# The code


def modules_of(page: str) -> list[str]:
    """Return the drawing's path, from the one drawing of a page."""
    return re.findall(r'<path class="qrline"[^>]* d="([^"]+)"', page)


@BOTH
def test_another_phone_reads_the_plan_from_the_screen(language: str, client: FlaskClient) -> None:
    answer = post(client, LINK, language)
    assert answer.status_code == 200
    link = f"{Settings().origin}/{language}/start#{LINK}"
    drawn = segno.make(link, micro=False, error="l").svg_inline(border=4, omitsize=True)
    assert modules_of(answer.text) == modules_of(drawn)
    html5lib.HTMLParser(strict=True).parse(answer.text)
    assert f'<html lang="{language}">' in answer.text
    assert LINK not in answer.text, "the page holds the plan as a drawing only"


def test_a_code_is_never_kept_by_anybody_on_the_way(client: FlaskClient) -> None:
    answer = post(client, LINK)
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "ETag" not in answer.headers
    assert "Set-Cookie" not in answer.headers
    assert '<meta name="robots" content="noindex">' in answer.text


@pytest.mark.parametrize(
    "plan",
    ["", "x", "1", LINK[:-1] + " ", f"{LINK}.", f"2{LINK[1:]}", f"{LINK}#", LINK.replace(".", "/"),
     f"1{'.a' * 7}.{'b' * 700}", "https://elsewhere.example/", f"{LINK}\n"],
)  # fmt: skip
def test_nothing_but_a_plan_is_drawn(plan: str, client: FlaskClient) -> None:
    assert post(client, plan).status_code == 422


def test_the_longest_code_is_drawn(client: FlaskClient) -> None:
    assert post(client, f"1{'.a' * 7}.{'b' * 684}").status_code == 200


@BOTH
@pytest.mark.parametrize("said", ["cross-site", "same-site", "anything"])
def test_another_site_cannot_have_its_plan_drawn(
    said: str, language: str, client: FlaskClient
) -> None:
    answer = post(client, LINK, language, headers={"Sec-Fetch-Site": said})
    assert answer.status_code == 403
    assert SAID[language] in answer.text


@BOTH
def test_what_cannot_be_drawn_is_said_on_a_page_or_to_a_program(
    language: str, client: FlaskClient
) -> None:
    where = f"/{language}/move/qr"
    asked: dict[int, Callable[..., TestResponse]] = {
        400: lambda **more: client.post(where, data={"other": LINK}, **more),
        405: lambda **more: client.get(where, **more),
        413: lambda **more: client.post(where, data={"plan": "x" * 70_000}, **more),
        415: lambda **more: client.post(where, json={"plan": LINK}, **more),
        422: lambda **more: client.post(where, data={"plan": "x"}, **more),
    }
    for code, ask in asked.items():
        page = ask(headers={"Accept": "text/html"})
        assert (page.status_code, page.mimetype) == (code, "text/html")
        assert SAID[language] in page.text
        assert f'<html lang="{language}">' in page.text
        assert page.headers["Cache-Control"] == "private, no-store"
        problem = ask(headers={"Accept": "application/problem+json"})
        assert (problem.status_code, problem.mimetype) == (code, "application/problem+json")
        assert problem.headers["Content-Language"] == language
        told = json.loads(problem.text)
        assert told["status"] == code
        assert told["title"] in page.text.replace("&#39;", "'")


# The manifest


def manifest(client: FlaskClient, language: str, query: str = "") -> TestResponse:
    answer = client.get(f"/{language}/manifest.webmanifest{query}")
    assert answer.status_code == 200
    assert answer.mimetype == "application/manifest+json"
    return answer


@BOTH
def test_an_icon_on_the_home_screen_brings_the_plan_along(
    language: str, client: FlaskClient
) -> None:
    plain = json.loads(manifest(client, language).text)
    answer = manifest(client, language, f"?plan={LINK}")
    carried = json.loads(answer.text)
    assert carried.pop("start_url") == f"/{language}/today?plan={LINK}"
    assert plain.pop("start_url") == f"/{language}/today"
    assert carried == plain
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers


@pytest.mark.parametrize(
    "plan",
    ["", "%22", "a%20b", "a/b", "//elsewhere.example", "a%26b", "%3Cscript%3E", "%C3%A9", "a%0A",
     "a" * 1201, "a&plan=b"],
)  # fmt: skip
def test_what_is_no_plan_gets_the_plain_manifest(plan: str, client: FlaskClient) -> None:
    answer = manifest(client, "fr", f"?plan={plan}")
    assert json.loads(answer.text) == json.loads(manifest(client, "fr").text)
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_plan_in_its_address_makes_no_page_of_what_is_none(client: FlaskClient) -> None:
    for path in ("microneedling/draft/standard/reminders.json", "today"):
        plain = client.get(f"/fr/{path}")
        carried = client.get(f"/fr/{path}?plan={LINK}")
        assert carried.content_type == plain.content_type
        assert carried.data == plain.data


def test_today_is_the_same_page_with_a_plan_in_its_address_and_no_cache_learns_of_it(
    client: FlaskClient,
) -> None:
    plain = client.get("/fr/today")
    carried = client.get(f"/fr/today?plan={LINK}", headers={"Accept-Encoding": "br"})
    assert carried.data == plain.data
    assert carried.headers["Cache-Control"] == "no-store"
    assert "ETag" not in carried.headers
    for name in ("Content-Security-Policy", "Referrer-Policy", "Content-Type"):
        assert carried.headers[name] == plain.headers[name]


def test_no_other_site_can_have_what_is_on_a_phone_thrown_away(client: FlaskClient) -> None:
    ours = client.post("/forget", headers={"Sec-Fetch-Site": "same-origin"})
    assert (ours.status_code, ours.headers["Clear-Site-Data"]) == (204, '"storage", "cache"')
    assert ours.headers["Cache-Control"] == "private, no-store"
    for said in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"}):  # fmt: skip
        answer = client.post("/forget", headers=said)
        assert answer.status_code == 403
        assert "Clear-Site-Data" not in answer.headers
    assert client.get("/forget", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 405


def test_nothing_of_a_plan_under_way_is_logged_or_kept(
    capfd: pytest.CaptureFixture[str], running_with: Callable[..., Any]
) -> None:
    canary = f"CANARY{secrets.token_hex(8)}"
    plan = links.link_of({**links.TREATMENT, "id": canary})
    with running_with(WEBAPP_SENDER="child") as site:
        statuses: set[int] = set()

        def ask(method: str, path: str, body: str | None = None, **headers: str) -> None:
            connection = HTTPConnection("127.0.0.1", site.port, timeout=10)
            connection.request(method, path, body, headers)
            statuses.add(connection.getresponse().status)
            connection.close()

        form = {"Content-Type": "application/x-www-form-urlencoded"}
        for said in (plan, canary, f"{canary}%0A", canary * 90, canary * 4000):
            for path in ("/en/today", "/fr/manifest.webmanifest", "/fr/nowhere", "/api/x"):
                ask("GET", f"{path}?plan={said}", Referer=canary)
            ask("POST", "/fr/move/qr", f"plan={said}", **form)
            ask("POST", f"/en/move/qr?{said}", f"plan={said}", **form)
            ask("POST", f"/fr/today?plan={said}", f"plan={said}", **form)
        files = [each for each in Path(site.environ["WEBAPP_DATA"]).rglob("*") if each.is_file()]
        assert len(files) >= 3
        assert [each for each in files if canary.encode() in each.read_bytes()] == []
    said = "".join(capfd.readouterr())
    assert statuses >= {200, 404, 405, 413, 422}
    assert "Lendemain is at" in said
    assert canary not in said


def test_no_example_of_a_proxy_logs_a_query_string() -> None:
    text = Path(__file__).parent.parent.joinpath("docs/operating.md").read_text("utf-8")
    caddy, nginx = (
        re.search(rf"```{kind}\n(.*?)```", text, re.DOTALL) for kind in ("caddyfile", "nginx")
    )
    assert caddy
    assert re.search(r"request delete", caddy[1])
    assert nginx
    told = re.search(r"log_format \w+ '([^']*)'", nginx[1])
    assert told
    assert set(re.findall(r"\$\w+", told[1])) & {"$request", "$request_uri", "$args", "$query_string", "$http_referer"} == set()  # fmt: skip
    assert re.search(r"error_log\s+/dev/null", nginx[1])
