"""Values that a module's own queries brought back sealed, opened in bulk; and clear ones, sealed for it to write.

Each item's row is found in the store and decided for the person it belongs to, by itself. One entry is logged.
"""

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType
from privacy_svc.errors import Erased
from privacy_svc.policy import Effect, Field, FieldDecision, PolicySet, ReasonCode
from privacy_svc.store import blind
from privacy_svc.store.binding import Row
from privacy_svc.store.blind import Indexed
from privacy_svc.store.changing import as_stored, sealed_kinds
from privacy_svc.store.errors import UnknownRecord
from privacy_svc.store.gateway import Asked, Gateway
from privacy_svc.store.kinds import as_text, is_sealed
from privacy_svc.store.opening import open_with
from privacy_svc.store.pdp import Question, known_purpose
from privacy_svc.store.rows import by_keys, chunks, key_values, owners, row_key
from privacy_svc.vault import Tampered

MOST = 10_000
UNKNOWN = "unknown_record"
"""Withheld: the store has no such row, or it belongs to nobody."""
MASKED = "masked"
SEALED = "already_sealed"
"""Withheld from sealing: sealed twice, it would open to what nobody can read."""


@dataclass(frozen=True, slots=True)
class Item:
    """`value` as the store holds it (bytes as base64), or in clear where it is to be sealed."""

    dataset: str
    collection: str
    key: str
    field: str
    value: Any

    def __repr__(self) -> str:
        return f"Item({self.dataset}.{self.collection}.{self.field})"


@dataclass(frozen=True, slots=True)
class Refused:
    """An item that is not given out."""

    effect: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Given:
    value: Any

    def __repr__(self) -> str:
        return "Given(…)"


@dataclass(frozen=True, slots=True)
class Bulk:
    """Answers in order. `decision_id` is None where nothing was asked."""

    items: Sequence[Given | Refused]
    decision_id: str | None


@dataclass(frozen=True, slots=True)
class _Place:
    """An item with whom it belongs to."""

    item: Item
    asked: Asked
    subject_id: str | None

    @property
    def field(self) -> Field:
        return self.asked.collection.by_name[self.item.field]

    @property
    def held(self) -> Any:
        return _held(self.field, self.item.value)

    @property
    def qualified(self) -> str:
        return f"{self.asked.collection.path}.{self.item.field}"


def open_items(
    gateway: Gateway, session: Session, policies: PolicySet, actor: str, purpose: str, items: Sequence[Item]
) -> Bulk:
    """Raises UnknownDataset, UnknownCollection, UnknownField, UnknownPurpose."""
    return _Run(gateway, session, policies, Question(actor, actor, purpose, ()), items).open()


def seal_items(
    gateway: Gateway, session: Session, policies: PolicySet, actor: str, purpose: str, items: Sequence[Item]
) -> Bulk:
    """What the data map seals comes back sealed, and is found from now on beside what the row still holds: nobody knows
    whether the module writes it. The row must be there already: its key is part of what is sealed. Raises the same,
    and BadRequest for a value that does not fit its column."""
    return _Run(gateway, session, policies, Question(actor, actor, purpose, ()), items).seal()


