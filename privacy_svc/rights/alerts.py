"""What time brings by itself: the DPO is warned before a deadline and told when it has passed, the person is
reminded of a question, and a question without an answer comes back to the DPO. Nothing is decided here.

Each is noted once, in the log and the timeline, whoever looks and how often; the mail goes out after that, again
where a worker ended in between, and after a time when nobody looked, only the most urgent of what was missed is told.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from privacy_svc.rights import asking, outside
from privacy_svc.rights.model import DataRequest, RequestAlert
from privacy_svc.rights.owed_model import OwedLetter
from privacy_svc.rights.parts import WORKER, Event, Parts
from privacy_svc.rights.states import OPEN, State

DUE, UNANSWERED, REMINDER, LETTER = "due", "unanswered", "reminder", "letter"
OVERDUE = -1
AT_ONCE = 200
CLAIM = timedelta(minutes=10)
"""So long a worker has for sending what it took; then another one may. Also the wait after a mail server was away."""


def note_due(session: Session, parts: Parts, at: datetime) -> int:
    """How many were noted; to be called again while it is AT_ONCE. The most urgent threshold first."""
    noted = 0
    for days in (OVERDUE, *sorted(parts.organisation.deadlines.warn_days)):
        passed = DataRequest.due_at < at
        if days != OVERDUE:
            passed = (DataRequest.due_conservative <= at + timedelta(days=days)) & (DataRequest.due_at >= at)
        told = _alert(DUE, DataRequest.due_at) & (RequestAlert.days <= days)
        for request in _open(session, DataRequest.paused_since.is_(None), passed, ~exists().where(told)):
            if _first(session, request, DUE, days, request.due_at, at):
                event = Event.OVERDUE if days == OVERDUE else Event.WARNED
                parts.note(session, request, event, WORKER, due=request.due_at.isoformat())
                noted += 1
    return noted


def note_unanswered(session: Session, parts: Parts, at: datetime) -> int:
    """Questions that nobody answered: reminds once, then the clock runs again. Also requests whose sender never
    showed who they are."""
    rules = parts.organisation.deadlines
    old = at - timedelta(days=rules.answer_days)
    noted = 0
    for request in _open(session, DataRequest.asked_at <= old):
        asked_at = request.asked_at
        assert asked_at is not None
        if _first(session, request, UNANSWERED, 0, asked_at, at):
            asking.settle(session, parts, request, WORKER, how="unanswered", at=at)
            noted += 1
    remind = at - timedelta(days=rules.remind_days)
    told = _alert(REMINDER, DataRequest.asked_at)
    for request in _open(session, DataRequest.asked_at <= remind, ~exists().where(told)):
        asked_at = request.asked_at
        assert asked_at is not None
        if _first(session, request, REMINDER, 0, asked_at, at):
            parts.note(session, request, Event.REMINDED, WORKER)
            noted += 1
    silent = (DataRequest.state == State.VERIFYING.value) & DataRequest.asked_at.is_(None)
    told = _alert(UNANSWERED, DataRequest.opened_at)
    for request in _open(session, silent, DataRequest.opened_at <= old, ~exists().where(told)):
        if _first(session, request, UNANSWERED, 0, request.opened_at, at):
            parts.note(session, request, Event.UNANSWERED, WORKER)
            noted += 1
    return noted


def note_letters(session: Session, _parts: Parts, at: datetime) -> int:
    """Letters that a person has to see to, or that have waited for a day: the timeline has them already."""
    stuck = (OwedLetter.next_at.is_(None), OwedLetter.written_at <= at - timedelta(days=1))
    told = (RequestAlert.request_id == OwedLetter.request_id, RequestAlert.kind == LETTER)
    new = (
        OwedLetter.told_at.is_(None),
        or_(*stuck),
        ~exists().where(*told, RequestAlert.since == OwedLetter.written_at),
    )
    found = session.execute(
        select(DataRequest, OwedLetter.written_at)
        .join(OwedLetter, OwedLetter.request_id == DataRequest.id)
        .where(*new)
        .limit(AT_ONCE)
    )
    return sum(_first(session, request, LETTER, 0, written_at, at) for request, written_at in found.all())


def _open(session: Session, *conditions: ColumnElement[bool]) -> Sequence[DataRequest]:
    """Locked; one that somebody is changing at this moment is looked at the next time."""
    wanted = select(DataRequest).where(DataRequest.state.in_([s.value for s in OPEN]), *conditions)
    found = wanted.order_by(DataRequest.due_at).limit(AT_ONCE).with_for_update(skip_locked=True)
    return session.scalars(found).all()


def _alert(kind: str, since: Any) -> ColumnElement[bool]:
    return and_(RequestAlert.request_id == DataRequest.id, RequestAlert.kind == kind, RequestAlert.since == since)


def _first(session: Session, request: DataRequest, kind: str, days: int, since: datetime, at: datetime) -> bool:
    """Whether it is us who notes it: two workers may look at the same time."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = {"request_id": request.id, "kind": kind, "days": days, "since": since, "at": at}
    added = insert(RequestAlert).values(row).on_conflict_do_nothing().returning(RequestAlert.kind)
    return session.scalars(added).first() is not None


def take(session: Session, kinds: Sequence[str], at: datetime) -> list[tuple[RequestAlert, DataRequest]]:
    """Alerts to be sent now, claimed for this worker, oldest first. About requests that have ended, only letters."""
    waiting = (
        select(RequestAlert, DataRequest)
        .join(DataRequest, DataRequest.id == RequestAlert.request_id)
        .where(
            RequestAlert.kind.in_(kinds),
            RequestAlert.mailed_at.is_(None),
            or_(RequestAlert.claimed_at.is_(None), RequestAlert.claimed_at < at - CLAIM),
            or_(DataRequest.state.in_([s.value for s in OPEN]), RequestAlert.kind == LETTER),
        )
        .order_by(RequestAlert.at, RequestAlert.request_id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True, of=RequestAlert)
    )
    found = [(alert, request) for alert, request in session.execute(waiting)]
    for alert, _ in found:
        alert.claimed_at = at
    return found


def mailed(session: Session, alerts: Sequence[RequestAlert], at: datetime) -> None:
    for alert in alerts:
        key = (RequestAlert.request_id == alert.request_id) & (RequestAlert.kind == alert.kind)
        which = key & (RequestAlert.days == alert.days) & (RequestAlert.since == alert.since)
        session.execute(update(RequestAlert).where(which).values(mailed_at=at))


def line(session: Session, parts: Parts, alert: RequestAlert, request: DataRequest) -> str:
    """One alert in the letter to the DPO, with what the request still waits for elsewhere."""
    day = request.due_at.astimezone(ZoneInfo(parts.organisation.time_zone)).date().isoformat()
    if alert.kind == UNANSWERED:
        what = "the person has not answered; refuse it with a ground, verify the person another way, or cancel it"
    elif alert.kind == LETTER:
        what = "a letter could not be sent; tell the person by other means, and note it"
    else:
        what = f"OVERDUE since {day}" if alert.days == OVERDUE else f"due on {day}"
        if waits := outside.open_places(session, request.id):
            what += f"; it waits for {', '.join(waits)}"
    return f"- {request.right.replace('_', ' ')} request {request.id}, {request.state.replace('_', ' ')}: {what}"
