"""What the CRM writes while a search takes a person out of its texts is not lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from privacy_svc.rights import Decision, RequestView, State
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
