"""What a verification says of each stretch of the log: runs of entries in one state. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field

INTACT = "intact"


@dataclass(frozen=True, slots=True)
class Range:
    """Entries `first` to `until` - 1 are all intact, pruned, erased, lost, unproven, or what a finding's kind says."""

    first: int
    until: int
    state: str


@dataclass(slots=True)
class _Run:
    first: int
    until: int
    state: str


@dataclass
class Ranges:
    """Runs are added in order of their index; single entries may be marked afterwards."""

    _runs: list[_Run] = field(default_factory=list)
    _marks: dict[int, str] = field(default_factory=dict)

    def add(self, first: int, until: int, state: str) -> None:
        last = self._runs[-1] if self._runs else None
        if last is not None and last.until == first and last.state == state:
            last.until = until
        elif first < until:
            self._runs.append(_Run(first, until, state))

    def mark(self, index: int, state: str) -> None:
        """The first mark of an entry counts."""
        self._marks.setdefault(index, state)

    def told(self) -> tuple[Range, ...]:
        joined = Ranges()
        for piece in self._pieces():
            joined.add(piece.first, piece.until, piece.state)
        return tuple(Range(run.first, run.until, run.state) for run in joined._runs)

    def _pieces(self) -> Iterator[Range]:
        marks = sorted(self._marks.items(), reverse=True)
        for run in self._runs:
            at = run.first
            while marks and marks[-1][0] < run.until:
                index, state = marks.pop()
                if index >= at:
                    yield Range(at, index, run.state)
                    yield Range(index, index + 1, state)
                    at = index + 1
            yield Range(at, run.until, run.state)
