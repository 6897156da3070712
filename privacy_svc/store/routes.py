"""The customer store over HTTP: /v1/records."""

from typing import Any

from litestar import get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, RawBody

from privacy_svc.db import Database
from privacy_svc.errors import BadRequest
from privacy_svc.http import Caller, CustomerRef, Role, allow, decode
from privacy_svc.policy import PolicyHolder
from privacy_svc.store import writing
from privacy_svc.store.gateway import MOST, Gateway
from privacy_svc.store.schemas import RecordPage, RecordView, Written, record_view

COLLECTION = "/v1/records/{dataset:str}/{collection:str}"
RECORD = COLLECTION + "/{key:str}"
MODULE = allow(Role.MODULE)


def _names(fields: str | None) -> tuple[str, ...]:
    return tuple(f.strip() for f in fields.split(",") if f.strip()) if fields else ()


@get(RECORD, opt=MODULE, sync_to_thread=True, operation_id="readRecord", tags=["Customer store"])
def read_record(
    dataset: FromPath[str],
    collection: FromPath[str],
    key: FromPath[str],
    purpose: FromQuery[str],
    database: NamedDependency[Database],
    policies: NamedDependency[PolicyHolder],
    gateway: NamedDependency[Gateway],
    caller: NamedDependency[Caller],
    fields: FromQuery[str | None] = None,
) -> RecordView:
    """One record, for a purpose: permitted fields in clear or masked, the rest withheld with reasons."""
    current = policies.current
    asked = gateway.ask(current, caller.name, dataset, collection, purpose, _names(fields))
    with database.write() as session:
        return record_view(gateway.read(session, current, asked, key))


@get(COLLECTION, opt=MODULE, sync_to_thread=True, operation_id="findRecords", tags=["Customer store"])
def find_records(
    dataset: FromPath[str],
    collection: FromPath[str],
    purpose: FromQuery[str],
    database: NamedDependency[Database],
    policies: NamedDependency[PolicyHolder],
    gateway: NamedDependency[Gateway],
    caller: NamedDependency[Caller],
    fields: FromQuery[str | None] = None,
    email: FromQuery[str | None] = None,
    phone: FromQuery[str | None] = None,
    customer: FromQuery[str | None] = None,
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
) -> RecordPage:
    """The records of one person by e-mail, phone or key, or of everybody page by page."""
    if not 1 <= limit <= MOST:
        raise BadRequest(f"limit is a whole number from 1 to {MOST}.")
    current = policies.current
    asked = gateway.ask(current, caller.name, dataset, collection, purpose, _names(fields))
    given = {n: v for n, v in (("email", email), ("phone", phone), ("id", customer)) if v is not None}
    with database.write() as session:
        if given:
            return RecordPage([record_view(r) for r in gateway.find(session, current, asked, CustomerRef(**given))])
        records, after = gateway.page(session, current, asked, limit, cursor)
        return RecordPage([record_view(r) for r in records], after)


@patch(RECORD, opt=MODULE, sync_to_thread=True, operation_id="changeRecord", tags=["Customer store"])
def change_record(
    dataset: FromPath[str],
    collection: FromPath[str],
    key: FromPath[str],
    purpose: FromQuery[str],
    body: RawBody,
    database: NamedDependency[Database],
    policies: NamedDependency[PolicyHolder],
    gateway: NamedDependency[Gateway],
    caller: NamedDependency[Caller],
) -> Written:
    """Change fields of a record; what the data map seals is sealed, what it indexes is indexed."""
    values = decode(body, dict[str, Any])
    current = policies.current
    asked = gateway.ask(current, caller.name, dataset, collection, purpose, _given(values))
    return Written(key, writing.change(gateway, database, current, asked, key, values))


@post(COLLECTION, opt=MODULE, sync_to_thread=True, operation_id="createRecord", tags=["Customer store"])
def create_record(
    dataset: FromPath[str],
    collection: FromPath[str],
    purpose: FromQuery[str],
    body: RawBody,
    database: NamedDependency[Database],
    policies: NamedDependency[PolicyHolder],
    gateway: NamedDependency[Gateway],
    caller: NamedDependency[Caller],
) -> Written:
    """A new record."""
    values = decode(body, dict[str, Any])
    current = policies.current
    asked = gateway.ask(current, caller.name, dataset, collection, purpose, _given(values))
    return Written(*writing.create(gateway, database, current, asked, values))


def _given(values: dict[str, Any]) -> tuple[str, ...]:
    if not values:
        raise BadRequest("The body names no field.")
    return tuple(values)


HANDLERS = [read_record, find_records, change_record, create_record]
