"""What a request costs does not grow with the number of customers: the databases themselves say so."""

from privacy_svc.db import Base
from privacy_svc.rights import Right
from privacy_svc.rights.fulfilment import Fulfilment
from tests.plans import multiply, numbers, read_whole, watching
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
FEW = {"audit_tree", "audit_outbox", "index_roots", "root_epochs", "sealed_columns", "holds", "page_keys"}
"""Tables of ours that do not have a row for each person, entry or request."""
WORKS = """INSERT INTO request_works (request_id, place, kind, state, opened_at, tries, rows)
    SELECT id, 'mailtool', 'http', 'done', received_at, 1, 0 FROM requests WHERE state = 'completed'"""


def fill(company: Company) -> None:
    dialect = company.database.engine.dialect.name
    counted = numbers(dialect, CUSTOMERS)
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
        company.write(f"{counted} {insert} {select}" if dialect == "postgresql" else f"{insert} {counted} {select}")
        if table != "customers":
            company.write(f"CREATE INDEX ix_{table} ON {table} (customer_id)")
    company.write("ANALYZE")


def test_no_table_is_read_as_a_whole(company: Company) -> None:
    """An access and an erasure over five tables with notes, to package and certificate: each statement, in the store
    and in our own database, goes by an index. (The pass over everybody's texts is one for all that wait for it.)"""
    remap(company, lambda content: content + CALLS)
    company.seal()
    fill(company)
    work = Fulfilment(company.database, company.requests.parts)
    access = verified(company, Right.ACCESS)
    multiply(company.database, "subjects", company.subject(), CUSTOMERS, id="'s' || i")
    multiply(
        company.database, "requests", access.id, CUSTOMERS, id="'r' || i", subject_id="'s' || i", state="'completed'"
    )
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
