"""What an erasure leaves by law, and its end."""

from datetime import datetime, timedelta

import pytest
import time_machine

from privacy_svc.auditlog import EventType
from privacy_svc.db import now
from privacy_svc.http import CustomerRef
from privacy_svc.rights import Aftermath, Holds, Worker
from tests.rights.company import ANA, Company
from tests.rights.test_approval import hold
from tests.rights.test_erasure import erased

TEN_YEARS = timedelta(days=3660)


@pytest.mark.parametrize("sealed", [False, True])
def test_kept_values_end_on_their_date(company: Company, sealed: bool) -> None:
    """The invoice's name goes when the law does not keep it any more, and not a day before; the log says how much. What
    belongs to others stays."""
    if sealed:
        company.seal()
    with company.requests.worker():
        erased(company)
    assert Aftermath(company.requests).kept_over() == (0, 0)
    assert Aftermath(company.requests).end_kept("dora").rows == 0
    before = company.rows("orders")
    with time_machine.travel(now() + TEN_YEARS, tick=False):
        assert Aftermath(company.requests).kept_over() == (1, 0)
        done = Aftermath(company.requests).end_kept("worker", automatic=True)
        assert (done.people, done.rows, done.left) == (1, 2, 0)
        assert Aftermath(company.requests).end_kept("worker", automatic=True).rows == 0
    after = company.rows("orders")
    assert [r["billing_name"] for r in after[:2]] == [None, None]
    assert after[2] == before[2]
    company.log.integrate(company.database)
    with company.database.read() as session:
        [entry] = company.log.search(session, type=EventType.KEPT_ENDED.value, limit=5)
    assert entry.payload is not None
    assert entry.payload["places"] == [{"collection": "crm.orders", "field": "billing_name"}]
    assert entry.payload["rows"] == 2


def test_a_hold_keeps_them(company: Company, worker: Worker) -> None:
    """Under a legal hold a kept value outlives its date, until the hold is lifted."""
    erased(company)
    held = hold(company, reason="a lawsuit", article="17(3)(e)")
    with time_machine.travel(now() + TEN_YEARS, tick=False):
        assert Aftermath(company.requests).end_kept("dora").rows == 0
        assert company.rows("orders")[0]["billing_name"] == ANA["name"]
        Holds(company.requests).lift_hold(held, "dora")
        assert Aftermath(company.requests).end_kept("dora").rows == 2


def test_who_came_back_is_left_for_a_person(company: Company, worker: Worker) -> None:
    """Nobody can tell which of their invoices are of before: nothing is emptied, and it is told."""
    erased(company)
    Aftermath(company.requests).readmit(CustomerRef(id="1"), "signed up again", "dora")
    with time_machine.travel(now() + TEN_YEARS, tick=False):
        assert Aftermath(company.requests).kept_over() == (0, 1)
        assert Aftermath(company.requests).end_kept("dora").left == 1
    assert company.rows("orders")[0]["billing_name"] == ANA["name"]


def test_the_date_is_the_certificates(company: Company, worker: Worker) -> None:
    """One instant: what the certificate says is when it is over."""
    import json

    request = erased(company)
    [kept] = json.loads(company.requests.certificate(request))["kept"]
    until = datetime.fromisoformat(kept["keep_until"])
    with time_machine.travel(until - timedelta(seconds=1), tick=False):
        assert Aftermath(company.requests).kept_over() == (0, 0)
    with time_machine.travel(until, tick=False):
        assert Aftermath(company.requests).kept_over() == (1, 0)
