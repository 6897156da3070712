"""The register of breaches in the console: its forms, its clock, whom a breach touched."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from privacy_svc.auditlog import EventType
from privacy_svc.audits import BreachDetails, Breaches
from privacy_svc.db import now
from privacy_svc.http import Role
from tests.web.conftest import SAME, Site
from tests.web.desk import done, post, types


def test_a_breach_from_its_entry_to_its_end(site: Site) -> None:
    """The clock, the judgement, drafts, who was told; it cannot be closed before that, and the page says why."""
    site.sign_in()
    here = post(site, "/dpo/breaches", nature="A list went to the wrong shop.")
    assert "A list went to the wrong shop." in site.get(here).text
    assert "assessed" in post(site, f"{here}/close", 409)
    judged = {"reason": "open", "consequences": "spam", "measures": "closed", "began_at": "2026-11-01T08:00"}
    post(site, f"{here}/assess", risk="risk", people="12", **judged)
    assert "asked" in post(site, f"{here}/affected", 409)
    assert "0 people" in done(site, f"{here}/ask")
    assert "leaves no trace here" in post(site, f"{here}/affected", 200)
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


def test_who_may_not_see_people_is_told_so(site: Site) -> None:
    """An admin is not sent to say when it began, which would change nothing for them."""
    site.sign_in()
    here = post(site, "/dpo/breaches", nature="x")
    assert "Say first when it began" in site.get(here).text
    assert "began" in post(site, f"{here}/ask", 409)
    site.sign_in(Role.ADMIN)
    page = site.get(here).text
    assert "Say first when it began" not in page
    assert "for the DPO to see" in page
    for what in ("ask", "affected", "affected.csv"):
        assert site.client.post(f"{here}/{what}", headers=SAME).status_code == 403


def test_times_are_shown_as_they_are_typed(site: Site) -> None:
    """By the organisation's clock, with its zone: 08:00 in Kiel stays 08:00."""
    site.sign_in()
    here = post(site, "/dpo/breaches", nature="x")
    post(site, f"{here}/assess", began_at="2026-07-01T08:00", ended_at="2026-11-01T08:00", **JUDGED)
    page = site.get(here).text
    assert "2026-07-01 08:00 CEST" in page
    assert "2026-11-01 08:00 CET" in page
    assert "UTC" not in page


def test_whom_it_touched_can_be_taken_as_a_document(site: Site) -> None:
    """Each look at the list is an entry of its own."""
    site.sign_in()
    here = post(site, "/dpo/breaches", nature="x")
    post(site, f"{here}/assess", began_at="2026-07-01T08:00", **JUDGED)
    done(site, f"{here}/ask")
    looks = types(site).count(EventType.BREACH_AFFECTED)
    assert "what,subject" in post(site, f"{here}/affected.csv", 200)
    post(site, f"{here}/affected", 200)
    assert types(site).count(EventType.BREACH_AFFECTED) == looks + 2 == 2
