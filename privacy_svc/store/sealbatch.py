"""One batch of rows: keys and index entries first, committed, then the sealed values in the store.

A crash between the two leaves keys without values, never values without keys; the next run goes on, because a sealed
value says of itself that it is sealed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from privacy_svc.errors import Fault
from privacy_svc.policy import Collection
from privacy_svc.store import blind, subjects
from privacy_svc.store.binding import BoundCollection, Row, Stores
from privacy_svc.store.blind import Indexed
from privacy_svc.store.counting import RawTable
from privacy_svc.store.errors import CannotSeal
from privacy_svc.store.keeping import keep
from privacy_svc.store.kinds import as_text, is_clear, is_sealed, parse
from privacy_svc.store.opening import open_with
from privacy_svc.store.rows import by_keys, chunks, owners, row_key
from privacy_svc.store.sealer import Sealer, Tally
from privacy_svc.vault import SubjectCipher

ATTEMPTS = 3


def seal_batch(sealer: Sealer, raw: RawTable, kinds: Mapping[str, str], rows: Sequence[Row], tally: Tally) -> int:
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
