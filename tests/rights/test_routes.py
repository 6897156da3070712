"""Requests over HTTP, as API.md says."""

from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar, Request, Response, Router
from litestar.di import Provide
from litestar.testing import TestClient

from privacy_svc.errors import PrivacyError
from privacy_svc.http import Caller, Role, once_of_request
from privacy_svc.rights import HANDLERS, Worker
from privacy_svc.rights.fulfilment import Fulfilment
from tests.rights.company import Company
from tests.rights.running import done
from tests.rights.test_opening import code_of


def _problem(_request: Request[Any, Any, Any], error: PrivacyError) -> Response[dict[str, str]]:
    return Response({"slug": error.slug, "detail": error.detail}, status_code=error.status)


@pytest.fixture
def app(company: Company) -> Litestar:
    """The room's handlers; header `x-role` and `x-name` stand in for the identity room."""

    def caller(request: Request[Any, Any, Any]) -> Caller:
        return Caller("id", request.headers.get("x-name", "dora"), Role(request.headers.get("x-role", "dpo")))

    return Litestar(
        [Router("/", route_handlers=HANDLERS)],  # as the service does: docs/decisions/0007
        dependencies={
            "caller": Provide(caller, sync_to_thread=False),
            "once": Provide(once_of_request, sync_to_thread=False),
            "requests": Provide(lambda: company.requests, sync_to_thread=False),
            "settings": Provide(lambda: company.requests.parts.settings, sync_to_thread=False),
        },
        exception_handlers={PrivacyError: _problem},
    )


@pytest.fixture
def client(app: Litestar) -> Iterator[TestClient[Litestar]]:
    with TestClient(app) as client:
        yield client


MODULE = {"x-role": "module", "x-name": "desk"}


def opened(client: TestClient[Litestar], right: str = "access", **more: object) -> dict[str, Any]:
    answer = client.post("/v1/requests", json={"right": right, "customer": {"id": "1"}, **more}, headers=MODULE)
    assert answer.status_code == 201, answer.text
    found = answer.json()
    assert isinstance(found, dict)
    return found


def test_from_opening_to_package(client: TestClient[Litestar], company: Company, worker: Worker) -> None:
    """A module opens and verifies; the DPO downloads the zip and reads the timeline."""
    request = opened(client)
    assert set(request) == {"id", "right", "state", "received_at", "due_at", "merged_into"}
    path = f"/v1/requests/{request['id']}"
    assert client.post(f"{path}/verify", json={"code": code_of(company)}, headers=MODULE).status_code == 200
    done(company, request["id"])
    shown = client.get(path).json()
    assert shown["state"] == "completed"
    answer = client.get(shown["package"])
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content[:2] == b"PK"
    assert client.get(f"{path}/timeline").json()[0]["text"] == "The request came in by api."
    assert client.get("/v1/requests?state=completed&right=access").json()["requests"][0]["id"] == request["id"]
    assert client.get("/v1/requests?due_before=2020-01-01T00:00:00Z").json()["requests"] == []


def test_erasure_with_certificate_and_notifications(
    client: TestClient[Litestar], company: Company, worker: Worker
) -> None:
    """Approved by the DPO; the certificate and the list of recipients are there."""
    path = f"/v1/requests/{opened(client, 'erasure')['id']}"
    assert client.post(f"{path}/approve").status_code == 409
    assert client.post(f"{path}/verify", json={"reason": "passport"}).json()["state"] == "awaiting_approval"
    assert client.post(f"{path}/approve").status_code == 200
    done(company, path.rpartition("/")[2])
    assert client.get(f"{path}/certificate").json()["signature"]["algorithm"] == "Ed25519"
    assert client.get(f"{path}/notifications").json()[0]["name"] == "Letterbox Ltd"
    assert client.get(f"{path}/package").status_code == 404
    again = client.post("/v1/requests", json={"right": "access", "customer": {"id": "1"}})
    assert again.status_code == 410


def test_deciding(client: TestClient[Litestar]) -> None:
    """Extend, refuse, cancel, withdraw answer with the request as it then is."""
    one, two, three, four = (f"/v1/requests/{opened(client)['id']}" for _ in range(4))
    assert client.post(f"{one}/extend", json={"reason": "complexity"}).json()["extended_at"]
    refusal = {"ground": "A12IdentityFailure", "explanation": "No answer came."}
    assert client.post(f"{one}/refuse", json=refusal).json()["state"] == "refused"
    for silent in ({}, {"reason": " "}):
        assert client.post(f"{two}/cancel", json=silent).status_code == 400
    assert client.post(f"{two}/cancel", json={"reason": "A mistake."}).json()["outcome"] == "cancelled"
    assert client.post(f"{four}/cancel").json()["outcome"] == "cancelled"
    assert client.post(f"{three}/withdraw", headers=MODULE).json()["state"] == "cancelled"
    assert client.post(f"{three}/complete", json={"result": "upheld", "explanation": "x"}).status_code == 409
    assert client.post(f"{three}/code").status_code == 409


