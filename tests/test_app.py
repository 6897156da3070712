"""The whole service on HTTP: roles, strictness, the gateway's routes."""

from typing import Any

import pytest
from litestar.routes import HTTPRoute
from litestar.utils.sync import AsyncCallable

from privacy_svc.http import CustomerRef, Role
from privacy_svc.http.queries import takes_any
from privacy_svc.store import seal
from tests.calling import Service
from tests.factories import erase
from tests.shop import ANA


def routes(app: Any) -> list[tuple[str, str, frozenset[Role]]]:
    """(method, path with parameters filled in, roles) of every route."""
    return [
        (str(method), _filled(route.path), handler.opt.get("roles", frozenset()))
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        for method in handler.http_methods
        if method != "OPTIONS"
    ]


def _filled(path: str) -> str:
    parts = [("1" if "int" in p else "x") if p.startswith("{") else p for p in path.split("/")]
    return "/".join(parts)


def test_every_route_has_roles(service: Service) -> None:
    """No route is without a declared role."""
    assert [r for r in routes(service.app) if not r[2]] == []


def test_no_handler_is_wrapped_twice(service: Service) -> None:
    """Litestar wraps each sync handler for its thread once; twice, and its answer would never be awaited."""
    handlers = [h for route in service.app.routes if isinstance(route, HTTPRoute) for h in route.route_handlers]
    assert [h for h in handlers if isinstance(getattr(h.fn, "func", None), AsyncCallable)] == []


def test_roles_are_enforced_on_every_route(service: Service) -> None:
    """Nobody gets 401 and each wrong role gets 403 on every route that is not public; the right ones get neither."""
    for method, path, roles in routes(service.app):
        if Role.PUBLIC in roles:
            continue
        assert service.call("", method, path).status_code == 401, (method, path)
        for name, role in (
            ("support", Role.MODULE),
            ("officer", Role.DPO),
            ("boss", Role.ADMIN),
            ("eye", Role.AUDITOR),
        ):
            status = service.call(name, method, path, content=b"[]").status_code
            assert (status == 403) == (role not in roles), (method, path, name, status)


def test_every_route_refuses_a_parameter_it_does_not_know(service: Service) -> None:
    """400 that names it and the nearest known one, on every route of the reference; pages for people ignore it."""
    names = {Role.MODULE: "support", Role.DPO: "officer", Role.ADMIN: "boss", Role.AUDITOR: "eye", Role.PUBLIC: ""}
    refused = set[str]()
    for route in service.app.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else []:
            role = next((r for r in names if r in handler.opt.get("roles", ())), None)
            method, path = str(next(iter(handler.http_methods))), _filled(route.path)
            if role is None or method in {"OPTIONS", "HEAD"}:
                continue
            answer = service.call(names[role], method, f"{path}?costumer=9", content=b"[]", follow_redirects=False)
            refuses = answer.status_code == 400 and "costumer" in answer.text
            assert refuses == (not takes_any(handler)), (method, path, answer.text)
            refused |= {path} if refuses else set()
    assert {"/v1/audit/export", "/v1/records/x/x/x", "/access/v1/evaluation", "/v1/requests"} <= refused
    assert not {"/", "/confirm", "/v1/consents/unsubscribe", "/dpo"} & refused


TAKEN = {"/v1/consents/import": "text/csv", "/v1/consents/unsubscribe": "application/x-www-form-urlencoded"}
"""Routes that are sent something else than JSON; the first may be sent that as well."""


