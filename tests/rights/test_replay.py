"""What a replay does to the stores: an erased person is cleaned again, one who came back is not."""

from sqlalchemy import create_engine, delete, text

from privacy_svc.consent import NoticeRef, RecordConsent, Source, record, subject_state
from privacy_svc.consent.model import Consent
from privacy_svc.db import now
from privacy_svc.http import CustomerRef
from privacy_svc.rights import Aftermath, Decision
from privacy_svc.vault import Fence
from privacy_svc.vault.model import LedgerEntry
from tests.rights.company import ANA, Company
from tests.rights.running import done
from tests.rights.test_erasure import erased
from tests.rights.test_leftovers import failed
from tests.rights.test_rectifying import remap

NEW = "Ana Returned"
BACK = "UPDATE customers SET name = :name, email = :email, phone = :phone, city = :city WHERE id = 1"
"""As a backup of the store has her."""


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
    Aftermath(company.requests).readmit(CustomerRef(id="1"), "signed up again", "dora")
    write_name(company)
    forget_the_ledger(company)
    Aftermath(company.requests).replay("operator", lambda *_: None)
    assert name_of(company) == NEW


def test_what_was_agreed_before_the_erasure_does_not_come_back_with_the_backup(company: Company) -> None:
    """Erased, then re-admitted; a backup from before both holds her consent as it stood: it counts for nothing, and
    she came back when she did, not when the backup was restored."""
    subject = company.subject()
    agreed = RecordConsent(CustomerRef(id="1"), "newsletter", "given", Source("web"), NoticeRef("news", 1, "en"))
    where = (company.vault, company.log, company.policies.current)
    with company.database.write() as session:
        record(session, *where, actor="shop", subject_id=subject, wanted=agreed, at=now())
    with company.requests.worker():
        erased(company)
    Aftermath(company.requests).readmit(CustomerRef(id="1"), "signed up again", "dora")
    with company.database.read() as session:
        back = session.get_one(Fence, subject).readmitted_at
    forget_the_ledger(company)
    with company.database.write() as session:
        session.execute(delete(Consent).where(Consent.state == "invalidated"))
    Aftermath(company.requests).replay("operator", lambda *_: None)
    with company.database.read() as session:
        assert subject_state(session, subject, now()).consents["newsletter"].state == "invalidated"
        assert session.get_one(Fence, subject).readmitted_at == back


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
    Aftermath(company.requests).replay("operator", lambda *_: None)
    assert company.rows("customers")[0]["city"] is None


def test_texts_are_searched_as_after_an_erasure(company: Company) -> None:
    """A restored store tells again what she was called: it is taken out where that was decided, also in her own texts
    that stay; what else holds it is told with its place, and nothing where nothing was restored."""
    remap(company, lambda content: content.replace("privacy: {erase: null}\n      - name: orders", REMARK, 1))
    company.write("ALTER TABLE customers ADD COLUMN remark TEXT")
    company.write("UPDATE customers SET remark = 'Ana pays late' WHERE id = 1")
    company.write("INSERT INTO notes VALUES (31, 2, 'Ana Figueiredo knows')")
    with company.requests.worker():
        request, places = failed(company)
        company.requests.decide_leftover(request.id, places[0], Decision.REDACT, "hearsay", "dora")
        company.requests.approve(request.id, "dora")
        done(company, request.id)
    assert company.rows("customers")[0]["remark"] == "[erased] pays late"
    quiet = Aftermath(company.requests).replay("operator", lambda *_: None)
    assert (quiet.searched, quiet.left) == (0, ())
    company.write(BACK, **ANA)
    company.write("UPDATE customers SET remark = 'Ana pays late' WHERE id = 1")
    company.write("UPDATE notes SET note = 'Ana Figueiredo knows' WHERE id = 31")
    company.write("UPDATE tickets SET body = 'ask ana@mail.example' WHERE id = 21")
    told = Aftermath(company.requests).replay("operator", lambda *_: None)
    assert company.rows("customers")[0]["remark"] == "[erased] pays late"
    assert [n["note"] for n in company.rows("notes") if n["id"] == 31] == ["[erased] knows"]
    assert (told.searched, [(x.place, x.rows) for x in told.left]) == (1, [("crm.tickets.body", 1)])


REMARK = """\
privacy: {erase: null}
          - name: remark
            data_categories: [user.content.private]
            privacy: {erase: redact}
      - name: orders"""
