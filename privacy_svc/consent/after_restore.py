"""What a restored backup does not know of people's wishes: a withdrawal after it must not be undone by it (Art. 7(3)).

The log still tells that somebody took a consent back, or said no, after the backup, and not of which purpose. So every
consent of theirs that the backup brings back ends, and they may be asked again: nobody's data are used on a consent
that may be gone. Restricted data are restricted again (Art. 18). Of an objection (Art. 21) the purpose has to be asked:
until then their data are restricted (Art. 18(1)(d)), and who objected is told until an objection of theirs was recorded
since.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, Log, Unsaid
from privacy_svc.consent.invalidating import invalidate_all
from privacy_svc.consent.model import Objection, Restriction
from privacy_svc.consent.objections import restrict
from privacy_svc.consent.standing import subject_state
from privacy_svc.errors import Erased, NotFound

AFTER = "taken back after the backup that was restored"
_NO = frozenset({EventType.CONSENT_WITHDRAWN, EventType.CONSENT_REFUSED})
PENDING = "objected after the backup that was restored; ask what against"
_OBJECTED = EventType.OBJECTION_RAISED
_PLACED, _ENDED = EventType.RESTRICTION_PLACED, EventType.RESTRICTION_LIFTED


@dataclass(frozen=True, slots=True)
class Renewed:
    """`ended` consents and `restricted` people; `objected`: subject ids of those who are to be asked what against."""

    ended: int
    restricted: int
    objected: tuple[str, ...]


def renew(session: Session, log: Log, actor: str, at: datetime) -> Renewed:
    """Does nothing the second time. Not about who was erased since."""
    said = log.unsaid(session, {*_NO, _OBJECTED, _PLACED, _ENDED})
    ended = sum(_end(session, log, one, actor, at) for one in _last(said, _NO))
    restricted = sum(_restrict(session, log, one, actor) for one in _last(said, {_PLACED, _ENDED}))
    objected = [one for one in _last(said, {_OBJECTED}) if not _heard(session, one)]
    restricted += sum(_restrict(session, log, one, actor) for one in objected)
    return Renewed(ended, restricted, tuple(str(one.subject_id) for one in objected))


def _last(said: Sequence[Unsaid], kinds: "frozenset[EventType] | set[EventType]") -> list[Unsaid]:
    """Of each person."""
    return list({one.subject_id: one for one in said if one.kind in kinds and one.subject_id is not None}.values())


def _end(session: Session, log: Log, one: Unsaid, actor: str, at: datetime) -> int:
    try:
        return invalidate_all(session, log, str(one.subject_id), actor, at, AFTER, recorded_until=one.at)
    except (Erased, NotFound):
        return 0


def _restrict(session: Session, log: Log, one: Unsaid, actor: str) -> bool:
    """Only where nothing was said about it since. An objection restricts too, whatever was lifted after it: that may
    have been another one."""
    person = str(one.subject_id)
    since = exists().where(Restriction.subject_id == person, Restriction.recorded_at > one.at)
    if one.kind is _ENDED or session.scalar(select(since)):
        return False
    try:
        restrict(session, log, person, actor, PENDING if one.kind is _OBJECTED else None)
    except (Erased, NotFound):
        return False
    return True


def _heard(session: Session, one: Unsaid) -> bool:
    """An objection was recorded since, or there is nobody left who could be asked."""
    person = str(one.subject_id)
    since = exists().where(Objection.subject_id == person, Objection.recorded_at > one.at)
    return bool(session.scalar(select(since))) or subject_state(session, person, one.at).erased
