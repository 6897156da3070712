"""Reading and writing the store for a purpose."""

import pytest
from sqlalchemy import text

from privacy_svc.auditlog import EventType
from privacy_svc.errors import BadRequest, Conflict, Erased, Misconfigured
from privacy_svc.http import CustomerRef
from privacy_svc.policy import Effect
from privacy_svc.runtime import Runtime
from privacy_svc.store import Record, seal
from privacy_svc.store.errors import UnknownCollection, UnknownDataset, UnknownField, UnknownPurpose, UnknownRecord
from privacy_svc.store.writing import NotPermitted, change, create
from tests.calling import Service
from tests.factories import check_log, erase
from tests.shop import ANA

SUPPORT = "service.support"


def read(shop: Runtime, key: str, *fields: str, module: str = "support", purpose: str = SUPPORT) -> Record:
    policies = shop.policies.current
    asked = shop.gateway.ask(policies, module, "shop", "customers", purpose, fields)
    return shop.gateway.read(shop.database, policies, asked, key)


def test_permitted_masked_withheld(shop: Runtime) -> None:
    """A read gives permitted fields in clear, masked ones masked, and withholds the rest with a reason."""
    record = read(shop, "1", "first_name", "phone", "birth_date")
    assert record.fields["first_name"] == "Ana"
    assert record.fields["phone"].endswith("0042")
    assert ANA["phone"] != record.fields["phone"]
    assert record.withheld["birth_date"].effect is Effect.DENY
    assert str(record.withheld["birth_date"].reason) == "category_not_in_purpose"
    check_log(shop.database, shop.log)


def test_a_module_gets_nothing_for_a_purpose_it_was_not_granted(shop: Runtime) -> None:
    """A purpose that exists but is not the module's releases no field."""
    record = read(shop, "1", "first_name", "email", module="marketing")
    assert record.fields == {}
    assert {str(d.reason) for d in record.withheld.values()} == {"purpose_not_granted"}


def test_sealed_values_are_opened(shop: Runtime) -> None:
    """After sealing a read gives the same clear values as before."""
    before = read(shop, "1").fields
    seal(shop.sealer("test"))
    assert read(shop, "1").fields == before


@pytest.mark.parametrize(
    ("dataset", "collection", "purpose", "field", "error", "near"),
    [
        ("shp", "customers", SUPPORT, "email", UnknownDataset, "'shop'"),
        ("shop", "custmers", SUPPORT, "email", UnknownCollection, "'customers'"),
        ("shop", "customers", "service.suport", "email", UnknownPurpose, "'service.support'"),
        ("shop", "customers", SUPPORT, "e_mail", UnknownField, "'email'"),
    ],
)
def test_unknown_names(
    shop: Runtime, dataset: str, collection: str, purpose: str, field: str, error: type[Exception], near: str
) -> None:
    """Each unknown name is an error of its own that suggests the nearest known one."""
    with pytest.raises(error, match=near):
        shop.gateway.ask(shop.policies.current, "support", dataset, collection, purpose, [field])


def test_unknown_record(shop: Runtime) -> None:
    """A key that is not there, or that cannot be one, is an unknown record and no database error."""
    for key in ("99999", "abc", ""):
        with pytest.raises(UnknownRecord):
            read(shop, key, "email")


def test_rows_about_nobody_are_not_released(shop: Runtime) -> None:
    """A record that leads to no person is not given out through the gateway."""
    policies = shop.policies.current
    asked = shop.gateway.ask(policies, "support", "shop", "products", SUPPORT, [])
    with pytest.raises(UnknownRecord):
        shop.gateway.read(shop.database, policies, asked, "1")


@pytest.mark.parametrize("sealed", [False, True])
def test_find_by_email_and_phone(shop: Runtime, *, sealed: bool) -> None:
    """A person is found by e-mail in any case and by phone in any spelling, before and after sealing."""
    if sealed:
        seal(shop.sealer("test"))
    policies = shop.policies.current
    asked = shop.gateway.ask(policies, "support", "shop", "customers", SUPPORT, ["first_name"])
    references = [CustomerRef(email="Ana.Figueiredo@MAIL.example"), CustomerRef(email="nobody@mail.example")]
    if sealed:  # in clear, the store compares texts; the blind index compares numbers
        references.insert(1, CustomerRef(phone="00351 210 990 042"))
    with shop.database.write() as session:
        found = [shop.gateway.find(session, policies, asked, r)[0] for r in references]
    assert [[r.fields["first_name"] for r in f] for f in found] == [["Ana"]] * (len(references) - 1) + [[]]


