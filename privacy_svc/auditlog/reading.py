"""The entries of one snapshot, page by page, for `verify`. PostgreSQL reads the next page while one is checked."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

from psycopg.pq import Format
from sqlalchemy import Connection, Select, bindparam, event, func, select, text
from sqlalchemy.orm import Session

from privacy_svc.auditlog.entry_check import Finding, Row, entries_of, read
from privacy_svc.auditlog.model import Entry
from privacy_svc.auditlog.raw import UNREADABLE
from privacy_svc.db import Database, ahead

PAGE = 1000
_ENTRIES = entries_of(Entry).order_by(Entry.index)
_INDICES = select(Entry.index).order_by(Entry.index)
_BY_INDEX = entries_of(Entry).where(Entry.index == bindparam("index"))
NEVER_WRITTEN = "a column holds what the service never writes there"


@dataclass
class Page:
    """`unreadable`: what is to be said of entries that are not among the rows."""

    rows: list[Row]
    last: int | None
    """Index looked at; None at the end."""
    unreadable: list[Finding] = field(default_factory=list)


@contextmanager
def pages(database: Database, session: Session) -> Iterator[Iterator[Page]]:
    """Of the session's snapshot, which another connection shares."""
    if session.get_bind().dialect.name != "postgresql":
        yield _pages(session)
        return
    snapshot = session.scalar(select(func.pg_export_snapshot()))
    with database.snapshot() as beside:
        beside.execute(text(f"SET TRANSACTION SNAPSHOT '{snapshot}'"))
        event.listen(beside.connection(), "before_cursor_execute", _in_binary)
        with closing(ahead(_pages(beside))) as found:  # type: ignore[type-var]  # a generator
            yield found


def _in_binary(_: Connection, cursor: Any, *__: object) -> None:
    """Psycopg's cursor: as text PostgreSQL writes bytes as twice as many digits."""
    cursor.format = Format.BINARY


def _pages(session: Session) -> Iterator[Page]:
    page = _page(session, None)
    while page.last is not None:
        yield page
        page = _page(session, page.last)


def _page(session: Session, after: int | None) -> Page:
    try:
        rows = read(session, _beyond(_ENTRIES, after).limit(PAGE))
        return Page(rows, rows[-1].index if rows else None)
    except UNREADABLE:
        return _one_by_one(session, after)


def _one_by_one(session: Session, after: int | None) -> Page:
    """As one of them cannot be read."""
    indices = session.scalars(_beyond(_INDICES, after).limit(PAGE)).all()
    page = Page([], indices[-1] if indices else None)
    for index in indices:
        try:
            page.rows += read(session, _BY_INDEX, index=index)
        except UNREADABLE:
            page.unreadable.append(Finding("altered", NEVER_WRITTEN, index))
    return page


def _beyond(statement: Select[Any], after: int | None) -> Select[Any]:
    return statement if after is None else statement.where(Entry.index > after)
