"""Which digits are a payment card's: its issuer's beginning and length, and the check digit. Pure."""

import re

_ISSUED = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|(?:5[1-5]|2[2-7])\d{14}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-5]|[689]\d)\d{11}|3[689]\d{14,17}"  # Diners
    r"|35\d{14,17}|(?:2131|1800)\d{11}"  # JCB
    r"|6\d{15,18}"  # Discover, UnionPay, RuPay
    r"|5[0678]\d{14,17}"  # Maestro
)


def is_card(digits: str) -> bool:
    """A telephone's IMEI also passes ISO/IEC 7812-1's check: no issuer's cards begin and are as long as one."""
    return _ISSUED.fullmatch(digits) is not None and luhn(digits)


def luhn(digits: str) -> bool:
    doubled = (int(c) * (1 + n % 2) for n, c in enumerate(reversed(digits)))
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0
