"""Giving sealed values back as they were, and the columns their types."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType
from privacy_svc.errors import Erased
from privacy_svc.policy import Collection
from privacy_svc.store.binding import Row
from privacy_svc.store.converting import release, suspend
from privacy_svc.store.counting import RawTable
from privacy_svc.store.kinds import ANY, is_sealed, render
from privacy_svc.store.model import IndexEntry
from privacy_svc.store.opening import open_sealed
from privacy_svc.store.rows import owners, row_key
from privacy_svc.store.sealbatch import Changes, ciphers_of, note_change, replace_values
from privacy_svc.store.sealer import Sealer, Tally, log_run
from privacy_svc.vault import RowCipher

PASSES = 3
"""A value written sealed by somebody who had not heard of the unsealing yet is met by the next pass."""


def unseal(sealer: Sealer, dataset: str | None = None) -> list[Tally]:
    """Give every sealed value back as it was, and the columns their types. Erased people's values stay as they are,
    and so do the types of their columns. Can be stopped and run again at any time."""
    return [_unseal_collection(sealer, collection) for collection in reversed(sealer.collections(dataset))]


def _unseal_collection(sealer: Sealer, collection: Collection) -> Tally:
    kinds = {n: r.kind for n, r in suspend(sealer, collection).items()}
    raw, tally = sealer.raw(collection), Tally(collection.path)
    tally.rows = raw.count()[0]
    for _ in range(PASSES):
        tally.erased, done = 0, 0
        for rows in raw.batches(raw.any_sealed(), sealer.batch):
            _unseal_batch(sealer, raw, kinds, rows, tally)
            done += len(rows)
            sealer.progress(collection.path, done, max(done, tally.rows))
        left = {n: m for n, m in raw.count()[1].items() if m}
        if not left or max(left.values()) <= tally.erased:
            break
    open_again = [n for n in kinds if n not in left]
    release(sealer, collection, open_again)
    with sealer.database.write() as session:
        _drop_entries(session, collection, open_again)
        log_run(sealer, session, EventType.COLLECTION_UNSEALED, tally)
    return tally


def _drop_entries(session: Session, collection: Collection, names: Sequence[str]) -> None:
    """The store finds clear values itself."""
    ids = [f.id for f in collection.sealed if f.name in names]
    session.execute(delete(IndexEntry).where(IndexEntry.field_id.in_(ids)))


def _unseal_batch(sealer: Sealer, raw: RawTable, kinds: Mapping[str, str], rows: Sequence[Row], tally: Tally) -> None:
    collection = raw.collection
    owner_of = owners(sealer.stores, sealer.policies.data_map, collection, rows)
    chain = sealer.policies.data_map.owner(collection)
    person = chain[-1][1] if chain else collection
    keys = {key: k for key, (_, k) in owner_of.items()}
    with sealer.database.write() as session:
        ciphers = ciphers_of(sealer, session, person, keys)
    changes: Changes = {}
    for row in rows:
        cipher = ciphers.get(key := row_key(collection, row))
        new = _opened(collection, kinds, row, cipher.at(key)) if cipher else {}
        tally.erased += not new
        note_change(changes, collection, row, new)
    tally.sealed += replace_values(sealer.stores, raw, changes)


def _opened(collection: Collection, kinds: Mapping[str, str], row: Row, cipher: RowCipher) -> dict[str, Any]:
    """Without those that were sealed with a key that is gone."""
    new = {}
    for sealed in collection.sealed:
        value = row[sealed.name]
        if sealed.id is not None and is_sealed(value):
            try:
                new[sealed.name] = render(kinds.get(sealed.name, ANY), open_sealed(cipher, sealed.id, value))
            except Erased:
                continue
    return new
