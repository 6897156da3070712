"""Staff sign-in: a one-time link, printed by the command line, opens a session in one browser.

The session's secret is made at sign-in and never taken from the browser, so nobody can plant one
(session fixation). OWASP ASVS 5.0 §7: idle and absolute expiry.
"""

from datetime import timedelta

from litestar.datastructures import Cookie
from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, Log
from privacy_svc.db import now
from privacy_svc.http import Caller, Role
from privacy_svc.identity.errors import SessionEnded
from privacy_svc.identity.model import StaffLink, StaffSession
from privacy_svc.identity.secret import digest, new_secret
from privacy_svc.identity.service import STAFF, caller_of, require_name, require_role

COOKIE = "privacy_session"
LINK_PATH = "/dpo/sign-in"
LINK_LIFE = timedelta(minutes=15)
IDLE = timedelta(minutes=30)
LIFE = timedelta(hours=12)


def create_link(session: Session, log: Log, role: Role, name: str, actor: str = "command-line") -> str:
    """The token of a link that works once, for 15 minutes: `{base_url}{LINK_PATH}?token=…`."""
    require_name(name)
    require_role(role, STAFF)
    token = new_secret()
    session.execute(delete(StaffLink).where(StaffLink.expires_at <= now()))
    session.add(StaffLink(token_hash=digest(token), role=str(role), name=name, expires_at=now() + LINK_LIFE))
    log.append(session, EventType.LINK_CREATED, actor=actor, payload={"name": name, "role": str(role)})
    return token


def redeem_link(session: Session, log: Log, token: str) -> str | None:
    """The secret of a fresh session, for `session_cookie`. None when the link is unknown, used or expired: that is
    logged in this transaction, so the boundary refuses only after its commit."""
    at = now()
    link = session.execute(
        update(StaffLink)
        .where(StaffLink.token_hash == digest(token), StaffLink.used_at.is_(None), StaffLink.expires_at > at)
        .values(used_at=at)
        .returning(StaffLink.role, StaffLink.name)
    ).one_or_none()
    if link is None:
        log.append(session, EventType.SIGN_IN_FAILED, actor="unknown", payload={"by": "link"})
        return None
    secret = new_secret()
    session.execute(delete(StaffSession).where(_ended()))
    session.add(StaffSession(secret_hash=digest(secret), role=link.role, name=link.name))
    log.append(session, EventType.SESSION_STARTED, actor=link.name, payload={"role": link.role})
    return secret


def caller_of_session(session: Session, cookie: str | None) -> Caller:
    """The person of the staff behind a session cookie. Raises SessionEnded."""
    return caller_of(find_session(session, cookie))


def find_session(session: Session, cookie: str | None) -> StaffSession:
    wanted = select(StaffSession).where(StaffSession.secret_hash == digest(cookie or ""), ~_ended())
    found = session.scalar(wanted)
    if found is None:
        raise SessionEnded("Nobody is signed in with this session.")
    return found


def end_session(session: Session, log: Log, cookie: str) -> None:
    """Signs out; a session that is not there is as good as ended."""
    ended = delete(StaffSession).where(StaffSession.secret_hash == digest(cookie)).returning(StaffSession.name)
    name = session.scalar(ended)
    if name is not None:
        log.append(session, EventType.SESSION_ENDED, actor=name, payload={})


def session_cookie(secret: str, base_url: str) -> Cookie:
    """Given to the browser at sign-in. With an empty secret it takes the cookie away."""
    return Cookie(
        key=COOKIE,
        value=secret,
        path="/",
        max_age=int(LIFE.total_seconds()) if secret else 0,
        httponly=True,
        secure=base_url.startswith("https:"),
        samesite="strict",
    )


def _ended() -> ColumnElement[bool]:
    at = now()
    return or_(StaffSession.created_at <= at - LIFE, StaffSession.last_used_at <= at - IDLE)
