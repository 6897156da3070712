"""Tables of callers. Only hashes of secrets are kept; names are those of modules and staff roles, not of customers."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from privacy_svc.db import Base, new_id, now

_LIVE = text("revoked_at IS NULL")


class Client(Base):
    """A holder of a bearer token: a module of the CRM, or a tool of the staff."""

    __tablename__ = "clients"
    __table_args__ = (Index("ix_clients_live_name", "name", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    """Unique among clients that are not revoked; what the audit log calls the actor."""
    role: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    """True to the minute."""


class ActorName(Base):
    """Whom the log means by a name; see `names`."""

    __tablename__ = "actor_names"

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]


class StaffLink(Base):
    """A one-time way in for a person of the staff."""

    __tablename__ = "staff_links"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    role: Mapped[str]
    name: Mapped[str]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class BrowserSession(Base):
    """Somebody who is signed in, in one browser: a person of the staff, or a customer."""

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    secret_hash: Mapped[bytes] = mapped_column(unique=True)
    role: Mapped[str]
    name: Mapped[str]
    """What the audit log calls the actor; of a customer only that it was the person."""
    subject_id: Mapped[str | None] = mapped_column(index=True)
    """The customer. Their sessions end with their key."""
    account_hash: Mapped[bytes | None] = mapped_column(index=True)
    """Of the staff's account with the OpenID provider, by which it signs them out; none of who came by a link."""
    provider_session_hash: Mapped[bytes | None]
    """Of the session there, where the provider names it."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_used_at: Mapped[datetime] = mapped_column(default=now)
    """True to the minute."""


class StaffAccount(Base):
    """What the log calls an account of the OpenID provider. It stays so, and is nobody else's: whoever may rename
    themselves there would else be somebody else here, or a second person who approves."""

    __tablename__ = "staff_accounts"

    account_hash: Mapped[bytes] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


class StaffFlow(Base):
    """A sign-in by the OpenID provider that was begun in one browser and has not come back."""

    __tablename__ = "staff_flows"

    flow_hash: Mapped[bytes] = mapped_column(primary_key=True)
    """Of the secret that the browser holds; everything else of the flow is made of that secret."""
    expires_at: Mapped[datetime] = mapped_column(index=True)


class SignInCode(Base):
    """A code that was asked for in one browser. For an address that nobody has, there is a row like any other."""

    __tablename__ = "sign_in_codes"

    flow_hash: Mapped[bytes] = mapped_column(primary_key=True)
    """Of the secret that the browser holds."""
    code_hash: Mapped[bytes]
    """Keyed by that secret: six digits of a stolen table cannot be guessed."""
    subject_id: Mapped[str | None]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    tries: Mapped[int] = mapped_column(default=0)


class Tally(Base):
    """How often something was done since its window began; the count is shared by all processes."""

    __tablename__ = "tallies"

    key_hash: Mapped[bytes] = mapped_column(primary_key=True)
    count: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(index=True)
