"""What in a text is about somebody else than the person it is given to (Art. 15(4) GDPR).

E-mail addresses, telephone, account, card and identity numbers, and names by the words around them. What the person is
known by stays.
"""

from collections.abc import Iterable

from privacy_svc.pii.engine import detect
from privacy_svc.pii.finding import Finding
from privacy_svc.pii.known import known_values_in
from privacy_svc.pii.names import LANGUAGES
from privacy_svc.pii.national import NATIONAL, NUMBERS

OTHERS = frozenset({"EMAIL_ADDRESS", "PHONE_NUMBER", "IBAN_CODE", "CREDIT_CARD", "PERSON"}).union(
    (number.entity for number in NUMBERS), (entity for country in NATIONAL.values() for entity, _ in country.values())
)
USUAL = "en"


def others_in(text: str, own: Iterable[str], language: str = USUAL, region: str = "DE") -> list[Finding]:
    """`own`: the person's values. A language whose texts are not examined is read as English."""
    found = detect(text, language if language in LANGUAGES else USUAL, region)
    others = [f for f in found if f.entity in OTHERS]
    mine = known_values_in(text, own) if others else []
    return [f for f in others if not any(k.start < f.end and f.start < k.end for k in mine)]
