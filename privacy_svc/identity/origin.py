"""Cross-site request forgery: does an unsafe request that carries our cookie come from our own pages? Pure.

Browsers say where a request comes from in Sec-Fetch-Site (W3C Fetch Metadata), older ones in Origin
(RFC 6454). A request that says neither is refused: only tokens are for programs.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def same_origin(method: str, headers: Mapping[str, str]) -> bool:
    """`headers` by small-letter name."""
    if method in SAFE:
        return True
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin, host = headers.get("origin"), headers.get("host")
    return bool(host) and _host_of(origin or "") == str(host).lower()


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""
