"""Tables of consents, objections and restrictions, which are append-only, and of what waits to be confirmed.

`sealed` is opened by the person's evidence key, which outlives an erasure: the proof of a consent may be
needed for a legal claim (Art. 7(1), 17(3)(e) GDPR). All else here is words of the policy and instants.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from privacy_svc.db import Base, new_id, now

EVIDENCE = 1
"""Field id of `Consent.sealed` in associated data."""
CONFIRMATION = 2
"""The same of `Confirmation.sealed`."""


class Consent(Base):
    """One thing a person said about one purpose. What stands is the last by `given_at`, then by `state_version`."""

    __tablename__ = "consents"
    __table_args__ = (
        Index("ix_consents_latest", "subject_id", "purpose", "given_at", "state_version"),
        UniqueConstraint("subject_id", "state_version"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subjects.id"))
    purpose: Mapped[str]
    state: Mapped[str]
    notice_id: Mapped[str]
    notice_version: Mapped[int]
    notice_language: Mapped[str]
    notice_digest: Mapped[str]
    """Of the text as shown, so that a notice edited after use is noticed."""
    policy_version: Mapped[str]
    """The policy that said then what the purpose is; `policy.recall` has its files."""
    channel: Mapped[str]
    method: Mapped[str]
    guardian: Mapped[bool]
    """Given by the holder of parental responsibility (Art. 8); who that is stands in `sealed`."""
    sealed: Mapped[bytes | None]
    """Reference, evidence, guardian. None where there is none of them."""
    given_at: Mapped[datetime]
    """When it was said."""
    recorded_at: Mapped[datetime] = mapped_column(default=now)
    """When we knew."""
    valid_until: Mapped[datetime | None]
    recorded_by: Mapped[str]
    state_version: Mapped[int]
    entry_id: Mapped[str | None]
    """Of the log, which proves that it was recorded. None for what was recorded before this column was there."""


class Objection(Base):
    """Raised or lifted, against one purpose or all direct marketing. What stands is the last by `state_version`."""

    __tablename__ = "objections"

    subject_id: Mapped[str] = mapped_column(ForeignKey("subjects.id"), primary_key=True)
    state_version: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(primary_key=True)
    stands: Mapped[bool]
    signalled: Mapped[bool] = mapped_column(default=False)
    """Raised by a browser's general signal (Global Privacy Control)."""
    recorded_at: Mapped[datetime] = mapped_column(default=now)
    recorded_by: Mapped[str]


class Restriction(Base):
    """Placed or lifted (Art. 18). What stands is the last by `state_version`."""

    __tablename__ = "restrictions"

    subject_id: Mapped[str] = mapped_column(ForeignKey("subjects.id"), primary_key=True)
    state_version: Mapped[int] = mapped_column(primary_key=True)
    stands: Mapped[bool]
    recorded_at: Mapped[datetime] = mapped_column(default=now)
    recorded_by: Mapped[str]


class Confirmation(Base):
    """A link that is mailed so that a consent be confirmed: once, until it expires, unless the person said something
    else since. Once it is sent, only the hash of its token is kept."""

    __tablename__ = "confirmations"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subjects.id"), index=True)
    purpose: Mapped[str]
    standing: Mapped[str]
    """The consent that stood when it was asked for; another one since ends the link."""
    sealed: Mapped[bytes | None]
    """What is to be recorded, the address the link goes to, and its token until it was sent, by the evidence key. None
    once it was used."""
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    send_at: Mapped[datetime | None] = mapped_column(index=True)
    """When a worker sends the letter, unless who asked for it has sent it by then. None once it was sent."""
    mailbox: Mapped[bytes | None] = mapped_column(index=True)
    """A keyed hash of the address, so that nobody's is filled. None of links that an earlier version made."""
