"""Who a person became known by is in the log: whoever named them first, not the service."""

from typing import Any

import pytest

from privacy_svc.auditlog import EventType
from tests.calling import Service

HERE = "/v1/customers/7"
NAMED: list[tuple[str, str, str, dict[str, Any] | None]] = [
    ("shop", "GET", f"{HERE}/consents", None),
    ("shop", "POST", f"{HERE}/signals", {"gpc": 1}),
    ("shop", "POST", f"{HERE}/objections", {"direct_marketing": True}),
    ("officer", "DELETE", f"{HERE}/objections/direct_marketing", None),
    ("officer", "POST", f"{HERE}/restriction", {}),
    ("officer", "POST", "/v1/holds", {"customer": {"id": "7"}, "reason": "a claim", "article": "17(3)(e)"}),
    ("officer", "POST", "/v1/requests", {"right": "access", "customer": {"id": "7"}}),
    ("support", "POST", "/v1/pii/detect", {"text": "Hello", "customer": {"id": "7"}}),
]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_log_names_who_named_somebody_first(service: Service) -> None:
    """Through each route that names one customer; each of these is another customer's first."""
    log = service.runtime.log
    for number, (name, method, path, body) in enumerate(NAMED, 7):
        mine: Any = body and {k: {"id": str(number)} if k == "customer" else v for k, v in body.items()}
        answer = service.call(name, method, path.replace("/7", f"/{number}"), json=mine)
        assert answer.status_code < 300, (path, answer.text)
    log.integrate(service.runtime.database)
    with service.runtime.database.read() as session:
        found = log.search(session, type=EventType.SUBJECT_CREATED, limit=100)
    assert [entry.actor for entry in found][::-1] == [name for name, *_ in NAMED]
