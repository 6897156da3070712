"""What an import does depends on its file, not on where its batches end, how often it runs, or where it broke off."""

import io
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from privacy_svc.consent import SUPPRESS_ALL, Cause, Format, Refused, Shape, Totals, digests, enlist_theirs, read
from privacy_svc.consent.suppression import Owned, enlist
from privacy_svc.consent.tables import NOBODY
from privacy_svc.db import now
from privacy_svc.http import Contact
from privacy_svc.runtime import Runtime
from tests.factories import check_log
from tests.store.test_importing import Desk

SHARED, OLD = "+351 21 099 0042", "+351 21 099 0077"
SMS: dict[str, Any] = {"purpose": "marketing.sms", "notice": "offers", "notice_version": 1, "notice_language": "en"}
MARCH = "2026-03-01T08:00:00Z"
WHO: list[dict[str, Any]] = [
    {"id": "1"},
    {"id": "2"},
    {"id": "3"},
    {"id": "4711"},
    {"id": "1", "phone": OLD},
    {"id": "2", "phone": OLD},
]
ROWS = st.fixed_dictionaries(
    {
        "who": st.sampled_from([*WHO, {"phone": OLD}, {"email": "bo@new.example"}]),
        "state": st.sampled_from(["given", "withdrawn", "withdrawn", "given", "refused", "requested"]),
        "given_at": st.sampled_from([f"2026-0{month}-01T08:00:00Z" for month in (1, 2, 3, 4)]),
    }
).map(lambda row: SMS | row["who"] | {"state": row["state"], "given_at": row["given_at"], "method": "expressed"})
FILES = st.lists(ROWS, min_size=1, max_size=7)
BEFORE = st.sampled_from(["nothing", "erased", "unsubscribed", "objected"])
"""What was on the list before: somebody erased had the old number; customer 3 unsubscribed; customer 1 objected."""


class Outcome(NamedTuple):
    totals: dict[str, Any]
    refused: list[Refused]
    said: dict[str, Any]
    listed: list[tuple[Any, ...]]


class Office(Desk):
    """A shop in which customers 1 and 2 share a telephone, and which forgets."""

    def __init__(self, shop: Runtime) -> None:
        super().__init__(shop)
        with shop.stores.engine("shop").begin() as connection:
            connection.execute(text("UPDATE customers SET phone = :phone WHERE id IN (1, 2)"), {"phone": SHARED})

    def forget(self, before: str) -> None:
        shop, subject = self.shop, self.subject({"objected": "1"}.get(before, "3"))
        with shop.database.write() as session:
            for table in ("consents", "suppressions", "consent_imports"):
                session.execute(text(f"DELETE FROM {table}"))
            if before == "erased":
                found = [Owned(a, NOBODY) for a in digests(session, shop.vault, [Contact("phone", OLD)])]
                enlist(session, shop.log, found, SUPPRESS_ALL, Cause.ERASURE, "worker", now())
            elif before != "nothing":
                cause = Cause.OBJECTION if before == "objected" else Cause.UNSUBSCRIBE
                phone = [Contact("phone", SHARED)]
                enlist_theirs(session, shop.vault, shop.log, subject, phone, "marketing.sms", cause, "shop")

    def bring(self, rows: Sequence[dict[str, Any]], *, stop: int = 0, again: bool = False, **how: Any) -> Totals:
        """`stop`: broken off after so many batches."""
        file = io.BytesIO(b"".join(json.dumps(row).encode() + b"\n" for row in rows))
        lines = read(file, Shape(Format.NDJSON))
        steps = self.importer(**how).steps("the file", lines, self.refused.extend, again=again)
        totals = next(steps)
        if not totals.rows:
            self.refused.clear()
        for done, last in enumerate(steps, 1):
            totals = last
            if done == stop:
                break
        return totals

    def outcome(self, totals: Totals) -> Outcome:
        with self.shop.database.read() as session:
            entries = session.execute(text("SELECT digest, scope, owner, reason FROM suppressions"))
            listed = sorted(tuple(bytes(v) if not isinstance(v, str) else v for v in row) for row in entries)
        return Outcome(totals.to_json(), [*self.refused], self.states(), listed)


