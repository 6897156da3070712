"""A hold and an erasure at the same moment: one of the two, never both."""

import threading
from typing import Any

from privacy_svc.consent import hold_many
from privacy_svc.errors import Conflict
from privacy_svc.http import CustomerRef
from privacy_svc.rights import Holds, OnHold, approval, erasing, holds
from privacy_svc.rights.fulfilment import Fulfilment
from privacy_svc.rights.parts import find
from privacy_svc.rights.steps import mark_done
from tests.rights.company import Company
from tests.rights.test_approval import verified

REASON: dict[str, Any] = {"reason": "a lawsuit", "article": "17(3)(e)", "until": None, "actor": "dora"}


def test_an_erasure_that_begins_while_a_hold_is_placed_stops(company: Company) -> None:
    """It sees no hold at first, waits for the person, and looks again. On SQLite its approval waits already."""
    subject, request, found = company.subject(), verified(company).id, list[Any]()

    def erase() -> None:
        try:
            company.requests.approve(request, "dora")
            found.append(Fulfilment(company.database, company.requests.parts).perform(request, "prepare"))
        except OnHold as error:
            found.append(error.detail)

    erasing_thread = threading.Thread(target=erase)
    with company.database.write() as session:
        placed = holds.place(session, company.requests.parts, subject, **REASON).id
        erasing_thread.start()
        erasing_thread.join(1.0)
        assert not found
    erasing_thread.join(60.0)
    assert placed in str(found)
    with company.database.read() as session:
        assert holds.held(session) == [subject]


def test_a_hold_that_waits_for_an_erasure_comes_too_late(company: Company) -> None:
    """None was running when it was asked for; one has begun when the person is free again."""
    subject, request, found = company.subject(), verified(company).id, list[Any]()

    def place() -> None:
        try:
            Holds(company.requests).place_hold(CustomerRef(id="1"), **REASON)
        except Conflict as error:
            found.append(error.detail)

    placing = threading.Thread(target=place)
    with company.database.write() as session:
        hold_many(session, [subject])
        placing.start()
        placing.join(1.0)
        row = find(session, request, lock=True)
        approval.approve(session, company.requests.parts, row, "dora")
        prepare = erasing.STEPS[0]
        prepare.do(session, company.requests.parts, row, None)
        mark_done(row, prepare)
        assert not found
    placing.join(60.0)
    assert ["has begun" in detail for detail in found] == [True]
    with company.database.read() as session:
        assert holds.held(session) == []
