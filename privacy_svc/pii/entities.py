"""What Presidio's recognisers find, by fideslang data category, and how certain a finding must be. Pure.

National recognisers run for the organisation's own country only: their patterns are mostly plain
numbers, and every further country makes more order numbers look like somebody's.
"""

from collections.abc import Mapping

GENERIC: Mapping[str, str] = {
    "CREDIT_CARD": "user.financial.credit_card",
    "CRYPTO": "user.financial",
    "DATE_OF_BIRTH": "user.demographic.date_of_birth",
    "EMAIL_ADDRESS": "user.contact.email",
    "IBAN_CODE": "user.financial.bank_account",
    "IP_ADDRESS": "user.device.ip_address",
    "MAC_ADDRESS": "user.device.device_id",
    "PERSON": "user.name",
    "PHONE_NUMBER": "user.contact.phone_number",
    "URL": "user.contact.url",
    "UUID": "user.unique_id.pseudonymous",
}

_ID, _PASSPORT, _LICENCE = (
    f"user.government_id.{name}"
    for name in ("national_identification_number", "passport_number", "drivers_license_number")
)
_HEALTH = "user.health_and_medical.record_id"

NATIONAL: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "DE": {
        "DeTaxIdRecognizer": ("DE_TAX_ID", _ID),
        "DeSocialSecurityRecognizer": ("DE_SOCIAL_SECURITY", _ID),
        "DeIdCardRecognizer": ("DE_ID_CARD", _ID),
        "DePassportRecognizer": ("DE_PASSPORT", _PASSPORT),
        "DeFuehrerscheinRecognizer": ("DE_FUEHRERSCHEIN", _LICENCE),
        "DeHealthInsuranceRecognizer": ("DE_HEALTH_INSURANCE", _HEALTH),
    },
    "ES": {
        "EsNifRecognizer": ("ES_NIF", _ID),
        "EsNieRecognizer": ("ES_NIE", _ID),
        "EsPassportRecognizer": ("ES_PASSPORT", _PASSPORT),
    },
    "FI": {"FiPersonalIdentityCodeRecognizer": ("FI_PERSONAL_IDENTITY_CODE", _ID)},
    "GB": {
        "UkNinoRecognizer": ("UK_NINO", _ID),
        "NhsRecognizer": ("UK_NHS", _HEALTH),
        "UkPassportRecognizer": ("UK_PASSPORT", _PASSPORT),
        "UkDrivingLicenceRecognizer": ("UK_DRIVING_LICENCE", _LICENCE),
    },
    "IT": {
        "ItFiscalCodeRecognizer": ("IT_FISCAL_CODE", _ID),
        "ItIdentityCardRecognizer": ("IT_IDENTITY_CARD", _ID),
        "ItPassportRecognizer": ("IT_PASSPORT", _PASSPORT),
        "ItDriverLicenseRecognizer": ("IT_DRIVER_LICENSE", _LICENCE),
    },
    "PL": {"PlPeselRecognizer": ("PL_PESEL", _ID)},
    "SE": {"SePersonnummerRecognizer": ("SE_PERSONNUMMER", _ID)},
    "US": {
        "UsSsnRecognizer": ("US_SSN", _ID),
        "UsItinRecognizer": ("US_ITIN", _ID),
        "UsPassportRecognizer": ("US_PASSPORT", _PASSPORT),
        "UsLicenseRecognizer": ("US_DRIVER_LICENSE", _LICENCE),
        "UsBankRecognizer": ("US_BANK_NUMBER", "user.financial.bank_account"),
    },
}
"""Region to recogniser class, what it finds, category."""

CATEGORIES: Mapping[str, str] = {
    **GENERIC,
    **{entity: category for country in NATIONAL.values() for entity, category in country.values()},
}

_ONLY_WITH_CONTEXT = 0.4
"""What a match of a very weak pattern is raised to when a word such as "passport" stands before it."""

THRESHOLDS: Mapping[str, float] = {
    "DATE_OF_BIRTH": 0.9,
    "ES_PASSPORT": _ONLY_WITH_CONTEXT,
    "IT_IDENTITY_CARD": _ONLY_WITH_CONTEXT,
    "IT_PASSPORT": _ONLY_WITH_CONTEXT,
    "PHONE_NUMBER": 0.4,
    "UK_PASSPORT": _ONLY_WITH_CONTEXT,
    "US_BANK_NUMBER": _ONLY_WITH_CONTEXT,
    "US_PASSPORT": _ONLY_WITH_CONTEXT,
}
DEFAULT_THRESHOLD = 0.5
