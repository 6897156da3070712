"""The fence ledger: every erasure written down outside the database, in a chain, and compared at the start."""

import json
import multiprocessing
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select

from privacy_svc.db import Database
from privacy_svc.errors import Misconfigured
from privacy_svc.vault import Kind, Restored, Vault
from privacy_svc.vault.model import LedgerEntry
from tests.factories import make_vault
from tests.vault.test_vault import subject


def erased(database: Database, vault: Vault, count: int) -> list[str]:
    ids = [subject(database, vault) for _ in range(count)]
    for one in ids:
        with database.write() as session:
            vault.erase(session, one, request_id="r", about={"kind": "customer"})
    return ids


def test_erasures_are_written_down(database: Database, vault: Vault) -> None:
    """Each erasure is one chained line that names the subject and no more; exporting again adds nothing."""
    ids = erased(database, vault, 3)
    assert vault.ledger.export(database) == 3
    assert vault.ledger.export(database) == 0
    lines = list(vault.ledger.lines())
    assert [line.number for line in lines] == [1, 2, 3]
    assert sorted(str(line.body["subject_id"]) for line in lines) == sorted(ids)
    assert {line.kind for line in lines} == {Kind.FENCE}
    assert set(lines[0].body) == {"subject_id", "erased_through", "request_id", "kind"}
    with database.read() as session:
        vault.ledger.check(session)


def test_a_database_from_before_is_refused(database: Database, vault: Vault) -> None:
    """A database that lacks the ledger's last entry is Restored: check and export say so, nothing is written."""
    erased(database, vault, 2)
    vault.ledger.export(database)
    with database.write() as session:
        session.execute(delete(LedgerEntry))
    with database.read() as session, pytest.raises(Restored, match="2 entries are missing"):
        vault.ledger.check(session)
    with pytest.raises(Restored):
        vault.ledger.export(database)


def test_a_crash_after_writing_is_made_good(database: Database, vault: Vault) -> None:
    """Lines whose transaction was lost are numbered again, not written twice; a line cut off is written anew."""
    erased(database, vault, 2)
    vault.ledger.export(database)
    path = vault.ledger.folder / "fences.jsonl"
    with database.write() as session:
        for entry in session.scalars(select(LedgerEntry)):
            entry.number = None
    assert vault.ledger.export(database) == 0
    erased(database, vault, 1)
    with path.open("ab") as file:
        file.write(b'{"number": 3, "id": "cut')
    assert vault.ledger.export(database) == 1
    assert [line.number for line in vault.ledger.lines()] == [1, 2, 3]


@pytest.mark.parametrize("change", ["altered", "removed", "swapped"])
def test_a_changed_ledger_is_noticed(database: Database, vault: Vault, change: str) -> None:
    """A line that was altered, removed or moved breaks the chain, and the message names the line."""
    erased(database, vault, 3)
    vault.ledger.export(database)
    path = vault.ledger.folder / "fences.jsonl"
    one, two, three = path.read_bytes().splitlines(keepends=True)
    changed = json.dumps({**json.loads(two), "id": "other"}).encode() + b"\n"
    path.write_bytes({"altered": one + changed + three, "removed": one + three, "swapped": two + one + three}[change])
    with pytest.raises(Misconfigured, match=r"fences\.jsonl:\d"):
        list(vault.ledger.lines())


def test_a_missing_ledger_is_not_made_anew(database: Database, vault: Vault) -> None:
    """Without its file the ledger is Misconfigured, for checking and for writing, and no new file appears."""
    path = vault.ledger.folder / "fences.jsonl"
    path.unlink()
    with database.read() as session, pytest.raises(Misconfigured, match="missing"):
        vault.ledger.check(session)
    with pytest.raises(Misconfigured):
        vault.ledger.export(database)
    assert not path.exists()


def export_often(url: str, folder: Path) -> None:
    database = Database(url)
    vault = make_vault(folder)
    for _ in range(10):
        erased(database, vault, 1)
        vault.ledger.export(database)


def test_several_processes_export_at_once(database: Database, vault: Vault, tmp_path: Path) -> None:
    """Three processes erasing and exporting to one file leave one unbroken chain with every erasure in it."""
    url = database.engine.url.render_as_string(hide_password=False)
    context = multiprocessing.get_context("spawn")
    running = [context.Process(target=export_often, args=(url, tmp_path)) for _ in range(3)]
    for process in running:
        process.start()
    for process in running:
        process.join()
    assert [p.exitcode for p in running] == [0, 0, 0]
    vault.ledger.export(database)
    assert [line.number for line in vault.ledger.lines()] == list(range(1, 31))
    with database.read() as session:
        assert session.scalar(select(func.count()).where(LedgerEntry.number.is_(None))) == 0
        vault.ledger.check(session)
