"""Our cookies: out of the reach of scripts, and of this host alone.

Where the service is reached by https they have the prefix `__Host-` (RFC 6265bis §4.1.3.2): no neighbour under the same
domain can plant one of its own session, and have somebody do things in it.
"""

from collections.abc import Mapping
from typing import Literal

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


def sent_cookie(cookies: Mapping[str, str], name: str, base_url: str) -> str | None:
    return cookies.get(_key(name, base_url))


def _key(name: str, base_url: str) -> str:
    return f"{PREFIX}{name}" if _is_secure(base_url) else name


def _is_secure(base_url: str) -> bool:
    return base_url.startswith("https:")
