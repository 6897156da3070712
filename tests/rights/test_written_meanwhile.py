"""What the CRM writes while a search takes a person out of its texts is not lost, and what a search that did not end
took out is told."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event
from typing import Any

import pytest
from sqlalchemy import event

from privacy_svc.errors import StoreUnavailable
from privacy_svc.rights import Decision, RequestView, State
from privacy_svc.rights.fulfilment import Fulfilment
from privacy_svc.rights.parts import find
from privacy_svc.rights.sweeping import Sweeper
from tests.rights.company import ANA, Company
from tests.rights.running import carried_on, erased
from tests.rights.test_rectifying import remap


@contextmanager
def writing_after(company: Company, column: str, limit: str, statement: str, **values: object) -> Iterator[list[str]]:
    """The CRM writes once, as soon as the service has read the column and let go of its connection."""
    engine, seen, written = company.stores.engine("crm"), list[str](), list[str]()

    def read(_c: Any, _cursor: Any, sql: str, *_more: Any) -> None:
        if sql.startswith("SELECT") and column in sql and limit in sql:
            seen.append(sql)

    def let_go(_connection: Any, _record: Any) -> None:
        if seen and not written:
            written.append(statement)
            company.write(statement, **values)

    event.listen(engine, "after_cursor_execute", read)
    event.listen(engine, "checkin", let_go)
    try:
        yield written
    finally:
        event.remove(engine, "after_cursor_execute", read)
        event.remove(engine, "checkin", let_go)


@contextmanager
def ending_after_a_write(company: Company, ended: Event, broken: bool) -> Iterator[None]:
    """As soon as a text was put back the worker is to end, or the store does not answer any more."""
    engine, wrote = company.stores.engine("crm"), list[str]()

    def run(_c: Any, _cursor: Any, sql: str, *_more: Any) -> None:
        if sql.startswith("UPDATE"):
            wrote.append(sql)
            if not broken:
                ended.set()
        elif wrote and broken:
            raise StoreUnavailable("away")

    event.listen(engine, "before_cursor_execute", run)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", run)


def to_be_redacted(company: Company) -> RequestView:
    """An erasure that failed on one place, where a person decided that it is taken out."""
    request = erased(company)
    [left] = company.requests.leftovers()
    company.requests.decide_leftover(request.id, left.place, Decision.REDACT, "hearsay", "dora")
    company.requests.approve(request.id, "dora")
    return request


def seal_notes(company: Company) -> None:
    plain, seal = "privacy: {erase: null}", "privacy: {id: 1020, seal: true, erase: null}"
    remap(company, lambda text: seal.join(text.rsplit(plain, 1)))
    company.seal()


@pytest.mark.parametrize("sealed", [False, True])
def test_anothers_note_that_changes_meanwhile_is_looked_at_again(company: Company, sealed: bool) -> None:
    """A note of Bo's that the CRM changes between the pass's look and its write keeps what the CRM wrote, even where
    only case and trailing spaces are other; it counts as left, and the next pass takes it out of the new text."""
    company.write("INSERT INTO notes VALUES (31, 2, :n)", n=f"{ANA['name']} rang")
    if sealed:
        seal_notes(company)
        assert company.rows("notes")[1]["note"] != f"{ANA['name']} rang"
    request = to_be_redacted(company)
    new = f"{ANA['name']} RANG "
    with writing_after(company, "notes.note", "LIMIT", "UPDATE notes SET note = :n WHERE id = 31", n=new) as written:
        assert carried_on(company, request.id).state == State.FAILED
    assert written
    assert company.rows("notes")[1]["note"] == new
    company.requests.approve(request.id, "dora")
    assert carried_on(company, request.id).state == State.COMPLETED
    assert company.rows("notes")[1]["note"] == "[erased] RANG "


def test_what_may_stay_is_not_a_row_that_was_to_be_redacted(company: Company) -> None:
    """The place is accepted but for one row: where that one changes meanwhile it is left, not accepted."""
    company.write("INSERT INTO notes VALUES (31, 2, :n), (32, 3, :n)", n=f"{ANA['name']} rang")
    request = erased(company)
    company.requests.decide_leftover(request.id, "crm.notes.note", Decision.ACCEPT, "harmless", "dora")
    company.requests.decide_leftover(request.id, "crm.notes.note", Decision.REDACT, "hearsay", "dora", row="31")
    company.requests.approve(request.id, "dora")
    new = f"{ANA['name']} rang, and cried"
    with writing_after(company, "notes.note", "LIMIT", "UPDATE notes SET note = :n WHERE id = 31", n=new):
        assert carried_on(company, request.id).state == State.FAILED
    [waiting] = company.requests.leftovers()
    assert [r.key for r in waiting.rows] == ["31"]


def test_their_own_remark_that_changes_meanwhile_is_looked_at_again(company: Company) -> None:
    """The same of an unmapped column of the person's own row."""
    company.write("ALTER TABLE customers ADD COLUMN remark TEXT")
    company.write("UPDATE customers SET remark = :n WHERE id = 1", n=f"{ANA['name']} rang")
    request = to_be_redacted(company)
    new = f"{ANA['name']} rang, and called back"
    with writing_after(company, "remark", "", "UPDATE customers SET remark = :n WHERE id = 1", n=new) as written:
        assert carried_on(company, request.id).state == State.FAILED
    assert written
    assert company.rows("customers")[0]["remark"] == new
    company.requests.approve(request.id, "dora")
    assert carried_on(company, request.id).state == State.COMPLETED
    assert company.rows("customers")[0]["remark"] == "[erased] rang, and called back"


