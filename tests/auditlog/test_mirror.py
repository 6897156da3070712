"""The leaves outside the database: what is written there is what the database holds, or nothing is."""

import shutil
from functools import partial
from pathlib import Path

import msgspec
import pytest

from privacy_svc.auditlog import Checkpoint, Event, EventType, LogInconsistent, Signer, checkpoint_file, signing
from privacy_svc.auditlog.entry import Envelope
from privacy_svc.auditlog.growing_tree import GrowingTree
from privacy_svc.auditlog.merkle import leaf_hash
from privacy_svc.auditlog.mirror import Mirror
from privacy_svc.auditlog.model import Entry, Tree
from privacy_svc.db import new_id
from tests.auditlog.conftest import Logbook
from tests.factories import check_log, make_log

BUNDLE = f"{0:012}"


def mirrored(mirror: Mirror) -> list[bytes]:
    return list(mirror.read(0))


def test_another_mirror_is_found_and_not_extended(book: Logbook) -> None:
    """Junk in place of the leaves: verification names it, and nothing is written behind it."""
    book.fill(3)
    leaves = mirrored(book.log.mirror)
    path = book.log.mirror.folder / BUNDLE
    path.write_bytes(b"".join(len(leaf).to_bytes(2) + leaf[::-1] for leaf in leaves))
    before = path.read_bytes()
    report = book.verify()
    assert [f.kind for f in report.findings] == ["altered"]
    assert "differs in 3 entries, the first is 0" in report.findings[0].detail
    book.write()
    with pytest.raises(LogInconsistent, match="other entries"):
        book.integrate()
    assert path.read_bytes() == before


def test_a_mirror_that_lost_its_end_is_found_and_written_anew(book: Logbook) -> None:
    """Verification says that it is short; an operator has the database's entries brought there again."""
    book.fill(3)
    leaves, path = mirrored(book.log.mirror), book.log.mirror.folder / BUNDLE
    path.write_bytes(path.read_bytes()[:-10])
    assert [f.kind for f in book.verify().findings] == ["missing"]
    book.log.resume(book.database, "a damaged disk", actor="cli")
    book.integrate()
    assert mirrored(book.log.mirror)[:3] == leaves
    check_log(book.database, book.log)


def test_a_mirror_that_is_longer_than_the_log_is_found(book: Logbook) -> None:
    """A backup put back, and the exported checkpoints cut to it: the mirror still knows what there was."""
    book.fill(2)
    backup = book.back_up()
    book.fill(1)
    book.restore(backup)
    book.log.export.write_text("".join(note + "\n" for note in list(checkpoint_file.notes(book.log.export))[:2]))
    assert [(f.kind, f.detail) for f in book.verify().findings] == [
        ("truncated", "the mirror of the log holds 3 entries, the tree 2")
    ]


@pytest.mark.parametrize("anew", [False, True])
def test_only_what_was_signed_is_written_outside(book: Logbook, monkeypatch: pytest.MonkeyPatch, *, anew: bool) -> None:
    """Somebody changes an entry before it is mirrored: nothing is written outside until it is put right, not even
    where an operator has the record written anew."""
    monkeypatch.setattr(signing, "SIGN_MS", 10**9)
    book.fill(2)
    book.write()
    book.log.integrate(book.database, patient=True)
    if anew:
        book.integrate()
        shutil.rmtree(book.log.mirror.folder)
        book.log.export.unlink()
    with book.database.write() as session:
        entry = session.get_one(Entry, 2)
        good, entry.leaf = entry.leaf, entry.leaf.replace(b"record:read", b"record:rode")
    act = partial(book.log.resume, book.database, "the disk died", actor="cli") if anew else book.integrate
    for _ in range(2):
        with pytest.raises(LogInconsistent, match="Entry 2 is not the one that was logged: nothing is exported"):
            act()
    assert book.log.mirror.count() == (0 if anew else 2)
    assert checkpoint_file.newest_size(book.log.export) == (0 if anew else 2)
    with book.database.write() as session:
        session.get_one(Entry, 2).leaf = good
    if anew:
        act()
    check_log(book.database, book.log)
    assert mirrored(book.log.mirror)[2] == good


def test_a_checkpoint_cut_between_its_signatures_is_none(book: Logbook, tmp_path: Path) -> None:
    """Also once another stands behind it: it is exported again."""
    folder = next(tmp_path.rglob("signing.key")).parent
    Signer.add_second(folder)
    book.log.signer = Signer.load(folder, book.log.signer.name)
    book.fill(2)
    export = book.log.export
    raw, last = export.read_text(), list(checkpoint_file.notes(export))[-1]
    export.write_text(raw[: raw.rindex(last)] + last[: last.rindex("— ")])
    book.fill(1)
    assert last in checkpoint_file.notes(export)
    check_log(book.database, book.log)


def test_an_id_taken_away_is_told(book: Logbook) -> None:
    """Else the next machine's folder would be taken for the record."""
    book.fill(1)
    with book.database.write() as session:
        session.get_one(Tree, 1).record_id = None
    assert ["audit_tree knows of none" in f.detail for f in book.verify().findings] == [True]


