"""The end of a restriction (Art. 18(3) GDPR): first the person is told, with the day and the reason, then it is lifted.

Two steps by a person, each in the log; none of them happens by itself. Who restricts again meanwhile is told anew.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from privacy_svc.consent import lift_restriction, restricted_since
from privacy_svc.db import new_id, now
from privacy_svc.errors import BadRequest, Conflict, Erased
from privacy_svc.rights import outside_lifting, recipients
from privacy_svc.rights.limits_model import END_REASON, RestrictionEnd
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.parts import Event, Parts
from privacy_svc.rights.states import Right, State
from privacy_svc.rights.steps import tell_progress
from privacy_svc.rights.ways import LIFTED
from privacy_svc.store import walk
from privacy_svc.vault import Subject

USUAL = timedelta(days=7)
"""From the announcement to the end, where nobody says another day: time to answer."""


@dataclass(frozen=True, slots=True)
class Told:
    """How the person was told by other means than our mail: by post, by telephone."""

    at: datetime
    how: str


def announce(
    session: Session, parts: Parts, subject_id: str, *, reason: str, ends_at: datetime | None, actor: str
) -> RestrictionEnd:
    """It counts once the person is `told`. Raises BadRequest, Conflict where nothing is restricted, Erased."""
    if not reason.strip():
        raise BadRequest("Say why the restriction ends: the person is told.")
    parts.vault.hold(session, [subject_id])
    _require_restricted(session, subject_id)
    ends_at = ends_at or now() + USUAL
    if ends_at.tzinfo is None or ends_at <= now():
        raise BadRequest("ends_at is a time in the future, with its time zone.")
    void(session, subject_id)
    end_id = new_id()
    sealed = parts.vault.cipher(session, subject_id, use="evidence").seal(END_REASON, end_id, reason)
    end = RestrictionEnd(
        id=end_id, subject_id=subject_id, reason=sealed, ends_at=ends_at, announced_at=now(), announced_by=actor
    )
    session.add(end)
    session.flush()
    return end


def tell(session: Session, parts: Parts, end: RestrictionEnd, told: Told, actor: str) -> None:
    """The person was told. Raises Conflict where it was announced anew meanwhile, BadRequest."""
    if end.void_at is not None or end.lifted_at is not None:
        raise Conflict("This end was announced anew, or is over.")
    if told.at.tzinfo is None or told.at > now() or told.at > end.ends_at:
        raise BadRequest("told_at is a time that is over, before the restriction ends.")
    if told.at < _require_restricted(session, end.subject_id):
        raise BadRequest("The person is told after the restriction began.")
    end.told_at, end.told_how = told.at, told.how
    _note(session, parts, end, Event.RESTRICTION_END_ANNOUNCED, actor, how=told.how, ends=end.ends_at.isoformat())


def lift(session: Session, parts: Parts, subject_id: str, actor: str) -> int:
    """The state version. Raises Conflict where the person was not told, or of a later day."""
    parts.vault.hold(session, [subject_id])
    since = _require_restricted(session, subject_id)
    end = announced(session, subject_id)
    if end is None or end.told_at is None or end.told_at < since:
        raise Conflict("Before a restriction is lifted the person is told (Art. 18(3) GDPR): announce its end first.")
    if end.ends_at > now():
        raise Conflict(f"The person was told that it ends at {end.ends_at.isoformat()}, not before.")
    end.lifted_at, end.lifted_by = now(), actor
    version = lift_restriction(session, parts.log, subject_id, actor, f"announced as {end.id}")
    _note(session, parts, end, Event.RESTRICTION_ENDED, actor)
    request = _request(session, subject_id)
    rows = walk(session, parts.stores, parts.vault, parts.policy, subject_id)
    if request is not None:
        tell_progress(request, **{LIFTED: now().isoformat()})
        recipients.begin_anew(session, parts, request, rows)
    outside_lifting.begin(session, parts, subject_id, rows)
    return version


def announced(session: Session, subject_id: str) -> RestrictionEnd | None:
    """The end that stands announced, told or not yet."""
    mine = select(RestrictionEnd).where(RestrictionEnd.subject_id == subject_id, *_OPEN)
    return session.scalars(mine.order_by(RestrictionEnd.announced_at.desc()).limit(1)).first()


def void(session: Session, subject_id: str) -> None:
    """What was announced does not count any more."""
    open_ones = update(RestrictionEnd).where(RestrictionEnd.subject_id == subject_id, *_OPEN)
    session.execute(open_ones.values(void_at=now()))


_OPEN = (RestrictionEnd.void_at.is_(None), RestrictionEnd.lifted_at.is_(None))


def _require_restricted(session: Session, subject_id: str) -> datetime:
    if session.get_one(Subject, subject_id).erased_at is not None:
        raise Erased("This person's data were erased; their restriction ends only with their return.")
    since = restricted_since(session, subject_id)
    if since is None:
        raise Conflict("The use of this person's data is not restricted.")
    return since


def _note(session: Session, parts: Parts, end: RestrictionEnd, event: Event, actor: str, **params: str) -> None:
    """In the timeline of the request that asked for it, where there was one."""
    request = _request(session, end.subject_id)
    if request is not None:
        parts.note(session, request, event, actor, **params)
    else:
        parts.audit(session, end.subject_id, event, actor, **params)


def _request(session: Session, subject_id: str) -> DataRequest | None:
    mine = select(DataRequest).where(
        DataRequest.subject_id == subject_id,
        DataRequest.right == Right.RESTRICTION.value,
        DataRequest.state == State.COMPLETED.value,
    )
    return session.scalars(mine.order_by(DataRequest.received_at.desc()).limit(1)).first()
