"""Tables of packages and the links to them.

Opened by: a package by the person's data key, so that what was given out dies with them.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, deferred, mapped_column

from privacy_svc.db import Base, new_id, now

PACKAGE = 4
"""Field id of the sealed value."""


class RequestPackage(Base):
    """What was given out, sealed by the data key."""

    __tablename__ = "request_packages"

    request_id: Mapped[str] = mapped_column(ForeignKey("requests.id"), primary_key=True)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subjects.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    size: Mapped[int]
    sha256: Mapped[str]
    sealed: Mapped[bytes] = deferred(mapped_column(LargeBinary))


class PackageLink(Base):
    """A way to fetch a package without signing in. The token itself is kept nowhere; see `links`."""

    __tablename__ = "package_links"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[str] = mapped_column(ForeignKey("requests.id"), index=True)
    digest: Mapped[bytes | None] = mapped_column(unique=True)
    """sha256 of the token."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    most: Mapped[int]
    used: Mapped[int] = mapped_column(default=0)
    """Downloads."""
    revoked_at: Mapped[datetime | None]
