"""Which addresses may be called: public ones, and what the operator allows. Pure but for `resolve`."""

import ipaddress
import socket

from privacy_svc.errors import Misconfigured

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Networks = tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]

LOOPBACK: Networks = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NOT_FOR_US = tuple(ipaddress.ip_network(n) for n in ("192.0.0.0/24", "168.63.129.16/32", "64:ff9b:1::/48"))
"""What Python's tables call global in some versions, or always: protocol assignments (RFC 6890, Oracle's metadata among
them), Azure's metadata, local translation (RFC 8215)."""


def networks(text: str, setting: str = "outbound_allow") -> Networks:
    """A setting such as `10.1.0.0/16, 127.0.0.1`. Raises Misconfigured."""
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise Misconfigured(f"{setting} lists networks such as 10.1.0.0/16: {error}.") from None


def may_call(address: Address, allowed: Networks) -> bool:
    if any(address in network for network in allowed):
        return True
    inner = _inside(address)
    if inner is not None:
        return may_call(inner, allowed)
    special = address.is_multicast or address.is_reserved or any(address in network for network in _NOT_FOR_US)
    return address.is_global and not special


def _inside(address: Address) -> Address | None:
    """The IPv4 address that a router or our own host makes of an IPv6 one."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


def resolve(host: str, port: int) -> list[Address]:
    """Raises OSError, UnicodeError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(str(where[0]).partition("%")[0]) for *_, where in found]
