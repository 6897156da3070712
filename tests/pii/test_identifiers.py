"""Numbers, dates and addresses: what has the right check digits, shape or neighbour, in each language."""

import random

import pytest

from privacy_svc.pii import LANGUAGES, detect


def shown(text: str, language: str = "en", region: str = "DE") -> list[tuple[str, str]]:
    return [(f.entity, text[f.start : f.end]) for f in detect(text, language, region)]


@pytest.mark.parametrize(
    ("entity", "value", "region"),
    [
        ("DE_TAX_ID", "86095742719", "DE"),
        ("NL_BSN", "1112.22.333", "NL"),
        ("UK_NHS", "943 476 5919", "GB"),
        ("FR_NIR", "1 84 12 76 451 089 46", "FR"),
        ("FR_NIR", "184127645108946", "DE"),
        ("BE_NN", "85.07.30-033 28", "NL"),
        ("IT_FISCAL_CODE", "RSSMRA85T10A562S", "DE"),
        ("ES_NIF", "12345678Z", "DE"),
        ("CH_AHV", "756.9217.0769.85", "DE"),
        ("US_SSN", "536-22-1234", "DE"),
        ("CREDIT_CARD", "4111 1111 1111 1111", "DE"),
        ("CREDIT_CARD", "3782 822463 10005", "DE"),
        ("CREDIT_CARD", "2223003122003222", "DE"),
        ("IBAN_CODE", "DE89 3704 0044 0532 0130 00", "DE"),
        ("IP_ADDRESS", "192.168.10.14", "DE"),
        ("IP_ADDRESS", "2001:db8::8a2e:370:7334", "DE"),
        ("PHONE_NUMBER", "+351 21 099 0042", "DE"),
        ("PHONE_NUMBER", "(555) 123-4567", "DE"),
        ("URL", "www.shop.example/a", "DE"),
    ],
)
def test_found_alone(entity: str, value: str, region: str) -> None:
    """With the right check digits or shape it counts by itself; a digit changed, a checked one does not."""
    assert shown(f"It is {value}.", "en", region) == [(entity, value)]


@pytest.mark.parametrize(
    "value",
    ["4111 1111 1111 1112", "DE88 3704 0044 0532 0130 00", "RSSMRA85T10A562T", "1 84 12 76 451 089 47", "12345678A"],
)
def test_wrong_check_digits(value: str) -> None:
    """A number whose check digits are wrong is not the number it looks like."""
    assert {entity for entity, _ in shown(f"It is {value}.")} <= {"PHONE_NUMBER"}


@pytest.mark.parametrize(
    ("entity", "word", "value", "region"),
    [
        ("NL_BSN", "BSN", "111222333", "NL"),
        ("NL_BSN", "BSN", "111222333", "DE"),
        ("UK_NHS", "NHS number", "9434765919", "GB"),
        ("PL_PESEL", "PESEL", "44051401359", "PL"),
        ("PT_NIF", "contribuinte", "123456789", "PT"),
        ("HR_OIB", "OIB", "33392005961", "HR"),
    ],
)
def test_one_check_digit_needs_a_word(entity: str, word: str, value: str, region: str) -> None:
    """Every tenth number has a right check digit: only where the text says so it is a person's, also at home."""
    assert shown(f"{word} {value}", "en", region) == [(entity, value)]
    for other in ("It is", "Order no.", "Ordernr", "Ref."):
        assert shown(f"{other} {value}", "en", region) == []


@pytest.mark.parametrize("region", ["NL", "GB", "DE", "PT", "FR", "US", "SE", "PL", "ES", "IT"])
def test_random_digits_are_nobodys(region: str) -> None:
    """Fewer than one in a hundred numbers of nine to twelve digits looks like somebody's."""
    chance = random.Random(region)  # noqa: S311 - a test repeats itself
    numbers = ["".join(chance.choices("0123456789", k=chance.randrange(9, 13))) for _ in range(400)]
    assert sum(bool(shown(f"Nummer {n}.", "de", region)) for n in numbers) < 4


@pytest.mark.parametrize(
    "word", ["Ref.", "Rechnung Nr.", "commande n°", "pedido", "fattura n.", "factuurnummer", "Order #"]
)
def test_an_orders_number_is_no_persons(word: str) -> None:
    """What is written as a social security number is one, and not where it is called something else."""
    assert shown(f"{word} 536-22-1234") == []


def test_a_longer_phone_wins() -> None:
    """Ten digits of a telephone number with its country's code are no id."""
    for number in ("+1-415-555-2671", "+1 415 555 2671", "+1 (415) 555-2671"):
        assert shown(f"Call {number} now", "en", "GB") == [("PHONE_NUMBER", number)]


