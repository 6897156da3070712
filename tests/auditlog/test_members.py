"""Entries about many people: each finds it, proves being in it, and learns nothing of the others."""

import json

import pytest

from privacy_svc.auditlog import Membership, ProofError
from privacy_svc.auditlog.entry import Envelope
from privacy_svc.auditlog.members import Member, check, commitment, prove
from privacy_svc.auditlog.model import Entry
from privacy_svc.errors import NotFound
from tests.auditlog.conftest import Logbook


def leaf(book: Logbook, index: int) -> bytes:
    with book.database.read() as session:
        return session.get_one(Entry, index).leaf


def membership(book: Logbook, index: int, subject_id: str) -> Membership:
    with book.database.read() as session:
        return book.log.membership(session, index, subject_id)


def test_each_finds_and_proves_it(book: Logbook) -> None:
    """Everybody among the people finds the one entry, proves being in it by its leaf, and nobody else can."""
    people = [book.person() for _ in range(7)]
    stranger = book.person()
    entry_id = book.write_group(*people)
    book.integrate()
    (index,) = {v.index for p in people for v in book.search(subject_id=p) if v.id == entry_id}
    assert index is not None
    said = Envelope.decode(leaf(book, index)).members
    assert said is not None
    assert said["count"] == 7
    for number, person in enumerate(people):
        found = Membership.from_json(json.loads(json.dumps(membership(book, index, person).to_json())))
        check(found, said)
        assert (found.member.group, found.member.version) == (number % 2, 3 + number)
    assert entry_id not in {v.id for v in book.search(subject_id=stranger)}
    with pytest.raises(NotFound):
        membership(book, index, stranger)


def test_a_changed_membership_proves_nothing(book: Logbook) -> None:
    """Another tag, group, version, place or path does not lead to the entry's leaf."""
    people = [book.person() for _ in range(5)]
    book.write_group(*people)
    book.integrate()
    said = Envelope.decode(leaf(book, 0)).members
    assert said is not None
    told = membership(book, 0, people[0]).to_json()
    other = membership(book, 0, people[1]).to_json()
    assert told != other
    for name, value in other.items():
        if told[name] != value:
            with pytest.raises(ProofError):
                check(Membership.from_json({**told, name: value}), said)
    with pytest.raises(ProofError):
        check(Membership.from_json(told), {**said, "count": 100})
    with pytest.raises(ProofError):
        check(Membership.from_json(told), {})


@pytest.mark.parametrize("count", [1, 2, 3, 8, 100])
def test_every_place_has_its_proof(count: int) -> None:
    """Of any number of people, each has a proof that only fits its own place."""
    members = [Member(n.to_bytes(16), n % 3, n) for n in range(count)]
    said = commitment(members)
    for n in range(count):
        found = prove(members, n)
        check(found, said)
        with pytest.raises(ProofError):
            check(Membership(found.member, n + 1, found.path), said)


def test_an_erasure_takes_the_name_only(book: Logbook) -> None:
    """After an erasure the entry names the person no more, the others still prove theirs, and the log verifies."""
    ana, ben, carla = (book.person() for _ in range(3))
    book.write_group(ana, ben, carla)
    book.integrate()
    before = membership(book, 0, ben)
    book.erase(ana)
    book.integrate()
    with pytest.raises(NotFound):
        membership(book, 0, ana)
    assert membership(book, 0, ben) == before
    assert not [v for v in book.search(subject_id=ana) if v.index == 0]
    report = book.verify()
    assert report.ok, report.findings
