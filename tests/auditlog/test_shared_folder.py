"""Machines that share the log's record over NFS: what one of them remembers of files is older than what is there."""

import fcntl
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from privacy_svc.auditlog import LogInconsistent, checkpoint_file
from tests.auditlog.conftest import Logbook
from tests.conftest import ONE_DATABASE
from tests.factories import check_log, make_log

pytestmark = ONE_DATABASE


@pytest.fixture
def other(book: Logbook, tmp_path: Path) -> Logbook:
    """Another machine."""
    return Logbook(book.database, book.vault, make_log(tmp_path, book.vault))


def of_the_record(path: object) -> bool:
    return isinstance(path, str | Path) and (Path(path).name == "checkpoints" or Path(path).parent.name == "entries")


@pytest.fixture
def remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attributes asked for by a name are those of the first look for good, those of an open file are fresh:
    close-to-open consistency, which is all that NFS promises."""
    first: dict[str, Any] = {}
    stat = os.stat

    def old(path: Any, *args: Any, **how: Any) -> os.stat_result:
        if not of_the_record(path):
            return stat(path, *args, **how)
        if str(path) not in first:
            try:
                first[str(path)] = stat(path, *args, **how)
            except FileNotFoundError as error:
                first[str(path)] = error
        if isinstance(first[str(path)], FileNotFoundError):
            raise first[str(path)]
        found: os.stat_result = first[str(path)]
        return found

    monkeypatch.setattr(os, "stat", old)


@pytest.mark.usefixtures("remembered")
def test_attributes_of_before_mislead_nobody(book: Logbook, other: Logbook) -> None:
    """Two machines write in turn, over the end of a bundle: each reads what the other wrote."""
    for number in range(6):
        machine = (book, other)[number % 2]
        for _ in range(60):
            machine.write()
        assert machine.integrate() == 60
        with book.database.read() as session:
            assert [m.log.record_lacks(session) for m in (book, other)] == ["", ""]
        assert [m.log.mirror.count() for m in (book, other)] == [60 * (number + 1)] * 2
    assert [checkpoint_file.size_of(n) for n in checkpoint_file.notes(other.log.export)] == list(range(60, 361, 60))
    check_log(other.database, other.log)


def unseen_until_locked(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """A name that another machine has just made is not there for this one, until it takes a lock."""
    hidden = {str(path)}

    def without(call: Callable[..., Any]) -> Callable[..., Any]:
        def look(name: Any, *args: Any, **how: Any) -> Any:
            flags = args[0] if args and isinstance(args[0], int) else 0
            if str(name) in hidden and not flags & os.O_CREAT:
                raise FileNotFoundError(str(name))
            return call(name, *args, **how)

        return look

    flock = fcntl.flock

    def seen(*args: Any) -> None:
        hidden.clear()
        flock(*args)

    for owner, name in ((os, "open"), (os, "stat"), (io, "open")):
        monkeypatch.setattr(owner, name, without(getattr(owner, name)))
    monkeypatch.setattr(fcntl, "flock", seen)


@pytest.mark.parametrize("name", ["entries/000000000001", "checkpoints"])
def test_nothing_is_called_cut_before_a_look_under_the_lock(
    book: Logbook, other: Logbook, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A file that is not seen yet is not one that was lost."""
    for _ in range(300):
        book.write()
    book.integrate()
    book.fill(1)
    with book.database.read() as session:
        unseen_until_locked(monkeypatch, book.log.export.parent / name)
        assert other.log.record_lacks(session) == ""
    unseen_until_locked(monkeypatch, book.log.export.parent / name)
    other.write()
    assert other.integrate() == 1
    check_log(book.database, book.log)


def test_what_another_machine_wrote_is_not_written_over(book: Logbook, other: Logbook) -> None:
    """This one sees no bundle there, and begins it: the other had begun it already, and was further."""
    for _ in range(300):
        book.write()
    book.integrate()
    leaves, before = book.log.mirror.bundle(1), (book.log.mirror.folder / f"{1:012}").read_bytes()
    other.log.mirror._append(256, leaves[:20])
    assert (book.log.mirror.folder / f"{1:012}").read_bytes() == before
    with pytest.raises(LogInconsistent, match="from 256 on"):
        other.log.mirror._append(256, leaves[1:20])
