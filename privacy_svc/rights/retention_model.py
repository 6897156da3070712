"""Table of how far the worker is with each retention rule. Row keys are the CRM's own, and name nobody."""

from datetime import date

from sqlalchemy.orm import Mapped, mapped_column

from privacy_svc.db import Base


class RetentionMark(Base):
    """A round goes through all rows once, over as many days as it takes."""

    __tablename__ = "retention_marks"

    rule: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date]
    """The organisation's local day that `taken` counts."""
    taken: Mapped[int] = mapped_column(default=0)
    after: Mapped[str | None]
    """The last row that was looked at; None at the beginning, and when the day's round is over."""
    finished: Mapped[bool] = mapped_column(default=False)
