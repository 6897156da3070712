"""Whose values stand in a text, of many people who are searched at once. Pure.

First by what stands in it as a whole (an address, a run of digits, a code, a word), which costs the same however many
are searched; then by the engine that knows the spellings.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from privacy_svc.pii import known_values_in
from privacy_svc.store.known import Known

_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,254}@[\w.-]+")
_NUMBER = re.compile(r"\d(?:[\W_]{0,3}\d){6,}")
_CODE = re.compile(r"\w{7,}")
_WORD = re.compile(r"\w+")


class Lens:
    """Whose values stand in a text, of all who are searched. Pure."""

    def __init__(self, searched: Mapping[str, Known]) -> None:
        self._known = searched
        self._words: dict[str, set[str]] = {}
        self._numbers: dict[str, set[str]] = {}
        self._names: dict[str, list[tuple[str, frozenset[str]]]] = {}
        """By the word of each name that the fewest others have."""
        for who, known in searched.items():
            for value in known.telling:
                folded = _fold(value)
                digits = re.sub(r"\D", "", value)
                plain = "@" not in value and not any(c.isalpha() for c in value)
                (self._numbers if plain else self._words).setdefault(digits if plain else folded, set()).add(who)
        self._lengths = sorted({len(number) for number in self._numbers})
        names = [(who, frozenset(_WORD.findall(_fold(v)))) for who, known in searched.items() for v in known.names]
        often = Counter(word for _, words in names for word in words)
        for who, words in names:
            if words:
                self._names.setdefault(min(words, key=lambda w: (often[w], -len(w), w)), []).append((who, words))

    def people_in(self, text: str, *, names: bool) -> set[str]:
        """First by what stands in it as a whole, which is cheap, then by the engine that knows spellings."""
        folded = _fold(text)
        who = set(chain.from_iterable(self._words.get(w, ()) for w in self._wholes(folded)))
        for run in _NUMBER.findall(folded):
            who.update(self._in_digits(re.sub(r"\D", "", run)))
        if names and self._names:
            words = set(_WORD.findall(folded))
            for word in words & self._names.keys():
                who.update(one for one, name in self._names[word] if name <= words)
        return {w for w in who if known_values_in(text, self._values(w, names=names))}

    def _in_digits(self, run: str) -> Iterator[str]:
        """By every part of it that is as long as one of the numbers."""
        for length in self._lengths:
            for start in range(len(run) - length + 1):
                yield from self._numbers.get(run[start : start + length], ())

    def _wholes(self, folded: str) -> Iterator[str]:
        if "@" in folded:
            for address in _ADDRESS.findall(folded):
                yield address.rstrip(".-'")
        yield from _CODE.findall(folded)

    def _values(self, who: str, *, names: bool) -> Sequence[str]:
        known = self._known[who]
        return (*known.telling, *known.names) if names else known.telling


def _fold(text: str) -> str:
    lower = text.casefold()
    return lower if lower.isascii() else unicodedata.normalize("NFD", lower)
