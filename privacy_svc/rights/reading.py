"""Looking at requests: lists, one request, its timeline, what it produced."""

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, defer

from privacy_svc.errors import BadRequest, NotFound, Unavailable
from privacy_svc.rights import attaching, details, links, notices, rectifying
from privacy_svc.rights.links import open_package
from privacy_svc.rights.model import DataRequest, Hold, RequestCertificate
from privacy_svc.rights.packages_model import RequestPackage
from privacy_svc.rights.parts import Event, Parts
from privacy_svc.rights.states import OPEN, Right, State
from privacy_svc.rights.steps import progress
from privacy_svc.rights.views import HoldView, PackageLinkView, RequestDetails, RequestPage, RequestView
from privacy_svc.store import CannotRectify

MOST = 200
_WITH_PACKAGE = {Right.ACCESS, Right.PORTABILITY}
_WITH_CERTIFICATE = {Right.ERASURE, Right.RECTIFICATION, Right.RESTRICTION}


class Order(enum.StrEnum):
    NEWEST = "newest"
    DUE = "due"


@dataclass(frozen=True, slots=True)
class Filter:
    """`order`: `newest` first, or `due`: the most urgent first. `is_open`: in whatever state it is not ended."""

    state: State | None = None
    right: Right | None = None
    due_before: datetime | None = None
    subject_id: str | None = None
    limit: int = 50
    cursor: str | None = None
    """Where to go on, as the page before said."""
    is_open: bool = False
    order: Order = Order.NEWEST


def page_of(session: Session, wanted: Filter) -> RequestPage:
    """Without what is sealed: a list of many requests stays small, whatever was said about them."""
    if not 1 <= wanted.limit <= MOST:
        raise BadRequest(f"limit is a whole number from 1 to {MOST}.")
    if wanted.due_before is not None and wanted.due_before.tzinfo is None:
        raise BadRequest("due_before needs a time zone, such as 2026-11-23T09:00:00Z.")
    by_due = wanted.order is Order.DUE
    order = (DataRequest.due_at, DataRequest.id) if by_due else (DataRequest.id.desc(),)
    statement = select(DataRequest).options(defer(DataRequest.details), defer(DataRequest.known_values))
    statement = statement.where(*_conditions(wanted)).order_by(*order).limit(wanted.limit + 1)
    found = list(session.scalars(statement))
    more = len(found) > wanted.limit
    found = found[: wanted.limit]
    return RequestPage([view(r) for r in found], _cursor(found[-1], by_due=by_due) if more else None)


def _cursor(last: DataRequest, *, by_due: bool) -> str:
    return f"{last.due_at.isoformat()}~{last.id}" if by_due else last.id


def _after(wanted: Filter, cursor: str) -> ColumnElement[bool]:
    if wanted.order is Order.NEWEST:
        return DataRequest.id < cursor
    due, _, last = cursor.partition("~")
    try:
        at = datetime.fromisoformat(due)
    except ValueError:
        raise BadRequest("cursor is the one that the page before gave, with the same order.") from None
    return (DataRequest.due_at > at) | ((DataRequest.due_at == at) & (DataRequest.id > last))


def _conditions(wanted: Filter) -> Iterator[ColumnElement[bool]]:
    if wanted.state is not None:
        yield DataRequest.state == wanted.state.value
    if wanted.right is not None:
        yield DataRequest.right == wanted.right.value
    if wanted.due_before is not None:
        yield DataRequest.due_at < wanted.due_before
    if wanted.subject_id is not None:
        yield DataRequest.subject_id == wanted.subject_id
    if wanted.is_open:
        yield DataRequest.state.in_([s.value for s in OPEN])
    if wanted.cursor is not None:
        yield _after(wanted, wanted.cursor)


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
        paused_since=request.paused_since,
        paused_days=request.paused_days,
        waiting_for=request.waiting_for,
        asked_at=request.asked_at,
        language=request.language,
        verified_at=request.verified_at,
        verified_by=request.verified_by,
        verified_how=request.verified_how,
        approved_at=request.approved_at,
        approved_by=request.approved_by,
        first_approved_by=request.first_approved_by,
        ground=request.ground,
        refused_by=request.refused_by,
        refusal_proposed_by=request.refusal_proposed_by,
        reviewed_by=request.reviewed_by,
        merged_into=request.merged_into,
        failure=request.failure,
        closed_at=request.closed_at,
        package=f"{path}/package" if done and request.kind in _WITH_PACKAGE else None,
        certificate=f"{path}/certificate" if _has_certificate(request) else None,
    )


def _has_certificate(request: DataRequest) -> bool:
    """An erasure has its first one before it is completed."""
    done = request.state == State.COMPLETED and request.kind in _WITH_CERTIFICATE
    return done or "certify" in progress(request).get("steps", ())


def details_of(session: Session, parts: Parts, request: DataRequest, actor: str) -> RequestDetails:
    """What waits for approval is looked at in the stores, so that the approver sees what stands there now."""
    parts.note(session, request, Event.DETAILS_READ, actor)
    said = details.read(session, parts.vault, request)
    if known := notices.identifiers(session, parts, request):
        said["identifiers"] = known
    proposed = request.kind is Right.RECTIFICATION and request.state == State.AWAITING_APPROVAL
    if proposed:
        _look(session, parts, request, said)
    values = rectifying.values_of(session, parts, request) if request.kind is Right.RECTIFICATION else {}
    shown = [{"place": place, **told} for place, told in values.items() if told["old"] != told["new"]]
    return RequestDetails(said.pop("given", {}), said, shown, attaching.listed(session, parts, request))


def _look(session: Session, parts: Parts, request: DataRequest, said: dict[str, Any]) -> None:
    try:
        rectifying.look_at(session, parts, request)
    except (CannotRectify, Unavailable) as error:
        said["cannot"] = [{"place": f.pointer, "detail": f.detail} for f in error.faults] or error.detail


def package(session: Session, parts: Parts, request: DataRequest, actor: str) -> bytes:
    found = session.get(RequestPackage, request.id)
    if found is None:
        raise links.no_package(session, request.id)
    content = open_package(session, parts, found)
    parts.note(session, request, Event.PACKAGE_DOWNLOADED, actor)
    return content


def link_view(session: Session, request: DataRequest) -> PackageLinkView:
    found = links.newest(session, request)
    if found is None:
        raise NotFound("There is no link: only the package of a completed request has one.")
    return PackageLinkView(found.created_at, found.expires_at, found.most, found.used, found.revoked_at)


def certificate(session: Session, request: DataRequest) -> str:
    found = session.get(RequestCertificate, request.id)
    if found is None:
        raise NotFound(
            "This request has no certificate: only a completed erasure, rectification or restriction has one."
        )
    return found.document


def hold_view(hold: Hold) -> HoldView:
    return HoldView(hold.id, hold.subject_id, hold.article, hold.placed_by, hold.placed_at, hold.until)
