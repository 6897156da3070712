"""What a recipient is told, and how it ended: values that the ways to a recipient share. Pure."""

from dataclasses import dataclass, field
from datetime import datetime

from privacy_svc.policy import Party
from privacy_svc.rights.states import Right


@dataclass(frozen=True, slots=True)
class Message:
    """What it says of the person, and what is shared with the recipient, never appears in `repr`."""

    request_id: str
    right: Right
    received_at: datetime
    event_id: str
    recipient: Party | None
    tries: int
    told: bool
    identifier: str | None = field(repr=False)
    identity: str | None = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    """The newest first."""
    lifted: bool = False
    """Of a restriction: that it is over."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`problem` is a word of ours. `hopeless`: trying again cannot help before somebody mends something."""

    sent: bool = False
    by: str = ""
    problem: str | None = None
    hopeless: bool = False
    gone: bool = False
    answer: str | None = None
    expected_at: datetime | None = None


def refused(status: int) -> Outcome:
    """410 is the recipient's own word that nobody is there any more (RFC 9110 §15.5.11)."""
    if status == 410:
        return Outcome(problem="answered_410", gone=True)
    return Outcome(problem="redirected" if 300 <= status < 400 else f"answered_{status}")
