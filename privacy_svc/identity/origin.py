"""Cross-site request forgery: does an unsafe request that carries our cookie come from our own pages? Pure.

Browsers say where a request comes from in Sec-Fetch-Site (W3C Fetch Metadata); older ones, and all of them where they
reach us by plain http, only in Origin (RFC 6454). A request that says neither is refused: only tokens are for programs.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def same_origin(method: str, headers: Mapping[str, str], base_url: str) -> bool:
    """`headers` by small-letter name. With https we know by which name people reach us, whatever the proxy makes of
    `Host`; by plain http it is the one that the browser used, which no other site can write."""
    if method in SAFE:
        return True
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    known = urlsplit(base_url)
    ours = (
        f"https://{known.netloc.removesuffix(':443')}" if known.scheme == "https" else f"http://{headers.get('host')}"
    )
    return headers.get("origin", "").lower() == ours.lower()
