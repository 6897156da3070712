"""Single rows of a backup put back beside the present ones: an erasure that they undo is noticed, and made again."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from privacy_svc.db import Database, now
from privacy_svc.errors import Erased
from privacy_svc.vault import Restored, Tampered, Vault, undone
from privacy_svc.vault import people as ground
from privacy_svc.vault.model import Fence, PageKey, Subject, SubjectKey
from tests.vault.test_restoring import Backup, again, back_up
from tests.vault.test_vault import opened, sealed, subject

UNFENCED = [True, False]


def put_back(database: Database, backup: Backup, person: str, *, unfenced: bool = True, row: bool = True) -> None:
    """One person's keys as they stood in the backup, and the page key they need; `row`: the person's own row too;
    `unfenced`: without their fence."""
    keys = [k for k in backup["subject_keys"] if k["subject_id"] == person]
    pages = [p for p in backup["page_keys"] if p["id"] in {k["page_key_id"] for k in keys}]
    with database.write() as session:
        for page in pages:
            if session.get(PageKey, page["id"]) is None:
                session.execute(PageKey.__table__.insert(), [page])
        session.execute(delete(SubjectKey).where(SubjectKey.subject_id == person))
        session.execute(SubjectKey.__table__.insert(), keys)
        if row:
            theirs = next(s for s in backup["subjects"] if s["id"] == person)
            session.execute(update(Subject).where(Subject.id == person).values(theirs))
        if unfenced:
            session.execute(delete(Fence).where(Fence.subject_id == person))


def erase(database: Database, vault: Vault, person: str) -> None:
    with database.write() as session:
        vault.erase(session, person)
    vault.ledger.export(database)


def found(database: Database, vault: Vault) -> set[str]:
    with database.read() as session:
        return vault.undone(session)


def mend(database: Database, vault: Vault) -> Sequence[str]:
    with database.read() as session:
        told = vault.told_of_undone(session)
    for one in told:
        with database.write() as session:
            vault.reinstate(session, one)
    vault.replace_all_due(database)
    return [one.subject_id for one in told]


@pytest.mark.parametrize("row", [True, False])
@pytest.mark.parametrize("unfenced", UNFENCED)
def test_a_key_put_back_is_found_and_ended_again(
    database: Database, vault: Vault, *, unfenced: bool, row: bool
) -> None:
    """Whether or not the fence is gone and the person's row with it; afterwards the database is as it was, nobody
    reads them, their neighbour reads, and no page key is left waiting."""
    one, other = subject(database, vault), subject(database, vault)
    text, others = sealed(database, vault, one), sealed(database, vault, other, "Ben")
    backup = back_up(database)
    erase(database, vault, one)
    assert found(database, vault) == set()
    put_back(database, backup, one, unfenced=unfenced, row=row)
    assert found(database, again(vault)) == {one}
    assert mend(database, again(vault)) == [one]
    assert found(database, vault) == set()
    with pytest.raises(Erased):
        opened(database, again(vault), one, text)
    assert opened(database, again(vault), other, others) == "Ben"
    with database.read() as session:
        assert vault.backups_by(session, one) is not None
        assert not session.scalar(select(PageKey.id).where(PageKey.replace_due))
        assert backup["page_keys"][0]["id"] not in session.scalars(select(PageKey.id)).all()
        assert session.get_one(Subject, one).erased_at is not None
        assert vault.cipher(session, one, "evidence")
    assert vault.ledger.export(database) == 0


@pytest.mark.parametrize(("unfenced", "row", "raised"), [(False, True, Erased), (True, False, Tampered)])
def test_a_key_beside_its_fence_opens_nothing(
    database: Database, vault: Vault, *, unfenced: bool, row: bool, raised: type[Exception]
) -> None:
    """Neither where the fence is left standing, nor where the person's row still says that they are erased."""
    one = subject(database, vault)
    text = sealed(database, vault, one)
    backup = back_up(database)
    erase(database, vault, one)
    put_back(database, backup, one, unfenced=unfenced, row=row)
    with pytest.raises(raised):
        opened(database, again(vault), one, text)


