"""Detection over HTTP: who may, and what the log keeps."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.di import Provide
from litestar.testing import TestClient

from privacy_svc import pii
from privacy_svc.auditlog import EventType
from privacy_svc.db import Database
from privacy_svc.examples import folder
from privacy_svc.http import Caller, Role, exception_handlers
from privacy_svc.runtime import Runtime
from tests.factories import make_runtime


def _given(value: Any) -> Callable[[], Any]:
    def give() -> Any:
        return value

    return give


@pytest.fixture
def runtime(database: Database, tmp_path: Path) -> Runtime:
    return make_runtime(tmp_path, database, {}, folder("policies"))


@pytest.fixture
def client(runtime: Runtime) -> Iterator[TestClient[Litestar]]:
    given = {
        "database": runtime.database,
        "policies": runtime.policies,
        "log": runtime.log,
        "directory": runtime.directory,
        "caller": Caller("1", "support", Role.MODULE),
    }
    app = Litestar(
        pii.HANDLERS,
        dependencies={n: Provide(_given(v), sync_to_thread=False) for n, v in given.items()},
        exception_handlers=exception_handlers,
        openapi_config=None,
    )
    with TestClient(app) as found:
        yield found


def test_redact(client: TestClient[Litestar], runtime: Runtime) -> None:
    """The text comes back without the address; the log has counts and neither text nor address."""
    body = {"text": "Please write to ana@mail.example", "language": "en"}
    answer = client.post("/v1/pii/redact", json=body)
    assert answer.status_code == 200, answer.text
    assert "ana@" not in answer.json()["text"]
    runtime.log.integrate(runtime.database)
    with runtime.database.read() as session:
        entry = next(e for e in runtime.log.search(session) if e.type == EventType.TEXT_EXAMINED)
    assert entry.payload is not None
    assert entry.payload["found"] == {"EMAIL_ADDRESS": 1}
    assert "ana" not in str(entry.payload)


def test_strict(client: TestClient[Litestar]) -> None:
    """An unknown field is refused."""
    assert client.post("/v1/pii/detect", json={"text": "x", "txt": 1}).status_code == 400


def test_detect(client: TestClient[Litestar]) -> None:
    """Each finding has its place and a fideslang category; without a language the organisation's first is taken."""
    answer = client.post("/v1/pii/detect", json={"text": "An ana@mail.example, 030 2312500"})
    assert answer.status_code == 200, answer.text
    found = answer.json()["findings"]
    assert [(f["entity"], f["start"], f["end"]) for f in found] == [("EMAIL_ADDRESS", 3, 19), ("PHONE_NUMBER", 21, 32)]
    assert [f["category"] for f in found] == ["user.contact.email", "user.contact.phone_number"]


def test_nothing_is_sent_nothing_found(client: TestClient[Litestar]) -> None:
    """An empty text is a text."""
    assert client.post("/v1/pii/redact", json={"text": ""}).json() == {"text": "", "findings": []}


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        ({"text": "x" * 100_001}, 413, "too-large"),
        ({"text": "x", "language": "tlh"}, 400, "unknown-language"),
        ({"text": "x", "style": "blur"}, 400, "invalid-body"),
        ({"text": 1}, 400, "invalid-body"),
        ({}, 400, "invalid-body"),
        ({"text": "x", "customer": {}}, 400, "invalid-body"),
    ],
)
def test_refusals(client: TestClient[Litestar], runtime: Runtime, body: Any, status: int, slug: str) -> None:
    """What cannot be examined has a problem type of its own, and is not logged as examined."""
    answer = client.post("/v1/pii/redact", json=body)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}")
    runtime.log.integrate(runtime.database)
    with runtime.database.read() as session:
        assert runtime.log.search(session, type=EventType.TEXT_EXAMINED) == []


def test_roles() -> None:
    """Modules, the DPO and administrators; nobody else."""
    for handler in pii.HANDLERS:
        assert handler.opt["roles"] == {Role.MODULE, Role.DPO, Role.ADMIN}


def test_the_log_says_whose_text(client: TestClient[Litestar], runtime: Runtime) -> None:
    """A text about a customer stands in their log; one about nobody's customer is refused."""
    with runtime.database.write() as session:
        subject = runtime.vault.create_subject(session).id
    body = {"text": "called", "customer": {"subject": subject}}
    assert client.post("/v1/pii/detect", json=body).status_code == 200
    runtime.log.integrate(runtime.database)
    with runtime.database.read() as session:
        entries = runtime.log.search(session, subject_id=subject, type=EventType.TEXT_EXAMINED)
    assert [e.payload for e in entries] == [{"characters": 6, "found": {}}]
    body["customer"] = {"subject": "nobody"}
    assert client.post("/v1/pii/detect", json=body).status_code == 404
