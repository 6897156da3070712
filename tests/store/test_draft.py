"""Drafting the data map of a store nobody mapped."""

import hashlib
import random
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from fideslang.models import Dataset as Manifest
from sqlalchemy import create_engine
from sqlalchemy.engine import URL

from privacy_svc.cli import demo_store
from privacy_svc.examples import folder
from privacy_svc.policy import Collection, Dataset, Erase, EraseRows, Tells, load_policies
from privacy_svc.store import draft_dataset, open_store, read_schema
from privacy_svc.store.schema import Schema
from tests.chinook import load_chinook
from tests.conftest import fresh_postgres, shared

ABOUT_NOBODY = ("album", "artist", "genre", "mediatype", "playlist", "playlisttrack", "track", "invoiceline")


def schema_of(url: str) -> Schema:
    engine = open_store(url, read_only=True)
    try:
        return read_schema(engine)
    finally:
        engine.dispose()


def made(tmp_path: Path, script: str) -> Schema:
    path = tmp_path / "store.sqlite"
    with sqlite3.connect(path) as connection:
        connection.executescript(script)
    connection.close()
    return schema_of(f"sqlite:///{path}")


def loaded(tmp_path: Path, text: str, key: str = "crm") -> Dataset:
    """The draft as the policy loader reads it, beside the example policies."""
    policies = tmp_path / "policies"
    shutil.copytree(folder("policies"), policies)
    for file in (policies / "datasets").glob("*.yml"):
        file.unlink()
    (policies / "datasets" / "crm.yml").write_text(text, encoding="utf-8")
    for manifest in yaml.safe_load(text)["dataset"]:
        Manifest.model_validate(manifest)
    return load_policies(policies).data_map.by_key[key]


def drafted(tmp_path: Path, schema: Schema) -> Dataset:
    return loaded(tmp_path, draft_dataset(schema, "crm", 1001))


def plain(name: str) -> str:
    return name.replace("_", "").lower()


def category(collection: Collection, name: str) -> str:
    return next(f for f in collection.fields if plain(f.name) == name).categories[0]


def check_chinook(dataset: Dataset) -> None:
    found = {plain(c.name): c for c in dataset.collections}
    assert {n: c.subject for n, c in found.items() if c.subject} == {"customer": "customer", "employee": "employee"}
    expected = {
        "firstname": "user.name.first",
        "lastname": "user.name.last",
        "email": "user.contact.email",
        "phone": "user.contact.phone_number",
        "fax": "user.contact.fax_number",
        "address": "user.contact.address",
        "city": "user.contact.address.city",
        "postalcode": "user.contact.address.postal_code",
    }
    for name in ("customer", "employee"):
        assert {n: category(found[name], n) for n in expected} == expected
        assert {plain(f.name) for f in found[name].sealed} == set(expected)
    invoice = found["invoice"]
    assert {plain(f.name) for f in invoice.sealed} == {"billingaddress", "billingcity", "billingpostalcode"}
    assert category(invoice, "billingcountry") == "user.contact.address.country"
    for name in ABOUT_NOBODY:
        assert not any(f.personal for f in found[name].fields), name
    indexed = {plain(f.name): f.index for f in found["customer"].fields if f.index}
    assert indexed == {"email": ("email",), "phone": ("phone",)}


def test_chinook_sqlite(tmp_path: Path) -> None:
    """Chinook's customers, employees and billing addresses are found; the store's bytes stay as they were."""
    path = tmp_path / "chinook.sqlite"
    shutil.copy(shared("data", "chinook.sqlite"), path)
    before = hashlib.sha256(path.read_bytes()).digest()
    dataset = drafted(tmp_path, schema_of(f"sqlite:///{path}"))
    check_chinook(dataset)
    assert hashlib.sha256(path.read_bytes()).digest() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["chinook.sqlite", "policies"]


def test_chinook_postgresql(tmp_path: Path, postgres_server: URL) -> None:
    """The same holds for Chinook on PostgreSQL, with its snake_case headers."""
    with fresh_postgres(postgres_server) as url:
        load_chinook(url)
        check_chinook(drafted(tmp_path, schema_of(url)))