def test_zeros_are_no_leaves(book: Logbook) -> None:
    """A power cut extended the file: what follows is written over them."""
    book.fill(2)
    with (book.log.mirror.folder / BUNDLE).open("ab") as file:
        file.write(bytes(40))
    assert book.log.mirror.count() == 2
    book.fill(2)
    assert len(mirrored(book.log.mirror)) == 4
    check_log(book.database, book.log)


def test_a_missing_entry_shifts_nothing(book: Logbook) -> None:
    """The database gave fewer leaves than it was asked for: nothing is written."""
    mirror = Mirror(book.log.mirror.folder)
    with pytest.raises(LogInconsistent, match="only 2"):
        mirror.extend(0, 3, lambda _, __: [b"a", b"b"])
    assert mirror.count() == 0


def test_a_hole_is_told(book: Logbook) -> None:
    """A bundle before the last lost leaves: what follows them is not taken for them."""
    with book.database.write() as session:
        book.log.append_many(session, [Event(EventType.POLICY_LOADED, None, {})] * 300, actor="x")
    book.integrate()
    path = book.log.mirror.folder / BUNDLE
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(LogInconsistent, match="lacks entry 255"):
        mirrored(book.log.mirror)
    assert [f.kind for f in book.verify().findings] == ["altered"]


@pytest.mark.parametrize("damaged", [0, 2])
def test_a_restore_takes_nothing_from_another_mirror(book: Logbook, damaged: int) -> None:
    """What no exported checkpoint is of is taken back only behind what the backup has too, and only as it was signed:
    else it is cut off, which the log says."""
    book.fill(2)
    backup = book.back_up()
    book.fill(1)
    book.restore(backup)
    kept = list(checkpoint_file.notes(book.log.export))[:2]
    book.log.export.write_text("".join(note + "\n" for note in kept))
    leaves = mirrored(book.log.mirror)
    leaves[damaged] = leaves[damaged][::-1]
    path = book.log.mirror.folder / BUNDLE
    path.write_bytes(b"".join(len(leaf).to_bytes(2) + leaf for leaf in leaves))
    if damaged == 0:
        with pytest.raises(LogInconsistent, match="other entries than the backup"):
            book.relearn()
        return
    assert (book.relearn().cut, book.log.mirror.count()) == (1, 2)
    check_log(book.database, book.log)
    assert [e.payload["cut"] for e in book.search(type=str(EventType.LOG_RELEARNED)) if e.payload] == [1]


@pytest.mark.parametrize("note", ["as it was", "none", "cut", "another's"])
def test_what_somebody_appends_outside_is_never_signed(book: Logbook, tmp_path: Path, note: str) -> None:
    """Who writes to the folder appends a leaf with Ana's tag: a replay cuts it off, and the log goes on without it."""
    ana = book.person()
    book.fill(3, ana)
    mirror, following = book.log.mirror, book.log.export.parent / "checkpoint-next"
    leaves = mirrored(mirror)
    forged = msgspec.structs.replace(Envelope.decode(leaves[-1]), id=new_id(), type="consent:record:given").encode()
    with (mirror.folder / BUNDLE).open("ab") as file:
        file.write(len(forged).to_bytes(2) + forged)
    if note == "another's":
        grown = GrowingTree()
        grown.extend(map(leaf_hash, [*leaves, forged]))
        stranger = make_log(tmp_path / "stranger", book.vault)
        following.write_text(stranger.signer.sign_note(str(Checkpoint("test.example/log", 4, grown.root()))))
    elif note != "as it was":
        following.write_bytes(b"" if note == "none" else following.read_bytes()[:50])
    book.write(ana)
    with pytest.raises(LogInconsistent, match="restore replay"):
        book.integrate()
    told = book.relearn()
    assert (told.first, told.until, told.cut) == (3, 3, 1)
    assert book.integrate() == 2
    assert forged not in mirrored(mirror)
    assert (mirror.folder.parent / "entries-cut").read_bytes() == len(forged).to_bytes(2) + forged
    assert (book.verify().ok, book.verify().size, book.verify().lost) == (True, 5, 0)


def test_a_long_mirror_is_cut_where_it_is_told(book: Logbook) -> None:
    """Within a bundle, at its end, and to nothing."""
    mirror = Mirror(book.log.mirror.folder)
    leaves = [b"%d" % number for number in range(600)]
    mirror.extend(0, 600, lambda first, until: leaves[first:until])
    for size in (599, 513, 512, 300, 256, 1, 0):
        mirror.cut(size)
        assert (mirrored(mirror), mirror.count()) == (leaves[:size], size)


def test_a_restore_refuses_a_foreign_checkpoint(book: Logbook, tmp_path: Path) -> None:
    """One that this key did not sign lies in the export file: said so, and nothing is taken back."""
    book.fill(1)
    stranger = make_log(tmp_path / "stranger", book.vault)
    checkpoint_file.append(book.log.export, stranger.signer.sign_note("test.example/log\n2\n" + "A" * 43 + "=\n"))
    with pytest.raises(LogInconsistent, match="not one that this key signed"):
        book.relearn()
