"""A backup of our own tables restored: everybody reads again but who was erased since."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from sqlalchemy import select

from privacy_svc.db import Database
from privacy_svc.errors import Erased, KeyUnavailable
from privacy_svc.vault import Kind, Recovered, Restored, Schedule, Vault
from privacy_svc.vault.model import Fence, LedgerEntry, PageKey, RootEpoch, Subject, SubjectKey
from tests.vault.test_vault import opened, sealed, subject

TABLES = [t.__table__ for t in (Subject, PageKey, SubjectKey, Fence, LedgerEntry, RootEpoch)]
Backup = Mapping[str, Sequence[Mapping[str, Any]]]


def back_up(database: Database) -> Backup:
    with database.read() as session:
        return {t.name: [dict(r) for r in session.execute(select(t)).mappings()] for t in TABLES}


def restore(database: Database, backup: Backup, *, subjects: bool = True) -> None:
    """`subjects`: also who there was; other rooms' rows may speak of them."""
    tables = TABLES if subjects else TABLES[1:]
    with database.write() as session:
        for table in reversed(tables):
            session.execute(table.delete())
        for table in tables:
            if backup[table.name]:
                session.execute(table.insert(), backup[table.name])


def replay(database: Database, vault: Vault) -> tuple[list[Kind], Recovered]:
    with database.write() as session:
        lines, recovered = vault.relearn_keys(session)
    for line in lines:
        with database.write() as session:
            vault.repeat(session, line)
    return [line.kind for line in lines], recovered


def again(vault: Vault) -> Vault:
    """As another process would open it: nothing on lease."""
    return Vault(vault.provider, vault.organisation, vault.ledger)


@pytest.mark.parametrize("destroyed", [True, False])
def test_erased_since_stays_erased(database: Database, vault: Vault, *, destroyed: bool) -> None:
    """Restored key tables are refused; after the replay the erased person is erased and the others read, whether or
    not the epoch of the backup still lives; nothing is left waiting."""
    one, other = subject(database, vault), subject(database, vault)
    text, others = sealed(database, vault, one), sealed(database, vault, other, "Ben")
    backup = back_up(database)
    with database.write() as session:
        vault.erase(session, one)
    vault.roll_epoch(database)
    if destroyed:
        vault.destroy_epoch(database, 1)
    restore(database, backup)
    vault = again(vault)
    with database.read() as session, pytest.raises(Restored):
        vault.ledger.check(session)
    kinds, recovered = replay(database, vault)
    assert kinds == [Kind.FENCE, Kind.EPOCH_RETIRED, *([Kind.EPOCH_DESTROYED] if destroyed else [])]
    assert (recovered.keys, recovered.lost) == ((3, 0) if destroyed else (0, 0))
    vault = again(vault)
    with pytest.raises(Erased):
        opened(database, vault, one, text)
    assert opened(database, vault, other, others) == "Ben"
    with database.write() as session:
        vault.ledger.check(session)
        vault.register(session)
        vault.replace_due(session)
        vault.check(session)
        assert vault.status(session).replace_due == 0
    vault.move_pages(database)
    with database.write() as session:
        assert set(session.scalars(select(PageKey.epoch))) == {2}
        vault.check(session)
    assert vault.ledger.export(database) == 0


def test_erased_after_the_snapshot_too(database: Database, vault: Vault) -> None:
    """Somebody erased after the last roll is in the key snapshot; given back with it they would live: they do not."""
    one, other = subject(database, vault), subject(database, vault)
    text, others = sealed(database, vault, one), sealed(database, vault, other, "Ben")
    backup = back_up(database)
    vault.roll_epoch(database)
    vault.destroy_epoch(database, 1)
    with database.write() as session:
        vault.erase(session, one)
    vault.ledger.export(database)
    restore(database, backup)
    replay(database, vault)
    vault = again(vault)
    with pytest.raises(Erased):
        opened(database, vault, one, text)
    assert opened(database, vault, other, others) == "Ben"
    with database.read() as session:
        assert backup["page_keys"][0]["id"] not in session.scalars(select(PageKey.id)).all()


def test_a_backup_from_before_the_person(database: Database, vault: Vault) -> None:
    """A person the backup does not know is fenced all the same, so that their id is never given again."""
    backup = back_up(database)
    one = subject(database, vault)
    with database.write() as session:
        vault.erase(session, one, about={"kind": "employee"})
    vault.ledger.export(database)
    restore(database, backup)
    replay(database, vault)
    with database.write() as session:
        assert session.get_one(Subject, one).kind == "employee"
        with pytest.raises(Erased):
            vault.create_subject(session, subject_id=one)
        with pytest.raises(Erased):
            vault.cipher(session, one)


def test_readmitted_since(database: Database, vault: Vault) -> None:
    """Erased and readmitted since the backup: what the backup held stays unreadable, new values are sealed and read."""
    one = subject(database, vault)
    text = sealed(database, vault, one)
    backup = back_up(database)
    with database.write() as session:
        vault.erase(session, one)
    with database.write() as session:
        assert vault.readmit(session, one).state_version == 3
        cipher = vault.cipher(session, one)
        assert cipher.newest == 2
        with pytest.raises(Erased):
            cipher.open_text(1001, "1", text)
    vault.ledger.export(database)
    restore(database, backup)
    assert replay(database, vault)[0] == [Kind.FENCE, Kind.READMISSION]
    with pytest.raises(Erased):
        opened(database, vault, one, text)
    assert opened(database, vault, one, sealed(database, vault, one, "again")) == "again"


def test_without_the_snapshot_keys_are_lost_aloud(database: Database, vault: Vault) -> None:
    """Where the snapshot is missing, the keys that nothing opens are counted, and reading them is unavailable."""
    one = subject(database, vault)
    text = sealed(database, vault, one)
    backup = back_up(database)
    vault.roll_epoch(database)
    vault.destroy_epoch(database, 1)
    (vault.ledger.folder / "keys.jsonl").unlink()
    restore(database, backup)
    assert replay(database, vault)[1] == Recovered(keys=0, lost=2)
    with pytest.raises(KeyUnavailable):
        opened(database, again(vault), one, text)


def test_replaying_again_changes_nothing(database: Database, vault: Vault) -> None:
    """A replay that was broken off after its first step, or is run twice, ends the same."""
    one, other = subject(database, vault), subject(database, vault)
    others = sealed(database, vault, other, "Ben")
    backup = back_up(database)
    with database.write() as session:
        vault.erase(session, one)
    vault.roll_epoch(database)
    vault.destroy_epoch(database, 1)
    restore(database, backup)
    with database.write() as session:
        vault.relearn_keys(session)
    replay(database, vault)
    assert replay(database, vault)[0] == []
    assert opened(database, again(vault), other, others) == "Ben"


def test_the_schedule_goes_on_after_a_restore(database: Database, vault: Vault, tmp_path: object) -> None:
    """The worker's turn after a replay rolls and destroys as if nothing had been."""
    one = subject(database, vault)
    text = sealed(database, vault, one)
    backup = back_up(database)
    vault.roll_epoch(database)
    restore(database, backup)
    replay(database, vault)
    vault.schedule = Schedule(vault.schedule.every * 0, vault.schedule.window * 0)
    assert vault.keep_schedule(database)[0] == 3
    vault.keep_schedule(database)
    assert vault.provider.epochs()[0] > 2
    assert opened(database, again(vault), one, text) == "Ana"
