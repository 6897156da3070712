"""A run reads only, says what it could not find out, shows pseudonyms, and can be proved."""

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from privacy_svc.auditlog import EventType, NoteError, canonical, verify_json
from privacy_svc.audits import AuditRun, Format, UnknownAudit, UnknownProgramme, reading, report_as
from privacy_svc.audits.errors import AlteredReport
from privacy_svc.audits.reading import read_only
from privacy_svc.consent.model import Consent
from privacy_svc.db import now
from privacy_svc.errors import BadRequest
from privacy_svc.identity import Client
from privacy_svc.policy import load_policies
from tests.audits.conftest import Office
from tests.audits.test_checks import PLANTS
from tests.factories import make_log

HARMLESS = "SELECT consent AS evidence, given_at AS since FROM consents"


def _sql(query: str) -> str:
    return f"sql: {json.dumps(query)}"


def _result(office: Office, query: str) -> dict[str, Any]:
    office.add_check(_sql(query))
    (result,) = office.run("mine")["results"]
    return dict(result)


@pytest.mark.parametrize(
    "query",
    [
        "WITH gone AS (DELETE FROM consents RETURNING consent) SELECT consent AS evidence, NULL AS since FROM gone",
        "WITH x AS (SELECT 1) DELETE FROM consents",
        f"{HARMLESS}; DELETE FROM consents",
        f"{HARMLESS}) AS x; DELETE FROM main.consents; --",
        "SELECT load_extension('x') AS evidence, NULL AS since",
        "SELECT setval('x', 1) AS evidence, NULL AS since",
        "SELECT 1/0 AS evidence, no_such_column AS since",
        "SELECT state FROM consents",
        "SELECT id AS evidence, given_at AS since FROM main.consents",
        "SELECT name AS evidence, NULL AS since FROM sqlite_master",
        "WITH x AS (SELECT token_hash FROM main.clients) SELECT hex(token_hash) AS evidence, NULL AS since FROM x",
        "WITH persons AS (SELECT id FROM main.subjects) SELECT id AS evidence, NULL AS since FROM persons",
        "WITH known AS (SELECT id FROM main.subjects) SELECT id AS evidence, NULL AS since FROM known",
        "WITH x AS (SELECT id FROM subjects) SELECT id AS evidence, NULL AS since FROM x",
        "WITH x AS (SELECT name FROM sqlite_master) SELECT name AS evidence, NULL AS since FROM x",
        "SELECT name AS evidence, NULL AS since FROM sqlite_temp_master",
        "SELECT NULL AS evidence, given_at AS since FROM consents",
        "SELECT evidence, since FROM nowhere",
        "SELECT consent AS evidence, given_at AS since FROM consents WHERE given_at < :yesterday",
        "SELECT 'ana@example.org' AS evidence, NULL AS since",
        "SELECT 'Ana Figueiredo' AS evidence, NULL AS since",
        "SELECT '0351210990042' AS evidence, NULL AS since",
    ],
)
def test_a_check_that_cannot_or_may_not_run_is_an_error(office: Office, query: str) -> None:
    """It writes nothing, reads no table of ours but through a view, shows no more than pseudonyms, never passes."""
    result = _result(office, query)
    assert (result["status"], result["evidence"]) == ("error", [])
    assert result["statement"].startswith("This check could not run")
    assert "ana" not in json.dumps(result).lower()
    with office.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Consent)) == 1


