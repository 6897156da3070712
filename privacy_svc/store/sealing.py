"""Sealing the mapped fields of an existing store in place, and what is left to seal.

A batch is two transactions: first ours (subjects, keys, index entries, the log entry), then the
store's. A crash between them leaves keys without values, never values without keys; the next run
goes on, because a sealed value says of itself that it is sealed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, String, and_, func, select, text, update
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, Log
from privacy_svc.db import Database
from privacy_svc.errors import Fault
from privacy_svc.policy import Collection, DataMap, Field, PolicySet
from privacy_svc.store import blind, subjects
from privacy_svc.store.binding import BoundCollection, Row, Stores, find_dataset
from privacy_svc.store.blind import Indexed
from privacy_svc.store.errors import CannotSeal
from privacy_svc.store.model import SealedColumn
from privacy_svc.store.rows import batches, owners, row_key
from privacy_svc.vault import SubjectCipher, Vault, is_sealed_text

BATCH = 500


@dataclass
class Tally:
    """Counts of one collection's values: `sealed` now, `already`, `unowned` (rows that lead to no person), `erased`."""

    collection: str
    rows: int = 0
    sealed: int = 0
    already: int = 0
    unowned: int = 0
    erased: int = 0


@dataclass(frozen=True)
class Sealer:
    """What sealing and unsealing need."""

    database: Database
    stores: Stores
    vault: Vault
    log: Log
    policies: PolicySet
    actor: str
    progress: Callable[[str, int, int], None] = field(default=lambda _collection, _done, _all: None)
    """Called with a collection's path, rows done, rows in all."""

    def collections(self, dataset: str | None) -> list[Collection]:
        """Those with sealed fields, identities first. Raises UnknownDataset."""
        if dataset is not None:
            find_dataset(self.policies.data_map, dataset)
        found = [c for c in self.policies.data_map.collections() if c.sealed and dataset in {None, c.dataset}]
        return sorted(found, key=lambda c: len(self.policies.data_map.owner(c) or ()))


def check(stores: Stores, data_map: DataMap, collections: Sequence[Collection]) -> None:
    """Raises CannotSeal with every column that cannot hold a sealed value. Changes nothing."""
    faults = [
        Fault(f"{c.path}.{f.name}", why)
        for c in collections
        for f in c.sealed
        if (why := _hindrance(stores.bind(c), data_map, f))
    ]
    if faults:
        raise CannotSeal("Some fields cannot be sealed.", faults=faults)


def _hindrance(bound: BoundCollection, data_map: DataMap, sealed: Field) -> str | None:
    if data_map.owner(bound.collection) is None:
        return "its rows lead to no person, so there is no key to seal them with"
    if not bound.collection.key:
        return "its table has no primary key in the data map"
    if sealed.name in bound.unique:
        return "the column is unique: equal values would no longer be noticed"
    if not bound.is_text(sealed.name):
        return f"the column holds {bound.types[sealed.name]}, and only text columns can be sealed"
    return None


def seal(sealer: Sealer, dataset: str | None = None) -> list[Tally]:
    """Seal every clear value of the mapped fields. Can be stopped and run again at any time."""
    collections = sealer.collections(dataset)
    check(sealer.stores, sealer.policies.data_map, collections)
    tallies = []
    for collection in collections:
        _widen(sealer, collection)
        tallies.append(_seal_collection(sealer, collection))
    for key in dict.fromkeys(c.dataset for c in collections):
        forget_old_bytes(sealer.stores, key)
    return tallies


def status(sealer: Sealer, dataset: str | None = None) -> list[Tally]:
    """How many values are sealed, and how many would be by `seal`. Changes nothing."""
    tallies = []
    for collection in sealer.collections(dataset):
        tally = Tally(collection.path)
        bound = sealer.stores.bind(collection)
        with sealer.stores.read(collection.dataset) as connection:
            for rows in batches(connection, bound, BATCH):
                tally.rows += len(rows)
                for row in rows:
                    values = [row[f.name] for f in collection.sealed if row[f.name]]
                    tally.already += sum(is_sealed_text(v) for v in values)
                    tally.sealed += sum(not is_sealed_text(v) for v in values)
        tallies.append(tally)
    return tallies


