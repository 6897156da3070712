"""Table of the announced ends of restrictions. What is said there is opened by the person's evidence key: it may have
to be shown to an authority, also after an erasure."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from privacy_svc.db import Base, new_id, now

END_REASON = 20
"""Field id of the sealed value."""


class RestrictionEnd(Base):
    """The person is told that their restriction ends, on what day and why (Art. 18(3) GDPR)."""

    __tablename__ = "restriction_ends"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subjects.id"), index=True)
    reason: Mapped[bytes]
    """Sealed by the evidence key: it is about the person."""
    ends_at: Mapped[datetime]
    announced_at: Mapped[datetime] = mapped_column(default=now)
    announced_by: Mapped[str]
    told_at: Mapped[datetime | None]
    """When the person was told. Until then nothing may be lifted."""
    told_how: Mapped[str | None]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str | None]
    void_at: Mapped[datetime | None]
    """Announced anew, or restricted again meanwhile."""
