"""The privacy database is put back to before an erasure, with its ledger, and the customer store is not: once more."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from privacy_svc.errors import Erased
from privacy_svc.rights import Aftermath, State
from privacy_svc.rights.fulfilment import Fulfilment
from privacy_svc.vault.ledger import FILE
from tests.rights.company import ANA, Company
from tests.rights.running import carried_out
from tests.rights.test_approval import verified
from tests.rights.test_evidence import erase, put_back


@contextmanager
def put_back_with_ledger(company: Company) -> Iterator[None]:
    """All that this service knows is from before what is done inside; the store, and the log outside, are not."""
    company.vault.ledger.export(company.database)
    path = company.vault.ledger.folder / FILE
    before = path.read_bytes()
    with put_back(company):
        yield
    path.write_bytes(before)


def kept(company: Company) -> list[object]:
    return [order["billing_name"] for order in company.rows("orders")[:2]]


def test_who_was_erased_before_a_backup_is_erased_again(company: Company) -> None:
    """What the first erasure kept by law is sealed by the evidence key by then: it stays as it is, and is certified."""
    company.seal()
    subject = company.subject()
    with put_back_with_ledger(company):
        erase(company)
    stood = kept(company)
    told = Aftermath(company.requests).replay("operator", lambda *_: None)
    assert (told.erasures, told.untold) == (0, 1), "only the log knows of it"
    again = erase(company)
    assert kept(company) == stood
    [item] = json.loads(company.requests.certificate(again))["kept"]
    assert (item["field"], item["rows"]) == ("billing_name", 2)
    with company.database.read() as session:
        assert company.vault.cipher(session, subject, "evidence").open_text(1010, "10", str(stood[0])) == ANA["name"]
        with pytest.raises(Erased):
            company.vault.cipher(session, subject)


def test_a_value_that_nothing_opens_is_named(company: Company) -> None:
    """Sealed by a key that is from after the backup: the request says all places and the way out, which works."""
    company.seal()
    subject = company.subject()
    with put_back(company):
        with company.database.write() as session:
            company.vault.next_generation(session, [subject])
        reseal(company)
    request = verified(company)
    company.requests.approve(request.id, "dora")
    problem = Fulfilment(company.database, company.requests.parts).run(request.id)
    assert problem is not None
    assert (problem["step"], problem["slug"]) == ("prepare", "unreadable-values")
    assert {p["place"] for p in problem["places"]} == {"crm.customers.name", "crm.customers.email"}
    assert "empty them in the store" in problem["remedy"]
    company.write("UPDATE customers SET name = '', email = NULL WHERE id = 1")
    carried_out(company.database, company.requests.parts, request.id)
    assert company.requests.show(request.id).state == State.COMPLETED


def reseal(company: Company) -> None:
    """Two of her values, as the CRM's next write through the gateway has them."""
    with company.database.read() as session:
        cipher = company.vault.cipher(session, company.subject())
    sealed = {name: cipher.seal_text(n, "1", ANA[name]) for n, name in ((1001, "name"), (1002, "email"))}
    company.write("UPDATE customers SET name = :name, email = :email WHERE id = 1", **sealed)
