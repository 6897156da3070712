"""Key providers: where the root epochs live, outside the database."""

import os
import re
import stat
from pathlib import Path
from typing import Protocol, Self

from privacy_svc.errors import KeyUnavailable, Misconfigured
from privacy_svc.vault.errors import Tampered
from privacy_svc.vault.keys import SIZE, Key


class KeyProvider(Protocol):
    """Wraps and unwraps page keys under root epochs that never leave it.

    `destroy` is final: afterwards nothing wrapped under that epoch can be unwrapped, whatever backup
    it comes from. Raises KeyUnavailable when it does not answer or lacks the epoch.
    """

    def epochs(self) -> list[int]: ...

    def wrap(self, epoch: int, key: Key, binding: bytes) -> bytes: ...

    def unwrap(self, epoch: int, wrapped: bytes, binding: bytes) -> Key: ...

    def roll(self) -> int: ...

    def destroy(self, epoch: int) -> None: ...


class FileKeyProvider:
    """The default: one file an epoch, `epoch-<n>.key`, mode 0600 in a folder of mode 0700.

    Enough for one machine and for a start; a file system may keep old blocks, so a provable
    destruction needs an HSM or a key service.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def create(cls, folder: Path) -> Self:
        """A new folder with a first epoch. Refuses a folder that has one: keys are never made twice."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        provider = cls(folder)
        if provider.epochs():
            raise Misconfigured(f"{folder} already holds keys.")
        provider.roll()
        return provider

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Raises KeyUnavailable when the keys are missing, Misconfigured when others could read them."""
        provider = cls(folder)
        if not folder.is_dir() or not provider.epochs():
            raise KeyUnavailable(f"There are no keys in {folder}: restore them from a backup; none are made anew.")
        for path in (folder, *(provider._path(e) for e in provider.epochs())):
            mode = stat.S_IMODE(path.stat().st_mode)
            if mode & 0o077:
                raise Misconfigured(f"{path} has mode {mode:04o}: others may read the keys. Run: chmod go-rwx {path}")
        return provider

    def __repr__(self) -> str:
        return f"FileKeyProvider({str(self._folder)!r})"

    def epochs(self) -> list[int]:
        names = (re.fullmatch(r"epoch-(\d+)\.key", p.name) for p in self._folder.glob("epoch-*.key"))
        return sorted(int(n[1]) for n in names if n)

    def wrap(self, epoch: int, key: Key, binding: bytes) -> bytes:
        return self._read(epoch).wrap(key, binding)

    def unwrap(self, epoch: int, wrapped: bytes, binding: bytes) -> Key:
        return self._read(epoch).unwrap(wrapped, binding)

    def roll(self) -> int:
        """A new epoch; the file and its name are on disk before it is used."""
        epoch = max(self.epochs(), default=0) + 1
        descriptor = os.open(self._path(epoch), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(os.urandom(SIZE))
            file.flush()
            os.fsync(file.fileno())
        self._sync_folder()
        return epoch

    def destroy(self, epoch: int) -> None:
        """Overwritten, then removed; a second time does nothing."""
        try:
            with self._path(epoch).open("r+b") as file:
                file.write(os.urandom(SIZE))
                file.flush()
                os.fsync(file.fileno())
        except FileNotFoundError:
            return
        self._path(epoch).unlink()
        self._sync_folder()

    def _read(self, epoch: int) -> Key:
        try:
            return Key(self._path(epoch).read_bytes())
        except FileNotFoundError:
            raise KeyUnavailable(f"Root key epoch {epoch} is not in {self._folder}.") from None
        except OSError as error:
            raise KeyUnavailable(f"The root keys in {self._folder} cannot be read: {error.strerror}.") from None
        except ValueError:
            raise Tampered(f"Root key epoch {epoch} is not a key.") from None

    def _path(self, epoch: int) -> Path:
        return self._folder / f"epoch-{epoch}.key"

    def _sync_folder(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
