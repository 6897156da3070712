"""Deciding for thousands of people of one collection at a time, and logging it as one entry."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc import consent
from privacy_svc.auditlog import EventType, GroupEvent
from privacy_svc.db import Database
from privacy_svc.policy import Collection, Decision, ReasonCode, SubjectState
from privacy_svc.store import subjects
from privacy_svc.store.binding import BoundCollection, Stores
from privacy_svc.store.errors import UnknownRecord
from privacy_svc.store.evaluating import Terms
from privacy_svc.store.facts import FactReader
from privacy_svc.store.pdp import Decider, DecisionPoint, Question, answer_payload, question_payload
from privacy_svc.store.rows import beyond, by_keys, chunks, key_values, row_key

UNKNOWN = "unknown_customer"
"""The reason of a key that the store does not have."""


@dataclass(frozen=True, slots=True)
class Totals:
    """`reasons`: how many were denied for which first reason."""

    asked: int
    permitted: int
    denied: int
    reasons: dict[str, int]


@dataclass
class _Gathered:
    """What the entry will say. A group is all people who got the same answer."""

    outcomes: Counter[str] = field(default_factory=Counter)
    """By first reason; "" is permitted."""
    answers: list[Decision] = field(default_factory=list)
    """Of the groups, by number."""
    people: dict[str, tuple[int, int]] = field(default_factory=dict)


class Selection:
    def __init__(
        self,
        stores: Stores,
        database: Database,
        pdp: DecisionPoint,
        decider: Decider,
        question: Question,
        terms: Terms,
        collection: Collection,
    ) -> None:
        self._database, self._pdp, self._decider, self._question, self._terms = database, pdp, decider, question, terms
        self._stores, self._collection, self._bound = stores, collection, stores.bind(collection)
        self._found = _Gathered()
        self._groups: dict[int, tuple[str, int]] = {}
        self._kept: list[SubjectState] = []  # so that no other state gets the same id()

    @property
    def at(self) -> datetime:
        return self._decider.at

    @property
    def policy_version(self) -> str:
        return self._decider.policies.version

    @property
    def totals(self) -> Totals:
        outcomes = self._found.outcomes
        asked, permitted = outcomes.total(), outcomes[""]
        return Totals(asked, permitted, asked - permitted, {r: n for r, n in sorted(outcomes.items()) if r})

    def everybody(self, size: int, after: str | None = None) -> Iterator[list[str]]:
        return every_key(self._stores, self._collection, size, after)

    def decide(self, keys: Sequence[str], *, existing: bool) -> list[tuple[str, str]]:
        """Each key with its first reason, "" where it is permitted. Who is permitted and not known yet is admitted
        first, so that the entry names them. `existing`: the store has all of them."""
        with self._database.read() as session:
            subject_of = subjects.known(session, self._collection, keys)
            reason_of = self._of_known(session, subject_of.values())
        unknown = [k for k in keys if k not in subject_of]
        there = set(unknown if existing else self._in_store(unknown))
        stranger = self._of_stranger()
        if there and not self._reason(stranger):
            with self._database.write() as session:
                audit, actor = self._pdp.audit, self._question.actor
                admitted = subjects.admit(session, self._reader, audit, self._collection, there, actor)
                subject_of |= admitted
                reason_of |= self._of_known(session, admitted.values())
        reasons = {key: reason_of[subject_id] for key, subject_id in subject_of.items()}
        reasons |= dict.fromkeys(there - subject_of.keys(), self._reason(stranger))
        found = [(key, reasons.get(key, UNKNOWN)) for key in keys]
        self._found.outcomes.update(reason for _, reason in found)
        return found

    @property
    def _reader(self) -> FactReader:
        return FactReader(self._stores, self._pdp.audit.vault, self._decider.policies)

    def _of_known(self, session: Session, subject_ids: Iterable[str]) -> dict[str, str]:
        """The first reason by person. They go into the entry, unless they were erased: they have no tag any more."""
        reasons: dict[str, str] = {}
        people = self._found.people
        reading = self._pdp.reading(self._decider, self._question.purpose)
        for s in consent.standings(session, list(subject_ids), reading):
            reason, group = self._group(s.shared)
            reasons[s.subject_id] = reason
            if reason != ReasonCode.ERASED:
                people[s.subject_id] = (group, s.version)
        return reasons

    def _group(self, shared: SubjectState) -> tuple[str, int]:
        """The first reason and the number of all who are in this state."""
        known = self._groups.get(id(shared))
        if known is None:
            decision = self._decider.decide_shared(self._question, shared)
            known = self._groups[id(shared)] = self._reason(decision), len(self._found.answers)
            self._found.answers.append(decision)
            self._kept.append(shared)
        return known

    def _of_stranger(self) -> Decision:
        assert self._collection.subject is not None
        return self._decider.decide(self._question, consent.unknown_subject_state(self._collection.subject))

    def _in_store(self, keys: Iterable[str]) -> Iterator[str]:
        bound = self._bound
        for chunk in chunks([k for k in keys if _possible(bound, k)]):
            with self._stores.read(self._collection.dataset) as connection:
                statement = select(*bound.key_columns).where(by_keys(bound, chunk))
                yield from (row_key(self._collection, r) for r in connection.execute(statement).mappings())

    def _reason(self, decision: Decision) -> str:
        """The first; none where it is permitted."""
        refused = self._terms.refuse(decision)
        return str(refused[0].code) if refused else ""

    def log(self) -> str:
        """The id of the entry. Raises NotFound when somebody was erased meanwhile."""
        found = self._found
        groups = [answer_payload(d) for d in found.answers]
        told = {**question_payload(self._question), "groups": groups, "policy_version": self.policy_version}
        payload = {**told, **asdict(self.totals), "collection": self._collection.path}
        kind, actor, audit = EventType.AUDIENCE_DECIDED, self._question.actor, self._pdp.audit
        with self._database.write() as session:
            self._pdp.keep(session, self._decider.policies)
            if not found.people:
                return audit.append(session, kind, actor=actor, payload=payload)
            return audit.append_group(session, GroupEvent(kind, found.people, payload), actor=actor)


def every_key(stores: Stores, collection: Collection, size: int, after: str | None = None) -> Iterator[list[str]]:
    """Keys of the store's rows beyond `after` in keyset batches."""
    bound = stores.bind(collection)
    columns = bound.key_columns
    statement = select(*columns).order_by(*columns).limit(size)
    last = None if after is None else list(key_values(bound, after).values())
    while True:
        narrowed = statement if last is None else statement.where(beyond(columns, last))
        with stores.read(collection.dataset) as connection:
            rows = connection.execute(narrowed).mappings().all()
        if not rows:
            return
        yield [row_key(collection, row) for row in rows]
        last = [rows[-1][name] for name in collection.key]


def _possible(bound: BoundCollection, key: str) -> bool:
    try:
        key_values(bound, key)
    except UnknownRecord:
        return False
    return True
