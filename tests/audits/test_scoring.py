"""Scores by area, the run before, and findings that were accepted for a while."""

from datetime import datetime, timedelta

import pytest
import time_machine

from privacy_svc.audits import Format, report_as
from privacy_svc.audits.scoring import scores
from privacy_svc.db import now
from privacy_svc.errors import Misconfigured
from tests.audits.conftest import TODAY, Office
from tests.audits.planting import PLANTS
from tests.audits.test_checks import ALL

assert ALL  # which planted what stands in PLANTS


def _result(area: str, severity: str, status: str) -> dict[str, str]:
    return {"area": area, "severity": severity, "status": status}


def test_a_score_is_the_weighted_share_of_what_passed() -> None:
    """A critical check counts as much as two high ones; a check that could not run did not pass;
    what cannot be asked yet does not count."""
    results = [
        _result("rights", "critical", "pass"),
        _result("rights", "high", "finding"),
        _result("rights", "high", "error"),
        _result("rights", "critical", "not_applicable"),
        _result("storage", "low", "not_applicable"),
        _result("log", "low", "pass"),
    ]
    assert scores(results) == {"rights": 50, "log": 100}


def test_a_run_is_compared_with_the_one_before(office: Office) -> None:
    """Each area has its score then; each check what it said then. The first run has nothing before it."""
    first = office.run("daily")
    assert first["before"] is None
    assert {a["before"] for a in first["areas"]} == {None}
    with time_machine.travel(TODAY + timedelta(hours=1)):
        PLANTS["requests-overdue"](office)
        second = office.run("daily")
    assert second["before"] == {"id": first["id"], "as_of": first["as_of"]}
    rights = next(a for a in second["areas"] if a["area"] == "rights")
    assert rights["before"] == 100 > rights["score"]
    [found] = [r for r in second["results"] if r["status"] == "finding"]
    assert found["before"] == {"status": "pass", "count": 0}


def test_a_score_does_not_rise_by_asking_less(office: Office) -> None:
    """A failing check that is taken out, or whose file is changed, is named; its area has no score before."""
    PLANTS["requests-overdue"](office)
    first = office.run("daily")
    file = office.settings.audits / "programmes.yml"
    daily = file.read_text().index("  daily:")
    text = file.read_text()
    file.write_text(text[:daily] + text[daily:].replace("      - requests-overdue\n", "", 1))
    with time_machine.travel(TODAY + timedelta(hours=1)):
        second = office.run("daily")
    assert second["altered"] == {"gone": ["requests-overdue"], "changed": []}
    before = {a["area"]: a["before"] for a in second["areas"]}
    assert before["rights"] is None
    assert before["security"] == 100
    assert first["programme"]["checks"] != second["programme"]["checks"]
    check = office.check_file("key-files")
    check.write_text(check.read_text() + "# looked at again\n")
    with time_machine.travel(TODAY + timedelta(hours=2)):
        third = office.run("daily")
    assert third["altered"] == {"gone": [], "changed": ["key-files"]}
    assert {a["area"]: a["before"] for a in third["areas"]}["security"] is None
    assert third["software"].startswith("privacy-svc ")


def _accept(office: Office, until: str, check: str = "processors-without-contract", since: str = "2026-11-20") -> None:
    (office.settings.audits / "accepted.yml").write_text(
        f"accepted:\n  - check: {check}\n    evidence: mail_provider\n    reason: The contract is being signed.\n"
        f"    by: dora\n    since: {since}\n    until: {until}\n"
    )


def test_an_accepted_finding_is_listed_and_not_counted(office: Office) -> None:
    """Until its day; on that day it is a finding again, also in an audit of before. It is no pass and no full score,
    and the table has it. Another finding of the same check counts all the time."""
    PLANTS["processors-without-contract"](office)
    _accept(office, "2026-11-24")
    result = _only(office, "processors-without-contract")
    assert (result["status"], result["count"], result["statement"]) == ("accepted", 0, "1 found and accepted.")
    report = office.run("before-release")
    assert next(a for a in report["areas"] if a["area"] == "accountability")["score"] < 100
    assert report["summary"]["accepted"] == 1
    assert "The contract is being signed." in report_as(Format.CSV, report)
    assert [a["id"] for a in result["accepted"]] == ["mail_provider"]
    joint = "    role: joint_controller\n    arrangement: JCA-2024-11   # Art. 26(1)\n"
    office.edit("organisation.yml", joint, "    role: processor\n")
    result = _only(office, "processors-without-contract")
    assert (result["status"], [e["id"] for e in result["evidence"]]) == ("finding", ["ad_network"])
    _accept(office, "2026-11-23")
    for as_of in (None, now() - timedelta(days=2)):
        result = _only(office, "processors-without-contract", as_of)
        assert (result["count"], result["accepted"]) == (2, [])


def test_what_was_not_found_is_not_listed_as_accepted(office: Office) -> None:
    """An acceptance that outlived its finding says nothing."""
    _accept(office, "2027-01-01")
    assert _only(office, "processors-without-contract")["accepted"] == []


def test_a_row_without_evidence_does_not_hide_behind_an_acceptance(office: Office) -> None:
    """It is equal to nothing, so that SQL would drop it where anything is accepted."""
    office.add_check("sql: SELECT CAST(NULL AS TEXT) AS evidence, given_at AS since FROM consents")
    _accept(office, "2027-01-01", "mine")
    [result] = office.run("mine")["results"]
    assert (result["status"], "NULL" in result["statement"]) == ("error", True)


@pytest.mark.parametrize(
    ("until", "check", "detail"),
    [
        ("some day", "processors-without-contract", "for ever"),
        ("9999-12-31", "processors-without-contract", "at most a year"),
        ("2026-11-20", "processors-without-contract", "after 'since'"),
        ("2027-01-01", "processor-without-contract", "did you mean 'processors-without-contract'"),
    ],
)
def test_an_acceptance_without_end_or_check_is_refused(office: Office, until: str, check: str, detail: str) -> None:
    """The fault names its place."""
    _accept(office, until, check)
    with pytest.raises(Misconfigured) as raised:
        office.run("daily")
    assert any(f.pointer.startswith("audits/accepted.yml:") and detail in f.detail for f in raised.value.faults)


def _only(office: Office, check: str, as_of: datetime | None = None) -> dict[str, object]:
    return next(r for r in office.run("before-release", as_of)["results"] if r["check"] == check)
