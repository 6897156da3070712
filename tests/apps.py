"""The service's application, lent to one test after the other: its routes take half a second to build, what is behind
them next to nothing."""

from litestar import Litestar
from litestar.types import ASGIApp

from privacy_svc.app import connect, unconnected
from privacy_svc.runtime import Runtime
from privacy_svc.settings import Settings

_free: list[tuple[Litestar, ASGIApp]] = []
"""Each with what answered before anything was put around it."""
_lent: list[tuple[Litestar, ASGIApp]] = []


def lend(settings: Settings, runtime: Runtime) -> Litestar:
    """Until the end of the test; as `create_app` would make it."""
    app, inner = _free.pop() if _free else _new()
    _lent.append((app, inner))
    app.asgi_handler = inner
    return connect(app, settings, runtime)


def take_back() -> None:
    _free.extend(_lent)
    _lent.clear()


def _new() -> tuple[Litestar, ASGIApp]:
    app = unconnected()
    return app, app.asgi_handler
