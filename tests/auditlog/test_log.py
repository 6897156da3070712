"""Appending, searching, proving; what an erasure leaves."""

import json
import threading
from datetime import timedelta

import pytest

from privacy_svc.auditlog import Event, EventType, verify_proof
from privacy_svc.auditlog.entry import BUCKET, Envelope
from privacy_svc.auditlog.errors import UnknownType
from privacy_svc.auditlog.model import Entry, Outbox, Payload
from privacy_svc.db import now
from privacy_svc.errors import NotFound
from tests.auditlog.conftest import Logbook
from tests.auditlog.test_merkle import sigstore_verifies
from tests.factories import check_log

NAME = "Ana Anders"


def test_an_entry_lives_and_dies_with_its_transaction(book: Logbook) -> None:
    """What is rolled back was never logged; what is committed is."""

    def interrupted() -> None:
        with book.database.write() as session:
            book.log.append(session, EventType.CLIENT_ADDED, actor="x", payload={})
            raise KeyError

    with pytest.raises(KeyError):
        interrupted()
    book.write()
    assert book.integrate() == 1
    check_log(book.database, book.log)


def test_what_is_about_nobody_names_nobody(book: Logbook) -> None:
    """A type for which a person would find no words is refused with a person, and nothing is written."""
    ana = book.person()
    with pytest.raises(ValueError, match="identity:client:added"), book.database.write() as session:
        book.log.append(session, EventType.CLIENT_ADDED, actor="x", subject_id=ana, payload={})
    assert book.integrate() == 0


def test_entries_are_found_by_person_type_and_time(book: Logbook) -> None:
    """Newest first, page by page; a type may be named by its beginning."""
    ana, ben = book.person(), book.person()
    begin = now()
    ids = [book.write(s, n=n) for n, s in enumerate((ana, ben, ana, None))]
    book.integrate()
    assert [e.id for e in book.search()] == ids[::-1]
    assert [e.id for e in book.search(subject_id=ana)] == [ids[2], ids[0]]
    assert [e.payload for e in book.search(subject_id=ana, limit=1)] == [{"n": 2}]
    assert [e.id for e in book.search(subject_id=ana, after=2)] == [ids[0]]
    assert len(book.search(type="gateway")) == len(book.search(type="gateway:record")) == 4
    assert book.search(type="gateway:record:write") == []
    with pytest.raises(UnknownType):
        book.search(type="gate")
    assert len(book.search(since=begin)) == len(book.search(until=now())) == 4
    assert book.search(until=begin) == book.search(since=now() + timedelta(seconds=1)) == []


def test_many_at_once(book: Logbook) -> None:
    """A list read writes an entry for each person, with one look at the keys."""
    people = [book.person() for _ in range(3)]
    with book.database.write() as session:
        events = [Event(EventType.RECORD_READ, s, {"n": n}) for n, s in enumerate(people)]
        ids = book.log.append_many(session, events, actor="crm")
        assert book.log.append_many(session, [], actor="crm") == []
    book.integrate()
    assert [(e.id, e.subject_id) for e in book.search()][::-1] == list(zip(ids, people, strict=True))
    check_log(book.database, book.log)


def test_an_unknown_person_is_no_entry(book: Logbook) -> None:
    """A subject id that leads to nobody is refused."""
    with pytest.raises(NotFound):
        book.write("018f0000-0000-7000-8000-000000000000")


def test_leaves_hold_no_person(book: Logbook) -> None:
    """Envelope: nothing of the payload, no subject id, no actor's name, a size in steps; fresh salt each time."""
    ana = book.person()
    for _ in range(2):
        book.write(ana, reason=NAME)
    book.integrate()
    with book.database.read() as session:
        leaves = [entry.leaf for entry in session.query(Entry).order_by(Entry.index)]
        sealed = b"".join(payload.sealed for payload in session.query(Payload))
    for leaf in leaves:
        for secret in (NAME, ana, "crm"):
            assert secret.encode() not in leaf
            assert secret.encode() not in sealed
        assert json.loads(leaf)["size"] % BUCKET == 0
        assert len(leaf) < 1000
    one, two = map(Envelope.decode, leaves)
    assert one.subject == two.subject != ana
    assert one.commit != two.commit
    assert one.encode() == leaves[0]


def test_proofs_hold_offline_and_for_sigstore(book: Logbook) -> None:
    """Every entry of a log over several tiles' width has a proof that checks by itself."""
    with book.database.write() as session:
        book.log.append_many(session, [Event(EventType.POLICY_LOADED, None, {"n": n}) for n in range(600)], actor="x")
    assert book.integrate() == 600
    for index in (0, 255, 256, 511, 512, 599):
        found, leaf, checkpoint = verify_proof(book.proof(index), book.verifier)
        assert (found, checkpoint.size) == (index, 600)
        with book.database.read() as session:
            assert session.get_one(Entry, index).leaf == leaf
            from privacy_svc.auditlog.merkle import inclusion_proof
            from privacy_svc.auditlog.tiles import Tiles

            sigstore_verifies(leaf, index, 600, inclusion_proof(index, 600, Tiles(session).node), checkpoint.root)
    for index in (-1, 600, 10**30):
        with pytest.raises(NotFound):
            book.proof(index)
    check_log(book.database, book.log)


