"""Keys that are hard to page by or to compare: text, composite, in other case, with trailing spaces, bytes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from privacy_svc.store import CannotSeal, seal, seal_status, unseal
from tests.store.odd_store import DIALECTS, OddStore, belongings, odd_store, people, sealed

KEYS = (
    "a",
    "B",
    "c,d",
    "c%2Cd",
    "100%",
    "é",
    "f",
    "É2",
    "Zoë",
    " x",
    "x:y",
    "%s",
    "日本",
    "ß",
    "ss1",
    "_",
    "'",
    '"',
    "\\",
)


@pytest.fixture(params=DIALECTS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OddStore]:
    with odd_store(request.param, request, tmp_path) as store:
        yield store


def round_trip(store: OddStore, *tables: str) -> None:
    """Sealed to the last value, given back to the last value."""
    before = [store.dump(t) for t in tables]
    tallies = seal(store.sealer)
    assert sum(t.unowned + t.erased for t in tallies) == 0
    assert sum(t.sealed for t in seal_status(store.sealer)) == 0
    assert sum(t.already for t in seal_status(store.sealer)) == sum(t.sealed for t in tallies) > 0
    unseal(store.sealer)
    assert [store.dump(t) for t in tables] == before


def test_text_keys(store: OddStore) -> None:
    """Text keys with commas, percent signs, quotes and letters of any script are paged and found."""
    store.sql("CREATE TABLE people (code VARCHAR(40) PRIMARY KEY, email VARCHAR(60))")
    for key in KEYS:
        store.sql("INSERT INTO people VALUES (:k, :e)", k=key, e=f"{key}@x.example")
    store.map(people("people", sealed("email", "email"), key=("code",)))
    round_trip(store, "people")


def test_composite_keys(store: OddStore) -> None:
    """A key of a text and a number, its parts with commas and percent signs."""
    store.sql("CREATE TABLE people (a VARCHAR(20), b INTEGER, email TEXT, PRIMARY KEY (a, b))")
    for key in KEYS:
        for number in (-1, 2, 10):
            store.sql("INSERT INTO people VALUES (:k, :n, :e)", k=key, n=number, e=f"{key}{number}@x.example")
    store.map(people("people", sealed("email"), key=("a", "b")))
    round_trip(store, "people")


def test_fixed_width_keys(store: OddStore) -> None:
    """CHAR keys, padded by the database, still name their rows."""
    store.sql("CREATE TABLE people (code CHAR(8) PRIMARY KEY, email TEXT)")
    for key in ("a", "bb", "ccc", "dddd"):
        store.sql("INSERT INTO people VALUES (:k, :e)", k=key, e=f"{key}@x.example")
    store.map(people("people", sealed("email"), key=("code",)))
    round_trip(store, "people")


def test_keys_of_other_types(store: OddStore) -> None:
    """Dates, and UUIDs as the database has them, are keys as well."""
    kind = {"sqlite": "BLOB", "postgresql": "UUID", "mariadb": "BINARY(16)"}[store.dialect]
    store.sql(f"CREATE TABLE people (day DATE, code {kind}, email TEXT, PRIMARY KEY (day, code))")
    for number in range(1, 8):
        raw = bytes([number * 16 + 7] * 16)
        code = raw if store.dialect != "postgresql" else raw.hex()
        store.sql("INSERT INTO people VALUES (:d, :k, :e)", d=f"2024-01-0{number}", k=code, e=f"{number}@x.example")
    store.map(people("people", sealed("email"), key=("day", "code")))
    round_trip(store, "people")


def test_references_in_another_spelling(store: OddStore) -> None:
    """Where the database takes `ABC ` and `abc` for equal, a row that refers to a person so belongs to them."""
    if store.dialect == "postgresql":
        pytest.skip("PostgreSQL compares byte by byte")
    nocase = " COLLATE NOCASE" if store.dialect == "sqlite" else ""
    store.sql(
        f"CREATE TABLE people (id VARCHAR(20){nocase} PRIMARY KEY, email TEXT)",
        f"CREATE TABLE notes (id INTEGER PRIMARY KEY, person VARCHAR(20){nocase}, note TEXT)",
        "INSERT INTO people VALUES ('abc', 'a@x.example'), ('DEF', 'd@x.example')",
        "INSERT INTO notes VALUES (1, 'ABC', 'one'), (2, 'abc', 'two'), (3, 'def', 'three'), (4, 'AbC', 'four')",
    )
    if store.dialect == "mariadb":
        store.sql("INSERT INTO notes VALUES (5, 'ABC  ', 'five')")
    store.map(people("people", sealed("email")), belongings("notes", "person", "people", sealed("note")))
    round_trip(store, "people", "notes")


def test_a_change_in_case_alone_is_not_overwritten(store: OddStore) -> None:
    """The CRM changes a value's case or spaces while it is being sealed: its value stands, and is sealed next."""
    nocase = " COLLATE NOCASE" if store.dialect == "sqlite" else ""
    store.sql(f"CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(60){nocase})")
    for number in range(1, 9):
        store.sql("INSERT INTO people VALUES (:n, :e)", n=number, e=f"ana{number}@x.example")
    store.map(people("people", sealed("email", "email")))
    raw = store.sealer.raw(store.collections[0])
    rows = next(iter(raw.batches(raw.any_clear(), 2)))
    store.sql(
        "UPDATE people SET email = 'ANA1@x.example' WHERE id = 1",
        "UPDATE people SET email = 'ana2@x.example ' WHERE id = 2",
    )
    changes = [{"key_0": r["id"], "old_0": r["email"], "new_0": "lost"} for r in rows]
    with raw.stores.write("shop") as connection:
        assert connection.execute(raw.replacing(["email"]), changes).rowcount == 0
    round_trip(store, "people")


def test_rows_without_a_key_are_refused(store: OddStore) -> None:
    """SQLite lets a text primary key be NULL: such rows are named before anything is changed."""
    if store.dialect != "sqlite":
        pytest.skip("only SQLite has them")
    store.sql(
        "CREATE TABLE people (code TEXT PRIMARY KEY, email TEXT)", "INSERT INTO people VALUES (NULL, 'a@x.example')"
    )
    store.map(people("people", sealed("email"), key=("code",)))
    with pytest.raises(CannotSeal, match="some rows have no code"):
        seal(store.sealer)
