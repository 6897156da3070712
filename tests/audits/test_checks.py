"""Each check finds the fault it is for, and only that one; a company in good order has none."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import delete, insert, select, update

from privacy_svc.auditlog import EventType, GroupEvent
from privacy_svc.auditlog.model import Entry
from privacy_svc.consent.model import Consent
from privacy_svc.db import new_id, now
from privacy_svc.http import Role
from privacy_svc.identity import Client, add_client
from privacy_svc.rights.model import DataRequest, Hold, RecipientNotice
from privacy_svc.vault.model import Fence, PageKey, Subject, SubjectKey
from tests.audits.conftest import TODAY, Office, permit

DAY = timedelta(days=1)
PLANTS: dict[str, Callable[[Office], str]] = {}


def plants(check: str) -> Callable[[Callable[[Office], str]], Callable[[Office], str]]:
    """The function plants the fault that `check` is for, and returns the evidence to be shown."""

    def register(plant: Callable[[Office], str]) -> Callable[[Office], str]:
        PLANTS[check] = plant
        return plant

    return register


def _request(office: Office, **differently: Any) -> str:
    at = now()
    row = {
        "id": new_id(),
        "right": "access",
        "subject_id": office.ana,
        "state": "verifying",
        "channel": "web",
        "opened_by": "desk",
        "opened_at": at - 40 * DAY,
        "received_at": at - 40 * DAY,
        "due_at": at + 30 * DAY,
        "due_conservative": at + 30 * DAY,
    } | differently
    with office.database.write() as session:
        session.add(DataRequest(**row))
    return str(row["id"])


@plants("requests-overdue")
def _overdue(office: Office) -> str:
    _request(office, due_at=now() - DAY, closed_at=now(), state="completed")
    _request(office, due_at=now() - DAY, paused_since=now() - 2 * DAY)
    return _request(office, due_at=now() - DAY, paused_since=now() - DAY / 2)


@plants("requests-due-soon")
def _due_soon(office: Office) -> str:
    _request(office, due_at=now() + 4 * DAY, paused_since=now() - DAY)
    return _request(office, due_at=now() + 4 * DAY)


@plants("refusals-without-reason")
def _refused(office: Office) -> str:
    _request(office, state="refused", closed_at=now(), ground="excessive", refused_by="dora")
    return _request(office, state="refused", closed_at=now(), refused_by="dora")


@plants("recipients-not-told")
def _not_told(office: Office) -> str:
    request = _request(office, right="erasure", state="completed", closed_at=now() - 15 * DAY)
    with office.database.write() as session:
        session.add(RecipientNotice(request_id=request, recipient="mail_provider"))
        session.add(RecipientNotice(request_id=request, recipient="ad_network", state="impossible"))
    return request


def _another_consent(office: Office, **differently: Any) -> str:
    with office.database.write() as session:
        row = session.scalars(select(Consent)).first()
        assert row is not None
        values = {c.key: getattr(row, c.key) for c in Consent.__table__.columns}
        wanted = values | {"id": new_id(), "state_version": 99} | differently
        session.execute(insert(Consent), [wanted])
    return str(wanted["id"])


@plants("consent-evidence")
def _no_evidence(office: Office) -> str:
    return _another_consent(office, notice_digest="")


@plants("consent-notice")
def _other_text(office: Office) -> str:
    return _another_consent(office, notice_digest="sha256:" + "0" * 64)


@plants("consent-without-end")
def _no_end(office: Office) -> str:
    return _another_consent(office, valid_until=None)


@plants("permits-without-consent")
def _no_consent(office: Office) -> str:
    with office.database.write() as session:
        nobody_asked = office.vault.create_subject(session).id
        entry = permit(office, session, nobody_asked, "marketing.email")
        permit(office, session, nobody_asked, "service.contract")
    office.log.integrate(office.database)
    return entry


@plants("erased-but-readable")
def _key_left(office: Office) -> str:
    with office.database.write() as session:
        office.vault.erase(session, office.vault.create_subject(session).id)
        left = office.vault.create_subject(session).id
        session.execute(update(Subject).where(Subject.id == left).values(erased_at=now()))
    return left


@plants("evidence-kept-too-long")
def _evidence_left(office: Office) -> str:
    """Beside somebody whose evidence a hold keeps, and somebody erased when there were no dates."""
    with office.database.write() as session:
        left, held, undated = office.vault.create_subjects(session, 3)
        for person in (left, held, undated):
            office.vault.erase(session, person)
        for person in (left, held):
            office.vault.keep_evidence(session, person, now() - 10 * DAY)
        session.add(Hold(subject_id=held, article="17(3)(e)", reason=b"", placed_by="dora"))
    return left


@plants("erasures-undone")
def _undone(office: Office) -> str:
    """The person's row and key are as before the erasure, and no fence is left: only the ledger tells."""
    with office.database.write() as session:
        person = office.vault.create_subject(session).id
        keys = select(SubjectKey.__table__).where(SubjectKey.subject_id == person, SubjectKey.use == "data")
        [key] = session.execute(keys).mappings()
        page = session.execute(select(PageKey.__table__).where(PageKey.id == key["page_key_id"])).mappings().one()
    with office.database.write() as session:
        office.vault.erase(session, person)
    office.vault.ledger.export(office.database)
    with office.database.write() as session:
        session.execute(insert(PageKey), [dict(page)])
        session.execute(update(SubjectKey).filter_by(subject_id=person, use="data").values(dict(key)))
        session.execute(update(Subject).where(Subject.id == person).values(erased_at=None))
        session.execute(delete(Fence).where(Fence.subject_id == person))
    return person


