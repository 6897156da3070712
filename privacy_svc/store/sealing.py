"""Sealing the mapped fields of an existing store in place, and what is left to seal. A stopped run goes on."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType
from privacy_svc.db import now
from privacy_svc.errors import Fault
from privacy_svc.policy import Collection
from privacy_svc.store import columns, planning
from privacy_svc.store.converting import prepare, records
from privacy_svc.store.errors import CannotSeal
from privacy_svc.store.model import SealedColumn
from privacy_svc.store.sealbatch import seal_batch
from privacy_svc.store.sealer import Sealer, Tally, log_run
from privacy_svc.store.traces import forget_old_bytes


def check(sealer: Sealer, collections: Sequence[Collection]) -> None:
    """Raises CannotSeal with everything that stands in the way, of columns and of indexes. Changes nothing."""
    faults: list[Fault] = []
    for collection in collections:
        found = list(columns.faults(sealer.stores, sealer.policies.data_map, collection))
        faults += found or [*_strangers(sealer, collection), *planning.faults(sealer, collection)]
    if faults:
        raise CannotSeal("Some fields cannot be sealed.", faults=faults)


def _strangers(sealer: Sealer, collection: Collection) -> list[Fault]:
    """Values in the sealed form before anything was sealed here."""
    with sealer.database.read() as session:
        known = records(session, collection)
        others = {path: i for i, path in session.execute(select(SealedColumn.field_id, SealedColumn.path))}
    if len(known) == len(collection.sealed):
        return []
    _, sealed, _ = sealer.raw(collection).count()
    strange = {f"{collection.path}.{n}": m for n, m in sealed.items() if m and n not in known}
    return [Fault(path, _why_strange(count, others.get(path))) for path, count in strange.items()]


def _why_strange(count: int, sealed_under: int | None) -> str:
    if sealed_under is not None:
        return f"it was sealed under id {sealed_under}, which is bound into its {count} values. Give it that id back"
    return (
        f"holds {count} values that look sealed, but were not sealed here. Bring the database of who did, or null them"
    )


def seal(sealer: Sealer, dataset: str | None = None) -> list[Tally]:
    """Seal every clear value of the mapped fields. Can be stopped and run again at any time. Raises CannotSeal."""
    collections = sealer.collections(dataset)
    check(sealer, collections)
    for collection in collections:
        prepare(sealer, collection)
    tallies = [_seal_collection(sealer, collection) for collection in collections]
    changed = {t.collection for t in tallies if t.sealed}
    forget_old_bytes(sealer.stores, [c for c in collections if c.path in changed])
    return tallies


def seal_pending(sealer: Sealer) -> list[Tally]:
    """Seal what the CRM has written in clear since, in columns that an operator has sealed. One scan a table where
    there is nothing to do. What it had in clear is overwritten (SQLite) or left to the server's own vacuum."""
    with sealer.database.read() as session:
        ready = [_ready(session, c) for c in sealer.collections(None)]
    return [_seal_collection(sealer, c, quiet=True) for c in ready if c.sealed and _pending(sealer, c)]


def _ready(session: Session, collection: Collection) -> Collection:
    """The collection with those fields sealed only that an operator has sealed."""
    known = {n for n, r in records(session, collection).items() if r.sealed_at}
    fields = (f if f.name in known or not f.seal else replace(f, seal=False, index=()) for f in collection.fields)
    return replace(collection, fields=tuple(fields))


def _pending(sealer: Sealer, collection: Collection) -> bool:
    raw = sealer.raw(collection)
    return next(raw.batches(raw.any_clear(), 1), None) is not None


def status(sealer: Sealer, dataset: str | None = None) -> list[Tally]:
    """How many values are sealed, and how many would be by `seal`. Changes nothing."""
    tallies = []
    for collection in sealer.collections(dataset):
        rows, sealed, clear = sealer.raw(collection).count()
        tallies.append(Tally(collection.path, rows, sealed=sum(clear.values()), already=sum(sealed.values())))
    return tallies


def _seal_collection(sealer: Sealer, collection: Collection, *, quiet: bool = False) -> Tally:
    """`quiet` leaves no log entry where nothing was sealed."""
    raw, tally = sealer.raw(collection), Tally(collection.path)
    tally.rows, sealed, _ = raw.count()
    tally.already = sum(sealed.values())
    with sealer.database.read() as session:
        kinds = {n: r.kind for n, r in records(session, collection).items()}
    done = missed = 0
    for number, rows in enumerate(raw.batches(raw.any_clear(), sealer.batch), 1):
        missed += seal_batch(sealer, raw, kinds, rows, tally)
        done += len(rows)
        if number.bit_count() == 1:
            _refresh_statistics(sealer)
        sealer.progress(collection.path, done, max(done, tally.rows))
    with sealer.database.write() as session:
        for record in records(session, collection).values():
            record.complete_at = None if missed else now()
        if tally.sealed or not quiet:
            log_run(sealer, session, EventType.COLLECTION_SEALED, tally)
    return tally


def _refresh_statistics(sealer: Sealer) -> None:
    """Our tables grow from nothing to millions within a run; PostgreSQL would go on planning for empty ones.
    Called each time they have doubled."""
    if sealer.database.engine.dialect.name == "postgresql":
        with sealer.database.write() as session:
            session.execute(text("ANALYZE"))
