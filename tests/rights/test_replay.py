"""What a replay does to the stores: an erased person is cleaned again, one who came back is not."""

from sqlalchemy import create_engine, delete, text

from privacy_svc.http import CustomerRef
from privacy_svc.vault.model import LedgerEntry
from tests.rights.company import Company
from tests.rights.test_erasure import erased

NEW = "Ana Returned"


def forget_the_ledger(company: Company) -> None:
    """As a database that is older than the ledger's lines."""
    company.vault.ledger.export(company.database)
    with company.database.write() as session:
        session.execute(delete(LedgerEntry))


def name_of(company: Company) -> object:
    return company.rows("customers")[0]["name"]


def write_name(company: Company) -> None:
    engine = create_engine(company.store_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE customers SET name = :n WHERE id = 1"), {"n": NEW})
    engine.dispose()


def test_who_came_back_is_not_erased_again(company: Company) -> None:
    """Erased, then re-admitted: what the store has of them since then stays."""
    company.seal()
    company.subject()
    with company.requests.worker():
        erased(company)
    company.requests.readmit(CustomerRef(id="1"), "signed up again", "dora")
    write_name(company)
    forget_the_ledger(company)
    company.requests.replay("operator", lambda *_: None)
    assert name_of(company) == NEW


def test_who_did_not_come_back_is_erased_again(company: Company) -> None:
    """Their row stands in the store again, as from a backup: it is cleaned."""
    company.seal()
    company.subject()
    with company.requests.worker():
        erased(company)
    engine = create_engine(company.store_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE customers SET city = 'Porto' WHERE id = 1"))
    engine.dispose()
    forget_the_ledger(company)
    company.requests.replay("operator", lambda *_: None)
    assert company.rows("customers")[0]["city"] is None
