"""Tables of subjects and keys. Wrapped keys only; the root epochs live in the key provider.

Opened by: page keys by their root epoch; data and evidence keys by their page key.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from privacy_svc.db import Base, new_id, now


class Subject(Base):
    """A person, whatever the number of rows that speak of them. `kind` is a fideslang data subject;
    `organisation` is the organisation itself, whose key seals log payloads about nobody in particular."""

    __tablename__ = "subjects"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str]
    state_version: Mapped[int] = mapped_column(default=1)
    """Rises with every consent, objection, restriction, erasure; decisions name the one they read."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    erased_at: Mapped[datetime | None]


class PageKey(Base):
    """Wraps the keys of at most 1,024 subjects."""

    __tablename__ = "page_keys"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    page: Mapped[int] = mapped_column(index=True)
    """Stays when the key is replaced. For people: two processes may give two new pages one number."""
    generation: Mapped[int] = mapped_column(default=1)
    epoch: Mapped[int]
    wrapped: Mapped[bytes]
    subjects: Mapped[int] = mapped_column(default=0)
    """How many subjects were placed on this page; a full page takes no more."""
    replace_due: Mapped[bool] = mapped_column(default=False)
    """Somebody of this page was erased while the key provider was away: the key is still to be replaced."""


class SubjectKey(Base):
    """A person's data key (dies at erasure) or evidence key (opens what must outlive it)."""

    __tablename__ = "subject_keys"
    __table_args__ = (Index("ix_subject_keys_page", "page_key_id"),)

    subject_id: Mapped[str] = mapped_column(ForeignKey("subjects.id"), primary_key=True)
    use: Mapped[str] = mapped_column(primary_key=True)
    """`data` or `evidence`."""
    generation: Mapped[int] = mapped_column(primary_key=True)
    page_key_id: Mapped[str] = mapped_column(ForeignKey("page_keys.id"))
    wrapped: Mapped[bytes | None]
    """None once destroyed."""
    commitment: Mapped[bytes]


class IndexRoot(Base):
    """The organisation's blind index root, by generation, wrapped by a root epoch."""

    __tablename__ = "index_roots"

    generation: Mapped[int] = mapped_column(primary_key=True)
    epoch: Mapped[int]
    wrapped: Mapped[bytes]


class Fence(Base):
    """An erased person: no write and no read passes it, whatever a restored backup says."""

    __tablename__ = "fences"

    subject_id: Mapped[str] = mapped_column(primary_key=True)
    erased_through: Mapped[int]
    """Highest key generation erased."""
    request_id: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(default=now)
