"""Whether a URL is one that may be called at all, before any name is resolved. Pure."""

import ipaddress
from urllib.parse import urlsplit


def url_fault(text: str, *, prefix: bool = False) -> str | None:
    """What is wrong with it, as the end of a sentence; None where nothing is. `prefix`: paths are put behind it."""
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError:
        return "is not a URL"
    if not url.hostname or url.username is not None or url.password is not None or not text.isprintable():
        return "has no host, or credentials in it"
    if "#" in text or (prefix and "?" in text):
        return "is a prefix: no query, no fragment" if prefix else "has a fragment"
    if url.scheme == "https" or (url.scheme == "http" and is_loopback(url.hostname)):
        return None
    return "must begin with https://; plain http only to a loopback address such as 127.0.0.1"


def host_of(url: str) -> str:
    """In small letters, without the port."""
    return urlsplit(url).hostname or ""


def is_loopback(host: str) -> bool:
    """An address, not a name: what localhost resolves to is for others to say."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
