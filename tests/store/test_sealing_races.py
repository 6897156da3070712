"""Between two steps of sealing and rotating: a change of the gateway, an erasure, a data map that changed."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from privacy_svc.db import now
from privacy_svc.errors import Conflict
from privacy_svc.http import CustomerRef
from privacy_svc.policy import DataMap, Dataset
from privacy_svc.runtime import Runtime
from privacy_svc.store import (
    CannotSeal,
    begin_index,
    blind,
    fill_index,
    finish_rotation,
    replace_keys,
    rotating,
    seal,
    sealbatch,
    unseal,
    walk,
)
from privacy_svc.store.changing import Writer
from privacy_svc.store.model import IndexEntry
from privacy_svc.vault import Tampered
from tests.shop import ANA

AT_ONCE = timedelta(0)


def run(shop: Runtime, statement: str, **values: Any) -> None:
    with shop.stores.write("shop") as connection:
        connection.execute(text(statement), values)


def subject(shop: Runtime, key: str = "1") -> str:
    with shop.database.write() as session:
        return shop.directory.admit(session, CustomerRef(id=key), "test")


def entries(shop: Runtime, subject_id: str) -> int:
    with shop.database.read() as session:
        counted = select(func.count()).select_from(IndexEntry).where(IndexEntry.subject_id == subject_id)
        return session.scalar(counted) or 0


def look_up(shop: Runtime, email: str) -> list[str]:
    field = shop.policies.current.data_map.by_key["shop"].by_name["customers"].by_name["email"]
    with shop.database.read() as session:
        return [row for row, _ in blind.look_up(session, shop.vault, field, "email", email)]


def between(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, act: Callable[[], None], *, after: bool) -> None:
    """`act` once, before or after the next call of `owner.name`."""
    original, done = getattr(owner, name), threading.Event()

    def called(*arguments: Any, **named: Any) -> Any:
        if not after and not done.is_set():
            done.set()
            act()
        found = original(*arguments, **named)
        if after and not done.is_set():
            done.set()
            act()
        return found

    monkeypatch.setattr(owner, name, called)


def test_a_change_while_its_row_is_being_sealed(shop: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway writes another address between the read and the index: the new one is found, the old one is not."""
    seal(shop.sealer("test"))
    one = subject(shop, "2")
    run(shop, "UPDATE customers SET email = 'one@mail.example' WHERE id = 2")
    collection = shop.policies.current.data_map.by_key["shop"].by_name["customers"]

    def change() -> None:
        with shop.database.write() as session:
            writer = Writer(session, shop.vault, shop.vault.cipher(session, one))
            writer.index(collection, "2", {"email": "two@mail.example"})
        with shop.stores.write("shop") as connection:
            writer.store(connection, shop.stores.bind(collection), "2", {"email": "two@mail.example"})

    between(monkeypatch, sealbatch, "_provide", change, after=False)
    seal(shop.sealer("test"))
    assert (look_up(shop, "one@mail.example"), look_up(shop, "two@mail.example")) == ([], ["2"])


def erasing(shop: Runtime, subject_id: str) -> Callable[[], None]:
    """An erasure in a thread of its own; it may have to wait for whoever holds the person."""

    def erase() -> None:
        with shop.database.write() as session:
            shop.vault.erase(session, subject_id)
            blind.drop_subject(session, subject_id)

    thread = threading.Thread(target=erase, daemon=True)

    def act() -> None:
        thread.start()
        thread.join(timeout=1.5)

    act.thread = thread  # type: ignore[attr-defined]
    return act


