"""Typed plaintext: one byte that says what the value is, then the value. Never pickle.

Text is UTF-8 that lets lone surrogates through: a store may hold them, and what was sealed must come back.
"""

import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from privacy_svc.vault.errors import Tampered


def text_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _bytes_text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogatepass")


_FORMS: tuple[tuple[bytes, type, Callable[[Any], bytes], Callable[[bytes], Any]], ...] = (
    (b"s", str, text_bytes, _bytes_text),
    (b"?", bool, lambda v: b"1" if v else b"0", lambda b: b == b"1"),
    (b"i", int, lambda v: str(v).encode(), lambda b: int(b.decode())),
    (b"n", Decimal, lambda v: str(v).encode(), lambda b: Decimal(b.decode())),
    (b"t", datetime, lambda v: v.isoformat().encode(), lambda b: datetime.fromisoformat(b.decode())),
    (b"d", date, lambda v: v.isoformat().encode(), lambda b: date.fromisoformat(b.decode())),
    (b"b", bytes, bytes, bytes),
)
"""Subclasses before their bases: bool is an int, datetime is a date."""


def encode(value: object) -> bytes:
    """Raises TypeError for what has no form; lists, dicts, floats and None go as JSON."""
    for tag, kind, pack, _ in _FORMS:
        if isinstance(value, kind):
            return tag + pack(value)
    return b"j" + text_bytes(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def decode(raw: bytes) -> Any:
    """Raises Tampered for what `encode` does not write."""
    try:
        return _unpack(raw[:1], raw[1:])
    except (ValueError, InvalidOperation):
        raise Tampered("A sealed value is not of the type it names.") from None


def _unpack(tag: bytes, rest: bytes) -> Any:
    if tag == b"j":
        return json.loads(_bytes_text(rest))
    for known, _, _, unpack in _FORMS:
        if tag == known:
            return unpack(rest)
    raise Tampered("A sealed value has an unknown type.")
