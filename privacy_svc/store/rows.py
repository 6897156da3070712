"""Row keys, reading rows, and the way from a row to the person it belongs to."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from operator import itemgetter
from typing import Any, TypeVar
from urllib.parse import quote, unquote
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, bindparam, or_, select, tuple_

from privacy_svc.policy import Collection, DataMap
from privacy_svc.store.binding import BoundCollection, Row, Stores
from privacy_svc.store.errors import UnknownRecord
from privacy_svc.store.kinds import python_type

T = TypeVar("T")
Values = tuple[Any, ...]
"""Of the fields of one reference."""
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
    read = _KEY_TYPES.get(python_type(bound.types[name]))
    try:
        return text if read is None else read(text)
    except ValueError:
        raise UnknownRecord(f"The key of {bound.collection.path} has another form.") from None


def _whole(text: str) -> int:
    """Raises ValueError also for what Python reads as a number and no other program does, or no database holds."""
    if not _WHOLE.fullmatch(text) or not -(2**63) <= int(text) < 2**63:
        raise ValueError
    return int(text)


_WHOLE = re.compile(r"-?\d{1,19}", re.ASCII)
_KEY_TYPES: Mapping[type | None, Callable[[str], Any]] = {int: _whole, bytes: bytes.fromhex, UUID: UUID}


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


def batches(
    connection: Connection,
    bound: BoundCollection,
    size: int = CHUNK,
    start: str | None = None,
    *where: ColumnElement[bool],
) -> Iterator[Sequence[Row]]:
    """All rows after the key `start` of which `where` is true, in keyset batches; rows written behind the cursor are
    left for the next run."""
    after = tuple(key_values(bound, start).values()) if start is not None else None
    while True:
        statement = select(bound.table).where(*where).order_by(*bound.key_columns).limit(size)
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


def beyond_key(bound: BoundCollection, rows: Iterable[Row], after: str | None) -> list[Row]:
    """The same of rows that are here already: those whose key comes after `after`, in their keys' order. Raises
    UnknownRecord for what cannot be a key of this table."""
    placed = sorted(((_place(row_key(bound.collection, row)), row) for row in rows), key=itemgetter(0))
    if after is None:
        return [row for _, row in placed]
    key_values(bound, after)
    return [row for place, row in placed if place > _place(after)]


def _place(key: str) -> list[tuple[int, str]]:
    """Whole numbers by their size; of a composite key each part."""
    return [(int(part) if _WHOLE.fullmatch(part) else 0, part) for part in key.split(",")]


def equals(bound: BoundCollection, fields: Sequence[str], values: Iterable[Values]) -> ColumnElement[bool]:
    """The rows whose `fields` have one of these values, each in the column's own type: a customer number may be a
    number in one database and a text in the other."""
    return _in(bound, fields, fitting(bound, fields, values))


def equals_given(bound: BoundCollection, fields: Sequence[str]) -> ColumnElement[bool]:
    """The same of values that are given when it is carried out, as `wanted`, and are `fitting`."""
    return _in(bound, fields, bindparam("wanted", expanding=True))


def _in(bound: BoundCollection, fields: Sequence[str], values: Any) -> ColumnElement[bool]:
    columns = [bound.table.c[name] for name in fields]
    return columns[0].in_(values) if len(columns) == 1 else tuple_(*columns).in_(values)


def fitting(bound: BoundCollection, fields: Sequence[str], values: Iterable[Values]) -> list[Any]:
    """Those that can be in the columns; of one column alone without their tuples."""
    found = [v for v in (fit(bound, fields, value) for value in values) if v is not None]
    return [v for (v,) in found] if len(fields) == 1 else found


def fit(bound: BoundCollection, fields: Sequence[str], values: Values) -> Values | None:
    """The values in the columns' types; None where they cannot be in them."""
    try:
        return tuple(_fit(bound, name, value) for name, value in zip(fields, values, strict=True))
    except (ValueError, UnknownRecord):
        return None


def _fit(bound: BoundCollection, name: str, value: Any) -> Any:
    kind = python_type(bound.types[name])
    if kind is str:
        return _part(value)
    return _typed(bound, name, value) if isinstance(value, str) and kind in _KEY_TYPES else value


