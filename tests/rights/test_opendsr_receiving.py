"""OpenDSR 2.0 as the processor: another organisation sends us requests, and knows our answers by our signature."""

import base64
import json
import shutil
import socket
import ssl
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256

from privacy_svc.db import Database, now
from privacy_svc.errors import Misconfigured
from privacy_svc.examples import folder
from privacy_svc.http import CustomerRef, Role
from privacy_svc.identity import add_client
from privacy_svc.rights import Recipients, State, opendsr_signing
from privacy_svc.settings import Settings
from tests.calling import Service
from tests.certificates import Authority, Issued
from tests.conftest import ONE_DATABASE, shared
from tests.factories import check_log, make_runtime
from tests.listening import Heard, Said, listening
from tests.rights.processor import signature
from tests.rights.running import carried_out
from tests.shop import ANA, postgres_shop, sqlite_shop

BASE = "https://privacy.shop.example"
PATH = "/opendsr/v2/requests"


@dataclass
class Sender:
    """The other organisation."""

    service: Service
    ours: Issued
    issued: dict[str, Issued]
    token: dict[str, str]

    def call(self, method: str, path: str, body: bytes = b"", *, sender: str = "trusted", **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {self.token[sender]}", "Content-Type": "application/json"}
        if body:
            sent |= {
                "X-OpenDSR-Processor-Domain": f"{sender}.test",
                "X-OpenDSR-Signature": signature(self.issued[sender], body),
            }
        answer = self.service.http.request(method, path, content=body or None, headers=sent | headers)
        self.check(answer)
        return answer

    def check(self, answer: Any) -> None:
        """Every answer bears our domain and a signature over exactly its bytes (§7.3), read without our code."""
        assert answer.headers["x-opendsr-processor-domain"] == "privacy.shop.example"
        given = base64.b64decode(answer.headers["x-opendsr-signature"])
        key: Any = self.ours.certificate.public_key()
        key.verify(given, answer.content, padding.PKCS1v15(), SHA256())

    def send(self, sender: str = "trusted", **changed: Any) -> Any:
        return self.call("POST", PATH, json.dumps(wanted(**changed)).encode(), sender=sender)

    def view(self, answer: Any) -> Any:
        """Our own request behind it."""
        found = self.service.call("officer", "GET", "/v1/requests").json()["requests"]
        assert answer.status_code == 201, answer.text
        return found[0]


def wanted(**changed: Any) -> dict[str, Any]:
    identity = {"identity_type": "controller_customer_id", "identity_value": "1", "identity_format": "raw"}
    known = {
        "regulation": "gdpr",
        "subject_request_id": str(uuid.uuid4()),
        "subject_request_type": "erasure",
        "submitted_time": "2026-11-02T15:00:00Z",
        "subject_identities": [identity],
        "api_version": "2.0",
    }
    return known | changed


def email(value: str) -> list[dict[str, str]]:
    return [{"identity_type": "email", "identity_value": value, "identity_format": "raw"}]


@pytest.fixture(scope="module")
def certificates() -> tuple[Authority, dict[str, Issued], Issued]:
    authority = Authority()
    return (
        authority,
        {n: authority.issue(f"{n}.test") for n in ("trusted", "other")},
        authority.issue("privacy.shop.example"),
    )


@pytest.fixture
def sender(
    request: pytest.FixtureRequest,
    database: Database,
    tmp_path: Path,
    certificates: tuple[Authority, dict[str, Issued], Issued],
) -> Iterator[Sender]:
    _, issued, ours = certificates
    policies = shutil.copytree(folder("policies"), tmp_path / "with-senders")
    with (policies / "organisation.yml").open("a") as file:
        file.write("opendsr_senders:\n")
        for name, one in issued.items():
            pem = "".join(f"      {line}\n" for line in one.pem.splitlines())
            file.write(f"  {name}:\n    name: The {name} one\n    domain: {name}.test\n    certificate: |\n{pem}")
    text = (policies / "organisation.yml").read_text()
    (policies / "organisation.yml").write_text(
        text.replace("    domain: trusted.test\n", "    domain: trusted.test\n    verifies_identity: true\n")
    )
    certificate, key = ours.write(tmp_path, "ours")
    with ExitStack() as stack:
        if database.engine.dialect.name == "sqlite":
            url = sqlite_shop(tmp_path)
        else:
            url = stack.enter_context(postgres_shop(request.getfixturevalue("postgres_server")))
        runtime = make_runtime(tmp_path, database, {"shop": url}, policies)
        settings = replace(runtime.settings, base_url=BASE, opendsr_certificate=str(certificate), opendsr_key=str(key))
        service = Service(replace(runtime, settings=settings))
        tokens = {}
        for name in issued:
            with database.write() as session:
                tokens[name] = add_client(session, runtime.log, name, Role.SENDER, "test")[1]
        with service.http:
            yield Sender(service, ours, issued, tokens)
        check_log(database, runtime.log)
        runtime.stores.close()


@ONE_DATABASE
def test_discovery(sender: Sender, tmp_path: Path) -> None:
    """Anybody may read what is spoken here and with which certificate."""
    answer = sender.service.http.get("/opendsr/v2/discovery")
    sender.check(answer)
    found = answer.json()
    assert (found["api_version"], found["supported_subject_request_types"]) == (
        "2.0",
        ["access", "portability", "erasure"],
    )
    assert {(i["identity_type"], i["identity_format"]) for i in found["supported_identities"]} == {
        ("controller_customer_id", "raw"),
        ("email", "raw"),
    }
    assert found["processor_certificate"] == f"{BASE}/opendsr/v2/certificate.pem"
    assert sender.service.http.get("/opendsr/v2/certificate.pem").text == sender.ours.pem


def test_a_request_of_a_sender_who_verifies(sender: Sender) -> None:
    """Signed and trusted: the person need not show again who they are, a person of ours still approves."""
    body = json.dumps(wanted()).encode()
    answer = sender.call("POST", PATH, body)
    receipt, view = answer.json(), sender.view(answer)
    assert base64.b64decode(receipt["encoded_request"]) == body
    assert receipt["subject_request_id"] == json.loads(body)["subject_request_id"]
    assert receipt["expected_completion_time"] == view["due_at"]
    assert (view["state"], view["verified_how"], view["verified_by"]) == ("awaiting_approval", "sender", "trusted")
    assert (view["channel"], view["received_at"]) == ("opendsr", "2026-11-02T15:00:00Z")
    status = sender.call("GET", f"{PATH}/{receipt['subject_request_id']}").json()
    assert (status["request_status"], status["controller_id"]) == ("pending", "trusted")


def test_a_request_of_a_sender_who_does_not(sender: Sender) -> None:
    """The person is mailed a code, like for any other request."""
    answer = sender.send("other", subject_identities=email(ANA["email"]))
    view = sender.view(answer)
    assert (view["state"], view["verified_at"]) == ("verifying", None)
    outbox = list((sender.service.runtime.settings.home / "outbox").glob("*.eml"))
    assert ANA["email"] in outbox[-1].read_text()


def test_sent_again(sender: Sender) -> None:
    """The same request is one request; another one under its id is refused, and ids are each sender's own."""
    same = wanted()
    first = sender.call("POST", PATH, json.dumps(same).encode())
    again = sender.call("POST", PATH, json.dumps(same).encode())
    assert first.json() == again.json()
    changed = sender.call("POST", PATH, json.dumps(same | {"subject_request_type": "access"}).encode())
    assert (changed.status_code, changed.json()["error"]["code"]) == (400, 400)
    theirs = sender.call("POST", PATH, json.dumps(same).encode(), sender="other")
    assert theirs.status_code == 201
    assert len(sender.service.call("officer", "GET", "/v1/requests").json()["requests"]) == 2
    unknown = sender.call("GET", f"{PATH}/{uuid.uuid4()}")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, 404)


