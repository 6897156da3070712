"""`serve`: the HTTP service, with one worker process beside it on the embedded default."""

import fcntl
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from privacy_svc.cli.common import Cli
from privacy_svc.errors import Misconfigured
from privacy_svc.settings import Settings, load

RESPAWN_SECONDS = 1.0
"""After which a process that died is followed by another."""
STOP_SECONDS = 20
"""After which a web process that was told to end and does not is killed: what it answered is on disk."""
UNREACHED = (
    "warning: base_url is not set, so links in mails, receipts and the discovery documents say {}, "
    "which only this machine reaches. Set it (PRIVACY_BASE_URL) to the address that people and modules use."
)


class HomeInUse(Misconfigured):
    slug, title = "home-in-use", "Another service runs on this home folder"
    remedy = "Stop the other one, or give this one a home of its own with --home."


@click.command()
@click.option("--host", help="Address to listen on. [127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on. [8480]")
@click.option("--workers", type=int, help="Web processes. [1]")
@click.pass_obj
def command(cli: Cli, host: str | None, port: int | None, workers: int | None) -> None:
    """Serve until Ctrl-C. Refuses to start on a configuration that is dangerous or does not fit.

    \b
    Examples:
      privacy-svc serve
      privacy-svc serve --port 9000 --workers 2
    """
    run(load(home=cli.home, policies=cli.policies, host=host, port=port, workers=workers))


def run(settings: Settings) -> None:
    """Serve in this process until it is told to end."""
    from granian import Granian
    from granian.constants import Interfaces

    from privacy_svc.home import open_runtime

    open_runtime(settings).close()  # what does not fit is said here, before any process is started
    _hand_down(settings)
    with only_one(settings.home), _worker(settings):
        click.echo(f"privacy-svc listens on http://{settings.host}:{settings.port} (Ctrl-C ends it)", err=True)
        if settings.reached_nowhere_else:
            click.secho(UNREACHED.format(settings.base_url), fg="yellow", err=True)
        Granian(
            "privacy_svc.app:from_environment",
            factory=True,
            interface=Interfaces.ASGI,
            address=settings.host,
            port=settings.port,
            workers=settings.workers,
            log_access=False,
            log_enabled=False,
            respawn_failed_workers=True,
            respawn_interval=RESPAWN_SECONDS,
            workers_kill_timeout=STOP_SECONDS,
        ).serve()


def _hand_down(settings: Settings) -> None:
    """Web processes and the worker read the same settings from their environment; no secret is an argument."""
    os.environ["PRIVACY_HOME"] = str(settings.home.resolve())
    os.environ["PRIVACY_POLICIES"] = str(settings.policies.resolve())
    os.environ["PRIVACY_AUDITS"] = str(settings.audits.resolve())
    os.environ["PRIVACY_BASE_URL"] = settings.base_url


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """A lock that dies with its holder."""
    with (home / "serve.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HomeInUse(f"Another `privacy-svc serve` runs on {home}.") from None
        yield


@contextmanager
def _worker(settings: Settings) -> Iterator[None]:
    """With SQLite one worker runs beside the web processes; with PostgreSQL workers are started on their own."""
    if not settings.embedded:
        yield
        return
    ended = threading.Event()
    keeper = threading.Thread(target=_keep_worker, args=(ended,), name="worker")
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()


def _keep_worker(ended: threading.Event) -> None:
    """One that dies is followed by another: requests would wait, and erasures with them, while the pages go on."""
    while not ended.is_set():
        worker = subprocess.Popen([sys.executable, "-m", "privacy_svc", "worker"])
        while worker.poll() is None and not ended.wait(RESPAWN_SECONDS):
            pass
        if worker.poll() is None:
            worker.send_signal(signal.SIGTERM)
            worker.wait(timeout=20)
        elif not ended.is_set():
            click.secho(f"the worker ended ({worker.returncode}); another is started", fg="yellow", err=True)
