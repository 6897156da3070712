"""What a store looks like before anybody mapped it: tables, columns, keys and a small sample. Reads only."""

import datetime as dt
import decimal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column as SqlColumn
from sqlalchemy import Connection, Engine, Inspector, MetaData, String, cast, func, inspect, select
from sqlalchemy import Table as SqlTable
from sqlalchemy.engine.interfaces import ReflectedIndex
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.types import NullType, TypeEngine

from privacy_svc.pii import Kind
from privacy_svc.store.binding import Stores
from privacy_svc.store.columns import CATALOGUES
from privacy_svc.store.kinds import python_type

SAMPLE = 200
"""Rows of a table that are looked at: half of them the first."""
_POINTS = 20
"""Places in the range of the key where further rows are taken, so that a sample is not only the oldest rows."""
_CHARACTERS = 400
"""Of a long text this much is enough to see what it is."""
_KINDS: tuple[tuple[type, Kind], ...] = (
    (bool, "bool"),
    (int, "integer"),
    (float, "number"),
    (decimal.Decimal, "number"),
    (dt.date, "date"),
    (str, "text"),
)
"""In this order: a bool is an int, a datetime is a date."""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: Kind
    length: int | None = None
    nullable: bool = True
    unique: bool = False
    """A unique index on this column alone: two rows cannot hold the same value."""
    compared: bool = False
    """It stands in some unique index, alone, with others, or for some of the rows."""
    computed: bool = False
    """The database makes the value from other columns; nobody can write it."""
    typed: bool = True
    """The store declares what it holds; SQLite need not."""
    hindrance: str = ""
    """Why the store's catalogue does not let it be sealed."""
    values: tuple[Any, ...] = ()
    """Sampled values without nulls, sorted by their text: in which order rows came says nothing."""

    def __repr__(self) -> str:
        return f"Column({self.name!r}, {self.kind})"


@dataclass(frozen=True, slots=True)
class ForeignKey:
    column: str
    table: str
    target: str
    declared: bool = True
    stray: bool = False
    """Not to be followed: by it a row would be a colleague's that is a customer's."""


@dataclass(frozen=True)
class Table:
    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    """The primary key; where there is none, columns that are unique together and never empty."""
    foreign_keys: tuple[ForeignKey, ...] = ()

    def column(self, name: str) -> Column:
        return next(c for c in self.columns if c.name == name)


@dataclass(frozen=True)
class Schema:
    tables: tuple[Table, ...]

    def table(self, name: str) -> Table:
        return next(t for t in self.tables if t.name == name)


def read_schema(engine: Engine, sample: int = SAMPLE) -> Schema:
    """Every table of the default schema, by name, in a transaction that cannot write. Raises StoreUnavailable."""
    with Stores.answering(), engine.connect() as connection, _unable_to_write(connection):
        inspector = inspect(connection)
        return Schema(
            tuple(_table(connection, inspector, name, sample) for name in sorted(inspector.get_table_names()))
        )


