"""What outlives an erasure as evidence ends on a date of its own: not before, and then for good."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy import Table, select, update

from privacy_svc.auditlog import EventType
from privacy_svc.auditlog.model import Payload
from privacy_svc.consent import NoticeRef, RecordConsent, Source, record
from privacy_svc.consent.model import Consent
from privacy_svc.consent.proving import Asked, overview
from privacy_svc.db import Base, now
from privacy_svc.errors import Erased
from privacy_svc.http import CustomerRef
from privacy_svc.rights import Aftermath, Holds, Right, Wanted
from privacy_svc.rights.evidence import Ended
from privacy_svc.rights.model import Hold
from privacy_svc.vault import Fence, Kind, Tampered
from privacy_svc.vault.model import LedgerEntry, PageKey, SubjectKey
from tests.factories import check_log
from tests.rights.company import ANA, Company
from tests.rights.running import carried_out
from tests.rights.test_suppressing import EMAIL, listed

WORDS = "I am moving away"
DAY = timedelta(days=1)
Backup = dict[Table, list[dict[str, Any]]]


def consent(company: Company, key: str = "1") -> None:
    """To the newsletter, with a reference that the evidence key seals."""
    wanted = RecordConsent(
        customer=CustomerRef(id=key),
        purpose="newsletter",
        state="given",
        source=Source("web", reference="form 7"),
        notice=NoticeRef("news", 1, "en"),
    )
    subject = company.subject(key)
    with company.database.write() as session:
        record(
            session,
            company.vault,
            company.log,
            company.policies.current,
            actor="desk",
            subject_id=subject,
            wanted=wanted,
            at=now(),
        )


def erase(company: Company, key: str = "1") -> str:
    """All of an erasure, step by step as a worker takes them; the request."""
    wanted = Wanted(Right.ERASURE, CustomerRef(id=key), details={"why": WORDS})
    request = company.requests.open(wanted, "desk").id
    company.requests.vouch(request, "passport", "dora")
    company.requests.approve(request, "dora")
    carried_out(company.database, company.requests.parts, request)
    return request


def until(company: Company, subject: str) -> datetime:
    with company.database.read() as session:
        found = company.vault.evidence_until(session, subject)
    assert found is not None
    return found


def ended_at(company: Company, at: datetime, *, automatic: bool = False) -> Ended:
    with time_machine.travel(at):
        done = Aftermath(company.requests).end_evidence("worker", automatic=automatic)
        check_log(company.database, company.log)
        return done


def proof_of(company: Company, subject: str) -> Any:
    with company.database.read() as session:
        asked = Asked(proof=True, evidence=True)
        policies = company.policies.current
        found = overview(session, company.log, policies, subject, CustomerRef(subject=subject), asked, now())
    return found.consents[0].proof


def sealed_for(company: Company, subject: str) -> int:
    """Log payloads under a key of this person."""
    with company.database.read() as session:
        return len(session.scalars(select(Payload).where(Payload.owner_id == subject)).all())


def test_on_its_date_it_is_gone(company: Company) -> None:
    """The certificate and the letter say until when. Before, the DPO reads what was said; then key, log payloads,
    proofs and details are gone, which every view says; the log is whole, others and the suppression list stay."""
    consent(company)
    consent(company, "2")
    subject, other = company.subject(), company.subject("2")
    request = erase(company)
    date = until(company, subject)
    document = json.loads(company.requests.certificate(request))
    assert document["evidence_until"] == date.isoformat().replace("+00:00", "Z")
    assert date.isoformat()[:4] == str(int(document["completed_at"][:4]) + 4)
    local = date.astimezone(ZoneInfo("Europe/Berlin"))
    assert f"until {local:%Y-%m-%d}" in " ".join(company.mails()[-1].replace("=\n", "").split())

    assert ended_at(company, date - DAY) == Ended(0, 0)
    assert company.requests.details(request, "dora").given == {"why": WORDS}
    assert proof_of(company, subject).evidence == {"reference": "form 7"}
    with company.database.read() as session:
        pages = set(session.scalars(select(PageKey.id)))

    assert Aftermath(company.requests).evidence_over() == 0
    payloads = sealed_for(company, subject)
    assert payloads > 5
    assert ended_at(company, date + DAY) == Ended(1, payloads)
    assert sealed_for(company, subject) == 0
    with pytest.raises(Erased, match="end"):
        company.requests.details(request, "dora")
    assert (proof_of(company, subject).evidence_kept, proof_of(company, other).evidence_kept) == (False, True)
    assert proof_of(company, other).evidence == {"reference": "form 7"}
    assert company.requests.show(request).state == "completed"
    assert company.requests.timeline(request)
    assert listed(company)[EMAIL]
    with company.database.read() as session:
        assert not company.log.search(session, subject_id=subject)
        [said] = company.log.search(session, type=EventType.EVIDENCE_ENDED)
        assert (said.payload, said.subject_id) == ({"entries": payloads}, None)
        assert pages.isdisjoint(session.scalars(select(PageKey.id)))
        assert session.scalar(select(Consent.sealed).where(Consent.subject_id == subject)) is None
        assert company.vault.status(session).evidence_ended == 1
    assert company.log.verify(company.database).erased >= payloads
    assert ended_at(company, date + 2 * DAY) == Ended(0, 0)


def test_what_is_written_afterwards_names_nobody(company: Company) -> None:
    """The DPO looks at somebody of whom no key is left: the look is logged, and the log does not name them again."""
    subject = company.subject()
    erase(company)
    ended_at(company, until(company, subject) + DAY)
    with company.database.write() as session:
        company.log.append(session, EventType.CONSENT_READ, actor="dora", subject_id=subject, payload={"as_of": "x"})
        company.requests.parts.audit(session, subject, company_event(), "dora", request="r")
    check_log(company.database, company.log)
    with company.database.read() as session:
        for kind in (EventType.CONSENT_READ, EventType.DETAILS_READ):
            [look] = company.log.search(session, type=kind)
            assert (look.subject_id, look.erased) == (None, False)


def company_event() -> Any:
    from privacy_svc.rights.parts import Event

    return Event.DETAILS_READ


def test_what_a_law_keeps_sealed_keeps_the_key(company: Company) -> None:
    """An invoice's name that must be kept ten years opens until then; the letter names the law."""
    company.seal()
    subject = company.subject()
    document = json.loads(company.requests.certificate(erase(company)))
    date = until(company, subject)
    assert date.isoformat() >= document["kept"][0]["keep_until"]
    assert date - now() > timedelta(days=3650)
    assert "147 AO" in company.mails()[-1]
    assert ended_at(company, now() + timedelta(days=5 * 366)) == Ended(0, 0)
    sealed = str(company.rows("orders")[0]["billing_name"])
    with company.database.read() as session:
        assert company.vault.cipher(session, subject, "evidence").open_text(1010, "10", sealed) == ANA["name"]
    assert ended_at(company, date + DAY).people == 1
    with company.database.read() as session, pytest.raises(Erased):
        company.vault.cipher(session, subject, "evidence")


