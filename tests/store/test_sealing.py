"""Sealing a store in place, and giving it back."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from privacy_svc.runtime import Runtime
from privacy_svc.store import CannotSeal, check_sealable, seal, seal_status, unseal
from privacy_svc.vault import is_sealed_text
from tests.factories import check_log
from tests.shop import ANA, TABLES


def dump(shop: Runtime) -> dict[str, list[tuple[object, ...]]]:
    with shop.stores.read("shop") as connection:
        return {t: [tuple(r) for r in connection.execute(text(f"SELECT * FROM {t} ORDER BY id"))] for t in TABLES}


def test_round_trip(shop: Runtime) -> None:
    """Unsealing gives back the original rows of every table, value by value."""
    before = dump(shop)
    seal(shop.sealer("test"))
    sealed = dump(shop)
    assert sealed != before
    unseal(shop.sealer("test"))
    assert dump(shop) == before
    check_log(shop.database, shop.log)


def test_every_mapped_value_is_sealed(shop: Runtime) -> None:
    """After sealing no mapped field of any row holds a clear value, and the count says so."""
    tallies = seal(shop.sealer("test"))
    assert all(t.unowned == 0 for t in tallies)
    for collection in shop.policies.current.data_map.collections():
        bound = shop.stores.bind(collection)
        with shop.stores.read("shop") as connection:
            for row in connection.execute(bound.table.select()).mappings():
                assert all(is_sealed_text(row[f.name]) for f in collection.sealed if row[f.name])
    assert sum(t.sealed for t in seal_status(shop.sealer("test"))) == 0


def test_a_look_into_the_file_finds_nothing(shop: Runtime, tmp_path: Path) -> None:
    """The store's file holds none of the sealed values any more, not even in its free pages."""
    if shop.database.engine.dialect.name != "sqlite":
        pytest.skip("the bytes of a PostgreSQL store are looked at in the encryption tests")
    path = tmp_path / "shop.sqlite"
    assert ANA["email"].encode() in path.read_bytes()
    with shop.stores.read("shop") as connection:
        words = {str(v) for r in connection.execute(text("SELECT email, phone, street FROM customers")) for v in r}
    seal(shop.sealer("test"))
    shop.stores.close()
    raw = b"".join(p.read_bytes() for p in tmp_path.glob("shop.sqlite*"))
    assert not [w for w in words if w.encode() in raw]


def test_again_seals_only_what_is_new(shop: Runtime) -> None:
    """A second run seals nothing; rows the CRM wrote in clear meanwhile are sealed by the next one."""
    seal(shop.sealer("test"))
    assert sum(t.sealed for t in seal(shop.sealer("test"))) == 0
    with shop.stores.write("shop") as connection:
        connection.execute(text("UPDATE customers SET email = 'late@mail.example' WHERE id = 2"))
    assert sum(t.sealed for t in seal_status(shop.sealer("test"))) == 1
    assert sum(t.sealed for t in seal(shop.sealer("test"))) == 1


class Interrupted(Exception):
    pass


def test_interrupted_run_goes_on(shop: Runtime) -> None:
    """A run that ends in the middle leaves a store that reads, and the next run completes it."""

    def stop(collection: str, done: int, _total: int) -> None:
        if collection == "shop.orders" and done:
            raise Interrupted

    before = dump(shop)
    with pytest.raises(Interrupted):
        seal(replace(shop.sealer("test"), progress=stop))
    assert seal(shop.sealer("test"))
    unseal(shop.sealer("test"))
    assert dump(shop) == before


def test_what_cannot_be_sealed_is_refused_before_anything_changes(shop: Runtime) -> None:
    """A column that refers to another row is refused with the column's name."""
    before = dump(shop)
    sealer = shop.sealer("test")
    (orders,) = [c for c in sealer.collections("shop") if c.name == "orders"]
    fields = tuple(replace(f, seal=True, id=9000) if f.name == "customer_id" else f for f in orders.fields)
    broken = replace(orders, fields=fields)
    with pytest.raises(CannotSeal, match=r"orders\.customer_id.*refers to customers"):
        check_sealable(sealer, [broken])
    assert dump(shop) == before


def test_each_run_is_logged(shop: Runtime) -> None:
    """Sealing leaves an entry for each collection."""
    seal(shop.sealer("operator"))
    shop.log.integrate(shop.database)
    with shop.database.read() as session:
        entries = shop.log.search(session, type="store:collection:sealed")
    assert {e.payload["collection"] for e in entries if e.payload} >= {"shop.customers", "shop.orders"}
    assert {e.actor for e in entries} == {"operator"}
