"""Pages that links in mails lead to. Looking at one changes nothing: programs that check mails follow every link. What
is done is done by a POST whose form the page holds."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, RawBody
from litestar.response import Template

from privacy_svc.consent import (
    CHOICES,
    CONFIRM_PATH,
    UNSUBSCRIBE_FIELD,
    UNSUBSCRIBE_PATH,
    UNSUBSCRIBE_VALUE,
    Choices,
    LinkGone,
    UnknownLink,
    can_be_taken_back,
)
from privacy_svc.db import Database
from privacy_svc.errors import Erased, InvalidBody
from privacy_svc.http import ANY_QUERY, Role, allow, takes
from privacy_svc.policy import PolicyHolder, PolicySet, Purpose
from privacy_svc.web.forms import FORMS, form, says_gpc
from privacy_svc.web.rendering import page


def gone(request: Request[Any, Any, Any], error: LinkGone | Erased) -> Response[Any]:
    """In the person's words: what happened, and how to get a new link."""
    policies: PolicyHolder = request.app.state.policies
    return _page(request, policies.current, "gone", status=error.status)


def unknown(request: Request[Any, Any, Any], error: UnknownLink) -> Response[Any]:
    policies: PolicyHolder = request.app.state.policies
    return _page(request, policies.current, "unknown_link", status=error.status)


GONE: Any = {LinkGone: gone, Erased: gone}
UNKNOWN: Any = {UnknownLink: unknown}


@get(
    CONFIRM_PATH,
    opt=allow(Role.PUBLIC),
    dependencies=CHOICES,
    sync_to_thread=True,
    include_in_schema=False,
    exception_handlers=GONE,
)
def ask_to_confirm(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    policies: NamedDependency[PolicyHolder],
    choices: NamedDependency[Choices],
    token: FromQuery[str] = "",
) -> Template:
    """What is agreed to, whole, and a button."""
    policy = policies.current
    with database.read() as session:
        asked = choices.show_link(session, token)
    ref = asked.notice
    shown = _page(request, policy, "confirm", action=f"{CONFIRM_PATH}?", hidden={"token": token})
    shown.context["notice"] = policy.notices.get((ref.id, ref.version, ref.language))
    return _about(shown, asked.purpose)


@post(
    CONFIRM_PATH,
    opt=allow(Role.PUBLIC),
    dependencies=CHOICES,
    sync_to_thread=True,
    status_code=200,
    include_in_schema=False,
    exception_handlers=GONE,
)
def confirm(
    request: Request[Any, Any, Any],
    body: RawBody,
    database: NamedDependency[Database],
    policies: NamedDependency[PolicyHolder],
    choices: NamedDependency[Choices],
) -> Template:
    """The consent is given. The token in the form is the permission, which nobody but the letter's reader has, so it
    does not matter what their browser says of where it came from: views inside mail programs say `cross-site`, `null`
    or nothing."""
    policy = policies.current
    with database.write() as session:
        said = choices.confirm(session, form(body).get("token", ""), gpc=says_gpc(request))
    return _about(_page(request, policy, "confirmed"), policy.purposes[said.purpose])


@get(
    UNSUBSCRIBE_PATH,
    opt=allow(Role.PUBLIC),
    dependencies=CHOICES,
    sync_to_thread=True,
    include_in_schema=False,
    exception_handlers=UNKNOWN,
)
def ask_to_unsubscribe(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    policies: NamedDependency[PolicyHolder],
    choices: NamedDependency[Choices],
    token: FromQuery[str] = "",
) -> Template:
    """A button; it is all that is asked."""
    policy = policies.current
    with database.read() as session:
        key = choices.read_unsubscribing(session, token)[1]
    purpose = policy.purposes.get(key)
    if purpose is not None and not can_be_taken_back(purpose):
        return _about(_page(request, policy, "not_yours"), purpose)
    action = f"{UNSUBSCRIBE_PATH}?token={token}&"
    hidden = {UNSUBSCRIBE_FIELD: UNSUBSCRIBE_VALUE}
    return _about(_page(request, policy, "stop", action=action, hidden=hidden), purpose)


@post(
    UNSUBSCRIBE_PATH,
    opt=allow(Role.PUBLIC) | ANY_QUERY | takes(*FORMS),
    dependencies=CHOICES,
    sync_to_thread=True,
    status_code=200,
    operation_id="unsubscribe",
    tags=["Consent"],
    exception_handlers=UNKNOWN,
)
def unsubscribe(
    request: Request[Any, Any, Any],
    body: RawBody,
    database: NamedDependency[Database],
    policies: NamedDependency[PolicyHolder],
    choices: NamedDependency[Choices],
    token: FromQuery[str] = "",
) -> Template:
    """One click (RFC 8058): the body is the form `List-Unsubscribe=One-Click`. No sign-in, no cookie, no redirect; it
    holds at once, and a second time changes nothing. The token is the permission, so any site may send it."""
    if form(body, request.headers.get("content-type", "")).get(UNSUBSCRIBE_FIELD) != UNSUBSCRIBE_VALUE:
        raise InvalidBody(f"The body is the form {UNSUBSCRIBE_FIELD}={UNSUBSCRIBE_VALUE} (RFC 8058).")
    policy = policies.current
    with database.write() as session:
        key = choices.unsubscribe(session, token, gpc=says_gpc(request))
    purpose = policy.purposes.get(key)
    kind = "stopped" if purpose is None or can_be_taken_back(purpose) else "not_yours"
    return _about(_page(request, policy, kind), purpose)


def _about(shown: Template, purpose: Purpose | None) -> Template:
    """Nothing of a purpose that the policy has no more: its title went with it."""
    if purpose is not None:
        shown.context["what"] = purpose.title.get(shown.context["language"], purpose.key)
    return shown


def _page(
    request: Request[Any, Any, Any],
    policies: PolicySet,
    kind: str,
    *,
    status: int = 200,
    action: str = "",
    hidden: dict[str, str] | None = None,
) -> Template:
    """`kind` names the words: its heading, its text, its button."""
    shown = page(
        request, policies, "choice.html", status=status, remember=False, kind=kind, what="", notice=None, action=action
    )
    shown.context["hidden"] = hidden or {}
    return shown
