"""What modules, customers and staff ask for every day goes by an index, however many customers and entries there are.

Requests, from opening to certificate, have a test of their own: tests/rights/test_growth.py.
"""

from typing import Any

import pytest
from sqlalchemy import Engine, select

from privacy_svc.db import Base
from privacy_svc.http import CustomerRef
from privacy_svc.rights.model import DataRequest
from privacy_svc.store import seal
from tests.calling import Service
from tests.plans import multiply, read_whole, watching
from tests.shop import ANA, TABLES

FEW = {
    "audit_outbox",
    "audit_tree",
    "audits",
    "breaches",
    "clients",
    "fact_walks",
    "index_roots",
    "policy_versions",
    "root_epochs",
    "sealed_columns",
    "holds",
    "products",
}
"""Tables that do not have a row for each person, entry or request. What waits in the outbox is soon gone."""
PEOPLE = 20_000
"""As many as make a planner choose as it would for millions."""
SELDOM = (
    ("fences", "subject_id, erased_through, at", "id, 1, now()"),
    (
        "objections",
        "subject_id, state_version, purpose, stands, signalled, recorded_at, recorded_by",
        "id, 1, 'marketing', true, false, now(), 'test'",
    ),
    ("fence_ledger", "id, number, kind, at, body", "id, 1000000 + row_number() OVER (), 'x', now(), '{}'"),
    ("restrictions", "subject_id, state_version, stands, recorded_at, recorded_by", "id, 1, true, now(), 'test'"),
)
RECORDS = "/v1/records/shop/customers"
SUPPORT = {"purpose": "service.support"}
CONSENT = {
    "customer": {"id": "1"},
    "purpose": "marketing.email",
    "state": "given",
    "notice": {"id": "newsletter", "version": 2, "language": "en"},
    "source": {"channel": "web", "method": "explicit"},
}
QUESTION = {
    "subject": {"type": "module", "id": "marketing"},
    "action": {"name": "use"},
    "context": {"purpose": "marketing.email"},
}


def evaluation(**customer: str) -> dict[str, Any]:
    return {**QUESTION, "resource": {"type": "customer", **customer, "properties": {"fields": ["email"]}}}


CALLS: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "evaluation": ("marketing", "POST", "/access/v1/evaluation", {"json": evaluation(id="1")}),
    "evaluations": (
        "marketing",
        "POST",
        "/access/v1/evaluations",
        {"json": {**QUESTION, "evaluations": [{"resource": evaluation(id=str(n))["resource"]} for n in (1, 2, 3)]}},
    ),
    "read": ("support", "GET", f"{RECORDS}/1", {"params": SUPPORT}),
    "page": ("support", "GET", RECORDS, {"params": {**SUPPORT, "limit": "5"}}),
    "search by e-mail": ("support", "GET", RECORDS, {"params": {**SUPPORT, "email": ANA["email"]}}),
    "write": ("support", "PATCH", f"{RECORDS}/1", {"params": SUPPORT, "json": {"city": "Porto"}}),
    "audience of two": (
        "marketing",
        "POST",
        "/v1/audiences",
        {"json": {"purpose": "marketing.email", "customers": ["1", "2"]}},
    ),
    "consent": ("shop", "POST", "/v1/consents", {"json": CONSENT, "headers": {"Idempotency-Key": "k" * 20}}),
    "withdrawal by e-mail": (
        "shop",
        "POST",
        "/v1/consents",
        {"json": {**CONSENT, "customer": {"email": ANA["email"]}, "state": "withdrawn"}},
    ),
    "consents of one": ("officer", "GET", "/v1/customers/1/consents", {}),
    "objection": ("officer", "POST", "/v1/requests", {"json": {"right": "objection", "customer": {"id": "3"}}}),
    "requests": ("officer", "GET", "/v1/requests", {"params": {"state": "verifying"}}),
    "entry": ("shop", "POST", "/v1/audit/events", {"json": {"type": "shop:b", "payload": {}, "customer": {"id": "1"}}}),
    "entries of one": ("officer", "GET", "/v1/audit/events", {"params": {"customer": "1"}}),
    "entries of a type": ("eye", "GET", "/v1/audit/events", {"params": {"type": "consent:record"}}),
    "newest entries": ("eye", "GET", "/v1/audit/events", {}),
    "proof": ("eye", "GET", "/v1/audit/events/1/proof", {}),
    "checkpoint": ("", "GET", "/audit/log/checkpoint", {}),
    "ready": ("", "GET", "/health/ready", {}),
}


@pytest.fixture
def asked(service: Service) -> Service:
    """A sealed shop where each call was made before: what is made on first use is there. The store has the indexes that
    a CRM needs for its own search."""
    with service.runtime.stores.engine("shop").begin() as connection:
        for column in ("email", "phone"):
            connection.exec_driver_sql(f"CREATE INDEX ix_customers_{column} ON customers ({column})")
    seal(service.runtime.sealer("test"))
    for name, method, path, more in CALLS.values():
        service.call(name, method, path, **more)
    runtime, ana = service.runtime, CustomerRef(id="1")
    runtime.log.integrate(runtime.database)
    with runtime.database.read() as session:
        person = runtime.directory.find(session, ana)
        first = session.scalars(select(DataRequest.id).limit(1)).one()
    assert person is not None
    multiply(runtime.database, "subjects", person, PEOPLE, id="'s' || i")
    multiply(runtime.database, "requests", first, PEOPLE, id="'r' || i", state="'completed'")
    if runtime.database.engine.dialect.name == "postgresql":
        _remember_full(runtime.database.engine, runtime.stores.engine("shop"))
    return service


def _remember_full(ours: Engine, store: Engine) -> None:
    """What few people have, everybody has at the moment that PostgreSQL counts: of an empty table it knows nothing."""
    with ours.begin() as connection:
        for table, columns, values in SELDOM:
            many = f"SELECT {values} FROM subjects WHERE id LIKE 's%%'"
            connection.exec_driver_sql(f"INSERT INTO {table} ({columns}) {many}")
    for engine in (ours, store):
        with engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE")
    with ours.begin() as connection:
        for table, columns, _ in SELDOM:
            connection.exec_driver_sql(f"DELETE FROM {table} WHERE {columns.partition(',')[0]} LIKE 's%%'")


def test_no_daily_call_reads_a_table_as_a_whole(asked: Service) -> None:
    """Each statement of each call, in the store and in our own database, is answered by an index."""
    growing = {*TABLES, *(t.name for t in Base.metadata.sorted_tables)} - FEW
    indexes = {i.name: t.name for t in Base.metadata.sorted_tables for i in t.indexes}
    whole = set()
    for what, (name, method, path, more) in CALLS.items():
        with watching() as seen:
            answer = asked.call(name, method, path, **more)
        assert answer.is_success, (what, answer.text)
        assert seen
        for engine, statement, values in seen:
            tables = {indexes.get(t, t) for t in read_whole(engine, statement, values)} & growing
            whole |= {f"{what}: {', '.join(tables)}: {statement}"} if tables else set()
    assert not whole, "\n\n".join(sorted(whole))
