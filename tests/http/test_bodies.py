"""Bodies of the routes that are asked most, past Litestar's own request and response."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Request

from privacy_svc.errors import BadRequest
from privacy_svc.http import Encoded, body_of


def arriving(*messages: dict[str, Any]) -> Request[Any, Any, Any]:
    left: Iterator[dict[str, Any]] = iter(messages)

    async def receive() -> Any:
        return next(left)

    return Request({"type": "http", "headers": []}, receive)  # type: ignore[arg-type]  # what `body_of` reads of it


def test_a_body_in_pieces_is_read_whole() -> None:
    """As a client sends it that does not know its length."""
    pieces = [{"type": "http.request", "body": b, "more_body": b != b"c"} for b in (b"a", b"", b"c")]
    assert asyncio.run(body_of(arriving(*pieces))) == b"ac"


def test_the_keys_of_a_piece_may_be_left_out() -> None:
    """ASGI: no body is an empty one, and nothing follows where nothing is said."""
    assert asyncio.run(body_of(arriving({"type": "http.request"}))) == b""


def test_a_body_that_ends_early_is_not_taken_for_whole() -> None:
    """The caller is gone: half a question is not answered."""
    request = arriving({"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"})
    with pytest.raises(BadRequest, match="ended"):
        asyncio.run(body_of(request))


def test_an_answer_says_its_length() -> None:
    """Bytes of JSON, counted as bytes and not as letters."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(Encoded({"name": "ü"})({}, None, send))  # type: ignore[arg-type]  # it reads neither
    begin, body = sent
    assert dict(begin["headers"]) == {b"content-type": b"application/json", b"content-length": b"13"}
    assert body["body"] == '{"name":"ü"}'.encode()