def test_pages_visit_everybody_once(shop: Runtime) -> None:
    """Paging with a cursor gives each customer exactly once."""
    policies = shop.policies.current
    asked = shop.gateway.ask(policies, "support", "shop", "customers", SUPPORT, ["first_name"])
    keys: list[str] = []
    cursor: str | None = None
    while True:
        with shop.database.write() as session:
            records, cursor = shop.gateway.page(session, policies, asked, 7, cursor)
        keys += [r.key for r in records]
        if cursor is None:
            break
    assert keys == [str(n) for n in range(1, 31)]
    check_log(shop.database, shop.log)


def test_every_read_is_an_entry_about_the_person(shop: Runtime) -> None:
    """A read leaves an entry whose id is the decision's id and whose payload has names and no values."""
    record = read(shop, "1", "first_name", "birth_date")
    shop.log.integrate(shop.database)
    with shop.database.read() as session:
        (entry,) = shop.log.search(session, type=EventType.RECORD_READ)
    assert entry.id == record.decision_id
    assert entry.actor == "support"
    assert entry.payload is not None
    assert entry.payload["purpose"] == SUPPORT
    assert "Ana" not in str(entry.payload)


def test_an_erased_person_is_gone(shop: Runtime) -> None:
    """After the key is destroyed a read raises Erased, and a page leaves the person out."""
    seal(shop.sealer("test"))
    with shop.database.write() as session:
        subject = shop.directory.admit(session, CustomerRef(id="1"))
        shop.vault.erase(session, subject)
    with pytest.raises(Erased):
        read(shop, "1", "first_name")
    policies = shop.policies.current
    asked = shop.gateway.ask(policies, "support", "shop", "customers", SUPPORT, ["first_name"])
    with shop.database.write() as session:
        records, _ = shop.gateway.page(session, policies, asked, 50, None)
    assert "1" not in {r.key for r in records}


@pytest.mark.parametrize("sealed", [False, True])
def test_write_seals_and_indexes(shop: Runtime, *, sealed: bool) -> None:
    """A changed e-mail is sealed in the store, found by its new value and no longer by its old one."""
    if sealed:
        seal(shop.sealer("test"))
    policies = shop.policies.current
    asked = shop.gateway.ask(policies, "shop", "shop", "customers", "service.contract", ["email"])
    change(shop.gateway, shop.database, policies, asked, "1", {"email": "ana.new@mail.example"})
    bound = shop.stores.bind(asked.collection)
    with shop.stores.read("shop") as connection:
        stored = connection.execute(bound.table.select().where(bound.table.c.id == 1)).mappings().one()
    assert stored["email"].startswith("pcf1.") == sealed
    with shop.database.read() as session:
        assert shop.directory.find(session, CustomerRef(email="ana.new@mail.example")) is not None
        assert shop.directory.find(session, CustomerRef(email=ANA["email"])) is None
    assert read(shop, "1", "email").fields["email"] == "ana.new@mail.example"
    check_log(shop.database, shop.log)


def test_write_needs_permission(shop: Runtime) -> None:
    """A field the purpose does not cover is not written, and the store is unchanged."""
    policies = shop.policies.current
    asked = shop.gateway.ask(policies, "support", "shop", "customers", SUPPORT, ["birth_date"])
    with pytest.raises(NotPermitted, match="birth_date"):
        change(shop.gateway, shop.database, policies, asked, "1", {"birth_date": "2000-01-01"})
    with shop.stores.read("shop") as connection:
        bound = shop.stores.bind(asked.collection)
        assert (
            connection.execute(bound.table.select().where(bound.table.c.id == 1)).mappings().one()["birth_date"]
            == "1987-05-14"
        )


@pytest.mark.parametrize(("collection", "values"), [("tickets", {"customer_id": 2}), ("customers", {"id": 99})])
def test_a_record_is_not_moved(shop: Runtime, collection: str, values: dict[str, int]) -> None:
    """A write to a key or a reference is refused: it would move sealed values away from their person."""
    policies = shop.policies.current
    asked = shop.gateway.ask(policies, "support", "shop", collection, SUPPORT, list(values))
    with pytest.raises(BadRequest, match="cannot be moved"):
        change(shop.gateway, shop.database, policies, asked, "1", values)


