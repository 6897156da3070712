"""Root epochs: rolled and destroyed while everybody else goes on reading."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from privacy_svc.db import Database
from privacy_svc.errors import Conflict, Erased, KeyUnavailable, NotFound
from privacy_svc.vault import Schedule, Vault, epochs
from privacy_svc.vault.model import Fence, IndexRoot, PageKey, RootEpoch, SubjectKey
from tests.factories import make_vault
from tests.vault.test_vault import opened, sealed, subject


def test_rolling_moves_everything(database: Database, vault: Vault, tmp_path: Path) -> None:
    """After a roll all page keys and the index root are under the new epoch; old values open, elsewhere too."""
    with database.write() as session:
        people = vault.create_subjects(session, 1100)
    text = sealed(database, vault, people[0])
    assert vault.roll_epoch(database) == 2
    with database.read() as session:
        assert set(session.scalars(select(PageKey.epoch))) == {2}
        assert set(session.scalars(select(IndexRoot.epoch))) == {2}
        assert len(make_vault(tmp_path).ciphers(session, people)) == 1100
    assert opened(database, make_vault(tmp_path), people[0], text) == "Ana"
    with database.write() as session:
        assert len(vault.create_subjects(session, 5)) == 5
        assert set(session.scalars(select(PageKey.epoch))) == {2}


def test_a_roll_that_died_is_completed(database: Database, vault: Vault) -> None:
    """A provider that rolled before a crash is not rolled again, and pages left behind are moved by the next run."""
    one = subject(database, vault)
    text = sealed(database, vault, one)
    vault.provider.roll()
    assert vault.roll_epoch(database) == 2
    assert vault.provider.epochs() == [1, 2]
    with database.write() as session:
        session.get_one(RootEpoch, 2).retired_at = datetime.now(UTC)
        session.add(RootEpoch(epoch=vault.provider.roll()))
    assert vault.move_pages(database) == 2
    assert opened(database, vault, one, text) == "Ana"


def test_a_destruction_that_died_is_completed(database: Database, vault: Vault) -> None:
    """A process that ended after the provider had destroyed a key, before its commit: the next start goes on, and the
    next run writes the receipt. A key that is missing without an order is refused."""
    one = subject(database, vault)
    text = sealed(database, vault, one)
    vault.roll_epoch(database)
    with database.write() as session:
        epochs.order_destruction(session, 1)
    vault.provider.destroy(1)
    with database.write() as session:
        vault.register(session)
    assert opened(database, vault, one, text) == "Ana"
    assert vault.destroy_epoch(database, 1).receipt
    vault.roll_epoch(database)
    vault.provider.destroy(2)
    with database.write() as session, pytest.raises(KeyUnavailable, match="lacks root key 2"):
        vault.register(session)
    with database.read() as session:
        assert "root key epoch 2 is not in the key provider" in vault.status(session).overdue[0]


def test_destroying_needs_emptiness(database: Database, vault: Vault) -> None:
    """The epoch in use is refused, so is one that still wraps a key, and one that never was."""
    subject(database, vault)
    with pytest.raises(Conflict, match="in use"):
        vault.destroy_epoch(database, 1)
    with database.write() as session:
        session.get_one(RootEpoch, 1).retired_at = datetime.now(UTC)
        session.add(RootEpoch(epoch=vault.provider.roll()))
    with pytest.raises(Conflict, match="still wraps 2 keys"):
        vault.destroy_epoch(database, 1)
    with pytest.raises(NotFound):
        vault.destroy_epoch(database, 7)
    vault.move_pages(database)
    first = vault.destroy_epoch(database, 1)
    assert vault.destroy_epoch(database, 1).destroyed_at == first.destroyed_at
    assert vault.provider.epochs() == [2]


def test_the_key_tables_of_before_bring_nobody_back(database: Database, vault: Vault) -> None:
    """With the old epoch destroyed, the erased person's key rows from before the erasure open nothing, fence or not."""
    one, other = subject(database, vault), subject(database, vault)
    text = sealed(database, vault, one)
    with database.read() as session:
        page = session.execute(select(PageKey.__table__)).mappings().one()
        keys = session.execute(select(SubjectKey.__table__)).mappings().all()
    with database.write() as session:
        vault.erase(session, one)
    vault.roll_epoch(database)
    vault.destroy_epoch(database, 1)
    with database.write() as session:
        session.execute(SubjectKey.__table__.delete())
        session.execute(PageKey.__table__.delete())
        session.execute(PageKey.__table__.insert(), [dict(page)])
        session.execute(SubjectKey.__table__.insert(), [dict(k) for k in keys])
        session.execute(Fence.__table__.delete())
    vault = Vault(vault.provider, vault.organisation, vault.ledger)
    for whom in (one, other):
        with pytest.raises(KeyUnavailable):
            opened(database, vault, whom, text)


