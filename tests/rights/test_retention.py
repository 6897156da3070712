"""What is over by the policy's periods ends: whole persons by a request of the policy's own, rows by their rule."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import create_engine, text

from privacy_svc.auditlog import EventType
from privacy_svc.consent import restrict
from privacy_svc.db import Database
from privacy_svc.errors import Misconfigured, NotFound
from privacy_svc.http import CustomerRef
from privacy_svc.policy import compile_policies
from privacy_svc.rights import Expiry, Filter, RequestView, Right, State, Wanted
from privacy_svc.rights.expiring import rules
from privacy_svc.store import CannotExpire
from tests.conftest import ONE_DATABASE
from tests.rights.company import ANA, DATASET, FILES, ORGANISATION, PURPOSES, Company, found_company, store_url
from tests.rights.telling import carry_out
from tests.rights.test_approval import hold

TODAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
RULED = (
    DATASET.replace(
        "      - name: orders\n",
        "          - name: closed_on\n            data_categories: [system.operations]\n"
        "            privacy: {tells: relationship_end}\n      - name: orders\n",
    )
    .replace(
        "privacy: {erase_rows: delete}",
        "privacy:\n          erase_rows: delete\n          retention:\n"
        "            - {rule: tickets, period: P2Y, from: opened_on}",
    )
    .replace(
        "            data_categories: [user.content.private]\n            privacy: {erase: null}\n"
        "      - name: notes\n",
        "            data_categories: [user.content.private]\n            privacy: {erase: null}\n"
        "          - name: opened_on\n            data_categories: [system.operations]\n"
        "      - name: notes\n        privacy:\n          retention:\n"
        "            - {rule: notes, period: P1Y, from: relationship_end, fields: [note]}\n",
    )
)


def columns(company: Company) -> None:
    """What the data map of these tests has more; Bo left 7 years ago, Ana's ticket is 3 years old."""
    engine = create_engine(company.store_url)
    with engine.begin() as connection:
        for statement in (
            "ALTER TABLE customers ADD COLUMN closed_on DATE",
            "ALTER TABLE tickets ADD COLUMN opened_on DATE",
            "UPDATE customers SET closed_on = '2019-11-22' WHERE id = 2",
            "UPDATE tickets SET opened_on = '2023-05-01' WHERE id = 20",
            "UPDATE tickets SET opened_on = '2026-05-01' WHERE id = 21",
        ):
            connection.execute(text(statement))
    engine.dispose()


