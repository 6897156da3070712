"""The console's pages: a queue that is worked off, audits that are read, breaches, the log. Each role sees its own."""

import time

import pytest

from privacy_svc.auditlog import EventType
from privacy_svc.http import CustomerRef, Role
from privacy_svc.rights import Right, Wanted
from tests.shop import ANA
from tests.web.conftest import SAME, Site
from tests.web.desk import opened, post, types

PAGES = [
    "/dpo",
    "/dpo/requests",
    "/dpo/todo",
    "/dpo/holds",
    "/dpo/people",
    "/dpo/audits",
    "/dpo/breaches",
    "/dpo/log",
    "/dpo/map",
    "/dpo/sessions",
]


@pytest.mark.parametrize("role", [Role.DPO, Role.ADMIN, Role.AUDITOR])
def test_every_page_is_there_for_each_role_and_names_where_one_is(site: Site, role: Role) -> None:
    """No page is a dead end; the navigation marks it."""
    site.sign_in(role)
    for path in PAGES:
        page = site.get(path)
        assert page.status_code == 200, page.text
        assert f'href="{path}" aria-current="page"' in page.text
        assert "no-store" in page.headers["cache-control"]


def test_without_a_session_no_page_says_anything(site: Site) -> None:
    """401 with the way in, for pages and forms."""
    for path in PAGES:
        assert site.get(path).status_code == 401
    for path in ("/dpo/requests/x/approve", "/dpo/breaches", "/dpo/log/check"):
        assert site.client.post(path, headers=SAME).status_code == 401


def test_a_request_is_worked_off_in_the_queue(site: Site) -> None:
    """It stands by its deadline, its page has the timeline and the ways to decide, and an approval starts the work."""
    site.sign_in()
    request = opened(site)
    assert request in site.get("/dpo/requests").text
    page = site.get(f"/dpo/requests/{request}").text
    for words in ("Approve", "Refuse", "Extend", "Cancel", "Timeline"):
        assert words in page
    assert ANA["email"] not in page
    assert post(site, f"/dpo/requests/{request}/approve") == f"/dpo/requests/{request}"
    assert "in progress" in site.get(f"/dpo/requests/{request}").text
    assert site.runtime.requests.show(request).approved_by == "dora"


def test_a_refusal_names_its_ground_and_sends_its_letter(site: Site) -> None:
    """Without an explanation it is refused itself; afterwards the request stands among the refused ones."""
    site.sign_in()
    request = opened(site)
    assert "explanation" in post(site, f"/dpo/requests/{request}/refuse", 400, ground="A17LegalClaims")
    assert "ground" in post(site, f"/dpo/requests/{request}/refuse", 400, ground="because", explanation="x")
    post(site, f"/dpo/requests/{request}/refuse", ground="A17LegalClaims", explanation="The claim of May.")
    assert request not in site.get("/dpo/requests").text
    assert request in site.get("/dpo/requests?state=refused").text
    assert EventType.LETTER_SENT in types(site)


def test_filters_and_pages_of_the_queue(site: Site) -> None:
    """By right and state; a word that is none is told, not ignored."""
    site.sign_in()
    access, erasure = opened(site, Right.ACCESS), opened(site)
    page = site.get("/dpo/requests?state=&right=erasure").text
    assert erasure in page
    assert access not in page
    assert site.get("/dpo/requests?right=oblivion").status_code == 400


def test_what_was_asked_is_shown_on_purpose_and_logged(site: Site) -> None:
    """A GET shows no details; the DPO's POST does, once, and leaves an entry; an admin has neither."""
    site.sign_in()
    wanted = Wanted(Right.RECTIFICATION, CustomerRef(email=ANA["email"]), details={"changes": {"city": "Porto Alegre"}})
    request = site.runtime.requests.open(wanted, "desk").id
    assert "Porto Alegre" not in site.get(f"/dpo/requests/{request}").text
    assert EventType.DETAILS_READ not in types(site)
    assert "Porto Alegre" in post(site, f"/dpo/requests/{request}/details", 200)
    assert EventType.DETAILS_READ in types(site)
    site.sign_in(Role.ADMIN)
    assert "Show it" not in site.get(f"/dpo/requests/{request}").text
    assert site.client.post(f"/dpo/requests/{request}/details", headers=SAME).status_code == 403


