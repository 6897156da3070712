"""Erasure in the databases: in which order, all or nothing, and what stands against it before anything changes."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from privacy_svc.db import Database
from privacy_svc.policy import Collection, DataMap, Dataset, Erase, EraseRows, Field, Keep, PolicySet, Reference
from privacy_svc.store import CannotErase, ErasedItem, FactReader, Known, Stores, check_erasable, erase_subject, walk
from privacy_svc.store.emptying import _unique
from privacy_svc.store.foreign_keys import _known
from privacy_svc.store.subjects import admit
from privacy_svc.vault import Vault
from tests.conftest import fresh_postgres
from tests.factories import make_log, make_vault
from tests.rights.company import policies

NAME, PERSONAL = ("user.name",), ("user.content.private",)
TO_CUSTOMER = Field("customer_id", ("user.unique_id",), reference=Reference("crm", "customers", "id"))
ID = Field("id", ("system.operations",), primary_key=True)
KEPT = Keep("A17LegallyRequired", "§ 147 AO", "P10Y")


@dataclass
class Store:
    """A database with tables of the test's own, and Ana, who is row 1 of `customers`."""

    url: str
    database: Database
    vault: Vault
    stores: Stores
    policies: PolicySet
    subject: str = ""

    def run(self, *statements: str) -> None:
        engine = create_engine(self.url)
        with engine.begin() as connection:
            if engine.dialect.name == "sqlite":
                connection.execute(text("PRAGMA foreign_keys = ON"))
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()

    def all(self, query: str) -> list[tuple[object, ...]]:
        engine = create_engine(self.url)
        with engine.connect() as connection:
            found = [tuple(row) for row in connection.execute(text(query))]
        engine.dispose()
        return found

    def map(self, folder: Path, *collections: Collection) -> None:
        person = Collection("crm", "customers", (ID, Field("name", NAME)), subject="customer")
        known = {c.name: c for c in (person, *collections)}
        data_map = DataMap((Dataset("crm", "CRM", tuple(known.values())),))
        self.policies = replace(policies(), data_map=data_map)
        log = make_log(folder, self.vault)
        with self.database.write() as session:
            reader = FactReader(self.stores, self.vault, self.policies)
            self.subject = admit(session, reader, log, known["customers"], ["1"], "test")["1"]

    def erase(self, known: Known | None = None) -> list[ErasedItem]:
        with self.database.write() as session:
            where = (session, self.stores, self.vault, self.policies, self.subject)
            check_erasable(*where, walk(*where))
            return erase_subject(*where, known).items


