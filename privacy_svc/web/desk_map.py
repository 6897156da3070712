"""The data map and the purposes as a person reads them."""

from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.response import Template

from privacy_svc.audits import register
from privacy_svc.db import Database
from privacy_svc.http import Caller
from privacy_svc.policy import PolicyHolder
from privacy_svc.store import complete_paths
from privacy_svc.web.desk import READS, console
from privacy_svc.web.staff import HOME


@get(f"{HOME}/map", **READS)
def show_map(
    request: Request[Any, Any, Any],
    policies: NamedDependency[PolicyHolder],
    database: NamedDependency[Database],
    caller: NamedDependency[Caller],
) -> Template:
    current = policies.current
    with database.read() as session:
        sealed = complete_paths(session)
    return console(
        request,
        caller,
        policies,
        "desk_map.html",
        collections=list(current.data_map.collections()),
        purposes=register(current, sealed)["activities"],
        sealed=sealed,
        version=current.version,
    )


HANDLERS = [show_map]
