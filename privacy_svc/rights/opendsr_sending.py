"""An erasure told to a recipient that speaks OpenDSR 2.0: we are the controller, it is the processor.

1 discovery    it knows erasure and the kind of identity that it knows our people by
2 certificate  the one it names on its own domain, issued by an authority; kept, for its callbacks
3 status       at every try but the first: it may have taken the request before we could note it
4 request      its signed receipt repeats exactly what we sent
"""

import base64
import hashlib
from typing import TypeVar

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from privacy_svc.db import Database, now
from privacy_svc.http import encode
from privacy_svc.outbound import Answer, host_of
from privacy_svc.policy import Party, Tell, TellBy
from privacy_svc.rights import opendsr
from privacy_svc.rights.opendsr import NotTrusted
from privacy_svc.rights.outcome import Message, Outcome, refused
from privacy_svc.rights.parts import Parts
from privacy_svc.rights.recipients_model import ProcessorCertificate

CALLBACKS = "/opendsr/v2/callbacks"
T = TypeVar("T")


def send(parts: Parts, said: Message, party: Party, database: Database) -> Outcome:
    """Raises Unreachable, Misconfigured."""
    assert party.tell is not None
    if said.identity is None and not said.told:
        return Outcome(problem="no_identity", hopeless=True)
    try:
        return _Processor(parts, said, party.tell, database).tell()
    except NotTrusted as error:
        return Outcome(problem=str(error))
    except msgspec.MsgspecError:
        return Outcome(problem="unclear_answer")


class _Processor:
    """One recipient, for one message."""

    def __init__(self, parts: Parts, said: Message, tell: Tell, database: Database) -> None:
        self.parts, self.said, self.way, self.database = parts, said, tell, database
        self.domain = host_of(tell.url)

    def tell(self) -> Outcome:
        found = self._call("GET", "/discovery")
        if found.status != 200:
            return refused(found.status)
        discovery = msgspec.json.decode(found.body, type=opendsr.Discovery)
        known = {(i.identity_type, i.identity_format) for i in discovery.supported_identities}
        if (
            "erasure" not in discovery.supported_subject_request_types
            or (self.way.identity, self.way.identity_format) not in known
        ):
            return Outcome(problem="not_supported", hopeless=True)
        certificate = self._certificate(discovery.processor_certificate)
        if self.said.told or self.said.tries > 1:
            status = self._status(certificate)
            if status is not None or self.said.told:
                return status or Outcome(problem="status_unknown")
        return self._request(certificate)

    def _certificate(self, url: str) -> x509.Certificate:
        if host_of(url) != self.domain:
            raise NotTrusted("wrong_domain")
        answer = self.parts.outbound.call("GET", url, headers={"Accept": "*/*"})
        if answer.status != 200:
            raise NotTrusted("no_certificate")
        leaf = opendsr.trusted(answer.body, self.domain)
        pem = leaf.public_bytes(Encoding.PEM).decode()
        assert self.said.recipient is not None
        row = ProcessorCertificate(recipient=self.said.recipient.key, domain=self.domain, pem=pem, checked_at=now())
        with self.database.write() as session:
            session.merge(row)
        return leaf

    def _status(self, certificate: x509.Certificate) -> Outcome | None:
        """None where it does not know the request."""
        answer = self._call("GET", f"/requests/{self.said.event_id}")
        if answer.status != 200:
            return None
        found = self._signed(certificate, answer, opendsr.Status)
        if found.subject_request_id != self.said.event_id or found.request_status not in opendsr.STATUSES:
            return Outcome(problem="unclear_answer")
        return self._sent(found.request_status, found)

    def _request(self, certificate: x509.Certificate) -> Outcome:
        body = self._body()
        answer = self._call("POST", "/requests", body)
        if answer.status not in {200, 201}:
            return refused(answer.status)
        receipt = self._signed(certificate, answer, opendsr.Receipt)
        repeated = "".join(receipt.encoded_request.split())
        if receipt.subject_request_id != self.said.event_id or repeated != base64.b64encode(body).decode():
            return Outcome(problem="another_receipt")
        return self._sent("pending", receipt)

    def _sent(self, answer: str, found: opendsr.Receipt | opendsr.Status) -> Outcome:
        return Outcome(sent=True, by=TellBy.OPENDSR.value, answer=answer, expected_at=found.expected_completion_time)

    def _body(self) -> bytes:
        value = self.said.identity or ""
        if self.way.identity == "email":
            value = value.strip().lower()
        if self.way.identity_format == "sha256":
            value = hashlib.sha256(value.encode()).hexdigest()
        wanted = opendsr.Request(
            subject_request_id=self.said.event_id,
            subject_request_type="erasure",
            submitted_time=self.said.received_at,
            subject_identities=[opendsr.Identity(self.way.identity, self.way.identity_format, value)],
            status_callback_urls=[self.parts.settings.base_url.rstrip("/") + CALLBACKS],
        )
        return encode(wanted)

    def _call(self, method: str, path: str, body: bytes = b"") -> Answer:
        headers = {"Content-Type": "application/json"} if body else {}
        if self.said.secrets:
            headers["Authorization"] = f"Bearer {self.said.secrets[0]}"
        ours = opendsr.signing_of(self.parts.settings)
        if ours is not None and body:
            headers |= ours.sign(body)
        return self.parts.outbound.call(method, self.way.url + path, headers=headers, body=body)

    def _signed(self, certificate: x509.Certificate, answer: Answer, kind: type[T]) -> T:
        opendsr.check(certificate, self.domain, answer.headers, answer.body)
        return msgspec.json.decode(answer.body, type=kind)
