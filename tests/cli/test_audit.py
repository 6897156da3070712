"""`audit` and `ropa`: exit codes, documents, what a person reads."""

import json
from typing import Any

import pytest

from privacy_svc.examples import copy_missing
from tests.e2e.service import Installation
from tests.shop import sqlite_shop


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A shop's store under the example policies, with the example checks."""
    service = Installation(tmp_path_factory.mktemp("shop"))
    for name in ("policies", "audits"):
        copy_missing(name, service.folder / name)
    service.run("init", "--store", sqlite_shop(service.folder), "--name", "shop")
    service.run("seal")
    return service


def test_programmes_are_listed_with_their_checks(installed: Installation) -> None:
    """Every programme with the law and the severity of each check."""
    rows = json.loads(installed.run("--json", "audit", "list"))
    assert {r["programme"] for r in rows} == {"quarterly", "daily", "before-release"}
    assert all(r["law"] and r["severity"] and r["title"] for r in rows)


def test_without_findings_the_exit_code_is_0(installed: Installation) -> None:
    """Checks of a company in good order all pass, but for what it has accepted."""
    said = installed.run("audit", "run")
    assert " 0 with findings, 1 accepted, 0 could not run" in said


def test_with_findings_the_exit_code_is_1(installed: Installation) -> None:
    """The finding is told with its evidence, law and remedy."""
    path = installed.folder / "policies/purposes.yml"
    good = path.read_text()
    path.write_text(good.replace("assessment_reviewed: 2026-03-02", "assessment_reviewed: 2019-03-02", 1))
    said = installed.run("audit", "run", "before-release", expect=1)
    path.write_text(good)
    assert "finding" in said
    assert "interest-assessment" in said
    assert "GDPR 6(1)(f)" in said
    assert "Remedy: " in said


def test_a_check_that_cannot_run_is_exit_code_1(installed: Installation) -> None:
    """A check that does not work never looks like one that passed."""
    path = installed.folder / "audits/checks/requests-overdue.yml"
    good = path.read_text()
    path.write_text(good.replace("FROM requests", "FROM nowhere"))
    said = installed.run("audit", "run", "daily", expect=1)
    path.write_text(good)
    assert "1 could not run" in said
    assert "This check could not run" in said


def test_a_report_is_written_in_three_forms_and_verified_offline(installed: Installation) -> None:
    """JSON by default and signed, CSV, HTML; the same report by `--json`."""
    for form, begin in (("json", "{"), ("csv", "check,area,title"), ("html", "<!doctype html>")):
        file = installed.folder / f"report.{form}"
        installed.run("audit", "run", "daily", "--format", form, "--out", str(file))
        assert file.read_text(encoding="utf-8").startswith(begin)
    assert "holds" in installed.run("verify", str(installed.folder / "report.json"))
    assert json.loads(installed.run("--json", "audit", "run", "daily"))["programme"]["id"] == "daily"


def test_a_wrong_programme_gets_the_nearest_name(installed: Installation) -> None:
    """Exit code 2, as has a time to come."""
    assert "quarterly" in installed.run("audit", "run", "quartely", expect=2)
    assert "as_of" in installed.run("audit", "run", "--as-of", "2999-01-01", expect=2)


def test_the_name_of_who_acts_is_one_that_the_log_may_keep(installed: Installation) -> None:
    """It stays there in clear for years: no first and last name, no address, none of ours."""
    for name in ("Katrin Meier", "katrin@example.org", "worker"):
        installed.run("breach", "register", "A laptop was lost.", "--as", name, expect=2)


def test_the_register_in_each_form(installed: Installation) -> None:
    """Table, JSON, CSV and HTML say the same activities; what is encrypted is what `seal` has done."""
    found = json.loads(installed.run("--json", "ropa"))
    assert found["missing"] == []
    assert (found["security"]["encrypted_fields"], found["security"]["planned_fields"]) == (15, 0)
    told, table, page = (installed.run("ropa", *form) for form in ((), ("--format", "csv"), ("--format", "html")))
    for activity in found["activities"]:
        assert all(activity["purpose"] in text for text in (told, table, page))


def test_gaps_of_the_register_are_told(installed: Installation) -> None:
    """What Art. 30 asks for and the policy does not say stands below the table."""
    path = installed.folder / "policies/purposes.yml"
    good = path.read_text()
    path.write_text(good.replace("retention: P1Y", "", 1))
    said = installed.run("ropa")
    path.write_text(good)
    assert "missing" in said
    assert "GDPR 30(1)(f)" in said


def needed(screening: Any) -> set[str]:
    """Purposes that need an assessment."""
    return {purpose["id"] for purpose in screening["purposes"] if purpose["needed"]}


def test_the_screening_says_the_same_in_each_form(installed: Installation) -> None:
    """Table, JSON, CSV and HTML name each purpose; one that needs an assessment and has none stands out."""
    path = installed.folder / "policies/purposes.yml"
    good = path.read_text()
    assert "employment.directory" not in needed(json.loads(installed.run("--json", "dpia")))
    path.write_text(good.replace("  employment.directory:\n", "  employment.directory:\n    profiling: true\n", 1))
    found = json.loads(installed.run("--json", "dpia"))
    told, table, page = (installed.run("dpia", *form) for form in ((), ("--format", "csv"), ("--format", "html")))
    path.write_text(good)
    assert "employment.directory" in needed(found)
    for purpose in found["purposes"]:
        assert all(purpose["id"] in text for text in (told, table, page))
    assert told.count("MISSING") == 1


def test_a_breach_from_the_first_word_to_its_end(installed: Installation) -> None:
    """Open breaches are exit code 1; whom it touched and the drafts are printed; what is missing says what to do."""
    entered = json.loads(installed.run("--json", "breach", "register", "A laptop was lost.", "--as", "dora"))
    here = entered["id"]
    assert "assessed" in installed.run("breach", "list", expect=1)
    assert "began_at" in installed.run("breach", "affected", here, "--as", "dora", expect=2)
    judged = ("--risk", "risk", "--reason", "r", "--consequences", "c", "--measures", "m", "--as", "dora")
    installed.run("breach", "assess", here, *judged, "--began", "2026-11-01T00:00:00+0100")
    both = (*judged, "--clear", "began", "--began", "2026-11-01T00:00:00+0100")
    assert "both" in installed.run("breach", "assess", here, *both, expect=2)
    assert "began" not in installed.run("breach", "assess", here, *judged, "--clear", "began")
    installed.run("breach", "assess", here, *judged, "--began", "2026-11-01T00:00:00+0100")
    assert "0 people" in installed.run("breach", "affected", here, "--as", "dora")
    assert "A laptop was lost." in installed.run("breach", "notices", here, "--as", "dora")
    assert "authority" in installed.run("breach", "close", here, "--as", "dora", expect=2)
    installed.run("breach", "authority", here, "--reference", "LfD-7", "--as", "dora")
    assert "kind: authority" in installed.run("breach", "show", here, "--as", "dora")
    installed.run("breach", "close", here, "--as", "dora")
    assert "closed" in installed.run("breach", "list")
