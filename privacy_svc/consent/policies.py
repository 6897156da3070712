"""What a consent was recorded under stays readable, and the log says since when it was in force."""

from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, Log
from privacy_svc.policy import PolicySet, remember


def keep_policy(session: Session, log: Log, policies: PolicySet) -> None:
    """In the transaction of the first that rests on it: written, and logged."""
    if remember(session, policies):
        note_policy(session, log, policies)


def note_policy(session: Session, log: Log, policies: PolicySet) -> None:
    """That it took effect, once it is kept."""
    payload = {"policy_version": policies.version}
    log.append(session, EventType.POLICY_LOADED, actor="policies", payload=payload)
