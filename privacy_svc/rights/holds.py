"""Legal holds: while one stands, a person's data are not erased (Art. 17(3) GDPR), and what outlived an erasure as
evidence is not either."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from privacy_svc.db import new_id, now
from privacy_svc.errors import BadRequest, Conflict, NotFound
from privacy_svc.rights.errors import OnHold
from privacy_svc.rights.model import HOLD_REASON, DataRequest, Hold
from privacy_svc.rights.parts import Event, Parts
from privacy_svc.rights.states import Right, State
from privacy_svc.rights.steps import has_begun

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
    parts.audit(session, subject_id, Event.HOLD_PLACED, actor, hold=hold.id, article=article)
    return hold


def lift(session: Session, parts: Parts, hold_id: str, actor: str) -> Hold:
    hold = find(session, hold_id, lock=True)
    if hold.lifted_at is not None:
        raise Conflict("This hold was lifted before.")
    hold.lifted_at, hold.lifted_by = now(), actor
    parts.audit(session, hold.subject_id, Event.HOLD_LIFTED, actor, hold=hold.id)
    return hold


def find(session: Session, hold_id: str, *, lock: bool = False) -> Hold:
    hold = session.get(Hold, hold_id, with_for_update=lock or None)
    if hold is None:
        raise NotFound("There is no such hold.")
    return hold


def reason_of(session: Session, parts: Parts, hold: Hold, actor: str) -> str | None:
    """Opened; the look is logged. None once the evidence key has ended."""
    parts.audit(session, hold.subject_id, Event.HOLD_READ, actor, hold=hold.id)
    if not hold.reason:
        return None
    opened = parts.vault.cipher(session, hold.subject_id, use="evidence").open(HOLD_REASON, hold.id, hold.reason)
    assert isinstance(opened, str)
    return opened


def all_standing(session: Session) -> list[Hold]:
    """The oldest first."""
    return list(session.scalars(select(Hold).where(*_stands()).order_by(Hold.placed_at, Hold.id)))


def _stands() -> tuple[ColumnElement[bool], ...]:
    return Hold.lifted_at.is_(None), or_(Hold.until.is_(None), Hold.until > now())


def held(session: Session) -> list[str]:
    """Everybody whose data must be kept now."""
    return list(session.scalars(select(Hold.subject_id).where(*_stands()).distinct()))


def standing(session: Session, subject_id: str) -> Hold | None:
    active = select(Hold).where(Hold.subject_id == subject_id, *_stands())
    return session.scalars(active.order_by(Hold.placed_at).limit(1)).first()


def require_none(session: Session, subject_id: str) -> None:
    hold = standing(session, subject_id)
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
