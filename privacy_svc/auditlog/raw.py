"""Columns as they are stored. SQLite keeps what it is given, whatever a column's type, and its driver refuses texts
that are none: one such value, put there by somebody with the database's password, must not stop who reads others too.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, LargeBinary, Select, type_coerce
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType

from privacy_svc.auditlog.errors import LogInconsistent

T = TypeVar("T")
UNREADABLE = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError)
"""Raised over values of a type that a column never holds."""


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


def read_all(session: Session, look: Callable[[], T]) -> T:
    """What `look` reads. Where SQLite holds a text that is none, it is read again, with signs in the place of what is
    none: one row of somebody with the database's password hides no other. Raises LogInconsistent over a value that a
    column never holds."""
    try:
        with reading_texts():
            return look()
    except UNREADABLE:
        connection: Any = session.connection().connection.driver_connection
    before, connection.text_factory = getattr(connection, "text_factory", str), text_of
    try:
        return look()
    except UNREADABLE as error:
        detail = f"A stored value of the log cannot be read ({type(error).__name__}): somebody changed the database."
        raise LogInconsistent(detail) from None
    finally:
        connection.text_factory = before


@contextmanager
def reading_texts() -> Iterator[None]:
    """Raises ValueError for a text that is none."""
    try:
        yield
    except OperationalError as error:
        if "UTF-8" not in str(error.orig):
            raise
        raise ValueError("a stored text is none") from error
