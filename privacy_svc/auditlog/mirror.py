"""The leaves outside the database, beside the exported checkpoints: leaves hold no personal data, and a database
restored from a backup learns its later entries from here again, so that it continues its log instead of forking it.

Bundles of 256 leaves, each `u16 length | leaf` as in C2SP tlog-tiles; files are only ever appended to.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from privacy_svc.auditlog.errors import LogInconsistent
from privacy_svc.auditlog.signing import sync_folder

BUNDLE = 256


class Mirror:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def extend(self, size: int, leaves: Callable[[int, int], Sequence[bytes]]) -> None:
        """Write down what is missing up to `size`; `leaves(first, until)` reads it. Durable when it returns."""
        if self.count() >= size:
            return
        with self._locked():
            here = self.count()
            while here < size:
                until = min(size, (here // BUNDLE + 1) * BUNDLE)
                self._append(here, leaves(here, until))
                here = until

    def count(self) -> int:
        """How many whole leaves are there."""
        numbers = [int(p.name) for p in self.folder.glob("[0-9]*")]
        newest = max(numbers, default=0)
        return newest * BUNDLE + len(list(self._bundle(newest)))

    def read(self, begin: int) -> Iterator[bytes]:
        """Leaves by index from `begin` on."""
        number, skip = divmod(begin, BUNDLE)
        while self._path(number).exists():
            yield from list(self._bundle(number))[skip:]
            number, skip = number + 1, 0

    def prune(self, until: int) -> None:
        """Leaves below `until` go, in whole files."""
        with self._locked():
            for path in self.folder.glob("[0-9]*"):
                if (int(path.name) + 1) * BUNDLE <= until:
                    path.unlink()
            sync_folder(self.folder)

    def _append(self, index: int, leaves: Sequence[bytes]) -> None:
        path = self._path(index // BUNDLE)
        new = not path.exists()
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            file.seek(sum(2 + len(leaf) for leaf in self._bundle(index // BUNDLE)))
            file.truncate()  # a leaf that a crash cut off
            file.writelines(len(leaf).to_bytes(2) + leaf for leaf in leaves)
            file.flush()
            os.fsync(file.fileno())
        if new:
            sync_folder(self.folder)

    def _bundle(self, number: int) -> Iterator[bytes]:
        path = self._path(number)
        raw, at = (path.read_bytes() if path.exists() else b""), 0
        while at + 2 <= len(raw):
            end = at + 2 + int.from_bytes(raw[at : at + 2])
            if end > len(raw):
                return
            yield raw[at + 2 : end]
            at = end

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:012}"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.folder / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def not_there(first: int) -> LogInconsistent:
    return LogInconsistent(f"The mirror of the log lacks entry {first}: bring back the newest copy of its folder.")
