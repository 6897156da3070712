"""What a single stored value looks like. Pure; for columns, where many values speak together."""

import re
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from ipaddress import ip_address
from typing import Any

import phonenumbers

from privacy_svc.pii.cards import is_card
from privacy_svc.pii.national import NUMBERS

_EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;.]{2,}")
_PHONE = re.compile(r"(?:\+|00)?[\d\s()./-]{6,24}(?:\s*(?:x|ext\.?)\s*\d{1,6})?", re.IGNORECASE)
_NOT_PHONE = re.compile(r"\d{4}-\d\d-\d\d.*|\d{1,2}[./]\d{1,2}[./]\d{2,4}|\d+\.\d+|\d{1,3}(?:\.\d{1,3}){3}")
"""Dates, decimal numbers and IPv4 addresses are written with the same signs."""
_WITH_ZERO = ("DE", "FR", "GB", "NL", "IT", "AT", "CH", "BE", "US", "BR", "AU")
_WITHOUT_ZERO = ("ES", "IT", "PT", "DK", "NO", "PL")
"""Where people dial no zero before a number, or the same one from everywhere."""
_AMERICAN = re.compile(r"(?:1[ .-])?[2-9]\d\d([ .-])[2-9]\d\d\1\d{4}(?:\s*(?:x|ext\.?)\s*\d{1,6})?", re.IGNORECASE)
_DATE = re.compile(r"((?:18|19|20)\d\d)-\d\d-\d\d.*|\d{1,2}[./]\d{1,2}[./]((?:18|19|20)\d\d)")
_POSTAL = re.compile(
    r"(?:[A-Z]{1,2}-)?\d{3,5}(?:[- ]?\d{2,4})?|[A-Z]\d[A-Z] ?\d[A-Z]\d|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}"
    r"|\d{4} ?[A-Z]{2}|[A-Z]\d[A-Z]"
)
_STREET_WORD = re.compile(
    r"stra(?:ß|ss)e\b|str\.|weg\b|gasse\b|allee\b|platz\b|\b(?:street|st|road|rd|avenue|ave|av|lane|drive|dr|blvd|"
    r"boulevard|way|close|square|court|rue|quai|chemin|impasse|calle|c/|avenida|plaza|paseo|via|viale|piazza|corso|"
    r"rua|travessa|praça)\b|straat\b|laan\b|plein\b|gracht\b",
    re.IGNORECASE,
)
_VERSION = 31
"""No part of a version is greater, nearly; of four parts of an address one nearly always is."""
_MOST_IDS, _FIRST = 200, 5
_SHORTEST_ABROAD = 9


def is_email(text: str) -> bool:
    return _EMAIL.fullmatch(text) is not None


def holds_email(text: str) -> bool:
    """Among other words."""
    return " " in text and any(is_email(word.strip("<>()[].,;:")) for word in text.split() if "@" in word)


def is_phone(text: str) -> bool:
    """Written as people write phone numbers, and one that exists. Bare digits are as likely an article's number (see
    `is_dialled`), and so are digits with hyphens that no country dials."""
    if not is_dialled(text) or not any(c in text for c in "+ ()-/"):
        return False
    return text.startswith("+") or any(_exists(text, region) for region in _regions_of(text))


def _regions_of(text: str) -> Sequence[str]:
    """Where a number would be written so: with a zero or a bracket before it, in groups of blanks, as in America."""
    if text.startswith(("0", "(")):
        return _WITH_ZERO
    if _AMERICAN.fullmatch(text):
        return ("US",)
    return () if set("-/.") & set(text) else _WITHOUT_ZERO


def _exists(text: str, region: str) -> bool:
    try:
        return bool(phonenumbers.is_valid_number(phonenumbers.parse(text, region)))
    except phonenumbers.NumberParseException:
        return False


def is_dialled(text: str) -> bool:
    """Could be dialled: what a column called `phone` may hold."""
    if not _PHONE.fullmatch(text) or _NOT_PHONE.fullmatch(text):
        return False
    if text.startswith("+"):
        try:
            return bool(phonenumbers.is_possible_number(phonenumbers.parse(text)))
        except phonenumbers.NumberParseException:
            return False
    return 6 <= sum(c.isdigit() for c in text) <= 16


def is_international(text: str) -> bool:
    """Digits alone that make a number with their country's code before them."""
    return text.isdigit() and len(text) >= _SHORTEST_ABROAD and _exists(f"+{text}", "")


def is_birth_date(text: str) -> bool:
    """A date of the last 120 years; only together with a header does it speak of a birth."""
    found = _DATE.fullmatch(text)
    return found is not None and 1900 <= int(found[1] or found[2]) <= 2100


def is_postal_code(text: str) -> bool:
    return _POSTAL.fullmatch(text.upper()) is not None


def is_street(text: str) -> bool:
    return any(c.isdigit() for c in text) and _STREET_WORD.search(text) is not None


def is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return "." in text or text.count(":") >= 2


def is_known_ip(text: str) -> bool:
    """By itself: "4.2.1.8" is a version as well."""
    return is_ip(text) and (":" in text or any(int(part) > _VERSION for part in text.split(".")))


def is_card_number(text: str) -> bool:
    """Also in groups."""
    return is_card(text.replace(" ", "").replace("-", ""))


def is_iban(text: str) -> bool:
    """ISO 13616, with its check digits."""
    plain = text.replace(" ", "").upper()
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", plain):
        return False
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


SHAPES: Mapping[str, tuple[str, Callable[[str], bool]]] = {
    "user.contact.email": ("e-mail addresses", is_email),
    "user.financial.bank_account": ("IBANs", is_iban),
    "user.financial.credit_card": ("card numbers", is_card_number),
    "user.device.ip_address": ("IP addresses", is_known_ip),
    "user.contact.phone_number": ("phone numbers", is_phone),
    "user.contact.address.street": ("streets with a number", is_street),
}
"""What values alone can say, the most certain first."""

CONFIRMING: Mapping[str, tuple[str, Callable[[str], bool]]] = {
    **SHAPES,
    "user.device.ip_address": ("IP addresses", is_ip),
    "user.contact.phone_number": ("phone numbers", is_dialled),
    "user.contact.fax_number": ("phone numbers", is_dialled),
    "user.demographic.date_of_birth": ("dates", is_birth_date),
    "user.contact.address.postal_code": ("postal codes", is_postal_code),
    "user.contact.address": ("streets with a number", is_street),
}
"""What values add to a header."""


def national_id(found: Sequence[str], enough: float) -> tuple[str, int] | None:
    """Of values that are one country's ids, by shape and check digits: their category, and how many are. A check digit
    is right in one of ten numbers by chance, so nearly all must be."""
    some = found[:_MOST_IDS]
    for number in NUMBERS:
        shape = re.compile(number.pattern)
        right = import_module(f"stdnum.{number.module}").is_valid if all(map(shape.fullmatch, some[:_FIRST])) else None
        fitting = sum(bool(shape.fullmatch(v) and right(v)) for v in some) if right else 0
        if fitting >= enough * len(some):
            return number.category, fitting * len(found) // len(some)
    return None


def texts(values: Sequence[Any]) -> list[str]:
    """The values as they would be written, without empty ones."""
    return [text for text in (str(v).strip() for v in values) if text]


def count(shape: Callable[[str], bool], found: Sequence[str]) -> int:
    return sum(shape(text) for text in found)
