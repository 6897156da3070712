"""Erasure in the customer stores.

What the data map shreds stays where it is: its key is destroyed by the vault. The rest is nulled, replaced, deleted,
freed of what the person is known by, or kept on a named ground here. A database takes all of it or nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, delete, update
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from privacy_svc.errors import Fault
from privacy_svc.policy import Collection, EraseRows, Field, PolicySet, kept_until
from privacy_svc.store import foreign_keys
from privacy_svc.store.binding import BoundCollection, Row, Stores
from privacy_svc.store.emptying import Done, Emptier, ErasedItem, Unfit, add, empty
from privacy_svc.store.errors import CannotErase
from privacy_svc.store.known import Known
from privacy_svc.store.refused import why_refused
from privacy_svc.store.rows import by_keys, chunks, row_key
from privacy_svc.store.walk import FoundRow, Raw, walk_raw, walk_raw_all
from privacy_svc.vault import Vault


@dataclass
class _Work:
    """What there is to do in one database."""

    dataset: str
    has_person: bool = False
    """It holds a row by which everything else is found: such a database comes last."""
    deletes: dict[str, tuple[BoundCollection, list[Row]]] = field(default_factory=dict)
    changes: list[tuple[BoundCollection, str, dict[str, Any]]] = field(default_factory=list)
    done: Done = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    @property
    def is_idle(self) -> bool:
        return not (self.deletes or self.changes or self.faults)


@dataclass(frozen=True)
class Cleaned:
    """What stands erased, and, where nothing had to be done for it any more, the rows that show it, as they were read.
    Values never appear in `repr`."""

    items: list[ErasedItem]
    standing: Sequence[Raw] | None = field(repr=False)


_Emptied = Callable[[Engine, BoundCollection, Row], Iterable[tuple[ErasedItem, Field, Any]]]


def erase_subject(
    session: Session,
    stores: Stores,
    vault: Vault,
    policies: PolicySet,
    subject_id: str,
    known: Known | None = None,
) -> Cleaned:
    """Carry out the data map's erasure in the stores, one transaction a store. Idempotent. `known`: what is taken out
    of texts that stay; without it they are emptied. Raises CannotErase: nothing was changed in that store."""
    done: list[ErasedItem] = []
    raw = walk_raw_all(session, stores, policies, subject_id, vault)
    works = _plan(stores, Emptier(session, vault, subject_id, known, _zone(policies)), raw)
    for work in works:
        done += work.done.values()
        if work.is_idle:
            continue
        mapped = policies.data_map.by_key[work.dataset].by_name
        with _told(work), stores.write(work.dataset) as connection:
            done += _beside(connection, stores, mapped, work)
            _carry_out(connection, stores, work)
    return Cleaned(done, raw if all(work.is_idle for work in works) else None)


def check_erasable(
    session: Session, stores: Stores, vault: Vault, policies: PolicySet, subject_id: str, rows: Iterable[FoundRow]
) -> list[ErasedItem]:
    """Whether all databases would take it, before any is changed; what they will do by themselves. `rows`: all of the
    person's. Raises CannotErase with every place that stands against it."""
    faults: list[Fault] = []
    beside: list[ErasedItem] = []
    raw = ((row.collection, row.held, row.shared) for row in rows)
    for work in _plan(stores, Emptier(session, vault, subject_id, Known(), _zone(policies)), raw):
        faults += work.faults
        if work.deletes:
            mapped = policies.data_map.by_key[work.dataset].by_name
            with stores.read(work.dataset) as connection:
                effects, against = foreign_keys.effects(connection, stores, mapped, work.deletes)
            faults += against
            beside += _items(effects)
    if faults:
        raise CannotErase("The stores do not take the erasure as the data map says.", faults=faults)
    return beside


def _plan(stores: Stores, emptier: Emptier, raw: Iterable[Raw]) -> list[_Work]:
    works: dict[str, _Work] = {}
    for collection, row, shared in raw:
        work = works.setdefault(collection.dataset, _Work(collection.dataset))
        work.has_person |= collection.subject is not None
        bound = stores.bind(collection)
        if shared:
            _plan_row(emptier.shared_row, stores, work, bound, row)
        elif collection.erase_rows is EraseRows.DELETE:
            work.deletes.setdefault(collection.name, (bound, []))[1].append(row)
            add(work.done, ErasedItem(collection.path, "*", "delete", 1))
        else:
            _plan_row(emptier.row, stores, work, bound, row)
    return sorted(works.values(), key=lambda work: work.has_person)


