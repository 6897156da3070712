"""Faults under a mixed load of real processes. After each: no acknowledged consent, withdrawal, write, request or log
entry is lost, nobody erased is readable, and the log verifies.

The ordinary suite has one of each kind of installation. `make faults` has each once, then draws them at random for
PRIVACY_TEST_FAULT_SECONDS on each. The seed is printed, and PRIVACY_TEST_SEED takes it.
"""

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests import keepers
from tests.faults import injecting
from tests.faults.trial import CUSTOMERS, Trial, found
from tests.keepers import Transit
from tests.postgres import Server
from tests.shop import fill_postgres, sqlite_shop
from tests.transit_server import TransitServer

SEED = int(os.environ.get("PRIVACY_TEST_SEED", secrets.randbits(32)))
SECONDS = float(os.environ.get("PRIVACY_TEST_FAULT_SECONDS", "0"))
"""Of faults drawn at random, on each kind of installation; 0: the ordinary suite."""
LOAD_SECONDS = 4.0
ON_SQLITE = (injecting.everything_killed, injecting.child_killed, injecting.disk_full, injecting.clock_jumps)
ON_POSTGRESQL = (
    injecting.one_killed,
    injecting.database_restarted,
    injecting.database_paused,
    injecting.connections_taken,
    injecting.store_away,
    injecting.keys_away,
    injecting.mail_away,
    injecting.everything_killed,
)
ORDINARY = {ON_SQLITE: injecting.everything_killed, ON_POSTGRESQL: injecting.database_restarted}


def chosen(faults: tuple[injecting.Fault, ...]) -> list[injecting.Fault]:
    return [fault for fault in faults if SECONDS > 0 or fault is ORDINARY[faults]]


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    """On SQLite, in a home that is a small disk of its own where root can make one."""
    folder = tmp_path_factory.mktemp("embedded")
    with ExitStack() as stack:
        if os.geteuid() == 0:
            injecting.small_disk(folder / "var", stack)
        trial = found(folder, sqlite_shop(folder, CUSTOMERS), "", SEED, {})
        stack.callback(trial.service.end)
        trial.service.start()
        trial.service.ready()
        yield trial


@pytest.fixture(scope="module")
def distributed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    """Two web processes and two workers on a PostgreSQL of their own, keys and mail elsewhere."""
    folder = tmp_path_factory.mktemp("distributed")
    with ExitStack() as stack:
        server = Server.create(connections=60)
        if server is None:
            pytest.skip("no binaries of PostgreSQL: its faults need a server of the test's own (Debian: postgresql)")
        stack.callback(server.remove)
        server.start()
        store, database = injecting.two_databases(server)
        fill_postgres(store, CUSTOMERS)
        keys = Transit(folder, stack.enter_context(TransitServer(keepers.TOKEN)))
        port = injecting.free_port()
        more = {"PRIVACY_KEY_PROVIDER": keys.setting, "PRIVACY_SMTP_URL": f"smtp://127.0.0.1:{port}"}
        trial = found(folder, store, database, SEED, {**more, "PRIVACY_KEY_LEASE_MINUTES": "1"})
        trial.server, trial.keys, trial.mail_port = server, keys, port
        stack.callback(trial.service.end)
        trial.service.start()
        trial.service.ready()
        yield trial


@pytest.mark.parametrize("fault", chosen(ON_SQLITE), ids=lambda f: f.__name__)
def test_embedded(embedded: Trial, fault: injecting.Fault) -> None:
    """One service with its worker, on SQLite."""
    if fault is injecting.disk_full and not os.path.ismount(embedded.service.home):
        pytest.skip("only root can make a small disk")
    embedded.suffer(fault, LOAD_SECONDS)


@pytest.mark.parametrize("fault", chosen(ON_POSTGRESQL), ids=lambda f: f.__name__)
def test_distributed(distributed: Trial, fault: injecting.Fault) -> None:
    """Several processes on one PostgreSQL."""
    distributed.suffer(fault, LOAD_SECONDS)


@pytest.mark.skipif(SECONDS <= 0, reason="`make faults` runs it")
@pytest.mark.parametrize("name", ["embedded", "distributed"])
def test_at_random(request: pytest.FixtureRequest, name: str) -> None:
    """One fault after another, as the seed draws them."""
    trial: Trial = request.getfixturevalue(name)
    faults = ON_SQLITE if name == "embedded" else ON_POSTGRESQL
    end, count = time.monotonic() + SECONDS, 0
    while time.monotonic() < end:
        fault = trial.numbers.choice(faults)
        trial.suffer(fault, LOAD_SECONDS)
        count += 1
        print(f"{name} {count}: {fault.__name__}; {trial.record.told()}", flush=True)  # noqa: T201 - it takes long
