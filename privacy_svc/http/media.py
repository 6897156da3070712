"""A body of a kind that a route does not take is 415, whatever it holds: a form is not read as JSON that is broken.

Every route of the reference takes JSON, and a body that does not say what it is counts as that. Pages take forms, and
AuthZEN's routes answer by its own rules.
"""

from typing import Any

from litestar.enums import ScopeType
from litestar.handlers.http_handlers import HTTPRouteHandler
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from privacy_svc.http.problems import UnsupportedMediaType

JSON = "application/json"
_ANY = "any"


def takes(*kinds: str) -> dict[str, Any]:
    """To be joined to a route's `opt`: media types in small letters; none where the route looks at them itself."""
    return {"takes": kinds or (_ANY,)}


def only_known_media(app: ASGIApp) -> ASGIApp:
    """For the application's `middleware`. Raises UnsupportedMediaType."""

    async def checked(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and scope["method"] not in {"GET", "HEAD"}:
            _check(scope)
        await app(scope, receive, send)

    return checked


def _check(scope: HTTPScope) -> None:
    kind, has_body = _sent(scope)
    if not kind or not has_body:
        return
    handler = scope["route_handler"]
    known: tuple[str, ...] = handler.opt.get("takes", (JSON,))
    if kind in known or _ANY in known:
        return
    if isinstance(handler, HTTPRouteHandler) and handler.resolve_include_in_schema():
        raise UnsupportedMediaType(f"This route takes {' or '.join(known)}.")


def _sent(scope: HTTPScope) -> tuple[str, bool]:
    """The media type without its parameters, and whether there is anything of it."""
    kind, has_body = "", False
    for name, value in scope["headers"]:
        if name == b"content-type":
            kind = value.decode("latin-1").partition(";")[0].strip().lower()
        elif name == b"content-length":
            has_body = has_body or value.strip() != b"0"
        elif name == b"transfer-encoding":
            has_body = True
    return kind, has_body
