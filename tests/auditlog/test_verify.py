"""Whoever changes the log in the database is found out: every column, every row, both dialects."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import ColumnElement, Integer, LargeBinary, String, Table, UpdateBase, text
from sqlalchemy.engine import Connection

from privacy_svc.auditlog import (
    Event,
    EventType,
    Log,
    LogInconsistent,
    Report,
    checkpoint_file,
    crowds,
    reading,
    tree_row,
)
from privacy_svc.auditlog.entry_check import Row
from privacy_svc.auditlog.growing_tree import GrowingTree
from privacy_svc.auditlog.model import (
    Cosignature,
    CrowdPart,
    Entry,
    EntryMember,
    MonthTag,
    Outbox,
    Payload,
    SignedCheckpoint,
    Tile,
    Tree,
)
from privacy_svc.auditlog.outside_check import Outside
from privacy_svc.auditlog.verify import _Verification
from privacy_svc.db import Base, Instant
from privacy_svc.errors import KeyUnavailable
from tests.auditlog.conftest import Logbook
from tests.factories import make_log, make_vault

LOST_IF_GONE: tuple[type[Base], ...] = (
    *(Entry, EntryMember, CrowdPart, Payload),
    *(Tile, Tree, SignedCheckpoint, Cosignature, Outbox),
)
TABLES = (*LOST_IF_GONE, MonthTag)
"""The month's tags are made again where they are gone."""
SAYS_NOTHING = {(Outbox, "number"), (Tree, "id"), (Tree, "signed_ms")}
"""Columns that say nothing about an entry: the order of what has no place yet, the number of the only row, and when the
tree was signed last, which puts off the next signature by a second at most."""
MAY_BE_NONE = {(Outbox, "mac"), (CrowdPart, "root")}
"""Versions before them wrote rows without."""


@pytest.fixture
def full(book: Logbook, monkeypatch: pytest.MonkeyPatch) -> Logbook:
    """A tree of entries about two people, about nobody and about a crowd, under several checkpoints, of which a witness
    cosigned one, and entries that wait."""
    monkeypatch.setattr(crowds, "MANY", 3)
    monkeypatch.setattr(crowds, "PART", 2)
    ana, ben = book.person(), book.person()
    for subject_id in (ana, ben, None, ana):
        book.write(subject_id)
        book.integrate()
    book.write(ana, evidence=True)
    book.write(ben)
    book.integrate()
    book.write_group(ana, ben, carla := book.person())
    book.integrate()
    book.erase(carla)
    book.integrate()
    book.write_group(ana, ben, *(book.person() for _ in range(3)))
    book.integrate()
    cosigned = {"size": 2, "lines": "— witness.example Y29zaWduZWQ=\n"}
    checkpoint_file.append_cosignatures(book.log.export, *cosigned.values())
    with book.database.write() as session:
        session.add(Cosignature(witness="witness.example", **cosigned))
    book.write_group(ben, ana)
    book.write(ben)
    book.write()
    report = book.verify()
    assert report.ok, report.findings
    return book


def kinds(book: Logbook, known: str | None = None) -> set[str]:
    return {finding.kind for finding in book.verify(known).findings}


def change(book: Logbook, statement: str, **values: Any) -> None:
    """What somebody with the database's password does."""
    with book.database.engine.connect().execution_options(immediate=True) as connection, connection.begin():
        assert connection.execute(text(statement), values).rowcount


def changed(kind: Any, value: Any) -> Any:
    """Nearly the same value of the same type."""
    if isinstance(kind, LargeBinary):
        return bytes(value[:-1]) + bytes([value[-1] ^ 1])
    if isinstance(kind, Instant):
        return value.replace(microsecond=value.microsecond ^ 1)
    if isinstance(kind, String):
        return value[:-1] + chr(ord(value[-1]) ^ 1)
    assert isinstance(kind, Integer)
    return value + 1_000_003


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.__tablename__)
def test_any_changed_column_is_found(full: Logbook, table: type[Base]) -> None:
    """In every row of every table of the log, one bit of any column that says something, or all of it."""
    core = cast("Table", table.__table__)
    tried = 0
    for row in rows_of(full, core):
        for column in core.columns:
            if row[column.name] is None or (table, column.name) in SAYS_NOTHING:
                continue
            tried += 1
            new = {column.name: changed(column.type, row[column.name])}
            run(full, core.update().where(*place(core, row)).values(new))
            assert full.verify().findings, f"{core.name}.{column.name} of {row}"
            run(full, core.update().where(*place(core, {**row, **new})).values({column.name: row[column.name]}))
            if column.nullable and (table, column.name) not in MAY_BE_NONE:
                run(full, core.update().where(*place(core, row)).values({column.name: None}))
                assert full.verify().findings, f"{core.name}.{column.name} of {row}, taken away"
                run(full, core.update().where(*place(core, row)).values({column.name: row[column.name]}))
    assert tried
    assert full.verify().ok


