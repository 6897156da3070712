"""Typed plaintext: one byte that says what the value is, then the value. Never pickle."""

import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from privacy_svc.vault.errors import Tampered

_FORMS: tuple[tuple[bytes, type, Callable[[Any], bytes], Callable[[bytes], Any]], ...] = (
    (b"s", str, str.encode, bytes.decode),
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
    return b"j" + json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def decode(raw: bytes) -> Any:
    tag, rest = raw[:1], raw[1:]
    if tag == b"j":
        return json.loads(rest)
    for known, _, _, unpack in _FORMS:
        if tag == known:
            return unpack(rest)
    raise Tampered("A sealed value has an unknown type.")