def test_a_fence_taken_away_or_lowered_is_found(database: Database, vault: Vault) -> None:
    """Also where no key was put back yet: it is the fence that would refuse one."""
    gone, lowered = subject(database, vault), subject(database, vault)
    for person in (gone, lowered):
        erase(database, vault, person)
    with database.write() as session:
        session.execute(delete(Fence).where(Fence.subject_id == gone))
        session.execute(update(Fence).where(Fence.subject_id == lowered).values(erased_through=0))
    assert found(database, vault) == {gone, lowered}
    assert sorted(mend(database, vault)) == sorted([gone, lowered])
    assert found(database, vault) == set()


def test_who_came_back_is_not_suspected(database: Database, vault: Vault) -> None:
    """Their later key is theirs. A key of before their erasure that is put back is found, and its end spares the later
    one."""
    one = subject(database, vault)
    old = sealed(database, vault, one)
    backup = back_up(database)
    erase(database, vault, one)
    with database.write() as session:
        vault.readmit(session, one)
    vault.ledger.export(database)
    new = sealed(database, vault, one, "again")
    assert found(database, vault) == set()
    keys = [k for k in backup["subject_keys"] if k["use"] == "data"]
    page = next(p for p in backup["page_keys"] if p["id"] == keys[0]["page_key_id"])
    with database.write() as session:
        session.execute(PageKey.__table__.insert(), [page])
        session.execute(update(SubjectKey).filter_by(subject_id=one, use="data", generation=1).values(keys[0]))
        session.execute(delete(Fence))
    assert opened(database, again(vault), one, old) == "Ana"
    assert found(database, vault) == {one}
    mend(database, vault)
    assert found(database, vault) == set()
    assert opened(database, again(vault), one, new) == "again"
    with pytest.raises(Erased):
        opened(database, again(vault), one, old)
    with database.read() as session:
        assert session.get_one(Fence, one).readmitted_at is not None


def test_an_ended_evidence_key_put_back_is_found(database: Database, vault: Vault) -> None:
    """Alone, with the fence of before its end: it is ended again, and the date it had is told."""
    one = subject(database, vault)
    erase(database, vault, one)
    date = now()
    with database.write() as session:
        vault.keep_evidence(session, one, date)
    backup = back_up(database)
    with database.write() as session:
        fence = vault.hold_evidence(session, one)
        assert fence is not None
        vault.end_evidence(session, fence)
    vault.replace_all_due(database)
    vault.ledger.export(database)
    assert found(database, vault) == set()
    put_back(database, backup, one, unfenced=False)
    with database.write() as session:
        session.execute(update(Fence).values(backup["fences"][0]))
        assert again(vault).cipher(session, one, "evidence")
    assert found(database, vault) == {one}
    mend(database, vault)
    assert found(database, vault) == set()
    with database.read() as session:
        assert session.get_one(Fence, one).evidence_until == date
        with pytest.raises(Erased, match="evidence"):
            vault.cipher(session, one, "evidence")


def test_a_running_service_finds_it_a_stretch_at_a_time(
    database: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under a process that serves, however long ago the erasure was: each look takes a stretch of the ledger, and goes
    round; from then on everybody is refused until it is mended. Who was erased just now is no alarm."""
    people = [subject(database, vault) for _ in range(5)]
    other = subject(database, vault)
    backup = back_up(database)
    for person in people:
        erase(database, vault, person)
    vault.guarded = True
    monkeypatch.setattr(ground, "GUARD_SECONDS", 0.0)
    monkeypatch.setattr(undone, "STRETCH", 2)

    def looks(count: int) -> None:
        for _ in range(count):
            with database.read() as session:
                assert vault.cipher(session, other)

    put_back(database, backup, people[2])
    looks(6)
    monkeypatch.setattr(ground, "SETTLED", timedelta())
    with pytest.raises(Restored, match="restore replay"):
        looks(3)
    with pytest.raises(Restored):
        looks(1)
    mend(database, vault)
    looks(6)


def test_stretches_go_round(database: Database, vault: Vault) -> None:
    """Together they are the whole file, and begin again after its end, or where it was cut off meanwhile."""
    for _ in range(5):
        erase(database, vault, subject(database, vault))
    seen, at = list[bytes](), 0
    while True:
        lines, at = vault.ledger.stretch(at, 2)
        seen += lines
        if not at:
            break
    path = vault.ledger.folder / "fences.jsonl"
    assert b"".join(seen) == path.read_bytes()
    assert len(seen) == 5
    _, at = vault.ledger.stretch(0, 4)
    path.write_bytes(b"".join(seen[:2]))
    assert vault.ledger.stretch(at, 2)[0] == seen[:2]
