"""How hard each page reads: a school grade in English, an ease in French.

English: Flesch and Kincaid's grade (Kincaid and others, 1975). French: Kandel and Moles's
ease (1958), 0 to 100, higher is easier; 60 and more is plain. Both count words, sentences and
syllables only: they catch what is heavy and prove nothing about what is clear.
Run: ``python3 dev.py bench reading.py``.
"""

import re
import statistics
import sys
from html.parser import HTMLParser

from webapp import create_app
from webapp.config import Settings
from webapp.protocol.models import LANGUAGES, Language

BLOCKS = frozenset({"p", "li", "h1", "h2", "h3", "dd", "a", "label", "button"})
LEFT_OUT = frozenset({"details", "nav", "footer", "header", "script", "style", "dialog", "dl"})
SHORTEST = 4
ENGLISH_GOAL, FRENCH_GOAL = 8.0, 60.0
# Addresses, titles and marks of sources are not ours to simplify.
NOT_READ = frozenset({"sources"})


class Sentences(HTMLParser):
    """Collects what is read on a page: the sentences of its main part."""

    def __init__(self) -> None:
        """Start outside the main part."""
        super().__init__()
        self.inside, self.left_out = False, 0
        self.blocks: list[str] = [""]

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        """Follow where we are."""
        self.inside = self.inside or tag == "main"
        self.left_out += tag in LEFT_OUT
        if tag in BLOCKS:
            self.blocks.append("")

    def handle_endtag(self, tag: str) -> None:
        """Follow where we are."""
        self.inside = self.inside and tag != "main"
        self.left_out -= tag in LEFT_OUT
        if tag in BLOCKS:
            self.blocks.append("")

    def handle_data(self, data: str) -> None:
        """Collect."""
        if self.inside and not self.left_out:
            self.blocks[-1] += data

    def sentences(self) -> list[list[str]]:
        """Return the sentences as lists of words; labels of a few words are none."""
        texts = [each for block in self.blocks for each in re.split(r"(?<=[.!?…:])\s+", block)]
        words = [re.findall(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*", each) for each in texts]
        return [each for each in words if len(each) >= SHORTEST]


def syllables(word: str, language: Language) -> int:
    """Return about how many syllables a word has."""
    word = word.lower()
    if language == "fr":
        silent = re.sub(r"(?<=[^aeiouyàâäéèêëîïôöùûü])(?:es?|ent)$", "", word)
        return max(1, len(re.findall(r"[aeiouyàâäéèêëîïôöùûüœæ]+", silent)))
    silent = re.sub(r"(?<=[^aeiouyl])(?:e|es|ed)$", "", word)
    return max(1, len(re.findall(r"[aeiouy]+", silent)))


def score(sentences: list[list[str]], language: Language) -> float:
    """Return the grade (English) or the ease (French) of some sentences."""
    words = [word for each in sentences for word in each]
    length = len(words) / len(sentences)
    weight = sum(syllables(each, language) for each in words) / len(words)
    if language == "fr":
        return 207 - 1.015 * length - 73.6 * weight
    return 0.39 * length + 11.8 * weight - 15.59


def scores(language: Language) -> dict[str, float]:
    """Return the score of every page of the guide in one language, by its path."""
    app = create_app(Settings())
    client = app.test_client()
    listed = client.get("/sitemap.xml").text.split(f"<loc>http://127.0.0.1:8000/{language}/")[1:]
    found = {}
    for path in (each.split("</loc>")[0] for each in listed):
        if path in NOT_READ:
            continue
        page = Sentences()
        page.feed(client.get(f"/{language}/{path}").text)
        found[path or "(start of the site)"] = score(page.sentences(), language)
    return found


def main() -> int:
    """Print every page's score and the medians."""
    status = 0
    for language in LANGUAGES:
        found = scores(language)
        hardest_first = sorted(found.items(), key=lambda item: item[1], reverse=language == "en")
        for path, value in hardest_first:
            print(f"{language}  {value:5.1f}  {path}")
        median = statistics.median(found.values())
        good = median <= ENGLISH_GOAL if language == "en" else median >= FRENCH_GOAL
        goal = f"≤ {ENGLISH_GOAL:.0f}" if language == "en" else f"≥ {FRENCH_GOAL:.0f}"
        kind = "grade (Flesch–Kincaid)" if language == "en" else "ease (Kandel–Moles)"
        print(f"{'✓' if good else '✗'} {language}: median {kind} {median:.1f}, goal {goal}\n")
        status |= not good
    return status


if __name__ == "__main__":
    sys.exit(main())
