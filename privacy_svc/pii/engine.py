"""Personal data in text: Presidio's recognisers and ours, without a network, and without a model unless one is named.

Importing this is cheap; Presidio is imported by the first text.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from privacy_svc.pii.entities import CATEGORIES, counts
from privacy_svc.pii.errors import UnknownLanguage
from privacy_svc.pii.finding import Finding, without_overlaps
from privacy_svc.pii.markup import is_markup, seen
from privacy_svc.pii.models import model
from privacy_svc.pii.names import LANGUAGES
from privacy_svc.pii.spacing import Evened, evened

if TYPE_CHECKING:
    from presidio_analyzer import RecognizerResult

    from privacy_svc.pii.examining import Examiner

PIECE = 4_000
"""Characters examined at once: Presidio's work for context words grows with the square of a text's length."""
SHARED = 400
"""Characters at the end of a piece that the next one begins with, so that nothing is cut in two unseen."""


def detect(text: str, language: str = "en", region: str = "DE") -> list[Finding]:
    """What in the text is about a person, in its order, without overlaps. `region` (ISO 3166) is where telephone
    numbers without a country code are from and whose national ids are known. Raises UnknownLanguage."""
    if language not in LANGUAGES:
        raise UnknownLanguage(f"Texts are examined in {', '.join(LANGUAGES)}.")
    regions = tuple(sorted(set(region.split(","))))
    found = _examined(text, language, regions)
    if is_markup(text):
        shown = seen(text)
        found += [part for f in _examined(shown.text, language, regions) for part in shown.placed(f)]
    return without_overlaps(text, found)


def _examined(text: str, language: str, regions: tuple[str, ...]) -> list[Finding]:
    examiner, even = _examiner(language, regions, model()), evened(text)
    found = [
        finding_of(r, at, name)
        for at, piece in _pieces(even.text)
        for r, name in examiner.examine(piece)
        if counts(r.entity_type, r.score)
    ]
    return [_placed(f, even) for f in found] if even.left_out else found


def _placed(found: Finding, even: Evened) -> Finding:
    start, end = even.original(found.start, found.end)
    return replace(found, start=start, end=end)


def finding_of(result: "RecognizerResult", at: int, recognizer: str) -> Finding:
    """`at`: where the piece begins that was examined."""
    kind, start, end = result.entity_type, at + result.start, at + result.end
    return Finding(kind, CATEGORIES[kind], start, end, round(result.score, 2), recognizer)


@cache
def _examiner(language: str, regions: tuple[str, ...], larger: str) -> "Examiner":
    from privacy_svc.pii.examining import Examiner  # noqa: PLC0415 - imports Presidio, 2 to 5 seconds
    from privacy_svc.pii.recognizers import recognizers  # noqa: PLC0415 - the same

    return Examiner(recognizers(language, regions, larger))


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