def test_every_route_refuses_a_body_of_another_kind(service: Service) -> None:
    """415 on every route of the reference that is sent something; 400 where AuthZEN or OpenDSR demand that. What does
    not say what it is counts as what the route takes."""
    names = {Role.MODULE: "support", Role.DPO: "officer", Role.ADMIN: "boss", Role.PUBLIC: ""}
    seen = set[str]()
    for route in service.app.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else []:
            role = next((r for r in names if r in handler.opt.get("roles", ())), None)
            method, path = str(next(iter(handler.http_methods))), _filled(route.path)
            if role is None or method not in {"POST", "PATCH"} or not handler.resolve_include_in_schema():
                continue
            refused = 400 if path.startswith(("/access", "/opendsr")) else 415
            taken = {
                "",
                "application/json" if path == "/v1/consents/import" else "",
                TAKEN.get(path, "application/json"),
                TAKEN.get(path, "application/json; charset=utf-8"),
            }
            for kind in ("text/html", "application/json", *TAKEN.values(), *taken):
                headers = {"Content-Type": kind} if kind else {}
                answer = service.call(names[role], method, path, content=b"[", headers=headers)
                status = answer.status_code
                assert status != 415 if kind in taken else status == refused, (path, kind, answer.text)
            seen.add(path)
    assert {
        "/v1/consents",
        "/v1/records/x/x/x",
        "/v1/requests",
        "/v1/pii/detect",
        "/access/v1/evaluation",
        *TAKEN,
    } <= seen


def test_an_address_that_no_database_can_keep(service: Service) -> None:
    """U+0000 in path or query is 400, whatever route and database."""
    for path in ("/v1/customers/%00/consents", "/v1/customers/1/consents?purpose=%00", "/v1/consents/%00/receipt"):
        assert service.call("marketing", "GET", path).status_code == 400


def test_the_nearest_parameter_is_named(service: Service) -> None:
    """By the name it has on the wire; empty ones count, and what is known passes."""
    for wrong, near in (("costumer=9", "customer"), ("form=2026-01-01T00:00:00Z", "from"), ("typ", "type")):
        answer = service.call("officer", "GET", f"/v1/audit/export?{wrong}")
        assert answer.status_code == 400
        assert f"did you mean `{near}`?" in answer.json()["errors"][0]["detail"]
    assert service.call("officer", "GET", "/v1/audit/events?limit=2&type=consent").status_code == 200


def evaluation(fields: list[str], **context: Any) -> dict[str, Any]:
    return {
        "subject": {"type": "module", "id": "marketing"},
        "action": {"name": "use"},
        "resource": {"type": "customer", "id": "1", "properties": {"fields": fields}},
        "context": {"purpose": "marketing.email", **context},
    }


