"""Tables of requests that other organisations send us by OpenDSR. Nothing in them is personal."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from privacy_svc.db import Base, now


class OpenDsrRequest(Base):
    """A request that another organisation sent us by OpenDSR. Its body is not kept: it names the person."""

    __tablename__ = "opendsr_requests"

    id: Mapped[str] = mapped_column(primary_key=True)
    """The sender's `subject_request_id`."""
    sender: Mapped[str] = mapped_column(primary_key=True)
    request_id: Mapped[str] = mapped_column(ForeignKey("requests.id"), index=True)
    fingerprint: Mapped[bytes]
    """Keyed hash of the body: the same request sent again is answered again."""
    received_at: Mapped[datetime] = mapped_column(default=now)


class OpenDsrCallback(Base):
    """An address that a sender wants told of each new status, and how far that is."""

    __tablename__ = "opendsr_callbacks"

    request_id: Mapped[str] = mapped_column(ForeignKey("requests.id"), primary_key=True)
    url: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[str]
    """What they were told last."""
    next_at: Mapped[datetime | None] = mapped_column(index=True)
    tries: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str | None]
