"""The audit log in the console: search, an entry with its proof, a check of the whole. Each look is an entry itself."""

from dataclasses import dataclass
from typing import Any

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, RawBody
from litestar.response import Template

from privacy_svc.auditlog import EntryView, EventType, Log
from privacy_svc.db import Database
from privacy_svc.errors import BadRequest, Forbidden
from privacy_svc.http import Caller, CustomerDirectory, CustomerRef, Role
from privacy_svc.policy import PolicyHolder
from privacy_svc.web.desk import READS, console, sent
from privacy_svc.web.staff import HOME

LINES = 50
_SAYS = {t.value: t.says for t in EventType}


@dataclass(frozen=True, slots=True)
class Sought:
    """`at`: the entry of this index and those before it. `subject`: about this person alone or among others."""

    type: str = ""
    actor: str = ""
    subject: str = ""
    at: int | None = None


@get(f"{HOME}/log", **READS)
def show_log(  # noqa: PLR0913, PLR0917 - what one can search by
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    log: NamedDependency[Log],
    policies: NamedDependency[PolicyHolder],
    caller: NamedDependency[Caller],
    type: FromQuery[str] = "",  # noqa: A002 - the field's own word
    actor: FromQuery[str] = "",
    subject: FromQuery[str] = "",
    at: FromQuery[int | None] = None,
) -> Template:
    if at is not None and not 0 <= at < 2**62:
        raise BadRequest("An entry's number is 0 or more.")
    return _shown(request, database, log, policies, caller, Sought(type, actor, subject, at))


@post(f"{HOME}/log", **READS, status_code=200)
def search_customer(
    request: Request[Any, Any, Any],
    body: RawBody,
    database: NamedDependency[Database],
    log: NamedDependency[Log],
    directory: NamedDependency[CustomerDirectory],
    policies: NamedDependency[PolicyHolder],
    caller: NamedDependency[Caller],
) -> Template:
    """By the CRM's key or an address: a POST, so that neither stands in a URL."""
    said = sent(body, "customer")["customer"]
    with database.read() as session:
        wanted = CustomerRef(email=said) if "@" in said else CustomerRef(id=said)
        subject = directory.find(session, wanted)
    return _shown(request, database, log, policies, caller, Sought(subject=subject or ""), unknown=subject is None)


@post(f"{HOME}/log/check", **READS, status_code=200)
def check_log(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    log: NamedDependency[Log],
    policies: NamedDependency[PolicyHolder],
    caller: NamedDependency[Caller],
) -> Template:
    """The whole log recomputed, against every checkpoint that was signed or exported."""
    report = log.verify(database)
    return _shown(request, database, log, policies, caller, Sought(), report=report)


def _shown(
    request: Request[Any, Any, Any],
    database: Database,
    log: Log,
    policies: PolicyHolder,
    caller: Caller,
    sought: Sought,
    *,
    unknown: bool = False,
    report: Any = None,
) -> Template:
    """An auditor sees that entries are there, and not about whom, as over HTTP."""
    if sought.subject and caller.role is not Role.DPO:
        raise Forbidden("Whom an entry is about is for the DPO alone.")
    found: list[EntryView] = []
    if not unknown:
        with database.read() as session:
            found = log.search(
                session,
                subject_id=sought.subject or None,
                type=sought.type or None,
                actor=sought.actor or None,
                after=None if sought.at is None else sought.at + 1,
                limit=LINES,
                about_people=caller.role is Role.DPO,
            )
        told = {"type": sought.type, "actor": sought.actor, "at": "" if sought.at is None else str(sought.at)}
        log.looked_at(database, caller.name, sought.subject or None, {k: v for k, v in told.items() if v})
    return console(
        request,
        caller,
        policies,
        "desk_log.html",
        entries=found,
        says=_SAYS,
        sought=sought,
        unknown=unknown,
        report=report,
        further=found[-1].index - 1 if len(found) == LINES and found[-1].index else None,
    )


HANDLERS = [show_log, search_customer, check_log]
