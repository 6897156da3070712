"""Rotation in the customer stores: values sealed anew after people's keys were replaced, the index after its root was.

Everything is done while the service serves, row by row, and can be broken off and begun again.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType
from privacy_svc.db import now
from privacy_svc.errors import Conflict
from privacy_svc.policy import Collection
from privacy_svc.store import blind, subjects
from privacy_svc.store.binding import Row
from privacy_svc.store.blind import Indexed
from privacy_svc.store.counting import RawTable
from privacy_svc.store.kinds import as_text, is_sealed
from privacy_svc.store.model import SealedColumn
from privacy_svc.store.opening import open_sealed, seal_like
from privacy_svc.store.rows import by_keys, owners, row_key
from privacy_svc.store.sealbatch import Changes, note_change, replace_values
from privacy_svc.store.sealer import BATCH, Sealer
from privacy_svc.vault import SETTLE, Holder, SubjectCipher, Tampered

PEOPLE = 200
"""People whose keys are replaced in one transaction."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """`resealed` values of the stores; `retired` older keys destroyed; `waiting` people whose older key still lives;
    `spoiled` of them those who have a value that does not open: theirs stays until somebody has looked."""

    resealed: int
    retired: int
    waiting: int
    spoiled: int = 0


def replace_keys(sealer: Sealer, before: datetime) -> int:
    """A newer data key for everybody whose newest was made before this instant; how many."""
    made = _make_keys(sealer, before)
    if made:
        sealer.vault.write_down(sealer.database)
    return made


def _make_keys(sealer: Sealer, before: datetime) -> int:
    made = 0
    while True:
        with sealer.database.write() as session:
            batch = sealer.vault.outdated(session, before, PEOPLE)
            rotated = sealer.vault.next_generation(session, batch) if batch else 0
        if not rotated:  # nobody is left, but perhaps somebody whose key does not open
            return made
        made += rotated


def finish_rotation(sealer: Sealer, holders: Sequence[Holder], settle: timedelta | None = None) -> Rotated:
    """Seal anew what older generations sealed; then, where a whole pass over the stores met none, destroy them."""
    settle = _settle(sealer) if settle is None else settle
    _require_all_mapped(sealer)
    with sealer.database.read() as session:
        rotating = bool(sealer.vault.rotating(session, 1))
    if rotating:  # a run may have ended between making keys and writing them down
        sealer.vault.keep_snapshot(sealer.database, anew=True)
    begun, spoiled = now(), set[str]()
    resealed = sum(_reseal(sealer, collection, spoiled) for collection in sealer.collections(None))
    retired = 0 if resealed else _retire(sealer, holders, begun - settle, spoiled)
    with sealer.database.read() as session:
        waiting = len(sealer.vault.rotating(session, 1_000_000))
    if resealed or retired:
        with sealer.database.write() as session:
            payload = {"values": resealed, "keys_destroyed": retired}
            sealer.log.append(session, EventType.KEYS_ROTATED, actor=sealer.actor, payload=payload)
    return Rotated(resealed, retired, waiting, len(spoiled))


def _settle(sealer: Sealer) -> timedelta:
    """As long as backups of a store are kept, which older keys sealed; at least longer than any request lasts."""
    return max(SETTLE, sealer.vault.schedule.window)


def _require_all_mapped(sealer: Sealer) -> None:
    """A column that was sealed and that the data map no longer seals would not be sealed anew, and lose its values
    with the older key. Raises Conflict."""
    ids = {f.id for c in sealer.policies.data_map.collections() for f in c.sealed}
    with sealer.database.read() as session:
        left = session.scalars(select(SealedColumn.path).where(SealedColumn.field_id.not_in(ids))).all()
    if left:
        raise Conflict(
            f"The data map no longer seals {', '.join(sorted(left))}, which hold sealed values: give them their `seal` "
            "back, or back and then run `privacy-svc unseal`, before keys are rotated."
        )


def continue_rotation(sealer: Sealer, holders: Sequence[Holder], settle: timedelta | None = None) -> Rotated | None:
    """For a worker: the same where an older key could be destroyed by now; None where there is nothing to do."""
    settle = _settle(sealer) if settle is None else settle
    with sealer.database.read() as session:
        if not sealer.vault.retirable(session, now() - settle):
            return None
    return finish_rotation(sealer, holders, settle)


def _retire(sealer: Sealer, holders: Sequence[Holder], before: datetime, spoiled: AbstractSet[str]) -> int:
    retired, after = 0, ""
    while True:
        with sealer.database.write() as session:
            people = sealer.vault.rotating(session, PEOPLE, after)
            if not people:
                return retired
            after = people[-1]
            people = [i for i in people if i not in spoiled]
            for cipher in sealer.vault.ciphers(session, people).values():
                for reseal in holders:
                    reseal(session, cipher)
            retired += sealer.vault.retire_older(session, people, before)


def _reseal(sealer: Sealer, collection: Collection, spoiled: set[str]) -> int:
    """How many values of an older generation were met. People with one that does not open are added to `spoiled`."""
    met = 0
    for raw, rows, cipher_of in _owned(sealer, collection):
        changes: Changes = {}
        for row in rows:
            key = row_key(collection, row)
            try:
                new = _older(collection, row, key, cipher_of[key]) if key in cipher_of else {}
            except Tampered:
                spoiled.add(cipher_of[key].subject_id)
                continue
            note_change(changes, collection, row, new)
            met += len(new)
        replace_values(sealer.stores, raw, changes)
    return met


def _older(collection: Collection, row: Row, key: str, cipher: SubjectCipher) -> dict[str, Any]:
    """The row's values that an older living generation sealed, sealed by the newest."""
    new: dict[str, Any] = {}
    at_row = cipher.at(key)
    for field in collection.sealed:
        value = row[field.name]
        if field.id is not None and is_sealed(value) and cipher.is_older(value):
            opened = open_sealed(at_row, field.id, value)
            new[field.name] = seal_like(at_row, field, opened, value)
    return new


