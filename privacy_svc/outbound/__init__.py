"""Calls to others: the one place that decides whether an address may be called, and that calls it.

A URL comes from a policy file, a setting or another party, and may lead into our own network (SSRF, OWASP A10:2021):
to a service that trusts its neighbours, or to a cloud's metadata. So: https, names resolved once and the connection
made to the address that was judged, no redirects, no proxy of the environment, limits of size and time.
"""

from privacy_svc.outbound.addresses import LOOPBACK, Networks, networks
from privacy_svc.outbound.calling import Answer, Outbound, Unreachable
from privacy_svc.outbound.urls import host_of, is_loopback, url_fault

__all__ = [
    "LOOPBACK",
    "Answer",
    "Networks",
    "Outbound",
    "Unreachable",
    "host_of",
    "is_loopback",
    "networks",
    "url_fault",
]
