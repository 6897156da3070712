"""`log verify` told of a tampered log: exit code 1 with what it found, whatever was done, and nothing is changed."""

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.service import Installation

NEWEST = "(SELECT max(size) FROM audit_checkpoints)"
TAMPERED = {
    "a leaf changed": "UPDATE audit_entries SET leaf = replace(leaf, 'actor', 'actOr') WHERE \"index\" = 1",
    "an actor's name changed": "UPDATE audit_entries SET actor = 'somebody' WHERE \"index\" = 1",
    "an entry deleted": 'DELETE FROM audit_entries WHERE "index" = 1',
    "the tail cut": "UPDATE audit_tree SET size = size - 1",
    "a beginning cut": "UPDATE audit_tree SET first = 1",
    "a payload deleted": "DELETE FROM audit_payloads WHERE entry_id IN (SELECT id FROM audit_entries LIMIT 1)",
    "a payload passed off as erased": "UPDATE audit_payloads SET use = 'erased', owner_id = ''",
    "a payload of no known use": "UPDATE audit_payloads SET use = 'x'",
    "an entry smuggled in": "INSERT INTO audit_outbox (number, id, at, type, actor, subject_id, leaf) "
    "SELECT 9, 'x', at, type, actor, subject_id, leaf FROM audit_entries LIMIT 1",
    "a signature changed": f"UPDATE audit_checkpoints SET note = note || 'x' WHERE size = {NEWEST}",
    "all tiles deleted": "DELETE FROM audit_tiles",
    "a time that is none": "UPDATE audit_entries SET at = 'yesterday' WHERE \"index\" = 1",
    "a size that is none": "UPDATE audit_tree SET size = 'many'",
    "halted by nobody": "UPDATE audit_tree SET halted = 'x'",
    "the log emptied": "DELETE FROM audit_entries",
}


@pytest.fixture
def database(installed: Installation, tmp_path: Path) -> Iterator[Path]:
    """The privacy database, as it was again afterwards."""
    database = installed.home / "privacy.sqlite3"
    for name in ("marketing", "support"):
        if name not in installed.tokens:
            installed.client(name, "module")
    assert json.loads(installed.run("--json", "log", "verify"))["size"] > 1
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    kept = shutil.copy(database, tmp_path / "kept")
    yield database
    for suffix in ("", "-wal", "-shm"):
        Path(f"{database}{suffix}").unlink(missing_ok=True)
    shutil.copy(kept, database)


def dump(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        return [line for line in connection.iterdump() if "audit_" in line]


@pytest.mark.parametrize("sql", TAMPERED.values(), ids=TAMPERED)
def test_what_was_done_is_told(installed: Installation, database: Path, sql: str) -> None:
    """Each way to tamper ends in exit code 1 and a finding; the log is neither mended nor signed meanwhile."""
    with closing(sqlite3.connect(database)) as connection, connection:
        assert connection.execute(sql).rowcount > 0
    before, signed = dump(database), (installed.home / "log" / "checkpoints").read_bytes()
    told = json.loads(installed.run("--json", "log", "verify", expect=1))
    assert (told["ok"], bool(told["findings"])) == (False, True)
    assert dump(database) == before
    assert (installed.home / "log" / "checkpoints").read_bytes() == signed


def test_a_hold_taken_away_is_told(installed: Installation) -> None:
    """The log says that it stands; it is named, and listed as lost, until its row is back."""
    placed = installed.run("hold", "place", "1", "--reason", "a claim", "--as", "piet").strip()
    with closing(sqlite3.connect(installed.home / "privacy.sqlite3")) as connection:
        (row,) = connection.execute("SELECT * FROM holds").fetchall()
        connection.execute("DELETE FROM holds")
        connection.commit()
        assert placed in json.loads(installed.run("--json", "log", "verify", expect=1))["holds"]
        assert placed in installed.run("log", "verify", expect=1).splitlines()[0]
        assert [(h["id"], h["lost"]) for h in json.loads(installed.run("--json", "hold", "list"))] == [(placed, True)]
        connection.execute(f"INSERT INTO holds VALUES ({', '.join('?' * len(row))})", row)
        connection.commit()
    assert json.loads(installed.run("--json", "log", "verify"))["ok"]


def test_nothing_harmless_is_said_that_is_not_proven(installed: Installation, database: Path) -> None:
    """A beginning that was cut away is no retention that was over: the finding comes first, and its range says so."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE audit_tree SET first = 1")
        connection.execute('DELETE FROM audit_entries WHERE "index" = 0')
    told = installed.run("log", "verify", expect=1)
    assert told.startswith("The log is not whole.\n  truncated: the log begins at 1, and its entries say 0\n")
    assert "entries 0 to 0: truncated" in told
    assert not any(word in told for word in ("pruned", "retention"))


def test_a_halt_is_said_first(installed: Installation, database: Path) -> None:
    """Before anybody reads that the log is whole. A checkpoint of before is still handed out, with the way out."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE audit_tree SET halted = 'a witness'")
    told = installed.run("log", "verify", expect=1)
    assert told.startswith("Halted: nothing is signed until a person has looked (log resume --reason TEXT): a witness")
    command = [sys.executable, "-m", "privacy_svc", "log", "checkpoint"]
    done = subprocess.run(
        command, cwd=installed.folder, env=installed.environment, capture_output=True, text=True, check=True
    )
    assert "privacy-log" in done.stdout
    assert "log resume" in done.stderr


def test_broken_policies_keep_nobody_from_the_log(installed: Installation) -> None:
    """It is read by the policies kept last, which is said; what follows the policies, as pruning does, is refused."""
    broken = installed.folder / "policies" / "broken.yml"
    broken.write_text("purposes: [")
    try:
        assert json.loads(installed.run("--json", "log", "verify"))["ok"]
        assert "policy:set:loaded" in installed.run("log", "search", "--type", "policy")
        assert "broken.yml" in installed.run("log", "prune", "--dry-run", expect=2)
    finally:
        broken.unlink()


def test_a_database_put_back_is_told(installed: Installation, database: Path, tmp_path: Path) -> None:
    """Of a database older than the log outside of it: what was cut off, and nothing is taken back by itself. The last
    of this file: what is outside the database stays ahead of it."""
    installed.run("clients", "add", "billing", "--role", "module")
    shutil.copy(tmp_path / "kept", database)
    for suffix in ("-wal", "-shm"):
        Path(f"{database}{suffix}").unlink(missing_ok=True)
    told = json.loads(installed.run("--json", "log", "verify", expect=1))
    assert "truncated" in {f["kind"] for f in told["findings"]}
    installed.run("restore", "replay")
