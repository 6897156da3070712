"""Who of the staff is signed in. Everybody ends their own sessions; an admin ends anybody's."""

from typing import Any

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from privacy_svc.auditlog import Log
from privacy_svc.db import Database
from privacy_svc.http import Caller, Role
from privacy_svc.identity import list_sessions, revoke_session, session_cookie
from privacy_svc.policy import PolicyHolder
from privacy_svc.settings import Settings
from privacy_svc.web.desk import READS, back, console
from privacy_svc.web.staff import HOME


@get(f"{HOME}/sessions", **READS)
def show_sessions(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    policies: NamedDependency[PolicyHolder],
) -> Template:
    with database.read() as session:
        found = list_sessions(session, name=_reach(caller))
    everybody = caller.role is Role.ADMIN
    return console(request, caller, policies, "desk_sessions.html", sessions=found, everybody=everybody)


@post(HOME + "/sessions/{session_id:str}/end", **READS)
def end_session(
    session_id: FromPath[str],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    log: NamedDependency[Log],
    settings: NamedDependency[Settings],
) -> Redirect:
    with database.write() as session:
        revoke_session(session, log, session_id, caller.name, name=_reach(caller))
    if session_id == caller.id:
        return Redirect("/dpo/sign-in", status_code=303, cookies=[session_cookie("", settings.base_url)])
    return back("sessions")


def _reach(caller: Caller) -> str | None:
    """Whose sessions somebody sees and ends; None: those of all the staff."""
    return None if caller.role is Role.ADMIN else caller.name


HANDLERS = [show_sessions, end_session]
