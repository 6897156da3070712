"""The pages of a customer who is signed in: what we hold, what they allow, who looked, their sessions. Those of their
requests are in `my_requests`.

All of it is asked of `Own` and `Switches`, which know one person only.
"""

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, RawBody
from litestar.response import Redirect, Template

from privacy_svc.auditlog import Log
from privacy_svc.consent import CHOICES, Choices, NoticeChanged, Switches, deliver
from privacy_svc.db import Database
from privacy_svc.errors import NotSignedIn, PrivacyError
from privacy_svc.http import Caller, Role, allow, answer_problem
from privacy_svc.identity import CUSTOMER_COOKIE, PERSON, end_all, list_sessions, revoke_session, session_cookie
from privacy_svc.mail import Mailer
from privacy_svc.policy import PolicyHolder
from privacy_svc.rights import Own, Requests, Right
from privacy_svc.settings import Settings
from privacy_svc.store import CannotRectify
from privacy_svc.web import entering
from privacy_svc.web.downloading import file
from privacy_svc.web.forms import form, says_gpc
from privacy_svc.web.leaving import signing_out
from privacy_svc.web.rendering import language_of, page
from privacy_svc.web.trouble import trouble, wants_page
from privacy_svc.web.uses import use_of

HOME = entering.HOME
LINES = 50
BEYOND = 2**62
"""No entry is as high; higher numbers fit into no column."""
NEWEST = 3


def refused(request: Request[Any, Any, Any], error: PrivacyError) -> Response[Any]:
    """Whoever is not signed in is asked to; what did not work is said in the person's words."""
    if not wants_page(request):
        return answer_problem(request, error)
    if isinstance(error, NotSignedIn):
        return Redirect(entering.PATH, status_code=303)
    return trouble(request, error.status, error)


def _own(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    requests: NamedDependency[Requests],
    policies: NamedDependency[PolicyHolder],
) -> Own:
    assert caller.subject is not None
    return Own(requests, caller.subject, language_of(request, policies.current))


def _switches(caller: NamedDependency[Caller], choices: NamedDependency[Choices]) -> Switches:
    assert caller.subject is not None
    return Switches(choices, caller.subject)


MINE: Any = {
    "opt": allow(Role.CUSTOMER),
    "sync_to_thread": True,
    "include_in_schema": False,
    "exception_handlers": {PrivacyError: refused},
    "dependencies": CHOICES
    | {"own": Provide(_own, sync_to_thread=False), "switches": Provide(_switches, sync_to_thread=False)},
}


@get(HOME, **MINE)
def show_overview(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    policies: NamedDependency[PolicyHolder],
    own: NamedDependency[Own],
    switches: NamedDependency[Switches],
) -> Template:
    with database.read() as session:
        found, _ = switches.show(session)
    return page(
        request,
        policies.current,
        "me.html",
        on=sum(s.position == "on" for s in found),
        of=len(found),
        is_open=sum(r.closed_at is None for r in own.requests()),
        lines=own.log(None, NEWEST),
    )


@get(f"{HOME}/data", **MINE)
def show_data(
    request: Request[Any, Any, Any], policies: NamedDependency[PolicyHolder], own: NamedDependency[Own]
) -> Template:
    return page(request, policies.current, "my_data.html", held=own.held(), wrong=None)


@post(f"{HOME}/data", **MINE)
def correct(
    request: Request[Any, Any, Any],
    body: RawBody,
    policies: NamedDependency[PolicyHolder],
    own: NamedDependency[Own],
) -> Response[Any]:
    """One value, in its place, or none there. What does not fit there is shown again, to be mended."""
    sent = form(body)
    place, value = sent.get("place", ""), sent.get("value", "").replace("\r\n", "\n").strip()
    try:
        opened = own.open(Right.RECTIFICATION, {"changes": {place: value or None}})
    except CannotRectify:
        wrong = {"place": place, "value": value}
        return page(request, policies.current, "my_data.html", status=400, held=own.held(), wrong=wrong)
    return Redirect(f"{HOME}/requests/{opened.id}", status_code=303)


