"""The life of a request: which states there are and which follows which. Pure.

received → verifying → awaiting_approval → in_progress → completed
                                         ↘ refused, cancelled, failed

A run goes back to the approval when what was approved is not what is there any more.

Waiting for the person's answer is no state: a request may wait in several of them (`asking`).
"""

import enum
from collections.abc import Mapping

from privacy_svc.errors import Conflict


class Right(enum.StrEnum):
    """The rights of Art. 15 to 22 GDPR."""

    ACCESS = "access"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    RESTRICTION = "restriction"
    PORTABILITY = "portability"
    OBJECTION = "objection"
    AUTOMATED_DECISION = "automated_decision"

    @property
    def article(self) -> str:
        return f"GDPR {_ARTICLES[self]}"


_ARTICLES = {
    Right.ACCESS: 15,
    Right.RECTIFICATION: 16,
    Right.ERASURE: 17,
    Right.RESTRICTION: 18,
    Right.PORTABILITY: 20,
    Right.OBJECTION: 21,
    Right.AUTOMATED_DECISION: 22,
}


class State(enum.StrEnum):
    RECEIVED = "received"
    VERIFYING = "verifying"
    AWAITING_APPROVAL = "awaiting_approval"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    FAILED = "failed"


_CLOSING = frozenset({State.REFUSED, State.CANCELLED})

FOLLOWS: Mapping[State, frozenset[State]] = {
    State.RECEIVED: frozenset({State.VERIFYING, State.AWAITING_APPROVAL, State.IN_PROGRESS}) | _CLOSING,
    State.VERIFYING: frozenset({State.AWAITING_APPROVAL, State.IN_PROGRESS}) | _CLOSING,
    State.AWAITING_APPROVAL: frozenset({State.IN_PROGRESS}) | _CLOSING,
    State.IN_PROGRESS: frozenset({State.COMPLETED, State.FAILED, State.CANCELLED, State.AWAITING_APPROVAL}),
    State.FAILED: frozenset({State.IN_PROGRESS}) | _CLOSING,
    State.COMPLETED: frozenset(),
    State.REFUSED: frozenset(),
    State.CANCELLED: frozenset(),
}

OPEN = frozenset(state for state, following in FOLLOWS.items() if following)
VERIFIED = frozenset({State.AWAITING_APPROVAL, State.IN_PROGRESS, State.FAILED})
"""Open, and known to come from the person."""


def follow(present: State, wanted: State, doing: str) -> State:
    """The new state; raises Conflict where it does not follow the present one."""
    if wanted not in FOLLOWS[present]:
        allowed = sorted(s for s, following in FOLLOWS.items() if wanted in following)
        raise Conflict(f"A request that is {present} cannot be {doing}; it would have to be {' or '.join(allowed)}.")
    return wanted
