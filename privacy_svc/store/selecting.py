"""Deciding for thousands of people of one collection at a time, and logging it as one entry."""

from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from privacy_svc import consent
from privacy_svc.auditlog import EventType, MonthTag, People
from privacy_svc.db import Database, among, each_ahead, gathered_texts, joined_bytes, prefer_indexes
from privacy_svc.errors import NotFound
from privacy_svc.policy import Collection, Decision, SubjectState
from privacy_svc.store import subjects
from privacy_svc.store.binding import Stores
from privacy_svc.store.evaluating import Terms
from privacy_svc.store.facts import FactReader
from privacy_svc.store.model import SubjectRow
from privacy_svc.store.pdp import UNKNOWN, Decider, DecisionPoint, Question, answer_payload, question_payload
from privacy_svc.store.rows import beyond, by_keys, chunks, is_possible, key_values, row_key, row_keys
from privacy_svc.vault import Subject

Looked = Sequence[tuple[list[str], list[str], bytes, int, SubjectState]]
"""People of whom the same is true: keys, subjects, tags of the month, version and state."""
MOST_NAMED = 20_000
"""People of a crowd whose tags are made with the entry; of more they are made before. More than are in a piece: the
first one's people are among them in any case, for they might yet be few."""


@dataclass(frozen=True, slots=True)
class Totals:
    """`reasons`: how many were denied for which first reason."""

    asked: int
    permitted: int
    denied: int
    reasons: dict[str, int]


_ROWS = (
    select(SubjectRow.key, Subject.id, MonthTag.tag, Subject.state_version, *consent.FACTS)
    .join(Subject, Subject.id == SubjectRow.subject_id)
    .outerjoin(MonthTag, and_(MonthTag.subject_id == Subject.id, MonthTag.month == bindparam("month")))
    .where(
        SubjectRow.dataset == bindparam("dataset"),
        SubjectRow.collection == bindparam("collection"),
        among(SubjectRow.key, "keys"),
    )
    .subquery()
)
_PERSON, _SAME = tuple(_ROWS.c)[:3], tuple(_ROWS.c)[3:]
_GATHERED = (gathered_texts(_PERSON[0]), gathered_texts(_PERSON[1]), joined_bytes(_PERSON[2]))
_ABOUT = select(*_GATHERED, *_SAME).group_by(_PERSON[2].is_(None), *_SAME)
"""The people of these keys by their state and version, and by whether their tag of the month is there."""


