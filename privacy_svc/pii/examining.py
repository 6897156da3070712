"""Recognisers run over a text as Presidio's AnalyzerEngine would, and faster: it asks gates first, and where a finding
counts only beside a word ("passport"), looks first whether such a word is there.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Any

from presidio_analyzer import PatternRecognizer, RecognizerResult

from privacy_svc.pii.entities import counts
from privacy_svc.pii.gates import OR_A_WORD, Gate, gate_of

WORDS = re.compile(r"\w+|[^\w\s]")
BEFORE = 5
"""Words before a finding, and its own first, that are looked at."""
BOOST, AT_LEAST = 0.35, 0.4
"""What such a word adds, and what it makes of a finding at least: Presidio's figures."""


class Examiner:
    def __init__(self, recognizers: Sequence[Any]) -> None:
        self._asked = [_Asked(r) for r in recognizers]

    def examine(self, text: str) -> Iterator[tuple[RecognizerResult, str]]:
        """What each recogniser finds, and its name."""
        words = _Words(text)
        for asked in self._asked:
            if not asked.passes(text, words):
                continue
            for result in asked.recognizer.analyze(text, asked.entities, None) or ():
                if asked.context and words.before(result.start) & asked.context:
                    result.score = min(max(result.score + BOOST, AT_LEAST), 1.0)
                yield result, asked.recognizer.name


class _Asked:
    """A recogniser and when it is asked."""

    def __init__(self, recognizer: Any) -> None:
        self.recognizer, self.entities = recognizer, recognizer.supported_entities
        self.context = frozenset(word.lower() for word in recognizer.context or ())
        self._gate: Gate | None = gate_of(recognizer.name)
        self._word = bool(self.context) and _needs_a_word(recognizer)
        self._or_a_word = recognizer.name in OR_A_WORD

    def passes(self, text: str, words: "_Words") -> bool:
        shut = self._gate is not None and not self._gate(text)
        if self._or_a_word:
            return not shut or (words.digits and not self.context.isdisjoint(words.all))
        return not shut and not (self._word and self.context.isdisjoint(words.all))


def _needs_a_word(recognizer: Any) -> bool:
    """Nothing it finds is certain enough by itself."""
    patterns: Any = getattr(recognizer, "patterns", None)
    if not isinstance(recognizer, PatternRecognizer):
        return False
    sure = type(recognizer).validate_result is not PatternRecognizer.validate_result
    only_refuses = getattr(recognizer, "only_refuses", not sure)
    return only_refuses and not any(counts(recognizer.supported_entities[0], p.score) for p in patterns)


class _Words:
    """Of a text; cut when they are first asked for."""

    def __init__(self, text: str) -> None:
        self._text, self._cut = text, False
        self._ends: list[int] = []
        self._words: list[str] = []
        self._all: frozenset[str] = frozenset()

    @property
    def all(self) -> frozenset[str]:
        self._look()
        return self._all

    @property
    def digits(self) -> bool:
        return _DIGIT.search(self._text) is not None

    def _look(self) -> None:
        if not self._cut:
            found = list(WORDS.finditer(self._text))
            self._ends, self._words = [m.end() for m in found], [m[0].lower() for m in found]
            self._all, self._cut = frozenset(self._words), True

    def before(self, start: int) -> set[str]:
        """The word at this place and the five before it; signs and "be" do not count."""
        self._look()
        at, found = bisect_right(self._ends, start), set()
        left = BEFORE + 1
        while at >= 0 and left:
            word = self._words[at] if at < len(self._words) else ""
            if word[:1].isalnum() and word != "be":
                found.add(word)
                left -= 1
            at -= 1
        return found


_DIGIT = re.compile(r"\d{6}")
