"""Sealed and clear values told apart by the store itself, so that nothing is read that need not be."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Dialect,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Update,
    and_,
    bindparam,
    case,
    collate,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.types import NullType

from privacy_svc.policy import Collection, DataMap
from privacy_svc.store.binding import BoundCollection, Row, Stores
from privacy_svc.store.columns import look
from privacy_svc.store.kinds import ANY, BINARY, TEXT
from privacy_svc.store.reasons import Facts
from privacy_svc.store.rows import beyond
from privacy_svc.vault import BEGINNING, BEGINNING_TEXT

_SHORTEST_BYTES = 34


MYSQL = {"mysql", "mariadb"}


@dataclass(frozen=True)
class RawTable:
    """A collection's table as it stands: its key, what leads to the person, and the sealed columns as text or bytes."""

    stores: Stores
    bound: BoundCollection
    columns: Mapping[str, Facts]
    keeps: tuple[str, ...]
    table: Table

    @classmethod
    def of(cls, stores: Stores, data_map: DataMap, collection: Collection) -> "RawTable":
        bound = stores.bind(collection)
        with stores.read(collection.dataset) as connection:
            facts = look(connection, bound)
        chain = data_map.owner(collection) or ()
        first = {chain[0][0].name} if chain else set()
        indexed = {f.name for f in collection.fields if f.index}
        sqlite = stores.engine(collection.dataset).dialect.name == "sqlite"
        columns: list[Column[Any]] = []
        for field in collection.fields:
            if field.name in facts.columns:
                binary = facts.columns[field.name].kind == BINARY
                columns.append(Column(field.name, NullType() if sqlite else LargeBinary() if binary else Text()))
            elif field.primary_key or field.name in first | indexed:
                columns.append(Column(field.name, bound.table.c[field.name].type))
        columns += [Column(name, NullType()) for name in facts.keeps if name not in {c.name for c in columns}]
        table = Table(bound.table.name, MetaData(), *columns)
        return cls(stores, bound, facts.columns, facts.keeps, table)

    @property
    def collection(self) -> Collection:
        return self.bound.collection

    @cached_property
    def key(self) -> list[Column[Any]]:
        return [self.table.c[name] for name in self.collection.key]

    @cached_property
    def dialect(self) -> Dialect:
        return self.stores.engine(self.collection.dataset).dialect

    def sealed(self, name: str) -> ColumnElement[bool]:
        """By its form: SQL cannot open it."""
        column = self.table.c[name]
        if self.dialect.name == "sqlite":
            as_text = and_(func.typeof(column) == "text", self._sealed_text(column))
            return or_(as_text, and_(func.typeof(column) == "blob", _sealed_bytes(column)))
        if self.columns[name].kind == BINARY:
            return _sealed_bytes(column)
        return self._sealed_text(column) if self.columns[name].kind == TEXT else false()

    def _sealed_text(self, column: Column[Any]) -> ColumnElement[bool]:
        if self.dialect.name in MYSQL:  # whose collations see no case
            start = f"SUBSTR({self.dialect.identifier_preparer.quote(column.name)}, 1, {len(BEGINNING_TEXT)})"
            return literal_column(f"(BINARY CONVERT({start} USING utf8mb4) = '{BEGINNING_TEXT}')", Boolean())
        return func.substr(column, 1, len(BEGINNING_TEXT)) == BEGINNING_TEXT

    def clear(self, name: str) -> ColumnElement[bool]:
        """Neither NULL nor empty nor sealed."""
        column = self.table.c[name]
        if self.columns[name].kind not in {TEXT, BINARY, ANY}:
            return column.is_not(None)
        filled = func.length(column) > 0
        if self.dialect.name == "sqlite":  # whose length() ends at a NUL
            filled = or_(filled, and_(func.typeof(column) == "text", column != ""))
        return and_(filled, not_(self.sealed(name)))

    def count(self) -> tuple[int, dict[str, int], dict[str, int]]:
        """Rows; sealed values and clear values by column. One pass of the store."""
        names = list(self.columns)
        sums = [func.sum(case((condition(n), 1), else_=0)) for condition in (self.sealed, self.clear) for n in names]
        with self.stores.read(self.collection.dataset) as connection:
            rows, *found = connection.execute(select(func.count(), *sums).select_from(self.table)).one()
        counts = [int(n or 0) for n in found]
        return rows, dict(zip(names, counts, strict=False)), dict(zip(names, counts[len(names) :], strict=True))

    def batches(self, condition: ColumnElement[bool], size: int) -> Iterator[Sequence[Row]]:
        """Rows by key where it holds, each batch read in a transaction of its own: an open reader would hold up
        the store's writers. Rows that come to be behind the cursor are left for the next run."""
        after: tuple[Any, ...] | None = None
        while True:
            statement = select(self.table).where(condition).order_by(*self.key).limit(size)
            if after is not None:
                statement = statement.where(beyond(self.key, after))
            with self.stores.read(self.collection.dataset) as connection:
                rows = connection.execute(statement).mappings().all()
            if not rows:
                return
            yield rows
            after = tuple(rows[-1][c.name] for c in self.key)

    def any_clear(self) -> ColumnElement[bool]:
        return or_(*(self.clear(n) for n in self.columns))

    def any_sealed(self) -> ColumnElement[bool]:
        return or_(*(self.sealed(n) for n in self.columns))

    def replacing(self, names: Sequence[str]) -> Update:
        """UPDATE for `executemany`: parameters `key_<name>`, `old_<name>`, `new_<name>`. It meets no row whose value
        the CRM changed since it was read, not even in case or trailing spaces."""
        unchanged = [
            *(c == bindparam(f"key_{i}", type_=c.type) for i, c in enumerate(self.key)),
            *(self._same(n, f"old_{i}") for i, n in enumerate(names)),
        ]
        new = {n: bindparam(f"new_{i}", type_=self.table.c[n].type) for i, n in enumerate(names)}
        kept = {n: self.table.c[n] for n in self.keeps}
        return update(self.table).where(*unchanged).values({**new, **kept})

    def _same(self, name: str, parameter: str) -> Any:
        column = self.table.c[name]
        value = bindparam(parameter, type_=column.type)
        if self.dialect.name == "sqlite":
            return collate(column, "BINARY") == value
        if self.columns[name].kind == BINARY:
            return column == value
        if self.dialect.name == "postgresql":
            return collate(column, "C") == value
        quoted = self.dialect.identifier_preparer.quote(name)
        return text(f"BINARY CONVERT({quoted} USING utf8mb4) = BINARY :{parameter}")


def _sealed_bytes(column: Column[Any]) -> ColumnElement[bool]:
    start = literal(BEGINNING, LargeBinary())
    begins = func.substr(column, 1, len(BEGINNING), type_=LargeBinary()) == start
    return and_(begins, func.length(column) >= _SHORTEST_BYTES)
