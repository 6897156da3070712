"""Values of a person that we already know, wherever they stand in a text. Pure.

For notes that speak of somebody, and for the search after an erasure.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from privacy_svc.pii.finding import Finding, without_overlaps
from privacy_svc.pii.markup import is_markup, seen
from privacy_svc.pii.names import PARTICLES

_WORD = r"[\w\u0300-\u036f]"
_LONG_NUMBER = 7
_MARKS = re.compile("[\u0300-\u036f]")
_TWO_LETTERS = re.compile("([aou])e+")
_ACCENTED = frozenset("aceginorstuyzdlk")
"""Letters that the marks of Latin scripts stand on."""
_MOST_VALUES = 400
"""Alternatives in one expression."""


def known_values_in(text: str, values: Iterable[str]) -> list[Finding]:
    """Where the values stand, as whole words, whatever the case, accents and their encoding (ä, a + ¨, ae), ß or ss,
    white space, and the separators of a long number; in HTML also across tags. Values of one character are not
    looked for."""
    wanted = sorted(
        {v for v in (value.strip().casefold() for value in values) if len(v) > 1}, key=lambda v: (-len(v), v)
    )
    found = _found(text, wanted)
    if is_markup(text):
        shown = seen(text)
        found += [part for f in _found(shown.text, wanted) for part in shown.placed(f)]
    return without_overlaps(text, found)


def spellings(name: str) -> Iterator[str]:
    """How a full name is also written: `Silva, Ana`, `A. Silva`, `A.M. Silva`."""
    words = name.replace(",", " ").split()
    if len(words) < 2 or not all(word[0].isalpha() for word in words):
        return
    given, family = words[:-1], words[-1]
    yield f"{' '.join(given)} {family}"
    yield f"{family}, {' '.join(given)}"
    for initials in {f"{given[0][0]}.", " ".join(f"{g[0]}." for g in given), "".join(f"{g[0]}." for g in given)}:
        yield f"{initials} {family}"
        yield f"{family}, {initials}"


def name_parts(name: str) -> Iterator[str]:
    """What somebody is called by: an initial or "van" would be everybody's."""
    for part in re.split(r"[\s,-]+", name):
        if len(part) > 1 and part.isalpha() and part.casefold() not in PARTICLES:
            yield part


def _found(text: str, wanted: Sequence[str]) -> list[Finding]:
    folded, places = _folded(text)
    digits, bare, plain = re.sub(r"\D", "", folded), _bare(folded), folded.isascii()
    possible = [v for v in wanted if _may_hold(bare, digits, v)]
    return [
        Finding("KNOWN_VALUE", "user", places[match.start(1)], places[match.end(1) - 1] + 1, 1.0, "known_values")
        for at in range(0, len(possible), _MOST_VALUES)
        for match in _pattern(possible[at : at + _MOST_VALUES], plain=plain).finditer(folded)
    ]


def _may_hold(bare: str, digits: str, value: str) -> bool:
    """Cheaper than an expression, which is built only of what the text may hold: nearly never much."""
    if _is_long_number(value):
        return re.sub(r"\D", "", value) in digits
    return all(word in bare for word in _bare(value).split())


def _bare(text: str) -> str:
    """Without accents, and without the second letter of an umlaut: what all spellings share."""
    if not text.isascii():
        text = _MARKS.sub("", unicodedata.normalize("NFD", text))
    return _TWO_LETTERS.sub(r"\1", text)


def _pattern(values: Iterable[str], *, plain: bool) -> re.Pattern[str]:
    """Looks ahead, so that values that share a word are all found; the longest first. `plain`: for a text without
    accents."""
    return re.compile(f"(?=({'|'.join(_one(value, plain=plain) for value in values)}))")


def _one(value: str, *, plain: bool) -> str:
    if _is_long_number(value):
        return r"(?<!\w)\+?" + r"[\W_]{0,3}".join(re.sub(r"\D", "", value)) + r"(?!\w)"
    start = f"(?<!{_WORD})" if _is_word(value[0]) else ""
    end = f"(?!{_WORD})" if _is_word(value[-1]) else ""
    return start + r"\s+".join(_spelt(word, plain=plain) for word in value.split()) + end


def _spelt(word: str, *, plain: bool) -> str:
    """With or without accents; an umlaut also as two letters, and two letters as an umlaut."""
    marks = "" if plain else "[\u0300-\u036f]*"
    parts = []
    for char in unicodedata.normalize("NFC", word):
        apart = unicodedata.normalize("NFD", char)
        letter, accents = apart[0], apart[1:]
        parts.append(re.escape(letter) + (marks if letter in _ACCENTED else ""))
        if "\u0308" in accents:
            parts.append("e?")
        elif accents and letter not in _ACCENTED:
            parts.append("[\u0300-\u036f]*")
    spelt = "".join(parts)
    return spelt if plain else re.sub(r"([aou])\[\u0300-\u036f\]\*e", "\\1(?:\u0308|[\u0300-\u036f]*e)", spelt)


def _is_long_number(value: str) -> bool:
    return sum(map(str.isdecimal, value)) >= _LONG_NUMBER and not any(map(str.isalpha, value))


def _is_word(char: str) -> bool:
    return re.match(_WORD, char) is not None


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
