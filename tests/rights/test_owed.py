"""Letters that the law ties something to: sent again, shown to the DPO, and counted only once the person was told."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from privacy_svc.errors import BadRequest, Conflict
from privacy_svc.http import CustomerRef
from privacy_svc.rights import Aftermath, Extension, Ground, OwedLetters, Packages, RequestView, Right, State, Wanted
from privacy_svc.rights.courier import Courier
from privacy_svc.rights.fulfilment import Fulfilment
from privacy_svc.rights.owed_model import OwedLetter
from privacy_svc.rights.packages_model import RequestPackage
from tests.conftest import ONE_DATABASE
from tests.killing import killed_before_commit
from tests.rights.company import ANA, Company
from tests.rights.running import erased
from tests.rights.telling import done_for
from tests.rights.test_approval import verified
from tests.rights.test_ended_killed import elsewhere
from tests.rights.test_opening import types_of
from tests.smtp import SmtpServer

DAY = timedelta(days=1)
AWAY = "smtp://127.0.0.1:1"
NOBODY_TO_WRITE_TO = "3"


def owed(company: Company) -> OwedLetters:
    return OwedLetters(company.requests)


def mail_is_back(company: Company) -> None:
    company.mail_by("")


def work_off(company: Company) -> None:
    Courier(company.database, company.requests.parts).deliver_due()


def access_to(company: Company, key: str) -> RequestView:
    opened = company.requests.open(Wanted(Right.ACCESS, CustomerRef(id=key)), "dora")
    request = company.requests.vouch(opened.id, "passport", "dora")
    assert Fulfilment(company.database, company.requests.parts).run(request.id) is None
    return company.requests.show(request.id)


def test_more_time_counts_once_the_person_was_told(company: Company) -> None:
    """Art. 12(3): the mail server is away, the deadline stays; the courier's next try moves it, and says when."""
    request, start = verified(company), datetime.now(UTC)
    company.mail_by(AWAY)
    asked = company.requests.extend(request.id, Extension.COMPLEXITY, "dora")
    assert (asked.due_at, asked.extended_at) == (request.due_at, None)
    with pytest.raises(Conflict, match="not sent yet"):
        company.requests.extend(request.id, Extension.COMPLEXITY, "dora")
    mail_is_back(company)
    with time_machine.travel(start + DAY):
        work_off(company)
        longer = company.requests.show(request.id)
    assert longer.due_at > request.due_at
    assert longer.extended_at is not None
    assert longer.extended_at >= start + DAY
    assert types_of(company, request.id)[-3:] == ["failed", "sent", "extended"]
    assert longer.due_at.date().isoformat() in company.mails()[-1]
    assert owed(company).open() == []


def test_more_time_that_nobody_was_told_of_in_time_does_not_count(company: Company) -> None:
    """After the first period no letter says what is not so, and nobody can note that one had."""
    request = verified(company)
    company.mail_by(AWAY)
    company.requests.extend(request.id, Extension.COMPLEXITY, "dora")
    mail_is_back(company)
    [letter] = owed(company).open()
    sent = len(company.mails())
    with time_machine.travel(request.due_at + DAY):
        with pytest.raises(Conflict, match="first period"):
            owed(company).told(letter.id, request.due_at + timedelta(hours=1), "phone", "dora")
        work_off(company)
        late = company.requests.show(request.id)
        assert (late.extended_at, late.overdue, len(company.mails())) == (None, True, sent)
        assert owed(company).open() == []


def test_more_time_told_by_other_means(company: Company) -> None:
    """The DPO reads the letter, tells the person by post, and notes the day: from then it counts."""
    request, start = verified(company), datetime.now(UTC)
    company.mail_by(AWAY)
    company.requests.extend(request.id, Extension.NUMBER, "dora")
    [letter] = owed(company).open()
    assert (letter.request, letter.kind, letter.problem) == (request.id, "extension", "mail_unavailable")
    text = owed(company).text(letter.id, "dora")
    assert text.address == ANA["email"]
    assert "more time" in text.text
    with time_machine.travel(start + 2 * DAY):
        for wrong in (start - DAY, start + 3 * DAY, datetime(2026, 1, 1)):  # noqa: DTZ001 - the last has no zone
            with pytest.raises(BadRequest):
                owed(company).told(letter.id, wrong, "post", "dora")
        owed(company).told(letter.id, start + DAY, "post", "dora")
        with pytest.raises(Conflict, match="already"):
            owed(company).told(letter.id, start + DAY, "post", "dora")
    assert company.requests.show(request.id).extended_at == start + DAY
    assert company.mails()[-1].count("more time") == 0


