"""The page that a link to a package leads to. Looking at it takes nothing: programs that check mails follow links."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from privacy_svc.http import Role, allow
from privacy_svc.identity import require_ours
from privacy_svc.policy import PolicyHolder
from privacy_svc.rights import PACKAGE_PATH, PackageLinkGone, Packages, Requests
from privacy_svc.web.rendering import page

PATH = PACKAGE_PATH + "/{token:str}"


def gone(request: Request[Any, Any, Any], error: PackageLinkGone) -> Response[Any]:
    """The same page for every way in which a link fails."""
    policies: PolicyHolder = request.app.state.policies
    return page(
        request,
        policies.current,
        "choice.html",
        status=error.status,
        kind="no_package",
        what="",
        notice=None,
        action="",
    )


GONE: Any = {PackageLinkGone: gone}


@get(PATH, opt=allow(Role.PUBLIC), sync_to_thread=True, include_in_schema=False, exception_handlers=GONE)
def offer_package(
    request: Request[Any, Any, Any],
    token: FromPath[str],
    requests: NamedDependency[Requests],
    policies: NamedDependency[PolicyHolder],
) -> Template:
    """What is fetched here, and a button."""
    found = Packages(requests).offer(token)
    return page(
        request,
        policies.current,
        "choice.html",
        kind="package",
        what="",
        notice=None,
        action=f"{PACKAGE_PATH}/{token}?",
        hidden={},
        left=found.left,
    )


@post(
    PATH,
    opt=allow(Role.PUBLIC),
    status_code=200,
    media_type="application/zip",
    sync_to_thread=True,
    include_in_schema=False,
    exception_handlers=GONE,
)
def fetch_package(
    request: Request[Any, Any, Any], token: FromPath[str], requests: NamedDependency[Requests]
) -> Response[bytes]:
    """The zip. Each download counts and is logged."""
    require_ours(request)
    request_id, content = Packages(requests).fetch(token)
    headers = {"content-disposition": f'attachment; filename="{request_id}.zip"', "cache-control": "no-store"}
    return Response(content, media_type="application/zip", headers=headers)
