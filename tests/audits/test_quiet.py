"""What an ordinary company does, and what a remedy has mended, is no finding."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import update

from privacy_svc.auditlog import Event, EventType, GroupEvent
from privacy_svc.consent.model import Objection, Restriction
from privacy_svc.db import now
from privacy_svc.policy.model import PolicyVersion
from privacy_svc.rights.limits_model import RestrictionEnd
from privacy_svc.rights.outside_model import RequestWork
from privacy_svc.rights.recipients_model import RecipientNotice
from privacy_svc.store.model import SealedColumn
from privacy_svc.vault import Subject
from tests.audits.conftest import TODAY, Office, permit
from tests.audits.faults_of_files import retire_fax, use_fax
from tests.audits.planting import DAY, PLANTS, another_consent, request
from tests.audits.test_checks import ALL

assert ALL  # which planted what stands in PLANTS

LATER = TODAY + timedelta(hours=1)
_ON_CONSENTS = ("consent-evidence", "consent-not-expressed", "consent-without-end")


@pytest.mark.parametrize("check", _ON_CONSENTS)
def test_a_consent_that_was_asked_for_again_is_mended(office: Office, check: str) -> None:
    """The remedy of each check: the person is asked anew, and what was lacking before counts no more."""
    PLANTS[check](office)
    with time_machine.travel(LATER, tick=True):
        another_consent(office, state_version=100, given_at=now(), recorded_at=now())
        assert office.found() == {}


def test_a_consent_of_somebody_who_was_erased_is_none(office: Office) -> None:
    """Nobody can be asked, and nothing is used."""
    with office.database.write() as session:
        gone = office.vault.create_subject(session).id
    another_consent(office, subject_id=gone, valid_until=None, notice_digest="", method="preticked")
    assert office.found().keys() == set(_ON_CONSENTS)
    with office.database.write() as session:
        office.vault.erase(session, gone)
    assert office.found() == {}


def test_a_withdrawal_that_an_objection_followed_is_no_other_basis(office: Office) -> None:
    """The remedy of basis-changed stops the use: so nobody's word is passed over. Lifted, it is a finding again."""
    PLANTS["basis-changed"](office)
    said = [(p, stands) for p in ("analytics.product", "analytics") for stands in (True, False)]
    for version, (purpose, stands) in enumerate(said, 110):
        line = {"subject_id": office.ana, "purpose": purpose, "recorded_by": "desk"}
        with office.database.write() as session:
            session.add(Objection(state_version=version, stands=stands, recorded_at=now() - DAY, **line))
        assert office.found() == ({} if stands else {"basis-changed": "finding"})


def _list_of_many(office: Office, module: str, purpose: str, **fields: list[str]) -> str:
    """A list of so many people that the entry names nobody."""
    groups = [{"fields": fields}, {"fields": {"deny": ["email"]}, "reasons": ["no_consent"]}]
    told = {"module": module, "purpose": purpose, "groups": groups, "asked": 90_000, "permitted": 60_000}
    with office.database.write() as session:
        entry = office.log.append(session, EventType.AUDIENCE_DECIDED, actor=module, payload=told)
    office.log.integrate(office.database)
    return entry


def test_a_list_of_many_is_a_use_of_its_purpose(office: Office) -> None:
    """A purpose, a grant and fields that only long lists are asked for are used; nobody's consent is missed in them."""
    PLANTS["fields-never-read"](office)
    assert office.found() == {"fields-never-read": "finding"}
    _list_of_many(office, "sales", "sales.phone", permit=["shop.customers.phone"])
    assert "fields-never-read" not in office.found()


def test_a_list_of_many_is_judged_by_purpose_and_module(office: Office) -> None:
    """Without its grant it is a finding like any other use; a group that was refused is none."""
    _list_of_many(office, "marketing", "service.contract", deny=["email"])
    assert office.found() == {}
    _list_of_many(office, "marketing", "service.contract", permit=["email"])
    assert office.found().keys() - {"reads-in-a-day"} == {"uses-without-grant"}


def _read(office: Office, ago: timedelta, many: int, actor: str = "shop") -> None:
    """So many people, each of them once."""
    payload = {"module": "shop", "purpose": "service.contract", "groups": [{"fields": {"permit": ["email"]}}]}
    with time_machine.travel(TODAY - ago, tick=True), office.database.write() as session:
        people = dict.fromkeys(office.vault.create_subjects(session, many), (0, 1))
        office.log.append_group(session, GroupEvent(EventType.RECORD_READ, people, payload), actor=actor)
    office.log.integrate(office.database)


def test_every_day_since_the_last_run_is_looked_at(office: Office) -> None:
    """A day on which no worker ran is no day off; what a run before has found is not found again."""
    with time_machine.travel(TODAY - 4 * DAY, tick=True):
        assert office.found("daily") == {}
    _read(office, 3 * DAY, 501)
    assert office.found("daily") == {"reads-in-a-day": "finding"}
    with time_machine.travel(TODAY + DAY / 24, tick=True):
        assert office.found("daily") == {}


