"""What a sealed column's values are: Python values in a sealed one, text in the column.

A column of another type than text becomes TEXT when it is sealed. A value that Python cannot hold to the letter
(an infinite timestamp, a date BC, JSON with its own spacing) stays the text it is, so that `unseal` gives it back.
"""

import base64
import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, Boolean, Date, DateTime, Dialect, Float, Integer, LargeBinary, Numeric, TypeDecorator
from sqlalchemy.types import NullType, TypeEngine

from privacy_svc.vault import is_sealed_bytes, is_sealed_text

TEXT, BINARY, ANY = "text", "binary", "any"
"""ANY: SQLite keeps whatever it is given in any column, so its values stay what they are."""
_KINDS: tuple[tuple[type[TypeEngine[Any]], str], ...] = (
    (LargeBinary, BINARY),
    (Boolean, "boolean"),
    (DateTime, "datetime"),
    (Date, "date"),
    (Integer, "integer"),
    (Float, "float"),
    (Numeric, "number"),
    (JSON, "json"),
)
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def kind_of(declared: TypeEngine[Any]) -> str:
    """By a reflected type; TEXT for all that are read as text or not known."""
    return next((kind for base, kind in _KINDS if isinstance(declared, base)), TEXT)


def python_type(declared: TypeEngine[Any]) -> type | None:
    """What its values are; None for a type without a counterpart, as SQLite's columns without one are."""
    try:
        return declared.python_type
    except NotImplementedError:
        return None


def is_sealed(value: object) -> bool:
    """Whether a stored value is one of ours, as text or, in binary columns, as bytes. It may still not open."""
    return is_sealed_bytes(value) if isinstance(value, bytes) else is_sealed_text(value)


def is_clear(value: object) -> bool:
    """NULL and what is empty say nothing and stay."""
    return value is not None and value not in ("", b"") and not is_sealed(value)


def parse(kind: str, text: str) -> Any:
    """The value a column's text stands for; the text itself where there is none or its text would be another."""
    read = _READERS.get(kind)
    if read is None:
        return text
    try:
        return read(text)
    except (ValueError, ArithmeticError, RecursionError):
        return text


def render(kind: str, value: Any) -> Any:
    """The column's text of a value; text and bytes, and any value on SQLite, stay as they are."""
    if kind == ANY or isinstance(value, (str, bytes)):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (dict, list, type(None))):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def fit(kind: str, value: Any) -> Any:
    """What a caller sends, as a value of this kind; None where it is not one. Bytes come as base64 too."""
    if kind == TEXT:
        return value if isinstance(value, str) else None
    if kind == BINARY:
        return value if isinstance(value, bytes) else _unbase64(value)
    if kind == ANY:
        return value if isinstance(value, (str, int, float, bytes)) else None
    text = value if isinstance(value, str) else render(kind, value)
    found = parse(kind, text)
    return None if isinstance(found, str) else found


def _unbase64(value: Any) -> bytes | None:
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, ValueError):
        return None


def as_text(value: Any) -> str | None:
    """A value as a blind index takes it."""
    if value is None or isinstance(value, bytes):
        return None
    return value if isinstance(value, str) else str(render(TEXT, value))


def _integer(text: str) -> int:
    value = int(text)
    return value if str(value) == text else _no(text)


def _number(text: str) -> Decimal:
    return Decimal(text) if _NUMBER.fullmatch(text) else _no(text)


def _float(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _no(text)


def _boolean(text: str) -> bool:
    return {"true": True, "false": False}[text] if text in {"true", "false"} else _no(text)


def _json(text: str) -> Any:
    value = json.loads(text)
    faithful = isinstance(value, (dict, list)) and json.dumps(value, ensure_ascii=False) == text
    return value if faithful else _no(text)


def _no(_text: str) -> Any:
    raise ValueError


_READERS: Mapping[str, Callable[[str], Any]] = {
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "integer": _integer,
    "number": _number,
    "float": _float,
    "boolean": _boolean,
    "json": _json,
}


class Held(TypeDecorator[Any]):
    """A sealed column that was of another type: clear text is read as what it stands for, values pass as they are.

    It is right before and after the column became TEXT, so a process that bound the table earlier goes on.
    """

    impl = NullType
    cache_ok = True

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        return render(self.kind, value) if isinstance(value, (dict, list)) else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        return parse(self.kind, value) if isinstance(value, str) and not is_sealed_text(value) else value
