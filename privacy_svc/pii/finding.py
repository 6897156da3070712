"""What was found in a text, and what remains when findings overlap. Pure."""

from collections.abc import Iterable
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
        kept += _rest(text, found, kept)
    return sorted(kept, key=lambda f: f.start)


def _rest(text: str, found: Finding, kept: Iterable[Finding]) -> list[Finding]:
    """The parts of `found` outside of all `kept`, without those of punctuation only."""
    parts, start = [], found.start
    for other in sorted((k for k in kept if k.start < found.end and k.end > found.start), key=lambda k: k.start):
        parts.append((start, other.start))
        start = other.end
    parts.append((start, found.end))
    return [replace(found, start=a, end=b) for a, b in parts if a < b and any(c.isalnum() for c in text[a:b])]
