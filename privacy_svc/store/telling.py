"""What names one person alone, an address or a long number, and how else it is written. Pure."""

import hashlib
import re
from collections.abc import Iterable, Iterator

import idna
import phonenumbers

from privacy_svc.store.numbers import LONG_NUMBER

LONGEST = 200
_DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}.*|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}")
_HASHES = ("md5", "sha1", "sha256")
_LEAST_NATIONAL = 8
"""Digits of a number without its zero that is no other one's."""


def telling(value: str, region: str) -> Iterator[str]:
    if "@" in value:
        if not re.search(r"\s", value):
            for spelled in dict.fromkeys((value, *_domains(value))):
                yield spelled
                lower = spelled.casefold().encode()
                yield from (hashlib.new(h, lower, usedforsecurity=False).hexdigest() for h in _HASHES)
    elif len(value) <= LONGEST and _is_number(value):
        yield value
        yield from _spellings(value, region)


def as_numbers(values: Iterable[str]) -> Iterator[str]:
    for value in values:
        if not any(c.isalpha() for c in value):
            yield re.sub(r"\D", "", value).lstrip("0")


def _domains(address: str) -> Iterator[str]:
    """The domain as the net knows it (`xn--mller-jua.example`), and as people read it."""
    local, _, domain = address.rpartition("@")
    lower = domain.casefold()
    if lower.isascii() and "xn--" not in lower:
        return
    try:
        yield f"{local}@{idna.encode(lower, uts46=True).decode()}"
        yield f"{local}@{idna.decode(lower, uts46=True)}"
    except (idna.IDNAError, UnicodeError):  # no domain that mail goes to: as it is written, then
        return


def _is_number(value: str) -> bool:
    """A phone number, an account, a tax number: mostly digits, and no date."""
    digits, letters = len(re.sub(r"\D", "", value)), sum(c.isalpha() for c in value)
    return digits >= LONG_NUMBER and letters <= digits // 2 and not _DATE.fullmatch(value)


def _spellings(value: str, region: str) -> Iterator[str]:
    """Of a phone number: with a country's number, with `(0)` after it, and without, with its zero or not."""
    if any(c.isalpha() for c in value):
        yield re.sub(r"\s", "", value)
        return
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return
    if phonenumbers.is_possible_number(number):
        whole = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        national = re.sub(r"\D", "", phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL))
        bare = phonenumbers.national_significant_number(number)
        yield from (whole, "00" + whole.removeprefix("+"), national)
        if national != bare:
            yield f"+{number.country_code}{national}"
        if len(bare) >= _LEAST_NATIONAL:
            yield bare
