"""Columns of every type, sealed and given back."""

import datetime as dt
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from privacy_svc.store import Stores, seal, seal_status, subjects, unseal, walk
from privacy_svc.store.kinds import is_sealed
from tests.store.odd_store import DIALECTS, OddStore, odd_store, people, sealed

TABLE = {
    "sqlite": """CREATE TABLE people (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL DEFAULT 'x', born DATE,
        seen TIMESTAMP, points INTEGER DEFAULT 7, credit NUMERIC, weight REAL, active BOOLEAN, extra JSON,
        photo BLOB)""",
    "postgresql": """CREATE TABLE people (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL DEFAULT 'it''s 100%',
        born DATE DEFAULT CURRENT_DATE, seen TIMESTAMPTZ, points BIGINT DEFAULT 7, credit NUMERIC(12,3), weight FLOAT8,
        active BOOLEAN DEFAULT true, extra JSONB, photo BYTEA)""",
    "mariadb": """CREATE TABLE people (id INTEGER PRIMARY KEY,
        name VARCHAR(20) CHARACTER SET latin1 NOT NULL DEFAULT 'it''s 100%' COMMENT 'the `name`, ''as'' 50\\\\%',
        born DATE DEFAULT CURRENT_DATE, seen DATETIME(6), points BIGINT UNSIGNED DEFAULT 7, credit DECIMAL(12,3),
        weight DOUBLE, active BOOLEAN DEFAULT true, extra JSON, photo VARBINARY(20), INDEX by_name (name, points),
        INDEX by_points (points),
        stamped TIMESTAMP NOT NULL DEFAULT '2001-02-03 04:05:06' ON UPDATE CURRENT_TIMESTAMP)""",
}
NAMES = ("name", "born", "seen", "points", "credit", "weight", "active", "extra", "photo")
ROWS: list[dict[str, Any]] = [
    {
        "id": 1,
        "name": "Zoë Müller",
        "born": "1984-02-29",
        "seen": "2024-05-06 07:08:09.123456",
        "points": 12345678901,
        "credit": "-1234.500",
        "weight": 0.1,
        "active": True,
        "extra": '{"b": [1, 2.5, null], "a": "ü"}',
        "photo": b"\x00\xff%pcf1.",
    },
    {"id": 2, "name": "", **dict.fromkeys(NAMES[1:])},
    {
        "id": 3,
        "name": " %s :x ",
        "born": "0001-01-01",
        "seen": "1999-12-31 23:59:59",
        "points": 0,
        "credit": "0.000",
        "weight": 1e300,
        "active": False,
        "extra": '"text"',
        "photo": b"",
    },
    *({"id": i, **dict.fromkeys(NAMES), "name": f"n{i}", "born": "1970-01-01"} for i in range(4, 12)),
]


@pytest.fixture(params=DIALECTS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OddStore]:
    with odd_store(request.param, request, tmp_path) as store:
        store.sql(TABLE[store.dialect])
        for row in ROWS:
            marks = ", ".join(f"CAST(:{n} AS JSONB)" if n == "extra" else f":{n}" for n in row)
            if store.dialect != "postgresql":
                marks = ", ".join(f":{n}" for n in row)
            store.sql(f"INSERT INTO people ({', '.join(row)}) VALUES ({marks})", **row)
        store.map(people("people", *(sealed(n) for n in NAMES)))
        yield store


def test_types_come_back(store: OddStore) -> None:
    """Every value is sealed whatever its column's type; unsealing gives values, types, defaults and indexes back."""
    before, schema = store.dump("people"), store.schema("people")
    (tally,) = seal(store.sealer)
    assert tally.sealed == sum(v is not None and v not in ("", b"") for r in before for _, v in r[1:10])
    values = [v for row in store.sql(f"SELECT {', '.join(NAMES)} FROM people") for v in row]
    assert all(is_sealed(v) for v in values if v is not None and v not in ("", b""))
    assert sum(t.sealed for t in seal_status(store.sealer)) == 0
    unseal(store.sealer)
    assert store.schema("people") == schema
    assert store.dump("people") == before


