"""`worker`: a process that carries out requests."""

import signal
import threading
from typing import TYPE_CHECKING

import click
import structlog

from privacy_svc.cli.common import Cli

if TYPE_CHECKING:
    from privacy_svc.runtime import Runtime

TIDY_SECONDS = 30.0
_log = structlog.get_logger(__name__)


@click.command()
@click.option("--concurrency", default=4, show_default=True, help="Requests at once.")
@click.pass_obj
def command(cli: Cli, concurrency: int) -> None:
    """Carry out requests until told to end; what is under way goes on at the next start, here or in another worker.

    \b
    Example:
      privacy-svc worker --concurrency 8
    """
    from privacy_svc.http.logs import configure

    configure()
    ended = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ended.set())
    with cli.runtime() as runtime:
        runtime.log.start(runtime.database)
        worker = runtime.requests.worker(concurrency=concurrency)
        worker.start()
        try:
            while not ended.wait(TIDY_SECONDS):
                _tidy(runtime)
        finally:
            worker.stop()


def _tidy(runtime: "Runtime") -> None:
    """Make up for page keys that an erasure could not replace while the key provider was away."""
    from privacy_svc.errors import PrivacyError

    try:
        with runtime.database.write() as session:
            replaced = runtime.vault.replace_due(session)
    except PrivacyError as error:
        _log.warning("worker.tidy_waits", problem=error.slug)
    else:
        if replaced:
            _log.info("worker.page_keys_replaced", count=replaced)
