"""People are written to, and read what happened, in their language."""

import email
import email.policy
import re
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from privacy_svc.auditlog import ABOUT_NOBODY, EventType
from privacy_svc.db import Database
from privacy_svc.errors import BadRequest
from privacy_svc.http import CustomerRef
from privacy_svc.rights import About, Extension, Ground, Right, Wanted
from privacy_svc.rights.languages import LANGUAGES
from privacy_svc.rights.parts import Event
from privacy_svc.rights.words import TEXTS, known
from privacy_svc.web.texts import LANGUAGES as CENTRE
from tests.rights.company import DATASET, Company, found_company
from tests.rights.test_opening import opened

BLANK = re.compile(r"\{(\w+)\}")
LATER = {Event.SUBJECT_ERASED, Event.HOLD_PLACED, Event.HOLD_READ, Event.HOLD_LIFTED}
"""Of the log alone; no lines of a timeline."""


def test_whatever_is_logged_about_a_person_has_words() -> None:
    """In each language, for each type of entry that may be about somebody; they differ within a language."""
    for language, words in LANGUAGES.items():
        assert set(words.happened) == set(EventType) - ABOUT_NOBODY, language
        assert len(set(words.happened.values())) == len(words.happened), language


def test_all_languages_say_the_same() -> None:
    """Every text exists in every language that the Privacy Centre speaks, with the same blanks; every event has its
    line, and every word of a line its own."""
    assert set(LANGUAGES) == set(CENTRE)
    for texts in TEXTS.values():
        assert texts.keys() == TEXTS["en"].keys()
        assert all(set(BLANK.findall(t)) == set(BLANK.findall(TEXTS["en"][k])) for k, t in texts.items())
    english = LANGUAGES["en"].lines
    for language, words in LANGUAGES.items():
        assert set(words.lines) == set(Event) - LATER
        assert all(set(BLANK.findall(t)) == set(BLANK.findall(english[e])) for e, t in words.lines.items())
        assert language == "en" or words.values.keys() == LANGUAGES["de"].values.keys()


@pytest.mark.parametrize("language", sorted(LANGUAGES.keys() - {"en"}))
def test_no_text_is_left_untranslated(language: str) -> None:
    """What says the same letter by letter as the English is a word both languages have."""
    words, english = LANGUAGES[language], LANGUAGES["en"]
    for texts, originals in ((words.letters, english.letters), (words.package, english.package)):
        same = {key for key, text in texts.items() if text == originals[key] and len(text) > 13}
        assert not same
    assert not [e for e, line in words.lines.items() if line == english.lines[e]]


def test_letters_are_in_the_language_the_person_asked_in(company: Company) -> None:
    """Code, question, extension and refusal; the ground and the remedy too."""
    wanted = Wanted(Right.ACCESS, CustomerRef(id="1"), language="de")
    request = company.requests.open(wanted, "portal")
    company.requests.ask(request.id, About.IDENTITY, "Welche Stadt?", "Zweifel", "dora")
    company.requests.extend(request.id, Extension.COMPLEXITY, "dora")
    company.requests.refuse(request.id, Ground.IDENTITY_FAILURE, "Es kam keine Antwort.", "dora")
    told = [email.message_from_string(m, policy=email.policy.default)["Subject"] for m in company.mails()]
    assert set(told) == {
        "Ihr Code für Acme",
        "Eine Frage zu Ihrem Anliegen",
        "Ihr Anliegen dauert länger",
        "Zu Ihrem Anliegen",
    }
    letter = company.requests.details(request.id, "dora").said["letter"]
    for part in ("Wir konnten nicht feststellen", "Art. 77 DSGVO", "The Authority", "vor Gericht", "keine Antwort"):
        assert part in letter
    with pytest.raises(BadRequest, match="en, de"):
        company.requests.open(Wanted(Right.ACCESS, CustomerRef(id="1"), language="it"), "portal")


def test_else_the_store_says_it(database: Database, tmp_path: Path) -> None:
    """A column that holds the language is asked; what there are no words for is English."""
    dataset = DATASET.replace("user.contact.address.city", "user.demographic.language")
    home = tmp_path / "home"
    home.mkdir()
    url = f"sqlite:///{tmp_path / 'crm.sqlite'}"
    with found_company(home, database, url, **{"datasets/crm.yml": dataset}) as company:
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text("UPDATE customers SET city = 'de-AT' WHERE id = 1"))
            connection.execute(text("UPDATE customers SET city = 'it' WHERE id = 2"))
        engine.dispose()
        german, other = opened(company), opened(company, key="2")
        assert company.requests.show(german.id).language == "de"
        assert company.requests.show(other.id).language is None
        assert "Guten Tag" in "".join(company.mails())
        assert "Hello" in "".join(company.mails())


@pytest.mark.parametrize(
    ("word", "found"), [("de-DE", "de"), ("DE", "de"), ("en_GB", "en"), ("it", None), (None, None)]
)
def test_a_language_is_two_letters(word: str | None, found: str | None) -> None:
    """BCP 47 tags and what databases hold instead; what we have no words for is none."""
    assert known(word) == found


def test_the_timeline_is_read_in_a_language(company: Company) -> None:
    """The same events in other words; days are the organisation's."""
    request = opened(company)
    company.requests.ask(request.id, About.IDENTITY, "Which city?", "doubts", "dora")
    company.requests.refuse(request.id, Ground.IDENTITY_FAILURE, "No answer.", "dora")
    english = [line.text for line in company.requests.timeline(request.id)]
    german = [line.text for line in company.requests.timeline(request.id, "de")]
    assert "The person was asked about identity by mail; the clock stops." in english
    assert "Die Person wurde etwas gefragt (wer sie ist, per E-Mail); die Frist steht." in german
    assert any("konnten nicht feststellen" in line for line in german)
    with pytest.raises(BadRequest, match="en, de"):
        company.requests.timeline(request.id, "it")
