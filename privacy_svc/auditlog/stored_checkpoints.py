"""Every checkpoint ever signed, as the database has them: there may be millions, so they are read page by page."""

from collections.abc import Iterable, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog.model import SignedCheckpoint

PAGE = 500
BEYOND = 2**63
"""More entries than a log can have."""
_STORED = select(SignedCheckpoint.size, SignedCheckpoint.note).order_by(SignedCheckpoint.size).limit(PAGE)


def stored(session: Session) -> Iterator[tuple[int, str]]:
    """Sizes with notes, ascending."""
    page = session.execute(_STORED).all()
    while page:
        yield from ((size, note) for size, note in page)
        page = session.execute(_STORED.where(SignedCheckpoint.size > page[-1][0])).all()


def lacking(notes: Iterable[tuple[int, str]], there: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Of notes those of a size that is not there, each once. Both ascending."""
    rest, at, before = iter(there), 0, 0
    for size, note in notes:
        while at < size:
            at = next(rest, (BEYOND, ""))[0]
        if size not in {at, before}:
            yield size, note
        before = size
