"""Tables of data subject requests.

Opened by: what was said and decided about a request (`details`, `RequestValue`) by the person's evidence key,
because a claim may need it after the erasure (Art. 17(3)(e)). Everything else here says nothing about a person
but that they asked.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, false
from sqlalchemy.orm import Mapped, deferred, mapped_column

from privacy_svc.db import Base, new_id, now
from privacy_svc.rights.states import Right, State

DETAILS = 2
"""Field ids of sealed values (those below 1,000 belong to our own tables)."""
RECTIFIED = 5
KNOWN_VALUES = 6
HOLD_REASON = 7
ATTACHED = 13


class DataRequest(Base):
    """One request of one person. The row is the truth about it; the workflow only carries it on."""

    __tablename__ = "requests"
    __table_args__ = (Index("ix_requests_state", "state", "due_at"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    right: Mapped[str]
    subject_id: Mapped[str | None] = mapped_column(ForeignKey("subjects.id"), index=True)
    """None while we hold nothing about such a person."""
    state: Mapped[str] = mapped_column(default=State.RECEIVED)
    outcome: Mapped[str | None]
    """How a cancelled one ended: `withdrawn` by the person, `cancelled` by us, or `merged`; and how a review
    of an automated decision did: `upheld`, `changed`."""
    channel: Mapped[str]
    opened_by: Mapped[str]
    opened_at: Mapped[datetime] = mapped_column(default=now)
    received_at: Mapped[datetime]
    due_at: Mapped[datetime]
    due_conservative: Mapped[datetime]
    extended_at: Mapped[datetime | None]
    clock_from: Mapped[datetime | None]
    """From when the time is counted, where that is not receipt."""
    paused_since: Mapped[datetime | None]
    """The clock stands still, see `clock`."""
    paused_days: Mapped[int] = mapped_column(default=0, server_default="0")
    waiting_for: Mapped[str | None]
    """What the person was asked: `identity` or `clarification`; see `asking`."""
    asked_at: Mapped[datetime | None]
    """When that question went out."""
    stops_clock: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether that question stops the clock."""
    language: Mapped[str | None]
    """In which the person is written to, as two letters; None where nobody knows."""
    details: Mapped[bytes | None]
    """A sealed `details.Details`."""
    verified_at: Mapped[datetime | None]
    verified_by: Mapped[str | None]
    verified_how: Mapped[str | None]
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[str | None]
    first_approved_by: Mapped[str | None]
    """The first of two people, where the policy asks for two."""
    ground: Mapped[str | None]
    refused_by: Mapped[str | None]
    refusal_proposed_by: Mapped[str | None]
    """While a second person has to confirm it."""
    reviewed_by: Mapped[str | None]
    """Who looked at an automated decision again (Art. 22(3))."""
    merged_into: Mapped[str | None]
    """The request of the same person, for the same, that goes on for both."""
    failure: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """Step, problem and remedy of a failed run."""
    attempt: Mapped[int] = mapped_column(default=0)
    """How often it was started. The committed row is the order to run it; workers look for it."""
    dispatched: Mapped[int] = mapped_column(default=0)
    """The last attempt handed to the workflow engine."""
    next_at: Mapped[datetime | None]
    """Something that a run needs is away: the next attempt is not before."""
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often it was away, since the last step that was done."""
    progress: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """What a run has done so far: places and numbers, no values."""
    known_values: Mapped[bytes | None]
    """While an erasure runs: the person's values, sealed by the evidence key, to search for afterwards."""
    closed_at: Mapped[datetime | None]

    @property
    def kind(self) -> Right:
        return Right(self.right)

    @property
    def is_overdue(self) -> bool:
        """While the clock stands still: whether it was over when it stopped."""
        return (self.closed_at or self.paused_since or now()) > self.due_at


