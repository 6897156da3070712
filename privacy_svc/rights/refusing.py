"""Refusing (Art. 12(4) and (5) GDPR): a named person, a ground, words for the person, and where the burden of proof is
ours, evidence. No rule and no workflow gets here."""

from sqlalchemy.orm import Session

from privacy_svc.errors import BadRequest, Conflict
from privacy_svc.mail import Letter
from privacy_svc.rights import details
from privacy_svc.rights.approval import close, same_person
from privacy_svc.rights.calling_off import require_nothing_done
from privacy_svc.rights.grounds import Ground
from privacy_svc.rights.letters import Letters
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.parts import WORKER, Event, Parts
from privacy_svc.rights.states import State, follow


def refuse(
    session: Session, parts: Parts, request: DataRequest, ground: Ground, explanation: str, evidence: str, actor: str
) -> Letter | None:
    """The letter to send; None where a second person has to confirm it first, and the request stays as it is."""
    follow(State(request.state), State.REFUSED, "refused")
    _require_a_name(actor)
    require_nothing_done(session, request)
    if not explanation.strip():
        raise BadRequest("A refusal needs an explanation that the person can understand.")
    if not ground.fits(request.kind):
        raise BadRequest(f"{ground.value} is no ground to refuse {request.right}.")
    if ground is Ground.IDENTITY_FAILURE and request.verified_at is not None:
        raise BadRequest(f"{ground.value} is no ground: the person has shown who they are.")
    if ground.needs_evidence and not evidence.strip():
        raise BadRequest(f"{ground.value} has to be demonstrated (Art. 12(5) GDPR): say by what `evidence`.")
    details.add(session, parts.vault, request, explanation=explanation, evidence=evidence)
    request.ground = ground.value
    if ground.needs_evidence and parts.organisation.four_eyes.refusals:
        request.refusal_proposed_by = actor
        parts.note(session, request, Event.REFUSAL_PROPOSED, actor, ground=ground.value)
        return None
    return _refuse(session, parts, request, explanation, actor)


def confirm(session: Session, parts: Parts, request: DataRequest, actor: str) -> Letter:
    """The second person; the letter to send."""
    _require_a_name(actor)
    if request.refusal_proposed_by is None:
        raise Conflict("No refusal of this request waits to be confirmed.")
    if same_person(actor, request.refusal_proposed_by):
        raise Conflict("A second person confirms the refusal, not the one who proposed it.")
    follow(State(request.state), State.REFUSED, "refused")
    require_nothing_done(session, request)
    explanation = str(details.read(session, parts.vault, request)["explanation"])
    return _refuse(session, parts, request, explanation, actor)


def _refuse(session: Session, parts: Parts, request: DataRequest, explanation: str, actor: str) -> Letter:
    ground = Ground(request.ground or "")
    letter = Letters(parts.organisation, request.language).refused(request.kind, ground, explanation)
    details.add(session, parts.vault, request, letter=letter.text)
    request.refused_by = actor
    close(session, parts, request, State.REFUSED, actor)
    parts.note(session, request, Event.REFUSED, actor, ground=ground.value, late=request.is_overdue)
    return letter


def _require_a_name(actor: str) -> None:
    if not actor.strip() or actor == WORKER:
        raise BadRequest("A request is refused by a person with a name.")
