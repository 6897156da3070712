"""Many values in one cell: a driver that makes a value of every cell would take longer than the database."""

import json
from typing import Any

from sqlalchemy import Dialect, LargeBinary, String, TypeDecorator
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class _List(TypeDecorator[list[str]]):
    impl = String
    cache_ok = True

    def process_result_value(self, value: str | None, dialect: Dialect) -> list[str]:  # noqa: ARG002 - SQLAlchemy's signature
        return json.loads(value) if value else []


class _Joined(TypeDecorator[bytes]):
    """Hexadecimal from SQLite, which aggregates no bytes."""

    impl = LargeBinary
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        return lambda value: bytes.fromhex(value) if isinstance(value, str) else value or b""


class gathered_texts(FunctionElement[list[str]]):  # noqa: N801 - used like a function
    """The texts of a group as a list."""

    type = _List()
    inherit_cache = True


class joined_bytes(FunctionElement[bytes]):  # noqa: N801 - the same
    """The bytes of a group one behind the other; nothing for none."""

    type = _Joined()
    inherit_cache = True


class packed(FunctionElement[str]):  # noqa: N801 - the same
    """Several values of a row as the text of a JSON array; equal where they are."""

    type = String()
    inherit_cache = True


@compiles(packed)
def _array(element: packed, compiler: Any, **more: Any) -> str:
    return f"json_array({compiler.process(element.clauses, **more)})"


@compiles(packed, "postgresql")
def _array_postgresql(element: packed, compiler: Any, **more: Any) -> str:
    return f"CAST(json_build_array({compiler.process(element.clauses, **more)}) AS text)"


@compiles(gathered_texts)
def _json(element: gathered_texts, compiler: Any, **more: Any) -> str:
    return f"json_group_array({compiler.process(element.clauses, **more)})"


@compiles(gathered_texts, "postgresql")
def _json_postgresql(element: gathered_texts, compiler: Any, **more: Any) -> str:
    return f"CAST(json_agg({compiler.process(element.clauses, **more)}) AS text)"


@compiles(joined_bytes)
def _hex(element: joined_bytes, compiler: Any, **more: Any) -> str:
    return f"group_concat(hex({compiler.process(element.clauses, **more)}), '')"


@compiles(joined_bytes, "postgresql")
def _bytes_postgresql(element: joined_bytes, compiler: Any, **more: Any) -> str:
    return f"string_agg({compiler.process(element.clauses, **more)}, ''::bytea)"
