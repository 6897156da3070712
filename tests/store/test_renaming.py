"""A table and a column get other names, in the store and in the data map: ids of fields stay, and so do the people."""

import shutil
from dataclasses import replace
from pathlib import Path

from sqlalchemy import select, text

from privacy_svc.examples import folder
from privacy_svc.http import CustomerRef
from privacy_svc.policy import PolicyHolder
from privacy_svc.runtime import Runtime
from privacy_svc.store import Stores, seal, unseal, walk
from privacy_svc.vault import Subject
from tests.factories import check_log
from tests.shop import ANA


def people(runtime: Runtime) -> set[str]:
    with runtime.database.read() as session:
        return set(session.scalars(select(Subject.id)))


def renamed(shop: Runtime, home: Path) -> Runtime:
    """The shop's `customers.first_name` is `clients.given_name` from now on."""
    with shop.stores.write("shop") as connection:
        connection.execute(text("ALTER TABLE customers RENAME TO clients"))
        connection.execute(text("ALTER TABLE clients RENAME COLUMN first_name TO given_name"))
    policies = home / "renamed"
    shutil.copytree(folder("policies"), policies)
    data_map = policies / "datasets" / "shop.yml"
    changed = data_map.read_text().replace("- name: customers", "- name: clients")
    changed = changed.replace("field: customers.id", "field: clients.id").replace(
        "- name: first_name\n            data_categories: [user.name.first]\n            privacy: {id: 1001",
        "- name: given_name\n            data_categories: [user.name.first]\n            privacy: {id: 1001",
    )
    data_map.write_text(changed)
    return replace(shop, policies=PolicyHolder(policies), stores=Stores(shop.settings.stores, shop.database))


def anas_name(runtime: Runtime) -> object:
    with runtime.database.write() as session:
        subject_id = runtime.directory.admit(session, CustomerRef(email=ANA["email"]), "test")
    with runtime.database.read() as session:
        rows = walk(session, runtime.stores, runtime.vault, runtime.policies.current, subject_id)
        assert {r.collection.name for r in rows} >= {"clients", "orders"}
        return next(r.values["given_name"] for r in rows if r.collection.name == "clients")


def test_a_rename_changes_nobody(shop: Runtime, tmp_path: Path) -> None:
    """Sealed values open, people are found and nobody becomes somebody new; also after new rows and after unsealing."""
    seal(shop.sealer("test"))
    before = people(shop)
    after = renamed(shop, tmp_path)
    assert anas_name(after) == "Ana"
    seal(after.sealer("test"))
    assert people(after) == before
    unseal(after.sealer("test"))
    assert anas_name(after) == "Ana"
    seal(after.sealer("test"))
    assert anas_name(after) == "Ana"
    assert people(after) == before
    check_log(after.database, after.log)
    after.stores.close()
