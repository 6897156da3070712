"""Records that several people's rows lead to, such as the address of a household."""

import json
from typing import Any

import pytest

from privacy_svc.auditlog import verify_json
from privacy_svc.policy import Collection, EraseRows, Field
from privacy_svc.rights import Right, Worker
from privacy_svc.rights.erasing import inventory
from privacy_svc.store import FoundRow
from tests.rights.company import ANA, Company
from tests.rights.running import done, everything_in
from tests.rights.test_approval import verified
from tests.rights.test_opening import opened
from tests.rights.test_rectifying import remap

ADDRESSES = """\
      - name: addresses
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true, data_type: integer}}
          - {name: street, data_categories: [user.contact.address.street], privacy: {erase: null}}
          - {name: city, data_categories: [user.contact.address.city], privacy: {erase: null}}
          - {name: bell, data_categories: [user.name], privacy: {erase: null}}
          - {name: hint, data_categories: [user.content.private], privacy: {erase: redact}}
          - name: invoice_to
            data_categories: [user.name]
            privacy: {erase: keep, keep: {ground: A17LegallyRequired, law: "§ 147 AO", period: P10Y}}
"""
HINT = "Ring at Ana Figueiredo or call +49 30 9018 2042; Berg is deaf"


@pytest.fixture
def household(company: Company) -> Company:
    """Ana and Bo live at address 70; Ana alone has 71."""
    company.write(
        "CREATE TABLE addresses (id INTEGER PRIMARY KEY, street TEXT, city TEXT, bell TEXT, hint TEXT, "
        "invoice_to TEXT)",
        "INSERT INTO addresses VALUES (70, 'Rua A 1', 'Lisboa-Norte', 'Ana Figueiredo', :hint, 'Ana Figueiredo')",
        "INSERT INTO addresses VALUES (71, 'Rua B 2', 'Porto', 'Ana Figueiredo', NULL, NULL)",
        "ALTER TABLE notes ADD COLUMN address_id INTEGER",
        "INSERT INTO notes VALUES (31, 1, NULL, 71), (32, 2, NULL, 70)",
        "UPDATE notes SET address_id = 70 WHERE id = 30",
        hint=HINT,
    )
    reference = (
        "          - {name: address_id, data_categories: [system.operations], fides_meta: {data_type: integer, "
        "references: [{dataset: crm, field: addresses.id, direction: to}]}}\n"
    )
    remap(company, lambda content: content + reference + ADDRESSES)
    return company


def run(company: Company, right: Right, customer: str = "1", **details: Any) -> dict[str, Any]:
    request = company.requests.vouch(opened(company, right, customer, **details).id, "passport", "dora")
    company.requests.approve(request.id, "dora")
    done(company, request.id)
    document: dict[str, Any] = json.loads(company.requests.certificate(request.id))
    verify_json(document, company.signer.vkey)
    return document


def places(items: list[dict[str, Any]]) -> set[tuple[str, str, int]]:
    return {(i["field"], i["method"], i["rows"]) for i in items if i["collection"] == "crm.addresses"}


def test_what_is_others_as_well_stays_and_is_told(household: Company, worker: Worker) -> None:
    """Of a household's address goes what means the person alone; what stays is in the certificate and in the letter,
    and their own address is erased like all else."""
    document = run(household, Right.ERASURE)
    shared, own = household.rows("addresses")
    assert own == {"id": 71, "street": None, "city": None, "bell": None, "hint": None, "invoice_to": None}
    assert (shared["street"], shared["city"], shared["bell"]) == ("Rua A 1", "Lisboa-Norte", None)
    assert shared["hint"] == "Ring at [erased] or call [erased]; Berg is deaf"
    assert shared["invoice_to"] == ANA["name"]
    assert places(document["shared"]) == {("street", "stays", 1), ("city", "stays", 1), ("invoice_to", "stays", 1)}
    assert places(document["redacted"]) == {("hint", "redact", 1)}
    assert places(document["done"]) == {("street", "null", 1), ("city", "null", 1), ("bell", "null", 1)}
    assert document["result"] == "partially_fulfilled"
    assert "other people" in document["sharing"]
    assert "belong to other people as well" in household.mails()[-1].replace("=\n", "").replace("\n", " ")


def test_a_shared_key_that_says_who_somebody_is_is_told() -> None:
    """Where rows of several people hang on an address, it stays with the row, and the certificate says so."""
    mail = Field("mail", ("user.contact.email",), primary_key=True)
    mailbox = Collection("crm", "mailboxes", (mail,), erase_rows=EraseRows.DELETE)
    row = {"mail": "family@mail.example"}
    told = inventory([FoundRow(mailbox, "family@mail.example", row, row, shared=True)])
    assert [(i["field"], i["method"], i["rows"]) for i in told] == [("mail", "stays", 1)]


def test_the_last_to_go_takes_it_along(household: Company, worker: Worker) -> None:
    """A record that only erased people lead to is nobody else's any more."""
    run(household, Right.ERASURE)
    household.subject("2")
    document = run(household, Right.ERASURE, customer="2")
    [shared, _] = household.rows("addresses")
    assert (shared["street"], shared["city"]) == (None, None)
    assert shared["hint"] == "Ring at [erased] or call [erased]; [erased] is deaf"
    assert document["shared"] == []
    assert ANA["phone"] not in everything_in(household.store_url)


def test_a_correction_leaves_others_what_may_be_right_for_them(household: Company, worker: Worker) -> None:
    """The person's name is corrected in a shared record, its city is not; approver, certificate and letter say so."""
    request = verified(household, Right.RECTIFICATION, changes={"name": "Ana Marques", "city": "Faro"})
    shown = household.requests.details(request.id, "dora").rectified
    assert [v["place"] for v in shown if v.get("shared")] == ["crm.addresses/70.city"]
    household.requests.approve(request.id, "dora")
    done(household, request.id)
    [shared, own] = household.rows("addresses")
    assert (shared["bell"], shared["city"], shared["invoice_to"]) == ("Ana Marques", "Lisboa-Norte", ANA["name"])
    assert (own["bell"], own["city"]) == ("Ana Marques", "Porto")
    document = json.loads(household.requests.certificate(request.id))
    assert document["shared"] == [{"collection": "crm.addresses", "field": "city", "rows": 1}]
    assert document["result"] == "partially_fulfilled"
    assert "what names you alone" in household.mails()[-1].replace("=\n", "").replace("\n", " ")


def test_a_field_named_by_its_table_is_corrected_where_it_is_theirs_alone(household: Company, worker: Worker) -> None:
    """Named outright, a shared record is still not changed for the others."""
    document = run(household, Right.RECTIFICATION, changes={"addresses.street": "Rua C 3"})
    assert [r["street"] for r in household.rows("addresses")] == ["Rua A 1", "Rua C 3"]
    assert document["done"] == [{"collection": "crm.addresses", "field": "street", "rows": 1}]
    assert document["shared"] == [{"collection": "crm.addresses", "field": "street", "rows": 1}]
