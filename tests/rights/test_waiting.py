"""Asking the person: when the clock stops, when not, and what becomes of those who do not answer."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from privacy_svc.errors import BadRequest, Conflict
from privacy_svc.http import CustomerRef
from privacy_svc.mail import MailUnavailable
from privacy_svc.rights import About, AddressMissing, Ground, RequestView, Right, State, Wanted
from tests.rights.company import Company
from tests.rights.test_approval import verified
from tests.rights.test_opening import code_of, opened, types_of
from tests.smtp import SmtpServer

START = datetime(2026, 8, 3, 12, tzinfo=UTC)
"""A Monday; due on Thursday 3 September."""
DAY = timedelta(days=1)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as clock:
        yield clock


def ask(company: Company, request: str, about: About = About.IDENTITY, **more: object) -> RequestView:
    return company.requests.ask(request, about, "Which city?", "unknown address", "dora", **more)  # type: ignore[arg-type]


def due(view: RequestView) -> date:
    return view.due_at.date()


def test_doubts_stop_the_clock_until_the_person_answers(company: Company, clock: time_machine.Traveller) -> None:
    """EDPB 01/2022: asked without undue delay, the days of waiting are added, from the letter to the answer."""
    request = opened(company)
    asked = ask(company, request.id)
    assert (asked.state, asked.waiting_for, asked.paused_since) == (State.VERIFYING, "identity", START)
    assert any("Which city?" in mail for mail in company.mails())
    clock.shift(10 * DAY)
    answered = company.requests.answer(request.id, "Kiel", "dora")
    assert (answered.paused_since, answered.paused_days, answered.waiting_for) == (None, 10, None)
    assert due(answered) == date(2026, 9, 14)  # 13 September is a Sunday
    said = company.requests.details(request.id, "dora").said["questions"]
    assert said[0]["question"] == "Which city?"
    assert said[0]["answer"] == "Kiel"
    assert company.requests.vouch(request.id, "knows the city", "dora").state == State.IN_PROGRESS


def test_the_code_answers_doubts(company: Company, clock: time_machine.Traveller) -> None:
    """Who shows who they are by the code has answered; the clock runs again."""
    request = opened(company)
    code = code_of(company)
    ask(company, request.id)
    clock.shift(timedelta(minutes=5))
    done = company.requests.verify(request.id, code, "desk")
    assert (done.waiting_for, done.paused_since, done.paused_days) == (None, None, 0)
    with pytest.raises(Conflict):
        ask(company, request.id)


def test_no_doubts_about_somebody_who_is_verified(company: Company) -> None:
    """Art. 12(6): identity is not asked for once it is shown; something else may be asked before the work begins."""
    request = verified(company, Right.ERASURE)
    with pytest.raises(Conflict, match="12\\(6\\)"):
        ask(company, request.id)
    assert ask(company, request.id, About.CLARIFICATION).waiting_for == "clarification"
    with pytest.raises(Conflict, match="already"):
        ask(company, request.id, About.CLARIFICATION)
    assert company.requests.approve(request.id, "dora").waiting_for is None
    with pytest.raises(Conflict):
        ask(company, request.id, About.CLARIFICATION)


def test_a_question_needs_words_and_a_reason(company: Company) -> None:
    """The doubts are to be demonstrated, so they are written down; sealed, as they speak of the person."""
    request = opened(company)
    for question, reason in ((" ", "why"), ("What?", " ")):
        with pytest.raises(BadRequest):
            company.requests.ask(request.id, About.IDENTITY, question, reason, "dora")
    ask(company, request.id)
    with company.database.read() as session:
        details = session.connection().exec_driver_sql("SELECT details FROM requests").scalar_one()
    assert b"unknown address" not in bytes(details)


@pytest.mark.parametrize(
    ("law", "right", "stops"),
    [("EU", Right.ACCESS, True), ("EU", Right.ERASURE, False), ("UK", Right.ERASURE, True)],
)
def test_clarification_stops_the_clock_only_where_the_law_lets_it(
    company: Company, clock: time_machine.Traveller, law: str, right: Right, *, stops: bool
) -> None:
    """EU: for access (recital 63); UK: for any right (Art. 12A UK GDPR)."""
    company.reword("deadlines: EU", f"deadlines: {law}")
    company.reword("approval: [erasure", "approval: [access, erasure")
    request = verified(company, right)
    before = due(request)
    asked = ask(company, request.id, About.CLARIFICATION)
    assert (asked.paused_since is not None) == stops
    clock.shift(5 * DAY)
    answered = company.requests.answer(request.id, "the account of 2019", "dora")
    assert (due(answered) > before) == stops
    assert answered.paused_days == (5 if stops else 0)


def test_a_late_question_does_not_stop_the_clock(company: Company, clock: time_machine.Traveller) -> None:
    """Asked a week after receipt it was not without undue delay; that is policy data."""
    one, other = opened(company), opened(company, key="2")
    clock.shift(8 * DAY)
    assert ask(company, one.id).paused_since is None
    company.reword("deadlines: EU", "deadlines: {law: EU, ask_days: 9}")
    assert ask(company, other.id).paused_since is not None


def test_a_question_that_is_not_sent_stops_nothing(company: Company, clock: time_machine.Traveller) -> None:
    """No address, no mail server: the caller is told and the clock runs. Asked by post, it stops from then."""
    nowhere = opened(company, key="3")
    with pytest.raises(AddressMissing):
        ask(company, nowhere.id)
    view = company.requests.show(nowhere.id)
    assert (view.paused_since, view.asked_at) == (None, None)
    clock.shift(2 * DAY)
    with pytest.raises(BadRequest):
        ask(company, nowhere.id, asked_at=START + 3 * DAY, how="post")
    assert ask(company, nowhere.id, asked_at=START + DAY, how="post").paused_since == START + DAY
    with pytest.raises(BadRequest):
        company.requests.answer(nowhere.id, "Kiel", "dora", received_at=START)
    assert company.requests.answer(nowhere.id, "Kiel", "dora", received_at=START + 2 * DAY).paused_days == 1
    with SmtpServer(refuse=True) as server:
        company.mail_by(server.url)
        request = opened(company)
        with pytest.raises(MailUnavailable):
            ask(company, request.id)
    assert company.requests.show(request.id).paused_since is None


def test_who_does_not_answer_is_reminded_and_then_a_person_decides(
    company: Company, clock: time_machine.Traveller
) -> None:
    """One reminder, then the clock runs again and the DPO is told; nothing is refused by itself."""
    with SmtpServer() as server:
        company.mail_by(server.url)
        request = opened(company)
        ask(company, request.id)
        clock.shift(14 * DAY)
        assert [company.requests.keep_time() for _ in range(3)] == [1, 0, 0]
        letters = server.to("ana@mail.example")
        assert letters[-1]["Subject"] == "We still need your answer"
        assert "Which city?" in letters[-1].get_content()
        clock.shift(16 * DAY)
        assert company.requests.keep_time() >= 1
        assert company.requests.keep_time() == 0
        [told] = server.to("dpo@acme.example")
        assert request.id in told.get_content()
        assert "has not answered" in told.get_content()
        view = company.requests.show(request.id)
        assert (view.state, view.waiting_for, view.paused_since) == (State.VERIFYING, None, None)
        assert view.paused_days == 30
        assert types_of(company, request.id).count("unanswered") == 1
        assert len(server.to("ana@mail.example")) == 3  # code, question, reminder
        refused = company.requests.refuse(request.id, Ground.IDENTITY_FAILURE, "No answer came.", "dora")
        assert refused.state == State.REFUSED


def test_who_never_types_the_code_comes_back_to_the_dpo(company: Company, clock: time_machine.Traveller) -> None:
    """A request that stays unverified is neither closed by itself nor forgotten."""
    request = opened(company)
    clock.shift(30 * DAY)
    company.requests.keep_time()
    company.requests.keep_time()
    assert company.requests.show(request.id).state == State.VERIFYING
    assert types_of(company, request.id).count("unanswered") == 1


def test_while_it_stands_still_nothing_is_overdue(company: Company, clock: time_machine.Traveller) -> None:
    """No warning and no `overdue` while the person has the next word."""
    company.reword("deadlines: EU", "deadlines: {law: EU, answer_days: 60}")
    request = opened(company)
    ask(company, request.id)
    clock.shift(45 * DAY)
    company.requests.keep_time()
    assert not company.requests.show(request.id).overdue
    assert not {"warned", "overdue"} & set(types_of(company, request.id))
    answered = company.requests.answer(request.id, "Kiel", "dora")
    assert not answered.overdue
    assert due(answered) == date(2026, 9, 3) + 45 * DAY + 1 * DAY  # 18 October is a Sunday


def test_a_closed_request_waits_for_nobody(company: Company, clock: time_machine.Traveller) -> None:
    """Withdrawn while it stood still: the question is settled, and it was not late."""
    request = opened(company)
    ask(company, request.id)
    clock.shift(20 * DAY)
    done = company.requests.withdraw(request.id, "dora")
    assert (done.waiting_for, done.paused_since, done.overdue) == (None, None, False)
    with pytest.raises(Conflict):
        company.requests.answer(request.id, "Kiel", "dora")


def test_uk_clock_starts_with_the_identity(company: Company, clock: time_machine.Traveller) -> None:
    """UK GDPR Art. 12A: the latest of receipt and identity; before that nothing is overdue."""
    company.reword("deadlines: EU", "deadlines: UK")
    request, silent = opened(company), opened(company, key="2")
    ask(company, request.id)
    clock.shift(7 * DAY)
    company.requests.answer(request.id, "Kiel", "dora")
    clock.shift(1 * DAY)
    done = company.requests.vouch(request.id, "knows the city", "dora")
    assert due(done) == date(2026, 9, 10)
    assert (done.paused_since, done.paused_days) == (None, 0)
    clock.shift(40 * DAY)
    assert company.requests.show(request.id).overdue
    assert not company.requests.show(silent.id).overdue
    clock.move_to(START + 50 * DAY)
    by_code = company.requests.open(Wanted(Right.ACCESS, CustomerRef(id="3")), "desk")
    clock.shift(3 * DAY)
    assert due(company.requests.vouch(by_code.id, "passport seen", "dora")) == date(2026, 10, 26)  # 25th: Sunday
