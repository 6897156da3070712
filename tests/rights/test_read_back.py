"""What an erasure must not miss: what it finds fails the request, what it cannot look at it tells."""

import json
from typing import Any

import pytest

from privacy_svc.consent import SUPPRESS_ALL
from privacy_svc.consent.suppression import scopes_by_address
from privacy_svc.errors import BadRequest, Conflict
from privacy_svc.http import Contact, CustomerRef
from privacy_svc.rights import Aftermath, Decision, RequestView, State
from tests.conftest import ONE_DATABASE
from tests.rights.company import ANA, Company
from tests.rights.running import carried_on, erased
from tests.rights.test_rectifying import remap


def places_of(request: RequestView) -> list[str]:
    assert request.failure is not None, request.state
    assert request.failure["slug"] == "data-left"
    return [place["place"] for place in request.failure["places"]]


def told_of(company: Company, request: RequestView) -> dict[str, Any]:
    found = json.loads(company.requests.certificate(request.id))
    assert isinstance(found, dict)
    return found


@ONE_DATABASE
def test_a_text_that_lost_a_part_before_is_searched_again(company: Company) -> None:
    """Another erasure put [erased] at its beginning; what still names her behind it is found."""
    company.write("INSERT INTO notes VALUES (31, 2, :n)", n=f"[erased] shares a mailbox: {ANA['email']}")
    assert places_of(erased(company)) == ["crm.notes.note"]


@ONE_DATABASE
def test_the_word_for_nothing_is_no_finding(company: Company) -> None:
    """Who was erased before, came back and is erased again: [erased], with the row's key where no two may be alike, is
    nothing that she is known by, and nothing that is left."""
    company.write(
        "CREATE UNIQUE INDEX alone ON customers (name)",
        "UPDATE customers SET name = '[erased] 1' WHERE id = 1",
        "INSERT INTO notes VALUES (31, 2, 'was [erased] 1 here?')",
        "ALTER TABLE customers ADD COLUMN remark TEXT DEFAULT 'knows [erased]'",
    )
    assert erased(company).state == State.COMPLETED
    assert company.rows("customers")[0]["name"] == "[erased] 1"


NUMBER = 493090182042
"""Ana's telephone number as a column of numbers holds it."""


@pytest.mark.parametrize("kind", ["BIGINT", "NUMERIC(20)"])
def test_a_number_is_searched_in_columns_of_numbers(company: Company, kind: str) -> None:
    """In her own row, and in another's, mapped and not; an amount that begins alike and a row's own key are no
    findings. No part of a number can be taken out."""
    company.write(
        f"ALTER TABLE customers ADD COLUMN mobile {kind}",
        f"UPDATE customers SET mobile = {NUMBER} WHERE id = 1",
        f"ALTER TABLE orders ADD COLUMN caller {kind}",
    )
    first = erased(company)
    assert places_of(first) == ["crm.customers.mobile"]
    with pytest.raises(BadRequest, match="no text"):
        company.requests.decide_leftover(first.id, "crm.customers.mobile", Decision.REDACT, "x", "dora")
    company.write(
        "UPDATE customers SET mobile = NULL WHERE id = 1",
        f"UPDATE customers SET mobile = {NUMBER // 10} WHERE id = 3",
        f"UPDATE orders SET caller = {NUMBER} WHERE id = 12",
    )
    company.requests.approve(first.id, "dora")
    assert places_of(carried_on(company, first.id)) == ["crm.orders.caller"]
    company.write("UPDATE orders SET caller = 5 WHERE id = 12")
    company.requests.approve(first.id, "dora")
    assert carried_on(company, first.id).state == State.COMPLETED


def test_a_number_is_known_by(company: Company) -> None:
    """A telephone number in a BIGINT is theirs: it is emptied, found in others' texts in another spelling, and on the
    suppression list."""
    company.write(
        "ALTER TABLE customers RENAME COLUMN phone TO old",
        "ALTER TABLE customers ADD COLUMN phone BIGINT",
        f"UPDATE customers SET old = NULL, phone = {NUMBER} WHERE id = 1",
        "INSERT INTO notes VALUES (31, 2, 'her number is 030 / 9018-2042')",
    )
    plain = "privacy: {id: 1003, seal: true, index: [phone], erase: shred}"
    remap(company, lambda text: text.replace(plain, "privacy: {erase: null}"))
    request = erased(company)
    assert places_of(request) == ["crm.notes.note"]
    assert company.rows("customers")[0]["phone"] is None
    phone = Contact("phone", "+49 30 90182042")
    with company.database.read() as session:
        assert scopes_by_address(session, company.vault, [phone]) == {phone: {SUPPRESS_ALL}}


NEW = (
    "UPDATE customers SET name = 'Ana Nova', city = 'Faro' WHERE id = 1",
    "INSERT INTO tickets VALUES (99, 1, 'new')",
)


def left_in_a_remark(company: Company) -> RequestView:
    """An erasure that failed after the key was destroyed, and whose person signed up again."""
    company.write("ALTER TABLE customers ADD COLUMN remark TEXT", "UPDATE customers SET remark = 'ana@mail.example'")
    request = erased(company)
    assert places_of(request) == ["crm.customers.remark"]
    return request