def unset(bound: BoundCollection, fields: Sequence[str]) -> ColumnElement[bool]:
    """The rows whose reference over these fields says nothing."""
    return or_(*(bound.table.c[name].is_(None) for name in fields))


def present(connection: Connection, bound: BoundCollection, keys: Iterable[str]) -> list[Row]:
    """The rows of these keys that are there, in their order. What is equal only to the database costs a look of its
    own."""
    wanted = list(dict.fromkeys(keys))
    found: dict[str, Row] = {}
    names = bound.collection.key
    for chunk in chunks(k for k in wanted if is_possible(bound, k)):
        if len(names) == 1:
            statement = bound.statement("present", lambda: select(bound.table).where(equals_given(bound, names)))
            rows = connection.execute(statement, {"wanted": [key_values(bound, k)[names[0]] for k in chunk]}).mappings()
        else:
            rows = connection.execute(select(bound.table).where(by_keys(bound, chunk))).mappings()
        found.update((row_key(bound.collection, row), row) for row in rows)
    return [found[key] for key in wanted if key in found]


def is_possible(bound: BoundCollection, key: str) -> bool:
    try:
        key_values(bound, key)
    except UnknownRecord:
        return False
    return True


def owners(
    stores: Stores, data_map: DataMap, collection: Collection, rows: Sequence[Row]
) -> Mapping[str, tuple[Collection, str]]:
    """For each row (by its key) the identity collection and key of the person it belongs to.

    Rows whose references lead to nobody are absent. One query a collection, reference and step, not a row; what is
    equal only to the database (a reference in other case or with trailing spaces) costs a query of its own.
    """
    found: dict[str, tuple[Collection, str]] = {}
    at: dict[Collection, dict[str, Row]] = {collection: {row_key(collection, r): r for r in rows}}
    met: set[tuple[str, str]] = set()
    while at:
        above: dict[Collection, dict[str, Row]] = {}
        for here, standing in at.items():
            if here.subject:
                found.update((start, (here, row_key(here, row))) for start, row in standing.items())
            else:
                _step(stores, data_map, here, _unmet(met, here, standing), above)
        at = above
    return found


def _unmet(met: set[tuple[str, str]], here: Collection, standing: Mapping[str, Row]) -> dict[str, Row]:
    """Without those that have been on this row before: a circle of references leads to nobody."""
    places = {start: f"{here.path} {row_key(here, row)}" for start, row in standing.items()}
    new = {start: row for start, row in standing.items() if (start, places[start]) not in met}
    met.update((start, places[start]) for start in new)
    return new


def _step(
    stores: Stores,
    data_map: DataMap,
    here: Collection,
    standing: Mapping[str, Row],
    above: dict[Collection, dict[str, Row]],
) -> None:
    """To the row that the first reference that is set leads to, if it is there."""
    undecided = dict(standing)
    for way in data_map.ways.up(here):
        wanted = {
            start: values
            for start, row in undecided.items()
            if None not in (values := tuple(row[name] for name in way.fields))
        }
        undecided = {start: row for start, row in undecided.items() if start not in wanted}
        if wanted:
            with stores.read(way.target.dataset) as connection:
                found = _referred(connection, stores.bind(way.target), way.refers, set(wanted.values()))
            reached = {start: found[values] for start, values in wanted.items() if values in found}
            above.setdefault(way.target, {}).update(reached)


def _referred(
    connection: Connection, bound: BoundCollection, fields: Sequence[str], wanted: AbstractSet[Values]
) -> dict[Values, Row]:
    """The rows by the values that refer to them, in the spelling of those who refer."""
    spelled = {fitting: v for v in wanted if (fitting := fit(bound, fields, v)) is not None}
    found: dict[Values, Row] = {}
    others = False
    for chunk in chunks(spelled):
        statement = select(bound.table).where(equals(bound, fields, chunk)).order_by(*bound.key_columns)
        for row in connection.execute(statement).mappings():
            value = tuple(row[name] for name in fields)
            if value in spelled:
                found.setdefault(spelled[value], row)
            else:
                others = True
    for fitting, value in spelled.items() if others else ():
        if value not in found:
            alone = select(bound.table).where(equals(bound, fields, [fitting])).order_by(*bound.key_columns)
            found.update((value, first) for first in connection.execute(alone.limit(1)).mappings())
    return found
