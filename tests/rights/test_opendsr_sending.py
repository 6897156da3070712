"""OpenDSR 2.0 as the controller: an erasure is sent to a processor, and its word on it is checked."""

import base64
import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from privacy_svc.db import now
from privacy_svc.errors import BadRequest, Forbidden, NotFound
from privacy_svc.rights import Recipients, Right
from privacy_svc.rights.opendsr_receiving import take_callback
from tests.certificates import Authority
from tests.conftest import ONE_DATABASE
from tests.rights.company import ANA, Company
from tests.rights.processor import DUE, Processor, processing
from tests.rights.telling import IDENTIFIER, deliver, done_for, notice
from tests.rights.test_opening import types_of
from tests.rights.test_recipients import Found, found

__all__ = ["found"]
BASE = "https://privacy.acme.example"


@pytest.fixture
def both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Processor, Authority]]:
    with processing(tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture
def processor(both: tuple[Processor, Authority]) -> Processor:
    return both[0]


def sending(found: Found, processor: Processor, more: str = "", **settings: object) -> Company:
    return found(f"{{by: opendsr, url: '{processor.url}'{more}}}", base_url=BASE, **settings)


def told(company: Company, processor: Processor, **changed: Any) -> None:
    """A callback, as the processor signs it."""
    body = json.dumps(changed).encode()
    headers = {k.lower(): v for k, v in processor.headers(body).items()}
    with company.database.write() as session:
        take_callback(session, company.requests.parts, headers, body)


def test_an_erasure(found: Found, processor: Processor) -> None:
    """Discovery, certificate, request; the receipt is checked, and the ledger has the day it will be done by."""
    company = sending(found, processor)
    Recipients(company.requests).set_token("letterbox", "their-token-for-us", "dora")
    request = done_for(company)
    deliver(company)
    assert [(h.method, h.path) for h in processor.heard] == [
        ("GET", "/v2/discovery"),
        ("GET", "/v2/cert.pem"),
        ("POST", "/v2/requests"),
    ]
    sent = notice(company, request.id)
    assert json.loads(processor.heard[-1].body) == {
        "regulation": "gdpr",
        "subject_request_id": sent.event,
        "subject_request_type": "erasure",
        "subject_identities": [
            {
                "identity_type": "controller_customer_id",
                "identity_value": IDENTIFIER,
                "identity_format": "raw",
            }
        ],
        "submitted_time": request.received_at.isoformat().replace("+00:00", "Z"),
        "api_version": "2.0",
        "status_callback_urls": [f"{BASE}/opendsr/v2/callbacks"],
    }
    assert (sent.state, sent.told_by, sent.answer) == ("answered", "opendsr", "pending")
    assert sent.expected_at is not None
    assert sent.expected_at.isoformat() == DUE.replace("Z", "+00:00")
    assert processor.heard[-1].headers["authorization"] == "Bearer their-token-for-us"
    assert "authorization" not in processor.heard[1].headers


@ONE_DATABASE
def test_by_a_hashed_address(found: Found, processor: Processor) -> None:
    """The address itself does not leave the house where the processor knows its hash."""
    company = sending(found, processor, ", identity: email, format: sha256")
    done_for(company)
    deliver(company)
    [identity] = json.loads(processor.heard[-1].body)["subject_identities"]
    assert identity["identity_value"] == hashlib.sha256(ANA["email"].encode()).hexdigest()
    assert ANA["email"].encode() not in b"".join(h.body for h in processor.heard)


def test_callbacks(found: Found, processor: Processor) -> None:
    """Signed by the processor's certificate they move the ledger on, never back."""
    company = sending(found, processor)
    request = done_for(company)
    deliver(company)
    about = processor.state(notice(company, request.id).event) | {"status_callback_url": f"{BASE}/opendsr/v2/callbacks"}
    for status, expected in (("in_progress", "in_progress"), ("pending", "in_progress"), ("completed", "completed")):
        told(company, processor, **about | {"request_status": status})
        assert notice(company, request.id).answer == expected
    told(company, processor, **about | {"request_status": "cancelled"})
    assert notice(company, request.id).answer == "completed"
    assert types_of(company, request.id).count("answered") == 3
    with time_machine.travel(now() + timedelta(days=1)):
        assert deliver(company) == 0


def test_callbacks_that_are_not_theirs(found: Found, both: tuple[Processor, Authority]) -> None:
    """Another key, another domain, another request, another address: nothing is noted."""
    processor, authority = both
    company = sending(found, processor)
    request = done_for(company)
    event = notice(company, request.id).event
    about = processor.state(event) | {
        "request_status": "completed",
        "status_callback_url": f"{BASE}/opendsr/v2/callbacks",
    }
    with pytest.raises(Forbidden):
        told(company, processor, **about)  # nobody was called yet: no certificate is known
    deliver(company)
    stranger = Processor(authority.issue("127.0.0.1"))
    with pytest.raises(Forbidden):
        told(company, stranger, **about)
    with pytest.raises(Forbidden):
        told(company, Processor(processor.issued, domain="other.example"), **about)
    with pytest.raises(BadRequest):
        told(company, processor, **about | {"status_callback_url": "https://elsewhere.example/callbacks"})
    with pytest.raises(BadRequest):
        told(company, processor, **about | {"request_status": "done"})
    with pytest.raises(NotFound):
        told(company, processor, **about | {"subject_request_id": "a7551968-d5d6-44b2-9831-815ac9017798"})
    assert notice(company, request.id).answer == "pending"


@ONE_DATABASE
def test_without_callbacks_it_is_asked(found: Found, processor: Processor) -> None:
    """Twice a day, until it is done."""
    company = sending(found, processor)
    request = done_for(company)
    deliver(company)
    processor.status = "completed"
    with time_machine.travel(now() + timedelta(hours=13)):
        assert deliver(company) == 1
    assert notice(company, request.id).answer == "completed"
    assert len([h for h in processor.heard if h.method == "POST"]) == 1


def test_an_answer_that_was_lost(found: Found, processor: Processor) -> None:
    """It took the request and answered 500: the next try asks first, and does not send it twice."""
    company = sending(found, processor)
    processor.forgets = True
    request = done_for(company)
    deliver(company)
    assert (notice(company, request.id).state, notice(company, request.id).problem) == ("to_tell", "answered_500")
    with time_machine.travel(now() + timedelta(minutes=2)):
        deliver(company)
    assert notice(company, request.id).answer == "pending"
    assert len([h for h in processor.heard if h.method == "POST"]) == 1


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"spoil": True}, "wrong_signature"),
        ({"domain": "other.example"}, "wrong_domain"),
        ({"certificate": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"}, "certificate_not_trusted"),
        ({"certificate_url": "https://elsewhere.example/cert.pem"}, "wrong_domain"),
        ({"types": ("access",)}, "not_supported"),
        ({"identities": (("email", "md5"),)}, "not_supported"),
    ],
    ids=lambda v: v if isinstance(v, str) else next(iter(v)),
)
@ONE_DATABASE
def test_a_processor_that_is_not_right(
    found: Found, processor: Processor, changed: dict[str, Any], problem: str
) -> None:
    """Its word does not count, and the ledger says why."""
    company = sending(found, processor)
    for name, value in changed.items():
        setattr(processor, name, value)
    request = done_for(company)
    deliver(company)
    assert (notice(company, request.id).state, notice(company, request.id).problem) == ("to_tell", problem)


