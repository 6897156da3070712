"""Reading the customer store for a purpose: permitted fields in clear, masked where policy masks, the rest withheld."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Collection as Collected
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType
from privacy_svc.db import Database
from privacy_svc.errors import Erased, PrivacyError, UnknownCustomer
from privacy_svc.http import CustomerRef
from privacy_svc.policy import (
    Collection,
    Decision,
    Effect,
    Field,
    FieldDecision,
    Mask,
    PolicySet,
    ReasonCode,
    apply_mask,
    denied,
)
from privacy_svc.store import subjects
from privacy_svc.store.binding import BoundCollection, Row, Stores, find_collection
from privacy_svc.store.directory import Directory
from privacy_svc.store.errors import UnknownField, UnknownRecord, nearest
from privacy_svc.store.facts import FactReader
from privacy_svc.store.opening import open_with
from privacy_svc.store.pdp import UNKNOWN, UNKNOWN_RECORD, DecisionPoint, Question, known_purpose, qualified
from privacy_svc.store.rows import beyond, beyond_key, key_values, one_row, owners, row_key
from privacy_svc.store.walk import rows_of_person
from privacy_svc.vault import RowCipher, Tampered, Vault

MOST = 1_000
"""Most records in one answer."""
ERASED = "This person's data were erased."


@dataclass(frozen=True, slots=True)
class Record:
    """One record as a caller may have it. `fields` and `withheld` are by field name."""

    key: str
    fields: Mapping[str, Any]
    withheld: Mapping[str, FieldDecision]
    decision_id: str

    @property
    def tampered(self) -> list[str]:
        """Fields whose stored value is not the one that was sealed there."""
        return [n for n, d in self.withheld.items() if d.reason is ReasonCode.TAMPERED]

    def __repr__(self) -> str:
        return f"Record(fields={sorted(self.fields)}, withheld={sorted(self.withheld)})"


@dataclass(frozen=True, slots=True)
class Asked:
    """A read, checked against the data map and the policy's vocabulary."""

    bound: BoundCollection
    fields: tuple[str, ...]
    question: Question

    @property
    def collection(self) -> Collection:
        return self.bound.collection


