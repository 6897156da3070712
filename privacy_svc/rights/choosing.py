"""Several people have the address that a request names: nothing tells that from outside, and a person of the staff, who
finds out which of them it is, names them as they verify them."""

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from privacy_svc.errors import BadRequest, Conflict, Erased
from privacy_svc.http import CustomerRef
from privacy_svc.rights import details
from privacy_svc.rights.model import ATTACHED, DETAILS, DataRequest, RequestFile, VerificationCode
from privacy_svc.rights.parts import Parts
from privacy_svc.vault import SubjectCipher, normalise

AMBIGUOUS = "ambiguous"
"""Noted in the sealed details, for staff."""


def choose(session: Session, parts: Parts, request: DataRequest, customer: CustomerRef, actor: str) -> None:
    """From here on the request is theirs, and what was said is sealed for them. Raises Conflict, BadRequest,
    UnknownCustomer, Erased."""
    said = details.read(session, parts.vault, request)
    if request.subject_id is not None or not said.get(AMBIGUOUS):
        raise Conflict("Only where several people share an address is one of them named.")
    subject_id = parts.directory.admit(session, customer, actor)
    if parts.directory.key_of(session, subject_id) is None:
        raise Erased("This person's data were erased; there is nothing left to ask for.")
    if not _has(session, parts, subject_id, str(said["contact"])):
        raise BadRequest("This person is none of those who have the address.")
    before = details.cipher_of(session, parts.vault, request)
    request.subject_id = subject_id
    after = details.cipher_of(session, parts.vault, request)
    kept = {name: value for name, value in said.items() if name not in {AMBIGUOUS, "contact"}}
    request.details = after.seal(DETAILS, request.id, kept)
    _reseal_files(session, request, before, after)
    session.execute(delete(VerificationCode).where(VerificationCode.request_id == request.id))


def _has(session: Session, parts: Parts, subject_id: str, contact: str) -> bool:
    kind, region = "email" if "@" in contact else "phone", parts.organisation.phone_region
    theirs = parts.directory.contacts(session, [subject_id]).get(subject_id, ())
    wanted = normalise(kind, contact, region)
    return any(c.kind == kind and normalise(kind, c.value, region) == wanted for c in theirs)


def _reseal_files(session: Session, request: DataRequest, before: SubjectCipher, after: SubjectCipher) -> None:
    for file in session.scalars(select(RequestFile).where(RequestFile.request_id == request.id)):
        held: Any = before.open(ATTACHED, file.id, file.sealed)
        file.sealed = after.seal(ATTACHED, file.id, held)
