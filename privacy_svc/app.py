"""create_app(settings) -> Litestar: wiring only."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from litestar import Litestar, Request
from litestar.di import Provide
from litestar.middleware import DefineMiddleware

from privacy_svc import auditlog, audits, consent, identity, pii, rights, settings, store, web
from privacy_svc.http import Around, exception_handlers
from privacy_svc.http.logs import configure
from privacy_svc.runtime import Runtime, open_runtime
from privacy_svc.settings import Settings


def from_environment() -> Litestar:
    """What a web process runs: settings come from the environment it was started with."""
    configure()
    return create_app(settings.load())


def create_app(chosen: Settings, runtime: Runtime | None = None) -> Litestar:
    """The whole service on HTTP. Raises Misconfigured rather than start unsafe."""
    parts = runtime or open_runtime(chosen)
    app = Litestar(
        route_handlers=[
            *auditlog.HANDLERS,
            *audits.HANDLERS,
            *consent.HANDLERS,
            *pii.HANDLERS,
            *rights.HANDLERS,
            *store.HANDLERS,
            *web.HANDLERS,
        ],
        dependencies={name: Provide(_giving(part), sync_to_thread=False) for name, part in _parts(parts).items()}
        | {"body": Provide(_body), "caller": Provide(identity.caller_of_request, sync_to_thread=False)},
        guards=[identity.guard],
        exception_handlers=exception_handlers,
        middleware=[DefineMiddleware(Around, limit=chosen.body_limit), *web.middleware()],
        openapi_config=web.openapi(),
        template_config=web.templates(chosen),
        lifespan=[_lifespan(parts)],
        request_max_body_size=None,  # `Around` counts, and answers with a problem
    )
    app.state.database, app.state.log, app.state.settings = parts.database, parts.log, chosen
    identity.check_routes(app)
    return app


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
        "pdp": runtime.pdp,
        "gateway": runtime.gateway,
        "requests": runtime.requests,
    }


def _giving(part: object) -> Callable[[], Any]:
    return lambda: part


async def _body(request: Request[Any, Any, Any]) -> bytes:
    return await request.body()


def _lifespan(runtime: Runtime) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def running(_app: Litestar) -> AsyncIterator[None]:
        runtime.log.start(runtime.database)
        try:
            yield
        finally:
            runtime.close()

    return running