def redacted(company: Company, request: str, search: str) -> list[dict[str, Any]]:
    told = json.loads(company.requests.certificate(request))["read_back"][search]["redacted"]
    assert isinstance(told, list)
    return told


def test_what_searches_of_their_own_rows_took_out_is_added_up(company: Company) -> None:
    """The first takes it out of one column and ends at another; the second takes it out there: both are told."""
    company.write("ALTER TABLE customers ADD COLUMN remark TEXT", "ALTER TABLE customers ADD COLUMN aside TEXT")
    company.write("UPDATE customers SET remark = :n, aside = :n WHERE id = 1", n=f"{ANA['name']} rang")
    request = erased(company)
    for column in ("remark", "aside"):
        assert company.requests.show(request.id).state == State.FAILED
        place = f"crm.customers.{column}"
        company.requests.decide_leftover(request.id, place, Decision.REDACT, "old", "dora")
        company.requests.approve(request.id, "dora")
        carried_on(company, request.id)
    assert company.requests.show(request.id).state == State.COMPLETED
    assert redacted(company, request.id, "own_rows_and_indexes") == [
        {"collection": "crm.customers", "field": column, "rows": 1} for column in ("remark", "aside")
    ]


@pytest.mark.parametrize("broken", [False, True])
def test_what_a_pass_that_was_broken_off_took_out_is_told(company: Company, broken: bool) -> None:
    """Ended with its process, or by a store that is away: the next pass does not find it any more."""
    company.write("INSERT INTO orders VALUES (90, 2, 'Bo', 1)", "ALTER TABLE orders ADD COLUMN remark TEXT")
    company.write("UPDATE orders SET remark = :n WHERE id = 90", n=f"{ANA['name']} rang")
    request = to_be_redacted(company)
    ended, work = Event(), Fulfilment(company.database, company.requests.parts)
    with company.database.write() as session:
        found = find(session, request.id)
        found.dispatched = found.attempt
    with ending_after_a_write(company, ended, broken), suppress(StoreUnavailable):
        Sweeper(company.database, work, company.home).sweep(ended)
    assert company.rows("orders")[-1]["remark"] == "[erased] rang"
    assert company.requests.show(request.id).state == State.IN_PROGRESS
    assert carried_on(company, request.id).state == State.COMPLETED
    assert redacted(company, request.id, "everybodys_texts") == [
        {"collection": "crm.orders", "field": "remark", "rows": 1}
    ]


def test_what_a_search_of_their_own_rows_took_out_is_told_where_the_store_goes_away(company: Company) -> None:
    """Everything is read before anything is taken out: what is read after it could fail."""
    company.write("ALTER TABLE customers ADD COLUMN remark TEXT", "ALTER TABLE orders ADD COLUMN remark TEXT")
    company.write("UPDATE orders SET remark = 'paid'")
    company.write("UPDATE customers SET remark = :n WHERE id = 1", n=f"{ANA['name']} rang")
    request = to_be_redacted(company)
    with ending_after_a_write(company, Event(), broken=True):
        Fulfilment(company.database, company.requests.parts).run(request.id)
    assert company.rows("customers")[0]["remark"] == "[erased] rang"
    assert carried_on(company, request.id).state == State.COMPLETED
    assert redacted(company, request.id, "own_rows_and_indexes") == [
        {"collection": "crm.customers", "field": "remark", "rows": 1}
    ]
