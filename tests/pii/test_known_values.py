"""A value that we know is found letter for letter in every script, and in the spellings that are ordinary."""

import unicodedata
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy_svc.pii import known_values_in, redact
from privacy_svc.pii.scripts import folded


def left(text: str, *values: str) -> str:
    return redact(text, known_values_in(text, values), "drop")


SCRIPTS = [
    "أحمد",
    "Ёлкина",
    "김민수",
    "ガルシア",
    "王伟",
    "山田太郎",
    "สมชาย",
    "राम कुमार",
    "Παπαδόπουλος",
    "דוד",
    "Nguyễn Thị Ngọc",
    "Łukasz Żółć",
    "İbrahim Işık",
    "தமிழ்",
    "Աննա",
    "ქეთევან",
    "አበበ",
]


@pytest.mark.parametrize("value", SCRIPTS)
@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_every_script(value: str, form: Literal["NFC", "NFD", "NFKC", "NFKD"]) -> None:
    """Alone and in a text, in each of Unicode's forms, on both sides, in any case."""
    written = unicodedata.normalize(form, value)
    for one, other in ((value, written), (written, value), (value, written.upper()), (value, written.casefold())):
        assert left(other, one) == ""
        assert left(f"12: {other}, x", one) == "12: , x"


@settings(deadline=None)
@given(st.text(st.characters(categories=("Lu", "Ll", "Lo", "Mn", "Mc", "Nd")), min_size=3, max_size=12))
def test_letter_for_letter(value: str) -> None:
    """Whatever letters, marks and digits a value consists of, it is found where it stands between blanks; of two signs
    that are seen, by rules of their own."""
    if any(c.isalnum() for c in value) and len(folded(value)[0]) > 2:
        assert known_values_in(f"x {value} y", [value]) or known_values_in(value, [value])


@pytest.mark.parametrize(
    ("value", "text", "rest"),
    [
        ("王伟", "王伟打电话", "打电话"),
        ("王 伟", "王伟打电话", "打电话"),
        ("山田太郎", "山田太郎様", "様"),
        ("山田 太郎", "昨日山田太郎さん", "昨日さん"),
        ("สมชาย", "คุณสมชายโทรมา", "คุณโทรมา"),
        ("김민수", "김민수님이 전화", "님이 전화"),
        ("Ana Silva", "昨日Ana Silvaさん", "昨日さん"),
        ("ana@mail.example", "邮箱ana@mail.example。", "邮箱。"),
        ("+49 30 90182042", "电话030没有，+493090182042打", "电话030没有，打"),
        ("ｶﾞﾙｼｱ", "ホセ・ガルシア", "ホセ・"),
        ("ホセ ガルシア", "ホセ・ガルシア様", "様"),
        ("Ana", "Ａｎａ", ""),
        ("Möller", "Möl\u00adler", ""),
        ("0171 5512345", "٠١٧١ ٥٥١٢٣٤٥", ""),
    ],
)
def test_between_letters(value: str, text: str, rest: str) -> None:
    """Scripts without blanks have no whole words, and a word beside them ends there."""
    assert left(text, value) == rest


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("민수", "김민숙"),
        ("カナ", "カナ\u3099ワ"),
        ("राम", "रामू"),
        ("Jo", "Jörg"),
        ("Ана", "Анатолий"),
        ("Ana", "Anabel, Mariana"),
        ("Joe", "Jo"),
        ("ana@mail.example", "xana@mail.example _ana@mail.example ana@mail.examples"),
        ("DE02120300000000202051", "DE02 1203 0000 0000 2020 519"),
    ],
)
def test_other_letters_are_another_value(value: str, text: str) -> None:
    """A mark or a letter more makes it another word."""
    assert known_values_in(text, [value]) == []


IBAN, GROUPED = "DE02120300000000202051", "DE02 1203 0000 0000 2020 51"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (IBAN, GROUPED),
        (GROUPED, IBAN),
        (IBAN, "de02-1203-0000-0000-2020-51"),
        ("FR1420041010050500013M02606", "FR14 2004 1010 0505 0001 3M02 606"),
        ("RSSMRA80A01H501U", "RSS MRA 80A01 H501U"),
        ("4111111111111111", "4111 1111 1111 1111"),
        ("01715512345", "(0171) / 551 23 - 45"),
        ("1980-03-12", "1980/03/12"),
        ("Petra Möller", "petra_möller"),
        ("Petra Möller", "petra-moeller"),
        ("Petra Möller", "Petra.Moller"),
        ("Petra Möller", "Petra Möllers"),
        ("Petra", "Petras"),
        ("Łukasz", "Lukasz"),
        ("Lukasz", "Łukasz"),
        ("Søren", "Soren, Soeren, SØREN"),
        ("Soren", "Søren"),
        ("İbrahim", "IBRAHIM, ibrahim, İBRAHİM"),
        ("Ibrahim", "İbrahim"),
        ("Işık", "ISIK"),
        ("Weiß", "Weiss, WEISS"),
        ("Weiss", "Weiß"),
        ("Kjær", "Kjaer"),
        ("Kjaer", "Kjær"),
        ("Zoë", "Zoe"),
        ("Zoe", "Zoë"),
        ("Ёлкина", "Елкина"),
        ("Елкина", "Ёлкина"),
        ("Παπαδόπουλος", "ΠΑΠΑΔΟΠΟΥΛΟΣ"),
        ("أحمد", "احمد, أَحْمَد"),
        ("O'Brien", "O\u2019Brien, OBrien, O´Brien"),
        ("Müller-Lüdenscheid", "Müller Lüdenscheid"),
        ("petra@möller.example", "petra%40m%C3%B6ller.example"),
        ("petra@möller.example", "mailto%3Apetra%40möller.example"),
        ("Petra Möller", "?q=Petra%20M%c3%b6ller"),
    ],
)
def test_ordinary_spellings(value: str, text: str) -> None:
    """Grouped or not, with or without strokes, dots and apostrophes, joined as in a file's name, with a genitive's s,
    encoded as in a link."""
    rest = left(text, value)
    assert not any(c.isalnum() for c in rest.replace("?q=", "").replace("mailto%3A", "")), rest


def test_a_genitive_leaves_the_rest() -> None:
    """Only the name goes."""
    assert left("Möllers Rechnung, Petra's Nummer, Petras", "Petra", "Möller") == " Rechnung, 's Nummer, "


@pytest.mark.parametrize(
    ("value", "text", "rest"),
    [
        ("Li", "Frau Li, li, LI: Lia", "Frau , li, : Lia"),
        ("Li", "Li", ""),
        ("NA", "NA", "NA"),
        ("Du", "du hast, Du", "du hast, "),
        ("Bo Li", "bo li, Bo Li", "bo li, "),
        ("Bo Berg", "bo berg", ""),
        ("Ян", "ян Ян", "ян "),
        ("王伟", "王伟", ""),
    ],
)
def test_two_letters_are_a_name_with_a_capital(value: str, text: str, rest: str) -> None:
    """As a word with a capital, in capitals only beside others."""
    assert left(text, value) == rest
