"""This service as an OpenID provider knows it: what the settings say, refused at the start where it is dangerous."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from privacy_svc.errors import Misconfigured
from privacy_svc.http import Role
from privacy_svc.identity.reach import is_here
from privacy_svc.identity.service import STAFF
from privacy_svc.outbound import url_fault
from privacy_svc.settings import Settings

RETURN_PATH = "/dpo/sign-in/return"
LEFT_PATH = "/dpo/sign-in"
PRECEDENCE = (Role.DPO, Role.ADMIN, Role.AUDITOR)
"""Of whoever has several: a session has one role."""


@dataclass(frozen=True, slots=True)
class Registration:
    issuer: str
    client_id: str
    secret: str = field(repr=False)
    """Empty: a public client, known by PKCE alone."""
    scope: str
    roles_claim: str
    roles: Mapping[Role, str]
    name_claim: str
    base_url: str

    @property
    def return_url(self) -> str:
        return f"{self.base_url}{RETURN_PATH}"

    @property
    def left_url(self) -> str:
        return f"{self.base_url}{LEFT_PATH}"

    def role_of(self, claims: Mapping[str, Any]) -> Role | None:
        """None where nothing that the provider says of them is a role here: there is no role by default."""
        said = _listed(_at(claims, self.roles_claim))
        return next((role for role in PRECEDENCE if self.roles.get(role) in said), None)

    def name_of(self, claims: Mapping[str, Any]) -> str:
        """As the provider has it; empty where it has none."""
        found = _at(claims, self.name_claim)
        return found.lower() if isinstance(found, str) else ""


def registration_of(settings: Settings) -> Registration | None:
    """None where no provider is named. Raises Misconfigured."""
    if not settings.oidc_issuer:
        if settings.oidc_client_id or settings.oidc_client_secret or settings.oidc_roles:
            raise Misconfigured("oidc_issuer is not set, but other settings of the OpenID provider are.")
        return None
    _check_urls(settings.oidc_issuer, settings.base_url)
    if not settings.oidc_client_id or "openid" not in settings.oidc_scope.split():
        raise Misconfigured("With oidc_issuer goes oidc_client_id, and openid is one of the words of oidc_scope.")
    return Registration(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        secret=_secret(settings.oidc_client_secret),
        scope=settings.oidc_scope,
        roles_claim=settings.oidc_roles_claim,
        roles=_roles(settings.oidc_roles),
        name_claim=settings.oidc_name_claim,
        base_url=settings.base_url,
    )


def _check_urls(issuer: str, base_url: str) -> None:
    """Plain http is for trying out on one machine: on the way to any other, whoever listens signs in."""
    if fault := url_fault(issuer, prefix=True):
        raise Misconfigured(f"oidc_issuer {fault}.")
    if base_url.startswith("https://"):
        if not issuer.startswith("https://"):
            raise Misconfigured("oidc_issuer must begin with https:// where base_url does.")
    elif not is_here(base_url):
        raise Misconfigured("base_url must begin with https:// where staff sign in by an OpenID provider.")


def _secret(path: str) -> str:
    if not path:
        return ""
    try:
        mode, text = Path(path).stat().st_mode & 0o777, Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Misconfigured(f"oidc_client_secret names a file: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise Misconfigured("oidc_client_secret names a file that is no text.") from None
    if mode & 0o077:
        raise Misconfigured(f"{path} has mode {mode:04o}: others may read it. Run: chmod go-rwx {path}")
    if not text:
        raise Misconfigured("The file that oidc_client_secret names is empty.")
    return text


def _roles(given: Mapping[str, Any]) -> Mapping[Role, str]:
    """By role. Two roles that one value gives would be a matter of chance."""
    if not given:
        raise Misconfigured("oidc_roles names nobody who may sign in: set PRIVACY_OIDC_ROLE_DPO, for one.")
    unknown = sorted(set(given) - STAFF)
    if unknown:
        raise Misconfigured(f"oidc_roles knows {', '.join(sorted(STAFF))}, not {unknown[0]}.")
    values = list(given.values())
    if not all(isinstance(v, str) and v for v in values) or len(set(values)) < len(values):
        raise Misconfigured("oidc_roles has a value of its own for each role.")
    return {Role(role): value for role, value in given.items()}


def _at(claims: Mapping[str, Any], place: str) -> Any:
    """A claim's name may have dots of its own: it is looked for whole first."""
    if place in claims:
        return claims[place]
    found: Any = claims
    for part in place.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _listed(value: Any) -> Sequence[str]:
    """Of one text or a list of them: part of a text is no match."""
    return (
        [value]
        if isinstance(value, str)
        else [v for v in value if isinstance(v, str)]
        if isinstance(value, list)
        else []
    )
