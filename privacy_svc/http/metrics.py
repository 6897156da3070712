"""Counts and times of requests for Prometheus, by route template: no path, and so no customer, gets into a label.

The names and labels are those of Litestar's plugin, which makes its objects and its labels anew for each request: that
took longer than the request's own work.
"""

from functools import cache

from prometheus_client import Counter, Gauge, Histogram

_APP = "privacy-svc"
_LABELS = ("method", "path", "status_code", "app_name")
_TOTAL = Counter("privacy_requests_total", "Total requests", _LABELS)
_ERRORS = Counter("privacy_requests_error_total", "Total errors in requests", _LABELS)
_SECONDS = Histogram("privacy_request_duration_seconds", "Request duration, in seconds", _LABELS)
IN_PROGRESS = Gauge(
    "privacy_requests_in_progress",
    "Total requests currently in progress",
    ("app_name",),
    multiprocess_mode="livesum",
).labels(_APP)
"""Of all routes: which one it is, is known only where a request is routed."""

POLICIES_REFUSED = Gauge(
    "privacy_policies_refused",
    "1 while the files in the policies folder do not fit, and those before them stay in force",
    multiprocess_mode="livemax",
)


def count(method: str, route: str, status: int, seconds: float) -> None:
    """`method` and `route` are of a closed list."""
    total, times, errors = _of(method, route, status)
    total.inc()
    times.observe(seconds)
    if status >= 500:
        errors.inc()


@cache
def _of(method: str, route: str, status: int) -> tuple[Counter, Histogram, Counter]:
    labels = (method, route, str(status), _APP)
    return _TOTAL.labels(*labels), _SECONDS.labels(*labels), _ERRORS.labels(*labels)
