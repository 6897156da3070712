"""A person decides: approve, refuse, extend, cancel, withdraw; and what follows from each."""

import enum

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.db import now
from privacy_svc.errors import BadRequest, Conflict
from privacy_svc.mail import Letter
from privacy_svc.rights import details, holds, letters
from privacy_svc.rights.grounds import Ground
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.opening import deadline_of
from privacy_svc.rights.parts import Event, Parts
from privacy_svc.rights.states import VERIFIED, Right, State, follow


class Extension(enum.StrEnum):
    """Art. 12(3) GDPR knows two reasons for more time."""

    COMPLEXITY = "complexity"
    NUMBER = "number"

    @property
    def words(self) -> str:
        return "its complexity" if self is Extension.COMPLEXITY else "the number of requests"


def after_verification(session: Session, parts: Parts, request: DataRequest) -> None:
    """On to the approval where policy asks for one, a person has to do the work, or an erasure cannot run yet."""
    assert request.subject_id is not None
    stopped = request.kind is Right.ERASURE and (
        holds.standing(session, request.subject_id) is not None or _other_open(session, request) is not None
    )
    if stopped or request.right in parts.organisation.approval or request.kind is Right.AUTOMATED_DECISION:
        request.state = follow(State(request.state), State.AWAITING_APPROVAL, "sent to approval").value
    else:
        _start(request)


def approve(session: Session, parts: Parts, request: DataRequest, actor: str) -> None:
    """Starts the run; for one that failed, goes on with it. Raises Conflict, OnHold."""
    follow(State(request.state), State.IN_PROGRESS, "approved")
    if request.verified_at is None or request.subject_id is None:
        raise Conflict("The person is not verified yet.")
    if request.kind is Right.ERASURE and not request.progress:
        holds.require_none(session, request.subject_id)
        other = _other_open(session, request)
        if other is not None:
            raise Conflict(f"Request {other} of the same person is open: answer it before the erasure.")
    request.approved_at, request.approved_by, request.failure = now(), actor, None
    parts.note(session, request, Event.APPROVED, actor)
    _start(request)


def _start(request: DataRequest) -> None:
    """The order to run it: a worker finds the committed row. A human review has no workflow."""
    request.state = follow(State(request.state), State.IN_PROGRESS, "started").value
    if request.kind is not Right.AUTOMATED_DECISION:
        request.attempt += 1


def _other_open(session: Session, request: DataRequest) -> str | None:
    """An erasure would destroy the answer to what the person asked before."""
    others = select(DataRequest.id).where(
        DataRequest.subject_id == request.subject_id,
        DataRequest.id != request.id,
        DataRequest.state.in_([s.value for s in VERIFIED]),
    )
    return session.scalars(others.limit(1)).first()


def refuse(
    session: Session, parts: Parts, request: DataRequest, ground: Ground, explanation: str, actor: str
) -> Letter:
    """The letter to send. All of ground, explanation and a named approver are needed (Art. 12(4))."""
    follow(State(request.state), State.REFUSED, "refused")
    _require_not_begun(request)
    if not explanation.strip():
        raise BadRequest("A refusal needs an explanation that the person can understand.")
    if not ground.fits(request.kind):
        raise BadRequest(f"{ground.value} is no ground to refuse {request.right}.")
    letter = letters.refused(parts.organisation, request.kind, ground, explanation)
    details.add(session, parts.vault, request, explanation=explanation, letter=letter.text)
    request.ground, request.refused_by = ground.value, actor
    _close(request, State.REFUSED)
    parts.note(session, request, Event.REFUSED, actor, ground=ground.value, late=request.is_overdue)
    return letter


def extend(session: Session, parts: Parts, request: DataRequest, reason: Extension, actor: str) -> Letter:
    """Once, within the first period, to three months from receipt (Art. 12(3))."""
    if request.closed_at is not None:
        raise Conflict(f"The request is {request.state}.")
    if request.extended_at is not None:
        raise Conflict("The request was extended before; a second time is not allowed (Art. 12(3) GDPR).")
    if now() > request.due_at:
        raise Conflict("The first period is over; it cannot be extended any more (Art. 12(3) GDPR).")
    started = request.verified_at if _clock_starts_late(parts, request) else request.received_at
    due = deadline_of(parts.policy, started or request.received_at, extended=True)
    request.extended_at, request.due_at, request.due_conservative = now(), due.due_at, due.due_conservative
    parts.note(session, request, Event.EXTENDED, actor, reason=reason.value, due=due.due_at.isoformat())
    return letters.extended(parts.organisation, request.kind, reason.words, due.due_at)


def _clock_starts_late(parts: Parts, request: DataRequest) -> bool:
    return request.verified_at is not None and parts.profile.identity_starts_clock


def end(session: Session, parts: Parts, request: DataRequest, actor: str, *, withdrawn: bool) -> None:
    """Withdrawn by the person, or cancelled by us."""
    follow(State(request.state), State.CANCELLED, "withdrawn" if withdrawn else "cancelled")
    _require_not_begun(request)
    request.outcome = "withdrawn" if withdrawn else "cancelled"
    _close(request, State.CANCELLED)
    parts.note(session, request, Event.WITHDRAWN if withdrawn else Event.CANCELLED, actor)


def finish_review(session: Session, parts: Parts, request: DataRequest, outcome: str, actor: str) -> Letter:
    """Art. 22(3): a person has looked at the decision again, and says with what result."""
    if request.kind is not Right.AUTOMATED_DECISION:
        raise Conflict("Only a review of an automated decision is completed by hand.")
    follow(State(request.state), State.COMPLETED, "completed")
    if not outcome.strip():
        raise BadRequest("Say what the review came to.")
    details.add(session, parts.vault, request, outcome=outcome)
    _close(request, State.COMPLETED)
    parts.note(session, request, Event.COMPLETED, actor, late=request.is_overdue)
    return letters.completed(parts.organisation, request.kind, parts.settings.base_url)


def _require_not_begun(request: DataRequest) -> None:
    if request.kind is Right.ERASURE and request.progress:
        raise Conflict("The erasure has begun and can only be finished: approve it again.")


def _close(request: DataRequest, state: State) -> None:
    request.state, request.closed_at = state.value, now()
