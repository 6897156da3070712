"""The file key provider."""

import threading
from contextlib import suppress
from pathlib import Path

import pytest

from privacy_svc.errors import Conflict, KeyUnavailable, Misconfigured
from privacy_svc.vault import FileKeyProvider, Key, Tampered


def test_modes(tmp_path: Path) -> None:
    """Keys are made readable by their owner only; a wider file or folder is refused with the command that mends it."""
    FileKeyProvider.create(tmp_path / "keys")
    path = tmp_path / "keys" / "epoch-1.key"
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    for place, mode in ((path, 0o640), (path.parent, 0o755)):
        before = place.stat().st_mode
        place.chmod(mode)
        with pytest.raises(Misconfigured, match="chmod go-rwx"):
            FileKeyProvider.open(tmp_path / "keys")
        place.chmod(before)
    assert FileKeyProvider.open(tmp_path / "keys").epochs() == [1]


def test_keys_are_never_made_twice(tmp_path: Path) -> None:
    """A folder with keys is not given new ones, and a missing folder is an error instead of a new key."""
    FileKeyProvider.create(tmp_path / "keys")
    with pytest.raises(Misconfigured):
        FileKeyProvider.create(tmp_path / "keys")
    with pytest.raises(KeyUnavailable, match="restore"):
        FileKeyProvider.open(tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()


def test_roll_and_destroy(tmp_path: Path) -> None:
    """A key wrapped under a destroyed epoch is gone; one under the new epoch opens; destroying twice is once."""
    provider = FileKeyProvider.create(tmp_path / "keys")
    key = Key.new()
    old = provider.wrap(1, key, b"x")
    assert provider.roll() == 2
    new = provider.wrap(2, key, b"x")
    provider.destroy(1)
    provider.destroy(1)
    with pytest.raises(KeyUnavailable):
        provider.unwrap(1, old, b"x")
    assert provider.unwrap(2, new, b"x").commitment() == key.commitment()


def test_the_epoch_in_use_is_not_destroyed(tmp_path: Path) -> None:
    """Destroying the newest epoch is refused, so that its number is never used a second time."""
    provider = FileKeyProvider.create(tmp_path / "keys")
    with pytest.raises(Conflict, match="roll"):
        provider.destroy(1)
    assert provider.current_epoch() == 1


def test_two_processes_roll_at_once(tmp_path: Path) -> None:
    """Of rolls at the same moment each makes an epoch of its own or is told to try again; no key is overwritten."""
    provider, start, made = FileKeyProvider.create(tmp_path / "keys"), threading.Barrier(8), list[int]()
    first = provider.wrap(1, Key.new(), b"x")

    def roll() -> None:
        start.wait()
        with suppress(Conflict):
            made.append(FileKeyProvider.open(tmp_path / "keys").roll())

    threads = [threading.Thread(target=roll) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made
    assert sorted(made) == list(range(2, len(made) + 2))
    assert provider.epochs() == [1, *sorted(made)]
    assert provider.unwrap(1, first, b"x")
    assert {p.name for p in (tmp_path / "keys").iterdir()} == {f"epoch-{e}.key" for e in provider.epochs()}


def test_keys_away_and_keys_broken(tmp_path: Path) -> None:
    """No folder is KeyUnavailable for whatever is asked; a key file of another size is Tampered."""
    provider = FileKeyProvider.create(tmp_path / "keys")
    (tmp_path / "keys" / "epoch-1.key").write_bytes(b"short")
    with pytest.raises(Tampered):
        provider.wrap(1, Key.new(), b"x")
    (tmp_path / "keys").rename(tmp_path / "gone")
    for ask in (provider.current_epoch, provider.roll, lambda: provider.wrap(1, Key.new(), b"x")):
        with pytest.raises(KeyUnavailable):
            ask()
    assert not (tmp_path / "keys").exists()
