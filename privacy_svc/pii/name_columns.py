"""Whether a column holds names of people, by how many of its values the lists know. Pure.

Cities, companies, titles and products are on the lists too, but fewer of them: where a quarter are places, nobody's
names are meant.
"""

import re
from collections import Counter
from collections.abc import Sequence

from privacy_svc.pii.names import COMPANY, PARTICLES
from privacy_svc.pii.wordlists import common_words, first_names, last_names, places

FIRST, LAST, FULL = "user.name.first", "user.name.last", "user.name"
MOST_PLACES = 0.25
_LONGEST, _WORDS, _SHORTEST = 60, 4, 3
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019.-][^\W\d_]*)*")


def names_in(values: Sequence[str]) -> tuple[str, int]:
    """The category that most of the values speak for, and how many do."""
    found = Counter(kind for value in values for kind in _kinds(value))
    if found["place"] >= MOST_PLACES * len(values):
        return FULL, 0
    return max(((c, found[c]) for c in (FULL, FIRST, LAST)), key=lambda one: one[1])


def _kinds(value: str) -> list[str]:
    """What one value may be: a first name, a surname and a place may be the same word."""
    words = value.replace(",", " ").split()
    if len(value) > _LONGEST or not all(map(_WORD.fullmatch, words)):
        return []
    plain = [w for word in words if (w := word.casefold().strip(".")) not in PARTICLES]
    if value.casefold() in places():
        return ["place", FIRST] if _listed(value.casefold(), first_names()) else ["place"]
    if len(plain) == 1:
        return _single(plain[0])
    return [FULL] if 1 < len(plain) <= _WORDS and _is_full(plain, reverse="," in value) else []


def _single(word: str) -> list[str]:
    if len(word) < _SHORTEST or word in common_words("en"):
        return []
    return [kind for kind, known in ((FIRST, first_names()), (LAST, last_names())) if _listed(word, known)]


def _is_full(words: Sequence[str], *, reverse: bool) -> bool:
    """`Ana Figueiredo`, `Figueiredo, Ana`: a first name that is listed, and anything but a plain word."""
    given, family = (words[-1], words[0]) if reverse else (words[0], words[-1])
    if not COMPANY.isdisjoint(words) or not _listed(given, first_names()):
        return False
    return _listed(family, last_names()) or family not in common_words("en")


def _listed(word: str, known: frozenset[str]) -> bool:
    return all(part in known for part in word.split("-"))
