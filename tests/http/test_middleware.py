"""What goes around every request: id, headers, one access line."""

import pytest

from tests.http.app import client

UUID = "0193548f-1234-7abc-8def-0123456789ab"


STRANGE = [
    "a b",
    "x" * 129,
    "x" * 1024,
    "ana@example.org",
    "351210990042",
    "<b>",
    "a" * 20 + "Z9" + "b" * 20,
    '{"a": "/~"}',
]
"""Not to be logged: long, or shaped like personal data, a token or something else than an id."""


@pytest.mark.parametrize("sent", [UUID, "abc", "a.b_c:d-1", "x" * 128, *STRANGE])
def test_a_request_id_is_echoed_as_it_was_sent(sent: str) -> None:
    """Any text of visible ASCII and spaces, also with a refusal (AuthZEN: an arbitrary string)."""
    with client() as web:
        for path in ("/people/1", "/nowhere"):
            assert web.get(path, headers={"X-Request-ID": sent}).headers["x-request-id"] == sent


@pytest.mark.parametrize("sent", ["", "a\tb", "x" * 1025, "ünï", "a\x00b", "a\x7fb"])
def test_another_request_id_is_replaced(sent: str) -> None:
    """Too long, or bytes that are no visible ASCII: a new id is made."""
    with client() as web:
        got = web.get("/people/1", headers={"X-Request-ID": sent.encode()}).headers["x-request-id"]
    assert got != sent
    assert len(got) == 36


@pytest.mark.parametrize("sent", STRANGE)
def test_an_echoed_text_that_is_no_id_goes_nowhere_else(sent: str) -> None:
    """A problem names our own id, under which the log has it."""
    with client() as web:
        instance = web.get("/failing/bug", headers={"X-Request-ID": sent}).json()["instance"]
    assert len(instance.removeprefix("urn:request:")) == 36
    assert sent not in instance


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
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert "camera=()" in headers["permissions-policy"]
    assert headers["x-request-id"]


def test_headers_that_are_too_large_are_refused_and_said() -> None:
    """431 with the way out, before anything reads them; those that a browser sends pass."""
    with client() as web:
        assert web.get("/people/1", headers={"Cookie": "a=" + "x" * 16_000}).status_code == 200
        refused = web.get("/people/1", headers={f"X-{n}": "x" * 4_000 for n in range(9)})
    assert refused.status_code == 431
    assert refused.json()["type"] == "/problems/headers-too-large"
    assert "32,768 bytes" in refused.json()["detail"]


def test_browsers_keep_to_https_where_people_reach_us_by_it() -> None:
    """Also behind a proxy that speaks http to us; never where the base URL is plain http."""
    with client(https=True) as web:
        assert web.get("/nowhere").headers["strict-transport-security"] == "max-age=31536000"
    with client() as web:
        assert "strict-transport-security" not in web.get("/nowhere").headers
