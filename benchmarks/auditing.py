"""The audit log: durable entries a second, what a logged read costs, proofs and verification, bytes on disk.

Side by side in one run: the same rows inserted without any log (the limit), and a naive chain of hashes.
"""

import asyncio
import hashlib
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Integer, LargeBinary, MetaData, String, Table, insert
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from privacy_svc.app import create_app
from privacy_svc.auditlog import Event, EventType, Log
from privacy_svc.auditlog.growing_tree import GrowingTree
from privacy_svc.auditlog.merkle import inclusion_proof, leaf_hash
from privacy_svc.auditlog.model import Tile
from privacy_svc.auditlog.tiles import Tiles
from privacy_svc.db import Database, new_id
from privacy_svc.db.migrate import upgrade
from privacy_svc.examples import folder
from privacy_svc.http import Role
from privacy_svc.identity import add_client
from privacy_svc.runtime import Runtime
from privacy_svc.store import DecisionPoint
from tests import postgres
from tests.conftest import fresh_postgres
from tests.factories import make_log, make_runtime, make_vault
from tests.shop import postgres_shop, sqlite_shop

ENTRIES, PEOPLE, BATCH = 20_000, 1_000, 500
SIZES = (10_000, 100_000, 1_000_000)
PAYLOAD = {
    "module": "marketing",
    "purpose": "marketing.email",
    "fields": {"permit": ["shop.customers.email", "shop.customers.first_name"]},
    "reasons": [],
    "policy_version": "3b0d7d8f",
}
ROWS = Table(
    "rows", MetaData(), Column("id", Integer, primary_key=True), Column("key", String), Column("raw", LargeBinary)
)


def run() -> None:
    for dialect in ("sqlite", "postgresql"):
        with tempfile.TemporaryDirectory() as name, _database(dialect, Path(name)) as url:
            _entries(dialect, Path(name), url)
        with tempfile.TemporaryDirectory() as name, _database(dialect, Path(name)) as url:
            _reads(dialect, Path(name), url)
    _proofs()


def _entries(dialect: str, home: Path, url: str) -> None:
    database = Database(url)
    upgrade(database)
    vault = make_vault(home, database)
    log = make_log(home, vault)
    with database.write() as session:
        people = vault.create_subjects(session, PEOPLE)
    empty = _held(home)
    logged = _timed(lambda: _logged(database, log, people))
    held = _held(home) - empty
    with database.engine.begin() as connection:
        ROWS.create(connection)
    plain, chained = _timed(lambda: _plain(database)), _timed(lambda: _chained(database))
    taken = {"rows without any log": plain, "a naive chain of hashes": chained, "entries": logged}
    print(f"\nAudit log, {dialect}, {ENTRIES:,} entries in transactions of {BATCH}, durable and in the tree")
    for what, seconds in taken.items():
        target = f"target 3,000/s  {_met(ENTRIES / seconds >= 3_000)}" if what == "entries" else ""
        print(f"  {what:26} {ENTRIES / seconds:10,.0f}/s  {plain / seconds:6.3f} of the limit  {target}")
    verified = ENTRIES / _medians({"": lambda: _verified(database, log)}, rounds=5)[""]
    if dialect == "sqlite":
        print(f"  {held / ENTRIES:,.0f} bytes an entry on disk, its mirror outside the database included")
    print(f"  {'verified':26} {verified:10,.0f}/s  target 50,000/s  {_met(verified >= 50_000)}")
    database.engine.dispose()


def _held(home: Path) -> int:
    """Bytes of all files."""
    return sum(p.stat().st_size for p in home.rglob("*") if p.is_file())


def _plain(database: Database) -> None:
    for start in range(0, ENTRIES, BATCH):
        rows = [{"key": new_id(), "raw": json.dumps(PAYLOAD).encode()} for _ in range(start, start + BATCH)]
        with database.write() as session:
            session.execute(insert(ROWS), rows)


def _chained(database: Database) -> None:
    before = b""
    for start in range(0, ENTRIES, BATCH):
        rows = []
        for _ in range(start, start + BATCH):
            raw = json.dumps(PAYLOAD).encode()
            before = hashlib.sha256(before + raw).digest()
            rows.append({"key": new_id(), "raw": raw + before})
        with database.write() as session:
            session.execute(insert(ROWS), rows)


def _logged(database: Database, log: Log, people: list[str]) -> None:
    for start in range(0, ENTRIES, BATCH):
        events = [
            Event(EventType.DECISION_PERMIT, people[i % PEOPLE], {**PAYLOAD, "state_version": i})
            for i in range(start, start + BATCH)
        ]
        with database.write() as session:
            log.append_many(session, events, actor="marketing")
    log.integrate(database)


def _verified(database: Database, log: Log) -> None:
    assert log.verify(database).ok


