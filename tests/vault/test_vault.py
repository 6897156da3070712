"""Subjects and their keys in a real database."""

from pathlib import Path

import pytest
from sqlalchemy import select

from privacy_svc.db import Database
from privacy_svc.errors import Conflict, Erased, KeyUnavailable, NotFound
from privacy_svc.vault import SubjectCipher, Tampered, Vault
from privacy_svc.vault.model import PageKey, Subject, SubjectKey
from tests.factories import make_vault


def subject(database: Database, vault: Vault) -> str:
    with database.write() as session:
        return vault.create_subject(session).id


def sealed(database: Database, vault: Vault, subject_id: str, value: str = "Ana") -> str:
    with database.read() as session:
        return vault.cipher(session, subject_id).seal_text(1001, "1", value)


def opened(database: Database, vault: Vault, subject_id: str, text: str) -> object:
    with database.read() as session:
        return vault.cipher(session, subject_id).open_text(1001, "1", text)


def test_another_process_opens_it(database: Database, vault: Vault, tmp_path: Path) -> None:
    """What one vault sealed, another one over the same keys and database opens."""
    one = subject(database, vault)
    assert opened(database, make_vault(tmp_path), one, sealed(database, vault, one)) == "Ana"


def test_a_kept_key_ends_with_its_erasure(database: Database, vault: Vault) -> None:
    """A transaction that opens each key once reads it no second time, and not at all once it destroyed it itself."""
    one = subject(database, vault)
    with database.write() as session:
        vault.keep_keys(session)
        assert vault.cipher(session, one) is vault.cipher(session, one)
        evidence = vault.cipher(session, one, use="evidence")
        assert evidence is not vault.cipher(session, one)
        vault.erase(session, one)
        with pytest.raises(Erased):
            vault.cipher(session, one)
        text = evidence.seal_text(1001, "1", "Ana")
        assert vault.cipher(session, one, use="evidence").open_text(1001, "1", text) == "Ana"


def test_each_person_has_a_key_of_their_own(database: Database, vault: Vault) -> None:
    """One person's value does not open with another's key."""
    one, other = subject(database, vault), subject(database, vault)
    with pytest.raises(Tampered):
        opened(database, vault, other, sealed(database, vault, one))


def test_pages_hold_1024_subjects(database: Database, vault: Vault) -> None:
    """1,500 subjects made at once fill one page and begin a second; all of them open."""
    with database.write() as session:
        ids = vault.create_subjects(session, 1500)
    with database.read() as session:
        assert sorted(session.scalars(select(PageKey.subjects))) == [476, 1024]
        assert len(vault.ciphers(session, ids)) == 1500


def test_erasure_is_final_and_spares_the_others(database: Database, vault: Vault) -> None:
    """After erasure the person's values raise Erased, the neighbours on the page still open, the evidence key lives."""
    one, other = subject(database, vault), subject(database, vault)
    text, others = sealed(database, vault, one), sealed(database, vault, other, "Ben")
    with database.write() as session:
        vault.erase(session, one, request_id="r")
    with pytest.raises(Erased):
        opened(database, vault, one, text)
    assert opened(database, vault, other, others) == "Ben"
    with database.read() as session:
        assert isinstance(vault.cipher(session, one, use="evidence"), SubjectCipher)
        assert session.get_one(Subject, one).state_version == 2


def test_erasure_holds_in_another_process_at_once(database: Database, vault: Vault, tmp_path: Path) -> None:
    """A second vault that has just read the person cannot read them in its next statement."""
    one = subject(database, vault)
    text, second = sealed(database, vault, one), make_vault(tmp_path)
    assert opened(database, second, one, text) == "Ana"
    with database.write() as session:
        vault.erase(session, one)
    with pytest.raises(Erased):
        opened(database, second, one, text)


def test_an_old_wrapped_key_does_not_open_after_the_page_was_replaced(database: Database, vault: Vault) -> None:
    """Putting back the wrapped key from before the erasure brings nobody back, nor does removing the fence."""
    one, _ = subject(database, vault), subject(database, vault)
    text = sealed(database, vault, one)
    with database.read() as session:
        old = session.get_one(SubjectKey, (one, "data", 1)).wrapped
    with database.write() as session:
        vault.erase(session, one)
    with database.write() as session:
        session.get_one(SubjectKey, (one, "data", 1)).wrapped = old
        session.flush()
        with pytest.raises(Erased):
            vault.cipher(session, one)
        session.connection().exec_driver_sql("DELETE FROM fences")
        with pytest.raises(Tampered):
            vault.cipher(session, one).open_text(1001, "1", text)


