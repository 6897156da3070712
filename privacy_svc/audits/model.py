"""Tables of audit runs, their turns, and of long work that was ordered. A report shows pseudonyms only, so it is not
sealed; its signature says whose it is. What an order found is opened by the organisation's own key."""

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from privacy_svc.db import Base, new_id

ORDER = 32
"""Field id of `AuditOrder.sealed`."""

_PRESENT = timedelta(hours=1)


def is_present(as_of: datetime, run_at: datetime) -> bool:
    """About the time it was run at, not about an earlier one: what is shown as how things are is of such runs."""
    return as_of >= run_at - _PRESENT


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

    @property
    def is_present(self) -> bool:
        return is_present(self.as_of, self.run_at)


class AuditTurn(Base):
    """One period of a programme that runs by itself: whoever makes the row, or takes over an old claim, runs it."""

    __tablename__ = "audit_turns"

    programme: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)
    """2026-11-29, 2026-W48, 2026-11 or 2026-Q4."""
    claimed_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class AuditOrder(Base):
    """Long work that somebody asked for and a worker does (ordering.py). It goes a day after its end."""

    __tablename__ = "audit_orders"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str]
    about: Mapped[str]
    """The programme, the breach, or versions of policies; empty where the kind says it all."""
    given: Mapped[str | None] = mapped_column(Text)
    """JSON of what the work needs beside: a draft of policy files."""
    ordered_at: Mapped[datetime]
    ordered_by: Mapped[str]
    turn: Mapped[int | None] = mapped_column(unique=True)
    """1 of the one that is being done: the database allows no second."""
    worker: Mapped[str | None]
    """A name of its claim's own."""
    beat_at: Mapped[datetime | None]
    """When its worker was last known to live."""
    tried: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(BigInteger, default=0)
    total: Mapped[int | None] = mapped_column(BigInteger)
    ended_at: Mapped[datetime | None]
    problem: Mapped[str | None]
    """Why it came to nothing, in words of our own."""
    sealed: Mapped[bytes | None]
    """What was found."""
