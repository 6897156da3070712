"""A change with an Idempotency-Key is carried out once, however often it is sent, and whatever is killed."""

import multiprocessing
import os
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar.testing import TestClient
from sqlalchemy import func, select

from privacy_svc.app import create_app
from privacy_svc.auditlog import EventType, Log
from privacy_svc.cli import worker
from privacy_svc.db import Base, Database, now
from privacy_svc.http import Role
from privacy_svc.http.model import IdempotencyKey
from privacy_svc.identity import add_client, revoke_client
from privacy_svc.runtime import Runtime
from privacy_svc.settings import Settings
from privacy_svc.store import Stores
from tests.calling import Service
from tests.factories import check_log, make_log, make_vault
from tests.killing import killed_before_commit
from tests.shop import ANA

PAGE = Path(__file__).parents[2] / "docs" / "developers.md"
KEY = "0193-a-key-of-the-module"
EMAIL = ANA["email"]
CONSENT = {
    "customer": {"email": EMAIL},
    "purpose": "marketing.email",
    "state": "given",
    "notice": {"id": "newsletter", "version": 2, "language": "en"},
    "source": {"channel": "web", "reference": "footer-form"},
}
CHANGES: Sequence[tuple[str, str, dict[str, Any]]] = [
    ("shop", "/v1/consents", CONSENT),
    ("shop", "/v1/customers/1/objections", {"direct_marketing": True}),
    ("officer", "/v1/customers/1/restriction", {"reason": "they dispute their address"}),
    ("shop", "/v1/audit/events", {"type": "shop:basket", "payload": {"items": 3}, "customer": {"email": EMAIL}}),
    ("support", "/v1/requests", {"right": "access", "customer": {"email": EMAIL}}),
]
forking = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # forking, from Python 3.12 on


def send(service: Service, name: str, path: str, body: Any, key: str = KEY) -> httpx.Response:
    answer: httpx.Response = service.call(name, "POST", path, json=body, headers={"Idempotency-Key": key})
    return answer


def rows(database: Database) -> dict[str, int]:
    """How many rows each table has, but for the log's: to look at them adds to them; and the counts of calls."""
    with database.read() as session:
        return {
            t.name: session.scalar(select(func.count()).select_from(t)) or 0
            for t in Base.metadata.sorted_tables
            if not t.name.startswith(("audit_", "tallies"))
        }


@pytest.mark.parametrize(("name", "path", "body"), CHANGES, ids=[path for _, path, _ in CHANGES])
def test_sent_again_it_is_answered_and_not_done(service: Service, name: str, path: str, body: Any) -> None:
    """The second answer is the first one, marked; the database has no row more than after the first."""
    first = send(service, name, path, body)
    assert first.status_code == 201, first.text
    assert "Idempotent-Replayed" not in first.headers
    before, log = rows(service.runtime.database), entries(service)
    again = send(service, name, path, body)
    assert (again.status_code, again.content, again.headers["Idempotent-Replayed"]) == (201, first.content, "true")
    assert (rows(service.runtime.database), entries(service)) == (before, log)
    other = send(service, name, path, body, "another-key-of-the-module")
    assert "Idempotent-Replayed" not in other.headers


def entries(service: Service) -> int:
    check_log(service.runtime.database, service.runtime.log)
    found = service.call("officer", "GET", "/v1/audit/events").json()["events"]
    return sum(e["type"] != EventType.LOG_READ for e in found)


def test_another_request_is_refused(service: Service) -> None:
    """The same key with another body, or on another path, is 422; of another caller it is another key."""
    assert send(service, "shop", "/v1/consents", CONSENT).status_code == 201
    for path, body in (
        ("/v1/consents", CONSENT | {"state": "withdrawn"}),
        ("/v1/customers/1/objections", {"direct_marketing": True}),
    ):
        refused = send(service, "shop", path, body)
        assert (refused.status_code, refused.json()["type"]) == (422, "/problems/idempotency-key-reused")
        assert refused.headers["content-type"] == "application/problem+json"
    assert send(service, "marketing", "/v1/consents", CONSENT | {"state": "withdrawn"}).status_code == 201


