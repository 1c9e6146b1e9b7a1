"""The guide reads as easily as a good leaflet; `bench/reading.py` prints each page's score."""

import statistics

from bench.reading import ENGLISH_GOAL, FRENCH_GOAL, scores


def test_english_reads_at_grade_eight_or_below() -> None:
    assert statistics.median(scores("en").values()) <= ENGLISH_GOAL


def test_french_reads_plainly() -> None:
    assert statistics.median(scores("fr").values()) >= FRENCH_GOAL
