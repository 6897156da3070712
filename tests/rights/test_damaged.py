"""What is wrong with one request keeps no other waiting."""

from privacy_svc.http import CustomerRef
from privacy_svc.rights import Elsewheres, Right, State, Wanted
from privacy_svc.rights.fulfilment import Fulfilment
from privacy_svc.rights.outside_model import RequestWork
from privacy_svc.rights.parts import find
from privacy_svc.rights.sweeping import Sweeper
from tests.conftest import ONE_DATABASE
from tests.rights.company import Company
from tests.rights.test_elsewhere import house, tool

__all__ = ["house", "tool"]
pytestmark = ONE_DATABASE


def run_for(company: Company, right: Right, key: str) -> str:
    opened = company.requests.open(Wanted(right, CustomerRef(id=key)), "dora")
    if company.requests.vouch(opened.id, "passport", "dora").state == State.AWAITING_APPROVAL:
        company.requests.approve(opened.id, "dora")
    assert Fulfilment(company.database, company.requests.parts).run(opened.id) is None
    return opened.id


def spoiled(sealed: bytes | None) -> bytes:
    assert sealed is not None
    return sealed[:-1] + bytes([sealed[-1] ^ 1])


def test_an_erasure_whose_values_are_damaged_fails_alone(company: Company) -> None:
    """The pass over everybody's texts goes on for the others."""
    damaged, whole = (run_for(company, Right.ERASURE, key) for key in "12")
    with company.database.write() as session:
        for request in (find(session, damaged), find(session, whole)):
            request.dispatched = request.attempt
        find(session, damaged).known_values = spoiled(find(session, damaged).known_values)
    work = Fulfilment(company.database, company.requests.parts)
    assert Sweeper(company.database, work, company.home).sweep() == 1
    found = company.requests.show(damaged)
    assert found.failure is not None
    assert (found.state, found.failure["slug"]) == (State.FAILED, "tampered")
    assert company.requests.show(whole).state == State.COMPLETED


def test_a_part_that_cannot_be_read_is_given_up_alone(house: Company) -> None:
    """Whom the other system knows cannot be read: a person sees to it, and the next part is done."""
    damaged, whole = (run_for(house, Right.ACCESS, key) for key in "12")
    with house.database.write() as session:
        work = session.get_one(RequestWork, (damaged, "mailtool"))
        work.about = spoiled(work.about)
    assert Elsewheres(house.requests).courier.work_off() == 1
    assert house.requests.show(damaged).state == State.FAILED
    states = [Elsewheres(house.requests).of(r)[0] for r in (damaged, whole)]
    assert [(w.state, w.problem) for w in states] == [("failed", "tampered"), ("done", None)]
