"""Every error as RFC 9457 `application/problem+json`, with a stable `type` and a page behind it."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from privacy_svc.errors import (
    BadRequest,
    DatabaseBusy,
    Fault,
    Forbidden,
    HeadersTooLarge,
    NotFound,
    NotSignedIn,
    PrivacyError,
    TooLarge,
    Unavailable,
)
from privacy_svc.http.queries import parameters

PROBLEM_JSON = "application/problem+json"
_HEADERS: Mapping[int, Mapping[str, str]] = {
    401: {"WWW-Authenticate": "Bearer"},
    429: {"Retry-After": "5"},
    503: {"Retry-After": "5"},
}
_log = structlog.get_logger(__name__)


class MethodNotAllowed(BadRequest):
    status, slug, title = 405, "method-not-allowed", "This path does not take this method"
    remedy = "Use one of the methods that the response's `Allow` header names."


class NotAcceptable(BadRequest):
    status, slug, title = 406, "not-acceptable", "None of the media types asked for can be had here"
    remedy = "Send an `Accept` header with a type that `detail` names, or none."


class UnsupportedMediaType(BadRequest):
    status, slug, title = 415, "unsupported-media-type", "The body is of a kind that is not taken here"
    remedy = "Send JSON with `Content-Type: application/json`, unless the reference at /schema says otherwise."


class TooManyRequests(BadRequest):
    status, slug, title = 429, "too-many-requests", "Too many requests in a short time"
    remedy = "Wait for as many seconds as the response's `Retry-After` header says."


_KINDS: Mapping[int, type[PrivacyError]] = {
    kind.status: kind
    for kind in (
        BadRequest,
        NotSignedIn,
        Forbidden,
        NotFound,
        MethodNotAllowed,
        NotAcceptable,
        TooLarge,
        HeadersTooLarge,
        UnsupportedMediaType,
        TooManyRequests,
        Unavailable,
    )
}
"""What Litestar's own errors mean, by status."""


class PlacedFault(msgspec.Struct, frozen=True):
    pointer: str
    detail: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """RFC 9457 §3.1; `errors` names the places that are wrong."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[PlacedFault] = []


def problem(kind: type[PrivacyError], detail: str, request_id: str, faults: Sequence[Fault] = ()) -> Problem:
    """`instance` is the request and not its path: a path may hold a customer's key, and clients log problems."""
    return Problem(
        type=f"/problems/{kind.slug}",
        title=kind.title,
        status=kind.status,
        detail=detail,
        instance=f"urn:request:{request_id}",
        errors=[PlacedFault(f.pointer, f.detail) for f in faults],
    )


def problem_headers(kind: type[PrivacyError] | PrivacyError) -> dict[str, str]:
    """What HTTP demands with some statuses (RFC 9110 §11.6.1, §10.2.3)."""
    again = {} if kind.retry_after is None else {"Retry-After": str(kind.retry_after)}
    return {**_HEADERS.get(kind.status, {}), **again}


def answer(
    request: Request[Any, Any, Any],
    kind: type[PrivacyError],
    detail: str,
    faults: Sequence[Fault] = (),
    headers: Mapping[str, str] | None = None,
) -> Response[bytes]:
    request_id = str(request.scope["state"].get("request_id", "unknown"))
    body = msgspec.json.encode(problem(kind, detail, request_id, faults))
    sent = headers or problem_headers(kind)
    return Response(body, status_code=kind.status, media_type=PROBLEM_JSON, headers=dict(sent))


def privacy_error(request: Request[Any, Any, Any], error: PrivacyError) -> Response[bytes]:
    if error.status >= 500:
        _log.warning("http.problem", problem=error.slug, status=error.status, exc_info=error)
    return answer(request, type(error), error.detail, error.faults, problem_headers(error))


def http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Litestar's own: unknown paths and methods, parameters of the wrong type. Its texts may quote what was sent."""
    kind = _KINDS.get(error.status_code, BadRequest if error.status_code < 500 else PrivacyError)
    if kind is PrivacyError:
        return unexpected(request, error)
    faults = _parameters(request, error) if isinstance(error, ValidationException) else ()
    response = answer(request, kind, "A parameter does not fit." if faults else f"{kind.title}.", faults)
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    return response


def _parameters(request: Request[Any, Any, Any], error: ValidationException) -> tuple[Fault, ...]:
    """Which parameter, by its name on the wire, and what was expected; never the value that was sent."""
    names = {p.field_name: p.field_alias for p in parameters(request.scope)}
    found = [item for item in error.extra if isinstance(item, Mapping)] if isinstance(error.extra, list) else []
    return tuple(
        Fault(f"/{names.get(i.get('key', ''), i.get('key', ''))}", str(i.get("message", "")).partition(" - at")[0])
        for i in found
    )


def database_away(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    _log.error("http.problem", problem=DatabaseBusy.slug, exc_info=error)
    return answer(request, DatabaseBusy, "A database did not answer in time; nothing was changed.")


def unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """A bug, or a failure nobody foresaw: logged once with its places in the code, told without them."""
    _log.error("http.failed", exc_info=error)
    return answer(request, PrivacyError, "Nothing more can be said here; the service's log has the cause.")


exception_handlers: dict[int | type[Exception], Any] = {
    PrivacyError: privacy_error,
    HTTPException: http_error,
    OperationalError: database_away,
    InterfaceError: database_away,
    PoolTimeout: database_away,
    Exception: unexpected,
}
