"""What in a text is about somebody else than the person it is given to (Art. 15(4) GDPR).

E-mail and postal addresses, telephone, account, card and identity numbers, dates of birth, and names by the words
around them. What the person is known by stays.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from privacy_svc.pii.engine import detect
from privacy_svc.pii.finding import Finding, without_overlaps
from privacy_svc.pii.known import known_values_in
from privacy_svc.pii.names import LANGUAGES, LEXICONS, PARTICLES
from privacy_svc.pii.national import NATIONAL, NUMBERS
from privacy_svc.pii.wordlists import first_names

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
    """What the person is known by. `names`: words of their name, in small letters; `streets`: of `values` those that
    tell where somebody lives, as no city does; `days`: of birth, as `1980-01-31`. Values never appear in `repr`."""

    values: Collection[str] = ()
    names: Collection[str] = ()
    streets: Collection[str] = ()
    days: Collection[str] = ()

    def __repr__(self) -> str:
        return f"Own({', '.join(str(len(getattr(self, name))) for name in self.__slots__)})"


def others_and_own_in(
    text: str, own: Own, languages: Iterable[str] = (USUAL,), region: str = "DE"
) -> tuple[list[Finding], list[Finding]]:
    """And where the person's own values stand. Read in each of the languages: nobody knows in which one a note was
    written. One whose texts are not examined is read as English."""
    mine = known_values_in(text, own.values)
    found = [f for language in dict.fromkeys(map(examined, languages)) for f in detect(text, language, region)]
    others = [f for f in found if f.entity in OTHERS and not _is_own(text, f, own, mine)]
    return without_overlaps(text, others), mine


def examined(language: str) -> str:
    return language if language in LANGUAGES else USUAL


def _is_own(text: str, found: Finding, own: Own, mine: list[Finding]) -> bool:
    if found.entity == "DATE_OF_BIRTH":
        here = text[found.start : found.end]
        years = {day[:4] for day in own.days}
        return bool(known_values_in(here, (), list(own.days))) or here.strip() in years
    if found.entity == "ADDRESS":
        here = text[found.start : found.end]
        return bool(known_values_in(here, own.streets)) or _is_covered(text, found, mine)
    return _names_them(text, found, own, mine) if found.entity == "PERSON" else _is_covered(text, found, mine)


def _names_them(text: str, found: Finding, own: Own, mine: list[Finding]) -> bool:
    """Whose husband has their surname is somebody else, as is who has their first name; many are called "van der". Two
    parts of their name are theirs, where what else was taken for a part of it is no other's first name."""
    spans = {span: text[slice(*span)].casefold() for span in _words(text, found)}
    words = {span: word for span, word in spans.items() if word not in _NOBODYS}
    initials = {word[0] for word in own.names}
    theirs = [word in initials or _is_within(span, mine) for span, word in words.items()]
    last = next(reversed(words.values()), "")
    return all(theirs) or (sum(theirs) > 1 and theirs[0] and (theirs[-1] or last not in first_names()))


def _is_covered(text: str, found: Finding, mine: list[Finding]) -> bool:
    """All of it: also a line with the person's postal code and city, of an address that markup cuts in two."""
    return all(_is_within(word, mine) for word in _words(text, found))


def _words(text: str, found: Finding) -> list[tuple[int, int]]:
    return [m.span() for m in _WORD.finditer(text, found.start, found.end)]


def _is_within(word: tuple[int, int], mine: list[Finding]) -> bool:
    return any(k.start <= word[0] and word[1] <= k.end for k in mine)