def test_a_refused_change_spends_no_key(service: Service) -> None:
    """What was refused may be mended and sent again with the same key."""
    assert send(service, "shop", "/v1/consents", CONSENT | {"customer": {"id": "4711"}}).status_code == 404
    assert send(service, "shop", "/v1/consents", CONSENT).status_code == 201


def test_a_new_token_knows_the_old_ones_keys(service: Service) -> None:
    """A module whose token was changed between two tries is still the same module."""
    first = send(service, "shop", "/v1/consents", CONSENT)
    with service.runtime.database.write() as session:
        revoke_client(session, service.runtime.log, "shop", "test")
        service.tokens["shop"] = add_client(session, service.runtime.log, "shop", Role.MODULE, "test")[1]
    again = send(service, "shop", "/v1/consents", CONSENT)
    assert (again.content, again.headers["Idempotent-Replayed"]) == (first.content, "true")


def test_the_reference_and_the_developers_page_name_the_routes(service: Service) -> None:
    """Exactly the routes of the page's list take the header in the API's reference."""
    paths = service.http.get("/schema/openapi.json").json()["paths"]
    taking = {
        f"{method.upper()} {path}"
        for path, methods in paths.items()
        for method, operation in methods.items()
        if any(p["name"] == "Idempotency-Key" for p in operation.get("parameters", ()))
    }
    section = PAGE.read_text().split("## Send again")[1].split("\nand send the same")[0]
    assert set(re.findall(r"POST /v1/\S+", section)) == taking
    decisions = {t.split()[1] for t in taking if "{request_id}" in t}  # tests/rights/test_sent_again.py
    assert {path.replace("/1/", "/{customer}/") for _, path, _ in CHANGES} == {t.split()[1] for t in taking} - decisions


@pytest.mark.parametrize("key", ["short", "x" * 256, "with a space in it", "schlüssel-mit-umlaut"])
def test_a_key_that_proves_nothing_is_refused(service: Service, key: str) -> None:
    """A key is 16 to 255 visible characters."""
    headers = {"Idempotency-Key": key.encode("latin-1")}
    assert service.call("shop", "POST", "/v1/consents", json=CONSENT, headers=headers).status_code == 400


def test_nothing_of_a_person_is_kept(service: Service) -> None:
    """Neither the key nor the address is in the row, in clear or as a plain hash of the body."""
    send(service, "shop", "/v1/consents", CONSENT)
    with service.runtime.database.read() as session:
        kept = session.scalars(select(IdempotencyKey)).one()
    assert EMAIL.encode() not in kept.answer
    assert b"customer" not in kept.answer
    assert KEY.encode() not in kept.key_hash + kept.fingerprint + kept.answer


def test_the_worker_removes_expired_keys(service: Service) -> None:
    """A key is kept for a day, and then no longer."""
    send(service, "shop", "/v1/consents", CONSENT)
    worker._tidy(service.runtime)
    assert rows(service.runtime.database)["idempotency_keys"] == 1
    with service.runtime.database.write() as session:
        kept = session.scalars(select(IdempotencyKey)).one()
        assert timedelta(hours=23) < kept.expires_at - now() <= timedelta(hours=24)
        kept.expires_at = now()
    worker._tidy(service.runtime)
    assert rows(service.runtime.database)["idempotency_keys"] == 0


@pytest.fixture
def quiet(shop: Runtime) -> Service:
    """The service without its log's thread: a process that is forked while that writes would wait for it for ever."""
    return Service(shop)