class Gateway:
    def __init__(self, stores: Stores, vault: Vault, directory: Directory, pdp: DecisionPoint) -> None:
        self.stores, self.vault, self._directory, self.pdp = stores, vault, directory, pdp

    def ask(
        self, policies: PolicySet, actor: str, dataset: str, collection: str, purpose: str, fields: Sequence[str]
    ) -> Asked:
        """Raises UnknownDataset, UnknownCollection, UnknownField, UnknownPurpose, each with the nearest known word.
        Without `fields`, all fields of the collection are asked for."""
        known_purpose(policies, purpose)
        found = find_collection(policies.data_map, dataset, collection)
        for name in fields:
            if name not in found.by_name:
                raise UnknownField(f"{found.path} has no field {name!r}{nearest(name, found.by_name)}")
        names = tuple(dict.fromkeys(fields)) or tuple(found.by_name)
        question = Question(actor, actor, purpose, qualified(found.path, names))
        return Asked(self.stores.bind(found), names, question)

    def read(self, database: Database, policies: PolicySet, asked: Asked, key: str) -> Record:
        """One record. Raises UnknownRecord and Erased, once that is logged; KeyUnavailable."""
        with database.write() as session:
            found = self._read(session, policies, asked, key)
        if isinstance(found, PrivacyError):
            raise found
        return found

    def _read(self, session: Session, policies: PolicySet, asked: Asked, key: str) -> Record | UnknownRecord | Erased:
        try:
            with self.stores.read(asked.collection.dataset) as connection:
                row = one_row(connection, asked.bound, key)
        except UnknownRecord as error:
            return self._missing(session, asked, key, error)
        subject_of = self._people(session, policies, asked, [row])
        if not subject_of:
            self._refuse_nobody(session, asked, UNKNOWN_RECORD)
            return UnknownRecord(f"This record of {asked.collection.path} belongs to no person of the data map.")
        records = self._release(session, asked, [row], subject_of)
        return records[0] if records else Erased(ERASED)

    def find(
        self,
        session: Session,
        policies: PolicySet,
        asked: Asked,
        customer: CustomerRef,
        limit: int = MOST,
        after: str | None = None,
    ) -> tuple[list[Record], str | None]:
        """The records of one person in the order of their keys, as `page` gives everybody's."""
        try:
            subject_id = self._directory.admit(session, customer, asked.question.actor)
        except UnknownCustomer:
            self._refuse_nobody(session, asked, UNKNOWN)
            return [], None
        if self.vault.erased_at(session, subject_id) is not None:
            self._refuse_erased(session, asked, [subject_id])
            return [], None
        rows = beyond_key(
            asked.bound, rows_of_person(session, self.stores, policies, asked.collection, subject_id), after
        )
        shown = rows[: min(limit, MOST)]
        cursor = row_key(asked.collection, shown[-1]) if len(shown) < len(rows) else None
        return self._release(session, asked, shown, self._people(session, policies, asked, shown)), cursor

    def page(
        self, session: Session, policies: PolicySet, asked: Asked, limit: int, after: str | None
    ) -> tuple[list[Record], str | None]:
        """Records of everybody by primary key, and the cursor of the next page. Erased people are left out."""
        bound = asked.bound
        statement = select(bound.table).order_by(*bound.key_columns).limit(min(limit, MOST))
        if after is not None:
            statement = statement.where(beyond(bound.key_columns, tuple(key_values(bound, after).values())))
        with self.stores.read(asked.collection.dataset) as connection:
            rows = connection.execute(statement).mappings().all()
        cursor = row_key(asked.collection, rows[-1]) if len(rows) == min(limit, MOST) else None
        return self._release(session, asked, rows, self._people(session, policies, asked, rows)), cursor

    def _people(self, session: Session, policies: PolicySet, asked: Asked, rows: Sequence[Row]) -> dict[str, str]:
        """Row key to subject id, of rows that belong to somebody."""
        owner_of = owners(self.stores, policies.data_map, asked.collection, rows)
        return self.admit(session, policies, asked.question.actor, owner_of)

    def _release(
        self, session: Session, asked: Asked, rows: Sequence[Row], subject_of: Mapping[str, str]
    ) -> list[Record]:
        """Decided for each person, logged as one entry, opened, masked; who was erased has an entry of their own, and
        nothing of theirs is released. Nor are rows that belong to nobody."""
        people = set(subject_of.values())
        self.vault.hold(session, people)
        ciphers = self.vault.ciphers(session, people)
        self._refuse_erased(session, asked, people - ciphers.keys())
        decisions = self.pdp.decide_all(session, asked.question, ciphers)
        keyed = [(key, row) for row in rows if subject_of.get(key := row_key(asked.collection, row)) in decisions]
        if not keyed:
            return []
        read = {"collection": asked.collection.path, "records": len(keyed)}
        decision_id = self.pdp.log_all(session, EventType.RECORD_READ, asked.question, decisions, read, ciphers)
        mask = self.masking(session)
        found = []
        plans: dict[int, _Plan] = {}
        for key, row in keyed:
            subject_id = subject_of[key]
            decision = decisions[subject_id]
            plan = plans.get(id(decision.fields))  # one for all of whom the same is true: `decide_all`
            if plan is None:
                plan = plans[id(decision.fields)] = _plan(asked, decision)
            record = _open(plan, row, ciphers[subject_id].at(key), key, decision, decision_id, mask)
            self.alert(session, asked.collection, asked.question.actor, subject_id, record.tampered)
            found.append(record)
        return found

    def alert(
        self, session: Session, collection: Collection, actor: str, subject_id: str | None, fields: Sequence[str]
    ) -> None:
        """Of values that were not what was sealed there."""
        if fields:
            payload = {"collection": collection.path, "fields": list(fields)}
            kind = EventType.VALUE_TAMPERED
            self.pdp.audit.append(session, kind, actor=actor, subject_id=subject_id, payload=payload)

    def reader(self, policies: PolicySet) -> FactReader:
        return FactReader(self.stores, self.vault, policies)

    def admit(
        self, session: Session, policies: PolicySet, actor: str, owner_of: Mapping[str, tuple[Collection, str]]
    ) -> dict[str, str]:
        """Row key to subject id."""
        by_person: dict[Collection, dict[str, str]] = {}
        for key, (person, person_key) in owner_of.items():
            by_person.setdefault(person, {})[key] = person_key
        found: dict[str, str] = {}
        for person, keys in by_person.items():
            admitted = subjects.admit(session, self.reader(policies), self.pdp.audit, person, keys.values(), actor)
            found.update((key, admitted[person_key]) for key, person_key in keys.items())
        return found

    def masking(self, session: Session) -> "Masking":
        """A hash is keyed with the organisation's key: equal values stay equal, and nobody else can guess them."""
        hash_key = cache(lambda: self.vault.organisation_cipher(session).tag("mask", 32))
        return lambda mask, value: apply_mask(mask, value, key=hash_key() if mask is Mask.HASH else None)

    def _missing(self, session: Session, asked: Asked, key: str, error: UnknownRecord) -> UnknownRecord | Erased:
        """A record that is gone because its person was erased answers 410, not 404."""
        collection = asked.collection
        subject_id = subjects.known(session, collection, [key]).get(key) if collection.subject else None
        if subject_id is None or self.vault.erased_at(session, subject_id) is None:
            self._refuse_nobody(session, asked, UNKNOWN_RECORD)
            return error
        self._refuse_erased(session, asked, [subject_id])
        return Erased(ERASED)

    def _refuse_erased(self, session: Session, asked: Asked, subject_ids: Collected[str]) -> None:
        if subject_ids:
            decisions = self.pdp.decide_all(session, asked.question, subject_ids)
            more = {"collection": asked.collection.path}
            self.pdp.log_each(session, EventType.DECISION_DENY, asked.question, decisions, more)

    def _refuse_nobody(self, session: Session, asked: Asked, why: str) -> None:
        """Who looks for what is not there is in the log; what they looked for, which may be anything, is not."""
        self.pdp.keep(session, self.pdp.decider().policies)
        self.pdp.log_unknown(session, asked.question, why, {"collection": asked.collection.path})


