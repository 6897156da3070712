"""The service as one process for all tests of this folder; each test uses customers of its own."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from privacy_svc.client import Client
from privacy_svc.examples import folder
from tests.client.faulty import Faulty, faulty_server
from tests.e2e.service import Installation
from tests.shop import sqlite_shop

Connect = Callable[..., Client]


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Served over the demo shop, sealed."""
    home = tmp_path_factory.mktemp("live")
    service = Installation(home)
    shutil.copytree(folder("policies"), home / "policies")
    service.run("init", "--store", sqlite_shop(home), "--name", "shop")
    service.run("seal")
    for module in ("support", "shop", "marketing"):
        service.client(module, "module")
    service.client("officer", "dpo")
    with service.serving():
        yield service


@pytest.fixture
def connect(live: Installation) -> Iterator[Connect]:
    """A client of the named module; its pauses are written down instead of waited for."""
    with ExitStack() as stack:

        def made(module: str, url: str = "", **more: object) -> Client:
            client = Client(url or live.url, live.tokens[module], module=module, **more)  # type: ignore[arg-type]
            client._wire._sleep = pauses(client).append
            return stack.enter_context(client)

        yield made


def pauses(client: Client) -> list[float]:
    """Seconds that this client would have waited."""
    found: list[float] = client.__dict__.setdefault("pauses", [])
    return found


@pytest.fixture
def faulty(live: Installation) -> Iterator[Faulty]:
    with faulty_server(live.url) as server:
        yield server