def test_what_staff_ask_is_no_use(office: Office) -> None:
    """The DPO tries what a module might do with somebody, also without its grant: nobody was given anything."""
    question = {"module": "marketing", "purpose": "service.contract", "fields": {"permit": ["birth_date"]}}
    with office.database.write() as session:
        office.log.append(session, EventType.DECISION_PERMIT, actor="dora", subject_id=office.ana, payload=question)
    office.log.integrate(office.database)
    assert office.found() == {}


def test_who_was_as_busy_before_reads_no_more_than_ever(office: Office) -> None:
    """A job of every month, and a new module on its second day; more than three times as much is a finding."""
    _read(office, 30 * DAY, 250)
    _read(office, DAY + DAY / 12, 50)
    _read(office, DAY / 12, 700)
    assert office.found("daily") == {}
    _read(office, DAY / 24, 51)
    assert office.found("daily") == {"reads-in-a-day": "finding"}


def test_who_was_never_busy_and_reads_many_is_found(office: Office) -> None:
    """A token that lay idle, a long list, an export of consents: each is more than five hundred people at once."""
    _list_of_many(office, "marketing", "marketing.sms", permit=["phone"])
    with office.database.write() as session:
        people = dict.fromkeys(office.vault.create_subjects(session, 501), (0, 1))
        exported = GroupEvent(EventType.CONSENT_EXPORTED, people, {"export": "x", "rows": 501})
        office.log.append_group(session, exported, actor="eve")
    _read(office, DAY / 24, 501)
    found = next(r for r in office.run("daily")["results"] if r["check"] == "reads-in-a-day")
    assert [e["id"] for e in found["evidence"]] == ["eve", "marketing", "shop"]


def test_each_end_of_a_restriction_is_told(office: Office) -> None:
    """A letter about the first end does not tell of the second."""

    def say(version: int, ago: int, *, stands: bool) -> None:
        line = {"subject_id": office.ana, "state_version": version, "recorded_by": "dora"}
        with office.database.write() as session:
            session.add(Restriction(stands=stands, recorded_at=now() - ago * DAY, **line))

    def tell(ago: int) -> None:
        line = {"announced_at": now() - ago * DAY, "announced_by": "dora", "told_at": now() - ago * DAY}
        with office.database.write() as session:
            session.add(RestrictionEnd(subject_id=office.ana, reason=b"", ends_at=now() - (ago - 1) * DAY, **line))

    say(50, 50, stands=True)
    tell(45)
    say(51, 40, stands=False)
    assert office.found() == {}
    say(52, 30, stands=True)
    say(53, 5, stands=False)
    assert office.found() == {"restrictions-lifted-untold": "finding"}
    tell(10)
    assert office.found() == {}


def test_a_lifted_restriction_opens_its_parts_anew(office: Office) -> None:
    """What the request had told and done long ago is told and done again; after a fortnight recipients are late."""
    closed = {"state": "completed", "closed_at": now() - 40 * DAY, "received_at": now() - 60 * DAY}
    restriction = request(office, right="restriction", **closed, due_at=now() - 30 * DAY)
    lifted = {"subject_id": office.ana, "recorded_by": "dora"}
    told_of_it = {"announced_at": now() - 2 * DAY, "announced_by": "dora", "told_at": now() - 2 * DAY}
    with office.database.write() as session:
        session.add(Restriction(state_version=50, stands=True, recorded_at=now() - 50 * DAY, **lifted))
        session.add(RestrictionEnd(subject_id=office.ana, reason=b"", ends_at=now() - DAY, **told_of_it))
        session.add(Restriction(state_version=51, stands=False, recorded_at=now() - DAY, **lifted))
        session.add(RecipientNotice(request_id=restriction, recipient="mail_provider", state="to_tell"))
        session.add(RequestWork(request_id=restriction, place="billing", kind="http", lifts=True))
    assert office.found() == {}
    with time_machine.travel(TODAY + 15 * DAY, tick=True):
        assert "recipients-not-told" in office.found()


def test_a_request_that_ran_then_was_not_answered_then(office: Office) -> None:
    """An audit of ten days ago: the request was open, its part in another system not done, nobody had reviewed it."""
    times = {"opened_at": now() - 20 * DAY, "received_at": now() - 20 * DAY, "closed_at": now() - 2 * DAY}
    answered = request(office, state="completed", right="automated_decision", reviewed_by="dora", **times)
    work = {"place": "billing", "kind": "http", "state": "done", "opened_at": now() - 18 * DAY}
    with office.database.write() as session:
        session.add(RequestWork(request_id=answered, done_at=now() - 3 * DAY, **work))
        session.execute(update(SealedColumn).values(sealed_at=now() - 90 * DAY))
    assert office.found() == {}
    assert office.found(as_of=now() - 10 * DAY) == {}