Masking = Callable[[Mask, Any], Any]


class _Plan(NamedTuple):
    """What happens to each field of the rows of everybody who got the same decision."""

    released: tuple[tuple[str, Field, Mask | None], ...]
    withheld: Mapping[str, FieldDecision]


def _plan(asked: Asked, decision: Decision) -> _Plan:
    effects, fields = by_field(decision, asked), asked.collection.by_name
    released = ((name, fields[name], e.mask) for name, e in effects.items() if e.effect is not Effect.DENY)
    return _Plan(tuple(released), {name: e for name, e in effects.items() if e.effect is Effect.DENY})


def _open(
    plan: _Plan, row: Row, cipher: RowCipher, key: str, decision: Decision, decision_id: str, masking: Masking
) -> Record:
    fields: dict[str, Any] = {}
    withheld = plan.withheld
    for name, field, mask in plan.released:
        try:
            value = open_with(cipher, field, row[name])
        except Tampered:
            withheld = {**withheld, name: denied(decision.purpose, ReasonCode.TAMPERED)}
            continue
        fields[name] = masking(mask, value) if mask else value
    return Record(key, fields, withheld, decision_id)


def by_field(decision: Decision, asked: Asked) -> dict[str, FieldDecision]:
    """The decision by the collection's own field names."""
    return {n: decision.fields[q] for n, q in zip(asked.fields, asked.question.fields, strict=True)}
