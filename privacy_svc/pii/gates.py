"""What a text must have for a recogniser to find anything in it: asked before the recogniser is. Pure.

A gate says less than its recogniser's patterns do, and never more: a text it turns away would have given nothing.
"""

import re
from collections.abc import Callable, Mapping

from privacy_svc.pii.patterns import LOW_STREET_WORDS, STREET_WORDS

Gate = Callable[[str], object]


def _has(pattern: str) -> Gate:
    return re.compile(pattern).search


def _digits(least: int, between: int = 2) -> Gate:
    """So many digits, with so many other signs between them."""
    return _has(rf"\d(?:\D{{0,{between}}}\d){{{least - 1}}}")


_DIGIT = _has(r"\d")
_NINE = _has(r"\d(?:[-. /]?\d){8}")
_SIX = _has(r"\d(?:[^\w,:]{0,4}\d){5}")
_SEPARATED = _has(r"\+[ (]{0,2}\d|\d[^\w:,\n]{1,4}\d|[)]\s?\d")


def _dialled(text: str) -> bool:
    """Written as numbers are that somebody dials; bare digits need a word before them."""
    return _SEPARATED(text) is not None and _SIX(text) is not None


_YEAR = _has(r"\d{4}")
_BIRTH = _has(r"(?i:born|birth|gebor|geburt|geboor|jahrgang|n\u00e9e?|naqu|naci|nat[oa]|nacque)|\*")


def _birth(text: str) -> bool:
    return _YEAR(text) is not None and _BIRTH(text) is not None


def _street(text: str) -> bool:
    if _DIGIT(text) is None:
        return False
    low = text.lower()
    return any(word in text for word in STREET_WORDS) or any(word in low for word in LOW_STREET_WORDS)


GATES: Mapping[str, Gate] = {
    "EmailRecognizer": lambda text: "@" in text,
    "IbanRecognizer": _has(r"[A-Za-z]{2}\d\d"),
    "CreditCardRecognizer": _digits(12, 1),
    "CryptoRecognizer": _has(r"(?:bc1|BC1|[13])[A-Za-z0-9]{25}"),
    "IpRecognizer": _has(r"\d\.\d|:[0-9A-Fa-f]{0,4}:"),
    "MacAddressRecognizer": _has(r"[0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}[:-]|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\."),
    "UuidRecognizer": _has(r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-"),
    "UrlRecognizer": lambda text: "://" in text,
    "Streets": _street,
    "PostalCodes": _has(
        r"[A-Z]\d[A-Z0-9]? ?\d[A-Z]{2}|[A-Z]{2},? \d{5}|\d{4} ?[A-Z]{2}|(?i:zip|post|plz|cap|c\.p\.).{0,12}\d"
    ),
    "CodeAndCity": _has(r"\d{5} "),
    "AgePatterns": _has(r"\d[ -]?[yYjJaAeE]|(?i:age|turn|alter|edad|et\u00e0|leeftijd)"),
    "PersonsYears": _has(r"\d (?:years|Jahre|ans|a\u00f1os|anni|jaar)"),
    "PhoneRecognizer": _dialled,
    "WrittenPhones": _dialled,
    "PhonesBesideWords": _SIX,
    "Births": _birth,
    "Sites": _has(r"\w\.\w"),
    "BE_NN checked": _digits(11, 2),
    "CH_AHV checked": lambda text: "756" in text,
    "FR_NIR checked": _has(r"[12] ?\d\d ?\d\d ?\d[\dAB] ?\d"),
    "IE_PPS checked": _has(r"\d{7}[A-W]"),
    "UsSsnRecognizer": _NINE,
    "ItFiscalCodeRecognizer": _has(r"[A-Za-z0-9]{16}"),
    "EsNifRecognizer": _has(r"\d{7}"),
    "EsNieRecognizer": _has(r"\d{7}"),
    "UkNinoRecognizer": _has(r"[A-Za-z]{2} ?\d\d ?\d\d"),
    "UsItinRecognizer": _NINE,
}
OR_A_WORD = ("PhoneRecognizer", "WrittenPhones")
"""Asked also where the gate is shut, when a word for what they find stands in the text."""


def gate_of(recognizer: str) -> Gate | None:
    """None for names and models; nearly every other recogniser looks for digits."""
    if recognizer in {"Names", "Model"}:
        return None
    return GATES.get(recognizer, _digits(6, 3) if recognizer.endswith(" checked") else _DIGIT)