def consent(service: Service, state: str) -> Any:
    body = {
        "customer": {"id": "1"},
        "purpose": "marketing.email",
        "state": state,
        "notice": {"id": "newsletter", "version": 2, "language": "en"},
        "source": {"channel": "web"},
    }
    answer = service.call("shop", "POST", "/v1/consents", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_consent_decides(service: Service) -> None:
    """No consent denies, a given one permits, a withdrawn one denies from its acknowledgement on."""

    def ask(**more: Any) -> Any:
        return service.call("marketing", "POST", "/access/v1/evaluation", json=evaluation(["email"], **more))

    first = ask().json()
    assert (first["decision"], first["context"]["reasons"][0]["code"]) == (False, "consent_missing")
    assert ask(min_state_version=consent(service, "given")["state_version"]).json()["decision"] is True
    denied = ask(min_state_version=consent(service, "withdrawn")["state_version"]).json()
    assert (denied["decision"], denied["context"]["reasons"][0]["code"]) == (False, "consent_withdrawn")
    assert ask(min_state_version=99).status_code == 409


def test_modes(service: Service) -> None:
    """`all` denies when one field is denied; `filter` permits the rest, but only to a caller that can drop fields."""
    consent(service, "given")
    fields = ["email", "birth_date"]

    def ask(**more: Any) -> Any:
        return service.call("marketing", "POST", "/access/v1/evaluation", json=evaluation(fields, **more)).json()

    assert ask()["decision"] is False
    assert ask(mode="filter")["decision"] is False
    permitted = ask(mode="filter", supported_obligations=["custom"])
    assert permitted["decision"] is True
    (obligation,) = permitted["context"]["obligations"]
    assert obligation["properties"]["release"] == ["email"]
    assert obligation["properties"]["drop"] == ["birth_date"]


def test_a_module_asks_only_for_itself(service: Service) -> None:
    """A module cannot ask in another's name; a DPO may."""
    assert service.call("support", "POST", "/access/v1/evaluation", json=evaluation(["email"])).status_code == 403
    assert service.call("officer", "POST", "/access/v1/evaluation", json=evaluation(["email"])).status_code == 200


def test_authzen_rules(service: Service) -> None:
    """Unknown fields are ignored, missing ones are 400, the request id comes back."""
    body = evaluation(["email"]) | {"extra": 1}
    answer = service.call("marketing", "POST", "/access/v1/evaluation", json=body, headers={"X-Request-ID": "abc-1"})
    assert (answer.status_code, answer.headers["x-request-id"]) == (200, "abc-1")
    for missing in ("subject", "action", "resource"):
        broken = {k: v for k, v in evaluation([]).items() if k != missing}
        assert service.call("marketing", "POST", "/access/v1/evaluation", json=broken).status_code == 400
    assert service.call("", "GET", "/.well-known/authzen-configuration").json()["access_evaluation_endpoint"]


@pytest.mark.parametrize(
    ("path", "slug"),
    [
        ("/v1/records/nope/customers/1?purpose=service.support", "unknown-dataset"),
        ("/v1/records/shop/nope/1?purpose=service.support", "unknown-collection"),
        ("/v1/records/shop/customers/1?purpose=nope", "unknown-purpose"),
        ("/v1/records/shop/customers/1?purpose=service.support&fields=nope", "unknown-field"),
        ("/v1/records/shop/customers/4711?purpose=service.support", "unknown-record"),
        ("/v1/nowhere", "not-found"),
    ],
)
def test_unknown_things_have_their_own_problem(service: Service, path: str, slug: str) -> None:
    """Each unknown name answers 404 with its own problem type, as problem+json."""
    answer = service.call("support", "GET", path)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["type"] == f"/problems/{slug}"


def test_unknown_customer(service: Service) -> None:
    """A consent for somebody the store does not have is refused, and leaves nothing."""
    body = {
        "customer": {"id": "4711"},
        "purpose": "marketing.email",
        "state": "withdrawn",
        "source": {"channel": "web"},
    }
    answer = service.call("shop", "POST", "/v1/consents", json=body)
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/unknown-customer")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'{"customer": {"id": 1}}', b'{"customer": {"idd": "1"}}', b"\xff\xfe"]
)
def test_bad_bodies(service: Service, content: bytes) -> None:
    """Malformed and ill-typed bodies are 400 problems that name the place, on every writing route."""
    for path in ("/v1/consents", "/v1/audit/events", "/v1/requests"):
        answer = service.call("shop", "POST", path, content=content)
        assert answer.status_code == 400, (path, answer.text)
        assert answer.json()["type"] == "/problems/invalid-body"


def test_oversized_bodies(service: Service) -> None:
    """A body over the limit is a 413 problem, and nothing is recorded."""
    answer = service.call("shop", "POST", "/v1/consents", content=b"x" * 1_000_001)
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")


@pytest.mark.parametrize("sealed", [False, True])
def test_records_over_http(service: Service, *, sealed: bool) -> None:
    """Read, find, change and create over HTTP, with the store in clear and sealed."""
    if sealed:
        seal(service.runtime.sealer("test"))
    read = service.call(
        "support", "GET", "/v1/records/shop/customers/1?purpose=service.support&fields=first_name,birth_date"
    )
    assert read.json()["fields"] == {"first_name": "Ana"}
    assert read.json()["withheld"]["birth_date"]["reason"] == "category_not_in_purpose"
    params = {"purpose": "service.support", "email": ANA["email"]}
    found = service.call("support", "GET", "/v1/records/shop/customers", params=params).json()
    assert [r["key"] for r in found["records"]] == ["1"]
    changed = service.call(
        "shop", "PATCH", "/v1/records/shop/customers/1?purpose=service.contract", json={"city": "Lisboa"}
    )
    assert changed.status_code == 200, changed.text
    again = service.call("support", "GET", "/v1/records/shop/customers/1?purpose=service.support&fields=city").json()
    assert again["fields"] == {"city": "Lisboa"}
    refused = service.call(
        "support", "PATCH", "/v1/records/shop/customers/1?purpose=service.support", json={"birth_date": "x"}
    )
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-permitted")
    orders = service.call("shop", "POST", "/v1/records/shop/tickets?purpose=service.contract", json={"customer_id": 1})
    assert orders.status_code in {403, 409}


