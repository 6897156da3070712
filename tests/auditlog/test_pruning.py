"""Entries whose retention is over go; what is left is proven as before, and nobody else can cut a beginning off."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import delete, select, text, update

from privacy_svc.auditlog import Event, EventType, Verifier, checkpoint_file, open_checkpoint, pruning, verify_proof
from privacy_svc.auditlog.checkpoint import Checkpoint
from privacy_svc.auditlog.errors import LogInconsistent
from privacy_svc.auditlog.growing_tree import GrowingTree
from privacy_svc.auditlog.mac import tree_mac, without_first
from privacy_svc.auditlog.merkle import leaf_hash, of_leaves, root
from privacy_svc.auditlog.model import Entry, EntryMember, Payload, Tile, Tree
from privacy_svc.auditlog.tiles import Tiles
from privacy_svc.auditlog.tree_check import has_our_mac
from privacy_svc.db import Database, now
from privacy_svc.errors import NotFound
from privacy_svc.vault import Tampered
from privacy_svc.vault.model import SubjectKey
from tests.auditlog.conftest import Logbook
from tests.factories import check_log, make_log, make_vault
from tests.killing import killed_before_commit

OLD = datetime(2020, 1, 1, tzinfo=UTC)
CUT = OLD + timedelta(days=400)
YOUNG = datetime(2026, 11, 1, tzinfo=UTC)


def checkpoint(book: Logbook) -> Checkpoint:
    return open_checkpoint(book.checkpoint(), Verifier.parse(book.log.signer.vkey))


def old_entries(book: Logbook, count: int, *people: str) -> None:
    with time_machine.travel(OLD, tick=False):
        with book.database.write() as session:
            for number in range(count):
                subject_id = people[number % len(people)] if people else None
                book.log.append(
                    session, EventType.CONSENT_READ, actor="x", subject_id=subject_id, payload={"n": number}
                )
        book.integrate()


def test_what_is_left_is_as_before(book: Logbook) -> None:
    """The root is the one it would have been; later entries are proven; the older are gone, the log verifies, also
    after it grew on, and after it was pruned again."""
    ana = book.person()
    old_entries(book, 700, ana)
    with time_machine.travel(YOUNG, tick=False):
        kept = book.write(ana)
        book.integrate()
        leaves = [e.leaf for e in entries(book)]
        assert book.log.prune(book.database, CUT, actor="test") == 512
        assert {e.index for e in entries(book)} == set(range(512, 702))
        found = next(e for e in entries(book) if e.id == kept)
        index, leaf, _ = verify_proof(book.proof(found.index), Verifier.parse(book.log.signer.vkey))
        assert (index, leaf) == (700, found.leaf)
        with pytest.raises(NotFound, match=r"Entry 511 was pruned: .* begins at entry 512"):
            book.proof(511)
        leaves.append(entries(book)[-1].leaf)
        assert checkpoint(book).root == root(702, of_leaves([leaf_hash(leaf) for leaf in leaves]))
        report = book.verify()
        assert (report.ok, report.first, report.size) == (True, 512, 702)
        for _ in range(600):
            book.write()
        book.integrate()
        assert book.verify().ok
    with time_machine.travel(YOUNG + timedelta(days=2), tick=False):
        assert book.log.prune(book.database, YOUNG + timedelta(days=1), actor="test") == 768
        assert book.verify().ok
        assert not list((book.log.mirror.folder).glob("000000000000"))
        assert {t.number for t in tiles(book) if t.level == 0} == {5}


def test_nothing_is_pruned_twice_or_too_early(book: Logbook) -> None:
    """Young entries stay, a second run finds nothing, and an empty log has nothing to prune."""
    assert book.log.prune(book.database, CUT, actor="test") == 0
    old_entries(book, 300)
    assert [book.log.prunable(book.database, at) for at in (OLD, CUT)] == [0, 256]
    assert book.log.prune(book.database, OLD, actor="test") == 0
    assert book.log.prune(book.database, CUT, actor="test") == 256
    assert book.log.prune(book.database, CUT, actor="test") == 0
    assert book.verify().ok


def test_what_is_held_stays(book: Logbook) -> None:
    """Entries about somebody whose data must be kept end the pruning before them; also of those among many people."""
    ana, ben = book.person(), book.person()
    old_entries(book, 300)
    with time_machine.travel(OLD, tick=False):
        book.write_group(ana, ben)
        book.integrate()
    old_entries(book, 400)
    assert book.log.prune(book.database, CUT, lambda _: [ben], actor="test") == 256
    assert book.log.prune(book.database, CUT, actor="test") == 256


@pytest.mark.parametrize("use", ["data", "evidence"])
@pytest.mark.parametrize("wrapped", [b"\x01broken", None])
def test_a_broken_key_of_somebody_held_prunes_nothing(book: Logbook, use: str, wrapped: bytes | None) -> None:
    """Damaged or taken away: nothing tells any more which entries are theirs."""
    ana = book.person()
    old_entries(book, 300)
    with book.database.write() as session:
        hers = update(SubjectKey).where(SubjectKey.subject_id == ana, SubjectKey.use == use)
        session.execute(hers.values(wrapped=wrapped))
    with pytest.raises(Tampered):
        book.log.prune(book.database, CUT, lambda _: [ana], actor="test")


@pytest.mark.parametrize("first", [256, 512])
def test_a_beginning_cannot_be_cut_off(book: Logbook, first: int) -> None:
    """Entries taken away without an entry that says so are found, however carefully."""
    old_entries(book, 600)
    with book.database.engine.connect().execution_options(immediate=True) as connection:
        old = select(Entry.id).where(Entry.index < first)
        connection.execute(Payload.__table__.delete().where(Payload.entry_id.in_(old)))
        connection.execute(text(f'DELETE FROM audit_entries WHERE "index" < {first}'))
        connection.execute(text(f"DELETE FROM audit_tiles WHERE level = 0 AND number < {first // 256}"))
        connection.execute(update(Tree).values(first=first))
        connection.commit()
    assert "truncated" in {f.kind for f in book.verify().findings}
    with pytest.raises(LogInconsistent, match=f"begins at entry {first}, and its entries say 0"):
        book.log.prune(book.database, now() + timedelta(days=1), actor="test")
    assert "truncated" in {f.kind for f in book.verify().findings}


@pytest.mark.parametrize("first", [256, 2**40])
@pytest.mark.parametrize("mac", ["as it was", "none", "former"])
def test_nobody_else_moves_the_beginning(book: Logbook, first: int, mac: str) -> None:
    """Somebody lets the log begin later, past what is held: nothing is pruned, signed, written outside or exported by
    that; the log goes on when it is put right."""
    ana = book.person()
    book.write(ana)
    old_entries(book, 700)
    put(book, first, mac)
    later = now() + timedelta(days=1)
    for _ in range(2):
        book.write()
        for act in (lambda: book.log.prune(book.database, later, lambda _: [ana], actor="test"), book.integrate):
            with pytest.raises(LogInconsistent, match="begins at entry"):
                act()
        with pytest.raises(LogInconsistent, match="begins at entry"):
            list(book.log.export_entries(book.database))
    assert (len(entries(book)), book.log.mirror.count()) == (701, 701)
    put(book, 0, mac)
    if mac == "none":  # a person looks at what no entry and no restore takes away
        with pytest.raises(LogInconsistent, match="taken away"):
            book.integrate()
        book.log.resume(book.database, "put right", actor="dora")
    book.integrate()
    assert book.log.mirror.count() == 703 + (mac == "none")
    check_log(book.database, book.log)


def put(book: Logbook, first: int, mac: str) -> None:
    with book.database.write() as session:
        tree = session.get_one(Tree, 1)
        tree.first = first
        if mac == "none":
            tree.mac = None
        elif mac == "former":
            told = without_first(tree.size, root(tree.size, Tiles(session).node))
            tree.mac = tree_mac(book.vault.organisation_cipher(session)).of(told)


def test_the_record_is_not_written_from_a_moved_beginning(book: Logbook) -> None:
    """Nor is it exported where nothing new is signed, or an operator has it written anew."""
    book.fill(3)
    export = book.log.export
    export.write_text("".join(note + "\n" for note in list(checkpoint_file.notes(export))[:2]))
    put(book, 2**40, "as it was")
    with pytest.raises(LogInconsistent, match="begins at entry"):
        book.integrate()
    assert checkpoint_file.newest_size(export) == 2
    shutil.rmtree(book.log.mirror.folder)
    export.unlink()
    with pytest.raises(LogInconsistent, match="begins at entry"):
        book.log.resume(book.database, "the disk died", actor="cli")


def test_a_tree_pruned_by_the_version_before_goes_on(book: Logbook) -> None:
    """Its MAC said nothing of where the log begins."""
    old_entries(book, 600)
    assert book.log.prune(book.database, CUT, actor="test") == 512
    put(book, 512, "former")
    assert book.verify().ok
    book.write()
    book.integrate()
    check_log(book.database, book.log)
    with book.database.read() as session:
        tree = session.get_one(Tree, 1)
        assert has_our_mac(session, book.vault, tree, Tiles(session))


def test_a_list_that_was_changed_frees_nobody_who_is_held(book: Logbook) -> None:
    """Of an entry about many the list is held to what the leaf says: who takes a name out of it prunes nothing."""
    ana, ben = book.person(), book.person()
    book.write_group(ana, ben)
    old_entries(book, 300)
    later = now() + timedelta(days=1)
    assert book.log.prunable(book.database, later, lambda _: [ben]) == 0
    with book.database.write() as session:
        session.execute(delete(EntryMember))
    with pytest.raises(LogInconsistent, match="not those it was written about"):
        book.log.prune(book.database, later, lambda _: [ben], actor="test")


def test_who_is_held_meanwhile_is_held(book: Logbook) -> None:
    """A hold that is placed while it is worked out what may go."""
    ana = book.person()
    old_entries(book, 600, ana)
    looks = [[ana], [ana], []]
    held = lambda _: looks.pop() if looks else [ana]  # noqa: E731
    assert book.log.prune(book.database, CUT, held, actor="test") == 0
    assert not looks
    assert len(entries(book)) == 600


def test_an_entry_whose_list_a_restore_lost_is_held(book: Logbook) -> None:
    """Nothing tells any more who was among its people: it stays as long as anybody is held."""
    ana, ben = book.person(), book.person()
    book.fill(1)
    backup = book.back_up()
    book.write_group(ana, ben)
    book.integrate()
    book.restore(backup)
    book.relearn()
    old_entries(book, 300)
    assert book.log.prunable(book.database, now(), lambda _: [ben]) == 0
    assert book.log.prune(book.database, now(), actor="test") == 256
    check_log(book.database, book.log)


@pytest.mark.parametrize("size", [256, 512, 65536, 65536 + 512, 131072 + 256 * 3])
def test_a_tree_grows_on_from_its_subtrees(size: int) -> None:
    """Grown on after any whole number of tiles, root and tiles are those of the whole tree."""
    whole = GrowingTree()
    hashes = [n.to_bytes(32) for n in range(size + 300)]
    whole.extend(hashes[:size])
    nodes = of_leaves(hashes)
    after = GrowingTree.after(size, nodes)
    assert after.root() == whole.root()
    for leaf in hashes[size:]:
        whole.extend([leaf])
        after.extend([leaf])
    assert after.root() == whole.root()
    assert all(whole.tiles[place] == tile for place, tile in after.tiles.items())


def entries(book: Logbook) -> list[Entry]:
    with book.database.read() as session:
        return list(session.scalars(select(Entry).order_by(Entry.index)))


def tiles(book: Logbook) -> list[Tile]:
    with book.database.read() as session:
        return list(session.scalars(select(Tile)))


def test_a_checkpoint_of_what_was_pruned_is_held_to(book: Logbook) -> None:
    """One that somebody kept, older than what is left, must be the one the log signed; another of that size is a
    fork, and so is one of a size the log never signed."""
    old_entries(book, 300)
    kept = checkpoint(book)
    note = book.checkpoint()
    old_entries(book, 600)
    with time_machine.travel(YOUNG, tick=False):
        book.integrate()
        assert book.log.prune(book.database, CUT, actor="test") == 768
        assert (book.verify(note).ok, book.verify(note).older > 0) == (True, True)
        for other in (Checkpoint(kept.origin, 300, b"\1" * 32), Checkpoint(kept.origin, 299, kept.root)):
            forged = book.log.signer.sign_note(str(other))
            assert "forked" in {f.kind for f in book.verify(forged).findings}


def test_columns_prune_nothing(book: Logbook) -> None:
    """Who makes entries older, or nobody's, in the columns for searching does not get them deleted."""
    ana = book.person()
    with time_machine.travel(YOUNG, tick=False):
        for _ in range(300):
            book.write(ana)
        book.integrate()
        with book.database.write() as session:
            session.execute(update(Entry).values(at=OLD, subject_id=None))
        assert book.log.prune(book.database, CUT, actor="test") == 0
        with book.database.write() as session:
            session.execute(update(Entry).where(Entry.index == 0).values(leaf=b"{}"))
        with pytest.raises(LogInconsistent, match="nothing is pruned"):
            book.log.prune(book.database, CUT, actor="test")


