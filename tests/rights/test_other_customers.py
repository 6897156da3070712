"""Everybody else of the store is taken out of what one person is given, also where no list and no model knows them."""

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from privacy_svc.db import Database
from privacy_svc.pii import Asked
from privacy_svc.rights import Packages, Right, Worker
from privacy_svc.rights.accessing import overview
from privacy_svc.rights.package_words import TEXTS, say
from privacy_svc.store import Everybody
from tests.rights.company import DATASET, Company, found_company, store_url
from tests.rights.running import carried_out, done
from tests.rights.test_approval import verified

NAME = """\
          - name: name
            data_categories: [user.name]
            privacy: {id: 1001, seal: true, erase: shred}
"""
SPLIT = """\
          - name: first_name
            data_categories: [user.name.first]
            privacy: {id: 1004, seal: true, index: [name], erase: shred}
          - name: last_name
            data_categories: [user.name.last]
            privacy: {id: 1005, seal: true, index: [name], erase: shred}
"""
MORE = """\
          - name: street
            data_categories: [user.contact.address.street]
            privacy: {erase: null}
          - name: born
            data_categories: [user.demographic.date_of_birth]
            privacy: {id: 1006, seal: true, erase: shred}
"""
COLUMNS = ("first_name", "last_name", "street", "born")
assert NAME in DATASET
MAP = DATASET.replace(NAME, NAME.replace("seal: true", "seal: true, index: [name]") + SPLIT + MORE)
OTHERS = (
    {"id": 4, "name": "Zyx Qwrtl", "email": "zyx@intranet", "phone": "+49 30 7766554"},
    {"id": 5, "name": "-", "first_name": "Bryx", "last_name": "van der Öqvst"},
    {"id": 6, "name": "Mark Rose"},
    {"id": 7, "name": "Ana Pqrst"},
)
NOTE = (
    "Parcel went to Zyx Qwrtl, and Qwrtl kept it; zyx@intranet or 30-7766554 as before. Van der Öqvst, Bryx not in.\n"
    "Ana Pqrst moved. Mark the Rose box as paid by Ana Figueiredo. Not Zyxander."
)
LEFT = (
    "Parcel went to [somebody else's name], and [somebody else's name] kept it; [somebody else's e-mail address] or "
    "[somebody else's telephone number] as before. [somebody else's name] not in.\n"
    "[somebody else's name] moved. Mark the Rose box as paid by Ana Figueiredo. Not Zyxander."
)


@pytest.fixture
def company(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> Iterator[Company]:
    home = tmp_path / "home"
    home.mkdir()
    with (
        store_url(request, database, tmp_path) as url,
        found_company(home, database, url, **{"datasets/crm.yml": MAP}) as c,
    ):
        c.write(*(f"ALTER TABLE customers ADD COLUMN {name} TEXT" for name in COLUMNS))
        for one in OTHERS:
            names = ", ".join(one)
            c.write(f"INSERT INTO customers ({names}) VALUES ({', '.join(f':{n}' for n in one)})", **one)
        yield c


def note_given_out(company: Company, note: str, key: str = "1") -> str:
    """As the person's page has it, which is gathered as a package is."""
    company.write("DELETE FROM notes", "INSERT INTO notes VALUES (30, :key, :note)", key=int(key), note=note)
    subject = company.subject(key)
    with company.database.read() as session:
        tables = overview(session, company.requests.parts, subject, "en").tables
    [row] = next(t for t in tables if t.collection.name == "notes").first
    return str(row["note"])


@pytest.mark.parametrize("sealed", [True, False])
def test_customers_nobody_has_on_a_list(company: Company, worker: Worker, sealed: bool) -> None:
    """Names of one field and of two, in either order, an address without a domain and a bare number, sealed or in
    clear, are in no file of a package; a first name that is a word, the person's own name and longer words stay."""
    company.write("UPDATE notes SET note = :note WHERE id = 30", note=NOTE)
    if sealed:
        company.seal()
    request = verified(company, Right.ACCESS)
    done(company, request.id)
    archive = zipfile.ZipFile(io.BytesIO(Packages(company.requests).package(request.id, "dora")))
    [note] = json.loads(archive.read("data/notes.json"))
    assert note["note"] == LEFT
    told = json.loads(archive.read("article15.json"))["redactions"]
    assert {t["kind"]: t["count"] for t in told} == {"name": 4, "email": 1, "phone": 1}


@pytest.mark.parametrize("sealed", [True, False])
def test_ones_own_stay(company: Company, sealed: bool) -> None:
    """A name of two letters, a number in another spelling and the address in capitals are the person's own."""
    company.write("UPDATE customers SET email = 'bo@intranet' WHERE id = 2")
    if sealed:
        company.seal()
    note = "Berg, Bo wrote from BO@intranet, code 309018-2043, or rings from 030 90182043 and (0049) 30 9018-2043."
    assert note_given_out(company, note, key="2") == note


HOUSE = """\
Born 31 January 1980, lives at Hauptstraße 5, 10115 Berlin. Her neighbour was born 2.3.1955, Bergweg 7, 20095 Hamburg.
<p>Hauptstraße 5<br>10115 Berlin</p>"""


@pytest.mark.parametrize("sealed", [True, False])
def test_where_others_live_and_when_they_were_born(company: Company, sealed: bool) -> None:
    """Is taken out; the person's own street and birthday stay in every spelling."""
    company.write(
        "UPDATE customers SET street = 'Hauptstraße 5', city = '10115 Berlin', born = '1980-01-31' WHERE id = 1"
    )
    if sealed:
        company.seal()
    left = HOUSE.replace("2.3.1955", "[somebody else's date of birth]")
    left = left.replace("Bergweg 7, 20095 Hamburg", "[somebody else's postal address]")
    assert note_given_out(company, HOUSE) == left


def test_every_kind_has_a_word_in_every_language(company: Company) -> None:
    """What stands for somebody else's address or birthday is neutral, and said in the reader's language."""
    said = {say(language, f"other.{kind}") for language in TEXTS for kind in ("address", "birth")}
    assert len(said) == 2 * len(TEXTS)


def test_who_was_erased_is_asked_for_no_more(company: Company) -> None:
    """Nothing leads to them, so their name is a word like others."""
    company.seal()
    erasure = verified(company, key="4")
    company.requests.approve(erasure.id, "dora")
    carried_out(company.database, company.requests.parts, erasure.id)
    assert note_given_out(company, "Zyx Qwrtl was here") == "Zyx Qwrtl was here"


@contextmanager
def statements(*engines: Engine) -> Iterator[list[str]]:
    told: list[str] = []

    def tell(*given: Any) -> None:
        told.append(given[2])

    for engine in engines:
        event.listen(engine, "before_cursor_execute", tell)
    yield told
    for engine in engines:
        event.remove(engine, "before_cursor_execute", tell)


def test_many_texts_are_one_look(company: Company) -> None:
    """However many names, addresses and numbers are asked for, the statements are as many."""
    company.seal()
    counts, subject, parts = [], company.subject("1"), company.requests.parts
    for n in (1, 80):
        names = frozenset((f"Zyx{i}", "Qwrtl") for i in range(n))
        numbers = frozenset(f"030 77665{i:02}" for i in range(n))
        asked = Asked(frozenset(f"z{i}@x.example" for i in range(n)), numbers, names)
        with (
            company.database.read() as session,
            statements(company.database.engine, company.stores.engine("crm")) as told,
        ):
            Everybody(session, company.stores, company.vault, parts.policy, subject).known(asked)
        counts.append(len(told))
    assert counts[0] == counts[1] > 0
