"""What an OpenID provider signed: ID tokens (OpenID Connect Core 1.0 §3.1.3.7) and logout tokens (Back-Channel Logout
1.0 §2.6). Pure.

Signatures are made with keys of the provider alone: `none` is none, and an HMAC under our own secret, which passes for
one where a library is asked to find out the algorithm by itself, is not taken.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import ClaimError, InvalidKeyIdError, JoseError
from joserfc.jwk import JWKRegistry, KeySet
from joserfc.jws import JWSRegistry
from joserfc.jwt import JWTClaimsRegistry, Token

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519")
LEEWAY = 60
"""Seconds by which clocks may differ."""
_KINDS = frozenset({"RSA", "EC", "OKP"})
_LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
_REGISTRY = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)  # RFC 7515 §4: what is not known is ignored


class Unfit(ValueError):
    """`why` is one of our own words."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class UnknownKey(Unfit):
    """It may be newer than the keys that are known here."""


@dataclass(frozen=True, slots=True)
class Expected:
    """`at`: seconds since 1970."""

    issuer: str
    client_id: str
    at: int


def keys_of(published: Mapping[str, Any]) -> KeySet:
    """Those that sign, of a JWK set; what is no such key, or of a kind not known here, is passed over (RFC 7517 §5)."""
    found, sent = [], published.get("keys")
    for each in sent if isinstance(sent, list) else []:
        if isinstance(each, dict) and each.get("kty") in _KINDS and each.get("use", "sig") == "sig":
            try:
                found.append(JWKRegistry.import_key(each))
            except (JoseError, ValueError, TypeError):
                continue
    return KeySet(found)


def read_id_token(raw: str, keys: KeySet, expected: Expected, nonce: str, access_token: str | None) -> dict[str, Any]:
    """Its claims. Raises Unfit, UnknownKey."""
    token = _signed(raw, keys)
    claims = CodeIDToken(
        token.claims,
        token.header,
        options={"iss": {"essential": True, "value": expected.issuer}, "aud": {"value": expected.client_id}},
        params={"nonce": nonce, "client_id": expected.client_id, "access_token": access_token},
    )
    try:
        claims.validate(now=expected.at, leeway=LEEWAY)
    except ClaimError as error:
        raise Unfit(f"id_token_{error.claim}") from None
    except (TypeError, ValueError):
        raise Unfit("id_token_malformed") from None
    if not claims["sub"]:
        raise Unfit("id_token_sub")
    return dict(claims)


def read_logout_token(raw: str, keys: KeySet, expected: Expected) -> dict[str, Any]:
    """Its claims; `sub`, `sid` or both are there. An ID token is none: it has a nonce, and tells of no event. Raises
    Unfit, UnknownKey."""
    claims = _signed(raw, keys).claims
    must: Any = {name: {"essential": True} for name in ("iat", "exp", "jti", "events")}
    must |= {"iss": {"essential": True, "value": expected.issuer}}
    must |= {"aud": {"essential": True, "value": expected.client_id}}
    try:
        JWTClaimsRegistry(expected.at, LEEWAY, **must).validate(claims)
    except ClaimError as error:
        raise Unfit(f"logout_token_{error.claim}") from None
    except (TypeError, ValueError):
        raise Unfit("logout_token_malformed") from None
    events, named = claims["events"], [claims[n] for n in ("sub", "sid") if n in claims]
    if "nonce" in claims or not isinstance(events, dict) or not isinstance(events.get(_LOGOUT), dict):
        raise Unfit("logout_token_events")
    if not named or not all(isinstance(name, str) and name for name in named):
        raise Unfit("logout_token_sub")
    return claims


def _signed(raw: str, keys: KeySet) -> Token:
    try:
        return jwt.decode(raw, keys, registry=_REGISTRY)
    except InvalidKeyIdError:
        raise UnknownKey("unknown_key") from None
    except (JoseError, ValueError, TypeError):
        raise Unfit("bad_signature") from None
