"""Table of what other systems, or people, have to do in the course of a request.

Opened by: who it is about, and what was said of it, by the evidence key, because an erasure leaves nothing else to say
it by; what was read elsewhere by the data key, like a package. `place` and `problem` are words of the policy and ours.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, text
from sqlalchemy.orm import Mapped, deferred, mapped_column

from privacy_svc.db import Base, now

ABOUT, GATHERED, SAID = 21, 22, 23
"""Field ids of the sealed values."""
OPEN, DONE, FAILED = "open", "done", "failed"
HTTP, MANUAL = "http", "manual"


class RequestWork(Base):
    """One connector's part in one request."""

    __tablename__ = "request_works"

    request_id: Mapped[str] = mapped_column(ForeignKey("requests.id"), primary_key=True)
    place: Mapped[str] = mapped_column(primary_key=True)
    """Key of the connector in the policy."""
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(default=OPEN)
    opened_at: Mapped[datetime] = mapped_column(default=now)
    next_at: Mapped[datetime | None] = mapped_column(index=True)
    """When a worker turns to it; None while it waits for a person, and at the end."""
    tries: Mapped[int] = mapped_column(default=0)
    lifts: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """The restriction is over: it is to be ended there too."""
    problem: Mapped[str | None]
    about: Mapped[bytes | None]
    """What the other system knows the person by."""
    mailed_at: Mapped[datetime | None]
    """When the person in charge was written to."""
    gathered: Mapped[bytes | None] = deferred(mapped_column(LargeBinary, nullable=True))
    rows: Mapped[int] = mapped_column(default=0)
    """How many were read there, corrected or found erased."""
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None]
    said: Mapped[bytes | None]
    """How a person shows that it is done."""