class _Run:
    def __init__(
        self, gateway: Gateway, session: Session, policies: PolicySet, question: Question, items: Sequence[Item]
    ) -> None:
        known_purpose(policies, question.purpose)
        self._gateway, self._session, self._policies = gateway, session, policies
        asked = self._ask(question, items)
        refused = gateway.pdp.decider().refusal(question)
        self._refused = Refused(str(Effect.DENY), str(refused.reasons[0].code)) if refused else None
        keys = {place: [i.key for i in items if _of(i) == place] for place in asked}
        self._rows: dict[tuple[str, str], dict[str, Row]] = {}
        """By place, then key."""
        subject_of = {place: {} if refused else self._people(place, a, keys[place]) for place, a in asked.items()}
        self._places = [_Place(i, asked[_of(i)], subject_of[_of(i)].get(i.key)) for i in items]
        self._people_ids = {p.subject_id for p in self._places if p.subject_id is not None}
        gateway.vault.hold(session, self._people_ids)
        self._ciphers = gateway.vault.ciphers(session, self._people_ids)
        fields = tuple(dict.fromkeys(p.qualified for p in self._places))
        self._question = Question(question.actor, question.module, question.purpose, fields)
        self._decisions = gateway.pdp.decide_all(session, self._question, self._people_ids)

    def open(self) -> Bulk:
        entry_id = self._log(EventType.RECORD_READ)
        masking = self._gateway.masking(self._session)
        answers: list[Given | Refused] = []
        for place in self._places:
            effect = self._effect(place)
            if isinstance(effect, Refused):
                answers.append(effect)
                continue
            mask = effect.mask
            opened = self._opened(place, self._to_mask(place) if mask else place.held)
            answers.append(Given(masking(mask, opened.value)) if mask and isinstance(opened, Given) else opened)
        return Bulk(answers, entry_id)

    def seal(self) -> Bulk:
        entry_id = self._log(EventType.RECORD_WRITE)
        kinds = sealed_kinds(self._session)
        answers: list[Given | Refused] = []
        index: list[Indexed] = []
        for place in self._places:
            effect = self._effect(place)
            if isinstance(effect, Refused) or effect.mask:
                answers.append(effect if isinstance(effect, Refused) else Refused(str(effect.effect), MASKED))
                continue
            if is_sealed(place.held):
                answers.append(Refused(str(Effect.DENY), SEALED))
                continue
            cipher, item = self._ciphers[place.subject_id or ""], place.item
            stored = as_stored(kinds, cipher, place.asked.collection, place.field, item.key, item.value)
            answers.append(Given(stored))
            index.append(Indexed(place.field, item.key, cipher.subject_id, as_text(item.value)))
        blind.put(self._session, self._gateway.vault, [i for i in index if i.field.index], proposed=True)
        return Bulk(answers, entry_id)

    def _ask(self, question: Question, items: Sequence[Item]) -> dict[tuple[str, str], Asked]:
        found = {}
        for place, group in groupby(sorted(items, key=_of), key=_of):
            names = list(dict.fromkeys(map(attrgetter("field"), group)))
            found[place] = self._gateway.ask(self._policies, question.actor, *place, question.purpose, names)
        return found

    def _people(self, place: tuple[str, str], asked: Asked, keys: Sequence[str]) -> dict[str, str]:
        rows = list(self._found(asked, keys))
        self._rows[place] = {row_key(asked.collection, row): row for row in rows}
        owner_of = owners(self._gateway.stores, self._policies.data_map, asked.collection, rows)
        return self._gateway.admit(self._session, self._policies, asked.question.actor, owner_of)

    def _found(self, asked: Asked, keys: Sequence[str]) -> Iterator[Row]:
        possible = [k for k in dict.fromkeys(keys) if _possible(asked, k)]
        for chunk in chunks(possible):
            with self._gateway.stores.read(asked.collection.dataset) as connection:
                yield from connection.execute(select(asked.bound.table).where(by_keys(asked.bound, chunk))).mappings()

    def _log(self, kind: EventType) -> str | None:
        """One entry of the living; who was erased has one of their own. The id of the first."""
        more = {"items": len(self._places), "collections": sorted({p.asked.collection.path for p in self._places})}
        living = {i: d for i, d in self._decisions.items() if i in self._ciphers}
        pdp, session, question = self._gateway.pdp, self._session, self._question
        if (refused := pdp.decider().refusal(question)) is not None:
            return pdp.log(session, EventType.DECISION_DENY, question, None, refused, more)
        entries = [pdp.log_all(session, kind, question, living, more, self._ciphers)] if living else []
        gone = [(i, d) for i, d in self._decisions.items() if i not in self._ciphers]
        entries += [pdp.log(session, EventType.DECISION_DENY, question, i, d, more) for i, d in gone]
        if not entries and self._places:  # who tries keys leaves a trace, also where none is there
            entries.append(pdp.log_unknown(session, question, UNKNOWN, more))
        return entries[0] if entries else None

    def _effect(self, place: _Place) -> FieldDecision | Refused:
        decision = self._decisions.get(place.subject_id or "")
        if self._refused is not None:
            return self._refused
        if decision is None:
            return Refused(str(Effect.DENY), UNKNOWN)
        effect = decision.fields[place.qualified]
        if effect.effect is Effect.DENY:
            return Refused(str(Effect.DENY), str(effect.reason) if effect.reason else None)
        return effect

    def _to_mask(self, place: _Place) -> Any:
        """A sealed value is the field's own, or opens to nothing. A clear one may be a guess, and its mask would tell
        whether it was right: what the row holds is masked instead, whatever was sent."""
        if is_sealed(place.held):
            return place.held
        return self._rows[_of(place.item)][place.item.key][place.item.field]

    def _opened(self, place: _Place, held: Any) -> Given | Refused:
        cipher = self._ciphers.get(place.subject_id or "")
        try:
            row = cipher.at(place.item.key) if cipher else None
            return Given(open_with(row, place.field, held))
        except Erased:
            return Refused(str(Effect.DENY), str(ReasonCode.ERASED))
        except Tampered:
            self._gateway.alert(
                self._session, place.asked.collection, self._question.actor, place.subject_id, [place.item.field]
            )
            return Refused(str(Effect.DENY), str(ReasonCode.TAMPERED))


def _of(item: Item) -> tuple[str, str]:
    return item.dataset, item.collection


def _possible(asked: Asked, key: str) -> bool:
    try:
        key_values(asked.bound, key)
    except UnknownRecord:
        return False
    return True


def _held(field: Field, value: Any) -> Any:
    """Bytes come as base64: taken for that where they hold a sealed value."""
    if not field.seal or not isinstance(value, str) or is_sealed(value):
        return value
    try:
        raw = base64.b64decode(value, validate=True)
    except (ValueError, binascii.Error):
        return value
    return raw if is_sealed(raw) else value
