"""What a database's planner says of each statement that the service really sends: does it read a whole table?"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from privacy_svc.db import Base, Database

Seen = list[tuple[Engine, str, Any]]
"""Statements with their values."""
NUMBERS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < {top})",
    "postgresql": "WITH n(i) AS (SELECT * FROM generate_series(100, {top}))",
}


def numbers(dialect: str, count: int) -> str:
    """SQL of a table `n` of numbers `i` from 100 on."""
    return NUMBERS[dialect].format(top=count + 99)


def multiply(database: Database, table: str, first: str, count: int, **changed: str) -> None:
    """So many rows more of a table of ours, like the one with this id; `changed` are expressions with `i`."""
    columns = Base.metadata.tables[table].columns.keys()
    named = ", ".join(f'"{c}"' for c in columns)
    values = ", ".join(changed.get(c, f't."{c}"') for c in columns)
    insert, select = f"INSERT INTO {table} ({named})", f"SELECT {values} FROM {table} t, n WHERE t.id = '{first}'"
    with database.write() as session:
        session.connection().exec_driver_sql(f"{insert} {numbers(database.engine.dialect.name, count)} {select}")


@contextmanager
def watching() -> Iterator[Seen]:
    seen: Seen = []

    def note(connection: Any, _cursor: object, statement: str, values: Any, _context: object, many: bool) -> None:
        if statement.lstrip().split()[0] in {"SELECT", "UPDATE", "DELETE"}:
            seen.append((connection.engine, statement, values[0] if many else values))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def read_whole(engine: Engine, statement: str, values: Any) -> set[str]:
    """Tables, or their indexes, of which this reads all rows."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            plan = connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, values)
            details = [row.detail.split() for row in plan]
            sorts = any("B-TREE" in d for d in details)
            in_order = "LIMIT" in statement and "WHERE" not in statement and not sorts
            found = set() if in_order else {d[1] for d in details if d[0] == "SCAN"}
        else:
            for small in ("seqscan", "hashjoin", "mergejoin"):  # what a planner prefers for the few rows of a test
                connection.exec_driver_sql(f"SET enable_{small} = off")
            [[plan]] = connection.exec_driver_sql("EXPLAIN (FORMAT JSON) " + statement, values)
            found = set(_scans(json.loads(plan) if isinstance(plan, str) else plan))
        connection.rollback()
    return found


def _scans(plan: Any, *, limited: bool = False) -> Iterator[str]:
    for node in plan if isinstance(plan, list) else [plan]:
        inside = node.get("Plan", node)
        kind = inside.get("Node Type", "")
        by_index = kind in {"Index Scan", "Index Only Scan", "Bitmap Index Scan"}
        if kind == "Seq Scan" or (by_index and "Index Cond" not in inside and not (limited and "Filter" not in inside)):
            yield inside.get("Relation Name") or inside["Index Name"]
        yield from _scans(inside.get("Plans", []), limited=limited or kind == "Limit")