class Unlogged(DecisionPoint):
    """The same decision point without its log, to see what the log costs."""

    def log_all(self, *_: object, **__: object) -> str:
        return ""


def _reads(dialect: str, home: Path, url: str) -> None:
    """One after another, so that no two share a commit. The request is what a module waits for, less the network."""
    database = Database(url)
    upgrade(database)
    with _shop(dialect, home) as store:
        logged = make_runtime(home, database, {"shop": store}, folder("policies"))
        with database.write() as session:
            token = add_client(session, logged.log, "support", Role.MODULE, "bench")[1]
        silent = replace(logged)
        vars(silent)["pdp"] = Unlogged(silent.policies, silent.log)
        print(f"\nOne read through the gateway, {dialect}, with its log and without")
        for what, read in (("in the process", _read), ("the whole request", _request(token))):
            taken = _medians({"with": read(logged), "without": read(silent)})
            ratio = taken["with"] / taken["without"]
            print(
                f"  {what:18} {1000 * taken['with']:5.2f} ms, {1000 * taken['without']:5.2f} ms: {ratio:.2f} times"
                f"  target 1.3  {_met(ratio <= 1.3)}"
            )
        with database.engine.begin() as connection:
            ROWS.create(connection)
        commit = statistics.median(_timed(lambda: _commit(database)) for _ in range(200))
        print(f"  of which the commit of one row {1000 * commit:.2f} ms")
        logged.close()


def _read(runtime: Runtime) -> Callable[[], None]:
    def read() -> None:
        policies, gateway = runtime.policies.current, runtime.gateway
        asked = gateway.ask(policies, "support", "shop", "customers", "service.support", ["first_name", "email"])
        gateway.read(runtime.database, policies, asked, "1")

    return read


def _request(token: str) -> Callable[[Runtime], Callable[[], None]]:
    """The application called as its server calls it."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/v1/records/shop/customers/1",
        "raw_path": b"/v1/records/shop/customers/1",
        "root_path": "",
        "query_string": b"purpose=service.support&fields=first_name,email",
        "headers": [(b"host", b"localhost"), (b"authorization", f"Bearer {token}".encode())],
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
    }

    def of(runtime: Runtime) -> Callable[[], None]:
        app: Any = create_app(runtime.settings, runtime)
        loop = asyncio.new_event_loop()

        async def once() -> None:
            answered: list[dict[str, Any]] = []

            async def receive() -> dict[str, Any]:
                return {"type": "http.request", "body": b"", "more_body": False}

            async def send(message: dict[str, Any]) -> None:
                answered.append(message)

            await app({**scope, "headers": list(scope["headers"])}, receive, send)  # type: ignore[call-overload]
            assert answered[0]["status"] == 200, answered

        return lambda: loop.run_until_complete(once())

    return of


def _commit(database: Database) -> None:
    with database.write() as session:
        session.execute(insert(ROWS), [{"key": "k", "raw": b"r" * 600}])


def _proofs() -> None:
    print("\nProof of one entry, tiles read from the database (target 5 ms in a log of 1,000,000)")
    for size in SIZES:
        with tempfile.TemporaryDirectory() as name:
            database = Database(f"sqlite:///{name}/log.sqlite3")
            upgrade(database)
            tree = GrowingTree()
            tree.extend(leaf_hash(number.to_bytes(8)) for number in range(size))
            rows = [{"level": level, "number": n, "hashes": bytes(h)} for (level, n), h in tree.tiles.items()]
            with database.write() as session:
                session.execute(insert(Tile), rows)
            with database.read() as session:
                taken = [_timed(partial(_proof, session, i, size)) for i in range(0, size, size // 50)]
            median = statistics.median(taken)
            print(f"  {size:9,} entries {1000 * median:8.2f} ms  {_met(median <= 0.005)}")
            database.engine.dispose()


def _proof(session: Session, index: int, size: int) -> None:
    session.expunge_all()
    inclusion_proof(index, size, Tiles(session).node)


def _met(holds: bool) -> str:
    return "met" if holds else "MISSED"


def _timed(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _medians(works: Mapping[str, Callable[[], None]], rounds: int = 200) -> dict[str, float]:
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            taken[name].append(_timed(work))
    return {name: statistics.median(some) for name, some in taken.items()}


@contextmanager
def _database(dialect: str, home: Path) -> Iterator[str]:
    if dialect == "sqlite":
        yield f"sqlite:///{home / 'privacy.sqlite3'}"
        return
    with fresh_postgres(make_url(postgres.find())) as url:
        yield url


@contextmanager
def _shop(dialect: str, home: Path) -> Iterator[str]:
    if dialect == "sqlite":
        yield sqlite_shop(home)
        return
    with postgres_shop(make_url(postgres.find())) as url:
        yield url
