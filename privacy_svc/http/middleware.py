"""Around every request: its id, its size, its one log line, the headers that keep browsers safe."""

import re
import time
from typing import Any

import structlog
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from privacy_svc.db import new_id
from privacy_svc.errors import TooLarge

_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_log = structlog.get_logger("privacy_svc.access")
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
"""No inline script or style anywhere. A route may send a policy of its own."""


class Around:
    """`limit` is the largest body in bytes, counted while it arrives: a chunked body does not say its length."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app, self.limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.WEBSOCKET:
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope["state"]["request_id"] = request_id
        structlog.contextvars.bind_contextvars(request_id=request_id)
        begun, status = time.perf_counter(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(message, request_id, scope["path"])
            await send(message)

        try:
            await self.app(scope, self._counting(scope, receive), sending)
        finally:
            _access(scope, status, time.perf_counter() - begun)
            structlog.contextvars.clear_contextvars()

    def _counting(self, scope: Scope, receive: Receive) -> Receive:
        left = self.limit
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        too_long = declared.isdigit() and int(declared) > self.limit

        async def counting() -> Any:
            nonlocal left
            if too_long:
                raise TooLarge(f"A body has at most {self.limit:,} bytes.")
            message = await receive()
            left -= len(message.get("body", b"")) if message["type"] == "http.request" else 0
            if left < 0:
                raise TooLarge(f"A body has at most {self.limit:,} bytes.")
            return message

        return counting


def _request_id(scope: Scope) -> str:
    """The caller's, where it is harmless; else a new one."""
    sent = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
    return sent if _ID.fullmatch(sent) else new_id()


def _add_headers(message: Message, request_id: str, path: str) -> None:
    headers = MutableScopeHeaders.from_message(message)
    headers["x-request-id"] = request_id
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if not path.startswith("/static/"):
        headers.setdefault("cache-control", "no-store")


def _access(scope: HTTPScope, status: int, seconds: float) -> None:
    """The route's template, never the path: a path may hold a customer's key."""
    template = scope.get("path_template") or "unmatched"
    _log.info("http", method=scope["method"], route=template, status=status, ms=round(seconds * 1000, 1))
