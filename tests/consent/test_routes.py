"""Consent over HTTP, with the real guard and a directory of one customer."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from litestar import Litestar, Router
from litestar.di import Provide
from litestar.testing import TestClient
from sqlalchemy.orm import Session

from privacy_svc.auditlog import verify_json, verify_proof
from privacy_svc.consent import HANDLERS, Intake
from privacy_svc.db import Together, now
from privacy_svc.errors import UnknownCustomer
from privacy_svc.http import Contact, CustomerRef, NotAdmitted, Role, exception_handlers, keep_parts, once_of_request
from privacy_svc.identity import add_client, caller_of_request, check_routes, guard
from privacy_svc.mail import Mailer
from privacy_svc.policy import PolicyHolder
from privacy_svc.settings import Settings
from tests.consent.conftest import Desk
from tests.factories import check_log
from tests.policy.small import FILES

NEWS: dict[str, Any] = {
    "customer": {"id": "1001"},
    "purpose": "news",
    "state": "given",
    "notice": {"id": "news", "version": 2, "language": "en"},
    "source": {"channel": "web", "reference": "form 7"},
}
CARE = NEWS | {"purpose": "care", "notice": {"id": "care", "version": 1, "language": "de"}}


class OneCustomer:
    """A store in which one person has the key 1001."""

    def __init__(self, subject_id: str) -> None:
        self.subject_id = subject_id

    def find(self, _session: Session, customer: CustomerRef) -> str | None:
        return self.subject_id if customer.id == "1001" else None

    def locate(self, session: Session, customer: CustomerRef) -> CustomerRef | None:
        return customer if self.find(session, customer) else None

    def admit(self, session: Session, customer: CustomerRef, actor: str = "") -> str:
        found = self.find(session, customer)
        if found is None:
            raise UnknownCustomer("The customer store has no such person.")
        return found

    def admit_each(self, session: Session, wanted: Any) -> Any:
        unknown = UnknownCustomer("The customer store has no such person.")
        return [self.find(session, customer) or unknown for customer, _ in wanted]

    def admit_many(self, session: Session, customers: Any, _actor: str) -> Any:
        return [self.find(session, c) or NotAdmitted.UNKNOWN for c in customers]

    def references(self, _session: Session, subject_ids: Any) -> Any:
        return {i: CustomerRef(id="1001") for i in subject_ids if i == self.subject_id}

    def contacts(self, _session: Session, subject_ids: Any) -> Any:
        return {i: [Contact("email", "ana@mail.example")] for i in subject_ids if i == self.subject_id}

    def key_of(self, _session: Session, _subject_id: str) -> str | None:
        return "1001"


def _provide(part: object) -> Provide:
    def give() -> Any:
        return part

    return Provide(give, sync_to_thread=False)


class Web:
    """Calls as a client of each role."""

    def __init__(self, client: TestClient[Litestar], tokens: dict[Role, str]) -> None:
        self.client, self.tokens = client, tokens

    def __call__(self, method: str, path: str, json: Any = None, role: Role = Role.MODULE) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.tokens[role]}"}
        answer = self.client.request(method, path, json=json, headers=headers)
        return answer.status_code, answer.json()

    def ask(self, path: str, query: dict[str, str]) -> Any:
        """As the DPO, who gets an answer."""
        status, found = self("GET", f"{path}?{urlencode(query)}", role=Role.DPO)
        assert status == 200, found
        return found


@pytest.fixture
def web(desk: Desk, tmp_path: Path) -> Iterator[Web]:
    for name, content in FILES.items():
        path = tmp_path / "policies" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    parts: dict[str, Any] = {
        "database": desk.database,
        "policies": PolicyHolder(tmp_path / "policies", interval=0, quiet=0),
        "vault": desk.vault,
        "log": desk.log,
        "signer": desk.log.signer,
        "settings": Settings(base_url="https://privacy.example"),
        "directory": OneCustomer(desk.subject),
        "mailer": Mailer(Settings(home=tmp_path)),
    }
    directory, policies = parts["directory"], parts["policies"]
    intake = Intake(desk.vault, desk.log, directory, policies, "https://privacy.example", desk.log.signer)
    parts["recording"] = Together(desk.database.write, intake.each)
    dependencies = {name: _provide(part) for name, part in parts.items()}
    app = Litestar(
        [Router("/", route_handlers=HANDLERS)],  # as the service does: docs/decisions/0007
        middleware=[guard],
        dependencies={
            **dependencies,
            "caller": Provide(caller_of_request, sync_to_thread=False),
            "once": Provide(once_of_request, sync_to_thread=False),
        },
        exception_handlers=exception_handlers,
        openapi_config=None,
    )
    app.state.database, app.state.log = desk.database, desk.log
    keep_parts(app, parts)
    check_routes(app)
    with desk.database.write() as session:
        tokens = {
            role: add_client(session, desk.log, name, role, "tester")[1]
            for name, role in (("mail", Role.MODULE), ("dpo", Role.DPO), ("auditor", Role.AUDITOR))
        }
    with TestClient(app) as client:
        yield Web(client, tokens)


def test_give_and_withdraw(web: Web, desk: Desk) -> None:
    """The answer names the version from which on it holds, and where the receipt is."""
    status, given = web("POST", "/v1/consents", NEWS)
    assert status == 201
    assert given | {"id": "", "valid_until": "", "receipt": ""} == {
        "id": "",
        "customer": {"id": "1001"},
        "purpose": "news",
        "state": "given",
        "current": "given",
        "valid_until": "",
        "state_version": 2,
        "receipt": "",
    }
    assert given["receipt"] == f"/v1/consents/{given['id']}/receipt"
    status, withdrawn = web("POST", "/v1/consents", NEWS | {"state": "withdrawn"})
    assert (status, withdrawn["state_version"], withdrawn["valid_until"]) == (201, 3, None)
    check_log(desk.database, desk.log)


CARE: dict[str, Any] = NEWS | {
    "purpose": "care",
    "notice": {"id": "care", "version": 1, "language": "en"},
    "source": {"channel": "desk", "method": "explicit"},
}


def test_a_module_records_only_what_it_may(web: Web, desk: Desk) -> None:
    """A consent to a purpose that modules.yml does not give it is 403, whoever it is about, and in the log. A no is
    taken from any module, and a DPO records anything."""
    for customer in ("1001", "nobody"):
        status, refused = web("POST", "/v1/consents", CARE | {"customer": {"id": customer}})
        assert (status, refused["type"]) == (403, "/problems/may-not-record")
        assert refused["detail"] == "modules.yml does not let mail record consents to care."
    assert web("GET", "/v1/customers/1001/consents", role=Role.DPO)[1]["consents"] == []
    denied = [e for e in desk.entries() if e.type == "consent:record:denied"]
    assert [(e.actor, e.payload, e.subject_id) for e in denied] == [("mail", {"purpose": "care"}, None)] * 2
    assert web("POST", "/v1/consents", CARE, role=Role.DPO)[0] == 201
    for state in ("refused", "withdrawn"):
        assert web("POST", "/v1/consents", CARE | {"state": state})[0] == 201


def test_late_news_says_what_stands(web: Web) -> None:
    """A consent of yesterday does not undo a withdrawal of today, and the answer does not claim it does."""
    web("POST", "/v1/consents", NEWS | {"state": "withdrawn"})
    _, late = web("POST", "/v1/consents", NEWS | {"given_at": (now() - timedelta(days=1)).isoformat()})
    assert (late["state"], late["current"]) == ("given", "withdrawn")


def test_a_consent_beside_an_objection_says_so(web: Web) -> None:
    """Recorded all the same, but the answer does not look as if anything were permitted."""
    path = "/v1/customers/1001/objections"
    assert "objected" not in web("POST", "/v1/consents", NEWS)[1]
    assert web("POST", path, {"direct_marketing": True})[0] == 201
    yesterday = {"given_at": (now() - timedelta(days=1)).isoformat()}
    assert web("POST", "/v1/consents", NEWS | yesterday)[1]["objected"] is True


def test_what_stands_with_its_history(web: Web) -> None:
    """By purpose, newest first, with objections and restriction, and no evidence."""
    web("POST", "/v1/consents", NEWS)
    web("POST", "/v1/consents", NEWS | {"state": "withdrawn"})
    web("POST", "/v1/customers/1001/objections", {"direct_marketing": True, "reason": "too many"})
    status, found = web("GET", "/v1/customers/1001/consents")
    assert status == 200
    assert (found["state_version"], found["restricted"], found["objections"]) == (4, False, ["direct_marketing"])
    (news,) = found["consents"]
    assert (news["purpose"], news["state"]) == ("news", "withdrawn")
    assert [c["state"] for c in news["history"]] == ["withdrawn", "given"]
    assert "form 7" not in str(found)
    assert "too many" not in str(found)


def test_reading_is_logged(web: Web, desk: Desk) -> None:
    """Who looked at whose consents is an entry."""
    web("GET", "/v1/customers/1001/consents", role=Role.DPO)
    last = desk.entries()[-1]
    assert (last.type, last.actor, last.subject_id) == ("consent:record:read", "dpo", desk.subject)


def test_the_receipt_is_verified_by_anybody(web: Web, desk: Desk) -> None:
    """With the public key alone."""
    _, given = web("POST", "/v1/consents", NEWS)
    status, receipt = web("GET", given["receipt"])
    assert status == 200
    verify_json(receipt, desk.log.signer.vkey)
    answer = web.client.get(given["receipt"], headers={"Authorization": f"Bearer {web.tokens[Role.MODULE]}"})
    assert answer.headers["content-type"].startswith("application/ld+json")
    assert receipt["@id"] == "https://privacy.example" + given["receipt"]
    assert web("GET", "/v1/consents/none/receipt")[0] == 404


def test_after_an_erasure_the_receipt_is_for_the_dpo(web: Web, desk: Desk) -> None:
    """A module gets 410; the DPO may need it for a claim."""
    _, given = web("POST", "/v1/consents", NEWS)
    with desk.database.write() as session:
        desk.vault.erase(session, desk.subject, request_id="r1")
    assert web("GET", given["receipt"])[0] == 410
    assert web("GET", given["receipt"], role=Role.DPO)[0] == 200
    assert web("POST", "/v1/consents", NEWS)[0] == 410


def test_restriction_is_for_the_dpo(web: Web) -> None:
    """Placed, with and without a reason; placed again it stands since then."""
    path = "/v1/customers/1001/restriction"
    assert web("POST", path, {})[0] == 403
    assert web("POST", path, {"reason": "accuracy contested"}, Role.DPO) == (201, {"state_version": 2})
    assert web("GET", "/v1/customers/1001/consents")[1]["restricted"] is True
    assert web("POST", path, role=Role.DPO) == (201, {"state_version": 3})


def test_objections_are_raised_by_anybody_and_lifted_by_the_dpo(web: Web) -> None:
    """A module that sends mails does not decide that somebody wants them again."""
    path = "/v1/customers/1001/objections"
    assert web("POST", path, {"purpose": "statistics"}) == (201, {"state_version": 2})
    assert web("DELETE", path + "/statistics")[0] == 403
    assert web("DELETE", path + "/statistics", role=Role.DPO) == (200, {"state_version": 3})


def test_what_all_marketing_is_called(web: Web) -> None:
    """One objection by either spelling, found and lifted by its name; what is misspelt is refused with the nearest
    word, never taken for nothing or for something else."""
    path = "/v1/customers/1001/objections"
    assert web("POST", path, {"purpose": "direct_marketing"}) == (201, {"state_version": 2})
    assert web("POST", path, {"direct_marketing": True}) == (201, {"state_version": 3})
    assert web("GET", "/v1/customers/1001/consents")[1]["objections"] == ["direct_marketing"]
    _, problem = web("POST", path, {"purpose": "Direct Marketing"})
    assert problem["errors"] == [{"pointer": "/purpose", "detail": "unknown purpose, did you mean `direct_marketing`?"}]
    status, problem = web("DELETE", path + "/direct-marketing", role=Role.DPO)
    assert (status, "`direct_marketing`" in problem["detail"]) == (404, True)
    assert web("DELETE", path + "/direct_marketing", role=Role.DPO) == (200, {"state_version": 4})
    status, problem = web("GET", "/v1/customers/1001/consents?purpose=newz", role=Role.DPO)
    assert (status, "`news`" in problem["detail"]) == (400, True)
    _, problem = web("POST", "/v1/suppressions/check", {"emails": [], "purpose": "newz"})
    assert "`news`" in problem["errors"][0]["detail"]


def test_a_profiling_module_is_told_of_the_objection_to_it(web: Web, tmp_path: Path) -> None:
    """As it is denied for that reason."""
    assert web("POST", "/v1/customers/1001/objections", {"purpose": "profiling"})[0] == 201
    assert web("GET", "/v1/customers/1001/consents")[1]["objections"] == []
    modules = FILES["modules.yml"].replace("purposes: [news]", "purposes: [statistics]")
    (tmp_path / "policies" / "modules.yml").write_text(modules)
    assert web("GET", "/v1/customers/1001/consents")[1]["objections"] == ["profiling"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, None),
        ({"purpose": "news", "direct_marketing": True}, None),
        ({"purpose": "service"}, "/purpose"),
        ({"purpose": "Direct-Marketing"}, "/purpose"),
        ({"purpose": "profilling"}, "/purpose"),
        ({"purpos": "news"}, "/purpos"),
        ({"direct_marketing": 1}, "/direct_marketing"),
    ],
)
def test_an_objection_is_against_one_thing(web: Web, body: dict[str, Any], pointer: str | None) -> None:
    """And against something that Art. 21 knows."""
    status, problem = web("POST", "/v1/customers/1001/objections", body)
    assert (status, problem["type"]) == (400, "/problems/invalid-body")
    assert [e["pointer"] for e in problem.get("errors", [])] == ([pointer] if pointer else [])


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"purposes": ["news", "care"]}, "/purposes"),
        ({"state": True}, "/state"),
        ({"state": "expired"}, "/state"),
        ({"given_at": "2026-01-01T00:00:00"}, "/given_at"),
        ({"given_at": 5}, "/given_at"),
        ({"given_at": "1969-12-31T23:59:59Z"}, "/given_at"),
        ({"source": {"channel": "Ana Muster <ana@example.org>"}}, "/source/channel"),
        ({"source": {"channel": "web", "method": "preticked"}}, "/source/method"),
        ({"source": {"channel": "web", "reference": ""}}, "/source/reference"),
        ({"notice": {"id": "news", "version": "2", "language": "en"}}, "/notice/version"),
        ({"guardian": {"name": "Maria"}}, "/guardian"),
        ({"guardian": {"verification": " \t-"}}, "/guardian/verification"),
        ({"consent": True}, "/consent"),
    ],
)
def test_a_body_that_does_not_fit_is_refused(web: Web, changed: dict[str, Any], pointer: str) -> None:
    """Strictly: one flag for several purposes, a boolean for a state, a time without a zone."""
    status, problem = web("POST", "/v1/consents", NEWS | changed)
    assert status == 400
    assert [e["pointer"] for e in problem["errors"]] == [pointer]
    for word in ("Ana", "Maria", "form 7"):
        assert word not in str(problem)


@pytest.mark.parametrize(
    ("changed", "article"),
    [
        ({"purposes": ["news", "care"]}, "Art. 7(2)"),
        ({"purpose": ["news", "care"]}, "Art. 7(2)"),
        ({"preticked": True}, "Art. 4(11)"),
        ({"implied": True}, "Art. 4(11)"),
        ({"source": {"channel": "web", "method": "implied"}}, "Art. 4(11)"),
        ({"source": {"channel": "web", "evidence": {"preticked": True}}}, "Art. 4(11)"),
        ({"source": {"channel": "web", "evidence": "implied by a purchase"}}, "Art. 4(11)"),
        ({"source": {"channel": "web", "evidence": {"purposes": ["news", "care"]}}}, "Art. 7(2)"),
    ],
)
def test_what_is_no_consent_is_refused_with_its_article(web: Web, changed: dict[str, Any], article: str) -> None:
    """Bundled, ticked before, or implied, also where only the evidence says so."""
    status, problem = web("POST", "/v1/consents", NEWS | changed)
    assert status == 400
    assert [article in e["detail"] for e in problem["errors"]] == [True]


def test_a_no_is_taken_whatever_its_evidence_says(web: Web) -> None:
    """What was no consent can be withdrawn all the same, and say why."""
    source = {"channel": "desk", "evidence": "the box was pre-ticked in 2016"}
    assert web("POST", "/v1/consents", NEWS | {"state": "withdrawn", "source": source})[0] == 201


def test_unknown_customers_are_404(web: Web) -> None:
    """Everywhere."""
    assert web("POST", "/v1/consents", NEWS | {"customer": {"id": "9"}})[0] == 404
    assert web("GET", "/v1/customers/9/consents")[0] == 404
    assert web("POST", "/v1/customers/9/objections", {"direct_marketing": True})[0] == 404


def test_consents_are_not_for_auditors(web: Web) -> None:
    """They are about a person by name; what is sealed as evidence is opened for the DPO alone."""
    web("POST", "/v1/consents", NEWS)
    assert web("GET", "/v1/customers/1001/consents", role=Role.AUDITOR)[0] == 403
    assert web("GET", "/v1/customers/1001/consents?evidence=true", role=Role.MODULE)[0] == 403
    status, found = web("GET", "/v1/customers/1001/consents", role=Role.DPO)
    assert (status, found["consents"][0]["proof"]["evidence_kept"], "form 7" in str(found)) == (200, True, False)


def test_the_proof_as_of_a_past_time(web: Web, desk: Desk) -> None:
    """The DPO gets state, exact text, who recorded it, the entry that proves it, and the evidence where asked."""
    given_at = now() - timedelta(days=3)
    web("POST", "/v1/consents", NEWS | {"given_at": given_at.isoformat()})
    web("POST", "/v1/consents", NEWS | {"state": "withdrawn"})
    desk.log.integrate(desk.database)
    times = {"as_of": (given_at + timedelta(days=1)).isoformat()}
    found = web.ask("/v1/customers/1001/consents", times | {"evidence": "true"})
    (news,) = found["consents"]
    assert (news["state"], [c["state"] for c in news["history"]]) == ("given", ["given"])
    proof = news["proof"]
    assert (proof["recorded_by"], proof["channel"], proof["evidence"]) == ("mail", "web", {"reference": "form 7"})
    assert proof["notice"]["text"] == desk.policies.notices["news", 2, "en"].text
    with desk.database.read() as session:
        _, leaf, _ = verify_proof(desk.log.proof(session, proof["log"]["index"]), desk.log.signer.verifier)
    assert "consent:record:given" in leaf.decode()
    assert web.ask("/v1/customers/1001/consents", times | {"known_at": times["as_of"]})["consents"] == []
    (last,) = [e for e in desk.entries() if (e.payload or {}).get("evidence")]
    assert last.type == "consent:record:read"


@pytest.mark.parametrize("name", ["as_of", "known_at"])
@pytest.mark.parametrize("value", ["2026-01-01T00:00:00", "2999-01-01T00:00:00Z", "yesterday"])
def test_a_time_that_is_none_is_refused(web: Web, name: str, value: str) -> None:
    """Without a zone, in the future, or no time at all."""
    assert web("GET", f"/v1/customers/1001/consents?{name}={value}", role=Role.DPO)[0] == 400


def test_a_module_asks_for_a_past_state_without_proofs(web: Web) -> None:
    """It needs states; the texts and who recorded them are for DPO and auditor."""
    assert web("GET", "/v1/customers/1001/consents?purpose=news")[1]["consents"] == []
    web("POST", "/v1/consents", NEWS)
    assert web("GET", "/v1/customers/1001/consents?purpose=news")[1]["consents"][0]["proof"] is None


def test_a_module_reads_only_what_it_uses_or_records(web: Web, desk: Desk, tmp_path: Path) -> None:
    """What else a person chose, consented or objected to is not its business; the DPO sees all."""
    care = web("POST", "/v1/consents", CARE, role=Role.DPO)[1]
    news = web("POST", "/v1/consents", NEWS)[1]
    for body in ({"purpose": "statistics"}, {"direct_marketing": True}):
        assert web("POST", "/v1/customers/1001/objections", body)[0] == 201
    path, refused = "/v1/customers/1001/consents", (403, "/problems/may-not-read-consents")

    def seen(role: Role) -> tuple[list[str], list[str]]:
        found = web("GET", path, role=role)[1]
        return sorted(c["purpose"] for c in found["consents"]), found["objections"]

    assert seen(Role.MODULE) == (["news"], ["direct_marketing"])
    assert seen(Role.DPO) == (["care", "news"], ["direct_marketing", "statistics"])
    for place in (f"{path}?purpose=care", f"{path}?purpose=maria.muster", care["receipt"]):
        status, said = web("GET", place)
        assert (status, said["type"]) == refused, place
        assert web("GET", place, role=Role.DPO)[0] == (400 if "maria" in place else 200)
    assert web("GET", news["receipt"])[0] == 200
    told = [e.payload for e in desk.entries() if e.type == "consent:record:denied"]
    assert told == [{"purpose": "care"}, {"purpose": None}, {"purpose": "care"}]
    modules = FILES["modules.yml"].replace("purposes: [news]", "purposes: [statistics], records: [care]")
    (tmp_path / "policies" / "modules.yml").write_text(modules)
    assert seen(Role.MODULE) == (["care"], ["statistics"]), "of a purpose that is no marketing"
    (tmp_path / "policies" / "modules.yml").write_text(FILES["modules.yml"].replace("  mail:", "  post:"))
    assert web("GET", path)[0] == web("GET", "/v1/customers/nobody/consents")[0] == 403, "nobody the policy knows"
