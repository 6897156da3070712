"""The data map and the purposes as a person reads them."""

from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.response import Template

from privacy_svc.audits import register
from privacy_svc.http import Caller
from privacy_svc.policy import PolicyHolder
from privacy_svc.web.desk import READS, console
from privacy_svc.web.staff import HOME


@get(f"{HOME}/map", **READS)
def show_map(
    request: Request[Any, Any, Any], policies: NamedDependency[PolicyHolder], caller: NamedDependency[Caller]
) -> Template:
    current = policies.current
    return console(
        request,
        caller,
        policies,
        "desk_map.html",
        collections=list(current.data_map.collections()),
        purposes=register(current)["activities"],
        version=current.version,
    )


HANDLERS = [show_map]
