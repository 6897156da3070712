"""Who calls: clients with bearer tokens (RFC 6750), staff by one-time links or an OpenID provider (OpenID Connect Core
1.0), customers by codes that are mailed to them; sessions of browsers, limits, and the one guard.

A route says who may call it with `http.allow(...)`; `check_routes` refuses to start an application with a
route that does not. Secrets are kept as hashes and never logged.
"""

from privacy_svc.identity.by_provider import MINUTES as FLOW_MINUTES
from privacy_svc.identity.by_provider import ByProvider
from privacy_svc.identity.claims import CLAIMING, Claim, claim_of, refuse_dead
from privacy_svc.identity.codes import MINUTES, PERSON, Asked, Post, ask, redeem
from privacy_svc.identity.cookies import make_cookie, read_cookie, sent_cookie
from privacy_svc.identity.errors import (
    NoRole,
    ProviderAway,
    SessionEnded,
    SignInRefused,
    TooManyTries,
    UnknownToken,
)
from privacy_svc.identity.guard import (
    caller_of_request,
    check_routes,
    guard,
    make_sure,
    network_of_request,
    require_ours,
)
from privacy_svc.identity.limits import Limit, Reached, take
from privacy_svc.identity.model import BrowserSession, Client, StaffAccount
from privacy_svc.identity.names import require_name
from privacy_svc.identity.provider import Flow, Provider
from privacy_svc.identity.reach import check_reach
from privacy_svc.identity.registration import RETURN_PATH, Registration, registration_of
from privacy_svc.identity.secret import digest, new_secret
from privacy_svc.identity.service import add_client, authenticate, list_clients, revoke_client
from privacy_svc.identity.sessions import (
    COOKIE,
    CUSTOMER_COOKIE,
    caller_of_session,
    end_all,
    end_session,
    list_sessions,
    revoke_session,
    session_cookie,
)
from privacy_svc.identity.staff import LINK_PATH, create_link, redeem_link

__all__ = [
    "CLAIMING",
    "COOKIE",
    "CUSTOMER_COOKIE",
    "FLOW_MINUTES",
    "LINK_PATH",
    "MINUTES",
    "PERSON",
    "RETURN_PATH",
    "Asked",
    "BrowserSession",
    "ByProvider",
    "Claim",
    "Client",
    "Flow",
    "Limit",
    "NoRole",
    "Post",
    "Provider",
    "ProviderAway",
    "Reached",
    "Registration",
    "SessionEnded",
    "SignInRefused",
    "StaffAccount",
    "TooManyTries",
    "UnknownToken",
    "add_client",
    "ask",
    "authenticate",
    "caller_of_request",
    "caller_of_session",
    "check_reach",
    "check_routes",
    "claim_of",
    "create_link",
    "digest",
    "end_all",
    "end_session",
    "guard",
    "list_clients",
    "list_sessions",
    "make_cookie",
    "make_sure",
    "network_of_request",
    "new_secret",
    "read_cookie",
    "redeem",
    "redeem_link",
    "refuse_dead",
    "registration_of",
    "require_name",
    "require_ours",
    "revoke_client",
    "revoke_session",
    "sent_cookie",
    "session_cookie",
    "take",
]
