"""Clients and their tokens. A token is shown once and kept as a hash."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Select, bindparam, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, Log
from privacy_svc.db import now
from privacy_svc.errors import BadRequest, Conflict, NotFound, NotSignedIn, nearest
from privacy_svc.http import Caller, Role
from privacy_svc.identity.errors import UnknownToken
from privacy_svc.identity.model import BrowserSession, Client
from privacy_svc.identity.names import Holder, take_name
from privacy_svc.identity.secret import digest, new_secret

PREFIX = "psv_"
STAFF = frozenset({Role.DPO, Role.ADMIN, Role.AUDITOR})
TRUE_TO = timedelta(minutes=1)
"""How exact `last_used_at` is: finer would make every read a write."""
_ROLES = STAFF | {Role.MODULE, Role.SENDER}


def add_client(
    session: Session, log: Log, name: str, role: Role, actor: str, modules: Collection[str] = ()
) -> tuple[Client, str]:
    """The client and its token, which cannot be had again. `modules`: whose names only they have. Raises Conflict while
    the name is in use, or is somebody else's."""
    require_role(role, _ROLES)
    take_name(session, name, Holder.CLIENT, () if role is Role.MODULE else modules)
    token = new_secret(PREFIX)
    client = Client(name=name, role=str(role), token_hash=digest(token))
    try:
        with session.begin_nested():
            session.add(client)
    except IntegrityError:
        raise Conflict(f"There is a client {name!r} already; revoke it first, or take another name.") from None
    log.append(session, EventType.CLIENT_ADDED, actor=actor, payload={"client": name, "role": str(role)})
    return client, token


def revoke_client(session: Session, log: Log, name: str, actor: str) -> Client:
    """The token stops working with this transaction's commit. Raises NotFound."""
    client = session.scalar(_live().where(Client.name == name).with_for_update())
    if client is None:
        near = nearest(name, [c.name for c in session.scalars(_live())])
        raise NotFound("There is no such client" + (f"; did you mean {near!r}?" if near else "."))
    client.revoked_at = now()
    log.append(session, EventType.CLIENT_REVOKED, actor=actor, payload={"client": name, "role": client.role})
    return client


def list_clients(session: Session) -> Sequence[Client]:
    """All, revoked ones too, oldest first."""
    return session.scalars(select(Client).order_by(Client.created_at, Client.id)).all()


def authenticate(session: Session, header: str | None) -> Caller:
    """The caller behind an `Authorization` header. Raises NotSignedIn; UnknownToken for a token that is not live."""
    return caller_of(find_client(session, header))


class LiveClient(NamedTuple):
    """What a call needs of its client, past the mapper."""

    id: str
    name: str
    role: str
    last_used_at: datetime | None


def find_client(session: Session, header: str | None) -> LiveClient:
    """Raises NotSignedIn, UnknownToken."""
    (found,) = find_clients(session, [token_hash(header)])
    if isinstance(found, UnknownToken):
        raise found
    return found


def token_hash(header: str | None) -> bytes:
    """RFC 6750 §2.1: `Bearer <token>`, the scheme in any case. Raises NotSignedIn."""
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotSignedIn("Send `Authorization: Bearer <token>`.")
    return digest(token.strip())


def find_clients(session: Session, hashes: Sequence[bytes]) -> list[LiveClient | UnknownToken]:
    """The live clients with these tokens, in their order."""
    rows = session.connection().execute(_BY_TOKEN, {"hashes": list(set(hashes))})
    found = {row.token_hash: LiveClient(row.id, row.name, row.role, row.last_used_at) for row in rows}
    return [found.get(h) or UnknownToken("This token is not known or was revoked.") for h in hashes]


def note_use(session: Session, credential: LiveClient | BrowserSession) -> None:
    """Writes the minute of last use. Two processes that do so at once write once."""
    kind, at = BrowserSession if isinstance(credential, BrowserSession) else Client, now()
    stale = or_(kind.last_used_at.is_(None), kind.last_used_at <= at - TRUE_TO)
    session.execute(update(kind).where(kind.id == credential.id, stale).values(last_used_at=at))


def use_is_stale(credential: LiveClient | BrowserSession, at: datetime) -> bool:
    return credential.last_used_at is None or credential.last_used_at <= at - TRUE_TO


def caller_of(credential: LiveClient | BrowserSession) -> Caller:
    subject_id = credential.subject_id if isinstance(credential, BrowserSession) else None
    return Caller(credential.id, credential.name, Role(credential.role), subject_id)


def require_role(role: Role, known: frozenset[Role]) -> None:
    if role not in known:
        raise BadRequest(f"The role is one of {', '.join(sorted(known))}.")


def _live() -> Select[Client]:
    return select(Client).where(Client.revoked_at.is_(None))


_BY_TOKEN = select(Client.token_hash, Client.id, Client.name, Client.role, Client.last_used_at).where(
    Client.revoked_at.is_(None), Client.token_hash.in_(bindparam("hashes", expanding=True))
)
"""Built once: every call of a module begins with it."""
