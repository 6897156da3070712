"""A customer store that is away for an hour: requests wait for it, hold up nobody, and go on by themselves."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from privacy_svc.consent import objects_since, restricted_since
from privacy_svc.consent.tables import Suppression
from privacy_svc.http import CustomerRef
from privacy_svc.policy import DIRECT_MARKETING, PolicyHolder
from privacy_svc.rights import Right, State, Wanted
from privacy_svc.rights.backoff import MOST, pause_after
from privacy_svc.rights.fulfilment import Fulfilment, Problem
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.parts import find
from tests.conftest import ONE_DATABASE
from tests.rights.away import without_store
from tests.rights.company import Company
from tests.rights.running import SECONDS, done
from tests.rights.test_approval import verified
from tests.rights.test_elsewhere import MANUAL
from tests.rights.test_opening import types_of

pytestmark = ONE_DATABASE


def access_to(company: Company, key: str) -> str:
    wanted = Wanted(Right.ACCESS, CustomerRef(id=key))
    return company.requests.vouch(company.requests.open(wanted, "dora").id, "passport", "dora").id


def row(company: Company, request: str) -> DataRequest:
    with company.database.read() as session:
        return find(session, request)


def until(met: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not met():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_an_hour_without_the_store_ends_no_request_and_holds_up_no_objection(company: Company) -> None:
    """More reads than a worker has places wait without one; an objection behind them holds; all end once it is back."""
    reads = [access_to(company, key) for key in "12"]
    objection, start = verified(company, Right.OBJECTION), datetime.now(UTC)
    with company.requests.worker(concurrency=1):
        with without_store(company):
            until(lambda: all(row(company, r).tries for r in reads))
            with company.database.read() as session:
                assert objects_since(session, objection.subject or "", DIRECT_MARKETING)
            with time_machine.travel(start + timedelta(hours=1)):
                before = [row(company, r).tries for r in reads]
                until(lambda: all(row(company, r).tries > n for r, n in zip(reads, before, strict=True)))
            assert {company.requests.show(r).state for r in reads} == {State.IN_PROGRESS}
        with time_machine.travel(start + timedelta(hours=2)):
            for request in (*reads, objection.id):
                assert done(company, request).failure is None
                types = types_of(company, request)
                assert [types.count(t) for t in ("started", "completed", "failed")] == [1, 1, 0]


def test_an_objection_has_a_place_where_all_are_taken(company: Company) -> None:
    """What runs and hangs keeps reads waiting, and no objection."""
    request, objection = access_to(company, "2"), verified(company, Right.OBJECTION)
    with company.requests.worker(concurrency=1) as worker:
        worker._running.add("one that hangs")
        done(company, objection.id)
        assert row(company, request).dispatched == 0
        worker._running.clear()
        done(company, request)


@pytest.mark.parametrize("connected", [False, True])
def test_a_restriction_holds_while_a_store_is_away(company: Company, connected: bool) -> None:
    """Its first step looks at no store, also where others have something to do; whom to tell is found out later."""
    if connected:
        _connect(company)
    request, work = verified(company, Right.RESTRICTION), Fulfilment(company.database, company.requests.parts)
    with without_store(company):
        assert _problem(work, request.id)["step"] in {"recipients", "elsewhere"}
        with company.database.read() as session:
            assert restricted_since(session, request.subject or "")
    assert work.run(request.id) is None
    assert [n.recipient for n in company.requests.notifications(request.id)] == ["letterbox"]


def test_an_objection_holds_and_its_addresses_follow(company: Company) -> None:
    """With the store away it stands on the person; the address is on the suppression list once it can be read."""
    request, work = verified(company, Right.OBJECTION), Fulfilment(company.database, company.requests.parts)
    with without_store(company):
        assert _problem(work, request.id)["step"] == "suppress"
        with company.database.read() as session:
            assert objects_since(session, request.subject or "", DIRECT_MARKETING)
            assert not session.scalars(select(Suppression)).all()
    assert work.run(request.id) is None
    with company.database.read() as session:
        assert session.scalars(select(Suppression)).all()


def test_what_waits_says_so_once_and_not_for_ever(company: Company) -> None:
    """A minute is nobody's business; then the timeline says what is away, and after days a person has to see to it."""
    request, work, start = access_to(company, "1"), Fulfilment(company.database, company.requests.parts), now()
    with without_store(company):
        waited = start
        for _ in range(MOST):
            with time_machine.travel(waited, tick=False):
                problem = _problem(work, request)
                assert work.stop(request, problem) == "waits"
            found = row(company, request)
            assert found.next_at is not None
            assert found.next_at == waited + pause_after(found.tries)
            waited = found.next_at
        assert timedelta(days=2) < waited - start < timedelta(days=4)
        assert types_of(company, request).count("waits") == 1
        shown = company.requests.show(request)
        assert shown.failure is not None
        assert (shown.state, shown.failure["slug"]) == (State.IN_PROGRESS, "store-unavailable")
        assert work.stop(request, problem) == "failed"
    assert company.requests.show(request).state == State.FAILED


def test_a_step_that_is_done_begins_the_patience_anew(company: Company) -> None:
    """What waited long before goes on, and shows no failure any more."""
    request, work = access_to(company, "1"), Fulfilment(company.database, company.requests.parts)
    with without_store(company):
        assert work.stop(request, _problem(work, request)) == "waits"
    assert work.perform(request, "package") is None
    found = row(company, request)
    assert (found.tries, found.next_at, found.failure) == (0, None, None)


def _connect(company: Company) -> None:
    file = company.home / "policies" / "connectors" / "archive.yml"
    file.parent.mkdir()
    file.write_text(MANUAL.replace("[erasure, access]", "[restriction]"))
    object.__setattr__(company.requests.parts, "policies", PolicyHolder(company.home / "policies"))


def _problem(work: Fulfilment, request: str) -> Problem:
    problem = work.run(request)
    assert problem is not None
    assert problem["passing"]
    return problem


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
