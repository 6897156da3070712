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


@dataclass(frozen=True, slots=True)
class Committed:
    """A payload with its fresh salt, its commitment and the size it is padded to."""

    sealable: Sealable
    commit: str
    size: int


def commit_to(payload: Mapping[str, Any]) -> Committed:
    """Raises TypeError for a payload without a canonical form."""
    sealable, padded = Sealable(os.urandom(SALT), payload), _padded(payload)
    return Committed(sealable, _digest(sealable.salt, padded), len(padded))


def fits(sealable: Sealable, commit: str) -> bool:
    return hmac.compare_digest(_digest(sealable.salt, _padded(sealable.payload)), commit)


def _digest(salt: bytes, padded: bytes) -> str:
    return base64.b64encode(hashlib.sha256(_DOMAIN + salt + padded).digest()).decode()


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
    members: Mapping[str, Any] | None = None
    """`members.commitment` of an entry about many people."""

    def encode(self) -> bytes:
        said = {name: value for name, value in msgspec.to_builtins(self).items() if name != "members" or value}
        return canonical({"v": VERSION, **said})

    @classmethod
    def decode(cls, leaf: bytes) -> "Envelope":
        """Raises msgspec.MsgspecError or UnicodeDecodeError for what is no envelope."""
        found: dict[str, Any] = msgspec.json.decode(leaf, type=dict[str, Any])
        if found.get("v") != VERSION:
            raise msgspec.ValidationError("no envelope of a known version")
        return msgspec.convert(found, cls)


def month(at: datetime) -> str:
    return at.strftime("%Y-%m")


def instant(at: datetime) -> str:
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")
