"""The audit log in the console: search, an entry with its proof, a check of the whole.

What anybody finds are envelopes: that an entry is there, of which kind, by whom, when. What entries say about people,
and which are about one person, the DPO opens with a reason; of everybody whom the page then names an entry says that
the DPO looked, and why.
"""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, RawBody
from litestar.response import Redirect, Template
from sqlalchemy import select

from privacy_svc.auditlog import EntryView, Event, EventType, Log, Wanted
from privacy_svc.audits import Kind
from privacy_svc.db import Database
from privacy_svc.errors import BadRequest, Forbidden
from privacy_svc.http import Caller, CustomerDirectory, CustomerRef, Role
from privacy_svc.policy import PolicyHolder
from privacy_svc.vault import Subject
from privacy_svc.web.desk import LOOKS, READS, console, sent
from privacy_svc.web.desk_orders import ordered
from privacy_svc.web.staff import HOME

LINES = 50
_SAYS = {t.value: t.says for t in EventType}


@dataclass(frozen=True, slots=True)
class Sought:
    """`at`: the entry of this index and those before it. `subject`: about this person alone or among others. `reason`:
    why the entries are opened."""

    type: str = ""
    actor: str = ""
    at: str = ""
    subject: str = ""
    reason: str = ""

    def __post_init__(self) -> None:
        if self.at and not (self.at.isdecimal() and len(self.at) <= 18):
            raise BadRequest("An entry's number is 0 or more.")

    @property
    def wanted(self) -> Wanted:
        after = int(self.at) + 1 if self.at else None
        return Wanted(self.subject or None, self.type or None, after=after, limit=LINES, actor=self.actor or None)

    @property
    def told(self) -> dict[str, str]:
        """What was looked for, for the entry of the look."""
        return {name: value for name in ("type", "actor", "at") if (value := getattr(self, name))}


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
    at: FromQuery[str] = "",
) -> Template:
    """Envelopes. Of one person not even these before the DPO has said why."""
    sought = Sought(type, actor, at, subject)
    if subject:
        if caller.role is not Role.DPO:
            raise Forbidden("Whom an entry is about is for the DPO alone.")
        return _shown(request, policies, caller, sought, None)
    with database.read() as session:
        found = log.find(session, sought.wanted, about_people=False)
    log.looked_at(database, caller.name, None, sought.told)
    return _shown(request, policies, caller, sought, found)


@post(f"{HOME}/log", **LOOKS, status_code=200)
def open_log(
    request: Request[Any, Any, Any],
    body: RawBody,
    database: NamedDependency[Database],
    log: NamedDependency[Log],
    directory: NamedDependency[CustomerDirectory],
    policies: NamedDependency[PolicyHolder],
    caller: NamedDependency[Caller],
) -> Template:
    """What entries say; about one customer by the CRM's key or an address: a POST, so that neither stands in a URL."""
    said = sent(body, "reason")
    customer = said.pop("customer", None)
    if customer is not None:
        with database.read() as session:
            wanted = CustomerRef(email=customer) if "@" in customer else CustomerRef(id=customer)
            subject = directory.find(session, wanted)
        if subject is None:
            return _shown(request, policies, caller, Sought(), None, unknown=True)
        said["subject"] = subject
    sought = Sought(**{name: said[name] for name in asdict(Sought()) if name in said})
    with database.read() as session:
        found = log.find(session, sought.wanted)
    named = {e.subject_id for e in found if e.subject_id} | ({sought.subject} if sought.subject else set())
    _note(database, log, caller, named, sought)
    return _shown(request, policies, caller, sought, found)


def _note(database: Database, log: Log, caller: Caller, named: Collection[str], sought: Sought) -> None:
    """Of each person by themselves, under their own key: the reason may name them, and goes with them. For the same
    cause there is none of somebody who was erased."""
    with database.write() as session:
        log.vault.hold(session, named)
        living = session.scalars(select(Subject.id).where(Subject.id.in_(named), Subject.erased_at.is_(None))).all()
        payload = sought.told | {"reason": sought.reason}
        events = [Event(EventType.LOG_READ, person, payload) for person in living]
        log.append_many(session, events or [Event(EventType.LOG_READ, None, sought.told)], actor=caller.name)


@post(f"{HOME}/log/check", **READS)
def check_log(
    database: NamedDependency[Database], log: NamedDependency[Log], caller: NamedDependency[Caller]
) -> Redirect:
    """The whole log recomputed, against every checkpoint that was signed or exported: by a worker."""
    return ordered(database, log, Kind.VERIFY, "", caller)


def _shown(
    request: Request[Any, Any, Any],
    policies: PolicyHolder,
    caller: Caller,
    sought: Sought,
    found: list[EntryView] | None,
    *,
    unknown: bool = False,
) -> Template:
    """`found` is None where nothing was looked for yet."""
    more = found is not None and len(found) == LINES and bool(found[-1].index)
    return console(
        request,
        caller,
        policies,
        "desk_log.html",
        entries=found,
        says=_SAYS,
        sought=sought,
        unknown=unknown,
        further=found[-1].index - 1 if more and found and found[-1].index else None,
    )


HANDLERS = [show_log, open_log, check_log]
