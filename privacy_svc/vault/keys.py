"""Keys and their wrapping: root epoch → page key → a person's key. Pure.

A wrapped key is a sealed value of its own: version(1) | nonce(12) | ciphertext(32) | tag(16), 61 bytes;
associated data name what it is, so that no wrapped key can stand in for another. Persons' keys are random, never
derived: what can be derived again cannot be destroyed.
"""

import hmac
import os
import struct
from functools import lru_cache
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from privacy_svc.vault.errors import Tampered

SIZE = 32
NONCE = 12
VERSION = b"\x01"


class Key:
    """32 secret bytes that cannot be printed, pickled or compared by accident."""

    __slots__ = ("_cipher", "_raw")

    def __init__(self, raw: bytes) -> None:
        if len(raw) != SIZE:
            raise ValueError(f"a key has {SIZE} bytes")
        self._raw = raw
        self._cipher: AESGCM | None = None

    @classmethod
    def new(cls) -> Self:
        return cls(os.urandom(SIZE))

    def __repr__(self) -> str:
        return "Key(…)"

    def __reduce__(self) -> str:
        raise TypeError("a key is not pickled")

    def reveal(self) -> bytes:
        """The secret itself, for a key provider that wraps it elsewhere."""
        return self._raw

    def cipher(self) -> AESGCM:
        """Kept: making one costs more than using it, and a page key wraps a thousand others."""
        if self._cipher is None:
            self._cipher = AESGCM(self._raw)
        return self._cipher

    def mac(self, message: bytes) -> bytes:
        """HMAC-SHA256 under this key."""
        return hmac.digest(self._raw, message, "sha256")

    def derive(self, label: str) -> bytes:
        """32 bytes for another use: HKDF-Expand (RFC 5869) with the label as info. Its first block is one HMAC."""
        return self.mac(label.encode() + b"\x01")

    def commitment(self) -> bytes:
        """16 bytes that fix this key without telling it: AES-GCM alone commits to no key."""
        return self.derive("commit")[:16]

    def wrap(self, other: "Key", binding: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return VERSION + nonce + self.cipher().encrypt(nonce, other._raw, binding)  # noqa: SLF001 - of the same class

    def unwrap(self, wrapped: bytes, binding: bytes) -> "Key":
        """Raises Tampered when the wrapped key was changed or belongs elsewhere."""
        if wrapped[:1] != VERSION:
            raise Tampered("A wrapped key does not open.")
        try:
            return Key(self.cipher().decrypt(wrapped[1:13], wrapped[13:], binding))
        except (InvalidTag, ValueError):
            raise Tampered("A wrapped key does not open.") from None


def check_commitment(key: Key, commitment: bytes) -> Key:
    """Where keys are rewrapped and audited. A read needs it not: a wrapped key opens under one page key only,
    which its row names, and it would double the cost."""
    if not hmac.compare_digest(key.commitment(), commitment):
        raise Tampered("A wrapped key is not the one committed to.")
    return key


def bind_page(organisation: str, page_key_id: str, epoch: int, generation: int) -> bytes:
    """By the id of the row, not the page's number: two processes may give two new pages one number."""
    return _binding(b"page", organisation, _sized(page_key_id) + struct.pack(">II", epoch, generation))


def bind_index_root(organisation: str, epoch: int, generation: int) -> bytes:
    return _binding(b"index", organisation, struct.pack(">II", epoch, generation))


def bind_subject(organisation: str, subject_id: str, use: str, generation: int) -> bytes:
    return _beginning(b"subject", organisation) + _sized(subject_id) + use.encode() + generation.to_bytes(4)


def _binding(what: bytes, organisation: str, rest: bytes) -> bytes:
    return _beginning(what, organisation) + rest


@lru_cache(maxsize=64)
def _beginning(what: bytes, organisation: str) -> bytes:
    return b"pck1" + bytes([len(what)]) + what + _sized(organisation)


def _sized(text: str) -> bytes:
    raw = text.encode()
    return len(raw).to_bytes(2) + raw
