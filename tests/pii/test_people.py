"""Names of people and places: what a list, a neighbour word or the rest of the text says."""

import pytest

from privacy_svc.pii.people import named_in


def people(text: str, language: str = "en") -> list[str]:
    return [text[n.start : n.end] for n in named_in(text, language) if n.kind == "PERSON"]


def places(text: str, language: str = "en") -> list[str]:
    return [text[n.start : n.end] for n in named_in(text, language) if n.kind == "LOCATION"]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "Yesterday Thomas paid.", ["Thomas"]),
        ("en", "Rose Brown paid for a rose.", ["Rose Brown"]),
        ("en", "Mark said so; mark the box. Will you come?", ["Mark"]),
        ("en", "The Brown box. A Hope for May.", []),
        ("en", "We met Kaouthar Benrabah and Oluwaseun.", ["Kaouthar Benrabah", "Oluwaseun"]),
        ("en", "John F. Kennedy paid. Then Kennedy left.", ["John F. Kennedy", "Kennedy"]),
        ("en", "ANNA SCHMIDT PAID", ["ANNA SCHMIDT"]),
        ("en", "Anna's parcel", ["Anna"]),
        ("en", "Smith & Sons Ltd, Miller Street, Siemens AG", []),
        ("en", "see Anna.Schmidt@mail.example and https://x.example/Anna", []),
        ("de", "Die Rechnung liegt bei Müller im Büro.", ["Müller"]),
        ("de", "Der Bauer und der Koch kamen am Montag.", []),
        ("de", "Kunde Koch und Frau Bauer kamen.", ["Koch", "Bauer"]),
        ("de", "Peter Bauer rief an.", ["Peter Bauer"]),
        ("fr", "L'assistance de Jean-Pierre Martin", ["Jean-Pierre Martin"]),
        ("es", "Rosa llamó por la rosa.", ["Rosa"]),
        ("it", "Il Sig. Verdi e la Sig.ra Neri, vino rosso.", ["Verdi", "Neri"]),
        ("nl", "Klant Pieter van den Berg belde.", ["Pieter van den Berg"]),
        ("en", "Jose\u0301 Garci\u0301a paid.", ["Jose\u0301 Garci\u0301a"]),
    ],
)
def test_names(language: str, text: str, expected: list[str]) -> None:
    """Names are told from words, companies, streets and addresses by what stands beside them."""
    assert people(text, language) == expected


def test_places() -> None:
    """A city is a place; one that is also a name is a place only after a word for it, and a person beside a surname."""
    assert places("She lives in New York and works in Berlin.") == ["New York", "Berlin"]
    assert places("moved to Florence") == ["Florence"]
    assert people("Florence Smith moved") == ["Florence Smith"]
    assert places("Reading is nice, and so is Essen", "de") == []


def test_a_company_is_nobody() -> None:
    """What ends like a company's name names no person."""
    assert people("The invoice of Schmidt GmbH, by Peter Schmidt.") == ["Peter Schmidt"]
