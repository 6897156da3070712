"""What in a text is about somebody else than the person it is given to (Art. 15(4) GDPR).

E-mail and postal addresses, telephone, account, card and identity numbers, dates of birth, and names by the words
around them. What the person is known by stays.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from privacy_svc.pii.birthdays import days_in
from privacy_svc.pii.engine import detect
from privacy_svc.pii.finding import Finding
from privacy_svc.pii.known import known_values_in
from privacy_svc.pii.names import LANGUAGES, LEXICONS, PARTICLES
from privacy_svc.pii.national import NATIONAL, NUMBERS

OTHERS = frozenset(
    {"EMAIL_ADDRESS", "PHONE_NUMBER", "IBAN_CODE", "CREDIT_CARD", "PERSON", "ADDRESS", "DATE_OF_BIRTH"}
).union(
    (number.entity for number in NUMBERS), (entity for country in NATIONAL.values() for entity, _ in country.values())
)
USUAL = "en"
_WORD = re.compile(r"\w+")
_NOBODYS = PARTICLES.union(*(lexicon.titles for lexicon in LEXICONS.values()))
"""A title in another language than the text's is read as a part of the name."""


@dataclass(frozen=True, slots=True)
class Own:
    """What the person is known by. `streets`: of `values` those that tell where somebody lives, as no city does;
    `days`: of birth, as `1980-01-31`. Values never appear in `repr`."""

    values: Collection[str] = ()
    streets: Collection[str] = ()
    days: Collection[str] = ()

    def __repr__(self) -> str:
        return f"Own({len(self.values)}, {len(self.streets)}, {len(self.days)})"


def others_and_own_in(
    text: str, own: Own, language: str = USUAL, region: str = "DE"
) -> tuple[list[Finding], list[Finding]]:
    """And where the person's own values stand. A language whose texts are not examined is read as English."""
    mine = known_values_in(text, own.values)
    found = detect(text, examined(language), region)
    return [f for f in found if f.entity in OTHERS and not _is_own(text, f, own, mine)], mine


def examined(language: str) -> str:
    return language if language in LANGUAGES else USUAL


def _is_own(text: str, found: Finding, own: Own, mine: list[Finding]) -> bool:
    if found.entity == "DATE_OF_BIRTH":
        days = days_in(text[found.start : found.end])
        return any(day == mine_ or day == mine_[:4] for day in days for mine_ in own.days)
    if found.entity == "ADDRESS":
        here = text[found.start : found.end]
        return bool(known_values_in(here, own.streets)) or _is_covered(text, found, mine)
    return _names_them(text, found, own, mine) if found.entity == "PERSON" else _is_covered(text, found, mine)


def _names_them(text: str, found: Finding, own: Own, mine: list[Finding]) -> bool:
    """Whose husband has their surname is somebody else, as is who has their first name; many are called "van der".
    Two parts of their name are theirs, whatever else was taken for a part of it."""
    spans = {span: text[slice(*span)].casefold() for span in _words(text, found)}
    words = {span: word for span, word in spans.items() if word not in _NOBODYS}
    initials = {
        part[0] for value in own.values if value.replace(" ", "").isalpha() for part in value.casefold().split()
    }
    theirs = [span for span, word in words.items() if word in initials or _is_within(span, mine)]
    return len(theirs) == len(words) or len(theirs) > 1


def _is_covered(text: str, found: Finding, mine: list[Finding]) -> bool:
    """All of it: also a line with the person's postal code and city, of an address that markup cuts in two."""
    return all(_is_within(word, mine) for word in _words(text, found))


def _words(text: str, found: Finding) -> list[tuple[int, int]]:
    return [m.span() for m in _WORD.finditer(text, found.start, found.end)]


def _is_within(word: tuple[int, int], mine: list[Finding]) -> bool:
    return any(k.start <= word[0] and word[1] <= k.end for k in mine)
