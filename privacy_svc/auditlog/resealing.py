"""Payloads sealed anew after a person's key was replaced. Leaves and commitments stay as they are."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from privacy_svc.auditlog.merkle import leaf_hash
from privacy_svc.auditlog.model import Entry, Outbox, Payload
from privacy_svc.auditlog.opening import DATA, PAYLOAD_FIELD, place
from privacy_svc.vault import SubjectCipher


def reseal_payloads(session: Session, cipher: SubjectCipher) -> None:
    """A `vault.Holder`. Raises Tampered where a payload does not open."""
    leaf = func.coalesce(Entry.leaf, Outbox.leaf)
    found = (
        select(Payload, leaf)
        .outerjoin(Entry, Entry.id == Payload.entry_id)
        .outerjoin(Outbox, Outbox.id == Payload.entry_id)
        .where(Payload.owner_id == cipher.subject_id, Payload.use == DATA)
    )
    for payload, of in session.execute(found):
        if cipher.is_older(payload.sealed):
            at = cipher.at(place(leaf_hash(of)))
            payload.sealed = at.seal(PAYLOAD_FIELD, at.open(PAYLOAD_FIELD, payload.sealed))
    session.flush()
