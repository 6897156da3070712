"""What ends a run for a reason that nobody foresaw: it is tried again, and its cause is kept."""

import json

import pytest

from privacy_svc.errors import Erased
from privacy_svc.rights import State
from privacy_svc.rights.backoff import HICCUPS
from privacy_svc.rights.fulfilment import Fulfilment, problem_of
from privacy_svc.rights.parts import find
from tests.conftest import ONE_DATABASE
from tests.rights.company import Company
from tests.rights.running import PLANTED, carried_out, finished
from tests.rights.test_approval import verified

pytestmark = ONE_DATABASE
DAMAGED = {"steps": ["start", "prepare"]}
"""Says that it prepared, and knows nothing of what it found."""


def approved(company: Company) -> str:
    company.seal()
    request = verified(company)
    company.requests.approve(request.id, "dora")
    return request.id


def note_progress(company: Company, request: str, progress: dict[str, list[str]] | None) -> None:
    with company.database.write() as session:
        find(session, request).progress = progress


def tried(company: Company, request: str) -> str:
    work = Fulfilment(company.database, company.requests.parts)
    problem = work.run(request)
    assert problem is not None
    return work.stop(request, problem)


def test_what_nobody_foresaw_is_tried_again_and_its_cause_is_kept(
    company: Company, capfd: pytest.CaptureFixture[str]
) -> None:
    """After a few tries the request fails; request, timeline and log name the error's class and the step, and nobody's
    data."""
    request = approved(company)
    note_progress(company, request, DAMAGED)
    assert [tried(company, request) for _ in range(HICCUPS + 1)] == ["waits"] * HICCUPS + ["failed"]
    failed = company.requests.show(request)
    assert failed.failure is not None
    assert (failed.state, failed.failure["step"], failed.failure["kind"]) == (
        State.FAILED,
        "clean_stores",
        "AssertionError",
    )
    assert "AssertionError" in failed.failure["detail"]
    told = {"step": "clean_stores", "problem": "interrupted", "kind": "AssertionError"}
    line = company.requests.timeline(request)[-1]
    assert (line.type, line.params) == ("rights:request:failed", told)
    log = capfd.readouterr()
    assert "request.failed" in log.out + log.err
    assert not [value for value in PLANTED if value in json.dumps([failed.failure, line.params]) + log.out + log.err]


def test_what_passes_by_itself_ends_no_request(company: Company) -> None:
    """A run that broke once and not again ends well, and its timeline says nothing of it."""
    request = approved(company)
    note_progress(company, request, DAMAGED)
    assert tried(company, request) == "waits"
    note_progress(company, request, None)
    carried_out(company.database, company.requests.parts, request)
    assert finished(company, request).state == State.COMPLETED
    assert "rights:request:failed" not in [line.type for line in company.requests.timeline(request)]


def test_a_run_that_another_one_overtook_fails_nothing(company: Company) -> None:
    """The late one finds the key destroyed at a step that the other has done: the request goes on."""
    request = approved(company)
    work = Fulfilment(company.database, company.requests.parts)
    late = work.perform(request, "prepare")
    assert late is None
    assert Fulfilment(company.database, company.requests.parts).run(request) is None
    work.stop(request, problem_of("clean_stores", Erased("The key is destroyed.")))
    assert company.requests.show(request).state == State.IN_PROGRESS
