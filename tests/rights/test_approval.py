"""A person decides."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from privacy_svc.consent import subject_state
from privacy_svc.errors import BadRequest, Conflict
from privacy_svc.http import CustomerRef
from privacy_svc.rights import Extension, Ground, Holds, OnHold, RequestView, Review, Right, State
from privacy_svc.rights.errors import Unanswered
from privacy_svc.rights.fulfilment import Fulfilment
from tests.rights.company import Company
from tests.rights.test_opening import opened, types_of


def verified(company: Company, right: Right = Right.ERASURE, **details: object) -> RequestView:
    return company.requests.vouch(opened(company, right, **details).id, "passport", "dora")


def hold(company: Company, **changed: object) -> str:
    values = {"reason": "lawsuit of Ana", "article": "17(3)(e)", "until": None, "actor": "dora", **changed}
    return Holds(company.requests).place_hold(CustomerRef(id="1"), **values).id  # type: ignore[arg-type]


def test_erasure_waits_for_a_person(company: Company) -> None:
    """Approval is on for erasure and rectification; access goes on by itself."""
    assert verified(company).state == State.AWAITING_APPROVAL
    assert verified(company, Right.RECTIFICATION, changes={"city": "Porto"}).state == State.AWAITING_APPROVAL
    assert verified(company, Right.ACCESS).state == State.IN_PROGRESS


def test_nobody_unverified_is_approved(company: Company) -> None:
    """Approval does not stand in for verification."""
    with pytest.raises(Conflict):
        company.requests.approve(opened(company, Right.ERASURE).id, "dora")


def test_a_refusal_needs_all_its_parts(company: Company) -> None:
    """Ground that fits the right, explanation, approver; the letter names authority and remedy."""
    request = verified(company)
    with pytest.raises(BadRequest):
        company.requests.refuse(request.id, Ground.LEGAL_CLAIMS, " ", "dora")
    with pytest.raises(BadRequest):
        company.requests.refuse(opened(company).id, Ground.LEGAL_CLAIMS, "x", "dora")
    done = company.requests.refuse(request.id, Ground.LEGAL_CLAIMS, "You are suing us.", "dora")
    assert (done.state, done.ground, done.refused_by) == (State.REFUSED, "A17LegalClaims", "dora")
    letter = company.mails()[-1]
    for part in ("The Authority", "Authority Street 7", "court", "You are suing us.", "legal claims"):
        assert part in letter
    with pytest.raises(Conflict):
        company.requests.approve(request.id, "dora")


def test_a_hold_stops_an_erasure(company: Company) -> None:
    """While it stands the request stays where it is; lifted or run out, it goes on."""
    held = hold(company)
    request = verified(company)
    with pytest.raises(OnHold, match=held):
        company.requests.approve(request.id, "dora")
    assert company.requests.show(request.id).state == State.AWAITING_APPROVAL
    Holds(company.requests).lift_hold(held, "dora")
    with pytest.raises(Conflict):
        Holds(company.requests).lift_hold(held, "dora")
    start = datetime.now(UTC)
    hold(company, until=start + timedelta(hours=1))
    with pytest.raises(OnHold):
        company.requests.approve(request.id, "dora")
    with time_machine.travel(start + timedelta(hours=2)):
        assert company.requests.approve(request.id, "dora").state == State.IN_PROGRESS


@pytest.mark.parametrize("wrong", [{"article": "17"}, {"reason": ""}, {"until": datetime(2020, 1, 1, tzinfo=UTC)}])
def test_a_hold_needs_its_parts(company: Company, wrong: dict[str, object]) -> None:
    """An exemption of Art. 17(3), a reason, an end that is not past."""
    with pytest.raises(BadRequest):
        hold(company, **wrong)


def test_the_reason_of_a_hold_is_sealed(company: Company) -> None:
    """Staff may name people in it: it is not to be read in the database."""
    hold(company)
    with company.database.read() as session:
        assert b"lawsuit" not in session.connection().exec_driver_sql("SELECT reason FROM holds").scalar_one()


def test_erasure_waits_for_the_answer_to_an_earlier_request(company: Company) -> None:
    """What the person asked before would be destroyed with the rest."""
    access = verified(company, Right.ACCESS)
    erasure = verified(company)
    with pytest.raises(Conflict, match=access.id):
        company.requests.approve(erasure.id, "dora")


def test_erasure_waits_for_who_has_yet_to_show_who_they_are(company: Company) -> None:
    """An access request without its code counts for thirty days, or until somebody ends it."""
    access, erasure, start = opened(company, Right.ACCESS), verified(company), datetime.now(UTC)
    with pytest.raises(Unanswered, match=f"{access.id}.*may be cancelled"):
        company.requests.approve(erasure.id, "dora")
    with time_machine.travel(start + timedelta(days=29)), pytest.raises(Unanswered):
        company.requests.approve(erasure.id, "dora")
    with time_machine.travel(start + timedelta(days=31)):
        company.requests.approve(erasure.id, "dora")


def test_an_approved_erasure_looks_again_before_it_begins(company: Company) -> None:
    """What was verified after the approval is answered first; the erasure goes back to who approves it."""
    erasure, work = verified(company), Fulfilment(company.database, company.requests.parts)
    company.requests.approve(erasure.id, "dora")
    access = verified(company, Right.ACCESS)
    assert access.state == State.IN_PROGRESS
    problem = work.run(erasure.id)
    assert problem is not None
    assert (work.stop(erasure.id, problem), problem["slug"]) == ("failed", "request-open")
    assert company.requests.show(erasure.id).state == State.AWAITING_APPROVAL
    with company.database.read() as session:
        assert not subject_state(session, erasure.subject or "", datetime.now(UTC)).restricted
    with pytest.raises(Unanswered):
        company.requests.approve(erasure.id, "dora")
    assert work.run(access.id) is None
    company.requests.approve(erasure.id, "dora")
    assert work.run(erasure.id) is None


def test_what_is_verified_while_an_erasure_runs_waits_for_its_end(company: Company) -> None:
    """It does not begin on data that are being destroyed, and then fail: a person answers it."""
    erasure, work = verified(company), Fulfilment(company.database, company.requests.parts)
    company.requests.approve(erasure.id, "dora")
    assert work.perform(erasure.id, "prepare") is None
    late = verified(company, Right.ACCESS)
    assert late.state == State.AWAITING_APPROVAL
    with pytest.raises(Conflict, match=erasure.id):
        company.requests.approve(late.id, "dora")
    assert work.run(erasure.id) is None


def test_extension_once_and_in_time(company: Company) -> None:
    """To three months from receipt, with a letter; not twice, not after the first month."""
    with time_machine.travel(datetime(2026, 3, 5, 12, tzinfo=UTC)) as clock:
        request, late = opened(company), opened(company, key="2")
        longer = company.requests.extend(request.id, Extension.COMPLEXITY, "dora")
        assert longer.due_at == datetime(2026, 6, 5, 21, 59, 59, tzinfo=UTC)
        assert "2026-06-05" in company.mails()[-1]
        with pytest.raises(Conflict):
            company.requests.extend(request.id, Extension.NUMBER, "dora")
        clock.move_to(datetime(2026, 4, 8, tzinfo=UTC))
        with pytest.raises(Conflict):
            company.requests.extend(late.id, Extension.NUMBER, "dora")


def test_withdrawn_and_cancelled(company: Company) -> None:
    """Both end the request and say who ended it; what is ended stays ended."""
    one, other = opened(company), verified(company)
    assert company.requests.withdraw(one.id, "dora").outcome == "withdrawn"
    assert company.requests.cancel(other.id, "a mistake", "dora").outcome == "cancelled"
    assert company.requests.details(other.id, "dora").said["cancelled_because"] == "a mistake"
    assert types_of(company, one.id)[-1] == "withdrawn"
    for request in (one, other):
        with pytest.raises(Conflict):
            company.requests.cancel(request.id, "a mistake", "dora")
    with pytest.raises(BadRequest, match="duplicates"):
        company.requests.cancel(verified(company).id, " ", "dora")


def test_a_person_reviews_an_automated_decision(company: Company) -> None:
    """Art. 22 is work for a person: approved, done by hand, completed with its outcome."""
    request = verified(company, Right.AUTOMATED_DECISION, decision="credit refused")
    assert request.state == State.AWAITING_APPROVAL
    company.requests.approve(request.id, "dora")
    with pytest.raises(BadRequest):
        company.requests.complete(request.id, Review.CHANGED, " ", "dora")
    done = company.requests.complete(request.id, Review.CHANGED, "Your income was read wrongly.", "dora")
    assert (done.state, done.outcome, done.reviewed_by) == (State.COMPLETED, "changed", "dora")
    with pytest.raises(Conflict):
        company.requests.complete(opened(company).id, Review.UPHELD, "x", "dora")


def test_every_transition_is_one_entry_and_one_line(company: Company) -> None:
    """The audit log says what the timeline says, in the same words."""
    request = verified(company)
    company.requests.cancel(request.id, "a mistake", "dora")
    lines = [line.type for line in company.requests.timeline(request.id)]
    company.log.integrate(company.database)
    with company.database.read() as session:
        entries = company.log.search(session, subject_id=request.subject, limit=100)
    logged = [str(e.type) for e in entries if str(e.type).startswith("rights:")]
    assert sorted(logged) == sorted(lines)
