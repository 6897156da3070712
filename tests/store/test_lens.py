"""Whose values stand in a text, and what a person is known by. Pure."""

import hashlib
import unicodedata
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy_svc.pii import known_values_in
from privacy_svc.policy import Collection, Erase, EraseRows, Field, Keep
from privacy_svc.store import FoundRow, Known, known_of
from privacy_svc.store.lens import Lens

ANA = Known(
    own=("Ana",), telling=("ana@mail.example", "+49 30 9018 2042", "DE02120300000000202051"), names=("Ana Müller",)
)
BO = Known(telling=("bo@mail.example", "+49 30 9018 2043"), names=("Bo Berg",))
LENS = Lens({"ana": ANA, "bo": BO})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("write to ANA@Mail.Example.", {"ana"}),
        ("<ana@mail.example>, bo@mail.example", {"ana", "bo"}),
        ("+49-30-9018-2042 or +49 (30) 90182043", {"ana", "bo"}),
        ("on 2026-11-28 +49 30 9018 2042", {"ana"}),
        ("account DE02120300000000202051 is closed", {"ana"}),
        ("mariana@mail.example and ana@mail.example.org", set()),
        ("149309018204299", set()),
        ("ANA MU\u0308LLER rang", {"ana"}),
        ("Ana rang", set()),
        ("", set()),
    ],
)
def test_people_in_a_text(text: str, found: set[str]) -> None:
    """Addresses, numbers and codes in the spellings of the engine, whole names, and nobody who is not there."""
    assert LENS.people_in(text, names=True) == found


def test_names_only_where_people_are_written_about() -> None:
    """In a column for names a namesake's own name is no finding."""
    assert LENS.people_in("Ana Müller", names=False) == set()


@pytest.mark.parametrize("value", [*ANA.telling, *ANA.names])
@pytest.mark.parametrize("frame", ["{}", "x {} y", "({})", "{}, {}", "tel:{};", "\n{}\t"])
def test_the_quick_look_misses_nothing_that_the_engine_finds(value: str, frame: str) -> None:
    """What stands in a text as a whole is found in every frame in which the engine finds it."""
    for spelled in (value, value.upper(), value.lower(), value.replace(" ", "  ")):
        text = frame.format(spelled, spelled)
        assert bool(known_values_in(text, (value,))) == (LENS.people_in(text, names=True) == {"ana"})


def row(**values: Any) -> FoundRow:
    """Of a customer: fields by name, with their categories."""
    keep = Keep("A17LegallyRequired", "§ 147 AO", "P10Y")
    fields = (
        Field("id", ("user.unique_id",), primary_key=True),
        Field("first", ("user.name.first",)),
        Field("last", ("user.name.last",)),
        Field("email", ("user.contact.email",)),
        Field("phone", ("user.contact.phone_number",)),
        Field("born", ("user.demographic.date_of_birth",)),
        Field("country", ("user.contact.address.country",)),
        Field("payer", ("user.name",), erase=Erase.KEEP, keep=keep),
        Field("note", ("user.content.private",), erase=Erase.REDACT),
    )
    collection = Collection("crm", "customers", fields, subject="customer", erase_rows=EraseRows.FIELDS)
    held = {f.name: values.get(f.name) for f in fields}
    return FoundRow(collection, "1", held, held)


def test_what_a_person_is_known_by() -> None:
    """Addresses with their hashes, numbers with and without a country, whole names in both orders; no birthday, country
    or short word that many share, and nothing of what stays."""
    known = known_of(
        [
            row(
                first="Ana",
                last="Müller",
                email="Ana@mail.example",
                phone="030 90182042",
                born="1980-05-12",
                country="DE",
                payer="Figueiredo KG",
                note="Ana called",
            )
        ],
        "DE",
    )
    digest = hashlib.sha256(b"ana@mail.example").hexdigest()
    assert {"Ana@mail.example", digest, "030 90182042", "+493090182042", "00493090182042"} <= set(known.telling)
    assert set(known.names) == {"Ana Müller", "Müller Ana", "Müller, Ana"}
    assert {"Ana", "Müller", "1980-05-12"} <= set(known.own)
    everything = {*known.own, *known.telling, *known.names}
    assert not everything & {"DE", "Figueiredo KG", "Ana called"}
    assert "1980-05-12" not in known.telling
    assert "Ana" not in repr(known)


