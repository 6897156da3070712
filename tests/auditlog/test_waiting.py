"""What somebody with the database's password puts into the outbox: it is never signed, and stops nothing."""

import multiprocessing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Table, delete, insert, select, text, update

from privacy_svc.auditlog import LogInconsistent, checkpoint_file
from privacy_svc.auditlog.entry import Envelope, commit_to
from privacy_svc.auditlog.model import Entry, EntryMember, Outbox, Payload
from privacy_svc.db import new_id, now
from privacy_svc.db.migrate import MIGRATIONS
from privacy_svc.vault.model import PageKey, Subject, SubjectKey
from tests.auditlog.conftest import Logbook
from tests.auditlog.test_sequencer import DIED, die_in
from tests.conftest import ONE_DATABASE
from tests.factories import check_log

OUTBOX: Table = Outbox.__table__  # type: ignore[assignment]


def put(book: Logbook, leaf: Any, **columns: Any) -> None:
    """A row before all that wait."""
    row = {"number": -1, "id": new_id(), "at": now(), "type": "consent:record:given", "actor": "crm", **columns}
    with book.database.write() as session:
        session.execute(OUTBOX.insert().values({**row, "leaf": leaf if isinstance(leaf, bytes) else b"?"}))
        if not isinstance(leaf, bytes):
            session.execute(text("UPDATE audit_outbox SET leaf = :leaf WHERE number = -1"), {"leaf": leaf})


def take_away(book: Logbook) -> None:
    with book.database.write() as session:
        assert session.connection().execute(OUTBOX.delete().where(OUTBOX.c.number == -1)).rowcount == 1


def change(book: Logbook, statement: str, **values: Any) -> None:
    with book.database.write() as session:
        assert session.execute(text(statement), values).rowcount == 1  # type: ignore[attr-defined]


def leaf_of(book: Logbook, table: str = "audit_outbox") -> bytes:
    """Of the newest entry there."""
    order = {"audit_outbox": "number", "audit_entries": '"index"'}[table]
    with book.database.read() as session:
        return bytes(session.execute(text(f"SELECT leaf FROM {table} ORDER BY {order} DESC LIMIT 1")).scalar_one())


@pytest.mark.parametrize("what", ["empty", "longer than a bundle takes", "junk", "nested", "another's", "text"])
def test_a_row_that_is_no_entry_stops_nothing(book: Logbook, what: str) -> None:
    """It stays where it is, verification names it, and all others enter the tree, are signed and exported."""
    book.fill(2)
    book.write()
    own = leaf_of(book)
    long = msgspec.structs.replace(Envelope.decode(own), id="i" * 70_000)
    nested = own.replace(b'"id"', b'"members":{"a":' + b"[" * 5_000 + b"]" * 5_000 + b'},"id"')
    leaves = {
        "nested": nested,
        "empty": b"",
        "longer than a bundle takes": long.encode(),
        "junk": b"{}",
        "another's": own,
        "text": "abc",
    }
    if what == "text" and book.database.engine.dialect.name != "sqlite":
        pytest.skip("the others refuse it themselves")
    put(book, leaves[what], id=long.id if what.startswith("long") else new_id())
    before = book.verify()
    assert [(f.kind, "row -1 of audit_outbox" in f.detail) for f in before.findings] == [("altered", True)]
    for _ in range(2):
        book.write()
        book.integrate()
    assert checkpoint_file.newest(book.log.export) == book.checkpoint()
    after = book.verify()
    assert (after.size, [f.detail for f in after.findings]) == (5, [f.detail for f in before.findings])
    with book.database.read() as session:
        assert book.log.backlog(session).waiting == 0  # the service is ready
        assert book.log.backlog(session).refused == 1
    take_away(book)
    check_log(book.database, book.log)


def test_a_row_held_back_is_told(book: Logbook) -> None:
    """Somebody marks an entry that waits as if it were none: it is named, and enters the tree once that is undone."""
    book.write()
    change(book, "UPDATE audit_outbox SET refused = 'x'")
    assert book.integrate() == 0
    assert [(f.kind, "is held back" in f.detail) for f in book.verify().findings] == [("altered", True)]
    change(book, "UPDATE audit_outbox SET refused = NULL")
    check_log(book.database, book.log)
    assert book.verify().size == 1


