"""The sealed value: `version(1) | suite(1) | generation(4, BE) | nonce(12) | ciphertext | tag(16)`.

34 bytes more than the clear value.

AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce: one key per person keeps the number of
messages under a key far below 2**32. Associated data bind organisation, stable field id, subject and
row, so a value opens only where it was sealed. Text columns hold `pcf1.` and unpadded base64url.
"""

import binascii
import struct
from functools import lru_cache

from privacy_svc.vault.errors import Tampered

VERSION = 1
AES_256_GCM = 1
HEADER = struct.Struct(">BBI")
NONCE, TAG = 12, 16
BEGIN = HEADER.size + NONCE
"""Where the ciphertext begins."""
OVERHEAD = BEGIN + TAG
PREFIX = "pcf1."
BEGINNING = b"\x01\x01\x00"
"""Of every sealed value: version, suite, and the generation's first byte, which is zero for 16 million generations."""
BEGINNING_TEXT = PREFIX + "AQEA"
"""The same in the text form. By it alone SQL tells sealed values from clear ones, and so does Python."""
DOES_NOT_OPEN = "A sealed value does not open."

_URL_SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_SHORTEST = 46
"""Characters of the shortest sealed value without its prefix: 34 bytes."""
_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_+/=", b"+/!!!")
_LAST = (frozenset[int](), frozenset[int](), frozenset(b"AQgw"), frozenset(b"AEIMQUYcgkosw048"))
"""Base64's last character by the length modulo 4: unused bits are zero, so that one text stands for one value."""
_PADDING = (b"", b"", b"==", b"=")


class Heading(dict[int, bytes]):
    """First part of the associated data, by field id: `"pcf1" | header | u16 len, organisation | u32 field id`.

    The same for every person of an organisation and generation, so it is made once.
    """

    def __init__(self, organisation: str, generation: int) -> None:
        self.header = HEADER.pack(VERSION, AES_256_GCM, generation)
        self._before = b"pcf1" + self.header + sized(organisation)

    def __missing__(self, field_id: int) -> bytes:
        self[field_id] = made = self._before + field_id.to_bytes(4)
        return made


@lru_cache(maxsize=64)
def heading(organisation: str, generation: int) -> Heading:
    return Heading(organisation, generation)


def sized(text: str) -> bytes:
    """`u16 length | UTF-8`; the second part of the associated data is the subject and the row in this form."""
    raw = text.encode()
    return len(raw).to_bytes(2) + raw


def generation_of(sealed: bytes) -> int:
    """The key generation a value names. Raises Tampered where the form is not ours."""
    if len(sealed) < OVERHEAD:
        raise Tampered(DOES_NOT_OPEN)
    version, suite, generation = HEADER.unpack_from(sealed)
    if (version, suite) != (VERSION, AES_256_GCM):
        raise Tampered(DOES_NOT_OPEN)
    return int(generation)


def to_text(sealed: bytes) -> str:
    return PREFIX + binascii.b2a_base64(sealed, newline=False).translate(_TO_URL, b"=").decode()


def from_text(text: str) -> bytes:
    """Strict: one text for one value, so that a flipped unused bit of the base64 is noticed too."""
    if text[: len(PREFIX)] != PREFIX:
        raise Tampered(DOES_NOT_OPEN)
    try:
        body = text[len(PREFIX) :].encode("ascii").translate(_FROM_URL)
        spare = len(body) & 3
        if spare and body[-1] not in _LAST[spare]:
            raise ValueError("unused bits")
        return binascii.a2b_base64(body + _PADDING[spare], strict_mode=True)
    except ValueError:  # binascii.Error and UnicodeEncodeError are of its kind
        raise Tampered(DOES_NOT_OPEN) from None


def is_sealed_text(value: object) -> bool:
    """Whether a store's value is one of ours, by its beginning. It may still not open."""
    return isinstance(value, str) and value.startswith(BEGINNING_TEXT)


def is_damaged_text(value: str) -> bool:
    """Whether it can only be one of ours with a changed beginning: prefix or header as they are, all of base64url."""
    body = value[len(PREFIX) :]
    spoiled = value.startswith(PREFIX) or body.startswith(BEGINNING_TEXT[len(PREFIX) :])
    return spoiled and len(body) >= _SHORTEST and not body.strip(_URL_SAFE) and not is_sealed_text(value)


def is_sealed_bytes(value: object) -> bool:
    """The same for the binary form, which has the length of one as well."""
    return isinstance(value, bytes) and value.startswith(BEGINNING) and len(value) >= OVERHEAD
