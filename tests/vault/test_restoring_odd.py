"""Restores of databases that were caught at an awkward moment: nobody erased comes back, nobody else is lost, and the
way back is never shut."""

import json
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from privacy_svc.db import Database, now
from privacy_svc.errors import Erased, Misconfigured
from privacy_svc.vault import Kind, Ledger, Restored, Schedule, Tampered, Vault, epochs, snapshot
from privacy_svc.vault import people as ground
from privacy_svc.vault.model import IndexRoot, LedgerEntry, RootEpoch, SubjectKey
from tests.vault.test_restoring import again, back_up, replay, restore
from tests.vault.test_vault import opened, sealed, subject

FILE = "fences.jsonl"


def erase(database: Database, vault: Vault, subject_id: str, **about: Any) -> None:
    with database.write() as session:
        vault.erase(session, subject_id, about=about)


def bodies(ledger: Ledger) -> list[str]:
    return [line.body["subject_id"] for line in ledger.lines()]


def test_somebody_younger_than_the_backup_comes_back(database: Database, vault: Vault) -> None:
    """Created, erased and re-admitted since: the replay gives keys anew, and the gate opens."""
    backup = back_up(database)
    one = subject(database, vault)
    erase(database, vault, one)
    with database.write() as session:
        vault.readmit(session, one)
    vault.ledger.export(database)
    restore(database, backup)
    kinds, _ = replay(database, again(vault))
    assert kinds == [Kind.FENCE, Kind.READMISSION]
    assert opened(database, vault, one, sealed(database, vault, one)) == "Ana"
    with database.read() as session:
        assert vault.cipher(session, one, "evidence").newest == 1


def test_a_torn_last_line_shuts_nobody_out(database: Database, vault: Vault) -> None:
    """A crash cut the ledger's last line off, and the database was restored: the replay passes over it, the export
    takes it away."""
    one = subject(database, vault)
    backup = back_up(database)
    erase(database, vault, one)
    vault.ledger.export(database)
    with (vault.ledger.folder / FILE).open("ab") as file:
        file.write(b'{"number": 2, "id": "01')
    restore(database, backup)
    with database.read() as session, pytest.raises(Restored):
        vault.ledger.check(session)
    assert replay(database, again(vault))[0] == [Kind.FENCE]
    vault.ledger.export(database)
    assert bodies(vault.ledger) == [one]


@pytest.mark.parametrize("destroyed", [True, False])
def test_keys_made_since_the_backup_come_back(database: Database, vault: Vault, *, destroyed: bool) -> None:
    """What was sealed by a newer generation opens again, whether or not the backup's epoch lives."""
    one = subject(database, vault)
    backup = back_up(database)
    with database.write() as session:
        vault.next_generation(session, [one])
    text = sealed(database, vault, one)
    vault.roll_epoch(database)
    if destroyed:
        vault.destroy_epoch(database, 1)
    restore(database, backup)
    assert replay(database, again(vault))[1].lost == 0
    assert opened(database, again(vault), one, text) == "Ana"


def erased_before(database: Database, vault: Vault) -> tuple[str, str, str]:
    """Somebody erased, whose evidence lives, and somebody who came back, with what their keys sealed."""
    gone, back = subject(database, vault), subject(database, vault)
    with database.write() as session:
        evidence = vault.cipher(session, gone, "evidence").seal_text(1001, "1", "invoice")
    erase(database, vault, gone)
    erase(database, vault, back)
    with database.write() as session:
        vault.readmit(session, back)
    vault.ledger.export(database)
    return gone, back, evidence


def test_who_was_erased_before_keeps_what_they_kept(database: Database, vault: Vault) -> None:
    """Their evidence key, and the new keys of people who came back, are given back too; new people find a page."""
    gone, back, evidence = erased_before(database, vault)
    text = sealed(database, vault, back)
    backup = back_up(database)
    erase(database, vault, subject(database, vault))
    vault.roll_epoch(database)
    vault.destroy_epoch(database, 1)
    restore(database, backup)
    assert replay(database, again(vault))[1].lost == 0
    vault = again(vault)
    assert opened(database, vault, back, text) == "Ana"
    with database.read() as session:
        assert vault.cipher(session, gone, "evidence").open_text(1001, "1", evidence) == "invoice"
        with pytest.raises(Erased):
            vault.cipher(session, gone)
    subject(database, vault)


def test_a_backup_between_an_erasure_and_its_line(database: Database, vault: Vault) -> None:
    """The entry has its number in the file and none in the backup: it is not written twice, however often that backup,
    or an older one, is restored; the gate stays shut each time."""
    one, other = subject(database, vault), subject(database, vault)
    oldest = back_up(database)
    erase(database, vault, one)
    between = back_up(database)
    vault.ledger.export(database)
    erase(database, vault, other)
    vault.ledger.export(database)
    for backup in (between, between, oldest):
        restore(database, backup)
        with database.read() as session, pytest.raises(Restored):
            vault.ledger.check(session)
        replay(database, again(vault))
        vault.ledger.export(database)
        assert bodies(vault.ledger) == [one, other]
        with database.read() as session:
            vault.ledger.check(session)
            with pytest.raises(Erased):
                again(vault).cipher(session, other)


