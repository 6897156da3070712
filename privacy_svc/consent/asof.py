"""What stood at a past time, as far as it was known at another (bitemporal). Pure.

`as_of` asks when it held: consents by `given_at`. `known_at` asks when we knew: by `recorded_at`, in the order of the
state versions, because clocks go back and versions do not. Both at one instant: what a decision of that instant read.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from privacy_svc.consent.schemas import ConsentView
from privacy_svc.consent.standing import state_at
from privacy_svc.consent.states import State


class Recorded(Protocol):
    """Anything recorded about a person."""

    @property
    def state_version(self) -> int: ...
    @property
    def recorded_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Stood:
    """`said` made `state`, from `since` on and until `until`, None where nothing known ends it. `history` is what was
    said until then, newest first."""

    state: State
    since: datetime
    until: datetime | None
    said: ConsentView
    history: list[ConsentView]


def version_at(recorded: Iterable[Recorded], at: datetime) -> int:
    """The state version the person had then; 0 before anything was recorded. What was recorded after something else
    was not known before it, whatever its clock said."""
    version = 0
    for row in sorted(recorded, key=lambda r: r.state_version):
        if row.recorded_at > at:
            break
        version = row.state_version
    return version


def stood(said: Sequence[ConsentView], as_of: datetime | None, now: datetime) -> Stood | None:
    """Of what is known about one purpose; None where nothing had been said by then.

    Without `as_of`: what stands, and no clock hides what was recorded; `now` only tells what has expired.
    """
    ordered = sorted(said, key=lambda c: (c.given_at, c.state_version))
    held = [c for c in ordered if as_of is None or c.given_at <= as_of]
    if not held:
        return None
    last, followed = held[-1], ordered[len(held) :]
    state = state_at(last.state, last.valid_until, as_of or now)
    ends = [e for e in (followed[0].given_at if followed else None, last.valid_until) if e is not None]
    if state is State.EXPIRED and last.valid_until is not None:
        return Stood(state, last.valid_until, followed[0].given_at if followed else None, last, held[::-1])
    return Stood(state, last.given_at, min(ends, default=None), last, held[::-1])