def test_an_erasure_while_a_row_is_being_sealed(shop: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the person is indexed after it."""
    seal(shop.sealer("test"))
    one = subject(shop)
    run(shop, "UPDATE customers SET email = 'later@mail.example' WHERE id = 1")
    act = erasing(shop, one)
    between(monkeypatch, sealbatch, "ciphers_of", act, after=True)
    seal(shop.sealer("test"))
    act.thread.join(timeout=30)  # type: ignore[attr-defined]
    assert entries(shop, one) == 0


def test_an_erasure_while_the_index_is_rebuilt(shop: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """The person's rows were read before it: none of them is indexed after it."""
    seal(shop.sealer("test"))
    one = subject(shop)
    begin_index(shop.sealer("test"))
    act = erasing(shop, one)
    between(monkeypatch, rotating, "_ciphers", act, after=True)
    fill_index(shop.sealer("test"))
    act.thread.join(timeout=30)  # type: ignore[attr-defined]
    assert entries(shop, one) == 0


def test_a_column_the_map_no_longer_seals_keeps_its_keys(shop: Runtime) -> None:
    """Its values are still sealed: rotation is refused, with the column and the way out, and nothing is lost."""
    seal(shop.sealer("test"))
    sealer = shop.sealer("test")
    dataset = sealer.policies.data_map.by_key["shop"]
    customers = dataset.by_name["customers"]
    fields = tuple(replace(f, seal=False, index=()) if f.name == "city" else f for f in customers.fields)
    collections = tuple(replace(c, fields=fields) if c.name == "customers" else c for c in dataset.collections)
    data_map = DataMap((Dataset("shop", dataset.name, collections),))
    changed = replace(sealer, policies=replace(sealer.policies, data_map=data_map))
    replace_keys(changed, now())
    with pytest.raises(Conflict, match=r"no longer seals shop\.customers\.city"):
        finish_rotation(changed, shop.holders, AT_ONCE)


def test_one_moved_value_holds_up_only_its_person(shop: Runtime) -> None:
    """Rotation ends for everybody else; theirs waits until somebody has looked, and is said."""
    seal(shop.sealer("test"))
    run(shop, "UPDATE customers SET first_name = (SELECT c.first_name FROM customers c WHERE c.id = 2) WHERE id = 1")
    replace_keys(shop.sealer("test"), now())
    finish_rotation(shop.sealer("test"), shop.holders, AT_ONCE)
    done = finish_rotation(shop.sealer("test"), shop.holders, AT_ONCE)
    assert (done.spoiled, done.waiting) == (1, 1)
    assert done.retired > 20
    with shop.database.read() as session:
        assert shop.vault.cipher(session, subject(shop)).newest == 2


@pytest.mark.parametrize(
    "value", ["pcf1. Mueller, Hans, Hauptstrasse 12, 24103 Kiel, Germany", "pcf1.", "PCF1.AQEAAAAB"]
)
def test_a_value_that_only_begins_like_ours_is_sealed(shop: Runtime, value: str) -> None:
    """SQL and Python agree on what is sealed: by its whole beginning."""
    seal(shop.sealer("test"))
    run(shop, "UPDATE customers SET first_name = :v WHERE id = 1", v=value)
    (tally,) = [t for t in seal(shop.sealer("test")) if t.collection == "shop.customers"]
    assert tally.sealed == 1
    with shop.stores.read("shop") as connection:
        stored = connection.execute(text("SELECT first_name FROM customers WHERE id = 1")).scalar_one()
    assert stored.startswith("pcf1.AQEAAAAB")
    assert ANA["first"] not in stored
    assert not [t for t in seal(shop.sealer("test")) if t.sealed]


def test_a_changed_field_id_is_told_by_its_name(shop: Runtime) -> None:
    """The id is bound into every value: the way out is to give it back, not to null anything."""
    seal(shop.sealer("test"))
    sealer = shop.sealer("test")
    dataset = sealer.policies.data_map.by_key["shop"]
    customers = dataset.by_name["customers"]
    fields = tuple(replace(f, id=9003) if f.name == "city" else f for f in customers.fields)
    collections = tuple(replace(c, fields=fields) if c.name == "customers" else c for c in dataset.collections)
    changed = replace(
        sealer, policies=replace(sealer.policies, data_map=DataMap((Dataset("shop", dataset.name, collections),)))
    )
    with pytest.raises(CannotSeal, match=r"city: it was sealed under id 1008"):
        seal(changed)


def test_a_store_put_back_after_unsealing_opens(shop: Runtime) -> None:
    """Its columns are no longer written down as sealed; its values are ours all the same."""
    seal(shop.sealer("test"))
    with shop.stores.read("shop") as connection:
        sealed = connection.execute(text("SELECT city FROM customers WHERE id = 1")).scalar_one()
    unseal(shop.sealer("test"))
    run(shop, "UPDATE customers SET city = :v WHERE id = 1", v=sealed)
    unseal(shop.sealer("test"))
    with shop.stores.read("shop") as connection:
        assert connection.execute(text("SELECT city FROM customers WHERE id = 1")).scalar_one() == "Porto"


@pytest.mark.parametrize("at", range(9))
def test_a_damaged_beginning_is_tampered(shop: Runtime, at: int) -> None:
    """Any flipped character of prefix or header: the value is not given out as if it were clear."""
    seal(shop.sealer("test"))
    with shop.stores.read("shop") as connection:
        stored = connection.execute(text("SELECT first_name FROM customers WHERE id = 1")).scalar_one()
    damaged = stored[:at] + ("x" if stored[at] != "x" else "y") + stored[at + 1 :]
    run(shop, "UPDATE customers SET first_name = :v WHERE id = 1", v=damaged)
    with shop.database.read() as session, pytest.raises(Tampered):
        walk(session, shop.stores, shop.vault, shop.policies.current, subject(shop))
