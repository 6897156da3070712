"""What names somebody and is held as a number: a telephone number in a BIGINT, an account in a NUMERIC. Such a column
holds neither a plus nor zeros at the beginning, and is searched by equality."""

from collections.abc import Collection as Values
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import phonenumbers
from sqlalchemy import BigInteger, ColumnElement, or_, select
from sqlalchemy import column as sql_column

from privacy_svc.policy import Field
from privacy_svc.store.binding import BoundCollection, Row, Stores
from privacy_svc.store.kinds import python_type
from privacy_svc.store.rows import by_keys, chunks

LONG_NUMBER = 7
"""Digits from which a number names one person."""
_MOST = 2**63


def as_text(field: Field, value: Any) -> str | None:
    """What names somebody, as text; None for what is none. A telephone number gets its plus again, where it is one with
    it."""
    if isinstance(value, str):
        return value.strip() or None
    digits = digits_of(value) if field.names_somebody else ""
    return ("+" + digits if field.identity == "phone" and _is_international(digits) else digits) or None


def _is_international(digits: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse("+" + digits))
    except phonenumbers.NumberParseException:
        return False


def digits_of(value: Any) -> str:
    """Of a whole number; nothing of anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return ""
    return str(int(value)) if 0 < value < _MOST and value == int(value) else ""


def number_columns(bound: BoundCollection) -> list[str]:
    """Mapped or not; no keys, whose numbers are our own."""
    keys = {f.name for f in bound.collection.fields if f.is_key}
    return [n for n, kind in bound.types.items() if n not in keys and python_type(kind) in {int, float, Decimal}]


def numbers_of(
    stores: Stores, bound: BoundCollection, names: Sequence[str], numbers: Values[str], keys: Sequence[str]
) -> Iterator[tuple[str, Row, str]]:
    """As `rows_holding`, in the rows with these keys: found by them, however many rows there are."""
    for chunk in chunks(keys):
        yield from _rows(stores, bound, names, numbers, by_keys(bound, chunk))


def rows_holding(
    stores: Stores, bound: BoundCollection, names: Sequence[str], numbers: Values[str]
) -> Iterator[tuple[str, Row, str]]:
    """Column, row and digits, wherever one of the columns holds one of the numbers. The row: its key, and what leads to
    whose it is."""
    for chunk in chunks(numbers):
        yield from _rows(stores, bound, names, chunk)


def _rows(
    stores: Stores, bound: BoundCollection, names: Sequence[str], numbers: Values[str], *where: ColumnElement[bool]
) -> Iterator[tuple[str, Row, str]]:
    wanted = [int(n) for n in numbers if int(n) < _MOST]
    if not names or not wanted:
        return
    references = [bound.table.c[f.name] for f in bound.collection.fields if f.reference and not f.primary_key]
    columns = [sql_column(n, BigInteger, _selectable=bound.table) for n in names]
    found = select(*bound.key_columns, *references, *columns).where(*where, or_(*(c.in_(wanted) for c in columns)))
    with stores.read(bound.collection.dataset) as connection:
        rows = connection.execute(found).mappings().all()
    for row in rows:
        yield from ((n, row, digits) for n in names if (digits := digits_of(row[n])) in numbers)
