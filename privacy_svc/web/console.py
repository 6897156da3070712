"""The console of DPO, admin and auditor: signing in by a one-time link, and what needs attention today.

Shows request ids and states, no personal data.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.params import FromQuery, RawBody
from litestar.response import Redirect, Template
from sqlalchemy.orm import Session

from privacy_svc.auditlog import Log
from privacy_svc.audits import AUDITS, Audits
from privacy_svc.db import Database, now
from privacy_svc.errors import NotFound, NotSignedIn, PrivacyError
from privacy_svc.http import PROBLEM_JSON, Caller, Role, allow, answer_problem
from privacy_svc.identity import (
    COOKIE,
    LINK_PATH,
    CrossSite,
    end_session,
    redeem_link,
    same_origin,
    session_cookie,
)
from privacy_svc.policy import PolicyHolder
from privacy_svc.rights import Filter, Order, Recipients, Requests, RequestView
from privacy_svc.settings import Settings
from privacy_svc.vault import Vault
from privacy_svc.web.forms import form
from privacy_svc.web.rendering import page

HOME = "/dpo"
STAFF = allow(Role.DPO, Role.ADMIN, Role.AUDITOR)
SHOWN = 25
PROGRAMME = "quarterly"


class LinkSpent(NotSignedIn):
    slug, title = "link-spent", "This sign-in link does not work any more"
    remedy = "Ask for a new link: the operator makes one with `privacy-svc console`."


def refused(request: Request[Any, Any, Any], error: PrivacyError) -> Response[Any]:
    """A person with a browser gets a page that says how to get in; a program gets its problem."""
    if request.accept.best_match([PROBLEM_JSON, MediaType.JSON, MediaType.HTML]) != MediaType.HTML:
        return answer_problem(request, error)
    policies: PolicyHolder = request.app.state.policies
    known = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
    shown = page(request, policies.current, "refused.html", status=error.status, language="en", error=error)
    shown.headers |= known
    return shown


REFUSED: Any = {PrivacyError: refused}


@dataclass(frozen=True, slots=True)
class LogHealth:
    size: int
    """Entries under the newest signed checkpoint."""
    waiting: int
    newest: datetime | None


@get(LINK_PATH, opt=allow(Role.PUBLIC), sync_to_thread=True, include_in_schema=False)
def ask_to_sign_in(
    request: Request[Any, Any, Any], policies: NamedDependency[PolicyHolder], token: FromQuery[str] = ""
) -> Template:
    """A button, because programs that look at links in mails must not use the link up."""
    return page(request, policies.current, "sign_in.html", language="en", token=token)


@post(LINK_PATH, opt=allow(Role.PUBLIC), sync_to_thread=True, include_in_schema=False, exception_handlers=REFUSED)
def sign_in(
    request: Request[Any, Any, Any],
    body: RawBody,
    database: NamedDependency[Database],
    log: NamedDependency[Log],
    settings: NamedDependency[Settings],
) -> Redirect:
    if not same_origin(str(request.method), request.headers):
        raise CrossSite("Open the link and press the button on its page.")
    with database.write() as session:
        secret = redeem_link(session, log, form(body).get("token", ""), request.cookies.get(COOKIE, ""))
    if secret is None:
        raise LinkSpent("The link was used before, is older than 15 minutes, or is not complete.")
    return Redirect(HOME, status_code=303, cookies=[session_cookie(secret, settings.base_url)])


@post(f"{HOME}/sign-out", opt=STAFF, sync_to_thread=True, include_in_schema=False, exception_handlers=REFUSED)
def sign_out(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    log: NamedDependency[Log],
    settings: NamedDependency[Settings],
) -> Redirect:
    with database.write() as session:
        end_session(session, log, request.cookies.get(COOKIE, ""))
    return Redirect(LINK_PATH, status_code=303, cookies=[session_cookie("", settings.base_url)])


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
        may_audit=caller.role in {Role.DPO, Role.AUDITOR},
        fault=policies.fault,
        refused_since=policies.refused_since,
        policy=policies.current.version,
    )


@post(
    f"{HOME}/audits",
    opt=allow(Role.DPO, Role.AUDITOR),
    dependencies=AUDITS,
    sync_to_thread=True,
    include_in_schema=False,
    exception_handlers=REFUSED,
)
def run_audit(audits: NamedDependency[Audits], caller: NamedDependency[Caller]) -> Redirect:
    report = audits.run(PROGRAMME, caller.name)
    return Redirect(f"/v1/audits/{report['id']}", status_code=303)


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