def test_any_deleted_row_is_found(full: Logbook) -> None:
    """Any row of any table."""
    for core in (cast("Table", table.__table__) for table in LOST_IF_GONE):
        assert rows_of(full, core)
        for row in rows_of(full, core):
            run(full, core.delete().where(*place(core, row)))
            assert full.verify().findings, row
            run(full, core.insert().values(row))
    assert full.verify().ok


def rows_of(book: Logbook, table: Table) -> list[dict[str, Any]]:
    with book.database.read() as session:
        return [dict(row) for row in session.execute(table.select()).mappings()]


def place(table: Table, row: dict[str, Any]) -> list[ColumnElement[bool]]:
    return [key == row[key.name] for key in table.primary_key.columns]


def run(book: Logbook, statement: UpdateBase) -> None:
    with book.database.write() as session:
        assert session.connection().execute(statement).rowcount != 0


def test_a_missing_entry_is_named_and_the_rest_checked(full: Logbook) -> None:
    """The finding names the one entry; the checkpoints over the others still hold."""
    change(full, 'DELETE FROM audit_payloads WHERE entry_id = (SELECT id FROM audit_entries WHERE "index" = 2)')
    change(full, 'DELETE FROM audit_entries WHERE "index" = 2')
    (finding,) = full.verify().findings
    assert (finding.kind, finding.index) == ("missing", 2)


def test_swapped_entries_are_found_as_such(full: Logbook) -> None:
    """Two rows that changed places are reordered, not altered, and the checkpoints disagree too."""
    for old, new in ((1, 99), (3, 1), (99, 3)):
        change(full, 'UPDATE audit_entries SET "index" = :new WHERE "index" = :old', old=old, new=new)
    findings = full.verify().findings
    assert {f.index for f in findings if f.kind == "reordered"} == {1, 3}
    assert "forked" in {f.kind for f in findings}


def test_rows_below_zero_are_found(full: Logbook) -> None:
    """An entry smuggled in where no index is."""
    change(
        full,
        'INSERT INTO audit_entries ("index", id, at, type, actor, subject_id, leaf) '
        "SELECT -1, 'x', at, type, actor, subject_id, leaf FROM audit_entries WHERE \"index\" = 0",
    )
    assert ("altered", -1) in {(f.kind, f.index) for f in full.verify().findings}


def test_an_invented_entry_is_found(full: Logbook) -> None:
    """A leaf under an insider's own id, put into the outbox, does not get into the tree."""
    change(
        full,
        "INSERT INTO audit_outbox (id, at, type, actor, subject_id, leaf) "
        "SELECT 'invented', at, type, actor, subject_id, leaf FROM audit_entries WHERE \"index\" = 0",
    )
    assert full.integrate() == 3
    assert kinds(full) == {"altered"}


@pytest.mark.parametrize("integrated", [False, True])
def test_an_entry_cannot_be_changed_while_it_waits(book: Logbook, *, integrated: bool) -> None:
    """Leaf and columns changed alike, before the tree has them: it is told, and does not get there."""
    book.write(book.person())
    leaf = rows_of(book, cast("Table", Outbox.__table__))[0]["leaf"].replace(b"record:read", b"record:rode")
    change(book, "UPDATE audit_outbox SET leaf = :leaf, type = 'gateway:record:rode'", leaf=leaf)
    if integrated:
        assert book.integrate() == 0
    assert kinds(book) == {"altered"}


