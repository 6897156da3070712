"""Erasures that only the log knows of, by the tags of their entries."""

import json
from datetime import timedelta

from sqlalchemy import select

from privacy_svc.auditlog import EventType
from privacy_svc.auditlog.model import Entry
from privacy_svc.db import now
from tests.auditlog.conftest import Logbook
from tests.factories import check_log

HOUR = timedelta(hours=1)


def lose_an_erasure(book: Logbook, subject_id: str) -> None:
    """Its entry comes back after a restore, without its payload."""
    backup = book.back_up()
    book.erase(subject_id)
    with book.database.write() as session:
        book.log.append(
            session, EventType.SUBJECT_ERASED, actor="worker", subject_id=subject_id, payload={}, evidence=True
        )
    book.integrate()
    book.restore(backup)
    assert book.relearn().erasures == 1
    check_log(book.database, book.log)


def end_evidence(book: Logbook, subject_id: str) -> None:
    with book.database.write() as session:
        fence = book.vault.hold_evidence(session, subject_id)
        assert fence is not None
        book.vault.end_evidence(session, fence)


def test_an_erasure_is_known_by_whose_it_is(book: Logbook) -> None:
    """And by when: an erasure of before, after which they came back, is not this one. Where the key is gone that
    tells whose it is, the time does."""
    ana, ben = book.person(), book.person()
    book.fill(1)
    lose_an_erasure(book, ana)

    def untold(**erased: timedelta) -> int:
        people = {"ana": ana, "ben": ben}
        with book.database.read() as session:
            return book.log.untold_erasures(session, {people[who]: now() - ago for who, ago in erased.items()})

    assert untold() == 1
    assert untold(ben=timedelta()) == 1
    assert untold(ana=timedelta(), ben=HOUR) == 0
    assert untold(ana=HOUR) == 1
    end_evidence(book, ana)
    assert untold(ana=timedelta()) == 0
    assert [untold(ana=HOUR), untold(ana=-HOUR)] == [1, 1]


def test_who_a_lost_entry_is_about_is_known_again(book: Logbook) -> None:
    """After a restore a person's share has every entry that bears their tags; once they are erased none names them, and
    nobody else's name stands there unnoticed."""
    ana, ben = book.person(), book.person()
    book.fill(2, ana)
    backup = book.back_up()
    for evidence in (False, True):
        book.write(ana, evidence=evidence)
    book.fill(1, ben)
    book.fill(1)
    book.restore(backup)
    assert book.relearn().without_payload == 4
    check_log(book.database, book.log)
    assert [shared(book, who) for who in (ana, ben)] == [[0, 1, 2, 3], [4]]
    assert book.verify().lost == 4
    with book.database.write() as session:
        session.get_one(Entry, 2).subject_id = ben
    assert [(f.kind, f.index) for f in book.verify().findings] == [("altered", 2)]
    with book.database.write() as session:
        session.get_one(Entry, 2).subject_id = ana
    book.erase(ana)
    check_log(book.database, book.log)
    with book.database.read() as session:
        named = dict(session.execute(select(Entry.index, Entry.subject_id).where(Entry.index < 5)).all())
    assert named == {0: None, 1: None, 2: None, 3: ana, 4: ben}


def shared(book: Logbook, subject_id: str) -> list[int]:
    with book.database.read() as session:
        return [json.loads(line)["index"] for line in list(book.log.share(session, subject_id))[1:-1]]