def test_erasing_twice_is_once(database: Database, vault: Vault) -> None:
    """A repeated erasure changes nothing and answers the same instant."""
    one = subject(database, vault)
    with database.write() as session:
        first = vault.erase(session, one)
    with database.write() as session:
        assert vault.erase(session, one).online_at == first.online_at
        assert session.get_one(Subject, one).state_version == 2


def test_an_erased_id_is_not_made_again(database: Database, vault: Vault) -> None:
    """Provisioning an erased subject's id is refused."""
    one = subject(database, vault)
    with database.write() as session:
        vault.erase(session, one)
    with database.write() as session, pytest.raises(Erased):
        vault.create_subject(session, subject_id=one)


def test_erasure_works_while_the_keys_are_away(database: Database, vault: Vault, tmp_path: Path) -> None:
    """With the provider away an erasure still destroys the person's key, and the page is replaced when it is back."""
    one, other = subject(database, vault), subject(database, vault)
    text = sealed(database, vault, other)
    away = make_vault(tmp_path)
    (tmp_path / "keys").rename(tmp_path / "gone")
    with database.write() as session:
        assert not away.erase(session, one).page_replaced
    (tmp_path / "gone").rename(tmp_path / "keys")
    with database.read() as session, pytest.raises(Erased):
        away.cipher(session, one)
    with database.write() as session:
        assert away.replace_due(session) == 1
    assert opened(database, away, other, text) == "Ana"
    with database.read() as session:
        assert away.status(session).replace_due == 0


def test_keys_away_is_not_erased(database: Database, vault: Vault, tmp_path: Path) -> None:
    """A missing key file is KeyUnavailable, which comes back; never Erased, which does not."""
    one = subject(database, vault)
    text, fresh = sealed(database, vault, one), make_vault(tmp_path)
    (tmp_path / "keys").rename(tmp_path / "gone")
    with pytest.raises(KeyUnavailable):
        opened(database, fresh, one, text)
    (tmp_path / "gone").rename(tmp_path / "keys")
    assert opened(database, fresh, one, text) == "Ana"


def test_unknown_subject(database: Database, vault: Vault) -> None:
    """A subject that never was is NotFound, and nothing is made for it."""
    with database.read() as session, pytest.raises(NotFound):
        vault.cipher(session, "nobody")


def test_the_keys_going_away_later_is_the_same(database: Database, vault: Vault, tmp_path: Path) -> None:
    """A vault that holds the page key already still erases, and says that the page waits, also when asked again;
    the erasure repeated with the keys back replaces it."""
    one, other = subject(database, vault), subject(database, vault)
    text = sealed(database, vault, other)
    (tmp_path / "keys").rename(tmp_path / "gone")
    for _ in range(2):
        with database.write() as session:
            assert not vault.erase(session, one).page_replaced
    with database.read() as session, pytest.raises(KeyUnavailable):
        vault.check(session)
    (tmp_path / "gone").rename(tmp_path / "keys")
    with database.write() as session:
        assert vault.erase(session, one).page_replaced
        assert vault.status(session).replace_due == 0
    assert opened(database, make_vault(tmp_path), other, text) == "Ana"


def test_nobody_is_made_while_the_keys_are_away(database: Database, vault: Vault, tmp_path: Path) -> None:
    """Without the provider a new subject is KeyUnavailable and leaves no row."""
    (tmp_path / "keys").rename(tmp_path / "gone")
    with pytest.raises(KeyUnavailable), database.write() as session:
        vault.create_subject(session)
    with database.read() as session:
        assert session.scalars(select(Subject)).all() == []


def test_a_broken_neighbour_does_not_stop_an_erasure(database: Database, vault: Vault) -> None:
    """A neighbour's wrapped key that somebody changed leaves the page marked; the person is erased all the same."""
    one, other = subject(database, vault), subject(database, vault)
    with database.write() as session:
        session.get_one(SubjectKey, (other, "data", 1)).wrapped = bytes(61)
    with database.write() as session:
        assert not vault.erase(session, one).page_replaced
    with database.read() as session:
        assert vault.status(session).replace_due == 1
        for whom, kind in ((one, Erased), (other, Tampered)):
            with pytest.raises(kind):
                vault.cipher(session, whom)


