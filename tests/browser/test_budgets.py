"""What a phone on a slow network has to fetch, in bytes as they travel."""

import http.client
import re
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from .front import front_door, wait_until_quiet
from .phone import GUIDE, LANGUAGES, OpenPhone, Phone, day_path, every_page, kept_sets, read

if TYPE_CHECKING:
    from tests.conftest import Server

KB = 1024
PAGE, STYLES, SCRIPTS, VISIT, KEPT = 14 * KB, 12 * KB, 20 * KB, 60 * KB, 512 * KB
# Where something is entered, a second script stands beside the first; each is read once a release.
SCREENS = 28 * KB
REQUESTS = 6
# What the browser fetches for the worker, or a script fetches, is no part of a page's own loading.
NOT_THE_PAGE = {"empty", "serviceworker"}

both_languages = pytest.mark.parametrize("language", LANGUAGES)


once = cache(read)


@cache
def weight(url: str) -> int:
    """Return the size of a body as it travels to a browser, compressed."""
    server, address = urlsplit(url).netloc, url.split("/", 3)[3]
    connection = http.client.HTTPConnection(server, timeout=30)
    try:
        connection.request("GET", f"/{address}", headers={"Accept-Encoding": "gzip, deflate, br"})
        answer = connection.getresponse()
        assert answer.status == 200, url
        return len(answer.read())
    finally:
        connection.close()


def tell(what: str, size: int, budget: int) -> None:
    """Print a figure beside its budget; `pytest -rP` shows it."""
    print(f"{what}: {size / KB:.1f} KB of {budget / KB:.0f} KB")


@both_languages
def test_no_page_is_heavy(server: "Server", language: str) -> None:
    pages = [each for each in every_page(server.url) if each.startswith(f"/{language}/")]
    sizes = {each: weight(server.url + each) for each in pages}
    heaviest = max(sizes, key=lambda each: sizes[each])
    tell(f"the heaviest page, {heaviest}", sizes[heaviest], PAGE)
    assert len(sizes) > 60
    assert {each: size for each, size in sizes.items() if size > PAGE} == {}


@pytest.mark.parametrize(("ending", "budget"), [(".css", STYLES), (".js", SCRIPTS)])
def test_styles_and_scripts_are_light(server: "Server", ending: str, budget: int) -> None:
    address = re.compile(rf'(?:href|src)="(/[^"]+{re.escape(ending)}(?:\?[^"]*)?)"')
    of_pages = {
        each: set(address.findall(once(server.url + each))) for each in every_page(server.url)
    }
    assert all(of_pages.values())
    sizes = {page: sum(weight(server.url + each) for each in own) for page, own in of_pages.items()}
    of_screens = {
        page
        for page, own in of_pages.items()
        if any(re.search("/(?:screens|questions|packages)[.]", each) for each in own)
    }
    read = {page: size for page, size in sizes.items() if page not in of_screens}
    tell(f"the {ending} of a page at most", max(read.values()), budget)
    tell(f"the {ending} of a screen at most", max(sizes.values()), SCREENS)
    assert {page: size for page, size in read.items() if size > budget} == {}
    assert {page: size for page, size in sizes.items() if size > max(budget, SCREENS)} == {}


@both_languages
def test_a_first_visit_to_a_day_is_light(
    open_phone: OpenPhone, server: "Server", language: str
) -> None:
    with front_door() as front:
        front.upstream = server.port
        phone = Phone(open_phone(), front.url)
        phone.open(day_path(language, "1"))
        wait_until_quiet(front)
        phone.context.close()
    own = [e for e in front.asked if e.headers.get("sec-fetch-dest") not in NOT_THE_PAGE]
    size = sum(each.answer.weight for each in own)
    tell(f"a first visit, {len(own)} requests of {REQUESTS}", size, VISIT)
    print(*(f"  {each.answer.weight:6} {each.path}" for each in own), sep="\n")
    assert any(each.path == day_path(language, "1") for each in own)
    assert len(own) <= REQUESTS
    assert size <= VISIT


@both_languages
def test_a_whole_guide_is_light_enough_to_keep(server: "Server", language: str) -> None:
    sets = kept_sets(server.url)
    whole = [*sets["shell"], *sets[f"{GUIDE}/{language}"]]
    size = sum(weight(server.url + each) for each in whole)
    tell(f"the shell and the guide, {len(whole)} files", size, KEPT)
    assert size <= KEPT
