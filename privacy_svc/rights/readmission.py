"""An erased person comes back: explicitly, with a reason, as somebody about whom nothing is known.

What was erased stays erased. The new key opens only what is written from now on; consents from before do not
count, and the restriction that the erasure placed ends.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType
from privacy_svc.consent import invalidate_all, lift_restriction
from privacy_svc.db import now
from privacy_svc.errors import Conflict
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.parts import Parts
from privacy_svc.rights.states import VERIFIED, Right
from privacy_svc.rights.views import Readmitted

AGAIN = "erased and readmitted"
"""Why consents from before do not count."""


def readmit(session: Session, parts: Parts, subject_id: str, reason: str, actor: str) -> Readmitted:
    """Raises NotFound, KeyUnavailable; Conflict for somebody who is not erased, or not to the end: what was left to do
    would be done to what is written from now on."""
    _require_finished(session, subject_id)
    subject = parts.vault.readmit(session, subject_id)
    invalidate_all(session, parts.log, subject_id, actor, now(), AGAIN)
    lift_restriction(session, parts.log, subject_id, actor, reason)
    payload = {"reason": reason}
    kind = EventType.SUBJECT_READMITTED
    parts.log.append(session, kind, actor=actor, subject_id=subject_id, payload=payload, evidence=True)
    return Readmitted(subject_id, subject.state_version)


def _require_finished(session: Session, subject_id: str) -> None:
    unfinished = select(DataRequest.id).where(
        DataRequest.subject_id == subject_id,
        DataRequest.right == Right.ERASURE.value,
        DataRequest.state.in_([s.value for s in VERIFIED]),
    )
    request_id = session.scalars(unfinished.limit(1).with_for_update()).first()
    if request_id is not None:
        raise Conflict(f"Erasure {request_id} is not finished. Finish it first: it would take new data for old ones.")
