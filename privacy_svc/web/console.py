"""The console of DPO, admin and auditor: what needs attention today.

Shows request ids and states, no personal data.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.response import Template
from sqlalchemy.orm import Session

from privacy_svc.auditlog import Log
from privacy_svc.audits import AUDITS, Audits
from privacy_svc.db import Database, now
from privacy_svc.errors import NotFound
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
        audit=next(iter(audits.latest()), None),
        fault=policies.fault,
        refused_since=policies.refused_since,
        policy=policies.current.version,
    )


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
