"""One click ends it (RFC 8058)."""

from dataclasses import replace
from typing import Any

import pytest

from privacy_svc.auditlog import EventType
from privacy_svc.consent import count_suppressions, history
from privacy_svc.http import CustomerRef, Role
from privacy_svc.policy import LegalBasis
from tests.factories import check_log
from tests.web.conftest import SAME, Site

BODY = {"List-Unsubscribe": "One-Click"}
NEWS: dict[str, Any] = {
    "customer": {"id": "1"},
    "purpose": "marketing.email",
    "state": "given",
    "source": {"channel": "web"},
    "notice": {"id": "newsletter", "version": 1, "language": "de"},
}


class Mailing:
    """A module that sends the newsletter."""

    def __init__(self, site: Site) -> None:
        self.site, self.token = site, site.token(Role.MODULE)
        assert site.client.post("/v1/consents", json=NEWS, headers=self.token).status_code == 201

    def link(self, purpose: str = "marketing.email") -> dict[str, Any]:
        asked = {"customer": {"id": "1"}, "purpose": purpose}
        answer = self.site.client.post("/v1/consents/unsubscribe-link", json=asked, headers=self.token)
        assert answer.status_code == 200
        return dict(answer.json())

    def path(self, purpose: str = "marketing.email") -> str:
        return str(self.link(purpose)["url"]).removeprefix(self.site.runtime.settings.base_url)

    def said(self, purpose: str = "marketing.email") -> list[str]:
        with self.site.runtime.database.read() as session:
            return [c.state for c in history(session, self.subject(), purpose)]

    def subject(self) -> str:
        with self.site.runtime.database.read() as session:
            found = self.site.runtime.directory.find(session, CustomerRef(id="1"))
        assert found
        return found

    def suppressed(self) -> list[tuple[str, str]]:
        with self.site.runtime.database.read() as session:
            return [(row["scope"], row["reason"]) for row in count_suppressions(session)]


@pytest.fixture
def mailing(site: Site) -> Mailing:
    return Mailing(site)


