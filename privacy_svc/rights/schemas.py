"""What is sent in for a request, on the wire; what is shown of one is in `views`."""

from datetime import datetime
from typing import Any

import msgspec

from privacy_svc.http import CustomerRef
from privacy_svc.rights.approval import Review
from privacy_svc.rights.asking import About
from privacy_svc.rights.extending import Extension
from privacy_svc.rights.grounds import Ground
from privacy_svc.rights.leftovers import Decision
from privacy_svc.rights.states import Right


class OpenRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`details` by right: rectification `{"changes": {field: value}}`, objection `{"purpose"}`, automated_decision
    `{"purpose"?, "decision"?, "view"?}`; free for others. `received_reason`, of staff only: why it is entered more than
    60 days after `received_at`."""

    right: Right
    customer: CustomerRef
    received_at: datetime | None = None
    channel: str = "api"
    details: dict[str, Any] = {}
    language: str | None = None
    received_reason: str = ""

    def __repr__(self) -> str:
        return f"OpenRequest({self.right!r}, …)"


class Verify(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The code the person was mailed; or, by staff, how they verified the person, and `customer` where several people
    have the address that the request names."""

    code: str | None = None
    reason: str | None = None
    customer: CustomerRef | None = None

    def __repr__(self) -> str:
        return "Verify(…)"


class Refuse(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`evidence`, for the DPO and an authority, is needed where the burden of proof is ours (Art. 12(5))."""

    ground: Ground
    explanation: str
    evidence: str = ""

    def __repr__(self) -> str:
        return f"Refuse({self.ground!r}, …)"


class Attach(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`content` is base64."""

    name: str
    content: bytes

    def __repr__(self) -> str:
        return "Attach(…)"


class DecideLeftover(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`place` is one that the failed search named, and `row` the key of one row there. A decision to redact a whole
    place passes over rows of customers who have the same value themselves."""

    place: str
    decision: Decision
    reason: str
    row: str | None = None

    def __repr__(self) -> str:
        return f"DecideLeftover({self.decision!r}, …)"


class Extend(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: Extension


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`question` goes to the person, `reason` is for an authority. `asked_at` and `how` (post, phone …) where it was
    put to them already; else it is mailed."""

    about: About
    question: str
    reason: str
    asked_at: datetime | None = None
    how: str = "mail"

    def __repr__(self) -> str:
        return f"Ask({self.about!r}, …)"


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    answer: str
    received_at: datetime | None = None

    def __repr__(self) -> str:
        return "Answer(…)"


class Cancel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`reason`: which request it duplicates, or what the mistake was. It stays with the request."""

    reason: str

    def __repr__(self) -> str:
        return "Cancel(…)"


class Complete(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`explanation` is told to the person."""

    result: Review
    explanation: str

    def __repr__(self) -> str:
        return "Complete(…)"


class PlaceHold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    customer: CustomerRef
    reason: str
    article: str
    until: datetime | None = None

    def __repr__(self) -> str:
        return "PlaceHold(…)"


class Readmit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    customer: CustomerRef
    reason: str

    def __repr__(self) -> str:
        return "Readmit(…)"
