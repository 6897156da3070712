"""The page that a link to a package leads to."""

import io
import logging
import re
import zipfile
from pathlib import Path

import pytest

from privacy_svc.http import CustomerRef, Role
from privacy_svc.mail import OUTBOX
from privacy_svc.rights import CERTIFICATE_PATH, PACKAGE_PATH, Packages, Right, State, Wanted
from tests.conftest import ONE_DATABASE
from tests.rights.running import carried_out
from tests.web.conftest import SAME, Site

pytestmark = ONE_DATABASE


@pytest.fixture
def request_id(site: Site) -> str:
    """Of an access request that is done."""
    return done(site, Right.ACCESS)


def done(site: Site, right: Right) -> str:
    requests = site.runtime.requests
    opened = requests.open(Wanted(right, CustomerRef(id="1"), language="de"), "desk")
    requests.vouch(opened.id, "passport", "dora")
    if right is Right.ERASURE:
        requests.approve(opened.id, "dora")
    carried_out(requests.database, requests.parts, opened.id)
    assert requests.show(opened.id).state == State.COMPLETED
    return opened.id


def newest_link(tmp_path: Path, path: str = PACKAGE_PATH) -> str:
    mails = sorted((tmp_path / "home" / OUTBOX).glob("*.eml"))
    found = re.search(rf"{path}/[\w.-]+", mails[-1].read_text().replace("=\n", "").replace("=3D", "="))
    assert found
    return found[0]


def test_the_button_fetches_and_looking_does_not(
    site: Site, request_id: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """The page says what it is; the button gives the zip, kept by no cache; no line of any log has the token."""
    link = newest_link(tmp_path)
    with caplog.at_level(logging.DEBUG):
        page = site.get(f"{link}?lang=de")
        assert (page.status_code, "Ihre Daten liegen bereit" in page.text) == (200, True)
        assert Packages(site.runtime.requests).link(request_id).used == 0
        answer = site.client.post(f"{link}?lang=de", headers=SAME)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert "no-store" in answer.headers["cache-control"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert "Ana" in archive.read("index.html").decode()
    assert Packages(site.runtime.requests).link(request_id).used == 1
    told, token = capsys.readouterr(), link.rpartition("/")[2]
    ours = "".join(r.getMessage() for r in caplog.records if r.name != "httpx")  # the test's own client
    assert "/d/{token}" in ours
    assert token not in told.out + told.err + ours
    assert token not in site.client.get("/metrics", headers=site.token(Role.ADMIN)).text


def test_every_dead_link_looks_the_same(site: Site, request_id: str, tmp_path: Path) -> None:
    """Revoked, or never one: the same page and status, with the way to a new one; no word of whose it was."""
    link = newest_link(tmp_path)
    Packages(site.runtime.requests).revoke_link(request_id, "dora")
    pages = {site.get(path).text for path in (link, "/d/x", "/d/" + "a" * 2000, "/d/%20")}
    assert len(pages) == 1
    assert "does not work any more" in pages.pop()
    assert site.client.post(link, headers=SAME).status_code == site.get("/d/x").status_code == 410


def test_another_site_cannot_press_the_button(site: Site, request_id: str, tmp_path: Path) -> None:
    """Nor can a program that has no browser."""
    link = newest_link(tmp_path)
    for headers in ({}, {"Sec-Fetch-Site": "cross-site"}):
        assert site.client.post(link, headers=headers).status_code == 403
    assert Packages(site.runtime.requests).link(request_id).used == 0


def test_staff_see_renew_and_revoke_it(site: Site, request_id: str, tmp_path: Path) -> None:
    """Until when and how often, never the link itself; the auditor only looks, a module does not even that."""
    path, dpo = f"/v1/requests/{request_id}/package/link", site.token(Role.DPO)
    auditor = site.token(Role.AUDITOR)
    before = newest_link(tmp_path)
    shown = site.client.get(path, headers=auditor)
    assert set(shown.json()) == {"created_at", "expires_at", "most", "used", "revoked_at"}
    assert site.client.post(path, headers=auditor).status_code == 403
    assert site.client.get(path, headers=site.token(Role.MODULE)).status_code == 403
    assert site.client.post(path, headers=dpo).status_code == 201
    assert newest_link(tmp_path) != before
    assert site.client.delete(path, headers=dpo).status_code == 204
    assert site.client.delete(path, headers=dpo).status_code == 409


def test_an_erased_person_has_their_certificate(site: Site, tmp_path: Path) -> None:
    """By the last letter's link, without signing in: the final issue, as staff have it. Any other token leads nowhere,
    and no other site's page fetches it."""
    request_id = done(site, Right.ERASURE)
    link = newest_link(tmp_path, CERTIFICATE_PATH)
    assert "Ihr Nachweis der Löschung" in site.get(f"{link}?lang=de").text
    answer = site.client.post(link, headers=SAME)
    assert answer.headers["content-disposition"] == f'attachment; filename="{request_id}.json"'
    theirs = site.client.get(f"/v1/requests/{request_id}/certificate", headers=site.token(Role.DPO))
    assert answer.content == theirs.content
    assert (answer.json()["issue"], answer.json()["request"]) == (2, request_id)
    assert site.client.post(link, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    for wrong in (link[:-1], f"{CERTIFICATE_PATH}/{request_id}.", f"{CERTIFICATE_PATH}/x", f"{CERTIFICATE_PATH}/ä.ö"):
        assert site.get(wrong).status_code == site.client.post(wrong, headers=SAME).status_code == 410
