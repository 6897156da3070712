"""What a package says to a person, by language. Pure."""

from collections.abc import Mapping

from privacy_svc.rights.languages import LANGUAGES, USUAL

TEXTS: Mapping[str, Mapping[str, str]] = {language: words.package for language, words in LANGUAGES.items()}


def say(language: str, key: str, **blanks: object) -> str:
    return TEXTS.get(language, TEXTS[USUAL])[key].format(**blanks)
