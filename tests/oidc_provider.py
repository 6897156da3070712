"""An OpenID provider on the loopback address that really speaks OpenID Connect: its own HTTP server, its own RSA and EC
keys, codes that work once, PKCE that is checked. It shares nothing with the service but how keys are written down.
"""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import ECKey, Key, RSAKey

from tests.listening import Heard, Said, listening

CLIENT, SECRET = "privacy-svc", "s3cret of the client"
LOGOUT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass
class Somebody:
    """Who sits at the browser."""

    sub: str = "account-1"
    preferred_username: str = "dora"
    groups: Any = field(default_factory=lambda: ["staff", "privacy-officers"])
    sid: str = "session-1"


@dataclass
class OidcProvider:
    """`claims` and `header` are laid over those of each ID token (None takes one away), `metadata` over what is
    published, `answer` over what the browser brings back. `away`: every call is answered by this status."""

    url: str = ""
    client_id: str = CLIENT
    secret: str = SECRET
    person: Somebody = field(default_factory=Somebody)
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, str] = field(default_factory=dict)
    away: int = 0
    signer: Key | None = None
    """Instead of the current key, under its id."""
    keys: list[Key] = field(default_factory=list)
    """The last one signs."""
    asked: list[str] = field(default_factory=list)
    """Paths, in their order."""
    rotated: int = 0
    asks: bool = False
    """By a page with a link, for a browser."""
    signed_out: list[Mapping[str, str]] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rotate()

    def rotate(self, kind: str = "RSA", *, keep: bool = False) -> None:
        """A new key signs; the old ones are published on only where they are kept."""
        self.rotated += 1
        self.keys = [*(self.keys if keep else []), _made(kind, self.rotated)]

    # What it answers

    def hear(self, heard: Heard) -> Said:  # noqa: PLR0911 - path by path
        place = urlsplit(heard.path)
        self.asked.append(place.path)
        if self.away:
            return Said(self.away)
        query = dict(parse_qsl(place.query))
        match place.path:
            case "/.well-known/openid-configuration":
                return _json(self._described())
            case "/keys":
                return _json({"keys": [key.as_dict(private=False) for key in self.keys]})
            case "/authorize":
                return self._ask(query)
            case "/token":
                return self._exchange(heard.headers.get("authorization", ""), dict(parse_qsl(heard.body.decode())))
            case "/logout":
                self.signed_out.append(query)
                return Said(302, b"", {"Location": query["post_logout_redirect_uri"]})
        return Said(404)

    def _described(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "end_session_endpoint": f"{self.url}/logout",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            **self.metadata,
        }

    def _ask(self, query: Mapping[str, str]) -> Said:
        """Somebody types their password; the browser comes back to us from here, which is another site."""
        back = self.authorize(query)
        if not self.asks:
            return Said(302, b"", {"Location": back})
        page = f'<!doctype html><title>Login</title><a href="{escape(back)}">Log in</a>'
        return Said(200, page.encode(), {"Content-Type": "text/html"})

    def authorize(self, query: Mapping[str, str]) -> str:
        """Where the browser is led back to, once the person has typed their password."""
        assert query["client_id"] == self.client_id
        assert query["response_type"] == "code"
        assert "openid" in query["scope"].split()
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe()
        self._codes[code] = dict(query)
        back = {"code": code, "state": query["state"], "iss": self.url, **self.answer}
        return f"{query['redirect_uri']}?{urlencode({k: v for k, v in back.items() if v})}"

    def _exchange(self, authorization: str, body: Mapping[str, str]) -> Said:
        """RFC 6749 §4.1.3, RFC 7636 §4.6. A code is gone once it was sent, whoever sent it."""
        asked = self._codes.pop(body.get("code", ""), None)
        basic = base64.b64encode(f"{self.client_id}:{self.secret}".encode()).decode()
        by_body = (body.get("client_id"), body.get("client_secret")) == (self.client_id, self.secret)
        if authorization != f"Basic {basic}" and not by_body:
            return _json({"error": "invalid_client"}, 401)
        challenge = _text(hashlib.sha256(body.get("code_verifier", "").encode()).digest())
        fits = asked is not None and (asked["code_challenge"], asked["redirect_uri"]) == (
            challenge,
            body.get("redirect_uri"),
        )
        if not fits or asked is None:
            return _json({"error": "invalid_grant"}, 400)
        access_token = secrets.token_urlsafe()
        id_token = self.id_token(asked["nonce"], access_token)
        return _json({"access_token": access_token, "token_type": "Bearer", "id_token": id_token})

    # What it signs

    def id_token(self, nonce: str, access_token: str = "") -> str:
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        claims = self._common() | vars(self.person) | {"nonce": nonce, "at_hash": _text(half)}
        return self._signed(claims | self.claims, self.header)

    def logout_token(self, **over: Any) -> str:
        claims = self._common() | {"jti": secrets.token_hex(8), "events": {LOGOUT: {}}, "sid": self.person.sid}
        return self._signed(claims | over, {"typ": "logout+jwt"})

    def _common(self) -> dict[str, Any]:
        at = int(time.time())
        return {"iss": self.url, "aud": self.client_id, "iat": at, "exp": at + 300, "sub": self.person.sub}

    def _signed(self, claims: Mapping[str, Any], over: Mapping[str, Any]) -> str:
        """RFC 7515 §3.1, by hand: no library would sign what some tests need."""
        key, ours = self.signer or self.keys[-1], self.keys[-1]
        header = {"alg": "RS256" if isinstance(key, RSAKey) else "ES256", "kid": ours.kid, **over}
        parts = ({k: v for k, v in part.items() if v is not None} for part in (header, claims))
        signed = ".".join(_text(json.dumps(part).encode()) for part in parts)
        return f"{signed}.{_text(_sign(header['alg'], key, ours, signed.encode()))}"


def _sign(alg: str, key: Key, ours: Key, signed: bytes) -> bytes:
    if alg == "none":
        return b""
    if alg == "HS256":  # under what everybody can read
        return hmac.digest(ours.as_pem(private=False), signed, "sha256")
    private: Any = key.private_key
    if alg == "RS256":
        return bytes(private.sign(signed, PKCS1v15(), SHA256()))
    r, s = decode_dss_signature(private.sign(signed, ECDSA(SHA256())))
    return bytes(r.to_bytes(32) + s.to_bytes(32))


@cache
def _made(kind: str, number: int) -> Key:
    """Each is made once in a process."""
    kid = {"kid": f"{kind}-{number}", "use": "sig"}
    return RSAKey.generate_key(2048, kid) if kind == "RSA" else ECKey.generate_key("P-256", kid)


@contextmanager
def provider_running() -> Iterator[OidcProvider]:
    provider = OidcProvider()
    with listening(provider.hear) as listener:
        provider.url = listener.url
        yield provider


def _json(body: Mapping[str, Any], status: int = 200) -> Said:
    return Said(status, json.dumps(body).encode(), {"Content-Type": "application/json"})


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
