"""Long work in the console: it is ordered, a worker does it, its page says how far it is and what came of it."""

from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from privacy_svc.auditlog import Log
from privacy_svc.audits import Kind, Orders
from privacy_svc.db import Database
from privacy_svc.http import Caller
from privacy_svc.policy import PolicyHolder
from privacy_svc.web.desk import READS, back, console
from privacy_svc.web.staff import HOME

TITLES = {
    Kind.RUN: "Audit",
    Kind.VERIFY: "Check of the whole log",
    Kind.AFFECTED: "Who was touched by a breach",
    Kind.FIGURES: "Figures of the year",
    Kind.COMPARE: "Which decisions change between two policies",
    Kind.SIMULATE: "What another policy would decide",
}


def ordered(database: Database, log: Log, kind: Kind, about: str, caller: Caller) -> Redirect:
    """To the page that waits for it."""
    return back(f"orders/{Orders(database, log.vault).place(kind, about, caller.name)}")


@get(HOME + "/orders/{order_id:str}", **READS)
def show_order(
    request: Request[Any, Any, Any],
    order_id: FromPath[str],
    database: NamedDependency[Database],
    log: NamedDependency[Log],
    policies: NamedDependency[PolicyHolder],
    caller: NamedDependency[Caller],
) -> Template:
    order = Orders(database, log.vault).find(order_id)
    return console(request, caller, policies, "desk_order.html", order=order, title=TITLES[order.kind])


HANDLERS = [show_order]
