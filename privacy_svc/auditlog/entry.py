"""What goes into a leaf: an envelope without personal data, and a salted commitment to the payload. Pure.

The payload and its salt are sealed under a person's key outside the tree, so that erasing the key
leaves every proof valid and the payload unreadable. Payloads are padded, so that their length says little.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from privacy_svc.auditlog.signing import canonical

VERSION = 1
BUCKET = 256
SALT = 32
_DOMAIN = b"audit-commit-v1\x00"


@dataclass(frozen=True, slots=True)
class Sealable:
    """What is sealed beside the tree: salt and payload."""

    salt: bytes
    payload: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        return {"salt": base64.b64encode(self.salt).decode(), "payload": dict(self.payload)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Sealable":
        return cls(base64.b64decode(data["salt"]), data["payload"])


def commitment(sealable: Sealable) -> str:
    digest = hashlib.sha256(_DOMAIN + sealable.salt + _padded(sealable.payload)).digest()
    return base64.b64encode(digest).decode()


def fits(sealable: Sealable, commit: str) -> bool:
    return hmac.compare_digest(commitment(sealable), commit)


def _padded(payload: Mapping[str, Any]) -> bytes:
    raw = canonical(payload)
    return raw + b" " * (-len(raw) % BUCKET)


@dataclass(frozen=True, slots=True)
class Envelope:
    """The leaf. Tags are keyed hashes, renewed each month: without the key they lead to nobody."""

    id: str
    type: str
    time: str
    org: str
    actor: str
    subject: str | None
    commit: str
    size: int

    def encode(self) -> bytes:
        return canonical({"v": VERSION, **msgspec.to_builtins(self)})

    @classmethod
    def decode(cls, leaf: bytes) -> "Envelope":
        """Raises msgspec.ValidationError or DecodeError for what is no envelope."""
        found: dict[str, Any] = msgspec.json.decode(leaf, type=dict[str, Any])
        found.pop("v", None)
        return msgspec.convert(found, cls)


def new_sealable(payload: Mapping[str, Any]) -> Sealable:
    return Sealable(os.urandom(SALT), payload)


def bucket(payload: Mapping[str, Any]) -> int:
    return len(_padded(payload))


def month(at: datetime) -> str:
    return at.strftime("%Y-%m")


def instant(at: datetime) -> str:
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")
