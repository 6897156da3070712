"""`worker`: a process that carries out requests."""

import signal
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import click
import structlog

from privacy_svc.cli.common import Cli

if TYPE_CHECKING:
    from privacy_svc.runtime import Runtime

TIDY_SECONDS = 30.0
AUDIT_SECONDS = 120.0
ORDER_SECONDS = 1.0
TAG_PIECES = 10
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
        audits = threading.Thread(target=_audit, args=(runtime, ended), name="audits", daemon=True)
        audits.start()
        threading.Thread(target=_orders, args=(runtime, ended), name="orders", daemon=True).start()
        try:
            while not ended.wait(TIDY_SECONDS):
                _tidy(runtime)
        finally:
            worker.stop()


def _audit(runtime: "Runtime", ended: threading.Event) -> None:
    """The programmes that run by themselves. Beside the rest: a long log takes minutes to check, and deadlines wait for
    nothing."""
    from privacy_svc.audits import Audits, Schedule

    audits = Audits(runtime.database, runtime.policies, runtime.log, runtime.signer, runtime.settings)
    schedule = Schedule(audits, runtime.mailer)
    while not ended.wait(AUDIT_SECONDS):
        _try("audit", schedule.run_due)


def _orders(runtime: "Runtime", ended: threading.Event) -> None:
    """What somebody asked for in the console; a page waits for it."""
    from privacy_svc.audits import Audits, Work

    audits = Audits(runtime.database, runtime.policies, runtime.log, runtime.signer, runtime.settings)
    work = Work(audits, runtime.simulation)
    while not ended.wait(ORDER_SECONDS):
        _try("order", work.do_next)


def _tidy(runtime: "Runtime") -> None:
    """What nobody asks for: deadlines and questions to people, letters that were not sent, page keys an erasure could
    not replace, the root key's schedule, rows the CRM wrote in clear, what it changed of people's facts, people's older
    keys, people and rows whose retention is over, log entries, evidence keys, kept values, packages and proofs that
    are, the witness, the next month's tags, the fence ledger, idempotency keys and mailed links that have expired. Each
    by itself; what cannot be done now is tried again."""
    from privacy_svc.rights import Aftermath

    aftermath = Aftermath(runtime.requests)
    _try("keep_time", runtime.requests.keep_time)
    _try("send_codes", lambda: runtime.requests.send_missing_codes("worker"))
    _try("send_confirmations", runtime.send_confirmations)
    _try("replace_pages", lambda: _replace_pages(runtime))
    _try("keep_schedule", lambda: _keep_schedule(runtime))
    _try("seal_pending", lambda: _seal_pending(runtime))
    _try("refresh_facts", lambda: _refresh_facts(runtime))
    _try("continue_rotation", lambda: _continue_rotation(runtime))
    _try("prune_log", lambda: runtime.prune_log("worker", automatic=True))
    _try("keep_retention", lambda: _keep_retention(runtime))
    _try("end_kept", lambda: aftermath.end_kept("worker", automatic=True))
    _try("end_packages", aftermath.end_packages)
    _try("end_proofs", aftermath.end_proofs)
    _try("end_evidence", lambda: aftermath.end_evidence("worker", automatic=True))
    _try("ask_witness", lambda: runtime.log.ask_witness(runtime.database))
    _try("make_tags", lambda: _make_tags(runtime))
    _try("export_ledger", lambda: runtime.vault.ledger.export(runtime.database))
    _try("forget_expired", lambda: _forget_expired(runtime))


def _make_tags(runtime: "Runtime") -> None:
    """For the next month's first audience: a million in under an hour of its last days."""
    for _ in range(TAG_PIECES):
        with runtime.database.write() as session:
            if not runtime.log.make_tags_ahead(session):
                return


def _keep_retention(runtime: "Runtime") -> None:
    """A share of what is over by the policy's periods, where it says that this goes by itself."""
    from privacy_svc.rights import Expiry

    Expiry(runtime.requests).keep("worker")


def _replace_pages(runtime: "Runtime") -> None:
    with runtime.database.write() as session:
        runtime.vault.replace_due(session)


def _forget_expired(runtime: "Runtime") -> None:
    from privacy_svc.consent import forget_links
    from privacy_svc.db import now
    from privacy_svc.http import forget_spent_keys

    with runtime.database.write() as session:
        forget_spent_keys(session, now())
        forget_links(session, now())


def _seal_pending(runtime: "Runtime") -> None:
    """What the CRM has written in clear since."""
    from privacy_svc.store import seal_pending

    seal_pending(runtime.sealer("worker"))


def _refresh_facts(runtime: "Runtime") -> None:
    """Birth dates, countries and ends of relationships that the CRM changed by itself."""
    from privacy_svc.store import refresh_facts

    refresh_facts(runtime.sealer("worker"))


def _continue_rotation(runtime: "Runtime") -> None:
    """Older keys of people that `keys rotate people` had to leave until nothing needs them."""
    from privacy_svc.store import continue_rotation

    continue_rotation(runtime.sealer("worker"), runtime.holders)


def _keep_schedule(runtime: "Runtime") -> None:
    rolled, destroyed = runtime.vault.keep_schedule(runtime.database)
    if rolled is not None:
        runtime.note_key_event("EPOCH_ROLLED", "worker", {"epoch": rolled})
    for epoch in destroyed:
        runtime.note_key_event("EPOCH_DESTROYED", "worker", {"epoch": epoch})


def _try(what: str, work: Callable[[], object]) -> None:
    from privacy_svc.errors import PrivacyError

    try:
        work()
    except PrivacyError as error:
        level = _log.error if error.slug == "log-inconsistent" else _log.warning
        level("worker.tidy_waits", what=what, problem=error.slug)
    except Exception as error:  # noqa: BLE001 - one that fails must not end the others, nor the worker
        _log.error("worker.tidy_failed", what=what, error=type(error).__name__)
