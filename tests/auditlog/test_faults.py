"""A full disk and a clock that goes back: nothing acknowledged is lost, and the log stays whole."""

import multiprocessing
import os
import resource
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select, update

from privacy_svc.auditlog import EventType, Verifier, checkpoint_file, open_checkpoint
from privacy_svc.auditlog.keyfiles import HANDOVERS, KeyFolder
from privacy_svc.auditlog.model import Entry, Outbox, Tree
from privacy_svc.db import Database
from tests.auditlog.conftest import Logbook
from tests.factories import make_log, make_vault

FULL = 17
"""Exit code of a process that ran out of disk."""


def _write_until_full(url: str, folder: Path, told: str, room: int) -> None:
    """Entries, each acknowledged by its number in a file of its own, until files may not grow any more."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    acknowledged = os.open(told, os.O_WRONLY | os.O_CREAT)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
    database = Database(url)
    log = make_log(folder, make_vault(folder))
    for number in range(100_000):
        try:
            with database.write() as session:
                entry = log.append(session, EventType.POLICY_LOADED, actor="x", payload={"n": number})
            os.write(acknowledged, f"{entry}\n".encode())
            if number % 20 == 19:
                log.integrate(database)
        except Exception:  # noqa: BLE001 - whichever file was full first
            os._exit(FULL)


@pytest.mark.parametrize("room", [150_000, 300_000, 600_000])
def test_a_full_disk_loses_nothing_acknowledged(book: Logbook, tmp_path: Path, room: int) -> None:
    """Files may not grow beyond a limit the kernel sets; with room again every acknowledged entry is in the tree."""
    if book.database.engine.dialect.name != "sqlite":
        pytest.skip("a PostgreSQL server has its own disk")
    book.fill(3)
    url = book.database.engine.url.render_as_string(hide_password=False)
    book.database.engine.dispose()
    told = tmp_path / "acknowledged"
    biggest = max(p.stat().st_size for p in tmp_path.rglob("*") if p.is_file())
    arguments = (url, tmp_path, str(told), biggest + room)
    process = multiprocessing.get_context("fork").Process(target=_write_until_full, args=arguments)
    process.start()
    process.join(timeout=120)
    assert process.exitcode == FULL
    book.integrate()
    acknowledged = told.read_text().split()
    assert len(acknowledged) > 20
    with book.database.read() as session:
        there = set(session.scalars(select(Entry.id)))
        assert session.scalars(select(Outbox)).all() == []
    assert set(acknowledged) <= there
    report = book.verify()
    assert report.ok, report.findings


def test_a_clock_that_goes_back(book: Logbook) -> None:
    """Entries keep the order they were written in, each with the time its clock said; search and proofs go on."""
    ana, at = book.person(), datetime(2026, 11, 1, 12, tzinfo=UTC)
    for step in (timedelta(), timedelta(days=-40), timedelta(hours=-1), timedelta(days=1)):
        with time_machine.travel(at + step, tick=False):
            book.write(ana)
            book.integrate()
    found = book.search(subject_id=ana)
    assert [v.index for v in found] == [3, 2, 1, 0]
    assert found[2].at == at - timedelta(days=40)
    assert [v.index for v in book.search(subject_id=ana, since=at)] == [3, 0]
    assert open_checkpoint(book.checkpoint(), Verifier.parse(book.log.signer.vkey)).size == 4
    report = book.verify()
    assert report.ok, report.findings


def test_a_database_older_than_its_log_is_told(book: Logbook) -> None:
    """What was exported and is not there: how many entries; none in a log that only waits."""
    book.fill(3)
    book.write()
    assert book.log.lacks(book.database) == 0
    with book.database.write() as session:
        session.execute(update(Tree).values(size=1))
    assert book.log.lacks(book.database) == 2


@pytest.mark.parametrize("which", ["checkpoint", "handover"])
def test_a_write_that_was_cut_short_is_told(book: Logbook, tmp_path: Path, which: str) -> None:
    """The disk has room for ten bytes more: an error, and not a checkpoint or a handover that is not there."""
    book.fill(1)
    keys = KeyFolder(tmp_path / "signing", book.log.signer.name)
    keys.append({"a": 1})
    file = book.log.export if which == "checkpoint" else tmp_path / "signing" / HANDOVERS
    note, before = book.checkpoint(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size + 10, before[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            checkpoint_file.append(file, note) if which == "checkpoint" else keys.append({"a": "long" * 10})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_log_that_grows_lacks_nothing(book: Logbook) -> None:
    """Somebody looks from within a longer look at the database, which began before the log grew."""
    book.fill(1)
    with book.database.read() as session:
        assert session.get_one(Tree, 1).size == 1
        book.fill(2)
        assert book.log.lacks(book.database) == 0
