"""What nobody should write into a note: card numbers, secrets, and words of special categories (Art. 9 GDPR). Pure.

Words cannot know what a sentence means: "the invoice is sick" is found too. That is why a warning is the first thing a
data map may ask for. Presidio is not loaded: a write waits for this.
"""

import re
from collections.abc import Iterator, Sequence

from privacy_svc.pii.cards import is_card
from privacy_svc.pii.finding import Finding, without_overlaps
from privacy_svc.pii.passwords import secrets_in
from privacy_svc.pii.spacing import evened
from privacy_svc.pii.special import CATEGORY, special_in

_DOTTED = re.compile(r"(?<![\d.+-])\d{4}(?:\.\d{4}){3}(?![\d-]|\.\d)")
_RUN = re.compile(r"(?<![\d.+-])\d++(?:[ -]\d++)*+")
_GROUP = re.compile(r"\d+")
_GOES_ON = re.compile(r"-|\.\d")
_SHORTEST, _LONGEST = 12, 19
"""Digits of a card."""


def unwanted_in(text: str) -> list[Finding]:
    """In the order of the text, without overlaps."""
    even = evened(text)
    found = (
        (kind, category, *even.original(start, end), score) for kind, category, start, end, score in _found(even.text)
    )
    return without_overlaps(text, (Finding(kind, what, a, b, score, "unwanted") for kind, what, a, b, score in found))


def _found(text: str) -> Iterator[tuple[str, str, int, int, float]]:
    for start, end in _cards(text):
        yield "CREDIT_CARD", "user.financial.credit_card", start, end, 1.0
    for start, end in secrets_in(text):
        yield "SECRET", "user.authorization.password", start, end, 0.9
    for kind, start, end in special_in(text):
        yield kind, CATEGORY[kind], start, end, 0.8


def _cards(text: str) -> Iterator[tuple[int, int]]:
    """Also beside other numbers: people write the expiry and the code behind it."""
    yield from (found.span() for found in _DOTTED.finditer(text) if is_card(found[0].replace(".", "")))
    for run in _RUN.finditer(text):
        if run.end() - run.start() >= _SHORTEST:
            yield from _cards_of_run(text, [group.span() for group in _GROUP.finditer(text, *run.span())])


def _cards_of_run(text: str, groups: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """From blank to blank, the longest first; what is joined by hyphens is one number."""
    at = 0
    while at < len(groups):
        found = 0
        if at == 0 or text[groups[at][0] - 1] == " ":
            digits = ""
            for n, (start, end) in enumerate(groups[at : at + _LONGEST], 1):
                digits += text[start : min(end, start + _LONGEST + 1)]
                if len(digits) > _LONGEST:
                    break
                if len(digits) >= _SHORTEST and not _GOES_ON.match(text, end) and is_card(digits):
                    found = n
        if found:
            yield groups[at][0], groups[at + found - 1][1]
        at += found or 1
