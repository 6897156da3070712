"""Columns as they are stored. SQLite keeps what it is given, whatever a column's type, and its driver refuses texts
that are none: one such value, put there by somebody with the database's password, must not stop who reads others too.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Connection, LargeBinary, Select, type_coerce
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType


def as_it_is(column: InstrumentedAttribute[Any]) -> ColumnElement[Any]:
    """Of whatever type its value is."""
    return type_coerce(column, NullType())


class as_bytes(FunctionElement[bytes]):  # noqa: N801 - used like a function
    """Of a text, in UTF-8 where it is one."""

    type = LargeBinary()
    inherit_cache = True


@compiles(as_bytes)
def _as_blob(element: as_bytes, compiler: Any, **more: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **more)} AS BLOB)"


@compiles(as_bytes, "postgresql")
def _as_bytea(element: as_bytes, compiler: Any, **more: Any) -> str:
    return f"convert_to({compiler.process(element.clauses, **more)}, 'UTF8')"


def text_of(raw: bytes) -> str:
    """What is none is another than any of ours."""
    return raw.decode(errors="replace")


def rows_of(connection: Connection, statement: Select[Any], **values: Any) -> list[tuple[Any, ...]]:
    """As the driver gives them: SQLAlchemy's own rows take longer than what `verify` does with them."""
    dialect = connection.dialect
    errors = dialect.loaded_dbapi.Error
    cursor: Any = connection.execute(statement, values).cursor
    try:
        found: list[tuple[Any, ...]] = cursor.fetchall()
    except errors as error:
        raise DBAPIError.instance("", None, error, errors, hide_parameters=True, dialect=dialect) from None
    return found


@contextmanager
def reading_texts() -> Iterator[None]:
    """Raises ValueError for a text that is none."""
    try:
        yield
    except OperationalError as error:
        if "UTF-8" not in str(error.orig):
            raise
        raise ValueError("a stored text is none") from error
