"""Legal holds: while one stands, a person's data are not erased (Art. 17(3) GDPR), and what outlived an erasure as
evidence is not either. One that the log tells and the table does not stands as well: see `held_by_log`."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import Log
from privacy_svc.db import new_id, now
from privacy_svc.errors import BadRequest, Conflict, NotFound
from privacy_svc.rights import held_by_log
from privacy_svc.rights.errors import OnHold
from privacy_svc.rights.model import HOLD_REASON, DataRequest, Hold
from privacy_svc.rights.parts import Event, Parts
from privacy_svc.rights.states import Right, State
from privacy_svc.rights.steps import has_begun
from privacy_svc.rights.views import HoldView

ARTICLES: Mapping[str, str] = {
    "17(3)(a)": "freedom of expression and information",
    "17(3)(b)": "a legal obligation, or a task in the public interest",
    "17(3)(c)": "public health",
    "17(3)(d)": "archives, research or statistics",
    "17(3)(e)": "legal claims",
}
"""The exemptions of Art. 17(3) GDPR, in short."""


def place(
    session: Session, parts: Parts, subject_id: str, *, reason: str, article: str, until: datetime | None, actor: str
) -> Hold:
    if article not in ARTICLES:
        raise BadRequest("article names the exemption: 17(3)(a) to 17(3)(e).")
    if not reason.strip():
        raise BadRequest("Say why the data must be kept.")
    if until is not None and (until.tzinfo is None or until <= now()):
        raise BadRequest("until is a time in the future, with its time zone.")
    _refuse_too_late(session, _running(subject_id).with_for_update())
    parts.vault.hold(session, [subject_id])  # from here on neither an erasure nor the end of the evidence key passes
    _refuse_too_late(session, _running(subject_id))  # one that began while we waited
    hold_id = new_id()
    sealed = parts.vault.cipher(session, subject_id, use="evidence").seal(HOLD_REASON, hold_id, reason)
    hold = Hold(
        id=hold_id, subject_id=subject_id, article=article, reason=sealed, placed_by=actor, placed_at=now(), until=until
    )
    session.add(hold)
    ends = until and until.isoformat()
    parts.audit(session, subject_id, Event.HOLD_PLACED, actor, hold=hold.id, article=article, until=ends)
    return hold


def lift(session: Session, parts: Parts, hold_id: str, actor: str) -> None:
    """Also one that only the log tells. Raises NotFound, Conflict."""
    hold = session.get(Hold, hold_id, with_for_update=True)
    told = next((h for h in held_by_log.standing(session, parts.log) if h.id == hold_id), None)
    if hold is None and told is None:
        raise _unknown()
    if hold is not None and hold.lifted_at is not None and told is None:
        raise Conflict("This hold was lifted before.")
    if hold is not None:
        hold.lifted_at, hold.lifted_by = now(), actor
    whose = told or hold
    assert whose is not None
    parts.audit(session, whose.subject_id, Event.HOLD_LIFTED, actor, hold=hold_id)


def find(session: Session, hold_id: str) -> Hold:
    hold = session.get(Hold, hold_id)
    if hold is None:
        raise _unknown()
    return hold


def _unknown() -> NotFound:
    return NotFound("There is no such hold.")


def reason_of(session: Session, parts: Parts, hold: Hold, actor: str) -> str | None:
    """Opened; the look is logged. None once the evidence key has ended."""
    parts.audit(session, hold.subject_id, Event.HOLD_READ, actor, hold=hold.id)
    if not hold.reason:
        return None
    opened = parts.vault.cipher(session, hold.subject_id, use="evidence").open(HOLD_REASON, hold.id, hold.reason)
    assert isinstance(opened, str)
    return opened


def all_standing(session: Session, log: Log, person: str | None = None) -> list[HoldView]:
    """The oldest first; of everybody, or of one."""
    stands = select(Hold).where(Hold.lifted_at.is_(None), or_(Hold.until.is_(None), Hold.until > now()))
    rows = session.scalars(stands if person is None else stands.where(Hold.subject_id == person))
    found = [HoldView(h.id, h.subject_id, h.article, h.placed_by, h.placed_at, h.until) for h in rows]
    there = {(h.id, h.subject, h.until) for h in found}
    told = held_by_log.standing(session, log, person)
    alone = (h for h in told if (h.id, h.subject_id, h.until) not in there)
    found += [HoldView(h.id, h.subject_id, h.article, h.placed_by, h.placed_at, h.until, lost=True) for h in alone]
    return sorted(found, key=lambda h: (h.placed_at, h.id))


def held(session: Session, log: Log) -> list[str]:
    """Everybody whose data must be kept now."""
    return sorted({h.subject for h in all_standing(session, log)})


def standing(session: Session, log: Log, subject_id: str) -> HoldView | None:
    return next(iter(all_standing(session, log, subject_id)), None)


def require_none(session: Session, log: Log, subject_id: str) -> None:
    hold = standing(session, log, subject_id)
    if hold is not None and hold.lost:
        raise OnHold(
            f"The log says that hold {hold.id} stops the erasure, and the table of holds does not say so: somebody "
            "changed the database. Find out who; then lift the hold, or place it anew."
        )
    if hold is not None:
        raise OnHold(f"Hold {hold.id} under Art. {hold.article} GDPR stops the erasure.")


def _refuse_too_late(session: Session, erasures: Select[DataRequest]) -> None:
    if any(has_begun(request) for request in session.scalars(erasures)):
        raise Conflict("The erasure of this person has begun; a hold comes too late.")


def _running(subject_id: str) -> Select[DataRequest]:
    return select(DataRequest).where(
        DataRequest.subject_id == subject_id,
        DataRequest.right == Right.ERASURE.value,
        DataRequest.state.in_([State.IN_PROGRESS.value, State.FAILED.value]),
    )
