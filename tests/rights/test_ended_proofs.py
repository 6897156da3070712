"""What was said about requests ends when nobody needs it any more."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from privacy_svc.errors import NotFound
from privacy_svc.http import CustomerRef
from privacy_svc.rights import Aftermath, Elsewheres, Ground, Packages, Right, Wanted
from privacy_svc.rights.model import DataRequest, RequestFile
from privacy_svc.rights.outside_model import RequestWork
from privacy_svc.rights.owed_model import OwedLetter
from tests.conftest import ONE_DATABASE
from tests.rights.company import Company
from tests.rights.mailtool import MailTool
from tests.rights.test_approval import verified
from tests.rights.test_elsewhere import begun, house, run, tool
from tests.rights.test_opening import opened, types_of

__all__ = ["house", "tool"]
DAY = timedelta(days=1)


def test_files_go_some_days_after_the_decision(company: Company) -> None:
    """A scan of a passport is not kept of the living for ever: thirty days, then only who saw it when."""
    start = datetime.now(UTC)
    running, request = opened(company, key="2"), verified(company, Right.ERASURE)
    kept = company.requests.attach(running.id, "b.txt", b"PASSPORT 456", "desk")
    file = company.requests.attach(request.id, "a.txt", b"PASSPORT 123", "desk")
    company.requests.file(request.id, file.id, "dora")
    company.requests.refuse(request.id, Ground.LEGAL_CLAIMS, "You are suing us.", "dora")
    with time_machine.travel(start + 29 * DAY):
        assert Aftermath(company.requests).end_proofs() == 0
    with time_machine.travel(start + 31 * DAY):
        assert Aftermath(company.requests).end_proofs() == 1
        assert Aftermath(company.requests).end_proofs() == 0
    with pytest.raises(NotFound):
        company.requests.file(request.id, file.id, "dora")
    seen = [(line.type, line.actor) for line in company.requests.timeline(request.id) if ":file:" in line.type]
    assert seen == [("rights:file:attached", "desk"), ("rights:file:read", "dora"), ("rights:file:deleted", "worker")]
    with company.database.read() as session:
        assert session.scalars(select(RequestFile.id)).all() == [kept.id]


def test_an_unknown_persons_address_goes(company: Company) -> None:
    """Nobody whose key could be destroyed: deleted as long after the end as evidence is kept; open ones are not."""
    start = datetime.now(UTC)
    one, other = (
        company.requests.open(Wanted(Right.ACCESS, CustomerRef(email=f"{name}@mail.example")), "portal")
        for name in ("nobody", "else")
    )
    company.requests.refuse(one.id, Ground.IDENTITY_FAILURE, "We hold nothing.", "dora")
    known = verified(company, Right.ERASURE)
    company.requests.refuse(known.id, Ground.LEGAL_CLAIMS, "You are suing us.", "dora")
    with time_machine.travel(start + 4 * 365 * DAY):
        assert Aftermath(company.requests).end_proofs() == 0
    with time_machine.travel(start + (4 * 372 + 1) * DAY):
        assert Aftermath(company.requests).end_proofs() == 1
        assert Aftermath(company.requests).end_proofs() == 0
    with company.database.read() as session:
        held = dict(session.execute(select(DataRequest.id, DataRequest.details)).all())
        letters = session.scalars(select(OwedLetter.request_id)).all()
    assert {i for i, sealed in held.items() if sealed is None} == {one.id}
    assert letters == [known.id]
    assert held[other.id] is not None
    assert types_of(company, one.id)[-1] == "ended"


@pytest.mark.parametrize("end", ["withdrawn", "done", "late"])
@ONE_DATABASE
def test_what_was_read_elsewhere_goes_with_the_request(house: Company, tool: MailTool, end: str) -> None:
    """It is in the package, or in nothing: also where the call was under way when the person withdrew."""
    request, courier = begun(house, Right.ACCESS), Elsewheres(house.requests).courier
    job = courier._take()
    assert job is not None
    answer = courier._call(job)
    if end == "late":
        house.requests.withdraw(request, "dora")
    courier._note_done(job, answer)
    if end == "withdrawn":
        with house.database.read() as session:
            assert session.scalars(select(RequestWork.gathered)).one() is not None
        house.requests.withdraw(request, "dora")
    elif end == "done":
        run(house, request)
        assert Packages(house.requests).package(request, "dora")
    with house.database.read() as session:
        assert session.scalars(select(RequestWork.gathered)).all() == [None]