@pytest.fixture
def office(shop: Runtime) -> Office:
    return Office(shop)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FILES, BEFORE, st.integers(1, 7), st.integers(1, 3))
def test_an_import_does_the_same_however_it_is_cut(
    office: Office, rows: list[dict[str, Any]], before: str, batch: int, stop: int
) -> None:
    """In one batch, in small ones, and broken off and gone on with: the same rows come in and are refused, the same
    people end on the list. A dry run counts the same beforehand, also of what is left. Again, nothing changes."""
    office.forget(before)
    rehearsed = [office.bring(rows, dry_run=True, batch=size).to_json() for size in (len(rows), batch)]
    whole = office.outcome(office.bring(rows))
    assert rehearsed == [whole.totals, whole.totals]
    again = office.outcome(office.bring(rows, batch=batch))
    assert (again.said, again.listed) == (whole.said, whole.listed)
    assert (again.totals["recorded"], again.totals["rows"]) == (0, len(rows))

    office.forget(before)
    assert office.outcome(office.bring(rows, batch=batch)) == whole

    office.forget(before)
    office.bring(rows, batch=batch, stop=min(stop, -(-len(rows) // batch)))
    assert office.bring(rows, dry_run=True, batch=1).to_json() == whole.totals
    office.refused.clear()
    finished = office.outcome(office.bring(rows, batch=1))
    assert finished._replace(refused=[]) == whole._replace(refused=[])


def test_who_shares_an_address_is_judged_by_their_own_word(office: Office) -> None:
    """One withdraws, the other agrees in the same file: both come in whatever lies between them, and the address is
    on the list for who withdrew; against the next file's agreements it stands."""
    rows = [
        {"id": "1", "state": "withdrawn", "given_at": "2026-01-01T08:00:00Z"},
        {"id": "2", "state": "given", "given_at": "2026-02-01T08:00:00Z"},
    ]
    for batch in (1, 2):
        office.forget("nothing")
        outcome = office.outcome(office.bring([SMS | row for row in rows], batch=batch))
        assert outcome.totals["recorded"] == 2
        assert len(outcome.listed) == 2, "telephone and e-mail address, for customer 1"
    later = office.take(SMS | {"id": "2", "state": "given", "given_at": MARCH})
    assert later.refused == {"suppressed": 1}
    check_log(office.shop.database, office.shop.log)


def test_what_somebody_says_here_meanwhile_stands_against_the_file(office: Office) -> None:
    """A withdrawal that is made here while the file that holds one too is imported is no longer the file's alone."""
    office.forget("nothing")
    rows = [
        {"id": "1", "state": "withdrawn", "given_at": "2026-01-01T08:00:00Z"},
        {"id": "2", "state": "given", "given_at": "2026-02-01T08:00:00Z"},
    ]
    shop, mine = office.shop, office.subject("1")
    office.bring([SMS | row for row in rows], batch=1, stop=1)
    with shop.database.write() as session:
        phone = [Contact("phone", SHARED)]
        enlist_theirs(session, shop.vault, shop.log, mine, phone, "marketing.sms", Cause.UNSUBSCRIBE, "shop")
    assert office.bring([SMS | row for row in rows], batch=1).to_json()["reasons"] == {"suppressed": 1}


def test_a_dry_run_knows_the_rows_before_of_people_who_are_new(office: Office) -> None:
    """A row that stands twice is counted as recorded once, though nobody comes into being by a dry run; also where its
    address is on the list the second time."""
    office.forget("erased")
    row = SMS | {"id": "9", "state": "given", "given_at": MARCH, "method": "expressed"}
    rows = [row, row, row | {"phone": OLD}]
    with office.shop.database.read() as session:
        before = session.execute(text("SELECT count(*) FROM subjects")).scalar_one()
    rehearsed = office.bring(rows, dry_run=True, batch=1).to_json()
    with office.shop.database.read() as session:
        assert session.execute(text("SELECT count(*) FROM subjects")).scalar_one() == before
    assert (rehearsed["recorded"], rehearsed["unchanged"], rehearsed["refused"]) == (1, 2, 0)
    assert office.bring(rows, batch=1).to_json() == rehearsed
