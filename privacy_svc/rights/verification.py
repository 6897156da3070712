"""Is it the person? A one-time code to the address already on file, or a named member of the staff with a reason.

A code is six digits, ten minutes, five tries; only its keyed hash is kept. Nothing tells from outside whether a
person is known: for somebody unknown a code is made, counted and checked all the same, and sent to nobody; what takes
its time, mail and the look into the customer store, comes after the answer.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from privacy_svc.db import now
from privacy_svc.errors import BadRequest, Conflict
from privacy_svc.http import CustomerRef
from privacy_svc.mail import Letter
from privacy_svc.rights import asking, choosing, clock, details, flooding
from privacy_svc.rights.address import reach
from privacy_svc.rights.approval import after_verification
from privacy_svc.rights.letters import Letters
from privacy_svc.rights.model import DataRequest, VerificationCode
from privacy_svc.rights.parts import Event, Parts
from privacy_svc.rights.states import State

MINUTES = 10
TRIES = 5
CODES = 5
"""Codes made for one request, so that tries cannot be had without end."""

_UNMADE = b""
"""The hash of a code that is reserved: nothing hashes to it."""
_SOON = timedelta(minutes=1)
"""By then the process that opened a request has sent its first code."""


def reserve(session: Session, request: DataRequest) -> None:
    """One of the request's codes is spent, and the earlier one is void: at once, before anybody is answered, and the
    same for somebody we know and somebody we do not. It is made and mailed by `fill`. Raises Conflict."""
    _require_verifying(request)
    code = session.get(VerificationCode, request.id, with_for_update=True)
    if code is None:
        code = VerificationCode(request_id=request.id, code_hash=_UNMADE, expires_at=now(), sent=0)
        session.add(code)
    elif code.sent >= CODES:
        raise Conflict("Too many codes were sent for this request; a member of the staff verifies the person.")
    code.code_hash, code.expires_at, code.attempts, code.sent = _UNMADE, now(), 0, code.sent + 1
    session.flush()


@dataclass(frozen=True, slots=True)
class Reserved:
    """A code that is to be made, and where it goes. Another reservation, or another address, is another one."""

    number: int
    at: datetime
    address: str | None
    language: str | None

    def __repr__(self) -> str:
        return f"Reserved({self.number})"


def reserved(session: Session, parts: Parts, request: DataRequest) -> Reserved | None:
    """None where there is nothing to make. Raises KeyUnavailable, StoreUnavailable."""
    code = session.get(VerificationCode, request.id)
    if request.state != State.VERIFYING or code is None or code.code_hash != _UNMADE:
        return None
    address = reach(session, parts, request)
    return Reserved(code.sent, code.expires_at, address, request.language)


def fill(
    session: Session, parts: Parts, request: DataRequest, wanted: Reserved, actor: str
) -> tuple[Event, str | None, Letter] | None:
    """What became of it, the address and the letter to send once this transaction is done; None where somebody was
    faster. For somebody unknown it is made just the same."""
    code = session.get(VerificationCode, request.id, with_for_update=True)
    due = code is not None and code.code_hash == _UNMADE and (code.sent, code.expires_at) == (wanted.number, wanted.at)
    if code is None or not due or request.state != State.VERIFYING:
        return None
    request.language = request.language or wanted.language
    digits = f"{secrets.randbelow(1_000_000):06d}"
    code.code_hash, code.expires_at = _hash(session, parts, request, digits), now() + timedelta(minutes=MINUTES)
    became = Event.CODE_NOT_SENT
    if wanted.address is not None:
        may = flooding.may_mail(session, request.subject_id, now())
        became = Event.CODE_SENT if may else Event.CODE_WITHHELD
    parts.note(session, request, became, actor, number=code.sent)
    return became, wanted.address, Letters(parts.organisation, request.language).code(request.kind, digits, MINUTES)


def without_code(session: Session) -> list[str]:
    """Requests whose code should have gone out by now."""
    unmade = exists().where(VerificationCode.request_id == DataRequest.id, VerificationCode.code_hash == _UNMADE)
    late = DataRequest.opened_at < now() - _SOON
    verifying = DataRequest.state == State.VERIFYING.value
    return list(session.scalars(select(DataRequest.id).where(verifying, late, unmade).limit(100)))


def check_code(session: Session, parts: Parts, request: DataRequest, digits: str, actor: str) -> bool:
    """Whether the code is right; the request then goes on. A wrong one counts, and is logged: the caller
    commits in both cases."""
    _require_verifying(request)
    code = session.get(VerificationCode, request.id, with_for_update=True)
    given = _hash(session, parts, request, digits)
    if code is not None and code.attempts < TRIES and code.expires_at > now():
        code.attempts += 1
        if request.subject_id is not None and hmac.compare_digest(code.code_hash, given):
            _verified(session, parts, request, actor, "code")
            return True
    parts.note(session, request, Event.VERIFICATION_FAILED, actor, attempt=code.attempts if code else 0)
    return False


def vouch(
    session: Session, parts: Parts, request: DataRequest, reason: str, actor: str, who: CustomerRef | None = None
) -> None:
    """A member of the staff verified the person in another way, and says how; `who`: which of several people with the
    same address."""
    _require_verifying(request)
    if not reason.strip():
        raise BadRequest("Say how the person was verified.")
    if who is not None:
        choosing.choose(session, parts, request, who, actor)
    if request.subject_id is None and details.read(session, parts.vault, request).get(choosing.AMBIGUOUS):
        raise Conflict("Several people have this address: find out which of them it is, and name the `customer`.")
    if request.subject_id is None:
        raise Conflict("We hold nothing about this person: there is nobody to verify. Refuse the request or cancel it.")
    details.add(session, parts.vault, request, verification=reason)
    _verified(session, parts, request, actor, "staff")


def accept_sender(session: Session, parts: Parts, request: DataRequest, sender: str) -> None:
    """An OpenDSR sender, of whom policy says that it verifies identities, vouches by its signature."""
    _require_verifying(request)
    _verified(session, parts, request, sender, "sender")


def accept_signed_in(session: Session, parts: Parts, request: DataRequest, actor: str) -> None:
    """The code that signed the person in went to the address on file."""
    _require_verifying(request)
    _verified(session, parts, request, actor, "session")


def _verified(session: Session, parts: Parts, request: DataRequest, actor: str, how: str) -> None:
    at = now()
    request.verified_at, request.verified_by, request.verified_how = at, actor, how
    clock.identified(parts.policy, request, at)
    session.execute(delete(VerificationCode).where(VerificationCode.request_id == request.id))
    parts.note(session, request, Event.VERIFIED, actor, how=how)
    if request.waiting_for == asking.About.IDENTITY:
        asking.settle(session, parts, request, actor, how="verified")
    after_verification(session, parts, request, actor)


def _require_verifying(request: DataRequest) -> None:
    if request.state != State.VERIFYING:
        raise Conflict(f"The request is {request.state}; only one that is verifying can be verified.")


def _hash(session: Session, parts: Parts, request: DataRequest, digits: str) -> bytes:
    """HMAC-SHA256 under a key of the person: a stolen table of hashes of six digits tells nothing."""
    return details.cipher_of(session, parts.vault, request).tag(f"verification:{request.id}:{digits}", 32)
