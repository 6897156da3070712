"""Signing out, of customers and staff alike: the session ends here, whatever comes after."""

from collections.abc import Callable, Mapping
from typing import Any

from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler

from privacy_svc.auditlog import Log
from privacy_svc.db import Database
from privacy_svc.identity import BrowserSession, end_session, sent_cookie, session_cookie
from privacy_svc.settings import Settings

Onward = Callable[[Request[Any, Any, Any], BrowserSession | None], Response[Any]]


def signing_out(path: str, roles: Mapping[str, Any], cookie: str, refused: Any, onward: Onward) -> HTTPRouteHandler:
    """The route. `onward`: what the browser is shown, by the session that has ended."""

    @post(path, opt=dict(roles), sync_to_thread=True, include_in_schema=False, exception_handlers=refused)
    def sign_out(
        request: Request[Any, Any, Any],
        database: NamedDependency[Database],
        log: NamedDependency[Log],
        settings: NamedDependency[Settings],
    ) -> Response[Any]:
        with database.write() as session:
            ended = end_session(session, log, sent_cookie(request, cookie, settings.base_url) or "")
        answer = onward(request, ended)
        answer.set_cookie(session_cookie("", settings.base_url, cookie))
        return answer

    return sign_out
