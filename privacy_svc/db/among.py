"""Thousands of texts in one condition, as one parameter: a statement is built once, whatever their number."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, Boolean, ColumnElement, Dialect, Text, TypeDecorator, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine


class Texts(TypeDecorator[Sequence[str]]):
    """An array on PostgreSQL, a JSON array elsewhere."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(Text) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> Any:
        texts = list(value or ())
        return texts if dialect.name == "postgresql" else json.dumps(texts)


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


def among(column: InstrumentedAttribute[str], name: str) -> ColumnElement[bool]:
    """`column` is one of the texts given as the parameter `name`."""
    return _Among(column, bindparam(name, type_=Texts()))
