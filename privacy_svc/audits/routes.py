"""Audits and the register over HTTP."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, RawBody

from privacy_svc.auditlog import Log, Signer
from privacy_svc.audits.dpia import screening
from privacy_svc.audits.formats import PAGE_POLICY, Format, register_as, report_as, screening_as
from privacy_svc.audits.ropa import register
from privacy_svc.audits.schemas import AuditDone, RunAudit
from privacy_svc.audits.service import Audits
from privacy_svc.db import Database
from privacy_svc.http import Caller, NotAcceptable, Role, allow, decode
from privacy_svc.policy import PolicyHolder
from privacy_svc.settings import Settings
from privacy_svc.store import complete_paths

READERS = allow(Role.DPO, Role.ADMIN, Role.AUDITOR)
TAGS = ["DPO"]


def audits_of(
    database: NamedDependency[Database],
    policies: NamedDependency[PolicyHolder],
    log: NamedDependency[Log],
    signer: NamedDependency[Signer],
    settings: NamedDependency[Settings],
) -> Audits:
    return Audits(database, policies, log, signer, settings)


AUDITS = {"audits": Provide(audits_of, sync_to_thread=False)}
"""For handlers that name `audits`."""


@post(
    "/v1/audits",
    opt=allow(Role.DPO, Role.AUDITOR) | {"body": RunAudit},
    dependencies=AUDITS,
    sync_to_thread=True,
    operation_id="runAudit",
    tags=TAGS,
)
def run_audit(body: RawBody, audits: NamedDependency[Audits], caller: NamedDependency[Caller]) -> AuditDone:
    """Runs a programme of `audits/programmes.yml`. Changes nothing but that the run is kept and logged."""
    wanted = decode(body, RunAudit)
    report = audits.run(wanted.programme, caller.name, wanted.as_of)
    return AuditDone(report["id"], wanted.programme, report["summary"], f"/v1/audits/{report['id']}")


@get(
    "/v1/audits/{run_id:str}",
    opt=READERS,
    dependencies=AUDITS,
    sync_to_thread=True,
    operation_id="showAudit",
    tags=TAGS,
)
def show_audit(
    run_id: FromPath[str], request: Request[Any, Any, Any], audits: NamedDependency[Audits]
) -> Response[bytes]:
    """The signed report: pseudonyms only. `Accept`: application/json, text/csv, text/html."""
    form = _asked(request)
    return _sent(form, report_as(form, audits.find(run_id), demo=audits.settings.demo))


@get("/v1/ropa", opt=READERS, sync_to_thread=True, operation_id="showRegister", tags=TAGS)
def show_register(
    request: Request[Any, Any, Any],
    policies: NamedDependency[PolicyHolder],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[bytes]:
    """The register of processing activities (Art. 30). `Accept`: application/json, text/csv, text/html."""
    form = _asked(request)
    with database.read() as session:
        found = register(policies.current, complete_paths(session))
    return _sent(form, register_as(form, found, demo=settings.demo))


@get("/v1/dpia", opt=READERS, sync_to_thread=True, operation_id="showScreening", tags=TAGS)
def show_screening(
    request: Request[Any, Any, Any], policies: NamedDependency[PolicyHolder], settings: NamedDependency[Settings]
) -> Response[bytes]:
    """Which purposes need an impact assessment (Art. 35). `Accept`: application/json, text/csv, text/html."""
    form = _asked(request)
    return _sent(form, screening_as(form, screening(policies.current), demo=settings.demo))


def _asked(request: Request[Any, Any, Any]) -> Format:
    """JSON unless another is preferred. Raises NotAcceptable."""
    best = request.accept.best_match(list(Format))
    if best is None:
        raise NotAcceptable(f"This can be had as {', '.join(Format)}.")
    return Format(best)


def _sent(form: Format, content: str) -> Response[bytes]:
    headers = {"Content-Security-Policy": PAGE_POLICY, "Vary": "Accept"} if form is Format.HTML else {"Vary": "Accept"}
    return Response(content.encode(), media_type=form, headers=headers)


HANDLERS = [run_audit, show_audit, show_register, show_screening]