def test_backups_by(database: Database, vault: Vault) -> None:
    """An erasure is out of reach of backups when the epoch of its moment ends plus the window: as planned at first, as
    it was afterwards, at once when the epoch is destroyed; unknown while the page key waits."""
    vault.schedule = Schedule(timedelta(hours=24), timedelta(days=30))
    one = subject(database, vault)
    with database.write() as session:
        vault.erase(session, one)
        began = session.get_one(RootEpoch, 1).created_at
        assert vault.backups_by(session, one) == began + timedelta(days=31)
    vault.roll_epoch(database)
    with database.write() as session:
        ended = session.get_one(RootEpoch, 1).retired_at
        assert ended is not None
        assert vault.backups_by(session, one) == ended + timedelta(days=30)
    done = vault.destroy_epoch(database, 1)
    with database.write() as session:
        assert vault.backups_by(session, one) == done.destroyed_at
        session.get_one(Fence, one).page_replaced_at = None
        assert vault.backups_by(session, one) is None


def test_a_waiting_page_is_replaced_not_moved(database: Database, vault: Vault, tmp_path: Path) -> None:
    """A page somebody was erased from while the provider was away gets another key at the roll, so that the old one
    does not live on under the new epoch."""
    one, other = subject(database, vault), subject(database, vault)
    text = sealed(database, vault, other)
    away = make_vault(tmp_path)
    (tmp_path / "keys").rename(tmp_path / "gone")
    with database.write() as session:
        assert not away.erase(session, one).page_replaced
        before = session.scalars(select(PageKey.id)).one()
    (tmp_path / "gone").rename(tmp_path / "keys")
    vault.roll_epoch(database)
    with database.read() as session:
        assert session.scalars(select(PageKey.id)).one() != before
        assert session.get_one(Fence, one).page_replaced_at is not None
    assert opened(database, vault, other, text) == "Ana"
    with pytest.raises(Erased):
        opened(database, vault, one, text)


def test_the_schedule_is_kept(database: Database, vault: Vault) -> None:
    """The worker's turn rolls when the epoch is old enough, destroys when its window is over, and else does nothing."""
    subject(database, vault)
    assert vault.keep_schedule(database) == (None, [])
    vault.schedule = Schedule(timedelta(0), timedelta(days=30))
    assert vault.keep_schedule(database) == (2, [])
    vault.schedule = Schedule(timedelta(days=1), timedelta(0))
    assert vault.keep_schedule(database) == (None, [1])


def test_overdue(database: Database, vault: Vault) -> None:
    """`keys status` says in words what should have happened by now."""
    subject(database, vault)
    vault.roll_epoch(database)
    vault.schedule = Schedule(timedelta(hours=-2), timedelta(hours=-2))
    with database.read() as session:
        said = " ".join(vault.status(session).overdue)
    assert "should have rolled" in said
    assert "epoch 1 should have been destroyed" in said


def test_another_providers_keys_are_noticed(database: Database, vault: Vault, tmp_path: Path) -> None:
    """A provider without an epoch that the database needs is refused at the start."""
    subject(database, vault)
    vault.roll_epoch(database)
    (tmp_path / "keys" / "epoch-1.key").unlink()
    with database.write() as session, pytest.raises(KeyUnavailable, match="lacks root key 1"):
        make_vault(tmp_path).register(session)
