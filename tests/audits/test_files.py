"""The DPO's files: refused whole, with file and line, when one of them does not fit."""

import pytest
from sqlalchemy import text

from privacy_svc.audits.builtins import BUILTINS
from privacy_svc.audits.reading import read_only
from privacy_svc.audits.views import TABLES, VIEWS
from privacy_svc.errors import Misconfigured
from privacy_svc.policy import load_policies
from tests.audits.conftest import REPOSITORY, TODAY, Office


@pytest.mark.parametrize(
    ("old", "new", "pointer", "detail"),
    [
        ("severity: critical", "severety: critical", "audits/checks/requests-overdue.yml:6", "did you mean 'severity'"),
        ("severity: critical", "severity: grave", "audits/checks/requests-overdue.yml:6", "'grave'"),
        ("id: requests-overdue", "id: overdue", "audits/checks/requests-overdue.yml:1", "'requests-overdue'"),
        ("law: [GDPR 12(3)]\n", "", "audits/checks/requests-overdue.yml:1", "lacks 'law'"),
        (
            "  sql: |",
            "  builtin: log_brokn\n  x: |",
            "audits/checks/requests-overdue.yml:8",
            "did you mean 'log_broken'",
        ),
        ("  sql: |", "  builtin: log_broken\n  sql: |", "audits/checks/requests-overdue.yml:9", "either"),
        ("SELECT request", "DELETE FROM x -- request", "audits/checks/requests-overdue.yml:8", "SELECT"),
        ("how:\n", "how:\n  days: {soon: many}\n", "audits/checks/requests-overdue.yml:8", "whole number"),
        ("how:\n", "how:\n  days: {as_of: 3}\n", "audits/checks/requests-overdue.yml:8", "another name"),
        (
            "how:\n",
            "how:\n  days: {yesterday: 1}\n",
            "audits/checks/requests-overdue.yml:8",
            "does not use ':yesterday'",
        ),
        ("title:", "\ttitle:", "audits/checks/requests-overdue.yml:3", "YAML"),
    ],
)
def test_a_fault_in_a_check_names_its_place(office: Office, old: str, new: str, pointer: str, detail: str) -> None:
    """File, line, what is wrong, and the nearest right word."""
    file = office.check_file("requests-overdue")
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new, 1))
    with pytest.raises(Misconfigured) as raised:
        office.audits.programmes()
    assert any(f.pointer == pointer and detail in f.detail for f in raised.value.faults), raised.value.faults


@pytest.mark.parametrize(
    ("check", "days", "detail"),
    [
        ("permits-without-consent", "{window: -1}", "one day or more"),
        ("permits-without-consent", "{window: 0}", "one day or more"),
        ("permits-without-consent", "{windo: 100}", "only 'window'"),
        ("kept-beyond-retention", "{grace: -9}", "one day or more"),
        ("register-complete", "{window: 1}", "knows no 'window'"),
    ],
)
def test_a_builtin_takes_no_span_by_which_it_finds_nothing(office: Office, check: str, days: str, detail: str) -> None:
    """None in the future, none of no days, and no name that it would pass over."""
    file = office.check_file(check)
    lines = [line for line in file.read_text().splitlines() if not line.startswith("  days:")]
    lines.insert(lines.index("how:") + 1, f"  days: {days}")
    file.write_text("\n".join(lines))
    with pytest.raises(Misconfigured) as raised:
        office.audits.programmes()
    assert any(detail in f.detail for f in raised.value.faults), raised.value.faults


def test_a_programme_names_only_checks_that_are_there(office: Office) -> None:
    """A dangling name is refused with the nearest check."""
    file = office.settings.audits / "programmes.yml"
    file.write_text(file.read_text().replace("- log-waiting", "- log-waitin", 1))
    with pytest.raises(Misconfigured, match="did you mean 'log-waiting'"):
        office.audits.programmes()


def test_no_folder_no_audit(office: Office) -> None:
    """A folder without programmes is refused, not passed."""
    (office.settings.audits / "programmes.yml").unlink()
    with pytest.raises(Misconfigured, match=r"programmes\.yml"):
        office.run()


def test_the_handbook_names_every_view_column_and_builtin(office: Office) -> None:
    """audits/README.md is the contract of those who write checks; it says exactly what is there."""
    handbook = (REPOSITORY / "audits" / "README.md").read_text()
    policies = load_policies(office.settings.policies)
    with read_only(office.database, policies, TODAY) as views:
        for name in [*VIEWS, *TABLES]:
            columns = views.execute(text(f"SELECT * FROM {name} LIMIT 0")).keys()
            assert f"| `{name}` | {', '.join(columns)} |" in handbook
    assert [name for name in BUILTINS if f"`{name}`" not in handbook] == []
