"""What a request costs does not grow with the number of customers: the databases themselves say so."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from privacy_svc.db import Base
from privacy_svc.rights import Right
from privacy_svc.rights.fulfilment import Fulfilment
from tests.rights.company import Company
from tests.rights.test_approval import verified
from tests.rights.test_rectifying import remap

CUSTOMERS = 20_000
"""As many as make a planner choose as it would for millions."""
CALLS = """\
      - name: calls
        fields:
          - name: id
            data_categories: [system.operations]
            fides_meta: {primary_key: true, data_type: integer}
          - name: customer_id
            data_categories: [user.unique_id]
            fides_meta: {data_type: integer, references: [{dataset: crm, field: customers.id, direction: from}]}
          - name: note
            data_categories: [user.content.private]
            privacy: {erase: redact}
"""
NUMBERS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < {top})",
    "postgresql": "WITH n(i) AS (SELECT * FROM generate_series(100, {top}))",
}
FEW = {"audit_tree", "audit_outbox", "index_roots", "root_epochs", "sealed_columns", "holds", "page_keys"}
"""Tables of ours that do not have a row for each person, entry or request."""
WORKS = """INSERT INTO request_works (request_id, place, kind, state, opened_at, tries, rows)
    SELECT id, 'mailtool', 'http', 'done', received_at, 1, 0 FROM requests WHERE state = 'completed'"""
Seen = list[tuple[Engine, str, Any]]


def fill(company: Company) -> None:
    dialect = company.database.engine.dialect.name
    numbers = NUMBERS[dialect].format(top=CUSTOMERS + 99)
    rows = {
        "customers": "i, 'Person ' || i, 'p' || i || '@mail.example', '+49 30 ' || i, 'City'",
        "orders": "i, i, 'Person ' || i, 7",
        "tickets": "i, i, 'lost a parcel'",
        "notes": "i, i, 'called back'",
        "calls": "i, i, 'rang'",
    }
    company.write("CREATE TABLE calls (id INTEGER PRIMARY KEY, customer_id INTEGER, note TEXT)")
    company.write("INSERT INTO calls VALUES (1, 1, 'Ana Figueiredo rang')")
    for table, values in rows.items():
        insert, select = f"INSERT INTO {table}", f"SELECT {values} FROM n"
        company.write(f"{numbers} {insert} {select}" if dialect == "postgresql" else f"{insert} {numbers} {select}")
        if table != "customers":
            company.write(f"CREATE INDEX ix_{table} ON {table} (customer_id)")
    company.write("ANALYZE")


def multiply(company: Company, table: str, first: str, **changed: str) -> None:
    """As many rows more of our own as there are customers, like the first."""
    columns = Base.metadata.tables[table].columns.keys()
    numbers = NUMBERS[company.database.engine.dialect.name].format(top=CUSTOMERS + 99)
    named = ", ".join(f'"{c}"' for c in columns)
    values = ", ".join(changed.get(c, f't."{c}"') for c in columns)
    insert, select = f"INSERT INTO {table} ({named})", f"SELECT {values} FROM {table} t, n WHERE t.id = '{first}'"
    with company.database.write() as session:
        session.connection().exec_driver_sql(f"{insert} {numbers} {select}")


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


def test_no_table_is_read_as_a_whole(company: Company) -> None:
    """An access and an erasure over five tables with notes, to package and certificate: each statement, in the store
    and in our own database, goes by an index. (The pass over everybody's texts is one for all that wait for it.)"""
    remap(company, lambda content: content + CALLS)
    company.seal()
    fill(company)
    work = Fulfilment(company.database, company.requests.parts)
    access = verified(company, Right.ACCESS)
    multiply(company, "subjects", company.subject(), id="'s' || i")
    multiply(company, "requests", access.id, id="'r' || i", subject_id="'s' || i", state="'completed'")
    with company.database.write() as session:
        session.connection().exec_driver_sql(WORKS)
        if session.get_bind().dialect.name == "postgresql":
            session.connection().exec_driver_sql("ANALYZE")
    with watching() as seen:
        assert work.run(access.id) is None
    erasure = verified(company)
    company.requests.approve(erasure.id, "dora")
    with watching() as seen_more:
        assert work.run(erasure.id) is None
    assert company.requests.show(erasure.id).certificate is not None
    growing = {"customers", "orders", "tickets", "notes", "calls", *(t.name for t in Base.metadata.sorted_tables)} - FEW
    whole = {
        (table, s)
        for engine, s, values in seen + seen_more
        for table in read_whole(engine, s, values)
        if table in growing
    }
    assert len(seen) + len(seen_more) > 100
    assert not whole, "\n\n".join(f"{t}: {s}" for t, s in whole)