FORMATS = (
    "{d:02}.{m:02}.{y}",
    "{d}.{m}.{y}",
    "{d}. {m}. {y}",
    "{d:02}-{m:02}-{y}",
    "{d:02}/{m:02}/{y}",
    "{y}-{m:02}-{d:02}",
)
FORMATS += ("{d:02}.{m:02}.{s:02}", "{m:02}/{y}", "{m:02}.{y}", "{d:02}.{m:02}.-{d:02}.{m:02}.{y}", "{y}/{m:02}/{d:02}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_date_is_no_phone(language: str) -> None:
    """In no writing and in no region is a date a telephone number, unless the word for one stands right before it."""
    chance = random.Random(language)  # noqa: S311 - a test repeats itself
    for region in ("DE", "IT", "AT", "FR", "ES", "NL", "GB", "US"):
        for _ in range(12):
            d, m, y = chance.randrange(1, 29), chance.randrange(1, 13), chance.randrange(1960, 2030)
            for form in FORMATS:
                text = f"x {form.format(d=d, m=m, y=y, s=y % 100)} x"
                assert shown(text, language, region) == [], text
    assert shown("Tel. 03.04.2013", language) == [("PHONE_NUMBER", "03.04.2013")]
    assert shown("01.02.03.04.05", language, "FR") == [("PHONE_NUMBER", "01.02.03.04.05")]


VALUES = {
    "CREDIT_CARD": "4111 1111 1111 1111",
    "IBAN_CODE": "DE89 3704 0044 0532 0130 00",
    "PHONE_NUMBER": "+49 30 2312 500",
    "ADDRESS": "12 Baker Street, London NW1 6XE",
    "FR_NIR": "1 84 12 76 451 089 46",
    "PERSON": "Anna Schmidt",
}


@pytest.mark.parametrize("space", ["\u00a0", "\u202f", "\u2009", "\t", "  ", " \u00a0", "\u3000"])
@pytest.mark.parametrize("entity", VALUES)
def test_other_spaces(entity: str, space: str) -> None:
    """Whatever white space a value is written with, it is found whole and at its place."""
    value = VALUES[entity].replace(" ", space)
    assert shown(f"Two  spaces, and{space}then {value}; ok") == [(entity, value)]
    assert shown(f"{value}  x  {value}") == [(entity, value)] * 2


def test_other_signs() -> None:
    """Cards with dots, no-break hyphens, IBANs in small letters, and HTML's spaces without a tag."""
    assert shown("4111.1111.1111.1111") == [("CREDIT_CARD", "4111.1111.1111.1111")]
    assert shown("536\u201122\u20111234") == [("US_SSN", "536\u201122\u20111234")]
    assert shown("an de89 3704 0044 0532 0130 00 und dann") == [("IBAN_CODE", "de89 3704 0044 0532 0130 00")]
    assert {e for e, _ in shown("4111&nbsp;1111&nbsp;1111&nbsp;1111 is it")} == {"CREDIT_CARD"}
    assert shown("4111" + " " * 20 + "1111") == []


@pytest.mark.parametrize(
    "text",
    [
        "IMEI 356938035643809",
        "firmware 1.2.3.4",
        "Version: 10.0.1.2",
        "mask 255.255.255.0",
        "v 4.3.2.1",
        "4111.1111.1111.1112",
    ],
)
def test_written_alike(text: str) -> None:
    """Serial numbers of telephones, versions and masks are no cards, addresses or devices."""
    assert shown(text) == []


@pytest.mark.parametrize(
    ("language", "text", "address"),
    [
        ("en", "Send it to 12 Baker Street, London NW1 6XE, please", "12 Baker Street, London NW1 6XE"),
        ("en", "at 1600 Pine Hill Ave Apt 4, Springfield, IL 62704", "1600 Pine Hill Ave Apt 4, Springfield, IL 62704"),
        ("de", "Wir liefern an Theodor-Heuss-Straße 34a, 10115 Berlin.", "Theodor-Heuss-Straße 34a, 10115 Berlin"),
        ("de", "Hauptstr. 5\r\n80331 München", "Hauptstr. 5\r\n80331 München"),
        ("de", "Er wohnt Am Markt 3, 01067 Dresden.", "Am Markt 3, 01067 Dresden"),
        ("fr", "Il habite 12 bis rue de la Paix, 75002 Paris.", "12 bis rue de la Paix, 75002 Paris"),
        ("es", "Vive en Calle de Alcalá, 45, 28014 Madrid", "Calle de Alcalá, 45, 28014 Madrid"),
        ("it", "Abita in Via Giuseppe Verdi 12, 20121 Milano (MI)", "Via Giuseppe Verdi 12, 20121 Milano (MI)"),
        ("it", "Abita in Via dell'Orso 3, 20121 MILANO", "Via dell'Orso 3, 20121 MILANO"),
        ("de", "wohnt Straße des 17. Juni 135, 10623 Berlin.", "Straße des 17. Juni 135, 10623 Berlin"),
        ("de", "wohnt Platz der Republik 1, 11011 BERLIN.", "Platz der Republik 1, 11011 BERLIN"),
        ("fr", "habite 12 rue du 8 mai 1945, 75010 Paris.", "12 rue du 8 mai 1945, 75010 Paris"),
        ("fr", "habite Rue Neuve 12, 1000 Bruxelles.", "Rue Neuve 12, 1000 Bruxelles"),
        ("fr", "habite chaussée de Wavre 112\n1050 IXELLES", "chaussée de Wavre 112\n1050 IXELLES"),
        ("nl", "Hij woont op Prinsengracht 263, 1016 GV Amsterdam.", "Prinsengracht 263, 1016 GV Amsterdam"),
    ],
)
def test_addresses(language: str, text: str, address: str) -> None:
    """Street, number, code and city are one finding."""
    assert shown(text, language) == [("ADDRESS", address)]


@pytest.mark.parametrize(
    ("language", "text", "entity", "value"),
    [
        ("en", "She is 34 years old.", "AGE", "34 years old"),
        ("de", "eine 34-jährige Kundin", "AGE", "34-jährige"),
        ("fr", "J'ai 34 ans.", "AGE", "34 ans"),
        ("es", "Tiene 34 años.", "AGE", "34 años"),
        ("it", "Ho 34 anni.", "AGE", "34 anni"),
        ("nl", "zij is 34 jaar oud", "AGE", "34 jaar oud"),
        ("de", "Kunde, 34 Jahre, zahlt", "AGE", "34 Jahre"),
        ("fr", "la cliente, 34 ans, paie", "AGE", "34 ans"),
        ("es", "una mujer de 34 años", "AGE", "34 años"),
        ("it", "la paziente, 34 anni, paga", "AGE", "34 anni"),
        ("nl", "de klant, 81 jaar, betaalt", "AGE", "81 jaar"),
        ("de", "wurde am 7.5.1949 hier geboren", "DATE_OF_BIRTH", "7.5.1949"),
        ("de", "ist am 7. Mai 1949 geboren", "DATE_OF_BIRTH", "7. Mai 1949"),
        ("en", "on 3 May 1949 she was born", "DATE_OF_BIRTH", "3 May 1949"),
        ("es", "el 3 de mayo de 1949 nació", "DATE_OF_BIRTH", "3 de mayo de 1949"),
        ("it", "il 3 maggio 1949 è nata", "DATE_OF_BIRTH", "3 maggio 1949"),
        ("nl", "is op 3 mei 1949 geboren", "DATE_OF_BIRTH", "3 mei 1949"),
        ("en", "born on March 3rd, 1984", "DATE_OF_BIRTH", "March 3rd, 1984"),
        ("de", "geboren am 3. März 1984", "DATE_OF_BIRTH", "3. März 1984"),
        ("fr", "née le 3 mars 1984", "DATE_OF_BIRTH", "3 mars 1984"),
        ("es", "nacido el 3 de marzo de 1984", "DATE_OF_BIRTH", "3 de marzo de 1984"),
        ("it", "nato il 3 marzo 1984", "DATE_OF_BIRTH", "3 marzo 1984"),
        ("nl", "geboren op 3 maart 1984", "DATE_OF_BIRTH", "3 maart 1984"),
    ],
)
def test_ages_and_births(language: str, text: str, entity: str, value: str) -> None:
    """Ages and dates of birth as people write them."""
    assert shown(text, language) == [(entity, value)]


@pytest.mark.parametrize(
    "text",
    [
        "Order 08306706 shipped within 14 days, 3 years warranty.",
        "Signed on March 3rd, 1984; paid 12,000 EUR at 10:45; journée du 12.03.2024.",
        "999 years old, size 42, room 12.",
    ],
)
def test_left_alone(text: str) -> None:
    """Order numbers, other dates, prices and times are nobody's."""
    assert shown(text) == []


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The pump is 3 years old, and the house was over 90 years old."),
        ("de", "Die Pumpe ist 5 Jahre alt, mit 10-jähriger Garantie; 5 Jahre Laufzeit."),
        ("fr", "Garantie 5 ans, gratuit (2 ans). Elle a 3 ans de garantie."),
        ("es", "Garantía de 3 años, contrato de 12 años; tiene 2 años de garantía."),
        ("it", "Garanzia, 2 anni, gratis; ha 3 anni di garanzia."),
        ("nl", "De garantie is 5 jaar, het apparaat is 3 jaar oud."),
        ("de", "bestellt am 12.03.2024, die Firma wurde am 3.4.2020 gegründet"),
    ],
)
def test_things_have_no_age(language: str, text: str) -> None:
    """Years of a guarantee or a machine are nobody's age, and not every date is a birth's."""
    assert [e for e, _ in shown(text, language) if e in {"AGE", "DATE_OF_BIRTH"}] == []


def test_several_regions() -> None:
    """An organisation of several countries knows the numbers of each."""
    assert shown("06 12 34 56 78", "fr", "DE,FR") == [("PHONE_NUMBER", "06 12 34 56 78")]
    assert shown("BSN 111222333", "nl", "DE,NL") == [("NL_BSN", "111222333")]
