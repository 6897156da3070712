"""Small forms of pages and of mail programs."""

from email.message import Message
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request

from privacy_svc.errors import InvalidBody

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
MOST = 10
"""Fields."""
MOST_BYTES = 2_000
"""Of multipart/form-data with its header: the parser of mails goes into whatever is in it."""


def says_gpc(request: Request[Any, Any, Any]) -> bool:
    """Whether it came with the browser's general signal: only "1" is (W3C Global Privacy Control)."""
    return str(request.headers.get("sec-gpc", "")) == "1"


def form(body: bytes, content_type: str = "") -> dict[str, str]:
    """Of application/x-www-form-urlencoded, or of multipart/form-data. Raises InvalidBody."""
    try:
        if content_type.lower().startswith("multipart/form-data"):
            return _parts(body, content_type.encode("latin-1"))
        return dict(parse_qsl(body.decode("ascii"), max_num_fields=MOST))
    except (UnicodeError, ValueError):
        raise InvalidBody("The form cannot be read.") from None


def pairs(body: bytes, most: int) -> list[tuple[str, str]]:
    """Of application/x-www-form-urlencoded, in order, with names that come again and fields left empty. Raises
    InvalidBody."""
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=most)
    except (UnicodeError, ValueError):
        raise InvalidBody("The form cannot be read.") from None


def _parts(body: bytes, content_type: bytes) -> dict[str, str]:
    if len(content_type) + len(body) > MOST_BYTES:
        raise ValueError("too long")
    whole = BytesParser().parsebytes(b"Content-Type: " + content_type + b"\r\n\r\n" + body)
    if not whole.is_multipart():
        return {}
    parts = [part for part in whole.get_payload() if isinstance(part, Message)]
    found = [part for part in parts if not part.is_multipart()]
    names = [part.get_param("name", header="content-disposition") for part in found[:MOST]]
    return {str(n): str(p.get_payload(decode=False)).strip() for n, p in zip(names, found, strict=False)}
