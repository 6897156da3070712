"""Two open requests of one person for the same are one, and keep the earlier date.

Only a request whose sender was verified takes others in, so that nobody can shut the real person out with a request in
their name; and nothing tells, before that, that there is another one. Of one that was never verified only the date goes
on, and only one that we saw ourselves or that staff noted: its files may be anybody's, and so may what a program says
of its receipt.
"""

from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from privacy_svc.db import now
from privacy_svc.rights import asking, clock, details
from privacy_svc.rights.model import DataRequest, RequestEvent, RequestFile, VerificationCode
from privacy_svc.rights.parts import RETENTION, Event, Parts
from privacy_svc.rights.states import OPEN, VERIFIED, State, follow

MERGED = "merged"
DATED_BY, CALLER = "dated_by", "caller"
"""In the line of a receipt, where a program said when it was."""


def merge(session: Session, parts: Parts, request: DataRequest, actor: str) -> DataRequest:
    """The request that goes on: this one, which was just verified, or one that was before it."""
    same = _same(session, parts, request)
    verified = [r for r in same if r.state in VERIFIED]
    stays = verified[0] if verified else request
    for other in (r for r in (request, *same) if r is not stays and (r is request or r.state not in VERIFIED)):
        _into(session, parts, other, stays, actor)
    return stays


def _same(session: Session, parts: Parts, request: DataRequest) -> list[DataRequest]:
    """Earliest first. One that is being changed at this moment is passed over: both then go on by themselves."""
    others = select(DataRequest).where(
        DataRequest.subject_id == request.subject_id,
        DataRequest.right == request.right,
        DataRequest.id != request.id,
        DataRequest.state.in_([s.value for s in OPEN]),
    )
    found = session.scalars(others.order_by(DataRequest.received_at).with_for_update(skip_locked=True))
    wish = _wish(session, parts, request)
    return [r for r in found if _wish(session, parts, r) == wish]


def _wish(session: Session, parts: Parts, request: DataRequest) -> object:
    return details.read(session, parts.vault, request).get("given", {})


def _into(session: Session, parts: Parts, other: DataRequest, stays: DataRequest, actor: str) -> None:
    other.state = follow(State(other.state), State.CANCELLED, "merged").value
    other.outcome, other.merged_into, other.closed_at = MERGED, stays.id, now()
    session.execute(delete(VerificationCode).where(VerificationCode.request_id == other.id))
    _files_into(session, parts, other, stays, actor)
    asking.settle(session, parts, other, actor, how="closed")
    parts.note(session, other, Event.MERGED, actor, merged=other.id, into=stays.id)
    if stays.channel == RETENTION and other.verified_at is not None:  # the person asks now, and is told how it ends
        stays.channel, stays.opened_by = other.channel, other.opened_by
        stays.language = other.language or stays.language
    received_at = _received(session, other)
    if received_at < stays.received_at:
        stays.received_at = received_at
        if stays.clock_from is not None and other.clock_from is not None:
            stays.clock_from = min(stays.clock_from, other.clock_from)
        clock.set_due(parts.policy, stays)
    received = stays.received_at.date().isoformat()
    parts.note(session, stays, Event.MERGED, actor, merged=other.id, into=stays.id, received=received)


def _files_into(session: Session, parts: Parts, other: DataRequest, stays: DataRequest, actor: str) -> None:
    theirs = RequestFile.request_id == other.id
    if other.verified_at is not None:
        session.execute(update(RequestFile).where(theirs).values(request_id=stays.id))
        return
    count = session.scalar(select(func.count()).select_from(RequestFile).where(theirs))
    if count:
        session.execute(delete(RequestFile).where(theirs))
        parts.note(session, other, Event.FILES_DELETED, actor, files=count)


def _received(session: Session, other: DataRequest) -> datetime:
    """When it came, by the word of somebody who may say so; else when it was opened."""
    if other.verified_at is not None:
        return other.received_at
    receipt = select(RequestEvent).where(RequestEvent.request_id == other.id, RequestEvent.type == Event.RECEIVED.value)
    found = session.scalars(receipt).first()
    said_by_caller = found is not None and found.params.get(DATED_BY) == CALLER
    return max(other.received_at, other.opened_at) if said_by_caller else other.received_at
