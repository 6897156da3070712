"""What cannot be sealed is refused with every reason at once, and nothing is changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from privacy_svc.store import CannotSeal, check_sealable, seal, unseal
from privacy_svc.store.model import SealedColumn
from tests.store.odd_store import DIALECTS, OddStore, belongings, odd_store, people, sealed

PLAIN = "CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(60), born DATE)"


@pytest.fixture(params=DIALECTS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OddStore]:
    with odd_store(request.param, request, tmp_path) as store:
        yield store


def refusal(store: OddStore) -> str:
    """What `seal` says; the store and what we keep of it stay as they were."""
    with pytest.raises(CannotSeal) as error:
        seal(store.sealer)
    with store.runtime.database.read() as session:
        assert session.query(SealedColumn).count() == 0
    return str(error.value)


@dataclass(frozen=True)
class Case:
    """SQL that makes the table odd, on which databases, and what is said of which field."""

    name: str
    sql: tuple[str, ...]
    says: str
    on: tuple[str, ...] = DIALECTS
    table: str = PLAIN


POSTGRES, SQLITE, MARIADB = ("postgresql",), ("sqlite",), ("mariadb",)
STAMP_OLD = (
    "CREATE TABLE history (email VARCHAR(60))",
    """CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql
    AS 'BEGIN INSERT INTO history VALUES (OLD.email); RETURN NEW; END'""",
    "CREATE TRIGGER keep BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION keep()",
)
CASES = (
    Case("unique constraint", (), "people.email: it is unique", table=PLAIN.replace("(60)", "(60) UNIQUE")),
    Case("unique index", ("CREATE UNIQUE INDEX one ON people (email)",), "people.email: it is unique (index one)"),
    Case(
        "unique with others",
        ("CREATE UNIQUE INDEX one ON people (born, email)",),
        "people.email: it is unique (index one)",
    ),
    Case(
        "unique expression",
        ("CREATE UNIQUE INDEX one ON people (lower(email))",),
        "people.email: it is unique (index one)",
        SQLITE + POSTGRES,
    ),
    Case(
        "expression index",
        ("CREATE INDEX low ON people (lower(email))",),
        "people.email: index low holds an expression of it",
        SQLITE + POSTGRES,
    ),
    Case(
        "partial index",
        ("CREATE INDEX partly ON people (id) WHERE email IS NOT NULL",),
        "people.email: index partly holds an expression",
        SQLITE + POSTGRES,
    ),
    Case(
        "fulltext index",
        ("CREATE FULLTEXT INDEX words ON people (email)",),
        "people.email: index words keeps the words",
        MARIADB,
    ),
    Case(
        "check",
        (),
        "people.born: ",
        table=PLAIN.replace("born DATE", "born DATE, CHECK (born > '1900-01-01')"),
    ),
    Case(
        "generated from it",
        (),
        "people.email: ",
        table=PLAIN.replace("born DATE", "born DATE, domain VARCHAR(60) GENERATED ALWAYS AS (substr(email, 3)) STORED"),
    ),
    Case(
        "generated itself",
        (),
        "people.email: the database computes it",
        table="CREATE TABLE people (id INTEGER PRIMARY KEY, born DATE, name VARCHAR(60), "
        "email VARCHAR(60) GENERATED ALWAYS AS (substr(name, 3)) STORED)",
    ),
    Case(
        "referred to",
        ("CREATE TABLE logins (email VARCHAR(60), FOREIGN KEY (email) REFERENCES people (email))",),
        "people.email: logins",
        table=PLAIN.replace("(60)", "(60) UNIQUE"),
    ),
    Case(
        "refers",
        (),
        "people.email: it refers to mails",
        table="CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(60), born DATE, "
        "FOREIGN KEY (email) REFERENCES mails (address))",
    ),
    Case("view on a converted column", ("CREATE VIEW v AS SELECT born FROM people",), "people.born: view v", POSTGRES),
    Case(
        "materialized view",
        ("CREATE MATERIALIZED VIEW m AS SELECT email FROM people",),
        "people.email: materialized view m holds a copy",
        POSTGRES,
    ),
    Case(
        "row policy",
        ("CREATE POLICY p ON people USING (email = current_user)",),
        "people.email: row security policy p",
        POSTGRES,
    ),
    Case("a type without form", (), "people.born: it holds interval", POSTGRES, PLAIN.replace("DATE", "INTERVAL")),
    Case("a type that loses", (), "people.born: it holds float", MARIADB, PLAIN.replace("DATE", "FLOAT")),
    Case("numbered", (), "people.born: the database numbers it", POSTGRES, PLAIN.replace("DATE", "SERIAL")),
    Case("strict number", (), "people.born: it holds INTEGER in a STRICT table", SQLITE,
         "CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT, born INTEGER) STRICT"),
    Case(
        "stamped by the database",
        (),
        "people.born: the database stamps it",
        MARIADB,
        PLAIN.replace("DATE", "TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP"),
    ),
    Case("old rows kept", (), "people: the database keeps every old row", MARIADB, PLAIN + " WITH SYSTEM VERSIONING"),
    Case("trigger with old values", STAMP_OLD, "people: trigger keep runs on every update", POSTGRES),
    Case(
        "trigger with old values",
        (
            "CREATE TABLE history (email VARCHAR(60))",
            "CREATE TRIGGER keep AFTER UPDATE ON people FOR EACH ROW BEGIN INSERT INTO history VALUES (OLD.email); END",
        ),
        "people: trigger keep runs on every update",
        SQLITE + MARIADB,
    ),
    Case("too long for an index",
         ("CREATE INDEX ix ON people (email)", "INSERT INTO people VALUES (1, repeat('x', 2500))"),
         "people.email: it is indexed and holds 2500 bytes", POSTGRES, PLAIN.replace("VARCHAR(60)", "TEXT")),
    Case("a number beyond signed ones", ("INSERT INTO people VALUES (1, 18446744073709551614, NULL)",),
         "people.email: it holds a number of 2^63 or more", MARIADB,
         PLAIN.replace("email VARCHAR(60)", "email BIGINT UNSIGNED")),
    Case("sealed elsewhere", (f"INSERT INTO people VALUES (1, 'pcf1.AQEAAAAB{'A' * 60}', NULL)",),
         "people.email: holds 1 values that look sealed", table=PLAIN.replace("(60)", "(90)")),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_is_refused(store: OddStore, case: Case) -> None:
    """Each case is told with its field and its reason."""
    if store.dialect not in case.on:
        pytest.skip("not of this database")
    store.sql("CREATE TABLE mails (address VARCHAR(60) PRIMARY KEY)", case.table, *case.sql)
    store.map(people("people", sealed("email"), sealed("born")))
    schema = store.schema("people")
    assert case.says in refusal(store)
    assert store.schema("people") == schema


def test_all_reasons_at_once(store: OddStore) -> None:
    """Every field of every table that stands in the way is named in one refusal."""
    store.sql(
        "CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(60) UNIQUE, phone VARCHAR(20))",
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, person INTEGER, note VARCHAR(60), CHECK (note <> 'x'))",
        "CREATE UNIQUE INDEX one ON people (phone, id)",
    )
    store.map(
        people("people", sealed("email"), sealed("phone")), belongings("notes", "person", "people", sealed("note"))
    )
    said = refusal(store)
    assert "people.email: it is unique" in said
    assert "people.phone: it is unique (index one)" in said
    assert "notes.note: " in said


def test_views_are_not_sealed(store: OddStore) -> None:
    """A view in the data map is refused: the table it shows is what is sealed."""
    store.sql(PLAIN, "CREATE VIEW shown AS SELECT id, email FROM people")
    store.map(people("shown", sealed("email")))
    assert "it is not a table" in refusal(store)


def test_what_stands_in_nobodys_way(store: OddStore) -> None:
    """Plain indexes, triggers that look only at the new row, views on text columns: all stay, and all come back."""
    store.sql(
        "CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(60) NOT NULL, born DATE, seen INTEGER)",
        "CREATE INDEX ix ON people (email, born)",
        "CREATE INDEX ix2 ON people (born)",
        "INSERT INTO people VALUES (1, 'a@x.example', '1984-01-02', 0), (2, 'b@x.example', NULL, 0)",
    )
    if store.dialect == "postgresql":
        store.sql(
            "CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql "
            "AS 'BEGIN NEW.seen := NEW.seen + 1; RETURN NEW; END'",
            "CREATE TRIGGER stamp BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION stamp()",
        )
    elif store.dialect == "mariadb":
        store.sql(
            "CREATE VIEW v AS SELECT email, born FROM people",
            "CREATE TRIGGER stamp BEFORE UPDATE ON people FOR EACH ROW SET NEW.seen = NEW.seen + 1",
        )
    store.map(people("people", sealed("email"), sealed("born")))
    schema = store.schema("people")
    check_sealable(store.sealer, store.collections)
    seal(store.sealer)
    unseal(store.sealer)
    assert store.schema("people") == schema
    assert [str(v) for (v,) in store.sql("SELECT born FROM people ORDER BY id")] == ["1984-01-02", "None"]


def test_tables_of_sqlite(store: OddStore) -> None:
    """STRICT and WITHOUT ROWID tables are sealed like others."""
    if store.dialect != "sqlite":
        pytest.skip("SQLite's")
    store.sql(
        "CREATE TABLE people (code TEXT PRIMARY KEY, email TEXT, photo BLOB, extra ANY) STRICT, WITHOUT ROWID",
        "INSERT INTO people VALUES ('a', 'a@x.example', x'00ff', 5), ('b', NULL, x'', 1.5), ('c', 'c', NULL, x'01')",
    )
    store.map(people("people", sealed("email"), sealed("photo"), sealed("extra"), key=("code",)))
    before = store.dump("people")
    seal(store.sealer)
    assert store.dump("people") != before
    unseal(store.sealer)
    assert store.dump("people") == before


def test_wide_values_fit(store: OddStore) -> None:
    """The longest value a column held fits it when sealed, and its column is as narrow as before afterwards."""
    if store.dialect != "mariadb":
        pytest.skip("the other databases have one text type of any length")
    store.sql(
        "CREATE TABLE people (id INTEGER PRIMARY KEY, a VARCHAR(16000), b TINYTEXT, c TEXT, d BLOB, e VARBINARY(255), "
        "f ENUM('x', 'y'), g CHAR(5)) CHARACTER SET utf8mb4",
        "INSERT INTO people VALUES (1, repeat('€', 16000), repeat('x', 255), repeat('y', 65535), repeat('z', 65535), "
        "repeat('w', 255), 'x', 'ab')",
    )
    store.map(people("people", *(sealed(n) for n in "abcdefg")))
    before, schema = store.dump("people"), store.schema("people")
    seal(store.sealer)
    unseal(store.sealer)
    assert store.dump("people") == before
    assert store.schema("people") == schema
