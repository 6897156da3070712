"""Values that a module's own queries brought back sealed, opened in bulk; clear ones, sealed for it to write."""

from typing import Any

import pytest
from sqlalchemy import select, text

from privacy_svc.auditlog import EventType
from privacy_svc.http import CustomerRef, Role
from privacy_svc.identity import add_client
from privacy_svc.store import seal
from privacy_svc.store.model import IndexEntry
from tests.calling import Service
from tests.factories import erase
from tests.shop import ANA

PURPOSE = "service.support"


def item(key: str, field: str, value: Any, collection: str = "customers") -> dict[str, Any]:
    return {"dataset": "shop", "collection": collection, "key": key, "field": field, "value": value}


def bulk(service: Service, what: str, *items: Any, purpose: str = PURPOSE, name: str = "support") -> Any:
    return service.call(name, "POST", f"/v1/records/{what}", json={"purpose": purpose, "items": list(items)})


def stored(service: Service, field: str, collection: str = "customers") -> dict[str, Any]:
    """A column as the module's own query sees it."""
    with service.runtime.stores.read("shop") as connection:
        rows = connection.exec_driver_sql(f"SELECT id, {field} FROM {collection} ORDER BY id").all()
    return {str(key): value for key, value in rows}


def test_sealed_values_are_opened_as_a_read_would(service: Service) -> None:
    """Over all rows and fields, what is opened and withheld is what reading each record gives."""
    seal(service.runtime.sealer("test"))
    fields = ["first_name", "phone", "email", "birth_date"]
    values = {f: stored(service, f) for f in fields}
    items = [item(k, f, values[f][k]) for f in fields for k in values[f]]
    answer = bulk(service, "open", *items).json()
    found = {(i["key"], i["field"]): a for i, a in zip(items, answer["items"], strict=True)}
    for key in values["email"]:
        record = service.call("support", "GET", f"/v1/records/shop/customers/{key}?purpose={PURPOSE}").json()
        for field in fields:
            if field in record["fields"]:
                assert found[key, field] == {"value": record["fields"][field]}
            else:
                assert found[key, field] == {"withheld": record["withheld"][field]}
    assert found["1", "email"] == {"value": ANA["email"]}
    assert found["1", "phone"]["value"] != ANA["phone"], "masked"


def test_a_guess_is_not_masked(service: Service) -> None:
    """Of a masked field the row's own value is shown, whatever clear one was sent: right and wrong guesses look the
    same, and nobody makes a table of hashes here."""
    with service.runtime.database.write() as session:
        service.tokens["analytics"] = add_client(session, service.runtime.log, "analytics", Role.MODULE, "test")[1]
    purpose = {"purpose": "analytics.product", "name": "analytics"}
    right, own = stored(service, "birth_date")["1"], stored(service, "customer_id", "orders")
    guesses = [right, "1900-01-01", "", None, 17, "2001-07-01"]
    answers = [bulk(service, "open", item("1", "birth_date", guess), **purpose).json() for guess in guesses]
    assert [a["items"] for a in answers] == [[{"value": right[:4]}]] * len(guesses)
    (order, person) = next(iter(own.items()))
    hashes = [
        bulk(service, "open", item(order, "customer_id", guess, "orders"), **purpose).json()["items"][0]["value"]
        for guess in (person, person + 1, str(person), "guess")
    ]
    assert len(set(hashes)) == 1
    seal(service.runtime.sealer("test"))
    sealed = stored(service, "birth_date")
    assert bulk(service, "open", item("1", "birth_date", sealed["1"]), **purpose).json()["items"] == [
        {"value": right[:4]}
    ]
    assert bulk(service, "open", item("1", "birth_date", "1900-01-01"), **purpose).json()["items"] == [
        {"value": right[:4]}
    ]
    moved = bulk(service, "open", item("1", "birth_date", sealed["2"]), **purpose).json()["items"]
    assert moved[0]["withheld"]["reason"] == "tampered"


def test_who_tries_keys_leaves_a_trace(service: Service) -> None:
    """Items of which no row is there are one entry, with no key in it; its id is in the answer."""
    answer = bulk(service, "open", item("4711", "email", "a"), item("4712", "phone", "b")).json()
    assert [a["withheld"]["reason"] for a in answer["items"]] == ["unknown_record"] * 2
    log, database = service.runtime.log, service.runtime.database
    log.integrate(database)
    with database.read() as session:
        (entry,) = log.search(session, type=EventType.DECISION_DENY)
    assert str(entry.id) == answer["decision_id"]


