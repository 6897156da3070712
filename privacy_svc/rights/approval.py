"""A person decides: approve, extend, cancel, withdraw; and what follows from each. Refusing has a file of its own."""

import enum

from sqlalchemy.orm import Session

from privacy_svc.db import now
from privacy_svc.errors import BadRequest, Conflict
from privacy_svc.mail import Letter
from privacy_svc.policy import within
from privacy_svc.rights import (
    asking,
    calling_off,
    details,
    holds,
    links,
    merging,
    others,
    outside,
    outside_ending,
    rectifying,
)
from privacy_svc.rights.letters import Letters
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.parts import Event, Parts
from privacy_svc.rights.states import Right, State, follow
from privacy_svc.vault import Subject

_IDENTIFYING = ("user.name", "user.government_id")


class Review(enum.StrEnum):
    """What a person's look at an automated decision came to (Art. 22(3))."""

    UPHELD = "upheld"
    CHANGED = "changed"


def after_verification(session: Session, parts: Parts, request: DataRequest, actor: str) -> None:
    """On to the approval where policy asks for one, a person has to do the work, or an erasure cannot run yet."""
    assert request.subject_id is not None
    if merging.merge(session, parts, request, actor) is not request:
        return
    held = holds.standing(session, parts.log, request.subject_id) is not None
    stopped = request.kind is Right.ERASURE and (held or others.before(session, parts, request) is not None)
    if request.kind is not Right.OBJECTION:
        stopped = stopped or others.erasure_under_way(session, parts, request) is not None
    undecided = request.waiting_for is not None or request.refusal_proposed_by is not None
    if stopped or undecided or needs_approval(session, parts, request):
        request.state = follow(State(request.state), State.AWAITING_APPROVAL, "sent to approval").value
    else:
        _start(request)


def needs_approval(session: Session, parts: Parts, request: DataRequest) -> bool:
    organisation = parts.organisation
    if request.kind is Right.OBJECTION:
        return False  # it holds at once; who has compelling grounds claims them afterwards, see `overriding`
    if request.right in organisation.approval | organisation.four_eyes.rights:
        return True
    if request.kind is Right.RECTIFICATION:
        asked = "rectification_of_identity" in organisation.approval
        return _changes(session, parts, request, _IDENTIFYING if asked else ())
    return request.kind is Right.AUTOMATED_DECISION


def _changes(session: Session, parts: Parts, request: DataRequest, categories: tuple[str, ...]) -> bool:
    """Whether it would make somebody else of the person: how they are reached or found, whatever the policy says, since
    the next code goes there; and by the policy how they are named."""
    kind = session.get_one(Subject, request.subject_id).kind
    changes = details.read(session, parts.vault, request)["given"]["changes"]
    fields = [found[1] for name in changes if (found := parts.policy.resolve_field(name, kind))]
    return any(f.identity or any(within(c, categories) for c in f.categories) for f in fields)


def approve(session: Session, parts: Parts, request: DataRequest, actor: str) -> None:
    """Starts the run; for one that failed, goes on with it. Raises Conflict, OnHold."""
    follow(State(request.state), State.IN_PROGRESS, "approved")
    if request.verified_at is None or request.subject_id is None:
        raise Conflict("The person is not verified yet.")
    if request.kind is Right.ERASURE and not others.has_begun(request):
        holds.require_none(session, parts.log, request.subject_id)
        others.require_none_before(session, parts, request)
    others.require_no_erasure(session, parts, request)
    if request.kind is Right.RECTIFICATION:
        rectifying.require_seen(session, parts, request)
    if not _approved_by_enough(session, parts, request, actor):
        return
    asking.settle(session, parts, request, actor, how="approved")
    request.approved_at, request.approved_by, request.failure = now(), actor, None
    outside.again(session, request)
    request.refusal_proposed_by = request.ground = None
    parts.note(session, request, Event.APPROVED, actor)
    _start(request)


def _approved_by_enough(session: Session, parts: Parts, request: DataRequest, actor: str) -> bool:
    """Four eyes, where policy asks for them. What they approved and failed is gone on with by anybody who may."""
    rule = parts.organisation.four_eyes
    if request.right not in rule.rights or request.approved_at is not None:
        return True
    vouched = [request.verified_by] if request.verified_how == "staff" else []
    if rule.apart and any(same_person(actor, known) for known in [request.opened_by, *vouched]):
        raise Conflict("Who opened a request or verified the person does not approve it.")
    if request.first_approved_by is None:
        request.first_approved_by = actor
        parts.note(session, request, Event.FIRST_APPROVAL, actor)
        return False
    if same_person(actor, request.first_approved_by):
        raise Conflict("A second person approves it, not the one who did first.")
    return True


def same_person(one: str, other: str | None) -> bool:
    return other is not None and one.strip().casefold() == other.strip().casefold()


def _start(request: DataRequest) -> None:
    """The order to run it: a worker finds the committed row. A human review has no workflow."""
    request.state = follow(State(request.state), State.IN_PROGRESS, "started").value
    request.next_at, request.tries = None, 0
    if request.kind is not Right.AUTOMATED_DECISION:
        request.attempt += 1


def cancel(session: Session, parts: Parts, request: DataRequest, reason: str | None, actor: str) -> None:
    """By us. The reason stays with the request, sealed: an authority may ask why it has no answer. None: by a program
    that gave none."""
    if reason is not None and not reason.strip():
        raise BadRequest("Say why the request is cancelled, or which one it duplicates. What is refused has a ground.")
    end(session, parts, request, actor, withdrawn=False)
    if reason is not None:
        details.add(session, parts.vault, request, cancelled_because=reason)


def end(session: Session, parts: Parts, request: DataRequest, actor: str, *, withdrawn: bool) -> None:
    """Withdrawn by the person, or cancelled by us; also in the middle of work that only reads."""
    follow(State(request.state), State.CANCELLED, "withdrawn" if withdrawn else "cancelled")
    calling_off.require_nothing_done(session, request)
    request.outcome = "withdrawn" if withdrawn else "cancelled"
    links.drop(session, request)
    close(session, parts, request, State.CANCELLED, actor)
    parts.note(session, request, Event.WITHDRAWN if withdrawn else Event.CANCELLED, actor)


def finish_review(
    session: Session, parts: Parts, request: DataRequest, result: Review, explanation: str, actor: str
) -> Letter:
    """Art. 22(3): a person has looked at the decision again. The person is told with what result and why; where it
    stands, with authority and remedy."""
    if request.kind is not Right.AUTOMATED_DECISION:
        raise Conflict("Only a review of an automated decision is completed by hand.")
    follow(State(request.state), State.COMPLETED, "completed")
    if not explanation.strip():
        raise BadRequest("Say in words for the person what the review came to, and why.")
    letter = Letters(parts.organisation, request.language).reviewed(result, explanation)
    details.add(session, parts.vault, request, explanation=explanation, letter=letter.text)
    request.outcome, request.reviewed_by = result.value, actor
    close(session, parts, request, State.COMPLETED, actor)
    parts.note(session, request, Event.REVIEWED, actor, result=result.value)
    parts.note(session, request, Event.COMPLETED, actor, late=request.is_overdue)
    return letter


def close(session: Session, parts: Parts, request: DataRequest, state: State, actor: str) -> None:
    asking.settle(session, parts, request, actor, how="closed")
    request.state, request.closed_at = state.value, now()
    outside_ending.let_go(session, request)
