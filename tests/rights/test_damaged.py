"""What is wrong with one request keeps no other waiting."""

from privacy_svc.http import CustomerRef
from privacy_svc.rights import Decision, Elsewheres, Right, State, Wanted
from privacy_svc.rights.fulfilment import Fulfilment
from privacy_svc.rights.outside_model import RequestWork
from privacy_svc.rights.parts import find
from privacy_svc.rights.sweeping import Sweeper
from tests.conftest import ONE_DATABASE
from tests.rights.company import ANA, Company
from tests.rights.running import carried_on, erased
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


def test_a_customer_whose_values_do_not_open_stops_no_erasure(company: Company) -> None:
    """A note of theirs that names the erased person may mean themselves: it waits for a word about it, and stays."""
    company.seal()
    [sealed] = [str(r["email"]) for r in company.rows("customers") if r["id"] == 2]
    at = len(sealed) // 2
    note = f"I am {ANA['name']}"
    company.write(
        "UPDATE customers SET email = :spoiled WHERE id = 2",
        "INSERT INTO notes VALUES (31, 2, :note)",
        "INSERT INTO notes VALUES (32, 3, :note)",
        spoiled=sealed[:at] + ("A" if sealed[at] != "A" else "B") + sealed[at + 1 :],
        note=note,
    )
    request = erased(company)
    assert request.state == State.FAILED
    [waiting] = company.requests.leftovers()
    assert {r.key: r.namesake for r in waiting.rows} == {"31": True, "32": False}
    company.requests.decide_leftover(request.id, waiting.place, Decision.REDACT, "hearsay", "dora")
    company.requests.approve(request.id, "dora")
    assert carried_on(company, request.id).state == State.FAILED
    assert {r["id"]: r["note"] for r in company.rows("notes") if r["id"] != 30} == {31: note, 32: "I am [erased]"}
    company.requests.decide_leftover(request.id, waiting.place, Decision.ACCEPT, "Bo's", "dora", row="31")
    company.requests.approve(request.id, "dora")
    assert carried_on(company, request.id).state == State.COMPLETED


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
