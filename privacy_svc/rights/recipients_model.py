"""Tables of who is told of changes (Art. 19 GDPR), and of what they and we share.

Opened by: what a recipient knows a person by, by the person's evidence key; secrets by the organisation's key.
"""

from datetime import datetime
from uuid import uuid4

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from privacy_svc.db import Base, new_id, now

RECIPIENT_KNOWS = 8
RECIPIENT_SECRET = 9
"""Field ids of sealed values."""


class RecipientNotice(Base):
    """Art. 19: a recipient who must be told, and what became of it. No personal data but in `about`, which goes when
    nobody needs to be told any more."""

    __tablename__ = "request_notifications"

    request_id: Mapped[str] = mapped_column(ForeignKey("requests.id"), primary_key=True)
    recipient: Mapped[str] = mapped_column(primary_key=True)
    """Key of the recipient in the policy."""
    event_id: Mapped[str] = mapped_column(unique=True, default=lambda: str(uuid4()))
    """What every try is told under, so that the recipient knows a second one. OpenDSR wants a UUID of version 4."""
    why: Mapped[str] = mapped_column(default="mapped")
    """`disclosed` as the log says, or `mapped`: the policy gives them data of these categories."""
    state: Mapped[str] = mapped_column(default="to_tell")
    """`waiting` while the request runs, `to_tell`, `told`, `answered`, `impossible`."""
    next_at: Mapped[datetime | None] = mapped_column(index=True)
    """When a worker turns to it; None while there is nothing that it could do."""
    tries: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str | None]
    """How the last try ended, in a word of ours: never what the recipient said."""
    told_at: Mapped[datetime | None]
    told_by: Mapped[str | None]
    """`email`, `webhook`, `opendsr`, or `person`."""
    answer: Mapped[str | None]
    """A word: `received`, or an OpenDSR status."""
    answered_at: Mapped[datetime | None]
    expected_at: Mapped[datetime | None]
    """When the recipient says that it will be done."""
    ground: Mapped[str | None]
    """Why it is `impossible`: `impossible`, `disproportionate`, or `gone` as the recipient's own address says."""
    noted_by: Mapped[str | None]
    """The person of the staff who noted how it stands; their reason is among the request's details."""
    about: Mapped[bytes | None]
    """What the recipient knows the person by, sealed by the evidence key: an erasure leaves nothing else to say it."""


class RecipientSecret(Base):
    """What a recipient and we share, sealed by the organisation's key."""

    __tablename__ = "recipient_secrets"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    recipient: Mapped[str] = mapped_column(index=True)
    use: Mapped[str]
    """`webhook`: signs what we send; `token`: lets us in at their OpenDSR address."""
    sealed: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(default=now)
    ends_at: Mapped[datetime | None]
    """A replaced secret signs along until then."""


class ProcessorCertificate(Base):
    """The certificate an OpenDSR recipient signs with, as it was found to be good when we last called them: a callback
    is checked against it, so that nobody's message makes us call anybody."""

    __tablename__ = "processor_certificates"

    recipient: Mapped[str] = mapped_column(primary_key=True)
    domain: Mapped[str] = mapped_column(index=True)
    pem: Mapped[str]
    checked_at: Mapped[datetime] = mapped_column(default=now)
