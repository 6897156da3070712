"""Drafts of schemas that invite mistakes: whose a row is, what cannot be sealed, what must not be read or written."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError

from privacy_svc.policy import DataMap, Dataset
from privacy_svc.store import Stores, columns, draft_dataset, open_store, read_schema
from privacy_svc.store.schema import _unable_to_write
from tests.chinook import load_chinook
from tests.conftest import fresh_postgres, shared
from tests.store.test_draft import drafted, loaded, made, schema_of

RENTALS = """
CREATE TABLE staff (staff_id INTEGER PRIMARY KEY, first_name TEXT, email TEXT);
CREATE TABLE customer (customer_id INTEGER PRIMARY KEY, first_name TEXT, last_name TEXT, email VARCHAR(50));
CREATE TABLE rental (id INTEGER PRIMARY KEY, staff_id INT REFERENCES staff, customer_id INT REFERENCES customer);
CREATE TABLE claim (id INTEGER PRIMARY KEY, staff_id INT REFERENCES staff, rental_id INT REFERENCES rental, note TEXT);
"""
TENANTS = """
CREATE TABLE customers (tenant INT NOT NULL, no INT NOT NULL, name TEXT, email TEXT, phone TEXT,
  PRIMARY KEY (tenant, no), UNIQUE (tenant, email));
CREATE TABLE orders (id INTEGER PRIMARY KEY, tenant INT, customer_no INT, ship_address TEXT,
  FOREIGN KEY (tenant, customer_no) REFERENCES customers (tenant, no));
"""
KEYLESS = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, email TEXT);
CREATE TABLE logins (customer_id INT REFERENCES customers, ip TEXT, email TEXT);
CREATE TABLE cards (number TEXT NOT NULL UNIQUE, customer_id INT REFERENCES customers, holder_name TEXT,
  account_holder TEXT);
CREATE TABLE marks (number INT NOT NULL, customer_id INT REFERENCES customers);
CREATE UNIQUE INDEX some ON marks (number) WHERE number > 0;
"""
MADE = """
CREATE TABLE users (id INTEGER PRIMARY KEY, first_name TEXT, last_name TEXT, email TEXT, login TEXT NOT NULL UNIQUE,
  full_name TEXT GENERATED ALWAYS AS (first_name || email) VIRTUAL);
CREATE UNIQUE INDEX once ON users (email) WHERE email <> '';
"""


def sealable(tmp_path: Path, dataset: Dataset) -> None:
    """The store fits the draft, and everything the draft seals can be sealed."""
    stores = Stores({"crm": f"sqlite:///{tmp_path / 'store.sqlite'}"})
    data_map = DataMap((dataset,))
    stores.check(data_map)
    for collection in (c for c in data_map.collections() if c.sealed):
        assert not list(columns.faults(stores, data_map, collection))
    stores.close()


@pytest.mark.parametrize(
    "script", [RENTALS, TENANTS, KEYLESS, MADE, "CREATE TABLE people (id INTEGER, email, PRIMARY KEY (id))"]
)
def test_what_is_drafted_can_be_sealed(tmp_path: Path, script: str) -> None:
    """`privacy-svc seal` refuses nothing that the draft proposes."""
    sealable(tmp_path, drafted(tmp_path, made(tmp_path, script)))


def test_customers_before_staff(tmp_path: Path) -> None:
    """A claim about a customer's rental is the customer's, though the colleague's reference is shorter."""
    dataset = drafted(tmp_path, made(tmp_path, RENTALS))
    data_map = DataMap((dataset,))
    for name in ("rental", "claim"):
        chain = data_map.owner(dataset.by_name[name])
        assert chain is not None
        assert chain[-1][1].name == "customer"
    assert dataset.by_name["claim"].by_name["staff_id"].reference is None
    assert {f.name for f in dataset.by_name["claim"].sealed} == {"note"}


def test_keys_of_several_columns(tmp_path: Path) -> None:
    """A customer of another tenant never gets a row by half a key: it is left to nobody, and the draft says so."""
    schema = made(tmp_path, TENANTS)
    text = draft_dataset(schema, "crm", 1001)
    dataset = loaded(tmp_path, text)
    assert dataset.by_name["customers"].key == ("tenant", "no")
    assert {f.name for f in dataset.by_name["customers"].sealed} == {"name", "phone"}
    orders = dataset.by_name["orders"]
    assert not any(f.reference for f in orders.fields)
    assert orders.by_name["ship_address"].personal
    assert "A foreign key leads to customers" in text


def test_rows_without_a_key(tmp_path: Path) -> None:
    """Rows that cannot be told apart are led to nobody; columns unique together serve as the key where there are."""
    schema = made(tmp_path, KEYLESS)
    text = draft_dataset(schema, "crm", 1001)
    dataset = loaded(tmp_path, text)
    assert not any(f.reference or f.seal for f in dataset.by_name["logins"].fields)
    assert "its rows cannot be told apart" in text
    assert dataset.by_name["cards"].key == ("number",)
    assert dataset.by_name["marks"].key == ()  # unique for some of its rows only
    assert {f.name for f in dataset.by_name["cards"].sealed} == {"account_holder"}