def test_a_second_run_alters_nothing(store: OddStore) -> None:
    """Sealing again leaves the sealed columns as the first run made them."""
    seal(store.sealer)
    schema = store.schema("people")
    seal(store.sealer)
    assert store.schema("people") == schema


def test_reading_is_the_same_before_during_and_after(store: OddStore) -> None:
    """A person's values have the same types in clear, half sealed, and sealed, to a process that bound the table
    before and to one that did after."""
    runtime, policies = store.runtime, store.policies
    with runtime.database.write() as session:
        people_ = policies.data_map.collection("shop", "people")
        assert people_ is not None
        ids = subjects.admit(session, runtime.sealer("test").facts, runtime.log, people_, ["1", "3"], "test")

    def read(stores: Stores) -> list[dict[str, Any]]:
        with runtime.database.read() as session:
            return [walk(session, stores, runtime.vault, policies, ids[k])[0].values for k in ("1", "3")]

    early = runtime.stores
    clear = read(early)
    sealer = store.sealer

    seen = []

    def look(_collection: str, done: int, _total: int) -> None:
        seen.append(done)
        with closing(Stores(early._urls, runtime.database)) as late:
            assert [_plain(r) for r in read(late)] == [_plain(r) for r in clear]

    with closing(Stores(early._urls, runtime.database)) as others:
        seal(replace(sealer, stores=others, progress=look, batch=1))
    assert len(seen) > 1
    assert [_plain(r) for r in read(early)] == [_plain(r) for r in clear]
    look("", 0, 0)
    if store.dialect == "postgresql":
        assert clear[0]["born"] == dt.date(1984, 2, 29)
        assert clear[0]["credit"] == Decimal("-1234.500")


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """JSON scalars stay text; an instant is one whatever the offset it is told in."""
    return {n: v for n, v in values.items() if not (n == "extra" and not isinstance(v, dict))}


def test_values_the_language_has_not(store: OddStore) -> None:
    """An infinite date, a date BC, a number that is none: what Python cannot hold comes back to the letter."""
    if store.dialect != "postgresql":
        pytest.skip("only PostgreSQL has them")
    store.sql(
        "UPDATE people SET born = 'infinity', seen = '-infinity', weight = 'NaN' WHERE id = 4",
        "UPDATE people SET born = '0044-03-15 BC', seen = '10000-01-01', weight = 'Infinity' WHERE id = 5",
        """UPDATE people SET extra = '{"n": 1.10, "big": 123456789012345678901234567890.5}' WHERE id = 5""",
    )
    read = "SELECT id, born::text, seen::text, weight::text, extra::text FROM people ORDER BY id"
    before = store.sql(read)
    seal(store.sealer)
    unseal(store.sealer)
    assert store.sql(read) == before


def test_the_servers_own_date_style(store: OddStore) -> None:
    """A server that writes dates the other way round changes nothing."""
    if store.dialect != "postgresql":
        pytest.skip("a setting of PostgreSQL")
    name = store.engine.url.database
    store.sql(
        f"ALTER DATABASE \"{name}\" SET DateStyle = 'German'", f"ALTER DATABASE \"{name}\" SET TimeZone = 'Asia/Tokyo'"
    )
    store.engine.dispose()
    store.runtime.stores.close()
    read = "SELECT id, to_char(born, 'YYYY-MM-DD'), extract(epoch FROM seen), weight::text FROM people ORDER BY id"
    before = store.sql(read)
    seal(store.sealer)
    unseal(store.sealer)
    assert store.sql(read) == before


def test_untouched_columns_keep_their_stamp(store: OddStore) -> None:
    """Sealing does not look like a change of the row to a column that the database stamps."""
    if store.dialect != "mariadb":
        pytest.skip("ON UPDATE CURRENT_TIMESTAMP is MariaDB's")
    seal(store.sealer)
    unseal(store.sealer)
    assert {str(r[0]) for r in store.sql("SELECT stamped FROM people")} == {"2001-02-03 04:05:06"}
