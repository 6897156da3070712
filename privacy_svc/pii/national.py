"""National ids: which recogniser or check knows them, and where they count. Pure.

One check digit is right in every tenth number, so most plain numbers need a word such as "BSN" before them. In its own
country one counts by itself whose check fewer than one in two hundred numbers pass, or that is grouped as no other
number is. What has a shape that no other number has (the Italian code, the French number with its two check digits)
counts everywhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass

_ID, _PASSPORT, _LICENCE = (
    f"user.government_id.{name}"
    for name in ("national_identification_number", "passport_number", "drivers_license_number")
)
_HEALTH = "user.health_and_medical.record_id"

NATIONAL: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "DE": {
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
        "UkPassportRecognizer": ("UK_PASSPORT", _PASSPORT),
        "UkDrivingLicenceRecognizer": ("UK_DRIVING_LICENCE", _LICENCE),
    },
    "IT": {
        "ItFiscalCodeRecognizer": ("IT_FISCAL_CODE", _ID),
        "ItIdentityCardRecognizer": ("IT_IDENTITY_CARD", _ID),
        "ItPassportRecognizer": ("IT_PASSPORT", _PASSPORT),
        "ItDriverLicenseRecognizer": ("IT_DRIVER_LICENSE", _LICENCE),
    },
    "US": {
        "UsSsnRecognizer": ("US_SSN", _ID),
        "UsItinRecognizer": ("US_ITIN", _ID),
        "UsPassportRecognizer": ("US_PASSPORT", _PASSPORT),
        "UsLicenseRecognizer": ("US_DRIVER_LICENSE", _LICENCE),
        "UsBankRecognizer": ("US_BANK_NUMBER", "user.financial.bank_account"),
    },
}
"""Region to Presidio's recogniser, what it finds, category."""

EVERYWHERE = ("UsSsnRecognizer", "ItFiscalCodeRecognizer", "EsNifRecognizer", "EsNieRecognizer", "UkNinoRecognizer")
"""Of these the ones whose shape tells."""


@dataclass(frozen=True, slots=True)
class Number:
    """An id that python-stdnum checks."""

    country: str
    entity: str
    module: str
    pattern: str
    words: str
    """In lower case; one of them before it makes a plain number this one."""
    tells: bool = False
    """Its shape and check are such that it stands for itself."""
    rare: bool = False
    """So few numbers pass its check that it stands for itself in its own country."""
    grouped: str = ""
    """A writing in which it does so."""
    category: str = _ID


NUMBERS = (
    Number(
        "AT",
        "AT_VNR",
        "at.vnr",
        r"\d{4}[ ]?\d{6}",
        "sozialversicherungsnummer svnr sv versicherungsnummer",
        grouped=r"\d{4}[ ](?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d\d",
    ),
    Number(
        "BE",
        "BE_NN",
        "be.nn",
        r"\d{2}[.]?\d{2}[.]?\d{2}[- ]?\d{3}[. ]?\d{2}",
        "rijksregisternummer rijksregister national registre niss insz rrn",
        tells=True,
    ),
    Number("BG", "BG_EGN", "bg.egn", r"\d{10}", "егн egn"),
    Number("CH", "CH_AHV", "ch.ssn", r"756[. ]?\d{4}[. ]?\d{4}[. ]?\d{2}", "ahv avs ahvn13", tells=True),
    Number("CZ", "CZ_RC", "cz.rc", r"\d{6}/?\d{3,4}", "rodné rč rc číslo", grouped=r"\d{6}/\d{3,4}"),
    Number(
        "DE",
        "DE_TAX_ID",
        "de.idnr",
        r"\d{2}[ ]?\d{3}[ ]?\d{3}[ ]?\d{3}",
        "steuer steuernummer idnr tin steueridentifikationsnummer steuerid stid tax",
        rare=True,
    ),
    Number("DK", "DK_CPR", "dk.cpr", r"\d{6}[- ]?\d{4}", "cpr personnummer", grouped=r"\d{6}-\d{4}"),
    Number("EE", "EE_IK", "ee.ik", r"[1-6]\d{10}", "isikukood ik", rare=True),
    Number(
        "FR",
        "FR_NIR",
        "fr.nir",
        r"[12][ ]?\d{2}[ ]?\d{2}[ ]?\d[\dAB][ ]?\d{3}[ ]?\d{3}[ ]?\d{2}",
        "sécurité nir insee sociale",
        tells=True,
    ),
    Number(
        "GB",
        "UK_NHS",
        "gb.nhs",
        r"\d{3}[ -]?\d{3}[ -]?\d{4}",
        "nhs patient",
        grouped=r"\d{3}[ ]\d{3}[ ]\d{4}",
        category=_HEALTH,
    ),
    Number("GR", "GR_AMKA", "gr.amka", r"\d{11}", "αμκα amka", rare=True),
    Number("HR", "HR_OIB", "hr.oib", r"\d{11}", "oib"),
    Number("IE", "IE_PPS", "ie.pps", r"\d{7}[A-W][A-IW]?", "pps ppsn", tells=True),
    Number("LT", "LT_AK", "lt.asmens", r"[3-6]\d{10}", "asmens ak", rare=True),
    Number(
        "NL",
        "NL_BSN",
        "nl.bsn",
        r"\d{9}|\d{4}\.\d{2}\.\d{3}|\d{3}[. ]\d{3}[. ]\d{3}",
        "bsn burgerservicenummer sofinummer sofi",
        grouped=r"\d{4}\.\d{2}\.\d{3}",
    ),
    Number("NO", "NO_FNR", "no.fodselsnummer", r"\d{6}[ ]?\d{5}", "fødselsnummer personnummer", rare=True),
    Number("PL", "PL_PESEL", "pl.pesel", r"\d{11}", "pesel"),
    Number("PT", "PT_NIF", "pt.nif", r"[1-3]\d{2}[ ]?\d{3}[ ]?\d{3}", "nif contribuinte fiscal contribuintes"),
    Number("RO", "RO_CNP", "ro.cnp", r"[1-8]\d{12}", "cnp", rare=True),
    Number("SE", "SE_PERSONNUMMER", "se.personnummer", r"(?:19|20)?\d{6}[-+]?\d{4}", "personnummer pnr", rare=True),
    Number("SI", "SI_EMSO", "si.emso", r"\d{13}", "emšo emso", rare=True),
    Number("SK", "SK_RC", "sk.rc", r"\d{6}/?\d{3,4}", "rodné rč číslo", grouped=r"\d{6}/\d{3,4}"),
)
"""Ids of persons by the check digits that python-stdnum knows. What Presidio finds in its own country is there its."""


def presidios(region: str) -> Mapping[str, tuple[str, str]]:
    """Presidio's recognisers that work for a region."""
    everywhere = {n: found for country in NATIONAL.values() for n, found in country.items() if n in EVERYWHERE}
    return {**everywhere, **NATIONAL.get(region, {})}


def numbers(region: str) -> list[Number]:
    taken = {entity for entity, _ in presidios(region).values()}
    return [n for n in NUMBERS if n.entity not in taken]
