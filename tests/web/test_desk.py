"""The console's pages: a queue that is worked off, audits that are read, breaches, the log. Each role sees its own."""

import re
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from privacy_svc.auditlog import EventType
from privacy_svc.audits import BreachDetails, Breaches
from privacy_svc.db import now
from privacy_svc.http import CustomerRef, Role
from privacy_svc.rights import Right, Wanted
from tests.shop import ANA
from tests.web.conftest import SAME, Site

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


def post(site: Site, path: str, status: int = 303, **fields: str) -> str:
    """Where the form leads to, or the page that is shown at once."""
    answer = site.client.post(path, data=fields, headers=SAME | {"Accept": "text/html"}, follow_redirects=False)
    assert answer.status_code == status, answer.text
    return answer.headers["location"] if status == 303 else answer.text


def opened(site: Site, right: Right = Right.ERASURE) -> str:
    """By staff, about Ana, whose identity was shown."""
    wanted = Wanted(right, CustomerRef(email=ANA["email"]), channel="letter")
    request = site.runtime.requests.open(wanted, "desk")
    site.runtime.requests.vouch(request.id, "knows the last invoice", "desk")
    return request.id


def types(site: Site) -> list[str]:
    site.runtime.log.integrate(site.runtime.database)
    with site.runtime.database.read() as session:
        return [e.type for e in site.runtime.log.search(session, limit=100)]


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
    report = post(site, "/dpo/audits", programme="daily")
    page = site.get(report).text
    assert "Requests past their deadline" in page
    assert f"/dpo/evidence?name={request}" in page
    assert site.get(f"/dpo/evidence?name={request}").headers["location"] == f"/dpo/requests/{request}"
    assert report in site.get("/dpo/audits").text


def test_scores_are_drawn_once_there_are_two(site: Site) -> None:
    """As a chart with its figures beside it; one run alone is no line."""
    site.sign_in()
    post(site, "/dpo/audits", programme="daily")
    assert "<svg" not in site.get("/dpo/audits").text
    post(site, "/dpo/audits", programme="daily")
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


def test_a_breach_from_its_entry_to_its_end(site: Site) -> None:
    """The clock, the judgement, drafts, who was told; it cannot be closed before that, and the page says why."""
    site.sign_in()
    here = post(site, "/dpo/breaches", nature="A list went to the wrong shop.")
    assert "A list went to the wrong shop." in site.get(here).text
    assert "assessed" in post(site, f"{here}/close", 409)
    judged = {"reason": "open", "consequences": "spam", "measures": "closed", "began_at": "2026-11-01T08:00"}
    post(site, f"{here}/assess", risk="risk", people="12", **judged)
    asked = post(site, f"{here}/affected", 200)
    assert "0 people" in asked
    assert "leaves no trace here" in asked
    assert "A list went to the wrong shop." in post(site, f"{here}/notices", 200)
    post(site, f"{here}/authority", reference="LfD-7")
    post(site, f"{here}/close")
    assert "it is closed" in site.get("/dpo/breaches").text
    assert "whole number" in post(
        site, f"{post(site, '/dpo/breaches', nature='x')}/assess", 400, risk="risk", people="some", **judged
    )


def entered(site: Site, here: str) -> BreachDetails:
    """The breach of a page, as the register has it."""
    register = Breaches(site.runtime.database, site.runtime.log, site.runtime.policies)
    return register.show(here.rpartition("/")[2], "dora")


def local(site: Site, at: datetime) -> str:
    """As a browser's field for times has it."""
    zone = ZoneInfo(site.runtime.policies.current.organisation.time_zone)
    return f"{at.astimezone(zone):%Y-%m-%dT%H:%M}"


JUDGED = {"risk": "risk", "reason": "open", "consequences": "spam", "measures": "closed"}


def test_a_breach_ends_with_its_last_minute(site: Site) -> None:
    """A minute of the form is in it whole; the running one as far as it has come."""
    site.sign_in()
    here = post(site, "/dpo/breaches", nature="x")
    post(site, f"{here}/assess", ended_at="2026-11-01T09:00", **JUDGED)
    ended = entered(site, here).ended_at
    assert ended is not None
    assert (ended.minute, ended.second, ended.microsecond) == (0, 59, 999_999)
    before = now()
    post(site, f"{here}/assess", ended_at=local(site, before), **JUDGED)
    ended = entered(site, here).ended_at
    assert ended is not None
    assert before <= ended <= now() or ended.second == 59


