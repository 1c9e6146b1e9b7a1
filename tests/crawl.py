"""Every page of the site as people and machines read it: a tree, with its words and their language."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from html.parser import HTMLParser
from xml.etree.ElementTree import Element

from webapp import assets, create_app
from webapp.config import Settings
from webapp.guide.families import families
from webapp.guide.pages import HTML, pages
from webapp.protocol.library import load_library
from webapp.protocol.models import LANGUAGES, Language, Library

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
SPOKEN = ("alt", "aria-label", "placeholder", "title")
UNSEEN = {"head", "script", "style"}


def plain(text: str) -> str:
    """Return text with every run of spaces that may break as one; a no-break space stays."""
    return re.sub(r"[ \n\t\r]+", " ", text).strip(" ")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("page")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, _tag: str) -> None:
        self._open.pop()

    def handle_data(self, data: str) -> None:
        here = self._open[-1]
        if len(here):
            here[-1].tail = (here[-1].tail or "") + data
        else:
            here.text = (here.text or "") + data


@dataclass(frozen=True)
class Said:
    """Words on a page: their language, and every element around them from the outermost."""

    words: str
    language: str
    within: tuple[Element, ...]

    def inside(self, tag: str) -> Element | None:
        """Return the nearest such element around the words."""
        return next((each for each in reversed(self.within) if each.tag == tag), None)


class Reading:
    """One answer of the site, read."""

    def __init__(self, address: str, text: str) -> None:
        """Read the HTML that an address answers."""
        self.address, self.text = address, text
        reader = _Reader()
        reader.feed(text)
        reader.close()
        self.root = reader.root

    def all(self, tag: str) -> list[Element]:
        """Return every element of a kind, in order."""
        return list(self.root.iter(tag))

    @property
    def ids(self) -> set[str]:
        """Return every place on the page that a link can lead to."""
        return {each.attrib["id"] for each in self.root.iter() if "id" in each.attrib}

    @cached_property
    def seen(self) -> list[Said]:
        """Return every run of words that a person can come to see, folded or not yet shown."""
        return [each for each in self._said(self.root, "", ()) if each.words]

    def _said(self, element: Element, language: str, around: tuple[Element, ...]) -> Iterator[Said]:
        own = element.attrib.get("lang", language)
        within = (*around, element)
        if element.tag not in UNSEEN:
            yield Said(plain(element.text or ""), own, within)
            for name in SPOKEN:
                if name in element.attrib:
                    yield Said(plain(element.attrib[name]), own, within)
        for child in element:
            if element.tag not in UNSEEN:
                yield from self._said(child, own, within)
                yield Said(plain(child.tail or ""), own, within)

    @cached_property
    def told(self) -> list[str]:
        """Return what only machines show: the title and the description."""
        titles = [plain(each.text or "") for each in self.all("title")[:1]]
        metas = (each.attrib for each in self.all("meta"))
        return titles + [each["content"] for each in metas if each.get("name") == "description"]


def words_of(element: Element) -> str:
    """Return all words of an element, as one line."""
    return plain("".join(element.itertext()))


Site = dict[tuple[Language, str], Reading]


@cache
def library() -> Library:
    """Return the content that the pages show."""
    return load_library(assets.BUILD / "protocols.json")


@cache
def every_page() -> Site:
    """Return every page in both languages: what `pages()` names is walked, whoever adds to it."""
    client = create_app(Settings()).test_client()
    found: Site = {}
    for path in (path for path, page in pages(families(library())).items() if page.media == HTML):
        for language in LANGUAGES:
            address = f"/{language}/{path}"
            found[language, path] = Reading(address, client.get(address).text)
    return found
