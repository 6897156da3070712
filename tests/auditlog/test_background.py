"""The thread behind `serve`: soon, in order, and never silently dead."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from privacy_svc.auditlog import EventType
from privacy_svc.auditlog.model import Entry, Tree
from tests.auditlog.conftest import Logbook
from tests.factories import check_log


@pytest.fixture
def running(book: Logbook) -> Iterator[Logbook]:
    book.log.start(book.database)
    yield book
    book.log.stop()


def size(book: Logbook) -> int:
    with book.database.read() as session:
        return session.query(Entry).count()


def until(book: Logbook, count: int) -> float:
    begin = time.monotonic()
    while size(book) < count:
        assert time.monotonic() - begin < 10
        time.sleep(0.01)
    return time.monotonic() - begin


def test_entries_are_integrated_soon_after_their_commit(running: Logbook) -> None:
    """A transaction that takes its time is waited for; then it is a matter of a fraction of a second."""
    with running.database.write() as session:
        running.log.append(session, EventType.POLICY_LOADED, actor="x", payload={})
        time.sleep(0.5)
    assert until(running, 1) < 3


def test_what_others_wrote_is_found_when_woken(running: Logbook) -> None:
    """Another process's entry, and a call that says so."""
    stranger = Logbook(running.database, running.vault, type(running.log)(running.vault, running.log.signer, Path()))
    stranger.write()
    running.log.wake()
    assert until(running, 1) < 3


def test_stopping_leaves_nothing_behind(running: Logbook) -> None:
    """What was committed before `stop` is in the tree after it; it may be started and stopped again."""
    for round_ in range(3):
        running.write()
        running.log.stop()
        assert size(running) == round_ + 1
        running.log.stop()
        running.log.start(running.database)
        running.log.start(running.database)
    check_log(running.database, running.log)


def test_it_says_what_is_wrong_and_goes_on(book: Logbook) -> None:
    """A log that contradicts itself is logged as such; the thread lives, and integrates once that is mended."""
    book.fill(2)
    with book.database.write() as session:
        session.get_one(Tree, 1).size = 1
    with structlog.testing.capture_logs() as said:
        book.log.start(book.database)
        book.write()
        deadline = time.monotonic() + 10
        while not said and time.monotonic() < deadline:
            time.sleep(0.01)
    assert (said[0]["event"], said[0]["problem"]) == ("auditlog.waits", "log-inconsistent")
    assert said[0]["log_level"] == "error"
    assert "shorter than a checkpoint" in said[0]["detail"]
    with book.database.write() as session:
        session.get_one(Tree, 1).size = 2
    book.log.wake()
    until(book, 3)
    book.log.stop()
    check_log(book.database, book.log)
