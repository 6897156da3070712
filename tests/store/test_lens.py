"""Whose values stand in a text, and what a person is known by. Pure."""

import hashlib
from typing import Any

import pytest

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
