"""An OpenDSR 2.0 processor that is not ours: it signs with `cryptography` alone and remembers what it was asked."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256

from tests.certificates import Authority, Issued
from tests.listening import Heard, Listener, Said, listening

HOST = "127.0.0.1"
DUE = "2026-12-24T12:00:00Z"


def signature(issued: Issued, body: bytes) -> str:
    return base64.b64encode(issued.key.sign(body, padding.PKCS1v15(), SHA256())).decode()


@dataclass
class Processor:
    issued: Issued
    url: str = ""
    requests: dict[str, dict[str, Any]] = field(default_factory=dict)
    status: str = "pending"
    types: tuple[str, ...] = ("erasure",)
    identities: tuple[tuple[str, str], ...] = (("controller_customer_id", "raw"), ("email", "sha256"))
    certificate: str = ""
    certificate_url: str = ""
    domain: str = HOST
    forgets: bool = False
    """Takes a request and answers 500."""
    spoil: bool = False
    """Signs something else than it says."""
    heard: list[Heard] = field(default_factory=list)

    def answer(self, heard: Heard) -> Said:
        self.heard.append(heard)
        if heard.path == "/v2/cert.pem":
            return Said(200, (self.certificate or self.issued.pem).encode())
        if heard.path == "/v2/discovery":
            known = [{"identity_type": t, "identity_format": f} for t, f in self.identities]
            where = self.certificate_url or f"{self.url}/cert.pem"
            return self.signed(
                200,
                api_version="2.0",
                supported_identities=known,
                supported_subject_request_types=list(self.types),
                processor_certificate=where,
            )
        if heard.method == "POST" and heard.path == "/v2/requests":
            return self.take(heard)
        return self.tell(heard.path.rpartition("/")[2])

    def take(self, heard: Heard) -> Said:
        asked = json.loads(heard.body)
        self.requests[asked["subject_request_id"]] = asked
        if self.forgets:
            return Said(500)
        return self.signed(
            201,
            controller_id="acme",
            expected_completion_time=DUE,
            received_time="2026-11-24T12:00:00Z",
            encoded_request=base64.b64encode(heard.body).decode(),
            subject_request_id=asked["subject_request_id"],
        )

    def tell(self, request_id: str) -> Said:
        if request_id not in self.requests:
            return self.signed(404, error={"code": 404})
        return self.signed(200, **self.state(request_id))

    def state(self, request_id: str) -> dict[str, Any]:
        return {
            "controller_id": "acme",
            "expected_completion_time": DUE,
            "subject_request_id": request_id,
            "request_status": self.status,
            "results_count": 3,
        }

    def signed(self, status: int, **answer: Any) -> Said:
        body = json.dumps(answer, indent=1).encode()
        return Said(status, body, self.headers(body + b" " if self.spoil else body))

    def headers(self, body: bytes) -> dict[str, str]:
        return {"X-OpenDSR-Processor-Domain": self.domain, "X-OpenDSR-Signature": signature(self.issued, body)}


@cache
def _trusted() -> tuple[Authority, Issued]:
    authority = Authority()
    return authority, authority.issue(HOST)


@contextmanager
def processing(folder: Path, monkeypatch: Any) -> Iterator[tuple[Processor, Authority]]:
    """At `<url>/v2`; its authority is one that this machine trusts."""
    authority, issued = _trusted()
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.write(folder / "authority.pem")))
    processor = Processor(issued)
    server: Listener
    with listening(processor.answer) as server:
        processor.url = server.url + "/v2"
        yield processor, authority
