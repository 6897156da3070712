"""By which address people reach this service: their sessions, codes and data go over it."""

from urllib.parse import urlsplit

from privacy_svc.errors import Misconfigured
from privacy_svc.outbound import is_loopback, url_fault
from privacy_svc.settings import Settings

WAY_OUT = "Put a proxy with TLS before the service and set base_url to the https:// address that people use."


def check_reach(settings: Settings) -> None:
    """Raises Misconfigured where whoever listens on the way could sign in as somebody else: their cookies would go out
    in clear."""
    if not is_here(settings.base_url) and (fault := url_fault(settings.base_url, prefix=True)):
        raise Misconfigured(f"base_url {fault}. {WAY_OUT}")
    if settings.proxies and settings.base_url == settings.own_url:
        raise Misconfigured(f"proxies are set, and base_url says that people come without one. {WAY_OUT}")


def is_here(url: str) -> bool:
    """Plain http to this machine, for trying out."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return parts.scheme == "http" and (host == "localhost" or is_loopback(host))
