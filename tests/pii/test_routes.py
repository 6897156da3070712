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
