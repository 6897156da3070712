"""What a person is known by, in free texts: in whatever script and spelling, and by what they were called before."""

import json

import pytest

from privacy_svc.rights import RequestView, Right, State
from tests.conftest import ONE_DATABASE
from tests.rights.company import ANA, Company
from tests.rights.running import carried_on, erased
from tests.rights.test_access import package_of
from tests.rights.test_approval import verified
from tests.rights.test_read_back import places_of
from tests.rights.test_rectifying import remap


def called(company: Company, name: str, note: str, customer: int = 2) -> None:
    company.write("UPDATE customers SET name = :name WHERE id = 1", name=name)
    company.write("DELETE FROM notes")
    company.write("INSERT INTO notes VALUES (31, :customer, :note)", customer=customer, note=note)


def told_of(company: Company, request: RequestView) -> str:
    assert request.state == State.COMPLETED, request.failure
    return str(company.rows("notes")[0]["note"])


@ONE_DATABASE
@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("王伟", "王伟打电话"),
        ("山田太郎", "昨日山田太郎様より"),
        ("김민수", "김민수님이 전화"),
        ("أحمد الحسن", "اتصل أحمد الحسن أمس"),
        ("Мария Ёлкина", "звонила Мария Елкина"),
        ("Petra Möller", "Petra Möllers Rechnung"),
        ("Petra Möller", "file petra_moeller.pdf"),
        ("Łukasz O'Hara", "Lukasz O\u2019Hara rang"),
        ("Li Na", "Li Na called"),
    ],
)
def test_a_name_in_anothers_text_fails_the_erasure(company: Company, name: str, note: str) -> None:
    """Whatever the script, and as names are written."""
    called(company, name, note)
    assert places_of(erased(company)) == ["crm.notes.note"]


@ONE_DATABASE
@pytest.mark.parametrize(
    ("column", "value", "note"),
    [
        ("phone", "+49 171 5512345", "call 171 5512345"),
        ("phone", "+49 171 5512345", "call (0171) / 551-23 45"),
        ("phone", "+49 171 5512345", "call +49 (0)171 5512345"),
        ("email", "petra@möller.example", "see ?to=petra%40m%C3%B6ller.example"),
        ("email", "petra@möller.example", "wrote from petra@xn--mller-jua.example"),
        ("email", "petra@xn--mller-jua.example", "wrote from petra@möller.example"),
        ("name", "DE02120300000000202051", "IBAN DE02 1203 0000 0000 2020 51"),
        ("name", "DE02 1203 0000 0000 2020 51", "IBAN DE02120300000000202051"),
    ],
)
def test_an_address_or_number_in_anothers_text_fails_the_erasure(
    company: Company, column: str, value: str, note: str
) -> None:
    """In other groups, with and without the country, in a link, with the domain as the net knows it."""
    called(company, "Ana Figueiredo", note)
    company.write(f"UPDATE customers SET {column} = :value WHERE id = 1", value=value)
    assert places_of(erased(company)) == ["crm.notes.note"]


@ONE_DATABASE
def test_a_two_letter_name_goes_from_own_texts_only(company: Company) -> None:
    """Frau Li is taken out, as a word with a capital; the same word in somebody else's text is no finding."""
    remap(company, lambda text: text[::-1].replace("}llun :esare{", "}tcader :esare{", 1)[::-1])
    called(company, "Li Bo", "Frau Li called, li bo, Bo und Lia", customer=1)
    company.write("INSERT INTO notes VALUES (32, 2, 'Li bei Bo')")
    assert told_of(company, erased(company)) == "Frau [erased] called, li bo, [erased] und Lia"


@ONE_DATABASE
def test_a_particle_is_nobodys_name(company: Company) -> None:
    """Of `van der Berg` only the last is looked for by itself."""
    remap(company, lambda text: text[::-1].replace("}llun :esare{", "}tcader :esare{", 1)[::-1])
    called(company, "Jan van der Berg", "Bericht van Jan der Firma Berg", customer=1)
    assert told_of(company, erased(company)) == "Bericht van [erased] der Firma [erased]"


@ONE_DATABASE
@pytest.mark.parametrize("written", ["12.03.1980", "12/3/1980", "12 March 1980", "12. März 1980", "le 12 mars 1980"])
def test_a_birthday_goes_from_own_texts(company: Company, written: str) -> None:
    """However it is written."""
    company.write("ALTER TABLE customers ADD COLUMN born DATE", "UPDATE customers SET born = '1980-03-12' WHERE id = 1")
    born = (
        "          - {name: born, data_categories: [user.demographic.date_of_birth], privacy: {erase: null}}\n"
        "      - name: orders\n"
    )
    remap(company, lambda text: text.replace("      - name: orders\n", born))
    remap(company, lambda text: text[::-1].replace("}llun :esare{", "}tcader :esare{", 1)[::-1])
    called(company, "Ana Figueiredo", f"born {written}, 13.03.1980", customer=1)
    left = told_of(company, erased(company))
    assert left.replace("le ", "") == "born [erased], 13.03.1980"


@ONE_DATABASE
@pytest.mark.parametrize(
    "note", ["wrote from ana@mail.example", "her number was 030 / 90182042", "Ana Figueiredo rang"]
)
def test_what_was_corrected_is_searched_too(company: Company, note: str) -> None:
    """The address, number and name that a rectification replaced still name her in texts."""
    company.write("DELETE FROM orders", "DELETE FROM notes", "INSERT INTO notes VALUES (31, 2, :note)", note=note)
    for changes in ({"email": "ana@new.example", "name": "Ana Marques"}, {"phone": "+49 30 9018 2999"}):
        request = verified(company, Right.RECTIFICATION, changes=changes)
        company.requests.approve(request.id, "dora")
        assert carried_on(company, request.id).state == State.COMPLETED
    assert company.rows("customers")[0]["name"] != ANA["name"]
    assert places_of(erased(company)) == ["crm.notes.note"]


@ONE_DATABASE
@pytest.mark.parametrize("note", ["Frau Li called", "Mr Li wants a refund", "Mr Li, Mr Bo"])
def test_ones_own_two_letter_name_stays_in_a_copy(company: Company, note: str) -> None:
    """It is nobody else's."""
    called(company, "Li Na", note, customer=1)
    request = verified(company, Right.ACCESS)
    assert carried_on(company, request.id).state == State.COMPLETED
    [given] = json.loads(package_of(company, request.id).read("data/notes.json"))
    assert given["note"] == note.replace("Mr Bo", "Mr [somebody else's name]")
