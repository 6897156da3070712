"""Shadow mode: what candidate policies would decide of real requests. Counted and logged, never enforced.

Nothing that goes wrong here reaches the decision. The log names modules, purposes, fields and reasons, and nobody.
"""

import threading
import time
from datetime import datetime
from pathlib import Path

import structlog
from prometheus_client import Counter

from privacy_svc.errors import Misconfigured
from privacy_svc.policy import Decision, Direction, PolicyHolder, PolicySet, SubjectState, decide, direction, outcome

_log = structlog.get_logger(__name__)
_SHADOWED = Counter(
    "privacy_shadow_decisions",
    "Decisions that candidate policies made too, by what would change.",
    ("purpose", "change"),
)
LINES_A_MINUTE = 30
SAME, BROKEN = "same", "broken"


class Shadow:
    """A candidate that cannot be read yet is looked for again every `interval` seconds."""

    def __init__(self, folder: Path, *, interval: float = 5.0) -> None:
        self.folder, self._interval = folder, interval
        self._holder: PolicyHolder | None = None
        self._next = 0.0
        self._minute, self._lines, self._left_out = 0.0, 0, 0
        self._lock = threading.Lock()

    def look(
        self, real: PolicySet, fields: tuple[str, ...], state: SubjectState, at: datetime, decision: Decision
    ) -> None:
        """The candidate's decision beside the one that was made. Never raises."""
        purpose = decision.purpose if decision.purpose in real.purposes else "unknown"
        try:
            candidate = self._candidate()
            if candidate is None:
                return
            theirs = decide(candidate, decision.module, decision.purpose, fields, state, at)
            change = _changes(decision, theirs)
            _SHADOWED.labels(purpose, change[0] if change else SAME).inc()
            if change:
                self._tell(decision, theirs, real.all_field_names | candidate.all_field_names, *change)
        except Exception as error:  # noqa: BLE001 - whatever it is, the real decision stands
            _SHADOWED.labels(purpose, BROKEN).inc()
            self._line("policy.shadow.broken", error=type(error).__name__)

    def compared(self) -> tuple[PolicySet, ...]:
        """The candidate, where there is one: people's states must tell apart what it tells apart. Never raises."""
        try:
            candidate = self._candidate()
        except Exception:  # noqa: BLE001 - whatever it is, `look` says so and the real decision stands
            return ()
        return (candidate,) if candidate is not None else ()

    def _candidate(self) -> PolicySet | None:
        if self._holder is not None:
            return self._holder.current
        if time.monotonic() < self._next:
            return None
        self._next = time.monotonic() + self._interval
        try:
            self._holder = PolicyHolder(self.folder, candidate=True)
        except Misconfigured as error:
            self._line("policy.shadow.refused", faults=[str(error)])
            return None
        return self._holder.current

    def _tell(
        self, ours: Decision, theirs: Decision, known: frozenset[str], way: Direction, before: str, after: str
    ) -> None:
        changed = [n for n in ours.fields if n in known and direction(ours.fields[n], theirs.fields[n])]
        self._line(
            "policy.shadow",
            module=ours.module,
            purpose=ours.purpose,
            change=str(way),
            before=before,
            after=after,
            fields=changed,
            in_force=ours.policy_version,
            candidate=theirs.policy_version,
        )

    def _line(self, event: str, **about: object) -> None:
        """At most so many a minute; the next one says how many were left out."""
        with self._lock:
            if time.monotonic() - self._minute >= 60:
                self._minute, self._lines = time.monotonic(), 0
            self._lines += 1
            if self._lines > LINES_A_MINUTE:
                self._left_out += 1
                return
            left_out, self._left_out = self._left_out, 0
        _log.info(event, left_out=left_out, **about)


def _changes(ours: Decision, theirs: Decision) -> tuple[Direction, str, str] | None:
    """The gravest difference: a loosening, then a tightening, then another reason."""
    if not ours.fields:
        return _whole(ours, theirs)
    found = [
        (way, outcome(ours.fields[n]), outcome(theirs.fields[n]))
        for n in ours.fields
        if (way := direction(ours.fields[n], theirs.fields[n]))
    ]
    return min(found, key=lambda c: list(Direction).index(c[0]), default=None)


def _whole(ours: Decision, theirs: Decision) -> tuple[Direction, str, str] | None:
    """Of a question about the purpose as such."""
    before, after = (str(d.reasons[0].code) if d.reasons else "permit" for d in (ours, theirs))
    if before == after:
        return None
    if ours.permit_all is theirs.permit_all:
        return Direction.REASON, before, after
    return Direction.LOOSENED if theirs.permit_all else Direction.TIGHTENED, before, after
