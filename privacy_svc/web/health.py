"""Whether the process lives, and whether each part it needs answers (for load balancers and supervisors)."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import msgspec
from litestar import get
from litestar.di import NamedDependency
from sqlalchemy import text
from sqlalchemy.orm import Session

from privacy_svc.auditlog import Log, LogHalted
from privacy_svc.db import Database, now
from privacy_svc.db.migrate import check as check_migrations
from privacy_svc.errors import DatabaseFull, Fault, PrivacyError, Unavailable
from privacy_svc.http import Role, allow
from privacy_svc.policy import PolicyHolder
from privacy_svc.store import Stores, unmapped_lately
from privacy_svc.vault import Vault

LONGEST_WAIT = timedelta(minutes=1)
"""The sequencer needs a quarter of a second; entries that wait longer say that none runs."""
TAGS = ["Service"]
_THREADS = ThreadPoolExecutor(2, "health")
"""Of its own: where a store hangs, all others wait for it."""


class NotReady(Unavailable):
    slug, title = "not-ready", "Something this service needs does not answer"
    remedy = "`errors` names the parts that are away. The service takes up its work by itself when they are back."


class Health(msgspec.Struct, frozen=True):
    """`warnings`: it works, and somebody should look."""

    status: str
    parts: list[str] = []
    warnings: list[str] = []


@get("/health/live", opt=allow(Role.PUBLIC), sync_to_thread=False, operation_id="live", tags=TAGS)
def live() -> Health:
    """The process runs."""
    return Health("live")


@get("/health/ready", opt=allow(Role.PUBLIC), operation_id="ready", tags=TAGS)
async def ready(
    database: NamedDependency[Database],
    vault: NamedDependency[Vault],
    log: NamedDependency[Log],
    stores: NamedDependency[Stores],
    policies: NamedDependency[PolicyHolder],
) -> Health:
    """Every part answers; else 503, naming those that do not. Policy files that are refused are a warning: the last
    good ones stay in force, and no decision is wrong."""
    looking = asyncio.get_running_loop().run_in_executor
    return await looking(_THREADS, _ready, database, vault, log, stores, policies)


def _ready(database: Database, vault: Vault, log: Log, stores: Stores, policies: PolicyHolder) -> Health:
    parts: dict[str, Callable[[], None]] = {
        "database": lambda: _database_answers(database),
        "migrations": lambda: check_migrations(database),
        "keys": lambda: _read(database, vault.check),
        "log": lambda: _sequencer_runs(database, log),
        "stores": lambda: _stores_answer(stores, policies),
    }
    faults = [Fault(f"/{name}", why) for name, part in parts.items() if (why := _fault(part))]
    if faults:
        raise NotReady("This service cannot do its work now.", faults=faults)
    with database.read() as session:
        refused = log.backlog(session).refused
    return Health("ready", list(parts), [*_warnings(policies, refused), *_beside(stores, policies)])


def _beside(stores: Stores, policies: PolicyHolder) -> list[str]:
    """Personal data that no request reaches; how many tables, but not which: anybody may ask."""
    count = sum(bool(t.personal) for t in unmapped_lately(stores, policies.current.data_map))
    if not count:
        return []
    tables = "1 table" if count == 1 else f"{count} tables"
    return [f"stores: {tables} outside the data map may hold personal data: see `privacy-svc policy check`"]


def _warnings(policies: PolicyHolder, refused: int) -> list[str]:
    """Nothing of what the files say: anybody may ask. `refused`: rows of the log's outbox."""
    _ = policies.current
    since, warnings = policies.refused_since, []
    if since is not None:
        stands = f"since {since:%Y-%m-%dT%H:%M:%SZ}, and those before them stay in force"
        warnings.append(f"policies: the files are refused {stands}")
    if refused:
        warnings.append("log: somebody wrote into its outbox past this service; `privacy-svc log verify` tells")
    return warnings


def _fault(part: Callable[[], None]) -> str | None:
    """What is wrong with a part, in our own words: anybody may ask, and a driver's message may name hosts."""
    try:
        part()
    except PrivacyError as error:
        return error.title
    except Exception as error:  # noqa: BLE001 - a part that fails in any way is not ready
        return type(error).__name__
    return None


def _read(database: Database, look: Callable[[Session], object]) -> None:
    with database.read() as session:
        look(session)


def _database_answers(database: Database) -> None:
    """A full disk is told for a minute: who asks here writes nothing, so the next to write finds out."""
    _read(database, lambda session: session.execute(text("SELECT 1")))
    if database.full_at is not None and time.time() - database.full_at < LONGEST_WAIT.total_seconds():
        raise DatabaseFull("Nothing can be written.")


def _sequencer_runs(database: Database, log: Log) -> None:
    with database.read() as session:
        halted, oldest, lost = log.halted(session), log.backlog(session).oldest, log.record_lacks(session)
    if halted is not None:
        raise LogHalted("Nothing is signed.")
    if oldest is not None and oldest < now() - LONGEST_WAIT:
        raise Unavailable("Entries wait to be entered in the log.")
    if lost:
        raise Unavailable("The record of the log outside the database is not whole, or another machine's.")
    if log.lacks(database):
        raise Unavailable("The log outside the database has entries that the database lacks.")


def _stores_answer(stores: Stores, policies: PolicyHolder) -> None:
    for dataset in policies.current.data_map.datasets:
        with stores.read(dataset.key) as connection:
            connection.execute(text("SELECT 1"))