PEOPLE = {
    "wang": Known(names=("王伟",)),
    "yamada": Known(names=("山田 太郎", "太郎 山田")),
    "kim": Known(names=("김민수",)),
    "petra": Known(
        telling=("petra@möller.example", "DE02 1203 0000 0000 2020 51", "NL91ABNA0417164300", "01715512345"),
        names=("Petra Möller", "Möller, Petra"),
    ),
    "brien": Known(names=("Łukasz O'Brien", "Søren Kjær")),
    "yolkina": Known(names=("Мария Ёлкина",)),
}
EVERYBODY = Lens(PEOPLE)


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("今天王伟打电话", "wang"),
        ("山田太郎様", "yamada"),
        ("山田・太郎", "yamada"),
        ("김민수님", "kim"),
        ("PETRA MÖLLERS Rechnung", "petra"),
        ("petra_moeller", "petra"),
        ("Petra Moller", "petra"),
        ("Moeller, Petra", "petra"),
        ("<p>Petra M&ouml;ller</p>", "petra"),
        ("<b>Pet</b>ra Möller", "petra"),
        ("?to=petra%40m%C3%B6ller.example&x", "petra"),
        ("/mail/petra@möller.example", "petra"),
        ("邮箱petra@möller.example谢谢", "petra"),
        ("IBAN DE02120300000000202051", "petra"),
        ("IBAN DE02-1203-0000-0000-2020-51", "petra"),
        ("NL91 ABNA 0417 1643 00", "petra"),
        ("(0171) / 551-23 45", "petra"),
        ("Lukasz O\u2019Brien, OBRIEN", "brien"),
        ("lukasz obrien", "brien"),
        ("Soeren Kjaer", "brien"),
        ("МАРИЯ ЕЛКИНА", "yolkina"),
        ("伟 打 王", ""),
        ("Petra, Moll", ""),
    ],
)
def test_everybodys_spellings(text: str, found: str, form: Literal["NFC", "NFD", "NFKC", "NFKD"]) -> None:
    """Of names and numbers the quick look knows the same as the engine."""
    assert EVERYBODY.people_in(unicodedata.normalize(form, text), names=True) == ({found} if found else set())


@settings(deadline=None)
@given(st.sampled_from(sorted(PEOPLE)), st.data())
def test_the_quick_look_keeps_up_with_the_engine(who: str, data: st.DataObject) -> None:
    """Whatever stands around a value and in place of its accents, signs and blanks."""
    value = data.draw(st.sampled_from([*PEOPLE[who].telling, *PEOPLE[who].names]))
    ways = {
        "ö": ["ö", "oe", "o", "o\u0308"],
        " ": [" ", "\n", "_", "-", "."],
        "'": ["'", "", "\u2019"],
        "ø": ["o", "oe"],
    }
    said = "".join(data.draw(st.sampled_from(ways.get(c, [c, c.upper(), c.lower()]))) for c in value)
    around = st.sampled_from(["", " ", "x ", " y", "(", ")", "_", "/", "今", "様", "<b>", "</b>", "%20", ",", "s"])
    text = data.draw(around) + said + data.draw(around)
    engine = bool(known_values_in(text, (*PEOPLE[who].telling, *PEOPLE[who].names)))
    assert engine == (who in EVERYBODY.people_in(text, names=True))


def test_a_name_without_blanks_is_a_whole_one() -> None:
    """In one field for the whole name; not a part of one."""
    assert known_of([row(payer="x", first="王伟")], "CN").names == ()
    assert "王伟" in known_of([row(first="王伟")], "CN").own
    assert "li" not in {v.casefold() for v in known_of([row(country="Li")], "DE").own}
