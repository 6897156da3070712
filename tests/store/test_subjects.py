"""Rows that are persons, and finding them."""

import threading

import pytest
from sqlalchemy import func, select, text

from privacy_svc.errors import Conflict, UnknownCustomer
from privacy_svc.http import CustomerRef
from privacy_svc.runtime import Runtime
from privacy_svc.store import seal
from privacy_svc.store.model import SubjectRow
from privacy_svc.vault import Subject
from tests.factories import check_log
from tests.shop import ANA


def test_a_person_has_one_subject_however_they_are_named(shop: Runtime) -> None:
    """Key, e-mail and our own id lead to the same subject."""
    with shop.database.write() as session:
        subject = shop.directory.admit(session, CustomerRef(id="1"))
        assert shop.directory.admit(session, CustomerRef(email=ANA["email"])) == subject
        assert shop.directory.find(session, CustomerRef(subject=subject)) == subject
        assert shop.directory.key_of(session, subject) == "1"
    check_log(shop.database, shop.log)


def test_looking_makes_nobody(shop: Runtime) -> None:
    """`find` does not bring a subject into being."""
    with shop.database.write() as session:
        assert shop.directory.find(session, CustomerRef(id="1")) is None
        assert session.scalar(select(func.count()).select_from(SubjectRow)) == 0


def test_nobody_is_made_for_somebody_the_store_does_not_have(shop: Runtime) -> None:
    """Unknown keys, addresses and ids are UnknownCustomer."""
    references = [
        CustomerRef(id="999"),
        CustomerRef(id="abc"),
        CustomerRef(email="no@mail.example"),
        CustomerRef(subject="x"),
    ]
    for reference in references:
        with shop.database.write() as session, pytest.raises(UnknownCustomer):
            shop.directory.admit(session, reference)


def test_a_shared_address_is_ambiguous(shop: Runtime) -> None:
    """Two people with one e-mail are never mixed up: the caller must name them by key."""
    with shop.stores.write("shop") as connection:
        connection.execute(text("UPDATE customers SET email = :email WHERE id = 2"), {"email": ANA["email"]})
    for sealed in (False, True):
        if sealed:
            seal(shop.sealer("test"))
        with shop.database.read() as session, pytest.raises(Conflict, match="by id"):
            shop.directory.find(session, CustomerRef(email=ANA["email"]))


def test_two_who_admit_the_same_person_end_with_one_subject(shop: Runtime) -> None:
    """Concurrent first meetings with one person leave one subject with one key."""
    with shop.database.write() as session:
        shop.vault.organisation_cipher(session)
    found: list[str] = []
    start = threading.Barrier(4)

    def admit() -> None:
        start.wait()
        with shop.database.write() as session:
            found.append(shop.directory.admit(session, CustomerRef(id="5")))

    threads = [threading.Thread(target=admit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    with shop.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Subject).where(Subject.kind == "customer")) == 1
    check_log(shop.database, shop.log)


def test_staff_are_another_kind(shop: Runtime) -> None:
    """An employee is found by naming their collection, and is not a customer with the same key."""
    with shop.database.write() as session:
        customer = shop.directory.admit(session, CustomerRef(id="1"))
        employee = shop.directory.admit(session, CustomerRef(id="1", collection="shop.employees"))
        kinds = {session.get_one(Subject, s).kind for s in (customer, employee)}
    assert kinds == {"customer", "employee"}
