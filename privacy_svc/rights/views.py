"""What is shown of requests and around them, on the wire."""

from datetime import datetime
from typing import Any

import msgspec


class Attached(msgspec.Struct, frozen=True):
    id: str
    size: int


class Readmitted(msgspec.Struct, frozen=True):
    subject: str
    state_version: int


class RequestOpened(msgspec.Struct, frozen=True):
    """The same for somebody we know and somebody we do not. `merged_into`, once they are verified: the request that
    goes on for this one too."""

    id: str
    right: str
    state: str
    received_at: datetime
    due_at: datetime
    merged_into: str | None = None


class RequestView(msgspec.Struct, frozen=True):
    """No personal data but the subject's id; `due_conservative` is the end without the move to a working day.
    `paused_since`: the clock stands still, `due_at` moves when it runs again. `waiting_for`: what the
    person was asked about. `outcome` of a review: `upheld` or `changed`."""

    id: str
    right: str
    article: str
    state: str
    outcome: str | None
    subject: str | None
    channel: str
    opened_by: str
    received_at: datetime
    due_at: datetime
    due_conservative: datetime
    overdue: bool
    extended_at: datetime | None
    paused_since: datetime | None
    paused_days: int
    waiting_for: str | None
    asked_at: datetime | None
    language: str | None
    verified_at: datetime | None
    verified_by: str | None
    verified_how: str | None
    approved_at: datetime | None
    approved_by: str | None
    first_approved_by: str | None
    ground: str | None
    refused_by: str | None
    refusal_proposed_by: str | None
    reviewed_by: str | None
    merged_into: str | None
    failure: dict[str, Any] | None
    closed_at: datetime | None
    package: str | None
    certificate: str | None


class RequestDetails(msgspec.Struct, frozen=True):
    """For the DPO: what was asked for, what staff said about it, old and new values of corrections (`kept`: a copy that
    a law keeps as it is; `shared`: in a record of others as well, which stays), and which files were attached."""

    given: dict[str, Any]
    said: dict[str, Any]
    rectified: list[dict[str, Any]]
    evidence: list[dict[str, Any]]

    def __repr__(self) -> str:
        return "RequestDetails(…)"


class RequestPage(msgspec.Struct, frozen=True):
    requests: list[RequestView]
    cursor: str | None = None


class TimelineLine(msgspec.Struct, frozen=True):
    """`type` is the event's stable name, `text` says it to a person."""

    at: datetime
    type: str
    text: str
    actor: str
    params: dict[str, Any]


class PackageLinkView(msgspec.Struct, frozen=True):
    """Downloads: `used` of at most `most`."""

    created_at: datetime
    expires_at: datetime
    most: int
    used: int
    revoked_at: datetime | None


class NoticeView(msgspec.Struct, frozen=True):
    """No personal data. `event` is the id under which every try is told; `problem` how the last one ended."""

    recipient: str
    name: str
    state: str
    told_at: datetime | None
    answer: str | None
    why: str
    told_by: str | None
    answered_at: datetime | None
    expected_at: datetime | None
    event: str
    tries: int
    next_try_at: datetime | None
    problem: str | None
    ground: str | None
    noted_by: str | None


class StateVersion(msgspec.Struct, frozen=True):
    state_version: int


class RestrictionView(msgspec.Struct, frozen=True):
    """`ends_at`: the day the person was told; None while nobody was told of an end."""

    subject: str
    since: datetime
    told_at: datetime | None
    told_how: str | None
    announced_by: str | None
    ends_at: datetime | None


class WorkView(msgspec.Struct, frozen=True):
    """What another system (`http`) or a person (`manual`) has to do for a request. No personal data."""

    request: str
    place: str
    title: str
    kind: str
    state: str
    opened_at: datetime
    mailed_at: datetime | None
    tries: int
    next_try_at: datetime | None
    problem: str | None
    rows: int
    done_at: datetime | None
    done_by: str | None
    lifts: bool = False
    """The restriction is over, and to be ended there too."""


class WorkDetails(msgspec.Struct, frozen=True):
    """For the DPO: who it is about, as the other system knows them, and how it was shown to be done."""

    work: WorkView
    about: list[str]
    instructions: str
    evidence: str | None

    def __repr__(self) -> str:
        return "WorkDetails(…)"


class LeftoverRow(msgspec.Struct, frozen=True):
    """`key`: the row's in the store. `namesake`: it belongs to another customer, who has the value themselves."""

    key: str
    namesake: bool
    decision: str | None


class LeftoverView(msgspec.Struct, frozen=True):
    """A place at which a value was left after an erasure. `decision`: `redact` or `accept`; None waits for somebody.
    `rows`: those whose keys say nothing about anybody, each with a decision of its own where there is one."""

    request: str
    place: str
    detail: str
    decision: str | None
    rows: list[LeftoverRow] = []


class HoldView(msgspec.Struct, frozen=True):
    id: str
    subject: str
    article: str
    placed_by: str
    placed_at: datetime
    until: datetime | None
    lost: bool = False
    """The log says that it stands, and the table of holds does not: somebody changed the database."""


class HoldDetails(msgspec.Struct, frozen=True):
    """For the DPO. `reason` is None once the evidence about the person has met its end."""

    hold: HoldView
    lifted_by: str | None
    lifted_at: datetime | None
    reason: str | None

    def __repr__(self) -> str:
        return "HoldDetails(…)"