def test_holds(client: TestClient[Litestar]) -> None:
    """Placed and lifted."""
    wanted = {"customer": {"id": "1"}, "reason": "a lawsuit", "article": "17(3)(e)"}
    hold = client.post("/v1/holds", json=wanted)
    assert hold.status_code == 201
    assert "lawsuit" not in hold.text
    assert [h["id"] for h in client.get("/v1/holds").json()] == [hold.json()["id"]]
    assert client.get(f"/v1/holds/{hold.json()['id']}").json()["reason"] == "a lawsuit"
    assert client.delete(f"/v1/holds/{hold.json()['id']}").status_code == 204
    assert client.delete(f"/v1/holds/{hold.json()['id']}").status_code == 409
    assert client.get("/v1/holds").json() == []
    assert client.delete("/v1/holds/no-such").status_code == client.get("/v1/holds/no-such").status_code == 404


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        ({"right": "acess", "customer": {"id": "1"}}, "invalid-body"),
        ({"right": "access", "customer": {"id": "1"}, "chanel": "x"}, "invalid-body"),
        ({"right": "access", "customer": {}}, "invalid-body"),
        ({"right": "access", "customer": {"id": "1"}, "received_at": "2026-01-01T00:00:00"}, "bad-request"),
        ({"right": "access", "customer": {"id": "1"}, "received_at": "0001-01-01T00:00:00+14:00"}, "bad-request"),
        ({"right": "rectification", "customer": {"id": "1"}}, "bad-details"),
        ({"right": "access", "customer": {"id": "77"}}, "unknown-customer"),
    ],
)
def test_what_does_not_fit(client: TestClient[Litestar], body: dict[str, Any], slug: str) -> None:
    """Each wrong body has its own problem."""
    assert client.post("/v1/requests", json=body).json()["slug"] == slug


def test_a_module_has_no_say_over_what_it_did_not_open(client: TestClient[Litestar], company: Company) -> None:
    """Nor may it vouch for a person."""
    path = f"/v1/requests/{opened(client)['id']}"
    other = {"x-role": "module", "x-name": "mail"}
    assert client.post(f"{path}/verify", json={"code": code_of(company)}, headers=other).status_code == 403
    assert client.post(f"{path}/code", headers=other).status_code == 403
    assert client.post(f"{path}/verify", json={"reason": "x"}, headers=MODULE).status_code == 403
    assert client.post(f"{path}/verify", json={"code": "x", "reason": "x"}, headers=MODULE).status_code == 400
    assert client.post(f"{path}/verify", json={"code": "000000x"}, headers=MODULE).json()["slug"] == "wrong-code"


def test_every_handler_declares_who_may() -> None:
    """Only modules and staff; the package only the DPO."""
    roles = {h.operation_id: h.opt["roles"] for h in HANDLERS}
    assert all(r for r in roles.values())
    assert {name for name, r in roles.items() if Role.MODULE in r} == {
        "attachFile",
        "openRequest",
        "sendCode",
        "verifyRequest",
        "withdrawRequest",
        "noteAnswer",
    }
    assert roles["downloadPackage"] == roles["showDetails"] == roles["showHold"] == {Role.DPO}


def test_restrictions_end_over_http(client: TestClient[Litestar], company: Company, worker: Worker) -> None:
    """Announced by the DPO, listed for auditors, refused before its day; modules and admins may not."""
    request = opened(client, "restriction")["id"]
    client.post(f"/v1/requests/{request}/verify", json={"reason": "knows her"})
    done(company, request)
    path, said = "/v1/customers/1/restriction", {"reason": "It is settled.", "how": "phone"}
    assert client.request("DELETE", path).status_code == 409
    told = {**said, "told_at": company.requests.show(request).closed_at.isoformat()}  # type: ignore[union-attr]
    answer = client.post(f"{path}/end", json=told)
    assert (answer.status_code, answer.json()["told_how"]) == (201, "phone")
    assert client.get("/v1/restrictions", headers={"x-role": "auditor"}).json() == [answer.json()]
    assert client.request("DELETE", path).status_code == 409
    assert client.post("/v1/customers/1/objections/direct_marketing/override", json={"grounds": "x"}).status_code == 409


def test_tasks_over_http(client: TestClient[Litestar], company: Company) -> None:
    """Listed for auditors, opened by the DPO alone, noted done by staff; modules see none of it."""
    folder = company.home / "policies" / "connectors"
    folder.mkdir()
    (folder / "archive.yml").write_text(
        "connector: {key: archive, title: Archive, manual: {instructions: Look., who: a@b.example}}"
    )
    company.reword("id: test", "id: test")
    request = opened(client, "erasure")["id"]
    client.post(f"/v1/requests/{request}/verify", json={"reason": "knows her"})
    client.post(f"/v1/requests/{request}/approve")
    work = Fulfilment(company.database, company.requests.parts)
    assert [work.perform(request, name) for name in work.plan(request)].count(None) > 3
    path, auditor = f"/v1/requests/{request}/elsewhere", {"x-role": "auditor"}
    assert client.get("/v1/tasks", headers=auditor).json() == client.get(path, headers=auditor).json()
    assert client.get(f"{path}/archive").json()["about"] == ["1"]
    assert client.get(f"{path}/nowhere").status_code == 404
    done = client.post(f"{path}/archive/done", json={"evidence": "shredded"}).json()
    assert (done[0]["state"], done[0]["done_by"]) == ("done", "dora")
    assert client.get("/v1/tasks").json() == []
