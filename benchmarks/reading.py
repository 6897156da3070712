"""A module's read of 1,000 customers with 8 sealed fields, against the plain SELECT of the same rows.

Both through SQLAlchemy, in one process, on SQLite and PostgreSQL. What the gateway adds is shown by step: finding
keys, deciding for each person, opening, and the log's entries, which are durable before anything is given out.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from sqlalchemy import select

from benchmarks.stores import DIALECTS, with_shop
from privacy_svc.app import settle_memory
from privacy_svc.consent import subject_states
from privacy_svc.db import Database, now
from privacy_svc.db.migrate import upgrade
from privacy_svc.examples import folder
from privacy_svc.runtime import Runtime
from privacy_svc.store import seal
from privacy_svc.store.model import SubjectRow
from tests.factories import make_runtime

CUSTOMERS = 1_000
ROUNDS = 9
TARGET = 2.5
GATEWAY = "read through the gateway"
MODULE, PURPOSE = "dpo-tools", "rights.handling"


def run() -> None:
    for dialect in DIALECTS:
        with tempfile.TemporaryDirectory() as name, with_shop(dialect, Path(name), CUSTOMERS) as (ours, store):
            database = Database(ours)
            upgrade(database)
            runtime = make_runtime(Path(name), database, {"shop": store}, folder("policies"))
            seal(runtime.sealer("benchmark"))
            settle_memory()
            _measure(dialect, runtime)
            runtime.close()


def _measure(dialect: str, runtime: Runtime) -> None:
    policies = runtime.policies.current
    sealed = [f.name for f in policies.data_map.by_key["shop"].by_name["customers"].sealed]
    gateway = runtime.gateway
    asked = gateway.ask(policies, MODULE, "shop", "customers", PURPOSE, sealed)

    def plain() -> int:
        table = asked.bound.table
        columns = [*asked.bound.key_columns, *(table.c[n] for n in sealed)]
        with runtime.stores.read("shop") as connection:
            statement = select(*columns).order_by(*asked.bound.key_columns).limit(CUSTOMERS)
            return len(connection.execute(statement).mappings().all())

    def read() -> int:
        with runtime.database.write() as session:
            records, _ = gateway.page(session, policies, asked, CUSTOMERS, None)
        return sum(len(r.fields) for r in records) // len(sealed)

    def states() -> int:
        with runtime.database.read() as session:
            return len(subject_states(session, subjects, now()))

    def keys() -> int:
        with runtime.database.read() as session:
            return len(runtime.vault.ciphers(session, subjects))

    with runtime.database.read() as session:
        mine = select(SubjectRow.subject_id).where(SubjectRow.collection == "customers")
        subjects = session.scalars(mine).all()
    steps = {"plain SELECT": plain, GATEWAY: read, "  of that: keys": keys, "  of that: states": states}
    taken = _seconds(steps)
    limit = taken["plain SELECT"]
    print(f"\nReading {CUSTOMERS:,} customers x {len(sealed)} sealed fields, {dialect}")
    for name, seconds in taken.items():
        verdict = ""
        if name == GATEWAY:
            verdict = f"target {TARGET}  {'met' if seconds <= TARGET * limit else 'MISSED'}"
        print(f"  {name:28} {1000 * seconds:8.1f} ms  {seconds / limit:6.1f} times the plain SELECT  {verdict}")


def _seconds(steps: Mapping[str, Callable[[], int]]) -> dict[str, float]:
    """Medians of interleaved rounds."""
    taken: dict[str, list[float]] = {n: [] for n in steps}
    for _ in range(ROUNDS):
        for name, step in steps.items():
            begun = time.perf_counter()
            done = step()
            taken[name].append(time.perf_counter() - begun)
            assert done == CUSTOMERS, (name, done)
    return {n: statistics.median(t) for n, t in taken.items()}
