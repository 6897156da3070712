"""What is counted of requests: by route, never by path."""

import pytest
from prometheus_client import REGISTRY, generate_latest

from tests.http.app import client


def counted(name: str, route: str, status: int) -> float:
    labels = {"method": "GET", "path": route, "status_code": str(status), "app_name": "privacy-svc"}
    return REGISTRY.get_sample_value(name, labels) or 0


@pytest.mark.parametrize(
    ("path", "route", "status"),
    [("/people/1", "/people/{key}", 200), ("/nowhere", "unmatched", 404), ("/failing/bug", "/failing/{how}", 500)],
)
def test_a_request_is_counted_once(path: str, route: str, status: int) -> None:
    """With its time, under its route's template; a failure as one too; afterwards none is in progress."""
    names = ("privacy_requests_total", "privacy_request_duration_seconds_count", "privacy_requests_error_total")
    before = [counted(n, route, status) for n in names]
    with client() as web:
        assert web.get(path).status_code == status
    more = [counted(n, route, status) - b for n, b in zip(names, before, strict=True)]
    assert more == [1, 1, int(status >= 500)]
    assert REGISTRY.get_sample_value("privacy_requests_in_progress", {"app_name": "privacy-svc"}) == 0


def test_no_path_is_in_a_label() -> None:
    """A path may hold a customer's key."""
    with client() as web:
        web.get("/people/351210990")
        web.get("/nowhere/351210990")
    assert b"351210990" not in generate_latest()
