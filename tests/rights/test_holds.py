"""A hold and an erasure at the same moment: one of the two, never both."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from privacy_svc.consent import hold_many
from privacy_svc.db import now
from privacy_svc.errors import Conflict, NotFound
from privacy_svc.http import CustomerRef
from privacy_svc.rights import Holds, OnHold, approval, erasing, holds, lost_holds
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
        assert holds.held(session, company.requests.parts.log) == [subject]


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
        assert holds.held(session, company.requests.parts.log) == []


UNNOTICED = {
    "deleted": "DELETE FROM holds",
    "lifted": "UPDATE holds SET lifted_at = placed_at, lifted_by = 'dora'",
    "ended": "UPDATE holds SET until = placed_at",
    "moved to nobody": "UPDATE holds SET subject_id = (SELECT min(id) FROM subjects WHERE id <> holds.subject_id)",
}


@pytest.mark.parametrize("integrated", [False, True], ids=["waiting", "in the tree"])
@pytest.mark.parametrize("sql", UNNOTICED.values(), ids=UNNOTICED)
def test_a_hold_taken_away_in_the_database_stands(company: Company, sql: str, integrated: bool) -> None:
    """The log says that it was placed and not lifted: it stops an erasure until it is lifted, and is shown as lost."""
    subject, request, log = company.subject(), verified(company).id, company.log
    company.subject("2")
    until = now() + timedelta(days=3)
    placed = Holds(company.requests).place_hold(CustomerRef(id="1"), **{**REASON, "until": until})
    assert lost_holds(company.database, log) == []
    if integrated:
        log.integrate(company.database)
    with company.database.write() as session:
        session.execute(text(sql))
    assert [(h.id, h.subject, h.until) for h in lost_holds(company.database, log)] == [(placed.id, subject, until)]
    with company.database.read() as session:
        assert subject in holds.held(session, log)
    with pytest.raises(OnHold, match=placed.id):
        company.requests.approve(request, "dora")
    Holds(company.requests).lift_hold(placed.id, "dora")
    assert lost_holds(company.database, log) == []
    with pytest.raises((Conflict, NotFound)):
        Holds(company.requests).lift_hold(placed.id, "dora")
    company.requests.approve(request, "dora")


def test_a_hold_whose_entry_lost_its_payload_stands(company: Company) -> None:
    """Who takes away the hold with what the log says of it, or calls that erased, frees nobody."""
    subject, log = company.subject(), company.log
    Holds(company.requests).place_hold(CustomerRef(id="1"), **REASON)
    payload = "FROM audit_outbox WHERE type = 'rights:hold:placed'"
    with company.database.write() as session:
        session.execute(text("DELETE FROM holds"))
        session.execute(text(f"UPDATE audit_payloads SET use = 'erased' WHERE entry_id IN (SELECT id {payload})"))
        assert holds.held(session, log) == [subject]
        session.execute(text(f"DELETE FROM audit_payloads WHERE entry_id IN (SELECT id {payload})"))
        assert holds.held(session, log) == [subject]
