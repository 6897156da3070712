"""Showing a value in part, as the service does; a test holds them together.

`hash` is not among them: its key is the organisation's, and stays with the service.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date

_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?", re.ASCII | re.DOTALL)
_DOMAIN = re.compile(r"(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_]{2,}")


def _last4(value: object) -> str | None:
    """The last four letters or digits, but never more than half of them."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value)
    places = [n for n, c in enumerate(text) if c.isalnum()]
    hidden = set(places[: len(places) - min(4, len(places) // 2)])
    return "".join("*" if n in hidden else c for n, c in enumerate(text)) if places else None


def _year(value: object) -> str | None:
    if isinstance(value, date):
        return f"{value.year:04d}"
    found = _DATE.fullmatch(value) if isinstance(value, str) else None
    try:
        return f"{date(*map(int, found.groups())).year:04d}" if found else None
    except ValueError:
        return None


def _domain(value: object) -> str | None:
    _, at, domain = value.rpartition("@") if isinstance(value, str) else ("", "", "")
    return f"***@{domain}" if at and _DOMAIN.fullmatch(domain) else None


def _initials(value: object) -> str | None:
    words = value.split() if isinstance(value, str) else []
    letters = [next((c for c in word if c.isalpha()), "") for word in words]
    return " ".join(f"{c.upper()}." for c in letters if c) or None


MASKS: Mapping[str, Callable[[object], str | None]] = {
    "last4": _last4,
    "year": _year,
    "domain": _domain,
    "initials": _initials,
    "null": lambda _: None,
}
"""By the name in a decision. What cannot be masked becomes None."""
