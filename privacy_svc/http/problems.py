"""Every error as RFC 9457 `application/problem+json`, with a stable `type` and a page behind it."""

from collections.abc import Mapping
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from sqlalchemy.exc import OperationalError

from privacy_svc.errors import DatabaseBusy, Fault, PrivacyError

PROBLEM_JSON = "application/problem+json"
_log = structlog.get_logger(__name__)
_SLUGS = {
    400: ("bad-request", "The request cannot be understood"),
    401: ("not-signed-in", "No valid credentials were sent"),
    403: ("forbidden", "These credentials may not do this"),
    404: ("not-found", "There is no such thing here"),
    405: ("method-not-allowed", "This path does not take this method"),
    413: ("too-large", "The body is larger than allowed"),
    415: ("unsupported-media-type", "The body is of a kind that is not taken here"),
    429: ("too-many-requests", "Too many requests"),
}


class PlacedFault(msgspec.Struct, frozen=True):
    pointer: str
    detail: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """RFC 9457 §3.1; `errors` names the places that are wrong."""

    type: str
    title: str
    status: int
    detail: str = ""
    instance: str = ""
    errors: list[PlacedFault] = []


def respond(
    request: Request[Any, Any, Any], status: int, slug: str, title: str, detail: str, faults: tuple[Fault, ...] = ()
) -> Response[bytes]:
    """`instance` is the request's id: a path may hold a customer's key."""
    problem = Problem(
        type=f"/problems/{slug}",
        title=title,
        status=status,
        detail=detail,
        instance=f"urn:request:{request.scope['state'].get('request_id', 'unknown')}",
        errors=[PlacedFault(f.pointer, f.detail) for f in faults],
    )
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    if status == 503:
        headers["Retry-After"] = "5"
    return Response(msgspec.json.encode(problem), status_code=status, media_type=PROBLEM_JSON, headers=headers)


def privacy_error(request: Request[Any, Any, Any], error: PrivacyError) -> Response[bytes]:
    if error.status >= 500:
        _log.warning("http.problem", problem=error.slug, status=error.status)
    return respond(request, error.status, error.slug, error.title, error.detail, error.faults)


def http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Litestar's own: unknown paths and methods, parameters of the wrong type."""
    if error.status_code >= 500:
        return unexpected(request, error)
    slug, title = _SLUGS.get(error.status_code, ("bad-request", "The request cannot be answered"))
    faults = _parameters(error) if isinstance(error, ValidationException) else ()
    detail = "A parameter of the request does not fit." if faults else title + "."
    answer = respond(request, error.status_code, slug, title, detail, faults)
    for name, value in (error.headers or {}).items():
        answer.headers[name] = value
    return answer


def _parameters(error: ValidationException) -> tuple[Fault, ...]:
    """Which parameter and what was expected; never the value that was sent."""
    extra = error.extra if isinstance(error.extra, list) else []
    faults = [(str(item.get("key", "")), str(item.get("message", ""))) for item in extra if isinstance(item, Mapping)]
    return tuple(Fault(f"/{key}", message.split(" - at")[0]) for key, message in faults)


def unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """A bug or a failure nobody foresaw: logged once with its place, told without it."""
    if isinstance(error, OperationalError):
        return privacy_error(request, DatabaseBusy("A database did not answer; try again."))
    _log.error("http.failed", kind=type(error).__name__, exc_info=error)
    title = PrivacyError.title
    detail = "Nothing more can be said here; the service's log has the cause under this request's id."
    return respond(request, 500, PrivacyError.slug, title, detail)


exception_handlers: dict[int | type[Exception], Any] = {
    PrivacyError: privacy_error,
    HTTPException: http_error,
    Exception: unexpected,
}