def test_cancelled_while_it_is_pending(sender: Sender) -> None:
    """Then it is too late, and another sender's is not there."""
    answer = sender.send()
    path = f"{PATH}/{answer.json()['subject_request_id']}"
    assert sender.call("DELETE", path, sender="other").status_code == 404
    cancelled = sender.call("DELETE", path)
    assert (cancelled.status_code, cancelled.json()["api_version"]) == (202, "2.0")
    assert sender.call("GET", path).json()["request_status"] == "cancelled"
    assert sender.call("DELETE", path).status_code == 400
    assert sender.view(answer)["outcome"] == "withdrawn"


def test_the_same_wish_again(sender: Sender) -> None:
    """Under another id it goes on as one with the first, and follows its state; it cannot be cancelled by itself."""
    first, second = sender.send(), sender.send()
    path = f"{PATH}/{second.json()['subject_request_id']}"
    assert second.json()["expected_completion_time"] == first.json()["expected_completion_time"]
    assert sender.call("GET", path).json()["request_status"] == "pending"
    assert sender.call("DELETE", path).status_code == 400
    assert sender.call("DELETE", f"{PATH}/{first.json()['subject_request_id']}").status_code == 202
    assert sender.call("GET", path).json()["request_status"] == "cancelled"


@ONE_DATABASE
def test_signatures_that_do_not_hold(sender: Sender) -> None:
    """Another body, another sender's key, another domain, none: nothing is opened."""
    body = json.dumps(wanted()).encode()
    good = signature(sender.issued["trusted"], body)
    for headers in (
        {"X-OpenDSR-Signature": signature(sender.issued["other"], body)},
        {"X-OpenDSR-Signature": ""},
        {"X-OpenDSR-Signature": "%%%"},
        {"X-OpenDSR-Signature": good[:-8] + "AAAAAA=="},
        {"X-OpenDSR-Processor-Domain": "other.test"},
    ):
        assert sender.call("POST", PATH, body, **headers).status_code == 403
    assert sender.call("POST", PATH, body + b" ", **{"X-OpenDSR-Signature": good}).status_code == 403
    assert sender.service.call("officer", "GET", "/v1/requests").json()["requests"] == []


