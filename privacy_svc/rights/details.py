"""What was said about a request: what the person asks for, staff's reasons, letters. Sealed for the DPO.

Sealed by the person's evidence key, so that a claim about a refused or done request can be answered after an
erasure; by the organisation's key while we hold nothing about the person.
"""

from typing import Any

from sqlalchemy.orm import Session

from privacy_svc.rights.model import DETAILS, DataRequest
from privacy_svc.vault import SubjectCipher, Vault


def cipher_of(session: Session, vault: Vault, request: DataRequest) -> SubjectCipher:
    if request.subject_id is None:
        return vault.organisation_cipher(session)
    return vault.cipher(session, request.subject_id, use="evidence")


def read(session: Session, vault: Vault, request: DataRequest) -> dict[str, Any]:
    """Raises Erased once the evidence about the person has met its end, also where there was nothing to read."""
    cipher = cipher_of(session, vault, request)
    if request.details is None:
        return {}
    opened = cipher.open(DETAILS, request.id, request.details)
    assert isinstance(opened, dict)
    return opened


def add(session: Session, vault: Vault, request: DataRequest, **more: Any) -> None:
    known = read(session, vault, request)
    request.details = cipher_of(session, vault, request).seal(DETAILS, request.id, known | more)
