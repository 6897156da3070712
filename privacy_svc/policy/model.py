"""Tables of this room. Policy text is not personal data: nothing here is sealed."""

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from privacy_svc.db import Base, now


class PolicyVersion(Base):
    """The files of every policy that was in force, so that a decision's version stays readable."""

    __tablename__ = "policy_versions"

    version: Mapped[str] = mapped_column(primary_key=True)
    """`sha256:` over the files."""
    files: Mapped[str] = mapped_column(Text)
    """JSON: path within the folder to text."""
    first_seen_at: Mapped[datetime] = mapped_column(default=now)
