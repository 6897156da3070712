"""Transactions, ids and instants."""

import threading
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from privacy_svc.db import Database, engine, new_id
from privacy_svc.errors import Misconfigured
from privacy_svc.vault import Subject


def test_a_write_that_fails_leaves_nothing(database: Database) -> None:
    """An exception inside `write` rolls everything back."""

    def fail() -> None:
        with database.write() as session:
            session.add(Subject(id="x", kind="customer"))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.read() as session:
        assert session.get(Subject, "x") is None


def test_read_never_writes(database: Database) -> None:
    """What a `read` transaction changes is not kept."""
    with database.read() as session:
        session.add(Subject(id="x", kind="customer"))
        session.flush()
    with database.read() as session:
        assert session.get(Subject, "x") is None


def test_instants_come_back_aware_and_in_utc(database: Database) -> None:
    """A time with any zone comes back as the same instant in UTC."""
    at = datetime(2026, 3, 29, 2, 30, tzinfo=timezone(timedelta(hours=2)))
    with database.write() as session:
        session.add(Subject(id="x", kind="customer", created_at=at))
    with database.read() as session:
        found = session.get_one(Subject, "x").created_at
    assert found == at
    assert found.tzinfo is UTC


def test_writers_wait_for_each_other(database: Database) -> None:
    """Twenty transactions that read and then write the same row all succeed, one after another."""
    with database.write() as session:
        session.add(Subject(id="x", kind="customer", state_version=0))

    def bump() -> None:
        with database.write() as session:
            subject = session.get_one(Subject, "x", with_for_update=True)
            time.sleep(0.002)
            subject.state_version += 1

    threads = [threading.Thread(target=bump) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as session:
        assert session.get_one(Subject, "x").state_version == 20


def test_sqlite_rules(tmp_path: Path) -> None:
    """SQLite runs with WAL, full synchronisation, foreign keys and secure delete."""
    names = ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
    with Database(f"sqlite:///{tmp_path / 'x.sqlite'}").read() as session:
        found = {p: session.scalar(text(f"PRAGMA {p}")) for p in names}
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}


def test_ids_are_uuid7_and_grow() -> None:
    """Ids are version 7, of the RFC's variant, and sort by the time they were made."""
    first = new_id()
    time.sleep(0.002)
    second = new_id()
    assert (UUID(first).version, UUID(first).variant) == (7, "specified in RFC 4122")
    assert first < second


def test_a_bad_url_is_not_repeated() -> None:
    """The error about an unreadable URL does not show it: it may hold a password."""
    with pytest.raises(Misconfigured) as error:
        Database("not a url with s3cret")
    assert "s3cret" not in str(error.value)


def pings(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Each time that the server is asked whether a connection lives."""
    asked, ping = list[object](), database.engine.dialect.do_ping
    monkeypatch.setattr(database.engine.dialect, "do_ping", lambda c: (asked.append(c), ping(c))[1])
    return asked


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_connection_that_was_cut_while_it_idled_is_replaced(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody notices that the server had been away; what was used just now is not asked at all."""
    asked = pings(database, monkeypatch)
    for _ in range(3):
        with database.read() as session:
            backend = session.scalar(text("SELECT pg_backend_pid()"))
    assert asked == []
    other = Database(database.engine.url.render_as_string(hide_password=False))
    with other.read() as session:
        session.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": backend})
    other.engine.dispose()
    monkeypatch.setattr(engine, "IDLE_SECONDS", -1.0)
    with database.read() as session:
        assert session.scalar(text("SELECT pg_backend_pid()")) != backend
    assert len(asked) == 1