def test_sample_order(tmp_path: Path) -> None:
    """In which order rows were sampled does not change the draft, nor does reading twice."""
    url = f"sqlite:///{shared('data', 'chinook.sqlite')}"
    schema = schema_of(url)
    text = draft_dataset(schema, "crm", 1001)
    assert draft_dataset(schema_of(url), "crm", 1001) == text
    dice = random.Random(7)  # noqa: S311 - shuffles a sample
    tables = tuple(
        replace(t, columns=tuple(replace(c, values=tuple(dice.sample(c.values, len(c.values)))) for c in t.columns))
        for t in schema.tables
    )
    assert draft_dataset(Schema(tables), "crm", 1001) == text


def test_comments_say_why() -> None:
    """Header words, counted values and foreign keys stand beside the fields they decided; values do not."""
    text = draft_dataset(schema_of(f"sqlite:///{shared('data', 'chinook.sqlite')}"), "crm", 1001)
    assert "header says 'email'; 59 of 59 sampled values look like e-mail addresses" in text
    assert "foreign key to Customer.CustomerId" in text
    assert "luisg@embraer.com.br" not in text


def test_ids_count_from_next_id(tmp_path: Path) -> None:
    """Field ids start at the given number, without gaps and without repeats."""
    schema = schema_of(f"sqlite:///{shared('data', 'chinook.sqlite')}")
    dataset = loaded(tmp_path, draft_dataset(schema, "crm", 5000))
    ids = [f.id for c in dataset.collections for f in c.fields if f.id is not None]
    assert ids == list(range(5000, 5000 + len(ids)))


def test_demo_shop(tmp_path: Path) -> None:
    """The demo shop's draft finds its people and what belongs to the customer, not to the colleague who wrote it."""
    path = tmp_path / "shop.sqlite"
    demo_store.build(path, customers=120, seed=3)
    dataset = drafted(tmp_path, schema_of(f"sqlite:///{path}"))
    found = dataset.by_name
    assert {c.name: c.subject for c in dataset.collections if c.subject} == {
        "customers": "customer",
        "employees": "employee",
    }
    assert {f.name for f in found["customers"].sealed} == {
        "first_name", "last_name", "email", "phone", "birth_date", "street", "postal_code", "city",
    }  # fmt: skip
    assert {f.name for f in found["tickets"].sealed} == {"subject", "body"}
    assert {f.name for f in found["call_notes"].sealed} == {"note"}
    assert {f.name for f in found["orders"].sealed} == {"delivery_address"}
    assert not any(f.personal for f in found["products"].fields)
    references = [f.reference.collection for f in found["call_notes"].fields if f.reference]
    assert references == ["customers", "employees"]


GERMAN = """
CREATE TABLE kunden (kundennr INTEGER PRIMARY KEY, vorname TEXT, nachname TEXT, e_mail TEXT, telefon TEXT,
  strasse TEXT, plz TEXT, ort TEXT, geburtsdatum TEXT);
CREATE TABLE bestellungen (id INTEGER PRIMARY KEY, kundennr INTEGER, lieferanschrift TEXT, summe NUMERIC);
CREATE TABLE artikel (id INTEGER PRIMARY KEY, name TEXT, beschreibung TEXT, ort TEXT);
INSERT INTO kunden VALUES (1,'Lena','Brandt','lena@mail.example','030 23125 001','Lindenweg 3','20095','Hamburg',
  '1980-02-03');
"""


def test_german(tmp_path: Path) -> None:
    """German headers are understood, and `kundennr` is a reference though none is declared."""
    dataset = drafted(tmp_path, made(tmp_path, GERMAN))
    kunden = dataset.by_name["kunden"]
    assert kunden.subject == "customer"
    assert [f.categories[0] for f in kunden.fields[1:]] == [
        "user.name.first",
        "user.name.last",
        "user.contact.email",
        "user.contact.phone_number",
        "user.contact.address.street",
        "user.contact.address.postal_code",
        "user.contact.address.city",
        "user.demographic.date_of_birth",
    ]
    orders = dataset.by_name["bestellungen"]
    assert {f.name for f in orders.sealed} == {"lieferanschrift"}
    assert not any(f.personal for f in dataset.by_name["artikel"].fields)


