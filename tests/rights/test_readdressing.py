"""An address on file was changed or removed: what becomes of letters that wait, and of links."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import delete, select

from privacy_svc.db import now
from privacy_svc.errors import Conflict
from privacy_svc.http import CustomerRef
from privacy_svc.rights import Aftermath, OwedLetters, Packages, Right, State, Worker
from privacy_svc.rights.fulfilment import Fulfilment
from privacy_svc.rights.owed_courier import Outbox
from privacy_svc.rights.packages_model import PackageLink, RequestPackage
from tests.conftest import ONE_DATABASE
from tests.rights.company import ANA, Company
from tests.rights.running import done, erased
from tests.rights.telling import done_for
from tests.rights.test_approval import verified
from tests.rights.test_opening import types_of
from tests.rights.test_package_links import LINK, token_of
from tests.smtp import SmtpServer

NEW = "ana.silva@new.example"


def test_a_letter_that_waits_goes_nowhere_where_the_address_was_removed(company: Company, worker: Worker) -> None:
    """Neither by itself nor when staff send it again: they are shown it as one that has no address, with a link that
    works."""
    access = verified(company, Right.ACCESS)
    request = verified(company, Right.RECTIFICATION, changes={"email": None})
    company.mail_by("smtp://127.0.0.1:1")
    done(company, access.id)
    company.mail_by("")
    company.requests.approve(request.id, "dora")
    done(company, request.id)
    before, owed = len(company.mails()), OwedLetters(company.requests)
    [letter] = [one for one in owed.open() if one.kind == "package"]
    assert (letter.problem, letter.next_try_at, owed.text(letter.id, "dora").address) == ("no_address", None, None)
    assert types_of(company, access.id)[-4:] == ["failed", "revoked", "made", "read"]
    with time_machine.travel(now() + timedelta(days=1)):
        Outbox(company.database, company.requests.parts).work_off()
        with pytest.raises(Conflict, match="no e-mail address"):
            owed.send_again(letter.id, "dora")
        found = LINK.search(owed.text(letter.id, "dora").text)
        assert found is not None
        assert Packages(company.requests).offer(found[2]).request_id == access.id
    assert not [mail for mail in company.mails()[before:] if ANA["email"] in mail]


def standing(company: Company) -> list[str]:
    """Requests with a link that nobody revoked."""
    with company.database.read() as session:
        return list(session.scalars(select(PackageLink.request_id).where(PackageLink.revoked_at.is_(None))))


def withdrawn(company: Company, request: str) -> None:
    company.requests.withdraw(request, "dora")


def erased_and_back(company: Company, request: str) -> None:
    work = Fulfilment(company.database, company.requests.parts)
    assert work.run(request) is None
    assert erased(company).state == State.COMPLETED
    Aftermath(company.requests).readmit(CustomerRef(id="1"), "signed up again", "dora")
    company.write("UPDATE customers SET name = 'Ana', email = :e WHERE id = 1", e=ANA["email"])


@ONE_DATABASE
@pytest.mark.parametrize("go", [withdrawn, erased_and_back])
def test_a_link_ends_with_its_package(company: Company, go: Callable[[Company, str], None]) -> None:
    """Withdrawn between the package and its letter, or erased: a later change of the address finds no link that it
    would have to make anew."""
    request = verified(company, Right.ACCESS)
    assert Fulfilment(company.database, company.requests.parts).perform(request.id, "package") is None
    assert standing(company) == [request.id]
    go(company, request.id)
    assert standing(company) == []
    assert done_for(company, Right.RECTIFICATION, changes={"email": NEW}).state == State.COMPLETED


@ONE_DATABASE
def test_a_link_without_a_package_stops_no_rectification(company: Company) -> None:
    """As earlier versions left them: it ends, and no new one is made."""
    request = verified(company, Right.ACCESS)
    assert Fulfilment(company.database, company.requests.parts).run(request.id) is None
    with company.database.write() as session:
        session.execute(delete(RequestPackage))
    assert done_for(company, Right.RECTIFICATION, changes={"email": NEW}).state == State.COMPLETED
    assert standing(company) == []


@ONE_DATABASE
def test_a_letter_in_flight_to_the_old_address_tells_nobody(company: Company) -> None:
    """The address is changed while the mail server takes the letter: the person is owed it still, at the new one."""
    request = verified(company, Right.ACCESS)
    company.mail_by("smtp://127.0.0.1:1")
    assert Fulfilment(company.database, company.requests.parts).run(request.id) is None
    company.mail_by("")

    def meanwhile() -> None:
        company.mail_by("")
        done_for(company, Right.RECTIFICATION, changes={"email": NEW})

    with SmtpServer(on_message=meanwhile) as server, time_machine.travel(now() + timedelta(hours=1)):
        company.mail_by(server.url)
        Outbox(company.database, company.requests.parts).work_off()
    assert len(server.to(ANA["email"])) == 1
    [letter] = OwedLetters(company.requests).open()
    with time_machine.travel(now() + timedelta(days=1)):
        Outbox(company.database, company.requests.parts).work_off()
    assert (letter.kind, OwedLetters(company.requests).open()) == ("package", [])
    assert f"To: {NEW}" in company.mails()[-1]
    assert Packages(company.requests).offer(token_of(company)).request_id == request.id
