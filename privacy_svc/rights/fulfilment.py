"""Carries a request through its steps, one transaction a step. Knows nothing of the workflow engine.

What goes to the engine is ids and words of our own: no exception, whose text might quote a value, leaves a step.
"""

import traceback
from collections.abc import Mapping
from itertools import takewhile
from typing import Any, TypedDict

import structlog
from sqlalchemy.orm import Session

from privacy_svc.db import Database
from privacy_svc.errors import PrivacyError, Unavailable
from privacy_svc.rights import accessing, erasing, limiting, rectifying
from privacy_svc.rights.errors import Interrupted
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.parts import WORKER, Event, Parts, find
from privacy_svc.rights.states import Right, State, follow
from privacy_svc.rights.steps import Step, is_done, mark_done
from privacy_svc.store import Moved

_log = structlog.get_logger(__name__)

STEPS: Mapping[Right, tuple[Step, ...]] = {
    Right.ACCESS: accessing.STEPS,
    Right.PORTABILITY: accessing.STEPS,
    Right.RECTIFICATION: rectifying.STEPS,
    Right.ERASURE: erasing.STEPS,
    Right.RESTRICTION: limiting.RESTRICTION,
    Right.OBJECTION: limiting.OBJECTION,
}


def _start(session: Session, parts: Parts, request: DataRequest, _seen: Any) -> None:
    parts.note(session, request, Event.STARTED, WORKER)


START = Step("start", _start)


class Problem(TypedDict):
    """Why a step ended without being done. `passing`: trying again later may help."""

    step: str
    slug: str
    detail: str
    remedy: str
    places: list[dict[str, str]]
    passing: bool


class Fulfilment:
    """What a worker does for a request."""

    def __init__(self, database: Database, parts: Parts) -> None:
        self.database, self.parts = database, parts

    def carry_on(self, request_id: str) -> Problem | None:
        """All steps that are left, up to a gate that is closed. None when they are done."""
        for name in self.plan(request_id):
            failed = self.perform(request_id, name)
            if failed is not None:
                return failed
        return None

    def plan(self, request_id: str) -> list[str]:
        """Names of the steps that are left, in order, up to a gate that is closed."""
        with self.database.read() as session:
            request = find(session, request_id)
            left = [s for s in (START, *STEPS[request.kind]) if not is_done(request, s)]
        return [s.name for s in takewhile(lambda s: not s.is_gate, left)]

    def perform(self, request_id: str, name: str) -> Problem | None:
        """One step. None when it is done, also when it was done before."""
        try:
            self._perform(request_id, name)
        except PrivacyError as error:
            _log.warning("request.step_failed", request=request_id, step=name, problem=error.slug)
            return problem(name, error)
        except Exception as error:  # noqa: BLE001 - whatever it is ends the request as failed, and is told
            # The message may quote a value of the person: only the kind and the place go to the log.
            stack = traceback.extract_tb(error.__traceback__)
            frames = [f"{f.filename}:{f.lineno}" for f in stack if "privacy_svc" in f.filename]
            _log.error("request.step_broke", request=request_id, step=name, kind=type(error).__name__, frames=frames)
            return problem(name, Interrupted("The run ended unexpectedly."))
        return None

    def _perform(self, request_id: str, name: str) -> None:
        with self.database.read() as session:
            request = find(session, request_id)
            step = next(s for s in (START, *STEPS[request.kind]) if s.name == name)
            if not _due(request, step):
                return
            seen = None if step.reads_log else step.look(session, self.parts, request)
        if step.reads_log:
            self.parts.vault.ledger.export(self.database)
            self.parts.log.integrate(self.database)
            with self.database.read() as session:
                seen = step.look(session, self.parts, find(session, request_id))
        with self.database.write() as session:
            request = find(session, request_id, lock=True)
            if _due(request, step):
                step.do(session, self.parts, request, seen)
                mark_done(request, step)

    def fail(self, request_id: str, why: Problem) -> None:
        """Ends the run; the request waits for somebody to mend what is wrong and approve it again. What was approved
        and is not so any more is looked at anew, by as many as the policy asks for."""
        with self.database.write() as session:
            request = find(session, request_id, lock=True)
            if request.state != State.IN_PROGRESS:
                return
            moved = why["slug"] == Moved.slug
            request.state = follow(
                State(request.state), State.AWAITING_APPROVAL if moved else State.FAILED, "failed"
            ).value
            request.failure = dict(why)
            if moved:
                request.approved_at = request.approved_by = request.first_approved_by = None
            self.parts.note(session, request, Event.FAILED, WORKER, step=why["step"], problem=why["slug"])


def _due(request: DataRequest, step: Step) -> bool:
    return request.state == State.IN_PROGRESS and not is_done(request, step)


def problem(step: str, error: PrivacyError) -> Problem:
    return Problem(
        step=step,
        slug=error.slug,
        detail=error.detail,
        remedy=error.remedy,
        places=[{"place": f.pointer, "detail": f.detail} for f in error.faults],
        passing=isinstance(error, Unavailable),
    )
