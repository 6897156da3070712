"""Policies in the console: what was in force, what changed between two of them, what another would decide."""

from typing import Any

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, RawBody
from litestar.response import Redirect, Template

from privacy_svc.auditlog import Log
from privacy_svc.audits import Kind, Orders
from privacy_svc.db import Database
from privacy_svc.errors import BadRequest
from privacy_svc.http import Caller, Role, allow
from privacy_svc.policy import PolicyHolder, kept_policy, kept_versions, text_changes
from privacy_svc.store import Simulation
from privacy_svc.web.desk import LOOKS, READS, back, console, sent
from privacy_svc.web.desk_orders import ordered
from privacy_svc.web.staff import HOME

COMPARES = {**READS, "opt": allow(Role.DPO, Role.AUDITOR)}
MOST = 50
"""Versions that are offered."""


@get(f"{HOME}/policy", **READS)
def show_policies(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    policies: NamedDependency[PolicyHolder],
    caller: NamedDependency[Caller],
) -> Template:
    current = policies.current
    with database.read() as session:
        versions = kept_versions(session, current.version)[:MOST]
    may_compare = caller.role in {Role.DPO, Role.AUDITOR}
    known = {"versions": versions, "files": sorted(current.files), "may_compare": may_compare}
    return console(request, caller, policies, "desk_policy.html", **known)


@get(f"{HOME}/policy/changes", **READS)
def show_changes(
    request: Request[Any, Any, Any],
    old: FromQuery[str],
    new: FromQuery[str],
    database: NamedDependency[Database],
    policies: NamedDependency[PolicyHolder],
    caller: NamedDependency[Caller],
) -> Template:
    """In the files' text; which decisions these change a worker finds out."""
    with database.read() as session:
        before, after = kept_policy(session, old), kept_policy(session, new)
    lines = list(text_changes(before.files, after.files))
    may_compare = caller.role in {Role.DPO, Role.AUDITOR}
    known = {"before": before, "after": after, "lines": lines, "may_compare": may_compare}
    return console(request, caller, policies, "desk_changes.html", **known)


@post(f"{HOME}/policy/compare", **COMPARES)
def compare_policies(
    body: RawBody, database: NamedDependency[Database], log: NamedDependency[Log], caller: NamedDependency[Caller]
) -> Redirect:
    said = sent(body, "old", "new")
    with database.read() as session:
        old, new = (kept_policy(session, said[side]).version for side in ("old", "new"))
    return ordered(database, log, Kind.COMPARE, f"{old} {new}", caller)


@get(f"{HOME}/policy/draft", **LOOKS)
def draft_file(
    request: Request[Any, Any, Any],
    file: FromQuery[str],
    policies: NamedDependency[PolicyHolder],
    caller: NamedDependency[Caller],
) -> Template:
    """One file as it is, to be changed and tried; nothing is put in force here."""
    text = policies.current.files.get(file)
    if text is None:
        raise BadRequest("The policy in force has no such file.")
    return console(request, caller, policies, "desk_draft.html", file=file, text=text)


@post(f"{HOME}/policy/simulate", **LOOKS)
def simulate(
    body: RawBody,
    database: NamedDependency[Database],
    log: NamedDependency[Log],
    simulation: NamedDependency[Simulation],
    caller: NamedDependency[Caller],
) -> Redirect:
    """Of a version that was in force, or of the files in force with one changed. Raises InvalidBody for a file that
    does not fit, with its line."""
    said = sent(body)
    if "version" in said:
        with database.read() as session:
            return ordered(database, log, Kind.SIMULATE, kept_policy(session, said["version"]).version, caller)
    said = sent(body, "file", "text")
    drafted = {said["file"]: said["text"].replace("\r\n", "\n") + "\n"}
    version = simulation.candidate(drafted).version
    order = Orders(database, log.vault).place(Kind.SIMULATE, version, caller.name, drafted)
    return back(f"orders/{order}")


HANDLERS = [show_policies, show_changes, compare_policies, draft_file, simulate]
