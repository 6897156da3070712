"""Works off what other systems have to do, in the threads that tell recipients: takes what is due, calls without any
transaction open, notes the end. A worker that is killed in between leaves it to the next one, under the same terms."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from privacy_svc.db import Database, now
from privacy_svc.errors import Erased, PrivacyError, Unavailable
from privacy_svc.mail import MailUnavailable
from privacy_svc.policy import Connector
from privacy_svc.rights import outside, outside_lifting
from privacy_svc.rights.backoff import LEASE, TRIES, wait_after
from privacy_svc.rights.letters import to_do
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.outside_calling import Caller, Elsewhere, until
from privacy_svc.rights.outside_model import OPEN, RequestWork
from privacy_svc.rights.parts import WORKER, Event, Parts, find
from privacy_svc.rights.states import Right, State
from privacy_svc.rights.waking import ring

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Job:
    """Values never appear in `repr`."""

    request_id: str
    place: str
    right: Right
    tries: int
    lifts: bool
    connector: Connector | None
    about: list[str] | None = field(repr=False)
    """None where nobody can say any more."""
    values: Mapping[str, Any] = field(repr=False)
    """What is to be corrected, by their names of the fields."""


@dataclass(frozen=True, slots=True)
class _Done:
    rows: int
    gathered: list[dict[str, Any]] | None = field(default=None, repr=False)
    problem: str | None = None
    """Why nobody was asked."""


class _NotOurs(Exception):
    """The work is somebody else's by now, or nobody's any more: what was read so far is let go."""


class Outside:
    def __init__(self, database: Database, parts: Parts) -> None:
        self.database, self.parts = database, parts

    def work_off(self, ended: threading.Event | None = None) -> int:
        """Everything that is due now; how many."""
        count = 0
        while not (ended and ended.is_set()) and (job := self._take()):
            self._carry_out(job)
            count += 1
        return count

    def _take(self) -> _Job | None:
        with self.database.read() as session:
            if session.scalar(_due().limit(1)) is None:
                return None
        with self.database.write() as session:
            work = session.scalar(_due().limit(1).with_for_update(skip_locked=True, of=RequestWork))
            if work is None:
                return None
            if work.tries >= TRIES:  # whoever had it ended each time without a word
                request = find(session, work.request_id, lock=True)
                outside.give_up(session, self.parts, request, work, "no_end", work.place)
            elif not outside_lifting.is_void(session, work):
                work.next_at, work.tries = now() + LEASE, work.tries + 1
                job = self._job_or_end(session, find(session, work.request_id), work)
                if job is not None:
                    return job
        return self._take()

    def _job_or_end(self, session: Session, request: DataRequest, work: RequestWork) -> _Job | None:
        """None where what the other system knows them by cannot be read: a person has to see to it."""
        try:
            return self._job(session, request, work)
        except Unavailable:
            raise
        except PrivacyError as error:
            outside.give_up(session, self.parts, request, work, error.slug.replace("-", "_"), work.place)
            return None

    def _job(self, session: Session, request: DataRequest, work: RequestWork) -> _Job:
        connector = self.parts.policy.connectors.get(work.place)
        try:
            about = outside.about(session, self.parts, request, work) if work.about is not None else None
            values = outside.to_correct(session, self.parts, request, connector)
        except Erased:
            about, values = None, {}
        return _Job(request.id, work.place, request.kind, work.tries, work.lifts, connector, about, values)

    def _carry_out(self, job: _Job) -> None:
        try:
            if job.connector is not None and job.connector.manual is not None:
                self._write_to_who_does_it(job, job.connector)
            else:
                self._note_done(job, self._call(job))
        except _NotOurs:
            _log.info("elsewhere.left", request=job.request_id, place=job.place)
        except Elsewhere as error:
            self._note_problem(job, error)
        except MailUnavailable:
            self._note_problem(job, Elsewhere("mail_unavailable", job.place, passing=True))

    def _call(self, job: _Job) -> _Done:
        if job.connector is None or not job.connector.serves(job.right.value):
            raise Elsewhere("connector_gone", job.place)
        if job.about is None:
            raise Elsewhere("evidence_ended", job.place)
        if not job.about:
            return _Done(0, problem=f"not_known_by_{job.connector.identity}")
        caller = Caller(job.connector, self.parts.outbound, self.parts.settings.secrets, self._keeping(job))
        if job.right in {Right.ACCESS, Right.PORTABILITY}:
            rows = [row for identity in job.about for row in caller.read(identity)]
            return _Done(len(rows), rows)
        if job.right is Right.ERASURE:
            return _Done(sum(caller.erase(identity) for identity in job.about))
        if job.right is Right.RESTRICTION:
            tell = caller.lift if job.lifts else caller.restrict
            return _Done(sum(tell(identity) for identity in job.about))
        return _Done(sum(caller.correct(identity, job.values) for identity in job.about) if job.values else 0)

    def _keeping(self, job: _Job) -> Callable[[], None]:
        """A part with many pages takes longer than the lease: it is renewed on the way."""
        renewed = now()

        def keep() -> None:
            nonlocal renewed
            if now() - renewed < LEASE / 5:
                return
            renewed = now()
            with self.database.write() as session:
                request, work = find(session, job.request_id), self._mine(session, job)
                if work is None or not (work.lifts or request.state == State.IN_PROGRESS):
                    raise _NotOurs
                work.next_at = now() + LEASE

        return keep

    def _write_to_who_does_it(self, job: _Job, connector: Connector) -> None:
        """Once. It names the request, and nobody."""
        assert connector.manual is not None
        letter = to_do(
            connector.title,
            connector.manual.instructions,
            job.request_id,
            "lift the restriction" if job.lifts else job.right.value,
            self.parts.settings.base_url,
        )
        self.parts.mailer.send(connector.manual.who, letter)
        with self.database.write() as session:
            work = self._mine(session, job)
            if work is not None:
                work.mailed_at, work.next_at, work.problem = now(), None, None

    def _note_done(self, job: _Job, done: _Done) -> None:
        with self.database.write() as session:
            request, work = find(session, job.request_id, lock=True), self._mine(session, job)
            if work is not None and (request.closed_at is None or work.lifts):
                told = (done.rows, done.gathered, done.problem)
                outside.finish(session, self.parts, request, work, WORKER, *told)
        ring(self.parts.settings.home)  # the gate may be open

    def _note_problem(self, job: _Job, error: Elsewhere) -> None:
        _log.warning("elsewhere.not_done", request=job.request_id, place=error.place, problem=error.problem)
        with self.database.write() as session:
            request, work = find(session, job.request_id, lock=True), self._mine(session, job)
            if work is None:
                return
            if (error.passing or work.lifts) and work.tries < TRIES:
                work.problem, work.next_at = error.problem, until(error.wait, wait_after(work.tries))
                if work.tries == 1:
                    said = {"place": work.place, "name": outside.name_of(self.parts, work.place)}
                    self.parts.note(session, request, Event.ELSEWHERE_WAITS, WORKER, problem=error.problem, **said)
            else:
                outside.give_up(session, self.parts, request, work, error.problem, error.place)

    def _mine(self, session: Session, job: _Job) -> RequestWork | None:
        """None where somebody else has turned to it meanwhile, and knows better."""
        work = session.get(RequestWork, (job.request_id, job.place), with_for_update=True)
        mine = work is not None and (work.state, work.tries, work.lifts) == (OPEN, job.tries, job.lifts)
        return work if mine else None


def _due() -> Select[RequestWork]:
    """Of requests that run: what failed rests until somebody approves it again."""
    mine = select(RequestWork).join(DataRequest, DataRequest.id == RequestWork.request_id)
    runs = or_(DataRequest.state == State.IN_PROGRESS.value, RequestWork.lifts)
    due = (RequestWork.state == OPEN, RequestWork.next_at <= now(), runs)
    return mine.where(*due).order_by(RequestWork.next_at)