class RequestEvent(Base):
    """One line of a request's timeline, for people to read. `params` never holds personal data."""

    __tablename__ = "request_events"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[str] = mapped_column(ForeignKey("requests.id"), index=True)
    at: Mapped[datetime] = mapped_column(default=now)
    type: Mapped[str]
    actor: Mapped[str]
    params: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class RequestAlert(Base):
    """Something that somebody is told once: a deadline that comes near or is over, a question without an answer."""

    __tablename__ = "request_alerts"
    __table_args__ = (Index("ix_request_alerts_mailed_at", "mailed_at"),)

    request_id: Mapped[str] = mapped_column(ForeignKey("requests.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    """`due`, `unanswered`, `letter`: for the DPO. `reminder`: for the person."""
    days: Mapped[int] = mapped_column(primary_key=True)
    """`due`: that many days before the deadline, or -1 when it is over; else 0."""
    since: Mapped[datetime] = mapped_column(primary_key=True)
    """The deadline, or when the question was asked: another one is told of again."""
    at: Mapped[datetime] = mapped_column(default=now)
    claimed_at: Mapped[datetime | None]
    """A worker is sending it; a claim that led to nothing ends."""
    mailed_at: Mapped[datetime | None]


class RequestValue(Base):
    """A value that was corrected: old and new, sealed."""

    __tablename__ = "request_values"

    request_id: Mapped[str] = mapped_column(ForeignKey("requests.id"), primary_key=True)
    place: Mapped[str] = mapped_column(primary_key=True)
    """dataset.collection/key.field"""
    sealed: Mapped[bytes]


class RequestFile(Base):
    """A file that proves what the request says, with its name, sealed."""

    __tablename__ = "request_files"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[str] = mapped_column(ForeignKey("requests.id"), index=True)
    kind: Mapped[str]
    """A media type, by the file's first bytes."""
    size: Mapped[int]
    added_by: Mapped[str]
    added_at: Mapped[datetime] = mapped_column(default=now)
    sealed: Mapped[bytes] = deferred(mapped_column(LargeBinary, nullable=False))


class KeptValue(Base):
    """What an erasure left of a person by law, and until when: then `retention run` and the worker empty it."""

    __tablename__ = "kept_values"
    __table_args__ = (Index("ix_kept_values_due", "ended_at", "until"),)

    subject_id: Mapped[str] = mapped_column(ForeignKey("subjects.id"), primary_key=True)
    collection: Mapped[str] = mapped_column(primary_key=True)
    """dataset.collection"""
    field: Mapped[str] = mapped_column(primary_key=True)
    request_id: Mapped[str] = mapped_column(ForeignKey("requests.id"))
    until: Mapped[datetime]
    """When the next of its rows is over."""
    last_until: Mapped[datetime | None]
    """When the last is; None where no row says so itself."""
    ended_at: Mapped[datetime | None]


class RequestCertificate(Base):
    """Signed JSON that says what was done; holds no personal data."""

    __tablename__ = "request_certificates"

    request_id: Mapped[str] = mapped_column(ForeignKey("requests.id"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    document: Mapped[str]


class VerificationCode(Base):
    """The one code that is valid for a request, as a keyed hash."""

    __tablename__ = "verification_codes"

    request_id: Mapped[str] = mapped_column(ForeignKey("requests.id"), primary_key=True)
    code_hash: Mapped[bytes]
    expires_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    sent: Mapped[int] = mapped_column(default=1)
    """How many codes were made for this request."""


class Recounted(Base):
    """What a person's log was found to say of releases of their data (releases.py). It goes with their key."""

    __tablename__ = "recounts"

    subject_id: Mapped[str] = mapped_column(primary_key=True)
    counted: Mapped[int] = mapped_column(BigInteger)
    """Index of the newest entry that was read."""
    since: Mapped[str]
    """JSON: the first time, by purpose."""


class Hold(Base):
    """A legal hold: the person's data must not be erased (Art. 17(3))."""

    __tablename__ = "holds"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subjects.id"), index=True)
    article: Mapped[str]
    reason: Mapped[bytes]
    """Sealed by the evidence key: staff may name people in it."""
    placed_by: Mapped[str]
    placed_at: Mapped[datetime] = mapped_column(default=now)
    until: Mapped[datetime | None]
    lifted_by: Mapped[str | None]
    lifted_at: Mapped[datetime | None]
