"""The same recognisers in Presidio's own engine: the measure that findings and speed are compared with."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from presidio_analyzer import AnalyzerEngine, RecognizerRegistry, RecognizerResult
from presidio_analyzer.context_aware_enhancers import LemmaContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine

from privacy_svc.pii.examining import WORDS
from privacy_svc.pii.names import LANGUAGES
from privacy_svc.pii.recognizers import recognizers
from privacy_svc.pii.spacing import evened


class _Words(NlpEngine):
    """Words in lower case in place of lemmas: a blank spaCy pipeline has none, and context words would do nothing."""

    def load(self) -> None:
        """Nothing to load."""

    def is_loaded(self) -> bool:
        return True

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        found = list(WORDS.finditer(text))
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
        return list(LANGUAGES)


class _Analyzer(AnalyzerEngine):
    def analyze(self, text: str, *said: Any, **more: Any) -> list[RecognizerResult]:
        """Texts are examined with plain spaces, as in `detect`."""
        even = evened(text)
        found: list[RecognizerResult] = super().analyze(even.text, *said, **more)
        for result in found:
            result.start, result.end = even.original(result.start, result.end)
        return found


def analyzer(language: str, regions: Sequence[str]) -> AnalyzerEngine:
    registry = RecognizerRegistry(recognizers=recognizers(language, regions), supported_languages=[language])
    return _Analyzer(
        registry=registry,
        nlp_engine=_Words(),
        supported_languages=[language],
        context_aware_enhancer=LemmaContextAwareEnhancer(context_matching_mode="whole_word"),
    )
