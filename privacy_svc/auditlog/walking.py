"""All entries of a span of time, page by page.

Entries of a type are found by their indices, in whose order times only nearly are: a page that asked for the times
alone would pass over all that is older, of each type and each time anew. So the span is made a range of indices once.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from privacy_svc.auditlog.log import Log
from privacy_svc.auditlog.model import Entry
from privacy_svc.auditlog.progress import Progress, unseen
from privacy_svc.auditlog.searching import EntryView, Wanted, find
from privacy_svc.db import Database

PAGE = 500


def walk(log: Log, database: Database, wanted: Wanted, progress: Progress = unseen) -> Iterator[list[EntryView]]:
    """Newest first; `since` in it, `until` not. Each page is a transaction of its own. What enters the tree meanwhile
    is not in it."""
    with database.read() as session:
        span = _indices(session, wanted)
    if span is None:
        return
    first, last = span
    after = last + 1
    while True:
        with database.read() as session:
            asked = replace(wanted, after=after, limit=PAGE)
            page = find(session, log.vault, asked, about_people=True, above=first - 1)
        progress(last + 1 - (page[-1].index or first if len(page) == PAGE else first), last + 1 - first)
        yield page
        if len(page) < PAGE:
            return
        assert page[-1].index is not None
        after = page[-1].index


def _indices(session: Session, wanted: Wanted) -> tuple[int, int] | None:
    """The lowest and the highest index of an entry of that time; None where there is none. One look at the index of
    times, from `since` to `until`."""
    limits = [Entry.at >= wanted.since] if wanted.since else []
    limits += [Entry.at < wanted.until] if wanted.until else []
    ends: tuple[Any, ...] = (func.min(Entry.index), func.max(Entry.index))
    first, last = session.execute(select(*ends).where(*limits)).one()
    return None if first is None else (first, last)
