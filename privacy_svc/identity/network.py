"""From which network a request comes, for limits. Pure.

An address of IPv6 stands for its /64, which one household has. `X-Forwarded-For` is believed only of the proxies that
the settings name, from the right: whatever stands further left anybody may have written. Some proxies write a port
behind the address, as RFC 7239 §6 does in `Forwarded`.
"""

import ipaddress
import re
from collections.abc import Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
UNKNOWN = "unknown"
"""All whose address nobody can tell share their counts."""
_NODE = re.compile(r"\[([0-9a-fA-F:.]+)\](?::\d+)?|([0-9.]+):\d+")


def network_of(peer: str, forwarded: str, proxies: Sequence[Network]) -> str:
    """`forwarded`: the header's values, joined."""
    chain = [peer, *reversed([part.strip() for part in forwarded.split(",") if part.strip()])]
    for name in chain:
        address = _address(name)
        if address is None:
            return UNKNOWN
        if not any(address in proxy for proxy in proxies):
            return _network(address)
    return _network(_address(chain[-1]))


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    node = _NODE.fullmatch(name)
    try:
        address = ipaddress.ip_address((node[1] or node[2]) if node else name)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _network(address: ipaddress.IPv4Address | ipaddress.IPv6Address | None) -> str:
    if address is None:
        return UNKNOWN
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else str(address)
