"""The console of DPO, admin and auditor: what needs attention today.

Shows request ids and states, no personal data.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.response import Template
from sqlalchemy.orm import Session

from privacy_svc.auditlog import Log
from privacy_svc.audits import AUDITS, AuditRun, Audits, Programme, period
from privacy_svc.db import Database, now
from privacy_svc.errors import Misconfigured, NotFound
from privacy_svc.http import Caller
from privacy_svc.policy import PolicyHolder
from privacy_svc.rights import Filter, Order, Recipients, Requests, RequestView
from privacy_svc.vault import Vault
from privacy_svc.web.rendering import page
from privacy_svc.web.staff import HOME, REFUSED, STAFF

SHOWN = 25


@dataclass(frozen=True, slots=True)
class LogHealth:
    size: int
    """Entries under the newest signed checkpoint."""
    waiting: int
    newest: datetime | None


@get(HOME, opt=STAFF, dependencies=AUDITS, sync_to_thread=True, include_in_schema=False, exception_handlers=REFUSED)
def show_today(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    policies: NamedDependency[PolicyHolder],
    vault: NamedDependency[Vault],
    log: NamedDependency[Log],
    requests: NamedDependency[Requests],
    audits: NamedDependency[Audits],
) -> Template:
    with database.read() as session:
        health, keys = _log_health(session, log), vault.status(session)
    return page(
        request,
        policies.current,
        "today.html",
        language="en",
        caller=caller,
        now=now(),
        due=_by_deadline(requests),
        untold=Recipients(requests).untold(SHOWN),
        log=health,
        keys=keys,
        audits=_audits(audits),
        fault=policies.fault,
        refused_since=policies.refused_since,
        policy=policies.current.version,
    )


@dataclass(frozen=True, slots=True)
class LastRun:
    """Of a programme that runs by itself. About an earlier time is none of these. `late`: no run of the
    present period, or of any."""

    programme: Programme
    run: AuditRun | None
    late: bool


def _audits(audits: Audits) -> list[LastRun] | None:
    """None where the checks have a fault: then nothing runs."""
    zone = ZoneInfo(audits.policies.current.organisation.time_zone)
    try:
        found = [p for p in audits.programmes().values() if p.every is not None]
    except Misconfigured:
        return None
    return [_last_run(audits, programme, zone) for programme in found]


def _last_run(audits: Audits, programme: Programme, zone: ZoneInfo) -> LastRun:
    assert programme.every is not None
    run = next(iter(audits.latest(programme=programme.id, present=True)), None)
    present = period(programme.every, now().astimezone(zone).date())
    late = run is None or period(programme.every, run.run_at.astimezone(zone).date()) != present
    return LastRun(programme, run, late)


def _by_deadline(requests: Requests) -> list[RequestView]:
    """Open requests, the most urgent first."""
    return requests.list(Filter(is_open=True, order=Order.DUE, limit=SHOWN)).requests


def _log_health(session: Session, log: Log) -> LogHealth:
    try:
        size = log.signer.open(log.checkpoint(session)).size
    except NotFound:
        size = 0
    newest = log.search(session, limit=1, about_people=False)
    return LogHealth(size, log.backlog(session).waiting, newest[0].at if newest else None)
