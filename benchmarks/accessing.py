"""Access requests (Art. 15), from approval to the package: a shop of five tables with tickets and notes.

    python -m benchmarks.accessing 1000000 [SQLite|PostgreSQL]

The peer, Fides 2.78 on such a machine with three tables and no notes, 100,000 customers: p50 394 ms or more, 3.7/s.
CPU is that of the worker's threads. A machine that does other things takes more of it for the same work, and much more
of the clock: beside it stands the CPU of a bare loop that reads the same rows and zips them as JSON, in the same run.
"""

import io
import json
import statistics
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from sqlalchemy import select, text

from benchmarks.stores import DIALECTS, with_shop
from privacy_svc.db import Database
from privacy_svc.db.migrate import upgrade
from privacy_svc.examples import folder
from privacy_svc.http import CustomerRef
from privacy_svc.rights import Right, Wanted
from privacy_svc.rights.model import DataRequest
from privacy_svc.runtime import Runtime
from tests.factories import make_runtime

SIZES = (1_000, 100_000)
ONE_BY_ONE, BURST, WARM = 60, 150, 10
_OF = "customer_id = :key"
_TABLES = {
    "customers": "id = :key",
    "orders": _OF,
    "order_items": "order_id IN (SELECT id FROM orders WHERE customer_id = :key)",
    "tickets": _OF,
    "call_notes": _OF,
    "newsletter_subscriptions": _OF,
}
P50, RATE = 40, 30
"""Targets: milliseconds, and requests a second."""


def run(sizes: tuple[int, ...] = SIZES, dialects: tuple[str, ...] = DIALECTS) -> None:
    for dialect in dialects:
        print(f"\nAccess, from approval to package, {dialect} (targets: p50 {P50} ms, {RATE}/s)")
        for customers in sizes:
            with tempfile.TemporaryDirectory() as name, with_shop(dialect, Path(name), customers) as (ours, store):
                database = Database(ours)
                upgrade(database)
                runtime = make_runtime(Path(name), database, {"shop": store}, folder("policies"))
                with runtime.requests.worker():
                    _measure(runtime, customers)
                runtime.close()


def _measure(runtime: Runtime, customers: int) -> None:
    people = iter(range(1, customers + 1, max(1, customers // 400)))
    waiting = [_opened(runtime, next(people)) for _ in range(WARM + ONE_BY_ONE + BURST)]
    for request in waiting[:WARM]:
        _run(runtime, [request])
    begun = _used()
    took = [_run(runtime, [request]) for request in waiting[WARM : WARM + ONE_BY_ONE]]
    used = (_used() - begun) / ONE_BY_ONE * 1000
    p50, p95 = statistics.median(took) * 1000, statistics.quantiles(took, n=20)[-1] * 1000
    begun = _used()
    rate = BURST / _run(runtime, waiting[-BURST:])
    burst = (_used() - begun) / BURST * 1000
    bare = _bare(runtime)
    print(
        f"  {customers:>9,} customers: p50 {p50:5.0f} ms {_met(p50 <= P50)}, p95 {p95:5.0f} ms, {used:4.1f} ms of CPU; "
        f"{rate:5.1f}/s {_met(rate >= RATE)} in a burst of {BURST}, {burst:4.1f} ms of CPU each "
        f"({burst / bare:.1f} times the bare {bare:.1f})"
    )


def _bare(runtime: Runtime) -> float:
    """Milliseconds of CPU a person, of six SELECTs and a zip."""
    begun = time.thread_time()
    for key in range(1, BURST + 1):
        archive = io.BytesIO()
        with runtime.stores.read("shop") as connection, zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
            for table, where in _TABLES.items():
                rows = connection.execute(text(f"SELECT * FROM {table} WHERE {where}"), {"key": key}).mappings()  # noqa: S608 - our own words
                target.writestr(f"{table}.json", json.dumps([dict(row) for row in rows], default=str))
    return (time.thread_time() - begun) / BURST * 1000


def _used() -> float:
    """Seconds of CPU of the worker's threads: without this one, which approves and waits."""
    return time.process_time() - time.thread_time()


def _met(met: bool) -> str:
    return "met" if met else "MISSED"


def _opened(runtime: Runtime, key: int) -> str:
    return runtime.requests.open(Wanted(Right.ACCESS, CustomerRef(id=str(key))), "bench").id


def _run(runtime: Runtime, requests: list[str]) -> float:
    """Seconds from the (first) approval until all are done, as their rows say."""
    for request in requests:
        runtime.requests.vouch(request, "passport", "bench")
    columns = (DataRequest.state, DataRequest.verified_at, DataRequest.closed_at)
    while True:
        with runtime.database.read() as session:
            found = session.execute(select(*columns).where(DataRequest.id.in_(requests))).all()
        if {state for state, _, _ in found} == {"completed"}:
            return float((max(f[2] for f in found) - min(f[1] for f in found)).total_seconds())
        assert "failed" not in {state for state, _, _ in found}
        time.sleep(0.01 if len(requests) == 1 else 0.1)


if __name__ == "__main__":
    run((int(sys.argv[1]),) if len(sys.argv) > 1 else SIZES, tuple(sys.argv[2:]) or DIALECTS)
