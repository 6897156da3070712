"""Waiting for a worker, and looking for what must not be there."""

import base64
import binascii
import contextlib
import time
from pathlib import Path

from sqlalchemy import MetaData, create_engine, select

from privacy_svc.db import Database
from privacy_svc.http import CustomerRef
from privacy_svc.rights import RequestView, Right, State, Wanted
from privacy_svc.rights.fulfilment import Fulfilment
from privacy_svc.rights.parts import Parts, find
from privacy_svc.rights.sweeping import Sweeper
from tests.rights.company import ANA, NOTE, TICKET, Company

SECONDS = 30
PLANTED = (*ANA.values(), NOTE, TICKET)
ENDED = {State.COMPLETED, State.FAILED, State.REFUSED, State.CANCELLED}


def finished(company: Company, request: str) -> RequestView:
    """The request once its run has ended."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        found = company.requests.show(request)
        if found.state in ENDED:
            return found
        time.sleep(0.02)
    raise AssertionError(f"the request is still {found.state}: {company.requests.timeline(request)}")


def carried_out(database: Database, parts: Parts, request: str) -> None:
    """All of a request in this process, without the workflow engine: its steps, and where it waits for a pass over
    everybody's texts, that pass."""
    work = Fulfilment(database, parts)
    assert work.run(request) is None
    with database.write() as session:
        found = find(session, request)
        found.dispatched = found.attempt
    Sweeper(database, work, parts.settings.home).sweep()


def done(company: Company, request: str) -> RequestView:
    found = finished(company, request)
    assert found.state == State.COMPLETED, found.failure
    return found


def everything_in(url: str, schema: str | None = None) -> str:
    """All values of all tables, as text; base64 is looked into too."""
    engine, metadata = create_engine(url), MetaData()
    metadata.reflect(engine, schema=schema)
    with engine.connect() as connection:
        values = [v for t in metadata.sorted_tables for row in connection.execute(select(t)) for v in row]
    engine.dispose()
    assert metadata.tables
    return "\n".join(part for value in values for part in _readings(value))


def _readings(value: object) -> list[str]:
    raw = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
    found = [raw.decode("utf-8", "replace")]
    with contextlib.suppress(binascii.Error, ValueError):
        found.append(base64.b64decode(raw, validate=True).decode("utf-8", "replace"))
    return found


def workflow_tables(company: Company) -> str:
    if company.database.engine.dialect.name == "postgresql":
        return everything_in(company.database.engine.url.render_as_string(hide_password=False), "dbos")
    return everything_in(f"sqlite:///{company.home / 'workflows.sqlite3'}")


def files_of(folder: Path) -> bytes:
    return b"".join(p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file())


def erased(company: Company, customer: str = "1") -> RequestView:
    """An erasure as far as it gets, without the workflow engine: the request completed or failed."""
    opened = company.requests.open(Wanted(Right.ERASURE, CustomerRef(id=customer)), "dora")
    request = company.requests.vouch(opened.id, "passport", "dora")
    company.requests.approve(request.id, "dora")
    return carried_on(company, request.id)


def carried_on(company: Company, request: str) -> RequestView:
    """As a worker does, and a sweeper after it; what stops it is noted."""
    work = Fulfilment(company.database, company.requests.parts)
    problem = work.run(request)
    if problem is not None:
        work.fail(request, problem)
        return company.requests.show(request)
    with company.database.write() as session:
        found = find(session, request)
        found.dispatched = found.attempt
    Sweeper(company.database, work, company.home).sweep()
    return company.requests.show(request)
