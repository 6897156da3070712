"""Tables of subjects and keys. Wrapped keys only; the root epochs live in the key provider.

Opened by: page keys by their root epoch; data and evidence keys by their page key.
"""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from privacy_svc.db import Base, new_id, now

BIRTH = 8
"""Field id of `Subject.birth`, in values sealed by the person's data key."""


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
    of_age: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """18 or 21, whichever the person has reached; 0 where they have not, or it is not known. This and the next three
    are what the customer store says; the store room writes them."""
    birth: Mapped[bytes | None]
    """The birth date of who is younger than 21, sealed by the data key; None where it is not known, or not needed."""
    country: Mapped[str | None]
    ended_on: Mapped[date | None]
    """The local day on which the relationship ended; None while it lasts, or where the store does not tell."""


class PageKey(Base):
    """Wraps the keys of at most 1,024 subjects."""

    __tablename__ = "page_keys"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    page: Mapped[int] = mapped_column(index=True)
    """Stays when the key is replaced. For people: two processes may give two new pages one number."""
    generation: Mapped[int] = mapped_column(default=1)
    epoch: Mapped[int] = mapped_column(index=True)
    wrapped: Mapped[bytes]
    subjects: Mapped[int] = mapped_column(default=0)
    """How many subjects were placed on this page; a full page takes no more."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    replace_due: Mapped[bool] = mapped_column(default=False)
    """Somebody of this page was erased while the key provider was away: the key is still to be replaced."""


class SubjectKey(Base):
    """A person's data key (dies at erasure) or evidence key (opens what must outlive it, until a date of its own);
    `tag` keeps what log tags are keyed with when the data key it came from is replaced, and dies with the data key."""

    __tablename__ = "subject_keys"
    __table_args__ = (Index("ix_subject_keys_page", "page_key_id"),)

    subject_id: Mapped[str] = mapped_column(ForeignKey("subjects.id"), primary_key=True)
    use: Mapped[str] = mapped_column(primary_key=True)
    """`data`, `evidence` or `tag`."""
    generation: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    page_key_id: Mapped[str] = mapped_column(ForeignKey("page_keys.id"))
    wrapped: Mapped[bytes | None]
    """None once destroyed."""
    commitment: Mapped[bytes]


class RootEpoch(Base):
    """What we know of the provider's root keys. Destroyed ones stay as a record, with the provider's receipt."""

    __tablename__ = "root_epochs"

    epoch: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    created_at: Mapped[datetime] = mapped_column(default=now)
    retired_at: Mapped[datetime | None]
    """Nothing has been wrapped under it since."""
    ordered_at: Mapped[datetime | None]
    """The provider is about to be told to destroy it: from then on it may be gone."""
    destroyed_at: Mapped[datetime | None]
    """From then on nothing wrapped under it opens, in no backup; with a key service later than our order."""
    receipt: Mapped[str | None]


class IndexRoot(Base):
    """The organisation's blind index root, by generation, wrapped by a root epoch."""

    __tablename__ = "index_roots"

    generation: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    epoch: Mapped[int]
    wrapped: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(default=now)
    complete: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    """Every indexed row has its entries of this generation; before that, searches ask the older one too."""


class Fence(Base):
    """An erased person: no write and no read passes it, whatever a restored backup says."""

    __tablename__ = "fences"

    subject_id: Mapped[str] = mapped_column(primary_key=True)
    erased_through: Mapped[int]
    """Highest key generation erased."""
    request_id: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(default=now)
    page_replaced_at: Mapped[datetime | None]
    """From then on only backups of the key tables hold what could open the person's key, until their root key ends."""
    readmitted_at: Mapped[datetime | None]
    """The person came back, explicitly: keys of later generations are theirs."""
    evidence_until: Mapped[datetime | None]
    """When the evidence key is to end; None for who came back."""
    evidence_ended_at: Mapped[datetime | None]
    evidence_through: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """Highest generation of the evidence key destroyed."""


class LedgerEntry(Base):
    """An erasure, a re-admission, a key's end: what must be repeated after a restore. Exported to the fence
    ledger outside this database, which gives it its number."""

    __tablename__ = "fence_ledger"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[int | None] = mapped_column(unique=True)
    kind: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=now)
    body: Mapped[str]
    """JSON: ids, generations and epochs, no personal data."""