def test_a_host_that_died_before_its_commit(database: Database, vault: Vault, tmp_path: Path) -> None:
    """Its file has lines whose numbers another host gave to other entries since: it takes them back, and both files
    hold every erasure in one order."""
    people = [subject(database, vault) for _ in range(3)]
    second = Ledger(tmp_path / "second")
    second.create()
    for one in people[1:]:
        erase(database, vault, one)

    class Died(Exception):
        pass

    class Dying:
        """The database for a process that ends before its commit."""

        @contextmanager
        def write(self) -> Any:
            with database.write() as session:
                yield session
                raise Died

    with pytest.raises(Died):
        second.export(Dying())  # type: ignore[arg-type]
    assert bodies(second) == people[1:]
    erase(database, vault, people[0])
    with database.write() as session:
        newest = session.scalars(select(LedgerEntry).order_by(LedgerEntry.at.desc())).first()
        assert newest is not None
        newest.at = now() - timedelta(seconds=60)
    vault.ledger.export(database)
    second.export(database)
    assert bodies(second) == bodies(vault.ledger) == people


def test_a_long_line(database: Database, vault: Vault) -> None:
    """A person of many rows makes a line longer than any block that is read from the end."""
    one = subject(database, vault)
    erase(database, vault, one, rows=[["shop", "customers", f"{n:040}"] for n in range(5000)])
    vault.ledger.export(database)
    with database.read() as session:
        vault.ledger.check(session)
    erase(database, vault, subject(database, vault))
    assert vault.ledger.export(database) == 1
    assert len(bodies(vault.ledger)) == 2


def test_an_emptied_ledger_is_refused(database: Database, vault: Vault) -> None:
    """The database knows entries of it."""
    erase(database, vault, subject(database, vault))
    vault.ledger.export(database)
    (vault.ledger.folder / FILE).write_bytes(b"")
    with database.read() as session, pytest.raises(Misconfigured, match="is empty, and the database knows 1"):
        vault.ledger.check(session)


def test_a_dropped_index_stays_dropped(database: Database, vault: Vault) -> None:
    """A replay on the database as it is revives no index root of the past."""
    vault.roll_epoch(database)
    with database.write() as session:
        vault.next_index_generation(session)
        session.delete(session.get_one(IndexRoot, 1))
    replay(database, vault)
    with database.read() as session:
        assert session.scalars(select(IndexRoot.generation)).all() == [2]


def test_a_snapshot_that_was_not_written_is_made_up_for(
    database: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that ended before it: the next one writes it, and an epoch is not destroyed before that."""

    def full(*_: object) -> int:
        raise OSError("disk full")

    subject(database, vault)
    vault.roll_epoch(database)
    with monkeypatch.context() as patched:
        patched.setattr(snapshot, "write", full)
        with pytest.raises(OSError, match="disk full"):
            vault.roll_epoch(database)
        with pytest.raises(OSError, match="disk full"):
            vault.destroy_epoch(database, 1)
        assert 1 in vault.provider.epochs()
    vault.move_pages(database)
    assert snapshot.epoch_of(vault.ledger.folder) == 3


def test_a_key_nulled_without_a_fence_is_tampered(database: Database, vault: Vault) -> None:
    """It is no erasure, and does not look like one."""
    one = subject(database, vault)
    with database.write() as session:
        session.execute(update(SubjectKey).where(SubjectKey.use == "data").values(wrapped=None))
    with database.read() as session, pytest.raises(Tampered):
        vault.cipher(session, one)


@pytest.mark.parametrize("retired", [True, False])
def test_what_is_overdue_is_not_over(database: Database, vault: Vault, *, retired: bool) -> None:
    """While no worker rolls and destroys, the date on which backups are out of reach lies ahead."""
    erase(database, vault, subject(database, vault))
    long_ago = now() - timedelta(days=90)
    with database.write() as session:
        session.execute(update(RootEpoch).values(created_at=long_ago, retired_at=long_ago if retired else None))
        at = long_ago + timedelta(minutes=1)
        assert epochs.backups_by(session, Schedule(), timedelta(), at) > now()


def test_the_ledger_is_one_object_a_line(database: Database, vault: Vault) -> None:
    """Whoever reads it needs no program of ours."""
    erase(database, vault, subject(database, vault))
    vault.ledger.export(database)
    lines = (vault.ledger.folder / FILE).read_text().splitlines()
    assert [json.loads(line)["number"] for line in lines] == [1]


def test_a_running_service_notices_a_restore(database: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database is put back under a process that serves: it refuses everybody's keys, not only at its next start;
    an entry that is only just being written down is no alarm."""
    one, other = subject(database, vault), subject(database, vault)
    backup = back_up(database)
    vault.guarded = True
    monkeypatch.setattr(ground, "GUARD_SECONDS", 0.0)
    erase(database, vault, one)
    vault.ledger.export(database)
    restore(database, backup)
    with database.read() as session:
        assert vault.cipher(session, other)
        monkeypatch.setattr(ground, "SETTLED", timedelta())
        with pytest.raises(Restored):
            vault.cipher(session, other)
