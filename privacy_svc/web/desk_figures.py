"""Figures of the year as charts: a worker counts them, the page draws the newest."""

from collections.abc import Mapping
from typing import Any

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Template

from privacy_svc.auditlog import Log
from privacy_svc.audits import Kind, Orders, Stage
from privacy_svc.db import Database
from privacy_svc.http import Caller
from privacy_svc.policy import PolicyHolder
from privacy_svc.web.charts import bars, lines
from privacy_svc.web.desk import READS, console
from privacy_svc.web.desk_orders import ordered
from privacy_svc.web.staff import HOME


@get(f"{HOME}/figures", **READS)
def show_figures(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    log: NamedDependency[Log],
    policies: NamedDependency[PolicyHolder],
    caller: NamedDependency[Caller],
) -> Template:
    orders = Orders(database, log.vault)
    done = orders.newest(Kind.FIGURES, "", done=True)
    newest = orders.newest(Kind.FIGURES, "")
    under_way = newest if newest is not None and newest.stage is not Stage.DONE else None
    charts = _charts(done.result) if done else None
    return console(request, caller, policies, "desk_figures.html", done=done, under_way=under_way, charts=charts)


@post(f"{HOME}/figures", **READS)
def count_figures(
    database: NamedDependency[Database], log: NamedDependency[Log], caller: NamedDependency[Caller]
) -> Redirect:
    return ordered(database, log, Kind.FIGURES, "", caller)


def _charts(found: Mapping[str, Any]) -> dict[str, Any]:
    """By their heading; a chart with nothing in it is None."""
    months = found["months"]
    return {
        "Open requests by age": bars(found["ages"]),
        "Requests that ended, by outcome": lines(found["outcomes"], months),
        "Consents that stood, by purpose": lines(found["consents"], months),
        "Refused decisions of the last 30 days, by reason": bars(found["denied"]),
        "Page keys by generation": bars(found["generations"]),
    }


HANDLERS = [show_figures, count_figures]
