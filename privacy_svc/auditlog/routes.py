"""The log over HTTP: entries for those who may read them, and modules' own."""

import re
from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter, RawBody
from litestar.response import Stream
from sqlalchemy.orm import Session

from privacy_svc.auditlog.errors import NotYet
from privacy_svc.auditlog.events import SOURCES, EventType
from privacy_svc.auditlog.log import Log
from privacy_svc.auditlog.membership_proof import membership_document
from privacy_svc.auditlog.schemas import Appended, AppendEvent, Entries, entry_out
from privacy_svc.auditlog.searching import Wanted, not_there
from privacy_svc.auditlog.tile_routes import plain
from privacy_svc.db import Database
from privacy_svc.errors import BadRequest, Erased, Fault, Forbidden, InvalidBody, NotFound, TooLarge, UnknownCustomer
from privacy_svc.http import Caller, CustomerDirectory, CustomerRef, Once, Role, addresses, allow, decode

MOST, MOST_FAULTS = 200, 20
MOST_BYTES = 32_768
_TYPE = re.compile(r"[a-z0-9_.-]{1,64}(:[a-z0-9_.-]{1,40}){1,2}")
_NUMBER = re.compile(r"[0-9][0-9._-]{5,}")
"""Of a person or their telephone, in what should name a kind of event."""
TAGS = ["Audit log"]


@post(
    "/v1/audit/events",
    opt=allow(Role.MODULE, Role.DPO) | {"body": AppendEvent},
    sync_to_thread=True,
    operation_id="appendAuditEvent",
    tags=TAGS,
)
def append_event(
    body: RawBody,
    database: NamedDependency[Database],
    log: NamedDependency[Log],
    directory: NamedDependency[CustomerDirectory],
    caller: NamedDependency[Caller],
    once: NamedDependency[Once],
) -> Response[Appended]:
    """A module's own entry, of at most 32,768 bytes; its type begins with the module's name. The payload is sealed with
    the key of the customer it is about; without one it outlives every erasure, so what looks like somebody's address or
    number is refused there."""
    if len(body) > MOST_BYTES:
        raise TooLarge(f"An entry has at most {MOST_BYTES:,} bytes: say where the rest is kept.")
    wanted = decode(body, AppendEvent)
    _require_own(wanted.type, caller)
    if wanted.customer is None:
        _refuse_addresses(wanted)
    payload = {"type": wanted.type, "payload": wanted.payload}

    def append(session: Session) -> Appended:
        subject_id = directory.admit(session, wanted.customer, caller.name) if wanted.customer else None
        if subject_id and log.vault.erased_at(session, subject_id):
            raise Erased("This person's data were erased; nothing more is written about them.")
        try:
            entry_id = log.append(
                session, EventType.MODULE_EVENT, actor=caller.name, subject_id=subject_id, payload=payload
            )
        except TypeError:
            raise InvalidBody(
                "payload holds no fractions: they have no one spelling to sign. Send them as texts."
            ) from None
        return Appended(entry_id)

    try:
        return once.write(database, body, Appended, append)
    except (UnknownCustomer, Erased):  # who tries whether people are known here is seen to do so
        with database.write() as session:
            log.append(session, EventType.MODULE_EVENT_REFUSED, actor=caller.name, payload={})
        raise


def _require_own(kind: str, caller: Caller) -> None:
    """So that nobody takes an entry for another module's, or for one of this service."""
    if not _TYPE.fullmatch(kind):
        raise InvalidBody("type is two or three words of a-z, 0-9, _, . and -, with colons between.")
    word = kind.partition(":")[0]
    if word in SOURCES:
        raise InvalidBody(f"A type that begins with `{word}` is for what this service writes itself.")
    if caller.role is Role.MODULE and word != caller.name:
        raise InvalidBody(f"A module's type begins with its own name: `{caller.name}:…`.")


def _refuse_addresses(wanted: AppendEvent) -> None:
    why = "looks like an address or number of somebody: name the `customer` the entry is about, or leave it out"
    faults = [Fault(f"/payload{place}", why) for place in islice(addresses(wanted.payload), MOST_FAULTS)]
    if _NUMBER.search(wanted.type):
        faults.append(Fault("/type", why))
    if faults:
        raise InvalidBody("What this entry says would outlive the erasure of whom it is about.", faults=faults)


