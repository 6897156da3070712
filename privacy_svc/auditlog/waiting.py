"""What waits in the outbox for its place in the tree, and which of it is an entry of this service.

Whoever can write to the database could else stop the log, by what no bundle takes. A row that is no entry stays where
it is, marked with why, for `verify` to tell and a person to delete; no other waits for it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import structlog
from msgspec import MsgspecError
from sqlalchemy import bindparam, exists, func, select, type_coerce, update
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from privacy_svc.auditlog.entry import Envelope
from privacy_svc.auditlog.entry_check import Finding
from privacy_svc.auditlog.mirror import LONGEST
from privacy_svc.auditlog.model import Entry, Outbox

_log = structlog.get_logger(__name__)
_REPEATED = exists().where(Entry.id == Outbox.id, Entry.leaf == Outbox.leaf)
"""Somebody put an entry of the tree into the outbox again. It stays there, for `verify` to tell, and stops no other; it
does not wait."""
_WAITS = (~_REPEATED, Outbox.refused.is_(None))
_ROWS = select(Outbox.number, Outbox.id, Outbox.type, type_coerce(Outbox.leaf, NullType()), Outbox.refused)
"""A leaf as it is: SQLite keeps what it is given, whatever a column's type."""
_NEXT = _ROWS.where(*_WAITS).order_by(Outbox.number).limit(bindparam("most")).with_for_update()
_ANY = select(Outbox.number).where(*_WAITS).limit(1)
_BACKLOG = select(func.count(), func.min(Outbox.at)).select_from(Outbox).where(*_WAITS)
_REFUSED = select(func.count()).select_from(Outbox).where(Outbox.refused.is_not(None))
_REFUSE = (
    update(Outbox.__table__)  # type: ignore[arg-type]
    .where(Outbox.number == bindparam("which"))
    .values(refused=bindparam("why"))
)


class Row(NamedTuple):
    number: int
    id: str
    type: str
    leaf: Any
    refused: str | None


def any_waits(session: Session) -> bool:
    return session.connection().scalar(_ANY) is not None


def backlog(session: Session) -> tuple[int, datetime | None, int]:
    """How many entries wait, since when the oldest does, and how many rows are refused."""
    waiting, oldest = session.execute(_BACKLOG).one()
    return waiting, oldest, session.scalar(_REFUSED) or 0


def next_entries(session: Session, most: int) -> Sequence[Row]:
    """Those who are to enter the tree next, locked. What is no entry among them is refused."""
    while True:
        rows = [Row(*row) for row in session.connection().execute(_NEXT, {"most": most})]
        wrong = faults(rows)
        if not wrong:
            return rows
        session.connection().execute(_REFUSE, [{"which": number, "why": why} for number, why in wrong.items()])
        _log.error("auditlog.refused", rows=sorted(wrong))


def faults(rows: Sequence[Row]) -> Mapping[int, str]:
    """By number: why a row is no entry of this service."""
    return {row.number: why for row in rows if (why := _fault(row)) is not None}


def _fault(row: Row) -> str | None:
    if not isinstance(row.leaf, bytes) or not 0 < len(row.leaf) <= LONGEST:
        return "its leaf is none"
    try:
        envelope = Envelope.decode(row.leaf)
    except (MsgspecError, UnicodeDecodeError):
        return "its leaf is no envelope"
    return None if envelope.id == row.id else "its leaf is of another id"


def pages(session: Session, size: int) -> Iterator[Sequence[Row]]:
    """All rows, for `verify`."""
    for found in session.execute(_ROWS.order_by(Outbox.number)).partitions(size):
        yield [Row(*row) for row in found]


def told(rows: Sequence[Row], wrong: Mapping[int, str]) -> Iterator[Finding]:
    """`wrong`: what `faults` says of them."""
    for row in rows:
        where = f"the row {row.number} of audit_outbox"
        if row.number in wrong:
            yield Finding("altered", f"{where} is no entry of this service, {wrong[row.number]}: delete it")
        elif row.refused is not None:
            yield Finding("altered", f"{where} is held back, and nothing is wrong with it: set its `refused` to NULL")
