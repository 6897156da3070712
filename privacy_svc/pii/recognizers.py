"""Presidio's recognisers and ours, set up for a language and the regions of an organisation. Imports Presidio.

Presidio's AnalyzerEngine is never made without an NLP engine (it would download one), and its e-mail recogniser never
asks tldextract's default extractor (it would fetch the list of public suffixes).
"""

from collections.abc import Iterator, Sequence
from typing import Any

from presidio_analyzer import EntityRecognizer, Pattern, RecognizerResult, predefined_recognizers

from privacy_svc.pii import models, patterns
from privacy_svc.pii.entities import counts
from privacy_svc.pii.national import numbers, presidios
from privacy_svc.pii.people import named_in
from privacy_svc.pii.refined import (
    Ages,
    Cards,
    Checked,
    Email,
    Ibans,
    Ips,
    Macs,
    Own,
    PersonsYears,
    Phones,
    RegionsPhones,
    Ssns,
)
from privacy_svc.pii.wordlists import places

_PHONE = (
    "phone phones telephone tele ph mob tél cell cellphone mobile call calls called calling tel telefon telefonnummer handy handynummer "
    "mobil mobilnummer rufnummer anruf anrufen durchwahl téléphone portable appel appeler appelez teléfono móvil llamar "
    "llame llamada telefono cellulare chiamare chiama telefoon telefoonnummer mobiel bellen bel gsm fax sms whatsapp "
    "reach ring dial text contact erreichbar erreichen joindre"
)
_BIRTH = (
    "born birth birthday birthdate dob d.o.b geboren geburtstag geburtsdatum geb né née naissance nacido nacida "
    "nacimiento nació nato nata nascita geboortedatum geboorte"
)
_BANK = "iban bank transaction konto bankverbindung compte cuenta conto rekening"
_WEB = ("Standard Url", "Quoted URL")
"""Presidio's URL patterns with a scheme. Those without one take every `word.in` at a sentence's end for a site."""


def recognizers(language: str, regions: Sequence[str], model: str = "") -> list[EntityRecognizer]:
    """The generic ones, the regions' national ones, names by lists and rules, and by a model where one is named."""
    larger = [_Model(model, language)] if model else []
    return [*_generic(language, regions), *_ours(language), *_national(language, regions), _Names(language), *larger]


_EMAIL = Pattern("Email", r"(?<![\w@])[\w!#$%&'*+=?^`{|}~.-]{1,64}@\w[\w-]{0,62}(?:\.\w[\w-]{0,62}){1,8}", 0.5)
"""Presidio's pattern with bounds: on a long word without `@` the original takes quadratic time."""
_CARDS = [
    *predefined_recognizers.CreditCardRecognizer.PATTERNS,
    Pattern("2-series", r"(?<![\d.-])2[2-7]\d{2}[- ]?\d{4}[- ]?\d{4}[- ]?\d{4}(?![\d-])", 0.3),
    Pattern("dots", r"(?<![\w.,-])\d{4}\.\d{4}\.\d{4}\.\d{4}(?![\w-]|[.,]\d)", 0.3),
    Pattern("19 digits", r"(?<![\d.-])[56]\d{3}(?:[- ]?\d{4}){3}[- ]?\d{1,3}(?![\d-])", 0.3),
]


class _CodeAndCity(Own):
    def validate_result(self, pattern_text: str) -> bool | None:
        words = pattern_text.partition(" ")[2].casefold().split()
        return None if any(" ".join(words[:n]) in places() for n in range(1, len(words) + 1)) else False