@pytest.mark.parametrize("leaf", [b"", b"x" * 70_000])
def test_no_checkpoint_is_exported_before_its_leaves(book: Logbook, tmp_path: Path, leaf: bytes) -> None:
    """Somebody puts what no bundle takes in the place of an entry of the tree, before it is mirrored."""
    book.fill(1)
    book.write()
    url = book.database.engine.url.render_as_string(hide_password=False)
    worker = multiprocessing.get_context("spawn").Process(target=die_in, args=("in the mirror", url, tmp_path))
    worker.start()
    worker.join(60)
    assert worker.exitcode == DIED
    ours = leaf_of(book, "audit_entries")
    change(book, 'UPDATE audit_entries SET leaf = :leaf WHERE "index" = 1', leaf=leaf)
    for _ in range(2):
        with pytest.raises(LogInconsistent, match="Entry 1 is not the one that was logged"):
            book.integrate()
    assert checkpoint_file.newest_size(book.log.export) == 1
    change(book, 'UPDATE audit_entries SET leaf = :leaf WHERE "index" = 1', leaf=ours)
    check_log(book.database, book.log)


FORGED = {
    "alone": (None, None),
    "with a payload of hers": (None, ("owner_id", "use", "sealed")),
    "with a MAC of another's": ("another's", ("owner_id", "use", "sealed")),
    "with a MAC of its own": (b"m" * 16, None),
    "as if erased": (None, ("owner_id", "sealed")),
}


@pytest.mark.parametrize("how", FORGED)
def test_an_entry_that_somebody_else_wrote_is_never_signed(book: Logbook, how: str) -> None:
    """Who copies the tags of Ana's entries and commits to what they please gets no place in the tree, and no proof."""
    ana = book.person()
    book.fill(2, ana)
    book.write(ana)
    book.write(ana)
    hers = Envelope.decode(leaf_of(book))
    forged = msgspec.structs.replace(
        hers, id=new_id(), type="consent:record:given", commit=commit_to({"purpose": "marketing"}).commit
    )
    mac, copied = FORGED[how]
    with book.database.read() as session:
        row = dict(session.execute(select(Payload.__table__).where(Payload.entry_id == hers.id)).mappings().one())
        another = session.scalars(select(Outbox.mac)).first()
    put(book, forged.encode(), id=forged.id, subject_id=ana, mac=another if mac == "another's" else mac)
    if copied is not None:
        sealed = {"use": "erased", **{name: row[name] for name in copied}, "entry_id": forged.id}
        with book.database.write() as session:
            session.execute(insert(Payload), [sealed])
    for _ in range(2):
        book.write(ana)
        book.integrate()
    assert "row -1 of audit_outbox is no entry of this service" in book.verify().findings[0].detail
    assert book.verify().size == 6
    with book.database.read() as session:
        assert session.scalars(select(Entry.type).distinct()).all() == ["gateway:record:read"]
    take_away(book)
    with book.database.write() as session:
        session.execute(delete(Payload).where(Payload.entry_id == forged.id))
    check_log(book.database, book.log)


def test_an_entry_has_its_place_once(book: Logbook) -> None:
    """Somebody puts an entry with its MAC, which they saw while it waited, into the outbox under another id."""
    book.write()
    with book.database.read() as session:
        row = dict(session.execute(select(OUTBOX)).mappings().one())
    book.integrate()
    put(book, **row | {"number": -1, "id": new_id()})
    assert book.integrate() == 0
    take_away(book)
    check_log(book.database, book.log)


def test_what_a_version_without_macs_wrote_enters_the_tree(book: Logbook) -> None:
    """During an upgrade: about anybody, sealed for a claim, about somebody who was erased meanwhile."""
    ana, ben = book.person(), book.person()
    for subject_id, evidence in ((ana, False), (ben, False), (ben, True), (None, False)):
        book.write(subject_id, evidence=evidence)
    book.write_group(ana, ben)
    book.erase(ben)
    with book.database.write() as session:
        session.execute(update(Outbox).values(mac=None))
    check_log(book.database, book.log)
    assert book.verify().size == 6
    assert book.verify().erased == 1


def test_the_upgrade_strands_nothing(book: Logbook) -> None:
    """Entries that waited when the tables changed."""
    book.write(book.person())
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    for move, to in ((command.downgrade, "0037"), (command.upgrade, "head")):
        with book.database.write() as session:
            config.attributes["connection"] = session.connection()
            move(config, to)
    check_log(book.database, book.log)
    assert book.verify().size == 1


def ghost(book: Logbook, subject_id: str) -> str:
    """A person like this one, whose keys are under a root key that never was."""
    ids = {"subject_id": new_id(), "page_key_id": new_id()}
    with book.database.write() as session:
        key = (
            session.execute(select(SubjectKey.__table__).where(SubjectKey.subject_id == subject_id)).mappings().first()
        )
        assert key is not None
        of_page = select(PageKey.__table__).where(PageKey.id == key["page_key_id"])
        page = session.execute(of_page).mappings().one()
        person = session.execute(select(Subject.__table__).where(Subject.id == subject_id)).mappings().one()
        session.execute(insert(PageKey).values({**page, "id": ids["page_key_id"], "epoch": 12345, "page": 99}))
        session.execute(insert(Subject).values({**person, "id": ids["subject_id"]}))
        session.execute(insert(SubjectKey).values({**key, **ids}))
    return ids["subject_id"]


