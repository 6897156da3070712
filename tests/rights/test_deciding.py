"""Who decides: four eyes, refusals that are proposed and confirmed, identity fields, ending what is under way."""

from functools import partial

import pytest

from privacy_svc.errors import BadRequest, Conflict, Misconfigured
from privacy_svc.rights import Ground, Right, State
from privacy_svc.rights.fulfilment import Fulfilment, problem_of
from privacy_svc.rights.parts import find
from privacy_svc.rights.steps import progress, tell_progress
from tests.conftest import ONE_DATABASE
from tests.rights.company import Company
from tests.rights.running import done
from tests.rights.test_approval import hold, verified
from tests.rights.test_opening import opened, types_of

APPROVAL = "approval: [erasure, rectification]\n"


def test_four_eyes_are_two_people(company: Company) -> None:
    """The first approval starts nothing; the same name again is refused; a second person starts it."""
    company.reword(APPROVAL, APPROVAL + "four_eyes: {rights: [erasure]}\n")
    request = verified(company)
    first = company.requests.approve(request.id, "Dora")
    assert (first.state, first.first_approved_by, first.approved_by) == (State.AWAITING_APPROVAL, "Dora", None)
    with pytest.raises(Conflict, match="second person"):
        company.requests.approve(request.id, " dora")
    second = company.requests.approve(request.id, "piet")
    assert (second.state, second.approved_by) == (State.IN_PROGRESS, "piet")
    assert types_of(company, request.id)[-2:] == ["given", "approved"]


def test_four_eyes_make_a_right_wait_that_needed_no_approval(company: Company) -> None:
    """Two people for access too, where the policy says so."""
    company.reword(APPROVAL, APPROVAL + "four_eyes: {rights: [access]}\n")
    assert verified(company, Right.ACCESS).state == State.AWAITING_APPROVAL


def test_apart_from_who_opened_and_vouched(company: Company) -> None:
    """Where the policy says so, neither of them approves; whoever typed the person's code decided nothing."""
    company.reword(APPROVAL, APPROVAL + "four_eyes: {rights: [erasure], apart: true}\n")
    request = verified(company)  # opened by desk, vouched for by dora
    for name in ("desk", "dora"):
        with pytest.raises(Conflict, match="opened"):
            company.requests.approve(request.id, name)
    company.requests.approve(request.id, "piet")
    assert company.requests.approve(request.id, "katrin").state == State.IN_PROGRESS


def test_a_hold_stops_the_first_approval_too(company: Company) -> None:
    """Nothing of the old conditions is lost."""
    company.reword(APPROVAL, APPROVAL + "four_eyes: {rights: [erasure]}\n")
    request = verified(company)
    hold(company)
    with pytest.raises(Conflict):
        company.requests.approve(request.id, "dora")
    assert company.requests.show(request.id).first_approved_by is None


@pytest.mark.parametrize("ground", [Ground.MANIFESTLY_UNFOUNDED, Ground.MANIFESTLY_EXCESSIVE, Ground.MALICIOUS_INTENT])
def test_unfounded_or_excessive_needs_evidence(company: Company, ground: Ground) -> None:
    """Art. 12(5): the burden is ours (CJEU C-526/24), so no refusal on these without what shows it, sealed."""
    request = opened(company)
    with pytest.raises(BadRequest, match="12\\(5\\)"):
        company.requests.refuse(request.id, ground, "Too many.", "dora")
    view = company.requests.refuse(request.id, ground, "Too many.", "dora", evidence="nine in May")
    assert (view.state, view.refused_by) == (State.REFUSED, "dora")
    assert company.requests.details(request.id, "dora").said["evidence"] == "nine in May"
    assert "nine in May" not in "".join(company.mails())


@pytest.mark.parametrize("actor", ["", "  ", "worker"])
def test_no_rule_refuses(company: Company, actor: str) -> None:
    """A refusal has a person's name; what runs by itself cannot refuse, and no worker calls it."""
    request = opened(company)
    with pytest.raises(BadRequest, match="a person with a name"):
        company.requests.refuse(request.id, Ground.IDENTITY_FAILURE, "No.", actor)
    assert company.requests.show(request.id).state == State.VERIFYING


