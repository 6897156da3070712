"""Who of the staff is signed in, on a page: one's own for everybody, all of them for an admin."""

import re

from privacy_svc.auditlog import EventType
from privacy_svc.http import Role
from privacy_svc.identity import COOKIE, create_link
from tests.web.conftest import SAME, Site

ROW = re.compile(r"/dpo/sessions/([0-9a-f-]+)/end")


def sign_in(site: Site, role: Role, name: str) -> str:
    """The cookie of a browser of its own."""
    with site.runtime.database.write() as session:
        token = create_link(session, site.runtime.log, role, name)
    site.client.cookies.clear()
    answer = site.client.post("/dpo/sign-in", data={"token": token}, headers=SAME, follow_redirects=False)
    return str(answer.cookies[COOKIE])


def listed(site: Site, cookie: str) -> list[str]:
    return ROW.findall(page(site, cookie))


def page(site: Site, cookie: str) -> str:
    use(site, cookie)
    shown = site.get("/dpo/sessions")
    assert shown.status_code == 200, shown.text
    return shown.text


def use(site: Site, cookie: str) -> None:
    site.client.cookies.clear()
    site.client.cookies.set(COOKIE, cookie)


def end(site: Site, cookie: str, which: str) -> tuple[int, str]:
    use(site, cookie)
    answer = site.client.post(f"/dpo/sessions/{which}/end", headers=SAME, follow_redirects=False)
    return answer.status_code, answer.headers.get("location", "")


def test_everybody_sees_and_ends_their_own(site: Site) -> None:
    """Of another person a DPO sees no session, and ends none by its id."""
    here, there = sign_in(site, Role.DPO, "dora"), sign_in(site, Role.DPO, "dora")
    others = sign_in(site, Role.AUDITOR, "xaver")
    [foreign] = listed(site, others)
    mine = listed(site, here)
    assert len(mine) == 2
    assert foreign not in mine
    assert "xaver" not in page(site, here)
    assert end(site, here, foreign)[0] == 404
    [other] = set(mine) - {re.findall(rf"badge.*?{ROW.pattern}", page(site, here), re.DOTALL)[0]}
    assert end(site, here, other) == (303, "/dpo/sessions")
    assert listed(site, here) != mine
    use(site, there)
    assert site.get("/dpo").status_code == 401
    assert len(listed(site, others)) == 1


def test_an_admin_ends_anybodys_session_and_the_log_says_who_did(site: Site) -> None:
    """The browser is out with its next request."""
    victim = sign_in(site, Role.DPO, "dora")
    admin = sign_in(site, Role.ADMIN, "adam")
    [theirs] = listed(site, victim)
    assert theirs in listed(site, admin)
    assert end(site, admin, theirs)[0] == 303
    use(site, victim)
    assert site.get("/dpo").status_code == 401
    site.runtime.log.integrate(site.runtime.database)
    with site.runtime.database.read() as session:
        newest = site.runtime.log.search(session, limit=1, types=[EventType.SESSION_REVOKED])[0]
    assert newest.actor == "adam"


def test_who_ends_the_session_at_hand_is_signed_out(site: Site) -> None:
    """Back at the way in, without a cookie."""
    here = sign_in(site, Role.DPO, "dora")
    assert end(site, here, listed(site, here)[0]) == (303, "/dpo/sign-in")
    assert site.get("/dpo").status_code == 401