def test_an_entry_that_waits_cannot_be_taken_away(full: Logbook) -> None:
    """Its payload stays behind and says that it was there."""
    change(full, "DELETE FROM audit_outbox")
    assert kinds(full) == {"missing"}


def cut(connection: Connection, size: int) -> None:
    """A whole tail, with everything in the database that speaks of it."""
    where = f'"index" >= {size}'
    connection.execute(
        text(f"DELETE FROM audit_payloads WHERE entry_id IN (SELECT id FROM audit_entries WHERE {where})")
    )
    connection.execute(text("DELETE FROM audit_payloads WHERE entry_id IN (SELECT id FROM audit_outbox)"))
    connection.execute(text("DELETE FROM audit_outbox"))
    for table in ("members", "crowds", "cosignatures"):
        connection.execute(text(f"DELETE FROM audit_{table}"))
    connection.execute(text(f"DELETE FROM audit_entries WHERE {where}"))
    connection.execute(text(f"DELETE FROM audit_checkpoints WHERE size > {size}"))
    connection.execute(text(f"UPDATE audit_tree SET size = {size}, mac = NULL"))
    tile = bytes(connection.execute(text("SELECT hashes FROM audit_tiles")).scalar_one())
    connection.execute(text("UPDATE audit_tiles SET hashes = :h"), {"h": tile[: 32 * size]})


def test_a_cut_tail_is_found_by_the_exported_checkpoints(full: Logbook, tmp_path: Path) -> None:
    """The database alone looks whole; the file beside it, or a checkpoint somebody kept, does not agree."""
    kept = full.checkpoint()
    with full.database.engine.connect().execution_options(immediate=True) as connection:
        cut(connection, 3)
        connection.commit()
    assert "truncated" in kinds(full)
    elsewhere = Log(full.vault, full.log.signer, tmp_path / "nowhere" / "checkpoints")
    assert sorted(f.kind for f in elsewhere.verify(full.database).findings) == ["altered", *["missing"] * 3]
    assert {f.kind for f in elsewhere.verify(full.database, kept).findings} == {"truncated", "missing", "altered"}


def test_a_dropped_database_is_found(full: Logbook) -> None:
    """Nothing is left but the exported checkpoints: they say how much there was."""
    with full.database.engine.connect().execution_options(immediate=True) as connection:
        for table in TABLES:
            connection.execute(table.__table__.delete())
        connection.commit()
    assert {"truncated", "missing"} == kinds(full)


def test_a_rewritten_log_is_a_fork(full: Logbook, tmp_path: Path) -> None:
    """Somebody with the database and every key writes a history of the same length: the kept checkpoint tells."""
    kept, length = full.checkpoint(), full.verify().size
    with full.database.engine.connect().execution_options(immediate=True) as connection:
        for table in TABLES:
            connection.execute(table.__table__.delete())
        connection.commit()
    forger = Logbook(full.database, full.vault, Log(full.vault, full.log.signer, tmp_path / "forged" / "checkpoints"))
    forger.fill(length)
    assert forger.verify().ok
    assert kinds(forger, kept) == {"forked"}
    assert "forked" in kinds(full)


def test_checkpoints_of_other_keys_are_not_ours(full: Logbook, tmp_path: Path) -> None:
    """A kept checkpoint must be signed by this log's key, whatever it says."""
    other = make_log(tmp_path / "other", full.vault)
    assert kinds(full, other.signer.sign_note("test.example/log\n1\n" + "A" * 43 + "=\n")) == {"unsigned"}
    assert kinds(full, "nonsense") == {"unsigned"}
    assert kinds(full, full.checkpoint()) == set()


def test_a_moved_payload_does_not_open(full: Logbook) -> None:
    """Two payloads of one person, exchanged, under one key."""
    ana = full.search(type=str(EventType.RECORD_READ))[-1].subject_id
    one, two = [e.id for e in full.search(subject_id=ana)][-2:]
    for old, new in ((one, "x"), (two, one), ("x", two)):
        change(full, "UPDATE audit_payloads SET entry_id = :new WHERE entry_id = :old", old=old, new=new)
    assert kinds(full) == {"payload_altered"}


