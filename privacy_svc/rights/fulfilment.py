"""Carries a request through its steps, one transaction for one or several. Knows nothing of the workflow engine.

What goes to the engine is ids and words of our own: no exception, whose text might quote a value, leaves a step.
"""

import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from typing import Any, TypedDict

import structlog
from sqlalchemy.orm import Session

from privacy_svc.db import Database, now
from privacy_svc.errors import Fault, PrivacyError, Unavailable
from privacy_svc.rights import accessing, erasing, limiting, outside, rectifying
from privacy_svc.rights.backoff import HICCUPS, LASTING, MOST, pause_after
from privacy_svc.rights.errors import DataLeft, Interrupted, Unanswered
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.parts import WORKER, Event, Parts, find
from privacy_svc.rights.states import Right, State, follow
from privacy_svc.rights.steps import START, Step, is_done, mark_done, nothing, progress, tell_progress
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


class OneForAll:
    """Work that covers everything from before it began: who asks while it runs shares the next one."""

    def __init__(self) -> None:
        self._turn, self._begun = threading.Lock(), 0

    def __call__(self, work: Callable[[], object]) -> None:
        before = self._begun
        with self._turn:
            if self._begun == before:
                self._begun += 1
                work()


class Problem(TypedDict):
    """Why a step ended without being done. `kind`: the error's class, which quotes nobody. `passing`: trying again
    later may help."""

    step: str
    slug: str
    kind: str
    detail: str
    remedy: str
    places: list[dict[str, Any]]
    passing: bool


class Fulfilment:
    """What a worker does for a request."""

    def __init__(self, database: Database, parts: Parts) -> None:
        self.database, self.parts = database, parts
        self._exporting, self._integrating = OneForAll(), OneForAll()

    def run(self, request_id: str) -> Problem | None:
        """Everything that is left to do, up to the first problem."""
        try:
            problems = (self._carry_out(request_id, steps) for steps in self._plan(request_id))
            problem = next((problem for problem in problems if problem is not None), None)
            if problem is not None:
                self._begin_alone(request_id)
        except PrivacyError as error:
            return problem_of(START, error)
        return problem

    def plan(self, request_id: str) -> list[str]:
        """Names of the steps that are left, in order, up to a gate that is closed."""
        return [step.name for steps in self._plan(request_id) for step in steps]

    def _plan(self, request_id: str) -> list[list[Step]]:
        """What is done in one transaction, together."""
        with self.database.read() as session:
            request = find(session, request_id)
            left, before = list[list[Step]](), False
            for step in takewhile(lambda s: not s.is_gate or is_done(request, s), self._steps(request)):
                due = _due(request, step)
                if due and step.joins and before:
                    left[-1].append(step)
                elif due:
                    left.append([step])
                before = due
            return left

    def _steps(self, request: DataRequest) -> tuple[Step, ...]:
        return outside.with_elsewhere(self.parts, request, STEPS[request.kind])

    def perform(self, request_id: str, name: str) -> Problem | None:
        """One step by itself. None when it is done, also when it was done before."""
        with self.database.read() as session:
            request = find(session, request_id)
            steps = [s for s in self._steps(request) if s.name == name and _due(request, s)]
        return self._carry_out(request_id, steps) if steps else None

    def _carry_out(self, request_id: str, steps: Sequence[Step]) -> Problem | None:
        at = steps[0].name
        try:
            self._wait_for_log(steps)
            seen = dict[str, Any]()
            if looking := [step for step in steps if step.look is not nothing]:
                with self.database.read() as session:
                    self.parts.vault.keep_keys(session)
                    request = find(session, request_id)
                    for step in looking:
                        at = step.name
                        seen[at] = step.look(session, self.parts, request)
            with self.database.write() as session:
                self.parts.vault.keep_keys(session)
                request = find(session, request_id, lock=True)
                self._begin(session, request)
                for step in steps:
                    at = step.name
                    if not _due(request, step):
                        continue
                    if (error := step.do(session, self.parts, request, seen.get(at))) is not None:
                        return _failed(request_id, at, error)
                    mark_done(request, step)
                went_on(request)
        except PrivacyError as error:
            return _failed(request_id, at, error)
        except Exception as error:  # noqa: BLE001 - whatever it is is tried again, then ends the request, and is told
            # The message may quote a value of the person: only the kind and the place go to the log.
            stack = traceback.extract_tb(error.__traceback__)
            frames = [f"{f.filename}:{f.lineno}" for f in stack if "privacy_svc" in f.filename]
            kind = type(error).__name__
            _log.error("request.step_broke", request=request_id, step=at, kind=kind, frames=frames)
            return problem_of(at, Interrupted(f"The run ended unexpectedly: {kind}."), kind)
        return None

    def _wait_for_log(self, steps: Sequence[Step]) -> None:
        if any(step.reads_log for step in steps):
            self._exporting(lambda: self.parts.vault.ledger.export(self.database))
        if any(step.integrates or step.reads_log for step in steps):
            self._integrating(lambda: self.parts.log.integrate(self.database))

    def _begin(self, session: Session, request: DataRequest) -> None:
        """With the first thing that is done, or the first problem."""
        if request.state == State.IN_PROGRESS and START not in progress(request).get("steps", ()):
            self.parts.note(session, request, Event.STARTED, WORKER)
            tell_progress(request, steps=[START, *progress(request).get("steps", ())])

    def _begin_alone(self, request_id: str) -> None:
        with self.database.write() as session:
            self._begin(session, find(session, request_id, lock=True))

    def stop(self, request_id: str, problem: Problem) -> str:
        """The end of a run that did not get through: it is ordered again for later where something is away, else the
        request waits for a person. What waits holds no place of a worker, and survives its end."""
        if not problem["passing"] or not self._put_off(request_id, problem):
            self.fail(request_id, problem)
            return "failed"
        return "waits"

    def _put_off(self, request_id: str, problem: Problem) -> bool:
        """Not for ever."""
        with self.database.write() as session:
            request = find(session, request_id, lock=True)
            if request.state != State.IN_PROGRESS:
                return True
            if request.tries >= (HICCUPS if problem["slug"] == Interrupted.slug else MOST):
                return False
            request.tries += 1
            request.next_at, request.attempt = now() + pause_after(request.tries), request.attempt + 1
            request.failure = dict(problem)
            if request.tries == LASTING:
                self.parts.note(session, request, Event.WAITS, WORKER, **_told(problem))
            return True

    def fail(self, request_id: str, problem: Problem) -> None:
        """Ends the run; the request waits for somebody to mend what is wrong and approve it again. What was approved
        and is not so any more is looked at anew, by as many as the policy asks for."""
        with self.database.write() as session:
            request = find(session, request_id, lock=True)
            if request.state != State.IN_PROGRESS or _overtaken(request, problem):
                return
            moved = problem["slug"] in {Moved.slug, Unanswered.slug}
            ended = State.AWAITING_APPROVAL if moved else State.FAILED
            request.state = follow(State(request.state), ended, "failed").value
            request.failure, request.next_at, request.tries = dict(problem), None, 0
            if moved:
                request.approved_at = request.approved_by = request.first_approved_by = None
            self.parts.note(session, request, Event.FAILED, WORKER, **_told(problem))
        _log.error("request.failed", request=request_id, **_told(problem))


