"""The service's parts, for the few handlers that are asked hundreds of times a second and take them from the request.

Others are given them by name. Litestar starts a task for each of several that it gives: for a consent, ten tasks took
longer than its record.
"""

from collections.abc import Mapping
from typing import Any

from litestar import Litestar, Request


def keep_parts(app: Litestar, parts: Mapping[str, Any]) -> None:
    app.state.parts = parts


def parts_of(request: Request[Any, Any, Any]) -> Mapping[str, Any]:
    """By the names that handlers are given them by."""
    parts: Mapping[str, Any] = request.app.state.parts
    return parts
