"""The console's page of legal holds and restrictions: placed, announced, ended, each by who may and with a reason."""

import re
from datetime import timedelta

import time_machine

from privacy_svc.auditlog import EventType
from privacy_svc.consent import restrict
from privacy_svc.db import now
from privacy_svc.http import CustomerRef, Role
from privacy_svc.rights import Holds, Limits
from tests.shop import ANA
from tests.web.conftest import SAME, Site
from tests.web.test_desk import post, types
from tests.web.test_desk_breaches import local


def held(site: Site) -> str:
    hold = Holds(site.runtime.requests).place_hold(
        CustomerRef(id="1"), reason="She sued.", article="17(3)(e)", until=None, actor="dora"
    )
    return hold.id


def restricted(site: Site) -> str:
    """The subject."""
    with site.runtime.database.write() as session:
        subject = site.runtime.requests.parts.directory.admit(session, CustomerRef(id="1"), "dora")
        restrict(session, site.runtime.log, subject, actor="dora", reason="they dispute it")
    return subject


def test_a_hold_is_placed_and_ended(site: Site) -> None:
    """By an address that stands in no URL, with exemption and reason; its reason is shown to the DPO alone."""
    site.sign_in(Role.ADMIN)
    said = {"customer": ANA["email"], "article": "17(3)(e)", "reason": "She sued us."}
    assert "reason" in post(site, "/dpo/holds", 400, **said | {"reason": " "})
    assert "exemption" in post(site, "/dpo/holds", 400, **said | {"article": "6(1)(f)"})
    assert "future" in post(site, "/dpo/holds", 400, **said | {"until": "2020-01-01"})
    assert post(site, "/dpo/holds", **said, until="2099-01-01") == "/dpo/holds#holds"
    page = site.get("/dpo/holds").text
    assert "Art. 17(3)(e)" in page
    assert "until 2098-12-31" in page or "until 2099-01-01" in page
    assert "She sued us." not in page
    [hold] = Holds(site.runtime.requests).holds()
    at = f"/dpo/holds/{hold.id}"
    assert site.client.post(f"{at}/reason", headers=SAME).status_code == 403
    site.sign_in()
    assert "She sued us." in post(site, f"{at}/reason", 200)
    post(site, f"{at}/lift")
    assert "None stands." in site.get("/dpo/holds").text
    assert "before" in post(site, f"{at}/lift", 409)
    noted = types(site)
    for entry in (EventType.HOLD_PLACED, EventType.HOLD_READ, EventType.HOLD_LIFTED):
        assert entry in noted


def test_an_auditor_sees_holds_and_restrictions_and_changes_none(site: Site) -> None:
    """No forms, and their routes are closed; an admin ends no restriction."""
    hold, subject = held(site), restricted(site)
    site.sign_in(Role.AUDITOR)
    page = site.get("/dpo/holds").text
    assert hold in page
    assert subject in page
    assert "<form" not in page.partition("<h1>")[2]
    closed = ["", f"/{hold}/reason", f"/{hold}/lift"]
    ends = [f"/restrictions/{subject}/end", f"/restrictions/{subject}/lift"]
    for path in closed + ends:
        assert site.client.post(f"/dpo/holds{path}", headers=SAME).status_code == 403
    site.sign_in(Role.ADMIN)
    for path in ends:
        assert site.client.post(f"/dpo/holds{path}", headers=SAME).status_code == 403


def test_a_restriction_is_lifted_once_its_announced_day_has_come(site: Site) -> None:
    """Art. 18(3): the person is told first, by letter or by other means; the page offers to lift it from that day."""
    subject = restricted(site)
    site.sign_in()
    at = f"/dpo/holds/restrictions/{subject}"
    assert "No end was announced." in site.get("/dpo/holds").text
    assert "told" in post(site, f"{at}/lift", 409)
    assert "reason" in post(site, f"{at}/end", 400)
    ends = now() + timedelta(days=3)
    post(site, f"{at}/end", reason="It was right.", how="phone", told_at=local(site, now()), ends_at=local(site, ends))
    [standing] = Limits(site.runtime.requests).restrictions()
    assert standing.told_how == "phone"
    page = site.get("/dpo/holds").text
    assert "(phone)" in page
    assert "Lift it" not in page
    assert "not before" in post(site, f"{at}/lift", 409)
    with time_machine.travel(ends + timedelta(minutes=1)):
        site.sign_in()
        assert "Lift it" in site.get("/dpo/holds").text
        post(site, f"{at}/lift")
        assert "Nobody's data are restricted." in site.get("/dpo/holds").text
    assert EventType.RESTRICTION_END_ANNOUNCED in types(site)


def test_without_another_way_a_letter_tells_them(site: Site) -> None:
    """In a week; the mail names the day, and the page says that it was sent."""
    subject = restricted(site)
    site.sign_in()
    post(site, f"/dpo/holds/restrictions/{subject}/end", reason="It was right.")
    [standing] = Limits(site.runtime.requests).restrictions()
    assert (standing.told_how, standing.announced_by) == ("mail", "dora")
    assert re.search(r"it ends <strong>\d{4}-", site.get("/dpo/holds").text)
