"""The walk over several databases: by references, by addresses, by where the manifest leads."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, event, text

from privacy_svc.auditlog import Log
from privacy_svc.db import Database
from privacy_svc.http import CustomerRef
from privacy_svc.policy import PolicyHolder, PolicySet
from privacy_svc.store import Directory, Sealer, Stores, seal, walk
from privacy_svc.store.own_values import OwnValues
from privacy_svc.store.rows import owners
from privacy_svc.store.walk import WalkOpened, walk_raw
from privacy_svc.store.walker import PAGE, Walker
from privacy_svc.vault import Vault
from tests.conftest import ONE_DATABASE, fresh_postgres
from tests.factories import make_log, make_vault
from tests.rights.company import write_policies

CRM = """\
dataset:
  - fides_key: crm
    name: CRM
    collections:
      - name: customers
        privacy: {subject: customer}
        fields:
          - {name: id, data_categories: [user.unique_id], fides_meta: {primary_key: true, data_type: integer}}
          - {name: number, data_categories: [user.unique_id]}
          - name: email
            data_categories: [user.contact.email]
            fides_meta: {identity: email}
            privacy: {id: 1001, seal: true, index: [email], erase: shred}
          - name: address_id
            data_categories: [system.operations]
            fides_meta: {references: [{dataset: crm, field: addresses.id, direction: to}]}
      - name: addresses
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - {name: street, data_categories: [user.contact.address.street]}
      - name: memberships
        fields:
          - name: customer_id
            data_categories: [user.unique_id]
            fides_meta: {primary_key: true, references: [{dataset: crm, field: customers.id, direction: from}]}
          - name: account_id
            data_categories: [system.operations]
            fides_meta: {primary_key: true, references: [{dataset: crm, field: accounts.id, direction: to}]}
      - name: accounts
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - {name: nickname, data_categories: [user.account.username]}
"""
WEB = """\
dataset:
  - fides_key: web
    name: Web
    collections:
      - name: orders
        fields:
          - {name: region, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - {name: num, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - name: customer_no
            data_categories: [user.unique_id]
            fides_meta: {references: [{dataset: crm, field: customers.number, direction: from}]}
      - name: lines
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - name: order_region
            fides_meta: {references: [{dataset: web, field: orders.region, direction: from}]}
          - name: order_no
            fides_meta: {references: [{dataset: web, field: orders.num, direction: from}]}
          - {name: what, data_categories: [user.behavior.purchase_history]}
      - name: visits
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - name: login
            data_categories: [user.contact.email]
            fides_meta: {identity: email}
      - name: guests
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - name: customer_no
            data_categories: [user.unique_id]
            fides_meta: {references: [{dataset: crm, field: customers.number, direction: from}]}
          - {name: mail, data_categories: [user.contact.email], fides_meta: {identity: email}}
      - name: replies
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - name: guest_id
            fides_meta: {references: [{dataset: web, field: guests.id, direction: from}]}
          - name: parent_id
            fides_meta: {references: [{dataset: web, field: replies.id, direction: from}]}
          - {name: said, data_categories: [user.content.private]}
"""
IN_CRM = (
    "CREATE TABLE customers (id INTEGER PRIMARY KEY, number INTEGER, email TEXT, address_id INTEGER)",
    "CREATE TABLE addresses (id INTEGER PRIMARY KEY, street TEXT)",
    "CREATE TABLE memberships (customer_id INTEGER, account_id INTEGER, PRIMARY KEY (customer_id, account_id))",
    "CREATE TABLE accounts (id INTEGER PRIMARY KEY, nickname TEXT)",
    (
        "INSERT INTO customers VALUES (1, 501, 'ana@mail.example', 70), (2, 502, 'bo@mail.example', 71),"
        " (3, 503, 'family@mail.example', 71), (4, 504, 'family@mail.example', NULL)"
    ),
    "INSERT INTO addresses VALUES (70, 'Mill Lane'), (71, 'Shared Street'), (72, 'Nobody Road')",
    "INSERT INTO memberships VALUES (1, 90), (1, 99), (2, 91)",
    "INSERT INTO accounts VALUES (90, 'anabel'), (91, 'bobo')",
)
IN_WEB = (
    "CREATE TABLE orders (region VARCHAR(2), num INTEGER, customer_no VARCHAR(9), PRIMARY KEY (region, num))",
    "CREATE TABLE lines (id INTEGER PRIMARY KEY, order_region VARCHAR(2), order_no INTEGER, what TEXT)",
    "CREATE TABLE visits (id INTEGER PRIMARY KEY, login TEXT)",
    "CREATE TABLE guests (id INTEGER PRIMARY KEY, customer_no VARCHAR(9), mail TEXT)",
    "CREATE TABLE replies (id INTEGER PRIMARY KEY, guest_id INTEGER, parent_id INTEGER, said TEXT)",
    "INSERT INTO orders VALUES ('de', 1, '501'), ('fr', 1, '502'), ('fr', 2, '501'), ('fr', 3, 'x')",
    (
        "INSERT INTO lines VALUES (1, 'de', 1, 'mug'), (2, 'fr', 1, 'tea'), (3, 'fr', 2, 'pan'), (4, 'de', 2, '?'),"
        " (5, 'fr', NULL, '?')"
    ),
    "INSERT INTO visits VALUES (1, 'ana@mail.example'), (2, 'bo@mail.example'), (3, NULL)",
    (
        "INSERT INTO guests VALUES (1, NULL, ' Ana@Mail.example'), (2, '502', 'ana@mail.example'),"
        " (3, NULL, 'family@mail.example'), (4, '501', 'other@mail.example')"
    ),
    (
        "INSERT INTO replies VALUES (1, 1, NULL, 'root'), (2, NULL, 1, 'below'), (3, NULL, 2, 'far below'),"
        " (4, NULL, 5, 'circle'), (5, NULL, 4, 'circle'), (6, 77, NULL, 'of a guest who is gone')"
    ),
)


@dataclass
class Two:
    """A CRM on SQLite and a web shop on PostgreSQL."""

    database: Database
    stores: Stores
    vault: Vault
    log: Log
    policies: PolicySet
    directory: Directory

    def subject(self, key: str) -> str:
        with self.database.write() as session:
            return self.directory.admit(session, CustomerRef(id=key))

    def found(self, key: str) -> dict[str, list[str]]:
        """Keys of the rows by collection."""
        subject_id, found = self.subject(key), dict[str, list[str]]()
        with self.database.read() as session:
            for row in walk(session, self.stores, self.vault, self.policies, subject_id):
                found.setdefault(row.collection.name, []).append(row.key)
        return found


pytestmark = ONE_DATABASE


@pytest.fixture(params=["clear", "sealed"])
def two(request: pytest.FixtureRequest, database: Database, postgres_server: Any, tmp_path: Path) -> Iterator[Two]:
    with opened(database, postgres_server, tmp_path) as two:
        if request.param == "sealed":
            seal(Sealer(database, two.stores, two.vault, two.log, two.policies, "test"))
        yield two


@contextmanager
def opened(database: Database, server: Any, folder: Path) -> Iterator[Two]:
    with ExitStack() as stack:
        urls = {"crm": f"sqlite:///{folder / 'crm.sqlite'}", "web": stack.enter_context(fresh_postgres(server))}
        for key, statements in (("crm", IN_CRM), ("web", IN_WEB)):
            engine = create_engine(urls[key])
            with engine.begin() as connection:
                for statement in statements:
                    connection.execute(text(statement))
            engine.dispose()
        files = {"datasets/crm.yml": CRM, "datasets/web.yml": WEB}
        holder = PolicyHolder(write_policies(folder / "policies", **files))
        vault = make_vault(folder, database)
        with database.write() as session:
            vault.create_index_root(session)
        log, stores = make_log(folder, vault), Stores(urls)
        stack.callback(stores.close)
        yield Two(database, stores, vault, log, holder.current, Directory(holder, stores, vault, log))


def test_over_two_databases(two: Two) -> None:
    """A number that is a text elsewhere, a composite key, an e-mail address that may be sealed here: all lead on. A row
    whose reference names another person is theirs, whatever address stands in it."""
    assert two.found("1") == {
        "customers": ["1"],
        "addresses": ["70"],
        "memberships": ["1,90", "1,99"],
        "accounts": ["90"],
        "orders": ["de,1", "fr,2"],
        "lines": ["1", "3"],
        "visits": ["1"],
        "guests": ["4", "1"],
        "replies": ["1", "2", "3"],
    }
    assert two.found("2") == {
        "customers": ["2"], "addresses": ["71"], "memberships": ["2,91"], "accounts": ["91"], "orders": ["fr,1"],
        "lines": ["2"], "visits": ["2"], "guests": ["2"],
    }  # fmt: skip


def test_an_address_of_several_people_says_nothing(two: Two) -> None:
    """Who shares a mailbox does not get the other's rows; how many were left out is told."""
    subject_id = two.subject("3")
    assert "guests" not in two.found("3")
    with two.database.read() as session:
        walked = WalkOpened(session, two.stores, two.vault, two.policies, subject_id)
        assert [row.key for page in walked.pages() for row in page] == ["3", "71"]
        assert walked.unclear == {"web.guests": 1}


def test_what_others_lead_to_as_well_is_marked(two: Two) -> None:
    """An address of two people is given out to both, and is not among what an erasure of one goes through."""
    subjects = {key: two.subject(key) for key in ("1", "2")}
    with two.database.read() as session:
        for key, shared in (("1", False), ("2", True)):
            rows = walk(session, two.stores, two.vault, two.policies, subjects[key])
            assert [r.shared for r in rows if r.collection.name == "addresses"] == [shared]
            raw = walk_raw(session, two.stores, two.policies, subjects[key], two.vault)
            assert ("addresses" in {c.name for c, _ in raw}) is not shared


def test_a_table_that_only_links(two: Two) -> None:
    """A table of two references and no more is a link; one that says what was bought, or by whom alone, is none."""
    ways = two.policies.data_map.ways
    assert [c.name for c in two.policies.data_map.collections() if ways.is_link(c)] == ["memberships"]


def test_from_the_row_to_the_person(two: Two) -> None:
    """Upwards as downwards: over composite keys and texts that are numbers, a circle and a missing row lead nowhere."""
    data_map = two.policies.data_map
    lines = data_map.by_key["web"].by_name["lines"]
    with two.stores.read("web") as connection:
        rows = list(connection.execute(text("SELECT * FROM lines")).mappings())
        replies = list(connection.execute(text("SELECT * FROM replies WHERE id IN (4, 5, 6)")).mappings())
    found = owners(two.stores, data_map, lines, rows)
    assert {key: person for key, (_, person) in found.items()} == {"1": "1", "2": "2", "3": "1"}
    assert owners(two.stores, data_map, data_map.by_key["web"].by_name["replies"], replies) == {}


def test_many_rows_are_read_in_pages_and_by_few_statements(
    database: Database, postgres_server: Any, tmp_path: Path
) -> None:
    """A person of thousands of rows: no page is larger than the limit, nothing stays open while one is looked at, and
    twice the rows cost no statement more than the pages they fill."""
    with opened(database, postgres_server, tmp_path) as two:
        subject_id = two.subject("1")
        few, _ = _statements(two, subject_id)
        with two.stores.write("web") as connection:
            connection.execute(text("INSERT INTO lines SELECT n, 'de', 1, 'mug' FROM generate_series(5001, 9000) n"))
            connection.execute(text("INSERT INTO orders SELECT 'xx', n, '501' FROM generate_series(1, 400) n"))
            connection.execute(text("INSERT INTO lines SELECT 10 * n, 'xx', n, 'mug' FROM generate_series(1, 400) n"))
        many, sizes = _statements(two, subject_id)
        assert max(sizes) == PAGE
        assert sum(sizes) > 4_800
        assert many - few <= 4_001 // PAGE + 1


def _statements(two: Two, subject_id: str) -> tuple[int, list[int]]:
    counted: list[int] = []
    engines = [two.stores.engine(key) for key in ("crm", "web")]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", lambda *_: counted.append(1))
    with two.database.read() as session:
        sizes = []
        for page in Walker(session, two.stores, two.policies, subject_id, OwnValues(session)).pages():
            sizes.append(len(page.rows))
            assert not any(e.pool.checkedout() for e in engines)  # type: ignore[attr-defined]
    for engine in engines:
        engine.dispose()
    return len(counted), sizes
