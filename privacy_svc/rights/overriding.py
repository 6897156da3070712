"""Compelling legitimate grounds against an objection (Art. 21(1) GDPR): claimed by a named person, told to the person
who objected, with authority and remedy (Art. 12(4)), and only then the use goes on. Never for direct marketing, and for
the profiling that goes with it (Art. 21(2) and (3))."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.consent import ListKeeper, lift_objection, objects_since
from privacy_svc.errors import BadRequest, Conflict
from privacy_svc.policy import DIRECT_MARKETING, PROFILING, PolicySet, Purpose
from privacy_svc.rights import details
from privacy_svc.rights.letters import Letters
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.parts import Event, Parts
from privacy_svc.rights.states import Right


def require_overridable(session: Session, parts: Parts, subject_id: str, purpose: str, grounds: str) -> None:
    """Raises BadRequest, Conflict."""
    if not grounds.strip():
        raise BadRequest("Name the compelling legitimate grounds: the burden of proof is yours (Art. 21(1) GDPR).")
    if any(p.direct_marketing for p in reached(parts.policy, purpose)) or purpose == DIRECT_MARKETING:
        raise Conflict("An objection to direct marketing is absolute (Art. 21(3) GDPR): no ground overrides it.")
    if objects_since(session, subject_id, purpose) is None:
        raise Conflict(f"No objection of this person to {purpose} stands.")


def reached(policies: PolicySet, purpose: str) -> list[Purpose]:
    """The purposes that an objection to this name is about."""
    if purpose == PROFILING:
        return [p for p in policies.purposes.values() if p.profiling]
    return policies.below(purpose)


def override(session: Session, parts: Parts, subject_id: str, purpose: str, grounds: str, actor: str) -> int:
    """Once the person was told. The state version."""
    require_overridable(session, parts, subject_id, purpose, grounds)
    parts.vault.hold(session, [subject_id])
    for request in _requests(session, parts, subject_id, purpose):
        details.add(session, parts.vault, request, overridden=grounds)
        parts.note(session, request, Event.OBJECTION_OVERRIDDEN, actor)
    version = lift_objection(session, parts.log, subject_id, purpose, actor, f"compelling grounds: {grounds}")
    ListKeeper(parts.vault, parts.log, parts.directory).lifted(session, subject_id, purpose, actor)
    return version


def title(policies: PolicySet, purpose: str, letters: Letters) -> str:
    found = policies.purposes.get(purpose) or policies.groups.get(purpose)
    return found.title.get(letters.language, purpose) if found else purpose


def _requests(session: Session, parts: Parts, subject_id: str, purpose: str) -> list[DataRequest]:
    """The one that raised the objection, where it was raised by a request."""
    mine = select(DataRequest).where(
        DataRequest.subject_id == subject_id,
        DataRequest.right == Right.OBJECTION.value,
        DataRequest.closed_at.is_not(None),
    )
    found = session.scalars(mine.order_by(DataRequest.received_at.desc()))
    same = (r for r in found if details.read(session, parts.vault, r).get("given", {}).get("purpose") == purpose)
    first = next(same, None)
    return [] if first is None else [first]
