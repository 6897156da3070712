"""create_app(settings) -> Litestar: wiring only."""

import gc
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.di import Provide

from privacy_svc import auditlog, audits, consent, identity, pii, rights, settings, store, web
from privacy_svc.home import open_runtime
from privacy_svc.http import (
    exception_handlers,
    keep_parts,
    once_of_request,
    only_known_media,
    only_known_parameters,
    surround,
)
from privacy_svc.http.logs import configure
from privacy_svc.http.metrics import POLICIES_REFUSED
from privacy_svc.runtime import Runtime
from privacy_svc.settings import Settings


def from_environment() -> Litestar:
    """What a web process runs: settings come from the environment it was started with."""
    configure()
    app = create_app(settings.load())
    settle_memory()
    return app


def settle_memory() -> None:
    """What is there now lives as long as the process: the collector need not look through it again and again. It took
    a third of the time of a read of a thousand records."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def create_app(chosen: Settings, runtime: Runtime | None = None) -> Litestar:
    """The whole service on HTTP. Raises Misconfigured rather than start unsafe."""
    return connect(unconnected(), chosen, runtime or open_runtime(chosen))


def unconnected() -> Litestar:
    """All routes, and nothing behind them yet: what takes long to build and is the same for every organisation."""
    parts: dict[str, Any] = {}
    app = Litestar(
        route_handlers=[_everything()],
        dependencies={name: Provide(_giving(parts, name), sync_to_thread=False) for name in PARTS}
        | {
            "caller": Provide(identity.caller_of_request, sync_to_thread=False),
            "once": Provide(once_of_request, sync_to_thread=False),
        },
        exception_handlers=web.with_pages(exception_handlers),
        middleware=[identity.guard, only_known_media, only_known_parameters],
        openapi_config=web.openapi(),
        logging_config=None,  # `http.logs` has configured logging; Litestar would put its own handlers back
        template_config=web.templates(),
        lifespan=[_running],
        request_max_body_size=None,  # `surround` counts, and answers with a problem
    )
    keep_parts(app, parts)
    identity.check_routes(app)
    return app


def connect(app: Litestar, chosen: Settings, runtime: Runtime) -> Litestar:
    """Puts an organisation behind the routes."""
    parts = app.state.parts
    parts.update({name: getattr(runtime, name) for name in PARTS})
    app.state = State({"parts": parts, "runtime": runtime, "settings": chosen})
    app.state.update({name: parts[name] for name in ("database", "log", "policies")})
    web.mark_demo(app, chosen.demo)
    runtime.policies.tell_refusals(POLICIES_REFUSED.set)
    https = chosen.base_url.startswith("https:")
    return surround(app, chosen.body_limit, waiting=chosen.waiting_limit, https=https)


def _everything() -> Router:
    """All routes in one router. Litestar 2.25 registers a path's first handler again with its second one, and
    wraps it in a thread twice, so that its answer is never awaited; a router is registered once, whole."""
    rooms = (auditlog, audits, consent, pii, rights, store, web)
    return Router("/", route_handlers=[handler for room in rooms for handler in room.HANDLERS])


PARTS = (
    "settings",
    "database",
    "policies",
    "vault",
    "signer",
    "log",
    "stores",
    "directory",
    "mailer",
    "by_provider",
    "pdp",
    "evaluations",
    "evaluating",
    "boxcars",
    "recording",
    "audiences",
    "simulation",
    "gateway",
    "requests",
)
"""Of a runtime: what handlers are given by name."""


def _giving(parts: Mapping[str, Any], name: str) -> Callable[[], Any]:
    return lambda: parts[name]


@asynccontextmanager
async def _running(app: Litestar) -> AsyncIterator[None]:
    runtime: Runtime = app.state.runtime
    runtime.log.start(runtime.database)
    try:
        yield
    finally:
        runtime.close()
