"""What somebody with the database's password puts into the tree, past the outbox: it is never signed."""

import msgspec
import pytest
from sqlalchemy import delete, insert, select, text, update

from privacy_svc.auditlog import LogInconsistent, checkpoint_file, record_id, signing, tree_check
from privacy_svc.auditlog.entry import Envelope, commit_to
from privacy_svc.auditlog.merkle import leaf_hash
from privacy_svc.auditlog.model import Entry, Payload, SignedCheckpoint, Tile, Tree
from privacy_svc.db import new_id
from privacy_svc.errors import Conflict
from tests.auditlog.conftest import Logbook
from tests.factories import check_log


@pytest.fixture(autouse=True)
def seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is signed by its time while a test runs."""
    monkeypatch.setattr(signing, "SIGN_MS", 10**9)


def forge(book: Logbook, index: int, mac: str) -> str:
    """An entry with the tags of Ana's newest, in the place of what is at `index`, or behind all, with all that an entry
    of the tree has but what takes a key. Its id."""
    with book.database.write() as session:
        hers = session.scalars(select(Entry).order_by(Entry.index.desc()).limit(1)).one()
        forged = msgspec.structs.replace(
            Envelope.decode(hers.leaf), id=new_id(), type="consent:record:given", commit=commit_to({"p": 1}).commit
        )
        leaf, columns = forged.encode(), {"at": hers.at, "actor": hers.actor, "subject_id": hers.subject_id}
        sealed = session.execute(select(Payload.__table__).where(Payload.entry_id == hers.id)).mappings().one()
        session.execute(delete(Entry).where(Entry.index == index))
        session.execute(insert(Entry).values(index=index, id=forged.id, type=forged.type, leaf=leaf, **columns))
        session.execute(insert(Payload).values({**sealed, "entry_id": forged.id}))
        tile = session.get_one(Tile, (0, 0))
        tile.hashes = tile.hashes[: 32 * index] + leaf_hash(leaf) + tile.hashes[32 * (index + 1) :]
        tree = session.get_one(Tree, 1)
        tree.size = max(tree.size, index + 1)
        tree.mac = {"as it was": tree.mac, "none": None, "junk": b"m" * 16}[mac]
    return forged.id


@pytest.mark.parametrize("mac", ["as it was", "none", "junk"])
@pytest.mark.parametrize("index", [2, 3])
def test_an_entry_put_into_the_tree_is_never_signed(book: Logbook, index: int, mac: str) -> None:
    """Behind the others, or in the place of one that was not signed yet: no checkpoint covers it, and nothing is built
    upon it. Once a backup's rows are back, all that waited enters."""
    ana = book.person()
    book.fill(2, ana)
    book.write(ana)
    book.log.integrate(book.database, patient=True)
    before = book.back_up()
    forge(book, index, mac)
    assert {f.kind for f in book.verify().findings} >= {"payload_altered"}
    for patient in (False, True, False):
        with pytest.raises(LogInconsistent):
            book.log.integrate(book.database, patient=patient)
        book.write(ana)
    with book.database.read() as session:
        assert session.scalars(select(SignedCheckpoint.size)).all() == [1, 2]
        assert session.get_one(Tree, 1).size == max(3, index + 1)
        assert book.log.backlog(session).waiting == 3
    assert checkpoint_file.newest_size(book.log.export) == 2
    book.restore(before)
    book.write(ana)
    check_log(book.database, book.log)
    assert book.verify().size == 4


def test_a_tree_of_before_is_taken_over(book: Logbook) -> None:
    """A version without MACs left it, with entries that were not signed yet: about anybody, about somebody erased
    since, about several. It goes on with a MAC."""
    ana, ben = book.person(), book.person()
    book.fill(2, ana)
    for subject_id in (ana, ben, None):
        book.write(subject_id)
    book.write_group(ana, ben)
    book.log.integrate(book.database, patient=True)
    book.erase(ben)
    with book.database.write() as session:
        session.execute(update(Tree).values(mac=None, record_id=None))
    (book.log.export.parent / record_id.FILE).unlink()
    assert book.verify().ok
    book.log.integrate(book.database, patient=True)
    with book.database.read() as session:
        assert session.get_one(Tree, 1).mac
        assert session.scalars(select(SignedCheckpoint.size)).all() == [1, 2]
    check_log(book.database, book.log)
    assert book.verify().size == 7


@pytest.mark.parametrize("count", [1, 300])
def test_processes_of_the_version_before_go_on_beside(book: Logbook, count: int) -> None:
    """While it is replaced they put entries into the tree, and leave the MAC as it was."""
    book.fill(1)
    with book.database.read() as session:
        old = session.get_one(Tree, 1).mac
    for _ in range(count):
        book.write()
    book.log.integrate(book.database, patient=True)
    with book.database.write() as session:
        session.execute(update(Tree).values(mac=old))
    assert ["as this service left" in f.detail for f in book.verify().findings] == [True]
    book.write()
    check_log(book.database, book.log)


@pytest.mark.parametrize("both", [True, False])
def test_a_mac_that_was_taken_away_is_told(book: Logbook, *, both: bool) -> None:
    """Also with the record's id in the same row: the folder outside has it still. Nothing is built upon it until a
    person has looked."""
    book.fill(2)
    book.write()
    with book.database.write() as session:
        session.execute(update(Tree).values({"mac": None, **({"record_id": None} if both else {})}))
    assert ("altered", tree_check.NO_MAC) in {(f.kind, f.detail) for f in book.verify().findings}
    with pytest.raises(LogInconsistent, match="taken away"):
        book.integrate()
    book.log.resume(book.database, "nothing is missing", actor="dora")
    check_log(book.database, book.log)
    assert book.verify().size == 4
    with pytest.raises(Conflict):
        book.log.resume(book.database, "again", actor="dora")


def test_tiles_that_are_not_of_the_entries_are_not_built_upon(book: Logbook) -> None:
    """Entries that are ours, and hashes of others for them, behind the last checkpoint, without our MAC."""
    book.fill(1)
    book.write()
    book.log.integrate(book.database, patient=True)
    with book.database.write() as session:
        session.execute(update(Tree).values(mac=b"m" * 16))
        tile = session.get_one(Tile, (0, 0))
        tile.hashes = tile.hashes[:32] + b"x" * 32
    with pytest.raises(LogInconsistent, match="not of its entries"):
        book.integrate()
    with book.database.write() as session:
        session.execute(text('DELETE FROM audit_entries WHERE "index" = 1'))
    with pytest.raises(LogInconsistent, match="not all"):
        book.integrate()