def _plan_row(emptied: _Emptied, stores: Stores, work: _Work, bound: BoundCollection, row: Row) -> None:
    values: dict[str, Any] = {}
    try:
        for item, field_, after in emptied(stores.engine(work.dataset), bound, row):
            add(work.done, item)
            if after != row[field_.name]:
                values[field_.name] = after
    except Unfit as error:
        if error.fault not in work.faults:
            work.faults.append(error.fault)
    if values:
        work.changes.append((bound, row_key(bound.collection, row), values))


def _beside(connection: Connection, stores: Stores, mapped: Mapping[str, Collection], work: _Work) -> list[ErasedItem]:
    """What the database does by itself to rows of others' tables. Raises CannotErase."""
    effects, faults = foreign_keys.effects(connection, stores, mapped, work.deletes)
    if work.faults or faults:
        raise CannotErase("The store does not take the erasure as the data map says.", faults=[*work.faults, *faults])
    return _items(effects)


def _items(effects: Sequence[foreign_keys.Effect]) -> list[ErasedItem]:
    return [ErasedItem(e.table, "*", e.method, e.rows) for e in effects]


def _carry_out(connection: Connection, stores: Stores, work: _Work) -> None:
    for bound, key, values in work.changes:
        connection.execute(update(bound.table).where(by_keys(bound, [key])).values(values))
    if not work.deletes:
        return
    foreign_keys.defer(connection)
    bounds = [bound for bound, _ in work.deletes.values()]
    for bound, rows in work.deletes.values():
        if names := foreign_keys.unlinkable(stores, bound, [b.collection.name for b in bounds]):
            for keys in _keys(bound, rows):
                connection.execute(update(bound.table).where(by_keys(bound, keys)).values(dict.fromkeys(names)))
    for collection in foreign_keys.in_order(stores, [b.collection for b in bounds]):
        bound, rows = work.deletes[collection.name]
        for keys in _keys(bound, rows):
            connection.execute(delete(bound.table).where(by_keys(bound, keys)))


def _keys(bound: BoundCollection, rows: Sequence[Row]) -> Iterator[list[str]]:
    return chunks([row_key(bound.collection, row) for row in rows])


@contextmanager
def _told(work: _Work) -> Iterator[None]:
    """A rule of the database that nobody could see before: nothing was changed. The driver's own words may quote a
    value."""
    try:
        yield
    except (IntegrityError, DataError) as error:
        tables = sorted(
            {b.collection.name for b, _ in work.deletes.values()} | {c[0].collection.name for c in work.changes}
        )
        names = [t for t in tables if t in str(error.statement)]
        place = f"{work.dataset}.{names[0]}" if len(names) == 1 else work.dataset
        raise CannotErase(
            "The store refused the erasure; nothing was changed in it.", faults=[Fault(place, why_refused(error))]
        ) from None


@dataclass(frozen=True, slots=True)
class EndedKept:
    """`rows` values were emptied; `later`: places where some are kept longer, each with the next day that is over."""

    rows: int
    later: Mapping[tuple[str, str], datetime]


def end_kept(
    session: Session,
    stores: Stores,
    policies: PolicySet,
    subject_id: str,
    places: Mapping[tuple[str, str], datetime],
    at: datetime,
) -> EndedKept:
    """Empty kept values of somebody erased, at these (collection, field), each with the day on which the last of its
    rows is over; in rows that say from when the law counts, what is over `at` that time. Idempotent. Raises
    CannotErase."""
    count, later, zone = 0, dict[tuple[str, str], datetime](), _zone(policies)
    works: dict[str, _Work] = {}
    for collection, row in walk_raw(session, stores, policies, subject_id):
        bound, work = stores.bind(collection), works.setdefault(collection.dataset, _Work(collection.dataset))
        key, over = row_key(collection, row), list[Field]()
        for one in collection.fields:
            place = (collection.path, one.name)
            if place not in places or row[one.name] is None:
                continue
            until = _until(one, row, places[place], zone)
            if until <= at:
                over.append(one)
            else:
                later[place] = min(until, later.get(place, until))
        try:
            nothing = {f.name: empty(stores.engine(collection.dataset), bound, f, key) for f in over}
        except Unfit as error:
            raise CannotErase("What was kept by law cannot be emptied.", faults=[error.fault]) from None
        values = {name: after for name, after in nothing.items() if row[name] != after}
        if values:
            work.changes.append((bound, key, values))
            count += len(values)
    for work in works.values():
        if work.changes:
            with _told(work), stores.write(work.dataset) as connection:
                _carry_out(connection, stores, work)
    return EndedKept(count, later)


def _until(field: Field, row: Row, last: datetime, zone: ZoneInfo) -> datetime:
    told = kept_until(field.keep, row[field.keep.start], zone) if field.keep and field.keep.start else None
    return told or last


def _zone(policies: PolicySet) -> ZoneInfo:
    return ZoneInfo(policies.organisation.time_zone)
