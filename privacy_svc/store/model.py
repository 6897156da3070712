"""What we keep about the customer stores: which row is which person, blind indexes, sealed columns.

Nothing here is sealed: a row key is the CRM's own pseudonym, an index value is a truncated keyed hash.
"""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from privacy_svc.db import Base


class SubjectRow(Base):
    """A row of an identity collection is a person. The link outlives erasure, so that the row answers `erased`."""

    __tablename__ = "subject_rows"

    dataset: Mapped[str] = mapped_column(primary_key=True)
    collection: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[str] = mapped_column(ForeignKey("subjects.id"), index=True)


class IndexEntry(Base):
    """One value of a blind index. Derived data: rebuilt from the store, dropped at erasure."""

    __tablename__ = "index_entries"
    __table_args__ = (
        Index("ix_index_entries_lookup", "field_id", "normaliser", "value"),
        Index("ix_index_entries_subject_id", "subject_id"),
    )

    field_id: Mapped[int] = mapped_column(primary_key=True)
    normaliser: Mapped[str] = mapped_column(primary_key=True)
    row: Mapped[str] = mapped_column(primary_key=True)
    generation: Mapped[int] = mapped_column(primary_key=True, default=1)
    """Of the index root. While the index is rebuilt, a row has entries of two."""
    proposed: Mapped[bool] = mapped_column(primary_key=True, default=False)
    """Of a value sealed for a module that may never write it: stands beside the entry of what the row held."""
    subject_id: Mapped[str]
    value: Mapped[int] = mapped_column(BigInteger)


class FactWalk(Base):
    """How far the round over everybody's facts has come in a collection of people, named as in `subject_rows`."""

    __tablename__ = "fact_walks"

    dataset: Mapped[str] = mapped_column(primary_key=True)
    collection: Mapped[str] = mapped_column(primary_key=True)
    after: Mapped[str]
    """The key of the last person looked at."""
    ended_at: Mapped[datetime | None]
    """When the last round ended; None while one is under way."""


class SealedColumn(Base):
    """A column we sealed, and what it was, so that `unseal` can give it back."""

    __tablename__ = "sealed_columns"

    field_id: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str]
    """dataset.collection.field when it was sealed."""
    original_type: Mapped[str]
    """As the database writes it: a type, or on MariaDB the whole definition of the column."""
    kind: Mapped[str] = mapped_column(default="text")
    """What its values are, in the words of `kinds`."""
    original_default: Mapped[str | None]
    """PostgreSQL: the default's expression, where the type was changed."""
    prefixed: Mapped[str | None]
    """MariaDB: names of indexes that got a prefix length of the column, by commas."""
    sealed_at: Mapped[datetime | None]
    """Since when values are sealed on write. None while the column is being made ready, or unsealed."""
    complete_at: Mapped[datetime | None]
    """The last run that left nothing in clear which belongs to somebody. None: rows in clear are to be expected."""
