"""Sealing the mapped fields of an existing store in place, and what is left to seal.

A batch is two transactions: first ours (subjects, keys, index entries), then the store's. A crash between them
leaves keys without values, never values without keys; the next run goes on, because a sealed value says of itself
that it is sealed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, Log
from privacy_svc.db import Database, now
from privacy_svc.errors import Fault
from privacy_svc.policy import Collection, PolicySet
from privacy_svc.store import blind, columns, planning, subjects
from privacy_svc.store.binding import BoundCollection, Row, Stores, find_dataset
from privacy_svc.store.blind import Indexed
from privacy_svc.store.converting import prepare, records
from privacy_svc.store.counting import RawTable
from privacy_svc.store.errors import CannotSeal
from privacy_svc.store.facts import FactReader
from privacy_svc.store.keeping import keep
from privacy_svc.store.kinds import as_text, is_clear, is_sealed, parse
from privacy_svc.store.model import SealedColumn
from privacy_svc.store.opening import open_with
from privacy_svc.store.rows import by_keys, chunks, owners, row_key
from privacy_svc.store.traces import forget_old_bytes
from privacy_svc.vault import SubjectCipher, Vault

BATCH = 2000
ATTEMPTS = 3


@dataclass
class Tally:
    """Counts of one collection's values: `sealed` now, `already`; and of rows: all, `unowned` (they lead to no
    person), `erased` (their person was erased)."""

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
    batch: int = BATCH

    def collections(self, dataset: str | None) -> list[Collection]:
        """Those with sealed fields, identities first. Raises UnknownDataset."""
        if dataset is not None:
            find_dataset(self.policies.data_map, dataset)
        found = [c for c in self.policies.data_map.collections() if c.sealed and dataset in {None, c.dataset}]
        return sorted(found, key=lambda c: len(self.policies.data_map.owner(c) or ()))

    @property
    def facts(self) -> FactReader:
        return FactReader(self.stores, self.vault, self.policies)

    def raw(self, collection: Collection) -> RawTable:
        return RawTable.of(self.stores, self.policies.data_map, collection)


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
        missed += _seal_batch(sealer, raw, kinds, rows, tally)
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


def _seal_batch(sealer: Sealer, raw: RawTable, kinds: Mapping[str, str], rows: Sequence[Row], tally: Tally) -> int:
    """Returns how many values were changed by the CRM meanwhile; they wait for the next run."""
    collection = raw.collection
    owner_of = owners(sealer.stores, sealer.policies.data_map, collection, rows)
    tally.unowned += len(rows) - len(owner_of)
    chain = sealer.policies.data_map.owner(collection)
    person = chain[-1][1] if chain else collection
    keys = {key: person_key for key, (_, person_key) in owner_of.items()}
    keyed = [(key, r) for r in rows if (key := row_key(collection, r)) in keys]
    ciphers = _provide(sealer, person, keys, keyed, collection)
    tally.erased += len(keys) - len(ciphers)
    sealed = _sealed_values(collection, kinds, [(k, r) for k, r in keyed if k in ciphers], ciphers)
    wanted = sum(len(names) * len(parameters) for names, parameters in sealed.items())
    done = replace_values(sealer.stores, raw, sealed)
    tally.sealed += done
    if done < wanted:
        _reindex(sealer, raw, ciphers)
    return wanted - done


def _reindex(sealer: Sealer, raw: RawTable, ciphers: Mapping[str, SubjectCipher]) -> None:
    """Some of the rows were changed since they were read, and their index entries may be of what was read."""
    bound = raw.bound
    indexed = [f for f in raw.collection.fields if f.index and f.id is not None]
    for _ in range(ATTEMPTS):
        now_there = _rows_of(sealer, bound, list(ciphers))
        with sealer.database.write() as session:
            sealer.vault.hold(session, {c.subject_id for c in ciphers.values()})
            living = sealer.vault.ciphers(session, {c.subject_id for c in ciphers.values()})
            values = [
                Indexed(f, key, cipher.subject_id, as_text(open_with(cipher.at(key), f, row[f.name])))
                for key, row in now_there.items()
                if (cipher := living.get(ciphers[key].subject_id)) is not None
                for f in indexed
            ]
            blind.put(session, sealer.vault, values)
        if _rows_of(sealer, bound, list(ciphers)) == now_there:
            return


def _rows_of(sealer: Sealer, bound: BoundCollection, keys: Sequence[str]) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for some in chunks(keys):
        with sealer.stores.read(bound.collection.dataset) as connection:
            rows = connection.execute(select(bound.table).where(by_keys(bound, some))).mappings()
            found.update((row_key(bound.collection, row), dict(row)) for row in rows)
    return found


def _provide(
    sealer: Sealer,
    person: Collection,
    keys: Mapping[str, str],
    keyed: Sequence[tuple[str, Row]],
    collection: Collection,
) -> dict[str, SubjectCipher]:
    """Keys and index entries of the rows, committed. Where another run is at the same rows, one tries again."""
    attempt = 0
    while True:
        attempt += 1
        try:
            with sealer.database.write() as session:
                before = subjects.known(session, person, keys.values()) if collection.telling else {}
                ciphers = ciphers_of(sealer, session, person, keys)
                keep(session, sealer.facts, sealer.log, person, before, sealer.actor)
                blind.put(session, sealer.vault, _index_values(collection, keyed, ciphers))
        except IntegrityError:
            if attempt == ATTEMPTS:
                raise
        else:
            return ciphers


def ciphers_of(
    sealer: Sealer, session: Session, person: Collection, keys: Mapping[str, str]
) -> dict[str, SubjectCipher]:
    """Row key to its person's cipher; people we see for the first time get a subject. Erased ones are absent."""
    admitted = subjects.admit(session, sealer.facts, sealer.log, person, keys.values(), sealer.actor)
    sealer.vault.hold(session, set(admitted.values()))
    ciphers = sealer.vault.ciphers(session, admitted.values())
    return {key: ciphers[s] for key, k in keys.items() if (s := admitted[k]) in ciphers}


