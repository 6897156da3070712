"""An OpenID provider by which staff sign in: Discovery 1.0, authorization code with PKCE (RFC 7636), logout.

What it publishes is kept for an hour and asked for when somebody signs in, not at the start: a provider that is away
keeps nobody else out. All calls go through `outbound`.
"""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any, Generic, TypeVar

import structlog
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc.jwk import KeySet

from privacy_svc.db import EARLIEST, now
from privacy_svc.http import Role
from privacy_svc.identity.errors import NoRole, ProviderAway, SignInRefused
from privacy_svc.identity.id_tokens import (
    LEEWAY,
    Expected,
    Unfit,
    UnknownKey,
    keys_of,
    read_id_token,
    read_logout_token,
)
from privacy_svc.identity.registration import Registration
from privacy_svc.identity.secret import digest
from privacy_svc.identity.sessions import Account, Ended
from privacy_svc.outbound import Answer, Outbound, Unreachable, url_fault

KEPT = timedelta(hours=1)
AGAIN = timedelta(seconds=15)
"""Between two questions, also about keys that are not known."""
SECONDS = 5.0
MOST_BYTES = 262_144
"""Key sets come with certificates."""
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_ERRORS = frozenset({"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "invalid_scope"})
"""RFC 6749 §5.2: others are not repeated."""
_log = structlog.get_logger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Flow:
    """One sign-in under way. All that it needs is made of the secret in the browser's cookie."""

    secret: str = field(repr=False)

    @property
    def state(self) -> str:
        return self._made("state")

    @property
    def nonce(self) -> str:
        return self._made("nonce")

    @property
    def verifier(self) -> str:
        return self._made("verifier")

    def _made(self, what: str) -> str:
        return urlsafe_b64encode(hmac.digest(self.secret.encode(), what.encode(), "sha256")).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Person:
    role: Role
    name: str
    """As the provider has it; nothing is known of its form."""
    account: Account


@dataclass(frozen=True, slots=True)
class _Published:
    """What is used of the provider's metadata."""

    authorization: str
    tokens: str
    keys: str
    sign_out: str | None
    names_itself: bool
    """In its answers (RFC 9207)."""
    methods: tuple[str, ...]


class Provider:
    def __init__(self, registration: Registration, outbound: Outbound) -> None:
        self.registration, self._outbound = registration, outbound
        self._published = _Kept(self._discover)
        self._keys = _Kept(self._fetch_keys)

    def leads_to(self, flow: Flow) -> str:
        """Where the browser goes. Raises ProviderAway."""
        ours = self.registration
        return str(
            prepare_grant_uri(
                self._published.get().authorization,
                ours.client_id,
                "code",
                redirect_uri=ours.return_url,
                scope=ours.scope,
                state=flow.state,
                nonce=flow.nonce,
                code_challenge=create_s256_code_challenge(flow.verifier),
                code_challenge_method="S256",
            )
        )

    def signs_out_at(self) -> str | None:
        """RP-Initiated Logout 1.0 §2, where the provider has that. No ID token is sent along: it would have to be kept
        here, and it says who somebody is. Raises ProviderAway."""
        url, ours = self._published.get().sign_out, self.registration
        sent = [("client_id", ours.client_id), ("post_logout_redirect_uri", ours.left_url)]
        return None if url is None else str(add_params_to_uri(url, sent))

    def person(self, flow: Flow, answer: Mapping[str, str]) -> Person:
        """Who came back with this answer, whose state is known to be the flow's. Raises SignInRefused, NoRole,
        ProviderAway."""
        # 1 The answer is this provider's and no other's (RFC 9207 §2.4).
        published, ours = self._published.get(), self.registration
        if answer.get("iss", None if published.names_itself else ours.issuer) != ours.issuer:
            raise SignInRefused("another_issuer")
        # 2 It brings a code.
        if "error" in answer or not answer.get("code"):
            raise SignInRefused("provider_refused" if "error" in answer else "no_code")
        # 3 The code is exchanged by who has the verifier.
        tokens = self._exchange(published, flow, answer["code"])
        # 4 The ID token is signed by the provider, for us, for this flow, and now.
        id_token, access_token = (tokens.get(name) for name in ("id_token", "access_token"))
        if not isinstance(id_token, str):
            raise SignInRefused("no_id_token")
        given = access_token if isinstance(access_token, str) else None
        claims = self._read(lambda keys: read_id_token(id_token, keys, self._expected(), flow.nonce, given))
        # 5 Its claims have a role here.
        account = Account(self._hash(claims["sub"]), self._hash_of(claims, "sid"))
        role = ours.role_of(claims)
        if role is None:
            raise NoRole("Your organisation's sign-in knows you, but nothing it says of you is a role in this service.")
        return Person(role, ours.name_of(claims), account)

    def ended(self, logout_token: str) -> Ended:
        """Back-Channel Logout 1.0 §2.6. Raises SignInRefused, ProviderAway."""
        claims = self._read(lambda keys: read_logout_token(logout_token, keys, self._expected()))
        at = datetime.fromtimestamp(claims["iat"] + LEEWAY, UTC)
        return Ended(self._hash_of(claims, "sub"), self._hash_of(claims, "sid"), at)

    def _read(self, read: Callable[[KeySet], dict[str, Any]]) -> dict[str, Any]:
        """With the keys known here; one that is not known may be new."""
        try:
            try:
                return read(self._keys.get())
            except UnknownKey:
                return read(self._keys.get(anew=True))
        except Unfit as error:
            raise SignInRefused(error.why) from None

    def _expected(self) -> Expected:
        return Expected(self.registration.issuer, self.registration.client_id, int(now().timestamp()))

    def _hash(self, name: str) -> bytes:
        return digest(f"{self.registration.issuer}\n{name}")

    def _hash_of(self, claims: Mapping[str, Any], name: str) -> bytes | None:
        found = claims.get(name)
        return self._hash(found) if isinstance(found, str) and found else None

    def _exchange(self, published: _Published, flow: Flow, code: str) -> Mapping[str, Any]:
        ours = self.registration
        body = prepare_token_request(
            "authorization_code", redirect_uri=ours.return_url, code=code, code_verifier=flow.verifier
        )
        method = _method(published.methods) if ours.secret else "none"
        auth = ClientAuth(ours.client_id, ours.secret, method)
        url, headers, body = auth.prepare("POST", published.tokens, dict(_FORM), body)
        answer = self._call("POST", url, headers, body.encode())
        told = _object(answer)
        if answer.status != 200 or told is None:
            if answer.status >= 500:
                raise ProviderAway("Your organisation's sign-in has an error of its own.")
            error = (told or {}).get("error")
            _log.warning("sign_in.code_not_exchanged", error=error if error in _ERRORS else "other")
            raise SignInRefused(str(error) if error in _ERRORS else "code_not_exchanged")
        return told

    def _discover(self) -> _Published:
        found = self._get(f"{self.registration.issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != self.registration.issuer:
            raise self._unfit("issuer")
        methods = found.get("token_endpoint_auth_methods_supported")
        return _Published(
            authorization=self._url(found, "authorization_endpoint"),
            tokens=self._url(found, "token_endpoint"),
            keys=self._url(found, "jwks_uri"),
            sign_out=self._url(found, "end_session_endpoint") if "end_session_endpoint" in found else None,
            names_itself=found.get("authorization_response_iss_parameter_supported") is True,
            methods=tuple(m for m in methods if isinstance(m, str)) if isinstance(methods, list) else (),
        )

    def _url(self, found: Mapping[str, Any], name: str) -> str:
        """Also of those that only the browser is led to: `javascript:` is a URL."""
        url = found.get(name)
        if not isinstance(url, str) or url_fault(url):
            raise self._unfit(name)
        return url

    def _unfit(self, name: str) -> ProviderAway:
        _log.warning("sign_in.provider_does_not_fit", member=name)
        return ProviderAway("What your organisation's sign-in says of itself does not fit the settings here.")

    def _fetch_keys(self) -> KeySet:
        return keys_of(self._get(self._published.get().keys))

    def _get(self, url: str) -> Mapping[str, Any]:
        answer = self._call("GET", url)
        found = _object(answer)
        if answer.status != 200 or found is None:
            _log.warning("sign_in.provider_away", status=answer.status)
            raise ProviderAway("Your organisation's sign-in does not say what is needed of it.")
        return found

    def _call(self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Answer:
        try:
            return self._outbound.call(method, url, headers=headers, body=body, seconds=SECONDS, most_bytes=MOST_BYTES)
        except Unreachable as error:
            _log.warning("sign_in.provider_away", reason=error.reason)
            raise ProviderAway("Your organisation's sign-in cannot be reached from here.") from None


class _Kept(Generic[T]):
    """What the provider publishes. One thread asks; where it failed, or asked a moment ago, nobody asks again: a
    provider that hangs is not waited for by one after the other."""

    def __init__(self, fetch: Callable[[], T]) -> None:
        self._fetch, self._lock = fetch, Lock()
        self._value: T | None = None
        self._until = self._next = EARLIEST

    def get(self, *, anew: bool = False) -> T:
        """Raises ProviderAway."""
        with self._lock:
            at = now()
            if (anew or at >= self._until) and at >= self._next:
                self._next = at + AGAIN
                self._value = self._fetch()
                self._until = at + KEPT
            if self._value is None or at >= self._until:
                raise ProviderAway("Your organisation's sign-in did not answer a moment ago.")
            return self._value


def _method(supported: tuple[str, ...]) -> str:
    """How the secret is told; `client_secret_basic` is what holds where nothing is said (Discovery §3)."""
    by_body = "client_secret_post" in supported and "client_secret_basic" not in supported
    return "client_secret_post" if by_body else "client_secret_basic"


def _object(answer: Answer) -> Mapping[str, Any] | None:
    try:
        found = json.loads(answer.body)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
