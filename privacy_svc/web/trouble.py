"""What went wrong, as a page: people with a browser get no JSON, whatever it was. Programs, and all of the API, do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.enums import MediaType
from litestar.response import Template

from privacy_svc.errors import Erased, Fault, PrivacyError
from privacy_svc.http import PROBLEM_JSON
from privacy_svc.policy import PolicyHolder
from privacy_svc.web.rendering import page

API = ("/v1/", "/access/", "/audit/", "/opendsr/", "/.well-known/", "/health/", "/metrics", "/static/")
CONSOLE = "/dpo"
Handler = Callable[[Request[Any, Any, Any], Any], Response[Any]]
_KINDS = {400: "trouble.400", 404: "trouble.404", 405: "trouble.404", 409: "trouble.409"}


@dataclass(frozen=True, slots=True)
class _Said:
    """A problem in the words of the API, for the console."""

    status: int
    title: str
    detail: str
    remedy: str = ""
    faults: list[Fault] = field(default_factory=list)


def wants_page(request: Request[Any, Any, Any]) -> bool:
    return request.accept.best_match([PROBLEM_JSON, MediaType.JSON, MediaType.HTML]) == MediaType.HTML


def with_pages(handlers: Mapping[int | type[Exception], Handler]) -> dict[int | type[Exception], Any]:
    """For the whole application: what a route's own handler does not answer, and paths that are none."""
    return {kind: _or_page(handler) for kind, handler in handlers.items()}


def _or_page(handler: Handler) -> Handler:
    def handle(request: Request[Any, Any, Any], error: Any) -> Response[Any]:
        answer = handler(request, error)  # which logs it, where that is due
        if request.url.path.startswith(API) or not wants_page(request):
            return answer
        shown = _page(request, answer, error)
        shown.headers |= {name: value for name, value in answer.headers.items() if name.lower() != "content-type"}
        return shown

    return handle


def _page(request: Request[Any, Any, Any], answer: Response[Any], error: Any) -> Template:
    if not request.url.path.startswith(CONSOLE):
        return trouble(request, answer.status_code or 500, error if isinstance(error, PrivacyError) else None)
    said = msgspec.json.decode(answer.content, type=_Said)
    policies: PolicyHolder = request.app.state.policies
    return page(request, policies.current, "refused.html", status=said.status, language="en", error=said)


def trouble(request: Request[Any, Any, Any], status: int, error: PrivacyError | None) -> Template:
    """In the person's words."""
    policies: PolicyHolder = request.app.state.policies
    kind = "erased" if isinstance(error, Erased) else _KINDS.get(status, "trouble")
    return page(request, policies.current, "trouble.html", status=status, kind=kind)