UNDECLARED = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, email TEXT);
CREATE TABLE invoices (id INTEGER PRIMARY KEY, customer_id INTEGER, billing_street TEXT);
CREATE TABLE invoice_notes (id INTEGER PRIMARY KEY, invoice_id INTEGER, note TEXT);
"""


def test_no_declared_foreign_keys(tmp_path: Path) -> None:
    """Where nothing is declared, names lead from a note over its invoice to the customer, and the draft says so."""
    schema = made(tmp_path, UNDECLARED)
    text = draft_dataset(schema, "crm", 1001)
    dataset = loaded(tmp_path, text)
    assert {f.name for f in dataset.by_name["invoices"].sealed} == {"billing_street"}
    assert {f.name for f in dataset.by_name["invoice_notes"].sealed} == {"note"}
    assert "no foreign key is declared; its name says customers.id, please check" in text


def test_contacts(tmp_path: Path) -> None:
    """`full_name`, `mail` and `mobile` make a person."""
    script = "CREATE TABLE contacts (id INTEGER PRIMARY KEY, full_name TEXT, mail TEXT, mobile TEXT)"
    contacts = drafted(tmp_path, made(tmp_path, script)).by_name["contacts"]
    assert contacts.subject == "customer"
    assert {f.name for f in contacts.sealed} == {"full_name", "mail", "mobile"}
    assert {f.identity for f in contacts.fields} == {None, "email", "phone"}


def test_unique_email(tmp_path: Path) -> None:
    """A unique column is not sealed, and the draft says why."""
    script = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE, first_name TEXT NOT NULL)"
    text = draft_dataset(made(tmp_path, script), "crm", 1001)
    users = loaded(tmp_path, text).by_name["users"]
    assert not users.by_name["email"].seal
    assert users.by_name["email"].erase is Erase.NULL
    assert users.by_name["email"].identity == "email"
    assert "not sealed: it has a unique index" in text


def test_not_null_without_text(tmp_path: Path) -> None:
    """What cannot be sealed nor emptied is replaced by a value its column holds."""
    script = (
        "CREATE TABLE members (id INTEGER PRIMARY KEY, email TEXT, birthday DATE NOT NULL, gender CHAR(1) NOT NULL)"
    )
    fields = drafted(tmp_path, made(tmp_path, script)).by_name["members"].by_name
    assert (fields["birthday"].erase, fields["birthday"].replace) == (Erase.REPLACE, "1900-01-01")
    assert len(fields["gender"].replace or "") == 1


@pytest.mark.parametrize(
    "script",
    [
        "",
        "CREATE TABLE clients (id INTEGER PRIMARY KEY, email TEXT)",
        "CREATE TABLE tags (customer_id INTEGER, tag TEXT, PRIMARY KEY (customer_id, tag))",
        "CREATE TABLE people (country TEXT, number INTEGER, email TEXT, last_name TEXT, PRIMARY KEY (country, number))",
        "CREATE TABLE mails (email TEXT, name TEXT)",
        "CREATE TABLE subscribers (email TEXT PRIMARY KEY, first_name TEXT)",
        """
        CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE, last_name TEXT);
        CREATE TABLE visits (id INTEGER PRIMARY KEY, email TEXT REFERENCES users (email), page TEXT, phone TEXT)""",
        'CREATE TABLE "yes" ("on" TEXT, "null" INTEGER PRIMARY KEY, "a:b #c" TEXT, "e mail" TEXT, "x.y" TEXT)',
        'CREATE TABLE "a.b" (id INTEGER PRIMARY KEY, email TEXT)',
        "CREATE TABLE odd (id, email, picture BLOB, PRIMARY KEY (id)); INSERT INTO odd VALUES (1, 5, x'00ff')",
    ],
    ids=[
        "no-tables",
        "empty",
        "composite",
        "composite-person",
        "no-key",
        "email-key",
        "by-email",
        "odd-names",
        "dot",
        "untyped",
    ],
)
def test_every_draft_loads(tmp_path: Path, script: str) -> None:
    """Whatever the store looks like, the loader and fideslang accept its draft."""
    if script in {"", 'CREATE TABLE "a.b" (id INTEGER PRIMARY KEY, email TEXT)'}:
        text = draft_dataset(made(tmp_path, script), "crm", 1001)
        assert yaml.safe_load(text)["dataset"][0]["collections"] == []
        return
    drafted(tmp_path, made(tmp_path, script))


def test_a_key_that_says_who_somebody_is(tmp_path: Path) -> None:
    """People are not known by their address, which would outlive them; of what is theirs the whole row goes."""
    script = (
        "CREATE TABLE subscribers (email TEXT PRIMARY KEY, first_name TEXT); "
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, last_name TEXT); "
        "CREATE TABLE addresses (email TEXT PRIMARY KEY, user_id INTEGER REFERENCES users (id), checked TEXT)"
    )
    text = draft_dataset(made(tmp_path, script), "crm", 1001)
    found = loaded(tmp_path, text).by_name
    assert [name for name, c in found.items() if c.subject] == ["users"]
    assert [name for name, c in found.items() if c.erase_rows is EraseRows.DELETE] == ["addresses"]
    assert "a key stays at erasure: the row goes." in text
    assert "a key stays at erasure: give it a number of its own." in text


def test_spread_sample(tmp_path: Path) -> None:
    """Of a large table late rows are sampled too, at most 200."""
    rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 5000) "
    schema = made(tmp_path, f"CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); {rows} INSERT INTO t SELECT i, i FROM n")
    values = schema.table("t").column("v").values
    assert len(values) == 200
    assert {"1", "5000"} <= set(values)


def test_postgresql_types(tmp_path: Path, postgres_server: URL) -> None:
    """Columns of types nobody reads as text do not stop the draft."""
    with fresh_postgres(postgres_server) as url:
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TYPE mood AS ENUM ('ok', 'bad')")
            connection.exec_driver_sql(
                "CREATE TABLE users (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), email text, m mood, tags text[], "
                "doc jsonb, at timestamptz, ip inet)"
            )
            connection.exec_driver_sql("INSERT INTO users (email, m) VALUES ('a@mail.example', 'ok')")
        engine.dispose()
        dataset = drafted(tmp_path, schema_of(url))
    assert {f.name for f in dataset.by_name["users"].sealed} == {"email"}


def test_facts_are_drafted_where_they_can_be_told(tmp_path: Path) -> None:
    """One birth date, one country and a closing day get their word; of two countries, or dates that have no one
    meaning, none does, and the draft says why."""
    script = """
        CREATE TABLE customers (id INTEGER PRIMARY KEY, last_name TEXT, email TEXT, birth_date TEXT, country TEXT,
          closed_on TEXT);
        INSERT INTO customers VALUES (1, 'Ek', 'a@mail.example', '1980-02-03', 'SE', NULL),
          (2, 'Ito', 'b@mail.example', '1981-02-03', 'JP', '2025-01-01');
        CREATE TABLE patients (id INTEGER PRIMARY KEY, last_name TEXT, email TEXT, birth_date TEXT,
          billing_country TEXT, home_country TEXT);
        INSERT INTO patients VALUES (1, 'Ek', 'a@mail.example', '03/02/1980', 'SE', 'NO');"""
    text = draft_dataset(made(tmp_path, script), "crm", 1001)
    found = loaded(tmp_path, text)
    told = {c.name: {f.name: f.tells for f in c.telling} for c in found.collections}
    assert told["customers"] == {
        "birth_date": Tells.BIRTH_DATE,
        "country": Tells.COUNTRY,
        "closed_on": Tells.RELATIONSHIP_END,
    }
    assert told["patients"] == {}
    assert "does not get `tells: birth_date`" in text
    assert "one of billing_country, home_country may get `tells: country`" in text
