"""What an erasure and an objection leave on the suppression list."""

from sqlalchemy import delete, insert, select

from privacy_svc.consent import SUPPRESS_ALL, owners
from privacy_svc.consent.suppression import scopes_by_address
from privacy_svc.consent.tables import NOBODY, Suppression
from privacy_svc.http import Contact
from privacy_svc.policy import DIRECT_MARKETING
from privacy_svc.rights import Aftermath, Right, Worker
from privacy_svc.rights.model import DataRequest
from tests.rights.company import ANA, Company
from tests.rights.running import done
from tests.rights.test_approval import verified
from tests.rights.test_erasure import erased
from tests.rights.test_replay import forget_the_ledger

EMAIL, PHONE = Contact("email", ANA["email"].upper()), Contact("phone", "0049 30 90182042")


def listed(company: Company) -> dict[Contact, frozenset[str]]:
    with company.database.read() as session:
        return dict(scopes_by_address(session, company.vault, [EMAIL, PHONE, Contact("email", "bo@mail.example")]))


def test_an_erased_persons_addresses_are_suppressed(company: Company, worker: Worker) -> None:
    """Sealed e-mail and phone, in any spelling; nothing leads from the request to them; after a restore that forgot
    the list, the ledger brings it back."""
    company.seal()
    company.subject()
    request = erased(company)
    assert listed(company) == {EMAIL: {SUPPRESS_ALL}, PHONE: {SUPPRESS_ALL}}
    with company.database.write() as session:
        kept = {d.hex() for d in session.scalars(select(Suppression.digest))}
        noted = str(session.get_one(DataRequest, request).progress)
        assert kept
        assert not [d for d in kept if d in noted]
        session.execute(delete(Suppression))
    forget_the_ledger(company)
    Aftermath(company.requests).replay("operator", lambda *_: None)
    assert listed(company) == {EMAIL: {SUPPRESS_ALL}, PHONE: {SUPPRESS_ALL}}


def test_an_objection_suppresses_its_scope(company: Company, worker: Worker) -> None:
    """The request's own step does."""
    request = verified(company, Right.OBJECTION)
    done(company, request.id)
    assert listed(company) == {EMAIL: {DIRECT_MARKETING}, PHONE: {DIRECT_MARKETING}}


def test_nothing_leads_from_an_erased_person_to_an_address(company: Company, worker: Worker) -> None:
    """Nor from their earlier objection, which goes on standing; nor after a restore that brought its entry back."""
    subject = company.subject()
    done(company, verified(company, Right.OBJECTION).id)
    with company.database.read() as session:
        before = list(session.execute(select(*Suppression.__table__.columns)).mappings())
    assert NOBODY not in {row["owner"] for row in before}
    erased(company)

    def reasons() -> set[tuple[str, bytes, str]]:
        with company.database.read() as session:
            return {(r.scope, r.owner, r.reason) for r in session.scalars(select(Suppression))}

    after = {(scope, NOBODY, "erasure") for scope in (SUPPRESS_ALL, DIRECT_MARKETING)}
    assert reasons() == after
    with company.database.write() as session:
        session.execute(delete(Suppression))
        session.execute(insert(Suppression), [dict(row) for row in before])
        assert owners(session, company.vault, subject)[-1] in {row["owner"] for row in before}
    forget_the_ledger(company)
    Aftermath(company.requests).replay("operator", lambda *_: None)
    assert reasons() == after
