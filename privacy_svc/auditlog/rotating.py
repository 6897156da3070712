"""A new signing key takes over, in an order in which any process may die between any two steps.

1. Under the log's lock: the key files change (`keyfiles`), both keys sign the handover, an entry says so.
2. The next checkpoint is signed by both keys; once it is published, the former key's private half is deleted.
As long as that half is there, whichever process integrates next does what is missing.
"""

from typing import TYPE_CHECKING

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import checkpoint_file
from privacy_svc.auditlog.events import EventType
from privacy_svc.auditlog.model import Entry, Outbox
from privacy_svc.auditlog.stored_checkpoints import last_signed
from privacy_svc.auditlog.tree_row import locked
from privacy_svc.db import Database
from privacy_svc.errors import Conflict

if TYPE_CHECKING:
    from privacy_svc.auditlog.log import Log

RECOVERY = "recovery"
"""Actor of what another process had begun."""


def rotate(log: "Log", database: Database, *, actor: str, reason: str) -> None:
    """Raises Conflict while another rotation is not finished, LogInconsistent where the log is not sound: a new key
    vouches for nothing that the old one would not have signed."""
    log.integrate(database)
    with database.write() as session:
        locked(session)
        if log.signer.rotating:
            raise Conflict("A signing key is just taking over from another.")
        log.signer.rotate()
        hand_over(log, session, actor, reason)
    log.integrate(database)


def resume(log: "Log", database: Database) -> None:
    """What a rotation that ended before left undone, up to the entry that says so."""
    with database.write() as session:
        locked(session)
        if log.signer.rotating:
            hand_over(log, session, RECOVERY, "")


def finish(log: "Log", database: Database) -> None:
    """Once both keys' checkpoint is published. Under the lock, as the next rotation may begin meanwhile: it would lose
    the key that it has just put there."""
    if _is_published(log):
        with database.write() as session:
            locked(session)
            if _is_published(log):
                log.signer.forget_previous()


def _is_published(log: "Log") -> bool:
    return log.signer.handed_over and checkpoint_file.newest_size(log.export) > log.signer.handovers[-1].after


def hand_over(log: "Log", session: Session, actor: str, reason: str) -> None:
    newest = last_signed(session)
    handover = log.signer.hand_over(newest.size if newest else 0)
    if not is_told(session, handover.after):
        told = {"old": handover.old.vkey, "new": handover.new.vkey, "after": handover.after, "reason": reason}
        log.append(session, EventType.LOG_KEY_ROTATED, actor=actor, payload=told)


def is_told(session: Session, after: int, until: int | None = None) -> bool:
    """Whether an entry says that the key changed after so many entries. `until`: those of the next change; its entry
    tells of that one alone, and all that waited before it was in the tree by then."""
    kind = EventType.LOG_KEY_ROTATED
    there = exists().where(Entry.type == kind, Entry.index >= after)
    if until is not None:
        return bool(session.scalar(select(there.where(Entry.index < until))))
    return bool(session.scalar(select(or_(there, exists().where(Outbox.type == kind)))))