def test_a_clock_that_is_ahead_costs_a_month(book: Logbook) -> None:
    """What nobody looks at goes a month of the log's own time a day, and not at all when the log stood still."""
    for month in range(4):
        with time_machine.travel(OLD + timedelta(days=40 * month), tick=False):
            for _ in range(256):
                book.write()
            book.integrate()
    ahead = OLD + timedelta(days=4000)

    def prune(at: datetime, logged: bool) -> int:
        with time_machine.travel(at, tick=False):
            if logged:
                book.write()
            return book.log.prune(book.database, ahead, actor="worker", automatic=True)

    assert prune(ahead, logged=False) == 0
    assert prune(ahead, logged=True) == 256
    assert prune(ahead + timedelta(hours=1), logged=True) == 0
    assert prune(ahead + timedelta(days=2), logged=True) == 256


def test_killed_between_stretches(book: Logbook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that prunes in stretches is killed before each of its commits: the log verifies as it was left, and the
    next run goes on to where an undisturbed one ends, with a count of what went for each stretch."""
    monkeypatch.setattr(pruning, "STRETCH", 512)
    old_entries(book, 1400)
    commits, firsts = 0, set[int]()
    url = book.database.engine.url.render_as_string(hide_password=False)

    def prune() -> None:
        with time_machine.travel(YOUNG, tick=False):
            make_log(tmp_path, make_vault(tmp_path)).prune(Database(url), CUT, actor="test")

    assert book.log.prunable(book.database, CUT) == 1280
    book.database.engine.dispose()
    while killed_before_commit(commits := commits + 1, prune):
        report = book.verify()
        assert report.ok, report.findings
        firsts.add(report.first)
        book.database.engine.dispose()
    with time_machine.travel(YOUNG, tick=False):
        assert book.log.prune(book.database, CUT, actor="test") == 0
    assert firsts >= {0, 512, 1024}
    assert (book.verify().ok, book.verify().first) == (True, 1280)
    told = book.search(type=EventType.LOG_PRUNED.value)
    assert sum(e.payload["entries"] for e in told if e.payload) == 1280
    assert {int(p.name) for p in book.log.mirror.folder.glob("[0-9]*")} == {5}


def test_progress_is_told(book: Logbook, monkeypatch: pytest.MonkeyPatch) -> None:
    """After each stretch, how many entries are gone; who stops it there has a whole log."""
    monkeypatch.setattr(pruning, "STRETCH", 256)
    old_entries(book, 900)
    told: list[int] = []

    def stop(gone: int) -> None:
        told.append(gone)
        if gone == 512:
            raise KeyboardInterrupt

    with time_machine.travel(YOUNG, tick=False):
        with pytest.raises(KeyboardInterrupt):
            book.log.prune(book.database, CUT, actor="test", progress=stop)
        assert (told, book.verify().ok, book.verify().first) == ([256, 512], True, 512)
        assert book.log.prune(book.database, CUT, actor="test") == 256
    assert book.verify().ok


@pytest.mark.parametrize("size", [750, 900])
def test_a_backup_from_before_it_is_pruned_again(book: Logbook, size: int) -> None:
    """Restored from before the last pruning, also from before what is left of the log: what went from outside the
    database goes from the backup too, and an entry says so."""
    old_entries(book, 700)
    backup = book.back_up()
    old_entries(book, size - 700)
    with time_machine.travel(YOUNG, tick=False):
        gone = book.log.prune(book.database, CUT, actor="test")
        book.restore(backup)
        if gone > 700:
            with pytest.raises(LogInconsistent, match="older than the retention"):
                book.relearn(CUT)
            return
        book.relearn(CUT)
        book.integrate()
        report = book.verify()
        assert (report.findings, report.first) == ((), gone)
        [last, _first] = book.search(type=EventType.LOG_PRUNED)
        assert dict(last.payload or {})["until"] == gone


def test_what_is_lost_outside_is_not_pruned_by_a_restore(book: Logbook) -> None:
    """The oldest leaves outside are gone, and no entry says that they were pruned: nothing goes here."""
    old_entries(book, 600)
    backup = book.back_up()
    old_entries(book, 10)
    (book.log.mirror.folder / "000000000000").unlink()
    book.restore(backup)
    book.relearn()
    book.integrate()
    report = book.verify()
    assert ([f.kind for f in report.findings], report.first) == (["altered"], 0)


@pytest.mark.parametrize(("why", "first"), [("young", 512), ("held", 256), ("kept for good", 0)])
def test_a_restore_prunes_no_more_than_is_over(book: Logbook, why: str, first: int) -> None:
    """After a pruning more of the oldest leaves outside was lost: what is not over, or about somebody whose data are
    held, stays in the backup, and verification tells that it is not outside."""
    ana = book.person()
    old_entries(book, 300)
    old_entries(book, 300, ana)
    write_at(book, SOON, 400)
    backup = book.back_up()
    with time_machine.travel(YOUNG, tick=False):
        assert book.log.prune(book.database, CUT, actor="test") == 512
        (book.log.mirror.folder / "000000000002").unlink()
        book.restore(backup)
        book.relearn(None if why == "kept for good" else CUT, *([ana] if why == "held" else []))
        book.integrate()
        report = book.verify()
    assert report.first == first
    assert [f.detail for f in report.findings] == [
        f"the mirror of the log differs in {768 - first} entries, the first is {first}"
    ]


AHEAD = datetime(2036, 1, 1, tzinfo=UTC)
LONG_AGO = datetime(1970, 1, 2, tzinfo=UTC)
SOON = OLD + timedelta(days=500)
"""Entries of this time are kept; ahead of the time of CUT."""


def write_at(book: Logbook, at: datetime, count: int = 1) -> None:
    with time_machine.travel(at, tick=False):
        with book.database.write() as session:
            book.log.append_many(session, [Event(EventType.POLICY_LOADED, None, {})] * count, actor="x")
        book.integrate()


@pytest.mark.parametrize(("wrong", "count"), [(AHEAD, 1), (SOON, 1), (AHEAD, 400)])
def test_a_clock_that_was_ahead_keeps_nothing(book: Logbook, wrong: datetime, count: int) -> None:
    """Entries with a time that never came go with those around them; those behind them go when their time is over, and
    young ones stay."""
    write_at(book, OLD, 100)
    write_at(book, wrong, count)
    write_at(book, OLD, 700)
    write_at(book, SOON, 300)
    with time_machine.travel(YOUNG, tick=False):
        gone = (800 + count) // 256 * 256
        assert book.log.prune(book.database, CUT, actor="test") == gone
        assert book.log.prune(book.database, CUT, actor="test") == 0
    check_log(book.database, book.log)


def test_entries_of_the_future_alone_are_kept(book: Logbook) -> None:
    """Nothing behind them says how old they are."""
    write_at(book, AHEAD, 600)
    with time_machine.travel(YOUNG, tick=False):
        assert book.log.prune(book.database, CUT, actor="test") == 0


def test_wrong_times_do_not_stop_the_worker(book: Logbook) -> None:
    """Entries long before the first, a run at a time that never came, a quiet log whose tiles are of more than a month:
    each day the worker goes on."""
    write_at(book, OLD, 256)
    for day in range(0, 256, 16):
        write_at(book, OLD + timedelta(days=day), 32)
    write_at(book, LONG_AGO)
    write_at(book, OLD + timedelta(days=300), 300)
    assert book.log.prune(book.database, OLD, actor="worker") == 0

    def prune(at: datetime) -> int:
        with time_machine.travel(at, tick=False):
            book.write()
            return book.log.prune(book.database, CUT, actor="worker", automatic=True)

    assert prune(AHEAD) == 256
    assert [prune(YOUNG), prune(YOUNG + timedelta(hours=2))] == [256, 0]
    assert prune(YOUNG + timedelta(days=2)) == 256
    assert prune(YOUNG + timedelta(days=4)) == 256
    check_log(book.database, book.log)
