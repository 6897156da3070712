"""OpenDSR 2.0 as others call us: senders' requests become requests like any other, recipients' callbacks an answer in
the ledger. A sender is known by its token and, where it changes anything, by its signature over the raw body.
"""

import hashlib
import re
from collections.abc import Mapping

from cryptography import x509
from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.db import now
from privacy_svc.errors import BadRequest, Conflict, Fault, Forbidden, InvalidBody, NotFound, UnknownCustomer
from privacy_svc.http import CustomerRef, decode
from privacy_svc.outbound import host_of, url_fault
from privacy_svc.policy import Sender
from privacy_svc.rights import approval, courier, notices, opendsr, verification
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.opendsr_callbacks import STATUS
from privacy_svc.rights.opendsr_model import OpenDsrCallback, OpenDsrRequest
from privacy_svc.rights.opendsr_sending import CALLBACKS
from privacy_svc.rights.opening import Wanted, open_request
from privacy_svc.rights.outcome import Outcome
from privacy_svc.rights.parts import Parts, find
from privacy_svc.rights.recipients_model import ProcessorCertificate, RecipientNotice
from privacy_svc.rights.states import Right, State

RIGHTS = {"access": Right.ACCESS, "portability": Right.PORTABILITY, "erasure": Right.ERASURE}
IDENTITIES = {"controller_customer_id": "id", "email": "email"}
CHANNEL = "opendsr"
MOST_CALLBACKS = 5
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def sender_of(parts: Parts, name: str) -> Sender:
    """The client's name is the sender's in organisation.yml. Raises Forbidden."""
    found = parts.organisation.senders.get(name)
    if found is None:
        raise Forbidden(f"organisation.yml has no opendsr_senders entry {name!r}.")
    return found


def take(
    session: Session, parts: Parts, sender: Sender, headers: Mapping[str, str], body: bytes
) -> tuple[OpenDsrRequest, DataRequest]:
    """The sender's request, opened; sent again unchanged it is the same. Raises Forbidden, BadRequest, Conflict."""
    _require_signed(sender, headers, body)
    wanted = decode(body, opendsr.Request)
    _check(sender, wanted)
    fingerprint = _fingerprint(session, parts, body)
    known = session.get(OpenDsrRequest, (wanted.subject_request_id, sender.key))
    if known is not None:
        if known.fingerprint != fingerprint:
            raise Conflict("This subject_request_id was sent before with another request.")
        return known, find(session, known.request_id)
    customer = _customer(session, parts, wanted.subject_identities)
    right, signed = RIGHTS[wanted.subject_request_type], "The sender signed when it was submitted."
    asked = Wanted(right, customer, wanted.submitted_time, CHANNEL, received_reason=signed)
    request = open_request(session, parts, asked, sender.key)
    taken = OpenDsrRequest(
        id=wanted.subject_request_id, sender=sender.key, request_id=request.id, fingerprint=fingerprint
    )
    session.add(taken)
    for url in dict.fromkeys(wanted.status_callback_urls):
        session.add(OpenDsrCallback(request_id=request.id, url=url, status="pending", next_at=now()))
    if sender.verifies_identity and request.subject_id is not None:
        verification.accept_sender(session, parts, request, sender.key)
    return taken, request


def find_taken(session: Session, sender: Sender, subject_request_id: str) -> tuple[OpenDsrRequest, DataRequest]:
    """The sender's own only. Raises NotFound."""
    taken = session.get(OpenDsrRequest, (subject_request_id, sender.key))
    if taken is None:
        raise NotFound("There is no such subject_request_id of yours.")
    return taken, find(session, taken.request_id)


def cancel(session: Session, parts: Parts, sender: Sender, subject_request_id: str) -> OpenDsrRequest:
    """§9: while it is pending. Raises NotFound, Conflict."""
    taken, _ = find_taken(session, sender, subject_request_id)
    request = find(session, taken.request_id, lock=True)
    if request.merged_into is not None:
        raise Conflict("The person asked for the same before; the two requests go on as one.")
    if STATUS[State(request.state)] != "pending":
        raise Conflict(f"The request is {STATUS[State(request.state)]}; only a pending one can be cancelled.")
    approval.end(session, parts, request, sender.key, withdrawn=True)
    return taken


