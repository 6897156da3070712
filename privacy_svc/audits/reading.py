"""A connection of its own on which nothing can be written, with the views of one audit."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, event, text

from privacy_svc.audits import views
from privacy_svc.db import Database
from privacy_svc.policy import PolicySet

_ALLOWED = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
    sqlite3.SQLITE_SAVEPOINT,
}
LONGEST = 300
"""Seconds that one statement of an audit may take."""
_STEPS = 100_000
"""Of SQLite's machine, between two looks at the clock."""


@contextmanager
def read_only(database: Database, policies: PolicySet, as_of: datetime) -> Iterator[Connection]:
    """One transaction that sees one state of the database, cannot write, and knows tables by the views' names only.
    SQLite lets nothing else be read; on PostgreSQL a name with its schema would reach a table (reachable.py)."""
    sqlite = database.engine.dialect.name == "sqlite"
    isolation = {} if sqlite else {"isolation_level": "REPEATABLE READ"}
    with database.engine.execution_options(**isolation).connect() as connection:
        connection.detach()  # what is forbidden on it must not come back with the next user of the pool
        restrict = _restrict_sqlite if sqlite else _restrict_postgresql
        with restrict(connection, policies, as_of):
            yield connection


@contextmanager
def _restrict_sqlite(connection: Connection, policies: PolicySet, as_of: datetime) -> Iterator[None]:
    inside = views.create(connection, policies, as_of)
    connection.exec_driver_sql("PRAGMA query_only = ON")
    raw: Any = connection.connection.dbapi_connection
    raw.set_authorizer(_authorizer(inside))
    try:
        with _time_limit(connection, raw):
            yield
    finally:
        raw.set_authorizer(None)


def _authorizer(inside: frozenset[str]) -> Callable[..., int]:
    """Our tables are read from `inside` our own views, or not at all. No PRAGMA, ATTACH, COMMIT or write passes.

    SQLite tells the innermost view that reads, but also the innermost WITH: so the names of `inside` are ones that
    nobody can write into a check."""

    def authorize(action: int, table: str | None, _column: str | None, database: str | None, view: str | None) -> int:
        readable = view in inside or (database == "temp" and not str(table).startswith("sqlite_"))
        allowed = action in _ALLOWED or (action == sqlite3.SQLITE_READ and readable)
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

    return authorize


@contextmanager
def _time_limit(connection: Connection, raw: Any) -> Iterator[None]:
    started = time.monotonic()

    def start(*_: object) -> None:
        nonlocal started
        started = time.monotonic()

    event.listen(connection, "before_cursor_execute", start)
    raw.set_progress_handler(lambda: time.monotonic() - started > LONGEST, _STEPS)
    try:
        yield
    finally:
        raw.set_progress_handler(None, 0)


@contextmanager
def _restrict_postgresql(connection: Connection, policies: PolicySet, as_of: datetime) -> Iterator[None]:
    views.create(connection, policies, as_of)
    connection.exec_driver_sql("SET LOCAL search_path = pg_temp, pg_catalog")
    connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{LONGEST}s'")
    connection.exec_driver_sql("SET TRANSACTION READ ONLY")
    yield


def schemas(connection: Connection) -> frozenset[str]:
    """Names by which a table can be qualified."""
    if connection.dialect.name == "sqlite":
        return frozenset({"main", "temp"})
    return frozenset(connection.scalars(text("SELECT nspname FROM pg_catalog.pg_namespace")))
