"""A person in two databases: erased and corrected in both, whatever happens in between."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from privacy_svc.db import Database
from privacy_svc.rights import Right, State
from tests.conftest import fresh_postgres
from tests.rights.company import DATASET, Company, found_company
from tests.rights.running import PLANTED, done, everything_in, finished, workflow_tables
from tests.rights.test_approval import verified
from tests.rights.test_opening import types_of

SHOP = """\
dataset:
  - fides_key: shop
    name: The shop
    collections:
      - name: accounts
        fields:
          - name: id
            data_categories: [system.operations]
            fides_meta: {primary_key: true, data_type: integer}
          - name: customer_id
            data_categories: [user.unique_id]
            fides_meta: {data_type: integer, references: [{dataset: crm, field: customers.id, direction: from}]}
          - name: login
            data_categories: [user.contact.email]
            privacy: {erase: null}
          - name: remark
            data_categories: [user.content.private]
            privacy: {erase: redact}
      - name: baskets
        privacy: {erase_rows: delete}
        fields:
          - name: id
            data_categories: [system.operations]
            fides_meta: {primary_key: true, data_type: integer}
          - name: customer_id
            data_categories: [user.unique_id]
            fides_meta: {data_type: integer, references: [{dataset: crm, field: customers.id, direction: from}]}
          - name: things
            data_categories: [user.behavior.purchase_history]
            privacy: {erase: null}
"""
TABLES = (
    "CREATE TABLE accounts (id INTEGER PRIMARY KEY, customer_id INTEGER, login TEXT, remark TEXT)",
    "CREATE TABLE baskets (id INTEGER PRIMARY KEY, customer_id INTEGER, things TEXT)",
    "INSERT INTO accounts VALUES (1, 1, 'ana@mail.example', 'Ana pays late'), (2, 2, 'bo@mail.example', 'pays')",
    "INSERT INTO baskets VALUES (1, 1, 'lamp'), (2, 2, 'chair')",
)


@pytest.fixture
def company(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> Iterator[Company]:
    home = tmp_path / "home"
    home.mkdir()
    with ExitStack() as stack:
        urls = [f"sqlite:///{tmp_path / name}.sqlite" for name in ("crm", "shop")]
        if database.engine.dialect.name == "postgresql":
            server = request.getfixturevalue("postgres_server")
            urls = [stack.enter_context(fresh_postgres(server)) for _ in range(2)]
        (home / "stores.json").write_text(json.dumps({"shop": urls[1]}))
        engine = create_engine(urls[1])
        with engine.begin() as connection:
            for statement in TABLES:
                connection.execute(text(statement))
        engine.dispose()
        files = {"datasets/crm.yml": DATASET, "datasets/shop.yml": SHOP}
        yield stack.enter_context(found_company(home, database, urls[0], **files))


def shop_of(company: Company) -> str:
    return str(json.loads((company.home / "stores.json").read_text())["shop"])


def rows(company: Company, table: str) -> list[tuple[object, ...]]:
    engine = create_engine(shop_of(company))
    with engine.connect() as connection:
        found = [tuple(r) for r in connection.execute(text(f"SELECT * FROM {table} ORDER BY id"))]
    engine.dispose()
    return found


def kill(company: Company, step: str, moment: str) -> None:
    url = company.database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.rights.killed", str(company.home), url, company.store_url, step, moment]
    process = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert process.returncode == -signal.SIGKILL, process.stderr.decode()


@pytest.mark.parametrize("step", ["between", "certify", "everywhere"])
def test_killed_between_two_databases(company: Company, step: str) -> None:
    """Killed when the first database was cleaned and the second not, when the certificate was out, or when the search
    of everybody's texts was over and not noted: the next worker ends it once, and both are clean."""
    company.seal()
    request = verified(company)
    company.requests.approve(request.id, "dora")
    kill(company, step, "inside")
    with company.requests.worker():
        done(company, request.id)
    types = types_of(company, request.id)
    assert [types.count(t) for t in ("started", "issued", "completed", "failed")] == [1, 1, 1, 0]
    for place in (everything_in(company.store_url), everything_in(shop_of(company)), workflow_tables(company)):
        assert not [v for v in PLANTED if v in place]
    assert rows(company, "accounts") == [(1, 1, None, "[erased] pays late"), (2, 2, "bo@mail.example", "pays")]
    assert rows(company, "baskets") == [(2, 2, "chair")]
    document = json.loads(company.requests.certificate(request.id))
    told = {(i["collection"], i["field"], i["method"], i["rows"]) for i in [*document["done"], *document["redacted"]]}
    assert {
        ("shop.accounts", "login", "null", 1),
        ("shop.accounts", "remark", "redact", 1),
        ("shop.baskets", "*", "delete", 1),
        ("crm.tickets", "*", "delete", 1),
    } <= told
    assert document["result"] == "partially_fulfilled"
    assert document["issue"] == 2


def test_a_second_database_that_refuses_stops_it_before_the_first_is_touched(company: Company) -> None:
    """A rule of the second database that can be foreseen leaves the first one whole."""
    engine = create_engine(shop_of(company))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE gifts (id INTEGER PRIMARY KEY, basket INTEGER REFERENCES baskets (id))"))
        connection.execute(text("INSERT INTO gifts VALUES (1, 1)"))
    request = verified(company)
    company.requests.approve(request.id, "dora")
    with company.requests.worker():
        failed = finished(company, request.id)
        assert failed.state == State.FAILED
        assert failed.failure is not None
        assert failed.failure["slug"] == "cannot-erase"
        assert [p["place"] for p in failed.failure["places"]] == ["shop.gifts"]
        assert company.rows("customers")[0]["email"] == "ana@mail.example"
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM gifts"))
        company.requests.approve(request.id, "dora")
        done(company, request.id)
    engine.dispose()


def test_an_address_is_corrected_in_both(company: Company) -> None:
    """The copy in the other database follows, also when the worker is killed after the first one was written."""
    request = verified(company, Right.RECTIFICATION, changes={"email": "ana@new.example"})
    company.requests.approve(request.id, "dora")
    kill(company, "between", "inside")
    with company.requests.worker():
        done(company, request.id)
    assert company.rows("customers")[0]["email"] == "ana@new.example"
    assert rows(company, "accounts")[0][2] == "ana@new.example"
    assert {v["place"]: v["old"] for v in company.requests.details(request.id, "dora").rectified} == {
        "crm.customers/1.email": "ana@mail.example",
        "shop.accounts/1.login": "ana@mail.example",
    }
