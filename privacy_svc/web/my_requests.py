"""A customer's own requests: start one, see how it stands and what happens next, fetch what came of it, withdraw it."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, RawBody
from litestar.response import Redirect, Template

from privacy_svc.errors import BadRequest
from privacy_svc.policy import PolicyHolder
from privacy_svc.rights import Own, Right
from privacy_svc.web.downloading import file
from privacy_svc.web.forms import form
from privacy_svc.web.mine import HOME, MINE
from privacy_svc.web.rendering import page

RIGHTS = (Right.ACCESS, Right.PORTABILITY, Right.RESTRICTION, Right.AUTOMATED_DECISION, Right.ERASURE)
"""Those that a form starts; to correct, object and withdraw there is a place of their own."""


@get(f"{HOME}/requests", **MINE)
def show_requests(
    request: Request[Any, Any, Any], policies: NamedDependency[PolicyHolder], own: NamedDependency[Own]
) -> Template:
    policy = policies.current
    decides = any(p.automated for p in policy.purposes.values())
    rights = [r.value for r in RIGHTS if decides or r is not Right.AUTOMATED_DECISION]
    return page(request, policy, "my_requests.html", requests=own.requests(), rights=rights)


@post(f"{HOME}/requests", **MINE)
def start_request(body: RawBody, own: NamedDependency[Own]) -> Redirect:
    sent = form(body)
    right = sent.get("right", "")
    if right not in RIGHTS or (right == Right.ERASURE and sent.get("sure") != "yes"):
        raise BadRequest("Choose what you want, and tick the box where there is one.")
    opened = own.open(Right(right), {})
    return Redirect(f"{HOME}/requests/{opened.id}", status_code=303)


@get(HOME + "/requests/{request_id:str}", **MINE)
def show_request(
    request: Request[Any, Any, Any],
    request_id: FromPath[str],
    policies: NamedDependency[PolicyHolder],
    own: NamedDependency[Own],
) -> Template:
    return page(request, policies.current, "my_request.html", asked=own.request(request_id))


@post(HOME + "/requests/{request_id:str}/withdraw", **MINE)
def withdraw(request_id: FromPath[str], own: NamedDependency[Own]) -> Redirect:
    own.withdraw(request_id)
    return Redirect(f"{HOME}/requests/{request_id}", status_code=303)


@post(HOME + "/requests/{request_id:str}/confirm", **MINE)
def confirm_request(request_id: FromPath[str], own: NamedDependency[Own]) -> Redirect:
    """Somebody else opened it for them, and they are who they are."""
    return Redirect(f"{HOME}/requests/{own.confirm(request_id).id}", status_code=303)


@post(HOME + "/requests/{request_id:str}/answer", **MINE)
def answer(request_id: FromPath[str], body: RawBody, own: NamedDependency[Own]) -> Redirect:
    own.answer(request_id, form(body).get("answer", ""))
    return Redirect(f"{HOME}/requests/{request_id}", status_code=303)


@get(HOME + "/requests/{request_id:str}/package", **MINE)
def fetch_package(request_id: FromPath[str], own: NamedDependency[Own]) -> Response[bytes]:
    """Each download is logged."""
    return file(own.package(request_id), "application/zip", f"{request_id}.zip")


@get(HOME + "/requests/{request_id:str}/certificate", **MINE)
def fetch_certificate(request_id: FromPath[str], own: NamedDependency[Own]) -> Response[bytes]:
    return file(own.certificate(request_id).encode(), "application/json", f"{request_id}.json")


HANDLERS = [
    show_requests,
    start_request,
    show_request,
    withdraw,
    confirm_request,
    answer,
    fetch_package,
    fetch_certificate,
]