def test_create_makes_a_person(shop: Runtime) -> None:
    """A new customer is sealed from the first moment and can be read and found."""
    policies = shop.policies.current
    values = {
        "first_name": "Rosa",
        "last_name": "Berg",
        "email": "rosa@mail.example",
        "country": "DE",
        "language": "de",
    }
    asked = shop.gateway.ask(policies, "shop", "shop", "customers", "service.contract", list(values))
    with pytest.raises(Conflict, match="NOT NULL"):
        create(shop.gateway, shop.database, policies, asked, values)
    check_log(shop.database, shop.log)


def test_a_missing_store_is_named(shop: Runtime) -> None:
    """A dataset without a connected store is refused with the setting that is missing."""
    with pytest.raises(Misconfigured, match="PRIVACY_STORE_CRM"):
        shop.stores.engine("crm")


def test_one_persons_records_come_page_by_page(service: Service) -> None:
    """With `limit` and `cursor` each record of a person is given once, in the order of the keys, also beyond what one
    answer holds; the last page has no cursor."""
    with service.runtime.stores.write("shop") as connection:
        rows = ", ".join(f"({n}, 1, '2026-01-01', 'subject', 'body', 'open')" for n in range(9_000, 10_100))
        connection.execute(
            text(f"INSERT INTO tickets (id, customer_id, opened_at, subject, body, status) VALUES {rows}")
        )
        wanted = [str(n) for n in connection.scalars(text("SELECT id FROM tickets WHERE customer_id = 1 ORDER BY id"))]
    path = "/v1/records/shop/tickets"
    asked = {"purpose": SUPPORT, "email": ANA["email"]}

    def pages(limit: int, most: int) -> list[list[str]]:
        found: list[list[str]] = []
        more: dict[str, str] = {}
        while len(found) < most:
            answer = service.call("support", "GET", path, params={**asked, "limit": limit, **more}).json()
            found.append([r["key"] for r in answer["records"]])
            if answer["cursor"] is None:
                break
            more = {"cursor": answer["cursor"]}
        return found

    assert [len(page) for page in pages(1_000, 9)] == [1_000, len(wanted) - 1_000]
    assert [key for page in pages(1_000, 9) for key in page] == wanted
    assert [key for page in pages(7, 2) for key in page] == wanted[:14]
    by_key = service.call("support", "GET", path, params={"purpose": SUPPORT, "customer": "1", "limit": 3}).json()
    assert ([r["key"] for r in by_key["records"]], by_key["cursor"]) == (wanted[:3], wanted[2])
    wrong = service.call("support", "GET", path, params={**asked, "cursor": "abc"})
    assert wrong.json()["type"] == "/problems/unknown-record"


def refused(service: Service) -> list[tuple[str | None, list[str]]]:
    """About whom, and why, in the log's order."""
    runtime = service.runtime
    runtime.log.integrate(runtime.database)
    with runtime.database.read() as session:
        found = runtime.log.search(session, type=EventType.DECISION_DENY)
    found.sort(key=lambda entry: entry.index or 0)
    return [(e.subject_id, (e.payload or {})["reasons"]) for e in found]


def test_a_refused_look_leaves_an_entry(service: Service) -> None:
    """Who looks for a record that is not there, or for an erased person's, by its key, by address or in a list, is in
    the log: about nobody, or about the erased."""
    runtime = service.runtime
    seal(runtime.sealer("test"))
    with runtime.database.write() as session:
        subject = runtime.directory.admit(session, CustomerRef(id="1"))
        erase(runtime, session, subject)
    people, ask = "/v1/records/shop/customers", {"purpose": SUPPORT, "fields": "first_name"}

    def look(path: str, status: int, **more: str) -> list[tuple[str | None, list[str]]]:
        before = len(refused(service))
        assert service.call("support", "GET", path, params=ask | more).status_code == status
        return refused(service)[before:]

    assert look(people + "/99999", 404) == [(None, ["unknown_record"])]
    assert look("/v1/records/shop/products/1", 404, fields="name") == [(None, ["unknown_record"])]
    assert look(people, 200, email="nobody@mail.example") == [(None, ["unknown_customer"])]
    assert look(people + "/1", 410) == [(subject, ["erased"])]
    assert look(people, 200, customer="1") == [(subject, ["erased"])]
    assert look(people, 200, limit="5") == [(subject, ["erased"])]
    with runtime.stores.write("shop") as connection:
        for table in ("newsletter_subscriptions", "call_notes", "tickets", "orders"):
            connection.execute(text(f"UPDATE {table} SET customer_id = 2 WHERE customer_id = 1"))
        connection.execute(text("DELETE FROM customers WHERE id = 1"))
    assert look(people + "/1", 410) == [(subject, ["erased"])]
    assert look(people + "/2", 200) == []
