"""A withdrawal holds at once, in every process: two services on one PostgreSQL database."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from privacy_svc import examples
from privacy_svc.cli.connecting import remember_store
from privacy_svc.home import create_home
from privacy_svc.settings import Settings
from tests.conftest import fresh_postgres
from tests.e2e.service import SECONDS, Installation, free_port
from tests.shop import postgres_shop

FLIPS = int(os.environ.get("PRIVACY_TEST_ROUNDS", "150"))
PEOPLE = 5


@dataclass
class Pair:
    """Two processes of one service."""

    first: Installation
    second: Installation

    def client(self, at: Installation, name: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.first.tokens[name]}"}
        return httpx.Client(base_url=at.url, headers=headers, timeout=SECONDS)


@pytest.fixture
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    server = request.getfixturevalue("postgres_server")
    with ExitStack() as stack:
        store = stack.enter_context(postgres_shop(server))
        database = stack.enter_context(fresh_postgres(server))
        first = Installation(tmp_path, database)
        examples.copy_missing("policies", tmp_path / "policies")
        settings = Settings(home=first.home, policies=tmp_path / "policies", database_url=database)
        remember_store(first.home, "shop", store)
        create_home(replace(settings, stores={"shop": store})).close()
        for name in ("shop", "marketing"):
            first.client(name, "module")
        other = tmp_path / "other"  # as another machine has it, with the same keys
        shutil.copytree(tmp_path / "policies", other / "policies")
        shutil.copytree(first.home, other / "var")
        second = Installation(other, database, port=free_port(), tokens=first.tokens)
        for installation in (first, second):
            stack.enter_context(running(installation))
        yield Pair(first, second)


@contextmanager
def running(service: Installation) -> Iterator[None]:
    """`serve` alone, without a worker, with a log file of its own."""
    command = [sys.executable, "-m", "privacy_svc", "serve"]
    with (service.folder / f"serve-{service.port}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=service.folder, env=service.environment, stdout=log, stderr=log)
        try:
            service.wait([process])
            yield
        finally:
            process.terminate()
            process.wait(timeout=SECONDS)


@dataclass
class Hammer:
    """A module that asks without end. `permits`: of each person, the state versions that permits rested on."""

    client: httpx.Client
    key: str
    end: threading.Event
    permits: set[int] = field(default_factory=set)
    asked: int = 0

    def run(self) -> None:
        while not self.end.is_set():
            answer = evaluate(self.client, self.key)
            self.asked += 1
            if answer["decision"]:
                self.permits.add(answer["context"]["state_version"])


def evaluate(client: httpx.Client, key: str, **context: Any) -> Any:
    body = {
        "subject": {"type": "module", "id": "marketing"},
        "action": {"name": "use"},
        "resource": {"type": "customer", "id": key, "properties": {"fields": ["email"]}},
        "context": {"purpose": "marketing.email", **context},
    }
    answer = client.post("/access/v1/evaluation", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def say(client: httpx.Client, key: str, state: str) -> int:
    body = {
        "customer": {"id": key},
        "purpose": "marketing.email",
        "state": state,
        "notice": {"id": "newsletter", "version": 2, "language": "en"},
        "source": {"channel": "web"},
    }
    answer = client.post("/v1/consents", json=body)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["state_version"])


def test_no_permit_after_an_acknowledged_withdrawal(pair: Pair) -> None:
    """While consent flips in one process and modules hammer both, every answer that was asked for after a withdrawal
    was acknowledged is a deny, in both processes; and no permit anywhere rests on a state that was none."""
    keys = [str(n) for n in range(1, PEOPLE + 1)]
    end = threading.Event()
    with ExitStack() as stack:
        writer, here, there = (
            stack.enter_context(pair.client(at, name))
            for at, name in ((pair.first, "shop"), (pair.first, "marketing"), (pair.second, "marketing"))
        )
        hammers = [
            Hammer(stack.enter_context(pair.client(at, "marketing")), keys[0], end) for at in (pair.first, pair.second)
        ]
        threads = [threading.Thread(target=h.run) for h in hammers]
        for thread in threads:
            thread.start()
        given: dict[str, set[int]] = {k: set() for k in keys}
        try:
            for flip in range(FLIPS):
                key = keys[flip % PEOPLE]
                version = say(writer, key, "given")
                given[key].add(version)
                assert evaluate(there, key, min_state_version=version)["decision"] is True
                version = say(writer, key, "withdrawn")
                for client in (there, here):
                    answer = evaluate(client, key)
                    assert (answer["decision"], answer["context"]["state_version"]) == (False, version)
        finally:
            end.set()
            for thread in threads:
                thread.join()
    for hammer in hammers:
        assert hammer.asked > FLIPS / PEOPLE
        assert hammer.permits <= given[keys[0]]


def test_a_version_from_the_future_is_no_decision(pair: Pair) -> None:
    """A caller that knows of a newer state than there is gets 409, in every process, never an older answer."""
    with pair.client(pair.first, "shop") as writer, pair.client(pair.second, "marketing") as asker:
        version = say(writer, "1", "given")
        assert evaluate(asker, "1", min_state_version=version)["decision"] is True
        body = {
            "subject": {"type": "module", "id": "marketing"},
            "action": {"name": "use"},
            "resource": {"type": "customer", "id": "1"},
            "context": {"purpose": "marketing.email", "min_state_version": version + 1},
        }
        assert asker.post("/access/v1/evaluation", json=body).status_code == 409
