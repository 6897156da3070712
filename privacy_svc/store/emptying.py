"""What erasure puts in the place of each value, before anything is written: a value that does not fit is found here."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, inspect
from sqlalchemy.orm import Session

from privacy_svc.db import now
from privacy_svc.errors import Erased, Fault
from privacy_svc.policy import Erase, Field, kept_from, kept_until
from privacy_svc.store.binding import BoundCollection, Row
from privacy_svc.store.kinds import is_sealed
from privacy_svc.store.known import GONE, Known
from privacy_svc.store.opening import open_sealed, seal_like
from privacy_svc.store.rows import row_key
from privacy_svc.vault import SubjectCipher, Tampered, Vault

STAYS = "stays"
"""The method of what others' records hold as well."""
KEY = "{key}"
"""In a `replace`: the row's key, so that a column without duplicates takes it."""
_unique: WeakKeyDictionary[Engine, dict[str, frozenset[str]]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class ErasedItem:
    """What was done to one field of one collection, over `rows` rows of the person. `sealed`: what is kept needs the
    evidence key until `keep_until`. `shared`: in rows that are others' as well."""

    collection: str
    field: str
    method: str
    rows: int
    ground: str | None = None
    law: str | None = None
    keep_until: datetime | None = None
    first_until: datetime | None = None
    """Where the rows say from when the law counts: until when the first of them is kept."""
    sealed: bool = False
    shared: bool = False


Done = dict[tuple[str, str, str, bool], ErasedItem]


def add(done: Done, item: ErasedItem) -> None:
    place = (item.collection, item.field, item.method, item.shared)
    before = done.get(place)
    if before:
        item = replace(item, rows=before.rows + item.rows, sealed=before.sealed or item.sealed)
        item = replace(item, keep_until=_of(max, before.keep_until, item.keep_until))
        item = replace(item, first_until=_of(min, before.first_until, item.first_until))
    done[place] = item


def _of(
    which: Callable[[datetime, datetime], datetime], one: datetime | None, other: datetime | None
) -> datetime | None:
    return which(one, other) if one and other else one or other


@dataclass(frozen=True)
class Emptier:
    """Of one person. Kept values that are sealed are sealed anew with the evidence key: the data key is about to be
    destroyed. `known` is None where nobody knows any more what to take out of a text: then all of it goes."""

    session: Session
    vault: Vault
    subject_id: str
    known: Known | None
    zone: tzinfo = UTC
    """Where the days of the law begin."""

    def row(self, engine: Engine, bound: BoundCollection, row: Row) -> Iterator[tuple[ErasedItem, Field, Any]]:
        """What is done to each field that has something, and what stands there then. Raises Unfit."""
        key = row_key(bound.collection, row)
        for field in bound.collection.fields:
            if field.erasable and row[field.name] is not None:
                yield self._kept(bound, field, key, row) or self._value(engine, bound, field, key, row[field.name])

    def shared_row(self, engine: Engine, bound: BoundCollection, row: Row) -> Iterator[tuple[ErasedItem, Field, Any]]:
        """The same of a row that is others' as well: what means this person alone goes, the rest stays."""
        for field in bound.collection.fields:
            if field.erasable and row[field.name] is not None:
                item, after = self._shared(engine, bound, field, row)
                yield replace(item, shared=True), field, after

    def _shared(self, engine: Engine, bound: BoundCollection, field: Field, row: Row) -> tuple[ErasedItem, Any]:
        """As the data map says where the value is nothing but them: their name, their address."""
        path, value = bound.collection.path, row[field.name]
        theirs = self.known is not None and field.erase is not Erase.KEEP and bound.collection.key
        if not theirs or not isinstance(value, str) or is_sealed(value):
            return ErasedItem(path, field.name, STAYS, 1), value
        assert self.known is not None
        left = self.known.taken_out_of_shared(value)
        if left is None and not field.is_free_text:
            item, _, after = self._value(engine, bound, field, row_key(bound.collection, row), value)
            return item, after
        after = GONE if left is None else left
        return ErasedItem(path, field.name, STAYS if after == value else "redact", 1), after

    def _kept(self, bound: BoundCollection, field: Field, key: str, row: Row) -> tuple[ErasedItem, Field, Any] | None:
        """None where no law keeps it, or does not any more."""
        keep, at, value = field.keep, now(), row[field.name]
        if field.erase is not Erase.KEEP or keep is None:
            return None
        told = kept_until(keep, row[keep.start], self.zone) if keep.start else None
        until, sealed = told or kept_from(keep, at, self.zone), is_sealed(value)
        if until <= at:
            return None
        first = until if keep.start else None
        item = ErasedItem(bound.collection.path, field.name, "keep", 1, keep.ground, keep.law, until, first, sealed)
        return item, field, self._reseal(field, key, value) if sealed else value

    def _value(
        self, engine: Engine, bound: BoundCollection, field: Field, key: str, value: Any
    ) -> tuple[ErasedItem, Field, Any]:
        path = bound.collection.path
        sealed = is_sealed(value)
        if field.erase is Erase.SHRED and sealed:
            return ErasedItem(path, field.name, "shred", 1), field, value
        if field.erase is Erase.REPLACE:
            return ErasedItem(path, field.name, "replace", 1), field, (field.replace or "").replace(KEY, key)
        if field.erase is Erase.REDACT and self.known is not None and isinstance(value, str) and not sealed:
            return ErasedItem(path, field.name, "redact", 1), field, self.known.taken_out(value)
        nothing = empty(engine, bound, field, key)
        return ErasedItem(path, field.name, "null" if nothing is None else "replace", 1), field, nothing

    def _reseal(self, field: Field, key: str, value: str | bytes) -> str | bytes:
        assert field.id is not None
        evidence = self.vault.ciphers(self.session, [self.subject_id], use="evidence").get(self.subject_id)
        if evidence is None:  # it has ended; or the restored database did not know the person
            return value
        try:
            open_sealed(evidence.at(key), field.id, value)
        except (Tampered, Erased):
            return self._from_data_key(evidence, field, key, value)
        return value  # a run that was broken off after the store's commit did it

    def _from_data_key(self, evidence: SubjectCipher, field: Field, key: str, value: str | bytes) -> str | bytes:
        assert field.id is not None
        try:
            opened = open_sealed(self.vault.cipher(self.session, self.subject_id).at(key), field.id, value)
        except Erased:  # a store restored from before the erasure: what opened this value is gone
            return value
        return seal_like(evidence.at(key), field, opened, value)


def empty(engine: Engine, bound: BoundCollection, field: Field, key: str) -> str | None:
    """NULL, or where the column does not take it a word that it does. Raises Unfit."""
    if field.name in bound.nullable:
        return None
    word = f"{GONE} {key}" if field.name in unique_columns(engine, bound) else GONE
    if not bound.is_text(field.name) or len(word) > (_length(bound, field) or len(word)):
        raise Unfit(bound, field)
    return word


def _length(bound: BoundCollection, field: Field) -> int | None:
    length = getattr(bound.types[field.name], "length", None)
    return length if isinstance(length, int) else None


class Unfit(Exception):
    """A column takes neither NULL nor our word for it. Caught where all faults of a person are collected."""

    def __init__(self, bound: BoundCollection, field: Field) -> None:
        super().__init__(field.name)
        why = "the column takes neither NULL nor the word [erased]: give it `erase: replace` with a value that fits"
        self.fault = Fault(f"{bound.collection.path}.{field.name}", why)


def unique_columns(engine: Engine, bound: BoundCollection) -> frozenset[str]:
    """Columns of which no two rows hold the same value."""
    tables = _unique.setdefault(engine, {})
    name = bound.collection.name
    if name not in tables:
        look = inspect(engine)
        automatic: dict[str, Any] = (
            {"include_auto_indexes": True} if engine.dialect.name == "sqlite" else {}
        )  # UNIQUE beside a column
        alone = [c["column_names"] for c in look.get_unique_constraints(name)]
        alone += [[c for c in i["column_names"] if c] for i in look.get_indexes(name, **automatic) if i["unique"]]
        tables[name] = frozenset(str(columns[0]) for columns in alone if len(columns) == 1)
    return tables[name]
