"""The log in the console: envelopes for its readers; what entries say, and about whom, for a reason that stays."""

import re

from privacy_svc.auditlog import EventType
from privacy_svc.http import Role
from tests.shop import ANA
from tests.web.conftest import SAME, Site
from tests.web.desk import opened, post, types

LOOKED = "The authority asks about May."


def looks(site: Site) -> list[tuple[str | None, object]]:
    """Who was looked at, and the reason; the newest first."""
    site.runtime.log.integrate(site.runtime.database)
    with site.runtime.database.read() as session:
        found = site.runtime.log.search(session, type=EventType.LOG_READ, limit=100)
    return [(e.subject_id, (e.payload or {}).get("reason")) for e in found]


def test_the_log_is_searched_and_each_look_is_in_it(site: Site) -> None:
    """By type, by whom; what is found are envelopes, which name nobody and open nothing about anybody."""
    request = opened(site)
    site.runtime.log.integrate(site.runtime.database)
    site.sign_in()
    page = site.get("/dpo/log?type=rights:request").text
    assert "A rights request came in" in page
    assert "gateway:record:read" not in re.findall(r"<code>(\w+:\w+:\w+)</code>", page)
    subject = site.runtime.requests.show(request).subject
    assert str(subject) not in page
    assert request not in page
    assert looks(site) == [(None, None)]
    assert site.get("/dpo/log?type=no:such").status_code == 400
    assert site.get("/dpo/log?at=-1").status_code == 400


def test_what_entries_say_is_opened_for_a_reason_that_each_person_has(site: Site) -> None:
    """Without one nothing is opened; with one, each person of the page has an entry of their own that says why."""
    subject = site.runtime.requests.show(opened(site)).subject
    site.runtime.log.integrate(site.runtime.database)
    site.sign_in()
    assert "reason" in post(site, "/dpo/log", 400, type="rights")
    assert looks(site) == []
    assert str(subject) in post(site, "/dpo/log", 200, type="rights", reason=LOOKED)
    assert looks(site) == [(subject, LOOKED)]
    for role in (Role.ADMIN, Role.AUDITOR):
        site.sign_in(role)
        assert site.client.post("/dpo/log", data={"reason": "x"}, headers=SAME).status_code == 403


def test_entries_of_one_customer_are_shown_for_a_reason(site: Site) -> None:
    """By an address, which stands in no URL; a link with our own id asks for the reason first. An entry about them says
    so, also where nothing was found."""
    subject = site.runtime.requests.show(opened(site)).subject
    site.runtime.log.integrate(site.runtime.database)
    site.sign_in()
    assert "reason" in post(site, "/dpo/log", 400, customer=ANA["email"])
    asked = site.get(f"/dpo/log?subject={subject}").text
    assert f'name="subject" value="{subject}"' in asked
    assert "A rights request came in" not in asked
    assert looks(site) == []
    assert "A rights request came in" in post(site, "/dpo/log", 200, customer=ANA["email"], reason=LOOKED)
    assert looks(site) == [(subject, LOOKED)]
    post(site, "/dpo/log", 200, subject=str(subject), type="gateway:record", reason="Another.")
    assert looks(site)[0] == (subject, "Another.")
    assert "Nobody is known" in post(site, "/dpo/log", 200, customer="nobody@nowhere.example", reason="x")
    assert EventType.LOG_READ in types(site)


def test_a_reason_goes_on_to_the_pages_further_back(site: Site) -> None:
    """Each of them is a look of its own."""
    for _ in range(60):
        with site.runtime.database.write() as session:
            site.runtime.log.append(session, EventType.AUDIT_COMPLETED, actor="dora", payload={"run": "r"})
    site.runtime.log.integrate(site.runtime.database)
    site.sign_in()
    page = post(site, "/dpo/log", 200, type="audits", reason=LOOKED)
    assert f'name="reason" value="{LOOKED}"' in page
    at = re.search(r'name="at" value="(\d+)"', page)
    assert at
    older = post(site, "/dpo/log", 200, type="audits", reason=LOOKED, at=at[1])
    assert older.count("<tr><td") == 10
    assert len(looks(site)) == 2
