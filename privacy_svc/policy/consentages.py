"""From which age on a person may consent by themselves, country by country (Art. 8(1) GDPR).

Sixteen, unless the state's law says less, never below thirteen. Each age has its law. A controller that offers its
service in several states keeps each one's age (EDPB Guidelines 05/2020, 131). Where a law changes before this table
does, `consent_ages` in organisation.yml says so.
"""

from collections.abc import Mapping
from types import MappingProxyType

DEFAULT = 16
"""Where no law says less: Art. 8(1) itself, for people of any other country as well."""
LEAST = 13
LEAST_LAW = "never below 13 (Art. 8(1))"

_LAWS: Mapping[str, tuple[int, str]] = {
    "AT": (14, "DSG § 4(4)"),
    "BE": (13, "Act of 30 July 2018, Art. 7"),
    "BG": (14, "Personal Data Protection Act, Art. 25c"),
    "CY": (14, "Law 125(I)/2018, s. 8"),
    "CZ": (15, "Act 110/2019, § 7"),
    "DE": (16, "GDPR 8(1), no law says less"),
    "DK": (15, "Databeskyttelsesloven § 6(2), as of 2024"),
    "EE": (13, "Personal Data Protection Act, § 8"),
    "ES": (14, "Ley Orgánica 3/2018, Art. 7"),
    "FI": (13, "Data Protection Act 1050/2018, § 5"),
    "FR": (15, "Loi 78-17, Art. 45"),
    "GB": (13, "Data Protection Act 2018, s. 9"),
    "GR": (15, "Law 4624/2019, Art. 21"),
    "HR": (16, "Act 42/2018, Art. 19"),
    "HU": (16, "GDPR 8(1), no law says less"),
    "IE": (16, "Data Protection Act 2018, s. 31"),
    "IS": (13, "Act 90/2018, Art. 10"),
    "IT": (14, "Codice privacy, Art. 2-quinquies"),
    "LI": (16, "GDPR 8(1), no law says less"),
    "LT": (14, "Law XIII-1426, Art. 6"),
    "LU": (16, "GDPR 8(1), no law says less"),
    "LV": (13, "Personal Data Processing Law, s. 33"),
    "MT": (13, "S.L. 586.11"),
    "NL": (16, "UAVG, Art. 5"),
    "NO": (13, "Personopplysningsloven § 5"),
    "PL": (16, "GDPR 8(1), no law says less"),
    "PT": (13, "Lei 58/2019, Art. 16"),
    "RO": (16, "GDPR 8(1), no law says less"),
    "SE": (13, "Act 2018:218, ch. 2 § 4"),
    "SI": (15, "ZVOP-2, Art. 8"),
    "SK": (16, "Act 18/2018, § 15"),
}
AGES: Mapping[str, int] = MappingProxyType({country: age for country, (age, _) in _LAWS.items()})
_STRICTEST = max(DEFAULT, *AGES.values())


def consent_age(country: str | None, own: Mapping[str, int]) -> int:
    """In whole years; `own` are the organisation's, which go first. Of an unknown country: the strictest of all, since
    the person may be of any of them."""
    if country is None:
        return max(_STRICTEST, *own.values()) if own else _STRICTEST
    return own.get(country) or AGES.get(country, DEFAULT)
