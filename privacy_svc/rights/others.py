"""Other requests of the same person: an erasure destroys what they are to be answered from, so it waits for them, and
what comes while it is under way waits for its end.

Somebody who has not shown yet who they are counts as well, but not for ever: else a stranger could put off an erasure
by asking in the person's name.
"""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from privacy_svc.db import now
from privacy_svc.errors import Conflict
from privacy_svc.rights.errors import Unanswered
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.parts import Parts
from privacy_svc.rights.states import VERIFIED, Right, State
from privacy_svc.rights.steps import progress

_UNVERIFIED = (State.RECEIVED.value, State.VERIFYING.value)


def unanswered(parts: Parts) -> ColumnElement[bool]:
    """An answer is owed, or will be once they show who they are: for that they have as long as for an answer to us."""
    young = DataRequest.opened_at > now() - timedelta(days=parts.organisation.deadlines.answer_days)
    verified = DataRequest.state.in_([s.value for s in VERIFIED])
    return or_(verified, and_(DataRequest.state.in_(_UNVERIFIED), young))


def busy(session: Session, parts: Parts, people: Iterable[str]) -> Iterable[str | None]:
    """Who of these waits for an answer."""
    return session.scalars(select(DataRequest.subject_id).where(DataRequest.subject_id.in_(people), unanswered(parts)))


def before(session: Session, parts: Parts, erasure: DataRequest) -> DataRequest | None:
    """What has to be answered before this erasure."""
    mine = (DataRequest.subject_id == erasure.subject_id, DataRequest.id != erasure.id)
    return session.scalars(select(DataRequest).where(*mine, unanswered(parts)).limit(1)).first()


def require_none_before(session: Session, parts: Parts, erasure: DataRequest) -> None:
    """Raises Unanswered."""
    other = before(session, parts, erasure)
    if other is None:
        return
    who = "" if other.verified_at else " Its sender has not shown who they are: it may be cancelled."
    raise Unanswered(f"Request {other.id} of the same person is open: answer it before the erasure.{who}")


def erasure_under_way(session: Session, parts: Parts, request: DataRequest) -> str | None:
    """The id of an erasure of the same person that has begun and is not over. From here on none begins in between."""
    if request.subject_id is None or request.kind is Right.ERASURE:
        return None
    parts.vault.hold(session, [request.subject_id])
    running = select(DataRequest).where(
        DataRequest.subject_id == request.subject_id,
        DataRequest.right == Right.ERASURE.value,
        DataRequest.state.in_([State.IN_PROGRESS.value, State.FAILED.value]),
    )
    return next((r.id for r in session.scalars(running) if has_begun(r)), None)


def require_no_erasure(session: Session, parts: Parts, request: DataRequest) -> None:
    """Raises Conflict."""
    erasure = erasure_under_way(session, parts, request)
    if erasure is not None:
        raise Conflict(f"Erasure {erasure} of the same person is under way: wait for its end, and say what was done.")


def has_begun(request: DataRequest) -> bool:
    """Whether a step was done that is more than the note of the start."""
    return bool(set(progress(request).get("steps", ())) - {"start"})
