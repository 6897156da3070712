"""A person in the console: what we hold, what they allow, their requests. For the DPO, who says why they look."""

from typing import Any

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import RawBody
from litestar.response import Redirect, Template

from privacy_svc.auditlog import EventType, Log
from privacy_svc.consent import Asked, overview
from privacy_svc.db import Database, now
from privacy_svc.errors import BadRequest, Erased, NotFound
from privacy_svc.http import Caller, CustomerDirectory, CustomerRef
from privacy_svc.identity import end_all, list_sessions
from privacy_svc.policy import PolicyHolder
from privacy_svc.rights import Filter, Held, Own, Requests
from privacy_svc.web.desk import LOOKS, READS, back, console, named, sent
from privacy_svc.web.staff import HOME

LANGUAGE = "en"
MOST = 100
"""Requests of one person."""


@get(f"{HOME}/people", **READS)
def ask_for_person(
    request: Request[Any, Any, Any], policies: NamedDependency[PolicyHolder], caller: NamedDependency[Caller]
) -> Template:
    return console(request, caller, policies, "desk_people.html", unknown=False)


@post(f"{HOME}/people", **LOOKS, status_code=200)
def show_person(
    request: Request[Any, Any, Any],
    body: RawBody,
    database: NamedDependency[Database],
    log: NamedDependency[Log],
    directory: NamedDependency[CustomerDirectory],
    requests: NamedDependency[Requests],
    policies: NamedDependency[PolicyHolder],
    caller: NamedDependency[Caller],
) -> Template:
    """By the CRM's key, an address or our own id: a POST, so that none of them stands in a URL."""
    said = sent(body, "reason")
    wanted = _named(said)
    try:
        with database.write() as session:  # whoever is in the store becomes known here: the look is an entry about them
            subject_id = directory.admit(session, wanted, caller.name)
            erased_at = log.vault.erased_at(session, subject_id)
    except NotFound:
        return console(request, caller, policies, "desk_people.html", unknown=True)
    with database.read() as session:
        signed_in = len(list_sessions(session, subject_id))
        allowed = overview(session, log, policies.current, subject_id, wanted, Asked(), now())
    return console(
        request,
        caller,
        policies,
        "desk_person.html",
        subject=subject_id,
        erased_at=erased_at,
        held=_held(requests, subject_id, caller, said["reason"]),
        allowed=allowed,
        requests=requests.list(Filter(subject_id=subject_id, limit=MOST)).requests,
        sessions=signed_in,
        now=now(),
    )


@post(f"{HOME}/people/sign-out", **LOOKS)
def sign_out_person(
    body: RawBody, database: NamedDependency[Database], log: NamedDependency[Log], caller: NamedDependency[Caller]
) -> Redirect:
    """Of the Privacy Centre, in every browser: somebody else reads their mail, or has their phone."""
    with database.write() as session:
        end_all(session, log, sent(body, "subject")["subject"], caller.name)
    return back("people")


def _named(said: dict[str, str]) -> CustomerRef:
    if "subject" in said:
        return CustomerRef(subject=said["subject"])
    if "customer" not in said:
        raise BadRequest("The form lacks what it asks for: customer.")
    return named(said["customer"])


def _held(requests: Requests, subject_id: str, caller: Caller, reason: str) -> Held | None:
    """None of somebody who was erased."""
    try:
        return Own(requests, subject_id, LANGUAGE).looked_at(caller.name, reason)
    except Erased:
        with requests.database.write() as session:
            told = {"erased": True}  # the reason may name them, and nothing would erase it here
            requests.parts.log.append(session, EventType.DATA_LOOKED_AT, actor=caller.name, payload=told)
        return None


HANDLERS = [ask_for_person, show_person, sign_out_person]
