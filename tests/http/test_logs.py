"""The logs: one JSON line a request, and nothing about people, wherever somebody put it."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from privacy_svc.http.logs import REDACTED, clean, configure
from tests.http.app import client

PLANTED = ("ana.figueiredo", "+351 21 099 0042", "210990042", "Figueiredo", "psv_Secret", "hunter2")


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """The service's own logging, into memory; everything is put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    configure(logging.DEBUG, stream)
    yield stream
    root.handlers, _ = handlers, root.setLevel(level)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_one_access_line_with_the_route_and_never_the_path(logged: io.StringIO) -> None:
    """Method, route template, status, milliseconds and request id; a path that matches nothing is not told."""
    with client() as web:
        web.get("/people/ana.figueiredo@example.org?limit=3", headers={"X-Request-ID": "r-1"})
        web.get("/ana.figueiredo@example.org")
    first, second = [line for line in lines(logged) if line["event"] == "http"]
    assert {k: first[k] for k in ("method", "route", "status", "request_id")} == {
        "method": "GET",
        "route": "/people/{key}",
        "status": 200,
        "request_id": "r-1",
    }
    assert first["ms"] >= 0
    assert (second["route"], second["status"]) == ("unmatched", 404)


def test_personal_data_reach_no_log(logged: io.StringIO) -> None:
    """Planted in body, path, query, headers, cookie, method and exception: the logs hold none of it."""
    mail, phone = "ana.figueiredo@example.org", "+351 21 099 0042"
    headers = {"Authorization": "Bearer psv_Secret", "X-Request-ID": mail, "User-Agent": mail, "Cookie": f"a={mail}"}
    with client() as web:
        web.post("/people", json={"email": mail, "name": "Figueiredo", "phone": phone}, headers=headers)
        web.post("/people", json={"email": mail, "password": "hunter2"}, headers=headers)
        web.post("/people", content=f'{{"email": "{mail}'.encode(), headers=headers)
        web.get(f"/people/{mail}?limit={phone}&name=Figueiredo", headers=headers)
        web.get(f"/{mail}", headers=headers)
        web.request("Figueiredo", f"/people/{mail}", headers=headers)
        for how in ("bug", "database", "key", "faults"):
            web.get(f"/failing/{how}?email={mail}", headers=headers)
    text = logged.getvalue()
    assert len(lines(logged)) >= 10
    assert [p for p in PLANTED if p in text] == []


def test_a_bug_is_logged_once_with_its_place_and_request(logged: io.StringIO) -> None:
    """The operator finds the kind of the exception, where it was raised, and the request; not its message."""
    with client() as web:
        request_id = web.get("/failing/bug").headers["x-request-id"]
    (found,) = [line for line in lines(logged) if "exception" in line]
    assert found["exception"] == ["RuntimeError"]
    assert found["request_id"] == request_id
    assert found["at"][-1].startswith("http/app.py:")


def test_a_request_id_does_not_leak_into_the_next_request(logged: io.StringIO) -> None:
    """What is bound for one request is gone after it."""
    with client() as web:
        web.get("/people/1", headers={"X-Request-ID": "first"})
    structlog.get_logger("later").info("later")
    assert "request_id" not in lines(logged)[-1]


def test_other_libraries_log_the_same_way(logged: io.StringIO) -> None:
    """The standard library's loggers are cleaned too, message, arguments and exception."""
    logger = logging.getLogger("some.library")
    logger.warning("sent mail to %s", "ana.figueiredo@example.org")
    try:
        raise ValueError("ana.figueiredo@example.org")
    except ValueError:
        logger.exception("could not call +351 21 099 0042")
    first, second = lines(logged)
    assert first["event"] == f"sent mail to {REDACTED}"
    assert (first["logger"], first["level"]) == ("some.library", "warning")
    assert second["exception"] == ["ValueError"]
    assert "ana" not in logged.getvalue()
    assert "099" not in logged.getvalue()


def test_keys_that_smell_personal_lose_their_values(logged: io.StringIO) -> None:
    """Also deep inside; words of our own stay readable."""
    structlog.get_logger("x").info(
        "stored",
        customer_email="Ana",
        given_name="Ana",
        nested={"phone": "Ana", "rows": [{"body": "Ana", "count": 3}]},
        purpose="marketing.email",
        request="0193548f-1234-7abc-8def-0123456789ab",
        version="sha256:0123456789",
    )
    (line,) = lines(logged)
    assert "Ana" not in logged.getvalue()
    assert line["purpose"] == "marketing.email"
    assert line["request"] == "0193548f-1234-7abc-8def-0123456789ab"
    assert line["version"] == "sha256:0123456789"
    assert line["nested"]["rows"][0]["count"] == 3


@pytest.mark.parametrize(
    "text",
    [
        "ana@example.org",
        "mailto:Ana.F+tag@sub.example.org!",
        "+49 431 1234567",
        "0431/123-4567",
        "tel:+494311234567",
        "born 1984-02-29",
        "psv_AbC-1_9",
        "Bearer abc.def",
        "token=" + "aB3-" * 10,
        "postgresql://user:secret@host/db",
        "pcf1.AAECAw",
    ],
)
def test_shapes_that_are_taken_out_of_any_text(text: str) -> None:
    """E-mail addresses, phone numbers, dates, tokens, credentials in URLs, sealed values."""
    assert REDACTED in clean(text)


@pytest.mark.parametrize(
    "text", ["policy.refused", "sha256", "12 rows", "policies/purposes.yml:12", "privacy_svc/http/logs.py:120"]
)
def test_words_of_ours_stay(text: str) -> None:
    """Redaction leaves the log useful."""
    assert clean(text) == text
