"""What goes into a leaf: an envelope without personal data, and a salted commitment to the payload. Pure.

The payload and its salt are sealed under a person's key outside the tree, so that erasing the key
leaves every proof valid and the payload unreadable. Payloads are padded, so that their length says little.
"""

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec

from privacy_svc.auditlog.signed_json import canonical

BUCKET = 256
SALT = 32
_DOMAIN = b"audit-commit-v1\x00"
_SORTED = msgspec.json.Encoder(order="sorted")


@dataclass(frozen=True, slots=True)
class Sealable:
    """What is sealed beside the tree: salt and payload, in canonical JSON and padded, so that sealing adds nothing that
    tells its length, and the commitment is of just these bytes."""

    salt: bytes
    padded: bytes

    @property
    def payload(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = json.loads(self.padded)
        return found

    def to_bytes(self) -> bytes:
        return self.salt + self.padded

    @classmethod
    def from_bytes(cls, raw: bytes) -> "Sealable":
        return cls(raw[:SALT], raw[SALT:])

    def to_json(self) -> dict[str, Any]:
        return {"salt": base64.b64encode(self.salt).decode(), "payload": self.payload}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Sealable":
        """Raises KeyError, TypeError or ValueError."""
        salt = base64.b64decode(data["salt"], validate=True)
        if len(salt) != SALT:
            raise ValueError("no salt of a commitment")
        return cls(salt, padded(data["payload"]))


@dataclass(frozen=True, slots=True)
class Committed:
    """A payload with its fresh salt, its commitment and the size it is padded to."""

    sealable: Sealable
    commit: str
    size: int


def commit_to(payload: Mapping[str, Any]) -> Committed:
    """Raises TypeError for a payload without a canonical form."""
    return commit_to_padded(padded(payload))


def commit_to_padded(payload: bytes) -> Committed:
    """The same of one that is `padded` already: entries that say the same have it in common, never the salt."""
    sealable = Sealable(os.urandom(SALT), payload)
    return Committed(sealable, _commitment(sealable.to_bytes()), len(sealable.padded))


def fits(sealable: bytes, commit: str) -> bool:
    """Of `Sealable.to_bytes`."""
    return _commitment(sealable) == commit


def _commitment(of: bytes) -> str:
    return binascii.b2a_base64(hashlib.sha256(_DOMAIN + of).digest(), newline=False).decode()


def padded(payload: Mapping[str, Any]) -> bytes:
    raw = canonical(payload)
    return raw + b" " * (-len(raw) % BUCKET)


class Envelope(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The leaf. Tags are keyed hashes, renewed each month: without the key they lead to nobody."""

    id: str
    type: str
    time: str
    org: str
    actor: str
    subject: str | None
    commit: str
    size: int
    members: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    """`members.commitment` of an entry about many people."""
    v: Literal[1] = 1
    """Version of the form."""

    def encode(self) -> bytes:
        """Canonical JSON, as the names are ASCII and no value is a fraction."""
        return _SORTED.encode(self)

    @classmethod
    def decode(cls, leaf: bytes) -> "Envelope":
        """Raises msgspec.MsgspecError or UnicodeDecodeError for what is no envelope of a known version."""
        try:
            found = _ENVELOPES.decode(leaf)
        except RecursionError:
            raise msgspec.ValidationError("nested too deeply") from None
        if found.encode() != leaf:
            raise msgspec.ValidationError("not in the one form of a known version")
        return found


_ENVELOPES = msgspec.json.Decoder(Envelope)


def month(at: datetime) -> str:
    return at.strftime("%Y-%m")


def instant(at: datetime) -> str:
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")