def test_who_has_shown_who_they_are_is_not_refused_for_that(company: Company) -> None:
    """A12IdentityFailure is a ground only while the person is not verified."""
    request = verified(company)
    with pytest.raises(BadRequest, match="shown who they are"):
        company.requests.refuse(request.id, Ground.IDENTITY_FAILURE, "Who are you?", "dora")
    assert company.requests.show(request.id).state == State.AWAITING_APPROVAL


def test_a_refusal_is_confirmed_by_a_second_person(company: Company) -> None:
    """Where the policy asks: proposed, the request stays open and nobody is written to; then the letter goes out."""
    company.reword(APPROVAL, APPROVAL + "four_eyes: {refusals: true}\n")
    request = verified(company)
    mails = len(company.mails())
    view = company.requests.refuse(request.id, Ground.MANIFESTLY_EXCESSIVE, "Ninth.", "dora", evidence="see log")
    assert (view.state, view.refusal_proposed_by) == (State.AWAITING_APPROVAL, "dora")
    assert len(company.mails()) == mails
    with pytest.raises(Conflict, match="second person"):
        company.requests.confirm_refusal(request.id, "DORA")
    assert company.requests.confirm_refusal(request.id, "piet").refused_by == "piet"
    assert "Ninth." in company.mails()[-1]
    with pytest.raises(Conflict):
        company.requests.confirm_refusal(request.id, "piet")
    other = opened(company, key="2")
    assert company.requests.refuse(other.id, Ground.IDENTITY_FAILURE, "No.", "dora").state == State.REFUSED


def test_an_approval_overtakes_a_proposed_refusal(company: Company) -> None:
    """What runs is not refused any more."""
    company.reword(APPROVAL, APPROVAL + "four_eyes: {refusals: true}\n")
    request = verified(company)
    company.requests.refuse(request.id, Ground.MANIFESTLY_EXCESSIVE, "Ninth.", "dora", evidence="see log")
    company.requests.approve(request.id, "piet")
    with pytest.raises(Conflict):
        company.requests.confirm_refusal(request.id, "katrin")


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"city": "Porto"}, State.IN_PROGRESS),
        ({"name": "Ana F."}, State.AWAITING_APPROVAL),
        ({"city": "Porto", "email": "ana@new.example"}, State.AWAITING_APPROVAL),
        ({"phone": "+49 30 9018 2044"}, State.AWAITING_APPROVAL),
    ],
)
def test_only_what_identifies_waits_where_the_policy_says_so(
    company: Company, changes: dict[str, str], state: State
) -> None:
    """A new address or name could make somebody else of the person; a new city does not."""
    company.reword("[erasure, rectification]", "[erasure, rectification_of_identity]")
    assert verified(company, Right.RECTIFICATION, changes=changes).state == state


def test_work_that_reads_can_be_called_off(company: Company) -> None:
    """The person withdraws an access that is already under way, before any worker or in the middle of it."""
    request = verified(company, Right.ACCESS)
    assert request.state == State.IN_PROGRESS
    assert company.requests.withdraw(request.id, "dora").outcome == "withdrawn"
    with company.requests.worker():
        other = verified(company, Right.ACCESS, about="more")
        done(company, other.id)
    assert company.requests.show(request.id).state == State.CANCELLED
    assert "created" not in types_of(company, request.id)


def test_an_erasure_that_has_begun_is_finished(company: Company) -> None:
    """Before the first step it can be called off; after it, not, and not refused either."""
    early = verified(company)
    company.requests.approve(early.id, "dora")
    assert company.requests.cancel(early.id, "a mistake", "dora").state == State.CANCELLED
    request = verified(company)
    company.requests.approve(request.id, "dora")
    with company.database.write() as session:
        tell_progress(find(session, request.id), steps=["start", "prepare"])
    with pytest.raises(Conflict, match="only be finished"):
        company.requests.cancel(request.id, "a mistake", "dora")


