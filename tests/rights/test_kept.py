"""What an erasure leaves by law, and its end."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from privacy_svc.auditlog import EventType
from privacy_svc.db import Database, now
from privacy_svc.errors import Misconfigured
from privacy_svc.http import CustomerRef
from privacy_svc.rights import Aftermath, Holds, Right, State, Wanted, Worker
from tests.conftest import ONE_DATABASE
from tests.rights.company import ANA, DATASET, Company, found_company, policies, store_url
from tests.rights.running import carried_out
from tests.rights.telling import done_for
from tests.rights.test_approval import hold
from tests.rights.test_erasure import erased

TODAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
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


BOOKED = DATASET.replace("period: P10Y}", "period: P10Y, from: booked_on, end_of_year: true}").replace(
    "          - name: total\n",
    "          - name: booked_on\n            data_categories: [system.operations]\n          - name: total\n",
)


@pytest.fixture
def ledger(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> Iterator[Company]:
    """Ana's orders of eleven, nine and one year ago, and one whose day nobody wrote down."""
    home = tmp_path / "home"
    home.mkdir()
    with (
        store_url(request, database, tmp_path) as url,
        time_machine.travel(TODAY, tick=False),
        found_company(home, database, url, **{"datasets/crm.yml": BOOKED}) as company,
    ):
        company.write(
            "ALTER TABLE orders ADD COLUMN booked_on DATE",
            "UPDATE orders SET booked_on = '2015-03-01' WHERE id = 10",
            "UPDATE orders SET booked_on = '2017-03-01' WHERE id = 11",
            "INSERT INTO orders (id, customer_id, billing_name, total, booked_on) VALUES (13, 1, 'Ana F.', 1, NULL)",
        )
        yield company


def names(company: Company) -> dict[object, object]:
    return {r["id"]: r["billing_name"] for r in company.rows("orders") if r["customer_id"] == 1}


@pytest.mark.parametrize("sealed", [False, True])
def test_a_law_counts_from_the_record(ledger: Company, sealed: bool) -> None:
    """§ 147 AO: ten years from the end of the year of each invoice. What is over goes with the erasure, the next on its
    day, and what has no day is kept from the erasure; the certificate says both, and the evidence lasts as long."""
    if sealed:
        ledger.seal()
    request = done_for(ledger).id
    assert (names(ledger)[10], names(ledger)[11] is None, names(ledger)[13] is None) == (None, False, False)
    document = json.loads(ledger.requests.certificate(request))
    [kept] = document["kept"]
    assert (kept["rows"], kept["first_until"], kept["keep_until"]) == (
        2,
        "2027-12-31T23:00:00+00:00",
        "2036-12-31T23:00:00+00:00",
    )
    assert ("crm.orders", "billing_name", "null", 1) in {
        (i["collection"], i["field"], i["method"], i["rows"]) for i in document["done"]
    }
    with time_machine.travel(datetime(2027, 12, 31, 22, 59, tzinfo=UTC), tick=False):
        assert Aftermath(ledger.requests).end_kept("dora").rows == 0
    with time_machine.travel(datetime(2027, 12, 31, 23, tzinfo=UTC), tick=False):
        assert Aftermath(ledger.requests).end_kept("dora").rows == 1
        assert Aftermath(ledger.requests).kept_over() == (0, 0)
    assert (names(ledger)[11], names(ledger)[13] is None) == (None, False)
    with time_machine.travel(datetime(2036, 12, 31, 23, tzinfo=UTC), tick=False):
        assert Aftermath(ledger.requests).end_kept("dora").rows == 1
    assert names(ledger)[13] is None


@ONE_DATABASE
def test_a_second_erasure_keeps_no_record_longer(ledger: Company) -> None:
    """Who came back and goes again: the invoice of then is over on its day, the new one on its own."""
    ledger.write("DELETE FROM orders WHERE id = 13")
    done_for(ledger)
    Aftermath(ledger.requests).readmit(CustomerRef(id="1"), "signed up again", "dora")
    ledger.write(
        "UPDATE customers SET email = 'ana@new.example' WHERE id = 1",
        "INSERT INTO orders (id, customer_id, billing_name, booked_on) VALUES (14, 1, 'Ana G.', '2026-06-01')",
    )
    assert done_for(ledger).state == State.COMPLETED
    with time_machine.travel(datetime(2027, 12, 31, 23, tzinfo=UTC), tick=False):
        assert Aftermath(ledger.requests).end_kept("dora").rows == 1
    assert (names(ledger)[11], names(ledger)[14] is None) == (None, False)


@pytest.mark.parametrize(
    ("start", "why"),
    [("booked_at", "no field of orders"), ("customer_name", "outlive"), ("billing_name", "outlive")],
)
@ONE_DATABASE
def test_the_day_has_to_outlive_the_erasure(database: Database, start: str, why: str) -> None:
    """A column that is not there, or goes with the person, is refused when the policies are read."""
    changed = BOOKED.replace("from: booked_on", f"from: {start}").replace(
        "          - name: total\n",
        "          - name: customer_name\n            data_categories: [user.name]\n          - name: total\n",
    )
    with pytest.raises(Misconfigured) as refused:
        policies(**{"datasets/crm.yml": changed})
    assert any(why in f.detail for f in refused.value.faults)


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
    request = erased(company)
    [kept] = json.loads(company.requests.certificate(request))["kept"]
    until = datetime.fromisoformat(kept["keep_until"])
    with time_machine.travel(until - timedelta(seconds=1), tick=False):
        assert Aftermath(company.requests).kept_over() == (0, 0)
    with time_machine.travel(until, tick=False):
        assert Aftermath(company.requests).kept_over() == (1, 0)


@ONE_DATABASE
def test_one_persons_refusal_keeps_nobody_elses_values(company: Company) -> None:
    """The store does not let go of the oldest ones: the others' go on their date, also where a month lies between, and
    the log says what was refused."""
    with time_machine.travel(TODAY, tick=False):
        done_for(company)
    with time_machine.travel(TODAY + timedelta(days=60), tick=False):
        request = company.requests.open(Wanted(Right.ERASURE, CustomerRef(id="2")), "dora")
        company.requests.vouch(request.id, "passport", "dora")
        company.requests.approve(request.id, "dora")
        carried_out(company.database, company.requests.parts, request.id)
    company.write(
        "CREATE TRIGGER booked BEFORE UPDATE ON orders WHEN old.customer_id = 1 BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    with time_machine.travel(TODAY + TEN_YEARS + timedelta(days=100), tick=False):
        ended = Aftermath(company.requests).end_kept("worker", automatic=True)
    assert (ended.people, ended.rows, ended.refused) == (1, 1, 1)
    assert [r["billing_name"] is None for r in company.rows("orders")] == [False, False, True]
    company.log.integrate(company.database)
    with company.database.read() as session:
        [entry] = company.log.search(session, type=EventType.ROWS_NOT_ERASED.value, limit=5)
    assert entry.payload is not None
    assert entry.payload["problem"] == "cannot-erase"
