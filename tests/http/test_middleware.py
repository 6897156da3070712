"""What goes around every request: id, headers, one access line."""

import pytest

from tests.http.app import client

UUID = "0193548f-1234-7abc-8def-0123456789ab"


@pytest.mark.parametrize("sent", [UUID, "abc", "a.b_c:d-1", "x" * 128])
def test_a_harmless_request_id_is_echoed(sent: str) -> None:
    """The caller's own id comes back, so that both logs speak of the same request."""
    with client() as web:
        assert web.get("/people/1", headers={"X-Request-ID": sent}).headers["x-request-id"] == sent


@pytest.mark.parametrize(
    "sent", ["", "a b", "a\tb", "x" * 129, "ana@example.org", "351210990042", "<b>", "ünï", "a" * 20 + "Z9" + "b" * 20]
)
def test_another_request_id_is_replaced(sent: str) -> None:
    """Too long, strange characters, or shaped like personal data or a token: a new id is made."""
    with client() as web:
        got = web.get("/people/1", headers={"X-Request-ID": sent.encode()}).headers["x-request-id"]
    assert got != sent
    assert len(got) == 36


@pytest.mark.parametrize("path", ["/people/1", "/nowhere", "/failing/bug", "/failing/conflict"])
def test_every_answer_is_safe_for_browsers(path: str) -> None:
    """The headers are on answers, errors and paths that do not exist."""
    with client() as web:
        headers = web.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert "camera=()" in headers["permissions-policy"]
    assert headers["x-request-id"]
