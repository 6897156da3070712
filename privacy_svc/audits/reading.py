"""A connection of its own on which nothing can be written, with the views of one audit."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from privacy_svc.audits import views
from privacy_svc.db import Database
from privacy_svc.policy import PolicySet

_ALLOWED = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
    sqlite3.SQLITE_SAVEPOINT,
}


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
    views.create(connection, policies, as_of)
    connection.exec_driver_sql("PRAGMA query_only = ON")
    raw: Any = connection.connection.dbapi_connection
    raw.set_authorizer(_authorize)
    try:
        yield
    finally:
        raw.set_authorizer(None)


def _authorize(action: int, _first: str | None, _second: str | None, database: str | None, view: str | None) -> int:
    """Our tables are read through a view, or not at all. No PRAGMA, ATTACH, COMMIT or write passes."""
    through_view = action == sqlite3.SQLITE_READ and (database == "temp" or view is not None)
    return sqlite3.SQLITE_OK if through_view or action in _ALLOWED else sqlite3.SQLITE_DENY


@contextmanager
def _restrict_postgresql(connection: Connection, policies: PolicySet, as_of: datetime) -> Iterator[None]:
    views.create(connection, policies, as_of)
    connection.exec_driver_sql("SET LOCAL search_path = pg_temp, pg_catalog")
    connection.exec_driver_sql("SET TRANSACTION READ ONLY")
    yield


def schemas(connection: Connection) -> frozenset[str]:
    """Names by which a table can be qualified."""
    if connection.dialect.name == "sqlite":
        return frozenset({"main", "temp"})
    return frozenset(connection.scalars(text("SELECT nspname FROM pg_catalog.pg_namespace")))
