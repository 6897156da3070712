"""create_app(settings) -> Litestar: wiring only."""

import gc
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from litestar import Litestar, Router
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
    parts = runtime or open_runtime(chosen)
    app = Litestar(
        route_handlers=[_everything()],
        dependencies={name: Provide(_giving(part), sync_to_thread=False) for name, part in _parts(parts).items()}
        | {
            "caller": Provide(identity.caller_of_request, sync_to_thread=False),
            "once": Provide(once_of_request, sync_to_thread=False),
        },
        exception_handlers=web.with_pages(exception_handlers),
        middleware=[identity.guard, only_known_media, only_known_parameters],
        openapi_config=web.openapi(),
        logging_config=None,  # `http.logs` has configured logging; Litestar would put its own handlers back
        template_config=web.templates(chosen),
        lifespan=[_lifespan(parts)],
        request_max_body_size=None,  # `surround` counts, and answers with a problem
    )
    app.state.database, app.state.log, app.state.settings = parts.database, parts.log, chosen
    app.state.policies = parts.policies
    parts.policies.tell_refusals(POLICIES_REFUSED.set)
    keep_parts(app, _parts(parts))
    identity.check_routes(app)
    https = chosen.base_url.startswith("https:")
    return surround(app, chosen.body_limit, waiting=chosen.waiting_limit, https=https)


def _everything() -> Router:
    """All routes in one router. Litestar 2.25 registers a path's first handler again with its second one, and
    wraps it in a thread twice, so that its answer is never awaited; a router is registered once, whole."""
    rooms = (auditlog, audits, consent, pii, rights, store, web)
    return Router("/", route_handlers=[handler for room in rooms for handler in room.HANDLERS])


def _parts(runtime: Runtime) -> dict[str, Any]:
    """What handlers are given by name."""
    return {
        "settings": runtime.settings,
        "database": runtime.database,
        "policies": runtime.policies,
        "vault": runtime.vault,
        "signer": runtime.signer,
        "log": runtime.log,
        "stores": runtime.stores,
        "directory": runtime.directory,
        "mailer": runtime.mailer,
        "by_provider": runtime.by_provider,
        "pdp": runtime.pdp,
        "evaluations": runtime.evaluations,
        "evaluating": runtime.evaluating,
        "boxcars": runtime.boxcars,
        "recording": runtime.recording,
        "audiences": runtime.audiences,
        "simulation": runtime.simulation,
        "gateway": runtime.gateway,
        "requests": runtime.requests,
    }


def _giving(part: object) -> Callable[[], Any]:
    return lambda: part


def _lifespan(runtime: Runtime) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def running(_app: Litestar) -> AsyncIterator[None]:
        runtime.log.start(runtime.database)
        try:
            yield
        finally:
            runtime.close()

    return running
