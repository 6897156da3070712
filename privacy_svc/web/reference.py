"""The API's reference at /schema with its viewer served from here, static files, and the metrics.

Litestar's own pages would load their viewer from a CDN, which the content policy forbids and an installation
without internet cannot do.
"""

from pathlib import Path
from typing import Any

from litestar import Request, Router
from litestar.datastructures import CacheControlHeader
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.openapi.spec import Components, License, SecurityScheme
from litestar.plugins.prometheus import PrometheusController
from litestar.static_files import create_static_files_router

from privacy_svc import __version__
from privacy_svc.errors import NotFound
from privacy_svc.http import Role, allow

PATH = "/schema"
DESCRIPTION = """\
Stands between the modules of a CRM and its customer store: decisions, consents, requests, audit log.

Errors are RFC 9457 problems; each `type` is a page under /problems. Bodies are read strictly: an unknown field is an
error. Send `Authorization: Bearer <token>`.
"""


class Viewer(OpenAPIRenderPlugin):
    """The page of the viewer (Swagger UI), which reads /schema/openapi.json."""

    def __init__(self) -> None:
        super().__init__(path="/")

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        engine = request.app.template_engine
        assert engine is not None
        return str(engine.get_template("schema.html").render(title=openapi_schema["info"]["title"])).encode()


def openapi() -> OpenAPIConfig:
    """For the application's `openapi_config`."""
    return OpenAPIConfig(
        title="privacy-svc",
        version=__version__,
        description=DESCRIPTION,
        license=License(name="Apache-2.0", identifier="Apache-2.0"),
        components=Components(security_schemes={"token": SecurityScheme(type="http", scheme="bearer")}),
        security=[{"token": []}],
        use_handler_docstrings=True,
        render_plugins=[Viewer()],
        openapi_router=Router(
            PATH, route_handlers=[], opt=allow(Role.PUBLIC), include_in_schema=False, before_request=_only_known
        ),
    )


async def _only_known(request: Request[Any, Any, Any]) -> None:
    """Litestar would answer other paths below with a page of its own instead of a problem."""
    if request.url.path.rstrip("/") not in {PATH, f"{PATH}/openapi.json"}:
        raise NotFound("There is no such page; the reference is at /schema.")


class Metrics(PrometheusController):
    """Prometheus text at /metrics: what `http.metrics` has counted."""

    opt = allow(Role.ADMIN, Role.AUDITOR)
    include_in_schema = False


STATIC = create_static_files_router(
    path="/static",
    directories=[Path(__file__).parent / "static"],
    opt=allow(Role.PUBLIC),
    cache_control=CacheControlHeader(public=True, max_age=3600),
)