class Selection:
    """One attempt to decide everybody at one moment, by one connection: who waits for a second one while they hold the
    first, and many do, waits for ever."""

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
        self._outcomes = Counter[str]()
        self._reading = pdp.reading(decider, question.purpose)
        self._states = consent.SharedStates(self._reading)
        self._people: People
        self._erasures = (0, 0)
        self._groups: dict[int, tuple[str, int]] = {}
        self._answers: list[Decision] = []
        """Of the groups, by number. A group is all people who got the same answer."""
        self.lacking = False
        """It ended early: something must be written first, see `prepare`."""

    @property
    def at(self) -> datetime:
        """Just before the moment of which everybody's state is: whatever was acknowledged by then is seen."""
        return self._decider.at

    @property
    def policy_version(self) -> str:
        return self._decider.policies.version

    @property
    def totals(self) -> Totals:
        outcomes = self._outcomes
        asked, permitted = outcomes.total(), outcomes[""]
        return Totals(asked, permitted, asked - permitted, {r: n for r, n in sorted(outcomes.items()) if r})

    def everybody(self, size: int, after: str | None = None) -> Iterator[list[str]]:
        return every_key(self._stores, self._collection, size, after)

    def reasons(self, pieces: Iterable[list[str]], *, existing: bool) -> Generator[tuple[list[str], list[str]]]:
        """Each piece of keys with the first reason of each, "" where it is permitted. `existing`: the store has all of
        them. Close it where it is not read to its end."""
        with self._database.snapshot() as session:
            self._erasures = self._pdp.audit.vault.erasures(session)
            self._people = People(self.at, self._pdp.audit.vault.organisation_cipher(session))
            place = dict(zip(("dataset", "collection"), subjects.known_as(session, self._collection), strict=True))
            asked = {**place, "month": self._people.month, **consent.asking(self._reading)}
            prefer_indexes(session)
            with closing(each_ahead(pieces, partial(self._look, session, asked), 1)) as looked:
                for keys, found in looked:
                    reasons = self._decide(keys, found, existing=existing)
                    if self.lacking:
                        return
                    self._outcomes.update(reasons)
                    yield keys, reasons

    def prepare(self, pieces: Iterable[list[str]], *, existing: bool) -> list[list[str]]:
        """The pieces, once it is written what deciding them rests on, each in a transaction of its own: whoever is
        permitted and not known yet is admitted, so that the entry names them, and has a tag of the month where they
        are a crowd."""
        kept, seen = list[list[str]](), 0
        for keys in pieces:
            kept.append(keys)
            seen += len(keys)
            with self._database.write() as session:
                people = subjects.known(session, self._collection, keys)
                if new := self._welcome([key for key in keys if key not in people], existing=existing):
                    reader = FactReader(self._stores, self._pdp.audit.vault, self._decider.policies)
                    audit, actor = self._pdp.audit, self._question.actor
                    people |= subjects.admit(session, reader, audit, self._collection, new, actor)
                if self._people.is_crowd(seen):
                    self._people.make_tags(session, self._pdp.audit.vault, set(people.values()))
        return kept

    def _look(self, session: Session, asked: Mapping[str, Any], keys: Sequence[str]) -> Looked:
        """What is known of these customers; asked ahead, while others are decided."""
        rows = session.connection().execute(_ABOUT, {**asked, "keys": keys}).all()
        states = self._states.of(session, [tuple(facts) for _, _, _, _, *facts in rows])
        return [(*row[:4], state) for row, state in zip(rows, states, strict=True)]

    def _decide(self, keys: Sequence[str], looked: Looked, *, existing: bool) -> list[str]:
        reasons = self._of_known(looked)
        if len(reasons) < len(keys):
            reasons |= self._of_unknown([k for k in keys if k not in reasons], existing=existing)
        if self._people.many and len(self._people.named) > MOST_NAMED:
            self.lacking = True
        return [reasons[key] for key in keys]

    def _of_known(self, looked: Looked) -> dict[str, str]:
        """By key. They go into the entry, unless they were erased: they have no tag any more."""
        reasons: dict[str, str] = {}
        for keys, subject_ids, tags, version, state in looked:
            reason, group = self._group(state)
            reasons |= dict.fromkeys(keys, reason)
            if not state.erased:
                self._people.add(subject_ids, tags, group, version)
        return reasons

    def _of_unknown(self, keys: Sequence[str], *, existing: bool) -> dict[str, str]:
        there = list(keys if existing else self._in_store(keys))
        refused = self._reason(self._of_stranger())
        if there and not refused:
            self.lacking = True
        return dict.fromkeys(keys, UNKNOWN) | dict.fromkeys(there, refused)

    def _welcome(self, keys: Sequence[str], *, existing: bool) -> list[str]:
        """Of people we do not know, those in the store, where they are permitted."""
        if not keys or self._reason(self._of_stranger()):
            return []
        return list(keys if existing else self._in_store(keys))

    def _group(self, shared: SubjectState) -> tuple[str, int]:
        """The first reason and the number of all who are in this state, one object of `SharedStates`."""
        known = self._groups.get(id(shared))
        if known is None:
            decision = self._decider.decide_shared(self._question, shared)
            known = self._groups[id(shared)] = self._reason(decision), len(self._answers)
            self._answers.append(decision)
        return known

    def _of_stranger(self) -> Decision:
        assert self._collection.subject is not None
        return self._decider.decide(self._question, consent.unknown_subject_state(self._collection.subject))

    def _in_store(self, keys: Iterable[str]) -> Iterator[str]:
        bound = self._bound
        for chunk in chunks([k for k in keys if is_possible(bound, k)]):
            with self._stores.read(self._collection.dataset) as connection:
                statement = select(*bound.key_columns).where(by_keys(bound, chunk))
                yield from (row_key(self._collection, r) for r in connection.execute(statement).mappings())

    def _reason(self, decision: Decision) -> str:
        """The first; none where it is permitted."""
        refused = self._terms.refuse(decision)
        return str(refused[0].code) if refused else ""

    def log(self) -> str:
        """The id of the entry. Raises NotFound when somebody was erased meanwhile, Conflict when the month ended."""
        policies = self._decider.policies
        groups = [answer_payload(policies, d) for d in self._answers]
        told = {**question_payload(policies, self._question), "groups": groups, "policy_version": self.policy_version}
        payload = {**told, **asdict(self.totals), "collection": self._collection.path}
        kind, actor, audit = EventType.AUDIENCE_DECIDED, self._question.actor, self._pdp.audit
        with self._database.write() as session:
            self._pdp.keep(session, policies)
            if self._people.many:
                self._refuse_erased(session)
            elif not self._people.named:
                return audit.append(session, kind, actor=actor, payload=payload)
            return audit.append_people(session, kind, self._people, payload, actor=actor)

    def _refuse_erased(self, session: Session) -> None:
        """A crowd is not held, as few people are. Counted, not by a time: clocks of machines differ."""
        if self._pdp.audit.vault.erasures(session) != self._erasures:
            raise NotFound("Somebody was erased meanwhile.")


def every_key(stores: Stores, collection: Collection, size: int, after: str | None = None) -> Iterator[list[str]]:
    """Keys of the store's rows beyond `after` in keyset batches."""
    bound = stores.bind(collection)
    columns = bound.key_columns
    statement = select(*columns).order_by(*columns).limit(size)
    last = None if after is None else list(key_values(bound, after).values())
    while True:
        narrowed = statement if last is None else statement.where(beyond(columns, last))
        with stores.read(collection.dataset) as connection:
            rows = connection.execute(narrowed).all()
        if not rows:
            return
        yield row_keys(rows)
        last = list(rows[-1])
