"""The ground every room's routes.py stands on: roles, callers, strict bodies, problem+json.

Nothing here knows a room. Bodies are decoded strictly (an unknown field is an error that
names the nearest known one), errors follow RFC 9457, and a route states who may call it
with `allow(...)`; a route without it fails at start.
"""

from privacy_svc.http.bodies import decode, encode
from privacy_svc.http.customers import CustomerDirectory, CustomerRef
from privacy_svc.http.middleware import Around
from privacy_svc.http.problems import exception_handlers
from privacy_svc.http.roles import Caller, Role, allow

__all__ = [
    "Around",
    "Caller",
    "CustomerDirectory",
    "CustomerRef",
    "Role",
    "allow",
    "decode",
    "encode",
    "exception_handlers",
]
