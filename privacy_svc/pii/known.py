"""Values of a person that we already know, wherever they stand in a text. Pure.

For notes that speak of somebody, and for the search after an erasure.
"""

import re
import unicodedata
from collections.abc import Iterable

from privacy_svc.pii.finding import Finding, without_overlaps

_WORD = r"[\w\u0300-\u036f]"
_LONG_NUMBER = 7
_MOST_VALUES = 400
"""Alternatives in one expression."""


def known_values_in(text: str, values: Iterable[str]) -> list[Finding]:
    """Where the values stand, as whole words, whatever the case, accents' encoding (ä, a + ¨), ß or ss, white
    space, and the separators of a long number. Values of one character are not looked for."""
    folded, places = _folded(text)
    wanted = sorted(
        {v for v in (_folded(value.strip())[0] for value in values) if len(v) > 1}, key=lambda v: (-len(v), v)
    )
    found = [
        Finding("KNOWN_VALUE", "user", places[match.start(1)], places[match.end(1) - 1] + 1, 1.0, "known_values")
        for at in range(0, len(wanted), _MOST_VALUES)
        for match in _pattern(wanted[at : at + _MOST_VALUES]).finditer(folded)
    ]
    return without_overlaps(text, found)


def _pattern(values: Iterable[str]) -> re.Pattern[str]:
    """Looks ahead, so that values that share a word are all found; the longest first."""
    return re.compile(f"(?=({'|'.join(_one(value) for value in values)}))")


def _one(value: str) -> str:
    digits = re.sub(r"\D", "", value)
    if len(digits) >= _LONG_NUMBER and not any(c.isalpha() for c in value):
        return r"(?<!\w)\+?" + r"[\W_]{0,3}".join(digits) + r"(?!\w)"
    start = f"(?<!{_WORD})" if _is_word(value[0]) else ""
    end = f"(?!{_WORD})" if _is_word(value[-1]) else ""
    return start + r"\s+".join(map(re.escape, value.split())) + end


def _is_word(char: str) -> bool:
    return re.match(_WORD, char) is not None


def _folded(text: str) -> tuple[str, list[int]]:
    """The text casefolded and decomposed, and for each of its characters the place it came from."""
    chars, places = [], []
    for place, char in enumerate(text):
        for part in unicodedata.normalize("NFD", char.casefold()):
            chars.append(part)
            places.append(place)
    return "".join(chars), places
