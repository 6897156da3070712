"""Making columns ready for sealed values, and giving them their types back.

What a column was is written down before it is changed, and values are sealed on write only after, so a process
that is ended at any moment leaves what the next run can go on with.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from privacy_svc.db import now
from privacy_svc.errors import Fault
from privacy_svc.policy import Collection, Field
from privacy_svc.store import subjects
from privacy_svc.store.binding import BoundCollection
from privacy_svc.store.columns import CATALOGUES, look
from privacy_svc.store.errors import CannotSeal
from privacy_svc.store.model import SealedColumn
from privacy_svc.store.reasons import Facts
from privacy_svc.store.sealer import Sealer


def records(session: Session, collection: Collection) -> dict[str, SealedColumn]:
    """What we know of the collection's sealed columns, by name."""
    found = ((f.name, session.get(SealedColumn, f.id)) for f in collection.sealed)
    return {name: record for name, record in found if record is not None}


def prepare(sealer: Sealer, collection: Collection) -> None:
    """The collection's columns take sealed values. Raises CannotSeal when the store will not have it."""
    bound = sealer.stores.bind(collection)
    with sealer.stores.read(collection.dataset) as connection:
        facts = look(connection, bound).columns
    with sealer.database.write() as session:
        known = records(session, collection)
        narrow = {n: f for n, f in facts.items() if f.target and not _widened(known.get(n), f)}
        for field in collection.sealed:
            if field.name not in known or field.name in narrow:
                known[field.name] = _remember(session, collection, field, facts[field.name])
    if narrow:
        _alter(sealer, bound, narrow, back=False)
    with sealer.database.write() as session:
        for record in records(session, collection).values():
            record.sealed_at = record.sealed_at or now()
    sealer.stores.forget(collection)


def _widened(record: SealedColumn | None, facts: Facts) -> bool:
    return record is not None and facts.wide and facts.original != record.original_type


def _remember(session: Session, collection: Collection, field: Field, facts: Facts) -> SealedColumn:
    assert field.id is not None
    record = SealedColumn(
        field_id=field.id,
        path=f"{collection.path}.{field.name}",
        original_type=facts.original,
        kind=facts.kind,
        original_default=facts.default,
        prefixed=",".join(facts.indexes) if facts.target else None,
        sealed_at=None,
        complete_at=None,
    )
    return session.merge(record)


def suspend(sealer: Sealer, collection: Collection) -> dict[str, SealedColumn]:
    """Nobody seals on write any more; returns what the columns were."""
    with sealer.database.write() as session:
        known = records(session, collection)
        for record in known.values():
            record.sealed_at = record.complete_at = None
        return known


def release(sealer: Sealer, collection: Collection, names: Iterable[str]) -> None:
    """These columns are as they were before they were sealed."""
    wanted = set(names)
    with sealer.database.read() as session:
        known = {n: r for n, r in records(session, collection).items() if n in wanted}
    bound = sealer.stores.bind(collection)
    with sealer.stores.read(collection.dataset) as connection:
        present = look(connection, bound).columns
    changed = {n: _before(r) for n, r in known.items() if n in present and present[n].original != r.original_type}
    if changed:
        _alter(sealer, bound, changed, back=True)
    with sealer.database.write() as session:
        subjects.rename(session, collection)
        for record in (session.get(SealedColumn, r.field_id) for r in known.values()):
            session.delete(record)
    sealer.stores.forget(collection)


def _before(record: SealedColumn) -> Facts:
    indexes = tuple(record.prefixed.split(",")) if record.prefixed else ()
    return Facts(record.kind, record.original_type, default=record.original_default, indexes=indexes)


def _alter(sealer: Sealer, bound: BoundCollection, columns: Mapping[str, Facts], *, back: bool) -> None:
    """The database's reason is told by its code alone: its message may quote a value."""
    try:
        engine = sealer.stores.engine(bound.collection.dataset)
        with engine.execution_options(immediate=True).begin() as connection:
            found = CATALOGUES[connection.dialect.name]
            change = found.restore if back else found.widen
            change(connection, bound.table.name, columns)
    except DBAPIError as error:
        code = getattr(error.orig, "sqlstate", None) or next(iter(getattr(error.orig, "args", ())), None)
        told = code if isinstance(code, int) or len(code or "") == 5 else "?"
        why = f"the store refused to change the type of {', '.join(columns)} (code {told})"
        raise CannotSeal("A table could not be changed.", faults=[Fault(bound.collection.path, why)]) from None
