"""The console: the way in, and what stands there. No personal data, no way in for others."""

import re
from datetime import timedelta

import pytest

from privacy_svc.auditlog import EventType
from privacy_svc.db import new_id, now
from privacy_svc.http import Role
from privacy_svc.identity import COOKIE
from privacy_svc.rights.model import DataRequest
from tests.web.conftest import SAME, Site
from tests.web.desk import audited, post


def test_a_browser_without_a_session_gets_a_page_and_a_program_a_problem(site: Site) -> None:
    """401 either way, in the form that the reader can use."""
    page = site.get("/dpo")
    assert (page.status_code, page.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert "privacy-svc console" in page.text
    problem = site.client.get("/dpo")
    assert (problem.status_code, problem.headers["content-type"]) == (401, "application/problem+json")
    assert page.headers["www-authenticate"] == problem.headers["www-authenticate"] == "Bearer"


def test_looking_at_the_link_does_not_use_it_up(site: Site) -> None:
    """A GET shows a button; only the POST signs in, once."""
    token = site.link()
    for _ in range(2):
        assert f'value="{token}"' in site.get(f"/dpo/sign-in?token={token}").text
    first = site.client.post("/dpo/sign-in", data={"token": token}, headers=SAME, follow_redirects=False)
    assert (first.status_code, first.headers["location"]) == (303, "/dpo")
    cookie = first.headers["set-cookie"].lower()
    assert all(word in cookie for word in (COOKIE, "httponly", "samesite=strict", "path=/"))
    again = site.client.post("/dpo/sign-in", data={"token": token}, headers=SAME)
    assert (again.status_code, again.json()["type"]) == (401, "/problems/link-spent")


def test_another_site_cannot_sign_somebody_in_or_out(site: Site) -> None:
    """Forms of other sites are refused, and the link stays good."""
    token = site.link()
    cross = {"Sec-Fetch-Site": "cross-site"}
    refused = site.client.post("/dpo/sign-in", data={"token": token}, headers=cross)
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/cross-site")
    assert site.client.post("/dpo/sign-in", data={"token": token}, headers=SAME, follow_redirects=False).is_redirect
    for path in ("/dpo/sign-out", "/dpo/audits"):
        assert site.client.post(path, headers=cross).status_code == 403
    assert site.get("/dpo").status_code == 200


def test_signing_out_ends_the_session(site: Site) -> None:
    """The cookie is taken away, and would not work any more."""
    secret = site.sign_in()
    answer = site.client.post("/dpo/sign-out", headers=SAME, follow_redirects=False)
    assert answer.headers["location"] == "/dpo/sign-in"
    site.client.cookies.set(COOKIE, secret)
    assert site.get("/dpo").status_code == 401


@pytest.mark.parametrize("token", ["", "wrong", '"><script>alert(1)</script>'])
def test_a_wrong_token_gets_nowhere_and_is_shown_as_text(site: Site, token: str) -> None:
    """It is escaped on the page, refused by the form, and not in the log."""
    assert "<script>alert" not in site.get("/dpo/sign-in").text
    assert "<script>alert" not in site.client.get("/dpo/sign-in", params={"token": token}).text
    assert site.client.post("/dpo/sign-in", data={"token": token}, headers=SAME).status_code == 401


@pytest.mark.parametrize("body", [b"\xff\xfe", b"&".join(b"a=b" for _ in range(99))])
def test_a_form_that_is_no_form(site: Site, body: bytes) -> None:
    """400, not a crash."""
    assert site.client.post("/dpo/sign-in", content=body, headers=SAME).status_code == 400


def test_today_shows_requests_by_deadline_and_no_personal_data(site: Site) -> None:
    """The most urgent first; what is closed is not there."""
    ids = []
    with site.runtime.database.write() as session:
        subject = site.runtime.vault.create_subject(session).id
        for days, state in ((9, "verifying"), (-2, "awaiting_approval"), (3, "in_progress"), (1, "completed")):
            due = now() + timedelta(days=days, hours=1)
            ids.append(new_id())
            session.add(
                DataRequest(
                    id=ids[-1],
                    right="access",
                    subject_id=subject,
                    state=state,
                    channel="web",
                    opened_by="desk",
                    received_at=now(),
                    due_at=due,
                    due_conservative=due,
                    closed_at=now() if state == "completed" else None,
                )
            )
    site.sign_in()
    page = site.get("/dpo").text
    places = [page.find(ids[n]) for n in (1, 2, 0)]
    assert places == sorted(places)
    assert places[0] > 0
    assert ids[3] not in page
    assert "1 past the deadline" in page
    assert "3 days" in page
    assert subject not in page
    assert "root epoch 1<" in re.sub(r"\s*(<|·)", "<", page)


@pytest.mark.parametrize(("role", "may"), [(Role.DPO, True), (Role.AUDITOR, True), (Role.ADMIN, False)])
def test_who_may_run_an_audit(site: Site, role: Role, may: bool) -> None:
    """DPO and auditor may; an admin may not."""
    site.sign_in(role)
    if not may:
        post(site, "/dpo/audits", 403)
        return
    report = audited(site, "quarterly")
    assert report in site.get("/dpo").text
    assert site.get(report).status_code == 200
    site.runtime.log.integrate(site.runtime.database)
    with site.runtime.database.read() as session:
        assert site.runtime.log.search(session, type=EventType.AUDIT_COMPLETED)[0].actor == "dora"


def test_a_broken_policy_file_is_told(site: Site) -> None:
    """The last good policy stays in force, and the console says what is wrong."""
    site.sign_in()
    policies = site.runtime.policies
    policies.interval, policies._next, policies._quiet = 0, 0.0, 0.0
    file = policies.folder / "modules.yml"
    file.write_text(file.read_text() + "\nnonsense: true\n")
    page = site.get("/dpo")
    page = site.get("/dpo")
    assert page.status_code == 200
    assert "policies/modules.yml:" in page.text
    assert f"since {now():%Y-%m-%d}" in page.text
