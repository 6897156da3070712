"""Signed notes (C2SP signed-note) with Ed25519, and verifier keys. Pure but for the key it is given."""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ED25519 = b"\x01"
_LINE = re.compile(r"— (?P<name>\S+) (?P<signature>[A-Za-z0-9+/]+=*)")


class NoteError(Exception):
    """The note is malformed, or nobody we know signed it."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key by its name: `name+keyhash+base64(type, key)`."""

    name: str
    public: bytes

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """Raises NoteError when the text is no Ed25519 verifier key or its hash does not fit."""
        try:
            name, key_hash, encoded = vkey.strip().split("+", 2)
            raw = base64.b64decode(encoded, validate=True)
        except (ValueError, binascii.Error):
            raise NoteError("not a verifier key") from None
        verifier = cls(name, raw[1:])
        if raw[:1] != ED25519 or len(raw) != 33 or verifier.id.hex() != key_hash:
            raise NoteError("not an Ed25519 verifier key, or its hash does not fit")
        return verifier

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    def verify(self, signature: bytes, message: bytes) -> None:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            raise NoteError("the signature does not verify") from None

    def open(self, note: str) -> str:
        """The note's text, ending in a newline. Raises NoteError unless this key signed it."""
        text, separator, signatures = note.rpartition("\n\n")
        if not separator or not signatures.endswith("\n"):
            raise NoteError("not a signed note")
        text += "\n"
        verified = False
        for line in signatures.splitlines():
            found = _LINE.fullmatch(line)
            if not found:
                raise NoteError("a signature line is malformed")
            raw = base64.b64decode(found["signature"])
            if found["name"] == self.name and raw[:4] == self.id:
                self.verify(raw[4:], text.encode())
                verified = True
        if not verified:
            raise NoteError(f"not signed by {self.name}")
        return text


def signature_line(verifier: Verifier, signature: bytes) -> str:
    return f"— {verifier.name} {base64.b64encode(verifier.id + signature).decode()}\n"
