"""What stops an erasure or a use, in the console: legal holds, and restrictions with their coming ends."""

from typing import Any

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, RawBody
from litestar.response import Redirect, Template

from privacy_svc.db import now
from privacy_svc.http import Caller, CustomerRef
from privacy_svc.policy import PolicyHolder
from privacy_svc.rights import HOLD_ARTICLES, Holds, Limits, Requests
from privacy_svc.web.desk import DECIDES, LOOKS, READS, back, console, local_time, minute, named, sent
from privacy_svc.web.staff import HOME

HOLDS = HOME + "/holds"
HOLD = HOLDS + "/{hold_id:str}"
RESTRICTION = HOLDS + "/restrictions/{subject:str}"


@get(HOLDS, **READS)
def show_holds(
    request: Request[Any, Any, Any],
    requests: NamedDependency[Requests],
    policies: NamedDependency[PolicyHolder],
    caller: NamedDependency[Caller],
) -> Template:
    return _shown(request, requests, policies, caller)


def _shown(
    request: Request[Any, Any, Any], requests: Requests, policies: PolicyHolder, caller: Caller, **opened: Any
) -> Template:
    lists = {"holds": Holds(requests).holds(), "restrictions": Limits(requests).restrictions(), "now": now()}
    known = lists | {"articles": HOLD_ARTICLES, "hold": None} | opened
    return console(request, caller, policies, "desk_holds.html", **known)


@post(HOLDS, **DECIDES)
def place_hold(
    body: RawBody,
    requests: NamedDependency[Requests],
    policies: NamedDependency[PolicyHolder],
    caller: NamedDependency[Caller],
) -> Redirect:
    said = sent(body, "customer", "article", "reason")
    until = local_time(said.get("until"), policies.current)
    customer = named(said["customer"])
    Holds(requests).place_hold(customer, reason=said["reason"], article=said["article"], until=until, actor=caller.name)
    return back("holds#holds")


@post(f"{HOLD}/reason", **LOOKS, status_code=200)
def read_hold(
    request: Request[Any, Any, Any],
    hold_id: FromPath[str],
    requests: NamedDependency[Requests],
    policies: NamedDependency[PolicyHolder],
    caller: NamedDependency[Caller],
) -> Template:
    return _shown(request, requests, policies, caller, hold=Holds(requests).hold(hold_id, caller.name))


@post(f"{HOLD}/lift", **DECIDES)
def lift_hold(hold_id: FromPath[str], requests: NamedDependency[Requests], caller: NamedDependency[Caller]) -> Redirect:
    Holds(requests).lift_hold(hold_id, caller.name)
    return back("holds#holds")


@post(f"{RESTRICTION}/end", **LOOKS)
def announce_end(
    subject: FromPath[str],
    body: RawBody,
    requests: NamedDependency[Requests],
    policies: NamedDependency[PolicyHolder],
    caller: NamedDependency[Caller],
) -> Redirect:
    """A letter goes out, unless the form says how the person was told already."""
    said = sent(body, "reason")
    told_at = minute(said.get("told_at"), policies.current) or now()
    Limits(requests).announce(
        CustomerRef(subject=subject),
        said["reason"],
        caller.name,
        ends_at=local_time(said.get("ends_at"), policies.current),
        told_at=told_at if "how" in said else None,
        how=said.get("how", "mail"),
    )
    return back("holds#restrictions")


@post(f"{RESTRICTION}/lift", **LOOKS)
def lift_restriction(
    subject: FromPath[str], requests: NamedDependency[Requests], caller: NamedDependency[Caller]
) -> Redirect:
    Limits(requests).lift(CustomerRef(subject=subject), caller.name)
    return back("holds#restrictions")


HANDLERS = [show_holds, place_hold, read_hold, lift_hold, announce_end, lift_restriction]
