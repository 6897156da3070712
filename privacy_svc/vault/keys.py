"""Keys and their wrapping: root epoch → page key → a person's key. Pure.

A wrapped key is a sealed value of its own: nonce(12) | ciphertext(32) | tag(16), associated data
name what it is, so that no wrapped key can stand in for another. Persons' keys are random, never
derived: what can be derived again cannot be destroyed.
"""

import hmac
import os
import struct
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from privacy_svc.vault.errors import Tampered

SIZE = 32
NONCE = 12


class Key:
    """32 secret bytes that cannot be printed, pickled or compared by accident."""

    __slots__ = ("_raw",)

    def __init__(self, raw: bytes) -> None:
        if len(raw) != SIZE:
            raise ValueError(f"a key has {SIZE} bytes")
        self._raw = raw

    @classmethod
    def new(cls) -> Self:
        return cls(os.urandom(SIZE))

    def __repr__(self) -> str:
        return "Key(…)"

    def __reduce__(self) -> str:
        raise TypeError("a key is not pickled")

    def cipher(self) -> AESGCM:
        return AESGCM(self._raw)

    def derive(self, label: str) -> bytes:
        """32 bytes for another use: HKDF-Expand (RFC 5869) with the label as info."""
        return HKDFExpand(SHA256(), SIZE, label.encode()).derive(self._raw)

    def commitment(self) -> bytes:
        """16 bytes that fix this key without telling it: AES-GCM alone commits to no key."""
        return self.derive("commit")[:16]

    def wrap(self, other: "Key", binding: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self.cipher().encrypt(nonce, other._raw, binding)  # noqa: SLF001 - of the same class

    def unwrap(self, wrapped: bytes, binding: bytes) -> "Key":
        """Raises Tampered when the wrapped key was changed or belongs elsewhere."""
        try:
            return Key(self.cipher().decrypt(wrapped[:NONCE], wrapped[NONCE:], binding))
        except (InvalidTag, ValueError):
            raise Tampered("A wrapped key does not open.") from None


def check_commitment(key: Key, commitment: bytes) -> Key:
    if not hmac.compare_digest(key.commitment(), commitment):
        raise Tampered("A wrapped key is not the one committed to.")
    return key


def bind_page(organisation: str, page: int, epoch: int, generation: int) -> bytes:
    return _binding(b"page", organisation, struct.pack(">QII", page, epoch, generation))


def bind_index_root(organisation: str, epoch: int, generation: int) -> bytes:
    return _binding(b"index", organisation, struct.pack(">II", epoch, generation))


def bind_subject(organisation: str, subject_id: str, use: str, generation: int) -> bytes:
    who = subject_id.encode()
    rest = struct.pack(">H", len(who)) + who + use.encode() + struct.pack(">I", generation)
    return _binding(b"subject", organisation, rest)


def _binding(what: bytes, organisation: str, rest: bytes) -> bytes:
    name = organisation.encode()
    return b"pck1" + struct.pack(">BH", len(what), len(name)) + what + name + rest