@pytest.fixture
def store(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> Iterator[Store]:
    with ExitStack() as stack:
        url = f"sqlite:///{tmp_path / 'crm.sqlite'}"
        if database.engine.dialect.name == "postgresql":
            url = stack.enter_context(fresh_postgres(request.getfixturevalue("postgres_server")))
        else:
            (tmp_path / "crm.sqlite").touch()
        found = Store(url, database, make_vault(tmp_path, database), Stores({"crm": url}), policies())
        found.run(
            "CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(60))",
            "INSERT INTO customers VALUES (1, 'Ana Figueiredo'), (2, 'Bo Berg')",
        )
        yield found
        found.stores.close()
        _known.clear()
        _unique.clear()


def table(name: str, *fields: Field, rows: EraseRows = EraseRows.DELETE, to: Field = TO_CUSTOMER) -> Collection:
    return Collection("crm", name, (ID, to, *fields), erase_rows=rows)


def test_rows_go_in_the_order_their_keys_ask_for(store: Store, tmp_path: Path) -> None:
    """By foreign keys that only the database knows of, whatever the order of the files."""
    store.run(
        "CREATE TABLE carts (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id))",
        "CREATE TABLE lines (id INTEGER PRIMARY KEY, customer_id INTEGER, cart INTEGER REFERENCES carts (id))",
        "CREATE TABLE marks (id INTEGER PRIMARY KEY, customer_id INTEGER, line INTEGER REFERENCES lines (id))",
        "INSERT INTO carts VALUES (1, 1), (2, 2)",
        "INSERT INTO lines VALUES (1, 1, 1), (2, 2, 2)",
        "INSERT INTO marks VALUES (1, 1, 1), (2, 2, 2)",
    )
    store.map(tmp_path, table("carts"), table("marks"), table("lines"))
    done = store.erase()
    for name in ("carts", "lines", "marks"):
        assert store.all(f"SELECT id FROM {name}") == [(2,)]
    assert {(i.collection, i.method) for i in done if i.field == "*"} == {
        (f"crm.{n}", "delete") for n in ("carts", "lines", "marks")
    }


def test_a_circle_of_rows_comes_apart(store: Store, tmp_path: Path) -> None:
    """Two tables that refer to each other, and rows of one that refer to rows of the same."""
    store.run(
        "CREATE TABLE chats (id INTEGER PRIMARY KEY, customer_id INTEGER, last INTEGER, parent INTEGER)",
        "CREATE TABLE posts (id INTEGER PRIMARY KEY, customer_id INTEGER, chat INTEGER REFERENCES chats (id))",
    )
    if store.url.startswith("postgresql"):
        store.run(
            "ALTER TABLE chats ADD FOREIGN KEY (last) REFERENCES posts (id)",
            "ALTER TABLE chats ADD FOREIGN KEY (parent) REFERENCES chats (id)",
        )
    else:
        store.run(
            "DROP TABLE posts",
            "DROP TABLE chats",
            "CREATE TABLE chats (id INTEGER PRIMARY KEY, customer_id INTEGER, last INTEGER REFERENCES posts (id), "
            "parent INTEGER REFERENCES chats (id))",
            "CREATE TABLE posts (id INTEGER PRIMARY KEY, customer_id INTEGER, chat INTEGER REFERENCES chats (id))",
        )
    store.run(
        "INSERT INTO chats VALUES (1, 1, NULL, NULL), (2, 1, NULL, 1)",
        "INSERT INTO posts VALUES (1, 1, 1)",
        "UPDATE chats SET last = 1 WHERE id = 1",
        "UPDATE chats SET parent = 2 WHERE id = 1",
    )
    extra = (Field("last", ("system.operations",)), Field("parent", ("system.operations",)))
    store.map(tmp_path, table("chats", *extra), table("posts", Field("chat", ("system.operations",))))
    store.erase()
    assert store.all("SELECT id FROM chats") == store.all("SELECT id FROM posts") == []


def test_rows_that_nobody_mapped_stop_it_by_name(store: Store, tmp_path: Path) -> None:
    """A table with a key of two parts refers to what would go: told with its name, and nothing has changed."""
    store.run(
        "CREATE TABLE tickets (id INTEGER PRIMARY KEY, customer_id INTEGER, part INTEGER, UNIQUE (id, part))",
        "CREATE TABLE files (id INTEGER PRIMARY KEY, ticket INTEGER, part INTEGER, "
        "FOREIGN KEY (ticket, part) REFERENCES tickets (id, part))",
        "INSERT INTO tickets VALUES (1, 1, 7), (2, 2, 7)",
        "INSERT INTO files VALUES (1, 1, 7), (2, 2, 7), (3, 1, 7)",
    )
    store.map(tmp_path, table("tickets"))
    with pytest.raises(CannotErase) as told:
        store.erase()
    [fault] = told.value.faults
    assert fault.pointer == "crm.files"
    assert "2 rows refer to crm.tickets" in fault.detail
    assert store.all("SELECT name FROM customers WHERE id = 1") == [("Ana Figueiredo",)]
    store.run("DELETE FROM files WHERE ticket = 1")
    store.erase()
    assert store.all("SELECT id FROM tickets") == [(2,)]


def test_what_the_database_deletes_by_itself_is_told(store: Store, tmp_path: Path) -> None:
    """ON DELETE CASCADE and SET NULL in tables that nobody mapped, over two levels."""
    store.run(
        "CREATE TABLE tickets (id INTEGER PRIMARY KEY, customer_id INTEGER)",
        "CREATE TABLE files (id INTEGER PRIMARY KEY, ticket INTEGER REFERENCES tickets (id) ON DELETE CASCADE)",
        "CREATE TABLE pages (id INTEGER PRIMARY KEY, file INTEGER REFERENCES files (id) ON DELETE CASCADE)",
        "CREATE TABLE calls (id INTEGER PRIMARY KEY, ticket INTEGER REFERENCES tickets (id) ON DELETE SET NULL)",
        "INSERT INTO tickets VALUES (1, 1), (2, 2)",
        "INSERT INTO files VALUES (1, 1), (2, 1), (3, 2)",
        "INSERT INTO pages VALUES (1, 1), (2, 2), (3, 2), (4, 3)",
        "INSERT INTO calls VALUES (1, 1), (2, 2)",
    )
    store.map(tmp_path, table("tickets"))
    done = {(i.collection, i.method): i.rows for i in store.erase() if i.field == "*"}
    assert done == {
        ("crm.tickets", "delete"): 1,
        ("crm.files", "cascade"): 2,
        ("crm.pages", "cascade"): 3,
        ("crm.calls", "unlink"): 1,
    }
    assert store.all("SELECT id FROM files") == [(3,)]


def test_a_cascade_does_not_take_what_the_law_keeps(store: Store, tmp_path: Path) -> None:
    """The database would delete invoices with their orders, which the data map keeps: refused before anything goes."""
    store.run(
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER)",
        "CREATE TABLE invoices (id INTEGER PRIMARY KEY, customer_id INTEGER, payer TEXT, "
        "order_id INTEGER REFERENCES orders (id) ON DELETE CASCADE)",
        "INSERT INTO orders VALUES (1, 1)",
        "INSERT INTO invoices VALUES (1, 1, 'Ana Figueiredo', 1)",
    )
    payer = Field("payer", NAME, erase=Erase.KEEP, keep=KEPT)
    store.map(tmp_path, table("orders"), table("invoices", payer, rows=EraseRows.FIELDS))
    with pytest.raises(CannotErase) as told:
        store.erase()
    assert [f.pointer for f in told.value.faults] == ["crm.invoices"]
    assert "ON DELETE CASCADE" in told.value.faults[0].detail
    assert store.all("SELECT payer FROM invoices") == [("Ana Figueiredo",)]