@pytest.mark.parametrize("flaw", ["stranger", "other host", "expired", "self-signed"])
@ONE_DATABASE
def test_certificates_that_do_not_count(found: Found, both: tuple[Processor, Authority], flaw: str) -> None:
    """Only one that a trusted authority issued for this host, and that holds today."""
    processor, authority = both
    company = sending(found, processor)
    if flaw == "self-signed":
        processor.certificate = authority.certificate.public_bytes(Encoding.PEM).decode()
    else:
        issuer = Authority() if flaw == "stranger" else authority
        host, days = ("10.0.0.1" if flaw == "other host" else "127.0.0.1"), (-1 if flaw == "expired" else 300)
        processor.issued = issuer.issue(host, days=days)
    request = done_for(company)
    deliver(company)
    assert notice(company, request.id).problem == "certificate_not_trusted"
    assert not processor.requests


@ONE_DATABASE
def test_ours_is_signed_too(found: Found, both: tuple[Processor, Authority], tmp_path: Path) -> None:
    """With a certificate of ours, the processor can check that the request is."""
    processor, authority = both
    ours = authority.issue("privacy.acme.example")
    certificate, key = ours.write(tmp_path, "ours")
    company = sending(found, processor, opendsr_certificate=str(certificate), opendsr_key=str(key))
    done_for(company)
    deliver(company)
    heard = processor.heard[-1]
    assert heard.headers["x-opendsr-processor-domain"] == "privacy.acme.example"
    signed = base64.b64decode(heard.headers["x-opendsr-signature"])
    ours.certificate.public_key().verify(signed, heard.body, padding.PKCS1v15(), SHA256())  # type: ignore[union-attr, call-arg]


@ONE_DATABASE
def test_what_opendsr_has_no_word_for_goes_by_mail(found: Found, processor: Processor) -> None:
    """Rectification and restriction."""
    company = sending(found, processor)
    request = done_for(company, Right.RESTRICTION)
    deliver(company)
    assert not processor.heard
    assert notice(company, request.id).told_by == "email"
    assert "To: dpo@letterbox.example" in company.mails()[-1]
