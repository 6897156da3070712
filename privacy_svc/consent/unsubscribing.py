"""One-click unsubscription (RFC 8058): a link of its own for each person and purpose, that nobody can guess or make.

It lasts as long as the mail it stands in, so it is signed and not kept, and it says nothing of whom it is about: a
random id, a hash, a signature.
"""

import base64
import binascii
import hashlib
import uuid
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from privacy_svc.auditlog import NoteError, Signer
from privacy_svc.consent.errors import UnknownLink

PATH = "/v1/consents/unsubscribe"
FIELD, ONE_CLICK = "List-Unsubscribe", "One-Click"
NOT_HTTPS = "base_url is not https: mail programs show no button for such a link (RFC 8058)."
_DOMAIN = b"\0privacy-svc unsubscribe v1\0"
"""Neither a note nor JSON, the other things this key signs, begins with a NUL."""
_ID, _HASH, _SIGNATURE = 16, 8, 64


def make_token(signer: Signer, subject_id: str, purpose: str) -> str:
    subject = uuid.UUID(subject_id).bytes
    return _text(subject + _hash(purpose) + signer.sign(_message(subject, purpose)))


class Opened(NamedTuple):
    """A link's token, not believed yet: whoever wrote it may have made up whom it names."""

    subject_id: str
    hashed: bytes
    signature: bytes


def open_token(token: str) -> Opened:
    """Raises UnknownLink."""
    try:
        raw = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except (UnicodeEncodeError, binascii.Error):
        raise _unknown() from None
    if len(raw) != _ID + _HASH + _SIGNATURE or _text(raw) != token:
        raise _unknown()
    return Opened(str(uuid.UUID(bytes=raw[:_ID])), raw[_ID : _ID + _HASH], raw[-_SIGNATURE:])


def purpose_of(signer: Signer, opened: Opened, purposes: Iterable[str]) -> str:
    """Which of these we made the link for. Raises UnknownLink."""
    purpose = next((key for key in purposes if _hash(key) == opened.hashed), None)
    if purpose is None:
        raise _unknown()
    try:
        signer.verify(opened.signature, _message(uuid.UUID(opened.subject_id).bytes, purpose))
    except NoteError:
        raise _unknown() from None
    return purpose


def link(base_url: str, token: str) -> str:
    return f"{base_url.rstrip('/')}{PATH}?token={token}"


def headers(url: str) -> Mapping[str, str]:
    """Of the mail; both must be covered by its DKIM signature (RFC 8058 §4)."""
    return {FIELD: f"<{url}>", f"{FIELD}-Post": f"{FIELD}={ONE_CLICK}"}


def _message(subject: bytes, purpose: str) -> bytes:
    return _DOMAIN + subject + purpose.encode()


def _hash(purpose: str) -> bytes:
    return hashlib.sha256(purpose.encode()).digest()[:_HASH]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _unknown() -> UnknownLink:
    return UnknownLink("The link is not complete, or not one of ours.")