def test_nobody_comes_back_to_an_erasure_that_is_not_finished(company: Company) -> None:
    """What is left of it would be done to the data of the new contract; once it is finished they come back."""
    request = left_in_a_remark(company)
    with pytest.raises(Conflict, match=request.id):
        Aftermath(company.requests).readmit(CustomerRef(id="1"), "signed up again", "dora")
    company.write("UPDATE customers SET remark = NULL")
    company.requests.approve(request.id, "dora")
    assert carried_on(company, request.id).state == State.COMPLETED
    Aftermath(company.requests).readmit(CustomerRef(id="1"), "signed up again", "dora")


@ONE_DATABASE
def test_an_old_erasure_leaves_what_is_new(company: Company) -> None:
    """Where somebody is back nevertheless, by the ledger of a restored database, it stops and touches nothing."""
    request = left_in_a_remark(company)
    assert request.subject is not None
    with company.database.write() as session:
        company.vault.readmit(session, request.subject)
    company.write("UPDATE customers SET remark = NULL", *NEW)
    company.requests.approve(request.id, "dora")
    again = carried_on(company, request.id)
    assert again.failure is not None
    assert (again.state, again.failure["step"], again.failure["slug"]) == (State.FAILED, "read_back", "conflict")
    assert (company.rows("customers")[0]["name"], company.rows("customers")[0]["city"]) == ("Ana Nova", "Faro")
    assert company.rows("tickets")[-1]["body"] == "new"


# What the certificate says

SHREDDED = (
    'erase: keep\n              keep: {ground: A17LegallyRequired, law: "§ 147 AO", period: P10Y}',
    "erase: shred",
)


def nothing_kept(company: Company) -> None:
    """A data map by which an erasure leaves nothing."""
    remap(company, lambda content: content.replace(*SHREDDED))


@ONE_DATABASE
def test_a_first_issue_promises_no_result(company: Company) -> None:
    """While others' texts are not searched, and when that search failed, the certificate there is says pending."""
    nothing_kept(company)
    company.write("INSERT INTO notes VALUES (31, 2, :n)", n=f"ask {ANA['email']}")
    failed = erased(company)
    assert places_of(failed) == ["crm.notes.note"]
    first = told_of(company, failed)
    assert (first["issue"], first["result"], first["read_back"]["everybodys_texts"]) == (1, "pending", "pending")


@pytest.mark.parametrize("decision", [None, Decision.ACCEPT, Decision.REDACT])
@ONE_DATABASE
def test_what_a_person_decided_is_not_called_fulfilled(company: Company, decision: Decision | None) -> None:
    """Where a value may stay the place counts as found; with it, or with a text that lost it, the request is fulfilled
    in part, and the letter does not say that all is erased."""
    nothing_kept(company)
    if decision is not None:
        company.write("INSERT INTO notes VALUES (31, 2, :n)", n=f"ask {ANA['email']}")
    request = erased(company)
    if decision is not None:
        company.requests.decide_leftover(request.id, "crm.notes.note", decision, "a family's address", "dora")
        company.requests.approve(request.id, "dora")
        request = carried_on(company, request.id)
    assert request.state == State.COMPLETED
    document, letter = told_of(company, request), company.mails()[-1].replace("=\n", "").replace("\n", " ")
    assert document["read_back"]["found"] == (1 if decision is Decision.ACCEPT else 0)
    assert document["result"] == ("partially_fulfilled" if decision else "fulfilled")
    assert ("Your data are erased, except for" in letter) is bool(decision)
    assert ("known too, such as an address that you share" in letter) is (decision is Decision.ACCEPT)
    assert ("Some texts stay" in letter) is (decision is Decision.REDACT)


BORN = "1980-01-31"


@pytest.mark.parametrize("mapped", ["TEXT", "DATE"])
@pytest.mark.parametrize(
    ("kind", "value"), [("DATE", BORN), ("TIMESTAMP", f"{BORN} 00:00:00"), ("NUMERIC(8)", "19800131")]
)
def test_a_birthday_is_searched_in_columns_that_hold_it(company: Company, mapped: str, kind: str, value: str) -> None:
    """Of dates, times and numbers that nobody mapped, in her own rows; another's birthday on the same day is no
    finding, nor is an earlier day. No part of a date can be taken out."""
    place = "crm.orders.checked" if kind == "DATE" else "crm.customers.checked"
    table, row = (place.split(".")[1], 10) if kind == "DATE" else ("customers", 1)
    company.write(
        f"ALTER TABLE customers ADD COLUMN born {mapped}",
        f"UPDATE customers SET born = '{BORN}' WHERE id = 1",
        f"ALTER TABLE {table} ADD COLUMN checked {kind}",
        f"UPDATE {table} SET checked = '{value}'",
        f"ALTER TABLE {table} ADD COLUMN since DATE",
        f"UPDATE {table} SET since = '1980-01-30'",
    )
    born = "          - name: born\n            data_categories: [user.demographic.date_of_birth]\n"
    born += "            privacy: {erase: null}\n      - name: orders\n"
    remap(company, lambda text: text.replace("      - name: orders\n", born, 1))
    request = erased(company)
    assert places_of(request) == [place]
    with pytest.raises(BadRequest, match="no text"):
        company.requests.decide_leftover(request.id, place, Decision.REDACT, "x", "dora")
    company.write(f"UPDATE {table} SET checked = NULL WHERE id IN ({row}, 11)")
    company.requests.approve(request.id, "dora")
    assert carried_on(company, request.id).state == State.COMPLETED
