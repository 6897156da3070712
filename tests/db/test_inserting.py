"""Many rows at once are what one row at a time would be."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from privacy_svc.consent.model import Confirmation
from privacy_svc.db import Database, gathered_texts, insert_rows, joined_bytes, packed
from privacy_svc.db.inserting import MANY
from privacy_svc.vault import Subject

AT = datetime(2026, 1, 31, 23, 59, 59, 123456, tzinfo=UTC)


def rows(count: int) -> list[dict[str, object]]:
    words = {"subject_id": "x", "purpose": "tab\t, new\nline, \\N and ü", "standing": ""}
    same = {
        "sealed": b"\\x00",
        "asked_at": AT,
        "expires_at": AT,
        "used_at": None,
        "send_at": None,
        "mailbox": None,
        **words,
    }
    return [{"digest": bytes([0, 92, 10, *n.to_bytes(2)]), **same} for n in range(count)]


@pytest.mark.parametrize("count", [1, MANY])
def test_they_come_back_as_they_went_in(database: Database, count: int) -> None:
    """Bytes, instants, nothing, and text with all that a driver's own format would have to escape."""
    with database.write() as session:
        session.add(Subject(id="x", kind="customer"))
        insert_rows(session, Confirmation, rows(count))
    with database.read() as session:
        found = session.execute(select(Confirmation.__table__).order_by(Confirmation.digest)).mappings().all()
    assert [dict(r) for r in found] == rows(count)


@pytest.mark.parametrize("count", [1, MANY])
def test_one_that_is_there_already_refuses_all(database: Database, count: int) -> None:
    """With the error of any other insert; the transaction goes on behind a savepoint."""
    with database.write() as session:
        session.add(Subject(id="x", kind="customer"))
        insert_rows(session, Confirmation, rows(1))
        with pytest.raises(IntegrityError) as caught, session.begin_nested():
            insert_rows(session, Confirmation, rows(count)[::-1])
        assert "tab" not in str(caught.value)
        assert len(session.scalars(select(Confirmation.digest)).all()) == 1


def test_values_of_a_group_are_one(database: Database) -> None:
    """Texts as a list, bytes joined, and rows packed so that equal ones are equal."""
    keys = ["a", 'b",', "ü\\"]
    with database.write() as session:
        session.add_all([Subject(id=k, kind="customer") for k in keys])
        session.flush()
        insert_rows(session, Confirmation, [{**row, "subject_id": k} for k, row in zip(keys, rows(3), strict=True)])
        texts, joined = session.execute(
            select(gathered_texts(Confirmation.subject_id), joined_bytes(Confirmation.digest))
        ).one()
        assert (sorted(texts), len(joined)) == (sorted(keys), 15)
        assert {joined[i : i + 5] for i in range(0, 15, 5)} == {row["digest"] for row in rows(3)}
        alike = session.scalars(select(packed(Confirmation.purpose, Confirmation.used_at.is_(None)))).all()
        assert len(set(alike)) == 1
        none = select(gathered_texts(Confirmation.subject_id), joined_bytes(Confirmation.sealed))
        assert session.execute(none.where(Confirmation.subject_id == "nobody")).one() == ([], b"")
