"""Blind indexes: values made comparable, then a truncated keyed hash. Pure.

Equality leaks by design: who sees the index sees which rows have equal values, never the value.
The key is HKDF-Expand(index root, field, normaliser, normaliser's version); 63 bits fit a BIGINT.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping

import idna
import phonenumbers
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from privacy_svc.vault.keys import Key
from privacy_svc.vault.values import text_bytes

_TRAILING = "."
_LETTER = re.compile(r"[^\s.]")


def _exact(value: str, _region: str) -> str | None:
    return value or None


def _casefold(value: str, _region: str) -> str | None:
    return _folded(value) or None


def _folded(value: str) -> str:
    """Composed again after folding, which can take letters apart: twice is the same as once."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold()).strip()


def _email(value: str, region: str) -> str | None:
    """The whole address casefolded, its domain in ASCII (IDNA 2008)."""
    value = _bare(value)
    if value.isascii():  # nothing to normalise but case
        value = value.lower()
        return value if 0 < value.rfind("@") < len(value) - 1 else None
    local, at, _ = value.rpartition("@")
    domain = _domain(value, region)
    local = _folded(local)
    return f"{local}@{domain}" if at and local and domain else None


def _bare(value: str) -> str:
    """Without white space around it and dots at its end."""
    if value and (value[-1] in _TRAILING or value[0].isspace() or value[-1].isspace()):
        value = value.lstrip()
        last = _LETTER.search(value[::-1])  # backwards: an end would be looked for from each dot anew
        return value[: len(value) - last.start()] if last else ""
    return value


def _domain(value: str, _region: str) -> str | None:
    domain = _bare(_bare(value).rpartition("@")[2]).casefold()
    if domain.isascii():  # IDNA leaves it as it is, at ten times the cost
        return domain or None
    try:
        return idna.encode(domain, uts46=True).decode() or None
    except (idna.IDNAError, UnicodeError):
        return domain or None


def _phone(value: str, region: str) -> str | None:
    """E.164; a number without country code is read as one of the organisation's region."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(value, region), phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        return None


def _last4(value: str, _region: str) -> str | None:
    digits = re.sub(r"\W", "", value)
    return digits[-4:].casefold() if len(digits) >= 4 else None


def _name(value: str, _region: str) -> str | None:
    """Casefolded without accents and punctuation: `Müller-Lüdenscheidt` and `muller ludenscheidt` are one."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", value) if not unicodedata.combining(c))
    return " ".join(re.findall(r"\w+", bare.casefold())) or None


def _year(value: str, _region: str) -> str | None:
    found = re.search(r"(?<!\d)(1[89]|20)\d\d(?!\d)", value)
    return found[0] if found else None


NORMALISERS: Mapping[str, Callable[[str, str], str | None]] = {
    "exact": _exact,
    "casefold": _casefold,
    "email": _email,
    "domain": _domain,
    "phone": _phone,
    "last4": _last4,
    "name": _name,
    "year": _year,
}


VERSIONS: Mapping[str, int] = dict.fromkeys(NORMALISERS, 1)
"""Raised where a change to a normaliser makes its old index values useless: another key, other values."""


def normalise(name: str, value: str, region: str = "DE") -> str | None:
    """The value as it is compared; None where it says nothing (no e-mail, no number)."""
    return NORMALISERS[name](value, region)


class BlindIndex:
    """One field's index. Keyed once; each value copies the keyed state, which is twice as fast."""

    def __init__(self, root: Key, field_id: int, normaliser: str, region: str) -> None:
        label = f"bidx|{field_id}|{normaliser}|{VERSIONS[normaliser]}"
        self._mac = HMAC(root.derive(label), SHA256())
        self._normalise, self._region = NORMALISERS[normaliser], region

    def __repr__(self) -> str:
        return "BlindIndex(…)"

    def of(self, value: str) -> int | None:
        """A number from 0 to 2**63 - 1; None where the value normalises to nothing."""
        comparable = self._normalise(value, self._region)
        if comparable is None:
            return None
        mac = self._mac.copy()
        mac.update(comparable.encode() if comparable.isascii() else text_bytes(comparable))
        return int.from_bytes(mac.finalize()[:8]) >> 1
