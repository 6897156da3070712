"""The data map against the store as it is."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from privacy_svc.errors import Misconfigured, SchemaChanged, StoreUnavailable
from privacy_svc.policy import DataMap
from privacy_svc.runtime import Runtime
from privacy_svc.store import Stores, open_store, seal
from privacy_svc.store.binding import BoundCollection
from privacy_svc.store.emptying import unique_columns
from privacy_svc.store.foreign_keys import foreign_keys


def test_the_example_map_fits_the_demo_store(shop: Runtime) -> None:
    """Every collection and field of the example data map is in the demo shop."""
    shop.stores.check(shop.policies.current.data_map)


def test_a_changed_schema_names_every_missing_column(shop: Runtime) -> None:
    """Missing tables and columns are all named, each with the nearest one there is."""
    data_map = shop.policies.current.data_map
    dataset = data_map.by_key["shop"]

    def changed(collection: str, **values: object) -> DataMap:
        collections = tuple(replace(c, **values) if c.name == collection else c for c in dataset.collections)
        return DataMap((replace(dataset, collections=collections),))

    customers = dataset.by_name["customers"]
    fields = tuple(replace(f, name="emails") if f.name == "email" else f for f in customers.fields)
    with pytest.raises(SchemaChanged) as error:
        shop.stores.check(changed("customers", fields=fields))
    assert [f.pointer for f in error.value.faults] == ["shop.customers.emails"]
    assert "'email'" in error.value.faults[0].detail
    with pytest.raises(SchemaChanged, match="no such table"):
        shop.stores.check(changed("tickets", name="ticket"))


def test_what_the_crm_changes_is_looked_at_anew(shop: Runtime) -> None:
    """A new column, another type, a unique index and a foreign key are seen by the next look; without a change nothing
    is asked for again."""
    stores, customers = shop.stores, shop.policies.current.data_map.by_key["shop"].by_name["customers"]
    before = stores.bind(customers)
    stores.look_anew()
    assert stores.bind(customers) is before

    def alter(statement: str) -> BoundCollection:
        engine = create_engine(shop.settings.stores["shop"])
        with engine.begin() as connection:
            connection.execute(text(statement))
        engine.dispose()
        stores.look_anew()
        return stores.bind(customers)

    assert "remark" in alter("ALTER TABLE customers ADD COLUMN remark TEXT").types
    assert unique_columns(stores.engine("shop"), stores.bind(customers)) == set()
    seen = alter("CREATE UNIQUE INDEX alone ON customers (remark)")
    assert unique_columns(stores.engine("shop"), seen) == {"remark"}
    alter("CREATE TABLE loose (id INTEGER PRIMARY KEY, who INTEGER REFERENCES customers (id) ON DELETE CASCADE)")
    assert "loose" in {key.table for key in foreign_keys(stores.engine("shop"))}
    if shop.database.engine.dialect.name == "postgresql":
        assert str(alter("ALTER TABLE customers ALTER COLUMN remark TYPE VARCHAR(7)").types["remark"]) == "VARCHAR(7)"
        alter("ALTER TABLE loose DROP CONSTRAINT loose_who_fkey")
        assert "loose" not in {key.table for key in foreign_keys(stores.engine("shop"))}


def test_a_missing_file_is_not_made(tmp_path: Path) -> None:
    """A SQLite store that is not there is an error; no empty store comes into being."""
    with pytest.raises(StoreUnavailable, match=r"shop\.sqlite"):
        open_store(f"sqlite:///{tmp_path / 'shop.sqlite'}")
    assert list(tmp_path.iterdir()) == []


def test_a_read_only_store_says_so(shop: Runtime) -> None:
    """Writing to a read-only store is a clear error, and what was there is still there."""
    sqlite = shop.database.engine.dialect.name == "sqlite"
    close = "PRAGMA query_only = ON" if sqlite else "SET TRANSACTION READ ONLY"

    def write() -> None:
        with shop.stores.write("shop") as connection:
            connection.execute(text(close))
            connection.execute(text("UPDATE customers SET city = 'x'"))

    with pytest.raises(StoreUnavailable, match="read-only"):
        write()
    with shop.stores.read("shop") as connection:
        assert connection.execute(text("SELECT city FROM customers WHERE id = 1")).scalar_one() == "Porto"


def test_a_store_that_is_away(tmp_path: Path) -> None:
    """A server that does not answer is StoreUnavailable, and the error shows no password."""
    stores = Stores({"crm": f"postgresql://me:s3cret@/crm?host={tmp_path}"})
    with pytest.raises(StoreUnavailable) as error, stores.read("crm"):
        pass
    assert "s3cret" not in str(error.value) + repr(stores)


def test_a_dataset_without_a_store(shop: Runtime) -> None:
    """A mapped dataset that nobody connected is refused: a walk that misses a store would be incomplete."""
    with pytest.raises(Misconfigured, match="PRIVACY_STORE_SHOP"):
        Stores({}).check(shop.policies.current.data_map)


def test_sealing_a_store_that_went_away_loses_nothing(shop: Runtime, tmp_path: Path) -> None:
    """With the store gone, sealing says so; when it is back, sealing goes through."""
    if shop.database.engine.dialect.name != "sqlite":
        return
    shop.stores.close()
    shop.stores._engines.clear()
    (tmp_path / "shop.sqlite").rename(tmp_path / "away")
    with pytest.raises(StoreUnavailable):
        seal(shop.sealer("test"))
    (tmp_path / "away").rename(tmp_path / "shop.sqlite")
    assert sum(t.sealed for t in seal(shop.sealer("test"))) > 100