class _Names(EntityRecognizer):
    def __init__(self, language: str) -> None:
        super().__init__(["PERSON", "LOCATION"], name="Names", supported_language=language)

    def load(self) -> None:
        """The lists are read by the first text."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: Any = None) -> list[RecognizerResult]:
        said = {RecognizerResult.RECOGNIZER_NAME_KEY: "Names", RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id}
        unexplained: Any = None
        found = named_in(text, self.supported_language)
        return [RecognizerResult(n.kind, n.start, n.end, n.score, unexplained, dict(said)) for n in found]


class _Model(EntityRecognizer):
    def __init__(self, named: str, language: str) -> None:
        self._spans = models.read(named)
        super().__init__(["PERSON", "LOCATION"], name="Model", supported_language=language)

    def load(self) -> None:
        """Loaded when it was made."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: Any = None) -> list[RecognizerResult]:
        said = {RecognizerResult.RECOGNIZER_NAME_KEY: "Model", RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id}
        unexplained: Any = None
        found = [
            (models.LABELS[label], start, end) for label, start, end in self._spans(text) if label in models.LABELS
        ]
        return [RecognizerResult(k, a, b, models.SCORES[k], unexplained, dict(said)) for k, a, b in found]


def _generic(language: str, regions: Sequence[str]) -> Iterator[EntityRecognizer]:
    p = predefined_recognizers
    yield Email(patterns=[_EMAIL], name="EmailRecognizer", supported_language=language)
    yield RegionsPhones(_PHONE.split(), language, supported_regions=tuple(regions), name="PhoneRecognizer")
    yield Ibans(["IBAN_CODE"], name="IbanRecognizer", context=_BANK.split(), supported_language=language)
    yield p.DateRecognizer(supported_entity="DATE_OF_BIRTH", context=_BIRTH.split(), supported_language=language)
    with_scheme = [pattern for pattern in p.UrlRecognizer.PATTERNS if pattern.name in _WEB]
    yield p.UrlRecognizer(patterns=with_scheme, supported_language=language)
    yield Cards(patterns=_CARDS, supported_language=language, name="CreditCardRecognizer")
    yield Ips(supported_language=language, name="IpRecognizer")
    yield Macs(supported_language=language, name="MacAddressRecognizer")
    for kind in (p.CryptoRecognizer, p.UuidRecognizer):
        yield kind(supported_language=language)


def _ours(language: str) -> Iterator[EntityRecognizer]:
    yield Own("ADDRESS", [Pattern(n, r, 0.9) for n, r in patterns.STREETS.items()], language, name="Streets")
    yield Own("ADDRESS", patterns.PLACES, language, name="PostalCodes")
    yield _CodeAndCity("ADDRESS", {"code and city": patterns.CODE_AND_CITY}, language, name="CodeAndCity")
    yield Ages("AGE", patterns.AGES, language, any_case=True)
    yield PersonsYears("AGE", patterns.YEARS, language, name="PersonsYears")
    yield Own("DATE_OF_BIRTH", patterns.DATES, language, context=_BIRTH, name="WrittenDates")
    yield Own("DATE_OF_BIRTH", [Pattern(n, r, 0.9) for n, r in patterns.BIRTHS.items()], language, name="Births")
    yield Own("URL", patterns.SITES, language, name="Sites")
    written = [Pattern(name, found, score) for name, (found, score) in patterns.PHONES.items()]
    sure = [pattern for pattern in written if counts("PHONE_NUMBER", pattern.score)]
    yield Phones("PHONE_NUMBER", sure, language, context=_PHONE, name="WrittenPhones")
    others = [pattern for pattern in written if pattern not in sure]
    yield Phones("PHONE_NUMBER", others, language, context=_PHONE, name="PhonesBesideWords")


def _national(language: str, regions: Sequence[str]) -> Iterator[EntityRecognizer]:
    """Of the regions; elsewhere what tells by its shape, and other numbers beside a word for them."""
    for name in dict.fromkeys(name for region in regions for name in presidios(region)):
        made = Ssns if name == "UsSsnRecognizer" else getattr(predefined_recognizers, name)
        yield made(supported_language=language, name=name)
    left = [set(numbers(region)) for region in regions]
    for number in sorted(set.intersection(*left), key=lambda n: n.entity):
        yield Checked(number, language, at_home=number.country in regions)
