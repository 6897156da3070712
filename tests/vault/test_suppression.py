"""The suppression keys: of their own, living on through erasure, rotation and the roll of the root key."""

from pathlib import Path

from privacy_svc.db import Database
from tests.factories import make_vault

ANA = ("email", "Ana@Mail.example")


def test_spellings_of_an_address_are_one(database: Database, tmp_path: Path) -> None:
    """By the normalisers of the blind index; what is no address has no digest; another kind is another digest."""
    vault = make_vault(tmp_path, database)
    with database.write() as session:
        hasher = vault.address_hasher(session, write=True)
    assert hasher.of(*ANA) == hasher.of("email", " ana@mail.EXAMPLE. ") != hasher.of("email", "bo@mail.example")
    assert hasher.of("phone", "030 9018 2042") == hasher.of("phone", "+49 30 90182042") != []
    assert hasher.of("email", "nobody") == hasher.of("phone", "none") == []


def test_nothing_is_made_by_who_only_looks(database: Database, tmp_path: Path) -> None:
    """Without a key there is nothing to find."""
    vault = make_vault(tmp_path, database)
    with database.write() as session:
        assert vault.address_hasher(session).of(*ANA) == []


def test_the_key_outlives_everything(database: Database, tmp_path: Path) -> None:
    """The same digest after the page was replaced at a neighbour's erasure, the epoch rolled and the old one ended;
    another vault's key gives another."""
    vault = make_vault(tmp_path, database)
    with database.write() as session:
        before = vault.address_hasher(session, write=True).of(*ANA)
        neighbour = vault.create_subject(session).id
    with database.write() as session:
        vault.erase(session, neighbour)
    vault.roll_epoch(database)
    vault.destroy_epoch(database, 1)
    again = make_vault(tmp_path, database)
    with database.read() as session:
        assert again.address_hasher(session).of(*ANA) == before


def test_generations_live_side_by_side(database: Database, tmp_path: Path) -> None:
    """After a rotation new entries are of the new key, and the old ones are still found."""
    vault = make_vault(tmp_path, database)
    with database.write() as session:
        [first] = vault.address_hasher(session, write=True).of(*ANA)
        assert vault.next_suppression_key(session) == 2
    with database.read() as session:
        hasher = vault.address_hasher(session)
        old, new = hasher.of(*ANA)
        assert old == first
        assert new.generation == 2
        assert new.digest != old.digest
        assert hasher.newest([ANA]) == [new]