def test_a_hold_puts_the_end_off(company: Company) -> None:
    """Placed after the erasure, by the subject's id. It ends by itself or is lifted, and what it kept goes; once it is
    gone, a hold comes too late."""
    subject = company.subject()
    request = erase(company)
    date = until(company, subject)

    def place(end: datetime | None) -> str:
        who, article = CustomerRef(subject=subject), "17(3)(e)"
        return Holds(company.requests).place_hold(who, reason="a lawsuit", article=article, until=end, actor="dora").id

    place(date + 100 * DAY)
    endless = place(None)
    assert ended_at(company, date + 200 * DAY) == Ended(0, 0)
    assert Holds(company.requests).hold(endless, "dora").reason == "a lawsuit"
    Holds(company.requests).lift_hold(endless, "dora")
    assert ended_at(company, date + 99 * DAY) == Ended(0, 0)
    assert company.requests.details(request, "dora").given == {"why": WORDS}
    assert ended_at(company, date + 101 * DAY).people == 1
    with company.database.read() as session:
        assert set(session.scalars(select(Hold.reason))) == {b""}
    assert Holds(company.requests).hold(endless, "dora").reason is None
    with pytest.raises(Erased):
        place(None)


@contextmanager
def put_back(company: Company) -> Iterator[None]:
    """What is done inside happens after the backup that is restored then; what lies outside the database stays."""
    backup = back_up(company)
    yield
    restore(company, backup)


def back_up(company: Company) -> Backup:
    with company.database.read() as session:
        return {t: [dict(r) for r in session.execute(select(t)).mappings()] for t in Base.metadata.sorted_tables}


def restore(company: Company, backup: Backup) -> None:
    with company.database.write() as session:
        for table in reversed(backup):
            session.execute(table.delete())
        for table, rows in backup.items():
            if rows:
                session.execute(table.insert(), rows)