@pytest.fixture
def office(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> Iterator[Company]:
    home = tmp_path / "home"
    home.mkdir()
    changed = {"datasets/crm.yml": RULED}
    with (
        store_url(request, database, tmp_path) as url,
        time_machine.travel(TODAY, tick=False),
        found_company(home, database, url, **changed) as company,
    ):
        columns(company)
        yield company


def store(company: Company, statement: str) -> None:
    engine = create_engine(company.store_url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def run(company: Company, *, dry_run: bool = False, rule: str | None = None) -> dict[str, dict[str, Any]]:
    return {t["rule"]: t for t in Expiry(company.requests).run("dora", dry_run=dry_run, rule=rule)}


def requests(company: Company) -> list[RequestView]:
    return list(company.requests.list(Filter()).requests)


def logged(company: Company, kind: EventType) -> list[Any]:
    company.log.integrate(company.database)
    with company.database.read() as session:
        return list(company.log.search(session, type=kind.value, limit=100))


def test_a_dry_run_counts_and_changes_nothing(office: Company) -> None:
    """By rule: what is due, since when; nobody is admitted, nothing opened, nothing erased."""
    told = run(office, dry_run=True)
    assert {name: (t["of"], t["due"], t["over_since"]) for name, t in told.items()} == {
        "people:customer": ("people", 1, "2020-11-23"),
        "tickets": ("rows", 1, "2024-11-23"),
        "notes": ("rows", 0, "2025-11-23"),
    }
    assert requests(office) == []
    assert len(office.rows("tickets")) == 2
    with office.database.read() as session:
        assert office.requests.parts.directory.find(session, CustomerRef(id="2")) is None


def test_a_person_who_is_over_is_erased_like_any_other(office: Company) -> None:
    """A request of the policy's own, approved by the named rule: keys, certificate, recipients; no letter."""
    run(office, rule="people:customer")
    [request] = requests(office)
    assert (request.right, request.channel, request.state) == ("erasure", "retention", State.IN_PROGRESS)
    assert request.approved_by == request.opened_by == "policy: people:customer"
    carry_out(office, request.id)
    assert office.mails() == []
    done = office.requests.show(request.id)
    assert done.state == State.COMPLETED
    certificate = json.loads(office.requests.certificate(request.id))
    assert (certificate["source"], certificate["rule"]) == ("retention", "policy: people:customer")
    assert certificate["online_at"]
    assert [n.recipient for n in office.requests.notifications(request.id)] == ["letterbox"]
    assert office.rows("customers")[1]["email"] is None or "@" not in str(office.rows("customers")[1]["email"])
    assert run(office, rule="people:customer")["people:customer"]["due"] == 0, "once is enough"
    assert office.rows("customers")[0]["email"] == ANA["email"]


@pytest.mark.parametrize(("ended", "due"), [("2020-11-23", 1), ("2020-11-24", 0), ("", 0), ("soon", 0)])
@ONE_DATABASE
def test_the_day_counts_where_the_organisation_is(office: Company, ended: str, due: int) -> None:
    """Six years to the day at local midnight; what cannot be read ends nothing."""
    store(office, f"UPDATE customers SET closed_on = '{ended}' WHERE id = 2")
    with time_machine.travel(datetime(2026, 11, 22, 23, 30, tzinfo=UTC), tick=False):
        assert run(office, dry_run=True)["people:customer"]["due"] == due


def test_nobody_under_a_hold_or_restricted_or_with_a_request_is_touched(office: Company) -> None:
    """A claim, a wish to have the data kept (Art. 18(1)), an answer that is owed: people and rows alike."""
    store(office, "UPDATE customers SET closed_on = '2019-01-01'")
    hold(office)
    with office.database.write() as session:
        second = office.requests.parts.directory.admit(session, CustomerRef(id="2"))
        restrict(session, office.log, second, "dora")
    office.requests.vouch(office.requests.open(_access("3"), "desk").id, "passport", "dora")
    told = run(office)
    people = told["people:customer"]
    assert (people["due"], people["held"], people["restricted"], people["busy"]) == (0, 1, 1, 1)
    assert (told["tickets"]["due"], told["tickets"]["held"]) == (0, 1)
    assert [r.right for r in requests(office)] == ["access"]
    assert len(office.rows("tickets")) == 2


@ONE_DATABASE
def test_nobody_is_erased_who_has_asked_and_not_yet_shown_who_they_are(office: Company) -> None:
    """For thirty days; then a request that nobody went on with puts off nothing."""
    office.requests.open(_access("2"), "portal")
    people = run(office)["people:customer"]
    assert (people["due"], people["busy"]) == (0, 1)
    with time_machine.travel(TODAY + timedelta(days=31), tick=False):
        assert run(office)["people:customer"]["due"] == 1


def _access(key: str) -> Any:
    return Wanted(Right.ACCESS, CustomerRef(id=key))


def test_rows_end_by_their_rule_and_the_rest_stays(office: Company) -> None:
    """A ticket two years old is deleted, a younger one not; the log says by which rule, and of whom."""
    told = run(office, rule="tickets")
    assert told["tickets"]["due"] == 1
    assert [r["id"] for r in office.rows("tickets")] == [21]
    [entry] = logged(office, EventType.ROWS_EXPIRED)
    assert {k: entry.payload[k] for k in ("rule", "rows")} == {"rule": "tickets", "rows": 1}
    assert office.rows("notes")[0]["note"]
    assert run(office, rule="tickets")["tickets"]["due"] == 0


def test_a_field_ends_after_the_relationship(office: Company) -> None:
    """Only the named field is emptied, in the rows of people who left: sealed values too, the person's key lives on."""
    store(office, "UPDATE customers SET closed_on = '2025-01-01' WHERE id = 1")
    told = run(office, rule="notes")
    assert told["notes"]["due"] == 1
    [note] = office.rows("notes")
    assert (note["id"], note["customer_id"], note["note"]) == (30, 1, None)
    assert run(office, rule="notes")["notes"]["due"] == 0


def test_a_purpose_without_an_end_keeps_people(office: Company) -> None:
    """Nobody is over while one purpose has no retention; the dry run names it."""
    path = office.home / "policies" / "purposes.yml"
    path.write_text(PURPOSES.replace("    retention: P1Y\n", ""))
    office.reword("id: test", "id: test")
    told = run(office, dry_run=True)["people:customer"]
    assert (told["due"], told["never"]) == (0, "newsletter")


def test_a_person_may_have_to_approve(office: Company) -> None:
    """`approval: person` leaves it to the DPO; four eyes ask for one more besides the rule."""
    office.reword("phone_region: DE", "phone_region: DE\nretention: {approval: person}")
    run(office, rule="people:customer")
    [request] = requests(office)
    assert (request.state, request.approved_by) == (State.AWAITING_APPROVAL, None)
    assert office.requests.approve(request.id, "dora").state == State.IN_PROGRESS


def test_four_eyes_count_the_rule_as_one(office: Company) -> None:
    """Where two people approve an erasure, one still does."""
    office.reword("phone_region: DE", "phone_region: DE\nfour_eyes: {rights: [erasure]}")
    run(office, rule="people:customer")
    [request] = requests(office)
    assert (request.state, request.first_approved_by) == (State.AWAITING_APPROVAL, "policy: people:customer")
    assert office.requests.approve(request.id, "dora").state == State.IN_PROGRESS


def test_the_worker_does_nothing_unless_told_to(office: Company) -> None:
    """`automatic` is off from the start."""
    assert Expiry(office.requests).keep("worker") == 0
    assert requests(office) == []


def test_the_worker_takes_a_bounded_piece_a_day_and_goes_on(office: Company) -> None:
    """One person a day here, nobody twice, and a worker that was killed in between goes on where it was."""
    store(office, "UPDATE customers SET closed_on = '2019-01-01'")
    office.reword("phone_region: DE", "phone_region: DE\nretention: {automatic: true, a_day: 1}")
    with time_machine.travel(TODAY, tick=False) as clock:
        for days in (1, 2, 3, 3, 3):
            Expiry(office.requests).keep("worker")
            Expiry(office.requests).keep("worker")
            assert len([r for r in requests(office) if r.right == "erasure"]) == days
            clock.shift(timedelta(days=1))
    assert len({r.subject for r in requests(office)}) == 3


def test_what_the_store_refuses_is_said_and_undone_in_nothing(office: Company) -> None:
    """A row that others refer to stays, with all of its range; the error names the collection, the log too."""
    if office.database.engine.dialect.name == "sqlite":
        store(office, "CREATE TABLE replies (id INTEGER PRIMARY KEY, ticket_id INTEGER REFERENCES tickets (id))")
    else:
        store(office, "CREATE TABLE replies (id INT PRIMARY KEY, ticket_id INT REFERENCES tickets (id))")
    store(office, "INSERT INTO replies VALUES (1, 20)")
    with pytest.raises(CannotExpire) as caught:
        run(office, rule="tickets")
    assert [f.pointer for f in caught.value.faults] == ["crm.tickets"]
    assert len(office.rows("tickets")) == 2
    [entry] = logged(office, EventType.ROWS_NOT_ERASED)
    assert entry.payload["problem"] == "cannot-expire"


@ONE_DATABASE
def test_the_worker_tells_of_a_refusal_once_a_day(office: Company) -> None:
    """It looks every half minute: the log would fill with the same; the other rules go on."""
    office.reword("phone_region: DE", "phone_region: DE\nretention: {automatic: true}")
    store(office, "CREATE TABLE replies (id INTEGER PRIMARY KEY, ticket_id INTEGER REFERENCES tickets (id))")
    store(office, "INSERT INTO replies VALUES (1, 20)")
    with time_machine.travel(TODAY, tick=False) as clock:
        with pytest.raises(CannotExpire):
            Expiry(office.requests).keep("worker")
        Expiry(office.requests).keep("worker")
        assert len(logged(office, EventType.ROWS_NOT_ERASED)) == 1
        assert len(requests(office)) == 1
        clock.shift(timedelta(days=1))
        with pytest.raises(CannotExpire):
            Expiry(office.requests).keep("worker")
        assert len(logged(office, EventType.ROWS_NOT_ERASED)) == 2


def test_an_unknown_rule_is_an_error(office: Company) -> None:
    """With the nearest one."""
    with pytest.raises(NotFound, match="did you mean 'tickets'"):
        run(office, rule="tikets")


@ONE_DATABASE
def test_rules_have_the_names_the_dpo_gave(office: Company) -> None:
    """Whole persons first, then the data map's."""
    assert [r.name for r in rules(office.requests.parts)] == ["people:customer", "tickets", "notes"]
    assert rules(office.requests.parts)[1].limit == date(2024, 11, 23)


WRONG = {
    "from: opened_on": ("from: openend_on", "which is no field of tickets"),
    "rule: tickets": ("rule: notes", "rule 'notes' is crm.tickets's already"),
    "rule: tickets, ": ("rule: 'people:x', ", "for whole persons"),
    "fields: [note]": ("fields: [id]", "no field that an erasure touches"),
    "period: P2Y": ("period: P0D", "longer than nothing"),
    "fields: [note]}": ("fields: [note], after: x}", "unknown key 'after'"),
}


@pytest.mark.parametrize("right", WRONG)
def test_a_rule_that_cannot_be_true_is_refused(right: str) -> None:
    """At the start, with its place."""
    wrong, words = WRONG[right]
    files = {**FILES, "datasets/crm.yml": RULED.replace(right, wrong)}
    with pytest.raises(Misconfigured) as caught:
        compile_policies({p: t.encode() for p, t in files.items()})
    assert any(words in f.detail for f in caught.value.faults), caught.value.faults


def test_the_organisations_words_are_checked() -> None:
    """Nothing is automatic by a slip."""
    for wrong in ("{automatic: yes please}", "{a_day: 0}", "{approval: nobody}", "{automatc: true}"):
        files = {**FILES, "organisation.yml": ORGANISATION + f"retention: {wrong}\n"}
        with pytest.raises(Misconfigured):
            compile_policies({p: t.encode() for p, t in files.items()})


DAYS = ("2022-01-01", "2024-11-22", "2024-11-23", "2024-11-24", "2024-12-31", "2026-05-01")
SPELLED = {
    "DATE": "{day}",
    "TIMESTAMP": "{day} 23:30:00",
    "TIMESTAMP WITH TIME ZONE": "{day}T12:00:00+00:00",
    "VARCHAR(30)": "{day}T10:00:00",
    "TEXT": "{compact}",
}


@pytest.mark.parametrize("kind", SPELLED)
def test_the_database_leaves_out_what_is_younger(office: Company, kind: str) -> None:
    """However a day is kept or spelled, the same rows are due as without its help, and young ones are not read."""
    store(office, "DELETE FROM tickets")
    store(office, "ALTER TABLE tickets DROP COLUMN opened_on")
    store(office, f"ALTER TABLE tickets ADD COLUMN opened_on {kind}")
    for key, day in enumerate(DAYS, 100):
        said = SPELLED[kind].format(day=day, compact=day.replace("-", ""))
        store(office, f"INSERT INTO tickets (id, customer_id, body, opened_on) VALUES ({key}, 3, 'x', '{said}')")
    store(office, "INSERT INTO tickets (id, customer_id, body) VALUES (200, 3, 'of no day')")
    office.stores.forget(office.policies.current.data_map.by_key["crm"].by_name["tickets"])
    told = run(office, rule="tickets")["tickets"]
    assert told["due"] == 3
    assert told["read"] < len(DAYS) + 1
    assert [r["id"] for r in office.rows("tickets")] == [103, 104, 105, 200]


def test_ends_of_relationships_are_asked_of_the_database(office: Company) -> None:
    """Of people whose own row says when they left, only those are read."""
    store(office, "UPDATE customers SET closed_on = '2026-01-01' WHERE id = 3")
    told = run(office, dry_run=True, rule="people:customer")["people:customer"]
    assert (told["due"], told["read"]) == (1, 1)
