"""One tree whoever integrates, and whatever dies in between."""

import multiprocessing
import os
import shutil
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select, text

from privacy_svc.auditlog import (
    Event,
    EventType,
    Log,
    LogInconsistent,
    checkpoint_file,
    open_checkpoint,
    record_id,
    sequencer,
    signing,
)
from privacy_svc.auditlog.mirror import Mirror
from privacy_svc.auditlog.model import Entry, SignedCheckpoint, Tile, Tree
from privacy_svc.auditlog.tiles import Tiles
from privacy_svc.db import Database
from privacy_svc.errors import Conflict
from tests.auditlog.conftest import Logbook
from tests.conftest import ONE_DATABASE
from tests.factories import check_log, make_log, make_vault
from tests.killing import killed_before_commit

WRITERS, EACH = 3, 12
DIED = 17


def write_and_integrate(url: str, folder: Path, count: int) -> None:
    database = Database(url)
    vault = make_vault(folder)
    book = Logbook(database, vault, make_log(folder, vault))
    for _ in range(count):
        book.write()
        book.integrate()
    database.engine.dispose()


def url_of(book: Logbook) -> str:
    return book.database.engine.url.render_as_string(hide_password=False)


def assert_one_tree(book: Logbook, count: int) -> None:
    check_log(book.database, book.log)
    assert book.verify().size == count
    with book.database.read() as session:
        assert [i for (i,) in session.query(Entry.index).order_by(Entry.index)] == list(range(count))


