"""A query parameter that a route does not know is refused: a filter that was misspelled would let everything through.

Pages for people take any: mail programs and social networks add parameters of their own to links.
"""

import difflib
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from litestar._kwargs.parameter_definition import ParameterDefinition
from litestar.handlers.http_handlers import HTTPRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

from privacy_svc.errors import BadRequest, Fault

ANY_QUERY = {"any_query": True}
"""To be joined to a route's `opt`: it is a link in letters, though the reference has it."""


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
    known = {p.field_alias for p in parameters(scope)}
    sent = dict.fromkeys(name for name, _ in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    faults = list(_faults(sent, known))
    if faults:
        raise UnknownParameter("This route has no such query parameter.", faults=faults)


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


def _faults(sent: dict[str, None], known: set[str]) -> Iterator[Fault]:
    for name in sent.keys() - known:
        near = difflib.get_close_matches(name, sorted(known), n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(sorted(known)) or 'none'}"
        yield Fault(f"/{name}", f"unknown parameter `{name}`, {hint}")
