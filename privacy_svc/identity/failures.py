"""Sign-ins that failed, in the log; of one network up to a limit: nobody guesses a secret, but a log can be filled."""

from datetime import timedelta

from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, Log
from privacy_svc.identity.limits import Limit, Reached, take

UNKNOWN = "unknown"
"""The actor of what nobody did who is known."""
STAFF_FAILURES = Limit("staff-sign-ins", 60, timedelta(hours=1))


def note_failure(session: Session, log: Log, limit: Limit, network: str, **told: object) -> Reached | None:
    """The boundary commits, and refuses after that; where the limit is reached it says so."""
    if (reached := take(session, limit, network.encode())) is not None:
        return held_up(session, log, reached)
    log.append(session, EventType.SIGN_IN_FAILED, actor=UNKNOWN, payload=told)
    return None


def held_up(session: Session, log: Log, reached: Reached) -> Reached:
    """The log says once in a period that a limit was reached."""
    if reached.first:
        log.append(session, EventType.SIGN_IN_LOCKED, actor=UNKNOWN, payload={"limit": reached.limit.name})
    return reached
