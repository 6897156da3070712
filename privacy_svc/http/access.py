"""The access log: one JSON line a request, of the form that `logs` gives every other line.

Lines of requests that end in one turn of the event loop are written at once: each write lets other threads have the
interpreter, and waits to get it back.
"""

import asyncio
import logging
from datetime import UTC, datetime
from typing import Any

import msgspec

_log = logging.getLogger("privacy_svc.access")


class AccessLog:
    """Nothing in a line is what somebody sent, besides a request id that was found harmless."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def note(self, method: str, route: str, status: int, seconds: float, request_id: str) -> None:
        """The route's template, never the path: a path may hold a customer's key."""
        if not _log.isEnabledFor(logging.INFO):
            return
        line: dict[str, Any] = {
            "method": method,
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 1),
            "event": "http",
            "request_id": request_id,
            "level": "info",
            "logger": _log.name,
            "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        }
        if not self._lines:
            asyncio.get_running_loop().call_soon(self._write)
        self._lines.append(msgspec.json.encode(line).decode())

    def _write(self) -> None:
        lines, self._lines = self._lines, []
        _log.info("%s", "\n".join(lines))
