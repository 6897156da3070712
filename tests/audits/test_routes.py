"""Audits and the register over HTTP: three forms, who may, and nothing a spreadsheet would run."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar, Router
from litestar.di import Provide
from litestar.testing import TestClient
from sqlalchemy import delete, update

from privacy_svc.auditlog import verify_json
from privacy_svc.audits import HANDLERS, register
from privacy_svc.audits.tables import to_csv
from privacy_svc.http import Role, exception_handlers, surround
from privacy_svc.identity import add_client, caller_of_request, check_routes, guard
from privacy_svc.policy import PolicyHolder
from privacy_svc.store import complete_paths
from privacy_svc.store.model import SealedColumn
from tests.audits.conftest import Office


@pytest.fixture
def client(office: Office) -> Iterator[TestClient[Litestar]]:
    policies = PolicyHolder(office.settings.policies)
    parts = {
        "database": office.database,
        "policies": policies,
        "log": office.log,
        "signer": office.log.signer,
        "settings": office.settings,
    }
    app = Litestar(
        [Router("/", route_handlers=HANDLERS)],
        dependencies={n: Provide(_same(part), sync_to_thread=False) for n, part in parts.items()}
        | {"caller": Provide(caller_of_request, sync_to_thread=False)},
        middleware=[guard],
        exception_handlers=exception_handlers,
        logging_config=None,
        openapi_config=None,
    )
    app.state.database, app.state.log = office.database, office.log
    check_routes(app)
    with TestClient(surround(app, 10_000, waiting=100), raise_server_exceptions=False) as client:
        client.headers.update(_token(office, Role.DPO))
        yield client


def _same(part: object) -> Any:
    return lambda: part


def _token(office: Office, role: Role) -> dict[str, str]:
    with office.database.write() as session:
        _, token = add_client(session, office.log, f"a-{role}", role, "test")
    return {"Authorization": f"Bearer {token}"}


def test_a_run_and_its_report_in_three_forms(office: Office, client: TestClient[Litestar]) -> None:
    """201 with the summary; the report as signed JSON, as CSV with a row a check, as a page that stands alone."""
    done = client.post("/v1/audits", json={"programme": "daily"})
    assert done.status_code == 201
    assert done.json()["summary"]["error"] == done.json()["summary"]["finding"] == 0
    path = done.json()["report"]
    report = client.get(path)
    assert report.headers["content-type"] == "application/json"
    verify_json(report.json(), office.log.signer.vkey)
    rows = list(csv.DictReader(io.StringIO(client.get(path, headers={"Accept": "text/csv"}).text)))
    assert [r["check"] for r in rows] == [r["check"] for r in report.json()["results"]]
    page = client.get(path, headers={"Accept": "text/html"})
    assert "Daily look" in page.text
    assert "<script" not in page.text
    policy = page.headers["content-security-policy"]
    assert "style-src 'sha256-" in policy
    assert "unsafe" not in policy


def test_bad_input(client: TestClient[Litestar]) -> None:
    """Each wrong call is a problem that says what is wrong."""
    calls = {
        "unknown-programme": client.post("/v1/audits", json={"programme": "dayly"}),
        "invalid-body": client.post("/v1/audits", json={"program": "daily"}),
        "bad-request": client.post("/v1/audits", json={"programme": "daily", "as_of": "2099-01-01T00:00:00Z"}),
        "unknown-audit": client.get("/v1/audits/nothing"),
        "not-acceptable": client.get("/v1/ropa", headers={"Accept": "image/png"}),
    }
    assert {slug: answer.json()["type"] for slug, answer in calls.items()} == {s: f"/problems/{s}" for s in calls}
    assert "daily" in calls["unknown-programme"].json()["detail"]


@pytest.mark.parametrize(
    ("role", "run", "read"),
    [(Role.MODULE, 403, 403), (Role.DPO, 201, 200), (Role.AUDITOR, 201, 200), (Role.ADMIN, 403, 200)],
)
def test_who_may(office: Office, client: TestClient[Litestar], role: Role, run: int, read: int) -> None:
    """Modules see nothing; DPO and auditor run and read; an admin reads."""
    headers = client.headers if role is Role.DPO else _token(office, role)
    assert client.post("/v1/audits", json={"programme": "daily"}, headers=headers).status_code == run
    assert client.get("/v1/ropa", headers=headers).status_code == read
    assert client.get("/v1/dpia", headers=headers).status_code == read


def test_the_register_in_three_forms(office: Office, client: TestClient[Litestar]) -> None:
    """Everything that Art. 30(1) asks for, for each purpose; what is missing is said."""
    document = client.get("/v1/ropa").json()
    policies = PolicyHolder(office.settings.policies).current
    assert [a["id"] for a in document["activities"]] == list(policies.purposes)
    assert document == json.loads(json.dumps(register(policies, _sealed(office))))
    assert document["missing"] == []
    ads = next(a for a in document["activities"] if a["id"] == "marketing.ads")
    assert ads["article"] == "GDPR 6(1)(a)"
    assert [t["country"] for t in ads["transfers"]] == ["US"]
    assert "shop.orders" in next(a for a in document["activities"] if a["id"] == "finance.invoicing")["held_in"]
    rows = list(csv.DictReader(io.StringIO(client.get("/v1/ropa", headers={"Accept": "text/csv"}).text)))
    assert [r["id"] for r in rows] == list(policies.purposes)
    page = client.get("/v1/ropa", headers={"Accept": "text/html"}).text
    assert "Register of processing activities" in page
    assert "Brightlane Ads Inc." in page


def test_gaps_of_the_register_are_listed(office: Office, client: TestClient[Litestar]) -> None:
    """A purpose without retention stands under `missing`, on the page too."""
    office.edit("purposes.yml", "    retention: P3Y          # regular limitation period, § 195 BGB\n", "")
    policies = PolicyHolder(office.settings.policies).current
    assert [(m["activity"], m["field"]) for m in register(policies, _sealed(office))["missing"]] == [
        ("service.contract", "retention")
    ]


def _sealed(office: Office) -> frozenset[str]:
    with office.database.read() as session:
        return complete_paths(session)


def test_the_register_says_encrypted_of_what_is(office: Office, client: TestClient[Litestar]) -> None:
    """What the policy wants and `seal` has not finished is planned; where nothing is done, that is a gap."""
    security = client.get("/v1/ropa").json()["security"]
    assert (security["encrypted_fields"], security["planned_fields"]) == (15, 0)
    assert not any("planned" in m for m in security["measures"])
    with office.database.write() as session:
        session.execute(
            update(SealedColumn).where(SealedColumn.path == "shop.customers.email").values(complete_at=None)
        )
    security = client.get("/v1/ropa").json()["security"]
    assert (security["encrypted_fields"], security["planned_fields"]) == (14, 1)
    assert security["measures"][0].startswith("14 of ")
    assert security["measures"][1].startswith("planned: 1 of ")
    with office.database.write() as session:
        session.execute(delete(SealedColumn))
    register = client.get("/v1/ropa").json()
    assert [m for m in register["security"]["measures"] if " are encrypted" in m] == []
    assert [(m["activity"], m["field"]) for m in register["missing"]] == [("security", "encrypted_fields")]
    assert {"fields-in-clear", "register-complete"} == office.found().keys()


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    """A spreadsheet shows it as text."""
    assert f"'{text}" in to_csv(["a"], [{"a": text}])


def test_a_breach_over_http(office: Office, client: TestClient[Litestar]) -> None:
    """Registered, assessed, told, closed; whom it touched as JSON and CSV; drafts of the notices."""
    body = {"nature": "A list was sent to the wrong shop.", "began_at": "2026-11-20T00:00:00Z", "client": "marketing"}
    breach = client.post("/v1/breaches", json=body)
    assert breach.status_code == 201, breach.text
    here = f"/v1/breaches/{breach.json()['id']}"
    refused = client.post(f"{here}/close")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/conflict")
    assessed = {"risk": "risk", "reason": "r", "consequences": "c", "measures": "m"}
    assert client.post(f"{here}/assess", json=assessed).json()["risk"] == "risk"
    assert client.get(f"{here}/affected").json()["people"][0]["subject"] == office.ana
    table = client.get(f"{here}/affected", headers={"Accept": "text/csv"}).text
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [r["subject"] for r in rows if r["what"] == "person"] == [office.ana]
    assert [r["what"] for r in rows][1:] == ["erased since", "note"]
    assert client.get(f"{here}/affected", headers={"Accept": "text/html"}).status_code == 406
    assert {d["language"] for d in client.get(f"{here}/notices").json()} == {"en", "de"}
    assert client.post(f"{here}/authority", json={}).status_code == 200
    assert client.get(here).json()["said"]["nature"] == body["nature"]
    assert client.post(f"{here}/close").json()["next"].startswith("nothing")
    assert [b["id"] for b in client.get("/v1/breaches").json()] == [breach.json()["id"]]


def test_a_misspelt_breach_is_refused_with_the_nearest_word(client: TestClient[Litestar]) -> None:
    """Nothing is entered."""
    answer = client.post("/v1/breaches", json={"nature": "x", "began": "2026-11-20T00:00:00Z"})
    assert answer.status_code == 400
    assert "began_at" in answer.text
    assert client.get("/v1/breaches").json() == []