@pytest.mark.parametrize(
    ("right", "steps", "given"),
    [
        (Right.RESTRICTION, ["restrict"], {}),
        (Right.OBJECTION, ["object"], {}),
        (Right.RECTIFICATION, ["remember", "apply"], {"changes": {"city": "Porto"}}),
    ],
    ids=lambda x: str(x) if isinstance(x, Right) else "",
)
@ONE_DATABASE
def test_what_is_done_in_part_is_not_called_off(
    company: Company, right: Right, steps: list[str], given: dict[str, object]
) -> None:
    """Failed after the step that holds: nobody is told it was refused; approved again, it goes on to its end."""
    request = verified(company, right, **given)
    if request.state == State.AWAITING_APPROVAL:
        company.requests.approve(request.id, "dora")
    work = Fulfilment(company.database, company.requests.parts)
    for step in steps:
        assert work.perform(request.id, step) is None
    _fail(work, request.id, "tell")
    for call_off in (partial(company.requests.cancel, reason="a mistake"), company.requests.withdraw):
        with pytest.raises(Conflict, match="approve it again"):
            call_off(request.id, actor="dora")
    with pytest.raises(Conflict, match="approve it again"):
        company.requests.refuse(request.id, Ground.MANIFESTLY_UNFOUNDED, "no", "dora", evidence="e")
    company.requests.approve(request.id, "dora")
    assert work.run(request.id) is None
    assert company.requests.show(request.id).state == State.COMPLETED


@ONE_DATABASE
def test_what_was_only_looked_at_can_be_called_off(company: Company) -> None:
    """A correction that the store does not take has changed nothing: it may be refused, by one or by two people."""
    company.reword(APPROVAL, APPROVAL + "four_eyes: {refusals: true}\n")
    request = verified(company, Right.RECTIFICATION, changes={"city": "Porto"})
    company.requests.approve(request.id, "dora")
    work = Fulfilment(company.database, company.requests.parts)
    assert work.perform(request.id, "remember") is None
    _fail(work, request.id, "apply")
    company.requests.refuse(request.id, Ground.MANIFESTLY_UNFOUNDED, "no", "dora", evidence="e")
    assert company.requests.confirm_refusal(request.id, "piet").state == State.REFUSED


@ONE_DATABASE
def test_a_refusal_is_not_confirmed_once_a_part_is_done(company: Company) -> None:
    """Whatever happened since it was proposed, the second person sees to it that nothing had been done."""
    company.reword(APPROVAL, APPROVAL + "four_eyes: {refusals: true}\n")
    request = verified(company, Right.RECTIFICATION, changes={"city": "Porto"})
    company.requests.approve(request.id, "dora")
    work = Fulfilment(company.database, company.requests.parts)
    assert work.perform(request.id, "remember") is None
    _fail(work, request.id, "apply")
    company.requests.refuse(request.id, Ground.MANIFESTLY_UNFOUNDED, "no", "dora", evidence="e")
    with company.database.write() as session:
        found = find(session, request.id)
        tell_progress(found, steps=[*progress(found)["steps"], "apply"])
    with pytest.raises(Conflict, match="approve it again"):
        company.requests.confirm_refusal(request.id, "piet")


def _fail(work: Fulfilment, request: str, step: str) -> None:
    work.fail(request, problem_of(step, Misconfigured("The store does not take it.")))


def test_a_long_wait_changes_nothing(company: Company) -> None:
    """Approved weeks after it came in, it runs with what the person said then (a peer lost the identity by then)."""
    import time_machine

    with time_machine.travel("2026-08-03"):
        request = verified(company, Right.RECTIFICATION, changes={"city": "Porto"})
    with time_machine.travel("2026-09-02"):
        company.requests.approve(request.id, "dora")
    with company.requests.worker():
        assert done(company, request.id).state == State.COMPLETED
    assert company.rows("customers")[0]["city"] == "Porto"
