"""Policies and figures in the console: what changed, what another policy would decide, charts of the year."""

import re

import pytest

from privacy_svc.auditlog import EventType
from privacy_svc.http import Role
from privacy_svc.policy import load_policies, remember
from privacy_svc.web.charts import bars, lines
from tests.web.conftest import SAME, Site
from tests.web.desk import done, post, types


@pytest.fixture
def older(site: Site) -> str:
    """A version that was in force before, with one line more."""
    text = site.runtime.policies.current.files["purposes.yml"]
    drafted = site.runtime.simulation.candidate({"purposes.yml": text + "\n# x\n"})
    with site.runtime.database.write() as session:
        remember(session, drafted)
        remember(session, load_policies(site.runtime.settings.policies))
    return drafted.version


def test_what_changed_between_two_versions(site: Site, older: str) -> None:
    """In the files' text at once; in decisions by a worker."""
    site.sign_in()
    current = site.runtime.policies.current.version
    page = site.get("/dpo/policy").text
    assert older[:19] in page
    assert "in force" in page
    changes = site.get(f"/dpo/policy/changes?old={older}&new={current}").text
    assert "<del>-# x</del>" in changes
    assert "From <code>" in done(site, "/dpo/policy/compare", old=older, new=current)
    assert site.get("/dpo/policy/changes?old=sha256:00000000&new=" + current).status_code == 404


def test_a_draft_is_tried_on_the_customers_there_are(site: Site) -> None:
    """A purpose that loses its modules is told with how many people; a file that does not fit, with its line. The log
    says that it was simulated."""
    site.sign_in()
    text = site.runtime.policies.current.files["modules.yml"]
    assert "<textarea" in site.get("/dpo/policy/draft?file=modules.yml").text
    without = text.replace("service.contract, service.account_mail, service.payment", "service.contract")
    assert without != text
    page = done(site, "/dpo/policy/simulate", file="modules.yml", text=without.replace("\n", "\r\n"))
    assert "tightened" in page
    found = re.search(r"over (\d+) people", page)
    assert found
    assert int(found[1]) >= 30  # customers, and the staff
    assert EventType.POLICY_SIMULATED in types(site)
    wrong = text.replace("purposes:", "purposs:", 1)
    assert "modules.yml" in post(site, "/dpo/policy/simulate", 400, file="modules.yml", text=wrong)
    assert site.get("/dpo/policy/draft?file=/etc/passwd").status_code == 400


def test_an_older_version_is_tried(site: Site, older: str) -> None:
    """As it was kept."""
    site.sign_in()
    assert older[:19] in done(site, "/dpo/policy/simulate", version=older)


def test_who_may_simulate_and_compare(site: Site, older: str) -> None:
    """As over HTTP: a simulation is the DPO's, a comparison an auditor's too."""
    current = site.runtime.policies.current.version
    site.sign_in(Role.AUDITOR)
    assert "Simulate" not in site.get("/dpo/policy").text
    assert site.client.post("/dpo/policy/simulate", data={"version": older}, headers=SAME).status_code == 403
    post(site, "/dpo/policy/compare", old=older, new=current)
    site.sign_in(Role.ADMIN)
    assert site.client.post("/dpo/policy/compare", data={"old": older, "new": current}, headers=SAME).status_code == 403


def test_figures_are_counted_and_drawn(site: Site) -> None:
    """Each chart has its figures as a table; one of nothing is said to be that."""
    site.sign_in(Role.AUDITOR)
    assert "Nobody has them counted" in site.get("/dpo/figures").text
    assert "See the charts" in done(site, "/dpo/figures")
    page = site.get("/dpo/figures").text
    assert "Page keys by generation" in page
    assert page.count("<svg") == page.count("<summary>Figures</summary>") > 0
    assert "There are none." in page


def test_charts_are_drawn_to_scale() -> None:
    """A round number above all values is the top; of nothing there is no chart."""
    chart = lines({"a": [0, 30]}, ["x", "y"])
    assert chart is not None
    assert [word for _, word in chart.ticks] == ["0", "25", "50"]
    drawn = bars({"a": 10, "b": 5, "c": 0})
    assert drawn is not None
    assert [bar.width / drawn.bars[0].width for bar in drawn.bars] == [1, 0.5, 0]
    assert bars({"a": 0}) is None
    assert lines({"a": [0, None]}, ["x", "y"]) is None
