"""The ledger over HTTP: who may read it, who may note what."""

from typing import Any

import pytest

from privacy_svc.rights import Recipients
from tests.calling import Service
from tests.rights.running import carried_out


@pytest.fixture
def ledger(service: Service) -> str:
    """Of an erasure of the shop's first customer, done, whose recipients wait for a person."""
    requests = service.runtime.requests
    wanted = {"right": "erasure", "customer": {"id": "1"}}
    request = service.call("officer", "POST", "/v1/requests", json=wanted).json()["id"]
    requests.vouch(request, "passport", "officer")
    requests.approve(request, "officer")
    carried_out(service.runtime.database, requests.parts, request)
    Recipients(requests).courier.deliver_due()
    return f"/v1/requests/{request}/notifications"


def by_name(service: Service, ledger: str, caller: str = "eye") -> dict[str, Any]:
    return {n["recipient"]: n for n in service.call(caller, "GET", ledger).json()}


def test_the_ledger(service: Service, ledger: str) -> None:
    """Staff and auditors read it, without personal data; modules and strangers do not."""
    found = by_name(service, ledger)
    assert {"mail_provider", "parcel_service"} <= set(found)
    assert {n["state"] for n in found.values()} == {"to_tell"}
    assert {n["problem"] for n in found.values()} == {"by_hand"}
    assert found["mail_provider"]["name"] == "Postbote Mailing SAS"
    assert service.call("support", "GET", ledger).status_code == 403
    assert service.call("", "GET", ledger).status_code == 401


def test_what_a_person_notes(service: Service, ledger: str) -> None:
    """Told by whom, or impossible on a ground; only by staff, only once, only about a recipient there is."""
    said = {"how": "phoned", "answer": "done"}
    for caller, status in (("support", 403), ("eye", 403), ("officer", 200), ("officer", 409)):
        answer = service.call(caller, "POST", f"{ledger}/mail_provider/told", json=said)
        assert answer.status_code == status, answer.text
    wrong = {"ground": "too_much_work", "reason": "x"}
    assert service.call("officer", "POST", f"{ledger}/tax_adviser/impossible", json=wrong).status_code == 400
    exempt = {"ground": "disproportionate", "reason": "dissolved"}
    assert service.call("boss", "POST", f"{ledger}/parcel_service/impossible", json=exempt).status_code == 200
    assert service.call("officer", "POST", f"{ledger}/nobody/told", json=said).status_code == 404
    found = by_name(service, ledger)
    assert (found["mail_provider"]["told_by"], found["mail_provider"]["noted_by"]) == ("person", "officer")
    assert (found["parcel_service"]["state"], found["parcel_service"]["ground"]) == ("impossible", "disproportionate")
    told = service.call("officer", "GET", ledger.replace("notifications", "timeline")).json()
    assert "Postbote Mailing SAS was told by person." in [line["text"] for line in told]


def test_tried_again(service: Service, ledger: str) -> None:
    """What was mended is due at once."""
    tried = service.call("officer", "POST", f"{ledger}/mail_provider/again").json()
    assert {n["recipient"]: n["next_try_at"] is not None for n in tried}["mail_provider"]
    assert service.call("eye", "POST", f"{ledger}/mail_provider/again").status_code == 403


def test_the_console_lists_what_waits(service: Service, ledger: str) -> None:
    """By name and reason, with the way to the request and its ledger."""
    bearer = {"Authorization": f"Bearer {service.tokens['officer']}"}
    page = service.http.get("/dpo", headers=bearer).text
    assert "Recipients for a person to tell" in page
    request = ledger.removeprefix("/v1/requests/").removesuffix("/notifications")
    assert f'href="/dpo/requests/{request}#recipients"' in page
    there = service.http.get(f"/dpo/requests/{request}", headers=bearer).text
    assert 'id="recipients"' in there
    assert "Postbote Mailing SAS" in there
    assert "Postbote Mailing SAS" in page
    assert "by hand" in page