def test_who_may_ask(sender: Sender) -> None:
    """Modules, staff and strangers may not; a sender may do nothing else here."""
    for name, status in (("", 401), ("support", 403), ("officer", 403)):
        assert sender.service.call(name, "GET", f"{PATH}/{uuid.uuid4()}").status_code == status
    bearer = {"Authorization": f"Bearer {sender.token['trusted']}"}
    for path in ("/v1/requests", "/v1/consents/1", "/metrics"):
        assert sender.service.http.get(path, headers=bearer).status_code in {403, 404, 405}


@pytest.mark.parametrize(
    "changed",
    [
        {"subject_request_id": "A7551968-D5D6-44B2-9831-815AC9017798"},
        {"subject_request_id": "01a223e5-4a71-7a96-9296-26db454e3012"},
        {"subject_request_type": "rectification"},
        {"regulation": "ccpa"},
        {"api_version": "1.0"},
        {"submitted_time": "2999-01-01T00:00:00Z"},
        {"submitted_time": "2026-11-02T15:00:00"},
        {"subject_identities": []},
        {"subject_identities": [{"identity_type": "email", "identity_value": "ab", "identity_format": "sha256"}]},
        {"subject_identities": [{"identity_type": "ios_vendor_id", "identity_value": "ab", "identity_format": "raw"}]},
        {"subject_identities": [*email("hugo.lindgren@mail.example"), *email(ANA["email"])]},
        {"status_callback_urls": ["http://trusted.test/callbacks"]},
        {"status_callback_urls": ["https://169.254.169.254/callbacks"]},
        {"status_callback_urls": ["https://trusted.test.evil.example/callbacks"]},
    ],
)
@ONE_DATABASE
def test_requests_that_do_not_fit(sender: Sender, changed: dict[str, Any]) -> None:
    """400 in the specification's form, with no identity in it."""
    if len(changed.get("subject_identities", [])) == 2:
        changed = {"subject_identities": [*email(_address(sender, "2")), *email(ANA["email"])]}
    answer = sender.send(**changed)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 400)
    assert ANA["email"] not in answer.text


def _address(sender: Sender, key: str) -> str:
    runtime = sender.service.runtime
    with runtime.database.write() as session:
        subject = runtime.directory.admit(session, CustomerRef(id=key))
        return next(c.value for c in runtime.directory.contacts(session, [subject])[subject] if c.kind == "email")