def test_words_that_stand_for_nothing_fit_their_columns(store: Store, tmp_path: Path) -> None:
    """NOT NULL and UNIQUE at once: the second person erased does not collide with the first; a replacement may say
    the row's key."""
    store.run(
        "CREATE TABLE logins (id INTEGER PRIMARY KEY, customer_id INTEGER, nick VARCHAR(40) NOT NULL UNIQUE, "
        "mail VARCHAR(60) NOT NULL UNIQUE)",
        "INSERT INTO logins VALUES (1, 1, 'ana', 'ana@mail.example'), (2, 1, 'anita', 'anita@mail.example')",
    )
    mail = Field("mail", ("user.contact.email",), erase=Erase.REPLACE, replace="gone-{key}@erased.invalid")
    store.map(tmp_path, table("logins", Field("nick", NAME), mail, rows=EraseRows.FIELDS))
    store.erase()
    assert store.all("SELECT nick, mail FROM logins ORDER BY id") == [
        ("[erased] 1", "gone-1@erased.invalid"),
        ("[erased] 2", "gone-2@erased.invalid"),
    ]


def test_a_column_that_takes_no_nothing_is_named_at_once(store: Store, tmp_path: Path) -> None:
    """A NOT NULL number cannot be emptied: the place and the way out are told, and no other table has changed."""
    store.run(
        "CREATE TABLE births (id INTEGER PRIMARY KEY, customer_id INTEGER, year INTEGER NOT NULL)",
        "INSERT INTO births VALUES (1, 1, 1980)",
    )
    store.map(tmp_path, table("births", Field("year", ("user.demographic",)), rows=EraseRows.FIELDS))
    with pytest.raises(CannotErase) as told:
        store.erase()
    assert told.value.faults[0].pointer == "crm.births.year"
    assert "erase: replace" in told.value.faults[0].detail
    assert store.all("SELECT name FROM customers WHERE id = 1") == [("Ana Figueiredo",)]


def test_all_of_a_database_or_nothing(store: Store, tmp_path: Path) -> None:
    """A rule that nobody could foresee refuses the last statement: the first ones are undone, and no value is told."""
    store.run(
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, customer_id INTEGER, note TEXT CHECK (note <> 'none'))",
        "INSERT INTO notes VALUES (1, 1, 'call Ana')",
    )
    note = Field("note", PERSONAL, erase=Erase.REPLACE, replace="none")
    store.map(tmp_path, table("notes", note, rows=EraseRows.FIELDS))
    with pytest.raises(CannotErase, match="nothing was changed") as told:
        store.erase()
    assert "CHECK" in told.value.faults[0].detail
    assert "Ana" not in str(told.value) + str(told.value.faults)
    assert store.all("SELECT name FROM customers WHERE id = 1") == [("Ana Figueiredo",)]


def test_a_text_stays_without_the_person(store: Store, tmp_path: Path) -> None:
    """`redact` takes out names, addresses and numbers in their spellings and leaves the rest; where nobody knows
    them any more, the whole text goes."""
    store.run(
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, customer_id INTEGER, note TEXT)",
        "INSERT INTO notes VALUES (1, 1, 'ANA called from 030/9018-2042; send it to ana@mail.example, not Anabel')",
    )
    store.map(tmp_path, table("notes", Field("note", PERSONAL, erase=Erase.REDACT), rows=EraseRows.FIELDS))
    known = Known(own=("Ana",), telling=("ana@mail.example", "03090182042"))
    [item] = [i for i in store.erase(known) if i.field == "note"]
    assert item.method == "redact"
    left = "[erased] called from [erased]; send it to [erased], not Anabel"
    assert store.all("SELECT note FROM notes") == [(left,)]
    store.erase(known)
    assert store.all("SELECT note FROM notes") == [(left,)]
    store.erase(None)
    assert store.all("SELECT note FROM notes") == [(None,)]
