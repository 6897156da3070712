"""The one guard of the whole application. It reads `opt["roles"]` of each route, as `http.allow` writes it.

Tokens are for programs; the session cookie is for browsers and needs, on unsafe methods, a request from our
own pages.
"""

from functools import cache, partial
from typing import Any

import structlog
from litestar import Litestar, Request
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler
from litestar.handlers.http_handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, Receive, Scope, Send

from privacy_svc.db import now
from privacy_svc.errors import Fault, Forbidden, Misconfigured, NotSignedIn
from privacy_svc.http import Caller, Role
from privacy_svc.identity import service, sessions
from privacy_svc.identity.claims import claim_of
from privacy_svc.identity.cookies import sent_cookie
from privacy_svc.identity.credentials import Credentials
from privacy_svc.identity.errors import CrossSite
from privacy_svc.identity.model import BrowserSession
from privacy_svc.identity.network import UNKNOWN, network_of
from privacy_svc.identity.origin import same_origin
from privacy_svc.identity.service import LiveClient
from privacy_svc.outbound import networks
from privacy_svc.settings import Settings

_log = structlog.get_logger(__name__)


def guard(app: ASGIApp) -> ASGIApp:
    """For the application's `middleware`: Litestar copies the handler for each call of a guard of its own kind.

    Raises NotSignedIn, Forbidden or TooManyTries; else the caller stands in the scope's state. Needs `database` and
    `log` in `app.state`; `settings` too where they are not the usual ones.
    """

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        roles = roles_of(scope["route_handler"])
        if roles is None:
            raise Misconfigured("This route does not say who may call it.")
        if Role.PUBLIC not in roles:
            claims = "claims" in scope["route_handler"].opt
            scope["state"]["caller"] = await _caller(scope, roles, claims=claims)
        await app(scope, receive, send)

    return guarded


def caller_of_request(request: Request[Any, Any, Any]) -> Caller:
    """The dependency `caller`. Raises NotSignedIn on public routes, where nobody was asked."""
    caller = request.scope["state"].get("caller")
    if not isinstance(caller, Caller):
        raise NotSignedIn("Nobody is signed in.")
    return caller


def check_routes(app: Litestar) -> None:
    """Raises Misconfigured naming every route that does not say who may call it."""
    faults = [
        Fault(f"{'/'.join(sorted(_methods(handler)))} {route.path}", f"{handler} has no opt=allow(…)")
        for route in app.routes
        for handler in (route.route_handlers if isinstance(route, HTTPRoute) else [route.route_handler])
        if roles_of(handler) is None
    ]
    if faults:
        raise Misconfigured("Some routes do not say who may call them.", faults=faults)


def roles_of(handler: BaseRouteHandler) -> frozenset[Role] | None:
    if _answers_options(handler):
        return frozenset({Role.PUBLIC})
    roles = handler.opt.get("roles")
    return roles if isinstance(roles, frozenset) and roles else None


def _answers_options(handler: BaseRouteHandler) -> bool:
    """Litestar's own answer to OPTIONS, which it adds to every path; it says only which methods there are."""
    return isinstance(handler, HTTPRouteHandler) and handler.fn.__module__ == "litestar.routes.http"


def _methods(handler: BaseRouteHandler) -> set[str]:
    return {str(m) for m in handler.http_methods} if isinstance(handler, HTTPRouteHandler) else set()


async def make_sure(request: Request[Any, Any, Any]) -> None:
    """The caller of a route that is `CLAIMING`, where its handler fails: nobody without a live token is told why.
    Raises UnknownToken, which is logged."""
    if claim_of(request) is not None:
        known, scope = _credentials(request.app), request.scope
        await known.look_up(_authorization(scope), partial(_network, scope))


async def _caller(scope: Scope, roles: frozenset[Role], *, claims: bool) -> Caller:
    known = _credentials(scope["litestar_app"])
    header = _authorization(scope)
    claim = await known.claim(header) if claims and header is not None else None
    if claim is not None and claim.client.role in roles:
        scope["state"]["claim"] = claim
        credential: LiveClient | BrowserSession = claim.client
    elif header is not None:
        credential = await known.by_token(header, partial(_network, scope))
    else:
        credential = await _by_cookie(scope, known, roles)
    if service.use_is_stale(credential, now()):
        await known.note_use(credential)
    caller = service.caller_of(credential)
    if caller.role not in roles:
        raise Forbidden(f"This needs the role {' or '.join(sorted(roles))}; these credentials have {caller.role}.")
    return caller


def _authorization(scope: Scope) -> str | None:
    """ASGI gives names in small letters."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            return value.decode("latin-1")
    return None


async def _by_cookie(scope: Scope, known: Credentials, roles: frozenset[Role]) -> LiveClient | BrowserSession:
    """Customers have a cookie of their own."""
    connection = ASGIConnection[Any, Any, Any, Any](scope)
    name = sessions.CUSTOMER_COOKIE if Role.CUSTOMER in roles else sessions.COOKIE
    cookie = sent_cookie(connection, name, known.base_url)
    if cookie is None:
        return await known.by_token(None)
    credential = await known.by_cookie(cookie)
    require_ours(connection)
    return credential


def require_ours(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """Raises CrossSite where a request that may change something does not come from our own pages."""
    known = _credentials(connection.scope["litestar_app"])
    if not same_origin(str(connection.scope.get("method", "")), connection.headers, known.base_url):
        raise CrossSite("Open the page of this service and send the form, or press the button, there.")


def network_of_request(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """For limits: where the request comes from."""
    return _network(connection.scope)


def _network(scope: Scope) -> str:
    peer = scope.get("client")
    forwarded = ",".join(v.decode("latin-1") for n, v in scope["headers"] if n == b"x-forwarded-for")
    found = network_of(peer[0] if peer else "", forwarded, _credentials(scope["litestar_app"]).proxies)
    if found == UNKNOWN:
        _warn()
    return found


@cache
def _warn() -> None:
    """Once: then everybody whom it concerns is held up by the others."""
    _log.warning(
        "network.unknown", remedy="proxies have to send X-Forwarded-For with addresses: see docs/operations.md"
    )


def _credentials(app: Litestar) -> Credentials:
    """The application's own, made on first use."""
    if "credentials" not in app.state:
        settings: Settings = app.state.settings if "settings" in app.state else Settings()
        app.state.credentials = Credentials(
            app.state.database,
            app.state.log,
            settings.token_limit,
            networks(settings.proxies, "proxies"),
            settings.base_url,
        )
    found: Credentials = app.state.credentials
    return found
