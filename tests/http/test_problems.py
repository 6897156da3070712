"""One shape for every error: RFC 9457, whoever raised it."""

import json
from typing import Any

import pytest
from httpx import Response

from privacy_svc.errors import InvalidBody, PrivacyError, all_problems
from privacy_svc.http import decode
from tests.http.app import LIMIT, client


def problem(response: Response) -> dict[str, Any]:
    """The problem, after checking what all of them share."""
    assert response.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = json.loads(response.content)
    assert found["status"] == response.status_code
    assert found["type"].startswith("/problems/")
    assert found["title"]
    assert found["detail"]
    assert found["instance"] == f"urn:request:{response.headers['x-request-id']}"
    assert found.keys() <= {"type", "title", "status", "detail", "instance", "errors"}
    return found


@pytest.mark.parametrize(
    ("method", "path", "status", "slug"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("GET", "/people/../../etc/passwd", 404, "not-found"),
        ("DELETE", "/people", 405, "method-not-allowed"),
        ("GET", "/people/1?limit=many", 400, "bad-request"),
        ("GET", "/failing/conflict", 409, "conflict"),
        ("GET", "/failing/faults", 400, "invalid-body"),
        ("GET", "/failing/sign-in", 401, "not-signed-in"),
        ("GET", "/failing/busy", 429, "too-many-requests"),
        ("GET", "/failing/large", 413, "too-large"),
        ("GET", "/failing/key", 503, "key-unavailable"),
        ("GET", "/failing/database", 503, "database-busy"),
        ("GET", "/failing/bug", 500, "internal"),
        ("GET", "/failing/no-such-failure", 500, "internal"),
    ],
)
def test_every_error_has_the_one_shape(method: str, path: str, status: int, slug: str) -> None:
    """Status, type and media type are right for our errors, the framework's, the database's and bugs."""
    with client() as web:
        response = web.request(method, path)
    assert response.status_code == status
    assert problem(response)["type"] == f"/problems/{slug}"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b"", None),
        (b"{", None),
        (b"\xff\xfe", None),
        (b'{"email": "a"} {}', None),
        (b"[]", ""),
        (b'{"email": 1}', "/email"),
        (b'{"email": "a", "age": "1"}', "/age"),
        (b'{"email": "a", "agee": 1}', "/agee"),
    ],
)
def test_bodies_that_do_not_fit(body: bytes, pointer: str | None) -> None:
    """Malformed JSON and bodies of the wrong shape are 400 problems that point at the place."""
    with client() as web:
        found = problem(web.post("/people", content=body))
    assert (found["type"], found["status"]) == ("/problems/invalid-body", 400)
    assert [e["pointer"] for e in found.get("errors", [])] == ([] if pointer is None else [pointer])


@pytest.mark.parametrize("depth", [65, 500, 5_000])
def test_bodies_nested_too_deeply(depth: int) -> None:
    """400, however deep; brackets in texts nest nothing, and 64 levels pass."""
    for open_, close in (("[", "]"), ('{"a":', "}")):
        deep = open_ * depth + "1" + close * depth
        with pytest.raises(InvalidBody, match="deeply"):
            decode(deep.encode(), object)
    decode(b"[" * 64 + b"]" * 64, object)
    decode(json.dumps({"text": '\\"[{' * depth}).encode(), object)


def test_what_no_database_keeps() -> None:
    """U+0000 in a text or a name is refused; six characters that look like it are not."""
    for body in (b'["a\\u0000"]', b'{"\\u0000": 1}', b'["\\\\\\u0000"]'):
        with pytest.raises(InvalidBody, match=r"U\+0000"):
            decode(body, object)
        decode(body, object, nul=True)
    assert decode(b'["\\\\u0000"]', list[str]) == ["\\u0000"]