def test_a_key_swapped_for_another_of_the_page_is_noticed(database: Database, vault: Vault) -> None:
    """One person's wrapped key put in the place of another's is Tampered; a changed commitment is found when the page
    key is replaced, which then waits."""
    one, other = subject(database, vault), subject(database, vault)
    with database.write() as session:
        mine, theirs = (session.get_one(SubjectKey, (i, "data", 1)) for i in (one, other))
        mine.wrapped, theirs.commitment = theirs.wrapped, bytes(16)
    with database.read() as session, pytest.raises(Tampered):
        vault.cipher(session, one)
    with database.write() as session:
        assert not vault.erase(session, one).page_replaced


def test_a_key_taken_away_is_not_an_erasure(database: Database, vault: Vault) -> None:
    """A deleted key row is Tampered: only a fence or a key destroyed in its row is Erased."""
    one = subject(database, vault)
    with database.write() as session:
        session.delete(session.get_one(SubjectKey, (one, "data", 1)))
    with database.read() as session, pytest.raises(Tampered):
        vault.cipher(session, one)


def test_an_id_is_given_once(database: Database, vault: Vault) -> None:
    """Making a subject under an id in use is Conflict, and the transaction goes on."""
    one = subject(database, vault)
    with database.write() as session:
        with pytest.raises(Conflict):
            vault.create_subject(session, subject_id=one)
        two = vault.create_subject(session).id
    assert opened(database, vault, two, sealed(database, vault, two)) == "Ana"


def test_every_flipped_bit_is_tampered_for_the_person_too(database: Database, vault: Vault) -> None:
    """Through the person's own cipher any flipped bit is Tampered; a changed generation does not look erased."""
    one = subject(database, vault)
    with database.read() as session:
        cipher = vault.cipher(session, one)
    value = cipher.seal(1001, "1", "Ana")
    for bit in range(len(value) * 8):
        changed = bytearray(value)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Tampered):
            cipher.open(1001, "1", bytes(changed))


def test_moved_values_do_not_open(database: Database, vault: Vault, tmp_path: Path) -> None:
    """A value opens in its own field and row, and under no other organisation even with the same keys."""
    one = subject(database, vault)
    text = sealed(database, vault, one)
    with database.read() as session:
        cipher = vault.cipher(session, one)
        for field_id, row in ((1002, "1"), (1001, "2")):
            with pytest.raises(Tampered):
                cipher.open_text(field_id, row, text)
        with pytest.raises(Tampered):
            make_vault(tmp_path, organisation="another").cipher(session, one)


def test_evidence_does_not_open_with_the_data_key(database: Database, vault: Vault) -> None:
    """What the evidence key sealed is Tampered under the data key: the two are different keys."""
    one = subject(database, vault)
    with database.read() as session:
        data, evidence = vault.cipher(session, one), vault.cipher(session, one, use="evidence")
    with pytest.raises(Tampered):
        data.open(1, "1", evidence.seal(1, "1", "proof"))


def test_status_counts(database: Database, vault: Vault) -> None:
    """`keys status` counts living keys by use and generation, and the erased."""
    one, _ = subject(database, vault), subject(database, vault)
    with database.write() as session:
        vault.erase(session, one)
    with database.read() as session:
        found = vault.status(session)
    assert [(e.epoch, e.page_keys, e.index_roots) for e in found.epochs] == [(1, 1, 1)]
    assert (found.pages, found.erased, found.readmitted, found.unexported, found.overdue) == (1, 1, 0, 1, ())
    assert (found.keys, found.data_generations) == ({"data": 1, "evidence": 2}, {1: 1})
    assert found.index_generations == {1: True}


def test_nothing_shows_in_repr(database: Database, vault: Vault) -> None:
    """No repr of the vault's parts shows a key."""
    one = subject(database, vault)
    with database.read() as session:
        texts = [repr(vault), repr(vault.cipher(session, one)), repr(vault.indexes(session, 1, "email")[1])]
        key = session.get_one(SubjectKey, (one, "data", 1))
    assert all("…" in t or t.startswith("Vault(") for t in texts)
    assert str(key.wrapped) not in repr(key)
