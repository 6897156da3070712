"""What another policy would decide about the real customers: counts by module, purpose and reason, and nobody's name.

Reads as an audience does, thousands of people in one statement; people of whom the same is true are decided once.
Nobody becomes a subject by it. It is logged with its totals.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from privacy_svc import consent
from privacy_svc.auditlog import EventType, Log
from privacy_svc.db import Database, now
from privacy_svc.errors import InvalidBody, Misconfigured
from privacy_svc.policy import Change, PolicyHolder, PolicySet, SubjectState, compare_over, compile_policies
from privacy_svc.store import subjects
from privacy_svc.store.binding import Stores
from privacy_svc.store.pdp import same_state
from privacy_svc.store.selecting import every_key

CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class Simulated:
    """`people`: how many were looked at; a change's `count` is people."""

    old: str
    new: str
    people: int
    at: datetime
    changes: tuple[Change, ...]


class Simulation:
    def __init__(self, policies: PolicyHolder, stores: Stores, database: Database, log: Log) -> None:
        self._policies, self._stores, self._database, self._log = policies, stores, database, log

    def candidate(self, files: Mapping[str, str | None]) -> PolicySet:
        """The files in force with some replaced, or left out. Raises InvalidBody with file and line."""
        wanted = {p: t for p, t in {**self._policies.current.files, **files}.items() if t is not None}
        try:
            return compile_policies({p: t.encode() for p, t in wanted.items()})
        except Misconfigured as error:
            raise InvalidBody(error.detail, faults=error.faults) from None

    def run(self, candidate: PolicySet, actor: str, sample: int | None = None) -> Simulated:
        """`sample`: at most so many of each collection of persons, the first by key."""
        current, at = self._policies.current, now()
        people, tally = self._gather(current, candidate, at, sample)
        found = compare_over(current, candidate, at, lambda purpose: tally[purpose])
        # The example is a state of somebody real.
        changes = tuple(replace(c, example="") for c in found)
        by_direction = Counter[str]()
        for change in changes:
            by_direction[change.direction] += change.count
        payload = {"policy_version": current.version, "candidate": candidate.version, "people": people, **by_direction}
        with self._database.write() as session:
            self._log.append(session, EventType.POLICY_SIMULATED, actor=actor, payload=payload)
        return Simulated(current.version, candidate.version, people, at, changes)

    def _gather(
        self, current: PolicySet, candidate: PolicySet, at: datetime, sample: int | None
    ) -> tuple[int, dict[str, list[tuple[SubjectState, int]]]]:
        """Of each purpose the distinct states, with how many people are in each."""
        purposes = sorted({*current.purposes, *candidate.purposes})
        counts = {p: Counter[object]() for p in purposes}
        states: dict[object, SubjectState] = {}
        people = 0
        for collection in current.data_map.identities():
            assert collection.subject is not None
            stranger = consent.unknown_subject_state(collection.subject)
            left = sample
            for keys in every_key(self._stores, collection, CHUNK):
                asked = keys if left is None else keys[:left]
                with self._database.read() as session:
                    known = list(subjects.known(session, collection, asked).values())
                    for purpose in purposes:
                        reading = consent.Reading(self._log.vault, (current, candidate), purpose, at)
                        seen = [s.shared for s in consent.standings(session, known, reading)]
                        for state in (*seen, *[stranger] * (len(asked) - len(seen))):
                            states.setdefault(key := same_state(state), state)
                            counts[purpose][key] += 1
                people += len(asked)
                left = None if left is None else left - len(asked)
                if left == 0:
                    break
        return people, {p: [(states[k], n) for k, n in found.items()] for p, found in counts.items()}


def as_data(found: Simulated) -> dict[str, object]:
    """For JSON."""
    return asdict(found)