def test_a_check_that_never_ends_is_stopped(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an error, and the checks after it run."""
    monkeypatch.setattr(reading, "LONGEST", 1)
    endless = (
        "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i FROM n) SELECT max(i) AS evidence, NULL AS since FROM n"
    )
    office.add_check(_sql(endless))
    file = office.settings.audits / "programmes.yml"
    file.write_text(file.read_text().replace("checks: [mine]", "checks: [mine, requests-overdue]"))
    stopped, after = office.run("mine")["results"]
    assert (stopped["status"], stopped["statement"]) == (
        "error",
        "This check could not run: it took longer than 1 seconds.",
    )
    assert after["status"] == "pass"


def test_the_connection_of_an_audit_cannot_write(office: Office) -> None:
    """Whatever statement gets onto it, by whichever way."""
    policies = load_policies(office.settings.policies)
    table = "main.consents" if office.database.engine.dialect.name == "sqlite" else "public.consents"
    with read_only(office.database, policies, now()) as views, pytest.raises(DBAPIError):
        views.exec_driver_sql(f"DELETE FROM {table}")


def test_tables_of_ours_are_not_there_for_a_check(office: Office) -> None:
    """A table without a view cannot be read at all."""
    assert _result(office, "SELECT id AS evidence, created_at AS since FROM subjects")["status"] == "error"


def test_after_an_audit_the_database_can_be_written(office: Office) -> None:
    """What was forbidden for the audit's connection does not stay with the pool."""
    office.run("daily")
    with office.database.write() as session:
        office.vault.create_subject(session)
        assert session.execute(text("SELECT count(*) FROM subjects")).scalar_one() >= 2


def test_one_broken_check_does_not_hide_the_others(office: Office) -> None:
    """The others are carried out after it."""
    office.add_check(_sql("SELECT 1/0 AS evidence, no_such_column AS since"))
    file = office.settings.audits / "programmes.yml"
    file.write_text(file.read_text().replace("checks: [mine]", "checks: [mine, requests-overdue]"))
    PLANTS["requests-overdue"](office)
    assert office.found("mine") == {"mine": "error", "requests-overdue": "finding"}


def test_many_findings_are_counted_and_twenty_are_shown(office: Office) -> None:
    """The sample is the first by id, so that it is the same each time."""
    with office.database.write() as session:
        for _ in range(25):
            office.vault.create_subject(session)
    result = _result(office, "SELECT person AS evidence, created_at AS since FROM persons WHERE kind = 'customer'")
    assert (result["count"], len(result["evidence"])) == (26, 20)
    ids = [e["id"] for e in result["evidence"]]
    assert ids == sorted(ids)
    assert result["evidence"][0]["since"].endswith("Z")
    assert result["statement"] == "26 found."


def test_the_same_time_gives_the_same_results(office: Office) -> None:
    """What is recorded after the as-of time changes nothing."""
    as_of = now()
    before = office.run(as_of=as_of)["results"]
    for plant in ("erased-but-readable", "consent-evidence", "unused-clients", "permits-without-consent"):
        PLANTS[plant](office)
    with office.database.write() as session:
        recorded_later = update(Consent).where(Consent.notice_digest == "").values(recorded_at=now())
        session.execute(recorded_later)
        session.execute(update(Client).values(created_at=now()))
    assert office.run(as_of=as_of)["results"] == before
    assert len(office.found()) == 3


@pytest.mark.parametrize("wrong", [timedelta(days=1), None])
def test_an_audit_is_of_a_time_that_has_passed(office: Office, wrong: timedelta | None) -> None:
    """Not of tomorrow, and not of a time without a zone."""
    as_of = now() + wrong if wrong else now().replace(tzinfo=None)
    with pytest.raises(BadRequest):
        office.run(as_of=as_of)


def test_an_audit_is_of_a_time_that_the_log_knows(office: Office) -> None:
    """Of before its first entry nothing was recorded: that is no company in good order."""
    with pytest.raises(BadRequest, match="log begins"):
        office.run(as_of=now() - timedelta(days=31))


def test_a_run_about_an_earlier_time_is_not_the_present(office: Office) -> None:
    """Run last, it is the latest run, and not the latest about now."""
    today = office.run("daily")["id"]
    report = office.run("daily", now() - timedelta(days=9))
    earlier = report["id"]
    assert "This is of an earlier time" in report_as(Format.HTML, report)
    assert [run.id for run in office.audits.latest(9)] == [earlier, today]
    assert [run.id for run in office.audits.latest(programme="daily", present=True)] == [today]


def test_a_report_is_signed_kept_and_logged(office: Office) -> None:
    """The kept report is the signed one, its signature holds, a changed one's does not; the log says it ran."""
    report = office.run()
    kept = office.audits.find(report["id"])
    assert kept == report
    verify_json(kept, office.log.signer.vkey)
    with pytest.raises(NoteError):
        verify_json({**kept, "summary": {"pass": 99, "finding": 0, "error": 0}}, office.log.signer.vkey)
    office.log.integrate(office.database)
    with office.database.read() as session:
        (entry,) = office.log.search(session, type=EventType.AUDIT_COMPLETED)
    assert entry.payload is not None
    assert (entry.actor, entry.payload["run"], entry.payload["summary"]) == ("dora", report["id"], report["summary"])
    (latest,) = office.audits.latest()
    assert (latest.id, latest.passed) == (report["id"], report["summary"]["pass"])


def test_a_kept_report_that_was_changed_is_not_shown(office: Office) -> None:
    """Neither with another word in it, nor signed by a key that is none of ours, nor in the place of another; and no
    run is compared with it. The log has the digest of its canonical form."""
    report, other = office.run("daily"), office.run("daily")
    elsewhere = office.settings.home / "foreign"
    elsewhere.mkdir(mode=0o700)
    foreign = make_log(elsewhere, office.vault).signer
    unsigned = {k: v for k, v in report.items() if k != "signature"}
    for kept in ({**report, "summary": {}}, foreign.sign_json(unsigned), unsigned, other):
        with office.database.write() as session:
            document = json.dumps(kept, ensure_ascii=False)
            session.execute(update(AuditRun).where(AuditRun.id == report["id"]).values(document=document))
        with pytest.raises(AlteredReport):
            office.audits.find(report["id"])
    assert office.audits.find(other["id"]) == other
    office.log.integrate(office.database)
    with office.database.read() as session:
        entries = office.log.search(session, type=EventType.AUDIT_COMPLETED)
    digests = {e.payload["run"]: e.payload["sha256"] for e in entries if e.payload}
    assert digests[other["id"]] == hashlib.sha256(canonical(other)).hexdigest()


def test_unknown_names(office: Office) -> None:
    """An unknown programme is told the nearest; an unknown run is not found."""
    with pytest.raises(UnknownProgramme, match="quarterly"):
        office.run("quartely")
    with pytest.raises(UnknownAudit):
        office.audits.find("nothing")
