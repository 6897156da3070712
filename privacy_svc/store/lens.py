"""Whose values stand in a text, of many people who are searched at once. Pure.

First by what stands in it as a whole (an address, a run of digits, a code, a word), which costs the same however many
are searched; then by the engine that knows the spellings.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice, product

from privacy_svc.pii import UMLAUT, UNSPACED, flat, folded, is_unspaced, known_values_in, readings, unspaced_runs
from privacy_svc.store.known import Known

_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,254}@[\w.-]+")
_BEFORE_ADDRESS = re.compile(rf"[!#$%&'*/=?^`{{|}}{UNSPACED}]")
"""May stand in an address, and more often before one: `?to=ana@mail.example`."""
_UNSPACED = re.compile(f"[{UNSPACED}]")
_NUMBER = re.compile(r"\d(?:[\W_]{0,4}\d){6,}")
_LONG_NUMBER = re.compile(r"\d{7,}")
_WORD = re.compile(r"\w+")
_SPELT = re.compile(rf"(?:[^\W_]{UMLAUT}?)+")
"""A word of a name, with the dots of its umlauts."""
_LETTER = re.compile(rf"([aou])(?:{UMLAUT}|e)|(.){UMLAUT}?")
_MOST_SPELLINGS = 64
_Words = tuple[frozenset[str], ...]
"""Of a name, each in its spellings."""


class Lens:
    """Whose values stand in a text, of all who are searched. Pure."""

    def __init__(self, searched: Mapping[str, Known]) -> None:
        self._known = searched
        self._wholes: dict[str, set[str]] = {}
        self._numbers = _Parts()
        self._runs = _Parts()
        """Names in scripts without blanks."""
        self._names: dict[str, list[tuple[str, _Words]]] = {}
        """By the word of each name that the fewest others have."""
        for who, known in searched.items():
            for value in known.telling:
                self._learn(who, value)
        names = [(who, one) for who, known in searched.items() for name in known.names for one in _names(name)]
        often = Counter(word for _, name in names for word in _SPELT.findall(name))
        for who, name in names:
            words = _SPELT.findall(name)
            if words and all(map(is_unspaced, words)):
                self._runs.add("".join(unspaced_runs(name)), who)
            elif words:
                spelt = tuple(_spellings(word) for word in words)
                for word in _spellings(min(words, key=lambda w: (often[w], -len(w), w))):
                    self._names.setdefault(word, []).append((who, spelt))

    def _learn(self, who: str, value: str) -> None:
        """A number by its digits, a code also by its longest number: it is written in groups."""
        plain = "@" not in value and not any(c.isalpha() for c in value)
        bare = flat(value) if "@" in value else re.sub(r"[\W_]", "", flat(value))
        if plain:
            self._numbers.add(bare, who)
            return
        for whole in (bare, flat(value)):
            self._wholes.setdefault(whole, set()).add(who)
        if "@" not in value and (found := _LONG_NUMBER.findall(bare)):
            self._numbers.add(max(found, key=len), who)

    def people_in(self, text: str, *, names: bool) -> set[str]:
        """First by what stands in it as a whole, which is cheap, then by the engine that knows spellings."""
        who = set(chain.from_iterable(self._possible(flat(reading), names=names) for reading in readings(text)))
        return {w for w in who if known_values_in(text, self._values(w, names=names))}

    def _possible(self, text: str, *, names: bool) -> Iterator[str]:
        words = set(_WORD.findall(text))
        for whole in self._wholes.keys() & words:
            yield from self._wholes[whole]
        for address in _addresses(text):
            yield from self._wholes.get(address, ())
        for run in _NUMBER.findall(text):
            yield from self._numbers.people_in(re.sub(r"[\W_]", "", run))
        if names and self._names:
            if (apart := _apart(text)) != text:
                words.update(_WORD.findall(apart))
            for word in self._names.keys() & words:
                yield from (one for one, name in self._names[word] if not any(map(words.isdisjoint, name)))
        if names and self._runs and not text.isascii():
            yield from chain.from_iterable(map(self._runs.people_in, unspaced_runs(text)))

    def _values(self, who: str, *, names: bool) -> Sequence[str]:
        known = self._known[who]
        return (*known.telling, *known.names) if names else known.telling


class _Parts:
    """Who is known by a part of a longer run: looked up by every part that is as long as one of theirs."""

    def __init__(self) -> None:
        self._people: dict[str, set[str]] = {}
        self._lengths: list[int] = []

    def __len__(self) -> int:
        return len(self._people)

    def add(self, value: str, who: str) -> None:
        self._people.setdefault(value, set()).add(who)
        self._lengths = sorted({len(value), *self._lengths})

    def people_in(self, run: str) -> Iterator[str]:
        for length in self._lengths:
            for start in range(len(run) - length + 1):
                yield from self._people.get(run[start : start + length], ())


def _apart(text: str) -> str:
    """Where one word is written right beside another."""
    text = text.replace("_", " ")
    return text if text.isascii() else _UNSPACED.sub(" ", text)


def _addresses(text: str) -> Iterator[str]:
    if "@" in text:
        for found in _ADDRESS.findall(text):
            yield found.rstrip(".-'")
            local, _, domain = found.rpartition("@")
            end = _UNSPACED.split(domain)[0].rstrip(".-'")
            yield f"{_BEFORE_ADDRESS.split(local)[-1]}@{end}"


def _names(name: str) -> Iterator[str]:
    """Also without apostrophes."""
    one = folded(name)[0]
    yield one
    if "'" in one:
        yield one.replace("'", "")


def _spellings(word: str) -> frozenset[str]:
    """As they stand in a flat text: without dots, an umlaut also as two letters, and with an s at the end."""
    ways = [(m[1], m[1] + "e") if m[1] else (m[2],) for m in _LETTER.finditer(word)]
    found = ["".join(way) for way in islice(product(*ways), _MOST_SPELLINGS)]
    return frozenset(chain(found, (f"{way}s" for way in found)))