@ONE_DATABASE
def test_the_specifications_own_example(sender: Sender) -> None:
    """It has no `regulation` and somebody we do not know: a request like any other, that nobody can run."""
    sample = json.loads(
        shared("data", "standards", "opendsr", "samples", "7.2.-Example-OpenDSR-Request.json").read_text()
    )
    sample["status_callback_urls"] = ["https://trusted.test/opendsr/callbacks"]
    answer = sender.call("POST", PATH, json.dumps(sample).encode())
    view = sender.view(answer)
    assert (view["state"], view["subject"]) == ("verifying", None)


def test_callbacks_to_the_sender(sender: Sender, certificates: Any, tmp_path: Path, monkeypatch: Any) -> None:
    """Each new status, signed; a sender who is away is told later, and one status is told once."""
    authority = certificates[0]
    served, key = authority.issue("trusted.test").write(tmp_path, "served")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.write(tmp_path / "authority.pem")))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(served, key)
    away = [True]
    requests = sender.service.runtime.requests
    parts = requests.parts
    requests.parts = replace(parts, settings=replace(parts.settings, outbound_allow="127.0.0.0/8"))
    with listening(lambda _: Said(503 if away[0] else 202), tls) as server:
        port = server.url.rpartition(":")[2]
        _point_here(monkeypatch)
        url = f"https://trusted.test:{port}/callbacks"
        answer = sender.send(status_callback_urls=[url])
        courier = Recipients(requests).courier
        assert courier.deliver_due() == 0
        request = sender.view(answer)["id"]
        requests.approve(request, "dora")
        assert courier.deliver_due() == 1
        assert courier.deliver_due() == 0
        away[0] = False
        with time_machine.travel(now() + timedelta(minutes=1)):
            assert courier.deliver_due() == 1
            carried_out(requests.database, requests.parts, request)
            courier.deliver_due()
            assert courier.deliver_due() == 0
    assert requests.show(request).state == State.COMPLETED
    assert [json.loads(h.body)["request_status"] for h in server.heard] == ["in_progress", "in_progress", "completed"]
    for heard in server.heard:
        _check_callback(sender, heard, url, answer.json()["subject_request_id"])


def _check_callback(sender: Sender, heard: Heard, url: str, request_id: str) -> None:
    told = json.loads(heard.body)
    assert (told["status_callback_url"], told["subject_request_id"]) == (url, request_id)
    assert {"controller_id", "expected_completion_time"} <= set(told)
    key: Any = sender.ours.certificate.public_key()
    given = base64.b64decode(heard.headers["x-opendsr-signature"])
    key.verify(given, heard.body, padding.PKCS1v15(), SHA256())
    with pytest.raises(InvalidSignature):
        key.verify(given, heard.body + b" ", padding.PKCS1v15(), SHA256())


def _point_here(monkeypatch: Any) -> None:
    """The sender's name leads to this machine, as it would in a hosts file."""
    real = socket.getaddrinfo

    def here(host: Any, *more: Any, **names: Any) -> Any:
        return real("127.0.0.1" if host == "trusted.test" else host, *more, **names)

    monkeypatch.setattr(socket, "getaddrinfo", here)


@ONE_DATABASE
def test_without_a_certificate_nothing_is_taken(service: Service) -> None:
    """404 that says what the operator has to set."""
    answer = service.http.get("/opendsr/v2/discovery")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, 404)


def test_a_certificate_that_does_not_fit(
    certificates: tuple[Authority, dict[str, Issued], Issued], tmp_path: Path
) -> None:
    """For another host, with another key, readable by others, missing: refused at the start."""
    _, issued, ours = certificates
    certificate, key = ours.write(tmp_path, "ours")
    strange, other = issued["other"].write(tmp_path, "other")
    good = Settings(base_url=BASE, opendsr_certificate=str(certificate), opendsr_key=str(key))
    found = opendsr_signing(good)
    assert found is not None
    assert "PRIVATE" not in repr(found)
    for changed in (
        {"base_url": "https://elsewhere.example"},
        {"opendsr_key": str(other)},
        {"opendsr_certificate": str(strange)},
        {"opendsr_key": ""},
        {"opendsr_key": str(certificate)},
    ):
        with pytest.raises(Misconfigured):
            opendsr_signing(replace(good, **changed))
    loose = tmp_path / "loose.key"
    loose.write_bytes(ours.key_pem)
    loose.chmod(0o644)
    with pytest.raises(Misconfigured, match="chmod"):
        opendsr_signing(replace(good, opendsr_key=str(loose)))
