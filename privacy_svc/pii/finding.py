"""What was found in a text, and what remains when findings overlap. Pure."""

from bisect import bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Finding:
    """A place in a text, never the text itself. `start` and `end` count Unicode code points;
    `category` is a fideslang data category."""

    entity: str
    category: str
    start: int
    end: int
    score: float
    recognizer: str


def without_overlaps(text: str, findings: Iterable[Finding]) -> list[Finding]:
    """Disjoint findings in the order of the text. Every letter and digit that a finding covered is still covered.

    The more certain one wins, then the longer. What of a weaker one sticks out stays a finding of its own.
    """
    kept: list[Finding] = []
    for found in sorted(findings, key=lambda f: (-f.score, f.start - f.end, f.start, f.entity)):
        for part in _rest(text, found, kept):
            insort(kept, part, key=_start)
    return kept


def _start(found: Finding) -> int:
    return found.start


def _rest(text: str, found: Finding, kept: Sequence[Finding]) -> list[Finding]:
    """The parts of `found` outside of all `kept`, without those of punctuation only."""
    parts, start = [], found.start
    for at in range(max(0, bisect_right(kept, start, key=_start) - 1), len(kept)):
        other = kept[at]
        if other.start >= found.end:
            break
        if other.end > start:
            parts.append((start, other.start))
            start = other.end
    parts.append((start, found.end))
    return [replace(found, start=a, end=b) for a, b in parts if a < b and any(c.isalnum() for c in text[a:b])]
