"""Table of the letters that the law ties something to: a person is owed them until they are told.

Opened by the person's evidence key, because an erasure leaves no other address, and a claim may ask what they were to
be told. `kind`, `params` and `problem` are words of ours.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from privacy_svc.db import Base, new_id, now

LETTER = 24
"""Field id of the sealed value."""
EXTENSION, REFUSAL, REVIEW, DONE, PACKAGE = "extension", "refusal", "review", "done", "package"


class OwedLetter(Base):
    """One letter to the person of a request."""

    __tablename__ = "request_letters"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[str] = mapped_column(ForeignKey("requests.id"), index=True)
    kind: Mapped[str]
    params: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    sealed: Mapped[bytes | None]
    """Address, where there is one, and text; None once they were told."""
    written_at: Mapped[datetime] = mapped_column(default=now)
    next_at: Mapped[datetime | None] = mapped_column(index=True)
    """When a worker turns to it; None while only a person can tell them, and at the end."""
    tries: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str | None]
    told_at: Mapped[datetime | None]
    told_how: Mapped[str | None]
    """`mail`, or by what other means."""
    told_by: Mapped[str | None]
