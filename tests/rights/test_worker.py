"""Durability: workers are killed, two run at once, the engine's database is lost."""

import json
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from privacy_svc.consent import subject_state
from privacy_svc.db import now
from privacy_svc.errors import Conflict
from privacy_svc.rights import Right, State
from privacy_svc.rights import workflow as workflows
from privacy_svc.rights.fulfilment import Fulfilment, Problem
from tests.conftest import ONE_DATABASE
from tests.rights.company import Company
from tests.rights.running import PLANTED, done, everything_in, workflow_tables
from tests.rights.test_approval import verified
from tests.rights.test_opening import types_of

STEPS = ("prepare", "clean_stores", "destroy_keys", "read_back", "tell", "finish")


def run_and_kill(company: Company, step: str, moment: str) -> None:
    url = company.database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.rights.killed", str(company.home), url, company.store_url, step, moment]
    process = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert process.returncode == -signal.SIGKILL, process.stderr.decode()


@pytest.mark.parametrize(
    ("step", "moment"),
    [*((s, "inside") for s in STEPS), ("prepare", "after"), ("destroy_keys", "after"), ("finish", "after")],
)
def test_kill_in_the_middle_of_an_erasure(company: Company, step: str, moment: str) -> None:
    """Killed inside or after any step and started again, the erasure ends once and right."""
    company.seal()
    request = verified(company)
    company.requests.approve(request.id, "dora")
    run_and_kill(company, step, moment)
    with company.database.read() as session:
        state = subject_state(session, request.subject or "", now())
    assert state.restricted == (STEPS.index(step) > STEPS.index("prepare") or (step, moment) == ("prepare", "after"))
    assert state.erased == (
        STEPS.index(step) > STEPS.index("destroy_keys") or (step, moment) == ("destroy_keys", "after")
    )
    with company.requests.worker():
        done(company, request.id)
    types = types_of(company, request.id)
    assert [types.count(t) for t in ("started", "completed", "failed")] == [1, 1, 0]
    for place in (everything_in(company.store_url), workflow_tables(company)):
        assert not [v for v in PLANTED if v in place]
    document = json.loads(company.requests.certificate(request.id))
    told = {(i["collection"], i["field"], i["method"], i["rows"]) for i in [*document["done"], *document["kept"]]}
    assert told == {
        ("crm.customers", "name", "shred", 1),
        ("crm.customers", "email", "shred", 1),
        ("crm.customers", "phone", "shred", 1),
        ("crm.customers", "city", "null", 1),
        ("crm.orders", "billing_name", "keep", 2),
        ("crm.tickets", "*", "delete", 1),
        ("crm.notes", "note", "null", 1),
    }


@pytest.mark.parametrize("moment", ["inside", "after"])
def test_kill_in_the_middle_of_a_rectification(company: Company, moment: str) -> None:
    """The old value is kept and the index follows, also when the store was changed and our note was not."""
    from privacy_svc.http import CustomerRef

    company.seal()
    request = verified(company, Right.RECTIFICATION, changes={"email": "ana@new.example"})
    company.requests.approve(request.id, "dora")
    run_and_kill(company, "apply", moment)
    with company.requests.worker():
        done(company, request.id)
    [value] = company.requests.details(request.id, "dora").rectified
    assert (value["old"], value["new"]) == ("ana@mail.example", "ana@new.example")
    with company.database.read() as session:
        find = company.requests.parts.directory.find
        assert find(session, CustomerRef(email="ana@new.example"))
        assert find(session, CustomerRef(email="ana@mail.example")) is None


@pytest.mark.parametrize(
    ("right", "step", "moment"),
    [
        (Right.RESTRICTION, "restrict", "after"),
        (Right.RESTRICTION, "recipients", "inside"),
        (Right.OBJECTION, "object", "after"),
        (Right.OBJECTION, "suppress", "inside"),
    ],
)
@ONE_DATABASE
def test_kill_in_the_middle_of_what_holds_at_once(company: Company, right: Right, step: str, moment: str) -> None:
    """A restriction or an objection holds from its first step, whatever dies after it, and ends once."""
    request = verified(company, right)
    run_and_kill(company, step, moment)
    with company.database.read() as session:
        state = subject_state(session, request.subject or "", now())
    assert state.restricted or state.objections
    with company.requests.worker():
        done(company, request.id)
    types = types_of(company, request.id)
    assert [types.count(t) for t in ("started", "completed", "failed")] == [1, 1, 0]


def test_orders_wait_for_a_worker(company: Company) -> None:
    """Approval needs no engine: what was ordered while no worker ran is done when one starts."""
    request = verified(company, Right.ACCESS)
    assert company.requests.show(request.id).state == State.IN_PROGRESS
    with company.requests.worker():
        done(company, request.id)


def test_a_lost_engine_database_loses_no_request(company: Company) -> None:
    """The request row is the truth: a run the engine does not know is started again."""
    if company.database.engine.dialect.name != "sqlite":
        pytest.skip("on PostgreSQL the engine's tables are in the same database")
    request = verified(company, Right.ACCESS)
    run_and_kill(company, "package", "after")
    for path in company.home.glob("workflows.sqlite3*"):
        path.unlink()
    with company.requests.worker():
        done(company, request.id)


def test_workers_of_one_home_have_names_of_their_own(company: Company) -> None:
    """The engine would run work twice for two workers of one name; a name is free again when its holder is gone."""
    from privacy_svc.rights.workflow import _take_slot

    first, one = _take_slot(company.home)
    second, other = _take_slot(company.home)
    assert one != other
    first.close()
    third, again = _take_slot(company.home)
    assert again == one
    second.close()
    third.close()


def test_two_workers_share_the_work(company: Company) -> None:
    """Each request is carried out once, whichever of two processes takes it."""
    company.subject()
    url = company.database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.rights.killed", str(company.home), url, company.store_url, "none", "never"]
    workers = [subprocess.Popen(command) for _ in range(2)]
    try:
        made = [verified(company, Right.ACCESS, about=n).id for n in range(8)]
        for request in made:
            done(company, request)
            types = types_of(company, request)
            assert [types.count(t) for t in ("started", "created", "completed")] == [1, 1, 1]
    finally:
        for process in workers:
            process.kill()
            process.wait()


def test_one_worker_a_process(company: Company) -> None:
    """The engine is one a process; a second worker says so and leaves the first alone."""
    with company.requests.worker():
        with pytest.raises(Conflict):
            company.requests.worker().start()
        done(company, verified(company, Right.ACCESS).id)


@ONE_DATABASE
def test_a_run_that_was_just_started_is_waited_for(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """`stop` comes between the start of a run and its first line: the run still ends before the worker does, and none
    goes on with connections that nobody closes."""
    begun, stopping, over = threading.Event(), threading.Event(), list[str]()
    destroy, run = workflows.DBOS.destroy, Fulfilment.run

    class Late(set[str]):
        def add(self, name: str) -> None:
            begun.set()
            stopping.wait(30)
            super().add(name)

    def run_slowly(self: Fulfilment, request_id: str) -> Problem | None:
        time.sleep(0.3)
        found = run(self, request_id)
        over.append(request_id)
        return found

    def destroyed(**how: Any) -> None:
        stopping.set()
        destroy(**how)

    monkeypatch.setattr(Fulfilment, "run", run_slowly)
    monkeypatch.setattr(workflows.DBOS, "destroy", destroyed)
    request = verified(company, Right.RESTRICTION)
    worker = company.requests.worker()
    worker._running = Late()
    with worker:
        begun.wait(30)
    assert over == [request.id]
