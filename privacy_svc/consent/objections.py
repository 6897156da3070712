"""Objection (Art. 21 GDPR) and restriction (Art. 18): raised, lifted, placed. Said again it stands since then: what the
person agreed to in between does not outweigh it. Nothing is lifted that does not stand.

A reason may be the person's own words, so it goes only into the log, sealed by their evidence key.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session, aliased

from privacy_svc.auditlog import EventType, Log
from privacy_svc.consent.checks import nearest, objectionable_names
from privacy_svc.consent.model import Objection, Restriction
from privacy_svc.consent.versions import hold, raise_version
from privacy_svc.db import among
from privacy_svc.errors import NotFound
from privacy_svc.policy import PolicySet
from privacy_svc.vault import Subject

_SAID = (
    select(Objection.subject_id, Objection.purpose, Objection.stands, Objection.recorded_at)
    .where(among(Objection.subject_id, "ids"), among(Objection.purpose, "purposes"))
    .order_by(Objection.state_version)
)
"""Built once: every consent looks for an objection that it ends."""


def object_to(
    session: Session,
    log: Log,
    subject_id: str,
    purpose: str,
    actor: str,
    reason: str | None = None,
    *,
    signalled: bool = False,
) -> int:
    """Against a purpose, a group of them, or `policy.DIRECT_MARKETING`. `signalled`: by a browser's general signal.
    Returns the state version. Raises Erased, NotFound."""
    return _object(session, log, hold(session, subject_id), purpose, actor, reason, stands=True, signalled=signalled)


def lift_objection(
    session: Session, log: Log, subject_id: str, purpose: str, actor: str, reason: str | None = None
) -> int:
    """The person changed their mind, or compelling grounds were shown to them (Art. 21(1))."""
    return _object(session, log, hold(session, subject_id), purpose, actor, reason, stands=False)


def require_liftable(session: Session, policies: PolicySet, subject_id: str, purpose: str) -> None:
    """A name that was misspelt lifts nothing; one that the policy had once may be lifted. Raises NotFound."""
    known = objectionable_names(policies)
    ever = exists().where(Objection.subject_id == subject_id, Objection.purpose == purpose)
    if purpose not in known and not session.scalar(select(ever)):
        raise NotFound(f"There is no objection to this{nearest(purpose, known)}.")


def restrict(session: Session, log: Log, subject_id: str, actor: str, reason: str | None = None) -> int:
    """From the commit on nothing is used but for what Art. 18(2) allows. Returns the state version."""
    return _restrict(session, log, hold(session, subject_id), actor, reason, stands=True)


def lift_restriction(session: Session, log: Log, subject_id: str, actor: str, reason: str | None = None) -> int:
    """The person must have been told before (Art. 18(3)): that is the caller's to see to."""
    return _restrict(session, log, hold(session, subject_id), actor, reason, stands=False)


def objects_since(session: Session, subject_id: str, purpose: str) -> datetime | None:
    """When the objection that stands against this purpose was raised; None where none stands."""
    return stand_since(session, [subject_id], [purpose]).get((subject_id, purpose))


def stand_since(
    session: Session, subject_ids: Iterable[str], purposes: Iterable[str]
) -> dict[tuple[str, str], datetime]:
    """The same of many people and purposes."""
    session.flush()
    said = session.connection().execute(_SAID, {"ids": list(subject_ids), "purposes": list(purposes)}).all()
    last = {(subject_id, purpose): (stands, at) for subject_id, purpose, stands, at in said}
    return {place: at for place, (stands, at) in last.items() if stands}


def was_signalled(session: Session, subject_id: str, purpose: str) -> bool:
    """Whether a browser's general signal ever raised an objection against this purpose, lifted since or not."""
    mine = (Objection.subject_id == subject_id, Objection.purpose == purpose, Objection.signalled)
    return session.scalar(select(Objection.purpose).where(*mine).limit(1)) is not None


def restricted_since(session: Session, subject_id: str) -> datetime | None:
    """When the restriction that stands was placed; None where none stands."""
    return dict(restricted_people(session, [subject_id])).get(subject_id)


def restricted_people(
    session: Session, among_ids: Sequence[str] | Select[str] | None = None
) -> list[tuple[str, datetime]]:
    """Whose data may only be stored, and since when, the oldest first; of all, or of these."""
    later = aliased(Restriction)
    again = exists().where(later.subject_id == Restriction.subject_id, later.state_version > Restriction.state_version)
    standing = select(Restriction.subject_id, Restriction.recorded_at).where(Restriction.stands, ~again)
    if among_ids is not None:
        standing = standing.where(Restriction.subject_id.in_(among_ids))
    return [(subject_id, at) for subject_id, at in session.execute(standing.order_by(Restriction.recorded_at))]


def _object(
    session: Session,
    log: Log,
    subject: Subject,
    purpose: str,
    actor: str,
    reason: str | None,
    *,
    stands: bool,
    signalled: bool = False,
) -> int:
    if not stands and objects_since(session, subject.id, purpose) is None:
        return subject.state_version
    version = raise_version(session, subject)
    row = Objection(
        subject_id=subject.id,
        state_version=version,
        purpose=purpose,
        stands=stands,
        signalled=signalled,
        recorded_by=actor,
    )
    session.add(row)
    kind = EventType.OBJECTION_RAISED if stands else EventType.OBJECTION_LIFTED
    payload = {"purpose": purpose, "reason": reason, "state_version": version}
    log.append(session, kind, actor=actor, subject_id=subject.id, payload=payload, evidence=True)
    return version


def _restrict(session: Session, log: Log, subject: Subject, actor: str, reason: str | None, *, stands: bool) -> int:
    if not stands and not _restricted(session, subject.id):
        return subject.state_version
    version = raise_version(session, subject)
    session.add(Restriction(subject_id=subject.id, state_version=version, stands=stands, recorded_by=actor))
    kind = EventType.RESTRICTION_PLACED if stands else EventType.RESTRICTION_LIFTED
    payload = {"reason": reason, "state_version": version}
    log.append(session, kind, actor=actor, subject_id=subject.id, payload=payload, evidence=True)
    return version


def _restricted(session: Session, subject_id: str) -> bool:
    mine = select(Restriction.stands).where(Restriction.subject_id == subject_id)
    return session.scalar(mine.order_by(Restriction.state_version.desc()).limit(1)) or False
