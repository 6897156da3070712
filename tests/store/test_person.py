"""Everything about one person: walked, corrected, erased, looked for."""

import pytest
from sqlalchemy import text

from privacy_svc.errors import BadRequest, Erased
from privacy_svc.http import CustomerRef
from privacy_svc.runtime import Runtime
from privacy_svc.store import (
    Known,
    Searched,
    Sweep,
    UnknownField,
    check_changes,
    erase_subject,
    forget_subject,
    known_of,
    plan_rectification,
    read_back,
    rectify,
    seal,
    walk,
)
from tests.shop import ANA


@pytest.fixture(params=[False, True], ids=["clear", "sealed"])
def ana(request: pytest.FixtureRequest, shop: Runtime) -> str:
    """Ana's subject, in a store that is clear or sealed."""
    if request.param:
        seal(shop.sealer("test"))
    with shop.database.write() as session:
        return shop.directory.admit(session, CustomerRef(id="1"))


def test_walk_finds_every_row_and_nobody_elses(shop: Runtime, ana: str) -> None:
    """The walk gives Ana's rows of every table, opened, and no row of anybody else."""
    policies = shop.policies.current
    with shop.database.read() as session:
        rows = walk(session, shop.stores, shop.vault, policies, ana)
    found: dict[str, int] = {}
    for row in rows:
        found[row.collection.name] = found.get(row.collection.name, 0) + 1
        assert row.values.get("customer_id", 1) == 1
    with shop.stores.read("shop") as connection:
        for table in ("orders", "tickets", "call_notes", "newsletter_subscriptions"):
            count = connection.execute(text(f"SELECT count(*) FROM {table} WHERE customer_id = 1")).scalar_one()
            assert found.get(table, 0) == count, table
        items = "SELECT count(*) FROM order_items JOIN orders ON orders.id = order_id WHERE customer_id = 1"
        assert found["order_items"] == connection.execute(text(items)).scalar_one()
    assert rows[0].values["email"] == ANA["email"]
    assert "products" not in found
    assert "employees" not in found
    assert ANA["email"] not in repr(rows)


def test_rectify(shop: Runtime, ana: str) -> None:
    """A correction changes the row and the index, says what was before, and a second one changes nothing."""
    policies, changes = shop.policies.current, {"last_name": "Marques", "phone": "+351 21 099 0043"}
    where = (shop.stores, shop.vault)
    with shop.database.write() as session:
        planned = plan_rectification(session, *where, policies, ana, changes)
        rectify(session, *where, ana, planned.changes)
    assert {(c.field.name, c.old) for c in planned.changes} == {("last_name", "Figueiredo"), ("phone", ANA["phone"])}
    assert "Figueiredo" not in repr(planned)
    with shop.database.write() as session:
        again = plan_rectification(session, *where, policies, ana, changes)
        assert all(c.old == c.new for c in again.changes)
        rectify(session, *where, ana, planned.changes)
        assert walk(session, shop.stores, shop.vault, policies, ana)[0].values["last_name"] == "Marques"


@pytest.mark.parametrize(
    ("name", "error"), [("last_nam", UnknownField), ("id", BadRequest), ("orders.customer_id", BadRequest)]
)
def test_what_cannot_be_rectified(shop: Runtime, ana: str, name: str, error: type[Exception]) -> None:
    """Unknown fields and fields that link records are refused before anything changes."""
    with shop.database.write() as session, pytest.raises(error):
        check_changes(shop.policies.current, "customer", {"last_name": "X", name: "Y"}, shop.stores)
    with shop.database.read() as session:
        rows = walk(session, shop.stores, shop.vault, shop.policies.current, ana)
    assert rows[0].values["last_name"] == "Figueiredo"


def test_erasure_leaves_nothing_and_spares_the_others(shop: Runtime, ana: str) -> None:
    """After erasing, the search for Ana's values finds none, rows to delete are gone, her neighbour is whole."""
    policies = shop.policies.current
    with shop.database.write() as session:
        known = known_of(walk(session, shop.stores, shop.vault, policies, ana), "DE")
        neighbour = shop.directory.admit(session, CustomerRef(id="2"))
        before = [r.values for r in walk(session, shop.stores, shop.vault, policies, neighbour)]
        items = erase_subject(session, shop.stores, shop.vault, policies, ana).items
        shop.vault.erase(session, ana)
        forget_subject(session, ana)
    assert {ANA["email"], ANA["phone"]} <= set(known.telling)
    assert {"Rua das Flores 17", ANA["first"]} <= set(known.own)
    assert "4000-322" in set(known.own) - set(known.telling), "neighbours share a postal code"
    assert f"{ANA['first']} {ANA['last']}" in known.names
    with shop.database.read() as session:
        assert read_back(session, shop.stores, shop.vault, policies, ana, known) == ([], [])
        with pytest.raises(Erased):
            walk(session, shop.stores, shop.vault, policies, ana)
        assert [r.values for r in walk(session, shop.stores, shop.vault, policies, neighbour)] == before
    with shop.stores.read("shop") as connection:
        left = connection.execute(
            text("SELECT count(*) FROM newsletter_subscriptions WHERE customer_id = 1")
        ).scalar_one()
    assert left == 0
    kept = [i for i in items if i.method == "keep"]
    assert kept
    assert all(i.ground and i.law and i.keep_until for i in kept)


def test_erasing_again_is_harmless(shop: Runtime, ana: str) -> None:
    """A second erasure, as after a crash, ends in the same state."""
    policies = shop.policies.current
    for _ in range(2):
        with shop.database.write() as session:
            erase_subject(session, shop.stores, shop.vault, policies, ana)
    with shop.stores.read("shop") as connection:
        assert connection.execute(text("SELECT count(*) FROM customers")).scalar_one() == 30


def test_read_back_finds_what_was_left(shop: Runtime, ana: str) -> None:
    """An address that stands in clear in somebody else's note is found with its place."""
    with shop.stores.write("shop") as connection:
        note = f"Please use {ANA['email'].upper()} from now on"
        connection.execute(text("UPDATE tickets SET body = :note WHERE customer_id <> 1"), {"note": note})
    searched = {"request": Searched(ana, Known(telling=(ANA["email"],)))}
    sweep = Sweep(shop.database, shop.stores, shop.vault, shop.policies.current, searched)
    assert sweep.run()
    assert ("shop.tickets", "body") in {(f.collection, f.field) for f in sweep.left("request")}