def test_without_the_keys_verification_says_so(full: Logbook, tmp_path: Path) -> None:
    """Keys that are away are no finding about the log, and no clean bill either."""
    for key in (tmp_path / "keys").iterdir():
        key.rename(tmp_path / key.name)

    def verify() -> Report:
        return Log(make_vault(tmp_path), full.log.signer, full.log.export).verify(full.database)

    with pytest.raises(KeyUnavailable):
        verify()


def test_findings_are_limited(book: Logbook) -> None:
    """A wholly rewritten log does not flood the report."""
    with book.database.write() as session:
        book.log.append_many(session, [Event(EventType.POLICY_LOADED, None, {})] * 1200, actor="x")
    book.integrate()
    change(book, "UPDATE audit_entries SET actor = 'y'")
    assert len(book.verify().findings) == 1000


def test_one_unreadable_row_hides_nothing(book: Logbook) -> None:
    """A value of a type that the column never holds is told at its entry, and the others are judged all the same."""
    book.fill(6)
    if book.database.engine.dialect.name == "sqlite":  # the others refuse it themselves
        with book.database.write() as session:
            session.execute(text("UPDATE audit_entries SET at = 'yesterday' WHERE \"index\" = 1"))
            session.execute(text("UPDATE audit_entries SET leaf = 'abc' WHERE \"index\" = 2"))
    with book.database.write() as session:
        session.execute(text("UPDATE audit_entries SET actor = 'somebody' WHERE \"index\" = 4"))
        session.execute(text("UPDATE audit_tree SET halted = 'a witness'"))
    report = book.verify()
    altered = {f.index for f in report.findings if f.kind == "altered" and f.index is not None}
    assert altered == ({1, 2, 4} if book.database.engine.dialect.name == "sqlite" else {4})
    assert [r.state for r in report.ranges if r.first in {0, 5}] == ["intact", "intact"]
    assert report.halted == "a witness"


AGAIN = (
    "INSERT INTO audit_outbox (number, id, at, type, actor, subject_id, leaf) "
    'SELECT 999, id, at, type, actor, subject_id, {leaf} FROM audit_entries WHERE "index" = 1'
)


def test_an_entry_put_into_the_outbox_again_stops_nothing(full: Logbook) -> None:
    """It is told with its row, stays where it is, and what waits behind it enters the tree."""
    change(full, AGAIN.format(leaf="leaf"))
    full.write()
    before = full.verify()
    assert [(f.kind, "row 999 of audit_outbox" in f.detail) for f in before.findings] == [("altered", True)]
    full.integrate()
    after = full.verify()
    assert (after.size - before.size, after.findings) == (4, before.findings)
    with full.database.read() as session:
        assert full.log.backlog(session).waiting == 0  # the service is ready
    change(full, "DELETE FROM audit_outbox WHERE number = 999")
    assert full.verify().ok


def test_an_id_of_the_tree_with_another_leaf_stops_nothing(full: Logbook) -> None:
    """Neither is the entry changed nor does the row enter the tree: it is told, by both its faults."""
    change(full, AGAIN.format(leaf="(SELECT leaf FROM audit_outbox LIMIT 1)"))
    assert [f.kind for f in full.verify().findings if "row 999 of audit_outbox" in f.detail] == ["altered", "altered"]
    assert full.integrate() == 3
    change(full, "DELETE FROM audit_outbox WHERE number = 999")
    assert full.verify().ok


def test_a_checkpoint_of_another_size_is_told(full: Logbook) -> None:
    """A checkpoint under a size that it is not of: the row is named, by the sequencer too, and nothing is lost."""
    full.integrate()
    change(full, "INSERT INTO audit_checkpoints SELECT 99998, note FROM audit_checkpoints WHERE size = 1")
    (finding,) = full.verify().findings
    assert (finding.kind, "row 99998 of audit_checkpoints" in finding.detail) == ("altered", True)
    full.write()
    with pytest.raises(LogInconsistent, match="row 99998 of audit_checkpoints"):
        full.integrate()
    change(full, "DELETE FROM audit_checkpoints WHERE size = 99998")
    full.integrate()
    assert full.verify().ok