def test_each_row_is_decided_by_itself(service: Service) -> None:
    """One person's restriction withholds their rows alone, in every collection."""
    seal(service.runtime.sealer("test"))
    assert service.call("officer", "POST", "/v1/customers/1/restriction", json={}).status_code < 300
    names, notes = stored(service, "first_name"), stored(service, "note", "call_notes")
    items = [item(k, "first_name", v) for k, v in names.items()]
    items += [item(k, "note", v, "call_notes") for k, v in notes.items()]
    answers = bulk(service, "open", *items).json()["items"]
    owners = list(names) + list(stored(service, "customer_id", "call_notes").values())
    for owner, answer in zip(owners, answers, strict=True):
        withheld = answer.get("withheld", {}).get("reason")
        assert (withheld == "restricted") == (str(owner) == "1")


def test_strangers_and_tampered_values(service: Service) -> None:
    """A row that is not there, and a value moved from another row, are withheld; the second raises an alert."""
    seal(service.runtime.sealer("test"))
    emails = stored(service, "email")
    items = [item("4711", "email", emails["1"]), item("x", "email", "a"), item("1", "email", emails["2"])]
    answers = bulk(service, "open", *items, item("2", "email", emails["2"])).json()["items"]
    assert [a.get("withheld", {}).get("reason") for a in answers] == [
        "unknown_record",
        "unknown_record",
        "tampered",
        None,
    ]
    assert alerts(service) == 1


def alerts(service: Service) -> int:
    log, database = service.runtime.log, service.runtime.database
    log.integrate(database)
    with database.read() as session:
        return len(log.search(session, type=EventType.VALUE_TAMPERED))


def test_a_tampered_record_fails_alone(service: Service) -> None:
    """Reading a record with a moved value is 500 with its own problem and an alert; a list withholds it and goes on."""
    seal(service.runtime.sealer("test"))
    other = stored(service, "email")["2"]
    with service.runtime.stores.write("shop") as connection:
        connection.exec_driver_sql("UPDATE customers SET email = '" + other + "' WHERE id = 1")
    one = service.call("support", "GET", f"/v1/records/shop/customers/1?purpose={PURPOSE}")
    assert (one.status_code, one.json()["type"]) == (500, "/problems/tampered")
    assert alerts(service) == 1
    page = service.call("support", "GET", f"/v1/records/shop/customers?purpose={PURPOSE}").json()["records"]
    assert len(page) == len(stored(service, "email"))
    assert page[0]["withheld"]["email"]["reason"] == "tampered"
    assert "first_name" in page[0]["fields"]


def test_the_erased_are_withheld(service: Service) -> None:
    """Values of an erased person answer that they were erased; the others are opened."""
    seal(service.runtime.sealer("test"))
    emails = stored(service, "email")
    with service.runtime.database.write() as session:
        subject_id = service.runtime.directory.admit(session, CustomerRef(id="1"))
        erase(service.runtime, session, subject_id)
    answers = bulk(service, "open", *(item(k, "email", v) for k, v in emails.items())).json()["items"]
    assert answers[0] == {"withheld": {"effect": "deny", "reason": "erased"}}
    assert all("value" in a for a in answers[1:])


def test_clear_values_are_sealed_for_the_module_to_write(service: Service) -> None:
    """What comes back is sealed for its row, is what the gateway reads once written, and is found by its new value."""
    seal(service.runtime.sealer("test"))
    wanted = item("1", "email", "neu@example.org")
    (answer,) = bulk(service, "seal", wanted, purpose="service.account_mail").json()["items"]
    assert answer["value"].startswith("pcf1.")
    with service.runtime.stores.write("shop") as connection:
        connection.exec_driver_sql("UPDATE customers SET email = '" + answer["value"] + "' WHERE id = 1")
    path = f"/v1/records/shop/customers?purpose={PURPOSE}&email=neu@example.org"
    (found,) = service.call("support", "GET", path).json()["records"]
    assert (found["key"], found["fields"]["email"]) == ("1", "neu@example.org")


