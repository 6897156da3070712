"""Presidio's recognisers, stricter where other things are written alike, and ours for numbers. Imports Presidio."""

import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any

import phonenumbers
import regex
import tldextract
from presidio_analyzer import (
    AnalysisExplanation,
    EntityRecognizer,
    Pattern,
    PatternRecognizer,
    RecognizerResult,
    predefined_recognizers,
)
from stdnum import iban

from privacy_svc.pii.ages import is_a_persons, is_a_things
from privacy_svc.pii.cards import is_card
from privacy_svc.pii.dates import dates_in
from privacy_svc.pii.national import Number

_SUFFIXES = tldextract.TLDExtract(cache_dir=None, suffix_list_urls=())
"""Knows the public suffixes of the installed package, and fetches none."""
_FLAGS = regex.MULTILINE | regex.UNICODE
_DIAL_WORDS = (
    "tel tele telefon tél telephone phone ph mobil mobile mob cell fax handy gsm móvil cellulare telefoon téléphone teléfono "
    "telefono portable rufnummer telefonnummer"
)
_THINGS = (
    "order ref reference invoice ticket article item parcel tracking serial batch sku auftrag vorgang rechnung artikel "
    "sendung bestellung commande facture référence réf dossier colis pedido factura referencia artículo paquete ordine "
    "fattura riferimento rif articolo pacco factuur referentie zaak pakket"
)
_COMPOUND = r"(?:order|bestell|auftrags|rechnungs|vorgangs|artikel|sendungs|serien|factuur|zaak)(?:nr|nummer|id)"
_NO = "no|nr|n|num|number|nummer|id|n[°ºo]|núm|nummero|numero|número|numéro"
_DIALLED = re.compile(rf"(?<!\w)(?:{_DIAL_WORDS.replace(' ', '|')})[ .:]{{1,3}}\Z", re.IGNORECASE)
_OF_A_THING = re.compile(
    rf"(?<!\w)(?:{_COMPOUND}|(?:{_THINGS.replace(' ', '|')})(?:[ .-]{{1,2}}(?:{_NO}))?)[ .:#]{{0,3}}\Z", re.IGNORECASE
)
"""What stands right before a number that is no person's."""
_LOOK_BACK = 40


class Email(predefined_recognizers.EmailRecognizer):
    """Any address counts; one under a public suffix is certain. Presidio's own drops `anna@crm.local`."""

    def validate_result(self, pattern_text: str) -> bool | None:
        domain = pattern_text.rpartition("@")[2]
        return True if _SUFFIXES(domain).fqdn else None


class Own(PatternRecognizer):
    only_refuses = True
    """What is checked is refused or left as certain as its pattern is."""

    def __init__(
        self, entity: str, found: Mapping[str, str] | Iterable[Pattern], language: str, **more: object
    ) -> None:
        made = [Pattern(n, r, 0.6) for n, r in found.items()] if isinstance(found, Mapping) else list(found)
        context: Any = str(more.get("context") or "").split() or None
        super().__init__(
            supported_entity=entity,
            patterns=made,
            supported_language=language,
            name=str(more.get("name") or f"{entity.title().replace('_', '')}Patterns"),
            context=context,
            global_regex_flags=_FLAGS | (regex.IGNORECASE if more.get("any_case") else 0),
        )


class RegionsPhones(predefined_recognizers.PhoneRecognizer):
    """Bare digits are as likely an order's number: they need a word before them."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: Any = None) -> list[RecognizerResult]:
        found = _without_dates(super().analyze(text, entities, nlp_artifacts), text, self.supported_language)
        for result in found:
            if text[result.start : result.end].isdigit():
                result.score = 0.3
        return found


class Phones(Own):
    """By their writing and the words before them, whatever the country; Presidio's knows the regions' numbers."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: Any = None, regex_flags: int | None = None
    ) -> list[RecognizerResult]:
        return _without_dates(
            super().analyze(text, entities, nlp_artifacts, regex_flags), text, self.supported_language
        )

    def validate_result(self, pattern_text: str) -> bool | None:
        digits = re.sub(r"\D", "", re.split(r"x|ext", pattern_text, maxsplit=1, flags=re.IGNORECASE)[0])
        if not 7 <= len(digits) <= 15:
            return False
        if pattern_text[0] != "+":
            return None
        try:
            return None if phonenumbers.is_possible_number(phonenumbers.parse(pattern_text)) else False
        except phonenumbers.NumberParseException:
            return False


def _without_dates(found: list[RecognizerResult], text: str, language: str) -> list[RecognizerResult]:
    """A date is written with the signs of a number: it is dialled where the word for that stands right before it."""
    if not found:
        return found
    dates = list(dates_in(text, language))
    return [
        r
        for r in found
        if not any(start < r.end and r.start < end for start, end in dates)
        or _DIALLED.search(text, max(0, r.start - _LOOK_BACK), r.start)
    ]


