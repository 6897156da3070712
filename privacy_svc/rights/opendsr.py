"""OpenDSR 2.0 (https://github.com/opengdpr/OpenDSR) on the wire: its structures, signatures and certificates.

A signature is RSA PKCS#1 v1.5 with SHA-256 over the raw body (§4.2), checked before anything of it is read (§8.8).
"""

import base64
import binascii
import ipaddress
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import verification

from privacy_svc.db import now
from privacy_svc.errors import Misconfigured
from privacy_svc.outbound import host_of
from privacy_svc.settings import Settings

VERSION = "2.0"
DOMAIN, SIGNATURE = "x-opendsr-processor-domain", "x-opendsr-signature"
STATUSES = ("pending", "in_progress", "completed", "cancelled")
FINAL = frozenset({"completed", "cancelled"})


Time = Annotated[datetime, msgspec.Meta(tz=True)]
"""RFC 3339."""


class Identity(msgspec.Struct, frozen=True):
    identity_type: str
    identity_format: str
    identity_value: str = ""

    def __repr__(self) -> str:
        return f"Identity({self.identity_type!r}, …)"


class Request(msgspec.Struct, frozen=True):
    """§7.1.1. Unknown fields are other parties' extensions. The specification's own example has no `regulation`."""

    subject_request_id: str
    subject_request_type: str
    submitted_time: Time
    subject_identities: list[Identity] = []
    regulation: str = "gdpr"
    api_version: str = VERSION
    status_callback_urls: list[str] = []

    def __repr__(self) -> str:
        return f"Request({self.subject_request_id!r}, …)"


class Receipt(msgspec.Struct, frozen=True):
    """§7.3. `encoded_request` names the person: it is compared and never kept."""

    controller_id: str
    expected_completion_time: Time
    received_time: Time
    encoded_request: str
    subject_request_id: str

    def __repr__(self) -> str:
        return f"Receipt({self.subject_request_id!r}, …)"


class Status(msgspec.Struct, frozen=True, omit_defaults=True):
    """§8.3 and, with its own address, a callback (§8.6)."""

    controller_id: str
    expected_completion_time: Time
    subject_request_id: str
    request_status: str
    api_version: str | None = None
    status_callback_url: str | None = None


class Discovery(msgspec.Struct, frozen=True):
    """§6.3."""

    api_version: str
    supported_identities: list[Identity]
    supported_subject_request_types: list[str]
    processor_certificate: str


class NotTrusted(Exception):
    """Why, in a word."""


@dataclass(frozen=True, slots=True)
class Signing:
    """Who we are to others: our certificate chain (PEM), its key, and the domain it is for."""

    domain: str
    chain: bytes
    key: RSAPrivateKey = field(repr=False)

    def sign(self, body: bytes) -> dict[str, str]:
        """The headers of a body."""
        return {DOMAIN: self.domain, SIGNATURE: base64.b64encode(self.key.sign(body, PKCS1v15(), SHA256())).decode()}


def check(certificate: x509.Certificate, domain: str, headers: Mapping[str, str], body: bytes) -> None:
    """Whether the certificate's holder signed exactly this body. Raises NotTrusted."""
    if headers.get(DOMAIN, "").lower() != domain:
        raise NotTrusted("wrong_domain")
    if not certificate.not_valid_before_utc <= now() <= certificate.not_valid_after_utc:
        raise NotTrusted("certificate_expired")
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey):
        raise NotTrusted("certificate_not_rsa")
    try:
        given = base64.b64decode("".join(headers.get(SIGNATURE, "").split()), validate=True)
        key.verify(given, body, PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        raise NotTrusted("wrong_signature") from None


def trusted(pem: bytes, domain: str) -> x509.Certificate:
    """The first certificate of the chain, if an authority that this machine trusts issued it for the domain (§4.1).
    Raises NotTrusted."""
    try:
        leaf, *between = x509.load_pem_x509_certificates(pem)
        roots = [x509.load_der_x509_certificate(der) for der in _authorities()]
        verifier = verification.PolicyBuilder().store(verification.Store(roots)).time(now())
        verifier.build_server_verifier(_subject(domain)).verify(leaf, between)
    except (ValueError, verification.VerificationError):
        raise NotTrusted("certificate_not_trusted") from None
    if not isinstance(leaf.public_key(), RSAPublicKey):
        raise NotTrusted("certificate_not_rsa")
    return leaf


def _authorities() -> list[bytes]:
    return ssl.create_default_context().get_ca_certs(binary_form=True)


def _subject(domain: str) -> Any:
    try:
        return x509.IPAddress(ipaddress.ip_address(domain))
    except ValueError:
        return x509.DNSName(domain)


def signing_of(settings: Settings) -> Signing | None:
    """Ours; None where the settings name none. Raises Misconfigured."""
    if not settings.opendsr_certificate and not settings.opendsr_key:
        return None
    return _load(Path(settings.opendsr_certificate), Path(settings.opendsr_key), host_of(settings.base_url))


@lru_cache(maxsize=4)
def _load(certificate: Path, key: Path, domain: str) -> Signing:
    try:
        chain, mode = certificate.read_bytes(), key.stat().st_mode & 0o777
        leaf, private = x509.load_pem_x509_certificate(chain), load_pem_private_key(key.read_bytes(), None)
    except OSError as error:
        raise Misconfigured(f"opendsr_certificate and opendsr_key name two files: {error.strerror}.") from None
    except (ValueError, TypeError):
        raise Misconfigured("opendsr_certificate or opendsr_key is not PEM, or the key has a password.") from None
    if mode & 0o077:
        raise Misconfigured(f"{key} has mode {mode:04o}: others may read it. Run: chmod go-rwx {key}")
    if not isinstance(private, RSAPrivateKey) or private.public_key() != leaf.public_key():
        raise Misconfigured("opendsr_key is not the RSA key of opendsr_certificate.")
    if domain not in _names(leaf):
        raise Misconfigured(f"opendsr_certificate is not for {domain}, the host of base_url.")
    return Signing(domain, chain, private)


def _names(leaf: x509.Certificate) -> set[str]:
    try:
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    return {*found.get_values_for_type(x509.DNSName), *map(str, found.get_values_for_type(x509.IPAddress))}
