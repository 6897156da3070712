"""What nobody should write into a note: card numbers, secrets, and words of special categories (Art. 9 GDPR). Pure.

Words cannot know what a sentence means: "the invoice is sick" is found too. That is why a warning is the first thing a
data map may ask for. Presidio is not loaded: a write waits for this.
"""

import re
from collections.abc import Iterator

from privacy_svc.pii.cards import is_card
from privacy_svc.pii.finding import Finding, without_overlaps
from privacy_svc.pii.passwords import secrets_in
from privacy_svc.pii.spacing import evened
from privacy_svc.pii.special import CATEGORY, special_in

_CARD = re.compile(r"(?<![\d.+-])(?:\d(?:[ -]?\d){12,18}|\d{4}(?:\.\d{4}){3})(?![\d-]|\.\d)")


def unwanted_in(text: str) -> list[Finding]:
    """In the order of the text, without overlaps."""
    even = evened(text)
    found = (
        (kind, category, *even.original(start, end), score) for kind, category, start, end, score in _found(even.text)
    )
    return without_overlaps(text, (Finding(kind, what, a, b, score, "unwanted") for kind, what, a, b, score in found))


def _found(text: str) -> Iterator[tuple[str, str, int, int, float]]:
    for card in _CARD.finditer(text):
        if is_card(re.sub(r"\D", "", card[0])):
            yield "CREDIT_CARD", "user.financial.credit_card", *card.span(), 1.0
    for start, end in secrets_in(text):
        yield "SECRET", "user.authorization.password", start, end, 0.9
    for kind, start, end in special_in(text):
        yield kind, CATEGORY[kind], start, end, 0.8