@ONE_DATABASE
def test_a_refusal_reaches_the_person_once_mail_is_back(company: Company) -> None:
    """Art. 12(4): the letter with ground, authority and remedy is kept, sealed, and sent again."""
    request, start = verified(company), datetime.now(UTC)
    company.mail_by(AWAY)
    refused = company.requests.refuse(request.id, Ground.LEGAL_CLAIMS, "You are suing us.", "dora")
    assert (refused.state, types_of(company, request.id)[-1]) == (State.REFUSED, "failed")
    with company.database.read() as session:
        [letter] = session.scalars(select(OwedLetter))
    assert b"suing" not in (letter.sealed or b"")
    assert ANA["email"].encode() not in (letter.sealed or b"")
    with time_machine.travel(start + DAY):
        work_off(company)
        mail_is_back(company)
    with time_machine.travel(start + 2 * DAY):
        work_off(company)
        work_off(company)
    assert [("You are suing us." in m, "The Authority" in m) for m in company.mails()].count((True, True)) == 1
    assert types_of(company, request.id)[-2:] == ["failed", "sent"]
    with company.database.read() as session:
        assert session.scalars(select(OwedLetter.sealed)).all() == [None]


@ONE_DATABASE
def test_a_package_waits_for_its_letter(company: Company) -> None:
    """Fetched by a link that works as long as any, however late the letter goes; the package is not deleted before."""
    company.mail_by(AWAY)
    start, request = datetime.now(UTC), access_to(company, "1")
    assert request.state == State.COMPLETED
    with time_machine.travel(start + 60 * DAY):
        assert Aftermath(company.requests).end_packages() == 0
        mail_is_back(company)
        work_off(company)
        [token] = [line.rpartition("/d/")[2] for line in company.mails()[-1].splitlines() if "/d/" in line]
        assert Packages(company.requests).fetch(token)[0] == request.id
    with time_machine.travel(start + 200 * DAY):
        assert Aftermath(company.requests).end_packages() == 1


@ONE_DATABASE
def test_a_new_link_settles_the_letter(company: Company) -> None:
    """Staff sent another link: no worker sends the old one after it."""
    company.mail_by(AWAY)
    start, request = datetime.now(UTC), access_to(company, "1")
    mail_is_back(company)
    Packages(company.requests).renew_link(request.id, "dora")
    with time_machine.travel(start + DAY):
        work_off(company)
    assert len([m for m in company.mails() if "/d/" in m]) == 1
    assert owed(company).open() == []


@ONE_DATABASE
def test_who_has_no_address_is_shown_to_the_dpo(company: Company) -> None:
    """The access is done, its timeline says that nobody was told, and the DPO is written to until somebody does."""
    request = access_to(company, NOBODY_TO_WRITE_TO)
    line = next(n for n in company.requests.timeline(request.id) if n.type == "rights:letter:failed")
    assert line.params["problem"] == "no_address"
    [letter] = owed(company).open()
    assert (letter.kind, letter.next_try_at, owed(company).text(letter.id, "dora").address) == ("package", None, None)
    company.requests.keep_time()
    company.requests.keep_time()
    alerts = [m for m in company.mails() if "need" in m and "attention" in m]
    assert len(alerts) == 1
    assert request.id in alerts[0]
    owed(company).told(letter.id, datetime.now(UTC), "post", "dora")
    assert owed(company).open() == []
    with company.database.read() as session:
        assert session.scalars(select(RequestPackage.request_id)).all() == [request.id]


@ONE_DATABASE
def test_an_erasure_leaves_the_address_a_letter_was_written_for(company: Company) -> None:
    """No other is on file by then, and the person is still owed the refusal: staff can send it again."""
    request = verified(company)
    company.mail_by(AWAY)
    company.requests.refuse(request.id, Ground.LEGAL_CLAIMS, "You are suing us.", "dora")
    mail_is_back(company)
    assert erased(company).state == State.COMPLETED
    [letter] = owed(company).open()
    owed(company).send_again(letter.id, "dora")
    assert f"To: {ANA['email']}" in company.mails()[-1]
    assert "You are suing us." in company.mails()[-1]
    assert owed(company).open() == []


@ONE_DATABASE
def test_an_address_that_is_refused_is_not_tried_for_days(company: Company) -> None:
    """The mail server says so, once more after the run: a person tells them by other means."""
    with SmtpServer(refuse=True) as server:
        company.mail_by(server.url)
        assert done_for(company, Right.RESTRICTION).state == State.COMPLETED
        with time_machine.travel(datetime.now(UTC) + DAY):
            work_off(company)
    [letter] = owed(company).open()
    assert (letter.kind, letter.problem, letter.next_try_at) == ("done", "mail_refused", None)


def test_a_refusal_and_its_letter_are_one(company: Company) -> None:
    """A process that is killed (SIGKILL) before any of its commits leaves the request as it was, or refused with the
    letter owed: a worker then sends it. Never a request that is over and a person who hears nothing."""
    request, start, seen = verified(company), datetime.now(UTC), set[tuple[str, int]]()
    work = elsewhere(company, lambda c: c.requests.refuse(request.id, Ground.LEGAL_CLAIMS, "You sue us.", "dora"))
    kills = 0
    while company.requests.show(request.id).state != State.REFUSED:
        kills += 1
        assert killed_before_commit(kills, work)
        seen.add((company.requests.show(request.id).state, len(owed(company).open())))
    assert seen == {(request.state, 0), (State.REFUSED, 1)}
    with time_machine.travel(start + DAY):
        work_off(company)
    assert owed(company).open() == []
    assert "You sue us." in company.mails()[-1]
