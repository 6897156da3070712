"""Many rows past the mapper, and past SQLAlchemy's own way for many, which cost more than the database on each."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, repeat
from operator import itemgetter
from typing import Any, NamedTuple, cast

from sqlalchemy import Connection, Dialect, Table, insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from privacy_svc.db.base import Base

MOST_ROWS = 64
"""In one INSERT."""
MANY = 16
"""Rows from which on PostgreSQL copies them: 100 rows in a quarter of an INSERT's time, of ours and of its."""
Row = Mapping[str, Any]


def insert_rows(session: Session, model: type[Base], rows: Sequence[Row]) -> None:
    """Rows that all have the keys of the first; what the session holds is written first.

    SQLAlchemy's own way is taken where the model fills in a column by itself.
    """
    session.flush()
    connection, table = session.connection(), cast("Table", model.__table__)
    prepared = _prepare(connection.dialect, table, tuple(rows[0]))
    if prepared is None:
        connection.execute(insert(table), rows)
        return
    cells = list(zip(*(_column(rows, name, process) for name, process in prepared.columns), strict=True))
    if connection.dialect.driver == "psycopg" and len(rows) >= MANY:
        _copy(connection, prepared.begin, cells)
        return
    for start, size in _pieces(len(rows)):
        values = tuple(chain.from_iterable(cells[start : start + size]))
        connection.exec_driver_sql(prepared.begin + " VALUES " + ", ".join([prepared.row] * size), values)


def _column(rows: Sequence[Row], name: str, process: Callable[[Any], Any] | None) -> Iterator[Any]:
    cells = map(itemgetter(name), rows)
    if process is None:
        return cells
    first = rows[0][name]
    if all(row[name] is first for row in rows):  # as the time at which all of them came
        return repeat(process(first), len(rows))
    return map(process, cells)


def _copy(connection: Connection, begin: str, cells: Sequence[Sequence[Any]]) -> None:
    """Raises what an insert would."""
    dialect, statement = connection.dialect, begin.replace("INSERT INTO", "COPY", 1) + " FROM STDIN"
    dbapi: Any = dialect.loaded_dbapi
    try:
        with connection.connection.cursor().copy(statement) as copy:
            for row in cells:
                copy.write_row(row)
    except dbapi.Error as error:
        raise DBAPIError.instance(statement, None, error, dbapi.Error, hide_parameters=True, dialect=dialect) from None


def _pieces(count: int) -> Iterator[tuple[int, int]]:
    """Beginnings and sizes: powers of two, so that a driver keeps few statements."""
    start, size = 0, MOST_ROWS
    while start < count:
        while size > count - start:
            size //= 2
        yield start, size
        start += size


class _Prepared(NamedTuple):
    """An INSERT of any number of rows as the driver takes it, and what turns a value of each column into a cell. Rows
    given to a driver one by one would make threads take turns at each."""

    begin: str
    row: str
    columns: tuple[tuple[str, Callable[[Any], Any] | None], ...]


_prepared: dict[tuple[str, str, tuple[str, ...]], _Prepared | None] = {}


def _prepare(dialect: Dialect, table: Table, names: tuple[str, ...]) -> _Prepared | None:
    """None where the model has defaults of its own."""
    place = (dialect.driver, table.name, names)
    if place not in _prepared:
        left_out = [c for c in table.columns if c.name not in names and c.default is not None]
        _prepared[place] = None if left_out else _compile(dialect, table, names)
    return _prepared[place]


def _compile(dialect: Dialect, table: Table, names: tuple[str, ...]) -> _Prepared:
    compiled = insert(table).compile(dialect=dialect, column_keys=list(names))
    begin, _, row = str(compiled).partition(" RETURNING ")[0].partition(" VALUES ")
    order = compiled.positiontup or _BY_NAME.findall(row)
    processors = [table.c[n].type.dialect_impl(dialect).bind_processor(dialect) for n in order]
    return _Prepared(begin, _BY_NAME.sub("%s", row), tuple(zip(order, processors, strict=True)))


_BY_NAME = re.compile(r"%\((\w+)\)s")
"""A parameter of psycopg's."""