def test_the_headers_are_ready(mailing: Mailing) -> None:
    """Both, for this person and purpose, the same each time; nothing of the person is in the link."""
    found = mailing.link()
    assert found["headers"] == {
        "List-Unsubscribe": f"<{found['url']}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert found == mailing.link()
    assert mailing.subject() not in found["url"]
    assert "marketing" not in found["url"]
    assert mailing.path("marketing.sms") != mailing.path()


def test_a_link_that_no_mail_program_heeds_says_so(mailing: Mailing) -> None:
    """RFC 8058 knows https alone; the settings here are those of a trial on this machine."""
    link = mailing.link()
    assert link["url"].startswith("http:")
    assert "RFC 8058" in link["warning"]


@pytest.mark.parametrize("kind", ["urlencoded", "multipart"])
def test_one_click_withdraws(mailing: Mailing, kind: str) -> None:
    """As a mail provider sends it: no cookie, no redirect; the list follows, a second time changes nothing."""
    sent: dict[str, Any] = (
        {"data": BODY} if kind == "urlencoded" else {"files": {n: (None, v) for n, v in BODY.items()}}
    )
    for _ in range(2):
        answer = mailing.site.client.post(mailing.path(), follow_redirects=False, **sent)
        assert (answer.status_code, "It has stopped" in answer.text) == (200, True)
        assert mailing.said() == ["withdrawn", "given"]
    assert ("marketing.email", "unsubscribe") in mailing.suppressed()
    runtime = mailing.site.runtime
    check_log(runtime.database, runtime.log)
    with runtime.database.read() as session:
        last = [e for e in runtime.log.search(session, limit=50) if e.type == EventType.CONSENT_WITHDRAWN]
    assert [e.actor for e in last] == ["person"]


def test_looking_withdraws_nothing(mailing: Mailing) -> None:
    """The page has a button that sends just what a mail provider would."""
    page = mailing.site.get(mailing.path() + "&lang=de")
    assert page.status_code == 200
    assert "Newsletter per E-Mail" in page.text
    assert 'name="List-Unsubscribe" value="One-Click"' in page.text
    assert mailing.said() == ["given"]
    assert mailing.site.client.post(mailing.path(), data=BODY, headers=SAME).status_code == 200


@pytest.mark.parametrize("body", [{}, {"List-Unsubscribe": "Two-Clicks"}, {"list": "One-Click"}])
def test_another_body_changes_nothing(mailing: Mailing, body: dict[str, str]) -> None:
    """400, and the consent stands."""
    assert mailing.site.client.post(mailing.path(), data=body).status_code == 400
    assert mailing.said() == ["given"]


def test_nobody_can_make_a_link(mailing: Mailing) -> None:
    """Not by changing one, for another purpose or person, nor without a token."""
    path, other = mailing.path(), mailing.path("marketing.sms")
    start = len("/v1/consents/unsubscribe?token=")
    forged = [
        path[:start],
        path[:-4] + ("AAAA" if not path.endswith("AAAA") else "BBBB"),
        path[: start + 30] + other[start + 30 :],
        path[:start] + "Q" + path[start + 1 :],
        path + "A",
    ]
    for wrong in forged:
        assert mailing.site.client.post(wrong, data=BODY).status_code == 404, wrong
        assert mailing.site.get(wrong).status_code == 404
    assert mailing.said() == ["given"]


def test_what_rests_on_no_consent_is_objected_to(mailing: Mailing) -> None:
    """A purpose in our own interest ends too; a contract has no link."""
    mailing.token = mailing.site.token(Role.DPO)
    assert mailing.site.client.post(mailing.path("analytics.product"), data=BODY).status_code == 200
    answer = mailing.site.client.get("/v1/customers/1/consents", headers=mailing.token)
    assert answer.json()["objections"] == ["analytics.product"]
    asked = {"customer": {"id": "1"}, "purpose": "service.contract"}
    assert (
        mailing.site.client.post("/v1/consents/unsubscribe-link", json=asked, headers=mailing.token).status_code == 400
    )


def test_a_link_of_before_tells_that_the_purpose_rests_on_a_contract_now(mailing: Mailing) -> None:
    """It does not say that it has stopped, for it has not. What was agreed to is withdrawn by the click, so that it
    does not count again when the purpose is one of consent once more; again it changes nothing."""
    path, policies = mailing.path(), mailing.site.runtime.policies
    before = policies.current
    newsletter = before.purposes["marketing.email"]
    changed = replace(newsletter, legal_basis=LegalBasis.CONTRACT, consent=None, direct_marketing=False)
    policies._current = replace(before, purposes={**before.purposes, newsletter.key: changed})  # instead of files
    page = mailing.site.get(path)
    assert (page.status_code, "does not depend on your agreement" in page.text) == (200, True)
    assert "List-Unsubscribe" not in page.text
    for _ in range(2):
        answer = mailing.site.client.post(path, data=BODY)
        assert (answer.status_code, "It has stopped" in answer.text) == (200, False)
        assert "does not depend on your agreement" in answer.text
        assert mailing.said() == ["withdrawn", "given"]
    policies._current = before
    check_log(mailing.site.runtime.database, mailing.site.runtime.log)


def test_a_link_to_a_purpose_that_is_gone_still_ends_it(mailing: Mailing) -> None:
    """The mail is older than the policy. An older policy that comes back finds the consent withdrawn; of what the
    person never said anything about, the link is unknown."""
    path, other, policies = mailing.path(), mailing.path("marketing.sms"), mailing.site.runtime.policies
    before = policies.current
    left = {k: p for k, p in before.purposes.items() if k not in {"marketing.email", "marketing.sms"}}
    policies._current = replace(before, purposes=left)  # instead of files
    assert "Would you like this to stop?" in mailing.site.get(path).text
    assert mailing.said() == ["given"]
    for _ in range(2):
        answer = mailing.site.client.post(path, data=BODY)
        assert (answer.status_code, "It has stopped" in answer.text) == (200, True)
        assert mailing.said() == ["withdrawn", "given"]
    assert mailing.site.get(other).status_code == 404
    policies._current = before
    check_log(mailing.site.runtime.database, mailing.site.runtime.log)


def test_what_was_agreed_to_is_taken_back_with_what_came_after_it(mailing: Mailing) -> None:
    """A purpose that rests on an interest now is objected to, and the consent of before does not come back."""
    path, policies = mailing.path(), mailing.site.runtime.policies
    before = policies.current
    newsletter = before.purposes["marketing.email"]
    changed = replace(newsletter, legal_basis=LegalBasis.LEGITIMATE_INTERESTS, consent=None)
    policies._current = replace(before, purposes={**before.purposes, newsletter.key: changed})  # instead of files
    assert "It has stopped" in mailing.site.client.post(path, data=BODY).text
    policies._current = before
    assert mailing.said() == ["withdrawn", "given"]
    assert ("marketing.email", "objection") in mailing.suppressed()


def test_a_module_gets_links_of_what_it_works_for(mailing: Mailing) -> None:
    """Of another purpose 403 whoever is named: it does not learn who is known here."""
    for customer in ({"id": "1"}, {"email": "nobody@mail.example"}):
        asked = {"customer": customer, "purpose": "analytics.product"}
        answer = mailing.site.client.post("/v1/consents/unsubscribe-link", json=asked, headers=mailing.token)
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/may-not-read-consents")


def test_after_an_erasure_there_is_nothing_to_end(mailing: Mailing) -> None:
    """The link answers as before; nothing is recorded of who is gone."""
    path, runtime = mailing.path(), mailing.site.runtime
    with runtime.database.write() as session:
        runtime.vault.erase(session, mailing.subject(), request_id="r1")
    before = mailing.suppressed()
    assert mailing.site.client.post(path, data=BODY).status_code == 200
    assert mailing.suppressed() == before