@pytest.mark.parametrize("root_key_destroyed", [False, True])
def test_a_backup_does_not_bring_it_back(company: Company, *, root_key_destroyed: bool) -> None:
    """Restored from before the end: the replay repeats it, in keys, log and tables, also with a copy of the keys."""
    consent(company)
    subject = company.subject()
    request = erase(company)
    company.vault.ledger.export(company.database)
    date = until(company, subject)
    with put_back(company):
        assert ended_at(company, date + DAY).people == 1
        company.vault.roll_epoch(company.database)
        if root_key_destroyed:
            company.vault.destroy_epoch(company.database, 1)
    with company.database.read() as session:
        missing = [line.kind for line in company.vault.ledger.missing(session)]
    assert Kind.EVIDENCE_ENDED in missing
    done = Aftermath(company.requests).replay("operator", lambda *_: None)
    assert done.lost == 0
    with company.database.read() as session, pytest.raises(Erased):
        company.vault.cipher(session, subject, "evidence")
    with pytest.raises(Erased):
        company.requests.details(request, "dora")
    assert not proof_of(company, subject).evidence_kept
    assert sealed_for(company, subject) == 0
    check_log(company.database, company.log)


def test_a_backup_from_before_the_erasure_learns_the_date(company: Company) -> None:
    """The replayed erasure has the date it had."""
    subject = company.subject()
    with put_back(company):
        erase(company)
        company.vault.ledger.export(company.database)
        date = until(company, subject)
    Aftermath(company.requests).replay("operator", lambda *_: None)
    assert until(company, subject) == date


def test_who_came_back(company: Company) -> None:
    """Before the end the key is theirs again and has no date; after it they get another. The next erasure dates it."""
    subject, back = company.subject(), CustomerRef(id="1")
    erase(company)
    first = until(company, subject)
    Aftermath(company.requests).readmit(back, "signed up again", "dora")
    assert ended_at(company, first + DAY) == Ended(0, 0)
    consent(company)
    erase(company)
    second = until(company, subject)
    assert ended_at(company, second + DAY).people == 1
    Aftermath(company.requests).readmit(back, "signed up again", "dora")
    consent(company)
    with company.database.read() as session:
        assert company.vault.cipher(session, subject, "evidence").newest == 2
    request = erase(company)
    assert company.requests.details(request, "dora").given == {"why": WORDS}
    third = until(company, subject)
    assert ended_at(company, third + DAY).people == 1
    with pytest.raises(Erased):
        company.requests.details(request, "dora")


def test_erased_before_there_were_dates(company: Company) -> None:
    """They get the date that they would have got, of what the erasure kept sealed too."""
    company.seal()
    subject = company.subject()
    erase(company)
    date = until(company, subject)
    with company.database.write() as session:
        session.execute(update(Fence).values(evidence_until=None))
    assert ended_at(company, date - 10 * DAY) == Ended(0, 0)
    assert abs(until(company, subject) - date) < DAY
    company.vault.ledger.export(company.database)
    with company.database.read() as session:
        assert Kind.EVIDENCE_KEPT in session.scalars(select(LedgerEntry.kind)).all()


def test_the_worker_goes_a_month_a_day(company: Company) -> None:
    """A clock that is ahead, or a wrong line in the policy, costs a month of the oldest, not everything."""
    start = now()
    with company.database.write() as session:
        for days in (10, 20, 100):
            subject = company.vault.create_subject(session).id
            company.vault.erase(session, subject)
            company.vault.keep_evidence(session, subject, start + days * DAY)
    year = start + 365 * DAY
    assert ended_at(company, year, automatic=True).people == 2
    assert ended_at(company, year + DAY / 2, automatic=True).people == 0
    assert ended_at(company, year + 2 * DAY, automatic=True).people == 1


def test_a_key_taken_away_is_no_end(company: Company) -> None:
    """Who empties the row of an evidence key in the database is found: it had not ended."""
    consent(company)
    subject = company.subject()
    with company.database.write() as session:
        session.execute(update(SubjectKey).where(SubjectKey.use == "evidence").values(wrapped=None))
    with company.database.read() as session, pytest.raises(Tampered):
        company.vault.cipher(session, subject, "evidence")
    company.log.integrate(company.database)
    assert {f.kind for f in company.log.verify(company.database).findings} == {"payload_missing"}


def test_who_writes_about_them_is_waited_for(company: Company) -> None:
    """An entry that is being sealed by the key while it ends is either before the end, and erased, or names nobody."""
    subject = company.subject()
    erase(company)
    found: list[Ended] = []
    with time_machine.travel(until(company, subject) + DAY):
        ending = threading.Thread(target=lambda: found.append(Aftermath(company.requests).end_evidence("worker")))
        with company.database.write() as session:
            company.requests.parts.audit(session, subject, company_event(), "dora", request="r")
            ending.start()
            ending.join(1.0)
            assert not found
        ending.join(60.0)
        assert found[0].people == 1
        check_log(company.database, company.log)
    assert sealed_for(company, subject) == 0
