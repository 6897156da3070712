"""The customer store over HTTP: /v1/records."""

from typing import Any

from litestar import get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, RawBody

from privacy_svc.db import Database
from privacy_svc.errors import BadRequest
from privacy_svc.http import Caller, CustomerRef, Role, allow, decode
from privacy_svc.policy import PolicyHolder, PolicySet
from privacy_svc.store import writing
from privacy_svc.store.bulk import MOST as MOST_ITEMS
from privacy_svc.store.bulk import Item, open_items, seal_items
from privacy_svc.store.gateway import MOST, Asked, Gateway
from privacy_svc.store.schemas import BulkAnswer, BulkRequest, RecordPage, RecordView, Written, bulk_answer, record_view
from privacy_svc.vault import Tampered

COLLECTION = "/v1/records/{dataset:str}/{collection:str}"
RECORD = COLLECTION + "/{key:str}"
MODULE = allow(Role.MODULE)
TAGS = ["Customer store"]


def _names(fields: str | None) -> tuple[str, ...]:
    return tuple(f.strip() for f in fields.split(",") if f.strip()) if fields else ()


@get(RECORD, opt=MODULE, sync_to_thread=True, operation_id="readRecord", tags=TAGS)
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
    """One record, for a purpose: permitted fields in clear or masked, the rest withheld with reasons. A value that is
    not what was sealed there fails it; in a list it is withheld."""
    current = policies.current
    asked = _ask(gateway, database, current, caller, (dataset, collection), purpose, _names(fields))
    record = gateway.read(database, current, asked, key)
    if record.tampered:  # its alert is committed
        raise Tampered(f"Values of this record are not what was sealed there: {', '.join(record.tampered)}.")
    return record_view(record)


@get(COLLECTION, opt=MODULE, sync_to_thread=True, operation_id="findRecords", tags=TAGS)
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
    asked = _ask(gateway, database, current, caller, (dataset, collection), purpose, _names(fields))
    given = {n: v for n, v in (("email", email), ("phone", phone), ("id", customer)) if v is not None}
    with database.write() as session:
        if given:
            records, after = gateway.find(session, current, asked, CustomerRef(**given), limit, cursor)
        else:
            records, after = gateway.page(session, current, asked, limit, cursor)
        return RecordPage([record_view(r) for r in records], after)


@patch(RECORD, opt=MODULE, sync_to_thread=True, operation_id="changeRecord", tags=TAGS)
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
    values = decode(body, dict[str, Any], nul=True)
    current = policies.current
    asked = _ask(gateway, database, current, caller, (dataset, collection), purpose, _given(values))
    return Written(key, *writing.change(gateway, database, current, asked, key, values))


@post(COLLECTION, opt=MODULE, sync_to_thread=True, operation_id="createRecord", tags=TAGS)
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
    values = decode(body, dict[str, Any], nul=True)
    current = policies.current
    asked = _ask(gateway, database, current, caller, (dataset, collection), purpose, _given(values))
    return Written(*writing.create(gateway, database, current, asked, values))


@post("/v1/records/open", status_code=200, opt=MODULE, sync_to_thread=True, operation_id="openValues", tags=TAGS)
def open_values(
    body: RawBody,
    database: NamedDependency[Database],
    policies: NamedDependency[PolicyHolder],
    gateway: NamedDependency[Gateway],
    caller: NamedDependency[Caller],
) -> BulkAnswer:
    """Values a module's own query brought back sealed: each opened, masked or withheld by its row's decision."""
    wanted = _bulk(body)
    with database.write() as session:
        return bulk_answer(open_items(gateway, session, policies.current, caller.name, wanted.purpose, _items(wanted)))


@post("/v1/records/seal", status_code=200, opt=MODULE, sync_to_thread=True, operation_id="sealValues", tags=TAGS)
def seal_values(
    body: RawBody,
    database: NamedDependency[Database],
    policies: NamedDependency[PolicyHolder],
    gateway: NamedDependency[Gateway],
    caller: NamedDependency[Caller],
) -> BulkAnswer:
    """Clear values, sealed for a module that writes its own rows; the rows must be there already."""
    wanted = _bulk(body)
    with database.write() as session:
        return bulk_answer(seal_items(gateway, session, policies.current, caller.name, wanted.purpose, _items(wanted)))


def _bulk(body: bytes) -> BulkRequest:
    wanted = decode(body, BulkRequest, nul=True)
    if not 1 <= len(wanted.items) <= MOST_ITEMS:
        raise BadRequest(f"items are 1 to {MOST_ITEMS:,}.")
    return wanted


def _items(wanted: BulkRequest) -> list[Item]:
    return [Item(i.dataset, i.collection, i.key, i.field, i.value) for i in wanted.items]


def _ask(
    gateway: Gateway,
    database: Database,
    policies: PolicySet,
    caller: Caller,
    place: tuple[str, str],
    purpose: str,
    names: tuple[str, ...],
) -> Asked:
    """Raises what `Gateway.ask` does, and NotPermitted before any row is looked at."""
    asked = gateway.ask(policies, caller.name, *place, purpose, names)
    gateway.pdp.require_granted(database, asked.question)
    return asked


def _given(values: dict[str, Any]) -> tuple[str, ...]:
    if not values:
        raise BadRequest("The body names no field.")
    return tuple(values)


HANDLERS = [read_record, find_records, change_record, create_record, open_values, seal_values]
