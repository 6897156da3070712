"""Personal data in text: Presidio's recognisers, without a model and without a network.

Importing this is cheap; Presidio is imported by the first text. Its AnalyzerEngine is never made without an
NLP engine (it would download one), and its e-mail recogniser never asks tldextract's default extractor (it
would fetch the list of public suffixes). Our NLP engine only cuts a text into words: a blank spaCy pipeline has no
lemmas, without which Presidio's context words do nothing, and keeps every word it ever saw in memory.
"""

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from privacy_svc.pii.entities import CATEGORIES, DEFAULT_THRESHOLD, THRESHOLDS
from privacy_svc.pii.errors import UnknownLanguage
from privacy_svc.pii.finding import Finding, without_overlaps
from privacy_svc.pii.names import RULES

if TYPE_CHECKING:
    from presidio_analyzer import AnalyzerEngine

LANGUAGES = tuple(sorted(RULES))
PIECE = 4_000
"""Characters examined at once: Presidio's work for context words grows with the square of a text's length."""
SHARED = 400
"""Characters at the end of a piece that the next one begins with, so that nothing is cut in two unseen."""


def detect(text: str, language: str = "en", region: str = "DE") -> list[Finding]:
    """What in the text is about a person, in its order, without overlaps. `region` (ISO 3166) is where telephone
    numbers without a country code are from and whose national ids are known. Raises UnknownLanguage."""
    if language not in LANGUAGES:
        raise UnknownLanguage(f"Texts are examined in {', '.join(LANGUAGES)}.")
    analyzer = _analyzer(language, region)
    found = [
        Finding(r.entity_type, CATEGORIES[r.entity_type], at + r.start, at + r.end, round(r.score, 2), _name(r))
        for at, piece in _pieces(text)
        for r in analyzer.analyze(piece, language)
        if r.score >= THRESHOLDS.get(r.entity_type, DEFAULT_THRESHOLD)
    ]
    return without_overlaps(text, found)


@cache
def _analyzer(language: str, region: str) -> "AnalyzerEngine":
    from privacy_svc.pii.recognizers import build  # noqa: PLC0415 - imports Presidio, 2 to 5 seconds

    return build(language, region)


def _name(result: object) -> str:
    return str(getattr(result, "recognition_metadata", {}).get("recognizer_name", "unknown"))


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """The text in overlapping pieces, each with where it begins, cut between words."""
    start = 0
    while len(text) - start > PIECE:
        end = _before(text, start + SHARED, start + PIECE)
        yield start, text[start:end]
        start = _before(text, start + 1, end - SHARED)
    if text[start:].strip():
        yield start, text[start:]


def _before(text: str, least: int, most: int) -> int:
    """The last place up to `most` after white space; `most` where there is none."""
    return next((n for n in range(most, least, -1) if text[n - 1].isspace()), most)