@get(
    "/v1/audit/events",
    opt=allow(Role.DPO, Role.AUDITOR),
    sync_to_thread=True,
    operation_id="findAuditEvents",
    tags=TAGS,
)
def find_events(
    database: NamedDependency[Database],
    log: NamedDependency[Log],
    directory: NamedDependency[CustomerDirectory],
    caller: NamedDependency[Caller],
    customer: FromQuery[str | None] = None,
    kind: Annotated[str | None, QueryParameter(name="type")] = None,
    since: Annotated[datetime | None, QueryParameter(name="from")] = None,
    actor: FromQuery[str | None] = None,
    until: Annotated[datetime | None, QueryParameter(name="to")] = None,
    cursor: FromQuery[int | None] = None,
    limit: FromQuery[int] = 50,
) -> Entries:
    """Entries, newest first. An auditor sees that they are there, not about whom, nor what they say about people, nor
    what modules wrote."""
    _check_reader(caller, customer)
    if not 1 <= limit <= MOST:
        raise BadRequest(f"limit is a whole number from 1 to {MOST}.")
    if cursor is not None and not 0 <= cursor < 2**63:
        raise BadRequest("cursor is the one an earlier answer gave.")
    _check_times(since, until)
    looked_at = _told({"type": kind, "actor": actor, "from": since, "to": until, "cursor": cursor})
    with database.read() as session:
        subject_id = directory.find(session, CustomerRef(id=customer)) if customer is not None else None
        if customer is not None and subject_id is None:
            return Entries([])
        found = log.search(
            session,
            subject_id=subject_id,
            type=kind,
            actor=actor,
            since=since,
            until=until,
            after=cursor,
            limit=limit,
            about_people=caller.role is Role.DPO,
        )
    log.looked_at(database, caller.name, subject_id, looked_at)
    after = str(found[-1].index) if len(found) == limit else None
    return Entries([entry_out(v) for v in found], after)


@get(
    "/v1/audit/events/{entry:str}/proof",
    opt=allow(Role.DPO, Role.AUDITOR, Role.MODULE),
    sync_to_thread=True,
    operation_id="proveAuditEvent",
    tags=TAGS,
)
def prove_event(
    entry: FromPath[str],
    database: NamedDependency[Database],
    log: NamedDependency[Log],
    directory: NamedDependency[CustomerDirectory],
    caller: NamedDependency[Caller],
    customer: FromQuery[str | None] = None,
) -> Response[str] | Response[dict[str, Any]]:
    """A C2SP `.tlog-proof` of an entry, by its id or its index, to be checked offline with `privacy-svc verify FILE`.
    404 `not-in-the-tree-yet` with `Retry-After` for the fraction of a second after it was written. With `customer`,
    for an entry about many people: that this customer is one of them, as JSON with the entry's proof in it; for the DPO
    only. That staff looked at an entry about people is logged; a module is given proofs of what it did itself."""
    _check_reader(caller, customer)
    with database.read() as session:
        subject_id = _known(directory, session, customer)
        found = log.place_of(session, entry)
        if caller.role is Role.MODULE and (found is None or found.actor != caller.name):
            raise NotFound("The log has no such entry of this module's own.")
        if found is None:
            raise not_there(session, entry)
        if found.index is None:
            raise NotYet("The entry was written, and is about to enter the tree.")
        proof = log.proof(session, found.index)
    if (found.about_people or subject_id) and caller.role is not Role.MODULE:
        log.looked_at(database, caller.name, subject_id or found.subject_id, {"proof": str(found.index)})
    if subject_id is None:
        return plain(proof)
    with database.read() as session:
        membership = log.membership(session, found.index, subject_id)
    return Response(membership_document(proof, membership), headers={"Cache-Control": "no-store"})


@get(
    "/v1/audit/export",
    opt=allow(Role.DPO, Role.AUDITOR),
    sync_to_thread=True,
    operation_id="exportAuditLog",
    tags=TAGS,
)
def export_events(
    database: NamedDependency[Database],
    log: NamedDependency[Log],
    directory: NamedDependency[CustomerDirectory],
    caller: NamedDependency[Caller],
    customer: FromQuery[str | None] = None,
    kind: Annotated[str | None, QueryParameter(name="type")] = None,
    since: Annotated[datetime | None, QueryParameter(name="from")] = None,
    actor: FromQuery[str | None] = None,
    until: Annotated[datetime | None, QueryParameter(name="to")] = None,
) -> Stream:
    """Entries with their proofs, oldest first, as lines of JSON; `privacy-svc verify FILE` checks them offline. An
    auditor gets no payloads about people, and none that modules wrote."""
    _check_reader(caller, customer)
    _check_times(since, until)
    with database.write() as session:
        subject_id = _known(directory, session, customer)
        looked_at = _told({"export": True, "type": kind, "actor": actor, "from": since, "to": until})
        log.append(session, EventType.LOG_READ, actor=caller.name, subject_id=subject_id, payload=looked_at)
        wanted = Wanted(subject_id, kind, since, until, actor=actor)
    lines = log.export_entries(database, wanted, about_people=caller.role is Role.DPO)
    headers = {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="audit-log.ndjson"'}
    return Stream((line + "\n" for line in lines), media_type="application/x-ndjson", headers=headers)


def _check_reader(caller: Caller, customer: str | None) -> None:
    if customer is not None and caller.role is not Role.DPO:
        raise Forbidden("Who an entry is about is for the DPO to see.")


def _known(directory: CustomerDirectory, session: Session, customer: str | None) -> str | None:
    """Their subject; refused where there is none, before anything is logged."""
    subject_id = directory.find(session, CustomerRef(id=customer)) if customer is not None else None
    if customer is not None and subject_id is None:
        raise NotFound("There is no such customer.")
    return subject_id


def _check_times(*times: datetime | None) -> None:
    if any(t is not None and t.tzinfo is None for t in times):
        raise BadRequest("from and to need a time zone, e.g. 2026-11-01T00:00:00Z.")


def _told(looked: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in looked.items() if value is not None}


HANDLERS = [append_event, find_events, prove_event, export_events]
