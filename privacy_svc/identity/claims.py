"""Tokens of calls that are answered by a transaction shared with others: it looks them up itself, for all at once.

A look of its own before each such call would be half of what the call costs. So a process remembers who a token was,
and goes on as if it still were; the transaction that decides finds out whether it is, and answers nobody else. What
was revoked before is refused, as by every other route.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from litestar import Request
from sqlalchemy.orm import Session

from privacy_svc.identity.errors import UnknownToken
from privacy_svc.identity.service import LiveClient, find_clients

CLAIMING = {"claims": True}
"""To be joined to a route's `opt`: its handler hands the claim on to what calls `refuse_dead`, and calls `make_sure`
of what fails before that."""


class Claim(NamedTuple):
    """Whose the token was when it was looked up last."""

    token: bytes
    client: LiveClient


def claim_of(request: Request[Any, Any, Any]) -> Claim | None:
    """None where the caller was looked up for this very call."""
    claim: Claim | None = request.scope["state"].get("claim")
    return claim


def refuse_dead(session: Session, claims: Sequence[Claim | None]) -> list[UnknownToken | None]:
    """For each why it is refused; None where it stands, and where there is none."""
    tokens = list({claim.token for claim in claims if claim is not None})
    found = dict(zip(tokens, find_clients(session, tokens), strict=True)) if tokens else {}
    return [None if claim is None else _refusal(claim, found[claim.token]) for claim in claims]


def _refusal(claim: Claim, found: LiveClient | UnknownToken) -> UnknownToken | None:
    if isinstance(found, UnknownToken):
        return found
    if found[:3] != claim.client[:3]:
        return UnknownToken("This token is another's now.")
    return None