@pytest.mark.parametrize("count", [1, 300])
def test_a_key_that_never_was_hides_nothing_else(book: Logbook, count: int) -> None:
    """Rows without a MAC name a root key that is not there: they wait, all others enter the tree and are verified; so
    where payloads and people of entries name it."""
    ana = book.person()
    book.write(ana)
    among = book.write_group(ana, book.person())
    book.integrate()
    nobody = ghost(book, ana)
    own = Envelope.decode(leaf_of(book, "audit_entries"))
    forged = [msgspec.structs.replace(own, id=new_id()) for _ in range(count)]
    rows = [{"id": f.id, "at": now(), "type": f.type, "actor": "crm", "leaf": f.encode()} for f in forged]
    with book.database.write() as session:
        session.execute(insert(Outbox), rows)
        sealed = {"owner_id": nobody, "use": "data", "sealed": b"junk"}
        session.execute(insert(Payload), [{"entry_id": f.id, **sealed} for f in forged])
    for _ in range(2):
        book.write(ana)
        assert book.integrate() == 1
    found = book.verify().findings
    assert [f.kind for f in found] == ["payload_unavailable"] * count
    assert "row" in found[0].detail
    with book.database.write() as session:
        assert book.log.backlog(session).refused == 0
        session.execute(delete(Outbox))
        session.execute(delete(Payload).where(Payload.entry_id.in_([f.id for f in forged])))
        session.execute(update(Payload).where(Payload.owner_id == ana).values(owner_id=nobody))
        session.execute(update(EntryMember).where(EntryMember.entry_id == among).values(subject_id=nobody))
    assert {f.kind for f in book.verify().findings} == {"payload_unavailable"}


@ONE_DATABASE
def test_a_kept_tag_of_no_text_is_told(book: Logbook) -> None:
    """Verification counts it, and says that of no other."""
    book.fill(1)
    change(book, f"INSERT INTO audit_month_tags VALUES ({NO_TEXT}, '2026-11', 'text')")
    assert ["tags kept" in f.detail for f in book.verify().findings] == [True]


@ONE_DATABASE
def test_a_checkpoint_of_no_text_is_told(book: Logbook) -> None:
    """It is no busy database."""
    book.fill(2)
    change(book, f"UPDATE audit_checkpoints SET note = {NO_TEXT} WHERE size = 1")
    assert ["cannot be read" in f.detail for f in book.verify().findings] == [True]


NO_TEXT = "CAST(x'ff' AS TEXT)"


@ONE_DATABASE
@pytest.mark.parametrize("column", ["id", "type", "actor", "subject_id"])
def test_a_text_that_is_none_stops_nothing(book: Logbook, column: str) -> None:
    """SQLite keeps it, and says so only when it is read. One of an entry that waits: told, and all others enter."""
    book.fill(1)
    book.write(book.person())
    change(book, f"UPDATE audit_outbox SET {column} = {NO_TEXT}")
    assert {f.kind for f in book.verify().findings} >= {"altered"}
    book.write()
    for _ in range(2):
        book.write()
        book.integrate()
    report = book.verify()
    assert report.size == (4 if column == "id" else 5)
    where = [f.index for f in report.findings if f.kind == "altered"]
    assert where == [None if column == "id" else 1]


@ONE_DATABASE
@pytest.mark.parametrize("column", ["entry_id", "owner_id", "use"])
def test_a_payload_of_no_text_stops_nothing(book: Logbook, column: str) -> None:
    """Of a row that somebody put before all that wait, for which its payload is asked."""
    book.write()
    put_id = new_id()
    put(book, msgspec.structs.replace(Envelope.decode(leaf_of(book)), id=put_id).encode(), id=put_id)
    change(book, "INSERT INTO audit_payloads VALUES (:id, 'x', 'data', x'00')", id=put_id)
    change(book, f"UPDATE audit_payloads SET {column} = {NO_TEXT} WHERE entry_id = :id", id=put_id)
    book.write()
    book.integrate()
    report = book.verify()
    assert any(f.kind == "altered" for f in report.findings)
    with book.database.read() as session:
        assert book.log.backlog(session).refused == 1
        assert len(session.execute(select(Entry.index)).all()) == 2
