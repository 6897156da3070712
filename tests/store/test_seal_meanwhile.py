"""While a store is half sealed, and when the CRM goes on writing in clear."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from privacy_svc.errors import BadRequest, Conflict
from privacy_svc.http import CustomerRef
from privacy_svc.store import Directory, seal, seal_pending, seal_status, subjects, unseal
from privacy_svc.store.changing import Writer
from privacy_svc.store.kinds import is_sealed
from tests.store.odd_store import DIALECTS, OddStore, odd_store, people, sealed


@pytest.fixture(params=DIALECTS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OddStore]:
    with odd_store(request.param, request, tmp_path) as store:
        store.sql("CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(60), phone VARCHAR(30), born DATE)")
        for n in range(1, 13):
            row = {"n": n, "e": f"P{n}@x.example", "p": f"+49 (30) 23125-{n:03}", "b": f"19{n + 60}-01-02"}
            store.sql("INSERT INTO people VALUES (:n, :e, :p, :b)", **row)
        store.map(
            people(
                "people",
                sealed("email", "email", identity="email"),
                sealed("phone", "phone", identity="phone"),
                sealed("born"),
            )
        )
        yield store


class Holder:
    def __init__(self, store: OddStore) -> None:
        self.current = store.policies


def find(store: OddStore, **customer: str) -> str | None:
    """The key of the person found; subjects are admitted on the way."""
    runtime = store.runtime
    directory = Directory(Holder(store), runtime.stores, runtime.vault, runtime.log)  # type: ignore[arg-type]
    with runtime.database.write() as session:
        return directory.key_of(session, directory.admit(session, CustomerRef(**customer)))


class Stopped(Exception):
    pass


def half(store: OddStore) -> None:
    """The first three rows are sealed, then the run ends."""

    def stop(_collection: str, done: int, _total: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        seal(replace(store.sealer, progress=stop))
    values = [v for (v,) in store.sql("SELECT email FROM people ORDER BY id")]
    assert [is_sealed(v) for v in values] == [True] * 3 + [False] * 9


def test_everybody_is_found_while_half_is_sealed(store: OddStore) -> None:
    """By e-mail in any case and by telephone in any spelling, sealed or not yet."""
    half(store)
    for n in range(1, 13):
        assert find(store, email=f"p{n}@X.example") == str(n)
        assert find(store, phone=f"030 23125{n:03}") == str(n)


@pytest.mark.parametrize("part", ["half", "whole"])
def test_a_sealed_and_a_clear_row_of_one_value_are_both_found(store: OddStore, part: str) -> None:
    """Two people share an address, one sealed and one in clear: the caller has to say who is meant."""
    half(store) if part == "half" else seal(store.sealer)
    store.sql("UPDATE people SET email = 'P1@x.example' WHERE id = 12")
    with pytest.raises(Conflict, match="share this email"):
        find(store, email="P1@x.example")


def test_what_the_crm_writes_is_counted_and_sealed_by_itself(store: OddStore) -> None:
    """Clear values written later are counted by `status`, sealed and indexed by `seal_pending`."""
    seal(store.sealer)
    assert seal_pending(store.sealer) == []
    store.sql("UPDATE people SET email = 'new@x.example', born = '2000-02-29' WHERE id = 5")
    store.sql("INSERT INTO people VALUES (13, 'later@x.example', NULL, '1999-12-31')")
    assert seal_status(store.sealer)[0].sealed == 4
    (tally,) = seal_pending(store.sealer)
    assert tally.sealed == 4
    assert find(store, email="NEW@x.example") == "5"
    assert find(store, email="LATER@x.example") == "13"
    unseal(store.sealer)
    assert [str(b) for (b,) in store.sql("SELECT born FROM people WHERE id IN (5, 13) ORDER BY id")] == [
        "2000-02-29",
        "1999-12-31",
    ]


def test_pending_begins_nothing(store: OddStore) -> None:
    """Columns no operator has sealed, or has unsealed again, are left in clear."""
    before = store.dump("people")
    assert seal_pending(store.sealer) == []
    seal(store.sealer)
    unseal(store.sealer)
    assert seal_pending(store.sealer) == []
    assert store.dump("people") == before


def test_writing_typed_values(store: OddStore) -> None:
    """A date is written as a date whether its column is sealed or not; what is no date is refused."""
    runtime, collection = store.runtime, store.collections[0]
    early = runtime.stores.bind(collection)

    def write(value: object) -> None:
        with runtime.database.write() as session:
            subject = subjects.admit(session, runtime.sealer("test").facts, runtime.log, collection, ["2"], "test")["2"]
            writer = Writer(session, runtime.vault, runtime.vault.cipher(session, subject))
            with runtime.stores.write("shop") as connection:
                writer.store(connection, early, "2", {"born": value})

    write("1977-03-04")
    assert str(store.sql("SELECT born FROM people WHERE id = 2")[0][0]) == "1977-03-04"
    seal(store.sealer)
    write("1978-05-06")
    assert is_sealed(store.sql("SELECT born FROM people WHERE id = 2")[0][0])
    if store.dialect != "sqlite":
        with pytest.raises(BadRequest, match="takes a date"):
            write("yesterday")
    unseal(store.sealer)
    assert str(store.sql("SELECT born FROM people WHERE id = 2")[0][0]) == "1978-05-06"