def test_a_second_row_of_the_tree_is_told(full: Logbook) -> None:
    """It misleads nobody: the log goes on by its own row."""
    change(full, "INSERT INTO audit_tree (id, size, first, halted) VALUES (0, 5, 0, NULL)")
    assert [(f.kind, f.detail) for f in full.verify().findings] == [
        ("altered", "audit_tree has a second row, 0: delete it")
    ]
    full.integrate()
    full.fill(1)
    assert full.log.lacks(full.database) == 0
    change(full, "DELETE FROM audit_tree WHERE id = 0")
    assert full.verify().ok


def test_a_size_that_is_no_number_is_told_by_all(full: Logbook) -> None:
    """Clearly, by the sequencer and by the look at health."""
    if full.database.engine.dialect.name != "sqlite":
        pytest.skip("the others refuse it themselves")
    change(full, "UPDATE audit_tree SET size = 'abc'")
    with pytest.raises(LogInconsistent, match="no number"):
        full.integrate()
    with pytest.raises(LogInconsistent, match="no number"):
        full.log.lacks(full.database)


def test_a_halt_is_one_that_entries_speak_of(full: Logbook) -> None:
    """Who halts the log in the database alone, or takes its halt away there, is found."""
    change(full, "UPDATE audit_tree SET halted = 'whatever'")
    assert kinds(full) == {"altered"}
    change(full, "UPDATE audit_tree SET halted = NULL")
    with full.database.write() as session:
        tree_row.halt(session, "a witness")
        full.log.append(session, EventType.LOG_HALTED, actor="witness", payload={"why": "a witness"})
    assert full.verify().ok
    change(full, "UPDATE audit_tree SET halted = NULL")
    assert kinds(full) == {"altered"}
    full.integrate()
    assert kinds(full) == {"altered"}
    full.log.resume(full.database, "looked", actor="cli")
    full.integrate()
    assert full.verify().ok


def test_findings_that_are_not_told_are_counted(full: Logbook, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that was rewritten has as many as entries: some are told, and how many more there are."""
    change(full, "UPDATE audit_entries SET actor = 'x'")
    everything = full.verify()
    monkeypatch.setattr("privacy_svc.auditlog.verify.MOST", 2)
    report = full.verify()
    assert (everything.more, report.findings) == (0, everything.findings[:2])
    assert report.more == len(everything.findings) - 2 > 0


@pytest.mark.parametrize("piece", [64, 1 << 20])
def test_checkpoints_are_compared_in_any_order(full: Logbook, monkeypatch: pytest.MonkeyPatch, piece: int) -> None:
    """Two processes may have exported theirs the other way round, or twice; what a witness said stands between them.
    However they lie, one of another root is found."""
    monkeypatch.setattr(checkpoint_file, "_PIECE", piece)
    text, export = full.log.export.read_text(), full.log.export
    written = list(checkpoint_file.notes(export))
    said = text[text.index("cosigned") :]
    export.write_text(
        "".join(note + "\n" for note in [*written[2:], written[1], written[1]]) + said + written[0] + "\n"
    )
    assert [size for size, _ in checkpoint_file.in_order(export)] == sorted(
        map(checkpoint_file.size_of, [*written, written[1]])
    )
    assert list(checkpoint_file.cosignatures(export)) == [(2, "— witness.example Y29zaWduZWQ=\n")]
    assert full.verify().ok
    other = full.log.signer.sign_note("\n".join([*written[1].split("\n")[:2], "A" * 43 + "=\n"]))
    export.write_text(export.read_text().replace(written[1], other, 1))
    assert kinds(full) == {"forked", "altered"}


def test_entries_that_come_meanwhile_are_of_the_next_verification(
    book: Logbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All pages are of one moment, whichever connection reads them."""
    monkeypatch.setattr(reading, "PAGE", 2)
    book.fill(5)
    compare, begin = Outside.compare, _Verification._begin

    def writing(outside: Outside, rows: Iterable[Row]) -> None:
        book.fill(1)
        compare(outside, rows)

    def beginning(verification: _Verification) -> GrowingTree:
        book.fill(1)
        return begin(verification)

    with monkeypatch.context() as patched:
        patched.setattr(Outside, "compare", writing)
        patched.setattr(_Verification, "_begin", beginning)
        report = book.verify()
    assert (report.size, report.findings) == (5, ())
    assert (book.verify().size, book.verify().ok) == (9, True)
