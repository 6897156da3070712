"""Sealing a whole table in place: rows a second, the share of time in SQL, and memory.

    python -m benchmarks bulk_sealing                              100,000 rows of 4 fields on SQLite and PostgreSQL
    python -m benchmarks.bulk_sealing 1000000 [SQLite|PostgreSQL] [rows a batch]

Each run is a process of its own, so that its memory is its own. The store's time is what its driver's calls take.
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from sqlalchemy import Engine, create_engine, event, text

from benchmarks.stores import DIALECTS, with_empty_store
from privacy_svc.db import Database
from privacy_svc.db.migrate import upgrade
from privacy_svc.examples import folder
from privacy_svc.policy import Collection, DataMap, Dataset, Erase, Field
from privacy_svc.runtime import Runtime
from privacy_svc.store import Sealer, seal, unseal
from tests.factories import make_runtime

ROWS = 100_000
FIELDS = ("email", "phone", "name", "street")
PEOPLE = Collection(
    "shop",
    "people",
    (
        Field("id", ("user.unique_id",), primary_key=True),
        Field("email", ("user.contact.email",), 9001, seal=True, index=("email",), erase=Erase.SHRED),
        Field("phone", ("user.contact.phone_number",), 9002, seal=True, erase=Erase.SHRED),
        Field("name", ("user.name",), 9003, seal=True, erase=Erase.SHRED),
        Field("street", ("user.contact.address",), 9004, seal=True, erase=Erase.SHRED),
    ),
    subject="customer",
)


@dataclass
class Stopwatch:
    """Seconds in the drivers' calls of an engine."""

    seconds: float = 0.0
    begun: float = 0.0

    def watch(self, engine: Engine) -> None:
        event.listen(engine, "before_cursor_execute", lambda *_: setattr(self, "begun", time.perf_counter()))
        event.listen(engine, "after_cursor_execute", self._ended)
        engine.dialect.do_commit = self._timed(engine.dialect.do_commit)  # type: ignore[method-assign]

    def _ended(self, *_: object) -> None:
        self.seconds += time.perf_counter() - self.begun

    def _timed(self, call: Callable[..., None]) -> Callable[..., None]:
        def timed(*arguments: object) -> None:
            begun = time.perf_counter()
            try:
                call(*arguments)
            finally:
                self.seconds += time.perf_counter() - begun

        return timed


def run() -> None:
    for dialect in DIALECTS:
        subprocess.run([sys.executable, "-m", "benchmarks.bulk_sealing", str(ROWS), dialect], check=True)


def measure(rows: int, dialect: str, batch: int | None) -> None:
    with tempfile.TemporaryDirectory() as name, with_empty_store(dialect, Path(name)) as (ours, store):
        fill(store, rows)
        database = Database(ours)
        upgrade(database)
        runtime = make_runtime(Path(name), database, {"shop": store}, folder("policies"))
        sealer = _sealer(runtime, batch)
        peak: list[int] = []
        sealer = replace(sealer, progress=lambda *_: peak.append(_resident()))
        print(f"\n{dialect}, {rows:,} rows x {len(FIELDS)} fields, {sealer.batch:,} rows a batch")
        for what, work in (("new people", seal), ("nothing new", seal), ("unseal", unseal), ("known people", seal)):
            peak.clear()
            _timed(what, rows, runtime, partial(work, sealer))
            if peak:
                print(f"    memory after a tenth {peak[len(peak) // 10]:,} MB, at the end {peak[-1]:,} MB")
        runtime.close()


def _timed(what: str, rows: int, runtime: Runtime, work: Callable[[], object]) -> None:
    theirs, our = Stopwatch(), Stopwatch()
    theirs.watch(runtime.stores.engine("shop"))
    our.watch(runtime.database.engine)
    begun, cpu = time.perf_counter(), time.process_time()
    work()
    taken, used = time.perf_counter() - begun, time.process_time() - cpu
    print(
        f"  {what:12} {rows / taken:9,.0f} rows/s  in SQL {(theirs.seconds + our.seconds) / taken:4.0%} "
        f"(the store's {theirs.seconds / taken:4.0%}, ours {our.seconds / taken:4.0%})  "
        f"{taken:.1f} s, {used:.1f} s of CPU"
    )


def _sealer(runtime: Runtime, batch: int | None) -> Sealer:
    data_map = DataMap((Dataset("shop", "Shop", (PEOPLE,)),))
    sealer = replace(runtime.sealer("benchmark"), policies=replace(runtime.policies.current, data_map=data_map))
    return replace(sealer, batch=batch) if batch else sealer


def fill(url: str, rows: int) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(
            text("CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT, phone TEXT, name TEXT, street TEXT)")
        )
        statement = text("INSERT INTO people VALUES (:i, :e, :p, :n, :s)")
        for start in range(0, rows, 10_000):
            connection.execute(
                statement,
                [
                    {"i": i, "e": f"p{i}@mail.example", "p": f"+49 30 {i:07}", "n": f"Name {i}", "s": f"Road {i % 300}"}
                    for i in range(start, min(rows, start + 10_000))
                ],
            )
    engine.dispose()


def _resident() -> int:
    """Megabytes of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 2**20


if __name__ == "__main__":
    given = sys.argv[1:]
    chosen = given[1:2] or DIALECTS
    for one in chosen:
        measure(int(given[0]) if given else ROWS, one, int(given[2]) if len(given) > 2 else None)
