"""Staff sign-in: a one-time link, printed by the command line, opens a session in one browser."""

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, Log
from privacy_svc.db import now
from privacy_svc.http import Role
from privacy_svc.identity.failures import STAFF_FAILURES, note_failure
from privacy_svc.identity.limits import Reached
from privacy_svc.identity.model import StaffLink
from privacy_svc.identity.names import Holder, take_name
from privacy_svc.identity.secret import digest, new_secret
from privacy_svc.identity.service import STAFF, require_role
from privacy_svc.identity.sessions import start_session

LINK_PATH = "/dpo/sign-in"
LINK_LIFE = timedelta(minutes=15)


def create_link(
    session: Session, log: Log, role: Role, name: str, actor: str = "command-line", modules: Collection[str] = ()
) -> str:
    """The token of a link that works once, for 15 minutes: `{base_url}{LINK_PATH}?token=…`. Raises Conflict where the
    name is a module's, a client's or an account's."""
    require_role(role, STAFF)
    take_name(session, name, Holder.LINK, modules)
    token = new_secret()
    session.execute(delete(StaffLink).where(StaffLink.expires_at <= now()))
    session.add(StaffLink(token_hash=digest(token), role=str(role), name=name, expires_at=now() + LINK_LIFE))
    log.append(session, EventType.LINK_CREATED, actor=actor, payload={"name": name, "role": str(role)})
    return token


def redeem_link(session: Session, log: Log, token: str, network: str, before: str = "") -> str | Reached | None:
    """The secret of a fresh session, for `session_cookie`; that of `before` ends. None when the link is unknown, used
    or expired: that is logged in this transaction, so the boundary refuses only after its commit."""
    at = now()
    link = session.execute(
        update(StaffLink)
        .where(StaffLink.token_hash == digest(token), StaffLink.used_at.is_(None), StaffLink.expires_at > at)
        .values(used_at=at)
        .returning(StaffLink.role, StaffLink.name)
    ).one_or_none()
    if link is None:
        return note_failure(session, log, STAFF_FAILURES, network, by="link")
    return start_session(session, log, Role(link.role), link.name, before=before)
