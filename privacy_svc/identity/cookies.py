"""Our cookies: out of the reach of scripts, and of this host alone.

Where the service is reached by https they have the prefix `__Host-` (RFC 6265bis §4.1.3.2): no neighbour under the same
domain can plant one of its own session, and have somebody do things in it.
"""

from typing import Any, Literal

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

PREFIX = "__Host-"


def make_cookie(name: str, value: str, base_url: str, seconds: int, samesite: Literal["lax", "strict"]) -> Cookie:
    """With an empty value it takes the cookie away."""
    return Cookie(
        key=_key(name, base_url),
        value=value,
        path="/",
        max_age=seconds if value else 0,
        httponly=True,
        secure=_is_secure(base_url),
        samesite=samesite,
    )


def sent_cookie(connection: ASGIConnection[Any, Any, Any, Any], name: str, base_url: str) -> str | None:
    return read_cookie(connection, _key(name, base_url))


def read_cookie(connection: ASGIConnection[Any, Any, Any, Any], key: str) -> str | None:
    """By hand, since none of ours is quoted: to take quotes off, Python before 3.11.10 needs the square of a header's
    length (CVE-2024-7592), which anybody may send."""
    for header, value in connection.scope["headers"]:
        if header == b"cookie":
            for part in value.decode("latin-1").split(";"):
                name, _, text = part.strip().partition("=")
                if name == key:
                    return text
    return None


def _key(name: str, base_url: str) -> str:
    return f"{PREFIX}{name}" if _is_secure(base_url) else name


def _is_secure(base_url: str) -> bool:
    return base_url.startswith("https:")
