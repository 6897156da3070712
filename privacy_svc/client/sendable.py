"""What a caller hands in, made ready for the wire; where it cannot be, an error that does not repeat it."""

import json
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import quote

import httpx

from privacy_svc.client.errors import Unsendable

T = TypeVar("T")


def sendable(make: Callable[[], T]) -> T:
    """Raises Unsendable, after the error that holds the value is gone."""
    try:
        return make()
    except (TypeError, ValueError, RecursionError, httpx.InvalidURL):
        pass
    raise Unsendable(
        "What was to be sent is no JSON or no text: it holds a datetime, NaN or a set, or half of a surrogate pair."
    )


def json_bytes(body: object) -> bytes:
    return sendable(lambda: json.dumps(body, ensure_ascii=False, allow_nan=False).encode())


def segment(text: str | int) -> str:
    """Of a path."""
    return sendable(lambda: quote(text if isinstance(text, str) else str(int(text)), safe=""))