def _widen(sealer: Sealer, collection: Collection) -> None:
    """Columns with a length limit become TEXT where the database enforces it; the old type is kept for `unseal`."""
    bound = sealer.stores.bind(collection)
    engine = sealer.stores.engine(collection.dataset)
    with sealer.database.write() as session:
        for sealed in collection.sealed:
            assert sealed.id is not None
            if session.get(SealedColumn, sealed.id) is None:
                original = bound.types[sealed.name].compile(engine.dialect)
                path = f"{collection.path}.{sealed.name}"
                session.add(SealedColumn(field_id=sealed.id, path=path, original_type=original))
    if engine.dialect.name == "sqlite":
        return
    limited = [f.name for f in collection.sealed if getattr(bound.types[f.name], "length", None)]
    with sealer.stores.write(collection.dataset) as connection:
        for name in limited:
            change_type(connection, bound, name, "TEXT")


def change_type(connection: Connection, bound: BoundCollection, name: str, type_: str) -> None:
    """ALTER the column's type; identifiers quoted by the dialect, `type_` from reflection or a literal."""
    quote = connection.dialect.identifier_preparer.quote
    table, column = quote(bound.table.name), quote(name)
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {type_}"))
    else:
        null = "" if name in bound.nullable else " NOT NULL"
        connection.execute(text(f"ALTER TABLE {table} MODIFY {column} {type_}{null}"))


def _seal_collection(sealer: Sealer, collection: Collection) -> Tally:
    bound, tally = sealer.stores.bind(collection), Tally(collection.path)
    with sealer.stores.read(collection.dataset) as connection:
        total = connection.execute(select(func.count()).select_from(bound.table)).scalar_one()
    for rows in _batches(sealer, bound):
        tally.rows += len(rows)
        _seal_batch(sealer, bound, rows, tally)
        sealer.progress(collection.path, tally.rows, total)
    _log(sealer, EventType.COLLECTION_SEALED, tally)
    return tally


def _batches(sealer: Sealer, bound: BoundCollection) -> Iterator[Sequence[Row]]:
    """Batches, each read in a transaction of its own: an open reader would hold up the store's writers."""
    after: str | None = None
    while True:
        with sealer.stores.read(bound.collection.dataset) as connection:
            rows = next(batches(connection, bound, BATCH, after), None)
        if rows is None:
            return
        yield rows
        after = row_key(bound.collection, rows[-1])


def _seal_batch(sealer: Sealer, bound: BoundCollection, rows: Sequence[Row], tally: Tally) -> None:
    collection = bound.collection
    clear = [r for r in rows if any(_is_clear(r[f.name]) for f in collection.sealed)]
    tally.already += sum(is_sealed_text(r[f.name]) for r in rows for f in collection.sealed)
    owner_of = owners(sealer.stores, sealer.policies.data_map, collection, clear)
    tally.unowned += len(clear) - len(owner_of)
    with sealer.database.write() as session:
        cipher_of = _ciphers(sealer, session, owner_of)
        tally.erased += len(owner_of) - len(cipher_of)
        ours = [(key, r) for r in clear if (key := row_key(collection, r)) in cipher_of]
        blind.put(
            session,
            sealer.vault,
            [
                Indexed(f, key, cipher_of[key].subject_id, r[f.name])
                for key, r in ours
                for f in collection.fields
                if f.index and not is_sealed_text(r[f.name])
            ],
        )
    with sealer.stores.write(collection.dataset) as connection:
        for key, row in ours:
            tally.sealed += _seal_row(connection, bound, cipher_of[key], key, row)


def _ciphers(
    sealer: Sealer, session: Session, owner_of: Mapping[str, tuple[Collection, str]]
) -> dict[str, SubjectCipher]:
    """Row key to its person's cipher; people we see for the first time get a subject. Erased ones are absent."""
    subject_of: dict[str, str] = {}
    for person in dict.fromkeys(p for p, _ in owner_of.values()):
        keys = {key: k for key, (p, k) in owner_of.items() if p == person}
        admitted = subjects.admit(session, sealer.vault, sealer.log, person, keys.values(), sealer.actor)
        subject_of.update((key, admitted[k]) for key, k in keys.items())
    ciphers = sealer.vault.ciphers(session, list(dict.fromkeys(subject_of.values())))
    return {key: ciphers[s] for key, s in subject_of.items() if s in ciphers}


