"""Around every request: its id, its size, its one log line, its time, the headers that keep browsers safe."""

import random
import re
import time
from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Litestar
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from privacy_svc.db import new_id
from privacy_svc.errors import HeadersTooLarge, Overloaded, PrivacyError, TooLarge
from privacy_svc.http.access import AccessLog
from privacy_svc.http.logs import REQUEST_ID, clean
from privacy_svc.http.metrics import IN_PROGRESS, count
from privacy_svc.http.problems import PROBLEM_JSON, problem, problem_headers

STATIC = "/static/"
"""What is the same for everybody, and may be kept by browsers."""
HEALTH = "/health/"
"""Is answered however many wait: a process that has too much to do is not dead."""
HEADERS: Mapping[str, str] = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
}
"""No inline script or style anywhere. A route may send a policy of its own."""
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_ECHOED = re.compile(r"[ -~]{1,1024}")
_LOGGED = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_RAW = tuple((name.encode(), value.encode()) for name, value in HEADERS.items())
_NAMES = frozenset(name for name, _ in _RAW)
_TRANSPORT = (b"strict-transport-security", b"max-age=31536000")
_MOST_OF_HEADERS = 32_768
"""Bytes of all names and values: more than browsers and proxies send, less than what the server reads at most."""


def surround(app: Litestar, limit: int, *, waiting: int, https: bool = False) -> Litestar:
    """Puts `Around` outside of Litestar's router: as a Litestar middleware it would not see requests that
    match no route, and a 404 would go out without its id, its headers and its log line."""
    app.asgi_handler = Around(app.asgi_handler, limit, waiting=waiting, https=https)
    return app


class Around:
    """`limit` is the largest body in bytes, counted while it arrives: a chunked body does not say its length.
    `waiting`: so many requests are in hand at most; whoever comes then hears so at once, and does not wait until they
    give up. `https`: people reach us by https, whatever the proxy before us speaks to us."""

    def __init__(self, app: ASGIApp, limit: int, *, waiting: int, https: bool) -> None:
        self.app, self.limit, self._https = app, limit, https
        self._waiting, self._in_hand = waiting, 0
        self._access = AccessLog()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        sent = _header(scope, b"x-request-id")
        request_id = scope["state"]["request_id"] = _request_id(sent)
        echoed = sent if _ECHOED.fullmatch(sent) else request_id
        named = REQUEST_ID.set(request_id)
        IN_PROGRESS.inc()
        self._in_hand += 1
        begun, status = time.perf_counter(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(message, echoed, scope, self._https)
            await send(message)

        try:
            refused = self._refused(scope)
            if refused is not None:
                await _refuse(sending, refused, request_id)
            else:
                await self.app(scope, self._counting(receive), sending)
        finally:
            seconds, method, route = time.perf_counter() - begun, _method(scope), _route(scope)
            self._access.note(method, route, status, seconds, request_id)
            count(method, route, status, seconds)
            IN_PROGRESS.dec()
            self._in_hand -= 1
            REQUEST_ID.reset(named)

    def _refused(self, scope: HTTPScope) -> PrivacyError | None:
        if sum(len(name) + len(value) for name, value in scope["headers"]) > _MOST_OF_HEADERS:
            return HeadersTooLarge(f"The headers of a request have at most {_MOST_OF_HEADERS:,} bytes together.")
        if self._in_hand > self._waiting and not scope["path"].startswith(HEALTH):
            return Overloaded("More requests wait than this process takes; nothing was done.")
        return self._too_large() if _declared(scope) > self.limit else None

    def _counting(self, receive: Receive) -> Receive:
        left = self.limit

        async def counting() -> Any:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b"")) if message["type"] == "http.request" else 0
            if left < 0:
                raise self._too_large()
            return message

        return counting

    def _too_large(self) -> TooLarge:
        return TooLarge(f"A body has at most {self.limit:,} bytes.")


def _request_id(sent: str) -> str:
    """The caller's, where it is harmless; else a new one. It is logged, so it must not look like personal data. What
    is echoed may be any text (AuthZEN §10.1): it is never kept."""
    harmless = _LOGGED.fullmatch(sent) and (_UUID.fullmatch(sent) or clean(sent) == sent)
    return sent if harmless else new_id(random.getrandbits)


def _declared(scope: HTTPScope) -> int:
    """Content-Length; the server has already refused one that is no number."""
    length = _header(scope, b"content-length")
    return int(length) if length.isdecimal() and len(length) < 20 else 0


def _header(scope: HTTPScope, name: bytes) -> str:
    """ASGI gives names in small letters."""
    for key, value in scope["headers"]:
        if key == name:
            return value.decode("latin-1")
    return ""


def _method(scope: HTTPScope) -> str:
    """A method may be any word; only those that exist are worth a line."""
    method = str(scope["method"])
    return method if method in _METHODS else "other"


def _route(scope: HTTPScope) -> str:
    """The template: a path may hold a customer's key."""
    return str(scope.get("path_template") or "unmatched")


async def _refuse(send: Send, error: PrivacyError, request_id: str) -> None:
    """Before the application: nobody reads what says that it is too large."""
    body = msgspec.json.encode(problem(type(error), error.detail, request_id))
    headers = {**problem_headers(type(error)), "content-type": PROBLEM_JSON, "content-length": str(len(body))}
    raw = [(k.lower().encode(), v.encode()) for k, v in {**headers, "connection": "close"}.items()]
    await send({"type": "http.response.start", "status": error.status, "headers": raw})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _add_headers(message: Message, request_id: str, scope: HTTPScope, https: bool) -> None:
    """A route's own header stands; the request's id is ours alone."""
    given = [(name.lower(), value) for name, value in message["headers"]]  # type: ignore[typeddict-item]
    names = {name for name, _ in given}
    ours = [*_RAW] if names.isdisjoint(_NAMES) else [header for header in _RAW if header[0] not in names]
    if b"cache-control" not in names and not scope["path"].startswith(STATIC):
        ours.append((b"cache-control", b"no-store"))
    if (https or scope["scheme"] == "https") and _TRANSPORT[0] not in names:
        ours.append(_TRANSPORT)
    kept = [header for header in given if header[0] != b"x-request-id"]
    message["headers"] = [*kept, (b"x-request-id", request_id.encode()), *ours]  # type: ignore[typeddict-unknown-key]
