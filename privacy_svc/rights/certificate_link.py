"""The link by which somebody who was erased has their certificate: they cannot sign in any more.

Its token is worked out from the evidence key, so nobody keeps it; the last letter has it, and it works as long as that
key lives. What it leads to is the newest issue, and holds no personal data.
"""

import base64
import hmac

from sqlalchemy.orm import Session

from privacy_svc.errors import Erased
from privacy_svc.rights import details
from privacy_svc.rights.errors import CertificateLinkGone
from privacy_svc.rights.model import DataRequest, RequestCertificate
from privacy_svc.rights.parts import Parts

PATH = "/c"


def where(session: Session, parts: Parts, request: DataRequest) -> str:
    """The link. Raises Erased once the evidence key has ended."""
    return f"{parts.settings.base_url}{PATH}/{_token(session, parts, request)}"


def fetch(session: Session, parts: Parts, token: str) -> tuple[str, str]:
    """The request's id and the certificate. Changes nothing. Raises CertificateLinkGone, whatever is wrong."""
    request_id = token.partition(".")[0]
    request, found = session.get(DataRequest, request_id), session.get(RequestCertificate, request_id)
    try:
        known = _token(session, parts, request) if request and found else ""
    except Erased:
        known = ""
    if found is None or not hmac.compare_digest(known.encode(), token.encode(errors="replace")):
        raise CertificateLinkGone("The link is not complete, or its time is over.")
    return request_id, found.document


def _token(session: Session, parts: Parts, request: DataRequest) -> str:
    tag = details.cipher_of(session, parts.vault, request).tag(f"certificate-link/{request.id}", 32)
    return f"{request.id}.{base64.urlsafe_b64encode(tag).rstrip(b'=').decode()}"
