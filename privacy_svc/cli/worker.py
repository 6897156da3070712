"""`worker`: a process that carries out requests."""

import signal
import threading

import click

from privacy_svc.cli.common import Cli


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
            ended.wait()
        finally:
            worker.stop()
