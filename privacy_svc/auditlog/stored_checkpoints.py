"""Every checkpoint ever signed, as the database has them: there may be millions, so they are read page by page; and the
newest."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy import BigInteger, bindparam, select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import checkpoint_file
from privacy_svc.auditlog.errors import LogInconsistent
from privacy_svc.auditlog.model import SignedCheckpoint

PAGE = 500
BEYOND = 2**63
"""More entries than a log can have."""
_STORED = select(SignedCheckpoint.size, SignedCheckpoint.note).order_by(SignedCheckpoint.size).limit(PAGE)
_LAST_SIGNED = select(SignedCheckpoint).order_by(SignedCheckpoint.size.desc()).limit(1)
_LAST_UP_TO = _LAST_SIGNED.where(SignedCheckpoint.size <= bindparam("size", type_=BigInteger()))


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


def last_signed(session: Session) -> SignedCheckpoint | None:
    """Raises LogInconsistent."""
    return _of_its_size(session.scalars(_LAST_SIGNED).first())


def last_published(session: Session, export: Path) -> SignedCheckpoint | None:
    """The newest that is outside the database too: nobody may see another. Raises LogInconsistent."""
    return _of_its_size(session.scalars(_LAST_UP_TO, {"size": checkpoint_file.newest_size(export)}).first())


def _of_its_size(found: SignedCheckpoint | None) -> SignedCheckpoint | None:
    if found is not None and found.note.split("\n")[1:2] != [str(found.size)]:
        raise LogInconsistent(f"The row {found.size} of audit_checkpoints holds a checkpoint of another size.")
    return found
