"""The file key provider."""

from pathlib import Path

import pytest

from privacy_svc.errors import KeyUnavailable, Misconfigured
from privacy_svc.vault import FileKeyProvider, Key


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
