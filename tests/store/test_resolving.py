"""Many references at once mean what each means alone."""

import pytest
from sqlalchemy import create_engine, text

from privacy_svc.errors import Conflict, PrivacyError, UnknownCustomer
from privacy_svc.http import Contact, CustomerRef, NotAdmitted
from privacy_svc.runtime import Runtime
from privacy_svc.store import resolving, seal
from tests.shop import ANA

REFS = [
    CustomerRef(id="1"),
    CustomerRef(id="2"),
    CustomerRef(id="007"),
    CustomerRef(id="999999"),
    CustomerRef(id="no number"),
    CustomerRef(email=ANA["email"]),
    CustomerRef(email=f" {ANA['email'].upper()} "),
    CustomerRef(email="nobody@mail.example"),
    CustomerRef(email="no address"),
    CustomerRef(phone="00351210990042"),
    CustomerRef(phone=ANA["phone"]),
    CustomerRef(phone="12"),
    CustomerRef(email="shared@mail.example"),
    CustomerRef(id="7"),
]


def alone(shop: Runtime, ref: CustomerRef) -> str | NotAdmitted:
    with shop.database.write() as session:
        try:
            return shop.directory.admit(session, ref)
        except Conflict:
            return NotAdmitted.AMBIGUOUS
        except UnknownCustomer:
            return NotAdmitted.UNKNOWN


def share(shop: Runtime, *ids: int) -> None:
    engine = create_engine(shop.settings.stores["shop"])
    with engine.begin() as connection:
        for i in ids:
            changed = text("UPDATE customers SET email = :e WHERE id = :i")
            connection.execute(changed, {"e": "Shared@mail.example" if i % 2 else "shared@mail.example", "i": i})
    engine.dispose()


@pytest.mark.parametrize("sealed", ["clear", "sealed", "both"])
def test_as_each_alone(shop: Runtime, sealed: str) -> None:
    """By key, e-mail and phone, in any spelling; unknown, ambiguous, sealed and in clear."""
    share(shop, 5, 6)
    if sealed != "clear":
        seal(shop.sealer("test"))
    if sealed == "both":
        share(shop, 8)
    with shop.database.write() as session:
        many = shop.directory.admit_many(session, REFS, "test")
    assert many == [alone(shop, r) for r in REFS]
    assert len({many[0], many[5], many[6], many[9], many[10]}) == 1
    assert many[2] == many[13]
    assert many[12] is NotAdmitted.AMBIGUOUS
    assert NotAdmitted.UNKNOWN is many[3] is many[4] is many[7] is many[8] is many[11]


def test_a_value_of_many_rows_does_not_hide_another(shop: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows with one address fill the look, as thousands would; the others are found all the same."""
    monkeypatch.setattr(resolving, "MOST", 5)
    engine = create_engine(shop.settings.stores["shop"])
    with engine.begin() as connection:
        connection.execute(text("UPDATE customers SET email = 'all@mail.example' WHERE id < 30"))
        connection.execute(text("UPDATE customers SET email = 'last@mail.example' WHERE id = 30"))
    engine.dispose()
    refs = [CustomerRef(email="last@mail.example")]
    with shop.database.write() as session:
        found = shop.directory.admit_many(session, [*refs, CustomerRef(email="all@mail.example")], "test")
    assert found == [alone(shop, refs[0]), NotAdmitted.AMBIGUOUS]


@pytest.mark.parametrize("sealed", [False, True])
def test_contacts(shop: Runtime, sealed: bool) -> None:
    """Of the asked people only, opened; nobody's after their erasure."""
    if sealed:
        seal(shop.sealer("test"))
    with shop.database.write() as session:
        ana, bo = shop.directory.admit_many(session, REFS[:2], "test")
        assert isinstance(ana, str)
        assert isinstance(bo, str)
        assert shop.directory.contacts(session, [ana]) == {
            ana: [Contact("email", ANA["email"]), Contact("phone", ANA["phone"])]
        }
        shop.vault.erase(session, ana)
    with shop.database.read() as session:
        assert set(shop.directory.contacts(session, [ana, bo, "nobody"])) == {bo}


def test_an_unknown_collection_is_an_error(shop: Runtime) -> None:
    """Not a row that is missing."""
    with shop.database.write() as session, pytest.raises(PrivacyError, match="collection"):
        shop.directory.admit_many(session, [CustomerRef(id="1", collection="shop.nothing")], "test")