class Elsewhere:
    """The same service in another process: connections of its own, the same keys and tokens."""

    def __init__(self, service: Service) -> None:
        old = service.runtime
        settings: Settings = old.settings
        database = Database(old.database.engine.url.render_as_string(hide_password=False))
        organisation = old.policies.current.organisation
        vault = make_vault(settings.home, database, organisation.id, organisation.phone_region)
        log: Log = make_log(settings.home, vault)
        stores = Stores(settings.stores)
        self.runtime = Runtime(settings, old.policies, database, vault, log.signer, log, stores)
        self.http = TestClient(create_app(settings, self.runtime))  # without its lifespan: nothing else commits
        self.tokens = service.tokens

    def send(self, name: str, path: str, body: Any, key: str = KEY) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens[name]}", "Idempotency-Key": key}
        answer: httpx.Response = self.http.post(path, json=body, headers=headers)
        return answer


def child(work: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        work()
        os._exit(0)

    return run


@forking
@pytest.mark.parametrize(("name", "path", "body"), [CHANGES[0], CHANGES[3], CHANGES[4]])
def test_at_the_same_time_in_two_processes(quiet: Service, tmp_path: Path, name: str, path: str, body: Any) -> None:
    """Eight at once from two processes: one is carried out, and all are given its answer."""

    def race(which: int) -> None:
        there = Elsewhere(quiet)
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: there.send(name, path, body), range(4)))
        for number, answer in enumerate(answers):
            (tmp_path / f"answer-{which}-{number}").write_bytes(b"%d " % answer.status_code + answer.content)

    before = rows(quiet.runtime.database)
    quiet.runtime.database.engine.dispose()
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=child(lambda n=n: race(n))) for n in range(2)]  # type: ignore[misc]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=120)
    answers = [f.read_bytes() for f in tmp_path.glob("answer-*")]
    assert len(answers) == 8
    assert len(set(answers)) == 1, set(answers)
    assert answers[0].startswith(b"201 ")
    after = rows(quiet.runtime.database)
    table = {"/v1/consents": "consents", "/v1/requests": "requests"}.get(path, "idempotency_keys")
    assert after[table] == before[table] + 1
    assert after["idempotency_keys"] == 1
    if path == "/v1/audit/events":
        check_log(quiet.runtime.database, quiet.runtime.log)
        found = quiet.call("officer", "GET", "/v1/audit/events").json()["events"]
        assert sum(e["type"] == EventType.MODULE_EVENT for e in found) == 1


@forking
@pytest.mark.parametrize(("name", "path", "body"), [CHANGES[0], CHANGES[4]])
def test_killed_at_every_commit(quiet: Service, name: str, path: str, body: Any) -> None:
    """Killed before its first commit, its second and so on, the key is there exactly if the change is; sent again after
    each stop, each is carried out once."""
    table, database = {"/v1/consents": "consents", "/v1/requests": "requests"}[path], quiet.runtime.database
    before = rows(database)[table]
    send(quiet, name, path, body, KEY)  # the token's use is noted: no commit that comes once and shifts the others
    number, killed = 1, True
    while killed:
        key = f"{KEY}-{number}"
        database.engine.dispose()
        killed = killed_before_commit(number, lambda k=key: Elsewhere(quiet).send(name, path, body, k))  # type: ignore[misc]
        counted = rows(database)
        assert counted[table] - before == counted["idempotency_keys"]
        send(quiet, name, path, body, key)
        counted = rows(database)
        assert counted[table] - before == counted["idempotency_keys"] == number + 1
        number += 1
    assert number > 3


def test_a_code_that_was_not_sent_is_sent_by_the_repeat(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is killed between the request and its mail sends again, and the person gets their code: once."""
    first_code = service.runtime.requests.send_after_answer
    monkeypatch.setattr(service.runtime.requests, "send_after_answer", lambda *_, **__: None)
    body = CHANGES[4][2]
    send(service, "support", "/v1/requests", body)
    outbox = service.runtime.settings.home / "outbox"
    assert not list(outbox.glob("*.eml"))
    monkeypatch.setattr(service.runtime.requests, "send_after_answer", first_code)
    for _ in range(2):
        send(service, "support", "/v1/requests", body)
        assert len(list(outbox.glob("*.eml"))) == 1