def test_what_is_new_is_not_called_unused(office: Office) -> None:
    """In an old log a purpose, a grant and a field of today were not unused for a year."""
    PLANTS["purposes-unused"](office)
    assert office.found() == {"purposes-unused": "finding"}
    with office.database.write() as session:
        session.execute(update(PolicyVersion).values(first_seen_at=now() - DAY))
    results = {r["check"]: r for r in office.run()["results"]}
    assert results["purposes-unused"]["status"] == "not_applicable"
    assert results["purposes-unused"]["statement"].startswith("This cannot be asked yet: ")


def test_a_purpose_that_was_retired_was_registered_then(office: Office) -> None:
    """What it was used for while it was in force is no finding for a hundred days."""
    use_fax(office, retire_fax(office), 8 * DAY)
    assert office.found() == {}


def test_a_use_by_a_policy_that_is_not_kept_cannot_be_judged(office: Office) -> None:
    """Not by another policy, so every check of releases is an error; how many were read is counted all the same."""
    with office.database.write() as session:
        permit(office, session, office.ana, "service.contract", policy_version="sha256:gone")
    office.log.integrate(office.database)
    found = office.found("daily")
    assert found == dict.fromkeys(
        ("permits-without-consent", "permits-after-withdrawal", "permits-after-objection", "uses-while-restricted"),
        "error",
    )


def test_an_export_and_packages_are_looks_at_their_people(office: Office) -> None:
    """Whoever takes consents out as a file, or fetches people's packages, sees as many as are in them."""
    with office.database.write() as session:
        people = office.vault.create_subjects(session, 51)
        exported = GroupEvent(EventType.CONSENT_EXPORTED, dict.fromkeys(people, (0, 1)), {"export": "x", "rows": 51})
        office.log.append_group(session, exported, actor="eve")
        fetched = [Event(EventType.PACKAGE_DOWNLOADED, person, {}) for person in people]
        office.log.append_many(session, fetched, actor="bob")
        office.log.append_many(session, fetched, actor="person")
        office.log.append_many(session, fetched[:50], actor="ann")
        answered = office.vault.create_subjects(session, 51)
        fetched = [Event(EventType.PACKAGE_DOWNLOADED, person, {}) for person in answered]
        office.log.append_many(session, fetched, actor="dora")
    office.log.integrate(office.database)
    for person in answered:
        request(office, subject_id=person, state="completed", closed_at=now() - DAY)
    found = next(r for r in office.run()["results"] if r["check"] == "staff-look-at-many")
    assert [e["id"] for e in found["evidence"]] == ["bob", "eve"]


def test_a_child_s_consent_of_long_ago_stands_as_one_of_today(office: Office) -> None:
    """How old a consent is does not mend it, nor that the child has come of age."""
    child = PLANTS["children-without-guardian"](office)
    with time_machine.travel(TODAY + 380 * DAY, tick=True):
        found = next(r for r in office.run()["results"] if r["check"] == "children-without-guardian")
    assert [e["id"] for e in found["evidence"]] == [child]
    with office.database.write() as session:
        session.execute(update(Subject).where(Subject.birth.is_not(None)).values(of_age=18))
    assert office.found() == {"children-without-guardian": "finding"}


def test_a_review_that_is_yet_to_come_was_none(office: Office) -> None:
    """A date in the future would never be old."""
    office.edit("purposes.yml", "assessment_reviewed: 2026-03-02", "assessment_reviewed: 2062-03-02")
    office.edit("purposes.yml", "impact_assessment_reviewed: 2026-02-10", "impact_assessment_reviewed: 2062-03-02")
    assert office.found().keys() == {"interest-assessment", "impact-assessment-old"}


def test_what_an_erasure_takes_out_of_the_audit_is_counted(office: Office) -> None:
    """A use without consent is a finding until its person is erased; then the report says that it could not be judged.
    So it is with one of a list."""
    with office.database.write() as session:
        alone, listed = office.vault.create_subjects(session, 2)
        permit(office, session, alone, "marketing.email")
        groups = [{"fields": {"permit": ["email"]}}]
        payload = {"module": "marketing", "purpose": "marketing.email", "groups": groups}
        read = GroupEvent(EventType.RECORD_READ, {listed: (0, 1), office.ana: (0, 1)}, payload)
        office.log.append_group(session, read, actor="marketing")
    office.log.integrate(office.database)
    before = _result_of(office, "permits-without-consent")
    assert (before["count"], before["not_judged"]) == (2, 0)
    with office.database.write() as session:
        theirs = [office.log.theirs(session, person) for person in (alone, listed)]
        for person in theirs:
            office.vault.erase(session, person.subject_id)
            office.log.erase_payloads(session, person, actor="worker")
    after = _result_of(office, "permits-without-consent")
    assert (after["status"], after["not_judged"]) == ("pass", 2)
    assert after["statement"] == "Nothing was found. 2 uses of people erased since could not be judged."
    assert office.run("daily")["not_judged"] == 2


def _result_of(office: Office, check: str) -> dict[str, Any]:
    return next(r for r in office.run("daily")["results"] if r["check"] == check)
