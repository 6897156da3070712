"""Values of a person that we already know, wherever they stand in a text. Pure.

For notes that speak of somebody, and for the search after an erasure.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from privacy_svc.pii.finding import Finding, without_overlaps

_WORD = r"[\w\u0300-\u036f]"
_LONG_NUMBER = 7
_MOST_VALUES = 400
"""Alternatives in one expression."""


def known_values_in(text: str, values: Iterable[str]) -> list[Finding]:
    """Where the values stand, as whole words, whatever the case, accents' encoding (ä, a + ¨), ß or ss, white
    space, and the separators of a long number. Values of one character are not looked for."""
    folded, places = _folded(text)
    digits = re.sub(r"\D", "", folded)
    possible = (v for v in (_fold(value.strip()) for value in values) if len(v) > 1 and _may_hold(folded, digits, v))
    wanted = sorted(set(possible), key=lambda v: (-len(v), v))
    found = [
        Finding("KNOWN_VALUE", "user", places[match.start(1)], places[match.end(1) - 1] + 1, 1.0, "known_values")
        for at in range(0, len(wanted), _MOST_VALUES)
        for match in _pattern(wanted[at : at + _MOST_VALUES]).finditer(folded)
    ]
    return without_overlaps(text, found)


def _may_hold(text: str, digits: str, value: str) -> bool:
    """Cheaper than an expression, which is built only of what the text may hold: nearly never much."""
    if _is_long_number(value):
        return re.sub(r"\D", "", value) in digits
    return all(word in text for word in value.split())


def _pattern(values: Iterable[str]) -> re.Pattern[str]:
    """Looks ahead, so that values that share a word are all found; the longest first."""
    return re.compile(f"(?=({'|'.join(_one(value) for value in values)}))")


def _one(value: str) -> str:
    if _is_long_number(value):
        return r"(?<!\w)\+?" + r"[\W_]{0,3}".join(re.sub(r"\D", "", value)) + r"(?!\w)"
    start = f"(?<!{_WORD})" if _is_word(value[0]) else ""
    end = f"(?!{_WORD})" if _is_word(value[-1]) else ""
    return start + r"\s+".join(map(re.escape, value.split())) + end


def _is_long_number(value: str) -> bool:
    return sum(map(str.isdecimal, value)) >= _LONG_NUMBER and not any(map(str.isalpha, value))


def _is_word(char: str) -> bool:
    return re.match(_WORD, char) is not None


def _fold(text: str) -> str:
    return text.lower() if text.isascii() else _folded(text)[0]


def _folded(text: str) -> tuple[str, Sequence[int]]:
    """The text casefolded and decomposed, and for each of its characters the place it came from."""
    if text.isascii():
        return text.lower(), range(len(text))
    chars, places = [], []
    for place, char in enumerate(text):
        for part in unicodedata.normalize("NFD", char.casefold()):
            chars.append(part)
            places.append(place)
    return "".join(chars), places
