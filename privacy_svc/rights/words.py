"""The texts of letters, by language, and which language a person is written to in. Pure."""

from collections.abc import Mapping

from privacy_svc.policy import Organisation
from privacy_svc.rights.languages import LANGUAGES, USUAL

TEXTS: Mapping[str, Mapping[str, str]] = {language: words.letters for language, words in LANGUAGES.items()}


def say(language: str, key: str, **blanks: object) -> str:
    return TEXTS[language][key].format(**blanks)


def known(language: str | None) -> str | None:
    """`de-DE` as `de`; None for what there are no words for."""
    short = (language or "").strip().lower().replace("_", "-").partition("-")[0]
    return short if short in TEXTS else None


def spoken(organisation: Organisation, language: str | None) -> str:
    """The person's language, else the first of the organisation's for which there are words, else English."""
    return next((k for w in (language, *organisation.languages) if (k := known(w))), USUAL)
