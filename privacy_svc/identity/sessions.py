"""Sessions of browsers: staff and customers alike. OWASP ASVS 5.0 §7: idle and absolute expiry, listed, revocable.

A session's secret is made at sign-in and never taken from the browser, so nobody can plant one (session fixation);
the session that the browser had before ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from litestar.datastructures import Cookie
from sqlalchemy import ColumnElement, delete, exists, or_, select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, Log
from privacy_svc.db import now
from privacy_svc.errors import NotFound
from privacy_svc.http import Caller, Role
from privacy_svc.identity.cookies import make_cookie
from privacy_svc.identity.errors import SessionEnded
from privacy_svc.identity.model import BrowserSession, SignInCode
from privacy_svc.identity.secret import digest, new_secret
from privacy_svc.identity.service import caller_of
from privacy_svc.vault import Subject

COOKIE = "privacy_session"
CUSTOMER_COOKIE = "privacy_centre"
"""Of its own, so that somebody of the staff who is a customer too is both, each in its place."""
IDLE = timedelta(minutes=30)
LIFE = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Account:
    """Whom an OpenID provider means, and which of their sessions there; nothing in it names anybody."""

    account_hash: bytes
    session_hash: bytes | None = None

    @property
    def short(self) -> str:
        """By which the log tells accounts apart, whatever they are called."""
        return self.account_hash.hex()[:12]


@dataclass(frozen=True, slots=True)
class Ended:
    """An OpenID provider signed somebody out: of the session that it names, else of all that the account has."""

    account_hash: bytes | None
    session_hash: bytes | None
    at: datetime


def start_session(
    session: Session,
    log: Log,
    role: Role,
    name: str,
    *,
    subject_id: str | None = None,
    account: Account | None = None,
    before: str = "",
) -> str:
    """The secret of a fresh session, for `session_cookie`. `before`: the secret that the browser had until now."""
    secret = new_secret()
    session.execute(delete(BrowserSession).where(_ended()))
    if before:
        end_session(session, log, before)
    started = BrowserSession(secret_hash=digest(secret), role=str(role), name=name, subject_id=subject_id)
    payload = {"role": str(role)}
    if account is not None:
        started.account_hash, started.provider_session_hash = account.account_hash, account.session_hash
        payload["account"] = account.short
    session.add(started)
    log.append(session, EventType.SESSION_STARTED, actor=name, subject_id=subject_id, payload=payload)
    return secret


def caller_of_session(session: Session, cookie: str | None) -> Caller:
    """The person behind a session cookie. Raises SessionEnded."""
    return caller_of(find_session(session, cookie))


def find_session(session: Session, cookie: str | None) -> BrowserSession:
    found = session.scalar(select(BrowserSession).where(BrowserSession.secret_hash == digest(cookie or ""), _lives()))
    if found is None:
        raise SessionEnded("Nobody is signed in with this session.")
    return found


def end_session(session: Session, log: Log, cookie: str) -> BrowserSession | None:
    """Signs out; a session that is not there is as good as ended. The one that was."""
    found = session.scalar(select(BrowserSession).where(BrowserSession.secret_hash == digest(cookie)))
    if found is not None:
        _end(session, log, found, found.name, EventType.SESSION_ENDED)
    return found


def end_by_provider(session: Session, log: Log, ended: Ended) -> int:
    """Those that it names and that had begun when it said so: said again, it ends no later one. How many there were."""
    found = session.scalars(select(BrowserSession).where(_meant(ended), BrowserSession.created_at <= ended.at)).all()
    for one in found:
        _end(session, log, one, one.name, EventType.SESSION_ENDED, by="provider")
    return len(found)


def _meant(ended: Ended) -> ColumnElement[bool]:
    """Of an account that it names none of another's; and all whose ID token named no session there, since it may be
    the one that is meant."""
    theirs = BrowserSession.account_hash == ended.account_hash
    if ended.session_hash is None:
        return theirs
    this = BrowserSession.provider_session_hash == ended.session_hash
    return this if ended.account_hash is None else theirs & (this | BrowserSession.provider_session_hash.is_(None))


def list_sessions(session: Session, subject_id: str | None = None, name: str | None = None) -> Sequence[BrowserSession]:
    """Of one customer, or of the staff, or of the member of the staff with this name; those that live, the last used
    first."""
    whose = BrowserSession.subject_id.is_(None) if subject_id is None else BrowserSession.subject_id == subject_id
    found = select(BrowserSession).where(whose, _lives()).order_by(BrowserSession.last_used_at.desc())
    return session.scalars(found if name is None else found.where(BrowserSession.name == name)).all()


def revoke_session(
    session: Session,
    log: Log,
    session_id: str,
    actor: str,
    subject_id: str | None = None,
    name: str | None = None,
) -> None:
    """The browser is signed out with this transaction's commit. Reaches what `list_sessions` lists: a customer's own,
    those of the staff, or one's own there. Raises NotFound."""
    found = next((s for s in list_sessions(session, subject_id, name) if s.id == session_id), None)
    if found is None:
        raise NotFound("There is no such session, or it has ended.")
    _end(session, log, found, actor, EventType.SESSION_REVOKED)


def end_all(session: Session, log: Log, subject_id: str, actor: str) -> None:
    """Signs a customer out of every browser; codes that wait to be typed work no more either."""
    session.execute(delete(SignInCode).where(SignInCode.subject_id == subject_id))
    for one in list_sessions(session, subject_id):
        _end(session, log, one, actor, EventType.SESSION_REVOKED)


def session_cookie(secret: str, base_url: str, name: str = COOKIE) -> Cookie:
    """Given to the browser at sign-in. With an empty secret it takes the cookie away. A customer's is sent along when
    they follow a link of a mail to us; what changes something needs a request from our own pages besides."""
    samesite: Literal["lax", "strict"] = "lax" if name == CUSTOMER_COOKIE else "strict"
    return make_cookie(name, secret, base_url, int(LIFE.total_seconds()), samesite)


def _end(session: Session, log: Log, ended: BrowserSession, actor: str, event: EventType, **told: str) -> None:
    gone = delete(BrowserSession).where(BrowserSession.id == ended.id).returning(BrowserSession.id)
    if session.scalar(gone) is not None:
        payload = told if event == EventType.SESSION_ENDED else {"name": ended.name}
        log.append(session, event, actor=actor, subject_id=ended.subject_id, payload=payload)


def _ended() -> ColumnElement[bool]:
    at = now()
    return or_(BrowserSession.created_at <= at - LIFE, BrowserSession.last_used_at <= at - IDLE)


def _lives() -> ColumnElement[bool]:
    erased = exists().where(Subject.id == BrowserSession.subject_id, Subject.erased_at.is_not(None))
    return ~_ended() & ~erased
