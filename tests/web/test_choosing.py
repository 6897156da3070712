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
    site.runtime.policies.interval = site.runtime.policies._quiet = 0
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
        assert "will send you a new one" in answer.text


FROM_A_MAIL = (
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
    {"Sec-Fetch-Site": "none", "Sec-Fetch-User": "?1"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Purpose": "prefetch;prerender"},
    {"Sec-Fetch-Site": "same-origin"},
    {"Origin": "null"},
    {},
)


def test_whoever_follows_the_link_confirms_nothing(site: Site, link: str) -> None:
    """Scanners of mails, previews, prerendering: they get the page as often as they like, with nothing in it that
    presses the button; nor does a POST to the bare link, without its form."""
    for headers in FROM_A_MAIL:
        page = site.get(f"/confirm?token={link}", **headers)
        assert page.status_code == 200
        assert "http-equiv" not in page.text.lower()
        for method in ("HEAD", "OPTIONS", "PUT"):
            site.client.request(method, f"/confirm?token={link}", headers=headers)
        assert site.client.post(f"/confirm?token={link}", headers=headers).status_code in {400, 410}
        assert stands(site) == "requested"


@pytest.mark.parametrize("headers", FROM_A_MAIL)
def test_the_button_works_in_every_browser(site: Site, link: str, headers: dict[str, str]) -> None:
    """Whatever it says of where the form came from, or nothing: the token is the permission."""
    page = site.get(f"/confirm?token={link}", **headers).text
    assert re.search(r'<form [^>]*method="post"', page)
    field = re.search(r'<input type="hidden" name="token" value="([^"]+)"', page)
    assert field
    assert site.client.post("/confirm?", data={"token": field[1]}, headers=headers).status_code == 200
    assert stands(site) == "given"


@pytest.mark.parametrize("token", ["", "x", "%01", "a" * 5000])
def test_a_foreign_link_is_refused_politely(site: Site, token: str) -> None:
    """With the way to a new one."""
    page = site.get(f"/confirm?token={token}")
    assert (page.status_code, "does not work any more" in page.text) == (410, True)
