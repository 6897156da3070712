"""Root keys as files."""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from privacy_svc.errors import Conflict, KeyUnavailable, Misconfigured
from privacy_svc.vault.errors import Tampered
from privacy_svc.vault.keys import SIZE, Key
from privacy_svc.vault.providers.protocol import Destruction


class FileKeyProvider:
    """The default: one file an epoch, `epoch-<n>.key`, mode 0600 in a folder of mode 0700.

    Enough for one machine and for a start; a file system may keep old blocks, so a provable
    destruction needs an HSM or a key service.
    """

    destruction_delay = timedelta(0)

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

    def current_epoch(self) -> int:
        """The newest; what is wrapped now is wrapped under it. Raises KeyUnavailable where there is none."""
        epochs = self.epochs()
        if not epochs:
            raise KeyUnavailable(f"There are no keys in {self._folder}.")
        return epochs[-1]

    def wrap(self, epoch: int, key: Key, binding: bytes) -> bytes:
        return self._read(epoch).wrap(key, binding)

    def unwrap(self, epoch: int, wrapped: bytes, binding: bytes) -> Key:
        return self._read(epoch).unwrap(wrapped, binding)

    def roll(self) -> int:
        """A new epoch. The key is whole and on disk before it has its name; a taken name is Conflict."""
        epoch = max(self.epochs(), default=0) + 1
        draft = self._folder / f".new-{os.urandom(8).hex()}"
        with self._answers():
            try:
                self._write(draft, os.O_CREAT | os.O_EXCL)
                os.link(draft, self._path(epoch))
            except FileExistsError:
                raise Conflict(f"Another process made epoch {epoch} at this moment.") from None
            finally:
                with suppress(FileNotFoundError):
                    draft.unlink()
            self._sync_folder()
        return epoch

    def destroy(self, epoch: int) -> Destruction:
        """Overwritten, then removed; a second time does nothing. The epoch in use is refused: roll first."""
        done = Destruction(datetime.now(UTC), f"file of epoch {epoch} overwritten and removed")
        current = self.current_epoch()  # a folder that is away is not a destroyed key
        if epoch not in self.epochs():
            return done
        if epoch == current:
            raise Conflict(f"Epoch {epoch} is in use; roll to a new one first.")
        with self._answers():
            self._write(self._path(epoch), 0)
            self._path(epoch).unlink()
            self._sync_folder()
        return done

    @staticmethod
    def _write(path: Path, how: int) -> None:
        """Random bytes, on disk when this returns."""
        with os.fdopen(os.open(path, os.O_WRONLY | how, 0o600), "wb") as file:
            file.write(os.urandom(SIZE))
            file.flush()
            os.fsync(file.fileno())

    @contextmanager
    def _answers(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise KeyUnavailable(f"The root keys in {self._folder} cannot be used: {error.strerror}.") from None

    def _read(self, epoch: int) -> Key:
        with self._answers():
            if not self._path(epoch).exists():
                raise KeyUnavailable(f"Root key epoch {epoch} is not in {self._folder}.")
            raw = self._path(epoch).read_bytes()
        try:
            return Key(raw)
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
