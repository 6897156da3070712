"""Who calls: clients with bearer tokens (RFC 6750), staff with one-time links and sessions, and the one guard.

A route says who may call it with `http.allow(...)`; `check_routes` refuses to start an application with a
route that does not. Secrets are kept as hashes and never logged.
"""

from privacy_svc.identity.errors import CrossSite, SessionEnded, UnknownToken
from privacy_svc.identity.guard import caller_of_request, check_routes, guard
from privacy_svc.identity.model import Client
from privacy_svc.identity.origin import same_origin
from privacy_svc.identity.secret import digest, new_secret
from privacy_svc.identity.service import add_client, authenticate, list_clients, revoke_client
from privacy_svc.identity.staff import (
    COOKIE,
    LINK_PATH,
    caller_of_session,
    create_link,
    end_session,
    redeem_link,
    session_cookie,
)

__all__ = [
    "COOKIE",
    "LINK_PATH",
    "Client",
    "CrossSite",
    "SessionEnded",
    "UnknownToken",
    "add_client",
    "authenticate",
    "caller_of_request",
    "caller_of_session",
    "check_routes",
    "create_link",
    "digest",
    "end_session",
    "guard",
    "list_clients",
    "new_secret",
    "redeem_link",
    "revoke_client",
    "same_origin",
    "session_cookie",
]