def test_an_auditor_reads_and_decides_nothing(site: Site) -> None:
    """No forms of decisions, and their routes are closed."""
    request = opened(site)
    site.sign_in(Role.AUDITOR)
    assert "Approve" not in site.get(f"/dpo/requests/{request}").text
    for what in ("approve", "refuse", "extend", "cancel", "vouch", "confirm-refusal", "details"):
        assert site.client.post(f"/dpo/requests/{request}/{what}", headers=SAME).status_code == 403
    assert site.get("/dpo/log?subject=x").status_code == 403


def test_evidence_leads_to_people_and_entries(site: Site) -> None:
    """A person's id to what the log has about them, an entry's to the entry; a name of the files is told to be one."""
    request = opened(site)
    site.runtime.log.integrate(site.runtime.database)
    subject = site.runtime.requests.show(request).subject
    with site.runtime.database.read() as session:
        entry = site.runtime.log.search(session, limit=1)[0]
    site.sign_in()
    assert site.get(f"/dpo/evidence?name={subject}").headers["location"] == f"/dpo/log?subject={subject}"
    assert site.get(f"/dpo/evidence?name={entry.id}").headers["location"] == f"/dpo/log?at={entry.index}"
    assert site.get("/dpo/evidence?name=keys/epoch-1.key").status_code == 404


def test_the_map_says_what_is_kept_how(site: Site) -> None:
    """Each collection with its fields, each purpose with its basis."""
    site.sign_in()
    page = site.get("/dpo/map").text
    for collection in site.runtime.policies.current.data_map.collections():
        assert collection.path in page
    assert "<td>to be encrypted</td>" in page  # nobody has run `seal`
    assert "<td>encrypted</td>" not in page
    assert "legitimate interests" in page


def test_a_person_is_looked_at_with_a_reason_that_stays(site: Site) -> None:
    """What we hold, their consents and requests, by an address that stands in no URL; the log says who looked and why.
    Without a reason nothing is shown, and an admin is shown nobody."""
    request = opened(site)
    site.sign_in()
    assert "reason" in post(site, "/dpo/people", 400, customer=ANA["email"])
    assert EventType.DATA_LOOKED_AT not in types(site)
    page = post(site, "/dpo/people", 200, customer=ANA["email"], reason="She called about her order.")
    for shown in (ANA["email"], ANA["phone"], request):
        assert shown in page
    site.runtime.log.integrate(site.runtime.database)
    with site.runtime.database.read() as session:
        entry = site.runtime.log.search(session, type=EventType.DATA_LOOKED_AT)[0]
    assert (entry.actor, entry.payload) == ("dora", {"reason": "She called about her order."})
    assert "Nobody is known" in post(site, "/dpo/people", 200, customer="nobody@nowhere.example", reason="x")
    site.sign_in(Role.ADMIN)
    assert site.client.post("/dpo/people", data={"customer": "1", "reason": "x"}, headers=SAME).status_code == 403


def test_somebody_erased_is_told_to_be(site: Site) -> None:
    """Their requests and the log are still there; nothing of them is."""
    site.sign_in()
    request = opened(site)
    with site.runtime.requests.worker():
        site.runtime.requests.approve(request, "dora")
        for _ in range(600):
            if site.runtime.requests.show(request).state == "completed":
                break
            time.sleep(0.05)
    subject = site.runtime.requests.show(request).subject
    page = post(site, "/dpo/people", 200, subject=str(subject), reason="An authority asks.")
    assert "erased" in page
    assert request in page
    assert ANA["email"] not in page
