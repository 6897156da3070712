"""Pages that links in mails lead to. Looking at one changes nothing: programs that check mails follow every link."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, RawBody
from litestar.response import Template

from privacy_svc.auditlog import Log
from privacy_svc.consent import CONFIRM_PATH, Choices, LinkGone
from privacy_svc.db import Database
from privacy_svc.errors import Erased
from privacy_svc.http import CustomerDirectory, Role, allow
from privacy_svc.identity import CrossSite, same_origin
from privacy_svc.policy import PolicyHolder, PolicySet
from privacy_svc.settings import Settings
from privacy_svc.vault import Vault
from privacy_svc.web.forms import form
from privacy_svc.web.rendering import page


def gone(request: Request[Any, Any, Any], error: LinkGone | Erased) -> Response[Any]:
    """In the person's words: what happened, and how to get a new link."""
    policies: PolicyHolder = request.app.state.policies
    return _page(request, policies.current, "gone", status=error.status)


GONE: Any = {LinkGone: gone, Erased: gone}


@get(CONFIRM_PATH, opt=allow(Role.PUBLIC), sync_to_thread=True, include_in_schema=False, exception_handlers=GONE)
def ask_to_confirm(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    policies: NamedDependency[PolicyHolder],
    vault: NamedDependency[Vault],
    log: NamedDependency[Log],
    directory: NamedDependency[CustomerDirectory],
    settings: NamedDependency[Settings],
    token: FromQuery[str] = "",
) -> Template:
    """What is agreed to, whole, and a button."""
    policy = policies.current
    with database.read() as session:
        asked = Choices(vault, log, directory, policy, settings.base_url).show_link(session, token)
    ref = asked.notice
    shown = _page(request, policy, "confirm", action=f"{CONFIRM_PATH}?", hidden={"token": token})
    shown.context |= {
        "what": asked.purpose.title.get(shown.context["language"], asked.purpose.key),
        "notice": policy.notices.get((ref.id, ref.version, ref.language)),
    }
    return shown


@post(
    CONFIRM_PATH,
    opt=allow(Role.PUBLIC),
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
    vault: NamedDependency[Vault],
    log: NamedDependency[Log],
    directory: NamedDependency[CustomerDirectory],
    settings: NamedDependency[Settings],
) -> Template:
    """The consent is given."""
    if not same_origin(str(request.method), request.headers):
        raise CrossSite("Open the link and press the button on its page.")
    policy = policies.current
    choices = Choices(vault, log, directory, policy, settings.base_url)
    with database.write() as session:
        said = choices.confirm(session, form(body).get("token", ""))
    shown = _page(request, policy, "confirmed")
    shown.context["what"] = policy.purposes[said.purpose].title.get(shown.context["language"], said.purpose)
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
    shown = page(request, policies, "choice.html", status=status, kind=kind, what="", notice=None, action=action)
    shown.context["hidden"] = hidden or {}
    return shown