class Cards(predefined_recognizers.CreditCardRecognizer):
    def validate_result(self, pattern_text: str) -> bool:
        return is_card(re.sub(r"\D", "", pattern_text))


class Ibans(EntityRecognizer):
    """In small letters too, and as long as its country's are, whatever stands after it."""

    _LIKE = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ .-]?[A-Za-z0-9]){11,30}")

    def load(self) -> None:
        """Nothing to load."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: Any = None) -> list[RecognizerResult]:
        said = {RecognizerResult.RECOGNIZER_NAME_KEY: "Ibans", RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id}
        found = self._found(text)
        return [
            RecognizerResult("IBAN_CODE", a, b, 1.0, AnalysisExplanation("Ibans", 1.0), dict(said)) for a, b in found
        ]

    def _found(self, text: str) -> Iterator[tuple[int, int]]:
        at = 0
        while like := self._LIKE.search(text, at):
            at = self._end(text, like.start(), like.end())
            if at:
                yield like.start(), at
            at = at or like.start() + 2

    def _end(self, text: str, start: int, end: int) -> int:
        ends = (n for n in range(end, start + 14, -1) if text[n - 1].isalnum() and not text[n : n + 1].isalnum())
        return next((n for n in ends if iban.is_valid(text[start:n].replace(".", ""), check_country=False)), 0)


class Ips(predefined_recognizers.IpRecognizer):
    """Versions and masks are written as addresses are."""

    _NUMBERED = re.compile(
        r"(?<!\w)(?:version|firmware|release|build|driver|treiber|versione|versión|versie|update|bios|v)[ .:]{0,3}\Z",
        re.IGNORECASE,
    )
    _MASK = re.compile(r"255\.(?:\d{1,3}\.){2}\d{1,3}|0\.0\.0\.0(?:/\d+)?")

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: Any = None, regex_flags: int | None = None
    ) -> list[RecognizerResult]:
        found = super().analyze(text, entities, nlp_artifacts, regex_flags)
        return [r for r in found if not self._is_other(text, r)]

    def _is_other(self, text: str, r: RecognizerResult) -> bool:
        numbered = self._NUMBERED.search(text, max(0, r.start - _LOOK_BACK), r.start)
        return numbered is not None or self._MASK.fullmatch(text, r.start, r.end) is not None


class Macs(predefined_recognizers.MacAddressRecognizer):
    _LONGER = re.compile(r"[.:-]\w")

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: Any = None, regex_flags: int | None = None
    ) -> list[RecognizerResult]:
        """Not the twelve digits that a longer number begins or ends with."""
        found = super().analyze(text, entities, nlp_artifacts, regex_flags)
        return [
            r for r in found if not self._LONGER.match(text, r.end) and text[r.start - 1 : r.start] not in {".", "-"}
        ]


class Ssns(predefined_recognizers.UsSsnRecognizer):
    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: Any = None, regex_flags: int | None = None
    ) -> list[RecognizerResult]:
        return _of_persons(super().analyze(text, entities, nlp_artifacts, regex_flags), text)


class Ages(Own):
    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: Any = None, regex_flags: int | None = None
    ) -> list[RecognizerResult]:
        found = super().analyze(text, entities, nlp_artifacts, regex_flags)
        return [r for r in found if self._counts(text, r.start)]

    def _counts(self, text: str, start: int) -> bool:
        return not is_a_things(text, start, self.supported_language)

    def validate_result(self, pattern_text: str) -> bool | None:
        return int(re.sub(r"\D", "", pattern_text) or "999") <= 120 and None


class PersonsYears(Ages):
    def _counts(self, text: str, start: int) -> bool:
        return is_a_persons(text, start)


class Checked(Own):
    """A national id with python-stdnum's check."""

    def __init__(self, number: Number, language: str, *, at_home: bool) -> None:
        self._check = import_module(f"stdnum.{number.module}").is_valid
        score = 0.8 if number.tells else 0.5 if at_home and number.rare else 0.1
        before, after = r"(?<![\w.,/+-])(?<!\+\d{1,3}[ ])", r"(?![\w-]|[.,/]\d)"
        patterns = [Pattern(number.entity, f"{before}(?:{number.pattern}){after}", score)]
        if at_home and number.grouped:
            patterns.append(Pattern("grouped", f"{before}(?:{number.grouped}){after}", 0.5))
        super().__init__(number.entity, patterns, language, context=number.words, name=f"{number.entity} checked")

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: Any = None, regex_flags: int | None = None
    ) -> list[RecognizerResult]:
        return _of_persons(super().analyze(text, entities, nlp_artifacts, regex_flags), text)

    def validate_result(self, pattern_text: str) -> bool | None:
        return None if self._check(pattern_text) else False


def _of_persons(found: list[RecognizerResult], text: str) -> list[RecognizerResult]:
    return [r for r in found if not _OF_A_THING.search(text, max(0, r.start - _LOOK_BACK), r.start)]
