"""What is handed out as signed: the newest exported checkpoint, and proofs of entries against it."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import searching
from privacy_svc.auditlog.checkpoint import format_proof
from privacy_svc.auditlog.errors import NotYet
from privacy_svc.auditlog.merkle import inclusion_proof, leaf_hash
from privacy_svc.auditlog.model import Entry, Payload
from privacy_svc.auditlog.opening import Openers
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


def disclosed(log: "Log", session: Session, index: int) -> dict[str, Any] | None:
    """Raises Tampered."""
    entry = session.get_one(Entry, index)
    payload = session.scalar(select(Payload).where(Payload.entry_id == entry.id))
    if payload is None:
        return None
    openers = Openers(session, log.vault)
    openers.learn([payload])
    opened = openers.open(payload, leaf_hash(entry.leaf))
    return None if opened is None else opened.to_json()
