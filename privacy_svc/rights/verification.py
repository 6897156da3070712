"""Is it the person? A one-time code to the address already on file, or a named member of the staff with a reason.

A code is six digits, ten minutes, five tries; only its keyed hash is kept. Nothing tells from outside whether a
person is known: the answers are the same.
"""

import hmac
import secrets
from datetime import timedelta

from sqlalchemy.orm import Session

from privacy_svc.db import now
from privacy_svc.errors import BadRequest, Conflict
from privacy_svc.mail import Letter
from privacy_svc.rights import details, letters
from privacy_svc.rights.address import address_of
from privacy_svc.rights.approval import after_verification
from privacy_svc.rights.errors import AddressMissing
from privacy_svc.rights.model import DataRequest, VerificationCode
from privacy_svc.rights.opening import deadline_of
from privacy_svc.rights.parts import Event, Parts
from privacy_svc.rights.states import State

MINUTES = 10
TRIES = 5
CODES = 5
"""Codes made for one request, so that tries cannot be had without end."""


def new_code(session: Session, parts: Parts, request: DataRequest, actor: str) -> tuple[str, Letter]:
    """Address and letter to send once this transaction is done. The earlier code is void. Raises AddressMissing."""
    _require_verifying(request)
    address = address_of(session, parts, request.subject_id) if request.subject_id else None
    if not address:
        raise AddressMissing("A code cannot be sent: there is no e-mail address on file.")
    digits = f"{secrets.randbelow(1_000_000):06d}"
    hashed, expires_at = _hash(session, parts, request, digits), now() + timedelta(minutes=MINUTES)
    code = session.get(VerificationCode, request.id)
    if code is None:
        code = VerificationCode(request_id=request.id, code_hash=hashed, expires_at=expires_at, sent=0)
        session.add(code)
    if code.sent >= CODES:
        raise Conflict("Too many codes were sent for this request; a member of the staff verifies the person.")
    code.code_hash, code.expires_at, code.attempts, code.sent = hashed, expires_at, 0, code.sent + 1
    parts.note(session, request, Event.CODE_SENT, actor, number=code.sent)
    return address, letters.code(parts.organisation, request.kind, digits, MINUTES)


def waits_for_first_code(session: Session, request: DataRequest) -> bool:
    return request.state == State.VERIFYING and session.get(VerificationCode, request.id) is None


def check_code(session: Session, parts: Parts, request: DataRequest, digits: str, actor: str) -> bool:
    """Whether the code is right; the request then goes on. A wrong one counts, and is logged: the caller
    commits in both cases."""
    _require_verifying(request)
    code = session.get(VerificationCode, request.id, with_for_update=True)
    usable = code is not None and code.attempts < TRIES and code.expires_at > now()
    if code is not None and usable:
        code.attempts += 1
        if hmac.compare_digest(code.code_hash, _hash(session, parts, request, digits)):
            session.delete(code)
            _verified(session, parts, request, actor, "code")
            return True
    parts.note(session, request, Event.VERIFICATION_FAILED, actor, attempt=code.attempts if code else 0)
    return False


def vouch(session: Session, parts: Parts, request: DataRequest, reason: str, actor: str) -> None:
    """A member of the staff verified the person in another way, and says how."""
    _require_verifying(request)
    if not reason.strip():
        raise BadRequest("Say how the person was verified.")
    if request.subject_id is None:
        raise Conflict("We hold nothing about this person: there is nobody to verify. Refuse the request or cancel it.")
    details.add(session, parts.vault, request, verification=reason)
    _verified(session, parts, request, actor, "staff")


def _verified(session: Session, parts: Parts, request: DataRequest, actor: str, how: str) -> None:
    request.verified_at, request.verified_by, request.verified_how = now(), actor, how
    if parts.profile.identity_starts_clock:
        due = deadline_of(parts.policy, request.verified_at)
        request.due_at, request.due_conservative = due.due_at, due.due_conservative
    parts.note(session, request, Event.VERIFIED, actor, how=how)
    after_verification(session, parts, request)


def _require_verifying(request: DataRequest) -> None:
    if request.state != State.VERIFYING:
        raise Conflict(f"The request is {request.state}; only one that is verifying can be verified.")


def _hash(session: Session, parts: Parts, request: DataRequest, digits: str) -> bytes:
    """HMAC-SHA256 under a key of the person: a stolen table of hashes of six digits tells nothing."""
    return details.cipher_of(session, parts.vault, request).tag(f"verification:{request.id}:{digits}", 32)
