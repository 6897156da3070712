"""What somebody with the database's password puts into the outbox: it is never signed, and stops nothing."""

import multiprocessing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Table, text

from privacy_svc.auditlog import LogInconsistent, checkpoint_file
from privacy_svc.auditlog.entry import Envelope
from privacy_svc.auditlog.model import Outbox
from privacy_svc.db import new_id, now
from tests.auditlog.conftest import Logbook
from tests.auditlog.test_sequencer import DIED, die_in
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


@pytest.mark.parametrize("what", ["empty", "longer than a bundle takes", "junk", "another's", "text"])
def test_a_row_that_is_no_entry_stops_nothing(book: Logbook, what: str) -> None:
    """It stays where it is, verification names it, and all others enter the tree, are signed and exported."""
    book.fill(2)
    book.write()
    own = leaf_of(book)
    long = msgspec.structs.replace(Envelope.decode(own), id="i" * 70_000)
    leaves = {"empty": b"", "longer than a bundle takes": long.encode(), "junk": b"{}", "another's": own, "text": "abc"}
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
        with pytest.raises(LogInconsistent, match="no bundle"):
            book.integrate()
    assert checkpoint_file.newest_size(book.log.export) == 1
    change(book, 'UPDATE audit_entries SET leaf = :leaf WHERE "index" = 1', leaf=ours)
    check_log(book.database, book.log)
