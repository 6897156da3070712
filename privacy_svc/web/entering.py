"""Customers come in: an address, a code that is mailed to it, and out again. Both pages say the same to everybody."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import RawBody
from litestar.response import Redirect, Template

from privacy_svc.auditlog import Log
from privacy_svc.db import Database
from privacy_svc.errors import PrivacyError
from privacy_svc.http import CustomerDirectory, Role, allow
from privacy_svc.identity import (
    CUSTOMER_COOKIE,
    MINUTES,
    Asked,
    Post,
    Reached,
    ask,
    make_cookie,
    network_of_request,
    redeem,
    require_ours,
    sent_cookie,
    session_cookie,
)
from privacy_svc.mail import Letter, Mailer
from privacy_svc.policy import PolicyHolder, PolicySet
from privacy_svc.settings import Settings
from privacy_svc.web import texts
from privacy_svc.web.forms import form
from privacy_svc.web.rendering import language_of, page

PATH = "/sign-in"
CODE_PATH = f"{PATH}/code"
HOME = "/me"
FLOW = "privacy_sign_in"
"""Cookie of the browser that asked; what the code is hashed by."""


def refused(request: Request[Any, Any, Any], error: PrivacyError) -> Response[Any]:
    policies: PolicyHolder = request.app.state.policies
    return page(request, policies.current, "trouble.html", status=error.status, kind="trouble")


REFUSED: Any = {PrivacyError: refused}
_PUBLIC: Any = {"opt": allow(Role.PUBLIC), "sync_to_thread": True, "include_in_schema": False}


@get(PATH, **_PUBLIC)
def ask_who(request: Request[Any, Any, Any], policies: NamedDependency[PolicyHolder]) -> Template:
    return page(request, policies.current, "enter.html")


@post(PATH, **_PUBLIC, exception_handlers=REFUSED)
def send_code(
    request: Request[Any, Any, Any],
    body: RawBody,
    database: NamedDependency[Database],
    log: NamedDependency[Log],
    policies: NamedDependency[PolicyHolder],
    directory: NamedDependency[CustomerDirectory],
    mailer: NamedDependency[Mailer],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Who has the address is looked up after the answer."""
    require_ours(request)
    policy = policies.current
    with database.write() as session:
        asked = ask(session, log, form(body).get("email", "").strip(), network_of_request(request))
    if isinstance(asked, Reached):
        return _too_often(request, policy, asked)
    letter = _letter(policy, language_of(request, policy), asked)
    sending = BackgroundTask(mailer.later, Post(database, log, directory, mailer).send, asked, letter)
    return Redirect(
        CODE_PATH, status_code=303, cookies=[_flow_cookie(asked.flow, settings.base_url)], background=sending
    )


@get(CODE_PATH, **_PUBLIC)
def ask_code(
    request: Request[Any, Any, Any],
    policies: NamedDependency[PolicyHolder],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    if not sent_cookie(request, FLOW, settings.base_url):
        return Redirect(PATH, status_code=303)
    return _code_page(request, policies.current, wrong=False)


@post(CODE_PATH, **_PUBLIC, exception_handlers=REFUSED)
def sign_in(
    request: Request[Any, Any, Any],
    body: RawBody,
    database: NamedDependency[Database],
    log: NamedDependency[Log],
    policies: NamedDependency[PolicyHolder],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    require_ours(request)
    flow, before = (sent_cookie(request, name, settings.base_url) or "" for name in (FLOW, CUSTOMER_COOKIE))
    with database.write() as session:
        found = redeem(session, log, flow, form(body).get("code", ""), network_of_request(request), before)
    if isinstance(found, Reached):
        return _too_often(request, policies.current, found)
    if found is None:
        return _code_page(request, policies.current, wrong=True)
    cookies = [session_cookie(found, settings.base_url, CUSTOMER_COOKIE), _flow_cookie("", settings.base_url)]
    return Redirect(HOME, status_code=303, cookies=cookies)


def _code_page(request: Request[Any, Any, Any], policy: PolicySet, *, wrong: bool) -> Template:
    time = texts.wait(language_of(request, policy), 60 * MINUTES)
    return page(request, policy, "code.html", status=401 if wrong else 200, wrong=wrong, time=time)


def _too_often(request: Request[Any, Any, Any], policy: PolicySet, reached: Reached) -> Template:
    time = texts.wait(language_of(request, policy), reached.seconds)
    shown = page(request, policy, "trouble.html", status=429, kind="often", time=time)
    shown.headers["Retry-After"] = str(reached.seconds)
    return shown


def _letter(policy: PolicySet, language: str, asked: Asked) -> Letter:
    name = policy.organisation.controller.name
    paragraphs = (
        texts.text(language, "code.mail", name=name),
        f"    {asked.digits}",
        texts.text(language, "code.mail.until", time=texts.wait(language, 60 * MINUTES)),
        texts.text(language, "code.mail.ignore"),
        name,
    )
    return Letter(texts.text(language, "code.mail.subject", name=name), "\n\n".join(paragraphs) + "\n")


def _flow_cookie(flow: str, base_url: str) -> Cookie:
    return make_cookie(FLOW, flow, base_url, 60 * MINUTES, "strict")


HANDLERS = [ask_who, send_code, ask_code, sign_in]
