"""Who of all customers may be used for a purpose, decided and logged, against a bare SELECT of their keys.

    python -m benchmarks.audiences 1000000 [SQLite|PostgreSQL]

Half of them gave the consent, a quarter refused it. Everybody's tag of the month is made by the worker in the last days
of the month before, or on the way by the first audience; the later ones find it made.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import delete

from benchmarks.stores import DIALECTS, with_shop
from privacy_svc.auditlog import MonthTag
from privacy_svc.consent.model import Consent
from privacy_svc.db import Database, insert_rows, new_id, now
from privacy_svc.db.migrate import upgrade
from privacy_svc.examples import folder
from privacy_svc.policy import Collection
from privacy_svc.runtime import Runtime
from privacy_svc.store import Question, subjects
from privacy_svc.store.evaluating import Terms
from privacy_svc.store.rows import chunks
from tests.factories import make_runtime

CUSTOMERS = 50_000
TARGET = 100_000
CHUNK = 5_000


def run(customers: int = CUSTOMERS, dialects: tuple[str, ...] = DIALECTS) -> None:
    for dialect in dialects:
        with tempfile.TemporaryDirectory() as name, with_shop(dialect, Path(name), customers) as (ours, store):
            database = Database(ours)
            upgrade(database)
            runtime = make_runtime(Path(name), database, {"shop": store}, folder("policies"))
            _measure(dialect, runtime, customers)
            runtime.close()


def _measure(dialect: str, runtime: Runtime, customers: int) -> None:
    people = runtime.directory.people()
    _admit(runtime, people, customers)
    asked = Question("marketing", "marketing", "marketing.email", ("email",))
    plain = customers / _seconds(lambda: _keys(runtime))
    print(f"\nAudience of {customers:,}, {dialect} (limit: SELECT of the keys, {plain:,.0f}/s)")
    for name in ("tags made on the way", "tags made before"):
        begun = time.process_time()
        rate = customers / _seconds(lambda: runtime.audiences.find(asked, Terms(), people))
        used = (time.process_time() - begun) / customers * 1e6
        verdict = "met" if rate >= TARGET else "MISSED"
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(
            f"  {name:20} {rate:10,.0f} customers/s  {rate / plain:6.3f} of the limit  target {TARGET:,}/s  {verdict}"
            f"   {used:.1f} µs of CPU each, {peak:,} MB at most"
        )


def _admit(runtime: Runtime, people: Collection, customers: int) -> None:
    for chunk in chunks((str(n) for n in range(1, customers + 1)), CHUNK):
        with runtime.database.write() as session:
            found = subjects.admit(session, runtime.sealer("benchmark").facts, runtime.log, people, chunk, "benchmark")
            insert_rows(session, Consent, [_said(i, n) for n, i in enumerate(found.values()) if n % 4])
    with runtime.database.write() as session:  # admitting them in thousands made their tags
        session.execute(delete(MonthTag))
    runtime.log.integrate(runtime.database)


def _said(subject_id: str, number: int) -> dict[str, object]:
    notice = {"notice_id": "newsletter", "notice_version": 2, "notice_language": "en", "notice_digest": ""}
    same = {"purpose": "marketing.email", "policy_version": "", "channel": "web", "method": "expressed", **notice}
    times = {"given_at": now(), "recorded_at": now(), "valid_until": None, "recorded_by": "benchmark"}
    state = {"state": "refused" if number % 4 == 1 else "given", "guardian": False, "sealed": None, "entry_id": None}
    return {"id": new_id(), "subject_id": subject_id, "state_version": 1, **same, **times, **state}


def _keys(runtime: Runtime) -> int:
    with runtime.stores.read("shop") as connection:
        return len(connection.exec_driver_sql("SELECT id FROM customers ORDER BY id").all())


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else CUSTOMERS, tuple(sys.argv[2:]) or DIALECTS)
