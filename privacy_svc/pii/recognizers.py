"""Presidio set up for one language and region. The only file that imports it."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import tldextract
from presidio_analyzer import (
    AnalyzerEngine,
    EntityRecognizer,
    Pattern,
    PatternRecognizer,
    RecognizerRegistry,
    predefined_recognizers,
)
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine

from privacy_svc.pii import names
from privacy_svc.pii.entities import NATIONAL

_WORDS = re.compile(r"\w+|[^\w\s]")
_SUFFIXES = tldextract.TLDExtract(cache_dir=None, suffix_list_urls=())
"""Knows the public suffixes of the installed package, and fetches none."""
_PHONE = (
    "phone number telephone cell mobile call tel telefon handy mobil rufnummer anruf nummer téléphone portable appel "
    "numéro teléfono móvil llamar número telefono cellulare chiamare numero telefoon mobiel bellen nummer"
)
_BIRTH = (
    "born birth birthday dob geboren geburtstag geburtsdatum geb né née naissance nacido nacida nacimiento "
    "nato nata nascita geboortedatum"
)
_BANK = "iban bank transaction konto bankverbindung compte cuenta conto rekening"
_WEB = ("Standard Url", "Quoted URL")
"""Presidio's URL patterns with a scheme. Those without one take every `word.in` at a sentence's end for a site."""


class _Words(NlpEngine):
    """Words in lower case in place of lemmas, and nothing else."""

    def load(self) -> None:
        """Nothing to load."""

    def is_loaded(self) -> bool:
        return True

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        found = list(_WORDS.finditer(text))
        words: Any = [m[0] for m in found]  # Presidio asks for a spaCy document, and needs no more than this of it
        return NlpArtifacts([], words, [m.start() for m in found], [w.lower() for w in words], self, language)

    def process_batch(
        self, texts: Iterable[str], language: str, *_sizes: int, **_more: Any
    ) -> Iterator[tuple[str, NlpArtifacts]]:
        return ((text, self.process_text(text, language)) for text in texts)

    def is_stopword(self, word: str, language: str) -> bool:
        return False

    def is_punct(self, word: str, language: str) -> bool:
        return not word[:1].isalnum()

    def get_supported_entities(self) -> list[str]:
        return []

    def get_supported_languages(self) -> list[str]:
        return list(names.RULES)


class _Email(predefined_recognizers.EmailRecognizer):
    """Any address counts; one under a public suffix is certain. Presidio's own drops `anna@crm.local`."""

    def validate_result(self, pattern_text: str) -> bool | None:
        domain = pattern_text.rpartition("@")[2]
        return True if _SUFFIXES(domain).fqdn else None


_EMAIL = Pattern("Email", r"(?<![\w@])[\w!#$%&'*+=?^`{|}~.-]{1,64}@\w[\w-]{0,62}(?:\.\w[\w-]{0,62}){1,8}", 0.5)
"""Presidio's pattern with bounds: on a long word without `@` the original takes quadratic time."""


def build(language: str, region: str) -> AnalyzerEngine:
    """An analyzer with the generic recognisers, the region's national ones and the rules for names."""
    ours = list(_generic(language, region)) + list(_national(language, region)) + [_names(language)]
    registry = RecognizerRegistry(recognizers=ours, supported_languages=[language])
    return AnalyzerEngine(registry=registry, nlp_engine=_Words(), supported_languages=[language])


def _generic(language: str, region: str) -> Iterator[EntityRecognizer]:
    p = predefined_recognizers
    yield _Email(patterns=[_EMAIL], name="EmailRecognizer", supported_language=language)
    yield p.PhoneRecognizer(supported_regions=(region,), context=_PHONE.split(), supported_language=language)
    yield p.IbanRecognizer(context=_BANK.split(), supported_language=language)
    yield p.DateRecognizer(supported_entity="DATE_OF_BIRTH", context=_BIRTH.split(), supported_language=language)
    with_scheme = [pattern for pattern in p.UrlRecognizer.PATTERNS if pattern.name in _WEB]
    yield p.UrlRecognizer(patterns=with_scheme, supported_language=language)
    for kind in (p.CreditCardRecognizer, p.CryptoRecognizer, p.IpRecognizer, p.MacAddressRecognizer, p.UuidRecognizer):
        yield kind(supported_language=language)


def _national(language: str, region: str) -> Iterator[EntityRecognizer]:
    for name in NATIONAL.get(region, {}):
        yield getattr(predefined_recognizers, name)(supported_language=language)


def _names(language: str) -> EntityRecognizer:
    found = [Pattern(name, regex, 0.6) for name, regex in names.patterns(language).items()]
    return PatternRecognizer("PERSON", "NameRules", language, found, global_regex_flags=re.MULTILINE | re.UNICODE)