def test_what_the_database_computes(tmp_path: Path) -> None:
    """A computed column is left out, and the draft says so; what it is computed from is not sealed, nor what stands
    in a partial unique index."""
    schema = made(tmp_path, MADE)
    text = draft_dataset(schema, "crm", 1001)
    users = loaded(tmp_path, text).by_name["users"]
    assert "full_name" not in users.by_name
    assert "Left out, the database computes it: column full_name of users" in text
    assert {f.name for f in users.sealed} == {"last_name"}
    assert "not sealed: a generated column is computed from it" in text
    assert users.by_name["login"].erase == "replace"
    assert "drop its unique index" in text


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ("CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, email TEXT, reports_to INT)", "employee"),
        ("CREATE TABLE t1 (id INTEGER PRIMARY KEY, last_name TEXT, email TEXT, HireDate DATE)", "employee"),
        ("CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, email TEXT, salary INT)", "customer"),
        ("CREATE TABLE Mitarbeiter (id INTEGER PRIMARY KEY, Nachname TEXT, EMail TEXT)", "employee"),
        ("CREATE TABLE tbl_kunden (id INTEGER PRIMARY KEY, nachname TEXT, mail TEXT)", "customer"),
        ("CREATE TABLE patients (id INTEGER PRIMARY KEY, last_name TEXT, phone TEXT)", "patient"),
        ("CREATE TABLE tracks (id INTEGER PRIMARY KEY, name TEXT, composer TEXT)", None),
        ("CREATE TABLE customer_types (id INTEGER PRIMARY KEY, name TEXT, email_template TEXT)", None),
    ],
)
def test_kinds(tmp_path: Path, script: str, kind: str | None) -> None:
    """Words of the table decide the kind of person; columns of staff decide where the table's word is vague."""
    (collection,) = drafted(tmp_path, made(tmp_path, script)).collections
    assert collection.subject == kind


def test_every_field_has_a_reason() -> None:
    """Above each field of a table with personal data stands a comment."""
    text = draft_dataset(schema_of(f"sqlite:///{shared('data', 'chinook.sqlite')}"), "crm", 1001)
    lines = text.splitlines()
    fields = [n for n, line in enumerate(lines) if line.startswith("          - name: ")]
    assert len(fields) > 30
    assert all(lines[n - 1].lstrip().startswith("# ") for n in fields)


def test_no_value_is_in_the_draft() -> None:
    """The file goes into version control: nothing sampled stands in it."""
    schema = schema_of(f"sqlite:///{shared('data', 'chinook.sqlite')}")
    text = draft_dataset(schema, "crm", 900_001)
    persons = [schema.table(n) for n in ("Customer", "Employee")]
    values = {v for t in persons for c in t.columns for v in c.values if isinstance(v, str) and len(v) > 3}
    assert len(values) > 300
    assert [v for v in values if v in text] == []


def test_names_that_cannot_be_seen(tmp_path: Path) -> None:
    """Control characters and line separators in a column's name break neither YAML nor a comment."""
    script = 'CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, "na\u2028me\u0007: #" TEXT, "\U0001f600" TEXT)'
    users = drafted(tmp_path, made(tmp_path, script)).by_name["users"]
    assert [f.name for f in users.fields][2:] == ["na\u2028me\u0007: #", "\U0001f600"]


@pytest.mark.parametrize("key", ["no", "123", "crm-2"])
def test_dataset_keys(tmp_path: Path, key: str) -> None:
    """A dataset's key that YAML would take for something else stays a word, also in references."""
    text = draft_dataset(made(tmp_path, RENTALS), key, 1001)
    (tmp_path / "x").mkdir()
    assert f"fides_key: {key if key == 'crm-2' else chr(34) + key + chr(34)}" in text
    assert loaded(tmp_path / "x", text, key).by_name["rental"].by_name["customer_id"].reference is not None


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_reading_cannot_write(tmp_path: Path, request: pytest.FixtureRequest, dialect: str) -> None:
    """Even a store that was opened for writing is read in a transaction that cannot; afterwards it is as before."""
    if dialect == "sqlite":
        made(tmp_path, RENTALS)
        _try_to_write(f"sqlite:///{tmp_path / 'store.sqlite'}")
        return
    with fresh_postgres(request.getfixturevalue("postgres_server")) as url:
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE staff (staff_id INT PRIMARY KEY, first_name TEXT, email TEXT)")
        engine.dispose()
        _try_to_write(url)


def _try_to_write(url: str) -> None:
    insert = "INSERT INTO staff VALUES (1, 'Ana', 'ana@mail.example')"
    engine = open_store(url)
    with engine.connect() as connection, _unable_to_write(connection), pytest.raises(DBAPIError):
        connection.exec_driver_sql(insert)
    with engine.begin() as connection:
        connection.exec_driver_sql(insert)
    assert read_schema(engine).table("staff").column("first_name").values == ("Ana",)
    engine.dispose()


def test_tables_that_may_not_be_read(tmp_path: Path, postgres_server: URL) -> None:
    """Where the credentials may see a table but not its rows, headers and types still speak."""
    with fresh_postgres(postgres_server) as url:
        load_chinook(url)
        engine = create_engine(url)
        role = f"reader_{make_url(url).database}"
        with engine.begin() as connection:
            connection.exec_driver_sql(f'CREATE ROLE "{role}" LOGIN')
            connection.exec_driver_sql(f'GRANT SELECT ON invoice TO "{role}"')
        dataset = drafted(tmp_path, schema_of(_as(url, role)))
        with engine.begin() as connection:
            connection.exec_driver_sql(f'DROP OWNED BY "{role}"')
            connection.exec_driver_sql(f'DROP ROLE "{role}"')
        engine.dispose()
    assert dataset.by_name["customer"].subject == "customer"
    assert dataset.by_name["invoice"].by_name["billing_address"].seal


def _as(url: str, role: str) -> str:
    found = make_url(url).update_query_dict({"options": f"-c role={role}"})
    return found.render_as_string(hide_password=False)
