"""Importing an old consent table: rows a second, on one core.

    python -m benchmarks importing                           20,000 rows on SQLite and PostgreSQL
    python -m benchmarks.importing 1000000 [SQLite|PostgreSQL]

Each row names one customer by the CRM's key, with a notice and a reference, which is sealed; the last run names them
by e-mail address, which the store holds sealed and indexed. The target is 20,000 rows/s for customers who are known.
"""

import gc
import io
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sqlalchemy import text

from benchmarks.bulk_sealing import PEOPLE, fill
from benchmarks.stores import DIALECTS, with_empty_store
from privacy_svc.consent import Format, Importer, Shape, inspect, read
from privacy_svc.db import Database
from privacy_svc.db.migrate import upgrade
from privacy_svc.examples import folder
from privacy_svc.policy import DataMap, Dataset
from privacy_svc.runtime import Runtime
from privacy_svc.store import seal
from tests.factories import make_runtime

ROWS = 20_000
TARGET = 20_000
HEAD = "{who},purpose,state,given_at,notice,notice_version,notice_language,method,reference\n"
LINE = "{who},marketing.email,given,2024-0{month}-1{day}T09:30:00Z,newsletter,1,en,expressed,form {i}\n"


def run() -> None:
    for dialect in DIALECTS:
        measure(ROWS, dialect)


def measure(rows: int, dialect: str) -> None:
    with tempfile.TemporaryDirectory() as name, with_empty_store(dialect, Path(name)) as (ours, store):
        fill(store, rows)
        database = Database(ours)
        upgrade(database)
        runtime = make_runtime(Path(name), database, {"shop": store}, folder("policies"))
        _map(runtime)
        gc.freeze()
        gc.set_threshold(200_000, 20, 100)  # as the command does
        print(f"\n{dialect}, {rows:,} rows, one a customer (target for known customers: {TARGET:,} rows/s)")
        by_id, other = _file(rows, "id", str, 1), _file(rows, "id", str, 2)
        _timed("new customers", runtime, by_id)
        _timed("known customers", runtime, other)
        _timed("nothing new", runtime, by_id)
        seal(runtime.sealer("benchmark"))
        _timed("by e-mail address", runtime, _file(rows, "email", lambda i: f"P{i}@mail.example", 3))
        runtime.close()


def _map(runtime: Runtime) -> None:
    """The store's one table, found by its e-mail addresses."""
    fields = tuple(replace(f, identity=f.name if f.name in {"email", "phone"} else None) for f in PEOPLE.fields)
    data_map = DataMap((Dataset("shop", "Shop", (replace(PEOPLE, fields=fields),)),))
    runtime.policies._current = replace(runtime.policies.current, data_map=data_map)  # noqa: SLF001 - instead of files


def _file(rows: int, column: str, who: Callable[[int], str], month: int) -> bytes:
    head = HEAD.format(who=column)
    return (head + "".join(LINE.format(who=who(i), month=month, day=i % 10, i=i) for i in range(rows))).encode()


def _timed(what: str, runtime: Runtime, content: bytes) -> None:
    with runtime.database.engine.begin() as connection:
        connection.execute(text("ANALYZE"))  # as PostgreSQL does by itself within a minute
    importer = Importer(
        runtime.database, runtime.vault, runtime.log, runtime.directory, runtime.policies.current, "benchmark"
    )
    begun, cpu = time.perf_counter(), time.process_time()
    file = io.BytesIO(content)
    digest = inspect(file).digest
    totals = importer.run(digest, read(file, Shape(Format.CSV)), lambda _: None, lambda _: None)
    taken, used = time.perf_counter() - begun, time.process_time() - cpu
    print(
        f"  {what:18} {totals.rows / taken:9,.0f} rows/s  new {totals.recorded:,}, unchanged {totals.unchanged:,}, "
        f"refused {sum(totals.refused.values()):,}   {taken:.1f} s, {used:.1f} s of CPU"
    )


if __name__ == "__main__":
    given = sys.argv[1:]
    for one in given[1:2] or DIALECTS:
        measure(int(given[0]) if given else ROWS, one)
