"""An erased person comes back: explicitly, with a reason, as somebody about whom nothing is known.

What was erased stays erased. The new key opens only what is written from now on; consents from before do not
count, and the restriction that the erasure placed ends.
"""

from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType
from privacy_svc.consent import invalidate_all, lift_restriction
from privacy_svc.db import now
from privacy_svc.rights.parts import Parts
from privacy_svc.rights.views import Readmitted

AGAIN = "erased and readmitted"
"""Why consents from before do not count."""


def readmit(session: Session, parts: Parts, subject_id: str, reason: str, actor: str) -> Readmitted:
    """Raises NotFound, Conflict for somebody who is not erased, KeyUnavailable."""
    subject = parts.vault.readmit(session, subject_id)
    invalidate_all(session, parts.log, subject_id, actor, now(), AGAIN)
    lift_restriction(session, parts.log, subject_id, actor, reason)
    payload = {"reason": reason}
    kind = EventType.SUBJECT_READMITTED
    parts.log.append(session, kind, actor=actor, subject_id=subject_id, payload=payload, evidence=True)
    return Readmitted(subject_id, subject.state_version)