def _owned(
    sealer: Sealer, collection: Collection
) -> Iterator[tuple[RawTable, Sequence[Row], Mapping[str, SubjectCipher]]]:
    """A collection's rows with sealed values, in batches, and the ciphers of the people they belong to by row key."""
    raw, done = sealer.raw(collection), 0
    for rows in raw.batches(raw.any_sealed(), sealer.batch):
        with sealer.database.read() as session:
            ciphers = _ciphers(sealer, session, collection, rows)
        yield raw, rows, ciphers
        done += len(rows)
        sealer.progress(collection.path, done, done)


def _ciphers(sealer: Sealer, session: Session, collection: Collection, rows: Sequence[Row]) -> dict[str, SubjectCipher]:
    owner_of = owners(sealer.stores, sealer.policies.data_map, collection, rows)
    subject_of: dict[str, str] = {}
    for person in dict.fromkeys(p for p, _ in owner_of.values()):
        keys = {key: k for key, (p, k) in owner_of.items() if p == person}
        known = subjects.known(session, person, keys.values())
        subject_of.update((key, known[k]) for key, k in keys.items() if k in known)
    ciphers = sealer.vault.ciphers(session, list(subject_of.values()))
    return {key: ciphers[s] for key, s in subject_of.items() if s in ciphers}


def begin_index(sealer: Sealer) -> int:
    """A new generation of the blind index, or the one that is being filled; from now on both are written and asked."""
    with sealer.database.write() as session:
        generation = sealer.vault.next_index_generation(session)
    sealer.vault.keep_snapshot(sealer.database, anew=True)
    return generation


def fill_index(sealer: Sealer) -> int:
    """Entries of the new generation for every indexed value; then the old entries and their key go, in the transaction
    that saw that none is alone. Returns how many entries were written."""
    indexed = [c for c in sealer.policies.data_map.collections() if any(f.index for f in c.fields)]
    written = sum(_fill(sealer, c) for c in indexed)
    _drop_orphans(sealer, indexed)
    with sealer.database.write() as session:
        sealer.vault.complete_index(session, blind.behind, blind.drop_before)
        sealer.log.append(session, EventType.INDEX_ROTATED, actor=sealer.actor, payload={"entries": written})
    return written


def _drop_orphans(sealer: Sealer, indexed: Sequence[Collection]) -> None:
    """Entries of rows that the CRM has deleted."""
    while True:
        dropped = 0
        with sealer.database.write() as session:
            generation = max(r.generation for r in sealer.vault.index_roots(session))
            lonely = blind.alone(session, generation, BATCH)
            for collection in indexed:
                for field in (f for f in collection.fields if f.index):
                    rows = [row for of, row in lonely if of == field.id]
                    gone = set(rows) - _present(sealer, collection, rows)
                    blind.drop(session, field.id or 0, sorted(gone))
                    dropped += len(gone)
        if not dropped:
            return


def _present(sealer: Sealer, collection: Collection, keys: Sequence[str]) -> set[str]:
    if not keys:
        return set()
    bound = sealer.stores.bind(collection)
    with sealer.stores.read(collection.dataset) as connection:
        rows = connection.execute(select(*bound.key_columns).where(by_keys(bound, keys))).mappings()
        return {row_key(collection, row) for row in rows}


def _fill(sealer: Sealer, collection: Collection) -> int:
    written = 0
    indexed = [f for f in collection.fields if f.index and f.id is not None]
    for _, rows, cipher_of in _owned(sealer, collection):
        with sealer.database.write() as session:
            items = [
                Indexed(f, key, cipher_of[key].subject_id, _opened(cipher_of[key], f.id, key, r[f.name]))
                for r in rows
                if (key := row_key(collection, r)) in cipher_of
                for f in indexed
                if is_sealed(r[f.name])
            ]
            written += blind.fill(session, sealer.vault, items)
    return written


def _opened(cipher: SubjectCipher, field_id: int | None, key: str, value: Any) -> str | None:
    assert field_id is not None
    return as_text(open_sealed(cipher.at(key), field_id, value))
