"""What of the customer stores is over by a period of the policy: people whose relationship ended, rows of some age.

Looked for in ranges of keys, of rows that are old as far as the database can tell; each is read and let go before
anything is done about it, and erased in one transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from privacy_svc.errors import Fault
from privacy_svc.policy import RELATIONSHIP_END, Collection, Erase, EraseRows, Field, RowRule, end_date
from privacy_svc.store import blind, subjects
from privacy_svc.store.binding import BoundCollection, Row, Stores
from privacy_svc.store.errors import CannotExpire
from privacy_svc.store.facts import FactReader
from privacy_svc.store.old_rows import old_people, old_rows
from privacy_svc.store.rows import batches, by_keys, owners, row_key

RANGE = 500
"""Rows in one range."""
GONE = "[erased]"
"""Stands in a NOT NULL text column whose value is over."""
Person = tuple[Collection, str]
"""The identity collection and the key in it."""


@dataclass(frozen=True, slots=True)
class Range:
    """`after`: the last key that was looked at, None at the end; `read`: how many rows those were. `due`: keys of what
    is over, each with the person it belongs to, if any."""

    after: str | None
    read: int
    due: Mapping[str, Person | None]


def count(reader: FactReader, collection: Collection, rule: RowRule | None, limit: date) -> int:
    """How many rows will be looked at."""
    stores = reader.stores
    bound = stores.bind(collection)
    old = old_rows(bound, rule, limit) if rule else old_people(stores, reader.policies.data_map, collection, limit)
    with stores.read(collection.dataset) as connection:
        return connection.scalar(select(func.count()).select_from(bound.table).where(old)) or 0


def people(session: Session, reader: FactReader, person: Collection, limit: date, after: str | None) -> Range:
    """Whose relationship ended on `limit` or before, as the stores say now. Raises StoreUnavailable, KeyUnavailable."""
    old = old_people(reader.stores, reader.policies.data_map, person, limit)
    rows = _range(reader.stores, person, after, old)
    keys = [row_key(person, r) for r in rows]
    told = ended(session, reader, person, keys)
    return Range(_last(keys), len(rows), {k: (person, k) for k in keys if (day := told.get(k)) and day <= limit})


def rows(
    session: Session, reader: FactReader, collection: Collection, rule: RowRule, limit: date, after: str | None
) -> Range:
    """Rows that began to count on `limit` or before, and hold something that the rule ends."""
    old = old_rows(reader.stores.bind(collection), rule, limit)
    found = _range(reader.stores, collection, after, old)
    keys = {row_key(collection, r): r for r in found}
    held = {k: r for k, r in keys.items() if _holds(collection, rule, r)}
    whose = owners(reader.stores, reader.policies.data_map, collection, list(held.values())) if held else {}
    started = _started(session, reader, rule, held, whose)
    due = {k: whose.get(k) for k in held if (day := started.get(k)) and day <= limit}
    return Range(_last(list(keys)), len(found), due)


def forget(session: Session, collection: Collection, rule: RowRule, keys: Sequence[str]) -> None:
    """Our own index of them; committed first, with the log entry (decision 4)."""
    for field in _fields(collection, rule):
        if field.id is not None:
            blind.drop(session, field.id, keys)


def erase(stores: Stores, collection: Collection, rule: RowRule, keys: Sequence[str]) -> None:
    """Raises CannotExpire: the store refused, and nothing was changed there. StoreUnavailable."""
    bound = stores.bind(collection)
    try:
        with stores.write(collection.dataset) as connection:
            if _deletes(collection, rule):
                connection.execute(delete(bound.table).where(by_keys(bound, keys)))
            else:
                values = {f.name: _empty(bound, f) for f in _fields(collection, rule)}
                connection.execute(update(bound.table).where(by_keys(bound, keys)).values(values))
    except IntegrityError:
        detail = "other rows refer to these; give those a rule of their own, or name the 'fields' to empty"
        raise CannotExpire(
            f"The store refuses what rule {rule.name!r} ends.", faults=[Fault(collection.path, detail)]
        ) from None


def _range(stores: Stores, collection: Collection, after: str | None, old: ColumnElement[bool]) -> Sequence[Row]:
    bound = stores.bind(collection)
    with stores.read(collection.dataset) as connection:
        return next(batches(connection, bound, RANGE, after, old), ())


def _last(keys: Sequence[str]) -> str | None:
    return keys[-1] if len(keys) == RANGE else None


def ended(session: Session, reader: FactReader, person: Collection, keys: Sequence[str]) -> dict[str, date | None]:
    """When the relationship ended, by key. Somebody whom we do not know yet stands for themselves by their key."""
    known = subjects.known(session, person, keys)
    names = {key: known.get(key, key) for key in keys}
    told = reader.read(session, person, names)
    return {key: told[name].ended_on for key, name in names.items() if name in told}


def _started(
    session: Session, reader: FactReader, rule: RowRule, held: Mapping[str, Row], whose: Mapping[str, Person]
) -> dict[str, date | None]:
    if rule.start != RELATIONSHIP_END:
        return {k: end_date(r[rule.start], reader.zone) for k, r in held.items()}
    by_collection: dict[str, tuple[Collection, list[str]]] = {}
    for collection, key in whose.values():
        by_collection.setdefault(collection.path, (collection, []))[1].append(key)
    told = {path: ended(session, reader, c, list(dict.fromkeys(keys))) for path, (c, keys) in by_collection.items()}
    return {k: told[c.path].get(key) for k, (c, key) in whose.items()}


def _deletes(collection: Collection, rule: RowRule) -> bool:
    return not rule.fields and collection.erase_rows is EraseRows.DELETE


def _fields(collection: Collection, rule: RowRule) -> list[Field]:
    """What the rule ends; what the law keeps longer it does not."""
    wanted = [collection.by_name[n] for n in rule.fields] or [f for f in collection.fields if f.erasable]
    return [f for f in wanted if f.erase is not Erase.KEEP or _deletes(collection, rule)]


def _holds(collection: Collection, rule: RowRule, row: Row) -> bool:
    if _deletes(collection, rule):
        return True
    return any(row[f.name] not in (None, GONE, f.replace) for f in _fields(collection, rule))


def _empty(bound: BoundCollection, field: Field) -> Any:
    """The person goes on, and so does their key: a sealed value is emptied too, not left for the key's end."""
    if field.erase is Erase.REPLACE:
        return field.replace
    if field.name in bound.nullable:
        return None
    if not bound.is_text(field.name):
        detail = "is NOT NULL and no text: name the text to put there (erase: replace), or let it be null"
        raise CannotExpire(
            "A value cannot be emptied.", faults=[Fault(f"{bound.collection.path}.{field.name}", detail)]
        )
    return GONE
