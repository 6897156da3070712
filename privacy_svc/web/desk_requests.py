"""The console's queue: every request by deadline, one of them whole, and what a person decides about it."""

from typing import Annotated, Any

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter, RawBody
from litestar.response import Redirect, Template

from privacy_svc.db import now
from privacy_svc.http import Caller
from privacy_svc.policy import PolicyHolder
from privacy_svc.rights import Extension, Filter, Ground, Order, Requests, RequestView, Right, State
from privacy_svc.web.desk import DECIDES, LOOKS, READS, back, choice, console, sent
from privacy_svc.web.staff import HOME

LINES = 50
ONE = HOME + "/requests/{request_id:str}"
OPEN = "open"


@get(f"{HOME}/requests", **READS)
def show_queue(
    request: Request[Any, Any, Any],
    requests: NamedDependency[Requests],
    policies: NamedDependency[PolicyHolder],
    caller: NamedDependency[Caller],
    chosen: Annotated[str, QueryParameter(name="state")] = OPEN,
    right: FromQuery[str] = "",
    cursor: FromQuery[str | None] = None,
) -> Template:
    """The most urgent first; those that ended, the newest first."""
    is_open = chosen == OPEN
    wanted = Filter(
        state=choice(State, chosen) if chosen not in {OPEN, ""} else None,
        right=choice(Right, right) if right else None,
        is_open=is_open,
        order=Order.DUE if is_open else Order.NEWEST,
        limit=LINES,
        cursor=cursor or None,
    )
    found = requests.list(wanted)
    return console(
        request,
        caller,
        policies,
        "desk_requests.html",
        found=found,
        now=now(),
        state=chosen,
        right=right,
        states=list(State),
        rights=list(Right),
    )


@get(ONE, **READS)
def show_request(
    request: Request[Any, Any, Any],
    request_id: FromPath[str],
    requests: NamedDependency[Requests],
    policies: NamedDependency[PolicyHolder],
    caller: NamedDependency[Caller],
) -> Template:
    return _shown(request, requests, policies, caller, requests.show(request_id))


@post(f"{ONE}/details", **LOOKS, status_code=200)
def look_into(
    request: Request[Any, Any, Any],
    request_id: FromPath[str],
    requests: NamedDependency[Requests],
    policies: NamedDependency[PolicyHolder],
    caller: NamedDependency[Caller],
) -> Template:
    """The same page with what was asked for, in clear: a POST, because it is logged."""
    found = requests.show(request_id)
    return _shown(request, requests, policies, caller, found, requests.details(request_id, caller.name))


def _shown(
    request: Request[Any, Any, Any],
    requests: Requests,
    policies: PolicyHolder,
    caller: Caller,
    found: RequestView,
    details: Any = None,
) -> Template:
    right = Right(found.right)
    return console(
        request,
        caller,
        policies,
        "desk_request.html",
        r=found,
        now=now(),
        timeline=requests.timeline(found.id),
        recipients=requests.notifications(found.id),
        grounds=[g for g in Ground if g.fits(right)],
        extensions=list(Extension),
        details=details,
    )


@post(f"{ONE}/approve", **DECIDES)
def approve(
    request_id: FromPath[str], requests: NamedDependency[Requests], caller: NamedDependency[Caller]
) -> Redirect:
    requests.approve(request_id, caller.name)
    return back(f"requests/{request_id}")


@post(f"{ONE}/refuse", **DECIDES)
def refuse(
    request_id: FromPath[str], body: RawBody, requests: NamedDependency[Requests], caller: NamedDependency[Caller]
) -> Redirect:
    said = sent(body, "ground", "explanation")
    ground = choice(Ground, said["ground"])
    requests.refuse(request_id, ground, said["explanation"], caller.name, evidence=said.get("evidence", ""))
    return back(f"requests/{request_id}")


@post(f"{ONE}/confirm-refusal", **DECIDES)
def confirm_refusal(
    request_id: FromPath[str], requests: NamedDependency[Requests], caller: NamedDependency[Caller]
) -> Redirect:
    requests.confirm_refusal(request_id, caller.name)
    return back(f"requests/{request_id}")


@post(f"{ONE}/extend", **DECIDES)
def extend(
    request_id: FromPath[str], body: RawBody, requests: NamedDependency[Requests], caller: NamedDependency[Caller]
) -> Redirect:
    requests.extend(request_id, choice(Extension, sent(body, "reason")["reason"]), caller.name)
    return back(f"requests/{request_id}")


@post(f"{ONE}/vouch", **DECIDES)
def vouch(
    request_id: FromPath[str], body: RawBody, requests: NamedDependency[Requests], caller: NamedDependency[Caller]
) -> Redirect:
    """Staff verified the person by themselves."""
    requests.vouch(request_id, sent(body, "reason")["reason"], caller.name)
    return back(f"requests/{request_id}")


@post(f"{ONE}/cancel", **DECIDES)
def cancel(
    request_id: FromPath[str], body: RawBody, requests: NamedDependency[Requests], caller: NamedDependency[Caller]
) -> Redirect:
    requests.cancel(request_id, sent(body, "reason")["reason"], caller.name)
    return back(f"requests/{request_id}")


HANDLERS = [show_queue, show_request, look_into, approve, refuse, confirm_refusal, extend, vouch, cancel]
