"""Row keys, reading rows, and the way from a row to the person it belongs to."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, TypeVar
from urllib.parse import quote, unquote
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from privacy_svc.policy import Collection, DataMap
from privacy_svc.store.binding import BoundCollection, Row, Stores
from privacy_svc.store.errors import UnknownRecord

T = TypeVar("T")
CHUNK = 500
"""Most values in one IN list; SQLite's and PostgreSQL's limits are far above."""


def chunks(values: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    items = list(values)
    for start in range(0, len(items), size):
        yield items[start : start + size]


def row_key(collection: Collection, row: Row) -> str:
    """The primary key as one text: the value itself, or for a composite key its parts, percent-encoded, by commas."""
    parts = [_part(row[name]) for name in collection.key]
    return parts[0] if len(parts) == 1 else ",".join(quote(p, safe="") for p in parts)


def row_keys(rows: Sequence[Sequence[Any]]) -> list[str]:
    """The same of many rows that are their primary keys."""
    if rows and len(rows[0]) == 1:
        return [_part(value) for (value,) in rows]
    return [",".join(quote(_part(value), safe="") for value in row) for row in rows]


def _part(value: Any) -> str:
    """Bytes (a UUID in 16 bytes) as hex."""
    return value.hex() if isinstance(value, bytes) else str(value)


def key_values(bound: BoundCollection, key: str) -> dict[str, Any]:
    """`row_key` back, in the columns' own types. Raises UnknownRecord for what cannot be a key of this table."""
    names = bound.collection.key
    parts = [key] if len(names) == 1 else [unquote(p) for p in key.split(",")]
    if len(parts) != len(names) or any("\0" in p for p in parts):
        raise UnknownRecord(f"A key of {bound.collection.path} is {len(names)} parts of text.")
    return {n: _typed(bound, n, p) for n, p in zip(names, parts, strict=True)}


def _typed(bound: BoundCollection, name: str, text: str) -> Any:
    try:
        kind = bound.types[name].python_type
        return _KEY_TYPES[kind](text) if kind in _KEY_TYPES else text
    except NotImplementedError:
        return text
    except ValueError:
        raise UnknownRecord(f"The key of {bound.collection.path} has another form.") from None


def _whole(text: str) -> int:
    """Raises ValueError also for what Python reads as a number and no other program does, or no database holds."""
    if not _WHOLE.fullmatch(text) or not -(2**63) <= int(text) < 2**63:
        raise ValueError
    return int(text)


_WHOLE = re.compile(r"-?\d{1,19}", re.ASCII)
_KEY_TYPES: Mapping[type, Callable[[str], Any]] = {int: _whole, bytes: bytes.fromhex, UUID: UUID}


def by_keys(bound: BoundCollection, keys: Iterable[str]) -> ColumnElement[bool]:
    """The rows with these keys."""
    columns = bound.key_columns
    wanted = [key_values(bound, k) for k in keys]
    if len(columns) == 1:
        return columns[0].in_([w[columns[0].name] for w in wanted])
    return or_(*(and_(*(c == w[c.name] for c in columns)) for w in wanted))


def one_row(connection: Connection, bound: BoundCollection, key: str, *, hold: bool = False) -> Row:
    """The row with this key, whole; `hold` keeps others from writing it. Raises UnknownRecord."""
    statement = select(bound.table).where(by_keys(bound, [key]))
    row = connection.execute(statement.with_for_update() if hold else statement).mappings().first()
    if row is None:
        raise UnknownRecord(f"{bound.collection.path} has no record with this key.")
    return row


def rows_where(connection: Connection, bound: BoundCollection, field: str, values: Iterable[Any]) -> list[Row]:
    """The rows whose `field` is one of `values`, by primary key."""
    found: list[Row] = []
    for chunk in chunks(dict.fromkeys(values)):
        statement = select(bound.table).where(bound.table.c[field].in_(chunk)).order_by(*bound.key_columns)
        found.extend(connection.execute(statement).mappings())
    return found


def batches(
    connection: Connection, bound: BoundCollection, size: int = CHUNK, start: str | None = None
) -> Iterator[Sequence[Row]]:
    """All rows after the key `start` in keyset batches; rows written behind the cursor are left for the next run."""
    after = tuple(key_values(bound, start).values()) if start is not None else None
    while True:
        statement = select(bound.table).order_by(*bound.key_columns).limit(size)
        if after is not None:
            statement = statement.where(beyond(bound.key_columns, after))
        rows = connection.execute(statement).mappings().all()
        if not rows:
            return
        yield rows
        after = tuple(rows[-1][name] for name in bound.collection.key)


def beyond(columns: Sequence[Any], after: Sequence[Any]) -> ColumnElement[bool]:
    """Rows whose key sorts after `after`: (a > x) or (a = x and b > y) …"""
    return or_(
        *(
            and_(*(c == v for c, v in zip(columns[:i], after[:i], strict=True)), columns[i] > after[i])
            for i in range(len(columns))
        )
    )


def owners(
    stores: Stores, data_map: DataMap, collection: Collection, rows: Sequence[Row]
) -> Mapping[str, tuple[Collection, str]]:
    """For each row (by its key) the identity collection and key of the person it belongs to.

    Rows whose chain of references is broken are absent. One query a step of the chain, not a row; what is equal
    only to the database (a reference in other case or with trailing spaces) costs a query of its own.
    """
    chain = data_map.owner(collection)
    if chain is None:
        return {}
    if not chain:
        return {row_key(collection, r): (collection, row_key(collection, r)) for r in rows}
    at = {row_key(collection, r): r for r in rows}
    for field, target in chain:
        reference = field.reference
        assert reference is not None
        wanted = {r[field.name] for r in at.values() if r[field.name] is not None}
        with stores.read(target.dataset) as connection:
            found = _referred(connection, stores.bind(target), reference.field, wanted)
        at = {key: found[r[field.name]] for key, r in at.items() if r[field.name] in found}
    person = chain[-1][1]
    return {key: (person, row_key(person, r)) for key, r in at.items()}


def _referred(connection: Connection, bound: BoundCollection, field: str, wanted: AbstractSet[Any]) -> dict[Any, Row]:
    """The rows by the values that refer to them, in the spelling of those who refer."""
    found = {r[field]: r for r in rows_where(connection, bound, field, wanted)}
    if found.keys() <= wanted:
        return found
    for value in wanted - found.keys():
        for row in rows_where(connection, bound, field, [value])[:1]:
            found[value] = row
    return found
