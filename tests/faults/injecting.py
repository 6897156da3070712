"""The faults. Each comes and goes while the load runs; what it needs to take away belongs to the trial alone."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests.faults.trial import Trial
from tests.postgres import Server
from tests.smtp import SmtpServer

CLOCK = "PRIVACY_TEST_CLOCK"
Fault = Callable[[Trial], None]


def everything_killed(trial: Trial) -> None:
    """As a machine does it: nothing ends by itself."""
    for number in range(len(trial.service.running)):
        trial.service.kill(number)
    trial.service.start()


def one_killed(trial: Trial) -> None:
    """One command of several with its children, or all there is; the others go on."""
    trial.service.kill(trial.numbers.randrange(len(trial.service.running)))
    trial.service.start()


def child_killed(trial: Trial) -> None:
    """One process under `serve`, a web process or the worker beside it; a supervisor starts what ended for it."""
    os.kill(trial.numbers.choice(trial.service.children(0)), signal.SIGKILL)
    time.sleep(1)
    trial.service.start()


def database_restarted(trial: Trial) -> None:
    server = server_of(trial)
    server.stop()
    time.sleep(0.5)
    trial.alive()
    server.start()


def database_paused(trial: Trial) -> None:
    """It is there and says nothing, as on a machine that hangs."""
    pids = _with_children(server_of(trial).pid)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(3)
        trial.alive()
    finally:
        for pid in reversed(pids):
            os.kill(pid, signal.SIGCONT)


def connections_taken(trial: Trial) -> None:
    """Somebody else takes every connection; those that the service has are ended, so that it needs new ones."""
    server = server_of(trial)
    with psycopg.connect(_plain(server.url), autocommit=True) as administration, ExitStack() as stack:
        for _ in range(3 * server.connections):
            administration.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND usename = 'privacy'"
            )
            try:
                stack.enter_context(psycopg.connect(_plain(server.url), user="privacy"))
            except psycopg.OperationalError:
                break
        time.sleep(1.5)
        trial.alive()


def store_away(trial: Trial) -> None:
    """The customer store lets nobody in; the service's own database is as it was."""
    with psycopg.connect(_plain(server_of(trial).url), autocommit=True) as connection:
        connection.execute("ALTER DATABASE store ALLOW_CONNECTIONS false")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'store'")
        time.sleep(1.5)
        trial.alive()
        connection.execute("ALTER DATABASE store ALLOW_CONNECTIONS true")


def keys_away(trial: Trial) -> None:
    """The key provider answers like a sealed server. What was leased goes on for as long as the lease."""
    assert trial.keys is not None
    with trial.keys.away():
        time.sleep(2)
        trial.alive()


def mail_away(trial: Trial) -> None:
    """Nobody listens where mails go; a request that needs one is taken, and its letter comes later."""
    body = {"right": "access", "customer": {"id": trial.erasable[0]}}
    answer = trial.service.call("officer", "POST", "/v1/requests", json=body)
    assert answer.status_code == 201, answer.text
    trial.record.requests.add(answer.json()["id"])
    with SmtpServer(port=trial.mail_port) as server:
        until = time.monotonic() + 75
        while not server.received:
            assert time.monotonic() < until, "no letter came"
            time.sleep(0.1)


def disk_full(trial: Trial) -> None:
    """Not one more block in the home folder; then there is room again."""
    filler = trial.service.home / "filler"
    with filler.open("wb") as file:
        try:
            while True:
                file.write(bytes(1 << 16))
                file.flush()
        except OSError:
            pass
    time.sleep(2)
    trial.alive()
    filler.unlink()


def clock_jumps(trial: Trial) -> None:
    """Started again with a clock that is two days ahead, then with the right one."""
    for clock in ("172800", "0"):
        trial.service.end()
        trial.service.more[CLOCK] = clock
        trial.service.start()
        trial.service.ready()
        time.sleep(1.5)


def server_of(trial: Trial) -> Server:
    assert trial.server is not None
    return trial.server


def _with_children(pid: int) -> list[int]:
    return [pid, *(int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]


def _plain(url: str) -> str:
    return url.replace("+psycopg", "")


def two_databases(server: Server) -> tuple[str, str]:
    """URLs of a store and of a privacy database, for a user who is no superuser: those always get a connection."""
    with psycopg.connect(_plain(server.url), autocommit=True) as connection:
        connection.execute("CREATE USER privacy")
        for name in ("store", "privacy"):
            connection.execute(f"CREATE DATABASE {name} OWNER privacy")  # type: ignore[call-overload]
    url = make_url(server.url).set(username="privacy")
    return tuple(url.set(database=n).render_as_string() for n in ("store", "privacy"))  # type: ignore[return-value]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def small_disk(folder: Path, stack: ExitStack) -> None:
    """A file system of 64 MB on the folder, as only root can make one."""
    folder.mkdir(exist_ok=True)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m,mode=0700", "tmpfs", folder], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip(f"no file system of a test's own: {made.stderr.decode().strip()}")
    stack.callback(subprocess.run, ["umount", "-l", folder], check=False)
