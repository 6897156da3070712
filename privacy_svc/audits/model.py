"""Table of audit runs. A report shows pseudonyms only, so nothing here is sealed; its signature says whose it is."""

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from privacy_svc.db import Base


class AuditRun(Base):
    """One run of one programme. Never changed afterwards."""

    __tablename__ = "audit_runs"

    id: Mapped[str] = mapped_column(primary_key=True)
    programme: Mapped[str]
    as_of: Mapped[datetime]
    run_at: Mapped[datetime]
    run_by: Mapped[str]
    passed: Mapped[int]
    findings: Mapped[int]
    errors: Mapped[int]
    document: Mapped[str] = mapped_column(Text)
    """The signed report as JSON."""


class AuditTurn(Base):
    """One period of a programme that runs by itself: whoever makes the row, or takes over an old claim, runs it."""

    __tablename__ = "audit_turns"

    programme: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)
    """2026-11-29, 2026-W48, 2026-11 or 2026-Q4."""
    claimed_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
