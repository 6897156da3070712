"""A query parameter that a route does not know is refused: a filter that was misspelled would let everything through.
So is a time that is none of RFC 3339 with its zone: a bare number would be read as seconds since 1970.

Pages for people take any: mail programs and social networks add parameters of their own to links.
"""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any
from urllib.parse import parse_qsl

import msgspec
from litestar._kwargs.parameter_definition import ParameterDefinition
from litestar.handlers.http_handlers import HTTPRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

from privacy_svc.errors import BadRequest, Fault, nearest

ANY_QUERY = {"any_query": True}
"""To be joined to a route's `opt`: it is a link in letters, though the reference has it."""


_TIME = Annotated[datetime, msgspec.Meta(tz=True)]


class UnknownParameter(BadRequest):
    slug, title = "unknown-parameter", "This route has no such query parameter"
    remedy = "Correct or leave out what `errors` name; the reference at /schema has each route's parameters."


def only_known_parameters(app: ASGIApp) -> ASGIApp:
    """For the application's `middleware`. Raises UnknownParameter, BadRequest."""

    async def checked(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["query_string"]:
            _check(scope)
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            raise BadRequest("The address holds the character U+0000, which PostgreSQL cannot keep.")
        await app(scope, receive, send)

    return checked


def _check(scope: Scope) -> None:
    handler = scope["route_handler"]
    if not isinstance(handler, HTTPRouteHandler) or takes_any(handler):
        return
    known = parameters(scope)
    sent = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    faults = list(_faults(dict(sent), {p.field_alias for p in known}))
    if faults:
        raise UnknownParameter("This route has no such query parameter.", faults=faults)
    _check_times(sent, {p.field_alias for p in known if _is_time(handler, p.field_name)})


def _is_time(handler: HTTPRouteHandler, parameter: str) -> bool:
    declared = handler.parsed_fn_signature.parameters.get(parameter)  # None: a dependency's, and none of those is one
    return declared is not None and (declared.is_subclass_of(datetime) or declared.has_inner_subclass_of(datetime))


def _check_times(sent: Iterable[tuple[str, str]], times: AbstractSet[str]) -> None:
    for name, value in sent:
        if name in times:
            try:
                msgspec.convert(value, _TIME).astimezone(UTC)
            except (msgspec.ValidationError, OverflowError):
                fault = Fault(f"/{name}", "no instant of RFC 3339; in an address, its + is written %2B")
                told = f"{name} is a time with its time zone, e.g. 2026-11-01T00:00:00Z."
                raise BadRequest(told, faults=[fault]) from None


def takes_any(handler: HTTPRouteHandler) -> bool:
    return not handler.resolve_include_in_schema() or "any_query" in handler.opt


def parameters(scope: Scope) -> AbstractSet[ParameterDefinition]:
    """Those in the query that the request's handler and its dependencies ask for."""
    handler = scope.get("route_handler")
    return _parameters(handler, frozenset(scope["path_params"])) if isinstance(handler, HTTPRouteHandler) else set()


@lru_cache(1024)
def _parameters(handler: HTTPRouteHandler, in_path: frozenset[str]) -> AbstractSet[ParameterDefinition]:
    names: dict[str, Any] = dict.fromkeys(in_path)  # only the names are looked at
    model = handler.create_kwargs_model(path_parameters=names)
    return model.expected_query_params


def _faults(sent: dict[str, str], known: set[str]) -> Iterator[Fault]:
    for name in sent.keys() - known:
        near = nearest(name, known)
        hint = f"did you mean `{near}`?" if near else f"known: {', '.join(sorted(known)) or 'none'}"
        yield Fault(f"/{name}", f"unknown parameter `{name}`, {hint}")