@pytest.mark.parametrize("body", [b'{"email": "a", "email": "b"}', b'{"email": "a", "\\u0065mail": "b"}'])
def test_a_name_that_stands_twice(body: bytes) -> None:
    """Readers differ about which one counts, so neither does."""
    with client() as web:
        found = problem(web.post("/people", content=body))
    assert (found["status"], [e["pointer"] for e in found["errors"]]) == (400, ["/email"])


def test_an_unknown_field_gets_the_nearest_known_one() -> None:
    """The error names the field and what was probably meant."""
    with client() as web:
        (error,) = problem(web.post("/people", content=b'{"emial": "a"}'))["errors"]
    assert "`emial`" in error["detail"]
    assert "`email`" in error["detail"]


@pytest.mark.parametrize(
    ("more", "pointer", "words"),
    [
        ('"city": "Ulm"', "/city", "unknown field `city`, which belongs in `address`"),
        ('"reason": ""', "/reason", "unknown field `reason`, which belongs in `visits`"),
        ('"address": {"age": 3}', "/address/age", "unknown field `age`, which belongs at the top level"),
        ('"address": {"citty": ""}', "/address/citty", "unknown field `citty`, did you mean `city`?"),
        ('"citty": ""', "/citty", "unknown field `citty`, did you mean `address.city`?"),
        ('"nowhere": ""', "/nowhere", "unknown field `nowhere`"),
        ('"address": {"use": "play"}', "/address/use", "Invalid enum value 'play', allowed: home, work"),
        ('"visits": [{"seen": "no"}]', "/visits/0/seen", "Invalid enum value 'no', allowed: here, there"),
    ],
)
def test_an_error_says_where_and_what_is_right(more: str, pointer: str, words: str) -> None:
    """A field in the wrong object is told its place, a wrong word the right ones."""
    with client() as web:
        (error,) = problem(web.post("/people", content=f'{{"email": "a", {more}}}'.encode()))["errors"]
    assert error["pointer"] == pointer
    assert error["detail"].removeprefix("Object contains ") == words


def test_headers_that_http_demands() -> None:
    """405 says Allow, 401 WWW-Authenticate, 429 and 503 Retry-After."""
    with client() as web:
        assert "POST" in web.get("/people").headers["allow"]
        assert web.get("/failing/sign-in").headers["www-authenticate"] == "Bearer"
        assert int(web.get("/failing/busy").headers["retry-after"]) > 0
        assert int(web.get("/failing/key").headers["retry-after"]) > 0


def test_a_bug_tells_nothing() -> None:
    """What an unforeseen exception says never reaches the caller."""
    with client() as web:
        for path in ("/failing/bug", "/failing/database"):
            text = web.get(path).text
            assert "ana" not in text
            assert "Error" not in text


def test_a_wrong_parameter_is_named_and_not_quoted() -> None:
    """The pointer names the parameter; the value that was sent is not repeated."""
    with client() as web:
        response = web.get("/people/1?limit=ana@example.org")
    assert [e["pointer"] for e in problem(response)["errors"]] == ["/limit"]
    assert "ana" not in response.text


def test_a_body_too_large_is_refused_declared_or_chunked() -> None:
    """413, whether the length is said beforehand or found while the body arrives; at the limit it passes."""
    fits = json.dumps({"email": "x" * (LIMIT - len('{"email": ""}'))}).encode()
    with client() as web:
        assert web.post("/people", content=fits).status_code == 201
        for content in (fits + b" ", (part for part in [b"{", b" " * LIMIT])):
            assert problem(web.post("/people", content=content))["type"] == "/problems/too-large"
        assert web.post("/nowhere", content=fits + b" ").status_code == 413


def test_every_problem_can_be_explained() -> None:
    """Each error class has a slug of its own, a title, a status and a remedy."""
    kinds = [k for k in all_problems() if k.__module__.startswith("privacy_svc.")]
    slugs = [k.slug for k in kinds if "slug" in vars(k)]
    assert len(slugs) == len(set(slugs))
    assert all(k.title and k.remedy and 400 <= k.status < 600 for k in kinds)
    assert PrivacyError in kinds
