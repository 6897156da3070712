"""What is handed out as signed: the newest exported checkpoint, and proofs of entries against it."""

from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from privacy_svc.auditlog import searching
from privacy_svc.auditlog.checkpoint import format_proof
from privacy_svc.auditlog.errors import NotYet
from privacy_svc.auditlog.merkle import inclusion_proof
from privacy_svc.auditlog.model import Entry
from privacy_svc.auditlog.stored_checkpoints import last_published
from privacy_svc.auditlog.tiles import Tiles
from privacy_svc.auditlog.witness import said_by
from privacy_svc.errors import NotFound

if TYPE_CHECKING:
    from privacy_svc.auditlog.log import Log


def checkpoint(log: "Log", session: Session) -> str:
    """With what our witness has said of it. Raises NotFound where there is none."""
    found = last_published(session, log.export)
    if found is None:
        raise NotFound("The log has no checkpoint yet.")
    return found.note + ("" if log.witness is None else said_by(session, found, log.witness.verifier))


def proof(log: "Log", session: Session, index: int) -> str:
    """Raises NotFound, of which NotYet."""
    signed = checkpoint(log, session)
    size = log.signer.open(signed).size
    entry = session.get(Entry, index) if 0 <= index < 2**63 else None
    if entry is None:
        raise searching.not_there(session, str(index))
    if index >= size:
        raise NotYet(f"Entry {index} is not yet in a signed checkpoint.")
    return format_proof(index, inclusion_proof(index, size, Tiles(session).node), signed, entry.leaf)
