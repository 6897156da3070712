"""Whether a value somebody proposes can stand in a field, said before anybody approves it.

By the column (type, length, NULL), by the data map (`length`, `pattern`), and by what the field's category is known to
look like: an e-mail address, a phone number, a birth date, a country.
"""

import re
from datetime import UTC, date, datetime
from typing import Any

import phonenumbers
from sqlalchemy.types import TypeEngine

from privacy_svc.policy import Field, age_on, country_code, within
from privacy_svc.store.binding import BoundCollection
from privacy_svc.store.kinds import BINARY, TEXT, fit, is_sealed, kind_of
from privacy_svc.vault import normalise

LONGEST = 10_000
_LONGEST_MATCHED = 500
"""A pattern of the data map is held against no longer text."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LOCAL = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_OLDEST = 120
_FEWEST_DIGITS = 5


def why_not(bound: BoundCollection, field: Field, value: Any, region: str) -> str | None:
    """None where it fits. Says what is wrong, never the value."""
    if value is None:
        return None if field.name in bound.nullable else "the column must not be empty"
    if isinstance(value, str):
        text = value
        if not text.strip() or text != text.strip():
            return "an empty text, or one with spaces around it; null empties the field"
        if len(text) > LONGEST or _CONTROL.search(text) or is_sealed(text):
            return "no text that could be written"
        if why := _by_column(bound, field, text) or _by_category(field, text, region):
            return why
    return _by_type(bound, field, value)


def _by_column(bound: BoundCollection, field: Field, text: str) -> str | None:
    declared = getattr(bound.types[field.name], "length", None) if not field.seal else None
    length = min((n for n in (declared, field.length) if isinstance(n, int)), default=None)
    if length is not None and len(text) > length:
        return f"longer than {length} characters"
    if field.pattern and not (len(text) <= _LONGEST_MATCHED and re.fullmatch(field.pattern, text)):
        return f"not of the form {field.pattern}"
    return None


def _by_category(field: Field, text: str, region: str) -> str | None:
    if field.identity == "email" or _is(field, "user.contact.email"):
        return None if is_address(text) else "not an e-mail address"
    if field.identity == "phone" or _is(field, "user.contact.phone_number", "user.contact.fax_number"):
        return None if _is_phone(text, region) else "not a phone number"
    if _is(field, "user.demographic.date_of_birth"):
        return None if _is_birth(text) else "not a date of birth such as 1980-02-29"
    if _is(field, "user.contact.address.country"):
        return None if country_code(text) else "not a country, such as DE"
    return None


def _is(field: Field, *categories: str) -> bool:
    return any(within(c, categories) for c in field.categories)


def is_address(text: str) -> bool:
    """RFC 5321 without quoted local parts and literal addresses, which nobody has and no CRM takes."""
    comparable = normalise("email", text) if "@" in text else None
    if comparable is None or len(text) > 254:
        return False
    local, _, domain = comparable.rpartition("@")
    labels = domain.split(".")
    dotted = local.startswith(".") or local.endswith(".") or ".." in local
    return bool(_LOCAL.fullmatch(local)) and not dotted and len(labels) > 1 and all(map(_LABEL.fullmatch, labels))


def _is_phone(text: str, region: str) -> bool:
    if sum(c.isdigit() for c in text) < _FEWEST_DIGITS:
        return False
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(text, region))
    except phonenumbers.NumberParseException:
        return False


def _is_birth(text: str) -> bool:
    try:
        born = date.fromisoformat(text)
    except ValueError:
        return False
    today = datetime.now(UTC).date()
    return born <= today and age_on(born, today) <= _OLDEST


def _by_type(bound: BoundCollection, field: Field, value: Any) -> str | None:
    """Where the column, or before it was sealed the data map, has another type than text."""
    kind = _DECLARED.get(field.data_type) if field.seal else kind_of(_declared(bound, field))
    if kind in {None, TEXT}:
        return None if isinstance(value, str) else "a text is expected"
    return None if kind != BINARY and fit(kind, value) is not None else f"a {kind} is expected"


_DECLARED = {"integer": "integer", "float": "float", "boolean": "boolean"}
"""fideslang's names of types; the rest is text."""


def _declared(bound: BoundCollection, field: Field) -> TypeEngine[Any]:
    return bound.types[field.name]


def as_typed(bound: BoundCollection, field: Field, value: Any) -> Any:
    """The value as the column takes it: a date given as text is a date where the column is one."""
    if field.seal or value is None:
        return value
    kind = kind_of(_declared(bound, field))
    raw = bound.table.c[field.name].type.__class__.__name__ == "NullType"  # SQLite takes texts as they are
    return value if kind in {TEXT, BINARY} or (raw and kind in {"date", "datetime"}) else fit(kind, value)
