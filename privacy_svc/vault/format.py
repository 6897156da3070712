"""The sealed value: `version(1) | suite(1) | generation(4, BE) | nonce(12) | ciphertext | tag(16)`.

34 bytes more than the clear value.

AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce: one key per person keeps the number of
messages under a key far below 2**32. Associated data bind organisation, stable field id, subject and
row, so a value opens only where it was sealed. Text columns hold `pcf1.` and unpadded base64url.
"""

import base64
import binascii
import os
import re
import struct
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from privacy_svc.vault.errors import Tampered

VERSION = 1
AES_256_GCM = 1
HEADER = struct.Struct(">BBI")
NONCE, TAG = 12, 16
OVERHEAD = HEADER.size + NONCE + TAG
PREFIX = "pcf1."
_TEXT = re.compile(r"pcf1\.[A-Za-z0-9_-]{46,}")


class Place(NamedTuple):
    """Where a value belongs. `field_id` is the data map's stable number, `row` the primary key as text."""

    organisation: str
    field_id: int
    subject_id: str
    row: str

    def associated_data(self, header: bytes) -> bytes:
        """`"pcf1" | header | u16 len, organisation | u32 field id | u16 len, subject | u16 len, row`, big-endian."""
        organisation, subject, row = self.organisation.encode(), self.subject_id.encode(), self.row.encode()
        return b"pcf1%b%b%b%b%b%b%b%b" % (
            header,
            len(organisation).to_bytes(2),
            organisation,
            self.field_id.to_bytes(4),
            len(subject).to_bytes(2),
            subject,
            len(row).to_bytes(2),
            row,
        )


def seal(cipher: AESGCM, generation: int, place: Place, clear: bytes) -> bytes:
    header = HEADER.pack(VERSION, AES_256_GCM, generation)
    nonce = os.urandom(NONCE)
    return header + nonce + cipher.encrypt(nonce, clear, place.associated_data(header))


def open_(cipher: AESGCM, place: Place, sealed: bytes) -> bytes:
    """Raises Tampered for anything but a value sealed with this key at this place."""
    generation_of(sealed)
    begin = HEADER.size + NONCE
    header, nonce, rest = sealed[: HEADER.size], sealed[HEADER.size : begin], sealed[begin:]
    try:
        return cipher.decrypt(nonce, rest, place.associated_data(header))
    except InvalidTag:
        raise Tampered("A sealed value does not open.") from None


def generation_of(sealed: bytes) -> int:
    """The key generation a value names. Raises Tampered where the form is not ours."""
    if len(sealed) < OVERHEAD:
        raise Tampered("A sealed value does not open.")
    version, suite, generation = HEADER.unpack_from(sealed)
    if (version, suite) != (VERSION, AES_256_GCM):
        raise Tampered("A sealed value does not open.")
    return int(generation)


def to_text(sealed: bytes) -> str:
    return PREFIX + base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def from_text(text: str) -> bytes:
    """Strict: one text for one value, so that a flipped unused bit of the base64 is noticed too."""
    try:
        raw = text.removeprefix(PREFIX)
        sealed = base64.b64decode(raw + "=" * (-len(raw) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Tampered("A sealed value does not open.") from None
    if to_text(sealed) != text:
        raise Tampered("A sealed value does not open.")
    return sealed


def is_sealed_text(value: object) -> bool:
    """Whether a store's value is one of ours: the prefix and a well-formed header. It may still not open."""
    if not isinstance(value, str) or not _TEXT.fullmatch(value):
        return False
    try:
        generation_of(from_text(value))
    except Tampered:
        return False
    return True