def test_an_empty_log(book: Logbook) -> None:
    """Nothing to integrate, nothing to find, nothing signed; whole all the same."""
    assert book.integrate() == 0
    assert book.search() == []
    assert book.verify().ok
    with pytest.raises(NotFound):
        book.checkpoint()


def test_the_backlog_tells_what_waits(book: Logbook) -> None:
    """How many entries wait and since when."""
    book.write()
    book.write()
    with book.database.read() as session:
        backlog = book.log.backlog(session)
        assert (backlog.waiting, backlog.oldest) == (2, session.query(Outbox.at).order_by(Outbox.number).first()[0])
    book.integrate()
    with book.database.read() as session:
        assert book.log.backlog(session).waiting == 0


def test_an_erasure_leaves_proofs_and_no_payload(book: Logbook) -> None:
    """Old proofs and tiles are the same bytes; payload and name are gone; the log is whole and says how many."""
    ana, ben = book.person(), book.person()
    for subject_id in (ana, ben):
        book.write(subject_id, reason=NAME)
    kept = book.write(ana, evidence=True, request="r1")
    book.integrate()
    before, proofs = book.checkpoint(), [book.proof(i) for i in range(3)]
    waiting = book.write(ana, reason=NAME)
    assert book.erase(ana) == 2
    check_log(book.database, book.log)
    for index, proof in enumerate(proofs):
        assert verify_proof(proof, book.verifier)[0] == index
        assert verify_proof(book.proof(index), book.verifier)[1] == verify_proof(proof, book.verifier)[1]
    report = book.verify(before)
    assert (report.ok, report.erased, report.size) == (True, 2, 5)
    views = {e.id: e for e in book.search()}
    assert views[kept].payload == {"request": "r1"}
    assert [e.id for e in book.search(subject_id=ana)] == [kept]
    assert (views[waiting].erased, views[waiting].payload, views[waiting].subject_id) == (True, None, None)
    with book.database.read() as session:
        assert session.query(Payload).filter(Payload.owner_id == ana, Payload.use == "data").count() == 0


def test_erasing_twice_is_erasing_once(book: Logbook) -> None:
    """The second run of a step finds nothing left to do and says nothing."""
    ana = book.person()
    book.write(ana)
    assert (book.erase(ana), book.erase(ana)) == (1, 0)
    assert book.integrate() == 2
    check_log(book.database, book.log)


def test_what_happens_after_the_erasure_is_still_logged(book: Logbook) -> None:
    """An entry about an erased person is sealed with what is left: the evidence key."""
    ana = book.person()
    book.erase(ana)
    book.write(ana, found="nothing")
    book.integrate()
    (entry,) = book.search(subject_id=ana)
    assert entry.payload == {"found": "nothing"}
    check_log(book.database, book.log)


def test_payloads_gone_without_an_erasure_are_an_alarm(book: Logbook) -> None:
    """Deleting the row or destroying the key says nothing by itself: only the erasure's entry does."""
    ana, ben = book.person(), book.person()
    book.write(ana)
    book.write(ben)
    book.integrate()
    with book.database.write() as session:
        book.vault.erase(session, ana)
        session.query(Payload).filter(Payload.owner_id == ben).delete()
    assert [(f.kind, f.index) for f in book.verify().findings if f.index is not None] == [
        ("payload_missing", 0),
        ("payload_missing", 1),
    ]


def test_a_name_put_back_after_an_erasure_is_found(book: Logbook) -> None:
    """The erased entry may not point to anybody again."""
    ana, ben = book.person(), book.person()
    book.write(ana)
    book.erase(ana)
    book.integrate()
    with book.database.write() as session:
        session.get_one(Entry, 0).subject_id = ben
    assert [(f.kind, f.index) for f in book.verify().findings] == [("altered", 0)]


def test_an_entry_and_an_erasure_at_the_same_moment(book: Logbook) -> None:
    """Whichever comes first, no payload is left under a destroyed key."""
    ana = book.person()
    for _ in range(5):
        book.write(ana)
    erased = threading.Thread(target=book.erase, args=(ana,))
    with book.database.write() as session:
        book.log.append(session, EventType.RECORD_READ, actor="crm", subject_id=ana, payload={})
        erased.start()
        erased.join(0.5)
    erased.join()
    book.write(ana)
    check_log(book.database, book.log)
    assert book.verify().erased == 6


def test_an_erasure_while_its_entries_move_into_the_tree(book: Logbook) -> None:
    """The sequencer waits for the erasure and moves entries that name nobody any more."""
    ana = book.person()
    for _ in range(3):
        book.write(ana)
    moved = threading.Thread(target=book.integrate)
    with book.database.write() as session:
        theirs = book.log.theirs(session, ana)
        book.vault.erase(session, ana)
        book.log.erase_payloads(session, theirs, actor="worker")
        moved.start()
        moved.join(0.5)
    moved.join()
    check_log(book.database, book.log)
    assert book.search(subject_id=ana) == []
