"""Audits in the console: run a programme, see the score of each area over time, read a report."""

from typing import Any

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, RawBody
from litestar.response import Redirect, Template

from privacy_svc.audits import AUDITS, Audits, Kind
from privacy_svc.errors import Misconfigured
from privacy_svc.http import Caller, Role, allow
from privacy_svc.policy import PolicyHolder
from privacy_svc.web.charts import lines
from privacy_svc.web.desk import READS, console, sent
from privacy_svc.web.desk_orders import ordered
from privacy_svc.web.staff import HOME

RUNS = 24


@get(f"{HOME}/audits", **READS, dependencies=AUDITS)
def show_audits(
    request: Request[Any, Any, Any],
    audits: NamedDependency[Audits],
    policies: NamedDependency[PolicyHolder],
    caller: NamedDependency[Caller],
) -> Template:
    runs = audits.latest(RUNS)
    programmes, fault = [], None
    try:
        programmes = list(audits.programmes().values())
    except Misconfigured as error:
        fault = error
    return console(
        request,
        caller,
        policies,
        "desk_audits.html",
        programmes=programmes,
        fault=fault,
        runs=runs,
        charts={p.id: _chart(audits, p.id) for p in programmes},
        may_audit=caller.role in {Role.DPO, Role.AUDITOR},
    )


def _chart(audits: Audits, programme: str) -> Any:
    """Scores by area of the last runs about their own time; None before there are two."""
    reports = [audits.find(run.id) for run in reversed(audits.latest(RUNS, programme=programme, present=True))]
    scored = [r for r in reports if "areas" in r]
    if len(scored) < 2:
        return None
    areas = [a["area"] for a in scored[-1]["areas"]]
    by_area = {
        area: [next((a["score"] for a in r["areas"] if a["area"] == area), None) for r in scored] for area in areas
    }
    return lines(by_area, [r["as_of"][:10] for r in scored], top=100)


@post(f"{HOME}/audits", **{**READS, "opt": allow(Role.DPO, Role.AUDITOR)}, dependencies=AUDITS)
def run_audit(body: RawBody, audits: NamedDependency[Audits], caller: NamedDependency[Caller]) -> Redirect:
    programme = audits.programme(sent(body).get("programme", "quarterly"))
    return ordered(audits.database, audits.log, Kind.RUN, programme.id, caller)


@get(HOME + "/audits/{run_id:str}", **READS, dependencies=AUDITS)
def show_report(
    request: Request[Any, Any, Any],
    run_id: FromPath[str],
    audits: NamedDependency[Audits],
    policies: NamedDependency[PolicyHolder],
    caller: NamedDependency[Caller],
) -> Template:
    report = audits.find(run_id)
    return console(request, caller, policies, "desk_report.html", report=report, areas=report.get("areas", []))


HANDLERS = [show_audits, run_audit, show_report]
