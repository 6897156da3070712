"""The pages that links in mails lead to."""

import re
from pathlib import Path

import pytest

from privacy_svc.consent import subject_state
from privacy_svc.db import now
from privacy_svc.http import CustomerRef, Role
from privacy_svc.mail import OUTBOX
from tests.web.conftest import SAME, Site

NEWS = {
    "customer": {"id": "1"},
    "purpose": "marketing.email",
    "state": "given",
    "source": {"channel": "web"},
    "notice": {"id": "newsletter", "version": 1, "language": "de"},
}


@pytest.fixture
def link(site: Site, tmp_path: Path) -> str:
    """Of the letter that asks to confirm the newsletter."""
    file = tmp_path / "policies" / "purposes.yml"
    asked = file.read_text().replace("notice: newsletter\n", "notice: newsletter\n      double_opt_in: true\n")
    file.write_text(asked)
    site.runtime.policies.interval = 0
    site.runtime.policies._next = 0
    answer = site.client.post("/v1/consents", json=NEWS, headers=site.token(Role.MODULE))
    assert (answer.status_code, answer.json()["state"]) == (201, "requested")
    (mail,) = (tmp_path / "home" / OUTBOX).glob("*.eml")
    found = re.search(r"/confirm\?token=([\w-]+)", mail.read_text().replace("=\n", "").replace("=3D", "="))
    assert found
    return found[1]


def stands(site: Site) -> str:
    runtime = site.runtime
    with runtime.database.read() as session:
        subject_id = runtime.directory.find(session, CustomerRef(id="1"))
        assert subject_id
        return str(subject_state(session, subject_id, now()).consents["marketing.email"].state)


def test_the_button_confirms_and_looking_does_not(site: Site, link: str) -> None:
    """The page shows the whole text agreed to, in the reader's language; only the button gives the consent, once."""
    page = site.get(f"/confirm?token={link}&lang=de")
    assert page.status_code == 200
    assert "Stimmen Sie zu?" in page.text
    assert "Newsletter per E-Mail" in page.text
    assert "Hafenstra" in page.text
    assert stands(site) == "requested"
    done = site.client.post("/confirm?lang=de", data={"token": link}, headers=SAME)
    assert (done.status_code, "Danke" in done.text) == (200, True)
    assert stands(site) == "given"
    for answer in (
        site.get(f"/confirm?token={link}"),
        site.client.post("/confirm", data={"token": link}, headers=SAME),
    ):
        assert answer.status_code == 410
        assert "sends a new one" in answer.text


def test_another_site_cannot_press_the_button(site: Site, link: str) -> None:
    """Nor can a program that has no browser."""
    for headers in ({}, {"Sec-Fetch-Site": "cross-site"}):
        assert site.client.post("/confirm", data={"token": link}, headers=headers).status_code == 403
    assert stands(site) == "requested"


@pytest.mark.parametrize("token", ["", "x", "%01", "a" * 5000])
def test_a_foreign_link_is_refused_politely(site: Site, token: str) -> None:
    """With the way to a new one."""
    page = site.get(f"/confirm?token={token}")
    assert (page.status_code, "does not work any more" in page.text) == (410, True)