def test_processes_share_one_tree(book: Logbook, tmp_path: Path) -> None:
    """Each writes and integrates as fast as it can: every entry has one place, nothing is lost or doubled."""
    context = multiprocessing.get_context("spawn")
    arguments = (url_of(book), tmp_path, EACH)
    workers = [context.Process(target=write_and_integrate, args=arguments) for _ in range(WRITERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0] * WRITERS
    assert_one_tree(book, WRITERS * EACH)


def test_threads_begin_one_tree(book: Logbook) -> None:
    """Several meet at a log that has no tree yet."""
    for _ in range(20):
        book.write()
    done: list[int] = []
    barrier = threading.Barrier(4)

    def integrate() -> None:
        barrier.wait()
        done.append(book.integrate())

    threads = [threading.Thread(target=integrate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 4
    assert sum(done) == 20
    assert_one_tree(book, 20)


def die_in(where: str, url: str, folder: Path) -> None:
    """Integrate in a process that ends, without a goodbye, when it comes to a step."""

    def die(*_: object, **__: object) -> None:
        os._exit(DIED)

    def half(file: Path, note: str, **_: object) -> None:
        with file.open("ab") as stream:
            stream.write(note[: len(note) // 2].encode())
        die()

    def half_mirrored(mirror: Mirror, index: int, leaves: Sequence[bytes]) -> None:
        with (mirror.folder / f"{index // 256:012}").open("ab") as stream:
            stream.write(len(leaves[0]).to_bytes(2) + leaves[0][:40])
        die()

    write = checkpoint_file.append

    def whole(file: Path, note: str, **how: bool) -> None:
        write(file, note, **how)
        die()

    steps: dict[str, tuple[object, str, Callable[..., None]]] = {
        "in the batch": (Tiles, "save", die),
        "before the commit of the batch": (sequencer, "_grow", die),
        "before signing": (sequencer, "sign", die),
        "while signing": (signing, "Checkpoint", die),
        "in the mirror": (Mirror, "_append", half_mirrored),
        "before the export": (checkpoint_file, "append", die),
        "in the export": (checkpoint_file, "append", half),
        "after the export": (checkpoint_file, "append", whole),
    }
    owner, name, act = steps[where]
    setattr(owner, name, act)
    database = Database(url)
    vault = make_vault(folder)
    make_log(folder, vault).integrate(database)


@pytest.mark.parametrize(
    ("where", "size"),
    [
        ("in the batch", 2),
        ("before the commit of the batch", 2),
        ("before signing", 2),
        ("while signing", 2),
        ("in the mirror", 4),
        ("before the export", 4),
        ("in the export", 4),
        ("after the export", 4),
    ],
)
def test_a_death_at_any_step_is_repaired_by_the_next(book: Logbook, tmp_path: Path, where: str, size: int) -> None:
    """No special recovery: the next call finds what is missing and does it."""
    book.fill(2)
    book.write()
    book.write()
    context = multiprocessing.get_context("spawn")
    worker = context.Process(target=die_in, args=(where, url_of(book), tmp_path))
    worker.start()
    worker.join(60)
    assert worker.exitcode == DIED
    with book.database.read() as session:
        assert session.get_one(Tree, 1).size == size
    assert book.checkpoint() == checkpoint_file.newest(book.log.export)
    report = book.verify()
    assert report.ok, report.findings
    book.integrate()
    assert_one_tree(book, 4)
    assert checkpoint_file.newest(book.log.export) == book.checkpoint()
    for note in checkpoint_file.notes(book.log.export):
        open_checkpoint(note, book.verifier)
    book.fill(1)
    assert_one_tree(book, 5)
    assert checkpoint_file.newest(book.log.export) == book.checkpoint()


@pytest.mark.parametrize("where", ["in the mirror", "before the export", "after the export"])
def test_a_death_and_a_restore(book: Logbook, tmp_path: Path, where: str) -> None:
    """Killed at a step, then the disk is lost: the backup takes back what lies outside, and the log goes on without a
    fork of anything that was public; so again from the same backup."""
    book.fill(2)
    backup = book.back_up()
    book.write()
    worker = multiprocessing.get_context("spawn").Process(target=die_in, args=(where, url_of(book), tmp_path))
    worker.start()
    worker.join(60)
    assert worker.exitcode == DIED
    public = [book.checkpoint()]
    for size in (1, 4):
        lacked = checkpoint_file.newest_size(book.log.export) > 2 or book.log.mirror.count() > 2
        book.restore(backup)
        assert (book.log.lacks(book.database) > 0) is lacked
        assert lacked or (where, size) == ("in the mirror", 1)
        assert book.relearn().first == 2
        book.fill(size)
        public.append(book.checkpoint())
        for known in public:
            report = book.verify(known)
            assert report.ok, report.findings


def test_a_mirror_that_is_longer_stops_the_log(book: Logbook) -> None:
    """The database was put back to the newest exported checkpoint, before an entry that was mirrored: refused until
    it has taken the entry back."""
    book.fill(2)
    backup = book.back_up()
    book.fill(1)
    book.restore(backup)
    kept = list(checkpoint_file.notes(book.log.export))[:2]
    book.log.export.write_text("".join(note + "\n" for note in kept))
    assert book.log.lacks(book.database) == 1
    book.write()
    with pytest.raises(LogInconsistent, match="mirror"):
        book.integrate()
    book.relearn()
    book.integrate()
    assert_one_tree(book, 5)


def test_junk_behind_the_exported_checkpoints_hides_nothing(book: Logbook) -> None:
    """Somebody who may append cannot make a log that was put back forget what it has signed."""
    book.fill(2)
    backup = book.back_up()
    book.fill(1)
    book.restore(backup)
    shutil.rmtree(book.log.mirror.folder)
    with book.log.export.open("ab") as file:
        file.write(b"#" * 9_000 + b"\n" * 30_000)
    assert book.log.lacks(book.database) == 1
    book.write()
    with pytest.raises(LogInconsistent, match="shorter"):
        book.integrate()


def test_an_export_file_without_a_checkpoint_stops_the_log(book: Logbook) -> None:
    """Nothing but junk where checkpoints were published: not the same as an empty file."""
    book.fill(2)
    book.log.export.write_text("#" * 9_000)
    book.write()
    with pytest.raises(LogInconsistent, match="holds none"):
        book.integrate()


def test_batches_have_at_most_256_entries(book: Logbook, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are signed together, where it takes no second."""
    monkeypatch.setattr(signing, "SIGN_MS", HOUR)
    with book.database.write() as session:
        book.log.append_many(session, [Event(EventType.POLICY_LOADED, None, {})] * 600, actor="x")
    assert book.integrate() == 600
    with book.database.read() as session:
        assert [s for (s,) in session.query(SignedCheckpoint.size).order_by(SignedCheckpoint.size)] == [256, 600]
        tiles = {(t.level, t.number): len(t.hashes) // 32 for t in session.query(Tile)}
    assert tiles == {(0, 0): 256, (0, 1): 256, (0, 2): 88, (1, 0): 2}
    check_log(book.database, book.log)


HOUR = 3_600_000


@pytest.mark.parametrize("stamp", [None, 10**15, -(10**15), "abc"])
def test_processes_sign_once_a_second_together(
    book: Logbook, tmp_path: Path, stamp: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steady traffic over two machines' logs: what entered the tree meanwhile is in the next checkpoint, whatever
    their clocks say, or somebody has written about the last one. A second is an hour here."""
    monkeypatch.setattr(signing, "SIGN_MS", HOUR)
    other = make_log(tmp_path, book.vault)

    def age(milliseconds: int) -> None:
        with book.database.write() as session:
            session.execute(text("UPDATE audit_tree SET signed_ms = signed_ms - :ms"), {"ms": milliseconds})

    for number in range(12):
        book.write()
        with time_machine.travel(datetime(2030 + number % 2, 11, 1, tzinfo=UTC), tick=False):
            (other if number % 2 else book.log).integrate(book.database, patient=True)
        age(HOUR * 3 // 10)
    with book.database.read() as session:
        assert session.scalars(select(SignedCheckpoint.size)).all() == [1, 5, 9]
        assert session.get_one(Tree, 1).size == 12
    assert not book.log.all_signed(book.database)
    if isinstance(stamp, int) or book.database.engine.dialect.name == "sqlite":
        with book.database.write() as session:
            session.execute(text("UPDATE audit_tree SET signed_ms = :at"), {"at": stamp})
        book.log.integrate(book.database, patient=True)
        assert book.log.all_signed(book.database)
    book.write()
    book.integrate()  # who asks for a checkpoint gets it at once
    assert book.log.all_signed(book.database)
    check_log(book.database, book.log)


def test_a_log_without_news_is_left_alone(book: Logbook) -> None:
    """A second call signs nothing and writes nothing."""
    book.fill(1)
    content, changed = book.log.export.read_bytes(), book.log.export.stat().st_mtime_ns
    assert book.integrate() == 0
    assert (book.log.export.read_bytes(), book.log.export.stat().st_mtime_ns) == (content, changed)


def test_a_rolled_back_database_is_not_signed(book: Logbook) -> None:
    """A restored backup is shorter than what was exported: nothing is integrated, nothing signed, entries wait."""
    book.fill(3)
    with book.database.write() as session:
        session.query(Entry).filter(Entry.index == 2).delete()
        session.query(SignedCheckpoint).filter(SignedCheckpoint.size == 3).delete()
        session.get_one(Tree, 1).size = 2
        tile = session.get_one(Tile, (0, 0))
        tile.hashes = tile.hashes[:64]
    before = book.log.export.read_bytes()
    book.write()
    with pytest.raises(LogInconsistent, match="shorter"):
        book.integrate()
    with book.database.read() as session:
        assert book.log.backlog(session).waiting == 1
        assert session.query(SignedCheckpoint).count() == 2
    assert book.log.export.read_bytes() == before


def test_a_forked_database_is_not_signed(book: Logbook, tmp_path: Path) -> None:
    """Longer than what was exported, but another history: the log never signs two."""
    book.fill(3)
    with book.database.write() as session:
        for table in (Entry, SignedCheckpoint, Tile, Tree):
            session.query(table).delete()
    elsewhere = Logbook(
        book.database, book.vault, Log(book.vault, book.log.signer, tmp_path / "elsewhere" / "checkpoints")
    )
    elsewhere.fill(4)
    with book.database.write() as session:
        session.get_one(Tree, 1).record_id = record_id.read(book.log.export.parent)
    book.write()
    with pytest.raises(LogInconsistent, match="does not contain"):
        book.integrate()
    with book.database.read() as session:
        assert session.query(SignedCheckpoint).count() == 4


def test_altered_tiles_are_not_signed(book: Logbook) -> None:
    """One changed bit in a stored hash, and the next root is not consistent with the last."""
    book.fill(3)
    with book.database.write() as session:
        tile = session.get_one(Tile, (0, 0))
        tile.hashes = bytes([tile.hashes[0] ^ 1]) + tile.hashes[1:]
    book.write()
    with pytest.raises(LogInconsistent):
        book.integrate()


def test_short_tiles_are_not_built_upon(book: Logbook) -> None:
    """A hash that is missing in the middle would shift all that follow."""
    book.fill(3)
    with book.database.write() as session:
        session.get_one(Tile, (0, 0)).hashes = b"x" * 32
    book.write()
    with pytest.raises(LogInconsistent, match="shorter"):
        book.integrate()


def test_a_checkpoint_of_another_key_is_not_built_upon(book: Logbook, tmp_path: Path) -> None:
    """The export file names what must hold; one that this key did not sign is a question for a person."""
    book.fill(1)
    stranger = make_log(tmp_path / "stranger", book.vault)
    checkpoint_file.append(book.log.export, stranger.signer.sign_note("test.example/log\n2\n" + "A" * 43 + "=\n"))
    book.write()
    with pytest.raises(LogInconsistent, match="not one that this key signed"):
        book.integrate()


def lose(book: Logbook, what: str) -> None:
    """As somebody does who may write beside the database, too."""
    export = book.log.export
    if what == "checkpoints cut":
        export.write_text("".join(note + "\n" for note in list(checkpoint_file.notes(export))[:1]))
    elif what == "entries cut":
        (bundle,) = book.log.mirror.folder.glob("[0-9]*")
        bundle.write_bytes(bundle.read_bytes()[:-1])
    elif what == "entries":
        shutil.rmtree(book.log.mirror.folder)
    elif what == "checkpoints":
        export.unlink()
    elif what == "id":
        (export.parent / "id").unlink()
    elif what == "another's id":
        (export.parent / "id").write_text("another\n")
    else:
        export.unlink()
        (export.parent / "id").unlink()
        shutil.rmtree(book.log.mirror.folder)


@pytest.mark.parametrize(
    "what", ["checkpoints", "checkpoints cut", "entries", "entries cut", "id", "another's id", "everything"]
)
def test_a_record_outside_that_went_away_stops_the_log(book: Logbook, what: str) -> None:
    """It is no new log: verification tells, nothing is signed until an operator says so, and the log keeps that."""
    book.fill(3)
    lose(book, what)
    found = book.verify().findings
    assert found
    assert all(f.kind == "missing" and "the record outside the database lacks" in f.detail for f in found)
    book.write()
    for _ in range(2):
        with pytest.raises(LogInconsistent, match="cut or lost"):
            book.integrate()
    assert book.log.resume(book.database, "the disk died", actor="cli")
    assert book.integrate() == 2
    assert_one_tree(book, 5)
    assert [e.payload["reason"] for e in book.search(type=str(EventType.LOG_RESUMED)) if e.payload] == ["the disk died"]
    assert len(list(checkpoint_file.notes(book.log.export))) == 4
    assert book.log.export.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Conflict):
        book.log.resume(book.database, "again", actor="cli")


@ONE_DATABASE
@pytest.mark.parametrize("commit", [1, 2])
def test_a_death_while_the_record_is_written_anew_hides_nothing(book: Logbook, tmp_path: Path, commit: int) -> None:
    """Killed before a commit: nothing was written outside before the log says so, and what is left is written when an
    operator asks again."""
    book.fill(3)
    lose(book, "everything")
    url = url_of(book)

    def resume() -> None:
        database = Database(url)
        vault = make_vault(tmp_path)
        make_log(tmp_path, vault).resume(database, "the disk died", actor="cli")

    assert killed_before_commit(commit, resume)
    assert (checkpoint_file.newest_size(book.log.export) > 0) is (commit == 2)
    with suppress(Conflict):
        book.log.resume(book.database, "again", actor="cli")
    book.integrate()
    check_log(book.database, book.log)
    told = [e.payload.get("outside") for e in book.search(type=str(EventType.LOG_RESUMED)) if e.payload]
    assert any(told)


def test_the_newest_checkpoint_is_the_last_outside(book: Logbook) -> None:
    """Neither a process that was slow nor an operator who has the record written anew puts an older one at the end,
    where the newest is looked for: the log would be taken for one that was cut, for good."""
    export = book.log.export
    book.fill(60)
    told = list(checkpoint_file.notes(export))
    checkpoint_file.append(export, told[0], newest_only=True)
    assert list(checkpoint_file.notes(export)) == told
    export.write_text(told[-1] + "\n")
    lose(book, "entries cut")
    book.write()
    with pytest.raises(LogInconsistent, match="cut or lost"):
        book.integrate()
    assert book.log.resume(book.database, "the disk died", actor="cli")
    assert checkpoint_file.newest_size(export) == 60
    assert book.integrate() == 2
    assert book.verify().ok


def test_a_database_put_back_with_nothing_outside_is_not_signed(book: Logbook) -> None:
    """A second root for a size that was signed would be a fork that nobody could see."""
    book.fill(3)
    backup = book.back_up()
    book.fill(1)
    book.restore(backup)
    lose(book, "everything")
    book.write()
    with pytest.raises(LogInconsistent, match="cut or lost"):
        book.integrate()
    with book.database.read() as session:
        assert session.query(SignedCheckpoint).count() == 3


def test_deaths_one_after_another_leave_nothing_unexported(book: Logbook, tmp_path: Path) -> None:
    """What was signed and not exported is exported before anything else is signed."""
    book.fill(1)
    for _ in range(2):
        book.write()
        worker = multiprocessing.get_context("spawn").Process(
            target=die_in, args=("before the export", url_of(book), tmp_path)
        )
        worker.start()
        worker.join(60)
        assert worker.exitcode == DIED
    book.integrate()
    assert_one_tree(book, 3)
    assert [checkpoint_file.size_of(n) for n in checkpoint_file.notes(book.log.export)] == [1, 2, 3]


def test_a_restored_log_is_told_once(book: Logbook) -> None:
    """How much there was, not a finding for each checkpoint; a row that alone is gone is missing, not altered."""
    book.fill(2)
    backup = book.back_up()
    book.fill(3)
    with book.database.write() as session:
        session.query(SignedCheckpoint).filter(SignedCheckpoint.size == 2).delete()
    assert [(f.kind, "not stored" in f.detail) for f in book.verify().findings] == [("missing", True)]
    book.restore(backup)
    assert [f.kind for f in book.verify().findings] == ["truncated"]
