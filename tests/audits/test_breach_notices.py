"""Drafts of notices: in each language the same, and no sentence that lacks a word."""

from dataclasses import replace
from string import Formatter

import pytest

from privacy_svc.audits.breach_notices import Facts, drafts
from privacy_svc.audits.breach_words import WORDS
from privacy_svc.policy import load_policies
from tests.audits.conftest import REPOSITORY, TODAY

KNOWN = Facts(
    "b-1",
    TODAY,
    TODAY,
    TODAY,
    None,
    ("user.contact.email",),
    ("customer",),
    40,
    None,
    {"nature": "A list lay open.", "consequences": "Spam.", "measures": "Closed."},
)
ORGANISATION = load_policies(REPOSITORY / "policies").organisation


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_all_languages_have_the_same_words() -> None:
    """With the same places in them, each in words of its own."""
    for language, words in WORDS.items():
        assert words.keys() == WORDS["en"].keys(), language
        for name, text in words.items():
            assert places(text) == places(WORDS["en"][name]), (language, name)
            assert language == "en" or text != WORDS["en"][name], (language, name)


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "pt"])
def test_a_draft_in_each_language(language: str) -> None:
    """Of the organisation's languages none falls back to another; what is known stands beside what is not."""
    authority, people = drafts(KNOWN, replace(ORGANISATION, languages=(language,)))
    assert authority.language == people.language == language
    assert WORDS[language]["about"].format(n=40) in authority.text
    assert WORDS[language]["unknown"] in authority.text
    assert "A list lay open." in people.text


def test_what_is_not_known_reads_as_a_sentence() -> None:
    """Not "about not known yet people"."""
    authority = drafts(replace(KNOWN, people=None), replace(ORGANISATION, languages=("en",)))[0]
    assert "People: not known yet." in authority.text
    assert "about not known" not in authority.text.lower()