@plants("pages-to-replace")
def _page_waits(office: Office) -> str:
    with office.database.write() as session:
        page = session.scalars(select(PageKey).limit(1)).one()
        page.replace_due = True
        return page.id


@plants("pages-to-replace")
def _page_waits(office: Office) -> str:
    with office.database.write() as session:
        page = session.scalars(select(PageKey)).first()
        assert page is not None
        page.replace_due = True
        return page.id


@plants("interest-assessment")
def _old_assessment(office: Office) -> str:
    office.edit("purposes.yml", "assessment_reviewed: 2026-03-02", "assessment_reviewed: 2025-11-01")
    return "analytics.product"


@plants("register-complete")
def _incomplete(office: Office) -> str:
    name = "  name: Data Protection Officer of Nordlicht Handels GmbH\n"
    office.edit("organisation.yml", name + "  address: Hafenstraße 12, 24103 Kiel\n", name)
    return "dpo:address"


@plants("unused-clients")
def _unused(office: Office) -> str:
    with office.database.write() as session:
        for name, used in (("forgotten", None), ("busy", now())):
            add_client(session, office.log, name, Role.MODULE, "operator")
            old = update(Client).where(Client.name == name)
            session.execute(old.values(created_at=now() - 91 * DAY, last_used_at=used))
    office.log.integrate(office.database)
    return "forgotten"


@plants("log-broken")
def _altered(office: Office) -> str:
    with office.database.write() as session:
        session.execute(update(Entry).where(Entry.index == 1).values(actor="somebody"))
    return "log:altered:1"


@plants("log-waiting")
def _waiting(office: Office) -> str:
    with time_machine.travel(TODAY - 2 * DAY), office.database.write() as session:
        return permit(office, session, office.ana, "service.contract")


@plants("key-files")
def _open_key(office: Office) -> str:
    (office.settings.home / "keys" / "epoch-1.key").chmod(0o640)
    return "keys/epoch-1.key"


@pytest.mark.parametrize("check", sorted(PLANTS))
def test_a_planted_fault_fires_exactly_its_check(office: Office, check: str) -> None:
    """The check finds it, shows the right pseudonym, and no other check says anything."""
    evidence = PLANTS[check](office)
    results = [r for r in office.run()["results"] if r["status"] != "pass"]
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
    assert [r for r in report["results"] if r["status"] != "pass"] == []
    assert report["summary"]["pass"] == len(report["results"]) > 0


def test_a_withdrawal_makes_later_permits_a_finding(office: Office) -> None:
    """The consent that held before does not cover a permit after its end."""
    _another_consent(office, state="withdrawn", given_at=now() - DAY, recorded_at=now() - DAY)
    assert office.found() == {"permits-without-consent": "finding"}


def test_a_permit_before_the_withdrawal_is_none(office: Office) -> None:
    """What counts is the consent of the permit's moment, not what stands at the audit."""
    with time_machine.travel(TODAY + timedelta(hours=1)):
        _another_consent(office, state="withdrawn", given_at=now(), recorded_at=now())
    with time_machine.travel(TODAY + timedelta(hours=2)):
        assert office.found() == {}


def test_a_read_of_many_people_is_checked_for_each(office: Office) -> None:
    """One entry about people of whom one was given out without a consent is a finding; where nothing of that one was
    given out, it is none."""
    with office.database.write() as session:
        nobody_asked = office.vault.create_subject(session).id
    payload = {
        "purpose": "marketing.email",
        "groups": [{"fields": {"permit": ["email"]}}, {"fields": {"deny": ["email"]}}],
    }
    for group, found in ((1, {}), (0, {"permits-without-consent": "finding"})):
        event = GroupEvent(EventType.RECORD_READ, {nobody_asked: (group, 1)}, payload)
        with office.database.write() as session:
            office.log.append_group(session, event, actor="marketing")
        office.log.integrate(office.database)
        assert office.found() == found
