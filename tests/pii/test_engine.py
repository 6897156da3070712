"""What the recognisers find, by language, region and length of the text."""

import pytest

from privacy_svc.pii import LANGUAGES, Finding, UnknownLanguage, detect
from privacy_svc.pii.entities import CATEGORIES
from privacy_svc.pii.national import NATIONAL
from privacy_svc.pii.recognizers import recognizers
from privacy_svc.policy.taxonomy import taxonomy


def shown(text: str, language: str = "en", region: str = "DE") -> list[tuple[str, str]]:
    return [(f.entity, text[f.start : f.end]) for f in detect(text, language, region)]


def test_categories_are_fideslang() -> None:
    """Every entity has a category of the taxonomy in use, not deprecated."""
    assert set(CATEGORIES.values()) <= taxonomy().categories


@pytest.mark.parametrize("region", [*NATIONAL, "FR", "NL"])
def test_every_region(region: str) -> None:
    """Each region's recognisers are there, each once, and find only what has a category."""
    made = recognizers("en", (region,))
    found = {entity for r in made for entity in r.supported_entities}
    assert {entity for entity, _ in NATIONAL.get(region, {}).values()} <= found <= CATEGORIES.keys()
    assert len({r.name for r in made}) == len(made)


LETTERS = {
    "en": "Dear Mrs O\u2019Neil, I spoke with Ana Figueiredo.\nKind regards,\nJane de la Cruz",
    "de": "Sehr geehrte Frau Dr. Müller-Lüders,\nmein Name ist Änne von der Heide.\nViele Grüße\nJörg Groß",
    "fr": "Bonjour Mme Lefèvre, je m'appelle Élise Dupont.\nCordialement\nRené Roux",
    "es": "Estimada Sra. Núñez, me llamo José Luis Gil.\nSaludos\nInés Paz",
    "it": "Gentile Signora Bianchi, mi chiamo Ugo Rossi.\nCordiali saluti\nLia Neri",
    "nl": "Geachte heer De Vries, mijn naam is Sanne Bakker.\nMet vriendelijke groet\nJan Smit",
}


@pytest.mark.parametrize("language", LETTERS)
def test_names_by_rules(language: str) -> None:
    """Greeting, introduction and sign-off give names away in each language."""
    found = [word for entity, word in shown(LETTERS[language], language) if entity == "PERSON"]
    assert len(found) == 3, found
    assert LETTERS[language].endswith(found[-1])


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Dear Customer, hello Team. Thank you.\nBest regards"),
        ("de", "Sehr geehrte Damen und Herren, liebe Kollegen, beste Grüße"),
    ],
)
def test_a_team_is_nobody(language: str, text: str) -> None:
    """A greeting to everybody names nobody."""
    assert shown(text, language) == []


def test_addresses_that_presidio_drops() -> None:
    """An address of an inner domain counts, and what of a link sticks out of an address is still covered."""
    assert shown("to anna@crm.local") == [("EMAIL_ADDRESS", "anna@crm.local")]
    text = "see https://shop.com/u/anna@mail.org/private now"
    assert "".join(word for _, word in shown(text)) == "https://shop.com/u/anna@mail.org/private"


def test_context_words() -> None:
    """A date is a birth's only beside a word for it; context raises the score."""
    assert shown("born on 12.03.1984") == [("DATE_OF_BIRTH", "12.03.1984")]
    assert shown("ordered on 12.03.1984") == []
    assert [f.score for f in detect("call my phone 0711 2842222")] == [0.75]
    assert [f.score for f in detect("0711 2842222")] == [0.4]


def test_region() -> None:
    """A number without its country's code is one only in its own country; a German id counts in Germany unless it is an
    order's, and elsewhere beside a word for it."""
    assert shown("06 12 34 56 78", "fr", "FR") == [("PHONE_NUMBER", "06 12 34 56 78")]
    assert shown("06 12 34 56 78", "fr", "GB") == []
    assert shown("Steuer-ID 86095742719", "de", "DE") == [("DE_TAX_ID", "86095742719")]
    assert shown("Steuer-ID 86095742719", "de", "FR") == [("DE_TAX_ID", "86095742719")]
    assert shown("Er hat 86095742719", "de", "DE") == [("DE_TAX_ID", "86095742719")]
    assert shown("Er hat 86095742719", "de", "FR") == []
    assert shown("Auftrag 86095742719", "de", "DE") == []


def test_long_text() -> None:
    """In a text of many pieces every address is found once, at its place, also across the cuts."""
    parts = [f"{'word ' * (n % 7)}p{n}@mail.org" for n in range(1500)]
    text = " ".join(parts)
    found = detect(text)
    assert [text[f.start : f.end] for f in found] == [f"p{n}@mail.org" for n in range(1500)]


def test_no_cut_within_a_finding() -> None:
    """A number of several words is found whole wherever a piece ends."""
    for shift in range(12):
        text = "x" * shift + " and 0711 2842222" * 400
        assert {text[f.start : f.end] for f in detect(text)} == {"0711 2842222"}
        assert len(detect(text)) == 400


@pytest.mark.parametrize("text", ["", " \n", "a" * 50_000, "x@" * 20_000, "1 " * 20_000])
def test_nothing_there(text: str) -> None:
    """Empty and monotonous texts end quickly and give nothing."""
    assert detect(text) == []


def test_unknown_language() -> None:
    """A language without rules is refused by name of those there are, without repeating what was sent."""
    with pytest.raises(UnknownLanguage) as error:
        detect("x", "Ana Figueiredo")
    assert "Ana" not in str(error.value)
    assert all(code in str(error.value) for code in LANGUAGES)


def test_findings_carry_no_text() -> None:
    """A finding can be logged: it says where and what, not the words."""
    found = detect("to ana@mail.example")
    assert isinstance(found[0], Finding)
    assert "ana" not in repr(found)
