"""Consents that no longer count, though nobody took them back in so many words: those of a person who was erased and
came back, or who took some back that a restored backup does not know of."""

from datetime import datetime

from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, Log
from privacy_svc.consent.model import Consent
from privacy_svc.consent.standing import latest
from privacy_svc.consent.states import State
from privacy_svc.consent.versions import hold, raise_version
from privacy_svc.db import new_id

_COPIED = ("subject_id", "purpose", "notice_id", "notice_version", "notice_language", "notice_digest", "policy_version")


def invalidate_all(
    session: Session,
    log: Log,
    subject_id: str,
    actor: str,
    at: datetime,
    reason: str,
    *,
    recorded_until: datetime | None = None,
) -> int:
    """Every consent that stands becomes `invalidated`, of those recorded by then; how many. Raises Erased, NotFound."""
    subject = hold(session, subject_id)
    standing = [
        c
        for c in latest(session, [subject_id])
        if c.state == State.GIVEN and (recorded_until is None or c.recorded_at <= recorded_until)
    ]
    for said in standing:
        row = Consent(
            **{name: getattr(said, name) for name in _COPIED},
            id=new_id(),
            state=State.INVALIDATED,
            channel="service",
            method=said.method,
            guardian=False,
            given_at=max(at, said.given_at),
            recorded_at=at,
            recorded_by=actor,
            state_version=raise_version(session, subject),
        )
        payload = {"consent": row.id, "purpose": row.purpose, "reason": reason, "state_version": row.state_version}
        kind = EventType.CONSENT_INVALIDATED
        row.entry_id = log.append(session, kind, actor=actor, subject_id=subject_id, payload=payload, evidence=True)
        session.add(row)
    session.flush()
    return len(standing)
