"""What a run of a request consists of: named steps, each safe to run again, each one transaction or part of one.

`look` reads and computes in a read transaction, so that no write lock is held while a store is walked or a
package packed; `do` writes in a short one, together with the note that the step is done. A run that is
broken off goes on after the last step that was noted.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from privacy_svc.errors import PrivacyError
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.parts import Parts

Look = Callable[[Session, Parts, DataRequest], Any]
Do = Callable[[Session, Parts, DataRequest, Any], PrivacyError | None]
"""The error where the step is not done, and what it noted all the same is to stay."""

_DONE = "steps"
START = "start"
"""Was a step of its own in earlier versions: a name that is none is passed over, so that their runs go on."""


def nothing(_session: Session, _parts: Parts, _request: DataRequest) -> None:
    """For a step that has nothing to compute first."""


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    do: Do
    look: Look = nothing
    integrates: bool = False
    """What was logged so far is to be in the log's tree when `look` reads it."""
    reads_log: bool = False
    """What was logged so far is to be in the log's tree when `look` reads it, and fences in the ledger outside."""
    joins: bool = False
    """In one transaction with the step before it, where both are still to be done."""
    is_gate: bool = False
    """Something outside of the run has to be done first, and notes this step; the run goes on after it."""


def _never(_session: Session, _parts: Parts, _request: DataRequest, _seen: Any) -> None:
    raise AssertionError("a gate is noted by who opens it")


def gate(name: str) -> Step:
    return Step(name, _never, is_gate=True)


EVERYWHERE = gate("everywhere")
"""Everybody's texts are searched for what an erased person was known by; see `sweeping`."""


def is_done(request: DataRequest, step: Step) -> bool:
    return step.name in progress(request).get(_DONE, ())


def has_begun(request: DataRequest) -> bool:
    """Whether anything was done: the note that the work started is nothing yet."""
    return bool(set(progress(request).get(_DONE, ())) - {START})


def mark_done(request: DataRequest, step: Step) -> None:
    tell_progress(request, **{_DONE: [*progress(request).get(_DONE, ()), step.name]})


def progress(request: DataRequest) -> Mapping[str, Any]:
    return request.progress or {}


def tell_progress(request: DataRequest, **more: Any) -> None:
    """Places, numbers and times only: the row is not sealed."""
    request.progress = {**progress(request), **more}
