"""Tables of the log. Leaves hold no personal data; payloads are opened by the person's data key, or by
their evidence key where a legal claim may need them (`use`), or by the organisation's own."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from privacy_svc.db import Base

Number = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in a column of this exact type."""


class Outbox(Base):
    """Entries written with what they record, waiting for their place in the tree."""

    __tablename__ = "audit_outbox"

    number: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(unique=True)
    at: Mapped[datetime]
    type: Mapped[str]
    actor: Mapped[str]
    subject_id: Mapped[str | None]
    leaf: Mapped[bytes]
    mac: Mapped[bytes | None]
    """Of the leaf, by the organisation's key (mac.py). None of an entry that a version without MACs wrote."""
    refused: Mapped[str | None]
    """Why the sequencer passes it over: it is no entry of this service (waiting.py)."""


class Entry(Base):
    """An entry of the tree. `leaf` is what is hashed; the other columns, for searching, are checked against it."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_subject", "subject_id", "index"),
        Index("ix_audit_entries_type", "type", "index"),
        Index("ix_audit_entries_actor", "actor", "index"),
    )

    index: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(unique=True)
    at: Mapped[datetime] = mapped_column(index=True)
    type: Mapped[str]
    actor: Mapped[str]
    subject_id: Mapped[str | None]
    leaf: Mapped[bytes]


class EntryMember(Base):
    """One person of an entry about many. After their erasure a hash without a name is in the place of the tag."""

    __tablename__ = "audit_members"
    __table_args__ = (Index("ix_audit_members_subject", "subject_id", "entry_id"),)

    entry_id: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    subject_id: Mapped[str | None]
    tag: Mapped[bytes]
    group: Mapped[int]
    version: Mapped[int] = mapped_column(BigInteger)
    """Of the person's state."""


class CrowdPart(Base):
    """A part of the members of an entry about a crowd (crowds.py): 28 bytes each, in the order of their tags."""

    __tablename__ = "audit_crowds"
    __table_args__ = (Index("ix_audit_crowds_ends", "month", "first", "last", "entry_id", "part"),)

    entry_id: Mapped[str] = mapped_column(primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    month: Mapped[str]
    first: Mapped[bytes]
    last: Mapped[bytes]
    """The lowest and the highest tag."""
    members: Mapped[bytes]
    root: Mapped[bytes | None]
    """Of the members' tree, so that a proof reads one part. None of a list that a version without roots wrote."""


class MonthTag(Base):
    """A person's tag of this month or the next, so that it need not be made again; it goes with their erasure."""

    __tablename__ = "audit_month_tags"
    __table_args__ = (Index("ix_audit_month_tags_month", "month", "subject_id"),)

    subject_id: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[str] = mapped_column(primary_key=True)
    tag: Mapped[bytes]
    """With its MAC: `crowds.KeptTags`."""


class Payload(Base):
    """Salt and payload, sealed under `owner_id`'s key; a tombstone after that person's erasure, which is nobody's."""

    __tablename__ = "audit_payloads"
    __table_args__ = (Index("ix_audit_payloads_owner", "owner_id"),)

    entry_id: Mapped[str] = mapped_column(primary_key=True)
    owner_id: Mapped[str]
    use: Mapped[str]
    sealed: Mapped[bytes]


class Tile(Base):
    """Up to 256 hashes of level 8 * `level` of the tree (C2SP tlog-tiles)."""

    __tablename__ = "audit_tiles"

    level: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    hashes: Mapped[bytes]


class Tree(Base):
    """One row: how many entries are in the tree. Whoever raises it has the turn."""

    __tablename__ = "audit_tree"

    id: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    first: Mapped[int] = mapped_column(BigInteger, default=0)
    """Entries below it were pruned."""
    halted: Mapped[str | None]
    """Why nothing is signed until a person has looked."""
    signed_ms: Mapped[int | None] = mapped_column(BigInteger)
    """When it was signed last, in milliseconds by the database's clock: all processes together sign once a second."""
    mac: Mapped[bytes | None]
    """Of its size and root, by the organisation's key (mac.py). None, or one of before, where a version without MACs
    wrote last."""
    record_id: Mapped[str | None]
    """Of the record outside the database (record_id.py)."""


class SignedCheckpoint(Base):
    """Every checkpoint ever signed."""

    __tablename__ = "audit_checkpoints"

    size: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    note: Mapped[str]


class Cosignature(Base):
    """What a witness said of a checkpoint: its signature lines."""

    __tablename__ = "audit_cosignatures"

    size: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    witness: Mapped[str] = mapped_column(primary_key=True)
    lines: Mapped[str]