def test_a_form_takes_back_what_it_had_said(site: Site) -> None:
    """It shows what is known; what is taken out of a field is not known any more, what a form does not have stays. A
    name that nobody has is refused with the nearest."""
    site.sign_in()
    here = post(site, "/dpo/breaches", nature="x")
    began = "2026-11-01T08:00"
    post(site, f"{here}/assess", began_at=began, people="12", client="dora", **JUDGED)
    page = site.get(here).text
    for shown in (f'value="{began}"', 'value="12"', 'value="dora"'):
        assert shown in page
    assert "dora" in post(site, f"{here}/assess", 400, client="doro", **JUDGED)
    post(site, f"{here}/assess", client="", began_at="", **JUDGED)
    found = entered(site, here)
    assert (found.client, found.began_at, found.people) == (None, None, 12)


def test_no_form_proposes_a_judgement_and_each_part_of_the_notice_is_asked_for(site: Site) -> None:
    """The risk begins empty and has to be chosen; boxes for kinds of people and of data, who told us, and when the
    people were told; what is unticked is taken back."""
    site.sign_in()
    kind = "user.contact.email"
    assert f'value="{kind}"' in site.get("/dpo/breaches").text
    said = {"nature": "x", "told_by": "Hosting Ltd", "categories": kind, "subjects": "customer"}
    here = post(site, "/dpo/breaches", **said)
    page = site.get(here).text
    assert re.search(r'<select id="risk" name="risk" required><option value="">', page)
    assert f'value="{kind}" checked' in page
    found = entered(site, here)
    assert (found.categories, found.subjects, found.said["told_by"]) == ([kind], ["customer"], "Hosting Ltd")
    assert "risk" in post(site, f"{here}/assess", 400, **JUDGED | {"risk": ""})
    post(site, f"{here}/assess", categories="", **JUDGED)
    post(site, f"{here}/people", how="by letter", told_at=local(site, now() - timedelta(days=1)))
    found = entered(site, here)
    assert (found.categories, found.subjects) == ([], ["customer"])
    assert found.people_told_at is not None
    assert found.people_told_at < now() - timedelta(hours=23)


def test_the_authority_is_told_in_phases_by_the_form(site: Site) -> None:
    """It is still there after the first notice, and takes a correction of it."""
    site.sign_in()
    here = post(site, "/dpo/breaches", nature="x", aware_at=local(site, now() - timedelta(hours=100)))
    post(site, f"{here}/authority", told_at=local(site, now() - timedelta(hours=90)), reference="LfD-7")
    post(site, f"{here}/authority", reference="LfD-7/2")
    page = site.get(here).text
    assert "LfD-7/2" in page
    [first, _] = entered(site, here).history
    assert f'<option value="{first.id}">' in page
    right = local(site, now() - timedelta(hours=80))
    post(site, f"{here}/authority", told_at=right, reference="LfD-7", replaces=first.id)
    told_at = entered(site, here).authority_told_at
    assert told_at is not None
    assert local(site, told_at) == right
    assert "corrected since" in site.get(here).text


def test_the_log_is_searched_and_each_look_is_in_it(site: Site) -> None:
    """By type, by whom, by a customer's address, which stands in no URL; and checked as a whole."""
    request = opened(site)
    site.runtime.log.integrate(site.runtime.database)
    site.sign_in()
    page = site.get("/dpo/log?type=rights:request").text
    assert "A rights request came in" in page
    assert "gateway:record:read" not in re.findall(r"<code>(\w+:\w+:\w+)</code>", page)
    assert EventType.LOG_READ in types(site)
    about = post(site, "/dpo/log", 200, customer=ANA["email"])
    assert "A rights request came in" in about
    assert "Nobody is known" in post(site, "/dpo/log", 200, customer="nobody@nowhere.example")
    assert "The log is whole" in post(site, "/dpo/log/check", 200)
    assert site.get("/dpo/log?type=no:such").status_code == 400
    assert request


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


def test_today_tells_each_programme_that_runs_by_itself(site: Site) -> None:
    """With its own last run, however good another's was; none yet in this period is told, and so are broken checks."""
    site.sign_in()
    assert site.get("/dpo").text.count("was not run yet") == 2
    opened(site)
    post(site, "/dpo/audits", programme="before-release")
    assert site.get("/dpo").text.count("was not run yet") == 2
    post(site, "/dpo/audits", programme="daily")
    assert site.get("/dpo").text.count("was not run yet") == 1
    with time_machine.travel(now() + timedelta(days=1)):
        site.sign_in()
        assert "none yet this day" in site.get("/dpo").text
    site.sign_in()
    check = site.runtime.settings.audits / "checks" / "key-files.yml"
    check.write_text(check.read_text().replace("severity: ", "severety: "))
    assert "nothing runs" in site.get("/dpo").text