def test_nothing_of_an_erased_person_by_any_route(service: Service) -> None:
    """After erasure records, search, consents, receipts and new entries answer 410 or nobody, to every module."""
    consent(service, "given")
    last = consent(service, "withdrawn")
    with service.runtime.database.write() as session:
        subject = service.runtime.directory.admit(session, CustomerRef(id="1"))
        erase(service.runtime, session, subject)
    event = {"type": "support:b", "payload": {}, "customer": {"id": "1"}}
    calls = (
        ("support", "GET", "/v1/records/shop/customers/1?purpose=service.support", {}),
        ("marketing", "GET", "/v1/customers/1/consents", {}),
        ("marketing", "GET", last["receipt"], {}),
        ("support", "POST", "/v1/audit/events", {"json": event}),
        ("support", "PATCH", "/v1/records/shop/customers/1?purpose=service.support", {"json": {"city": "x"}}),
    )
    for name, method, path, more in calls:
        answer = service.call(name, method, path, **more)
        assert (answer.status_code, answer.json()["type"]) == (410, "/problems/erased"), path
    assert service.call("officer", "GET", "/v1/customers/1/consents").status_code == 200
    denied = service.call("marketing", "POST", "/access/v1/evaluation", json=evaluation(["email"])).json()
    assert (denied["decision"], denied["context"]["reasons"][0]["code"]) == (False, "erased")


def test_a_module_keeps_its_own_diary(service: Service) -> None:
    """A module's own event is in the log, readable by the DPO, without its payload for the auditor."""
    event = {"type": "marketing:letter:sent", "payload": {"template": "spring"}, "customer": {"id": "1"}}
    assert service.call("marketing", "POST", "/v1/audit/events", json=event).status_code == 201
    service.runtime.log.integrate(service.runtime.database)
    path = "/v1/audit/events?type=module:event:appended"
    (seen,) = service.call("officer", "GET", path).json()["events"]
    assert seen["payload"]["payload"] == {"template": "spring"}
    (seen,) = service.call("eye", "GET", path).json()["events"]
    assert seen["payload"] is None
    proof = service.call("officer", "GET", f"/v1/audit/events/{seen['index']}/proof")
    assert proof.text.startswith("c2sp.org/tlog-proof@v1\n")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/customers/1/consents", "as_of"),
        ("/v1/customers/1/consents", "known_at"),
        ("/v1/audit/events", "from"),
        ("/v1/audit/events", "to"),
        ("/v1/requests", "due_before"),
    ],
)
def test_a_time_in_an_address_is_an_instant_with_its_zone(service: Service, path: str, name: str) -> None:
    """A bare number is no second of 1970, nor half a time anything: a proof as of the wrong time would look right."""
    for wrong in ("1", "1767225600", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00+00:00"):
        answer = service.call("officer", "GET", f"{path}?{name}={wrong}")
        assert (answer.status_code, name in answer.json()["detail"]) == (400, True), (wrong, answer.text)
    for beyond in ("0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-01:00"):
        assert service.call("officer", "GET", f"{path}?{name}={beyond}").status_code == 400
    for right in ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00%2B01:00"):
        assert service.call("officer", "GET", f"{path}?{name}={right}").status_code == 200
