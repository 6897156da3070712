"""Tells recipients, in a thread of the worker: takes what is due, sends it without any transaction open, notes the end.

Taking a notice puts its next try off by LEASE in a transaction of its own. A worker that is killed between sending and
noting leaves it so, and the next one sends it again under the same event id: at least once, and a recipient can tell.
"""

import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from privacy_svc.db import Database, now
from privacy_svc.errors import DatabaseBusy, Erased, PrivacyError
from privacy_svc.rights import notices, ways
from privacy_svc.rights.backoff import LEASE, TRIES, wait_after
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.opendsr_callbacks import Callbacks
from privacy_svc.rights.outcome import Outcome
from privacy_svc.rights.outside_courier import Outside
from privacy_svc.rights.owed_courier import Outbox
from privacy_svc.rights.parts import WORKER, Event, Parts, find
from privacy_svc.rights.recipients_model import RecipientNotice

ASK_AGAIN = timedelta(hours=12)
"""How often an OpenDSR recipient is asked how far it is, besides its own callbacks."""
POLL = 1.0
_QUIET = frozenset({"by_hand", "evidence_gone"})
"""Nothing went wrong: a person tells them, or nothing is left to tell them by."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Taken:
    """A notice, of what, and the number of the try, which nobody else has now."""

    request_id: str
    recipient: str
    event_id: str
    tries: int


class Courier:
    def __init__(self, database: Database, parts: Parts) -> None:
        self.database, self.parts = database, parts
        self._callbacks, self._outside = Callbacks(database, parts), Outside(database, parts)
        self._outbox = Outbox(database, parts)

    def run(self, ended: threading.Event) -> None:
        """Until `ended`, whatever happens meanwhile."""
        while not ended.wait(POLL):
            try:
                self.deliver_due(ended)
            except DatabaseBusy:
                _log.warning("recipients.database_busy")
            except Exception as error:  # noqa: BLE001 - the loop must outlive what it meets
                _log.error("recipients.failed", kind=type(error).__name__)

    def deliver_due(self, ended: threading.Event | None = None) -> int:
        """Everything that is due now, one after the other; how many."""
        count = 0
        while not (ended and ended.is_set()) and (taken := self._take()):
            self._deliver(taken)
            count += 1
        return count + self._callbacks.deliver_due(ended) + self._outside.work_off(ended) + self._outbox.work_off(ended)

    def _take(self) -> _Taken | None:
        with self.database.read() as session:
            if session.scalar(_due(now()).limit(1)) is None:
                return None
        with self.database.write() as session:
            notice = session.scalar(_due(now()).limit(1).with_for_update(skip_locked=True))
            if notice is None:
                return None
            notice.next_at, notice.tries = now() + LEASE, notice.tries + 1
            return _Taken(notice.request_id, notice.recipient, notice.event_id, notice.tries)

    def _deliver(self, taken: _Taken) -> None:
        try:
            with self.database.read() as session:
                message = ways.message(session, self.parts, find(session, taken.request_id), taken.recipient)
            taken = replace(taken, event_id=message.event_id)
            outcome = ways.send(self.parts, message, self.database)
        except Erased:
            outcome = Outcome(problem="evidence_gone", hopeless=True)
        except PrivacyError as error:
            outcome = Outcome(problem=error.slug.replace("-", "_"))
        with self.database.write() as session:
            self._note(session, taken, outcome)

    def _note(self, session: Session, taken: _Taken, outcome: Outcome) -> None:
        request = find(session, taken.request_id, lock=True)
        notice = notices.find_notice(session, taken.request_id, taken.recipient)
        if notice.event_id != taken.event_id:  # something else happened meanwhile, of which they are told next
            if outcome.sent:
                notices.log_told(session, self.parts, request, notice, outcome.by, WORKER)
        elif outcome.sent:
            if notice.told_at is None:
                notices.note_told(session, self.parts, request, notice, outcome.by, WORKER)
            note_progress(session, self.parts, request, notice, outcome)
        elif notice.tries != taken.tries or notice.next_at is None:
            return  # somebody else has turned to it meanwhile, and knows better
        elif outcome.gone:
            notice.problem = outcome.problem
            notices.note_exempt(session, self.parts, request, notice, "gone", WORKER)
        else:
            self._put_off(session, taken.request_id, notice, outcome)

    def _put_off(self, session: Session, request_id: str, notice: RecipientNotice, outcome: Outcome) -> None:
        notice.problem = outcome.problem
        over = outcome.hopeless or notice.tries >= TRIES
        notice.next_at = None if over else now() + wait_after(notice.tries)
        if outcome.problem in _QUIET:
            return
        _log.warning("recipients.not_told", request=request_id, recipient=notice.recipient, problem=outcome.problem)
        if notice.next_at is None and notice.told_at is None:
            said = {"recipient": notice.recipient, "name": notices.name_of(self.parts, notice.recipient)}
            request = find(session, request_id)
            self.parts.note(session, request, Event.RECIPIENT_UNREACHED, WORKER, problem=outcome.problem, **said)


def note_progress(
    session: Session, parts: Parts, request: DataRequest, notice: RecipientNotice, outcome: Outcome
) -> None:
    """What an OpenDSR recipient says of it; asked again while it is not done."""
    if outcome.expected_at is not None:
        notice.expected_at = outcome.expected_at
    if outcome.answer is not None:
        notices.note_answer(session, parts, request, notice, outcome.answer, WORKER)
    unfinished = outcome.answer in {"pending", "in_progress"}
    notice.next_at, notice.tries = (now() + ASK_AGAIN, 0) if unfinished else (None, notice.tries)


def _due(at: datetime) -> Select[RecipientNotice]:
    return select(RecipientNotice).where(RecipientNotice.next_at <= at).order_by(RecipientNotice.next_at)
