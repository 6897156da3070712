"""What people said after a backup, once that was restored: the log tells who said something of a kind, and not what.

The payload went with the database; whose an entry is, is named again by its tag (naming.py).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog.events import EventType
from privacy_svc.auditlog.model import Entry, Payload
from privacy_svc.auditlog.tombstones import LOST


@dataclass(frozen=True, slots=True)
class Unsaid:
    """`subject_id` is None where no key tells any more whose it was."""

    kind: EventType
    subject_id: str | None
    at: datetime


def unsaid(session: Session, kinds: Collection[EventType]) -> list[Unsaid]:
    """Of every restore there was, in the order of the log."""
    wanted = (
        select(Entry.type, Entry.subject_id, Entry.at)
        .join(Payload, Payload.entry_id == Entry.id)
        .where(Entry.type.in_([kind.value for kind in kinds]), Payload.use == LOST)
        .order_by(Entry.index)
    )
    return [Unsaid(EventType(kind), person, at) for kind, person, at in session.execute(wanted)]