@get(f"{HOME}/choices", **MINE)
def show_choices(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    policies: NamedDependency[PolicyHolder],
    switches: NamedDependency[Switches],
    changed: FromQuery[str | None] = None,
) -> Template:
    policy = policies.current
    language = language_of(request, policy)
    with database.read() as session:
        found, no_advertising = switches.show(session)
    asked_first = sorted(found, key=lambda s: s.purpose.consent is None)
    shown = [(s.position, use_of(policy, s.purpose, language)) for s in asked_first]
    advertising = any(s.purpose.direct_marketing for s in found)
    return page(
        request,
        policy,
        "my_choices.html",
        switches=shown,
        advertising=advertising,
        no_advertising=no_advertising,
        changed=changed is not None,
    )


@post(HOME + "/choices/{purpose:str}", **MINE)
def choose(
    request: Request[Any, Any, Any],
    purpose: FromPath[str],
    body: RawBody,
    database: NamedDependency[Database],
    switches: NamedDependency[Switches],
    mailer: NamedDependency[Mailer],
) -> Redirect:
    """Holds with the answer. What the person presses comes after what their browser says of itself."""
    said, sent = None, form(body)
    if says_gpc(request):
        with database.write() as session:
            switches.note_signal(session)
    try:
        with database.write() as session:
            if sent.get("position") == "on":
                said = switches.on(session, purpose, sent.get("notice", ""))
            else:
                switches.off(session, purpose)
    except NoticeChanged:
        return Redirect(f"{HOME}/choices?changed=yes", status_code=303)
    post = said[1] if said is not None else None
    sending = BackgroundTask(mailer.later, deliver, database, switches.choices.vault, mailer, post) if post else None
    return Redirect(f"{HOME}/choices", status_code=303, background=sending)


@get(f"{HOME}/log", **MINE)
def show_log(
    request: Request[Any, Any, Any],
    policies: NamedDependency[PolicyHolder],
    own: NamedDependency[Own],
    log: NamedDependency[Log],
    after: FromQuery[int | None] = None,
) -> Template:
    below = None if after is None else min(max(after, 0), BEYOND)
    lines = own.log(below, LINES)
    more = lines[-1].index if len(lines) == LINES else None
    return page(request, policies.current, "my_log.html", lines=lines, more=more, log_key=log.signer.vkey)


@get(HOME + "/log/{index:int}/proof", **MINE)
def fetch_proof(index: FromPath[int], own: NamedDependency[Own]) -> Response[bytes]:
    """For `privacy-svc verify`, or any other program that knows C2SP's tlog-proofs."""
    found = own.proof(index)
    if isinstance(found, str):
        return file(found.encode(), "text/plain; charset=utf-8", f"entry-{index}.tlog-proof")
    return file(msgspec.json.encode(found), "application/json", f"entry-{index}.json")


@get(f"{HOME}/sessions", **MINE)
def show_sessions(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    policies: NamedDependency[PolicyHolder],
) -> Template:
    with database.read() as session:
        found = list_sessions(session, caller.subject)
    return page(request, policies.current, "my_sessions.html", sessions=found, here=caller.id)


@post(HOME + "/sessions/{session_id:str}/end", **MINE)
def end_other(
    session_id: FromPath[str],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    log: NamedDependency[Log],
    settings: NamedDependency[Settings],
) -> Redirect:
    with database.write() as session:
        revoke_session(session, log, session_id, PERSON, caller.subject)
    if session_id == caller.id:
        cookies = [session_cookie("", settings.base_url, CUSTOMER_COOKIE)]
        return Redirect("/", status_code=303, cookies=cookies)
    return Redirect(f"{HOME}/sessions", status_code=303)


@post(f"{HOME}/sign-out-everywhere", **MINE)
def end_everywhere(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    log: NamedDependency[Log],
    settings: NamedDependency[Settings],
) -> Redirect:
    """Here too."""
    assert caller.subject is not None
    with database.write() as session:
        end_all(session, log, caller.subject, PERSON)
    return Redirect("/", status_code=303, cookies=[session_cookie("", settings.base_url, CUSTOMER_COOKIE)])


sign_out = signing_out(
    f"{HOME}/sign-out",
    allow(Role.CUSTOMER),
    CUSTOMER_COOKIE,
    {PrivacyError: refused},
    lambda *_: Redirect("/", status_code=303),
)


HANDLERS = [
    show_overview,
    show_data,
    correct,
    show_choices,
    choose,
    show_log,
    fetch_proof,
    show_sessions,
    end_other,
    end_everywhere,
    sign_out,
]
