"""Workers are woken by who commits an order, also from another process; a ring that nobody hears harms nobody."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from privacy_svc.rights import Right, Worker
from privacy_svc.rights import workflow as workflows
from privacy_svc.rights.waking import Ear, ring
from tests.conftest import ONE_DATABASE
from tests.rights.company import Company
from tests.rights.running import done
from tests.rights.test_approval import verified


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "workers").mkdir()
    return tmp_path


def test_another_process_is_heard(home: Path) -> None:
    """Every worker of the home folder hears; after one has closed, the others still do."""
    one, other = threading.Event(), threading.Event()
    first, second = Ear(home / "workers/0.sock", one.set), Ear(home / "workers/1.sock", other.set)
    program = f"from pathlib import Path; from privacy_svc.rights.waking import ring; ring(Path({str(home)!r}))"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
    assert one.wait(30)
    assert other.wait(30)
    first.close()
    other.clear()
    ring(home)
    assert other.wait(30)
    second.close()
    assert not list((home / "workers").iterdir())


def test_nobody_listens(home: Path) -> None:
    """No worker, one that was killed, a folder that has none yet: ringing goes by, and a new worker takes the slot."""
    ring(home)
    ring(home / "nowhere")
    dead = Ear(home / "workers/0.sock", lambda: None)
    assert dead._socket is not None
    dead._path = home / "elsewhere"
    ring(home)
    heard = threading.Event()
    next_one = Ear(home / "workers/0.sock", heard.set)
    ring(home)
    assert heard.wait(30)
    next_one.close()


def test_a_path_that_is_too_long_is_done_without(home: Path) -> None:
    """Then the worker polls."""
    deep = home / ("x" * 120)
    deep.mkdir()
    Ear(deep / "0.sock", lambda: None).close()


@ONE_DATABASE
def test_an_order_waits_for_no_poll(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a poll that never comes, what is approved is carried out all the same, and so is the next."""
    monkeypatch.setattr(workflows, "POLL", 3600)
    with company.requests.worker() as worker:
        assert isinstance(worker, Worker)
        for _ in range(2):
            done(company, verified(company, Right.ACCESS).id)
