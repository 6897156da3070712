"""The pages that links to packages and certificates lead to. Looking at them takes nothing: programs that check mails
follow links."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from privacy_svc.http import Role, allow
from privacy_svc.identity import require_ours
from privacy_svc.policy import PolicyHolder
from privacy_svc.rights import CERTIFICATE_PATH, PACKAGE_PATH, PackageLinkGone, Packages, Requests
from privacy_svc.web.rendering import page

PACKAGE = PACKAGE_PATH + "/{token:str}"
CERTIFICATE = CERTIFICATE_PATH + "/{token:str}"


def gone(request: Request[Any, Any, Any], error: PackageLinkGone) -> Response[Any]:
    """The same page for every way in which a link fails."""
    return _page(request, "no_package", status=error.status)


_PUBLIC: Any = {
    "opt": allow(Role.PUBLIC),
    "sync_to_thread": True,
    "include_in_schema": False,
    "exception_handlers": {PackageLinkGone: gone},
}


@get(PACKAGE, **_PUBLIC)
def offer_package(
    request: Request[Any, Any, Any], token: FromPath[str], requests: NamedDependency[Requests]
) -> Template:
    """What is fetched here, and a button."""
    Packages(requests).offer(token)
    return _page(request, "package", action=f"{PACKAGE_PATH}/{token}?")


@post(PACKAGE, **_PUBLIC, status_code=200, media_type="application/zip")
def fetch_package(
    request: Request[Any, Any, Any], token: FromPath[str], requests: NamedDependency[Requests]
) -> Response[bytes]:
    """The zip. Each download counts and is logged."""
    require_ours(request)
    request_id, content = Packages(requests).fetch(token)
    return file(content, "application/zip", f"{request_id}.zip")


@get(CERTIFICATE, **_PUBLIC)
def offer_certificate(
    request: Request[Any, Any, Any], token: FromPath[str], requests: NamedDependency[Requests]
) -> Template:
    """Of somebody who was erased, and has no way to sign in."""
    Packages(requests).certificate(token)
    return _page(request, "erasure_proof", action=f"{CERTIFICATE_PATH}/{token}?")


@post(CERTIFICATE, **_PUBLIC, status_code=200, media_type="application/json")
def fetch_certificate_by_link(
    request: Request[Any, Any, Any], token: FromPath[str], requests: NamedDependency[Requests]
) -> Response[bytes]:
    require_ours(request)
    request_id, document = Packages(requests).certificate(token)
    return file(document.encode(), "application/json", f"{request_id}.json")


def file(content: bytes, kind: str, name: str) -> Response[bytes]:
    """To be kept by the browser's owner and by nobody on the way. `name` is ours."""
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(content, media_type=kind, headers=headers)


def _page(request: Request[Any, Any, Any], kind: str, *, status: int = 200, action: str = "") -> Template:
    policies: PolicyHolder = request.app.state.policies
    about: dict[str, Any] = {"kind": kind, "what": "", "notice": None, "action": action, "hidden": {}}
    return page(request, policies.current, "choice.html", status=status, **about)
