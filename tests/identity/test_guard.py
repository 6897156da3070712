"""The guard on a small application: who gets in, who does not, and what they are told."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from litestar import Litestar, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.testing import TestClient

from privacy_svc.auditlog import EventType, Log
from privacy_svc.db import Database, now
from privacy_svc.errors import Misconfigured
from privacy_svc.http import Caller, Role, allow, exception_handlers
from privacy_svc.identity import (
    COOKIE,
    add_client,
    caller_of_request,
    check_routes,
    create_link,
    guard,
    list_clients,
    redeem_link,
    revoke_client,
)
from privacy_svc.identity.origin import same_origin
from tests.identity.conftest import entries


@get("/open", opt=allow(Role.PUBLIC), sync_to_thread=True)
def _open() -> str:
    return "open"


@get("/asks", opt=allow(Role.PUBLIC), sync_to_thread=True)
def _asks(caller: NamedDependency[Caller]) -> str:
    return caller.name


@get("/me", opt=allow(Role.MODULE, Role.DPO), sync_to_thread=True)
def _me(caller: NamedDependency[Caller]) -> str:
    return f"{caller.role} {caller.name}"


@post("/change", opt=allow(Role.DPO), sync_to_thread=True)
def _change(caller: NamedDependency[Caller]) -> str:
    return f"changed by {caller.name}"


@get("/careless", sync_to_thread=True)
def _careless() -> str:
    return "whoever"


def _app(database: Database, log: Log, *handlers: Any) -> Litestar:
    app = Litestar(
        [_open, _asks, _me, _change, *handlers],
        middleware=[guard],
        dependencies={"caller": Provide(caller_of_request, sync_to_thread=False)},
        exception_handlers=exception_handlers,
        openapi_config=None,
    )
    app.state.database, app.state.log = database, log
    return app


@pytest.fixture
def web(database: Database, log: Log) -> Iterator[TestClient[Litestar]]:
    with TestClient(_app(database, log), base_url="https://privacy.example") as client:
        yield client


def _bearer(database: Database, log: Log, role: Role = Role.MODULE, name: str = "marketing") -> dict[str, str]:
    with database.write() as session:
        return {"Authorization": f"Bearer {add_client(session, log, name, role, 'tester')[1]}"}


def _signed_in(database: Database, log: Log) -> dict[str, str]:
    with database.write() as session:
        secret = redeem_link(session, log, create_link(session, log, Role.DPO, "dora"), "192.0.2.1")
    return {"Cookie": f"{COOKIE}={secret}"}


def test_a_token_gets_in(database: Database, log: Log, web: TestClient[Litestar]) -> None:
    """And the handler knows who called."""
    assert web.get("/me", headers=_bearer(database, log)).text == "module marketing"


def test_without_credentials_401(web: TestClient[Litestar]) -> None:
    """RFC 9110 §11.6.1: with the scheme to use."""
    answer = web.get("/me")
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_the_wrong_role_403(database: Database, log: Log, web: TestClient[Litestar]) -> None:
    """And is told which role it would need."""
    answer = web.post("/change", headers=_bearer(database, log))
    assert answer.status_code == 403
    assert "dpo" in answer.text


def test_a_revoked_token_401_at_once(database: Database, log: Log, web: TestClient[Litestar]) -> None:
    """No cache of tokens survives a revocation."""
    headers = _bearer(database, log)
    assert web.get("/me", headers=headers).status_code == 200
    with database.write() as session:
        revoke_client(session, log, "marketing", "tester")
    answer = web.get("/me", headers=headers)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_an_unknown_token_is_logged_without_itself(database: Database, log: Log, web: TestClient[Litestar]) -> None:
    """Somebody trying tokens leaves a trace; the trace is no token."""
    assert web.get("/me", headers={"Authorization": "Bearer psv_guess"}).status_code == 401
    (entry,) = entries(database, log)
    assert entry.type == EventType.SIGN_IN_FAILED
    assert "psv_guess" not in str(entry)


def test_public_routes_ask_nobody(web: TestClient[Litestar]) -> None:
    """Not even when wrong credentials are sent; a handler that wants the caller then gets a 401."""
    assert web.get("/open", headers={"Authorization": "Bearer wrong"}).text == "open"
    assert web.get("/asks").status_code == 401


def test_a_caller_is_not_taken_from_the_request_before(database: Database, log: Log, web: TestClient[Litestar]) -> None:
    """Who called one request is not who calls the next."""
    assert web.get("/me", headers=_bearer(database, log)).status_code == 200
    assert web.get("/asks").status_code == 401


def test_use_is_noted_once_a_minute(database: Database, log: Log, web: TestClient[Litestar]) -> None:
    """The operator sees when a token was last used, to the minute."""
    headers, at = _bearer(database, log), now()
    for later in (0, 30, 61):
        with time_machine.travel(at + timedelta(seconds=later), tick=False):
            web.get("/me", headers=headers)
        with database.read() as session:
            (client,) = list_clients(session)
        assert client.last_used_at == at + timedelta(seconds=later // 60 * 61)


def test_a_session_gets_in(database: Database, log: Log, web: TestClient[Litestar]) -> None:
    """The cookie of a signed-in person reads without further headers."""
    assert web.get("/me", headers=_signed_in(database, log)).text == "dpo dora"


def test_a_planted_cookie_never_gets_in(database: Database, log: Log, web: TestClient[Litestar]) -> None:
    """Session fixation: the victim's sign-in does not sign the attacker's cookie in."""
    planted = {"Cookie": f"{COOKIE}=planted"}
    assert web.get("/me", headers=planted).status_code == 401
    _signed_in(database, log)
    assert web.get("/me", headers=planted).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({"Origin": "http://privacy.example"}, 201),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://privacy.example"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
def test_a_session_changes_things_only_from_our_pages(
    database: Database, log: Log, web: TestClient[Litestar], headers: dict[str, str], status: int
) -> None:
    """Cross-site request forgery is refused by where the request comes from."""
    assert web.post("/change", headers=_signed_in(database, log) | headers).status_code == status


def test_a_token_needs_no_origin(database: Database, log: Log, web: TestClient[Litestar]) -> None:
    """Programs send none, and no browser adds a token by itself."""
    assert web.post("/change", headers=_bearer(database, log, Role.DPO, "tool")).status_code == 201


def test_a_wrong_token_is_not_saved_by_a_cookie(database: Database, log: Log, web: TestClient[Litestar]) -> None:
    """Who sends a token is judged by it."""
    headers = _signed_in(database, log) | {"Authorization": "Bearer wrong"}
    assert web.get("/me", headers=headers).status_code == 401


def test_same_origin_is_about_scheme_host_and_port() -> None:
    """Another port is another origin, and so is the same host without TLS; safe methods need none."""
    local, host = "http://127.0.0.1:8480", {"host": "privacy.example:8480"}
    assert same_origin("POST", host | {"origin": "http://privacy.example:8480"}, local)
    assert not same_origin("POST", host | {"origin": "http://privacy.example"}, local)
    assert not same_origin("DELETE", {"origin": "http://privacy.example"}, local)
    assert not same_origin("POST", host | {"origin": "null"}, local)
    assert not same_origin("POST", {}, local)
    assert same_origin("GET", {}, local)


def test_behind_a_proxy_the_base_url_is_the_origin() -> None:
    """The proxy may ask us by another name; no page without TLS is ours, however it is called."""
    ours, behind = "https://privacy.example", {"host": "10.0.0.7:8480"}
    assert same_origin("POST", behind | {"origin": "https://privacy.example"}, ours)
    assert not same_origin("POST", behind | {"origin": "http://10.0.0.7:8480"}, ours)
    assert not same_origin("POST", {"host": "privacy.example", "origin": "http://privacy.example"}, ours)


def test_a_route_without_roles_is_refused_at_start(database: Database, log: Log) -> None:
    """The error names the route."""
    check_routes(_app(database, log))
    with pytest.raises(Misconfigured, match="GET /careless"):
        check_routes(_app(database, log, _careless))


def test_roles_of_a_router_count(database: Database, log: Log) -> None:
    """A layer above may say it for its routes."""
    check_routes(_app(database, log, Router("/staff", route_handlers=[_careless], opt=allow(Role.DPO))))


def test_a_route_without_roles_lets_nobody_in(database: Database, log: Log) -> None:
    """Also where nobody checked at start."""
    with TestClient(_app(database, log, _careless)) as client:
        assert client.get("/careless", headers=_bearer(database, log, Role.ADMIN, "root")).status_code == 500


def test_options_says_only_the_methods(web: TestClient[Litestar]) -> None:
    """Litestar answers OPTIONS on each path; that needs nobody and shows nothing."""
    answer = web.options("/me")
    assert (answer.status_code, answer.text) == (204, "")
