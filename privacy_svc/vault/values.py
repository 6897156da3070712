"""Typed plaintext: one byte that says what the value is, then the value. Never pickle.

Text is UTF-8 that lets lone surrogates through: a store may hold them, and what was sealed must come back.
"""

import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from privacy_svc.vault.errors import Tampered

TEXT, BYTES, PADDED = b"s", b"b", b"p"
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def text_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _bytes_text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogatepass")


_FORMS: tuple[tuple[bytes, type, Callable[[Any], bytes], Callable[[bytes], Any]], ...] = (
    (TEXT, str, text_bytes, _bytes_text),
    (b"?", bool, lambda v: b"1" if v else b"0", lambda b: b == b"1"),
    (b"i", int, lambda v: str(v).encode(), lambda b: int(b.decode())),
    (b"n", Decimal, lambda v: str(v).encode(), lambda b: Decimal(b.decode())),
    (b"t", datetime, lambda v: v.isoformat().encode(), lambda b: datetime.fromisoformat(b.decode())),
    (b"d", date, lambda v: v.isoformat().encode(), lambda b: date.fromisoformat(b.decode())),
    (BYTES, bytes, bytes, bytes),
)
"""Subclasses before their bases: bool is an int, datetime is a date."""
_UNPACK = {tag: unpack for tag, _, _, unpack in _FORMS}


def encode(value: object) -> bytes:
    """Raises TypeError for what has no form; lists, dicts, floats and None go as JSON."""
    if type(value) is str:  # nearly everything is
        return TEXT + text_bytes(value)
    if type(value) is not dict:
        for tag, kind, pack, _ in _FORMS:
            if isinstance(value, kind):
                return tag + pack(value)
    return b"j" + text_bytes(_json(value))


def padded(clear: bytes, size: int) -> bytes:
    """An encoded value filled up to a multiple of `size` bytes (ISO/IEC 7816-4); it says so itself."""
    filled = PADDED + clear + b"\x80"
    return filled + bytes(-len(filled) % size)


def decode(raw: bytes) -> Any:
    """Raises Tampered for what `encode` and `padded` do not write."""
    try:
        return _unpack(raw[:1], raw[1:]) if raw[:1] != PADDED else _unpack_padded(raw[1:])
    except (ValueError, InvalidOperation):
        raise Tampered("A sealed value is not of the type it names.") from None


def _unpack_padded(filled: bytes) -> Any:
    raw, mark, zeros = filled.rpartition(b"\x80")
    if not mark or zeros.strip(b"\0"):
        raise Tampered("A sealed value's padding is broken.")
    return _unpack(raw[:1], raw[1:])


def _unpack(tag: bytes, rest: bytes) -> Any:
    if tag == b"j":
        return json.loads(_bytes_text(rest))
    unpack = _UNPACK.get(tag)
    if unpack is None:
        raise Tampered("A sealed value has an unknown type.")
    return unpack(rest)
