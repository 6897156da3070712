"""Erasure in the customer stores, and the search afterwards for what may have been left.

What the data map shreds stays where it is: its key is destroyed by the vault. The rest is
nulled, replaced, deleted or kept on a named ground here.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, String, case, cast, delete, func, or_, select, update
from sqlalchemy.orm import Session

from privacy_svc.db import now
from privacy_svc.errors import Erased
from privacy_svc.policy import Collection, Erase, EraseRows, Field, PolicySet, add_duration
from privacy_svc.store.binding import BoundCollection, Row, Stores
from privacy_svc.store.kinds import is_sealed
from privacy_svc.store.opening import open_sealed, seal_like
from privacy_svc.store.rows import by_keys, row_key
from privacy_svc.store.walk import walk_raw
from privacy_svc.vault import SubjectCipher, Tampered, Vault

GONE = "[erased]"
"""Stands in a NOT NULL text column whose value the data map wants null, or that was never sealed."""


@dataclass(frozen=True, slots=True)
class ErasedItem:
    """What was done to one field of one collection, over `rows` rows of the person. `sealed`: what is kept needs the
    evidence key until `keep_until`."""

    collection: str
    field: str
    method: str
    rows: int
    ground: str | None = None
    law: str | None = None
    keep_until: datetime | None = None
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class Leftover:
    """A place where a known value of an erased person can still be read."""

    collection: str
    field: str
    rows: int


def erase_subject(
    session: Session, stores: Stores, vault: Vault, policies: PolicySet, subject_id: str
) -> list[ErasedItem]:
    """Carry out the data map's erasure in the stores, one transaction a store. Idempotent.

    Rows that lead to the person over more references go first, so that foreign keys hold. Kept values
    that are sealed are sealed anew with the evidence key: the data key is about to be destroyed.
    """
    rows = walk_raw(session, stores, policies, subject_id, vault)
    rows.sort(key=lambda found: -len(policies.data_map.owner(found[0]) or ()))
    keeper = _Keeper(session, vault, subject_id)
    done: dict[tuple[str, str, str], ErasedItem] = {}
    for dataset in dict.fromkeys(collection.dataset for collection, _ in rows):
        with stores.write(dataset) as connection:
            for collection, row in rows:
                if collection.dataset == dataset:
                    for item in _erase_row(connection, stores.bind(collection), row, keeper):
                        _add(done, item)
    return list(done.values())


def _add(done: dict[tuple[str, str, str], ErasedItem], item: ErasedItem) -> None:
    place = (item.collection, item.field, item.method)
    before = done.get(place)
    if before:
        item = replace(item, rows=before.rows + item.rows, sealed=before.sealed or item.sealed)
    done[place] = item


class _Keeper:
    """Seals kept values with the person's evidence key."""

    def __init__(self, session: Session, vault: Vault, subject_id: str) -> None:
        self.session, self.vault, self.subject_id = session, vault, subject_id

    def reseal(self, field: Field, key: str, value: str | bytes) -> str | bytes:
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


def _erase_row(connection: Connection, bound: BoundCollection, row: Row, keeper: _Keeper) -> Iterable[ErasedItem]:
    collection = bound.collection
    key = row_key(collection, row)
    if collection.erase_rows is EraseRows.DELETE:
        connection.execute(delete(bound.table).where(by_keys(bound, [key])))
        return [ErasedItem(collection.path, "*", "delete", 1)]
    values: dict[str, Any] = {}
    done: list[ErasedItem] = []
    for field in collection.fields:
        if not field.personal or field.primary_key or field.reference is not None or row[field.name] is None:
            continue
        done.append(_erase_value(bound, field, row, key, values, keeper))
    if values:
        connection.execute(update(bound.table).where(by_keys(bound, [key])).values(values))
    return done


def _erase_value(
    bound: BoundCollection, field: Field, row: Row, key: str, values: dict[str, Any], keeper: _Keeper
) -> ErasedItem:
    """Notes in `values` what the row gets; tells what that is."""
    path, value = bound.collection.path, row[field.name]
    if field.erase is Erase.KEEP and field.keep is not None:
        if is_sealed(value):
            values[field.name] = keeper.reseal(field, key, value)
        until = add_duration(now(), field.keep.period)
        keep = field.keep
        return ErasedItem(path, field.name, "keep", 1, keep.ground, keep.law, until, is_sealed(value))
    if field.erase is Erase.SHRED and is_sealed(value):
        return ErasedItem(path, field.name, "shred", 1)
    if field.erase is Erase.REPLACE:
        values[field.name] = field.replace
        return ErasedItem(path, field.name, "replace", 1)
    values[field.name] = None if field.name in bound.nullable else GONE
    return ErasedItem(path, field.name, "null" if values[field.name] is None else "replace", 1)


def read_back(
    session: Session, stores: Stores, policies: PolicySet, subject_id: str, known: Sequence[str]
) -> list[Leftover]:
    """Search every mapped text column for the person's known values after the erasure.

    In the person's own rows any known value counts. In everybody else's only those that name one person
    (e-mail addresses, long numbers): others may share a first name or a city.
    """
    own = _in_own_rows(walk_raw(session, stores, policies, subject_id), known)
    telling = [v for v in known if "@" in v or len(re.sub(r"\D", "", v)) >= 7]
    elsewhere = [
        found
        for collection in policies.data_map.collections()
        for found in _anywhere(stores, collection, telling)
        if not any(o.collection == found.collection and o.field == found.field for o in own)
    ]
    return [*own, *elsewhere]


def _in_own_rows(rows: Iterable[tuple[Collection, Row]], known: Sequence[str]) -> list[Leftover]:
    counts: dict[tuple[str, str], int] = {}
    words = {v.casefold() for v in known if len(v) > 1}
    for collection, row in rows:
        for field in collection.fields:
            value = row[field.name]
            kept = field.erase is Erase.KEEP or not field.personal or field.primary_key or field.reference is not None
            emptied = value in (GONE, field.replace) or is_sealed(value)
            if not kept and not emptied and isinstance(value, str) and any(w in value.casefold() for w in words):
                counts[collection.path, field.name] = counts.get((collection.path, field.name), 0) + 1
    return [Leftover(path, name, n) for (path, name), n in counts.items()]


def _anywhere(stores: Stores, collection: Collection, telling: Sequence[str]) -> Iterable[Leftover]:
    """One pass over the table for all its text columns."""
    bound = stores.bind(collection)
    fields = [f for f in collection.fields if f.personal and bound.is_text(f.name) and f.erase is not Erase.KEEP]
    if not fields or not telling:
        return []
    matches = {f.name: or_(*(_contains(bound, f, v) for v in telling)) for f in fields}
    counts = [func.sum(case((m, 1), else_=0)).label(n) for n, m in matches.items()]
    with stores.read(collection.dataset) as connection:
        found = connection.execute(select(*counts)).mappings().one()
    return [Leftover(collection.path, f.name, int(n)) for f in fields if (n := found[f.name])]


def _contains(bound: BoundCollection, field: Field, value: str) -> Any:
    return func.lower(cast(bound.table.c[field.name], String)).contains(value.lower(), autoescape=True)