def take_callback(session: Session, parts: Parts, headers: Mapping[str, str], body: bytes) -> None:
    """§8.8: the signature first, then what it says. A status never goes back.

    Raises Forbidden, BadRequest, NotFound.
    """
    domain = headers.get(opendsr.DOMAIN, "").lower()
    signers = [r for r in _certificates(session, domain) if _signed(r, headers, body)]
    if not signers:
        raise Forbidden("No recipient that we send to has signed this.")
    told = decode(body, opendsr.Status)
    if told.status_callback_url != parts.settings.base_url.rstrip("/") + CALLBACKS:
        raise BadRequest("status_callback_url is not ours.")
    if told.request_status not in opendsr.STATUSES:
        raise BadRequest(f"request_status is one of {', '.join(opendsr.STATUSES)}.")
    notice = session.scalars(
        select(RecipientNotice)
        .where(
            RecipientNotice.event_id == told.subject_request_id,
            RecipientNotice.recipient.in_([s.recipient for s in signers]),
        )
        .with_for_update()
    ).first()
    if notice is None:
        raise NotFound("We sent you no such request.")
    present = opendsr.STATUSES.index(notice.answer) if notice.answer in opendsr.STATUSES else -1
    if notice.answer not in opendsr.FINAL and opendsr.STATUSES.index(told.request_status) > present:
        request = find(session, notice.request_id, lock=True)
        if notice.told_at is None:
            notices.note_told(session, parts, request, notice, "opendsr", notice.recipient)
        said = Outcome(answer=told.request_status, expected_at=told.expected_completion_time)
        courier.note_progress(session, parts, request, notice, said)


def _require_signed(sender: Sender, headers: Mapping[str, str], body: bytes) -> None:
    certificate = x509.load_pem_x509_certificate(sender.certificate.encode())
    try:
        opendsr.check(certificate, sender.domain, headers, body)
    except opendsr.NotTrusted as error:
        raise Forbidden(f"The signature over the body does not hold: {error}.") from None


def _check(sender: Sender, wanted: opendsr.Request) -> None:
    faults = []
    if not _ID.fullmatch(wanted.subject_request_id):
        faults.append(Fault("/subject_request_id", "is a UUID of version 4 in small letters"))
    if wanted.subject_request_type not in RIGHTS:
        faults.append(Fault("/subject_request_type", f"is one of {', '.join(RIGHTS)}"))
    if wanted.regulation != "gdpr":
        faults.append(Fault("/regulation", "is gdpr: requests under another law are not carried out here"))
    if wanted.api_version.partition(".")[0] != "2":
        faults.append(Fault("/api_version", "is 2.0"))
    if len(wanted.status_callback_urls) > MOST_CALLBACKS:
        faults.append(Fault("/status_callback_urls", f"has at most {MOST_CALLBACKS} addresses"))
    for number, url in enumerate(wanted.status_callback_urls):
        host = host_of(url) if url_fault(url) is None else ""
        if host != sender.domain and not host.endswith("." + sender.domain):
            faults.append(Fault(f"/status_callback_urls/{number}", f"is an https address of {sender.domain}"))
    if faults:
        raise InvalidBody("The request does not fit OpenDSR 2.0 as it is spoken here.", faults=faults)


def _customer(session: Session, parts: Parts, identities: list[opendsr.Identity]) -> CustomerRef:
    """The one person whom the identities mean. Nobody known by an address is a request like any other."""
    refs = [_reference(identity) for identity in identities]
    if not refs:
        raise InvalidBody("subject_identities names nobody.")
    found = {s: ref for ref in refs if (s := parts.directory.find(session, ref) or _in_store(session, parts, ref))}
    if len(found) > 1:
        raise Conflict("These identities are of several people.")
    return next(iter(found.values()), refs[0])


def _in_store(session: Session, parts: Parts, ref: CustomerRef) -> str | None:
    try:
        return parts.directory.admit(session, ref)
    except UnknownCustomer:
        return None


def _reference(identity: opendsr.Identity) -> CustomerRef:
    if identity.identity_type not in IDENTITIES or identity.identity_format != "raw":
        raise InvalidBody("Identities are controller_customer_id and email, raw; see /opendsr/v2/discovery.")
    return CustomerRef(**{IDENTITIES[identity.identity_type]: identity.identity_value})


def _fingerprint(session: Session, parts: Parts, body: bytes) -> bytes:
    return parts.vault.organisation_cipher(session).tag(f"opendsr:{hashlib.sha256(body).hexdigest()}", 32)


def _certificates(session: Session, domain: str) -> list[ProcessorCertificate]:
    return list(session.scalars(select(ProcessorCertificate).where(ProcessorCertificate.domain == domain)))


def _signed(row: ProcessorCertificate, headers: Mapping[str, str], body: bytes) -> bool:
    try:
        opendsr.check(x509.load_pem_x509_certificate(row.pem.encode()), row.domain, headers, body)
    except opendsr.NotTrusted:
        return False
    return True
