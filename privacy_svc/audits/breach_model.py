"""Table of personal data breaches (Art. 33(5) GDPR): all of them, also those that nobody had to be told of.

`sealed` is opened by the organisation's own key: what happened is told in words that may name people.
"""

from datetime import datetime, timedelta

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from privacy_svc.db import Base, new_id, now

BREACH = 30
"""Field id of `Breach.sealed`."""
BREACH_EVENT = 31
"""Field id of `BreachEvent.sealed`."""
CLOCK = timedelta(hours=72)
"""Art. 33(1): hours of the clock, holidays or not, from when the controller is aware."""


class Breach(Base):
    """What is known of one breach. Each change is an entry of the log as well."""

    __tablename__ = "breaches"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    aware_at: Mapped[datetime]
    began_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    """The span in which data were touched, as far as it is known."""
    client: Mapped[str | None]
    """Through whose token, where it was one of ours."""
    registered_at: Mapped[datetime] = mapped_column(default=now)
    registered_by: Mapped[str]
    categories: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Of data, in fideslang's words."""
    subjects: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    """Kinds of people: customers, employees."""
    people: Mapped[int | None]
    records: Mapped[int | None]
    """About how many."""
    risk: Mapped[str | None]
    """`unlikely`, `risk` or `high` to the rights of people; None until somebody has assessed it."""
    assessed_at: Mapped[datetime | None]
    assessed_by: Mapped[str | None]
    authority_told_at: Mapped[datetime | None]
    people_told_at: Mapped[datetime | None]
    people_exempt: Mapped[str | None]
    """The point of Art. 34(3) that makes telling them unnecessary."""
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]
    sealed: Mapped[bytes]
    """nature, consequences, measures, and the reasons of each decision."""

    @property
    def authority_due(self) -> datetime:
        return self.aware_at + CLOCK


class BreachEvent(Base):
    """One judgement of a breach, or one time that somebody was told of it: what came later takes nothing of it away."""

    __tablename__ = "breach_events"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    breach_id: Mapped[str] = mapped_column(ForeignKey("breaches.id"), index=True)
    kind: Mapped[str]
    """`assessed`, `authority` or `people`."""
    at: Mapped[datetime] = mapped_column(default=now)
    """When it was noted."""
    by: Mapped[str]
    risk: Mapped[str | None]
    told_at: Mapped[datetime | None]
    exempt: Mapped[str | None]
    replaces: Mapped[str | None]
    """The event that it corrects."""
    sealed: Mapped[bytes]
    """Its words, as of `Breach.sealed`."""
