"""Looking at requests: lists, one request, its timeline, what it produced."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from privacy_svc.errors import BadRequest, NotFound
from privacy_svc.rights import details
from privacy_svc.rights.accessing import open_package
from privacy_svc.rights.model import (
    RECTIFIED,
    DataRequest,
    Hold,
    RecipientNotice,
    RequestCertificate,
    RequestEvent,
    RequestPackage,
    RequestValue,
)
from privacy_svc.rights.parts import Event, Parts
from privacy_svc.rights.schemas import HoldView, NoticeView, RequestDetails, RequestPage, RequestView, TimelineLine
from privacy_svc.rights.states import Right, State

MOST = 200
_WITH_PACKAGE = {Right.ACCESS, Right.PORTABILITY}
_WITH_CERTIFICATE = {Right.ERASURE, Right.RECTIFICATION, Right.RESTRICTION}

_TEXTS: Mapping[Event, str] = {
    Event.RECEIVED: "The request came in by {channel}.",
    Event.CODE_SENT: "A code was made to verify the person (number {number}).",
    Event.VERIFIED: "The person was verified by {how}.",
    Event.VERIFICATION_FAILED: "A wrong code was given (try {attempt}).",
    Event.APPROVED: "The request was approved.",
    Event.REFUSED: "The request was refused: {ground}.",
    Event.EXTENDED: "The time to answer was extended because of {reason}.",
    Event.STARTED: "The work began.",
    Event.COMPLETED: "The request is done.",
    Event.FAILED: "The work stopped at “{step}”: {problem}.",
    Event.CANCELLED: "The request was cancelled.",
    Event.WITHDRAWN: "The person withdrew the request.",
    Event.PACKAGE_CREATED: "The package with the data was made ({bytes} bytes).",
    Event.PACKAGE_DOWNLOADED: "The package was downloaded.",
    Event.VALUE_RECTIFIED: "{collection}.{field} was corrected in {rows} rows.",
    Event.DETAILS_READ: "The details were read.",
    Event.LETTER_SENT: "A letter was sent to the person.",
    Event.LETTER_FAILED: "A letter to the person could not be sent.",
}


@dataclass(frozen=True, slots=True)
class Filter:
    state: State | None = None
    right: Right | None = None
    due_before: datetime | None = None
    subject_id: str | None = None
    limit: int = 50
    cursor: str | None = None
    """The id after which to go on."""


def page_of(session: Session, wanted: Filter) -> RequestPage:
    """Newest first."""
    if not 1 <= wanted.limit <= MOST:
        raise BadRequest(f"limit is a whole number from 1 to {MOST}.")
    if wanted.due_before is not None and wanted.due_before.tzinfo is None:
        raise BadRequest("due_before needs a time zone, such as 2026-11-23T09:00:00Z.")
    statement = select(DataRequest).order_by(DataRequest.id.desc()).limit(wanted.limit + 1)
    found = list(session.scalars(statement.where(*_conditions(wanted))))
    more = len(found) > wanted.limit
    found = found[: wanted.limit]
    return RequestPage([view(r) for r in found], found[-1].id if more else None)


def _conditions(wanted: Filter) -> Iterator[ColumnElement[bool]]:
    if wanted.state is not None:
        yield DataRequest.state == wanted.state.value
    if wanted.right is not None:
        yield DataRequest.right == wanted.right.value
    if wanted.due_before is not None:
        yield DataRequest.due_at < wanted.due_before
    if wanted.subject_id is not None:
        yield DataRequest.subject_id == wanted.subject_id
    if wanted.cursor is not None:
        yield DataRequest.id < wanted.cursor


def view(request: DataRequest) -> RequestView:
    done = request.state == State.COMPLETED
    path = f"/v1/requests/{request.id}"
    return RequestView(
        id=request.id,
        right=request.right,
        article=request.kind.article,
        state=request.state,
        outcome=request.outcome,
        subject=request.subject_id,
        channel=request.channel,
        opened_by=request.opened_by,
        received_at=request.received_at,
        due_at=request.due_at,
        due_conservative=request.due_conservative,
        overdue=request.is_overdue,
        extended_at=request.extended_at,
        verified_at=request.verified_at,
        verified_by=request.verified_by,
        verified_how=request.verified_how,
        approved_at=request.approved_at,
        approved_by=request.approved_by,
        ground=request.ground,
        refused_by=request.refused_by,
        failure=request.failure,
        closed_at=request.closed_at,
        package=f"{path}/package" if done and request.kind in _WITH_PACKAGE else None,
        certificate=f"{path}/certificate" if done and request.kind in _WITH_CERTIFICATE else None,
    )


def timeline(session: Session, request: DataRequest) -> list[TimelineLine]:
    events = select(RequestEvent).where(RequestEvent.request_id == request.id)
    return [_line(e) for e in session.scalars(events.order_by(RequestEvent.at, RequestEvent.id))]


def _line(event: RequestEvent) -> TimelineLine:
    return TimelineLine(
        event.at, event.type, _TEXTS[Event(event.type)].format(**event.params), event.actor, event.params
    )


def notices(session: Session, parts: Parts, request: DataRequest) -> list[NoticeView]:
    found = select(RecipientNotice).where(RecipientNotice.request_id == request.id).order_by(RecipientNotice.recipient)
    named: Mapping[str, Any] = parts.organisation.recipients
    return [
        NoticeView(
            n.recipient, named[n.recipient].name if n.recipient in named else n.recipient, n.state, n.told_at, n.answer
        )
        for n in session.scalars(found)
    ]


def details_of(session: Session, parts: Parts, request: DataRequest, actor: str) -> RequestDetails:
    parts.note(session, request, Event.DETAILS_READ, actor)
    said = details.read(session, parts.vault, request)
    return RequestDetails(said.pop("given", {}), said, _rectified(session, parts, request))


def _rectified(session: Session, parts: Parts, request: DataRequest) -> list[dict[str, Any]]:
    cipher = details.cipher_of(session, parts.vault, request)
    values = select(RequestValue).where(RequestValue.request_id == request.id).order_by(RequestValue.place)
    return [
        {"place": v.place, **cipher.open(RECTIFIED, f"{request.id}/{v.place}", v.sealed)}
        for v in session.scalars(values)
    ]


def package(session: Session, parts: Parts, request: DataRequest, actor: str) -> bytes:
    found = session.get(RequestPackage, request.id)
    if found is None:
        raise NotFound("This request has no package: only a completed access or portability request has one.")
    content = open_package(session, parts, found)
    parts.note(session, request, Event.PACKAGE_DOWNLOADED, actor)
    return content


def certificate(session: Session, request: DataRequest) -> str:
    found = session.get(RequestCertificate, request.id)
    if found is None:
        raise NotFound(
            "This request has no certificate: only a completed erasure, rectification or restriction has one."
        )
    return found.document


def hold_view(hold: Hold) -> HoldView:
    return HoldView(hold.id, hold.subject_id, hold.article, hold.placed_by, hold.placed_at, hold.until)
