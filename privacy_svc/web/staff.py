"""Staff come in and go out: by a one-time link, or by the organisation's OpenID provider.

Where a browser is to leave for the provider, it gets a page that leads there: our content policy lets no form end at
another host, by a redirect either. The page after the sign-in is one as well, since the browser came from another site,
from where it sends no cookie that is `SameSite=Strict`.
"""

from contextlib import suppress
from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromQuery, RawBody
from litestar.response import Redirect, Template

from privacy_svc.auditlog import Log
from privacy_svc.db import Database
from privacy_svc.errors import BadRequest, NotSignedIn, PrivacyError
from privacy_svc.http import Role, allow, answer_problem, parts_of, problem_headers
from privacy_svc.identity import (
    COOKIE,
    FLOW_MINUTES,
    LINK_PATH,
    RETURN_PATH,
    BrowserSession,
    ByProvider,
    Flow,
    ProviderAway,
    Reached,
    SignInRefused,
    TooManyTries,
    make_cookie,
    network_of_request,
    redeem_link,
    require_ours,
    sent_cookie,
    session_cookie,
)
from privacy_svc.policy import PolicyHolder
from privacy_svc.settings import Settings
from privacy_svc.web.forms import form
from privacy_svc.web.leaving import signing_out
from privacy_svc.web.rendering import page
from privacy_svc.web.trouble import wants_page

HOME = "/dpo"
STAFF = allow(Role.DPO, Role.ADMIN, Role.AUDITOR)
FLOW = "privacy_staff_flow"
"""Cookie of the browser that began; sent along when the provider leads it back."""
_PUBLIC: Any = {"opt": allow(Role.PUBLIC), "sync_to_thread": True, "include_in_schema": False}


class LinkSpent(NotSignedIn):
    slug, title = "link-spent", "This sign-in link does not work any more"
    remedy = "Ask for a new link: the operator makes one with `privacy-svc console`."


def refused(request: Request[Any, Any, Any], error: PrivacyError) -> Response[Any]:
    """A person with a browser gets a page that says how to get in; a program gets its problem."""
    if not wants_page(request):
        return answer_problem(request, error)
    policies: PolicyHolder = request.app.state.policies
    shown = page(request, policies.current, "refused.html", status=error.status, language="en", error=error)
    shown.headers |= problem_headers(error)
    return shown


REFUSED: Any = {PrivacyError: refused}


@get(LINK_PATH, **_PUBLIC)
def ask_to_sign_in(
    request: Request[Any, Any, Any],
    policies: NamedDependency[PolicyHolder],
    by_provider: NamedDependency[ByProvider],
    token: FromQuery[str] = "",
) -> Template:
    """Buttons, because programs that look at links in mails must not use the link up."""
    is_on = by_provider.provider is not None
    return page(request, policies.current, "sign_in.html", language="en", token=token, by_provider=is_on)


@post(LINK_PATH, **_PUBLIC, exception_handlers=REFUSED)
def sign_in(
    request: Request[Any, Any, Any],
    body: RawBody,
    database: NamedDependency[Database],
    log: NamedDependency[Log],
    settings: NamedDependency[Settings],
) -> Redirect:
    """By a link."""
    require_ours(request)
    token, before = form(body).get("token", ""), sent_cookie(request, COOKIE, settings.base_url) or ""
    with database.write() as session:
        found = redeem_link(session, log, token, network_of_request(request), before)
    if isinstance(found, Reached):
        raise TooManyTries(found.seconds)
    if found is None:
        raise LinkSpent("The link was used before, is older than 15 minutes, or is not complete.")
    return Redirect(HOME, status_code=303, cookies=[session_cookie(found, settings.base_url)])


@post(f"{LINK_PATH}/provider", **_PUBLIC, status_code=200, exception_handlers=REFUSED)
def begin(
    request: Request[Any, Any, Any],
    by_provider: NamedDependency[ByProvider],
    settings: NamedDependency[Settings],
) -> Template:
    require_ours(request)
    flow, url = by_provider.begin(network_of_request(request))
    shown = _onward(request, url, "On to your organisation's sign-in")
    shown.set_cookie(_flow_cookie(flow.secret, settings.base_url))
    return shown


@get(RETURN_PATH, **_PUBLIC, exception_handlers=REFUSED)
def come_back(
    request: Request[Any, Any, Any],
    by_provider: NamedDependency[ByProvider],
    policies: NamedDependency[PolicyHolder],
    settings: NamedDependency[Settings],
) -> Template:
    secret = by_provider.finish(
        Flow(sent_cookie(request, FLOW, settings.base_url) or ""),
        dict(request.query_params),
        network_of_request(request),
        modules=policies.current.modules,
        before=sent_cookie(request, COOKIE, settings.base_url) or "",
    )
    shown = _onward(request, HOME, "You are signed in")
    shown.set_cookie(session_cookie(secret, settings.base_url))
    shown.set_cookie(_flow_cookie("", settings.base_url))
    return shown


@post(f"{LINK_PATH}/ended", **_PUBLIC, status_code=200)
def hear_of_logout(
    request: Request[Any, Any, Any], body: RawBody, by_provider: NamedDependency[ByProvider]
) -> Response[None]:
    """Of the provider (OpenID Connect Back-Channel Logout 1.0 §2.5). The token's signature is the permission."""
    try:
        by_provider.ended(form(body).get("logout_token", ""), network_of_request(request))
    except SignInRefused as error:
        raise BadRequest(f"The logout token does not hold: {error.why}.") from None
    return Response(None, status_code=200)


def _signed_out(request: Request[Any, Any, Any], ended: BrowserSession | None) -> Response[Any]:
    """Who came by the provider is signed out there too, where it answers."""
    by_provider: ByProvider = parts_of(request)["by_provider"]
    if by_provider.provider is not None and ended is not None and ended.account_hash is not None:
        with suppress(ProviderAway):  # which is logged; here the session has ended
            url = by_provider.provider.signs_out_at()
            if url is not None:
                return _onward(request, url, "You are signed out here")
    return Redirect(LINK_PATH, status_code=303)


sign_out = signing_out(f"{HOME}/sign-out", STAFF, COOKIE, REFUSED, _signed_out)


def _onward(request: Request[Any, Any, Any], url: str, title: str) -> Template:
    policies: PolicyHolder = request.app.state.policies
    return page(request, policies.current, "onward.html", language="en", remember=False, url=url, heading=title)


def _flow_cookie(secret: str, base_url: str) -> Cookie:
    return make_cookie(FLOW, secret, base_url, 60 * FLOW_MINUTES, "lax")


HANDLERS = [ask_to_sign_in, sign_in, begin, come_back, hear_of_logout, sign_out]
