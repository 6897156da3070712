"""Tables of the suppression list and of imports: no personal data in either."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index
from sqlalchemy.orm import Mapped, mapped_column

from privacy_svc.db import Base, new_id, now

NOBODY = b""
"""Whose an entry is that no living person can take back: it is of somebody erased, or from before entries had
owners."""


class Suppression(Base):
    """An address that is not to be used, for one person and reason: keyed hashes, which say nothing without the key."""

    __tablename__ = "suppressions"
    __table_args__ = (Index("ix_suppressions_owner", "owner"),)

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True)
    """`all`, `direct_marketing`, or a purpose."""
    owner: Mapped[bytes] = mapped_column(primary_key=True, default=NOBODY)
    """The person's tag, by the same key; `NOBODY` from their erasure on."""
    reason: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    """`email` or `phone`."""
    generation: Mapped[int]
    """Of the key that hashed it."""
    since: Mapped[datetime] = mapped_column(default=now)
    import_id: Mapped[str | None]
    """The import of whose file alone it comes: it stands against no other row of that file. None once somebody said it
    here too."""


class ConsentImport(Base):
    """How far a file came in. Raised in the transaction of each batch, so that it is never wrong."""

    __tablename__ = "consent_imports"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    digest: Mapped[str] = mapped_column(unique=True)
    """SHA-256 of the file and of how it is read."""
    started_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)
    finished_at: Mapped[datetime | None]
    started_by: Mapped[str]
    rows: Mapped[int] = mapped_column(default=0)
    """So many are done, whatever became of them."""
    recorded: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    refused: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Counts by reason."""
