"""The entries of one snapshot, page by page, for `verify`. PostgreSQL reads the next page while one is checked."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, func, select, text
from sqlalchemy.orm import Session

from privacy_svc.auditlog.entry_check import Finding, Row, read, rows_of
from privacy_svc.auditlog.model import Entry
from privacy_svc.auditlog.raw import reading_texts
from privacy_svc.db import Database, ahead

PAGE = 1000
UNREADABLE = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError)
"""Raised over values of a type that a column never holds."""
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
        with closing(ahead(_pages(beside))) as found:  # type: ignore[type-var]  # a generator
            yield found


def _pages(session: Session) -> Iterator[Page]:
    page = _page(session, None)
    while page.last is not None:
        yield page
        page = _page(session, page.last)


def _page(session: Session, after: int | None) -> Page:
    try:
        found = _beyond(rows_of(Entry).order_by(Entry.index), after).limit(PAGE)
        with reading_texts():
            rows = read(session.connection().execute(found).all())
        return Page(rows, rows[-1].index if rows else None)
    except UNREADABLE:
        return _one_by_one(session, after)


def _one_by_one(session: Session, after: int | None) -> Page:
    """As one of them cannot be read."""
    indices = session.scalars(_beyond(select(Entry.index).order_by(Entry.index), after).limit(PAGE)).all()
    page = Page([], indices[-1] if indices else None)
    for index in indices:
        try:
            with reading_texts():
                page.rows += read(session.execute(rows_of(Entry).where(Entry.index == index)))
        except UNREADABLE:
            page.unreadable.append(Finding("altered", NEVER_WRITTEN, index))
    return page


def _beyond(statement: Select[Any], after: int | None) -> Select[Any]:
    return statement if after is None else statement.where(Entry.index > after)