def _failed(request_id: str, step: str, error: PrivacyError) -> Problem:
    _log.warning("request.step_failed", request=request_id, step=step, problem=error.slug, kind=type(error).__name__)
    return problem_of(step, error)


def _due(request: DataRequest, step: Step) -> bool:
    return request.state == State.IN_PROGRESS and not is_done(request, step)


def _overtaken(request: DataRequest, problem: Problem) -> bool:
    """Another run of the request has done this step meanwhile, and goes on."""
    return problem["step"] in set(progress(request).get("steps", ())) - {START}


def went_on(request: DataRequest) -> None:
    """What was away is back."""
    if request.tries:
        request.failure, request.next_at, request.tries = None, None, 0


def _told(problem: Problem) -> dict[str, str]:
    """For the timeline and the service's log: the cause stays known when the request goes on and forgets it."""
    return {"step": problem["step"], "problem": problem["slug"], "kind": problem["kind"]}


def problem_of(step: str, error: PrivacyError, kind: str = "") -> Problem:
    """`kind` where the error stands for another one. Nobody foresaw an `Interrupted`, so nobody knows that it stays."""
    return Problem(
        step=step,
        slug=error.slug,
        kind=kind or type(error).__name__,
        detail=error.detail,
        remedy=error.remedy,
        places=[_place(f, error.rows if isinstance(error, DataLeft) else {}) for f in error.faults],
        passing=isinstance(error, Unavailable | Interrupted),
    )


def _place(fault: Fault, rows: Mapping[str, Any]) -> dict[str, Any]:
    at = {"rows": rows[fault.pointer]} if rows.get(fault.pointer) else {}
    return {"place": fault.pointer, "detail": fault.detail, **at}
