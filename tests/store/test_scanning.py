"""Scans of the stores over HTTP: what looks personal, what the data map does not say of it, and who may ask."""

from typing import Any

from sqlalchemy import text

from privacy_svc.auditlog import EventType
from tests.calling import Service


def start(service: Service, name: str = "officer", **body: Any) -> Any:
    return service.call(name, "POST", "/v1/pii/scans", json=body)


def test_a_new_column_is_found_and_proposed(service: Service) -> None:
    """Mapped columns come with their categories, the new one with none and with lines for the data map; no value is
    in the answer or in the log."""
    with service.runtime.stores.write("shop") as connection:
        connection.execute(text("ALTER TABLE customers ADD COLUMN second_email VARCHAR(80)"))
        connection.execute(text("UPDATE customers SET second_email = 'planted@mail.example'"))
    begun = start(service)
    assert begun.status_code == 202, begun.text
    assert begun.json()["unmapped"] == 1
    answer = service.call("officer", "GET", begun.json()["scan"])
    found = answer.json()
    columns = {(c["dataset"], c["table"], c["column"]): c for c in found["columns"]}
    new = columns["shop", "customers", "second_email"]
    assert (new["category"], new["mapped"]) == ("user.contact.email", None)
    assert 50 < new["confidence"] <= 100
    assert columns["shop", "customers", "email"]["mapped"] == ["user.contact.email"]
    assert "second_email" in found["proposed"]["shop"]
    assert (found["id"], found["datasets"], found["sample"]) == (begun.json()["id"], ["shop"], 200)
    assert "planted" not in answer.text


def test_who_may_scan(service: Service) -> None:
    """Officers do, and what they did is in the log; an auditor reads it, a module does neither."""
    begun = start(service, dataset="shop", sample=50)
    service.runtime.log.integrate(service.runtime.database)
    with service.runtime.database.read() as session:
        [entry] = service.runtime.log.search(session, type=EventType.STORES_SCANNED)
    assert entry.id == begun.json()["id"]
    assert service.call("eye", "GET", begun.json()["scan"]).status_code == 200
    assert service.call("eye", "POST", "/v1/pii/scans", json={}).status_code == 403
    assert start(service, "marketing").status_code == 403
    assert service.call("marketing", "GET", begun.json()["scan"]).status_code == 403


def test_what_is_not_there(service: Service) -> None:
    """A store that is not connected, a sample too small, and an entry that is no scan are said so."""
    assert start(service, dataset="shpo").json()["type"].endswith("unknown-dataset")
    assert start(service, sample=1).status_code == 400
    with service.runtime.database.write() as session:
        other = service.runtime.log.append(session, EventType.TEXT_EXAMINED, actor="x", payload={})
    for wrong in (other, "no-such-id"):
        assert service.call("officer", "GET", f"/v1/pii/scans/{wrong}").status_code == 404
