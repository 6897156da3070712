"""What is found in texts, by fideslang data category, and how certain a finding must be. Pure."""

from collections.abc import Mapping

from privacy_svc.pii.national import NATIONAL, NUMBERS

GENERIC: Mapping[str, str] = {
    "ADDRESS": "user.contact.address",
    "AGE": "user.demographic.age_range",
    "CREDIT_CARD": "user.financial.credit_card",
    "CRYPTO": "user.financial",
    "DATE_OF_BIRTH": "user.demographic.date_of_birth",
    "EMAIL_ADDRESS": "user.contact.email",
    "IBAN_CODE": "user.financial.bank_account",
    "IP_ADDRESS": "user.device.ip_address",
    "LOCATION": "user.location.imprecise",
    "MAC_ADDRESS": "user.device.device_id",
    "PERSON": "user.name",
    "PHONE_NUMBER": "user.contact.phone_number",
    "URL": "user.contact.url",
    "UUID": "user.unique_id.pseudonymous",
}

CATEGORIES: Mapping[str, str] = {
    **GENERIC,
    **{number.entity: number.category for number in NUMBERS},
    **{entity: category for country in NATIONAL.values() for entity, category in country.values()},
}

_ONLY_WITH_CONTEXT = 0.4
"""What a match of a very weak pattern is raised to when a word such as "passport" stands before it."""

THRESHOLDS: Mapping[str, float] = {
    **{number.entity: _ONLY_WITH_CONTEXT for number in NUMBERS},
    "DATE_OF_BIRTH": 0.9,
    "ES_PASSPORT": _ONLY_WITH_CONTEXT,
    "IT_IDENTITY_CARD": _ONLY_WITH_CONTEXT,
    "IT_PASSPORT": _ONLY_WITH_CONTEXT,
    "PHONE_NUMBER": 0.4,
    "UK_PASSPORT": _ONLY_WITH_CONTEXT,
    "US_BANK_NUMBER": _ONLY_WITH_CONTEXT,
    "US_PASSPORT": _ONLY_WITH_CONTEXT,
    "US_SSN": _ONLY_WITH_CONTEXT,
}
DEFAULT_THRESHOLD = 0.5


def counts(entity: str, score: float) -> bool:
    return score >= THRESHOLDS.get(entity, DEFAULT_THRESHOLD)
