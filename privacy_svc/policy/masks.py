"""Showing a value in part. Pure, and closed on failure: what cannot be masked becomes None."""

import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import date

from privacy_svc.policy.policyset import Mask

_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?", re.ASCII | re.DOTALL)
_DOMAIN = re.compile(r"(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_]{2,}")
_HIDDEN = "*"


def apply_mask(mask: Mask, value: object, *, key: bytes | None = None) -> object:
    """The value as it may be shown. `key` is for `hash`: without one there is no hash, because a bare
    digest of an e-mail or a number is found by trying them all."""
    if mask is Mask.HASH:
        return _hash(value, key)
    masker = _MASKERS.get(mask)
    return masker(value) if masker else None


def _last4(value: object) -> str | None:
    """Shows the last four letters or digits, but never more than half of them."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value)
    places = [n for n, c in enumerate(text) if c.isalnum()]
    shown = min(4, len(places) // 2)
    if not places:
        return None
    hidden = set(places[: len(places) - shown])
    return "".join(_HIDDEN if n in hidden else c for n, c in enumerate(text))


def _year(value: object) -> str | None:
    if isinstance(value, date):
        return f"{value.year:04d}"
    found = _DATE.fullmatch(value) if isinstance(value, str) else None
    if not found:
        return None
    try:
        return f"{date(int(found[1]), int(found[2]), int(found[3])).year:04d}"
    except ValueError:
        return None


def _domain(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    _, at, domain = value.rpartition("@")
    return f"***@{domain}" if at and _DOMAIN.fullmatch(domain) else None


def _initials(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    letters = [next((c for c in word if c.isalpha()), "") for word in value.split()]
    return " ".join(f"{c.upper()}." for c in letters if c) or None


def _hash(value: object, key: bytes | None) -> str | None:
    if not key or isinstance(value, bool) or not isinstance(value, str | int | date):
        return None
    text = value.isoformat() if isinstance(value, date) else str(value)
    return hmac.new(key, f"mask\0{text}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]


_MASKERS: dict[Mask, Callable[[object], str | None]] = {
    Mask.LAST4: _last4,
    Mask.YEAR: _year,
    Mask.DOMAIN: _domain,
    Mask.INITIALS: _initials,
    Mask.NULL: lambda _: None,
}