def _is_clear(value: object) -> bool:
    return isinstance(value, str) and value != "" and not is_sealed_text(value)


def _seal_row(connection: Connection, bound: BoundCollection, cipher: SubjectCipher, key: str, row: Row) -> int:
    """Clear values become sealed ones, unless the CRM changed one since we read: that waits for the next run."""
    values: dict[str, Any] = {}
    for sealed in bound.collection.sealed:
        value = row[sealed.name]
        if _is_clear(value):
            assert sealed.id is not None
            values[sealed.name] = cipher.seal_text(sealed.id, key, value)
    return _replace(connection, bound, row, values)


def _replace(connection: Connection, bound: BoundCollection, row: Row, values: Mapping[str, Any]) -> int:
    table = bound.table
    unchanged = and_(*(c == row[c.name] for c in bound.key_columns), *(table.c[n] == row[n] for n in values))
    done = connection.execute(update(table).where(unchanged).values(values))
    return len(values) * done.rowcount


def unseal(sealer: Sealer, dataset: str | None = None) -> list[Tally]:
    """Give every sealed value back as it was, and the columns their types. Erased people's values stay as they are."""
    tallies = []
    for collection in sealer.collections(dataset):
        bound, tally = sealer.stores.bind(collection), Tally(collection.path)
        for rows in _batches(sealer, bound):
            tally.rows += len(rows)
            _unseal_batch(sealer, bound, rows, tally)
            sealer.progress(collection.path, tally.rows, tally.rows)
        if not tally.erased:
            _narrow(sealer, bound)
        _log(sealer, EventType.COLLECTION_UNSEALED, tally)
        tallies.append(tally)
    return tallies


def _unseal_batch(sealer: Sealer, bound: BoundCollection, rows: Sequence[Row], tally: Tally) -> None:
    collection = bound.collection
    sealed_rows = [r for r in rows if any(is_sealed_text(r[f.name]) for f in collection.sealed)]
    owner_of = owners(sealer.stores, sealer.policies.data_map, collection, sealed_rows)
    with sealer.database.write() as session:
        cipher_of = _ciphers(sealer, session, owner_of)
    with sealer.stores.write(collection.dataset) as connection:
        for row in sealed_rows:
            key = row_key(collection, row)
            if key not in cipher_of:
                tally.erased += 1
                continue
            values = {
                f.name: cipher_of[key].open_text(f.id, key, row[f.name])
                for f in collection.sealed
                if f.id is not None and is_sealed_text(row[f.name])
            }
            tally.sealed += _replace(connection, bound, row, values)


def _narrow(sealer: Sealer, bound: BoundCollection) -> None:
    """The original column types back."""
    on_sqlite = sealer.stores.engine(bound.collection.dataset).dialect.name == "sqlite"
    with sealer.database.write() as session:
        for field_ in bound.collection.sealed:
            record = session.get(SealedColumn, field_.id)
            if record is None:
                continue
            if not on_sqlite and isinstance(bound.types[field_.name], String):
                with sealer.stores.write(bound.collection.dataset) as connection:
                    change_type(connection, bound, field_.name, record.original_type)
            session.delete(record)


def forget_old_bytes(stores: Stores, dataset: str) -> None:
    """The clear values' old copies leave the store's files: VACUUM, and on SQLite the write-ahead log as well."""
    engine = stores.engine(dataset)
    if engine.dialect.name not in {"sqlite", "postgresql"}:
        return
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        raw = connection.connection.dbapi_connection
        assert raw is not None
        cursor = raw.cursor()
        cursor.execute("VACUUM")
        if engine.dialect.name == "sqlite":
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _log(sealer: Sealer, kind: EventType, tally: Tally) -> None:
    payload = {"collection": tally.collection, "rows": tally.rows, "values": tally.sealed, "erased": tally.erased}
    with sealer.database.write() as session:
        sealer.log.append(session, kind, actor=sealer.actor, payload=payload)
