"""Engines and transactions for SQLite and PostgreSQL."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

from sqlalchemy import URL, Connection, Dialect, Engine, Table, create_engine, event, insert
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.orm import Session

from privacy_svc.db.base import Base
from privacy_svc.errors import DatabaseBusy, Misconfigured

BUSY_SECONDS = 30


OURS = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON", "cache_size = -32768")
"""SQLite's rules for databases of ours: an acknowledged consent survives a power cut, a deleted key leaves no bytes.
32 MiB of pages are held: indexes of a million random values outgrow the 2 MiB that are usual."""


def make_engine(url: str, *, pragmas: Sequence[str] = OURS) -> Engine:
    """An engine that begins its transactions explicitly.

    On SQLite the write lock is taken at the beginning (`BEGIN IMMEDIATE`) where the execution option
    `immediate` is set, instead of failing in the middle. Statements' parameters never reach an exception.
    """
    parsed = parse_url(url)
    engine = create_engine(parsed, pool_pre_ping=parsed.get_backend_name() != "sqlite", hide_parameters=True)
    if parsed.get_backend_name() == "sqlite":
        _follow_sqlite_rules(engine, pragmas)
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


class Database:
    """One database of ours: the place where transactions begin and end."""

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)
        self._engines = {immediate: self.engine.execution_options(immediate=immediate) for immediate in (True, False)}

    def __repr__(self) -> str:
        return f"Database({self.engine.url.render_as_string(hide_password=True)!r})"

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction that writes. Commits at the end, rolls back on any exception.

        Raises DatabaseBusy when the database is away or its lock is not had in time.
        """
        with self._session(immediate=True) as session:
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One transaction that only reads; what it changed would be rolled back."""
        with self._session(immediate=False) as session:
            yield session

    @contextmanager
    def _session(self, *, immediate: bool) -> Iterator[Session]:
        try:
            with Session(self._engines[immediate], expire_on_commit=False, autoflush=True) as session:
                session.connection()
                yield session
                if immediate:
                    session.commit()
        except OperationalError as error:
            raise DatabaseBusy("The privacy database did not answer in time; nothing was changed.") from error


def insert_rows(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Many rows past the mapper, which takes longer than the insert. What the session holds is written first.

    All rows have the keys of the first. SQLAlchemy's own way for many rows costs more than the database on each;
    it is taken where the model fills in a column by itself.
    """
    session.flush()
    connection = session.connection()
    prepared = _prepare(connection.dialect, cast("Table", model.__table__), tuple(rows[0]))
    if prepared is None:
        connection.execute(insert(cast("Table", model.__table__)), rows)
        return
    statement, bind = prepared
    connection.exec_driver_sql(statement, [bind(row) for row in rows])


_Bind = Callable[[Mapping[str, Any]], Any]
_prepared: dict[tuple[str, str, tuple[str, ...]], tuple[str, _Bind] | None] = {}


def _prepare(dialect: Dialect, table: Table, names: tuple[str, ...]) -> tuple[str, _Bind] | None:
    """The statement as the driver takes it, and what turns a row into its parameters; None where there are defaults."""
    place = (dialect.driver, table.name, names)
    if place not in _prepared:
        left_out = [c for c in table.columns if c.name not in names and c.default is not None]
        _prepared[place] = None if left_out else _compile(dialect, table, names)
    return _prepared[place]


def _compile(dialect: Dialect, table: Table, names: tuple[str, ...]) -> tuple[str, _Bind]:
    compiled = insert(table).compile(dialect=dialect, column_keys=list(names))
    order = compiled.positiontup or names
    processors = [(n, table.c[n].type.dialect_impl(dialect).bind_processor(dialect)) for n in order]

    def cells(row: Mapping[str, Any]) -> list[Any]:
        return [row[n] if process is None else process(row[n]) for n, process in processors]

    if compiled.positiontup:
        return str(compiled), lambda row: tuple(cells(row))
    return str(compiled), lambda row: dict(zip(names, cells(row), strict=True))
