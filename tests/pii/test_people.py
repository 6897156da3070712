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


@pytest.mark.parametrize(
    "text",
    [
        "Frau {} rief an.",
        "Mit freundlichen Grüßen\n{}",
        "Von: {}\nBetreff: Rechnung",
        "Am 3. Mai 2024 schrieb {}:",
        "{} schrieb:",
        "Hallo {},\n\nLieferung folgt.",
        "Nachname: {}",
        "Kunde: {}, seit 2019",
    ],
)
@pytest.mark.parametrize("name", ["Annegret Stoltenberg", "Heinz-Peter Kallweitner", "Änne Roßdeutscher"])
def test_german_surnames_on_no_list(text: str, name: str) -> None:
    """After a first name a word on no list is a surname, in German too, where every noun has a capital."""
    assert people(text.format(name), "de") == [name]


def test_german_nouns_after_a_first_name() -> None:
    """A noun behind a name is no part of it."""
    for noun in ("Rechnung", "Wartungsvertrag", "Lieferadresse", "Kundennummer", "Bestellbestätigung"):
        assert people(f"Annegret {noun} 17", "de") == ["Annegret"]


GREETINGS = {
    "en": ["Dear Ms Jones,", "Hi Anna,", "Hello Mr Smith,"],
    "de": ["Frau Schmidt,", "Sehr geehrter Herr Wang,", "Hallo Anna,"],
    "fr": ["Bonjour Mme Dupont,", "Cher Monsieur Roux,", "Bonjour Anna,"],
    "es": ["Estimada Sra. Gil:", "Hola Ana,"],
    "it": ["Gentile Signora Bianchi,", "Ciao Anna,"],
    "nl": ["Geachte heer Smit,", "Beste Anna,", "Hoi Jan,"],
}
OPENERS = {
    "en": "Invoice Delivery Refund Shipping Parcel Attached Regarding Unfortunately Warranty Dispatch Zwrtk",
    "de": "Lieferung Rechnung Anbei Leider Versand Rücksendung Gutschrift Bezugnehmend Retourenschein Zwrtk",
    "fr": "Facture Livraison Veuillez Suite Colis Remboursement Malheureusement Zwrtk",
    "es": "Factura Entrega Adjunto Pedido Reembolso Lamentablemente Zwrtk",
    "it": "Fattura Consegna Allego Ordine Rimborso Purtroppo Zwrtk",
    "nl": "Factuur Levering Bijgevoegd Bestelling Terugbetaling Helaas Zwrtk",
}


@pytest.mark.parametrize("language", GREETINGS)
def test_the_line_after_a_greeting(language: str) -> None:
    """A greeting ends with its line: the word that the letter begins with is no person."""
    for greeting in GREETINGS[language]:
        name = greeting[:-1].split()[-1]
        for word in OPENERS[language].split():
            for gap in ("\n\n", "\n", "\r\n\r\n"):
                assert people(f"{greeting}{gap}{word} 5.", language) == [name], word


WEAK = {
    "en": ["It came from {} ok", "made by {} ok", "I contact {} ok", "we asked {} ok", "this is {} ok", "we met {} ok"],
    "de": ["Es kam von {} an", "das ist {} hier", "danke {} ok", "Im Auftrag von {} ok"],
    "fr": ["la boutique de {} ok", "livré par {} ok", "c'est {} ok", "merci {} ok"],
    "es": ["la tienda de {} ok", "hecho por {} ok", "pregunté a {} ok"],
    "it": ["il negozio di {} ok", "comprato da {} ok", "contattare {} ok"],
    "nl": ["gekocht van {} ok", "gemaakt door {} ok", "met {} ok"],
}


@pytest.mark.parametrize("language", WEAK)
def test_words_that_companies_follow_too(language: str) -> None:
    """After "from" or "by" neither a brand nor an unknown word is a person; a first name and a full name are."""
    for text in WEAK[language]:
        for word in ("Samsung", "Bosch", "Philips", "Zwrtk", "Vexolino"):
            assert people(text.format(word), language) == [], text
        assert people(text.format("Thomas"), language) == ["Thomas"]
        assert people(text.format("Thomas Schmidt"), language) == ["Thomas Schmidt"]


@pytest.mark.parametrize(
    ("language", "text", "city"),
    [
        ("es", "la tienda de Madrid", "Madrid"),
        ("fr", "le magasin de Lyon", "Lyon"),
        ("es", "el cliente de Sevilla", "Sevilla"),
        ("nl", "de klant van Utrecht", "Utrecht"),
        ("it", "il negozio di Bologna", "Bologna"),
    ],
)
def test_a_shop_of_a_city(language: str, text: str, city: str) -> None:
    """The word for "of" before a city makes no person of it."""
    assert (people(text, language), places(text, language)) == ([], [city])


@pytest.mark.parametrize(
    ("language", "label"),
    [
        ("en", "Surname:"),
        ("en", "Last name:"),
        ("de", "Nachname:"),
        ("de", "Familienname:"),
        ("fr", "Nom :"),
        ("fr", "De :"),
        ("it", "Cognome:"),
        ("it", "Nome:"),
        ("nl", "Naam:"),
        ("nl", "Achternaam:"),
        ("es", "Apellido:"),
        ("es", "De:"),
        ("nl", "Van:"),
        ("de", "Hr."),
        ("de", "Hrn."),
    ],
)
def test_labels(language: str, label: str) -> None:
    """A form's label makes a name of any word, and of nothing on the next line."""
    assert people(f"{label} Zwrtkin\nFarbe: blau", language) == ["Zwrtkin"]
    assert people(f"{label}\nLieferung", language) == []


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "On 3 May, {} wrote:"),
        ("de", "Am 3. Mai schrieb {}:"),
        ("de", "{} schrieb:"),
        ("fr", "Le 3 mai, {} a écrit :"),
        ("es", "El 3 de mayo, {} escribió:"),
        ("it", "Il 3 maggio, {} ha scritto:"),
        ("nl", "Op 3 mei schreef {}:"),
    ],
)
def test_who_is_quoted(language: str, text: str) -> None:
    """Whoever wrote the mail that is quoted, whatever the lists say."""
    assert people(text.format("Obi Wanjiru"), language) == ["Obi Wanjiru"]


def test_a_sentences_end_parts_names() -> None:
    """A full stop joins initials and abbreviations, and no short name with the next sentence; a comma joins nothing."""
    assert people("Spoke to Mr Wu. Telephone later. Ask Ms Chan. Samsung is broken.") == ["Wu", "Chan"]
    assert people("Dr. Smith and J. R. Miller", "en") == ["Smith", "J. R. Miller"]
    assert people("Merci à M. Chan. Tél 5", "fr") == ["Chan"]
    assert people("Hi Anna, Delivery is late", "en") == ["Anna"]
