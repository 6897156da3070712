"""Each byte that a small log stores, changed: of every column of every table of the log, by the tables' own definition,
so that a new column is covered by itself."""

import os
import random
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Integer, text
from sqlalchemy.orm import Session

from privacy_svc.db import Base
from tests.auditlog.conftest import TABLES as ALL
from tests.auditlog.conftest import Logbook
from tests.auditlog.test_verify import SAYS_NOTHING, TABLES, full  # noqa: F401 - a fixture

SEED = 20261129
SAMPLE = int(os.environ.get("PRIVACY_TEST_ROUNDS", "10"))
"""So many bytes of each column are changed; all of them in `make faults`."""


def test_all_tables_are_tried() -> None:
    """A new table of the log is to be among those that these tests change."""
    assert {table.__tablename__ for table in TABLES} == {table.name for table in ALL}


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.__tablename__)
def test_any_changed_byte_is_found(full: Logbook, table: type[Base]) -> None:  # noqa: F811
    """In one row of the table, some of each column. Not covered by design: `SAYS_NOTHING`; what is empty has no byte.
    Numbers that are part of a key would often be another row's: `test_any_changed_column_is_found` changes them."""
    if full.database.engine.dialect.name != "sqlite":
        pytest.skip("the bytes are the same; one dialect is enough for so many verifications")
    print(f"seed {SEED}")  # noqa: T201
    unnoticed, tried, chance = [], 0, random.Random(SEED)  # noqa: S311
    for column in table.__table__.columns:
        if (table, column.name) in SAYS_NOTHING or (column.primary_key and isinstance(column.type, Integer)):
            continue
        where = f"{table.__tablename__}.{column.name}"
        found = list(changes(full, table.__tablename__, column.name))
        for at, changed, back in chance.sample(found, min(SAMPLE, len(found))):
            tried += 1
            put(full, table.__tablename__, column.name, changed)
            if not full.verify().findings:
                unnoticed.append(f"{where}[{at}]")
            put(full, table.__tablename__, column.name, back)
    assert (unnoticed, tried > 0) == ([], True)
    assert full.verify().ok


def changes(book: Logbook, table: str, column: str) -> Iterator[tuple[int, Any, Any]]:
    """Of what SQLite stores: each byte of a text or of bytes with its lowest bit changed, each of the low bits of a
    number. With what was there."""
    with book.database.read() as session:
        kind, raw = session.execute(
            text(f'SELECT typeof("{column}"), CAST("{column}" AS BLOB) FROM {table} WHERE rowid = ({_ROW % table})')
        ).one()
    if kind == "integer":
        yield from ((bit, int(raw) ^ 1 << bit, int(raw)) for bit in range(0, 32, 3))
    elif kind != "null":
        as_it_was = raw if kind == "blob" else raw.decode()
        for at in range(len(raw)):
            new = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
            yield at, new if kind == "blob" else new.decode(errors="surrogateescape"), as_it_was


_ROW = "SELECT rowid FROM %s ORDER BY rowid LIMIT 1"


def put(book: Logbook, table: str, column: str, value: Any) -> None:
    with book.database.write() as session:
        _update(session, table, column, value)


def _update(session: Session, table: str, column: str, value: Any) -> None:
    raw = value.encode(errors="surrogateescape") if isinstance(value, str) else value
    new = "CAST(:v AS TEXT)" if isinstance(value, str) else ":v"
    found = session.execute(text(f'UPDATE {table} SET "{column}" = {new} WHERE rowid = ({_ROW % table})'), {"v": raw})
    assert found.rowcount == 1  # type: ignore[attr-defined]
