"""Audits in the console: ordered, read, followed to their evidence; the scores over time."""

import re
from datetime import timedelta

import pytest
import time_machine

from privacy_svc.db import now
from privacy_svc.http import Role
from tests.web.conftest import SAME, Site
from tests.web.desk import audited, opened


@pytest.mark.parametrize(("role", "may"), [(Role.DPO, True), (Role.AUDITOR, True), (Role.ADMIN, False)])
def test_an_audit_is_run_and_its_finding_followed(site: Site, role: Role, may: bool) -> None:
    """To the request that it is about; who may not run one sees the reports."""
    request = opened(site)
    site.sign_in(role)
    assert ("Run now" in site.get("/dpo/audits").text) is may
    if not may:
        assert site.client.post("/dpo/audits", headers=SAME).status_code == 403
        return
    with site.runtime.database.write() as session:
        from privacy_svc.rights.model import DataRequest

        session.get_one(DataRequest, request).due_at = now() - timedelta(days=1)
    report = audited(site, "daily")
    page = site.get(report).text
    assert "Requests past their deadline" in page
    assert f"/dpo/evidence?name={request}" in page
    assert site.get(f"/dpo/evidence?name={request}").headers["location"] == f"/dpo/requests/{request}"
    assert report in site.get("/dpo/audits").text


def test_scores_are_drawn_once_there_are_two(site: Site) -> None:
    """As a chart with its figures beside it; one run alone is no line."""
    site.sign_in()
    audited(site, "daily")
    assert "<svg" not in site.get("/dpo/audits").text
    audited(site, "daily")
    page = site.get("/dpo/audits").text
    assert page.count("<polyline") == len(set(re.findall(r"<polyline class=\"line n(\d)", page)))
    assert "<summary>Figures</summary>" in page


def test_broken_checks_are_told_where_they_are_read(site: Site) -> None:
    """Nothing runs, and the page says at which line."""
    check = site.runtime.settings.audits / "checks" / "key-files.yml"
    check.write_text(check.read_text().replace("severity: ", "severety: "))
    site.sign_in()
    page = site.get("/dpo/audits").text
    assert "key-files.yml" in page
    assert "did you mean" in page


def test_today_tells_each_programme_that_runs_by_itself(site: Site) -> None:
    """With its own last run, however good another's was; none yet in this period is told, and so are broken checks."""
    site.sign_in()
    assert site.get("/dpo").text.count("was not run yet") == 2
    opened(site)
    audited(site, "before-release")
    assert site.get("/dpo").text.count("was not run yet") == 2
    audited(site, "daily")
    assert site.get("/dpo").text.count("was not run yet") == 1
    with time_machine.travel(now() + timedelta(days=1)):
        site.sign_in()
        assert "none yet this day" in site.get("/dpo").text
    site.sign_in()
    check = site.runtime.settings.audits / "checks" / "key-files.yml"
    check.write_text(check.read_text().replace("severity: ", "severety: "))
    assert "nothing runs" in site.get("/dpo").text
