"""Scans over HTTP. A scan is an entry of the log, which keeps who asked and what was found; nothing else does."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, RawBody

from privacy_svc.auditlog import EntryView, EventType, Log, NotYet
from privacy_svc.db import Database
from privacy_svc.errors import NotFound
from privacy_svc.http import Caller, Role, allow, decode
from privacy_svc.policy import PolicyHolder
from privacy_svc.store.binding import Stores
from privacy_svc.store.scanning import ScannedColumn, chosen, scan
from privacy_svc.store.schema import SAMPLE

TAGS = ["Personal data detection"]


class RunScan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`dataset`: one of the connected stores, else all. `sample`: rows of each table that are looked at."""

    dataset: str | None = None
    sample: Annotated[int, msgspec.Meta(ge=20, le=10_000)] = SAMPLE


class ScanDone(msgspec.Struct, frozen=True):
    """`unmapped`: columns that look personal and are not in the data map."""

    id: str
    unmapped: int
    scan: str


class ScanView(msgspec.Struct, frozen=True):
    """`columns`: those that look personal, with their `mapped` categories or none; `proposed`: what to add to the data
    map, as YAML by dataset."""

    id: str
    at: datetime
    actor: str
    datasets: Sequence[str]
    sample: int
    columns: Sequence[ScannedColumn]
    proposed: dict[str, str]


@post(
    "/v1/pii/scans",
    opt=allow(Role.DPO, Role.ADMIN) | {"body": RunScan},
    sync_to_thread=True,
    status_code=202,
    operation_id="scanStores",
    tags=TAGS,
)
def scan_stores(
    body: RawBody,
    database: NamedDependency[Database],
    stores: NamedDependency[Stores],
    policies: NamedDependency[PolicyHolder],
    log: NamedDependency[Log],
    caller: NamedDependency[Caller],
) -> ScanDone:
    """Looks for columns with personal data, mapped or not. Done when it is answered; nothing is changed."""
    wanted = decode(body, RunScan)
    datasets = chosen(stores, wanted.dataset)
    found = scan(stores, policies.current.data_map, datasets, wanted.sample)
    payload = {
        "datasets": datasets,
        "sample": wanted.sample,
        "columns": msgspec.to_builtins(found.columns),
        "proposed": found.proposed,
    }
    with database.write() as session:
        scan_id = log.append(session, EventType.STORES_SCANNED, actor=caller.name, payload=payload)
    return ScanDone(scan_id, found.unmapped, f"/v1/pii/scans/{scan_id}")


@get(
    "/v1/pii/scans/{scan_id:str}",
    opt=allow(Role.DPO, Role.ADMIN, Role.AUDITOR),
    sync_to_thread=True,
    operation_id="showScan",
    tags=TAGS,
)
def show_scan(scan_id: FromPath[str], database: NamedDependency[Database], log: NamedDependency[Log]) -> ScanView:
    """What a scan found, and what to add to the data map."""
    entry = _entry(database, log, scan_id)
    told = {"id": entry.id, "at": entry.at, "actor": entry.actor, **entry.told}
    return msgspec.convert(told, ScanView)


def _entry(database: Database, log: Log, scan_id: str) -> EntryView:
    """Raises NotFound; NotYet for the moment before the entry has its place in the tree."""
    with database.read() as session:
        waits = (place := log.place_of(session, scan_id)) is not None and place.index is None
    if waits:
        log.integrate(database)
    with database.read() as session:
        place = log.place_of(session, scan_id)
        if place is None or place.about_people:
            raise NotFound("There is no such scan.")
        if place.index is None:
            raise NotYet("The scan was done, and its entry is about to enter the log's tree.")
        found = log.search(session, type=EventType.STORES_SCANNED, after=place.index + 1, limit=1)
    if not found or found[0].id != scan_id:
        raise NotFound("There is no such scan.")
    return found[0]


HANDLERS = [scan_stores, show_scan]
