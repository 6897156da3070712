"""Tells a sender of OpenDSR requests each new status (§8.5): at least once, again while they do not answer."""

import threading

import structlog
from sqlalchemy import Select, and_, case, func, select
from sqlalchemy.orm import Session, aliased

from privacy_svc.db import Database, now
from privacy_svc.errors import PrivacyError
from privacy_svc.http import encode
from privacy_svc.outbound import Unreachable
from privacy_svc.rights import opendsr
from privacy_svc.rights.backoff import LEASE, TRIES, wait_after
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.opendsr_model import OpenDsrCallback, OpenDsrRequest
from privacy_svc.rights.parts import Parts
from privacy_svc.rights.states import State

STATUS = {
    State.RECEIVED: "pending",
    State.VERIFYING: "pending",
    State.AWAITING_APPROVAL: "pending",
    State.IN_PROGRESS: "in_progress",
    State.FAILED: "in_progress",
    State.COMPLETED: "completed",
    State.REFUSED: "cancelled",
    State.CANCELLED: "cancelled",
}
_GOES_ON = aliased(DataRequest)
_STATUS = case({state.value: status for state, status in STATUS.items()}, value=_GOES_ON.state)
_log = structlog.get_logger(__name__)


def status_of(taken: OpenDsrRequest, request: DataRequest, callback: str | None = None) -> opendsr.Status:
    return opendsr.Status(
        controller_id=taken.sender,
        expected_completion_time=request.due_at,
        subject_request_id=taken.id,
        request_status=STATUS[State(request.state)],
        api_version=opendsr.VERSION,
        status_callback_url=callback,
    )


def going_on(session: Session, request: DataRequest) -> DataRequest:
    """The request itself, or the one that it became one with. Who took others in is verified, and taken in by none."""
    return session.get_one(DataRequest, request.merged_into) if request.merged_into else request


class Callbacks:
    def __init__(self, database: Database, parts: Parts) -> None:
        self.database, self.parts = database, parts

    def deliver_due(self, ended: threading.Event | None = None) -> int:
        count = 0
        while not (ended and ended.is_set()) and (taken := self._take()):
            self._deliver(*taken)
            count += 1
        return count

    def _take(self) -> tuple[str, str, opendsr.Status] | None:
        with self.database.read() as session:
            if session.execute(_due().limit(1)).first() is None:
                return None
        with self.database.write() as session:
            due = _due().limit(1).with_for_update(skip_locked=True, of=OpenDsrCallback)
            callback = session.scalars(due).first()
            if callback is None:
                return None
            callback.next_at, callback.tries = now() + LEASE, callback.tries + 1
            request = session.get_one(DataRequest, callback.request_id)
            status = status_of(_taken(session, request), going_on(session, request), callback.url)
            return callback.request_id, callback.url, status

    def _deliver(self, request_id: str, url: str, status: opendsr.Status) -> None:
        problem = self._send(url, status)
        with self.database.write() as session:
            callback = session.get_one(OpenDsrCallback, (request_id, url), with_for_update=True)
            callback.problem = problem
            if problem is None:
                callback.status, callback.tries = status.request_status, 0
                callback.next_at = None if status.request_status in opendsr.FINAL else now()
            else:
                callback.next_at = None if callback.tries >= TRIES else now() + wait_after(callback.tries)
                _log.warning("opendsr.not_called_back", request=request_id, problem=problem)

    def _send(self, url: str, status: opendsr.Status) -> str | None:
        """What was in the way, in a word."""
        try:
            ours = opendsr.signing_of(self.parts.settings)
            if ours is None:
                return "no_certificate"
            body = encode(status)
            headers = {"Content-Type": "application/json", **ours.sign(body)}
            answered = self.parts.outbound.call("POST", url, headers=headers, body=body).status
        except Unreachable as error:
            return error.reason
        except PrivacyError as error:
            return error.slug
        return None if 200 <= answered < 300 else f"answered_{answered}"


def _due() -> Select[OpenDsrCallback]:
    statement = select(OpenDsrCallback).join(DataRequest, DataRequest.id == OpenDsrCallback.request_id)
    statement = statement.join(_GOES_ON, _GOES_ON.id == func.coalesce(DataRequest.merged_into, DataRequest.id))
    return statement.where(and_(OpenDsrCallback.next_at <= now(), OpenDsrCallback.status != _STATUS))


def _taken(session: Session, request: DataRequest) -> OpenDsrRequest:
    return session.scalars(select(OpenDsrRequest).where(OpenDsrRequest.request_id == request.id)).one()