@contextmanager
def _unable_to_write(connection: Connection) -> Iterator[None]:
    """Whatever URL the store was opened with."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
    if connection.dialect.name != "sqlite":
        yield
        return
    before = connection.exec_driver_sql("PRAGMA query_only").scalar_one()
    connection.exec_driver_sql("PRAGMA query_only = ON")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA query_only = {int(before)}")


def _table(connection: Connection, inspector: Inspector, name: str, size: int) -> Table:
    groups, compared = _unique(inspector, name)
    found = inspector.get_columns(name)
    kinds = {c["name"]: _kind(c["type"]) for c in found}
    filled = {c["name"] for c in found if not c["nullable"]}
    declared = tuple(inspector.get_pk_constraint(name)["constrained_columns"])
    key = declared or next((g for g in groups if filled.issuperset(g)), ())
    sample = _readable_sample(connection, name, kinds, key, size)
    catalogue = CATALOGUES.get(connection.dialect.name)
    facts = catalogue.facts(connection, name, list(kinds)).columns if catalogue else {}
    columns = tuple(
        Column(
            name=c["name"],
            kind=kinds[c["name"]],
            length=getattr(c["type"], "length", None),
            nullable=bool(c["nullable"]),
            unique=(c["name"],) in groups,
            compared=c["name"] in compared,
            computed="computed" in c,
            typed=not isinstance(c["type"], NullType),
            hindrance=next(iter(facts[c["name"]].hindrances), "") if c["name"] in facts else "",
            values=_values(sample, c["name"]),
        )
        for c in found
    )
    return Table(name, columns, key, tuple(_foreign_keys(inspector, name)))


def _foreign_keys(inspector: Inspector, name: str) -> Iterator[ForeignKey]:
    """Of a column in several foreign keys the first counts: the data map holds one reference a field."""
    seen: set[str] = set()
    for found in sorted(inspector.get_foreign_keys(name), key=lambda f: tuple(f["constrained_columns"])):
        targets = (
            found["referred_columns"] or inspector.get_pk_constraint(found["referred_table"])["constrained_columns"]
        )
        for column, target in zip(found["constrained_columns"], targets, strict=False):
            if column not in seen and not found["referred_schema"]:
                seen.add(column)
                yield ForeignKey(column, found["referred_table"], target)


def _unique(inspector: Inspector, name: str) -> tuple[list[tuple[str, ...]], frozenset[str]]:
    """Columns that are unique together, and all that stand in any unique index: one on an expression or on some of
    the rows makes nothing unique, but compares all the same."""
    groups = [tuple(u["column_names"]) for u in inspector.get_unique_constraints(name)]
    compared = {c for group in groups for c in group}
    for index in inspector.get_indexes(name):
        columns = tuple(c for c in index["column_names"] if c)
        if index["unique"]:
            compared |= set(columns)
            if columns and columns == tuple(index["column_names"]) and not _partial(index):
                groups.append(columns)
    return sorted(set(groups)), frozenset(compared)


def _partial(index: ReflectedIndex) -> bool:
    return any(option.endswith("_where") for option in index.get("dialect_options", {}))


def _kind(declared: TypeEngine[Any]) -> Kind:
    if isinstance(declared, NullType):
        return "text"  # SQLite: a column without a type holds what it is given
    python = python_type(declared)
    if python is None:
        return "other"
    return next((kind for base, kind in _KINDS if issubclass(python, base)), "other")


def _readable_sample(
    connection: Connection, name: str, kinds: Mapping[str, Kind], key: Sequence[str], size: int
) -> list[dict[str, Any]]:
    """Nothing where these credentials may not read the table: headers and types still speak."""
    try:
        with connection.begin_nested():
            return _sample(connection, name, kinds, key, size)
    except ProgrammingError:
        return []


def _sample(
    connection: Connection, name: str, kinds: Mapping[str, Kind], key: Sequence[str], size: int
) -> list[dict[str, Any]]:
    """Rows from the start, and from places spread over the key's range where the key is one integer."""
    table = SqlTable(name, MetaData(), *(SqlColumn(c, NullType()) for c in kinds))
    shown = [
        func.substr(cast(table.c[c], String), 1, _CHARACTERS).label(c) if kind == "text" else table.c[c]
        for c, kind in kinds.items()
        if kind != "other"
    ]
    if not shown:
        return []
    query = select(*shown).order_by(*(table.c[c] for c in key))
    if len(key) != 1 or kinds[key[0]] != "integer":
        return [dict(row) for row in connection.execute(query.limit(size)).mappings()]
    column, first = table.c[key[0]], size // 2
    rows = {row[key[0]]: dict(row) for row in connection.execute(query.limit(first)).mappings()}
    low, high = connection.execute(select(func.min(column), func.max(column))).one()
    if len(rows) < first or not isinstance(low, int) or not isinstance(high, int):
        return list(rows.values())
    each = max(1, (size - first) // _POINTS)
    for point in range(1, _POINTS + 1):
        start = low + (high - low) * point // _POINTS - each + 1
        found = connection.execute(query.where(column >= start).limit(each)).mappings()
        rows |= {row[key[0]]: dict(row) for row in found}
    return list(rows.values())


def _values(sample: Sequence[dict[str, Any]], name: str) -> tuple[Any, ...]:
    return tuple(sorted((row[name] for row in sample if row.get(name) is not None), key=str))
