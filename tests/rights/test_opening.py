"""Opening and verifying."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from privacy_svc.errors import BadRequest, Conflict, UnknownCustomer
from privacy_svc.http import CustomerRef
from privacy_svc.rights import AddressMissing, BadDetails, Filter, RequestView, Right, State, Wanted, WrongCode
from privacy_svc.store import UnknownField
from tests.rights.company import Company


def opened(company: Company, right: Right = Right.ACCESS, key: str = "1", **details: object) -> RequestView:
    return company.requests.open(Wanted(right, CustomerRef(id=key), details=details), "desk")


def code_of(company: Company) -> str:
    found = re.search(r"^ {4}(\d{6})\r?$", company.mails()[-1], re.MULTILINE)
    assert found
    return found[1]


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def types_of(company: Company, request: str) -> list[str]:
    return [line.type.rpartition(":")[2] for line in company.requests.timeline(request)]


def test_code_goes_to_the_address_on_file(company: Company) -> None:
    """Verification is on by default: the code is mailed to the address we have, not to one given with the request."""
    company.seal()
    request = opened(company)
    assert request.state == State.VERIFYING
    assert "To: ana@mail.example" in company.mails()[-1]
    assert all(p.stat().st_mode & 0o077 == 0 for p in (company.home / "outbox").iterdir())
    assert company.requests.verify(request.id, code_of(company), "desk").state == State.IN_PROGRESS
    assert types_of(company, request.id) == ["received", "sent", "sent", "verified"]


def test_wrong_codes_are_limited_and_logged(company: Company) -> None:
    """After five wrong tries the right code is worth nothing any more; a new one works."""
    request = opened(company)
    code = code_of(company)
    for _ in range(5):
        with pytest.raises(WrongCode):
            company.requests.verify(request.id, wrong(code), "desk")
    with pytest.raises(WrongCode):
        company.requests.verify(request.id, code, "desk")
    assert types_of(company, request.id).count("verification_failed") == 6
    company.requests.send_code(request.id, "desk")
    with pytest.raises(WrongCode):
        company.requests.verify(request.id, code, "desk")
    assert company.requests.verify(request.id, code_of(company), "desk").verified_how == "code"


def test_codes_are_not_sent_without_end(company: Company) -> None:
    """Tries cannot be had for ever by asking for new codes."""
    request = opened(company)
    for _ in range(4):
        company.requests.send_code(request.id, "desk")
    with pytest.raises(Conflict):
        company.requests.send_code(request.id, "desk")


def test_a_code_ends_after_ten_minutes_and_works_once(company: Company) -> None:
    """An old code does not verify, and neither does a used one."""
    start = datetime.now(UTC)
    with time_machine.travel(start, tick=False) as clock:
        request = opened(company)
        code = code_of(company)
        clock.move_to(start + timedelta(minutes=10, seconds=1))
        with pytest.raises(WrongCode):
            company.requests.verify(request.id, code, "desk")
        company.requests.send_code(request.id, "desk")
        company.requests.verify(request.id, code_of(company), "desk")
        with pytest.raises(Conflict):
            company.requests.verify(request.id, code_of(company), "desk")


def test_only_a_keyed_hash_of_the_code_is_kept(company: Company) -> None:
    """No column of the privacy database holds the six digits."""
    opened(company)
    code = code_of(company)
    with company.database.read() as session:
        for row in session.connection().exec_driver_sql("SELECT * FROM verification_codes").all():
            assert all(code not in str(value) and code.encode() not in bytes(str(value), "utf-8") for value in row)


def test_no_hint_whether_somebody_is_known(company: Company) -> None:
    """An address we do not know gets the same answer as one we know."""
    one = company.requests.open(Wanted(Right.ACCESS, CustomerRef(email="ana@mail.example")), "portal")
    other = company.requests.open(Wanted(Right.ACCESS, CustomerRef(email="nobody@mail.example")), "portal")
    assert one.state == other.state == State.VERIFYING
    assert other.subject is None
    for request in (one, other):
        with pytest.raises(WrongCode):
            company.requests.verify(request.id, "000000" if code_of(company) != "000000" else "1", "portal")
    with pytest.raises(Conflict, match="nobody to verify"):
        company.requests.vouch(other.id, "passport seen", "dora")


def test_an_unknown_key_is_the_callers_mistake(company: Company) -> None:
    """A module that names a key the store does not have is told so."""
    with pytest.raises(UnknownCustomer):
        opened(company, key="77")


def test_staff_verifies_with_a_reason(company: Company) -> None:
    """Somebody without an address on file is verified by a named person who says how."""
    request = opened(company, key="3")
    assert company.mails() == []
    with pytest.raises(AddressMissing):
        company.requests.send_code(request.id, "dora")
    with pytest.raises(BadRequest):
        company.requests.vouch(request.id, "  ", "dora")
    verified = company.requests.vouch(request.id, "came to the counter with a passport", "dora")
    assert (verified.verified_by, verified.verified_how, verified.state) == ("dora", "staff", State.IN_PROGRESS)


def test_the_clock_runs_from_receipt(company: Company) -> None:
    """A request that staff writes down later has the deadline of the day it came; the future is refused."""
    received = datetime(2026, 3, 5, 12, tzinfo=UTC)
    late: dict[str, Any] = {"staff": True, "received_reason": "it lay in another department"}
    request = company.requests.open(Wanted(Right.ACCESS, CustomerRef(id="1"), received_at=received, **late), "dora")
    assert request.due_at == datetime(2026, 4, 7, 21, 59, 59, tzinfo=UTC)
    assert request.overdue
    with pytest.raises(BadRequest):
        company.requests.open(
            Wanted(Right.ACCESS, CustomerRef(id="1"), received_at=datetime.now(UTC) + timedelta(hours=1)), "dora"
        )
    with pytest.raises(BadRequest):
        company.requests.open(Wanted(Right.ACCESS, CustomerRef(id="1"), channel="from ana@mail.example"), "dora")
    with pytest.raises(BadRequest):
        company.requests.open(Wanted(Right.ACCESS, CustomerRef(id="1"), received_at=datetime(2026, 1, 1)), "dora")  # noqa: DTZ001 - the fault under test


def test_details_that_can_never_work_are_refused_at_once(company: Company) -> None:
    """Rectification needs changes of known fields, objection a known purpose."""
    for changes in (None, {}, {"name": {"a": 1}}):
        with pytest.raises(BadDetails):
            opened(company, Right.RECTIFICATION, changes=changes)
    with pytest.raises(UnknownField):
        opened(company, Right.RECTIFICATION, changes={"nmae": "Ana"})
    with pytest.raises(BadRequest):
        opened(company, Right.RECTIFICATION, changes={"id": 7})
    for purpose in ("no.such", "support", 7):
        with pytest.raises(BadRequest):
            opened(company, Right.OBJECTION, purpose=purpose)
    with pytest.raises(BadDetails):
        opened(company, Right.OBJECTION, purposes="profiling")  # it would have been one to marketing
    assert company.requests.list(Filter()).requests == []


def test_lists_are_filtered_and_paged(company: Company) -> None:
    """By state, right and deadline, newest first, page by page."""
    made = [opened(company, right, key="3").id for right in (Right.ACCESS, Right.ERASURE, Right.ACCESS)]
    company.requests.cancel(made[0], "a mistake", "dora")
    first = company.requests.list(Filter(limit=2))
    assert [r.id for r in first.requests] == [made[2], made[1]]
    assert [r.id for r in company.requests.list(Filter(cursor=first.cursor)).requests] == [made[0]]
    assert [r.id for r in company.requests.list(Filter(right=Right.ERASURE)).requests] == [made[1]]
    assert [r.id for r in company.requests.list(Filter(state=State.CANCELLED)).requests] == [made[0]]
    assert company.requests.list(Filter(due_before=datetime.now(UTC))).requests == []
