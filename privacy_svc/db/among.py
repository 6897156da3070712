"""Thousands of texts or numbers in one condition, as one parameter: a statement is built once for any number."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Boolean, ColumnElement, Dialect, Integer, Text, TypeDecorator, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine


class Many(TypeDecorator[Sequence[Any]]):
    """An array on PostgreSQL, a JSON array elsewhere."""

    impl = Text
    cache_ok = True

    def __init__(self, item: type[Text] | type[BigInteger]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(self.item) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> Any:
        items = list(value or ())
        return items if dialect.name == "postgresql" else json.dumps(items)


class _Among(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> "_Among":  # noqa: ARG002 - SQLAlchemy's signature
        """As a condition it stands alone; as a value SQLite would compare it with 1, and use no index."""
        return self


@compiles(_Among)
def _in_json(element: _Among, compiler: Any, **more: Any) -> str:
    column, texts = element.clauses
    return f"{compiler.process(column, **more)} IN (SELECT value FROM json_each({compiler.process(texts, **more)}))"  # noqa: S608


@compiles(_Among, "postgresql")
def _in_array(element: _Among, compiler: Any, **more: Any) -> str:
    column, texts = element.clauses
    return f"{compiler.process(column, **more)} = ANY({compiler.process(texts, **more)})"


def among(column: InstrumentedAttribute[Any], name: str) -> ColumnElement[bool]:
    """`column` is one of the texts or whole numbers given as the parameter `name`."""
    item = BigInteger if isinstance(column.type, Integer) else Text
    return _Among(column, bindparam(name, type_=Many(item)))


def prefer_indexes(session: Session) -> None:
    """Until this transaction ends. For thousands of keys PostgreSQL would read whole tables of a million rows each
    time, by several processes, and compile the statement: three times the work, where all is found by its key."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        connection.exec_driver_sql("SET LOCAL jit = off")
