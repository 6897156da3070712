"""Is it the person? A one-time code to the address already on file, or a named member of the staff with a reason.

A code is six digits, ten minutes, five tries; only its keyed hash is kept. Nothing tells from outside whether a
person is known: for somebody unknown a code is made, counted and checked all the same, and sent to nobody; what takes
its time, mail and the look into the customer store, comes after the answer.
"""

import hmac
import secrets
from datetime import timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from privacy_svc.db import now
from privacy_svc.errors import BadRequest, Conflict
from privacy_svc.http import CustomerRef
from privacy_svc.mail import Letter
from privacy_svc.rights import asking, choosing, clock, details
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

_SOON = timedelta(minutes=1)
"""By then the process that opened a request has sent its first code."""


def require_code_left(session: Session, request: DataRequest) -> None:
    """The same for somebody we know and somebody we do not. Raises Conflict."""
    _require_verifying(request)
    code = session.get(VerificationCode, request.id)
    if code is not None and code.sent >= CODES:
        raise Conflict("Too many codes were sent for this request; a member of the staff verifies the person.")


def new_code(session: Session, parts: Parts, request: DataRequest, actor: str) -> tuple[str, Letter] | None:
    """Address and letter to send once this transaction is done; None where there is no address, which only staff are
    told. The earlier code is void. Raises Conflict."""
    require_code_left(session, request)
    address = reach(session, parts, request)
    digits = f"{secrets.randbelow(1_000_000):06d}"
    hashed, expires_at = _hash(session, parts, request, digits), now() + timedelta(minutes=MINUTES)
    code = session.get(VerificationCode, request.id)
    if code is None:
        code = VerificationCode(request_id=request.id, code_hash=hashed, expires_at=expires_at, sent=0)
        session.add(code)
    code.code_hash, code.expires_at, code.attempts, code.sent = hashed, expires_at, 0, code.sent + 1
    parts.note(session, request, Event.CODE_SENT if address else Event.CODE_NOT_SENT, actor, number=code.sent)
    if address is None:
        return None
    return address, Letters(parts.organisation, request.language).code(request.kind, digits, MINUTES)


def waits_for_first_code(session: Session, request: DataRequest) -> bool:
    return request.state == State.VERIFYING and session.get(VerificationCode, request.id) is None


def without_code(session: Session) -> list[str]:
    """Requests whose first code should have gone out by now."""
    has_code = exists().where(VerificationCode.request_id == DataRequest.id)
    late = DataRequest.opened_at < now() - _SOON
    verifying = DataRequest.state == State.VERIFYING.value
    return list(session.scalars(select(DataRequest.id).where(verifying, late, ~has_code).limit(100)))


def check_code(session: Session, parts: Parts, request: DataRequest, digits: str, actor: str) -> bool:
    """Whether the code is right; the request then goes on. A wrong one counts, and is logged: the caller
    commits in both cases."""
    _require_verifying(request)
    code = session.get(VerificationCode, request.id, with_for_update=True)
    given = _hash(session, parts, request, digits)
    if code is not None and code.attempts < TRIES and code.expires_at > now():
        code.attempts += 1
        if request.subject_id is not None and hmac.compare_digest(code.code_hash, given):
            session.delete(code)
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