def _index_values(
    collection: Collection, keyed: Sequence[tuple[str, Row]], ciphers: Mapping[str, SubjectCipher]
) -> list[Indexed]:
    indexed = [f for f in collection.fields if f.index]
    return [
        Indexed(f, key, ciphers[key].subject_id, as_text(value))
        for f in indexed
        for key, row in keyed
        if key in ciphers and not is_sealed(value := row[f.name])
    ]


Changes = dict[tuple[str, ...], list[dict[str, Any]]]
"""Parameters of `RawTable.replacing` by the columns that change."""


def _sealed_values(
    collection: Collection,
    kinds: Mapping[str, str],
    keyed: Sequence[tuple[str, Row]],
    ciphers: Mapping[str, SubjectCipher],
) -> Changes:
    changes: Changes = {}
    fields = [(f.name, f.id, kinds[f.name], f.pad) for f in collection.sealed if f.id is not None]
    for key, row in keyed:
        cipher = ciphers[key].at(key)
        new: dict[str, Any] = {}
        for name, field_id, kind, pad in fields:
            value = row[name]
            if not is_clear(value):
                continue
            if isinstance(value, bytes):
                new[name] = cipher.seal(field_id, value, pad)
            else:
                typed = parse(kind, value) if isinstance(value, str) else value
                new[name] = cipher.seal_text(field_id, typed, pad)
        note_change(changes, collection, row, new)
    return changes


def note_change(changes: Changes, collection: Collection, row: Row, new: Mapping[str, Any]) -> None:
    if not new:
        return
    parameters = {f"key_{i}": row[name] for i, name in enumerate(collection.key)}
    for i, (name, value) in enumerate(new.items()):
        parameters[f"old_{i}"], parameters[f"new_{i}"] = row[name], value
    changes.setdefault(tuple(new), []).append(parameters)


def replace_values(stores: Stores, raw: RawTable, changes: Changes) -> int:
    """In one transaction of the store; returns how many values were replaced."""
    done = 0
    try:
        with stores.write(raw.collection.dataset) as connection:
            for names, parameters in changes.items():
                done += len(names) * connection.execute(raw.replacing(names), parameters).rowcount
    except (DataError, IntegrityError) as error:  # its own text may quote a whole row
        code = getattr(error.orig, "sqlstate", None) or "?"
        why = f"the store refused a row (code {code}): one of its own rules does not take a sealed value"
        raise CannotSeal("Some rows could not be written.", faults=[Fault(raw.collection.path, why)]) from None
    return done


def log_run(sealer: Sealer, session: Session, kind: EventType, tally: Tally) -> None:
    payload = {"collection": tally.collection, "rows": tally.rows, "values": tally.sealed, "erased": tally.erased}
    sealer.log.append(session, kind, actor=sealer.actor, payload=payload)
