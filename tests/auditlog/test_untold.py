"""Erasures that only the log knows of, by the tags of their entries."""

from datetime import timedelta

from privacy_svc.auditlog import EventType
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
