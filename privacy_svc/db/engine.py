"""Engines and transactions for SQLite and PostgreSQL."""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, InvalidatePoolError, OperationalError
from sqlalchemy.orm import Session

from privacy_svc.db.turns import Turns
from privacy_svc.errors import DatabaseBusy, DatabaseFull, Deadlocked, Misconfigured

BUSY_SECONDS = 30
IDLE_SECONDS = 1.0
_IDLE_SINCE = "idle_since"
_BUSY = "The privacy database did not answer in time; nothing was changed."
_FULL = "The privacy database has no room left on its disk; nothing was changed."


OURS = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON", "cache_size = -32768")
"""SQLite's rules for databases of ours: an acknowledged consent survives a power cut, a deleted key leaves no bytes.
32 MiB of pages are held: indexes of a million random values outgrow the 2 MiB that are usual."""


def make_engine(url: str, *, pragmas: Sequence[str] = OURS) -> Engine:
    """An engine that begins its transactions explicitly.

    On SQLite the write lock is taken at the beginning (`BEGIN IMMEDIATE`) where the execution option
    `immediate` is set, instead of failing in the middle. Statements' parameters never reach an exception.
    """
    parsed = parse_url(url)
    engine = create_engine(parsed, hide_parameters=True)
    if parsed.get_backend_name() == "sqlite":
        _follow_sqlite_rules(engine, pragmas)
    else:
        _ask_after_idling(engine)
    if parsed.get_backend_name() == "postgresql":
        _follow_postgresql_rules(engine)
    return engine


def parse_url(url: str) -> URL:
    """The URL with the driver we ship; raises Misconfigured without repeating it: it may hold a password."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise Misconfigured("A database URL cannot be read; it looks like sqlite:///file or postgresql://…") from error
    if parsed.drivername in {"postgresql", "postgres"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed


def _follow_sqlite_rules(engine: Engine, pragmas: Sequence[str]) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (f"busy_timeout = {BUSY_SECONDS * 1000}", *pragmas):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("immediate", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _ask_after_idling(engine: Engine) -> None:
    """A server that was away has cut its connections: one that idled is asked whether it lives, and replaced with all
    others where it does not. One that was used just now is not asked: that costs as much as a statement."""

    @event.listens_for(engine, "checkin")
    def _note(_connection: Any, record: Any) -> None:
        record.info[_IDLE_SINCE] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _ask(connection: Any, record: Any, _proxy: Any) -> None:
        since = record.info.get(_IDLE_SINCE)
        if since is None or time.monotonic() - since <= IDLE_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error


def _follow_postgresql_rules(engine: Engine) -> None:
    """Our statements touch few rows. Where its statistics are old PostgreSQL expects many, and compiles for longer
    than the statement takes."""

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET jit = off")
        connection.commit()


class Database:
    """One database of ours: the place where transactions begin and end."""

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)
        self._engines = {immediate: self.engine.execution_options(immediate=immediate) for immediate in (True, False)}
        self._turn = Turns() if self.engine.dialect.name == "sqlite" else None
        """Who waits for SQLite's own lock looks for it ever more seldom; of one process, they take turns at once."""

        self.full_at: float | None = None
        """When a transaction of this process found no room on the disk last; seconds of `time.time`."""

    def __repr__(self) -> str:
        return f"Database({self.engine.url.render_as_string(hide_password=True)!r})"

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction that writes. Commits at the end, rolls back on any exception.

        Raises DatabaseBusy when the database is away or its lock is not had in time.
        """
        with self._in_turn(), self._session(immediate=True) as session:
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One transaction that only reads; what it changed would be rolled back."""
        with self._session(immediate=False) as session:
            yield session

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """The same, and all its statements see one moment."""
        with self.read() as session:
            if self.engine.dialect.name == "postgresql":
                session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            yield session

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        if self._turn is None:
            yield
            return
        if not self._turn.acquire(BUSY_SECONDS):
            raise DatabaseBusy(_BUSY)
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def _session(self, *, immediate: bool) -> Iterator[Session]:
        try:
            with Session(self._engines[immediate], expire_on_commit=False, autoflush=True) as session:
                session.connection()
                yield session
                if immediate:
                    session.commit()
        except OperationalError as error:
            if _is_full(error.orig):
                self.full_at = time.time()
                raise DatabaseFull(_FULL) from error
            kind = Deadlocked if type(error.orig).__name__ == "DeadlockDetected" else DatabaseBusy
            raise kind(_BUSY) from error


def _is_full(error: object) -> bool:
    """SQLITE_FULL, or PostgreSQL's 53100."""
    full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    return full or type(error).__name__ == "DiskFull"
