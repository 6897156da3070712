"""What can still be refused, cancelled or withdrawn: nothing of which a part was done already, here or elsewhere."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from privacy_svc.errors import Conflict
from privacy_svc.rights.model import DataRequest, RequestValue
from privacy_svc.rights.others import has_begun
from privacy_svc.rights.outside_model import DONE, RequestWork
from privacy_svc.rights.states import Right, State
from privacy_svc.rights.steps import progress

_READS = frozenset({Right.ACCESS, Right.PORTABILITY})
_CHANGES_NOTHING = frozenset({"start", "remember", "elsewhere"})


def require_nothing_done(session: Session, request: DataRequest) -> None:
    """An erasure is only finished once it has begun. Raises Conflict."""
    if request.kind in _READS:
        return
    if request.kind is Right.ERASURE and has_begun(request):
        raise Conflict("The erasure has begun and can only be finished: where it failed, approve it again.")
    if request.state == State.IN_PROGRESS and has_begun(request):
        raise Conflict(f"The {request.right} is under way; wait for its end.")
    if _has_changed(session, request):
        raise Conflict(f"A part of the {request.right} is done, and the rest can only be finished: approve it again.")


def _has_changed(session: Session, request: DataRequest) -> bool:
    """Here, in one of several databases, or in another system, which may have done what it could not say."""
    steps = set(progress(request).get("steps", ()))
    if steps - _CHANGES_NOTHING:
        return True
    tried = select(RequestWork.place).where(
        RequestWork.request_id == request.id, or_(RequestWork.state == DONE, RequestWork.tries > 0)
    )
    if session.scalar(tried.limit(1)) is not None:
        return True
    return "remember" in steps and len(_databases(session, request)) > 1


def _databases(session: Session, request: DataRequest) -> set[str]:
    """Each is corrected in a transaction of its own."""
    places = session.scalars(select(RequestValue.place).where(RequestValue.request_id == request.id))
    return {place.partition(".")[0] for place in places}