def test_what_was_sealed_and_never_written_hides_nobody(service: Service) -> None:
    """The person is found by the address the row holds, however often a module has others sealed; and by the new one
    once it is written, by whichever way, and then no more by the old."""
    seal(service.runtime.sealer("test"))

    def found(email: str) -> int:
        path = "/v1/records/shop/customers"
        answer = service.call("support", "GET", path, params={"purpose": PURPOSE, "email": email})
        assert answer.status_code == 200, answer.text
        return len(answer.json()["records"])

    for number in range(3):
        answer = bulk(service, "seal", item("1", "email", f"new{number}@mail.example")).json()["items"][0]
    assert (found(ANA["email"]), found("new2@mail.example")) == (1, 0)
    with service.runtime.stores.write("shop") as connection:
        statement = text("UPDATE customers SET email = :sealed WHERE id = 1")
        connection.execute(statement, {"sealed": answer["value"]})
    assert (found(ANA["email"]), found("new2@mail.example"), found("new0@mail.example")) == (0, 1, 0)
    path = f"/v1/records/shop/customers/1?purpose={PURPOSE}"
    assert service.call("support", "PATCH", path, json={"email": "third@mail.example"}).status_code == 200
    assert (found("new2@mail.example"), found("third@mail.example")) == (0, 1)
    with service.runtime.database.read() as session:
        assert set(session.scalars(select(IndexEntry.proposed).where(IndexEntry.row == "1"))) == {False}


def test_sealing_needs_the_whole_field(service: Service) -> None:
    """What may be read only masked, or not at all, is not sealed for a module either."""
    seal(service.runtime.sealer("test"))
    items = [
        item("1", "phone", "+49 30 1"),
        item("1", "birth_date", "1990-01-01"),
        item("4711", "email", "a@b.example"),
    ]
    answers = bulk(service, "seal", *items).json()["items"]
    assert [a["withheld"]["reason"] for a in answers] == ["masked", "category_not_in_purpose", "unknown_record"]


@pytest.mark.parametrize("what", ["open", "seal"])
def test_what_does_not_fit(service: Service, what: str) -> None:
    """Unknown words are 404 with the nearest known one; a wrong number of items or field is 400; roles hold."""
    good = item("1", "email", "a@b.example")
    for broken, status in (
        (good | {"dataset": "shp"}, 404),
        (good | {"collection": "customer"}, 404),
        (good | {"field": "e_mail"}, 404),
        (good | {"felid": 1}, 400),
    ):
        assert bulk(service, what, broken).status_code == status
    assert bulk(service, what, good, purpose="nope").status_code == 404
    assert bulk(service, what).status_code == 400
    assert bulk(service, what, *[good] * 10_001).status_code == 400
    assert bulk(service, what, good, name="officer").status_code == 403


def test_a_purpose_that_is_not_granted_tells_no_row(service: Service) -> None:
    """Rows that are there and rows that are not get the same answer, opened, sealed, read, found or written."""
    items = [item("1", "email", "a@mail.example"), item("4711", "email", "a@mail.example")]
    for what in ("open", "seal"):
        told = bulk(service, what, *items, purpose="finance.invoicing").json()["items"]
        assert told == [{"withheld": {"effect": "deny", "reason": "purpose_not_granted"}}] * 2
    rows = "/v1/records/shop/customers"
    for method, path, more in (
        ("GET", f"{rows}/1", {}),
        ("GET", f"{rows}/4711", {}),
        ("GET", rows, {}),
        ("GET", f"{rows}?email=nobody@mail.example", {}),
        ("PATCH", f"{rows}/4711", {"json": {"phone": "1"}}),
        ("POST", rows, {"json": {"phone": "1"}}),
    ):
        params = {"purpose": "finance.invoicing"} | ({"email": "nobody@mail.example"} if "?" in path else {})
        answer = service.call("support", method, path.partition("?")[0], params=params, **more)
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-permitted")
        assert "finance.invoicing" in answer.json()["detail"]


def test_what_is_sealed_is_not_sealed_again(service: Service) -> None:
    """A module that writes its unopened row back is told so, item by item or by a 400 that names the field."""
    seal(service.runtime.sealer("test"))
    sealed = stored(service, "email")["1"]
    items = [item("1", "email", sealed), item("1", "email", "neu@example.org")]
    again, new = bulk(service, "seal", *items, purpose="service.account_mail").json()["items"]
    assert again == {"withheld": {"effect": "deny", "reason": "already_sealed"}}
    assert new["value"].startswith("pcf1.")
    path = "/v1/records/shop/customers/1?purpose=service.account_mail"
    answer = service.call("support", "PATCH", path, json={"email": sealed})
    assert answer.status_code == 400
    assert "shop.customers.email" in answer.json()["detail"]
    assert stored(service, "email")["1"] == sealed
