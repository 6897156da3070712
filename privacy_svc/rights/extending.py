"""More time for a request (Art. 12(3) GDPR): it counts once the person was told, within the first period."""

import enum
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.errors import Conflict
from privacy_svc.mail import Letter
from privacy_svc.rights import clock, details
from privacy_svc.rights.letters import Letters
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.owed_model import EXTENSION, OwedLetter
from privacy_svc.rights.parts import Event, Parts


class Extension(enum.StrEnum):
    """Art. 12(3) GDPR knows two reasons for more time."""

    COMPLEXITY = "complexity"
    NUMBER = "number"


def extend(session: Session, parts: Parts, request: DataRequest, reason: Extension) -> Letter:
    """The letter that makes it count. Once, within the first period, to three months from receipt."""
    if request.closed_at is not None:
        raise Conflict(f"The request is {request.state}.")
    if request.extended_at is not None:
        raise Conflict("The request was extended before; a second time is not allowed (Art. 12(3) GDPR).")
    if request.is_overdue:
        raise Conflict("The first period is over; it cannot be extended any more (Art. 12(3) GDPR).")
    waiting = select(OwedLetter.id).where(OwedLetter.request_id == request.id, OwedLetter.kind == EXTENSION)
    if session.scalar(waiting.where(OwedLetter.told_at.is_(None)).limit(1)) is not None:
        raise Conflict("The letter about more time is not sent yet: tell the person by other means, and note it.")
    due_at = clock.extended(parts.policy, request).due_at
    letter = Letters(parts.organisation, request.language).extended(request.kind, reason.value, due_at)
    details.add(session, parts.vault, request, extension=letter.text)
    return letter


def may_count(request: DataRequest, told_at: datetime) -> bool:
    """Whether being told then still extends it."""
    in_time = (request.paused_since or told_at) <= request.due_at
    return request.closed_at is None and request.extended_at is None and in_time


def told(session: Session, parts: Parts, request: DataRequest, reason: str, at: datetime, actor: str) -> None:
    """From here on it counts."""
    request.extended_at = at
    clock.set_due(parts.policy, request)
    parts.note(session, request, Event.EXTENDED, actor, reason=reason, due=request.due_at.isoformat())
