"""What in a text may be somebody's name, e-mail address or telephone number, whatever lists and models say: to be asked
for among the people of the stores. Pure.

A name is two to five words with capitals that stand together, in any order, also with a comma or a further word between
them. So "Mark" and "Rose" take nothing out, and "Mark Rose" does where there is such a person.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Self

from privacy_svc.pii.capitals import Word, runs
from privacy_svc.pii.finding import Finding
from privacy_svc.pii.markup import Seen, is_markup, seen

Pair = tuple[str, str]
"""Two parts of a name, as they follow each other in the text."""
_LOCAL = r"[\w.!#$%&*+/=?^{|}~-]"
_ADDRESS = re.compile(rf"(?<!{_LOCAL}){_LOCAL}{{1,64}}@[\w-](?:[\w.-]{{0,253}}\w)?")
_NUMBER = re.compile(r"(?<![\w+])\+?\(?\d(?:[ \t./()\u00a0-]{0,3}\d){5,16}(?!\w)")
_COMMA = re.compile(r",[ \t\u00a0]{1,2}")
_LONGEST, _LONG = 5, 8
"""Words of a name; and of a run in which names have two: it is written in capitals."""
_SHORTEST = 3
"""Letters of a part of a name that is looked for in the rest of the text."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for, of one text or of many; of these what is somebody's. As written; never in `repr`."""

    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    names: frozenset[Pair] = frozenset()

    def __repr__(self) -> str:
        return f"Asked({len(self.emails)}, {len(self.phones)}, {len(self.names)})"

    @classmethod
    def all(cls, asked: Iterable[Self]) -> Self:
        each = list(asked)
        return cls(*(frozenset(chain.from_iterable(getattr(a, n) for a in each)) for n in cls.__slots__))


class Mentions:
    """Those of one text. `own`: words of the person's name whom the text is given to."""

    def __init__(self, text: str, language: str, own: Collection[str] = ()) -> None:
        self._own = own
        self._views = [_View(text, None, language)]
        if is_markup(text):
            shown = seen(text)
            self._views.append(_View(shown.text, shown, language))
        self._at: dict[str | Pair, list[Finding]] = defaultdict(list)
        self._parts: dict[Pair, set[str]] = defaultdict(set)

    def asked(self, covered: Sequence[Finding]) -> Asked:
        """Without what is found already."""
        emails, phones, names = set[str](), set[str](), set[Pair]()
        for view in self._views:
            for kept, pattern, entity, category in (
                (emails, _ADDRESS, "EMAIL_ADDRESS", "user.contact.email"),
                (phones, _NUMBER, "PHONE_NUMBER", "user.contact.phone_number"),
            ):
                for match in pattern.finditer(view.text):
                    if self._note(match[0], view.placed(entity, category, *match.span()), covered):
                        kept.add(match[0])
            for pair, window, parts in view.names():
                mine = all(w.plain in self._own for w in parts)
                if not mine and self._note(pair, view.person(window[0].start, window[-1].end), covered):
                    names.add(pair)
                    self._parts[pair].update(w.plain for w in parts if _is_telling(w) and w.plain not in self._own)
        return Asked(frozenset(emails), frozenset(phones), frozenset(names))

    def _note(self, what: str | Pair, places: Iterable[Finding], covered: Sequence[Finding]) -> bool:
        open_ = [p for p in places if not any(c.start <= p.start and p.end <= c.end for c in covered)]
        self._at[what] += open_
        return bool(open_)

    def found(self, known: Asked) -> list[Finding]:
        """Where stands what is somebody's. Who is named in full is known by each part of the name in the rest of the
        text, where it is no other word."""
        here: list[str | Pair] = [*known.emails, *known.phones, *known.names]
        found = [place for what in here if what in self._at for place in self._at[what]]
        parts = set(chain.from_iterable(self._parts.get(pair, ()) for pair in known.names))
        for view in self._views if parts else ():
            found += [p for w in view.words if w.plain in parts for p in view.person(w.start, w.end)]
        return found


class _View:
    """The text as it is written, or as a reader of its markup sees it."""

    def __init__(self, text: str, shown: Seen | None, language: str) -> None:
        self.text, self._shown = text, shown
        self._runs = list(runs(text, language))
        self.words = [word for run in self._runs for word in run]

    def placed(self, entity: str, category: str, start: int, end: int) -> list[Finding]:
        found = Finding(entity, category, start, end, 1.0, "people_of_the_store")
        return [found] if self._shown is None else list(self._shown.placed(found))

    def person(self, start: int, end: int) -> list[Finding]:
        return self.placed("PERSON", "user.name", start, end)

    def names(self) -> Iterator[tuple[Pair, Sequence[Word], Sequence[Word]]]:
        """Two parts of what may be a name, the words from its first to its last, and the words it is made of."""
        for run in self._joined():
            short = [w for w in run if not w.initial]
            for words in (run,) if len(short) == len(run) else (run, short):
                for window in _windows(words):
                    for left, right in _cuts(window):
                        if any(w.first or w.last or not w.common for w in (*left, *right) if not w.particle):
                            yield (self._written(left), self._written(right)), window, (*left, *right)

    def _joined(self) -> Iterator[list[Word]]:
        """Runs, those on both sides of a comma as one: `Berg, Bo`."""
        joined: list[Word] = []
        for run in self._runs:
            beside = bool(joined) and _COMMA.fullmatch(self.text, joined[-1].end, run[0].start) is not None
            if beside and len(joined) + len(run) <= _LONG:
                joined = [*joined, *run]
            else:
                yield joined
                joined = run
        yield joined

    def _written(self, words: Sequence[Word]) -> str:
        return " ".join(self.text[w.start : w.end] for w in words)


def _windows(words: Sequence[Word]) -> Iterator[Sequence[Word]]:
    longest = _LONGEST if len(words) <= _LONG else 2
    for start in range(len(words)):
        for end in range(start + 2, min(len(words), start + longest) + 1):
            if not words[end - 1].particle:
                yield words[start:end]


def _cuts(window: Sequence[Word]) -> Iterator[tuple[Sequence[Word], Sequence[Word]]]:
    """In two, also without a word between them."""
    for at in range(1, len(window)):
        yield window[:at], window[at:]
        if at + 1 < len(window):
            yield window[:at], window[at + 1 :]


def words_of(name: str) -> set[str]:
    """As they are compared with those of a text."""
    return set(unicodedata.normalize("NFC", name.casefold()).replace(",", " ").split())


def _is_telling(word: Word) -> bool:
    return len(word.plain) >= _SHORTEST and not (word.common or word.particle or word.initial)
