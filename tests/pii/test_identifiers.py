"""Numbers, dates and addresses: what has the right check digits, shape or neighbour, in each language."""

import pytest

from privacy_svc.pii import detect


def shown(text: str, language: str = "en", region: str = "DE") -> list[tuple[str, str]]:
    return [(f.entity, text[f.start : f.end]) for f in detect(text, language, region)]


@pytest.mark.parametrize(
    ("entity", "value", "region"),
    [
        ("DE_TAX_ID", "86095742719", "DE"),
        ("NL_BSN", "111222333", "NL"),
        ("FR_NIR", "1 84 12 76 451 089 46", "FR"),
        ("FR_NIR", "184127645108946", "DE"),
        ("BE_NN", "85.07.30-033 28", "NL"),
        ("PL_PESEL", "44051401359", "PL"),
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


def test_a_number_of_another_country_needs_its_word() -> None:
    """Nine digits with a right check are a BSN in the Netherlands, elsewhere only where the text says so."""
    assert shown("BSN 111222333", "nl", "DE") == [("NL_BSN", "111222333")]
    assert shown("Order 111222333", "en", "DE") == []


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


def test_several_regions() -> None:
    """An organisation of several countries knows the numbers of each."""
    assert shown("06 12 34 56 78", "fr", "DE,FR") == [("PHONE_NUMBER", "06 12 34 56 78")]
    assert shown("BSN 111222333", "nl", "DE,NL") == [("NL_BSN", "111222333")]
