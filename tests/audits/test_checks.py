"""Each check finds the fault it is for, and only that one; a company in good order has none."""

from datetime import timedelta

import pytest
import time_machine

from privacy_svc.auditlog import EventType, GroupEvent
from privacy_svc.db import now
from tests.audits import faults_of_breaches, faults_of_consents, faults_of_files, faults_of_keeping, faults_of_requests
from tests.audits.conftest import QUIET, TODAY, Office
from tests.audits.planting import DAY, PLANTS, another_consent

ALL = (faults_of_breaches, faults_of_consents, faults_of_files, faults_of_keeping, faults_of_requests)
"""Importing them fills `PLANTS`."""


@pytest.mark.parametrize("check", sorted(PLANTS))
def test_a_planted_fault_fires_exactly_its_check(office: Office, check: str) -> None:
    """The check finds it, shows the right pseudonym, and no other check says anything."""
    evidence = PLANTS[check](office)
    results = [r for r in office.run()["results"] if r["status"] not in QUIET]
    assert {r["check"]: r["status"] for r in results} == {check: "finding"}
    assert [e["id"] for e in results[0]["evidence"]] == [evidence]
    assert results[0]["count"] == 1
    assert results[0]["statement"].count("1") >= 1
    assert results[0]["remedy"]


def test_every_check_has_its_fault(office: Office) -> None:
    """No check file is without a test that plants what it looks for, and each is in the quarterly programme."""
    files = {p.stem for p in (office.settings.audits / "checks").glob("*.yml")}
    assert files == PLANTS.keys()
    assert {c.id for c in office.audits.programmes()["quarterly"].checks} == files


@pytest.mark.parametrize("programme", ["quarterly", "daily", "before-release"])
def test_a_company_in_good_order_has_no_findings(office: Office, programme: str) -> None:
    """Every check runs on a company with a person, a consent, a permit and a client, and passes."""
    report = office.run(programme)
    others = {r["check"]: r["status"] for r in report["results"] if r["status"] != "pass"}
    young = ("fields-never-read", "grants-unused", "purposes-unused") if programme == "quarterly" else ()
    accepted = {"kinds-without-end": "accepted"} if programme == "quarterly" else {}
    assert others == dict.fromkeys(young, "not_applicable") | accepted
    assert report["summary"]["pass"] == len(report["results"]) - len(others) > 0


def test_a_withdrawal_makes_later_permits_a_finding(office: Office) -> None:
    """The consent that held before does not cover a permit after its end."""
    another_consent(office, state="withdrawn", given_at=now() - DAY, recorded_at=now() - DAY)
    assert office.found() == {"permits-after-withdrawal": "finding"}


def test_a_permit_before_the_withdrawal_is_none(office: Office) -> None:
    """What counts is the consent of the permit's moment, not what stands at the audit."""
    with time_machine.travel(TODAY + timedelta(hours=1)):
        another_consent(office, state="withdrawn", given_at=now(), recorded_at=now())
    with time_machine.travel(TODAY + timedelta(hours=2)):
        assert office.found() == {}


def test_a_read_of_many_people_is_checked_for_each(office: Office) -> None:
    """One entry about people of whom one was given out without a consent is a finding; where nothing of that one was
    given out, it is none."""
    with office.database.write() as session:
        nobody_asked = office.vault.create_subject(session).id
    payload = {
        "module": "marketing",
        "purpose": "marketing.email",
        "groups": [{"fields": {"permit": ["email"]}}, {"fields": {"deny": ["email"]}}],
    }
    for group, found in ((1, {}), (0, {"permits-without-consent": "finding"})):
        event = GroupEvent(EventType.RECORD_READ, {nobody_asked: (group, 1)}, payload)
        with office.database.write() as session:
            office.log.append_group(session, event, actor="marketing")
        office.log.integrate(office.database)
        assert office.found() == found
